"""Every trap of every format: rows of what was measured at the real clients, as texts and agents."""

from __future__ import annotations

from collections import Counter

import pytest

from agentsync.formats import known_ids, load
from tests.traps import TRAPS
from tests.traps.cases import Trap, check

CASES = [pytest.param(name, trap, id=f"{name}: {trap.trap}") for name, traps in TRAPS.items() for trap in traps]


@pytest.mark.parametrize(("name", "trap"), CASES)
def test_trap(name: str, trap: Trap) -> None:
    check(trap, load(name))


def test_traps_are_named_after_formats() -> None:
    measured = {"agentsync", "claude-code", "claude-json", "codex", "copilot", "cursor", "gemini-cli", "opencode", "qwen-code"}
    assert measured <= set(TRAPS) <= set(known_ids())


@pytest.mark.parametrize("name", TRAPS)
def test_no_two_traps_of_a_format_have_one_name(name: str) -> None:
    assert not [trap for trap, times in Counter(trap.trap for trap in TRAPS[name]).items() if times > 1]
