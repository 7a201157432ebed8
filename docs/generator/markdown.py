"""Small pieces of Markdown for the generated pages, and values of the format language as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from agentsync.formats.schema import description


def pages_of(*parts: str) -> str:
    """The parts that say something, with an empty line between them and one line end at the end."""
    said = [part.strip("\n") for part in parts if part.strip()]
    return "\n\n".join(said) + "\n" if said else ""


def bullets(items: Iterable[str]) -> str:
    """A list, each item beginning with a capital where it begins with a word."""
    return "\n".join(f"- {item[:1].upper()}{item[1:]}" for item in items)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; `|` in a cell is escaped, as Markdown wants it even inside code."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", " ".join(cell.split())) for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """Text as code, however many back ticks it holds."""
    marks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    space = " " if len(marks) > 1 else ""
    return f"{marks}{space}{text}{space}{marks}"


def codes(items: Iterable[str]) -> str:
    """Several texts as code, with commas."""
    return ", ".join(code(str(item)) for item in items)


def fenced(text: str, language: str) -> str:
    """A file's text as a block, with a fence that the text does not hold."""
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}"


def shown(value: Any) -> str:
    """A native value as code: a text as it stands, everything else as JSON."""
    return code(value) if isinstance(value, str) and value else code(json.dumps(value, ensure_ascii=False))


@cache
def descriptions(kind: type) -> Mapping[str, str]:
    """Key to meaning, for a part of the format language; empty for a key that is explained where its own keys are."""
    described = inspect.type_info(kind)
    fields = described.fields if isinstance(described, inspect.StructType) else ()
    return {field.name: description(field.type) for field in fields}


def stated_in(part: msgspec.Struct) -> frozenset[str]:
    """The keys of a part of a format that say something else than if they were left out."""
    def left_out(field: msgspec.structs.FieldInfo) -> Any:
        return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()

    return frozenset(field.name for field in msgspec.structs.fields(part) if getattr(part, field.name) != left_out(field))


def others_of(part: msgspec.Struct, told: Iterable[str]) -> Iterator[str]:
    """What a part of a format says beyond the keys that were told already: key, value and the meaning that the language gives it."""
    new = stated_in(part).difference(told)
    for field in msgspec.structs.fields(part):
        if field.name not in new:
            continue
        value = getattr(part, field.name)
        said = f"{code(field.encode_name)} is {shown(msgspec.to_builtins(value))}"
        meaning = descriptions(type(part))[field.name]
        yield meaning.removeprefix("true: ") if value is True and meaning.startswith("true: ") else f"{said}: {meaning}"
