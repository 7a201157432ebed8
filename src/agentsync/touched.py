"""A run that looks where something happened: some projects as a whole, the others only at the copies of agents that change.

Floor 5. Of the others it is known that they were at rest when they were last looked at, and nobody told of a change since. That is
not simply believed: each copy of an agent that changes is read, and has to be, byte for byte, what was last agreed there with the hub
as it was then; a project where anything is different is looked at as a whole. So the run of one touched file plans what a run of
everything would, but for changes that nobody told of: those are found by the scan of everything.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from agentsync import hub
from agentsync.copies import Plan, ProjectOutcome, Written
from agentsync.disk import DiskError, Stamp, decode
from agentsync.formats import FormatError
from agentsync.formats.globs import compiled
from agentsync.formats.rules import Where
from agentsync.hub import HubAgent, Target
from agentsync.ledger import Ledger, stamp_word
from agentsync.lockfile import LOCK_FILE
from agentsync.pull import plan_pull
from agentsync.readers import overhears
from agentsync.snapshot import Found, Place, ProjectView, Reader, Wishes, fresh
from agentsync.survey import Shared, Sight, Tell, folders_of, keeps_lock, look, nobody, read_agents
from agentsync.sync import SYNC, NotNow, Ready, Result, apply, new_agents, plan_after, plan_run, resting
from agentsync.workspace import Workspace, outcome_of, twins

_PART: Final = 16
"""So many projects are looked at together where all are: what is known of those at rest is forgotten again before the next ones."""

_UNASKED: Final = Wishes(unasked=True)

Changed = Mapping[str, tuple[HubAgent, HubAgent]]
"""Agents whose text in the hub changes: as it was when all projects were last looked at, and as it is to be."""

Sure = Callable[[Sequence[str]], Collection[str]]
"""Asked about projects that have to be looked at as a whole: which of them may be, now."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of the hub since all projects were last looked at. agents: None where that is nothing; stamps: of their files."""

    agents: tuple[HubAgent, ...] | None
    stamps: dict[str, Stamp]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a run. seen: the projects that were looked at as a whole; of all others only these agents were.

    after: the hub's agents as all projects now know them; None where that cannot be said.
    """

    result: Result
    seen: tuple[str, ...]
    agents: frozenset[str] = frozenset()
    after: tuple[HubAgent, ...] | None = None


def run_touched(
    space: Workspace, ledger: Ledger, names: Sequence[str], others: Sequence[str], memory: Memory, command: str,
    tell: Tell = nobody, sure: Sure = lambda names: names, ready: Ready = lambda: True,
) -> Done | None:
    """Sync these projects, and the others as far as what changed in these, or in the hub, concerns them. All, where nothing is known.

    ready: asked when the plan is made, and before anything of it is done; None is the answer where it says no.
    """
    litter: list[tuple[str, str]] = []
    agents = read_agents(space, litter, memory.agents or (), memory.stamps)
    rest, known = list(others), memory.agents
    quiet = Plan()
    if known is None or ledger.interrupted() or changed_agents(known, agents) is None:
        may = sure(others)
        names, rest, known = [*names, *(name for name in others if name in may)], [], agents
        if len(names) > _PART:
            names, rest, quiet = _sifted(space, ledger, names, agents, command, tell)
    reader = Reader()
    sight = look(space, ledger, names, tell, reader=reader, agents=agents)
    seen = list(names)
    while True:
        snapshot = resting(sight.snapshot, _UNASKED)
        pulled = plan_pull(snapshot, _UNASKED, reader, space.root)
        changed = changed_agents(known, pulled.agents)
        calm, odd = _calm(space, ledger, rest, changed)
        rest = [name for name in rest if name not in odd]
        may = sure(odd) if odd else ()
        more = [name for name in odd if name in may]
        if not more:
            break
        seen += more
        sight = _joined(sight, look(space, ledger, more, tell, reader=reader, agents=agents))
    found = new_agents(snapshot, reader).values()
    after, plan = plan_after(space, replace(snapshot, projects=(*snapshot.projects, *calm)), _UNASKED, pulled, SYNC, reader)
    plan = replace(plan, problems=(*plan.problems, *found))
    try:
        result = apply(space, ledger, Sight(after, (*litter, *sight.litter)), plan, command, tell, ready=ready)
    except NotNow:
        return None
    result = replace(result, plan=_told(quiet, result.plan))
    whole = not any(not edit.project for edit, _ in result.failed)
    names_seen = (*seen, *(outcome.name for outcome in quiet.projects))
    return Done(result, tuple(dict.fromkeys(names_seen)), frozenset(changed or ()), after.agents if whole else None)


def _sifted(
    space: Workspace, ledger: Ledger, names: Sequence[str], agents: tuple[HubAgent, ...], command: str, tell: Tell
) -> tuple[list[str], list[str], Plan]:
    """Many projects, a few at a time: those with something to do among them, those at rest, and how the latter stand."""
    busy: list[str] = []
    rest: list[str] = []
    stand = Plan()
    for start in range(0, len(names), _PART):
        part, reader = names[start : start + _PART], Reader()
        sight = look(space, ledger, part, tell, reader=reader, agents=agents)
        found = new_agents(sight.snapshot, reader).values()
        after, plan = plan_run(space, sight, _UNASKED, SYNC, reader)
        if any(edit.touches or not edit.project for edit in plan.edits):
            busy += part
            continue
        result = apply(space, ledger, replace(sight, snapshot=after), plan, command, tell)
        rest += part
        stand = _told(replace(result.plan, problems=(*result.plan.problems, *found)), stand)
    return busy, rest, stand


def _told(quiet: Plan, plan: Plan) -> Plan:
    """A plan, and of one that is carried out already what there is to tell."""
    copies = (copy for copy in quiet.copies if copy.state != "ok")
    problems = tuple(dict.fromkeys((*quiet.problems, *plan.problems)))
    return replace(plan, copies=(*copies, *plan.copies), projects=(*quiet.projects, *plan.projects), problems=problems)


def _joined(first: Sight, second: Sight) -> Sight:
    """Two looks at different projects, with the same agents, as one."""
    one, two = first.snapshot, second.snapshot
    snapshot = replace(
        one, projects=(*one.projects, *two.projects), texts={**one.texts, **two.texts}, history={**one.history, **two.history},
        locked={**one.locked, **two.locked}, problems=tuple(dict.fromkeys((*one.problems, *two.problems))),
    )
    return Sight(snapshot, (*first.litter, *second.litter))


def changed_agents(before: Sequence[HubAgent], now: Sequence[HubAgent]) -> Changed | None:
    """The agents whose text changed. None where more than texts did: an agent came, went, was renamed, or cannot be read."""
    old = {agent.id: agent for agent in before}
    if len(old) != len(now) or any(agent.id not in old or agent.status == "unreadable" for agent in now):
        return None
    changed = {agent.id: (old[agent.id], agent) for agent in now if agent.digest != old[agent.id].digest}
    same = all(then.status == agent.status == "read" and then.name == agent.name for then, agent in changed.values())
    return changed if same else None


# ---- projects at rest ---------------------------------------------------------------------------------------------


class _OddError(Exception):
    """Something is not as it was."""


def _calm(space: Workspace, ledger: Ledger, names: Sequence[str], changed: Changed | None) -> tuple[list[ProjectView], list[str]]:
    """These projects, seen only at the copies of agents that change; and those that have to be looked at as a whole."""
    if changed is None:
        return [], list(names)
    views: list[ProjectView] = []
    odd: list[str] = []
    doubles, shared = twins(space), Shared(space.agents_folder)
    for name in names if changed else ():
        try:
            views.append(_calm_view(space, ledger, outcome_of(space, name, doubles), changed, shared))
        except (_OddError, FormatError, DiskError):
            odd.append(name)
    return views, odd


def _calm_view(space: Workspace, ledger: Ledger, outcome: ProjectOutcome, changed: Changed, shared: Shared) -> ProjectView:
    root, name = outcome.root, outcome.name
    if outcome.state != "ok" or root is None:
        return ProjectView(outcome)
    if ledger.identity(root) != space.disk.identity(root):
        raise _OddError
    project, rows = space.config.projects[name], ledger.rows_of(root, changed)
    places, left = [], {row.key for row in rows if row.key.scope == project.scope}
    everywhere = True
    for target in hub.targets_of(space.config, name):
        mine = {row.agent: row for row in rows if (row.key.format, row.key.scope) == (target.format, target.scope)}
        place = _calm_place(space, target, root, mine, changed, shared)
        if place is not None:
            places.append(place)
            left -= {row.key for row in place.rows}
            everywhere &= target.via is not None or len(place.rows) == len(changed)
    locks = keeps_lock(space, name, root)
    # Where targets load each other's copies, an agent that one of them does not hold may be another one's there.
    if left or (not everywhere and overhears(places)) or (locks and space.disk.look(root, LOCK_FILE) is None):
        raise _OddError
    return ProjectView(outcome, tuple(places), mode=project.mode, locks=locks, only=frozenset(changed))


def _calm_place(
    space: Workspace, target: Target, root: str, rows: Mapping[str, Written], changed: Changed, shared: Shared
) -> Place | None:
    """A target with its copies of the agents that change; None where it keeps no agents in such a project."""
    rules = space.formats.load(target.format)
    folders = folders_of(rules, target.scope)
    written = next((where.write for where in folders if where.write), None)
    if written is None or rules.direction == "read":
        return None
    folder = os.path.realpath(PurePosixPath(root, written).parent)
    if (folder + os.sep).startswith(shared.folder + os.sep) or (shared.folder + os.sep).startswith(folder + os.sep):
        raise _OddError
    recipe, found = shared.recipe(target, rules), dict[str, Found]()
    for identity, (then, now) in changed.items():
        row, wanted = rows.get(identity), hub.selects(target, then)
        if wanted != hub.selects(target, now) or wanted != (row is not None):
            raise _OddError
        if row is not None:
            if not fresh(row, then, recipe) or row.written != row.base or row.key.entry_key is not None:
                raise _OddError
            found[row.key.path] = _as_agreed(space, root, row, folders)
    return Place(target, rules, root, recipe, tuple(rows.values()), found)


def _as_agreed(space: Workspace, root: str, row: Written, folders: Sequence[Where]) -> Found:
    """The copy's file, which has the very bytes that were agreed."""
    file = space.disk.read(root, row.key.path)
    where = next((where for where in folders if _loads(where, row.key.path)), None)
    if where is None or hub.digest_of(file.data) != row.written:
        raise _OddError
    stamp = stamp_word(file.stamp) if file.stamp.settled(time.time_ns()) else ""
    return Found(row.key.path, decode(file.data), row.written, stamp, where.document)


def _loads(where: Where, path: str) -> bool:
    return any(compiled(glob).fullmatch(path) for glob in where.read) and not any(compiled(skip).fullmatch(path) for skip in where.skip)
