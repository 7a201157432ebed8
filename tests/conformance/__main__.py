"""Ask the real clients: `python -m tests.conformance [CLIENT ...]`, which `make conformance` runs for all of them.

Exit codes: 0 everything agreed, 1 a client and agentsync disagree, 2 wrong arguments, 3 a client could not be installed or asked.
"""

from __future__ import annotations

import argparse
import datetime
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from agentsync.formats import FormatError, load
from agentsync.formats.rules import Format
from tests.conformance.cases import Case, cases
from tests.conformance.changed import changed
from tests.conformance.clients import CLIENTS
from tests.conformance.install import install_all, with_parts
from tests.conformance.sessions import Adapter
from tests.conformance.suite import ADAPTERS, EVERY, Outcome, ask, batches, version_of
from tests.conformance.table import HEAD, PAGE, Row, rows_of, with_rows


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line; ends the program where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description="Ask the real clients what they make of what agentsync writes.")
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=f"the formats to check (all): {', '.join(EVERY)}")
    parser.add_argument("--cases", type=int, metavar="N", help="only N of the cases, spread over all kinds")
    parser.add_argument("--only", default="", metavar="TEXT", help="only cases whose name holds this, as in rights-deny")
    parser.add_argument("--optional", action="store_true", help="a client that cannot be had or asked here is named as NOT RUN, and is no failure")
    parser.add_argument("--install-seconds", type=float, default=3600, metavar="S", help="how long to try to install what is missing (3600)")
    parser.add_argument("--seconds", type=float, default=36000, metavar="S", help="begin no further group of agents after so long")
    parser.add_argument("--write-table", action="store_true", help=f"write what came of it into {PAGE.parent.name}/{PAGE.name}")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change the format file first, as in rights.unlisted=denied")
    found = parser.parse_args(words)
    unknown = [name for name in found.formats if name not in EVERY]
    if unknown:
        parser.error(f"no client is asked about {', '.join(unknown)}; there are {', '.join(EVERY)}")
    if found.set and (len(found.formats) != 1 or found.write_table):
        parser.error("--set needs one FORMAT, and writes no table")
    return found


def spread(every: Sequence[Case], number: int | None) -> list[Case]:
    """That many of the cases, at equal distances."""
    if number is None or number >= len(every):
        return list(every)
    return [every[at * len(every) // number] for at in range(number)]


def run(adapter: Adapter, fmt: Format, chosen: Sequence[Case], until: float) -> Outcome:
    """Ask one client about these cases; at least one group, and no further one once it is late."""
    done: list[Outcome] = []
    for batch in batches(adapter, fmt, chosen):
        if done and time.monotonic() > until:
            break
        outcome = ask(adapter, fmt, batch)
        for line in outcome.found:
            print(f"  {adapter.format}: {line}", flush=True)
        done.append(outcome)
    found = tuple(line for outcome in done for line in outcome.found)
    return Outcome(sum(o.asked for o in done), sum(o.agreed for o in done), found, sum(o.again for o in done))


def reason_not_to(adapter: Adapter, asked_for: bool, until: float) -> str | None:
    """Why a client is not asked, or None."""
    if not asked_for:
        return "not asked for"
    if adapter.format not in ADAPTERS:
        return "there is no such format yet"
    return CLIENTS[adapter.client].missing() or ("no time was left" if time.monotonic() > until else None)


def main(words: Sequence[str]) -> int:
    """Install, ask, print the table."""
    chosen = arguments(words)
    wanted = set(chosen.formats or ADAPTERS)
    try:
        formats = {name: changed(load(name), chosen.set) for name in wanted if name in ADAPTERS}
    except (ValueError, FormatError) as error:
        print(error, file=sys.stderr)
        return 2
    install_all(with_parts(dict.fromkeys(EVERY[name].client for name in EVERY if name in wanted)), chosen.install_seconds)
    some = spread([case for case in cases() if chosen.only in case.id], chosen.cases)
    until = time.monotonic() + chosen.seconds
    rows: dict[str, Row] = {}
    lines: list[Sequence[str]] = []
    failed = missing = False
    for adapter in EVERY.values():
        row = Row(adapter.format, adapter.client, version_of(adapter))
        why = reason_not_to(adapter, adapter.format in wanted, until)
        begun = time.monotonic()
        try:
            outcome = run(adapter, formats[adapter.format], some, until) if why is None else None
        except subprocess.TimeoutExpired as error:
            why, outcome = f"it did not come to its end within {error.timeout:.0f} seconds", None
        if outcome is None:
            missing = missing or adapter.format in wanted
            lines.append((*_start(row), f"NOT RUN: {why}"))
            continue
        failed = failed or bool(outcome.found) or not outcome.asked
        rows[row.format] = Row(*_start(row), _today(), str(outcome.asked), str(outcome.agreed))
        again = f", {outcome.again} of them when asked again" if outcome.again else ""
        lines.append((*_start(row), f"{outcome.agreed} of {outcome.asked} agreed{again} ({time.monotonic() - begun:.0f} s)"))
        print("conformance: " + "  ".join(lines[-1]), flush=True)
    _print(lines)
    if chosen.write_table:
        _write_table(rows)
    return 1 if failed else 3 if missing and not chosen.optional else 0


def _write_table(rows: Mapping[str, Row]) -> None:
    """The page with these rows; the others stay as they are."""
    text = PAGE.read_text(encoding="utf-8")
    before = rows_of(text)
    every = {name: rows.get(name) or before.get(name) or Row(name, adapter.client, version_of(adapter)) for name, adapter in EVERY.items()}
    PAGE.write_text(with_rows(text, every), encoding="utf-8")


def _start(row: Row) -> tuple[str, str, str]:
    return row.format, row.client, row.version


def _today() -> str:
    return datetime.datetime.now(tz=datetime.UTC).date().isoformat()


def _print(lines: Sequence[Sequence[str]]) -> None:
    widths = [max(len(line[at]) for line in lines) for at in range(3)]
    for line in [HEAD[:3], *lines]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)) + "  " + "".join(line[3:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
