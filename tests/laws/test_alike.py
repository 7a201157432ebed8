"""Agents that are alike but for their texts are written from one form: the answer is the one that each would get alone."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsync import codec
from agentsync.codec import alike
from agentsync.codec.compiled import compile_format
from agentsync.formats import known_ids, load
from agentsync.formats.rules import Format
from agentsync.model import Agent, Rendering
from tests.laws.samples import samples
from tests.strategies import agents, descriptions, prompts

WRITTEN = [name for name in known_ids() if load(name).direction != "read"]
# Some are names of the clients' own agents, of which the report speaks.
names = st.one_of(st.from_regex(r"[a-z][a-z0-9]{1,8}(-[a-z0-9]{1,5}){0,2}", fullmatch=True), st.sampled_from(["plan", "explore", "general-purpose"]))


def alone(agent: Agent, fmt: Format) -> Rendering:
    """What the agent is written as where no other was before it."""
    compile_format(fmt).memo.clear()
    return codec.write(agent, fmt, allow_widening=True)


@cache
def read_agents() -> tuple[Agent, ...]:
    """Real agents, with all that people write into them."""
    rules = load("claude-code")
    found = [reading.agent for sample in samples("claude-code") for reading in codec.read(sample.document, rules) if reading.status == "read"]
    return tuple(agent for agent in found if agent is not None)


@pytest.mark.parametrize("name", WRITTEN)
@settings(max_examples=30)
@given(agent=agents, others=st.lists(st.tuples(names, descriptions, prompts), min_size=1, max_size=3))
def test_an_agent_is_written_after_its_like_as_it_is_alone(name: str, agent: Agent, others: list[tuple[str, str, str]]) -> None:
    fmt = load(name)
    alikes = [replace(agent, name=n, prompt=p, fields={**agent.fields, "description": d}) for n, d, p in others]
    expected = [alone(one, fmt) for one in (agent, *alikes)]
    for first in (agent, *alikes):
        alone(first, fmt)
        assert [codec.write(one, fmt, allow_widening=True) for one in (agent, *alikes)] == expected


@pytest.mark.parametrize("name", WRITTEN)
def test_the_agents_of_a_folder_are_written_as_each_is_alone(name: str) -> None:
    fmt, found = load(name), read_agents()
    expected = [alone(agent, fmt) for agent in found]
    compile_format(fmt).memo.clear()
    assert [codec.write(agent, fmt, allow_widening=True) for agent in found] == expected


def test_agents_that_are_alike_have_one_form() -> None:
    fmt = load("opencode")
    compile_format(fmt).memo.clear()
    plain = Agent("first-one", "Read it.", fields={"description": "Reads", "color": "red"})
    for number in range(5):
        codec.write(replace(plain, name=f"one-{number}", prompt=f"Read {number} of them."), fmt)
    assert sum(isinstance(kept, alike.Form) for kept in compile_format(fmt).memo.values()) == 1


@pytest.mark.parametrize("odd", [
    {"name": "Odd One"}, {"prompt": "Run ${WORD} now."}, {"prompt": ""}, {"fields": {"description": "  "}}, {"fields": {"color": "red"}},
])
def test_what_is_odd_goes_the_long_way(odd: dict[str, Any]) -> None:
    fmt = load("gemini-cli")
    plain = Agent("one", "Read it.", fields={"description": "Reads"})
    codec.write(plain, fmt)
    compiled = compile_format(fmt)
    assert alike.question(compiled, compiled.kinds[0], plain, ".gemini/agents/one.md", {}, False) is not None
    assert alike.question(compiled, compiled.kinds[0], replace(plain, **odd), ".gemini/agents/one.md", {}, False) is None
