"""Values as JSON text: a new document's indented form, and the form that fits into a text that is there.

Floor 1, pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from agentsync.containers.cleaned import Guarded

# The C encoder of one text; a JSONEncoder's `encode` reaches it without building an encoder for each call.
_encode: Final = cast("Callable[[str], str]", json.JSONEncoder(ensure_ascii=False).encode)
# What `json` leaves raw though editors, terminals or older JavaScript readers trip over it.
_UNSAFE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]")


@dataclass(frozen=True, slots=True)
class Style:
    """How a text writes JSON. unit: one step of indentation, None for everything in one line.

    flat_lists: lists of plain values stand in one line. colon, comma: with the space behind them, for one-line parts.
    """

    unit: str | None = "  "
    eol: str = "\n"
    colon: str = ": "
    comma: str = ", "
    flat_lists: bool = False

    @property
    def one_line(self) -> Style:
        """The same style for a part that stands in one line."""
        return self if self.unit is None else Style(None, self.eol, self.colon, self.comma, self.flat_lists)


NEW: Final = Style()


def text_json(text: str) -> str:
    """A text as a JSON string; control characters, line separators and lone surrogates are escaped.

    >>> print(text_json('a "b"\\u2028'))
    "a \\"b\\"\\u2028"
    """
    written = _encode(str(text))
    if isinstance(text, Guarded):
        written = text.escaped(written)
    if written.isascii() and "\x7f" not in written:
        return written
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", written)


def value_json(value: Any, style: Style = NEW, indent: str = "") -> str:
    """A value as JSON. indent: that of the line it begins on. Raises ValueError for what JSON cannot say (NaN)."""
    if isinstance(value, str):
        return text_json(value)
    if isinstance(value, dict):
        inner = _deeper(style, indent)
        parts = [f"{text_json(str(key))}{style.colon}{value_json(item, style, inner)}" for key, item in value.items()]
        return _members(parts, "{}", style, indent)
    if isinstance(value, (list, tuple)):
        if style.flat_lists and not any(isinstance(item, (dict, list, tuple)) for item in value):
            style = style.one_line
        return _members([value_json(item, style, _deeper(style, indent)) for item in value], "[]", style, indent)
    return _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if not isinstance(value, float) or value != value:
        raise ValueError(f"JSON has no way to write {value!r}")
    # The only spelling of infinity that JSON has: a number too large for a double.
    return float.__repr__(value) if abs(value) != float("inf") else ("1e999" if value > 0 else "-1e999")


def _deeper(style: Style, indent: str) -> str:
    return indent if style.unit is None else indent + style.unit


def _members(parts: list[str], brackets: str, style: Style, indent: str) -> str:
    if not parts:
        return brackets
    if style.unit is None:
        return brackets[0] + style.comma.join(parts) + brackets[1]
    between = style.eol + indent + style.unit
    return f"{brackets[0]}{between}{(',' + between).join(parts)}{style.eol}{indent}{brackets[1]}"
