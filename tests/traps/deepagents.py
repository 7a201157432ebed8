"""Traps of Deep Agents Code's subagents (deepagents-code 0.1.88): a folder an agent, PyYAML, and no limit at all."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

PLACE: Final = ".deepagents/agents/finder/AGENTS.md"

TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="the folder is the name", text=md("description: d"), path=PLACE, says={"name": "finder"}),
    Reads(trap="a blank name is no reason to ask the folder", text=md("name: ' '", "description: d"), path=PLACE, status="skipped",
          problem="`name` is empty"),
    Reads(trap="a name that is a number", text=md("name: 5", "description: d"), path=PLACE, status="skipped"),
    Reads(trap="name and description are trimmed", text=md("name: ' x '", "description: ' d '"), says={"name": "x", "description": "d"}),
    Reads(trap="no description", text=md("name: x"), status="skipped", problem="`description` is missing"),
    Reads(trap="a blank description", text=md("name: x", "description: ' '"), status="skipped"),
    Reads(trap="no is false here", text=md("name: no", "description: d"), path=PLACE, status="skipped"),
    Reads(trap="a description with a colon", text=md("name: x", "description: a: b"), status="skipped"),
    Reads(trap="a BOM hides the head", text="\ufeff" + md("name: x", "description: d"), status="skipped"),
    Reads(trap="no head", text=PROMPT, status="skipped"),
    Reads(trap="of two equal keys the last counts", text=md("name: x", "description: a", "description: b"), says={"description": "b"}),
    Reads(trap="a model that is a number", text=md("name: x", "description: d", "model: 5"), status="skipped"),
    Reads(trap="a model's vendor stands before it", text=md("name: x", "description: d", "model: anthropic:claude-opus-4-5"),
          says={"model": "claude-opus-4-5"}),
    Reads(trap="SECURITY: a tool list restricts nothing", text=md("name: x", "description: d", "tools: Read"), rights=ALL_RIGHTS),
    Writes(trap="a restricted agent is refused", agent=agent(allow=("read.file",)), refused="rights-refused",
           problem="Deep Agents Code holds no agent to a tool list"),
    Writes(trap="so is one that is denied the shell", agent=agent(deny=("shell",)), refused="rights-refused"),
    Writes(trap="a folder is written", agent=agent(), path=".deepagents/agents/x/AGENTS.md", losses=()),
    Writes(trap="an alias is no model", agent=agent(model="sonnet"), never=("model",), losses=(("dropped", "model"),)),
    Writes(trap="words of YAML 1.1 are quoted", agent=agent("no", description="off"), holds=('name: "no"\n', 'description: "off"\n'), losses=()),
)
