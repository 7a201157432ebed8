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

from agentsync import git as agentsync_git
from agentsync import tend
from agentsync.adopt import Visit, carry_out, find
from agentsync.config import Project
from agentsync.copies import Plan
from agentsync.disk import is_temporary
from agentsync.hub import HubAgent
from agentsync.ledger import LedgerError, open_ledger
from agentsync.model import AgentsyncError
from agentsync.settle import approve, reject, resolve, what_is_open
from agentsync.snapshot import Wishes
from agentsync.survey import read_agents
from agentsync.sync import PUSH, SYNC, Result, at_work
from agentsync.sync import run as run_sync
from agentsync.undo import run_to_undo, undo
from agentsync.workspace import Machine, Workspace
from tests.watched import Killed, Mortal, Watched
from tests.worlds import SETTINGS, Two, agent_text, edit, git, restore, tree

ALL: Final = os.environ.get("AGENTSYNC_CRASH") == "all"
TRACKED: Final = SETTINGS.replace("opencode]}", "opencode], track: commit}").replace("[copilot]}", "[copilot], track: exclude}")


def _stepping_git(step: Callable[..., None]) -> Callable[..., Any]:
    """git, with a step before and after each call that changes a repository."""
    real = agentsync_git.run_git

    def call(folder: str, *arguments: str, **keywords: Any) -> Any:
        changes = bool({"add", "commit"} & set(arguments))
        if changes:
            step("git", *arguments[-3:])
        done = real(folder, *arguments, **keywords)
        if changes:
            step("git", *arguments[-3:])
        return done

    return call


OWN: Final = re.compile("(Adopt|Leave|Fork|Remove|Rename|Finish what) .*")
"""What commits are called in which nothing was taken: one that makes up for a killed run says so."""

TENDED: Final[dict[str, Callable[[Workspace, Any, HubAgent], Any]]] = {
    "fork": lambda space, ledger, agent: tend.fork(space, ledger, agent, "shop"),
    "exclude": lambda space, ledger, agent: tend.exclude(space, ledger, agent, "shop"),
    "rename": lambda space, ledger, agent: tend.rename(space, ledger, agent, "team/checker"),
    "remove": lambda space, ledger, agent: tend.remove(space, ledger, agent),
    "restore": lambda space, ledger, agent: tend.restore(space, ledger, agent, "shop"),
}


class Crashing(Two):
    """A world whose runs can be stopped at any step."""

    def act(self, command: str, step: Callable[..., None] = lambda *_: None) -> Result:
        """One command of agentsync; `step` is called before and after everything it does."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(agentsync_git, "run_git", _stepping_git(step))
            return self._act(command, step)

    def _act(self, command: str, step: Callable[..., None]) -> Any:
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
            if command == "adopt":
                return self._adopt(space, ledger)
            if command in TENDED:
                agent = next((one for one in read_agents(space) if one.id == "reviewer"), None)
                if agent is None:
                    raise AgentsyncError("it is gone already")
                return TENDED[command](space, ledger, agent)
            return run_sync(space, ledger, names, Wishes(), PUSH if command == "push" else SYNC, command)

    def _adopt(self, space: Workspace, ledger: Any) -> Result:
        known = "lib" in space.config.projects
        found = find(space, ledger, [Visit("lib", os.path.realpath(self.lib), "project", None if known else Project(path="../lib"))])
        return carry_out(space, ledger, found)[1] if found.needed else Result(Plan())

    @property
    def lib(self) -> Path:
        """A project that the hub does not know yet."""
        return self.base / "lib"

    def tree(self) -> dict[str, bytes]:
        """Every file but those of git."""
        return tree(self.hub, self.shop, self.app, self.lib)

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

    def unknown(self) -> None:
        """A project that nobody registered: an agent of its own, one the hub knows, and one of a name the hub knows."""
        for folder, ending in ((".claude", ".md"), (".opencode", ".md")):
            for name, prompt in (("helper", "Help.\n\nA lot."), ("tester", "Look."), ("reviewer", "Mine.\n\nQuite another.")):
                path = self.lib / folder / "agents" / f"{name}{ending}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(agent_text(name, prompt=prompt))
        git(self.lib, "init", "-q", "-b", "main")

    def own(self) -> None:
        """A version of a project's own."""
        edit(self.claude, "Second line.", "Second line, claude.")

    def deleted(self) -> None:
        """Copies that are gone."""
        self.claude.unlink()
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
    "adopt": (SETTINGS, Crashing.unknown, "adopt"),
    "fork": (SETTINGS, Crashing.own, "fork"),
    "exclude": (SETTINGS, Crashing.own, "exclude"),
    "rename": (SETTINGS, Crashing.own, "rename"),
    "remove": (SETTINGS, Crashing.own, "remove"),
    "restore": (SETTINGS, Crashing.deleted, "restore"),
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


def end_of(world: Crashing) -> dict[str, Any]:
    """Where a run ended: files, what is committed and what is not, rows, what is on hold. Commits by number, since their names tell the time."""
    commits = git(world.hub, "rev-list", "--reverse", "HEAD").split()

    def named(data: bytes) -> bytes:
        return re.sub(rb"\b[0-9a-f]{40}\b", lambda m: f"commit {commits.index(m[0].decode())}".encode(), data)

    with open_ledger(world.space().state)[0] as ledger:
        rows = {(r.key.path, r.key.format, r.agent, r.name, r.written, r.base, r.hub, r.says) for r in ledger.rows()}
        held = {(one.key.path, one.key.format, one.agent, one.hub, one.copy) for one in ledger.paused()}
        approved = {(key.path, content) for key, content in ledger.approved()}
    found: dict[str, Any] = {"files": {p.removeprefix(str(world.base)): named(d) for p, d in world.tree().items()}}
    found["user"] = Path(Machine.here().config, "config.yaml").read_text()
    for folder in (world.hub, world.shop, world.app):
        has_commits = (folder / ".git/refs/heads/main").exists()
        log = git(folder, "log", "--format=%s", "--name-only").splitlines() if has_commits else []
        log = [OWN.sub("", line) for line in log]
        found[folder.name] = (log, git(folder, "status", "--porcelain"))
    return {**found, "exclude": (world.app / ".git/info/exclude").read_text(), "rows": rows, "paused": held, "approved": approved}


def differences(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    """Where two ends differ, in a few words."""
    found = []
    for key in (key for key in first if first[key] != second[key]):
        one, other = first[key], second[key]
        if isinstance(one, set):
            one, other = one - other, other - one
        elif isinstance(one, dict):
            one, other = ({name: side[name] for name in side if one.get(name) != other.get(name)} for side in (one, other))
        found.append(f"{key}: {one!r}\n  not {other!r}")
    return found


def undone(world: Two) -> bool:
    """Whether an undo came to its end: once more would take back the run before."""
    with open_ledger(world.space().state)[0] as ledger:
        return any(run.undid is not None and run.finished is not None for run in ledger.runs())


@pytest.mark.parametrize("case", CASES)
def test_killed_at_any_step_the_same_command_ends_where_an_uninterrupted_one_does(case: str, tmp_path: Path, home: Path) -> None:
    world = built(tmp_path / "world", home, case)
    command = CASES[case][2]
    saved = Saved(world, tmp_path / "saved")
    before = world.tree()
    taken: list[tuple[str, ...]] = []
    world.act(command, lambda *words: taken.append(words))
    tended = command == "adopt" or command in TENDED
    after_command = world.tree()
    if tended:
        finish(world)
    wanted = end_of(world)
    every = 1 if ALL else max(1, len(taken) // 2)
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
        for path, data in world.tree().items():
            if path.endswith("agentsync.lock"):
                continue
            assert data in (before.get(path), after_command.get(path)), (number, taken[number : number + 1], path)
        with suppress(AgentsyncError):                 # nothing may be left to decide, or to do
            world.act("sync" if command == "undo" and undone(world) else command)
        if tended:
            finish(world)
        other = differences(end_of(world), wanted)
        assert not other, "\n".join([f"killed at step {number} of {len(taken)}, {taken[number : number + 1]}:", *other])
    if ALL:
        print(f"{case}: killed at each of {len(taken)} steps")


def test_what_a_killed_run_took_is_committed_with_the_name_of_its_project(tmp_path: Path, home: Path) -> None:
    """The run dies between the hub's file and the hub's commit, which the next run makes up for."""
    world = built(tmp_path / "world", home, "sync")
    settled = 0

    def step(*words: str) -> None:
        nonlocal settled
        settled += words == ("settle",)
        if settled == 2:
            raise Killed

    with suppress(Killed):
        world.act("sync", step)
    world.act("sync")
    assert git(world.hub, "log", "-1", "--format=%s", "--", "agents/reviewer.md").strip() == "Take edits of reviewer from shop, app"


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
            ours = sys._getframe(1).f_globals.get("__name__") in ("agentsync.disk", "agentsync.folders")
            if ours and not (name == "open" and not arguments[1] & os.O_CREAT):
                self.calls += 1
                self.left -= 1
                if self.left == 0 or (self.stays and self.left < 0):
                    raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **keywords)

        return call


FAILED: Final = ("sync", "undo", "resolve by hand", "approve", *TENDED, "adopt") if ALL else ("sync", "fork")


@pytest.mark.parametrize("code", WORDS, ids=lambda code: errno.errorcode[code])
@pytest.mark.parametrize("case", FAILED)
def test_a_disk_that_fails_at_any_call_is_named_and_the_next_run_completes(
    case: str, code: int, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once at one call, and from one call on."""
    world = built(tmp_path / "world", home, case)
    command = CASES[case][2]
    saved = Saved(world, tmp_path / "saved")
    before = world.tree()
    with monkeypatch.context() as patch:
        counter = Failing(patch, 0, code)
        world.act(command)
    after = world.tree()
    finish(world)
    wanted = end_of(world)
    steps = range(1, counter.calls + 1) if ALL else range(2 + list(WORDS).index(code) * 5, counter.calls + 1, counter.calls)
    for number in steps:
        for stays in (False, True) if ALL else (number % 2 == 0,):
            saved.again()
            said = ""
            with monkeypatch.context() as patch:
                Failing(patch, number, code, on=stays)
                try:
                    done = world.act(command)
                    said = " ".join(problem.message for _, problem in (done[1] if isinstance(done, tuple) else done).failed)
                except AgentsyncError as error:
                    said = error.problem.message
            assert not said or WORDS[code] in said or "could not be written" in said, (number, said)
            for path, data in world.tree().items():
                assert data in (before.get(path), after.get(path)) or is_temporary(path) or path.endswith("agentsync.lock"), (number, path)
            with suppress(AgentsyncError):              # it may be done already
                world.act("sync" if command == "undo" and undone(world) else command)
            finish(world)
            end = end_of(world)
            # A lock names the hub's commit, of which there may be two now.
            end["files"], expected = ({name: data for name, data in files.items() if not name.endswith("agentsync.lock")}
                                      for files in (end["files"], wanted["files"]))
            other = differences({"files": end["files"], "rows": end["rows"], "hub": end["hub"][1]},
                                {"files": expected, "rows": wanted["rows"], "hub": wanted["hub"][1]})
            assert not other, "\n".join([f"{errno.errorcode[code]} at call {number} of {counter.calls}{' and on' if stays else ''}:", *other])
    if ALL:
        print(f"{case}, {errno.errorcode[code]}: at each of {counter.calls} calls, once and from there on")


def finish(world: Crashing) -> None:
    """Two runs after a command: what git is still to learn is committed by the first, before more is taken."""
    world.act("push")
    world.act("sync")


@pytest.mark.parametrize("pages", range(0, 12, 1 if ALL else 5))
def test_a_ledger_that_is_full_is_named_and_the_next_run_completes(pages: int, tmp_path: Path, home: Path) -> None:
    world = built(tmp_path / "world", home, "sync")
    space = world.space()
    before = world.tree()
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
        assert world.tree() == before, "nothing changes before it can be had back"
    world.act("sync")
    assert all(word in path.read_text() for path in world.all() for word in ("hub.", "claude.", "Does more things"))
    again = world.act("sync")
    assert (again.run, again.commit) == (None, None)


def test_a_commit_killed_before_it_wrote_its_index_leaves_nothing_staged(tmp_path: Path, home: Path) -> None:
    """git moves the branch first and the index last: killed between the two, what was committed looks like taken back, and staged."""
    world = Crashing(tmp_path / "world", home, SETTINGS)
    world.build()
    world.go(PUSH)
    index = world.hub / ".git/index"
    before = index.read_bytes()
    edit(world.claude, "Second line.", "Second line, edited.")
    world.go()
    with at_work(world.space(), "test") as (ledger, _):
        run = ledger.runs()[0]
        ledger._db.execute("UPDATE runs SET finished = NULL WHERE id = ?", (run.id,))
    index.write_bytes(before)
    assert git(world.hub, "status", "--porcelain").startswith("MM ")
    head = git(world.hub, "rev-parse", "HEAD")
    result = world.go()
    assert not result.plan.problems
    assert (git(world.hub, "status", "--porcelain"), git(world.hub, "rev-parse", "HEAD")) == ("", head)


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
        # Alone or with the git that it called, as when a terminal or the machine goes.
        with subprocess.Popen(command, cwd=world.hub, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as process:
            time.sleep(draw.uniform(whole * 0.3, whole * 2.5))
            (os.killpg if number % 2 else os.kill)(process.pid, signal.SIGKILL)
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
