"""Values as TOML text: strings in the four quotings, values in one line, and tables.

Floor 1, pure. TOML has no null and no lone surrogates: whoever asks for one gets a ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from agentsync.containers.not_text import NotText

_BARE: Final = re.compile(r"[A-Za-z0-9_-]++\Z")
# Every control character but tab and LF, as bytes: in UTF-8 no other character holds these bytes.
_CONTROLS: Final = bytes({*range(32), 127} - {9, 10})
_UNSAFE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ESCAPES: Final = {"\b": "\\b", "\f": "\\f", "\r": "\\r"}
_TIME: Final = r"\d{2}:\d{2}:\d{2}(?:\.\d+)?"
_DATE: Final = re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}}(?:[Tt ]{_TIME}(?:[Zz]|[+-]\d{{2}}:\d{{2}})?)?\Z|{_TIME}\Z")
INTEGERS: Final = range(-(2**63), 2**63)
"""What every TOML reader takes for an integer; beyond, most refuse the file."""


def key_toml(name: str) -> str:
    """A key: bare where it may be, else quoted.

    >>> key_toml("max_turns"), key_toml("my server")
    ('max_turns', '"my server"')
    """
    return name if _BARE.match(name) else line_toml(name)


def path_toml(path: Sequence[str | int]) -> str:
    """A dotted key; positions in arrays of tables are not written."""
    return ".".join(key_toml(part) for part in path if isinstance(part, str))


def line_toml(text: str) -> str:
    """A text as a basic string in one line.

    >>> print(line_toml('say "hi"\\n'))
    "say \\"hi\\"\\n"
    """
    text = _escaped(text.replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{text}"'.replace("\n", "\\n")


def block_toml(text: str, eol: str, *, start: str = "\n") -> str:
    """A text as a multi-line basic string. start: a line end behind the opening quotes, or nothing.

    >>> print(block_toml("one\\ntwo", "\\n"))
    \"\"\"
    one
    two\"\"\"
    """
    last = '\\"' if text.endswith('"') else ""  # a quote at the end would join the closing ones
    text = text[:-1] if last else text
    written = _escaped(text.replace("\\", "\\\\").replace('"""', '""\\"')) + last
    if not start and written.startswith("\n"):
        start = "\n"  # a line end straight behind the quotes is not part of the text
    written = f'"""{start}{written}"""'
    return written if eol == "\n" else written.replace("\n", eol)


def _escaped(text: str) -> str:
    """The text with control characters escaped, but for tab and LF. Raises ValueError for lone surrogates."""
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"TOML has no way to write the lone surrogate {text[error.start]!r}") from None
    if len(raw) == len(raw.translate(None, _CONTROLS)):
        return text
    return _UNSAFE.sub(lambda match: _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04X}", text)


def text_toml(text: str, eol: str, old: str = "") -> str:
    """A text in the quoting of the old value's text where that can say it, else as a basic string."""
    if isinstance(text, NotText) and _DATE.match(text):
        return str(text)
    if old.startswith("'") and _literal(text):
        block = old.startswith("'''")
        if block and "'''" not in text and not text.endswith("'"):
            start = "\n" if old[3:5].startswith(("\n", "\r\n")) or text.startswith("\n") else ""
            return f"'''{start}{text}'''".replace("\n", eol)
        if not block and "'" not in text and "\n" not in text:
            return f"'{text}'"
    if old.startswith('"""') or "\n" in text:
        start = "" if old.startswith('"""') and not old[3:5].startswith(("\n", "\r\n")) else "\n"
        return block_toml(text, eol, start=start)
    return line_toml(text)


def _literal(text: str) -> bool:
    """Whether a text holds nothing that only an escape can say."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return False
    return len(raw) == len(raw.translate(None, _CONTROLS))


def inline_toml(value: Any) -> str:
    """A value in one line. Raises ValueError for null, lone surrogates and integers beyond 64 bits."""
    if isinstance(value, NotText) and _DATE.match(value):
        return str(value)
    if isinstance(value, str):
        return line_toml(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if value not in INTEGERS:
            raise ValueError(f"TOML integers have 64 bits: {value:#x} is too large")
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, dict):
        members = ", ".join(f"{key_toml(str(key))} = {inline_toml(item)}" for key, item in value.items())
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(inline_toml(item) for item in value)}]"
    raise ValueError(f"TOML has no way to write {value!r}")


def pair_toml(key: str, value: Any, eol: str) -> str:
    """A line `key = value` (several, for a text of several lines) with its line end."""
    return f"{key} = {text_toml(value, eol) if isinstance(value, str) else inline_toml(value)}{eol}"


def tables_toml(path: Sequence[str | int], table: Mapping[str, Any], eol: str, *, item: bool = False) -> str:
    """A map as `[path]` with its keys, and the maps in it as tables of their own behind it, a blank line before each.

    item: `[[path]]`, one more item of an array of tables.
    """
    plain = [pair_toml(key_toml(key), value, eol) for key, value in table.items() if not isinstance(value, dict) or not value]
    nested = [tables_toml((*path, key), value, eol) for key, value in table.items() if isinstance(value, dict) and value]
    name = path_toml(path)
    head = f"{eol}[[{name}]]{eol}" if item else f"{eol}[{name}]{eol}" if plain or not nested else ""
    return "".join([head, *plain, *nested])


def document_toml(keys: Mapping[str, Any], eol: str = "\n") -> str:
    """A whole document: plain values first, since a table takes in every key that follows it.

    >>> print(document_toml({"name": "x", "features": {"shell_tool": False}}), end="")
    name = "x"
    <BLANKLINE>
    [features]
    shell_tool = false
    """
    plain = [pair_toml(key_toml(key), value, eol) for key, value in keys.items() if not isinstance(value, dict) or not value]
    tables = [tables_toml((key,), value, eol) for key, value in keys.items() if isinstance(value, dict) and value]
    text = "".join(plain + tables)
    return text if plain else text.removeprefix(eol)
