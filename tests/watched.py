"""Disks and ledgers that write down what they are asked to do, and can be stopped at any step: for runs that are killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from agentsync.disk import Disk, Entry, File, LocalDisk, Stamp
from agentsync.walk import Steps, Trace

STEPS: Final = ("begin_run", "settle", "finish_run", "keep", "know_root", "see", "approve", "pause", "rest")


@dataclass
class Watched:
    """A disk that writes down what it is asked to do, and can stop at any step."""

    inner: Disk = field(default_factory=LocalDisk)
    read_paths: list[str] = field(default_factory=list)
    steps: list[tuple[str, str, str]] = field(default_factory=list)
    before: Callable[[str, str, str], None] = lambda *_: None
    after: Callable[[str, str, str], None] = lambda *_: None

    def identity(self, root: str) -> tuple[int, int] | None:
        return self.inner.identity(root)

    def scan(self, root: str, folder: str = "") -> tuple[Entry, ...]:
        return self.inner.scan(root, folder)

    def trace(self, root: str, steps: Steps) -> Trace | None:
        return self.inner.trace(root, steps)

    def look(self, root: str, path: str) -> Entry | None:
        return self.inner.look(root, path)

    def read(self, root: str, path: str, limit: int = 1 << 20) -> File:
        self.read_paths.append(f"{root}/{path}")
        return self.inner.read(root, path, limit)

    def _step(self, what: str, root: str, path: str, act: Callable[[], Any]) -> Any:
        self.before(what, root, path)
        self.steps.append((what, root, path))
        done = act()
        self.after(what, root, path)
        return done

    def write(self, root: str, path: str, data: bytes, *, expected: bytes | None, mode: int | None = None) -> Stamp:
        done: Stamp = self._step("write", root, path, lambda: self.inner.write(root, path, data, expected=expected, mode=mode))
        return done

    def delete(self, root: str, path: str, *, expected: bytes) -> None:
        self._step("delete", root, path, lambda: self.inner.delete(root, path, expected=expected))

    def make_folder(self, root: str, path: str) -> None:
        self._step("make", root, path, lambda: self.inner.make_folder(root, path))

    def temporaries(self, root: str, folder: str = "") -> tuple[str, ...]:
        return self.inner.temporaries(root, folder)

    def sweep(self, root: str, path: str) -> None:
        self._step("sweep", root, path, lambda: self.inner.sweep(root, path))


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours may catch it and go on."""


class Mortal:
    """A ledger that can be stopped before or after each of its steps."""

    def __init__(self, inner: Any, step: Callable[..., None]) -> None:
        self._inner, self._step = inner, step

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._inner, name)
        if name not in STEPS:
            return real

        def wrapped(*arguments: Any, **keywords: Any) -> Any:
            self._step(name)
            done = real(*arguments, **keywords)
            self._step(name)
            return done

        return wrapped
