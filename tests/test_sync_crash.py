"""Two-way runs killed at every step, on disks that fail, and by a real SIGKILL: the next run ends where an uninterrupted one does.

A step is anything an executor does to the disk or the ledger; a run is killed before and after each. The suite takes every few steps,
`AGENTSYNC_CRASH=all` (`make crash`) takes all of them, and kills the real program more often.
"""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from agentsync.disk import is_temporary
from agentsync.ledger import LedgerError, open_ledger
from agentsync.model import AgentsyncError
from agentsync.snapshot import Wishes
from agentsync.sync import PUSH, SYNC, at_work
from agentsync.sync import run as run_sync
from tests.crash_worlds import CASES, TENDED, Crashing, Saved, built, differences, end_of
from tests.watched import Killed
from tests.worlds import SETTINGS, Two, agent_text, edit, git

ALL: Final = os.environ.get("AGENTSYNC_CRASH") == "all"


def undone(world: Two) -> bool:
    """Whether an undo came to its end: once more would take back the run before."""
    with open_ledger(world.space().state)[0] as ledger:
        return any(run.undid is not None and run.finished is not None for run in ledger.runs())


@pytest.mark.parametrize("case", CASES)
def test_killed_at_any_step_the_same_command_ends_where_an_uninterrupted_one_does(case: str, tmp_path: Path, home: Path) -> None:
    world = built(tmp_path / "world", home, case)
    command = CASES[case][2]
    saved = Saved(world, tmp_path / "saved")
    before = world.tree()
    taken: list[tuple[str, ...]] = []
    world.act(command, lambda *words: taken.append(words))
    tended = command == "adopt" or command in TENDED
    after_command = world.tree()
    if tended:
        finish(world)
    wanted = end_of(world)
    every = 1 if ALL else max(1, len(taken) // 2)
    for number in range(len(taken) if ALL else len(taken) - 1 - sorted(CASES).index(case) % every, -1, -every):
        saved.again()
        left = number

        def step(*_: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed

        with suppress(Killed):
            world.act(command, step)
        for path, data in world.tree().items():
            if path.endswith("agentsync.lock"):
                continue
            assert data in (before.get(path), after_command.get(path)), (number, taken[number : number + 1], path)
        with suppress(AgentsyncError):                 # nothing may be left to decide, or to do
            world.act("sync" if command == "undo" and undone(world) else command)
        if tended:
            finish(world)
        other = differences(end_of(world), wanted)
        assert not other, "\n".join([f"killed at step {number} of {len(taken)}, {taken[number : number + 1]}:", *other])
    if ALL:
        print(f"{case}: killed at each of {len(taken)} steps")


def test_what_a_killed_run_took_is_committed_with_the_name_of_its_project(tmp_path: Path, home: Path) -> None:
    """The run dies between the hub's file and the hub's commit, which the next run makes up for."""
    world = built(tmp_path / "world", home, "sync")
    settled = 0

    def step(*words: str) -> None:
        nonlocal settled
        settled += words == ("settle",)
        if settled == 2:
            raise Killed

    with suppress(Killed):
        world.act("sync", step)
    world.act("sync")
    assert git(world.hub, "log", "-1", "--format=%s", "--", "agents/reviewer.md").strip() == "Take edits of reviewer from shop, app"


# ---- a disk that fails --------------------------------------------------------------------------------------------

CALLS: Final = ("open", "write", "fsync", "replace", "unlink", "mkdir")
WORDS: Final = {
    errno.ENOSPC: "the disk is full", errno.EIO: "input or output error", errno.EACCES: "permission denied",
    errno.EROFS: "the file system is read-only",
}


class Failing:
    """The calls by which `os` changes files, of which the `number`-th fails; only below these folders, so that git is not meant."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int, code: int, *, on: bool = False) -> None:
        self.left, self.code, self.calls, self.stays = number, code, 0, on
        for name in CALLS:
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            ours = sys._getframe(1).f_globals.get("__name__") in ("agentsync.disk", "agentsync.folders")
            if ours and not (name == "open" and not arguments[1] & os.O_CREAT):
                self.calls += 1
                self.left -= 1
                if self.left == 0 or (self.stays and self.left < 0):
                    raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **keywords)

        return call


FAILED: Final = ("sync", "undo", "resolve by hand", "approve", *TENDED, "adopt") if ALL else ("sync", "fork")


@pytest.mark.parametrize("code", WORDS, ids=lambda code: errno.errorcode[code])
@pytest.mark.parametrize("case", FAILED)
def test_a_disk_that_fails_at_any_call_is_named_and_the_next_run_completes(
    case: str, code: int, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once at one call, and from one call on."""
    world = built(tmp_path / "world", home, case)
    command = CASES[case][2]
    saved = Saved(world, tmp_path / "saved")
    before = world.tree()
    with monkeypatch.context() as patch:
        counter = Failing(patch, 0, code)
        world.act(command)
    after = world.tree()
    finish(world)
    wanted = end_of(world)
    steps = range(1, counter.calls + 1) if ALL else range(2 + list(WORDS).index(code) * 5, counter.calls + 1, counter.calls)
    for number in steps:
        for stays in (False, True) if ALL else (number % 2 == 0,):
            saved.again()
            said = ""
            with monkeypatch.context() as patch:
                Failing(patch, number, code, on=stays)
                try:
                    done = world.act(command)
                    said = " ".join(problem.message for _, problem in (done[1] if isinstance(done, tuple) else done).failed)
                except AgentsyncError as error:
                    said = error.problem.message
            assert not said or WORDS[code] in said or "could not be written" in said, (number, said)
            for path, data in world.tree().items():
                assert data in (before.get(path), after.get(path)) or is_temporary(path) or path.endswith("agentsync.lock"), (number, path)
            with suppress(AgentsyncError):              # it may be done already
                world.act("sync" if command == "undo" and undone(world) else command)
            finish(world)
            end = end_of(world)
            # A lock names the hub's commit, of which there may be two now.
            end["files"], expected = ({name: data for name, data in files.items() if not name.endswith("agentsync.lock")}
                                      for files in (end["files"], wanted["files"]))
            other = differences({"files": end["files"], "rows": end["rows"], "hub": end["hub"][1]},
                                {"files": expected, "rows": wanted["rows"], "hub": wanted["hub"][1]})
            assert not other, "\n".join([f"{errno.errorcode[code]} at call {number} of {counter.calls}{' and on' if stays else ''}:", *other])
    if ALL:
        print(f"{case}, {errno.errorcode[code]}: at each of {counter.calls} calls, once and from there on")


def finish(world: Crashing) -> None:
    """Two runs after a command: what git is still to learn is committed by the first, before more is taken."""
    world.act("push")
    world.act("sync")


@pytest.mark.parametrize("pages", range(0, 12, 1 if ALL else 5))
def test_a_ledger_that_is_full_is_named_and_the_next_run_completes(pages: int, tmp_path: Path, home: Path) -> None:
    world = built(tmp_path / "world", home, "sync")
    space = world.space()
    before = world.tree()
    with at_work(space, "sync") as (ledger, _):
        most = ledger._db.execute("PRAGMA page_count").fetchone()[0] + pages
        ledger._db.execute(f"PRAGMA max_page_count = {most}")
        try:
            run_sync(space, ledger, tuple(space.config.projects), Wishes(), SYNC, "sync")
        except LedgerError as error:
            said = error.problem.message
        else:
            said = ""
    assert "full" in said or (pages > 0 and not said)
    if pages == 0:
        assert world.tree() == before, "nothing changes before it can be had back"
    world.act("sync")
    assert all(word in path.read_text() for path in world.all() for word in ("hub.", "claude.", "Does more things"))
    again = world.act("sync")
    assert (again.run, again.commit) == (None, None)


def test_a_commit_killed_before_it_wrote_its_index_leaves_nothing_staged(tmp_path: Path, home: Path) -> None:
    """git moves the branch first and the index last: killed between the two, what was committed looks like taken back, and staged."""
    world = Crashing(tmp_path / "world", home, SETTINGS)
    world.build()
    world.go(PUSH)
    index = world.hub / ".git/index"
    before = index.read_bytes()
    edit(world.claude, "Second line.", "Second line, edited.")
    world.go()
    with at_work(world.space(), "test") as (ledger, _):
        run = ledger.runs()[0]
        ledger._db.execute("UPDATE runs SET finished = NULL WHERE id = ?", (run.id,))
    index.write_bytes(before)
    assert git(world.hub, "status", "--porcelain").startswith("MM ")
    head = git(world.hub, "rev-parse", "HEAD")
    result = world.go()
    assert not result.plan.problems
    assert (git(world.hub, "status", "--porcelain"), git(world.hub, "rev-parse", "HEAD")) == ("", head)


# ---- a real kill --------------------------------------------------------------------------------------------------


def test_the_real_program_killed_at_random_instants_loses_nothing(tmp_path: Path, home: Path) -> None:
    """SIGKILL of `agentsync sync`; then once more to its end: all edits are everywhere, the hub is committed, nothing lies about."""
    world = Crashing(tmp_path / "world", home, SETTINGS)
    world.build()
    names = [f"many/a{number}" for number in range(12)]
    for name in names:
        world.agent(name, agent_text(name.rpartition("/")[2], prompt="One.\n\nTwo.\n\nThree."))
    world.commit()
    world.go(PUSH)
    command = [sys.executable, "-m", "agentsync", "sync", "--all", "--json"]
    draw = random.Random(4)  # noqa: S311 - no secret
    began = time.monotonic()
    done = subprocess.run(command, cwd=world.hub, capture_output=True, check=False)
    whole = time.monotonic() - began
    kills = died = 0
    for number in range(120 if ALL else 4):
        for name in names:
            edit(world.shop / f".claude/agents/{name.rpartition('/')[2]}.md", "Two", f"Two e{number}")
            edit(world.app / f".github/agents/{name.rpartition('/')[2]}.agent.md", "Three", f"Three f{number}")
        # Alone or with the git that it called, as when a terminal or the machine goes.
        with subprocess.Popen(command, cwd=world.hub, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as process:
            time.sleep(draw.uniform(whole * 0.3, whole * 2.5))
            (os.killpg if number % 2 else os.kill)(process.pid, signal.SIGKILL)
        kills += 1
        died += process.returncode == -signal.SIGKILL
        for folder in (world.hub, world.shop, world.app):
            (folder / ".git/index.lock").unlink(missing_ok=True)       # git's own, killed with it or not: its user removes it
        done = subprocess.run(command, cwd=world.hub, capture_output=True, check=False, timeout=120)
        assert done.returncode == 0, (number, done.stdout[-2000:], done.stderr[-2000:])
        assert json.loads(done.stdout)["conflicts"] == []
        for path in (*(world.hub / f"agents/{name}.md" for name in names), *(world.shop / ".opencode/agents").glob("a*.md")):
            assert f"Two e{number}" in path.read_text(), (number, path)
            assert f"Three f{number}" in path.read_text(), (number, path)
        assert git(world.hub, "status", "--porcelain") == "", number
        assert not [path for path in world.base.rglob("*") if is_temporary(path.name)], number
    if ALL:
        print(f"{kills} kills, {died} of them in the middle of a run")
