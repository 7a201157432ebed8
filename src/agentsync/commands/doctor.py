"""`agentsync doctor`: what is wrong on this machine, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from agentsync.commands.app import Session
from agentsync.disk import LocalDisk
from agentsync.doctor import Part, examine
from agentsync.report import JSON_VERSION, Line, problem_json, problem_lines
from agentsync.workspace import Machine


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def doctor(session: Session, as_json: bool) -> int:
    """Say what is wrong on this machine, and what to do about it.

    Looks at git, your configuration, the hub and its ledger, the projects, formats of your own, and the system's limits. Nothing is
    changed: each finding comes with the command that mends it. What stands there as a note needs nobody.
    """
    parts = list(examine(session.hub, str(Path.cwd()), Machine.here(), LocalDisk()))
    if as_json:
        session.terminal.result(json.dumps(doctor_json(parts), indent=2) + "\n")
    else:
        session.terminal.print(doctor_lines(parts))
    return 1 if any(problem.severity != "note" for part in parts for problem in part.problems) else 0


def doctor_lines(parts: Sequence[Part]) -> Iterator[Line]:
    """Each part with what was found, and below it what is wrong."""
    wide = max((len(part.name) for part in parts), default=0)
    for part in parts:
        bad = any(problem.severity != "note" for problem in part.problems)
        yield (("bad", "!! ") if bad else ("good", "ok "), ("strong", f"{part.name:<{wide}}  "), ("", part.said))
        for problem in part.problems:
            yield from problem_lines(problem, 3)


def doctor_json(parts: Sequence[Part]) -> dict[str, Any]:
    """The documented object of `doctor`."""
    return {"version": JSON_VERSION, "parts": [
        {"name": part.name, "said": part.said,
         "findings": [{**problem_json(problem), "severity": problem.severity} for problem in part.problems]}
        for part in parts
    ]}
