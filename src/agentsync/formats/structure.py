"""The form of plain data against types, such as a format file against those of `rules`: every unknown key, missing key and wrong value at once.

Floor 2, pure. msgspec stops at the first thing wrong, so this walk runs after it has refused a file; it reads the same
types (`msgspec.inspect`), and a test holds that both refuse the same data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import inspect

from agentsync.formats.source import Flaw, KeyPath
from agentsync.report import near

_SHOWN: Final = 60


def check_structure(data: Any, kind: Any) -> list[Flaw]:
    """Everything in which plain data does not fit a rules type; empty where it fits."""
    return list(_walk(data, _type(kind), ()))


def dotted(path: KeyPath) -> str:
    """A path as people write it.

    >>> dotted(("where", 0, "write"))
    'where[0].write'
    """
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def shown(value: Any) -> str:
    """A value inside a message: short, on one line, its type to be seen.

    >>> shown("yes"), shown(True), shown(None), shown([1, 2]), shown({"a": 1})
    ('the text "yes"', 'true', 'null', 'a list', 'a map')
    """
    if isinstance(value, str):
        text = msgspec.json.encode(value[:_SHOWN]).decode()
        return f"the text {text}" if len(value) <= _SHOWN else f"the text {text[:-1]}…\""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    return msgspec.json.encode(value).decode()


def labelled(path: KeyPath, message: str) -> str:
    """A message that begins with the path of keys it is about."""
    return f"{dotted(path)}: {message}" if path else message


@lru_cache(maxsize=8)
def _type(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def _walk(value: Any, kind: inspect.Type, path: KeyPath) -> Iterator[Flaw]:
    """Everything wrong with a value of this type. A union is settled by what the value is."""
    branch = _branch(value, kind)
    if branch is None:
        yield Flaw("format-value", labelled(path, f"wrong type ({shown(value)}), allowed is {_allowed(kind)}"), path)
    elif isinstance(branch, inspect.StructType):
        yield from _walk_struct(value, branch, path)
    elif isinstance(branch, inspect.DictType):
        for key, item in value.items():
            yield from _walk(item, branch.value_type, (*path, key))
    elif isinstance(branch, inspect.VarTupleType):
        for index, item in enumerate(value):
            yield from _walk(item, branch.item_type, (*path, index))
    elif isinstance(branch, inspect.TupleType):
        if len(value) != len(branch.item_types):
            message = f"wrong length ({len(value)}), allowed is {_allowed(branch)}"
            yield Flaw("format-value", labelled(path, message), path)
        for index, (item, inner) in enumerate(zip(value, branch.item_types, strict=False)):
            yield from _walk(item, inner, (*path, index))
    else:
        yield from _walk_scalar(value, branch, path)


def _walk_struct(value: dict[str, Any], kind: inspect.StructType, path: KeyPath) -> Iterator[Flaw]:
    known = {item.encode_name: item for item in kind.fields}
    for key, item in value.items():
        if key in known:
            yield from _walk(item, known[key].type, (*path, key))
            continue
        nearest = near(key, known)
        hint = f"did you mean `{nearest}`?" if nearest else None
        yield Flaw("format-key", labelled(path, f"unknown key ({key}), allowed are {', '.join(known)}"), (*path, key), hint, on_key=True)
    for key, field in known.items():
        if field.required and key not in value:
            yield Flaw("format-key", labelled(path, f"a key is missing ({key}), it holds {_allowed(field.type)}"), path)


def _walk_scalar(value: Any, kind: inspect.Type, path: KeyPath) -> Iterator[Flaw]:
    problem = None
    hint = None
    if isinstance(kind, inspect.LiteralType):
        if value not in kind.values:
            problem = f"no such value ({value}), allowed are {', '.join(map(str, kind.values))}"
            nearest = near(str(value), map(str, kind.values))
            hint = f"did you mean `{nearest}`?" if nearest else None
    elif isinstance(kind, inspect.StrType):
        if kind.min_length and len(value) < kind.min_length:
            problem = "the text is empty, at least one character is needed"
        elif kind.pattern and not re.search(kind.pattern, value):
            problem = f"wrong form ({value}), it must match {kind.pattern}"
    elif isinstance(kind, inspect.IntType) and kind.ge is not None and value < kind.ge:
        problem = f"too small ({value}), at least {kind.ge} is needed"
    if problem is not None:
        yield Flaw("format-value", labelled(path, problem), path, hint)


def _branch(value: Any, kind: inspect.Type) -> inspect.Type | None:
    """The part of a type that a value of this kind can be, or None: the value's own type is wrong."""
    fitting = [one for one in parts_of(kind) if _fits(value, one)]
    words = [word for one in fitting if isinstance(one, inspect.LiteralType) for word in one.values]
    return inspect.LiteralType(tuple(words)) if words else next(iter(fitting), None)


def parts_of(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """The branches of a union, or the type alone, without what only describes it."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return tuple(part for one in kind.types for part in parts_of(one)) if isinstance(kind, inspect.UnionType) else (kind,)


def _fits(value: Any, kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.AnyType):
        return True
    if isinstance(kind, inspect.NoneType):
        return value is None
    if isinstance(kind, inspect.LiteralType):
        return isinstance(value, type(kind.values[0]))
    if isinstance(kind, (inspect.StructType, inspect.DictType)):
        return isinstance(value, dict)
    if isinstance(kind, (inspect.VarTupleType, inspect.TupleType)):
        return isinstance(value, list)
    if isinstance(kind, inspect.BoolType):
        return isinstance(value, bool)
    if isinstance(kind, inspect.IntType):
        return isinstance(value, int) and not isinstance(value, bool)
    if isinstance(kind, inspect.FloatType):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(kind, inspect.StrType) and isinstance(value, str)


def _allowed(kind: inspect.Type) -> str:
    """What a type allows, in words."""
    return " or ".join(words for words in (allowed_words(part) for part in parts_of(kind)) if words != "null")


def allowed_words(kind: inspect.Type) -> str:
    """One type that is no union, in words.

    >>> allowed_words(inspect.type_info(tuple[str, ...])), allowed_words(inspect.type_info(bool))
    ('a list of texts', 'true or false')
    """
    if isinstance(kind, inspect.LiteralType):
        return "one of " + ", ".join(map(str, kind.values))
    if isinstance(kind, inspect.StructType):
        return "a map with the keys " + ", ".join(field.encode_name for field in kind.fields)
    if isinstance(kind, inspect.DictType):
        return "a map"
    if isinstance(kind, inspect.VarTupleType):
        return "a list of texts" if all(isinstance(part, inspect.StrType) for part in parts_of(kind.item_type)) else "a list"
    if isinstance(kind, inspect.TupleType):
        return f"a list of {len(kind.item_types)} values"
    words = {inspect.AnyType: "any value", inspect.NoneType: "null", inspect.BoolType: "true or false", inspect.StrType: "a text"}
    return words.get(type(kind), "a number" if isinstance(kind, inspect.FloatType) else "a whole number")
