"""What two-way runs may write (promise 13): agent folders and shared files of the targets, agentsync.lock, the hub's agents and its
repository by git, the state folder. Whatever names, links, locks and configurations say, nothing else in the world changes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agentsync.disk import Disk, LocalDisk
from agentsync.model import AgentsyncError
from agentsync.workspace import Machine, Workspace, enable, identified, open_hub, project_root, user_file
from tests.conftest import Run
from tests.in_process import runner
from tests.worlds import SETTINGS, Two, agent_text, edit, git, pushed, states


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`agentsync ARGUMENTS`, in this process."""
    return runner(tmp_path, monkeypatch, capsys)


@pytest.fixture
def world(tmp_path: Path, home: Path) -> Two:
    return pushed(tmp_path / "world", home)


class Placed(Two):
    """A world whose projects are enabled where agentsync.yaml says that they lie."""

    def space(self, disk: Disk | None = None) -> Workspace:
        machine, plain = Machine.here(), LocalDisk()
        root = os.path.realpath(self.hub)
        found = identified(open_hub(root, machine, plain, user_file(machine, plain)[0]))
        enable(found, {name: place for name in found.config.projects if (place := project_root(found, name)) is not None})
        return open_hub(root, machine, disk or plain, user_file(machine, plain)[0])


def picture(world: Two) -> dict[str, tuple[Any, ...]]:
    """Everything below the world and the home: kind, bytes, mode and time of each file; where each link leads."""
    found: dict[str, tuple[Any, ...]] = {}
    for top in (world.base.parent, world.home):
        for folder, names, files in os.walk(top):
            for name in (*names, *files):
                path = Path(folder, name)
                if path.is_symlink():
                    found[str(path)] = ("link", path.readlink())
                elif path.is_file():
                    status = path.stat()
                    found[str(path)] = (path.read_bytes(), status.st_mode, status.st_mtime_ns)
    return found


def written(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """Files that are new, gone or another."""
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))


def allowed(world: Two) -> tuple[str, ...]:
    state = str(Path(world.space().state))
    return (
        f"{world.shop}/.claude/agents/", f"{world.shop}/.opencode/agents/", f"{world.app}/.github/agents/", f"{world.shop}/agentsync.lock",
        f"{world.app}/agentsync.lock", f"{world.hub}/agents/", f"{world.hub}/.git/", f"{state}/",
    )


def only(world: Two, before: Mapping[str, object]) -> None:
    """Nothing changed that is not allowed to."""
    odd = [path for path in written(before, picture(world)) if not path.startswith(allowed(world))]
    assert odd == []


def test_a_two_way_run_writes_nothing_else(world: Two) -> None:
    before = picture(world)
    edit(world.claude, "Second line.", "Second line, claude.")
    edit(world.copilot, "tools: [read, Grep]", "tools: [read]")
    (world.hub / "agents/tester.md").unlink()
    world.agent("fresh/one", agent_text("one"))
    world.go()
    world.undo()
    only(world, before)


def test_the_program_and_git_open_nothing_else_for_writing(world: Two, tmp_path: Path) -> None:
    """The calls of the real program and all its children, as the system sees them."""
    strace = shutil.which("strace")
    log = tmp_path / "calls"
    may = (*allowed(world), f"{world.shop}/.agentsync-", f"{world.app}/.agentsync-", "/dev/")        # the lock's temporary file stands beside it
    calls = "open,openat,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,link,linkat,symlink,symlinkat,truncate,chmod,fchmodat"
    command = [sys.executable, "-m", "agentsync", "sync", "--all"]
    probe = [strace or "", "-f", "-qq", "-y", "-o", str(log), "-e", f"trace={calls}"]
    if strace is None or subprocess.run([*probe, "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace is not there, or may not trace")
    edit(world.claude, "Second line.", "Second line, claude.")
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([*probe, *command], cwd=world.hub, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "claude." in world.copilot.read_text()
    odd = []
    for line in log.read_text(errors="replace").splitlines():
        call = re.match(r"\d+ +(\w+)\((.*)\) += (-?\d+)", line)
        if call is None or call[3] == "-1" or (call[1].startswith("open") and not re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", call[2])):
            continue
        paths = [os.path.normpath(f"{folder or world.hub}/{name}" if not name.startswith("/") else name)
                 for folder, name in re.findall(r'(?:\w+<([^>]*)>, )?"([^"]*)"', call[2])]
        odd += [(call[1], path) for path in paths if not f"{path}/".startswith(may) and not path.startswith(may)]
    assert odd == []


@pytest.mark.parametrize("name", ["../../x", "/etc/x", ".git/hooks/post-commit", "a/b", "CON", "reviewer\u202e"])
def test_a_copy_that_calls_itself_something_hostile_writes_nothing_there(world: Two, name: str) -> None:
    before = picture(world)
    edit(world.claude, "name: reviewer", f"name: {json.dumps(name)}")
    edit(world.claude, "Second line.", "Second line, hostile.")
    result = world.go()
    assert states(result)["shop:claude-code:reviewer"] in ("conflict", "edited", "foreign", "unreadable", "missing")
    assert "hostile" not in world.home_file.read_text()
    only(world, before)


@pytest.mark.parametrize("path", ["../../evil.md", "/etc/passwd", ".git/config", ".claude/agents/../../../evil.md", ".claude/settings.json"])
def test_a_lock_that_points_elsewhere_leads_nowhere(world: Two, path: str) -> None:
    """The lock comes with the project: its paths are looked up among the copies that were found, never opened."""
    shutil.rmtree(world.space().state)
    lock = world.shop / "agentsync.lock"
    lock.write_text(lock.read_text().replace(".claude/agents/reviewer.md", path))
    (world.shop / ".claude/settings.json").write_text("{}")
    edit(world.claude, "Second line.", "Second line, claude.")
    before = picture(world)
    world.go()
    only(world, before)


@pytest.mark.parametrize("what", ["folder", "copy", "hub folder", "hub file", "lock"])
def test_nothing_is_written_or_taken_through_a_link(world: Two, what: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    place = {"folder": world.shop / ".claude/agents", "copy": world.claude, "hub folder": world.hub / "agents", "hub file": world.home_file,
             "lock": world.shop / "agentsync.lock"}[what]
    shutil.move(place, outside)
    place.symlink_to(outside)
    target = outside / "reviewer.md" if outside.is_dir() else outside
    if what != "lock":
        edit(target, "Second line.", "Second line, linked.")
    edit(world.copilot, "Fourth line.", "Fourth line, copilot.")
    before = picture(world)
    with contextlib.suppress(AgentsyncError):       # a hub whose folder is a link cannot be read at all
        world.go()
    after = picture(world)
    assert [path for path in written(before, after) if path.startswith(str(outside))] == []
    assert place.is_symlink()
    assert what.startswith("hub") or "linked" not in world.opencode.read_text()
    only(world, before)


def test_a_project_inside_the_hub(tmp_path: Path, home: Path) -> None:
    world = Placed(tmp_path / "world", home, SETTINGS.replace("../shop", "site").replace("../app", "agents/app"))
    world.build()
    (world.hub / "site").mkdir()
    (world.hub / "agents/app").mkdir()
    before = picture(world)
    result = world.go()
    copy = world.hub / "site/.claude/agents/reviewer.md"
    edit(copy, "Second line.", "Second line, inside.")
    world.go()
    assert "inside" in world.home_file.read_text()
    assert [(o.name, o.state) for o in result.plan.projects] == [("shop", "ok"), ("app", "stopped")]
    odd = [path for path in written(before, picture(world)) if not path.startswith((
        f"{world.hub}/site/.claude/agents/", f"{world.hub}/site/.opencode/agents/", f"{world.hub}/site/agentsync.lock", f"{world.hub}/.git/",
        f"{world.hub}/agents/reviewer.md", str(world.space().state), str(world.home)))]
    assert odd == []
    assert not (world.hub / "agents/app/.github").exists()


def test_a_hub_inside_a_project(tmp_path: Path, home: Path) -> None:
    """The project is the folder around the hub, and a repository of its own."""
    world = Placed(tmp_path / "world", home, "version: 1\nbranch: main\nprojects:\n  around: {path: .., targets: [claude-code], track: commit}\n")
    world.build()
    git(world.base, "init", "-q", "-b", "main")
    before = picture(world)
    world.go()
    edit(world.base / ".claude/agents/reviewer.md", "Second line.", "Second line, around.")
    world.go()
    assert "around" in world.home_file.read_text()
    assert git(world.hub, "status", "--porcelain") == ""
    odd = [path for path in written(before, picture(world)) if not path.startswith((
        f"{world.base}/.claude/agents/", f"{world.base}/agentsync.lock", f"{world.base}/.git/", f"{world.hub}/.git/", f"{world.hub}/agents/",
        str(world.home)))]
    assert odd == []


def test_agents_that_differ_in_case_alone_are_written_by_neither_way(world: Two) -> None:
    world.agent("other/Reviewer", agent_text("REVIEWER", prompt="Another."))
    edit(world.claude, "Second line.", "Second line, claude.")
    before = picture(world)
    result = world.go()
    found = states(result)
    assert found["shop:claude-code:reviewer"] == "refused"
    assert found["shop:claude-code:other/Reviewer"] == "refused"
    assert "Second line, claude." in world.claude.read_text(), "the edit stays where it is"
    assert "Another." not in world.claude.read_text()
    only(world, before)


@pytest.mark.parametrize(
    "entry",
    ['me: {path: "~", scope: user, targets: [claude-code]}', 'me: {path: "~", targets: [claude-code]}', "me: {path: /, targets: [claude-code]}",
     "me: {path: ../outside, targets: [claude-code]}", "shop: {path: ../outside, targets: [claude-code]}",
     "shop: {path: ../shop, dir: ../outside, targets: [claude-code]}"],
)
@pytest.mark.parametrize("command", ["sync", "push", "pull"])
def test_a_project_that_arrives_by_git_pull_is_touched_by_nothing(world: Two, run: Run, entry: str, command: str) -> None:
    (world.base / "outside").mkdir()
    name = entry.partition(":")[0]
    lines = [line for line in SETTINGS.splitlines() if not line.startswith(f"  {name}:")]
    (world.hub / "agentsync.yaml").write_text("\n".join([*lines, f"  {entry}"]) + "\n")
    before = picture(world)
    done = run(command, "--all", cwd=world.hub)
    assert done.code in (0, 2), done.err
    assert f"{name}: not enabled here" in done.err or done.code == 2, done.err
    odd = [path for path in written(before, picture(world)) if not path.startswith(allowed(world))]
    assert odd == []
