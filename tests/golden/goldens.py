"""Goldens: what a sample says, and what is written of an agent, as a person looked at it and accepted it.

Two kinds lie below this folder. `read/FORMAT/NAME.yaml`: how one sample of `fixtures/FORMAT` must be read. Its `rights` were
derived by hand from what is known of the client, and are never rewritten. `matrix/AGENT.FORMAT.yaml`: what is written of one of
the hub's agents. The checks take the format as an argument: `test_mutations.py` shows that they fail for a wrong one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from agentsync import codec
from agentsync.formats.rules import Format
from agentsync.model import Agent, Document, Loss, Problem, Reading, Rights
from agentsync.rights import ATOMS, Holding, contains

ROOT: Final = Path(__file__).resolve().parents[2]
FIXTURES: Final = ROOT / "fixtures"
READ: Final = Path(__file__).parent / "read"
MATRIX: Final = Path(__file__).parent / "matrix"
_SPLIT: Final = "\nread:\n"
_HEADER: Final = """\
# fixtures/{sample}
#
# `rights` is written by hand, from what was measured of the client: every atom stands in one of the two lists.
# `pytest --accept` rewrites what is below `read:`, and nothing else.
rights:
"""


@dataclass(frozen=True)
class Sample:
    """A file of `fixtures`: the format it is for, and its path as the client's folder would hold it."""

    format: str
    path: str

    @property
    def file(self) -> Path:
        return FIXTURES / self.format / self.path

    @property
    def golden(self) -> Path:
        return READ / self.format / f"{self.file.stem.lstrip('.')}.yaml"

    @property
    def document(self) -> Document:
        return Document(self.path, self.file.read_bytes().decode("utf-8", "surrogateescape"))


def samples() -> list[Sample]:
    """Every sample there is, sorted."""
    files = (file.relative_to(FIXTURES) for file in FIXTURES.rglob("*") if file.is_file())
    return sorted((Sample(file.parts[0], "/".join(file.parts[1:])) for file in files), key=lambda sample: (sample.format, sample.path))


class Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, so that a person can read them."""


Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None))


def dumped(value: Any) -> str:
    """A value as YAML that a person reads and a change shows in."""
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=150)


# --- how a sample is read ---------------------------------------------------------------------------------------------


def reading_of(sample: Sample, fmt: Format) -> list[dict[str, Any]]:
    """What a sample says, but for its rights."""
    return [_reading(reading) for reading in codec.read(sample.document, fmt)]


def _reading(reading: Reading) -> dict[str, Any]:
    told: dict[str, Any] = {"status": reading.status, "entry": reading.entry}
    found = reading.agent
    if found is not None:
        told["name"] = found.name
        told["prompt"] = {"begins": " ".join(found.prompt.split()[:6]), "sha256": hashlib.sha256(found.prompt.encode()).hexdigest()}
        told["fields"] = dict(found.fields)
        told["extra"] = {owner: dict(values) for owner, values in found.extra.items()}
    told["losses"] = [_loss(loss) for loss in reading.losses]
    told["problems"] = [_problem(problem) for problem in reading.problems]
    return told


def _loss(loss: Loss) -> str:
    return f"{loss.kind} {loss.field}: {loss.value}" if loss.value else f"{loss.kind} {loss.field}"


def _problem(problem: Problem) -> str:
    return f"{problem.severity} {problem.code}{'' if problem.line is None else f', line {problem.line}'}: {problem.message}"


def check_sample(sample: Sample, fmt: Format) -> None:
    """Raises `AssertionError` where the sample is not read as its golden says, or does not come back byte for byte."""
    golden = yaml.safe_load(sample.golden.read_text("utf-8"))
    assert reading_of(sample, fmt) == golden["read"]
    check_rights(sample, fmt, golden["rights"])
    for reading in codec.read(sample.document, fmt):
        assert reading.agent is not None
        again = codec.write(reading.agent, fmt, old=sample.document, entry=reading.entry, allow_widening=True)
        if fmt.direction == "read":
            assert [problem.code for problem in again.problems] == ["write-unsupported"]
            continue
        assert again.documents == (sample.document,), again.problems


def check_rights(sample: Sample, fmt: Format, expected: list[dict[str, list[str]]] | None) -> None:
    """Raises `AssertionError` where the agents of a sample have other rights than a person says."""
    readings = codec.read(sample.document, fmt)
    assert expected, f"{sample.golden}: write the rights by hand"
    assert len(expected) == len(readings)
    for one, reading in zip(expected, readings, strict=True):
        assert reading.agent is not None
        _check_rights(reading.agent.rights, **one)


def _check_rights(rights: Rights, allow: list[str], deny: list[str], ask: list[str] | None = None, beyond: list[str] | None = None) -> None:
    said = {atom for atom in ATOMS if atom in allow or atom in deny}
    assert said == set(ATOMS), f"say something about {sorted(set(ATOMS) - said)}"
    holding = Holding(rights)
    assert [grant for grant in allow if not holding.holds(grant)] == []
    assert [grant for grant in deny if holding.holds(grant)] == []
    assert [grant for grant in allow if contains(frozenset(rights.ask), grant)] == (ask or [])
    assert sorted(rights.unenforced) == sorted(beyond or [])


def accept_sample(sample: Sample, fmt: Format) -> None:
    """Write down how the sample is read now. What stands above `read:` stays as it is."""
    sample.golden.parent.mkdir(parents=True, exist_ok=True)
    before = sample.golden.read_text("utf-8") if sample.golden.exists() else _HEADER.format(sample=f"{sample.format}/{sample.path}")
    by_hand = before.partition(_SPLIT)[0].rstrip("\n")
    sample.golden.write_text(f"{by_hand}\n{_SPLIT}{dumped(reading_of(sample, fmt))}", "utf-8")


# --- what is written --------------------------------------------------------------------------------------------------


def hub_agent(name: str) -> Agent:
    """An agent of `fixtures/agentsync`."""
    from agentsync.formats import load

    path = f"agents/{name}.md"
    [reading] = codec.read(Document(path, (FIXTURES / "agentsync" / path).read_text("utf-8")), load("agentsync"))
    assert reading.agent is not None
    return reading.agent


def rendering_of(agent: Agent, fmt: Format) -> dict[str, Any]:
    """What is written of an agent, first as it is, then with widening allowed where that differs."""
    strict, allowed = (_rendering(agent, fmt, allow_widening=allow) for allow in (False, True))
    return {"strict": strict, "widening allowed": "the same" if allowed == strict else allowed}


def _rendering(agent: Agent, fmt: Format, *, allow_widening: bool) -> dict[str, Any]:
    models = {"opus": "native-opus"} if "opus" not in fmt.values.get("model", {}) else {}
    done = codec.write(agent, fmt, models=models, allow_widening=allow_widening)
    notes = [_problem(problem) for problem in done.problems]
    if done.refused:
        return {"refused": notes}
    told = {"losses": [_loss(loss) for loss in done.losses], "notes": notes}
    return {"path": done.documents[0].path, **told, "text": done.documents[0].text}


def matrix_golden(name: str, format_id: str) -> Path:
    """Where it is written down."""
    return MATRIX / f"{name}.{format_id}.yaml"


def check_rendering(name: str, fmt: Format) -> None:
    """Raises `AssertionError` where something else is written of the agent than its golden says."""
    assert rendering_of(hub_agent(name), fmt) == yaml.safe_load(matrix_golden(name, fmt.id).read_text("utf-8"))


def accept_rendering(name: str, fmt: Format) -> None:
    """Write down what is written of the agent now."""
    MATRIX.mkdir(exist_ok=True)
    matrix_golden(name, fmt.id).write_text(dumped(rendering_of(hub_agent(name), fmt)), "utf-8")
