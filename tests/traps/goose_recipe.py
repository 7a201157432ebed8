"""Traps of goose's recipes (read in source): the whole text is a template, and the extensions do not hold a subagent."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent


def one(*lines: str) -> str:
    """A recipe whose title and description are no trap."""
    return "".join(f"{line}\n" for line in ("title: X", "description: reviews", f"instructions: {PROMPT}", *lines))


TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="the file is the name", text=one(), path=".goose/recipes/notes.yaml", says={"name": "notes", "display_name": "X", "prompt": PROMPT}),
    Reads(trap="JSON is a recipe too", text='{"title": "X", "description": "d", "prompt": "Go."}', path=".goose/recipes/notes.json",
          says={"prompt": "", "initial_prompt": "Go."}),
    Reads(trap="no title: lost", text=one().replace("title: X\n", ""), status="refused", problem="`title` is missing"),
    Reads(trap="no description: lost", text=one().replace("description: reviews\n", ""), status="refused"),
    Reads(trap="settings hold model and temperature", text=one("settings: {goose_model: claude-opus-4-5, temperature: 0.5, goose_provider: x}"),
          says={"model": "claude-opus-4-5", "temperature": 0.5}),
    Reads(trap="a parameter is active", text=one().replace(PROMPT, '"Write for {{ who }}."'), native={"placeholders": ["{{ who }}"]}),
    Reads(trap="in a description too", text=one().replace("reviews", "'for {{ who }}'"), native={"placeholders": ["{{ who }}"]}),
    Reads(trap="no extensions: those of the session", text=one(), rights=ALL_RIGHTS),
    Reads(trap="SECURITY: extensions are stated, and not kept in a subagent", text=one("extensions: [{type: platform, name: todo}]"),
          rights=Rights(("todo",)), beyond=("goose|*",)),
    Reads(trap="developer is shell and files together", text=one("extensions: [{type: builtin, name: developer}]"),
          rights=Rights(("read.file", "read.grep", "read.glob", "read.list", "write.file", "write.edit", "shell", "fetch"))),
    Reads(trap="available_tools narrows one", text=one("extensions: [{type: platform, name: developer, available_tools: [tree]}]"),
          rights=Rights(("read.list",))),
    Reads(trap="any other is an MCP server", text=one("extensions: [{type: stdio, name: github, cmd: x, args: []}]"), rights=Rights(("mcp:github",))),
    Writes(trap="a restricted agent is refused", agent=agent(allow=("read.file",)), refused="rights-refused"),
    Writes(trap="no list is written for it, even if allowed", agent=agent(allow=("read.file",)), allow_widening=True, never=("extensions",)),
    Writes(trap="a placeholder in a prompt would fail", agent=agent(prompt="Use {{x}}."), refused="prompt-refused"),
    Writes(trap="one in a description would too", agent=agent(description="for {{x}}"), refused="prompt-refused",
           problem="goose recipes fails on {{x}} in a field: it takes them for placeholders and knows no escape"),
    Writes(trap="a title is needed", agent=agent(), holds=("title: x\n", 'version: "1.0.0"\n'), losses=()),
    Writes(trap="a model stands in the settings", agent=agent(model="gpt-5.5"), holds=("settings:\n  goose_model: gpt-5.5\n",), losses=()),
    Writes(trap="what else stands there stays", agent=agent(model="gpt-5.5"),
           old=one("settings:", "  goose_provider: openai # ours", "  goose_model: gpt-4o"),
           holds=("  goose_provider: openai # ours\n  goose_model: gpt-5.5\n",)),
)
