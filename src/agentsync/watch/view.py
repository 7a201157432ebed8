"""What `agentsync watch` shows on a terminal: how things stand, what waits for somebody, and what happened last. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from agentsync.report import Line, count
from agentsync.watch.events import Event, shown

_RESTS: Final = ("ok", "not looked at yet")


def head(about: Mapping[str, Any], rows: int) -> list[Line]:
    """How the daemon stands, and what waits for somebody with the command that decides it. rows: how many lines that may take, about."""
    lines: list[Line] = [(("strong", "agentsync watch"), ("", f"  {about['hub']}"))]
    if about["paused"]:
        lines.append((("warn", f"paused: {about['paused']}"),))
    if about["settings"]:
        lines.append((("warn", f"settings: {about['settings']}; the last good ones stay in use"),))
    resting = [one["name"] for one in about["projects"] if one["state"] not in _RESTS]
    lines.append((
        ("", f"{count(len(about['projects']), 'project')}, {count(about['folders'], 'folder')}, {count(about['changes'], 'file')} written"),
        ("warn", f"; resting: {', '.join(resting)}" if resting else ""),
        ("faint", f"; not enabled here: {', '.join(about['not_enabled'])}" if about["not_enabled"] else ""),
    ))
    found = waiting(about["open"])
    room = max(1, (rows - len(lines)) // 2)
    for lead, hint in found[:room]:
        lines.append(lead)
        lines += [(("", "  "), ("hint", hint))] if hint else []
    if len(found) > room:
        lines.append((("warn", f"and {len(found) - room} more: "), ("hint", "agentsync status --all")))
    return lines


def waiting(found: Sequence[Mapping[str, Any]]) -> list[tuple[Line, str]]:
    """What waits for somebody, each once, whatever number of copies it is about, with the command that decides it."""
    where: dict[tuple[str, str, str, str], dict[str, None]] = {}
    for one in found:
        where.setdefault((one["state"], one["agent"], one["why"], one["hint"] or ""), {})[one["project"]] = None
    return [
        ((("warn", f"{state}: {agent} in {', '.join(projects)}: "), ("", why)), hint) for (state, agent, why, hint), projects in where.items()
    ]


def told(event: Event, clock: str) -> Line:
    """An event as a line among others."""
    when, (style, kind), text = shown(event, clock)
    return when, (style, f"{kind:<8}"), text
