"""Small worlds on real folders with real git, in which tests push and sync: a hub, two projects, and what is asked of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentsync.config import load_hub
from agentsync.copies import Written
from agentsync.disk import Disk, LocalDisk
from agentsync.ledger import open_ledger
from agentsync.plan import plan_push
from agentsync.settle import approve, reject, resolve, what_is_open
from agentsync.snapshot import Wishes
from agentsync.survey import look
from agentsync.sync import PUSH, SYNC, Direction, Result, apply, at_work
from agentsync.sync import run as run_sync
from agentsync.undo import run_to_undo, undo
from agentsync.workspace import Machine, Workspace, enable, identified, open_hub, user_file

ANY = Wishes()
SETTINGS = """version: 1
branch: main
projects:
  shop: {path: ../shop, targets: [claude-code, opencode]}
  app: {path: ../app, targets: [copilot]}
"""
PROMPT = "First line.\n\nSecond line.\n\nThird line.\n\nFourth line."


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True).stdout


def agent_text(name: str, description: str = "Does things", prompt: str = "Look.", head: str = "") -> str:
    return f"---\nname: {name}\ndescription: {description}\n{head}---\n\n{prompt}\n"


def tree(*roots: Path) -> dict[str, bytes]:
    """Every file below some folders but those of git, with its bytes."""
    return {
        str(path): path.read_bytes()
        for root in roots for path in sorted(root.rglob("*")) if path.is_file() and ".git" not in path.relative_to(root).parts[:1]
    }


@dataclass
class World:
    """A hub and two projects, `shop` and `app`, on one machine."""

    base: Path
    home: Path
    settings: str = "version: 1\nprojects:\n  shop: {path: ../shop, targets: [claude-code, opencode]}\n  app: {path: ../app, targets: [copilot]}\n"

    @property
    def hub(self) -> Path:
        return self.base / "hub"

    @property
    def shop(self) -> Path:
        return self.base / "shop"

    @property
    def app(self) -> Path:
        return self.base / "app"

    def build(self) -> World:
        for name in ("hub", "shop", "app"):
            (self.base / name).mkdir(parents=True)
            git(self.base / name, "init", "-q", "-b", "main")
        (self.hub / "agentsync.yaml").write_text(self.settings)
        for name in ("reviewer", "tester", "team/writer"):
            self.agent(name, agent_text(name.rpartition("/")[2]))
        return self

    def agent(self, identity: str, text: str) -> None:
        path = self.hub / "agents" / f"{identity}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def space(self, disk: Disk | None = None) -> Workspace:
        """The opened hub, with every project enabled. Preparing it is not part of what a disk is watched for."""
        machine, plain = Machine.here(), LocalDisk()
        space = identified(open_hub(os.path.realpath(self.hub), machine, plain, user_file(machine, plain)[0]))
        names = load_hub((self.hub / "agentsync.yaml").read_text()).projects
        folders = {name: self.home if project.path == "~" else self.base / name for name, project in names.items()}
        roots = {name: os.path.realpath(folder) for name, folder in folders.items() if folder.exists()}
        space = enable(space, roots)
        return space if disk is None else Workspace(disk, space.machine, space.root, space.id, space.text, space.config, space.user)

    def push(self, disk: Disk | None = None, wishes: Wishes = ANY, wrap: Callable[[Any], Any] = lambda ledger: ledger) -> Result:
        space = self.space(disk)
        with at_work(space, "push") as (ledger, _):
            sight = look(space, wrap(ledger), tuple(space.config.projects))
            return apply(space, wrap(ledger), sight, plan_push(sight.snapshot, wishes), "push")

    def rows(self) -> tuple[Written, ...]:
        with open_ledger(self.space().state)[0] as ledger:
            return ledger.rows()


def actions(result: Result) -> list[tuple[str, str]]:
    return [(change.action, f"{change.project}/{change.path}") for change in result.plan.changes]


def states(result: Result) -> dict[str, str]:
    return {f"{copy.project}:{copy.target}:{copy.agent}": copy.state for copy in result.plan.copies}


@dataclass
class Two(World):
    """The world of push, with runs in both directions."""

    settings: str = SETTINGS

    def build(self) -> Two:
        World.build(self)
        self.agent("reviewer", agent_text("reviewer", prompt=PROMPT, head="tools: Read, Grep\nmodel: sonnet\n"))
        self.commit()
        return self

    def commit(self) -> None:
        git(self.hub, "add", "-A")
        git(self.hub, "commit", "-q", "--allow-empty", "-m", "by hand")

    def go(self, way: Direction = SYNC, wishes: Wishes = ANY) -> Result:
        space = self.space()
        with at_work(space, "sync") as (ledger, _):
            return run_sync(space, ledger, tuple(space.config.projects), wishes, way, "sync")

    def undo(self, number: int | None = None) -> Result:
        space = self.space()
        with at_work(space, "undo") as (ledger, _):
            return undo(space, ledger, run_to_undo(ledger, number))

    def resolve(self, take: dict[str, str], written: dict[str, str] | None = None) -> Result:
        space = self.space()
        with at_work(space, "resolve") as (ledger, _):
            return resolve(space, ledger, tuple(space.config.projects), take, written or {})

    def decide(self, *, let_in: bool) -> Result:
        space = self.space()
        with at_work(space, "approve") as (ledger, _):
            found = what_is_open(space, ledger, tuple(space.config.projects))
            return (approve if let_in else reject)(space, ledger, tuple(space.config.projects), found, found.held)

    @property
    def claude(self) -> Path:
        return self.shop / ".claude/agents/reviewer.md"

    @property
    def opencode(self) -> Path:
        return self.shop / ".opencode/agents/reviewer.md"

    @property
    def copilot(self) -> Path:
        return self.app / ".github/agents/reviewer.agent.md"

    @property
    def home_file(self) -> Path:
        return self.hub / "agents/reviewer.md"

    def all(self) -> tuple[Path, ...]:
        return self.home_file, self.claude, self.opencode, self.copilot


def pushed(base: Path, home: Path) -> Two:
    """Such a world whose copies stand."""
    found = Two(base, home).build()
    found.go(PUSH)
    return found


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_bytes().decode()
    assert old in text, text
    path.write_bytes(text.replace(old, new).encode())


def quiet(world: Two) -> None:
    """A second run writes nothing and commits nothing."""
    before, head = tree(world.hub, world.shop, world.app), git(world.hub, "rev-parse", "HEAD")
    again = world.go()
    assert (again.run, again.commit, actions(again)) == (None, None, [])
    assert (tree(world.hub, world.shop, world.app), git(world.hub, "rev-parse", "HEAD")) == (before, head)


def restore(saved: Path, folder: Path) -> None:
    """Make a folder what it was, but keep the projects' own folders: another inode would be another root."""
    for path in folder.iterdir():
        if path.parent.name == "world":
            restore(saved / path.name, path)
        else:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in saved.iterdir():
        if not (folder / path.name).exists():
            shutil.copytree(path, folder / path.name) if path.is_dir() else shutil.copy2(path, folder / path.name)
