"""Simple heads without a YAML parser: one `key: value` a line, as nearly all heads are.

Floor 1, pure. `read_simple` agrees with the parser on every head it takes, and declines all others; a test holds it to that. It is
twenty times as fast, which is what makes converting thousands of agents, each read back, a matter of seconds.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from agentsync.containers.yaml_scalars import resolve
from agentsync.model import Value

_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
_ODD: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff\U000f0000-\U0010ffff]")
_INDICATORS: Final = frozenset("-?:,[]{}#&*!|>%@`")
_ITEM: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./()*+-]*")
_QUOTED_ITEM: Final = re.compile(r"\"[^\"\\]*\"|'[^']*'")
_QUOTED_KEY: Final = re.compile(r'"([^"\\]{0,100})":(?= |$)')
_ESCAPES: Final = re.compile(r'[^\\"]*(?:\\["\\nt][^\\"]*)*')
_ESCAPE: Final = re.compile(r"\\(.)")
_MEANING: Final = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}


class _Decline(Exception):
    """A head for the parser."""


def read_simple(head: str, dialect: str) -> dict[str, Value] | None:
    """The keys of a simple head with LF or CRLF line ends, or None where the parser must look.

    A key without a value may have a list or map of one-line values below it, each on a line, one level deep.
    """
    if "\r" in head:
        head = head.replace("\r\n", "\n")
    if not (head.isascii() and head.replace("\n", "").isprintable()) and _ODD.search(head):
        return None
    keys: dict[str, Value] = {}
    owner: str | None = None
    depth = 0
    try:
        for line in head.split("\n"):
            if not line or line[0] == "#":
                continue
            if line[0] == " " or line[0] == "-":
                if owner is None:
                    return None
                keys[owner] = block = _inner(line, keys[owner], dialect)
                indent = len(line) - len(line.lstrip(" "))
                if len(block) == 1:
                    depth = indent
                elif indent != depth:
                    return None
                continue
            key, rest = _key(line, dialect)
            if key in keys:
                return None
            keys[key] = value = _value(rest, dialect)
            owner = key if value is None and not rest else None
    except _Decline:
        return None
    return keys


def _key(line: str, dialect: str) -> tuple[str, str]:
    """The key of a line and the rest of it without the spaces around."""
    key, colon, rest = line.partition(":")
    if not colon or (rest and rest[0] != " ") or not _is_key(key, dialect):
        raise _Decline
    return key, rest.strip(" ")


@lru_cache(maxsize=1024)
def _is_key(key: str, dialect: str) -> bool:
    return _KEY.fullmatch(key) is not None and isinstance(resolve(key, dialect), str)


def _inner(line: str, held: Value, dialect: str) -> list[Value] | dict[str, Value]:
    """The list or map below a key with one more line in it; `held` is what it was before."""
    text = line.strip(" ")
    if text[:2] == "- ":
        if held is not None and not isinstance(held, list):
            raise _Decline
        items = held if held is not None else []
        items.append(_value(text[2:].strip(" "), dialect, item=True))
        return items
    if line[0] == "-" or (held is not None and not isinstance(held, dict)):
        raise _Decline
    inner = held if held is not None else {}
    quoted = _QUOTED_KEY.match(text)
    key, rest = (quoted[1], text[quoted.end() :].strip(" ")) if quoted else _key(text, dialect)
    if key in inner:
        raise _Decline
    inner[key] = _value(rest, dialect)
    return inner


def _value(text: str, dialect: str, *, item: bool = False) -> Value:
    if len(text) < 64 and text[:1] != "[":      # a list is the reader's to change
        return _short(text, dialect, item)
    return _read_value(text, dialect, item)


@lru_cache(maxsize=4096)
def _short(text: str, dialect: str, item: bool) -> Value:
    """The same for the few words that most values are: the agents of a team share them."""
    return _read_value(text, dialect, item)


def _read_value(text: str, dialect: str, item: bool) -> Value:
    if not text:
        if item:
            raise _Decline
        return None
    first = text[0]
    if first == '"':
        return _double(text)
    if first == "'":
        inner = text[1:-1]
        if len(text) < 2 or text[-1] != "'" or "'" in inner.replace("''", ""):
            raise _Decline
        return inner.replace("''", "'")
    if first == "[" and text[-1] == "]":
        inner = text[1:-1].strip(" ")
        return [_item(item.strip(" "), dialect) for item in inner.split(",")] if inner else []
    if first in _INDICATORS or ": " in text or " #" in text or text[-1] == ":":
        raise _Decline
    return resolve(text, dialect)


def _double(text: str) -> str:
    inner = text[1:-1]
    if len(text) < 2 or text[-1] != '"':
        raise _Decline
    if "\\" not in inner:
        if '"' in inner:
            raise _Decline
        return inner
    if not _ESCAPES.fullmatch(inner):
        raise _Decline
    return _ESCAPE.sub(lambda found: _MEANING[found.group(1)], inner)


def _item(text: str, dialect: str) -> Value:
    if _ITEM.fullmatch(text):
        return resolve(text, dialect)
    if _QUOTED_ITEM.fullmatch(text):
        return text[1:-1]
    raise _Decline


def line_numbers(head: str, first: int) -> dict[str | int, int]:
    """Key to line of a simple head whose first line is `first`."""
    lines: dict[str | int, int] = {}
    for number, line in enumerate(head.split("\n"), first):
        key, colon, _ = line.partition(":")
        if colon and line[0] != "#":
            lines[key] = number
    return lines
