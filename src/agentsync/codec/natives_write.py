"""Native values: what a format alone understands goes home, and the hub keeps what belongs to others.

Floor 3, pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentsync.codec.build import Build, placeholders_of
from agentsync.codec.compiled import Compiled, misfit, without
from agentsync.codec.read import PLACEHOLDERS
from agentsync.model import HUB_FORMAT, Agent, Rights, Value, ordered
from agentsync.rights import Holding, containers_of


def native_values(build: Build) -> dict[str, Value]:
    """The agent's own values for this format; what the client would refuse stays out."""
    fmt = build.format
    home = build.compiled.home(build.kind)
    own = dict(build.agent.extra.get(home, {}))
    if home != fmt.id and build.kind.rules.others is None:
        own.update(build.agent.extra.get(fmt.id, {}))
    own.pop(PLACEHOLDERS, None)
    found: dict[str, Value] = {}
    for key, value in own.items():
        rule = fmt.native.get(key)
        known = rule is not None or key in build.compiled.field_keys or key in build.compiled.rights_keys or key in build.old
        if build.kind.rules.kind in ("text", "section"):
            build.because(f"{home}.{key}", "dropped", f"{fmt.title} is text without keys")
        elif not known and build.kind.rules.on_bad_key not in ("ignored", "sent"):
            build.because(f"{home}.{key}", "dropped", f"{fmt.title} refuses a file with a key it does not know")
        elif rule is not None and (wanted := misfit(rule, value)) is not None:
            build.because(f"{home}.{key}", "dropped", f"{fmt.title} takes only {wanted} there")
        elif build.kind.layout.head == "lines" and not _in_one_line(value):
            build.because(f"{home}.{key}", "dropped", f"{fmt.title} reads one line of text for a key")
        else:
            found[key] = value
    return found


def _in_one_line(value: Value) -> bool:
    """Whether a reader of lines can be told this value."""
    if isinstance(value, str):
        return value == value.strip() and "\n" not in value and "\r" not in value
    return isinstance(value, (bool, int, float))


def kept_values(build: Build, native: Mapping[str, Value]) -> dict[str, Value]:
    """Keys of the old text that nobody here speaks for: they stay, unless the agent states this format's own values and not these."""
    if not build.old:
        return {}
    home = build.compiled.home(build.kind)
    ours = {*build.compiled.field_keys, *build.compiled.rights_keys, build.format.name.key, build.kind.rules.others}
    nested = build.kind.nested
    if not build.kind.has_body:
        ours.add(build.kind.rules.body)
    if build.kind.rules.entry is not None:
        ours.add(build.kind.rules.entry.key)
    if home in build.agent.extra and home == build.agent.home:
        return {}
    found = {k: v for k, v in build.old.items() if k not in ours and k not in native}
    for key in {path[0] for path in nested} & build.old.keys() - native.keys():
        rest = without(build.old[key], [path[1:] for path in nested if path[0] == key])
        if isinstance(rest, dict) and rest:
            found[key] = rest
    return found


def second_line(compiled: Compiled, rights: Rights, *, wide: bool = False) -> dict[str, Value]:
    """Keys that an agent with these rights, where they are restricted, gets beside them.

    wide: the user allowed a widening, so that an MCP tool that the list names may open what such a key would close.
    """
    beside = compiled.format.rights.beside
    if not beside or not rights.restricted:
        return {}
    holding = Holding(rights)
    named = [g for g in rights.allow or () if g.startswith("mcp:") and compiled.tools.write_other(g) is not None] if wide else []
    parts = {wider for grant in named for wider in containers_of(grant)}
    return {key: rule.value for key, rule in beside.items() if not any(holding.holds(grant) or grant in parts for grant in rule.unless)}


def outgrown(build: Build) -> list[str]:
    """Such keys of the old text that this agent's rights have outgrown."""
    if not build.old:
        return []
    now = second_line(build.compiled, build.agent.rights)
    return [key for key, rule in build.format.rights.beside.items() if key not in now and build.old.get(key) == rule.value]


def active_placeholders(agent: Agent, home: str, format_id: str) -> tuple[str, ...]:
    if not agent.extra:
        return ()
    return ordered(item for owner in (home, format_id) for item in placeholders_of(agent, owner))


def write_others(build: Build, keys: dict[str, Value]) -> None:
    """What the hub keeps for other formats, beside its own words, under the last key."""
    others = build.kind.rules.others
    if others is None:
        return
    agent, home = build.agent, build.compiled.home(build.kind)
    stated = keys.pop(others, None)
    found: dict[str, Value] = dict(agent.extra.get(HUB_FORMAT, {}))
    given = any(not entry.startswith(f"{HUB_FORMAT}|") for entry in agent.rights.unenforced)
    if given and agent.home != HUB_FORMAT and agent.home not in (agent.words("allow_widening") or ()):
        found["allow_widening"] = [*(agent.words("allow_widening") or ()), agent.home]
        build.because("agentsync.allow_widening", "approximated", "the client it comes from gives more than the file states; its copies may stay so")
    found.update(stated if isinstance(stated, dict) else {})
    found.update({owner: dict(values) for owner, values in agent.extra.items() if owner not in (home, HUB_FORMAT) and values})
    home_placeholders = placeholders_of(agent, home)
    if home_placeholders:
        found[home] = {PLACEHOLDERS: list(home_placeholders)}
    if found:
        keys[others] = found
