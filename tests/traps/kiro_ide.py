"""Traps of Kiro IDE's agents (documentation): tags are groups, and an empty list is a riddle."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, Rights
from tests.traps.cases import Reads, Trap, Writes, agent, md

READ: Final = ("read.file", "read.grep", "read.glob", "read.list")

TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="the key is the name", text=md("name: y"), says={"name": "y"}),
    Reads(trap="without it the path", text=md("description: d"), path=".kiro/agents/team/y.md", says={"name": "team/y"}),
    Reads(trap="no description is no fault", text=md("name: y"), says={"description": None}),
    Reads(trap="a wrong type loses the file", text=md("tools: {a: b}"), status="refused"),
    Reads(trap="no list is every tool", text=md("name: y"), rights=ALL_RIGHTS),
    Reads(trap="a list as one text", text=md("tools: read, shell"), rights=Rights((*READ, "shell"))),
    Reads(trap="a bare star is no YAML", text=md("tools: [*]"), status="refused"),
    Reads(trap="@builtin is all but MCP", text=md('tools: ["@builtin"]'),
          rights=Rights((*READ, "write.file", "write.edit", "write.notebook", "shell", "fetch", "search", "delegate", "todo"))),
    Reads(trap="SECURITY: a denying rule takes away", text=md("tools: [read, shell]", "permissions: {rules: [{capability: shell, effect: deny}]}"),
          rights=Rights((*READ, "shell"), ("shell",))),
    Reads(trap="one that asks or allows takes nothing", text=md("permissions: {rules: [{capability: shell, effect: ask}, {capability: write, effect: allow}]}"),
          rights=ALL_RIGHTS),
    Reads(trap="names of the first versions are read", text=md("tools: [readFile, fsWrite]"), rights=Rights(("read.file", "write.file"))),
    Reads(trap="allowedTools restricts nothing", text=md("allowedTools: [read]"), rights=ALL_RIGHTS, native={"allowedTools": ["read"]}),
    Writes(trap="and never written", agent=agent(allow=("read.file",)), holds=("tools: [read]\n",), losses=(("approximated", "rights"),)),
    Writes(trap="an empty list is never written", agent=agent(allow=()), refused="rights-refused", problem="Kiro IDE cannot say `no tools`"),
    Writes(trap="an unrestricted agent needs no list", agent=agent(), never=("tools",), losses=()),
    Writes(trap="one tool of a server", agent=agent(allow=("mcp:docs/get", "mcp:github")), holds=('tools: ["@docs/get", "@github"]\n',), losses=()),
    Writes(trap="name and file agree", agent=agent("Sales Coach"), path=".kiro/agents/sales-coach.md", holds=("name: sales-coach\n",),
           losses=(("approximated", "name"),)),
)
