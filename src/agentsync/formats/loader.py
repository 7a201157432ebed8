"""From an id, or a text, to a validated `Format`.

Floor 2, pure but for the shipped files, which come through `agentsync.shipped`. A format is loaded when it is asked for and
kept for the process; what is wrong with a file is collected whole and raised as one `FormatError`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

from agentsync.formats.source import Flaw, Source, read_source
from agentsync.model import AgentsyncError, Problem
from agentsync.shipped import read_shipped, shipped_names

if TYPE_CHECKING:
    from agentsync.containers.layout import Layout
    from agentsync.formats.rules import DocumentRules, Format
    from agentsync.formats.tables import ToolTable

T = TypeVar("T")

_TABLES: Final = "tables/"
_SHIPPED_FOLDER: Final = "formats/"


class FormatError(AgentsyncError):
    """A format file that cannot be used. `problem` is the first thing wrong with it, `problems` all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems[0])

    def __str__(self) -> str:
        first = self.problem
        place = ":".join(str(part) for part in (first.path, first.line, first.column) if part is not None)
        return f"{place}: {first.message}" if place else first.message


def known_ids() -> tuple[str, ...]:
    """The ids of the formats that come with agentsync, sorted."""
    return shipped_names()


@cache
def load(format_id: str) -> Format:
    """The shipped format of this id. Raises `FormatError` where there is none, naming the nearest."""
    if format_id not in shipped_names():
        raise unknown_format(format_id, shipped_names())
    return load_text(read_shipped(format_id), f"{_SHIPPED_FOLDER}{format_id}.yaml", shipped=True)


def unknown_format(format_id: str, known: Sequence[str]) -> FormatError:
    """The error for an id that no format has, naming the nearest."""
    from agentsync.report import near

    nearest = near(format_id, known)
    hint = f"did you mean `{nearest}`?" if nearest else "agentsync formats"
    return FormatError([Problem("format-unknown", f"no such format ({format_id}), known are {', '.join(known)}", hint=hint)])


@lru_cache(maxsize=1)
def load_all() -> tuple[Format, ...]:
    """Every shipped format, sorted by id."""
    from agentsync.formats.check import one_fallback

    formats = tuple(load(format_id) for format_id in shipped_names())
    if problem := one_fallback(formats):
        raise FormatError([Problem("format-rule", problem, _SHIPPED_FOLDER)])
    return formats


def load_text(text: str, path: str, *, shipped: bool, apart_from: Sequence[Format] = ()) -> Format:
    """A format from the text of its file. `path` is for messages, and its stem must be the id.

    A format of the user's own (`shipped=False`) may not take a shipped id and may write only agent-like files below one
    dot-folder; `apart_from`: nor where one of these formats looks for its agents. Raises `FormatError` with everything that is
    wrong.
    """
    from agentsync.formats.rules import Format

    result, flaws = _convert(text, Format)
    if result is not None:
        result, flaws = _with_table(result)
    if result is not None:
        from agentsync.formats.check import check_format

        flaws = check_format(result, stem=_stem(path), shipped=shipped, known=shipped_names())
        if apart_from:
            from agentsync.formats.check_paths import check_apart

            flaws += check_apart(result, apart_from)
    if result is None or flaws:
        raise FormatError(_problems(flaws, text, path))
    return result


@cache
def load_table(name: str) -> ToolTable:
    """A shipped table of tool names (`formats/tables/NAME.yaml`). Raises `KeyError` where there is none."""
    from agentsync.formats.check import check_table
    from agentsync.formats.tables import ToolTable

    text = read_shipped(f"{_TABLES}{name}")
    table, flaws = _convert(text, ToolTable)
    if table is not None:
        flaws = check_table(table)
    if table is None or flaws:
        raise FormatError(_problems(flaws, text, f"{_SHIPPED_FOLDER}{_TABLES}{name}.yaml"))
    return table


def documents(rules: Format) -> tuple[DocumentRules, ...]:
    """The kinds of file a format has, the usual one first."""
    return rules.document if isinstance(rules.document, tuple) else (rules.document,)


def layout_of(rules: Format, document_id: str | None = None) -> Layout:
    """What a container must know of one kind of file; None is the first. Raises `KeyError` for an id the format lacks."""
    for document in documents(rules):
        if document_id is None or document.id == document_id:
            return _layout(document)
    raise KeyError(document_id)


def _layout(document: DocumentRules) -> Layout:
    from agentsync.containers.layout import Layout

    entry = document.entry
    return Layout(
        kind=document.kind,
        unit=document.unit,
        entry_at=entry.at if entry else (),
        entry_key=entry.key if entry else None,
        head=document.head,
        fence_open=document.fence.open,
        fence_close=document.fence.close,
        fence_late=document.fence.late,
        fence_end=document.fence.end,
        bom=document.bom,
        repair=document.repair,
        repair_lists=document.repair_lists,
        repair_crlf=document.repair_crlf,
        repair_bom=document.repair_bom,
        duplicate=document.duplicate,
        invalid_utf8=document.invalid_utf8,
        nul=document.nul,
        no_head=document.no_head,
        headed=document.headed,
        unclosed=document.unclosed,
        on_bad_head=document.on_bad_head,
        quote=document.quote,
        lists=document.lists,
        toml=document.toml,
        json=document.json,
        cleaned=tuple((sign, new) for points, new in document.cleaned.items() for sign in _signs(points)),
    )


def _signs(points: str) -> str:
    """The characters from one code point to another, both in hexadecimal."""
    first, _, last = points.partition("-")
    return "".join(map(chr, range(int(first, 16), int(last or first, 16) + 1)))


def _convert(text: str, kind: type[T]) -> tuple[T | None, list[Flaw]]:
    """The text as a rules type, or None and what is wrong with its form."""
    import msgspec

    source = read_source(text)
    if source.flaws:
        return None, source.flaws
    from agentsync.formats.check import check_texts

    if hidden := list(check_texts(source.data)):
        return None, hidden
    try:
        return msgspec.convert(source.data, kind, strict=True), []
    except msgspec.ValidationError as error:
        from agentsync.formats.structure import check_structure

        # msgspec names the first flaw only; the walk finds all of them. Where it finds none, msgspec's own words are told.
        return None, check_structure(source.data, kind) or [Flaw("format-value", str(error))]


def _with_table(rules: Format) -> tuple[Format | None, list[Flaw]]:
    """The format with its tool table filled in: afterwards `rights.tools` is a map and `rights.vocabulary` is set."""
    import msgspec

    rights = rules.rights
    name = rights.tools
    if isinstance(name, dict):
        filled = msgspec.structs.replace(rights, vocabulary=rights.vocabulary or rules.id)
        return msgspec.structs.replace(rules, rights=filled), []
    try:
        table = load_table(name)
    except KeyError:
        message = f"rights.tools: no such table ({name}), allowed are a map and the name of a file in formats/tables"
        return None, [Flaw("format-rule", message, ("rights", "tools"))]
    filled = msgspec.structs.replace(
        rights,
        tools=table.tools,
        other=tuple(dict.fromkeys((*rights.other, *table.other))),
        vocabulary=rights.vocabulary or table.vocabulary or name,
    )
    return msgspec.structs.replace(rules, rights=filled), []


def _stem(path: str) -> str:
    name = path.replace("\\", "/").rpartition("/")[2]
    for ending in (".yaml", ".yml"):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def _problems(flaws: Sequence[Flaw], text: str, path: str) -> list[Problem]:
    """The flaws as problems with their places, in the order of the text. Reads the text again: only done on error."""
    source: Source = read_source(text, places=True)
    place: Callable[[Flaw], tuple[int, int]] = source.place
    found = [(*place(flaw), flaw) for flaw in flaws]
    found.sort(key=lambda item: item[:2])
    return [Problem(flaw.code, flaw.message, path, line, column, flaw.hint) for line, column, flaw in found]
