"""What waits for somebody while the daemon runs: what it lists, and the view that shows it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from agentsync.locking import hub_lock
from agentsync.report import plain_text
from agentsync.watch import state, view
from agentsync.watch.events import Event
from tests.daemon_worlds import SECONDS, living, says, until, world_space
from tests.worlds import Two, edit


def test_conflicts_and_held_changes_are_listed_and_stop_nobody(world: Two) -> None:
    with hub_lock(world.space().disk, world.space().state, "test"):
        pass
    with living(world) as alive:
        with hub_lock(world.space().disk, world.space().state, "a test"):
            edit(world.claude, "Second line.", "Second line, claude.")
            edit(world.copilot, "Second line.", "Second line, copilot.")
            edit(world.shop / ".claude/agents/tester.md", "---\n", "---\ntools: Bash\nhooks: {Stop: []}\n")
        alive.settled()
        told = state.look_up(world.space()).about
        assert told["conflicts"] == 2
        assert {one["agent"] for one in told["open"] if one["state"] == "conflict"} == {"reviewer"}
        edit(world.home_file, "Fourth line.", "Fourth line, edited.")
        edit(world.hub / "agents/team/writer.md", "Look.", "Look again.")
        alive.settled()
        assert says("Look again.", world.shop / ".claude/agents/writer.md", world.app / ".github/agents/writer.agent.md")
        world.resolve({"reviewer": "hub"})
        until(lambda: state.look_up(world.space()).about["conflicts"] == 0, "the conflict is closed")
        assert "closed" in alive.kinds()


def test_what_waits_in_a_project_that_rests_goes_on_waiting(world: Two) -> None:
    away = world.app.with_name("away")
    with living(world) as alive:
        with hub_lock(world.space().disk, world.space().state, "a test"):
            edit(world.home_file, "Second line.", "Second line, hub.")
            edit(world.copilot, "Second line.", "Second line, copilot.")
        until(lambda: state.look_up(world.space()).about["conflicts"] == 1, "the conflict is listed")
        world.app.rename(away)
        until(lambda: any("app" in text for text in alive.texts("pause")), "the missing project is named")
        alive.settled()
        rests = {one["name"]: (one["state"], one["why"]) for one in state.look_up(world.space()).about["projects"]}
        assert rests == {"shop": ("ok", None), "app": ("missing", "there is no such folder")}
        assert state.look_up(world_space(world)).about["conflicts"] == 1
        away.rename(world.app)
        until(lambda: alive.texts("resume"), "the project goes on")
        assert (alive.kinds().count("open"), alive.kinds().count("closed")) == (1, 0)


def test_a_conflict_that_one_side_takes_back_is_none_for_the_other_project_either(world: Two) -> None:
    before = world.claude.read_bytes()
    with living(world) as alive:
        with hub_lock(world.space().disk, world.space().state, "a test"):
            edit(world.claude, "Second line.", "Second line, claude.")
            edit(world.copilot, "Second line.", "Second line, copilot.")
        until(lambda: state.look_up(world.space()).about["conflicts"] == 2, "the conflict is listed")
        alive.settled()
        world.claude.write_bytes(before)
        alive.settled()
        assert state.look_up(world.space()).about["conflicts"] == 0
        assert says("Second line, copilot.", *world.all())


def test_the_view_names_each_decision_once_and_fits_the_terminal() -> None:
    found = [
        {"state": "held", "agent": f"a{number // 2}", "project": f"p{number % 2}", "why": "its change gives it shell", "hint": f"do a{number // 2}"}
        for number in range(40)
    ]
    about = {
        "hub": "/h", "paused": None, "settings": None, "folders": 1, "changes": 2, "not_enabled": ["new"], "open": found,
        "projects": [{"name": "p0", "state": "ok"}, {"name": "p1", "state": "busy"}],
    }
    lines = [plain_text(line) for line in view.head(about, 12)]
    assert lines == [
        "agentsync watch  /h", "2 projects, 1 folder, 2 files written; resting: p1; not enabled here: new",
        *(line for number in range(5) for line in (f"held: a{number} in p0, p1: its change gives it shell", f"  do a{number}")),
        "and 15 more: agentsync status --all",
    ]
    about |= {"open": [], "paused": "the hub is parked", "settings": "agentsync.yaml: bad"}
    assert [plain_text(line) for line in view.head(about, 12)][1:3] == [
        "paused: the hub is parked", "settings: agentsync.yaml: bad; the last good ones stay in use",
    ]
    assert plain_text(view.told(Event("run", "wrote x"), "12:00:00")) == "12:00:00 run      wrote x"


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_the_view_is_drawn_anew_where_the_terminal_gets_another_size(world: Two) -> None:
    import fcntl
    import pty
    import struct
    import termios

    def size(rows: int, columns: int) -> None:
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    world.space()
    main, side = pty.openpty()
    size(24, 100)
    command = [sys.executable, "-m", "agentsync", "watch", "-C", str(world.hub), "--no-notify"]
    with subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env={**os.environ, "TERM": "xterm"}) as running:
        said = bytearray()
        reader = threading.Thread(target=lambda: _read_all(main, said), daemon=True)
        reader.start()
        try:
            until(lambda: b"Ctrl-C stops" in said, "the view is there")
            assert b"\x1b[2J" not in said
            size(20, 40)
            running.send_signal(signal.SIGWINCH)
            until(lambda: b"Ctrl-C stops" in said.partition(b"\x1b[2J")[2], "it is drawn anew")
            running.send_signal(signal.SIGTERM)
            assert running.wait(SECONDS) == 0
        finally:
            running.kill()
            os.close(side)


def _read_all(source: int, into: bytearray) -> None:
    with suppress(OSError):
        while data := os.read(source, 4096):
            into += data
