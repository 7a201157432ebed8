"""The agents a commit is about to hold, checked against each other, agentsync.lock and the hub; and what would make them agree.

Floor 6. The engine plans on the index as it plans on the disk: it is given a disk that shows what is staged, and a ledger that says of every
copy which this commit leaves alone that it is as agreed. Nothing but the index, and files of the work tree that are as staged, is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from shlex import quote
from typing import Final

from agentsync.copies import Copy, Edit, Plan, Written
from agentsync.disk import Disk, DiskError, decode, encode
from agentsync.formats.rules import Format
from agentsync.hub import HubAgent, digest_of
from agentsync.index import Index, IndexDisk, Staged, contents, stage, staged_changes, staged_files
from agentsync.ledger import Ledger
from agentsync.lockfile import LOCK_FILE, LockLine, read_lock
from agentsync.lookups import looked_up
from agentsync.merge import says_digest
from agentsync.model import Problem
from agentsync.snapshot import Found, Item, Place, ProjectView, Reader, Snapshot, Wishes
from agentsync.survey import Sight, look
from agentsync.sync import SYNC, plan_run
from agentsync.workspace import Workspace

FIX: Final = "agentsync hook run pre-commit --fix"


@dataclass(frozen=True, slots=True)
class Fix:
    """A staged file that should say something else. name: its path below the top of the repository."""

    name: str
    mode: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Check:
    """What became of looking at a commit. stops: why it must not be made so; notes: what is to be said and does not stop it."""

    stops: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    fixes: tuple[Fix, ...] = ()


Lint = Callable[[Format, Found], Sequence[Problem]]
"""What is wrong with a staged file by itself."""


def linted(rules: Format, found: Found) -> list[Problem]:
    """What lint finds wrong with a file, or why it is none to look at."""
    if found.trouble is not None:
        return [replace(found.trouble, path=found.path)]
    from agentsync import lint  # only where a commit changes an agent

    return list(lint.check(lint.Source(found.path, found.text or "", rules, found.document, found.path), ())[0])


# ---- looking ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit about to be made: the index, its files, what it changes, and the texts HEAD has there."""

    index: Index
    main: str
    files: Mapping[str, Staged]
    changes: Mapping[str, Staged | None]

    @staticmethod
    def of(index: Index, main: str) -> Commit:
        """The commit that would be made of an index now. main: the top of the repository's main work tree."""
        files = staged_files(index)
        return Commit(index, main, files, staged_changes(index, files))

    def disk(self, inner: Disk) -> IndexDisk:
        """A disk that shows it."""
        return IndexDisk(inner, self.main, self.index, self.files)


def check_project(space: Workspace, ledger: Ledger, name: str, commit: Commit, looked: Lint = linted) -> Check:
    """What a commit does to the agents of one project of a hub."""
    disk, real = commit.disk(space.disk), space.disk
    space, reader = replace(space, disk=disk), Reader()
    sight = look(space, ledger, [name], reader=reader)
    view = sight.snapshot.projects[0]
    if view.outcome.state != "ok" or view.outcome.root is None:
        return Check()
    named = partial(disk.name, view.outcome.root)
    here = {} if commit.index.top != commit.main else _lock_of(real, view.outcome.root)
    sight = _as_committed(space, sight, commit, named, reader, here)
    view, places = reader.items(sight.snapshot)[0]
    items = [item for _, found, _ in places for item in found]
    touched = _touched(space, items, sight.snapshot, disk, commit)
    stops, notes = list(_faults(view, commit, named, looked)), list[Problem]()
    lone = _unadopted(view, items, commit, named, reader)
    (notes if space.config.projects[name].adopt == "auto" else stops).extend(lone)
    broken = {problem.path for problem in stops}
    touched = {identity: paths for identity, paths in touched.items() if not broken.intersection(paths)}
    if not touched:
        return Check(tuple(stops), tuple(notes))
    _, plan = plan_run(space, sight, Wishes(agents=tuple(touched)), SYNC, reader)
    fixes = _fixes(plan, commit, disk)
    stops += _stale(plan, fixes, touched, commit.index, disk)
    for copy in plan.copies:
        if copy.state in ("conflict", "held") and copy.why is not None and copy.agent in touched:
            apart = _apart(copy, items, commit, named)
            (stops if apart else notes).append(replace(copy.why, severity="error" if apart else "note"))
    return Check(tuple(stops), tuple(notes), fixes)


def _lock_of(disk: Disk, root: str) -> Mapping[tuple[str, str], LockLine]:
    """The lines of the agentsync.lock that lies in a folder."""
    try:
        return read_lock(decode(disk.read(root, LOCK_FILE).data)) or {}
    except DiskError:
        return {}


def _as_committed(
    space: Workspace, sight: Sight, commit: Commit, named: Callable[[str], str | None], reader: Reader,
    here: Mapping[tuple[str, str], LockLine],
) -> Sight:
    """The sight with a ledger of the index: what this commit leaves alone is as agreed, and what it changes was agreed as HEAD has it.

    The real ledger speaks of the work tree, which may be ahead of what is staged. What it knows of a copy that this commit changes holds
    where hub and copies are not in one repository; where they are, HEAD has both sides as they belong together. The staged lock, which
    often is older than the copies beside it, says nothing against the ledger where HEAD's copy, or the work tree's lock (here), agree with it.
    """
    (view,) = sight.snapshot.projects
    own = commit.disk(space.disk).name(space.root, "") is not None
    before = _before(space, commit, sight.snapshot.agents) if own else {}
    names = {named(row.key.path) or "" for place in view.places for row in place.rows}
    old = contents(commit.index.top, (was.blob for name in sorted(names) if (was := commit.changes.get(name)) is not None))
    texts = dict(sight.snapshot.texts) | {digest_of(data): decode(data) for data in before.values()}

    def row_of(place: Place, row: Written) -> Written | None:
        found = place.found.get(row.key.path)
        name = named(row.key.path)
        if found is None or name is None or found.text is None:
            return None
        if name not in commit.changes:
            texts[found.digest] = found.text
            return replace(row, written=found.digest, base=found.digest, recipe="", stamp="")
        was = commit.changes[name]
        data = old.get(was.blob) if was is not None else None
        hub = before.get(row.agent)
        if data is None or hub is None:
            line = here.get((row.agent, row.key.format))
            agreed = {line.says} if line is not None else set()
            if data is not None:
                said = reader.agent(place.rules, row.key.path, decode(data), found.document, row.key.entry_key)
                agreed |= {says_digest(said)} if said is not None else set()
            return replace(row, recipe="", stamp="", says="" if row.says in agreed else row.says)
        texts[digest_of(data)] = decode(data)
        return replace(row, written=digest_of(data), base=digest_of(data), hub=digest_of(hub), recipe="", stamp="", says="")

    places = tuple(
        replace(place, rows=tuple(new for row in place.rows if (new := row_of(place, row)) is not None)) for place in view.places
    )
    view = replace(view, places=places, moved=False, released=(), replaced=False)
    snapshot = replace(sight.snapshot, projects=(view,), texts=texts, history={}, locked={}, paused={})
    return Sight(looked_up(space, snapshot, reader))


def _before(space: Workspace, commit: Commit, agents: Sequence[HubAgent]) -> dict[str, bytes]:
    """The hub's agents as HEAD has them, by id, where the hub lies in the repository that is committed to."""
    disk = commit.disk(space.disk)
    names = {agent.id: disk.name(space.root, agent.path) or "" for agent in agents}
    now = {identity: commit.changes.get(name, commit.files.get(name)) for identity, name in names.items()}
    data = contents(commit.index.top, (one.blob for one in now.values() if one is not None))
    return {identity: data[one.blob] for identity, one in now.items() if one is not None and one.blob in data}


def _touched(
    space: Workspace, items: Sequence[Item], snapshot: Snapshot, disk: IndexDisk, commit: Commit
) -> dict[str, list[str]]:
    """The agents that a commit changes, each with the paths it changes, as the project or the hub names them."""
    found: dict[str, list[str]] = {}
    for agent in snapshot.agents:
        name = disk.name(space.root, agent.path)
        if name is not None and name in commit.changes and agent.status == "read":
            found.setdefault(agent.id, []).append(agent.path)
    for item in items:
        path = item.standing.found.path if item.standing is not None else None
        if path is not None and disk.name(item.place.root, path) in commit.changes:
            found.setdefault(item.agent.id, []).append(path)
    return found


# ---- judging ------------------------------------------------------------------------------------------------------


def _changed_files(view: ProjectView, commit: Commit, named: Callable[[str], str | None]) -> Iterator[tuple[Place, Found]]:
    """Files of agents that a commit adds or changes, each once a format."""
    for place in view.places:
        if not place.home:
            yield from ((place, found) for path, found in sorted(place.found.items()) if named(path) in commit.changes)


def _faults(view: ProjectView, commit: Commit, named: Callable[[str], str | None], lint: Lint) -> Iterator[Problem]:
    """What is wrong with single files."""
    for place, found in _changed_files(view, commit, named):
        yield from (problem for problem in lint(place.rules, found) if problem.severity == "error")


def _unadopted(
    view: ProjectView, items: Sequence[Item], commit: Commit, named: Callable[[str], str | None], reader: Reader
) -> Iterator[Problem]:
    """Agents that a commit brings and that are nobody's copy."""
    claimed = {(item.standing.found.path, item.standing.entry) for item in items if item.standing is not None}
    for place, found in _changed_files(view, commit, named):
        if found.text is None or commit.changes[named(found.path) or ""] is not None:
            continue
        for entry, agent in reader.entries(place.rules, found.path, found.text, found.document).items():
            if (found.path, entry) not in claimed and not any(path == found.path for path, _ in claimed if entry is None):
                what = f"the agent {agent.name} is in no hub yet, so no other assistant learns of it"
                yield Problem("unadopted", what, path=found.path, hint=f"agentsync adopt {quote(view.outcome.name)}  (or: git commit --no-verify)")


def _fixes(plan: Plan, commit: Commit, disk: IndexDisk) -> tuple[Fix, ...]:
    """What must be staged so that all copies say the same. A copy that is not in the index is not missed."""
    found: dict[str, Fix] = {}
    for edit in plan.edits:
        name = disk.name(edit.root, edit.path) if edit.touches else None
        if name is not None and name in commit.files and edit.old is not None and edit.new is not None:
            found[name] = Fix(name, commit.files[name].mode, edit.old, edit.new)
    return tuple(found.values())


def _stale(plan: Plan, fixes: Sequence[Fix], touched: Mapping[str, Sequence[str]], index: Index, disk: IndexDisk) -> Iterator[Problem]:
    """The copies that do not say what this commit makes of their agents."""
    names = {fix.name for fix in fixes}
    for edit in plan.edits:
        if edit.touches and disk.name(edit.root, edit.path) in names:
            yield from (_one_stale(edit, agent, touched.get(agent, ()), index) for agent in dict.fromkeys(c.agent for c in edit.changes))


def _one_stale(edit: Edit, agent: str, sources: Sequence[str], index: Index) -> Problem:
    others = [path for path in dict.fromkeys(sources) if path != edit.path]
    if others:
        what = f"this copy of {agent} is stale: the commit changes {', '.join(others)}"
    else:
        what = f"this copy of {agent} lacks what changed in the hub since"
    hint = FIX if not index.temporary else f"git add {' '.join(quote(path) for path in sources)} && {FIX} && git commit"
    return Problem("stale", what, path=edit.path, hint=hint)


def _apart(copy: Copy, items: Sequence[Item], commit: Commit, named: Callable[[str], str | None]) -> bool:
    """Whether a copy that waits for a decision has one beside it in the index that the commit leaves as it was."""
    return any(
        item.agent.id == copy.agent and item.standing is not None and item.standing.found.path != copy.path
        and named(item.standing.found.path) not in commit.changes
        for item in items
    )


# ---- mending ------------------------------------------------------------------------------------------------------


def mend(index: Index, disk: Disk, fixes: Sequence[Fix]) -> tuple[str, ...]:
    """Stage what makes the copies agree, and write it into files of the work tree that are as they were staged; the others' names.

    A file that differs from what was staged holds work that is not part of this commit, and stays.
    """
    left = []
    for fix in fixes:
        try:
            now = disk.read(index.top, fix.name).data
        except DiskError:
            now = b""
        new = next((dressed(fix.new) for dressed in (encode, _with_cr) if dressed(fix.old) == now), None)
        if new is None:
            left.append(fix.name)
        else:
            disk.write(index.top, fix.name, new, expected=now)
        stage(index, fix.name, fix.mode, encode(fix.new))
    return tuple(left)


def _with_cr(text: str) -> bytes:
    """A text as git checks it out where lines end in CR LF."""
    return encode(text.replace("\r\n", "\n").replace("\n", "\r\n"))
