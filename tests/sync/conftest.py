"""The world of the tests of two-way sync: its copies stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worlds import Two, pushed


@pytest.fixture
def world(tmp_path: Path, home: Path) -> Two:
    return pushed(tmp_path / "world", home)
