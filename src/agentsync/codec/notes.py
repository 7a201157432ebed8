"""What a person should know of an agent in a format though nothing of it is lost.

Floor 3, pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentsync.codec.names import fitting_name, is_builtin
from agentsync.codec.rights_write import spell_short
from agentsync.formats.rules import Format
from agentsync.model import Agent, Problem
from agentsync.rights import Holding


def notes_of(fmt: Format, agent: Agent) -> Iterator[Problem]:
    """What the client gives every agent, and what it takes where this one says nothing."""
    name = fitting_name(fmt, agent.name)
    if name is not None and is_builtin(fmt.name, name):
        yield Problem("built-in-name", f"{fmt.title} has an agent `{name}` of its own, which this one changes", severity="note")
    holding = Holding(agent.rights) if fmt.rights.always else None
    given = [grant for grant in fmt.rights.always if holding is not None and not holding.holds(grant)]
    if given:
        yield Problem("always-held", f"{fmt.title} gives every agent {spell_short(tuple(given))}, whatever its file says", severity="note")
    for name, rule in fmt.fields.items():
        if rule.unstated is not None and agent.fields.get(name) is None:
            yield Problem("not-inherited", f"{fmt.title}: without a {name} the agent gets {rule.unstated}, not the session's", severity="note")
