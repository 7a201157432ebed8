"""The clients' own mending of heads that are no YAML, mirrored from their sources.

Floor 1, pure. Real files are broken in one way above all: `description: Use it … Examples: <example>`. What a client does then
decides whether its user has an agent, so each repair here is the client's, with its limits:

- quote-lines: Claude Code 2.1.330 (the function beside `Failed to parse YAML frontmatter`; read in the build and compared by running it);
- block-lines: opencode 1.18.33 (`ConfigMarkdown.sanitize`);
- pairs: Qwen Code 0.24.4 (`parseSimple` in packages/core/src/utils/yaml-parser.ts);
- flat-lines: Factory's droid 0.215.0 (the function after `Failed to parse JSON value in frontmatter`, read in the build).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from agentsync.model import Value


@dataclass(frozen=True, slots=True)
class Repaired:
    """A head as its client rewrites it: LF text, and the places (0-based line numbers in it) of the lines it rewrote."""

    text: str
    lines: tuple[int, ...]


# JavaScript's `.` stops at CR and at U+2028 and U+2029 too, so a line that holds one is left as it is.
_DOT: Final = "[^\n\r\u2028\u2029]"
_QUOTE_LINE: Final = re.compile(rf"([a-zA-Z_-]+):\s+([^\s\ufeff]{_DOT}*)")
_SUSPICIOUS: Final = re.compile(r"[{}\[\]*&#!|>%@`]|: ")
_TABS: Final = re.compile(r"^\t+", re.MULTILINE)
_BLOCK_LINE: Final = re.compile(rf"([a-zA-Z_][a-zA-Z0-9_]*)\s*:\s*({_DOT}*)")


def quote_lines(head: str, is_list: Callable[[str], bool]) -> Repaired:
    """Wraps suspicious one-line values in double quotes, and turns tabs that indent into two spaces each.

    Values that begin and end with the same quote stay, and so does `[…]` that parses as a list (`is_list` tells).
    """
    lines, changed = head.split("\n"), []
    for number, line in enumerate(lines):
        found = _QUOTE_LINE.fullmatch(line)
        if found:
            key, value = found.groups()
            quoted = value[0] in "\"'" and value.endswith(value[0])
            listed = value.startswith("[") and value.endswith("]") and is_list(value)
            if not quoted and not listed and _SUSPICIOUS.search(value):
                escaped = value.replace("\\", "\\\\").replace('"', '\\"')
                lines[number] = f'{key}: "{escaped}"'
                changed.append(number)
        elif line.startswith("\t"):
            changed.append(number)
    text = _TABS.sub(lambda tabs: "  " * len(tabs.group()), "\n".join(lines))
    return Repaired(text, tuple(changed))


def block_lines(head: str) -> Repaired:
    """Makes each top-level value with a colon in it a literal block; quoted values and `|` or `>` alone stay."""
    lines: list[str] = []
    changed: list[int] = []
    for line in head.replace("\r\n", "\n").split("\n"):
        found = None if line[:1].isspace() or line.startswith("#") else _BLOCK_LINE.fullmatch(line)
        value = found.group(2).strip() if found else ""
        if found is None or value in ("", ">", "|") or value[0] in "\"'" or ":" not in value:
            lines.append(line)
        else:
            changed.append(len(lines))
            lines += [f"{found.group(1)}: |-", f"  {value}"]
    return Repaired("\n".join(lines), tuple(changed))


@dataclass(frozen=True, slots=True)
class LinePair:
    """What the line reader made of one key: the value, and the lines (first, one past the last) that say it."""

    value: Value
    first: int
    past: int


def line_pairs(head: str) -> dict[str, LinePair]:
    """The keys as the line reader sees them: no nesting but one level of list or map, the last of equal keys counts.

    A port, oddities and all: an item belongs to the last key that had no value, wherever that stands.
    """
    numbered = list(enumerate(head.replace("\r\n", "\n").replace("\r", "\n").split("\n")))
    lines = [(number, line) for number, line in numbered if line.strip() and not line.strip().startswith("#")]
    found: dict[str, LinePair] = {}
    current, owner, began, last = "", "", {"": 0}, 0
    items: list[Value] | None = None
    inner: dict[str, Value] | None = None

    def say(key: str, value: Value, first: int, past: int) -> None:
        found[key] = LinePair(value, first, past)

    for place, (number, line) in enumerate(lines):
        if line.startswith("  - "):
            items = [] if items is None else items
            items.append(_loose(line[4:].strip()))
            last = number
            continue
        if items is not None:
            say(current, items, began.get(current, number), last + 1)
            items, current = None, ""
        if line.startswith("  ") and inner is not None:
            key, _, value = line.strip().partition(":")
            inner[key.strip()] = _loose(value.strip())
            last = number
            continue
        if inner is not None:
            say(owner, inner, began.get(owner, number), last + 1)
            inner = None
        key, colon, value = (part.strip() for part in line.partition(":"))
        if colon and value:
            say(key, _loose(value), number, number + 1)
        elif colon:
            current, began[key], last = key, number, number
            following = lines[place + 1][1] if place + 1 < len(lines) else ""
            if following.startswith("  ") and not following.startswith("  - "):
                owner, current, inner = key, "", {}
    if items is not None:
        say(current, items, began.get(current, last), last + 1)
    if inner is not None:
        say(owner, inner, began.get(owner, last), last + 1)
    return {key: pair for key, pair in found.items() if pair.value is not None}


def _loose(value: str) -> Value:
    """A value as the line reader takes it: words, numbers and double quotes, nothing else."""
    if value in ("true", "false"):
        return value == "true"
    if value == "null":
        return None
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return _number(value) if value[:1] in "0123456789+-." and value else value


_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]{1,300}\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_BASED: Final = re.compile(r"0[xX]([0-9a-fA-F]{1,200})|0[oO]([0-7]{1,200})|0[bB]([01]{1,200})")


def _number(value: str) -> Value:
    based = _BASED.fullmatch(value)
    if based:
        return next(int(digits, base) for digits, base in zip(based.groups(), (16, 8, 2), strict=True) if digits)
    if not _NUMBER.fullmatch(value):
        return value
    number = float(value)
    if number in (float("inf"), float("-inf")):
        return value
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def flat_lines(head: str, lists: Collection[str]) -> dict[str, LinePair]:
    """The keys as a reader without nesting sees them: every line with a colon is a key, wherever it stands; the last one counts.

    Quotes around a value go, brackets are JSON or stay text, `true` and `false` are switches. Under a key of `lists` a text is split at
    its commas, and dashes below an empty one are its items.
    """
    found: dict[str, LinePair] = {}
    items: list[Value] | None = None
    owner = ""
    for number, line in enumerate(head.replace("\r\n", "\n").split("\n")):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if items is not None and text.startswith("- "):
            items.append(_unquoted(text[2:].strip()))
            found[owner] = LinePair(items, found[owner].first, number + 1)
            continue
        key, colon, rest = text.partition(":")
        if not colon:
            continue
        items, owner = None, key.strip()
        value = _flat(_unquoted(rest.strip()))
        if owner in lists and value == "":
            value = items = []
        elif owner in lists and isinstance(value, str) and not value.startswith("["):
            value = [part.strip() for part in value.split(",")]
        found[owner] = LinePair(value, number, number + 1)
    return found


def _unquoted(text: str) -> str:
    """A text without the quotes around it; escapes in it stay, and one quote alone goes as well."""
    return text[1:-1] if text[:1] in ("'", '"') and text.endswith(text[:1]) and text else text


def _flat(text: str) -> Value:
    if text[:1] in ("[", "{"):
        try:
            value: Value = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return text
        return value
    return text == "true" if text in ("true", "false") else text


def _no_constant(word: str) -> Value:
    raise ValueError(word)
