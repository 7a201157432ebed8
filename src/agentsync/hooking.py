"""Git hooks in a repository: where they lie, putting ours beside what is there, taking them out, and what stands of them.

Floor 6. Which hubs and projects a repository holds is asked of this machine's user, never of what arrives by git.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Final, Literal

from agentsync import git
from agentsync.config import HUB_FILE, UserFile
from agentsync.disk import Disk, DiskError, LocalDisk, decode, encode, make_root
from agentsync.formats import SHIPPED, FormatError, Registry
from agentsync.formats.rules import Format
from agentsync.hooks import (
    HOOKS,
    HUB_HOOKS,
    PROJECT_HOOKS,
    SHARED,
    Shared,
    block,
    chained,
    has_block,
    is_shell,
    kept_name,
    share,
    unshare,
    watched,
    with_block,
    without_block,
)
from agentsync.hub import targets_of
from agentsync.lockfile import LOCK_FILE, read_lock
from agentsync.model import AgentsyncError, Problem
from agentsync.own_formats import registry
from agentsync.workspace import Machine, Workspace, enabled, open_hub, user_file

_RUNS: Final = 0o755
_ASIDE: Final = (".legacy", ".old")
"""How managers of hooks that are installed after us rename a hook that was there: pre-commit, which goes on calling it, and lefthook."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with what lies in it. top: of the work tree around us; main: of the main one, another where ours is linked.

    hubs: those in it. projects: those in it, each with its hub. formats: those known without a hub. locks: its folders with an
    agentsync.lock whose hub is not on this machine.
    """

    top: str
    main: str
    hubs: tuple[Workspace, ...] = ()
    projects: tuple[tuple[Workspace, str], ...] = ()
    formats: Registry = SHIPPED
    locks: tuple[str, ...] = ()

    @property
    def linked(self) -> bool:
        """Whether we are in a linked work tree: there a commit is checked, and nothing is carried on."""
        return self.top != self.main

    def below(self, path: str) -> str:
        """A real path below the main work tree, as the repository names it; `""` for its top."""
        inside = os.path.relpath(path, self.main).replace(os.sep, "/")
        return "" if inside == "." else inside


def repository(cwd: str) -> Repository:
    """The repository around a folder. AgentsyncError where there is none, or a hub of it cannot be opened."""
    top = git.top_level(cwd)
    if top is None and git.in_own_folder(cwd):
        what = "this repository has no work tree here (a bare one, or git's own folder), and agentsync works on files"
        raise AgentsyncError(Problem("no-work-tree", what, path=cwd, hint=f"git clone {quote(cwd)} DIR"))
    if top is None:
        raise AgentsyncError(Problem("no-git", "this is no git repository", path=cwd, hint="git init"))
    top = os.path.realpath(top)
    main = os.path.realpath(git.main_tree(top))
    machine, disk = Machine.here(), LocalDisk()
    user, _ = user_file(machine, disk)
    hubs, projects = list[Workspace](), list[tuple[Workspace, str]]()
    for root in _hub_roots(cwd, main, user):
        space = open_hub(root, machine, disk, user)
        if _within(root, main):
            hubs.append(space)
        mine = space.user.hubs.get(space.id)
        projects += [
            (space, name) for name, path in (mine.projects if mine is not None else {}).items()
            if _within(path, main) and name in space.config.projects and space.config.projects[name].scope == "project"
            and enabled(space, name)
        ]
    known = {os.path.realpath(path) for hub in user.hubs.values() for path in hub.projects.values()}
    locks = [folder for folder in _around(cwd, top) if folder not in known and Path(folder, LOCK_FILE).is_file()]
    return Repository(top, main, tuple(hubs), tuple(projects), registry(disk, machine.config, None, {}), tuple(locks))


def _hub_roots(cwd: str, main: str, user: UserFile) -> Iterator[str]:
    """The hubs that may concern a repository: those in it, and those whose projects are."""
    found = dict.fromkeys(
        os.path.realpath(hub.path) for hub in user.hubs.values()
        if _within(os.path.realpath(hub.path), main) or any(_within(path, main) for path in hub.projects.values())
    )
    yield from dict.fromkeys(root for root in (*found, *_around(cwd, main), main) if Path(root, HUB_FILE).is_file())


def _around(cwd: str, top: str) -> list[str]:
    """The folders from this one up to the top of its work tree."""
    here = Path(os.path.realpath(cwd))
    return [str(folder) for folder in (here, *here.parents) if _within(str(folder), top)]


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def formats_of_projects(projects: Iterable[tuple[Workspace, str]]) -> tuple[Format, ...]:
    """The formats that projects have copies in; one that is broken is left out."""
    found: dict[str, Format] = {}
    for space, name in projects:
        for target in targets_of(space.config, name):
            try:
                found.setdefault(target.format, space.formats.load(target.format))
            except FormatError:
                continue
    return tuple(found.values())


def _formats_of_locks(here: Repository) -> Iterator[Format]:
    """The formats that the locks here name."""
    disk = LocalDisk()
    for folder in here.locks:
        for _, target in read_lock(_text(disk, folder, LOCK_FILE) or "") or {}:
            try:
                yield here.formats.load(target)
            except FormatError:
                continue


def paths_of(here: Repository, hook: str) -> tuple[str, ...]:
    """The paths of the repository that a hook asks about before it starts anything."""
    own = {space.root for space in here.hubs}
    below = dict.fromkeys(here.below(_root(space, name)) for space, name in here.projects)
    below |= dict.fromkeys(os.path.relpath(folder, here.top).replace(os.sep, "/").removeprefix(".") for folder in here.locks)
    hubs = [
        f"{here.below(space.root)}/{path}".strip("/")
        for space in here.hubs for path in (space.config.agents.rstrip("/"), HUB_FILE)
    ]
    if hook in PROJECT_HOOKS:
        return watched((*formats_of_projects(here.projects), *_formats_of_locks(here)), tuple(below), hubs if own else ())
    return watched((), (), hubs)


def _root(space: Workspace, name: str) -> str:
    known = space.user.hubs[space.id]
    return known.projects[name]


def wanted_hooks(here: Repository) -> tuple[str, ...]:
    """The hooks that a repository needs for what lies in it."""
    wanted = {*(PROJECT_HOOKS if here.projects else PROJECT_HOOKS[:1] if here.locks else ()), *(HUB_HOOKS if here.hubs else ())}
    return tuple(hook for hook in HOOKS if hook in wanted)


# ---- in the hooks folder ------------------------------------------------------------------------------------------

State = Literal["installed", "beside another", "outdated", "missing", "foreign"]
"""beside another: ours is in a hook that does something else too. foreign: only somebody else's is there."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook as it stands."""

    name: str
    path: str
    state: State


@dataclass(frozen=True, slots=True)
class Done:
    """What was written or removed, as paths with a word for each."""

    path: str
    word: str


def folder_of(here: Repository) -> str:
    """The folder of the repository's hooks. AgentsyncError where it is one that all repositories of this machine share."""
    folder, scope = git.hooks_folder(here.top)
    if scope in ("global", "system", "command"):
        what = f"core.hooksPath is set for all your repositories ({folder}), and hooks written there would run in each of them"
        raise AgentsyncError(Problem("hooks-path", what, hint="git config --local core.hooksPath .git/hooks  (or: agentsync hook install --shared)"))
    return folder


def install(here: Repository, disk: Disk, *, skip: frozenset[str] = frozenset()) -> list[Done]:
    """Put our hooks beside those that are there. skip: hooks that are not wanted in the folder."""
    folder = folder_of(here)
    make_root(folder)
    gone = _remove_aside(here, disk, folder)        # else the check would run twice
    return gone + [done for hook in wanted_hooks(here) if hook not in skip and (done := _install_one(here, disk, folder, hook)) is not None]


def _ours(here: Repository, hook: str) -> str:
    return block(hook, paths_of(here, hook), sys.executable or None)


def _install_one(here: Repository, disk: Disk, folder: str, hook: str) -> Done | None:
    path, ours = str(Path(folder, hook)), _ours(here, hook)
    old = _text(disk, folder, hook)
    kept = Path(folder, kept_name(hook))
    runs = old is None or os.name == "nt" or os.access(path, os.X_OK)
    if old is None or has_block(old) or (is_shell(old) and runs):
        new = with_block(old, ours)
    else:
        # Another language, whose file can hold no line of ours, or a hook that its mode switches off and that must stay so.
        if kept.exists():
            raise AgentsyncError(Problem("hook", "a hook from before is kept there already", path=str(kept), hint="agentsync hook remove"))
        Path(path).replace(kept)
        old, new = None, chained(ours, kept.name) if runs else with_block(None, ours)
    if new == old:
        return None
    disk.write(folder, hook, encode(new), expected=None if old is None else encode(old), mode=_RUNS)
    return Done(path, "written" if old is None else "changed")


def remove(here: Repository, disk: Disk) -> list[Done]:
    """Take our hooks out, those too that somebody put aside; everything else has the bytes it had."""
    folder, _ = git.hooks_folder(here.top)
    found = [done for hook in HOOKS if (done := _remove_one(disk, folder, hook, hook)) is not None]
    return found + _remove_aside(here, disk, folder)


def _remove_aside(here: Repository, disk: Disk, folder: str) -> list[Done]:
    """Take our hooks out of where they lie if a manager of hooks came after us: renamed, or in the folder that git looked in before."""
    home = git.git_folder(here.main)
    own = None if home is None else os.path.realpath(Path(home, "hooks"))
    spots = [(folder, hook, end) for hook in HOOKS for end in _ASIDE]
    spots += [(own, hook, end) for hook in HOOKS for end in ("", *_ASIDE) if own is not None and own != folder]
    return [done for where, hook, end in spots if (done := _remove_one(disk, where, hook, f"{hook}{end}")) is not None]


def _remove_one(disk: Disk, folder: str, hook: str, name: str) -> Done | None:
    """Take our block out of the file of that name, which is or was a hook's; None where it holds none."""
    old = _text(disk, folder, name)
    if old is None or not has_block(old):
        return None
    path, kept = str(Path(folder, name)), Path(folder, kept_name(hook))
    if kept.exists():
        kept.replace(path)
        return Done(path, "as before")
    new = without_block(old)
    if new is None:
        disk.delete(folder, name, expected=encode(old))
    else:
        disk.write(folder, name, encode(new), expected=encode(old))
    return Done(path, "removed" if new is None else "as before")


def status(here: Repository, disk: Disk) -> list[Hook]:
    """How the hooks stand that this repository needs, and those of ours that it does not need any more."""
    folder, _ = git.hooks_folder(here.top)
    wanted = wanted_hooks(here)
    found = []
    for hook in HOOKS:
        text = _text(disk, folder, hook)
        mine = text is not None and has_block(text)
        if hook not in wanted and not mine:
            continue
        state: State = "missing" if text is None else "foreign"
        if mine and text is not None:
            alone = without_block(text) is None
            state = ("installed" if alone else "beside another") if _ours(here, hook) in text else "outdated"
        found.append(Hook(hook, str(Path(folder, hook)), state))
    return found


def refresh(here: Repository, disk: Disk) -> None:
    """Bring hooks of ours up to the projects' targets of today. A hook that runs now is read to its end from the file it was."""
    folder, _ = git.hooks_folder(here.top)
    for hook in wanted_hooks(here):
        text = _text(disk, folder, hook)
        if text is not None and has_block(text) and _ours(here, hook) not in text:
            disk.write(folder, hook, encode(with_block(text, _ours(here, hook))), expected=encode(text))


def _text(disk: Disk, folder: str, path: str) -> str | None:
    """A file's text; None where there is none, or no folder for it."""
    if disk.identity(folder) is None or disk.look(folder, path) is None:
        return None
    return decode(disk.read(folder, path).data)


# ---- in files of the team -----------------------------------------------------------------------------------------


def shared_files(here: Repository, disk: Disk) -> list[tuple[Shared, str]]:
    """The tracked files of a team that run hooks, with their texts."""
    found = []
    for shared in SHARED:
        try:
            text = _text(disk, here.top, shared.path)
        except DiskError:
            continue
        if text is not None:
            found.append((shared, text))
    if not found and Path(here.top, ".husky").is_dir():
        found.append((SHARED[0], ""))
    return found


def install_shared(here: Repository, disk: Disk) -> list[Done]:
    """Add the check to the first file of the team's that runs hooks."""
    files = shared_files(here, disk)
    if not files:
        names = ".husky/, lefthook.yml or .pre-commit-config.yaml"
        raise AgentsyncError(Problem("shared", f"there is no {names} in this repository to add the check to", hint="agentsync hook install"))
    shared, old = next(((one, text) for one, text in files if has_block(text)), files[0])
    new = share(shared, old, paths_of(here, "pre-commit"))
    if new == old:
        return []
    there = disk.look(here.top, shared.path) is not None
    disk.write(here.top, shared.path, encode(new), expected=encode(old) if there else None, mode=_RUNS if shared.kind == "shell" else None)
    return [Done(str(Path(here.top, shared.path)), "changed" if there else "written")]


def remove_shared(here: Repository, disk: Disk) -> list[Done]:
    """Take the check out of the team's files."""
    found = []
    for shared, old in shared_files(here, disk):
        if has_block(old):
            new = without_block(old) if shared.kind == "shell" else unshare(old)
            if not new:
                disk.delete(here.top, shared.path, expected=encode(old))
            else:
                disk.write(here.top, shared.path, encode(new), expected=encode(old))
            found.append(Done(str(Path(here.top, shared.path)), "as before"))
    return found
