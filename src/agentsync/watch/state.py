"""What others may know of a daemon: the file it keeps in the hub's state folder, and cookies to wait for it.

A cookie is an empty file in a folder that the daemon watches. The system tells of changes in order: when the daemon hears of the
cookie, it has heard of all that was changed before. It removes the cookie when all that is handled.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agentsync.disk import Disk, DiskError, encode, make_root
from agentsync.locking import watched
from agentsync.model import AgentsyncError, Problem
from agentsync.workspace import Workspace

STATE_FILE: Final = "watch.json"
LOG_FILE: Final = "watch.log"
COOKIES: Final = "cookies"
_POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Told:
    """A daemon, as others see it. about: what it last wrote down, empty where it never did."""

    running: bool
    about: Mapping[str, Any]


def look_up(space: Workspace) -> Told:
    """Whether a daemon runs on this hub, and what it says."""
    if not space.id or space.disk.identity(space.state) is None:
        return Told(False, {})
    try:
        # Not by way of the disk, which refuses a file that is replaced at this moment.
        found = json.loads(Path(space.state, STATE_FILE).read_bytes())
    except (OSError, ValueError):
        found = {}
    return Told(watched(space.state), found if isinstance(found, dict) else {})


def write_down(disk: Disk, folder: str, about: Mapping[str, Any]) -> None:
    """Say how the daemon stands. A full disk must not stop it."""
    with suppress(DiskError):
        old = disk.read(folder, STATE_FILE).data if disk.look(folder, STATE_FILE) else None
        new = encode(json.dumps(about, ensure_ascii=True, indent=1) + "\n")
        if new != old:
            disk.write(folder, STATE_FILE, new, expected=old, mode=0o600)


def wait_settled(space: Workspace, seconds: float) -> None:
    """Return when the daemon has handled everything that was changed before this call.

    AgentsyncError where none runs, or it takes longer than `seconds`.
    """
    folder, name = f"{space.state}/{COOKIES}", uuid.uuid4().hex
    if not space.id or not watched(space.state):
        raise AgentsyncError(not_running())
    make_root(folder, private=True)
    cookie, end = Path(folder, name), time.monotonic() + seconds
    # Not by way of the disk, which would miss the file that the daemon may have taken away by then.
    cookie.touch(mode=0o600)
    try:
        while cookie.exists():
            if time.monotonic() > end:
                raise AgentsyncError(Problem("slow", f"the daemon was not done within {seconds:g} s", hint="agentsync service logs"))
            if not watched(space.state):
                raise AgentsyncError(not_running())
            time.sleep(_POLL_SECONDS)
    finally:
        cookie.unlink(missing_ok=True)


def not_running() -> Problem:
    """What is said where a daemon is needed and there is none."""
    return Problem("not-watched", "nothing keeps this hub in sync now", hint="agentsync watch  (or: agentsync service install)")
