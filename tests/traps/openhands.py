"""Traps of OpenHands' file agents (SDK 1.58.0, run): saying nothing means no tools."""

from __future__ import annotations

from typing import Final

from agentsync.model import NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose name and description are no trap."""
    return md("name: x", "description: reviews", *head, body=body)


TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="no head is an agent without tools", text="Just text.\n", says={"name": "x", "prompt": "Just text.", "description": None}, rights=NO_RIGHTS),
    Reads(trap="no closing fence: all of it is the prompt", text="---\nname: y\n", says={"name": "x"}, rights=NO_RIGHTS),
    Reads(trap="a description with a colon: refused", text=md("name: x", "description: a: b"), status="refused"),
    Reads(trap="a number is a description", text=md("name: x", "description: 12"), says={"description": "12"}),
    Reads(trap="without a name the stem is it", text=md("description: d"), says={"name": "x"}),
    Reads(trap="YAML 1.1: no is no name", text=md("name: x", "color: no"), native={"color": False}),
    Reads(trap="a bad permission_mode: refused", text=one("permission_mode: sometimes"), status="refused"),
    Reads(trap="mcp_config must be a map", text=one("mcp_config: [a]"), status="refused"),
    Reads(trap="the shared folder is read", text=one(), path=".agents/agents/x.md", says={"name": "x"}),
    Reads(trap="a placeholder-looking model is the agent's own", text=one("model: fast-profile"), says={"model": None}, native={"model": "fast-profile"}),
    Reads(trap="SECURITY: no list: no tool", text=one(), rights=NO_RIGHTS),
    *(Reads(trap=f"tools {value or 'null'}: no tool", text=one(f"tools: {value}".rstrip()), rights=NO_RIGHTS) for value in ("", "[]")),
    Reads(trap="a text is one name, with its commas", text=one("tools: terminal, grep"), rights=Rights(("tool:openhands/terminal, grep",))),
    Reads(trap="one name as a text", text=one("tools: terminal"), rights=Rights(("shell",))),
    Reads(trap="SECURITY: file_editor reads and writes", text=one("tools: [file_editor]"), rights=Rights(("read.file", "write.file", "write.edit"))),
    Reads(trap="Claude's names are registered by nobody", text=one("tools: [Read]"), rights=Rights(("tool:openhands/Read",))),
    Writes(trap="an agent without limits gets what every host has", agent=agent(), holds=("tools: [terminal, file_editor, task_tracker, task_tool_set]\n",),
           losses=(("approximated", "rights"), ("narrowed", "rights"))),
    Writes(trap="SECURITY: a reader never gets file_editor", agent=agent("x", ("read.file", "read.grep", "read.glob")), holds=("tools: [read_file, grep, glob]\n",), never=("file_editor",), losses=()),
    Writes(trap="who reads and writes gets it", agent=agent("x", ("read.file", "write.file", "write.edit")), holds=("tools: [file_editor]\n",), losses=()),
    Writes(trap="no tools is an empty list", agent=agent("x", ()), holds=("tools: []\n",), losses=()),
    Writes(trap="SECURITY: denied MCP tools cannot be held", agent=agent("x", deny=("mcp:*",)), refused="rights-refused"),
    Writes(trap="nothing it has: refused", agent=agent("x", ("skill",)), refused="rights-refused"),
    Writes(trap="a model is a stored profile", agent=agent(model="sonnet"), never=("^model:",), losses=(("approximated", "rights"), ("dropped", "model"), ("narrowed", "rights"))),
)
