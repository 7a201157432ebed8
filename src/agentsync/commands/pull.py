"""`agentsync pull`: take what was edited in copies into the hub."""

from __future__ import annotations

import click

from agentsync.commands.app import Session
from agentsync.commands.running import Asked, carry_out, run_options
from agentsync.sync import PULL


@click.command()
@run_options(writes=False)
def pull(
    session: Session, projects: tuple[str, ...], every: bool, dry: bool, agents: tuple[str, ...], to: tuple[str, ...], yes: bool,
    any_branch: bool, as_json: bool,
) -> int:
    """Take what was edited in copies into the hub; copies stay as they are.

    Only the fields that changed go to the hub, merged with its own changes and with those of other copies. What two sides
    changed differently is a conflict: both versions stay where they are until `agentsync resolve`. A change that gives rights or
    may run something is held until `agentsync approve`.
    """
    return carry_out(session, PULL, "pull", Asked(projects, every, dry, agents, to, yes, any_branch, as_json))
