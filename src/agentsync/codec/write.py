"""Agents to documents: the native text that says what the agent says, and a report of everything that it does not.

Floor 3, pure. One way: build the native keys, ask the reader what they mean, compare that with the agent. Whatever differs is a
loss, so the report cannot forget one nor invent one. The text is read back before it leaves here (promise 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agentsync.codec import alike
from agentsync.codec.build import Build, as_line, identical, in_order, joined, set_at
from agentsync.codec.compiled import Compiled, Kind, compile_format
from agentsync.codec.fields_write import write_field, write_name
from agentsync.codec.losses import losses_of
from agentsync.codec.names import fitting_name, slug
from agentsync.codec.natives_write import active_placeholders, kept_values, native_values, outgrown, second_line, write_others
from agentsync.codec.notes import notes_of
from agentsync.codec.prompts import PromptRendering, apart, around, fields_problem, joined_texts, literal, placeholders, write_prompt
from agentsync.codec.read import read_entry, read_parsed, spoiled
from agentsync.codec.rights_write import RightsRendering, unchanged, write_rights
from agentsync.containers import FlowMap, add, create, edit, parse
from agentsync.containers.layout import DELETE, Change, Entry, Parsed
from agentsync.formats.globs import compiled_anywhere
from agentsync.formats.rules import Format
from agentsync.model import EMPTY, Agent, Document, Loss, Problem, Reading, Rendering, Value


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
    agent = _literally(agent)
    path = old.path if old is not None else new_path(fmt, agent.name, scope)
    chosen = compiled.kind(kind if kind or old is not None else _kind_for(compiled, scope), path)
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
        build = Build(compiled, kind, _literally(agent), {}, {}, models or {})
        made = _assemble(build, path, None, allow_widening)
        if isinstance(made, Problem):
            renderings.append(_refused(fmt, made))
            continue
        if made.entry.key in items:
            twice = Problem("name-twice", f"two agents would be called `{made.entry.key}`", hint="rename one of them")
            renderings.append(_refused(fmt, twice))
            continue
        items[made.entry.key or ""] = made.entry.keys
        renderings.append(Rendering(fmt.id, (), made.losses, (*_notes(compiled, made, None, ""), *notes_of(fmt, agent))))
    if not items:
        return tuple(renderings), None
    (first, keys), *rest = items.items()
    text = create(kind.layout, keys, None, first)
    if rest:
        text = add(parse(text, kind.layout), kind.layout, rest)
    back = parse(text, kind.layout)
    if back.outcome is not None or {e.key: e.keys for e in back.entries} != items:
        problem = _unreadable(fmt, back, None)
        return tuple(replace(r, problems=(problem,)) for r in renderings), None
    return tuple(renderings), Document(path, text)


def new_path(fmt: Format, name: str, scope: str) -> str:
    """Where a new file for an agent of this name goes, relative to the project (or the home directory for scope `user`)."""
    compiled = compile_format(fmt)
    where = compiled.written_at.get(scope)
    if where is None or where.write is None:
        return next((str(k.rules.file) for k in compiled.kinds if k.rules.file), f"{slug(name)}")
    return where.write.replace("{slug}", slug(name, fmt.name.slug))


def _literally(agent: Agent) -> Agent:
    """The agent with its prompt as literal text."""
    prompt = literal(agent.prompt)
    return agent if prompt == agent.prompt else replace(agent, prompt=prompt)


def _kind_for(compiled: Compiled, scope: str) -> str | None:
    where = compiled.written_at.get(scope)
    return None if where is None else where.document


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
        spoiling = spoiled(readings, wanted)
        if spoiling is not None:
            why = f"{compiled.format.title} loads nothing of the file that is there: {spoiling.message}"
            return Problem("old-unreadable", why, old.path, spoiling.line, spoiling.column, hint="mend the file first")
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
    asked = alike.question(compiled, kind, agent, path, models, allow_widening) if place is None else None
    like = alike.found(compiled, kind, asked, agent, _body_value(kind, agent.prompt)) if asked is not None else None
    if like is not None:
        made = _Made(like[0], like[1].losses, EMPTY)
    else:
        old_keys = place.entry.keys if place is not None and place.entry is not None else {}
        old_agent = place.reading.agent if place is not None and place.reading is not None else None
        build = Build(compiled, kind, agent, old_keys, old_agent.fields if old_agent is not None else {}, models)
        assembled = _assemble(build, path, place, allow_widening)
        if isinstance(assembled, Problem):
            return _refused(fmt, assembled)
        made = assembled
    try:
        text = _text(kind, made, place)
    except ValueError as error:
        return _refused(fmt, Problem("cannot-write", f"{fmt.title}: {error}", path))
    if not _reads_back(kind, made, text):
        return _refused(fmt, _unreadable(fmt, parse(text, kind.layout), path))
    notes = like[1].notes if like is not None else (*_notes(compiled, made, place, text), *notes_of(fmt, agent))
    if asked is not None and like is None:
        alike.remember(compiled, kind, asked, agent, _body_value(kind, agent.prompt), made.entry, made.losses, notes)
    return Rendering(fmt.id, (Document(path, text),), made.losses, notes)


def _unreadable(fmt: Format, parsed: Parsed, path: str | None) -> Problem:
    """Why a text is not written: it goes over a limit of agentsync's own, or it does not say what it should, which is a mistake of ours."""
    over = next((problem for problem in parsed.problems if parsed.outcome is not None and problem.code.startswith("limit-")), None)
    if over is not None:
        return Problem(over.code, f"{fmt.title}: nothing is written, for {over.message}", path, hint="select fewer agents for it", severity="warning")
    why = f"{fmt.title}: what would be written does not read back as it was meant, so nothing is written"
    return Problem("readback-mismatch", why, path, hint="report this with the agent's file")


def _notes(compiled: Compiled, made: _Made, place: _Old | None, text: str) -> tuple[Problem, ...]:
    """What a person should know of a document that is written, though nothing is lost."""
    fmt = compiled.format
    notes = []
    if place is not None and place.parsed.repaired and text != place.parsed.text:
        message = f"the head was no valid YAML and loaded only as {fmt.title} mends it: the mended lines are written out"
        notes.append(Problem("head-mended", message, severity="note"))
    stating = [key for key in (fmt.rights.key, fmt.rights.deny, *fmt.rights.switches) if key in made.entry.keys]
    if stating and fmt.evidence.enforcement in ("docs", "unverified"):
        message = f"{fmt.title}: enforcement of the agent's rights is not verified"
        notes.append(Problem("enforcement-unverified", message, severity="note"))
    return tuple(notes)


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
    if found is None or found.keys.keys() != made.entry.keys.keys():
        return False
    for key, value in made.entry.keys.items():
        here = found.keys[key]
        if here != value if isinstance(here, str) else not identical(here, value):
            return False
    return not kind.has_body or literal(found.body or "") == literal(made.entry.body or "")


def _assemble(build: Build, path: str, place: _Old | None, allow_widening: bool) -> _Made | Problem:
    """Names, fields, native values, rights and prompt, in the order they are written; a problem where the agent is refused."""
    fmt, agent = build.format, build.agent
    fresh = place is None or place.entry is None
    key = write_name(build, path, place.entry.key if place is not None and place.entry is not None else None, place is None)
    rest = Build(build.compiled, build.kind, agent, build.old, build.old_fields, build.models)
    for field_place in build.kind.places:
        if field_place.rule.write and (build.old or not field_place.plain or field_place.name in agent.fields):
            write_field(rest, field_place)
    build.reasons.update(rest.reasons)
    for fixed, value in {**(fmt.fixed if fresh else {}), **_second_line(build, place, allow_widening)}.items():
        rest.keys.setdefault(fixed, value)
    native = native_values(build)
    kept_old = {k: v for k, v in kept_values(build, native).items() if k not in outgrown(build)}
    beside = joined(joined(kept_old, rest.keys), native)
    rights = _rights(build, beside, place, allow_widening)
    if build.problem is None and rights.problem is not None:
        build.problem = rights.problem
    active = active_placeholders(agent, build.compiled.home(build.kind), fmt.id)
    old_body = place.entry.body if place is not None and place.entry is not None and build.kind.has_body else build.old.get(build.kind.rules.body)
    aside = _stands_aside(build, active)
    prompt = (
        PromptRendering(agent.prompt, agent.prompt)
        if aside
        else write_prompt(fmt, agent.prompt, active, build.kind.rules.id, old_body if isinstance(old_body, str) else None)
    )
    problem = build.problem or prompt.problem or fields_problem(fmt, agent.fields, active, build.kind.rules.id)
    if problem is not None:
        return problem
    stated = {k: v for k, v in rights.changes.items() if v is not DELETE}
    kept = {k: build.old[k] for k in build.compiled.rights_keys if k in build.old and k not in rights.changes}
    keys: dict[str, Value] = {**build.keys, **kept, **stated, **beside}  # type: ignore[dict-item]  # DELETE is filtered out
    _write_body(build, keys, prompt.text, aside=aside)
    if fmt.rights.ask is not None and agent.rights.ask:
        set_at(keys, fmt.rights.ask, list(agent.rights.ask))
    write_others(build, keys)
    if build.kind.layout.head == "lines" and build.kind.has_body:
        keys = {k: as_line(v) for k, v in keys.items()}
    if build.old:
        others = build.kind.rules.others
        keys = in_order(keys, build.old, inside=[*build.kind.nested, *([(others,)] if others is not None else [])])
    keys = _in_one_line(build.kind, keys, path)
    body = prompt.text if build.kind.has_body else None
    entry = Entry(keys, body, key)
    expected = read_entry(build.compiled, build.kind, path, entry)
    if expected.status != "read" or expected.agent is None:
        first = expected.problems[0].message if expected.problems else "the client would not load it"
        return Problem("client-refuses", f"{fmt.title} would not load the agent: {first}", severity="warning")
    losses = (*losses_of(build, expected.agent, prompt.losses), *rights.losses, *prompt.losses)
    return _Made(entry, losses, EMPTY if fresh else _changes(build.old, keys))


def _second_line(build: Build, place: _Old | None, allow_widening: bool) -> dict[str, Value]:
    """The keys beside the rights: those the agent did not need before, or not with what the client gave beyond them; those that are there.

    Where an old text did without one, it still does. One that rights are stated by does not survive when they are stated anew.
    """
    now, old = build.agent.rights, place.reading.agent if place is not None and place.reading is not None else None
    needed = second_line(build.compiled, now, wide=allow_widening)
    if old is None or not set(old.rights.unenforced) <= set(now.unenforced):
        return needed
    before = second_line(build.compiled, old.rights, wide=allow_widening)
    anew = build.compiled.rights_keys if old.rights != now else ()
    return {k: v for k, v in needed.items() if k not in before or (k in build.old and (build.old[k] == v or k in anew))}


def _changes(old: Mapping[str, Value], keys: Mapping[str, Value]) -> dict[str, Change]:
    """What turns the old keys into the new ones."""
    changes: dict[str, Change] = {key: value for key, value in keys.items() if key not in old or not identical(old[key], value)}
    changes.update({key: DELETE for key in old if key not in keys})
    return changes


def _rights(build: Build, beside: Mapping[str, Value], place: _Old | None, allow_widening: bool) -> RightsRendering:
    fmt, table, agent = build.format, build.compiled.tools, build.agent
    old_agent = place.reading.agent if place is not None and place.reading is not None else None
    rules = fmt.rights
    if any(key in beside for key in (rules.key, rules.deny, rules.legacy and rules.legacy.key)):
        return unchanged(fmt, table, agent.rights, beside, allow_widening=allow_widening)
    if old_agent is not None and old_agent.rights == agent.rights:
        return unchanged(fmt, table, agent.rights, {**build.old, **beside}, allow_widening=allow_widening)
    return write_rights(fmt, table, agent.rights, beside, build.old, allow_widening=allow_widening)


def _in_one_line(kind: Kind, keys: dict[str, Value], path: str) -> dict[str, Value]:
    """The keys with what is kept for other formats as a flow map, where a reader of lines would take its keys for the agent's."""
    others = kind.rules.others
    value = keys.get(others) if others is not None else None
    if others is None or not isinstance(value, dict) or not any(compiled_anywhere(glob).fullmatch(path) for glob in kind.rules.one_line):
        return keys
    return {**keys, others: FlowMap(value)}


def _stands_aside(build: Build, active: tuple[str, ...]) -> bool:
    """Whether the prompt goes under the second key: it stands there already, or would be changed under the first."""
    first, second = build.kind.rules.body, build.format.body.literal
    if second is None or build.kind.has_body:
        return False
    if build.old.get(second) and not build.old.get(first):
        return True
    replaced = placeholders(build.format, build.agent.prompt, build.kind.rules.id)
    return bool(replaced) and not any(item in active for item in replaced)


def _put_apart(build: Build, keys: dict[str, Value], key: str, text: str) -> str:
    """The part of the prompt that stands under its first key; what the old text held under others goes there again."""
    others = [k for k in build.kind.rules.more if isinstance(build.old.get(k), str)]
    more = joined_texts([str(build.old[k]) for k in others])
    first, second = apart(text, str(build.old.get(key, "")), more)
    for other in others:
        keys.pop(other, None)
        if second is not None and (len(others) == 1 or second == literal(more)):
            before = str(build.old[other])
            keys[other] = before if literal(before) == second or len(others) > 1 else around(before, second)
    return first if any(other in keys for other in others) else text


def _write_body(build: Build, keys: dict[str, Value], text: str, *, aside: bool) -> None:
    """The prompt under its key, where the container has no body; the white space around the old one stays."""
    if build.kind.has_body:
        return
    key = build.kind.rules.body
    rule = build.kind.prompt_rule
    if rule is None or not rule.write:
        build.because("prompt", "dropped", f"{build.format.title} says when to use an agent, and not what it is told")
        keys.update({k: v for k, v in build.old.items() if k == key})
        return
    if aside and build.format.body.literal is not None:
        keys[key] = "" if build.old.get(key) else build.old.get(key, "")
        key = build.format.body.literal
    text = _put_apart(build, keys, key, text)
    before = build.old.get(key)
    if before is None and not text and not rule.required:
        keys.update({k: v for k, v in build.old.items() if k == key})
        return
    if isinstance(before, str):
        keys[key] = before if literal(before) == text else around(before, text)
    else:
        keys[key] = _body_value(build.kind, text)


def _body_value(kind: Kind, text: str) -> str:
    """A new prompt under its key; a long one in TOML ends with its last line."""
    return text + "\n" if kind.rules.kind == "toml" and "\n" in text else text
