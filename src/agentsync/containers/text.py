"""Line ends, byte order mark, undecodable bytes and places in a text: what every container needs of plain text.

Floor 1, pure. A file's bytes that are no UTF-8 stand in its text as lone surrogates (`surrogateescape`), so that the text
gives the bytes back; what a client sees in their place is U+FFFD, and `readable` shows it.
"""

from __future__ import annotations

import re
from typing import Final

BOM: Final = "\ufeff"
BLANK: Final = " \t\r\n\v\f"
"""The white space around a body that is layout, not prompt."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_BREAK: Final = re.compile(r"\r\n|\n|\r")


def has_surrogates(text: str) -> bool:
    """Whether the text holds bytes that are no UTF-8.

    >>> has_surrogates("caf\\udce9")
    True
    """
    if text.isascii():
        return False
    try:
        text.encode()  # several times faster than a search for what is almost never there
    except UnicodeEncodeError:
        return True
    return False


def readable(text: str) -> str:
    """The text as a client decodes it: each undecodable run of bytes is U+FFFD.

    >>> readable("caf\\udce9!")
    'caf\ufffd!'
    """
    if not has_surrogates(text):
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:  # surrogates that no byte gave: they came from an escape, not from a file
        return _SURROGATE.sub("\ufffd", text)


def line_end(text: str) -> str:
    """The line end new text in this file gets: the one most of its lines have, LF where it has none.

    >>> line_end("a\\r\\nb\\r\\nc\\n")
    '\\r\\n'
    """
    if "\r" not in text:
        return "\n"
    windows = text.count("\r\n")
    unix = text.count("\n") - windows
    mac = text.count("\r") - windows
    if windows >= unix and windows:
        return "\r\n"
    return "\n" if unix or not mac else "\r"


def to_lf(text: str) -> str:
    """The text with LF line ends. A lone CR is a line end only where the text has no other.

    >>> to_lf("a\\r\\nb\\rc\\n")
    'a\\nb\\rc\\n'
    """
    if "\r" not in text:
        return text
    if "\n" not in text:
        return text.replace("\r", "\n")
    return text.replace("\r\n", "\n")


def with_line_end(text: str, end: str) -> str:
    """LF text with another line end."""
    return text if end == "\n" else text.replace("\n", end)


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both counted from 1; a byte order mark is no column.

    >>> place("a\\r\\nbc", 4)
    (2, 2)
    """
    between = text[offset - 1 : offset + 1] == "\r\n" if offset else False  # between CR and LF: still on the line they end
    before = text[: offset - 1 if between else offset]
    line, start = 1, 1 if before.startswith(BOM) else 0
    for found in _BREAK.finditer(before):
        line, start = line + 1, found.end()
    return line, max(offset - start, 0) + 1


def line_around(text: str, offset: int) -> str:
    """The line an offset is in, without its end."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    found = _BREAK.search(text, offset)
    return text[start : found.start() if found else len(text)]


def new_body(old: str, body: str, end: str) -> str:
    """The text after a head with another body: the white space around the old one stays, and the file's line end is used.

    Returns `old` itself where the body says the same. `old` without any text gets the body as a paragraph of its own.
    """
    told = body.replace("\r\n", "\n").strip(BLANK)
    core = old.strip(BLANK)
    if to_lf(core) == told:
        return old
    if not core:
        return (old if old.endswith(("\n", "\r")) else old + end) + with_line_end(told, end) + end
    start = len(old) - len(old.lstrip(BLANK))
    if not told:
        return old[:start]
    return old[:start] + with_line_end(told, end) + old[start + len(core) :]
