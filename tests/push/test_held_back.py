"""What stops a push or holds it back: roots, links, names, files and disks that are not as they should be. The others go on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agentsync.disk import DiskError
from agentsync.model import Problem
from tests.watched import Watched
from tests.worlds import World, actions, agent_text, states, tree


def test_a_missing_or_replaced_root_is_left_alone(world: World) -> None:
    world.push()
    world.shop.rename(world.base / "away")
    result = world.push()
    assert [(o.name, o.state) for o in result.plan.projects] == [("shop", "missing"), ("app", "ok")]
    world.shop.mkdir()
    result = world.push()
    assert [(o.state, o.why.code) for o in result.plan.projects if o.why] == [("stopped", "replaced")]
    shutil.copytree(world.base / "away" / ".claude", world.shop / ".claude")
    result = world.push()
    assert [(o.state, o.why.code) for o in result.plan.projects if o.why] == [("stopped", "replaced")]
    assert not (world.shop / ".opencode").exists()


def test_a_busy_repository_is_left_alone(world: World) -> None:
    (world.shop / ".git" / "MERGE_HEAD").write_text("0" * 40)
    result = world.push()
    assert [(o.name, o.state) for o in result.plan.projects] == [("shop", "busy"), ("app", "ok")]
    assert not (world.shop / ".claude").exists()


def test_links_are_named_and_the_others_go_on(world: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file.md").write_text(agent_text("reviewer"))
    (world.shop / ".claude").symlink_to(outside)
    (world.app / ".github/agents").mkdir(parents=True)
    (world.app / ".github/agents/reviewer.agent.md").symlink_to(outside / "file.md")
    before = tree(outside)
    result = world.push()
    assert tree(outside) == before
    assert [problem.code for problem in result.plan.problems] == ["link"]
    assert states(result)["app:copilot:reviewer"] == "unreadable"
    assert (world.app / ".github/agents/tester.agent.md").exists()
    assert (world.shop / ".opencode/agents/tester.md").exists()


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "..", ".git/hooks/post-commit", "a/b/../../../x", "CON", "x\u202e", "é" * 200])
def test_a_hostile_name_writes_inside_the_target_only(world: World, name: str) -> None:
    world.agent("evil", f"---\nname: {json.dumps(name)}\ndescription: d\n---\n\nP\n")
    disk = Watched()
    world.push(disk)
    for what, root, path in disk.steps:
        if what == "write" and not root.startswith(str(world.home)):
            assert path.startswith((".claude/agents/", ".opencode/agents/", ".github/agents/")) or path == "agentsync.lock", path
            assert ".." not in path.split("/")
    assert not (world.base / "x.md").exists()


def test_the_write_set(world: World) -> None:
    """Creations, updates and deletions: nothing but agent folders of the targets and the state folder is ever written."""
    disk = Watched()
    world.push(disk)
    world.agent("reviewer", agent_text("reviewer", "Anew"))
    (world.hub / "agents/tester.md").unlink()
    world.push(disk)
    allowed = (
        f"{world.shop}/.claude/agents/", f"{world.shop}/.opencode/agents/", f"{world.app}/.github/agents/", f"{world.space().state}/",
        f"{world.shop}/agentsync.lock", f"{world.app}/agentsync.lock",
    )
    assert {what for what, _, _ in disk.steps} == {"write", "delete"}
    for _, root, path in disk.steps:
        assert f"{root}/{path}".startswith(allowed)


def test_unreadable_copies_and_agents_are_named_and_the_others_go_on(world: World) -> None:
    (world.shop / ".claude/agents").mkdir(parents=True)
    (world.shop / ".claude/agents/reviewer.md").write_bytes(b"x" * (2 << 20))
    world.agent("empty", "")
    world.agent("broken", "---\nname: broken\n---\n\nP\n")
    world.agent("README", "# Our agents\n")
    result = world.push()
    assert states(result)["shop:claude-code:reviewer"] == "unreadable"
    assert sorted(Path(problem.path or "").name for problem in result.plan.problems) == ["broken.md", "empty.md"]
    assert (world.shop / ".claude/agents/tester.md").exists()


@pytest.mark.parametrize("code", ["full", "denied", "read-only"])
def test_a_disk_that_fails_is_named_and_the_others_go_on(world: World, code: str) -> None:
    def fail(what: str, root: str, path: str) -> None:
        if what == "write" and path.endswith("reviewer.md"):
            raise DiskError(Problem(code, "cannot be written", path=path))

    result = world.push(Watched(before=fail))
    assert {edit.path for edit, _ in result.failed} == {".claude/agents/reviewer.md", ".opencode/agents/reviewer.md"}
    assert (world.shop / ".claude/agents/tester.md").exists()
    assert {row.key.path for row in world.rows()}.isdisjoint({".claude/agents/reviewer.md"})
    assert sorted(action for action, _ in actions(world.push())) == ["create", "create"]


def test_a_read_only_folder_is_named(world: World) -> None:
    world.space()
    (world.shop / ".claude/agents").mkdir(parents=True)
    (world.shop / ".claude/agents").chmod(0o555)
    # Root may write everywhere: it loads what a push needs, then hands the world over and gives its rights up.
    script = (
        f"import os, sys, pathlib; os.chdir({str(world.hub)!r}); from agentsync.commands.app import run; run(['push', '--all', '-n'])\n"
        "import agentsync.locking, agentsync.ledger\n"
        "if os.geteuid() == 0:\n"
        f"    for base in map(pathlib.Path, ({str(world.base)!r}, {str(world.home)!r})):\n"
        "        for path in (base, *base.rglob('*')): os.chown(path, 65534, 65534)\n"
        "        for path in base.parents: path.chmod(path.stat().st_mode | 0o011)\n"
        "    os.setgid(65534); os.setuid(65534)\n"
        "sys.exit(run(['push', '--all']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert ".claude/agents/reviewer.md: cannot be written: permission denied" in done.stderr
    assert (world.shop / ".opencode/agents/reviewer.md").exists()


def test_a_file_changed_between_the_plan_and_the_write_is_left_alone(world: World) -> None:
    world.push()
    copy = world.shop / ".claude/agents/reviewer.md"
    world.agent("reviewer", agent_text("reviewer", "Anew"))

    def somebody_edits(what: str, root: str, path: str) -> None:
        if what == "write" and path == ".claude/agents/reviewer.md":
            copy.write_text("theirs")

    result = world.push(Watched(before=somebody_edits))
    assert [(edit.path, problem.code) for edit, problem in result.failed] == [(".claude/agents/reviewer.md", "changed")]
    assert copy.read_text() == "theirs"
