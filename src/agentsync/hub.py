"""The hub as values: its agents and their ids, who is selected where, what a project's targets are, models by format.

Floor 4, pure. Whoever reads the files (`agentsync.sync`) hands texts in.
"""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import msgspec

from agentsync import codec
from agentsync.config import HubFile, Project, TargetOptions
from agentsync.formats.rules import Format
from agentsync.model import Agent, Document, Problem
from agentsync.report import near

SUFFIX: Final = ".md"
ALL: Final = ("*",)
"""The selection that takes every agent, and the usual one."""


@dataclass(frozen=True, slots=True)
class HubAgent:
    """A file below the hub's agents folder.

    status: `read`; `skipped` (no agent: a README, a file without a head); `unreadable` (empty, refused, or a broken file).
    digest: of the file's bytes. problems: why it is unreadable, or what reading it found.
    """

    id: str
    path: str
    text: str
    digest: str
    status: Literal["read", "skipped", "unreadable"]
    agent: Agent | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def name(self) -> str:
        """The agent's name; its id where it cannot be read."""
        return self.agent.name if self.agent is not None else self.id

    @property
    def tags(self) -> tuple[str, ...]:
        """The agent's tags."""
        return (self.agent.words("tags") or ()) if self.agent is not None else ()


@dataclass(frozen=True, slots=True)
class Card:
    """What of an agent decides where it goes, and what tells its versions apart. targets: its own, None where it names none."""

    id: str
    digest: str
    status: str
    tags: tuple[str, ...]
    targets: tuple[str, ...] | None


def card_of(agent: HubAgent) -> Card:
    """An agent's card."""
    own = agent.agent.words("targets") if agent.agent is not None else None
    return Card(agent.id, agent.digest, agent.status, tuple(agent.tags), None if own is None else tuple(own))


@dataclass(frozen=True, slots=True)
class Target:
    """One format in one project, with everything decided that decides what is written there."""

    project: str
    format: str
    scope: str
    select: tuple[str, ...]
    narrow: tuple[str, ...] | None
    allow_widening: bool
    skip_refused: bool
    models: Mapping[str, str]
    via: str | None = None
    """The target whose copies its client loads: none are written for this one."""

    @property
    def shown(self) -> str:
        """The target as people see it."""
        return self.format if self.scope == "project" else f"{self.format} ({self.scope})"


def agent_id(path: str, folder: str) -> str | None:
    """The id of a file below the agents folder, or None for a file that is none.

    >>> agent_id("agents/shop/reviewer.md", "agents"), agent_id("agents/notes.txt", "agents")
    ('shop/reviewer', None)
    """
    inside = path.removeprefix(f"{folder}/")
    return inside.removesuffix(SUFFIX) if inside != path and inside.endswith(SUFFIX) and inside != SUFFIX else None


def digest_of(data: bytes) -> str:
    """What a file's bytes are known by."""
    return hashlib.sha256(data).hexdigest()


def read_agent(path: str, folder: str, data: bytes, rules: Format) -> HubAgent | None:
    """A file of the hub taken in; None where its name says that it is no agent. `rules` is the hub's own format."""
    identity = agent_id(path, folder)
    if identity is None:
        return None
    text = data.decode("utf-8", "surrogateescape")
    digest = digest_of(data)
    if not text.strip():
        empty = Problem("empty", "the file is empty", path=path, hint=f"git restore {path}")
        return HubAgent(identity, path, text, digest, "unreadable", None, (empty,))
    readings = codec.read(Document(path, text), rules)
    reading = readings[0] if readings else None
    problems = tuple(problem.at(path) for problem in reading.problems) if reading else ()
    if reading is None or (reading.status == "skipped" and _is_prose(text)):
        return HubAgent(identity, path, text, digest, "skipped", None, problems)
    if reading.status != "read" or reading.agent is None:
        why = (reading.why or Problem("unreadable", "the file is no agent")).at(path)
        # To its assistant this may be a file to pass over in silence; in the hub it is an agent that its author misses.
        problems = (replace(why, severity="error"), *(problem for problem in problems if problem != why))
        return HubAgent(identity, path, text, digest, "unreadable", None, problems)
    return HubAgent(identity, path, text, digest, "read", reading.agent, problems)


def _is_prose(text: str) -> bool:
    """Whether a file has no head at all: a README, notes. With one it means to be an agent, and its failing is to be told."""
    return not text.removeprefix("\ufeff").lstrip("\r\n").startswith("---")


# ---- selection ----------------------------------------------------------------------------------------------------


def matches(identity: str, tags: Iterable[str], pattern: str) -> bool:
    """Whether one pattern (an id, a glob, `tag:NAME`) names an agent. A glob without `/` also fits the last part of an id.

    >>> matches("shop/reviewer", ["open"], "shop/*"), matches("shop/x-1", [], "x-*"), matches("a", ["open"], "tag:o*")
    (True, True, True)
    """
    if pattern.startswith("tag:"):
        return any(fnmatch.fnmatchcase(tag, pattern[4:]) for tag in tags)
    if fnmatch.fnmatchcase(identity, pattern):
        return True
    return "/" not in pattern and _is_glob(pattern) and fnmatch.fnmatchcase(identity.rpartition("/")[2], pattern)


def selected(identity: str, tags: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether a selection takes an agent: any pattern fits, and no exclusion does. Exclusions alone leave out of all.

    >>> selected("a", [], ["*", "!b"]), selected("b", [], ["!b"]), selected("c", [], ["!b"]), selected("c", [], [])
    (True, False, True, False)
    """
    if patterns == ALL:
        return True
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    if any(matches(identity, tags, pattern[1:]) for pattern in patterns if pattern.startswith("!")):
        return False
    return any(matches(identity, tags, pattern) for pattern in wanted) or (bool(patterns) and not wanted)


def selects(target: Target, agent: HubAgent) -> bool:
    """Whether a target is to hold an agent: the project's selection, the target's, and the agent's own `targets` all say so."""
    return agent.agent is not None and _takes(target, agent.id, agent.tags, agent.agent.words("targets"))


def takes(target: Target, card: Card) -> bool:
    """The same, by an agent's card."""
    return card.status == "read" and _takes(target, card.id, card.tags, card.targets)


def _takes(target: Target, identity: str, tags: Sequence[str], own: Sequence[str] | None) -> bool:
    if target.via is not None or (own is not None and target.format not in own):
        return False
    if target.narrow is not None and not selected(identity, tags, target.narrow):
        return False
    return target.select == ALL or selected(identity, tags, target.select)


def unknown_patterns(patterns: Iterable[str], agents: Sequence[HubAgent | Card]) -> list[tuple[str, str | None]]:
    """Ids in a selection that name nothing, each with the nearest that is there. Globs may match nothing today."""
    ids = [agent.id for agent in agents]
    tags = {tag for agent in agents for tag in agent.tags}
    found: list[tuple[str, str | None]] = []
    for pattern in patterns:
        bare = pattern.removeprefix("!")
        if _is_glob(bare):
            continue
        if bare.startswith("tag:"):
            if bare[4:] not in tags:
                nearest = near(bare[4:], tags)
                found.append((pattern, nearest and f"tag:{nearest}"))
        elif bare not in ids:
            found.append((pattern, near(bare, ids)))
    return found


def _is_glob(pattern: str) -> bool:
    return any(sign in pattern for sign in "*?[")


# ---- targets ------------------------------------------------------------------------------------------------------


def options_of(config: HubFile, project: Project) -> dict[str, TargetOptions]:
    """A project's formats and what is special about each."""
    targets = config.defaults.targets if project.targets is None else project.targets
    if isinstance(targets, dict):
        return {name: options or TargetOptions() for name, options in targets.items()}
    return {name: TargetOptions() for name in targets}


def targets_of(config: HubFile, name: str) -> tuple[Target, ...]:
    """The targets of a project of the hub."""
    project = config.projects[name]
    select = config.defaults.select if project.select is None else project.select
    return tuple(
        Target(
            name, format_id, project.scope, select, options.select, options.allow_widening, options.on_refused == "skip",
            models_for(config, format_id), options.via,
        )
        for format_id, options in options_of(config, project).items()
    )


def selections_of(config: HubFile, name: str) -> tuple[tuple[str, ...], ...]:
    """The patterns by which a project and its targets choose agents."""
    project = config.projects[name]
    targets = config.defaults.targets if project.targets is None else project.targets
    own = config.defaults.select if project.select is None else project.select
    narrowed = (options.select for options in targets.values() if options is not None and options.select) if isinstance(targets, dict) else ()
    return ((*own,) if targets else (), *narrowed)


def via_of(config: HubFile, project: Project) -> dict[str, str]:
    """The project's targets that go by the copies of another one, each with that other."""
    if not isinstance(project.targets, dict):
        return {}
    return {name: options.via for name, options in options_of(config, project).items() if options.via is not None}


def targets_shown(config: HubFile, project: Project) -> str:
    """A project's targets as people see them.

    >>> targets_shown(HubFile(1), Project(targets={"claude-code": None, "copilot": TargetOptions(via="claude-code")}))
    'claude-code, copilot (via claude-code)'
    """
    via = via_of(config, project)
    return ", ".join(f"{name} (via {via[name]})" if name in via else name for name in options_of(config, project))


def models_for(config: HubFile, format_id: str) -> dict[str, str]:
    """What each neutral model means in a format, as far as the hub says."""
    return {model: names[format_id] for model, names in config.models.items() if format_id in names}


def allowed(target: Target, agent: HubAgent) -> bool:
    """Whether an agent may gain rights at a target."""
    own = agent.agent.words("allow_widening") if agent.agent is not None else None
    return target.allow_widening or target.format in (own or ())


def recipe(target: Target, rules: Format, version: str) -> str:
    """A digest of everything but the agent that decides what a target's copies say.

    A copy made from the same hub text by the same recipe needs no look. A new release is a new recipe: copies are compared once.
    """
    parts = [version, target.scope, target.allow_widening, sorted(target.models.items()), rules]
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()[:32]
