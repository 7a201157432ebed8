"""Documents to agents: what a text says, read as its assistant reads it.

Floor 3, pure. Tolerance is the assistant's own, named in its format file; what the assistant refuses is refused with place and
reason, what it loads with other rights than the file states is `degraded`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from agentsync.codec.compiled import BODY, STATUS_OF, Compiled, Kind, Place, brought, compile_format, misfit, without
from agentsync.codec.names import by_place, is_builtin, name_problem, placed_name, stated_name
from agentsync.codec.prompts import joined_texts, literal, placeholders_in, read_prompt
from agentsync.codec.rights_collect import shown
from agentsync.codec.rights_read import read_rights
from agentsync.containers import parse
from agentsync.containers.layout import CUT, Entry, Outcome, Parsed
from agentsync.formats.rules import FieldRule, Format
from agentsync.model import ALL_RIGHTS, HUB_FORMAT, Agent, Document, Loss, Problem, Reading, Status, Value, ordered
from agentsync.shapes import SHAPES, BadValue

PLACEHOLDERS = "placeholders"
NOTHING = object()
REFUSED_WHOLE = "config-refused"
"""Code of a problem for which the client refuses the whole file, or all of its configuration."""
DRAGGED = "file-refused"
"""Code of what that does to the other entries of the file."""
LAID_OVER = "laid-over"
"""Code of a file that changes one of the client's own agents: loaded as it is meant, but not all of an agent."""


def read(document: Document, fmt: Format, *, kind: str | None = None) -> tuple[Reading, ...]:
    """What a document says in a format: one reading an agent, at least one for a file of one agent.

    kind is the id of the kind of file where the path does not tell. A shared file gives one reading an entry, and one
    without an agent where the file as a whole cannot be read; a file that the client refuses for one bad entry is refused whole.
    """
    compiled = compile_format(fmt)
    chosen = compiled.kind(kind, document.path)
    parsed = parse(document.text, chosen.layout)
    return read_parsed(compiled, chosen, document, parsed)


def read_parsed(compiled: Compiled, kind: Kind, document: Document, parsed: Parsed) -> tuple[Reading, ...]:
    """The readings of a document that is taken apart already."""
    fmt = compiled.format
    problems = tuple(problem.at(document.path) for problem in parsed.problems)
    if parsed.outcome is not None and parsed.outcome != "ignored":
        status = STATUS_OF[parsed.outcome]
        agent = _opened(compiled, document, parsed) if status == "degraded" else None
        return (Reading(fmt.id, status, agent, (), tuple(_as_status(p, status) for p in problems)),)
    if not parsed.placed and kind.rules.entry is not None and kind.rules.entry.missing is not None:
        status = STATUS_OF[kind.rules.entry.missing]
        missing = Problem("no-agents", f"`{'.'.join(kind.rules.entry.at)}` is missing", document.path, 1)
        return (Reading(fmt.id, status, None, (), (*problems, _as_status(missing, status))),)
    readings = [read_entry(compiled, kind, document.path, entry, repaired=parsed.repaired) for entry in parsed.entries]
    if (why := _stopping(kind, readings, problems)) is not None:
        readings = [r if r.status == "refused" else _dragged(r, why, document.path) for r in readings]
    if any(problem.code == CUT for problem in problems):
        readings = [replace(r, status="degraded") if r.status == "read" else r for r in readings]
    if problems and readings:
        readings[0] = replace(readings[0], problems=(*problems, *readings[0].problems))
    elif problems:
        readings = [Reading(fmt.id, "refused", None, (), problems)]
    return tuple(readings)


def _as_status(problem: Problem, status: Status) -> Problem:
    return problem if status != "skipped" else replace(problem, severity="note")


def _stopping(kind: Kind, readings: list[Reading], problems: tuple[Problem, ...]) -> str | None:
    """Why the client refuses a shared file as a whole, or None."""
    stopping = next((r for r in readings if r.status == "refused" and any(p.code == REFUSED_WHOLE for p in r.problems)), None)
    if stopping is not None:
        return f"because of the entry `{stopping.entry}`"
    if kind.rules.on_bad_value != "config":
        return None
    if any(problem.code == "bad-entry" for problem in problems):
        return "because of an entry that is no agent"
    twice = next((name for name, times in Counter(r.entry for r in readings).items() if times > 1), None)
    return f"because two entries are called `{twice}`" if twice is not None else None


def _dragged(reading: Reading, why: str, path: str) -> Reading:
    """An entry that is lost because its client refuses the whole file for another one."""
    message = f"the file is refused as a whole {why}"
    return replace(reading, status="refused", agent=None, problems=(*reading.problems, Problem(DRAGGED, message, path)))


def spoiled(readings: Iterable[Reading], entry: str | None) -> Problem | None:
    """Why the client refuses a shared file as a whole, whatever this entry of it says; None where it does not."""
    ours = False
    for reading in readings:
        cause = next((p for p in reading.problems if p.code == REFUSED_WHOLE), None)
        if cause is not None and reading.entry != entry:
            return cause
        ours = ours or cause is not None
    return None if ours else next((p for r in readings for p in r.problems if p.code == DRAGGED), None)


def _opened(compiled: Compiled, document: Document, parsed: Parsed) -> Agent:
    """What a client that falls back to `all text, no metadata` makes of the file."""
    fmt = compiled.format
    body = parsed.entries[0].body if parsed.entries else None
    name = placed_name(fmt, "path" if "path" in fmt.name.source else "stem", document.path)
    return Agent(name, literal(body or parsed.text), ALL_RIGHTS, home=fmt.id)


@dataclass(slots=True)
class _Draft:
    """An agent while its keys are read; the first outcome that stops the client counts."""

    keys: Mapping[str, Value]
    lines: Mapping[str, int]
    path: str | None
    name: str = ""
    fields: dict[str, Value] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    inside: list[tuple[str, ...]] = field(default_factory=list)
    own: dict[str, Value] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    outcome: Outcome = "ignored"

    def note(self, code: str, key: str, message: str) -> None:
        self.problems.append(Problem(code, message, self.path, self.lines.get(key), severity="note"))

    def fail(self, outcome: Outcome, key: str, message: str) -> None:
        """Record a bad value: a note where the client drops it alone, else what ends this agent."""
        if outcome == "ignored":
            self.note("value-dropped", key, message)
            return
        code = {"config": REFUSED_WHOLE, "skip": "skipped", "open": "degraded"}.get(outcome, "refused")
        severity = "note" if outcome == "skip" else "error"
        line = self.lines.get(key) or min(self.lines.values(), default=None)        # what is missing is missing from the head's first line on
        problem = Problem(code, message, self.path, line, severity=severity)  # type: ignore[arg-type]  # one of three words
        if self.outcome == "ignored":
            self.outcome = outcome
            self.problems.insert(0, problem)
        else:
            self.problems.append(problem)


def read_entry(compiled: Compiled, kind: Kind, path: str, entry: Entry, *, repaired: bool = False) -> Reading:
    """The agent that one entry of a document states."""
    fmt = compiled.format
    if kind.rules.lift is not None and isinstance(lifted := entry.keys.get(kind.rules.lift), dict):
        entry = replace(entry, keys={**{key: value for key, value in entry.keys.items() if key != kind.rules.lift}, **lifted})
    draft = _Draft(entry.keys, entry.lines, path)
    name = draft.name = _read_name(compiled, kind, draft, path, entry)
    for place in kind.places:
        if not place.plain or place.path[0] in entry.keys:
            _read_field(compiled, kind, draft, place)
    body, plain = _read_body(compiled, kind, draft, entry)
    statement = read_rights(fmt, compiled.tools, entry.keys, bad_value=kind.rules.on_bad_value)
    draft.used.update(key for key in statement.used if key != fmt.rights.key or not SHAPES[fmt.rights.shape].whole)
    if statement.outcome is not None and statement.bad is not None:
        draft.fail(statement.outcome, statement.bad[0], f"`{statement.bad[0]}`: {statement.bad[1]}")
    for key, text in statement.notes:
        draft.note("rights-not-as-stated", key, text)
    if fmt.rights.ask is not None:
        draft.used.add(fmt.rights.ask[0])
    prompt, active = (literal(body), ()) if plain else read_prompt(fmt, body, kind.rules.id)
    active = ordered([*active, *placeholders_in(fmt, draft.fields, kind.rules.id)])
    _check_prompt(fmt, draft, prompt)
    extra = _read_rest(compiled, kind, draft)
    if active:
        extra.setdefault(compiled.home(kind), {})[PLACEHOLDERS] = list(active)
    if repaired:
        draft.losses.append(Loss("guessed", "head", "", f"the head is no valid YAML; it is read the way {fmt.title} mends it"))
    _check_over(fmt, draft)
    if draft.outcome == "ignored":
        agent = Agent(name, prompt, statement.rights, draft.fields, extra, home=compiled.home(kind))
        return Reading(fmt.id, "read", agent, tuple(draft.losses), tuple(draft.problems), entry.key)
    status = STATUS_OF[draft.outcome]
    degraded = Agent(name, prompt, ALL_RIGHTS, draft.fields, extra, home=compiled.home(kind)) if status == "degraded" else None
    return Reading(fmt.id, status, degraded, (), tuple(draft.problems), entry.key)


# --- name -------------------------------------------------------------------------------------------------------------


def _read_name(compiled: Compiled, kind: Kind, draft: _Draft, path: str, entry: Entry) -> str:
    fmt, rules = compiled.format, compiled.format.name
    name: str | None = None
    for source in rules.source:
        if source == "key" and kind.rules.unit != "entry":
            draft.used.add(rules.key)
            try:
                name = stated_name(rules, draft.keys.get(rules.key, ""))
            except BadValue as error:
                draft.fail(rules.bad, rules.key, f"`{rules.key}`: {error}")
                return ""
            if name is None and rules.key in draft.keys and rules.blank is not None:
                draft.fail(rules.blank, rules.key, f"`{rules.key}` is empty")
                return ""
        elif source == "entry" and entry.key is not None:
            name = entry.key
            if kind.rules.entry is not None and kind.rules.entry.key is not None:
                draft.used.add(kind.rules.entry.key)
        elif source in ("stem", "path", "folder"):
            name = by_place(fmt, path, kind.rules.unit)
        if name is not None:
            break
    if name is None:
        draft.fail(rules.bad, rules.key, f"`{rules.key}` is empty" if draft.keys.get(rules.key) == "" else f"`{rules.key}` is missing")
        return ""
    if (why := name_problem(rules, name)) is not None:
        draft.fail(rules.bad, rules.key, f"`{rules.key}`: {why} ({name!r})")
    elif name in rules.taken:
        draft.note("name-taken", rules.key, f"{fmt.title} has an agent `{name}` of its own, which goes before this one")
    elif rules.override is not None and is_builtin(rules, name) and draft.keys.get(rules.override) is not True:
        draft.fail("skip", rules.key, f"{fmt.title} has an agent `{name}` of its own, and leaves this one out without `{rules.override}: true`")
    return name


def _check_over(fmt: Format, draft: _Draft) -> None:
    """A file that changes one of the client's own agents has that one's rights, but for those that it states itself."""
    if not fmt.name.over or not is_builtin(fmt.name, draft.name):
        return
    legacy = fmt.rights.legacy.key if fmt.rights.legacy is not None else None
    stated = [draft.keys.get(key) for key in (fmt.rights.key, legacy) if key is not None]
    if any(isinstance(value, str) or (isinstance(value, dict) and "*" in value) for value in stated):
        return
    key = fmt.rights.key or fmt.name.key
    message = f"{fmt.title} has an agent `{draft.name}` of its own, and gives this one its rights where the file states none"
    line = draft.lines.get(key) or min(draft.lines.values(), default=None)
    hint = f'give the agent another name, or begin its `{key}` with "*"'
    draft.problems.insert(0, Problem(LAID_OVER, message, draft.path, line, hint=hint))
    if draft.outcome == "ignored":
        draft.outcome = "open"


# --- fields -----------------------------------------------------------------------------------------------------------


def value_at(keys: Mapping[str, Value], path: tuple[str, ...]) -> object:
    """The value below a path of keys, `NOTHING` where there is none."""
    found: object = keys.get(path[0], NOTHING)
    for part in path[1:]:
        if not isinstance(found, dict) or part not in found:
            return NOTHING
        found = found[part]
    return found


def _read_field(compiled: Compiled, kind: Kind, draft: _Draft, place: Place) -> None:
    name, rule = place.name, place.rule
    found = [(path, value) for path in place.read if (value := value_at(draft.keys, path)) is not NOTHING]
    draft.used.update(path[0] for path, value in found if len(path) == 1 and (path[0] != rule.copy or value == found[0][1]))
    key = place.path[-1]
    if not found:
        if rule.absent is not None:
            draft.fields[name] = rule.absent
        if rule.required:
            draft.fail(kind.bad(rule.missing), key, f"`{key}` is missing")
        return
    path, native = found[0]
    if len(path) > 1:
        draft.used.discard(path[0])      # the rest of that map is no field
    try:
        neutral = decode(compiled, rule, native, plain=path == rule.overflow)  # type: ignore[arg-type]  # a native value
    except BadValue as error:
        outcome = kind.bad(rule.bad)
        draft.fail(outcome, key, f"`{key}`: {error} ({shown(native)})")  # type: ignore[arg-type]  # a native value
        if outcome == "ignored":
            _keep_own(draft, path, native)  # type: ignore[arg-type]  # a native value
        return
    if native == "" and rule.empty is not None:
        draft.fail(rule.empty, key, f"`{key}` is empty")
    elif neutral is NOTHING:
        _keep_own(draft, path, native)  # type: ignore[arg-type]  # a native value
    elif neutral is not None and (name, neutral) != ("display_name", draft.name):      # the name once more says nothing
        draft.fields[name] = neutral  # type: ignore[assignment]  # a neutral value
        beside = [at for at, text in brought(rule, path, native).items() if value_at(draft.keys, at) == text]
        draft.inside += [at for at in (path, *beside) if len(at) > 1]
        if neutral == "" and rule.empty is not None:
            draft.fail(rule.empty, key, f"`{key}` is empty")
    elif rule.required and neutral is None:
        draft.fail(kind.bad(rule.missing), key, f"`{key}` is missing")


def decode(compiled: Compiled, rule: FieldRule, native: Value, *, plain: bool = False) -> object:
    """The neutral value of a native one, None for `not stated`, a sentinel for a good value that has no neutral form.

    plain: the value stands where neutral values overflow to, outside the table. Raises BadValue where the client takes none of it.
    """
    if rule.none is not None and native is not None and str(native).casefold() == str(rule.none).casefold():
        return None
    if native is None and rule.null_:
        return None
    value = SHAPES[rule.shape].read(native)
    if isinstance(value, str) and rule.limit is not None and len(value) > rule.limit:
        raise BadValue(f"at most {rule.limit} characters are taken ({len(value)})")
    if isinstance(value, str) and rule.active is not None and re.match(rule.active, value):
        return NOTHING
    if rule.table is None or plain:
        return value
    neutral = compiled.tables[rule.table].neutral(value)
    if neutral is not None:
        return neutral
    if rule.closed:
        words = [*([rule.none] if rule.none is not None else []), *compiled.format.values[rule.table].values()]
        raise BadValue(f"one of {', '.join(map(str, words))} is needed")
    return NOTHING


def _keep_own(draft: _Draft, path: tuple[str, ...], native: Value) -> None:
    """A value without a neutral form stays the agent's own for this format."""
    if len(path) == 1 and native is not None:
        draft.own[path[0]] = native


def _read_body(compiled: Compiled, kind: Kind, draft: _Draft, entry: Entry) -> tuple[str, bool]:
    """The text of the prompt, and whether it stands where no placeholder is one."""
    if kind.has_body:
        return entry.body or "", False
    key, rule, second = kind.rules.body, kind.prompt_rule, compiled.format.body.literal
    draft.used.add(key)
    value = draft.keys.get(key)
    if value is None and (key not in draft.keys or (rule is not None and rule.null_)):
        if rule is not None and rule.required:
            draft.fail(kind.bad(rule.missing), key, f"`{key}` is missing")
        value = ""
    elif not isinstance(value, str):
        draft.fail(kind.bad(rule.bad if rule else None), key, f"`{key}` must be a text")
        value = ""
    value = joined_texts([value, *(more for more in (draft.keys.get(other) for other in kind.rules.more) if isinstance(more, str))])
    draft.used.update(other for other in kind.rules.more if isinstance(draft.keys.get(other), str))
    if second is not None and not value and isinstance(other := draft.keys.get(second), str):
        draft.used.add(second)
        return other, True
    return value, False


def _check_prompt(fmt: Format, draft: _Draft, prompt: str) -> None:
    outcome, limit = fmt.body.empty, fmt.body.limit
    if limit is not None and len(prompt) > limit:
        draft.fail("file", BODY, f"the prompt has more than {limit} characters ({len(prompt)})")
    if outcome is None:
        return
    if not prompt:
        draft.fail(outcome, BODY, "there is no prompt")
    elif len(prompt) < fmt.body.min:
        draft.fail(outcome, BODY, f"the prompt has fewer than {fmt.body.min} characters")


# --- what is left -----------------------------------------------------------------------------------------------------


def _read_rest(compiled: Compiled, kind: Kind, draft: _Draft) -> dict[str, dict[str, Value]]:
    """Native keys under the format that understands them, and in the hub's files what stands under `agentsync`."""
    fmt, home = compiled.format, compiled.home(kind)
    extra: dict[str, dict[str, Value]] = {}
    own = dict(draft.own)
    for key, value in draft.keys.items():
        if key in draft.used or key == kind.rules.others:
            continue
        rest = without(value, [path[1:] for path in draft.inside if path[0] == key])
        if rest != {} or value == {}:
            own[key] = rest
        if key == fmt.rights.key:
            continue
        rule = fmt.native.get(key)
        refusal = kind.rules.on_bad_key
        if rule is None and key not in fmt.rights.switches and refusal != "ignored" and refusal != "sent":
            draft.fail(refusal, key, f"`{key}` is no key of {fmt.title}")
        elif rule is not None and (wanted := misfit(rule, value)) is not None:
            draft.fail(kind.bad(rule.bad), key, f"`{key}` must be {wanted} ({shown(value)})")
    for key, rule in fmt.native.items():
        if rule.required and key not in draft.keys:
            draft.fail(kind.bad(rule.bad), key, f"`{key}` is missing")
    if own:
        extra[home] = own
    if kind.rules.others is not None:
        _read_others(compiled, kind, draft, extra)
    return extra


def _read_others(compiled: Compiled, kind: Kind, draft: _Draft, extra: dict[str, dict[str, Value]]) -> None:
    """What the hub keeps for formats other than its home: a map by format id, beside the hub's own words."""
    key = kind.rules.others or ""
    value = draft.keys.get(key)
    if value is None:
        return
    if not isinstance(value, dict):
        draft.note("value-dropped", key, f"`{key}` must be a map")
        extra.setdefault(compiled.home(kind), {})[key] = value
        return
    neutral = {path[1] for place in kind.places for path in place.read if len(path) > 1 and path[0] == key}
    if compiled.format.rights.ask is not None:
        neutral.add(compiled.format.rights.ask[-1])
    for name, inner in value.items():
        if name in neutral:
            continue
        if isinstance(inner, dict):
            extra.setdefault(name, {}).update(inner)
        else:
            extra.setdefault(HUB_FORMAT, {})[name] = inner
