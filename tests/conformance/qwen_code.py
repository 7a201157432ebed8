"""Qwen Code: `.qwen/agents/*.md`. What it leaves out is only told in its debug log."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.conformance import mcp_server
from tests.conformance.clients import run
from tests.conformance.model_server import ModelServer, Request, probed, text_of
from tests.conformance.sessions import MCP_SERVER, Adapter, Loaded, Session, as_written

_TOOLS: Final[Mapping[str, str]] = {
    "read_file": "read.file",
    "grep_search": "read.grep",
    "glob": "read.glob",
    "list_directory": "read.list",
    "write_file": "write.file",
    "edit": "write.edit",
    "notebook_edit": "write.notebook",
    "run_shell_command": "shell",
    "monitor": "tool:qwen-code/monitor",
    "web_fetch": "fetch",
    "web_search": "search",
    "agent": "delegate",
    "skill": "skill",
    "todo_write": "todo",
    "read_mcp_resource": "tool:qwen-code/read_mcp_resource",
    "loop_wakeup": "",
    "report_findings": "",
    "tool_call": "",
    "tool_search": "",
    "zoom_image": "read.file",
}


_OWN = ("general-purpose", "Explore", "statusline-setup", "fork", "review-agent", "claude-code", "codex")


def load(project: Path, home: Path, documents: Mapping[str, str]) -> Session:
    """Run the client twice: to learn the agents' names, and to start each of them."""
    folder = home / ".qwen"
    folder.mkdir()
    servers = {MCP_SERVER: {"command": sys.executable, "args": [mcp_server.__file__], "trust": True}}
    (folder / "settings.json").write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    shown, requests = _run(project, home, [])
    init: dict[str, Any] = next((json.loads(line) for line in shown.split("\n") if line.startswith('{"type":"system"')), {})
    names = [name for name in init.get("agents", []) if name not in _OWN]
    offered = _listing(requests, names)
    _, requests = _run(project, home, names)
    started: dict[str, dict[str, Any]] = {}
    for request in requests:
        name = probed(request.body.get("messages", []))
        if name is not None and "respond_in_schema" not in _tools(request.body):
            started.setdefault(name, request.body)
    return Session({name: _loaded(name, offered.get(name), started.get(name)) for name in names}, _complaints(project, folder))


def _run(project: Path, home: Path, agents: Sequence[str]) -> tuple[str, list[Request]]:
    with ModelServer(agents) as server:
        extra = {
            "OPENAI_API_KEY": "x", "OPENAI_MODEL": "mockmodel", "OPENAI_BASE_URL": f"{server.url}/v1", "NO_BROWSER": "1",
            "DEBUG": "1", "QWEN_DEBUG_LOG_FILE": "1", "QWEN_CODE_NO_RELAUNCH": "1",
        }
        words = ["--auth-type", "openai", "--yolo", "-p", "hi", "--output-format", "stream-json"]
        done = run("qwen-code", words, project=project, home=home, extra=extra)
        return done.stdout, server.requests


def _tools(body: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(tool["function"]["name"] for tool in body.get("tools") or [])


def _listing(requests: Sequence[Request], names: Sequence[str]) -> dict[str, str]:
    """Name to description, out of the messages that offer the agents: `- **NAME**: DESCRIPTION`."""
    texts = [text_of(message.get("content")) for request in requests for message in request.body.get("messages", [])]
    texts += [tool["function"].get("description", "") for request in requests for tool in request.body.get("tools") or []]
    text = next((t for t in texts if "- **general-purpose**: " in t), "")
    found = [(match.start(), match.end(), name) for name in [*names, *_OWN] if (match := re.search(rf"(?m)^- \*\*{re.escape(name)}\*\*: ", text))]
    found.sort()
    ends = [start for start, _, _ in found[1:]] + [len(text)]
    return {name: text[begin:end].rstrip("\n") for (_, begin, name), end in zip(found, ends, strict=True)}


def _loaded(name: str, description: str | None, body: Mapping[str, Any] | None) -> Loaded:
    if body is None:
        return Loaded(name, description, error="not started")
    system = next((text_of(m.get("content")) for m in body.get("messages", []) if m.get("role") == "system"), None)
    return Loaded(name, description, system, body.get("model"), _tools(body))


def _complaints(project: Path, folder: Path) -> tuple[str, ...]:
    """The lines of the debug log that say why a file was left out."""
    found: dict[str, None] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (path.suffix in (".log", ".txt") or "debug" in path.parts):
            for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
                if "Skipped invalid file" in line or "Agent file" in line:
                    found[line.partition(" ")[2].replace(f"{project}/", "")] = None
    return tuple(found)


ADAPTER: Final = Adapter(
    format="qwen-code",
    client="qwen-code",
    load=load,
    model=as_written,
    tools=_TOOLS,
    batch=20,
    notes=("\n\nImportant Rules:", "\nImportant Rules:", "\n\n# Environment", "\n\n---\n\n"),
    absent=frozenset({"ask", "search", "todo", "read.list"}),      # of these, what its source names is not in its requests
    mcp="mcp__{server}__{tool}",
)
