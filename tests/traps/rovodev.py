"""Traps of Rovo Dev's subagents (documentation and samples): what no list means, nobody says."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, Rights
from tests.traps.cases import Reads, Trap, Writes, agent, md


def one(*head: str) -> str:
    """A file of one agent whose name and description are no trap."""
    return md("name: x", "description: reviews", *head)


TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="no name: refused", text=md("description: d"), status="refused", problem="`name` is missing"),
    Reads(trap="a description is one line", text=md("name: x", "description: ' a '"), says={"description": "a"}),
    Reads(trap="no list: read as all", text=one(), rights=ALL_RIGHTS),
    Reads(trap="an empty one too", text=one("tools: []"), rights=ALL_RIGHTS),
    Reads(trap="native names", text=one("tools: [open_files, expand_folder, move_file]"),
          rights=Rights(("read.file", "read.glob", "read.list", "tool:rovodev/move_file"))),
    Reads(trap="what the client itself generates",
          text=one("load_memory: true", "additional_memory_file: null", "skills: []", "model: claude-sonnet-4-5@20250929"),
          says={"model": "claude-sonnet-4-5-20250929", "skills": []}, native={"load_memory": True}),
    Writes(trap="the folder is called subagents", agent=agent(), path=".rovodev/subagents/x.md", never=("tools",), losses=()),
    Writes(trap="without tools it is refused", agent=agent(allow=()), refused="rights-refused", problem="Rovo Dev CLI cannot say `no tools`"),
    Writes(trap="files are never deleted by a writer", agent=agent(allow=("write.file", "write.edit")),
           holds=("tools: [create_file, find_and_replace_code]\n",), losses=()),
    Writes(trap="a description of two lines becomes one", agent=agent(description="a\nb"), holds=("description: a b\n",),
           losses=(("approximated", "description"),)),
    Writes(trap="no tool of a server has a name here", agent=agent(allow=("read.file", "mcp:docs/get")), never=("docs",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="an alias is no model", agent=agent(model="sonnet"), never=("^model",), losses=(("dropped", "model"),)),
)
