"""Traps of Microsoft 365's declarative agents (manifest 1.0 to 1.7, from its documentation): strict keys, short texts, translations."""

from __future__ import annotations

import json
from typing import Any, Final

from agentsync.model import NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent


def one(**keys: Any) -> str:
    """A manifest with these keys beside those it needs; None takes one out."""
    found = {"version": "v1.6", "name": "x", "description": "reviews", "instructions": PROMPT} | keys
    return json.dumps({key: value for key, value in found.items() if value is not None}, indent=2) + "\n"


TRAPS: Final[tuple[Trap, ...]] = (
    *(Reads(trap=f"no {key}: refused", text=one(**{key: None}), status="refused") for key in ("version", "name", "description", "instructions")),
    Reads(trap="an unknown key: refused", text=one(color="red"), status="refused", line=6),
    Reads(trap="an unknown version: refused", text=one(version="v9"), status="refused", line=2),
    Reads(trap="a prompt over 8000 characters: refused", text=one(instructions="x" * 8001), status="refused"),
    Reads(trap="one of 8000 loads", text=one(instructions="x" * 8000), says={"prompt": "x" * 8000}),
    Reads(trap="a description over 1000 characters: refused", text=one(description="x" * 1001), status="refused", line=4),
    Reads(trap="a description in double brackets is looked up", text=one(description="[[about]]"), says={"description": None},
          native={"description": "[[about]]"}),
    Reads(trap="no capabilities: none", text=one(), rights=NO_RIGHTS),
    Reads(trap="a web search", text=one(capabilities=[{"name": "WebSearch"}, {"name": "People"}]),
          rights=Rights(("search", "tool:m365-declarative-agent/People"))),
    Reads(trap="an unknown capability: refused", text=one(capabilities=[{"name": "Bash"}]), status="refused"),
    Writes(trap="the version is written", agent=agent("rev", allow=()), path="appPackage/rev.declarativeAgent.json", holds=('"version": "v1.6"',),
           losses=()),
    Writes(trap="a long prompt is refused, not cut", agent=agent(allow=(), prompt="x" * 8001), refused="prompt-refused",
           problem="Microsoft 365 declarative agent takes a prompt of at most 8000 characters (it has 8001)"),
    Writes(trap="a prompt that begins with double brackets is refused", agent=agent(allow=(), prompt="[[x]] first"), refused="prompt-refused"),
    Writes(trap="a long description is not cut: the name stands in", agent=agent("rev", allow=(), description="x" * 1001),
           holds=('"description": "rev"',),
           losses=(("dropped", "description"),)),
    Writes(trap="a long name gets short", agent=agent("x" * 101, allow=()), losses=(("approximated", "name"),)),
    Writes(trap="it has no model", agent=agent(allow=(), model="gpt-5"), never=("gpt",), losses=(("dropped", "model"),)),
    Writes(trap="only a search has a counterpart", agent=agent(allow=("read.file", "search")), holds=('"name": "WebSearch"',), never=("Read",),
           losses=(("narrowed", "rights"),)),
)
