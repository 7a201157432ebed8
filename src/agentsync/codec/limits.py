"""Limits as regular expressions, and the patterns of paths and words that they are elsewhere.

Floor 3, pure. What is written as an expression reads back as the same pattern; an expression that no pattern says keeps its text
behind `re:`, and formats that know no expressions never write it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

EXPRESSION: Final = "re:"
_PARTS: Final = (("**/", "(?:.*/)?"), ("**", ".*"), ("*", "[^/]*"), ("?", "[^/]"))
_OF_PATTERN: Final = re.compile(r"\*\*/|\*\*|\*|\?|.", re.DOTALL)
_OF_EXPRESSION: Final = re.compile(r"\(\?:\.\*/\)\?|\.\*|\[\^/\]\*|\[\^/\]|\\([^A-Za-z0-9])|([^\\^$.*+?()\[\]{}|])", re.DOTALL)
_ENDING: Final = re.compile(r"\\\.([A-Za-z0-9]+)\$")


def expression_of(pattern: str) -> str:
    """The expression for a limit.

    >>> expression_of("docs/**/*.md"), expression_of("re:x+")
    ('^docs/(?:.*/)?[^/]*\\\\.md$', 'x+')
    """
    if pattern.startswith(EXPRESSION):
        return pattern[len(EXPRESSION) :]
    parts = dict(_PARTS)
    return "^" + "".join(parts.get(found[0]) or re.sub(r"([^\w\s/-])", r"\\\1", found[0]) for found in _OF_PATTERN.finditer(pattern)) + "$"


@lru_cache(maxsize=1024)
def pattern_of(expression: str) -> str:
    """The limit that an expression is.

    >>> pattern_of("^docs/.*$"), pattern_of(r"\\.md$"), pattern_of("a|b")
    ('docs/**', '**/*.md', 're:a|b')
    """
    if found := _ENDING.fullmatch(expression):
        return f"**/*.{found[1]}"
    core = expression[1:-1]
    if len(expression) < 2 or expression[0] != "^" or expression[-1] != "$" or core.endswith("\\"):
        return EXPRESSION + expression
    parts = {part: glob for glob, part in _PARTS}
    found_parts, at = [], 0
    while at < len(core):
        part = _OF_EXPRESSION.match(core, at)
        if part is None:
            return EXPRESSION + expression
        found_parts.append(parts.get(part[0]) or part[1] or part[2])
        at = part.end()
    pattern = "".join(found_parts)
    return pattern if expression_of(pattern) == expression else EXPRESSION + expression
