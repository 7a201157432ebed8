"""The laws of the converter (promises 2, 3, 4, 6, 7, 14) over random agents, for every format."""

from __future__ import annotations

import pytest
from hypothesis import given

from agentsync import codec
from agentsync.codec.compiled import compile_format
from agentsync.codec.rights_read import read_rights
from agentsync.formats import known_ids, load
from agentsync.model import Agent, Document, Reading, Rendering, Rights, Value
from agentsync.rights import compare, within
from tests.strategies import agents

FORMATS = [name for name in known_ids() if load(name).direction == "both"]


def read_back(rendering: Rendering) -> Reading:
    [document] = rendering.documents
    readings = codec.read(document, load(rendering.format))
    [reading] = readings
    assert reading.status == "read", reading.problems
    assert reading.agent is not None
    return reading


def differing(before: Agent, after: Agent) -> set[str]:
    """The parts in which two agents differ, by comparing what they hold (not by asking the writer)."""
    parts = {name for name in {*before.fields, *after.fields} if before.fields.get(name) != after.fields.get(name)}
    parts |= {part for part in ("name", "prompt") if getattr(before, part) != getattr(after, part)}
    change = compare(before.rights, after.rights)
    spelling = {g for g in (*change.narrowed, *change.widened, *change.approximated) if not g.startswith("mcp:")}
    if spelling or change.unasked or change.asked:
        parts.add("rights")
    return parts


def rights_told(before: Agent, after: Agent) -> set[str]:
    """`rights`, where a report may speak of them though their spelling alone differs: a limit that is not kept, tools of MCP servers."""
    return {"rights"} if before.rights.restricted or compare(before.rights, after.rights).narrowed else set()


@pytest.mark.parametrize("name", FORMATS)
@given(agent=agents)
def test_what_is_written_reads_back_but_for_the_losses_reported(name: str, agent: Agent) -> None:
    rendering = codec.write(agent, load(name), allow_widening=True)
    if rendering.refused:
        assert rendering.problems
        assert rendering.problems[0].code not in ("readback-mismatch", "cannot-write"), rendering.problems
        return
    back = read_back(rendering).agent
    assert back is not None
    told = {loss.field for loss in rendering.losses}
    found = differing(agent, back)
    assert found <= told | ({"display_name"} if "name" in told else set())
    # A right that a client is known not to keep is told although the file states it.
    told_only = {loss.field for loss in rendering.losses if not (loss.field == "rights" and loss.kind == "widened")}
    assert {part for part in told_only if "." not in part} <= found | {"prompt"} | rights_told(agent, back)


@pytest.mark.parametrize("name", FORMATS)
@given(agent=agents)
def test_no_capability_is_gained(name: str, agent: Agent) -> None:
    fmt = load(name)
    rendering = codec.write(agent, fmt)
    if rendering.refused:
        return
    [document] = rendering.documents
    [entry] = _entries(name, document)
    kept = read_rights(fmt, compile_format(fmt).tools, entry, kept=True).rights
    assert _within_joined(kept, agent.rights)
    assert not [loss for loss in rendering.losses if loss.kind == "widened"]


def _entries(name: str, document: Document) -> list[dict[str, Value]]:
    from agentsync.containers import parse

    compiled = compile_format(load(name))
    parsed = parse(document.text, compiled.kind(None, document.path).layout)
    return [dict(entry.keys) for entry in parsed.entries]


def _within_joined(after: Rights, before: Rights) -> bool:
    gained = compare(before, after).widened
    return within(after, before) or all(grant.startswith("mcp:") for grant in gained)


@pytest.mark.parametrize("name", FORMATS)
@given(agent=agents)
def test_writing_an_unchanged_agent_back_changes_no_byte(name: str, agent: Agent) -> None:
    fmt = load(name)
    first = codec.write(agent, fmt, allow_widening=True)
    if first.refused:
        return
    back = read_back(first).agent
    assert back is not None
    again = codec.write(back, fmt, old=first.documents[0], allow_widening=True)
    assert not again.refused, again.problems
    assert again.documents == first.documents
    assert not [loss for loss in again.losses if loss.kind != "widened"]


@pytest.mark.parametrize("name", FORMATS)
@given(agent=agents)
def test_the_same_agent_gives_the_same_text(name: str, agent: Agent) -> None:
    assert codec.write(agent, load(name)) == codec.write(agent, load(name))


@pytest.mark.parametrize("name", FORMATS)
@given(before=agents, after=agents)
def test_an_edited_document_says_what_a_new_one_would(name: str, before: Agent, after: Agent) -> None:
    """PutGet into an old document: writing another agent over it gives the same meaning as writing it afresh."""
    fmt = load(name)
    old = codec.write(before, fmt, allow_widening=True)
    fresh = codec.write(after, fmt, allow_widening=True)
    if old.refused or fresh.refused:
        return
    [entry] = codec.read(old.documents[0], fmt)
    edited = codec.write(after, fmt, old=old.documents[0], entry=entry.entry, allow_widening=True)
    assert not edited.refused, edited.problems
    if entry.entry is None:
        one, two = read_back(edited).agent, read_back(fresh).agent
        assert one is not None
        assert two is not None
        # Where the file gives the name, the old one stays, and a name for people says the new one.
        shown = {"display_name": after.name} if one.name != two.name and two.fields.get("display_name") is None else {}
        assert (one.prompt, one.fields) in [(two.prompt, two.fields), (two.prompt, {**two.fields, **shown})]
        # A denial of what no list allows may stay in the old text: it says nothing.
        assert not compare(one.rights, two.rights)
