"""`agentsync remove`: delete an agent of the hub."""

from __future__ import annotations

import click

from agentsync.commands.app import Session
from agentsync.commands.tending import copies_words, finish, ready
from agentsync.report import some_of, text_line
from agentsync.sync import at_work
from agentsync.tend import copies_of
from agentsync.tend import remove as take_out


@click.command()
@click.argument("identity", metavar="ID")
@click.option("--any-branch", is_flag=True, help="Work although another branch of the hub is checked out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def remove(session: Session, identity: str, any_branch: bool, as_json: bool) -> int:
    """Delete an agent of the hub. Its unchanged copies go with the next push; those that were edited stay, as conflicts.

    `agentsync undo` brings it back. To leave it out of one project only, use `agentsync exclude`.
    """
    space, agent = ready(session, identity, any_branch=any_branch)
    with at_work(space, "remove") as (ledger, _):
        copies = copies_of(space, ledger, agent.id)
        result = take_out(space, ledger, agent)
    if copies and not as_json and not result.failed:
        where = [f"{copy.project}: {copy.path}" for copy in copies]
        session.terminal.say([text_line(f"the next push removes {copies_words(len(copies))} ({some_of(where)})", "warn")])
    return finish(session, result, f"{agent.id} is gone from the hub", ("agentsync push -n", "agentsync undo"), as_json=as_json)
