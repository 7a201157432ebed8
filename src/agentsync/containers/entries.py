"""A parsed value as the agents in it: the whole of a file, or the members of a map or list in a shared file.

Floor 1, pure; TOML and JSON alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from agentsync.containers.layout import Entry, Layout, Parsed
from agentsync.containers.opening import Refused
from agentsync.model import Problem

MOST_SHOWN: Final = 20
"""Members that are no agents and are named one by one."""

At: TypeAlias = tuple[str | int, ...]
FindLines: TypeAlias = Callable[[At], dict[str | int, int]]
"""A path to a map or list -> the line of each of its members."""


class LazyLines(Mapping[str, int]):
    """Key to line, looked for when first asked: most files are read without anybody asking where a key stands."""

    __slots__ = ("_find", "_found")

    def __init__(self, find: Callable[[], dict[str | int, int]]) -> None:
        self._find = find
        self._found: dict[str, int] | None = None

    def _lines(self) -> dict[str, int]:
        if self._found is None:
            self._found = {key: line for key, line in self._find().items() if isinstance(key, str)}
        return self._found

    def __getitem__(self, key: str) -> int:
        return self._lines()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines())

    def __len__(self) -> int:
        return len(self._lines())


def taken_apart(text: str, value: Any, layout: Layout, find_lines: FindLines) -> Parsed:
    """The document of this value. Raises Refused where the agents' place holds something else than agents could stand in.

    A missing place holds no agents. A member that is no agent is a problem `bad-entry`; the others count all the same.
    """
    at: At = ()
    if layout.unit == "entry":
        for step in layout.entry_at:
            if isinstance(value, dict) and step not in value:
                return Parsed(text, placed=False)
            if not isinstance(value, dict):
                break
            value, at = value[step], (*at, step)
    listed = layout.unit == "entry" and layout.entry_key is not None and at == layout.entry_at
    if not isinstance(value, list if listed else dict):
        where = f"the value of {'.'.join(map(str, at))!r}" if at else "the file"
        line = find_lines(at[:-1]).get(at[-1]) if at else 1
        raise Refused(Problem("bad-root", f"{where} must be {'a list' if listed else 'a map of keys'}", line=line), layout.on_bad_head)
    if layout.unit != "entry":
        whole: Any = value
        return Parsed(text, (Entry(whole, lines=LazyLines(partial(find_lines, ()))),))
    return _entries(text, value, at, layout, find_lines)


def _entries(text: str, value: Any, at: At, layout: Layout, find_lines: FindLines) -> Parsed:
    entries: list[Entry] = []
    bad: list[str | int] = []
    members: Iterable[tuple[str | int, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
    for step, keys in members:
        name = keys.get(layout.entry_key) if isinstance(keys, dict) and layout.entry_key is not None else step
        if isinstance(keys, dict) and isinstance(name, str):
            entries.append(Entry(keys, key=name, lines=LazyLines(partial(find_lines, (*at, step))), at=(*at, step)))
        else:
            bad.append(step)
    lines = find_lines(at) if bad else {}
    wanted = "a map of keys" if layout.entry_key is None else f"a map of keys with a text as {layout.entry_key!r}"
    problems: list[Problem] = []
    for step in bad[:MOST_SHOWN]:
        shown = repr(step) if isinstance(step, str) else f"number {step + 1}"
        more = f" (and {len(bad) - MOST_SHOWN} more)" if len(problems) == MOST_SHOWN - 1 and len(bad) > MOST_SHOWN else ""
        message = f"the entry {shown} is no agent{more}: it must be {wanted}"
        problems.append(Problem("bad-entry", message, line=lines.get(step)))
    return Parsed(text, tuple(entries), problems=tuple(problems))


def editable(parsed: Parsed) -> None:
    """Raises ValueError for a document that did not parse: there is nothing in it to edit."""
    if parsed.outcome is not None:
        raise ValueError("a document that did not parse cannot be edited")


def no_body(body: str | None) -> None:
    """Raises ValueError for a body: in these files the prompt is one of the keys."""
    if body is not None:
        raise ValueError("this file has no body: the prompt is one of its keys")


def keyed(layout: Layout, key: str | None, keys: Mapping[str, Any]) -> Mapping[str, Any]:
    """The keys of a new entry; in a list they begin with its id."""
    if key is None:
        raise ValueError("an entry of a shared file needs a key")
    if layout.entry_key is None or keys.get(layout.entry_key) == key:
        return keys
    return {layout.entry_key: key, **{name: value for name, value in keys.items() if name != layout.entry_key}}
