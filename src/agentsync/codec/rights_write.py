"""Grants to native rights: the nearest statement that gives nothing the agent did not have (promise 7).

Floor 3, pure. Candidates are proposed, each is read back as the client would keep it, and the best one that widens nothing
wins; where none is left, the agent is refused unless the user allowed the widening. So the writer never has to be trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from agentsync.codec.rights_read import _field_keys, read_rights, restricts
from agentsync.codec.tables import ToolTable, full_atoms, joined_key
from agentsync.containers.layout import DELETE, Change
from agentsync.formats.rules import Format
from agentsync.model import Loss, Problem, Rights, Value, ordered
from agentsync.rights import ATOMS, EVERYTHING, Difference, Holding, capability, compare, containers_of, contains, effective, left_over, limited, spell, split_grant
from agentsync.shapes import SHAPES, CannotSay


@dataclass(frozen=True, slots=True)
class RightsRendering:
    """Native keys to set or delete, the rights that reading them back must give, losses; problem set where refused."""

    changes: Mapping[str, Change]
    stated: Rights
    losses: tuple[Loss, ...] = ()
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    changes: dict[str, Change]
    stated: Rights
    kept: Difference
    said: Difference

    def cost(self, allow_widening: bool) -> tuple[int, int, int, int]:
        """What makes one statement worse than another: first what it gives, or, where the user allowed that, what it takes."""
        gives, takes = len(self.kept.widened), len(self.said.narrowed)
        if allow_widening:
            return (takes, gives, len(self.said.widened), len(self.said.approximated))
        return (gives, len(self.said.widened), takes, len(self.said.approximated))


def write_rights(
    fmt: Format, table: ToolTable, rights: Rights, others: Mapping[str, Value], old: Mapping[str, Value], *, allow_widening: bool
) -> RightsRendering:
    """The native keys that state these rights.

    others: the keys that will stand in the file beside them (fields and native values), which may imply or restrict rights.
    old: the native keys of the document that is edited, or an empty mapping.
    """
    baseline = _with_given(rights, table.client)
    context = {key: value for key, value in others.items() if key not in _own_keys(fmt)}
    found: list[_Candidate] = []
    for proposal in _proposals(fmt, table, rights, context, old, allow_widening):
        keys = {**context, **{k: v for k, v in proposal.items() if v is not DELETE}}
        stated = read_rights(fmt, table, keys)  # type: ignore[arg-type]  # DELETE is filtered out
        kept = read_rights(fmt, table, keys, kept=True)  # type: ignore[arg-type]  # as above
        if stated.outcome is not None:
            continue
        found.append(_Candidate(proposal, stated.rights, compare(baseline, kept.rights), _spelling_aside(rights, stated.rights)))
    best = min(found, key=lambda c: c.cost(allow_widening), default=None)
    if best is None:
        return RightsRendering({}, rights, problem=_refusal(fmt, rights, Difference()))
    if best.kept.widened and not allow_widening:
        return RightsRendering({}, rights, problem=_refusal(fmt, rights, best.kept))
    if _nothing_left(rights, best.stated) and not allow_widening:
        return RightsRendering({}, rights, problem=_nothing(fmt, rights))
    changes = _only_new(best.changes, old)
    return RightsRendering(changes, best.stated, tuple(_losses(fmt, best)))


def unchanged(fmt: Format, table: ToolTable, rights: Rights, keys: Mapping[str, Value], *, allow_widening: bool) -> RightsRendering:
    """The verdict on keys that already state these rights and shall stay as they are."""
    kept = compare(_with_given(rights, table.client), read_rights(fmt, table, keys, kept=True).rights)
    if kept.widened and not allow_widening:
        return RightsRendering({}, rights, problem=_refusal(fmt, rights, kept))
    return RightsRendering({}, rights, tuple(_losses(fmt, _Candidate({}, rights, kept, Difference()))))


def _with_given(rights: Rights, client: str) -> Rights:
    """The rights an agent has in effect where the same client ran it before: what that client gave beyond the statement."""
    given = [grant for entry in rights.unenforced for owner, _, grant in [entry.partition("|")] if owner == client]
    if EVERYTHING in given:
        return Rights()
    return replace(rights, allow=ordered([*rights.allow, *given])) if given and rights.allow is not None else rights


def _spelling_aside(wanted: Rights, said: Rights) -> Difference:
    """The difference, leaving out MCP tools whose joined spelling no longer tells server and tool apart."""
    difference = compare(wanted, said)
    lost = {joined_key(grant) for grant in difference.narrowed if grant.startswith("mcp:")}
    gained = {joined_key(grant) for grant in [*difference.widened, *difference.approximated] if grant.startswith("mcp:")}
    alike = {key for key in lost & gained if key.startswith("mcp~")}

    def rest(grants: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(g for g in grants if not (g.startswith("mcp:") and joined_key(g) in alike))

    return replace(difference, widened=rest(difference.widened), approximated=rest(difference.approximated), narrowed=rest(difference.narrowed))


def _own_keys(fmt: Format) -> frozenset[str]:
    """The native keys that hold nothing but rights."""
    rules = fmt.rights
    switches = [key for key in rules.switches if key not in _field_keys(fmt)]
    return frozenset([key for key in (rules.key, rules.deny, rules.legacy and rules.legacy.key) if key] + switches)


def _only_new(changes: Mapping[str, Change], old: Mapping[str, Value]) -> dict[str, Change]:
    """Leave out deletions of keys that are not there and values that stand there already."""
    return {k: v for k, v in changes.items() if (k in old if v is DELETE else k not in old or old[k] != v or type(old[k]) is not type(v))}


def _nothing_left(wanted: Rights, said: Rights) -> bool:
    return bool(said.allow == () and wanted.allow and effective(wanted).allow)


# --- proposals --------------------------------------------------------------------------------------------------------


def _proposals(
    fmt: Format, table: ToolTable, rights: Rights, context: Mapping[str, Value], old: Mapping[str, Value], wide: bool
) -> Iterable[dict[str, Change]]:
    base = dict.fromkeys(_own_keys(fmt) & old.keys(), DELETE)
    style = fmt.rights.style
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
            if case.write and restricts(case) and not any(holding.holds(grant) for grant in case.unless)
        ]
    for listed in lists:
        for switch in switches:
            yield {**base, **listed, **switch}


def _switch_value(text: str) -> Value:
    return {"true": True, "false": False}.get(text, text)


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
        denials = _denials(fmt, table, [grant for grant in wanted.deny if grant not in implied])
        everything: dict[str, Change] = {} if rules.absent in ("all", "unknown") else _stated(fmt, list(rules.all[:1]), old)
        if not everything and rules.absent == "none":
            everything = _stated(fmt, list(table.known()), old)
        if not denials.names and not denials.missing:
            yield {**everything, **ask}
            return
        if rules.deny is not None and denials.names:
            yield {**everything, rules.deny: _list_value(rules.deny_shape or rules.shape, denials.names, old.get(rules.deny)), **ask}
        if rules.unlisted != "allowed":
            yield {**_stated(fmt, _entries(fmt, table, _spelled_out(fmt, wanted)), old), **ask}
        yield {**everything, **ask}
        return
    explicit = [g for g in wanted.allow if g not in rights.implied] if _implies(fmt, context, rights.implied) else list(wanted.allow)
    # Denials inside a grant (`mcp:a/b` under `mcp:a`) need a deny list; without one the whole grant goes.
    whole = [g for g in explicit if not any(g in containers_of(d) for d in wanted.deny)]
    kept = [g for g in whole if split_grant(g)[1] is None or table.effect(split_grant(g)[0]) == "enforced"]
    for grants in ordered([tuple(explicit), tuple(whole), tuple(kept)]):
        narrowed = replace(wanted, allow=grants)
        for entries in ordered([tuple(_entries(fmt, table, narrowed)), *([tuple(_entries(fmt, table, narrowed, wide=True))] if wide else [])]):
            listed = {**_stated(fmt, list(entries), old), **ask}
            denials = _denials(fmt, table, wanted.deny).names if rules.deny is not None and rules.together == "both" else []
            if denials and rules.deny is not None and len(grants) > len(whole):
                yield {**listed, rules.deny: _list_value(rules.deny_shape or rules.shape, denials, old.get(rules.deny))}
            yield listed


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
        case = cases.get(str(context.get(key)).strip().lower())
        if case is not None and key in context:
            yield case.removes


def _implies(fmt: Format, context: Mapping[str, Value], grants: tuple[str, ...]) -> bool:
    """Whether the fields beside the rights bring all these grants along in this format too."""
    if not grants:
        return False
    brought = [g for rule in fmt.rights.implied if context.get(rule.key) is not None and rule.value in (None, context.get(rule.key)) for g in rule.adds]
    return all(grant in brought for grant in grants)


def _nested(path: Iterable[str], value: Value) -> Value:
    for part in reversed(tuple(path)):
        value = {part: value}
    return value


def _stated(fmt: Format, names: list[str], old: Mapping[str, Value]) -> dict[str, Change]:
    """The allow-list key; an empty list is written in the way that means `no tools` here, or left for the check to judge."""
    rules = fmt.rights
    if rules.key is None:
        return {}
    if not names and rules.empty != "none":
        names = list(rules.none)
        if not names:
            return {}
    return {rules.key: _list_value(rules.shape, names, old.get(rules.key))}


def _list_value(shape: str, names: list[str], old: Value) -> Value:
    try:
        return SHAPES[shape].write(list(names), old)
    except CannotSay:
        return list(names)


def _entries(fmt: Format, table: ToolTable, wanted: Rights, *, wide: bool = False) -> list[str]:
    """The entries of an allow-list for these grants: the fewest native tools that bring no capability along (`wide`: they may)."""
    holding = Holding(_whole_denials(wanted))
    found: list[str] = []
    covered: set[str] = set()
    for grant in wanted.allow or ():
        atom, limit = split_grant(grant)
        if atom not in ATOMS:
            entry = table.write_other(grant)
            found += [entry] if entry is not None else []
            continue
        if atom in fmt.rights.never or (limit is None and atom in covered):
            continue
        name = _best_name(table, grant, holding, wide=wide)
        if name is None:
            continue
        if limit is None:
            found.append(name)
            covered.update(table.atoms_of(name))
        elif table.effect(atom) != "no-match":
            found.append(f"{name}({table.native_limit(limit)})")
    return list(ordered(found))


def _whole_denials(rights: Rights) -> Rights:
    """The rights without denials inside a grant, which a rule of their own takes away again."""
    return replace(rights, deny=tuple(d for d in rights.deny if split_grant(d)[1] is None and "/" not in d))


def _best_name(table: ToolTable, grant: str, holding: Holding, *, wide: bool = False) -> str | None:
    """The native tool for a grant: one that gives nothing new if there is one, else one that stays inside the capabilities held.

    A limit stays on everything the tool gives. With `wide`, the first tool there is will do.
    """
    atom, limit = split_grant(grant)
    names = table.natives.get(atom, ())
    exact = [name for name in names if all(holding.holds(limited(other, limit)) for other in table.atoms_of(name))]
    inside = [name for name in names if all(holding.grasps(limited(other, limit)) for other in table.atoms_of(name))]
    return next(iter([*exact[:1], *inside[:1], *(names[:1] if wide else ())]), None)


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
            names: tuple[str, ...] = (entry,) if entry is not None else ()
        else:
            names = tuple(name for name in table.natives.get(atom, ())[:1])
            if limit is not None and fmt.rights.deny_patterns == "enforced":
                names = tuple(f"{name}({table.native_limit(limit)})" for name in names)
        found += names
        missing = missing or not names
    return _Denials(list(ordered(found)), missing)


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
            _allow_rule(table, found, grant, holding, ask if contains(asks, grant) else allow, rules.patterned)
    elif contains(asks, "mcp:*"):
        found["*"] = ask
        for name in table.known():
            if not any(contains(asks, atom) for atom in table.atoms_of(name)):
                found[name] = allow
    for grant in rights.deny:
        # Under an allow-list only what lies inside something allowed has to be taken away again.
        if rights.allow is None or any(contains(rights.allow, wider) for wider in containers_of(grant)[1:]):
            _deny_rule(table, found, grant, allow, deny, rules.patterned)
    for grant in rights.ask:
        atom, limit = split_grant(grant)
        if rights.allow is None and atom in ATOMS:
            for name in table.natives.get(atom, ())[:1]:
                _set_rule(found, name, limit if limit is None else table.native_limit(limit), ask, allow, rules.patterned)
    return {rules.key: found} if found else {}


def _allow_rule(
    table: ToolTable, found: dict[str, Value], grant: str, holding: Holding, action: str, patterned: tuple[str, ...]
) -> None:
    atom, limit = split_grant(grant)
    deny = table.rules.actions[2]
    if atom not in ATOMS:
        name = table.write_other(grant)
        if name is not None:
            found[name] = action
        return
    name = _best_name(table, grant, holding)
    if name is not None:
        _set_rule(found, name, limit if limit is None else table.native_limit(limit), action, deny, patterned)


def _deny_rule(table: ToolTable, found: dict[str, Value], grant: str, allow: str, deny: str, patterned: tuple[str, ...]) -> None:
    atom, limit = split_grant(grant)
    names = table.natives.get(atom, ())[:1] if atom in ATOMS else [n for n in [table.write_other(grant, deny=True)] if n]
    for name in names:
        if limit is not None and limit.startswith("!"):
            _set_rule(found, name, table.native_limit(limit[1:]), allow, deny, patterned)
        else:
            _set_rule(found, name, limit if limit is None else table.native_limit(limit), deny, allow, patterned)


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


# --- words ------------------------------------------------------------------------------------------------------------


def _losses(fmt: Format, best: _Candidate) -> Iterable[Loss]:
    widened = ordered([*best.kept.widened, *best.said.widened])
    title = fmt.title
    if widened:
        yield Loss("widened", "rights", spell_short(widened), f"{title} cannot hold the agent to less")
    if best.said.approximated:
        yield Loss("approximated", "rights", spell_short(best.said.approximated), f"{title} gives these together with what the agent has")
    if best.said.narrowed:
        yield Loss("narrowed", "rights", spell_short(best.said.narrowed), f"{title} cannot give these without giving more")
    if best.said.unasked:
        yield Loss("approximated", "rights", spell_short(best.said.unasked), f"{title} cannot say `ask first` for an agent; its session decides")
    if best.said.asked:
        yield Loss("narrowed", "rights", spell_short(best.said.asked), f"{title} asks first for these")


def spell_short(grants: tuple[str, ...]) -> str:
    """Grants for a report; a stand-in for tools nobody names is said in words."""
    return spell({"tool:*": "tools no list names", "mcp:*": "every MCP tool"}.get(g, g) for g in grants)


def _refusal(fmt: Format, rights: Rights, difference: Difference) -> Problem:
    gained = ordered(capability(grant) if grant in ATOMS else grant for grant in difference.widened)
    if fmt.rights.style == "none":
        reason = f"{fmt.title} holds no agent to a tool list"
    elif rights.allow == ():
        reason = f"{fmt.title} cannot say `no tools`"
    else:
        reason = f"{fmt.title} would give the agent more than it has: {spell_short(gained)}"
    return Problem("rights-refused", reason, hint=f"agentsync allow --refused --for {fmt.id}", severity="warning")


def _nothing(fmt: Format, rights: Rights) -> Problem:
    reason = f"{fmt.title} has none of the agent's tools ({spell_short(rights.allow or ())})"
    return Problem("rights-refused", reason, hint=f"agentsync skip --refused --for {fmt.id}", severity="warning")
