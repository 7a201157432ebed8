"""The comparison itself finds what it is there to find: a made-up client that goes wrong in one way each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentsync import codec
from agentsync.formats import load
from agentsync.model import Agent, Rights
from tests.conformance import claude_code, opencode
from tests.conformance.compare import Written, disagreements
from tests.conformance.sessions import Adapter, Loaded, Session, prompt_in

AGENT = Agent("reader", "You read.", Rights(allow=("read.file", "read.grep")), {"description": "Reads.", "model": "sonnet"})
RIGHT = Loaded("reader", "Reads.", "You read.\n\nNotes:\n- a note", "claude-sonnet-5-5", ("Read", "Grep"))


def _written(agent: Agent, adapter: Adapter) -> Written:
    fmt = load(adapter.format)
    rendering = codec.write(agent, fmt)
    [reading] = codec.read(rendering.documents[0], fmt)
    assert reading.agent is not None
    return Written("case", agent, rendering.documents[0], rendering.losses, reading.agent, widening_allowed=False)


def _found(loaded: Loaded | None, agent: Agent = AGENT, adapter: Adapter = claude_code.ADAPTER) -> list[str]:
    session = Session({} if loaded is None else {loaded.name: loaded})
    return list(disagreements(adapter, load(adapter.format), _written(agent, adapter), session))


def test_nothing_is_found_where_all_is_well() -> None:
    assert _found(RIGHT) == []


@pytest.mark.parametrize(("loaded", "said"), [
    (None, "did not load"),
    (replace(RIGHT, error="not started"), "not started"),
    (replace(RIGHT, description="Writes."), "description:"),
    (replace(RIGHT, system="You write.\n\nNotes:\n"), "prompt:"),
    (replace(RIGHT, system="You read. And write.\n\nNotes:\n"), "prompt:"),
    (replace(RIGHT, system=None), "prompt:"),
    (replace(RIGHT, model="claude-opus-5-5"), "model:"),
    (replace(RIGHT, tools=("Read",)), "the client does not give read.grep"),
    (replace(RIGHT, tools=("Read", "Grep", "Glob")), "the client gives read.glob"),
    (replace(RIGHT, tools=("Read", "Grep", "Bash")), "WIDENED: the client gives shell"),
    (replace(RIGHT, tools=("Read", "Grep", "mcp__my-srv__one")), "WIDENED: the client gives mcp:my-srv/one"),
    (replace(RIGHT, tools=("Read", "Grep", "NewTool")), "NewTool are in no table"),
])
def test_one_thing_that_is_wrong(loaded: Loaded | None, said: str) -> None:
    assert any(said in line for line in _found(loaded))


def test_a_rule_that_lets_too_much_through() -> None:
    agent = Agent("reader", "You read.", Rights(allow=("read.file", "shell(git *)")), {"description": "Reads."})
    good = (("*", "*", "deny"), ("read", "*", "allow"), ("bash", "*", "deny"), ("bash", "git *", "allow"))
    loaded = Loaded("reader", "Reads.", "You read.", "m", ("read", "bash"), good)
    assert _found(loaded, agent, opencode.ADAPTER) == []
    bad = replace(loaded, rules=(*good[:3], ("bash", "*", "allow")))
    assert "WIDENED: the rules let bash through with 'rm -rf x'" in _found(bad, agent, opencode.ADAPTER)


def test_a_prompt_is_found_whole_or_not_at_all() -> None:
    assert prompt_in("a\n\nNotes:\nb", "a\n\nNotes:\nb", ("\n\nNotes:",)) == "a\n\nNotes:\nb"
    assert prompt_in("a\n\nNotes:\nb", "a", ("\n\nNotes:",)) == "a"
    assert prompt_in("a b\n\nNotes:\nc", "a", ("\n\nNotes:",)) == "a b"
