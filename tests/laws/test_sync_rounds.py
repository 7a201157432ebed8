"""Random rounds over real folders (promises 8 to 12 and 14): whoever edits what where, nothing that was ever written is lost.

What a round is says `tests.rounds`. A few worlds here; `make soak` (`python -m tests.soak`) plays thousands.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rounds import play


@pytest.mark.parametrize("seed", range(6))
def test_whatever_people_do_nothing_is_lost(tmp_path: Path, home: Path, seed: int) -> None:
    play(tmp_path / "world", home, seed, rounds=14)
