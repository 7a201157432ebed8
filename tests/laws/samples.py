"""Real agent files for the laws: the shared corpus where it lies beside the checkout, else the project's own fixtures.

`AGENTSYNC_SHARED` names the folder that holds `corpus/` and `torture/`; without it, `../shared` beside the checkout is looked at.
A sample's path is the file's place in the project it came from, so that it is read as the kind of file it was there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from agentsync.formats import known_ids, load
from agentsync.formats.rules import Format
from agentsync.model import Document

CHECKOUT: Final = Path(__file__).resolve().parents[2]
FORMATS: Final = tuple(name for name in known_ids() if load(name).direction == "both")
FORMAT: Final[Mapping[str, Format]] = {name: load(name) for name in FORMATS}
ABSENT: Final = (
    "no shared corpus: neither AGENTSYNC_SHARED nor a folder `shared` beside the checkout holds `corpus/`; fixtures/ serves instead"
)


@dataclass(frozen=True)
class Sample:
    """One file: where it was published, what format it was written for, and its text."""

    origin: str
    format: str
    document: Document


def shared() -> Path | None:
    """The folder with the corpus, or None."""
    named = os.environ.get("AGENTSYNC_SHARED")
    folder = Path(named) if named else CHECKOUT.parent / "shared"
    return folder if (folder / "corpus").is_dir() else None


SHARED: Final = shared()
needs_corpus: Final = pytest.mark.skipif(SHARED is None, reason=ABSENT)


@cache
def every_sample() -> tuple[Sample, ...]:
    """Every file of the corpus, in every format it holds; without a corpus, every fixture."""
    root = CHECKOUT / "fixtures" if SHARED is None else SHARED / "corpus"
    return tuple(_read(root, steps=1 if SHARED is None else 2))


@cache
def torture() -> tuple[Sample, ...]:
    """Claude Code agents with one trap each; none without the shared folder."""
    if SHARED is None or not (SHARED / "torture").is_dir():
        return ()
    return tuple(
        Sample(path.name, "claude-code", Document(path.relative_to(SHARED / "torture").as_posix(), _text(path)))
        for path in _files(SHARED / "torture")
    )


STAND_INS: Final[Mapping[str, str]] = {"agentsync": "claude-code", "goose-recipe": "goose", "kiro-cli-v3": "kiro-ide"}
"""Formats that have no folder of their own in the corpus: whose files they read."""


def samples(name: str) -> tuple[Sample, ...]:
    """The files written for one format, or for one that it reads; the project's own where the corpus has none."""
    folder = STAND_INS.get(name, name)
    own = tuple(Sample(s.origin, name, s.document) for s in every_sample() if s.format == folder)
    return own or fixtures(name)


@cache
def fixtures(name: str) -> tuple[Sample, ...]:
    """The project's own files of one format."""
    return tuple(s for s in _read(CHECKOUT / "fixtures", steps=1) if s.format == name)


def _read(root: Path, steps: int) -> Iterable[Sample]:
    """`FORMAT/…` below root; `steps` folders (the format, and in the corpus the repository) are no part of the path."""
    for path in _files(root):
        origin = path.relative_to(root).as_posix()
        parts = origin.split("/")
        if parts[0] in FORMATS or SHARED is not None:
            yield Sample(origin, parts[0], Document("/".join(parts[min(steps, len(parts) - 1) :]), _text(path)))


def _files(root: Path) -> list[Path]:
    """Files below a folder that are agents or lie among them; what documents the corpus itself is left out."""
    return sorted(path for path in root.rglob("*") if path.is_file() and len(path.relative_to(root).parts) > 1)


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")
