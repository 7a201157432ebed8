"""The statements of a TOML text and where they stand.

Floor 1, pure. Works on text that the parser has accepted, so it only looks for the ends of things; only edits and questions
for lines need it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Final, Literal

from agentsync.containers.brackets import Syntax
from agentsync.containers.text import BOM, readable
from agentsync.containers.toml_11 import as_toml_10

Path = tuple[str | int, ...]
"""Keys from the root to a value; a number is a position in an array of tables."""

_BASIC: Final = r'"(?:[^"\\\n]++|\\[^\n])*+"'
_LITERAL: Final = r"'[^'\n]*+'"
_STRING: Final = rf'"""(?:[^"\\]++|\\.|""?(?!"))*+"{{3,5}}|\'\'\'.*?\'{{3,5}}|{_BASIC}|{_LITERAL}'
_PART: Final = re.compile(rf"[A-Za-z0-9_-]++|{_BASIC}|{_LITERAL}")
_DOT: Final = re.compile(r"[ \t]*+\.[ \t]*+")
_SPACE: Final = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_VALUE: Final = re.compile(rf"{_STRING}|[^\s#\[{{]++(?: \d[^\s#]*+)?", re.DOTALL)
_NEST: Final = re.compile(rf"{_STRING}|#[^\n]*+|[\[\]{{}}]", re.DOTALL)


def _name(key: str) -> str | None:
    parts = split_key(key)
    return parts[0] if len(parts) == 1 else None


SYNTAX: Final = Syntax(
    token=re.compile(rf"{_STRING}|#[^\r\n]*+|[\[\]{{}},=]|[^\s\"'#\[\]{{}},=]++", re.DOTALL),
    comments=("#",),
    separator="=",
    tail=re.compile(r"[ \t]*+(?:#[^\r\n]*+)?+(?=\r?\n)"),
    name=_name,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A line `key = value` (`pair`), `[table]` or `[[item]]`.

    path: from the root, with the header's. header: the path of the table it stands under, its own for a header.
    start, end: the whole lines. value_start, value_end: the value's text, or the header's inside.
    """

    kind: Literal["pair", "table", "item"]
    path: Path
    header: Path
    start: int
    value_start: int
    value_end: int
    end: int


def split_key(key: str) -> tuple[str, ...]:
    """The parts of a dotted key.

    >>> split_key('a . "b c"')
    ('a', 'b c')
    """
    return _key_at(key, 0)[0]


def _key_at(text: str, position: int) -> tuple[tuple[str, ...], int]:
    parts = []
    while True:
        match = _PART.match(text, position)
        if match is None:
            raise ValueError(f"no key at {position}")
        parts.append(_unquoted(match[0]))
        dot = _DOT.match(text, match.end())
        if dot is None:
            return tuple(parts), match.end()
        position = dot.end()


def _unquoted(part: str) -> str:
    if part[0] not in "\"'":
        return part
    if "\\" not in part or part[0] == "'":
        return readable(part[1:-1])
    decoded: str = tomllib.loads(as_toml_10(f"key = {readable(part)}"))["key"]
    return decoded


def statements(text: str) -> list[Statement]:
    """Every statement of a text, in order."""
    found: list[Statement] = []
    header: Path = ()
    counts: dict[Path, int] = {}
    position = 1 if text.startswith(BOM) else 0
    while True:
        position = _space(text, position)
        if position >= len(text):
            return found
        start = max(text.rfind("\n", 0, position) + 1, 1 if text.startswith(BOM) else 0)
        kind: Literal["pair", "table", "item"]
        if text[position] == "[":
            kind = "item" if text.startswith("[[", position) else "table"
            inside = position + (2 if kind == "item" else 1)
            parts, position = _key_at(text, _blank(text, inside))
            close = text.index("]", position) + (2 if kind == "item" else 1)
            header = _resolved(parts, counts, item=kind == "item")
            path, value = header, inside
        else:
            kind = "pair"
            parts, position = _key_at(text, position)
            value = _blank(text, text.index("=", position) + 1)
            path, close = header + parts, value_end(text, value)
        line = text.find("\n", close)
        position = len(text) if line < 0 else line + 1
        found.append(Statement(kind, path, header, start, value, close, position))


def _space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return position if match is None else match.end()


def _blank(text: str, position: int) -> int:
    while text[position] in " \t":
        position += 1
    return position


def _resolved(parts: tuple[str, ...], counts: dict[Path, int], *, item: bool) -> Path:
    """The path a header opens: a name of an array of tables means its last item, `[[x]]` a new one."""
    path: Path = ()
    for index, part in enumerate(parts):
        path = (*path, part)
        if item and index == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def value_end(text: str, start: int) -> int:
    """Where the value that begins here ends."""
    if text[start] not in "[{":
        match = _VALUE.match(text, start)
        return start if match is None else match.end()
    depth = 0
    for match in _NEST.finditer(text, start):
        if match[0] in ("[", "{"):
            depth += 1
        elif match[0] in ("]", "}"):
            depth -= 1
            if depth == 0:
                return match.end()
    return len(text)
