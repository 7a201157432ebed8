"""What a person names on the command line -> agents: a file, a folder, a project, or standard input.

Floor 5. Agents are held, documents are not: a folder of thousands costs the memory of its prompts. What gave no agent comes
back as an `Outcome` (skipped, unreadable), and the others go on. Links inside a folder are not followed: a folder somebody
else wrote could lead out of itself. A file that is named is read wherever it leads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

from agentsync import codec
from agentsync.api import ENDINGS, kind_of
from agentsync.disk import Disk, DiskError, Entry, decode
from agentsync.formats import detect, documents
from agentsync.formats.globs import compiled, fixed_folders, is_plain
from agentsync.formats.rules import Format, Where
from agentsync.model import Agent, Document, Loss, Problem, Reading
from agentsync.report import Outcome, Status

STANDARD_INPUT: Final = "-"

_ON_PRINCIPLE: Final = frozenset({"link", "no-file", "no-folder", "too-large", "too-deep", "outside", "surrogate"})
_NO_WAY: Final = frozenset({"link", "no-folder"})
"""A link, or a file, where a folder would be: then nothing of ours is below."""
_NOT_ENTERED: Final = frozenset({"node_modules", ".git", ".venv", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Place:
    """A file to read: `path` below the folder `root`, called `shown` in messages. `text` is there only for standard input."""

    root: str
    path: str
    shown: str
    text: str | None = None

    @property
    def absolute(self) -> str:
        """The whole path with `/`, for recognising folders by name."""
        return f"{self.root}/{self.path}".replace(os.sep, "/")


@dataclass(frozen=True, slots=True)
class Found:
    """A place, and what is known of it before it is read. `named`: the user typed its path, so it has to be an agent."""

    place: Place
    format: Format | None = None
    kind: str | None = None
    named: bool = False


class Held(NamedTuple):
    """An agent that was read. Its prompt is kept as UTF-8, a quarter of what Python's text may take; see `agent`."""

    place: Place
    format: str
    kind: str | None
    entry: str | None
    bare: Agent
    prompt: bytes
    losses: tuple[Loss, ...]
    problems: tuple[Problem, ...]

    @property
    def agent(self) -> Agent:
        """The agent with its prompt."""
        bare = self.bare
        return Agent(bare.name, self.prompt.decode("utf-8", "surrogatepass"), bare.rights, bare.fields, bare.extra, bare.home)


# ---- finding -----------------------------------------------------------------------------------------------------

def find(source: str, formats: Sequence[Format], only: Format | None, disk: Disk, stdin: Callable[[], bytes]) -> Iterator[Found]:
    """The places a SRC means. Raises `DiskError` where there is nothing of that name."""
    if source == STANDARD_INPUT:
        yield Found(Place("", STANDARD_INPUT, STANDARD_INPUT, decode(stdin())), only, named=True)
        return
    path = Path(source)
    if path.is_dir():
        yield from _in_folder(path, source, formats, only, disk)
        return
    if not path.exists():
        raise DiskError(Problem("missing", "there is no such file or folder", path=source))
    real = Path(os.path.realpath(path))
    kind = None if only is None else kind_of(only, path.absolute().as_posix())
    yield Found(Place(str(real.parent), real.name, source), only, kind, named=True)


def in_project(folder: str, shown: str, formats: Sequence[Format], disk: Disk) -> Iterator[Found]:
    """The agents of a project alone, by the places assistants look in; nothing where no assistant has one there."""
    root = os.path.realpath(folder)
    return _in_project(root, shown, formats, disk, scope_of(root))


def _in_folder(folder: Path, shown: str, formats: Sequence[Format], only: Format | None, disk: Disk) -> Iterator[Found]:
    """The agents of a project, by the places assistants look in; of any other folder, every file that could hold one."""
    root = str(folder.resolve())
    chosen = formats if only is None else (only,)
    found = list(_in_project(root, shown, chosen, disk, scope_of(root)))
    if found:
        yield from found
        return
    endings = tuple({f".{ending}" for rules in chosen for ending in _endings(rules)})
    for path in _files(root, "", disk):
        if path.endswith(endings):
            place = Place(root, path, _join(shown, path))
            yield Found(place, only, None if only is None else kind_of(only, place.absolute))


def _in_project(root: str, shown: str, formats: Iterable[Format], disk: Disk, scope: str) -> Iterator[Found]:
    """Files that lie where an assistant looks for its agents in a project, or in a home directory."""
    seen: set[tuple[str, str]] = set()
    for rules in formats:
        for where in rules.where:
            if where.scope != scope:
                continue
            for glob in where.read:
                for path in _matching(root, glob, disk):
                    if (rules.id, path) in seen or any(compiled(skip).fullmatch(path) for skip in where.skip):
                        continue
                    seen.add((rules.id, path))
                    yield Found(Place(root, path, _join(shown, path)), rules, where.document)


def _matching(root: str, glob: str, disk: Disk) -> Iterator[str]:
    """Paths below a root that match a glob. Only a place under a dot-folder, or one exact file, marks a project:
    many a repository has a folder called `agents` that holds something else."""
    fixed = fixed_folders(glob)
    if is_plain(glob):
        entry = _entry(root, glob, disk)
        if entry is not None and entry.kind == "file":
            yield glob
    elif fixed and fixed[0].startswith("."):
        pattern = compiled(glob)
        yield from (path for path in _files(root, "/".join(fixed), disk) if pattern.fullmatch(path))


def _entry(root: str, path: str, disk: Disk) -> Entry | None:
    try:
        return disk.look(root, path)
    except DiskError as error:
        if error.problem.code in _NO_WAY:
            return None
        raise


def _files(root: str, folder: str, disk: Disk) -> Iterator[str]:
    try:
        entries = disk.scan(root, folder)
    except DiskError as error:
        if error.problem.code in _NO_WAY:
            return
        raise
    for entry in entries:
        if entry.kind in ("file", "link") and not _NOT_ENTERED.intersection(entry.path.split("/")):
            yield entry.path


def _endings(rules: Format) -> set[str]:
    """The endings of files that may hold an agent of a format."""
    read = {glob.rpartition("/")[2].rpartition(".")[2] for where in rules.where for glob in where.read}
    placeless = {ending for kind in documents(rules) for ending in ENDINGS[kind.kind] if not rules.where}
    return {ending for ending in read if ending.isalnum()} | placeless


def _join(shown: str, path: str) -> str:
    return path if shown in (".", "./") else f"{shown.rstrip('/')}/{path}"


# ---- reading -----------------------------------------------------------------------------------------------------

class Reader:
    """Reads places into agents, sharing what is equal between them."""

    def __init__(self, formats: Sequence[Format], disk: Disk) -> None:
        self._formats, self._disk = formats, disk
        self._losses: dict[Loss, Loss] = {}

    def read(self, found: Found) -> Iterator[Held | Outcome]:
        """The agents of one place, or why it gave none. Never raises for what is in the file."""
        shown = found.place.shown
        try:
            text = self._text(found.place)
        except DiskError as error:
            known_id = None if found.format is None else found.format.id
            problem = replace(error.problem, path=shown)
            yield Outcome(shown, None, known_id, None, "unreadable", problems=(problem,), failed=disk_failed(problem))
            return
        rules, kind, guess = found.format, found.kind, None
        if rules is None:
            known = detect(found.place.absolute if found.place.text is None else STANDARD_INPUT, text, self._formats)
            if known.format is None:
                yield _unknown(found, known.candidates)
                return
            rules, kind = known.format, known.document
            if known.guessed:
                guess = Loss("guessed", "format", rules.id, "no folder and no key says which assistant it is for")
        readings = codec.read(Document(found.place.absolute, text), rules, kind=kind)
        for reading in readings:
            yield self._taken(found, rules.id, kind, reading, guess)

    def _text(self, place: Place) -> str:
        return place.text if place.text is not None else decode(self._disk.read(place.root, place.path).data)

    def _taken(self, found: Found, format_id: str, kind: str | None, reading: Reading, guess: Loss | None) -> Held | Outcome:
        shown = found.place.shown
        problems = tuple(replace(problem, path=shown) for problem in reading.problems)
        agent = reading.agent
        if reading.status == "read" and agent is not None:
            losses = tuple(self._losses.setdefault(loss, loss) for loss in (*reading.losses, *((guess,) if guess else ())))
            prompt = agent.prompt.encode("utf-8", "surrogatepass")
            return Held(found.place, format_id, kind, reading.entry, replace(agent, prompt=""), prompt, losses, problems)
        if reading.status == "skipped" and not found.named:
            return Outcome(shown, None, format_id, None, "skipped", problems=problems)
        status: Status = "refused" if reading.status == "degraded" else "unreadable"
        if not problems:
            problems = (Problem("no-agent", f"{format_id} finds no agent in this file", path=shown),)
        return Outcome(shown, None if agent is None else agent.name, format_id, None, status, problems=problems, read_losses=reading.losses)


def _unknown(found: Found, candidates: Sequence[Format]) -> Outcome:
    """A file whose format nothing tells: an error where the user named it or several fit, else no agent."""
    shown = found.place.shown
    ids = ", ".join(rules.id for rules in candidates)
    if not candidates and not found.named:
        note = Problem("unknown-format", "no format knows this file", path=shown, severity="note")
        return Outcome(shown, None, None, None, "skipped", problems=(note,))
    message = f"this may be {ids}: say which" if candidates else "no format knows this file"
    first = candidates[0].id if candidates else "FORMAT"
    problem = Problem("ambiguous-format", message, path=shown, hint=f"agentsync convert {shown} --from {first} …")
    return Outcome(shown, None, None, None, "unreadable", problems=(problem,))


def disk_failed(problem: Problem) -> bool:
    """Whether a `DiskError` speaks of the disk (exit code 3), not of a file that agentsync does not touch on principle."""
    return problem.code not in _ON_PRINCIPLE


def scope_of(folder: str) -> str:
    """Which places of the assistants a folder has: those of a user where it is the home directory, else a project's."""
    return "user" if os.path.realpath(folder) == os.path.realpath(Path.home()) else "project"


def where_written(rules: Format, scope: str = "project") -> Where | None:
    """The place of a format that new agents go to, or None."""
    return next((where for where in rules.where if where.scope == scope and where.write), None)

