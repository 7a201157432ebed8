"""`agentsync undo`: take back a run."""

from __future__ import annotations

import json
from datetime import datetime

import click

from agentsync.commands.app import Session
from agentsync.report import count, problem_lines, some_of, text_line
from agentsync.sync import at_work
from agentsync.sync_report import push_exit, push_json
from agentsync.undo import run_to_undo
from agentsync.undo import undo as take_back
from agentsync.workspace import open_workspace


@click.command()
@click.argument("run", required=False, type=int, metavar="[RUN]")
@click.option("-n", "--dry-run", "dry", is_flag=True, help="Show what would be taken back and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def undo(session: Session, run: int | None, dry: bool, as_json: bool) -> int:
    """Take back a run, by default the last one that was not taken back yet.

    Where a file still has the bytes that the run left, the old bytes return; the others are listed and stay. What was committed in
    the hub is undone by a new commit. The copies stay on hold until their agent changes or is pushed by name.
    """
    space = open_workspace(session.hub)
    with at_work(space, "undo", read_only=dry) as (ledger, _):
        meant = run_to_undo(ledger, run)
        result = take_back(space, ledger, meant, dry=dry)
    if as_json:
        session.terminal.result(json.dumps(push_json(result, dry=dry), ensure_ascii=True, indent=2) + "\n")
        return push_exit(result)
    failed = {id(edit) for edit, _ in result.failed}
    when = datetime.fromtimestamp(meant.started).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    word = "to take back" if dry else "taken back"
    done = [edit for edit in result.plan.edits if edit.touches and id(edit) not in failed]
    files: dict[tuple[str, str], list[str]] = {}
    for edit in done:
        what = "removed" if edit.new is None else "brought back" if edit.old is None else "as it was"
        files.setdefault((edit.path, what), []).append(edit.project or "hub")
    tell = session.terminal.print if dry else session.terminal.say      # the plan is what a dry run was asked for
    tell((("", f"  {some_of(places)}  "), ("", path), ("faint", f"  {what}")) for (path, what), places in files.items())
    for problem in (*result.plan.problems, *(problem for _, problem in result.failed)):
        session.terminal.say(problem_lines(problem, 2))
    commit = f"; hub commit {result.commit[:9]}" if result.commit else ""
    line = f"run {meant.id} ({meant.command}, {when}): {count(len(done), 'file')} {word}{commit}"
    tell([text_line(line, "good" if done else "")])
    return 1 if any(problem.severity != "note" for problem in result.plan.problems) and not result.failed else push_exit(result)
