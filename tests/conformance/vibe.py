"""Mistral Vibe: `.vibe/agents/*.toml`, through its own profiles, configuration and choice of tools."""

from __future__ import annotations

from typing import Final

from tests.conformance.libraries import library
from tests.conformance.sessions import Adapter

_TOOLS: Final = {
    "read_file": "read.file",
    "grep": "read.grep read.glob",
    "write_file": "write.file",
    "edit": "write.edit",
    "bash": "shell",
    "web_fetch": "fetch",
    "web_search": "search",
    "task": "delegate",
    "skill": "skill",
    "ask_user_question": "ask",
    "todo": "todo",
}


def model(native: object) -> str | None:
    """No model is written: names are aliases of the user's own."""
    return None


ADAPTER: Final = Adapter(
    format="vibe",
    client="vibe",
    load=library("vibe", "vibe.py"),
    model=model,
    batch=400,
    tools=_TOOLS,
    absent=frozenset({"read.list", "write.notebook"}),
)
