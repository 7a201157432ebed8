"""What the planners make plans of: the edits of a project, file by file, items that clash, and texts that no file can hold.

Floor 4, pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from agentsync import containers
from agentsync.copies import Change, Edit, Key, Written
from agentsync.formats import layout_of
from agentsync.model import Problem
from agentsync.snapshot import Found, Item, Place, digest, fold


class Edits:
    """The edits of one project, one a file: several agents may live in one shared file."""

    def __init__(self, project: str, root: str) -> None:
        self._project, self._root = project, root
        self._old: dict[str, str | None] = {}
        self._new: dict[str, str | None] = {}
        self._changes: dict[str, list[Change]] = {}
        self._put: dict[str, list[Written]] = {}
        self._forget: dict[str, list[Key]] = {}
        self.released: list[Key] = []

    def text(self, found: Found | None, path: str) -> str | None:
        """What the file says after the edits so far."""
        return self._new.get(path, found.text if found else None)

    def record(
        self, path: str, old: str | None, new: str | None, *,
        change: Change | None = None, put: Written | None = None, forget: Iterable[Key] = (),
    ) -> None:
        """Add what happens to a file; `old` counts the first time only."""
        self._old.setdefault(path, old)
        self._new[path] = new
        self._changes.setdefault(path, []).extend([change] if change else [])
        self._put.setdefault(path, []).extend([put] if put else [])
        self._forget.setdefault(path, []).extend(forget)

    def deletions(self) -> int:
        """How many copies would go."""
        return sum(change.action == "delete" for changes in self._changes.values() for change in changes)

    def all(self) -> list[Edit]:
        """The edits in the order of their paths, rows filled with the digest of what the file says in the end."""
        edits = [Edit(self._project, self._root, "", None, None, forget=tuple(self.released))] if self.released else []
        for path in sorted(self._new):
            old, new = self._old[path], self._new[path]
            final = "" if new is None else digest(new)
            # A stamp taken before the file is written says nothing about it afterwards.
            put = (replace(row, written=final, base=final, stamp=row.stamp if old == new else "") for row in self._put[path])
            edits.append(Edit(self._project, self._root, path, old, new, tuple(self._changes[path]), tuple(put), tuple(self._forget[path])))
        return edits


CLASHES: Final = frozenset({"same-name", "same-file"})
"""Refusals that no option of a target settles: two agents, or two targets, want one place."""


def clashes_of(items: Sequence[Item]) -> Mapping[int, Problem]:
    """Items, by number, that would have one name at a target or one file in a project with another; neither is written."""
    names: dict[tuple[str, str, str], list[int]] = {}
    files: dict[tuple[str, str | None], list[int]] = {}
    for number, item in enumerate(items):
        if item.path is None or (item.wanted is not None and item.wanted.refused):
            continue
        target = item.place.target
        names.setdefault((target.format, target.scope, fold(item.native)), []).append(number)
        files.setdefault((fold(item.path), item.entry), []).append(number)
    found: dict[int, Problem] = {}
    for groups in (files, names):
        for group in groups.values():
            found.update({number: _clash([items[n] for n in group], items[number]) for number in group if len(group) > 1})
    return found


def _clash(items: Sequence[Item], item: Item) -> Problem:
    """Why two or more items cannot be written, and the ways out."""
    agents = list(dict.fromkeys(one.agent.id for one in items))
    formats = list(dict.fromkeys(one.place.target.format for one in items))
    if len(agents) == 1:
        what = f"the targets {' and '.join(formats)} would both write {item.path}"
        return Problem("same-file", what, path=item.path, hint=f"take one of them out of the targets of {item.place.target.project}")
    name = min(one.native for one in items)
    what = f"{len(agents)} agents would be called {name} there: {' and '.join(agents)}"
    return Problem("same-name", what, path=item.path, hint=f'give one another name, or leave one out: select: ["!{agents[-1]}"]')


def unwritable(path: str, text: str) -> Problem | None:
    """A text that no file can hold: half of a surrogate pair, from an escape in JSON or TOML."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return Problem("surrogate", "the text holds half a character, which no file can hold", path=path)
    return None


def without(place: Place, found: Found, text: str, entry: str) -> str:
    """A shared file without one entry."""
    layout = layout_of(place.rules, found.document)
    parsed = containers.parse(text, layout)
    for one in parsed.entries:
        if one.key == entry:
            return containers.remove(parsed, layout, one)
    return text
