"""Google ADK: `root_agent.yaml`, through its own loader; an instruction is rendered as for a request."""

from __future__ import annotations

from typing import Final

from tests.conformance.libraries import library
from tests.conformance.sessions import Adapter, as_written

ADAPTER: Final = Adapter(
    format="google-adk",
    client="google-adk",
    load=library("google-adk", "google_adk.py"),
    model=as_written,
    batch=400,
    stops=True,
    tools={"google_search": "search"},
)
