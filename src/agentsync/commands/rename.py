"""`agentsync rename`: give an agent of the hub another id."""

from __future__ import annotations

import click

from agentsync.commands.app import Session
from agentsync.commands.new import checked_id
from agentsync.commands.tending import finish, ready
from agentsync.model import AgentsyncError
from agentsync.sync import at_work
from agentsync.tend import rename as give_id


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--any-branch", is_flag=True, help="Work although another branch of the hub is checked out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def rename(session: Session, old: str, new: str, any_branch: bool, as_json: bool) -> int:
    """Give an agent of the hub another id: its file moves, and selections that name it follow.

    Its name, which assistants know it by, stays; so its copies stay too, and belong to the new id from the next push on.
    """
    space, agent = ready(session, old, any_branch=any_branch)
    identity = checked_id(new, f"agentsync rename {old}")
    if identity == agent.id:
        raise AgentsyncError(f"it is called {identity} already", hint=f"agentsync show {identity}")
    with at_work(space, "rename") as (ledger, _):
        result = give_id(space, ledger, agent, identity)
    name = f"; its name stays {agent.name}" if agent.name != identity.rpartition("/")[2] else ""
    return finish(session, result, f"{agent.id} is {identity} now{name}", ("agentsync push -n",), as_json=as_json)
