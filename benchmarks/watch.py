"""How fast, and how quietly, the daemon works: from a save in one of ten projects to the last copy; then idle with many projects.

    python benchmarks/watch.py [--trials N] [--projects 10,200] [--idle SECONDS]

Each figure comes from a daemon of its own process, in a folder that is removed again. Latency is counted from the save until the last
of the other copies has changed, the debounce included and shown apart.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agents import write_agents

from agentsync.watch.loop import Timing
from agentsync.watch.state import look_up, wait_settled
from agentsync.workspace import Workspace, enable, identified, open_workspace

AGENTS: Final = 30
TARGETS: Final = "claude-code, opencode"
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
    for folder in (hub, *(base / name for name in names)):
        folder.mkdir(exist_ok=True)
        git(folder, "init", "-q", "-b", "main")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return enable(identified(open_workspace(str(hub))), {name: os.path.realpath(base / name) for name in names})


@contextmanager
def daemon(space: Workspace) -> Iterator[int]:
    """A running daemon that has caught up; its process."""
    command = [sys.executable, "-m", "agentsync", "watch", "-C", space.root, "--no-notify"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        try:
            while not look_up(space).running:
                time.sleep(0.05)
            wait_settled(space, 600)
            yield running.pid
        finally:
            running.terminate()


def latency(base: Path, trials: int) -> list[float]:
    """Milliseconds from a save in one project to the last of the others."""
    space = build(base, 10)
    draw, found = random.Random(1), []
    with daemon(space):
        files = sorted(path.relative_to(base / "p0") for path in (base / "p0/.claude/agents").glob("*.md"))
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
    return found


def idle(base: Path, projects: int, seconds: float) -> tuple[float, float, int, int]:
    """Processor time in percent, memory in MiB, threads and folders of a daemon that has nothing to do."""
    space = build(base, projects)
    with daemon(space) as pid:
        time.sleep(4)
        before = _cpu(pid)
        time.sleep(seconds)
        used = _cpu(pid) - before
        words = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
        memory = int(words["VmRSS"].split()[0]) / 1024
        return 100 * used / seconds, memory, int(words["Threads"]), int(look_up(space).about["folders"])


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def world() -> Iterator[Path]:
    """A folder with a home of its own."""
    with tempfile.TemporaryDirectory(prefix="agentsync-bench-", ignore_cleanup_errors=True) as name:
        base = Path(name)
        identity = {f"GIT_{who}_{what}": "bench@example.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        os.environ.update({"HOME": name, "XDG_STATE_HOME": f"{name}/state", "XDG_CONFIG_HOME": f"{name}/config", **identity})
        yield base


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--projects", default="10,200")
    parser.add_argument("--idle", type=float, default=30.0)
    given = parser.parse_args()
    quiet = Timing().quiet * 1000
    if given.trials:
        with world() as base:
            found = sorted(latency(base, given.trials))
        median, late = statistics.median(found), found[min(len(found) - 1, round(0.95 * len(found)))]
        print(f"save to the last of ten projects' copies, {given.trials} trials: median {median:.0f} ms, p95 {late:.0f} ms")
        print(f"  beyond the debounce of {quiet:.0f} ms: median {median - quiet:.0f} ms, p95 {late - quiet:.0f} ms")
    for projects in (int(word) for word in given.projects.split(",") if word):
        with world() as base:
            cpu, memory, threads, folders = idle(base, projects, given.idle)
        rest = f"{cpu:.2f} % of a core, {memory:.0f} MiB, {threads} threads, {folders} folders"
        print(f"{projects} projects, {AGENTS} agents, idle for {given.idle:g} s: {rest}")


if __name__ == "__main__":
    main()
