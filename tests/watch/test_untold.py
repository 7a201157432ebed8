"""What the system does not tell the daemon, or too much at once: it scans, says so, and misses nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from typing import Any

import pytest

from agentsync.sync import PUSH
from agentsync.watch import hints, places, state
from tests.daemon_worlds import SECONDS, living, says, until
from tests.worlds import Two, agent_text, edit


def test_a_refused_watch_is_scanned_and_said(world: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    add = hints._Shared.add if sys.platform == "linux" else hints._Scheduled.add

    def refuse(self: Any, folder: str) -> None:
        if "/shop" in folder:
            raise OSError(28, "inotify watch limit reached")
        add(self, folder)

    monkeypatch.setattr(hints._Shared, "add", refuse)
    monkeypatch.setattr(hints._Scheduled, "add", refuse)
    with living(world) as alive:
        assert any("shop is scanned" in text and "limit reached" in text for text in alive.texts("scan"))
        edit(world.opencode, "Second line.", "Second line, edited.")
        until(lambda: says("Second line, edited.", *world.all()), "the edit is found")
        edit(world.claude, "Third line.", "Third line, edited.")
        alive.settled()
        assert says("Third line, edited.", *world.all())


def test_a_network_file_system_is_scanned_and_said(world: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "mounts", lambda: f"x / ext4 rw 0 0\nhost:/ {os.path.realpath(world.shop)} nfs4 rw 0 0\n")
    with living(world) as alive:
        assert any("nfs4" in text for text in alive.texts("scan"))
        edit(world.opencode, "Second line.", "Second line, edited.")
        until(lambda: says("Second line, edited.", *world.all()), "the edit is found")


def test_lost_events_make_it_look_at_everything(world: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    with living(world) as alive:
        alive.daemon._eyes.hints._watcher.close()
        edit(world.opencode, "Second line.", "Second line, edited.")
        alive.daemon._eyes.hints.tell(*hints.LOST)
        until(lambda: says("Second line, edited.", *world.all()), "the edit is found")
        assert "trouble" in alive.kinds()


@pytest.mark.skipif(sys.platform != "linux", reason="limits of inotify")
@pytest.mark.parametrize(("limit", "more"), [(5, 0), (50, 16)])
def test_a_limit_of_the_system_on_watches(world: Two, limit: int, more: int) -> None:
    """The real limit, in a user namespace of its own, where one may be made: those beyond it are scanned, the others are told."""
    allowed = subprocess.run(["unshare", "-Ur", "sh", "-c", "echo 5 > /proc/sys/user/max_inotify_watches"], capture_output=True, check=False)
    if allowed.returncode != 0:
        pytest.skip("NOT RUN: no user namespaces here")
    for number in range(more):
        (world.base / f"p{number:02}").mkdir()
    extra = "".join(f"  p{number:02}: {{path: ../p{number:02}, targets: [claude-code]}}\n" for number in range(more))
    (world.hub / "agentsync.yaml").write_text(world.settings + extra)
    world.go(PUSH)
    copies = [world.base / f"p{number:02}/.claude/agents/reviewer.md" for number in range(more)]
    script = f"echo {limit} > /proc/sys/user/max_inotify_watches; exec {sys.executable} -m agentsync watch -C {world.hub} --no-notify"
    with subprocess.Popen(["unshare", "-Ur", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
        try:
            until(lambda: state.look_up(world.space()).running, "the process starts")
            edit(world.opencode, "Second line.", "Second line, edited.")
            until(lambda: says("Second line, edited.", *world.all(), *copies), "the edit is found")
            until(lambda: any(one["scanned"] for one in state.look_up(world.space()).about["projects"]), "it says so")
            state.wait_settled(world.space(), SECONDS)
            told = {one["name"]: one["scanned"] for one in state.look_up(world.space()).about["projects"]}
            for number, name in enumerate([name for name, why in told.items() if why][:1] + [name for name, why in told.items() if not why][:1]):
                path = world.base / name / (".github/agents/reviewer.agent.md" if name == "app" else ".claude/agents/reviewer.md")
                edit(path, "Third line", f"Third line {number}")
                until(lambda number=number: says(f"Third line {number}", *world.all(), *copies), f"the edit in {name} is found")  # type: ignore[misc]
            assert (None in told.values()) == bool(more)
        finally:
            running.terminate()
            assert b"is scanned" in (running.stdout.read() if running.stdout else b"")


def test_folders_are_watched_where_there_is_no_shared_instance(world: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS and Windows: one watch of watchdog's own for each folder."""
    monkeypatch.setattr(hints, "_watcher", hints._Scheduled)
    with living(world):
        edit(world.opencode, "Second line.", "Second line, edited.")
        until(lambda: says("Second line, edited.", *world.all()), "the edit arrives")
        shutil.rmtree(world.app / ".github")
        world.agent("deep/fresh", agent_text("fresh"))
        until(lambda: (world.shop / ".claude/agents/fresh.md").exists(), "the new agent arrives")
        edit(world.hub / "agents/deep/fresh.md", "Look.", "Look again.")
        until(lambda: says("Look again.", world.shop / ".claude/agents/fresh.md"), "its edit arrives")


def test_more_folders_than_may_be_scheduled_are_scanned(world: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "_watcher", hints._Scheduled)
    monkeypatch.setattr(hints, "_SCHEDULED", 3)
    with living(world) as alive:
        assert any("no more than 3 folders are watched" in text for text in alive.texts("scan"))
        edit(world.opencode, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", *world.all())


def test_a_storm_of_events_ends_in_one_quiet_state(world: Two) -> None:
    with living(world) as alive:
        folder = world.shop / ".claude/agents/storm"
        folder.mkdir()
        for number in range(500):
            (folder / f"{number}.tmp").write_text("x")
        shutil.rmtree(folder)
        edit(world.opencode, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", *world.all())


def test_threads_do_not_grow_with_projects(world: Two) -> None:
    settings = world.hub / "agentsync.yaml"
    for number in range(20):
        (world.base / f"p{number}").mkdir()
    settings.write_text(world.settings + "".join(f"  p{number}: {{path: ../p{number}, targets: [claude-code]}}\n" for number in range(20)))
    before = threading.active_count()
    with living(world):
        assert (world.base / "p19/.claude/agents/reviewer.md").exists()
        if sys.platform == "linux":
            assert threading.active_count() - before == 2
