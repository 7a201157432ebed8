"""Small worlds whose projects have git hooks: a hub and two projects with their copies committed, and git as somebody at a shell gives it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from agentsync.locking import hub_lock
from tests.conftest import Ran
from tests.worlds import Two, agent_text, git

SETTINGS = """version: 1
branch: main
projects:
  shop: {path: ../shop, targets: [claude-code, codex]}
  app: {path: ../app, targets: [copilot]}
"""
# Rights that every format here can hold, so that nothing is refused.
PROMPT = "First line.\n\nSecond line.\n\nThird line."
CLAUDE, CODEX = ".claude/agents/reviewer.md", ".codex/agents/reviewer.toml"


@dataclass
class Hooked(Two):
    """A hub and two projects with their copies committed."""

    settings: str = SETTINGS

    def build(self) -> Hooked:
        for name in ("hub", "shop", "app"):
            (self.base / name).mkdir(parents=True)
            git(self.base / name, "init", "-q", "-b", "main")
        (self.hub / "agentsync.yaml").write_text(self.settings)
        for name in ("reviewer", "tester"):
            self.agent(name, agent_text(name, prompt=PROMPT))
        self.commit()
        self.go()
        for project in (self.shop, self.app):
            (project / "README").write_text("A project.\n")
            git(project, "add", "-A")
            git(project, "commit", "-q", "-m", "Begin")
        self.go()
        return self

    @property
    def codex(self) -> Path:
        return self.shop / ".codex/agents/reviewer.toml"


def commit(folder: Path, *arguments: str, message: str = "Change", env: dict[str, str] | None = None) -> Ran:
    """`git commit`, as somebody at a shell gives it."""
    words = ["git", "-C", str(folder), "commit", "-q", "-m", message, *arguments]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})}, timeout=60)
    return Ran(done.returncode, done.stdout, done.stderr)


def wait_for(world: Hooked, path: Path, text: str) -> None:
    """Some hooks go on after git has ended: until a file has a text, and they have left the hub."""
    end = time.monotonic() + 30
    while text not in path.read_text():
        assert time.monotonic() < end, f"{path} does not hold: {text}"
        time.sleep(0.02)
    space = world.space()
    with hub_lock(space.disk, space.state, "a test", wait=30):
        pass


def on_path(world: Hooked) -> dict[str, str]:
    """An environment in which a shell finds agentsync."""
    tool = world.base / "bin/agentsync"
    tool.parent.mkdir(exist_ok=True)
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m agentsync "$@"\n')
    tool.chmod(0o755)
    return {"PATH": f"{tool.parent}:{os.environ['PATH']}"}


def count(folder: Path) -> int:
    return int(git(folder, "rev-list", "--count", "HEAD"))


def staged(folder: Path, path: str) -> str:
    return git(folder, "show", f":{path}")
