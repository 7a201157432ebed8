"""Whether a project's copies say what they should: by its agentsync.lock, and by the hub where one is at hand. For CI.

Floor 5. Reads only, needs no ledger and no network, and knows nothing of this machine: a fresh clone is judged as any other.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

from msgspec import structs

from agentsync import codec
from agentsync.api import kind_of
from agentsync.codec.read import LAID_OVER
from agentsync.config import KnownHub
from agentsync.copies import State
from agentsync.disk import Disk, DiskError, Entry, decode
from agentsync.formats import FormatError, Registry
from agentsync.formats.globs import compiled, fixed_folders, is_plain
from agentsync.formats.rules import Format, Where
from agentsync.hub import HubAgent, Target, models_for, targets_of
from agentsync.ledger import open_ledger
from agentsync.lockfile import LOCK_FILE, LockLine, read_lock
from agentsync.merge import says_digest
from agentsync.model import Agent, Document, Problem
from agentsync.remotes import is_clone
from agentsync.snapshot import Place, Reader, Wishes, render
from agentsync.survey import look, read_agents
from agentsync.sync import PUSH, plan_run
from agentsync.workspace import Workspace, project_root, shown

FINE: Final[frozenset[State]] = frozenset({"ok"})


@dataclass(frozen=True, slots=True)
class Checked:
    """A copy, or what stands where only copies should, and what it is."""

    target: str
    agent: str
    path: str
    state: State
    entry: str | None = None
    why: str = ""
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Checks:
    """Everything found in one project. root: its folder; name: the hub's name of it, None without a hub."""

    root: str
    name: str | None
    copies: tuple[Checked, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def wrong(self) -> tuple[Checked, ...]:
        """What is not as it should be."""
        return tuple(copy for copy in self.copies if copy.state not in FINE)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many copies are in which state."""
        return Counter(copy.state for copy in self.copies)


@dataclass(slots=True)
class _Project:
    """A project while it is checked."""

    root: str
    disk: Disk
    formats: Registry
    space: Workspace | None = None
    name: str | None = None
    reader: Reader = field(default_factory=Reader)
    problems: list[Problem] = field(default_factory=list)


def check_project(root: str, disk: Disk, formats: Registry, space: Workspace | None = None) -> Checks | None:
    """What the copies of a project are; None where neither a lock nor the hub says what they should be.

    formats: those known here. space: the hub, if there is one.
    """
    name = None if space is None else _named(space, root)
    project = _Project(root, disk, formats, space, name)
    lines = _lock(project)
    if lines is None and name is None:
        return None
    lines = lines or {}
    if space is not None and name is not None:      # copies of a target that the project has no more were released: they are its own
        targeted = {target.format for target in targets_of(space.config, name)}
        lines = {place: line for place, line in lines.items() if line.target in targeted}
    found = {line.place: _by_lock(project, line) for line in lines.values()}
    if space is not None:
        found = _by_plan(project, space, name, found) if name is not None else _by_agents(project, space, found)
    taken = frozenset((copy.path, copy.entry) for copy in found.values())
    own = [copy for rules in _targets(project, lines.values()) for copy in _foreign(project, rules, taken)]
    copies = sorted((*own, *found.values()), key=lambda copy: (copy.target, copy.agent, copy.path, copy.entry or ""))
    return Checks(root, name, tuple(copies), tuple(project.problems))


def _named(space: Workspace, root: str) -> str | None:
    """The hub's project that a folder is: by where it lies, else as a clone of its repository; None where neither says one."""
    known = {name: project for name, project in space.config.projects.items() if project.scope == "project"}
    there = next((name for name in known if project_root(space, name) == root), None)
    return there if there is not None else next((name for name, project in known.items() if is_clone(root, project)), None)


# ---- by the lock --------------------------------------------------------------------------------------------------


def _lock(project: _Project) -> Mapping[tuple[str, str], LockLine] | None:
    """The project's lock; None where there is none. One that cannot be read is a problem, and empty."""
    try:
        if project.disk.look(project.root, LOCK_FILE) is None:
            return None
        lines = read_lock(decode(project.disk.read(project.root, LOCK_FILE).data))
    except DiskError as error:
        project.problems.append(replace(error.problem, path=shown(project.root, LOCK_FILE)))
        return {}
    if lines is None:
        what = "the lock cannot be read: it has conflict markers, or lines that are none of its own"
        mend = f"git checkout --ours {LOCK_FILE}, then: agentsync push"
        project.problems.append(Problem("lock", what, path=shown(project.root, LOCK_FILE), hint=mend))
        return {}
    return lines


def _by_lock(project: _Project, line: LockLine) -> Checked:
    """A copy by its own line of the lock."""
    entry = line.entry[1:] if line.entry else None

    def told(state: State, why: str = "", hint: str | None = None) -> Checked:
        return Checked(line.target, line.agent, line.path, state, entry, why, hint)

    try:
        rules = project.formats.load(line.target)
    except FormatError as error:
        return told("unreadable", error.problem.message, error.problem.hint)
    try:
        says = _said(project, rules, line.path, entry)
    except DiskError as error:
        if error.problem.code == "missing":
            return told("missing", "the lock names it, and there is no such file", "agentsync push")
        return told("unreadable", error.problem.message)
    if says is None:
        gone = entry is not None and not _broken(project, rules, line.path)
        why = "the lock names this entry, and the file has none" if gone else f"{rules.title} would not load what stands there as it should"
        return told("missing" if gone else "unreadable", why, "agentsync push" if gone else f"agentsync lint {line.path}")
    if says_digest(says) != line.says:
        return told("edited", "it says something else than its line in the lock", "agentsync pull  (or: agentsync push --overwrite edited)")
    return told("ok")


def _said(project: _Project, rules: Format, path: str, entry: str | None) -> Agent | None:
    """What a copy says, as its assistant loads it. DiskError where the file cannot be read."""
    return project.reader.entries(rules, path, _text(project, path), kind_of(rules, path)).get(entry)


def _text(project: _Project, path: str) -> str:
    return decode(project.disk.read(project.root, path).data)


def _broken(project: _Project, rules: Format, path: str) -> bool:
    """Whether nothing at all can be read from a shared file that holds something."""
    text = _text(project, path)
    return bool(text.strip()) and not project.reader.entries(rules, path, text, kind_of(rules, path))


# ---- by the hub ---------------------------------------------------------------------------------------------------


def _by_plan(project: _Project, space: Workspace, name: str, found: Mapping[tuple[str, str], Checked]) -> dict[tuple[str, str], Checked]:
    """The copies as a push would see them, to a machine that never saw this project before."""
    seen = _as_enabled(space, name, project.root)
    with open_ledger(os.devnull, read_only=True)[0] as ledger:        # one that knows nothing
        sight = look(seen, ledger, (name,), whole=True, reader=project.reader)
        _, plan = plan_run(seen, sight, Wishes(), PUSH, project.reader)
    project.problems += [replace(problem, severity="error") for problem in plan.problems if problem.severity == "error"]
    project.problems += [outcome.why for outcome in plan.projects if outcome.why is not None]
    if any(outcome.state != "ok" for outcome in plan.projects):
        return dict(found)
    judged: dict[tuple[str, str], Checked] = {}
    for copy in plan.copies:
        line = found.get((copy.agent, copy.target))
        why, hint = (copy.why.message, copy.why.hint) if copy.why else (_WHY.get(copy.state, ""), None if copy.state == "ok" else "agentsync push")
        if copy.state == "refused" and (copy.decided or line is None):
            continue        # nothing is to be there, and nothing is
        told = Checked(copy.target, copy.agent, copy.path or "", copy.state, copy.entry, why, hint)
        if copy.state == "ok" and line is not None and line.state != "ok":
            told = replace(told, state="behind", why="the copy says what the hub says, and its line in the lock does not", hint="agentsync push")
        judged[copy.agent, copy.target] = told
    for place, line in found.items():
        if place not in judged and line.state == "missing":
            judged[place] = replace(line, why="the lock names it, and neither the hub nor the project has it", hint="agentsync push")
        elif place not in judged and line.state == "unreadable":
            judged[place] = line        # why it cannot be read is what there is to say
        elif place not in judged:
            judged[place] = replace(line, state="behind" if line.state == "ok" else line.state, why=_WHY["refused"], hint="agentsync push")
    return judged


_WHY: Final[Mapping[State, str]] = {
    "behind": "the hub says something else by now", "missing": "the hub gives this agent to the project, and it is not there",
    "refused": "the hub does not give this agent to the project any more",
}


def _as_enabled(space: Workspace, name: str, root: str) -> Workspace:
    """The workspace as if this project, and no other, were enabled here: nothing is written, so nobody has to be asked."""
    known = KnownHub(space.root, {name: root})
    here = structs.replace(space.config.projects[name], path=root, dir=None)        # another clone than agentsync.yaml names, perhaps
    config = structs.replace(space.config, projects={**space.config.projects, name: here})
    return replace(space, config=config, user=structs.replace(space.user, hubs={space.id: known}))


def _by_agents(project: _Project, space: Workspace, found: Mapping[tuple[str, str], Checked]) -> dict[tuple[str, str], Checked]:
    """The copies held against the hub's agents, where the hub does not know the project, and so not what is selected there."""
    agents = {agent.id: agent for agent in read_agents(space)}
    return {place: _against(project, space, copy, agents.get(copy.agent)) if copy.state == "ok" else copy for place, copy in found.items()}


def _against(project: _Project, space: Workspace, copy: Checked, agent: HubAgent | None) -> Checked:
    if agent is None or agent.agent is None:
        return replace(copy, state="behind", why="the hub has no such agent", hint=f"agentsync -C {shown(space.root)} list")
    rules = project.formats.load(copy.target)
    # Whether wider rights were allowed there is not known here, and nothing is written.
    target = Target("", copy.target, "project", ("*",), None, True, False, models_for(space.config, copy.target))
    text = _text(project, copy.path)
    kind = kind_of(rules, copy.path)
    rendering = render(Place(target, rules, project.root, ""), agent, Document(copy.path, text), copy.entry, kind)
    if rendering.refused:
        return copy
    now = project.reader.agent(rules, copy.path, text, kind, copy.entry)
    then = project.reader.agent(rules, copy.path, rendering.documents[0].text, kind, copy.entry)
    return copy if now == then else replace(copy, state="behind", why=_WHY["behind"], hint="agentsync push")


# ---- what no line names -------------------------------------------------------------------------------------------


def _targets(project: _Project, lines: Iterable[LockLine]) -> Iterator[Format]:
    """The formats that copies are written in here, but for the one whose folder is the hub's own."""
    ids = [line.target for line in lines]
    if project.space is not None and project.name is not None:
        ids += [target.format for target in targets_of(project.space.config, project.name) if target.via is None]
    for format_id in dict.fromkeys(ids):
        try:
            yield project.formats.load(format_id)
        except FormatError:
            continue        # told at its copies


def _foreign(project: _Project, rules: Format, taken: frozenset[tuple[str, str | None]]) -> Iterator[Checked]:
    """Agents in the folders that copies are written to, of which no copy is known."""
    for where in rules.where:
        if where.scope != "project" or where.write is None or _is_hub(project, where.write):
            continue
        try:
            paths = sorted({path for glob in where.read for path in _matching(project, glob, where)})
        except DiskError as error:
            project.problems.append(replace(error.problem, path=shown(project.root, error.problem.path or ""), severity="warning"))
            continue
        for path in paths:
            yield from _unnamed(project, rules, path, where, taken)


def _unnamed(project: _Project, rules: Format, path: str, where: Where, taken: frozenset[tuple[str, str | None]]) -> Iterator[Checked]:
    try:
        readings = codec.read(Document(path, _text(project, path)), rules, kind=where.document)
    except DiskError:
        return        # a link, or too large: no copy of ours
    for reading in readings:
        if any(problem.code == LAID_OVER for problem in reading.problems):
            continue        # settings of the assistant's own agent
        if reading.agent is not None and (path, reading.entry) not in taken:
            what = "no copy of any agent: neither the lock nor the hub names it"
            yield Checked(rules.id, reading.agent.name, path, "foreign", reading.entry, what, "agentsync adopt .")


def _is_hub(project: _Project, written: str) -> bool:
    """Whether a format's folder is the hub's own folder of agents."""
    folder = os.path.realpath(PurePosixPath(project.root, written).parent)
    return project.space is not None and folder == project.space.agents_folder


def _matching(project: _Project, glob: str, where: Where) -> Iterator[str]:
    if is_plain(glob):
        entry = project.disk.look(project.root, glob)
        found: tuple[Entry, ...] = () if entry is None else (entry,)
    else:
        found = project.disk.scan(project.root, "/".join(fixed_folders(glob)))
    pattern = compiled(glob)
    for entry in found:
        if entry.kind == "file" and pattern.fullmatch(entry.path) and not any(compiled(skip).fullmatch(entry.path) for skip in where.skip):
            yield entry.path
