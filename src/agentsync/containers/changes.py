"""What changes do to a map of keys: which values differ, which keys go, and where new ones stand.

Floor 1, pure: plain values and names only, no text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeGuard

from agentsync.containers.layout import DELETE, Change
from agentsync.containers.not_text import NotText
from agentsync.model import Value


class Edge(Enum):
    """Where a new key goes that follows no other."""

    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes sorted out: new values of keys there are, keys to take out, and new keys with what each one follows."""

    values: dict[str, Value]
    gone: frozenset[str]
    fresh: tuple[tuple[str | Edge, str], ...]

    def __bool__(self) -> bool:
        return bool(self.values or self.gone or self.fresh)


def is_value(change: Change) -> TypeGuard[Value]:
    """Whether a change gives a value, rather than taking the key out."""
    return change is not DELETE


def planned(keys: Mapping[str, Value], changes: Mapping[str, Change], *, ordered: bool = True) -> Plan:
    """What changes do to these keys. A new key follows the key before it in `changes`, else it goes to the end."""
    values: dict[str, Value] = {}
    gone, fresh = [], []
    before: str | Edge = Edge.END
    for key, change in changes.items():
        if not is_value(change):
            gone.append(key)
            continue
        if key not in keys:
            fresh.append((before, key))
        elif not same(keys[key], change, ordered=ordered):
            values[key] = change
        before = key
    return Plan(values, frozenset(gone) & frozenset(keys), tuple(fresh))


def turned(old: Mapping[str, Value], new: Mapping[str, Value], *, ordered: bool = True) -> Plan:
    """What turns one map into another whose common keys stand in the same order."""
    names = list(new)
    fresh = tuple((names[i - 1] if i else Edge.START, key) for i, key in enumerate(names) if key not in old)
    values = {key: new[key] for key in old if key in new and not same(old[key], new[key], ordered=ordered)}
    return Plan(values, frozenset(key for key in old if key not in new), fresh)


def same(old: Any, new: Any, *, ordered: bool = True) -> bool:
    """Whether two values are the same to a client: `1`, `1.0` and `true` differ, and a date differs from its text.

    ordered: the order of keys counts, as it does where rules are a map and the last that matches wins.
    """
    if isinstance(old, dict):
        if not isinstance(new, dict) or len(old) != len(new) or (ordered and list(old) != list(new)):
            return False
        return all(key in new and same(value, new[key], ordered=ordered) for key, value in old.items())
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(same(a, b, ordered=ordered) for a, b in zip(old, new, strict=True))
    kind = _kind(old)
    return kind is _kind(new) and (old == new or (kind is float and old != old and new != new))


def _kind(value: Any) -> type:
    for kind in (bool, int, float, NotText, str, dict, list):
        if isinstance(value, kind):
            return kind
    return type(value)


def in_order(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the keys that both have stand in the same order: then the old text can be edited inside."""
    return [key for key in old if key in new] == [key for key in new if key in old]


def arranged(names: Sequence[str | None], plan: Plan, *, first: bool = False) -> list[int | str]:
    """The members of a map after a plan: indices of those that stay, names of new ones.

    first: where a name stands twice the first one counts, and a new key follows that one.
    """
    places: dict[str, int] = {}
    for index, name in enumerate(names):
        if name is not None and name not in plan.gone and not (first and name in places):
            places[name] = index
    homes: dict[str, int | Edge] = {}
    after: dict[int | Edge, list[int | str]] = {}
    for anchor, key in plan.fresh:
        home = anchor if isinstance(anchor, Edge) else homes.get(anchor, places.get(anchor, Edge.END))
        homes[key] = home
        after.setdefault(home, []).append(key)
    order = after.get(Edge.START, [])
    for index, name in enumerate(names):
        if name is None or name not in plan.gone:
            order.append(index)
            order += after.get(index, ())
    return order + after.get(Edge.END, [])
