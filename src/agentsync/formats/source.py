"""The text of a file of settings (a format, the hub's or the user's configuration) -> plain data, and where in it each value stands.

Floor 2, pure. Such a file is a small part of YAML: maps with text keys, lists, and scalars of YAML 1.2 (`on`, `no` and
dates are texts). Anchors, aliases, tags, duplicate keys and great depth are flaws, found while the text is walked event by
event, so that nothing in it can make the parser recurse or grow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

MAX_CHARACTERS: Final = 256 * 1024
MAX_DEPTH: Final = 16

KeyPath: TypeAlias = "tuple[str | int, ...]"

_QUOTE: Final = "put a text that holds `{`, `[`, `,`, `#` or a colon into double quotes"

_LONE: Final = re.compile("[\ud800-\udfff]")
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: Final[Mapping[str, bool | None]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with a file. `path` leads to the value; `on_key`: it is the key there that is wrong.

    code: `format-syntax` (no such YAML), `format-key`, `format-value` (against the language), `format-rule` (against its sense).
    at: line and column from 1, where they are known already.
    """

    code: str
    message: str
    path: KeyPath = ()
    hint: str | None = None
    on_key: bool = False
    at: tuple[int, int] | None = None


@dataclass(slots=True)
class Source:
    """A file taken apart. `data` is None where the text is no YAML at all; then `flaws` says why.

    values and keys: path to line and column, filled only where they were asked for.
    """

    data: Any = None
    flaws: list[Flaw] = field(default_factory=list)
    values: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)
    keys: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)

    def place(self, flaw: Flaw) -> tuple[int, int]:
        """Where a flaw stands: its own place, else that of its key or value, else of the nearest that holds it."""
        if flaw.at is not None:
            return flaw.at
        path = flaw.path
        if flaw.on_key and path in self.keys:
            return self.keys[path]
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, (1, 1))


def read_source(text: str, *, places: bool = False) -> Source:
    """Take the text of a file apart. Never raises for bad text; `places` also notes where everything stands (slower)."""
    import yaml

    source = Source()
    if len(text) > MAX_CHARACTERS:
        source.flaws.append(Flaw("format-syntax", f"too long ({len(text):,} characters), at most {MAX_CHARACTERS:,} are read", at=(1, 1)))
        return source
    lone = _LONE.search(text)
    if lone is not None:
        at = _line_column_of(text, lone.start())
        source.flaws.append(Flaw("format-syntax", f"no UTF-8 (the byte {ord(lone[0]) & 0xFF:#04x}), UTF-8 is read", at=at))
        return source
    walk = _Walk(source, places)
    try:
        # CSafeLoader is missing where PyYAML was built without libyaml; both give the same events.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        try:
            walk.run(loader.get_event)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        reason = _reason(error)
        hint = _QUOTE if "did not find expected" in reason or "mapping values" in reason else None
        source.flaws.append(Flaw("format-syntax", f"no valid YAML ({reason})", hint=hint, at=_error_place(error, text)))
        source.data = None
    return source


def resolve(text: str) -> Any:
    """A plain scalar by YAML 1.2's core schema: null, true, false, numbers; everything else is text.

    >>> resolve("true"), resolve("on"), resolve("0.5"), resolve("2026-01-31"), resolve("")
    (True, 'on', 0.5, '2026-01-31', None)
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "-+.0123456789":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text):
            return float(text)
    return text


class _Walk:
    """Builds plain data from parse events with its own stack."""

    def __init__(self, source: Source, places: bool) -> None:
        import yaml

        self._source = source
        self._places = places
        self._scalar, self._alias = yaml.ScalarEvent, yaml.AliasEvent
        self._map, self._list = yaml.MappingStartEvent, yaml.SequenceStartEvent
        self._ends = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
        self._document, self._end = yaml.DocumentStartEvent, yaml.StreamEndEvent
        self._documents = 0
        self._holders: list[Any] = []
        self._path: list[str | int] = []
        self._key: str | None = None

    def run(self, next_event: Callable[[], Any]) -> None:
        """Take all events, or as many as there are before the walk must end."""
        scalar = self._scalar
        while True:
            event = next_event()
            kind = type(event)
            if kind is scalar:
                self._take_scalar(event)
            elif kind is self._end or not self._take(kind, event):
                return

    def _take(self, kind: type, event: Any) -> bool:
        """One event that is no scalar; false where the walk must end."""
        if kind is self._map or kind is self._list:
            return self._open({} if kind is self._map else [], event)
        if kind in self._ends:
            self._holders.pop()
            if self._holders:
                self._path.pop()
        elif kind is self._alias:
            self._flaw(f"aliases are not allowed (*{event.anchor}), write the value again", event.start_mark)
            return False
        elif kind is self._document:
            self._documents += 1
            if self._documents > 1:
                self._flaw("a second document begins (---), one is read", event.start_mark)
                return False
        return True

    def _take_scalar(self, event: Any) -> None:
        if event.anchor is not None or event.tag is not None:
            self._check_properties(event)
        holder = self._holders[-1] if self._holders else None
        if type(holder) is dict and self._key is None:
            key = event.value
            if key in holder:
                self._flaw(f"the key is there twice ({key}), a key may be there once", event.start_mark)
            self._key = key
            if self._places:
                self._source.keys[(*self._path, key)] = _line_column(event.start_mark)
            return
        self._put(resolve(event.value) if event.implicit[0] else event.value, event)

    def _open(self, holder: Any, event: Any) -> bool:
        self._check_properties(event)
        above = self._holders[-1] if self._holders else None
        if isinstance(above, dict) and self._key is None:
            self._flaw("a key must be a text, not a list or a map", event.start_mark)
            return False
        if len(self._holders) >= MAX_DEPTH:
            self._flaw(f"nested too deeply, at most {MAX_DEPTH} levels are read", event.start_mark)
            return False
        step = self._put(holder, event)
        if step is not None:
            self._path.append(step)
        self._holders.append(holder)
        return True

    def _put(self, value: Any, event: Any) -> str | int | None:
        """Hang a value into what holds it; gives its key or index there."""
        holder = self._holders[-1] if self._holders else None
        step: str | int | None = None
        if holder is None:
            self._source.data = value
        elif isinstance(holder, dict):
            step, self._key = self._key, None
            holder[step] = value
        else:
            step = len(holder)
            holder.append(value)
        if self._places:
            path = tuple(self._path) if step is None else (*self._path, step)
            self._source.values[path] = _line_column(event.start_mark)
        return step

    def _check_properties(self, event: Any) -> None:
        if event.anchor is not None:
            self._flaw(f"anchors are not allowed (&{event.anchor}), write the value again", event.start_mark)
        if event.tag is not None:
            self._flaw(f"tags are not allowed ({event.tag}), write a plain value", event.start_mark)

    def _flaw(self, message: str, mark: Any) -> None:
        self._source.flaws.append(Flaw("format-syntax", message, at=_line_column(mark)))


def _line_column(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def _reason(error: Exception) -> str:
    """What the YAML parser complains of, on one line and without its own idea of a place."""
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be parsed"
    return " ".join(str(reason).split())


def _error_place(error: Exception, text: str) -> tuple[int, int]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return _line_column(mark)
    position = getattr(error, "position", None)
    return _line_column_of(text, position) if isinstance(position, int) else (1, 1)


def _line_column_of(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - before.rfind("\n")
