"""Daemons on small worlds: in a thread of the test's own process or in a process of their own; and how editors save under them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentsync.watch import state
from agentsync.watch.events import Event
from agentsync.watch.loop import Daemon, Timing
from agentsync.workspace import open_workspace
from tests.worlds import Two, git

SECONDS = 30.0
QUICK = Timing(quiet=0.05, limit=0.5, grace=0.4, poll=0.1, verify=0.1, full=300.0, again=0.2)


def until(true: Callable[[], Any], what: str = "") -> None:
    """Wait for something, at most a while."""
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.01)


@dataclass
class Living:
    """A daemon in a thread of this process."""

    daemon: Daemon
    events: list[Event] = field(default_factory=list)

    def settled(self) -> None:
        """All that was changed before is handled."""
        state.wait_settled(self.daemon._space, SECONDS)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def texts(self, kind: str) -> list[str]:
        return [event.text for event in self.events if event.kind == kind]


@contextmanager
def living(world: Two, timing: Timing = QUICK) -> Iterator[Living]:
    found = Living(Daemon(world.space(), lambda event: found.events.append(event), timing))
    thread = threading.Thread(target=found.daemon.run)
    thread.start()
    try:
        until(lambda: state.look_up(found.daemon._space).about.get("since") is not None and "start" in found.kinds(), "the daemon starts")
        found.settled()
        yield found
    finally:
        found.daemon.stop()
        thread.join(SECONDS)
        assert not thread.is_alive()


@contextmanager
def process(world: Two) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon of its own process."""
    world.space()
    command = [sys.executable, "-m", "agentsync", "watch", "-C", str(world.hub), "--no-notify"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
        try:
            until(lambda: running.poll() is not None or state.look_up(world.space()).running, "the process starts")
            yield running
        finally:
            running.kill()


def says(text: str, *paths: Path) -> bool:
    return all(path.exists() and text in path.read_text() for path in paths)


def commits(world: Two) -> int:
    return int(git(world.hub, "rev-list", "--count", "HEAD"))


def world_space(world: Two) -> Any:
    """The hub as it is, with nothing enabled that was not."""
    return open_workspace(str(world.hub))


def by_vim(path: Path, data: bytes, pause: Callable[[], None]) -> None:
    """The old file is renamed, a new one made, the old one deleted."""
    backup = path.with_name(f"{path.name}~")
    path.rename(backup)
    pause()
    path.write_bytes(data)
    backup.unlink()


def by_code(path: Path, data: bytes, pause: Callable[[], None]) -> None:
    """The file is emptied, then written in place."""
    with path.open("r+b") as stream:
        stream.truncate(0)
        pause()
        stream.write(data[: len(data) // 2])
        stream.flush()
        stream.write(data[len(data) // 2 :])


def by_jetbrains(path: Path, data: bytes, pause: Callable[[], None]) -> None:
    """Both go by names of their own."""
    new, old = path.with_name(f"{path.name}___jb_tmp___"), path.with_name(f"{path.name}___jb_old___")
    new.write_bytes(data)
    path.rename(old)
    pause()
    new.rename(path)
    old.unlink()
