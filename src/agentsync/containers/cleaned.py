"""Texts whose client replaces characters in the whole file before it parses it: typographic quotes, dashes, invisible signs.

Floor 1, pure. What is read is what the client sees; the file keeps its own characters, and every edit goes by their places. What is
written is escaped where the container has escapes, so that a text arrives as it was meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

from agentsync.containers.layout import Layout, Parsed
from agentsync.containers.text import place
from agentsync.model import Problem

Parse = Callable[[str, Layout], Parsed]
Changes = TypeVar("Changes", bound=Mapping[str, Any])


class Guarded(str):
    """A text to be written between double quotes with these characters escaped; it equals and behaves as its text."""

    signs: str

    def escaped(self, quoted: str) -> str:
        """A quoted form of the text, in which the characters do not stand bare."""
        return _sign(self.signs).sub(lambda found: json.dumps(found.group())[1:-1], quoted)


@lru_cache(maxsize=16)
def _sign(signs: str) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(signs)}]")


def parse_cleaned(text: str, layout: Layout, parse: Parse) -> Parsed:
    """The document as its client reads it, with the places of the text as it is."""
    table = str.maketrans(dict(layout.cleaned))
    seen_text = text.translate(table)
    plain = parse(text, layout)
    if seen_text == text:
        return plain
    seen = parse(seen_text, layout)
    if seen.outcome is not None and layout.json and plain.outcome is None and plain.tree is None:
        return plain      # what is no YAML once it is cleaned is read as JSON, as it stands
    if seen.outcome is not None or (len(seen_text) == len(text) and (seen.tree is not None or plain.outcome is None)):
        return replace(seen, text=text)
    if plain.outcome is None and [entry.at for entry in plain.entries] == [entry.at for entry in seen.entries]:
        pairs = zip(plain.entries, seen.entries, strict=True)
        return replace(plain, entries=tuple(replace(here, keys=there.keys, key=there.key) for here, there in pairs))
    found = next(index for index, sign in enumerate(text) if table.get(ord(sign)) == "")
    line, column = place(text, found)
    message = f"an invisible character (U+{ord(text[found]):04X}) stands in the file, and without it the file reads otherwise: take it out"
    return Parsed(text, (), layout.on_bad_head, (Problem("invisible-character", message, line=line, column=column),))


def guarded(values: Changes, layout: Layout) -> Changes:
    """The same values, with every text marked that its client would alter if it stood bare."""
    signs = "".join(sign for sign, _ in layout.cleaned)
    return _guarded(values, signs, _sign(signs)) if signs else values


def _guarded(value: Any, signs: str, sign: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        if not sign.search(value):
            return value
        marked = Guarded(value)
        marked.signs = signs
        return marked
    if isinstance(value, Mapping):
        return {key: _guarded(item, signs, sign) for key, item in value.items()}
    if isinstance(value, list):
        return [_guarded(item, signs, sign) for item in value]
    return value
