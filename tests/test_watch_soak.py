"""The daemon for a long while: random edits everywhere while it is killed again and again, and storms of events. `make soak` does more."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentsync.disk import DiskError
from agentsync.locking import held_by
from agentsync.model import AgentsyncError
from agentsync.snapshot import Wishes
from agentsync.sync import PUSH
from agentsync.watch import state
from tests.daemon_worlds import SECONDS, by_vim, living, says, until
from tests.laws.players import WORD, Player
from tests.worlds import Two, agent_text, git, tree

SOAK = bool(os.environ.get("AGENTSYNC_SOAK"))
KILLS = 100 if SOAK else 2
EDITS = 1_000 if SOAK else 40
STORM = 50_000 if SOAK else 0
Pause = Callable[[], None]


def start(world: Two) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "agentsync", "watch", "-C", str(world.hub), "--no-notify"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def settled(world: Two, running: subprocess.Popen[bytes]) -> None:
    """Everything is handled, by a daemon that may still be starting."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            return state.wait_settled(world.space(), SECONDS)
        except AgentsyncError:
            assert running.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)


# ---- a crowd of editors -------------------------------------------------------------------------------------------------

PROJECTS = {
    "one": "claude-code, opencode", "two": "copilot, gemini-cli", "three": "codex, claude-code", "four": "qwen-code, opencode",
    "five": "claude-code, copilot, codex",
}
SETTINGS = "version: 1\nbranch: main\nprojects:\n" + "".join(
    f"  {name}: {{path: ../{name}, targets: [{targets}]}}\n" for name, targets in PROJECTS.items()
)
AGENTS = ("ant", "bee", "cat", "dog", "elk", "fox")
PLACES = 30
DESCRIPTION = re.compile(rb'(?m)^(description(?:: | = "))[^"\r\n]*')
CLOSED = ("ok", "refused")


@dataclass
class Crowd(Two):
    """A hub and five projects, committed, in which every agent is held by every target."""

    settings: str = SETTINGS

    def build(self) -> Crowd:
        for name in ("hub", *PROJECTS):
            (self.base / name).mkdir(parents=True)
            git(self.base / name, "init", "-q", "-b", "main")
        (self.hub / "agentsync.yaml").write_text(self.settings)
        for name in AGENTS:
            text = "\n\n".join(f"Place {number}." for number in range(PLACES))
            self.agent(name, agent_text(name, prompt=text, head="tools: Read, Grep\n" if name < "d" else ""))
        self.commit()
        for project in PROJECTS:
            git(self.base / project, "commit", "-q", "--allow-empty", "-m", "begin")
        self.go(PUSH)
        self.commit_projects()
        return self

    def commit_projects(self, *names: str) -> None:
        for name in names or PROJECTS:
            git(self.base / name, "add", "-A")
            git(self.base / name, "commit", "-q", "--allow-empty", "-m", "copies")

    def of(self, agent: str) -> list[Path]:
        """The files of an agent, the hub's first."""
        copies = [path for name in PROJECTS for path in (self.base / name).glob(f".*/agents/{agent}.*")]
        return [self.hub / f"agents/{agent}.md", *sorted(path for path in copies if path.name.count(".") < 3 and path.suffix in (".md", ".toml"))]


# How editors save. Each is handed what it read, and gives up where the file holds something else by now.


def in_place(path: Path, old: bytes, new: bytes, pause: Pause) -> bool:
    with path.open("r+b") as stream:
        if stream.read() != old:
            return False
        stream.seek(0)
        stream.write(new)
        stream.truncate()
    return True


def emptied_first(path: Path, old: bytes, new: bytes, pause: Pause) -> bool:
    with path.open("r+b") as stream:
        if stream.read() != old:
            return False
        stream.seek(0)
        stream.truncate()
        pause()
        stream.write(new)
    return True


def renamed_over(path: Path, old: bytes, new: bytes, pause: Pause) -> bool:
    fresh = path.with_name(f"{path.name}.swp")
    fresh.write_bytes(new)
    pause()
    if path.read_bytes() != old:
        fresh.unlink()
        return False
    fresh.replace(path)
    return True


def made_anew(path: Path, old: bytes, new: bytes, pause: Pause) -> bool:
    if path.read_bytes() != old:
        return False
    path.unlink()
    pause()
    path.write_bytes(new)
    return True


def with_backup(path: Path, old: bytes, new: bytes, pause: Pause) -> bool:
    if path.read_bytes() != old:
        return False
    by_vim(path, new, pause)
    return True


SAVES = (in_place, emptied_first, renamed_over, made_anew, with_backup)


class Editors(Player):
    """People who edit hub and copies while a daemon works on them, and somebody who kills it."""

    def __init__(self, world: Crowd, seed: int) -> None:
        super().__init__(world, 2 * seed)       # even: with the disk as it is
        self.crowd, self.daemon = world, start(world)
        self.counts = Counter[str]()

    def files(self) -> list[Path]:
        return [path for agent in AGENTS for path in self.crowd.of(agent) if path.exists()]

    def nap(self, longest: float) -> None:
        time.sleep(self.random.random() * longest)

    # ---- edits ----

    def edit(self, path: Path, change: Callable[[bytes], bytes], word: str) -> None:
        """Change a file as an editor does, again where somebody else wrote it meanwhile."""
        save = self.random.choice(SAVES)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                old = path.read_bytes()
                new = change(old)
                done = save(path, old, new, lambda: self.nap(0.25))
            except FileNotFoundError:
                assert not self.crowd.hub.joinpath("agents", path.name).exists() or path.exists(), f"{path} is gone"
                continue
            gone = set(WORD.findall(old)) - set(WORD.findall(new))
            if done and word.encode() not in path.read_bytes():
                self.counts["written over in the same moment"] += 1
                continue
            if done:
                self.counts[f"saved: {save.__name__}"] += 1
                if gone:
                    self.words -= gone - set(WORD.findall(self.everything()))
                return
        raise AssertionError(f"{path} could not be saved")

    def add_line(self, agent: str, path: Path) -> None:
        word, place = self.word(), f"Place {self.random.randrange(PLACES)}.".encode()
        self.edit(path, lambda old: old.replace(place, place + f"\nLine {word}.".encode(), 1) if place in old else old + word.encode(), word)

    def describe(self, agent: str, path: Path) -> None:
        word = self.word()
        self.edit(path, lambda old: DESCRIPTION.sub(rb"\g<1>Does " + word.encode(), old, count=1), word)

    def widen(self, agent: str, path: Path) -> None:
        """More rights in a copy, which are held."""
        word, place = self.word(), b"Place 0."
        tools = lambda old: re.sub(rb"(?m)^tools: Read, Grep$", b"tools: Read, Grep, Bash", old, count=1)  # noqa: E731
        self.edit(path, lambda old: tools(old).replace(place, place + f"\nLine {word}.".encode(), 1), word)

    def play(self) -> int:
        """One thing that somebody does; how many edits it was."""
        agent = self.random.choice(AGENTS)
        paths = [path for path in self.crowd.of(agent) if path.exists()]
        chance = self.random.random()
        if chance < 0.15:        # both sides before anybody can have looked
            for path in self.random.sample(paths, 2):
                (self.add_line if chance < 0.12 else self.describe)(agent, path)
            return 2
        path = self.random.choice(paths)
        claude = [path for path in paths if ".claude" in path.parts]
        if chance < 0.17 and claude:
            self.widen(agent, self.random.choice(claude))
        elif chance < 0.27:
            self.describe(agent, path)
        else:
            self.add_line(agent, path)
        return 1

    # ---- git, the command line, and kills ----

    def to_a_branch_and_back(self) -> None:
        """A project goes to its first copies and back. Where the daemon brought it something meanwhile, git is told to drop that."""
        name = self.random.choice(list(PROJECTS))
        folder = self.crowd.base / name
        self.crowd.commit_projects(name)
        git(folder, "checkout", "-q", "-f", "--detach", "main~1" if self.random.random() < 0.5 else "main~2")
        self.nap(0.5)
        git(folder, "checkout", "-q", "-f", "main")

    def hub_to_a_branch_and_back(self) -> None:
        steps = ("add", "-A"), ("commit", "-q", "--allow-empty", "-m", "by hand")
        self.patiently(*steps, ("switch", "-q", "-C", "side", f"HEAD~{self.random.randrange(3)}"))
        self.nap(0.4)
        path = self.random.choice([path for path in self.crowd.of(self.random.choice(AGENTS))[1:] if path.exists()])
        self.add_line(path.stem, path)
        self.nap(0.4)
        self.patiently(("switch", "-q", "main"))

    def patiently(self, *steps: tuple[str, ...]) -> None:
        """git in the hub, from the first step where one fails: the daemon may be committing, or may have written since."""
        def done() -> bool:
            calls = (["git", "-C", str(self.crowd.hub), *words] for words in steps)
            return all(subprocess.run(call, capture_output=True, check=False).returncode == 0 for call in calls)

        until(done, " ".join(steps[-1]))

    def decide_some(self) -> None:
        """What waits for somebody is decided on the command line, beside the daemon."""
        with contextlib.suppress(AgentsyncError, DiskError):
            self.decide()
            self.resolve()

    def decide_everything(self) -> None:
        """At the end: what is held is let in, conflicts go to the hub's side."""
        for _ in range(4):
            self.crowd.decide(let_in=True)
            found = {copy.agent for copy in self.crowd.go().plan.copies if copy.state == "conflict"}
            if found:
                self.crowd.resolve(dict.fromkeys(found, "hub"))

    def kill(self) -> None:
        """At any instant, most often while a run is at work."""
        space, end = self.crowd.space(), time.monotonic() + 1.5
        if self.random.random() < 0.9:
            while time.monotonic() < end and not (held_by(space.disk, space.state) or "").startswith("watch"):
                time.sleep(0.002)
            self.nap(0.06)
        at_work = (held_by(space.disk, space.state) or "").startswith("watch")
        self.daemon.kill()
        self.daemon.wait()
        self.counts["killed at work" if at_work else "killed at rest"] += 1
        for _ in range(self.random.choice((0, 0, 1, 2))):
            self.counts["edits"] += self.play()
        self.daemon = start(self.crowd)

    def work(self, edits: int, kills: int) -> None:
        while self.counts["edits"] < edits or (self.counts["killed at work"] < kills and self.counts["edits"] < 3 * edits):
            assert self.daemon.poll() is None, "the daemon ended by itself"
            self.counts["edits"] += self.play()
            self.nap(0.1)
            if self.counts["killed at work"] < kills and self.random.random() < 2 * kills / edits:
                self.kill()
            if self.random.random() < 0.04:
                self.counts["branches of projects"] += 1
                self.to_a_branch_and_back()
            if self.random.random() < 0.02:
                self.counts["branches of the hub"] += 1
                self.hub_to_a_branch_and_back()
            if self.random.random() < 0.02:
                self.counts["decided"] += 1
                self.decide_some()


def test_edits_everywhere_under_a_daemon_that_is_killed_again_and_again(tmp_path: Path, home: Path) -> None:
    """Every edit brings a word of its own. Afterwards all say the same or wait in a list, and each word stands somewhere."""
    world = Crowd(tmp_path / "world", home).build()
    editors, begun = Editors(world, int(os.environ.get("AGENTSYNC_SEED", "1"))), time.monotonic()
    try:
        settled(world, editors.daemon)
        editors.work(EDITS, KILLS)
        settled(world, editors.daemon)
        settled(world, editors.daemon)
        listed = {(one["project"], one["target"], one["agent"], one["state"]) for one in state.look_up(world.space()).about["open"]}
    finally:
        editors.daemon.terminate()
        editors.daemon.wait()
    lost = editors.words - set(WORD.findall(editors.everything()))
    assert not lost, (sorted(lost), editors.counts)
    assert not [path for path in editors.files() if b"<<<<<<<" in path.read_bytes()]
    before = tree(world.hub, *(world.base / name for name in PROJECTS))
    last = world.go(wishes=Wishes(unasked=True))
    assert tree(world.hub, *(world.base / name for name in PROJECTS)) == before, "the daemon left something to do"
    open_ = {(copy.project, copy.target, copy.agent, copy.state) for copy in last.plan.copies if copy.state not in CLOSED and not copy.decided}
    assert open_ == listed
    assert {one[3] for one in open_} <= {"conflict", "held"}
    # Copies that the daemon wrote and `git checkout -f` dropped again rest, until somebody asks for them.
    rested = [copy for copy in last.plan.copies if copy.why is not None and copy.why.code == "went-back"]
    world.go()
    closed = set(AGENTS) - {agent for _, _, agent, _ in open_}
    for agent in closed:
        words = {path: set(WORD.findall(path.read_bytes())) for path in world.of(agent)}
        assert len(set(map(frozenset, words.values()))) == 1, (agent, words)
    assert not list(world.base.rglob(".agentsync-*.tmp"))
    editors.decide_everything()
    assert not editors.words - set(WORD.findall(editors.everything()))
    for agent in AGENTS:
        assert len({frozenset(WORD.findall(path.read_bytes())) for path in world.of(agent)}) == 1, agent
    if SOAK:
        print(f"{time.monotonic() - begun:.0f} s, {len(editors.words)} words, {len(closed)} of {len(AGENTS)} agents the same everywhere, "
              f"{len(open_)} copies listed, {len(rested)} at rest; {dict(editors.counts)}")


@pytest.mark.skipif(not SOAK, reason="make soak")
def test_a_storm_larger_than_the_systems_queue(tmp_path: Path, home: Path) -> None:
    world = Two(tmp_path / "world", home).build()
    world.go(PUSH)
    with living(world) as alive:
        folders = [world.shop / f".claude/agents/storm{number}" for number in range(20)]
        for folder in folders:
            folder.mkdir()
        for number in range(STORM):
            (folders[number % 20] / f"{number}.txt").write_text("x")
        text = world.opencode.read_text()
        world.opencode.write_text(text.replace("Second line.", "Second line, edited."))
        for folder in folders:
            shutil.rmtree(folder)
        alive.settled()
        until(lambda: says("Second line, edited.", *world.all()), "the edit is found")
