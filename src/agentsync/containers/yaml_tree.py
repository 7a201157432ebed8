"""YAML text to a tree whose nodes know where they stand, from the events of a parser that does not recurse.

Floor 1, pure. The tree is what small edits need: a value is replaced by replacing its span. Scalars are resolved here, by the
client's dialect (`yaml_scalars`), never by PyYAML. What is no YAML raises `BadYaml`, what is YAML but hostile raises
`limits.Hostile`; a broken text is broken first, because a client repairs it first (`tools: *` is no alias).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from agentsync.containers.limits import Hostile, depth_guard
from agentsync.containers.text import readable
from agentsync.containers.yaml_emit import FlowMap as FlowMap
from agentsync.containers.yaml_emit import emit as emit
from agentsync.containers.yaml_scalars import key_text, resolve
from agentsync.model import Value


class BadYaml(Exception):
    """A text that is no YAML, or no YAML this client takes; `offset` is the place."""

    def __init__(self, message: str, offset: int, code: str = "bad-yaml") -> None:
        self.offset = offset
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar; style is `''` for plain, else `'`, `"`, `|` or `>`. A block scalar ends before its last line end."""

    start: int
    end: int
    value: Value
    style: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and its value in a map."""

    key: str
    start: int
    end: int
    node: Node


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping, duplicates kept; it ends where its last value ends (flow: after the brace)."""

    start: int
    end: int
    flow: bool
    column: int
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class List:
    """A sequence; it ends where its last item ends (flow: after the bracket)."""

    start: int
    end: int
    flow: bool
    column: int
    items: tuple[Node, ...]


Node: TypeAlias = Scalar | Map | List


@dataclass(frozen=True, slots=True)
class Composed:
    """A text's tree: the root (None where there is nothing but comments) and the places of the first repeated keys."""

    root: Node | None
    repeated: tuple[tuple[str, int], ...] = ()


# Characters that libyaml takes for line breaks or refuses, and that the clients read as any other character. They go through the
# parser as private characters of plane 16, one for one, so that offsets stay true.
_NOT_FOR_LIBYAML: Final = {
    "yaml12": re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"),
    "js-yaml": re.compile("[\x85\u2028\u2029\ud800-\udfff\ufeff]"),
    "yaml11": re.compile("[\ud800-\udfff]"),
}
_REPEATED: Final = 20      # more of them are told to nobody: a hostile head can repeat a key ten thousand times
_CLOAKED: Final = re.compile("[\U0010f000-\U0010ffff]")
_CLOAK: Final = {
    **{code: 0x10F000 + code for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r"},
    **{ord(sign): 0x10F100 + index for index, sign in enumerate("\u2028\u2029\ufeff\ufffe\uffff")},
    **{code: 0x10F800 + code - 0xD800 for code in range(0xD800, 0xE000)},
}
_UNCLOAK: Final = {private: code for code, private in _CLOAK.items()}
_CLOAKS: Final = {name: {code: private for code, private in _CLOAK.items() if odd.match(chr(code))} for name, odd in _NOT_FOR_LIBYAML.items()}


_TELLING: Final = {
    "mapping values are not allowed in this context": "a colon and a space stand inside an unquoted value",
    "could not find expected ':'": "this line is no `key: value`",
    "did not find expected key": "a key was expected here: the line is indented oddly, or text follows a closed quote",
    "found character that cannot start any token": "an unquoted value begins with a reserved sign or a tab",
    "found unexpected end of stream": "a quote is opened and never closed",
    "did not find expected alphabetic or numeric character": "an unquoted value begins with `*` or `&`",
    "did not find expected ',' or ']'": "a list opened by `[` is not closed, or text follows an item",
    "did not find expected ',' or '}'": "a map opened by `{` is not closed, or text follows a value",
    "found unknown escape character": "a double-quoted value holds a backslash sequence that YAML does not know",
    "block sequence entries are not allowed in this context": "a list item stands behind its key, not below it",
}


def _events(text: str) -> Iterator[Any]:
    import yaml  # here, not above: half of a start's time, and most starts read no YAML

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if error.context and ("quoted" in error.context or "flow" in error.context):
            mark = error.context_mark or mark  # where it was opened tells more than where the parser gave up
        said = str(error.problem or error.context)
        raise BadYaml(_TELLING.get(said, said), mark.index if mark is not None else 0) from None
    except yaml.reader.ReaderError as error:
        sign = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "?")
        raise BadYaml(f"the character U+{sign:04X} is not allowed", max(text.find(chr(sign)), 0)) from None


def compose(text: str, dialect: str, duplicate: str = "error") -> Composed:
    """The tree of one YAML document; raises `BadYaml` or `Hostile`. The text is LF or CRLF, without a byte order mark."""
    odd = _NOT_FOR_LIBYAML[dialect]
    cloaked = odd.search(text) is not None
    if cloaked:
        text = readable(text) if _CLOAKED.search(text) else text.translate(_CLOAKS[dialect])
    return _Composer(text, dialect, duplicate, cloaked).document()


class _Composer:
    """One run over the events of one text."""

    def __init__(self, text: str, dialect: str, duplicate: str, cloaked: bool) -> None:
        self.text = text
        self.dialect = dialect
        self.duplicate = duplicate
        self.cloaked = cloaked
        self.events = _events(text)
        self.check = depth_guard()
        self.anchors: set[str] = set()
        self.hostile: Hostile | None = None
        self.repeated: list[tuple[str, int]] = []

    def document(self) -> Composed:
        root: Node | None = None
        documents = 0
        for event in self.events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise BadYaml("a second YAML document begins here", event.start_mark.index)
            elif kind not in ("StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"):
                root = self.node(event, 0)
        if self.hostile is not None:
            raise self.hostile
        if isinstance(root, Scalar) and root.value is None and root.start == root.end:
            root = None
        return Composed(root, tuple(self.repeated))

    def node(self, event: Any, depth: int) -> Node:
        start: int = event.start_mark.index
        kind = type(event).__name__
        self.check(depth if kind in ("ScalarEvent", "AliasEvent") else depth + 1, start)
        if kind == "AliasEvent":
            if event.anchor not in self.anchors:
                raise BadYaml(f"`*{event.anchor}` refers to an anchor that is not there", start)
            self.suspect("limit-alias", start)
            return Scalar(start, event.end_mark.index, None, "")
        if event.anchor is not None:
            self.anchors.add(event.anchor)
            self.suspect("limit-alias", start)
        if event.tag is not None:
            self.suspect("limit-tag", start)
        if kind == "ScalarEvent":
            return self.scalar(event)
        if kind == "SequenceStartEvent":
            return self.sequence(event, depth)
        return self.mapping(event, depth)

    def suspect(self, code: str, offset: int) -> None:
        if self.hostile is None:
            self.hostile = Hostile(code, offset)

    def shown(self, text: str) -> str:
        return readable(text.translate(_UNCLOAK)) if self.cloaked and _CLOAKED.search(text) else text

    def scalar(self, event: Any) -> Scalar:
        start, end, style = event.start_mark.index, event.end_mark.index, event.style or ""
        if style in ("|", ">"):
            header = self.text[start:end].split("\n", 1)[0].split("#")[0]
            span = self.text[start:end]
            core = span.rstrip(" \t\r\n")
            if "+" in header:  # the blank lines below are part of the text
                core = span[:-2] if span.endswith("\r\n") else span.removesuffix("\n")
            end = start + len(core)
        elif start == end:  # nothing stands there: an explicit key's missing value is marked on the next line
            while start and self.text[start - 1] in " \t\r\n":
                start -= 1
            end = start
        text = self.shown(event.value)
        return Scalar(start, end, text if style else resolve(text, self.dialect), style)

    def sequence(self, event: Any, depth: int) -> List:
        start, flow = event.start_mark.index, bool(event.flow_style)
        items: list[Node] = []
        for inner in self.events:
            if type(inner).__name__ == "SequenceEndEvent":
                end = inner.end_mark.index if flow or not items else items[-1].end
                return List(start, end, flow, event.start_mark.column, tuple(items))
            items.append(self.node(inner, depth + 1))
        raise BadYaml("a list is not closed", start)

    def mapping(self, event: Any, depth: int) -> Map:
        start, flow = event.start_mark.index, bool(event.flow_style)
        pairs: list[Pair] = []
        seen: set[str] = set()
        for inner in self.events:
            if type(inner).__name__ == "MappingEndEvent":
                end = inner.end_mark.index if flow or not pairs else pairs[-1].node.end
                return Map(start, end, flow, event.start_mark.column, tuple(pairs))
            node = self.node(inner, depth + 1)
            if not isinstance(node, Scalar):
                raise BadYaml("a key is a list or a map, where a text is expected", node.start)
            key = str(node.value) if node.style else key_text(self.shown(getattr(inner, "value", "")), self.dialect)
            if key == "<<" and not node.style:
                self.suspect("limit-merge", node.start)
            if key in seen:
                if self.duplicate == "error":
                    raise BadYaml(f"the key `{key}` stands here twice", node.start, "duplicate-key")
                if len(self.repeated) < _REPEATED:
                    self.repeated.append((key, node.start))
            seen.add(key)
            pairs.append(Pair(key, node.start, node.end, self.node(next(self.events), depth + 1)))
        raise BadYaml("a map is not closed", start)


def value_of(node: Node | None, duplicate: str = "last") -> Value:
    """The plain value of a tree; of equal keys the last or the first counts, at the place of the first."""
    if node is None:
        return None
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, List):
        return [value_of(item, duplicate) for item in node.items]
    return {pair.key: value_of(pair.node, duplicate) for pair in counting(node, duplicate).values()}


def counting(node: Map, duplicate: str = "last") -> dict[str, Pair]:
    """The pairs of a map that count, by key."""
    pairs: dict[str, Pair] = {}
    for pair in node.pairs:
        if duplicate != "first" or pair.key not in pairs:
            pairs[pair.key] = pair
    return pairs


def descend(node: Node | None, path: tuple[str | int, ...], duplicate: str = "last") -> Node | None:
    """The node at a path of keys and list places, or None."""
    for step in path:
        if isinstance(node, Map) and isinstance(step, str):
            pair = counting(node, duplicate).get(step)
            node = pair.node if pair else None
        elif isinstance(node, List) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            return None
    return node
