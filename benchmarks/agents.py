"""Agents for the benchmarks: as long as real ones, valid YAML, each another text, with tool lists as people write them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

SIZE: Final = 6_500
"""Bytes of one file: what agents of public collections have on average, examples and all."""

# How real teams restrict their agents, with how often they do: most say nothing or one of a few lists.
_TOOLS: Final[tuple[tuple[int, str | None], ...]] = (
    (30, None),
    (18, "Read, Grep, Glob"),
    (14, "Read, Write, Edit, Bash"),
    (10, "Read, Write, Edit, Bash, Glob, Grep"),
    (8, "Read, Grep, Glob, Bash"),
    (5, "Read, Write, MultiEdit, Bash, WebFetch, WebSearch, TodoWrite"),
    (4, "Bash, Read"),
    (3, "WebFetch, WebSearch, Read"),
    (3, "Read, Bash(git:*), Bash(npm test:*), Grep"),
    (3, "Read, Grep, mcp__github__search_code, mcp__github__get_issue"),
    (2, "Read, Task, TodoWrite"),
)
_MODELS: Final = (None, "sonnet", "opus", "haiku", "inherit", "sonnet")
_COLORS: Final = (None, "blue", "green", "red", "purple", None)
_ROLES: Final = ("reviewer", "architect", "tester", "writer", "migrator", "auditor", "planner", "debugger", "analyst", "refactorer")
_AREAS: Final = ("api", "billing", "checkout", "database", "frontend", "infrastructure", "mobile", "payments", "search", "security")
_PROSE: Final = (
    "the a each every change review test code service endpoint error limit cache query table index type interface module branch commit "
    "before after unless where never always report list explain check measure verify prefer avoid keep small clear named focused "
    "user request response schema version release contract latency memory failure retry log trace metric owner boundary"
)
_WORDS: Final = tuple(_PROSE.split())


def write_agents(folder: Path, count: int, seed: int = 7) -> None:
    """Write so many Claude Code agents into a folder. The same count and seed give the same files."""
    draw = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        name = f"{draw.choice(_AREAS)}-{draw.choice(_ROLES)}-{number:04d}"
        (folder / f"{name}.md").write_text(_agent(name, draw), encoding="utf-8")


def _agent(name: str, draw: random.Random) -> str:
    tools = draw.choices([tools for _, tools in _TOOLS], [weight for weight, _ in _TOOLS])[0]
    model, color = draw.choice(_MODELS), draw.choice(_COLORS)
    head = [f"name: {name}", f'description: "{_sentence(draw, 24)} Use it after {_sentence(draw, 12).lower()}"']
    head += [f"{key}: {value}" for key, value in (("tools", tools), ("model", model), ("color", color)) if value is not None]
    text = "---\n" + "\n".join(head) + f"\n---\n\n# {name}\n\nYou are a {name.replace('-', ' ')}.\n"
    while len(text) < SIZE:
        text += _section(draw)
    return text[: SIZE - 2].rstrip() + ".\n"


def _section(draw: random.Random) -> str:
    lines = "".join(f"{number}. **{draw.choice(_WORDS).title()}**: {_sentence(draw, 14)}\n" for number in range(1, draw.randint(3, 6)))
    code = f"\n```python\n{draw.choice(_WORDS)} = {draw.choice(_WORDS)}({draw.choice(_WORDS)!r})\n```\n" if draw.random() < 0.3 else ""
    return f"\n## {_sentence(draw, 3)[:-1]}\n\n{_sentence(draw, 40)}\n\n{lines}{code}"


def _sentence(draw: random.Random, words: int) -> str:
    return " ".join(draw.choices(_WORDS, k=words)).capitalize() + "."
