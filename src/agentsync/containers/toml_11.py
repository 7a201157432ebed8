"""TOML 1.1 said in the words of TOML 1.0, which is what the standard library reads.

Floor 1, pure. 1.1 adds the escapes `\\e` and `\\xHH`, and lets an inline table span lines, hold comments and end in a comma.
"""

from __future__ import annotations

import re
from typing import Final

# A text that never closes runs to the end of the file, so that it is not tried again at each of its quotes.
_PIECES: Final = re.compile(
    r'(?P<basic>"""(?:[^"\\]++|\\.|""?(?!"))*+(?:"{3,5}|\Z)?|"(?:[^"\\\n]++|\\[^\n])*+"?)'
    r"|(?P<literal>'''.*?(?:'{3,5}|\Z)|'[^'\n]*+'?)"
    r"|(?P<layout>(?:[ \t\r\n]++|#[^\n]*+)+)"
    r"|(?P<mark>[\[\]{},])",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(?:(e)|x([0-9A-Fa-f]{2})|.)", re.DOTALL)


def as_toml_10(text: str) -> str:
    """The text with what only 1.1 knows rewritten; a text of 1.0 stays as it is. Never raises: what is wrong stays wrong.

    >>> as_toml_10('a = { b = "\\\\x41", # c\\n }')
    'a = { b = "\\\\u0041" }'
    """
    out: list[str] = []
    open_marks: list[str] = []
    comma: int | None = None        # where the last comma stands in `out`, while nothing but layout follows it
    position = 0
    for match in _PIECES.finditer(text):
        between, piece, kind = text[position : match.start()], match[0], match.lastgroup
        position = match.end()
        if between:
            out.append(between)
            comma = None
        if kind == "layout":
            out.append(" " if "\n" in piece and open_marks[-1:] == ["{"] else piece)
            continue
        if kind == "mark" and piece in "[{":
            open_marks.append(piece)
        elif kind == "mark" and piece in "]}":
            if piece == "}" and comma is not None:
                out[comma] = ""
            del open_marks[-1:]
        out.append(_ESCAPE.sub(_escape, piece) if kind == "basic" else piece)
        comma = len(out) - 1 if piece == "," and kind == "mark" else None
    return "".join([*out, text[position:]])


def _escape(match: re.Match[str]) -> str:
    if match[1]:
        return "\\u001b"
    return f"\\u00{match[2]}" if match[2] else match[0]
