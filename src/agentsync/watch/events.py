"""What a daemon has to say, one thing at a time: as a line of its log, and as a line for people. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from agentsync.model import EMPTY
from agentsync.report import Line, Style

Kind: TypeAlias = Literal["start", "run", "open", "closed", "pause", "resume", "settings", "scan", "note", "trouble", "stop"]
"""open: a conflict or held change that waits for somebody; closed: it was decided. scan: why events are not enough somewhere."""

_STYLES: Final[Mapping[Kind, Style]] = {
    "start": "strong", "run": "good", "open": "warn", "closed": "good", "pause": "warn", "resume": "good", "settings": "", "scan": "faint",
    "note": "", "trouble": "bad", "stop": "strong",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. facts: what a program may want of it, by name; a null is left out."""

    kind: Kind
    text: str
    facts: Mapping[str, object] = field(default_factory=lambda: EMPTY)


def log_line(event: Event, when: str) -> str:
    """The event as one line: time, kind, facts, text.

    >>> log_line(Event("run", "reviewer from shop", {"changes": 3}), "2026-01-02T03:04:05+0000")
    '2026-01-02T03:04:05+0000 run changes=3 text="reviewer from shop"'
    """
    facts = [f"{key}={_word(value)}" for key, value in event.facts.items() if value is not None]
    return " ".join([when, event.kind, *facts, f"text={_quoted(event.text)}"])


def shown(event: Event, clock: str) -> Line:
    """The event as people see it."""
    return (("faint", f"{clock} "), (_STYLES[event.kind], event.kind), ("", f" {event.text}"))


def _word(value: object) -> str:
    word = str(value)
    return word if word and all(sign.isalnum() or sign in "-_./:+@" for sign in word) else _quoted(word)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=True)
