"""Projects at rest: whether a plan found nothing to do in one, and what is kept of that, as text and back.

Floor 4, pure. A project is at rest if its plan is empty and stays so as long as nothing changes that can be told apart without reading:
its files' stats, its own part of the configuration, the agents of the hub, the ledger's rows, the commit that is checked out. Copies whose
state hangs on anything else (an edit that waits, a lock that speaks of a commit) keep their project awake: it is looked at in every run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from agentsync.bases import asks
from agentsync.copies import AtRest, Copy, Edit, Plan, ProjectOutcome
from agentsync.hub import Card
from agentsync.model import Problem
from agentsync.snapshot import Item, Places, ProjectView, Reader, Snapshot


def at_rest(
    view: ProjectView, places: Places, items: Sequence[Item], copies: Sequence[Copy], edits: Sequence[Edit], hidden: int,
    snapshot: Snapshot, reader: Reader,
) -> AtRest | None:
    """What there is to say of a project at rest; None of one that is not. items: as they were judged, one a copy."""
    if view.only is not None or edits or view.replaced or len(items) != len(copies):
        return None
    if any(place.home for place in view.places) or any(left for _, _, left in places):
        return None
    same: Counter[str] = Counter()
    others: list[Copy] = []
    history = False
    for item, copy in zip(items, copies, strict=True):
        good = copy.state == "ok" and item.wanted is None
        same[copy.target] += good       # a target without any has its place in the order, too
        if good:
            continue
        asked = asks(item, view, snapshot, reader)
        if asked.commit is not None or asked.clean or not _stays(item, copy):
            return None
        history = history or asked.history
        others.append(copy)
    wide = any(found.text is not None for place in view.places for found in place.found.values())
    return AtRest(dict(same), tuple(others), hidden, wide, history)


def _stays(item: Item, copy: Copy) -> bool:
    """Whether a copy that is not as it should be stays so while nothing changes, and gives nothing to the hub."""
    match copy.state:
        case "refused":
            return item.standing is None and item.row is None
        case "deleted":
            return item.standing is None
        case "foreign":
            return True
        case "behind" | "missing":
            return copy.why is not None and copy.why.code == "paused"
    return False


def rested(outcome: ProjectOutcome, rest: AtRest) -> Plan:
    """The plan of a project at rest."""
    name = outcome.name
    return Plan(
        copies=rest.copies, projects=(outcome,), hidden={name: rest.hidden} if rest.hidden else {},
        same={(name, target): number for target, number in rest.same.items()},
    )


# ---- as text ------------------------------------------------------------------------------------------------------


def written(rest: AtRest) -> str:
    """A project at rest as the ledger keeps it; lone surrogates of odd file names are escaped."""
    return json.dumps([
        rest.same, [asdict(copy) for copy in rest.copies], rest.hidden, rest.wide, rest.history, rest.news and asdict(rest.news),
    ])


def read(text: str) -> AtRest | None:
    """The same back, or None where the text is none of ours."""
    try:
        same, copies, hidden, wide, history, news = json.loads(text)
        return AtRest(same, tuple(map(_copy, copies)), hidden, wide, history, news and Problem(**news))
    except (ValueError, TypeError, KeyError):
        return None


def _copy(values: dict[str, object]) -> Copy:
    copy = Copy(**values)  # type: ignore[arg-type]  # what `asdict` made of one
    return copy if copy.why is None else replace(copy, why=Problem(**values["why"]))  # type: ignore[arg-type]  # as above


def cards_written(cards: Iterable[Card]) -> str:
    """Cards as the ledger keeps them."""
    return json.dumps([[card.id, card.digest, card.status, card.tags, card.targets] for card in cards])


def cards_read(text: str) -> tuple[Card, ...] | None:
    """The same back, or None where the text is none of ours."""
    try:
        return tuple(
            Card(identity, digest, status, tuple(tags), None if targets is None else tuple(targets))
            for identity, digest, status, tags, targets in json.loads(text)
        )
    except (ValueError, TypeError):
        return None
