"""Which values of its keys Copilot CLI 1.0.102 takes, and what it does with the two keys its documentation does not name."""

from __future__ import annotations

import pytest

from agentsync import codec
from agentsync.formats import load
from agentsync.model import Agent, Document, Reading

TAKEN = [
    "mcp-servers:",
    "mcp-servers: {}",
    "mcp-servers: {one: {type: local, command: run, args: [], tools: ['*']}}",
    "model: gpt-5",
    'model: ""',
    "model: [gpt-5, gpt-4.1]",
    "hooks: {}",
    "skills: []",
    "reasoning-effort: high",
    "reasoning-effort: a word nobody knows",
    'reasoning-effort: ""',
    # What the CLI does not know at all it ignores with a warning, whatever it holds.
    "user-invokable: 5",
    "target: [a]",
    "argument-hint: [a]",
    "handoffs: 5",
    "agents: 5",
    "metadata: [a]",
]
REFUSED = [
    "mcp-servers: []",
    "mcp-servers: [a, b]",
    "mcp-servers: text",
    "model: []",
    "model: [5]",
    "model: {a: b}",
    "model:",
    "hooks:",
    "hooks: []",
    "hooks: text",
    "skills:",
    "skills: text",
    "skills: [5]",
    "reasoning-effort:",
    "reasoning-effort: 5",
    "user-invocable:",
    "infer:",
    "disable-model-invocation:",
]


def _read(line: str) -> Reading:
    text = f"---\nname: x\ndescription: d\ntools: [read]\n{line}\n---\n\nYou read.\n"
    [reading] = codec.read(Document(".github/agents/x.agent.md", text), load("copilot"))
    return reading


@pytest.mark.parametrize("line", TAKEN)
def test_a_value_that_the_client_takes_is_read(line: str) -> None:
    assert _read(line).status == "read"


@pytest.mark.parametrize("line", REFUSED)
def test_a_value_that_makes_the_client_refuse_the_file_refuses_it(line: str) -> None:
    reading = _read(line)
    assert reading.status == "refused"
    assert reading.problems[0].line == 5


def test_effort_and_skills_travel() -> None:
    agent = Agent("x", "You read.", fields={"description": "d", "effort": "high", "skills": ["pdf"]})
    rendering = codec.write(agent, load("copilot"))
    assert "reasoning-effort: high\n" in rendering.documents[0].text
    assert "skills: [pdf]\n" in rendering.documents[0].text
    assert rendering.losses == ()
    [reading] = codec.read(rendering.documents[0], load("copilot"))
    assert reading.agent == agent
