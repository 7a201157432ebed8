"""A switch does what it does only in the spelling that its client knows: `plan` restricts Claude Code, `Plan` is no mode at all."""

from __future__ import annotations

import pytest

from agentsync import codec
from agentsync.formats import load
from agentsync.model import ALL_RIGHTS, Document, Rights


def _rights(name: str, path: str, line: str) -> Rights:
    [reading] = codec.read(Document(path, f"---\nname: x\ndescription: d\n{line}\n---\n\nYou read.\n"), load(name))
    assert reading.agent is not None
    return reading.agent.rights


def test_a_mode_in_another_case_restricts_nothing() -> None:
    assert _rights("claude-code", ".claude/agents/x.md", "permissionMode: plan").restricted
    assert _rights("claude-code", ".claude/agents/x.md", "permissionMode: Plan") == ALL_RIGHTS


@pytest.mark.parametrize("value", ["true", "TRUE", "True"])
def test_a_client_that_compares_without_case_is_read_without_case(value: str) -> None:
    assert _rights("cursor", ".cursor/agents/x.md", f"readonly: {value}").restricted
