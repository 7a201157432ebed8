"""The daemon on real folders with real git: what it carries where, what it waits for, and what becomes of it when it is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import quote
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchdog.observers import Observer

from agentsync.locking import LockedError, hub_lock
from agentsync.report import plain_text
from agentsync.sync import PUSH
from agentsync.watch import hints, places, state, view
from agentsync.watch.events import Event
from agentsync.watch.eyes import Eyes
from agentsync.watch.loop import Daemon, Timing
from agentsync.watch.pace import Pace
from agentsync.watch.runs import Stopped, Work
from agentsync.workspace import Workspace, disable, open_workspace
from tests.conftest import Run
from tests.daemon_worlds import SECONDS, by_code, by_jetbrains, by_vim, commits, living, process, says, until, world_space
from tests.test_own_formats import GIZMO
from tests.watched import Watched
from tests.worlds import Two, agent_text, edit, git, tree

# ---- what is carried ------------------------------------------------------------------------------------------------


def test_one_edit_is_one_write_in_each_other_copy_and_one_commit(world: Two) -> None:
    with living(world) as alive:
        before, head = {path: path.stat().st_ino for path in world.all()}, commits(world)
        edit(world.opencode, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", *world.all())
        inodes = {path: path.stat().st_ino for path in world.all()}
        assert [path for path in world.all() if inodes[path] == before[path]] == [world.opencode]
        alive.settled()
        alive.settled()
        assert {path: path.stat().st_ino for path in world.all()} == inodes
        assert commits(world) == head + 1
        assert git(world.hub, "status", "--porcelain") == ""
        assert len(alive.texts("run")) == 1


class Moves:
    """How often each file in some folders was replaced: what agentsync writes comes under another name and is renamed."""

    def __init__(self) -> None:
        self.counts = Counter[str]()

    def dispatch(self, event: Any) -> None:
        if event.event_type == "moved":
            self.counts[os.fsdecode(event.dest_path)] += 1


@contextmanager
def replaced(*paths: Path) -> Iterator[Callable[[], list[int]]]:
    """How often each of these files is replaced meanwhile, as the system tells it."""
    moves, observer = Moves(), Observer()
    for folder in {path.parent for path in paths}:
        observer.schedule(moves, str(folder))  # type: ignore[arg-type]  # it asks for no more than `dispatch`
    observer.start()

    def counted() -> list[int]:
        time.sleep(0.7)     # it pairs the halves of a rename for half a second
        return [moves.counts[str(path)] for path in paths]

    try:
        yield counted
    finally:
        observer.stop()
        observer.join()


@pytest.mark.parametrize("where", ["hub", "copy"])
def test_a_daemon_writes_every_other_copy_exactly_once_and_commits_once(world: Two, where: str) -> None:
    edited = 0 if where == "hub" else 2
    with process(world), replaced(*world.all()) as counted:
        state.wait_settled(world.space(), SECONDS)
        head = commits(world)
        edit(world.all()[edited], "Second line.", "Second line, edited.")
        for _ in range(3):
            state.wait_settled(world.space(), SECONDS)
        assert says("Second line, edited.", *world.all())
        assert counted() == [int(number != edited) for number in range(4)]
        assert commits(world) == head + (where == "copy")
        for project in (world.shop, world.app):
            git(project, "add", "-A")
            git(project, "commit", "-q", "-m", "copies")
        git(world.shop, "switch", "-q", "-c", "other")
        git(world.shop, "rm", "-q", ".opencode/agents/reviewer.md")
        git(world.shop, "commit", "-q", "-m", "without")
        for branch in ("main", "other", "main"):
            git(world.shop, "switch", "-q", branch)
            state.wait_settled(world.space(), SECONDS)
        assert counted() == [int(number != edited) for number in range(4)], "a branch switch gives none"
        assert commits(world) == head + (where == "copy")


def test_an_edit_of_the_hub_reaches_every_copy(world: Two) -> None:
    with living(world) as alive:
        edit(world.home_file, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", *world.all())


def test_edits_made_while_nobody_watched_are_seen_at_the_start(world: Two) -> None:
    edit(world.copilot, "Second line.", "Second line, edited.")
    with living(world):
        assert says("Second line, edited.", *world.all())


def test_a_new_agent_of_the_hub_in_a_new_folder_goes_out(world: Two) -> None:
    with living(world) as alive:
        world.agent("deep/er/fresh", agent_text("fresh"))
        alive.settled()
        assert (world.shop / ".claude/agents/fresh.md").exists()
        edit(world.hub / "agents/deep/er/fresh.md", "Look.", "Look again.")
        alive.settled()
        assert says("Look again.", world.shop / ".claude/agents/fresh.md")


def test_a_folder_that_was_deleted_and_made_again_is_watched_again(world: Two) -> None:
    with living(world) as alive:
        kept = tree(world.shop / ".opencode")
        shutil.rmtree(world.shop / ".opencode")
        alive.settled()
        for path, data in kept.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_bytes(data)
        alive.settled()
        edit(world.opencode, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", *world.all())


def test_a_project_that_was_moved_away_and_back_goes_on(world: Two) -> None:
    away = world.shop.with_name("away")
    with living(world) as alive:
        world.shop.rename(away)
        until(lambda: any("shop" in text for text in alive.texts("pause")), "the missing project is named")
        edit(away / ".opencode/agents/reviewer.md", "Second line.", "Second line, edited.")
        away.rename(world.shop)
        until(lambda: says("Second line, edited.", *world.all()), "the edit arrives")
        edit(world.claude, "Third line.", "Third line, edited.")
        alive.settled()
        assert says("Third line, edited.", *world.all())


def test_a_project_that_is_a_link_is_watched(tmp_path: Path, home: Path) -> None:
    world = Two(tmp_path / "world", home)
    (tmp_path / "real").mkdir()
    world.base.mkdir()
    world.build()
    world.shop.rename(tmp_path / "real/shop")
    world.shop.symlink_to(tmp_path / "real/shop")
    with living(world) as alive:
        edit(world.opencode, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", *world.all())


# ---- what is looked at ----------------------------------------------------------------------------------------------


def done(work: Work, space: Workspace, names: tuple[str, ...], others: tuple[str, ...] | None = (), ready: bool = True) -> list[Event]:
    return list(work.go(space, names, others, ready=lambda: ready))


def test_an_edit_is_carried_without_a_look_at_other_files_and_changes_nobody_told_of_are_found_by_the_scan(world: Two) -> None:
    disk = Watched()
    space, work = world.space(disk), Work(lambda: False)
    done(work, space, ("shop", "app"))
    edit(world.opencode, "Second line.", "Second line, edited.")
    untold = world.copilot.with_name("tester.agent.md")
    edit(untold, "Look.", "Look twice.")
    disk.read_paths.clear()
    disk.steps.clear()
    assert [event.kind for event in done(work, space, ("shop",), ("app",))] == ["run"]
    assert says("Second line, edited.", *world.all())
    read = {path.removeprefix(f"{world.app}/") for path in disk.read_paths if path.startswith(f"{world.app}/")}
    assert read == {".github/agents/reviewer.agent.md", "agentsync.lock"}
    assert len([step for step in disk.steps if step[0] == "write" and not step[2].endswith("agentsync.lock")]) == len(world.all()) - 1
    assert not says("Look twice.", world.hub / "agents/tester.md")
    done(work, space, ("shop", "app"))
    assert says("Look twice.", world.hub / "agents/tester.md", world.claude.with_name("tester.md"))


def test_the_hub_tells_which_agents_of_it_changed(world: Two) -> None:
    disk = Watched()
    space, work = world.space(disk), Work(lambda: False)
    done(work, space, ("shop", "app"))
    disk.read_paths.clear()
    assert done(work, space, (), ("shop", "app")) == []
    assert not [path for path in disk.read_paths if path.startswith((str(world.shop), str(world.app)))]
    edit(world.home_file, "Second line.", "Second line, edited.")
    assert [event.kind for event in done(work, space, (), ("shop", "app"))] == ["run"]
    assert says("Second line, edited.", *world.all())


@pytest.mark.parametrize("odd", ["edited", "new agent", "no lock", "elsewhere"])
def test_a_project_that_is_not_as_it_was_is_looked_at_as_a_whole(world: Two, odd: str) -> None:
    space, work = world.space(), Work(lambda: False)
    done(work, space, ("shop", "app"))
    if odd == "edited":
        edit(world.copilot, "Fourth line.", "Fourth line, copilot.")
    elif odd == "new agent":
        world.agent("fresh", agent_text("fresh"))
    elif odd == "no lock":
        (world.app / "agentsync.lock").unlink()
    else:
        world.copilot.rename(world.copilot.with_name("other.agent.md"))
    edit(world.claude, "Second line.", "Second line, edited.")
    done(work, space, ("shop",), ("app",))
    copies = [path for path in world.all() if odd != "elsewhere" or path != world.copilot]
    assert says("Second line, edited.", *copies)
    if odd == "edited":
        assert says("Fourth line, copilot.", *world.all())
    elif odd == "new agent":
        assert (world.app / ".github/agents/fresh.agent.md").exists()
    elif odd == "no lock":
        assert says("reviewer copilot .github/agents/reviewer.agent.md", world.app / "agentsync.lock")
    else:
        assert says("Second line, edited.", world.copilot.with_name("other.agent.md"))


def test_locks_of_other_projects_keep_the_lines_of_all_other_agents(world: Two) -> None:
    space, work, lock = world.space(), Work(lambda: False), world.app / "agentsync.lock"
    done(work, space, ("shop", "app"))
    before = lock.read_text().splitlines()
    edit(world.claude, "Second line.", "Second line, edited.")
    done(work, space, ("shop",), ("app",))
    after = lock.read_text().splitlines()
    assert [line.split()[:3] for line in before] == [line.split()[:3] for line in after]
    assert [line for line in before if line not in after] == [line for line in before if line.startswith("reviewer ")]
    assert git(world.hub, "rev-parse", "HEAD").strip() in "\n".join(after)


def test_what_is_said_of_locks_alone_and_of_a_place(world: Two) -> None:
    space, work, lock = world.space(), Work(lambda: False), world.app / "agentsync.lock"
    done(work, space, ("shop", "app"))
    lock.write_text("".join(line for line in lock.read_text().splitlines(keepends=True) if not line.startswith("reviewer ")))
    told = [event.text for event in done(work, space, ("shop", "app")) if event.kind == "run"]
    assert told == ["brought agentsync.lock up to date"]
    settings = world.hub / "agentsync.yaml"
    settings.write_text(settings.read_text() + "defaults: {select: ['*', '!nobody']}\n")
    texts = [event.text for event in done(work, world.space(), ("shop", "app")) if event.kind == "trouble"]
    assert texts
    assert not any(": :" in text for text in texts)


def test_what_is_told_of_one_project_is_not_told_again_with_others(world: Two) -> None:
    space, work = world.space(), Work(lambda: False)
    done(work, space, ("shop", "app"))
    new = world.claude.with_name("fresh.md")
    for _ in range(2):
        new.write_text(agent_text("fresh"))
        assert [event.text for event in done(work, space, ("shop",), ("app",))] == ["shop: 1 new agent (fresh)"]
        assert done(work, space, ("shop", "app"), ()) == []
        edit(world.home_file, "Fourth line", "Again: Fourth line")
        world.commit()
        assert "note" not in [event.kind for event in done(work, space, (), ("shop", "app"))]
        new.unlink()
        assert done(work, space, ("shop",), ("app",)) == []


def test_what_was_planned_is_not_done_where_something_was_touched_meanwhile(world: Two) -> None:
    space, work = world.space(), Work(lambda: False)
    done(work, space, ("shop", "app"))
    edit(world.claude, "Second line.", "Second line, edited.")
    before = tree(world.hub, world.shop, world.app)
    assert done(work, space, ("shop",), ("app",), ready=False) == []
    assert tree(world.hub, world.shop, world.app) == before
    done(work, space, ("shop",), ("app",))
    assert says("Second line, edited.", *world.all())


def test_many_projects_are_looked_at_a_few_at_a_time(tmp_path: Path, home: Path) -> None:
    names = [f"p{number}" for number in range(20)]
    lines = "".join(f"  {name}: {{path: ../{name}, targets: [claude-code]}}\n" for name in names)
    world = Two(tmp_path / "world", home, f"version: 1\nbranch: main\nprojects:\n{lines}")
    for name in names:
        (world.base / name).mkdir(parents=True)
    world.build()
    space, work = world.space(), Work(lambda: False)
    copies = [world.base / name / ".claude/agents/reviewer.md" for name in names]
    for _ in range(2):
        done(work, space, tuple(names))
        assert set(work.states.values()) == {"ok"}
        assert len(work.states) == len(names)
    edit(copies[3], "Second line.", "Second line, edited.")
    edit(copies[19], "Fourth line.", "Fourth line, edited.")
    assert len([event for event in done(work, space, tuple(names)) if event.kind == "run"]) == 1
    assert all(says("Second line, edited.", path) and says("Fourth line, edited.", path) for path in (world.home_file, *copies))


def test_copies_are_written_before_git_is_asked_and_locks_after(world: Two) -> None:
    seen: list[tuple[str, int]] = []
    disk = Watched(after=lambda _, root, path: seen.append((f"{Path(root).name}/{path}", commits(world))))
    edit(world.opencode, "Second line.", "Second line, edited.")
    head = commits(world)
    done(Work(lambda: False), world.space(disk), ("shop", "app"))
    order = [path for path, _ in seen if path.startswith(("hub/agents", "shop", "app"))]
    assert order[0] == "hub/agents/reviewer.md"
    assert {path: count - head for path, count in seen if path in order} == {
        path: int(path.endswith("agentsync.lock")) for path in order
    }


def test_own_writes_are_known_by_what_they_say(world: Two) -> None:
    work = Work(lambda: False)
    edit(world.opencode, "Second line.", "Second line, edited.")
    done(work, world.space(), ("shop", "app"))
    assert work.is_ours(str(world.claude))
    assert not work.is_ours(str(world.opencode))
    world.claude.write_bytes(world.claude.read_bytes())
    assert work.is_ours(str(world.claude))
    edit(world.claude, "First line.", "First line, edited.")
    assert not work.is_ours(str(world.claude))


# ---- how editors save -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("save", [by_vim, by_code, by_jetbrains])
@pytest.mark.parametrize("where", ["hub", "copy"])
def test_a_file_that_is_gone_or_empty_while_it_is_saved_is_no_change(world: Two, save: Callable[..., None], where: str) -> None:
    path = world.home_file if where == "hub" else world.opencode
    data = path.read_bytes().replace(b"Second line.", b"Second line, edited.")
    with living(world, Timing(quiet=0.02, limit=0.5, grace=1.0, poll=0.1, verify=0.1)) as alive:
        head = commits(world)
        save(path, data, lambda: time.sleep(0.2))
        alive.settled()
        assert says("Second line, edited.", *world.all())
        assert path.read_bytes() == data
        assert len(alive.texts("run")) == 1, alive.texts("run")
        assert commits(world) == head + (where == "copy")
        assert "open" not in alive.kinds()


def test_a_file_that_stays_away_is_deleted_after_a_while(world: Two) -> None:
    world.agent("gone", agent_text("gone"))
    with living(world) as alive:
        copy = world.shop / ".claude/agents/gone.md"
        assert copy.exists()
        (world.hub / "agents/gone.md").unlink()
        alive.settled()
        assert not copy.exists()


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


# ---- what waits for somebody ----------------------------------------------------------------------------------------


def test_conflicts_and_held_changes_are_listed_and_stop_nobody(world: Two) -> None:
    with hub_lock(world.space().disk, world.space().state, "test"):
        pass
    with living(world) as alive:
        with hub_lock(world.space().disk, world.space().state, "a test"):
            edit(world.claude, "Second line.", "Second line, claude.")
            edit(world.copilot, "Second line.", "Second line, copilot.")
            edit(world.shop / ".claude/agents/tester.md", "---\n", "---\ntools: Bash\nhooks: {Stop: []}\n")
        alive.settled()
        told = state.look_up(world.space()).about
        assert told["conflicts"] == 2
        assert {one["agent"] for one in told["open"] if one["state"] == "conflict"} == {"reviewer"}
        edit(world.home_file, "Fourth line.", "Fourth line, edited.")
        edit(world.hub / "agents/team/writer.md", "Look.", "Look again.")
        alive.settled()
        assert says("Look again.", world.shop / ".claude/agents/writer.md", world.app / ".github/agents/writer.agent.md")
        world.resolve({"reviewer": "hub"})
        until(lambda: state.look_up(world.space()).about["conflicts"] == 0, "the conflict is closed")
        assert "closed" in alive.kinds()


def test_what_waits_in_a_project_that_rests_goes_on_waiting(world: Two) -> None:
    away = world.app.with_name("away")
    with living(world) as alive:
        with hub_lock(world.space().disk, world.space().state, "a test"):
            edit(world.home_file, "Second line.", "Second line, hub.")
            edit(world.copilot, "Second line.", "Second line, copilot.")
        until(lambda: state.look_up(world.space()).about["conflicts"] == 1, "the conflict is listed")
        world.app.rename(away)
        until(lambda: any("app" in text for text in alive.texts("pause")), "the missing project is named")
        alive.settled()
        rests = {one["name"]: (one["state"], one["why"]) for one in state.look_up(world.space()).about["projects"]}
        assert rests == {"shop": ("ok", None), "app": ("missing", "there is no such folder")}
        assert state.look_up(world_space(world)).about["conflicts"] == 1
        away.rename(world.app)
        until(lambda: alive.texts("resume"), "the project goes on")
        assert (alive.kinds().count("open"), alive.kinds().count("closed")) == (1, 0)


def test_a_conflict_that_one_side_takes_back_is_none_for_the_other_project_either(world: Two) -> None:
    before = world.claude.read_bytes()
    with living(world) as alive:
        with hub_lock(world.space().disk, world.space().state, "a test"):
            edit(world.claude, "Second line.", "Second line, claude.")
            edit(world.copilot, "Second line.", "Second line, copilot.")
        until(lambda: state.look_up(world.space()).about["conflicts"] == 2, "the conflict is listed")
        alive.settled()
        world.claude.write_bytes(before)
        alive.settled()
        assert state.look_up(world.space()).about["conflicts"] == 0
        assert says("Second line, copilot.", *world.all())


def test_the_view_names_each_decision_once_and_fits_the_terminal() -> None:
    found = [
        {"state": "held", "agent": f"a{number // 2}", "project": f"p{number % 2}", "why": "its change gives it shell", "hint": f"do a{number // 2}"}
        for number in range(40)
    ]
    about = {
        "hub": "/h", "paused": None, "settings": None, "folders": 1, "changes": 2, "not_enabled": ["new"], "open": found,
        "projects": [{"name": "p0", "state": "ok"}, {"name": "p1", "state": "busy"}],
    }
    lines = [plain_text(line) for line in view.head(about, 12)]
    assert lines == [
        "agentsync watch  /h", "2 projects, 1 folder, 2 files written; resting: p1; not enabled here: new",
        *(line for number in range(5) for line in (f"held: a{number} in p0, p1: its change gives it shell", f"  do a{number}")),
        "and 15 more: agentsync status --all",
    ]
    about |= {"open": [], "paused": "the hub is parked", "settings": "agentsync.yaml: bad"}
    assert [plain_text(line) for line in view.head(about, 12)][1:3] == [
        "paused: the hub is parked", "settings: agentsync.yaml: bad; the last good ones stay in use",
    ]
    assert plain_text(view.told(Event("run", "wrote x"), "12:00:00")) == "12:00:00 run      wrote x"


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_the_view_is_drawn_anew_where_the_terminal_gets_another_size(world: Two) -> None:
    import fcntl
    import pty
    import struct
    import termios

    def size(rows: int, columns: int) -> None:
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    world.space()
    main, side = pty.openpty()
    size(24, 100)
    command = [sys.executable, "-m", "agentsync", "watch", "-C", str(world.hub), "--no-notify"]
    with subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env={**os.environ, "TERM": "xterm"}) as running:
        said = bytearray()
        reader = threading.Thread(target=lambda: _read_all(main, said), daemon=True)
        reader.start()
        try:
            until(lambda: b"Ctrl-C stops" in said, "the view is there")
            assert b"\x1b[2J" not in said
            size(20, 40)
            running.send_signal(signal.SIGWINCH)
            until(lambda: b"Ctrl-C stops" in said.partition(b"\x1b[2J")[2], "it is drawn anew")
            running.send_signal(signal.SIGTERM)
            assert running.wait(SECONDS) == 0
        finally:
            running.kill()
            os.close(side)


def _read_all(source: int, into: bytearray) -> None:
    with suppress(OSError):
        while data := os.read(source, 4096):
            into += data


# ---- what the system does not tell ----------------------------------------------------------------------------------


def test_a_refused_watch_is_scanned_and_said(world: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    add = hints._Shared.add if sys.platform == "linux" else hints._Scheduled.add

    def refuse(self: Any, folder: str) -> None:
        if "/shop" in folder:
            raise OSError(28, "inotify watch limit reached")
        add(self, folder)

    monkeypatch.setattr(hints._Shared, "add", refuse)
    monkeypatch.setattr(hints._Scheduled, "add", refuse)
    with living(world) as alive:
        assert any("shop is scanned" in text and "limit reached" in text for text in alive.texts("scan"))
        edit(world.opencode, "Second line.", "Second line, edited.")
        until(lambda: says("Second line, edited.", *world.all()), "the edit is found")
        edit(world.claude, "Third line.", "Third line, edited.")
        alive.settled()
        assert says("Third line, edited.", *world.all())


def test_a_network_file_system_is_scanned_and_said(world: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "mounts", lambda: f"x / ext4 rw 0 0\nhost:/ {os.path.realpath(world.shop)} nfs4 rw 0 0\n")
    with living(world) as alive:
        assert any("nfs4" in text for text in alive.texts("scan"))
        edit(world.opencode, "Second line.", "Second line, edited.")
        until(lambda: says("Second line, edited.", *world.all()), "the edit is found")


def test_lost_events_make_it_look_at_everything(world: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    with living(world) as alive:
        alive.daemon._eyes.hints._watcher.close()
        edit(world.opencode, "Second line.", "Second line, edited.")
        alive.daemon._eyes.hints.tell(*hints.LOST)
        until(lambda: says("Second line, edited.", *world.all()), "the edit is found")
        assert "trouble" in alive.kinds()


@pytest.mark.skipif(sys.platform != "linux", reason="limits of inotify")
@pytest.mark.parametrize(("limit", "more"), [(5, 0), (50, 16)])
def test_a_limit_of_the_system_on_watches(world: Two, limit: int, more: int) -> None:
    """The real limit, in a user namespace of its own, where one may be made: those beyond it are scanned, the others are told."""
    allowed = subprocess.run(["unshare", "-Ur", "sh", "-c", "echo 5 > /proc/sys/user/max_inotify_watches"], capture_output=True, check=False)
    if allowed.returncode != 0:
        pytest.skip("NOT RUN: no user namespaces here")
    for number in range(more):
        (world.base / f"p{number:02}").mkdir()
    extra = "".join(f"  p{number:02}: {{path: ../p{number:02}, targets: [claude-code]}}\n" for number in range(more))
    (world.hub / "agentsync.yaml").write_text(world.settings + extra)
    world.go(PUSH)
    copies = [world.base / f"p{number:02}/.claude/agents/reviewer.md" for number in range(more)]
    script = f"echo {limit} > /proc/sys/user/max_inotify_watches; exec {sys.executable} -m agentsync watch -C {world.hub} --no-notify"
    with subprocess.Popen(["unshare", "-Ur", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as running:
        try:
            until(lambda: state.look_up(world.space()).running, "the process starts")
            edit(world.opencode, "Second line.", "Second line, edited.")
            until(lambda: says("Second line, edited.", *world.all(), *copies), "the edit is found")
            until(lambda: any(one["scanned"] for one in state.look_up(world.space()).about["projects"]), "it says so")
            state.wait_settled(world.space(), SECONDS)
            told = {one["name"]: one["scanned"] for one in state.look_up(world.space()).about["projects"]}
            for number, name in enumerate([name for name, why in told.items() if why][:1] + [name for name, why in told.items() if not why][:1]):
                path = world.base / name / (".github/agents/reviewer.agent.md" if name == "app" else ".claude/agents/reviewer.md")
                edit(path, "Third line", f"Third line {number}")
                until(lambda number=number: says(f"Third line {number}", *world.all(), *copies), f"the edit in {name} is found")  # type: ignore[misc]
            assert (None in told.values()) == bool(more)
        finally:
            running.terminate()
            assert b"is scanned" in (running.stdout.read() if running.stdout else b"")


def test_folders_are_watched_where_there_is_no_shared_instance(world: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS and Windows: one watch of watchdog's own for each folder."""
    monkeypatch.setattr(hints, "_watcher", hints._Scheduled)
    with living(world):
        edit(world.opencode, "Second line.", "Second line, edited.")
        until(lambda: says("Second line, edited.", *world.all()), "the edit arrives")
        shutil.rmtree(world.app / ".github")
        world.agent("deep/fresh", agent_text("fresh"))
        until(lambda: (world.shop / ".claude/agents/fresh.md").exists(), "the new agent arrives")
        edit(world.hub / "agents/deep/fresh.md", "Look.", "Look again.")
        until(lambda: says("Look again.", world.shop / ".claude/agents/fresh.md"), "its edit arrives")


def test_more_folders_than_may_be_scheduled_are_scanned(world: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "_watcher", hints._Scheduled)
    monkeypatch.setattr(hints, "_SCHEDULED", 3)
    with living(world) as alive:
        assert any("no more than 3 folders are watched" in text for text in alive.texts("scan"))
        edit(world.opencode, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", *world.all())


def test_a_storm_of_events_ends_in_one_quiet_state(world: Two) -> None:
    with living(world) as alive:
        folder = world.shop / ".claude/agents/storm"
        folder.mkdir()
        for number in range(500):
            (folder / f"{number}.tmp").write_text("x")
        shutil.rmtree(folder)
        edit(world.opencode, "Second line.", "Second line, edited.")
        alive.settled()
        assert says("Second line, edited.", *world.all())


def test_threads_do_not_grow_with_projects(world: Two) -> None:
    settings = world.hub / "agentsync.yaml"
    for number in range(20):
        (world.base / f"p{number}").mkdir()
    settings.write_text(world.settings + "".join(f"  p{number}: {{path: ../p{number}, targets: [claude-code]}}\n" for number in range(20)))
    before = threading.active_count()
    with living(world):
        assert (world.base / "p19/.claude/agents/reviewer.md").exists()
        if sys.platform == "linux":
            assert threading.active_count() - before == 2


# ---- processes ------------------------------------------------------------------------------------------------------


def test_a_second_daemon_says_who_holds_the_hub(world: Two, run: Run) -> None:
    with living(world), pytest.raises(LockedError, match=f"keeps this hub in sync already: watch \\(process {os.getpid()}\\)"):
        Daemon(world.space(), lambda _: None).run()


def test_a_killed_daemon_leaves_nothing_to_clean_up_and_a_stopped_one_ends_well(world: Two, run: Run) -> None:
    with process(world) as first:
        edit(world.opencode, "Second line.", "Second line, edited.")
        until(lambda: says("edited.", world.home_file), "the run begins")
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert run("service", "status", cwd=world.hub).code == 1
    with process(world) as second:
        done = run("service", "status", "--wait", "--json", cwd=world.hub)
        assert json.loads(done.out)["pid"] == second.pid
        assert run("service", "remove", cwd=world.hub).err == "there is no service for this hub\n"
        assert json.loads(run("service", "status", "--json", cwd=world.hub).out)["pid"] == second.pid
        assert says("Second line, edited.", *world.all())
        second.send_signal(signal.SIGTERM)
        said = second.communicate(timeout=SECONDS)[0].decode()
        assert second.returncode == 0
        assert [line.split()[1] for line in said.splitlines()][-1] == "stop"
    assert run("service", "remove", cwd=world.hub).code == 0
    assert [path.name for path in Path(world.space().state).iterdir() if path.name.startswith(("watch", "cookies"))] == ["watch.lock"]
    assert run("service", "status", "--wait", cwd=world.hub).err.startswith("nothing keeps this hub in sync now\nhint: agentsync watch")


def test_being_stopped_ends_a_run_between_two_files_and_the_next_one_does_the_rest(world: Two) -> None:
    """The hub's own files are committed before anything ends."""
    asked = 0

    def stopping() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2    # two projects were looked at, and one copy was written

    edit(world.opencode, "Second line.", "Second line, edited.")
    space, work = world.space(), Work(stopping)
    with pytest.raises(Stopped):
        list(work.go(space, ("shop", "app")))
    assert git(world.hub, "status", "--porcelain") == ""
    assert says("Second line, edited.", world.home_file, world.opencode)
    assert not says("Second line, edited.", *world.all())
    with living(world):
        assert says("Second line, edited.", *world.all())


def test_a_project_that_fails_stops_no_other(world: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a whole run comes to no end, each project is run by itself."""
    work, space = Work(lambda: False), world.space()
    edit(world.home_file, "Second line.", "Second line, edited.")
    kept = world.shop / "agentsync.lock"
    kept.unlink(missing_ok=True)
    kept.mkdir()
    events = list(work.go(space, ("shop", "app")))
    assert says("Second line, edited.", world.copilot)
    assert any(event.kind == "trouble" for event in events)


def test_daemon_and_command_line_at_once(world: Two, run: Run) -> None:
    with living(world) as alive:
        for number in range(3):
            edit(world.opencode, "Second line", f"{number} Second line")
            done = run("sync", "--all", cwd=world.hub)
            assert done.code == 0, done.err
        alive.settled()
        assert says("0 1 2 Second line", *world.all())
        assert run("sync", "--all", cwd=world.hub).err.startswith(("shop", "nothing"))


def test_what_a_daemon_writes_down_can_be_read_while_it_is_replaced(world: Two) -> None:
    space, done = world.space(), threading.Event()
    Path(space.state).mkdir(parents=True, exist_ok=True)
    state.write_down(space.disk, space.state, {"version": 1})

    def write() -> None:
        for number in range(200):
            state.write_down(space.disk, space.state, {"version": 1, "number": number})
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert state.look_up(space).about["version"] == 1
    writer.join()


def test_status_mentions_the_daemon(world: Two, run: Run) -> None:
    with living(world):
        assert "agentsync watch keeps this hub in sync" in run("status", "--all", cwd=world.hub).out
    assert "keeps this hub in sync" not in run("status", "--all", cwd=world.hub).out


# ---- pieces ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 0.3)), max_size=30))
def test_what_is_touched_comes_due_after_a_pause_or_at_the_limit(steps: list[tuple[str, float]]) -> None:
    pace, now, first, last = Pace(0.1, 0.5), 0.0, dict[str, float](), dict[str, float]()
    for owner, wait in steps:
        now += wait
        pace.note(owner, now)
        first.setdefault(owner, now)
        last[owner] = now
        due = pace.due(now)
        assert set(due) == {one for one in first if now >= min(last[one] + 0.1, first[one] + 0.5)}
        pace.done(due, pace.number)
        for one in due:
            del first[one]
    assert pace.settled(pace.number) is not bool(first)


def test_places_are_the_folders_on_the_way_and_those_that_hold_agents(tmp_path: Path) -> None:
    (tmp_path / ".x/agents/deep").mkdir(parents=True)
    (tmp_path / "node_modules").mkdir()
    root = os.path.realpath(tmp_path)
    found = places.spots(root, [".x/agents/**/*.md", ".y/agents/*.md", "AGENTS.md"])
    ways = {root: frozenset({".x", ".y", "AGENTS.md"}), f"{root}/.x": frozenset({"agents"})}
    assert found == ways | {f"{root}/.x/agents": None, f"{root}/.x/agents/deep": None}
    assert places.spots(f"{root}/not/there", ["a/*.md"]) == {root: frozenset({"not"})}
    assert not places.listing(found)


def test_many_files_that_vanish_at_once_are_in_doubt_at_no_great_cost(world: Two) -> None:
    """As when a folder of a build is emptied: what one of them costs must not depend on the others."""
    eyes = Eyes(world.space(), lambda _: None, 2.0)
    try:
        eyes.place()
        eyes.written(["shop"])
        folder = os.path.realpath(world.claude.parent)
        eyes._seen["shop"] |= {f"{folder}/{number}.md": (1, 1, 1) for number in range(20_000)}
        started = time.process_time()
        assert eyes.doubtful("shop", 10.0, 0.1, 2.0) == 12.0
        assert eyes.doubtful("shop", 11.0, 0.1, 2.0) == 12.0
        assert eyes.doubtful("shop", 12.5, 0.1, 2.0) is None
        assert time.process_time() - started < 3
    finally:
        eyes.hints.close()
