"""Where the real clients are, and how one is run: with a home of its own, no terminal, and no way out but loopback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import platformdirs
import yaml

_HERE: Final = Path(__file__).parent
FOLDER: Final = Path(os.environ.get("AGENTSYNC_CLIENTS") or platformdirs.user_cache_dir("agentsync-clients", appauthor=False))
"""Where the clients are installed, one folder a package."""

_PATH: Final = os.environ.get("PATH", os.defpath)


@dataclass(frozen=True)
class Client:
    """One entry of `clients.yaml`, which says what the fields are."""

    id: str
    package: str
    version: str
    program: tuple[str, ...] = ("bin/python",)
    node: bool = False
    python: tuple[str, ...] = ()
    with_: tuple[str, ...] = ()
    part_of: str | None = None
    seconds: int = 180

    @property
    def folder(self) -> Path:
        """The folder it is installed into."""
        name = self.package.replace("/", "_").replace("@", "_")
        return FOLDER / (f"python_{name}" if self.python else name)

    @property
    def file(self) -> Path | None:
        """The file to run, or None where it is not installed."""
        root = self.folder if self.python else self.folder / "node_modules"
        return next((path for name in self.program if (path := root / name).is_file()), None)

    def installed(self) -> str | None:
        """The version that stands in the folder, or None."""
        if self.file is None:
            return None
        if self.python:
            name = re.sub(r"[-_.]+", "_", self.package)
            found = next(self.folder.glob(f"lib/python3*/site-packages/{name}-*.dist-info"), None)
            return found.name.removesuffix(".dist-info").rpartition("-")[2] if found else None
        manifest = self.folder / "node_modules" / self.package / "package.json"
        return str(json.loads(manifest.read_text(encoding="utf-8"))["version"]) if manifest.is_file() else None

    def absent(self) -> str | None:
        """Why it does not stand in its folder in the wanted version, or None."""
        found = self.installed()
        if found is None:
            return f"{self.package} {self.version} is not in {FOLDER} (python -m tests.conformance.install {self.id})"
        if found != self.version and not found.startswith(f"{self.version}."):
            return f"{self.package} is there as {found}, not as {self.version} (python -m tests.conformance.install {self.id})"
        return None

    def missing(self) -> str | None:
        """Why it cannot be run, or None."""
        parts = [client for client in CLIENTS.values() if client.part_of == self.id] + ([CLIENTS["node"]] if self.node else [])
        return next((why for client in (self, *parts) if (why := client.absent()) is not None), None)

    def command(self) -> list[str]:
        """The words that start it; a client's own Python without anything of this one's."""
        if self.python:
            return [str(self.file), "-I"]
        node = CLIENTS["node"].file if self.node else None
        return [str(path) for path in (node, self.file) if path is not None]


def _load() -> dict[str, Client]:
    data = yaml.safe_load((_HERE / "clients.yaml").read_text(encoding="utf-8"))
    return {name: _client(name, rest) for name, rest in data.items()}


def _client(name: str, data: Mapping[str, Any]) -> Client:
    lists = {key.replace("with", "with_"): tuple(value) for key, value in data.items() if isinstance(value, list)}
    return Client(name, **{key: value for key, value in data.items() if not isinstance(value, list)}, **lists)


@dataclass(frozen=True)
class Done:
    """What a client that has ended said."""

    stdout: str
    stderr: str


CLIENTS: Final[Mapping[str, Client]] = _load()


def environment(home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """What a client sees of this machine: a PATH that begins with our Node, a home, and a proxy that leads nowhere."""
    node = CLIENTS["node"].file
    path = f"{node.parent}{os.pathsep}{_PATH}" if node is not None else _PATH
    nowhere = "http://127.0.0.1:9"
    network = {"HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "NO_PROXY": "127.0.0.1,localhost"}
    lower = {name.lower(): value for name, value in network.items()}
    return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", **network, **lower, **extra}


def run(
    client: str, arguments: Sequence[str], *, project: Path, home: Path, extra: Mapping[str, str], timeout: int | None = None
) -> Done:
    """Run a client to its end inside a project; its output as text, a failure is for the caller to read.

    timeout: in seconds, where another than the client's own is meant.
    """
    # Into files: some clients end before a pipe has taken all that they had to say.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        subprocess.run(
            [*CLIENTS[client].command(), *arguments],
            cwd=project, env=environment(home, extra), stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            timeout=timeout or CLIENTS[client].seconds, check=False,
        )
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
    return Done(*texts)
