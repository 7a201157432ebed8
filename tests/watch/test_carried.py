"""The daemon on real folders with real git: what it carries where, and how often; and how editors save."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from watchdog.observers import Observer

from agentsync.watch import state
from agentsync.watch.loop import Timing
from tests.daemon_worlds import SECONDS, by_code, by_jetbrains, by_vim, commits, living, process, says, until
from tests.worlds import Two, agent_text, edit, git, tree

# ---- what is carried ------------------------------------------------------------------------------------------------


def test_one_edit_is_one_write_in_each_other_copy_and_one_commit(world: Two) -> None:
    with living(world) as alive:
        before, head = {path: path.stat().st_ino for path in world.all()}, commits(world)
        edit(world.opencode, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", *world.all())
        inodes = {path: path.stat().st_ino for path in world.all()}
        assert [path for path in world.all() if inodes[path] == before[path]] == [world.opencode]
        alive.settled()
        alive.settled()
        assert {path: path.stat().st_ino for path in world.all()} == inodes
        assert commits(world) == head + 1
        assert git(world.hub, "status", "--porcelain") == ""
        assert len(alive.texts("run")) == 1


class Moves:
    """How often each file in some folders was replaced: what agentsync writes comes under another name and is renamed."""

    def __init__(self) -> None:
        self.counts = Counter[str]()

    def dispatch(self, event: Any) -> None:
        if event.event_type == "moved":
            self.counts[os.fsdecode(event.dest_path)] += 1


@contextmanager
def replaced(*paths: Path) -> Iterator[Callable[[], list[int]]]:
    """How often each of these files is replaced meanwhile, as the system tells it."""
    moves, observer = Moves(), Observer()
    for folder in {path.parent for path in paths}:
        observer.schedule(moves, str(folder))  # type: ignore[arg-type]  # it asks for no more than `dispatch`
    observer.start()

    def counted() -> list[int]:
        time.sleep(0.7)     # it pairs the halves of a rename for half a second
        return [moves.counts[str(path)] for path in paths]

    try:
        yield counted
    finally:
        observer.stop()
        observer.join()


@pytest.mark.parametrize("where", ["hub", "copy"])
def test_a_daemon_writes_every_other_copy_exactly_once_and_commits_once(world: Two, where: str) -> None:
    edited = 0 if where == "hub" else 2
    with process(world), replaced(*world.all()) as counted:
        state.wait_settled(world.space(), SECONDS)
        head = commits(world)
        edit(world.all()[edited], "Second line.", "Second line, edited.")
        for _ in range(3):
            state.wait_settled(world.space(), SECONDS)
        assert says("Second line, edited.", *world.all())
        assert counted() == [int(number != edited) for number in range(4)]
        assert commits(world) == head + (where == "copy")
        for project in (world.shop, world.app):
            git(project, "add", "-A")
            git(project, "commit", "-q", "-m", "copies")
        git(world.shop, "switch", "-q", "-c", "other")
        git(world.shop, "rm", "-q", ".opencode/agents/reviewer.md")
        git(world.shop, "commit", "-q", "-m", "without")
        for branch in ("main", "other", "main"):
            git(world.shop, "switch", "-q", branch)
            state.wait_settled(world.space(), SECONDS)
        assert counted() == [int(number != edited) for number in range(4)], "a branch switch gives none"
        assert commits(world) == head + (where == "copy")


def test_an_edit_of_the_hub_reaches_every_copy(world: Two) -> None:
    with living(world) as alive:
        edit(world.home_file, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", *world.all())


def test_edits_made_while_nobody_watched_are_seen_at_the_start(world: Two) -> None:
    edit(world.copilot, "Second line.", "Second line, edited.")
    with living(world):
        assert says("Second line, edited.", *world.all())


def test_a_new_agent_of_the_hub_in_a_new_folder_goes_out(world: Two) -> None:
    with living(world) as alive:
        world.agent("deep/er/fresh", agent_text("fresh"))
        alive.settled()
        assert (world.shop / ".claude/agents/fresh.md").exists()
        edit(world.hub / "agents/deep/er/fresh.md", "Look.", "Look again.")
        alive.settled()
        assert says("Look again.", world.shop / ".claude/agents/fresh.md")


def test_a_folder_that_was_deleted_and_made_again_is_watched_again(world: Two) -> None:
    with living(world) as alive:
        kept = tree(world.shop / ".opencode")
        shutil.rmtree(world.shop / ".opencode")
        alive.settled()
        for path, data in kept.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_bytes(data)
        alive.settled()
        edit(world.opencode, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", *world.all())


def test_a_project_that_was_moved_away_and_back_goes_on(world: Two) -> None:
    away = world.shop.with_name("away")
    with living(world) as alive:
        world.shop.rename(away)
        until(lambda: any("shop" in text for text in alive.texts("pause")), "the missing project is named")
        edit(away / ".opencode/agents/reviewer.md", "Second line.", "Second line, edited.")
        away.rename(world.shop)
        until(lambda: says("Second line, edited.", *world.all()), "the edit arrives")
        edit(world.claude, "Third line.", "Third line, edited.")
        alive.settled()
        assert says("Third line, edited.", *world.all())


def test_a_project_that_is_a_link_is_watched(tmp_path: Path, home: Path) -> None:
    world = Two(tmp_path / "world", home)
    (tmp_path / "real").mkdir()
    world.base.mkdir()
    world.build()
    world.shop.rename(tmp_path / "real/shop")
    world.shop.symlink_to(tmp_path / "real/shop")
    with living(world) as alive:
        edit(world.opencode, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", *world.all())


# ---- how editors save -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("save", [by_vim, by_code, by_jetbrains])
@pytest.mark.parametrize("where", ["hub", "copy"])
def test_a_file_that_is_gone_or_empty_while_it_is_saved_is_no_change(world: Two, save: Callable[..., None], where: str) -> None:
    path = world.home_file if where == "hub" else world.opencode
    data = path.read_bytes().replace(b"Second line.", b"Second line, edited.")
    with living(world, Timing(quiet=0.02, limit=0.5, grace=1.0, poll=0.1, verify=0.1)) as alive:
        head = commits(world)
        save(path, data, lambda: time.sleep(0.2))
        alive.settled()
        assert says("Second line, edited.", *world.all())
        assert path.read_bytes() == data
        assert len(alive.texts("run")) == 1, alive.texts("run")
        assert commits(world) == head + (where == "copy")
        assert "open" not in alive.kinds()


def test_a_file_that_stays_away_is_deleted_after_a_while(world: Two) -> None:
    world.agent("gone", agent_text("gone"))
    with living(world) as alive:
        copy = world.shop / ".claude/agents/gone.md"
        assert copy.exists()
        (world.hub / "agents/gone.md").unlink()
        alive.settled()
        assert not copy.exists()
