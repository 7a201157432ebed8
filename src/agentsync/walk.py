"""A walk that only tells whether anything changed: names and stats of whole folders folded into one digest, with no object kept a file.

Side module, below `disk`. It costs little more than the system calls, and it decides nothing: where the digest is not the one that was
recorded, or anything is odd (a link on the way, no permission), the files are looked at one by one.
"""

from __future__ import annotations

import marshal
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from operator import attrgetter
from typing import Final, TypeAlias

_DEPTH: Final = 32
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_INSIDE: Final = _FLAGS | getattr(os, "O_NOFOLLOW", 0)
_ABLE: Final = os.open in os.supports_dir_fd and os.stat in os.supports_dir_fd and os.scandir in os.supports_fd and hasattr(os, "O_NOFOLLOW")
_SAYS: Final = attrgetter("st_mode", "st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
_MODIFIED, _CHANGED = 4, 5

Stat: TypeAlias = tuple[int, ...]
Steps: TypeAlias = Mapping[str, "Steps | bool"]
"""What to walk below a folder: a name to what is wanted inside; True: all that lies below it; False: just that one file."""

_Lines: TypeAlias = list[tuple[str, list[str], list[Stat]]]


class _Odd(Exception):
    """Something that only a proper look can judge."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a walk came to. lines: for each folder what is no folder in it, as names and stats."""

    digest: bytes
    lines: _Lines

    def settled(self, now_ns: int) -> bool:
        """Whether all of it was last changed so long before `now_ns` that any later change shows (see `disk.Stamp.settled`)."""
        limit = now_ns - 2_500_000_000
        return all(says[_MODIFIED] < limit and says[_CHANGED] < limit for _, _, stats in self.lines for says in stats)

    def names(self) -> Iterable[str]:
        """The names of all files, without their folders."""
        return (name for _, names, _ in self.lines for name in names)


def steps_to(folders: Iterable[str], files: Iterable[str]) -> Steps:
    """The steps to these folders, whole, and to these files.

    >>> steps_to(["a/b"], ["a/c", "a/b/d"])
    {'a': {'b': True, 'c': False}}
    """
    root: dict[str, Steps | bool] = {}
    for path, whole in (*((path, True) for path in sorted(folders)), *((path, False) for path in sorted(files))):
        at, (*above, last) = root, path.split("/")
        for name in above:
            below = at.setdefault(name, {})
            if below is True:
                break
            if below is False:      # a file of that name is wanted too: the folder is what is walked
                below = at[name] = {}
            assert isinstance(below, dict)  # noqa: S101 - made here
            at = below
        else:
            if at.get(last) is not True:
                at[last] = True if whole else at.get(last, False)
    return root


def walk(root: str, steps: Steps) -> Trace | None:
    """What lies at these steps below a root, following no link. None where that cannot be told this way."""
    if not _ABLE or "" in steps:
        return None
    lines: _Lines = []
    try:
        fd = os.open(root, _FLAGS)
        try:
            _follow(lines, fd, "", steps)
        finally:
            os.close(fd)
    except (OSError, _Odd):
        return None
    return Trace(sha256(marshal.dumps(lines, 0)).digest(), lines)       # version 0: equal values give equal bytes


def _follow(lines: _Lines, fd: int, path: str, steps: Steps) -> None:
    """Take the steps below an open folder. What is not there leaves a line too."""
    names: list[str] = []
    stats: list[Stat] = []
    for name, below in steps.items():
        try:
            if below is False:
                stats.append(_SAYS(os.stat(name, dir_fd=fd, follow_symlinks=False)))
                names.append(name)
                continue
            inner = os.open(name, _INSIDE, dir_fd=fd)
        except FileNotFoundError:
            continue
        try:
            if below is True:
                _scan(lines, inner, f"{path}/{name}", 0)
            else:
                _follow(lines, inner, f"{path}/{name}", below)
        finally:
            os.close(inner)
    lines.append((path, names, stats))


def _scan(lines: _Lines, fd: int, path: str, depth: int) -> None:
    """All that lies below an open folder."""
    if depth > _DEPTH:
        raise _Odd
    with os.scandir(fd) as entries:
        found = {entry.name: _SAYS(entry.stat(follow_symlinks=False)) for entry in entries}
    folders = sorted(name for name, says in found.items() if stat.S_ISDIR(says[0]))
    for name in folders:
        del found[name]
    names = sorted(found)
    lines.append((f"{path}/", names, list(map(found.__getitem__, names))))
    for name in folders:
        if name.casefold() == ".git":
            continue
        inner = os.open(name, _INSIDE, dir_fd=fd)
        try:
            _scan(lines, inner, f"{path}/{name}", depth + 1)
        finally:
            os.close(inner)
