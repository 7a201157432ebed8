"""`agentsync show`: one agent of the hub, as it stands there or as it would be written elsewhere."""

from __future__ import annotations

import json
from typing import Any

import click

from agentsync import codec
from agentsync.commands.app import Session, choice_error, formats_of
from agentsync.hub import HubAgent, models_for
from agentsync.model import AgentsyncError, Problem, Rendering
from agentsync.report import JSON_VERSION, loss_group_lines, loss_json, problem_json, problems_lines
from agentsync.survey import read_agents
from agentsync.workspace import Workspace, open_workspace


@click.command()
@click.argument("identity", metavar="ID")
@click.option("--to", "to", multiple=True, metavar="F", help="Show what would be written for this format.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show(session: Session, identity: str, to: tuple[str, ...], as_json: bool) -> int:
    """Show one agent: its file in the hub, or with --to what would be written for another format."""
    space = open_workspace(session.hub)
    agent = find_agent(space, identity)
    formats = formats_of(to, space.formats)
    if as_json:
        session.terminal.result(json.dumps(_json(space, agent, formats), ensure_ascii=True, indent=2) + "\n")
        return 0 if agent.agent is not None else 1
    session.terminal.say(problems_lines(agent.problems))
    if agent.agent is None or not formats:
        session.terminal.result(agent.text)
        return 0 if agent.agent is not None else 1
    if len(formats) > 1:
        raise AgentsyncError("one format at a time, or --json", hint=f"agentsync show {identity} --to {formats[0]}")
    rendering = _rendering(space, agent, formats[0])
    session.terminal.say(loss_group_lines(((agent.id, loss) for loss in rendering.losses), 0))
    session.terminal.say(problems_lines(rendering.problems))
    if rendering.refused:
        return 1
    session.terminal.result(rendering.documents[0].text)
    return 0


def find_agent(space: Workspace, identity: str) -> HubAgent:
    """The agent of this id, or of this name where only one has it."""
    agents = [agent for agent in read_agents(space) if agent.status != "skipped"]
    by_id = [agent for agent in agents if agent.id == identity]
    by_name = [agent for agent in agents if agent.name == identity]
    if by_id:
        return by_id[0]
    if len(by_name) == 1:
        return by_name[0]
    if by_name:
        ids = ", ".join(agent.id for agent in by_name)
        raise AgentsyncError(Problem("ambiguous", f"several agents are called {identity} ({ids})", hint=f"agentsync show {by_name[0].id}"))
    raise choice_error("agent", identity, [agent.id for agent in agents], hint="agentsync list")


def _rendering(space: Workspace, agent: HubAgent, format_id: str) -> Rendering:
    assert agent.agent is not None  # noqa: S101 - the caller asked
    allow = format_id in (agent.agent.words("allow_widening") or ())
    return codec.write(agent.agent, space.formats.load(format_id), models=models_for(space.config, format_id), allow_widening=allow)


def _json(space: Workspace, agent: HubAgent, formats: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "version": JSON_VERSION, "id": agent.id, "name": agent.name, "path": agent.path, "status": agent.status, "content": agent.text,
        "problems": [problem_json(problem) for problem in agent.problems], "to": [],
    }
    if agent.agent is None:
        return found
    rights = agent.agent.rights
    found["description"] = agent.agent.description
    found["tags"] = list(agent.tags)
    found["rights"] = {"allow": None if rights.allow is None else list(rights.allow), "deny": list(rights.deny), "ask": list(rights.ask)}
    for format_id in formats:
        rendering = _rendering(space, agent, format_id)
        found["to"].append({
            "format": format_id, "status": "refused" if rendering.refused else "written",
            "path": None if rendering.refused else rendering.documents[0].path,
            "content": None if rendering.refused else rendering.documents[0].text,
            "losses": [loss_json(loss) for loss in rendering.losses],
            "problems": [problem_json(problem) for problem in rendering.problems],
        })
    return found
