"""Microsoft Agent Framework: declarative YAML, through its own dispatch. Tools are declarations."""

from __future__ import annotations

from typing import Final

from tests.conformance.libraries import library
from tests.conformance.sessions import Adapter


def model(native: object) -> str | None:
    """The model is a map with an id."""
    found = native.get("id") if isinstance(native, dict) else native
    return found if isinstance(found, str) else None


ADAPTER: Final = Adapter(
    format="ms-agent-framework",
    client="ms-agent-framework",
    load=library("ms-agent-framework", "ms_agent_framework.py"),
    model=model,
    batch=400,
    tools={"web_search": "search"},
)
