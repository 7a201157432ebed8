"""`agentsync log`: what was done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from agentsync.commands.app import Session
from agentsync.ledger import Run, Touched
from agentsync.model import AgentsyncError
from agentsync.report import JSON_VERSION, Line, count, hint_line, some_of, text_line
from agentsync.sync import at_work
from agentsync.workspace import open_workspace


@click.command()
@click.argument("run", required=False, type=int, metavar="[RUN]")
@click.option("-n", "most", type=click.IntRange(min=1), default=20, show_default=True, help="How many runs.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def log(session: Session, run: int | None, most: int, as_json: bool) -> int:
    """List the runs that changed files, newest first; of one RUN, its files. Records are kept for 30 days."""
    space = open_workspace(session.hub)
    with at_work(space, "log", read_only=True) as (ledger, _):
        runs = ledger.runs()
        if run is not None:
            runs = tuple(one for one in runs if one.id == run)
            if not runs:
                raise AgentsyncError(f"there is no record of a run {run}", hint="agentsync log")
        undone = {one.undid: one.id for one in reversed(ledger.runs()) if one.undid is not None}
        found = [(one, ledger.touched(one.id)) for one in runs[:most]]
    if as_json:
        listed = [_json(one, files, undone.get(one.id), whole=run is not None) for one, files in found]
        session.terminal.result(json.dumps({"version": JSON_VERSION, "runs": listed}, ensure_ascii=True, indent=2) + "\n")
        return 0
    if not found:
        session.terminal.say([text_line("no run has changed a file yet")])
        return 0
    for one, files in found:
        session.terminal.print([_line(one, files, undone.get(one.id))])
        if run is not None:
            session.terminal.print(_file_line(file) for file in files)
    session.terminal.say([hint_line(f"agentsync undo {found[0][0].id}")])
    return 0


def _line(run: Run, files: Sequence[Touched], undone: int | None) -> Line:
    when = datetime.fromtimestamp(run.started, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    where = some_of(list(dict.fromkeys(file.project or "hub" for file in files)))
    ended = "" if run.finished is not None else "  not finished"
    note = f"  undone by {undone}" if undone is not None else f"  undid {run.undid}" if run.undid is not None else ""
    commit = f"  commit {run.hub_commit[:9]}" if run.hub_commit else ""
    return (
        ("name", f"{run.id:>4}  "), ("faint", f"{when}  "), ("", f"{run.command:<16} "),
        ("", f"{count(sum(file.done for file in files), 'file')} in {where or 'nothing'}"), ("faint", commit), ("warn", f"{ended}{note}"),
    )


def _file_line(file: Touched) -> Line:
    what = "created" if file.old is None else "removed" if file.new is None else "changed"
    return (("", f"        {file.project or 'hub'}  {file.path}  "), ("faint", what if file.done else f"not {what}"))


def _json(run: Run, files: Sequence[Touched], undone: int | None, *, whole: bool) -> dict[str, object]:
    listed = {"files": [{"project": f.project or None, "path": f.path, "done": f.done} for f in files]} if whole else {}
    return {
        "run": run.id, "command": run.command, "started": datetime.fromtimestamp(run.started, UTC).isoformat(timespec="seconds"),
        "finished": run.finished is not None, "changed": sum(file.done for file in files), "undid": run.undid, "undone_by": undone,
        "commit": run.hub_commit, **listed,
    }
