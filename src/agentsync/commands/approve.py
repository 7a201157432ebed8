"""`agentsync approve`: let held changes of copies into the hub, or turn them away."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from agentsync.commands.app import Session
from agentsync.commands.running import clock, opened, show
from agentsync.copies import Copy
from agentsync.hub import matches
from agentsync.model import AgentsyncError
from agentsync.report import Line, count, hint_line, text_line
from agentsync.settle import Open, what_is_open
from agentsync.settle import approve as let_in
from agentsync.settle import reject as turn_away
from agentsync.sync import at_work


@click.command()
@click.argument("agents", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="Every held change, in every project.")
@click.option("--reject", is_flag=True, help="Turn the changes away: the hub's version replaces them. `agentsync undo` brings them back.")
@click.option("--any-branch", is_flag=True, help="Work although another branch of the hub is checked out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def approve(session: Session, agents: tuple[str, ...], every: bool, reject: bool, any_branch: bool, as_json: bool) -> int:
    """Let held changes of copies into the hub.

    A change that came from a project is held where it gives rights, may run something or connect somewhere, or brings
    hidden characters. Approval is bound to the content that stands there now: what is edited afterwards is held again. Without
    ID or --all, held changes are listed.
    """
    started = clock()
    space, names = opened(session, any_branch=any_branch)
    with at_work(space, "approve") as (ledger, _):
        found = what_is_open(space, ledger, names)
        held = found.held if every else _named(found, agents)
        if not agents and not every:
            _list(session, found.held, as_json=as_json)
            return 1 if found.held else 0
        result = (turn_away if reject else let_in)(space, ledger, names, found, held)
    return show(session, result, as_json=as_json, started=started)


def _named(found: Open, agents: Sequence[str]) -> tuple[Copy, ...]:
    """The held copies of these agents. AgentsyncError for a name that fits none."""
    for pattern in agents:
        if not any(matches(copy.agent, (), pattern) for copy in found.held):
            raise AgentsyncError(f"no change of {pattern} is held", hint="agentsync approve")
    return tuple(copy for copy in found.held if any(matches(copy.agent, (), pattern) for pattern in agents))


def _list(session: Session, held: Sequence[Copy], *, as_json: bool) -> None:
    """The held changes, and how to decide them."""
    if as_json:
        listed = [
            {"agent": copy.agent, "project": copy.project, "target": copy.target, "path": copy.path, "why": copy.why.message if copy.why else ""}
            for copy in held
        ]
        session.terminal.result(json.dumps({"version": 1, "held": listed}, ensure_ascii=True, indent=2) + "\n")
        return
    if not held:
        session.terminal.say([text_line("nothing is held", "good")])
        return
    for copy in held:
        why = copy.why.message if copy.why else ""
        line: Line = (("name", copy.agent), ("", f"  {copy.project}:{copy.target}  "), ("warn", why), ("faint", f"  ({copy.path})"))
        session.terminal.print([line])
    many = count(len(held), "held change")
    session.terminal.say([text_line(many), hint_line("agentsync diff --pull  (to see them)"), hint_line("agentsync approve --all  (or --reject)")])
