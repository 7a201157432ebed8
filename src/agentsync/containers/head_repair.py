"""Reading a head by its client's own repair, and making it valid for good before the first edit.

Floor 1, pure. `repairs` says what each client rewrites; this module reads the outcome and knows which lines of the file to mend.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from agentsync.containers.changes import same
from agentsync.containers.layout import Layout
from agentsync.containers.limits import Hostile
from agentsync.containers.repairs import LinePair, Repaired, block_lines, flat_lines, line_pairs, quote_lines
from agentsync.containers.text import line_end, to_lf
from agentsync.containers.yaml_emit import double_quoted, emit_pair
from agentsync.containers.yaml_tree import BadYaml, Composed, List, Map, compose, value_of
from agentsync.model import Value


@dataclass(frozen=True, slots=True)
class Mended:
    """A head as its client reads it after its repair: the keys, their lines (0-based, in the head), and the head made valid."""

    keys: dict[str, Value]
    lines: dict[str, int]
    head: str


BY_LINE: Final = ("pairs", "flat-lines")
"""Repairs that read line by line, and so a head that is YAML but no map as well."""

_LINES: Final = re.compile(r"[^\n]*(?:\n|\Z)")


def by_repair(head: str, layout: Layout, *, marked: bool = False) -> Mended | None:
    """The head read by the layout's repair, or None where that does not help either. Raises `Hostile`.

    marked: a byte order mark stands before the head.
    """
    if layout.repair == "none" or (not layout.repair_crlf and layout.repair != "quote-lines" and "\r\n" in head):
        return None
    if marked and not layout.repair_bom:
        return None
    if layout.repair in BY_LINE:
        return _by_pairs(head, layout)
    source = to_lf(head) if layout.repair_crlf else head
    repaired = quote_lines(source, lambda value: _is_list(value, layout)) if layout.repair == "quote-lines" else block_lines(source)
    try:
        composed = compose(repaired.text, layout.head, layout.duplicate)
    except BadYaml:
        return None
    if not isinstance(composed.root, Map):
        return None
    keys = value_of(composed.root, layout.duplicate)
    if not isinstance(keys, dict):
        return None
    lines, replacements = _replacements(repaired, composed, layout)
    return Mended(keys, lines, _checked(_with_lines(head, replacements), keys, head, layout))


def _is_list(value: str, layout: Layout) -> bool:
    try:
        return isinstance(compose(value, layout.head, layout.duplicate).root, List)
    except (BadYaml, Hostile):
        return False


def _replacements(repaired: Repaired, composed: Composed, layout: Layout) -> tuple[dict[str, int], dict[int, tuple[str, int]]]:
    """Key to line in the head as it stands, and of each line to mend: its new text and the last line that it stands for."""
    new_lines = repaired.text.split("\n")
    # A block line became two: what was line n of the head is n plus the number of blocks before it.
    grown = repaired.lines if layout.repair == "block-lines" else ()
    blocks = frozenset(grown)
    origin = [0]
    for number in range(1, len(new_lines)):
        origin.append(origin[-1] + (number - 1 not in blocks))
    lines: dict[str, int] = {}
    replacements: dict[int, tuple[str, int]] = {}
    if not grown:
        replacements = {number: (new_lines[number], number) for number in repaired.lines}
    changed = set(repaired.lines)
    for pair in composed.root.pairs if isinstance(composed.root, Map) else ():
        number = repaired.text.count("\n", 0, pair.start)
        lines[pair.key] = origin[number]
        if grown and number in changed:
            last = origin[repaired.text.count("\n", 0, pair.node.end)]
            text = f"{repaired.text[pair.start : pair.end]}: {double_quoted(str(value_of(pair.node)))}"
            replacements[origin[number]] = (text, last)
    return lines, replacements


def _with_lines(head: str, replacements: dict[int, tuple[str, int]]) -> str:
    """The head with some lines replaced, each with the line end it had."""
    out: list[str] = []
    through = -1
    for number, line in enumerate(_LINES.findall(head)):
        if number <= through:
            continue
        if number in replacements:
            text, through = replacements[number]
            out.append(text.removesuffix("\r") + line[len(line.rstrip("\r\n")) :])
        else:
            out.append(line)
    return "".join(out)


def _by_pairs(head: str, layout: Layout) -> Mended | None:
    pairs = line_pairs(head) if layout.repair == "pairs" else flat_lines(head, layout.repair_lists)
    keys = {key: pair.value for key, pair in pairs.items()}
    if not keys:
        return None
    kept = _LINES.findall(head)
    wanted = {line for key, pair in pairs.items() if _says(kept, key, pair, layout) for line in range(pair.first, pair.past)}
    fresh = {pair.first: (key, pair) for key, pair in pairs.items() if not _says(kept, key, pair, layout)}
    out: list[str] = []
    for number, line in enumerate(kept):
        if number in fresh:
            key, pair = fresh[number]
            told = emit_pair(key, pair.value, quote=layout.quote, lists=layout.lists, end=line_end(head))
            out.append(told + line[len(line.rstrip("\r\n")) :])
        elif number in wanted or not line.strip() or line.lstrip().startswith("#"):
            out.append(line)
    lines = {key: pair.first for key, pair in pairs.items()}
    return Mended(keys, lines, _checked("".join(out), keys, head, layout))


def _says(lines: list[str], key: str, pair: LinePair, layout: Layout) -> bool:
    """Whether these lines alone are YAML that says the same."""
    try:
        root = compose("".join(lines[pair.first : pair.past]), layout.head, "error").root
    except (BadYaml, Hostile):
        return False
    return isinstance(root, Map) and same(value_of(root), {key: pair.value})


def _checked(mended: str, keys: dict[str, Value], head: str, layout: Layout) -> str:
    """The mended head if it says what the client saw; else all keys written anew, which costs its comments but no meaning."""
    try:
        if same(value_of(compose(mended, layout.head, layout.duplicate).root, layout.duplicate), keys, ordered=False):
            return mended
    except (BadYaml, Hostile):
        pass
    end = line_end(head)
    return "".join(emit_pair(key, value, quote=layout.quote, lists=layout.lists, end=end) + end for key, value in keys.items())
