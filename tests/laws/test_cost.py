"""What an edit costs depends on what it changes and not on how many projects there are, but for the walk over all of them.

Counted in calls of agentsync's own functions, which are the same on every machine: a run that carries an edit, less a run with nothing to do.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

import agentsync
from tests.worlds import Two, agent_text, edit, git

FEW, MANY = 2, 9
PASSED_OVER = 5
"""So many calls more for a project that has nothing to do with the edit: each is only passed over."""
OURS = str(Path(agentsync.__file__).parent)


@dataclass
class Row(Two):
    """So many projects of two targets. All select the reviewer, and the first alone a second agent."""

    projects: int = 0

    def build(self) -> Row:
        others = "".join(f"  p{n}: {{path: ../p{n}, targets: [claude-code, opencode], select: [reviewer]}}\n" for n in range(1, self.projects))
        self.settings = f"version: 1\nbranch: main\nprojects:\n  shop: {{path: ../shop, targets: [claude-code, opencode]}}\n{others}"
        for number in range(1, self.projects):
            (self.base / f"p{number}").mkdir(parents=True)
            git(self.base / f"p{number}", "init", "-q", "-b", "main")
        Two.build(self)
        self.agent("planner", agent_text("planner", prompt="First line\n\nLast line\n"))
        self.commit()
        return self


def calls(act: Callable[[], Any]) -> Counter[str]:
    """How often each function of agentsync is called."""
    found: Counter[CodeType] = Counter()

    def seen(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            found[frame.f_code] += 1

    sys.setprofile(seen)
    try:
        act()
    finally:
        sys.setprofile(None)
    total: Counter[str] = Counter()
    for code, times in found.items():
        total[f"{Path(code.co_filename).relative_to(OURS)}:{code.co_qualname}"] += times
    return total


def costs(change: Callable[[Row], None], *rows: Row) -> list[dict[str, int]]:
    """What a run costs that carries a change, beside one with nothing to do; for each of some worlds."""
    for row in rows:
        row.go()
    time.sleep(2.6)     # after which a stat is trusted
    found = []
    for row in rows:
        row.go(), row.go()
        rest = calls(row.go)
        change(row)
        more = calls(row.go)
        more.subtract(rest)
        found.append({name: times for name, times in more.items() if times})
    return found


def in_the_hub(row: Row) -> None:
    edit(row.hub / "agents/planner.md", "First line", "First line. Another")


def in_a_copy(row: Row) -> None:
    edit(row.shop / ".claude/agents/planner.md", "Last line", "Last line. One more")


@pytest.mark.parametrize("change", [in_the_hub, in_a_copy])
def test_an_edit_costs_the_same_however_many_projects_there_are(tmp_path: Path, home: Path, change: Callable[[Row], None]) -> None:
    few, many = (Row(tmp_path / f"of-{projects}", home, projects=projects).build() for projects in (FEW, MANY))
    costs(change, few, many)        # what is remembered of formats and texts is no cost of a project
    one, other = costs(change, few, many)
    differing = {name: (one.get(name, 0), other.get(name, 0)) for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
    more = sum(other.values()) - sum(one.values())
    assert 0 <= more <= PASSED_OVER * (MANY - FEW), differing
    walk = calls(many.go).total() - calls(few.go).total()
    assert walk > 50 * more, "beside the walk over all projects it is nothing"
