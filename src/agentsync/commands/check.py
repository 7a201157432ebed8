"""`agentsync check [PATH]`: for CI, whether the copies of a project say what they should. Reads only."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from agentsync.checking import Checked, Checks, check_project
from agentsync.commands.app import Session
from agentsync.config import HUB_FILE, UserFile
from agentsync.copies import STATES
from agentsync.disk import DiskError, LocalDisk
from agentsync.lockfile import LOCK_FILE
from agentsync.model import AgentsyncError, Problem
from agentsync.report import JSON_VERSION, Line, count, hint_line, problem_json, problem_lines
from agentsync.survey import parked
from agentsync.workspace import Machine, Workspace, enabled, find_hub, formats_here, open_hub, project_root, shown, user_file


@click.command(name="check")
@click.argument("path", metavar="[PATH]", required=False)
@click.option("--allow-foreign", is_flag=True, help="Agents of the project's own beside the copies are nothing to complain of.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def check(session: Session, path: str | None, allow_foreign: bool, as_json: bool) -> int:
    """Check that the copies of a project say what they should; made for CI.

    By agentsync.lock alone: copies that were edited or are missing, and agents that no line names. With a hub (-C, or one around the
    project, or the one that knows it) also copies that are behind it. Nothing is written, and nothing but the clone is needed. PATH is a
    project, or a hub with its projects; without it, the one around this folder.
    """
    found = _checked(session, Path(path) if path is not None else None)
    if as_json:
        session.terminal.result(json.dumps(check_json(found), indent=2) + "\n")
    else:
        session.terminal.print(check_lines(found, allow_foreign=allow_foreign))
    wrong = [copy for one in found for copy in one.wrong if not (allow_foreign and copy.state == "foreign")]
    return 1 if wrong or any(problem.severity == "error" for one in found for problem in one.problems) else 0


def _checked(session: Session, path: Path | None) -> list[Checks]:
    """Every project that is meant, checked. AgentsyncError where nothing says what its copies should be."""
    if path is not None and not path.is_dir():
        raise DiskError(Problem("missing", "there is no such folder", path=str(path)))
    machine, disk = Machine.here(), LocalDisk()
    user, _ = user_file(machine, disk)
    root = os.path.realpath(_around(Path.cwd()) if path is None else path)
    # The user's default hub says nothing of a project that it does not know.
    hub = find_hub(session.hub, root, machine, UserFile(hubs=user.hubs))
    space = None if hub is None else open_hub(hub, machine, disk, user)
    if space is not None and session.hub is None and (rest := parked(space)) is not None:
        # What is checked out there is not the hub's truth. Whoever names a hub means it as it is, as CI does.
        session.terminal.say(problem_lines(replace(rest, message=f"{rest.message}; only the lock is asked", severity="note", hint=None)))
        space = None
    formats = formats_here(session.hub, root) if space is None else space.formats
    roots = _projects(space) if space is not None and root == space.root and not (Path(root) / LOCK_FILE).exists() else [root]
    found = [one for folder in roots if (one := check_project(folder, disk, formats, space)) is not None]
    if not found:
        what = f"nothing says what should be in {shown(root)}: there is no {LOCK_FILE}, and no hub that knows it"
        raise AgentsyncError(what, hint=f"agentsync check -C HUB {shown(root)}")
    return found


def _around(here: Path) -> Path:
    """The nearest folder with a lock or a hub's configuration; else that of the repository around us, or this one."""
    for marks in ((LOCK_FILE, HUB_FILE), (".git",)):
        found = next((folder for folder in (here, *here.parents) if any((folder / mark).exists() for mark in marks)), None)
        if found is not None:
            return found
    return here


def _projects(space: Workspace) -> list[str]:
    """The folders of a hub's projects: those enabled here, and what lies inside the hub itself."""
    roots = []
    for name, project in space.config.projects.items():
        root = project_root(space, name)
        inside = root is not None and (root == space.root or root.startswith(space.root + os.sep))
        if root is not None and project.scope == "project" and Path(root).is_dir() and (inside or enabled(space, name)):
            roots.append(root)
    return roots


# ---- saying so ----------------------------------------------------------------------------------------------------


def check_lines(found: Sequence[Checks], *, allow_foreign: bool = False) -> Iterator[Line]:
    """What is wrong in each project, by state, then the numbers."""
    for one in found:
        for problem in one.problems:
            yield from problem_lines(problem)
        wrong = [copy for copy in one.wrong if not (allow_foreign and copy.state == "foreign")]
        for copy in wrong:
            yield _line(copy, one)
        hints = dict.fromkeys(copy.hint for copy in wrong if copy.hint)
        yield from (hint_line(hint, 2) for hint in hints)
        numbers = one.counts
        said = ", ".join(f"{numbers[state]:,} {state}" for state in STATES if numbers.get(state))
        total = count(len(one.copies), "copy", "copies")
        yield (("strong", f"{one.name or shown(one.root)}: "), ("", f"{total}{': ' + said if said else ''}"))


def _line(copy: Checked, one: Checks) -> Line:
    place = shown(one.root, copy.path) if copy.path else copy.target
    entry = f" ({copy.entry})" if copy.entry is not None else ""
    return (("strong", f"{place}{entry}: "), ("warn", copy.state), ("", f" {copy.agent}"), ("faint", f"  {copy.why}" if copy.why else ""))


def check_json(found: Sequence[Checks]) -> dict[str, Any]:
    """The documented object of `check`."""
    copies = [
        {"project": one.name or shown(one.root), "target": copy.target, "agent": copy.agent, "path": copy.path, "entry": copy.entry,
         "state": copy.state, "why": copy.why or None, "hint": copy.hint}
        for one in found for copy in one.copies
    ]
    problems = [problem_json(problem) for one in found for problem in one.problems]
    numbers = {state: sum(one.counts.get(state, 0) for one in found) for state in STATES}
    return {"version": JSON_VERSION, "copies": copies, "problems": problems, "summary": {state: n for state, n in numbers.items() if n}}
