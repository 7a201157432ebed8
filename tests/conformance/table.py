"""The table of docs/conformance.md: what each client was last seen to make of what agentsync writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).resolve().parents[2] / "docs/conformance.md"
HEAD: Final = ("format", "client", "version", "date", "cases", "agreed")
_TABLE: Final = re.compile(r"(<!-- generated: conformance -->\n).*?(<!-- end -->)", re.DOTALL)
_LINE: Final = re.compile(r"^\| " + r" \| ".join([r"([^|\n]*)"] * len(HEAD)) + r" \|$", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """One line: a format, its client, and what came of the last run; `-` where there was none."""

    format: str
    client: str
    version: str
    date: str = "-"
    cases: str = "-"
    agreed: str = "-"


def rows_of(text: str) -> dict[str, Row]:
    """Format to its row, out of the page."""
    section = _TABLE.search(text)
    lines = _LINE.findall(section[0])[2:] if section else []
    return {cells[0].strip(): Row(*(cell.strip() for cell in cells)) for cells in lines}


def with_rows(text: str, rows: Mapping[str, Row]) -> str:
    """The page with these rows as its table."""
    lines = [HEAD, ("---",) * len(HEAD), *(astuple(row) for row in rows.values())]
    return _TABLE.sub(lambda match: match[1] + "".join(f"| {' | '.join(line)} |\n" for line in lines) + match[2], text)
