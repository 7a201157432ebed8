"""`agentsync push`: bring the copies in projects up to the hub, one way."""

from __future__ import annotations

import click

from agentsync.commands.app import Session
from agentsync.commands.running import Asked, carry_out, run_options
from agentsync.sync import PUSH


@click.command()
@run_options(writes=True)
def push(
    session: Session, projects: tuple[str, ...], every: bool, dry: bool, agents: tuple[str, ...], to: tuple[str, ...], yes: bool,
    overwrite: str, allow_deletes: bool, any_branch: bool, as_json: bool,
) -> int:
    """Bring the copies in projects up to the hub.

    Copies are created, updated, and removed where their agent left the hub. What agentsync did not write, and what was edited
    since, is listed and left alone. A second push writes nothing.
    """
    return carry_out(session, PUSH, "push", Asked(projects, every, dry, agents, to, yes, any_branch, as_json, overwrite, allow_deletes))
