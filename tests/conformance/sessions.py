"""What an adapter gives back: the agents that a client loaded, as it sent them to its model, and what it complained of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

MCP_SERVER: Final = "my-srv"
"""The name under which every client is given the server of `mcp_server`."""


@dataclass(frozen=True)
class Loaded:
    """One agent as the client made it.

    description: as offered to the model that delegates. system: the whole text the agent's request began with: the prompt and what the
    client adds. tools: the tools of that request, None where the client says nothing of the kind. rules: ordered permission rules
    (tool, pattern, action), where the client has them. error: why it could not be started. idle: the client starts no agent
    whose list names no tool of this session, so that nothing but that is known.
    """

    name: str
    description: str | None = None
    system: str | None = None
    model: str | None = None
    tools: tuple[str, ...] | None = None
    rules: tuple[tuple[str, str, str], ...] | None = None
    error: str | None = None
    idle: bool = False


@dataclass(frozen=True)
class Session:
    """All agents of one run by name, and the client's errors and warnings, with the project's path taken out.

    fills: placeholders that the client replaces in a prompt, and with what.
    """

    agents: Mapping[str, Loaded]
    complaints: tuple[str, ...] = ()
    fills: Mapping[str, str] = field(default_factory=dict)


Load: TypeAlias = Callable[[Path, Path, Mapping[str, str]], Session]
"""Project, home, documents -> what the client made of them."""


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """How one client is asked, and what is known of it by hand.

    format, client: the format it checks, the client by its id in `clients.yaml`.
    load: run the client in a project that holds these documents (path to text), with this home. batch: how many agents it
    takes in one run; shared: they stand in one file.
    model: the model that a request must carry for what the file says under `model_key`; None where the file says nothing.
    tools: the client's tools, each with the atoms it exercises, blanks between; none where it reaches nothing beyond the conversation.
    mcp: how a tool of an MCP server is called, with `{server}` and `{tool}`; None where the client is given no server.
    absent: atoms the client has no tool for in these runs, whatever a file says. on_request: atoms it gives only to agents
    whose list names them. beside: atoms it does not give to an agent that also has another one, which does the same.
    limits: atoms whose limits, as in `shell(git *)`, it keeps. notes: how the text begins that it adds behind a prompt.
    by_name: its tools are the names of the file, whether there is such a tool or not. stops: it starts no agent with a tool that
    it does not know.
    """

    format: str
    client: str
    load: Load
    model: Callable[[object], str | None]
    batch: int
    shared: bool = False
    model_key: str = "model"
    tools: Mapping[str, str] = field(default_factory=dict)
    mcp: str | None = None
    absent: frozenset[str] = frozenset()
    on_request: frozenset[str] = frozenset()
    beside: Mapping[str, str] = field(default_factory=dict)
    limits: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    by_name: bool = False
    stops: bool = False


def as_written(native: object) -> str | None:
    """The `model` of a client that sends a name as it stands."""
    return native if isinstance(native, str) else None


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
        if not rest.strip() or rest.startswith(notes if expected else tuple(note.lstrip() for note in notes)):
            return expected
    at = [found for note in notes if (found := system.find(note)) >= 0]
    return system[: min(at)] if at else system
