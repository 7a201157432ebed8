"""Lists and maps between brackets, taken apart into pieces and put together again with some of them changed.

Floor 1, pure; JSON objects and arrays, TOML arrays and inline tables. The pieces of a bracket, joined, are its text, byte
for byte; a change keeps the pieces it is not about, with their comments, and takes its layout for new ones from their
neighbours. Works on text that a parser has already accepted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

OPENERS: Final = ("[", "{")


@dataclass(frozen=True, slots=True)
class Syntax:
    """What differs between the languages.

    token: finds, one after the other, whole strings, comments, brackets, commas, separators and other words.
    comments: what comments begin with. separator: between key and value. tail: spaces and comments up to a line's end.
    name: the key as text stands -> the key, or None where it is no single key (`a.b` in TOML).
    """

    token: re.Pattern[str]
    comments: tuple[str, ...]
    separator: str
    tail: re.Pattern[str]
    name: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Piece:
    """One item or member: `lead + label + value + middle + comma + tail` is its text.

    lead: white space and comments before. label: key and separator with the space around it. tail: the comment behind the
    comma on the same line. start: where the value stands in the whole text, -1 for a new piece.
    """

    lead: str
    label: str
    value: str
    middle: str = ""
    comma: bool = False
    tail: str = ""
    name: str | None = None
    start: int = -1
    label_start: int = -1


@dataclass(frozen=True, slots=True)
class Bracket:
    """A list or map: `open`, pieces and `close` are its text. `open` holds a comment behind the bracket on its line."""

    open: str
    pieces: tuple[Piece, ...]
    close: str
    start: int
    end: int

    @property
    def multiline(self) -> bool:
        """Whether a new piece goes on a line of its own."""
        return "\n" in self.close or any("\n" in piece.lead for piece in self.pieces)

    def find(self, name: str, *, first: bool = False) -> int | None:
        """The index of the member of that name which counts, where a name stands twice: the last one."""
        found = [index for index, piece in enumerate(self.pieces) if piece.name == name]
        return found[0 if first else -1] if found else None


_Span: TypeAlias = tuple[int, int, int, int, int]
"""Of one piece: where it begins, where its key ends, the separator, where its value ends, its comma; -1 for none."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A new piece: its key as written with the separator (empty in a list), and its value."""

    label: str
    value: str


def scan(text: str, start: int, syntax: Syntax) -> Bracket:
    """Take apart the bracket that opens at `start`; what lies deeper is stepped over."""
    items: list[_Span] = []
    depth = 0
    first = last = key = split = close = -1
    for match in syntax.token.finditer(text, start):
        mark = match[0]
        if mark.startswith(syntax.comments):
            continue
        if mark in ("]", "}"):
            depth -= 1
            if depth == 0:
                close = match.start()
                break
        if depth == 1:
            if mark == ",":
                items.append((first, key, split, last, match.start()))
                first = last = key = split = -1
                continue
            if mark == syntax.separator and split < 0:
                key, split = last, match.start()
            elif first < 0:
                first = match.start()
            last = match.end()
        if mark in OPENERS:
            depth += 1
    if first >= 0:
        items.append((first, key, split, last, -1))
    return _pieces(text, start, close, items, syntax)


def _pieces(text: str, start: int, close: int, items: list[_Span], syntax: Syntax) -> Bracket:
    position = _tail_end(text, start + 1, items[0][0] if items else close, syntax)
    opening = text[start:position]
    pieces = []
    for index, (first, key, split, last, comma) in enumerate(items):
        value_start, name = first, None
        if split >= 0:
            value_start = split + 1
            while text[value_start] in " \t\r\n":
                value_start += 1
            value_start = _after_comments(text, value_start, syntax)
            name = syntax.name(text[first:key])
        after = last if comma < 0 else comma + 1
        limit = items[index + 1][0] if index + 1 < len(items) else close
        end = _tail_end(text, after, limit, syntax)
        middle = "" if comma < 0 else text[last:comma]
        label, value = text[first:value_start], text[value_start:last]
        pieces.append(Piece(text[position:first], label, value, middle, comma >= 0, text[after:end], name, value_start, first))
        position = end
    return Bracket(opening, tuple(pieces), text[position : close + 1], start, close + 1)


def _after_comments(text: str, position: int, syntax: Syntax) -> int:
    """Where the value begins: comments may stand between the separator and it."""
    match = syntax.token.match(text, position)
    while match is not None and match[0].startswith(syntax.comments):
        position = match.end()
        while text[position] in " \t\r\n":
            position += 1
        match = syntax.token.match(text, position)
    return position


def _tail_end(text: str, position: int, limit: int, syntax: Syntax) -> int:
    match = syntax.tail.match(text, position)
    return match.end() if match is not None and match.end() <= limit else position


def indentation(text: str, position: int) -> str:
    """The white space that begins the line of a position."""
    start = text.rfind("\n", 0, position) + 1
    end = start
    while end < position and text[end] in " \t":
        end += 1
    return text[start:end]


def inner_indent(bracket: Bracket, base: str, unit: str) -> str:
    """The indentation of the bracket's pieces, or what it would be."""
    for piece in bracket.pieces:
        if "\n" in piece.lead:
            line = piece.lead[piece.lead.rfind("\n") + 1 :]
            return line[: len(line) - len(line.lstrip(" \t"))]
    return base + unit


def rebuild(
    bracket: Bracket, order: Sequence[int | Fresh], values: Mapping[int, str], syntax: Syntax, *, lead: str, apart: str
) -> str:
    """The bracket's text with the pieces of `order`: old ones by index, ascending, and new ones.

    values: new value texts of old pieces. lead: what goes before a new piece in a multi-line bracket (line end and
    indentation), apart: between pieces of a one-line bracket. Comments that stood before a piece that goes stay.
    """
    out: list[Piece] = []
    pending, passed = "", 0
    for slot in order:
        if isinstance(slot, Fresh):
            piece = Piece(lead if bracket.multiline else _fresh_lead(bracket, out, apart), slot.label, slot.value)
        else:
            for gone in bracket.pieces[passed:slot]:
                pending = _orphan(pending, gone.lead)
            passed = slot + 1
            piece = bracket.pieces[slot]
            piece = replace(piece, value=values.get(slot, piece.value), lead=_kept_lead(bracket, out, pending, slot, apart))
        if pending:
            piece = replace(piece, lead=_orphan_before(pending, piece.lead))
            pending = ""
        out.append(piece)
    for gone in bracket.pieces[passed:]:
        pending = _orphan(pending, gone.lead)
    close = _orphan_before(pending, bracket.close[:-1]) + bracket.close[-1]
    trailing = bool(bracket.pieces) and bracket.pieces[-1].comma
    return _joined(bracket.open, out, close, trailing=trailing, syntax=syntax, line=lead)


def _fresh_lead(bracket: Bracket, out: list[Piece], apart: str) -> str:
    if out:
        return apart
    return bracket.pieces[0].lead if bracket.pieces else ""


def _kept_lead(bracket: Bracket, out: list[Piece], pending: str, slot: int, apart: str) -> str:
    """An old piece's own lead; in one line, a piece that became the first takes the first one's, a former first one the gap."""
    own = bracket.pieces[slot].lead
    if own.strip() or "\n" in own or pending:
        return own
    if not out:
        return own if slot == 0 or bracket.pieces[0].lead.strip() else bracket.pieces[0].lead
    return apart if slot == 0 else own


def _orphan(pending: str, lead: str) -> str:
    """What stays of a lead whose piece goes: its comments, with the white space around them."""
    if not lead.strip():
        return pending
    return _orphan_before(pending, lead)


def _orphan_before(pending: str, lead: str) -> str:
    """Comments left over, and a lead behind them: one line end between them, since a comment may need it to end."""
    if not pending:
        return lead
    return pending.rstrip() + lead if "\n" in lead[: len(lead) - len(lead.lstrip())] else pending + lead.lstrip(" \t")


def _joined(opening: str, pieces: list[Piece], close: str, *, trailing: bool, syntax: Syntax, line: str) -> str:
    parts = [opening]
    tail = opening[1:]
    for index, piece in enumerate(pieces):
        comma = trailing or index < len(pieces) - 1
        parts += (_ended(tail, piece.lead, syntax, line), piece.label, piece.value, piece.middle, "," if comma else "", piece.tail)
        tail = piece.tail
    if not pieces and not opening[1:].strip() and not close[:-1].strip():
        return opening[0] + close[-1]
    parts.append(_ended(tail, close, syntax, line.rstrip(" \t")))
    return "".join(parts)


def _ended(tail: str, lead: str, syntax: Syntax, line: str) -> str:
    """The lead after this tail: a comment that runs to the end of its line must find one, though the piece behind it is gone."""
    if syntax.comments[0] not in tail or "\n" in lead[: len(lead) - len(lead.lstrip())]:
        return lead
    return line + lead
