"""JSON and JSONC text as values, and the places of its members.

Floor 1, pure. Values come from the standard library's parser: comments and trailing commas are first covered with spaces, so
that lines and columns of its messages stay true. Places are found bracket by bracket, only where somebody edits.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from agentsync.containers.brackets import Bracket, Syntax, scan
from agentsync.containers.layout import Layout
from agentsync.containers.limits import DEPTH, Hostile
from agentsync.containers.opening import Refused, hostile
from agentsync.containers.text import place, readable
from agentsync.model import Problem, Value

_TEXT: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'  # the closing quote is optional: an open text must not be tried again and again
# Each of these two matches long stretches of what stays as it is in one go, so that hostile text costs few calls.
_COMMENT: Final = re.compile(rf'(?:{_TEXT}|[^"/]++)++|//[^\r\n]*+|/\*.*?(?:\*/|\Z)', re.DOTALL)
_TRAILING: Final = re.compile(rf'(?:{_TEXT}|[^",]++|,(?![ \t\r\n]*+[\]}}]))++|,', re.DOTALL)
_NEST: Final = re.compile(rf"{_TEXT}|[\[\]{{}}]", re.DOTALL)
_WORD: Final = re.compile(r"[^\n]")


def _name(key: str) -> str | None:
    name = json.loads(readable(key))
    return name if isinstance(name, str) else None


SYNTAX: Final = Syntax(
    token=re.compile(rf'{_TEXT}|//[^\r\n]*+|/\*.*?(?:\*/|\Z)|[\[\]{{}},:]|[^\s"\[\]{{}},:/]++', re.DOTALL),
    comments=("//", "/*"),
    separator=":",
    tail=re.compile(r"[ \t]*+(?:/\*(?:(?!\*/)[^\n])*+\*/[ \t]*+)*+(?://[^\r\n]*+)?+(?=\r?\n)"),
    name=_name,
)


def read(text: str, layout: Layout) -> Any:
    """The value of a whole text without byte order mark. Raises Refused."""
    try:
        check_depth(text, layout)
        return _loads(text, layout)
    except Hostile as error:
        raise hostile(error, text) from None
    except json.JSONDecodeError as error:
        if layout.kind != "jsonc":
            raise _refused(error, layout) from None
    except (RecursionError, ValueError) as error:
        raise _unreadable(error, text, layout) from None
    try:
        return _loads(uncommented(text), layout)
    except json.JSONDecodeError as error:
        raise _refused(error, layout) from None
    except (RecursionError, ValueError) as error:
        raise _unreadable(error, text, layout) from None


def _refused(error: json.JSONDecodeError, layout: Layout) -> Refused:
    name = "JSON with comments" if layout.kind == "jsonc" else "JSON"
    return Refused(Problem("bad-json", f"this is no valid {name}: {error.msg}", line=error.lineno, column=error.colno), layout.on_bad_head)


def _unreadable(error: Exception, text: str, layout: Layout) -> Refused:
    if isinstance(error, _DuplicateError):
        line, column = place(text, _second(text))
        return Refused(Problem("duplicate-key", str(error), line=line, column=column), layout.on_bad_head)
    if isinstance(error, RecursionError):  # a caller that is deep in its own stack already
        return Refused(Hostile("limit-depth").problem())
    return Refused(Problem("bad-json", f"this JSON cannot be read: {error}"), layout.on_bad_head)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


class _DuplicateError(ValueError):
    """A name that stands twice in one object."""


def _first(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _unique(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _DuplicateError(f"the key {json.dumps(twice)} stands twice in one object, each key may stand once")
    return found


def _second(text: str) -> int:
    """Where a key stands for the second time in its object."""
    seen: list[set[str | None]] = []
    before: re.Match[str] | None = None
    for match in SYNTAX.token.finditer(text):
        mark = match[0]
        if mark.startswith(SYNTAX.comments):
            continue
        if mark in ("{", "["):
            seen.append(set())
        elif mark in ("}", "]"):
            seen.pop()
        elif mark == ":" and before is not None:
            name = _name(before[0])
            if name in seen[-1]:
                return before.start()
            seen[-1].add(name)
        before = match
    return 0


_DECODERS: Final = {
    "last": json.JSONDecoder(parse_constant=_no_constant),
    "first": json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_first),
    "error": json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_unique),
}


def _loads(text: str, layout: Layout) -> Any:
    return _DECODERS[layout.duplicate].decode(text)


def check_depth(text: str, layout: Layout) -> None:
    """Raises Hostile where brackets nest too deep; brackets inside texts and comments do not count."""
    if text.count("[") + text.count("{") <= DEPTH:
        return
    if layout.kind == "jsonc" and "/" in text:
        text = _COMMENT.sub(_cover, text)
    depth = 0
    for match in _NEST.finditer(text):
        mark = match[0]
        if mark in ("[", "{"):
            depth += 1
            if depth > DEPTH:
                raise Hostile("limit-depth", match.start())
        elif mark in ("]", "}"):
            depth -= 1


def uncommented(text: str) -> str:
    """The text with comments and trailing commas covered by spaces, every other character in its place.

    >>> uncommented('[1, // one\\n]')
    '[1        \\n]'
    """
    plain = _COMMENT.sub(_cover, text)
    return _TRAILING.sub(lambda match: match[0] if match[0] != "," or not _after_value(plain, match.start()) else " ", plain)


def _cover(match: re.Match[str]) -> str:
    found = match[0]
    if found[0] != "/" or (found[1] == "*" and (len(found) < 4 or not found.endswith("*/"))):
        return found
    return _WORD.sub(" ", found) if "\n" in found else " " * len(found)


def _after_value(text: str, position: int) -> bool:
    """Whether a value stands before this comma: `[,]` is an error, `[1,]` is not."""
    position -= 1
    while position >= 0 and text[position] in " \t\r\n":
        position -= 1
    return position >= 0 and text[position] not in "[{,:"


def root(text: str) -> int:
    """Where the root value begins in a text that parsed; a byte order mark and comments may come first."""
    match = SYNTAX.token.search(text, 1 if text.startswith("\ufeff") else 0)
    while match is not None and match[0].startswith(SYNTAX.comments):
        match = SYNTAX.token.search(text, match.end())
    return match.start() if match is not None else len(text)


def bracket_at(text: str, start: int) -> Bracket:
    """The object or array that begins here."""
    return scan(text, start, SYNTAX)


def descend(text: str, at: tuple[str | int, ...], layout: Layout) -> int:
    """Where the value at this path begins, in a text that parsed. Raises KeyError where there is none."""
    position = root(text)
    for step in at:
        if text[position] not in "{[":
            raise KeyError(step)
        bracket = bracket_at(text, position)
        index = step if isinstance(step, int) else bracket.find(step, first=layout.duplicate == "first")
        if index is None or index >= len(bracket.pieces):
            raise KeyError(step)
        position = bracket.pieces[index].start
    return position
