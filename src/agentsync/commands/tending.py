"""What the commands about one agent have in common: which agent, which project, and how they end."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

from agentsync.commands.app import Session, choice_error
from agentsync.commands.show import find_agent
from agentsync.hub import HubAgent
from agentsync.model import AgentsyncError
from agentsync.report import count, hint_line, problem_lines, problems_lines, text_line
from agentsync.survey import parked
from agentsync.sync import Result
from agentsync.sync_report import push_exit, push_json
from agentsync.workspace import Workspace, identified, open_workspace, projects_meant


def ready(session: Session, identity: str, *, any_branch: bool = False) -> tuple[Workspace, HubAgent]:
    """The hub, and the agent that is meant. AgentsyncError where the hub is parked, or there is no such agent."""
    space = open_workspace(session.hub)
    rest = parked(space, any_branch=any_branch)
    if rest is not None:
        raise AgentsyncError(rest)
    return identified(space), find_agent(space, identity)


def the_project(space: Workspace, named: str | None) -> str:
    """The project that is meant: by -p, else the one around this folder. AgentsyncError where there is none."""
    if named is not None:
        if named not in space.config.projects:
            raise choice_error("project", named, tuple(space.config.projects), hint="agentsync project list")
        return named
    around = projects_meant(space, (), os.path.realpath(os.curdir), every=False)
    if len(around) != 1:
        raise AgentsyncError("say for which project: -p PROJECT", hint="agentsync project list")
    return around[0]


def finish(session: Session, result: Result, said: str, hints: Iterable[str] = (), *, as_json: bool) -> int:
    """Say what was done, and the exit code."""
    if as_json:
        session.terminal.result(json.dumps(push_json(result, dry=False), ensure_ascii=True, indent=2) + "\n")
        return push_exit(result)
    for _, problem in result.failed:
        session.terminal.say(problem_lines(problem))
    session.terminal.say(problems_lines(result.plan.problems))
    if not result.failed:
        commit = f"; hub commit {result.commit[:9]}" if result.commit else ""
        session.terminal.say([text_line(f"{said}{commit}", "good"), *(hint_line(hint) for hint in hints)])
    return push_exit(result)


def copies_words(number: int) -> str:
    """`1 copy`, `3 copies`."""
    return count(number, "copy", "copies")
