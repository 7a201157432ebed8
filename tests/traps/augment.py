"""Traps of Auggie's subagents (0.36.0): every broken head opens everything, and two lists are one."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose name and description are no trap."""
    return md("name: x", "description: reviews", *head, body=body)


OPENED: Final[tuple[Trap, ...]] = tuple(
    Reads(trap=f"SECURITY: {what}: no limit is left", text=text, status="degraded", rights=ALL_RIGHTS)
    for what, text in {
        "an unquoted description with a colon": md("name: x", "description: a: b", "tools: [view]"),
        "a closing fence without a line end": "---\nname: x\ntools: [view]\n---",
        "no closing fence": "---\nname: x\ntools: [view]\n",
        "no head": "Just text.\n",
        "a BOM": "\ufeff" + one("tools: [view]"),
        "a duplicate key": one("tools: [view]", "tools: [view]"),
        "a leading blank line": "\n" + one("tools: [view]"),
    }.items()
)

CONTAINER: Final[tuple[Trap, ...]] = (
    Reads(trap="without a name the path is it, cleaned", text=md("description: d"), path=".augment/agents/team/my agent.txt", says={"name": "team-my-agent"}),
    Reads(trap="a name is cleaned", text=md('name: "Änder & Co."', "description: d"), says={"name": "-nder-Co-"}),
    Reads(trap="fences with blanks", text=one().replace("---\n", "--- \n"), says={"name": "x"}),
    Reads(trap="a bad colour and a bad switch are dropped", text=one("hidden: 5", "color: 7"), says={"hidden": None, "color": None}),
    Reads(trap="an unknown key is ignored", text=one("foo: bar"), native={"foo": "bar"}),
    Writes(trap="a name with blanks becomes a slug", agent=agent("Sales Coach"), holds=("name: sales-coach\n",), losses=(("approximated", "name"),)),
    Writes(trap="SECURITY: the head is valid YAML, and its fence ends its line", agent=agent("x", ("read.file",), description="a: b", prompt=""), holds=('"a: b"\n---\n',)),
    Writes(trap="a model's alias is dropped with a hint", agent=agent(model="sonnet"), never=("^model:",), losses=(("dropped", "model"),),
           hints=("add to agentsync.yaml: models: {sonnet: {augment: NAME}}",)),
    Writes(trap="keys of other clients are never written", agent=agent(max_turns=3), never=("maxTurns", "provider"), losses=(("dropped", "max_turns"),)),
)

RIGHTS: Final[tuple[Trap, ...]] = (
    *(Reads(trap=f"SECURITY: tools {value or 'null'}: every tool", text=one(f"tools: {value}".rstrip()), rights=ALL_RIGHTS) for value in ("", "[]", '""', '","', "{view: true}", "5")),
    Reads(trap="SECURITY: two lists: the allow-list is discarded", text=one("tools: [view]", "disabled_tools: [launch-process]"), rights=Rights(deny=("shell",))),
    Reads(trap="an empty deny list discards nothing", text=one("tools: [view]", "disabled_tools: []"), rights=Rights(("read.file", "read.list"))),
    Reads(trap="SECURITY: Claude's names match nothing", text=one("tools: [Read, Bash]"), rights=Rights(("tool:augment/Read", "tool:augment/Bash"))),
    Reads(trap="SECURITY: Claude's deny list is no key", text=one("disallowedTools: [Bash]"), rights=ALL_RIGHTS),
    Reads(trap="names with commas", text=one("tools: view, web-fetch"), rights=Rights(("read.file", "read.list", "fetch"))),
    Reads(trap="what goes with a shell is no shell alone", text=one("tools: [read-process]"), rights=Rights(("tool:augment/read-process",))),
    Reads(trap="a name nobody has: no tool", text=one("tools: [no-tools]"), rights=NO_RIGHTS),
    Writes(trap="SECURITY: no tools is a name nobody has, never an empty list", agent=agent("x", ()), holds=("tools: [no-tools]\n",), losses=()),
    Writes(trap="SECURITY: never two lists", agent=agent("x", ("read.file", "mcp:ctx"), deny=("shell", "mcp:ctx/one")), holds=("tools: [view]\n",), never=("disabled_tools",)),
    Writes(trap="a shell is five tools", agent=agent("x", ("shell",)), holds=("tools: [launch-process, read-process, write-process, kill-process, list-processes]\n",), losses=()),
    Writes(trap="SECURITY: a denied writer is four tools", agent=agent("x", deny=("write.file", "write.edit")),
           holds=("disabled_tools: [save-file, apply_patch, remove-files, str-replace-editor]\n",), losses=(("narrowed", "rights"),)),
    Writes(trap="nothing it has: refused", agent=agent("x", ("skill",)), refused="rights-refused", problem="Augment (Auggie) has none of the agent's tools (skill)"),
    Writes(trap="a denied limit takes all of the shell", agent=agent("x", deny=("shell(rm *)",)), holds=("disabled_tools: [launch-process,",), losses=(("narrowed", "rights"),)),
)

TRAPS: Final[tuple[Trap, ...]] = (*OPENED, *CONTAINER, *RIGHTS)
