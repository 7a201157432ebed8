"""The worlds of random rounds: a hub, projects, clones in which others work; and disks and ledgers that somebody can stop."""

from __future__ import annotations

import marshal
import os
import re
import subprocess
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, Final

from agentsync.config import load_hub
from agentsync.disk import LIMIT, Disk, Entry, File, LocalDisk, Stamp
from agentsync.ledger import Ledger
from agentsync.walk import Steps, Trace
from agentsync.workspace import Machine, Workspace, enable, enabled, identified, open_hub, user_file
from tests import quick_git

WORD: Final = re.compile(rb"\bw[0-9]+x\b")
HEAD: Final = b"\n---"
NAMES: Final = ("reviewer", "tester", "writer")
MOST: Final = 7
"""So many agents a hub may have: a world that grows is only slow."""

SMALL: Final = {"shop": "targets: [claude-code, opencode]", "app": "targets: [copilot]"}
LARGE: Final = {"shop": "targets: [claude-code, opencode]", "app": "targets: [copilot, claude-code, gemini-cli]"}
TRACKS: Final = (("leave", "leave"), ("leave", "exclude"), ("leave", "leave"), ("commit", "leave"))
PROJECTS: Final = ("shop", "app", "lib")
FOLDERS: Final = (".claude", ".opencode", ".github", ".gemini")

def with_line(text: bytes, random: Random, word: Callable[[], str]) -> bytes:
    """An agent's text with one line of its body more, or another one, that holds a new word."""
    head, _, body = text.partition(HEAD)
    lines = body.split(b"\n")
    at = random.randrange(2, max(3, len(lines)))
    fresh = word().encode()
    if random.random() < 0.5 or at >= len(lines):
        lines.insert(min(at, len(lines) - 1), b"Line " + fresh + b".")
    else:
        lines[at] = b"Other " + fresh + b"."
    return head + HEAD + b"\n".join(lines)


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours may catch it and go on."""


class Lost(AssertionError):
    """Something that agentsync must not do was done."""


class Trusted(LocalDisk):
    """A disk whose stats are old enough to be trusted at once, and exact: they tell the contents apart. So runs leave out what they can."""

    def _aged(self, root: str, path: str, stamp: Stamp) -> Stamp:
        try:
            with open(f"{root}/{path}", "rb") as file:
                told = zlib.crc32(file.read())
        except OSError:
            told = 0
        return replace(stamp, modified_ns=0, changed_ns=told)

    def scan(self, root: str, folder: str = "") -> tuple[Entry, ...]:
        return tuple(replace(entry, stamp=self._aged(root, entry.path, entry.stamp)) for entry in super().scan(root, folder))

    def trace(self, root: str, steps: Steps) -> Trace | None:
        found = super().trace(root, steps)
        if found is None:
            return None

        def aged(path: str) -> int:
            place = f"{root}/{path.lstrip('/')}"
            return zlib.crc32(Path(place).read_bytes()) if os.path.isfile(place) else 0

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


@dataclass
class Stepping:
    """A disk that calls somebody before and after everything it changes."""

    inner: Disk
    step: Callable[[], None]

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.inner, name)
        return stepping(real, self.step) if name in ("write", "delete", "make_folder", "sweep") else real


@dataclass
class SteppingLedger:
    """A ledger that calls somebody before and after everything it changes."""

    inner: Ledger
    step: Callable[[], None]

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.inner, name)
        changing = ("begin_run", "settle", "finish_run", "keep", "know_root", "see", "approve", "pause", "forget_root", "rest")
        return stepping(real, self.step) if name in changing else real


def stepping(real: Callable[..., Any], step: Callable[[], None]) -> Callable[..., Any]:
    def wrapped(*arguments: Any, **keywords: Any) -> Any:
        step()
        done = real(*arguments, **keywords)
        step()
        return done

    return wrapped


def sh(folder: Path, *arguments: str, check: bool = True) -> str:
    """git, as people call it."""
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"git {arguments}: {done.stdout} {done.stderr}")
    return done.stdout


def agent_text(name: str, description: str = "Does things", prompt: str = "Look.", head: str = "") -> str:
    return f"---\nname: {name}\ndescription: {description}\n{head}---\n\n{prompt}\n"


def _read_into(found: dict[str, bytes], folder: str) -> None:
    """The files below a folder, in the order of their names; nothing where there is none."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir():
            _read_into(found, entry.path)
        else:
            with open(entry.path, "rb") as file:
                found[entry.path] = file.read()


@dataclass
class World:
    """A hub, the projects `shop` and `app`, a project `lib` nobody registered yet, and clones in which others work."""

    base: Path
    home: Path
    seed: int
    shapes: Mapping[str, str] = field(default_factory=lambda: SMALL)
    _opened: tuple[tuple[bytes, bytes], Workspace] | None = None

    @property
    def hub(self) -> Path:
        return self.base / "hub"

    @property
    def projects(self) -> tuple[Path, ...]:
        return tuple(self.base / name for name in PROJECTS)

    @property
    def folders(self) -> tuple[Path, ...]:
        return self.hub, *self.projects

    @property
    def settings(self) -> str:
        tracks = TRACKS[self.seed // 2 % len(TRACKS)]
        lines = [f"  {name}: {{path: ../{name}, {shape}, track: {track}}}"
                 for (name, shape), track in zip(self.shapes.items(), tracks, strict=True)]
        return "\n".join(["version: 1", "branch: main", "projects:", *lines, ""])

    def build(self) -> None:
        for folder in self.folders:
            folder.mkdir(parents=True)
            sh(folder, "init", "-q", "-b", "main")
            quick_git.make_plain(folder)
        (self.hub / "agentsync.yaml").write_text(self.settings)
        (self.hub / "agents").mkdir()
        for name in NAMES[: 2 if self.shapes is SMALL else 3]:
            text = agent_text(name, prompt="One.\n\nTwo.\n\nThree.\n\nFour.\n\nFive.", head="tools: Read, Grep\nmodel: sonnet\n")
            (self.hub / f"agents/{name}.md").write_text(text)
        (self.base / "lib/.claude/agents").mkdir(parents=True)
        (self.base / "lib/.claude/agents/reviewer.md").write_text(agent_text("reviewer", prompt="One.\n\nTwo.\n\nThree.\n\nFour.\n\nFifth."))
        (self.base / "lib/.claude/agents/helper.md").write_text(agent_text("helper", prompt="Help.\n\nA lot."))
        self.commit()
        for name in ("hub", "shop"):
            sh(self.base, "clone", "-q", str(self.base / name), str(self.base / f"{name}-theirs"))

    def commit(self) -> None:
        for folder in self.folders:
            if not (folder / ".git/MERGE_HEAD").exists():
                sh(folder, "add", "-A")
                sh(folder, "commit", "-q", "--allow-empty", "-m", "by hand")

    def space(self) -> Workspace:
        """The hub, opened again where its settings or the user's changed, with all its projects enabled."""
        machine, plain = Machine.here(), LocalDisk()
        user = Path(machine.config, "config.yaml")
        words = ((self.hub / "agentsync.yaml").read_bytes(), user.read_bytes() if user.exists() else b"")
        if self._opened is None or self._opened[0] != words:
            space = identified(open_hub(os.path.realpath(self.hub), machine, plain, user_file(machine, plain)[0]))
            met = [name for name in load_hub(space.text).projects if not enabled(space, name)]
            if met:
                enable(space, {name: os.path.realpath(self.base / name) for name in met})
                return self.space()
            self._opened = (words, space)
        space = self._opened[1]
        return replace(space, disk=Trusted(space.id)) if self.seed % 2 == 1 else space

    def files(self) -> dict[str, bytes]:
        """Every agent file of hub and projects with its bytes."""
        found: dict[str, bytes] = {}
        for root in (f"{self.base}/hub/agents", *(f"{self.base}/{name}/{folder}" for name in PROJECTS for folder in FOLDERS)):
            _read_into(found, root)
        return found

    def tree(self) -> dict[str, bytes]:
        """Every file of hub and projects but those of git."""
        found = {}
        for root in self.folders:
            for folder, inner, names in os.walk(root):
                if ".git" in inner:
                    inner.remove(".git")
                found.update({(path := f"{folder}/{name}"): Path(path).read_bytes() for name in names})
        return found
