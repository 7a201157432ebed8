"""Globs of format files: `*` and `?` stay inside one folder, `**` as a whole step is any depth, nothing else is special.

Floor 2, pure. `re` sees one translated pattern a glob; each `**` can give way at `/` only, so that matching stays cheap.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_STEPS: Final = {"*": "[^/]*", "?": "[^/]"}


@lru_cache(maxsize=1024)
def compiled(glob: str) -> re.Pattern[str]:
    """The pattern that the whole of a relative path must match.

    >>> bool(compiled(".x/**/*.md").fullmatch(".x/a.md")), bool(compiled(".x/*.md").fullmatch(".x/y/a.md"))
    (True, False)
    """
    return re.compile(_translated(glob), re.DOTALL)


@lru_cache(maxsize=1024)
def compiled_anywhere(glob: str) -> re.Pattern[str]:
    """The pattern for a path that holds the glob's own path at its end, below any folders; group `above` is those folders.

    The innermost place counts: `above` takes as much as it can.
    """
    return re.compile(f"(?P<above>(?:.*/)?){_translated(glob)}", re.DOTALL)


def is_plain(glob: str) -> bool:
    """Whether a glob is one path and no pattern."""
    return "*" not in glob and "?" not in glob


@lru_cache(maxsize=1024)
def fixed_folders(glob: str) -> tuple[str, ...]:
    """The steps before the first that is a pattern: `.x/agents` of `.x/agents/**/*.md`, all of a plain path."""
    steps = glob.split("/")
    for index, step in enumerate(steps):
        if not is_plain(step):
            return tuple(steps[:index])
    return tuple(steps)


@lru_cache(maxsize=1024)
def fixed_path(glob: str) -> str:
    """The same as one text."""
    return "/".join(fixed_folders(glob))


def _translated(glob: str) -> str:
    parts: list[str] = []
    steps = glob.split("/")
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        if step == "**":
            parts.append(".*" if last else "(?:[^/]+/)*")
        else:
            parts.append("".join(_STEPS.get(character) or re.escape(character) for character in step) + ("" if last else "/"))
    return "".join(parts)
