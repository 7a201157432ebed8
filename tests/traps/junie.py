"""Traps of JetBrains Junie's subagents, as its documentation has them: an empty list restricts nothing."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

EIGHT: Final = "[Read, Grep, Glob, Write, Edit, Bash, WebSearch, AskUserQuestion]"


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose name and description are no trap."""
    return md("name: x", "description: reviews", *head, body=body)


TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="without a name the stem is it", text=md("description: d"), says={"name": "x"}),
    Reads(trap="files directly in .agents are read", text=one(), path=".agents/x.md", says={"name": "x"}),
    Reads(trap="no description: refused", text=md("name: x"), status="refused"),
    Reads(trap="effort is the other name of reasoningLevel", text=one("effort: low"), says={"effort": "low"}),
    Reads(trap="an unknown key is ignored", text=one("foo: bar"), native={"foo": "bar"}),
    Reads(trap="SECURITY: no list: every tool", text=one(), rights=ALL_RIGHTS),
    Reads(trap="SECURITY: an empty list: every tool", text=one("tools: []"), rights=ALL_RIGHTS),
    Reads(trap="every group denied: no tool", text=one(f"disallowedTools: {EIGHT}"), rights=NO_RIGHTS),
    Reads(trap="the deny list comes after the other", text=one("tools: [Read, Bash]", "disallowedTools: [Bash]"), rights=Rights(("read.file", "shell"), ("shell",))),
    Reads(trap="one group is a list", text=one("tools: [Read]"), rights=Rights(("read.file",))),
    Reads(trap="limits are no names", text=one('tools: ["Bash(git *)", Read]'), rights=Rights(("read.file",))),
    Writes(trap="SECURITY: no tools is one group, taken away again with all others", agent=agent("x", ()), holds=("tools: [Read]\n", f"disallowedTools: {EIGHT}\n"),
           never=(r"tools: \[\]",), losses=()),
    Writes(trap="SECURITY: nothing it has: refused, since an empty list is everything", agent=agent("x", ("fetch",)), refused="rights-refused",
           problem="JetBrains Junie has none of the agent's tools (fetch)"),
    Writes(trap="SECURITY: names it does not document are left out", agent=agent("x", ("read.file", "fetch", "delegate", "mcp:ctx")), holds=("tools: [Read]\n",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="a limit is no shell here", agent=agent("x", ("read.file", "shell(git *)")), holds=("tools: [Read]\n",), losses=(("narrowed", "rights"),)),
    Writes(trap="tools are a list", agent=agent("x", ("read.file", "shell")), holds=("tools: [Read, Bash]\n",), losses=()),
    Writes(trap="dollar signs stay: only an agent that takes arguments reads them", agent=agent(prompt="Pay $name."), holds=("Pay $name.",), never=("allowPromptArgument",), losses=()),
    Writes(trap="a name that begins with a digit becomes another", agent=agent("2nd look"), never=("^name: 2nd",), refused="name-refused"),
)
