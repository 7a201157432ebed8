"""Traps of Google Antigravity's agents (third parties): no list and an empty list cannot be told apart."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, Rights
from tests.traps.cases import Reads, Trap, Writes, agent, md


def one(*head: str) -> str:
    """A file of one agent whose name and description are no trap."""
    return md("name: x", "description: reviews", *head)


TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="a folder may hold the agent", text=one(), path=".agents/agents/x/agent.md", says={"name": "x"}),
    Reads(trap="no name: refused", text=md("description: d"), status="refused", problem="`name` is missing"),
    Reads(trap="no description: refused", text=md("name: x"), status="refused", problem="`description` is missing"),
    Reads(trap="both ways is the default", text=one(), says={"mode": "all"}),
    Reads(trap="mainAgent false is a subagent", text=one("mainAgent: false"), says={"mode": None}),
    Reads(trap="no list: nobody knows, read as all", text=one(), rights=ALL_RIGHTS),
    Reads(trap="an empty one too", text=one("tools: []"), rights=ALL_RIGHTS),
    Reads(trap="native names", text=one("tools: [view_file, multi_replace_file_content]"), rights=Rights(("read.file", "write.edit"))),
    Reads(trap="a policy is no right", text=one("tools: [run_command]", 'commandExecutionPolicy: "off"'), rights=Rights(("shell",))),
    Reads(trap="an unknown policy is refused", text=one("commandExecutionPolicy: yes"), status="refused"),
    Writes(trap="a subagent is one, and no main agent", agent=agent(), holds=("mainAgent: false\n", "subagent: true\n"), never=("tools",), losses=()),
    Writes(trap="without tools it is refused", agent=agent(allow=()), refused="rights-refused", problem="Google Antigravity cannot say `no tools`"),
    Writes(trap="without a shell no command runs", agent=agent(allow=("read.file",)),
           holds=("tools: [view_file]\n", 'commandExecutionPolicy: "off"\n', "inheritMcp: false\n"), losses=()),
    Writes(trap="with one it may", agent=agent(allow=("shell",)), never=("commandExecutionPolicy",), losses=()),
    Writes(trap="SECURITY: an old file that loses its shell gets the policy too", agent=agent(allow=("read.file",)), old=one("tools: [run_command]"),
           holds=("tools: [view_file]\n", 'commandExecutionPolicy: "off"\n'), never=("inheritMcp",)),
    Writes(trap="a shell that comes later lifts the policy", agent=agent(allow=("shell", "mcp:*")),
           old=one("tools: [view_file]", 'commandExecutionPolicy: "off"'),
           holds=("tools: [run_command]\n",), never=("commandExecutionPolicy",)),
    Writes(trap="sonnet has no word", agent=agent(model="sonnet"), never=("^model",), losses=(("dropped", "model"),)),
    Writes(trap="haiku is flash", agent=agent(model="haiku"), holds=("model: flash\n",), losses=()),
    Writes(trap="there is no list of tasks", agent=agent(allow=("read.file", "todo")), losses=(("narrowed", "rights"),)),
    Writes(trap="name and file agree", agent=agent("Sales Coach"), path=".agents/agents/sales-coach.md", holds=("name: sales-coach\n",),
           losses=(("approximated", "name"),)),
)
