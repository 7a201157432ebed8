"""`agentsync skip --refused`: leave refused agents out where they are refused, and call that settled."""

from __future__ import annotations

import click

from agentsync.commands.allow import tell
from agentsync.commands.app import Session, formats_of
from agentsync.decide import decide_targets, leave_out, of_one, refusals
from agentsync.model import AgentsyncError
from agentsync.workspace import open_workspace


@click.command()
@click.option("--refused", is_flag=True, help="Decide what is refused now.")
@click.option("--for", "for_", multiple=True, metavar="F[,F]", help="Only for these formats.")
@click.option("--agent", "agents", multiple=True, metavar="ID|GLOB|tag:T", help="Only these; they leave the target's selection.")
@click.pass_obj
def skip(session: Session, refused: bool, for_: tuple[str, ...], agents: tuple[str, ...]) -> int:
    """Leave refused agents out where they are refused.

    Without --agent the target gets `on_refused: skip` in agentsync.yaml, for whatever is refused there now or later. With --agent
    these agents are taken out of the target's selection.
    """
    if not refused:
        raise AgentsyncError("say what to decide", hint="agentsync skip --refused")
    space = open_workspace(session.hub)
    found = refusals(space, agents, formats_of(for_, space.formats))
    own = [copy for copy in found if of_one(copy)]
    done = leave_out(space, found) if agents else decide_targets(space, own, "on_refused", "skip")
    tell(session, done, "nothing is refused that this could settle")
    return 0
