"""Changes to a TOML text, collected as splices of its statements.

Floor 1, pure. A key may be said as `key = …`, dotted, in a `[table]`, in an inline table or in `[[items]]`; each is edited
where it stands, and a new key goes where its neighbours are.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from agentsync.containers.brackets import Bracket, Fresh, indentation, inner_indent, rebuild, scan
from agentsync.containers.changes import Edge, Plan, arranged, same, turned
from agentsync.containers.text import BOM, line_end
from agentsync.containers.toml_emit import inline_toml, key_toml, line_toml, pair_toml, path_toml, tables_toml, text_toml
from agentsync.containers.toml_scan import SYNTAX, Path, Statement, statements


class _Rank(IntEnum):
    """What comes first of the lines that are put in at one place: those that a header there would take in."""

    LINE = 0
    BLANK = 1
    TABLE = 2
    IMPLIED = 3
    BELOW_IMPLIED = 4


class Editing:
    """A text, its statements and the splices so far. All places are those of the unchanged text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.eol = line_end(text)
        self.statements = statements(text)
        self._pairs = {found.path: found for found in self.statements if found.kind == "pair"}
        self._headers = {found.path: found for found in self.statements if found.kind != "pair"}
        self._splices: list[tuple[int, _Rank, int, str]] = []
        self._implied: set[Path] = set()
        # Where new keys went, and where those of a table go that had none: a place, and the header it is under.
        self._new_keys: dict[Path, tuple[int, Path]] = {}
        self._homes: dict[Path, tuple[int, Path]] = {}

    def result(self) -> str:
        """The text with every splice made; what is inserted at one place keeps its order."""
        parts: list[str] = []
        position = 0
        for start, _, end, new in sorted(self._splices, key=lambda splice: splice[:2]):
            parts += (self.text[position:start], new)
            position = max(position, end)
        whole = "".join([*parts, self.text[position:]])
        return whole if self.text.endswith("\n") or not self.text.removeprefix(BOM) else whole.removesuffix(self.eol)

    def holder(self, path: Path) -> Statement | None:
        """The pair whose value holds what is at this path, or is it."""
        return next((self._pairs[path[:end]] for end in range(1, len(path) + 1) if path[:end] in self._pairs), None)

    def change(self, path: Path, old: Any, new: Any) -> None:
        """Give the value at this path another value."""
        pair = self._pairs.get(path)
        if pair is not None:
            value = changed_value(self.text, pair.value_start, pair.value_end, old, new, self.eol)
            self._splices.append((pair.value_start, _Rank.LINE, pair.value_end, value))
        elif isinstance(old, dict) and isinstance(new, dict) and (path in self._headers or any(key in old for key in new)):
            self.table(path, old, new, turned(old, new, ordered=False))
        elif _maps(old) and _maps(new) and len(old) == len(new):
            for index, (before, after) in enumerate(zip(old, new, strict=True)):
                if not same(before, after, ordered=False):
                    self.change((*path, index), before, after)
        else:
            self.delete(path)
            self.insert(path, new)

    def table(self, path: Path, old: Mapping[str, Any], new: Mapping[str, Any], plan: Plan) -> None:
        """Carry out a plan for the keys of the table at this path."""
        for key in old:
            if key in plan.gone:
                self.delete((*path, key))
        for key, value in plan.values.items():
            self.change((*path, key), old[key], value)
        for anchor, key in plan.fresh:
            self.insert((*path, key), new[key], anchor)

    def delete(self, path: Path) -> None:
        """Take out every line that states something at or below this path; comments on lines of their own stay."""
        for found in self.statements:
            if found.path[: len(path)] != path:
                continue
            start = found.start
            if found.kind != "pair":  # the blank lines that set a table apart go with it
                start -= len(self.text[:start]) - len(self.text[:start].rstrip(" \t\r\n"))
                start = min(self.text.find("\n", start) + 1, found.start)
            if found.end == len(self.text) and not self.text.endswith("\n"):
                start = len(self.text[:start].removesuffix("\n").removesuffix("\r"))
            self._splices.append((start, _Rank.LINE, found.end, ""))

    def insert(self, path: Path, value: Any, anchor: str | Edge = Edge.END) -> None:
        """State a new value at this path: behind the key it follows, else behind the last key of its table."""
        parent = path[:-1]
        if isinstance(value, Mapping) and value and not self.dotted(parent):
            self._add(self._end_of(parent), tables_toml(path, value, self.eol), _Rank.TABLE)
            return
        before = self._pairs.get((*parent, anchor)) if isinstance(anchor, str) else None
        if before is not None:
            place, header = before.end, before.header
        elif isinstance(anchor, str) and (*parent, anchor) in self._new_keys:
            place, header = self._new_keys[*parent, anchor]
        else:
            place, header = self._homes.get(parent) or self._last(parent)
        indent = "" if not header else self._indent(header)
        self._new_keys[path] = (place, header)
        rank = _Rank.IMPLIED if header in self._implied else _Rank.LINE
        self._add(place, indent + pair_toml(path_toml(path[len(header) :]), value, self.eol), rank)

    def append(self, lines: str) -> None:
        """Put whole lines, which begin with a blank one, at the end of the text."""
        self._add(len(self.text), lines if self.text.removeprefix(BOM) else lines.removeprefix(self.eol), _Rank.TABLE)

    def _add(self, place: int, lines: str, rank: _Rank) -> None:
        if place == len(self.text) and self.text.removeprefix(BOM) and not self.text.endswith("\n"):
            lines = self.eol + lines.removesuffix(self.eol)
        self._splices.append((place, rank, place, lines))

    def dotted(self, table: Path) -> Statement | None:
        """The last dotted pair that states something in this table, where no header opens it: then none may."""
        if not table or table in self._headers:
            return None
        inside = [f for f in self.statements if f.kind == "pair" and f.path[: len(table)] == table and len(f.header) < len(table)]
        return inside[-1] if inside else None

    def _end_of(self, table: Path) -> int:
        """Where the last statement in or below a table ends; the root ends with the text."""
        ends = [found.end for found in self.statements if found.path[: len(table)] == table]
        return ends[-1] if table and ends else len(self.text)

    def _last(self, table: Path) -> tuple[int, Path]:
        """Where a new key of this table goes, and the header it then stands under."""
        pairs = [found for found in self.statements if found.kind == "pair" and found.header == table]
        if pairs:
            return pairs[-1].end, table
        if table in self._headers:
            return self._headers[table].end, table
        dotted = self.dotted(table)
        if dotted is not None:
            return dotted.end, dotted.header
        below = [found for found in self.statements if found.kind != "pair" and found.path[: len(table)] == table]
        if not below:
            return len(self.text), table
        if not table:
            place = self._above(below[0].start)
            self._splices.append((place, _Rank.BLANK, place, self.eol))
        else:  # a table that only deeper headers imply gets a header of its own before them
            place = below[0].start
            self._splices.append((place, _Rank.IMPLIED, place, f"[{path_toml(table)}]{self.eol}"))
            self._splices.append((place, _Rank.BELOW_IMPLIED, place, self.eol))
            self._implied.add(table)
        self._homes[table] = (place, table)
        return place, table

    def _above(self, start: int) -> int:
        """The beginning of the comment lines that stand directly above a line."""
        while start > 0:
            line = self.text.rfind("\n", 0, start - 1) + 1
            if not self.text[line:start].removeprefix(BOM).lstrip(" \t").startswith("#"):
                break
            start = line
        return 1 if start == 0 and self.text.startswith(BOM) else start

    def _indent(self, header: Path) -> str:
        pair = next((found for found in self.statements if found.kind == "pair" and found.header == header), None)
        return "" if pair is None else indentation(self.text, pair.value_start)


def _maps(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def changed_value(text: str, start: int, end: int, old: Any, new: Any, eol: str, *, inside: bool = False) -> str:
    """The text of a value that changed: edited inside where both are lists or inline tables, else replaced.

    inside: the value stands in a list or an inline table, where texts stay in one line.
    """
    raw = text[start:end]
    if isinstance(new, str):
        return line_toml(new) if inside and "\n" in new and not raw.startswith(('"""', "'''")) else text_toml(new, eol, raw)
    if raw[0] in "[{" and raw[1:-1].strip():
        bracket = scan(text, start, SYNTAX)
        if isinstance(old, list) and isinstance(new, list):
            return _changed_list(text, bracket, old, new, eol)
        if isinstance(old, dict) and isinstance(new, dict) and all(piece.name is not None for piece in bracket.pieces):
            return _changed_map(text, bracket, old, new, eol)
    return inline_toml(new)


def _changed_map(text: str, bracket: Bracket, old: dict[str, Any], new: dict[str, Any], eol: str) -> str:
    plan = turned(old, new, ordered=False)
    values = {}
    for index, piece in enumerate(bracket.pieces):
        if piece.name is not None and piece.name in plan.values:
            end = piece.start + len(piece.value)
            values[index] = changed_value(text, piece.start, end, old[piece.name], plan.values[piece.name], eol, inside=True)
    order: list[int | Fresh] = []
    for slot in arranged([piece.name for piece in bracket.pieces], plan):
        order.append(slot if isinstance(slot, int) else Fresh(f"{key_toml(slot)} = ", inline_toml(new[slot])))
    return _rebuilt(text, bracket, order, values, eol)


def _changed_list(text: str, bracket: Bracket, old: list[Any], new: list[Any], eol: str) -> str:
    """The array with what differs between the common beginning and the common end replaced."""
    shorter = min(len(old), len(new))
    before = next((i for i in range(shorter) if not same(old[i], new[i], ordered=False)), shorter)
    after = next((i for i in range(shorter - before) if not same(old[-1 - i], new[-1 - i], ordered=False)), shorter - before)
    values: dict[int, str] = {}
    order: list[int | Fresh] = list(range(before))
    if len(old) == len(new):
        order = list(range(len(old)))
        for i in range(before, len(old) - after):
            piece = bracket.pieces[i]
            values[i] = changed_value(text, piece.start, piece.start + len(piece.value), old[i], new[i], eol, inside=True)
    else:
        order += [Fresh("", inline_toml(item)) for item in new[before : len(new) - after]]
        order += range(len(old) - after, len(old))
    return _rebuilt(text, bracket, order, values, eol)


def _rebuilt(text: str, bracket: Bracket, order: list[int | Fresh], values: dict[int, str], eol: str) -> str:
    lead = eol + inner_indent(bracket, indentation(text, bracket.start), "  ")
    apart = bracket.pieces[1].lead if len(bracket.pieces) > 1 and not bracket.pieces[1].lead.strip() else " "
    return rebuild(bracket, order, values, SYNTAX, lead=lead, apart=apart)
