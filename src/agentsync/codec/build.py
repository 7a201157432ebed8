"""An agent's native keys while they are put together, and the small words all parts of writing share.

Floor 3, pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agentsync.codec.compiled import Compiled, Kind
from agentsync.codec.read import PLACEHOLDERS
from agentsync.formats.rules import Format
from agentsync.model import Agent, Problem, Value


@dataclass(slots=True)
class Build:
    """Native keys while they are put together, with the reason for what does not fit."""

    compiled: Compiled
    kind: Kind
    agent: Agent
    old: Mapping[str, Value]
    old_fields: Mapping[str, Value]
    models: Mapping[str, str]
    keys: dict[str, Value] = field(default_factory=dict)
    reasons: dict[str, tuple[str, str, str | None]] = field(default_factory=dict)
    problem: Problem | None = None

    @property
    def format(self) -> Format:
        return self.compiled.format

    def because(self, name: str, kind: str, why: str, hint: str | None = None) -> None:
        self.reasons.setdefault(name, (kind, why, hint))


def same(first: object, second: object) -> bool:
    """Equal in value and type: `1` is not `true`. The order of keys is ignored."""
    if isinstance(first, str):
        return first == second
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same, first, second))
    return first == second and isinstance(first, bool) == isinstance(second, bool)


def set_at(keys: dict[str, Value], path: tuple[str, ...], value: Value) -> None:
    """Put a value below a path of keys, making the maps on the way."""
    *parents, last = path
    for part in parents:
        inner = keys.get(part)
        inner = dict(inner) if isinstance(inner, dict) else {}
        keys[part] = inner
        keys = inner
    keys[last] = value


def as_line(value: Value) -> Value:
    """A switch or a number as the text a reader of lines sees."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def identical(first: object, second: object) -> bool:
    """The same, and maps in the same order too, since some clients let the last rule win."""
    if isinstance(first, str):
        return first == second
    if isinstance(first, dict) and isinstance(second, dict):
        return list(first) == list(second) and all(identical(first[key], second[key]) for key in first)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(identical, first, second))
    return same(first, second)


def joined(first: Mapping[str, Value], second: Mapping[str, Value]) -> dict[str, Value]:
    """Both maps in one, maps inside them too; where both say something, the second counts."""
    found = dict(first)
    for key, value in second.items():
        here = found.get(key)
        found[key] = joined(here, value) if isinstance(here, dict) and isinstance(value, dict) else value
    return found


def in_order(keys: dict[str, Value], old: Mapping[str, Value], *, inside: Iterable[tuple[str, ...]] = ()) -> dict[str, Value]:
    """The keys in the order of the old text, new ones behind the key they follow; the same for the maps on the paths `inside`."""
    if not old:
        return keys
    order = [key for key in old if key in keys]
    previous: str | None = None
    for key in keys:
        if key not in old:
            order.insert(order.index(previous) + 1 if previous is not None else len(order), key)
        previous = key
    found = {key: keys[key] for key in order}
    for key, now in found.items():
        before, below = old.get(key), [path[1:] for path in inside if path[0] == key]
        if below and isinstance(before, dict) and isinstance(now, dict):
            found[key] = in_order(now, before, inside=[path for path in below if path])
    return found


def placeholders_of(agent: Agent, owner: str) -> list[str]:
    value = agent.extra.get(owner, {}).get(PLACEHOLDERS)
    return [str(item) for item in value] if isinstance(value, list) else []


def shortened(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 80 else text[:79] + "…"
