"""`agentsync exclude`: leave an agent out of a project."""

from __future__ import annotations

import click

from agentsync.commands.app import Session
from agentsync.commands.tending import finish, ready, the_project
from agentsync.sync import at_work
from agentsync.tend import exclude as leave_out


@click.command()
@click.argument("identity", metavar="ID")
@click.option("-p", "--project", "project", metavar="PROJECT", help="Which project; else the one around this folder.")
@click.option("--any-branch", is_flag=True, help="Work although another branch of the hub is checked out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def exclude(session: Session, identity: str, project: str | None, any_branch: bool, as_json: bool) -> int:
    """Leave an agent out of a project: it is no longer selected there, and its unchanged copies go with the next push.

    Also the answer to a copy that was deleted in a project and is to stay deleted.
    """
    space, agent = ready(session, identity, any_branch=any_branch)
    name = the_project(space, project)
    with at_work(space, "exclude") as (ledger, _):
        result = leave_out(space, ledger, agent, name)
    return finish(session, result, f"{name} no longer selects {agent.id}", (f"agentsync push {name} -n",), as_json=as_json)
