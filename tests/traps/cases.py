"""What a trap is, and how one is checked: a text and what its client makes of it, or an agent and what may never be written.

The checks take the format as an argument, so that `tests/golden/test_mutations.py` can show that they fail for a format
file with one fact changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from agentsync import codec
from agentsync.formats.rules import Format
from agentsync.model import Agent, Document, Reading, Rights, Status

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
PROMPT: Final = "You review the code."


def md(*head: str, body: str = PROMPT) -> str:
    """A Markdown file: the lines of its head between fences, then the body."""
    return "".join(["---\n", *(f"{line}\n" for line in head), "---\n", f"\n{body}\n" if body else ""])


@dataclass(frozen=True, kw_only=True)
class Reads:
    """A text, and what the client makes of it.

    says: parts of the agent by name (`name`, `prompt`, or a neutral field; None: must not be stated). rights: all of them.
    beyond: what the client gives although the text says otherwise. native: values kept for this format (None: not there).
    losses: (kind, field) of every loss. problem: the first message; `line` its line.
    """

    trap: str
    text: str
    status: Status = "read"
    path: str | None = None
    entry: str | None = None
    says: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    rights: Rights | None = None
    beyond: tuple[str, ...] | None = None
    native: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    losses: tuple[tuple[str, str], ...] | None = None
    problem: str | None = None
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class Writes:
    """An agent, and what is written of it.

    refused: the code of the refusal, else it must be written; `problem` its message. holds: texts that must be there;
    never: patterns that must not match anywhere. losses: (kind, field) of every loss; None: not looked at. notes: codes, likewise.
    """

    trap: str
    agent: Agent
    old: str | None = None
    refused: str | None = None
    problem: str | None = None
    holds: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    losses: tuple[tuple[str, str], ...] | None = None
    values: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    hints: tuple[str, ...] = ()
    notes: tuple[str, ...] | None = None
    models: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    path: str | None = None
    allow_widening: bool = False


Trap = Reads | Writes


def agent(
    name: str = "x",
    allow: tuple[str, ...] | None = None,
    *,
    deny: tuple[str, ...] = (),
    ask: tuple[str, ...] = (),
    prompt: str = PROMPT,
    extra: Mapping[str, Mapping[str, Any]] = NOTHING,
    home: str = "agentsync",
    **fields: Any,
) -> Agent:
    """An agent with a description, and whatever else a trap is about."""
    return Agent(name, prompt, Rights(allow, deny, ask), {"description": "reviews", **fields}, extra, home)


def check(trap: Trap, fmt: Format) -> None:
    """Raises `AssertionError` where the format does not do what the trap says."""
    if isinstance(trap, Reads):
        check_reading(trap, fmt)
    else:
        check_writing(trap, fmt)


def place_of(fmt: Format) -> str:
    """Where a text of no stated path stands: where an agent called `x` is written."""
    return codec.new_path(fmt, "x", "project")


def check_reading(trap: Reads, fmt: Format) -> None:
    """What the text says."""
    readings = codec.read(Document(trap.path or place_of(fmt), trap.text), fmt)
    reading = _chosen(readings, trap.entry)
    first = reading.problems[0] if reading.problems else None
    assert reading.status == trap.status, (reading.status, reading.problems)
    if trap.problem is not None:
        assert first is not None
        assert first.message == trap.problem
    if trap.line is not None:
        assert first is not None
        assert first.line == trap.line
    if trap.status in ("refused", "skipped"):
        assert reading.agent is None
        assert first is not None, "a file that is not read must say why"
        return
    found = reading.agent
    assert found is not None
    for part, value in trap.says.items():
        told = getattr(found, part) if part in ("name", "prompt") else found.fields.get(part)
        assert told == value, part
        assert isinstance(told, bool) == isinstance(value, bool), part
    if trap.rights is not None:
        assert found.rights == trap.rights, found.rights
    if trap.beyond is not None:
        assert found.rights.unenforced == trap.beyond
    for key, value in trap.native.items():
        assert found.extra.get(found.home, {}).get(key) == value, key
    if trap.losses is not None:
        assert sorted((loss.kind, loss.field) for loss in reading.losses) == sorted(trap.losses)


def _chosen(readings: tuple[Reading, ...], entry: str | None) -> Reading:
    if entry is None:
        assert len(readings) == 1, readings
        return readings[0]
    [reading] = [one for one in readings if one.entry == entry]
    return reading


def check_writing(trap: Writes, fmt: Format) -> None:
    """What is written of the agent."""
    old = None if trap.old is None else Document(trap.path or place_of(fmt), trap.old)
    done = codec.write(trap.agent, fmt, old=old, models=trap.models, allow_widening=trap.allow_widening)
    if trap.refused is not None:
        assert done.refused, done.documents
        assert done.problems[0].code == trap.refused, done.problems
        assert trap.problem is None or done.problems[0].message == trap.problem, done.problems
        return
    assert not done.refused, done.problems
    [document] = done.documents
    for wanted in trap.holds:
        assert wanted in document.text, document.text
    for pattern in trap.never:
        assert not re.search(pattern, document.text, re.MULTILINE), document.text
    if trap.path is not None:
        assert document.path == trap.path
    if trap.losses is not None:
        assert sorted((loss.kind, loss.field) for loss in done.losses) == sorted(trap.losses), done.losses
    for name, value in trap.values.items():
        assert value in [loss.value for loss in done.losses if loss.field == name], done.losses
    if trap.notes is not None:
        assert sorted(problem.code for problem in done.problems) == sorted(trap.notes), done.problems
    for hint in trap.hints:
        assert hint in [loss.hint for loss in done.losses], done.losses
