"""The daemon's runs, and what they leave open: who is run, what is said of it, and what waits for somebody's decision."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agentsync.copies import Copy
from agentsync.hub import digest_of
from agentsync.locking import LockedError
from agentsync.model import AgentsyncError, Problem
from agentsync.report import count, place
from agentsync.snapshot import digest
from agentsync.sync import Ready, Result, at_work
from agentsync.touched import Done, Memory, Sure, run_touched
from agentsync.watch.events import Event, Kind
from agentsync.workspace import Workspace

COMMAND: Final = "watch"
_LOCK_SECONDS: Final = 0.5
_OPEN: Final = ("conflict", "held")
_NAMED: Final = 3
_TIDY_SECONDS: Final = 5.0
_KEPT_TEXT: Final = 16 << 20
"""So many characters of the hub's agents are kept between two runs."""


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
        self.reasons: dict[str, str] = {}
        """Why projects rest."""
        self.last: Mapping[str, Any] | None = None
        self.changes = 0
        self.failing: set[str] = set()
        """Projects whose last run came to no end."""
        self._said: dict[str, frozenset[str]] = {}
        self._memory = Memory(None, {})
        self._ours: dict[str, str | None] = {}
        self._ran: float | None = None

    def go(
        self, space: Workspace, names: Sequence[str], others: Sequence[str] | None = None, sure: Sure = lambda names: names,
        ready: Ready = lambda: True,
    ) -> Iterator[Event]:
        """Run these projects, and the others as far as that concerns them. A failure in one of them does not stop the others.

        others: the rest of all projects; None where these are just some of them. sure, ready: see `run_touched`. LockedError where another
        process is at work.
        """
        try:
            yield from self._go(space, names, others, sure, ready)
        except (LockedError, Stopped):
            raise
        except (AgentsyncError, OSError) as error:
            every = [*names, *(others or ())]
            if len(every) < 2:
                yield from self._failed(every, error)
                return
            for name in every:
                try:
                    yield from self._go(space, [name], None, sure)
                except (LockedError, Stopped):
                    raise
                except (AgentsyncError, OSError) as one:
                    yield from self._failed([name], one)

    def bound(self, names: Iterable[str], others: Iterable[str]) -> list[str]:
        """Of the others those where an agent waits that waits in one of these too: what is decided here may end a conflict there."""
        agents = {one.agent for name in names for one in self.waiting.get(name, ())}
        return [name for name in others if any(one.agent in agents for one in self.waiting.get(name, ()))]

    def is_ours(self, path: str) -> bool:
        """Whether a file that something happened to has the very bytes that the last run wrote there."""
        if path not in self._ours:
            return False
        try:
            data = Path(path).read_bytes()
        except FileNotFoundError:
            return self._ours[path] is None
        except OSError:
            return False
        return digest_of(data) == self._ours[path]

    def tidy(self) -> None:
        """Let go of what only the last moments needed, some time after a run. A run of everything would else keep its memory for ever."""
        if self._ran is not None and time.monotonic() - self._ran > _TIDY_SECONDS:
            self._ran, self._ours = None, {}
            gc.collect()
            _give_back()

    def forget(self, known: Iterable[str]) -> None:
        """The settings changed, and only these projects are left."""
        self._memory = Memory(None, {})
        names = set(known)
        for kept in (self.waiting, self.states, self.reasons, self._said):
            for name in [name for name in kept if name and name not in names]:
                kept.pop(name, None)

    def _go(
        self, space: Workspace, names: Sequence[str], others: Sequence[str] | None, sure: Sure, ready: Ready = lambda: True
    ) -> Iterator[Event]:
        started = time.monotonic()
        memory = self._memory if others is not None else Memory(None, self._memory.stamps)

        def beginning() -> bool:
            nonlocal started
            if not ready():
                return False
            # From here on nothing is known for sure until the run has come to its end.
            started, self._memory, self._ours = time.monotonic(), Memory(None, memory.stamps), {}
            self._ran = started
            return True

        def tell(_: int, __: int) -> None:
            if self._stopping():
                raise Stopped

        with at_work(space, COMMAND, wait=_LOCK_SECONDS) as (ledger, notes):
            done = run_touched(space, ledger, names, others or (), memory, COMMAND, tell, sure, beginning)
        if done is None:
            return
        result = done.result
        self._remember(done, memory, known=others is not None)
        self.failing -= set(done.seen)
        seconds = time.monotonic() - started
        changes = sum(edit.touches for edit in result.plan.edits) - len(result.failed)
        self.changes += changes
        if result.run is not None:
            self.last = {"run": result.run, "at": time.time(), "seconds": round(seconds, 3), "changes": changes, "commit": result.commit}
            facts = {"run": result.run, "changes": changes, "commit": result.commit and result.commit[:9], "seconds": f"{seconds:.3f}"}
            yield Event("run", _summary(result, changes), facts)
        yield from self._states(result)
        yield from self._open(done)
        problems = [*notes, *result.plan.problems, *(problem for _, problem in result.failed)]
        yield from self._problems(done.seen[0] if len(done.seen) == 1 else "", problems, whole=set(others or ()) <= set(done.seen))

    def _remember(self, done: Done, memory: Memory, *, known: bool) -> None:
        """What the next run may build on. A hub with very much text in it is read anew each time."""
        agents = done.after if known else None
        if agents is not None and sum(len(agent.text) for agent in agents) < _KEPT_TEXT:
            self._memory = Memory(agents, memory.stamps)
        failed = {id(edit) for edit, _ in done.result.failed}
        self._ours = {
            f"{edit.root}/{edit.path}": None if edit.new is None else digest(edit.new)
            for edit in done.result.plan.edits if edit.touches and id(edit) not in failed
        }

    def _states(self, result: Result) -> Iterator[Event]:
        """Projects that rest since this run, or go on."""
        for outcome in result.plan.projects:
            before, self.states[outcome.name] = self.states.get(outcome.name, "ok"), outcome.state
            self.reasons.pop(outcome.name, None)
            if outcome.state != "ok" and outcome.why is not None:
                self.reasons[outcome.name] = outcome.why.message
            if outcome.state == before:
                continue
            if outcome.state == "ok":
                yield Event("resume", f"{outcome.name} goes on", {"project": outcome.name})
            else:
                why = outcome.why.message if outcome.why is not None else outcome.state
                yield Event("pause", f"{outcome.name} rests: {why}", {"project": outcome.name, "state": outcome.state})

    def _open(self, done: Done) -> Iterator[Event]:
        """What waits for somebody since this run, and what does no more. Of a project that rests nobody knows."""
        found = _waiting(done.result.plan.copies)
        for name in dict.fromkeys((*done.seen, *self.waiting, *found)):
            if self.states.get(name, "ok") != "ok":
                continue
            before, now = self.waiting.get(name, ()), found.get(name, ())
            if name not in done.seen:
                now = (*(one for one in before if one.agent not in done.agents), *now)
            self.waiting[name] = now
            if before == now:
                continue
            for one in now:
                if one not in before:
                    facts = {"state": one.state, "project": one.project, "target": one.target, "agent": one.agent, "hint": one.hint}
                    yield Event("open", f"{one.state}: {one.agent} in {one.project}: {one.why}", facts)
            keys = {(one.target, one.agent, one.state) for one in now}
            for one in before:
                if (one.target, one.agent, one.state) not in keys:
                    facts = {"state": one.state, "project": one.project, "target": one.target, "agent": one.agent}
                    yield Event("closed", f"no {one.state} any more: {one.agent} in {one.project}", facts)

    def _problems(self, where: str, problems: Sequence[Problem], *, whole: bool = True) -> Iterator[Event]:
        """Each problem once, until it went away. whole: all were looked at to whom `where` belongs."""
        texts = {f"{place(problem)}{problem.message}" if problem.path else problem.message: problem for problem in problems}
        said = frozenset().union(*self._said.values())
        for text, problem in texts.items():
            if text not in said:
                kind: Kind = "note" if problem.severity == "note" else "trouble"
                yield Event(kind, text, {"code": problem.code, "project": where or None, "hint": problem.hint})
        before = self._said.get(where, frozenset())
        gone = before - texts.keys() if whole or where else frozenset[str]()
        self._said = {key: known - gone for key, known in self._said.items()}
        self._said[where] = frozenset(texts) if whole or where else before | frozenset(texts)

    def _failed(self, names: Sequence[str], error: AgentsyncError | OSError) -> Iterator[Event]:
        self.failing |= set(names)
        if isinstance(error, AgentsyncError):
            problem = error.problem
        else:
            problem = Problem("io", error.strerror or str(error), path=str(error.filename) if error.filename else None)
        yield from self._problems(names[0] if len(names) == 1 else "", [problem])


def _give_back() -> None:
    """Hand memory that is free back to the system, where the C library keeps it (glibc)."""
    import ctypes

    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


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
    if not parts and not changes and not lost:     # as after a run that was killed between its last copy and the locks
        return "brought agentsync.lock up to date"
    return "; ".join(parts) or f"wrote {count(changes, 'file')}"


def _some(words: Sequence[str]) -> str:
    return ", ".join(words[:_NAMED]) + (f" and {len(words) - _NAMED} more" if len(words) > _NAMED else "")
