"""The real clients load what agentsync writes, and give no agent more than agentsync says."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from agentsync import codec
from agentsync.formats import load
from agentsync.model import Document
from tests.conformance import claude_code, claude_json, codex, copilot, gemini_cli, opencode, qwen_code
from tests.conformance.cases import Case, cases
from tests.conformance.clients import CLIENTS, FOLDER
from tests.conformance.compare import Written, disagreements
from tests.conformance.sessions import Adapter

MODULES = (claude_code, claude_json, opencode, codex, gemini_cli, qwen_code, copilot)
ADAPTERS: tuple[Adapter, ...] = tuple(module.ADAPTER for module in MODULES)
BY_FORMAT = {adapter.format: adapter for adapter in ADAPTERS}


def written(adapter: Adapter, case: Case) -> Iterator[Written]:
    """The agent as it is written without and with the user's leave to widen its rights; once where that makes no difference."""
    fmt = load(adapter.format)
    before: tuple[Document, ...] = ()
    for allowed in (False, True):
        rendering = codec.write(case.agent, fmt, allow_widening=allowed)
        if rendering.refused or rendering.documents == before:
            continue
        before = rendering.documents
        [reading] = codec.read(before[0], fmt)
        assert reading.agent is not None, reading.problems
        yield Written(case.id, case.agent, before[0], rendering.losses, reading.agent, allowed)


@cache
def batches(name: str) -> tuple[tuple[Written, ...], ...]:
    """Everything to be asked of a client, in groups without two agents of one name or path."""
    adapter = BY_FORMAT[name]
    groups: list[list[Written]] = []
    for item in (item for case in cases() for item in written(adapter, case)):
        free = (group for group in groups if len(group) < adapter.batch and all(_together(adapter, item, other) for other in group))
        group = next(free, None)
        if group is None:
            group = []
            groups.append(group)
        group.append(item)
    return tuple(map(tuple, groups))


def _together(adapter: Adapter, one: Written, other: Written) -> bool:
    """Whether two agents can stand in one project (or one file)."""
    if one.back.name.casefold() == other.back.name.casefold():
        return False
    if adapter.shared:
        return one.widening_allowed == other.widening_allowed
    return one.document.path.casefold() != other.document.path.casefold()


def _runs() -> list[ParameterSet]:
    found: list[ParameterSet] = []
    for adapter in ADAPTERS:
        missing = adapter_missing(adapter)
        if missing is not None:
            found.append(pytest.param(adapter.format, 0, id=adapter.format, marks=pytest.mark.skip(reason=f"NOT RUN {adapter.format}: {missing}")))
        else:
            found += [pytest.param(adapter.format, number, id=f"{adapter.format}-{number}") for number in range(len(batches(adapter.format)))]
    return found


def adapter_missing(adapter: Adapter) -> str | None:
    """Why a client cannot be asked, or None."""
    return next((why for name in (adapter.client, *adapter.needs) if (why := CLIENTS[name].missing()) is not None), None)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for one run: not below the system's temporary folder, which some clients treat in a way of its own."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=FOLDER))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize(("name", "number"), _runs())
def test_the_client_loads_what_was_written(name: str, number: int, place: Path) -> None:
    adapter, fmt, batch = BY_FORMAT[name], load(name), batches(name)[number]
    project, home = place / "project", place / "home"
    home.mkdir()
    documents = _documents(adapter, batch)
    for path, text in documents.items():
        target = project / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8", "surrogateescape"))
    subprocess.run(["git", "init", "--quiet", str(project)], check=True, env={**os.environ, "HOME": str(home)})
    session = adapter.load(project, home, documents)
    found = [f"{item.label}: {line}" for item in batch for line in disagreements(adapter, fmt, item, session)]
    names = {item.back.name for item in batch}
    found += [f"the client also has an agent {other!r}" for other in session.agents if other not in names]
    found += [f"the client complains: {line}" for line in session.complaints]
    assert not found, "\n".join([f"{len(found)} disagreements with {adapter.client} {CLIENTS[adapter.client].version}:", *found])


def _documents(adapter: Adapter, batch: tuple[Written, ...]) -> dict[str, str]:
    """Path to text; agents that stand in one shared file are put together as agentsync puts them."""
    if not adapter.shared:
        return {item.document.path: item.document.text for item in batch}
    _, document = codec.write_many([item.agent for item in batch], load(adapter.format), allow_widening=batch[0].widening_allowed)
    assert document is not None
    return {document.path: document.text}
