"""What push, pull and sync have in common: their options, what they mean, and how they end."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import click

from agentsync.commands.app import Session, choice_error, formats_of
from agentsync.formats import Registry
from agentsync.ledger import Ledger
from agentsync.model import AgentsyncError, Problem
from agentsync.report import count, hint_line, problem_lines, some_of
from agentsync.snapshot import Wishes
from agentsync.survey import parked
from agentsync.sync import Direction, Result, at_work, run
from agentsync.sync_report import push_exit, push_json, push_lines, with_problems
from agentsync.workspace import Workspace, enable, enabled, identified, open_workspace, project_root, projects_meant

OVERWRITES = ("edited", "foreign")

_OPTIONS = (
    click.argument("projects", nargs=-1, metavar="[PROJECT]..."),
    click.option("--all", "every", is_flag=True, help="Every project of the hub, not only the one around this folder."),
    click.option("-n", "--dry-run", "dry", is_flag=True, help="Show the plan and change nothing."),
    click.option("--agent", "agents", multiple=True, metavar="ID|GLOB|tag:T", help="Only these agents."),
    click.option("--to", "to", multiple=True, metavar="F[,F]", help="Only these formats."),
    click.option("-y", "--yes", is_flag=True, help="Enable projects that are met for the first time on this machine."),
    click.option("--any-branch", is_flag=True, help="Work although another branch of the hub is checked out."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    click.pass_obj,
)
_WRITING = (
    click.option("--overwrite", metavar="edited,foreign", default="", help="Also replace copies that were edited, or files in the way."),
    click.option("--allow-deletes", is_flag=True, help="Remove copies even where that is many at once; take many that were deleted for meant."),
)


def run_options(*, writes: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of a command that runs; with `writes` those about copies that are replaced or removed."""

    def given(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed((*_OPTIONS[:5], *(_WRITING if writes else ()), *_OPTIONS[5:])):
            function = option(function)
        return function

    return given


@dataclass(frozen=True, slots=True)
class Asked:
    """The values of the common options."""

    projects: tuple[str, ...]
    every: bool
    dry: bool
    agents: tuple[str, ...]
    to: tuple[str, ...]
    yes: bool
    any_branch: bool
    as_json: bool
    overwrite: str = ""
    allow_deletes: bool = False

    def wishes(self, formats: Registry) -> Wishes:
        """What the planner is told."""
        return Wishes(self.agents, formats_of(self.to, formats), _overwrites(self.overwrite), self.allow_deletes)


def carry_out(session: Session, way: Direction, command: str, asked: Asked) -> int:
    """One run, from the options to the exit code."""
    started = time.monotonic()
    space = open_workspace(session.hub)
    wishes = asked.wishes(space.formats)
    names = projects_meant(space, asked.projects, os.path.realpath(os.curdir), every=asked.every)
    if not names:
        raise AgentsyncError("the hub has no projects yet", hint="agentsync project add PATH --to claude-code")
    rest = parked(space, any_branch=asked.any_branch)
    if rest is not None:
        return _rest(session, rest, as_json=asked.as_json, dry=asked.dry)
    if not asked.dry:
        met = len(names) == 1 or bool(asked.projects) or asked.every
        space = identified(_enable_met(session, space, names if met else (), yes=asked.yes))
    with at_work(space, command, read_only=asked.dry) as (ledger, notes), session.terminal.progress(f"{command}ing") as tell:
        taken: tuple[Problem, ...] = ()
        if way.pull and not asked.dry:
            space, taken = _adopted(space, ledger, names)
        result = run(space, ledger, names, wishes, way, command, tell, dry=asked.dry, each=asked.as_json)
    notes = (*notes, *taken)
    return show(session, with_problems(result, notes), dry=asked.dry, as_json=asked.as_json, started=started)


def _adopted(space: Workspace, ledger: Ledger, names: Sequence[str]) -> tuple[Workspace, tuple[Problem, ...]]:
    """Take in the new agents of projects that say `adopt: auto`: the hub after it, and what is to be said."""
    if not any(space.config.projects[name].adopt == "auto" for name in names):
        return space, ()
    from agentsync.adopt import adopt_by_itself

    space, found, result = adopt_by_itself(space, ledger, names)
    if found is None or result is None:
        return space, ()
    told = []
    for project in dict.fromkeys(one.project for one in found.adoption.adopted):
        ids = [one.agent.id for one in found.adoption.adopted if one.project == project]
        what = f"{project}: {count(len(ids), 'new agent')} adopted ({some_of(ids)})"
        told.append(Problem("adopted", what, hint=f"agentsync undo {result.run}" if result.run else None, severity="note"))
    return space, (*told, *(replace(problem, severity="error") for _, problem in result.failed))


def show(session: Session, result: Result, *, dry: bool = False, as_json: bool = False, started: float | None = None) -> int:
    """Say what a run did, and its exit code."""
    if as_json:
        session.terminal.result(json.dumps(push_json(result, dry=dry), ensure_ascii=True, indent=2) + "\n")
    else:
        tell = session.terminal.print if dry else session.terminal.say      # the plan is what a dry run was asked for
        tell(push_lines(result, dry=dry, seconds=None if started is None else time.monotonic() - started))
    return push_exit(result)


def opened(session: Session, *, any_branch: bool = False) -> tuple[Workspace, tuple[str, ...]]:
    """The hub and all its projects, for a command that answers what runs left open. AgentsyncError where the hub is parked."""
    space = open_workspace(session.hub)
    rest = parked(space, any_branch=any_branch)
    if rest is not None:
        raise AgentsyncError(rest)
    return identified(space), tuple(space.config.projects)


def clock() -> float:
    """Now, for `show` to say how long a run took; seconds from some moment."""
    return time.monotonic()


def _rest(session: Session, why: Problem, *, as_json: bool, dry: bool) -> int:
    """The hub is parked: say so, change nothing."""
    from agentsync.copies import Plan

    if as_json:
        session.terminal.result(json.dumps(push_json(Result(Plan(problems=(why,))), dry=dry), ensure_ascii=True, indent=2) + "\n")
    else:
        session.terminal.say(problem_lines(why))
    return 1


def _enable_met(session: Session, space: Workspace, names: Sequence[str], *, yes: bool) -> Workspace:
    """Ask about projects this machine's user never enabled. What arrives by git stays untouched until somebody says yes."""
    new = {name: root for name in names if not enabled(space, name) and (root := project_root(space, name)) is not None}
    new = {name: root for name, root in new.items() if space.disk.identity(root) is not None}
    sought = [name for name in names if space.config.projects[name].repo and not enabled(space, name) and name not in new]
    if sought and space.user.roots:
        from agentsync.remotes import clones  # only who has such a project looks for it

        new |= {name: roots[0] for name, roots in clones(space, sought).items() if len(roots) == 1}
    if not new:
        return space
    listed = ", ".join(f"{name} ({root})" for name, root in new.items())
    if yes or session.terminal.ask(f"Not enabled on this machine: {listed}. Enable and write there?"):
        return enable(space, new)
    if not session.terminal.can_ask:
        session.terminal.say([hint_line("agentsync push -y enables what was never enabled here")])
    return space


def _overwrites(words: str) -> frozenset[str]:
    found = frozenset(word.strip() for word in words.split(",") if word.strip())
    for word in sorted(found):
        if word not in OVERWRITES:
            raise choice_error("state to overwrite", word, OVERWRITES)
    return found
