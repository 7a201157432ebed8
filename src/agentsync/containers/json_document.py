"""JSON and JSONC files: one agent a file, or agents as members of an object (or items of an array) in a shared file.

Floor 1, pure. Reading uses the standard library's parser. Every change replaces the text of what changed and nothing else:
comments, order, indentation, line ends, byte order mark and neighbours stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from agentsync.containers.brackets import Bracket, Fresh, indentation, inner_indent, rebuild
from agentsync.containers.changes import Plan, arranged, in_order, planned, same, turned
from agentsync.containers.entries import At, editable, keyed, no_body, taken_apart
from agentsync.containers.json_emit import NEW, Style, text_json, value_json
from agentsync.containers.json_tree import SYNTAX, bracket_at, descend, read, root
from agentsync.containers.layout import Change, Entry, Layout, Parsed
from agentsync.containers.opening import Refused, failed, opened
from agentsync.containers.text import line_end
from agentsync.model import Value


def parse(text: str, layout: Layout) -> Parsed:
    """Take a JSON or JSONC file apart. Never raises for bad input: then `outcome` and `problems` say what is wrong."""
    try:
        return taken_apart(text, read(opened(text, layout), layout), layout, partial(_lines, text, layout))
    except Refused as refusal:
        return failed(text, refusal)


def _lines(text: str, layout: Layout, at: At) -> dict[str | int, int]:
    """The line of each member of the object or array at a path."""
    bracket = bracket_at(text, descend(text, at, layout))
    lines: dict[str | int, int] = {}
    line, position = 1, 0
    for index, piece in enumerate(bracket.pieces):
        line += text.count("\n", position, piece.label_start)
        position = piece.label_start
        name = index if piece.name is None else piece.name
        if layout.duplicate != "first" or name not in lines:
            lines[name] = line
    return lines


def create(layout: Layout, keys: Mapping[str, Value], body: str | None = None, key: str | None = None) -> str:
    """A new document with one agent. Raises ValueError where the entry's key is missing, or JSON cannot say a value."""
    no_body(body)
    if layout.unit != "entry":
        return value_json(dict(keys)) + "\n"
    return _new_document(layout, [(key, keys)])


def _new_document(layout: Layout, items: Sequence[tuple[str | None, Mapping[str, Value]]], style: Style = NEW) -> str:
    return value_json(_nested(layout.entry_at, _holder(layout, items)), style) + style.eol


def _holder(layout: Layout, items: Sequence[tuple[str | None, Mapping[str, Value]]]) -> Any:
    """The map or list of these entries."""
    entries = [(key, dict(keyed(layout, key, keys))) for key, keys in items]
    return dict(entries) if layout.entry_key is None else [keys for _, keys in entries]


def _nested(at: Sequence[str], value: Any) -> Any:
    for step in reversed(at):
        value = {step: value}
    return value


def edit(parsed: Parsed, layout: Layout, entry: Entry, changes: Mapping[str, Change], body: str | None = None) -> str:
    """The text with some keys of one entry changed, added or (`DELETE`) taken out; without changes the same text."""
    no_body(body)
    editable(parsed)
    plan = planned(entry.keys, changes)
    if not plan:
        return parsed.text
    text = parsed.text
    start = descend(text, entry.at, layout)
    bracket = bracket_at(text, start)
    return text[:start] + _object(text, bracket, entry.keys, changes, plan, layout) + text[bracket.end :]


def add(parsed: Parsed, layout: Layout, items: Sequence[tuple[str, Mapping[str, Value]]]) -> str:
    """The text with new entries at the end of the shared map (or list), which is made where it is missing.

    Raises ValueError where the map holds such a key already. A blank text becomes a new document.
    """
    text = parsed.text
    if not text.strip("\ufeff \t\r\n"):
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        return mark + _new_document(layout, items, Style(eol=line_end(text))) if items else text
    editable(parsed)
    if not items:
        return text
    start, done = root(text), 0
    bracket = bracket_at(text, start)
    for step in layout.entry_at:
        index = bracket.find(step, first=layout.duplicate == "first")
        if index is None:
            break
        start, done = bracket.pieces[index].start, done + 1
        bracket = bracket_at(text, start)
    rest = layout.entry_at[done:]
    members: Any = _holder(layout, items)
    if rest:
        members = _nested(rest, members)
    elif layout.entry_key is None and any(piece.name in members for piece in bracket.pieces):
        raise ValueError(f"there is such an entry already: {next(p.name for p in bracket.pieces if p.name in members)}")
    order: list[int | Fresh] = list(range(len(bracket.pieces)))
    style = _style(text, bracket)
    order += _fresh(text, bracket, members, style)
    return text[:start] + _rebuilt(text, bracket, order, {}, style) + text[bracket.end :]


def remove(parsed: Parsed, layout: Layout, entry: Entry) -> str:
    """The text without this entry; comments around it stay."""
    editable(parsed)
    if not entry.at:
        raise ValueError("the agent is the whole file, no entry of it")
    text = parsed.text
    start = descend(text, entry.at[:-1], layout)
    bracket = bracket_at(text, start)
    step = entry.at[-1]
    order: list[int | Fresh] = [i for i, piece in enumerate(bracket.pieces) if step not in (i, piece.name)]
    return text[:start] + _rebuilt(text, bracket, order, {}, _style(text, bracket)) + text[bracket.end :]


def _value(text: str, start: int, end: int, old: Any, new: Any, layout: Layout, style: Style) -> str:
    """The text of a value that changed: edited inside where both are maps or lists, else replaced."""
    empty = text[start] in "{[" and not text[start + 1 : end - 1].strip()
    if not empty and isinstance(old, dict) and isinstance(new, dict) and in_order(old, new):
        return _object(text, bracket_at(text, start), old, new, turned(old, new), layout)
    if not empty and isinstance(old, list) and isinstance(new, list):
        return _array(text, bracket_at(text, start), old, new, layout)
    if not empty and text[start] in "{[" and "\n" not in text[start:end]:
        style = style.one_line
    return value_json(new, style, indentation(text, start))


def _object(text: str, bracket: Bracket, old: Mapping[str, Any], new: Mapping[str, Any], plan: Plan, layout: Layout) -> str:
    first = layout.duplicate == "first"
    style = _style(text, bracket)
    names = [piece.name for piece in bracket.pieces]
    order: list[int | Fresh] = []
    for slot in arranged(names, plan, first=first):
        order += [slot] if isinstance(slot, int) else _fresh(text, bracket, {slot: new[slot]}, style)
    values = {}
    for name, value in plan.values.items():
        index = bracket.find(name, first=first)
        assert index is not None  # noqa: S101 - the value was read from this bracket
        piece = bracket.pieces[index]
        values[index] = _value(text, piece.start, piece.start + len(piece.value), old[name], value, layout, style)
    return _rebuilt(text, bracket, order, values, style)


def _array(text: str, bracket: Bracket, old: list[Any], new: list[Any], layout: Layout) -> str:
    """The array with what differs between the common beginning and the common end replaced."""
    shorter = min(len(old), len(new))
    before = next((i for i in range(shorter) if not same(old[i], new[i])), shorter)
    after = next((i for i in range(shorter - before) if not same(old[-1 - i], new[-1 - i])), shorter - before)
    style = _style(text, bracket)
    order: list[int | Fresh] = list(range(before))
    values = {}
    if len(old) == len(new):
        order = list(range(len(old)))
        for i in range(before, len(old) - after):
            if not same(old[i], new[i]):
                piece = bracket.pieces[i]
                values[i] = _value(text, piece.start, piece.start + len(piece.value), old[i], new[i], layout, style)
    else:
        order += _fresh(text, bracket, new[before : len(new) - after], style)
        order += range(len(old) - after, len(old))
    return _rebuilt(text, bracket, order, values, style)


def _fresh(text: str, bracket: Bracket, members: Any, style: Style) -> list[Fresh]:
    indent = inner_indent(bracket, indentation(text, bracket.start), style.unit or "")
    if isinstance(members, dict):
        return [Fresh(text_json(name) + style.colon, value_json(value, style, indent)) for name, value in members.items()]
    return [Fresh("", value_json(value, style, indent)) for value in members]


def _rebuilt(text: str, bracket: Bracket, order: list[int | Fresh], values: dict[int, str], style: Style) -> str:
    base = indentation(text, bracket.start)
    if not bracket.pieces and not bracket.multiline and style.unit is not None and any(isinstance(slot, Fresh) for slot in order):
        # An empty bracket in a file of many lines opens up.
        close = style.eol + base + bracket.close[-1]
        bracket = Bracket(bracket.open + bracket.close[:-1].rstrip(), (), close, bracket.start, bracket.end)
    lead = style.eol + inner_indent(bracket, base, style.unit or "  ")
    return rebuild(bracket, order, values, SYNTAX, lead=lead, apart=style.comma[1:])


def _style(text: str, bracket: Bracket) -> Style:
    """How this part of the file is written: what its members show, else what the file shows."""
    eol = line_end(text)
    labels = [piece.label.partition('":')[2] for piece in bracket.pieces if piece.label]
    leads = [piece.lead for piece in bracket.pieces[1:]]
    compact = (labels and not labels[0]) or (not labels and leads and not leads[0])
    colon = ":" + (labels[0] if labels and not labels[0].strip(" ") else " ")
    comma = "," if compact and not any(leads) else ", "
    if not (bracket.multiline or (not bracket.pieces and "\n" in text.strip())):
        return Style(None, eol, colon, comma)
    base = indentation(text, bracket.start)
    inner = inner_indent(bracket, base, "")
    unit = inner[len(base) :] if inner.startswith(base) and len(inner) > len(base) else _file_unit(text)
    lists = [piece.value for piece in bracket.pieces if piece.value.startswith("[") and len(piece.value) > 2]
    return Style(unit, eol, colon if labels else ": ", ", ", flat_lists=bool(lists) and "\n" not in lists[0])


def _file_unit(text: str) -> str:
    bracket = bracket_at(text, root(text))
    return inner_indent(bracket, indentation(text, bracket.start), "") or "  "
