"""`agentsync push`: bring the copies in projects up to the hub, one way."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence

import click

from agentsync.commands.app import Session, choice_error
from agentsync.formats import known_ids
from agentsync.model import AgentsyncError, Problem
from agentsync.plan import plan_push
from agentsync.report import hint_line, problem_lines
from agentsync.snapshot import Wishes
from agentsync.sync import Result, apply, at_work, look, parked
from agentsync.sync_report import push_exit, push_json, push_lines, with_problems
from agentsync.workspace import Workspace, enable, enabled, identified, open_workspace, project_root, projects_meant

OVERWRITES = ("edited", "foreign")


@click.command()
@click.argument("projects", nargs=-1, metavar="[PROJECT]...")
@click.option("--all", "every", is_flag=True, help="Every project of the hub, not only the one around this folder.")
@click.option("-n", "--dry-run", "dry", is_flag=True, help="Show the plan and change nothing.")
@click.option("--agent", "agents", multiple=True, metavar="ID|GLOB|tag:T", help="Only these agents.")
@click.option("--to", "to", multiple=True, metavar="F[,F]", help="Only these formats.")
@click.option("-y", "--yes", is_flag=True, help="Enable projects that are met for the first time on this machine.")
@click.option("--overwrite", metavar="edited,foreign", default="", help="Also replace copies that were edited, or files in the way.")
@click.option("--allow-deletes", is_flag=True, help="Remove copies even where that is many at once.")
@click.option("--any-branch", is_flag=True, help="Work although another branch of the hub is checked out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def push(
    session: Session, projects: tuple[str, ...], every: bool, dry: bool, agents: tuple[str, ...], to: tuple[str, ...], yes: bool,
    overwrite: str, allow_deletes: bool, any_branch: bool, as_json: bool,
) -> int:
    """Bring the copies in projects up to the hub.

    Copies are created, updated, and removed where their agent left the hub. What agentsync did not write, and what was edited
    since, is listed and left alone. A second push writes nothing.
    """
    started = time.monotonic()
    wishes = Wishes(agents, formats_of(to), _overwrites(overwrite), allow_deletes)
    space = open_workspace(session.hub)
    names = projects_meant(space, projects, os.path.realpath(os.curdir), every=every)
    if not names:
        raise AgentsyncError("the hub has no projects yet", hint="agentsync project add PATH --to claude-code")
    rest = None if any_branch else parked(space)
    if rest is not None:
        return _rest(session, rest, as_json=as_json, dry=dry)
    if not dry:
        met = len(names) == 1 or bool(projects) or every
        space = identified(_enable_met(session, space, names if met else (), yes=yes))
    result = _run(session, space, names, wishes, dry=dry)
    if as_json:
        session.terminal.result(json.dumps(push_json(result, dry=dry), ensure_ascii=True, indent=2) + "\n")
    else:
        session.terminal.say(push_lines(result, dry=dry, seconds=time.monotonic() - started))
    return push_exit(result)


def _run(session: Session, space: Workspace, names: Sequence[str], wishes: Wishes, *, dry: bool) -> Result:
    """Look, plan, and unless it is a dry run, apply."""
    with at_work(space, "push", read_only=dry) as (ledger, notes), session.terminal.progress("pushing") as tell:
        sight = look(space, ledger, names, tell)
        plan = plan_push(sight.snapshot, wishes)
        result = Result(plan) if dry else apply(space, ledger, sight, plan, "push", tell)
    return with_problems(result, notes)


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
    if not new:
        return space
    listed = ", ".join(f"{name} ({root})" for name, root in new.items())
    if yes or session.terminal.ask(f"Not enabled on this machine: {listed}. Enable and write there?"):
        return enable(space, new)
    if not session.terminal.can_ask:
        session.terminal.say([hint_line("agentsync push -y enables what was never enabled here")])
    return space


def formats_of(names: Sequence[str]) -> tuple[str, ...]:
    """The ids of `a,b` and repeated options, each once. AgentsyncError for one that is no format, with the near miss."""
    ids = tuple(dict.fromkeys(part.strip() for name in names for part in name.split(",") if part.strip()))
    for format_id in ids:
        if format_id not in known_ids():
            raise choice_error("format", format_id, known_ids(), hint="agentsync formats")
    return ids


def _overwrites(words: str) -> frozenset[str]:
    found = frozenset(word.strip() for word in words.split(",") if word.strip())
    for word in sorted(found):
        if word not in OVERWRITES:
            raise choice_error("state to overwrite", word, OVERWRITES)
    return found
