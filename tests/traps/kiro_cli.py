"""Traps of Kiro CLI 2's JSON agents (loader of its ancestor read in source): without a list there is no tool."""

from __future__ import annotations

import json
from typing import Any, Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent

READ: Final = ("read.file", "read.grep", "read.glob", "read.list")


def one(**keys: Any) -> str:
    """A file of one agent."""
    return json.dumps({"name": "x", "description": "reviews", "prompt": PROMPT, **keys}, indent=2) + "\n"


def settings(**keys: Any) -> str:
    """An agent that reads and has a shell, and settings of its shell."""
    return one(tools=["read", "shell"], toolsSettings={"shell": keys})


TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="no name: the file's", text=one().replace('"name": "x",', ""), path=".kiro/agents/y.json", says={"name": "y"}),
    Reads(trap="an unknown key loses the file", text=one(color="red"), status="refused", problem="`color` is no key of Kiro CLI 2"),
    Reads(trap="a comment is no JSON", text="// c\n" + one(), status="refused"),
    Reads(trap="null is not stated", text=one(description=None, model=None, prompt=None), says={"description": None, "model": None, "prompt": ""}),
    Reads(trap="a prompt may be a file's name", text=one(prompt="file://./p.md"), native={"placeholders": ["file://./p.md"]}),
    Reads(trap="a model of dots is the one of dashes", text=one(model="claude-sonnet-4.5"), says={"model": "claude-sonnet-4-5"}),
    Reads(trap="SECURITY: no list is no tool", text=one(), rights=NO_RIGHTS),
    Reads(trap="an empty list is no tool", text=one(tools=[]), rights=NO_RIGHTS),
    Reads(trap="* alone is every tool", text=one(tools=["*"]), rights=ALL_RIGHTS),
    Reads(trap="* beside others is nothing", text=one(tools=["*", "read"]), rights=Rights(READ),
          problem="`*` gives nothing beside other names in Kiro CLI 2"),
    Reads(trap="the old names mean the same", text=one(tools=["fs_read", "execute_bash"]), rights=Rights((*READ, "shell"))),
    Reads(trap="grep is one tool", text=one(tools=["grep"]), rights=Rights(("read.grep",))),
    Reads(trap="@builtin is all but MCP", text=one(tools=["@builtin"]),
          rights=Rights((*READ, "write.file", "write.edit", "write.notebook", "shell", "fetch", "search", "delegate", "todo"))),
    Reads(trap="servers and their tools", text=one(tools=["@github", "@docs/search"]), rights=Rights(("mcp:github", "mcp:docs/search"))),
    Reads(trap="allowedTools gives nothing", text=one(allowedTools=["write", "shell"]), rights=NO_RIGHTS,
          native={"allowedTools": ["write", "shell"]}),
    Reads(trap="SECURITY: a denied command is denied", text=settings(deniedCommands=["^git .*$", "rm.*"]),
          rights=Rights((*READ, "shell"), ("shell(git **)", "shell(re:rm.*)"))),
    Reads(trap="an allowed command is no limit", text=settings(allowedCommands=["ls"]), rights=Rights((*READ, "shell"))),
    Reads(trap="unless all others are denied", text=settings(allowedCommands=["^git .*$"], denyByDefault=True),
          rights=Rights((*READ, "shell"), ("shell(!git **)",))),
    Reads(trap="denied by default without any command", text=settings(denyByDefault=True), rights=Rights((*READ, "shell"), ("shell",))),
    Reads(trap="settings of another shape say nothing", text=one(tools=["read"], toolsSettings={"read": 5, "x": {"deniedPaths": "a"}}),
          rights=Rights(READ)),
    Writes(trap="an unrestricted agent is *", agent=agent(), holds=('"*"',), losses=()),
    Writes(trap="no tools is []", agent=agent(allow=()), holds=('"tools": []',), losses=()),
    Writes(trap="nothing is approved in advance", agent=agent(allow=("shell",)), never=("allowedTools", "includeMcpJson"), losses=()),
    Writes(trap="an Edit alone brings Write", agent=agent(allow=("write.edit",)), holds=('"write"',), losses=(("approximated", "rights"),)),
    Writes(trap="a limited shell is left out", agent=agent(allow=("read.file", "shell(git *)")), never=("shell",),
           losses=(("approximated", "rights"), ("narrowed", "rights"))),
    Writes(trap="a prompt that names a file is refused", agent=agent(prompt="file:///etc/passwd"), refused="prompt-refused"),
    Writes(trap="such words further on are none", agent=agent(prompt="See file://x."), losses=()),
    Writes(trap="the name is the file's", agent=agent("Sales Coach"), path=".kiro/agents/sales-coach.json", holds=('"name": "sales-coach"',),
           losses=(("approximated", "name"),)),
    Writes(trap="an alias has no name here", agent=agent(model="sonnet"), never=("model",), losses=(("dropped", "model"),)),
    Writes(trap="colours and turns would lose the file", agent=agent(color="red", max_turns=3, extra={"kiro-cli": {"foo": 1}}),
           never=("color", "urns", "foo")),
)
