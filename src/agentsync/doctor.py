"""What is wrong on this machine, and what to do about it: git, configuration, hub, ledger, projects, formats, limits of the system.

Floor 5. Only looks: nothing is written, nothing is mended, nothing is fetched. A part that cannot be looked at is a finding itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from agentsync import git
from agentsync.config import HUB_FILE, UserFile
from agentsync.copies import ProjectOutcome
from agentsync.disk import Disk, DiskError, is_temporary
from agentsync.formats import FormatError
from agentsync.formats.globs import fixed_folders
from agentsync.hub import targets_of
from agentsync.ledger import open_ledger
from agentsync.locking import held_by
from agentsync.model import AgentsyncError, Problem
from agentsync.own_formats import registry
from agentsync.report import count, some_of
from agentsync.snapshot import fold
from agentsync.survey import parked, read_agents, unreadable
from agentsync.tracking import below
from agentsync.workspace import Machine, Workspace, find_hub, open_hub, outcome_of, project_root, shown, twins, user_file

OLDEST_GIT: Final = (2, 28)
"""The first that takes `git init --initial-branch`; the other options are older."""
_WATCHES: Final = 8192
_INSTANCES: Final = 16
_CLEANED: Final = "agentsync push --all"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the machine: what it is, and what is wrong with it. Notes need nobody."""

    name: str
    said: str
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Patient:
    """What is known so far; later parts build on earlier ones."""

    named: str | None
    cwd: str
    machine: Machine
    disk: Disk
    limits: str
    user: UserFile = field(default_factory=UserFile)
    space: Workspace | None = None


def examine(named: str | None, cwd: str, machine: Machine, disk: Disk, limits: str = "/proc/sys/fs/inotify") -> Iterator[Part]:
    """Every part in turn. named: the hub that was asked for; limits: where the system keeps those of watching files."""
    patient = _Patient(named, cwd, machine, disk, limits)
    for name, look in _PARTS:
        try:
            part = look(patient)
        except AgentsyncError as error:
            part = Part(name, "cannot be used", getattr(error, "problems", (error.problem,)))
        if part is not None:
            yield part


def _found(code: str, message: str, path: str | None = None, hint: str | None = None, *, note: bool = False) -> Problem:
    return Problem(code, message, path=path, hint=hint, severity="note" if note else "warning")


# ---- the machine --------------------------------------------------------------------------------------------------


def _git(_: _Patient) -> Part:
    said = git.version()
    numbers = tuple(int(number) for number in re.findall(r"\d+", said)[:2])
    wanted = ".".join(map(str, OLDEST_GIT))
    old = numbers < OLDEST_GIT
    what = f"git {said} is too old, at least {wanted} is needed"
    return Part("git", said, (replace(_found("git-old", what, hint="install git: https://git-scm.com/downloads"), severity="error"),) if old else ())


def _configuration(patient: _Patient) -> Part:
    patient.user, text = user_file(patient.machine, patient.disk)
    place = str(Path(patient.machine.config, "config.yaml"))
    problems = [
        _found("hub-gone", f"a hub that this machine knows is not there any more ({hub.path})", place, f"edit {place}: take it out of `hubs`")
        for hub in patient.user.hubs.values() if not Path(hub.path, HUB_FILE).is_file()
    ]
    return Part("configuration", place if text else "none yet", tuple(problems))


def _folders(patient: _Patient) -> Part:
    problems = []
    for what, folder in (("state", patient.machine.state), ("configuration", patient.machine.config)):
        there = next((one for one in (Path(folder), *Path(folder).parents) if one.exists()), Path(folder))
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            problems.append(_found("not-writable", f"the folder for agentsync's {what} cannot be written", str(there), f"chmod u+rwx {there}"))
    return Part("folders", patient.machine.state, tuple(problems))


def _formats(patient: _Patient) -> Part | None:
    known = patient.space.formats if patient.space is not None else registry(patient.disk, patient.machine.config, None, {})
    if not known.own:
        return None
    # What arrived and was not trusted yet is used by nothing: nobody has to decide today.
    problems = [
        replace(problem, severity="note" if known.state(file) == "untrusted" else "warning")
        for file in known.own for problem in known.problems(file)[:1]
    ]
    return Part("formats of your own", count(len(known.own), "file"), tuple(problems))


def _watching(patient: _Patient) -> Part | None:
    """The limits of the system for programs that watch files, where it has such limits."""
    if not Path(patient.limits).is_dir():
        return None
    problems, said = [], []
    for name, least in (("max_user_watches", _WATCHES), ("max_user_instances", _INSTANCES)):
        try:
            number = int(Path(patient.limits, name).read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
        said.append(f"{name} {number:,}")
        if number < least:
            what = f"{name} is {number:,}: too few to watch many projects"
            problems.append(_found("watches", what, hint=f"sudo sysctl fs.inotify.{name}={64 * least}", note=True))
    return Part("watching files", ", ".join(said), tuple(problems))


# ---- the hub ------------------------------------------------------------------------------------------------------


def _hub(patient: _Patient) -> Part:
    root = find_hub(patient.named, patient.cwd, patient.machine, patient.user)
    if root is None:
        return Part("hub", "none", (_found("no-hub", "there is no hub here", hint="agentsync init", note=True),))
    space = patient.space = open_hub(root, patient.machine, patient.disk, patient.user)
    problems = []
    if (rest := parked(space)) is not None:
        problems.append(replace(rest, severity="warning"))
    problems += [replace(problem, severity="warning") for problem in unreadable(space, read_agents(space))]
    top, folder = below(root, space.config.agents.rstrip("/"))
    changed = git.changed_paths(top, [folder, below(root, HUB_FILE)[1]])
    where = shown(root)
    if changed:
        hint = f"git -C {where} add -A && git -C {where} commit"
        problems.append(_found("uncommitted", f"{count(len(changed), 'file')} of the hub not committed yet", where, hint, note=True))
    upstream = git.ahead_behind(top)
    ahead, behind = upstream or (0, 0)
    if behind:
        problems.append(_found("hub-behind", f"the hub is {count(behind, 'commit')} behind its upstream", where, f"git -C {where} pull", note=True))
    if ahead:
        what = f"the hub has {count(ahead, 'commit')} that its upstream has not"
        problems.append(_found("hub-ahead", what, where, f"git -C {where} push", note=True))
    branch = git.head_branch(root) or "no branch"
    return Part("hub", f"{root}, {branch}{'' if upstream is not None else ', no upstream'}", tuple(problems))


def _names(patient: _Patient) -> Part | None:
    """Agents whose paths are one where case makes no difference."""
    if patient.space is None:
        return None
    space = patient.space
    blind = Path(space.root, HUB_FILE.upper()).exists()
    paths: dict[str, list[str]] = {}
    for agent in read_agents(space):
        paths.setdefault(fold(agent.path), []).append(agent.id)
    problems = [
        _found("case", f"on macOS and Windows these are one file: {', '.join(ids)}", shown(space.root), f"agentsync rename {ids[1]} NEW")
        for ids in paths.values() if len(ids) > 1
    ]
    return Part("names", "case makes no difference here" if blind else "case makes a difference here", tuple(problems))


def _ledger(patient: _Patient) -> Part | None:
    if patient.space is None or not patient.space.id:
        return None
    space = patient.space
    holder = held_by(space.disk, space.state)
    problems = [] if holder is None else [_found("locked", f"at work on this hub right now: {holder}", note=True)]
    ledger, notes = open_ledger(space.state, read_only=True)
    with ledger:
        rows, killed = len(ledger.rows()), [run.id for run in ledger.runs() if run.finished is None]
    if killed and holder is None:
        problems.append(_found("killed", f"run {killed[0]} was killed: the next one finishes it", hint=_CLEANED, note=True))
    # Nothing is lost with it: the next run begins a new one.
    problems += [replace(note, hint=_CLEANED) for note in notes]
    return Part("ledger", f"{count(rows, 'copy', 'copies')} known", tuple(problems))


# ---- the projects -------------------------------------------------------------------------------------------------


def _projects(patient: _Patient) -> Part | None:
    space = patient.space
    if space is None or not space.config.projects:
        return None
    doubles = twins(space)
    outcomes = [outcome_of(space, name, doubles) for name in space.config.projects]
    problems = [problem for outcome in outcomes for problem in _project(space, outcome)]
    idle = [outcome.name for outcome in outcomes if outcome.state == "not enabled here" and not _moved(space, outcome)]
    if idle:
        what = f"{count(len(idle), 'project')} not enabled on this machine ({some_of(idle)})"
        problems.append(_found("not-enabled", what, hint="agentsync project enable --all", note=True))
    ready = sum(outcome.state == "ok" for outcome in outcomes)
    return Part("projects", f"{ready} of {len(outcomes)} ready", tuple(problems))


def _project(space: Workspace, outcome: ProjectOutcome) -> Iterator[Problem]:
    """What is wrong with one project."""
    if (moved := _moved(space, outcome)) is not None:
        what = f"{outcome.name}: it was enabled at {moved}, and agentsync.yaml says {outcome.root} now"
        yield _found("moved", what, hint=f"agentsync project enable {outcome.name}")
    elif outcome.why is not None:
        yield replace(outcome.why, message=f"{outcome.name}: {outcome.why.message}", severity="note" if outcome.state == "busy" else "warning")


def _moved(space: Workspace, outcome: ProjectOutcome) -> str | None:
    """Where a project was enabled, if that is no longer where it lies."""
    known = space.user.hubs.get(space.id)
    there = known.projects.get(outcome.name) if known is not None else None
    return there if there is not None and there != outcome.root else None


def _leftovers(patient: _Patient) -> Part | None:
    """Temporary files of runs that were killed. The next run removes them."""
    space = patient.space
    if space is None or not space.id or held_by(space.disk, space.state) is not None:
        return None
    found = [shown(root, path) for root, folder in _looked_in(space) for path in _temporary(space.disk, root, folder)]
    what = f"left over by a run that was killed: {some_of(found)}"
    return Part("left over", count(len(found), "file"), (_found("left-over", what, hint=_CLEANED, note=True),)) if found else None


def _looked_in(space: Workspace) -> Iterator[tuple[str, str]]:
    yield space.root, space.config.agents.rstrip("/")
    doubles = twins(space)
    for name in space.config.projects:
        root = project_root(space, name)
        if root is None or outcome_of(space, name, doubles).state != "ok":
            continue
        folders = set[str]()
        for target in targets_of(space.config, name):
            try:
                rules = space.formats.load(target.format)
            except FormatError:
                continue        # told with the formats
            folders |= {"/".join(fixed_folders(w.write.replace("{slug}", "*"))) for w in rules.where if w.write and w.scope == target.scope}
        yield from ((root, folder) for folder in sorted(folders) if folder)


def _temporary(disk: Disk, root: str, folder: str) -> list[str]:
    try:
        return [entry.path for entry in disk.scan(root, folder) if is_temporary(entry.path)]
    except DiskError:
        return []        # what cannot be looked at is told by a run


_PARTS: Final[tuple[tuple[str, Callable[[_Patient], Part | None]], ...]] = (
    ("git", _git), ("configuration", _configuration), ("folders", _folders), ("hub", _hub), ("names", _names), ("ledger", _ledger),
    ("projects", _projects), ("formats of your own", _formats), ("left over", _leftovers), ("watching files", _watching),
)
