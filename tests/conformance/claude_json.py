"""Claude Code's `--agents`: the agents as one JSON object on the command line. One bad agent refuses them all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.conformance import claude_code
from tests.conformance.claude_code import ABSENT, MCP, NOTES, TOOLS, model
from tests.conformance.sessions import Session

__all__ = ["ABSENT", "BATCH", "CLIENT", "FORMAT", "MCP", "NOTES", "TOOLS", "load", "model"]

FORMAT = "claude-json"
CLIENT = "claude-code"
BATCH = 14


def load(project: Path, home: Path, documents: Mapping[str, str]) -> Session:
    """The agents of the one document, which is given by its path as the client allows with `-p`."""
    [path] = documents
    return claude_code.ask(project, home, ["--agents", str(project / path)])
