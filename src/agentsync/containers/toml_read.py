"""TOML text as values.

Floor 1, pure. What counts is the standard library's parser. It takes some 150 ns for each character of a string, so files of
the plain shape that most agents have (bare keys, strings, booleans, whole numbers, lists of strings, tables) are read by patterns
that give exactly the same, or give up; tests hold the two against each other.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Callable
from typing import Any, Final

from agentsync.containers.layout import Layout
from agentsync.containers.limits import DEPTH, NODES, Hostile
from agentsync.containers.not_text import NotText
from agentsync.containers.opening import Refused, hostile
from agentsync.containers.toml_11 import as_toml_10
from agentsync.containers.toml_emit import INTEGERS
from agentsync.model import Problem

# Control characters that TOML allows nowhere, as bytes: in UTF-8 no other character holds these bytes.
_FORBIDDEN: Final = bytes({*range(32), 127} - {9, 10})
_KEY: Final = re.compile(
    r"(?:[ \t\n]++|#[^\n]*+)*+"
    r"(?:([A-Za-z0-9_-]++)[ \t]*+=[ \t]*+|\[([A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++){0,7}+)\][ \t]*+(?:#[^\n]*+)?+(?:\n|\Z)|\Z)"
)
_VALUE: Final = re.compile(
    r'"""\n?|\'\'\'\n?'
    r'|"(?P<plain>[^"\\\n]*+)"'
    r'|"(?P<escaped>(?:[^"\\\n]++|\\[^\n])*+)"'
    r"|'(?P<literal>[^'\n]*+)'"
    r"|(?P<word>true|false)(?![A-Za-z0-9_.:+-])"
    r"|(?P<number>0|-?[1-9][0-9]{0,17})(?![A-Za-z0-9_.:+-])"
    r'|\[[ \t\n]*+(?P<list>(?:"[^"\\\n]*+"[ \t\n]*+(?:,[ \t\n]*+|(?=\])))*+)\]'
)
_ITEM: Final = re.compile(r'"([^"]*+)"')
_END: Final = re.compile(r"[ \t]*+(?:#[^\n]*+)?+(?:\n|\Z)")
_BLOCK: Final = re.compile(r'(?:[^"\\]++|\\[^\n \t]|""?(?!"))*+(?=""")')
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_ESCAPES: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_TOKEN: Final = re.compile(
    r'"""(?:[^"\\]++|\\.|""?(?!"))*+(?:"{3,5}|\Z)?|\'\'\'.*?(?:\'{3,5}|\Z)'
    r'|"(?:[^"\\\n]++|\\[^\n])*+"?|\'[^\'\n]*+\'?|#[^\n]*+|[\[\]{}.=,\n]',
    re.DOTALL,
)
_PLACE: Final = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)\Z", re.DOTALL)


class _NotPlainError(ValueError):
    """Something that the patterns leave to the parser."""


def read(text: str, layout: Layout) -> dict[str, Any]:
    """The value of a whole text without byte order mark. Raises Refused.

    Line ends inside strings come as LF whatever the file has; a client that keeps CR there reads white space of layout.
    """
    plain = read_plain(text)
    if plain is not None:
        return plain
    try:
        check(text)
        return {key: _native(value, 1) for key, value in _loaded(text, layout).items()}
    except Hostile as error:
        raise hostile(error, text) from None
    except RecursionError:  # a caller that is deep in its own stack already
        raise Refused(Hostile("limit-depth").problem()) from None
    except ValueError as error:
        raise Refused(_problem(error, text), layout.on_bad_head) from None


def _loaded(text: str, layout: Layout) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError:
        if layout.toml == "1.0" or (older := as_toml_10(text)) == text:
            raise
        try:
            return tomllib.loads(older)
        except ValueError:
            pass
        raise        # the first error: its place is one of the text as it stands


def _problem(error: ValueError, text: str) -> Problem:
    message = str(error)
    if not isinstance(error, tomllib.TOMLDecodeError):  # an integer, here or in the parser
        return Problem("bad-toml", "this is no valid TOML: an integer does not fit into 64 bits")
    match = _PLACE.match(message)
    if match is None:
        return Problem("bad-toml", f"this is no valid TOML: {message}")
    if match[2] is None:
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
    else:
        line, column = int(match[2]), int(match[3])
    return Problem("bad-toml", f"this is no valid TOML: {match[1]}", line=line, column=column)


def _native(value: Any, depth: int) -> Any:
    """A parsed value with dates and times as text. Dotted keys may nest where brackets do not, so depth counts here too."""
    if isinstance(value, (dict, list)):
        if depth > DEPTH:
            raise Hostile("limit-depth")
        if isinstance(value, dict):
            return {key: _native(item, depth + 1) for key, item in value.items()}
        return [_native(item, depth + 1) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and value not in INTEGERS:
        raise ValueError("an integer does not fit into 64 bits")
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return NotText(value.isoformat())
    return value


def check(text: str) -> None:
    """Raises Hostile where brackets nest or keys are dotted beyond the limit, or too many values stand in the text.

    The parser needs time that grows with the square of a dotted key's length, and recurses for brackets. Lexes as the
    parser does up to the parser's first error; what follows that is never read.
    """
    few_brackets = text.count("[") + text.count("{") <= DEPTH
    if few_brackets and len(text) < NODES and all(line.count(".") < DEPTH for line in text.split("\n")):
        return  # nothing can nest, no line holds a long dotted key, and there are fewer characters than values allowed
    depth = dots = marks = 0
    for match in _TOKEN.finditer(text):
        mark = match[0]
        if len(mark) > 1 or mark in "\"'#":
            continue
        marks += 1
        dots = dots + 1 if mark == "." else 0
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        if depth > DEPTH or dots >= DEPTH:
            raise Hostile("limit-depth", match.start())
        if marks > NODES:
            raise Hostile("limit-nodes", match.start())


def read_plain(text: str) -> dict[str, Any] | None:
    """What the parser gives for a file of the plain shape, or None for any other file."""
    try:
        raw = text.encode()
        if b"\r" in raw:
            text = text.replace("\r\n", "\n")
            raw = text.encode()
        if len(raw) != len(raw.translate(None, _FORBIDDEN)):
            return None
        return _plain(text)
    except ValueError:  # surrogates, or _NotPlainError
        return None


def _plain(text: str) -> dict[str, Any]:
    root: dict[str, Any] = {}
    keys = root
    position, length = 0, len(text)
    while True:
        found = _KEY.match(text, position)
        if found is None:
            raise _NotPlainError
        key, header = found.groups()
        if header is not None:
            keys, position = _opened(root, header), found.end()
            continue
        if key is None:
            return root
        value = _VALUE.match(text, found.end())
        if value is None or key in keys:
            raise _NotPlainError
        kind, position = value.lastgroup, value.end()
        if kind is None:
            keys[key], position = _block(text, value[0][0], position)
        elif kind in ("plain", "literal"):
            keys[key] = value[kind]
        else:
            keys[key] = _READERS[kind](value[kind])
        end = _END.match(text, position)
        if end is None:
            raise _NotPlainError
        position = end.end()
        if position == length:
            return root


def _opened(root: dict[str, Any], header: str) -> dict[str, Any]:
    """A new table below the root. Whether one that is there may be opened again is the parser's to say."""
    *above, name = header.split(".")
    table = root
    for part in above:
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise _NotPlainError
    if name in table:
        raise _NotPlainError
    table[name] = {}
    opened: dict[str, Any] = table[name]
    return opened


def _block(text: str, quote: str, start: int) -> tuple[str, int]:
    """The text of a multi-line string that begins here, and where it ends."""
    quotes = quote * 3
    end = text.find(quotes, start)
    if end < 0:
        raise _NotPlainError
    if quote == '"' and text.find("\\", start, end) >= 0:
        match = _BLOCK.match(text, start)
        if match is None:
            raise _NotPlainError
        end = match.end()
        value = _unescaped(match[0])
    else:
        value = text[start:end]
    if text.startswith(quote, end + 3):  # up to two quotes more belong to the text
        raise _NotPlainError
    return value, end + 3


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    short, long, sign = match.groups()
    if sign is not None:
        if sign not in _ESCAPES:
            raise _NotPlainError
        return _ESCAPES[sign]
    code = int(short or long, 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise _NotPlainError
    return chr(code)


_READERS: Final[dict[str, Callable[[str], Any]]] = {"escaped": _unescaped, "word": "true".__eq__, "number": int, "list": _ITEM.findall}
