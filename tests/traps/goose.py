"""Traps of goose's agents (summon, read in source): three keys count, and none of them limits anything."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="no name: silently none", text=md("description: d"), status="skipped", problem="`name` is missing"),
    Reads(trap="no head: none", text=PROMPT, status="skipped"),
    Reads(trap="a head that is no YAML: lost with a warning", text=md("name: x", "description: a: b"), status="refused"),
    Reads(trap="a name that is a number: lost", text=md("name: 5"), status="skipped"),
    Reads(trap="a description that is a number: lost", text=md("name: x", "description: 5"), status="refused"),
    Reads(trap="null is not stated", text=md("name: x", "description:", "model: ~"), says={"description": None, "model": None}),
    Reads(trap="text before the head is dropped", text="words\n" + md("name: x"), says={"name": "x", "prompt": PROMPT}),
    Reads(trap="three dashes end the head anywhere: lost", text=md("name: x", "description: a --- b"), status="degraded"),
    Reads(trap="SECURITY: a tool list restricts nothing", text=md("name: x", "tools: Read", "disallowedTools: Bash"), rights=ALL_RIGHTS),
    Writes(trap="a restricted agent is refused", agent=agent(allow=("read.file",)), refused="rights-refused",
           problem="goose holds no agent to a tool list"),
    Writes(trap="so is one without tools", agent=agent(allow=()), refused="rights-refused"),
    Writes(trap="allowed, no list is written", agent=agent(allow=("read.file",)), allow_widening=True, never=("tools",),
           losses=(("approximated", "rights"), ("widened", "rights"))),
    Writes(trap="three dashes in a description are hidden", agent=agent(description="a --- b"), never=("a --- b",), losses=()),
    Writes(trap="an alias is no model", agent=agent(model="opus"), never=("model",), losses=(("dropped", "model"),)),
)
