"""Dotprompt: `*.prompt`, parsed and rendered by its own library. Tools are names that the application knows."""

from __future__ import annotations

from typing import Final

from tests.conformance.libraries import library
from tests.conformance.sessions import Adapter, as_written

_TOOLS: Final = {
    "Read": "read.file",
    "Grep": "read.grep",
    "Glob": "read.glob",
    "LS": "read.list",
    "Write": "write.file",
    "Edit": "write.edit",
    "NotebookEdit": "write.notebook",
    "Bash": "shell",
    "WebFetch": "fetch",
    "WebSearch": "search",
    "Agent": "delegate",
    "Task": "delegate",
    "Skill": "skill",
    "AskUserQuestion": "ask",
    "TodoWrite": "todo",
}

ADAPTER: Final = Adapter(
    format="dotprompt",
    client="dotprompt",
    load=library("dotprompt", "dotprompt.cjs"),
    model=as_written,
    batch=400,
    tools=_TOOLS,
    mcp="mcp__{server}__{tool}",
    by_name=True,
)
