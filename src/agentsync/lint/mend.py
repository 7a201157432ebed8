"""Repairs that are certain: heads made valid as their assistant reads them, keys spelt as it knows them. Nothing else changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from agentsync.codec.compiled import Kind, compile_format
from agentsync.containers import parse, valid
from agentsync.containers.layout import Entry, Parsed
from agentsync.lint.checks import Source, loosened, miscased

_LOADS: Final = (None, "ignored")


def mended(source: Source) -> str | None:
    """The text with what can be repaired for certain, or None where there is nothing. It says what the file was read as, or meant to say."""
    kind = compile_format(source.rules).kind(source.kind, source.place)
    text = _valid_head(source.text, kind)
    text = _cased(source, text, kind)
    return text if text != source.text else None


def _valid_head(text: str, kind: Kind) -> str:
    """The text with a head that needs no mending any more; as it was where that cannot be had."""
    parsed = parse(text, kind.layout)
    lenient = loosened(kind.layout)
    if parsed.outcome not in _LOADS and lenient is not None:
        parsed = parse(text, lenient)
    new = valid(parsed)
    after = parse(new, kind.layout)
    good = after.outcome in _LOADS and not after.repaired and _says(after) == _says(parsed)
    return new if good else text


def _says(parsed: Parsed) -> list[tuple[dict[str, object], str | None]]:
    return [(dict(entry.keys), entry.body) for entry in parsed.entries]


def _cased(source: Source, text: str, kind: Kind) -> str:
    """The text with keys of the wrong case spelt as the assistant knows them."""
    parsed = parse(text, kind.layout)
    if parsed.outcome not in _LOADS or len(parsed.entries) != 1:
        return text
    entry = parsed.entries[0]
    wrong = miscased(compile_format(source.rules), entry)
    new = _renamed(text, entry, wrong)
    after = parse(new, kind.layout)
    meant = [({wrong.get(key, key): value for key, value in entry.keys.items()}, entry.body)]
    return new if wrong and after.outcome in _LOADS and _says(after) == meant else text


def _renamed(text: str, entry: Entry, wrong: Mapping[str, str]) -> str:
    lines = text.split("\n")
    for key, right in wrong.items():
        number = (entry.lines.get(key) or 0) - 1
        if 0 <= number < len(lines):
            at = re.compile(rf"(^|[\s{{,])([\"']?){re.escape(key)}(\2\s*[:=])")
            lines[number] = at.sub(lambda m, right=right: f"{m[1]}{m[2]}{right}{m[3]}", lines[number], count=1)  # type: ignore[misc]  # a default binds it now
    return "\n".join(lines)
