"""TOML files: one agent a file, or agents as tables of a shared file.

Floor 1, pure. Every change replaces the text of what changed and nothing else: comments, order, quoting, line ends, byte
order mark and a missing final line end stay. New values of a file with CRLF get CRLF too, in multi-line strings as well:
to TOML that is the same text.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from agentsync.containers.changes import is_value, planned
from agentsync.containers.entries import At, editable, keyed, no_body, taken_apart
from agentsync.containers.layout import DELETE, Change, Entry, Layout, Parsed
from agentsync.containers.opening import Refused, failed, opened
from agentsync.containers.toml_edit import Editing
from agentsync.containers.toml_emit import document_toml, tables_toml
from agentsync.containers.toml_read import read
from agentsync.containers.toml_scan import Path, Statement, statements
from agentsync.model import Value


def parse(text: str, layout: Layout) -> Parsed:
    """Take a TOML file apart. Never raises for bad input: then `outcome` and `problems` say what is wrong.

    Dates and times come as `NotText`; line ends in texts as LF.
    """
    try:
        return taken_apart(text, read(opened(text, layout), layout), layout, partial(_lines, text))
    except Refused as refusal:
        return failed(text, refusal)


def _lines(text: str, at: At) -> dict[str | int, int]:
    """The line of each key at a path: that of the first statement about it."""
    lines: dict[str | int, int] = {}
    line, position = 1, 0
    for found in statements(text):
        line += text.count("\n", position, found.start)
        position = found.start
        if found.path[: len(at)] == at and len(found.path) > len(at):
            lines.setdefault(found.path[len(at)], line)
    return lines


def create(layout: Layout, keys: Mapping[str, Value], body: str | None = None, key: str | None = None) -> str:
    """A new document with one agent. Raises ValueError where the entry's key is missing, or TOML cannot say a value."""
    no_body(body)
    if layout.unit != "entry":
        return document_toml(keys)
    return _new_entries(layout, [(key, keys)], "\n").removeprefix("\n")


def _new_entries(layout: Layout, items: Sequence[tuple[str | None, Mapping[str, Value]]], eol: str) -> str:
    parts = []
    for key, keys in items:
        whole = keyed(layout, key, keys)
        if layout.entry_key is None:
            parts.append(tables_toml((*layout.entry_at, str(key)), whole, eol))
        else:
            parts.append(tables_toml(layout.entry_at, whole, eol, item=True))
    return "".join(parts)


def edit(parsed: Parsed, layout: Layout, entry: Entry, changes: Mapping[str, Change], body: str | None = None) -> str:
    """The text with some keys of one entry changed, added or (`DELETE`) taken out; without changes the same text."""
    no_body(body)
    editable(parsed)
    plan = planned(entry.keys, changes, ordered=False)
    if not plan:
        return parsed.text
    editing = Editing(parsed.text)
    holder = editing.holder(entry.at)
    if holder is not None:
        new = {key: value for key, value in {**entry.keys, **changes}.items() if is_value(value)}
        _inside(editing, holder, entry.at, new, parsed.text, layout)
    else:
        editing.table(entry.at, entry.keys, changes, plan)
    return editing.result()


def _inside(editing: Editing, holder: Statement, at: Path, new: Change, text: str, layout: Layout) -> None:
    """Change what stands at a path inside the value of one statement (`agents = { reviewer = { … } }`)."""
    old: Any = read(opened(text, layout), layout)
    for step in holder.path:
        old = old[step]
    whole = copy.deepcopy(old)
    target = whole
    for step in at[len(holder.path) : -1]:
        target = target[step]
    if at == holder.path:
        whole = new
    elif is_value(new):
        target[at[-1]] = new
    else:
        del target[at[-1]]
    editing.change(holder.path, old, whole)


def add(parsed: Parsed, layout: Layout, items: Sequence[tuple[str, Mapping[str, Value]]]) -> str:
    """The text with new entries as tables at its end. Raises ValueError where there is such an entry already."""
    editable(parsed)
    if not items:
        return parsed.text
    taken = {entry.key for entry in parsed.entries} if layout.entry_key is None else set()
    twice = next((key for key, _ in items if key in taken), None)
    if twice is not None:
        raise ValueError(f"there is such an entry already: {twice}")
    editing = Editing(parsed.text)
    holder = editing.holder(layout.entry_at)
    if holder is None and not editing.dotted(layout.entry_at):
        editing.append(_new_entries(layout, items, editing.eol))
        return editing.result()
    old: Any = read(opened(parsed.text, layout), layout)
    for step in layout.entry_at:
        old = old[step]
    entries = [(key, dict(keyed(layout, key, keys))) for key, keys in items]
    new: Any = {**old, **dict(entries)} if layout.entry_key is None else [*old, *(keys for _, keys in entries)]
    if holder is not None:
        _inside(editing, holder, layout.entry_at, new, parsed.text, layout)
    else:
        editing.change(layout.entry_at, old, new)
    return editing.result()


def remove(parsed: Parsed, layout: Layout, entry: Entry) -> str:
    """The text without this entry; comments on lines of their own stay."""
    editable(parsed)
    if not entry.at:
        raise ValueError("the agent is the whole file, no entry of it")
    editing = Editing(parsed.text)
    holder = editing.holder(entry.at)
    if holder is not None and holder.path != entry.at:
        _inside(editing, holder, entry.at, DELETE, parsed.text, layout)
    else:
        editing.delete(entry.at)
    return editing.result()
