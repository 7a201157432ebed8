"""The format files of the user and of a hub, read from disk: `<configuration>/formats/*.yaml` and `<hub>/formats/*.yaml`.

Floor 5. The user's own may be links, into a repository of dot-files; in a hub, which arrives by git, no link is followed. What
is in the files is for `agentsync.formats.registry` to judge, and only when one of them is asked for.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from agentsync.disk import Disk, DiskError, decode
from agentsync.formats import SHIPPED, OwnFile, Registry
from agentsync.formats.source import MAX_CHARACTERS
from agentsync.model import Problem

FOLDER: Final = "formats"
_SUFFIX: Final = ".yaml"
_MISTAKEN: Final = ".yml"
_MANY: Final = 100
_LARGE: Final = 4 * MAX_CHARACTERS
"""In bytes; the loader says by itself that a text is too long, and what is far longer need not be read for that."""


def registry(disk: Disk, config: str, hub: str | None, trusted: Mapping[str, str]) -> Registry:
    """The formats known to a run. config: the user's configuration folder. hub: the hub's, if one is meant; trusted: id to digest."""
    files = (*user_files(disk, config), *(hub_files(disk, hub, trusted) if hub is not None else ()))
    return Registry(files) if files else SHIPPED


def user_files(disk: Disk, config: str) -> tuple[OwnFile, ...]:
    """The user's own format files."""
    folder = Path(config, FOLDER)
    return _files(disk, os.path.realpath(folder), str(folder), _names(folder), "yours")


def hub_files(disk: Disk, hub: str, trusted: Mapping[str, str]) -> tuple[OwnFile, ...]:
    """A hub's format files, each with what was trusted of it."""
    folder = Path(hub, FOLDER)
    if folder.is_symlink():
        return ()
    found = _files(disk, str(folder), _shown(folder), _names(folder), "hub")
    return tuple(replace(file, trusted=trusted.get(file.id)) for file in found)


def _names(folder: Path) -> list[str]:
    """The files of a folder that are meant as format files. Looked up without the disk's walk: most folders are not there."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(name for name in names if name.endswith((_SUFFIX, _MISTAKEN)) and not name.startswith("."))


def _files(disk: Disk, root: str, shown: str, names: Sequence[str], origin: Literal["yours", "hub"]) -> tuple[OwnFile, ...]:
    """The files, read; of very many, which somebody may have put into a hub to cost us time, the rest is only named."""
    read = [_file(disk, root, name, shown, origin) for name in names[:_MANY]]
    what = f"there are {len(names)} format files here, at most {_MANY} are read"
    rest = ((Path(name).stem, str(Path(shown, name))) for name in names[_MANY:])
    return (*read, *(OwnFile(stem, path, "", "", origin, trouble=Problem("format-many", what, path, hint=f"rm {path}")) for stem, path in rest))


def _file(disk: Disk, root: str, name: str, shown: str, origin: Literal["yours", "hub"]) -> OwnFile:
    path = str(Path(shown, name))
    stem = Path(name).stem
    if name.endswith(_MISTAKEN):
        what = f"a format file is called {stem}{_SUFFIX} ({name})"
        return OwnFile(stem, path, "", "", origin, trouble=Problem("format-name", what, path, hint=f"mv {path} {Path(shown, stem + _SUFFIX)}"))
    place = Path(root, name)
    if origin == "yours":
        place = Path(os.path.realpath(place))
    try:
        data = disk.read(str(place.parent), place.name, _LARGE).data
    except DiskError as error:
        return OwnFile(stem, path, "", "", origin, trouble=replace(error.problem, path=path))
    return OwnFile(stem, path, decode(data), hashlib.sha256(data).hexdigest(), origin)


def _shown(folder: Path) -> str:
    """A folder as messages show it: relative where that is shorter."""
    relative = os.path.relpath(folder)
    return relative if len(relative) < len(str(folder)) else str(folder)
