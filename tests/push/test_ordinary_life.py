"""Push on real folders with real git: what is written, what is not, and whose a file is."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from agentsync.ledger import open_ledger
from agentsync.snapshot import Wishes
from agentsync.sync import at_work
from agentsync.undo import run_to_undo, undo
from tests.watched import Watched
from tests.worlds import World, actions, agent_text, states, tree

SELECTING = """version: 1
branch: main
projects:
  shop: {{path: ../shop, targets: [claude-code], select: [{0}]}}
  app: {{path: ../app, targets: [roo], select: [{0}]}}
"""


def test_push_creates_updates_and_removes(world: World) -> None:
    first = world.push()
    assert {action for action, _ in actions(first)} == {"create"}
    assert len(actions(first)) == 9
    world.agent("reviewer", agent_text("reviewer", "Reviews it all"))
    assert sorted(actions(world.push())) == [
        ("update", "app/.github/agents/reviewer.agent.md"), ("update", "shop/.claude/agents/reviewer.md"),
        ("update", "shop/.opencode/agents/reviewer.md"),
    ]
    (world.hub / "agents" / "tester.md").unlink()
    assert {action for action, _ in actions(world.push())} == {"delete"}
    assert not (world.shop / ".claude/agents/tester.md").exists()
    assert "Reviews it all" in (world.shop / ".opencode/agents/reviewer.md").read_text()


def test_a_second_push_writes_nothing_and_a_third_reads_no_copy(world: World) -> None:
    world.push()
    before = tree(world.shop, world.app, world.hub)
    for path in before:  # older than any file system's tick
        os.utime(path, (time.time() - 100,) * 2)
    times = {path: Path(path).stat().st_mtime_ns for path in before}
    for number in range(3):
        disk = Watched()
        # The change time cannot be set back: what a row holds is trusted only once that is old enough too.
        result = world.push(disk)
        copies = [path for path in disk.read_paths if path.startswith((str(world.shop), str(world.app))) and not path.endswith("agentsync.lock")]
        assert (actions(result), result.run) == ([], None)
        assert [step for step in disk.steps if step[0] != "write" or "hub.holder" not in step[2]] == []
        if number == 0:
            time.sleep(2.6)
    assert copies == []
    assert tree(world.shop, world.app, world.hub) == before
    assert {path: Path(path).stat().st_mtime_ns for path in before} == times


def test_what_is_not_ours_stays(world: World) -> None:
    mine = world.shop / ".claude/agents/reviewer.md"
    mine.parent.mkdir(parents=True)
    mine.write_text(agent_text("reviewer", "My own"))
    same = world.shop / ".opencode/agents/tester.md"
    same.parent.mkdir(parents=True)
    result = world.push()
    assert states(result)["shop:claude-code:reviewer"] == "foreign"
    assert mine.read_text() == agent_text("reviewer", "My own")
    over = world.push(wishes=Wishes(overwrite=frozenset(["foreign"])))
    assert actions(over) == [("update", "shop/.claude/agents/reviewer.md")]
    with open_ledger(world.space().state)[0] as ledger:  # what was overwritten can be had back
        assert [t.old for t in ledger.touched(over.run or 0) if t.path != "agentsync.lock"] == [agent_text("reviewer", "My own").encode()]


def test_an_edited_copy_stays_until_it_may_be_overwritten(world: World) -> None:
    world.push()
    copy = world.shop / ".claude/agents/reviewer.md"
    copy.write_text(copy.read_text() + "\nMy line.\n")
    world.agent("reviewer", agent_text("reviewer", "Anew"))
    result = world.push()
    assert states(result)["shop:claude-code:reviewer"] == "edited"
    assert "My line." in copy.read_text()
    assert "Anew" in (world.shop / ".opencode/agents/reviewer.md").read_text()
    assert actions(world.push(wishes=Wishes(overwrite=frozenset(["edited"])))) == [("update", "shop/.claude/agents/reviewer.md")]
    assert "My line." not in copy.read_text()


def test_line_ends_alone_are_no_edit(world: World) -> None:
    world.push()
    copy = world.shop / ".claude/agents/reviewer.md"
    copy.write_bytes(copy.read_bytes().replace(b"\n", b"\r\n"))
    assert (actions(world.push()), states(world.push())["shop:claude-code:reviewer"]) == ([], "ok")
    world.agent("reviewer", agent_text("reviewer", "Anew"))
    world.push()
    assert b"description: Anew\r\n" in copy.read_bytes()


def test_losing_the_ledger_loses_nothing(world: World) -> None:
    world.push()
    copy = world.shop / ".claude/agents/reviewer.md"
    copy.write_text(copy.read_text() + "\nMy line.\n")
    before = tree(world.shop, world.app)
    shutil.rmtree(world.space().state)
    result = world.push()
    assert {action for action, _ in actions(result)} == {"heal"}
    assert states(result)["shop:claude-code:reviewer"] == "edited", "the lock still says that it is a copy"
    assert tree(world.shop, world.app) == before
    assert actions(world.push()) == []


def test_an_old_ledger_restored_deletes_and_overwrites_nothing(world: World, tmp_path: Path) -> None:
    world.push()
    backup = tmp_path / "backup"
    shutil.copytree(world.space().state, backup)
    world.agent("reviewer", agent_text("reviewer", "Second"))
    world.push()
    copy = world.shop / ".claude/agents/reviewer.md"
    copy.write_text(copy.read_text().replace("Look.", "Theirs."))
    before = tree(world.shop, world.app)
    shutil.rmtree(world.space().state)
    shutil.copytree(backup, world.space().state)
    assert [action for action, _ in actions(world.push())] == []
    assert tree(world.shop, world.app) == before
    world.agent("reviewer", agent_text("reviewer", "Third"))
    assert ("update", "shop/.claude/agents/reviewer.md") not in actions(world.push())
    assert "Theirs." in copy.read_text()


def test_a_target_taken_out_releases_its_copies(world: World) -> None:
    world.push()
    (world.hub / "agentsync.yaml").write_text(world.settings.replace("claude-code, opencode", "claude-code"))
    result = world.push()
    assert actions(result) == []
    assert (world.shop / ".opencode/agents/reviewer.md").exists()
    assert {row.key.format for row in world.rows()} == {"claude-code", "copilot"}
    lock = (world.shop / "agentsync.lock").read_text()
    assert (" opencode " in lock, " claude-code " in lock) == (False, True)


@pytest.mark.parametrize("edited", [False, True])
def test_an_agent_that_leaves_hands_its_copy_to_one_of_the_same_name(world: World, edited: bool) -> None:
    (world.hub / "agentsync.yaml").write_text(SELECTING.format("reviewer"))
    world.push()
    world.agent("team/reviewer", agent_text("reviewer", prompt="Another prompt."))
    copies = [world.shop / ".claude/agents/reviewer.md", world.app / ".roomodes"]
    if edited:
        copies[0].write_text(copies[0].read_text() + "Mine.\n")
    (world.hub / "agentsync.yaml").write_text(SELECTING.format("team/reviewer"))
    result = world.push()
    assert ("update", "app/.roomodes") in actions(result)
    assert ("update" if not edited else "conflict") in {*states(result).values(), *(action for action, path in actions(result) if "shop" in path)}
    assert ("Mine." in copies[0].read_text(), "Another prompt." in copies[0].read_text()) == (edited, not edited)
    assert "Another prompt." in copies[1].read_text()
    assert actions(world.push()) == []
    assert {row.agent for row in world.rows() if row.key.path == ".roomodes"} == {"team/reviewer"}
    space = world.space()
    with at_work(space, "undo") as (ledger, _):
        undo(space, ledger, run_to_undo(ledger, None))
    assert "Another prompt." not in copies[1].read_text()
    assert actions(world.push()) == []


def test_a_shared_file_beside_the_hubs_own_folder_is_a_target(world: World) -> None:
    (world.hub / "agentsync.yaml").write_text("version: 1\nagents: .claude/agents\nprojects:\n  hub: {path: ., targets: [roo]}\n")
    (world.hub / ".claude").mkdir()
    (world.hub / "agents").rename(world.hub / ".claude/agents")
    result = world.push()
    assert {path for _, path in actions(result)} == {"hub/.roomodes"}
    assert not result.plan.problems


def test_the_hub_s_own_folder_is_no_target(world: World) -> None:
    (world.hub / "agentsync.yaml").write_text("version: 1\nagents: .claude/agents\nprojects:\n  hub: {path: ., targets: [claude-code, opencode]}\n")
    (world.hub / ".claude").mkdir()
    (world.hub / "agents").rename(world.hub / ".claude/agents")
    before = tree(world.hub / ".claude")
    result = world.push()
    assert {path.split("/")[1] for _, path in actions(result)} == {".opencode"}
    assert tree(world.hub / ".claude") == before


@pytest.mark.parametrize("agents", [".claude/agents/hub", ".claude"])
def test_a_hub_inside_a_target_s_folder_is_told(world: World, agents: str) -> None:
    (world.hub / "agentsync.yaml").write_text(f"version: 1\nagents: {agents}\nprojects:\n  hub: {{path: ., targets: [claude-code, opencode]}}\n")
    (world.hub / agents).parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(world.hub / "agents", world.hub / agents)
    result = world.push()
    assert [problem.code for problem in result.plan.problems] == ["overlap"]
    assert {path.split("/")[1] for _, path in actions(result)} == {".opencode"}


def test_user_scope_writes_below_the_home_directory(world: World) -> None:
    (world.hub / "agentsync.yaml").write_text('version: 1\nprojects:\n  me: {path: "~", scope: user, targets: [claude-code, opencode]}\n')
    world.push()
    written = {str(path.relative_to(world.home)) for path in world.home.rglob("*.md")}
    assert ".claude/agents/reviewer.md" in written
    assert ".config/opencode/agents/reviewer.md" in written
