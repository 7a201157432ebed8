"""`agentsync` alone: where am I, what is here, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentsync.commands.app import Session
from agentsync.commands.formats import columns
from agentsync.config import HUB_FILE, load_hub
from agentsync.disk import LocalDisk, decode
from agentsync.formats import Registry
from agentsync.formats.globs import fixed_folders
from agentsync.formats.rules import Format
from agentsync.model import HUB_FORMAT
from agentsync.report import Line, count, some_of, text_line
from agentsync.sources import Held, Reader, find
from agentsync.workspace import Machine, find_hub, formats_here, shown, user_file

_OF_NOBODY: Final = frozenset({".github", ".config"})
"""Folders that say nothing about which assistant is used."""


_ELSEWHERE: Final = "the hub that is used here"


@dataclass(frozen=True, slots=True)
class Seen:
    """The agents of one assistant in a folder: how many can be used, and in which files something is wrong."""

    rules: Format
    folder: str
    agents: int
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HubSeen:
    """The hub that commands would use here. why: how it was found. project: the project of it that this folder is, or lies in."""

    root: Path
    why: str
    agents: int
    projects: int
    project: str | None = None


def where_am_i(session: Session) -> int:
    """Print what there is about this folder, and the next command. It only looks; a hub that cannot be used is an error."""
    here = Path.cwd()
    known = formats_here(session.hub, str(here), default_hub=True)
    formats = known.usable()
    hub = the_hub(session.hub, here, known)
    seen = look_around(here, formats)
    present = [rules for rules in formats if rules.id not in {one.rules.id for one in seen} and _uses(here, rules)]
    session.terminal.print(lines(here, hub, seen, present))
    return 0


def the_hub(named: str | None, here: Path, known: Registry) -> HubSeen | None:
    """The hub that is meant in this folder, or None."""
    machine, disk = Machine.here(), LocalDisk()
    user, _ = user_file(machine, disk)
    found = find_hub(named, str(here), machine, user)
    if found is None:
        return None
    root = Path(found)
    config = load_hub(decode(disk.read(found, HUB_FILE).data), shown(found, HUB_FILE), known)
    agents = sum(1 for path in (root / config.agents).rglob("*.md") if path.is_file())
    around = (here.resolve(), *here.resolve().parents)
    inside = root in around
    enabled = next((hub.projects for hub in user.hubs.values() if hub.path == found), {})
    mine = {name: path for name, path in enabled.items() if name in config.projects and config.projects[name].scope == "project"}
    project = next((name for name, path in mine.items() if Path(path) in around), None)
    why = "this hub" if root == here.resolve() else "the hub around this folder" if inside else _ELSEWHERE
    if project is not None and not inside:
        why = f"the hub of this project ({project})"
    return HubSeen(root, why, agents, len(config.projects), project)


def look_around(here: Path, formats: Sequence[Format]) -> list[Seen]:
    """The agents that assistants would find in a folder."""
    reader = Reader(formats, LocalDisk())
    agents: dict[str, int] = {}
    wrong: dict[str, list[str]] = {}
    folders: dict[str, str] = {}
    for found in find(str(here), formats, None, LocalDisk(), lambda: b""):
        if found.format is None:
            break
        for item in reader.read(found):
            rules = found.format
            folders.setdefault(rules.id, found.place.path.rpartition("/")[0] or found.place.path)
            if isinstance(item, Held):
                agents[rules.id] = agents.get(rules.id, 0) + 1
            elif item.status != "skipped":
                wrong.setdefault(rules.id, []).append(found.place.path)
    by_id = {rules.id: rules for rules in formats}
    return [Seen(by_id[name], folder, agents.get(name, 0), tuple(wrong.get(name, ()))) for name, folder in folders.items()]


def _uses(here: Path, rules: Format) -> bool:
    """Whether there is a folder in which an assistant keeps things of its own."""
    tops = {steps[0] for where in rules.where if where.scope == "project" for glob in where.read if (steps := fixed_folders(glob))}
    return any(top.startswith(".") and top not in _OF_NOBODY and (here / top).is_dir() for top in tops)


def lines(here: Path, hub: HubSeen | None, seen: Sequence[Seen], present: Sequence[Format]) -> Iterator[Line]:
    """What is said of a folder."""
    if hub is None:
        yield (("strong", str(here)), ("", ": no hub here"))
    else:
        held = f"{count(hub.agents, 'agent')}, {count(hub.projects, 'project')}"
        yield (("strong", str(hub.root)), ("", f": {hub.why}, with {held}"))
    rows = [(one.rules.title, count(one.agents, "agent"), one.folder, _trouble(one)) for one in seen if one.agents or one.wrong]
    yield from columns(rows, styles=("name", "", "faint", "bad"), indent=2)
    if present:
        yield text_line(f"  also used here, without agents: {', '.join(rules.title for rules in present)}", "faint")
    if not rows and hub is None:
        yield text_line("  no agents of any assistant agentsync knows", "faint")
    yield ()
    yield from _next(hub, seen, present)


def _trouble(one: Seen) -> str:
    return f"{count(len(one.wrong), 'file')} it would not load ({some_of(one.wrong)})" if one.wrong else ""


def _next(hub: HubSeen | None, seen: Sequence[Seen], present: Sequence[Format]) -> Iterator[Line]:
    """The command to type now, and what it does."""
    used = [one for one in seen if one.agents]
    if hub is not None and hub.project is not None and hub.agents:
        yield from _commands(("agentsync status", "how hub and copies stand"), ("agentsync sync -n", "what a sync would change"))
    elif hub is not None and used and hub.why == _ELSEWHERE:
        yield from _commands(("agentsync adopt .", "take the agents here into the hub"), ("agentsync status", "how everything stands"))
    elif hub is not None and not hub.agents:
        yield from _commands(("agentsync new NAME", "begin an agent"))
    elif hub is not None and not hub.projects:
        yield from _commands(("agentsync list", "the agents of this hub"), ("agentsync project add PATH", "give them to a project"))
    elif hub is not None:
        yield from _commands(("agentsync list", "the agents of this hub"), ("agentsync push -n", "what a push to your projects would do"))
    elif used:
        others = [rules for rules in (*(one.rules for one in used[1:]), *present) if _takes(rules)]
        # One that can hold agents to their tools will refuse fewer of them.
        others.sort(key=lambda rules: rules.rights.style == "none")
        target, title = (others[0].id, others[0].title) if others else ("FORMAT", "another assistant")
        yield from _commands(
            (f"agentsync init --here --to {target}", f"keep these agents in {title} too, and in step"),
            (f"agentsync convert {used[0].folder} --to {target} --into .", "only write them once"),
            *(() if others else (("agentsync formats", "the assistants agentsync knows"),)),
        )
    else:
        yield from _commands(
            ("agentsync init DIR", "a hub: one home for your agents"),
            ("agentsync convert FILE --to FORMAT", "turn one agent into another format"),
            ("agentsync formats", "the assistants agentsync knows"),
        )


def _takes(rules: Format) -> bool:
    return rules.id != HUB_FORMAT and rules.direction != "read" and any(w.write and w.scope == "project" for w in rules.where)


def _commands(*commands: tuple[str, str]) -> Iterator[Line]:
    yield text_line("next:", "faint")
    yield from columns(commands, styles=("hint", "faint"), indent=2)
