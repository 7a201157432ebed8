"""The daemon beside other processes: a second one, killed and stopped ones, the command line."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path

import pytest

from agentsync.locking import LockedError
from agentsync.watch import state
from agentsync.watch.loop import Daemon
from agentsync.watch.runs import Stopped, Work
from tests.conftest import Run
from tests.daemon_worlds import SECONDS, living, process, says, until
from tests.worlds import Two, edit, git


def test_a_second_daemon_says_who_holds_the_hub(world: Two, run: Run) -> None:
    with living(world), pytest.raises(LockedError, match=f"keeps this hub in sync already: watch \\(process {os.getpid()}\\)"):
        Daemon(world.space(), lambda _: None).run()


def test_a_killed_daemon_leaves_nothing_to_clean_up_and_a_stopped_one_ends_well(world: Two, run: Run) -> None:
    with process(world) as first:
        edit(world.opencode, "Second line.", "Second line, edited.")
        until(lambda: says("edited.", world.home_file), "the run begins")
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert run("service", "status", cwd=world.hub).code == 1
    with process(world) as second:
        done = run("service", "status", "--wait", "--json", cwd=world.hub)
        assert json.loads(done.out)["pid"] == second.pid
        assert run("service", "remove", cwd=world.hub).err == "there is no service for this hub\n"
        assert json.loads(run("service", "status", "--json", cwd=world.hub).out)["pid"] == second.pid
        assert says("Second line, edited.", *world.all())
        second.send_signal(signal.SIGTERM)
        said = second.communicate(timeout=SECONDS)[0].decode()
        assert second.returncode == 0
        assert [line.split()[1] for line in said.splitlines()][-1] == "stop"
    assert run("service", "remove", cwd=world.hub).code == 0
    assert [path.name for path in Path(world.space().state).iterdir() if path.name.startswith(("watch", "cookies"))] == ["watch.lock"]
    assert run("service", "status", "--wait", cwd=world.hub).err.startswith("nothing keeps this hub in sync now\nhint: agentsync watch")


def test_being_stopped_ends_a_run_between_two_files_and_the_next_one_does_the_rest(world: Two) -> None:
    """The hub's own files are committed before anything ends."""
    asked = 0

    def stopping() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2    # two projects were looked at, and one copy was written

    edit(world.opencode, "Second line.", "Second line, edited.")
    space, work = world.space(), Work(stopping)
    with pytest.raises(Stopped):
        list(work.go(space, ("shop", "app")))
    assert git(world.hub, "status", "--porcelain") == ""
    assert says("Second line, edited.", world.home_file, world.opencode)
    assert not says("Second line, edited.", *world.all())
    with living(world):
        assert says("Second line, edited.", *world.all())


def test_a_project_that_fails_stops_no_other(world: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a whole run comes to no end, each project is run by itself."""
    work, space = Work(lambda: False), world.space()
    edit(world.home_file, "Second line.", "Second line, edited.")
    kept = world.shop / "agentsync.lock"
    kept.unlink(missing_ok=True)
    kept.mkdir()
    events = list(work.go(space, ("shop", "app")))
    assert says("Second line, edited.", world.copilot)
    assert any(event.kind == "trouble" for event in events)


def test_daemon_and_command_line_at_once(world: Two, run: Run) -> None:
    with living(world) as alive:
        for number in range(3):
            edit(world.opencode, "Second line", f"{number} Second line")
            done = run("sync", "--all", cwd=world.hub)
            assert done.code == 0, done.err
        alive.settled()
        assert says("0 1 2 Second line", *world.all())
        assert run("sync", "--all", cwd=world.hub).err.startswith(("shop", "nothing"))


def test_what_a_daemon_writes_down_can_be_read_while_it_is_replaced(world: Two) -> None:
    space, done = world.space(), threading.Event()
    Path(space.state).mkdir(parents=True, exist_ok=True)
    state.write_down(space.disk, space.state, {"version": 1})

    def write() -> None:
        for number in range(200):
            state.write_down(space.disk, space.state, {"version": 1, "number": number})
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert state.look_up(space).about["version"] == 1
    writer.join()


def test_status_mentions_the_daemon(world: Two, run: Run) -> None:
    with living(world):
        assert "agentsync watch keeps this hub in sync" in run("status", "--all", cwd=world.hub).out
    assert "keeps this hub in sync" not in run("status", "--all", cwd=world.hub).out
