"""Native rights to grants: what a file states, and what its client makes of that.

Floor 3, pure. `stated` reads the statement; `kept` reads the same keys but leaves out every limit that the client does not
keep. The first is what an agent's rights are, the second is what a written file must be judged by (promise 7).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from agentsync.codec.denied import denials
from agentsync.codec.rights_parts import parts_in
from agentsync.codec.tables import ToolTable
from agentsync.formats.rules import Format, Outcome, Switch
from agentsync.model import ALL_RIGHTS, Rights, Value, ordered
from agentsync.rights import ANY_MCP, EVERYTHING, contains, limited, spell
from agentsync.shapes import SHAPES, BadValue

# Limits against hostile input. Every rule is held against every name, and real maps have some twenty rules.
RULES: Final = 500
NAME: Final = 256
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,9}")


@dataclass(frozen=True, slots=True)
class Statement:
    """What the native keys say about rights.

    used: native keys that belong to the statement. outcome: what the client does with the file where a value is bad
    (None: nothing), `bad` says which key and why. notes: places where the client does not do what the file states.
    """

    rights: Rights = ALL_RIGHTS
    used: tuple[str, ...] = ()
    outcome: Outcome | None = None
    bad: tuple[str, str] | None = None
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Reader:
    """Grants as they are collected from one set of keys."""

    fmt: Format
    table: ToolTable
    keys: Mapping[str, Value]
    kept: bool
    bad_value: Outcome
    allow: list[str] | None = None
    deny: list[str] = field(default_factory=list)
    ask: list[str] = field(default_factory=list)
    gives: list[str] = field(default_factory=list)
    implied: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    outcome: Outcome | None = None
    bad: tuple[str, str] | None = None

    def fail(self, outcome: Outcome, key: str, why: str) -> None:
        if self.outcome is None:
            self.outcome, self.bad = outcome, (key, why)


def read_rights(fmt: Format, table: ToolTable, keys: Mapping[str, Value], *, kept: bool = False, bad_value: Outcome = "ignored") -> Statement:
    """What `keys` state in this format; with `kept`, only as far as the client is known to keep it."""
    question = ("read", kept, bad_value, repr([(key, keys[key]) for key in table.stating if key in keys]))
    found: Statement | None = table.memo.get(question)
    return found if found is not None else table.remember(question, _read(fmt, table, keys, kept, bad_value))


def _read(fmt: Format, table: ToolTable, keys: Mapping[str, Value], kept: bool, bad_value: Outcome) -> Statement:
    reader = _Reader(fmt, table, keys, kept, bad_value)
    style = fmt.rights.style
    if style == "permission-map":
        _permission_map(reader)
    elif style == "none":
        reader.allow = _by_word(reader, fmt.rights.absent, "")
    elif style == "allow-list" and not (kept and not fmt.rights.enforced):
        _allow_list(reader)
        if not fmt.rights.enforced and (reader.allow is not None or reader.deny):
            reader.gives.append(EVERYTHING)
            reader.notes.append((fmt.rights.key or "", f"{fmt.title} is not known to keep `{fmt.rights.key}`"))
    if fmt.rights.ask is not None and isinstance(listed := at_path(keys, fmt.rights.ask), list):
        reader.ask += [str(item) for item in listed]
    reader.deny += denials(fmt.rights.denied, table, keys)
    _implied(reader)
    _parts(reader)
    _switches(reader)
    gives = ordered(f"{table.client}|{grant}" for grant in reader.gives)
    allow = None if reader.allow is None or EVERYTHING in reader.allow else ordered(reader.allow)
    rights = Rights(allow, ordered(reader.deny), ordered(reader.ask), gives, tuple(reader.implied))
    return Statement(rights, ordered(reader.used), reader.outcome, reader.bad, tuple(reader.notes))


def shown(value: Value) -> str:
    """A native value for a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def at_path(keys: Mapping[str, Value], path: Iterable[str]) -> Value:
    """The value below a path of keys, None where there is none."""
    found: Value = dict(keys)
    for part in path:
        if not isinstance(found, dict):
            return None
        found = found.get(part)
    return found


def _by_word(reader: _Reader, word: str | None, key: str) -> list[str] | None:
    """The allow-list that `all`, `none`, `unknown` or `refused` stands for."""
    if word == "refused":
        stated = "it says nothing" if key in reader.keys else "it is missing"
        outcome: Outcome = "file" if reader.bad_value == "ignored" else reader.bad_value
        reader.fail(outcome, key, f"{stated}, and {reader.fmt.title} wants a list of tools there")
    return [] if word == "none" else None


def _allow_list(reader: _Reader) -> None:
    rules, keys = reader.fmt.rights, reader.keys
    key = rules.key
    if key is None:
        return
    if key not in keys:
        reader.allow = _by_word(reader, rules.absent, key)
    elif keys[key] is None:
        reader.used.append(key)
        reader.allow = _by_word(reader, rules.null_ or rules.empty, key)
    else:
        names = _names(reader, key, rules.shape)
        if names is not None:
            reader.used.append(key)
            if names and names == list(rules.none) and not rules.deny_none:
                reader.allow = []
            else:
                reader.allow = _by_word(reader, rules.empty, key) if not names else _grants(reader, key, names)
                if names and rules.unlisted == "allowed":
                    reader.allow = None        # such a list takes nothing away
    if rules.deny is not None and keys.get(rules.deny) is not None:
        names = _names(reader, rules.deny, rules.deny_shape or rules.shape)
        if names is not None:
            reader.used.append(rules.deny)
            if rules.deny_none and frozenset(rules.deny_none) <= frozenset(names):
                reader.allow = []
                return
            reader.deny += _grants(reader, rules.deny, names, deny=True) or []
            if reader.deny and rules.together == "deny-only":
                reader.allow = None
    _brought(reader)


def _brought(reader: _Reader) -> None:
    """What the client adds to every allow-list: it is no part of the statement, but of what the client keeps."""
    for grant in reader.fmt.rights.brings:
        if reader.allow is None or contains(reader.allow, grant) or contains(reader.deny, grant):
            continue
        reader.gives.append(grant)
        told = "every MCP tool" if grant == ANY_MCP else spell((grant,))
        reader.notes.append((reader.fmt.rights.key or "", f"{reader.fmt.title} gives {told} along with every list"))
        if reader.kept:
            reader.allow.append(grant)


def _names(reader: _Reader, key: str, shape: str) -> list[str] | None:
    value = reader.keys[key]
    if isinstance(value, str) and value in reader.fmt.rights.words:
        return list(reader.fmt.rights.words[value])
    try:
        return SHAPES[shape].read(value)  # type: ignore[return-value]  # a list shape; check.py sees to it
    except BadValue as error:
        if reader.bad_value == "ignored":
            reader.notes.append((key, f"{error}; the client drops the value"))
        else:
            reader.fail(reader.bad_value, key, f"{error} ({shown(reader.keys[key])})")
        return None


def _grants(reader: _Reader, key: str, names: list[str], *, deny: bool = False) -> list[str] | None:
    """What a list of entries gives (or takes away); None where one entry opens everything."""
    rules = reader.fmt.rights
    unknown = rules.unknown
    found: list[str] = []
    led = frozenset(one for name in names for one in rules.companions.get(name, ()))
    for name in names:
        if name in led:
            continue
        if rules.alone and name in rules.all and len(names) > 1:
            reader.notes.append((key, f"`{name}` gives nothing beside other names in {reader.fmt.title}"))
            continue
        token = reader.table.read(name, deny=deny)
        if token.note:
            reader.notes.append((key, token.note))
        if token.unknown and not deny and unknown == "opens":
            reader.notes.append((key, f"`{name}` is unknown to {reader.fmt.title}, which then gives every tool"))
            return None
        if token.unknown and not deny and unknown in ("file", "agent"):
            whole: Outcome = "config" if reader.bad_value == "config" else "file"
            reader.fail("agent" if unknown == "agent" else whole, key, f"`{name}` is no tool of {reader.fmt.title}")
        found += token.gives if reader.kept and token.gives else token.grants
        reader.gives += token.gives
    return found


def _implied(reader: _Reader) -> None:
    for rule in reader.fmt.rights.implied:
        value = reader.keys.get(rule.key)
        if value is None or (rule.value is not None and value != rule.value):
            continue
        if reader.allow is not None and EVERYTHING not in reader.allow:
            new = [grant for grant in rule.adds if not contains(reader.allow, grant)]
            reader.allow += new
            reader.implied += new


def _parts(reader: _Reader) -> None:
    """Leave only parts of a grant. What no statement of rights can say exactly is stated narrower, and judged as if nothing kept it."""
    for parts in parts_in(reader.fmt.rights, reader.keys):
        exact = parts.enforced and (reader.allow is not None or parts.sayable)
        if reader.kept and not exact:
            continue
        held = (reader.allow is None or contains(reader.allow, parts.of)) and not contains(reader.deny, parts.of)
        if reader.allow is None:
            reader.deny += parts.denial
        else:
            reader.allow = parts.left(reader.allow)
        if held and not exact:
            reader.gives.append(parts.of)
            reader.notes.append((parts.key, parts.note(reader.fmt.title)))


def _switches(reader: _Reader) -> None:
    for key, cases in reader.fmt.rights.switches.items():
        value = reader.keys.get(key)
        if value is None:
            continue
        case = case_of(cases, value)
        if case is None or not restricts(case):
            continue
        if key not in field_keys(reader.fmt):
            reader.used.append(key)
        if not case.enforced:
            _not_kept(reader, key, value, case)
            if reader.kept:
                continue
        if case.only is not None:
            # A list that the client does not keep gives no more than the switch beside it leaves.
            if case.enforced and EVERYTHING in reader.gives:
                reader.gives = [g for g in case.only if reader.allow is None or not contains(reader.allow, g)]
            held = case.only if reader.allow is None else [g for g in reader.allow if contains(case.only, g)]
            if reader.allow is not None:
                held = ordered([*held, *(g for g in case.only if contains(reader.allow, g))])
            reader.allow = list(held)
        reader.deny += case.removes


def _not_kept(reader: _Reader, key: str, value: Value, case: Switch) -> None:
    """Record what a client gives in spite of a switch: what the lists beside it deny stays denied."""
    if case.only is not None:
        reader.gives.append(EVERYTHING)
        reader.notes.append((key, f"{reader.fmt.title} does not keep `{key}: {value}`: the agent has every right of its session"))
        return
    left = [g for g in case.removes if not contains(reader.deny, g) and (reader.allow is None or contains(reader.allow, g))]
    inside = [g for g in reader.allow or () if not contains(reader.deny, g) and contains(case.removes, g)]
    left = [*ordered([*left, *inside])]
    if left:
        reader.gives += left
        reader.notes.append((key, f"`{key}: {value}` does not hold in every session: the agent can still use {spell(left)}"))


def case_of(cases: Mapping[str, Switch], value: Value) -> Switch | None:
    """What a value of a switch does: the one that is spelt so, or one for which case makes no difference."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if text in cases:
        return cases[text]
    folded = cases.get(text.strip().lower())
    return folded if folded is not None and folded.fold else None


def restricts(case: Switch) -> bool:
    """Whether a value of a switch takes any right away."""
    return case.only is not None or bool(case.removes)


def field_keys(fmt: Format) -> frozenset[str]:
    return frozenset(rule.key for rule in fmt.fields.values() if isinstance(rule.key, str))


# --- ordered permission maps -------------------------------------------------------------------------------------------


def _permission_map(reader: _Reader) -> None:
    """Rules in order. The old switches come first; a rule of the map itself replaces a switch's value but keeps its place (measured)."""
    rules = reader.fmt.rights
    merged: dict[str, Value] = {}
    if rules.legacy is not None and rules.legacy.key in reader.keys:
        merged.update(_legacy(reader, reader.keys[rules.legacy.key]))
    key = rules.key or ""
    if key not in reader.keys:
        reader.allow = _by_word(reader, rules.absent, key) if not merged else None
    else:
        reader.used.append(key)
        value = reader.keys[key]
        if value is None:
            reader.allow = _by_word(reader, rules.null_ or rules.empty, key)
        elif isinstance(value, str):
            merged["*"] = value
        elif isinstance(value, dict):
            merged.update(value)
            reader.allow = _by_word(reader, rules.empty, key) if not merged else None
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


def _legacy(reader: _Reader, value: Value) -> list[tuple[str, Value]]:
    """The old map of switches as permission rules."""
    legacy = reader.fmt.rights.legacy
    assert legacy is not None  # noqa: S101  # the caller asked
    reader.used.append(legacy.key)
    if not isinstance(value, dict) or not all(isinstance(on, bool) for on in value.values()):
        reader.fail(reader.bad_value, legacy.key, f"a map of tool names to true or false is needed ({shown(value)})")
        return []
    allow, _ask, deny = reader.fmt.rights.actions
    return [(legacy.rename.get(name, name), allow if on else deny) for name, on in value.items()]


def _check_action(reader: _Reader, key: str, name: str, value: Value) -> None:
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


def _settle(reader: _Reader, entries: list[tuple[str, Value]]) -> None:
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


def _record(reader: _Reader, grant: str, here: _Settled, open_ended: bool) -> None:
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
