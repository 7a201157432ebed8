"""Three-way merging of texts, and of any number of variants at once: by lines, or by words.

Floor 1, pure. The changes of each variant against the base are hunks; hunks of different variants that touch or overlap, and
are not the same change, are a conflict. So the order of the variants cannot matter, and nothing is ever taken from one alone.
Differences are found as in Myers, "An O(ND) Difference Algorithm and Its Variations" (1986).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

MOST_STEPS: Final = 800
"""Insertions and deletions that are told apart; two texts that differ in more lines are one change from end to end (cost is its square)."""

_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True, order=True)
class Hunk:
    """One change: the items of the base from `start` to before `end` become `new`."""

    start: int
    end: int
    new: tuple[str, ...]


def merge_lines(base: str, variants: Sequence[str]) -> str | None:
    r"""The text with every variant's changes of lines against the base; None where two of them meet at one place.

    >>> merge_lines("a\nb\nc\nd", ["A\nb\nc\nd", "a\nb\nc\nD"])
    'A\nb\nc\nD'
    >>> merge_lines("a\nb", ["x\nb", "y\nb"]) is None
    True
    """
    merged = merge_items(base.split("\n"), [variant.split("\n") for variant in variants])
    return None if merged is None else "\n".join(merged)


def carry_words(text: str, before: str, after: str) -> str | None:
    """`text`, an altered form of `before`, with the words changed that differ between `before` and `after`; None where they do not fit.

    >>> carry_words("Reads {{file}} slowly", "Reads file slowly", "Reads file quickly")
    'Reads {{file}} quickly'
    """
    merged = merge_items(_WORDS.findall(before), [_WORDS.findall(text), _WORDS.findall(after)])
    return None if merged is None else "".join(merged)


def merge_items(base: Sequence[str], variants: Sequence[Sequence[str]]) -> list[str] | None:
    """The base with the changes of all variants, or None where different changes of two of them touch."""
    changed = dict.fromkeys(tuple(variant) for variant in variants if list(variant) != list(base))
    if len(changed) <= 1:
        return list(next(iter(changed), base))
    hunks = sorted({hunk for variant in changed for hunk in hunks_of(base, variant)})
    if any(first.end >= second.start for first, second in pairwise(hunks)):
        return None
    merged: list[str] = []
    at = 0
    for hunk in hunks:
        merged += [*base[at : hunk.start], *hunk.new]
        at = hunk.end
    return [*merged, *base[at:]]


def hunks_of(base: Sequence[str], variant: Sequence[str]) -> list[Hunk]:
    """The changes that turn the base into the variant, in order; never two that touch."""
    least = min(len(base), len(variant))
    start = next((i for i in range(least) if base[i] != variant[i]), least)
    tail = next((i for i in range(least - start) if base[-1 - i] != variant[-1 - i]), least - start)
    inner, other = base[start : len(base) - tail], variant[start : len(variant) - tail]
    if not inner and not other:
        return []
    kept = _kept(inner, other)
    hunks: list[Hunk] = []
    at = (0, 0)
    for i, j in [*kept, (len(inner), len(other))]:
        if (i, j) != at:
            hunks.append(Hunk(start + at[0], start + i, tuple(other[at[1] : j])))
        at = (i + 1, j + 1)
    return hunks


def _kept(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of positions of items that both have, in order: a longest common subsequence, or nothing where that costs too much."""
    furthest = {1: 0}
    trail: list[dict[int, int]] = []
    for steps in range(min(len(a) + len(b), MOST_STEPS) + 1):
        trail.append(dict(furthest))
        for diagonal in range(-steps, steps + 1, 2):
            down = diagonal == -steps or (diagonal != steps and furthest[diagonal - 1] < furthest[diagonal + 1])
            x = furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1
            while x < len(a) and x - diagonal < len(b) and a[x] == b[x - diagonal]:
                x += 1
            furthest[diagonal] = x
            if x >= len(a) and x - diagonal >= len(b):
                return _walked_back(trail, len(a), len(b))
    return []


def _walked_back(trail: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    """The kept pairs along the path that was found, from its end."""
    kept: list[tuple[int, int]] = []
    for steps in range(len(trail) - 1, -1, -1):
        furthest, diagonal = trail[steps], x - y
        down = diagonal == -steps or (diagonal != steps and furthest[diagonal - 1] < furthest[diagonal + 1])
        before = diagonal + 1 if down else diagonal - 1
        start = furthest[before]
        while x > start and y > start - before:
            x, y = x - 1, y - 1
            kept.append((x, y))
        x, y = start, start - before
    return kept[::-1]
