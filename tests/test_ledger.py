"""The ledger: rows, texts, runs; what becomes of it when it is damaged, newer, or read only. And the hub's lock."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from agentsync.copies import Key, Written, entry_word
from agentsync.disk import LocalDisk
from agentsync.ledger import FILE, KEPT_SECONDS, LedgerError, Touched, digest_of, open_ledger
from agentsync.locking import LockedError, hub_lock

ODD = "a\udcffb.md"


def row(path: str = ".x/a.md", entry: str | None = None, agent: str = "a", written: bytes = b"one", root: str = "/p") -> Written:
    key = Key(root, "codex", "project", path, entry_word(entry))
    return Written(key, agent, agent, digest_of(written), digest_of(written), "h", None, "r", "", 2)


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    rows = [row(), row(ODD), row("s.json", ""), row("s.json", "x\ud800"), row("s.json"), row(root="/q")]
    with open_ledger(str(tmp_path))[0] as ledger:
        ledger.keep(rows, texts=[b"one"])
    with open_ledger(str(tmp_path))[0] as ledger:
        assert set(ledger.rows("/p")) == set(rows[:5])
        assert set(ledger.rows()) == set(rows)
        ledger.keep(forget=[rows[2].key])
        assert set(ledger.rows("/p")) == {*rows[:2], *rows[3:5]}
        ledger.forget_root("/p")
        assert ledger.rows("/p") == ()
        assert ledger.rows() == (rows[5],)


def test_an_empty_entry_key_is_not_the_whole_file() -> None:
    assert row(entry="").key.entry_key == ""
    assert row(entry=None).key.entry_key is None
    assert row(entry="").key != row(entry=None).key


def test_a_text_is_kept_once_and_known_by_its_digest(tmp_path: Path) -> None:
    with open_ledger(str(tmp_path))[0] as ledger:
        ledger.keep(texts=[b"x" * 5000, b"x" * 5000])
        assert ledger.text(digest_of(b"x" * 5000)) == b"x" * 5000
        assert ledger.text(digest_of(b"y")) is None
    with sqlite3.connect(tmp_path / FILE) as raw:
        assert raw.execute("SELECT count(*), max(length(data)) < 100 FROM texts").fetchone() == (1, 1)
        raw.execute("UPDATE texts SET data = x'00'")
    with open_ledger(str(tmp_path))[0] as ledger:
        assert ledger.text(digest_of(b"x" * 5000)) is None


def test_a_run_keeps_the_old_bytes(tmp_path: Path) -> None:
    files = [
        Touched("shop", "/p", ODD, 0o640, b"old", b"new"), Touched("shop", "/p", "b.md", None, None, b"made"),
        Touched("shop", "/p", "c", 0o600, b"gone", None),
    ]
    with open_ledger(str(tmp_path))[0] as ledger:
        run, _ = ledger.begin_run("push", files, [b"hub"])
        ledger.settle(run, 0, [row(ODD, written=b"new")], [])
    with open_ledger(str(tmp_path))[0] as ledger:  # killed here: not finished
        assert [(found.id, found.finished, found.command) for found in ledger.runs()] == [(run, None, "push")]
        touched = ledger.touched(run)
        assert [(t.path, t.mode, t.old, t.new, t.done) for t in touched] == [
            (ODD, 0o640, b"old", b"new", True), ("b.md", None, None, b"made", False), ("c", 0o600, b"gone", None, False),
        ]
        assert ledger.text(digest_of(b"hub")) == b"hub"
        ledger.finish_run(run)
        assert ledger.runs()[0].finished is not None


def test_old_runs_go_and_texts_in_use_stay(tmp_path: Path) -> None:
    with open_ledger(str(tmp_path))[0] as ledger:
        first, _ = ledger.begin_run("push", [Touched("shop", "/p", "a", None, b"old", b"new")])
        ledger.settle(first, 0, [row(written=b"new")], [])
        ledger.finish_run(first)
    with sqlite3.connect(tmp_path / FILE) as raw:
        raw.execute("UPDATE runs SET started = started - ?", (KEPT_SECONDS + 60,))
    with open_ledger(str(tmp_path))[0] as ledger:
        second, _ = ledger.begin_run("push", [])
        ledger.finish_run(second)
        assert [found.id for found in ledger.runs()] == [second]
        assert ledger.text(digest_of(b"old")) is None
        assert ledger.text(digest_of(b"new")) == b"new"


def test_losses_and_roots(tmp_path: Path) -> None:
    with open_ledger(str(tmp_path))[0] as ledger:
        ledger.see([("codex", "a", "d1"), ("codex", "a", "d1")])
        assert ledger.seen() == {("codex", "a", "d1")}
        assert ledger.identity("/p") is None
        ledger.know_root("/p", (2**63 + 5, 2**64 - 1))
        assert ledger.identity("/p") == (2**63 + 5, 2**64 - 1)


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def rows() -> object:
        yield row()
        raise KeyboardInterrupt

    with open_ledger(str(tmp_path))[0] as ledger:
        with pytest.raises(KeyboardInterrupt):
            ledger.keep(rows())  # type: ignore[arg-type]  # an iterable that is interrupted
        assert ledger.rows() == ()


def test_only_the_user_may_read_it(tmp_path: Path) -> None:
    with open_ledger(str(tmp_path))[0] as ledger:
        ledger.keep([row()])
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}
    assert FILE in modes


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database at all, however long it is" * 30)
    ledger, notes = open_ledger(str(tmp_path), read_only=True)
    with ledger:
        assert ledger.rows() == ()
    assert [note.code for note in notes] == ["ledger-lost"]
    ledger, notes = open_ledger(str(tmp_path))
    with ledger:
        ledger.keep([row()])
    assert [note.code for note in notes] == ["ledger-lost"]
    assert (tmp_path / f"{FILE}.damaged").exists()
    ledger, notes = open_ledger(str(tmp_path))
    with ledger:
        assert (len(ledger.rows()), notes) == (1, ())


def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as raw:
        raw.execute("PRAGMA user_version = 99")
    with pytest.raises(LedgerError) as error:
        open_ledger(str(tmp_path))
    assert error.value.problem.code == "ledger-newer"


def test_reading_makes_nothing(tmp_path: Path) -> None:
    with open_ledger(str(tmp_path), read_only=True)[0] as ledger:
        assert ledger.rows() == ()
    assert list(tmp_path.iterdir()) == []


def test_the_lock_names_its_holder(tmp_path: Path) -> None:
    script = (
        "import sys; from agentsync.disk import LocalDisk; from agentsync.locking import hub_lock\n"
        f"with hub_lock(LocalDisk(), {str(tmp_path)!r}, 'push'):\n  print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LockedError) as error, hub_lock(LocalDisk(), str(tmp_path), "mine", wait=0.1):
            pass
        assert f"push (process {other.pid})" in error.value.problem.message
        other.kill()
        other.wait()
        with hub_lock(LocalDisk(), str(tmp_path), "mine", wait=5):  # the lock ends with its holder
            pass
