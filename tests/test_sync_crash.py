"""Two-way runs killed at every step, on disks that fail, and by a real SIGKILL: the next run ends where an uninterrupted one does.

A step is anything an executor does to the disk or the ledger; a run is killed before and after each. The suite takes every few steps,
`AGENTSYNC_CRASH=all` (`make crash`) takes all of them, and kills the real program more often.
"""

from __future__ import annotations

import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from agentsync.disk import is_temporary
from agentsync.ledger import LedgerError, open_ledger
from agentsync.model import AgentsyncError
from agentsync.settle import approve, reject, resolve, what_is_open
from agentsync.snapshot import Wishes
from agentsync.sync import PUSH, SYNC, Result, at_work
from agentsync.sync import run as run_sync
from agentsync.undo import run_to_undo, undo
from tests.test_push import Watched, agent_text, git, restore, tree
from tests.test_sync import SETTINGS, Two, edit

ALL: Final = os.environ.get("AGENTSYNC_CRASH") == "all"
TRACKED: Final = SETTINGS.replace("opencode]}", "opencode], track: commit}").replace("[copilot]}", "[copilot], track: exclude}")
STEPS: Final = ("begin_run", "settle", "finish_run", "keep", "know_root", "see", "approve", "pause", "rest")


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours may catch it and go on."""


class Mortal:
    """A ledger that can be stopped before or after each of its steps."""

    def __init__(self, inner: Any, step: Callable[..., None]) -> None:
        self._inner, self._step = inner, step

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._inner, name)
        if name not in STEPS:
            return real

        def wrapped(*arguments: Any, **keywords: Any) -> Any:
            self._step(name)
            done = real(*arguments, **keywords)
            self._step(name)
            return done

        return wrapped


class Crashing(Two):
    """A world whose runs can be stopped at any step."""

    def act(self, command: str, step: Callable[..., None] = lambda *_: None) -> Result:
        """One command of agentsync; `step` is called before and after everything it does."""
        space = self.space(Watched(before=step, after=step))
        names = tuple(space.config.projects)
        with at_work(space, command) as (real, _):
            ledger: Any = Mortal(real, step)
            if command in ("approve", "reject"):
                found = what_is_open(space, ledger, names)
                return (approve if command == "approve" else reject)(space, ledger, names, found, found.held)
            if command == "undo":
                return undo(space, ledger, run_to_undo(ledger, None))
            if command.startswith("resolve"):
                take = command.partition(" ")[2]
                written = {"reviewer": self.home_file.read_text().replace("hub.", "both.")} if take == "written" else {}
                return resolve(space, ledger, names, {"reviewer": "hub" if written else take}, written)
            return run_sync(space, ledger, names, Wishes(), SYNC, command)

    def edited(self) -> None:
        """Edits on all sides, one agent more in the hub and one less."""
        edit(self.home_file, "First line.", "First line, hub.")
        self.commit()
        edit(self.claude, "Second line.", "Second line, claude.")
        edit(self.copilot, "Does things", "Does more things")
        self.agent("fresh", agent_text("fresh"))
        (self.hub / "agents/tester.md").unlink()

    def torn(self) -> None:
        """A conflict of the prompt."""
        edit(self.home_file, "Second line.", "Second line, hub.")
        edit(self.claude, "Second line.", "Second line, claude.")
        edit(self.copilot, "Does things", "Does more things")
        self.act("sync")

    def held(self) -> None:
        """A change that gives rights, and one beside it."""
        edit(self.claude, "tools: Read, Grep", "tools: Read, Grep, Bash")
        edit(self.copilot, "Fourth line.", "Fourth line, copilot.")
        self.act("sync")

    def done(self) -> None:
        """A run to be undone."""
        self.edited()
        self.act("sync")


CASES: Final[dict[str, tuple[str, Callable[[Crashing], None], str]]] = {
    "sync": (SETTINGS, Crashing.edited, "sync"),
    "tracked": (TRACKED, Crashing.edited, "sync"),
    "undo": (SETTINGS, Crashing.done, "undo"),
    "undo tracked": (TRACKED, Crashing.done, "undo"),
    "resolve for a copy": (SETTINGS, Crashing.torn, "resolve shop"),
    "resolve for the hub": (SETTINGS, Crashing.torn, "resolve hub"),
    "resolve by hand": (SETTINGS, Crashing.torn, "resolve written"),
    "approve": (SETTINGS, Crashing.held, "approve"),
    "reject": (SETTINGS, Crashing.held, "reject"),
}


def built(base: Path, home: Path, case: str) -> Crashing:
    """The world of a case, as it is before the run that is killed."""
    settings, prepare, _ = CASES[case]
    world = Crashing(base, home, settings)
    world.build()
    world.go(PUSH)
    prepare(world)
    return world


class Saved:
    """A world put away, to be had again as often as it is wanted."""

    def __init__(self, world: Two, folder: Path) -> None:
        self._world, self._folder = world, folder
        for name, place in (("base", world.base), ("home", world.home)):
            shutil.copytree(place, folder / name, symlinks=True)

    def again(self) -> None:
        for name, place in (("base", self._world.base), ("home", self._world.home)):
            restore(self._folder / name, place)


def end_of(world: Two) -> dict[str, Any]:
    """Where a run ended: files, what is committed and what is not, rows, what is on hold. Commits by number, since their names tell the time."""
    commits = git(world.hub, "rev-list", "--reverse", "HEAD").split()

    def named(data: bytes) -> bytes:
        return re.sub(rb"\b[0-9a-f]{40}\b", lambda m: f"commit {commits.index(m[0].decode())}".encode(), data)

    with open_ledger(world.space().state)[0] as ledger:
        rows = {(r.key.path, r.key.format, r.agent, r.name, r.written, r.base, r.hub, r.says) for r in ledger.rows()}
        held = {(one.key.path, one.key.format, one.agent, one.hub, one.copy) for one in ledger.paused()}
        approved = {(key.path, content) for key, content in ledger.approved()}
    found: dict[str, Any] = {"files": {p.removeprefix(str(world.base)): named(d) for p, d in tree(world.hub, world.shop, world.app).items()}}
    for folder in (world.hub, world.shop, world.app):
        has_commits = (folder / ".git/refs/heads/main").exists()
        log = git(folder, "log", "--format=%s", "--name-only").splitlines() if has_commits else []
        found[folder.name] = (log, git(folder, "status", "--porcelain"))
    return {**found, "exclude": (world.app / ".git/info/exclude").read_text(), "rows": rows, "paused": held, "approved": approved}


def differences(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    """Where two ends differ, in a few words."""
    return [f"{key}: {first[key]!r}\n  not {second[key]!r}" for key in first if first[key] != second[key]]


def undone(world: Two) -> bool:
    """Whether an undo came to its end: once more would take back the run before."""
    with open_ledger(world.space().state)[0] as ledger:
        return any(run.undid is not None and run.finished is not None for run in ledger.runs())


@pytest.mark.parametrize("case", CASES)
def test_killed_at_any_step_the_same_command_ends_where_an_uninterrupted_one_does(case: str, tmp_path: Path, home: Path) -> None:
    world = built(tmp_path / "world", home, case)
    command = CASES[case][2]
    saved = Saved(world, tmp_path / "saved")
    before = tree(world.hub, world.shop, world.app)
    taken: list[tuple[str, ...]] = []
    world.act(command, lambda *words: taken.append(words))
    wanted, after = end_of(world), tree(world.hub, world.shop, world.app)
    every = 1 if ALL else max(1, len(taken) // 3)
    for number in range(len(taken) if ALL else len(taken) - 1 - sorted(CASES).index(case) % every, -1, -every):
        saved.again()
        left = number

        def step(*_: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed

        with suppress(Killed):
            world.act(command, step)
        for path, data in tree(world.hub, world.shop, world.app).items():
            if path.endswith("agentsync.lock"):
                continue
            assert data in (before.get(path), after.get(path)), (number, taken[number : number + 1], path)
        with suppress(AgentsyncError):                 # nothing may be left to decide
            world.act("sync" if command == "undo" and undone(world) else command)
        assert not differences(end_of(world), wanted), (number, taken[number : number + 1], differences(end_of(world), wanted))
    if ALL:
        print(f"{case}: killed at each of {len(taken)} steps")


# ---- a disk that fails --------------------------------------------------------------------------------------------

CALLS: Final = ("open", "write", "fsync", "replace", "unlink", "mkdir")
WORDS: Final = {
    errno.ENOSPC: "the disk is full", errno.EIO: "input or output error", errno.EACCES: "permission denied",
    errno.EROFS: "the file system is read-only",
}


class Failing:
    """The calls by which `os` changes files, of which the `number`-th fails; only below these folders, so that git is not meant."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int, code: int, *, on: bool = False) -> None:
        self.left, self.code, self.calls, self.stays = number, code, 0, on
        for name in CALLS:
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            ours = sys._getframe(1).f_globals.get("__name__") == "agentsync.disk"
            if ours and not (name == "open" and not arguments[1] & os.O_CREAT):
                self.calls += 1
                self.left -= 1
                if self.left == 0 or (self.stays and self.left < 0):
                    raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **keywords)

        return call


@pytest.mark.parametrize("code", WORDS, ids=lambda code: errno.errorcode[code])
def test_a_disk_that_fails_at_any_call_is_named_and_the_next_run_completes(
    code: int, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once at one call, and from one call on."""
    world = built(tmp_path / "world", home, "sync")
    saved = Saved(world, tmp_path / "saved")
    before = tree(world.hub, world.shop, world.app)
    with monkeypatch.context() as patch:
        counter = Failing(patch, 0, code)
        world.act("sync")
    wanted, after = end_of(world), tree(world.hub, world.shop, world.app)
    steps = range(1, counter.calls + 1) if ALL else range(2 + list(WORDS).index(code) * 5, counter.calls + 1, counter.calls // 2)
    for number in steps:
        for stays in (False, True) if ALL else (number % 2 == 0,):
            saved.again()
            said = ""
            with monkeypatch.context() as patch:
                Failing(patch, number, code, on=stays)
                try:
                    result = world.act("sync")
                    said = " ".join(problem.message for _, problem in result.failed)
                except AgentsyncError as error:
                    said = error.problem.message
            assert not said or WORDS[code] in said or "the hub's file of this agent" in said, (number, said)
            for path, data in tree(world.hub, world.shop, world.app).items():
                assert data in (before.get(path), after.get(path)) or is_temporary(path) or path.endswith("agentsync.lock"), (number, path)
            world.act("sync")
            end = end_of(world)
            lock = "/agentsync.lock"        # names the hub's commit, of which there may be two now
            for name in wanted["files"]:
                assert name.endswith(lock) or end["files"][name] == wanted["files"][name], (number, name)
            assert end["rows"] == wanted["rows"], number
            assert end["hub"][1] == wanted["hub"][1], number
    if ALL:
        print(f"{errno.errorcode[code]}: at each of {counter.calls} calls, once and from there on")


@pytest.mark.parametrize("pages", range(0, 12, 1 if ALL else 5))
def test_a_ledger_that_is_full_is_named_and_the_next_run_completes(pages: int, tmp_path: Path, home: Path) -> None:
    world = built(tmp_path / "world", home, "sync")
    space = world.space()
    before = tree(world.hub, world.shop, world.app)
    with at_work(space, "sync") as (ledger, _):
        most = ledger._db.execute("PRAGMA page_count").fetchone()[0] + pages
        ledger._db.execute(f"PRAGMA max_page_count = {most}")
        try:
            run_sync(space, ledger, tuple(space.config.projects), Wishes(), SYNC, "sync")
        except LedgerError as error:
            said = error.problem.message
        else:
            said = ""
    assert "full" in said or (pages > 0 and not said)
    if pages == 0:
        assert tree(world.hub, world.shop, world.app) == before, "nothing changes before it can be had back"
    world.act("sync")
    assert all(word in path.read_text() for path in world.all() for word in ("hub.", "claude.", "Does more things"))
    again = world.act("sync")
    assert (again.run, again.commit) == (None, None)


# ---- a real kill --------------------------------------------------------------------------------------------------


def test_the_real_program_killed_at_random_instants_loses_nothing(tmp_path: Path, home: Path) -> None:
    """SIGKILL of `agentsync sync`; then once more to its end: all edits are everywhere, the hub is committed, nothing lies about."""
    world = Crashing(tmp_path / "world", home, SETTINGS)
    world.build()
    names = [f"many/a{number}" for number in range(12)]
    for name in names:
        world.agent(name, agent_text(name.rpartition("/")[2], prompt="One.\n\nTwo.\n\nThree."))
    world.commit()
    world.go(PUSH)
    command = [sys.executable, "-m", "agentsync", "sync", "--all", "--json"]
    draw = random.Random(4)  # noqa: S311 - no secret
    began = time.monotonic()
    done = subprocess.run(command, cwd=world.hub, capture_output=True, check=False)
    whole = time.monotonic() - began
    kills = died = 0
    for number in range(120 if ALL else 4):
        for name in names:
            edit(world.shop / f".claude/agents/{name.rpartition('/')[2]}.md", "Two", f"Two e{number}")
            edit(world.app / f".github/agents/{name.rpartition('/')[2]}.agent.md", "Three", f"Three f{number}")
        with subprocess.Popen(command, cwd=world.hub, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(draw.uniform(whole * 0.3, whole * 2.5))
            process.send_signal(signal.SIGKILL)
        kills += 1
        died += process.returncode == -signal.SIGKILL
        for folder in (world.hub, world.shop, world.app):
            (folder / ".git/index.lock").unlink(missing_ok=True)       # git's own, killed with it or not: its user removes it
        done = subprocess.run(command, cwd=world.hub, capture_output=True, check=False, timeout=120)
        assert done.returncode == 0, (number, done.stdout[-2000:], done.stderr[-2000:])
        assert json.loads(done.stdout)["conflicts"] == []
        for path in (*(world.hub / f"agents/{name}.md" for name in names), *(world.shop / ".opencode/agents").glob("a*.md")):
            assert f"Two e{number}" in path.read_text(), (number, path)
            assert f"Three f{number}" in path.read_text(), (number, path)
        assert git(world.hub, "status", "--porcelain") == "", number
        assert not [path for path in world.base.rglob("*") if is_temporary(path.name)], number
    if ALL:
        print(f"{kills} kills, {died} of them in the middle of a run")
