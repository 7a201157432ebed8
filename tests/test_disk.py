"""The disk: atomic, durable, inside its root, never through a link, and honest about what failed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from agentsync.disk import LIMIT, DiskError, LocalDisk, decode, encode, is_temporary, parts_of

DISK = LocalDisk("0123456789abcdef")


def code_of(error: pytest.ExceptionInfo[DiskError]) -> str:
    return error.value.problem.code


def litter(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if is_temporary(path.name)]


def test_write_creates_folders_and_reads_back(tmp_path: Path) -> None:
    stamp = DISK.write(str(tmp_path), ".claude/agents/a.md", b"one", expected=None)
    file = DISK.read(str(tmp_path), ".claude/agents/a.md")
    assert (file.data, file.stamp) == (b"one", stamp)
    assert litter(tmp_path) == []


def test_a_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"one")
    path.chmod(0o640)
    DISK.write(str(tmp_path), "a.md", b"two", expected=b"one")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_new_file_follows_the_umask_unless_a_mode_is_given(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        DISK.write(str(tmp_path), "a.md", b"", expected=None)
        DISK.write(str(tmp_path), "b.md", b"", expected=None, mode=0o600)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a.md").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "b.md").stat().st_mode) == 0o600


@pytest.mark.parametrize(("there", "expected"), [(None, b"one"), (b"one", None), (b"one", b"two"), (b"one ", b"one")])
def test_a_file_that_is_not_as_planned_is_left_alone(tmp_path: Path, there: bytes | None, expected: bytes | None) -> None:
    if there is not None:
        (tmp_path / "a.md").write_bytes(there)
    with pytest.raises(DiskError) as error:
        DISK.write(str(tmp_path), "a.md", b"new", expected=expected)
    assert code_of(error) == "changed"
    assert ((tmp_path / "a.md").read_bytes() if there is not None else None) == there
    assert litter(tmp_path) == []


def test_a_file_changed_while_it_is_written_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second look comes right before the rename, after the new bytes are durable."""
    path = tmp_path / "a.md"
    path.write_bytes(b"one")
    real = os.fsync

    def somebody_writes(fd: int) -> None:
        real(fd)
        path.write_bytes(b"theirs")

    monkeypatch.setattr(os, "fsync", somebody_writes)
    with pytest.raises(DiskError) as error:
        DISK.write(str(tmp_path), "a.md", b"new", expected=b"one")
    assert code_of(error) == "changed"
    assert path.read_bytes() == b"theirs"
    assert litter(tmp_path) == []


def test_delete_wants_the_bytes_it_was_planned_on(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"one")
    with pytest.raises(DiskError) as error:
        DISK.delete(str(tmp_path), "a.md", expected=b"two")
    assert code_of(error) == "changed"
    DISK.delete(str(tmp_path), "a.md", expected=b"one")
    assert not (tmp_path / "a.md").exists()
    with pytest.raises(DiskError) as error:
        DISK.delete(str(tmp_path), "a.md", expected=b"one")
    assert code_of(error) == "changed"


@pytest.mark.parametrize("path", ["../a", "a/../../b", "/etc/passwd", "a//b", "", ".", "a/./b", ".git/config", "a/.GIT/hooks/x", "a\0b"])
def test_no_path_leaves_the_root_or_enters_a_repository(tmp_path: Path, path: str) -> None:
    root = str(tmp_path / "root")
    for attempt in (
        lambda: DISK.write(root, path, b"", expected=None), lambda: DISK.read(root, path),
        lambda: DISK.delete(root, path, expected=b""), lambda: parts_of(path),
    ):
        with pytest.raises(DiskError) as error:
            attempt()
        assert code_of(error) == "outside"


def test_links_are_never_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "a.md").write_bytes(b"theirs")
    (root / "linked").symlink_to(outside)
    (root / "a.md").symlink_to(outside / "a.md")
    (root / "gone.md").symlink_to(outside / "nothing")
    for path in ("linked/a.md", "linked/new.md", "a.md", "gone.md"):
        attempts: list[Callable[[str], object]] = [
            lambda p: DISK.write(str(root), p, b"x", expected=b"theirs"),
            lambda p: DISK.write(str(root), p, b"x", expected=None),
            lambda p: DISK.delete(str(root), p, expected=b"theirs"),
            lambda p: DISK.read(str(root), p),
        ]
        for attempt in attempts:
            with pytest.raises(DiskError) as error:
                attempt(path)
            assert code_of(error) == "link", path
    assert [p.name for p in outside.iterdir()] == ["a.md"]
    assert (outside / "a.md").read_bytes() == b"theirs"
    assert [(e.path, e.kind) for e in DISK.scan(str(root))] == [("a.md", "link"), ("gone.md", "link"), ("linked", "link")]


def test_a_parent_swapped_for_a_link_meanwhile_leads_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "agents").mkdir(parents=True)
    outside.mkdir()
    real = os.fsync

    def swap(fd: int) -> None:
        real(fd)
        if not (root / "moved").exists():
            (root / "agents").rename(root / "moved")
            (root / "agents").symlink_to(outside)

    monkeypatch.setattr(os, "fsync", swap)
    DISK.write(str(root), "agents/a.md", b"new", expected=None)
    assert list(outside.iterdir()) == []
    assert (root / "moved" / "a.md").read_bytes() == b"new"


def test_odd_things_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    for name in ("pipe.md", "folder.md"):
        with pytest.raises(DiskError) as error:
            DISK.read(str(tmp_path), name)
        assert code_of(error) == "no-file"
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DiskError) as error:
        DISK.write(str(tmp_path), "file/a.md", b"", expected=None)
    assert code_of(error) == "no-folder"


def test_size_is_limited(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"x" * LIMIT)
    assert len(DISK.read(str(tmp_path), "a.md").data) == LIMIT
    (tmp_path / "b.md").write_bytes(b"x" * (LIMIT + 1))
    with pytest.raises(DiskError) as error:
        DISK.read(str(tmp_path), "b.md")
    assert code_of(error) == "too-large"


@pytest.mark.parametrize("failing", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "full"), (errno.EIO, "io"), (errno.EROFS, "read-only"), (errno.EACCES, "denied")])
def test_a_failing_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, number: int, code: str) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"one")
    real_open = os.open

    def fail(*arguments: object, **keywords: object) -> int:
        if failing == "open" and not int(arguments[1]) & os.O_CREAT:  # type: ignore[call-overload]  # flags are a number
            return real_open(*arguments, **keywords)  # type: ignore[arg-type]  # handed on as they came
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(DiskError) as error:
        DISK.write(str(tmp_path), "a.md", b"two", expected=b"one")
    monkeypatch.undo()
    assert code_of(error) == code
    assert path.read_bytes() == b"one"
    assert litter(tmp_path) == []


def test_short_writes_are_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data)[:3]))
    DISK.write(str(tmp_path), "a.md", b"0123456789", expected=None)
    assert (tmp_path / "a.md").read_bytes() == b"0123456789"


def test_sweep_takes_only_own_or_abandoned_litter(tmp_path: Path) -> None:
    other = ".agentsync-ffffffffffff-"
    names = {"own": ".agentsync-0123456789ab-11.tmp", "other": f"{other}22.tmp", "old": f"{other}33.tmp", "theirs": "a.tmp"}
    for name in names.values():
        (tmp_path / name).write_bytes(b"")
    os.utime(tmp_path / names["old"], (0, 0))
    for name in names.values():
        DISK.sweep(str(tmp_path), name)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([names["other"], names["theirs"]])


def test_a_stamp_is_settled_only_once_its_tick_is_over(tmp_path: Path) -> None:
    stamp = DISK.write(str(tmp_path), "a.md", b"one", expected=None)
    assert not stamp.settled(stamp.changed_ns + 1_000_000)
    assert stamp.settled(stamp.changed_ns + 10_000_000_000)


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbfx", b"\xff\xfe\x00", "é\r\n".encode(), bytes(range(256))])
def test_every_byte_comes_back(data: bytes) -> None:
    assert encode(decode(data)) == data


def test_half_characters_have_no_bytes() -> None:
    with pytest.raises(DiskError) as error:
        encode("a\ud800")
    assert code_of(error) == "surrogate"


def test_identity_tells_folders_apart(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    first = DISK.identity(str(tmp_path / "a"))
    (tmp_path / "a").rename(tmp_path / "old")
    (tmp_path / "a").mkdir()
    assert first is not None
    assert DISK.identity(str(tmp_path / "a")) not in (None, first)
    assert DISK.identity(str(tmp_path / "none")) is None
