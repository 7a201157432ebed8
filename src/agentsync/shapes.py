"""Named pairs of functions between a native value and its neutral form, each with its inverse.

Floor 1, pure. A format file names one by its key in `SHAPES`; the first line of its documentation is what the reference shows.
`read` takes a native value and gives the neutral one, or raises `BadValue` where the client would not take it.
`write` takes the neutral value and the old native value (or None), keeps the old one's style where it can, and raises
`CannotSay` where the native form has no room for it. For every value v: read(write(v)) is v, or differs in what the
documentation of the shape names; the engine reports that difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from agentsync.containers.not_text import NotText
from agentsync.model import Value


class BadValue(ValueError):
    """A native value that the client does not take; the message says what is allowed."""


class CannotSay(ValueError):
    """A neutral value that the native form has no room for; the message says why."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One named pair. `lists`: its neutral form is a list of names. `whole`: the native value says more, and stays the agent's own as well."""

    doc: str
    read: Callable[[Value], Value]
    write: Callable[[Value, Value], Value]
    lists: bool = False
    whole: bool = False


def _text(value: Value) -> str:
    if isinstance(value, str) and not isinstance(value, NotText):
        return value
    raise BadValue("a text is needed")


def _write_text(value: Value, _old: Value) -> Value:
    if isinstance(value, str):
        return value
    raise CannotSay("only a text can stand here")


def text_of(value: Value) -> str:
    """A text, number or switch as JavaScript writes it; raises BadValue for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    if value is None or isinstance(value, (list, dict)):
        raise BadValue("a text or a number is needed")
    return str(value)


def _unescaped(value: Value) -> str:
    return _text(value).replace("\\n", "\n")


def _line(value: Value) -> str:
    return _text(value).strip()


def _write_line(value: Value, old: Value) -> Value:
    return " ".join(str(_write_text(value, old)).split())


def _bool(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    raise BadValue("true or false is needed")


def _write_bool(value: Value, _old: Value) -> Value:
    if isinstance(value, bool):
        return value
    raise CannotSay("only true or false can stand here")


def _true_line(value: Value) -> bool:
    return _text(value).strip().lower() == "true"


def _write_true_line(value: Value, old: Value) -> Value:
    return "true" if _write_bool(value, old) else "false"


def _integer(value: Value) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise BadValue("a whole number is needed")


def _positive(value: Value) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if _integer(value) > 0:
        return int(_integer(value))
    raise BadValue("a whole number above 0 is needed")


def _positive_digits(value: Value) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value = int(value)
    return _positive(value)


def _write_positive(value: Value, _old: Value) -> Value:
    try:
        return _positive(value)
    except BadValue as error:
        raise CannotSay(str(error)) from None


def _number(value: Value) -> int | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise BadValue("a number is needed")


def _write_number(value: Value, _old: Value) -> Value:
    try:
        return _number(value)
    except BadValue as error:
        raise CannotSay(str(error)) from None


EFFORTS: Final = ("low", "medium", "high", "xhigh", "max")


def _effort(value: Value) -> Value:
    if value in EFFORTS or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    raise BadValue(f"one of {', '.join(EFFORTS)}, or a whole number, is needed")


def _write_effort(value: Value, _old: Value) -> Value:
    try:
        return _effort(value)
    except BadValue as error:
        raise CannotSay(str(error)) from None


THEME: Final = ("primary", "secondary", "accent", "success", "warning", "error", "info")


def _hex_or_theme(value: Value) -> str:
    text = _text(value)
    if text in THEME or re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return text
    raise BadValue(f"#rrggbb or one of {', '.join(THEME)} is needed")


def _write_hex(value: Value, _old: Value) -> Value:
    try:
        return _hex_or_theme(value)
    except BadValue as error:
        raise CannotSay(str(error)) from None


def split_names(text: str, *, spaces: bool) -> list[str]:
    """The names of a text with commas (and, with `spaces`, blanks) between them; what stands in parentheses stays together.

    As Claude Code 2.1.330 does it (measured): an opening parenthesis starts a stretch that the next closing one ends, however
    many were opened; tabs and line breaks do not separate.
    """
    separators = ", " if spaces else ","
    found, current, inside = [], "", False
    for char in text:
        inside = char == "(" or (inside and char != ")")
        if not inside and char in separators:
            found.append(current.strip())
            current = ""
        else:
            current += char
    return [part for part in [*found, current.strip()] if part]


def _name_list(value: Value) -> list[str]:
    if not isinstance(value, list):
        raise BadValue("a list of texts is needed")
    if not all(isinstance(item, str) and not isinstance(item, NotText) for item in value):
        raise BadValue("every item of the list must be a text")
    return [item.strip() for item in value]


def _csv(value: Value) -> list[str]:
    return split_names(_text(value), spaces=False)


def _names_or_csv(value: Value) -> list[str]:
    return _csv(value) if isinstance(value, str) else _name_list(value)


def _loose_names_or_csv(value: Value) -> list[str]:
    """Qwen Code's way: what is no text in a list is left out, and what is neither text nor list is no name."""
    if isinstance(value, list):
        return [item.strip() for item in value if isinstance(item, str)]
    return _csv(value) if isinstance(value, str) else []


def _names_or_name(value: Value) -> list[str]:
    return [value] if isinstance(value, str) and not isinstance(value, NotText) else _name_list(value)


def _words(value: Value) -> list[str]:
    """Claude Code's way: a text split at commas and spaces, or a list whose items are split the same way."""
    if isinstance(value, str):
        return split_names(_text(value), spaces=True)
    if isinstance(value, list):
        return [name for item in value if isinstance(item, str) for name in split_names(item, spaces=True)]
    return []              # measured: a number, a switch or a map is no error for the client, and none gives a tool


def _words_list(value: Value) -> list[str]:
    return [name for item in _name_list(value) for name in split_names(item, spaces=False)]


def _write_names(value: Value, _old: Value) -> Value:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(value)
    raise CannotSay("only a list of names can stand here")


def _write_csv(value: Value, old: Value) -> Value:
    names = _write_names(value, old)
    if any("," in str(name).partition("(")[0] for name in names or ()):  # type: ignore[union-attr]  # _write_names gave a list
        raise CannotSay("a name with a comma cannot stand in a comma list")
    return ", ".join(names)  # type: ignore[arg-type]  # a list of texts, as above


def _write_names_or_csv(value: Value, old: Value) -> Value:
    return _write_csv(value, old) if isinstance(old, str) and value else _write_names(value, old)


def _write_words(value: Value, old: Value) -> Value:
    return _write_names(value, old) if isinstance(old, list) or not value else _write_csv(value, old)


def _groups(value: Value) -> list[str]:
    """Names, or pairs of a name and a map whose `fileRegex` limits it."""
    if not isinstance(value, list):
        raise BadValue("a list of groups is needed")
    found = []
    for item in value:
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], dict):
            if not all(isinstance(item[1].get(key, ""), str) for key in ("fileRegex", "description")):
                raise BadValue("`fileRegex` and `description` of a group must be texts")
            limit = item[1].get("fileRegex")
            found.append(f"{item[0]}({limit})" if limit else item[0])      # an empty expression limits nothing
        else:
            raise BadValue("every group is a name, or a name with a map")
    groups = [name.partition("(")[0] for name in found]
    if len(set(groups)) < len(groups):
        raise BadValue("a group stands there twice")
    return found


def _write_groups(value: Value, old: Value) -> Value:
    before = {next(iter(_groups([item]))): item for item in old} if isinstance(old, list) else {}
    names: dict[str, str] = {}      # a group may stand there once: without its limit, or with the first of several
    for name in _write_names(value, old) or ():  # type: ignore[union-attr]  # _write_names gives a list
        group = str(name).partition("(")[0]
        if group == name or group not in names:
            names[group] = str(name)
    limits = {group: name[len(group) + 1 : -1] for group, name in names.items()}
    return [before.get(name, [group, {"fileRegex": limits[group]}] if limits[group] else group) for group, name in names.items()]


def _named_maps(value: Value) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in value):
        raise BadValue("a list of maps with a `name` is needed")
    return [item["name"] for item in value]


def _write_named_maps(value: Value, old: Value) -> Value:
    before = {item["name"]: item for item in old if isinstance(item, dict) and "name" in item} if isinstance(old, list) else {}
    return [before.get(name, {"name": name}) for name in _write_names(value, old) or ()]  # type: ignore[union-attr]  # a list, as above


_ALONE: Final = ("web_search", "file_search", "code_interpreter")
"""Kinds of declared tools that need nothing beside their kind."""


def _declared(value: Value) -> list[str]:
    """What declared tools are: of kind `mcp` a server or some of its tools, else their name or, where the kind says all, that."""
    items: Value = value
    if isinstance(value, dict):
        items = [{"name": name, **(item if isinstance(item, dict) else {"kind": item})} for name, item in value.items()]
    if not isinstance(items, list) or not all(isinstance(item, dict) and isinstance(item.get("kind"), str) for item in items):
        raise BadValue("a list of maps with a `kind`, or a map of such maps, is needed")
    return [name for item in items for name in _declaration(item)]


def _declaration(item: Mapping[str, Value]) -> list[str]:
    kind, name, allowed = str(item["kind"]), item.get("name"), item.get("allowedTools")
    if kind == "mcp":
        return [f"mcp:{name}/{tool}" for tool in allowed] if isinstance(allowed, list) and allowed else [f"mcp:{name}"]
    return [kind if kind in _ALONE or not isinstance(name, str) else name]


def _write_declared(value: Value, old: Value) -> Value:
    """Declarations of the old list that are still wanted, and new ones that need nothing but their kind."""
    names = [str(name) for name in _write_names(value, old) or ()]  # type: ignore[union-attr]  # _write_names gives a list
    kept: list[Value] = [item for item in old if set(_declared([item])) <= set(names)] if isinstance(old, list) else []
    said = _declared(kept)
    return [*kept, *({"kind": name} for name in names if name in _ALONE and name not in said)]


def _extensions(value: Value) -> list[str]:
    """Names of extensions; one with a list of its tools is those tools."""
    names = _named_maps(value)
    tools = [item.get("available_tools") for item in value]  # type: ignore[union-attr]  # a list of maps, as above
    return [f"{name}/{tool}" if tool else name for name, own in zip(names, tools, strict=True) for tool in (own or [""])]


def _map(value: Value) -> Value:
    if isinstance(value, dict):
        return value
    raise BadValue("a map is needed")


def _list(value: Value) -> Value:
    if isinstance(value, list):
        return value
    raise BadValue("a list is needed")


def _text_or_list(value: Value) -> Value:
    if value == []:
        raise BadValue("a text, or a list of at least one, is needed")
    return _name_list(value) if isinstance(value, list) else _text(value)


def _any(value: Value) -> Value:
    return value


def _checked(read: Callable[[Value], Value]) -> Callable[[Value, Value], Value]:
    """The inverse of a shape that only checks: the value itself, where it passes."""

    def write(value: Value, _old: Value) -> Value:
        try:
            return read(value)
        except BadValue as error:
            raise CannotSay(str(error)) from None

    return write


SHAPES: Final[Mapping[str, Shape]] = MappingProxyType({
    "text": Shape("a text, as it stands", _text, _write_text),
    "trimmed": Shape("a text without white space around it", _line, _write_text),
    "text-of": Shape("a text; a number is read as its digits", text_of, _write_text),
    "unescaped": Shape("a text in which a backslash followed by n is read as a line break", _unescaped, _write_text),
    "line": Shape("one line of text: line breaks and runs of spaces become one space", _line, _write_line),
    "bool": Shape("true or false", _bool, _write_bool),
    "true-line": Shape("the text `true`, in any case; any other text is false", _true_line, _write_true_line),
    "integer": Shape("a whole number", _integer, _checked(_integer)),
    "positive": Shape("a whole number above 0", _positive, _write_positive),
    "positive-digits": Shape("a whole number above 0, or a text of digits", _positive_digits, _write_positive),
    "number": Shape("a number", _number, _write_number),
    "effort": Shape("low, medium, high, xhigh, max, or a whole number", _effort, _write_effort),
    "hex-or-theme": Shape("#rrggbb or a word of the theme", _hex_or_theme, _write_hex),
    "text-or-list": Shape("a text; a list of at least one text is taken too, and stays the format's own", _text_or_list, _write_text),
    "names": Shape("a list of names", _name_list, _write_names, lists=True),
    "csv": Shape("names in one text, with commas", _csv, _write_csv, lists=True),
    "names-or-csv": Shape("a list of names (written), or one text with commas", _names_or_csv, _write_names_or_csv, lists=True),
    "loose-names-or-csv": Shape(
        "names-or-csv, where what is no text is left out of a list, and anything else is no name",
        _loose_names_or_csv, _write_names_or_csv, lists=True,
    ),
    "names-or-name": Shape("a list of names (written), or one text that is one name", _names_or_name, _write_names, lists=True),
    "csv-or-names": Shape("one text with commas (written), or a list of names", _names_or_csv, _write_words, lists=True),
    "words": Shape("one text with commas (written) or spaces, or a list of such texts", _words, _write_words, lists=True),
    "words-list": Shape("a list of names; an item with commas is split", _words_list, _write_names, lists=True),
    "groups": Shape("a list of group names, or pairs of a name and a map with a `fileRegex`", _groups, _write_groups, lists=True),
    "named-maps": Shape("a list of maps that have a `name`", _named_maps, _write_named_maps, lists=True, whole=True),
    "declared": Shape(
        "tools that are declared, not named: a list of maps with `kind` and `name`, or a map of them by name", _declared, _write_declared,
        lists=True, whole=True,
    ),
    "extensions": Shape("a list of maps that have a `name`; `available_tools` of one narrows it", _extensions, _write_named_maps, lists=True),
    "list": Shape("a list of anything", _list, _checked(_list)),
    "map": Shape("a map", _map, _checked(_map)),
    "any": Shape("any value", _any, _checked(_any)),
})
