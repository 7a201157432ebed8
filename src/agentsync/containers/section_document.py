"""A marked block of a Markdown file that belongs to somebody else: a heading an agent, below it a paragraph that says when to use it.

Floor 1, pure. Everything outside the block stays byte for byte. Inside it each agent is a heading of the third level with its name; the
first paragraph is `description`, what follows it is `prompt`. Headings inside code fences are text. A line of a description that
would be a heading, a marker or a fence begins with a backslash, as Markdown has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agentsync.containers.entries import editable, no_body
from agentsync.containers.layout import DELETE, Change, Entry, Layout, Parsed
from agentsync.containers.opening import Refused, failed, opened
from agentsync.containers.text import line_end, place, readable, to_lf, with_line_end
from agentsync.model import Problem, Value

BEGIN: Final = "<!-- agentsync:begin -->"
END: Final = "<!-- agentsync:end -->"
TITLE: Final = "## Agents"
KEYS: Final = ("description", "prompt")

_HEADING: Final = re.compile(r"###[ \t]+(\S.*)")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_MISTAKEN: Final = re.compile(r"[#<`~\\]")
_ESCAPED: Final = re.compile(r"\A\\(?=[#<`~\\])")
_BLANK: Final = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the text, in offsets."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Section:
    """One agent: the whole of its section, its heading's line, its paragraph and the rest; an empty span where one is missing."""

    name: str
    whole: Span
    heading: Span
    paragraph: Span
    rest: Span


@dataclass(frozen=True, slots=True)
class Block:
    """The block with its markers, what stands between them, and the agents in it."""

    whole: Span
    inside: Span
    sections: tuple[Section, ...]


def parse(text: str, layout: Layout) -> Parsed:
    """Takes the agents out of the block; a file without one holds none. Never raises: a block that is not whole has an outcome."""
    try:
        opened(text, layout)
        block = _block(text, layout)
    except Refused as refusal:
        return failed(text, refusal)
    if block is None:
        return Parsed(text)
    entries: dict[str, Entry] = {}
    notes = []
    for section in block.sections:
        line = place(text, section.whole.start)[0]
        if section.name in entries:
            message = f"the heading {section.name!r} stands here a second time; the first one counts"
            notes.append(Problem("duplicate-entry", message, line=line, severity="note"))
            continue
        keys: dict[str, Value] = {}
        for key, span in zip(KEYS, (section.paragraph, section.rest), strict=True):
            if span.start < span.end:
                keys[key] = _said(key, text[span.start : span.end])
        entries[section.name] = Entry(keys, key=section.name, lines=dict.fromkeys(("name", *keys), line), at=(section.name,))
    return Parsed(text, tuple(entries.values()), problems=tuple(notes), tree=block)


def create(layout: Layout, keys: Mapping[str, Value], body: str | None = None, key: str | None = None) -> str:  # noqa: ARG001 - one signature for all kinds
    """A new file that holds nothing but the block, with one agent in it."""
    no_body(body)
    return _new_block([(key or "", keys)], "\n")


def edit(parsed: Parsed, layout: Layout, entry: Entry, changes: Mapping[str, Change], body: str | None = None) -> str:  # noqa: ARG001 - as above
    """The text with another paragraph, or another rest, below one heading."""
    no_body(body)
    editable(parsed)
    section = _section(parsed, entry)
    _known(changes)
    text, end = parsed.text, line_end(parsed.text)
    for key, span in ((KEYS[1], section.rest), (KEYS[0], section.paragraph)):
        if key in changes:
            text = _replaced(text, section, span, None if changes[key] is DELETE else _written(key, changes[key]), end)
    return text


def add(parsed: Parsed, layout: Layout, items: Sequence[tuple[str, Mapping[str, Value]]]) -> str:  # noqa: ARG001 - as above
    """The text with new agents at the end of the block, which is put behind everything else where there is none."""
    editable(parsed)
    text, end = parsed.text, line_end(parsed.text)
    if not items:
        return text
    block: Block | None = parsed.tree
    if block is None:
        apart = "" if not text.strip("\ufeff") else end if text.endswith("\n") else end + end
        return text + apart + _new_block(items, end)
    held = {section.name for section in block.sections}
    if twice := next((name for name, _ in items if name in held), None):
        raise ValueError(f"there is such an entry already: {twice}")
    before = text[: block.inside.end]
    apart = "" if before.endswith((end + end, "\n\n")) else end
    return before + apart + end.join(_new_section(name, keys, end) for name, keys in items) + end + text[block.inside.end :]


def remove(parsed: Parsed, layout: Layout, entry: Entry) -> str:  # noqa: ARG001 - as above
    """The text without one agent; with the last one the block goes as a whole."""
    editable(parsed)
    section, block = _section(parsed, entry), parsed.tree
    span = block.whole if len(block.sections) == 1 else section.whole
    return parsed.text[: span.start] + parsed.text[span.end :]


# --- taking apart -----------------------------------------------------------------------------------------------------


def _lines(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """The lines of a stretch without their ends, each with its offset and that of the next."""
    while start < end:
        found = text.find("\n", start, end)
        stop = end if found < 0 else found + 1
        yield text[start:stop].rstrip("\r\n"), start, stop
        start = stop


def _block(text: str, layout: Layout) -> Block | None:
    first = 1 if text.startswith("\ufeff") else 0
    marks = [(line.strip(), start, stop) for line, start, stop in _lines(text, first, len(text)) if line.strip() in (BEGIN, END)]
    if not marks:
        return None
    if [mark for mark, _, _ in marks] != [BEGIN, END]:
        message = f"the markers of the block do not stand there once each, `{BEGIN}` before `{END}`"
        line, column = place(text, marks[0][1])
        raise Refused(Problem("bad-block", message, line=line, column=column, hint="take out the markers that are too many"), layout.unclosed)
    (_, begin, inside), (_, stop, end) = marks
    return Block(Span(begin, end), Span(inside, stop), tuple(_sections(text, inside, stop)))


def _sections(text: str, start: int, end: int) -> Iterator[Section]:
    heads = [(line, at, after) for line, at, after, fenced in _fenced(text, start, end) if not fenced and _HEADING.match(line)]
    for index, (line, at, after) in enumerate(heads):
        stop = heads[index + 1][1] if index + 1 < len(heads) else end
        paragraph = _paragraph(text, after, stop)
        found = _HEADING.match(line)
        assert found is not None  # noqa: S101 - it was matched above
        yield Section(readable(found[1]).strip(_BLANK), Span(at, stop), Span(at, after), paragraph, _trimmed(text, paragraph.end, stop))


def _fenced(text: str, start: int, end: int) -> Iterator[tuple[str, int, int, bool]]:
    """Each line, and whether it is in a code fence or begins or ends one."""
    fence = ""
    for line, at, after in _lines(text, start, end):
        mark = _FENCE.match(line)
        inside = bool(fence) or mark is not None
        if not fence and mark is not None:
            fence = mark[1]
        elif fence and mark is not None and mark[1].startswith(fence) and not line[mark.end() :].strip():
            fence = ""
        yield line, at, after, inside


def _paragraph(text: str, start: int, end: int) -> Span:
    """The first lines that are not blank; an empty span where a code fence comes first."""
    first = last = None
    for line, at, after, fenced in _fenced(text, start, end):
        if fenced or (not line.strip() and last is not None):
            break
        if line.strip():
            first, last = at if first is None else first, after
    return _trimmed(text, start, start) if first is None or last is None else _trimmed(text, first, last)


def _trimmed(text: str, start: int, end: int) -> Span:
    """The stretch without the white space around it."""
    told = text[start:end]
    core = told.strip(_BLANK)
    if not core:
        return Span(start, start)
    start += told.index(core)
    return Span(start, start + len(core))


def _said(key: str, text: str) -> str:
    text = to_lf(readable(text))
    return text if key != KEYS[0] else " ".join(_ESCAPED.sub("", line.strip()) for line in text.split("\n"))


# --- putting together -------------------------------------------------------------------------------------------------


def _section(parsed: Parsed, entry: Entry) -> Section:
    block: Block | None = parsed.tree
    found = next((section for section in block.sections if section.name == entry.key), None) if block is not None else None
    if found is None:
        raise ValueError(f"there is no such entry: {entry.key}")
    return found


def _known(keys: Mapping[str, object]) -> None:
    if unknown := [key for key in keys if key not in KEYS]:
        raise ValueError(f"a section has no place for keys ({', '.join(unknown)})")


def _written(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a section holds texts only ({key})")
    told = value.replace("\r\n", "\n").strip(_BLANK)
    if key == KEYS[0]:
        told = " ".join(told.split())
        return f"\\{told}" if _MISTAKEN.match(told) else told
    return told


def _replaced(text: str, section: Section, span: Span, new: str | None, end: str) -> str:
    if span.start < span.end:
        if new:
            return text[: span.start] + with_line_end(new, end) + text[span.end :]
        after = span.end + len(text[span.end :]) - len(text[span.end :].lstrip("\r\n"))
        return text[: span.start] + text[min(after, section.whole.end) :]
    if not new:
        return text
    at = max(section.heading.end, section.paragraph.end)
    lead = end if text[at - 1 : at] == "\n" else end + end
    return text[:at] + lead + with_line_end(new, end) + (end if text[at - 1 : at] == "\n" else "") + text[at:]


def _new_section(name: str, keys: Mapping[str, Value], end: str) -> str:
    _known(keys)
    if not name or not _HEADING.fullmatch(f"### {name}") or name != name.strip(_BLANK):
        raise ValueError(f"this is no name for a heading: {name!r}")
    told = [_written(key, keys[key]) for key in KEYS if keys.get(key)]
    return f"### {name}{end}" + "".join(f"{end}{with_line_end(one, end)}{end}" for one in told)


def _new_block(items: Sequence[tuple[str, Mapping[str, Value]]], end: str) -> str:
    sections = end.join(_new_section(name, keys, end) for name, keys in items)
    return f"{BEGIN}{end}{TITLE}{end}{end}{sections}{end}{END}{end}"
