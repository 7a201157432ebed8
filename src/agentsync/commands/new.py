"""`agentsync new`: begin an agent in the hub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import click

from agentsync import codec
from agentsync.commands.app import Session
from agentsync.disk import encode
from agentsync.formats import load
from agentsync.hub import SUFFIX
from agentsync.model import HUB_FORMAT, Agent, AgentsyncError, Rights
from agentsync.report import hint_line, text_line
from agentsync.workspace import open_workspace, shown

# One part of an id: what every file system and every assistant takes for a file name.
_PART: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

_READ_ONLY: Final = ("read.file", "read.grep", "read.glob")

_PROMPT: Final = """\
You are {title}. Say here who the agent is and what it is good at.

When you are called:
1. Look at what there is before you judge it.
2. Do the one thing you were asked to do.
3. Answer with what you found, each point with its file and line.

Say what the agent must never do, and what to do when it is not sure."""


@click.command()
@click.argument("name")
@click.option("--description", help="When to use it; the model that delegates reads this.")
@click.option("--edit", is_flag=True, help="Open it in $EDITOR, on a terminal.")
@click.pass_obj
def new(session: Session, name: str, description: str | None, edit: bool) -> int:
    """Begin a new agent in the hub. NAME is its id, `reviewer` or `shop/reviewer`; it may only read until you say more."""
    space = open_workspace(session.hub)
    identity = checked_id(name, "agentsync new")
    parts = identity.split("/")
    path = f"{space.config.agents.rstrip('/')}/{identity}{SUFFIX}"
    if space.disk.look(space.root, path) is not None:
        raise AgentsyncError(f"there is an agent {identity} already", hint=f"agentsync show {identity}")
    says = description or f"Use this agent to … ({parts[-1]})"
    prompt = _PROMPT.format(title=f"the agent {parts[-1]}")
    agent = Agent(parts[-1], prompt, Rights(allow=_READ_ONLY), {"description": says})
    rendering = codec.write(agent, load(HUB_FORMAT))
    if rendering.refused:
        raise AgentsyncError(rendering.problems[0])
    space.disk.write(space.root, path, encode(rendering.documents[0].text), expected=None)
    session.terminal.say([text_line(f"made: {shown(space.root, path)}", "good")])
    if edit and session.terminal.can_ask:
        click.edit(filename=str(Path(space.root, path)))
    session.terminal.say([hint_line("agentsync push -n" if space.config.projects else "agentsync project add PATH --to claude-code")])
    return 0


def checked_id(name: str, command: str) -> str:
    """The id that a user typed. AgentsyncError for one that no file can have, with one that a file can; `command` is for the hint."""
    identity = name.removesuffix(SUFFIX)
    if not all(_PART.fullmatch(part) for part in identity.split("/")):
        allowed = "small letters, digits, `-`, `_` and `.`, with `/` between folders"
        raise AgentsyncError(f"no id for an agent ({name}), allowed are {allowed}", hint=f"{command} {_suggested(identity)}")
    return identity


def _suggested(identity: str) -> str:
    """An id near the one that was typed."""
    parts = [re.sub(r"[^a-z0-9._-]+", "-", part.lower()).strip("-._") for part in identity.split("/")]
    return "/".join(part for part in parts if part) or "reviewer"
