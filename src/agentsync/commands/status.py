"""`agentsync status`: how hub and copies stand."""

from __future__ import annotations

import json
import os

import click

from agentsync.commands.app import Session, formats_of
from agentsync.model import AgentsyncError
from agentsync.snapshot import Wishes
from agentsync.status import status_json, status_lines, status_of
from agentsync.sync import at_work
from agentsync.watch.state import look_up
from agentsync.workspace import open_workspace, projects_meant


@click.command()
@click.argument("projects", nargs=-1, metavar="[PROJECT]...")
@click.option("--all", "every", is_flag=True, help="Every project of the hub, not only the one around this folder.")
@click.option("--agent", "agents", multiple=True, metavar="ID|GLOB|tag:T", help="Only these agents.")
@click.option("--to", "to", multiple=True, metavar="F[,F]", help="Only these formats.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: every copy with its state, rights and hub commit.")
@click.pass_obj
def status(session: Session, projects: tuple[str, ...], every: bool, agents: tuple[str, ...], to: tuple[str, ...], as_json: bool) -> int:
    """Show how hub and copies stand, project by project.

    Two columns stand before each copy that is not as it should be: what changed there since it was last agreed, and what the
    next sync would do. Nothing is written.
    """
    space = open_workspace(session.hub)
    names = projects_meant(space, projects, os.path.realpath(os.curdir), every=every)
    if not names and not as_json:
        raise AgentsyncError("the hub has no projects yet", hint="agentsync project add PATH --to claude-code")
    with at_work(space, "status", read_only=True) as (ledger, _):
        found = status_of(space, ledger, names, Wishes(agents, formats_of(to, space.formats)), rights=as_json)
    if as_json:
        session.terminal.result(json.dumps(status_json(found), ensure_ascii=True, indent=2) + "\n")
    else:
        session.terminal.print(status_lines(found, session.terminal.width))
        told = look_up(space)
        if told.running:
            session.terminal.print([(("faint", f"agentsync watch keeps this hub in sync (process {told.about.get('pid', 'unknown')})"),)])
    needs_you = any(row.needs_you for row in found.rows)
    stopped = any(outcome.state in ("stopped", "missing") for outcome in found.plan.projects)
    return 1 if needs_you or stopped else 0
