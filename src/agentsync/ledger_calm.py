"""The ledger's records of rest: what a project looked like when a run found nothing to do in it, and what that run had to say.

Side module, part of the ledger. A record is a cache of a cache: without it everything is looked at one by one. Whatever changes a row of
a root, its identity, a pause or an approval drops the records that were made with it, in the same transaction and by triggers, so that
nobody who writes to the ledger can forget it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_DROP_ROOT: Final = "DELETE FROM rests WHERE root = {}.root;"
_DROP_ALL: Final = "DELETE FROM rests;"


def _triggers() -> str:
    made = []
    for table, of_root in (("copies", True), ("roots", True), ("approved", False), ("paused", False)):
        for word, sides in (("insert", ("NEW",)), ("update", ("NEW", "OLD")), ("delete", ("OLD",))):
            drop = " ".join(_DROP_ROOT.format(side) for side in sides) if of_root else _DROP_ALL
            made.append(f"CREATE TRIGGER IF NOT EXISTS rests_{table}_{word} AFTER {word} ON {table} BEGIN {drop} END;")
    return "\n".join(made)


TABLES: Final = f"""
CREATE TABLE IF NOT EXISTS rests(root BLOB NOT NULL, project TEXT NOT NULL, key BLOB NOT NULL, walk BLOB NOT NULL, agents BLOB NOT NULL,
  commits TEXT NOT NULL, told TEXT NOT NULL, PRIMARY KEY(root, project)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hub_agents(walk BLOB PRIMARY KEY, cards TEXT NOT NULL) WITHOUT ROWID;
{_triggers()}
"""


@dataclass(frozen=True, slots=True)
class Record:
    """One project at rest. key: of everything but files and agents that its plan depends on; walk: of its files; agents: of the hub's.

    commits: the hub's commit, where what it once said counted, else empty. told: what there is to say of the project.
    """

    key: bytes
    walk: bytes
    agents: bytes
    commits: str
    told: str


def records(db: sqlite3.Connection) -> dict[str, Record]:
    """The records of all projects, by name."""
    found = db.execute("SELECT project, key, walk, agents, commits, told FROM rests")
    return {project: Record(*values) for project, *values in found}


def cards(db: sqlite3.Connection, walk: bytes) -> str | None:
    """What the hub's agents were when its folder looked like this, or None."""
    found = db.execute("SELECT cards FROM hub_agents WHERE walk = ?", (walk,)).fetchone()
    return None if found is None else str(found[0])


def keep_records(db: sqlite3.Connection, new: Iterable[tuple[bytes, str, Record]], hub: tuple[bytes, str] | None) -> None:
    """Remember projects at rest, by root and name, and what the hub's agents are. Inside a transaction of the caller's."""
    db.executemany(
        "INSERT OR REPLACE INTO rests VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((root, project, one.key, one.walk, one.agents, one.commits, one.told) for root, project, one in new),
    )
    if hub is not None:
        db.execute("DELETE FROM hub_agents")
        db.execute("INSERT INTO hub_agents VALUES (?, ?)", hub)
