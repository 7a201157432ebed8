"""The suite: every case written for a format, given to its client in groups, and what the two disagree about."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentsync import codec
from agentsync.formats import known_ids
from agentsync.formats.rules import Format
from agentsync.model import Document
from tests.conformance import (
    claude_code,
    claude_json,
    cline,
    codex,
    copilot,
    crewai,
    deepagents,
    dotprompt,
    gemini_cli,
    google_adk,
    kilo,
    ms_agent_framework,
    opencode,
    openhands,
    prompty,
    qwen_code,
    roo,
    vibe,
)  # fmt: skip
from tests.conformance.cases import Case
from tests.conformance.clients import CLIENTS, FOLDER
from tests.conformance.compare import Written, disagreements
from tests.conformance.sessions import Adapter

_MODULES: Final = (
    claude_code, claude_json, opencode, codex, gemini_cli, qwen_code, copilot, kilo, cline, roo, dotprompt, prompty, google_adk,
    ms_agent_framework, crewai, deepagents, openhands, vibe,
)  # fmt: skip
EVERY: Final[Mapping[str, Adapter]] = {module.ADAPTER.format: module.ADAPTER for module in _MODULES}
ADAPTERS: Final[Mapping[str, Adapter]] = {name: adapter for name, adapter in EVERY.items() if name in known_ids()}
"""Format to how its client is asked: all of them, and those of formats that are there."""



@dataclass(frozen=True)
class Outcome:
    """What came of the cases of one format: how many agents were written and how many of them agreed, and every disagreement."""

    asked: int
    agreed: int
    found: tuple[str, ...]
    again: int = 0


def written(fmt: Format, case: Case) -> Iterator[Written]:
    """The agent as it is written without and with the user's leave to widen its rights; once where that makes no difference."""
    before: tuple[Document, ...] = ()
    for allowed in (False, True):
        rendering = codec.write(case.agent, fmt, allow_widening=allowed)
        if rendering.refused or rendering.documents == before:
            continue
        before = rendering.documents
        [reading] = codec.read(before[0], fmt)
        assert reading.agent is not None, reading.problems
        yield Written(case.id, case.agent, before[0], rendering.losses, reading.agent, allowed)


def batches(adapter: Adapter, fmt: Format, cases: Iterable[Case]) -> list[list[Written]]:
    """Everything to be asked of a client, in groups without two agents of one name or path."""
    return _grouped(adapter, (item for case in cases for item in written(fmt, case)))


def _grouped(adapter: Adapter, items: Iterable[Written]) -> list[list[Written]]:
    groups: list[list[Written]] = []
    for item in items:
        free = (group for group in groups if len(group) < adapter.batch and all(_together(adapter, item, other) for other in group))
        group = next(free, None)
        if group is None:
            group = []
            groups.append(group)
        group.append(item)
    return groups


def _together(adapter: Adapter, one: Written, other: Written) -> bool:
    """Whether two agents can stand in one project (or one file)."""
    if one.back.name.casefold() == other.back.name.casefold():
        return False
    if adapter.shared:
        return one.widening_allowed == other.widening_allowed
    return one.document.path.casefold() != other.document.path.casefold()


def ask(adapter: Adapter, fmt: Format, batch: Sequence[Written]) -> Outcome:
    """Give one group to the client; agents that disagree are given to it once more, without the others.

    A busy client starts some of many agents too late. What it makes of a file that is wrong it makes of it again. Raises
    subprocess.TimeoutExpired where the client does not come to its end.
    """
    found = _ask(adapter, fmt, batch)
    left = [item for item in batch if found[item]]
    again = 0
    if (left or found[None]) and len(left) < len(batch):
        second = _ask(adapter, fmt, left) if left else {None: []}
        again = sum(not second[item] for item in left)
        found = {item: second.get(item, found[item]) for item in batch} | {None: [*found[None], *second[None]]}
    lines = [f"{item.label}: {line}" for item in batch for line in found[item]]
    return Outcome(len(batch), sum(not found[item] for item in batch), (*lines, *dict.fromkeys(found[None])), again)


def _ask(adapter: Adapter, fmt: Format, batch: Sequence[Written], *, again: bool = True) -> dict[Written | None, list[str]]:
    """What is wrong with each agent, and under None with the session. A client that hangs is started once more."""
    with _place() as (project, home):
        documents = _documents(adapter, fmt, batch)
        for path, text in documents.items():
            target = project / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode("utf-8", "surrogateescape"))
        subprocess.run(["git", "init", "--quiet", str(project)], check=True, env={**os.environ, "HOME": str(home)})
        try:
            session = adapter.load(project, home, documents)
        except subprocess.TimeoutExpired:
            if not again:
                raise
            return _ask(adapter, fmt, batch, again=False)
    found: dict[Written | None, list[str]] = {item: list(disagreements(adapter, fmt, item, session)) for item in batch}
    names = {item.back.name for item in batch}
    strangers = [f"the client also has an agent {other!r}" for other in session.agents if other not in names]
    return {**found, None: [*strangers, *(f"the client complains: {line}" for line in session.complaints)]}


@contextmanager
def _place() -> Iterator[tuple[Path, Path]]:
    """A project and a home for one run: not below the system's temporary folder, which some clients treat in a way of its own."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=FOLDER))
    try:
        (folder / "home").mkdir()
        yield folder / "project", folder / "home"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _documents(adapter: Adapter, fmt: Format, batch: Sequence[Written]) -> dict[str, str]:
    """Path to text; agents that stand in one shared file are put together as agentsync puts them."""
    if not adapter.shared:
        return {item.document.path: item.document.text for item in batch}
    _, document = codec.write_many([item.agent for item in batch], fmt, allow_widening=batch[0].widening_allowed)
    assert document is not None
    return {batch[0].document.path: document.text}


def version_of(adapter: Adapter) -> str:
    """The client's version, as it is pinned."""
    return CLIENTS[adapter.client].version
