"""What the engine tells a container about one kind of file, and what a container gives back.

Floor 1, pure. `Layout` mirrors `document` of a format file (`agentsync.formats.rules.DocumentRules` explains each word).
Spans are offsets into `Parsed.text`; native values are plain (`agentsync.model.Value`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from agentsync.model import EMPTY, Problem, Value

Outcome = Literal["ignored", "skip", "file", "agent", "config", "open"]


class _Delete:
    """The one value that means: take this key out."""

    def __repr__(self) -> str:
        return "DELETE"


DELETE: Final = _Delete()
CUT: Final = "head-cut"
"""Code of the problem that says: the client ends the head too early, and takes the rest of it for the prompt."""
Change: TypeAlias = "Value | _Delete"


@dataclass(frozen=True, slots=True)
class Layout:
    """How to take one kind of file apart; see the keys of `document` in docs/format-language.md."""

    kind: Literal["head+body", "toml", "json", "jsonc", "yaml", "text", "section"]
    unit: Literal["file", "folder", "entry"] = "file"
    entry_at: tuple[str, ...] = ()
    entry_key: str | None = None
    head: Literal["yaml12", "yaml11", "js-yaml", "lines"] = "yaml12"
    fence_open: Literal["exact", "trailing-space", "trimmed"] = "exact"
    fence_close: Literal["line", "prefix", "anywhere"] = "line"
    fence_late: bool = False
    fence_end: Literal["any", "newline"] = "any"
    bom: Outcome = "ignored"
    repair: Literal["none", "quote-lines", "block-lines", "pairs", "flat-lines"] = "none"
    repair_lists: tuple[str, ...] = ()
    repair_crlf: bool = True
    repair_bom: bool = True
    duplicate: Literal["last", "first", "error"] = "error"
    invalid_utf8: Literal["replace", "file", "skip"] = "replace"
    nul: Outcome = "file"
    no_head: Outcome = "skip"
    headed: Outcome = "ignored"
    unclosed: Outcome = "skip"
    on_bad_head: Outcome = "file"
    quote: Literal["auto", "double", "raw"] = "auto"
    lists: Literal["flow", "block"] = "flow"
    toml: Literal["1.0", "1.1"] = "1.0"
    json: bool = False
    cleaned: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One agent's place in a document.

    keys: native keys to plain values, in the order of the text. body: the text after the head with LF line ends,
    untrimmed, or None where the container has no body. key: the entry's id in a shared file. lines: key to 1-based line.
    at: path of the entry in the tree, for the container's own use.
    """

    keys: Mapping[str, Value]
    body: str | None = None
    key: str | None = None
    lines: Mapping[str, int] = field(default_factory=lambda: EMPTY)
    at: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document taken apart.

    outcome: None where it parsed; else what the client does with such a file, and `problems[0]` says what is wrong.
    With outcome `open` there is one entry with no keys whose body is what the client takes for the prompt.
    repaired: the text is not valid as it stands and was read by the client's own repair; `problems` holds a note of it.
    tree: the container's own. placed: whether the place is there where a shared file keeps its agents.
    """

    text: str
    entries: tuple[Entry, ...] = ()
    outcome: Outcome | None = None
    problems: tuple[Problem, ...] = ()
    repaired: bool = False
    tree: Any = None
    placed: bool = True
