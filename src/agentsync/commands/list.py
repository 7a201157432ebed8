"""`agentsync list`: the hub's agents."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from typing import Any

import click

from agentsync.commands.app import Session
from agentsync.hub import HubAgent, selects, targets_of
from agentsync.report import JSON_VERSION, Line, clip, count, hint_line, problem_json, problems_lines, text_line
from agentsync.survey import read_agents, unreadable
from agentsync.workspace import Workspace, open_workspace


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_command(session: Session, as_json: bool) -> int:
    """List the hub's agents: id, name, what for, and the formats they go to."""
    space = open_workspace(session.hub)
    agents = [agent for agent in read_agents(space) if agent.status != "skipped"]
    good = [agent for agent in agents if agent.status == "read"]
    bad = unreadable(space, agents)
    formats = _formats_by_agent(space, good)
    if as_json:
        listed = {"version": JSON_VERSION, "agents": [_agent_json(agent, formats.get(agent.id, ())) for agent in agents]}
        session.terminal.result(json.dumps(listed, ensure_ascii=True, indent=2) + "\n")
        return 1 if bad else 0
    session.terminal.print(_lines(good, formats))
    session.terminal.say(problems_lines(bad))
    if not agents:
        session.terminal.say([text_line("the hub holds no agents yet"), hint_line("agentsync new reviewer")])
    else:
        session.terminal.say([text_line(count(len(good), "agent"), "faint")])
    return 1 if bad else 0


def _formats_by_agent(space: Workspace, agents: Sequence[HubAgent]) -> dict[str, tuple[str, ...]]:
    """Where each agent goes, over all projects; a target without copies of its own has those of the one it goes by."""
    targets = [
        (target.format, own.get(target.via or target.format, target))
        for name in space.config.projects for own in ({one.format: one for one in targets_of(space.config, name)},) for target in own.values()
    ]
    return {agent.id: tuple(dict.fromkeys(name for name, target in targets if selects(target, agent))) for agent in agents}


def _lines(agents: Sequence[HubAgent], formats: dict[str, tuple[str, ...]]) -> list[Line]:
    """A table as wide as the terminal; the description gets what the other columns leave."""
    width = shutil.get_terminal_size((140, 24)).columns
    rows = [
        (agent.id, "" if agent.name == agent.id else agent.name, ", ".join(formats.get(agent.id, ())), " ".join(agent.tags))
        for agent in agents
    ]
    wide = [min(40, max((len(row[column]) for row in rows), default=0)) for column in range(4)]
    room = max(20, width - sum(wide) - 8)
    return [
        (
            ("name", f"{identity:<{wide[0]}}"), ("faint", f"  {clip(name, 40):<{wide[1]}}" if wide[1] else ""),
            ("", f"  {clip((agent.agent.description if agent.agent else None) or '', room):<{room}}"),
            ("faint", f"  {clip(targets, 40):<{wide[2]}}" if wide[2] else ""), ("faint", f"  {clip(tags, 40)}" if tags else ""),
        )
        for agent, (identity, name, targets, tags) in zip(agents, rows, strict=True)
    ]


def _agent_json(agent: HubAgent, formats: Sequence[str]) -> dict[str, Any]:
    return {
        "id": agent.id, "name": agent.name, "path": agent.path, "status": agent.status,
        "description": agent.agent.description if agent.agent else None,
        "tags": list(agent.tags), "targets": list(formats),
        "problems": [problem_json(problem) for problem in agent.problems],
    }
