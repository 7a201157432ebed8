"""The words of sync as types: the key of a copy, what the ledger knows of it, its state, a change, an edit, a plan.

Floor 0, pure. The planner (`agentsync.plan`) makes them, the executor (`agentsync.sync`) carries them out, the ledger
(`agentsync.ledger`) remembers them, and the report prints them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from agentsync.model import EMPTY, Loss, Problem

State: TypeAlias = Literal[
    "ok", "behind", "edited", "conflict", "held", "refused", "foreign", "missing", "deleted", "unreadable"
]
STATES: Final[tuple[State, ...]] = (
    "ok", "behind", "edited", "conflict", "held", "refused", "foreign", "missing", "deleted", "unreadable",
)
ProjectState: TypeAlias = Literal["ok", "busy", "not enabled here", "missing", "stopped"]
Action: TypeAlias = Literal["create", "update", "delete", "move", "adopt", "heal", "commit", "hold"]


LEFT: Final = "left"
"""The code of a conflict whose agent left the hub or the selection: the copy's version has nowhere to go."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Which copy: real root of the project, format, scope, path below the root, and the entry in a shared file ("" is a whole file).

    An entry's key stands behind `=`, so that the entry called "" is not the whole file.
    """

    root: str
    format: str
    scope: str
    path: str
    entry: str = ""

    @property
    def entry_key(self) -> str | None:
        """The entry's own key, or None for a file of one agent."""
        return self.entry[1:] if self.entry else None


def entry_word(key: str | None) -> str:
    """An entry's key as `Key.entry` holds it."""
    return "" if key is None else f"={key}"


@dataclass(frozen=True, slots=True)
class Written:
    """What the ledger knows of a copy: a row.

    name: the native name that was written. written: digest of our last bytes. base: digest of a document of that format in
    which each field stands as last agreed (push: the same as written). hub: digest of the hub's text then; hub_commit: the
    commit that holds it, where known. recipe: digest of everything else the text was made from (format, models, options).
    stamp: the file's stat then, empty where it cannot be trusted. losses: how many the conversion had. says: digest of what was agreed,
    as the lock has it.
    """

    key: Key
    agent: str
    name: str
    written: str
    base: str
    hub: str
    hub_commit: str | None = None
    recipe: str = ""
    stamp: str = ""
    losses: int = 0
    says: str = ""


@dataclass(frozen=True, slots=True)
class Paused:
    """A copy whose last change was undone: nothing happens to it while hub and copy are what they were then.

    hub: digest of the hub's text, empty where the agent had left; copy: digest of the file's bytes, empty where there was no file.
    """

    key: Key
    agent: str
    hub: str
    copy: str


@dataclass(frozen=True, slots=True)
class Side:
    """What one side of a conflict says, as text for people."""

    project: str
    target: str
    path: str
    says: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A part of an agent that two sides changed differently, or that cannot be carried into the hub. Both stay where they are."""

    agent: str
    part: str
    hub: str
    base: str
    sides: tuple[Side, ...]
    why: str = "changed differently on both sides"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happens to one copy."""

    action: Action
    project: str
    target: str
    agent: str
    path: str
    entry: str | None = None
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """What happens to one file, and to the ledger after it. The unit of the executor: original or final, nothing between.

    old: the text it has, None where there is none. new: the text it gets, None to delete it; equal to old: only the ledger moves.
    put: rows to remember, `forget`: rows to drop, once the file stands; `keep`: texts that they name beside the file's own.
    notes: what a commit's message says of it; `sources`: the projects that it came from.
    """

    project: str
    root: str
    path: str
    old: str | None
    new: str | None
    changes: tuple[Change, ...] = ()
    put: tuple[Written, ...] = ()
    forget: tuple[Key, ...] = ()
    keep: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def touches(self) -> bool:
        """Whether the file itself changes."""
        return self.old != self.new


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy and its state, as listed."""

    project: str
    target: str
    agent: str
    path: str | None
    state: State
    entry: str | None = None
    why: Problem | None = None
    decided: bool = False
    losses: int = 0


@dataclass(frozen=True, slots=True)
class ProjectOutcome:
    """What a run can do in a project; every state but `ok` changes nothing there, and `why` says so."""

    name: str
    root: str | None
    state: ProjectState
    why: Problem | None = None
    via: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    """Targets for which nothing is written, each with the one whose copies its client loads."""
    gone: int | None = None
    """How many copies are missing there; None where not all of them were asked about."""


@dataclass(frozen=True, slots=True)
class AtRest:
    """A project in which there is nothing to do, in short: enough to say of it what a full look would say.

    same: format to how many copies say what they should; copies: the others. hidden: losses seen before. news: a note on new agents there.
    wide: files stand there that the ledger does not speak of, so every agent of the hub counts; history: what the hub once said counts.
    """

    same: Mapping[str, int] = field(default_factory=lambda: EMPTY)
    copies: tuple[Copy, ...] = ()
    hidden: int = 0
    wide: bool = False
    history: bool = False
    news: Problem | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do. Nothing in it has happened yet."""

    edits: tuple[Edit, ...] = ()
    copies: tuple[Copy, ...] = ()
    projects: tuple[ProjectOutcome, ...] = ()
    problems: tuple[Problem, ...] = ()
    losses: tuple[tuple[Change, Loss], ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    hidden: Mapping[str, int] = field(default_factory=lambda: EMPTY)
    """Losses already seen, as a number by project."""
    same: Mapping[tuple[str, str], int] = field(default_factory=lambda: EMPTY)
    """Copies that are as they should be and not listed one by one, as a number by project and format."""
    rests: Mapping[str, AtRest] = field(default_factory=lambda: EMPTY)
    """Projects that were looked at and are at rest."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change, in the order it happens."""
        return tuple(change for edit in self.edits for change in edit.changes)
