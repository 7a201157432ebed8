"""Somebody who edits the copies and the hub of a small world, by line and by field, and loses ledgers."""

from __future__ import annotations

import contextlib
import itertools
import random
import re
import shutil
from pathlib import Path
from typing import Final

from agentsync.copies import Copy
from agentsync.ledger import open_ledger
from agentsync.model import AgentsyncError
from agentsync.sync import PULL, SYNC
from tests.rounds_world import Trusted, with_line
from tests.worlds import Two, agent_text, git

WORD: Final = re.compile(rb"w[0-9]+x")


class Player:
    """Edits files as people do, runs agentsync, and remembers every word that was ever written."""

    def __init__(self, world: Two, seed: int) -> None:
        self.world, self.random = world, random.Random(seed)  # noqa: S311 - no secret
        self._number = itertools.count()
        self.words: set[bytes] = set()
        self.backup: Path = world.base.parent / "backup"
        self.done: list[str] = []
        self._trusting = seed % 2 == 1
        if self._trusting:
            real = world.space
            world.space = lambda disk=None: real(disk or Trusted())  # type: ignore[method-assign]

    # ---- what there is ----

    def files(self) -> list[Path]:
        """Every agent file of hub and projects."""
        projects = (self.world.shop, self.world.app)
        roots = (self.world.hub / "agents", *(root / name for root in projects for name in (".claude", ".opencode", ".github", ".gemini")))
        return sorted(path for root in roots if root.exists() for path in root.rglob("*.md"))

    def everything(self) -> bytes:
        """All bytes in which a word may still stand."""
        current = [path.read_bytes() for path in self.files()]
        history = git(self.world.hub, "log", "-p", "--format=", "--", "agents").encode()
        with open_ledger(self.world.space().state, read_only=True)[0] as ledger:
            records = [data for run in ledger.runs() for file in ledger.touched(run.id) for data in (file.old, file.new) if data]
        return b"\n".join([*current, history, *records])

    # ---- what people do ----

    def word(self) -> str:
        word = f"w{next(self._number)}x"
        self.words.add(word.encode())
        return word

    def _rewrite(self, path: Path, text: bytes) -> None:
        """Write a file; words that stand nowhere else now were taken out by the editor."""
        gone = set(WORD.findall(path.read_bytes())) - set(WORD.findall(text))
        path.write_bytes(text)
        if gone:
            self.words -= gone - set(WORD.findall(self.everything()))

    def edit_line(self) -> None:
        if not self.files():
            return
        path = self.random.choice(self.files())
        self._rewrite(path, with_line(path.read_bytes(), self.random, self.word))

    def edit_field(self) -> None:
        if not self.files():
            return
        path = self.random.choice(self.files())
        text = path.read_bytes()
        self._rewrite(path, re.sub(rb"(?m)^description: [^\r\n]*", b"description: Does " + self.word().encode(), text, count=1))

    def edit_rights(self) -> None:
        """Tools, in Claude's own spelling; more of them are held."""
        paths = [path for path in self.files() if ".claude" in path.parts or "agents" in path.parts[-3:-1]]
        if not paths:
            return
        path = self.random.choice(paths)
        if b"tools: " not in path.read_bytes() or ".github" in path.parts or ".gemini" in path.parts or ".opencode" in path.parts:
            return
        tools = self.random.choice([b"Read", b"Read, Grep", b"Read, Grep, Bash", b"Glob, Read"])
        path.write_bytes(re.sub(rb"(?m)^tools: [^\r\n]*", b"tools: " + tools, path.read_bytes(), count=1))

    def delete_copy(self) -> None:
        copies = [path for path in self.files() if self.world.hub not in path.parents]
        if copies:
            path = self.random.choice(copies)
            gone = set(WORD.findall(path.read_bytes()))
            path.unlink()
            self.words -= gone - set(WORD.findall(self.everything()))

    def new_agent(self) -> None:
        name = f"extra{next(self._number)}"
        self.world.agent(name, agent_text(name, f"Does {self.word()}", prompt=f"One.\n\nTwo {self.word()}."))

    def commit(self) -> None:
        for folder in (self.world.hub, self.world.shop, self.world.app):
            git(folder, "add", "-A")
            git(folder, "commit", "-q", "--allow-empty", "-m", "by hand")

    def lose_ledger(self) -> None:
        state = Path(self.world.space().state)
        shutil.rmtree(state, ignore_errors=True)
        self.words &= set(WORD.findall(self.everything()))       # what stood in the records alone is gone with them

    def save_ledger(self) -> None:
        shutil.rmtree(self.backup, ignore_errors=True)
        if Path(self.world.space().state).exists():
            shutil.copytree(self.world.space().state, self.backup)

    def restore_ledger(self) -> None:
        if self.backup.exists():
            state = Path(self.world.space().state)
            shutil.rmtree(state, ignore_errors=True)
            shutil.copytree(self.backup, state)
            self.words &= set(WORD.findall(self.everything()))

    # ---- agentsync ----

    def sync(self, way: object = SYNC) -> None:
        self.world.go(way)  # type: ignore[arg-type]  # one of three

    def take_back(self) -> None:
        with contextlib.suppress(AgentsyncError):       # there may be nothing to undo
            self.world.undo()

    def decide(self) -> None:
        self.world.decide(let_in=self.random.random() < 0.7)

    def resolve(self) -> None:
        found = {copy.agent: copy for copy in self.world.go(PULL).plan.copies if copy.state == "conflict"}
        if found:
            self.world.resolve({agent: self._side(copy) for agent, copy in found.items()})

    def _side(self, copy: Copy) -> str:
        return self.random.choice(["hub", f"{copy.project}:{copy.target}"])
