"""Agents to documents: the native text that says what the agent says, and a report of everything that it does not.

Floor 3, pure. One way: build the native keys, ask the reader what they mean, compare that with the agent. Whatever differs is a
loss, so the report cannot forget one nor invent one. The text is read back before it leaves here (promise 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agentsync.codec.compiled import BODY, Compiled, Kind, compile_format, fits
from agentsync.codec.names import fitting_name, folder_of, name_problem, path_name, slug, stem_of
from agentsync.codec.prompts import around, literal, write_prompt
from agentsync.codec.read import PLACEHOLDERS, decode, read_entry, read_parsed
from agentsync.codec.rights_write import RightsRendering, unchanged, write_rights
from agentsync.containers import add, create, edit, parse
from agentsync.containers.layout import DELETE, Change, Entry, Parsed
from agentsync.formats.rules import FieldRule, Format
from agentsync.model import HUB_FORMAT, Agent, Document, Loss, Problem, Reading, Rendering, Value, ordered
from agentsync.shapes import SHAPES, BadValue, CannotSay


@dataclass(slots=True)
class _Build:
    """Native keys while they are put together, with the reason for what does not fit."""

    compiled: Compiled
    kind: Kind
    agent: Agent
    old: Mapping[str, Value]
    old_fields: Mapping[str, Value]
    models: Mapping[str, str]
    keys: dict[str, Value] = field(default_factory=dict)
    reasons: dict[str, tuple[str, str, str | None]] = field(default_factory=dict)
    problem: Problem | None = None

    @property
    def format(self) -> Format:
        return self.compiled.format

    def because(self, name: str, kind: str, why: str, hint: str | None = None) -> None:
        self.reasons.setdefault(name, (kind, why, hint))


@dataclass(frozen=True, slots=True)
class _Old:
    """The place that is edited: the document taken apart, its entry, and what it says today."""

    parsed: Parsed
    entry: Entry | None
    reading: Reading | None


def write(
    agent: Agent,
    fmt: Format,
    *,
    old: Document | None = None,
    entry: str | None = None,
    kind: str | None = None,
    scope: str = "project",
    models: Mapping[str, str] | None = None,
    allow_widening: bool = False,
) -> Rendering:
    """The agent written down for a format, as a new document or into an old one, of which only the changed parts change.

    old: the document to edit; for a shared file, `entry` is the id of the agent's entry in it (absent: the one of its name, or
    a new one). models: the hub's own model names for this format. The path of a new document is where the format keeps
    agents of that scope, with the slug of the name. A refused agent gives a rendering without documents, and its reason.
    """
    compiled = compile_format(fmt)
    if fmt.direction == "read":
        return _refused(fmt, Problem("write-unsupported", f"{fmt.title} files are only read", severity="warning"))
    agent = replace(agent, prompt=literal(agent.prompt))
    path = old.path if old is not None else new_path(fmt, agent.name, scope)
    chosen = compiled.kind(kind if kind or old is not None else _kind_for(fmt, scope), path)
    place = _place(compiled, chosen, old, entry, agent)
    if isinstance(place, Problem):
        return _refused(fmt, place)
    return _write(compiled, chosen, agent, path, place, models or {}, allow_widening)


def write_many(
    agents: Sequence[Agent], fmt: Format, *, models: Mapping[str, str] | None = None, allow_widening: bool = False
) -> tuple[tuple[Rendering, ...], Document | None]:
    """Many agents in one new shared file: a rendering each, without documents, and the one document that holds those not refused."""
    compiled = compile_format(fmt)
    kind = next(k for k in compiled.kinds if k.rules.unit == "entry")
    path = kind.rules.file or next((w.write for w in fmt.where if w.write is not None), f"{fmt.id}.json")
    renderings: list[Rendering] = []
    items: dict[str, Mapping[str, Value]] = {}
    for agent in agents:
        build = _Build(compiled, kind, replace(agent, prompt=literal(agent.prompt)), {}, {}, models or {})
        made = _assemble(build, path, None, allow_widening)
        if isinstance(made, Problem):
            renderings.append(_refused(fmt, made))
            continue
        if made.entry.key in items:
            twice = Problem("name-twice", f"two agents would be called `{made.entry.key}`", hint="rename one of them")
            renderings.append(_refused(fmt, twice))
            continue
        items[made.entry.key or ""] = made.entry.keys
        renderings.append(Rendering(fmt.id, (), made.losses))
    if not items:
        return tuple(renderings), None
    (first, keys), *rest = items.items()
    text = create(kind.layout, keys, None, first)
    if rest:
        text = add(parse(text, kind.layout), kind.layout, rest)
    back = parse(text, kind.layout)
    if back.outcome is not None or {e.key: e.keys for e in back.entries} != items:
        problem = Problem("readback-mismatch", f"{fmt.title}: the file does not read back as it was meant", hint="agentsync --version")
        return tuple(replace(r, problems=(problem,)) for r in renderings), None
    return tuple(renderings), Document(path, text)


def new_path(fmt: Format, name: str, scope: str) -> str:
    """Where a new file for an agent of this name goes, relative to the project (or the home directory for scope `user`)."""
    where = next((w for w in fmt.where if w.scope == scope and w.write is not None), None)
    if where is None or where.write is None:
        return next((str(k.rules.file) for k in compile_format(fmt).kinds if k.rules.file), f"{slug(name)}")
    return where.write.replace("{slug}", slug(name, fmt.name.slug))


def _kind_for(fmt: Format, scope: str) -> str | None:
    return next((w.document for w in fmt.where if w.scope == scope and w.write is not None), None)


def _refused(fmt: Format, problem: Problem) -> Rendering:
    return Rendering(fmt.id, (), (), (problem,))


def _place(compiled: Compiled, kind: Kind, old: Document | None, entry: str | None, agent: Agent) -> _Old | Problem | None:
    """The entry of the old document that this agent is written into."""
    if old is None:
        return None
    parsed = parse(old.text, kind.layout)
    readings = read_parsed(compiled, kind, old, parsed)
    if kind.rules.unit == "entry":
        wanted = entry or fitting_name(compiled.format, agent.name)
        found = next((e for e in parsed.entries if e.key == wanted), None)
        if parsed.outcome is None:
            return _Old(parsed, found, next((r for r in readings if r.entry == wanted), None) if found else None)
    elif parsed.outcome is None and parsed.entries and readings[0].status == "read":
        return _Old(parsed, parsed.entries[0], readings[0])
    first = next((p for r in readings for p in r.problems), None)
    reason = f": {first.message}" if first is not None else ""
    return Problem("old-unreadable", f"the file that is there cannot be edited{reason}", old.path, first.line if first else None)


# --- the native keys --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Made:
    """What shall stand in the document, and what it says."""

    entry: Entry
    losses: tuple[Loss, ...]
    changes: Mapping[str, Change]


def _write(
    compiled: Compiled, kind: Kind, agent: Agent, path: str, place: _Old | None, models: Mapping[str, str], allow_widening: bool
) -> Rendering:
    fmt = compiled.format
    old_keys = place.entry.keys if place is not None and place.entry is not None else {}
    old_agent = place.reading.agent if place is not None and place.reading is not None else None
    build = _Build(compiled, kind, agent, old_keys, old_agent.fields if old_agent is not None else {}, models)
    made = _assemble(build, path, place, allow_widening)
    if isinstance(made, Problem):
        return _refused(fmt, made)
    try:
        text = _text(kind, made, place)
    except ValueError as error:
        return _refused(fmt, Problem("cannot-write", f"{fmt.title}: {error}", path))
    if not _reads_back(kind, made, text):
        why = f"{fmt.title}: what would be written does not read back as it was meant, so nothing is written"
        return _refused(fmt, Problem("readback-mismatch", why, path, hint="report this with the agent's file"))
    return Rendering(fmt.id, (Document(path, text),), made.losses, _notes(compiled, made))


def _notes(compiled: Compiled, made: _Made) -> tuple[Problem, ...]:
    fmt = compiled.format
    if fmt.evidence.enforcement in ("docs", "unverified") and any(k in made.entry.keys for k in (fmt.rights.key, *fmt.rights.switches) if k):
        message = f"{fmt.title}: enforcement of the agent's rights is not verified"
        return (Problem("enforcement-unverified", message, severity="note"),)
    return ()


def _text(kind: Kind, made: _Made, place: _Old | None) -> str:
    body = made.entry.body
    if place is None:
        return create(kind.layout, made.entry.keys, body, made.entry.key)
    if place.entry is None:
        return add(place.parsed, kind.layout, [(made.entry.key or "", made.entry.keys)])
    if kind.has_body and literal(place.entry.body or "") == literal(body or ""):
        body = None
    if not made.changes and body is None:
        return place.parsed.text
    return edit(place.parsed, kind.layout, place.entry, made.changes, body)


def _reads_back(kind: Kind, made: _Made, text: str) -> bool:
    """Whether the text holds just these keys and this body (reading is a function of them)."""
    parsed = parse(text, kind.layout)
    if parsed.outcome is not None:
        return False
    found = parsed.entries[0] if kind.rules.unit != "entry" else next((e for e in parsed.entries if e.key == made.entry.key), None)
    if found is None or not _same(found.keys, made.entry.keys):
        return False
    return not kind.has_body or literal(found.body or "") == literal(made.entry.body or "")


def _same(first: object, second: object) -> bool:
    """Equal in value and type: `1` is not `true`, and a map's order is ignored at top level only where it does not matter."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(_same(first[key], second[key]) for key in first)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(_same, first, second))
    return first == second and isinstance(first, bool) == isinstance(second, bool)


def _assemble(build: _Build, path: str, place: _Old | None, allow_widening: bool) -> _Made | Problem:
    """Names, fields, native values, rights and prompt, in the order they are written; a problem where the agent is refused."""
    fmt, agent = build.format, build.agent
    key = _write_name(build, path, place)
    rest = _Build(build.compiled, build.kind, agent, build.old, build.old_fields, build.models)
    for name, rule in fmt.fields.items():
        if rule.key != BODY and rule.write:
            _write_field(rest, name, rule)
    build.reasons.update(rest.reasons)
    if place is None or place.entry is None:
        for fixed, value in fmt.fixed.items():
            rest.keys.setdefault(fixed, value)
    native = _natives(build)
    beside = {**_kept_natives(build, native), **rest.keys, **native}
    rights = _rights(build, beside, place, allow_widening)
    if build.problem is None and rights.problem is not None:
        build.problem = rights.problem
    active = _active_placeholders(agent, build.compiled.home(build.kind), fmt.id)
    prompt = write_prompt(fmt, agent.prompt, active, build.kind.rules.id)
    problem = build.problem or prompt.problem
    if problem is not None:
        return problem
    stated = {k: v for k, v in rights.changes.items() if v is not DELETE}
    kept = {k: build.old[k] for k in _rights_keys(fmt) if k in build.old and k not in rights.changes}
    keys: dict[str, Value] = {**build.keys, **kept, **stated, **beside}  # type: ignore[dict-item]  # DELETE is filtered out
    _write_body(build, keys, prompt.text)
    if fmt.rights.ask is not None and agent.rights.ask:
        _set(keys, fmt.rights.ask, list(agent.rights.ask))
    _write_others(build, keys)
    if build.kind.layout.head == "lines" and build.kind.has_body:
        keys = {k: _as_line(v) for k, v in keys.items()}
    keys = _in_order(keys, build.old)
    body = prompt.text if build.kind.has_body else None
    entry = Entry(keys, body, key)
    expected = read_entry(build.compiled, build.kind, path, entry)
    if expected.status != "read" or expected.agent is None:
        first = expected.problems[0].message if expected.problems else "the client would not load it"
        return Problem("client-refuses", f"{fmt.title} would not load the agent: {first}", severity="warning")
    losses = (*_losses(build, expected.agent, prompt.losses), *rights.losses, *prompt.losses)
    changes = {k: v for k, v in keys.items() if k not in build.old or not _identical(build.old[k], v)}
    changes.update(dict.fromkeys((k for k in build.old if k not in keys), DELETE))
    return _Made(entry, losses, changes)


def _as_line(value: Value) -> Value:
    """A switch or a number as the text a reader of lines sees."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def _identical(first: Value, second: Value) -> bool:
    """Equal, and in maps in the same order, since some clients let the last rule win."""
    if isinstance(first, dict) and isinstance(second, dict) and list(first) != list(second):
        return False
    return _same(first, second)


def _in_order(keys: dict[str, Value], old: Mapping[str, Value]) -> dict[str, Value]:
    """The keys in the order of the old text, new ones behind the key they follow."""
    if not old:
        return keys
    order = [key for key in old if key in keys]
    previous: str | None = None
    for key in keys:
        if key not in old:
            order.insert(order.index(previous) + 1 if previous is not None else len(order), key)
        previous = key
    return {key: keys[key] for key in order}


def _write_name(build: _Build, path: str, place: _Old | None) -> str | None:
    """Put the name where the format keeps it; returns the entry's key in a shared file."""
    fmt, rules, agent = build.format, build.format.name, build.agent
    name = fitting_name(fmt, agent.name)
    if name is None:
        why = name_problem(rules, agent.name)
        build.problem = Problem("name-refused", f"{fmt.title} does not take the name {agent.name!r}: {why}", hint="rename the agent")
        return None
    if name != agent.name:
        build.because("name", "approximated", f"{fmt.title} takes no such name: {name_problem(rules, agent.name)}")
    if build.kind.rules.unit == "entry":
        if build.kind.rules.entry is not None and build.kind.rules.entry.key is not None:
            build.keys[build.kind.rules.entry.key] = name
        return place.entry.key if place is not None and place.entry is not None else name
    if "key" not in rules.source:
        return None
    if (rules.write == "always" and place is None) or rules.key in build.old or _name_by_path(fmt, path) != name:
        build.keys[rules.key] = name
    return None


def _name_by_path(fmt: Format, path: str) -> str | None:
    """What the client would call an agent at this path that says no name."""
    for source in fmt.name.source:
        if source in ("stem", "path", "folder"):
            return {"stem": stem_of, "path": path_name}.get(source, lambda _fmt, where: folder_of(where))(fmt, path)
    return None


def _write_field(build: _Build, name: str, rule: FieldRule) -> None:
    """One neutral field as native keys, or the reason why it is not there."""
    path = build.kind.path_of(rule)
    value = build.agent.fields.get(name)
    if value is None and name == "display_name" and "name" in build.reasons:
        value = build.agent.name
    found = _old_native(build, rule, path)
    if found is not None and name in build.old_fields and _same(build.old_fields[name], value):
        _set(build.keys, found[0], found[1])
        return
    if value is None:
        if found is not None and name not in build.old_fields and _means_nothing(build, rule, found[1]):
            _set(build.keys, found[0], found[1])
        elif rule.absent is not None and rule.none is not None:
            _set(build.keys, path, rule.none)
        elif rule.required:
            _set(build.keys, path, build.agent.name)
            build.because(name, "approximated", f"{build.format.title} needs one; the name stands in for it")
        return
    if rule.absent is not None and value == rule.absent and found is None:
        return
    native = _encode(build, name, rule, value, found[1] if found is not None else None)
    if native is not None:
        _set(build.keys, *native)
    elif rule.required:
        _set(build.keys, path, build.agent.name)


def _old_native(build: _Build, rule: FieldRule, path: tuple[str, ...]) -> tuple[tuple[str, ...], Value] | None:
    """The native value of a field in the old text and where it stands."""
    for candidate in [rule.overflow, path, *((other,) for other in rule.also)]:
        here: object = build.old
        for part in candidate or ():
            here = here.get(part, DELETE) if isinstance(here, Mapping) else DELETE
        if candidate and here is not DELETE:
            return tuple(candidate), here  # type: ignore[return-value]  # a native value
    return None


def _means_nothing(build: _Build, rule: FieldRule, native: Value) -> bool:
    """Whether an old native value says `not stated` (`inherit`), so that it may stay."""
    try:
        return decode(build.compiled, rule, native) is None
    except BadValue:
        return False


def _encode(build: _Build, name: str, rule: FieldRule, value: Value, old: Value) -> tuple[tuple[str, ...], Value] | None:
    fmt = build.format
    if name == "model" and isinstance(value, str) and value in build.models:
        build.because(name, "approximated", f"the hub's `models:` says {build.models[value]!r} for {fmt.title}")
        return build.kind.path_of(rule), build.models[value]
    native: Value = value
    if rule.table is not None:
        native = build.compiled.tables[rule.table].native(value)
        if native is None:
            if rule.overflow is not None:
                return rule.overflow, value
            build.because(name, "dropped", *_unmapped(fmt, name, value))
            return None
    try:
        return build.kind.path_of(rule), SHAPES[rule.shape].write(native, old)
    except CannotSay as error:
        build.because(name, "dropped", f"{fmt.title}: {error}")
        return None


def _unmapped(fmt: Format, name: str, value: Value) -> tuple[str, str | None]:
    if name == "model":
        hint = f"add to agentsync.yaml: models: {{{value}: {{{fmt.id}: NAME}}}}"
        return f"{fmt.title} knows no model of that name", hint
    return f"{fmt.title} has no word for it", None


def _set(keys: dict[str, Value], path: tuple[str, ...], value: Value) -> None:
    """Put a value below a path of keys, making the maps on the way."""
    *parents, last = path
    for part in parents:
        inner = keys.get(part)
        inner = dict(inner) if isinstance(inner, dict) else {}
        keys[part] = inner
        keys = inner
    keys[last] = value


# --- native values ----------------------------------------------------------------------------------------------------


def _natives(build: _Build) -> dict[str, Value]:
    """The agent's own values for this format; what the client would refuse stays out."""
    fmt = build.format
    home = build.compiled.home(build.kind)
    own = dict(build.agent.extra.get(home, {}))
    if home != fmt.id and build.kind.rules.others is None:
        own.update(build.agent.extra.get(fmt.id, {}))
    own.pop(PLACEHOLDERS, None)
    found: dict[str, Value] = {}
    for key, value in own.items():
        rule = fmt.native.get(key)
        known = rule is not None or key in build.compiled.field_keys or key in _rights_keys(fmt) or key in build.old
        if not known and build.kind.rules.on_bad_key not in ("ignored", "sent"):
            build.because(f"{home}.{key}", "dropped", f"{fmt.title} refuses a file with a key it does not know")
        elif rule is not None and not fits(value, rule.type):
            build.because(f"{home}.{key}", "dropped", f"{fmt.title} takes only {rule.type} there")
        else:
            found[key] = value
    return found


def _kept_natives(build: _Build, native: Mapping[str, Value]) -> dict[str, Value]:
    """Keys of the old text that nobody here speaks for: they stay, unless the agent states this format's own values and not these."""
    home = build.compiled.home(build.kind)
    fmt = build.format
    ours = {*build.compiled.field_keys, *_rights_keys(fmt), fmt.name.key, build.kind.rules.others}
    if not build.kind.has_body:
        ours.add(build.kind.rules.body)
    if build.kind.rules.entry is not None:
        ours.add(build.kind.rules.entry.key)
    if home in build.agent.extra and home == build.agent.home:
        return {}
    return {k: v for k, v in build.old.items() if k not in ours and k not in native}


def _rights_keys(fmt: Format) -> tuple[str, ...]:
    rules = fmt.rights
    fields = {r.key for r in fmt.fields.values()}
    keys = [rules.key, rules.deny, rules.legacy.key if rules.legacy is not None else None, *(k for k in rules.switches if k not in fields)]
    return tuple(key for key in keys if key is not None)


def _rights(build: _Build, beside: Mapping[str, Value], place: _Old | None, allow_widening: bool) -> RightsRendering:
    fmt, table, agent = build.format, build.compiled.tools, build.agent
    old_agent = place.reading.agent if place is not None and place.reading is not None else None
    own = [k for k in _rights_keys(fmt) if k in beside]
    if own:
        return unchanged(fmt, table, agent.rights, beside, allow_widening=allow_widening)
    if old_agent is not None and old_agent.rights == agent.rights:
        return unchanged(fmt, table, agent.rights, {**build.old, **beside}, allow_widening=allow_widening)
    return write_rights(fmt, table, agent.rights, beside, build.old, allow_widening=allow_widening)


def _active_placeholders(agent: Agent, home: str, format_id: str) -> tuple[str, ...]:
    listed = [item for owner in (home, format_id) for item in _listed(agent, owner)]
    return ordered(listed)


def _listed(agent: Agent, owner: str) -> list[str]:
    value = agent.extra.get(owner, {}).get(PLACEHOLDERS)
    return [str(item) for item in value] if isinstance(value, list) else []


def _write_body(build: _Build, keys: dict[str, Value], text: str) -> None:
    """The prompt under its key, where the container has no body; the white space around the old one stays."""
    if build.kind.has_body:
        return
    key = build.kind.rules.body
    before = build.old.get(key)
    if before is None and not text and not any(r.required for r in build.format.fields.values() if r.key == BODY):
        return
    if isinstance(before, str):
        keys[key] = before if literal(before) == text else around(before, text)
    else:
        keys[key] = text + "\n" if build.kind.rules.kind == "toml" and "\n" in text else text


def _write_others(build: _Build, keys: dict[str, Value]) -> None:
    """What the hub keeps for other formats, beside its own words, under the last key."""
    others = build.kind.rules.others
    if others is None:
        return
    agent, home = build.agent, build.compiled.home(build.kind)
    stated = keys.pop(others, None)
    found: dict[str, Value] = dict(agent.extra.get(HUB_FORMAT, {}))
    given = ordered(entry.partition("|")[0] for entry in agent.rights.unenforced)
    if given and agent.home != HUB_FORMAT and agent.home not in (agent.words("allow_widening") or ()):
        found["allow_widening"] = [*(agent.words("allow_widening") or ()), agent.home]
        build.because("agentsync.allow_widening", "approximated", "the client it comes from gives more than the file states; its copies may stay so")
    found.update(stated if isinstance(stated, dict) else {})
    found.update({owner: dict(values) for owner, values in agent.extra.items() if owner not in (home, HUB_FORMAT) and values})
    home_placeholders = _listed(agent, home)
    if home_placeholders:
        found[home] = {PLACEHOLDERS: list(home_placeholders)}
    if found:
        keys[others] = found


# --- losses -----------------------------------------------------------------------------------------------------------


def _losses(build: _Build, said: Agent, prompt_losses: Iterable[Loss]) -> Iterable[Loss]:
    """Every difference between the agent and what the keys say, with its reason; rights are judged elsewhere."""
    agent, fmt = build.agent, build.format
    if said.name != agent.name:
        yield _loss(build, "name", f"{agent.name} → {said.name}", "approximated")
    for name in ordered([*agent.fields, *said.fields]):
        before, after = agent.fields.get(name), said.fields.get(name)
        if _same(before, after):
            continue
        if before is None:
            if name != "display_name" or after != agent.name:
                yield _loss(build, name, f"→ {after}", "approximated")
        elif after is None:
            yield _loss(build, name, str(before), "dropped")
        else:
            yield _loss(build, name, f"{_short(before)} → {_short(after)}", "approximated")
    if said.prompt != agent.prompt and not any(loss.field == "prompt" for loss in prompt_losses):
        yield _loss(build, "prompt", "", "approximated")
    yield from _native_losses(build, said, fmt)


def _native_losses(build: _Build, said: Agent, fmt: Format) -> Iterable[Loss]:
    agent, home = build.agent, build.agent.home
    for key, value in agent.extra.get(home, {}).items():
        if key == PLACEHOLDERS and home != fmt.id and build.kind.rules.others is None:
            yield Loss("approximated", "prompt", ", ".join(map(str, _listed(agent, home))), f"a placeholder of its own client is plain text to {fmt.title}")
        elif key != PLACEHOLDERS and not _same(value, said.extra.get(home, {}).get(key)) and key not in _spoken(build, said, home):
            yield _loss(build, f"{home}.{key}", _short(value), "dropped")
    if "agentsync.allow_widening" in build.reasons:
        yield _loss(build, "agentsync.allow_widening", agent.home, "approximated")


def _spoken(build: _Build, said: Agent, home: str) -> frozenset[str]:
    """Native keys of the agent that the format reads as a neutral field, so that they are said after all."""
    if home != build.compiled.home(build.kind):
        return frozenset()
    return frozenset(
        key for name, rule in build.format.fields.items() if isinstance(key := rule.key, str) and name in said.fields
    )


def _loss(build: _Build, name: str, value: str, fallback: str) -> Loss:
    kind, why, hint = build.reasons.get(name, (fallback, f"{build.format.title} has no place for it", None))
    return Loss(kind, name, _short(value), why, hint)  # type: ignore[arg-type]  # one of LOSS_KINDS by construction


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 80 else text[:79] + "…"
