"""Projects at rest: whatever changes in the world, a run that leaves some unread says and plans what one that reads everything does.

Random rounds as in test_sync_rounds, with changes that only a stat can tell; after each step both kinds of run are asked and compared.
And on a real disk, where a stat is trusted once it is old enough: one project for each way in which something can change unseen.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from agentsync.disk import Disk, LocalDisk
from agentsync.ledger import Ledger, open_ledger
from agentsync.report import plain_text
from agentsync.snapshot import Wishes
from agentsync.status import status_lines, status_of
from agentsync.sync import PULL, PUSH, SYNC, Direction, Result, at_work
from agentsync.sync import run as run_sync
from agentsync.sync_report import push_exit, push_lines
from agentsync.workspace import Machine, Workspace, enable, identified, open_hub, user_file
from tests.laws.players import Player
from tests.test_own_formats import GIZMO
from tests.watched import Watched
from tests.worlds import Two, agent_text, edit, git

ROUNDS: Final = int(os.environ.get("AGENTSYNC_RESTS", "14"))
SEEDS: Final = range(1, max(6, ROUNDS // 5), 2)
"""Odd ones: their disk's stats are trusted at once."""

WAYS: Final = (SYNC, PUSH, PULL)
SETTINGS: Final = """version: 1
branch: main
projects:
  shop: {path: ../shop, targets: [claude-code, opencode]}
  app: {path: ../app, targets: {copilot: {}, claude-code: {select: ["!writer"]}, gemini-cli: {on_refused: skip}}}
"""


@contextmanager
def forgetful(space: Workspace) -> Iterator[Ledger]:
    """The ledger as it is, without any project at rest."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    with open_ledger(space.state, read_only=True)[0] as real:
        real._db.backup(copy)
    copy.executescript("DELETE FROM rests; DELETE FROM hub_agents;")
    with Ledger(copy) as ledger:
        yield ledger


def told(result: Result) -> tuple[object, ...]:
    """All that a dry run says and would do, but for stats in the ledger: between two runs one may have become old enough to be trusted."""
    edits = [replace(edit, put=tuple(replace(row, stamp="") for row in edit.put)) for edit in result.plan.edits if edit.touches or edit.changes]
    return [plain_text(line) for line in push_lines(result, dry=True, seconds=0)], push_exit(result), edits, result.plan.conflicts


def screen(space: Workspace, ledger: Ledger) -> list[str]:
    """What status says."""
    return [plain_text(line) for line in status_lines(status_of(space, ledger, tuple(space.config.projects), Wishes()), 100)]


def compare(space: Workspace, ways: Iterable[Direction] = WAYS) -> set[str]:
    """Both kinds of run say the same, in each direction, and so does status; the projects that were left unread by some run."""
    names = tuple(space.config.projects)
    unread: set[str] = set()
    with forgetful(space) as plain, at_work(space, "status", read_only=True) as (ledger, _):
        assert screen(space, ledger) == screen(space, plain)
        for way in ways:
            short, long = (run_sync(space, one, names, Wishes(), way, "sync", dry=True) for one in (ledger, plain))
            assert told(short) == told(long)
            assert not long.plan.same
            unread |= {name for name, _ in short.plan.same}
    return unread


# ---- random rounds ------------------------------------------------------------------------------------------------


class Fidget(Player):
    """Does more to a world than people do, most of it where nobody looks."""

    def config(self) -> None:
        path = self.world.hub / "agentsync.yaml"
        text = path.read_text()
        words = [
            ("targets: [claude-code, opencode]", "targets: [claude-code]"), ("on_refused: skip", "on_refused: ask"),
            ('select: ["!writer"]', 'select: ["writer"]'), ("../shop, targets", "../shop, mode: push, targets"),
        ]
        old, new = self.random.choice([*words, *((new, old) for old, new in words)])
        path.write_text(text.replace(old, new))

    def foreign(self) -> None:
        folder = self.random.choice([self.world.shop / ".claude/agents", self.world.app / ".github/agents"])
        folder.mkdir(parents=True, exist_ok=True)
        name = self.random.choice(["stranger", "reviewer", "extra"])
        path = folder / f"{name}.{self.random.choice(['md', 'agent.md'])}"
        if not path.exists():
            path.write_text(agent_text(name, f"Does {self.word()}"))

    def link(self) -> None:
        """A copy, or its folder, becomes a link, or one of ours does no more."""
        files = [path for path in self.files() if self.world.hub not in path.parents]
        if files:
            path = self.random.choice(files)
            aside = self.world.base / "aside" / f"{next(self._number)}"
            aside.parent.mkdir(exist_ok=True)
            what = path if self.random.random() < 0.5 else path.parent
            if not what.is_symlink():
                what.rename(aside)
                what.symlink_to(aside)

    def unlink(self) -> None:
        for folder in (self.world.shop, self.world.app):
            for path in sorted(folder.rglob("*")):
                if path.is_symlink():
                    aside = path.readlink()
                    path.unlink()
                    shutil.move(aside, path)

    def locks(self) -> None:
        path = self.random.choice([self.world.shop, self.world.app]) / "agentsync.lock"
        if path.exists():
            lines = path.read_text().splitlines(keepends=True)
            path.unlink() if self.random.random() < 0.5 else path.write_text("".join(lines[:-1]))

    def hub_history(self) -> None:
        git(self.world.hub, "commit", "-q", "--allow-empty", "-m", "nothing")

    def drop_agent(self) -> None:
        files = sorted((self.world.hub / "agents").glob("extra*.md"))
        if files:
            self.random.choice(files).unlink()

    def fidget(self) -> None:
        """One small thing, then maybe something agentsync does, often until all is at rest that can be."""
        seldom: list[Callable[[], None]] = [
            self.config, self.foreign, self.foreign, self.link, self.unlink, self.locks, self.hub_history, self.drop_agent, self.new_agent,
            self.commit, self.delete_copy, self.edit_rights, self.save_ledger, self.restore_ledger, self.lose_ledger, self.take_back,
            self.decide,
        ]
        often: list[Callable[[], None]] = [self.edit_line, self.edit_field]
        step = self.random.choice(often if self.random.random() < 0.3 else seldom)
        self.done.append(step.__name__)
        step()
        compare(self.world.space(), [self.random.choice(WAYS)])
        for _ in range(self.random.randint(0, 2)):
            way = self.random.choice([SYNC, SYNC, PUSH, PULL])
            self.done.append(str(way))
            self.world.go(way)
        if self.random.random() < 0.6:
            self.done.append("calm down")
            self.unlink()
            self.world.go(wishes=Wishes(overwrite=frozenset(["edited"])))
            self.commit()
            self.world.go()
            self.world.go()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_project_left_unread_is_told_as_one_that_is_read(tmp_path: Path, home: Path, seed: int) -> None:
    world = Two(tmp_path / "world", home, SETTINGS).build()
    for name in ("reviewer", "tester", "writer"):
        world.agent(name, agent_text(name, prompt="One.\n\nTwo.\n\nThree.\n\nFour.\n\nFive.", head="tools: Read, Grep\n"))
    shutil.rmtree(world.hub / "agents/team")
    player = Fidget(world, seed)
    player.random = random.Random(1000 + seed)  # noqa: S311 - no secret
    player.commit()
    world.go()
    unread = 0
    for _ in range(ROUNDS):
        try:
            unread += len(compare(world.space(), [SYNC]))
            player.fidget()
        except AssertionError:
            print(player.done)
            raise
    assert unread       # else nothing was tested


# ---- on a real disk -----------------------------------------------------------------------------------------------

COPY: Final = ".claude/agents/reviewer.md"


def same_size(root: Path) -> None:
    path = root / COPY
    path.write_bytes(path.read_bytes().replace(b"First line", b"Other line"))


def time_set_back(root: Path) -> None:
    before = (root / COPY).stat()
    same_size(root)
    os.utime(root / COPY, ns=(before.st_atime_ns, before.st_mtime_ns))


def put_in_place(root: Path) -> None:
    before, fresh = (root / COPY).stat(), root / "fresh.md"
    fresh.write_bytes((root / COPY).read_bytes().replace(b"First line", b"Other line"))
    os.utime(fresh, ns=(before.st_atime_ns, before.st_mtime_ns))
    fresh.replace(root / COPY)


def folder_to_link(root: Path) -> None:
    (root / ".claude/agents").rename(root / "aside")
    (root / ".claude/agents").symlink_to("../aside")


def upper_folder_to_link(root: Path) -> None:
    (root / ".claude").rename(root / "aside")
    (root / ".claude").symlink_to("aside")


def file_to_folder(root: Path) -> None:
    (root / COPY).unlink()
    (root / COPY).mkdir()


def file_to_link(root: Path) -> None:
    (root / COPY).rename(root / "aside.md")
    (root / COPY).symlink_to(root / "aside.md")


def new_file(root: Path) -> None:
    (root / ".opencode/agents/inner").mkdir()
    (root / ".opencode/agents/inner/stranger.md").write_text(agent_text("stranger"))


def another_place(root: Path) -> None:
    """A folder that was not there when the project came to rest."""
    (root / ".opencode/agent").mkdir()
    (root / ".opencode/agent/stranger.md").write_text(agent_text("stranger"))


def deleted(root: Path) -> None:
    (root / COPY).unlink()


def old_branch(root: Path) -> None:
    git(root, "checkout", "-q", "--detach", "HEAD~1")


def commit_alone(root: Path) -> None:
    git(root, "commit", "-q", "--allow-empty", "-m", "nothing")


def busy(root: Path) -> None:
    (root / ".git/MERGE_HEAD").write_text(git(root, "rev-parse", "HEAD"))


def no_lock(root: Path) -> None:
    (root / "agentsync.lock").unlink()


def other_lock(root: Path) -> None:
    path = root / "agentsync.lock"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def another_root(root: Path) -> None:
    root.rename(root.with_name("aside"))
    shutil.copytree(root.with_name("aside"), root, copy_function=shutil.copy2)


def left_alone(_: Path) -> None:
    """Nothing."""


CHANGES: Final = (
    same_size, time_set_back, put_in_place, folder_to_link, upper_folder_to_link, file_to_folder, file_to_link, new_file, another_place,
    deleted, old_branch, commit_alone, busy, no_lock, other_lock, another_root, left_alone,
)


def still(world: Many) -> None:
    """Let every project come to rest: once all stats can be trusted a run notes them, and the next finds nothing to do."""
    world.go()
    time.sleep(2.6)
    world.go()
    world.go()


class Many(Two):
    """A project for each change, one more of another format, and one that selects a single agent."""

    def build(self) -> Many:
        names = [change.__name__ for change in CHANGES]
        entries = "".join(f"  {name}: {{path: ../{name}, targets: [claude-code, opencode]}}\n" for name in names)
        self.settings = f"version: 1\nbranch: main\nprojects:\n{entries}" \
            '  own: {path: ../own, targets: [gizmo]}\n  one: {path: ../one, targets: [claude-code], select: [tester]}\n'
        config = self.home / ".config/agentsync/formats"
        config.mkdir(parents=True)
        (config / "gizmo.yaml").write_text(GIZMO)
        for name in (*names, "own", "one"):
            (self.base / name).mkdir(parents=True)
            git(self.base / name, "init", "-q", "-b", "main")
            git(self.base / name, "commit", "-q", "--allow-empty", "-m", "begun")
        Two.build(self)
        self.go()
        for name in (*names, "own", "one"):
            git(self.base / name, "add", "-A")
            git(self.base / name, "commit", "-q", "-m", "copies")
        still(self)
        return self

    def space(self, disk: Disk | None = None) -> Workspace:
        """The hub, opened with the user's own formats, and every project enabled."""
        machine, plain = Machine.here(), LocalDisk()
        found = identified(open_hub(os.path.realpath(self.hub), machine, plain, user_file(machine, plain)[0]))
        return enable(found, {name: os.path.realpath(self.base / name) for name in found.config.projects})


@pytest.fixture
def many(tmp_path: Path, home: Path) -> Many:
    return Many(tmp_path / "many", home).build()


def test_whatever_changes_where_it_wakes_its_project(many: Many) -> None:
    everybody = {*(change.__name__ for change in CHANGES), "own", "one"}
    assert compare(many.space()) == everybody
    disk = Watched()
    space = replace(many.space(), disk=disk)
    with at_work(space, "sync") as (ledger, _):
        run_sync(space, ledger, tuple(space.config.projects), Wishes(), SYNC, "sync")
    assert not [path for path in disk.read_paths if path.startswith(str(many.base))]       # neither a copy nor an agent of the hub is read
    for change in CHANGES:
        change(many.base / change.__name__)
    assert compare(many.space()) == {"left_alone", "own", "one"}
    (many.home / ".config/agentsync/formats/gizmo.yaml").write_text(GIZMO.replace("title: Gizmo", "title: Ours"))
    assert compare(many.space()) == {"left_alone", "one"}
    edit(many.home_file, "First line", "Other line")
    assert compare(many.space()) == {"one"}
    settings = many.hub / "agentsync.yaml"
    settings.write_text(settings.read_text().replace("select: [tester]", "select: [tester, reviewer]"))
    assert compare(many.space()) == set()


def test_an_edit_right_after_a_run_is_seen(many: Many) -> None:
    for number in range(4):     # each in the same moment as a run that found nothing to do
        many.go()
        path = many.base / "left_alone" / COPY
        path.write_bytes(path.read_bytes().replace(b"%d line" % number if number else b"First line", b"%d line" % (number + 1)))
        compare(many.space(), [SYNC])
    many.go()
    assert b"4 line" in many.home_file.read_bytes()


def test_a_ledger_that_is_lost_or_old_wakes_everybody_it_should(many: Many) -> None:
    state = Path(many.space().state)
    old = many.base.parent / "old"
    shutil.copytree(state, old)
    edit(many.base / "left_alone" / COPY, "First line", "Other line")
    many.go()
    still(many)
    everybody = compare(many.space(), [SYNC])
    assert "left_alone" in everybody
    shutil.rmtree(state)
    shutil.copytree(old, state)
    assert "left_alone" not in compare(many.space())
    shutil.rmtree(state)
    assert compare(many.space()) == set()


def test_what_is_decided_wakes_a_project(many: Many) -> None:
    edit(many.base / "left_alone" / COPY, "First line", "Other line")
    many.go()
    still(many)
    assert "left_alone" in compare(many.space(), [SYNC])
    many.undo()
    assert "left_alone" not in compare(many.space())
    still(many)         # what is on hold is at rest too
    assert "left_alone" in compare(many.space())


def test_what_a_killed_run_left_is_looked_at(many: Many) -> None:
    with open_ledger(many.space().state)[0] as ledger:
        run, _ = ledger.begin_run("push", [])
        assert compare(many.space(), [SYNC]) == set()
        ledger.finish_run(run)
    assert compare(many.space(), [SYNC])
    left = many.base / "left_alone/.claude/agents/.agentsync-none-1.tmp"
    left.write_text("half")
    assert "left_alone" not in compare(many.space(), [SYNC])
