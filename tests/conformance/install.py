"""Install the real clients that the conformance tests ask: `python -m tests.conformance.install [CLIENT ...]`.

Each goes into a folder of its own below `AGENTSYNC_CLIENTS` (or the user's cache folder), by npm, by package name and version,
without running any of its install scripts. What is there already in that version is left alone. About 2 GB in all.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conformance.clients import CLIENTS, FOLDER, Client


def installed(client: Client) -> str | None:
    """The version that stands in the folder, or None."""
    manifest = client.folder / "node_modules" / client.package / "package.json"
    if client.file is None or not manifest.is_file():
        return None
    return str(json.loads(manifest.read_text(encoding="utf-8"))["version"])


def install(client: Client, npm: str) -> bool:
    """Whether the client is there in the wanted version, installing it if it was not."""
    found = installed(client)
    if found is not None and (found == client.version or found.startswith(f"{client.version}.")):
        print(f"{client.id}: {found} is there")
        return True
    client.folder.mkdir(parents=True, exist_ok=True)
    manifest = client.folder / "package.json"
    if not manifest.exists():
        manifest.write_text('{"private": true}\n', encoding="utf-8")
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", f"{client.package}@{client.version}"]
    done = subprocess.run(command, cwd=client.folder, capture_output=True, text=True, check=False)
    if done.returncode or client.file is None:
        reason = (done.stderr or done.stdout).strip().splitlines()
        print(f"{client.id}: not installed: {reason[0] if reason else 'npm gave no program for this machine'}", file=sys.stderr)
        return False
    print(f"{client.id}: installed {client.version}")
    return True


def main(names: list[str]) -> int:
    """Install the named clients, or all of them; 0 if all are there at the end."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not on the PATH; it is needed to install the clients", file=sys.stderr)
        return 2
    unknown = [name for name in names if name not in CLIENTS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(CLIENTS)}", file=sys.stderr)
        return 2
    Path(FOLDER).mkdir(parents=True, exist_ok=True)
    wanted = ["node", *names] if names else list(CLIENTS)
    there = [install(CLIENTS[name], npm) for name in dict.fromkeys(wanted)]
    return 0 if all(there) else 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
