"""What a push did, or would do, as lines, as the documented JSON object, and as an exit code.

Floor 5, pure: a `Plan` with its results in, words out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from shlex import quote
from typing import Any, Final

from agentsync.copies import STATES, Action, Change, Conflict, Copy, Plan, ProjectOutcome, State
from agentsync.model import Loss, Problem
from agentsync.report import (
    JSON_VERSION,
    Line,
    Span,
    Style,
    count,
    duration,
    hint_line,
    loss_group_lines,
    loss_json,
    problem_json,
    problem_lines,
    problems_lines,
    refusal_lines,
    some_of,
)
from agentsync.sync import Result, copies_after

_DONE: Final[Mapping[Action, str]] = {
    "create": "created", "update": "updated", "delete": "removed", "move": "moved", "heal": "recognised", "adopt": "adopted",
    "commit": "committed", "hold": "held",
}
_LATER: Final[Mapping[Action, str]] = {
    "create": "to create", "update": "to update", "delete": "to remove", "move": "to move", "heal": "to recognise", "adopt": "to adopt",
    "commit": "to commit", "hold": "to hold",
}
_LISTED: Final[tuple[State, ...]] = ("conflict", "edited", "foreign", "unreadable", "deleted", "held")
_NEEDS_YOU: Final = frozenset({"conflict", "edited", "foreign", "unreadable", "held"})
_POLICY: Final = frozenset({"link", "no-file", "no-folder", "too-large"})
"""Troubles with a copy that are agentsync's own rules, not a failing disk."""


def push_lines(result: Result, *, dry: bool, seconds: float | None) -> Iterator[Line]:
    """The report of a push: project by project, then what concerns them all, then one summary line. seconds: it took, where that was measured."""
    plan = result.plan
    yield from _hub_lines(result, dry=dry)
    yield from _projects_lines(result, dry=dry)
    yield from problems_lines(plan.problems)
    yield _summary(result, dry=dry, seconds=seconds)


def _hub_lines(result: Result, *, dry: bool) -> Iterator[Line]:
    """What came from copies into the hub, agent by agent, and what is in conflict there."""
    lost = {id(edit) for edit, _ in result.failed}
    edits = [edit for edit in result.plan.edits if not edit.project and edit.touches]
    done = [edit for edit in edits if id(edit) not in lost]
    if not edits and not result.plan.conflicts:
        return
    commit = f" (commit {result.commit[:9]})" if result.commit else ""
    yield (("strong", "hub"), ("faint", commit))
    for edit in done:
        for note in edit.notes or (edit.path,):
            yield (("", "  "), ("good", "to take " if dry else "took "), ("", note))
    for edit, problem in result.failed:
        if not edit.project:
            yield from problem_lines(problem, 2)
    for conflict in result.plan.conflicts:
        words = [f"{side.project}:{side.target}" for side in conflict.sides]
        sides = ", ".join(dict.fromkeys(["hub", *words] if conflict.hub != conflict.base else words))
        yield (("", "  "), ("warn", "conflict"), ("", f": {conflict.agent}: {conflict.part} {conflict.why} "), ("faint", f"({sides})"))
    if result.plan.conflicts:
        agents = list(dict.fromkeys(conflict.agent for conflict in result.plan.conflicts))
        yield hint_line(f"agentsync resolve {quote(agents[0])}" if len(agents) == 1 else "agentsync resolve", 4)


def stopped_lines(outcomes: Iterable[ProjectOutcome]) -> Iterator[Line]:
    """Projects in which nothing is done, and why."""
    for outcome in outcomes:
        first, *rest = _stopped_lines(outcome)
        yield (("strong", outcome.name), *first)
        yield from rest


def _stopped_lines(outcome: ProjectOutcome) -> Iterator[Line]:
    """Why nothing is done in a project; the first line is what follows its name."""
    style: Style = "faint" if outcome.state == "not enabled here" else "warn"
    yield (("", ": "), (style, outcome.state))
    if outcome.why is not None:
        yield from problem_lines(outcome.why, 2)
    elif outcome.state == "not enabled here":
        yield hint_line(f"agentsync project enable {outcome.name}", 2)


def _projects_lines(result: Result, *, dry: bool) -> Iterator[Line]:
    """Project by project; those of which the same is to be said are named together, at the place of the first."""
    parts = _Parts(result)
    said = {outcome.name: tuple(_project_lines(outcome, parts, dry=dry)) for outcome in result.plan.projects}
    alike: dict[tuple[Line, ...], list[str]] = {}
    for name, lines in said.items():
        alike.setdefault(tuple(_of_any(line, name) for line in lines), []).append(name)
    for general, names in alike.items():
        head, *rest = general if len(names) > 1 else said[names[0]]
        named: list[Span] = [("strong", some_of(names))]
        if len(names) > 1:
            named += [("", f": {count(len(names), 'project')}"), ("", ", each" if rest and not head else "")]
        yield (*named, *head)
        yield from rest


def _of_any(line: Line, name: str) -> Line:
    """A line whose hint speaks of any project, not of this one."""
    if name not in "".join(text for style, text in line if style == "hint"):
        return line
    word = rf"(?<![\w./'-]){re.escape(name)}(?![\w./'-])"
    return tuple((style, re.sub(word, "PROJECT", text) if style == "hint" else text) for style, text in line)


class _Parts:
    """A result, taken apart by project: a run may reach a thousand."""

    def __init__(self, result: Result) -> None:
        self.plan = result.plan
        self.copies: dict[str, list[Copy]] = {}
        self.failed: dict[str, list[Problem]] = {}
        self.changes: dict[str, list[Change]] = {}
        self.losses: dict[str, list[tuple[str, Loss]]] = {}
        self.same: dict[str, dict[str, int]] = {}
        """Copies that are not listed one by one, as a number by target."""
        lost = {id(edit) for edit, _ in result.failed}
        for copy in result.plan.copies:
            self.copies.setdefault(copy.project, []).append(copy)
        for edit, problem in result.failed:
            self.failed.setdefault(edit.project, []).append(problem)
        for edit in result.plan.edits:
            if id(edit) not in lost:
                self.changes.setdefault(edit.project, []).extend(edit.changes)
        for (name, target), number in result.plan.same.items():
            self.same.setdefault(name, {})[target] = number
        for change, loss in result.plan.losses:
            self.losses.setdefault(change.project, []).append((change.agent, loss))


def _project_lines(outcome: ProjectOutcome, parts: _Parts, *, dry: bool) -> Iterator[Line]:
    """What is said of one project; the first line is what follows its name."""
    if outcome.state != "ok":
        yield from _stopped_lines(outcome)
        return
    copies, changes = parts.copies.get(outcome.name, []), parts.changes.get(outcome.name, [])
    unlisted = parts.same.get(outcome.name, {})
    if not copies and not changes and not unlisted:
        yield (("faint", ": nothing to do here"),)
        return
    yield ()
    words = _LATER if dry else _DONE
    targets = dict.fromkeys([*unlisted, *(copy.target for copy in copies), *(change.target for change in changes)])
    for target in targets:
        here = [copy for copy in copies if copy.target == target]
        done = Counter(change.action for change in changes if change.target == target)
        counts: list[Span] = [("good", f"{done[action]:,} {words[action]}") for action in _DONE if done[action]]
        same = unlisted.get(target, 0) + sum(copy.state == "ok" for copy in here) - done["heal"] - done["move"]
        counts += [("faint", f"{same:,} unchanged")] if same > 0 else []
        settled = sum(copy.state == "refused" and copy.decided for copy in here)
        counts += [("faint", f"{settled:,} left out")] if settled else []
        refused = [(copy.agent, copy.why) for copy in here if copy.state == "refused" and not copy.decided and copy.why is not None]
        if not counts and not refused and any(copy.why is not None for copy in here):
            continue                                  # all that there is to say of it is listed below
        for line in refusal_lines(target, counts, refused):
            yield (("", "  "), *line)
    for target, other in outcome.via.items():
        yield (("", "  "), ("name", target), ("faint", f": loads the copies of {other}"))
    yield from _state_lines(copies)
    yield from _resting_lines(copies)
    for problem in parts.failed.get(outcome.name, ()):
        yield from problem_lines(problem, 2)
    yield from loss_group_lines(parts.losses.get(outcome.name, ()))
    if hidden := parts.plan.hidden.get(outcome.name):
        yield (("faint", f"  {count(hidden, 'loss', 'losses')} seen before"),)


def _state_lines(copies: Sequence[Copy]) -> Iterator[Line]:
    """Copies that were left as they are, by state: how many, why, which, and the command that decides it."""
    for state in _LISTED:
        here = [copy for copy in copies if copy.state == state]
        reasons: dict[str, list[Copy]] = {}
        for copy in here:
            reasons.setdefault(copy.why.message if copy.why else state, []).append(copy)
        for reason, alike in reasons.items():
            style: Style = "faint" if state == "deleted" else "warn"
            names = some_of([copy.path or copy.agent for copy in alike])
            yield (("", "  "), (style, f"{len(alike):,} {state}"), ("", f": {reason} "), ("faint", f"({names})"))
            if hint := _common_hint([copy.why.hint for copy in alike if copy.why and copy.why.hint]):
                yield hint_line(hint, 4)


def _resting_lines(copies: Sequence[Copy]) -> Iterator[Line]:
    """Copies that wait for something that is no fault: undone, or not on the branch that is checked out."""
    for code in ("paused", "not-on-branch"):
        here = [copy for copy in copies if copy.why is not None and copy.why.code == code]
        if here and here[0].why is not None:
            names = some_of([copy.path or copy.agent for copy in here])
            yield (("", "  "), ("faint", f"{len(here):,} resting: {here[0].why.message} ({names})"))
            if hint := _common_hint([copy.why.hint for copy in here if copy.why and copy.why.hint]):
                yield hint_line(hint, 4)


def _common_hint(hints: Sequence[str]) -> str | None:
    """One command that decides all of them: without the options in which they differ, which only narrow it."""
    if not hints:
        return None
    hint = hints[0]
    for option in (r" --agent ('[^']*'|\S+)", r" --to \S+"):
        if len({found[0] if (found := re.search(option, one)) else "" for one in hints}) > 1:
            hint = re.sub(option, "", hint)
    if len(set(hints)) > 1:
        hint = re.sub(r"\b(restore|exclude|approve) ('[^']*'|\S+)", r"\1 ID", hint)
        hint = re.sub(r"\bresolve ('[^']*'|\S+)", "resolve", hint)
    return hint


def _summary(result: Result, *, dry: bool, seconds: float | None) -> Line:
    changes = _counts(result)
    words = _LATER if dry else _DONE
    parts: list[Span] = [("good", f"{number:,} {words[action]}") for action, number in changes.items() if number]
    needs = sum(copy.state in _NEEDS_YOU or (copy.state == "refused" and not copy.decided) for copy in result.plan.copies)
    if needs:
        parts.append(("warn", f"{needs:,} left for you to decide"))
    if result.failed:
        parts.append(("bad", f"{len(result.failed):,} failed"))
    line: list[Span] = []
    for part in parts or [("faint", "nothing to do")]:
        line += [("", ", "), part] if line else [part]
    reached = sum(outcome.state == "ok" for outcome in result.plan.projects)
    took: tuple[Span, ...] = () if seconds is None else (("faint", f" ({duration(seconds)})"),)
    return (*line, ("", f" in {count(reached, 'project')}"), *took)


def _counts(result: Result) -> dict[Action, int]:
    failed = {id(edit) for edit, _ in result.failed}
    found: dict[Action, int] = dict.fromkeys(_DONE, 0)
    for edit in result.plan.edits:
        if id(edit) not in failed:
            for change in edit.changes:
                found[change.action] += 1
    return found


def push_json(result: Result, *, dry: bool) -> dict[str, Any]:
    """The documented object."""
    plan = result.plan
    failed = {id(edit) for edit, _ in result.failed}
    changes = [
        {"action": c.action, "project": c.project if edit.project else None, "target": c.target, "agent": c.agent, "path": c.path}
        for edit in plan.edits if id(edit) not in failed for c in edit.changes
    ]
    copies = plan.copies if dry else copies_after(result)
    losses = [
        {"project": change.project, "target": change.target, "agent": change.agent, **loss_json(loss)} for change, loss in plan.losses
    ]
    states = {state: sum(copy.state == state for copy in copies) for state in STATES}
    return {
        "version": JSON_VERSION,
        "run": result.run,
        "changes": changes,
        "copies": [_copy_json(copy) for copy in copies],
        "conflicts": [conflict_json(conflict) for conflict in plan.conflicts],
        "losses": losses,
        "problems": [*_problems_json(plan, copies), *({"project": e.project, **problem_json(p)} for e, p in result.failed)],
        "summary": {
            "dry_run": dry,
            "changes": {action: number for action, number in _counts(result).items() if number},
            "states": {state: number for state, number in states.items() if number},
            "projects": {outcome.name: outcome.state for outcome in plan.projects},
            "via": [
                {"project": outcome.name, "target": target, "via": other} for outcome in plan.projects for target, other in outcome.via.items()
            ],
            "losses_seen": sum(plan.hidden.values()),
            "failed": len(result.failed),
            "commit": result.commit,
        },
    }


def conflict_json(conflict: Conflict) -> dict[str, Any]:
    """One conflict, as documented."""
    return {
        "agent": conflict.agent, "part": conflict.part, "why": conflict.why, "hub": conflict.hub, "base": conflict.base,
        "sides": [{"project": s.project, "target": s.target, "path": s.path, "says": s.says} for s in conflict.sides],
    }


def _copy_json(copy: Copy) -> dict[str, Any]:
    return {
        "project": copy.project, "target": copy.target, "agent": copy.agent, "path": copy.path, "entry": copy.entry, "state": copy.state,
        "decided": copy.decided, "losses": copy.losses, "why": None if copy.why is None else copy.why.message,
    }


def _problems_json(plan: Plan, copies: Iterable[Copy]) -> Iterator[dict[str, Any]]:
    for problem in plan.problems:
        yield {"project": None, **problem_json(problem)}
    for outcome in plan.projects:
        if outcome.why is not None:
            yield {"project": outcome.name, **problem_json(outcome.why)}
    for copy in copies:
        if copy.why is not None and not copy.decided and copy.state != "ok":
            yield {"project": copy.project, "target": copy.target, "agent": copy.agent, **problem_json(copy.why)}


def push_exit(result: Result) -> int:
    """3 where a file could not be read or written, 1 where something needs the user, else 0."""
    plan = result.plan
    if result.failed or any(_disk_failed(problem) for problem in _troubles(plan)):
        return 3
    needs_you = any(copy.state in _NEEDS_YOU or (copy.state == "refused" and not copy.decided) for copy in plan.copies)
    stopped = any(outcome.state in ("stopped", "missing") for outcome in plan.projects)
    return 1 if needs_you or stopped or any(problem.severity == "error" for problem in plan.problems) else 0


def _troubles(plan: Plan) -> Iterator[Problem]:
    yield from (copy.why for copy in plan.copies if copy.state == "unreadable" and copy.why is not None)
    yield from plan.problems


def _disk_failed(problem: Problem) -> bool:
    return problem.code in ("io", "denied", "full", "read-only")


def with_problems(result: Result, problems: Sequence[Problem]) -> Result:
    """The result with something more to be said."""
    return replace(result, plan=replace(result.plan, problems=(*problems, *result.plan.problems))) if problems else result
