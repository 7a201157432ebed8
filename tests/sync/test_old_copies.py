"""Old is not edited: copies of other branches, copies that are gone, and ledgers and locks that are lost or old."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agentsync.commands.show import find_agent
from agentsync.ledger import FILE
from agentsync.sync import PULL, at_work
from agentsync.tend import restore
from tests.worlds import SETTINGS, Two, edit, git, quiet, states, tree


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
