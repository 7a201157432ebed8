"""Prompty: `*.prompty`, through its own loader, renderer and parser of roles. Tools are declarations."""

from __future__ import annotations

from typing import Final

from tests.conformance.libraries import library
from tests.conformance.sessions import Adapter


def model(native: object) -> str | None:
    """The model is a map with an id."""
    found = native.get("id") if isinstance(native, dict) else native
    return found if isinstance(found, str) else None


ADAPTER: Final = Adapter(
    format="prompty",
    client="prompty",
    load=library("prompty", "prompty.py"),
    model=model,
    batch=400,
)
