"""doctor: each thing that can be wrong on a machine is found, with the command that mends it, and nothing is changed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agentsync.disk import LocalDisk
from agentsync.doctor import examine
from agentsync.locking import hub_lock
from agentsync.workspace import Machine, open_workspace
from tests.conftest import Run
from tests.in_process import runner
from tests.test_own_formats import GIZMO
from tests.worlds import agent_text, git, tree

Found = Callable[..., dict[str, tuple[str, str]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(tmp_path, monkeypatch, capsys)


@pytest.fixture
def hub(tmp_path: Path, run: Run) -> Path:
    """A hub with an agent, all committed, pushed to one project."""
    assert run("init", "hub").code == 0
    hub = tmp_path / "hub"
    (hub / "agents/one.md").write_text(agent_text("one", "First"))
    (tmp_path / "shop").mkdir()
    assert run("project", "add", tmp_path / "shop", "--to", "claude-code", cwd=hub).code == 0
    git(hub, "add", "-A")
    git(hub, "commit", "-qm", "all")
    assert run("push", "--all", cwd=hub).code == 0
    return hub


@pytest.fixture
def found(hub: Path, run: Run) -> Found:
    """Code to severity and hint of what doctor finds in the hub; limits of this machine apart."""

    def go(code: int, cwd: Path = hub) -> dict[str, tuple[str, str]]:
        done = run("doctor", "--json", cwd=cwd)
        assert done.code == code, done.out
        problems = [problem for part in json.loads(done.out)["parts"] for problem in part["findings"] if problem["code"] != "watches"]
        return {problem["code"]: (problem["severity"], problem["hint"] or "") for problem in problems}

    return go


def test_a_healthy_machine_is_said_to_be_so_and_nothing_is_changed(tmp_path: Path, home: Path, hub: Path, run: Run, found: Found) -> None:
    def world() -> dict[str, bytes]:
        return {path: data for path, data in tree(tmp_path, home).items() if not path.endswith(("-shm", "-wal"))}        # SQLite's own

    before = world()
    assert found(0) == {}
    assert world() == before
    done = run("doctor", cwd=hub)
    assert "ok git" in done.out
    assert "1 of 1 ready" in done.out


def test_a_new_machine_has_no_hub_and_that_is_a_note(run: Run) -> None:
    done = run("doctor")
    assert (done.code, "hint: agentsync init" in done.out) == (0, True)


def test_what_is_not_committed_and_not_on_its_branch(hub: Path, found: Found) -> None:
    (hub / "agents/two.md").write_text(agent_text("two"))
    assert found(0)["uncommitted"][0] == "note"
    git(hub, "switch", "-qc", "other")
    assert found(1)["parked"][0] == "warning"


def test_upstream(tmp_path: Path, hub: Path, found: Found) -> None:
    git(tmp_path, "clone", "-q", "--bare", "hub", "far")
    git(hub, "remote", "add", "origin", str(tmp_path / "far"))
    git(hub, "fetch", "-q", "origin")
    git(hub, "branch", "-q", "--set-upstream-to=origin/main")
    assert found(0) == {}
    git(hub, "commit", "-q", "--allow-empty", "-m", "x")
    assert found(0)["hub-ahead"] == ("note", "git -C . push")
    git(hub, "push", "-q")
    git(hub, "reset", "-q", "--hard", "HEAD~1")
    assert found(0)["hub-behind"][0] == "note"


def test_projects_that_are_gone_moved_or_not_enabled(tmp_path: Path, hub: Path, found: Found, run: Run) -> None:
    (tmp_path / "shop").rename(tmp_path / "store")
    assert found(1)["missing"] == ("warning", "agentsync project disable shop  (gone for good: agentsync project remove shop)")
    file = hub / "agentsync.yaml"
    file.write_text(file.read_text().replace("../shop", "../store"))
    assert found(1)["moved"] == ("warning", "agentsync project enable shop")
    file.write_text(file.read_text() + "  other: {path: ../other, targets: [codex]}\n")
    assert found(1)["not-enabled"] == ("note", "agentsync project enable --all")


def test_a_configuration_that_cannot_be_read(hub: Path, found: Found) -> None:
    (hub / "agentsync.yaml").write_text("version: 1\nporjects: {}\n")
    assert any(severity == "error" for severity, _ in found(1).values())


def test_a_user_s_configuration_with_a_mistake_and_a_hub_that_is_gone(tmp_path: Path, home: Path, hub: Path, found: Found, run: Run) -> None:
    hub.rename(tmp_path / "elsewhere")
    assert "hub-gone" in found(1, tmp_path)
    next(home.rglob("config.yaml")).write_text("hubb: x\n")
    assert run("doctor").code == 1


def test_an_agent_that_cannot_be_read_and_two_that_are_one_file_elsewhere(hub: Path, found: Found) -> None:
    (hub / "agents/bad.md").write_text("---\nname: bad\n---\n")
    (hub / "agents/One.md").write_text(agent_text("other"))
    if len(list((hub / "agents").iterdir())) < 3:
        pytest.skip("case makes no difference here")
    seen = found(1)
    assert seen["case"][0] == "warning"
    assert len(seen) == 3


def test_a_damaged_ledger(hub: Path, home: Path, found: Found) -> None:
    file = next(home.rglob("ledger.sqlite3"))
    for side in file.parent.glob("ledger.sqlite3-*"):
        side.unlink()
    file.write_bytes(b"no database at all, but long enough to be looked at as one" * 20)
    assert found(1)["ledger-lost"] == ("warning", "agentsync push --all")


def test_who_holds_the_lock(hub: Path, found: Found) -> None:
    space = open_workspace(str(hub))
    with hub_lock(space.disk, space.state, "pushing"):
        assert found(0)["locked"][0] == "note"
    assert found(0) == {}


def test_what_a_killed_run_left(tmp_path: Path, hub: Path, found: Found) -> None:
    (tmp_path / "shop/.claude/agents/.agentsync-abc-1-0.tmp").write_text("x")
    assert found(0)["left-over"] == ("note", "agentsync push --all")


def test_formats_of_one_s_own(home: Path, hub: Path, run: Run) -> None:
    folder = next(home.rglob("config.yaml")).parent / "formats"
    folder.mkdir()
    (folder / "gizmo.yaml").write_text("id: gizmo\n")
    (hub / "formats").mkdir()
    (hub / "formats/widget.yaml").write_text(GIZMO.replace("gizmo", "widget").replace("Gizmo", "Widget"))
    done = run("doctor", cwd=hub)
    assert (done.code, "gizmo.yaml" in done.out) == (1, True)
    assert "hint: agentsync formats trust widget" in done.out


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="there is nobody who may not write")
def test_folders_that_cannot_be_written(home: Path, hub: Path, found: Found) -> None:
    state = next(home.rglob("ledger.sqlite3")).parents[2]
    state.chmod(0o500)
    try:
        assert "not-writable" in found(1)
    finally:
        state.chmod(0o700)


def test_limits_of_watching(tmp_path: Path) -> None:
    limits = tmp_path / "inotify"
    limits.mkdir()
    (limits / "max_user_watches").write_text("100\n")
    (limits / "max_user_instances").write_text("128\n")
    parts = {part.name: part for part in examine(None, str(tmp_path), Machine.here(), LocalDisk(), str(limits))}
    assert [problem.hint for problem in parts["watching files"].problems] == ["sudo sysctl fs.inotify.max_user_watches=524288"]
    assert "watching files" not in {part.name for part in examine(None, str(tmp_path), Machine.here(), LocalDisk(), str(tmp_path / "none"))}


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run("doctor")
    assert (done.code, "git is not installed" in done.out) == (1, True)
