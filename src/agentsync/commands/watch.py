"""`agentsync watch`: keep hub and projects in sync until stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from agentsync.commands.app import Session
from agentsync.commands.terminal import escape, styled, wrapped
from agentsync.report import Line
from agentsync.workspace import identified, open_workspace

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from agentsync.watch.events import Event
    from agentsync.watch.loop import Daemon

_SHOWN: Final = 100
_LEAST: Final = 3
"""Events that are shown, at most and at least."""
_LOG_BYTES: Final = 1 << 20
Say = Callable[["Event"], None]


@click.command()
@click.option("--no-notify", "silent", is_flag=True, help="Show no desktop notice for a conflict or a held change.")
@click.option("--plain", is_flag=True, help="Print one line an event, on a terminal too.")
@click.option("--log", "log", metavar="FILE", help="Append the lines to a file; at a megabyte it is moved to FILE.old.")
@click.pass_obj
def watch(session: Session, silent: bool, plain: bool, log: str | None) -> int:
    """Keep hub and projects in sync until stopped.

    Takes edits of copies into the hub and brings every other copy up, a moment after a file was saved. It never asks: conflicts and held
    changes are listed, and wait. Only projects that were enabled on this machine are touched.
    """
    from agentsync.watch.loop import Daemon

    space = identified(open_workspace(session.hub))
    sayers: list[Say] = [] if silent else [_notice]
    daemon = Daemon(space, lambda event: _tell(sayers, event))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: daemon.stop())
    if log is not None:
        sayers.insert(0, _file(Path(log)))
        daemon.run()
    elif session.terminal.out_is_terminal and not plain:
        with _live(daemon) as say:
            sayers.insert(0, say)
            daemon.run()
    else:
        sayers.insert(0, lambda event: _line(session, event))
        daemon.run()
    return 0


def _tell(sayers: list[Say], event: Event) -> None:
    for say in sayers:
        say(event)


# ---- where it is said ----------------------------------------------------------------------------------------------


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def _line(session: Session, event: Event) -> None:
    from agentsync.watch.events import log_line

    session.terminal.print([(("", log_line(event, _now())),)])


def _file(path: Path) -> Say:
    """Append to a file, which is kept from growing for ever."""
    from agentsync.watch.events import log_line

    path.parent.mkdir(parents=True, exist_ok=True)

    def say(event: Event) -> None:
        if path.exists() and path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_name(f"{path.name}.old"))
        with path.open("a", encoding="utf-8") as stream:
            stream.write(log_line(event, _now()) + "\n")

    return say


@contextmanager
def _live(daemon: Daemon) -> Iterator[Say]:
    """A view that is drawn again with every event, and when the terminal gets another size."""
    from rich.console import Console
    from rich.live import Live

    from agentsync.watch.view import told

    events: deque[Line] = deque(maxlen=_SHOWN)
    console = Console(file=sys.stdout, highlight=False)
    size, drawing, again, ended = console.size, False, False, False
    with Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:

        def draw(*_: object) -> None:
            nonlocal size, drawing, again
            again = True
            if drawing or not events:       # a signal came in the middle of it, or there is nothing yet
                return
            drawing = True
            while again:
                again = False
                if console.size != size:        # the terminal broke the lines anew, so that nobody knows where they stand
                    size = console.size
                    console.clear()
                live.update(_screen(console, daemon.about(), events, ended=ended), refresh=True)
            drawing = False

        def say(event: Event) -> None:
            nonlocal ended
            events.append(told(event, time.strftime("%H:%M:%S")))
            ended = event.kind == "stop"
            draw()

        if hasattr(signal, "SIGWINCH"):
            signal.signal(signal.SIGWINCH, draw)
        yield say


def _screen(console: Console, about: Mapping[str, Any], events: Sequence[Line], *, ended: bool) -> Text:
    """All that is shown, in as many lines as the terminal has: what waits for somebody is wrapped, events are cut."""
    from rich.text import Text

    from agentsync.watch.view import head

    above = [piece for line in head(about, console.height // 2) for piece in wrapped(line, console)]
    room = max(_LEAST, console.height - len(above) - 3)
    below = [styled(line) for line in list(events)[-room:]]
    for line in below:
        line.truncate(console.width, overflow="ellipsis")
    last = [] if ended else [styled((("faint", "Ctrl-C stops"),))]
    return Text("\n").join([*above, Text(""), *below, *last])


# ---- desktop notices -----------------------------------------------------------------------------------------------


def notice_command(event: Event, found: Callable[[str], str | None] = shutil.which) -> list[str] | None:
    """How this system shows a notice of something that waits for somebody; None where it does not, or nothing waits."""
    if event.kind != "open":
        return None
    text = escape(event.text)[:200]
    if (program := found("notify-send")) is not None and os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return [program, "--app-name=agentsync", "--", "agentsync", text]
    if (program := found("osascript")) is not None:
        # The text is an argument of the script, no part of it.
        script = "on run argv\ndisplay notification (item 1 of argv) with title \"agentsync\"\nend run"
        return [program, "-e", script, text]
    return None


def _notice(event: Event) -> None:
    command = notice_command(event)
    if command is not None:
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return
