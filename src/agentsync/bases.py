"""What a copy is compared against, and what that makes of it: untouched, old, edited, or not ours.

Floor 4, pure. The ledger knows what was agreed; where it does not, the lock's line does, or the newest version of the hub's agent
that means the same through that format. A copy that agrees with its own lock line is old, not edited, however it came there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from agentsync import codec
from agentsync.copies import Written
from agentsync.hub import HubAgent
from agentsync.lockfile import LockLine
from agentsync.merge import says_digest
from agentsync.model import HUB_FORMAT, Agent, Document
from agentsync.snapshot import Item, ProjectView, Reader, Snapshot, digest, fold, render, written_kind

How = Literal["untouched", "old", "edited", "foreign", "lost", "ahead", "renamed", "broken"]
"""untouched: as agreed. old: what the hub once said. edited: somebody's work. foreign: not ours. lost: ours, but what was agreed is not
known. ahead: its lock names a commit this clone of the hub lacks. renamed: it calls itself otherwise now. broken: it says nothing."""

_MARKS: Final = re.compile(r"^<{7} .*?^={7}\r?$.*?^>{7} ", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Known:
    """A copy and what is known of it. row: the ledger's, or one made up for a copy known otherwise.

    then, hub_then: what copy and hub said when last agreed, and the texts that said it; None where the copy is not edited.
    locked: the lock says of the copy what it says.
    """

    how: How
    row: Written | None = None
    then: Agent | None = None
    then_text: str = ""
    hub_then: HubAgent | None = None
    locked: bool = False


def know(item: Item, view: ProjectView, snapshot: Snapshot, reader: Reader) -> Known:
    """What became of the copy that stands there. Only for an item with a copy whose text was read."""
    assert item.standing is not None  # noqa: S101 - the caller's promise
    found, now, row = item.standing.found, item.standing.says, item.row
    if row is not None and found.digest == row.written == row.base:
        return Known("untouched", row)
    line = _line(item, view)
    base = snapshot.texts.get(row.base) if row is not None else None
    then = reader.agent(item.place.rules, found.path, base, found.document, item.standing.entry)
    if now is None:
        return Known("untouched" if _same_lines(base, found.text) else "broken" if row or line else "foreign", row)
    if then is not None and then == now:
        return Known("untouched", row)
    if line is not None and line.says == says_digest(now):
        if line.commit is not None and snapshot.locked.get((item.agent.id, line.commit), item.agent) is None:
            return _ahead(item, row, snapshot)
        return Known("old", row or _row(item, item.agent), locked=True)
    if row is not None and base is not None and then is not None:
        return _changed(item, view, snapshot, row, then, base, line)
    return _recovered(item, line, snapshot)


def _changed(
    item: Item, view: ProjectView, snapshot: Snapshot, row: Written, then: Agent, base: str, line: LockLine | None
) -> Known:
    """A copy that says something else than what the ledger knows was agreed."""
    assert item.standing is not None  # noqa: S101 - as above
    found, now = item.standing.found, item.standing.says
    if view.moved and found.path in view.clean and any(says == now for _, _, says in _versions(item, snapshot)):
        return Known("old", row)
    if now is None or fold(now.name) != fold(then.name):
        return Known("renamed", row)
    if line is not None and _elsewhere(line, row):
        # Its project is on another branch than when the ledger last saw it: what was agreed here is what the lock says.
        locked = snapshot.locked.get((item.agent.id, line.commit or ""))
        text, said = _rendered(item, locked) if locked is not None else ("", None)
        if locked is not None and said is not None and says_digest(said) == line.says:
            return Known("edited", _row(item, locked), said, text, locked)
    hub_then = item.agent if row.hub == item.agent.digest else _hub_agent(item.agent, snapshot.texts.get(row.hub))
    if hub_then is None:
        return Known("lost", row)
    return Known("edited", row, then, base, hub_then)


def _elsewhere(line: LockLine | None, row: Written | None) -> bool:
    """Whether a copy's lock speaks of another agreement than the ledger does."""
    return line is not None and row is not None and line.commit is not None and bool(row.says) and line.says != row.says


def _recovered(item: Item, line: LockLine | None, snapshot: Snapshot) -> Known:
    """A copy that the ledger does not know, or knows without the text that was agreed."""
    assert item.standing is not None  # noqa: S101 - as above
    now = item.standing.says
    if line is not None and line.commit is not None and (item.agent.id, line.commit) in snapshot.locked:
        locked = snapshot.locked[item.agent.id, line.commit]
        if locked is None:
            return _ahead(item, item.row, snapshot)
        text, then = _rendered(item, locked)
        if then is not None and now is not None and fold(now.name) == fold(then.name):
            return Known("edited", _row(item, locked), then, text, locked)
    for _, version, says in _versions(item, snapshot):
        if says == now:
            return Known("old", _row(item, version))
    return Known("lost" if line is not None or item.row is not None else "foreign", item.row)


def conflicted(text: str) -> bool:
    """Whether git left the marks of a conflict in a text: then somebody is busy with it."""
    return "<<<<<<< " in text and _MARKS.search(text) is not None


def _ahead(item: Item, row: Written | None, snapshot: Snapshot) -> Known:
    """A copy whose lock names a commit that this clone of the hub lacks: newer than the hub here, unless the hub once said this.

    A commit that was rebased on its way is lacking for good, and what it said is there.
    """
    assert item.standing is not None  # noqa: S101 - as above
    version = next((version for _, version, says in _versions(item, snapshot) if says == item.standing.says), None)
    return Known("ahead", row) if version is None else Known("old", row or _row(item, version))


@dataclass(frozen=True, slots=True)
class Asks:
    """What must be looked up before `know` can tell.

    commit: the hub's commit whose version of the agent is wanted. history: all its versions are. clean: git has to say whether the copy's
    file is as committed; one that is missing may be missing there too.
    """

    commit: str | None = None
    history: bool = False
    clean: bool = False


def asks(item: Item, view: ProjectView, snapshot: Snapshot, reader: Reader) -> Asks:
    """What the planner has to be told about a copy; nothing for most."""
    if item.wanted is None:
        return Asks()
    standing, row = item.standing, item.row
    if standing is None and row is not None and view.moved:
        return Asks(clean=True)
    if standing is None or standing.found.text is None or standing.says is None or standing.found.trouble is not None:
        return Asks()
    if standing.says == item.says or (row is not None and standing.found.digest == row.written == row.base):
        return Asks()
    line = _line(item, view)
    base = snapshot.texts.get(row.base) if row is not None else None
    if base is not None and reader.agent(item.place.rules, standing.found.path, base, standing.found.document, standing.entry) == standing.says:
        return Asks()
    if line is not None and line.says == says_digest(standing.says):
        return Asks(line.commit)
    if base is not None:
        plain = Snapshot((), (), snapshot.texts)
        unsure = view.moved and know(item, replace(view, moved=False), plain, reader).how in ("edited", "lost", "renamed")
        return Asks(line.commit if line is not None and _elsewhere(line, row) else None, history=unsure, clean=unsure)
    return Asks(line.commit if line is not None else None, history=True)


def _line(item: Item, view: ProjectView) -> LockLine | None:
    """The lock's line of this copy."""
    line = view.lock.get((item.agent.id, item.place.target.format))
    return line if line is not None and (line.path, line.entry) == (item.key.path, item.key.entry) else None


def _versions(item: Item, snapshot: Snapshot) -> Iterator[tuple[str, HubAgent, Agent | None]]:
    """Earlier versions of the item's agent, newest first, with what each says in the copy's format."""
    for commit, version in snapshot.history.get(item.agent.id, ()):
        yield commit, version, _rendered(item, version)[1]


def _rendered(item: Item, version: HubAgent) -> tuple[str, Agent | None]:
    """A version of the hub's agent as this target would hold it: its text, and what that says."""
    if version.agent is None:
        return "", None
    rendering = render(item.place, version)
    if rendering.refused:
        return "", None
    readings = codec.read(rendering.documents[0], item.place.rules, kind=written_kind(item.place))
    return rendering.documents[0].text, readings[0].agent if readings else None


def _row(item: Item, version: HubAgent) -> Written:
    """A row for a copy that the ledger does not know: what stands there was made from this version."""
    assert item.standing is not None  # noqa: S101 - as above
    found = item.standing.found
    return Written(item.key, item.agent.id, item.native, found.digest, found.digest, version.digest)


def _hub_agent(agent: HubAgent, text: str | None) -> HubAgent | None:
    """The hub's agent as an earlier text said it, or None."""
    if text is None:
        return None
    from agentsync.formats import load  # only where a copy was edited

    readings = codec.read(Document(agent.path, text), load(HUB_FORMAT))
    said = readings[0].agent if readings and readings[0].status == "read" else None
    return None if said is None else replace(agent, text=text, digest=digest(text), agent=said)


def _same_lines(first: str | None, second: str | None) -> bool:
    """Whether two texts differ in their line ends at most."""
    return first is not None and second is not None and _lines(first) == _lines(second)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
