"""Small edits of YAML text: only the text of what changed is replaced, by the spans of its tree.

Floor 1, pure. Comments, key order, quoting, indentation, blank lines and line ends of everything else stay, byte for byte. A changed
text keeps its quotes and a changed list its brackets or dashes where they can say the new value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agentsync.containers.changes import Plan, arranged, in_order, is_value, planned, same, turned
from agentsync.containers.cleaned import Guarded
from agentsync.containers.layout import Change
from agentsync.containers.yaml_emit import double_quoted, emit, emit_flow, emit_key, emit_pair, emit_text, guarded_text, literal
from agentsync.containers.yaml_scalars import plain_safe
from agentsync.containers.yaml_tree import List, Map, Node, Pair, Scalar, counting, descend, value_of
from agentsync.model import Value


@dataclass(frozen=True, slots=True)
class Style:
    """How new text looks: quoting, lists, line end; texts `block` allows literal blocks; duplicate says which of two keys counts."""

    quote: str = "auto"
    lists: str = "flow"
    end: str = "\n"
    texts: str = "line"
    duplicate: str = "last"


@dataclass(frozen=True, slots=True)
class Splice:
    """Text to put in place of `text[start:end]`."""

    start: int
    end: int
    new: str


def spliced(text: str, splices: Sequence[Splice]) -> str:
    """The text with all splices done; those at one place in the order given. None overlap."""
    parts: list[str] = []
    position = 0
    for splice in sorted(splices, key=lambda item: (item.start, item.end)):
        parts += (text[position : splice.start], splice.new)
        position = max(position, splice.end)
    parts.append(text[position:])
    return "".join(parts)


def change_keys(text: str, root: Node | None, changes: Mapping[str, Change], style: Style) -> str:
    """The text of a document whose root map has other keys; an empty document gets them at its end."""
    if isinstance(root, Map) and root.pairs:
        plan = planned(_plain(root, style), settled(changes), ordered=True)
        if not plan:
            return text
        return spliced(text, _Editor(text, style).edit_map(root, plan, settled(changes), parent=None))
    fresh = {key: value for key, value in settled(changes).items() if is_value(value)}
    if not fresh:
        return text
    lines = style.end.join(_pair(key, value, style, 0) for key, value in fresh.items())
    if isinstance(root, (Map, Scalar, List)):  # `{}`, or `null`: nothing in it worth keeping
        return spliced(text, [Splice(root.start, root.end, lines)])
    gap = "" if not text or text.endswith(("\n", "\r")) else style.end
    return text + gap + lines + style.end


def change_at(text: str, root: Node | None, path: Sequence[str | int], changes: Mapping[str, Change], style: Style) -> str:
    """The text with other keys in the map at a path; what stands there and is no map with keys is replaced."""
    if not path:
        return change_keys(text, root, changes, style)
    changes = settled(changes)
    node, owner, dash, flow = _found(text, root, path, style)
    editor = _Editor(text, style)
    if isinstance(node, Map) and node.pairs:
        return spliced(text, editor.edit_map(node, planned(_plain(node, style), changes), changes, owner))
    new = {key: value for key, value in changes.items() if is_value(value)}
    return spliced(text, editor.value(owner, node, new, dash, flow=flow)) if new else text


def change_value(text: str, root: Node | None, path: Sequence[str | int], new: Value, style: Style) -> str:
    """The text with another value at a path that is there."""
    node, owner, dash, flow = _found(text, root, path, style)
    return spliced(text, _Editor(text, style).value(owner, node, new, dash, flow=flow))


def remove_at(text: str, root: Node | None, path: Sequence[str | int], style: Style) -> str:
    """The text without the key or item at a path that is there; what is left empty becomes `{}` or `[]`."""
    last = path[-1]
    if len(path) == 1 and isinstance(root, Map):
        editor = _Editor(text, style)
        return spliced(text, editor.edit_map(root, Plan({}, frozenset({str(last)}), ()), {}, None))
    node, owner, dash, _ = (root, None, -1, False) if len(path) == 1 else _found(text, root, path[:-1], style)
    editor = _Editor(text, style)
    if isinstance(node, Map):
        return spliced(text, editor.edit_map(node, Plan({}, frozenset({str(last)}), ()), {}, owner))
    if isinstance(node, List) and isinstance(last, int):
        left = [value_of(item, style.duplicate) for index, item in enumerate(node.items) if index != last]
        if not left:
            return spliced(text, editor.replaced(owner, node, [], dash) if owner or dash >= 0 else [Splice(node.start, node.end, "[]")])
        return spliced(text, editor.without_item(node, last, left, owner, dash))
    raise KeyError(last)


def _found(text: str, root: Node | None, path: Sequence[str | int], style: Style) -> tuple[Node, Pair | None, int, bool]:
    """The node at a path, the pair it is the value of (else None), the place of its dash (else -1), and whether it stands in brackets."""
    outer = descend(root, tuple(path[:-1]), style.duplicate)
    last = path[-1]
    if isinstance(outer, Map) and isinstance(last, str) and (pair := counting(outer, style.duplicate).get(last)):
        return pair.node, pair, -1, outer.flow
    if isinstance(outer, List) and isinstance(last, int) and last < len(outer.items):
        return outer.items[last], None, -1 if outer.flow else _Editor(text, style).dash(outer, last), outer.flow
    raise KeyError(last)


def settled(changes: Mapping[str, Change]) -> dict[str, Change]:
    """The changes with nested deletions carried out: a nested map is always the whole new value."""
    return {key: _settled(value) if is_value(value) else value for key, value in changes.items()}


def _settled(value: Value) -> Value:
    if isinstance(value, dict) and not all(is_value(item) for item in value.values()):
        return type(value)((key, _settled(item)) for key, item in value.items() if is_value(item))
    if isinstance(value, dict):
        return type(value)((key, _settled(item)) for key, item in value.items())
    return value


def _plain(node: Map, style: Style) -> dict[str, Value]:
    value = value_of(node, style.duplicate)
    return value if isinstance(value, dict) else {}


def _pair(key: str, value: Value, style: Style, indent: int) -> str:
    return emit_pair(key, value, quote=style.quote, lists=style.lists, indent=indent, end=style.end, texts=style.texts)


_TO_LINE_END: Final = re.compile(r"[^\r\n]*")
_COMMENT: Final = re.compile(r"[ \t]+#[^\r\n]*")
_SINGLE: Final = re.compile("[^\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]*")


class _Editor:
    """The splices that turn one text's values into others."""

    def __init__(self, text: str, style: Style) -> None:
        self.text = text
        self.style = style

    # Places

    def line_start(self, offset: int) -> int:
        return max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1

    def line_stop(self, offset: int) -> int:
        """Where the line of an offset ends, before its line end."""
        found = _TO_LINE_END.match(self.text, offset)
        return found.end() if found else len(self.text)

    def next_line(self, offset: int) -> int:
        stop = self.line_stop(offset)
        return stop + (2 if self.text.startswith("\r\n", stop) else 1 if stop < len(self.text) else 0)

    def without_lines(self, start: int, end: int) -> Splice:
        """Takes out the lines from one offset to another: with the line end before them, so that text may be put behind them."""
        first = self.line_start(start)
        if first == 0:
            return Splice(0, self.next_line(end), "")
        return Splice(self.line_before(first), self.line_stop(end), "")

    def line_before(self, first: int) -> int:
        """Where the line before the one that begins at `first` ends."""
        return first - (2 if self.text[first - 2 : first] == "\r\n" else 1)

    def above(self, offset: int, line: str) -> Splice:
        """Puts a line above the one an offset is in."""
        first = self.line_start(offset)
        if first == 0:
            return Splice(0, 0, line + self.style.end)
        return Splice(self.line_before(first), self.line_before(first), self.style.end + line)

    def leads(self, offset: int) -> bool:
        """Whether nothing but spaces stands before an offset on its line."""
        return not self.text[self.line_start(offset) : offset].strip(" ")

    def explicit(self, node: Map) -> bool:
        """Whether a key of the map is written with `?`: then its parts are not where one looks for them."""
        return any(self.text[self.line_start(pair.start) : pair.start].rstrip(" ").endswith("?") for pair in node.pairs) and not node.flow

    # Maps

    def edit_map(self, node: Map, plan: Plan, changes: Mapping[str, Change], parent: Pair | None) -> list[Splice]:
        """Splices for a map that has pairs. parent: the pair it is the value of, where emptying it may rewrite that."""
        if not plan:
            return []
        new = {key: value for key, value in changes.items() if is_value(value)}
        if self.explicit(node):
            return self.rewritten(node, {**_plain(node, self.style), **new}, plan, parent)
        left = [pair for pair in node.pairs if pair.key not in plan.gone]
        if not left:
            return self.rewritten(node, {key: new[key] for _, key in plan.fresh}, Plan({}, frozenset(), ()), parent)
        if node.flow:
            return self.flow_map(node, plan, new)
        out = [splice for pair in self.counting(node, plan) for splice in self.value(pair, pair.node, plan.values[pair.key])]
        return out + self.deleted(node, plan) + self.inserted(node, plan, new)

    def counting(self, node: Map, plan: Plan) -> list[Pair]:
        return [pair for pair in counting(node, self.style.duplicate).values() if pair.key in plan.values]

    def rewritten(self, node: Map, keys: Mapping[str, Value], plan: Plan, parent: Pair | None) -> list[Splice]:
        """The map written anew, at its place."""
        left = {key: value for key, value in keys.items() if key not in plan.gone}
        if not left:
            if parent is not None:
                return self.replaced(parent, node, {}, -1)
            if node.flow or not self.leads(node.start):
                return [Splice(node.start, node.end, "{}")]
            return [self.without_lines(node.start, node.end)]
        if node.flow:
            return [Splice(node.start, node.end, emit_flow(left, self.style.quote))]
        pad = self.style.end + " " * node.column
        start = node.start
        if self.text[self.line_start(start) : start].strip() == "?":
            start = self.line_start(start) + node.column
        return [Splice(start, node.end, pad.join(_pair(key, value, self.style, node.column) for key, value in left.items()))]

    def deleted(self, node: Map, plan: Plan) -> list[Splice]:
        out = []
        skipped = 0
        if not self.leads(node.pairs[0].start) and node.pairs[0].key in plan.gone:  # it shares a line with a dash
            skipped = next(index for index, pair in enumerate(node.pairs) if pair.key not in plan.gone)
            out.append(Splice(node.pairs[0].start, node.pairs[skipped].start, ""))
        for pair in node.pairs[skipped:]:
            if pair.key in plan.gone:
                out.append(self.without_lines(pair.start, max(pair.end, pair.node.end)))
        return out

    def inserted(self, node: Map, plan: Plan, new: Mapping[str, Value]) -> list[Splice]:
        out: list[Splice] = []
        pad, end = " " * node.column, self.style.end
        after: Pair | None = None
        for step in arranged([pair.key for pair in node.pairs], plan, first=self.style.duplicate == "first"):
            if isinstance(step, int):
                after = node.pairs[step]
                continue
            text = _pair(step, new[step], self.style, node.column)
            if after is not None:
                stop = self.line_stop(max(after.end, after.node.end))
                out.append(Splice(stop, stop, end + pad + text))
            elif self.leads(node.start):
                out.append(self.above(node.start, pad + text))
            else:
                out.append(Splice(node.start, node.start, text + end + pad))
        return out

    def flow_map(self, node: Map, plan: Plan, new: Mapping[str, Value]) -> list[Splice]:
        if not plan.gone and not plan.fresh:
            changed = self.counting(node, plan)
            return [splice for pair in changed for splice in self.value(pair, pair.node, plan.values[pair.key], flow=True)]
        pieces: list[str] = []
        for step in arranged([pair.key for pair in node.pairs], plan, first=self.style.duplicate == "first"):
            if isinstance(step, str) or node.pairs[step].key in plan.values:
                key = step if isinstance(step, str) else node.pairs[step].key
                value = new[step] if isinstance(step, str) else plan.values[key]
                pieces.append(f"{emit_key(key, flow=True)}: {emit_flow(value, self.style.quote)}")
            else:
                pair = node.pairs[step]
                pieces.append(self.text[pair.start : max(pair.end, pair.node.end)])
        return [self.joined(node, [(pair.start, max(pair.end, pair.node.end)) for pair in node.pairs], pieces)]

    def joined(self, node: Map | List, spans: Sequence[tuple[int, int]], pieces: Sequence[str]) -> Splice:
        """A flow collection with other pieces, spaced as it was."""
        opening = self.text[node.start : spans[0][0]]
        closing = self.text[spans[-1][1] : node.end]
        between = self.text[spans[0][1] : spans[1][0]] if len(spans) > 1 else ", "
        if between.strip() != ",":
            between = ", "
        return Splice(node.start, node.end, opening + between.join(pieces) + closing)

    # Values

    def value(self, owner: Pair | None, old: Node, new: Value, dash: int = -1, *, flow: bool = False) -> list[Splice]:
        """Splices for one value: of a pair, or of a list's item whose dash stands at `dash` (block) or of no owner (flow)."""
        if isinstance(old, Map) and isinstance(new, Mapping) and old.pairs and new:
            was = _plain(old, self.style)
            if in_order(was, new):
                return self.edit_map(old, turned(was, dict(new)), dict(new), owner)
        if isinstance(old, List) and isinstance(new, (list, tuple)) and old.items and new:
            return self.edit_list(owner, old, list(new), dash)
        if isinstance(old, Scalar) and not isinstance(new, (Mapping, list, tuple)) and old.start < old.end:
            return [Splice(old.start, old.end, self.scalar(old, new, flow))]
        if flow:
            text = emit_flow(new, self.style.quote)
            if old.start < old.end:
                return [Splice(old.start, old.end, text)]
            return [Splice(old.start, old.start, (" " if self.text[old.start - 1] == ":" else ": ") + text)]
        return self.replaced(owner, old, new, dash)

    def scalar(self, old: Scalar, new: Value, flow: bool) -> str:
        """The new scalar in the quotes of the old one, where they can say it."""
        if not isinstance(new, str):
            return emit_flow(new, self.style.quote)
        if isinstance(new, Guarded):
            line = self.text[self.line_start(old.start) : old.start]
            return emit_text(new) if flow else guarded_text(new, len(line) - len(line.lstrip(" ")) + 2, self.style.end)
        if old.style == '"':
            return double_quoted(new)
        if old.style == "'" and _SINGLE.fullmatch(new) and "---" not in new:
            return "'" + new.replace("'", "''") + "'"
        if old.style in ("|", ">") and not flow:
            block = self.block(old, new)
            if block is not None:
                return block
        if not old.style and isinstance(old.value, str) and plain_safe(new, flow=flow):
            return new
        return emit_text(new, self.style.quote, flow=flow)

    def block(self, old: Scalar, new: str) -> str | None:
        if "---" in new and self.style.texts != "block":
            return None
        lines = self.text[old.start : old.end].splitlines()[1:]
        first = next((line for line in lines if line.strip()), None)
        indent = len(first) - len(first.lstrip(" ")) if first is not None else 0
        if indent == 0 or re.match(r"[|>][-+]?[0-9]", self.text[old.start : old.start + 3]):
            return None
        if old.style == ">" and "\n" in new.removesuffix("\n"):
            return None
        return literal(new, indent, self.style.end, old.style)

    def replaced(self, owner: Pair | None, old: Node, new: Value, dash: int) -> list[Splice]:
        """A value of another kind, at the place of the old one: behind the colon of its pair, or behind its dash."""
        if owner is not None:
            after = self.text.index(":", owner.end) + 1
            column = owner.start - self.line_start(owner.start)
        else:
            after, column = dash + 1, dash - self.line_start(dash)
        text = self.behind(new, column, fresh=owner is None)
        stop = max(old.end, after)
        below = self.line_stop(after) < old.start
        block = text.startswith(self.style.end)
        if below:  # the old value stands on lines of its own: a comment behind the colon stays there
            line, stop = self.line_stop(after), self.line_stop(stop)
            comment = _COMMENT.match(self.text, after)
            if block:
                return [Splice(line, stop, text)]
            return [Splice(after, stop, text + (comment.group() if comment else ""))]
        if block and not (isinstance(old, Scalar) and old.style in ("|", ">")):
            line = self.line_stop(stop)
            return [Splice(after, stop, ""), Splice(line, line, text)]
        return [Splice(after, stop, text)]

    # Lists

    def edit_list(self, owner: Pair | None, old: List, new: list[Any], dash: int) -> list[Splice]:
        was = [value_of(item, self.style.duplicate) for item in old.items]
        head = next((i for i, (a, b) in enumerate(zip(was, new, strict=False)) if not same(a, b)), min(len(was), len(new)))
        shorter = min(len(was), len(new)) - head
        tail = next((i for i in range(shorter) if not same(was[-1 - i], new[-1 - i])), shorter)
        if head == len(was) == len(new):
            return []
        if old.flow:
            return [self.flow_list(old, new, head, tail)]
        dashes = [self.dash(old, index) for index in range(len(old.items))]
        if not all(self.leads(place) for place in dashes):  # `- - a`: the inner list shares its line with the outer dash
            return self.replaced(owner, old, new, dash)
        middle = range(head, len(was) - tail)
        fresh = new[head : len(new) - tail]
        out: list[Splice] = []
        for index, value in zip(middle, fresh, strict=False):
            out += self.value(None, old.items[index], value, dashes[index])
        for index in middle[len(fresh) :]:
            out.append(self.without_lines(dashes[index], max(old.items[index].end, dashes[index] + 1)))
        return out + self.new_items(old, dashes, fresh[len(middle) :], head + len(middle) - 1)

    def without_item(self, old: List, index: int, left: list[Any], owner: Pair | None, dash: int) -> list[Splice]:
        """A list that keeps other items than this one: its lines go, even where an equal item stands beside it."""
        if old.flow:
            spans = [(item.start, item.end) for item in old.items]
            return [self.joined(old, spans, [self.text[start:end] for at, (start, end) in enumerate(spans) if at != index])]
        place = self.dash(old, index)
        if not self.leads(place):
            return self.replaced(owner, old, left, dash)
        return [self.without_lines(place, max(old.items[index].end, place + 1))]

    def new_items(self, old: List, dashes: Sequence[int], values: Sequence[Value], after: int) -> list[Splice]:
        out = []
        column, end = dashes[0] - self.line_start(dashes[0]), self.style.end
        for value in values:
            text = " " * column + "-" + self.behind(value, column, fresh=True)
            if after >= 0:
                stop = self.line_stop(max(old.items[after].end, dashes[after] + 1))
                out.append(Splice(stop, stop, end + text))
            else:
                out.append(self.above(dashes[0], text))
        return out

    def behind(self, value: Value, column: int, *, fresh: bool) -> str:
        style = self.style
        return emit(value, quote=style.quote, lists=style.lists, indent=column, end=style.end, texts=style.texts, fresh=fresh)

    def dash(self, node: List, index: int) -> int:
        """Where the dash of an item stands: the first sign after the item before that is no comment."""
        position = node.items[index - 1].end if index else node.start
        if index == 0 and self.text[position : position + 1] == "-":
            return position
        for found in re.compile(r"#[^\r\n]*|-").finditer(self.text, position):
            if found.group() == "-":
                return found.start()
        return position

    def flow_list(self, old: List, new: list[Any], head: int, tail: int) -> Splice:
        """Items that stay keep their text; new ones are quoted where all old ones are."""
        spans = [(item.start, item.end) for item in old.items]
        quoted = all(isinstance(item, Scalar) and item.style == '"' for item in old.items)
        pieces = [self.text[start:end] for start, end in spans]
        fresh = [double_quoted(value) if quoted and isinstance(value, str) else emit_flow(value, self.style.quote) for value in new]
        kept = pieces[len(pieces) - tail :] if tail else []
        return self.joined(old, spans, pieces[:head] + fresh[head : len(fresh) - tail] + kept)
