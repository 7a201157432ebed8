"""Plain text: the whole file is the prompt, and there are no keys.

Floor 1, pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from agentsync.containers.layout import Change, Entry, Layout, Parsed
from agentsync.containers.opening import Refused, failed, opened
from agentsync.containers.text import BLANK, BOM, line_end, new_body, to_lf
from agentsync.model import Problem, Value

_HEAD: Final = re.compile(r"---[ \t]*\n\s*[A-Za-z_][\w-]*:")


def parse(text: str, layout: Layout) -> Parsed:
    """Takes the text as a body; what the layout refuses has an outcome."""
    try:
        body = to_lf(opened(text, layout))
        if layout.headed != "ignored" and _HEAD.match(body):
            message = "the file begins with a head between lines `---`, and a plain text has none"
            raise Refused(Problem("head", message, line=1, column=1), layout.headed)
    except Refused as refusal:
        return failed(text, refusal)
    return Parsed(text, (Entry({}, body),))


def create(
    layout: Layout,  # noqa: ARG001 - one signature for all kinds
    keys: Mapping[str, Value],
    body: str | None,
    key: str | None = None,  # noqa: ARG001
) -> str:
    """The body with one line end behind it. Keys have no place here: raises ValueError where there are some."""
    _no_keys(keys)
    told = (body or "").replace("\r\n", "\n").strip(BLANK)
    return f"{told}\n" if told else ""


def edit(
    parsed: Parsed,
    layout: Layout,
    entry: Entry,  # noqa: ARG001 - one signature for all kinds
    changes: Mapping[str, Change],
    body: str | None = None,
) -> str:
    """The text with another body; the white space around it stays."""
    _no_keys(changes)
    if body is None:
        return parsed.text
    mark = BOM if parsed.text.startswith(BOM) else ""
    old = parsed.text[len(mark) :]
    return mark + (new_body(old, body, line_end(old)) if old.strip(BLANK) else create(layout, {}, body))


def _no_keys(keys: Mapping[str, object]) -> None:
    if keys:
        raise ValueError(f"plain text has no place for keys ({', '.join(keys)})")
