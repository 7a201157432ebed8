"""JSON and JSONC files: one agent a file, or agents as members of an object (or items of an array) in a shared file.

Floor 1, pure. Reading uses the standard library's parser. Every change replaces the text of what changed and nothing else:
comments, order, indentation, line ends, byte order mark and neighbours stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from agentsync.containers.brackets import Bracket, Fresh, indentation, inner_indent, rebuild
from agentsync.containers.changes import Plan, arranged, in_order, planned, same, turned
from agentsync.containers.json_emit import NEW, Style, text_json, value_json
from agentsync.containers.json_tree import SYNTAX, bracket_at, descend, line_of, read, root
from agentsync.containers.layout import Change, Entry, Layout, Parsed
from agentsync.containers.opening import LazyLines, Refused, editable, failed, opened
from agentsync.containers.text import line_end
from agentsync.model import Problem, Value

MOST_SHOWN: Final = 20
"""Bad entries that are named one by one."""


def parse(text: str, layout: Layout) -> Parsed:
    """Take a JSON or JSONC file apart. Never raises for bad input: then `outcome` and `problems` say what is wrong."""
    try:
        return _entries(text, read(opened(text, layout), layout), layout)
    except Refused as refusal:
        return failed(text, refusal)


def _entries(text: str, value: Any, layout: Layout) -> Parsed:
    if not isinstance(value, dict):
        raise _wrong(text, (), "an object", layout)
    if layout.unit != "entry":
        return Parsed(text, (Entry(value, lines=_lazy(text, (), layout)),))
    kind, word = (dict, "an object") if layout.entry_key is None else (list, "an array")
    at: tuple[str, ...] = ()
    for step in layout.entry_at:
        if not isinstance(value, dict):
            raise _wrong(text, at, "an object", layout)
        if step not in value:
            return Parsed(text)
        value, at = value[step], (*at, step)
    if not isinstance(value, kind):
        raise _wrong(text, at, word, layout)
    entries: list[Entry] = []
    bad: list[str | int] = []
    members: Iterable[tuple[str | int, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
    for place, keys in members:
        name = keys.get(layout.entry_key) if isinstance(keys, dict) and layout.entry_key is not None else place
        if isinstance(keys, dict) and isinstance(name, str):
            entries.append(Entry(keys, key=name, lines=_lazy(text, (*at, place), layout), at=(*at, place)))
        else:
            bad.append(place)
    return Parsed(text, tuple(entries), problems=_bad_entries(text, at, bad, layout) if bad else ())


def _bad_entries(text: str, at: tuple[str, ...], bad: list[str | int], layout: Layout) -> tuple[Problem, ...]:
    """The first members of the map or list that are no agents, each as a problem; of many, the rest are counted."""
    places: dict[str | int, int] = {}
    for index, piece in enumerate(bracket_at(text, descend(text, at, layout)).pieces):
        places[index if piece.name is None else piece.name] = piece.start
    wanted = "an object" if layout.entry_key is None else f"an object with a text as {layout.entry_key!r}"
    problems: list[Problem] = []
    for step in bad[:MOST_SHOWN]:
        shown = repr(step) if isinstance(step, str) else f"number {step + 1}"
        more = f" (and {len(bad) - MOST_SHOWN} more)" if len(problems) == MOST_SHOWN - 1 and len(bad) > MOST_SHOWN else ""
        message = f"the entry {shown} is no agent{more}: it must be {wanted}"
        problems.append(Problem("bad-entry", message, line=line_of(text, places[step])))
    return tuple(problems)


def _wrong(text: str, at: tuple[str, ...], wanted: str, layout: Layout) -> Refused:
    line = line_of(text, descend(text, at, layout))
    where = f"the value of {'.'.join(at)!r}" if at else "the file"
    return Refused(Problem("bad-root", f"{where} must be {wanted}", line=line), layout.on_bad_head)


def _lazy(text: str, at: tuple[str | int, ...], layout: Layout) -> Mapping[str, int]:
    return LazyLines(partial(_lines, text, at, layout))


def _lines(text: str, at: tuple[str | int, ...], layout: Layout) -> dict[str, int]:
    """Each key's line."""
    bracket = bracket_at(text, descend(text, at, layout))
    places: dict[str, int] = {}
    for piece in bracket.pieces:
        if piece.name is not None and not (layout.duplicate == "first" and piece.name in places):
            places[piece.name] = piece.label_start
    lines, line, position = {}, 1, 0
    for name, place in sorted(places.items(), key=lambda item: item[1]):
        line += text.count("\n", position, place)
        position = place
        lines[name] = line
    return lines


def create(layout: Layout, keys: Mapping[str, Value], body: str | None = None, key: str | None = None) -> str:
    """A new document with one agent. Raises ValueError where the entry's key is missing, or JSON cannot say a value."""
    _no_body(body)
    if layout.unit != "entry":
        return value_json(keys) + "\n"
    if key is None:
        raise ValueError("an entry of a shared file needs a key")
    return _new_document(layout, [(key, keys)])


def _new_document(layout: Layout, items: Sequence[tuple[str, Mapping[str, Value]]], style: Style = NEW) -> str:
    return value_json(_nested(layout.entry_at, _holder(layout, items)), style) + style.eol


def _holder(layout: Layout, items: Sequence[tuple[str, Mapping[str, Value]]]) -> Any:
    """The map or list of these entries."""
    if layout.entry_key is None:
        return dict(items)
    return [_with_key(layout.entry_key, key, keys) for key, keys in items]


def _with_key(entry_key: str, key: str, keys: Mapping[str, Value]) -> dict[str, Value]:
    return dict(keys) if entry_key in keys else {entry_key: key, **keys}


def _nested(at: Sequence[str], value: Any) -> Any:
    for step in reversed(at):
        value = {step: value}
    return value


def _no_body(body: str | None) -> None:
    if body is not None:
        raise ValueError("a JSON file has no body: the prompt is one of its keys")


def edit(parsed: Parsed, layout: Layout, entry: Entry, changes: Mapping[str, Change], body: str | None = None) -> str:
    """The text with some keys of one entry changed, added or (`DELETE`) taken out; without changes the same text."""
    _no_body(body)
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
