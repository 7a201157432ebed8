"""Edits of agentsync.yaml that decide which agent goes where: selections, exclusions, options of targets.

Floor 4, pure: a text in, a text out, comments kept. Whoever calls checks the text before it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from agentsync.config import HubFile, Project, load_hub
from agentsync.containers.yaml_document import load_plain, set_keys, set_path, set_value
from agentsync.formats import Registry
from agentsync.hub import HubAgent, Target, options_of, selected, selects, targets_of
from agentsync.model import Value
from agentsync.snapshot import fold

Where = tuple[str, ...]
"""A path of keys in agentsync.yaml."""

SELECT: Final = "select"


def selections(config: HubFile) -> Iterator[tuple[Where, tuple[str, ...]]]:
    """Every list of ids, globs, tags and exclusions that stands in agentsync.yaml, with its place."""
    if config.defaults.select != type(config.defaults)().select:
        yield ("defaults", SELECT), config.defaults.select
    for name, project in config.projects.items():
        if project.select is not None:
            yield ("projects", name, SELECT), project.select
        if isinstance(project.targets, dict):
            for format_id, options in project.targets.items():
                if options is not None and options.select is not None:
                    yield ("projects", name, "targets", format_id, SELECT), options.select


def with_renamed(text: str, old: str, new: str, formats: Registry) -> str:
    """The text with an agent's id changed wherever it stands by itself, chosen or excluded. Globs stay as they are."""
    for where, words in selections(load_hub(text, formats=formats)):
        for number, word in enumerate(words):
            if word.removeprefix("!") == old:
                text = set_value(text, (*where, number), "!" * word.startswith("!") + new)
    return text


def named_in(config: HubFile, identity: str) -> list[str]:
    """The places in agentsync.yaml that name an agent by its id."""
    return [".".join(where) for where, words in selections(config) if identity in {word.removeprefix("!") for word in words}]


def selection_of(config: HubFile, name: str) -> tuple[str, ...]:
    """What a project selects, its own or the hub's default."""
    own = config.projects[name].select
    return config.defaults.select if own is None else own


def with_selection(text: str, formats: Registry, name: str, add: Sequence[str] = (), drop: Sequence[str] = ()) -> str:
    """The text with words added to a project's selection, and others taken out."""
    words = selection_of(load_hub(text, formats=formats), name)
    new = list(dict.fromkeys([*(word for word in words if word not in drop), *add]))
    return text if list(words) == new else set_path(text, ("projects", name, SELECT), new)


def with_excluded(text: str, formats: Registry, name: str, agent: HubAgent) -> str:
    """The text in which a project no longer selects an agent. Exclusions alone would mean all others, so none may be left alone."""
    words = selection_of(load_hub(text, formats=formats), name)
    left = [word for word in words if word != agent.id]
    if len(left) < len(words) and all(word.startswith("!") for word in left):
        left = []
    if selected(agent.id, agent.tags, left):
        left.append(f"!{agent.id}")
    return text if list(words) == left else set_path(text, ("projects", name, SELECT), left)


def with_forgotten(text: str, identity: str, formats: Registry) -> str:
    """The text without an id, wherever it stands by itself, chosen or excluded; what else is selected stays so."""
    for where, words in selections(load_hub(text, formats=formats)):
        left = [word for word in words if word.removeprefix("!") != identity]
        if len(left) < len(words):
            everything = not left and all(word.startswith("!") for word in words)
            text = set_path(text, where, ["*"] if everything else left)
    return text


def with_fork(text: str, formats: Registry, name: str, old: HubAgent, new: HubAgent) -> str:
    """The text in which one project has `new` where it had `old`, and no other project has it."""
    config = load_hub(text, formats=formats)
    for where, words in selections(config):
        if where[:2] == ("projects", name) and old.id in words:
            text = set_value(text, (*where, words.index(old.id)), new.id)
    if not any(selects(target, new) for target in targets_of(load_hub(text, formats=formats), name)):
        text = with_selection(text, formats, name, [new.id])
    text = with_excluded(text, formats, name, old)
    for other in takers(load_hub(text, formats=formats), new):
        if other != name:
            text = with_excluded(text, formats, other, new)
    return text


def with_option(text: str, formats: Registry, name: str, target: str, option: str, value: Value) -> str:
    """The text with one option of a target; targets that are a list, or the hub's default, become a map first."""
    return with_options(text, formats, {(name, target): {option: value}})


def with_options(text: str, formats: Registry, options: Mapping[tuple[str, str], Mapping[str, Value]]) -> str:
    """The text with options of many targets, by project and format: taken apart once, not for each."""
    config, projects = load_hub(text, formats=formats), load_plain(text)
    stated: Any = projects.get("projects") if isinstance(projects, dict) else None
    changed: dict[str, dict[str, Any]] = {}
    for (name, target), values in options.items():
        entry = changed.setdefault(name, dict(stated[name]))
        targets = entry.get("targets")
        known = dict(targets) if isinstance(targets, dict) else {one: {} for one in options_of(config, config.projects[name])}
        entry["targets"] = {**known, target: {**(known.get(target) or {}), **values}}
    return set_keys(text, ("projects",), changed) if changed else text


# ---- adopted agents -----------------------------------------------------------------------------------------------

Wanted = Mapping[str, frozenset[str]]
"""Agent id to the formats in which a project has copies of it."""


def registered(entry: Mapping[str, Value], wanted: Wanted, agents: Mapping[str, HubAgent]) -> Value:
    """A new project as agentsync.yaml is to hold it: it selects just these agents, each at just the targets that hold them."""
    formats = list(dict.fromkeys(format_id for held in wanted.values() for format_id in sorted(held)))
    narrow = {format_id: _narrowed(format_id, wanted, agents) for format_id in formats}
    targets: Value = list(formats)
    if any(narrow.values()):
        targets = {format_id: {SELECT: words} if (words := narrow[format_id]) else {} for format_id in formats}
    return {**entry, "targets": targets, SELECT: sorted(wanted)}


def _narrowed(format_id: str, wanted: Wanted, agents: Mapping[str, HubAgent]) -> list[str]:
    """What a target must say so that it holds no agent which the project has in other formats alone; the shorter way of two."""
    held = [identity for identity in sorted(wanted) if format_id in wanted[identity]]
    absent = [identity for identity in sorted(wanted) if format_id not in wanted[identity] and _goes(agents[identity], format_id)]
    return [f"!{identity}" for identity in absent] if len(absent) <= len(held) else held


def _goes(agent: HubAgent, format_id: str) -> bool:
    own = agent.agent.words("targets") if agent.agent is not None else None
    return own is None or format_id in own


def with_adopted(
    text: str, formats: Registry, name: str, wanted: Wanted, agents: Mapping[str, HubAgent], home: frozenset[str] = frozenset()
) -> str:
    """The text with more agents for a project that is there: selected, at the targets that hold them and at no others.

    home: targets whose folder is the hub's own, which holds every agent anyway.
    """
    known = options_of(load_hub(text, formats=formats), load_hub(text, formats=formats).projects[name])
    fresh = sorted({format_id for held in wanted.values() for format_id in held} - known.keys())
    for format_id in fresh:
        text = with_option(text, formats, name, format_id, SELECT, sorted(identity for identity in wanted if format_id in wanted[identity]))
    for identity in sorted(wanted):
        agent = agents[identity]
        targets = {target.format: target for target in targets_of(load_hub(text, formats=formats), name)}
        if not any(selects(replace(target, narrow=None), agent) for target in targets.values()):
            text = with_selection(text, formats, name, [identity], [f"!{identity}"])
        for format_id, target in targets.items():
            if format_id in fresh or format_id in home:
                continue
            text = _placed(text, formats, name, target, agent, here=format_id in wanted[identity])
    return text


def _placed(text: str, formats: Registry, name: str, target: Target, agent: HubAgent, *, here: bool) -> str:
    """The text in which a target takes an agent, or does not."""
    target = next(t for t in targets_of(load_hub(text, formats=formats), name) if t.format == target.format)
    if selects(target, agent) == here or not _goes(agent, target.format):
        return text
    narrow = list(target.narrow or ())
    words = [*(word for word in narrow if word != f"!{agent.id}"), agent.id] if here else [*(w for w in narrow if w != agent.id), f"!{agent.id}"]
    return with_option(text, formats, name, target.format, SELECT, words)


def without_clashes(text: str, formats: Registry, fresh: Mapping[str, frozenset[str]], agents: Sequence[HubAgent]) -> str:
    """The text in which no project gets a new agent beside another of its name. fresh: new id to the projects that keep it."""
    called: dict[str, list[HubAgent]] = {}
    for agent in agents:
        called.setdefault(fold(agent.name), []).append(agent)
    for alike in called.values():
        for agent in alike if len(alike) > 1 else ():
            if agent.id in fresh:
                text = _apart(text, formats, agent, fresh, [other for other in alike if other is not agent])
    return text


def _apart(text: str, formats: Registry, agent: HubAgent, fresh: Mapping[str, frozenset[str]], others: Sequence[HubAgent]) -> str:
    """The text in which a new agent goes nowhere where another of its name goes: it stays with its keepers, and the other elsewhere."""
    config = load_hub(text, formats=formats)
    for name in config.projects:
        targets = targets_of(config, name)
        rivals = [other for other in others if any(selects(target, other) and selects(target, agent) for target in targets)]
        if not rivals:
            continue
        keeps = name in fresh[agent.id]
        for one in [rival for rival in rivals if name not in fresh.get(rival.id, frozenset())] if keeps else [agent]:
            text = with_excluded(text, formats, name, one)
    return text


def open_to(config: HubFile, name: str, agents: Sequence[HubAgent]) -> list[HubAgent]:
    """Those of some agents that a project selects at some target. A project that names its agents one by one is quickly asked."""
    words = selection_of(config, name)
    plain = not any(word.startswith(("!", "tag:")) or any(sign in word for sign in "*?[") for word in words)
    chosen = [agent for agent in agents if agent.id in words] if plain else agents
    targets = targets_of(config, name) if chosen else ()
    return [agent for agent in chosen if any(selects(target, agent) for target in targets)]


def takers(config: HubFile, agent: HubAgent) -> list[str]:
    """The projects that select an agent at some target."""
    return [name for name in config.projects if any(selects(target, agent) for target in targets_of(config, name))]


def stated(project: Project) -> dict[str, Value]:
    """Where a new project lies, as agentsync.yaml is to hold it."""
    found: dict[str, Value] = {"path": project.path}
    return found if project.scope == "project" else {**found, "scope": project.scope}
