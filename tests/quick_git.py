"""What git would answer, read from the repository's own files in this process: for rounds by the thousand.

Starting git costs more than all that a run of agentsync does. Everything that changes a repository is still real git's work; questions about
it are answered here from the same objects, index and references, and some of the answers are compared with git's own. What is not plain
(packed objects, links, attributes, a linked work tree) is left to git.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import os
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from agentsync import git, history

_AUDIT: Final = 97
"""One answer in so many is compared with git's; no round number, so that all kinds of questions have their turn."""


class NotPlain(Exception):
    """git itself has to be asked."""


def make_plain(folder: Path) -> None:
    """Settings of a repository whose objects shall stay loose files, and that no power cut threatens."""
    config = folder / ".git/config"
    config.write_text(f"{config.read_text()}[gc]\n\tauto = 0\n[core]\n\tfsync = none\n[maintenance]\n\tauto = false\n")


class Repository:
    """One repository, read."""

    def __init__(self, top: str) -> None:
        self.top, self.own = top, os.path.join(top, ".git")
        self._objects: dict[str, tuple[bytes, bytes]] = {}
        self._trees: dict[str, dict[str, str]] = {}
        self._index: tuple[object, dict[str, str]] = (None, {})
        self._hashes: dict[str, tuple[object, str]] = {}

    # ---- objects and references ----

    def object(self, name: str) -> tuple[bytes, bytes]:
        """The type and content of an object. NotPlain where it is not a loose file."""
        found = self._objects.get(name)
        if found is None:
            try:
                with open(f"{self.own}/objects/{name[:2]}/{name[2:]}", "rb") as file:
                    head, _, data = zlib.decompress(file.read()).partition(b"\0")
            except OSError as error:
                raise NotPlain(name) from error
            found = self._objects[name] = (head.split(b" ")[0], data)
        return found

    def head(self) -> str | None:
        """The commit that is checked out; None before the first."""
        with open(f"{self.own}/HEAD", encoding="ascii") as file:
            word = file.read().strip()
        if word.startswith("ref: "):
            try:
                with open(f"{self.own}/{word[5:]}", encoding="ascii") as file:
                    word = file.read().strip()
            except FileNotFoundError:
                if os.path.exists(f"{self.own}/packed-refs"):
                    raise NotPlain("packed-refs") from None
                return None
        return word

    def branch(self) -> str | None:
        """The branch that is checked out."""
        with open(f"{self.own}/HEAD", encoding="utf-8") as file:
            word = file.read().strip()
        return word.removeprefix("ref: refs/heads/") if word.startswith("ref: refs/heads/") else None

    def commit(self, name: str) -> tuple[str, tuple[str, ...], int]:
        """A commit's tree, parents, and when it was made."""
        kind, data = self.object(name)
        if kind != b"commit":
            raise NotPlain(name)
        lines = data.split(b"\n\n", 1)[0].decode("utf-8", "replace").splitlines()
        words = [line.split(" ") for line in lines]
        date = next(int(word[-2]) for word in words if word[0] == "committer")
        return words[0][1], tuple(word[1] for word in words if word[0] == "parent"), date

    def tree(self, name: str) -> dict[str, str]:
        """Every file of a tree, by path, with the name of its content."""
        found = self._trees.get(name)
        if found is None:
            found = {}
            _, data = self.object(name)
            at = 0
            while at < len(data):
                end = data.index(b"\0", at)
                mode, _, path = data[at:end].partition(b" ")
                part, inner = os.fsdecode(path), data[end + 1 : end + 21].hex()
                if mode == b"40000":
                    found.update({f"{part}/{below}": blob for below, blob in self.tree(inner).items()})
                elif mode == b"100644":
                    found[part] = inner
                else:
                    raise NotPlain(part)
                at = end + 21
            self._trees[name] = found
        return found

    def files(self, commit: str | None) -> dict[str, str]:
        """Every file of a commit."""
        return self.tree(self.commit(commit)[0]) if commit else {}

    def commits(self, path: str | None = None) -> Iterator[str]:
        """The commits of HEAD's history that changed a path, or all, newest first: as `git rev-list` simplifies it."""
        head, count = self.head(), itertools.count()
        seen = {head}
        heap = [(-self.commit(head)[2], next(count), head)] if head else []
        while heap:
            name = heapq.heappop(heap)[2]
            _, parents, _ = self.commit(name)
            here = None if path is None else self.files(name).get(path)
            same = next((one for one in parents if path is not None and self.files(one).get(path) == here), None)
            if same is None and (parents or path is None or here is not None):
                yield name
            for one in parents if same is None else (same,):
                if one not in seen:
                    seen.add(one)
                    heapq.heappush(heap, (-self.commit(one)[2], next(count), one))

    # ---- index and work tree ----

    def index(self) -> dict[str, str]:
        """Every path of the index with the name of its content; an odd word where it is in conflict or only announced."""
        place = f"{self.own}/index"
        try:
            found = os.stat(place)
        except FileNotFoundError:
            return {}
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if self._index[0] == stamp:
            return self._index[1]
        data = Path(place).read_bytes()
        if data[:4] != b"DIRC" or data[7] not in (2, 3):
            raise NotPlain("index")
        entries, at = {}, 12
        for _ in range(int.from_bytes(data[8:12], "big")):
            flags = int.from_bytes(data[at + 60 : at + 62], "big")
            more = int.from_bytes(data[at + 62 : at + 64], "big") if flags & 0x4000 else 0
            start = at + (64 if flags & 0x4000 else 62)
            end = data.index(b"\0", start)
            odd = flags & 0x3000 or more & 0x2000
            entries[os.fsdecode(data[start:end])] = "odd" if odd else data[at + 40 : at + 60].hex()
            at += (end - at + 8) // 8 * 8
        self._index = (stamp, entries)
        return entries

    def changed(self, paths: Sequence[str]) -> frozenset[str]:
        """Those below these paths that differ between the last commit, the index and the work tree."""
        committed, staged = self.files(self.head()), self.index()
        if any(os.path.exists(f"{self.top}/{place}.gitattributes") for place in ("", "agents/")) or os.path.exists(f"{self.own}/info/attributes"):
            raise NotPlain("attributes")
        changed: set[str] = set()
        for path in paths:
            there = dict(self._there(path))
            mine = {one for known in (committed, staged) for one in known if one == path or one.startswith(f"{path}/")}
            changed.update(one for one in mine | there.keys() if not committed.get(one) == staged.get(one) == there.get(one))
        return frozenset(changed)

    def _there(self, path: str) -> Iterator[tuple[str, str]]:
        """The files at a path or below it, each with the name git would give its content."""
        whole = f"{self.top}/{path}"
        if os.path.islink(whole):
            raise NotPlain(path)
        if os.path.isdir(whole):
            for name in sorted(os.listdir(whole)):
                yield from self._there(f"{path}/{name}")
            return
        try:
            with open(whole, "rb") as file:
                data = file.read()
        except (FileNotFoundError, NotADirectoryError):
            return
        yield path, hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


_repositories: dict[tuple[str, int], Repository] = {}


def repository(top: str | Path) -> Repository:
    """The repository with this top, with what is known of it. NotPlain where `.git` is no folder of its own."""
    top = str(top)
    try:
        inode = os.stat(f"{top}/.git/objects").st_ino
    except OSError as error:
        raise NotPlain(top) from error
    return _repositories.setdefault((top, inode), Repository(top))


class Words:
    """What a pattern finds in all that the history of a folder's files ever held; each content is looked through once."""

    def __init__(self, top: Path, folder: str, pattern: re.Pattern[bytes]) -> None:
        self._repository, self._folder, self._pattern = repository(top), f"{folder}/", pattern
        self._commits: set[str] = set()
        self._blobs: set[str] = set()
        self.found: set[bytes] = set()

    def look(self) -> set[bytes]:
        head = self._repository.head()
        waiting = [head] if head else []
        while waiting:
            name = waiting.pop()
            if name in self._commits:
                continue
            self._commits.add(name)
            waiting += self._repository.commit(name)[1]
            for path, blob in self._repository.files(name).items():
                if path.startswith(self._folder) and blob not in self._blobs:
                    self._blobs.add(blob)
                    self.found.update(self._pattern.findall(self._repository.object(blob)[1]))
        return self.found


# ---- in place of agentsync's questions ----------------------------------------------------------------------------


def install(patch: pytest.MonkeyPatch) -> None:
    """Answer agentsync's questions about repositories in this process, as long as the patch lasts. Audited: see `_AUDIT`."""
    tops: dict[tuple[str, int], str | None] = {}
    real_top = git.top_level

    def top_level(folder: str) -> str | None:
        inode = os.stat(f"{folder}/.git").st_ino if os.path.isdir(f"{folder}/.git") else 0
        if not inode:
            return real_top(folder)
        if (folder, inode) not in tops:
            tops[folder, inode] = real_top(folder)
        return tops[folder, inode]

    def head_commit(top: str) -> str | None:
        return repository(top).head()

    def head_branch(top: str) -> str | None:
        return repository(top).branch()

    def has_commit(top: str, commit: str) -> bool:
        return repository(top).object(commit)[0] == b"commit"

    def changed_paths(top: str, paths: Sequence[str]) -> frozenset[str]:
        return repository(top).changed(paths) if paths else frozenset()

    def versions(top: str, path: str, most: int = history.NEWEST) -> tuple[tuple[str, bytes], ...]:
        found = repository(top)
        names = itertools.islice(found.commits(path), most)
        return tuple((name, found.object(blob)[1]) for name in names if (blob := found.files(name).get(path)) is not None)

    def text_at(top: str, commit: str, path: str) -> bytes | None:
        if not commit:
            return None
        found = repository(top)
        blob = found.files(commit).get(path)
        return None if blob is None else found.object(blob)[1]

    patch.setattr(git, "top_level", top_level)
    for module, quick in ((git, head_commit), (git, head_branch), (git, has_commit), (git, changed_paths), (history, versions), (history, text_at)):
        patch.setattr(module, quick.__name__, _audited(quick, getattr(module, quick.__name__)))


def _audited(quick: Callable[..., Any], real: Callable[..., Any]) -> Callable[..., Any]:
    asked = itertools.count(1)

    def answer(*arguments: Any) -> Any:
        try:
            found = quick(*arguments)
        except NotPlain:
            return real(*arguments)
        if next(asked) % _AUDIT == 0:
            told = real(*arguments)
            assert found == told, (quick.__name__, arguments, found, told)
        return found

    return answer
