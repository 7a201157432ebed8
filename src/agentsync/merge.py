"""Merging agents: what an agent says in parts, and what becomes of one part when several sides changed it.

Floor 3, pure. A part is the prompt, the rights, a neutral field, or a native key as `FORMAT.KEY`; the name is none, since a slug
must never travel back as a rename. Scalars are replaced, lists and rights merged member by member, long texts line by line.
What two sides changed differently is a conflict, and neither side wins.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from agentsync.merge_text import merge_lines
from agentsync.model import Agent, Rights, ordered

PROMPT: Final = "prompt"
RIGHTS: Final = "rights"
TEXTS: Final = frozenset({PROMPT, "description", "initial_prompt"})
"""Parts that are merged line by line."""


class _Word:
    """A value that is none."""

    def __init__(self, word: str) -> None:
        self._word = word

    def __repr__(self) -> str:
        return self._word


MISSING: Final = _Word("not stated")
"""The value of a part that an agent does not state."""

CONFLICT: Final = _Word("conflict")
"""What merging gives where two sides changed a part differently."""


def parts_of(agent: Agent) -> dict[str, Any]:
    """Everything an agent says but its name, by part."""
    parts: dict[str, Any] = {PROMPT: agent.prompt, RIGHTS: agent.rights, **agent.fields}
    for format_id, natives in agent.extra.items():
        parts.update({f"{format_id}.{key}": value for key, value in natives.items()})
    return parts


def with_parts(agent: Agent, changes: Mapping[str, Any]) -> Agent:
    """The agent with these parts changed; `MISSING` takes one away."""
    fields, extra = dict(agent.fields), {format_id: dict(natives) for format_id, natives in agent.extra.items()}
    prompt, rights = agent.prompt, agent.rights
    for part, value in changes.items():
        format_id, dot, key = part.partition(".")
        if part == PROMPT:
            prompt = "" if value is MISSING else value
        elif part == RIGHTS:
            rights = value
        elif value is MISSING:
            (extra.get(format_id, {}) if dot else fields).pop(key if dot else part, None)
        elif dot:
            extra.setdefault(format_id, {})[key] = value
        else:
            fields[part] = value
    return replace(agent, prompt=prompt, rights=rights, fields=fields, extra={name: natives for name, natives in extra.items() if natives})


def differing(first: Agent, second: Agent) -> tuple[str, ...]:
    """The parts in which two agents differ."""
    before, after = parts_of(first), parts_of(second)
    return tuple(part for part in ordered([*before, *after]) if not equal(before.get(part, MISSING), after.get(part, MISSING)))


def equal(first: Any, second: Any) -> bool:
    """Whether two values of a part say the same; `true` is not `1`."""
    return first is second or _word(first) == _word(second)


def merge_part(part: str, base: Any, variants: Sequence[Any]) -> Any:
    """What a part says with the changes of all variants against the base, or `CONFLICT`. The order of the variants does not matter."""
    changed = list({_word(variant): variant for variant in variants if not equal(variant, base)}.values())
    if not changed:
        return base
    if len(changed) == 1:
        return changed[0]
    if part == RIGHTS:
        return _merge_rights(base, changed)
    if part in TEXTS and all(isinstance(value, str) for value in (base, *changed)):
        merged = merge_lines(base, changed)
        return CONFLICT if merged is None else merged
    members = [] if base is MISSING else base
    if isinstance(members, list) and all(isinstance(value, list) for value in changed):
        return _merge_lists(members, changed)
    return CONFLICT


def _word(value: Any) -> str:
    """A text that two values share exactly where they say the same."""
    if isinstance(value, _Word):
        return repr(value)
    if isinstance(value, Rights):
        return _word([None if grants is None else sorted(set(grants)) for grants in (value.allow, value.deny, value.ask)])
    return json.dumps(value, sort_keys=True, ensure_ascii=True, default=repr)


# ---- members ------------------------------------------------------------------------------------------------------


def _merge_lists(base: Sequence[Any], variants: Sequence[Sequence[Any]]) -> Any:
    """The members that nobody removed and everything that somebody added; an element of one key is known by that key."""
    before = _named(base)
    if before is None:
        return CONFLICT
    result = dict(before)
    added: dict[str, Any] = {}
    changed: dict[str, Any] = {}
    for variant in variants:
        after = _named(variant)
        if after is None:
            return CONFLICT
        for name in before:
            value = after.get(name, MISSING)
            if equal(value, before[name]):
                continue
            if name in changed and not equal(changed[name], value):
                return CONFLICT
            changed[name] = value
        for name, value in after.items():
            if name in before:
                continue
            if name in added and not equal(added[name], value):
                return CONFLICT
            added[name] = value
    for name, value in changed.items():
        if value is MISSING:
            del result[name]
        else:
            result[name] = value
    return [*result.values(), *(added[name] for name in sorted(added))]


def _named(members: Iterable[Any]) -> dict[str, Any] | None:
    """Members by name; None where one stands twice."""
    found: dict[str, Any] = {}
    for member in members:
        name = next(iter(member)) if isinstance(member, dict) and len(member) == 1 else _word(member)
        if name in found:
            return None
        found[name] = member
    return found


def _merge_rights(base: Rights, variants: Sequence[Rights]) -> Any:
    allow = _merge_allow(base, variants)
    if allow is CONFLICT:
        return CONFLICT
    deny = _merge_members(base.deny, [variant.deny for variant in variants])
    ask = _merge_members(base.ask, [variant.ask for variant in variants])
    return replace(base, allow=allow, deny=deny, ask=ask)


def _merge_allow(base: Rights, variants: Sequence[Rights]) -> Any:
    """A list that begins or ceases to be stated is one whole change: it goes together only with itself."""
    same = [variant for variant in variants if _members(variant.allow) != _members(base.allow)]
    if not same:
        return base.allow
    if len({_members(variant.allow) for variant in same}) == 1:
        return same[0].allow
    if base.allow is None or any(variant.allow is None for variant in same):
        return CONFLICT
    return _merge_members(base.allow, [variant.allow or () for variant in same])


def _members(grants: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if grants is None else frozenset(grants)


def _merge_members(base: Sequence[str], variants: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What all variants kept of the base, then what they added, by name."""
    kept = [member for member in base if all(member in variant for variant in variants)]
    return (*kept, *sorted({member for variant in variants for member in variant if member not in base}))


def says_digest(agent: Agent) -> str:
    """A short name of everything an agent says, its own name included: 24 hexadecimal digits."""
    parts = parts_of(agent)
    said = "\n".join([agent.name, *(f"{part} {_word(parts[part])}" for part in sorted(parts))])
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:24]
