"""One lock a hub: command line, hook and daemon of one machine never run on the same hub at once.

Side module. The lock is the operating system's (released whatever becomes of its holder); the note beside it says who holds it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from agentsync.disk import Disk, DiskError, decode, encode
from agentsync.model import AgentsyncError, Problem

LOCK_FILE: Final = "hub.lock"
HOLDER_FILE: Final = "hub.holder"
WAIT_SECONDS: Final = 5.0


class LockedError(AgentsyncError):
    """Another process holds the hub's lock."""

    exit_code = 3


@contextlib.contextmanager
def hub_lock(disk: Disk, folder: str, doing: str, *, wait: float | None = None) -> Iterator[None]:
    """Hold the lock of the hub whose state folder this is; `doing` is what a waiting process is told.

    LockedError after `wait` seconds (WAIT_SECONDS), naming the holder.
    """
    lock = FileLock(Path(folder) / LOCK_FILE, mode=0o600)
    try:
        lock.acquire(timeout=WAIT_SECONDS if wait is None else wait)
    except Timeout:
        what = f"another agentsync is at work on this hub{_holder(disk, folder)}"
        raise LockedError(Problem("locked", what, hint="wait for it to end, then run the command again")) from None
    try:
        _note(disk, folder, f"{doing} (process {os.getpid()})")
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
        return _holder(disk, folder).removeprefix(": ") or "a process that left no note"
    lock.release()
    return None


def _holder(disk: Disk, folder: str) -> str:
    try:
        return f": {decode(disk.read(folder, HOLDER_FILE).data).strip()}"
    except DiskError:
        return ""


def _note(disk: Disk, folder: str, who: str) -> None:
    """Say who holds the lock. Only a courtesy: a full disk must not stop the run here."""
    with contextlib.suppress(DiskError):
        old = disk.read(folder, HOLDER_FILE).data if disk.look(folder, HOLDER_FILE) else None
        disk.write(folder, HOLDER_FILE, encode(f"{who}\n"), expected=old, mode=0o600)
