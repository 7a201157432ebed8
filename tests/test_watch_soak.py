"""The daemon for a long while: random edits everywhere while it is killed again and again, and storms of events. `make soak` does more."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agentsync.model import AgentsyncError
from agentsync.snapshot import Wishes
from agentsync.sync import PUSH
from agentsync.watch import state
from tests.test_push import agent_text
from tests.test_sync import Two
from tests.test_watch import SECONDS, living, says, until

SOAK = bool(os.environ.get("AGENTSYNC_SOAK"))
KILLS = 100 if SOAK else 2
EDITS = 10 if SOAK else 6
STORM = 50_000 if SOAK else 0


def start(world: Two) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "agentsync", "watch", "-C", str(world.hub), "--no-notify"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def settled(world: Two, running: subprocess.Popen[bytes]) -> None:
    """Everything is handled, by a daemon that may still be starting."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            return state.wait_settled(world.space(), SECONDS)
        except AgentsyncError:
            assert running.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)


def save(path: Path, place: str, mark: str) -> None:
    """Put a line into a file as an editor does that looks whether the file is still the one it opened."""
    fresh = path.with_name(f"{path.name}.swp")
    while True:
        text = path.read_text()
        assert place in text
        fresh.write_text(text.replace(place, f"{place}\n{mark}", 1))
        if path.read_text() == text:
            fresh.replace(path)
            return


def test_random_edits_under_a_daemon_that_is_killed_again_and_again(tmp_path: Path, home: Path) -> None:
    """Each edit adds a line that names it. Afterwards all copies of an agent say the same and hold every line, or wait in a listed conflict."""
    world = Two(tmp_path / "world", home).build()
    names = ("one", "two", "three", "four")
    for name in names:
        world.agent(name, agent_text(name, prompt="\n\n".join(f"Place {number}." for number in range(40))))
    world.commit()
    world.go(PUSH)
    draw, made = random.Random(int(os.environ.get("AGENTSYNC_SEED", "1"))), dict[str, list[str]]()  # noqa: S311 - a seed to repeat it
    running = start(world)
    try:
        for round_number in range(KILLS):
            for number in range(EDITS):
                name, mark = draw.choice(names), f"Edit {round_number}-{number}."
                path = draw.choice([
                    world.hub / f"agents/{name}.md", world.shop / f".claude/agents/{name}.md", world.shop / f".opencode/agents/{name}.md",
                    world.app / f".github/agents/{name}.agent.md",
                ])
                place = f"Place {draw.randrange(40)}."
                save(path, place, mark)
                made.setdefault(name, []).append(mark)
                time.sleep(draw.random() * 0.2)
            running.send_signal(signal.SIGKILL)
            running.wait()
            running = start(world)
        settled(world, running)
        settled(world, running)
        told = state.look_up(world.space()).about
    finally:
        running.kill()
        running.wait()
    open_agents = {one["agent"] for one in told["open"]}
    lost = []
    for name in names:
        paths = [world.hub / f"agents/{name}.md", world.shop / f".claude/agents/{name}.md", world.shop / f".opencode/agents/{name}.md",
                 world.app / f".github/agents/{name}.agent.md"]
        for mark in made.get(name, []):
            there = [mark in path.read_text() for path in paths]
            if not (all(there) or (name in open_agents and any(there))):
                lost.append((name, mark, there))
    assert not lost
    if not open_agents:
        assert world.go(wishes=Wishes()).run is None


@pytest.mark.skipif(not SOAK, reason="make soak")
def test_a_storm_larger_than_the_systems_queue(tmp_path: Path, home: Path) -> None:
    world = Two(tmp_path / "world", home).build()
    world.go(PUSH)
    with living(world) as alive:
        folders = [world.shop / f".claude/agents/storm{number}" for number in range(20)]
        for folder in folders:
            folder.mkdir()
        for number in range(STORM):
            (folders[number % 20] / f"{number}.txt").write_text("x")
        text = world.opencode.read_text()
        world.opencode.write_text(text.replace("Second line.", "Second line, edited."))
        for folder in folders:
            shutil.rmtree(folder)
        alive.settled()
        until(lambda: says("Second line, edited.", *world.all()), "the edit is found")
