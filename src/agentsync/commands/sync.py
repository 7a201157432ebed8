"""`agentsync sync`: pull, then push."""

from __future__ import annotations

import click

from agentsync.commands.app import Session
from agentsync.commands.running import Asked, carry_out, run_options
from agentsync.sync import SYNC


@click.command()
@run_options(writes=True)
def sync(
    session: Session, projects: tuple[str, ...], every: bool, dry: bool, agents: tuple[str, ...], to: tuple[str, ...], yes: bool,
    overwrite: str, allow_deletes: bool, any_branch: bool, as_json: bool,
) -> int:
    """Pull, then push: hub and copies say the same afterwards, or what keeps them apart is listed.

    Edits on either side are merged field by field. A second sync writes nothing.
    """
    return carry_out(session, SYNC, "sync", Asked(projects, every, dry, agents, to, yes, any_branch, as_json, overwrite, allow_deletes))
