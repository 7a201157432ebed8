"""The words of agentsync as types: agent, rights, document, reading, rendering, loss, problem.

Floor 0: nothing here knows YAML, paths on disk or any assistant. All types are frozen and hold plain values.
`None` always means "not stated"; an empty tuple means "stated, and nothing in it". The two are never confused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, TypeVar

Value: TypeAlias = "bool | int | float | str | list[Any] | dict[str, Any] | None"
"""A plain value as a container reads it: what JSON can say."""

T = TypeVar("T")

EMPTY: Final[Mapping[Any, Any]] = MappingProxyType({})

HUB_FORMAT: Final = "agentsync"
"""The format of the hub's own files; `Agent.extra[HUB_FORMAT]` holds `tags`, `targets` and `allow_widening`."""

# The neutral fields: what an agent can say beyond its name, prompt and rights, in words no assistant owns.
# A format file maps its own keys to these; a field that two formats map travels between them.
FIELDS: Final[Mapping[str, str]] = MappingProxyType({
    "description": "when to use the agent: one text, shown to the model that delegates",
    "display_name": "a name for people, where the name itself must be a slug",
    "model": "a model's name; Claude's aliases and ids, and other vendors' bare ids, are the neutral spelling",
    "color": "red blue green yellow purple orange pink cyan, or #rrggbb",
    "effort": "how hard to think: low medium high xhigh max, or a number of tokens",
    "max_turns": "how many turns the agent may take: a positive whole number",
    "timeout_minutes": "how long the agent may run: a positive whole number of minutes",
    "temperature": "sampling temperature: a number",
    "top_p": "nucleus sampling: a number from 0 to 1",
    "mode": "who may start it: subagent (the model), primary (the user), all; not stated is subagent",
    "hidden": "true keeps it out of the lists a user picks from",
    "background": "true runs it beside the conversation",
    "isolation": "where it works: worktree or remote",
    "memory": "a memory of its own: user, project or local",
    "permission_mode": "Claude Code's permission mode for the agent",
    "skills": "names of skills loaded from the start: a list",
    "mcp_servers": "MCP servers of its own, in Claude Code's form: a list of names and one-key maps",
    "hooks": "commands run on the agent's events, in Claude Code's form",
    "initial_prompt": "the first turn where the agent is the main one",
    "omit_project_memory": "true leaves the project's instruction file out",
    "output_schema": "a JSON Schema that the answer must follow",
})

LossKind: TypeAlias = Literal["dropped", "approximated", "narrowed", "widened", "guessed"]
LOSS_KINDS: Final[tuple[LossKind, ...]] = ("dropped", "approximated", "narrowed", "widened", "guessed")


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that a conversion changed, or that reading had to guess. A value, never a log line.

    `field` is a neutral field name, `name`, `prompt`, `rights`, or `FORMAT.KEY` for a native key;
    `value` is what was lost or changed, as text; `why` says why, naming the format it is about.
    """

    kind: LossKind
    field: str
    value: str
    why: str
    hint: str | None = None


Severity: TypeAlias = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person should know about one place: a message, where, and what to do about it.

    `line` and `column` count from 1. `hint` is a command to run or a line to write, or None.
    """

    code: str
    message: str
    path: str | None = None
    line: int | None = None
    column: int | None = None
    hint: str | None = None
    severity: Severity = "error"

    def at(self, path: str | None) -> Problem:
        """The same problem, said of a file."""
        return self if self.path is not None or path is None else replace(self, path=path)


class AgentsyncError(Exception):
    """Base of every error that a user can cause. `exit_code` is the one of the command line."""

    exit_code = 2

    def __init__(self, problem: Problem | str, *, hint: str | None = None) -> None:
        self.problem = problem if isinstance(problem, Problem) else Problem("error", problem, hint=hint)
        super().__init__(self.problem.message)


class Unreadable(AgentsyncError):
    """A text that the engine or the assistant cannot read; carries the `Problem` that says where and why."""

    exit_code = 3


@dataclass(frozen=True, slots=True, eq=False)
class Rights:
    """What an agent may use, as grants.

    A grant is text: an atom (`read.file`, `shell`; see `agentsync.rights.ATOMS`), `mcp:SERVER`, `mcp:SERVER/TOOL`,
    `mcp:*`, `tool:VOCABULARY/NAME` for a tool no atom describes, or one of these with a limit, `shell(git *)`.
    A denial `shell(!git *)` leaves nothing of the atom but that limit.

    allow: the only grants it has, in the order stated; None = not stated, everything the assistant offers.
    deny: grants taken away again. ask: grants held that ask the user first (`*`: all of them).
    unenforced: what the source's client gives beyond the statement, as `FORMAT|GRANT` (a fact about the source; not compared).
    implied: grants held only because another field implies them (not compared).
    """

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    unenforced: tuple[str, ...] = ()
    implied: tuple[str, ...] = ()

    def _key(self) -> tuple[frozenset[str] | None, frozenset[str], frozenset[str]]:
        return (None if self.allow is None else frozenset(self.allow), frozenset(self.deny), frozenset(self.ask))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rights) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    @property
    def restricted(self) -> bool:
        """Whether anything at all is held back."""
        return self.allow is not None or bool(self.deny) or bool(self.ask)


ALL_RIGHTS: Final = Rights()
NO_RIGHTS: Final = Rights(allow=())


@dataclass(frozen=True, slots=True)
class Agent:
    """One definition of an agent, in words no assistant owns.

    name: as its assistant knows it. prompt: literal text with LF line ends and no white space around it.
    fields: neutral fields (see FIELDS) that are stated. extra: native values by format id, kept as they were read;
    `extra["agentsync"]` holds the hub's own words (tags, targets, allow_widening).
    home: the format whose native values are this agent's own statement (not compared).
    """

    name: str
    prompt: str
    rights: Rights = ALL_RIGHTS
    fields: Mapping[str, Value] = field(default_factory=lambda: EMPTY)
    extra: Mapping[str, Mapping[str, Value]] = field(default_factory=lambda: EMPTY)
    home: str = field(default=HUB_FORMAT, compare=False)

    @property
    def description(self) -> str | None:
        """When to use it, or None where that is not stated."""
        value = self.fields.get("description")
        return value if isinstance(value, str) else None

    @property
    def model(self) -> str | None:
        """The model's neutral name, or None: the session's."""
        value = self.fields.get("model")
        return value if isinstance(value, str) else None

    def words(self, key: str) -> tuple[str, ...] | None:
        """A list of the hub's own (`tags`, `targets`, `allow_widening`), or None where it is not stated."""
        value = self.extra.get(HUB_FORMAT, EMPTY).get(key)
        return tuple(str(item) for item in value) if isinstance(value, list) else None


@dataclass(frozen=True, slots=True)
class Document:
    """One file's text with its layout. `path` is relative with `/`, as the assistant's folder would hold it.

    Bytes that are no UTF-8 stand in `text` as lone surrogates (Python's `surrogateescape`), so that writing gives them back.
    """

    path: str
    text: str


Status: TypeAlias = Literal["read", "skipped", "refused", "degraded"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one agent's place in a document says.

    status: `read` (there is an agent), `skipped` (the assistant ignores it, silently and rightly), `refused` (the
    assistant, or a limit against hostile input, refuses it), `degraded` (the assistant loads it with other rights or
    other text than the file states; `agent` is then what the client makes of it, shown as dangerous, never pulled).
    entry: the key of the entry in a shared file, None for a file of one agent.
    """

    format: str
    status: Status
    agent: Agent | None = None
    losses: tuple[Loss, ...] = ()
    problems: tuple[Problem, ...] = ()
    entry: str | None = None

    @property
    def why(self) -> Problem | None:
        """The problem for which nothing was read, before those that only say how it was read."""
        graver = (next((p for p in self.problems if fits(p)), None) for fits in (_is_error, _is_no_agent))
        return next((problem for problem in graver if problem is not None), self.problems[0] if self.problems else None)


def _is_error(problem: Problem) -> bool:
    return problem.severity == "error"


def _is_no_agent(problem: Problem) -> bool:
    return problem.code == "skipped"


@dataclass(frozen=True, slots=True)
class Rendering:
    """An agent written down for one format: the documents, and what that format could not keep.

    documents is empty where the agent was refused: then `problems` says why and what decides it.
    """

    format: str
    documents: tuple[Document, ...] = ()
    losses: tuple[Loss, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether nothing may be written for this agent in this format."""
        return not self.documents


def ordered(items: Iterable[T]) -> tuple[T, ...]:
    """The distinct items in the order they first come."""
    return tuple(dict.fromkeys(items))
