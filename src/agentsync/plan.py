"""The planner of push: a snapshot of hub, ledger and projects in, a plan out. Nothing here touches the world.

Floor 4, pure. Three texts decide about a copy: what was last written (W, by the ledger), what stands there (C, the snapshot),
what should stand there (D, rendered from the hub). Texts are compared by what they say, read by today's reader:

    C says D                     ok; the ledger is put right where it differs
    C is W, or says what W says  update: D is spliced into C as its own document
    else, W known                edited: somebody's work, listed and left
    else                         foreign: not ours, listed and left
    no C, W known                deleted there; it stays so
    no C, no W                   create

Two-way sync extends `_judge`: where W is known and C says something else, the difference between them goes to the hub.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from agentsync import codec, containers
from agentsync.copies import Change, Copy, Edit, Key, Plan, ProjectOutcome, Written, entry_word
from agentsync.formats import layout_of
from agentsync.formats.rules import Format
from agentsync.hub import HubAgent, Target, allowed, matches, selects
from agentsync.model import EMPTY, Agent, Document, Loss, Problem, Rendering

DELETES_ALLOWED: Final = 5
DELETES_SHARE: Final = 0.25
"""More deletions than both at once stop a project's run (promise 11)."""


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
    """A project as the snapshot saw it. replaced: its root is another folder than the ledger knows."""

    outcome: ProjectOutcome
    places: tuple[Place, ...] = ()
    released: tuple[Key, ...] = ()
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a plan is made from. texts: what the ledger holds of copies whose bytes changed, by digest."""

    agents: tuple[HubAgent, ...]
    projects: tuple[ProjectView, ...]
    texts: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    seen: frozenset[tuple[str, str, str]] = frozenset()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for: only these agents, only these formats, and what may be overwritten."""

    agents: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    overwrite: frozenset[str] = frozenset()
    allow_deletes: bool = False

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


class _Reader:
    """What texts say, each read once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], dict[str | None, Agent]] = {}

    def entries(self, rules: Format, path: str, text: str, kind: str | None) -> dict[str | None, Agent]:
        """Entry key to agent; only what the assistant loads as meant."""
        key = (rules.id, path, text)
        if key not in self._known:
            readings = codec.read(Document(path, text), rules, kind=kind)
            self._known[key] = {r.entry: r.agent for r in readings if r.agent is not None and r.status == "read"}
        return self._known[key]

    def agent(self, rules: Format, path: str, text: str | None, kind: str | None, entry: str | None) -> Agent | None:
        """What one entry says, or None."""
        return None if text is None else self.entries(rules, path, text, kind).get(entry)


@dataclass(frozen=True, slots=True)
class _Standing:
    """The copy found for an agent."""

    found: Found
    entry: str | None
    says: Agent | None


@dataclass(frozen=True, slots=True)
class _Item:
    """One agent at one target. wanted: its rendering, None where the copy needs no look. says: what the rendering says."""

    place: Place
    agent: HubAgent
    row: Written | None
    standing: _Standing | None
    wanted: Rendering | None
    says: Agent | None
    native: str
    path: str | None
    entry: str | None

    def copy(self, state: str, why: Problem | None = None, *, decided: bool = False) -> Copy:
        losses = self.row.losses if self.wanted is None and self.row else len(self.wanted.losses if self.wanted else ())
        target = self.place.target
        return Copy(target.project, target.format, self.agent.id, self.path, state, self.entry, why, decided, losses)  # type: ignore[arg-type]  # callers say a State


def fold(text: str) -> str:
    """A name or path as file systems that ignore case and normal form compare it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _items(place: Place, agents: Sequence[HubAgent], reader: _Reader) -> tuple[list[_Item], list[Written]]:
    """The target's agents with what stands there for each, and the rows of agents that no longer belong there."""
    wanted = [agent for agent in agents if selects(place.target, agent)]
    rows = {row.agent: row for row in place.rows}
    known = {agent.id for agent in agents}
    ids = {agent.id for agent in wanted}
    recorded = {(row.key.path, row.key.entry_key) for row in place.rows}
    names = _names(place, recorded, reader)
    # A vanished id and a new one of the same name are a rename: the copy goes on under the new id.
    vanished = {row.name: row for row in place.rows if row.agent not in known}
    items = []
    for agent in wanted:
        row = rows.get(agent.id)
        if row is None and agent.agent is not None and agent.agent.name in vanished:
            row = vanished.pop(agent.agent.name)
            ids.add(row.agent)
        items.append(_item(place, agent, row, names, reader))
    return items, [row for row in place.rows if row.agent not in ids]


def _names(place: Place, recorded: set[tuple[str, str | None]], reader: _Reader) -> dict[str, tuple[Found, str | None]]:
    """Native name, folded, to where a file that the ledger does not know has it."""
    names: dict[str, tuple[Found, str | None]] = {}
    for found in sorted(place.found.values(), key=lambda f: f.path):
        if found.text is None:
            continue
        for entry, agent in reader.entries(place.rules, found.path, found.text, found.document).items():
            if (found.path, entry) not in recorded:
                names.setdefault(fold(agent.name), (found, entry))
    return names


def _item(place: Place, agent: HubAgent, row: Written | None, names: Mapping[str, tuple[Found, str | None]], reader: _Reader) -> _Item:
    at = place.found.get(row.key.path) if row else None
    if row and at and at.trouble is None and at.digest == row.written and row.agent == agent.id and fresh(row, agent, place.recipe):
        return _Item(place, agent, row, _Standing(at, row.key.entry_key, None), None, None, row.name, row.key.path, row.key.entry_key)
    rendering = _render(place, agent)
    path, entry, says, native = row.key.path if row else None, row.key.entry_key if row else None, None, agent.name
    if not rendering.refused:
        document = rendering.documents[0]
        readings = codec.read(document, place.rules)
        if readings and readings[0].agent is not None:
            says, native = readings[0].agent, readings[0].agent.name
            path, entry = (path, entry) if row else (document.path, readings[0].entry)
    standing = _standing(place, row, (native, row.name if row else native), path, entry, names, reader)
    if standing is not None:
        path, entry = standing.found.path, standing.entry
    return _Item(place, agent, row, standing, rendering, says, native, path, entry)


def _render(place: Place, agent: HubAgent, standing: _Standing | None = None) -> Rendering:
    """The agent for this target, as a document of its own or spliced into what stands there."""
    assert agent.agent is not None  # noqa: S101 - only agents that could be read are selected
    old = None
    if standing is not None and standing.found.text is not None:
        old = Document(standing.found.path, standing.found.text)
    return codec.write(
        agent.agent, place.rules, old=old, entry=standing.entry if standing else None, scope=place.target.scope,
        models=place.target.models, allow_widening=allowed(place.target, agent),
    )


def _standing(
    place: Place, row: Written | None, natives: tuple[str, str], path: str | None, entry: str | None,
    names: Mapping[str, tuple[Found, str | None]], reader: _Reader,
) -> _Standing | None:
    """The copy: at the recorded path if that still holds our name, else wherever that name is, else what is in the way."""
    at = place.found.get(path) if path is not None else None
    says = reader.agent(place.rules, at.path, at.text, at.document, entry) if at else None
    ours = row is not None and at is not None and (at.digest == row.written or says is None or fold(says.name) == fold(row.name))
    if at is not None and (ours or at.trouble is not None):
        return _Standing(at, entry, says)
    for native in dict.fromkeys(natives):
        if fold(native) in names:
            found, key = names[fold(native)]
            return _Standing(found, key, reader.agent(place.rules, found.path, found.text, found.document, key))
    # A shared file without our entry is no obstacle: the entry is added to it.
    if at is None or (entry is not None and says is None):
        return None
    return _Standing(at, entry, says)


# ---- collecting edits ---------------------------------------------------------------------------------------------


class _Edits:
    """The edits of one project, one a file: several agents may live in one shared file."""

    def __init__(self, project: str, root: str) -> None:
        self._project, self._root = project, root
        self._old: dict[str, str | None] = {}
        self._new: dict[str, str | None] = {}
        self._changes: dict[str, list[Change]] = {}
        self._put: dict[str, list[Written]] = {}
        self._forget: dict[str, list[Key]] = {}

    def text(self, found: Found | None, path: str) -> str | None:
        """What the file will say after the edits so far."""
        return self._new[path] if path in self._new else found.text if found else None

    def record(
        self, path: str, old: str | None, new: str | None, *, change: Change | None = None, put: Written | None = None, forget: Iterable[Key] = ()
    ) -> None:
        """Add what happens to a file; `old` counts the first time only."""
        self._old.setdefault(path, old)
        self._new[path] = new
        if change is not None:
            self._changes.setdefault(path, []).append(change)
        if put is not None:
            self._put.setdefault(path, []).append(put)
        self._forget.setdefault(path, []).extend(forget)

    def deletions(self) -> int:
        """How many copies would go."""
        return sum(change.action == "delete" for changes in self._changes.values() for change in changes)

    def all(self) -> list[Edit]:
        """The edits in the order of their paths, rows filled with the digest of what the file says in the end."""
        edits = []
        for path in sorted(self._new):
            new = self._new[path]
            final = "" if new is None else digest(new)
            # The stamp is known only once the file is written; an untouched file keeps the one it was found with.
            put = tuple(replace(row, written=final, base=final) for row in self._put.get(path, ()))
            edits.append(
                Edit(self._project, self._root, path, self._old[path], new, tuple(self._changes.get(path, ())), put, tuple(self._forget[path]))
            )
        return edits


def _row(item: _Item, path: str, entry: str | None, stamp: str = "") -> Written:
    key = Key(item.place.root, item.place.target.format, item.place.target.scope, path, entry_word(entry))
    losses = len(item.wanted.losses) if item.wanted else 0
    return Written(key, item.agent.id, item.native, "", "", item.agent.digest, None, item.place.recipe, stamp, losses)


# ---- the plan -----------------------------------------------------------------------------------------------------


def plan_push(snapshot: Snapshot, wishes: Wishes) -> Plan:
    """What a push would do. Pure, and deterministic in the order of agents, projects and files."""
    edits: list[Edit] = []
    copies: list[Copy] = []
    outcomes: list[ProjectOutcome] = []
    losses: list[tuple[Change, Loss]] = []
    hidden: dict[str, int] = {}
    reader = _Reader()
    for view in snapshot.projects:
        outcome = view.outcome
        if outcome.state == "ok" and (why := _stop(view, snapshot)) is not None:
            outcome = replace(outcome, state="stopped", why=why)
        if outcome.state != "ok":
            outcomes.append(outcome)
            continue
        done = _Project(view, snapshot, wishes, reader).run()
        copies += done.copies
        if done.deletions_stop is not None:
            outcomes.append(replace(outcome, state="stopped", why=done.deletions_stop))
            continue
        outcomes.append(outcome)
        edits += done.edits
        for change, loss in done.losses:
            if loss_key(change.target, change.agent, loss) in snapshot.seen:
                hidden[change.project] = hidden.get(change.project, 0) + 1
            else:
                losses.append((change, loss))
        hidden[outcome.name] = hidden.get(outcome.name, 0) + done.quiet_losses
    return Plan(tuple(edits), tuple(copies), tuple(outcomes), snapshot.problems, tuple(losses), hidden)


def plan_removal(view: ProjectView) -> Plan:
    """Every unchanged copy of a project goes; edited ones stay and are listed. The user asked for it: no count guard."""
    done = _Project(view, Snapshot((), (view,)), Wishes(allow_deletes=True), _Reader()).run()
    return Plan(tuple(done.edits), tuple(done.copies), (view.outcome,))


def _stop(view: ProjectView, snapshot: Snapshot) -> Problem | None:
    """Why nothing may be changed in a project (promise 11), or None."""
    rows = [row for place in view.places for row in place.rows]
    if not rows:
        return None
    name, root = view.outcome.name, view.outcome.root
    if not any(agent.status == "read" for agent in snapshot.agents):
        return Problem("hub-empty", "the hub holds no agent that can be read, but this project has copies of some", hint="git -C HUB status")
    recorded = {row.agent for row in rows}
    broken = next((agent for agent in snapshot.agents if agent.status != "read" and agent.id in recorded), None)
    if broken is not None:
        said = broken.problems[0].message if broken.problems else "it is no agent any more"
        return Problem("hub-unreadable", f"{broken.id} has copies here but cannot be read in the hub: {said}", hint=f"mend {broken.path}")
    missing = sum(row.key.path not in place.found for place in view.places for row in place.rows)
    if missing == len(rows) and len(rows) > 1:
        what = f"all {len(rows)} copies are gone"
        return Problem("emptied", what, path=root, hint=f"agentsync project enable {name}  (writes them again)")
    if view.replaced and missing:
        what = "this is another folder than the one agentsync wrote to, and copies are missing"
        return Problem("replaced", what, path=root, hint=f"agentsync project enable {name}  (takes it as it is)")
    return None


class _Project:
    """The planning of one project."""

    def __init__(self, view: ProjectView, snapshot: Snapshot, wishes: Wishes, reader: _Reader) -> None:
        self._view, self._snapshot, self._wishes, self._reader = view, snapshot, wishes, reader
        self._edits = _Edits(view.outcome.name, view.outcome.root or "")
        self.copies: list[Copy] = []
        self.losses: list[tuple[Change, Loss]] = []
        self.quiet_losses = 0
        self.deletions_stop: Problem | None = None

    @property
    def edits(self) -> list[Edit]:
        return self._edits.all()

    def run(self) -> _Project:
        """Plan every target; afterwards the results stand in the attributes."""
        items: list[_Item] = []
        for place in self._view.places:
            if place.home:
                continue
            here, left = _items(place, self._snapshot.agents, self._reader)
            items += here
            for row in left:
                if self._meant(place, row.agent, ()):
                    self._leave(place, row)
        for key in self._view.released:
            self._edits.record(key.path, None, None, forget=[key])
        clashes = _clashes(items)
        for number, item in enumerate(items):
            if self._meant(item.place, item.agent.id, item.agent.tags):
                self.copies.append(self._judge(item, clashes.get(number)))
        deletions, recorded = self._edits.deletions(), sum(len(place.rows) for place in self._view.places)
        if not self._wishes.allow_deletes and deletions > DELETES_ALLOWED and deletions > recorded * DELETES_SHARE:
            what = f"{deletions} of {recorded} copies would be deleted at once"
            self.deletions_stop = Problem("many-deletes", what, hint=f"agentsync push {self._view.outcome.name} --allow-deletes")
        return self

    def _meant(self, place: Place, identity: str, tags: Iterable[str]) -> bool:
        formats = self._wishes.formats
        return (not formats or place.target.format in formats) and self._wishes.takes(identity, tags)
