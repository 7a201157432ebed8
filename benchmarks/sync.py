"""How fast runs over many copies are in which nothing changed, beside a bare walk of the same files; and what one edit costs.

    python benchmarks/sync.py [--copies 20000] [--projects 10,100,1000] [--rounds 5]

The walk is `os.scandir` with a `stat` of each entry over the folders of the copies. Runs happen in this process, so that start-up and
the reading of the configuration are apart, and are told by themselves. The best round of each counts, walk and runs in turn. Processor time
is compared with the aims, which a busy machine does not spoil; the clock stands beside it. Everything lies in the system's folder for
temporary files, with a home of its own. Needs git.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

FORMATS: Final = ("claude-code", "opencode")
AIM_WALK: Final = 2.0
AIM_CONFIGURATION: Final = 60.0
SETTLED: Final = 2.6
"""Seconds after which a file's stat is trusted."""


def git(folder: Path, *arguments: str) -> None:
    """Call git, quietly."""
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def agent(number: int, edited: int = 0) -> str:
    """A small agent; the benchmark is about their number."""
    name = f"agent-{number:04d}"
    lines = "\n\n".join(f"Paragraph {line} of {name}." for line in range(20))
    return f"---\nname: {name}\ndescription: Does what number {number} does\ntools: Read, Grep\n---\n\nRound {edited}.\n\n{lines}\n"


def build(base: Path, agents: int, projects: int) -> None:
    """A hub with so many agents and projects."""
    hub = base / "hub"
    (hub / "agents").mkdir(parents=True)
    git(hub, "init", "-q", "-b", "main")
    entries = "".join(f"  p{number:04d}: {{path: ../projects/p{number:04d}, targets: [{', '.join(FORMATS)}]}}\n" for number in range(projects))
    (hub / "agentsync.yaml").write_text(f"version: 1\nbranch: main\nprojects:\n{entries}")
    for number in range(agents):
        (hub / f"agents/agent-{number:04d}.md").write_text(agent(number))
    git(hub, "add", "-A")
    git(hub, "commit", "-q", "-m", "agents")
    pattern = base / "pattern"
    pattern.mkdir()
    git(pattern, "init", "-q", "-b", "main", "--template=")
    git(pattern, "commit", "-q", "--allow-empty", "-m", "begun")
    for number in range(projects):
        shutil.copytree(pattern, base / f"projects/p{number:04d}")


def opened(base: Path) -> object:
    """The hub, opened, with every project enabled."""
    from agentsync.config import load_hub, load_user
    from agentsync.disk import LocalDisk
    from agentsync.workspace import Machine, identified, open_hub

    machine, disk = Machine.here(), LocalDisk()
    root = os.path.realpath(base / "hub")
    config = Path(machine.config) / "config.yaml"
    space = identified(open_hub(root, machine, disk, load_user("", "")))
    names = load_hub(space.text).projects
    config.parent.mkdir(parents=True, exist_ok=True)
    entries = "".join(f"      {name}: {os.path.realpath(base / 'projects' / name)}\n" for name in names)
    config.write_text(f"hubs:\n  {space.id}:\n    path: {root}\n    projects:\n{entries}")
    return open_hub(root, machine, disk, load_user(config.read_text(), str(config)))


def walk(folders: list[Path]) -> int:
    """The bare walk: names and a stat of each."""
    number = 0
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                entry.stat(follow_symlinks=False)
                number += 1
    return number


class Took(NamedTuple):
    """Seconds of the processor, of this process and of those it started, and of the clock."""

    work: float
    clock: float

    def __str__(self) -> str:
        return f"{self.work * 1000:7.0f} ms ({self.clock * 1000:.0f} by the clock)"

    def beside(self, other: Took) -> Took:
        """What is more than another."""
        return Took(self.work - other.work, self.clock - other.clock)


def timed(act: Callable[[], object]) -> Took:
    """One round."""
    before, begun = worked(), time.perf_counter()
    act()
    return Took(worked() - before, time.perf_counter() - begun)


def worked() -> float:
    """The processor time of this process and of those that it waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def fastest(found: Iterable[Took]) -> Took:
    """The best of several rounds."""
    works, clocks = zip(*found, strict=True)
    return Took(min(works), min(clocks))


def best(rounds: int, act: Callable[[], object]) -> Took:
    """The best of so many rounds."""
    return fastest(timed(act) for _ in range(rounds))


def run(space: object, *, way: str = "push") -> tuple[int, int]:
    """One run over all projects; how many files it changed and how many copies it listed."""
    from agentsync import sync
    from agentsync.snapshot import Wishes

    with sync.at_work(space, way) as (ledger, _):
        result = sync.run(space, ledger, tuple(space.config.projects), Wishes(), getattr(sync, way.upper()), way)
    return len([edit for edit in result.plan.edits if edit.touches]), len(result.plan.copies) + sum(result.plan.same.values())


def status(space: object) -> int:
    """What `agentsync status` reads and plans."""
    from agentsync.snapshot import Wishes
    from agentsync.status import status_of
    from agentsync.sync import at_work

    with at_work(space, "status", read_only=True) as (ledger, _):
        found = status_of(space, ledger, tuple(space.config.projects), Wishes())
    return len(found.rows) + sum(found.plan.same.values())


@contextlib.contextmanager
def home(folder: Path) -> Iterator[None]:
    """A home directory of its own."""
    folder.mkdir()
    os.environ.update(HOME=str(folder), GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull)
    for who in ("AUTHOR", "COMMITTER"):
        os.environ.update({f"GIT_{who}_NAME": "A Benchmark", f"GIT_{who}_EMAIL": "bench@example.invalid"})
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        del os.environ[name]
    yield


def verdict(value: float, aim: float) -> str:
    """Whether an aim is met."""
    return f"aim: at most {aim:g}, {'met' if value <= aim else 'missed'}"


def unchanged(base: Path, copies: int, rounds: int) -> None:
    """Runs over so many copies in which nothing changed."""
    projects = 100
    agents = copies // projects // len(FORMATS)
    build(base, agents, projects)
    space = opened(base)
    begun = time.perf_counter()
    changed, listed = run(space)
    first = time.perf_counter() - begun
    print(f"{listed:,} copies of {agents} agents in {projects} projects, {len(FORMATS)} formats; first push {first:.1f} s "
          f"({changed / first:,.0f} files a second, each durable)")
    time.sleep(SETTLED)
    run(space)      # what stats may be trusted is known after this,
    run(space)      # and which projects are at rest after this
    folders = [base / f"projects/p{number:04d}/{name}/agents" for number in range(projects) for name in (".claude", ".opencode")]
    assert walk(folders) == listed
    acts = {"walk": lambda: walk(folders), "push": lambda: run(space), "sync": lambda: run(space, way="sync"), "status": lambda: status(space)}
    times: dict[str, list[Took]] = {name: [] for name in acts}
    for _ in range(rounds * 2):
        for name, act in acts.items():
            times[name].append(timed(act))
    bare = fastest(times["walk"])
    print(f"  bare walk (scandir + stat)  {bare}")
    for name in ("push", "sync", "status"):
        took = fastest(times[name])
        ratio = took.work / bare.work
        print(f"  {name:<6} with nothing to do  {took}   {ratio:4.1f} x the walk, {took.clock / bare.clock:.1f} by the clock "
              f"({verdict(ratio, AIM_WALK)})", flush=True)


def configuration(base: Path, rounds: int) -> None:
    """How long the configuration of a thousand projects takes to load, hub's and user's."""
    from agentsync.config import load_hub, load_user

    build(base, 1, 1000)
    space = opened(base)
    user = (Path(space.machine.config) / "config.yaml").read_text()
    took = best(rounds, lambda: load_hub(space.text))
    theirs = best(rounds, lambda: load_user(user, "config.yaml"))
    print(f"configuration of 1,000 projects: agentsync.yaml {took}, the user's {theirs} "
          f"({verdict((took.work + theirs.work) * 1000, AIM_CONFIGURATION)}, together)", flush=True)


def one_edit(base: Path, projects: int, rounds: int) -> None:
    """One paragraph edited in one copy: pulled, committed, and written into all other copies; beside a run with nothing to do."""
    build(base, 5, projects)
    space = opened(base)
    run(space)
    time.sleep(SETTLED)
    run(space)
    run(space)
    still = best(rounds, lambda: run(space, way="sync"))
    copy = base / "projects/p0000/.claude/agents/agent-0003.md"
    files = projects * len(FORMATS)
    times = []
    for number in range(rounds):
        copy.write_text(copy.read_text().replace(f"Round {number}.", f"Round {number + 1}."))
        times.append(timed(lambda: changes(run(space, way="sync"), files)))     # the hub's file for the copy that was edited
    took = fastest(times)
    more = took.beside(still)
    print(f"one edit in {projects:>5,} projects: {took}, {still} of it as with nothing to do; "
          f"{more.work * 1000 / files:.2f} ms a file that changes ({more.clock * 1000 / files:.2f} by the clock)", flush=True)


def changes(found: tuple[int, int], files: int) -> None:
    """A run changed so many files."""
    assert found[0] == files, found


def one_target(base: Path, projects: int, rounds: int) -> None:
    """One agent edited in the hub that only one project selects: what it costs must not depend on how many projects there are."""
    build(base, 5, projects)
    settings = base / "hub/agentsync.yaml"
    settings.write_text(settings.read_text().replace("targets:", 'select: ["*", "!agent-0004"], targets:').replace(
        'p0000, select: ["*", "!agent-0004"]', "p0000"))
    space = opened(base)
    run(space)
    time.sleep(SETTLED)
    run(space)
    run(space)
    still = best(rounds, lambda: run(space))
    times = []
    for number in range(rounds):
        (base / "hub/agents/agent-0004.md").write_text(agent(4, number + 1))
        times.append(timed(lambda: changes(run(space), len(FORMATS))))
    more = fastest(times).beside(still)
    print(f"an edit that concerns one of {projects:>5,} projects: {more} beside {still} for nothing", flush=True)


def main() -> None:
    """Print a line for each figure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--copies", type=int, default=20_000, help="copies in the runs with nothing to do")
    parser.add_argument("--projects", default="10,100,1000", help="numbers of projects for one edit, with commas")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is run; the best counts")
    options = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, best of {options.rounds}\n")
    with tempfile.TemporaryDirectory(prefix="agentsync-benchmark-") as name:
        folder = Path(os.path.realpath(name))
        with home(folder / "home"):
            unchanged(folder / "unchanged", options.copies, options.rounds)
            configuration(folder / "configuration", options.rounds)
            for projects in map(int, options.projects.split(",")):
                one_edit(folder / f"edit-{projects}", projects, options.rounds)
            for projects in map(int, options.projects.split(",")):
                one_target(folder / f"target-{projects}", projects, options.rounds)


if __name__ == "__main__":
    main()
