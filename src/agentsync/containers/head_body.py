"""Markdown with a head between fences: keys from the head, the prompt from the text after it.

Floor 1, pure. A file is taken apart exactly as far as its client takes it apart (fences, repair, dialect, duplicates: `Layout`), and
is edited by spans: the head's changed keys, or the body, and no other byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agentsync.containers import head_fast
from agentsync.containers.entries import LazyLines
from agentsync.containers.fences import Head, find_head
from agentsync.containers.head_repair import BY_LINE, Mended, by_repair
from agentsync.containers.layout import CUT, Change, Entry, Layout, Outcome, Parsed
from agentsync.containers.limits import Hostile, head_problem
from agentsync.containers.lines import edit_lines, read_lines
from agentsync.containers.lines import line_numbers as raw_line_numbers
from agentsync.containers.opening import Refused, opened
from agentsync.containers.text import BLANK, BOM, has_surrogates, line_around, line_end, new_body, place, readable, to_lf, with_line_end
from agentsync.containers.yaml_edit import Style, change_keys
from agentsync.containers.yaml_emit import emit_pair
from agentsync.containers.yaml_tree import BadYaml, Composed, Map, compose, value_of
from agentsync.model import Problem, Value

DOES: Final[Mapping[Outcome, str]] = {
    "ignored": "the assistant goes on without it",
    "skip": "the assistant leaves the file out without a word",
    "file": "the assistant refuses the file",
    "agent": "the assistant refuses the agent",
    "config": "the assistant refuses its whole configuration",
    "open": "the assistant loads the agent all the same, with its metadata and limits lost and the text as prompt",
}
_FENCE_HINT: Final = "begin the file with a line `---`, then `name:` and `description:`, then a line `---`"


@dataclass(frozen=True, slots=True)
class HeadTree:
    """Where the head stands (None: the file has none), and how its client had to mend it."""

    head: Head | None
    mended: Mended | None = None


def parse(text: str, layout: Layout) -> Parsed:
    """Takes a document apart. Never raises: what the client does with a bad file is the outcome, and the first problem says why."""
    try:
        opened(text, layout)
    except Refused as refusal:
        return failed(text, refusal)
    notes = _decoding_note(text)
    found = find_head(text, layout)
    if isinstance(found, str):
        return _without_head(text, layout, found, notes)
    if found.cut:
        notes = (_cut_head(text, found.end), *notes)
    head = text[found.start : found.end]
    too_large = head_problem(head, 2)
    if too_large is not None:
        return failed(text, Refused(too_large))
    body = "" if found.body is None else to_lf(readable(text[found.body :]))
    if layout.head == "lines":
        raw, _ = read_lines(readable(head))
        entry = Entry(dict(raw), body, lines=LazyLines(lambda: raw_line_numbers(readable(head), place(text, found.start)[0])))
        return Parsed(text, (entry,), problems=notes, tree=HeadTree(found))
    keys = head_fast.read_simple(head, layout.head)
    if keys is not None:
        entry = Entry(keys, body, lines=LazyLines(lambda: head_fast.line_numbers(head, place(text, found.start)[0])))
        return Parsed(text, (entry,), problems=notes, tree=HeadTree(found))
    return _read_yaml(text, head, found, body, layout, notes)


def failed(text: str, refusal: Refused, notes: tuple[Problem, ...] = ()) -> Parsed:
    """The document that did not parse. With `open` the whole text is what the client takes for the prompt."""
    entries = (Entry({}, to_lf(readable(text.removeprefix(BOM)))),) if refusal.outcome == "open" else ()
    return Parsed(text, entries, refusal.outcome, (refusal.problem, *notes))


def _decoding_note(text: str) -> tuple[Problem, ...]:
    if not has_surrogates(text):
        return ()
    offset = next(index for index, sign in enumerate(text) if "\ud800" <= sign <= "\udfff")
    line, column = place(text, offset)
    message = "bytes that are no UTF-8 stand here; they are read as U+FFFD"
    return (Problem("invalid-utf8", message, line=line, column=column, severity="note"),)


def _cut_head(text: str, offset: int) -> Problem:
    line, column = place(text, offset)
    message = "the assistant takes these dashes for the end of the head: the keys below them are lost, and are read as prompt"
    return Problem(CUT, message, line=line, column=column, hint="write the dashes otherwise, in double quotes as \\u002d\\u002d\\u002d")


def _without_head(text: str, layout: Layout, why: str, notes: tuple[Problem, ...]) -> Parsed:
    outcome = layout.no_head if why == "no-head" else layout.unclosed
    what = "the file does not begin with a line `---`" if why == "no-head" else "the head that begins with `---` is never closed"
    hint = _FENCE_HINT if why == "no-head" else "end the head with a line `---`"
    problem = Problem(why, f"{what}: {DOES[outcome]}", line=1, column=1, hint=hint)
    if outcome == "ignored":
        body = to_lf(readable(text.removeprefix(BOM)))
        return Parsed(text, (Entry({}, body),), problems=notes, tree=HeadTree(None))
    return failed(text, Refused(problem, outcome), notes)


def _read_yaml(text: str, head: str, found: Head, body: str, layout: Layout, notes: tuple[Problem, ...]) -> Parsed:
    first = place(text, found.start)[0]
    mended: Mended | None = None
    try:
        try:
            composed = _map_of(head, layout)
        except BadYaml as error:
            # A head that is YAML but no map breaks no parser: only the line reader is tried on it.
            mended = by_repair(head, layout, marked=text.startswith(BOM)) if error.code != "no-map" or layout.repair in BY_LINE else None
            if mended is None:
                return _bad_head(text, found, body, layout, error, notes)
            broken = _bad_yaml(text, found.start + error.offset, error, "the assistant mends it as it loads the file; it was read so here")
            notes = (Problem("repaired", broken.message, line=broken.line, column=broken.column, severity="note"), *notes)
            lines = {key: first + line for key, line in mended.lines.items()}
            return Parsed(text, (Entry(mended.keys, body, lines=lines),), problems=notes, repaired=True, tree=HeadTree(found, mended))
    except Hostile as error:
        line, column = place(text, found.start + (0 if mended else error.offset))
        return failed(text, Refused(error.problem(line, column)))
    keys = value_of(composed.root, layout.duplicate) if composed.root is not None else {}
    lines = {pair.key: first + head.count("\n", 0, pair.start) for pair in composed.root.pairs} if isinstance(composed.root, Map) else {}
    notes += tuple(_repeated(text, found.start + offset, key, layout) for key, offset in composed.repeated)
    return Parsed(text, (Entry(keys if isinstance(keys, dict) else {}, body, lines=lines),), problems=notes, tree=HeadTree(found))


def _map_of(head: str, layout: Layout) -> Composed:
    composed = compose(head, layout.head, layout.duplicate)
    if composed.root is not None and not isinstance(composed.root, Map):
        raise BadYaml("the head is a list or a single value, not `key: value` lines", composed.root.start, "no-map")
    return composed


def _repeated(text: str, offset: int, key: str, layout: Layout) -> Problem:
    line, column = place(text, offset)
    message = f"the key `{key}` stands here a second time; the {layout.duplicate} one counts"
    return Problem("duplicate-key", message, line=line, column=column, severity="note")


def _bad_yaml(text: str, offset: int, error: BadYaml, then: str) -> Problem:
    line, column = place(text, offset)
    around = line_around(text, offset)
    key = around.partition(":")[0].strip()
    told = key if ":" in around and 0 < len(key) <= 60 else around.strip()[:60]
    where = f" (`{told}`)" if told else ""
    hint = f"write the value of `{told}` in double quotes, on one line" if ":" in around and error.code in ("bad-yaml", "no-map") else None
    return Problem(error.code, f"the head is no valid YAML: {error}{where}; {then}", line=line, column=column, hint=hint)


def _bad_head(text: str, found: Head, body: str, layout: Layout, error: BadYaml, notes: tuple[Problem, ...]) -> Parsed:
    outcome = layout.on_bad_head
    problem = _bad_yaml(text, found.start + error.offset, error, DOES[outcome])
    if outcome == "ignored":
        return Parsed(text, (Entry({}, body),), problems=(problem, *notes), tree=HeadTree(found))
    return failed(text, Refused(problem, outcome), notes)


def create(layout: Layout, keys: Mapping[str, Value], body: str | None, key: str | None = None) -> str:  # noqa: ARG001 - one signature for all kinds
    """A new document: the keys in their order, then the body, with LF line ends."""
    lines = "".join([emit_pair(name, value, quote=layout.quote, lists=layout.lists) + "\n" for name, value in keys.items()])
    told = body.replace("\r\n", "\n").strip(BLANK) if body else ""
    return f"---\n{lines}---\n" + (f"\n{told}\n" if told else "")


def edit(
    parsed: Parsed,
    layout: Layout,
    entry: Entry,  # noqa: ARG001 - one signature for all kinds; there is one entry here
    changes: Mapping[str, Change],
    body: str | None = None,
) -> str:
    """The text with changed keys and, unless None, another body. A head that was read by repair is made valid first."""
    tree: HeadTree = parsed.tree
    text = parsed.text
    end = line_end(text)
    if tree.head is None:
        return _with_new_head(text, layout, changes, body, end)
    span = tree.head
    old = text[span.start : span.end]
    base = tree.mended.head if tree.mended is not None else old
    head = edit_lines(base, changes, end) if layout.head == "lines" else _edit_head(base, layout, changes, end)
    start = len(text) if span.body is None else span.body
    rest = text[start:] if body is None else new_body(text[start:], body, end)
    if head == base and rest == text[start:]:
        return text
    return text[: span.start] + head + text[span.end : start] + rest


def valid(parsed: Parsed) -> str:
    """The text with a head that its client need not mend any more; as it is where it was valid."""
    tree: HeadTree = parsed.tree
    if tree.head is None or tree.mended is None:
        return parsed.text
    return parsed.text[: tree.head.start] + tree.mended.head + parsed.text[tree.head.end :]


def _edit_head(head: str, layout: Layout, changes: Mapping[str, Change], end: str) -> str:
    if not changes:
        return head
    style = Style(layout.quote, layout.lists, end, duplicate=layout.duplicate)
    return change_keys(head, compose(head, layout.head, layout.duplicate).root, changes, style)


def _with_new_head(text: str, layout: Layout, changes: Mapping[str, Change], body: str | None, end: str) -> str:
    """A file that has no head, and needs none, gets one in front where keys are to be said."""
    mark = BOM if text.startswith(BOM) else ""
    rest = text[len(mark) :] if body is None else new_body(text[len(mark) :], body, end)
    head = edit_lines("", changes, end) if layout.head == "lines" else _edit_head("", layout, changes, end)
    return mark + (with_line_end(f"---\n{head}---\n", end) if head else "") + rest
