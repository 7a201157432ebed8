"""Hooks where git is at work: work trees, rebases, the hub's own commits, several at once; and without agentsync, or with a broken one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agentsync.locking import hub_lock
from tests.conftest import Run
from tests.daemon_worlds import living
from tests.hook_worlds import CLAUDE, CODEX, Hooked, commit, count, wait_for
from tests.worlds import edit, git

# ---- where git is at work -----------------------------------------------------------------------------------------


def test_a_linked_work_tree_is_checked_and_never_pulled_from(world: Hooked, run: Run) -> None:
    run("hook", "install", cwd=world.shop)
    git(world.shop, "worktree", "add", "-q", "-b", "side", "../side")
    side = world.base / "side"
    edit(side / CLAUDE, "Second line.", "Second line, side.")
    git(side, "add", "-A")
    found = commit(side)
    assert found.code == 1
    assert f"{CODEX}: this copy of reviewer is stale" in found.err
    assert run("hook", "run", "pre-commit", "--fix", cwd=side).code == 0
    assert "Second line, side." in (side / CODEX).read_text()
    assert commit(side).code == 0
    assert "side" not in world.home_file.read_text()
    assert git(world.shop, "status", "--porcelain") == ""


def test_a_rebase_is_silent(world: Hooked, run: Run) -> None:
    for number in (1, 2):
        edit(world.claude, "line.", f"line {number}.") if number == 1 else edit(world.claude, "Third line", "Third lines")
        git(world.shop, "commit", "-aqm", f"Commit {number}")
    git(world.shop, "branch", "work")
    git(world.shop, "reset", "-q", "--hard", "HEAD~2")
    git(world.shop, "commit", "-q", "--allow-empty", "-m", "Base")
    git(world.shop, "switch", "-q", "work")
    run("hook", "install", cwd=world.shop)
    hub = git(world.hub, "rev-parse", "HEAD")
    done = subprocess.run(["git", "-C", str(world.shop), "rebase", "main"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "agentsync" not in done.stderr
    assert git(world.hub, "rev-parse", "HEAD") == hub


def test_the_hub_pushes_after_a_commit_and_nothing_recurses(world: Hooked, run: Run) -> None:
    for folder in (world.hub, world.shop, world.app):
        assert run("hook", "install", cwd=folder).code == 0
    edit(world.home_file, "Second line.", "Second line, hub.")
    done = commit(world.hub, "-a")
    assert done.code == 0, done.err
    assert all("Second line, hub." in path.read_text() for path in (world.claude, world.codex, world.copilot))
    assert run("log", "--json", cwd=world.hub).out.count('"push"') == 1
    edit(world.copilot, "Third line.", "Third line, app.")
    heads = count(world.hub)
    assert commit(world.app, "-a").code == 0
    assert "Third line, app." in world.home_file.read_text()
    assert count(world.hub) == heads + 1, "one commit of the hub, and none of ours leads to another"


def test_a_hub_off_its_branch_rests(world: Hooked, run: Run) -> None:
    run("hook", "install", cwd=world.hub)
    git(world.hub, "switch", "-q", "-c", "idea")
    edit(world.home_file, "Second line.", "Second line, idea.")
    assert commit(world.hub, "-a").code == 0
    assert "idea" not in world.claude.read_text()
    git(world.hub, "switch", "-q", "main")
    assert "idea" not in world.claude.read_text()
    git(world.hub, "merge", "-q", "--no-ff", "-m", "Merge", "idea")
    wait_for(world, world.claude, "Second line, idea.")


def test_going_back_to_the_hubs_branch_pushes(world: Hooked, run: Run) -> None:
    git(world.hub, "switch", "-q", "-c", "idea")
    run("hook", "install", cwd=world.hub)
    git(world.hub, "branch", "-qf", "old", "main")
    edit(world.home_file, "Second line.", "Second line, moved.")
    assert commit(world.hub, "-a").code == 0
    git(world.hub, "branch", "-qf", "main", "idea")
    git(world.hub, "switch", "-q", "old")
    assert "moved" not in world.claude.read_text()
    git(world.hub, "switch", "-q", "main")
    assert "Second line, moved." in world.claude.read_text()


def test_a_rebased_hub_is_pushed_once_it_is_over(world: Hooked, run: Run) -> None:
    git(world.hub, "switch", "-q", "-c", "idea")
    edit(world.home_file, "Second line.", "Second line, rebased.")
    git(world.hub, "commit", "-aqm", "Idea")
    git(world.hub, "switch", "-q", "main")
    (world.hub / "note").write_text("x")
    git(world.hub, "add", "-A")
    git(world.hub, "commit", "-q", "-m", "Note")
    run("hook", "install", cwd=world.hub)
    git(world.hub, "rebase", "-q", "idea")
    wait_for(world, world.claude, "Second line, rebased.")


def test_a_lock_held_elsewhere_delays_a_commit_by_a_second_at_most(world: Hooked, run: Run) -> None:
    run("hook", "install", cwd=world.shop)
    for path in (world.claude, world.codex):
        edit(path, "Second line.", "Second line, edited.")
    space = world.space()
    with hub_lock(space.disk, space.state, "a test"):
        done = commit(world.shop, "-a")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert "edited" not in world.home_file.read_text()
    assert world.go().commit is not None, "the next run takes it"


def test_daemon_hooks_and_command_line_at_once(world: Hooked, run: Run) -> None:
    """All three carry the same edits: each arrives everywhere, once, and nothing is committed twice."""
    for folder in (world.hub, world.shop, world.app):
        assert run("hook", "install", cwd=folder).code == 0
    words = [sys.executable, "-m", "agentsync", "sync", "--all"]
    with living(world) as alive:
        heads = count(world.hub)
        for number in range(2):
            beside = subprocess.Popen(words, cwd=world.hub, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            edit(world.claude, "Second line", f"S{number} Second line")
            commit(world.shop, "-a")
            edit(world.copilot, "Third line", f"T{number} Third line")
            commit(world.app, "-a")
            assert beside.wait(60) in (0, 1, 3)     # 3: the hub was locked for too long
        alive.settled()
        alive.settled()
    for path in (world.home_file, world.claude, world.codex, world.copilot):
        text = path.read_text()
        assert "S0 S1 Second line" in text, path
        assert "T0 T1 Third line" in text, path
    assert count(world.hub) - heads <= 4, "at most one commit an edit"
    assert world.go().run is None


def test_what_git_hands_to_a_hook_reaches_no_other_repository(world: Hooked, run: Run) -> None:
    """git names its index to hooks; the hub's commit must not be made of the project's."""
    run("hook", "install", cwd=world.app)
    edit(world.copilot, "Second line.", "Second line, app.")
    assert commit(world.app, "-a").code == 0
    assert git(world.hub, "show", "--name-only", "--format=", "HEAD").split() == ["agents/reviewer.md"]
    assert git(world.hub, "status", "--porcelain") == ""


# ---- without agentsync, or with a broken one -----------------------------------------------------------------------


@pytest.mark.parametrize("how", ["missing", "broken", "fails"])
def test_a_commit_never_fails_because_agentsync_does(world: Hooked, run: Run, tmp_path: Path, how: str) -> None:
    run("hook", "install", cwd=world.shop)
    for name in ("pre-commit", "post-commit"):
        path = world.shop / ".git/hooks" / name
        path.write_text(path.read_text().replace(sys.executable, "/nowhere/python"))
    if how != "missing":
        tool = tmp_path / "bin/agentsync"
        tool.parent.mkdir()
        tool.write_text("#!/bin/sh\nexit 1\n" if how == "fails" else "#!/nowhere/python\n")
        tool.chmod(0o755)
    edit(world.claude, "Second line.", "Second line, edited.")
    done = commit(world.shop, "-a", env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"})
    assert done.code == 0, done.err


def test_a_broken_configuration_stops_no_commit(world: Hooked, run: Run) -> None:
    run("hook", "install", cwd=world.shop)
    (world.hub / "agentsync.yaml").write_text("version: [")
    edit(world.claude, "Second line.", "Second line, edited.")
    done = commit(world.shop, "-a")
    assert done.code == 0
