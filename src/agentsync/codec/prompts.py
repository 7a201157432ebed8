"""The prompt between a document's text and an agent's literal text: layout around it, placeholders in it.

Floor 3, pure. Where an assistant's bodies are templates, literal text that looks like a placeholder is escaped on writing and
unescaped on reading; a placeholder that was active in a file stays as it is and is listed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from agentsync.formats.rules import Format, Template
from agentsync.model import Loss, Problem, ordered


@dataclass(frozen=True, slots=True)
class PromptRendering:
    """The text to write, the literal text that reading it back gives, losses; problem set where the agent is refused."""

    text: str
    expressed: str
    losses: tuple[Loss, ...] = ()
    problem: Problem | None = None


def literal(text: str) -> str:
    """The prompt as literal text: LF line ends, no white space around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def around(old: str, new: str) -> str:
    """The new prompt with the white space that stood around the old one."""
    core = old.strip()
    if not core:
        return new
    start = old.index(core)
    return old[:start] + new + old[start + len(core) :]


@lru_cache(maxsize=256)
def _active(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _templates(fmt: Format, kind: str | None) -> list[Template]:
    return [t for t in fmt.body.template if t.document is None or t.document == kind]


def placeholders(fmt: Format, text: str, kind: str | None) -> tuple[str, ...]:
    """What this format's client replaces in a body, in order."""
    return ordered(m.group() for t in _templates(fmt, kind) for m in _active(t.active).finditer(text))


def read_prompt(fmt: Format, body: str, kind: str | None) -> tuple[str, tuple[str, ...]]:
    """The literal prompt of a body, and the placeholders that are active in it."""
    text = literal(body)
    if fmt.body.lead and text.startswith(fmt.body.lead.strip()):
        text = text[len(fmt.body.lead.strip()) :].strip()
    for template in _templates(fmt, kind):
        if template.escape is not None:
            text = text.replace(template.escape[1], template.escape[0])
    return text, placeholders(fmt, text, kind)


def write_prompt(fmt: Format, prompt: str, active: tuple[str, ...], kind: str | None) -> PromptRendering:
    """The body for a prompt; `active` are the placeholders of this format that are meant as such."""
    text, losses = prompt, []
    for template in _templates(fmt, kind):
        found = ordered(m.group() for m in _active(template.active).finditer(text))
        literal_ones = [item for item in found if item not in active]
        if not literal_ones:
            continue
        if template.otherwise == "escape" and template.escape is not None:
            text = text.replace(template.escape[0], template.escape[1])
        elif template.otherwise == "refuse":
            why = f"{fmt.title} fails on {_some(literal_ones)} in a prompt: it takes them for placeholders and knows no escape"
            hint = f"agentsync skip --refused --for {fmt.id}"
            return PromptRendering(text, prompt, problem=Problem("prompt-refused", why, hint=hint, severity="warning"))
        else:
            losses.append(Loss("approximated", "prompt", _some(literal_ones), f"{fmt.title} replaces this when the agent runs, and knows no escape"))
    problem = _length_problem(fmt, prompt)
    text = f"{fmt.body.lead}{text}" if text else text
    return PromptRendering(text, prompt, tuple(losses), problem)


def _some(items: list[str]) -> str:
    shown = ", ".join(item if len(item) <= 40 else item[:39] + "…" for item in items[:3])
    return shown if len(items) <= 3 else f"{shown}, … +{len(items) - 3}"


def _length_problem(fmt: Format, prompt: str) -> Problem | None:
    if not prompt and fmt.body.empty is not None:
        why = {"open": "runs an agent without a prompt with every right"}.get(fmt.body.empty, "does not load an agent without a prompt")
        return Problem("prompt-refused", f"{fmt.title} {why}", hint="write a prompt", severity="warning")
    if fmt.body.limit is not None and len(prompt) > fmt.body.limit:
        why = f"{fmt.title} takes a prompt of at most {fmt.body.limit} characters (it has {len(prompt)})"
        return Problem("prompt-refused", why, hint="write a shorter prompt", severity="warning")
    if len(prompt) < fmt.body.min:
        why = f"{fmt.title} does not load an agent whose prompt has fewer than {fmt.body.min} characters"
        return Problem("prompt-refused", why, hint="write a longer prompt", severity="warning")
    return None
