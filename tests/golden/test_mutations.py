"""A fact of a format file that is changed makes a trap or a golden fail: the tests hold what the files say."""

from __future__ import annotations

from typing import Any

import pytest

from agentsync.formats import load
from tests.golden.mutants import GONE, Path, mutated, noticed

# The format, the place of the fact, and what it says instead.
MUTATIONS: list[tuple[str, str, Any]] = [
    # what an absent, empty and unlisted tool list means
    ("claude-code", "rights absent", "none"),
    ("claude-code", "rights empty", "all"),
    ("claude-code", "rights null", "all"),
    ("claude-code", "rights unlisted", "allowed"),
    ("claude-json", "rights absent", "none"),
    ("claude-json", "rights empty", "all"),
    ("claude-json", "rights null", "none"),
    ("codex", "rights absent", "none"),
    ("copilot", "rights absent", "none"),
    ("copilot", "rights empty", "all"),
    ("copilot", "rights unlisted", "allowed"),
    ("cursor", "rights absent", "none"),
    ("cursor", "rights empty", "none"),
    ("gemini-cli", "rights absent", "none"),
    ("gemini-cli", "rights empty", "all"),
    ("gemini-cli", "rights null", "all"),
    ("gemini-cli", "rights unlisted", "allowed"),
    ("opencode", "rights absent", "none"),
    ("opencode", "rights empty", "none"),
    ("opencode", "rights null", "all"),
    ("opencode", "rights unlisted", "denied"),
    ("qwen-code", "rights absent", "none"),
    ("qwen-code", "rights empty", "none"),
    ("qwen-code", "rights null", "none"),
    ("qwen-code", "rights none", GONE),
    # names of tools
    ("claude-code", "rights tools shell", GONE),
    ("claude-code", "rights tools todo", GONE),
    ("claude-code", "rights tools write.edit", ["Edit"]),
    ("copilot", "rights tools read.grep", ["search", "Grep"]),
    ("copilot", "rights tools write.file", ["Write"]),
    ("copilot", "rights fold", False),
    ("gemini-cli", "rights tools read.list", GONE),
    ("opencode", "rights tools write.notebook", GONE),
    ("opencode", "rights tools shell", GONE),
    ("qwen-code", "rights tools read.file", ["Read", "read_file"]),
    ("qwen-code", "rights tools search", GONE),
    # limits, unknown names, names of MCP tools, switches
    ("claude-code", "rights patterns *", "enforced"),
    ("claude-code", "rights deny_patterns", "enforced"),
    ("claude-code", "rights implied", []),
    ("copilot", "rights patterns *", "ignored"),
    ("qwen-code", "rights patterns *", "enforced"),
    ("opencode", "rights patterned", ["read", "edit"]),
    ("opencode", "rights legacy", GONE),
    ("gemini-cli", "rights unknown", "dropped"),
    ("gemini-cli", "rights mcp no_underscore_server", False),
    ("copilot", "rights mcp tool", "mcp__{server}__{tool}"),
    ("opencode", "rights mcp charset", GONE),
    ("codex", "rights switches sandbox_mode read-only enforced", True),
    ("cursor", "rights switches readonly true only", ["read.file"]),
    ("cursor", "rights enforced", True),
    # values that the client would refuse
    ("opencode", "values color pink", "pink"),
    ("opencode", "fields color table", GONE),
    ("opencode", "fields mode absent", GONE),
    ("opencode", "document 0 on_bad_value", "ignored"),
    ("gemini-cli", "document on_bad_key", "ignored"),
    ("codex", "document on_bad_key", "ignored"),
    ("codex", "native sandbox_mode values", []),
    ("qwen-code", "native approvalMode bad", GONE),
    ("claude-json", "document on_bad_value", "ignored"),
    # texts
    ("claude-code", "document fence close", "line"),
    ("claude-code", "document repair", "none"),
    ("claude-code", "document repair_crlf", True),
    ("claude-code", "fields description shape", "text"),
    ("opencode", "document 0 repair_bom", True),
    ("opencode", "document 0 on_bad_head", "file"),
    ("opencode", "document 0 no_head", "skip"),
    ("gemini-cli", "document bom", "ignored"),
    ("gemini-cli", "document fence end", "any"),
    ("qwen-code", "document repair", "none"),
    ("qwen-code", "document duplicate", "last"),
    ("copilot", "body empty", GONE),
    ("copilot", "body template", []),
    ("gemini-cli", "body template 0 otherwise", "alters"),
    ("qwen-code", "body min", 9),
    ("cursor", "document head", "yaml12"),
    ("cursor", "document quote", "auto"),
    ("codex", "document toml", "1.0"),
    # names
    ("claude-code", "name pattern", "[^-:][^:]*"),
    ("claude-code", "name length", [1, 255]),
    ("gemini-cli", "name pattern", "[a-z0-9-]+"),
    ("qwen-code", "name reserved", []),
    ("qwen-code", "name length", [1, 50]),
    ("opencode", "name text_of", False),
    ("cursor", "name dashed", False),
    # a second line of defence, lists beside the tools, what every agent has; files that are lost as a whole
    ("factory-droid", "rights parts", GONE),
    ("factory-droid", "rights beside", GONE),
    ("factory-droid", "rights empty", "all"),
    ("factory-droid", "rights always", GONE),
    ("factory-droid", "document on_bad_value", "ignored"),
    ("factory-droid", "document repair", "none"),
    ("roo", "rights parts", GONE),
    ("roo", "rights always", GONE),
    ("roo", "rights unknown", "dropped"),
    ("roo", "document cleaned", {}),
    ("roo", "document entry missing", GONE),
    ("roo", "document on_bad_value", "file"),
    ("roo", "document json", False),
    ("devin", "rights empty", "none"),
    ("devin", "rights never", GONE),
    ("devin", "rights denied", GONE),
    ("devin", "fields description missing", GONE),
    ("kimi-code", "rights parts", GONE),
    ("kimi-code", "name override", GONE),
    ("grok-cli", "rights switches", GONE),
    ("antigravity", "rights beside", GONE),
    # the hub's own
    ("agentsync", "rights patterns *", "ignored"),
    ("agentsync", "rights foreign", False),
    ("agentsync", "rights ask", GONE),
    ("agentsync", "document others", GONE),
]


@pytest.mark.parametrize(("name", "place", "value"), MUTATIONS,
                         ids=[f"{name}: {place} = {'GONE' if value is GONE else value}" for name, place, value in MUTATIONS])
def test_a_changed_fact_is_noticed(name: str, place: str, value: Any) -> None:
    path: Path = tuple(int(part) if part.isdigit() else part for part in place.split())
    assert noticed(mutated(load(name), path, value)) is not None


def test_what_nobody_changed_is_fine() -> None:
    for name in ("claude-code", "opencode"):
        assert noticed(load(name)) is None
