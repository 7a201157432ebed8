"""Goldens need nothing but the files of the project, so they need no home of their own."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def home() -> None:
    """Instead of the fixture of all tests: nothing here looks for a home."""
