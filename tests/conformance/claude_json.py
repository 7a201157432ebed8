"""Claude Code's `--agents`: the agents as one JSON object on the command line. One bad agent refuses them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.conformance import claude_code
from tests.conformance.sessions import Adapter, Session


def load(project: Path, home: Path, documents: Mapping[str, str]) -> Session:
    """The agents of the one document, which is given by its path, as the client allows with `-p`."""
    [path] = documents
    return claude_code.ask(project, home, ["--agents", str(project / path)])


ADAPTER: Final[Adapter] = replace(claude_code.ADAPTER, format="claude-json", load=load, shared=True)
