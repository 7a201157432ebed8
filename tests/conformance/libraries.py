"""Clients that are asked without a conversation: a script of ours runs beside the client's own code and prints what its loader made.

The scripts stand in `inside/`. Each is given the project's folder and the client's, and prints a line of JSON for each agent: `name`,
`description`, `prompt`, `model`, `tools` and `error`; one without a name is something that the client complains of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.conformance.clients import CLIENTS, run
from tests.conformance.sessions import Load, Loaded, Session

_SCRIPTS = Path(__file__).parent / "inside"
_QUIET = {
    "CREWAI_TELEMETRY_OPT_OUT": "true", "CREWAI_DISABLE_TELEMETRY": "true", "OTEL_SDK_DISABLED": "true", "OPENHANDS_SUPPRESS_BANNER": "1",
    "OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x", "GOOGLE_API_KEY": "x", "MISTRAL_API_KEY": "x",
}  # fmt: skip


def library(client: str, script: str) -> Load:
    """How a client is asked through a script of `inside/`."""

    def load(project: Path, home: Path, documents: Mapping[str, str]) -> Session:
        entry = CLIENTS[client]
        words = [str(_SCRIPTS / script), str(project), str(entry.folder)]
        done = run(client if entry.python else "node", words, project=project, home=home, extra=_QUIET)
        return session_of(done.stdout, done.stderr, project)

    return load


def session_of(stdout: str, stderr: str, project: Path) -> Session:
    """The agents that a script printed; its last words are a complaint where it did not come to its end."""
    agents: dict[str, Loaded] = {}
    complaints: list[str] = []
    ended = False
    for line in stdout.split("\n"):
        try:
            item = json.loads(line)
        except ValueError:
            continue
        if item == "end":
            ended = True
        elif isinstance(item, dict) and item.get("name") is None:
            complaints.append(str(item.get("error")).replace(f"{project}/", ""))
        elif isinstance(item, dict):
            if item["name"] in agents:
                complaints.append(f"two agents are called {item['name']!r}")
            agents[item["name"]] = _loaded(item)
    if not ended:
        complaints.append(f"it did not come to its end: {stderr.strip()[-600:]}")
    return Session(agents, tuple(complaints))


def _loaded(item: Mapping[str, Any]) -> Loaded:
    tools = item.get("tools")
    return Loaded(
        item["name"],
        item.get("description"),
        system=item.get("prompt") or "",
        model=item.get("model"),
        tools=None if tools is None else tuple(tools),
        error=item.get("error"),
    )
