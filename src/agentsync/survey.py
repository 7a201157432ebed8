"""What is there: the hub's agents, the projects, the files in their folders; and what the ledger, the lock and git know of them.

Floor 5. Reads only what changed since the ledger last knew it, and writes nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from shlex import quote

from agentsync import __version__, git, hub
from agentsync.bases import conflicted
from agentsync.config import HUB_FILE
from agentsync.copies import ProjectOutcome, Written
from agentsync.disk import DiskError, Entry, Stamp, decode, is_temporary
from agentsync.formats import FormatError
from agentsync.formats import load as load_format
from agentsync.formats.globs import compiled, fixed_folders, is_plain
from agentsync.formats.rules import Format, Where
from agentsync.hub import Card, HubAgent, Target
from agentsync.ledger import Ledger, stamp_word
from agentsync.lockfile import LOCK_FILE, LockLine, read_lock
from agentsync.lookups import looked_up
from agentsync.model import EMPTY, HUB_FORMAT, Problem
from agentsync.rests import Rests
from agentsync.snapshot import Found, Place, ProjectView, Reader, Snapshot, fresh
from agentsync.workspace import SYSTEM, Workspace, outcome_of, shown, top_of, twins

Tell = Callable[[int, int], None]
"""Told how many steps of how many are done."""


def nobody(done: int, total: int) -> None:
    """Nobody is told."""


def read_agents(
    space: Workspace, litter: list[tuple[str, str]] | None = None, known: Iterable[HubAgent] = (), stamps: dict[str, Stamp] | None = None
) -> tuple[HubAgent, ...]:
    """Every file below the hub's agents folder that could be an agent, in the order of ids. litter: gets the temporary files there.

    known: agents as they were read before; what did not change since is not read again. stamps: of their files, kept up to date.
    """
    rules = load_format(HUB_FORMAT)
    folder = space.config.agents.rstrip("/")
    before, stamps, now = {agent.path: agent for agent in known}, {} if stamps is None else stamps, time.time_ns()
    agents = []
    for entry in space.disk.scan(space.root, folder):
        if litter is not None and is_temporary(entry.path):
            litter.append((space.root, entry.path))
        identity = hub.agent_id(entry.path, folder)
        if identity is None:
            continue
        old = before.get(entry.path)
        if old is not None and stamps.get(entry.path) == entry.stamp:
            agents.append(old)
            continue
        stamps.pop(entry.path, None)
        try:
            file = space.disk.read(space.root, entry.path)
            if file.stamp.settled(now):
                stamps[entry.path] = file.stamp
            if old is not None and old.digest == hub.digest_of(file.data):
                agents.append(old)
                continue
            found = hub.read_agent(entry.path, folder, file.data, rules)
            if found is not None and conflicted(found.text):
                marks = Problem("conflict-marks", "it holds git's conflict marks", path=entry.path, hint="git mergetool  (or git restore)")
                found = replace(found, status="unreadable", agent=None, problems=(marks,))
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


def parked(space: Workspace, *, any_branch: bool = False, where: str | None = None) -> Problem | None:
    """Why the hub rests: it is in the middle of something, or another branch is checked out than the one that holds the truth.

    where: the hub's folder as the hint is to name it; as seen from here, where nothing is said.
    """
    there = quote(where or shown(space.root))
    top = top_of(space.root)
    doing = git.busy(top) if top is not None else None
    if doing is not None:
        return Problem("parked", f"the hub is in the middle of {doing}", path=shown(space.root), hint=f"git -C {there} status")
    wanted = space.config.branch
    if any_branch or wanted is None or (current := git.head_branch(space.root)) == wanted:
        return None
    what = f"the hub is parked: {'no branch' if current is None else f'the branch {current}'} is checked out, and its truth is on {wanted}"
    mend = f"git -C {there} switch {wanted}  (or --any-branch for one run)"
    return Problem("parked", what, path=shown(space.root), hint=mend)


@dataclass(frozen=True, slots=True)
class Sight:
    """A snapshot, and what the executor needs beside it: temporary files of killed runs, as (root, path).

    agents: how many of the hub's could be read. odd: the projects of which there is something to be said that is not in their plan.
    rests: what knows the projects at rest, where they were left unread.
    """

    snapshot: Snapshot
    litter: tuple[tuple[str, str], ...] = ()
    agents: int = 0
    odd: frozenset[str] = frozenset()
    rests: Rests | None = None


def look(
    space: Workspace, ledger: Ledger, names: Sequence[str], tell: Tell = nobody, *,
    whole: bool = False, reader: Reader | None = None, rests: Rests | None = None, agents: tuple[HubAgent, ...] | None = None,
) -> Sight:
    """See the hub and these projects as they are. Reads only what changed since the ledger last knew it; `whole` reads every copy.

    reader: what remembers which copy is which agent's, for whoever plans from the snapshot. rests: what knows which projects are at rest;
    these are left unread, and where all of them are, the hub's agents are too. agents: the hub's, where they were read already.
    """
    found = _Survey(space, ledger, whole=whole, agents=agents)
    doubles = twins(space)
    outcomes = {name: outcome_of(space, name, doubles, found.folder) for name in names}
    if rests is not None and rests.cards is None:
        rests.learn(found.agents)
    views = []
    for number, (name, outcome) in enumerate(outcomes.items()):
        rest = rests.view(name, outcome) if rests is not None else None
        views.append(found.view(name, outcome) if rest is None else rest)
        tell(number + 1, len(names))
    if rests is not None and found.read:
        rests.confirm(found.agents)
    cards = rests.cards if rests is not None else None
    if cards is None or any(card.status == "unreadable" for card in cards):
        found.problems += unreadable(space, found.agents)
    found.problems += [*space.formats.taken(), *_selection_problems(space, cards or found.agents, names)]
    paused = {one.key: one for one in ledger.paused()}
    snapshot = Snapshot(
        found.agents if found.read else (), tuple(views), found.texts, ledger.seen(), tuple(dict.fromkeys(found.problems)),
        approved=ledger.approved(), paused=paused,
    )
    held = sum(one.status == "read" for one in cards or found.agents)
    return Sight(looked_up(space, snapshot, reader or Reader()), tuple(found.litter), held, frozenset(found.odd), rests)


def woken(space: Workspace, sight: Sight, names: Collection[str], reader: Reader) -> Sight:
    """The sight with these projects seen in full, which were at rest."""
    assert sight.rests is not None  # noqa: S101 - else none was left unread
    found = _Survey(space, sight.rests.ledger, agents=sight.snapshot.agents)
    views = tuple(
        found.view(view.outcome.name, view.outcome) if view.rest is not None and view.outcome.name in names else view
        for view in sight.snapshot.projects
    )
    snapshot = replace(
        sight.snapshot, projects=views, texts={**sight.snapshot.texts, **found.texts},
        problems=tuple(dict.fromkeys([*sight.snapshot.problems, *found.problems])),
    )
    return replace(
        sight, snapshot=looked_up(space, snapshot, reader), litter=(*sight.litter, *found.litter), odd=sight.odd | found.odd,
    )


class _Survey:
    """Looks at projects in full; collects what they have in common. The hub's agents are read when they are asked for."""

    def __init__(self, space: Workspace, ledger: Ledger, *, whole: bool = False, agents: tuple[HubAgent, ...] | None = None) -> None:
        self._space, self._ledger, self._whole, self._agents = space, ledger, whole, agents
        self.folder = space.agents_folder
        self._shared = Shared(self.folder)
        self._known: dict[str, HubAgent] | None = None
        self.texts: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.litter: list[tuple[str, str]] = []
        self.odd: set[str] = set()

    @property
    def read(self) -> bool:
        """Whether the hub's agents were read."""
        return self._agents is not None

    @property
    def agents(self) -> tuple[HubAgent, ...]:
        """The hub's agents."""
        if self._agents is None:
            self._agents = read_agents(self._space, self.litter)
        return self._agents

    def view(self, name: str, outcome: ProjectOutcome) -> ProjectView:
        """One project."""
        if self._known is None:
            self._known = {} if self._whole else {agent.id: agent for agent in self.agents}
        watcher = _Watcher(self._space, self._ledger, self._known, name, outcome, self._shared)
        view = watcher.view()
        self.texts.update(watcher.texts)
        self.problems += watcher.problems
        self.litter += watcher.litter
        if watcher.problems or watcher.litter:
            self.odd.add(name)
        return view


def reread(space: Workspace, snapshot: Snapshot, agents: Collection[str]) -> Snapshot:
    """The snapshot with the texts of these agents' copies, where they were not read because nothing had changed: now the hub has."""

    def filled(place: Place) -> Place:
        paths = {row.key.path for row in place.rows if row.agent in agents}
        unread = [f for f in place.found.values() if f.path in paths and f.text is None and f.trouble is None]
        return replace(place, found={**place.found, **{f.path: _read_again(space, place.root, f) for f in unread}}) if unread else place

    views = tuple(replace(view, places=tuple(map(filled, view.places))) for view in snapshot.projects)
    return replace(snapshot, projects=views)


def _read_again(space: Workspace, root: str, found: Found) -> Found:
    try:
        data = space.disk.read(root, found.path).data
    except DiskError as error:
        return replace(found, trouble=replace(error.problem, path=found.path))
    return replace(found, text=decode(data), digest=hub.digest_of(data), stamp="")


def _selection_problems(space: Workspace, agents: Sequence[HubAgent | Card], names: Sequence[str]) -> list[Problem]:
    """Ids and tags in selections that name nothing."""
    found: dict[str, Problem] = {}
    asked: set[tuple[str, ...]] = set()
    for name in names:
        for patterns in hub.selections_of(space.config, name):
            if patterns in asked:
                continue
            asked.add(patterns)
            for pattern, near in hub.unknown_patterns(patterns, agents):
                meant = f" — did you mean {near}?" if near else ""
                what = f"projects.{name}: no agent is selected by {pattern}{meant}"
                problem = Problem("select", what, path=shown(space.root, HUB_FILE), hint="agentsync list", severity="warning")
                found.setdefault(pattern, problem)
    return list(found.values())


def folders_of(rules: Format, scope: str) -> list[Where]:
    """Where an assistant keeps agents of a scope on this system."""
    return [where for where in rules.where if where.scope == scope and where.os in (None, SYSTEM)]


def keeps_lock(space: Workspace, name: str, root: str) -> bool:
    """Whether a project has an agentsync.lock."""
    project = space.config.projects[name]
    wanted = project.lock if project.lock is not None else top_of(root) is not None
    return project.scope == "project" and wanted and root != space.root


class Shared:
    """What is the same for many projects, found once a look. folder: the hub's agents, as a real path."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._recipes: dict[tuple[object, ...], str] = {}

    def recipe(self, target: Target, rules: Format) -> str:
        """The recipe of a target's copies."""
        key = (target.format, target.scope, target.allow_widening, tuple(sorted(target.models.items())), id(rules))
        if key not in self._recipes:
            self._recipes[key] = hub.recipe(target, rules, __version__)
        return self._recipes[key]


class _Watcher:
    """Looks at one project."""

    def __init__(
        self, space: Workspace, ledger: Ledger, agents: Mapping[str, HubAgent], name: str, outcome: ProjectOutcome, shared: Shared
    ) -> None:
        self._space, self._ledger, self._name, self._outcome, self._agents, self._shared = space, ledger, name, outcome, agents, shared
        self._scans: dict[str, tuple[Entry, ...]] = {}
        self._now = time.time_ns()
        self.texts: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.litter: list[tuple[str, str]] = []

    def view(self) -> ProjectView:
        """The project with its targets; without them where it is not to be touched."""
        outcome, root = self._outcome, self._outcome.root
        if outcome.state != "ok" or root is None:
            return ProjectView(outcome)
        rows = self._ledger.rows(root)
        places, targeted = [], set()
        project = self._space.config.projects[self._name]
        scope = project.scope
        for target in hub.targets_of(self._space.config, self._name):
            targeted.add(target.format)
            place = self._place(target, root, tuple(r for r in rows if (r.key.format, r.key.scope) == (target.format, target.scope)))
            if place is not None:
                places.append(place)
        released = tuple(row.key for row in rows if row.key.scope == scope and row.key.format not in targeted)
        known, top = self._ledger.identity(root), top_of(root)
        head = git.checked_out(top) if top is not None and scope == "project" else None
        then = self._ledger.head(root)
        locks = keeps_lock(self._space, self._name, root)
        return ProjectView(
            outcome, tuple(places), released, known is not None and known != self._space.disk.identity(root),
            mode=project.mode, head=head, moved=head is not None and then is not None and head != then, gone=self._ledger.gone(root),
            lock=self._lock(root) if locks else EMPTY, locks=locks,
        )

    def _lock(self, root: str) -> Mapping[tuple[str, str], LockLine]:
        """The project's lock; empty where there is none, or one that git could not merge."""
        try:
            if self._space.disk.look(root, LOCK_FILE) is None:
                return EMPTY
            return read_lock(decode(self._space.disk.read(root, LOCK_FILE).data)) or EMPTY
        except DiskError as error:
            self.problems.append(replace(error.problem, path=_join(root, LOCK_FILE), severity="warning"))
            return EMPTY

    def _place(self, target: Target, root: str, rows: tuple[Written, ...]) -> Place | None:
        try:
            rules = self._space.formats.load(target.format)
        except FormatError as error:
            # A format of somebody's own that is broken or not trusted: its copies stay as they are, the other targets go on.
            self.problems += error.problems
            return None
        folders = folders_of(rules, target.scope)
        written = next((where.write for where in folders if where.write), None)
        if written is None or rules.direction == "read":
            what = f"{self._name}: {rules.title} keeps no agents in a {'home directory' if target.scope == 'user' else 'project'}"
            self.problems.append(Problem("no-place", what, hint=f"agentsync formats {target.format}"))
            return None
        home = self._overlap(root, written, target)
        if home is not False:
            return Place(target, rules, root, "", home=True) if home else None
        made_by = self._shared.recipe(target, rules)
        try:
            found = self._files(root, folders, rows, self._settled(target, rows, made_by))
        except DiskError as error:
            # The whole folder cannot be looked at (a link, no permission): this target is left alone, the others go on.
            self.problems.append(replace(error.problem, path=_join(root, error.problem.path)))
            return None
        return Place(target, rules, root, made_by, rows, found)

    def _overlap(self, root: str, written: str, target: Target) -> bool | None:
        """Whether the target's folder is the hub's own agents folder; None, with a problem, where one lies inside the other."""
        # Of a file with many agents only itself counts, not what else lies in its folder: that may be the project.
        folder = os.path.realpath(PurePosixPath(root, written) if "{" not in written else PurePosixPath(root, written).parent)
        agents = self._shared.folder
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
        recorded: dict[str, list[Written]] = {}
        for row in rows:
            recorded.setdefault(row.key.path, []).append(row)
        found: dict[str, Found] = {}
        for where in folders:
            for entry in self._matching(root, where):
                if entry.path not in found:
                    found[entry.path] = self._file(root, entry, where, settled.get(entry.path), recorded.get(entry.path, ()))
        for path in recorded.keys() - found.keys():       # gone, or moved by somebody
            for row in recorded[path]:
                self._remember(row)
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
            pattern, skips = compiled(glob), [compiled(skip) for skip in where.skip]
            for entry in candidates:
                if pattern.fullmatch(entry.path) and not any(skip.fullmatch(entry.path) for skip in skips):
                    yield entry

    def _file(self, root: str, entry: Entry, where: Where, settled: Written | None, rows: Sequence[Written]) -> Found:
        if settled is not None and settled.stamp == stamp_word(entry.stamp):
            return Found(entry.path, None, settled.written, settled.stamp, where.document)
        try:
            file = self._space.disk.read(root, entry.path)
        except DiskError as error:
            return Found(entry.path, None, "", "", where.document, replace(error.problem, path=entry.path))
        text = decode(file.data)
        if conflicted(text):
            marks = Problem("conflict-marks", "it holds git's conflict marks", path=entry.path, hint="git mergetool  (or git restore)")
            return Found(entry.path, None, "", "", where.document, marks)
        stamp = stamp_word(file.stamp) if file.stamp.settled(self._now) else ""
        found = Found(entry.path, text, hub.digest_of(file.data), stamp, where.document)
        for row in rows:
            if (row.written, row.base) != (found.digest, found.digest):
                self._remember(row)
        return found

    def _remember(self, row: Written) -> None:
        """Take along the texts that a row names: what stands there is no longer, or not there, what was written."""
        for digest in {row.written, row.base, row.hub} - self.texts.keys():
            if (data := self._ledger.text(digest)) is not None:
                self.texts[digest] = decode(data)


def _join(root: str, path: str | None) -> str:
    return root if path is None else path if path.startswith(root) else f"{root}/{path}"
