"""Traps of Kimi Code's custom agents (2.1.0): strict names and heads, exact tool names, bodies with a few known words."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose name and description are no trap."""
    return md("name: x", "description: reviews", *head, body=body)


CONTAINER: Final[tuple[Trap, ...]] = (
    Reads(trap="an unquoted description with a colon: refused", text=md("name: x", "description: Use it: now"), status="refused"),
    Reads(trap="no head: refused", text="Just text.\n", status="refused"),
    Reads(trap="no closing fence: refused", text="---\nname: x\n", status="refused"),
    Reads(trap="fences with blanks on both sides", text=f"  ---\nname: x\ndescription: d\n --- \n{PROMPT}\n", says={"description": "d", "prompt": PROMPT}),
    Reads(trap="SECURITY: indented dashes in a text end the head: the limits below are lost", text="---\nname: x\ndescription: |\n  a\n  ---\ntools: []\n---\nBody.\n",
          status="degraded", rights=ALL_RIGHTS),
    Reads(trap="a BOM loads", text="\ufeff" + one(), says={"name": "x"}),
    Reads(trap="no description: refused", text=md("name: x"), status="refused"),
    Reads(trap="an empty body: refused", text=one(body=""), status="refused"),
    Reads(trap="without a name the stem is it", text=md("description: d"), says={"name": "x"}),
    *(Reads(trap=f"the name {name!r}: refused", text=md(f"name: {name}", "description: d"), status="refused") for name in ("Rev_X", "a--b", "a-", "a_b", "Upper")),
    Reads(trap="an unknown key is ignored", text=one("model: k2", "color: red"), says={"model": None, "color": None}, native={"model": "k2"}),
    Reads(trap="a name of the client's own agents is left out", text=md("name: plan", "description: d"), status="skipped"),
    Reads(trap="unless it says that it overrides", text=md("name: plan", "description: d", "override: true"), says={"name": "plan"}, native={"override": True}),
    Writes(trap="such a name is refused, for the file would do nothing", agent=agent("plan"), refused="name-refused",
           problem="Kimi Code has an agent `plan` of its own, and leaves this one out without `override: true`"),
    Writes(trap="and written where the agent asks for it", agent=agent("plan", extra={"kimi-code": {"override": True}}), holds=("name: plan\n", "override: true\n"),
           losses=(), notes=("built-in-name",)),
    Reads(trap="override must be a switch", text=one('override: "yes"'), status="refused"),
    Reads(trap="the shared folder is read", text=one(), path=".agents/agents/deep/x.md", says={"name": "x"}),
    Reads(trap="a placeholder that is active is listed", text=one(body="In ${cwd}."), native={"placeholders": ["${cwd}"]}),
    Writes(trap="a known word of the template is replaced", agent=agent(prompt="Run in ${cwd} first."), holds=("Run in ${cwd} first.",), losses=(("approximated", "prompt"),)),
    Writes(trap="an unknown one stays", agent=agent(prompt="Echo ${HOME} and $cwd."), holds=("Echo ${HOME} and $cwd.",), losses=()),
    Writes(trap="a model has no place", agent=agent(model="sonnet", color="red"), never=("model", "color"), losses=(("dropped", "model"), ("dropped", "color"))),
    Writes(trap="a name with capitals becomes a slug", agent=agent("Sales_Coach"), holds=("name: sales-coach\n",), losses=(("approximated", "name"),)),
    Writes(trap="an agent without a prompt is refused", agent=agent(prompt=""), refused="prompt-refused"),
)

RIGHTS: Final[tuple[Trap, ...]] = (
    *(Reads(trap=f"SECURITY: tools {value or 'null'}: every tool", text=one(f"tools: {value}".rstrip()), rights=ALL_RIGHTS) for value in ("", '"*"', '["*"]')),
    Reads(trap="* beside another name is nothing", text=one('tools: ["*", Read]'), rights=Rights(("read.file",))),
    *(Reads(trap=f"SECURITY: tools {value}: no tool", text=one(f"tools: {value}"), rights=NO_RIGHTS) for value in ("[]", '""', '","')),
    *(Reads(trap=f"tools {value}: refused", text=one(f"tools: {value}"), status="refused") for value in ("{Read: true}", "5", "[Read, 5]")),
    Reads(trap="names are exact", text=one("tools: read, WebFetch, Read"), rights=Rights(("tool:kimi-code/read", "tool:kimi-code/WebFetch", "read.file"))),
    Reads(trap="names with commas", text=one("tools: Read, FetchURL"), rights=Rights(("read.file", "fetch"))),
    Reads(trap="SECURITY: a denied Read leaves ReadMediaFile", text=one("tools: [Read, ReadMediaFile]"), rights=Rights(("read.file",))),
    Reads(trap="limits match nothing", text=one("tools: [Bash(git *), Read]"), rights=Rights(("read.file",))),
    Reads(trap="SECURITY: a limit in the deny list takes nothing away", text=one("disallowedTools: [Bash(git *)]"), rights=ALL_RIGHTS),
    Reads(trap="a server's name alone matches nothing", text=one('tools: [mcp__ctx, "mcp__srv__*", "mcp__*"]'), rights=Rights(("tool:kimi-code/mcp__ctx", "mcp:srv", "mcp:*"))),
    Reads(trap="the deny list comes after the other", text=one("tools: [Read, Bash]", "disallowedTools: Bash"), rights=Rights(("read.file", "shell"), ("shell",))),
    Reads(trap="SECURITY: the agents it may start are no others", text=one("subagents: [explore, plan]"),
          rights=Rights(None, ("delegate(!explore)", "delegate(!plan)")), native={"subagents": ["explore", "plan"]}, beyond=()),
    Reads(trap="SECURITY: nor where it lists its tools", text=one("tools: [Read, Agent]", "subagents: explore"),
          rights=Rights(("read.file", "delegate(explore)")), beyond=()),
    Reads(trap="an empty list of them is nobody's promise", text=one("tools: [Agent]", "subagents: []"), rights=NO_RIGHTS, beyond=("kimi-code|delegate",)),
    Writes(trap="they stay when other tools change", agent=agent("x", ("delegate(explore)", "shell"), extra={"kimi-code": {"subagents": "explore"}}, home="kimi-code"),
           old=one("tools: [Read, Agent]", "subagents: explore # one"), holds=("tools: [Agent, AgentSwarm, Bash]\n", "subagents: explore # one\n"), losses=()),
    Writes(trap="its own names", agent=agent("x", ("fetch", "todo", "search")), holds=("tools: [FetchURL, TodoList, WebSearch]\n",), losses=()),
    Writes(trap="no tools", agent=agent("x", ()), holds=("tools: []\n",), losses=()),
    Writes(trap="SECURITY: what starts agents is denied twice", agent=agent("x", deny=("delegate",)), holds=("disallowedTools: [Agent, AgentSwarm]\n",), losses=()),
    Writes(trap="all of a server", agent=agent("x", ("mcp:ctx",)), holds=('tools: ["mcp__ctx__*"]\n',), losses=()),
)

TRAPS: Final[tuple[Trap, ...]] = (*CONTAINER, *RIGHTS)
