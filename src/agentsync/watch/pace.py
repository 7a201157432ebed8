"""When something that was touched is quiet enough to be looked at: after a pause, but never later than a limit. Pure.

A file is often written in several steps; and somebody who types all the time must not keep an agent from everybody else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True)
class _Touched:
    first: float
    last: float
    number: int
    until: float = 0.0


class Pace:
    """What was touched and not handled yet, each by the word of its owner. Times are seconds of one clock, handed in.

    >>> pace = Pace(quiet=0.1, limit=1.0)
    >>> pace.note("shop", 0.0); pace.due(0.05), pace.due(0.1)
    ([], ['shop'])
    """

    def __init__(self, quiet: float, limit: float) -> None:
        self._quiet, self._limit = quiet, limit
        self._touched: dict[str, _Touched] = {}
        self.number = 0
        """How often something was touched so far."""

    def note(self, owner: str, now: float) -> None:
        """Something of this owner was touched."""
        self.number += 1
        known = self._touched.get(owner)
        if known is None:
            self._touched[owner] = _Touched(now, now, self.number)
        else:
            known.last = now

    def defer(self, owner: str, until: float) -> None:
        """Not before `until`, whatever happens: what stands there now is doubtful."""
        if owner in self._touched:
            self._touched[owner].until = until

    def due(self, now: float) -> list[str]:
        """Who may be looked at now, in the order in which they were touched."""
        return [owner for owner, one in self._touched.items() if self._when(one) <= now]

    def when(self, owners: Iterable[str]) -> float:
        """When the last of these, who were touched, may be looked at."""
        return max((self._when(self._touched[owner]) for owner in owners if owner in self._touched), default=0.0)

    def done(self, owners: Iterable[str], number: int) -> None:
        """These were handled, as they stood when `number` was current. Who was touched since stays."""
        for owner in owners:
            if owner in self._touched and self._touched[owner].number <= number:
                del self._touched[owner]

    def next(self) -> float | None:
        """When the next one is due; None where nobody waits."""
        return min((self._when(one) for one in self._touched.values()), default=None)

    def settled(self, number: int) -> bool:
        """Whether all that was touched up to `number` was handled."""
        return all(one.number > number for one in self._touched.values())

    def _when(self, one: _Touched) -> float:
        return max(min(one.last + self._quiet, one.first + self._limit), one.until)
