"""`python -m tests.soak`: random rounds by the hundred thousand, on all cores; `make soak` runs it.

A world is 50 rounds and has a number, its seed: `--seed 17 --rounds 50` plays that world again. What fails is told with its seed and with
what was done; the others go on, and the exit code is 1. `--seconds` ends sooner.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.rounds import play

WORLD: Final = 50
FEW: Final = 10
"""So many worlds that failed are told whole."""

Work = tuple[int, int, str]
Played = tuple[int, int, int, float, str]


def settings(home: Path) -> dict[str, str]:
    """The environment of a world: a home of its own, and nobody's git settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "XDG_", "AGENTSYNC_HUB"))}
    who = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "A Test"), ("EMAIL", "test@example.invalid"))}
    git = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
    return {**kept, **who, **git, "HOME": str(home), "USERPROFILE": str(home), "LC_ALL": "C.UTF-8"}


def one(work: Work) -> Played:
    """One world: its seed, the rounds, the words that were written, the processor's seconds, and what went wrong."""
    seed, rounds, base = work
    folder = Path(tempfile.mkdtemp(prefix="agentsync-soak-", dir=base))
    home = folder / "home"
    home.mkdir()
    os.environ.clear()
    os.environ.update(settings(home))
    began, done, words, wrong = sum(os.times()[:4]), 0, 0, ""

    def told(number: int) -> None:
        nonlocal done
        done = number

    try:
        words = len(play(folder / "world", home, seed, rounds, told).words)
    except Exception:
        wrong = traceback.format_exc()
    shutil.rmtree(folder, ignore_errors=True)
    return seed, done, words, sum(os.times()[:4]) - began, wrong


def results(works: list[Work], jobs: int) -> Iterator[Played]:
    """The worlds, played, as they end."""
    if jobs == 1:
        yield from map(one, works)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(one, works)


def main() -> int:
    """Play, say how far it is now and then, and what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("AGENTSYNC_ROUNDS", "100000")), help="how many rounds in all (100,000)")
    parser.add_argument("--seed", type=int, default=0, help="the first world's seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many processes (one a core)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no world after so many seconds")
    asked = parser.parse_args()
    memory = Path("/dev/shm")
    base = tempfile.mkdtemp(prefix="agentsync-soak-", dir=memory if os.access(memory, os.W_OK) else None)
    number = -(-asked.rounds // WORLD)
    works = [(asked.seed + place, min(WORLD, asked.rounds - place * WORLD), base) for place in range(number)]
    began, spoken, rounds, words, seconds, failed = time.monotonic(), 0.0, 0, 0, 0.0, list[int]()
    try:
        for seed, done, written, taken, wrong in results(works, asked.jobs):
            rounds, words, seconds = rounds + done, words + written, seconds + taken
            if wrong:
                failed.append(seed)
                print(f"seed {seed} failed after {done} rounds" + (f":\n{wrong}" if len(failed) <= FEW else ""), flush=True)
            past = time.monotonic() - began
            if past - spoken > 60:
                spoken = past
                print(f"{rounds:,} of {asked.rounds:,} rounds, {60 * rounds / past:,.0f} a minute, {len(failed)} worlds failed", flush=True)
            if past > asked.seconds:
                break
    finally:
        shutil.rmtree(base, ignore_errors=True)
    past = time.monotonic() - began
    print(f"{rounds:,} rounds in {past:,.0f} s on {asked.jobs} processes: {60 * rounds / past:,.0f} a minute, "
          f"{60 * rounds / seconds if seconds else 0:,.0f} a minute of one processor; {words:,} words written, worlds that failed: {len(failed)}")
    if failed:
        print(f"seeds: {' '.join(map(str, sorted(failed)))}\nagain: python -m tests.soak --jobs 1 --rounds {WORLD} --seed {failed[0]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
