"""Whole-file YAML: one agent a file, or many agents in a shared file, as items of a list or entries of a map.

Floor 1, pure. Also the way agentsync edits its own `agentsync.yaml`: `set_path` and `delete_path` keep every comment, `load_plain` and
`node_lines` read it with places for messages.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from agentsync.containers.entries import keyed, no_body, taken_apart
from agentsync.containers.layout import Change, Entry, Layout, Parsed
from agentsync.containers.limits import Hostile, file_problem
from agentsync.containers.opening import Refused, failed, opened
from agentsync.containers.text import BOM, line_around, line_end, place, to_lf
from agentsync.containers.yaml_edit import Style, change_at, change_keys, change_value, remove_at
from agentsync.containers.yaml_tree import BadYaml, Composed, List, Map, Node, Scalar, compose, counting, descend, value_of
from agentsync.model import Problem, Unreadable, Value

CONFIG: Final = Layout("yaml", lists="flow")
"""The layout of agentsync's own configuration files."""

_DOES: Final = "the assistant cannot load the file"


def parse(text: str, layout: Layout) -> Parsed:
    """Takes a YAML file apart. Never raises: a bad file has an outcome, and the first problem says why."""
    try:
        opened(text, layout)
        composed = _composed(text, layout)
        value = value_of(composed.root, layout.duplicate)
        if value is None or (layout.unit == "entry" and _nothing(descend(composed.root, layout.entry_at, layout.duplicate))):
            value = {}  # an empty file, or an empty `agents:`, holds no agents
        parsed = taken_apart(text, value, layout, lambda at: _lines(text, composed, at, layout))
    except Refused as refusal:
        return failed(text, refusal)
    notes = tuple(_repeated(text, key, offset, layout) for key, offset in composed.repeated)
    return replace(parsed, problems=parsed.problems + notes, tree=composed)


def _nothing(node: Node | None) -> bool:
    return node is None or (isinstance(node, Scalar) and node.value is None)


def _lines(text: str, composed: Composed, at: tuple[str | int, ...], layout: Layout) -> dict[str | int, int]:
    """The line of each member of the map or list at a path."""
    shift = len(text) - len(text.removeprefix(BOM))
    node = descend(composed.root, at, layout.duplicate)
    if isinstance(node, List):
        return {index: place(text, shift + item.start)[0] for index, item in enumerate(node.items)}
    pairs = counting(node, layout.duplicate) if isinstance(node, Map) else {}
    return {key: place(text, shift + pair.start)[0] for key, pair in pairs.items()}


def _repeated(text: str, key: str, offset: int, layout: Layout) -> Problem:
    line, column = place(text, offset + len(text) - len(text.removeprefix(BOM)))
    message = f"the key `{key}` stands here twice; the {layout.duplicate} one counts"
    return Problem("duplicate-key", message, line=line, column=column, severity="note")


def _composed(text: str, layout: Layout) -> Composed:
    shift = len(text) - len(text.removeprefix(BOM))
    try:
        return compose(text[shift:], _dialect(layout), layout.duplicate)
    except BadYaml as error:
        raise _refused(text, error, layout) from None
    except Hostile as error:
        raise Refused(error.problem(*place(text, shift + error.offset))) from None


def _dialect(layout: Layout) -> str:
    return "yaml12" if layout.head == "lines" else layout.head


def _refused(text: str, error: BadYaml, layout: Layout) -> Refused:
    return Refused(_bad(text, error, _DOES), layout.on_bad_head)


def _bad(text: str, error: BadYaml, then: str) -> Problem:
    offset = error.offset + len(text) - len(text.removeprefix(BOM))
    line, column = place(text, offset)
    around = line_around(text, offset)
    told = (around.partition(":")[0] if ":" in around else around).strip(" -")[:60]
    return Problem(error.code, f"{error}{f' (`{told}`)' if told else ''}" + (f"; {then}" if then else ""), line=line, column=column)


def _mapping(value: Value) -> dict[str, Value]:
    return value if isinstance(value, dict) else {}


def _style(text: str, layout: Layout) -> Style:
    return Style(layout.quote, layout.lists, line_end(text), "block", layout.duplicate)


def create(
    layout: Layout,
    keys: Mapping[str, Value],
    body: str | None = None,
    key: str | None = None,
) -> str:
    """A new file of one agent: its keys, or for a shared file its entry under `key`."""
    no_body(body)
    root: Value = dict(keys)
    if layout.unit == "entry":
        named = dict(keyed(layout, key, keys))
        root = [named] if layout.entry_key is not None else {key or "": named}
        for step in reversed(layout.entry_at):
            root = {step: root}
    return change_keys("", None, _mapping(root), _style("", layout))


def edit(
    parsed: Parsed,
    layout: Layout,
    entry: Entry,
    changes: Mapping[str, Change],
    body: str | None = None,
) -> str:
    """The text with changed keys of one entry. There is no body: what stands for it is a key."""
    no_body(body)
    mark, text, root = _opened_tree(parsed)
    return mark + change_at(text, root, entry.at, changes, _style(text, layout))


def add(parsed: Parsed, layout: Layout, items: Sequence[tuple[str, Mapping[str, Value]]]) -> str:
    """The text with new entries after the last one, indented as their neighbours are."""
    mark, text, root = _opened_tree(parsed)
    style = _style(text, layout)
    if layout.entry_key is None:
        fresh: Value = {key: dict(keys) for key, keys in items}
        node = descend(root, layout.entry_at, layout.duplicate)
        if isinstance(node, Map) and node.pairs:
            return mark + change_at(text, root, layout.entry_at, _mapping(fresh), style)
    else:
        fresh = [dict(keyed(layout, key, keys)) for key, keys in items]
        node = descend(root, layout.entry_at, layout.duplicate)
        if isinstance(node, List) and node.items:
            old = value_of(node, layout.duplicate)
            return mark + change_value(text, root, layout.entry_at, [*(old if isinstance(old, list) else []), *fresh], style)
    return mark + _set(text, root, layout.entry_at, fresh, style) if items else parsed.text


def remove(parsed: Parsed, layout: Layout, entry: Entry) -> str:
    """The text without an entry and its lines; a list or map left empty is written as `[]` or `{}`."""
    mark, text, root = _opened_tree(parsed)
    return mark + remove_at(text, root, entry.at, _style(text, layout))


def _opened_tree(parsed: Parsed) -> tuple[str, str, Node | None]:
    composed: Composed = parsed.tree
    text = parsed.text.removeprefix(BOM)
    return parsed.text[: len(parsed.text) - len(text)], text, composed.root


def set_path(text: str, path: tuple[str, ...], value: Value, layout: Layout = CONFIG) -> str:
    """The text with a value at a path of keys; maps on the way that are not there are made.

    >>> set_path("a: 1 # one\\n", ("b", "c"), True)
    'a: 1 # one\\nb:\\n  c: true\\n'
    """
    parsed = _readable(text, layout)
    mark, source, root = _opened_tree(parsed)
    return mark + _set(source, root, path, value, _style(source, layout))


def _set(text: str, root: Node | None, path: tuple[str, ...], value: Value, style: Style) -> str:
    if not path:
        return change_keys(text, root, _mapping(value), style) if isinstance(value, dict) else text
    for length in range(len(path) - 1, -1, -1):
        node = descend(root, path[:length], style.duplicate)
        if isinstance(node, Map) or length == 0:
            for step in reversed(path[length + 1 :]):
                value = {step: value}
            return change_at(text, root, path[:length], {path[length]: value}, style)
    return text


def set_keys(text: str, path: tuple[str, ...], values: Mapping[str, Value], layout: Layout = CONFIG) -> str:
    """The text with several keys of one map set at once: a long text is taken apart once, not for each.

    >>> set_keys("a: {}\\n", ("a",), {"x": 1, "z": 2})
    'a:\\n  x: 1\\n  z: 2\\n'
    """
    mark, source, root = _opened_tree(_readable(text, layout))
    if not isinstance(descend(root, path, layout.duplicate), Map):
        return set_path(text, path, dict(values), layout)
    return mark + change_at(source, root, path, values, _style(source, layout))


def set_value(text: str, path: tuple[str | int, ...], value: Value, layout: Layout = CONFIG) -> str:
    """The text with another value at a path of keys and places in lists that is there; KeyError where it is not.

    >>> set_value("a: [x, y] # two\\n", ("a", 1), "z")
    'a: [x, z] # two\\n'
    """
    mark, source, root = _opened_tree(_readable(text, layout))
    return mark + change_value(source, root, path, value, _style(source, layout))


def delete_path(text: str, path: tuple[str, ...], layout: Layout = CONFIG) -> str:
    """The text without the key at a path; unchanged where there is none.

    >>> delete_path("a: 1\\nb: 2\\n", ("a",))
    'b: 2\\n'
    """
    parsed = _readable(text, layout)
    mark, source, root = _opened_tree(parsed)
    if not path or descend(root, path, layout.duplicate) is None:
        return text
    return mark + remove_at(source, root, path, _style(source, layout))


def _readable(text: str, layout: Layout) -> Parsed:
    parsed = parse(text, layout)
    if parsed.outcome is not None:
        raise Unreadable(parsed.problems[0])
    return parsed


def load_plain(text: str, layout: Layout = CONFIG) -> Value:
    """The value of a YAML text of agentsync's own, within the limits; raises `Unreadable` with the place of what is wrong."""
    return value_of(_own(text, layout).root)


def _own(text: str, layout: Layout) -> Composed:
    try:
        too_large = file_problem(text)
        if too_large is not None:
            raise Refused(too_large)
        return _composed(text, layout)
    except Refused as refusal:
        raise Unreadable(refusal.problem) from None


def node_lines(text: str, layout: Layout = CONFIG) -> Mapping[tuple[str | int, ...], tuple[int, int]]:
    """Line and column, from 1, of every value by its path; of a map's entry, the place of its key. Raises `Unreadable`.

    >>> node_lines("a:\\n  - x\\n")[("a", 0)]
    (2, 5)
    """
    shift = len(text) - len(text.removeprefix(BOM))
    source = text[shift:]
    ends = [index for index, sign in enumerate(to_lf(source) if "\n" not in source else source) if sign == "\n"]
    found: dict[tuple[str | int, ...], tuple[int, int]] = {}

    def visit(node: Node | None, path: tuple[str | int, ...], start: int) -> None:
        line = bisect_right(ends, start - 1)
        found[path] = (line + 1, start - (ends[line - 1] + 1 if line else 0) + 1)
        inner: list[tuple[Any, Node, int]] = []
        if isinstance(node, Map):
            inner = [(pair.key, pair.node, pair.start) for pair in node.pairs]
        elif isinstance(node, List):
            inner = [(index, item, item.start) for index, item in enumerate(node.items)]
        for step, child, at in inner:
            visit(child, (*path, step), at)

    root = _own(text, layout).root
    visit(root, (), root.start if root is not None else 0)
    return found
