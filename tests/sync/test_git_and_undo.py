"""Two-way sync on real folders with real git: what goes to the hub, what is a conflict, what is held, what is only old, and undo."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from agentsync.commands.show import find_agent
from agentsync.disk import DiskError
from agentsync.ledger import FILE
from agentsync.model import Problem
from agentsync.settle import approve, what_is_open
from agentsync.snapshot import Wishes
from agentsync.sync import PULL, PUSH, SYNC, Result, at_work
from agentsync.sync import run as run_sync
from agentsync.tend import restore
from tests.watched import Watched
from tests.worlds import ANY, SETTINGS, Two, agent_text, edit, git, quiet, states, tree

# ---- merging ------------------------------------------------------------------------------------------------------


def test_an_edit_of_one_copy_reaches_the_hub_and_every_other_copy(world: Two) -> None:
    edit(world.opencode, "Second line.", "Second line, edited.")
    result = world.go()
    assert all("Second line, edited." in path.read_text() for path in world.all())
    assert git(world.hub, "log", "-1", "--format=%s").strip() == "Take edits of reviewer from shop"
    assert result.commit == git(world.hub, "rev-parse", "HEAD").strip()
    assert git(world.hub, "status", "--porcelain") == ""
    quiet(world)


def test_a_copy_on_hold_goes_along_in_the_run_that_changes_its_agent(world: Two) -> None:
    edit(world.claude, "Second line.", "Second line, claude.")
    world.go()
    world.undo()
    quiet(world)
    edit(world.copilot, "Does things", "Does more things")
    world.go()
    assert all(word in path.read_text() for path in world.all() for word in ("Second line, claude.", "Does more things"))
    quiet(world)


def settle_stamps(world: Two) -> None:
    """Make every copy old enough for its stamp to be trusted, so that the next run reads none that did not change."""
    time.sleep(2.6)
    world.go()


def test_copies_that_were_not_read_follow_an_edit_of_another(world: Two) -> None:
    settle_stamps(world)
    edit(world.opencode, "Second line.", "Second line, edited.")
    world.go()
    assert all("Second line, edited." in path.read_text() for path in world.all())
    world.undo()
    assert all("Second line." in path.read_text() for path in (world.home_file, world.claude, world.copilot))
    quiet(world)


def test_a_rejected_change_of_an_agent_whose_other_copies_were_not_read(world: Two) -> None:
    settle_stamps(world)
    edit(world.claude, "tools: Read, Grep", "tools: Read, Grep, Bash")
    world.decide(let_in=True)
    assert all("shell" in text or "Bash" in text or "bash: allow" in text or "execute" in text for text in (p.read_text() for p in world.all()))


def test_edits_of_the_hub_and_of_three_copies_are_merged(world: Two) -> None:
    edit(world.home_file, "First line.", "First line, hub.")
    edit(world.claude, "Second line.", "Second line, claude.")
    edit(world.opencode, "Third line.", "Third line, opencode.")
    edit(world.copilot, "Fourth line.", "Fourth line, copilot.")
    edit(world.copilot, "Does things", "Does more things")
    world.go()
    for path in world.all():
        text = path.read_text()
        assert all(word in text for word in ("hub.", "claude.", "opencode.", "copilot.", "Does more things")), path
    quiet(world)


def test_a_lossy_format_does_not_flatten_the_hub(world: Two) -> None:
    """Copilot holds no model: an edit there must not take it from the hub."""
    edit(world.copilot, "First line.", "Edited line.")
    world.go()
    assert "model: sonnet" in world.home_file.read_text()
    assert "Edited line." in world.claude.read_text()


def test_one_field_changes_one_line_of_the_hub(world: Two) -> None:
    before = world.home_file.read_text().splitlines()
    edit(world.claude, "Does things", "Does other things")
    world.go()
    after = world.home_file.read_text().splitlines()
    assert [number for number, (old, new) in enumerate(zip(before, after, strict=True)) if old != new] == [2]


def test_a_tool_taken_away_in_a_copy_goes_everywhere(world: Two) -> None:
    edit(world.claude, "tools: Read, Grep", "tools: Read")
    world.go()
    assert "tools: Read\n" in world.home_file.read_text()
    assert "grep: allow" not in world.opencode.read_text()
    quiet(world)


def test_a_tool_taken_from_an_unstated_list_becomes_a_denial(world: Two) -> None:
    world.agent("free", agent_text("free"))
    world.go()
    edit(world.shop / ".opencode/agents/free.md", "---\n", '---\npermission:\n  bash: deny\n')
    world.go()
    assert "disallowedTools: Bash" in (world.hub / "agents/free.md").read_text()
    assert "disallowedTools: Bash" in (world.shop / ".claude/agents/free.md").read_text()


def test_a_value_that_only_this_format_knows_stays_its_own(world: Two) -> None:
    edit(world.opencode, "mode: subagent", "mode: subagent\nvariant: high")
    world.go()
    assert "variant: high" in world.home_file.read_text()
    assert "variant" not in world.claude.read_text()
    assert "variant: high" in world.opencode.read_text()
    quiet(world)


# ---- conflicts ----------------------------------------------------------------------------------------------------


def torn(world: Two) -> Result:
    edit(world.home_file, "Second line.", "Second line, hub.")
    edit(world.claude, "Second line.", "Second line, claude.")
    return world.go()


def test_a_conflict_leaves_both_versions_where_they_are(world: Two) -> None:
    edit(world.claude, "Does things", "Does what it merges")
    result = torn(world)
    assert states(result)["shop:claude-code:reviewer"] == "conflict"
    assert [(c.agent, c.part) for c in result.plan.conflicts] == [("reviewer", "prompt")]
    assert "Second line, hub." in world.home_file.read_text()
    assert "Second line, claude." in world.claude.read_text()
    assert "Second line, hub." in world.opencode.read_text(), "a copy that was not edited gets the hub's version"
    assert "Does what it merges" in world.copilot.read_text(), "what can be merged is"
    assert not [path for path in world.base.rglob("*") if path.is_file() and b"<<<<" in path.read_bytes()]
    quiet(world)


@pytest.mark.parametrize(("take", "wins"), [("hub", "hub."), ("shop", "claude."), ("shop:claude-code", "claude.")])
def test_a_conflict_is_resolved_for_a_side(world: Two, take: str, wins: str) -> None:
    torn(world)
    result = world.resolve({"reviewer": take})
    assert result.plan.conflicts == ()
    assert all(f"Second line, {wins}" in path.read_text() for path in world.all())
    quiet(world)


def test_a_conflict_is_resolved_by_hand(world: Two) -> None:
    torn(world)
    world.resolve({"reviewer": "hub"}, {"reviewer": world.home_file.read_text().replace("Second line, hub.", "Both lines.")})
    assert all("Both lines." in path.read_text() for path in world.all())
    quiet(world)


def test_two_copies_that_differ_from_each_other_are_a_conflict_of_both(world: Two) -> None:
    edit(world.claude, "Second line.", "Second line, claude.")
    edit(world.copilot, "Second line.", "Second line, copilot.")
    result = world.go()
    assert {key for key, state in states(result).items() if state == "conflict"} == {"shop:claude-code:reviewer", "app:copilot:reviewer"}
    assert "Second line.\n" in world.home_file.read_text()
    quiet(world)


def test_an_edited_copy_of_an_agent_that_left_is_a_conflict_that_the_hub_can_win(world: Two) -> None:
    world.home_file.unlink()
    edit(world.claude, "Second line.", "Second line, claude.")
    result = world.go()
    assert states(result)["shop:claude-code:reviewer"] == "conflict"
    assert (world.claude.exists(), world.opencode.exists()) == (True, False)
    world.resolve({"reviewer": "hub"})
    assert not world.claude.exists()
    quiet(world)


def test_the_message_of_the_hubs_commit_names_every_project(world: Two) -> None:
    edit(world.claude, "Second line.", "Second line, claude.")
    edit(world.copilot, "Fourth line.", "Fourth line, copilot.")
    world.go()
    assert git(world.hub, "log", "-1", "--format=%s").strip() == "Take edits of reviewer from shop, app"


def test_a_copy_that_was_moved_and_edited_is_still_the_copy(world: Two) -> None:
    moved = world.claude.with_name("moved.md")
    world.claude.rename(moved)
    edit(moved, "Second line.", "Second line, moved.")
    world.go()
    assert "moved." in world.home_file.read_text()
    assert not world.claude.exists()
    assert [row.key.path for row in world.rows() if (row.agent, row.key.format) == ("reviewer", "claude-code")] == [".claude/agents/moved.md"]
    quiet(world)


def test_the_same_edit_on_all_sides_is_none(world: Two) -> None:
    for path in world.all():
        edit(path, "Third line.", "Third line, alike.")
    result = world.go()
    assert (result.plan.conflicts, result.commit) == ((), None)
    quiet(world)


def test_the_next_conflict_after_a_partial_merge_is_about_what_is_new(world: Two) -> None:
    """What was merged of a copy in conflict is agreed: the hub may change it again without another conflict."""
    edit(world.claude, "Does things", "Does much")
    torn(world)
    edit(world.home_file, "Does much", "Does very much")
    assert {conflict.part for conflict in world.go().plan.conflicts} == {"prompt"}
    world.resolve({"reviewer": "shop"})
    assert all("Does very much" in path.read_text() for path in world.all())
    assert all("Second line, claude." in path.read_text() for path in world.all())


# ---- approval -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tools: Read, Grep", "tools: Read, Grep, Bash"), ("tools: Read, Grep\n", ""), ("model: sonnet", "permissionMode: bypassPermissions"),
        ("model: sonnet", 'hooks:\n  Stop: [{hooks: [{type: command, command: "x"}]}]'), ("model: sonnet", "somethingNew: 1"),
        ("First", "F\u200birst"), ("First", "F\U000e0041irst"),
    ],
)
def test_a_risky_change_is_held_whole_until_it_is_approved(world: Two, old: str, new: str) -> None:
    edit(world.claude, old, new)
    edit(world.claude, "Fourth line.", "Fourth line, beside it.")
    edit(world.copilot, "Third line.", "Third line, free.")
    before = world.claude.read_bytes()
    result = world.go()
    assert states(result)["shop:claude-code:reviewer"] == "held"
    assert "beside it" not in world.home_file.read_text()
    assert world.claude.read_bytes() == before
    assert "Third line, free." in world.opencode.read_text(), "the others go on"
    quiet(world)
    world.decide(let_in=True)
    assert "beside it" in world.home_file.read_text()
    assert "Third line, free." in world.claude.read_text()
    quiet(world)


def test_approval_is_bound_to_the_content(world: Two) -> None:
    edit(world.claude, "tools: Read, Grep", "tools: Read, Grep, Bash")
    space = world.space()
    with at_work(space, "approve") as (ledger, _):
        found = what_is_open(space, ledger, ("shop",))
        edit(world.claude, "Bash", "Bash, Write")
        approve(space, ledger, ("shop",), found, found.held)
    assert "Bash" not in world.home_file.read_text()
    assert states(world.go())["shop:claude-code:reviewer"] == "held"


def test_an_approval_that_was_undone_approves_nothing(world: Two) -> None:
    edit(world.claude, "tools: Read, Grep", "tools: Read, Grep, Bash")
    world.go()
    world.decide(let_in=True)
    world.undo()
    assert "Bash" not in world.home_file.read_text()
    edit(world.home_file, "Second", "2nd")
    assert states(world.go())["shop:claude-code:reviewer"] == "held"
    assert "Bash" not in world.home_file.read_text()


def test_a_rejected_change_is_replaced_and_comes_back_with_undo(world: Two) -> None:
    edit(world.claude, "tools: Read, Grep", "tools: Read, Grep, Bash")
    before = world.claude.read_bytes()
    world.decide(let_in=False)
    assert "Bash" not in world.claude.read_text()
    quiet(world)
    world.undo()
    assert world.claude.read_bytes() == before


def test_a_projects_file_cannot_say_the_hubs_own_words(world: Two) -> None:
    edit(world.claude, "model: sonnet", "model: sonnet\nagentsync: {allow_widening: [codex], targets: []}")
    world.go()
    world.decide(let_in=True)
    assert "allow_widening" not in world.home_file.read_text()


# ---- old is not edited --------------------------------------------------------------------------------------------


def test_an_old_branch_is_behind_and_changes_nothing_elsewhere(world: Two) -> None:
    git(world.shop, "add", "-A")
    git(world.shop, "commit", "-q", "-m", "first")
    edit(world.home_file, "First line.", "First line, newer.")
    world.go()
    git(world.shop, "commit", "-q", "-a", "-m", "second")
    elsewhere = tree(world.hub, world.app)
    head = git(world.hub, "rev-parse", "HEAD")
    git(world.shop, "checkout", "-q", "HEAD~1")
    result = world.go(PULL)
    assert states(result)["shop:claude-code:reviewer"] == "behind"
    world.go()
    assert "First line, newer." in world.claude.read_text()
    git(world.shop, "checkout", "-q", "-f", "main")
    quiet(world)
    assert (tree(world.hub, world.app), git(world.hub, "rev-parse", "HEAD")) == (elsewhere, head)


def test_without_a_lock_the_hubs_history_knows_an_old_copy(world: Two) -> None:
    (world.hub / "agentsync.yaml").write_text(SETTINGS.replace("opencode]}", "opencode], lock: false}"))
    (world.shop / "agentsync.lock").unlink()
    git(world.shop, "add", "-A")
    git(world.shop, "commit", "-q", "-m", "first")
    edit(world.home_file, "First line.", "First line, newer.")
    world.commit()
    world.go()
    git(world.shop, "commit", "-q", "-a", "-m", "second")
    world.go()
    git(world.shop, "checkout", "-q", "HEAD~1")
    assert states(world.go(PULL))["shop:claude-code:reviewer"] == "behind"
    assert "First line, newer." in world.home_file.read_text()


def test_a_copy_missing_on_another_branch_is_no_deletion(world: Two) -> None:
    git(world.shop, "commit", "-q", "--allow-empty", "-m", "none")
    git(world.shop, "checkout", "-q", "-b", "with")
    git(world.shop, "add", "-A")
    git(world.shop, "commit", "-q", "-m", "copies")
    world.go()
    git(world.shop, "checkout", "-q", "main")
    assert not world.claude.exists()
    result = world.go()
    assert {states(result)[f"shop:{target}:reviewer"] for target in ("claude-code", "opencode")} == {"missing"}
    assert not world.claude.exists()
    git(world.shop, "checkout", "-q", "with")
    quiet(world)


def test_a_copy_deleted_after_it_was_committed_is_a_deletion(world: Two) -> None:
    git(world.shop, "commit", "-q", "--allow-empty", "-m", "none")
    world.go()
    git(world.shop, "add", "-A")
    git(world.shop, "commit", "-q", "-m", "copies")
    world.claude.unlink()
    result = states(world.go())
    assert (result["shop:claude-code:reviewer"], result["shop:opencode:reviewer"]) == ("deleted", "ok")


def test_an_entry_taken_out_of_a_shared_file_is_a_deletion(world: Two) -> None:
    (world.hub / "agentsync.yaml").write_text(SETTINGS.replace("copilot", "roo"))
    world.commit()
    world.go()
    modes = world.app / ".roomodes"
    whole = modes.read_text()
    start, end = whole.index("  - slug: reviewer"), whole.index("  - slug: tester")
    modes.write_text(whole[:start] + whole[end:])
    result = states(world.go())
    assert (result["app:roo:reviewer"], result["app:roo:tester"]) == ("deleted", "ok")
    assert modes.read_text() == whole[:start] + whole[end:]
    edit(world.home_file, "Second line.", "2nd line.")
    assert states(world.go())["app:roo:reviewer"] == "deleted"
    space = world.space()
    with at_work(space, "restore") as (ledger, _):
        agent = find_agent(space, "reviewer")
        assert not restore(space, ledger, agent, "app", dry=True).run
        restore(space, ledger, agent, "app")
    assert "2nd line." in modes.read_text()
    modes.write_text(whole[:start] + whole[end:])
    world.home_file.unlink()
    assert not [copy for copy in world.go().plan.copies if copy.agent == "reviewer" and copy.project == "app"]
    assert modes.read_text() == whole[:start] + whole[end:]
    assert not [row for row in world.rows() if row.agent == "reviewer" and row.key.path == ".roomodes"]


@pytest.mark.parametrize("lost", ["all", "backup"])
def test_a_lost_or_old_ledger_loses_nothing(world: Two, lost: str, tmp_path: Path) -> None:
    state = Path(world.space().state)
    shutil.copytree(state, tmp_path / "backup")
    edit(world.home_file, "First line.", "First line, newer.")
    world.commit()
    world.go()
    world.commit()
    world.go()
    shutil.rmtree(state)
    if lost == "backup":
        shutil.copytree(tmp_path / "backup", state)
    edit(world.claude, "Fourth line.", "Fourth line, claude.")
    edit(world.home_file, "Third line.", "Third line, hub.")
    result = world.go()
    assert result.plan.conflicts == ()
    for path in world.all():
        assert all(word in path.read_text() for word in ("newer.", "claude.", "hub.")), path
    quiet(world)


def test_without_ledger_and_lock_a_difference_is_no_edit_of_ours(world: Two) -> None:
    shutil.rmtree(world.space().state)
    for project in (world.shop, world.app):
        (project / "agentsync.lock").unlink()
    edit(world.claude, "Fourth line.", "Fourth line, claude.")
    before = world.claude.read_bytes()
    assert states(world.go())["shop:claude-code:reviewer"] == "foreign"
    assert world.claude.read_bytes() == before


def test_a_lock_that_names_a_commit_nobody_has_means_update_the_hub_first(world: Two) -> None:
    edit(world.home_file, "First", "The first")
    world.commit()
    world.go()
    (Path(world.space().state) / FILE).unlink()
    lock = world.shop / "agentsync.lock"
    lock.write_text(lock.read_text().replace(git(world.hub, "rev-parse", "HEAD").strip(), "f" * 40))
    edit(world.claude, "Second", "The second")
    result = world.go()
    assert states(result)["shop:claude-code:reviewer"] == "conflict"
    assert "lacks" in next(copy.why.message for copy in result.plan.copies if copy.why and copy.state == "conflict")


# ---- git, modes, undo ---------------------------------------------------------------------------------------------


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


# ---- what a copy is called, and what it says ----------------------------------------------------------------------


def test_renames_that_follow_each_other_move_no_copy(world: Two) -> None:
    """`reviewer` became `other`, then `tester` became `reviewer`: every copy goes on under its agent's new id."""
    world.agent("tester", agent_text("tester", prompt="Test."))
    world.go()
    before = tree(world.shop / ".claude", world.shop / ".opencode", world.app / ".github")
    world.home_file.rename(world.hub / "agents/other.md")
    (world.hub / "agents/tester.md").rename(world.home_file)
    result = world.go()
    assert set(states(result).values()) == {"ok"}
    assert tree(world.shop / ".claude", world.shop / ".opencode", world.app / ".github") == before
    edit(world.claude, "Second line.", "Second line, edited.")
    world.go()
    assert "Second line, edited." in (world.hub / "agents/other.md").read_text()
    assert "Test." in world.home_file.read_text()
    quiet(world)


def test_an_edited_copy_that_its_assistant_would_not_load_is_unreadable_with_the_reason(world: Two) -> None:
    edit(world.claude, "description: Does things", 'description: "Does things')
    result = world.go()
    (copy,) = (copy for copy in result.plan.copies if copy.state == "unreadable")
    assert copy.why is not None
    assert "a quote is opened and never closed" in copy.why.message
    assert copy.why.message.startswith("line ")
    assert '"Does things\n' in world.claude.read_text()
    world.go(PUSH, Wishes(overwrite=frozenset({"edited"})))
    assert "description: Does things\n" in world.claude.read_text()


def test_an_agent_of_the_hub_is_told_for_what_it_cannot_be_read(world: Two) -> None:
    """Not for what its assistant would mend."""
    edit(world.home_file, "description:", "color: red description:")
    (outcome, *_) = world.go().plan.projects
    assert outcome.why is not None
    assert "`description` is missing" in outcome.why.message


def test_the_note_of_a_decided_conflict_names_the_side_that_won(world: Two) -> None:
    edit(world.claude, "Second line.", "Second line of Claude.")
    edit(world.copilot, "Second line.", "Second line of Copilot.")
    world.go()
    result = world.resolve({"reviewer": "app"})
    notes = [note for one in result.plan.edits for note in one.notes]
    assert notes == ["reviewer: prompt from app:copilot (.github/agents/reviewer.agent.md)"]
