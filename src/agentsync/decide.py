"""Deciding refusals once: what is refused today, and the edits of the hub that settle it.

Floor 6. `allow` lets agents be written with more rights than they have, `skip` leaves them out; either stands in the hub, for
everybody, and is printed as it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agentsync import codec
from agentsync.config import HUB_FILE
from agentsync.copies import Copy
from agentsync.disk import encode
from agentsync.edits import CLASHES
from agentsync.formats import load
from agentsync.hub import HubAgent, options_of
from agentsync.model import HUB_FORMAT, Agent, AgentsyncError, Document, Value
from agentsync.plan import plan_push
from agentsync.readers import READ_WIDER
from agentsync.report import count, some_of
from agentsync.selection import with_options
from agentsync.snapshot import Wishes
from agentsync.survey import look
from agentsync.sync import at_work
from agentsync.workspace import Workspace, enabled, save_hub, shown


@dataclass(frozen=True, slots=True)
class Decision:
    """One line that was written into the hub: in which file, what, and how many refusals it settles."""

    path: str
    line: str
    settles: int


def refusals(space: Workspace, agents: Sequence[str], formats: Sequence[str]) -> tuple[Copy, ...]:
    """The undecided refusals in the projects enabled here, for these agents and formats."""
    names = [name for name in space.config.projects if enabled(space, name)]
    with at_work(space, "decide", read_only=True) as (ledger, _):
        plan = plan_push(look(space, ledger, names).snapshot, Wishes(tuple(agents), tuple(formats)))
    return tuple(copy for copy in plan.copies if copy.state == "refused" and not copy.decided and copy.why is not None)


def of_rights(copy: Copy) -> bool:
    """Whether an agent was refused because it would gain rights, there or in another client: the reasons that can be allowed away."""
    return copy.why is not None and copy.why.code in ("rights-refused", READ_WIDER)


def of_one(copy: Copy) -> bool:
    """Whether a refusal is the agent's own, not that of two in one place."""
    return copy.why is not None and copy.why.code not in CLASHES


def decide_targets(space: Workspace, refused: Sequence[Copy], option: str, value: Value) -> list[Decision]:
    """Settle refusals for whole targets: an option of each, in agentsync.yaml."""
    found = _by_target(refused)
    save_hub(space, with_options(space.text, space.formats, {place: {option: value} for place in found}))
    return _decisions(space, ((place, f"{option}: {_word(value)}", len(settled)) for place, settled in found.items()))


def leave_out(space: Workspace, refused: Sequence[Copy]) -> list[Decision]:
    """Settle refusals of single agents: exclusions in the target's own selection, in agentsync.yaml."""
    found = _by_target(refused)
    selections: dict[tuple[str, str], dict[str, Value]] = {}
    for (project, target), settled in found.items():
        options = options_of(space.config, space.config.projects[project])[target]
        select = [*(options.select or ()), *(f"!{copy.agent}" for copy in settled)]
        selections[project, target] = {"select": list(dict.fromkeys(select))}
    save_hub(space, with_options(space.text, space.formats, selections))
    lines = ((place, f"select: {', '.join(f'!{copy.agent}' for copy in settled)}", len(settled)) for place, settled in found.items())
    return _decisions(space, lines)


def _decisions(space: Workspace, lines: Iterable[tuple[tuple[str, str], str, int]]) -> list[Decision]:
    """What was written for targets; the same in several projects is one decision."""
    alike: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for (project, target), words, settled in lines:
        alike.setdefault((target, words), []).append((project, settled))
    path = shown(space.root, HUB_FILE)
    return [
        Decision(path, f"projects.{found[0][0]}.targets.{target}.{words}" if len(found) == 1
                 else f"targets.{target}.{words} in {count(len(found), 'project')} ({some_of([project for project, _ in found])})",
                 sum(settled for _, settled in found))
        for (target, words), found in alike.items()
    ]


def allow_agents(space: Workspace, agents: Mapping[str, HubAgent], refused: Sequence[Copy]) -> list[Decision]:
    """Settle refusals of single agents: the formats in `agentsync: allow_widening:` of each agent's own file."""
    formats: dict[str, list[str]] = {}
    for copy in refused:
        formats.setdefault(copy.agent, []).append(copy.target)
    done = []
    for identity, targets in formats.items():
        found = agents[identity]
        assert found.agent is not None  # noqa: S101 - what cannot be read is not refused but unreadable
        words = list(dict.fromkeys([*(found.agent.words("allow_widening") or ()), *targets]))
        own: dict[str, Value] = {**found.agent.extra.get(HUB_FORMAT, {}), "allow_widening": words}
        agent: Agent = replace(found.agent, extra={**found.agent.extra, HUB_FORMAT: own})
        rendering = codec.write(agent, load(HUB_FORMAT), old=Document(found.path, found.text))
        if rendering.refused:
            raise AgentsyncError(rendering.problems[0])
        space.disk.write(space.root, found.path, encode(rendering.documents[0].text), expected=encode(found.text))
        done.append(Decision(shown(space.root, found.path), f"agentsync.allow_widening: [{', '.join(words)}]", len(targets)))
    return done


def _by_target(refused: Sequence[Copy]) -> dict[tuple[str, str], list[Copy]]:
    found: dict[tuple[str, str], list[Copy]] = {}
    for copy in refused:
        found.setdefault((copy.project, copy.target), []).append(copy)
    return found


def _word(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
