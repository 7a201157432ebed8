"""What our hooks cost a commit that touches no agent, beside the same commit without hooks and beside a bare start of Python.

    python benchmarks/hook.py [--commits 60]

A project with its agents in two formats and a hub, both with the hooks installed; commits change one other file. Commits with and without
hooks take turns, so that whatever else the machine does weighs on both alike; medians count. Needs a POSIX system.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

AIM_MS: Final = 30.0
SETTINGS: Final = "version: 1\nbranch: main\nprojects:\n  shop: {path: ../shop, targets: [claude-code, codex, copilot]}\n"
AGENT: Final = "---\nname: reviewer\ndescription: Reviews a change\n---\n\nLook.\n"


def git(folder: Path, *arguments: str, env: Mapping[str, str]) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=env)


def took(*command: str, env: Mapping[str, str], cwd: Path | None = None) -> float:
    """The milliseconds that a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=env, cwd=cwd)
    return (time.perf_counter() - start) * 1000


def build(base: Path, env: Mapping[str, str]) -> tuple[Path, Path]:
    """A hub and a project of it, with everything committed and the hooks installed."""
    hub, shop = base / "hub", base / "shop"
    for folder in (hub, shop):
        folder.mkdir()
        git(folder, "init", "-q", "-b", "main", env=env)
    (hub / "agents").mkdir()
    (hub / "agents/reviewer.md").write_text(AGENT)
    (hub / "agentsync.yaml").write_text(SETTINGS)
    git(hub, "add", "-A", env=env)
    git(hub, "commit", "-q", "-m", "Begin", env=env)
    agentsync = (sys.executable, "-m", "agentsync")
    subprocess.run([*agentsync, "push", "-y"], check=True, capture_output=True, cwd=hub, env=env)
    git(shop, "add", "-A", env=env)
    git(shop, "commit", "-q", "-m", "Begin", env=env)
    for folder in (hub, shop):
        subprocess.run([*agentsync, "hook", "install"], check=True, capture_output=True, cwd=folder, env=env)
    return hub, shop


def measure(folder: Path, commits: int, env: Mapping[str, str]) -> tuple[float, float]:
    """The median of a commit without hooks and with them."""
    times: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * commits):
        with_hooks = number % 2 == 1
        (folder / "other.txt").write_text(f"{number}\n")
        git(folder, "add", "other.txt", env=env)
        off = () if with_hooks else ("-c", f"core.hooksPath={os.devnull}")
        times[with_hooks].append(took("git", *off, "commit", "-q", "-m", "Other", env=env, cwd=folder))
    return statistics.median(times[False]), statistics.median(times[True])


def main() -> int:
    """Measure and report; 1 where the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commits", type=int, default=60)
    commits = parser.parse_args().commits
    missed = False
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "XDG_", "AGENTSYNC"))}
        who = {f"GIT_{who}_{what}": "a@example.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        env = {**clean, **who, "HOME": str(base), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        hub, shop = build(base, env)
        python = statistics.median(took(sys.executable, "-c", "pass", env=env) for _ in range(commits))
        print(f"bare Python: {python:.1f} ms")
        for what, folder in (("project", shop), ("hub", hub)):
            without, with_hooks = measure(folder, commits, env)
            cost = with_hooks - without
            missed |= cost > python + AIM_MS
            print(f"{what}: commit {without:.1f} ms without hooks, {with_hooks:.1f} with them: they cost {cost:.1f} ms")
    print(f"aim: at most {AIM_MS:.0f} ms beyond bare Python: {'missed' if missed else 'reached'}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
