"""The codes of lint: stable names of what it finds. A code is never given another meaning, and one that is dropped is not used again.

A1: the agent does not load. A2: it loads with other rights than its file states. A3: something it says does nothing, or fails later.
A4: the head, and characters nobody sees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agentsync.model import Severity


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of finding. what: in one sentence; fix: whether `--fix` repairs it."""

    id: str
    severity: Severity
    what: str
    fix: bool = False


_ALL: Final = (
    Code("A101", "error", "the assistant refuses the file, or this agent in it"),
    Code("A102", "error", "the assistant refuses its whole configuration because of this file: every agent is gone"),
    Code("A103", "error", "the assistant leaves the agent out without a word"),
    Code("A104", "error", "the head needs the assistant's own mending, which fails on CRLF line ends or a byte order mark", fix=True),
    Code("A105", "error", "the file is larger than 1 MiB"),
    Code("A106", "warning", "the file cannot be read, or is a link that agentsync does not follow"),
    Code("A107", "error", "two files of one folder have the same name: only one of them loads"),
    Code("A108", "warning", "the file has a head but no name, so it is no agent"),
    Code("A109", "error", "the prompt holds a placeholder that the assistant has no value for: every run of the agent fails"),
    Code("A201", "error", "the assistant loads the agent without its metadata, so without its limits"),
    Code("A202", "error", "`---` inside the head ends it there: the keys below are lost, limits with them"),
    Code("A203", "error", "a key that limits the agent is spelt in the wrong case, and does nothing", fix=True),
    Code("A204", "warning", "an entry of a tool list gives more, or takes away less, than it says"),
    Code("A205", "error", "a tool that the assistant does not know opens every tool"),
    Code("A206", "warning", "the assistant knows none of the tools in the list: the agent has nothing to work with"),
    Code("A207", "note", "the assistant does not know a tool in the list, and leaves it out"),
    Code("A208", "note", "another assistant reads this folder too, and is not known to keep the agent's limits"),
    Code("A209", "note", "the agent has the name of one of the assistant's own, and changes or replaces it"),
    Code("A210", "note", "the assistant does not keep what the file states about rights in this way; its own settings decide"),
    Code("A301", "warning", "the assistant drops a value"),
    Code("A302", "warning", "a key is spelt in the wrong case, and does nothing", fix=True),
    Code("A303", "warning", "the model is one of another assistant's: this one takes it and fails"),
    Code("A304", "note", "the prompt is longer than one of its readers takes"),
    Code("A401", "note", "the head is no valid YAML, and loads only because the assistant mends it", fix=True),
    Code("A402", "warning", "a key stands there twice"),
    Code("A403", "warning", "bytes that are no UTF-8"),
    Code("A404", "warning", "characters that nobody sees"),
)
CODES: Final[Mapping[str, Code]] = {code.id: code for code in _ALL}


def chosen(select: Sequence[str], ignore: Sequence[str]) -> frozenset[str]:
    """The codes that are wanted: by code, or by the beginning of some (`A2`); the longer word decides, then `ignore`."""
    def strength(words: Sequence[str], code: str) -> int:
        return max((len(word) for word in words if code.startswith(word)), default=-1)

    wanted = select or ("A",)
    return frozenset(code for code in CODES if strength(wanted, code) > strength(ignore, code))
