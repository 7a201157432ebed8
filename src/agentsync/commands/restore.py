"""`agentsync restore`: have copies again that were deleted in a project."""

from __future__ import annotations

import click

from agentsync.commands.app import Session
from agentsync.commands.running import clock, show
from agentsync.commands.tending import ready, the_project
from agentsync.sync import at_work
from agentsync.tend import restore as write_again


@click.command()
@click.argument("identity", metavar="ID")
@click.option("-p", "--project", "project", metavar="PROJECT", help="Which project; else the one around this folder.")
@click.option("-n", "--dry-run", "dry", is_flag=True, help="Show the plan and change nothing.")
@click.option("--any-branch", is_flag=True, help="Work although another branch of the hub is checked out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def restore(session: Session, identity: str, project: str | None, dry: bool, any_branch: bool, as_json: bool) -> int:
    """Have the copies of an agent again that were deleted in a project: they are written as the hub has the agent now."""
    started = clock()
    space, agent = ready(session, identity, any_branch=any_branch)
    name = the_project(space, project)
    with at_work(space, "restore", read_only=dry) as (ledger, _):
        result = write_again(space, ledger, agent, name, dry=dry)
    return show(session, result, dry=dry, as_json=as_json, started=started)
