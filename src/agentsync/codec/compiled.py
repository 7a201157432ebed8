"""A format made ready for reading and writing: its layouts, its tables, computed once.

Floor 3, pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from agentsync.codec.tables import ToolTable, ValueTable
from agentsync.containers.layout import Layout
from agentsync.formats import documents, layout_of
from agentsync.formats.globs import compiled_anywhere
from agentsync.formats.rules import DocumentRules, FieldRule, Format, NativeRule, Outcome, Where
from agentsync.model import Status, Value

BODY = "$body"
_LABEL = re.compile(r"[A-Za-z0-9 _-]+")

STATUS_OF: Mapping[str, Status] = {"skip": "skipped", "file": "refused", "agent": "refused", "config": "refused", "open": "degraded"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one neutral field stands in one kind of file.

    path: where it is written. read: every path it may stand at, the first that does counts. plain: it stands at one key at most,
    and where neither the file nor the agent says it, there is nothing to do.
    """

    name: str
    rule: FieldRule
    path: tuple[str, ...]
    read: tuple[tuple[str, ...], ...]
    plain: bool


@dataclass(frozen=True)
class Kind:
    """One kind of file of a format."""

    rules: DocumentRules
    layout: Layout
    fields: Mapping[str, FieldRule]

    @cached_property
    def has_body(self) -> bool:
        """Whether the container has a text after its head; otherwise a key holds the prompt."""
        return self.rules.kind in ("head+body", "text")

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where each neutral field stands, but for the prompt."""
        return tuple(_place(name, rule) for name, rule in self.fields.items() if rule.key != BODY)

    @cached_property
    def nested(self) -> tuple[tuple[str, ...], ...]:
        """The paths of keys, of more than one, that hold neutral fields."""
        return tuple(path for place in self.places for path in place.read if len(path) > 1 and path[0] != self.rules.others)

    @cached_property
    def prompt_rule(self) -> FieldRule | None:
        """What the format says of its prompt."""
        return next((rule for rule in self.fields.values() if rule.key == BODY), None)

    def bad(self, outcome: Outcome | None) -> Outcome:
        """What a bad value does here, where the field says nothing else."""
        return self.rules.on_bad_value if outcome is None else outcome


def _place(name: str, rule: FieldRule) -> Place:
    path = (rule.key,) if isinstance(rule.key, str) else tuple(rule.key)
    read = tuple(found for found in (rule.overflow, path, *((other,) for other in rule.also), (rule.copy,) if rule.copy else ()) if found)
    plain = len(read) == len(path) == 1 and not rule.required and rule.absent is None and name != "display_name"
    return Place(name, rule, path, read, plain)


class Compiled:
    """A format with everything that reading and writing look up."""

    def __init__(self, fmt: Format) -> None:
        self.format = fmt
        self.tools = ToolTable(fmt)
        self.tables: dict[str, ValueTable] = {name: ValueTable(pairs) for name, pairs in fmt.values.items()}
        self.memo: dict[object, Any] = {}
        self.kinds = tuple(Kind(rules, layout_of(fmt, rules.id), fmt.fields) for rules in documents(fmt))

    def kind(self, kind_id: str | None, path: str) -> Kind:
        """The kind of file by its id, else by its path, else by its ending, else the first."""
        if len(self.kinds) == 1:
            return self.kinds[0]
        if kind_id is None:
            for where in self.format.where:
                if where.document is not None and any(compiled_anywhere(glob).fullmatch(path) for glob in where.read):
                    kind_id = where.document
                    break
        for kind in self.kinds:
            if kind.rules.id == kind_id:
                return kind
        ending = path.rpartition(".")[2].lower()
        wanted = {"json": ("json", "jsonc"), "jsonc": ("jsonc", "json"), "toml": ("toml",), "yaml": ("yaml",), "yml": ("yaml",)}
        for kind in self.kinds:
            if kind.rules.kind in wanted.get(ending, ("head+body", "text")):
                return kind
        return self.kinds[0]

    def home(self, kind: Kind) -> str:
        """The format whose native keys stand at top level."""
        return kind.rules.home or self.format.id

    @cached_property
    def field_keys(self) -> frozenset[str]:
        """The native keys at top level that hold neutral fields."""
        rules = self.format.fields.values()
        return frozenset(rule.key if isinstance(rule.key, str) else rule.key[0] for rule in rules if rule.key != BODY)

    @cached_property
    def rights_keys(self) -> tuple[str, ...]:
        """The native keys at top level that hold rights and no neutral field."""
        rules, fields = self.format.rights, {rule.key for rule in self.format.fields.values()}
        keys = [rules.key, rules.deny, rules.legacy.key if rules.legacy is not None else None]
        return tuple(key for key in [*keys, *(key for key in rules.switches if key not in fields)] if key is not None)

    @cached_property
    def written_at(self) -> Mapping[str, Where]:
        """The place that a new file goes to, by scope."""
        return {where.scope: where for where in reversed(self.format.where) if where.write is not None}

    @cached_property
    def endings(self) -> tuple[str, ...]:
        """The endings that this format's files have, the longest first (`.agent.md` before `.md`)."""
        globs = [pattern for where in self.format.where for pattern in where.read] + list(self.format.detect.files)
        found = {glob.rpartition("*")[2] for glob in globs if "*" in glob}
        return tuple(sorted((ending for ending in found if ending and "/" not in ending), key=len, reverse=True))


_COMPILED: dict[int, Compiled] = {}


def compile_format(fmt: Format) -> Compiled:
    """The compiled form of a format, made once for each format object."""
    found = _COMPILED.get(id(fmt))
    if found is None or found.format is not fmt:
        found = _COMPILED[id(fmt)] = Compiled(fmt)
    return found


def without(value: Value, paths: Iterable[tuple[str, ...]]) -> Value:
    """A map without what stands below these paths of keys, nor the maps that are empty then; any other value as it is."""
    if not isinstance(value, dict):
        return value
    found: dict[str, Value] = {}
    for key, inner in value.items():
        below = [path[1:] for path in paths if path[0] == key]
        rest = without(inner, below) if all(below) else None
        if all(below) and (rest != {} or inner == {}):
            found[key] = rest
    return found


TYPES: Mapping[str, str] = {
    "any": "anything", "text": "a text", "bool": "true or false", "integer": "a whole number", "positive": "a whole number above 0",
    "number": "a number", "list": "a list", "map": "a map", "map-or-null": "a map, or nothing", "text-or-list": "a text or a list",
    "labels": "a list of distinct texts of ASCII letters, digits, blanks, - and _",
    "declared": "a list, or a map of maps with a kind", "nothing": "left out",
}  # fmt: skip
"""What `native` of a format file calls a type, in words for people."""


def brought(rule: FieldRule, path: tuple[str, ...], native: object) -> dict[tuple[str, ...], str]:
    """What a native value of a field brings along, by path of keys."""
    told = next((told for pattern, told in rule.brings.items() if fnmatchcase(str(native), pattern)), {})
    return {(*path[:-1], key): text for key, text in told.items()}


def misfit(rule: NativeRule, value: Value) -> str | None:
    """What the client takes where it does not take this native value; None where it does."""
    if not fits(value, rule.type):
        return TYPES[rule.type]
    if not rule.values or value in rule.values:
        return None
    return "one of " + ", ".join(str(known) for known in rule.values if known not in (None, ""))


def fits(value: Value, kind: str) -> bool:
    """Whether a native value is of the type that `native` of a format file names."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    match kind:
        case "text":
            return isinstance(value, str)
        case "bool":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and number
        case "positive":
            return isinstance(value, int) and number and value > 0
        case "number":
            return number
        case "list":
            return isinstance(value, list)
        case "map":
            return isinstance(value, dict)
        case "nothing":
            return value is None
        case "labels":
            texts = [item for item in value if isinstance(item, str) and _LABEL.fullmatch(item)] if isinstance(value, list) else []
            return bool(texts) and len(set(texts)) == len(texts) == len(value)  # type: ignore[arg-type]  # a list, or texts is empty
        case "map-or-null":
            return value is None or isinstance(value, dict)
        case "text-or-list":
            return isinstance(value, (str, list))
        case "declared" if isinstance(value, dict):
            return all(isinstance(item, dict) and isinstance(item.get("kind"), str) for item in value.values())
        case "declared":
            return isinstance(value, list)
        case _:
            return True
