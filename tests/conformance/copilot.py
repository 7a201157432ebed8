"""GitHub Copilot CLI: `.github/agents/*.agent.md`. It says in an event what it loaded and what it left out."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.conformance import mcp_server
from tests.conformance.clients import run
from tests.conformance.model_server import ModelServer, Request, probed, text_of
from tests.conformance.sessions import MCP_SERVER, Adapter, Loaded, Session, without_colour

_TOOLS: Final[Mapping[str, str]] = {
    "view": "read.file",
    "grep": "read.grep",
    "rg": "read.grep",                            # its name for some models
    "glob": "read.glob",
    "create": "write.file",
    "edit": "write.edit",
    "apply_patch": "write.file write.edit",       # instead of the two for some models
    "bash": "shell",
    "read_bash": "shell",
    "write_bash": "shell",
    "stop_bash": "shell",
    "list_bash": "shell",
    "web_fetch": "fetch",
    "web_search": "search",
    "task": "delegate",
    "read_agent": "delegate",
    "list_agents": "delegate",
    "write_agent": "delegate",
    "skill": "skill",
    "update_todo": "todo",
    "sql": "",
    "session_store_sql": "",
    "fetch_copilot_cli_documentation": "",
    "tool_search_tool": "",
}


def model(native: object) -> str | None:
    """Model names are sent as they are; of a list the first."""
    first = native[0] if isinstance(native, list) else native
    return first if isinstance(first, str) else None


def load(project: Path, home: Path, documents: Mapping[str, str]) -> Session:
    """Run the client twice: to learn the agents' names, and to start each of them by the name it is called by."""
    shown, said, _ = _run(project, home, [])
    if shown is None:
        return Session({}, (f"no list of agents: {said}",))
    names = [agent["name"] for agent in shown["agents"]]
    _, said, requests = _run(project, home, names)
    started: dict[str, dict[str, Any]] = {}
    for request in requests:
        name = probed(request.body.get("messages", []))
        if name is not None:
            started.setdefault(name, request.body)
    agents = {agent["name"]: _loaded(agent, started.get(agent["name"]), said) for agent in shown["agents"]}
    complaints = tuple(str(text).replace(f"{project}/", "") for kind in ("warnings", "errors") for text in shown[kind])
    return Session(agents, complaints, {"{{cwd}}": str(project)})


def _run(project: Path, home: Path, agents: Sequence[str]) -> tuple[dict[str, Any] | None, str, list[Request]]:
    """The event that lists the agents, the client's errors, the requests."""
    servers = {MCP_SERVER: {"type": "local", "command": sys.executable, "args": [mcp_server.__file__], "tools": ["*"]}}
    with ModelServer(agents) as server:
        extra = {"COPILOT_OFFLINE": "true", "COPILOT_MODEL": "gpt-4.1", "COPILOT_PROVIDER_BASE_URL": f"{server.url}/v1"}
        words = ["-p", "hi", "--trust-folder", "--allow-all-tools", "--output-format", "json", "--no-color"]
        words += ["--additional-mcp-config", json.dumps({"mcpServers": servers})]
        done = run("copilot", words, project=project, home=home, extra=extra)
        event = None
        for line in done.stdout.split("\n"):
            if '"session.custom_agents_updated"' in line:
                event = event or json.loads(line)["data"]
        return event, without_colour(done.stderr).strip()[-500:], server.requests


def _loaded(agent: Mapping[str, Any], body: Mapping[str, Any] | None, said: str) -> Loaded:
    name, description = agent["name"], agent.get("description")
    if body is None:
        return Loaded(name, description, error=f"not started: {said}")
    system = next((text_of(m.get("content")) for m in body.get("messages", []) if m.get("role") == "system"), None)
    tools = tuple((tool.get("function") or tool.get("custom"))["name"] for tool in body.get("tools") or [])
    return Loaded(name, description, system, body.get("model"), tools)


ADAPTER: Final = Adapter(
    format="copilot",
    client="copilot",
    load=load,
    model=model,
    tools=_TOOLS,
    batch=20,
    notes=("\n\n<tools>", "\n\n<prohibited_actions>"),
    absent=frozenset({"read.list", "write.notebook", "fetch", "search", "ask"}),
    mcp="{server}-{tool}",
)
