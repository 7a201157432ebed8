"""What agentsync last wrote and agreed where: one SQLite file per hub and machine, in the user's state folder. A cache.

Side module. Losing the file, or restoring an old one, loses nothing: rows are written after the files they speak of, and
equal contents heal them. What is not a cache are the runs: the bytes a run is about to overwrite or delete.

Journal and durability, on purpose. WAL: a commit is one append, and a killed process loses nothing that was committed.
`synchronous` is FULL only while a run records old bytes, which must be on the platter before the first file changes; rows
use NORMAL, where a power cut may forget the last ones (never corrupt the file): the next run sees equal contents and heals.
Processes exclude each other by the hub's lock, so a busy database means a broken lock, not a wait.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentsync.copies import Key, Paused, Written
from agentsync.disk import Stamp
from agentsync.ledger_calm import TABLES, Record, cards, keep_records, records
from agentsync.ledger_words import key_of, key_word, row_of, row_values, rows_of, rows_word, stored, text_of
from agentsync.model import AgentsyncError, Problem

SCHEMA: Final = 4
FILE: Final = "ledger.sqlite3"
KEPT_SECONDS: Final = 30 * 24 * 3600
"""How long a run's old bytes are kept for undo."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS texts(digest TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS copies(
  root BLOB NOT NULL, format TEXT NOT NULL, scope TEXT NOT NULL, path BLOB NOT NULL, entry BLOB NOT NULL,
  agent BLOB NOT NULL, name BLOB NOT NULL, written TEXT NOT NULL, base TEXT NOT NULL, hub TEXT NOT NULL, hub_commit TEXT,
  recipe TEXT NOT NULL, stamp TEXT NOT NULL, losses INTEGER NOT NULL, says TEXT NOT NULL DEFAULT '',
  PRIMARY KEY(root, format, scope, path, entry)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS roots(
  root BLOB PRIMARY KEY, identity TEXT NOT NULL, head TEXT NOT NULL DEFAULT '', gone INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS approved(copy BLOB NOT NULL, digest TEXT NOT NULL, PRIMARY KEY(copy, digest)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS paused(copy BLOB PRIMARY KEY, agent BLOB NOT NULL, hub TEXT NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen(format TEXT NOT NULL, agent BLOB NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY(format, agent, digest)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs(
  id INTEGER PRIMARY KEY AUTOINCREMENT, started REAL NOT NULL, finished REAL, command TEXT NOT NULL,
  undid INTEGER, hub_commit TEXT);
CREATE TABLE IF NOT EXISTS touched(
  run INTEGER NOT NULL, number INTEGER NOT NULL, project BLOB NOT NULL, root BLOB NOT NULL, path BLOB NOT NULL, mode INTEGER,
  old TEXT, new TEXT, done INTEGER NOT NULL, before TEXT NOT NULL DEFAULT '', after TEXT NOT NULL DEFAULT '',
  PRIMARY KEY(run, number)) WITHOUT ROWID;
"""
_UPGRADES: Final = {
    1: (
        "ALTER TABLE copies ADD COLUMN says TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE roots ADD COLUMN head TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE runs ADD COLUMN undid INTEGER",
        "ALTER TABLE runs ADD COLUMN hub_commit TEXT",
        "ALTER TABLE touched ADD COLUMN before TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE touched ADD COLUMN after TEXT NOT NULL DEFAULT ''",
    ),
    2: (),
    3: ("ALTER TABLE roots ADD COLUMN gone INTEGER NOT NULL DEFAULT 0",),
}
"""What turns the tables of an older schema into the next one's."""


class LedgerError(AgentsyncError):
    """The ledger cannot be used."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Touched:
    """One file of a run: the bytes before and after (None: no file). `done`: the file was changed, and the ledger knows.

    before, after: the rows that spoke of it, and those that do now; what undo needs to know what was agreed.
    """

    project: str
    root: str
    path: str
    mode: int | None
    old: bytes | None
    new: bytes | None
    done: bool = False
    before: tuple[Written, ...] = ()
    after: tuple[Written, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A run that was recorded. `finished` is None for one that was killed or met a failing disk; `undid` is the run it took back.

    started, finished: seconds since 1970. hub_commit: what it committed in the hub.
    """

    id: int
    started: float
    finished: float | None
    command: str
    undid: int | None = None
    hub_commit: str | None = None


def digest_of(data: bytes) -> str:
    """The name of a text in the ledger."""
    return hashlib.sha256(data).hexdigest()


def stamp_word(stamp: Stamp | None) -> str:
    """A stamp as a row holds it; empty where there is none to trust."""
    return "" if stamp is None else f"{stamp.device}:{stamp.inode}:{stamp.size}:{stamp.modified_ns}:{stamp.changed_ns}"


class Ledger:
    """An open ledger. Use as a context manager; everything it changes is committed before the call returns."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    # ---- copies ----

    def rows(self, root: str | None = None) -> tuple[Written, ...]:
        """The copies of one root, or all of them, in the order of their keys."""
        where, values = ("", ()) if root is None else (" WHERE root = ?", (stored(root),))
        return tuple(row_of(found) for found in self._db.execute(f"SELECT * FROM copies{where}", values))  # noqa: S608 - both are ours

    def rows_of(self, root: str, agents: Iterable[str]) -> tuple[Written, ...]:
        """The copies that one root has of these agents, in the order of their keys."""
        words = [stored(agent) for agent in agents]
        query = f"SELECT * FROM copies WHERE root = ? AND agent IN ({', '.join('?' * len(words))})"  # noqa: S608 - only question marks
        return tuple(row_of(found) for found in self._db.execute(query, (stored(root), *words)))

    def keep(self, put: Iterable[Written] = (), forget: Iterable[Key] = (), texts: Iterable[bytes] = ()) -> None:
        """Remember rows (with the texts they name) and drop others, all or nothing."""
        with self._transaction():
            self._keep(put, forget, texts)

    def _keep(self, put: Iterable[Written], forget: Iterable[Key], texts: Iterable[bytes]) -> None:
        for key in forget:
            self._db.execute(
                "DELETE FROM copies WHERE root = ? AND format = ? AND scope = ? AND path = ? AND entry = ?",
                (stored(key.root), key.format, key.scope, stored(key.path), stored(key.entry)),
            )
        self._db.executemany("INSERT OR REPLACE INTO copies VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", map(row_values, put))
        for data in texts:
            self._store(data)

    def text(self, digest: str) -> bytes | None:
        """A stored text, or None. One that does not match its digest counts as absent."""
        found = self._db.execute("SELECT data FROM texts WHERE digest = ?", (digest,)).fetchone()
        if found is None:
            return None
        try:
            data = zlib.decompress(found[0])
        except zlib.error:
            return None
        return data if digest_of(data) == digest else None

    def _store(self, data: bytes | None) -> str | None:
        if data is None:
            return None
        digest = digest_of(data)
        if self._db.execute("SELECT 1 FROM texts WHERE digest = ?", (digest,)).fetchone() is None:
            self._db.execute("INSERT INTO texts VALUES (?, ?)", (digest, zlib.compress(data, 6)))
        return digest

    # ---- roots and losses ----

    def identity(self, root: str) -> tuple[int, int] | None:
        """Device and inode of a root when it was last written to."""
        found = self._db.execute("SELECT identity FROM roots WHERE root = ?", (stored(root),)).fetchone()
        if found is None:
            return None
        device, _, inode = str(found[0]).partition(":")
        return int(device), int(inode)

    def head(self, root: str) -> str | None:
        """The commit that was checked out in a root when all its copies were last seen there, or None."""
        found = self._db.execute("SELECT head FROM roots WHERE root = ?", (stored(root),)).fetchone()
        return str(found[0]) if found and found[0] else None

    def gone(self, root: str) -> int:
        """How many of a root's copies were missing when it was last worked in."""
        found = self._db.execute("SELECT gone FROM roots WHERE root = ?", (stored(root),)).fetchone()
        return 0 if found is None else int(found[0])

    def know_root(self, root: str, identity: tuple[int, int], head: str | None = None, gone: int | None = None) -> None:
        """Remember which folder a root is; where they are given, which commit is checked out there, and how many copies are missing."""
        known, missing = self.head(root), self.gone(root)
        if self.identity(root) != identity or (head is not None and head != known) or (gone is not None and gone != missing):
            values = (stored(root), f"{identity[0]}:{identity[1]}", head or known or "", missing if gone is None else gone)
            with self._transaction():
                self._db.execute("INSERT OR REPLACE INTO roots VALUES (?, ?, ?, ?)", values)

    def forget_root(self, root: str) -> None:
        """Forget a root and all copies in it; the files stay."""
        with self._transaction():
            self._db.execute("DELETE FROM copies WHERE root = ?", (stored(root),))
            self._db.execute("DELETE FROM roots WHERE root = ?", (stored(root),))

    def seen(self) -> frozenset[tuple[str, str, str]]:
        """Losses that were shown before: (format, agent id, digest)."""
        return frozenset((f, text_of(a), d) for f, a, d in self._db.execute("SELECT format, agent, digest FROM seen"))

    def see(self, losses: Iterable[tuple[str, str, str]]) -> None:
        """Remember losses as shown."""
        with self._transaction():
            self._db.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", ((f, stored(a), d) for f, a, d in losses))

    # ---- decisions ----

    def approved(self) -> frozenset[tuple[Key, str]]:
        """Contents of copies that the user approved: (copy, digest of its bytes)."""
        return frozenset((key_of(copy), digest) for copy, digest in self._db.execute("SELECT copy, digest FROM approved"))

    def approve(self, contents: Iterable[tuple[Key, str]]) -> None:
        """Approve the contents of copies."""
        with self._transaction():
            self._db.executemany("INSERT OR IGNORE INTO approved VALUES (?, ?)", ((key_word(key), digest) for key, digest in contents))

    def paused(self) -> tuple[Paused, ...]:
        """Copies on hold since a run was undone."""
        found = self._db.execute("SELECT copy, agent, hub, digest FROM paused")
        return tuple(Paused(key_of(copy), text_of(agent), hub, digest) for copy, agent, hub, digest in found)

    def pause(self, put: Iterable[Paused] = (), forget: Iterable[Key] = ()) -> None:
        """Put copies on hold, and let others go. Approvals of a copy put on hold are withdrawn: what was taken back is asked for again."""
        put = tuple(put)
        with self._transaction():
            self._db.executemany("DELETE FROM approved WHERE copy = ?", ((key_word(one.key),) for one in put))
            self._db.executemany("DELETE FROM paused WHERE copy = ?", ((key_word(key),) for key in forget))
            values = ((key_word(one.key), stored(one.agent), one.hub, one.copy) for one in put)
            self._db.executemany("INSERT OR REPLACE INTO paused VALUES (?, ?, ?, ?)", values)

    # ---- projects at rest ----

    def rests(self) -> dict[str, Record]:
        """What projects looked like when nothing was to be done in them, by name."""
        return records(self._db)

    def cards(self, walk: bytes) -> str | None:
        """What the hub's agents were when its folder looked like this, or None."""
        return cards(self._db, walk)

    def rest(self, new: Iterable[tuple[str, str, Record]], hub: tuple[bytes, str] | None = None) -> None:
        """Remember projects at rest, by root and name, and what the hub's agents are. The last thing a run does: it speaks of all else."""
        with self._transaction():
            keep_records(self._db, ((stored(root), project, one) for root, project, one in new), hub)

    # ---- runs ----

    def begin_run(
        self, command: str, files: Sequence[Touched], texts: Iterable[bytes] = (), *, run: int | None = None, undid: int | None = None
    ) -> tuple[int, int]:
        """Record a run and the bytes it is about to replace, durably; its number, and the number of the first of these files in it.

        Nothing may change on disk before this returns. texts: what else its rows will name. run: one that goes on with more files.
        undid: the run that this one takes back.
        """
        self._db.execute("PRAGMA synchronous = FULL")
        try:
            with self._transaction():
                if run is None:
                    values = (time.time(), command, undid)
                    run = self._db.execute("INSERT INTO runs(started, command, undid) VALUES (?, ?, ?)", values).lastrowid or 0
                for data in texts:
                    self._store(data)
                first = int(self._db.execute("SELECT coalesce(max(number) + 1, 0) FROM touched WHERE run = ?", (run,)).fetchone()[0])
                for number, file in enumerate(files, first):
                    old, new = self._store(file.old), self._store(file.new)
                    place = (run, number, stored(file.project), stored(file.root), stored(file.path), file.mode)
                    rows = (rows_word(file.before), rows_word(file.after))
                    self._db.execute("INSERT INTO touched VALUES (?,?,?,?,?,?,?,?,0,?,?)", (*place, old, new, *rows))
        finally:
            self._db.execute("PRAGMA synchronous = NORMAL")
        return run, first

    def settle(self, run: int, number: int, put: Iterable[Written], forget: Iterable[Key]) -> None:
        """The file `number` of a run stands as planned: remember its rows."""
        with self._transaction():
            self._keep(put, forget, ())
            self._db.execute("UPDATE touched SET done = 1 WHERE run = ? AND number = ?", (run, number))

    def finish_run(self, run: int, hub_commit: str | None = None, *, whole: bool = True) -> None:
        """The run is over; records past their time go. One that is not whole counts as interrupted: the next one looks after what it left."""
        now = time.time()
        with self._transaction():
            values = (now if whole else None, hub_commit, run)
            self._db.execute("UPDATE runs SET finished = ?, hub_commit = coalesce(?, hub_commit) WHERE id = ?", values)
            old = [found[0] for found in self._db.execute("SELECT id FROM runs WHERE started < ?", (now - KEPT_SECONDS,))]
            if old:
                self._db.executemany("DELETE FROM touched WHERE run = ?", ((number,) for number in old))
                self._db.executemany("DELETE FROM runs WHERE id = ?", ((number,) for number in old))
                self._drop_texts()

    def _drop_texts(self) -> None:
        """Forget texts that no row and no record of a run names."""
        named = "SELECT written FROM copies UNION SELECT base FROM copies UNION SELECT hub FROM copies UNION SELECT old FROM touched" \
            " WHERE old IS NOT NULL UNION SELECT new FROM touched WHERE new IS NOT NULL"
        words = self._db.execute("SELECT before, after FROM touched WHERE before <> '' OR after <> ''")
        recorded = {digest for pair in words for word in pair for row in rows_of(word) for digest in (row.written, row.base, row.hub)}
        unnamed = [found[0] for found in self._db.execute(f"SELECT digest FROM texts WHERE digest NOT IN ({named})")]  # noqa: S608 - ours
        self._db.executemany("DELETE FROM texts WHERE digest = ?", ((digest,) for digest in unnamed if digest not in recorded))

    def runs(self) -> tuple[Run, ...]:
        """Every recorded run, newest first."""
        query = "SELECT id, started, finished, command, undid, hub_commit FROM runs ORDER BY id DESC"
        return tuple(Run(*found) for found in self._db.execute(query))

    def interrupted(self) -> tuple[Run, ...]:
        """Runs that never came to their end, oldest first. Only whoever holds the hub's lock knows that nobody is at them."""
        query = "SELECT id, started, finished, command, undid, hub_commit FROM runs WHERE finished IS NULL ORDER BY id"
        return tuple(Run(*found) for found in self._db.execute(query))

    def touched(self, run: int) -> tuple[Touched, ...]:
        """The files of a run, in their order."""
        query = "SELECT project, root, path, mode, old, new, done, before, after FROM touched WHERE run = ? ORDER BY number"
        return tuple(
            Touched(
                text_of(project), text_of(root), text_of(path), mode, None if old is None else self.text(old),
                None if new is None else self.text(new), bool(done), rows_of(before), rows_of(after),
            )
            for project, root, path, mode, old, new, done, before, after in self._db.execute(query, (run,)).fetchall()
        )

    def rows_at(self, keys: Iterable[Key]) -> tuple[Written, ...]:
        """The rows of these copies, as far as there are any."""
        query = "SELECT * FROM copies WHERE root = ? AND format = ? AND scope = ? AND path = ? AND entry = ?"
        found = (self._db.execute(query, (stored(k.root), k.format, k.scope, stored(k.path), stored(k.entry))).fetchone() for k in keys)
        return tuple(row_of(row) for row in found if row is not None)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise LedgerError(Problem("ledger", f"the ledger cannot be written: {error}")) from error
            raise


def open_ledger(folder: str, *, read_only: bool = False) -> tuple[Ledger, tuple[Problem, ...]]:
    """The ledger in a state folder, made if it is not there, and what is to be said about it.

    A file that is no database is set aside and a new one begun. read_only: nothing is made or changed on disk.
    """
    path = Path(folder) / FILE
    if read_only and not path.exists():
        return _prepare(sqlite3.connect(":memory:", isolation_level=None)), ()
    try:
        return _open(path, read_only=read_only), ()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise LedgerError(Problem("ledger", f"the ledger cannot be opened: {error}", path=str(path))) from error
        what = "the ledger was damaged and a new one begun; copies that say what they should are recognised"
        note = Problem("ledger-lost", what, path=str(path), severity="warning")
        if read_only:
            return _prepare(sqlite3.connect(":memory:", isolation_level=None)), (note,)
        _set_aside(path)
        return _open(path, read_only=False), (note,)


def _open(path: Path, *, read_only: bool) -> Ledger:
    if read_only:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5)
    else:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite would make it readable for others
        path.chmod(0o600)
        connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA:
            raise LedgerError(
                Problem("ledger-newer", f"the ledger was written by a newer agentsync (schema {version}, this one knows {SCHEMA})",
                        path=str(path), hint="upgrade agentsync")
            )
        if read_only:
            if version < SCHEMA:  # an older one, or begun and killed before its tables were made
                copy = sqlite3.connect(":memory:", isolation_level=None)
                connection.backup(copy)
                connection.close()
                return _prepare(copy)
            connection.execute("SELECT count(*) FROM runs").fetchone()
            return Ledger(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return _prepare(connection)
    except BaseException:
        connection.close()
        raise


def _prepare(connection: sqlite3.Connection) -> Ledger:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version < SCHEMA:
        upgrades = "".join(f"{step};" for number in range(max(version, 1), SCHEMA) for step in _UPGRADES[number]) if version else ""
        connection.executescript(f"BEGIN; {upgrades} {_TABLES} {TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")
    return Ledger(connection)


def _set_aside(path: Path) -> None:
    """Keep a damaged ledger for whoever wants to look into it; the newest one only."""
    path.replace(path.with_name(f"{FILE}.damaged"))
    for ending in ("-wal", "-shm"):
        path.with_name(FILE + ending).unlink(missing_ok=True)
