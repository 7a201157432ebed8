"""Traps of Devin's subagent profiles (third parties and documentation): a folder an agent."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, Rights
from tests.traps.cases import Reads, Trap, Writes, agent, md

TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="the folder is the name", text=md("description: d"), path=".devin/agents/planner/AGENT.md", says={"name": "planner"}),
    Reads(trap="of a file its stem", text=md("description: d"), path=".devin/agents/planner.md", says={"name": "planner"}),
    Reads(trap="the key comes first", text=md("name: other", "description: d"), path=".devin/agents/planner/AGENT.md", says={"name": "other"}),
    Reads(trap="a description may be missing", text=md("name: x"), says={"description": None}),
    Writes(trap="and stays so where it was", agent=agent("x", prompt="New prompt.", description=None), old=md("name: x # ours"),
           holds=("New prompt.\n", "name: x # ours\n"), never=("description",), losses=()),
    Writes(trap="a new file has one", agent=agent("x", description=None), holds=("description: x\n",), losses=(("approximated", "description"),)),
    Reads(trap="Claude's keys do nothing", text=md("description: d", "disallowedTools: Bash", "maxTurns: 3"), rights=ALL_RIGHTS,
          native={"maxTurns": 3}),
    Reads(trap="SECURITY: nor does Claude's list of tools", text=md("description: d", "tools: Read"), rights=ALL_RIGHTS, native={"tools": "Read"}),
    Reads(trap="what it may do without a question is no limit", text=md("description: d", "permissions: {allow: [Exec(ls)], ask: [write]}"), rights=ALL_RIGHTS),
    Reads(trap="no list is every tool", text=md("description: d"), rights=ALL_RIGHTS),
    Reads(trap="native names", text=md("allowed-tools: [read, exec]"), rights=Rights(("read.file", "read.list", "shell"))),
    Reads(trap="no subagent asks or starts others", text=md("allowed-tools: [read, ask_user_question, run_subagent]"),
          rights=Rights(("read.file", "read.list"))),
    Reads(trap="unless it may nest", text=md("allowed-tools: [grep]", "max-nesting: 2"), rights=Rights(("read.grep", "delegate"))),
    Reads(trap="SECURITY: permissions deny", text=md("permissions: {deny: [write, Exec(git push)]}"),
          rights=Rights(None, ("write.file", "shell(git push)"))),
    Writes(trap="a folder is written", agent=agent("Sales Coach"), path=".devin/agents/sales-coach/AGENT.md", holds=("name: sales-coach\n",),
           losses=(("approximated", "name"),)),
    Writes(trap="a restricted agent gets a list", agent=agent(allow=("read.grep", "shell")), holds=("allowed-tools: [grep, exec]\n",), losses=()),
    Writes(trap="an empty list is never written", agent=agent(allow=()), refused="rights-refused", problem="Devin CLI cannot say `no tools`"),
    Writes(trap="everything but the shell is a list", agent=agent(deny=("shell",)), holds=("allowed-tools: [read, grep, glob, write, edit,",),
           never=("exec",)),
    Writes(trap="aliases are models", agent=agent(model="opus"), holds=("model: opus\n",), losses=()),
    Writes(trap="permissions of an agent stay beside its list",
           agent=agent(allow=("read.grep",), extra={"devin": {"permissions": {"allow": ["Exec(ls)"]}}}),
           holds=("permissions:\n", "Exec(ls)"), losses=()),
)
