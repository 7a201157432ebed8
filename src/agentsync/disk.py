"""The only module that reads and writes files: inside a root, atomically, never through a symlink.

Every path is relative to a root and is resolved folder by folder against open descriptors with O_NOFOLLOW, so that neither
`..`, an absolute path, a link nor a parent swapped meanwhile leads out of it. A write goes to `.agentsync-*.tmp` beside the
file, is made durable, and replaces the file only if that still holds the bytes the plan was made on. Between that last look
and the rename lies a window of microseconds that no portable call closes.

All effects pass the `Disk` protocol: recording and failing disks in the tests are wrappers around `LocalDisk`.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import stat
import time
from dataclasses import dataclass
from typing import Final, Protocol

from agentsync.folders import NO_FOLLOW, DiskError, Folder, Kind, Stamp, enter, fail, kind_of, open_folder, stamp_of
from agentsync.model import Problem
from agentsync.walk import Steps, Trace, walk

__all__ = [
    "LIMIT", "TEMPORARY", "Disk", "DiskError", "Entry", "File", "Kind", "LocalDisk", "Stamp", "decode", "encode", "is_temporary", "make_root",
    "parts_of",
]  # fmt: skip

LIMIT: Final = 1 << 20
"""The largest file that is read, in bytes; agent files are far smaller, and a hostile one must not cost memory."""

TEMPORARY: Final = (".agentsync-", ".tmp")
"""How temporary files begin and end; no assistant loads such a name."""

_ABANDONED_SECONDS: Final = 24 * 3600
_DEPTH: Final = 32
_NO_NAMES: Final = frozenset({"", ".", ".."})
_WINDOWS: Final = os.name == "nt"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something found below a root."""

    path: str
    kind: Kind
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class File:
    """The contents of a file, with the stamp and mode it had when it was read."""

    data: bytes
    stamp: Stamp
    mode: int


class Disk(Protocol):
    """Everything agentsync does to files. `root` is an absolute folder, `path` relative to it with `/`."""

    def identity(self, root: str) -> tuple[int, int] | None:
        """Device and inode of a root, or None where there is no such folder."""

    def scan(self, root: str, folder: str = "") -> tuple[Entry, ...]:
        """Files, links and the rest below a folder, sorted, following no link; nothing where there is no folder."""

    def trace(self, root: str, steps: Steps) -> Trace | None:
        """A digest of all that `scan` and `look` would say at these steps; None where it takes them to tell."""

    def look(self, root: str, path: str) -> Entry | None:
        """What stands at a path, or None. A link on the way to it is a DiskError."""

    def read(self, root: str, path: str, limit: int = LIMIT) -> File:
        """A regular file's contents; DiskError for anything else, `missing` where there is nothing."""

    def write(self, root: str, path: str, data: bytes, *, expected: bytes | None, mode: int | None = None) -> Stamp:
        """Replace or, with `expected` None, create a file, atomically and durably; its mode is kept.

        DiskError `changed` where the file does not hold exactly `expected`: then nothing was written.
        """

    def delete(self, root: str, path: str, *, expected: bytes) -> None:
        """Delete a file that holds exactly `expected`, durably."""

    def make_folder(self, root: str, path: str) -> None:
        """Make a folder and those above it, below the root."""

    def temporaries(self, root: str, folder: str = "") -> tuple[str, ...]:
        """Temporary files of ours in a folder itself, whoever left them there."""

    def sweep(self, root: str, path: str) -> None:
        """Delete a temporary file that a killed run of ours left behind."""


def decode(data: bytes) -> str:
    """Text of a file; bytes that are no UTF-8 become lone surrogates, which `encode` gives back."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Bytes of a text. DiskError for a lone surrogate that stands for no byte: it has no UTF-8."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        what = f"the text holds a half character (U+{ord(text[error.start]):04X}) that no file can hold"
        raise DiskError(Problem("surrogate", what)) from None


def parts_of(path: str) -> tuple[str, ...]:
    """The names of a relative path. DiskError for one that is absolute, climbs, or reaches into a `.git` folder."""
    parts = tuple(path.split("/"))
    for part in parts:
        bad = part in _NO_NAMES or "\0" in part or (part[0] == "." and part.casefold() == ".git")
        if bad or (_WINDOWS and ("\\" in part or ":" in part)):
            raise DiskError(Problem("outside", f"{path!r} is no path below a project's folder", path=path))
    return parts


def is_temporary(path: str) -> bool:
    """Whether a path is one of our temporary files."""
    name = path.rpartition("/")[2]
    return name.startswith(TEMPORARY[0]) and name.endswith(TEMPORARY[1])


def make_root(folder: str, *, private: bool = False) -> None:
    """Make a folder that is to be a root, with those above it; `private` closes it to other users."""
    os.makedirs(folder, mode=0o700 if private else 0o777, exist_ok=True)  # noqa: PTH103 - paths are plain text here


class LocalDisk:
    """The real disk. `owner` (the hub's id) marks temporary files, so that sweeping under one hub's lock spares those of others.

    With `durable` False files are replaced just as atomically, but nothing waits until they would survive a power cut. That is
    for output which no record speaks of and the same command makes again: a write costs a fifth then.
    """

    def __init__(self, owner: str = "", *, durable: bool = True) -> None:
        self._owner = "".join(c for c in owner if c.isalnum())[:12] or "none"
        self._durable = durable
        self._unique = secrets.token_hex(6)
        self._written = itertools.count()

    def identity(self, root: str) -> tuple[int, int] | None:
        try:
            found = os.stat(root)  # noqa: PTH116 - one call a root in every run, paths are plain text here
        except OSError:
            return None
        return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None

    def scan(self, root: str, folder: str = "") -> tuple[Entry, ...]:
        found: list[Entry] = []
        with open_folder(root, parts_of(folder) if folder else ()) as start:
            if start is not None:
                _scan_into(found, start, folder, 0)
        return tuple(sorted(found, key=lambda entry: entry.path))

    def trace(self, root: str, steps: Steps) -> Trace | None:
        return walk(root, steps)

    def look(self, root: str, path: str) -> Entry | None:
        *folders, name = parts_of(path)
        with open_folder(root, folders) as folder:
            found = None if folder is None else folder.stat(name)
        return None if found is None else Entry(path, kind_of(found), stamp_of(found))

    def read(self, root: str, path: str, limit: int = LIMIT) -> File:
        *folders, name = parts_of(path)
        with open_folder(root, folders) as folder:
            file = None if folder is None else _read_in(folder, name, path, limit)
        if file is None:
            raise DiskError(Problem("missing", "there is no such file", path=path))
        return file

    def write(self, root: str, path: str, data: bytes, *, expected: bytes | None, mode: int | None = None) -> Stamp:
        *folders, name = parts_of(path)
        with open_folder(root, folders, create=True, durable=self._durable) as folder:
            assert folder is not None  # noqa: S101 - create=True makes it or raises
            # Where nothing is to be replaced, the look right before the rename says all there is to know.
            old = None if expected is None else _check(folder, name, path, expected)
            temporary = f"{TEMPORARY[0]}{self._owner}-{self._unique}-{next(self._written)}{TEMPORARY[1]}"
            try:
                _write_new(folder, temporary, data, mode if old is None else old.mode)
                _check(folder, name, path, expected)
                os.replace(folder.at(temporary), folder.at(name), src_dir_fd=folder.fd, dst_dir_fd=folder.fd)
            except BaseException as error:
                # Whatever happened, an interrupt too: no temporary file may stay that could be removed now.
                with contextlib.suppress(OSError):
                    os.unlink(folder.at(temporary), dir_fd=folder.fd)
                if isinstance(error, OSError):
                    fail("written", path, error)
                raise
            folder.make_durable(path)
            found = folder.stat(name)
        if found is None:
            raise DiskError(Problem("changed", "the file vanished while it was written", path=path))
        return stamp_of(found)

    def delete(self, root: str, path: str, *, expected: bytes) -> None:
        *folders, name = parts_of(path)
        with open_folder(root, folders) as folder:
            if folder is None:
                raise DiskError(Problem("changed", "the file is gone already", path=path))
            _check(folder, name, path, expected)
            try:
                os.unlink(folder.at(name), dir_fd=folder.fd)
            except OSError as error:
                fail("deleted", path, error)
            folder.make_durable(path)

    def make_folder(self, root: str, path: str) -> None:
        with open_folder(root, parts_of(path), create=True):
            pass

    def temporaries(self, root: str, folder: str = "") -> tuple[str, ...]:
        with open_folder(root, parts_of(folder) if folder else ()) as start:
            if start is None:
                return ()
            try:
                names = os.listdir(start.path if start.fd is None else start.fd)  # noqa: PTH208 - a descriptor has no Path
            except OSError as error:
                fail("read", folder or root, error)
        return tuple(f"{folder}/{name}" if folder else name for name in sorted(names) if is_temporary(name))

    def sweep(self, root: str, path: str) -> None:
        *folders, name = parts_of(path)
        with open_folder(root, folders) as folder:
            found = folder.stat(name) if folder is not None and is_temporary(path) else None
            if folder is None or found is None or kind_of(found) != "file":
                return
            abandoned = time.time() - found.st_mtime > _ABANDONED_SECONDS
            if name.startswith(f"{TEMPORARY[0]}{self._owner}-") or abandoned:
                with contextlib.suppress(OSError):
                    os.unlink(folder.at(name), dir_fd=folder.fd)


def _scan_into(found: list[Entry], folder: Folder, prefix: str, depth: int) -> None:
    """Collect what lies below an open folder."""
    if depth > _DEPTH:
        raise DiskError(Problem("too-deep", f"folders are nested more than {_DEPTH} deep", path=prefix))
    inner: list[tuple[str, str]] = []
    try:
        with os.scandir(folder.path if folder.fd is None else folder.fd) as entries:
            for entry in entries:
                path = f"{prefix}/{entry.name}" if prefix else entry.name
                status = entry.stat(follow_symlinks=False)
                kind = kind_of(status)
                if kind != "folder":
                    found.append(Entry(path, kind, stamp_of(status)))
                elif entry.name.casefold() != ".git":
                    inner.append((entry.name, path))
    except OSError as error:
        fail("read", prefix or folder.path, error)
    for name, path in inner:
        below = enter(folder, name, path, create=False)
        if below is None:
            continue
        try:
            _scan_into(found, below, path, depth + 1)
        finally:
            if below.fd is not None:
                os.close(below.fd)


def _read_in(folder: Folder, name: str, path: str, limit: int) -> File | None:
    """A regular file of an open folder; None where there is nothing."""
    before = folder.stat(name)
    if before is None:
        return None
    _refuse_odd(kind_of(before), path)
    try:
        fd = os.open(folder.at(name), os.O_RDONLY | NO_FOLLOW | getattr(os, "O_NONBLOCK", 0), dir_fd=folder.fd)
    except FileNotFoundError:
        return None
    except OSError as error:
        fail("read", path, error)
    try:
        found = os.fstat(fd)
        _refuse_odd(kind_of(found), path)
        if found.st_size > limit:
            what = f"the file is too large ({found.st_size} bytes), at most {limit} bytes are read"
            raise DiskError(Problem("too-large", what, path=path))
        chunks, room = [], limit + 1
        while room > 0 and (chunk := os.read(fd, min(found.st_size + 1, room) or 1)):
            chunks.append(chunk)
            room -= len(chunk)
            if len(chunk) == found.st_size:
                break  # all of it; whether it grew meanwhile, the stamp says
        data = b"".join(chunks)
        after = os.fstat(fd)
    except OSError as error:
        fail("read", path, error)
    finally:
        os.close(fd)
    if len(data) > limit or stamp_of(after) != stamp_of(found):
        raise DiskError(Problem("changed", "the file is being written by somebody", path=path, hint="run the command again"))
    return File(data, stamp_of(found), stat.S_IMODE(found.st_mode))


def _write_new(folder: Folder, name: str, data: bytes, mode: int | None) -> None:
    """Write a new file, durably in a durable folder. Without a mode it gets the user's usual one (umask); with one it never has a wider one."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW
    fd = os.open(folder.at(name), flags, 0o666 if mode is None else 0o600, dir_fd=folder.fd)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(fd, rest) :]
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(fd, mode)
        if folder.durable:
            os.fsync(fd)
    finally:
        os.close(fd)


def _check(folder: Folder, name: str, path: str, expected: bytes | None) -> File | None:
    """The file as it stands, if it is what the caller planned on; else DiskError `changed`."""
    # A file longer than expected differs, whatever it says; one more byte than expected is enough to see that.
    old = _read_in(folder, name, path, max(LIMIT, len(expected or b"")))
    if (None if old is None else old.data) != expected:
        what = "appeared" if expected is None else "vanished" if old is None else "was changed"
        raise DiskError(Problem("changed", f"the file {what} meanwhile and was left alone", path=path, hint="run the command again"))
    return old


def _refuse_odd(kind: Kind, path: str) -> None:
    """DiskError for everything that is no regular file."""
    if kind == "link":
        raise DiskError(Problem("link", "the file is a symbolic link; agentsync reads and writes through none", path=path))
    if kind != "file":
        raise DiskError(Problem("no-file", "this is no regular file", path=path))
