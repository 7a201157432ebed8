"""The sense of a project's targets: formats that exist, folders that nobody shares, and folders read in place of a copy (`via`).

Floor 4, pure. What two clients do with one folder is asked of their formats' data, never of their names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Protocol

from agentsync.formats import FormatError, Registry
from agentsync.formats.folders import also_reads, keeps_limits, shared_folder
from agentsync.formats.rules import Format
from agentsync.formats.source import Flaw, KeyPath
from agentsync.model import HUB_FORMAT, AgentsyncError
from agentsync.report import near


class Options(Protocol):
    """What a target's options must say here; `agentsync.config` has them all."""

    @property
    def select(self) -> tuple[str, ...] | None: ...
    @property
    def allow_widening(self) -> bool: ...
    @property
    def on_refused(self) -> str: ...
    @property
    def via(self) -> str | None: ...


Targets = Sequence[str] | Mapping[str, Options | None]


def target_flaws(at: KeyPath, targets: Sequence[str] | Mapping[str, Any], formats: Registry) -> list[Flaw]:
    """Formats that do not exist, or that nobody's folder holds."""
    known = [name for name in formats.ids() if name != HUB_FORMAT]
    flaws = []
    for target in targets:
        if target in known:
            continue
        nearest = near(target, known)
        mend = f"did you mean `{nearest}`?" if nearest else "agentsync formats"
        what = f"{'.'.join(map(str, at))}: no such format ({target}), known are {', '.join(known)}"
        flaws.append(Flaw("value", what, _at(at, targets, target), mend, on_key=isinstance(targets, Mapping)))
    return flaws


def duties(at: KeyPath, targets: Targets, scope: str, formats: Registry) -> list[Flaw]:
    """What targets of one project are to one another: those that would write one folder, and those that lean on another's."""
    options = {name: targets[name] for name in targets} if isinstance(targets, Mapping) else dict.fromkeys(targets)
    via = {name: own.via for name, own in options.items() if own is not None and own.via is not None}
    if len(options) < 2 and not via:
        return []
    rules = {name: found for name in options if (found := _loaded(name, formats)) is not None}
    flaws = [flaw for name, other in via.items() if (flaw := _via_flaw(at, name, other, options, rules, scope)) is not None]
    for first, second in combinations((name for name in rules if name not in via), 2):
        folder = shared_folder(rules[first], rules[second], scope)
        if folder is not None:
            what = f"{'.'.join(map(str, at))}: {first} and {second} write the same folder ({folder}), at most one of them can be a target"
            flaws.append(Flaw("value", what, _at(at, targets, second), _instead(rules, first, second, scope), on_key=isinstance(targets, Mapping)))
    return flaws


def refuse_together(targets: Sequence[str], scope: str, formats: Registry) -> None:
    """AgentsyncError where formats that a user named cannot all be targets of one project."""
    for flaw in duties(("--to",), targets, scope, formats):
        raise AgentsyncError(flaw.message, hint=flaw.hint)


def _instead(rules: Mapping[str, Format], first: str, second: str, scope: str) -> str:
    """The way out of a folder that two formats share."""
    for reader, other in ((second, first), (first, second)):
        if keeps_limits(rules[reader], other, scope):
            return f"targets: {{{other}: {{}}, {reader}: {{via: {other}}}}}"
    return f"leave out {second}"


def _via_flaw(
    at: KeyPath, name: str, other: str, options: Mapping[str, Options | None], rules: Mapping[str, Format], scope: str
) -> Flaw | None:
    own, via = options[name], options.get(other)
    dotted = ".".join(map(str, (*at, name)))
    where = (*at, name, "via")
    if other not in options or other == name:
        others = ", ".join(one for one in options if one != name) or "none"
        return Flaw("value", f"{dotted}.via: the project has no such other target ({other}), it has {others}", where, _kept_by(rules, name, scope))
    if via is not None and via.via is not None:
        return Flaw("value", f"{dotted}.via: no copies are written for {other} itself, it goes by those of {via.via}", where, f"via: {via.via}")
    if own is not None and (own.select is not None or own.allow_widening or own.on_refused != "ask"):
        what = f"{dotted}: nothing is written for a target that goes by the copies of {other}, so `via` stands alone"
        return Flaw("value", what, (*at, name), f"{name}: {{via: {other}}}", on_key=True)
    # A format that cannot be used is told where it is used; its data says nothing here.
    if name not in rules or keeps_limits(rules[name], other, scope):
        return None
    reason = f"{rules[name].title} does not load the agents of {other}"
    if (found := also_reads(rules[name], other, scope)) is not None:
        kept = "is not known to keep" if found.rights == "unknown" else "does not keep"
        reason = f"{rules[name].title} loads the agents of {other} but {kept} the limits that stand there"
    return Flaw("value", f"{dotted}.via: not allowed ({other}), {reason}", where, _kept_by(rules, name, scope))


def _kept_by(rules: Mapping[str, Format], name: str, scope: str) -> str:
    """Which folders a format may lean on."""
    found = [also.format for also in rules[name].also_reads if keeps_limits(rules[name], also.format, scope)] if name in rules else []
    return f"{name} can go by the copies of {', '.join(found)}" if found else f"leave `via` out: {name} needs copies of its own"


def _loaded(name: str, formats: Registry) -> Format | None:
    try:
        return formats.load(name)
    except FormatError:
        return None


def _at(at: KeyPath, targets: Sequence[str] | Mapping[str, Any], name: str) -> KeyPath:
    return (*at, name if isinstance(targets, Mapping) else list(targets).index(name))
