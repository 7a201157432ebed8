"""Heads that are read line by line and are no YAML: the key up to the first colon, the rest of the line as it is.

Floor 1, pure. Quotes stay in the value, comments are not cut, indentation means nothing, keys have no case, of equal keys the
last counts. A line inside what YAML would call a block is a key like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from agentsync.containers.changes import arranged, is_value, planned
from agentsync.containers.layout import Change
from agentsync.containers.text import BLANK
from agentsync.containers.yaml_edit import Splice, spliced
from agentsync.containers.yaml_emit import raw_value

_LINE: Final = re.compile(r"[^\r\n]+")
_TRIMMED: Final = BLANK + "\ufeff\xa0\u2028\u2029\u3000"


def read_lines(head: str) -> tuple[dict[str, str], list[tuple[str, int, int, int]]]:
    """The keys, and of every line with a key: key, start of line, start of value, end of line."""
    keys: dict[str, str] = {}
    places = []
    for found in _LINE.finditer(head):
        line = found.group()
        bare = line.strip(_TRIMMED)
        if not bare or bare[0] == "#" or ":" not in bare:
            continue
        key = bare.partition(":")[0].strip(_TRIMMED).lower()
        keys.pop(key, None)
        keys[key] = bare.partition(":")[2].strip(_TRIMMED)
        places.append((key, found.start(), found.start() + line.index(":") + 1, found.end()))
    return keys, places


def line_numbers(head: str, first: int) -> dict[str | int, int]:
    """Key to line, of a head whose first line is `first`."""
    return {key: first + head.count("\n", 0, start) for key, start, _, _ in read_lines(head)[1]}


def edit_lines(head: str, changes: Mapping[str, Change], end: str) -> str:
    """The head with other values; what it is asked to say that one raw line cannot say is said as near as it can."""
    keys, places = read_lines(head)
    told: dict[str, Change] = {key.lower(): raw_value(change) if is_value(change) else change for key, change in changes.items()}
    plan = planned(keys, told)
    if not plan:
        return head
    out = [Splice(start, _after(head, stop), "") for key, start, _, stop in places if key in plan.gone]
    last = {key: (start, value, stop) for key, start, value, stop in places}
    for key, value in plan.values.items():
        _, begin, stop = last[key]
        out.append(Splice(begin, stop, f" {value}" if value else ""))
    after = -1
    for step in arranged([key for key, _, _, _ in places], plan):
        if isinstance(step, int):
            after = places[step][3]
            continue
        line = f"{step}: {told[step]}".rstrip(BLANK)
        if after >= 0:
            out.append(Splice(after, after, end + line))
        else:
            gap = "" if not head or head.endswith("\n") else end
            out.append(Splice(len(head), len(head), gap + line + end))
    return spliced(head, out)


def _after(head: str, stop: int) -> int:
    """Where the next line begins."""
    return stop + (2 if head.startswith("\r\n", stop) else 1 if stop < len(head) else 0)
