"""The limits against hostile input: the only refusals that are agentsync's own and not the client's.

Floor 1, pure. Sizes are checked before any parser sees the text. Depth, aliases, merge keys and tags are checked on the stream of
parse *events*, which stops at the first event too deep: an event parser keeps its own stack, so that nothing recurses (the
composers of libyaml and PyYAML die on some ten thousand nested brackets), and brackets in texts and comments never count. Real
files stay far below: 2.8 KB of head, 294 KB a file, depth 4, no alias, no tag.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from agentsync.model import Problem

FILE_BYTES: Final = 1 << 20
HEAD_BYTES: Final = 64 << 10
DEPTH: Final = 32
NODES: Final = 50_000

_MESSAGES: Final = {
    "limit-file": f"the file is larger than {FILE_BYTES >> 20} MiB, too large for the definition of an agent",
    "limit-head": f"the head is larger than {HEAD_BYTES >> 10} KiB, too large for the metadata of an agent",
    "limit-depth": f"maps or lists are nested more than {DEPTH} deep",
    "limit-nodes": f"more than {NODES:,} values stand in one file",
    "limit-alias": "YAML anchors and aliases are not accepted in agent files: write the value out",
    "limit-merge": "the YAML merge key `<<` is not accepted in agent files: write the keys out",
    "limit-tag": "explicit YAML tags are not accepted in agent files: leave the tag out, or quote the text",
}


class Hostile(Exception):
    """A text that goes over a limit; `offset` is where in the text that was read."""

    def __init__(self, code: str, offset: int = 0) -> None:
        self.code = code
        self.offset = offset
        super().__init__(_MESSAGES[code])

    def problem(self, line: int | None = None, column: int | None = None) -> Problem:
        """The problem to show."""
        return Problem(self.code, str(self), line=line, column=column)


def larger(text: str, limit: int) -> bool:
    """Whether the text has more bytes than the limit, without encoding texts that are surely short or long."""
    if len(text) * 4 <= limit:
        return False
    return len(text) > limit or len(text.encode("utf-8", "surrogatepass")) > limit


def file_problem(text: str) -> Problem | None:
    """The problem of a file that is too large, or None."""
    return Hostile("limit-file").problem(1, 1) if larger(text, FILE_BYTES) else None


def head_problem(head: str, line: int = 1) -> Problem | None:
    """The problem of a head that is too large, or None."""
    return Hostile("limit-head").problem(line, 1) if larger(head, HEAD_BYTES) else None


def depth_guard() -> Callable[[int, int], None]:
    """A function to call at each value with how many lists and maps it is in, itself counted, and its offset.

    It raises `Hostile` at the first value too deep, or one too many.
    """
    count = 0

    def check(depth: int, offset: int) -> None:
        nonlocal count
        count += 1
        if depth > DEPTH:
            raise Hostile("limit-depth", offset)
        if count > NODES:
            raise Hostile("limit-nodes", offset)

    return check
