"""One home for the definition of an AI agent, kept true in every coding assistant's format.

The same as the command line offers, without a terminal: texts in, values out, no file is read or written.

>>> import agentsync
>>> source = '''---
... name: reviewer
... description: Reviews a change before it is merged
... tools: Read, Grep
... ---
... Read the diff. Name what is wrong, with its line.
... '''
>>> [reading] = agentsync.read(source, "claude-code")
>>> reading.status, reading.agent.name, reading.agent.rights.allow
('read', 'reviewer', ('read.file', 'read.grep'))
>>> rendering = agentsync.write(reading.agent, "codex")
>>> rendering.refused, rendering.problems[0].code
(True, 'rights-refused')
>>> [conversion] = agentsync.convert(source, "opencode", "claude-code")
>>> conversion.rendering.documents[0].path
'.opencode/agents/reviewer.md'
>>> "codex" in [rules.id for rules in agentsync.formats()]
True

Importing this package imports nothing else; each function loads what it needs when it is called.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from agentsync.api import Conversion
    from agentsync.formats.rules import Format
    from agentsync.model import Agent, AgentsyncError, Document, Loss, Problem, Reading, Rendering, Rights

__version__ = "0.1.0"

__all__ = [
    "Agent", "AgentsyncError", "Conversion", "Document", "Format", "Loss", "Problem", "Reading", "Rendering", "Rights",
    "__version__", "convert", "formats", "read", "write",
]

_HOME_OF: Final[Mapping[str, str]] = {
    "Conversion": "agentsync.api",
    "Format": "agentsync.formats.rules",
    **dict.fromkeys(("Agent", "AgentsyncError", "Document", "Loss", "Problem", "Reading", "Rendering", "Rights"), "agentsync.model"),
}


def read(text: str, format: str, path: str | None = None) -> tuple[Reading, ...]:
    """What a text says to the assistant of a format: a `Reading` for each agent in it, one for a file of one agent.

    path: where the file would lie (`.opencode/agents/team/reviewer.md`), for formats that take the name or the kind of file from it.
    Raises `AgentsyncError` for a format nobody knows; a text that the assistant refuses is a reading with that status.
    """
    from agentsync import api

    return api.read(text, format, path)


def write(
    agent: Agent, format: str, old: Document | None = None, *, models: Mapping[str, str] | None = None, allow_widening: bool = False,
) -> Rendering:
    """An agent written down in a format, with everything that could not be kept.

    old: the document that holds the agent now; it is edited, and what the change does not touch stays byte for byte.
    models: neutral model to the format's own. allow_widening: write even where the agent would gain rights.
    """
    from agentsync import api

    return api.write(agent, format, old, models=models, allow_widening=allow_widening)


def convert(
    text: str, to: str, from_: str | None = None, path: str | None = None, *,
    models: Mapping[str, str] | None = None, allow_widening: bool = False,
) -> tuple[Conversion, ...]:
    """Read a text and write each of its agents in another format. Without `from_` the format is recognised from path and content.

    To its own format the answer is the text itself. Raises `AgentsyncError` where the format cannot be told.
    """
    from agentsync import api

    return api.convert(text, to, from_, path, models=models, allow_widening=allow_widening)


def formats() -> tuple[Format, ...]:
    """Every format there is, sorted by id: where its agents lie, what it can say, what it was checked against."""
    from agentsync import api

    return api.formats()


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME_OF[name]), name)


class _Package(ModuleType):
    """This package, whose function `formats` has the name of a package inside it: importing that one must not hide it."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name == "formats" and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
