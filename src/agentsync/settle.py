"""Answers to what a run leaves for the user: held changes approved or turned away, conflicts resolved, runs undone.

Floor 6. An answer is a run of its own: what it overwrites is recorded like any other's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agentsync.copies import Change, Conflict, Copy, Edit, Key, Plan, entry_word
from agentsync.disk import encode
from agentsync.formats import load
from agentsync.hub import HubAgent, read_agent
from agentsync.ledger import Ledger
from agentsync.model import EMPTY, HUB_FORMAT, AgentsyncError, Problem
from agentsync.snapshot import Reader, Snapshot, Wishes
from agentsync.survey import look, reread
from agentsync.sync import PULL, SYNC, Result, apply, plan_run
from agentsync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Open:
    """What waits for an answer: the plan that found it, and the snapshot it was made from."""

    snapshot: Snapshot
    plan: Plan

    @property
    def held(self) -> tuple[Copy, ...]:
        """Copies whose change is held."""
        return tuple(copy for copy in self.plan.copies if copy.state == "held")

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Parts of agents in conflict."""
        return self.plan.conflicts

    @property
    def torn(self) -> tuple[Copy, ...]:
        """Copies in conflict."""
        return tuple(copy for copy in self.plan.copies if copy.state == "conflict")


def what_is_open(space: Workspace, ledger: Ledger, names: Sequence[str], agents: Sequence[str] = ()) -> Open:
    """Everything that waits for an answer in these projects."""
    reader = Reader()
    sight = look(space, ledger, names, reader=reader)
    _, plan = plan_run(space, sight, Wishes(tuple(agents)), PULL, reader)
    return Open(sight.snapshot, plan)


def approve(space: Workspace, ledger: Ledger, names: Sequence[str], found: Open, held: Sequence[Copy]) -> Result:
    """Let held changes into the hub, and on to the other copies. Approval is bound to the bytes that were seen."""
    ledger.approve(contents_of(found.snapshot, held))
    return _settled(space, ledger, names, {copy.agent for copy in held}, "approve")


def reject(space: Workspace, ledger: Ledger, names: Sequence[str], found: Open, held: Sequence[Copy]) -> Result:
    """Turn held changes away: the hub's version replaces them."""
    keys = frozenset(key for key, _ in contents_of(found.snapshot, held))
    return _settled(space, ledger, names, {copy.agent for copy in held}, "approve --reject", reject=keys)


def resolve(
    space: Workspace, ledger: Ledger, names: Sequence[str], take: Mapping[str, str], written: Mapping[str, str] = EMPTY
) -> Result:
    """Decide conflicts: agent id to the side whose version wins, `hub`, a project or PROJECT:FORMAT. The others get it too.

    written: agent id to a new text of the hub's file, written by hand; such an agent's copies all get it.
    """
    return _settled(space, ledger, names, take.keys(), "resolve", take=take, written=written)


def _settled(
    space: Workspace, ledger: Ledger, names: Sequence[str], agents: Iterable[str], command: str, *,
    take: Mapping[str, str] = EMPTY, reject: frozenset[Key] = frozenset(), written: Mapping[str, str] = EMPTY,
) -> Result:
    """A sync of these agents with the answers."""
    reader = Reader()
    sight = look(space, ledger, names, reader=reader)
    edits = []
    if written:
        new = {agent.id: _rewritten(space, agent, written[agent.id]) for agent in sight.snapshot.agents if agent.id in written}
        edits = [_by_hand(space, agent, new[agent.id]) for agent in sight.snapshot.agents if agent.id in new]
        agents_then = tuple(new.get(agent.id, agent) for agent in sight.snapshot.agents)
        sight, reader = replace(sight, snapshot=reread(space, replace(sight.snapshot, agents=agents_then), written.keys())), Reader()
    after, plan = plan_run(space, sight, Wishes(tuple(sorted(agents)), take=take, reject=reject), SYNC, reader)
    return apply(space, ledger, replace(sight, snapshot=after), replace(plan, edits=(*edits, *plan.edits)), command)


def _rewritten(space: Workspace, agent: HubAgent, text: str) -> HubAgent:
    """The hub's agent with a text written by hand. AgentsyncError where that is no agent, or still holds the marks of a conflict."""
    if re.search(r"^(<{7} |={7}$|>{7} )", text, re.MULTILINE):
        raise AgentsyncError(f"the text of {agent.id} still holds marks of the conflict", hint=f"agentsync resolve {agent.id} --edit")
    found = read_agent(agent.path, space.config.agents.rstrip("/"), encode(text), load(HUB_FORMAT))
    if found is None or found.agent is None:
        why = found.problems[0] if found and found.problems else Problem("unreadable", "it has no head")
        what = f"what was written for {agent.id} is no agent: {why.message}"
        raise AgentsyncError(replace(why, message=what, path=None, column=None, severity="error"))
    return found


def _by_hand(space: Workspace, old: HubAgent, new: HubAgent) -> Edit:
    """The edit of the hub's file."""
    change = Change("update", "hub", HUB_FORMAT, old.id, old.path)
    return Edit("", space.root, old.path, old.text, new.text, (change,), notes=(f"{old.id}: resolved by hand",))


def contents_of(snapshot: Snapshot, copies: Iterable[Copy]) -> list[tuple[Key, str]]:
    """Keys of copies, with the digests of their files as the snapshot saw them."""
    places = {(view.outcome.name, place.target.format): place for view in snapshot.projects for place in view.places}
    found = []
    for copy in copies:
        place = places.get((copy.project, copy.target))
        if place is not None and copy.path is not None and copy.path in place.found:
            key = Key(place.root, copy.target, place.target.scope, copy.path, entry_word(copy.entry))
            found.append((key, place.found[copy.path].digest))
    return found
