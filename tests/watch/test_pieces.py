"""Pieces of the daemon by themselves: when what was touched comes due, which folders are watched, what is in doubt."""

from __future__ import annotations

import os
import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from agentsync.watch import places
from agentsync.watch.eyes import Eyes
from agentsync.watch.pace import Pace
from tests.worlds import Two


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 0.3)), max_size=30))
def test_what_is_touched_comes_due_after_a_pause_or_at_the_limit(steps: list[tuple[str, float]]) -> None:
    pace, now, first, last = Pace(0.1, 0.5), 0.0, dict[str, float](), dict[str, float]()
    for owner, wait in steps:
        now += wait
        pace.note(owner, now)
        first.setdefault(owner, now)
        last[owner] = now
        due = pace.due(now)
        assert set(due) == {one for one in first if now >= min(last[one] + 0.1, first[one] + 0.5)}
        pace.done(due, pace.number)
        for one in due:
            del first[one]
    assert pace.settled(pace.number) is not bool(first)


def test_places_are_the_folders_on_the_way_and_those_that_hold_agents(tmp_path: Path) -> None:
    (tmp_path / ".x/agents/deep").mkdir(parents=True)
    (tmp_path / "node_modules").mkdir()
    root = os.path.realpath(tmp_path)
    found = places.spots(root, [".x/agents/**/*.md", ".y/agents/*.md", "AGENTS.md"])
    ways = {root: frozenset({".x", ".y", "AGENTS.md"}), f"{root}/.x": frozenset({"agents"})}
    assert found == ways | {f"{root}/.x/agents": None, f"{root}/.x/agents/deep": None}
    assert places.spots(f"{root}/not/there", ["a/*.md"]) == {root: frozenset({"not"})}
    assert not places.listing(found)


def test_many_files_that_vanish_at_once_are_in_doubt_at_no_great_cost(world: Two) -> None:
    """As when a folder of a build is emptied: what one of them costs must not depend on the others."""
    eyes = Eyes(world.space(), lambda _: None, 2.0)
    try:
        eyes.place()
        eyes.written(["shop"])
        folder = os.path.realpath(world.claude.parent)
        eyes._seen["shop"] |= {f"{folder}/{number}.md": (1, 1, 1) for number in range(20_000)}
        started = time.process_time()
        assert eyes.doubtful("shop", 10.0, 0.1, 2.0) == 12.0
        assert eyes.doubtful("shop", 11.0, 0.1, 2.0) == 12.0
        assert eyes.doubtful("shop", 12.5, 0.1, 2.0) is None
        assert time.process_time() - started < 3
    finally:
        eyes.hints.close()
