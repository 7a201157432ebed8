"""Read, plan, apply: takes the snapshot a plan is made from, and carries the plan out.

Floor 5. Order for every file (promise 10): its old bytes are durable in the run's record, then the file changes, then the
ledger learns of it. The hub's files come first, then the copies, then the hub's commit, last the locks, which name it: nobody waits
for git to see an edit. Killed between any two of these, the next run finds either the old file, or the new one and equal contents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from agentsync.adoption import news
from agentsync.copies import Copy, Edit, Plan, Written
from agentsync.disk import Disk, DiskError, encode, make_root
from agentsync.hub import HubAgent, unknown_patterns
from agentsync.ledger import Ledger, Touched, open_ledger
from agentsync.locking import hub_lock
from agentsync.model import Problem
from agentsync.plan import plan_push, stopped
from agentsync.pull import Pulled, plan_pull
from agentsync.report import count, some_of
from agentsync.rests import Rests
from agentsync.snapshot import Place, ProjectView, Reader, Snapshot, Wishes, loss_key
from agentsync.survey import Sight, Tell, look, nobody, reread, woken
from agentsync.tracking import Committed, Leftover, agreed, catch_up_hub, commit_hub, leftover, lock_edits, overwritten, sweep, track, unlocked
from agentsync.workspace import Workspace


@contextmanager
def at_work(space: Workspace, doing: str, *, read_only: bool = False, wait: float | None = None) -> Iterator[tuple[Ledger, tuple[Problem, ...]]]:
    """The hub's ledger, under the hub's lock, and what is to be said about it. read_only: no lock, and nothing is made on disk.

    wait: seconds to wait for another process.
    """
    if read_only:
        ledger, notes = open_ledger(space.state, read_only=True)
        with ledger:
            yield ledger, notes
        return
    make_root(space.state, private=True)
    with hub_lock(space.disk, space.state, doing, wait=wait):
        ledger, notes = open_ledger(space.state)
        with ledger:
            yield ledger, notes


Ready = Callable[[], bool]
"""Asked whether what was planned may be done now, and waits for that if need be."""


class NotNow(Exception):
    """What was planned may not be done now."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a plan. run: its number, None where no file was to change. failed: the edits that did not happen, and why.

    commit: what was committed in the hub, or None.
    """

    plan: Plan
    run: int | None = None
    failed: tuple[tuple[Edit, Problem], ...] = ()
    commit: str | None = None


# ---- planning -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Direction:
    """Which way a run goes. pull: changes of copies go to the hub; push: the hub's go to the copies."""

    pull: bool
    push: bool


PUSH = Direction(pull=False, push=True)
PULL = Direction(pull=True, push=False)
SYNC = Direction(pull=True, push=True)


def plan_run(space: Workspace, sight: Sight, wishes: Wishes, way: Direction, reader: Reader) -> tuple[Snapshot, Plan]:
    """What a run would do, and the snapshot as it will be once the hub's part of it is done."""
    snapshot = resting(sight.snapshot, wishes)
    pulled = plan_pull(snapshot, wishes, reader, space.root) if way.pull else Pulled(agents=snapshot.agents)
    stirred = sight.rests.stirred(snapshot.projects, snapshot.agents, pulled.agents) if sight.rests is not None else []
    if stirred:     # projects at rest that are to receive what was pulled
        return plan_run(space, woken(space, sight, stirred, reader), wishes, way, reader)
    return plan_after(space, snapshot, wishes, pulled, way, reader)


def resting(snapshot: Snapshot, wishes: Wishes) -> Snapshot:
    """The snapshot, with the projects stopped in which nothing may be changed."""
    return replace(snapshot, projects=tuple(stopped(view, snapshot, wishes) for view in snapshot.projects))


def plan_after(
    space: Workspace, snapshot: Snapshot, wishes: Wishes, pulled: Pulled, way: Direction, reader: Reader
) -> tuple[Snapshot, Plan]:
    """The second half of a plan, once it is known what goes to the hub."""
    after = _after(space, snapshot, pulled)
    plan = plan_push(after, wishes, reader, pulled.marks)
    edits = plan.edits if way.push else tuple(replace(e, changes=()) for e in plan.edits if not e.touches)
    return after, replace(plan, edits=(*pulled.edits, *edits), conflicts=pulled.conflicts, losses=plan.losses if way.push else ())


def _after(space: Workspace, snapshot: Snapshot, pulled: Pulled) -> Snapshot:
    """The snapshot with the hub as it will be, and with what was agreed with its copies."""
    if not pulled.edits and not pulled.rows:
        return snapshot

    def renewed(place: Place) -> Place:
        rows = {row.key: row for row in place.rows}
        mine = {key: row for key, row in pulled.rows.items() if (key.root, key.format, key.scope) == (
            place.root, place.target.format, place.target.scope)}
        agents = {row.agent for row in mine.values()}
        kept = [row for key, row in rows.items() if key not in mine and row.agent not in agents]
        return replace(place, rows=(*kept, *mine.values())) if mine else place

    views = tuple(replace(view, places=tuple(renewed(place) for place in view.places)) for view in snapshot.projects)
    changed = {new.id for old, new in zip(snapshot.agents, pulled.agents, strict=True) if old.digest != new.digest}
    after = replace(snapshot, agents=pulled.agents, projects=views, texts={**snapshot.texts, **pulled.texts})
    return reread(space, after, changed) if changed else after


def run(
    space: Workspace, ledger: Ledger, names: Sequence[str], wishes: Wishes, way: Direction, command: str,
    tell: Tell = nobody, *, dry: bool = False, each: bool = False,
) -> Result:
    """Look, plan, and unless it is a dry run, apply: the whole of push, pull and sync.

    each: list every copy by itself, those too that are as they should be in projects where nothing changed since there was nothing to do.
    """
    reader = Reader()
    # Where somebody who asks finds nothing to do, there is nothing for one who does not; the other way round there may be.
    plain = not each and wishes in (Wishes(), Wishes(unasked=True))
    rests = Rests(space, ledger, recording=way.push and not dry and not wishes.unasked) if plain else None
    sight = look(space, ledger, names, tell, reader=reader, rests=rests)
    found = new_agents(sight.snapshot, reader) if way.pull else {}
    after, plan = plan_run(space, sight, wishes, way, reader)
    plan = with_unmet(plan, wishes, after.agents)
    plan = replace(plan, problems=(*plan.problems, *found.values())) if found else plan
    if dry:
        return Result(plan)
    result = apply(space, ledger, replace(sight, snapshot=after), plan, command, tell)
    if rests is not None:
        found = found if way.pull or not any(rest.wide for rest in plan.rests.values()) else new_agents(after, reader)
        told = {name: replace(rest, news=found.get(name)) for name, rest in plan.rests.items()}
        rests.keep(replace(plan, rests=told), {*sight.odd, *unlocked(after)})
    return result


def with_unmet(plan: Plan, wishes: Wishes, agents: Sequence[HubAgent]) -> Plan:
    """The plan, with a word on each agent that was asked for and is neither in the hub nor in a copy: most likely a slip."""
    there = {copy.agent for copy in plan.copies} | {change.agent for edit in plan.edits for change in edit.changes}
    problems = []
    for pattern, near in unknown_patterns(wishes.agents, agents):
        if pattern not in there:
            meant = f" — did you mean {near}?" if near else ""
            problems.append(Problem("select", f"--agent {pattern}: there is no such agent{meant}", hint="agentsync list", severity="warning"))
    return replace(plan, problems=(*plan.problems, *problems)) if problems else plan


def new_agents(snapshot: Snapshot, reader: Reader) -> dict[str, Problem]:
    """One note a project in whose targets stand agents that nobody adopted yet: somebody else's prompts, listed and left."""
    notes = {}
    for view, places in reader.items(snapshot):
        if view.rest is not None and view.rest.news is not None:
            notes[view.outcome.name] = view.rest.news
        found = news(places, view, snapshot.agents, reader)
        if found:
            names = list(dict.fromkeys(one.agent.name for one in found))
            what = f"{view.outcome.name}: {count(len(names), 'new agent')} ({some_of(names)})"
            notes[view.outcome.name] = Problem("new-agents", what, hint=f"agentsync adopt {view.outcome.name}", severity="note")
    return notes


# ---- applying -----------------------------------------------------------------------------------------------------


def apply(
    space: Workspace, ledger: Ledger, sight: Sight, plan: Plan, command: str, tell: Tell = nobody, *,
    undid: int | None = None, subject: str = "", whole: bool = False, ready: Ready = lambda: True,
) -> Result:
    """Carry out a plan under the hub's lock. A file that cannot be changed is named, and the others go on.

    tell: is told after each copy; what it raises ends the run there, with whole files, and the next run does the rest.
    undid: the run that this one takes back. subject: the first line of the hub's commit, where it is no taking of edits.
    whole: the hub's files belong together; after one that cannot be changed the others stay.
    ready: asked once all that can be done beforehand is done. NotNow where it says no: then nothing was.
    """
    before = leftover(space, ledger, sight.snapshot)
    work = _Executor(space, ledger, sight.snapshot, command, tell, undid)
    ours = [edit for edit in plan.edits if edit.touches and edit.root == space.root and not edit.project]
    theirs = [edit for edit in plan.edits if edit.touches and not (edit.root == space.root and not edit.project)]
    quiet = [edit for edit in plan.edits if not edit.touches]
    held = work.hold([*ours, *theirs, *(work.telling(quiet) if ours or theirs else ())])
    if not ready():
        raise NotNow
    sweep(space.disk, sight.litter, before.folders)
    work.record(held)
    subject = f"Undo run {undid}" if undid is not None else subject if ours else before.subject
    try:
        work.change(ours, whole=whole)
        # Only now: a row that names the hub's new text must not stand before that text does.
        work.remember(quiet)
        work.change(theirs)
    except Exception:
        # Whoever is told of each copy may end the run between two of them. What was written to the hub is committed all the same.
        _commit(space, before, [edit for edit in ours if work.done(edit)], subject)
        raise
    committed = _commit(space, before, [edit for edit in ours if work.done(edit)], subject)
    locks = lock_edits(space, sight.snapshot, [edit for edit in plan.edits if not edit.touches or work.done(edit)], work.broken)
    if locks:
        sweep(space.disk, (), {(edit.root, "") for edit in locks})
        work.record(work.hold(locks))
        work.change(locks)
    stand = [edit for edit in plan.edits if not edit.project and (work.done(edit) if edit.touches else not work.spoilt(edit))]
    tracked = [*(edit for edit in (*theirs, *locks) if work.done(edit)), *agreed(sight.snapshot, (row for edit in stand for row in edit.put))]
    problems = [*committed.problems, *track(space, sight.snapshot, [*tracked, *before.projects])]
    for interrupted in before.runs:
        ledger.finish_run(interrupted.id)
    work.finish(plan, committed.commit)
    plan = replace(plan, problems=(*plan.problems, *problems)) if problems else plan
    return Result(plan, work.run, tuple(work.failed), committed.commit)


def _commit(space: Workspace, before: Leftover, mine: Sequence[Edit], subject: str) -> Committed:
    """Commit the hub's files that this run changed, and those that killed runs left."""
    if before.committed:
        catch_up_hub(space, before.committed)
    if not mine and not before.hub:
        return Committed()
    left = [edit for edit in before.hub if edit.path not in {one.path for one in mine}]
    dirty = overwritten(space, mine) - {edit.path for edit in before.hub}
    return commit_hub(space, [*left, *mine], dirty, subject)


class _Executor:
    """One run: what it records, changes, and could not change."""

    def __init__(
        self, space: Workspace, ledger: Ledger, snapshot: Snapshot, command: str, tell: Tell, undid: int | None
    ) -> None:
        self._space, self._ledger, self._snapshot, self._command, self._tell, self._undid = space, ledger, snapshot, command, tell, undid
        self._texts = {agent.digest: encode(agent.text) for agent in snapshot.agents}
        self._numbers: dict[int, int] = {}
        self._done: set[int] = set()
        self.broken: set[str] = set()
        self.run: int | None = None
        self.failed: list[tuple[Edit, Problem]] = []

    def done(self, edit: Edit) -> bool:
        """Whether a file was changed as planned."""
        return id(edit) in self._done

    def spoilt(self, edit: Edit) -> bool:
        """Whether an edit is about an agent whose file in the hub could not be written."""
        return any(row.agent in self.broken for row in edit.put)

    def telling(self, quiet: Sequence[Edit]) -> list[Edit]:
        """Those edits of the ledger alone that change what was agreed, and that undo must know of."""

        def meaning(rows: Iterable[Written]) -> set[tuple[object, ...]]:
            return {(row.key, row.agent, row.written, row.base, row.hub) for row in rows}

        return [
            edit for edit in quiet
            if meaning(edit.put) != meaning(self._ledger.rows_at([*(row.key for row in edit.put), *edit.forget]))
        ]

    def remember(self, quiet: Sequence[Edit]) -> None:
        """What is to be put right in the ledger alone, but for agents whose file in the hub could not be written."""
        quiet = [edit for edit in quiet if not self.spoilt(edit)]
        rows = [row for edit in quiet for row in edit.put]
        gone = [key for edit in quiet for key in edit.forget]
        if not rows and not gone:
            return
        texts = {encode(edit.old) for edit in quiet if edit.old is not None and edit.put}
        texts |= {encode(text) for edit in quiet for text in edit.keep}
        self._ledger.keep(rows, gone, texts | {self._texts[row.hub] for row in rows if row.hub in self._texts})

    def hold(self, edits: Sequence[Edit]) -> list[tuple[Edit, Touched]]:
        """The bytes that these edits are about to replace, but for files that cannot be read."""
        found: list[tuple[Edit, Touched]] = []
        for edit in edits:
            try:
                old = None if edit.old is None else self._space.disk.read(edit.root, edit.path)
                new = None if edit.new is None else encode(edit.new)
            except DiskError as error:
                self._fail(edit, error.problem)
                continue
            before = self._ledger.rows_at([*(row.key for row in edit.put), *edit.forget])
            mode, data = (old.mode, old.data) if old else (None, None)
            found.append((edit, Touched(edit.project, edit.root, edit.path, mode, data, new, False, before, edit.put)))
        return found

    def record(self, held: Sequence[tuple[Edit, Touched]]) -> None:
        """Record what these edits are about to replace, durably."""
        if not held:
            return
        kept, touched = zip(*held, strict=True)
        texts = {self._texts[row.hub] for edit in kept for row in edit.put if row.hub in self._texts}
        texts |= {encode(text) for edit in kept for text in edit.keep}
        self.run, first = self._ledger.begin_run(self._command, touched, texts, run=self.run, undid=self._undid)
        self._numbers.update({id(edit): number for number, edit in enumerate(kept, first)})

    def change(self, edits: Sequence[Edit], *, whole: bool = False) -> None:
        """Change the files, one after the other, and let the ledger learn of each. whole: none after one that cannot be changed."""
        for edit in edits:
            if id(edit) not in self._numbers:
                continue
            if whole and self.failed:
                self._fail(edit, Problem("hub-failed", "stays, because another file of the hub could not be written", path=edit.path))
                continue
            if self.broken and any(change.agent in self.broken for change in edit.changes):
                self._fail(edit, Problem("hub-failed", "the hub's file of this agent could not be written, so its copies stay", path=edit.path))
                continue
            try:
                _change(self._space.disk, edit)
            except DiskError as error:
                self._fail(edit, error.problem)
                continue
            self._done.add(id(edit))
            self._ledger.settle(self.run or 0, self._numbers[id(edit)], edit.put, edit.forget)
            if edit.project:
                # Not between the hub's files: a hub that took half of a run would be committed as if that were all.
                self._tell(len(self._done), len(self._numbers))

    def _fail(self, edit: Edit, problem: Problem) -> None:
        self.failed.append((edit, problem))
        if not edit.project:
            self.broken.update(change.agent for change in edit.changes)

    def finish(self, plan: Plan, commit: str | None) -> None:
        """The run is over: which folders these were, which losses were shown."""
        if self.run is not None:
            # A disk that failed may have changed the file all the same: what git is to learn of it, the next run finds out.
            failing = any(problem.code in ("io", "full", "denied", "read-only") for _, problem in self.failed)
            self._ledger.finish_run(self.run, commit, whole=not failing)
        failed = {edit.root for edit, _ in self.failed}
        views = {view.outcome.name: view for view in self._snapshot.projects}
        for outcome in plan.projects:
            root = outcome.root
            view = views.get(outcome.name)
            if root is None or outcome.state != "ok" or root in failed or (view is not None and view.rest is not None):
                continue
            if (identity := self._space.disk.identity(root)) is not None:
                self._ledger.know_root(root, identity, _head(view), outcome.gone)
        rested = [row.key for edit in plan.edits if id(edit) in self._done for row in edit.put if row.key in self._snapshot.paused]
        if rested and self._undid is None:
            self._ledger.pause(forget=rested)
        lost = [change for edit, _ in self.failed for change in edit.changes]
        self._ledger.see(loss_key(c.target, c.agent, loss) for c, loss in plan.losses if c not in lost)


def _head(view: ProjectView | None) -> str | None:
    """The commit at which all copies of a project were seen; None where some were not."""
    if view is None or view.only is not None or any(row.key.path not in place.found for place in view.places for row in place.rows):
        return None
    return view.head


def _change(disk: Disk, edit: Edit) -> None:
    """The one place where a file of a project or of the hub changes. The disk checks once more that it holds what was planned on."""
    if edit.new is None:
        assert edit.old is not None  # noqa: S101 - an edit that touches has one of the two
        disk.delete(edit.root, edit.path, expected=encode(edit.old))
    else:
        disk.write(edit.root, edit.path, encode(edit.new), expected=None if edit.old is None else encode(edit.old))


def copies_after(result: Result) -> tuple[Copy, ...]:
    """The copies with the state they have once a plan was carried out."""
    failed = {(c.project, c.target, c.agent): problem for edit, problem in result.failed for c in edit.changes}
    written = {(c.project, c.target, c.agent) for edit in result.plan.edits if edit.touches for c in edit.changes}
    after = []
    for copy in result.plan.copies:
        place = (copy.project, copy.target, copy.agent)
        problem = failed.get(place)
        if problem is not None:
            copy = replace(copy, why=problem)
        elif copy.state in ("missing", "behind") and place in written:
            copy = replace(copy, state="ok")
        after.append(copy)
    return tuple(after)
