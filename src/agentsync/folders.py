"""Open folders: a root, and what lies below it, reached name by name against open descriptors and never through a link.

Side module, below `disk`: it opens and makes folders, and says in our words what could not be done.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NoReturn

from agentsync.model import AgentsyncError, Problem

_DESCRIPTORS: Final = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_FOLDER_FLAGS: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)

Kind = Literal["file", "folder", "link", "other"]


class DiskError(AgentsyncError):
    """A file that could not be read or written; `problem.code` says why (`link`, `changed`, `full`, `outside` …)."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a stat says of a file. Equal stamps mean equal contents, but for the racy ones (see `settled`)."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    def settled(self, now_ns: int) -> bool:
        """Whether the file was last changed long enough before `now_ns` for any later change to show in the stamp.

        File systems tick as slowly as every two seconds (FAT, SMB); within one tick a second write of equal size leaves no trace.
        """
        return max(self.modified_ns, self.changed_ns) < now_ns - 2_500_000_000


class Folder:
    """An open folder. Where the system has no descriptors of folders (Windows), `fd` is None and paths are joined instead.

    durable: what is written in it has to survive a power cut.
    """

    __slots__ = ("durable", "fd", "path")

    def __init__(self, path: str, fd: int | None, *, durable: bool = True) -> None:
        self.path, self.fd, self.durable = path, fd, durable

    def at(self, name: str) -> str:
        """What to call an entry in a system call that gets `dir_fd=self.fd`."""
        return name if self.fd is not None else os.path.join(self.path, name)  # noqa: PTH118 - a Path per entry is too slow

    def stat(self, name: str) -> os.stat_result | None:
        """The entry itself, not what it links to; None where there is none."""
        try:
            return os.stat(self.at(name), dir_fd=self.fd, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            fail("read", name, error)

    def make_durable(self, path: str) -> None:
        """Make names in this folder survive a power cut, where that is wanted."""
        if self.durable and self.fd is not None:
            try:
                os.fsync(self.fd)
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems know no fsync of folders
                    fail("made durable", path, error)


class open_folder:  # noqa: N801 - used as a function; a generator would cost a tenth of a write
    """The folder below a root; None where it does not exist and is not to be made. A link on the way is a DiskError."""

    __slots__ = ("_create", "_durable", "_opened", "_parts", "_root")

    def __init__(self, root: str, parts: Sequence[str], *, create: bool = False, durable: bool = True) -> None:
        self._root, self._parts, self._create, self._durable = root, parts, create, durable
        self._opened: list[int] = []

    def __enter__(self) -> Folder | None:
        try:
            return self._found()
        except BaseException:
            self._close()
            raise

    def __exit__(self, *_: object) -> None:
        self._close()

    def _found(self) -> Folder | None:
        folder: Folder | None = Folder(self._root, None, durable=self._durable)
        if _DESCRIPTORS:
            try:
                self._opened.append(os.open(self._root, _FOLDER_FLAGS))
            except OSError as error:
                fail("opened", self._root, error)
            folder = Folder(self._root, self._opened[-1], durable=self._durable)
        for number, part in enumerate(self._parts):
            shown = "/".join(self._parts[: number + 1])
            assert folder is not None  # noqa: S101 - the loop ends where it becomes None
            folder = enter(folder, part, shown, create=self._create)
            if folder is None:
                break
            if folder.fd is not None:
                self._opened.append(folder.fd)
        return folder

    def _close(self) -> None:
        while self._opened:
            os.close(self._opened.pop())


def enter(folder: Folder, name: str, shown: str, *, create: bool) -> Folder | None:
    """A folder inside an open one, made if wanted; None where there is none."""
    found = folder.stat(name)
    if found is None:
        if not create:
            return None
        try:
            os.mkdir(folder.at(name), dir_fd=folder.fd)
        except FileExistsError:
            pass
        except OSError as error:
            fail("made", shown, error)
        folder.make_durable(shown)
    elif kind_of(found) == "link":
        raise DiskError(Problem("link", "the folder is a symbolic link; agentsync goes through none", path=shown))
    elif kind_of(found) != "folder":
        raise DiskError(Problem("no-folder", "there is a file where a folder should be", path=shown))
    path = f"{folder.path}{os.sep}{name}"
    if folder.fd is None:
        return Folder(path, None, durable=folder.durable)
    try:
        return Folder(path, os.open(name, _FOLDER_FLAGS | NO_FOLLOW, dir_fd=folder.fd), durable=folder.durable)
    except OSError as error:
        fail("opened", shown, error)


def kind_of(found: os.stat_result) -> Kind:
    # A junction or another reparse point of Windows leads elsewhere as a link does.
    if stat.S_ISLNK(found.st_mode) or bool(getattr(found, "st_reparse_tag", 0)):
        return "link"
    return "file" if stat.S_ISREG(found.st_mode) else "folder" if stat.S_ISDIR(found.st_mode) else "other"


def stamp_of(found: os.stat_result) -> Stamp:
    return Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


_WHY: Final = {
    errno.ENOSPC: ("full", "the disk is full"),
    errno.EDQUOT: ("full", "the disk quota is used up"),
    errno.EROFS: ("read-only", "the file system is read-only"),
    errno.EACCES: ("denied", "permission denied"),
    errno.EPERM: ("denied", "operation not permitted"),
    errno.ELOOP: ("link", "it is a symbolic link"),
    errno.ENOENT: ("missing", "it does not exist"),
    errno.ENOTDIR: ("no-folder", "it is no folder"),
    errno.EIO: ("io", "input or output error"),
}


def fail(done: str, path: str, error: OSError) -> NoReturn:
    """Say what could not be done to a path, in our words where we have some."""
    code, why = _WHY.get(error.errno or 0, ("io", error.strerror or str(error)))
    raise DiskError(Problem(code, f"cannot be {done}: {why}", path=path)) from error
