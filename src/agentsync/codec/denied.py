"""Denials that stand outside the tool list: settings of a tool, rules of permission. Only read.

Floor 3, pure. They are some client's own words and stay native values; what they take away counts, so that no other client gives it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from agentsync.codec.limits import pattern_of
from agentsync.codec.tables import ToolTable
from agentsync.formats.rules import Denied
from agentsync.model import Value, ordered
from agentsync.rights import limited


def denials(places: Iterable[Denied], table: ToolTable, keys: Mapping[str, Value]) -> tuple[str, ...]:
    """The grants that all these places take away."""
    return ordered(grant for place in places for grant in _of_place(place, table, keys))


def _of_place(place: Denied, table: ToolTable, keys: Mapping[str, Value]) -> Iterator[str]:
    for tool, holder, value in _found(keys, place.at, None):
        atoms = table.atoms_of(tool) if tool is not None else ()
        if place.word is not None:
            yield from table.read(tool, deny=True).grants if tool is not None and value == place.word else ()
            continue
        patterns = [pattern_of(item) if place.limit == "regex" else item for item in _texts(value)]
        if place.unless is not None:
            if holder.get(place.unless) is True:
                yield from (limited(atom, f"!{pattern}") for atom in atoms for pattern in patterns)
                yield from atoms if not patterns else ()
        elif place.limit == "rules":
            yield from _of_rules(place, table, value)
        elif place.limit == "entry":
            yield from (grant for entry in _texts(value) for grant in _of_entry(table, entry))
        else:
            yield from (limited(atom, pattern) for atom in atoms for pattern in patterns)


def _found(value: Value | Mapping[str, Value], path: tuple[str, ...], tool: str | None) -> Iterator[tuple[str | None, Mapping[str, Value], Value]]:
    """Every value at a path, with the tool that `*` stands for and the map it is in; a missing last key gives an empty list."""
    if not isinstance(value, Mapping):
        return
    step, *rest = path
    if not rest:
        yield tool, value, value.get(step, [])
    elif step == "*":
        for name, inner in value.items():
            yield from _found(inner, tuple(rest), name)
    else:
        yield from _found(value.get(step), tuple(rest), tool)


def _texts(value: Value) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _of_entry(table: ToolTable, entry: str) -> tuple[str, ...]:
    """What an entry takes away; a tool in another case is that tool, for to take more away is the safe mistake."""
    token = table.read(entry, deny=True)
    return token.grants if not token.unknown else table.read(entry[:1].lower() + entry[1:], deny=True).grants


def _of_rules(place: Denied, table: ToolTable, value: Value) -> Iterator[str]:
    tool_key, effect_key, patterns_key = place.rule or ("", "", "")
    for rule in value if isinstance(value, list) else []:
        if not isinstance(rule, dict) or rule.get(effect_key) != place.effect or not isinstance(tool := rule.get(tool_key), str):
            continue
        patterns = [text for text in _texts(rule.get(patterns_key)) if text not in ("*", "**")]
        grants = table.read(tool, deny=True).grants
        yield from (limited(grant, text) for grant in grants for text in patterns) if patterns else grants
