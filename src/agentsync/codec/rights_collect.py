"""What the readers of native rights collect, and what they share.

Floor 3, pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from agentsync.codec.tables import ToolTable
from agentsync.formats.rules import Format, Outcome
from agentsync.model import Value

# Limits against hostile input. Every rule is held against every name, and real maps have some twenty rules.
RULES: Final = 500
NAME: Final = 256


@dataclass(slots=True)
class Collector:
    """Grants as they are collected from one set of keys."""

    fmt: Format
    table: ToolTable
    keys: Mapping[str, Value]
    kept: bool
    bad_value: Outcome
    allow: list[str] | None = None
    deny: list[str] = field(default_factory=list)
    ask: list[str] = field(default_factory=list)
    gives: list[str] = field(default_factory=list)
    implied: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    outcome: Outcome | None = None
    bad: tuple[str, str] | None = None

    def fail(self, outcome: Outcome, key: str, why: str) -> None:
        if self.outcome is None:
            self.outcome, self.bad = outcome, (key, why)


def shown(value: Value) -> str:
    """A native value for a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def by_word(reader: Collector, word: str | None, key: str) -> list[str] | None:
    """The allow-list that `all`, `none`, `unknown` or `refused` stands for."""
    if word == "refused":
        stated = "it says nothing" if key in reader.keys else "it is missing"
        outcome: Outcome = "file" if reader.bad_value == "ignored" else reader.bad_value
        reader.fail(outcome, key, f"{stated}, and {reader.fmt.title} wants a list of tools there")
    return [] if word == "none" else None
