"""Cline: `.cline/agents/*.yaml`, through the loader of its core, and its choice of tools among those of a session."""

from __future__ import annotations

from typing import Final

from tests.conformance.libraries import library
from tests.conformance.sessions import Adapter, as_written

_TOOLS: Final = {
    "read_files": "read.file",
    "search_codebase": "read.grep read.glob",
    "run_commands": "shell",
    "editor": "write.file write.edit",
    "apply_patch": "write.file write.edit",
    "fetch_web_content": "fetch",
    "skills": "skill",
    "ask_question": "ask",
}

ADAPTER: Final = Adapter(
    format="cline",
    client="cline",
    load=library("cline", "cline.mjs"),
    model=as_written,
    model_key="modelId",
    batch=400,
    tools=_TOOLS,
    absent=frozenset({"read.list", "write.notebook", "search", "delegate", "todo"}),
)
