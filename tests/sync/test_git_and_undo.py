"""What a two-way run commits and leaves alone, who decides in a project, undo, and disks that fail meanwhile."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from agentsync.disk import DiskError
from agentsync.model import Problem
from agentsync.snapshot import Wishes
from agentsync.sync import PUSH, SYNC, at_work
from agentsync.sync import run as run_sync
from tests.watched import Watched
from tests.worlds import ANY, SETTINGS, Two, edit, git, quiet, states, tree


def test_a_hub_file_with_uncommitted_edits_is_written_and_not_committed(world: Two) -> None:
    edit(world.home_file, "First line.", "First line, mine.")
    (world.hub / "staged.txt").write_text("staged\n")
    git(world.hub, "add", "staged.txt")
    edit(world.claude, "Fourth line.", "Fourth line, claude.")
    result = world.go()
    assert result.commit is None
    assert "not committed" in " ".join(problem.message for problem in result.plan.problems)
    assert "mine." in world.home_file.read_text()
    assert "claude." in world.home_file.read_text()
    assert git(world.hub, "status", "--porcelain").splitlines() == [" M agents/reviewer.md", "A  staged.txt"]


@pytest.mark.parametrize("how", ["staged", "staged and put back", "mode", "line ends", "ignored"])
def test_whether_a_hub_file_held_changes_is_found_after_it_was_written(world: Two, how: str) -> None:
    """Only what is not committed counts: line ends that git changes itself are none."""
    text = world.home_file.read_bytes()
    if how.startswith("staged"):
        edit(world.home_file, "First line.", "First line, mine.")
        git(world.hub, "add", "agents")
        world.home_file.write_bytes(text if how == "staged and put back" else world.home_file.read_bytes())
    elif how == "mode":
        world.home_file.chmod(0o755)
    elif how == "line ends":
        git(world.hub, "config", "core.autocrlf", "true")
        world.home_file.write_bytes(text.replace(b"\n", b"\r\n"))
    else:
        git(world.hub, "rm", "-q", "--cached", "agents/reviewer.md")
        (world.hub / ".git/info/exclude").write_text("agents/reviewer.md\n")
        git(world.hub, "commit", "-q", "-m", "leave it out")
    edit(world.claude, "Fourth line.", "Fourth line, claude.")
    result = world.go()
    assert "claude." in world.home_file.read_text()
    assert (result.commit is not None) == (how == "line ends")
    assert ("not committed" in " ".join(problem.message for problem in result.plan.problems)) == (how != "line ends")


def test_a_hub_commit_leaves_the_index_alone(world: Two) -> None:
    (world.hub / "staged.txt").write_text("staged\n")
    git(world.hub, "add", "staged.txt")
    (world.hub / ".git/hooks/pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (world.hub / ".git/hooks/pre-commit").chmod(0o755)
    edit(world.claude, "Fourth line.", "Fourth line, claude.")
    assert world.go().commit is not None
    assert git(world.hub, "status", "--porcelain") == "A  staged.txt\n"
    assert git(world.hub, "show", "--name-only", "--format=").split() == ["agents/reviewer.md"]


@pytest.mark.parametrize(("mode", "up", "down"), [("push", False, True), ("pull", True, False), ("two-way", True, True)])
def test_a_projects_mode_says_who_decides(tmp_path: Path, home: Path, mode: str, up: bool, down: bool) -> None:
    world = Two(tmp_path / "world", home).build()
    world.go(PUSH)
    (world.hub / "agentsync.yaml").write_text(SETTINGS.replace("opencode]}", f"opencode], mode: {mode}}}"))
    edit(world.claude, "Second line.", "Second line, claude.")
    edit(world.home_file, "Fourth line.", "Fourth line, hub.")
    world.go()
    assert ("claude." in world.home_file.read_text()) is up
    assert ("hub." in world.opencode.read_text()) is down
    assert "hub." in world.copilot.read_text()


def test_three_undos_bring_back_the_start(world: Two) -> None:
    start = tree(world.hub, world.shop, world.app)
    rounds = [start]
    for number, path in enumerate((world.claude, world.opencode, world.copilot)):
        edit(path, "Second line.", "Second line.") if number else None
        edit(world.home_file, ("First", "Third", "Fourth")[number], f"{number}.")
        world.go()
        rounds.append(tree(world.hub, world.shop, world.app))
    for number in (2, 1, 0):
        world.undo()
        expected = rounds[number]
        found = tree(world.shop, world.app)
        assert found == {path: data for path, data in expected.items() if path in found and not path.startswith(str(world.hub))}
    assert states(world.go())["shop:claude-code:reviewer"] == "behind"
    assert tree(world.shop, world.app) == {path: data for path, data in start.items() if not path.startswith(str(world.hub))}


def test_an_undone_pull_is_not_pulled_again_until_something_changes(world: Two) -> None:
    edit(world.claude, "Second line.", "Second line, claude.")
    before = tree(world.hub, world.shop, world.app)
    world.go()
    world.undo()
    assert tree(world.hub, world.shop, world.app) == before
    assert git(world.hub, "log", "-1", "--format=%s").startswith("Undo run")
    quiet(world)
    edit(world.claude, "Third line.", "Third line, too.")
    world.go()
    assert "claude." in world.copilot.read_text()


def test_an_undone_removal_is_not_done_again(world: Two) -> None:
    """The agent left the hub; its copies came back by an undo, and stay until it is named."""
    (world.hub / "agents/tester.md").unlink()
    world.go()
    assert not (world.shop / ".claude/agents/tester.md").exists()
    world.undo()
    quiet(world)
    assert (world.shop / ".claude/agents/tester.md").exists()
    world.go(wishes=Wishes(agents=("tester",)))
    assert not (world.shop / ".claude/agents/tester.md").exists()


def test_undo_leaves_what_was_changed_since(world: Two) -> None:
    edit(world.home_file, "First line.", "First line, newer.")
    world.go()
    edit(world.claude, "Second line.", "Second line, mine.")
    result = world.undo()
    assert [problem.code for problem in result.plan.problems] == ["changed-since"]
    assert "mine." in world.claude.read_text()
    assert "newer." not in world.opencode.read_text()


def test_an_undo_of_long_ago_brings_back_no_second_copy_of_an_agent(world: Two) -> None:
    """The record of a copy was taken back, its agent got another name and another file: then that undo is undone."""
    root = os.path.realpath(world.app)
    with at_work(world.space(), "lose") as (ledger, _):
        ledger.keep(forget=[row.key for row in ledger.rows_of(root, ["reviewer"])])
    edit(world.hub / "agents/tester.md", "Look.", "Look twice.")
    world.go()
    world.undo()
    with at_work(world.space(), "look") as (ledger, _):
        taken_back = ledger.runs()[0].id
        assert not ledger.rows_of(root, ["reviewer"])
    edit(world.home_file, "name: reviewer", "name: critic")
    world.go()
    world.undo(taken_back)
    world.go()
    with at_work(world.space(), "look") as (ledger, _):
        assert len(ledger.rows_of(root, ["reviewer"])) == 1
    quiet(world)


def test_a_copy_of_a_pull_whose_hub_file_cannot_be_written_stays(world: Two) -> None:
    edit(world.claude, "Second line.", "Second line, claude.")
    world.home_file.chmod(0o444)
    (world.hub / "agents").chmod(0o555)
    try:
        if not _writable(world.hub / "agents"):
            result = world.go()
            assert [edit.path for edit, _ in result.failed][:1] == ["agents/reviewer.md"]
            assert "claude." not in world.opencode.read_text()
            assert "claude." in world.claude.read_text()
    finally:
        (world.hub / "agents").chmod(0o755)
    world.go()
    assert all("claude." in path.read_text() for path in world.all())


def test_an_edit_whose_hub_file_could_not_be_written_is_taken_by_the_next_run(world: Two) -> None:
    """The lock must not learn what was not agreed: the copy would count as old, and be overwritten."""
    edit(world.claude, "Second line.", "Second line, claude.")
    space = world.space(Watched(before=full))
    with at_work(space, "sync") as (ledger, _):
        result = run_sync(space, ledger, tuple(space.config.projects), ANY, SYNC, "sync")
    assert [edit.path for edit, _ in result.failed] == ["agents/reviewer.md", ".opencode/agents/reviewer.md", ".github/agents/reviewer.agent.md"]
    world.go()
    assert all("claude." in path.read_text() for path in world.all())


def full(what: str, root: str, path: str) -> None:
    """A disk that takes nothing into the hub."""
    if what == "write" and path.startswith("agents/"):
        raise DiskError(Problem("full", "cannot be written: the disk is full", path=path))


def test_copies_that_need_no_look_get_what_the_same_run_takes_from_another(world: Two) -> None:
    """A copy whose stat is trusted is not read; it must be, once the hub's agent changes in this very run."""
    time.sleep(2.6)
    world.go()
    edit(world.claude, "Second line.", "Second line, claude.")
    world.go()
    assert all("claude." in path.read_text() for path in world.all())
    quiet(world)
    edit(world.home_file, "Third line.", "Third line, hub.")
    edit(world.claude, "Third line.", "Third line, claude.")
    world.go()
    time.sleep(2.6)
    world.go()
    world.resolve({"reviewer": "hub"}, {"reviewer": world.home_file.read_text().replace("Third line, hub.", "Both.")})
    assert all("Both." in path.read_text() for path in world.all())
    quiet(world)


def test_temporary_files_of_a_killed_run_are_swept_in_the_hub_and_beside_the_lock(world: Two) -> None:
    left = [folder / ".agentsync-none-x-1.tmp" for folder in (world.hub / "agents", world.shop, world.claude.parent)]
    for path in left:
        path.write_text("half")
    edit(world.claude, "Second line.", "Second line, claude.")
    for path in left:
        os.utime(path, (1, 1))
    world.go()
    assert [path for path in left if path.exists()] == []


def _writable(folder: Path) -> bool:
    """Whether a read-only folder can be written all the same (root)."""
    try:
        (folder / "probe").write_text("")
    except OSError:
        return False
    (folder / "probe").unlink()
    return True


def test_an_edit_on_an_old_branch_takes_nothing_newer_back(world: Two) -> None:
    """What changed in the copy is seen against what its own lock says, not against what another branch of the project held last."""
    git(world.shop, "add", "-A")
    git(world.shop, "commit", "-q", "-m", "copies")
    git(world.shop, "branch", "old")
    edit(world.home_file, "First line.", "First line, newer.")
    world.commit()
    world.go()
    git(world.shop, "commit", "-qam", "newer copies")
    git(world.shop, "switch", "-q", "old")
    edit(world.claude, "Third line.", "Third line, edited.")
    world.go()
    for path in world.all():
        text = path.read_text()
        assert "First line, newer." in text, path
        assert "Third line, edited." in text, path
    quiet(world)
    git(world.shop, "checkout", "-q", "-f", "main")
    world.go()
    assert all("First line, newer." in path.read_text() and "Third line, edited." in path.read_text() for path in world.all())
    quiet(world)
