"""Install the real clients that the conformance suite asks: `python -m tests.conformance.install [CLIENT ...]`.

Each goes into a folder of its own below `AGENTSYNC_CLIENTS` (or the user's cache folder), at the version of `clients.yaml`: by npm
without any of its install scripts, or by pip into an environment of its own. What is there already in that version is left alone.
About 4 GB in all.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.conformance.clients import CLIENTS, FOLDER, Client

_AWAY: Final = re.compile(r"ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|[Cc]onnection", re.ASCII)


def install(client: Client, seconds: float) -> str | None:
    """Why the client is not there in the wanted version after trying to install it for so long; None where it is."""
    if client.absent() is None:
        return None
    if seconds <= 0:
        return "no time was left to install it"
    client.folder.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + seconds
    try:
        for words in _steps(client):
            left = max(1, end - time.monotonic())
            done = subprocess.run(
                words, cwd=client.folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=left
            )  # fmt: skip
            if done.returncode:
                return _reason(done.stderr or done.stdout)
    except subprocess.TimeoutExpired:
        return f"not installed within {seconds:.0f} seconds"
    except LookupError as error:
        return str(error)
    return "the package has no program for this machine" if client.absent() is not None else None


def _steps(client: Client) -> Iterator[list[str]]:
    """The commands that install it, one after the other."""
    if client.python:
        yield [find_python(client.python), "-m", "venv", "--clear", str(client.folder)]
        pip = [str(client.folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1"]
        yield [*pip, f"{client.package}=={client.version}", *client.with_]
        return
    npm = shutil.which("npm")
    if npm is None:
        raise LookupError("npm is not on the PATH")
    manifest = client.folder / "package.json"
    if not manifest.exists():
        manifest.write_text('{"private": true}\n', encoding="utf-8")
    quick = ["--fetch-retries", "1", "--fetch-retry-mintimeout", "1000", "--fetch-retry-maxtimeout", "5000", "--fetch-timeout", "60000"]
    yield [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", *quick, f"{client.package}@{client.version}"]


def find_python(versions: Sequence[str]) -> str:
    """A Python of one of these versions: this one, one on the PATH, or one that pyenv or uv keeps.

    Raises LookupError where there is none.
    """
    for version in versions:
        for candidate in _pythons(version):
            ask = [candidate, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"]
            done = subprocess.run(ask, capture_output=True, text=True, check=False)
            if done.stdout.strip() == version:
                return candidate
    raise LookupError(f"there is no Python {' or '.join(versions)} on this machine")


def _pythons(version: str) -> Iterator[str]:
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        yield sys.executable
    found = shutil.which(f"python{version}")
    if found is not None:
        yield found
    roots = (Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions", Path.home() / ".local/share/uv/python")
    for root in roots:
        yield from map(str, sorted(root.glob(f"*{version}.*/bin/python{version}")))


def _reason(text: str) -> str:
    """The line of an installer's output that says what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "no reason given")[:300]


def install_all(names: Iterable[str], seconds: float) -> dict[str, str]:
    """Client to why it is not there, for those of these that could not be installed in that time altogether."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + seconds
    found: dict[str, str] = {}
    away: set[bool] = set()
    for name in names:
        new = CLIENTS[name].absent() is not None
        python = bool(CLIENTS[name].python)
        why = "the registry cannot be reached" if new and python in away else install(CLIENTS[name], end - time.monotonic())
        if why is not None and _AWAY.search(why):
            away.add(python)      # the next one of the same registry would only wait in vain
        if why is not None:
            found[name] = why
            print(f"{name}: not installed: {why}", file=sys.stderr, flush=True)
        elif new:
            print(f"{name}: installed {CLIENTS[name].version}", flush=True)
    return found


def with_parts(names: Iterable[str]) -> list[str]:
    """Clients, and before each what it needs of `clients.yaml`."""
    wanted: list[str] = []
    for name in names:
        wanted += ["node"] if CLIENTS[name].node else []
        wanted += [part.id for part in CLIENTS.values() if part.part_of == name]
        wanted.append(name)
    return list(dict.fromkeys(wanted))


def main(names: list[str]) -> int:
    """Install the named clients, or all of them; 0 if all are there at the end."""
    unknown = [name for name in names if name not in CLIENTS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(CLIENTS)}", file=sys.stderr)
        return 2
    return 3 if install_all(with_parts(names or CLIENTS), seconds=3600) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
