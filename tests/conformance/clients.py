"""Where the real clients are, and how one is run: with a home of its own, no terminal, and no way out but loopback."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs
import yaml

_HERE: Final = Path(__file__).parent
FOLDER: Final = Path(os.environ.get("AGENTSYNC_CLIENTS") or platformdirs.user_cache_dir("agentsync-clients", appauthor=False))
"""Where the clients are installed, one folder a package."""

_PATH: Final = os.environ.get("PATH", os.defpath)


@dataclass(frozen=True)
class Client:
    """One client of `clients.yaml`."""

    id: str
    package: str
    version: str
    program: tuple[str, ...]
    node: bool = False

    @property
    def folder(self) -> Path:
        """The folder its package is installed into."""
        return FOLDER / self.package.replace("/", "_").replace("@", "_")

    @property
    def file(self) -> Path | None:
        """The file to run, or None where it is not installed."""
        return next((path for name in self.program if (path := self.folder / "node_modules" / name).is_file()), None)

    def missing(self) -> str | None:
        """Why it cannot be run, or None."""
        if self.file is None:
            return f"{self.package} {self.version} is not in {FOLDER} (python -m tests.conformance.install {self.id})"
        return CLIENTS["node"].missing() if self.node else None

    def command(self) -> list[str]:
        """The words that start it."""
        node = CLIENTS["node"].file if self.node else None
        return [str(path) for path in (node, self.file) if path is not None]


def _load() -> dict[str, Client]:
    data = yaml.safe_load((_HERE / "clients.yaml").read_text(encoding="utf-8"))
    return {name: Client(name, program=tuple(rest.pop("program")), **rest) for name, rest in data.items()}


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
    client: str, arguments: Sequence[str], *, project: Path, home: Path, extra: Mapping[str, str], timeout: int = 180
) -> Done:
    """Run a client to its end inside a project; its output as text, a failure is for the caller to read."""
    # Into files: some clients end before a pipe has taken all that they had to say.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        subprocess.run(
            [*CLIENTS[client].command(), *arguments],
            cwd=project, env=environment(home, extra), stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=timeout, check=False,
        )
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
    return Done(*texts)
