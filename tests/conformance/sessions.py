"""What an adapter gives back: the agents that a client loaded, as it sent them to its model, and what it complained of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

MCP_SERVER: Final = "my-srv"
"""The name under which every client is given the server of `mcp_server`."""


@dataclass(frozen=True)
class Loaded:
    """One agent as the client made it.

    description: as offered to the model that delegates. system: the whole text the agent's request began with: the prompt and what the
    client adds. tools: the tools of that request, None where the client says nothing of the kind. rules: ordered permission rules
    (tool, pattern, action), where the client has them. error: why it could not be started.
    """

    name: str
    description: str | None = None
    system: str | None = None
    model: str | None = None
    tools: tuple[str, ...] | None = None
    rules: tuple[tuple[str, str, str], ...] | None = None
    error: str | None = None


@dataclass(frozen=True)
class Session:
    """All agents of one run by name, and the client's errors and warnings, with the project's path taken out."""

    agents: Mapping[str, Loaded]
    complaints: tuple[str, ...] = ()


class Adapter(Protocol):
    """A module of this package that knows one client."""

    FORMAT: str
    """The format it checks."""
    CLIENT: str
    """The client, by its id in `clients.yaml`."""
    BATCH: int
    """How many agents it takes in one run."""
    TOOLS: Mapping[str, str | None]
    """The client's tools by hand: the atom each one exercises; None for one that reaches nothing beyond the conversation."""
    ABSENT: frozenset[str]
    """Atoms that the client has no tool for in these runs, whatever a file says."""
    NOTES: tuple[str, ...]
    """How the text begins that the client adds behind a prompt."""
    MCP: str | None
    """How a tool of an MCP server is called, with `{server}` and `{tool}`; None where no server is given."""

    def load(self, project: Path, home: Path, documents: Mapping[str, str]) -> Session:
        """Run the client in a project that holds these documents, path to text."""

    def model(self, native: object) -> str | None:
        """The model that the agent's request must carry for what the file says; None where nothing is said."""


def without_colour(text: str) -> str:
    """A terminal's text without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def prompt_in(system: str | None, expected: str, notes: tuple[str, ...]) -> str | None:
    """The prompt that a system text holds: the expected one where it stands there with nothing but the client's notes behind it.

    Otherwise whatever comes before the first note, for a message to show.
    """
    if system is None:
        return None
    if system.startswith(expected):
        rest = system[len(expected) :]
        if not rest.strip() or rest.startswith(notes):
            return expected
    at = [found for note in notes if (found := system.find(note)) >= 0]
    return system[: min(at)] if at else system
