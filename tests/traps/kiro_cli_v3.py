"""Traps of Kiro CLI 3's Markdown agents (documentation): the path is the name, and a wrong value drops the agent in silence."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, Rights
from tests.traps.cases import Reads, Trap, Writes, agent, md

READ: Final = ("read.file", "read.grep", "read.glob", "read.list")

TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="the path is the name", text=md("description: d", "name: other"), path=".kiro/agents/team/planner.md", says={"name": "team/planner"}),
    Reads(trap="a bare star is no YAML: the agent is gone", text=md("tools: [*]"), status="skipped"),
    Reads(trap="a wrong type drops the agent", text=md("description: [a]"), status="skipped"),
    Reads(trap="permissions as a bare list drop it", text=md("permissions: [a]"), status="skipped"),
    Reads(trap="no list: nobody knows, read as all", text=md("description: d"), rights=ALL_RIGHTS),
    Reads(trap="a tag is a group", text=md("tools: [read, web]"), rights=Rights((*READ, "fetch", "search"))),
    Reads(trap="@mcp is every server", text=md('tools: ["@mcp", "@docs/get"]'), rights=Rights(("mcp:*", "mcp:docs/get"))),
    Reads(trap="SECURITY: a denying rule takes away",
          text=md("tools: [shell]", "permissions: {rules: [{capability: shell, effect: deny, match: ['rm *']}]}"),
          rights=Rights(("shell",), ("shell(rm *)",))),
    Reads(trap="a denying rule without a match takes all of it", text=md("permissions: {rules: [{capability: write, effect: deny}]}"),
          rights=Rights(None, ("write.file", "write.edit", "write.notebook"))),
    Writes(trap="an unrestricted agent says so", agent=agent(), holds=('tools: ["*"]\n',), losses=()),
    Writes(trap="an agent without tools is refused", agent=agent(allow=()), refused="rights-refused", problem="Kiro CLI 3 cannot say `no tools`"),
    Writes(trap="a Grep alone becomes read", agent=agent(allow=("read.grep",)), holds=("tools: [read]\n",), losses=(("approximated", "rights"),)),
    Writes(trap="WebFetch alone would bring search", agent=agent(allow=("fetch", "read.file")), never=("web",),
           losses=(("approximated", "rights"), ("narrowed", "rights"))),
    Writes(trap="no name key is written", agent=agent(), never=("^name",)),
    Writes(trap="permissions are never written", agent=agent(deny=("shell(rm *)",)), never=("permissions", "shell")),
)
