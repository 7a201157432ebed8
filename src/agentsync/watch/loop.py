"""The daemon's loop: hear, wait until it is quiet, make sure of what stands there, run, say what happened.

What is touched has an owner: a project's name, the hub, or the settings. A run of one project that would change the hub becomes a run
of all. Nothing here decides what is written: `agentsync.sync` does, from what it finds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any, Final

from agentsync.config import HUB_FILE
from agentsync.disk import is_temporary, make_root
from agentsync.locking import LockedError, watch_lock
from agentsync.model import AgentsyncError, Problem
from agentsync.survey import parked
from agentsync.watch import state
from agentsync.watch.events import Event
from agentsync.watch.eyes import COOKIES, HUB, SETTINGS, Eyes
from agentsync.watch.hints import LOST
from agentsync.watch.pace import Pace
from agentsync.watch.runs import Stopped, Work
from agentsync.workspace import Workspace, open_hub, user_file

_HEAD_START: Final = 0.7
"""How much of the waiting for quiet is used for looking and planning."""
_FEW: Final = 16
"""More projects than these are looked at when it is quiet, and not before."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the daemon waits for what, in seconds.

    quiet, limit: see `Pace`. grace: how long a file may be gone or empty before that counts. poll: between two looks at folders that
    cannot be watched. verify: between two looks whether watched folders are still the same. full: between two looks at everything.
    again: before something that was locked, busy or parked is tried again.
    """

    quiet: float = 0.1
    limit: float = 1.5
    grace: float = 2.0
    poll: float = 2.0
    verify: float = 10.0
    full: float = 300.0
    again: float = 3.0


class Daemon:
    """One hub, kept in sync. `say` is told of everything that happens, in the thread that called `run`."""

    def __init__(self, space: Workspace, say: Callable[[Event], None], timing: Timing | None = None) -> None:
        self._space, self._say, self._timing = space, say, timing or Timing()
        self._pace = Pace(self._timing.quiet, self._timing.limit)
        self._eyes: Eyes
        self._stopping = False
        self._work = Work(lambda: self._stopping)
        self._cookies: dict[str, int] = {}
        self._paused: Problem | None = None
        self._broken: tuple[float, str] | None = None
        self._locked = False
        self._since = 0.0
        self._early = 0.0
        self._told: Mapping[str, Any] | None = None
        self._next = {"poll": 0.0, "verify": 0.0, "full": 0.0, "again": 0.0}

    # ---- its life ----

    def run(self) -> None:
        """Work until `stop` is called. LockedError where another daemon works on this hub."""
        space = self._space
        make_root(f"{space.state}/{state.COOKIES}", private=True)
        with watch_lock(space.disk, space.state):
            self._since = time.time()
            self._eyes = Eyes(space, self._say, self._timing.poll)
            state.write_down(space.disk, space.state, self.about())
            try:
                self._begin()
                while not self._stopping:
                    self._step()
            except Stopped:
                pass
            finally:
                self._eyes.hints.close()
                self._say(Event("stop", "stopped", {"changes": self._work.changes}))
                state.write_down(space.disk, space.state, self.about())

    def stop(self) -> None:
        """End after the file that is being written. May be called by a handler of signals, or from another thread."""
        self._stopping = True
        if hasattr(self, "_eyes"):
            self._eyes.hints.wake()

    def _begin(self) -> None:
        now = time.monotonic()
        self._next = {"poll": now + self._timing.poll, "verify": now + self._timing.verify, "full": now + self._timing.full, "again": now}
        self._eyes.place()
        facts = {"projects": len(self._eyes.roots), "folders": len(self._eyes.hints), "pid": os.getpid()}
        self._say(Event("start", f"watching {self._space.root}", facts))
        self._touch_all(now)
        self._look_for_cookies(now)
        self._handle(self._pace.due(now + self._timing.quiet), now)
        self._settle()

    def _step(self) -> None:
        """Wait for something, and do what is due."""
        now = time.monotonic()
        quiet = self._pace.next()
        times = [self._next["verify"], self._next["full"], None if quiet is None else quiet - self._early]
        times += [self._next["poll"]] if self._eyes.scanned else []
        times += [self._next["again"]] if self._resting() else []
        told = self._eyes.hints.take(min(when for when in times if when is not None) - now)
        if self._stopping:
            return
        now = time.monotonic()
        self._hear(told, now)
        self._clockwork(now)
        due, soon = self._pace.due(now), self._pace.due(now + self._early)
        self._early = self._timing.quiet * _HEAD_START
        if due:
            self._handle(due, now)
        elif soon:
            self._think_ahead(soon, now)
        self._settle()

    def _think_ahead(self, soon: Sequence[str], now: float) -> None:
        """Look and plan while it is waited for quiet; done is what was planned if it stays quiet until then."""
        names = [name for name in self._names() if name in soon]
        odd = SETTINGS in soon or len(names) > _FEW
        if odd or any(self._doubt(owner, now) is not None for owner in (HUB, *names)):
            self._early = 0.0       # when it is time
        else:
            self._handle(soon, now, self._pace.when(soon))

    def _stays_quiet(self, until: float, number: int) -> bool:
        """Wait, and hear what is told meanwhile: whether nothing was touched."""
        while not self._stopping:
            now = time.monotonic()
            self._hear(self._eyes.hints.take(until - now), now)
            if self._pace.number != number:
                return False
            if time.monotonic() >= until:
                return True
        return False

    def _clockwork(self, now: float) -> None:
        """What is done from time to time, whatever was told."""
        timing = self._timing
        if now >= self._next["full"]:
            self._next["full"] = now + timing.full
            self._touch_all(now)
        if now >= self._next["verify"]:
            self._next["verify"] = now + timing.verify
            self._hear([(folder, "") for folder in self._eyes.hints.changed()], now)
            self._work.tidy()
            self._told = None
        if self._eyes.scanned and now >= self._next["poll"]:
            self._poll(now)
        if now >= self._next["again"] and (resting := self._resting()):
            self._next["again"] = now + timing.again
            for owner in resting:
                self._pace.note(owner, now)

    def _resting(self) -> list[str]:
        """Who is to be looked at again soon: the parked hub, busy projects, those whose run failed."""
        if self._paused is not None:
            return [HUB]
        return [name for name in self._eyes.roots if self._work.states.get(name) == "busy" or name in self._work.failing]

    def _touch_all(self, now: float) -> None:
        for owner in (SETTINGS, HUB, *self._names()):
            self._pace.note(owner, now)

    def _names(self) -> list[str]:
        """The projects that this machine's user enabled, there or not."""
        return list(self._eyes.roots)

    # ---- hearing ----

    def _hear(self, told: Sequence[tuple[str, str]], now: float) -> None:
        cookies: list[str] = []
        for folder, name in told:
            if (folder, name) == LOST:
                self._say(Event("trouble", "the system lost events; everything is looked at again", {"code": "overflow"}))
                self._touch_all(now)
                self._look_for_cookies(now)
            elif not name:
                self._eyes.hints.lost(folder)
            if is_temporary(name):
                continue
            ours = self._work.is_ours(f"{folder}/{name}")
            for owner, names in () if ours else self._eyes.owners.get(folder, ()):
                if owner == COOKIES:
                    cookies.append(name)
                    if not name:
                        make_root(folder, private=True)
                        self._eyes.place((COOKIES,))
                        self._look_for_cookies(now)
                elif not name or names is None or name in names:
                    self._pace.note(owner, now)
        if cookies:
            self._bake(cookies, now)

    def _bake(self, names: Iterable[str], now: float) -> None:
        """Cookies that were told of: each waits for what was touched before it. One that merely lies there may be ahead of its event."""
        folder = Path(self._space.state, state.COOKIES)
        fresh = [name for name in names if name and name not in self._cookies and (folder / name).exists()]
        if fresh:
            for owner in self._eyes.scanned:
                if owner != COOKIES:
                    self._pace.note(owner, now)
            self._cookies.update(dict.fromkeys(fresh, self._pace.number))

    def _look_for_cookies(self, now: float) -> None:
        """Cookies that lie there, told of or not: everything is looked at for new ones."""
        folder = Path(self._space.state, state.COOKIES)
        names = [path.name for path in folder.iterdir() if path.name not in self._cookies] if folder.is_dir() else []
        if names:
            self._touch_all(now)
            self._bake(names, now)

    def _settle(self) -> None:
        """Write down how things stand, and take away the cookies whose turn has come."""
        about = self.about()
        if about != self._told:
            state.write_down(self._space.disk, self._space.state, about)
            self._told = about
        for name in [name for name, number in self._cookies.items() if self._pace.settled(number)]:
            del self._cookies[name]
            # Its own removal is told too, and means nothing.
            Path(self._space.state, state.COOKIES, name).unlink(missing_ok=True)

    def _poll(self, now: float) -> None:
        """Look by ourselves where nobody tells."""
        self._next["poll"] = now + self._timing.poll
        for owner in self._eyes.polled():
            if owner == COOKIES:
                self._look_for_cookies(now)
            else:
                self._pace.note(owner, now)

    # ---- handling ----

    def _handle(self, due: Sequence[str], now: float, until: float | None = None) -> None:
        """Look at what was touched, and run. until: nothing is done before that, and not if something is touched again."""
        number = self._pace.number
        if SETTINGS in due:
            due = self._reload(due, now)
        self._eyes.place(due)
        if self._pause():
            self._pace.done(due, number)
            return
        names = [name for name in self._names() if name in due]
        sure = self._sure((HUB, *names), due, now)
        if sure is None:
            return
        handled = [owner for owner in due if owner in sure or owner not in names]
        names = [name for name in names if name in sure]
        try:
            if (names or HUB in due) and not self._go(names, due, now, lambda: until is None or self._stays_quiet(until, number)):
                return
        except LockedError as error:
            self._wait_for_lock(error, handled, now)
            return
        except (AgentsyncError, OSError) as error:
            what = error.problem.message if isinstance(error, AgentsyncError) else str(error)
            self._say(Event("trouble", what, {}))
            for owner in handled:
                self._pace.defer(owner, now + self._timing.again)
            return
        self._locked = False
        self._pace.done(handled, number)
        self._eyes.written(names)

    def _go(self, names: Sequence[str], due: Sequence[str], now: float, quiet: Callable[[], bool]) -> bool:
        """Run what was touched; what else has to be looked at for that is in no doubt either. Whether it was done, and not given up."""
        others = [name for name in self._names() if name not in due]
        bound = self._work.bound(names, others)
        may = self._sure(bound, due, now) or () if bound else ()
        names = [*names, *(name for name in bound if name in may)]
        others = [name for name in others if name not in names]

        def sure(odd: Sequence[str]) -> Collection[str]:
            return self._sure(odd, due, now) or ()

        asked: list[bool] = []

        def ready() -> bool:
            asked.append(quiet())
            return asked[-1]

        for event in self._work.go(self._space, names, others, sure, ready):
            self._say(event)
        return all(asked)

    def _wait_for_lock(self, error: LockedError, owners: Iterable[str], now: float) -> None:
        if not self._locked:
            self._say(Event("pause", error.problem.message, {"code": "locked"}))
        self._locked = True
        for owner in owners:
            self._pace.defer(owner, now + self._timing.quiet)

    def _pause(self) -> bool:
        """Whether the hub rests, said where that is new. What was touched meanwhile is looked at when it goes on."""
        before, self._paused = self._paused, self._why_rest()
        if self._paused is not None:
            if before is None or before.message != self._paused.message:
                self._say(Event("pause", self._paused.message, {"code": self._paused.code, "hint": self._paused.hint}))
            return True
        if before is not None:
            self._say(Event("resume", "the hub goes on"))
            self._touch_all(time.monotonic())
        return False

    def _why_rest(self) -> Problem | None:
        root = self._space.root
        if not Path(root, HUB_FILE).is_file():
            return Problem("missing", f"there is no {HUB_FILE} in the hub now", path=root, hint=f"git -C {quote(root)} status")
        try:
            return parked(self._space, where=root)      # its log is read in other folders
        except AgentsyncError as error:
            return error.problem

    def _doubt(self, owner: str, now: float) -> float | None:
        return self._eyes.doubtful(owner, now, self._timing.quiet, self._timing.grace)

    def _sure(self, owners: Iterable[str], due: Sequence[str], now: float) -> set[str] | None:
        """Those whose files are no more in doubt; None where the hub's are, which stops everybody."""
        sure: set[str] = set()
        for owner in owners:
            until = self._doubt(owner, now)
            if until is None:
                sure.add(owner)
                continue
            if owner not in due:
                self._pace.note(owner, now)
            self._pace.defer(owner, until)
            if owner == HUB:
                for one in due:
                    self._pace.defer(one, until)
                return None
        return sure

    # ---- settings ----

    def _reload(self, due: Sequence[str], now: float) -> Sequence[str]:
        """Read agentsync.yaml, the user's configuration and the formats again; who is to be looked at then."""
        old = self._space
        error: AgentsyncError | None
        try:
            new = open_hub(old.root, old.machine, old.disk, user_file(old.machine, old.disk)[0])
            error = new.formats.spoilt(old.formats)
        except AgentsyncError as found:
            error = found
        if error is not None:
            return due if self._mistrust(error, now) else [owner for owner in due if owner != SETTINGS]
        if self._broken is not None and self._broken[1]:
            self._say(Event("settings", "the settings can be used again"))
        self._broken = None
        if new.id != old.id or (new.text, new.user, new.formats) == (old.text, old.user, old.formats):
            return due
        self._space = new
        self._eyes.open(new)
        self._work.forget(self._names())
        self._eyes.place()
        self._say(Event("settings", "the settings were read again", {"projects": len(self._names())}))
        return list(dict.fromkeys((*due, HUB, *self._names())))

    def _mistrust(self, error: AgentsyncError, now: float) -> bool:
        """The settings cannot be used, and the last good ones stay. False where that is to be seen again in a moment: half written?"""
        what = error.problem.message
        if self._broken is None:
            self._broken = (now, "")
        if not self._broken[1] and now - self._broken[0] < self._timing.grace:
            self._pace.defer(SETTINGS, self._broken[0] + self._timing.grace)
            return False
        if self._broken[1] != what:
            self._broken = (self._broken[0], what)
            where = {"path": error.problem.path, "line": error.problem.line, "hint": error.problem.hint}
            self._say(Event("settings", f"{what}; the last good settings stay in use", where))
        return True

    # ---- what others may know ----

    def about(self) -> Mapping[str, Any]:
        """How the daemon stands, as the state file has it."""
        waiting = [one.about() for name in self._work.waiting for one in self._work.waiting[name]]
        return {
            "version": 1,
            "pid": os.getpid(),
            "since": self._since,
            "hub": self._space.root,
            "paused": None if self._paused is None else self._paused.message,
            "settings": None if self._broken is None else self._broken[1] or None,
            "folders": len(self._eyes.hints),
            "projects": [
                {
                    "name": name, "root": root, "state": self._work.states.get(name, "not looked at yet"), "why": self._work.reasons.get(name),
                    "scanned": self._eyes.scanned.get(name),
                }
                for name, root in self._eyes.roots.items()
            ],
            "not_enabled": [name for name in self._space.config.projects if name not in self._eyes.roots],
            "hub_scanned": self._eyes.scanned.get(HUB),
            "last_run": self._work.last,
            "changes": self._work.changes,
            "conflicts": sum(one["state"] == "conflict" for one in waiting),
            "held": sum(one["state"] == "held" for one in waiting),
            "open": waiting,
        }
