"""What speaks for a format: on the one side the keys and tool names of a file, on the other those a format knows.

Floor 2, pure. A markdown head is read line by line here, not by its format's parser: the keys of a head that is no YAML
are as good a sign as those of one that is, and one reading serves every format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from agentsync.containers.layout import Layout
    from agentsync.formats.rules import Format

MAX_HEAD: Final = 64 * 1024

HEAD: Final = "head+body"
"""The family of markdown files with a head."""

_FENCE: Final = "---"
_TOP_KEY: Final = re.compile(r"([A-Za-z_$][\w.$-]*)[ \t]*:(?=[ \t]|$)")
_NAME: Final = re.compile(r"[A-Za-z_][\w./:*-]*")
_LIMIT: Final = re.compile(r"\([^()\n]*\)")
_NO_NAMES: Final = frozenset({"true", "false", "null", "allow", "deny", "ask", "yes", "no"})
_FAMILIES: Final[Mapping[str, str]] = {"head+body": "head+body", "toml": "toml", "json": "json", "jsonc": "json", "yaml": "yaml"}
_BY_ENDING: Final[Mapping[str, tuple[str, ...]]] = {
    "md": ("head+body",), "mdc": ("head+body",), "markdown": ("head+body",), "toml": ("toml",), "json": ("json",), "jsonc": ("json",),
    "yaml": ("yaml",), "yml": ("yaml",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a file says of itself. keys: of all its agents; each: of every one; names: words that stand under a key."""

    keys: frozenset[str]
    each: tuple[frozenset[str], ...]
    names: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class DocumentTraits:
    """One kind of file of a format. strict: the client refuses unknown keys."""

    id: str | None
    family: str
    layout: Layout
    strict: bool


@dataclass(frozen=True, slots=True)
class Traits:
    """What of a format detection asks for, once worked out. `format` keeps it alive while these are remembered."""

    format: Format
    documents: tuple[DocumentTraits, ...]
    keys: frozenset[str]
    never: frozenset[str]
    needs: frozenset[str]
    required: frozenset[str]
    known: frozenset[str]
    fallback: bool
    tool_keys: tuple[str, ...]
    tools: frozenset[str]
    folded: frozenset[str] = field(default=frozenset())


_known_traits: dict[int, Traits] = {}


def traits_of(rules: Format) -> Traits:
    """The traits of a format, worked out once for each loaded format."""
    traits = _known_traits.get(id(rules))
    if traits is None or traits.format is not rules:
        traits = _known_traits[id(rules)] = _traits(rules)
    return traits


def families(file_name: str, text: str) -> tuple[str, ...]:
    """The kinds of text a file may be, from the ending of its name; without a telling one, from how it begins.

    >>> families("x.toml", ""), families("-", "---"), families("-", "{}")
    (('toml',), ('head+body',), ('json',))
    """
    ending = file_name.rpartition(".")[2].casefold()
    if ending in _BY_ENDING:
        return _BY_ENDING[ending]
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith(_FENCE):
        return ("head+body",)
    return ("json",) if start.startswith("{") else ("toml", "yaml")


def may_be_markdown(file_name: str) -> bool:
    """Whether a name says markdown, or says nothing: `reviewer.md`, `reviewer`, `-`, `notes.txt`, but not `x.prompt`."""
    dotted, _, ending = file_name.rpartition(".")
    return not dotted or ending.casefold() == "txt" or _BY_ENDING.get(ending.casefold()) == ("head+body",)


def read_evidence(text: str, layout: Layout) -> Evidence | None:
    """What the file says of itself, or None where it is no such file or holds no agent. Remembers the last few texts."""
    if layout.kind == "head+body":
        told = head_told(text)
        if told is None:
            return None
        keys = frozenset(told)
        return Evidence(keys, (keys,), {key: frozenset(word for line in lines for word in _words(line)) for key, lines in told.items()})
    return _read_entries(text, layout)


@lru_cache(maxsize=4)
def head_told(text: str) -> Mapping[str, tuple[str, ...]] | None:
    """What stands under each key of a markdown head at the left margin, line by line; None where there is no head.

    Neither needs to be valid.
    """
    # Nothing behind the first fence after the one that the text begins with has a say.
    end = text.find(f"\n{_FENCE}") if text.startswith(_FENCE) else -1
    lines = iter(text[: MAX_HEAD if end < 0 else min(MAX_HEAD, end + 1 + len(_FENCE))].lstrip("\ufeff").splitlines())
    # A licence or a blank line may stand before the head; prose may not.
    for line in lines:
        if line.rstrip() == _FENCE:
            break
        if line.strip() and not line.startswith(("#", "//", "<!--")):
            return None
    else:
        return None
    told: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines:
        if line.startswith(_FENCE):
            break
        match = _TOP_KEY.match(line)
        if match is not None:
            current = told.setdefault(match[1], [])
            line = line[match.end() :]
        current.append(line)
    return {key: tuple(found) for key, found in told.items()} or None


@lru_cache(maxsize=16)
def _read_entries(text: str, layout: Layout) -> Evidence | None:
    """The keys of every agent in a structured file, as its container reads it."""
    from agentsync.containers import parse

    parsed = parse(text, layout)
    if parsed.outcome is not None or not parsed.entries:
        return None
    each = tuple(frozenset(entry.keys) for entry in parsed.entries)
    names: dict[str, set[str]] = {}
    for entry in parsed.entries:
        for key, value in entry.keys.items():
            names.setdefault(key, set()).update(_names_in(value))
    return Evidence(frozenset().union(*each), each, {key: frozenset(found) for key, found in names.items()})


def _names_in(value: Any) -> Sequence[str]:
    """The words of a text, of the texts in a list, or the keys of a map."""
    if isinstance(value, str):
        return _words(value)
    if isinstance(value, (list, dict)):
        return [word for item in value if isinstance(item, str) for word in _words(item)]
    return ()


def _words(text: str) -> list[str]:
    return [word for word in _NAME.findall(_LIMIT.sub("", text)) if word not in _NO_NAMES]


def _traits(rules: Format) -> Traits:
    from agentsync.formats.check import FALLBACK, native_roots
    from agentsync.formats.loader import documents, layout_of

    rights = rules.rights
    required = {rule.key for rule in rules.fields.values() if rule.required and isinstance(rule.key, str) and not rule.key.startswith("$")}
    if rules.name.source == ("key",):
        required.add(rules.name.key)
    legacy = rights.legacy
    table = rights.tools if isinstance(rights.tools, dict) else {}
    tools = {name for names in table.values() for name in names}.union(rights.other, rights.all, legacy.rename if legacy else ())
    return Traits(
        format=rules,
        documents=tuple(
            DocumentTraits(one.id, _FAMILIES[one.kind], layout_of(rules, one.id), one.on_bad_key not in {"ignored", "sent"})
            for one in documents(rules)
            if one.kind in _FAMILIES
        ),
        keys=frozenset(rules.detect.keys) - {FALLBACK},
        never=frozenset(rules.detect.never),
        needs=frozenset(rules.detect.needs),
        required=frozenset(required),
        known=native_roots(rules),
        fallback=FALLBACK in rules.detect.keys,
        tool_keys=tuple(key for key in (rights.key, rights.deny, legacy.key if legacy else None) if key is not None),
        tools=frozenset(tools),
        folded=frozenset(name.casefold() for name in tools) if rights.fold else frozenset(),
    )
