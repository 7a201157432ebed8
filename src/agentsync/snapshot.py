"""What a run sees: hub, targets, files; and for each agent at each target, which copy is its own. Nothing is decided here.

Floor 4, pure. A copy is found by its recorded path if that still holds the native name we wrote, else by that name.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agentsync import codec
from agentsync.copies import AtRest, Copy, Key, Paused, ProjectOutcome, State, Written, entry_word
from agentsync.formats.rules import Format
from agentsync.hub import HubAgent, Target, allowed, matches, selects
from agentsync.lockfile import LockLine
from agentsync.model import EMPTY, Agent, Document, Loss, Problem, Rendering


@dataclass(frozen=True, slots=True)
class Found:
    """A file in a target's folders. text: None where it was not read: it stands as the ledger knows it, or `trouble` says why."""

    path: str
    text: str | None
    digest: str
    stamp: str = ""
    document: str | None = None
    trouble: Problem | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A target on disk: its rows of the ledger and the files in its folders.

    home: the target's folder is the hub's own agents folder; nothing is written there.
    """

    target: Target
    rules: Format
    root: str
    recipe: str
    rows: tuple[Written, ...] = ()
    found: Mapping[str, Found] = field(default_factory=lambda: EMPTY)
    home: bool = False


@dataclass(frozen=True, slots=True)
class ProjectView:
    """A project as the snapshot saw it. replaced: its root is another folder than the ledger knows.

    mode: who decides. head: the commit that is checked out; moved: it is another than when all copies were last seen here. gone: so many
    copies were missing when it was last worked in. clean: paths whose file is what that commit has. lock: the project's agentsync.lock by
    agent and target, empty where there is none; locks: whether one is kept.
    only: the agents it was looked at for, where not for all; then its lock was not read.
    rest: it is as an earlier run found it, when there was nothing to do; then nothing else is known of it.
    """

    outcome: ProjectOutcome
    places: tuple[Place, ...] = ()
    released: tuple[Key, ...] = ()
    replaced: bool = False
    mode: str = "two-way"
    head: str | None = None
    moved: bool = False
    gone: int = 0
    clean: frozenset[str] = frozenset()
    lock: Mapping[tuple[str, str], LockLine] = field(default_factory=lambda: EMPTY)
    locks: bool = False
    only: frozenset[str] | None = None
    rest: AtRest | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a plan is made from. texts: what the ledger holds of copies whose bytes changed, by digest.

    history: earlier versions of agents in the hub by id, newest first, each with its commit; only those that were asked for.
    locked: the hub's version of an agent at a commit that a lock names, None where this clone has no such commit.
    approved: contents of copies the user approved. paused: copies on hold since a run was undone.
    """

    agents: tuple[HubAgent, ...]
    projects: tuple[ProjectView, ...]
    texts: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    seen: frozenset[tuple[str, str, str]] = frozenset()
    problems: tuple[Problem, ...] = ()
    history: Mapping[str, tuple[tuple[str, HubAgent], ...]] = field(default_factory=lambda: EMPTY)
    locked: Mapping[tuple[str, str], HubAgent | None] = field(default_factory=lambda: EMPTY)
    approved: frozenset[tuple[Key, str]] = frozenset()
    paused: Mapping[Key, Paused] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for: only these agents, only these formats, and what may be overwritten.

    take: conflicts decided, agent id to the side that wins: `hub`, a project, or PROJECT:FORMAT. reject: held copies that are not
    wanted: the hub's version replaces them. unasked: nobody asked for this run, a daemon or a hook makes it.
    """

    agents: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    overwrite: frozenset[str] = frozenset()
    allow_deletes: bool = False
    take: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    reject: frozenset[Key] = frozenset()
    unasked: bool = False

    def takes(self, identity: str, tags: Iterable[str] = ()) -> bool:
        """Whether an agent is meant."""
        return not self.agents or any(matches(identity, tags, pattern) for pattern in self.agents)


def digest(text: str) -> str:
    """The ledger's name of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def loss_key(format_id: str, agent: str, loss: Loss) -> tuple[str, str, str]:
    """What the ledger remembers of a loss that was shown."""
    said = "\0".join((loss.kind, loss.field, loss.value, loss.why))
    return format_id, agent, hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def fresh(row: Written, agent: HubAgent, recipe: str) -> bool:
    """Whether a row was made from this very hub text in this very way: then an untouched copy needs no look."""
    return row.hub == agent.digest and row.recipe == recipe


# ---- reading copies -----------------------------------------------------------------------------------------------


class Reader:
    """What texts say, each read once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], dict[str | None, Agent]] = {}
        self._first: dict[tuple[str, Document, str], tuple[str | None, Agent] | None] = {}
        self._rendered: dict[tuple[object, ...], Rendering] = {}
        self._seen: tuple[tuple[HubAgent, ...], list[tuple[Place, ...]], tuple[Places, ...]] | None = None

    def entries(self, rules: Format, path: str, text: str, kind: str | None) -> dict[str | None, Agent]:
        """Entry key to agent; only what the assistant loads as meant."""
        key = (rules.id, path, text)
        if key not in self._known:
            readings = codec.read(Document(path, text), rules, kind=kind)
            self._known[key] = {r.entry: r.agent for r in readings if r.agent is not None and r.status == "read"}
        return self._known[key]

    def first(self, place: Place, document: Document) -> tuple[str | None, Agent] | None:
        """The first agent of a document that is to be a new file at a place, and its entry there."""
        key = (place.rules.id, document, place.target.scope)
        if key not in self._first:
            readings = codec.read(document, place.rules, kind=written_kind(place))
            agent = readings[0].agent if readings else None
            self._first[key] = None if agent is None else (readings[0].entry, agent)
        return self._first[key]

    def agent(self, rules: Format, path: str, text: str | None, kind: str | None, entry: str | None) -> Agent | None:
        """What one entry says, or None."""
        return None if text is None else self.entries(rules, path, text, kind).get(entry)

    def lacks(self, rules: Format, found: Found, entry: str | None) -> bool:
        """Whether a shared file that its assistant loads holds no such entry any more."""
        if entry is None or found.text is None or entry in self.entries(rules, found.path, found.text, found.document):
            return False
        readings = codec.read(Document(found.path, found.text), rules, kind=found.document)
        return all(reading.entry not in (None, entry) for reading in readings)

    def rendered(
        self, place: Place, agent: HubAgent, old: Document | None = None, entry: str | None = None, kind: str | None = None
    ) -> Rendering:
        """What `render` makes of an agent of the hub; the same for all projects where targets and copies are alike."""
        key = (place.recipe, place.rules.id, allowed(place.target, agent), agent.id, agent.digest, old, entry, kind)
        if not place.recipe or key not in self._rendered:
            self._rendered[key] = render(place, agent, old, entry, kind)
        return self._rendered[key]

    def items(self, snapshot: Snapshot) -> tuple[tuple[ProjectView, Places], ...]:
        """Every project's places with their items and left rows. Found once for a snapshot's agents and places, whatever else is learnt."""
        places = [view.places for view in snapshot.projects]
        known = self._seen is not None and self._seen[0] is snapshot.agents and len(self._seen[1]) == len(places) and all(
            mine is theirs for mine, theirs in zip(self._seen[1], places, strict=True)
        )
        if self._seen is None or not known:
            found = tuple(
                tuple((place, *items_of(place, _meant(view, snapshot), self)) for place in view.places if not place.home)
                if view.outcome.state == "ok" else ()
                for view in snapshot.projects
            )
            self._seen = (snapshot.agents, places, found)
        return tuple(zip(snapshot.projects, self._seen[2], strict=True))


def _meant(view: ProjectView, snapshot: Snapshot) -> Sequence[HubAgent]:
    """The agents that a project was looked at for."""
    return snapshot.agents if view.only is None else [agent for agent in snapshot.agents if agent.id in view.only]


@dataclass(frozen=True, slots=True)
class Standing:
    """The copy found for an agent."""

    found: Found
    entry: str | None
    says: Agent | None


@dataclass(frozen=True, slots=True)
class Item:
    """One agent at one target. wanted: its rendering, None where the copy needs no look. says: what the rendering says."""

    place: Place
    agent: HubAgent
    row: Written | None
    standing: Standing | None
    wanted: Rendering | None
    says: Agent | None
    native: str
    path: str | None
    entry: str | None

    @property
    def key(self) -> Key:
        """Which copy this is; where there is none yet, which it would be."""
        return Key(self.place.root, self.place.target.format, self.place.target.scope, self.path or "", entry_word(self.entry))

    def copy(self, state: State, why: Problem | None = None, *, decided: bool = False) -> Copy:
        """The copy, listed in a state."""
        losses = self.row.losses if self.wanted is None and self.row else len(self.wanted.losses if self.wanted else ())
        target = self.place.target
        return Copy(target.project, target.format, self.agent.id, self.path, state, self.entry, why, decided, losses)


Places = tuple[tuple[Place, list[Item], list[Written]], ...]
"""The places of a project, each with its agents' items and the rows of agents that no longer belong there."""


def fold(text: str) -> str:
    """A name or path as file systems that ignore case and normal form compare it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def items_of(place: Place, agents: Sequence[HubAgent], reader: Reader) -> tuple[list[Item], list[Written]]:
    """The target's agents with what stands there for each, and the rows of agents that no longer belong there."""
    wanted = [agent for agent in agents if selects(place.target, agent)]
    recorded = {(row.key.path, row.key.entry_key) for row in place.rows}
    names = _names(place, recorded, reader)
    rows = _rows(place, wanted, {agent.id for agent in agents})
    items = [_item(place, agent, rows.get(agent.id), names, reader) for agent in wanted]
    ids = {agent.id for agent in wanted}.union(row.agent for row in rows.values())
    return items, [row for row in place.rows if row.agent not in ids]


def _rows(place: Place, wanted: Sequence[HubAgent], known: Collection[str]) -> dict[str, Written]:
    """The row of each agent that has one. A vanished id and a new one of the same name are a rename: the copy goes on under the new id.

    Renames may follow each other (`a` became `b`, then `c` became `a`): the row of `a` is that of `b` then, and the row of `c` that of `a`.
    """
    rows = {row.agent: row for row in place.rows}
    found = {agent.id: rows[agent.id] for agent in wanted if agent.id in rows}
    if all(row.agent in known for row in place.rows):
        return found
    by_name, by_id = {fold(row.name): row for row in place.rows}, {agent.id: agent for agent in wanted}
    for new in (agent for agent in wanted if agent.id not in rows):
        chain: dict[str, Written] = {}
        agent: HubAgent | None = new
        while agent is not None and agent.id not in chain and (row := by_name.get(fold(_native(place, agent)))) is not None:
            chain[agent.id] = row
            if row.agent not in known:
                found.update(chain)
                del by_name[fold(row.name)]
                break
            agent = by_id.get(row.agent)
    return found


def _names(place: Place, recorded: set[tuple[str, str | None]], reader: Reader) -> dict[str, tuple[Found, str | None]]:
    """Native name, folded, to where a file that the ledger does not know has it."""
    names: dict[str, tuple[Found, str | None]] = {}
    for found in sorted(place.found.values(), key=lambda f: f.path):
        if found.text is None:
            continue
        for entry, agent in reader.entries(place.rules, found.path, found.text, found.document).items():
            if (found.path, entry) not in recorded:
                names.setdefault(fold(agent.name), (found, entry))
    return names


def _item(place: Place, agent: HubAgent, row: Written | None, names: Mapping[str, tuple[Found, str | None]], reader: Reader) -> Item:
    at = place.found.get(row.key.path) if row else None
    if row and at and at.trouble is None and at.digest == row.written and row.agent == agent.id and fresh(row, agent, place.recipe):
        return Item(place, agent, row, Standing(at, row.key.entry_key, None), None, None, row.name, row.key.path, row.key.entry_key)
    rendering = reader.rendered(place, agent)
    path, entry, says, native = row.key.path if row else None, row.key.entry_key if row else None, None, agent.name
    if not rendering.refused:
        document = rendering.documents[0]
        found = reader.first(place, document)
        if found is not None:
            says, native = found[1], found[1].name
            path, entry = (path, entry) if row else (document.path, found[0])
    standing = _standing(place, row, (native, row.name if row else native), path, entry, names, reader)
    if standing is not None:
        path, entry = standing.found.path, standing.entry
    return Item(place, agent, row, standing, rendering, says, native, path, entry)


def _native(place: Place, agent: HubAgent) -> str:
    """What the agent would be called at this target."""
    rendering = render(place, agent)
    readings = () if rendering.refused else codec.read(rendering.documents[0], place.rules, kind=written_kind(place))
    return readings[0].agent.name if readings and readings[0].agent is not None else agent.name


def written_kind(place: Place) -> str | None:
    """The kind of file that a new copy at this place is."""
    return next((where.document for where in place.rules.where if where.scope == place.target.scope and where.write), None)


def render(
    place: Place, agent: HubAgent, old: Document | None = None, entry: str | None = None, kind: str | None = None
) -> Rendering:
    """The agent for this target, as a document of its own or spliced into what stands there."""
    assert agent.agent is not None  # noqa: S101 - only agents that could be read are selected
    return codec.write(
        agent.agent, place.rules, old=old, entry=entry, kind=kind, scope=place.target.scope,
        models=place.target.models, allow_widening=allowed(place.target, agent),
    )


def _standing(
    place: Place, row: Written | None, natives: tuple[str, str], path: str | None, entry: str | None,
    names: Mapping[str, tuple[Found, str | None]], reader: Reader,
) -> Standing | None:
    """The copy: at the recorded path if that still holds our name, else wherever that name is, else what is in the way."""
    at = place.found.get(path) if path is not None else None
    says = reader.agent(place.rules, at.path, at.text, at.document, entry) if at else None
    ours = row is not None and at is not None and (at.digest == row.written or says is None or fold(says.name) == fold(row.name))
    if ours and at is not None and says is None and reader.lacks(place.rules, at, entry):
        ours = False        # somebody took the entry out: the copy was deleted, whatever becomes of the file
    if at is not None and (ours or at.trouble is not None):
        return Standing(at, entry, says)
    for native in dict.fromkeys(natives):
        if fold(native) in names:
            found, key = names[fold(native)]
            return Standing(found, key, reader.agent(place.rules, found.path, found.text, found.document, key))
    # A shared file without our entry is no obstacle: the entry is added to it.
    if at is None or (entry is not None and says is None):
        return None
    return Standing(at, entry, says)
