"""The prompt between a document's text and an agent's literal text: layout around it, placeholders in it.

Floor 3, pure. Where an assistant's bodies are templates, literal text that looks like a placeholder is escaped on writing and
unescaped on reading; a placeholder that was active in a file stays as it is and is listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from agentsync.formats.rules import Format, Template
from agentsync.model import Loss, Problem, Value, ordered


@dataclass(frozen=True, slots=True)
class PromptRendering:
    """The text to write, the literal text that reading it back gives, losses; problem set where the agent is refused."""

    text: str
    expressed: str
    losses: tuple[Loss, ...] = ()
    problem: Problem | None = None


def literal(text: str) -> str:
    """The prompt as literal text: LF line ends, no white space around it."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


def around(old: str, new: str) -> str:
    """The new prompt with the white space that stood around the old one."""
    core = old.strip()
    if not core:
        return new
    start = old.index(core)
    return old[:start] + new + old[start + len(core) :]


@lru_cache(maxsize=256)
def _compiled(pattern: str, line: bool) -> re.Pattern[str]:
    return re.compile(f"^(?:{pattern})$", re.MULTILINE | re.IGNORECASE) if line else re.compile(pattern)


def _active(template: Template) -> re.Pattern[str]:
    return _compiled(template.active, template.line)


_START: Final = re.compile(r"(?:\\[^A-Za-z0-9]|[A-Za-z0-9 _:/@#%&=<>!,;'\"~`-])*")
_SIGN: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)


@lru_cache(maxsize=256)
def _start(pattern: str, line: bool) -> str:
    r"""Text that every match of a pattern begins with, as far as it is plain to see: looking for it takes a hundredth of a search.

    >>> _start(r"\$\{(?:[A-Z]+|x)\}", False), _start("[a-z]", False), _start(r"\{\{+", False), _start("ab?", False), _start("a|b", False)
    ('${', '', '{{', 'a', '')
    """
    found = _START.match(pattern)
    depth, choice = 0, False
    for sign in _SIGN.findall(pattern):
        depth += (sign == "(") - (sign == ")")
        choice = choice or (sign == "|" and depth == 0)
    if found is None or line or choice:
        return ""
    parts = _SIGN.findall(found[0])
    if pattern[found.end() : found.end() + 1] in ("*", "?", "{"):
        parts = parts[:-1]
    return "".join(part[-1] for part in parts)


def _matches(template: Template, text: str) -> Iterator[str]:
    """What this template's client replaces in a text, in order."""
    if _start(template.active, template.line) in text:
        yield from (found.group() for found in _active(template).finditer(text))


def _templates(fmt: Format, kind: str | None) -> list[Template]:
    return [t for t in fmt.body.template if t.document is None or t.document == kind]


def placeholders(fmt: Format, text: str, kind: str | None) -> tuple[str, ...]:
    """What this format's client replaces in a text, in order."""
    if not fmt.body.template:
        return ()
    return ordered(found for template in _templates(fmt, kind) for found in _matches(template, text))


def untouched(fmt: Format, prompt: str, fields: Mapping[str, Value], kind: str | None) -> bool:
    """Whether this format's client replaces nothing in a prompt and in neutral fields, and no text there looks like an escape."""
    for template in _templates(fmt, kind):
        if template.escape is not None and template.escape[1] in prompt:
            return False
        for text in (prompt, *[fields.get(name) for name in template.fields]):
            if isinstance(text, str) and _start(template.active, template.line) in text and _active(template).search(text):
                return False
    return True


def placeholders_in(fmt: Format, fields: Mapping[str, Value], kind: str | None) -> tuple[str, ...]:
    """What this format's client replaces in the texts of neutral fields."""
    if not fmt.body.template:
        return ()
    return ordered(
        found
        for template in _templates(fmt, kind)
        for name in template.fields
        if isinstance(text := fields.get(name), str)
        for found in _matches(template, text)
    )


def fields_problem(fmt: Format, fields: Mapping[str, Value], active: tuple[str, ...], kind: str | None) -> Problem | None:
    """Why an agent cannot be written for what a field of it says literally: its client would take that for a placeholder."""
    bad = [item for item in placeholders_in(fmt, fields, kind) if item not in active]
    if not bad:
        return None
    why = f"{fmt.title} fails on {_some(bad)} in a field: it takes them for placeholders and knows no escape"
    return Problem("prompt-refused", why, hint=f"agentsync skip --refused --for {fmt.id}", severity="warning")


def joined_texts(texts: list[str]) -> str:
    """Several texts as one prompt, a blank line between them; one alone as it stands."""
    told = [text for text in texts if text.strip()]
    return told[0] if len(told) == 1 else "\n\n".join(literal(text) for text in told)


def apart(text: str, body: str, more: str) -> tuple[str, str | None]:
    """A prompt for two keys that held one together: what changed stands where it stood. None: all of it goes under the first key."""
    head, tail = literal(body), literal(more)
    if not tail:
        return text, None
    for first, second in ((text.removesuffix(tail), tail), (head, text.removeprefix(head))):
        if literal(first) and literal(second) and joined_texts([first, second]) == text:
            return literal(first), literal(second)
    return text, None


def read_prompt(fmt: Format, body: str, kind: str | None) -> tuple[str, tuple[str, ...]]:
    """The literal prompt of a body, and the placeholders that are active in it; what is escaped is literal, and none of them."""
    text = literal(body)
    if not fmt.body.template and not fmt.body.lead:
        return text, ()
    if _led(fmt, text):
        text = text[len(fmt.body.lead.strip()) :].strip()
    pieces = [(text, True)]      # text, and whether the client sees it as it stands here
    for template in _templates(fmt, kind):
        if template.escape is not None and template.escape[1] in text:
            pieces = [part for piece in pieces for part in _unescaped(piece, *template.escape)]
    found = ordered(item for part, plain in pieces if plain for item in placeholders(fmt, part, kind))
    return "".join(part for part, _ in pieces), found


def _unescaped(piece: tuple[str, bool], meant: str, escaped: str) -> list[tuple[str, bool]]:
    text, plain = piece
    if not plain or escaped not in text:
        return [piece]
    first, *rest = text.split(escaped)
    return [(first, True), *(part for after in rest for part in ((meant, False), (after, True)))]


def _led(fmt: Format, text: str) -> bool:
    """Whether the words stand before the prompt that this format has there; a lead with a line end has a line of its own."""
    lead = fmt.body.lead.strip()
    rest = text[len(lead) :] or "\n"
    return bool(lead) and text.startswith(lead) and (not fmt.body.lead.endswith("\n") or rest.lstrip(" \t").startswith("\n"))


def write_prompt(fmt: Format, prompt: str, active: tuple[str, ...], kind: str | None, old: str | None = None) -> PromptRendering:
    """The body for a prompt; `active` are the placeholders of this format that are meant as such, `old` is the body it replaces.

    A body that says the same already stays as it is, and one that does without the format's lead keeps doing so.
    """
    problem = _length_problem(fmt, prompt)
    before = literal(old or "")
    if before and read_prompt(fmt, before, kind) == (prompt, tuple(item for item in active if item in prompt)):
        return PromptRendering(before, prompt, problem=problem)
    text, losses = prompt, []
    for template in _templates(fmt, kind):
        found = ordered(_matches(template, text))
        literal_ones = [item for item in found if item not in active]
        if not literal_ones:
            continue
        if template.otherwise == "escape" and template.escape is not None:
            meant, escaped = template.escape
            text = _active(template).sub(lambda m: m[0] if m[0] in active else m[0].replace(meant, escaped), text)  # noqa: B023 - used at once
        elif template.otherwise == "refuse":
            why = f"{fmt.title} fails on {_some(literal_ones)} in a prompt: it takes them for placeholders and knows no escape"
            hint = f"agentsync skip --refused --for {fmt.id}"
            return PromptRendering(text, prompt, problem=Problem("prompt-refused", why, hint=hint, severity="warning"))
        else:
            losses.append(Loss("approximated", "prompt", _some(literal_ones), f"{fmt.title} replaces this when the agent runs, and knows no escape"))
    lead = fmt.body.lead if text and (not before or _led(fmt, before)) else ""
    return PromptRendering(lead + text, prompt, tuple(losses), problem)


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
