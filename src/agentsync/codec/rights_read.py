"""Native rights to grants: what a file states, and what its client makes of that.

Floor 3, pure. `stated` reads the statement; `kept` reads the same keys but leaves out every limit that the client does not
keep. The first is what an agent's rights are, the second is what a written file must be judged by (promise 7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agentsync.codec.denied import denials
from agentsync.codec.rights_collect import Collector, by_word, shown
from agentsync.codec.rights_map import read_permission_map
from agentsync.codec.rights_parts import parts_in
from agentsync.codec.tables import ToolTable
from agentsync.formats.rules import Format, Outcome, Switch
from agentsync.model import ALL_RIGHTS, Rights, Value, ordered
from agentsync.rights import ANY_MCP, EVERYTHING, contains, spell
from agentsync.shapes import SHAPES, BadValue


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


def read_rights(fmt: Format, table: ToolTable, keys: Mapping[str, Value], *, kept: bool = False, bad_value: Outcome = "ignored") -> Statement:
    """What `keys` state in this format; with `kept`, only as far as the client is known to keep it."""
    question = ("read", kept, bad_value, repr([(key, keys[key]) for key in table.stating if key in keys]))
    found: Statement | None = table.memo.get(question)
    return found if found is not None else table.remember(question, _read(fmt, table, keys, kept, bad_value))


def _read(fmt: Format, table: ToolTable, keys: Mapping[str, Value], kept: bool, bad_value: Outcome) -> Statement:
    reader = Collector(fmt, table, keys, kept, bad_value)
    style = fmt.rights.style
    if style == "permission-map":
        read_permission_map(reader)
    elif style == "none":
        reader.allow = by_word(reader, fmt.rights.absent, "")
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


def at_path(keys: Mapping[str, Value], path: Iterable[str]) -> Value:
    """The value below a path of keys, None where there is none."""
    found: Value = dict(keys)
    for part in path:
        if not isinstance(found, dict):
            return None
        found = found.get(part)
    return found


def _allow_list(reader: Collector) -> None:
    rules, keys = reader.fmt.rights, reader.keys
    key = rules.key
    if key is None:
        return
    if key not in keys:
        reader.allow = by_word(reader, rules.absent, key)
    elif keys[key] is None:
        reader.used.append(key)
        reader.allow = by_word(reader, rules.null_ or rules.empty, key)
    else:
        names = _names(reader, key, rules.shape)
        if names is not None:
            reader.used.append(key)
            if names and names == list(rules.none) and not rules.deny_none:
                reader.allow = []
            else:
                reader.allow = by_word(reader, rules.empty, key) if not names else _grants(reader, key, names)
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


def _brought(reader: Collector) -> None:
    """What the client adds to every allow-list: it is no part of the statement, but of what the client keeps."""
    for grant in reader.fmt.rights.brings:
        if reader.allow is None or contains(reader.allow, grant) or contains(reader.deny, grant):
            continue
        reader.gives.append(grant)
        told = "every MCP tool" if grant == ANY_MCP else spell((grant,))
        reader.notes.append((reader.fmt.rights.key or "", f"{reader.fmt.title} gives {told} along with every list"))
        if reader.kept:
            reader.allow.append(grant)


def _names(reader: Collector, key: str, shape: str) -> list[str] | None:
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


def _grants(reader: Collector, key: str, names: list[str], *, deny: bool = False) -> list[str] | None:
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


def _implied(reader: Collector) -> None:
    for rule in reader.fmt.rights.implied:
        value = reader.keys.get(rule.key)
        if value is None or (rule.value is not None and value != rule.value):
            continue
        if reader.allow is not None and EVERYTHING not in reader.allow:
            new = [grant for grant in rule.adds if not contains(reader.allow, grant)]
            reader.allow += new
            reader.implied += new


def _parts(reader: Collector) -> None:
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


def _switches(reader: Collector) -> None:
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


def _not_kept(reader: Collector, key: str, value: Value, case: Switch) -> None:
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
