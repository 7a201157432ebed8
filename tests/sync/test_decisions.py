"""What somebody has to decide: conflicts, which leave both versions where they are, and changes that are held until they are approved."""

from __future__ import annotations

import pytest

from agentsync.settle import approve, what_is_open
from agentsync.sync import Result, at_work
from tests.worlds import Two, edit, git, quiet, states

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
