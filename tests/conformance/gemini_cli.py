"""Gemini CLI: `.gemini/agents/*.md`, copied to the user's folder, where agents need no acknowledgement."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.conformance import mcp_server
from tests.conformance.clients import CLIENTS, run
from tests.conformance.model_server import ModelServer, probed, text_of
from tests.conformance.sessions import MCP_SERVER, Adapter, Loaded, Session, as_written, without_colour

_TOOLS: Final[Mapping[str, str]] = {
    "read_file": "read.file",
    "grep_search": "read.grep",
    "glob": "read.glob",
    "list_directory": "read.list",
    "write_file": "write.file",
    "replace": "write.edit",
    "run_shell_command": "shell",
    "list_background_processes": "shell",
    "read_background_output": "shell",
    "web_fetch": "fetch",
    "google_web_search": "search",
    "write_todos": "todo",
    "activate_skill": "skill",
    "ask_user": "ask",
    "enter_plan_mode": "tool:gemini-cli/enter_plan_mode",
    "exit_plan_mode": "tool:gemini-cli/exit_plan_mode",
    "read_mcp_resource": "tool:gemini-cli/read_mcp_resource",
    "list_mcp_resources": "tool:gemini-cli/list_mcp_resources",
    "complete_task": "",
}


def load(project: Path, home: Path, documents: Mapping[str, str]) -> Session:
    """What the client's own loader says of the files; then the client starts each agent that it has."""
    listed, complaints = _listed(project, home)
    shutil.copytree(project / ".gemini/agents", home / ".gemini/agents")
    servers = {MCP_SERVER: {"command": sys.executable, "args": [mcp_server.__file__], "trust": True}}
    settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "mcpServers": servers}
    (home / ".gemini/settings.json").write_text(json.dumps(settings), encoding="utf-8")
    elsewhere = home / "empty"
    elsewhere.mkdir()
    with ModelServer(list(listed)) as server:
        extra = {"GEMINI_API_KEY": "x", "GOOGLE_GEMINI_BASE_URL": server.url}
        words = ["-m", "gemini-2.5-pro", "--yolo", "--skip-trust", "-p", "hi", "--output-format", "json"]
        done = run("gemini-cli", words, project=elsewhere, home=home, extra=extra)
        started: dict[str, tuple[str, dict[str, Any]]] = {}
        for request in server.requests:
            name = probed([{"role": item.get("role"), "content": item.get("parts")} for item in request.body.get("contents", [])])
            if name is not None and "complete_task" in _functions(request.body):
                started.setdefault(name, (request.path, request.body))
    said = without_colour(done.stdout + done.stderr).strip()[-300:]
    agents = {name: _loaded(name, description, started.get(name), said) for name, description in listed.items()}
    return Session(agents, complaints)


_LIST = """
const {loadAgentsFromDirectory} = await import(process.argv[1]);
const found = await loadAgentsFromDirectory(process.argv[2]);
console.log(JSON.stringify({agents: found.agents.map(a => [a.name, a.description]), errors: found.errors.map(e => e.message)}));
"""


def _listed(project: Path, home: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """Name to description of every agent, and the errors."""
    loader = CLIENTS["gemini-cli-core"].file
    assert loader is not None
    words = ["--input-type=module", "-e", _LIST, loader.as_uri(), str(project / ".gemini/agents")]
    done = run("node", words, project=project, home=home, extra={})
    found = json.loads(done.stdout.strip().rpartition("\n")[2])
    return dict(found["agents"]), tuple(str(error).replace(f"{project}/", "") for error in found["errors"])


def _functions(body: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(function["name"] for tool in body.get("tools", []) for function in tool.get("functionDeclarations", []))


def _loaded(name: str, description: str, request: tuple[str, Mapping[str, Any]] | None, said: str) -> Loaded:
    if request is None:
        return Loaded(name, description, error=f"not started: {said}")
    path, body = request
    sent = re.search(r"models/([^:]+):", path)
    system = text_of(body.get("systemInstruction", {}).get("parts"))
    return Loaded(name, description, system, sent[1] if sent else None, _functions(body))


ADAPTER: Final = Adapter(
    format="gemini-cli",
    client="gemini-cli",
    load=load,
    model=as_written,
    tools=_TOOLS,
    batch=20,
    notes=("\n\n# Available Agent Skills", "\n\n# Environment Context", "\n\n\n# Environment Context"),
    absent=frozenset({"write.notebook", "delegate", "ask"}),
    mcp="mcp_{server}_{tool}",
)
