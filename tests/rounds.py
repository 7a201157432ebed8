"""Random rounds over real folders: people who do whatever they do to a hub and its projects, and agentsync between them.

A round is a few things that people do, then one that agentsync does. Every edit brings a word that nobody used before. What agentsync does
must leave every word that stood anywhere in a file, in the hub's history or in a run's record; and the bytes of each file it overwrote
or deleted stand in the record of a run. At the end of a world everything is decided, all sides say the same, and one more run writes nothing.

`play(folder, home, seed, rounds)` plays one world; the same seed does the same again, but for what two processes do at once.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import subprocess
import traceback
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest

from agentsync import git
from agentsync.adopt import Visit, carry_out, find
from agentsync.config import Project, load_hub
from agentsync.copies import Copy
from agentsync.disk import LIMIT, Disk, Entry, File, LocalDisk, Stamp
from agentsync.hub import digest_of
from agentsync.ledger import Ledger, open_ledger
from agentsync.locking import LockedError
from agentsync.model import AgentsyncError
from agentsync.settle import approve, reject, resolve, what_is_open
from agentsync.snapshot import Wishes
from agentsync.survey import parked, read_agents
from agentsync.sync import PULL, PUSH, SYNC, Direction, Result, at_work, run
from agentsync.tend import exclude, fork, remove, rename, restore
from agentsync.undo import run_to_undo, undo
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

Act = Callable[[Workspace, Ledger], Any]


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
        return _stepping(real, self.step) if name in ("write", "delete", "make_folder", "sweep") else real


@dataclass
class SteppingLedger:
    """A ledger that calls somebody before and after everything it changes."""

    inner: Ledger
    step: Callable[[], None]

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.inner, name)
        changing = ("begin_run", "settle", "finish_run", "keep", "know_root", "see", "approve", "pause", "forget_root")
        return _stepping(real, self.step) if name in changing else real


def _stepping(real: Callable[..., Any], step: Callable[[], None]) -> Callable[..., Any]:
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


class Player:
    """Edits files as people do, runs agentsync, and remembers every word that stands anywhere."""

    def __init__(self, world: World) -> None:
        self.world, self.random = world, random.Random(world.seed)  # noqa: S311 - no secret
        self._numbers = iter(range(1 << 60))
        self.words: set[bytes] = set()
        self.history = quick_git.Words(world.hub, "agents", WORD)
        self.backup = world.base.parent / "backup"
        self.mended: dict[Path, bytes] = {}
        self._racing = False
        self._recorded: dict[str, frozenset[bytes]] = {}
        self.done: list[str] = []

    # ---- what there is ----

    def records(self) -> set[str]:
        """The digests of all bytes in the records of runs; the words in them are remembered."""
        with open_ledger(self.world.space().state, read_only=True)[0] as ledger:
            query = "SELECT old FROM touched UNION SELECT new FROM touched"
            named = {digest for (digest,) in ledger._db.execute(query) if digest}
            for digest in named - self._recorded.keys():
                self._recorded[digest] = frozenset(WORD.findall(ledger.text(digest) or b""))
        return named

    def missing(self, files: Mapping[str, bytes]) -> set[bytes]:
        """The words that stand nowhere any more."""
        gone = self.words.difference(*(WORD.findall(data) for data in files.values()))
        gone = gone - self.history.look() if gone else gone
        return gone.difference(*(self._recorded[digest] for digest in self.records())) if gone else gone

    def seen(self) -> dict[str, bytes]:
        """People are done: what they took out they took out, what stands now must stay."""
        files = self.world.files()
        self.words -= self.missing(files)
        self.words.update(word for data in files.values() for word in WORD.findall(data))
        return files

    def check(self, before: Mapping[str, bytes], *, records: bool = True) -> None:
        """Nothing is lost, and nothing half-done lies about."""
        files = self.world.files()
        gone = self.missing(files)
        if gone:
            raise Lost(f"lost: {sorted(gone)}")
        for path, data in files.items():
            if b"<<<<<<<" in data and b"<<<<<<<" not in before.get(path, b""):
                raise Lost(f"conflict marks in {path}")
            if not data.startswith(b"---") and before.get(path, b"---").startswith(b"---"):
                raise Lost(f"half a file: {path}: {data!r}")
        if any("/.agentsync-" in path for path in files):
            raise Lost("a temporary file")
        changed = {path: data for path, data in before.items() if files.get(path) != data}
        if changed and records:
            kept = self.records()
            missing = [path for path, data in changed.items() if digest_of(data) not in kept]
            if missing:
                raise Lost(f"no record of what stood in {missing}")

    # ---- what people do ----

    def word(self) -> str:
        return f"w{next(self._numbers)}x"

    def _some(self, *, copies: bool = False) -> tuple[Path, bytes] | None:
        files = [one for one in self.world.files().items() if not copies or not one[0].startswith(f"{self.world.hub}/")]
        if not files:
            return None
        path, data = self.random.choice(files)
        return Path(path), data

    def _edited(self, change: Callable[[bytes], bytes], *, copies: bool = False) -> None:
        found = self._some(copies=copies)
        if found is not None:
            new = change(found[1])
            if new != found[1]:
                found[0].write_bytes(new)

    def _line(self, text: bytes) -> bytes:
        head, _, body = text.partition(HEAD)
        lines = body.split(b"\n")
        at = self.random.randrange(2, max(3, len(lines)))
        word = self.word().encode()
        if self.random.random() < 0.5 or at >= len(lines):
            lines.insert(min(at, len(lines) - 1), b"Line " + word + b".")
        else:
            lines[at] = b"Other " + word + b"."
        return head + HEAD + b"\n".join(lines)

    def edit_line(self) -> None:
        self._edited(self._line)

    def delete_line(self) -> None:
        def shorter(text: bytes) -> bytes:
            head, _, body = text.partition(HEAD)
            lines = body.split(b"\n")
            at = self.random.randrange(2, max(3, len(lines)))
            return head + HEAD + b"\n".join([*lines[:at], *lines[at + 2 :]]) if len(lines) > 8 else text

        self._edited(shorter)

    def edit_field(self) -> None:
        self._edited(lambda text: re.sub(rb"(?m)^description: [^\r\n]*", b"description: Does " + self.word().encode(), text, count=1))

    def edit_model(self) -> None:
        model = self.random.choice([b"sonnet", b"opus", b"haiku"])
        self._edited(lambda text: re.sub(rb"(?m)^model: [^\r\n]*", b"model: " + model, text, count=1))

    def edit_rights(self) -> None:
        """Tools, in Claude's own spelling; more of them are held."""
        tools = self.random.choice([b"Read", b"Read, Grep", b"Read, Grep, Bash", b"Glob, Read"])
        self._edited(lambda text: re.sub(rb"(?m)^tools: [A-Z][^\r\n]*", b"tools: " + tools, text, count=1))

    def flip_line_ends(self) -> None:
        self._edited(lambda text: text.replace(b"\r\n", b"\n") if b"\r\n" in text else text.replace(b"\n", b"\r\n"))

    def break_head(self) -> None:
        """A file that no assistant can read, until somebody mends it."""
        found = self._some()
        if found is not None and found[0] not in self.mended:
            self.mended[found[0]] = found[1]
            found[0].write_bytes(found[1].replace(b"---\n", b"---\nmodel: [unclosed\n", 1))

    def mend_head(self) -> None:
        for path, data in self.mended.items():
            if path.exists() and b"[unclosed" in path.read_bytes():
                path.write_bytes(path.read_bytes().replace(b"model: [unclosed\n", b"").replace(b"model: [unclosed\r\n", b"") or data)
        self.mended.clear()

    def delete_copy(self) -> None:
        found = self._some(copies=True)
        if found is not None:
            found[0].unlink()

    def rename_copy(self) -> None:
        """A copy's file under another name; what its name says stays."""
        found = self._some(copies=True)
        if found is not None:
            stem, dot, rest = found[0].name.partition(".")
            there = found[0].with_name(f"{stem}-{next(self._numbers)}{dot}{rest}")
            found[0].rename(there)

    def _agents(self) -> list[Path]:
        return sorted((self.world.hub / "agents").rglob("*.md"))

    def rename_in_hub(self) -> None:
        agents = self._agents()
        if agents:
            path = self.random.choice(agents)
            path.rename(path.with_name(f"{path.stem.partition('-')[0]}-{next(self._numbers)}.md"))

    def edit_name(self) -> None:
        agents = self._agents()
        if agents:
            path = self.random.choice(agents)
            name = f"named-{next(self._numbers)}".encode()
            path.write_bytes(re.sub(rb"(?m)^name: [^\r\n]*", b"name: " + name, path.read_bytes(), count=1))

    def delete_in_hub(self) -> None:
        agents = self._agents()
        if len(agents) > 1:
            self.random.choice(agents).unlink()

    def new_agent(self) -> None:
        if len(self._agents()) < MOST:
            name = f"extra{next(self._numbers)}"
            (self.world.hub / f"agents/{name}.md").write_text(agent_text(name, f"Does {self.word()}", prompt=f"One.\n\nTwo {self.word()}."))

    def foreign_agent(self) -> None:
        """Somebody's own agent in a project, maybe of a name that the hub has too."""
        project = self.random.choice(self.world.projects)
        name = self.random.choice([f"own{next(self._numbers)}", *(path.stem for path in self._agents())])
        path = project / f".claude/agents/{name}.md"
        if not path.exists() and len(self.world.files()) < 40:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(agent_text(name, f"Does {self.word()}", prompt=f"Mine.\n\nTwo {self.word()}.\n\nThree."))

    def commit(self) -> None:
        self.world.commit()

    def _calm(self, folder: Path) -> bool:
        return not any((folder / f".git/{name}").exists() for name in ("MERGE_HEAD", "index.lock"))

    def switch_branch(self) -> None:
        """A project goes to its last commit, agentsync runs, and it comes back."""
        folder = self.random.choice(self.world.projects)
        if not self._calm(folder):
            return
        sh(folder, "stash", "-q", "--include-untracked")
        if sh(folder, "rev-list", "--count", "HEAD").strip() != "1":
            sh(folder, "checkout", "-q", "--detach", "HEAD~1")
        before = self.seen()
        self.run(self._sync(PULL))
        self.check(before)
        sh(folder, "checkout", "-q", "-f", "main")
        if sh(folder, "stash", "list"):
            sh(folder, "stash", "pop", "-q", check=False)
            if sh(folder, "ls-files", "-u"):
                sh(folder, "checkout", "-q", "--theirs", "--", *{line.split("\t")[1] for line in sh(folder, "ls-files", "-u").splitlines()})
                sh(folder, "reset", "-q")
                sh(folder, "stash", "drop", "-q")

    def old_files(self) -> None:
        """`git checkout HEAD~2 -- .claude`: old copies on today's branch."""
        folder = self.random.choice(self.world.projects)
        if self._calm(folder):
            sh(folder, "checkout", "-q", "HEAD~2", "--", self.random.choice(FOLDERS), check=False)

    def pull_with_git(self) -> None:
        """Somebody else edited and committed in a clone of the hub or of a project; their work arrives by `git pull`."""
        name = self.random.choice(["hub", "shop"])
        ours, theirs = self.world.base / name, self.world.base / f"{name}-theirs"
        if not self._calm(ours):
            self._leave_merge(ours)
            return
        sh(theirs, "fetch", "-q")
        sh(theirs, "reset", "-q", "--hard", "@{upstream}")
        files = sorted(path for path in theirs.rglob("*.md") if ".git" not in path.parts)
        for path in self.random.sample(files, min(len(files), self.random.randint(1, 2))):
            path.write_bytes(self._line(path.read_bytes()))
        sh(theirs, "add", "-A")
        sh(theirs, "commit", "-q", "--allow-empty", "-m", "theirs")
        sh(ours, "add", "-A")
        sh(ours, "commit", "-q", "--allow-empty", "-m", "before the pull")
        sides: list[tuple[str, ...]] = [("-X", "ours"), ("-X", "theirs"), ()]
        sh(ours, "pull", "-q", "--no-rebase", "--no-edit", *self.random.choice(sides), str(theirs), "main", check=False)

    def edit_and_pull(self) -> None:
        """Both sides of a pull changed one file: the merge is left unfinished."""
        if self._calm(self.world.base / "shop"):
            for _ in range(2):
                self.edit_line()
        self.pull_with_git()

    def _leave_merge(self, folder: Path) -> None:
        """End a merge that nobody finished."""
        for line in sh(folder, "ls-files", "-u").splitlines():
            path = line.split("\t")[1]
            if sh(folder, "checkout", self.random.choice(["--ours", "--theirs"]), "--", path, check=False) == "" and not (folder / path).exists():
                sh(folder, "rm", "-q", "--cached", "--", path, check=False)
        for path, data in self.world.files().items():
            if b"<<<<<<<" in data and path.startswith(f"{folder}/"):
                sh(folder, "checkout", "--ours", "--", os.path.relpath(path, folder), check=False)
        sh(folder, "add", "-A")
        sh(folder, "commit", "-q", "--allow-empty", "-m", "merged")

    def end_merges(self) -> None:
        for folder in self.world.folders:
            if (folder / ".git/MERGE_HEAD").exists():
                self._leave_merge(folder)

    def old_settings(self) -> None:
        """agentsync.yaml as it was in the beginning."""
        (self.world.hub / "agentsync.yaml").write_text(self.world.settings)

    def lose_ledger(self) -> None:
        shutil.rmtree(self.world.space().state, ignore_errors=True)

    def save_ledger(self) -> None:
        state = Path(self.world.space().state)
        shutil.rmtree(self.backup, ignore_errors=True)
        if state.exists():
            shutil.copytree(state, self.backup)

    def restore_ledger(self) -> None:
        if self.backup.exists():
            self.lose_ledger()
            shutil.copytree(self.backup, self.world.space().state)

    # ---- what agentsync does ----

    def run(self, act: Act, space: Workspace | None = None, wrap: Callable[[Ledger], Any] = lambda ledger: ledger) -> Any:
        """One command, under the hub's lock. What it refuses to do is no matter here."""
        space = space or self.world.space()
        if parked(space) is not None:
            return None
        with contextlib.suppress(AgentsyncError), at_work(space, "round") as (ledger, _):
            return act(space, wrap(ledger))

    def _names(self, space: Workspace) -> tuple[str, ...]:
        names = tuple(space.config.projects)
        return names if self.random.random() < 0.8 else (self.random.choice(names),)

    def _sync(self, way: Direction = SYNC, wishes: Wishes | None = None) -> Act:
        return lambda space, ledger: run(space, ledger, tuple(space.config.projects), wishes or Wishes(), way, "sync")

    def sync(self) -> Act:
        return lambda space, ledger: run(space, ledger, self._names(space), Wishes(), SYNC, "sync")

    def pull(self) -> Act:
        return self._sync(PULL)

    def push(self) -> Act:
        overwrite = self.random.sample(["edited", "foreign"], self.random.randint(0, 2))
        return self._sync(PUSH, Wishes(allow_deletes=self.random.random() < 0.5, overwrite=frozenset(overwrite)))

    def take_back(self) -> Act:
        def act(space: Workspace, ledger: Ledger) -> Result:
            numbers = [one.id for one in ledger.runs()[:4]]
            return undo(space, ledger, run_to_undo(ledger, self.random.choice([None, None, *numbers])))

        return act

    def decide(self) -> Act:
        let_in = self.random.random() < 0.7

        def act(space: Workspace, ledger: Ledger) -> Result:
            names = tuple(space.config.projects)
            found = what_is_open(space, ledger, names)
            held = found.held if self.random.random() < 0.5 else found.held[:1]
            return (approve if let_in else reject)(space, ledger, names, found, held)

        return act

    def resolve(self) -> Act:
        def act(space: Workspace, ledger: Ledger) -> Result | None:
            names = tuple(space.config.projects)
            torn = {copy.agent: copy for copy in what_is_open(space, ledger, names).torn}
            if not torn:
                return None
            take = {agent: self._side(copy) for agent, copy in torn.items()}
            written = {}
            if self.random.random() < 0.3:
                agent = next(iter(torn))
                path = self.world.hub / f"agents/{agent}.md"
                if path.exists():
                    written, take[agent] = {agent: self._line(path.read_bytes()).decode()}, "hub"
            return resolve(space, ledger, names, take, written)

        return act

    def _side(self, copy: Copy) -> str:
        return self.random.choice(["hub", copy.project, f"{copy.project}:{copy.target}"])

    def _tend(self, act: Callable[[Workspace, Ledger, Any, str], Any]) -> Act:
        def found(space: Workspace, ledger: Ledger) -> Any:
            agents = read_agents(space)
            if agents:
                return act(space, ledger, self.random.choice(agents), self.random.choice(tuple(space.config.projects)))
            return None

        return found

    def exclude(self) -> Act:
        return self._tend(lambda space, ledger, agent, project: exclude(space, ledger, agent, project))

    def restore(self) -> Act:
        return self._tend(lambda space, ledger, agent, project: restore(space, ledger, agent, project))

    def remove(self) -> Act:
        return self._tend(lambda space, ledger, agent, _: remove(space, ledger, agent))

    def rename(self) -> Act:
        new = f"team/called-{next(self._numbers)}"
        return self._tend(lambda space, ledger, agent, _: rename(space, ledger, agent, new))

    def fork(self) -> Act:
        return self._tend(lambda space, ledger, agent, project: fork(space, ledger, agent, project) if len(self._agents()) < MOST else None)

    def adopt(self) -> Act:
        """Of a project the hub knows, or of one it does not: nothing in the project changes."""
        name = self.random.choice(["shop", "app", "lib"])

        def act(space: Workspace, ledger: Ledger) -> Any:
            before = {path: data for path, data in self.world.tree().items() if not path.startswith(str(self.world.hub))}
            entry = None if name in space.config.projects else Project(path=f"../{name}")
            found = find(space, ledger, [Visit(name, os.path.realpath(self.world.base / name), "project", entry)])
            if found.needed and len(found.adoption.new) + len(self._agents()) <= MOST:
                carry_out(space, ledger, found)
            after = {path: data for path, data in self.world.tree().items() if not path.startswith(str(self.world.hub))}
            if before != after and not self._racing:
                raise Lost(f"adopt changed {[path for path in before | after if before.get(path) != after.get(path)]}")

        return act

    # ---- how it does it ----

    def plainly(self, act: Act) -> None:
        before = self.seen()
        self.run(act)
        self.check(before)

    def twice(self, act: Act) -> None:
        """And then a sync, of which a second one finds nothing to do."""
        self.plainly(act)
        before = self.seen()
        self.run(self._sync())
        self.check(before)
        tree, head = self.world.tree(), self.history_head()
        self.run(self._sync())
        if self.world.tree() != tree or self.history_head() != head:
            after = self.world.tree()
            raise Lost(f"a second run writes: {[path for path in tree | after if tree.get(path) != after.get(path)]}")

    def history_head(self) -> str | None:
        return quick_git.repository(self.world.hub).head()

    def killed(self, act: Act) -> None:
        """It dies at some step: of the disk, of the ledger, of git."""
        left = self.random.choice([self.random.randrange(1, 12), self.random.randrange(1, 60)])

        def step() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed

        before = self.seen()
        space = self.world.space()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(git, "run_git", _stepping(git.run_git, step))
            with contextlib.suppress(Killed):
                self.run(act, replace(space, disk=Stepping(space.disk, step)), lambda ledger: SteppingLedger(ledger, step))
        for folder in self.world.folders:
            (folder / ".git/index.lock").unlink(missing_ok=True)
        for path in (path for path in self.world.files() if "/.agentsync-" in path):
            os.unlink(path)
        self.check(before)

    def raced(self, act: Act) -> None:
        """Somebody writes a file in the middle of it."""
        left = self.random.randrange(1, 14)
        theirs: dict[str, bytes] = {}

        def step() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                files, self._racing = self.world.files(), True
                self.edit_line()
                for path, data in self.world.files().items():
                    if files.get(path) != data:
                        theirs[path] = data
                        before.pop(path, None)
                        self.words.update(WORD.findall(data))
                        # What they took out of it they took out.
                        self.words -= set(WORD.findall(files.get(path, b""))) - set(WORD.findall(data))

        before = self.seen()
        space = self.world.space()
        self.run(act, replace(space, disk=Stepping(space.disk, step)), lambda ledger: SteppingLedger(ledger, step))
        self.check(before)
        self._racing = False
        for path, data in theirs.items():
            if self.world.files().get(path) != data and digest_of(data) not in self.records():
                raise Lost(f"what was written meanwhile is gone from {path}")

    def at_once(self, act: Act) -> None:
        """It, and a sync, in two processes at once."""
        before = self.seen()
        with contextlib.suppress(AgentsyncError):
            self.world.space()
        children = [self._child(one) for one in (act, self._sync())]
        for child in children:
            _, status = os.waitpid(child, 0)
            if status:
                raise Lost(f"one of two processes ended with {status}")
        self.check(before)

    def _child(self, act: Act) -> int:
        child = os.fork()
        if child:
            return child
        code = 1
        try:
            with contextlib.suppress(LockedError):
                self.run(act)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    # ---- a round ----

    def round(self) -> None:
        """A few things people do, then one that agentsync does."""
        often = [self.edit_line] * 6 + [self.edit_field] * 3 + [self.edit_model, self.edit_rights, self.flip_line_ends, self.delete_line]
        seldom = [
            self.delete_copy, self.rename_copy, self.rename_in_hub, self.edit_name, self.delete_in_hub, self.new_agent, self.new_agent,
            self.foreign_agent, self.break_head, self.mend_head, self.commit, self.switch_branch, self.old_files, self.pull_with_git,
            self.edit_and_pull, self.end_merges, self.old_settings, self.lose_ledger, self.save_ledger, self.restore_ledger,
        ]
        for _ in range(self.random.randint(1, 4)):
            step = self.random.choice(often if self.random.random() < 0.8 else seldom)
            self.done.append(step.__name__)
            step()
        acts = [self.sync] * 10 + [self.pull, self.push, self.take_back, self.take_back, self.decide, self.decide, self.resolve, self.resolve] + [
            self.exclude, self.restore, self.remove, self.rename, self.fork, self.adopt, self.adopt]
        how = self.random.choice([self.plainly] * 14 + [self.killed] * 3 + [self.twice, self.raced, self.at_once])
        act = self.random.choice(acts)
        self.done.append(f"{how.__name__} {act.__name__};")
        how(act())

    def settle(self) -> None:
        """Everything decided: afterwards hub and copies say the same, and a further run writes nothing."""
        self.mend_head()
        for _ in range(3):
            self.end_merges()
        wrong = ""
        for number in range(6):
            self._untangle()
            if number == 4:
                self._delete_torn()
            before = self.seen()
            with at_work(self.world.space(), "settle") as (ledger, _):
                ledger.pause(forget=[one.key for one in ledger.paused()])
            self.run(self._sync(wishes=Wishes(allow_deletes=True, overwrite=frozenset(["edited", "foreign"]))))
            self.run(self._approve_all)
            self.run(self._take_hub)
            self.check(before)
            wrong = self._unsettled()
            if not wrong:
                return
        raise Lost(wrong)

    def _unsettled(self) -> str:
        """What keeps the world from being at rest: nothing, once all is decided."""
        tree = self.world.tree()
        last: Result | None = self.run(self._sync())
        after = self.world.tree()
        if last is None:
            return "the last run refuses"
        if after != tree:
            return f"the last run writes: {[path for path in tree | after if tree.get(path) != after.get(path)]}"
        still = [copy for copy in last.plan.copies if copy.state not in ("ok", "deleted", "refused") and not _elsewhere(copy)]
        return f"open still: {still} {last.plan.conflicts}" if still or last.plan.conflicts else ""

    def _delete_torn(self) -> None:
        """Copies that no answer helps, because two agents claim one file: somebody deletes them."""
        found = self.run(lambda space, ledger: what_is_open(space, ledger, tuple(space.config.projects)))
        for copy in found.torn if found is not None else ():
            (self.world.base / copy.project / str(copy.path)).unlink(missing_ok=True)

    def _untangle(self) -> None:
        """Of two agents of one name only one stays: else neither would be written."""
        names: set[bytes] = set()
        for path in self._agents():
            found = re.search(rb"(?m)^name: ([^\r\n]*)", path.read_bytes())
            if found is None or found[1].lower() in names:
                path.unlink()
            else:
                names.add(found[1].lower())

    def _approve_all(self, space: Workspace, ledger: Ledger) -> Result:
        names = tuple(space.config.projects)
        found = what_is_open(space, ledger, names)
        return approve(space, ledger, names, found, found.held)

    def _take_hub(self, space: Workspace, ledger: Ledger) -> Result | None:
        names = tuple(space.config.projects)
        torn = {copy.agent for copy in what_is_open(space, ledger, names).torn}
        return resolve(space, ledger, names, dict.fromkeys(torn, "hub")) if torn else None


def _elsewhere(copy: Copy) -> bool:
    """Whether a copy is not on the branch that is checked out, which is no difference."""
    return copy.why is not None and copy.why.code == "not-on-branch"


def play(folder: Path, home: Path, seed: int, rounds: int, told: Callable[[int], None] = lambda _: None) -> Player:
    """Play one world of so many rounds. Lost, with what was done last, where agentsync did what it must not do. told: of each round."""
    world = World(folder, home, seed, LARGE if seed % 5 == 4 else SMALL)
    with pytest.MonkeyPatch.context() as patch:
        quick_git.install(patch)
        patch.setattr(os, "fsync", lambda _: None)
        world.build()
        player = Player(world)
        player.run(player._sync())
        world.commit()
        try:
            for number in range(rounds):
                player.round()
                told(number + 1)
            player.done.append("settle")
            player.settle()
        except BaseException as error:
            raise Lost(f"seed {seed}, round {len([1 for one in player.done if one.endswith(';')])}: {error!r}\n  {' '.join(player.done)}") from error
    return player


