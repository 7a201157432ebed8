"""`agentsync diff`: what a sync would change, line by line."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence

import click

from agentsync.commands.app import Session, formats_of
from agentsync.copies import Edit
from agentsync.model import AgentsyncError
from agentsync.report import Line, problems_lines, some_of
from agentsync.settle import Open, contents_of
from agentsync.snapshot import Reader, Wishes
from agentsync.survey import look
from agentsync.sync import PULL, PUSH, SYNC, at_work, plan_run, with_unmet
from agentsync.sync_report import stopped_lines
from agentsync.workspace import open_workspace, projects_meant


@click.command()
@click.argument("projects", nargs=-1, metavar="[PROJECT]...")
@click.option("--push", "only_push", is_flag=True, help="Only what a push would change in copies.")
@click.option("--pull", "only_pull", is_flag=True, help="Only what a pull would change in the hub, and what is held.")
@click.option("--all", "every", is_flag=True, help="Every project of the hub, not only the one around this folder.")
@click.option("--agent", "agents", multiple=True, metavar="ID|GLOB|tag:T", help="Only these agents.")
@click.option("--to", "to", multiple=True, metavar="F[,F]", help="Only these formats.")
@click.pass_obj
def diff(
    session: Session, projects: tuple[str, ...], only_push: bool, only_pull: bool, every: bool, agents: tuple[str, ...], to: tuple[str, ...]
) -> int:
    """Show what the next sync would change, line by line: the hub's files, then the copies. Nothing is written."""
    if only_push and only_pull:
        raise AgentsyncError("--push and --pull: name one of them", hint="agentsync diff")
    space = open_workspace(session.hub)
    names = projects_meant(space, projects, os.path.realpath(os.curdir), every=every)
    way = PUSH if only_push else PULL if only_pull else SYNC
    with at_work(space, "diff", read_only=True) as (ledger, _):
        reader = Reader()
        sight = look(space, ledger, names, reader=reader)
        wishes = Wishes(agents, formats_of(to, space.formats))
        after, plan = plan_run(space, sight, wishes, way, reader)
        plan = with_unmet(plan, wishes, after.agents)
    alike: dict[tuple[str, str | None, str | None], list[Edit]] = {}
    for edit in plan.edits:
        if edit.touches:
            alike.setdefault((edit.path, edit.old, edit.new), []).append(edit)
    for edits in alike.values():
        session.terminal.print(_edit_lines(edits))
    if way is not PUSH:
        session.terminal.print(_held_lines(Open(sight.snapshot, plan)))
    stopped = [outcome for outcome in plan.projects if outcome.state in ("stopped", "busy", "missing")]
    session.terminal.say(stopped_lines(stopped))
    session.terminal.say(problems_lines(plan.problems))
    return int(any(outcome.state != "busy" for outcome in stopped) or any(problem.severity == "error" for problem in plan.problems))


def _edit_lines(edits: Sequence[Edit]) -> Iterator[Line]:
    """A file, before and after: in one project, or the same in several."""
    edit = edits[0]
    name = f"{some_of([one.project or 'hub' for one in edits])}:{edit.path}"
    yield from _difference(name, edit.old or "", edit.new or "", new_file=edit.old is None, gone=edit.new is None)


def _held_lines(found: Open) -> Iterator[Line]:
    """What is held: each copy as it was agreed, and as it is now."""
    rows = {row.key: row for view in found.snapshot.projects for place in view.places for row in place.rows}
    texts = {(view.outcome.name, path): f.text for view in found.snapshot.projects for place in view.places for path, f in place.found.items()}
    for copy in found.held:
        for key, _ in contents_of(found.snapshot, [copy]):
            before = found.snapshot.texts.get(rows[key].base, "") if key in rows else ""
            yield (("warn", f"held: {copy.why.message if copy.why else ''}"),)
            yield from _difference(f"{copy.project}:{copy.path}", before, texts.get((copy.project, copy.path or "")) or "")


def _difference(name: str, old: str, new: str, *, new_file: bool = False, gone: bool = False) -> Iterator[Line]:
    """A unified difference in colour."""
    word = "  (new)" if new_file else "  (removed)" if gone else ""
    yield (("strong", name), ("faint", word))
    for line in list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=3))[2:]:
        style = "good" if line.startswith("+") else "bad" if line.startswith("-") else "faint"
        yield (("", "  "), (style, line))  # type: ignore[misc]  # one of three styles
