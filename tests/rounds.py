"""Random rounds over real folders: people who do whatever they do to a hub and its projects, and agentsync between them.

A round is a few things that people do, then one that agentsync does. Every edit brings a word that nobody used before. What agentsync does
must leave every word that stood anywhere in a file, in the hub's history or in a run's record; and the bytes of each file it overwrote
or deleted stand in the record of a run. At the end of a world everything is decided, all sides say the same, and one more run writes nothing.

`play(folder, home, seed, rounds)` plays one world; the same seed does the same again, but for what two processes do at once.
"""

from __future__ import annotations

import contextlib
import os
import re
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from agentsync import git
from agentsync.bases import conflicted
from agentsync.copies import Copy
from agentsync.hub import digest_of
from agentsync.ledger import Ledger, open_ledger
from agentsync.locking import LockedError
from agentsync.model import AgentsyncError
from agentsync.settle import approve, resolve, what_is_open
from agentsync.snapshot import Wishes
from agentsync.sync import PULL, Result, at_work
from agentsync.workspace import Workspace
from tests import quick_git
from tests.rounds_commands import Act, Commands
from tests.rounds_world import LARGE, SMALL, WORD, Killed, Lost, Stepping, SteppingLedger, World, sh, stepping


class Player(Commands):
    """Edits files as people do, runs agentsync, and remembers every word that stands anywhere."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.words: set[bytes] = set()
        self.fresh: set[bytes] = set()
        self._ever: set[bytes] = set()
        self.history = quick_git.Words(world.hub, "agents", WORD)
        self._strictly = False
        self._recorded: dict[str, frozenset[bytes]] = {}
        self._torn: set[tuple[str, str]] = set()
        self.done: list[str] = []

    # ---- what there is ----

    def records(self) -> set[str]:
        """The digests of all bytes in the records of runs; the words in them are remembered."""
        with open_ledger(self.world.space().state, read_only=True)[0] as ledger:
            query = "SELECT old FROM touched UNION SELECT new FROM touched"
            named = {digest for (digest,) in ledger._db.execute(query) if digest}
            for digest in named - self._recorded.keys():
                self._recorded[digest] = frozenset(WORD.findall(ledger.text(digest) or b""))
        return named

    def missing(self, files: Mapping[str, bytes]) -> set[bytes]:
        """The words that stand nowhere any more."""
        gone = self.words.difference(*(WORD.findall(data) for data in files.values()))
        gone = gone - self.history.look() if gone else gone
        return gone.difference(*(self._recorded[digest] for digest in self.records())) if gone else gone

    def seen(self) -> dict[str, bytes]:
        """People are done: what they took out they took out, what stands now must stay."""
        files = self.world.files()
        self.words -= self.missing(files)
        self._torn |= {(path, digest_of(data)) for path, data in files.items() if _marks(data)}
        standing = {word for data in files.values() for word in WORD.findall(data)}
        self.fresh = standing - self._ever      # what came back with a branch was not written just now
        self.words |= standing
        self._ever |= standing
        return files

    def check(self, before: Mapping[str, bytes], *, strictly: bool = False, torn: Collection[str] = ()) -> None:
        """Nothing is lost, and nothing half-done lies about.

        torn: files that git could not merge or that somebody wrote meanwhile, and that nobody judges.
        strictly: what people wrote in this round stands in a file or in the hub's history: nobody asked to overwrite anything.
        """
        files = self.world.files()
        gone = self.missing(files)
        if gone:
            raise Lost(f"lost: {sorted(gone)}")
        # A torn file that was renamed is as torn; one without the line in the middle is a text like any other.
        moved = [_marks(data) for path, data in before.items() if path not in files or not conflicted(data.decode("utf-8", "replace"))]
        for path, data in files.items():
            if path in torn or (path, digest_of(data)) in self._torn:      # undo brings back what git had left there, too
                continue
            if _marks(data) and not _marks(before.get(path, b"")) and _marks(data) not in moved:
                raise Lost(f"conflict marks in {path}")
            if not data.startswith(b"---") and before.get(path, b"---").startswith(b"---"):
                raise Lost(f"half a file: {path}: {data!r}")
        if strictly:
            gone = self.fresh.difference(*(WORD.findall(data) for data in files.values())) - self.history.look()
            if gone:
                raise Lost(f"written just now, and only in a record: {sorted(gone)}")
        if any("/.agentsync-" in path for path in files):
            raise Lost("a temporary file")
        # What was written in an answer, as in a conflict that is resolved by hand: whoever takes it out of the hub later means it.
        self.words |= {word for data in files.values() for word in WORD.findall(data)}
        changed = {path: data for path, data in before.items() if files.get(path) != data}
        if changed:
            kept = self.records()
            missing = [path for path, data in changed.items() if digest_of(data) not in kept]
            if missing:
                raise Lost(f"no record of what stood in {missing}")

    # ---- how it does it ----

    def switch_branch(self) -> None:
        """A project goes to its last commit, agentsync runs, and it comes back."""
        folder = self.random.choice(self.world.projects)
        if not self._calm(folder):
            return
        # What a run that was killed left to be added, git will not put aside; the next run would have committed it.
        if left := sh(folder, "diff", "--no-renames", "--name-only", "--diff-filter=A").splitlines():
            sh(folder, "reset", "-q", "--", *left)
        sh(folder, "stash", "-q", "--include-untracked")
        if sh(folder, "rev-list", "--count", "HEAD").strip() != "1":
            sh(folder, "checkout", "-q", "--detach", "HEAD~1")
        before = self.seen()
        self.run(self._sync(PULL))
        self.check(before)
        sh(folder, "checkout", "-q", "-f", "main")
        if sh(folder, "stash", "list"):
            sh(folder, "stash", "pop", "-q", check=False)
            if sh(folder, "ls-files", "-u"):
                sh(folder, "checkout", "-q", "--theirs", "--", *{line.split("\t")[1] for line in sh(folder, "ls-files", "-u").splitlines()})
                sh(folder, "reset", "-q")
                sh(folder, "stash", "drop", "-q")

    def plainly(self, act: Act) -> None:
        before = self.seen()
        self.run(act)
        self.check(before, strictly=self._strictly)

    def twice(self, act: Act) -> None:
        """And then syncs, of which the third finds nothing to do; the second one only where an agent takes over another's file."""
        self.plainly(act)
        for _ in range(2):
            before = self.seen()
            self.run(self._sync())
            self.check(before)
        tree, head = self.world.tree(), self.history_head()
        self.run(self._sync())
        if self.world.tree() != tree or self.history_head() != head:
            after = self.world.tree()
            raise Lost(f"a third run writes: {[path for path in tree | after if tree.get(path) != after.get(path)]}")

    def history_head(self) -> str | None:
        return quick_git.repository(self.world.hub).head()

    def killed(self, act: Act) -> None:
        """It dies at some step: of the disk, of the ledger, of git."""
        left = self.random.choice([self.random.randrange(1, 12), self.random.randrange(1, 60)])

        def step() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed

        before = self.seen()
        space = self.world.space()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(git, "run_git", stepping(git.run_git, step))
            with contextlib.suppress(Killed):
                self.run(act, replace(space, disk=Stepping(space.disk, step)), lambda ledger: SteppingLedger(ledger, step))
        for folder in self.world.folders:
            (folder / ".git/index.lock").unlink(missing_ok=True)
        for path in (path for path in self.world.files() if "/.agentsync-" in path):
            os.unlink(path)
        self.check(before, strictly=self._strictly)

    def raced(self, act: Act) -> None:
        """Somebody writes a file in the middle of it."""
        left = self.random.randrange(1, 14)
        theirs: dict[str, bytes] = {}

        def step() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                files, self._racing = self.world.files(), True
                self.edit_line()
                for path, data in self.world.files().items():
                    if files.get(path) != data:
                        theirs[path] = data
                        before.pop(path, None)
                        self.words.update(WORD.findall(data))
                        # What they took out of it they took out.
                        self.words -= set(WORD.findall(files.get(path, b""))) - set(WORD.findall(data))

        before = self.seen()
        torn = {path for path, data in before.items() if _marks(data)}
        space = self.world.space()
        self.run(act, replace(space, disk=Stepping(space.disk, step)), lambda ledger: SteppingLedger(ledger, step))
        after = self.world.files()
        self.check(before, torn=torn | {path for path, data in theirs.items() if after.get(path) == data})
        self._racing = False
        for path, data in theirs.items():
            if after.get(path) != data and digest_of(data) not in self.records():
                raise Lost(f"what was written meanwhile is gone from {path}")

    def at_once(self, act: Act) -> None:
        """It, and a sync, in two processes at once."""
        before = self.seen()
        with contextlib.suppress(AgentsyncError):
            self.world.space()
        children = [self._child(one) for one in (act, self._sync())]
        for child in children:
            _, status = os.waitpid(child, 0)
            if status:
                raise Lost(f"one of two processes ended with {status}")
        self.check(before, strictly=self._strictly)

    def _child(self, act: Act) -> int:
        child = os.fork()
        if child:
            return child
        code = 1
        try:
            with contextlib.suppress(LockedError):
                self.run(act)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    # ---- a round ----

    def round(self) -> None:
        """A few things people do, then one that agentsync does."""
        often = [self.edit_line] * 6 + [self.edit_field] * 3 + [self.edit_model, self.edit_rights, self.flip_line_ends, self.delete_line]
        seldom = [
            self.delete_copy, self.rename_copy, self.rename_in_hub, self.edit_name, self.delete_in_hub, self.new_agent, self.new_agent,
            self.foreign_agent, self.break_head, self.mend_head, self.commit, self.switch_branch, self.old_files, self.amend, self.pull_with_git,
            self.edit_and_pull, self.end_merges, self.old_settings, self.lose_ledger, self.save_ledger, self.restore_ledger,
        ]
        for _ in range(self.random.randint(1, 4)):
            step = self.random.choice(often if self.random.random() < 0.8 else seldom)
            self.done.append(step.__name__)
            step()
        acts = [self.sync] * 10 + [self.pull, self.push, self.take_back, self.take_back, self.decide, self.decide, self.resolve, self.resolve] + [
            self.exclude, self.restore, self.remove, self.rename, self.fork, self.adopt, self.adopt]
        how = self.random.choice([self.plainly] * 14 + [self.killed] * 3 + [self.twice, self.raced, self.at_once])
        act = self.random.choice(acts)
        self.done.append(f"{how.__name__} {act.__name__};")
        self._strictly = act in (self.sync, self.pull)
        how(act())

    def settle(self) -> None:
        """Everything decided: afterwards hub and copies say the same, and a further run writes nothing."""
        self.mend_head()
        for _ in range(3):
            self.end_merges()
        wrong = ""
        for number in range(6):
            self._untangle()
            if number == 4:
                self._delete_torn()
            before = self.seen()
            with at_work(self.world.space(), "settle") as (ledger, _):
                ledger.pause(forget=[one.key for one in ledger.paused()])
            self.run(self._sync(wishes=Wishes(allow_deletes=True, overwrite=frozenset(["edited", "foreign"]))))
            self.run(self._approve_all)
            self.run(self._take_hub)
            self.check(before)
            wrong = self._unsettled()
            if not wrong:
                return
        raise Lost(wrong)

    def _unsettled(self) -> str:
        """What keeps the world from being at rest: nothing, once all is decided."""
        tree = self.world.tree()
        last: Result | None = self.run(self._sync())
        after = self.world.tree()
        if last is None:
            return "the last run refuses"
        if after != tree:
            return f"the last run writes: {[path for path in tree | after if tree.get(path) != after.get(path)]}"
        still = [copy for copy in last.plan.copies if copy.state not in ("ok", "deleted", "refused") and not _elsewhere(copy)]
        return f"open still: {still} {last.plan.conflicts}" if still or last.plan.conflicts else ""

    def _delete_torn(self) -> None:
        """Copies that no answer helps, because two agents claim one file: somebody deletes them."""
        found = self.run(lambda space, ledger: what_is_open(space, ledger, tuple(space.config.projects)))
        for copy in found.torn if found is not None else ():
            (self.world.base / copy.project / str(copy.path)).unlink(missing_ok=True)

    def _untangle(self) -> None:
        """Of two agents of one name only one stays: else neither would be written."""
        names: set[bytes] = set()
        for path in self._agents():
            found = re.search(rb"(?m)^name: ([^\r\n]*)", path.read_bytes())
            if found is None or found[1].lower() in names:
                path.unlink()
            else:
                names.add(found[1].lower())

    def _approve_all(self, space: Workspace, ledger: Ledger) -> Result:
        names = tuple(space.config.projects)
        found = what_is_open(space, ledger, names)
        return approve(space, ledger, names, found, found.held)

    def _take_hub(self, space: Workspace, ledger: Ledger) -> Result | None:
        names = tuple(space.config.projects)
        torn = {copy.agent for copy in what_is_open(space, ledger, names).torn}
        return resolve(space, ledger, names, dict.fromkeys(torn, "hub")) if torn else None


def _elsewhere(copy: Copy) -> bool:
    """Whether a copy is not on the branch that is checked out, which is no difference."""
    return copy.why is not None and copy.why.code == "not-on-branch"


def _marks(data: bytes) -> list[bytes]:
    """The lines that git leaves at the head of what it could not merge."""
    return [line for line in data.splitlines() if line.startswith(b"<<<<<<<")]


def play(folder: Path, home: Path, seed: int, rounds: int, told: Callable[[int], None] = lambda _: None) -> Player:
    """Play one world of so many rounds. Lost, with what was done last, where agentsync did what it must not do. told: of each round."""
    world = World(folder, home, seed, LARGE if seed % 5 == 4 else SMALL)
    with pytest.MonkeyPatch.context() as patch:
        quick_git.install(patch)
        patch.setattr(os, "fsync", lambda _: None)
        world.build()
        player = Player(world)
        player.run(player._sync())
        world.commit()
        try:
            for number in range(rounds):
                player.round()
                told(number + 1)
            player.done.append("settle")
            player.settle()
        except (Exception, Killed) as error:
            raise Lost(f"seed {seed}, round {len([1 for one in player.done if one.endswith(';')])}: {error!r}\n  {' '.join(player.done)}") from error
    return player


