"""The language of format files, written out: the JSON Schema, and the tables of docs/format-language.md.

Floor 2, pure. Both come from the types and descriptions of `rules`, so they cannot say anything else; tests hold the files
to what is written here. `python -m agentsync.formats.schema schema` prints the one; `... reference < docs/format-language.md`
prints the other with its tables made anew.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, get_args

import msgspec
from msgspec import inspect

from agentsync.formats.rules import Format, Outcome
from agentsync.formats.structure import parts_of
from agentsync.formats.tables import ToolTable
from agentsync.model import FIELDS
from agentsync.rights import ATOMS, CONTAINED, capability
from agentsync.shapes import SHAPES

OUTCOMES: Final[Mapping[str, str]] = {
    "ignored": "the bad thing alone does nothing, the rest is read",
    "skip": "the file is no agent; nobody is told",
    "file": "the file is refused with a message; the others load",
    "agent": "the agent is refused with a message; others in the same file load",
    "config": "the client refuses its whole configuration, every agent with it",
    "open": "the agent loads without its metadata, so without its limits: dangerous",
}
"""What a client does with something bad. A test holds that every word of `rules.Outcome` is here."""

_SECTION: Final = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_SCHEMA: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> str:
    """The JSON Schema of a format file, for editors. It knows the form and the names; the sense is for the loader."""
    schema = msgspec.json.schema(Format)
    properties = schema["$defs"]["Format"]["properties"]
    properties["fields"]["propertyNames"] = {"enum": [*FIELDS, "prompt", "rights"]}
    schema["$defs"]["FieldRule"]["properties"]["shape"]["enum"] = list(SHAPES)
    whole = {"$schema": _SCHEMA, "title": "agentsync format file", **schema}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def refresh(text: str) -> str:
    """The reference with every generated section made anew; what stands between them is kept. Raises `KeyError` for a section
    that does not exist."""
    return _SECTION.sub(lambda match: f"{match[1]}{SECTIONS[match[2]]()}{match[3]}", text)


def section_names(text: str) -> tuple[str, ...]:
    """The generated sections that a reference holds, in order."""
    return tuple(match[2] for match in _SECTION.finditer(text))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _keys() -> str:
    """One table of keys for each part of a format file."""
    kinds: dict[type, tuple[str, inspect.StructType]] = {}
    for path, kind in _structs(inspect.type_info(Format), ""):
        kinds.setdefault(kind.cls, (f"`{path}`" if path else "Top level", kind))
    for _, kind in _structs(inspect.type_info(ToolTable), ""):
        kinds[kind.cls] = ("A file of `formats/tables/`", kind)
    head = ("key", "value", "if left out", "meaning")
    return "\n".join(
        f"### {title}\n\n{_documentation(kind.cls)}\n\n{_table(head, list(_rows(kind)))}" for title, kind in kinds.values()
    )


def keys_table(kind: type[msgspec.Struct]) -> str:
    """A table of the keys of one map, in Markdown: what each may be, what it is if left out, what it means."""
    described = inspect.type_info(kind)
    rows = list(_rows(described)) if isinstance(described, inspect.StructType) else []
    return _table(("key", "value", "if left out", "meaning"), rows)


def _structs(kind: inspect.Type, path: str) -> Iterator[tuple[str, inspect.StructType]]:
    """Every part of a type that is a map of known keys, the whole first, each with the path that leads there."""
    for part in parts_of(kind):
        if isinstance(part, inspect.StructType):
            yield path, part
            for field in part.fields:
                yield from _structs(field.type, f"{path}.{field.encode_name}".removeprefix("."))
        elif isinstance(part, inspect.VarTupleType):
            yield from _structs(part.item_type, path if path == "document" else f"{path}[]")
        elif isinstance(part, inspect.DictType):
            yield from _structs(part.value_type, f"{path}.KEY" if path != "rights.switches.KEY" else f"{path}.VALUE")


def _rows(kind: inspect.StructType) -> Iterator[tuple[str, str, str, str]]:
    for field in kind.fields:
        words = " or ".join(dict.fromkeys(_words(part) for part in parts_of(field.type) if not isinstance(part, inspect.NoneType)))
        meaning = description(field.type) or next((_documentation(part.cls) for part in _inner(field.type)), "")
        yield f"`{field.encode_name}`", words, "**required**" if field.required else _default(field), meaning


def _default(field: inspect.Field) -> str:
    """The value of a key that is left out, where that is more than `nothing`."""
    if field.default in (None, (), "", msgspec.NODEFAULT) or isinstance(field.default, msgspec.Struct):
        return ""
    value = field.default
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value}`" if isinstance(value, str) else f"`{msgspec.json.encode(value).decode()}`"


def _inner(kind: inspect.Type) -> list[inspect.StructType]:
    """The structs a value of this type is, or is a list or a map of."""
    found = []
    for part in parts_of(kind):
        if isinstance(part, inspect.StructType):
            found.append(part)
        elif isinstance(part, inspect.VarTupleType):
            found += _inner(part.item_type)
        elif isinstance(part, inspect.DictType):
            found += _inner(part.value_type)
    return found


def description(kind: inspect.Type) -> str:
    """What the language says of a value of this type; empty where it says nothing."""
    while isinstance(kind, inspect.Metadata):
        extra = kind.extra_json_schema or {}
        if "description" in extra:
            return str(extra["description"])
        kind = kind.type
    return ""


def _documentation(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split())


def _words(kind: inspect.Type) -> str:
    """What a value may be, for a table."""
    if isinstance(kind, inspect.LiteralType):
        if set(kind.values) == set(get_args(Outcome)):
            return "an [outcome](#outcomes)"
        return " ".join(f"`{value}`" for value in kind.values)
    if isinstance(kind, inspect.VarTupleType):
        inner = _words(next(iter(parts_of(kind.item_type))))
        return f"list of {inner}"
    if isinstance(kind, inspect.TupleType):
        return "[" + ", ".join(_words(part) for part in kind.item_types) + "]"
    if isinstance(kind, inspect.DictType):
        return f"map of {_words(next(iter(parts_of(kind.value_type))))}"
    words: Mapping[type, str] = {
        inspect.StructType: "map", inspect.AnyType: "any value", inspect.BoolType: "`true` `false`", inspect.StrType: "text",
        inspect.IntType: "number", inspect.FloatType: "number",
    }  # fmt: skip
    return words[type(kind)]


def _outcomes() -> str:
    return _table(("word", "what the client does"), [(f"`{word}`", OUTCOMES[word]) for word in get_args(Outcome)])


def _neutral_fields() -> str:
    return _table(("field", "meaning"), [(f"`{name}`", meaning) for name, meaning in FIELDS.items()])


def _atoms() -> str:
    rows = []
    for atom, meaning in ATOMS.items():
        brings = ", ".join(f"`{name}`" for name in sorted(CONTAINED.get(capability(atom), ())))
        rows.append((f"`{atom}`", f"`{capability(atom)}`", meaning + (f"; brings {brings} along" if brings else "")))
    return _table(("atom", "capability", "what it lets an agent do"), rows)


def _shapes() -> str:
    return _table(("shape", "native value"), [(f"`{name}`", shape.doc) for name, shape in SHAPES.items()])


SECTIONS: Final[Mapping[str, Callable[[], str]]] = {
    "keys": _keys,
    "outcomes": _outcomes,
    "fields": _neutral_fields,
    "atoms": _atoms,
    "shapes": _shapes,
}


def main(arguments: Sequence[str]) -> int:
    """Print the schema, or the reference that comes in on standard input with its tables made anew."""
    makers: dict[str, Callable[[], Any]] = {"schema": json_schema, "reference": lambda: refresh(sys.stdin.read())}
    if len(arguments) != 1 or arguments[0] not in makers:
        sys.stderr.write("python -m agentsync.formats.schema schema | reference\n")
        return 2
    sys.stdout.write(makers[arguments[0]]())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
