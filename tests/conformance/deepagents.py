"""Deep Agents Code: `.deepagents/agents/*/AGENTS.md`, through its own list. There is no tool list; an agent has its parent's tools."""

from __future__ import annotations

from typing import Final

from tests.conformance.libraries import library
from tests.conformance.sessions import Adapter, as_written

ADAPTER: Final = Adapter(
    format="deepagents",
    client="deepagents",
    load=library("deepagents", "deepagents.py"),
    model=as_written,
    batch=400,
)
