"""Traps of CrewAI's agents.yaml (package 1.15.30): no list is no tool, every tool is a method of the project's own."""

from __future__ import annotations

from typing import Final

from agentsync.model import NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent


def one(*lines: str, key: str = "x") -> str:
    """One agent of a file: role, goal and backstory are no trap."""
    return f"{key}:\n" + "".join(f"  {line}\n" for line in ("role: X", "goal: reviews", f"backstory: {PROMPT}", *lines))


TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="role, goal and backstory", text=one(), says={"display_name": "X", "description": "reviews", "prompt": PROMPT}),
    Reads(trap="the line end of a folded text is none of it", text=one().replace("goal: reviews", "goal: >\n    re\n    views"),
          says={"description": "re views"}),
    Reads(trap="no goal breaks the crew", text=one().replace("  goal: reviews\n", ""), status="refused", problem="`goal` is missing"),
    Reads(trap="one broken agent breaks the others", text=one() + "y: text\n", status="refused"),
    Reads(trap="of two equal ids the last counts", text=one() + one("llm: gpt-x").replace("reviews", "b"), says={"description": "b"}),
    Reads(trap="no is false here", text=one().replace("reviews", "no"), status="refused"),
    Reads(trap="an id that is no method's name", text=one(key="a-b"), status="refused"),
    Reads(trap="an unknown key is ignored", text=one("colour: red"), native={"colour": "red"}),
    Reads(trap="{word} is a variable, in a role too", text=one().replace("role: X", "role: '{topic} reader'"), native={"placeholders": ["{topic}"]}),
    Reads(trap="SECURITY: no list is no tool", text=one(), rights=NO_RIGHTS),
    Reads(trap="tools are methods", text=one("tools: [search_orders]"), rights=Rights(("tool:crewai/search_orders",))),
    Reads(trap="allow_delegation delegates", text=one("allow_delegation: true"), rights=Rights(("delegate",))),
    Reads(trap="SECURITY: allow_code_execution is a shell", text=one("allow_code_execution: true"), rights=Rights(("shell",))),
    Reads(trap="mcps bring servers", text=one("mcps: [a]"), rights=Rights(("mcp:*",))),
    Writes(trap="no other assistant's tool has a name here", agent=agent(allow=("read.file", "tool:claude/Monitor")), holds=("tools: []\n",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="everything is told to be nothing", agent=agent(), holds=("tools: []\n",), losses=(("narrowed", "rights"),)),
    Writes(trap="delegation and code are never written", agent=agent(allow=("delegate", "shell")), never=("allow_",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="its own methods come back", agent=agent(allow=("tool:crewai/find",)), holds=("tools:\n    - find\n",), losses=()),
    Writes(trap="a name is a method's", agent=agent("sales-coach", ()), holds=("sales_coach:\n", "role: sales-coach\n"),
           losses=(("approximated", "name"),)),
    Writes(trap="a variable in a prompt would fail", agent=agent(allow=(), prompt="Use {topic}."), refused="prompt-refused"),
    Writes(trap="in twice as many braces too", agent=agent(allow=(), prompt="Use {{topic}}."), refused="prompt-refused"),
    Writes(trap="in a description too", agent=agent(allow=(), description="about {topic}"), refused="prompt-refused"),
    Writes(trap="what is no variable stays", agent=agent(allow=(), prompt="Use {two words} and {1}."), losses=()),
    Writes(trap="vendors stand before models", agent=agent(allow=(), model="claude-opus-4-5"), holds=("llm: anthropic/claude-opus-4-5\n",),
           losses=()),
)
