"""Names and neutral fields to native keys.

Floor 3, pure. What cannot be said leaves its reason in the build; that it is missing is found by reading the keys back.
"""

from __future__ import annotations

import re

from agentsync.codec.build import Build, same, set_at
from agentsync.codec.compiled import Place, brought
from agentsync.codec.names import by_place, fitting_name, folder_of, is_builtin, name_problem, stated_name, stem_of
from agentsync.codec.read import NOTHING, decode, value_at
from agentsync.codec.rights_read import at_path
from agentsync.formats.rules import FieldRule, Format
from agentsync.model import Problem, Value
from agentsync.shapes import SHAPES, BadValue, CannotSay


def write_name(build: Build, path: str, entry: str | None, fresh: bool) -> str | None:
    """Put the name where the format keeps it; returns the entry's key in a shared file."""
    fmt, rules, agent = build.format, build.format.name, build.agent
    name = fitting_name(fmt, agent.name)
    if name is None:
        why = name_problem(rules, agent.name)
        build.problem = Problem("name-refused", f"{fmt.title} does not take the name {agent.name!r}: {why}", hint="rename the agent")
        return None
    here = build.old.get(rules.key)
    over = rules.over and is_builtin(rules, name) and agent.rights.allow is None
    if (over or name in rules.taken) and _names(fmt, here, None) != name:
        then = "and would give this one its rights" if over else "which goes before this one"
        build.because("name", "approximated", f"{fmt.title} has an agent `{name}` of its own, {then}")
        name = f"{name}-agent"
    elif name != agent.name:
        why = name_problem(rules, agent.name) or "blanks around it are trimmed"
        build.because("name", "approximated", f"{fmt.title} takes no such name: {why}")
    if rules.override is not None and is_builtin(rules, name) and _own_or_old(build, rules.override) is not True:
        why = f"{fmt.title} has an agent `{name}` of its own, and leaves this one out without `{rules.override}: true`"
        build.problem = Problem("name-refused", why, hint=f"rename the agent, or give it `{fmt.id}: {{{rules.override}: true}}`")
        return None
    if build.kind.rules.unit == "entry":
        if build.kind.rules.entry is not None and build.kind.rules.entry.key is not None:
            build.keys[build.kind.rules.entry.key] = name
            return name
        return entry if entry is not None else name
    placed = by_place(fmt, path, build.kind.rules.unit)
    if "key" not in rules.source:
        return None
    file_name = folder_of(path) if build.kind.rules.unit == "folder" else stem_of(fmt, path)
    if rules.by_file and fresh and file_name != name and name_problem(rules, file_name) is None:
        build.because("name", "approximated", f"{fmt.title} looks for an agent by the name of its file")
        name = file_name
    if rules.key in build.old and _names(fmt, here, placed) == name:
        build.keys[rules.key] = here      # blanks that the client trims, or a key that leaves the name to the file
    elif (rules.write == "always" and fresh) or rules.key in build.old or placed != name:
        build.keys[rules.key] = name
    return None


def _own_or_old(build: Build, key: str) -> Value:
    """The agent's own value for a native key, or the one that stands there."""
    return build.agent.extra.get(build.format.id, {}).get(key, build.old.get(key))


def _names(fmt: Format, stated: Value, placed: str | None) -> str | None:
    """What the client calls an agent whose name key holds this, and whose place says that name."""
    try:
        return stated_name(fmt.name, stated) or placed
    except BadValue:
        return None


def write_field(build: Build, place: Place) -> None:
    """One neutral field as native keys, or the reason why it is not there."""
    name, rule, path = place.name, place.rule, place.path
    value = build.agent.fields.get(name)
    if value is None and name == "display_name" and fitting_name(build.format, build.agent.name) != build.agent.name:
        value = build.agent.name
    found = _old_native(build, place) if build.old else None
    if found is not None and name in build.old_fields and same(build.old_fields[name], value):
        set_at(build.keys, found[0], found[1])
        _write_brought(build, place, *found)
        _write_copy(build, rule)
        return
    if isinstance(value, str) and not value.strip() and rule.required and rule.empty is not None:
        value = None        # the client takes no empty one
    if value is None:
        if found is not None and name not in build.old_fields and _means_nothing(build, name, rule, found[1]):
            set_at(build.keys, found[0], found[1])
        elif rule.absent is not None and rule.none is not None:
            set_at(build.keys, path, rule.none)
        elif rule.required and not _does_without(build, name, rule):
            set_at(build.keys, path, build.agent.name)
            build.because(name, "approximated", f"{build.format.title} needs one; the name stands in for it")
        return
    if rule.absent is not None and value == rule.absent and found is None:
        return
    native = _encode(build, place, value, found[1] if found is not None else None)
    if native is not None:
        set_at(build.keys, *native)
        _write_brought(build, place, *native)
        _write_copy(build, rule)
    elif rule.required:
        set_at(build.keys, path, build.agent.name)


def _does_without(build: Build, name: str, rule: FieldRule) -> bool:
    """Whether the client loads the old text without what it asks for, so that writing it back need not add that."""
    return bool(build.old) and name not in build.old_fields and build.kind.bad(rule.missing) == "ignored"


def _write_brought(build: Build, place: Place, path: tuple[str, ...], native: Value) -> None:
    """What goes with a native value, but for what somebody else said there."""
    rule = place.rule
    if not rule.brings:
        return
    old = _old_native(build, place)
    before = brought(rule, *old) if old is not None else {}
    for at, text in brought(rule, path, native).items():
        here = at_path(build.old, at)
        if here in (text, before.get(at)) or (here is None and (old is None or old[1] != native)):
            set_at(build.keys, at, text)


def _write_copy(build: Build, rule: FieldRule) -> None:
    """The same text under the second key: in a new entry, and where the old one said the same there, or there alone."""
    first, second = rule.key, rule.copy
    if second is None or not isinstance(first, str):
        return
    if second not in build.old:
        if not build.old:
            build.keys[second] = build.keys[first]
    elif first not in build.old:
        build.keys[second] = build.keys.pop(first, build.keys.get(second))
    elif build.old[first] == build.old[second]:
        build.keys[second] = build.keys[first]


def _old_native(build: Build, place: Place) -> tuple[tuple[str, ...], Value] | None:
    """The native value of a field in the old text and where it stands."""
    for path in place.read:
        here = value_at(build.old, path)
        if here is not NOTHING:
            return path, here  # type: ignore[return-value]  # a native value
    return None


def _means_nothing(build: Build, name: str, rule: FieldRule, native: Value) -> bool:
    """Whether an old native value says `not stated` (`inherit`, nothing at all, the name once more), so that it may stay."""
    try:
        said = None if native is None else decode(build.compiled, rule, native)
        return said is None or (name, said) == ("display_name", build.agent.name)
    except BadValue:
        return False


def _encode(build: Build, place: Place, value: Value, old: Value) -> tuple[tuple[str, ...], Value] | None:
    fmt, name, rule = build.format, place.name, place.rule
    if name == "model" and isinstance(value, str) and value in build.models:
        build.because(name, "approximated", f"the hub's `models:` says {build.models[value]!r} for {fmt.title}")
        return place.path, build.models[value]
    native: Value = value
    if rule.table is not None:
        native = build.compiled.tables[rule.table].native(value)
        if native is None:
            if rule.overflow is not None:
                return rule.overflow, value
            build.because(name, "dropped", *_unmapped(fmt, name, value))
            return None
    try:
        written = SHAPES[rule.shape].write(native, old)
    except CannotSay as error:
        build.because(name, "dropped", f"{fmt.title}: {error}")
        return None
    if isinstance(written, str) and rule.limit is not None and len(written) > rule.limit:
        build.because(name, "dropped", f"{fmt.title} takes at most {rule.limit} characters")
    elif isinstance(written, str) and rule.active is not None and re.match(rule.active, written):
        build.because(name, "dropped", f"{fmt.title} takes a text that begins so for a formula or a reference")
    else:
        return place.path, written
    return None


def _unmapped(fmt: Format, name: str, value: Value) -> tuple[str, str | None]:
    if name == "model":
        hint = f"add to agentsync.yaml: models: {{{value}: {{{fmt.id}: NAME}}}}"
        return f"{fmt.title} knows no model of that name", hint
    return f"{fmt.title} has no word for it", None
