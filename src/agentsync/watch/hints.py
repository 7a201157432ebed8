"""What the operating system tells of changes, by way of watchdog: folder and name, no more. The only module that imports watchdog.

On Linux all folders share one inotify instance and one thread, by the class with which watchdog keeps its own: a `schedule` costs a
thread, and a lost event (an overflow, a limit that was reached) is told to no handler. Elsewhere, and where that class is not there,
each folder is scheduled, up to a number; the rest is scanned by whoever asked for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any, Final, Protocol

LOST: Final = ("", "")
"""Told instead of a folder and a name: events were lost."""

_SCHEDULED: Final = 64


class Watcher(Protocol):
    """Something that watches single folders."""

    def add(self, folder: str) -> None:
        """Watch a folder. OSError where the system refuses."""

    def remove(self, folder: str) -> None:
        """Watch it no longer; it may be gone."""

    def close(self) -> None:
        """Stop."""


class Hints:
    """Folders that are watched, and what was told of them since it was last asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._told: dict[tuple[str, str], None] = {}
        self._watched: dict[str, tuple[int, int]] = {}
        self._watcher = _watcher(self.tell)

    # ---- what is told ----

    def tell(self, folder: str, name: str) -> None:
        """Something happened to a name in a folder, or to the folder (name is empty). May be called from any thread."""
        with self._lock:
            first = not self._told
            self._told[folder, name] = None
        if first:
            self.wake()

    def wake(self) -> None:
        """Let `take` return. May be called by a handler of signals: `SimpleQueue.put` may interrupt itself."""
        self._wake.put(None)

    def take(self, seconds: float) -> list[tuple[str, str]]:
        """What was told, in order and each once; waits at most so long for something."""
        try:
            self._wake.get(timeout=max(0.0, seconds))
            while True:
                self._wake.get_nowait()
        except Empty:
            pass
        with self._lock:
            told, self._told = list(self._told), {}
        return told

    # ---- what is watched ----

    def watch(self, folders: Iterable[str]) -> Mapping[str, str]:
        """Watch just these folders from now on; those that the system refuses, each with the reason."""
        wanted = set(folders)
        for folder in self._watched.keys() - wanted:
            self._drop(folder)
        refused: dict[str, str] = {}
        for folder in sorted(wanted):
            identity = _identity(folder)
            if identity is not None and self._watched.get(folder) != identity:
                self._drop(folder)
                try:
                    self._watcher.add(folder)
                except OSError as error:
                    refused[folder] = error.strerror or str(error)
                else:
                    self._watched[folder] = identity
        return refused

    def missing(self, folders: Iterable[str], but: set[str]) -> bool:
        """Whether one of these folders is not watched, but for some."""
        return any(folder not in self._watched and folder not in but for folder in folders)

    def lost(self, folder: str) -> None:
        """A folder's watch says that the folder is gone, or lies elsewhere: what lies there next is watched anew."""
        self._drop(folder)

    def changed(self) -> list[str]:
        """Watched folders that are gone, or are others than they were: nobody tells when a folder above is moved or mounted over."""
        return [folder for folder, identity in self._watched.items() if _identity(folder) != identity]

    def __len__(self) -> int:
        return len(self._watched)

    def close(self) -> None:
        """Stop watching."""
        self._watcher.close()

    def _drop(self, folder: str) -> None:
        if self._watched.pop(folder, None) is not None:
            self._watcher.remove(folder)


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        found = os.stat(folder)  # noqa: PTH116 - called for every folder, every few seconds
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _watcher(tell: Any) -> Watcher:
    try:
        from watchdog.observers.inotify_c import InotifyFD
    except Exception:  # not Linux, or another release: watchdog raises what it likes there
        return _Scheduled(tell)
    try:
        return _Shared(tell, InotifyFD)
    except OSError as error:
        return _Nothing(error)


class _Nothing:
    """The system gives no instance at all: every folder is refused."""

    def __init__(self, why: OSError) -> None:
        self._why = why

    def add(self, folder: str) -> None:
        raise OSError(self._why.errno, self._why.strerror, folder)

    def remove(self, folder: str) -> None:
        pass

    def close(self) -> None:
        pass


class _Shared:
    """One inotify instance for all folders."""

    def __init__(self, tell: Any, instance: Any) -> None:
        from watchdog.observers.inotify_c import InotifyConstants as Bits

        self._tell = tell
        # Links are followed: the folders are real paths. MODIFY keeps a slow writer's file waiting until it is done.
        self._mask = (
            Bits.IN_CREATE | Bits.IN_MODIFY | Bits.IN_CLOSE_WRITE | Bits.IN_MOVED_FROM | Bits.IN_MOVED_TO | Bits.IN_DELETE
            | Bits.IN_DELETE_SELF | Bits.IN_MOVE_SELF | Bits.IN_ONLYDIR
        )
        self._descriptors: dict[str, int] = {}
        self._instance = instance()
        self._instance.start()

    def add(self, folder: str) -> None:
        found = int(self._instance.add_callback(os.fsencode(folder), self._mask, _Folder(folder, self._tell), folder))
        if found < 0:
            raise PermissionError(13, "permission denied", folder)
        self._descriptors[folder] = found

    def remove(self, folder: str) -> None:
        descriptor = self._descriptors.pop(folder, None)
        if descriptor is not None:
            self._instance.remove_callbacks([(descriptor, folder)])

    def close(self) -> None:
        self._instance.stop()
        self._instance.join(5)


class _Folder:
    """What the shared instance calls for one folder."""

    def __init__(self, folder: str, tell: Any) -> None:
        self._folder, self._tell = folder, tell

    def on_event(self, event: Any) -> None:
        self._tell(self._folder, os.fsdecode(event.name))

    def on_watch_deleted(self, _: int) -> None:
        self._tell(self._folder, "")

    def on_queue_overflow(self) -> None:
        self._tell(*LOST)


class _Scheduled:
    """One watch of watchdog's own for each folder."""

    def __init__(self, tell: Any) -> None:
        from watchdog.observers import Observer

        self._tell, self._observer = tell, Observer()
        self._watches: dict[str, Any] = {}
        self._observer.start()

    def add(self, folder: str) -> None:
        if len(self._watches) >= _SCHEDULED:
            raise OSError(28, f"no more than {_SCHEDULED} folders are watched on this system")
        handler: Any = _Handler(folder, self._tell)
        self._watches[folder] = self._observer.schedule(handler, folder, recursive=False)

    def remove(self, folder: str) -> None:
        watch = self._watches.pop(folder, None)
        if watch is not None:
            self._observer.unschedule(watch)

    def close(self) -> None:
        self._observer.stop()
        self._observer.join(5)


class _Handler:
    """What an observer calls for one folder."""

    def __init__(self, folder: str, tell: Any) -> None:
        self._folder, self._tell = folder, tell

    def dispatch(self, event: Any) -> None:
        """Whatever happened: the names it is about."""
        if event.event_type in ("opened", "closed_no_write"):
            return
        for path in (event.src_path, getattr(event, "dest_path", "")):
            where, name = os.path.split(os.fsdecode(path)) if path else ("", "")
            if path and os.fsdecode(path) == self._folder:
                # "Modified" only says once more that something in it changed.
                if event.event_type in ("deleted", "moved"):
                    self._tell(self._folder, "")
            elif where == self._folder:
                self._tell(self._folder, name)
