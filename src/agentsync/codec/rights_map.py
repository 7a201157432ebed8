"""Ordered permission maps to grants: the last rule that matches a tool's name wins.

Floor 3, pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from agentsync.codec.rights_collect import NAME, RULES, Collector, by_word, shown
from agentsync.model import Value, ordered
from agentsync.rights import ANY_MCP, contains, limited

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}")


def read_permission_map(reader: Collector) -> None:
    """Rules in order. The old switches come first; a rule of the map itself replaces a switch's value but keeps its place (measured)."""
    rules = reader.fmt.rights
    merged: dict[str, Value] = {}
    if rules.legacy is not None and rules.legacy.key in reader.keys:
        merged.update(_legacy(reader, reader.keys[rules.legacy.key]))
    key = rules.key or ""
    if key not in reader.keys:
        reader.allow = by_word(reader, rules.absent, key) if not merged else None
    else:
        reader.used.append(key)
        value = reader.keys[key]
        if value is None:
            reader.allow = by_word(reader, rules.null_ or rules.empty, key)
        elif isinstance(value, str):
            merged["*"] = value
        elif isinstance(value, dict):
            merged.update(value)
            reader.allow = by_word(reader, rules.empty, key) if not merged else None
        else:
            reader.fail(reader.bad_value, key, f"a word or a map is needed ({shown(value)})")
    if len(merged) > RULES or any(len(name) > NAME for name in merged):
        reader.fail("agent", key, f"more than {RULES} rules, or one for a tool name of more than {NAME} characters")
        return
    entries = _in_js_order(merged)
    for name, value in entries:
        _check_action(reader, key, name, value)
    if entries and reader.outcome is None:
        _settle(reader, [(name, dict(_in_js_order(value)) if isinstance(value, dict) else value) for name, value in entries])


def _in_js_order(rules: Mapping[str, Value]) -> list[tuple[str, Value]]:
    """The members of an object as JavaScript keeps them: keys that are whole numbers first, rising, the others as written."""
    numbers = sorted((key for key in rules if _INDEX.fullmatch(key) and int(key) < 2**32 - 1), key=int)
    first = frozenset(numbers)
    return [(key, rules[key]) for key in [*numbers, *(key for key in rules if key not in first)]]


def _legacy(reader: Collector, value: Value) -> list[tuple[str, Value]]:
    """The old map of switches as permission rules."""
    legacy = reader.fmt.rights.legacy
    assert legacy is not None  # noqa: S101  # the caller asked
    reader.used.append(legacy.key)
    if not isinstance(value, dict) or not all(isinstance(on, bool) for on in value.values()):
        reader.fail(reader.bad_value, legacy.key, f"a map of tool names to true or false is needed ({shown(value)})")
        return []
    allow, _ask, deny = reader.fmt.rights.actions
    return [(legacy.rename.get(name, name), allow if on else deny) for name, on in value.items()]


def _check_action(reader: Collector, key: str, name: str, value: Value) -> None:
    actions = reader.fmt.rights.actions
    if isinstance(value, str) and value in actions:
        return
    if isinstance(value, dict) and name in reader.fmt.rights.patterned and all(action in actions for action in value.values()):
        return
    allowed = ", ".join(actions) + (", or a map of patterns to these" if name in reader.fmt.rights.patterned else "")
    reader.fail(reader.bad_value, key, f"`{name}` must be {allowed} ({shown(value)})")


@dataclass(frozen=True, slots=True)
class _Settled:
    """One tool after all rules: its action, and patterns that have another one, in order."""

    action: str
    patterns: tuple[tuple[str, str], ...] = ()


def _settled(entries: list[tuple[str, Value]], name: str | None, default: str) -> _Settled:
    """The last matching rule wins; a plain action or a `*` pattern resets everything before it. name None: a tool nobody names."""
    action, patterns = default, dict[str, str]()
    for key, value in entries:
        if key != "*" and (name is None or not matches(key, name)):
            continue
        for pattern, word in [("*", value)] if isinstance(value, str) else list(value.items()):  # type: ignore[union-attr]  # checked
            if pattern == "*":
                action, patterns = str(word), {}
            else:
                patterns.pop(pattern, None)
                patterns[pattern] = str(word)
    return _Settled(action, tuple((p, a) for p, a in patterns.items() if a != action))


def matches(key: str, name: str) -> bool:
    """Whether a rule's key covers a tool: `*` stands for any run of characters, `?` for one.

    >>> matches("web*", "webfetch"), matches("*a*a*b", "a" * 200), matches("?", "ab")
    (True, False, False)
    """
    return key == name if "*" not in key and "?" not in key else _wildcard(key).fullmatch(name) is not None


@lru_cache(maxsize=2 * RULES)
def _wildcard(key: str) -> re.Pattern[str]:
    """Each run up to the next literal part is taken once and never tried again: the first place that fits is as good as any other."""
    first, *parts = ["".join("." if c == "?" else re.escape(c) for c in part) for part in key.split("*")]
    middle = "".join(f"(?>.*?{part})" for part in parts[:-1])
    return re.compile(first + middle + (f".*{parts[-1]}" if parts else ""), re.DOTALL)


def _settle(reader: Collector, entries: list[tuple[str, Value]]) -> None:
    rules = reader.fmt.rights
    allow, ask, deny = rules.actions
    unnamed = deny if rules.unlisted == "denied" else allow
    star = _settled(entries, None, unnamed)
    open_ended = star.action != deny
    reader.allow = None if open_ended else []
    if star.action == ask:
        reader.ask += [ANY_MCP]
    natives = ordered(name for names in reader.table.natives.values() for name in names)
    others = [name for name in rules.other if "*" not in name]
    known = frozenset([*natives, *others])
    named = [key for key, _ in entries if key not in known and key != "*" and not any(matches(key, n) for n in known)]
    servers = sorted((key[:-2] for key in named if key.endswith("_*")), key=len, reverse=True)
    leaders = {companion: leader for leader, names in rules.companions.items() for companion in names}
    for name in [*natives, *others, *ordered(named)]:
        token = reader.table.read(name)
        here = _settled(entries, name, unnamed)
        if name in others and (here == star or (name in leaders and here == _settled(entries, leaders[name], unnamed))):
            continue
        for grant in token.grants:
            _record(reader, _told_apart(grant, servers), here, open_ended)


def _told_apart(grant: str, servers: list[str]) -> str:
    """A joined MCP name as server and tool, where another rule names the server: `docs_get_page` beside `docs_*`."""
    for server in servers:
        if grant.startswith(f"mcp:~{server}_"):
            return f"mcp:{server}/{grant[len(server) + 6 :]}"
    return grant


def _record(reader: Collector, grant: str, here: _Settled, open_ended: bool) -> None:
    """Put one tool's outcome into the lists: allowed as a whole with limited denials, or denied with limited grants."""
    _allow, ask, deny = reader.fmt.rights.actions
    if here.action == deny:
        left = [(p, a) for p, a in here.patterns if a != deny]
        grants = [limited(grant, reader.table.neutral_limit(p)) for p, _ in left]
        reader.ask += [g for g, (_, a) in zip(grants, left, strict=True) if a == ask]
        if reader.allow is not None:
            reader.allow += grants
            if not grants and contains(reader.allow, grant):
                reader.deny.append(grant)
        elif open_ended:
            reader.deny += [limited(grant, "!" + reader.table.neutral_limit(p)) for p, _ in left] or [grant]
        return
    if reader.allow is not None:
        reader.allow.append(grant)
    if here.action == ask:
        reader.ask.append(grant)
    for pattern, action in here.patterns:
        inside = limited(grant, reader.table.neutral_limit(pattern))
        if action == deny:
            reader.deny.append(inside)
        elif action == ask:
            reader.ask.append(inside)
