"""The daemon where git and people change more than agents: branches, stashes and merges; settings and formats."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from agentsync.watch import state
from agentsync.workspace import disable, open_workspace
from tests.conftest import Run
from tests.daemon_worlds import commits, living, says, until, world_space
from tests.test_own_formats import GIZMO
from tests.worlds import Two, edit, git, tree

# ---- git ------------------------------------------------------------------------------------------------------------


def test_another_branch_of_the_hub_parks_it_and_writes_nothing(world: Two) -> None:
    with living(world) as alive:
        git(world.hub, "switch", "-q", "-c", "other")
        edit(world.home_file, "Second line.", "Second line, other.")
        git(world.hub, "commit", "-qam", "other")
        until(lambda: alive.texts("pause"), "the hub is parked")
        before = tree(world.shop, world.app)
        edit(world.copilot, "Third line.", "Third line, edited.")
        alive.settled()
        git(world.hub, "switch", "-q", "main")
        until(lambda: says("Third line, edited.", *world.all()), "the edit arrives")
        assert not any(says("Second line, other.", path) for path in world.all())
        assert before.keys() == tree(world.shop, world.app).keys()
        assert "parked" in alive.texts("pause")[0]
        hint = next(event for event in alive.events if event.kind == "pause").facts["hint"]
        assert str(hint).startswith(f"git -C {quote(str(world.hub))} switch main")      # the log is read in other folders


def test_a_project_on_an_old_branch_and_back_edits_nothing(world: Two) -> None:
    git(world.shop, "add", "-A")
    git(world.shop, "commit", "-q", "-m", "copies")
    git(world.shop, "branch", "old")
    edit(world.home_file, "Second line.", "Second line, newer.")
    world.commit()
    world.go()
    git(world.shop, "commit", "-qam", "newer copies")
    with living(world) as alive:
        head, text = commits(world), world.home_file.read_text()
        git(world.shop, "switch", "-q", "old")
        alive.settled()
        assert (commits(world), world.home_file.read_text()) == (head, text)
        git(world.shop, "checkout", "-q", "-f", "main")
        alive.settled()
        assert (commits(world), world.home_file.read_text()) == (head, text)
        assert says("Second line, newer.", *world.all())


def test_a_branch_switch_writes_nothing_until_the_hub_says_something_new(world: Two, run: Run) -> None:
    """An old branch keeps its copies, so that git lets one go back from it without more ado; an edit reaches it all the same."""
    for project in (world.shop, world.app):
        git(project, "add", "-A")
        git(project, "commit", "-q", "-m", "copies")
        git(project, "branch", "old")
    edit(world.home_file, "Second line.", "Second line, newer.")
    world.commit()
    world.go()
    for project in (world.shop, world.app):
        git(project, "commit", "-qam", "newer copies")
    with living(world) as alive:
        head, others = commits(world), tree(world.hub, world.app)
        for branch in ("old", "main", "old"):
            git(world.shop, "switch", "-q", branch)
            alive.settled()
            assert git(world.shop, "status", "--porcelain") == ""
        assert (commits(world), tree(world.hub, world.app), alive.texts("run")) == (head, others, [])
    with living(world) as alive:
        assert alive.texts("run") == []
        assert "behind" in run("status", "--all", cwd=world.hub).out
        edit(world.copilot, "Third line.", "Third line, edited.")
        alive.settled()
        assert says("Second line, newer.", *world.all())
        assert says("Third line, edited.", *world.all())
        assert commits(world) == head + 1


def test_a_stash_writes_nothing_and_comes_back(world: Two) -> None:
    git(world.shop, "add", "-A")
    git(world.shop, "commit", "-q", "-m", "copies")
    with living(world) as alive:
        edit(world.claude, "Second line.", "Second line, edited.")
        alive.settled()
        head, runs = commits(world), len(alive.texts("run"))
        git(world.shop, "stash", "-q")
        alive.settled()
        git(world.shop, "stash", "pop", "-q")
        alive.settled()
        assert (commits(world), len(alive.texts("run"))) == (head, runs)
        assert says("Second line, edited.", *world.all())
        git(world.shop, "stash", "-q")
        alive.settled()
    world.go()
    assert says("Second line, edited.", *world.all()), "a run that somebody asks for brings them forward"


def test_a_project_in_the_middle_of_a_merge_rests_and_goes_on(world: Two) -> None:
    with living(world) as alive:
        mark = world.shop / ".git/MERGE_HEAD"
        mark.write_text("")
        until(lambda: any("a merge" in text for text in alive.texts("pause")), "the merge is named")
        edit(world.home_file, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", world.copilot)
        assert not says("Second line, edited.", world.claude)
        mark.unlink()
        until(lambda: says("Second line, edited.", *world.all()), "the project goes on")
        until(lambda: "shop goes on" in alive.texts("resume"), "it says so")


# ---- settings -------------------------------------------------------------------------------------------------------


def test_changed_settings_take_effect_and_enable_nothing(world: Two) -> None:
    (world.base / "new").mkdir()
    with living(world) as alive:
        settings = world.hub / "agentsync.yaml"
        text = settings.read_text().replace("targets: [copilot]", "targets: [copilot, claude-code]")
        settings.write_text(f"{text}  new: {{path: ../new, targets: [claude-code]}}\n")
        alive.settled()
        assert (world.app / ".claude/agents/reviewer.md").exists()
        assert not list((world.base / "new").iterdir())
        about = state.look_up(world_space(world)).about
        assert about["not_enabled"] == ["new"]
        disable(open_workspace(str(world.hub)), "app")
        alive.settled()
        edit(world.home_file, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", world.claude)
        assert not says("Second line, edited.", world.copilot)


def test_broken_settings_keep_the_last_good_ones(world: Two, run: Run) -> None:
    with living(world) as alive:
        settings = world.hub / "agentsync.yaml"
        good = settings.read_text()
        settings.write_text("version: 1\nprojects: [what\n")
        edit(world.home_file, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", *world.all())
        until(lambda: alive.texts("settings"), "the broken settings are named")
        assert "the last good settings stay in use" in alive.texts("settings")[0]
        told = run("service", "status", "--wait", cwd=world.hub)
        assert told.code == 1, told.err
        assert "\n  settings: " in told.out
        assert "\n  shop  ok\n" in told.out
        settings.write_text(good)
        until(lambda: len(alive.texts("settings")) > 1, "the mended settings are named")
        assert alive.texts("settings")[1] == "the settings can be used again"


def test_a_broken_format_of_ones_own_keeps_the_last_good_one(world: Two) -> None:
    formats = Path(world.space().machine.config, "formats")
    formats.mkdir(parents=True)
    copy = world.app / ".gizmo/agents/reviewer.md"
    with living(world) as alive:
        (formats / "gizmo.yaml").write_text(GIZMO)
        edit(world.hub / "agentsync.yaml", "targets: [copilot]", "targets: [copilot, gizmo]")
        alive.settled()
        assert copy.exists()
        alive.events.clear()
        (formats / "gizmo.yaml").write_text(GIZMO.replace("style: allow-list", "style: no-such-style"))
        edit(world.home_file, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", copy, *world.all())
        until(lambda: alive.texts("settings"), "the broken format is named")
        assert "style" in alive.texts("settings")[0]
        assert alive.texts("settings")[0].endswith("; the last good settings stay in use")
        (formats / "gizmo.yaml").write_text(GIZMO)
        until(lambda: len(alive.texts("settings")) > 1, "the mended format is named")
        assert alive.texts("settings")[1] == "the settings can be used again"
