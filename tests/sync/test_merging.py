"""Two-way sync on real folders with real git: an edit of a copy reaches the hub and every other copy, under whatever name."""

from __future__ import annotations

import time

from agentsync.snapshot import Wishes
from agentsync.sync import PUSH
from tests.worlds import Two, agent_text, edit, git, quiet, states, tree

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
