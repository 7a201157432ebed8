"""From what changed in a copy to what changes in the hub: a lossy format must never flatten the agent it was made from.

Floor 4, pure. A copy's change is what it says now against what it said when last agreed. Where the copy said what the hub says,
the new value goes up as it is; where the format had altered it, the change is carried over word by word, grant by grant, or becomes the
agent's own value for that format. Every step is proved by rendering: what went up must come down as the copy says it, or it is stuck.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from agentsync.formats.rules import Format
from agentsync.merge import MISSING, RIGHTS, TEXTS, differing, equal, parts_of, with_parts
from agentsync.merge_text import carry_words
from agentsync.model import EMPTY, HUB_FORMAT, Agent, Rights, Value
from agentsync.rights import Holding, compare, containers_of, contains

Render = Callable[[Agent], Agent | None]
"""What an agent says once it is written in the copy's format; None where it would be refused."""

Change = Mapping[str, Any]
"""Parts of the hub's agent, as `agentsync.merge` names them, with their new values."""

_MODEL: Final = "model"


@dataclass(frozen=True, slots=True)
class Form:
    """The format of a copy, as far as lifting asks. natives: the native keys of the copy as they stand there now.

    models: what the hub calls models in this format. render: what an agent says once it is written there.
    """

    rules: Format
    render: Render
    natives: Mapping[str, Value] = field(default_factory=lambda: EMPTY)
    models: Mapping[str, str] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class Lifted:
    """A copy's changes in terms of the hub. agent: the hub's version then, with them. changes: copy's part to what it changes there.

    stuck: parts of the copy that no change of the hub's agent would say.
    """

    agent: Agent
    changes: Mapping[str, Change]
    stuck: tuple[str, ...] = ()


def changed_parts(then: Agent, now: Agent) -> tuple[str, ...]:
    """What a copy says otherwise now: prompt, rights, fields, and the native keys of its own format."""
    return tuple(part for part in differing(then, now) if "." not in part or part.partition(".")[0] == now.home)


def lift(hub_then: Agent, then: Agent, now: Agent, form: Form) -> Lifted:
    """The hub's version then, with what the copy changed between `then` and `now`."""
    agent, changes, stuck = hub_then, dict[str, Change](), list[str]()
    parts = changed_parts(then, now)
    for part in parts:
        if "." in part and _says(agent, part, now, form):
            changes[part] = {}        # a field that went up says it already
            continue
        for change in _candidates(part, parts, hub_then, then, now, form):
            tried = with_parts(agent, change)
            if not change or _says(tried, part, now, form):
                agent, changes[part] = tried, change
                break
        else:
            stuck.append(part)
    # A later change may have moved what an earlier one said.
    moved = [part for part, change in changes.items() if change and not _says(agent, part, now, form)]
    if moved:
        kept = {part: change for part, change in changes.items() if part not in moved}
        agent = hub_then
        for change in kept.values():
            agent = with_parts(agent, change)
        return Lifted(agent, kept, (*stuck, *moved))
    return Lifted(agent, changes, tuple(stuck))


def _says(agent: Agent, part: str, now: Agent, form: Form) -> bool:
    """Whether an agent, written in the copy's format, says of this part what the copy says."""
    said = form.render(agent)
    if said is None:
        return False
    if part == RIGHTS:
        return not compare(now.rights, said.rights)
    return equal(parts_of(said).get(part, MISSING), parts_of(now).get(part, MISSING))


def _candidates(part: str, changed: tuple[str, ...], hub_then: Agent, then: Agent, now: Agent, form: Form) -> Iterator[Change]:
    """Ways to say a copy's change in the hub, the plainest first."""
    before, after = parts_of(then).get(part, MISSING), parts_of(now).get(part, MISSING)
    ours = parts_of(hub_then).get(part, MISSING)
    if part == RIGHTS:
        yield {part: lift_rights(hub_then.rights, then.rights, now.rights)}
        return
    if "." in part:
        if part.partition(".")[2] != HUB_FORMAT:      # the hub's own words are never taken from a project
            yield {part: after}
        return
    native = _native_part(part, now, form)
    if after is MISSING and native in changed:
        if part == _MODEL:
            yield from _by_name(native, form)
        yield {}        # the copy holds a value of its own there now, which goes up as a native one
        return
    if equal(ours, before):
        yield {part: after}
    if part in TEXTS and all(isinstance(value, str) for value in (ours, before, after)):
        carried = carry_words(ours, before, after)
        if carried is not None:
            yield {part: carried}
        return
    yield from _scalars(part, native, ours, before, after, form)


def _scalars(part: str, native: str | None, ours: Any, before: Any, after: Any, form: Form) -> Iterator[Change]:
    """A value that the format had altered: turned back where that is unique, else the agent's own value for this format."""
    key = "" if native is None else native.partition(".")[2]
    if after is MISSING:
        if native is not None:
            yield {native: MISSING}
            yield {native: MISSING, part: MISSING}
        yield {part: MISSING}
        return
    if part == _MODEL:
        yield from _by_name(native, form)
    elif before is not MISSING or ours is MISSING:
        yield {part: after}
    if native is not None and key in form.natives:
        yield {native: form.natives[key]}
    if ours is MISSING:
        yield {part: after}


def _by_name(native: str | None, form: Form) -> Iterator[Change]:
    """The model that the hub calls so in this format, where that is one."""
    name = None if native is None else form.natives.get(native.partition(".")[2])
    named = [model for model, known in form.models.items() if known == name]
    if len(named) == 1:
        yield {_MODEL: named[0]}


def _native_part(part: str, now: Agent, form: Form) -> str | None:
    """The native key of a field, as a part; None where it has none of its own, or the hub's file would read it as the field."""
    rule = form.rules.fields.get(part)
    if rule is None or not isinstance(rule.key, str) or rule.key.startswith("$") or form.rules.id == HUB_FORMAT:
        return None
    return f"{now.home}.{rule.key}"


# ---- rights -------------------------------------------------------------------------------------------------------


def lift_rights(hub_then: Rights, then: Rights, now: Rights) -> Rights:
    """The hub's rights with the grants a copy gained or lost. What leaves a list that is not stated becomes a denial.

    >>> lift_rights(Rights(), Rights(), Rights(deny=("shell",))).deny
    ('shell',)
    >>> lift_rights(Rights(("read.file",)), Rights(("read.file", "read.grep")), Rights(("read.file", "read.grep", "shell"))).allow
    ('read.file', 'shell')
    """
    if then == hub_then:
        return replace(now, unenforced=hub_then.unenforced, implied=hub_then.implied)
    allow, deny, ask = hub_then.allow, list(hub_then.deny), list(hub_then.ask)
    held = Holding(now)
    if then.allow is None and now.allow is not None:
        allow = now.allow if allow is None else tuple(grant for grant in allow if held.holds(grant))
    elif then.allow is not None and now.allow is None:
        allow, deny = None, [grant for grant in deny if not held.holds(grant)]
    else:
        moved = compare(then, now)
        for grant in moved.narrowed:
            allow, deny = _without(allow, deny, grant)
        for grant in (*moved.widened, *moved.approximated):
            allow, deny = _with(allow, deny, grant)
    deny += [grant for grant in now.deny if grant not in then.deny and grant not in deny and Holding(Rights(allow, tuple(deny))).holds(grant)]
    ask = [grant for grant in ask if grant not in then.ask or grant in now.ask]
    ask += [grant for grant in now.ask if grant not in then.ask and grant not in ask]
    return replace(hub_then, allow=allow, deny=tuple(deny), ask=tuple(ask))


def _without(allow: tuple[str, ...] | None, deny: list[str], grant: str) -> tuple[tuple[str, ...] | None, list[str]]:
    """Rights that no longer hold a grant."""
    if allow is not None:
        allow = tuple(own for own in allow if grant not in containers_of(own))
    return allow, [*deny, grant] if Holding(Rights(allow, tuple(deny))).holds(grant) else deny


def _with(allow: tuple[str, ...] | None, deny: list[str], grant: str) -> tuple[tuple[str, ...] | None, list[str]]:
    """Rights that hold a grant."""
    deny = [own for own in deny if grant not in containers_of(own) and own not in containers_of(grant)]
    if allow is not None and not contains(allow, grant):
        allow = (*allow, grant)
    return allow, deny
