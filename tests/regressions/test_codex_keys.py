"""Which keys and values of its configuration codex-cli 0.169.0 takes in a role: all of them, and as strictly as in config.toml."""

from __future__ import annotations

import pytest

from agentsync import codec
from agentsync.formats import load
from agentsync.model import Document, Reading

TAKEN = [
    *(f'sandbox_mode = "{mode}"' for mode in ("read-only", "workspace-write", "danger-full-access")),
    'approval_policy = "never"',
    'approval_policy = {granular = {}}',
    'model_reasoning_effort = "a word nobody knows"',
    'instructions = "x"',
    'profile = "x"',
    "hide_agent_reasoning = true",
    'history = {persistence = "none"}',
    "agents = {}",
    "hooks = {}",
    "tui = {}",
    'web_search = "live"',
    "features = {no_such_feature = false}",
    "tools = {no_such_tool = false}",
    "model_context_window = -5",
]
REFUSED = [
    *(f'sandbox_mode = "{mode}"' for mode in ("none", "", "Read-Only")),
    "sandbox_mode = 5",
    'approvals_reviewer = "x"',
    'model_reasoning_effort = ""',
    "model_reasoning_effort = 5",
    'model_reasoning_summary = "x"',
    'model_verbosity = "x"',
    'personality = "x"',
    'web_search = "x"',
    "web_search = true",
    'file_opener = "x"',
    "nickname_candidates = []",
    'tools = ["Read"]',
    'hide_agent_reasoning = "true"',
    'cwd = "/"',
    'base_instructions = "x"',
    'color = "red"',
    "temperature = 1",
]


def _read(line: str) -> Reading:
    text = f'name = "x"\ndescription = "d"\n{line}\ndeveloper_instructions = "You read."\n'
    [reading] = codec.read(Document(".codex/agents/x.toml", text), load("codex"))
    return reading


@pytest.mark.parametrize("line", TAKEN)
def test_a_value_that_the_client_takes_is_read(line: str) -> None:
    assert _read(line).status == "read"


@pytest.mark.parametrize("line", REFUSED)
def test_a_value_that_makes_the_client_drop_the_role_refuses_it(line: str) -> None:
    reading = _read(line)
    assert reading.status == "refused"
    assert reading.problems[0].line == 3
