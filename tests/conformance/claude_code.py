"""Claude Code: `.claude/agents/*.md`, and for `claude_json` the same client with agents on its command line."""

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
from tests.conformance.sessions import MCP_SERVER, Adapter, Loaded, Session

_TOOLS: Final[Mapping[str, str]] = {
    "Read": "read.file",
    "Grep": "read.grep",
    "Glob": "read.glob",
    "Write": "write.file",
    "Edit": "write.edit",
    "NotebookEdit": "write.notebook",
    "Bash": "shell",
    "WebFetch": "fetch",
    "WebSearch": "search",
    "Agent": "delegate",
    "Skill": "skill",
    "Monitor": "tool:claude/Monitor",
    "TaskStop": "tool:claude/TaskStop",
    "ListAgents": "tool:claude/ListAgents",
    "SendMessage": "tool:claude/SendMessage",
    "EnterWorktree": "tool:claude/EnterWorktree",
    "ExitWorktree": "tool:claude/ExitWorktree",
    "Workflow": "tool:claude/Workflow",
    "CronCreate": "tool:claude/CronCreate",
    "CronDelete": "tool:claude/CronDelete",
    "CronList": "tool:claude/CronList",
    "ListMcpResourcesTool": "tool:claude/ListMcpResourcesTool",
    "ReadMcpResourceTool": "tool:claude/ReadMcpResourceTool",
    "ReportFindings": "",
    "ToolSearch": "",
    "DeferredToolPlaceholder": "",
}
_ALIASES: Final = {"sonnet": "claude-sonnet-5-5", "haiku": "claude-haiku-5-5", "opus": "claude-opus-5-5"}
_COMPLAINT = re.compile(
    r"\[(?:WARN|ERROR|DEBUG)\] (.*(?:Agent file|frontmatter|Failed to parse agent|Duplicate agent|from JSON).*)"
)


def model(native: object) -> str | None:
    """Aliases are resolved by the client."""
    return _ALIASES.get(native, native) if isinstance(native, str) else None


def load(project: Path, home: Path, documents: Mapping[str, str]) -> Session:
    """The agents of the project's files."""
    return ask(project, home, [])


def ask(project: Path, home: Path, arguments: Sequence[str]) -> Session:
    """Run the client twice: to learn the agents' names, and to start each of them."""
    first, _, _ = _run(project, home, arguments, [])
    init = next((event for event in first if event.get("subtype") == "init"), None)
    if init is None:
        return Session({}, tuple(event["text"] for event in first if "text" in event) or ("the client said nothing",))
    names = [name for name in init.get("agents", []) if name not in ("claude", "Explore", "general-purpose", "Plan", "statusline-setup")]
    events, requests, log = _run(project, home, arguments, names)
    offered = _listing(requests, init.get("agents", []))
    started: dict[str, dict[str, Any]] = {}
    for request in requests:
        name = probed(request.body.get("messages", []))
        if name is not None:
            started.setdefault(name, request.body)
    errors = _errors(events)
    agents = {name: _loaded(name, offered.get(name), started.get(name), errors.get(name)) for name in names}
    found = (match[1] for match in _COMPLAINT.finditer(log) if not match[1].startswith("Sync agent error: "))
    complaints = dict.fromkeys(line.replace(f"{project}/", "") for line in found)
    return Session(agents, tuple(complaints))


def _run(project: Path, home: Path, arguments: Sequence[str], agents: Sequence[str]) -> tuple[list[dict[str, Any]], list[Request], str]:
    servers = {MCP_SERVER: {"command": sys.executable, "args": [mcp_server.__file__]}}
    log = home / "debug.txt"
    log.unlink(missing_ok=True)
    with ModelServer(agents) as server:
        extra = {
            "ANTHROPIC_API_KEY": "x", "ANTHROPIC_BASE_URL": server.url, "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1", "IS_SANDBOX": "1", "ENABLE_TOOL_SEARCH": "false",
        }
        words = ["-p", "--output-format", "stream-json", "--verbose", "--max-turns", "3", "--debug-file", str(log)]
        words += ["--mcp-config", json.dumps({"mcpServers": servers}), *arguments, "--", "hi"]
        done = run("claude-code", words, project=project, home=home, extra=extra)
        events = []
        for line in done.stdout.split("\n"):
            try:
                events.append(json.loads(line))
            except ValueError:
                continue
        if not events:
            events = [{"text": (done.stderr or done.stdout).strip()}]
        return events, server.requests, log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


def _listing(requests: Sequence[Request], names: Sequence[str]) -> dict[str, str]:
    """Name to description, out of the message that offers the agents: `- NAME: DESCRIPTION (Tools: …)`."""
    texts = [text_of(message.get("content")) for request in requests for message in request.body.get("messages", [])]
    text = next((t.partition("Available agent types")[2] for t in texts if "Available agent types" in t), "")
    found = [(match.start(), match.end(), name) for name in names if (match := re.search(rf"(?m)^- {re.escape(name)}: ", text))]
    found.sort()
    ends = [start for start, _, _ in found[1:]] + [len(text)]
    return {name: text[begin:end].rpartition(" (Tools: ")[0] for (_, begin, name), end in zip(found, ends, strict=True)}


def _errors(events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Name to the reason why an agent was not started."""
    texts = [str(event.get("patch", {}).get("error") or "") for event in events if event.get("subtype") == "task_updated"]
    return {match[1]: text for text in texts if (match := re.match(r"Agent '(.*?)' would", text))}


def _loaded(name: str, description: str | None, body: Mapping[str, Any] | None, error: str | None) -> Loaded:
    if body is None and error is not None and "zero tools" in error:
        return Loaded(name, description, tools=(), idle=True)
    if body is None:
        return Loaded(name, description, error=error or "not started")
    system = body.get("system") or [{"text": ""}]
    text = system if isinstance(system, str) else system[-1]["text"]
    return Loaded(name, description, text, body.get("model"), tuple(tool["name"] for tool in body.get("tools", [])))


ADAPTER: Final = Adapter(
    format="claude-code",
    client="claude-code",
    load=load,
    model=model,
    tools=_TOOLS,
    batch=14,
    notes=("\n\n# Persistent Agent Memory", "\n\nMessages from the agent that launched you", "\n\nNotes:\n"),
    on_request=frozenset({"read.grep", "read.glob"}),
    beside={"read.grep": "shell", "read.glob": "shell"},
    limits=frozenset({"delegate"}),
    absent=frozenset({"read.list", "ask", "todo"}),
    mcp="mcp__{server}__{tool}",
)
