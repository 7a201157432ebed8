"""How fast `agentsync convert` is and how much memory it takes, beside a loop that only copies the files it wrote.

    python benchmarks/convert.py [--agents 100,1000,5000] [--rounds 3]

Every run is a process of its own, with everything a user gets: detection, the checks of every format, each text read back before it is
written, the report. The loop is the standard library's `shutil.copyfile` over the very files that were written, in a process of its
own too. Processor time is compared, since it is what other programs on the machine disturb least; the best round of each counts.
Source and output lie in the system's folder for temporary files (TMPDIR says which disk is measured). Needs a POSIX system.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agents import SIZE, write_agents

FORMATS: Final = ("opencode", "codex", "copilot", "gemini-cli", "qwen-code")
AIM_RATIO: Final = 2.5
AIM_MEMORY: Final = 150
AIM_START: Final = 2.0

_LOOP: Final = """
import os, shutil, sys
source, target = sys.argv[1:]
for folder, _, names in os.walk(source):
    into = target + folder[len(source):]
    os.makedirs(into, exist_ok=True)
    for name in names:
        shutil.copyfile(f"{folder}/{name}", f"{into}/{name}")
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took: seconds on the clock, seconds of processor time, and its largest size in MiB."""

    wall: float
    cpu: float
    memory: float


def run(command: Sequence[str]) -> Run:
    """Run a command to its end. Raises where it fails; exit code 1 (something needs the user) is no failure of a conversion."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as told:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told, env=environment)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in (0, 1):
            told.seek(0)
            raise SystemExit(f"{' '.join(command[:6])} …: exit code {child.returncode}\n{told.read().decode(errors='replace')}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 2**20)


def best(runs: Sequence[Run]) -> Run:
    """The least of each figure, but for memory, of which the most counts."""
    return Run(min(run.wall for run in runs), min(run.cpu for run in runs), max(run.memory for run in runs))


def compare(folder: Path, agents: int, formats: Sequence[str], rounds: int) -> tuple[Run, Run]:
    """Convert and loop in turns, so that both meet the same disturbances.

    Nothing is deleted before the end: ext4 looks long for a free inode while many were freed within the last minutes, and that
    would be counted against whoever writes first.
    """
    converts: list[Run] = []
    loops: list[Run] = []
    for number in range(rounds):
        converted, copied = (folder / f"{what}-{agents}-{len(formats)}-{number}" for what in ("converted", "copied"))
        converts.append(run([
            sys.executable, "-m", "agentsync", "convert", str(folder / str(agents)), "--to", ",".join(formats),
            "-o", f"{converted}/{{format}}", "--allow-widening",
        ]))
        written = sum(1 for path in converted.rglob("*") if path.is_file())
        assert written == agents * len(formats), f"{written} files were written, not {agents * len(formats)}"
        loops.append(run([sys.executable, "-c", _LOOP, str(converted), str(copied)]))
    return best(converts), best(loops)


def start(rounds: int) -> tuple[float, float]:
    """Seconds on the clock for `agentsync --version` and for a Python that only imports click."""
    script = Path(sys.executable).with_name("agentsync")
    version = [str(script)] if script.exists() else [sys.executable, "-m", "agentsync"]
    pairs = [(run([*version, "--version"]).wall, run([sys.executable, "-c", "import click"]).wall) for _ in range(rounds)]
    return min(first for first, _ in pairs), min(second for _, second in pairs)


def verdict(value: float, aim: float) -> str:
    """Whether an aim is met."""
    return f"aim: at most {aim:g}, {'met' if value <= aim else 'missed'}"


def main() -> None:
    """Print one line for each size and number of formats, then how long it takes to begin."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--agents", default="100,1000,5000", help="numbers of agents, with commas")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run; the best counts")
    options = parser.parse_args()
    sizes = [int(size) for size in options.agents.split(",")]
    print(f"agents of {SIZE / 1000:g} KB, Claude Code -> {FORMATS[0]}, and -> {', '.join(FORMATS)}; processor time, best of {options.rounds}\n")
    print(f"{'agents':>6} {'formats':>7} {'convert':>9} {'files/s':>8} {'clock':>8} {'memory':>9} {'loop':>8} {'convert/loop':>12}")
    ratio = memory = 0.0
    with tempfile.TemporaryDirectory(prefix="agentsync-benchmark-") as name:
        folder = Path(name)
        for size in sizes:
            write_agents(folder / str(size), size)
            for formats in (FORMATS[:1], FORMATS):
                convert, loop = compare(folder, size, formats, options.rounds)
                files, ratio, memory = size * len(formats), convert.cpu / loop.cpu, convert.memory
                print(
                    f"{size:>6,} {len(formats):>7} {convert.cpu:>7.2f} s {files / convert.cpu:>8,.0f} {convert.wall:>6.2f} s"
                    f" {memory:>5.0f} MiB {loop.cpu:>6.2f} s {ratio:>12.1f}", flush=True,
                )
    print(f"\nthe last line: convert takes {ratio:.1f} x the loop ({verdict(ratio, AIM_RATIO)}), {memory:.0f} MiB ({verdict(memory, AIM_MEMORY)})")
    version, click = start(max(options.rounds * 5, 15))
    print(f"`agentsync --version` takes {version * 1000:.0f} ms, `python -c 'import click'` {click * 1000:.0f} ms: "
          f"{version / click:.1f} x ({verdict(version / click, AIM_START)})")


if __name__ == "__main__":
    main()
