"""`agentsync edit`: open an agent of the hub in the user's editor."""

from __future__ import annotations

import os
from pathlib import Path

import click

from agentsync.commands.app import Session
from agentsync.commands.show import find_agent
from agentsync.model import AgentsyncError
from agentsync.report import hint_line, problems_lines, text_line
from agentsync.survey import read_agents
from agentsync.workspace import open_workspace, shown


@click.command()
@click.argument("identity", metavar="ID")
@click.pass_obj
def edit(session: Session, identity: str) -> int:
    """Open an agent of the hub in $VISUAL or $EDITOR, and say afterwards what is wrong with it, if anything."""
    space = open_workspace(session.hub)
    agent = find_agent(space, identity)
    path = shown(space.root, agent.path)
    if not session.terminal.can_ask and not any(os.environ.get(name) for name in ("VISUAL", "EDITOR")):
        raise AgentsyncError(f"no editor is set, and this is no terminal; the file is {path}", hint=f"EDITOR=vi agentsync edit {agent.id}")
    click.edit(filename=str(Path(space.root, agent.path)))
    now = next((one for one in read_agents(space) if one.id == agent.id), None)
    if now is None:
        raise AgentsyncError(f"{path} is gone", hint=f"git -C {shown(space.root)} restore {agent.path}")
    session.terminal.say(problems_lines(now.problems))
    if now.agent is None:
        if not now.problems:
            session.terminal.say([text_line(f"{path} is no agent any more: it has no head", "bad")])
        session.terminal.say([hint_line(f"agentsync edit {agent.id}")])
        return 1
    if now.text == agent.text:
        session.terminal.say([text_line(f"{agent.id} is unchanged", "faint")])
        return 0
    if now.name != agent.name:
        session.terminal.say([text_line(f"its name was {agent.name}, and is {now.name} now: the next push renames its copies", "warn")])
    session.terminal.say([text_line(f"{agent.id} is changed", "good"), hint_line("agentsync push -n")])
    return 0
