"""Traps touch nothing outside of memory, so they need no home of their own."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def home() -> None:
    """Instead of the fixture of all tests: an empty folder for each of hundreds of traps would cost more than the traps."""
