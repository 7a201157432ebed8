"""Traps: what the assistants do that nobody expects, one test case each. Every module holds the traps of one format."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.traps import agentsync, claude_code, claude_json, codex, copilot, cursor, gemini_cli, opencode, qwen_code
from tests.traps.cases import Trap

TRAPS: Final[Mapping[str, tuple[Trap, ...]]] = MappingProxyType({
    "agentsync": agentsync.TRAPS,
    "claude-code": claude_code.TRAPS,
    "claude-json": claude_json.TRAPS,
    "codex": codex.TRAPS,
    "copilot": copilot.TRAPS,
    "cursor": cursor.TRAPS,
    "gemini-cli": gemini_cli.TRAPS,
    "opencode": opencode.TRAPS,
    "qwen-code": qwen_code.TRAPS,
})
"""All traps, by format id."""
