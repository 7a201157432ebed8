"""Which folders hold what a run reads, what lies in them now, and on which file systems nobody is told of changes.

A folder is watched by itself, never with all that is below it: a repository has thousands of folders that hold no agent. The way
down to a folder is watched for the one name that leads on, so that a folder is noticed when it appears, goes or is made anew.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from agentsync import hub
from agentsync.config import HUB_FILE
from agentsync.disk import is_temporary
from agentsync.formats import FormatError
from agentsync.formats.globs import is_plain
from agentsync.git import UNFINISHED
from agentsync.own_formats import FOLDER
from agentsync.workspace import SYSTEM, USER_FILE, Workspace, project_root, top_of

Names: TypeAlias = frozenset[str] | None
"""The names in a folder that matter; None: all of them."""

Spots: TypeAlias = dict[str, Names]
"""Real folders that exist, each with what matters in it."""

Listing: TypeAlias = dict[str, tuple[int, int, int]]
"""Files by path, each with inode, size and time."""

_FORMATS: Final = (f"{FOLDER}/*.yaml", f"{FOLDER}/*.yml")
_MANY: Final = 256
"""More folders of one project are not watched, they are scanned."""

# Changes that another machine, or the program behind a mount, makes are told to nobody here.
_SILENT: Final = re.compile(r"nfs\d?|cifs|smb\w*|9p|fuse.*|afs|ceph|glusterfs|lustre|vboxsf|prl_fs|vmhgfs|virtiofs|drvfs|davfs")


def project_spots(space: Workspace, name: str) -> Spots:
    """The folders of a project: those of its targets' formats, and its repository's HEAD."""
    root = project_root(space, name)
    if root is None:
        return {}
    globs: list[str] = []
    for target in hub.targets_of(space.config, name):
        try:
            rules = space.formats.load(target.format)
        except FormatError:
            continue
        globs += [glob for where in rules.where if where.scope == target.scope and where.os in (None, SYSTEM) for glob in where.read]
    found = spots(root, globs)
    return joined(found, head_spots(root)) if space.config.projects[name].scope == "project" else found


def hub_spots(space: Workspace) -> Spots:
    """The folders of the hub's agents, and the HEAD of its repository."""
    return joined(spots(space.root, [f"{space.config.agents.rstrip('/')}/**/*.md"]), spots(space.agents_folder, ["**/*.md"]), head_spots(space.root))


def settings_spots(space: Workspace) -> Spots:
    """Where agentsync.yaml, the user's configuration and formats of one's own lie."""
    config, linked = Path(space.machine.config), Path(os.path.realpath(Path(space.machine.config, USER_FILE)))
    return joined(
        spots(space.root, [HUB_FILE, *_FORMATS]), spots(str(config), [USER_FILE, *_FORMATS]), spots(str(linked.parent), [linked.name]),
    )


def head_spots(root: str) -> Spots:
    """The repository's own folder, for the files that say what is checked out and what is unfinished."""
    own = own_folder(root)
    return {} if own is None else {own: frozenset({"HEAD", *(name for name, _ in UNFINISHED)})}


def own_folder(root: str) -> str | None:
    """The folder in which git keeps HEAD for this work tree, or None. Looked up by hand: no process a project."""
    top = top_of(root)
    if top is None:
        return None
    own = Path(top, ".git")
    if own.is_dir():
        return os.path.realpath(own)
    try:
        word = own.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    linked = Path(top, word.removeprefix("gitdir: "))
    return os.path.realpath(linked) if word.startswith("gitdir: ") and linked.is_dir() else None


def spots(root: str, globs: Iterable[str]) -> Spots:
    """The folders in which files found by these globs lie, or may come to lie."""
    found: dict[str, set[str] | None] = {}
    start = Path(os.path.realpath(root))
    missing: list[str] = []
    while not start.is_dir() and start != start.parent:
        missing.insert(0, start.name)
        start = start.parent
    if missing:
        return {str(start): frozenset({missing[0]})}
    for glob in globs:
        *steps, last = glob.split("/")
        folders = [str(start)]
        for step in steps:
            folders = _down(found, folders, step)
        for folder in folders:
            _want(found, folder, last)
    return {folder: None if names is None else frozenset(names) for folder, names in found.items()}


def _down(found: dict[str, set[str] | None], folders: Iterable[str], step: str) -> list[str]:
    """The folders one step further down, and what is to be watched for that."""
    below: list[str] = []
    for folder in folders:
        _want(found, folder, step)
        if step == "**":
            below.append(folder)
            below += _all_below(found, folder)
        elif is_plain(step):
            child = f"{folder}/{step}"
            below += [child] if _is_folder(child) else []
        else:
            below += _inner(folder)
    return below


def _all_below(found: dict[str, set[str] | None], folder: str) -> list[str]:
    below: list[str] = []
    waiting = _inner(folder)
    while waiting and len(below) < 2 * _MANY:
        inner = waiting.pop()
        found[inner] = None
        below.append(inner)
        waiting += _inner(inner)
    return below


def _want(found: dict[str, set[str] | None], folder: str, name: str) -> None:
    if not is_plain(name) or found.get(folder, ()) is None:
        found[folder] = None
    else:
        names = found.setdefault(folder, set())
        if names is not None:
            names.add(name)


def _inner(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.path for entry in entries if entry.name != ".git" and entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def joined(*parts: Mapping[str, Names]) -> Spots:
    """Several spots as one."""
    found: Spots = {}
    for part in parts:
        for folder, names in part.items():
            known = found.get(folder, frozenset())
            found[folder] = None if names is None or known is None else known | names
    return found


def listing(where: Mapping[str, Names]) -> Listing:
    """The files that matter in these folders, as they are now."""
    found: Listing = {}
    for folder, names in where.items():
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if (names is None or entry.name in names) and not is_temporary(entry.name):
                        status = entry.stat(follow_symlinks=False)
                        if not stat.S_ISDIR(status.st_mode):
                            found[entry.path] = (status.st_ino, status.st_size, status.st_mtime_ns)
        except OSError:
            continue
    return found


def mounts() -> str:
    """The system's table of mounts, where it has one to read."""
    try:
        return Path("/proc/mounts").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def silent(path: str, table: str) -> str | None:
    """The kind of file system a path lies on, if changes there are not told; else None. table: what `mounts` gave.

    >>> silent("/mnt/a b/c", "x / ext4 rw 0 0\\nhost:/ /mnt/a\\\\040b nfs4 rw 0 0")
    'nfs4'
    """
    best, kind = "", ""
    for line in table.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), parts[1])
        if len(point) >= len(best) and (path == point or path.startswith(point.rstrip("/") + "/")):
            best, kind = point, parts[2]
    return kind if _SILENT.fullmatch(kind) else None


def too_many(where: Mapping[str, Names]) -> bool:
    """Whether these are too many folders to watch each of them."""
    return len(where) > _MANY
