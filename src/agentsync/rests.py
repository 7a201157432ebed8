"""Projects at rest on this machine: which of them are as an earlier run left them, and what the ledger is to remember of a run.

Floor 5. A project is left unread only if nothing differs of all that its plan was made from: its files' stats, its part of the
configuration, the agents it selects, its root and the commit checked out there. The ledger itself drops the record when a row changes.
The files' digest was taken before the run that recorded it read any of them, and only where each stat was old enough to be trusted:
whatever changed since differs from it.
"""

from __future__ import annotations

import marshal
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import msgspec

from agentsync import __version__, calm, git, hub
from agentsync.config import Project
from agentsync.copies import AtRest, Plan, ProjectOutcome
from agentsync.disk import is_temporary
from agentsync.formats import FormatError
from agentsync.formats.globs import fixed_folders, is_plain
from agentsync.hub import Card, HubAgent, Target
from agentsync.ledger import Ledger
from agentsync.ledger_calm import Record
from agentsync.lockfile import LOCK_FILE
from agentsync.snapshot import ProjectView
from agentsync.walk import Steps, Trace, steps_to
from agentsync.workspace import SYSTEM, Workspace, top_of

_EDITION: Final = 1
"""Raised when what a record means changes within a release."""

_NARROW, _WIDE = b"selected ", b"all "


@dataclass(frozen=True, slots=True)
class _Shape:
    """What projects of one selection have in common. made: a digest of how their copies are made; agents: of the agents they select."""

    targets: tuple[Target, ...]
    steps: Steps
    made: str
    agents: bytes


@dataclass(frozen=True, slots=True)
class _Seen:
    """A project as this run met it."""

    shape: _Shape
    root: str
    identity: tuple[int, int] | None
    head: str | None
    key: bytes
    trace: Trace


@dataclass
class Rests:
    """What an earlier run recorded, and what this one sees. recording: this one may record too."""

    space: Workspace
    ledger: Ledger
    recording: bool = True
    cards: tuple[Card, ...] | None = None
    """The hub's agents; None until they are read, where they are not known to be what they were."""

    _now: int = field(default_factory=time.time_ns)
    _shapes: dict[Any, _Shape | None] = field(default_factory=dict)
    _seen: dict[str, _Seen] = field(default_factory=dict)
    _commit: str | None = None

    def __post_init__(self) -> None:
        space, config = self.space, self.space.config
        # What a killed run left is to be looked at; whoever finds it so asks about every project.
        self._known: Mapping[str, Record] = {} if self.ledger.interrupted() else self.ledger.rests()
        self._hub = space.disk.trace(space.root, steps_to([config.agents.rstrip("/")], ()))
        kept = self.ledger.cards(self._hub.digest) if self._hub is not None else None
        self.cards = None if kept is None else calm.cards_read(kept)
        self._fresh = self.cards is None
        common = (_EDITION, __version__, SYSTEM, space.root, space.machine.home, config.agents, space.agents_folder)
        self._common = sha256(marshal.dumps((*common, msgspec.json.encode((config.defaults, config.models))), 0)).digest()

    def learn(self, agents: Sequence[HubAgent]) -> None:
        """These are the hub's agents now."""
        self.cards = tuple(hub.card_of(agent) for agent in agents)
        self._shapes.clear()

    def confirm(self, agents: Sequence[HubAgent]) -> None:
        """These were read after all. Where they changed since, what this run sees is not to be remembered."""
        if self.cards != tuple(hub.card_of(agent) for agent in agents):
            self.recording = False

    # ---- what is as it was ----

    def view(self, name: str, outcome: ProjectOutcome) -> ProjectView | None:
        """The project as it was found at rest, if it still is; else None."""
        record = self._known.get(name)
        if outcome.state != "ok" or outcome.root is None or (record is None and not self.recording):
            return None
        project = self.space.config.projects[name]
        shape = self._shape(name, project)
        if shape is None:
            return None
        root, disk = outcome.root, self.space.disk
        top = top_of(root)
        identity, head = disk.identity(root), git.checked_out(top) if top is not None and project.scope == "project" else None
        parts = (self._common, name, root, identity, top, head, shape.made, msgspec.json.encode(project))
        key = sha256(marshal.dumps(parts, 0)).digest()
        if (record is None or record.key != key) and not self.recording:
            return None
        trace = disk.trace(root, shape.steps)
        if trace is None:
            return None
        self._seen[name] = _Seen(shape, root, identity, head, key, trace)
        if record is None or record.key != key or record.walk != trace.digest or record.commits not in ("", self._hub_commit()):
            return None
        rest = calm.read(record.told)
        same = rest is not None and record.agents == self._agents(shape, wide=rest.wide)
        return ProjectView(outcome, rest=rest) if same else None

    def _shape(self, name: str, project: Project) -> _Shape | None:
        """How a project's copies are made, and where they lie; None where that cannot be told."""
        key = (project.scope, project.select, msgspec.json.encode(project.targets))
        if key not in self._shapes:
            try:
                self._shapes[key] = self._made(hub.targets_of(self.space.config, name))
            except FormatError:
                self._shapes[key] = None
        return self._shapes[key]

    def _made(self, targets: tuple[Target, ...]) -> _Shape:
        folders, files, recipes = set[str](), {LOCK_FILE}, []
        for target in targets:
            rules = self.space.formats.load(target.format)
            recipes.append((target.format, hub.recipe(target, rules, __version__)))
            for glob in (glob for w in rules.where if w.scope == target.scope and w.os in (None, SYSTEM) for glob in w.read):
                if is_plain(glob):
                    files.add(glob)
                else:
                    folders.add("/".join(fixed_folders(glob)))
        chosen = [card for card in self.cards or () if any(hub.takes(target, card) for target in targets)]
        return _Shape(targets, steps_to(folders, files), repr(recipes), _NARROW + _digest(chosen))

    def _agents(self, shape: _Shape, *, wide: bool) -> bytes:
        """A digest of the agents that count for a project."""
        return _WIDE + _digest(self.cards or ()) if wide else shape.agents

    def _hub_commit(self) -> str:
        """The hub's commit; a word that nothing equals where it is not known."""
        if self._commit is None:
            top = top_of(self.space.root)
            self._commit = (git.checked_out(top) if top is not None else None) or "unknown"
        return self._commit

    def stirred(self, views: Sequence[ProjectView], before: Sequence[HubAgent], after: Sequence[HubAgent]) -> list[str]:
        """The projects at rest that agents concern which are about to change."""
        changed = [hub.card_of(one) for old, new in zip(before, after, strict=True) if old.digest != new.digest for one in (old, new)]
        found: dict[int, bool] = {}
        names = []
        for view in views if changed else ():
            if view.rest is None:
                continue
            shape = self._seen[view.outcome.name].shape
            if id(shape) not in found:
                found[id(shape)] = any(hub.takes(target, card) for target in shape.targets for card in changed)
            if view.rest.wide or found[id(shape)]:
                names.append(view.outcome.name)
        return names

    # ---- what is to be remembered ----

    def keep(self, plan: Plan, awake: Iterable[str] = ()) -> None:
        """Remember which projects are at rest, after all else the run did. awake: those that are to be looked at again all the same.

        Nothing is remembered by a run that changed the hub: what it saw is not what it left.
        """
        if not self.recording or any(edit.touches and not edit.project for edit in plan.edits):
            return
        left = set(awake)
        new = [
            (seen.root, name, record) for name, rest in plan.rests.items()
            if name not in left and (seen := self._seen.get(name)) is not None and (record := self._record(seen, rest)) is not None
        ]
        agents = self._cards_to_keep() if self._fresh else None
        if new or agents is not None:
            self.ledger.rest(new, agents)

    def _cards_to_keep(self) -> tuple[bytes, str] | None:
        """The hub's agents as the ledger is to know them. A file that could not be read is tried again by every run."""
        if self._hub is None or self.cards is None or any(card.status == "unreadable" for card in self.cards):
            return None
        return (self._hub.digest, calm.cards_written(self.cards)) if self._hub.settled(self._now) and not _littered(self._hub) else None

    def _record(self, seen: _Seen, rest: AtRest) -> Record | None:
        if not seen.trace.settled(self._now) or _littered(seen.trace) or self.ledger.identity(seen.root) != seen.identity:
            return None
        if seen.head is not None and self.ledger.head(seen.root) != seen.head:
            return None
        commits = self._hub_commit() if rest.history else ""
        if commits == "unknown":
            return None
        return Record(seen.key, seen.trace.digest, self._agents(seen.shape, wide=rest.wide), commits, calm.written(rest))


def _digest(cards: Iterable[Card]) -> bytes:
    return sha256(marshal.dumps([(card.id, card.digest, card.status) for card in cards], 0)).digest()


def _littered(trace: Trace) -> bool:
    """Whether a temporary file of a killed run lies there, which a run is to clear away."""
    return any(is_temporary(name) for name in trace.names())


