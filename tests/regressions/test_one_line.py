"""In `.claude/agents` the hub's own key is one line: Cursor reads that folder line by line, and keys inside a map would be the agent's."""

from __future__ import annotations

from dataclasses import replace

from agentsync import codec
from agentsync.formats import load
from agentsync.model import Agent, Document

HUB = load("agentsync")
AGENT = Agent(
    "reader", "You read.", fields={"description": "Reads.", "mode": "primary", "display_name": "A: \"b\" --- c"},
    extra={"agentsync": {"tags": ["a"]}, "opencode": {"options": {"description": "none of its own"}}},
)


def _plain(path: str) -> Document:
    return Document(path, "---\nname: reader\ndescription: Reads.\n---\n\nYou read.\n")


def test_it_is_one_line_there() -> None:
    [document] = codec.write(AGENT, HUB, old=_plain(".claude/agents/reader.md")).documents
    [line] = [line for line in document.text.splitlines() if line.startswith("agentsync:")]
    assert line.startswith("agentsync: {")
    assert line.endswith("}")
    assert document.text.splitlines()[document.text.splitlines().index(line) + 1] == "---"
    assert "---" not in line
    [reading] = codec.read(document, HUB)
    assert reading.agent == AGENT


def test_a_reader_of_lines_sees_the_agents_own_keys() -> None:
    [document] = codec.write(AGENT, HUB, old=_plain(".claude/agents/reader.md")).documents
    [reading] = codec.read(document, load("cursor"))
    assert reading.agent is not None
    assert reading.agent.description == "Reads."
    assert reading.agent.name == "reader"


def test_it_is_a_block_elsewhere() -> None:
    [document] = codec.write(AGENT, HUB, old=_plain("agents/reader.md")).documents
    assert "\nagentsync:\n  " in document.text


def test_one_line_stays_one_line_when_it_changes() -> None:
    [first] = codec.write(AGENT, HUB, old=_plain("sub/.claude/agents/reader.md")).documents
    changed = replace(AGENT, extra={**AGENT.extra, "agentsync": {"tags": ["a", "b"], "allow_widening": ["codex"]}})
    [second] = codec.write(changed, HUB, old=first).documents
    assert len(second.text.splitlines()) == len(first.text.splitlines())
    assert codec.read(second, HUB)[0].agent == changed


def test_a_block_that_somebody_wrote_is_left_as_it_is() -> None:
    text = "---\nname: reader\ndescription: Reads.\nagentsync:\n  tags: [a]   # mine\n---\n\nYou read.\n"
    document = Document(".claude/agents/reader.md", text)
    [reading] = codec.read(document, HUB)
    assert reading.agent is not None
    assert codec.write(reading.agent, HUB, old=document).documents == (document,)
