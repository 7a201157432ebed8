"""Traps of Continue's agent files (1.5.47): a list is an error, any model too, and MCP tools stay whatever is said."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose name and description are no trap."""
    return md("name: x", "description: reviews", *head, body=body)


TRAPS: Final[tuple[Trap, ...]] = (
    *(Reads(trap=f"{what}: refused", text=text, status="refused") for what, text in {
        "no name": md("description: d"),
        "a number for a name": md("name: 5"),
        "a description with a colon": md("name: x", "description: a: b"),
        "no head": "Just text.\n",
        "a BOM": "\ufeff" + one(),
        "any model": one("model: acme/model"),
        "tools as a list": one("tools: [Read]"),
        "tools: null": one("tools:"),
    }.items()),
    Reads(trap="text before the head is left out", text="Some notes.\n\n" + one(), says={"name": "x", "prompt": PROMPT}),
    Reads(trap="no description loads", text=md("name: x"), says={"description": None}),
    Reads(trap="an unknown key is ignored", text=one("alwaysApply: false"), native={"alwaysApply": False}),
    *(Reads(trap=f"SECURITY: tools {value}: every tool, without a question", text=one(f"tools: {value}"), rights=ALL_RIGHTS) for value in ('""', '","', "built_in")),
    Reads(trap="SECURITY: no list: every tool, without a question", text=one(), rights=ALL_RIGHTS),
    Reads(trap="built_in beside a name is nothing", text=one("tools: built_in, Read"), rights=Rights(("read.file",))),
    Reads(trap="Claude's Grep is nobody", text=one("tools: Read, Grep"), rights=Rights(("read.file", "tool:continue/Grep"))),
    Writes(trap="no model, ever", agent=agent(model="sonnet"), models={"sonnet": "acme/m"}, never=("model",), losses=(("dropped", "model"),)),
    Writes(trap="a model of its own neither", agent=agent(extra={"continue": {"model": "acme/m"}}, home="continue"), never=("model",), losses=(("dropped", "continue.model"),)),
    Writes(trap="names in a text, its own", agent=agent("x", ("read.file", "read.grep", "fetch", "todo")), holds=("tools: Read, Search, Fetch, Checklist\n",), losses=()),
    Writes(trap="SECURITY: no tools is a name nobody has", agent=agent("x", ()), holds=("tools: no-tools\n",), never=("^tools:$",), losses=()),
    Writes(trap="MCP tools come along", agent=agent("x", ("read.file", "mcp:ctx")), holds=("tools: Read\n",), never=("ctx",), losses=(("approximated", "rights"),)),
    Writes(trap="SECURITY: denied MCP tools cannot be held", agent=agent("x", deny=("mcp:*",)), refused="rights-refused"),
    Writes(trap="a limit is no shell here", agent=agent("x", ("read.file", "shell(git *)")), holds=("tools: Read\n",), losses=(("narrowed", "rights"),)),
)
