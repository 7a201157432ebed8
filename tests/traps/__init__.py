"""Traps: what the assistants do that nobody expects, one test case each. Every module holds the traps of one format."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.traps import claude_code
from tests.traps.cases import Trap

TRAPS: Final[Mapping[str, tuple[Trap, ...]]] = MappingProxyType({
    "claude-code": claude_code.TRAPS,
})
"""All traps, by format id."""
