"""The planner of pull: what changed in copies goes to the hub, part by part; what two sides changed differently is a conflict.

Floor 4, pure. For each copy, what it says now is compared with what it said when last agreed, and the difference lifted into terms of
the hub (`agentsync.lift`). All changes are merged with the hub's own and with each other at once, so the order of projects cannot matter.
A copy whose change gives rights, runs something or hides something is held whole until its content is approved (promise 13).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from shlex import quote
from typing import Any, Final

from agentsync import codec, containers, hub
from agentsync.bases import Known, know
from agentsync.copies import Change, Conflict, Copy, Edit, Key, Side, State, Written
from agentsync.formats import layout_of, load
from agentsync.hub import HubAgent
from agentsync.lift import Form, Lifted, lift
from agentsync.merge import CONFLICT, MISSING, differing, merge_part, parts_of, says_digest, with_parts
from agentsync.model import EMPTY, HUB_FORMAT, Agent, Document, Problem, Rights, Value
from agentsync.rights import spell
from agentsync.risks import risks_of
from agentsync.snapshot import Item, ProjectView, Reader, Snapshot, Wishes, digest, render, written_kind

_SHOWN: Final = 2000
"""Most characters of a value that a conflict shows."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What the copies' changes make of the hub. edits: of the hub's files. agents: the hub's agents as they will be.

    rows: what the ledger is to know of copies that were agreed anew. marks: copies nothing may be written to, as they are listed.
    """

    edits: tuple[Edit, ...] = ()
    agents: tuple[HubAgent, ...] = ()
    rows: Mapping[Key, Written] = field(default_factory=lambda: EMPTY)
    marks: Mapping[Key, Copy] = field(default_factory=lambda: EMPTY)
    conflicts: tuple[Conflict, ...] = ()
    texts: Mapping[str, str] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class _Edited:
    """A copy with changes of its own, lifted."""

    item: Item
    known: Known
    now: Agent
    lifted: Lifted
    hub_then: Agent

    @property
    def word(self) -> str:
        """The side, as `resolve --take` names it."""
        return f"{self.item.place.target.project}:{self.item.place.target.format}"


def plan_pull(snapshot: Snapshot, wishes: Wishes, reader: Reader, root: str) -> Pulled:
    """What goes from the copies into the hub, whose folder is `root`. Nothing is decided by the order of projects or by time."""
    groups: dict[str, list[_Edited]] = {}
    work = _Work(snapshot, wishes, reader, root)
    for view, places in reader.items(snapshot):
        for place, items, _ in places if view.outcome.state == "ok" else ():
            for item in items:
                if (wishes.formats and place.target.format not in wishes.formats) or not wishes.takes(item.agent.id, item.agent.tags):
                    continue
                edited = work.look(item, view)
                if edited is not None:
                    groups.setdefault(item.agent.id, []).append(edited)
    for identity in sorted(groups):
        work.merge(work.with_released(groups[identity]))
    agents = tuple(work.agents.get(agent.id, agent) for agent in snapshot.agents)
    return Pulled(tuple(work.edits), agents, work.rows, work.marks, tuple(work.conflicts), work.texts)


class _Work:
    """One planning."""

    def __init__(self, snapshot: Snapshot, wishes: Wishes, reader: Reader, root: str) -> None:
        self._snapshot, self._wishes, self._reader, self._root = snapshot, wishes, reader, root
        self._rules = load(HUB_FORMAT)
        self.edits: list[Edit] = []
        self.agents: dict[str, HubAgent] = {}
        self.rows: dict[Key, Written] = {}
        self.marks: dict[Key, Copy] = {}
        self.conflicts: list[Conflict] = []
        self.texts: dict[str, str] = {}
        self._agreeing: dict[str, list[Item]] = {}
        self._waiting: dict[str, list[tuple[Item, ProjectView]]] = {}

    # ---- one copy ----

    def look(self, item: Item, view: ProjectView, *, released: bool = False) -> _Edited | None:
        """The copy's own changes; None where there are none to take, with a mark where it must be left alone.

        released: it is on hold no more, because the agent changes in this very run.
        """
        standing = item.standing
        if item.wanted is not None and standing is not None and standing.says is not None and standing.says == item.says:
            self._agreeing.setdefault(item.agent.id, []).append(item)
        if view.mode == "push" or standing is None or standing.found.text is None or standing.found.trouble is not None:
            return None
        if item.wanted is None or (standing.says is not None and standing.says == item.says):
            return None
        if not released and self._paused(item):
            self._waiting.setdefault(item.agent.id, []).append((item, view))
            return None
        known = know(item, view, self._snapshot, self._reader)
        if known.how in ("lost", "ahead") and item.agent.id in self._wishes.take and item.says is not None and item.wanted.documents:
            # What was agreed is not known, but the user took a side: the copy is compared with what the hub would write today.
            row = known.row or Written(item.key, item.agent.id, item.native, "", "", item.agent.digest)
            known = Known("edited", row, item.says, item.wanted.documents[0].text, item.agent)
        if known.how in ("lost", "ahead", "renamed"):
            self.marks[item.key] = _set_apart(item, known)
        if known.how != "edited" or known.then is None or known.hub_then is None or known.hub_then.agent is None or standing.says is None:
            return None
        if item.key in self._wishes.reject or self._wishes.take.get(item.agent.id) == "hub":
            self._drop(item, known)
            return None
        why = self._held(item, known)
        if why is not None:
            self.marks[item.key] = item.copy("held", why)
            return None
        lifted = lift(known.hub_then.agent, known.then, standing.says, self._form(item))
        return _Edited(item, known, standing.says, lifted, known.hub_then.agent)

    def _paused(self, item: Item) -> bool:
        """Whether a run on this copy was undone, and neither it nor the agent changed since."""
        one = self._snapshot.paused.get(item.key)
        return one is not None and item.standing is not None and not self._wishes.agents and (
            (one.hub, one.copy) == (item.agent.digest, item.standing.found.digest)
        )

    def _held(self, item: Item, known: Known) -> Problem | None:
        """Why a copy is held, or None."""
        assert item.standing is not None  # noqa: S101 - it was looked at
        assert item.standing.says is not None  # noqa: S101 - as above
        assert known.then is not None  # noqa: S101 - it is edited
        if (item.key, item.standing.found.digest) in self._snapshot.approved:
            return None
        risks = risks_of(known.then, item.standing.says, item.place.rules, known.then_text, item.standing.found.text or "")
        if not risks:
            return None
        hint = f"agentsync approve {quote(item.agent.id)}  (or: agentsync approve {quote(item.agent.id)} --reject)"
        return Problem("held", f"its change {'; '.join(risks)}", path=item.standing.found.path, hint=hint, severity="warning")

    def _form(self, item: Item) -> Form:
        """The copy's format, for lifting."""
        assert item.standing is not None  # noqa: S101 - it was looked at
        place, found = item.place, item.standing.found
        layout = layout_of(place.rules, found.document)
        entries = containers.parse(found.text or "", layout).entries
        keys: Mapping[str, Value] = next((e.keys for e in entries if item.standing.entry in (None, e.key)), {})

        def says(agent: Agent) -> Agent | None:
            rendering = render(place, replace(item.agent, agent=agent))
            if rendering.refused:
                return None
            readings = codec.read(rendering.documents[0], place.rules, kind=written_kind(place))
            return readings[0].agent if readings else None

        return Form(place.rules, says, keys, place.target.models)

    def _drop(self, item: Item, known: Known) -> None:
        """The copy's changes are not wanted: it counts as untouched, and the hub's version will replace it."""
        assert item.standing is not None  # noqa: S101 - it was looked at
        row, found = known.row, item.standing.found
        if row is not None:
            row = replace(row, written=found.digest, base=found.digest, hub=item.agent.digest, recipe="", stamp="")
            self.rows[item.key] = row if item.standing.says is None else replace(row, says=says_digest(item.standing.says))
            self.texts[found.digest] = found.text or ""

    # ---- one agent ----

    def with_released(self, sides: Sequence[_Edited]) -> Sequence[_Edited]:
        """An agent's edited copies, with those that were on hold until it changes, where it does: else the next run would take them."""
        agent = sides[0].item.agent
        waiting = self._waiting.get(agent.id, ())
        if not waiting or agent.agent is None:
            return sides
        merged, _, _ = _merged(agent.agent, sides, self._decided(agent, sides))
        if self._written(agent, merged)[0] is agent:
            return sides
        return [*sides, *(one for item, view in waiting if (one := self.look(item, view, released=True)) is not None)]

    def merge(self, sides: Sequence[_Edited]) -> None:
        """All changes of one agent, tested against the hub's and against each other."""
        agent = sides[0].item.agent
        assert agent.agent is not None  # noqa: S101 - only agents that could be read have items
        decided = self._decided(agent, sides)
        merged, torn, won = _merged(agent.agent, sides, decided)
        new, why = self._written(agent, merged)
        if why is not None:
            torn = {part: why for side in sides for part in _changed(side)}
            merged = agent.agent
        self.agents[agent.id] = new
        if new is not agent:
            self._take_along(agent)
        put: list[Written] = []
        for side in sides:
            put += self._agreed(side, new, merged, torn)
        self._list_conflicts(agent, sides, torn)
        clean = [side for side in sides if side.item.key not in self.marks]
        project = clean[0].item.place.target.project if clean else sides[0].item.place.target.project
        changes = (Change("update", project, HUB_FORMAT, agent.id, agent.path),) if new is not agent else ()
        if changes or put:
            keep = (agent.text, new.text, *(self.texts[row.base] for row in put if row.base in self.texts),
                    *(self.texts[row.hub] for row in put if row.hub in self.texts))
            taken = [(side, [p for p in _changed(side) if p not in torn and (p not in won or side.word == decided)]) for side in sides]
            notes = tuple(f"{agent.id}: {', '.join(parts)} from {side.word} ({side.item.path})" for side, parts in taken if parts)
            sources = tuple(dict.fromkeys(side.item.place.target.project for side, parts in taken if parts))
            self.edits.append(Edit("", self._root, agent.path, agent.text, new.text, changes, tuple(put), _moved(sides, put), keep, notes, sources))

    def _take_along(self, agent: HubAgent) -> None:
        """Copies that say what the hub says now, whoever made them say it, are agreed: the hub moves on, and they must not look edited then."""
        for item in self._agreeing.get(agent.id, ()):
            found = item.standing.found if item.standing is not None else None
            if found is None or found.text is None or item.says is None:
                continue
            row = item.row or Written(item.key, agent.id, item.native, "", "", "")
            self.rows[item.key] = replace(
                row, key=item.key, agent=agent.id, written=found.digest, base=found.digest, hub=agent.digest, recipe="", stamp="",
                says=says_digest(item.says),
            )
            self.texts[found.digest] = found.text

    def _decided(self, agent: HubAgent, sides: Sequence[_Edited]) -> str | None:
        """The side the user took for this agent: `hub`, or a side's word."""
        taken = self._wishes.take.get(agent.id)
        if taken is None or taken == "hub":
            return taken
        words = [side.word for side in sides if taken in (side.word, side.item.place.target.project)]
        return words[0] if len(words) == 1 else None

    def _written(self, agent: HubAgent, merged: Agent) -> tuple[HubAgent, str | None]:
        """The hub's file with the merged agent in it, or why that cannot be."""
        assert agent.agent is not None  # noqa: S101 - as above
        if not differing(agent.agent, merged):
            return agent, None
        rendering = codec.write(merged, self._rules, old=Document(agent.path, agent.text))
        if rendering.refused:
            return agent, rendering.problems[0].message
        text = rendering.documents[0].text
        new = hub.read_agent(agent.path, agent.path.removesuffix(f"/{agent.id}.md"), text.encode("utf-8", "surrogateescape"), self._rules)
        if new is None or new.agent is None or differing(merged, new.agent):
            lost = rendering.losses[0].why if rendering.losses else "the hub's file would not say it"
            return agent, lost
        return new, None

    def _agreed(self, side: _Edited, new: HubAgent, merged: Agent, torn: Mapping[str, str]) -> list[Written]:
        """What is agreed with a copy now: all it says, or but for its torn parts what was merged."""
        item, known = side.item, side.known
        assert item.standing is not None  # noqa: S101 - it was looked at
        assert known.row is not None  # noqa: S101 - it is edited
        found = item.standing.found
        left = [part for part in side.lifted.changes if any(hub_part in torn for hub_part in side.lifted.changes[part])]
        row = replace(known.row, key=item.key, agent=item.agent.id, recipe="", stamp="")
        if not left and not side.lifted.stuck:
            row = replace(row, written=found.digest, base=found.digest, hub=new.digest, says=says_digest(side.now))
            self.texts.update({found.digest: found.text or "", new.digest: new.text})
            self.rows[item.key] = row
            return [row]
        self.marks[item.key] = item.copy("conflict", _conflict_problem(item, [*left, *side.lifted.stuck]))
        agreed = [part for part in side.lifted.changes if part not in left]
        if not agreed:
            return []
        row = self._spliced(side, row, agreed, merged)
        return [row]

    def _spliced(self, side: _Edited, row: Written, agreed: Sequence[str], merged: Agent) -> Written:
        """The row with what was agreed written into its base and its hub base. Where a text cannot hold it, that base stays as it was."""
        item, known = side.item, side.known
        assert known.then is not None  # noqa: S101 - it is edited
        assert known.hub_then is not None  # noqa: S101 - as above
        now = parts_of(side.now)
        then = with_parts(known.then, {part: now.get(part, MISSING) for part in agreed})
        path, kind = item.key.path, item.standing.found.document if item.standing else None
        base = codec.write(
            then, item.place.rules, old=Document(path, known.then_text), entry=item.entry, kind=kind, allow_widening=True
        )
        if base.refused or self._reader.agent(item.place.rules, path, base.documents[0].text, kind, item.entry) != then:
            return row
        parts = parts_of(merged)
        changed = {part: parts.get(part, MISSING) for own in agreed for part in side.lifted.changes[own]}
        hub_text = codec.write(
            with_parts(side.hub_then, changed), self._rules, old=Document(known.hub_then.path, known.hub_then.text), allow_widening=True
        )
        if hub_text.refused:
            return row
        texts = (base.documents[0].text, hub_text.documents[0].text)
        self.texts.update({digest(text): text for text in texts})
        return replace(row, base=digest(texts[0]), hub=digest(texts[1]))

    def _list_conflicts(self, agent: HubAgent, sides: Sequence[_Edited], torn: Mapping[str, str]) -> None:
        """One conflict for every torn part, with what each side says of it."""
        assert agent.agent is not None  # noqa: S101 - as above
        ours = parts_of(agent.agent)
        for part, why in torn.items():
            here = [side for side in sides if any(part in change for change in side.lifted.changes.values())]
            says = tuple(_side(side, parts_of(side.lifted.agent).get(part, MISSING)) for side in here)
            base = parts_of(here[0].hub_then).get(part, MISSING) if here else MISSING
            self.conflicts.append(Conflict(agent.id, part, _shown(ours.get(part, MISSING)), _shown(base), says, why))
        for side in sides:
            for part in side.lifted.stuck:
                says = (_side(side, parts_of(side.now).get(part, MISSING)),)
                base = parts_of(side.known.then).get(part, MISSING) if side.known.then else MISSING
                why = f"the hub has no way to say it for {side.item.place.rules.title}"
                self.conflicts.append(Conflict(agent.id, part, _shown(ours.get(part, MISSING)), _shown(base), says, why))


def _moved(sides: Sequence[_Edited], put: Sequence[Written]) -> tuple[Key, ...]:
    """The rows of copies that somebody moved: what is agreed is remembered under their new place."""
    kept = {row.key for row in put}
    known = (side.known.row for side in sides if side.item.key in kept)
    return tuple(row.key for row in known if row is not None and row.key not in kept)


def _changed(side: _Edited) -> tuple[str, ...]:
    """The hub's parts that a side changed."""
    return tuple(dict.fromkeys(part for change in side.lifted.changes.values() for part in change))


def _merged(ours: Agent, sides: Sequence[_Edited], decided: str | None) -> tuple[Agent, dict[str, str], set[str]]:
    """The hub's agent with all changes that go together; the parts that do not, each with the reason; those the decided side alone gave."""
    before = parts_of(ours)
    versions: dict[str, list[Any]] = {}
    taken: dict[str, Any] = {}
    torn: dict[str, str] = {}
    won: set[str] = set()
    for side in sides:
        base, theirs = parts_of(side.hub_then), parts_of(side.lifted.agent)
        for part in _changed(side):
            value = theirs.get(part, MISSING)
            versions.setdefault(part, []).append(
                merge_part(part, base.get(part, MISSING), [before.get(part, MISSING), value])
            )
            if decided == side.word:
                taken[part] = value
    result: dict[str, Any] = {}
    for part, found in versions.items():
        value = CONFLICT if any(one is CONFLICT for one in found) else merge_part(part, before.get(part, MISSING), found)
        if value is not CONFLICT:
            result[part] = value
        elif decided is None:
            torn[part] = "changed differently on two sides"
        else:
            won.add(part)
            if part in taken:
                result[part] = taken[part]
    return with_parts(ours, result), torn, won


# ---- words --------------------------------------------------------------------------------------------------------


def _side(side: _Edited, value: Any) -> Side:
    target = side.item.place.target
    return Side(target.project, target.format, side.item.key.path, _shown(value))


def _shown(value: Any) -> str:
    """A part's value for people."""
    if value is MISSING:
        return "(not stated)"
    if isinstance(value, Rights):
        lists = (("", value.allow), ("not ", value.deny), ("asks before ", value.ask))
        words = [f"{word}{spell(grants) or 'nothing'}" for word, grants in lists if grants or (word == "" and grants is not None)]
        return "; ".join(words) or "everything"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _conflict_problem(item: Item, parts: Sequence[str]) -> Problem:
    path = item.standing.found.path if item.standing else item.path
    what = f"changed on both sides: {', '.join(dict.fromkeys(parts))}"
    return Problem("conflict", what, path=path, hint=f"agentsync resolve {quote(item.agent.id)}", severity="warning")


_APART: Final[Mapping[str, tuple[State, str, str]]] = {
    "lost": ("conflict", "hub and copy differ, and what they last agreed on is not known", "agentsync resolve {agent}"),
    "ahead": ("conflict", "its lock names a commit of the hub that this clone lacks", "git -C {hub} pull"),
    "renamed": ("conflict", "it calls itself {name} now", "agentsync push {project} --agent {agent} --to {format} --overwrite edited"),
}


def _set_apart(item: Item, known: Known) -> Copy:
    """A copy whose change cannot be taken as it is."""
    assert item.standing is not None  # noqa: S101 - it was looked at
    state, what, hint = _APART[known.how]
    name = item.standing.says.name if item.standing.says else ""
    target = item.place.target
    words = {"agent": quote(item.agent.id), "project": target.project, "format": target.format, "hub": "HUB", "name": name}
    problem = Problem(known.how, what.format(**words), path=item.standing.found.path, hint=hint.format(**words), severity="warning")
    return item.copy(state, problem)
