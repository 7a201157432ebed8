"""Findings in one file, as its assistant reads it, and between the files of a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from agentsync.codec.compiled import Compiled, Kind, compile_format
from agentsync.codec.names import is_builtin
from agentsync.codec.read import LAID_OVER, PLACEHOLDERS, read_parsed, value_at
from agentsync.containers import parse
from agentsync.containers.layout import CUT, Entry, Layout, Parsed
from agentsync.formats.folders import also_reads
from agentsync.formats.rules import Format
from agentsync.lint.codes import CODES
from agentsync.model import HUB_FORMAT, Agent, Document, Problem, Reading, Severity
from agentsync.risks import hidden_characters
from agentsync.shapes import SHAPES, BadValue

BOM: Final = "\ufeff"
_NOTES: Final[Mapping[str, str]] = {"repaired": "A401", "duplicate-key": "A402", "invalid-utf8": "A403", "rights-not-as-stated": "A210"}
_NO_AGENT: Final = frozenset({"no-head", "no-agents"})
"""Why a file is no agent and was not meant to be one: a README among agents, a shared file without the part that holds them."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to look at. path: what it is called in messages; place: its path as its assistant sees it, for names that come from there.

    folder: the agents' folder it lies in, None outside of any; scope: `user` where that is the one in a home directory.
    """

    path: str
    text: str
    rules: Format
    kind: str | None
    place: str
    folder: str | None = None
    scope: str = "project"


@dataclass(frozen=True, slots=True)
class _Looked:
    """A source taken apart."""

    source: Source
    compiled: Compiled
    kind: Kind
    parsed: Parsed
    readings: tuple[Reading, ...]

    @property
    def pairs(self) -> tuple[tuple[Entry, Reading], ...]:
        """Each entry with what it says."""
        entries = self.parsed.entries
        return tuple(zip(entries, self.readings, strict=True)) if len(entries) == len(self.readings) else ()


def check(source: Source, readers: Sequence[Format]) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """What is found in a file, in the order of its lines, and the names of the agents it gives its assistant.

    readers: every format, for those that read this one's folder too. A problem's code is one of CODES, its path the source's.
    """
    looked = _look(source)
    found = [*_unseen(source.text)]
    for reading in looked.readings:
        found += _loading(looked, reading)
    for entry, reading in looked.pairs:
        found += _cases(looked, entry)
        if reading.status == "read" and reading.agent is not None:
            found += _said(looked, entry, reading)
            found += _tools(looked, entry)
            found += _values(looked, entry, reading.agent)
            found += _readers(source, reading.agent, readers)
    names = tuple(r.agent.name for r in looked.readings if r.agent is not None and r.status == "read")
    placed = (replace(problem, path=source.path) for problem in dict.fromkeys(found))
    return tuple(sorted(placed, key=lambda problem: (problem.line or 0, problem.code))), names


def twins(named: Sequence[tuple[Source, tuple[str, ...]]]) -> Iterator[Problem]:
    """Agents of one name in one folder, said of every file but the first. In a hub two may share a name: each project has one of them."""
    first: dict[tuple[str, str, str], str] = {}
    for source, names in named:
        if source.rules.id == HUB_FORMAT or source.folder is None:
            continue
        if compile_format(source.rules).kind(source.kind, source.place).rules.unit == "entry":
            continue
        for name in names:
            key = (source.rules.id, source.folder, name.casefold() if source.rules.name.fold else name)
            other = first.setdefault(key, source.path)
            if other != source.path:
                message = f"{other} has the name {name} too: {source.rules.title} loads one of them"
                yield _found("A107", message, hint="give it another name").at(source.path)


def _look(source: Source) -> _Looked:
    compiled = compile_format(source.rules)
    kind = compiled.kind(source.kind, source.place)
    document = Document(source.place, source.text)
    parsed = parse(source.text, kind.layout)
    return _Looked(source, compiled, kind, parsed, read_parsed(compiled, kind, document, parsed))


def _found(code: str, message: str, line: int | None = None, hint: str | None = None, severity: Severity | None = None) -> Problem:
    return Problem(code, message, None, line, None, hint, severity or CODES[code].severity)


def _as(code: str, problem: Problem, *, hint: str | None = None) -> Problem:
    """A problem of the reader as a finding."""
    return replace(problem, code=code, path=None, severity=CODES[code].severity, hint=hint or problem.hint)


# ---- whether it loads ---------------------------------------------------------------------------------------------


def _loading(looked: _Looked, reading: Reading) -> Iterator[Problem]:
    """Why the assistant does not load the agent, or not as it stands there."""
    if reading.status == "read" or not reading.problems or reading.problems[0].code == LAID_OVER:      # loaded as it is meant
        return
    if reading.status == "skipped" and not looked.source.text.strip():
        yield _found("A103", f"the file is empty; {looked.source.rules.title} leaves it out without a word")
        return
    first = _told(reading.why or reading.problems[0], looked.source.rules)
    lenient = loosened(looked.kind.layout)
    if lenient is not None and looked.parsed.outcome not in (None, "ignored") and parse(looked.source.text, lenient).repaired:
        message = f"{first.message}. {looked.source.rules.title} would mend it, but not with these line ends or this byte order mark"
        yield _as("A104", replace(first, message=message), hint=f"agentsync lint --fix {looked.source.path}")
    elif reading.status == "degraded":
        cut = next((problem for problem in reading.problems if problem.code == CUT), None)
        yield _as("A202", cut) if cut is not None else _as("A201", first)
    elif reading.status == "refused":
        yield _as("A102" if any(problem.code == "config-refused" for problem in reading.problems) else "A101", first)
    elif first.code not in _NO_AGENT:
        yield from _left_out(looked, first)


def _told(problem: Problem, rules: Format) -> Problem:
    """A problem that says what the assistant makes of it, too."""
    then = _THEN.get(problem.code)
    return problem if then is None else replace(problem, message=f"{problem.message}; {rules.title} {then}")


_THEN: Final[Mapping[str, str]] = {
    "refused": "refuses the agent", "config-refused": "then refuses its whole configuration", "skipped": "leaves the agent out without a word",
    "degraded": "loads the agent without its metadata, and so without its limits",
}


def _left_out(looked: _Looked, why: Problem) -> Iterator[Problem]:
    """A file that its assistant passes over in silence although it means to be an agent."""
    keys = looked.parsed.entries[0].keys if looked.parsed.entries else None
    rules = looked.source.rules
    if keys is None or rules.name.key in keys:
        yield _as("A103", why)
    elif "key" in rules.name.source and keys.keys() & (looked.compiled.field_keys | set(looked.compiled.rights_keys)):
        yield _as("A108", why)


def loosened(layout: Layout) -> Layout | None:
    """The layout as if its repair worked on any line end; None where it does, or there is no repair."""
    if layout.repair == "none" or (layout.repair_crlf and layout.repair_bom):
        return None
    return replace(layout, repair_crlf=True, repair_bom=True)


# ---- what it says -------------------------------------------------------------------------------------------------


def _said(looked: _Looked, entry: Entry, reading: Reading) -> Iterator[Problem]:
    """What the reader noted of an agent that loads."""
    rights = looked.source.rules.rights
    unknown, listed = _unknown(looked, entry), {*_names(looked, entry, rights.key), *_names(looked, entry, rights.deny)}
    for problem in reading.problems:
        code = _NOTES.get(problem.code, "A301")
        if code == "A210" and any(f"`{name}`" in problem.message for name in unknown):
            if rights.unknown != "opens":
                continue        # told as A206 or A207
            code = "A205"
        elif code == "A210" and any(f"`{name}`" in problem.message for name in listed):
            code = "A204"
        yield _as(code, problem, hint=f"agentsync lint --fix {looked.source.path}" if code == "A401" and looked.source.folder else None)


def _names(looked: _Looked, entry: Entry, key: str | None) -> list[str]:
    """The names in a list of tools."""
    rights = looked.source.rules.rights
    value = entry.keys.get(key) if key is not None else None
    if rights.style != "allow-list" or value is None or (isinstance(value, str) and value in rights.words):
        return []
    try:
        names = SHAPES[rights.deny_shape or rights.shape if key == rights.deny else rights.shape].read(value)
    except BadValue:
        return []
    return [str(name) for name in names] if isinstance(names, list) else []


def _unknown(looked: _Looked, entry: Entry) -> list[str]:
    """The names in the allow-list that the assistant does not know."""
    return [name for name in _names(looked, entry, looked.source.rules.rights.key) if looked.compiled.tools.read(name).unknown]


def _tools(looked: _Looked, entry: Entry) -> Iterator[Problem]:
    rules, key = looked.source.rules, looked.source.rules.rights.key or ""
    if rules.rights.unknown != "dropped":
        return
    unknown, names = _unknown(looked, entry), _names(looked, entry, rules.rights.key)
    if unknown and len(unknown) == len(names):
        message = f"{rules.title} knows none of the tools in `{key}` ({', '.join(unknown[:5])}), so the agent has none"
        yield _found("A206", message, entry.lines.get(key), f"agentsync formats {rules.id}")
    elif unknown:
        told = ", ".join(f"`{name}`" for name in unknown)
        yield _found("A207", f"{rules.title} does not know {told}, and leaves {'it' if len(unknown) == 1 else 'them'} out", entry.lines.get(key))


def _cases(looked: _Looked, entry: Entry) -> Iterator[Problem]:
    for wrong, right in miscased(looked.compiled, entry).items():
        limits = right in (looked.compiled.format.rights.key, looked.compiled.format.rights.deny)
        message = f"`{wrong}` is no key of {looked.source.rules.title}, which knows `{right}`: it does nothing"
        hint = f"agentsync lint --fix {looked.source.path}" if looked.source.folder is not None else f"write `{right}`"
        yield _found("A203" if limits else "A302", message, entry.lines.get(wrong), hint)


def miscased(compiled: Compiled, entry: Entry) -> dict[str, str]:
    """Keys that the assistant does not know, each with one of its own that differs in case alone and is not there."""
    rules = compiled.format
    known = {*compiled.field_keys, *compiled.rights_keys, *rules.native, *rules.fixed, *rules.rights.switches}
    known |= {other for rule in rules.fields.values() for other in (*rule.also, *((rule.copy,) if rule.copy else ()))}
    known |= {rule.overflow[0] for rule in rules.fields.values() if rule.overflow}
    known |= {rules.name.key} if "key" in rules.name.source else set()
    folded: dict[str, str] = {}
    for key in sorted(known):
        folded.setdefault(key.lower(), key)
    wrong = {key: folded[key.lower()] for key in entry.keys if key not in known and key.lower() in folded}
    return {key: right for key, right in wrong.items() if right not in entry.keys and list(wrong.values()).count(right) == 1}


def _values(looked: _Looked, entry: Entry, agent: Agent) -> Iterator[Problem]:
    rules = looked.source.rules
    for place in looked.kind.places:
        value = next((found for path in place.read if isinstance(found := value_at(entry.keys, path), str)), None)
        if value is not None and any(fnmatchcase(value, pattern) for pattern in place.rule.foreign):
            message = f"`{place.path[-1]}: {value}` is another assistant's: {rules.title} takes it and fails when the agent runs"
            yield _found("A303", message, entry.lines.get(place.path[0]), f"agentsync formats {rules.id}")
    active = agent.extra.get(agent.home, {}).get(PLACEHOLDERS)
    for known in (template.filled for template in rules.body.template if template.filled is not None):
        empty = [item for item in active if item not in known] if isinstance(active, list) else []
        if empty:
            line = next((number for number, text in enumerate(looked.source.text.split("\n"), 1) if str(empty[0]) in text), None)
            named = ", ".join(map(str, empty[:4])) + (f" and {len(empty) - 4} more" if len(empty) > 4 else "")
            yield _found("A109", f"{rules.title} has no value for {named}: every run of the agent fails, and there is no escape", line,
                         "write it otherwise, such as $NAME")
    if is_builtin(rules.name, agent.name):
        yield _found("A209", f"{agent.name} is one of {rules.title}'s own agents: this file changes or replaces it", entry.lines.get(rules.name.key))


def _readers(source: Source, agent: Agent, formats: Sequence[Format]) -> Iterator[Problem]:
    """Other assistants that read the same folder, where that makes a difference."""
    if source.folder is None:
        formats = ()
    found = ((other, also_reads(other, source.rules.id, source.scope)) for other in formats)
    others = [(other, also.rights) for other, also in found if also is not None]
    lax = [other.title for other, rights in others if rights != "enforced"]
    if lax and agent.rights.restricted:
        them = lax[0] if len(lax) == 1 else f"{', '.join(lax[:-1])} and {lax[-1]}"
        do = "reads this folder too, and does" if len(lax) == 1 else "read this folder too, and do"
        yield _found("A208", f"{them} {do} not keep the limits that are stated here for {source.rules.title}")
    for reader in (source.rules, *(other for other, _ in others)):
        limit, size = reader.body.max, len(agent.prompt)
        if limit is not None and size > limit:
            yield _found("A304", f"the prompt has {size:,} characters; not every reader of {reader.title}'s agents takes more than {limit:,}")


# ---- characters ---------------------------------------------------------------------------------------------------


def _unseen(text: str) -> Iterator[Problem]:
    """Characters that nobody sees, one finding a file, where the first of them stands."""
    bare = text.removeprefix(BOM)
    hidden = hidden_characters(bare)
    if hidden:
        offset = next(number for number, sign in enumerate(bare) if sign in hidden)
        told = ", ".join(f"U+{ord(sign):04X}" for sign in sorted(hidden)[:6])
        problem = _found("A404", f"characters that nobody sees and a model reads: {told}", bare.count("\n", 0, offset) + 1)
        yield replace(problem, column=offset - bare.rfind("\n", 0, offset))
