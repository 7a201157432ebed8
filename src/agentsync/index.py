"""What is staged in a repository: git's index read as if it were a disk, and changed.

Side module. While a commit of some files only is made, git works on another index and names it in GIT_INDEX_FILE: that is the one to read,
and nothing may be staged then.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentsync.disk import LIMIT, Disk, DiskError, Entry, File, Kind, Stamp
from agentsync.git import GitError, head_commit, run_git
from agentsync.model import Problem
from agentsync.walk import Steps, Trace

_KINDS: Final[Mapping[str, Kind]] = {"100644": "file", "100755": "file", "120000": "link"}
_NO_STAMP: Final = Stamp(0, 0, 0, 0, 0)
"""What is staged has no stat, so nothing that a ledger remembers of a file is taken for it."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A file in the index: its mode and the name of its contents."""

    mode: str
    blob: str


@dataclass(frozen=True, slots=True)
class Index:
    """The index a commit is made of. file: None for the repository's own; temporary: git made it for this one commit."""

    top: str
    file: str | None = None
    temporary: bool = False


def index_here(top: str) -> Index:
    """The index that git means where it called us, for the work tree with this top."""
    named = os.environ.get("GIT_INDEX_FILE")
    if not named:
        return Index(top)
    file = os.path.realpath(Path(top, named))
    own = _lines(top, "rev-parse", "--path-format=absolute", "--git-path", "index")
    return Index(top, file, temporary=file != os.path.realpath(own[0]) if own else True)


def _lines(top: str, *arguments: str) -> list[str]:
    done = run_git(top, *arguments)
    return os.fsdecode(done.stdout).splitlines() if done.returncode == 0 else []


def _checked(index: Index, *arguments: str, given: bytes | None = None) -> bytes:
    done = run_git(index.top, "--literal-pathspecs", *arguments, given=given, index=index.file)
    if done.returncode != 0:
        raise GitError(Problem("git", f"git {arguments[0]} failed: {os.fsdecode(done.stderr).strip()}", path=index.top))
    return done.stdout


def staged_files(index: Index) -> dict[str, Staged]:
    """Every file of the index that is not in conflict, by its path below the top."""
    found = {}
    for record in _checked(index, "ls-files", "--stage", "-z").split(b"\0"):
        words, _, path = record.partition(b"\t")
        if path:
            mode, blob, stage = words.decode("ascii").split()
            if stage == "0":
                found[os.fsdecode(path)] = Staged(mode, blob)
    return found


def staged_changes(index: Index, files: Mapping[str, Staged]) -> dict[str, Staged | None]:
    """What the next commit changes: path to what HEAD has there, None for a file that is new."""
    if head_commit(index.top) is None:
        return dict.fromkeys(files)
    found: dict[str, Staged | None] = {}
    records = _checked(index, "diff-index", "--cached", "--no-renames", "-z", "HEAD", "--").split(b"\0")
    for words, path in zip(records[::2], records[1::2], strict=False):
        mode, _, blob, _, status = words.decode("ascii").lstrip(":").split()
        found[os.fsdecode(path)] = None if status == "A" else Staged(mode, blob)
    return found


def contents(top: str, blobs: Iterable[str]) -> dict[str, bytes]:
    """The contents of blobs by name; those that are no agent's size or not there are left out."""
    wanted = list(dict.fromkeys(blobs))
    if not wanted:
        return {}
    sizes = run_git(top, "cat-file", "--batch-check", given="".join(f"{blob}\n" for blob in wanted).encode("ascii")).stdout
    small = [words[0] for line in sizes.decode("ascii").splitlines() if (words := line.split())[-1].isdigit() and int(words[-1]) <= LIMIT]
    data = run_git(top, "cat-file", "--batch", given="".join(f"{blob}\n" for blob in small).encode("ascii")).stdout
    found, at = {}, 0
    for blob in small:
        end = data.index(b"\n", at)
        size = int(data[at:end].split()[-1])
        found[blob] = data[end + 1 : end + 1 + size]
        at = end + 2 + size
    return found


def stage(index: Index, path: str, mode: str, data: bytes) -> None:
    """Put these bytes into the index as a file. The work tree is not touched, and no filter runs: what is staged is in git's own form."""
    blob = _checked(index, "hash-object", "-w", "--no-filters", "--stdin", given=data).decode("ascii").strip()
    _checked(index, "update-index", "-z", "--index-info", given=f"{mode} {blob}\t".encode("ascii") + os.fsencode(path) + b"\0")


class IndexDisk:
    """A disk that has, inside one repository, what is staged there, and elsewhere what is. It changes nothing.

    main: the top of the repository's main work tree, where projects are known to lie; `index` may be that of a linked one.
    """

    def __init__(self, inner: Disk, main: str, index: Index, files: Mapping[str, Staged]) -> None:
        self._inner, self._main, self._index, self._files = inner, main, index, files
        self._folders: dict[str, list[str]] = {}
        for path in sorted(files):
            self._folders.setdefault(path.rpartition("/")[0], []).append(path)
        self._data: dict[str, bytes] = {}

    def name(self, root: str, path: str) -> str | None:
        """A path as the repository names it; None for one outside of it, or in git's own folder."""
        inside = os.path.relpath(root, self._main).replace(os.sep, "/")
        if inside.split("/")[0] in ("..", ".git") or Path(inside).is_absolute():
            return None
        return path if inside == "." else f"{inside}/{path}".rstrip("/")

    def _entry(self, root: str, name: str) -> Entry:
        below = os.path.relpath(Path(self._main, name), root).replace(os.sep, "/")
        return Entry(below, _KINDS.get(self._files[name].mode, "other"), _NO_STAMP)

    def identity(self, root: str) -> tuple[int, int] | None:
        """As the disk below."""
        return self._inner.identity(root)

    def scan(self, root: str, folder: str = "") -> tuple[Entry, ...]:
        """The staged files below a folder."""
        name = self.name(root, folder)
        if name is None:
            return self._inner.scan(root, folder)
        inside = [files for at, files in self._folders.items() if not name or at == name or at.startswith(f"{name}/")]
        return tuple(sorted((self._entry(root, path) for files in inside for path in files), key=lambda entry: entry.path))

    def trace(self, root: str, steps: Steps) -> Trace | None:  # noqa: ARG002 - a Disk's
        """None: what is staged has no stats."""
        return None

    def look(self, root: str, path: str) -> Entry | None:
        """What is staged at a path."""
        name = self.name(root, path)
        if name is None:
            return self._inner.look(root, path)
        if name in self._files:
            return self._entry(root, name)
        return Entry(path, "folder", _NO_STAMP) if any(at == name or at.startswith(f"{name}/") for at in self._folders) else None

    def read(self, root: str, path: str, limit: int = LIMIT) -> File:
        """What is staged of a file. Its whole folder is read at once: one process for all agents."""
        name = self.name(root, path)
        if name is None:
            return self._inner.read(root, path, limit)
        entry = self._files.get(name)
        if entry is None:
            raise DiskError(Problem("missing", "there is no such file", path=path))
        if entry.mode not in _KINDS or _KINDS[entry.mode] != "file":
            raise DiskError(Problem("link", "this is staged as a link, which agentsync does not follow", path=path))
        if entry.blob not in self._data:
            self._fetch(name, entry)
        data = self._data.get(entry.blob)
        if data is None or len(data) > limit:
            raise DiskError(Problem("too-large", f"the file is larger than {limit} bytes", path=path))
        return File(data, _NO_STAMP, int(entry.mode[-3:], 8))

    def _fetch(self, name: str, entry: Staged) -> None:
        beside: Sequence[str] = self._folders[name.rpartition("/")[0]]
        suffix = Path(name).suffix
        blobs = [self._files[path].blob for path in beside if Path(path).suffix == suffix and self._files[path].mode in _KINDS]
        self._data.update(contents(self._index.top, [entry.blob, *blobs[:500]]))

    def write(self, root: str, path: str, data: bytes, *, expected: bytes | None, mode: int | None = None) -> Stamp:  # noqa: ARG002 - a Disk's
        """Refused."""
        raise DiskError(Problem("read-only", "what is staged is only looked at here", path=path))

    def delete(self, root: str, path: str, *, expected: bytes) -> None:  # noqa: ARG002 - a Disk's
        """Refused."""
        raise DiskError(Problem("read-only", "what is staged is only looked at here", path=path))

    def make_folder(self, root: str, path: str) -> None:  # noqa: ARG002 - a Disk's
        """Refused."""
        raise DiskError(Problem("read-only", "what is staged is only looked at here", path=path))

    def temporaries(self, root: str, folder: str = "") -> tuple[str, ...]:  # noqa: ARG002 - a Disk's
        """None: an index holds no file of ours that was only begun."""
        return ()

    def sweep(self, root: str, path: str) -> None:
        """Nothing: a run that only looks clears nothing away."""
