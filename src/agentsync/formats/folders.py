"""Who writes where, and who else loads what is written there, by the data of two formats.

Floor 2, pure. Clients read each other's folders: some say so (`also_reads`), some simply look in one folder (`where.read`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from agentsync.formats.globs import compiled, fixed_folders

if TYPE_CHECKING:
    from agentsync.formats.rules import AlsoReads, Format

_SAMPLE: Final = "a-1"


def places_written(rules: Format, scope: str) -> tuple[str, ...]:
    """The paths of a scope that new agents of a format go to."""
    return tuple(where.write for where in rules.where if where.scope == scope and where.write is not None)


def reads(rules: Format, written: str, scope: str) -> bool:
    """Whether a format looks for its own agents where this path is written (`{slug}` stands for any name)."""
    path = written.replace("{slug}", _SAMPLE)
    return rules.direction != "write" and any(
        any(compiled(glob).fullmatch(path) for glob in where.read) and not any(compiled(glob).fullmatch(path) for glob in where.skip)
        for where in rules.where if where.scope == scope
    )


def may_meet(rules: Format, glob: str, scope: str) -> bool:
    """Whether a glob of another format could find a file that this one looks for."""
    return any(_meet(own, glob) for where in rules.where if where.scope == scope for own in where.read)


def _meet(first: str, second: str) -> bool:
    """Whether two globs could find one file: their fixed folders do not part, and they reach one depth. Rather yes than no."""
    one, two = fixed_folders(first), fixed_folders(second)
    (least, most), (lower, upper) = _depths(first), _depths(second)
    return one[: len(two)] == two[: len(one)] and least <= upper and lower <= most


def _depths(glob: str) -> tuple[int, float]:
    """The least and the greatest number of folders that a file found by a glob lies in."""
    any_depth = glob.split("/").count("**")
    return glob.count("/") - any_depth, math.inf if any_depth else glob.count("/")


def also_reads(rules: Format, other: str, scope: str) -> AlsoReads | None:
    """What a format's data says of its client reading the folder of another format, or None where it does not."""
    return next((also for also in rules.also_reads if also.format == other and also.scope in (None, scope)), None)


def keeps_limits(rules: Format, other: str, scope: str) -> bool:
    """Whether a client loads the agents of another format's folder and holds them to the limits that stand there."""
    also = also_reads(rules, other, scope)
    return also is not None and also.rights == "enforced"


def shared_folder(first: Format, second: Format, scope: str) -> str | None:
    """The folder, or shared file, in which each of two formats would take the other's copies for its own; None where there is none."""
    for one in places_written(first, scope):
        for two in places_written(second, scope):
            if one == two or (reads(first, two, scope) and reads(second, one, scope)):
                return one.partition("/{slug}")[0] if "{slug}" in one else one
    return None
