"""Taking back a run: where a file still has the bytes that the run left, the old bytes return; the others are listed.

Floor 6. An undo is a run of its own, recorded like any other, so it can be taken back too. What it took back stays on hold until the
agent or the copy changes: else the next run would do it all again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agentsync.copies import Change, Edit, Key, Paused, Plan
from agentsync.disk import DiskError, decode, encode
from agentsync.hub import HubAgent, agent_id, digest_of
from agentsync.ledger import Ledger, Run, Touched
from agentsync.model import HUB_FORMAT, AgentsyncError, Problem
from agentsync.snapshot import Reader
from agentsync.survey import look
from agentsync.sync import Result, apply
from agentsync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class _Found:
    """A file of the run as it stands now."""

    touched: Touched
    now: bytes | None


def run_to_undo(ledger: Ledger, number: int | None) -> Run:
    """The run that is meant: the one of this number, else the newest that is no undo and was not undone. AgentsyncError where there is none."""
    runs = ledger.runs()
    # An undo that was killed goes on where it was.
    undone = {run.undid for run in runs if run.undid is not None and run.finished and not any(other.undid == run.id for other in runs)}
    if number is not None:
        for run in runs:
            if run.id == number:
                if number in undone:
                    raise AgentsyncError(f"run {number} was undone already", hint="agentsync log")
                return run
        raise AgentsyncError(f"there is no record of a run {number}", hint="agentsync log")
    for run in runs:
        if run.undid is None and run.id not in undone:
            return run
    raise AgentsyncError("there is nothing to undo", hint="agentsync log")


def undo(space: Workspace, ledger: Ledger, run: Run, *, dry: bool = False) -> Result:
    """Take back a run. The result's plan lists as problems the files that were changed since and stay."""
    found = [_Found(touched, _now(space, touched)) for touched in reversed(ledger.touched(run.id))]
    edits, left = [], []
    for one in found:
        old, new = one.touched.old, one.touched.new
        if one.now == old and old != new:
            if set(ledger.rows_at(_keys(one.touched))) != set(one.touched.before):      # the file is back, the ledger does not know yet
                edits.append(replace(_edit(one.touched, space.config.agents.rstrip("/")), old=None if old is None else decode(old), changes=()))
            continue
        if one.now != new:
            what = f"was changed since run {run.id}, and stays"
            left.append(Problem("changed-since", what, path=f"{one.touched.root}/{one.touched.path}", severity="warning"))
            continue
        edits.append(_edit(one.touched, space.config.agents.rstrip("/")))
    edits = _without_twins(ledger, edits, run, left)
    plan = Plan(tuple(edits), problems=tuple(left))
    if dry or not (edits or any(other.undid == run.id and other.finished is None for other in ledger.runs())):
        return Result(plan)
    names = [name for name in dict.fromkeys(touched.touched.project for touched in found) if name in space.config.projects]
    sight = look(space, ledger, names, reader=Reader())
    views = tuple(replace(view, locks=False) for view in sight.snapshot.projects)       # the run's own edits restore the locks
    sight = replace(sight, snapshot=replace(sight.snapshot, projects=views))
    # On hold before anything changes: killed in the middle, the next run must not do again what was taken back.
    files = [one.touched for one in found]
    paused = _paused(space, edits, files, sight.snapshot.agents)
    ledger.pause(paused)
    result = apply(space, ledger, sight, plan, f"undo {run.id}", undid=run.id)
    failed = {(edit.root, edit.path) for edit, _ in result.failed}
    if failed:
        stand = _paused(space, [edit for edit in edits if (edit.root, edit.path) not in failed], files, sight.snapshot.agents)
        ledger.pause(stand, forget=[one.key for one in paused])
    return result


def _without_twins(ledger: Ledger, edits: Sequence[Edit], run: Run, left: list[Problem]) -> list[Edit]:
    """The edits, but for copies whose agent goes on in another file: that one was changed since and stays, and an agent has one copy at a target."""
    moved = {key for edit in edits for key in (*edit.forget, *(row.key for row in edit.put))}
    kept: list[Edit] = []
    for edit in edits:
        rows = ledger.rows_of(edit.root, {row.agent for row in edit.put})
        elsewhere = {(row.agent, row.key.format, row.key.scope): row for row in rows if row.key not in moved}
        twins = {row: elsewhere[place] for row in edit.put if (place := (row.agent, row.key.format, row.key.scope)) in elsewhere}
        if edit.old is None and edit.new is not None and twins and len(twins) == len(edit.put):
            other = next(iter(twins.values()))
            what = f"does not come back: its agent goes on in {other.key.path}, which was changed since run {run.id}"
            left.append(Problem("changed-since", what, path=f"{edit.root}/{edit.path}", severity="warning"))
            continue
        kept.append(replace(edit, put=tuple(row for row in edit.put if row not in twins)) if twins else edit)
    return kept


def _keys(touched: Touched) -> tuple[Key, ...]:
    """The copies that a file's record speaks of."""
    return tuple(dict.fromkeys(row.key for row in (*touched.before, *touched.after)))


def _now(space: Workspace, touched: Touched) -> bytes | None:
    """What a file holds now; None where there is none."""
    try:
        return space.disk.read(touched.root, touched.path).data if space.disk.look(touched.root, touched.path) else None
    except DiskError as error:
        if error.problem.code == "missing":
            return None
        return b"\0" + error.problem.message.encode()       # neither what the run left nor what was there before


def _edit(touched: Touched, folder: str) -> Edit:
    """The edit that brings a file's old bytes back, with the rows that spoke of it then."""
    before = {row.key: row for row in touched.before}
    gone = tuple(row.key for row in touched.after if row.key not in before)
    rows = {row.key: row for row in (*touched.after, *touched.before)}
    action = "create" if touched.new is None else "delete" if touched.old is None else "update"
    if touched.project:
        changes = tuple(
            Change(action, touched.project, key.format, row.agent, touched.path, key.entry_key)  # type: ignore[arg-type]  # one of three
            for key, row in rows.items()
        )
    else:
        identity = agent_id(touched.path, folder) or touched.path
        changes = (Change(action, "", HUB_FORMAT, identity, touched.path),)  # type: ignore[arg-type]  # as above
    old, new = (None if data is None else decode(data) for data in (touched.new, touched.old))
    put = tuple(replace(row, stamp="") for row in touched.before)
    return Edit(touched.project, touched.root, touched.path, old, new, changes, put, gone)


def _paused(space: Workspace, edits: Sequence[Edit], found: Sequence[Touched], agents: Sequence[HubAgent]) -> list[Paused]:
    """The copies that an undo leaves behind the hub, or ahead of it: each on hold as both stand now."""
    hubs = {agent.id: agent.digest for agent in agents}
    folder = space.config.agents.rstrip("/")
    for edit in edits:
        identity = None if edit.project else agent_id(edit.path, folder)
        if identity is not None:
            hubs[identity] = "" if edit.new is None else digest_of(encode(edit.new))
    after = {(edit.root, edit.path): edit.new for edit in edits}
    done = {(edit.root, edit.path) for edit in edits}
    rows = {row.key: row for touched in found if (touched.root, touched.path) in done for row in (*touched.before, *touched.after)}
    return [
        Paused(key, row.agent, hubs.get(row.agent, ""), _digest(space, key, after)) for key, row in rows.items()
    ]


def _digest(space: Workspace, key: Key, after: Mapping[tuple[str, str], str | None]) -> str:
    """What a copy's file holds after the undo, as a digest; empty where there is none."""
    if (key.root, key.path) in after:
        text = after[key.root, key.path]
        return "" if text is None else digest_of(encode(text))
    try:
        return digest_of(space.disk.read(key.root, key.path).data) if space.disk.look(key.root, key.path) else ""
    except DiskError:
        return ""
