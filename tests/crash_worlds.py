"""Worlds whose runs can be stopped at any step: what is done in each before the run that is killed, and where two runs ended."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from agentsync import git as agentsync_git
from agentsync import tend
from agentsync.adopt import Visit, carry_out, find
from agentsync.config import Project
from agentsync.copies import Plan
from agentsync.hub import HubAgent
from agentsync.ledger import open_ledger
from agentsync.model import AgentsyncError
from agentsync.settle import approve, reject, resolve, what_is_open
from agentsync.snapshot import Wishes
from agentsync.survey import read_agents
from agentsync.sync import PUSH, SYNC, Result, at_work
from agentsync.sync import run as run_sync
from agentsync.undo import run_to_undo, undo
from agentsync.workspace import Machine, Workspace
from tests.watched import Mortal, Watched
from tests.worlds import SETTINGS, Two, agent_text, edit, git, restore, tree

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
