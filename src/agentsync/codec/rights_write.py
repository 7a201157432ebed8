"""Grants to native rights: the nearest statement that gives nothing the agent did not have (promise 7).

Floor 3, pure. Candidates are proposed, each is read back as the client would keep it, and the best one that widens nothing
wins; where none is left, the agent is refused unless the user allowed the widening. So the writer never has to be trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from agentsync.codec.rights_propose import proposals
from agentsync.codec.rights_read import read_rights
from agentsync.codec.tables import ToolTable, joined_key
from agentsync.containers.layout import DELETE, Change
from agentsync.formats.rules import Format
from agentsync.model import Loss, Problem, Rights, Value, ordered
from agentsync.rights import (
    ATOMS,
    EVERYTHING,
    Difference,
    Holding,
    capability,
    compare,
    containers_of,
    contains,
    effective,
    given_by,
    spell,
)


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
    stated = repr([[(key, keys[key]) for key in table.stating if key in keys] for keys in (others, old)])
    question = ("write", rights.allow, rights.deny, rights.ask, rights.unenforced, rights.implied, allow_widening, stated)
    found: RightsRendering | None = table.memo.get(question)
    return found if found is not None else table.remember(question, _write(fmt, table, rights, others, old, allow_widening))


def _write(
    fmt: Format, table: ToolTable, rights: Rights, others: Mapping[str, Value], old: Mapping[str, Value], allow_widening: bool
) -> RightsRendering:
    baseline = _with_given(rights, table.client)
    found: list[_Candidate] = []
    for proposal in proposals(fmt, table, rights, others, old, allow_widening):
        keys = {**others, **{k: v for k, v in proposal.items() if v is not DELETE}}
        stated = read_rights(fmt, table, keys)  # type: ignore[arg-type]  # DELETE is filtered out
        kept = read_rights(fmt, table, keys, kept=True)  # type: ignore[arg-type]  # as above
        if stated.outcome is not None or not _starts(fmt, stated.rights):
            continue
        gives = _with_always(fmt, rights, _spelling_aside(baseline, kept.rights))
        found.append(_Candidate(proposal, stated.rights, gives, _spelling_aside(rights, stated.rights)))
    best = min(found, key=lambda c: c.cost(allow_widening), default=None)
    if best is None:
        return RightsRendering({}, rights, problem=_refusal(fmt, rights, Difference()))
    if best.kept.widened and not allow_widening:
        unsaid = fmt.rights.key is not None and best.stated.allow is None and bool(rights.allow)
        return RightsRendering({}, rights, problem=_nothing(fmt, rights) if unsaid else _refusal(fmt, rights, best.kept))
    if fmt.rights.tools and _nothing_left(fmt, rights, best.stated) and not allow_widening:
        return RightsRendering({}, rights, problem=_nothing(fmt, rights))
    changes = _only_new(best.changes, old)
    return RightsRendering(changes, best.stated, tuple(_losses(fmt, best)))


def _with_always(fmt: Format, rights: Rights, difference: Difference) -> Difference:
    """The difference with what the client gives every agent, where this agent was denied it by name: that is no small print."""
    denied = tuple(grant for grant in fmt.rights.always if contains(rights.deny, grant))
    return replace(difference, widened=ordered([*difference.widened, *denied])) if denied else difference


def _starts(fmt: Format, stated: Rights) -> bool:
    """Whether the client starts an agent with these rights: some tools need another one."""
    holding = Holding(stated)
    return not any(holding.holds(atom) and not holding.holds(needed) for atom, needed in fmt.rights.needs.items())


def unchanged(fmt: Format, table: ToolTable, rights: Rights, keys: Mapping[str, Value], *, allow_widening: bool) -> RightsRendering:
    """The verdict on keys that already state these rights and shall stay as they are."""
    kept = _with_always(fmt, rights, _spelling_aside(_with_given(rights, table.client), read_rights(fmt, table, keys, kept=True).rights))
    if kept.widened and not allow_widening:
        return RightsRendering({}, rights, problem=_refusal(fmt, rights, kept))
    return RightsRendering({}, rights, tuple(_losses(fmt, _Candidate({}, rights, kept, Difference()))))


def _with_given(rights: Rights, client: str) -> Rights:
    """The rights an agent has in effect where the same client ran it before: what that client gave beyond the statement."""
    given = given_by(rights, client)
    if EVERYTHING in given:
        return Rights()
    allow = None if rights.allow is None else ordered([*rights.allow, *given])
    opened = frozenset(wider for grant in given for wider in containers_of(grant))
    return replace(rights, allow=allow, deny=tuple(grant for grant in rights.deny if grant not in opened)) if given else rights


def _spelling_aside(wanted: Rights, said: Rights) -> Difference:
    """The difference, where a joined spelling that no longer tells server and tool apart counts as what was wanted."""
    parts = [grant for part in (wanted.allow or (), wanted.deny, wanted.ask) for grant in part if grant.startswith("mcp:")]
    known = {joined_key(grant): grant for grant in reversed(parts)}
    if not known:
        return compare(wanted, said)

    def respelled(grants: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(known.get(joined_key(g), g) if g.startswith("mcp:") else g for g in grants)

    allow = None if said.allow is None else respelled(said.allow)
    return compare(wanted, replace(said, allow=allow, deny=respelled(said.deny), ask=respelled(said.ask)))


def _only_new(changes: Mapping[str, Change], old: Mapping[str, Value]) -> dict[str, Change]:
    """Leave out deletions of keys that are not there and values that stand there already."""
    return {k: v for k, v in changes.items() if (k in old if v is DELETE else k not in old or old[k] != v or type(old[k]) is not type(v))}


def _nothing_left(fmt: Format, wanted: Rights, said: Rights) -> bool:
    """Whether an agent that had tools would have none: what the client always gives is some, and some formats say no more."""
    if fmt.rights.bare:
        return False
    held = effective(wanted).allow if wanted.allow else ()
    return bool(said.allow == () and held and not any(contains(fmt.rights.always, grant) for grant in held))


def _losses(fmt: Format, best: _Candidate) -> Iterable[Loss]:
    widened = ordered([*best.kept.widened, *best.said.widened])
    title = fmt.title
    if widened:
        yield Loss("widened", "rights", spell_short(widened), f"{title} cannot hold the agent to less")
    if best.said.approximated:
        yield Loss("approximated", "rights", spell_short(best.said.approximated), f"{title} gives these together with what the agent has")
    always = fmt.rights.always
    if held := tuple(g for g in best.said.narrowed if contains(always, g)):
        yield Loss("approximated", "rights", spell_short(held), f"{title} gives these to every agent, and no file of it can say so")
    if lost := tuple(g for g in best.said.narrowed if not contains(always, g)):
        yield Loss("narrowed", "rights", spell_short(lost), f"{title} cannot give these without giving more")
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
    elif not gained:
        reason = f"{fmt.title} takes no statement of the agent's rights"
    else:
        reason = f"{fmt.title} would give the agent more than it has: {spell_short(gained)}"
    return Problem("rights-refused", reason, hint=f"agentsync allow --refused --for {fmt.id}", severity="warning")


def _nothing(fmt: Format, rights: Rights) -> Problem:
    reason = f"{fmt.title} has none of the agent's tools ({spell_short(rights.allow or ())})"
    return Problem("rights-refused", reason, hint=f"agentsync skip --refused --for {fmt.id}", severity="warning")
