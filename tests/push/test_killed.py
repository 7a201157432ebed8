"""A push that is killed at any instant, or runs beside another: the next one ends where an uninterrupted one does."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from agentsync.commands.app import run as main
from agentsync.disk import is_temporary
from agentsync.ledger import open_ledger
from agentsync.sync import at_work
from tests.conftest import Run
from tests.watched import Killed, Mortal, Watched
from tests.worlds import World, agent_text, restore, tree


def everything(world: World) -> tuple[dict[str, bytes], set[tuple[Any, ...]]]:
    """The files of the projects, and what the ledger knows of them but for stamps, which depend on the clock."""
    rows = {(row.key.path, row.key.format, row.agent, row.name, row.written, row.hub, row.recipe) for row in world.rows()}
    return {path.removeprefix(str(world.base)): data for path, data in tree(world.shop, world.app).items()}, rows


def test_killed_at_every_step_the_next_run_ends_where_an_uninterrupted_one_does(world: World, home: Path, tmp_path: Path) -> None:
    """The run creates, updates and deletes. Killed before or after each thing it does to the disk or the ledger."""
    (world.hub / "agentsync.yaml").write_text("version: 1\nprojects:\n  shop: {path: ../shop, targets: [claude-code]}\n")
    world.push()
    world.agent("reviewer", agent_text("reviewer", "Second"))
    world.agent("fresh", agent_text("fresh"))
    (world.hub / "agents/tester.md").unlink()
    before = tree(world.shop, world.app)
    for name, folder in (("base", world.base), ("home", home)):
        shutil.copytree(folder, tmp_path / "saved" / name)

    def push_until(number: int) -> bool:
        """Start from the saved world; whether the run was killed at its `number`-th step."""
        for name, folder in (("base", world.base), ("home", home)):
            restore(tmp_path / "saved" / name, folder)
        left = number

        def step(*_: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed

        try:
            world.push(Watched(before=step, after=step), wrap=lambda ledger: Mortal(ledger, step))
        except Killed:
            return True
        return False

    assert not push_until(0)
    wanted = everything(world)
    number = 1
    while push_until(number):
        for path, data in tree(world.shop, world.app).items():  # original or final, nothing between
            assert data in (before.get(path), wanted[0].get(path.removeprefix(str(world.base)))), path
        world.push()
        assert everything(world) == wanted, number
        number += 1
    assert number > 20
    assert not [path for path in world.base.rglob("*") if is_temporary(path.name)]


def test_old_bytes_are_recorded_before_the_first_file_changes(world: World) -> None:
    world.push()
    world.agent("reviewer", agent_text("reviewer", "Second"))
    old = (world.shop / ".claude/agents/reviewer.md").read_bytes()

    def first_write(what: str, root: str, path: str) -> None:
        if root == str(world.app) or root == str(world.shop):
            raise Killed

    with pytest.raises(Killed):
        world.push(Watched(before=first_write))
    with open_ledger(world.space().state)[0] as ledger:
        run = ledger.runs()[0]
        assert run.finished is None
        assert old in [touched.old for touched in ledger.touched(run.id)]


def test_a_real_kill_leaves_no_half_file(world: World, run: Run) -> None:
    """SIGKILL at random instants of a real process; each file is whole, and the next push finishes the work."""
    for number in range(40):
        world.agent(f"many/a{number}", agent_text(f"a{number}", prompt="x" * 2000))
    world.space()
    command = [sys.executable, "-m", "agentsync", "push", "--all"]
    for wait in (0.30, 0.33, 0.36, 0.40, 0.45):
        with subprocess.Popen(command, cwd=world.hub, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
        for path, data in tree(world.shop, world.app).items():
            assert is_temporary(Path(path).name) or data.endswith(b"\n"), path
    assert run("push", "--all", cwd=world.hub).code == 0
    assert len(list((world.shop / ".claude/agents").glob("*.md"))) == 43
    assert not [path for path in world.base.rglob("*") if is_temporary(path.name)]


def test_two_processes_at_once_do_each_thing_once(world: World) -> None:
    world.space()
    command = [sys.executable, "-m", "agentsync", "push", "--all", "--json"]
    processes = [subprocess.Popen(command, cwd=world.hub, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(len(answer["changes"]) for answer in answers) == [0, 0, 9]


def test_a_locked_hub_says_who_holds_it(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("agentsync.locking.WAIT_SECONDS", 0.2)
    monkeypatch.chdir(world.hub)
    with at_work(world.space(), "watch"):
        assert main(["push", "--all"]) == 3
    said = capsys.readouterr().err
    assert f"watch (process {os.getpid()})" in said
    assert tree(world.shop) == {}
