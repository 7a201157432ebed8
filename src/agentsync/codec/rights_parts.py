"""Lists that leave only parts of a grant: the MCP servers an agent may reach, the agents it may start. Only read.

Floor 3, pure. They stand beside the tool list, stay native values, and count: what a list leaves out, no other client gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from agentsync.formats.rules import Part, RightsRules
from agentsync.model import Value, ordered
from agentsync.rights import ANY_MCP, ATOMS, containers_of, contains, limited, spell


@dataclass(frozen=True, slots=True)
class Parts:
    """What one list leaves of a grant."""

    key: str
    of: str
    grants: tuple[str, ...]
    enforced: bool

    @property
    def sayable(self) -> bool:
        """Whether `everything, and of this only these` can be said: of tools by denials of the rest, of MCP servers not."""
        return self.of in ATOMS or not self.grants

    @property
    def denial(self) -> tuple[str, ...]:
        """What has to be denied of an agent that has everything else; more than the list takes where that cannot be said."""
        return tuple(f"{self.of}(!{grant[len(self.of) + 1 :]}" for grant in self.grants) if self.grants and self.sayable else (self.of,)

    def left(self, allow: Iterable[str]) -> list[str]:
        """The grants of an allow-list that are left."""
        found: list[str] = []
        for grant in allow:
            if grant == self.of:
                found += self.grants
            elif self.of not in containers_of(grant) or contains(self.grants, grant):
                found.append(grant)
        return [*ordered(found)]

    def note(self, title: str) -> str:
        """What a person should know of it."""
        those = spell(self.grants) or "nothing"
        all_of_it = "every MCP tool" if self.of == ANY_MCP else self.of
        if not self.enforced:
            return f"`{self.key}` leaves {those}, and {title} is not known to keep that: the agent can still use {all_of_it}"
        return f"`{self.key}` leaves {those} of {all_of_it}, which cannot be said for an agent with every other tool: other assistants give none"


def parts_in(rights: RightsRules, keys: Mapping[str, Value]) -> Iterator[Parts]:
    """Every such list that is stated."""
    for key, rule in rights.parts.items():
        names = _names(keys.get(key))
        if names is not None:
            yield Parts(key, rule.of, tuple(_part(rule, name) for name in names), rule.enforced and (bool(names) or rule.empty == "none"))


def whole_again(rights: RightsRules, keys: Mapping[str, Value], grants: Iterable[str]) -> list[str]:
    """The grants with the whole in place of its parts, where a list beside them leaves just these of it."""
    found = [*grants]
    for parts in parts_in(rights, keys):
        if parts.grants and set(parts.grants) <= set(found):
            at = min(found.index(grant) for grant in parts.grants)
            found = [grant for grant in [*found[:at], parts.of, *found[at:]] if grant not in parts.grants]
    return found


def _names(value: Value) -> tuple[str, ...] | None:
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return None
    return ordered(name.strip() for name in value if isinstance(name, str) and name.strip())


def _part(rule: Part, name: str) -> str:
    return f"mcp:{name}" if rule.of == ANY_MCP else limited(rule.of, name)
