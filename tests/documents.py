"""What is written for people, in pieces: documents, their code blocks, and the commands that they show with what these print."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from tests.conftest import Ran, Run

ROOT: Final = Path(__file__).resolve().parents[1]
BY_HAND: Final = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/format-language.md", "docs/json.md")
PAGES: Final = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
DOCUMENTS: Final = (*BY_HAND, *sorted(PAGES.difference(BY_HAND)))


@cache
def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Block:
    """A code block: its language, its text, the heading of second level it stands under."""

    document: str
    section: str
    language: str
    text: str


@cache
def blocks(document: str) -> tuple[Block, ...]:
    found: list[Block] = []
    section = ""
    language, lines, fence = "", [], ""
    for line in text_of(document).splitlines():
        mark = re.match(r"(`{3,})(\w*)", line)
        if fence and mark and mark[1] == fence and not mark[2]:
            found.append(Block(document, section, language, "\n".join(lines)))
            fence = ""
        elif fence:
            lines.append(line)
        elif mark:
            fence, language, lines = mark[1], mark[2], []
        elif line.startswith("## "):
            section = line.removeprefix("## ")
    assert not fence, f"{document}: a code block is never closed"
    return tuple(found)


def prose(document: str) -> str:
    """A document without its code blocks."""
    return re.sub(r"^(`{3,})\w*\n.*?^\1$", "", text_of(document), flags=re.MULTILINE | re.DOTALL)


@dataclass
class Shown:
    """A command line of a document, and the lines that are shown under it."""

    command: str
    output: list[str] = field(default_factory=list)


def shown_in(block: Block) -> list[Shown]:
    """`$ …` begins a command; what follows it, up to the next, is its output."""
    found: list[Shown] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(Shown(line.removeprefix("$ ")))
        else:
            found[-1].output.append(line)
    return found


def matches(shown: Sequence[str], printed: str) -> bool:
    """Whether the lines are what was printed; `…` stands for anything in a line, and alone for any number of lines."""
    parts = [r"(?:.*\n)*?" if line == "…" else ".*?".join(map(re.escape, line.split("…"))) + r"\n" for line in shown]
    return re.fullmatch("".join(parts), printed) is not None


SECTIONS: Final = sorted({
    (block.document, block.section)
    for document in DOCUMENTS for block in blocks(document)
    if block.language == "console" and re.search(r"^\$ agentsync", block.text, re.MULTILINE)
})


def run_section(document: str, section: str, here: Path, go: Run) -> Iterator[tuple[Shown, Ran]]:
    """Every command of a section, one after the other, in one world."""
    for block in blocks(document):
        if (block.section, block.language) != (section, "console"):
            continue
        for shown in shown_in(block):
            program, *arguments = (os.path.expanduser(word) for word in shlex.split(shown.command, comments=True))  # noqa: PTH111 - as a shell does
            if program == "cd":
                here = here / arguments[0]
                assert here.is_dir(), shown.command
            elif program == "sed":  # somebody edits a file
                subprocess.run([program, *arguments], cwd=here, check=True)
            elif program == "make":
                assert re.search(rf"^{arguments[0]}:", text_of("Makefile"), re.MULTILINE), shown.command
            else:
                assert program == "agentsync", shown.command
                yield shown, go(*arguments, cwd=here)
