"""check: a fresh clone is judged by its lock alone, and by the hub where one is at hand; nothing is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.in_process import runner
from tests.worlds import agent_text, git, tree


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(tmp_path, monkeypatch, capsys)


@pytest.fixture
def hub(tmp_path: Path, run: Run) -> Path:
    """A hub with two agents, pushed and committed in a project with three targets."""
    assert run("init", "hub").code == 0
    hub, shop = tmp_path / "hub", tmp_path / "shop"
    (hub / "agents/one.md").write_text(agent_text("one", "First"))
    (hub / "agents/two.md").write_text(agent_text("two", "Second"))
    commit(hub)
    git(tmp_path, "init", "-q", "-b", "main", "shop")
    assert run("project", "add", shop, "--to", "claude-code,codex,opencode", cwd=hub).code == 0
    assert run("push", "--all", cwd=hub).code == 0
    commit(hub)
    commit(shop)
    return hub


@pytest.fixture
def clone(tmp_path: Path, hub: Path, home: Path) -> Path:
    """A clone of the project on a machine that knows no hub."""
    git(tmp_path, "clone", "-q", "shop", "clone")
    for path in sorted(home.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return tmp_path / "clone"


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "all")


def states(run: Run, *arguments: str | Path, cwd: Path | None = None) -> tuple[int, dict[str, str]]:
    """Exit code, and path to state of what is not ok."""
    done = run("check", "--json", *arguments, cwd=cwd)
    said = json.loads(done.out)
    return done.code, {copy["path"]: copy["state"] for copy in said["copies"] if copy["state"] != "ok"}


def test_a_fresh_clone_is_fine_by_its_lock_and_nothing_is_written(tmp_path: Path, home: Path, clone: Path, run: Run) -> None:
    before = tree(tmp_path, home)
    done = run("check", cwd=clone)
    assert (done.code, done.out) == (0, ".: 6 copies: 6 ok\n")
    assert run("check", clone).code == 0
    assert run("check", cwd=clone / ".claude").code == 0
    assert tree(tmp_path, home) == before


def test_edits_and_deletions_are_seen(clone: Path, run: Run) -> None:
    one, two = clone / ".claude/agents/one.md", clone / ".codex/agents/two.toml"
    one.write_text(one.read_text().replace("First", "Best"))
    two.unlink()
    assert states(run, cwd=clone) == (1, {".claude/agents/one.md": "edited", ".codex/agents/two.toml": "missing"})
    done = run("check", cwd=clone)
    assert ".claude/agents/one.md: edited one" in done.out


def test_line_ends_and_layout_are_no_edit(clone: Path, run: Run) -> None:
    for path in clone.glob(".claude/agents/*.md"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert states(run, cwd=clone) == (0, {})


def test_agents_that_no_line_names_are_seen(clone: Path, run: Run) -> None:
    (clone / ".claude/agents/mine.md").write_text(agent_text("mine"))
    (clone / ".claude/agents/README.md").write_text("# Agents\n")
    (clone / ".cursor/agents").mkdir(parents=True)
    (clone / ".cursor/agents/mine.md").write_text(agent_text("mine"))
    assert states(run, cwd=clone) == (1, {".claude/agents/mine.md": "foreign"})
    assert run("check", "--allow-foreign", cwd=clone).code == 0


def test_what_its_assistant_would_not_load_is_unreadable(clone: Path, run: Run) -> None:
    (clone / ".claude/agents/one.md").write_text("---\nname: one\ndescription: [\n  x: y: z\n---\n")
    (clone / ".codex/agents/one.toml").write_text("name = \n")
    code, found = states(run, cwd=clone)
    assert (code, found[".codex/agents/one.toml"]) == (1, "unreadable")
    assert found[".claude/agents/one.md"] in ("unreadable", "edited")


def test_a_lock_that_git_could_not_merge_is_a_problem(clone: Path, run: Run) -> None:
    lock = clone / "agentsync.lock"
    lock.write_text("<<<<<<< ours\n" + lock.read_text() + "=======\n>>>>>>> theirs\n")
    done = run("check", cwd=clone)
    assert (done.code, "conflict markers" in done.out) == (1, True)


def test_a_lock_of_a_format_nobody_knows(clone: Path, run: Run) -> None:
    lock = clone / "agentsync.lock"
    lock.write_text(lock.read_text().replace(" codex ", " codec "))
    code, found = states(run, cwd=clone)
    assert (code, found) == (1, {".codex/agents/one.toml": "unreadable", ".codex/agents/two.toml": "unreadable"})


def test_copies_behind_the_hub_are_seen_where_a_hub_is_given(tmp_path: Path, hub: Path, clone: Path, run: Run) -> None:
    one = hub / "agents/one.md"
    one.write_text(one.read_text().replace("First", "Best"))
    (hub / "agents/two.md").unlink()
    assert states(run, cwd=clone) == (0, {})
    code, found = states(run, "-C", hub, cwd=clone)
    assert (code, set(found.values()), len(found)) == (1, {"behind"}, 6)


def test_in_the_project_the_hub_knows_all_of_its_rules_hold(tmp_path: Path, hub: Path, clone: Path, run: Run) -> None:
    shop = tmp_path / "shop"
    before = tree(tmp_path)
    assert states(run, "-C", hub, shop) == (0, {})
    assert tree(tmp_path) == before
    one = hub / "agents/one.md"
    one.write_text(one.read_text().replace("First", "Best"))
    (hub / "agents/three.md").write_text(agent_text("three"))
    mine = shop / ".codex/agents/two.toml"
    mine.write_text(mine.read_text().replace("Second", "Other"))
    code, found = states(run, "-C", hub, shop)
    assert (code, found) == (1, {
        ".claude/agents/one.md": "behind", ".codex/agents/one.toml": "behind", ".opencode/agents/one.md": "behind",
        ".claude/agents/three.md": "missing", ".codex/agents/three.toml": "missing", ".opencode/agents/three.md": "missing",
        ".codex/agents/two.toml": "edited",
    })


def test_what_is_no_longer_selected_is_behind(tmp_path: Path, hub: Path, clone: Path, run: Run) -> None:
    (hub / "agents/two.md").unlink()
    code, found = states(run, "-C", hub, tmp_path / "shop")
    assert (code, set(found.values()), len(found)) == (1, {"behind"}, 3)


def test_copies_of_a_target_that_was_taken_out_are_the_projects_own(tmp_path: Path, hub: Path, run: Run) -> None:
    shop = tmp_path / "shop"
    assert any(line.split()[1] == "codex" for line in (shop / "agentsync.lock").read_text().splitlines()[1:])
    settings = hub / "agentsync.yaml"
    text = settings.read_text()
    settings.write_text(text.replace("codex, ", ""))
    assert settings.read_text() != text
    assert states(run, "-C", hub, cwd=shop) == (0, {})


def test_a_project_that_is_its_own_hub_is_checked_without_a_lock(tmp_path: Path, home: Path, run: Run) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "own")
    own = tmp_path / "own"
    (own / ".claude/agents").mkdir(parents=True)
    (own / ".claude/agents/one.md").write_text(agent_text("one", "First"))
    assert run("init", "--here", "--to", "opencode", cwd=own).code == 0
    code, found = states(run, cwd=own)
    assert (code, found) == (1, {".opencode/agents/one.md": "missing"})
    assert run("push", cwd=own).code == 0
    assert states(run, cwd=own) == (0, {})
    copy = own / ".opencode/agents/one.md"
    copy.write_text(copy.read_text().replace("First", "Best"))
    assert states(run, cwd=own)[0] == 1


def test_a_hub_checks_the_projects_that_are_enabled(hub: Path, run: Run) -> None:
    assert run("check", cwd=hub).out == "shop: 6 copies: 6 ok\n"


def test_a_parked_hub_is_not_asked_unless_it_is_named(tmp_path: Path, hub: Path, run: Run) -> None:
    git(hub, "switch", "-qc", "other")
    one = hub / "agents/one.md"
    one.write_text(one.read_text().replace("First", "Best"))
    done = run("check", cwd=tmp_path / "shop")
    assert (done.code, "only the lock is asked" in done.err) == (0, True)
    assert states(run, "-C", hub, tmp_path / "shop")[0] == 1


def test_entries_of_a_shared_file(tmp_path: Path, hub: Path, run: Run) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "crew")
    crew = tmp_path / "crew"
    assert run("project", "add", crew, "--to", "crewai", cwd=hub).code == 0
    assert run("push", "crew", "-y", cwd=hub).code == 0
    lines = [line for line in (crew / "agentsync.lock").read_text().splitlines() if not line.startswith("#")]
    if not lines:
        pytest.skip("these agents are refused there")
    assert states(run, "-C", hub, crew) == (0, {})
    file = crew / lines[0].split()[2]
    file.write_text(file.read_text().replace("First", "Best"))
    assert states(run, "-C", hub, crew) == (1, {lines[0].split()[2]: "edited"})


def test_without_lock_and_hub_there_is_nothing_to_check_by(tmp_path: Path, run: Run) -> None:
    done = run("check")
    assert (done.code, "nothing says what should be" in done.err) == (2, True)
    assert run("check", "nowhere").code == 3
