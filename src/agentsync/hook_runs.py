"""What a git hook of ours does: check a commit before it is made, and carry its agents on once it is.

Floor 6. A hook is a hint: whatever it leaves, because another run holds the lock or git is in the middle of something, the daemon or the
next run does. It asks nothing, waits a second at most, and only the check before a commit can stop anything.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Final

from agentsync import git
from agentsync.disk import LocalDisk
from agentsync.hooking import Repository
from agentsync.index import index_here
from agentsync.locking import LockedError
from agentsync.snapshot import Wishes
from agentsync.staged import Check, Commit, check_project, mend
from agentsync.staged_alone import check_alone, lock_folders
from agentsync.survey import parked
from agentsync.sync import PULL, PUSH, SYNC, Direction, Result, at_work, run
from agentsync.workspace import Workspace, identified

WAIT: Final = 1.0
"""Seconds a hook waits for another run."""
_CLEARED: Final = 10.0
_OVER: Final = {"post-rewrite": "a rebase", "post-merge": "a merge"}
"""What is over when git calls a hook, although git's marks of it still stand."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a check. fixed: files that were staged anew; left: those whose file of the work tree holds other work and stayed."""

    check: Check
    fixed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def pre_commit(here: Repository, *, fix: bool = False) -> Checked:
    """Check what is staged; with `fix`, stage what makes the copies agree. In the middle of a merge or rebase nothing is looked at."""
    if git.busy(here.top) is not None:
        return Checked(Check())
    index = index_here(here.top)
    check = _check(here, Commit.of(index, here.main))
    if not fix or index.temporary or not check.fixes:
        return Checked(check)
    left = mend(index, LocalDisk(), check.fixes)
    return Checked(_check(here, Commit.of(index, here.main)), tuple(one.name for one in check.fixes), left)


def _check(here: Repository, commit: Commit) -> Check:
    checks, known = [], set[str]()
    for space, name in here.projects:
        found = _check_one(here, space, name, commit)
        if found is not None:
            checks.append(found)
            known.add(here.below(space.user.hubs[space.id].projects[name]))
    alone = [folder for folder in lock_folders(commit) if folder not in known]
    if alone:
        disk = commit.disk(LocalDisk())
        checks += [check_alone(disk, here.formats, folder, commit) for folder in alone]
    return Check(
        tuple(dict.fromkeys(problem for check in checks for problem in check.stops)),
        tuple(dict.fromkeys(problem for check in checks for problem in check.notes)),
        tuple({fix.name: fix for check in checks for fix in check.fixes}.values()),
    )


def _check_one(here: Repository, space: Workspace, name: str, commit: Commit) -> Check | None:
    """The check of one project, None where its hub rests: its agents are on another branch, and say nothing of copies here."""
    if parked(space) is not None and not any(hub.root == space.root for hub in here.hubs):
        return None
    with at_work(space, "hook", read_only=True) as (ledger, _):
        found = check_project(space, ledger, name, commit)
    below = here.below(space.user.hubs[space.id].projects[name])

    def seen(path: str | None) -> str | None:
        return path if path is None or not below or path.startswith(f"{below}/") else f"{below}/{path}"

    return replace(
        found, stops=tuple(replace(problem, path=seen(problem.path)) for problem in found.stops),
        notes=tuple(replace(problem, path=seen(problem.path)) for problem in found.notes),
    )


# ---- after a commit -----------------------------------------------------------------------------------------------


def carry_on(here: Repository, hook: str) -> list[Result]:
    """Push what changed in hubs of this repository, and pull from its projects what a commit made final.

    Nothing in a linked work tree, in the middle of a rebase, off the hub's branch, or while another run is at work.
    """
    if here.linked:
        return []
    if hook in _OVER:
        _wait(here, _OVER[hook])
    if git.busy(here.main) is not None:
        return []
    results = []
    for space, names, way in _errands(here, hook):
        if parked(space) is None:
            try:
                results.append(_run(space, names, way))
            except LockedError:
                continue
    return results


def _errands(here: Repository, hook: str) -> list[tuple[Workspace, tuple[str, ...], Direction]]:
    """Which hub is to do what, and for which projects."""
    hubs = {space.root: space for space in here.hubs}
    found: list[tuple[Workspace, tuple[str, ...], Direction]] = []
    for root, space in hubs.items():
        # A hub without a branch takes any for the truth: to check one out is no reason to write.
        if hook == "post-checkout" and space.config.branch is None:
            continue
        inside = any(other.root == root for other, _ in here.projects)
        found.append((space, tuple(space.config.projects), SYNC if inside and hook == "post-commit" else PUSH))
    if hook == "post-commit":
        spaces = {space.root: space for space, _ in here.projects if space.root not in hubs}
        found += [(space, tuple(name for other, name in here.projects if other.root == root), PULL) for root, space in spaces.items()]
    return found


def _run(space: Workspace, names: tuple[str, ...], way: Direction) -> Result:
    space = identified(space)
    word = "sync" if way is SYNC else "push" if way.push else "pull"
    with at_work(space, f"hook: {word}", wait=WAIT) as (ledger, _):
        return run(space, ledger, names, Wishes(unasked=True), way, word)


def _wait(here: Repository, doing: str) -> None:
    """git calls these hooks when all is done, but for clearing its own marks away. The script has put us into the background."""
    end = time.monotonic() + _CLEARED
    while git.busy(here.main) == doing and time.monotonic() < end:
        time.sleep(0.05)
