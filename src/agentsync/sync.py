"""Read, plan, apply: takes the snapshot a plan is made from, and carries the plan out.

Floor 5. Order for every file (promise 10): its old bytes are durable in the run's record, then the file changes, then the
ledger learns of it. Killed between any two of these, the next run finds either the old file, or the new one and equal contents.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from agentsync import __version__, git, hub
from agentsync.config import HUB_FILE
from agentsync.copies import Copy, Edit, Plan, ProjectOutcome, Written
from agentsync.disk import Disk, DiskError, Entry, decode, encode, is_temporary, make_root
from agentsync.formats import load as load_format
from agentsync.formats.globs import compiled, fixed_folders, is_plain
from agentsync.formats.rules import Where
from agentsync.hub import HubAgent, Target
from agentsync.ledger import Ledger, Touched, open_ledger, stamp_word
from agentsync.locking import hub_lock
from agentsync.model import HUB_FORMAT, Problem
from agentsync.snapshot import Found, Place, ProjectView, Snapshot, fresh, loss_key
from agentsync.workspace import Workspace, outcome_of, shown, twins

SYSTEM: Final = {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")

Tell = Callable[[int, int], None]
"""Told how many steps of how many are done."""


def _nobody(done: int, total: int) -> None:
    """Nobody is told."""


@contextmanager
def at_work(space: Workspace, doing: str, *, read_only: bool = False) -> Iterator[tuple[Ledger, tuple[Problem, ...]]]:
    """The hub's ledger, under the hub's lock, and what is to be said about it. read_only: no lock, and nothing is made on disk."""
    if read_only:
        ledger, notes = open_ledger(space.state, read_only=True)
        with ledger:
            yield ledger, notes
        return
    make_root(space.state, private=True)
    with hub_lock(space.disk, space.state, doing):
        ledger, notes = open_ledger(space.state)
        with ledger:
            yield ledger, notes


# ---- reading ------------------------------------------------------------------------------------------------------


def read_agents(space: Workspace) -> tuple[HubAgent, ...]:
    """Every file below the hub's agents folder that could be an agent, in the order of ids."""
    rules = load_format(HUB_FORMAT)
    folder = space.config.agents.rstrip("/")
    agents = []
    for entry in space.disk.scan(space.root, folder):
        identity = hub.agent_id(entry.path, folder)
        if identity is None:
            continue
        try:
            found = hub.read_agent(entry.path, folder, space.disk.read(space.root, entry.path).data, rules)
        except DiskError as error:
            found = HubAgent(identity, entry.path, "", "", "unreadable", None, (error.problem.at(entry.path),))
        if found is not None:
            agents.append(found)
    return tuple(sorted(agents, key=lambda agent: agent.id))


def unreadable(space: Workspace, agents: Sequence[HubAgent]) -> list[Problem]:
    """Why agents of the hub cannot be read, one problem a file, said of its path as seen from here."""
    return [
        replace(problem, path=shown(space.root, agent.path))
        for agent in agents if agent.status == "unreadable" for problem in agent.problems[:1]
    ]


def parked(space: Workspace) -> Problem | None:
    """Why the hub rests: another branch is checked out than the one that holds the truth."""
    wanted = space.config.branch
    if wanted is None or (current := git.head_branch(space.root)) == wanted:
        return None
    what = f"the hub is parked: {'no branch' if current is None else f'the branch {current}'} is checked out, and its truth is on {wanted}"
    mend = f"git -C {shown(space.root)} switch {wanted}  (or --any-branch for one run)"
    return Problem("parked", what, path=shown(space.root), hint=mend)


@dataclass(frozen=True, slots=True)
class Sight:
    """A snapshot, and what the executor needs beside it: temporary files of killed runs, as (root, path)."""

    snapshot: Snapshot
    litter: tuple[tuple[str, str], ...] = ()


def look(space: Workspace, ledger: Ledger, names: Sequence[str], tell: Tell = _nobody, *, whole: bool = False) -> Sight:
    """See the hub and these projects as they are. Reads only what changed since the ledger last knew it; `whole` reads every copy."""
    agents = read_agents(space)
    doubles = twins(space)
    views, texts, problems, litter = [], {}, [], []
    for number, name in enumerate(names):
        watcher = _Watcher(space, ledger, () if whole else agents, name, outcome_of(space, name, doubles))
        views.append(watcher.view())
        texts.update(watcher.texts)
        problems += watcher.problems
        litter += watcher.litter
        tell(number + 1, len(names))
    problems += unreadable(space, agents) + _selection_problems(space, agents, names)
    return Sight(Snapshot(agents, tuple(views), texts, ledger.seen(), tuple(problems)), tuple(litter))


def _selection_problems(space: Workspace, agents: Sequence[HubAgent], names: Sequence[str]) -> list[Problem]:
    """Ids and tags in selections that name nothing."""
    found: dict[str, Problem] = {}
    for name in names:
        for target in hub.targets_of(space.config, name):
            for pattern, near in hub.unknown_patterns((*target.select, *(target.narrow or ())), agents):
                meant = f" — did you mean {near}?" if near else ""
                what = f"projects.{name}: no agent is selected by {pattern}{meant}"
                problem = Problem("select", what, path=shown(space.root, HUB_FILE), hint="agentsync list", severity="warning")
                found.setdefault(pattern, problem)
    return list(found.values())


class _Watcher:
    """Looks at one project."""

    def __init__(self, space: Workspace, ledger: Ledger, agents: Sequence[HubAgent], name: str, outcome: ProjectOutcome) -> None:
        self._space, self._ledger, self._name, self._outcome = space, ledger, name, outcome
        self._agents = {agent.id: agent for agent in agents}
        self._scans: dict[str, tuple[Entry, ...]] = {}
        self._now = time.time_ns()
        self.texts: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.litter: list[tuple[str, str]] = []

    def view(self) -> ProjectView:
        """The project with its targets; without them where it is not to be touched."""
        outcome, root = self._outcome, self._outcome.root
        if outcome.state != "ok" or root is None or self._space.config.projects[self._name].mode == "pull":
            return ProjectView(outcome)
        rows = self._ledger.rows(root)
        places, targeted = [], set()
        scope = self._space.config.projects[self._name].scope
        for target in hub.targets_of(self._space.config, self._name):
            targeted.add(target.format)
            place = self._place(target, root, tuple(r for r in rows if (r.key.format, r.key.scope) == (target.format, target.scope)))
            if place is not None:
                places.append(place)
        released = tuple(row.key for row in rows if row.key.scope == scope and row.key.format not in targeted)
        known = self._ledger.identity(root)
        return ProjectView(outcome, tuple(places), released, known is not None and known != self._space.disk.identity(root))

    def _place(self, target: Target, root: str, rows: tuple[Written, ...]) -> Place | None:
        rules = load_format(target.format)
        folders = [where for where in rules.where if where.scope == target.scope and where.os in (None, SYSTEM)]
        written = next((where.write for where in folders if where.write), None)
        if written is None or rules.direction == "read":
            what = f"{self._name}: {rules.title} keeps no agents in a {'home directory' if target.scope == 'user' else 'project'}"
            self.problems.append(Problem("no-place", what, hint=f"agentsync formats {target.format}"))
            return None
        home = self._overlap(root, written, target)
        if home is not False:
            return Place(target, rules, root, "", home=True) if home else None
        made_by = hub.recipe(target, rules, __version__)
        try:
            found = self._files(root, folders, rows, self._settled(target, rows, made_by))
        except DiskError as error:
            # The whole folder cannot be looked at (a link, no permission): this target is left alone, the others go on.
            self.problems.append(replace(error.problem, path=_join(root, error.problem.path)))
            return None
        return Place(target, rules, root, made_by, rows, found)

    def _overlap(self, root: str, written: str, target: Target) -> bool | None:
        """Whether the target's folder is the hub's own agents folder; None, with a problem, where one lies inside the other."""
        folder = os.path.realpath(PurePosixPath(root, written).parent)
        agents = self._space.agents_folder
        if folder == agents:
            return True
        if (folder + os.sep).startswith(agents + os.sep) or (agents + os.sep).startswith(folder + os.sep):
            what = f"{self._name}: the folder of {target.format} and the hub's agents lie in one another"
            self.problems.append(Problem("overlap", what, path=folder, hint=f"take {target.format} out of the targets of {self._name}"))
            return None
        return False

    def _settled(self, target: Target, rows: Sequence[Written], made_by: str) -> Mapping[str, Written]:
        """Path to row where all that is recorded of a file was made from today's hub: if its stat says so too, it is not read."""
        settled: dict[str, Written] = {}
        spoilt: set[str] = set()
        for row in rows:
            agent = self._agents.get(row.agent)
            good = agent is not None and fresh(row, agent, made_by) and hub.selects(target, agent) and row.stamp
            other = settled.get(row.key.path)
            if not good or (other is not None and (other.stamp, other.written) != (row.stamp, row.written)):
                spoilt.add(row.key.path)
            settled[row.key.path] = row
        return {path: row for path, row in settled.items() if path not in spoilt}

    def _files(
        self, root: str, folders: Sequence[Where], rows: Sequence[Written], settled: Mapping[str, Written]
    ) -> dict[str, Found]:
        recorded = {row.key.path: row for row in rows}
        found: dict[str, Found] = {}
        for where in folders:
            for entry in self._matching(root, where):
                if entry.path not in found:
                    found[entry.path] = self._file(root, entry, where, settled.get(entry.path), recorded.get(entry.path))
        return found

    def _matching(self, root: str, where: Where) -> Iterator[Entry]:
        for glob in where.read:
            if is_plain(glob):
                entry = self._space.disk.look(root, glob)
                candidates: Iterable[Entry] = () if entry is None or entry.kind == "folder" else (entry,)
            else:
                base = "/".join(fixed_folders(glob))
                if base not in self._scans:
                    self._scans[base] = self._space.disk.scan(root, base)
                    self.litter += [(root, entry.path) for entry in self._scans[base] if is_temporary(entry.path)]
                candidates = self._scans[base]
            pattern = compiled(glob)
            for entry in candidates:
                if pattern.fullmatch(entry.path) and not any(compiled(skip).fullmatch(entry.path) for skip in where.skip):
                    yield entry

    def _file(self, root: str, entry: Entry, where: Where, settled: Written | None, row: Written | None) -> Found:
        if settled is not None and settled.stamp == stamp_word(entry.stamp):
            return Found(entry.path, None, settled.written, settled.stamp, where.document)
        try:
            file = self._space.disk.read(root, entry.path)
        except DiskError as error:
            return Found(entry.path, None, "", "", where.document, replace(error.problem, path=entry.path))
        text = decode(file.data)
        stamp = stamp_word(file.stamp) if file.stamp.settled(self._now) else ""
        found = Found(entry.path, text, hub.digest_of(file.data), stamp, where.document)
        if row is not None and row.written != found.digest and (data := self._ledger.text(row.written)) is not None:
            self.texts[row.written] = decode(data)
        return found


# ---- applying -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a plan. run: its number, None where no file was to change. failed: the edits that did not happen, and why."""

    plan: Plan
    run: int | None = None
    failed: tuple[tuple[Edit, Problem], ...] = ()


def apply(space: Workspace, ledger: Ledger, sight: Sight, plan: Plan, command: str, tell: Tell = _nobody) -> Result:
    """Carry out a plan under the hub's lock. A file that cannot be changed is named, and the others go on."""
    for root, path in sight.litter:
        space.disk.sweep(root, path)
    hub_texts = {agent.digest: encode(agent.text) for agent in sight.snapshot.agents}
    quiet = [edit for edit in plan.edits if not edit.touches]
    if quiet:
        rows = [row for edit in quiet for row in edit.put]
        texts = {encode(edit.old) for edit in quiet if edit.old is not None and edit.put}
        texts |= {hub_texts[row.hub] for row in rows if row.hub in hub_texts}
        ledger.keep(rows, [key for edit in quiet for key in edit.forget], texts)
    result = _change_files(space, ledger, plan, command, hub_texts, tell)
    failed = {edit.root for edit, _ in result.failed}
    for outcome in plan.projects:
        identity = space.disk.identity(outcome.root) if outcome.root and outcome.state == "ok" and outcome.root not in failed else None
        if identity is not None and outcome.root is not None:
            ledger.know_root(outcome.root, identity)
    lost = {(edit.root, change) for edit, _ in result.failed for change in edit.changes}
    ledger.see(loss_key(c.target, c.agent, loss) for c, loss in plan.losses if not any(c == other for _, other in lost))
    return result


def _change_files(
    space: Workspace, ledger: Ledger, plan: Plan, command: str, hub_texts: Mapping[str, bytes], tell: Tell
) -> Result:
    failed: list[tuple[Edit, Problem]] = []
    edits: list[Edit] = []
    touched: list[Touched] = []
    for edit in plan.edits:
        if not edit.touches:
            continue
        try:
            old = None if edit.old is None else space.disk.read(edit.root, edit.path)
            new = None if edit.new is None else encode(edit.new)
        except DiskError as error:
            failed.append((edit, error.problem))
            continue
        edits.append(edit)
        touched.append(Touched(edit.project, edit.root, edit.path, old.mode if old else None, old.data if old else None, new))
    if not edits:
        return Result(plan, None, tuple(failed))
    run = ledger.begin_run(command, touched, {hub_texts[row.hub] for edit in edits for row in edit.put if row.hub in hub_texts})
    for number, edit in enumerate(edits):
        try:
            _change(space.disk, edit)
        except DiskError as error:
            failed.append((edit, error.problem))
            continue
        ledger.settle(run, number, edit.put, edit.forget)
        tell(number + 1, len(edits))
    ledger.finish_run(run)
    return Result(plan, run, tuple(failed))


def _change(disk: Disk, edit: Edit) -> None:
    """The one place where a file of a project changes. The disk checks once more that it holds what was planned on."""
    if edit.new is None:
        assert edit.old is not None  # noqa: S101 - an edit that touches has one of the two
        disk.delete(edit.root, edit.path, expected=encode(edit.old))
    else:
        disk.write(edit.root, edit.path, encode(edit.new), expected=None if edit.old is None else encode(edit.old))


def copies_after(result: Result) -> tuple[Copy, ...]:
    """The copies with the state they have once a plan was carried out."""
    failed = {(c.project, c.target, c.agent): problem for edit, problem in result.failed for c in edit.changes}
    after = []
    for copy in result.plan.copies:
        problem = failed.get((copy.project, copy.target, copy.agent))
        if problem is not None:
            copy = replace(copy, why=problem)
        elif copy.state in ("missing", "behind") and _done(result.plan, copy.project):
            copy = replace(copy, state="ok")
        after.append(copy)
    return tuple(after)


def _done(plan: Plan, project: str) -> bool:
    return any(outcome.name == project and outcome.state == "ok" for outcome in plan.projects)


def _join(root: str, path: str | None) -> str:
    return root if path is None else path if path.startswith(root) else f"{root}/{path}"
