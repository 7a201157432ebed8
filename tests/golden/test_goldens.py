"""Every sample is read as its golden says, and every agent is written as its golden says. `pytest --accept` rewrites them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentsync.formats import known_ids, load
from tests.golden import goldens
from tests.golden.goldens import Sample, samples

AGENTS = ("everything", "reviewer")
SAMPLES = samples()
PAIRS = [(name, format_id) for name in AGENTS for format_id in sorted({sample.format for sample in SAMPLES})]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.format}/{sample.path}")
def test_a_sample_is_read_as_its_golden_says(sample: Sample, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--accept"):
        goldens.accept_sample(sample, load(sample.format))
    assert sample.golden.exists(), f"there is no {sample.golden}: run pytest --accept, then write its rights by hand"
    goldens.check_sample(sample, load(sample.format))


@pytest.mark.parametrize(("name", "format_id"), PAIRS)
def test_an_agent_is_written_as_its_golden_says(name: str, format_id: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--accept"):
        goldens.accept_rendering(name, load(format_id))
    golden = goldens.matrix_golden(name, format_id)
    assert golden.exists(), f"there is no {golden}: run pytest --accept, then look at what it wrote"
    goldens.check_rendering(name, load(format_id))


@pytest.mark.parametrize("format_id", known_ids())
def test_a_format_has_a_sample(format_id: str) -> None:
    assert [sample for sample in SAMPLES if sample.format == format_id], f"put one below fixtures/{format_id}, where its client would look for it"


def test_no_golden_is_left_over() -> None:
    found = {*goldens.READ.rglob("*.yaml"), *goldens.MATRIX.rglob("*.yaml")}
    assert found == {*(sample.golden for sample in SAMPLES), *(goldens.matrix_golden(*pair) for pair in PAIRS)}


def test_accepting_never_touches_the_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = next(one for one in SAMPLES if one.format == "claude-code")
    text = sample.golden.read_text("utf-8")
    by_hand = text.partition("\nread:\n")[0]
    monkeypatch.setattr(goldens, "READ", tmp_path)
    sample.golden.parent.mkdir()
    sample.golden.write_text(f"{by_hand}\nread:\n- status: outdated\n", "utf-8")
    goldens.accept_sample(sample, load(sample.format))
    assert sample.golden.read_text("utf-8") == text
