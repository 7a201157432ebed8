"""Which formats there are for one run: those that come with agentsync, and those that a user or a hub brings as files.

Floor 2, pure. Whoever reads the files (`agentsync.own_formats`) hands their texts in. A registry is a value that is passed on;
nothing is remembered for the process, so one call never sees another's formats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from agentsync.formats.loader import FormatError, known_ids, load, load_all, load_text, unknown_format
from agentsync.model import Problem
from agentsync.shipped import read_shipped

if TYPE_CHECKING:
    from agentsync.formats.rules import Format

_REMEMBERED: Final = 256

Origin = Literal["shipped", "yours", "hub"]
State = Literal["active", "untrusted", "changed", "broken"]


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A format file that does not come with agentsync. Its name without ending is its id.

    path: what it is called in messages. digest: of its bytes; trusted: the digest that this machine's user trusted, if any.
    trouble: why it could not even be read.
    """

    id: str
    path: str
    text: str
    digest: str
    origin: Literal["yours", "hub"]
    trusted: str | None = None
    trouble: Problem | None = None


class Registry:
    """Formats by id. Files are parsed when they are asked for; what is wrong with one does not touch the others."""

    def __init__(self, own: Sequence[OwnFile] = ()) -> None:
        self.own: Final = tuple(own)
        shipped = frozenset(known_ids() if own else ())
        # A user's own file wins over the hub's; one that calls itself by a shipped id takes nobody's place.
        first: dict[str, OwnFile] = {}
        for file in sorted(own, key=lambda one: one.origin == "hub"):
            if file.id not in shipped:
                first.setdefault(file.id, file)
        self._first: Mapping[str, OwnFile] = first

    def ids(self) -> tuple[str, ...]:
        """Every id that means a format here, sorted; `load` says whether it can be used."""
        return tuple(sorted([*known_ids(), *self._first])) if self._first else known_ids()

    def load(self, format_id: str) -> Format:
        """The format of this id. FormatError where there is none, or where its file is broken or not trusted."""
        file = self._first.get(format_id)
        if file is not None:
            if problem := self._distrust(file):
                raise FormatError([problem])
            return self._parsed(file)
        if self._first and format_id not in known_ids():
            raise unknown_format(format_id, self.ids())
        return load(format_id)

    def usable(self) -> tuple[Format, ...]:
        """Every format that can be used, sorted by id. Files that cannot be are left out in silence: see `problems`."""
        own = [self._parsed(file) for file in self._first.values() if self.state(file) == "active"]
        return tuple(sorted((*load_all(), *own), key=lambda rules: rules.id)) if own else load_all()

    def origin(self, format_id: str) -> Origin:
        """Where a format comes from."""
        file = self._first.get(format_id)
        return "shipped" if file is None else file.origin

    def file(self, format_id: str) -> OwnFile | None:
        """The file that brings a format, where it does not come with agentsync."""
        return self._first.get(format_id)

    def state(self, file: OwnFile) -> State:
        """Whether a file's format can be used. What is not trusted is not called broken: nobody was to read it closely yet."""
        if file.origin == "hub" and file.trouble is None and file.trusted != file.digest and self._first.get(file.id) is file:
            return "changed" if file.trusted else "untrusted"
        return "broken" if self.problems(file) else "active"

    def problems(self, file: OwnFile) -> tuple[Problem, ...]:
        """Why a file's format cannot be used: everything that is wrong with it, or that it is not trusted. Empty where it can."""
        try:
            self._parsed(file)
        except FormatError as error:
            return error.problems
        taken = self._first.get(file.id)
        if taken is not file:
            what = f"id: the id is taken ({file.id}), it belongs to a format of your own"
            return (Problem("format-rule", what, file.path, 1, hint=f"give it another id, or remove {taken.path if taken else 'the other'}"),)
        distrust = self._distrust(file)
        return (distrust,) if distrust else ()

    def spoilt(self, before: Registry) -> FormatError | None:
        """Why a format that could be used before is broken now, or None. A file that is gone, or not trusted, is meant to be so."""
        for identity, file in sorted(self._first.items()):
            then = before.file(identity)
            if then is not None and before.state(then) == "active" and self.state(file) == "broken":
                return FormatError(self.problems(file))
        return None

    def read_anyway(self, file: OwnFile) -> Format | None:
        """What a file says whether or not it is trusted, to be looked at; None where it is broken."""
        try:
            return self._parsed(file)
        except FormatError:
            return None

    def taken(self) -> tuple[Problem, ...]:
        """What is to be said even if nobody asks for it: files under the id of a format that comes with agentsync, but for its very text."""
        return tuple(
            problem for file in self.own if file.id in known_ids() and (file.trouble or file.text != read_shipped(file.id))
            for problem in self.problems(file)[:1]
        )

    def _distrust(self, file: OwnFile) -> Problem | None:
        if file.origin != "hub" or file.trouble is not None or file.trusted == file.digest:
            return None
        what = (
            f"this format of the hub ({file.id}) has changed since you trusted it" if file.trusted
            else f"the hub brings this format ({file.id}), and you have not trusted it on this machine"
        )
        return Problem("format-untrusted", what, file.path, 1, hint=f"agentsync formats trust {file.id}")

    @staticmethod
    def _parsed(file: OwnFile) -> Format:
        found = _parse(replace(file, trusted=None))
        if isinstance(found, FormatError):
            raise FormatError(found.problems)
        return found


@lru_cache(maxsize=_REMEMBERED)
def _parse(file: OwnFile) -> Format | FormatError:
    """What a file says, or why it says nothing. Depends on the file alone, so that the same text is one format in a long run too."""
    try:
        if file.trouble is not None:
            raise FormatError([file.trouble])
        # A hub's format may not speak for a folder that a format of agentsync's looks after.
        return load_text(file.text, file.path, shipped=False, apart_from=load_all() if file.origin == "hub" else ())
    except FormatError as error:
        return FormatError([_mended(problem, file) for problem in error.problems])


def _mended(problem: Problem, file: OwnFile) -> Problem:
    """A problem of a file with a way out: its own, or where to mend it and how to ask again."""
    if problem.hint is not None:
        return problem
    line = f"line {problem.line} of " if problem.line else ""
    return replace(problem, hint=f"mend {line}{file.path}, then: agentsync formats {file.id}")


SHIPPED: Final = Registry()
"""The formats that come with agentsync, and no others."""
