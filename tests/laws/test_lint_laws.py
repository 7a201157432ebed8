"""lint over real files: what its assistant loads as meant is no error, what it does not load is one, and a repaired file says the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agentsync import codec
from agentsync.codec.read import LAID_OVER
from agentsync.formats import load_all
from agentsync.lint import Source, check, mended
from agentsync.model import Agent, Document
from tests.laws.samples import FORMAT, FORMATS, Sample, samples, torture


def source(sample: Sample, text: str | None = None) -> Source:
    path = sample.document.path
    return Source(path, sample.document.text if text is None else text, FORMAT[sample.format], None, path, "agents")


def agents(sample: Sample, text: str) -> list[Agent | None]:
    readings = codec.read(Document(sample.document.path, text), FORMAT[sample.format])
    return [reading.agent if reading.status == "read" else None for reading in readings]


@pytest.mark.parametrize("name", FORMATS)
def test_errors_are_what_is_not_loaded_as_it_stands(name: str) -> None:
    wrong = [line for sample in (*samples(name), *(torture() if name == "claude-code" else ())) for line in misjudged(sample)]
    assert not wrong, "\n".join(wrong[:5])


def misjudged(sample: Sample) -> Iterator[str]:
    readings = codec.read(sample.document, FORMAT[sample.format])
    found, _ = check(source(sample), load_all())
    errors = {problem.code for problem in found if problem.severity == "error"}
    loads = all(reading.status == "read" for reading in readings)
    # Wrong case, a placeholder without a value and a name that opens every tool are errors in files that load.
    if loads and errors - {"A109", "A203", "A205"}:
        yield f"{sample.origin}: {sorted(errors)} of a file that loads"
    # What changes one of the client's own agents is loaded as it is meant, though it is not all of an agent.
    meant = [reading for reading in readings if all(problem.code != LAID_OVER for problem in reading.problems)]
    if any(reading.status in ("refused", "degraded") for reading in meant) and not errors:
        yield f"{sample.origin}: no error of a file that does not load"


@pytest.mark.parametrize("name", FORMATS)
def test_a_repaired_file_says_what_it_said(name: str) -> None:
    for sample in samples(name):
        new = mended(source(sample))
        if new is not None and not any(problem.code in ("A104", "A203", "A302") for problem in check(source(sample), load_all())[0]):
            assert agents(sample, new) == agents(sample, sample.document.text), sample.origin
            assert mended(source(sample, new)) is None, sample.origin
