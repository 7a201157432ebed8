"""Traps of VS Code's prompt files (from descriptions, not run): no head is needed, and the text is a template without an escape."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="the head is optional, the name the file's", text="Explain this.\n", path=".github/prompts/explain.prompt.md",
          says={"name": "explain", "prompt": "Explain this."},
          rights=ALL_RIGHTS),
    Reads(trap="an unknown key is ignored", text=md("foo: 1"), native={"foo": 1}),
    Reads(trap="a model's name is the picker's, and stays", text=md("model: Claude Sonnet 4.5"), says={"model": None},
          native={"model": "Claude Sonnet 4.5"}),
    Reads(trap="variables are active, other braces are not", text=md(body="${input:a:b} ${selection} ${HOME} #tool:docs/search"),
          native={"placeholders": ["${input:a:b}", "${selection}", "#tool:docs/search"]}),
    Reads(trap="no tools: those of the agent it runs in", text=md("description: d"), rights=ALL_RIGHTS),
    Reads(trap="tools are named as in Copilot's agents", text=md("tools: [search, runCommands, gh/*]"),
          rights=Rights(("read.grep", "read.glob", "shell", "mcp:gh"))),
    Reads(trap="a deny list is no key", text=md("disallowedTools: [execute]"), rights=ALL_RIGHTS),
    Writes(trap="the file's ending", agent=agent("rev"), path=".github/prompts/rev.prompt.md", losses=()),
    Writes(trap="a variable that is meant as text: a loss", agent=agent(prompt="Keep ${file} as it is."), losses=(("approximated", "prompt"),)),
    Writes(trap="what an empty list does is not known, so that none is written", agent=agent(allow=()), refused="rights-refused",
           problem="VS Code prompt file cannot say `no tools`"),
    Writes(trap="one tool", agent=agent(allow=("read.file",)), holds=("tools: [read]\n",), losses=()),
    Writes(trap="a denial becomes the list of the rest", agent=agent(deny=("shell",), prompt=PROMPT), holds=("tools: [read, Grep, ",),
           never=("execute",), losses=(("narrowed", "rights"),)),
)
