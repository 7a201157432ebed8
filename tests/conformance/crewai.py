"""CrewAI: `config/agents.yaml`, through its own loader and class. Tools are methods of the crew's own class."""

from __future__ import annotations

from typing import Final

from tests.conformance.libraries import library
from tests.conformance.sessions import Adapter, as_written

ADAPTER: Final = Adapter(
    format="crewai",
    client="crewai",
    load=library("crewai", "crewai.py"),
    model=as_written,
    model_key="llm",
    batch=400,
    shared=True,
    tools={"delegate": "delegate", "code": "shell"},
)
