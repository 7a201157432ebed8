"""Git hooks with real git: what stops a commit, what is mended, what stays untouched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.hook_worlds import CLAUDE, CODEX, PROMPT, Hooked, commit, count, staged
from tests.worlds import agent_text, edit, git


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
