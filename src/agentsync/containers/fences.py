"""Where the head of a Markdown file begins and ends, by the rules of its client.

Floor 1, pure. Clients agree on `---` and on nothing else: a line, a line that begins so, or three dashes anywhere in the head.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from agentsync.containers.layout import Layout
from agentsync.containers.text import BOM

_OPEN: Final = {
    ("exact", False): re.compile(r"---(?:\r?\n)"),
    ("trailing-space", False): re.compile(r"---[ \t]*(?:\r?\n)"),
    ("exact", True): re.compile(r"^---(?:\r?\n)", re.MULTILINE),
    ("trailing-space", True): re.compile(r"^---[ \t]*(?:\r?\n)", re.MULTILINE),
    ("trimmed", False): re.compile(r"[ \t]*---[ \t]*(?:\r?\n)"),
    ("trimmed", True): re.compile(r"^[ \t]*---[ \t]*(?:\r?\n)", re.MULTILINE),
}
_CLOSE: Final = {
    ("line", "exact", "any"): re.compile(r"^---(?:\r?\n|\Z)", re.MULTILINE),
    ("line", "exact", "newline"): re.compile(r"^---\r?\n", re.MULTILINE),
    ("line", "trailing-space", "any"): re.compile(r"^---[ \t]*(?:\r?\n|\Z)", re.MULTILINE),
    ("line", "trailing-space", "newline"): re.compile(r"^---[ \t]*\r?\n", re.MULTILINE),
    ("line", "trimmed", "any"): re.compile(r"^[ \t]*---[ \t]*(?:\r?\n|\Z)", re.MULTILINE),
    ("line", "trimmed", "newline"): re.compile(r"^[ \t]*---[ \t]*\r?\n", re.MULTILINE),
    "prefix": re.compile(r"^---(?:[ \t]*(?:\r?\n|\Z))?", re.MULTILINE),
    "prefix-newline": re.compile(r"^---(?:\r?\n)?", re.MULTILINE),
    "anywhere": re.compile(r"---(?:[ \t]*(?:\r?\n|\Z))?"),
}
_FENCE_LINE: Final = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Head:
    """Spans of a fenced head: its text is `text[start:end]`, the body begins at `body`.

    `body` is None where the client takes no body at all: text behind the dashes of a fence that must end its line.
    cut: the client ends the head at dashes that are no fence line, and a fence line stands further down, where the writer meant it to end.
    """

    start: int
    end: int
    body: int | None
    cut: bool = False


def find_head(text: str, layout: Layout) -> Head | Literal["no-head", "unclosed"]:
    """The spans of the head. A byte order mark before the fence is passed over."""
    first = 1 if text.startswith(BOM) else 0
    opened = _OPEN[layout.fence_open, False].match(text, first)
    if opened is None and layout.fence_late:
        opened = _OPEN[layout.fence_open, True].search(text, first)
    if opened is None:
        return "no-head"
    start = opened.end()
    if layout.fence_close == "line":
        closing = _CLOSE["line", layout.fence_open, layout.fence_end]
    elif layout.fence_close == "prefix":
        closing = _CLOSE["prefix" if layout.fence_end == "any" else "prefix-newline"]
    else:
        closing = _CLOSE["anywhere"]
    anywhere = layout.fence_close == "anywhere" or layout.fence_open == "trimmed"
    closed = closing.search(text, start) if anywhere else _at_line_start(closing, text, start)
    if closed is None:
        return "unclosed"
    body: int | None = closed.end()
    # A fence that must end its line: what stands behind it on the line, and all after it, is lost for the client.
    if layout.fence_close == "prefix" and layout.fence_end == "newline" and not closed.group().endswith("\n"):
        body = None
    return Head(start, closed.start(), body, _is_cut(text, closed.start()))


def _at_line_start(closing: re.Pattern[str], text: str, start: int) -> re.Match[str] | None:
    """The first match that begins a line; `start` begins one. Looking for the dashes as text is many times as fast as a search."""
    at = start - 1
    while True:
        at = text.find("\n---", at)
        if at < 0:
            return None
        found = closing.match(text, at + 1)
        if found is not None:
            return found
        at += 1


def _is_cut(text: str, dashes: int) -> bool:
    end = text.find("\n", dashes)
    if end < 0 or text[text.rfind("\n", 0, dashes) + 1 : end].rstrip() == "---":
        return False
    return _FENCE_LINE.search(text, end + 1) is not None
