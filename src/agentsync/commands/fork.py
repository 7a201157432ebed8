"""`agentsync fork`: make a project's version of an agent an agent of its own."""

from __future__ import annotations

from shlex import quote

import click

from agentsync.commands.app import Session
from agentsync.commands.tending import finish, ready, the_project
from agentsync.sync import at_work
from agentsync.tend import fork as part


@click.command()
@click.argument("identity", metavar="ID")
@click.option("-p", "--project", "project", metavar="PROJECT", help="Which project; else the one around this folder.")
@click.option("--take", metavar="FORMAT", help="Whose version, where the project's copies say different things.")
@click.option("--any-branch", is_flag=True, help="Work although another branch of the hub is checked out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def fork(session: Session, identity: str, project: str | None, take: str | None, any_branch: bool, as_json: bool) -> int:
    """Make a project's version of an agent an agent of its own, with the id PROJECT/NAME, selected there and nowhere else.

    The edits that were made in the project become part of it; the agent it came from stays as it is for all other projects.
    """
    space, agent = ready(session, identity, any_branch=any_branch)
    name = the_project(space, project)
    with at_work(space, "fork") as (ledger, _):
        new, result = part(space, ledger, agent, name, take)
    said = f"{name} has {new} now, and no longer {agent.id}"
    return finish(session, result, said, (f"agentsync show {quote(new)}", f"agentsync push {name} -n"), as_json=as_json)
