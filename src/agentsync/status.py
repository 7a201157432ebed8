"""The screen people live in: every copy with its state, what changed there, and what the next sync would change.

Floor 6. Reads only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import quote
from typing import Any, Final

from agentsync import git
from agentsync.copies import STATES, Action, Copy, Key, Plan, ProjectOutcome, State, entry_word
from agentsync.edits import CLASHES
from agentsync.ledger import Ledger
from agentsync.merge import RIGHTS
from agentsync.model import Agent, Problem
from agentsync.report import JSON_VERSION, Line, Span, Style, count, hint_line, problem_json, problem_lines, problems_lines, some_of
from agentsync.rests import Rests
from agentsync.rights import effective, spell
from agentsync.snapshot import Place, ProjectView, Reader, Wishes
from agentsync.survey import look, parked, woken
from agentsync.sync import PUSH, SYNC, plan_run, with_unmet
from agentsync.sync_report import conflict_json
from agentsync.workspace import Workspace, shown

THERE: Final[Mapping[State, str]] = {"edited": "M", "conflict": "M", "held": "M", "unreadable": "?", "foreign": "A", "deleted": "D", "missing": "D"}
"""The first column: what changed in the project since it was last agreed."""

NEXT: Final[Mapping[Action, str]] = {"create": "A", "update": "M", "delete": "D", "move": "R"}
"""The second column: what the next sync does to the copy; `^` where its change goes to the hub."""

_STYLES: Final[Mapping[State, Style]] = {
    "ok": "good", "behind": "", "missing": "", "edited": "warn", "conflict": "bad", "held": "warn", "refused": "warn", "foreign": "warn",
    "deleted": "faint", "unreadable": "bad",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A copy as status lists it. next: a letter of `NEXT`, `^`, or a blank. rights: what it may use, None where it was not read."""

    copy: Copy
    there: str
    next: str
    rights: str | None = None
    commit: str | None = None

    @property
    def needs_you(self) -> bool:
        """Whether only the user can say what becomes of it; an edit that no sync takes in, too."""
        stays = self.copy.state == "edited" and self.next == " "
        return not self.copy.decided and (stays or self.copy.state not in ("ok", "deleted", "behind", "missing", "edited"))


@dataclass(frozen=True, slots=True)
class Status:
    """Everything status says. parked: why the hub rests, or None. ahead, behind: of its upstream as last fetched."""

    hub: str
    branch: str | None
    agents: int
    rows: tuple[Row, ...]
    plan: Plan
    parked: Problem | None = None
    upstream: tuple[int, int] | None = None


def status_of(space: Workspace, ledger: Ledger, names: Sequence[str], wishes: Wishes, *, rights: bool = False) -> Status:
    """How hub and copies stand. rights: read every copy and say what it may use."""
    reader = Reader()
    rests = None if rights or wishes != Wishes() else Rests(space, ledger, recording=False)
    sight = look(space, ledger, names, whole=rights, reader=reader, rests=rests)
    after, then = plan_run(space, sight, wishes, SYNC, reader)
    stirred = {new.outcome.name for old, new in zip(sight.snapshot.projects, after.projects, strict=True) if old.rest and new.rest is None}
    if stirred:     # what comes from the copies goes on to them
        sight = woken(space, sight, stirred, reader)
    pulls = any(not edit.project for edit in then.edits) or any(copy.state in ("held", "conflict") for copy in then.copies)
    now = plan_run(space, sight, wishes, PUSH, reader)[1] if pulls else then      # nothing comes from the copies: one plan is the other
    open_copies = {_place(copy): copy for copy in then.copies if copy.state in ("held", "conflict")}
    changes = {(c.project, c.target, c.agent): NEXT.get(c.action, " ") for edit in then.edits if edit.project and edit.touches for c in edit.changes}
    lifted = {row.key for edit in then.edits if not edit.project and edit.touches for row in edit.put}
    places = {(view.outcome.name, place.target.format): place for view in after.projects for place in view.places}
    views = {view.outcome.name: view for view in sight.snapshot.projects}
    rows = []
    for copy in now.copies:
        copy = open_copies.get(_place(copy), copy)
        place = places.get((copy.project, copy.target))
        up = place is not None and copy.state in ("edited", "conflict") and _key(place, copy) in lifted
        there = " " if copy.state == "missing" and not copy.decided else THERE.get(copy.state, " ")
        rows.append(Row(copy, there, "^" if up else changes.get(_place(copy), " "), *_said(copy, place, reader, views[copy.project], rights=rights)))
    listed = {_place(row.copy) for row in rows}
    for change in (c for edit in then.edits if edit.project and edit.touches for c in edit.changes):
        if (change.project, change.target, change.agent) not in listed:
            gone = Copy(change.project, change.target, change.agent, change.path, "behind", change.entry)
            rows.append(Row(gone, " ", NEXT.get(change.action, " ")))
    return Status(
        space.root, git.head_branch(space.root), sight.agents, tuple(rows),
        with_unmet(replace(now, conflicts=then.conflicts), wishes, after.agents), parked(space), git.ahead_behind(space.root),
    )


def _place(copy: Copy) -> tuple[str, str, str]:
    return copy.project, copy.target, copy.agent


def _key(place: Place, copy: Copy) -> Key:
    return Key(place.root, copy.target, place.target.scope, copy.path or "", entry_word(copy.entry))


def _said(copy: Copy, place: Place | None, reader: Reader, view: ProjectView, *, rights: bool) -> tuple[str | None, str | None]:
    """What a copy may use, and the hub's commit that the lock names for it."""
    line = view.lock.get((copy.agent, copy.target))
    commit = line.commit if line is not None else None
    found = place.found.get(copy.path) if place is not None and copy.path is not None else None
    if not rights or place is None or found is None or copy.path is None:
        return None, commit
    agent = reader.agent(place.rules, copy.path, found.text, found.document, copy.entry)
    return (None if agent is None else rights_words(agent)), commit


def rights_words(agent: Agent) -> str:
    """An agent's rights as one line for people."""
    rights = effective(agent.rights)
    held = "everything" if rights.allow is None else spell(rights.allow) or "nothing"
    return held + (f" but {spell(rights.deny)}" if rights.deny else "") + (f"; asks before {spell(rights.ask)}" if rights.ask else "")


# ---- for people ---------------------------------------------------------------------------------------------------


def status_lines(found: Status, width: int) -> Iterator[Line]:
    """The screen: the hub, then project by project what is not as it should be, then the commands that go on from here."""
    yield from _hub_lines(found)
    rows: dict[str, list[Row]] = {}
    for row in found.rows:
        rows.setdefault(row.copy.project, []).append(row)
    same = Counter[str]()
    for (name, _), number in found.plan.same.items():
        same[name] += number
    alike: dict[tuple[Line, ...], list[str]] = {}
    for outcome in found.plan.projects:
        alike.setdefault(tuple(_project_lines(outcome, rows.get(outcome.name, ()), same[outcome.name], width)), []).append(outcome.name)
    for (head, *rest), names in alike.items():
        named = (("strong", some_of(names)), ("", f"  {count(len(names), 'project')}, each")) if len(names) > 1 else (("strong", names[0]),)
        yield (*named, *head)
        yield from rest
    yield from problems_lines(found.plan.problems)
    yield from _hints(found)


def _hub_lines(found: Status) -> Iterator[Line]:
    words: list[Span] = [("strong", "hub"), ("", f"  {shown(found.hub)}  {found.branch or 'no branch'}  {count(found.agents, 'agent')}")]
    if found.upstream is not None and any(found.upstream):
        ahead, behind = found.upstream
        parts = [f"{number} {word}" for number, word in ((ahead, "ahead of its upstream"), (behind, "behind it")) if number]
        words.append(("warn", f"  {', '.join(parts)}"))
    yield tuple(words)
    if found.parked is not None:
        yield from problem_lines(found.parked, 2)


def _project_lines(outcome: ProjectOutcome, rows: Sequence[Row], same: int, width: int) -> Iterator[Line]:
    """What is said of one project; the first line is what follows its name. same: copies that are as they should be and have no row."""
    good = sum(row.copy.state == "ok" and row.next == " " for row in rows)
    told = [row for row in rows if not (row.copy.state == "ok" and row.next == " ") and not (row.copy.state == "refused" and row.copy.decided)]
    settled = len(rows) - good - len(told)
    good += same
    head: list[Span] = []
    if outcome.state != "ok":
        head.append(("faint" if outcome.state == "not enabled here" else "warn", f"  {outcome.state}"))
    head += [("good", f"  {good:,} ok")] if good else []
    head += [("faint", f"  {settled:,} left out")] if settled else []
    yield tuple(head)
    if outcome.why is not None:
        yield from problem_lines(outcome.why, 2)
    elif outcome.state == "not enabled here":
        yield hint_line(f"agentsync project enable {outcome.name}", 2)
    groups = _groups(told)
    named = [some_of([row.copy.agent for row in group]) for group in groups]
    agent, target = (min(max(map(len, words), default=0), limit) for words, limit in ((named, 40), ([g[0].copy.target for g in groups], 24)))
    for name, (row, *others) in zip(named, groups, strict=True):
        copy = row.copy
        why = _why(row)
        first: list[Span] = [
            ("warn", f"  {row.there}"), ("name", f"{row.next}  "), ("", f"{name:<{agent}}  "), ("faint", f"{copy.target:<{target}}  "),
            (_STYLES[copy.state], f"{copy.state:<10}"),
        ]
        room = width - 6 - agent - target - 14
        if why:
            first.append(("", f" {why}"))
        elif copy.path and room > len(copy.path) and not others:
            first.append(("faint", f" {copy.path}"))
        yield tuple(first)


_ONE_BY_ONE: Final = frozenset({"edited", "conflict", "held", "foreign", "unreadable"})
"""States in which somebody wants to see each copy."""


def _groups(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows in order of agents; several agents of which a target says the same for the same reason stand together."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row.copy.agent, row.copy.target)):
        copy = row.copy
        own = (copy.agent, copy.path or "") if copy.state in _ONE_BY_ONE else ()
        groups.setdefault((copy.target, copy.state, row.there, row.next, _why(row), *own), []).append(row)
    return list(groups.values())


def _why(row: Row) -> str:
    copy = row.copy
    return copy.why.message if copy.why is not None and (copy.decided or copy.state not in ("edited", "behind")) else ""


def _hints(found: Status) -> Iterator[Line]:
    """What to do next, as commands."""
    states = {row.copy.state for row in found.rows if not row.copy.decided}
    pending = [row for row in found.rows if row.next != " "]
    if not states - {"ok", "deleted"} and not pending:
        resting = sum(row.copy.decided and row.copy.state in ("behind", "missing") for row in found.rows)
        if resting:
            yield (("faint", f"nothing to do; {count(resting, 'copy', 'copies')} at rest"),)
        elif ("ok" in states or found.plan.same) and not any(outcome.state in ("stopped", "missing", "busy") for outcome in found.plan.projects):
            but: Span = ("faint", ", but for copies that were deleted" if "deleted" in states else "")
            yield (("good", "hub and copies say the same"), but)
        yield from _deleted_hints(found)
        return
    if any((row.there, row.next) != (" ", " ") for row in found.rows):
        yield (("faint", "first column: changed there; second: what sync does (A add, M change, D remove, R move, ^ to the hub)"),)
    if pending and found.parked is None:
        yield hint_line("agentsync sync  (agentsync diff shows what it changes)")
    if "conflict" in states:
        yield hint_line("agentsync resolve")
    if "held" in states:
        yield hint_line("agentsync approve")
    refused = [row.copy.why for row in found.rows if row.copy.state == "refused" and not row.copy.decided and row.copy.why is not None]
    if any(why.code not in CLASHES for why in refused):
        yield hint_line("agentsync skip --refused  (or: agentsync allow --refused)")
    for hint in dict.fromkeys(why.hint for why in refused if why.code in CLASHES and why.hint):
        yield hint_line(hint)
    left = [row.copy.why.hint for row in found.rows if row.copy.state == "edited" and row.needs_you and row.copy.why is not None]
    if left:
        yield hint_line((left[0] if len(left) == 1 else None) or "agentsync push --overwrite edited")
    if "foreign" in states:
        yield hint_line("agentsync push --overwrite foreign  (or move the files away)")
    roots = {outcome.name: outcome.root for outcome in found.plan.projects}
    broken = [row.copy for row in found.rows if row.copy.state == "unreadable" and row.copy.path and roots.get(row.copy.project)]
    if broken:
        files = [quote(shown(roots[copy.project] or "", copy.path or "")) for copy in broken[:3]]
        yield hint_line(f"agentsync lint {' '.join(dict.fromkeys(files))}")
    yield from _deleted_hints(found)


def _deleted_hints(found: Status) -> Iterator[Line]:
    """The answers to copies that somebody deleted."""
    gone = {(quote(row.copy.agent), row.copy.project) for row in found.rows if row.copy.state == "deleted" and not row.copy.decided}
    if gone:
        agent, project = min(gone) if len(gone) == 1 else ("ID", "PROJECT")
        yield hint_line(f"agentsync restore {agent} -p {project}  (or: agentsync exclude {agent} -p {project})")


# ---- for programs -------------------------------------------------------------------------------------------------


def status_json(found: Status) -> dict[str, Any]:
    """The documented object."""
    states = {state: sum(row.copy.state == state for row in found.rows) for state in STATES}
    return {
        "version": JSON_VERSION,
        "run": None,
        "hub": {
            "path": found.hub, "branch": found.branch, "parked": None if found.parked is None else found.parked.message,
            "ahead": found.upstream[0] if found.upstream else None, "behind": found.upstream[1] if found.upstream else None,
        },
        "changes": [
            {"action": action, "project": row.copy.project, "target": row.copy.target, "agent": row.copy.agent, "path": row.copy.path}
            for row in found.rows for action, letter in NEXT.items() if letter == row.next
        ],
        "copies": [_row_json(row) for row in found.rows],
        "conflicts": [conflict_json(conflict) for conflict in found.plan.conflicts],
        "losses": [],
        "problems": [{"project": None, **problem_json(problem)} for problem in found.plan.problems],
        "summary": {
            "states": {state: number for state, number in states.items() if number},
            "projects": {outcome.name: outcome.state for outcome in found.plan.projects},
        },
    }


def _row_json(row: Row) -> dict[str, Any]:
    copy = row.copy
    return {
        "project": copy.project, "target": copy.target, "agent": copy.agent, "path": copy.path, "entry": copy.entry, "state": copy.state,
        "changed_there": row.there.strip() or None, "would_change": row.next.strip() or None, "decided": copy.decided, RIGHTS: row.rights,
        "hub_commit": row.commit, "why": None if copy.why is None else copy.why.message,
    }
