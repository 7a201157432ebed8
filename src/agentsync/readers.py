"""Who else loads a copy: another target of the same project, whose client looks into this folder too (promise 7 counts it).

Floor 4, pure. A copy is refused where such a reader would give its agent rights that it does not have, unless the reader has an
agent of its own under that name, which it then takes. A client that is no target of the project is not asked here.

The reader is judged as its format's data has it: it keeps the limits that stand in the other's files (`enforced`), or it does
not, or nobody knows, which is read as `does not`; or it takes the files for its own, and then its own rules say what they mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from agentsync import codec
from agentsync.formats.folders import also_reads, keeps_limits, places_written, reads
from agentsync.formats.rules import AlsoReads
from agentsync.hub import HubAgent, allowed
from agentsync.model import Problem, Reading, Rendering, Rights, ordered
from agentsync.rights import ATOMS, EVERYTHING, capability, compare, containers_of, spell
from agentsync.snapshot import Item, Place, ProjectView, fold, render

READ_WIDER: Final = "read-wider"
"""The code of a refusal: another target would give the agent more than it has."""

Writes: TypeAlias = Callable[[Item], bool]
"""Whether a run would write a copy that is not there yet."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """A target whose copies another one loads. also: what the data says of it; None where the reader takes them for its own."""

    writer: Place
    reader: Place
    also: AlsoReads | None


def heard(
    view: ProjectView, items: Sequence[Item], agents: Sequence[HubAgent], writes: Writes
) -> tuple[list[Item], tuple[Problem, ...]]:
    """The items, those refused that another target would load with more rights; and what is to be said of the others."""
    pairs = tuple(_pairs(view.places))
    if not pairs:
        return list(items), ()
    names = {place.target.format: frozenset(fold(agent.name) for agent in agents) for place in view.places if place.home}
    refused: dict[int, Problem] = {}
    while True:
        own = {**_own_names(items, refused, writes), **names}
        new = {
            number: problem for number, item in enumerate(items)
            if number not in refused and (problem := _problem(item, pairs, own)) is not None
        }
        if not new:
            break
        # A copy that is refused no longer stands before another one of its name: what that one means there is asked again.
        refused |= new
    kept = [_refused(item, refused[number]) if number in refused else item for number, item in enumerate(items)]
    return kept, tuple(_twice(pairs, kept))


def overhears(places: Sequence[Place]) -> bool:
    """Whether any of these targets loads the copies of another one."""
    return any(_pairs(places))


def _pairs(places: Sequence[Place]) -> Iterator[_Pair]:
    for writer in places:
        scope = writer.target.scope
        for reader in places:
            if reader is writer or writer.home:
                continue
            also = also_reads(reader.rules, writer.target.format, scope)
            if also is not None or any(reads(reader.rules, path, scope) for path in places_written(writer.rules, scope)):
                yield _Pair(writer, reader, also)


def _own_names(items: Sequence[Item], refused: Mapping[int, Problem], writes: Writes) -> dict[str, frozenset[str]]:
    """Format to the names, folded, that its client finds in its own folder after this run."""
    new: Counter[tuple[str, str]] = Counter()
    found: dict[str, set[str]] = {}
    for number, item in enumerate(items):
        name = _standing_name(item)
        if name is not None:
            found.setdefault(item.place.target.format, set()).add(name)
        elif number not in refused and _is_new(item) and writes(item):
            new[item.place.target.format, fold(item.native)] += 1
    for (format_id, name), times in new.items():
        if times == 1:  # two agents of one name are refused both
            found.setdefault(format_id, set()).add(name)
    return {format_id: frozenset(names) for format_id, names in found.items()}


def _is_new(item: Item) -> bool:
    """Whether there is no copy yet, and could be one: what was deleted there stays so."""
    return item.standing is None and item.row is None and item.wanted is not None and not item.wanted.refused


def _standing_name(item: Item) -> str | None:
    """The name of the agent that stands at an item's place already, or None."""
    if item.standing is None or item.standing.found.trouble is not None:
        return None
    if item.wanted is None:
        return fold(item.native)
    return None if item.standing.says is None else fold(item.standing.says.name)


def _problem(item: Item, pairs: Sequence[_Pair], own: Mapping[str, frozenset[str]]) -> Problem | None:
    """Why a copy may not stand where it would: the first reader that would give its agent more than it has."""
    if item.wanted is not None and item.wanted.refused:
        return None
    for pair in pairs:
        if pair.writer is not item.place or allowed(item.place.target, item.agent) or allowed(pair.reader.target, item.agent):
            continue
        wins = pair.also is not None and pair.also.precedence == "own"
        if wins and fold(item.native) in own.get(pair.reader.target.format, ()):
            continue
        reason = _reason(item, pair)
        if reason is not None:
            return _wider(pair, reason)
    return None


def _reason(item: Item, pair: _Pair) -> str | None:
    """In which way the reader would give the agent more than it has; None where it would not."""
    assert item.agent.agent is not None  # noqa: S101 - only agents that could be read are selected
    rights = item.agent.agent.rights
    if pair.also is not None:
        if pair.also.rights == "enforced" or not compare(rights, Rights()).widened:
            return None
        return "holds no agent to the limits that stand there" if pair.also.rights == "ignored" else (
            "is not known to hold agents to the limits that stand there"
        )
    gained = ordered(
        capability(grant) if grant in ATOMS else grant
        for reading in _as_own(item, pair) for grant in compare(rights, _given(reading)).widened
    )
    words = {"tool:*": "tools no list names", "mcp:*": "every MCP tool"}
    return f"takes what it finds there for its own, with more rights ({spell(words.get(g, g) for g in gained)})" if gained else None


def _as_own(item: Item, pair: _Pair) -> Iterator[Reading]:
    """The readings of a copy by a client that takes it for its own file; only those that start an agent."""
    rendering = item.wanted or render(item.place, item.agent)
    for document in rendering.documents[:1]:
        for reading in codec.read(document, pair.reader.rules):
            if reading.agent is not None and reading.status in ("read", "degraded"):
                yield reading


def _given(reading: Reading) -> Rights:
    """The rights that a client gives: what the file says, and what it does not keep of that."""
    assert reading.agent is not None  # noqa: S101 - the caller asked
    rights = reading.agent.rights
    given = tuple(entry.partition("|")[2] for entry in rights.unenforced)
    if reading.status == "degraded" or EVERYTHING in given:
        return Rights()
    if not given:
        return rights
    opened = frozenset(wider for grant in given for wider in containers_of(grant))
    allow = None if rights.allow is None else ordered([*rights.allow, *given])
    return replace(rights, allow=allow, deny=tuple(grant for grant in rights.deny if grant not in opened))


def _wider(pair: _Pair, reason: str) -> Problem:
    """Names both targets, and the ways out."""
    writer, reader = pair.writer.target, pair.reader.target
    folder = places_written(pair.writer.rules, writer.scope)[0].partition("/{slug}")[0]
    what = f"{pair.reader.rules.title} ({reader.format}), also a target of this project, loads {folder} and {reason}"
    kept = [also.format for also in pair.writer.rules.also_reads if keeps_limits(pair.writer.rules, also.format, writer.scope)]
    ways = [
        f"agentsync allow --refused --for {writer.format}",
        f"take {reader.format} or {writer.format} out of the targets",
        *(f"{writer.format}: {{via: {other}}}" for other in kept[:1]),
    ]
    hint = f"agentsync skip --refused --for {writer.format}  (or: {'; '.join(ways)})"
    return Problem(READ_WIDER, what, hint=hint, severity="warning")


def _refused(item: Item, problem: Problem) -> Item:
    return replace(item, wanted=Rendering(item.place.target.format, (), (), (problem,)))


def _twice(pairs: Sequence[_Pair], items: Sequence[Item]) -> Iterator[Problem]:
    """A note for each target whose client comes to load agents twice, from its own folder and from one whose limits it keeps.

    Only in the run that makes it so: nobody wants to be told again of what they left as it is.
    """
    for pair in pairs:
        if pair.also is None or pair.also.rights != "enforced":
            continue
        here = {item.agent.id for item in items if item.place is pair.writer and not (item.wanted and item.wanted.refused)}
        new = {item.agent.id for item in items if item.place is pair.reader and _is_new(item)}
        both = here & new
        if both:
            writer, reader = pair.writer.target, pair.reader.target
            agents = "1 agent" if len(both) == 1 else f"{len(both)} agents"
            what = f"{writer.project}: {pair.reader.rules.title} also loads the copies of {writer.format}, so it finds {agents} twice"
            hint = f"to write no second copy: projects.{writer.project}.targets.{reader.format}: {{via: {writer.format}}}"
            yield Problem("listed-twice", what, hint=hint, severity="note")
