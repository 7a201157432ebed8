"""Traps of Amazon Q Developer CLI's agents (loader read in source): without a list there is no tool, an unknown key loses the file."""

from __future__ import annotations

import json
from typing import Any, Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent

READ: Final = ("read.file", "read.grep", "read.glob", "read.list")


def one(**keys: Any) -> str:
    """A file of one agent."""
    return json.dumps({"name": "x", "description": "reviews", "prompt": PROMPT, **keys}, indent=2) + "\n"


TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="no name: lost", text=one().replace('"name": "x",', ""), status="refused", problem="`name` is missing"),
    Reads(trap="an unknown key loses the file", text=one(includeMcpJson=True), status="refused",
          problem="`includeMcpJson` is no key of Amazon Q Developer CLI"),
    Reads(trap="a trailing comma is no JSON", text='{"name": "x",}', status="refused"),
    Reads(trap="null is not stated", text=one(description=None, model=None), says={"description": None, "model": None}),
    Reads(trap="SECURITY: no list is no tool", text=one(), rights=NO_RIGHTS),
    Reads(trap="tools null loses the file", text=one(tools=None), status="refused"),
    Reads(trap="* alone is every tool", text=one(tools=["*"]), rights=ALL_RIGHTS),
    Reads(trap="* beside others is an unknown name", text=one(tools=["fs_read", "*"]), rights=Rights(READ)),
    Reads(trap="a builtin's long name", text=one(tools=["@builtin/fs_read"]), rights=Rights(READ)),
    Reads(trap="there is no web and no glob", text=one(tools=["web_fetch"]), rights=Rights(("tool:amazon-q/web_fetch",))),
    Reads(trap="allowedTools gives nothing", text=one(allowedTools=["fs_write"]), rights=NO_RIGHTS),
    Reads(trap="SECURITY: a denied path is denied", text=one(tools=["fs_write"], toolsSettings={"fs_write": {"deniedPaths": ["db/**"]}}),
          rights=Rights(("write.file", "write.edit", "write.notebook"), ("write.file(db/**)", "write.edit(db/**)", "write.notebook(db/**)"))),
    Reads(trap="SECURITY: a denied command is denied", text=one(tools=["execute_bash"], toolsSettings={"execute_bash": {"deniedCommands": ["rm.*"]}}),
          rights=Rights(("shell",), ("shell(re:rm.*)",))),
    Reads(trap="SECURITY: all but the allowed commands are, where the default is to deny",
          text=one(tools=["execute_bash"], toolsSettings={"execute_bash": {"allowedCommands": ["^git .*$"], "denyByDefault": True}}),
          rights=Rights(("shell",), ("shell(!git **)",))),
    Writes(trap="an unrestricted agent is *", agent=agent(), holds=('"*"',), losses=()),
    Writes(trap="no tools is []", agent=agent(allow=()), holds=('"tools": []',), losses=()),
    Writes(trap="Grep is fs_read", agent=agent(allow=("read.grep",)), holds=('"fs_read"',), losses=(("approximated", "rights"),)),
    Writes(trap="what is not there is left out", agent=agent(allow=("read.file", "fetch")), never=("fetch",),
           losses=(("approximated", "rights"), ("narrowed", "rights"))),
    Writes(trap="nothing is approved in advance", agent=agent(allow=("shell",)), never=("allowedTools",), losses=()),
    Writes(trap="the client's own name is not taken", agent=agent("q_cli_default"), never=('"q_cli_default"',), losses=(("approximated", "name"),)),
    Writes(trap="name and file agree", agent=agent("Sales Coach"), path=".amazonq/cli-agents/sales-coach.json", holds=('"name": "sales-coach"',)),
    Writes(trap="a prompt that names a file is refused", agent=agent(prompt="file://p.md"), refused="prompt-refused"),
)
