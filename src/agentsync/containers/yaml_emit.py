"""Values as YAML text that every reader, of whatever dialect, takes for the same value.

Floor 1, pure. Texts are plain only where nothing can misread them, else one double-quoted line with escapes that YAML 1.1, 1.2
and JSON share. Three dashes in a row never stand inside quotes: some clients end the head at the first `---` they meet.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from agentsync.containers.cleaned import Guarded
from agentsync.containers.not_text import NotText
from agentsync.containers.text import BLANK
from agentsync.containers.yaml_scalars import plain_safe
from agentsync.model import Value


class FlowMap(dict[str, Any]):
    """A map to be written as one flow line: `{key: value}`."""

    __slots__ = ()


_ESCAPED: Final = re.compile(
    "[\"\\\\\x00-\x1f\x7f-\xa0\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e0fff\U000f0000-\U0010ffff]|-(?=--)"
)
_NAMED: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
# Joiners that real texts need stay as they are: zero-width (non-)joiner. Everything else in the class above is invisible.
_KEPT: Final = frozenset("\u200c\u200d")
_WORDS: Final = re.compile(r"[A-Za-z_][\w./@()*+:-]*(?:, ?[A-Za-z_][\w./@()*+:-]*)*", re.ASCII)
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ][0-9:.]+ ?(?:Z|[-+][0-9:]+)?)?")
_BLOCK_LINE: Final = re.compile("[^\x00-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]*")


def _escape(found: re.Match[str]) -> str:
    sign = found.group()
    if sign in _NAMED:
        return _NAMED[sign]
    if sign in _KEPT:
        return sign
    code = ord(sign)
    if 0xD800 <= code <= 0xDFFF:  # no reader but JavaScript's takes half a character
        return "\\ufffd"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def double_quoted(text: str) -> str:
    """The text as one double-quoted line.

    >>> double_quoted('a "b" --- c')
    '"a \\\\"b\\\\" \\\\u002d-- c"'
    """
    if text.isascii():  # nearly all texts; several times faster than the search
        plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        if plain.isprintable() and "---" not in plain:
            return f'"{plain}"'
    return f'"{_ESCAPED.sub(_escape, text)}"'


def guarded_text(text: Guarded, indent: int, end: str) -> str:
    """A text between double quotes, a line of its own for each of its lines; its guarded characters are escaped."""
    lines = [text.escaped(double_quoted(line))[1:-1] for line in text.split("\n")]
    behind = ["\\" + line if line.startswith(" ") else line for line in lines[1:]]
    return '"' + f"\\n\\{end}{' ' * indent}".join([lines[0], *behind]) + '"'


def emit_text(text: str, quote: str = "auto", *, flow: bool = False) -> str:
    """One text. quote `double` leaves only words and lists of words bare; what a client took for a date stays one."""
    if quote == "raw":
        return raw_line(text)
    if isinstance(text, Guarded):
        return text.escaped(double_quoted(text))
    if isinstance(text, NotText) and _TIME.fullmatch(text):
        return str(text)
    return _told(str(text), quote, flow) if len(text) <= 80 else _told.__wrapped__(str(text), quote, flow)


@lru_cache(maxsize=4096)
def _told(text: str, quote: str, flow: bool) -> str:
    if (quote == "auto" or _WORDS.fullmatch(text) is not None) and plain_safe(text, flow=flow):
        return text
    return double_quoted(text)


@lru_cache(maxsize=1024)
def emit_key(key: str, *, flow: bool = False) -> str:
    """A key of a map."""
    return key if plain_safe(key, flow=flow) and len(key) <= 100 else double_quoted(key)


def emit_number(value: bool | int | float | None) -> str:
    """A scalar that is no text."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if value != value or value in (float("inf"), float("-inf")):
        return ".nan" if value != value else ".inf" if value > 0 else "-.inf"
    text = repr(value)
    mantissa, _, exponent = text.partition("e")
    if exponent and "." not in mantissa:  # YAML 1.1 knows no float without a point
        text = f"{mantissa}.0e{exponent}"
    return text


def emit_flow(value: Value, quote: str = "auto") -> str:
    """Any value on one line."""
    if isinstance(value, str):
        return emit_text(value, quote, flow=True)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{emit_key(key, flow=True)}: {emit_flow(item, quote)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(emit_flow(item, quote) for item in value) + "]"
    return emit_number(value)


def emit(
    value: Value, *, quote: str = "auto", lists: str = "flow", indent: int = 0, end: str = "\n", texts: str = "line", fresh: bool = False
) -> str:
    """What stands behind a key's colon or a list's dash: ` value`, or a line end and the indented block.

    indent: column of the key (or dash) it belongs to. texts `block`: a text of several lines is a literal block where that says it
    exactly. fresh: the block may begin on this very line, as behind a dash.
    """
    if isinstance(value, Guarded):
        return " " + guarded_text(value, indent + 2, end)
    if isinstance(value, str):
        if texts == "block" and "\n" in value:
            block = literal(value, indent + 2, end)
            if block is not None:
                return " " + block
        return " " + emit_text(value, quote)
    if isinstance(value, dict) and value and not isinstance(value, FlowMap):
        pad = " " * (indent + 2)
        lines = [
            f"{emit_key(key)}:" + emit(item, quote=quote, lists=lists, indent=indent + 2, end=end, texts=texts)
            for key, item in value.items()
        ]
        return (" " if fresh else end + pad) + (end + pad).join(lines)
    if isinstance(value, (list, tuple)) and value and (lists == "block" or _holds_block(value)):
        pad = " " * (indent + 2)
        items = ["-" + emit(item, quote=quote, lists=lists, indent=indent + 2, end=end, texts=texts, fresh=True) for item in value]
        return (" " if fresh else end + pad) + (end + pad).join(items)
    return " " + emit_flow(value, quote)


def _holds_block(items: list[Any] | tuple[Any, ...]) -> bool:
    return any(isinstance(item, dict) and item and not isinstance(item, FlowMap) for item in items)


def emit_pair(
    key: str, value: Value, *, quote: str = "auto", lists: str = "flow", indent: int = 0, end: str = "\n", texts: str = "line"
) -> str:
    """`key: value` without indentation and line end before it or line end after it."""
    if quote == "raw":
        return f"{key}: {raw_value(value)}".rstrip(BLANK)
    return f"{emit_key(key)}:" + emit(value, quote=quote, lists=lists, indent=indent, end=end, texts=texts)


def literal(text: str, indent: int, end: str, header: str = "|") -> str | None:
    """The text as a literal block, or None where a block cannot say it to every reader."""
    core = text.rstrip("\n")
    after = len(text) - len(core)
    lines = core.split("\n")
    if after > 1 or lines[0][:1] in ("", " ") or "\r" in text or any(line and not line.strip() for line in lines):
        return None
    if not all(_BLOCK_LINE.fullmatch(line.replace("\t", " ")) and not line.startswith("\t") for line in lines):
        return None
    pad = " " * indent
    body = end.join(pad + line if line else "" for line in lines)
    return f"{header}{'' if after else '-'}{end}{body}"


def raw_line(text: str) -> str:
    """A text for a reader that takes the rest of the line as it is: line ends become spaces, there is no white space around it."""
    return re.sub(r"\s*[\r\n]+\s*", " ", str(text)).strip(BLANK)


def raw_value(value: Value) -> str:
    """Any value for such a reader: a list is its items with commas, nothing is nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return raw_line(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(raw_value(item) for item in value)
    return raw_line(emit_flow(value))
