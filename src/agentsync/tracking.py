"""What git and the lock learn of a run: the hub's commit, each project's agentsync.lock, and what a project tracks or excludes.

Floor 5. Only what agentsync wrote itself is committed, only those paths, on the branch that is checked out; a hub file in which the user
has changes of their own is left for them to commit. Nothing is fetched, pulled or pushed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from agentsync import git
from agentsync.copies import Change, Edit, Written
from agentsync.disk import Disk, DiskError, decode, encode
from agentsync.git import GitError
from agentsync.hub import agent_id
from agentsync.ledger import Ledger, Run, Touched
from agentsync.lockfile import LOCK_FILE, LockLine, read_lock, updated
from agentsync.model import HUB_FORMAT, Problem
from agentsync.report import some_of
from agentsync.snapshot import ProjectView, Snapshot
from agentsync.workspace import Workspace, shown


@dataclass(frozen=True, slots=True)
class Committed:
    """What was committed in the hub, and what is to be said about it."""

    commit: str | None = None
    problems: tuple[Problem, ...] = ()


def below(root: str, path: str) -> tuple[str, str]:
    """The top of the repository around a folder, and a path of that folder as the repository names it."""
    top = git.top_level(root) or root
    inside = os.path.relpath(root, os.path.realpath(top))
    return top, path if inside == "." else f"{PurePosixPath(inside)}/{path}"


# ---- the hub ------------------------------------------------------------------------------------------------------


def overwritten(space: Workspace, edits: Sequence[Edit]) -> frozenset[str]:
    """Those of the hub's files just changed that held changes nobody had committed. Asked afterwards: copies do not wait for git."""
    if space.config.branch is None or not edits:
        return frozenset()
    top, _ = below(space.root, "")
    inside = {below_of(space, top, edit.path): edit for edit in edits}
    before = git.uncommitted_before(top, {name: None if edit.old is None else encode(edit.old) for name, edit in inside.items()})
    dirty = {edit.path for name, edit in inside.items() if name in before}
    # A file that is given another name takes the changes in it along.
    moved = {change.agent for edit in edits if edit.path in dirty for change in edit.changes if change.action == "move"}
    return frozenset(dirty | {edit.path for edit in edits if any(change.agent in moved for change in edit.changes)})


def commit_hub(space: Workspace, edits: Sequence[Edit], dirty: frozenset[str], subject: str = "") -> Committed:
    """Commit the hub's files that were changed, with a message that says what came from where. A hub without `branch:` commits nothing."""
    if not edits:
        return Committed()
    problems = [
        Problem("not-committed", "written, not committed: it held changes of your own", path=shown(space.root, edit.path), severity="note")
        for edit in edits if edit.path in dirty
    ]
    mine = [edit for edit in edits if edit.path not in dirty]
    if space.config.branch is None or not mine:
        return Committed(None, tuple(problems))
    top, _ = below(space.root, "")
    try:
        return Committed(git.commit_paths(top, [below_of(space, top, edit.path) for edit in mine], message(mine, subject)), tuple(problems))
    except GitError as error:
        note = Problem("not-committed", f"the changes are in the hub's files, but not committed: {error.problem.message}", severity="warning")
        return Committed(None, (*problems, note))


def catch_up_hub(space: Workspace, paths: Sequence[str]) -> None:
    """Let the hub's index know of what was committed already."""
    top, _ = below(space.root, "")
    git.catch_up(top, [below_of(space, top, path) for path in paths])


def message(edits: Sequence[Edit], subject: str = "") -> str:
    """The message of the hub's commit: what came from where. subject: its first line, where it is no taking of edits."""
    agents, projects = (list(dict.fromkeys(words)) for words in (
        [change.agent for edit in edits for change in edit.changes], [project for edit in edits for project in edit.sources]))
    named = ", ".join(agents) if len(agents) <= 3 else f"{len(agents)} agents"
    lines = [line for edit in edits for line in edit.notes]
    return f"{subject or f'Take edits of {named} from ' + ', '.join(projects)}\n" + ("\n" + "\n".join(lines) + "\n" if lines else "")


# ---- what a killed run left -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leftover:
    """Files as runs left them that were killed before git learnt of it: the hub's, not committed yet, and the projects'."""

    runs: tuple[Run, ...] = ()
    hub: tuple[Edit, ...] = ()
    projects: tuple[Edit, ...] = ()
    committed: tuple[str, ...] = ()
    """Files of the hub of which git was killed after it committed them, and before its index knew."""
    folders: frozenset[tuple[str, str]] = frozenset()
    """Where temporary files of those runs may lie, as (root, folder)."""

    @property
    def subject(self) -> str:
        """The first line of the commit, where all that is left is no taking of edits."""
        undid = {run.undid for run in self.runs}
        if len(undid) == 1 and None not in undid:
            return f"Undo run {undid.pop()}"
        commands = {run.command.partition(" ")[0] for run in self.runs}
        return "" if commands - _HUBS_OWN or not commands else f"Finish what {some_of(sorted(commands))} began"


_HUBS_OWN = frozenset(["adopt", "exclude", "fork", "remove", "rename"])
"""Commands whose runs take no edits of copies into the hub."""


def leftover(space: Workspace, ledger: Ledger, snapshot: Snapshot) -> Leftover:
    """What killed runs wrote and git was to learn of. A file that somebody changed since, or had changes in before, is theirs to commit."""
    runs = ledger.interrupted()
    folders: set[tuple[str, str]] = set()
    hub: dict[str, Edit] = {}
    projects: dict[tuple[str, str], Edit] = {}
    names = {view.outcome.root: view.outcome.name for view in snapshot.projects}
    for run in runs:
        for file in ledger.touched(run.id):
            folders.add((file.root, file.path.rpartition("/")[0]))
            if _bytes(space, file) != file.new or file.old == file.new:
                continue
            old, new = (None if data is None else decode(data) for data in (file.old, file.new))
            projects.update({(edit.root, edit.path): edit for edit in agreed(snapshot, () if file.project else file.after)})
            if file.project:
                projects[file.root, file.path] = Edit(file.project, file.root, file.path, old, new)
            elif file.root == space.root:
                identity = agent_id(file.path, space.config.agents.rstrip("/")) or file.path
                project = next((names[row.key.root] for row in file.after if row.key.root in names), "hub")
                note = f"{identity}: written by run {run.id}, which was interrupted"
                change = Change("update", project, HUB_FORMAT, identity, file.path)
                agreed_before = {(row.key, row.base) for row in file.before}
                taken = [names[row.key.root] for row in file.after if row.key.root in names and (row.key, row.base) not in agreed_before]
                hub[file.path] = Edit("", file.root, file.path, old, new, (change,), notes=(note,), sources=tuple(dict.fromkeys(taken)) or (project,))
    paths = _changed(space, list(hub)) if hub else frozenset()
    changed = [edit for edit in hub.values() if edit.path in paths]
    mine = [edit for edit in changed if _as_committed(space, edit.path, edit.old)]
    committed = [edit.path for edit in changed if edit not in mine and _as_committed(space, edit.path, edit.new)]
    return Leftover(runs, tuple(mine), tuple(projects.values()), tuple(committed), frozenset(folders))


def _changed(space: Workspace, paths: Sequence[str]) -> frozenset[str]:
    """Those of the hub's files that differ from its last commit; none where nothing of it is committed."""
    if space.config.branch is None:
        return frozenset()
    top, _ = below(space.root, "")
    inside = {below_of(space, top, path): path for path in paths}
    return frozenset(inside[name] for name in git.changed_paths(top, list(inside)) if name in inside)


def sweep(disk: Disk, files: Iterable[tuple[str, str]], folders: Iterable[tuple[str, str]]) -> None:
    """Delete temporary files of killed runs: these files, and what lies in these folders themselves."""
    for root, path in files:
        disk.sweep(root, path)
    for root, folder in sorted(folders):
        with suppress(DiskError):           # a folder that is gone, or cannot be looked at: whoever works there says so
            for path in disk.temporaries(root, folder):
                disk.sweep(root, path)


def _bytes(space: Workspace, file: Touched) -> bytes | None:
    """What a file holds now; None where there is none."""
    try:
        return space.disk.read(file.root, file.path).data if space.disk.look(file.root, file.path) is not None else None
    except DiskError:
        return b"\0"        # neither what the run left nor what was there before


def _as_committed(space: Workspace, path: str, text: str | None) -> bool:
    """Whether the last commit has this text in a file of the hub. Where it has not what a run replaced, there were changes of the user's own."""
    from agentsync import history

    top, path = below(space.root, path)
    data = history.text_at(top, git.head_commit(top) or "", path)
    return (None if data is None else decode(data).replace("\r\n", "\n")) == (None if text is None else text.replace("\r\n", "\n"))


# ---- the locks ----------------------------------------------------------------------------------------------------


def lock_edits(space: Workspace, snapshot: Snapshot, done: Sequence[Edit], left: Set[str] = frozenset()) -> list[Edit]:
    """The edits that bring the locks of the projects up to what was agreed. A line whose copy says the same is not touched.

    left: agents whose file in the hub could not be written. Nothing is agreed about them: with a line that says what their copies say now,
    the next run would take these for old, and overwrite them.
    """
    edits: list[Edit] = []
    commits: dict[str, str | None] | None = None
    ours = [edit for edit in done if not edit.project]
    theirs: dict[str, list[Edit]] = {}
    for one in done:
        if one.project:
            theirs.setdefault(one.root, []).append(one)
    for view in snapshot.projects:
        if view.only is not None:
            lock = _lock_now(space, view.outcome.root or "")
            if lock is None:        # whoever next looks at the whole project makes it anew
                continue
            view = replace(view, lock=lock)
        wanted, gone = _to_lock(view, [*ours, *theirs.get(view.outcome.root or "", ())], left)
        if not wanted and not gone & view.lock.keys():
            continue
        if commits is None:
            commits = _commits(space, snapshot)
        lines = [LockLine(r.agent, r.key.format, r.key.path, r.key.entry, r.says, commits.get(r.agent)) for r in wanted]
        edit = _lock_edit(space, view, updated(view.lock, lines, gone))
        if edit is not None:
            edits.append(edit)
    return edits


def _lock_now(space: Workspace, root: str) -> dict[tuple[str, str], LockLine] | None:
    """The lines of a project's lock; None where there is none that can be read."""
    try:
        return read_lock(decode(space.disk.read(root, LOCK_FILE).data))
    except DiskError:
        return None


def unlocked(snapshot: Snapshot) -> list[str]:
    """The projects whose locks have something to learn, were it only once the hub commits it."""
    found = ((view, *_to_lock(view, ())) for view in snapshot.projects)
    return [view.outcome.name for view, wanted, gone in found if wanted or gone & view.lock.keys()]


def _to_lock(view: ProjectView, done: Sequence[Edit], left: Set[str] = frozenset()) -> tuple[list[Written], set[tuple[str, str]]]:
    """The rows that a project's lock is to learn of, and the copies it is to forget. done: edits in it, and in the hub."""
    if not view.locks or view.outcome.state != "ok" or view.outcome.root is None:
        return [], set()
    rows, gone = _rows(view, done)
    gone = {place for place in gone if place[0] not in left} - {(row.agent, row.key.format) for row in rows}
    return [row for row in rows if row.agent not in left and _unlocked(view, row)], gone


def _rows(view: ProjectView, done: Sequence[Edit]) -> tuple[list[Written], set[tuple[str, str]]]:
    """The rows of copies that stand as they were agreed, and the copies that are no longer any."""
    before = {row.key: row for place in view.places for row in place.rows}
    rows = {
        row.key: row for place in view.places for row in place.rows
        if (found := place.found.get(row.key.path)) is not None and found.digest == row.written
    }
    after = dict(before)
    for edit in done:
        for key in edit.forget:
            rows.pop(key, None)
            after.pop(key, None)
        mine = {row.key: row for row in edit.put if row.key.root == view.outcome.root}
        for key, row in mine.items():
            rows.pop(key, None)
            rows[key] = row         # as the last one: of two rows of an agent the lock speaks of what was agreed now
        after.update(mine)
    held = {(row.agent, row.key.format) for row in after.values()}
    places = {place.target.format: place for place in view.places}
    owners = {(row.key.format, row.key.path, row.key.entry): row.agent for row in after.values()}
    released = {key.format for key in view.released}        # the project has these targets no more
    orphans = {
        at for at, line in view.lock.items()
        if line.target in released
        or (line.target in places and line.path not in places[line.target].found and (view.only is None or line.agent in view.only))
        or owners.get((line.target, line.path, line.entry), line.agent) != line.agent       # its file is another agent's copy by now
    }
    one_each = {(row.agent, row.key.format): row for row in rows.values() if row.says}
    return list(one_each.values()), (orphans | {(row.agent, row.key.format) for row in before.values()}) - held


def _unlocked(view: ProjectView, row: Written) -> bool:
    """Whether the lock has something to learn of a copy."""
    line = view.lock.get((row.agent, row.key.format))
    return line is None or line.commit is None or (line.path, line.entry, line.says) != (row.key.path, row.key.entry, row.says)


def _commits(space: Workspace, snapshot: Snapshot) -> dict[str, str | None]:
    """The hub's commit for each agent whose file is as committed."""
    top, _ = below(space.root, "")
    head = git.head_commit(top)
    if head is None:
        return {}
    _, folder = below(space.root, space.config.agents.rstrip("/"))
    changed = git.changed_paths(top, [folder])
    return {agent.id: head for agent in snapshot.agents if below_of(space, top, agent.path) not in changed}


def below_of(space: Workspace, top: str, path: str) -> str:
    """A path of the hub as the repository with this top names it."""
    inside = os.path.relpath(space.root, os.path.realpath(top))
    return path if inside == "." else f"{PurePosixPath(inside)}/{path}"


def _lock_edit(space: Workspace, view: ProjectView, text: str) -> Edit | None:
    """The edit that gives a project's lock this text."""
    root = view.outcome.root or ""
    try:
        old = decode(space.disk.read(root, LOCK_FILE).data) if space.disk.look(root, LOCK_FILE) is not None else None
    except DiskError:
        return None        # a link or a folder of that name: said when it was looked at
    new = text or None
    return None if old == new else Edit(view.outcome.name, root, LOCK_FILE, old, new)


# ---- what projects track ------------------------------------------------------------------------------------------


def agreed(snapshot: Snapshot, rows: Iterable[Written]) -> list[Edit]:
    """The copies whose edits were taken whole, as files to track: the lock that is committed speaks of them as they are."""
    names = {view.outcome.root: view.outcome.name for view in snapshot.projects}
    return [
        Edit(names[row.key.root], row.key.root, row.key.path, None, None)
        for row in rows if row.key.root in names and row.written == row.base
    ]


def track(space: Workspace, snapshot: Snapshot, done: Sequence[Edit]) -> list[Problem]:
    """Commit or exclude what was written in projects that ask for it; what could not be."""
    problems: list[Problem] = []
    written: dict[str, list[str]] = {}
    for edit in done:
        written.setdefault(edit.project, []).append(edit.path)
    for view in snapshot.projects:
        name, root = view.outcome.name, view.outcome.root
        how = space.config.projects[name].track if name in space.config.projects else "leave"
        paths = list(dict.fromkeys(written.get(name, ())))
        if how == "leave" or root is None or not paths or git.top_level(root) is None:
            continue
        try:
            if how == "commit":
                _commit_copies(space, root, paths)
            else:
                _exclude(space, root, paths)
        except (GitError, DiskError) as error:
            problems.append(Problem("not-tracked", f"{name}: {error.problem.message}", path=error.problem.path, severity="warning"))
    return problems


def _commit_copies(space: Workspace, root: str, paths: Sequence[str]) -> None:
    """Commit a project's copies, naming the hub's commit."""
    hub_commit = git.head_commit(space.root) or "uncommitted"
    top, _ = below(root, "")
    inside = [below(root, path)[1] for path in paths]
    number = len(git.changed_paths(top, inside))
    git.commit_paths(top, inside, f"Update {number} file{'s' if number != 1 else ''} of agents\n\nAgentsync-Hub: {hub_commit}\n")


_MARKS = ("# agentsync: copies of agents, begin", "# agentsync: end")


def _exclude(space: Workspace, root: str, paths: Sequence[str]) -> None:
    """Name a project's copies in the repository's own list of files to leave alone, between two marks."""
    top, _ = below(root, "")
    own = git.git_folder(top)
    if own is None:
        return
    file = "info/exclude"
    sweep(space.disk, (), [(own, "info")])
    old = decode(space.disk.read(own, file).data) if space.disk.look(own, file) is not None else None
    lines = (old or "").splitlines()
    begin, end = (lines.index(mark) if mark in lines else -1 for mark in _MARKS)
    block = lines[begin + 1 : end] if 0 <= begin < end else []
    rest = [*lines[:begin], *lines[end + 1 :]] if 0 <= begin < end else lines
    wanted = sorted({*block, *(_pattern(below(root, path)[1]) for path in paths)})
    new = "\n".join([*rest, _MARKS[0], *wanted, _MARKS[1]]) + "\n"
    if new != old:
        space.disk.write(own, file, encode(new), expected=None if old is None else encode(old))


def _pattern(path: str) -> str:
    """A path as a pattern of git's that means just it."""
    return "/" + "".join(f"\\{sign}" if sign in "*?[]\\ !#" else sign for sign in path)
