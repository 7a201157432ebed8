"""Git hooks with real git: what stops a commit, what is mended, what stays untouched, and what was there before."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from agentsync.containers.yaml_document import load_plain
from agentsync.hooks import BEGIN, END, SHARED, block, has_block, is_shell, share, unshare, with_block, without_block
from agentsync.locking import hub_lock
from tests.conftest import Run
from tests.daemon_worlds import living
from tests.hook_worlds import CLAUDE, CODEX, PROMPT, Hooked, commit, count, on_path, staged, wait_for
from tests.worlds import agent_text, edit, git

# ---- before a commit ----------------------------------------------------------------------------------------------


def test_a_commit_with_a_stale_copy_is_stopped_and_mended(world: Hooked, run: Run) -> None:
    assert run("hook", "install", cwd=world.shop).code == 0
    before = count(world.shop)
    edit(world.claude, "Second line.", "Second line, edited.")
    git(world.shop, "add", CLAUDE)
    stopped = commit(world.shop)
    assert stopped.code == 1
    assert f"{CODEX}: this copy of reviewer is stale" in stopped.err
    assert "hint: agentsync hook run pre-commit --fix" in stopped.err
    assert count(world.shop) == before
    mended = run("hook", "run", "pre-commit", "--fix", cwd=world.shop)
    assert mended.code == 0, mended.err
    assert "Second line, edited." in staged(world.shop, CODEX)
    assert world.codex.read_text() == staged(world.shop, CODEX)
    assert git(world.shop, "diff", "--cached", "--name-only").split() == [CLAUDE, CODEX]
    done = commit(world.shop)
    assert done.code == 0, done.err
    assert count(world.shop) == before + 1
    assert "Second line, edited." in world.home_file.read_text(), "after the commit the hub has it"
    assert "took reviewer" in done.err
    assert done.err.endswith("1 updated in 1 project\n"), "no time is told that nobody measured"


@pytest.mark.parametrize("where", ["main", "linked"])
def test_a_lock_that_was_not_committed_with_its_copies_makes_no_conflict(world: Hooked, run: Run, where: str) -> None:
    """After each commit the hub's answer is in agentsync.lock, which is not part of that commit."""
    run("hook", "install", cwd=world.shop)
    edit(world.claude, "Second line.", "Second line, edited.")
    git(world.shop, "add", CLAUDE)
    assert run("hook", "run", "pre-commit", "--fix", cwd=world.shop).code == 0
    assert commit(world.shop).code == 0
    assert git(world.shop, "status", "--porcelain").split() == ["M", "agentsync.lock"]
    top = world.shop
    if where == "linked":
        top = world.base / "linked"
        git(world.shop, "worktree", "add", "-q", str(top))
    edit(top / CLAUDE, "Second line, edited.", "Second line, edited again.")
    git(top, "add", CLAUDE)
    stopped = commit(top)
    assert stopped.code == 1
    assert f"{CODEX}: this copy of reviewer is stale" in stopped.err
    assert run("hook", "run", "pre-commit", "--fix", cwd=top).code == 0
    assert "Second line, edited again." in staged(top, CODEX)
    assert commit(top).code == 0


def test_a_lock_that_is_ahead_of_the_commit_makes_no_conflict(world: Hooked, run: Run) -> None:
    """The daemon brought copies up that nobody committed yet, and somebody works on with one of them."""
    run("hook", "install", cwd=world.shop)
    edit(world.home_file, "Second line.", "Second line, hub.")
    world.commit()
    world.go()
    edit(world.claude, "Second line, hub.", "Second line, edited.")
    git(world.shop, "add", CLAUDE)
    assert "this copy of reviewer is stale" in commit(world.shop).err
    assert run("hook", "run", "pre-commit", "--fix", cwd=world.shop).code == 0
    assert "Second line, edited." in staged(world.shop, CODEX)


def test_work_that_is_not_staged_stays_out_of_it(world: Hooked, run: Run) -> None:
    edit(world.claude, "Second line.", "Second line, edited.")
    git(world.shop, "add", CLAUDE)
    edit(world.claude, "Third line.", "Third line, not staged.")
    edit(world.codex, "First line.", "First line, not staged.")
    files = world.claude.read_bytes(), world.codex.read_bytes()
    found = run("hook", "run", "pre-commit", "--fix", cwd=world.shop)
    assert found.code == 0, found.err
    assert "your file holds other work and stays" in found.err
    assert (world.claude.read_bytes(), world.codex.read_bytes()) == files
    text = staged(world.shop, CODEX)
    assert "Second line, edited." in text
    assert "not staged" not in text
    assert "not staged" not in staged(world.shop, CLAUDE)


def test_a_commit_of_one_file_is_checked_and_stages_nothing(world: Hooked, run: Run) -> None:
    run("hook", "install", cwd=world.shop)
    edit(world.claude, "Second line.", "Second line, edited.")
    (world.shop / "README").write_text("Staged.\n")
    git(world.shop, "add", "README")
    index = (world.shop / ".git/index").read_bytes()
    found = commit(world.shop, CLAUDE)
    assert found.code == 1
    assert f"git add {CLAUDE} && agentsync hook run pre-commit --fix" in found.err
    env = {"GIT_INDEX_FILE": str(world.shop / ".git/next-index-1.lock")}
    (world.shop / ".git/next-index-1.lock").write_bytes(index)
    assert run("hook", "run", "pre-commit", "--fix", cwd=world.shop, env=env).code == 0
    assert (world.shop / ".git/index").read_bytes() == index
    assert git(world.shop, "diff", "--cached", "--name-only").split() == ["README"]
    assert commit(world.shop, "README").code == 0, "what touches no agent is none of our business"


def test_a_commit_of_everything_is_checked(world: Hooked, run: Run) -> None:
    run("hook", "install", cwd=world.shop)
    edit(world.codex, "Second line.", "Second line, edited.")
    assert commit(world.shop, "-a").code == 1
    edit(world.claude, "Second line.", "Second line, edited.")
    done = commit(world.shop, "-a")
    assert done.code == 0, done.err


def test_the_same_edit_everywhere_passes(world: Hooked, run: Run) -> None:
    for path in (world.claude, world.codex):
        edit(path, "Second line.", "Second line, edited.")
    git(world.shop, "add", "-A")
    assert run("hook", "run", "pre-commit", cwd=world.shop).code == 0


def test_copies_that_a_sync_wrote_are_staged_together_or_not_at_all(world: Hooked, run: Run) -> None:
    """The ledger speaks of the work tree, where all is well; the index lacks one of the files."""
    edit(world.home_file, "Second line.", "Second line, hub.")
    world.go()
    git(world.shop, "add", CODEX)
    found = run("hook", "run", "pre-commit", cwd=world.shop)
    assert found.code == 1
    assert f"{CLAUDE}: this copy of reviewer is stale" in found.err
    assert run("hook", "run", "pre-commit", "--fix", cwd=world.shop).code == 0
    assert "Second line, hub." in staged(world.shop, CLAUDE)
    assert staged(world.shop, CODEX) == world.codex.read_text()


def test_an_agent_in_no_hub_is_told_once(world: Hooked, run: Run) -> None:
    new = world.shop / ".claude/agents/stranger.md"
    new.write_text(agent_text("stranger"))
    git(world.shop, "add", "-A")
    found = run("hook", "run", "pre-commit", cwd=world.shop)
    assert found.code == 1
    assert ".claude/agents/stranger.md: the agent stranger is in no hub yet" in found.err
    assert "hint: agentsync adopt shop" in found.err
    commit(world.shop, "--no-verify")
    edit(new, "Look.", "Look well.")
    git(world.shop, "add", "-A")
    assert run("hook", "run", "pre-commit", cwd=world.shop).code == 0


def test_a_file_that_its_client_would_not_load_stops_the_commit(world: Hooked, run: Run) -> None:
    world.codex.write_text("name = [unfinished\n")
    git(world.shop, "add", "-A")
    found = run("hook", "run", "pre-commit", "--json", cwd=world.shop)
    assert found.code == 1
    assert {problem["path"] for problem in json.loads(found.out)["problems"]} == {CODEX}


def test_a_file_that_is_no_agent_stops_nothing(world: Hooked, run: Run) -> None:
    (world.shop / ".claude/agents/README.md").write_text("# What these agents do\n\nThey look.\n")
    git(world.shop, "add", "-A")
    found = run("hook", "run", "pre-commit", cwd=world.shop)
    assert (found.code, found.err) == (0, "")


def test_a_held_change_stops_only_what_would_be_torn_apart(world: Hooked, run: Run) -> None:
    """Copilot is the only format of `app`: a change that waits for approval is told, and committed."""
    edit(world.copilot, "---\n\n", 'mcp-servers:\n  x: {type: local, command: "run"}\n---\n\n')
    git(world.app, "add", "-A")
    assert run("hook", "run", "pre-commit", cwd=world.app).code == 0
    edit(world.claude, "---\n\n", 'hooks:\n  Stop: [{hooks: [{type: command, command: "x"}]}]\n---\n\n')
    git(world.shop, "add", "-A")
    found = run("hook", "run", "pre-commit", cwd=world.shop)
    assert found.code == 1
    assert "agentsync approve reviewer" in found.err


def test_a_project_that_is_its_own_hub(tmp_path: Path, run: Run, world: Hooked) -> None:
    own = tmp_path / "own"
    (own / ".claude/agents").mkdir(parents=True)
    (own / ".claude/agents/reviewer.md").write_text(agent_text("reviewer", prompt=PROMPT))
    git(own, "init", "-q", "-b", "main")
    assert run("init", "--here", "--to", "codex", cwd=own).code == 0
    run("push", "-y", cwd=own)
    git(own, "add", "-A")
    git(own, "commit", "-q", "-m", "Begin")
    assert run("hook", "install", cwd=own).code == 0
    edit(own / CODEX, "Second line.", "Second line, edited.")
    run("sync", cwd=own)
    git(own, "add", CODEX)
    found = commit(own)
    assert found.code == 1
    assert f"{CLAUDE}: this copy of reviewer is stale: the commit changes {CODEX}" in found.err
    assert run("hook", "run", "pre-commit", "--fix", cwd=own).code == 0
    assert "Second line, edited." in staged(own, CLAUDE)
    assert "Second line, edited." in staged(own, CODEX)
    done = commit(own)
    assert done.code == 0, done.err


def test_the_first_commit_of_a_project_passes(world: Hooked, run: Run) -> None:
    new = world.base / "new"
    new.mkdir()
    git(new, "init", "-q", "-b", "main")
    assert run("project", "add", "../new", "--to", "claude-code,codex", cwd=world.hub).code == 0
    run("push", "new", cwd=world.hub)
    assert run("hook", "install", cwd=new).code == 0
    git(new, "add", "-A")
    done = commit(new)
    assert (done.code, done.err) == (0, "")


def test_projects_in_folders_of_one_repository(world: Hooked, run: Run) -> None:
    shop = world.base / "mono/packages/shop"
    shop.mkdir(parents=True)
    git(world.base / "mono", "init", "-q", "-b", "main")
    assert run("project", "add", "../mono/packages/shop", "--name", "inner", "--to", "claude-code,codex", cwd=world.hub).code == 0
    run("push", "inner", cwd=world.hub)
    git(world.base / "mono", "add", "-A")
    assert run("hook", "install", cwd=shop).code == 0
    assert commit(world.base / "mono").code == 0
    edit(shop / CODEX, "Second line.", "Second line, edited.")
    found = commit(shop, "-a")
    assert found.code == 1
    assert f"packages/shop/{CLAUDE}: this copy of reviewer is stale" in found.err
    git(shop, "add", "-A")
    assert run("hook", "run", "pre-commit", "--fix", cwd=shop).code == 0
    assert "Second line, edited." in (shop / CLAUDE).read_text()
    assert commit(shop).code == 0


def test_line_ends_of_the_work_tree_are_kept(world: Hooked, run: Run) -> None:
    git(world.shop, "config", "core.autocrlf", "true")
    for path in (world.claude, world.codex):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    edit(world.claude, "Second line.", "Second line, edited.")
    git(world.shop, "add", "-A")
    assert run("hook", "run", "pre-commit", "--fix", cwd=world.shop).code == 0
    assert b"\r\n\r\nSecond line, edited.\r\n" in world.codex.read_bytes()
    assert b"\n" not in world.codex.read_bytes().replace(b"\r\n", b"")
    assert git(world.shop, "status", "--porcelain").split() == ["M", CLAUDE, "M", CODEX]


def test_new_targets_reach_the_hook_with_the_commit_that_brings_them(world: Hooked, run: Run) -> None:
    run("hook", "install", cwd=world.shop)
    settings = world.hub / "agentsync.yaml"
    settings.write_text(settings.read_text().replace("codex]", "codex, copilot]"))
    world.go()
    assert run("hook", "status", cwd=world.shop).out.count("outdated") == 2
    git(world.shop, "add", "-A")
    assert commit(world.shop).code == 0
    assert run("hook", "status", cwd=world.shop).code == 0
    edit(world.shop / ".github/agents/reviewer.agent.md", "Second line.", "Second line, copilot.")
    found = commit(world.shop, "-a")
    assert (found.code, found.err.count("is stale")) == (1, 2)


# ---- where the hub is elsewhere ------------------------------------------------------------------------------------


def test_without_the_hub_the_lock_says_which_copies_belong_together(clone: Path, run: Run) -> None:
    assert run("hook", "install", cwd=clone).code == 0
    edit(clone / CLAUDE, "Second line.", "Second line, edited.")
    edit(clone / CLAUDE, "Does things", "Does much")
    found = commit(clone, "-a")
    assert found.code == 1
    assert f"{CODEX}: this copy of reviewer is stale: the commit changes {CLAUDE}" in found.err
    git(clone, "add", "-A")
    assert run("hook", "run", "pre-commit", "--fix", cwd=clone).code == 0
    text = staged(clone, CODEX)
    assert "Second line, edited." in text
    assert "Does much" in text
    assert text == (clone / CODEX).read_text()
    assert commit(clone).code == 0
    edit(clone / CODEX, "Third line.", "Third line, codex.")
    git(clone, "add", "-A")
    assert run("hook", "run", "pre-commit", "--fix", cwd=clone).code == 0
    assert "Third line, codex." in staged(clone, CLAUDE)


def test_without_the_hub_a_mended_copy_is_what_the_hub_would_write(world: Hooked, clone: Path, run: Run) -> None:
    edit(clone / CLAUDE, "Second line.", "Second line, edited.")
    git(clone, "add", "-A")
    run("hook", "run", "pre-commit", "--fix", cwd=clone)
    edit(world.home_file, "Second line.", "Second line, edited.")
    # The hub's own machine again.
    os.environ["HOME"] = str(world.home)
    world.go()
    assert (clone / CODEX).read_text() == world.codex.read_text()
    assert (clone / CLAUDE).read_text() == world.claude.read_text()


def test_without_the_hub_edits_of_both_copies_meet_or_are_told(clone: Path, run: Run) -> None:
    edit(clone / CLAUDE, "Does things", "Does much")
    edit(clone / CODEX, "Second line.", "Second line, codex.")
    git(clone, "add", "-A")
    assert run("hook", "run", "pre-commit", "--fix", cwd=clone).code == 0
    for path in (CLAUDE, CODEX):
        text = staged(clone, path)
        assert "Does much" in text
        assert "Second line, codex." in text
    edit(clone / CLAUDE, "Third line.", "Third line, claude.")
    edit(clone / CODEX, "Third line.", "Third line, codex.")
    git(clone, "add", "-A")
    before = staged(clone, CLAUDE), staged(clone, CODEX)
    found = run("hook", "run", "pre-commit", "--fix", cwd=clone)
    assert found.code == 1
    assert "changes" in found.err
    assert (staged(clone, CLAUDE), staged(clone, CODEX)) == before


def test_without_the_hub_nothing_is_carried_on_that_would_need_approval(clone: Path, run: Run) -> None:
    edit(clone / CLAUDE, "Second line.", "Second\u200b line.")
    git(clone, "add", "-A")
    before = staged(clone, CODEX)
    found = run("hook", "run", "pre-commit", "--fix", cwd=clone)
    assert staged(clone, CODEX) == before
    assert found.code == 1
    assert f"lacks a change of {CLAUDE} that" in found.err


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


# ---- beside other hooks -------------------------------------------------------------------------------------------

SCRIPTS = {
    "plain": b"#!/bin/sh\necho theirs >> ran\n",
    "no end": b"#!/bin/sh\necho theirs >> ran",
    "one line": b"#!/bin/sh",
    "strict": b"#!/usr/bin/env -S bash -eu\nset -o pipefail\necho theirs >> ran\nexit 0\n",
    "no first line": b"echo theirs >> ran\n",
    "python": b"#!/usr/bin/env python3\nopen('ran', 'a').write('theirs\\n')\n",
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_hook_that_is_there_goes_on_running_and_comes_back_byte_for_byte(world: Hooked, run: Run, script: str) -> None:
    hook = world.shop / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_bytes(SCRIPTS[script])
    hook.chmod(0o754)
    before = sorted(path.name for path in hook.parent.iterdir())
    assert run("hook", "install", cwd=world.shop).code == 0
    assert run("hook", "install", cwd=world.shop).err.startswith("nothing to change")
    (world.shop / "README").write_text("More.\n")
    assert commit(world.shop, "-a").code == 0
    assert (world.shop / "ran").exists() == (script != "one line")
    edit(world.claude, "Second line.", "Second line, edited.")
    assert commit(world.shop, "-a").code == 1
    assert run("hook", "remove", cwd=world.shop).code == 0
    assert hook.read_bytes() == SCRIPTS[script]
    assert stat.S_IMODE(hook.stat().st_mode) == 0o754
    assert sorted(path.name for path in hook.parent.iterdir()) == before


def test_a_hook_that_was_switched_off_stays_off(world: Hooked, run: Run) -> None:
    hook = world.shop / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o644)
    run("hook", "install", cwd=world.shop)
    assert commit(world.shop, "--allow-empty").code == 0
    run("hook", "remove", cwd=world.shop)
    assert (hook.read_text(), stat.S_IMODE(hook.stat().st_mode)) == ("#!/bin/sh\nexit 1\n", 0o644)


def test_a_hooks_folder_of_the_repository_is_used(world: Hooked, run: Run) -> None:
    """As husky has it: git looks in .husky/_, whose files read a common one by their own name."""
    own = world.shop / ".husky/_"
    own.mkdir(parents=True)
    (own / "h").write_text('n=$(basename "$0")\ns="$(dirname "$(dirname "$0")")/$n"\n[ -f "$s" ] && sh -e "$s" "$@"\n')
    (own / "pre-commit").write_text('#!/usr/bin/env sh\n. "$(dirname "$0")/h"')
    (own / "pre-commit").chmod(0o755)
    (world.shop / ".husky/pre-commit").write_text("echo theirs >> ran\n")
    git(world.shop, "config", "core.hooksPath", ".husky/_")
    run("hook", "install", cwd=world.shop)
    assert not (world.shop / ".git/hooks/pre-commit").exists()
    edit(world.claude, "Second line.", "Second line, edited.")
    assert commit(world.shop, "-a").code == 1
    edit(world.codex, "Second line.", "Second line, edited.")
    assert commit(world.shop, "-a").code == 0
    assert (world.shop / "ran").read_text() == "theirs\n"
    run("hook", "remove", cwd=world.shop)
    assert (own / "pre-commit").read_text() == '#!/usr/bin/env sh\n. "$(dirname "$0")/h"'
    assert run("hook", "install", "--shared", cwd=world.shop).code == 0
    assert has_block((world.shop / ".husky/pre-commit").read_text())
    edit(world.claude, "Third line.", "Third line, edited.")
    assert commit(world.shop, "-a", env=on_path(world)).code == 1
    run("hook", "remove", "--shared", cwd=world.shop)
    assert (world.shop / ".husky/pre-commit").read_text() == "echo theirs >> ran\n"


def test_a_hooks_folder_of_all_repositories_is_left_alone(world: Hooked, run: Run, tmp_path: Path) -> None:
    (world.home / ".gitconfig").write_text(f"[core]\n\thooksPath = {tmp_path / 'everywhere'}\n")
    found = run("hook", "install", cwd=world.shop)
    assert found.code != 0
    assert "core.hooksPath is set for all your repositories" in found.err
    (world.shop / "lefthook.yml").write_text("pre-commit:\n  commands:\n    lint:\n      run: lint\n")
    shared = run("hook", "install", "--shared", cwd=world.shop)
    assert (shared.code, "core.hooksPath is set for all" in shared.err) == (0, True)
    assert shared.err.endswith("hint: git config --local core.hooksPath .git/hooks\n")
    assert "agentsync hook run" in (world.shop / "lefthook.yml").read_text()
    assert [line.split()[:2] for line in run("hook", "status", cwd=world.shop).out.splitlines()] == [
        ["post-commit", "missing"], ["pre-commit", "shared"],
    ]
    assert not (tmp_path / "everywhere").exists()


def test_a_bare_repository_has_no_files_to_check(world: Hooked, run: Run) -> None:
    bare = world.base / "bare.git"
    git(world.base, "clone", "-q", "--bare", str(world.hub), str(bare))
    found = run("hook", "install", cwd=bare)
    assert (found.code, found.err.count("no work tree")) == (2, 1)
    assert f"hint: git clone {bare} DIR" in found.err
    assert run("hook", "status", cwd=world.base).err == f"{world.base}: this is no git repository\nhint: git init\n"


def test_status_says_what_is_installed(world: Hooked, run: Run) -> None:
    found = run("hook", "status", cwd=world.shop)
    assert (found.code, found.out.count("missing")) == (1, 2)
    run("hook", "install", cwd=world.shop)
    found = run("hook", "status", "--json", cwd=world.shop)
    assert found.code == 0
    assert {one["name"]: one["state"] for one in json.loads(found.out)["hooks"]} == {"pre-commit": "installed", "post-commit": "installed"}
    run("hook", "remove", cwd=world.shop)
    assert not (world.shop / ".git/hooks/pre-commit").exists()
    assert run("hook", "install", cwd=world.base).code != 0


# ---- files of a team ----------------------------------------------------------------------------------------------

TEAM = {
    "lefthook.yml": (
        "# ours\npre-commit:\n  parallel: true\n  commands:\n    lint:\n      run: eslint {staged_files}   # quick\npre-push:\n  commands: {}\n",
        "pre-commit:\n  jobs:\n    - run: eslint\n", "pre-push:\n  parallel: true\n", "",
    ),
    ".pre-commit-config.yaml": (
        "# ours\nrepos:\n- repo: https://example.invalid/a\n  rev: v1\n  hooks:\n  - id: x   # why\ndefault_stages: [pre-commit]\n",
        "repos:\n  - repo: local\n    hooks:\n      - {id: x, name: x, entry: x, language: system}\n",
    ),
    ".husky/pre-commit": ("npm test\n", "#!/bin/sh\n. x\n", ""),
}


@pytest.mark.parametrize(("path", "text"), [(path, text) for path, texts in TEAM.items() for text in texts])
def test_a_shared_file_gets_a_block_and_loses_it_again(path: str, text: str) -> None:
    shared = next(one for one in SHARED if one.path == path)
    new = share(shared, text, [".claude/agents", ":(glob)src/*/a.yaml"])
    assert new.count(BEGIN) == new.count(END) == 1
    assert "command -v agentsync" in new
    assert share(shared, new, [".claude/agents", ":(glob)src/*/a.yaml"]) == new
    assert unshare(new) == text


def test_a_shared_file_with_no_place_for_lines_is_left_alone() -> None:
    from agentsync.model import AgentsyncError

    for shared, text in ((SHARED[1], "pre-commit: {commands: {}}\n"), (SHARED[4], "repos: []\n")):
        with pytest.raises(AgentsyncError, match="add this by hand"):
            share(shared, text, ["a"])


# ---- texts --------------------------------------------------------------------------------------------------------


def test_a_block_goes_in_and_out() -> None:
    ours = block("pre-commit", [".claude/agents"])
    for text in ("#!/bin/sh\n", "#!/bin/sh", "#!/bin/bash\n\nexit 0\n", "echo", "", None):
        new = with_block(text, ours)
        assert with_block(new, ours) == new
        assert without_block(new) == text, (text, new)


def test_a_shell_is_told_by_the_first_line() -> None:
    assert is_shell("#!/usr/bin/env -S bash -e\n")
    assert is_shell("#!/bin/sh -e\n")
    assert is_shell("echo\n")
    assert not is_shell("#!/usr/bin/env python3\n")
    assert not is_shell("#!/home/sh/python\n")


def test_the_hook_for_the_framework_calls_what_there_is(run: Run, world: Hooked) -> None:
    (hook,) = load_plain((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    program, *words = hook["entry"].split()
    assert program == "agentsync"
    assert run(*words, cwd=world.shop).code == 0
    edit(world.claude, "Second line.", "Second line, edited.")
    git(world.shop, "add", CLAUDE)
    assert run(*words, cwd=world.shop).code == 1
    good = (world.hub / "agentsync.yaml").read_bytes()
    (world.hub / "agentsync.yaml").write_text("projects: [what\n")
    broken = run(*words, cwd=world.shop)
    (world.hub / "agentsync.yaml").write_bytes(good)
    assert (broken.code, "agentsync.yaml" in broken.err) == (0, True), "a fault of agentsync stops no commit"
