"""What in a copy's change must not reach the hub, and through it every project, before somebody looked at it (promise 13).

Floor 4, pure: rights gained, native keys that run, connect, widen or hold a secret, and characters that nobody sees.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from agentsync.formats.rules import Format, Risk
from agentsync.lift import changed_parts
from agentsync.merge import RIGHTS, parts_of
from agentsync.model import Agent, Rights
from agentsync.rights import compare, spell

NEUTRAL: Final[dict[str, Risk]] = {"hooks": "runs", "mcp_servers": "connects", "permission_mode": "widens", "memory": "widens"}
"""Neutral fields that are not inert."""

_DOES: Final[dict[Risk, str]] = {
    "runs": "may run commands", "connects": "may connect somewhere", "widens": "may widen rights", "secret": "may hold a secret",
}
_VARIATION: Final = frozenset({"\ufe0e", "\ufe0f", "\u200d"})
"""Invisible, and part of ordinary emoji."""
_FILLERS: Final = "\u115f\u1160\u3164\uffa0"


def risks_of(then: Agent, now: Agent, rules: Format, before: str, after: str) -> tuple[str, ...]:
    """Why a change needs approval, each as words after "its change"; empty where it needs none.

    then, now: what the copy said and says; before, after: its whole text.
    """
    found = []
    gained = compare(then.rights, now.rights)
    implied = compare(_whole(then.rights), _whole(now.rights))
    grants = dict.fromkeys((*gained.widened, *gained.approximated, *gained.unasked, *implied.widened, *implied.approximated))
    if grants:
        found.append(f"gives rights: {spell(grants)}")
    for part in changed_parts(then, now):
        risk = risk_of(part, rules)
        if part != RIGHTS and risk != "inert":
            found.append(f"touches {part}, which {_DOES[risk]}")
    hidden = hidden_characters(after.removeprefix("\ufeff")) - hidden_characters(before.removeprefix("\ufeff"))
    if hidden:
        found.append(f"brings hidden characters: {', '.join(f'U+{ord(sign):04X}' for sign in sorted(hidden))}")
    return tuple(found)


def powers_of(agent: Agent, rules: Format, text: str) -> tuple[str, ...]:
    """What about an agent that nobody looked at yet deserves a look, each as words after its name: what it runs, connects to, hides.

    text: the whole file it stands in.
    """
    said = [part for part in parts_of(agent) if part != RIGHTS and ("." not in part or part.partition(".")[0] == agent.home)]
    found = [f"{part} {_DOES[risk]}" for part in said if (risk := risk_of(part, rules)) != "inert"]
    hidden = hidden_characters(text.removeprefix("\ufeff"))
    if hidden:
        found.append(f"hidden characters: {', '.join(f'U+{ord(sign):04X}' for sign in sorted(hidden))}")
    return tuple(found)


def risk_of(part: str, rules: Format) -> Risk:
    """What a part may do. A native key that the format's file does not know may run something."""
    if "." not in part:
        return NEUTRAL.get(part, "inert")
    key = part.partition(".")[2]
    if key == "placeholders":
        return "connects"        # `{file:…}`, `{env:…}`: the client puts something else into the prompt
    rule = rules.native.get(key)
    if rule is not None:
        return rule.risk
    return "inert" if any(key == field.key for field in rules.fields.values()) else "runs"


def hidden_characters(text: str) -> frozenset[str]:
    """Characters that show nothing and may carry a message or turn the text around: format controls, tags, variation selectors."""
    return frozenset(sign for sign in set(text) if ord(sign) > 126 and sign not in _VARIATION and _hidden(sign))


def _hidden(sign: str) -> bool:
    number = ord(sign)
    selector = 0xFE00 <= number <= 0xFE0F or 0xE0100 <= number <= 0xE01EF
    return selector or sign in _FILLERS or unicodedata.category(sign) in ("Cf", "Co", "Cn")


def _whole(rights: Rights) -> Rights:
    """Rights with what other fields bring along stated as well."""
    return rights if rights.allow is None or not rights.implied else Rights((*rights.allow, *rights.implied), rights.deny, rights.ask)
