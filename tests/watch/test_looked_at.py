"""What a run of the daemon looks at, and what it leaves unread."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentsync.watch.events import Event
from agentsync.watch.runs import Work
from agentsync.workspace import Workspace
from tests.daemon_worlds import commits, says
from tests.watched import Watched
from tests.worlds import Two, agent_text, edit, git, tree


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
