"""opencode: `.opencode/agents/*.md`. One bad value refuses the whole configuration; permissions are ordered rules."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.conformance import mcp_server
from tests.conformance.clients import run
from tests.conformance.model_server import ModelServer, probed, text_of
from tests.conformance.sessions import MCP_SERVER, Adapter, Loaded, Session, without_colour

TOOLS: Final[Mapping[str, str]] = {
    "read": "read.file",
    "grep": "read.grep",
    "glob": "read.glob",
    "write": "write.file",
    "edit": "write.edit",
    "apply_patch": "write.file write.edit",       # instead of the two for some models
    "bash": "shell",
    "webfetch": "fetch",
    "websearch": "search",
    "task": "delegate",
    "skill": "skill",
    "todowrite": "todo",
    "question": "ask",
    "lsp": "tool:opencode/lsp",
    "invalid": "",
}
_LIMIT: Final = {"context": 200_000, "output": 8_000}


def model(native: object) -> str | None:
    """The file names provider and model; the request carries the model alone."""
    return native.partition("/")[2] if isinstance(native, str) else None


def load(project: Path, home: Path, documents: Mapping[str, str]) -> Session:
    """The agents of the project's files."""
    return ask(project, home, documents, client="opencode", prefix="OPENCODE")


def ask(project: Path, home: Path, documents: Mapping[str, str], *, client: str, prefix: str, lead: str = "") -> Session:
    """The merged configuration, or its refusal; then every agent is started through the `task` tool.

    prefix: how the names of the client's environment begin; lead: how the text ends that it puts before a prompt.
    """
    off = ("AUTOUPDATE", "MODELS_FETCH", "DEFAULT_PLUGINS", "LSP_DOWNLOAD", "SHARE", "SESSION_INGEST", "CODEBASE_INDEXING")
    settings = {f"{prefix}_DISABLE_{name}": "1" for name in off}
    shown = run(client, ["debug", "config"], project=project, home=home, extra=settings)
    try:
        configured: dict[str, Any] = json.loads(shown.stdout)["agent"]
    except (ValueError, KeyError):
        return Session({}, (without_colour(shown.stderr + shown.stdout).replace(f"{project}/", "").strip(),))
    names = list(configured)
    with ModelServer(names) as server:
        settings[f"{prefix}_CONFIG_CONTENT"] = json.dumps(_configuration(server.url, configured))
        done = run(client, ["run", "hi"], project=project, home=home, extra=settings)
        started: dict[str, dict[str, Any]] = {}
        for request in server.requests:
            messages = request.body.get("messages", [])
            name = probed(messages)
            if name is not None and not _titles(messages):
                started.setdefault(name, request.body)
    said = without_colour(done.stdout + done.stderr).strip()[-300:]
    agents = {name: _loaded(name, configured[name], started.get(name), said, lead) for name in names}
    return Session(agents)


def _configuration(url: str, configured: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A provider on loopback under every name that the agents' models name, and our MCP server."""
    models: dict[str, set[str]] = {"mock": {"m"}}
    for agent in configured.values():
        provider, slash, name = str(agent.get("model") or "").partition("/")
        if slash:
            models.setdefault(provider, set()).add(name)
    options = {"baseURL": f"{url}/v1", "apiKey": "x"}
    providers = {
        provider: {
            "npm": "@ai-sdk/openai-compatible", "name": provider, "options": options,
            # Even where its vendor has retired it; a model of old whose context is small would be compacted without end.
            "models": {name: {"name": name, "status": "active", "limit": _LIMIT} for name in sorted(names)},
        }
        for provider, names in models.items()
    }
    server = {"type": "local", "command": [sys.executable, mcp_server.__file__], "enabled": True}
    return {"model": "mock/m", "small_model": "mock/m", "provider": providers, "mcp": {MCP_SERVER: server}}


def _titles(messages: list[dict[str, Any]]) -> bool:
    """Whether a request only asks for a conversation's title."""
    return "title generator" in "".join(text_of(m.get("content")) for m in messages if m.get("role") == "system")


def _loaded(name: str, configured: Mapping[str, Any], body: Mapping[str, Any] | None, said: str, lead: str) -> Loaded:
    description = configured.get("description")
    rules = _rules(configured.get("permission"))
    if body is None and configured.get("mode") == "primary":
        return Loaded(name, description, rules=rules, idle=True)      # no other agent may start it
    if body is None:
        return Loaded(name, description, rules=rules, error=f"not started: {said}")
    system = "".join(text_of(m.get("content")) for m in body.get("messages", []) if m.get("role") == "system")
    system = system[system.find(lead) + len(lead) :] if lead in system else system
    tools = tuple(tool["function"]["name"] for tool in body.get("tools") or [])
    return Loaded(name, description, system, body.get("model"), tools, rules)


def _rules(permission: object) -> tuple[tuple[str, str, str], ...]:
    """The agent's own rules in order, a plain action as one for every pattern."""
    if not isinstance(permission, dict):
        return ()
    found: list[tuple[str, str, str]] = []
    for tool, value in permission.items():
        found += [(tool, pattern, action) for pattern, action in (value.items() if isinstance(value, dict) else [("*", value)])]
    return tuple(found)


ADAPTER: Final = Adapter(
    format="opencode",
    client="opencode",
    load=load,
    model=model,
    tools=TOOLS,
    batch=20,
    notes=("\nYou are powered by the model", "\n\nYou are powered by the model", "\n<env>", "\nHere is some useful information"),
    on_request=frozenset({"delegate", "todo"}),
    limits=frozenset({"read.file", "read.grep", "read.glob", "write.file", "write.edit", "shell", "delegate", "skill"}),
    absent=frozenset({"read.list", "write.notebook", "search", "ask", "tool:opencode/lsp"}),
    mcp="{server}_{tool}",
)
