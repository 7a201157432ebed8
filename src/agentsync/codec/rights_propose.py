"""Ways to state rights in a format's native keys: proposals, for `rights_write` to judge.

Floor 3, pure. A proposal may be too wide or too narrow; none is written unread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from agentsync.codec.limits import EXPRESSION
from agentsync.codec.rights_parts import whole_again
from agentsync.codec.rights_read import case_of, field_keys, restricts
from agentsync.codec.tables import ToolTable, full_atoms
from agentsync.containers.layout import DELETE, Change
from agentsync.formats.rules import Format
from agentsync.model import Rights, Value, ordered
from agentsync.rights import ANY_MCP, ATOMS, Holding, containers_of, contains, effective, given_by, left_over, limited, split_grant
from agentsync.shapes import SHAPES, BadValue, CannotSay


def own_keys(fmt: Format) -> frozenset[str]:
    """The native keys that hold nothing but rights."""
    rules = fmt.rights
    switches = [key for key in rules.switches if key not in field_keys(fmt)]
    return frozenset([key for key in (rules.key, rules.deny, rules.legacy and rules.legacy.key) if key] + switches)


def proposals(
    fmt: Format, table: ToolTable, rights: Rights, context: Mapping[str, Value], old: Mapping[str, Value], wide: bool
) -> Iterable[dict[str, Change]]:
    base = dict.fromkeys(own_keys(fmt) & old.keys(), DELETE)
    rights = _sayable(fmt, rights)
    style = fmt.rights.style if fmt.rights.write else "none"
    base = base if fmt.rights.write else {}
    if style == "permission-map":
        lists = [_permission_map(fmt, table, rights)]
    elif style == "allow-list":
        lists = list(_allow_lists(fmt, table, rights, context, old, wide))
    else:
        lists = [{}]
    switches: list[dict[str, Change]] = [{}]
    if rights.restricted:
        holding = Holding(rights)
        switches += [
            {key: _switch_value(value)}
            for key, cases in fmt.rights.switches.items()
            for value, case in cases.items()
            if case.write and restricts(case) and key not in context and not any(holding.holds(grant) for grant in case.unless)
        ]
    for listed in lists:
        for switch in switches:
            yield {**base, **listed, **switch}


def _switch_value(text: str) -> Value:
    values: dict[str, Value] = {"true": True, "false": False, "[]": []}
    return values.get(text, text)


def _allow_lists(
    fmt: Format, table: ToolTable, rights: Rights, context: Mapping[str, Value], old: Mapping[str, Value], wide: bool
) -> Iterable[dict[str, Change]]:
    """Ways to state rights with an allow-list and, where there is one, a deny list: the plainest first."""
    rules = fmt.rights
    wanted = effective(rights)
    ask: dict[str, Change] = {}
    if rules.ask is not None and rights.ask:
        ask = {rules.ask[0]: _nested(rules.ask[1:], list(rights.ask))}
    if wanted.allow is None:
        implied = {grant for rule in _switch_removals(fmt, context) for grant in rule}
        everything = _everything(fmt, table, old)
        # What a field beside the rights takes away, or would if its client kept it, need not be said twice; the check decides.
        for said in ordered([frozenset(implied), frozenset(implied.intersection(given_by(rights, table.client))), frozenset()]):
            denials = _denials(fmt, table, [grant for grant in wanted.deny if grant not in said])
            if not denials.names and not denials.missing:
                yield {**everything, **ask}
                if not implied:
                    return
            if rules.deny is not None and denials.names:
                yield {**everything, **_denied(fmt, denials.names, old), **ask}
        if rules.unlisted != "allowed":
            spelled = _entries(fmt, table, _spelled_out(fmt, wanted))
            yield {**_stated(fmt, [*spelled, *rules.mcp.all[:1]], old), **ask}
            yield {**_stated(fmt, spelled, old), **ask}
            outright = replace(wanted, deny=tuple(split_grant(denial)[0] for denial in wanted.deny))
            yield {**_stated(fmt, _entries(fmt, table, _spelled_out(fmt, outright)), old), **ask}
        yield {**everything, **ask}
        return
    explicit = [g for g in wanted.allow if g not in rights.implied] if _implies(fmt, context, rights.implied) else list(wanted.allow)
    explicit = whole_again(rules, context, explicit)
    beside = _kept_denials(fmt, table, rights, old)
    # Denials inside a grant (`mcp:a/b` under `mcp:a`) need a deny list; without one the whole grant goes.
    opened = frozenset(wider for denial in wanted.deny for wider in containers_of(denial))
    whole = [g for g in explicit if g not in opened]
    loose = frozenset(g for g in explicit if split_grant(g)[1] is not None and table.effect(split_grant(g)[0]) != "enforced")
    firm, kept = [g for g in explicit if g not in loose], [g for g in whole if g not in loose]
    for grants in ordered([tuple(explicit), tuple(firm), tuple(whole), tuple(kept)]):
        narrowed = replace(wanted, allow=grants)
        for entries in ordered([tuple(_entries(fmt, table, narrowed)), *([tuple(_entries(fmt, table, narrowed, wide=True))] if wide else [])]):
            listed = {**_stated(fmt, list(entries), old), **beside, **ask}
            if closing := _closing(fmt, table, wanted):
                apart = replace(wanted, allow=tuple(grant for grant in grants if not contains(rules.brings, grant)))
                stated = _stated(fmt, _entries(fmt, table, apart), old)
                yield {**listed, **stated, **_denied(fmt, [*_listed_names(fmt, beside), *closing], old)}
            taken = _denials(fmt, table, rights.deny if beside else wanted.deny).names if rules.deny is not None and rules.together == "both" else []
            yield listed
            if taken and not opened.isdisjoint(grants):
                yield {**listed, **_denied(fmt, [*taken, *closing], old)}


def _closing(fmt: Format, table: ToolTable, wanted: Rights) -> list[str]:
    """What the deny list must say so that an allow-list brings nothing along that the agent does not have."""
    if fmt.rights.deny is None or not fmt.rights.brings:
        return []
    holding = Holding(wanted)
    return _denials(fmt, table, [grant for grant in fmt.rights.brings if not holding.holds(grant)]).names


def _denied(fmt: Format, names: list[str], old: Mapping[str, Value]) -> dict[str, Change]:
    """The deny list with these names."""
    rules = fmt.rights
    return {} if rules.deny is None else {rules.deny: _list_value(rules.deny_shape or rules.shape, list(ordered(names)), old.get(rules.deny))}


def _listed_names(fmt: Format, keys: Mapping[str, Change]) -> list[str]:
    """The names that a deny list holds."""
    rules = fmt.rights
    if rules.deny is None or rules.deny not in keys:
        return []
    found: Any = SHAPES[rules.deny_shape or rules.shape].read(keys[rules.deny])  # type: ignore[arg-type]  # a value, nothing is deleted here
    return list(found)


def _everything(fmt: Format, table: ToolTable, old: Mapping[str, Value]) -> dict[str, Change]:
    """The statement of an agent that may do all: nothing where that says so, else the word for it, else every tool there is."""
    rules = fmt.rights
    if rules.absent == "all" or (rules.absent == "unknown" and not rules.all):
        return {}
    return _stated(fmt, list(rules.all[:1] or rules.full) or [*table.known(), *rules.mcp.all[:1]], old)


def _sayable(fmt: Format, rights: Rights) -> Rights:
    """The rights without limits that are expressions, where the format's limits are none: a grant goes, a denial takes the whole."""
    if fmt.rights.limits == "regex" or fmt.rights.foreign:
        return rights
    allow = None if rights.allow is None else tuple(g for g in rights.allow if not _expression(g))
    return replace(rights, allow=allow, deny=ordered(split_grant(g)[0] if _expression(g) else g for g in rights.deny))


def _expression(grant: str) -> bool:
    return f"({EXPRESSION}" in grant or f"(!{EXPRESSION}" in grant


def _kept_denials(fmt: Format, table: ToolTable, rights: Rights, old: Mapping[str, Value]) -> dict[str, Change]:
    """The deny list of the old text, where all of it still holds: beside an allow-list it may say nothing, but it is someone's line."""
    rules = fmt.rights
    if rules.deny is None or rules.together != "both" or old.get(rules.deny) is None:
        return {}
    try:
        names: Any = SHAPES[rules.deny_shape or rules.shape].read(old[rules.deny])
    except BadValue:
        return {}
    taken = {grant for name in names for grant in table.read(name, deny=True).grants}
    return {rules.deny: old[rules.deny]} if taken <= set(rights.deny) else {}


def _spelled_out(fmt: Format, rights: Rights) -> Rights:
    """`Everything but` as a list of what this format has: what is denied goes, a denial `all but X` leaves X."""
    left = left_over(rights.deny)
    grants = [g for atom in full_atoms(fmt) for g in ([limited(atom, x) for x in left[atom]] if atom in left else [atom])]
    plain = tuple(d for d in rights.deny if split_grant(d)[0] not in left)
    kept = effective(Rights(tuple(grants), plain))
    return replace(kept, deny=plain)


def _switch_removals(fmt: Format, context: Mapping[str, Value]) -> Iterable[tuple[str, ...]]:
    """What fields that stand beside the rights take away already."""
    for key, cases in fmt.rights.switches.items():
        case = case_of(cases, context.get(key))
        if case is not None and key in context:
            yield case.removes


def _implies(fmt: Format, context: Mapping[str, Value], grants: tuple[str, ...]) -> bool:
    """Whether the fields beside the rights bring all these grants along in this format too."""
    if not grants:
        return False
    stated = [rule for rule in fmt.rights.implied if context.get(rule.key) is not None and rule.value in (None, context.get(rule.key))]
    brought = [grant for rule in stated for grant in rule.adds]
    return all(grant in brought for grant in grants)


def _nested(path: Iterable[str], value: Value) -> Value:
    for part in reversed(tuple(path)):
        value = {part: value}
    return value


def _stated(fmt: Format, names: list[str], old: Mapping[str, Value]) -> dict[str, Change]:
    """The allow-list key; an empty list is written in the way that means `no tools` here, or left for the check to judge."""
    rules = fmt.rights
    if rules.key is None or (not names and rules.bare):
        return {}
    if not names and rules.empty != "none":
        names = list(rules.none)
        denied = _denied(fmt, list(rules.deny_none), old) if rules.deny_none else {}
        if not names:
            return denied
        return {rules.key: _list_value(rules.shape, names, old.get(rules.key)), **denied}
    value = _list_value(rules.shape, names, old.get(rules.key))
    return {} if rules.bare and not value else {rules.key: value}


def _list_value(shape: str, names: list[str], old: Value) -> Value:
    try:
        return SHAPES[shape].write(list(names), old)
    except CannotSay:
        return list(names)


def _entries(fmt: Format, table: ToolTable, wanted: Rights, *, wide: bool = False) -> list[str]:
    """The entries of an allow-list for these grants: the fewest native tools that bring no capability along (`wide`: they may)."""
    holding = Holding(_whole_denials(wanted))
    needs = table.rules.needs
    found: list[str] = []
    covered: set[str] = set()
    for grant in wanted.allow or ():
        atom, limit = split_grant(grant)
        if atom not in ATOMS:
            entry = table.write_other(grant)
            found += [entry] if entry is not None else []
            continue
        if atom in fmt.rights.never:
            continue
        name = _best_name(table, grant, holding, wide=wide)
        if limit is None and atom in covered and (name is None or name != table.natives[atom][0]):
            continue
        if name is None or (atom in needs and not holding.holds(needs[atom])):
            continue
        if limit is None:
            found.append(name)
            covered.update(table.atoms_of(name))
        elif table.effect(atom) != "no-match":
            found.append(f"{name}({table.native_limit(limit)})")
    return table.accompanied(found)


def _whole_denials(rights: Rights) -> Rights:
    """The rights without denials inside a grant, which a rule of their own takes away again."""
    return replace(rights, deny=tuple(d for d in rights.deny if split_grant(d)[1] is None and "/" not in d))


def _best_name(table: ToolTable, grant: str, holding: Holding, *, wide: bool = False) -> str | None:
    """The native tool for a grant: one that gives nothing new if there is one, else one that stays inside the capabilities held.

    A limit stays on everything the tool gives. With `wide`, the first tool there is will do.
    """
    atom, limit = split_grant(grant)
    names = table.natives.get(atom, ())
    for covered in (holding.holds, holding.grasps):
        for name in names:
            if all(covered(limited(other, limit)) for other in table.atoms_of(name)):
                return name
    return names[0] if wide and names else None


@dataclass(frozen=True, slots=True)
class _Denials:
    names: list[str]
    missing: bool


def _denials(fmt: Format, table: ToolTable, deny: Iterable[str]) -> _Denials:
    """The entries of a deny-list; `missing` where one of them cannot be said."""
    found: list[str] = []
    missing = False
    for grant in deny:
        atom, limit = split_grant(grant)
        if atom not in ATOMS:
            entry = table.write_other(grant, deny=True)
            if entry is None and grant.startswith("mcp:"):
                entry = table.write_other(ANY_MCP, deny=True)      # more than is meant, where less cannot be said
            names: tuple[str, ...] = (entry,) if entry is not None else ()
        else:
            names = table.denying(atom)
            if limit is not None and fmt.rights.deny_patterns == "enforced":
                names = tuple(f"{name}({table.native_limit(limit)})" for name in names)
        found += names
        missing = missing or not names
    return _Denials(table.accompanied(found), missing)


def _permission_map(fmt: Format, table: ToolTable, rights: Rights) -> dict[str, Change]:
    """An ordered map of rules: what is for every tool first, then one rule a tool, limits inside."""
    rules = fmt.rights
    allow, ask, deny = rules.actions
    if not rights.restricted or rules.key is None:
        return {}
    asks = frozenset(rights.ask)
    found: dict[str, Value] = {}
    if rights.allow is not None:
        found["*"] = deny
        holding = Holding(_whole_denials(rights))
        for grant in effective(rights).allow or ():
            _allow_rule(table, found, grant, holding, ask if contains(asks, grant) else allow)
    elif contains(asks, "mcp:*"):
        found["*"] = ask
        for name in table.known():
            if not any(contains(asks, atom) for atom in table.atoms_of(name)):
                found[name] = allow
    allowed = frozenset(rights.allow or ())
    for grant in rights.deny:
        # Under an allow-list only what lies inside something allowed has to be taken away again.
        if rights.allow is None or any(contains(allowed, wider) for wider in containers_of(grant)[1:]):
            _deny_rule(table, found, grant, allow, deny)
    for grant in rights.ask:
        atom, limit = split_grant(grant)
        if rights.allow is None and atom in ATOMS:
            for name in table.natives.get(atom, ())[:1]:
                _set_rules(table, found, name, limit if limit is None else table.native_limit(limit), ask, allow)
    return {rules.key: found} if found else {}


def _allow_rule(table: ToolTable, found: dict[str, Value], grant: str, holding: Holding, action: str) -> None:
    atom, limit = split_grant(grant)
    deny = table.rules.actions[2]
    if atom not in ATOMS:
        name = table.write_other(grant)
        if name is not None:
            found[name] = action
        return
    name = _best_name(table, grant, holding)
    if name is not None:
        _set_rules(table, found, name, limit if limit is None else table.native_limit(limit), action, deny)


def _deny_rule(table: ToolTable, found: dict[str, Value], grant: str, allow: str, deny: str) -> None:
    atom, limit = split_grant(grant)
    names = table.natives.get(atom, ())[:1] if atom in ATOMS else [n for n in [table.write_other(grant, deny=True)] if n]
    for name in names:
        if limit is not None and limit.startswith("!"):
            _set_rules(table, found, name, table.native_limit(limit[1:]), allow, deny)
        else:
            _set_rules(table, found, name, limit if limit is None else table.native_limit(limit), deny, allow)


def _set_rules(table: ToolTable, found: dict[str, Value], name: str, limit: str | None, action: str, rest: str) -> None:
    """One rule for a tool and for each that goes with it; what takes no patterns has the narrowest of what the patterns have."""
    patterned, widest_first = table.rules.patterned, table.rules.actions
    for one in table.accompanied([name]):
        if one == name or limit is None or one in patterned:
            _set_rule(found, one, limit, action, rest, patterned)
            continue
        narrowest = max(action, rest, key=widest_first.index)
        here = found.get(one)
        held = isinstance(here, str) and widest_first.index(here) >= widest_first.index(narrowest)
        # Where everything that is not named is denied, it needs no rule of its own.
        if not held and narrowest != widest_first[0] and (action == narrowest or found.get("*") != narrowest):
            _set_rule(found, one, None, narrowest, rest, patterned)


def _set_rule(found: dict[str, Value], name: str, limit: str | None, action: str, rest: str, patterned: tuple[str, ...]) -> None:
    """One rule; a limit makes a map of patterns that begins with what holds for everything else."""
    if limit is None:
        here = found.get(name)
        if isinstance(here, dict):
            found[name] = {"*": action, **{p: a for p, a in here.items() if p != "*"}}
        else:
            found[name] = action
        return
    if name not in patterned:
        if action != "allow" and not isinstance(found.get(name), dict):
            found[name] = action
        return
    here = found.get(name)
    rules: dict[str, Value] = dict(here) if isinstance(here, dict) else {"*": here if isinstance(here, str) else rest}
    rules[limit] = action
    found[name] = rules
