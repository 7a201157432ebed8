"""Agents that differ in their texts alone: what was worked out for one of them is what the others get.

Floor 3, pure. A team's agents have a handful of tool lists and models between them, and each its own name, description and prompt.
In a new document these three stand as they are, and nothing else there depends on them, unless they are odd: a name that the
client does not take, a text it would read otherwise, a placeholder, a prompt too long. Whatever is odd goes the long way, and so
does every rule of a format that is not known here to be plain. The text is read back for each agent all the same; a test holds
that both ways give one answer.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from agentsync.codec.build import shortened
from agentsync.codec.compiled import BODY, Compiled, Kind
from agentsync.codec.names import fitting_name, is_builtin, slug
from agentsync.codec.prompts import untouched
from agentsync.codec.read import PLACEHOLDERS
from agentsync.containers.layout import Entry
from agentsync.formats.rules import FieldRule, NameRules
from agentsync.model import Agent, Loss, Problem, Value
from agentsync.shapes import SHAPES, BadValue, CannotSay

MOST: Final = 2000
"""So many forms are remembered for a format; a run with more kinds of agents goes the long way for the rest."""

_SHOWN: Final = 400
"""So much of a text is looked at for the beginning that a report would show of it."""

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_KINDS: Final = frozenset({"head+body", "toml", "json", "jsonc", "yaml"})
_PLAIN_FIELD: Final = frozenset({"key", "shape", "required", "empty", "null_", "bad", "missing", "limit", "active", "unstated"})
_PLAIN_NAME: Final = frozenset({
    "source", "key", "write", "trim", "pattern", "length", "reserved", "builtin", "taken", "over", "fold", "slug", "bad", "blank", "by_file",
    "text_of",
})


@dataclass(frozen=True, slots=True)
class Holes:
    """The native keys of one kind of file that hold the three texts; name: None where no key does, body: None where it is no key."""

    name: str | None
    description: str
    rule: FieldRule
    body: str | None


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in a new document of agents that are alike, but for their texts, and what is told of them.

    keys: in their order, the texts left out. stated: whether the name stands under its key.
    """

    keys: Mapping[str, Value]
    losses: tuple[Loss, ...]
    notes: tuple[Problem, ...]


class _Odd(Exception):
    """A value whose spelling is not told by its text alone."""


def question(
    compiled: Compiled, kind: Kind, agent: Agent, path: str, models: Mapping[str, str], allow_widening: bool
) -> Hashable | None:
    """What agents have in common with this one where they differ in their texts alone; None where a text of it is odd."""
    holes = holes_of(compiled, kind)
    if holes is None or not _plain_texts(compiled, kind, agent, holes.rule):
        return None
    model = agent.fields.get("model")
    named = models.get(model) if isinstance(model, str) else None
    rights = agent.rights
    try:
        fields = tuple([(name, _frozen(value)) for name, value in agent.fields.items() if name != "description"])
        extra = tuple([(owner, _frozen(values)) for owner, values in agent.extra.items()]) if agent.extra else ()
    except _Odd:
        return None
    place = path.replace(agent.name, "\0")
    held = (rights.allow, rights.deny, rights.ask, rights.unenforced, rights.implied)
    return (kind.rules.id, place, allow_widening, named, agent.home, held, fields, extra)


def _plain_texts(compiled: Compiled, kind: Kind, agent: Agent, rule: FieldRule) -> bool:
    """Whether name, description and prompt stand in a document as they are, and no rule has anything to say of them."""
    fmt, name, prompt, told = compiled.format, agent.name, agent.prompt, agent.fields.get("description")
    if type(told) is not str or not told.strip() or "display_name" in agent.fields or _marked(agent):
        return False
    if _NAME.fullmatch(name) is None or slug(name, fmt.name.slug) != name or fitting_name(fmt, name) != name:
        return False
    if is_builtin(fmt.name, name) or name in fmt.name.taken:
        return False
    body = fmt.body
    if not prompt or len(prompt) < body.min or (body.limit is not None and len(prompt) > body.limit):
        return False
    if (rule.limit is not None and len(told) > rule.limit) or (rule.active is not None and re.match(rule.active, told)):
        return False
    shape = SHAPES[rule.shape]
    try:
        native = shape.write(told, None)
        if type(native) is not str or native != told or shape.read(native) != told:
            return False
    except (BadValue, CannotSay):
        return False
    return not body.template or untouched(fmt, prompt, agent.fields, kind.rules.id)


def _marked(agent: Agent) -> bool:
    """Whether some text of the agent is a placeholder that is meant as such."""
    return bool(agent.extra) and any(PLACEHOLDERS in own for own in agent.extra.values())


def found(compiled: Compiled, kind: Kind, asked: Hashable, agent: Agent, body: Value) -> tuple[Entry, Form] | None:
    """The entry of an agent whose like was written before, or None. body: what stands where the prompt does."""
    form: Form | None = compiled.memo.get(asked)
    holes = holes_of(compiled, kind)
    if form is None or holes is None:
        return None
    keys = dict(form.keys)
    if holes.name is not None and holes.name in keys:
        keys[holes.name] = agent.name
    keys[holes.description] = agent.fields["description"]
    if holes.body is None:
        return Entry(keys, agent.prompt), form
    keys[holes.body] = body
    return Entry(keys), form


def remember(
    compiled: Compiled, kind: Kind, asked: Hashable, agent: Agent, body: Value, entry: Entry, losses: tuple[Loss, ...], notes: tuple[Problem, ...]
) -> None:
    """Keep the form of an agent that went the long way, unless a text of it shows anywhere but in its own place."""
    holes = holes_of(compiled, kind)
    if holes is None or len(compiled.memo) >= MOST or entry.key is not None:
        return
    keys = dict(entry.keys)
    texts = {holes.description: agent.fields["description"], holes.name: agent.name, holes.body: body}
    for key, text in texts.items():
        if key is None or (key == holes.name and key not in keys):
            continue
        if type(keys.get(key)) is not str or keys[key] != text:
            return
        keys[key] = None
    if holes.body is None and entry.body != agent.prompt:
        return
    said = [*_texts(list(keys.values())), *keys, *(text for loss in losses for text in (loss.field, loss.value, loss.why, loss.hint or ""))]
    said += [text for note in notes for text in (note.message, note.hint or "")]
    shown = [agent.name, *(shortened(str(text)[:_SHOWN])[:40] for text in (agent.fields["description"], agent.prompt))]
    if any(part in text for text in said for part in shown):
        return
    compiled.memo[asked] = Form(keys, losses, notes)


def _texts(values: Iterable[Any]) -> Iterator[str]:
    """Every text in plain values."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from _texts([*value, *value.values()])
        elif isinstance(value, list):
            yield from _texts(value)


def _frozen(value: Any) -> Hashable:
    """A plain value as a key of a map: equal only where value and types are. Raises _Odd for a type with a spelling of its own."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is list:
        return ("list", *map(_frozen, value))
    if isinstance(value, Mapping) and kind.__name__ in ("dict", "mappingproxy"):
        return ("map", *((key, _frozen(item)) for key, item in value.items()))
    if value is None or kind in (bool, int, float):
        return (kind, repr(value))
    raise _Odd


def holes_of(compiled: Compiled, kind: Kind) -> Holes | None:
    """The same as `_holes`, worked out once."""
    memo = compiled.memo
    if kind.rules.id not in memo:
        memo[kind.rules.id] = _holes(compiled, kind)
    found: Holes | None = memo[kind.rules.id]
    return found


def _holes(compiled: Compiled, kind: Kind) -> Holes | None:
    """Where the three texts stand in a new document of this kind; None where a rule about one of them is more than plain."""
    fmt, rules = compiled.format, kind.rules
    rule, prompt, native = fmt.fields.get("description"), kind.prompt_rule, fmt.rights
    if rules.kind not in _KINDS or rules.unit == "entry" or rules.others is not None or rules.more or rules.lift is not None:
        return None
    if fmt.body.lead or fmt.body.literal is not None or prompt is None or not prompt.write or rule is None or not isinstance(rule.key, str):
        return None
    if not _plain(rule, _PLAIN_FIELD) or not _plain(fmt.name, _PLAIN_NAME) or SHAPES[rule.shape].whole or SHAPES[rule.shape].lists:
        return None
    name = fmt.name.key if "key" in fmt.name.source else None
    keys = [rule.key, *([] if name is None else [name]), *([] if kind.has_body else [rules.body])]
    others = {place.path[0] for place in kind.places if place.name != "description"}.union(
        *(path for place in kind.places if place.name != "description" for path in place.read),
        *(brought for place in kind.places for brought in place.rule.brings.values()),
    )
    taken = {*others, *fmt.native, *fmt.fixed, *native.switches, *native.beside, *compiled.tools.stating, *compiled.rights_keys}
    if len(set(keys)) != len(keys) or not taken.isdisjoint(keys) or BODY in keys:
        return None
    return Holes(name, rule.key, rule, None if kind.has_body else rules.body)


def _plain(rule: FieldRule | NameRules, known: frozenset[str]) -> bool:
    """Whether a rule says nothing beyond these keys of the language."""
    defaults = dict(zip(rule.__struct_fields__[-len(rule.__struct_defaults__) :], rule.__struct_defaults__, strict=True))
    return all(name in known or _same(getattr(rule, name), defaults.get(name)) for name in rule.__struct_fields__)


def _same(value: object, default: object) -> bool:
    """Whether a setting has its default, which msgspec makes anew for each rule where it is a map."""
    return value == default or value in ({}, (), [])
