"""The world of the tests of push, whose commands run in the test's own process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.in_process import run
from tests.worlds import World

__all__ = ["run"]


@pytest.fixture
def world(tmp_path: Path, home: Path) -> World:
    return World(tmp_path / "world", home).build()
