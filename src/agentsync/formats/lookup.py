"""The places of many formats, looked up by the folder a file lies in, and what was already told of files like it.

Floor 2, pure. A run asks the same formats about thousands of files in a few folders; what depends on the folder alone is worked
out once for each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from agentsync.formats.evidence import traits_of
from agentsync.formats.globs import compiled, compiled_anywhere, fixed_path, is_plain
from agentsync.model import ordered

if TYPE_CHECKING:
    from agentsync.formats.rules import Format, Where

MOST: Final = 1000
"""So many folders, and so many kinds of heads, are remembered; a run that meets more begins anew."""

Near: TypeAlias = "tuple[tuple[Format, tuple[tuple[Where, str], ...]], ...]"


class Folders:
    """What detection looks up in a pool of formats.

    tool_keys: the keys under which some format keeps names of tools.
    read: the formats that are read at all; of these, by_content may be told by what a file says, with_names by what it is called.
    memo: for the detector's own use, see `remember`.
    """

    def __init__(self, formats: Sequence[Format]) -> None:
        self.formats = tuple(formats)
        self._skips = ordered(skip for rules in formats for where in rules.where for skip in where.skip)
        self.tool_keys = tuple(sorted({key for rules in formats for key in traits_of(rules).tool_keys}))
        self.read = tuple(rules for rules in formats if rules.direction != "write")
        self.by_content = tuple(rules for rules in self.read if rules.detect.content)
        self.with_names = tuple(rules for rules in self.read if rules.detect.files)
        self.memo: dict[object, Any] = {}
        self._near: dict[str, Near] = {}
        self._skipped: dict[str, tuple[re.Pattern[str], ...]] = {}
        names = ordered(glob for rules in self.with_names for glob in rules.detect.files)
        self._names = re.compile("|".join(f"(?:{compiled(glob).pattern})" for glob in names), re.DOTALL) if names else None

    def named(self, name: str) -> tuple[Format, ...]:
        """The formats that alone use such a file name."""
        if self._names is None or self._names.fullmatch(name) is None:
            return ()
        return tuple(rules for rules in self.with_names if any(compiled(glob).fullmatch(name) for glob in rules.detect.files))

    def skipped(self, path: str) -> bool:
        """Whether the path lies in some format's folder and is a file that it leaves out."""
        folder = path.rpartition("/")[0]
        found = self._skipped.get(folder)
        if found is None:
            if len(self._skipped) >= MOST:
                self._skipped.clear()
            found = self._skipped[folder] = tuple(compiled_anywhere(skip) for skip in self._skips if _folder_of(skip) in folder)
        return any(skip.fullmatch(path) for skip in found)

    def near(self, path: str) -> Near:
        """The globs, by format, that a file in the folder of this path may match: their own folders stand in its text."""
        folder = path.rpartition("/")[0]
        found = self._near.get(folder)
        if found is None:
            if len(self._near) >= MOST:
                self._near.clear()
            found = self._near[folder] = tuple(_near(self.formats, folder))
        return found

    def remember(self, question: object, answer: Any) -> Any:
        """Keep an answer in the memo."""
        if len(self.memo) >= MOST:
            self.memo.clear()
        self.memo[question] = answer
        return answer


def _near(formats: Sequence[Format], folder: str) -> Sequence[tuple[Format, tuple[tuple[Where, str], ...]]]:
    found = []
    for rules in formats:
        globs = tuple((where, glob) for where in rules.where for glob in where.read if _folder_of(glob) in folder)
        if globs and rules.direction != "write":
            found.append((rules, globs))
    return found


def _folder_of(glob: str) -> str:
    """The folders that stand in every path a glob matches."""
    return fixed_path(glob).rpartition("/")[0] if is_plain(glob) else fixed_path(glob)


_known: dict[tuple[int, ...], Folders] = {}


def folders_of(formats: Sequence[Format]) -> Folders:
    """The look-up of these formats, in this order, made once. It keeps them alive, so that their identity stays theirs."""
    key = tuple(map(id, formats))
    found = _known.get(key)
    if found is None:
        if len(_known) >= MOST:
            _known.clear()
        found = _known[key] = Folders(formats)
    return found
