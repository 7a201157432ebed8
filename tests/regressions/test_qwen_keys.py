"""Which values of its own keys make Qwen Code 0.24.4 leave an agent out."""

from __future__ import annotations

import pytest

from agentsync import codec
from agentsync.formats import load
from agentsync.model import Document, Reading


def _read(line: str) -> Reading:
    text = f"---\nname: helper\ndescription: d\n{line}\n---\n\nYou help with things.\n"
    [reading] = codec.read(Document(".qwen/agents/helper.md", text), load("qwen-code"))
    return reading


@pytest.mark.parametrize(
    "line",
    [
        "approvalMode: plan", "approvalMode:", 'approvalMode: ""', "executor: {kind: acp, command: run}", "executionBackend: container",
        "hooks: [a]", "runConfig: text",
    ],
)
def test_the_agent_loads(line: str) -> None:
    assert _read(line).status == "read"


@pytest.mark.parametrize(
    "line", ["approvalMode: Plan", "approvalMode: 5", "executor: text", "executor: [a]", "executionBackend: other", "executionBackend: 5"]
)
def test_the_agent_is_left_out(line: str) -> None:
    reading = _read(line)
    assert reading.status == "skipped"
    assert (reading.problems[0].line, reading.problems[0].severity) == (4, "note")


def test_the_values_are_named_without_the_empty_one() -> None:
    assert _read("approvalMode: other").problems[0].message == "`approvalMode` must be one of plan, default, auto-edit, auto, yolo, bubble ('other')"
