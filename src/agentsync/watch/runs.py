"""The daemon's runs, and what they leave open: who is run, what is said of it, and what waits for somebody's decision."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agentsync.copies import Copy
from agentsync.locking import LockedError
from agentsync.model import AgentsyncError, Problem
from agentsync.report import count, place
from agentsync.snapshot import Wishes
from agentsync.sync import SYNC, Result, at_work, run
from agentsync.watch.events import Event, Kind
from agentsync.workspace import Workspace

COMMAND: Final = "watch"
_LOCK_SECONDS: Final = 0.5
_OPEN: Final = ("conflict", "held")
_NAMED: Final = 3
_UNASKED: Final = Wishes(unasked=True)


class Stopped(Exception):
    """The daemon is to end: the run ends after the file that was written last."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A copy that waits for somebody."""

    project: str
    target: str
    agent: str
    state: str
    path: str | None
    why: str
    hint: str | None

    def about(self) -> dict[str, Any]:
        """As the state file has it."""
        return {
            "project": self.project, "target": self.target, "agent": self.agent, "state": self.state, "path": self.path, "why": self.why,
            "hint": self.hint,
        }


class Work:
    """What runs did so far in this daemon's life."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping
        self.waiting: dict[str, tuple[Waiting, ...]] = {}
        self.states: dict[str, str] = {}
        self.last: Mapping[str, Any] | None = None
        self.changes = 0
        self.failing: set[str] = set()
        """Projects whose last run came to no end."""
        self._said: dict[str, frozenset[str]] = {}

    def reaches(self, space: Workspace, names: Sequence[str]) -> str:
        """How far a run of these projects would reach: `nowhere`, `here`, or to the `hub` and so to everybody. Nothing is written."""
        with at_work(space, COMMAND, read_only=True) as (ledger, _):
            plan = run(space, ledger, names, _UNASKED, SYNC, COMMAND, dry=True).plan
        if any(edit.touches and not edit.project for edit in plan.edits):
            return "hub"
        known = {outcome.name: outcome.state for outcome in plan.projects}
        old = all(self.states.get(name) == state for name, state in known.items())
        listed = _waiting(plan.copies)
        same = all(known.get(name, "ok") != "ok" or self.waiting.get(name, ()) == listed.get(name, ()) for name in names)
        return "nowhere" if not plan.edits and old and same and not plan.problems else "here"

    def go(self, space: Workspace, names: Sequence[str]) -> Iterator[Event]:
        """Run these projects. A failure in one of them does not stop the others. LockedError where another process is at work."""
        try:
            yield from self._go(space, names)
        except (LockedError, Stopped):
            raise
        except (AgentsyncError, OSError) as error:
            if len(names) < 2:
                yield from self._failed(names, error)
                return
            for name in names:
                try:
                    yield from self._go(space, [name])
                except (LockedError, Stopped):
                    raise
                except (AgentsyncError, OSError) as one:
                    yield from self._failed([name], one)

    def forget(self, known: Iterable[str]) -> None:
        """Only these projects are left."""
        names = set(known)
        for kept in (self.waiting, self.states, self._said):
            for name in [name for name in kept if name and name not in names]:
                kept.pop(name, None)

    def _go(self, space: Workspace, names: Sequence[str]) -> Iterator[Event]:
        started = time.monotonic()

        def tell(_: int, __: int) -> None:
            if self._stopping():
                raise Stopped

        with at_work(space, COMMAND, wait=_LOCK_SECONDS) as (ledger, notes):
            result = run(space, ledger, names, _UNASKED, SYNC, COMMAND, tell)
        self.failing -= set(names)
        seconds = time.monotonic() - started
        changes = sum(edit.touches for edit in result.plan.edits) - len(result.failed)
        self.changes += changes
        if result.run is not None:
            self.last = {"run": result.run, "at": time.time(), "seconds": round(seconds, 3), "changes": changes, "commit": result.commit}
            facts = {"run": result.run, "changes": changes, "commit": result.commit and result.commit[:9], "seconds": f"{seconds:.3f}"}
            yield Event("run", _summary(result, changes), facts)
        yield from self._states(result)
        yield from self._open(result, names)
        problems = [*notes, *result.plan.problems, *(problem for _, problem in result.failed)]
        yield from self._problems(names[0] if len(names) == 1 else "", problems)

    def _states(self, result: Result) -> Iterator[Event]:
        """Projects that rest since this run, or go on."""
        for outcome in result.plan.projects:
            before, self.states[outcome.name] = self.states.get(outcome.name, "ok"), outcome.state
            if outcome.state == before:
                continue
            if outcome.state == "ok":
                yield Event("resume", f"{outcome.name} goes on", {"project": outcome.name})
            else:
                why = outcome.why.message if outcome.why is not None else outcome.state
                yield Event("pause", f"{outcome.name} rests: {why}", {"project": outcome.name, "state": outcome.state})

    def _open(self, result: Result, names: Sequence[str]) -> Iterator[Event]:
        """What waits for somebody since this run, and what does no more. Of a project that rests nobody knows."""
        found = _waiting(result.plan.copies)
        for name in names:
            if self.states.get(name, "ok") != "ok":
                continue
            before, now = self.waiting.get(name, ()), found.get(name, ())
            self.waiting[name] = now
            for one in now:
                if one not in before:
                    facts = {"state": one.state, "project": one.project, "target": one.target, "agent": one.agent, "hint": one.hint}
                    yield Event("open", f"{one.state}: {one.agent} in {one.project}: {one.why}", facts)
            keys = {(one.target, one.agent, one.state) for one in now}
            for one in before:
                if (one.target, one.agent, one.state) not in keys:
                    facts = {"state": one.state, "project": one.project, "target": one.target, "agent": one.agent}
                    yield Event("closed", f"no {one.state} any more: {one.agent} in {one.project}", facts)

    def _problems(self, where: str, problems: Sequence[Problem]) -> Iterator[Event]:
        """Each problem once, until it went away."""
        texts = {f"{place(problem)}: {problem.message}" if problem.path else problem.message: problem for problem in problems}
        for text, problem in texts.items():
            if text not in self._said.get(where, frozenset()):
                kind: Kind = "note" if problem.severity == "note" else "trouble"
                yield Event(kind, text, {"code": problem.code, "project": where or None, "hint": problem.hint})
        self._said[where] = frozenset(texts)

    def _failed(self, names: Sequence[str], error: AgentsyncError | OSError) -> Iterator[Event]:
        self.failing |= set(names)
        if isinstance(error, AgentsyncError):
            problem = error.problem
        else:
            problem = Problem("io", error.strerror or str(error), path=str(error.filename) if error.filename else None)
        yield from self._problems(names[0] if len(names) == 1 else "", [problem])


def _waiting(copies: Iterable[Copy]) -> dict[str, tuple[Waiting, ...]]:
    found: dict[str, list[Waiting]] = {}
    for copy in copies:
        if copy.state in _OPEN:
            why, hint = (copy.why.message, copy.why.hint) if copy.why is not None else ("", None)
            one = Waiting(copy.project, copy.target, copy.agent, copy.state, copy.path, why, hint)
            found.setdefault(copy.project, []).append(one)
    return {name: tuple(several) for name, several in found.items()}


def _summary(result: Result, changes: int) -> str:
    """What a run did, in a line."""
    lost = {id(edit) for edit, _ in result.failed}
    done = [edit for edit in result.plan.edits if edit.touches and id(edit) not in lost]
    taken = [note for edit in done if not edit.project for note in edit.notes]
    agents = list(dict.fromkeys(change.agent for edit in done if edit.project for change in edit.changes))
    projects = list(dict.fromkeys(edit.project for edit in done if edit.project))
    parts = [f"took {_some(taken)}"] if taken else []
    if agents:
        parts.append(f"wrote {_some(agents)} to {_some(projects)}")
    return "; ".join(parts) or f"wrote {count(changes, 'file')}"


def _some(words: Sequence[str]) -> str:
    return ", ".join(words[:_NAMED]) + (f" and {len(words) - _NAMED} more" if len(words) > _NAMED else "")
