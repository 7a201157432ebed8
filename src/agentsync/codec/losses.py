"""Losses: every difference between an agent and what its native keys say, with its reason.

Floor 3, pure. Rights are judged in `rights_write`; here stands everything else.
"""

from __future__ import annotations

from collections.abc import Iterable

from agentsync.codec.build import Build, placeholders_of, same, shortened
from agentsync.codec.read import PLACEHOLDERS
from agentsync.formats.rules import Format
from agentsync.model import Agent, Loss


def losses_of(build: Build, said: Agent, prompt_losses: Iterable[Loss]) -> Iterable[Loss]:
    """Every difference between the agent and what the keys say, with its reason; rights are judged elsewhere."""
    agent, fmt = build.agent, build.format
    if said.name != agent.name:
        yield _loss(build, "name", f"{agent.name} → {said.name}", "approximated")
    for name in {**agent.fields, **said.fields}:
        before, after = agent.fields.get(name), said.fields.get(name)
        if before is after or same(before, after):
            continue
        if _own_value(build, name):
            # The agent itself says so for this format; only what it replaces is worth a word.
            if before is not None:
                why = f"the agent has a value of its own for {fmt.title}"
                yield Loss("approximated", name, shortened(f"{shortened(before)} → {shortened(after)}"), why)
        elif before is None:
            if name != "display_name" or after != agent.name:
                yield _loss(build, name, f"→ {after}", "approximated")
        elif after is None:
            yield _loss(build, name, str(before), "dropped")
        else:
            yield _loss(build, name, f"{shortened(before)} → {shortened(after)}", "approximated")
    if said.prompt != agent.prompt and not any(loss.field == "prompt" for loss in prompt_losses):
        yield _loss(build, "prompt", "", "approximated")
    yield from _native_losses(build, said, fmt)


def _own_value(build: Build, name: str) -> bool:
    """Whether a native value of the agent stands where this neutral field would."""
    rule = build.format.fields.get(name)
    own = build.agent.extra.get(build.format.id, {}) if build.compiled.home(build.kind) != build.agent.home else {}
    return rule is not None and isinstance(rule.key, str) and rule.key in own


def _native_losses(build: Build, said: Agent, fmt: Format) -> Iterable[Loss]:
    agent, home = build.agent, build.agent.home
    for key, value in agent.extra.get(home, {}).items():
        if key == PLACEHOLDERS and home != fmt.id and build.kind.rules.others is None:
            why = f"a placeholder of its own client is plain text to {fmt.title}"
            yield Loss("approximated", "prompt", ", ".join(placeholders_of(agent, home)), why)
        elif key != PLACEHOLDERS and not same(value, said.extra.get(home, {}).get(key)) and key not in _spoken(build, said, home):
            yield _loss(build, f"{home}.{key}", shortened(value), "dropped")
    target = build.compiled.home(build.kind)
    for key, value in agent.extra.get(target, {}).items() if target != home else ():
        if f"{target}.{key}" in build.reasons:      # stated for this format, and not what its client takes
            yield _loss(build, f"{target}.{key}", shortened(value), "dropped")
    if "agentsync.allow_widening" in build.reasons:
        yield _loss(build, "agentsync.allow_widening", agent.home, "approximated")


def _spoken(build: Build, said: Agent, home: str) -> frozenset[str]:
    """Native keys of the agent that the format reads as a neutral field, so that they are said after all."""
    if home != build.compiled.home(build.kind):
        return frozenset()
    return frozenset(
        key for name, rule in build.format.fields.items() if isinstance(key := rule.key, str) and name in said.fields
    )


def _loss(build: Build, name: str, value: str, fallback: str) -> Loss:
    title = build.format.title
    usual = f"{title} has no place for it" if fallback == "dropped" else f"{title} cannot hold it exactly so"
    kind, why, hint = build.reasons.get(name, (fallback, usual, None))
    return Loss(kind, name, shortened(value), why, hint)  # type: ignore[arg-type]  # one of LOSS_KINDS by construction
