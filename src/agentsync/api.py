"""The functions behind `import agentsync`: formats by id, texts in, values out. No file is read but agentsync's own formats.

Floor 4. Documented where they are offered, in `agentsync`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agentsync import codec
from agentsync.formats import detect, documents, for_path, load, load_all
from agentsync.formats.rules import Format
from agentsync.model import Agent, AgentsyncError, Document, Problem, Reading, Rendering

NAMELESS: Final = "-"
"""The path of a text that nobody gave one."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """An agent read from one format and written in another. rendering is None where nothing could be read."""

    reading: Reading
    rendering: Rendering | None


def read(text: str, format_id: str, path: str | None = None) -> tuple[Reading, ...]:
    """See `agentsync.read`."""
    rules = load(format_id)
    return codec.read(Document(path or NAMELESS, text), rules, kind=kind_of(rules, path))


def write(
    agent: Agent, format_id: str, old: Document | None = None, *, models: Mapping[str, str] | None = None, allow_widening: bool = False,
) -> Rendering:
    """See `agentsync.write`."""
    return codec.write(agent, load(format_id), old=old, models=models, allow_widening=allow_widening)


def convert(
    text: str, to: str, from_: str | None = None, path: str | None = None, *,
    models: Mapping[str, str] | None = None, allow_widening: bool = False,
) -> tuple[Conversion, ...]:
    """See `agentsync.convert`."""
    source, kind = _recognised(text, path) if from_ is None else (load(from_), kind_of(load(from_), path))
    target = load(to)
    found: list[Conversion] = []
    for reading in codec.read(Document(path or NAMELESS, text), source, kind=kind):
        rendering = None
        if reading.status == "read" and reading.agent is not None:
            if source is target and reading.entry is None:
                rendering = Rendering(target.id, (Document(path or NAMELESS, text),))
            else:
                rendering = codec.write(reading.agent, target, models=models, allow_widening=allow_widening)
        found.append(Conversion(reading, rendering))
    return tuple(found)


def formats() -> tuple[Format, ...]:
    """See `agentsync.formats`."""
    return load_all()


def kind_of(rules: Format, path: str | None) -> str | None:
    """Which kind of a format's documents a path is: by its folder, else by its ending, else the usual one (None)."""
    if path is None:
        return None
    for _, where in for_path(path, (rules,)):
        return where.document
    ending = path.rpartition(".")[2]
    kinds = documents(rules)
    return next((kind.id for kind in kinds if ending in ENDINGS[kind.kind]), kinds[0].id)


ENDINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "head+body": ("md",), "text": ("md", "txt"), "section": ("md",), "toml": ("toml",),
    "json": ("json",), "jsonc": ("json", "jsonc"), "yaml": ("yaml", "yml"),
}  # fmt: skip
"""Endings of file names, by the kind of document."""


def _recognised(text: str, path: str | None) -> tuple[Format, str | None]:
    known = detect(path or NAMELESS, text, load_all())
    if known.format is not None:
        return known.format, known.document
    ids = ", ".join(rules.id for rules in known.candidates)
    message = f"the format may be {ids}: say which" if ids else "no format knows this text"
    raise AgentsyncError(Problem("ambiguous-format", message, path=path))
