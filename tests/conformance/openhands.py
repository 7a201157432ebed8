"""OpenHands: `.openhands/agents/*.md`, through its own loader and factory. Tools are those that its host has registered."""

from __future__ import annotations

from typing import Final

from tests.conformance.libraries import library
from tests.conformance.sessions import Adapter

_TOOLS: Final = {
    "terminal": "shell",
    "file_editor": "read.file write.file write.edit",
    "task_tracker": "todo",
    "task_tool_set": "delegate",
    "task": "delegate",
    "grep": "read.grep",
    "glob": "read.glob",
    "read_file": "read.file",
    "list_directory": "read.list",
    "write_file": "write.file",
    "edit": "write.edit",
    "apply_patch": "write.edit",
}


def model(native: object) -> str | None:
    """No model is written: names are profiles of the user's own."""
    return None


ADAPTER: Final = Adapter(
    format="openhands",
    client="openhands",
    load=library("openhands", "openhands.py"),
    model=model,
    batch=400,
    tools=_TOOLS,
    stops=True,
)
