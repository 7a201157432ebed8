"""Random rounds over real folders (promises 8 to 12 and 14): whoever edits what where, nothing that was ever written is lost.

Every edit brings a word nobody used before. After each round every such word stands in a file of hub or projects, in the hub's history,
or in a run's record, unless the editor itself took it out. At the end all conflicts are decided, and all sides say the same.
`AGENTSYNC_ROUNDS` makes it longer: rounds a seed, and ten seeds for every ten of them.
"""

from __future__ import annotations

import contextlib
import itertools
import marshal
import os
import random
import re
import shutil
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from agentsync.copies import Copy
from agentsync.disk import LIMIT, Entry, File, LocalDisk, Stamp
from agentsync.ledger import open_ledger
from agentsync.model import AgentsyncError
from agentsync.snapshot import Wishes
from agentsync.sync import PULL, PUSH, SYNC
from agentsync.walk import Steps, Trace
from tests.test_push import Watched, agent_text, git, tree
from tests.test_sync import Two

ROUNDS: Final = int(os.environ.get("AGENTSYNC_ROUNDS", "14"))
SEEDS: Final = range(max(6, ROUNDS // 10))
NAMES: Final = ("reviewer", "tester", "writer")
SETTINGS: Final = """version: 1
branch: main
projects:
  shop: {path: ../shop, targets: [claude-code, opencode]}
  app: {path: ../app, targets: [copilot, claude-code, gemini-cli]}
"""
WORD: Final = re.compile(rb"w[0-9]+x")


class Killed(BaseException):
    """Stands for SIGKILL."""


class Trusted(LocalDisk):
    """A disk whose stats are old enough to be trusted at once, and exact: they tell the contents apart. So runs leave out what they can."""

    def _aged(self, root: str, path: str, stamp: Stamp) -> Stamp:
        file = Path(root, path)
        told = zlib.crc32(file.read_bytes()) if file.is_file() else 0
        return replace(stamp, modified_ns=0, changed_ns=told)

    def scan(self, root: str, folder: str = "") -> tuple[Entry, ...]:
        return tuple(replace(entry, stamp=self._aged(root, entry.path, entry.stamp)) for entry in super().scan(root, folder))

    def trace(self, root: str, steps: Steps) -> Trace | None:
        found = super().trace(root, steps)
        if found is None:
            return None

        def aged(path: str) -> int:
            file = Path(root, path.lstrip("/"))
            return zlib.crc32(file.read_bytes()) if file.is_file() else 0

        lines = [
            (path, names, [(*says[:4], 0, aged(f"{path.rstrip('/')}/{name}")) for name, says in zip(names, stats, strict=True)])
            for path, names, stats in found.lines
        ]
        return Trace(marshal.dumps(lines, 0), lines)

    def look(self, root: str, path: str) -> Entry | None:
        entry = super().look(root, path)
        return None if entry is None else replace(entry, stamp=self._aged(root, path, entry.stamp))

    def read(self, root: str, path: str, limit: int = LIMIT) -> File:
        file = super().read(root, path, limit)
        return replace(file, stamp=self._aged(root, path, file.stamp))


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

    def check(self) -> None:
        """Nothing is lost, and nothing half-done lies about."""
        there = set(WORD.findall(self.everything()))
        assert not self.words - there, (sorted(self.words - there), self.done)
        for path in self.files():
            text = path.read_bytes()
            assert b"<<<<<<<" not in text, (path, self.done)
            assert text.startswith(b"---"), (path, self.done)
        assert not list(self.world.base.rglob(".agentsync-*.tmp")), self.done

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
        head, _, body = path.read_bytes().partition(b"\n---")
        lines = body.split(b"\n")
        at = self.random.randrange(2, max(3, len(lines)))
        word = self.word().encode()
        if self.random.random() < 0.5 or at >= len(lines):
            lines.insert(min(at, len(lines) - 1), b"Line " + word + b".")
        else:
            lines[at] = b"Other " + word + b"."
        self._rewrite(path, head + b"\n---" + b"\n".join(lines))

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

    def flip_line_ends(self) -> None:
        copies = [path for path in self.files() if self.world.hub not in path.parents]
        if copies:
            path = self.random.choice(copies)
            text = path.read_bytes()
            path.write_bytes(text.replace(b"\r\n", b"\n") if b"\r\n" in text else text.replace(b"\n", b"\r\n"))

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

    def switch_branch(self) -> None:
        """A project goes to its last commit and back."""
        folder = self.random.choice([self.world.shop, self.world.app])
        git(folder, "stash", "-q", "--include-untracked")
        git(folder, "checkout", "-q", "--detach", "HEAD~1") if git(folder, "rev-list", "--count", "HEAD").strip() != "1" else None
        self.sync(PULL)
        git(folder, "checkout", "-q", "-f", "main")
        if git(folder, "stash", "list"):
            git(folder, "stash", "pop", "-q")

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

    def killed(self) -> None:
        """A run that dies at some step of the disk."""
        left = self.random.randrange(1, 12)

        def step(*_: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed

        real = self.world.space
        try:
            self.world.space = lambda disk=None: real(disk or Watched(Trusted() if self._trusting else LocalDisk(), before=step, after=step))  # type: ignore[method-assign]
            self.world.go()
        except Killed:
            pass
        finally:
            self.world.space = real  # type: ignore[method-assign]
        for path in self.world.base.rglob(".agentsync-*.tmp"):
            path.unlink()

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

    def play(self) -> None:
        """One round: a few edits, then something agentsync does."""
        often: list[Callable[[], None]] = [self.edit_line] * 6 + [self.edit_field] * 3 + [self.edit_rights, self.flip_line_ends]
        seldom = [self.delete_copy, self.new_agent, self.commit, self.switch_branch, self.lose_ledger, self.save_ledger, self.restore_ledger]
        for _ in range(self.random.randint(1, 4)):
            step = self.random.choice(often if self.random.random() < 0.8 else seldom)
            self.done.append(step.__name__)
            step()
        ways: list[Callable[[], None]] = [self.sync] * 6 + [lambda: self.sync(PULL), lambda: self.sync(PUSH), self.killed, self.take_back,
                                                          self.decide, self.resolve]
        act = self.random.choice(ways)
        self.done.append(act.__name__)
        act()


def settle(player: Player) -> None:
    """Everything decided: afterwards hub and copies say the same, and a further run writes nothing."""
    world = player.world
    for _ in range(4):
        space = world.space()
        with open_ledger(space.state)[0] as ledger:
            ledger.pause(forget=[one.key for one in ledger.paused()])
        result = world.go(wishes=Wishes(allow_deletes=True, overwrite=frozenset(["edited", "foreign"])))
        world.decide(let_in=True)
        found = {copy.agent for copy in result.plan.copies if copy.state == "conflict"}
        if found:
            world.resolve(dict.fromkeys(found, "hub"))
    before = tree(world.hub, world.shop, world.app)
    last = world.go()
    assert tree(world.hub, world.shop, world.app) == before, player.done
    open_still = [copy for copy in last.plan.copies if copy.state not in ("ok", "deleted") and not (copy.why and copy.why.code == "not-on-branch")]
    assert not open_still, (open_still, player.done)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_people_do_nothing_is_lost(tmp_path: Path, home: Path, seed: int) -> None:
    world = Two(tmp_path / "world", home, SETTINGS).build()
    for name in NAMES:
        world.agent(name, agent_text(name, prompt="One.\n\nTwo.\n\nThree.\n\nFour.\n\nFive.", head="tools: Read, Grep\n"))
    shutil.rmtree(world.hub / "agents/team")
    player = Player(world, seed)
    player.commit()
    world.go()
    player.commit()
    started = time.monotonic()
    for _ in range(ROUNDS):
        player.play()
        player.check()
    settle(player)
    player.check()
    if os.environ.get("AGENTSYNC_ROUNDS"):
        print(f"seed {seed}: {ROUNDS} rounds, {60 * ROUNDS / (time.monotonic() - started):.0f} a minute, {len(player.words)} words")
