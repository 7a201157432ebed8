"""How fast, and how quietly, the daemon works: from a save in one of ten projects to the last copy; then idle with many projects.

    python benchmarks/watch.py [--trials 100] [--sizes 10,200,1000] [--idle 600]

Each figure comes from a daemon of its own process, in a folder that is removed again. Latency is counted from the save until the last
of the other copies has changed, the debounce included and shown apart; processor time is that of the daemon and of the git it calls. The
daemons with many projects idle at the same time. Memory is given as resident (RSS), and as what nobody shares with it (PSS) where the
system tells; its peak is that of the first run, which writes all copies. On a busy machine only the processor time means something.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agents import write_agents

from agentsync.watch.loop import Timing
from agentsync.watch.state import look_up, wait_settled
from agentsync.workspace import USER_FILE, Workspace, identified, open_workspace

AGENTS: Final = 20
TARGETS: Final = "claude-code, opencode"
AIM_MS: Final = 50.0
AIM_MIB: Final = 80
AIM_PROJECTS: Final = 200
_CATCH_UP_SECONDS: Final = 3600.0
_TICKS: Final = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def build(base: Path, projects: int) -> Workspace:
    """A hub with agents, and so many projects, enabled."""
    hub = base / "hub"
    hub.mkdir()
    names = [f"p{number}" for number in range(projects)]
    lines = "".join(f"  {name}: {{path: ../{name}, targets: [{TARGETS}]}}\n" for name in names)
    (hub / "agentsync.yaml").write_text(f"version: 1\nbranch: main\nprojects:\n{lines}")
    write_agents(hub / "agents", AGENTS)
    first = base / "first"
    first.mkdir()
    for folder in (hub, first):
        git(folder, "init", "-q", "-b", "main", "--template=")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    for name in names:
        shutil.copytree(first, base / name)
    space = identified(open_workspace(str(hub)))
    enabled = {"hubs": {space.id: {"path": space.root, "projects": {name: os.path.realpath(base / name) for name in names}}}}
    Path(space.machine.config).mkdir(parents=True, exist_ok=True)
    Path(space.machine.config, USER_FILE).write_text(json.dumps(enabled, indent=1))
    return open_workspace(str(hub))


@contextmanager
def daemon(space: Workspace) -> Iterator[int]:
    """A running daemon that has caught up; its process."""
    command = [sys.executable, "-m", "agentsync", "watch", "-C", space.root, "--no-notify"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        try:
            while not look_up(space).running:
                time.sleep(0.05)
            wait_settled(space, _CATCH_UP_SECONDS)
            yield running.pid
        finally:
            running.terminate()


def latency(base: Path, trials: int) -> tuple[list[float], float]:
    """Milliseconds from a save in one project to the last of the others, for each trial; and of processor time for an edit."""
    space = build(base, 10)
    draw, found = random.Random(1), []
    with daemon(space) as pid:
        time.sleep(3)
        files = sorted(path.relative_to(base / "p0") for path in (base / "p0/.claude/agents").glob("*.md"))
        used = _cpu(pid)
        for number in range(trials):
            file, source = draw.choice(files), f"p{draw.randrange(10)}"
            others = [base / f"p{other}" / file for other in range(10) if f"p{other}" != source]
            before = {path: path.stat().st_ino for path in others}
            path = base / source / file
            new = path.read_text() + f"\nEdit {number}.\n"
            start = time.perf_counter()
            path.write_text(new)
            while any(other.stat().st_ino == inode for other, inode in before.items()):
                time.sleep(0.001)
            found.append((time.perf_counter() - start) * 1000)
            wait_settled(space, 60)
            time.sleep(draw.random() * 0.3)
        return sorted(found), 1000 * (_cpu(pid) - used) / trials


@dataclass(frozen=True)
class Idle:
    """What a daemon that has nothing to do takes: processor time in percent of a core, memory in MiB."""

    projects: int
    cpu: float
    rss: float
    pss: float | None
    peak: float
    threads: int
    folders: int


def idle(sizes: list[int], seconds: float) -> list[Idle]:
    """Daemons with so many projects each, all at the same time."""
    with ExitStack() as stack:
        running = []
        for size in sizes:
            space = build(stack.enter_context(world()), size)
            running.append((size, space, stack.enter_context(daemon(space))))
        for _ in range(2):      # what the first run left behind is heard of, and its memory given back
            time.sleep(15)
            for _, space, _ in running:
                wait_settled(space, _CATCH_UP_SECONDS)
        before = [_cpu(pid) for _, _, pid in running]
        time.sleep(seconds)
        used = [_cpu(pid) - then for (_, _, pid), then in zip(running, before, strict=True)]
        return [_standing(size, space, pid, 100 * spent / seconds) for (size, space, pid), spent in zip(running, used, strict=True)]


def _standing(size: int, space: Workspace, pid: int, cpu: float) -> Idle:
    words = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    shares = Path(f"/proc/{pid}/smaps_rollup")
    pss = next((_mib(line[4:]) for line in shares.read_text().splitlines() if line.startswith("Pss:")), None) if shares.exists() else None
    return Idle(size, cpu, _mib(words["VmRSS"]), pss, _mib(words["VmHWM"]), int(words["Threads"]), int(look_up(space).about["folders"]))


def _mib(word: str) -> float:
    return int(word.split()[0]) / 1024


def _cpu(pid: int) -> float:
    """Seconds of processor time, with those of processes that it waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


@contextmanager
def world() -> Iterator[Path]:
    """A folder with a home of its own."""
    with tempfile.TemporaryDirectory(prefix="agentsync-bench-", ignore_cleanup_errors=True) as name:
        base = Path(name)
        identity = {f"GIT_{who}_{what}": "bench@example.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        os.environ.update({"HOME": name, "XDG_STATE_HOME": f"{name}/state", "XDG_CONFIG_HOME": f"{name}/config", **identity})
        yield base


def _judged(reached: bool) -> str:
    return "reached" if reached else "missed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100, help="edits between ten projects; 0: none")
    parser.add_argument("--sizes", default="10,200,1000", help="numbers of projects to idle with, by commas; empty: none")
    parser.add_argument("--idle", type=float, default=600.0, help="seconds to idle")
    given = parser.parse_args()
    quiet = Timing().quiet * 1000
    if given.trials:
        with world() as base:
            found, used = latency(base, given.trials)
        median, late = statistics.median(found), found[min(len(found) - 1, round(0.95 * len(found)))]
        print(f"save to the last of ten projects' copies, {given.trials} trials: median {median:.0f} ms, p95 {late:.0f} ms")
        aim = f"aim: p95 at most {AIM_MS:.0f} ms, {_judged(late - quiet <= AIM_MS)}"
        print(f"  beyond the debounce of {quiet:.0f} ms: median {median - quiet:.0f} ms, p95 {late - quiet:.0f} ms ({aim})")
        print(f"  processor time: {used:.0f} ms an edit, with 19 copies, 10 locks and a commit", flush=True)
    sizes = [int(word) for word in given.sizes.split(",") if word]
    stand = idle(sizes, given.idle) if sizes else []
    for one in stand:
        shared = "" if one.pss is None else f" ({one.pss:.0f} MiB PSS)"
        aim = f"; aim: under {AIM_MIB} MiB, {_judged(one.rss < AIM_MIB)}" if one.projects == AIM_PROJECTS else ""
        print(f"{one.projects} projects, {AGENTS} agents, 2 targets, idle for {given.idle:g} s: {one.cpu:.2f} % of a core,"
              f" {one.rss:.0f} MiB{shared}, at most {one.peak:.0f} MiB in the first run, {one.threads} threads, {one.folders} folders{aim}")
    if len(stand) > 1:
        print(f"aim: threads do not grow with projects, {_judged(len({one.threads for one in stand}) == 1)}")


if __name__ == "__main__":
    main()
