"""The planner of adopt: agents that stand in projects and no record knows, and what the hub makes of them.

Floor 4, pure. Copies of one agent in several formats become one, the richest format first; what another copy says beyond that is
taken up where no other copy would change by it, else it is a conflict from the start. What the hub already has is recognised by its
meaning through the copy's format. Nothing is planned for the projects: only the hub and the ledger learn.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import quote
from typing import Final, Literal

from agentsync import codec, containers, hub
from agentsync.codec.read import LAID_OVER
from agentsync.copies import Key, Written, entry_word
from agentsync.formats import layout_of, load
from agentsync.formats.rules import Format
from agentsync.hub import HubAgent
from agentsync.lift import Form, lift
from agentsync.merge import MISSING, differing, parts_of, says_digest
from agentsync.model import EMPTY, HUB_FORMAT, Agent, Document, Loss, Problem, Value
from agentsync.rights import given_by
from agentsync.risks import powers_of
from agentsync.snapshot import Found, Place, Places, ProjectView, Reader, fold, render, written_kind

ALIKE: Final = 0.5
"""The share of lines that two prompts have in common, from which on agents of one name are one agent."""

How = Literal["ok", "behind", "conflict", "refused"]
"""ok: says what the hub says. behind: says less. conflict: says something else. refused: the hub's agent cannot be written there."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A copy in a project that no record knows."""

    place: Place
    found: Found
    entry: str | None
    agent: Agent

    @property
    def format(self) -> str:
        """The id of its format."""
        return self.place.target.format

    @property
    def key(self) -> Key:
        """Which copy it is."""
        return Key(self.place.root, self.format, self.place.target.scope, self.found.path, entry_word(self.entry))

    @property
    def word(self) -> str:
        """The copy as a commit's message names it."""
        return f"{self.place.target.project}:{self.format} ({self.found.path})"


@dataclass(frozen=True, slots=True)
class Taken:
    """A copy and the agent of the hub that it belongs to. row: what the ledger is to know."""

    arrival: Arrival
    agent: str
    how: How
    row: Written
    why: Problem | None = None


@dataclass(frozen=True, slots=True)
class Adopted:
    """An agent of a project. new: it enters the hub; else it was there. powers: what about it needs a look."""

    project: str
    agent: HubAgent
    new: bool
    copies: tuple[Taken, ...]
    powers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Adoption:
    """What an adopt would do. agents: the hub's as they will be."""

    adopted: tuple[Adopted, ...] = ()
    agents: tuple[HubAgent, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def new(self) -> tuple[Adopted, ...]:
        """The agents that enter the hub."""
        return tuple(one for one in self.adopted if one.new)


# ---- what is there ------------------------------------------------------------------------------------------------


def richness(rules: Format) -> tuple[bool, int]:
    """How much of an agent a format can say: whether it holds one to its rights, and how many fields it has."""
    return rules.rights.style != "none", len(rules.fields)


def says_prompt(rules: Format) -> bool:
    """Whether a format's files hold an agent's prompt. What lists agents alone can give none to a hub."""
    prompt = rules.fields.get("prompt")
    return prompt is not None and prompt.write


def arrivals(view: ProjectView, places: Iterable[Place], agents: Sequence[HubAgent], reader: Reader) -> tuple[list[Arrival], list[Problem]]:
    """The copies in these places that no record knows, in the order of their files, and what is to be said of others.

    A copy that the lock calls an agent of the hub is left to push and pull.
    """
    known = {agent.id for agent in agents}
    found: list[Arrival] = []
    problems: list[Problem] = []
    for place in places:
        held = {(row.key.path, row.key.entry_key) for row in place.rows}
        held |= {(line.path, line.entry[1:] if line.entry else None) for line in view.lock.values()
                 if line.target == place.target.format and line.agent in known}
        names = {
            fold(agent.name): file.path for file in place.found.values() if file.text is not None
            for entry, agent in reader.entries(place.rules, file.path, file.text, file.document).items() if (file.path, entry) in held
        }
        for file in sorted(place.found.values(), key=lambda one: one.path):
            if file.text is None:
                problems += [replace(file.trouble, path=_at(place, file.path))] if file.trouble is not None else []
                continue
            entries = reader.entries(place.rules, file.path, file.text, file.document)
            if not entries:
                problems += _refusals(place, file)
            for entry, agent in entries.items():
                if (file.path, entry) in held:
                    continue
                if fold(agent.name) in names:
                    what = f"a second agent called {agent.name}, of which {place.rules.title} loads one (the other: {names[fold(agent.name)]})"
                    problems.append(Problem("twice", what, path=_at(place, file.path), severity="warning"))
                    continue
                names[fold(agent.name)] = file.path
                found.append(Arrival(place, file, entry, agent))
    return found, problems


def news(places: Places, view: ProjectView, agents: Sequence[HubAgent], reader: Reader) -> list[Arrival]:
    """The new agents in a project's targets: those that are not in the way of an agent of the hub either.

    What the lock calls the copy of an agent that the hub no longer has is no news: it was taken out of the hub elsewhere.
    """
    found: list[Arrival] = []
    for place, items, _ in places:
        met = {(item.standing.found.path, item.standing.entry) for item in items if item.standing is not None}
        if any(file.text is not None and (file.path, None) not in met for file in place.found.values()):
            met |= {(line.path, line.entry[1:] if line.entry else None) for line in view.lock.values() if line.target == place.target.format}
            found += [one for one in arrivals(view, (place,), agents, reader)[0] if (one.found.path, one.entry) not in met]
    return found


def _refusals(place: Place, file: Found) -> Iterator[Problem]:
    """Why an assistant does not load a file as an agent, where that is no intention of its author's."""
    for reading in codec.read(Document(file.path, file.text or ""), place.rules, kind=file.document):
        if reading.status in ("refused", "degraded") and reading.problems:
            first = reading.problems[0]
            yield replace(first, path=_at(place, file.path), severity="note" if first.code == LAID_OVER else "warning")


def _at(place: Place, path: str) -> str:
    return f"{place.root}/{path}"


# ---- the plan -----------------------------------------------------------------------------------------------------


History = Callable[[HubAgent], Iterable[HubAgent]]
"""Earlier versions of an agent of the hub, newest first."""


def plan_adoption(
    projects: Sequence[tuple[str, Sequence[Arrival]]], agents: Sequence[HubAgent], folder: str, history: History = lambda _: ()
) -> Adoption:
    """What becomes of the arrivals of each project. folder: the hub's folder of agents. history is asked for few agents only."""
    work = _Work(agents, folder, history)
    for name, found in projects:
        work.project(name, found)
    return Adoption(tuple(work.adopted), tuple(sorted(work.agents.values(), key=lambda one: one.id)), tuple(work.problems))


class _Work:
    """One planning."""

    def __init__(self, agents: Sequence[HubAgent], folder: str, history: History) -> None:
        self._folder, self._rules, self._history = folder, load(HUB_FORMAT), history
        self._known_before = frozenset(agent.id for agent in agents)
        self.agents = {agent.id: agent for agent in agents}
        self.adopted: list[Adopted] = []
        self.problems: list[Problem] = []

    def project(self, name: str, found: Sequence[Arrival]) -> None:
        """All arrivals of a project."""
        held = {(row.agent, place.target.format) for place in {id(one.place): one.place for one in found}.values() for row in place.rows}
        groups: dict[str, list[Arrival]] = {}
        for one in found:
            groups.setdefault(_stem(one.agent.name), []).append(one)
        for stem in sorted(groups):
            clusters = _clusters(groups[stem])
            apart = len(clusters) > 1
            for cluster in clusters:
                known = self._known(stem, cluster, held)
                if known is not None:
                    taken = [self._taken(one, known) for one in cluster]
                    self.adopted.append(Adopted(name, known, new=False, copies=tuple(taken)))
                    held |= {(known.id, one.format) for one in cluster}
                else:
                    self._new(name, codec.slug(cluster[0].agent.name), cluster, apart=apart)

    def _known(self, stem: str, cluster: Sequence[Arrival], held: set[tuple[str, str]]) -> HubAgent | None:
        """The hub's agent that a cluster is: one that says the same, else one of this name with most of its prompt."""
        free = [
            agent for agent in self.agents.values()
            if agent.agent is not None and _stem(agent.agent.name) == stem
            and not any((agent.id, one.format) in held or not _for(agent, one.format) for one in cluster)
        ]
        for one in cluster:
            for agent in free:
                if judge(agent, one)[0] == "ok":
                    return agent
        return next((agent for agent in free if agent.agent and alike(agent.agent.prompt, cluster[0].agent.prompt)), None)

    def _new(self, project: str, slug: str, cluster: Sequence[Arrival], *, apart: bool) -> None:
        """An agent that enters the hub, with all its copies."""
        targets = tuple(one.format for one in cluster) if apart else ()
        made = self._imported(cluster[0], self._free_id(slug, project, cluster[0].format), targets)
        if isinstance(made, Problem):
            self.problems.append(made)
            if len(cluster) > 1:
                self._new(project, slug, cluster[1:], apart=apart)
            return
        sure = [cluster[0]]
        for one in cluster[1:]:
            joined = self._joined(made, one, sure)
            if joined is not None:
                made = joined
                sure.append(one)
        self.agents[made.id] = made
        powers = dict.fromkeys(word for one in cluster for word in powers_of(one.agent, one.place.rules, one.found.text or ""))
        taken = tuple(self._taken(one, made) for one in cluster)
        self.adopted.append(Adopted(project, made, new=True, copies=taken, powers=tuple(powers)))

    def _free_id(self, slug: str, project: str, format_id: str) -> str:
        """An id that no file of the hub has."""
        taken = {fold(identity) for identity in self.agents}
        names = [slug, f"{project}/{slug}", f"{project}/{slug}-{format_id}"]
        names += [f"{project}/{slug}-{number}" for number in range(2, len(taken) + 3)]
        return next(name for name in names if fold(name) not in taken)

    def _imported(self, one: Arrival, identity: str, targets: tuple[str, ...]) -> HubAgent | Problem:
        """The copy as an agent of the hub that says what the copy says, or why there is none.

        Where the copy's client never held the agent to its rights, going on as it was is allowed to that format.
        """
        wanted: dict[str, Value] = {"targets": list(targets)} if targets else {}
        made = self._file(_with_words(one.agent, wanted), identity)
        if isinstance(made, HubAgent):
            how, why, _ = judge(made, one)
            if how != "ok" and given_by(one.agent.rights, one.format):
                made = self._file(_with_words(one.agent, {**wanted, "allow_widening": [one.format]}), identity)
                how, why, _ = judge(made, one) if isinstance(made, HubAgent) else (how, why, ())
            if how == "ok":
                return made
            if isinstance(made, HubAgent):
                reason = why.message if why is not None else how
                if any(HUB_FORMAT in natives for natives in one.agent.extra.values()):
                    reason = f"its key `{HUB_FORMAT}` speaks for the hub, which no project may; take that key out"
                made = Problem("not-adopted", f"{reason}, which every agent of the hub has" if how == "behind" else reason)
        what = f"{one.agent.name} cannot be adopted: {made.message}"
        return Problem("not-adopted", what, path=_at(one.place, one.found.path), severity="warning")

    def _file(self, agent: Agent, identity: str, old: HubAgent | None = None) -> HubAgent | Problem:
        """An agent as a file of the hub."""
        path = f"{self._folder}/{identity}{hub.SUFFIX}"
        rendering = codec.write(agent, self._rules, old=None if old is None else Document(path, old.text))
        if rendering.refused:
            return rendering.problems[0]
        made = hub.read_agent(path, self._folder, rendering.documents[0].text.encode("utf-8", "surrogateescape"), self._rules)
        if made is None or made.agent is None:
            return made.problems[0] if made is not None and made.problems else Problem("unreadable", "the hub could not read it")
        return made

    def _joined(self, made: HubAgent, one: Arrival, sure: Sequence[Arrival]) -> HubAgent | None:
        """The agent with what another copy says beyond it; None where that contradicts it, or what a copy before says."""
        how, _, _ = judge(made, one)
        if how != "conflict":
            return made
        says = _says(made, one.place)
        if says is None or made.agent is None or fold(says.name) != fold(one.agent.name):
            return None
        lifted = lift(made.agent, says, one.agent, _form(made, one))
        if lifted.stuck:
            return None
        new = self._file(lifted.agent, made.id, made)
        if isinstance(new, Problem) or judge(new, one)[0] != "ok":
            return None
        return new if all(judge(new, other)[0] == judge(made, other)[0] for other in sure) else None

    def _taken(self, one: Arrival, agent: HubAgent) -> Taken:
        """A copy with its row. What a copy in conflict agreed to is not known; what one behind says counts as agreed."""
        how, why, losses = judge(agent, one)
        said = says_digest(one.agent)
        row = Written(one.key, agent.id, one.agent.name, one.found.digest, one.found.digest, agent.digest, None, "", "", len(losses), said)
        if how == "ok":
            row = replace(row, recipe=one.place.recipe, stamp=one.found.stamp)
        elif how == "conflict":
            old = self._once(one, agent)
            if old is not None:
                why = Problem("behind", "an earlier version of it", path=one.found.path, severity="note")
                return Taken(one, agent.id, "behind", replace(row, hub=old.digest), why)
            row = replace(row, written="", base="", hub="", says="")
        return Taken(one, agent.id, how, row, why)

    def _once(self, one: Arrival, agent: HubAgent) -> HubAgent | None:
        """The earlier version of the hub's agent that a copy says, or None."""
        if agent.id not in self._known_before:
            return None
        return next((old for old in self._history(agent) if _says(old, one.place) == one.agent), None)


def _stem(name: str) -> str:
    """What the names of one agent have in common where a format writes them as slugs, with `-` or with `_`."""
    return codec.slug(name).replace("_", "-")


def _clusters(found: Sequence[Arrival]) -> list[list[Arrival]]:
    """Copies of one stem, taken together where they are one agent: one a format, of one name, with most of the prompt in common."""
    clusters: list[list[Arrival]] = []
    for one in sorted(found, key=lambda one: (*(-int(part) for part in richness(one.place.rules)), one.format, one.found.path)):
        for cluster in clusters:
            head = cluster[0].agent
            names = {fold(head.name), fold(codec.slug(head.name)), fold(codec.slug(head.name, "snake"))}
            if one.format not in {other.format for other in cluster} and fold(one.agent.name) in names and alike(head.prompt, one.agent.prompt):
                cluster.append(one)
                break
        else:
            clusters.append([one])
    return clusters


def alike(first: str, second: str) -> bool:
    """Whether two prompts share at least half their lines.

    >>> alike("a\\nb\\nc", "a\\nb\\nx"), alike("a\\nb", "x\\ny"), alike("", "")
    (True, False, True)
    """
    mine, other = ([line.strip() for line in text.split("\n") if line.strip()] for text in (first, second))
    if mine == other:
        return True
    return difflib.SequenceMatcher(None, mine, other, autojunk=False).ratio() >= ALIKE


def judge(agent: HubAgent, one: Arrival) -> tuple[How, Problem | None, tuple[Loss, ...]]:
    """What a copy is to an agent of the hub, why, and the losses of writing the agent there."""
    path = one.found.path
    rendering = render(one.place, agent)
    if rendering.refused:
        return "refused", replace(rendering.problems[0], path=path), ()
    says = _says(agent, one.place)
    if says is None or fold(says.name) != fold(one.agent.name):
        return "conflict", _conflict(agent, one, "name"), rendering.losses
    parts = differing(says, one.agent)
    if not parts:
        return "ok", None, rendering.losses
    mine = parts_of(one.agent)
    if all(mine.get(part, MISSING) is MISSING for part in parts):
        return "behind", Problem("behind", f"it lacks {', '.join(parts)}", path=path, severity="note"), rendering.losses
    return "conflict", _conflict(agent, one, ", ".join(parts)), rendering.losses


def _conflict(agent: HubAgent, one: Arrival, parts: str) -> Problem:
    what = f"hub and copy differ in {parts}"
    ident = quote(agent.id)
    hint = f"agentsync resolve {ident}  (or: agentsync fork {ident} -p {one.place.target.project})"
    return Problem("conflict", what, path=one.found.path, hint=hint, severity="warning")


def _says(agent: HubAgent, place: Place) -> Agent | None:
    """What an agent says once it is written at a place; None where it is refused."""
    rendering = render(place, agent)
    readings = () if rendering.refused else codec.read(rendering.documents[0], place.rules, kind=written_kind(place))
    return readings[0].agent if readings else None


def _form(made: HubAgent, one: Arrival) -> Form:
    """The copy's format, for lifting."""
    entries = containers.parse(one.found.text or "", layout_of(one.place.rules, one.found.document)).entries
    keys: Mapping[str, Value] = next((entry.keys for entry in entries if one.entry in (None, entry.key)), EMPTY)
    return Form(one.place.rules, lambda agent: _says(replace(made, agent=agent), one.place), keys, one.place.target.models)


def _for(agent: HubAgent, format_id: str) -> bool:
    """Whether an agent's own `targets` let it go to a format."""
    own = agent.agent.words("targets") if agent.agent is not None else None
    return own is None or format_id in own


def _with_words(agent: Agent, words: Mapping[str, Value]) -> Agent:
    """The agent with words of the hub's own; what a project says under the hub's name counts for nothing."""
    extra = {name: natives for name, natives in agent.extra.items() if name != HUB_FORMAT}
    return replace(agent, extra={**extra, **({HUB_FORMAT: dict(words)} if words else {})})
