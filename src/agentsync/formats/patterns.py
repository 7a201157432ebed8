"""Whether a pattern of a format file can be trusted with a hostile text: it compiles, is short, and runs in linear time.

Floor 2, pure. Python's `re` tries alternatives one after the other, so a pattern is kept to what an automaton could do:
nothing repeated or optional inside a repeated group, no looking around, no back reference. One form is let through: parts behind a
separator that they cannot hold, `(?:-[a-z]+)*`, for there is but one way to take a text apart by it.
"""

from __future__ import annotations

import re
from typing import Final

MAX_PATTERN: Final = 200
MAX_TIMES: Final = 1000
_REPEAT: Final = re.compile(r"[*+?]|\{(\d*)(?:,(\d*))?\}")
_CLASS: Final = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_PARTS: Final = re.compile(r"\(\?:([-_/:,])(\[[^\[\]\\]+\])\+\)\*")
_PLAIN_GROUPS: Final = ("?:", "?P<")


def flaw_of(pattern: str) -> str | None:
    """What is wrong with a pattern, or None.

    >>> flaw_of(r"[a-z]+(?:-[a-z]{1,9})?")
    >>> flaw_of(r"[a-z]+(?:-[a-z]+)*")
    >>> flaw_of(r"(?:a+b)*")
    'a group that repeats or branches is repeated itself'
    >>> flaw_of(r"(a)\\1")
    'it refers back to a group'
    """
    if len(pattern) > MAX_PATTERN:
        return f"it is too long ({len(pattern)} characters), at most {MAX_PATTERN} are allowed"
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"it does not compile ({error})"
    return _not_linear(pattern)


def flaw_of_class(charset: str) -> str | None:
    """What is wrong with the inside of a character class (`A-Za-z0-9_.-`), or None."""
    if len(charset) > MAX_PATTERN or not _CLASS.fullmatch(f"[{charset}]"):
        return "it is not the inside of one character class"
    try:
        re.compile(f"[{charset}]")
    except re.error as error:
        return f"it does not compile ({error})"
    return None


def _not_linear(pattern: str) -> str | None:
    """Why a pattern that compiles may take more than linear time, or None. One pass with a stack of open groups."""
    choices = [False]  # for each open group, the outermost being the whole pattern: whether it can match in several ways
    closed = False  # whether the item before is such a group
    at = 0
    while at < len(pattern):
        parts = _PARTS.match(pattern, at)
        if parts is not None and re.match(parts[2], parts[1]) is None:
            choices[-1] = True
            closed, at = False, parts.end()
            continue
        character = pattern[at]
        repeat = _REPEAT.match(pattern, at)
        if repeat is not None and at > 0:
            times = repeat[2] if repeat[2] is not None else repeat[1]
            if times and int(times) > MAX_TIMES:
                return f"it repeats too often ({times}), at most {MAX_TIMES} times are allowed"
            if closed and repeat[0] != "?":
                return "a group that repeats or branches is repeated itself"
            choices[-1] = True
            at = repeat.end()
            if pattern[at : at + 1] == "+":
                return "it uses a possessive repeat"
            at += pattern[at : at + 1] == "?"
            closed = False
            continue
        closed = False
        if character == "\\":
            if pattern[at + 1 : at + 2].isdigit() and pattern[at + 1] != "0":
                return "it refers back to a group"
            at += 2
        elif character == "[":
            found = _CLASS.match(pattern, at)
            at = found.end() if found else at + 1
        elif character == "(":
            if pattern[at + 1 : at + 2] == "?" and not pattern.startswith(_PLAIN_GROUPS, at + 1):
                refers = pattern.startswith(("?P=", "?("), at + 1)
                return "it refers back to a group" if refers else "it looks around, sets flags or is atomic"
            choices.append(False)
            at += 1
        elif character == ")":
            closed = choices.pop()
            choices[-1] = choices[-1] or closed
            at += 1
        else:
            choices[-1] = choices[-1] or character == "|"
            at += 1
    return None
