"""`agentsync allow --refused`: let refused agents be written, with more rights than they have."""

from __future__ import annotations

import click

from agentsync.commands.app import Session, formats_of
from agentsync.decide import Decision, allow_agents, decide_targets, of_rights, refusals
from agentsync.model import AgentsyncError
from agentsync.report import count, hint_line, text_line
from agentsync.survey import read_agents
from agentsync.workspace import open_workspace


@click.command()
@click.option("--refused", is_flag=True, help="Decide what is refused now.")
@click.option("--for", "for_", multiple=True, metavar="F[,F]", help="Only for these formats.")
@click.option("--agent", "agents", multiple=True, metavar="ID|GLOB|tag:T", help="Only these agents; it goes into their own files.")
@click.pass_obj
def allow(session: Session, refused: bool, for_: tuple[str, ...], agents: tuple[str, ...]) -> int:
    """Let refused agents be written where they would gain rights.

    Without --agent every agent of the target is meant, also later ones: agentsync.yaml gets `allow_widening: true`. With --agent
    the agents' own files get `allow_widening: [F]`.
    """
    if not refused:
        raise AgentsyncError("say what to decide", hint="agentsync allow --refused")
    space = open_workspace(session.hub)
    found = [copy for copy in refusals(space, agents, formats_of(for_, space.formats)) if of_rights(copy)]
    if agents:
        done = allow_agents(space, {agent.id: agent for agent in read_agents(space)}, found)
    else:
        done = decide_targets(space, found, "allow_widening", True)
    tell(session, done, "nothing is refused for its rights")
    return 0


def tell(session: Session, done: list[Decision], nothing: str) -> None:
    """Say what was written into the hub, or that there was nothing to decide."""
    if not done:
        session.terminal.say([text_line(nothing)])
        return
    session.terminal.say(text_line(f"{one.path}: {one.line}  ({count(one.settles, 'refusal')})", "good") for one in done)
    session.terminal.say([hint_line("agentsync push")])
