"""Traps of `claude --agents` JSON (client 2.1.330): one bad entry loses them all."""

from __future__ import annotations

import json
from typing import Any, Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from agentsync.rights import ATOMS
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent
from tests.traps.claude_code import WORDS

GOOD: Final = {"description": "reviews", "prompt": PROMPT}


def one(name: str = "x", /, **keys: Any) -> str:
    """A file of one agent."""
    return json.dumps({name: {**GOOD, **keys}})


def without(key: str) -> str:
    """A file of one agent that lacks a key."""
    return json.dumps({"x": {k: v for k, v in GOOD.items() if k != key}})


TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="the key is the name, and may hold a colon here", text=one("a:b c/d 名"), says={"name": "a:b c/d 名", "prompt": PROMPT}),
    Reads(trap="a key must not start with a dash", text=one("-x"), status="refused"),
    Reads(trap="name is no key here: it is ignored", text=one(name="other"), says={"name": "x"}, native={"name": "other"}),
    Reads(trap="color is ignored", text=one(color="red"), says={"color": None}, native={"color": "red"}),
    Reads(trap="an unknown key is ignored", text=one(foo=1), native={"foo": 1}),
    Reads(trap="a list at top level is refused", text="[]", status="refused"),
    Reads(trap="invalid JSON is refused, with its line", text='{\n  "x": {"description": "d",\n  "prompt": \'p\'}\n}', status="refused", line=3),
    Reads(trap="a trailing comma is no JSON", text='{"x": {"description": "d", "prompt": "p"},}', status="refused"),
    Reads(trap="a comment is no JSON", text='// c\n{"x": {"description": "d", "prompt": "p"}}', status="refused"),
    Reads(trap="of two equal keys the last one counts", text='{"x": {"description": "a", "description": "b", "prompt": "p"}}',
          says={"description": "b"}),
    Reads(trap="no description: refused", text=without("description"), status="refused", problem="`description` is missing"),
    Reads(trap="an empty description: refused", text=one(description=""), status="refused"),
    Reads(trap="no prompt: refused", text=without("prompt"), status="refused", problem="`prompt` is missing"),
    Reads(trap="an empty prompt is taken", text=one(prompt=""), says={"prompt": ""}),
    Reads(trap="tools as a text: refused", text=one(tools="Read"), status="refused"),
    Reads(trap="tools null: refused", text=one(tools=None), status="refused"),
    Reads(trap="tools [] is no tool at all", text=one(tools=[]), rights=NO_RIGHTS),
    Reads(trap="every tool has its name", rights=Rights(tuple(ATOMS)), text=one(tools=[
        "Read", "Grep", "Glob", "LS", "Write", "Edit", "NotebookEdit", "Bash", "WebFetch", "WebSearch", "Agent", "Skill", "AskUserQuestion",
        "TodoWrite"])),
    Reads(trap="mcp__* denied takes every MCP tool", text=one(disallowedTools=["mcp__*"]), rights=Rights(deny=("mcp:*",))),
    Reads(trap="a bad isolation: refused", text=one(isolation="moon"), status="refused"),
    Reads(trap="plan mode takes writing and the shell", text=one(permissionMode="plan"),
          rights=Rights(deny=("write.file", "write.edit", "write.notebook", "shell"))),
    *(Reads(trap=f"{key}: {value} is known", text=one(**{key: value}), says={field: value}) for key, field,
      values in WORDS if key != "color" for value in values.split()),
    Reads(trap="no tools key: every tool", text=one(), rights=ALL_RIGHTS),
    Reads(trap="* in the list: every tool", text=one(tools=["Read", "*"]), rights=ALL_RIGHTS),
    Reads(trap="an item with a comma is split", text=one(tools=["Read, Grep"]), rights=Rights(("read.file", "read.grep"))),
    Reads(trap="Bash(git:*) gives the whole shell", text=one(tools=["Bash(git:*)"]), rights=Rights(("shell(git *)",)), beyond=("claude-code|shell",)),
    Reads(trap="Bash(rm:*) denied takes the whole shell", text=one(disallowedTools=["Bash(rm:*)"]), rights=Rights(deny=("shell",))),
    Reads(trap="memory adds Read, Write and Edit", text=one(tools=["Grep"], memory="user"),
          rights=Rights(("read.grep", "read.file", "write.file", "write.edit"))),
    Reads(trap="an empty model: refused", text=one(model=""), status="refused"),
    Reads(trap="a model's alias in upper case loads, and stays its own", text=one(model="HAIKU"), says={"model": None}, native={"model": "HAIKU"}),
    Reads(trap="inherit in any case is no model", text=one(model="Inherit"), says={"model": None}, native={"model": None}),
    Reads(trap="a bad effort: refused", text=one(effort="huge"), status="refused"),
    Reads(trap="a bad memory: refused", text=one(memory="forever"), status="refused"),
    Reads(trap="a bad permission mode: refused", text=one(permissionMode="yolo"), status="refused"),
    Reads(trap="manual, another word for default, is taken", text=one(permissionMode="manual"), says={"permission_mode": "manual"}),
    Reads(trap="maxTurns as digits: refused", text=one(maxTurns="7"), status="refused"),
    Reads(trap="a literal backslash n stays one here", text=one(description=r"a\nb"), says={"description": r"a\nb"}),
    Reads(
        trap="one bad entry loses the good ones", text=json.dumps({"good": GOOD, "bad": {"prompt": "p"}}), entry="good", status="refused",
        problem="the file is refused as a whole because of the entry `bad`",
    ),
    Writes(trap="no tools is an empty list, never a missing key", agent=agent("x", ()), holds=('"tools": []',), losses=()),
    Writes(trap="tools are a list of exact names", agent=agent("x", ("read.file", "read.grep")),
           holds=('"tools": [\n      "Read",\n      "Grep"\n    ]',), losses=()),
    Writes(trap="a colour has no key here", agent=agent(color="red"), never=("color",), losses=(("dropped", "color"),)),
    Writes(trap="a name in front of which stands a dash", agent=agent("-x"), holds=('"x":',), losses=(("approximated", "name"),)),
    Writes(trap="an empty prompt is written", agent=agent(prompt=""), holds=('"prompt": ""',), losses=()),
    Writes(trap="a literal backslash n can be said here", agent=agent(description=r"a\nb"), holds=(r'"a\\nb"',), losses=()),
    Writes(trap="a limit on the shell is not kept, so it is refused", agent=agent("x", ("shell(git *)",)), refused="rights-refused"),
    Writes(
        trap="a new agent goes into the file that is there, and its neighbour stays", agent=agent("y"),
        old='{\n  "x": {"description": "d", "prompt": "p"}\n}\n',
        holds=('  "x": {"description": "d", "prompt": "p"}', '"y":'), losses=(),
    ),
)
