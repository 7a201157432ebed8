"""One lock a hub: command line, hook and daemon of one machine never run on the same hub at once. And one for the daemon itself.

Side module. The locks are the operating system's (released whatever becomes of their holder); the notes beside them say who holds them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from agentsync.disk import Disk, DiskError, LocalDisk, decode, encode
from agentsync.model import AgentsyncError, Problem

LOCK_FILE: Final = "hub.lock"
HOLDER_FILE: Final = "hub.holder"
WATCH_LOCK: Final = "watch.lock"
WATCH_HOLDER: Final = "watch.holder"
WAIT_SECONDS: Final = 5.0
_WATCH_WAIT_SECONDS: Final = 1.0
"""Whoever asks whether a daemon runs holds its lock for a moment."""


class LockedError(AgentsyncError):
    """Another process holds the hub's lock."""

    exit_code = 3


@contextlib.contextmanager
def hub_lock(disk: Disk, folder: str, doing: str, *, wait: float | None = None) -> Iterator[None]:
    """Hold the lock of the hub whose state folder this is; `doing` is what a waiting process is told.

    LockedError after `wait` seconds (WAIT_SECONDS), naming the holder.
    """
    locked = Problem("locked", "another agentsync is at work on this hub", hint="wait for it to end, then run the command again")
    with _held(disk, folder, (LOCK_FILE, HOLDER_FILE), doing, WAIT_SECONDS if wait is None else wait, locked):
        yield


@contextlib.contextmanager
def watch_lock(disk: Disk, folder: str) -> Iterator[None]:
    """Be the one daemon of the hub whose state folder this is. LockedError, naming the other one, where there is one."""
    locked = Problem("watched", "another agentsync keeps this hub in sync already", hint="agentsync service status")
    with _held(disk, folder, (WATCH_LOCK, WATCH_HOLDER), "watch", _WATCH_WAIT_SECONDS, locked):
        yield


def watched(folder: str) -> bool:
    """Whether a daemon runs on the hub whose state folder this is. A number written down by it could be another process's by now."""
    path = Path(folder) / WATCH_LOCK
    if not path.exists():
        return False
    lock = FileLock(path, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


@contextlib.contextmanager
def _held(disk: Disk, folder: str, names: tuple[str, str], doing: str, wait: float, locked: Problem) -> Iterator[None]:
    lock = FileLock(Path(folder) / names[0], mode=0o600)
    try:
        lock.acquire(timeout=wait)
    except Timeout:
        raise LockedError(replace(locked, message=f"{locked.message}{_holder(disk, folder, names[1])}")) from None
    try:
        # A note is no record: nothing waits until it would survive a power cut.
        _note(LocalDisk(durable=False) if isinstance(disk, LocalDisk) else disk, folder, names[1], f"{doing} (process {os.getpid()})")
        yield
    finally:
        lock.release()


def held_by(disk: Disk, folder: str) -> str | None:
    """Who holds the lock of a hub right now, in words; None where nobody does. Waits for nobody."""
    if disk.identity(folder) is None or disk.look(folder, LOCK_FILE) is None:
        return None
    lock = FileLock(Path(folder) / LOCK_FILE, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _holder(disk, folder, HOLDER_FILE).removeprefix(": ") or "a process that left no note"
    lock.release()
    return None


def _holder(disk: Disk, folder: str, name: str) -> str:
    try:
        return f": {decode(disk.read(folder, name).data).strip()}"
    except DiskError:
        return ""


def _note(disk: Disk, folder: str, name: str, who: str) -> None:
    """Say who holds a lock. Only a courtesy: a full disk must not stop the run here."""
    with contextlib.suppress(DiskError):
        old = disk.read(folder, name).data if disk.look(folder, name) else None
        if old != encode(f"{who}\n"):
            disk.write(folder, name, encode(f"{who}\n"), expected=old, mode=0o600)
