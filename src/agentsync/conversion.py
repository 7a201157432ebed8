"""`convert`: agents held by `agentsync.sources` -> documents of other formats, on standard output or in folders.

Floor 5. For each target: where each agent goes, who gets in whose way, the text (a document that is there already is edited,
never replaced by another layout), then the write, through the disk that was handed in. Outcomes are small and kept; texts go
out one by one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from agentsync import codec
from agentsync.codec.names import fitting_name
from agentsync.disk import Disk, DiskError, decode, encode
from agentsync.formats import documents
from agentsync.formats.globs import compiled, fixed_folders
from agentsync.formats.rules import DocumentRules, Format, Where
from agentsync.model import EMPTY, Agent, Document, Loss, Problem, Reading, Rendering, ordered
from agentsync.report import Outcome, Status, clip, clip_path
from agentsync.sources import Held, disk_failed, where_written

Emit = Callable[[Outcome, "str | None"], None]
"""Told of every outcome as it comes, with the text where that goes to nobody's disk."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the documents of one target go. root None: nowhere, each text is handed to `emit`.

    below: paths are as the assistant's own agents folder holds them, not as its project does. file: the one file that a
    format with many agents in one goes to, instead of its usual name. shown: what the root is called in messages.
    scope: `user` where the root is somebody's home directory.
    """

    root: str | None = None
    shown: str = ""
    below: bool = True
    file: str | None = None
    scope: str = "project"


@dataclass(frozen=True, slots=True)
class Options:
    """How a conversion is done. models: format to neutral model to native one. retry: the command line without `--allow-widening`."""

    check: bool = False
    allow_widening: bool = False
    models: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: EMPTY)
    retry: str = "agentsync convert …"


def _folder(where: Where | None) -> str:
    """The folder that an assistant keeps its agents in: what stands before the part that each agent has to itself."""
    return "" if where is None or where.write is None else where.write.partition("{slug}")[0].rpartition("/")[0]


def document_written(rules: Format) -> DocumentRules:
    """The kind of file that a new agent of a format is written in."""
    where = where_written(rules) or where_written(rules, "user")
    kinds = documents(rules)
    return kinds[0] if where is None else next((kind for kind in kinds if kind.id == where.document), kinds[0])


def shared(rules: Format) -> bool:
    """Whether new agents of a format stand together in one file."""
    return document_written(rules).unit == "entry"


class Converter:
    """Converts held agents to one format at one destination."""

    def __init__(self, rules: Format, destination: Destination, disk: Disk, options: Options, emit: Emit) -> None:
        self._rules, self._at, self._disk, self._options, self._emit = rules, destination, disk, options, emit
        self._kind = document_written(rules)
        self._where = where_written(rules, destination.scope)
        self._models = options.models.get(rules.id)
        self._folder = _folder(self._where)
        self._index: dict[str, str] | None = None
        self._empty: bool | None = None
        self._paths: dict[str, str] = {}

    def run(self, agents: Sequence[Held]) -> Iterator[Outcome]:
        """One outcome for every agent, in order. Nothing raises but a disk that fails as a whole."""
        clashes = self._clashes(agents)
        if shared(self._rules):
            yield from self._run_shared(agents, clashes)
            return
        for number, held in enumerate(agents):
            try:
                outcome, text = clashes[number] if number in clashes else self._one(held)
            except DiskError as error:
                problem = replace(error.problem, path=self._show(error.problem.path))
                outcome, text = self._outcome(held, "refused", problems=(problem,), failed=disk_failed(problem)), None
            self._emit(outcome, text)
            yield outcome

    # ---- who gets in whose way ---------------------------------------------------------------------------------

    def _clashes(self, agents: Sequence[Held]) -> dict[int, tuple[Outcome, None]]:
        """Agents that would have one path (or one key in a shared file) with another; equal ones are one agent, written once."""
        places: dict[str, list[int]] = {}
        for number, held in enumerate(agents):
            place = self._name(held.bare) if shared(self._rules) else self._path(held.bare)
            places.setdefault(_fold(place), []).append(number)
        found: dict[int, tuple[Outcome, None]] = {}
        for numbers in places.values():
            others = numbers[1:]
            if not others:
                continue
            group = [agents[number] for number in numbers]
            if all(_same(group[0], held) for held in group[1:]):
                for held in group[1:]:
                    note = Problem("duplicate", f"the same agent as {group[0].place.shown}", path=held.place.shown, severity="note")
                    twin = self._outcome(held, "unchanged", self._path(held.bare), problems=(note,))
                    found.update({number: (twin, None) for number in others if agents[number] is held})
                continue
            for number in numbers:
                found[number] = (self._clash(agents[number], group), None)
        return found

    def _clash(self, held: Held, group: Sequence[Held]) -> Outcome:
        place = self._name(held.bare) if shared(self._rules) else self._path(held.bare)
        sources = ordered(clip_path(other.place.shown) for other in group)
        what = "name" if shared(self._rules) else "file"
        problem = Problem(
            "same-path", f"{len(group)} agents would have one {what}, {clip(place)}: {', '.join(sources)}",
            hint="give them different names, or convert their folders one at a time, each into its own",
        )
        return self._outcome(held, "refused", problems=(problem,))

    # ---- one agent a file --------------------------------------------------------------------------------------

    def _one(self, held: Held) -> tuple[Outcome, str | None]:
        agent = held.agent
        path = self._path(agent)
        if self._at.root is None:
            return self._rendered(held, agent, path, None, None)
        path, old = self._standing(agent, path)
        if old is None:
            return self._rendered(held, agent, path, None, None)
        reading = self._reading_of(agent, path, old)
        if reading is None:
            problem = Problem(
                "in-the-way", "another file is there already and is left as it is", path=self._show(path),
                hint="move that file away, or choose another folder",
            )
            return self._outcome(held, "refused", path, problems=(problem,)), None
        return self._rendered(held, agent, path, old, reading.entry)

    def _standing(self, agent: Agent, path: str) -> tuple[str, bytes | None]:
        """The file of an agent that is there already, under its usual path or another, and its bytes."""
        if self._nothing_there():
            return path, None
        old = self._bytes(path)
        if old is not None:
            return path, old
        index = self._by_name()
        found = index.get(_fold(self._name(agent))) if index else None
        return (path, None) if found is None else (found, self._bytes(found))

    def _nothing_there(self) -> bool:
        """Whether the agents' folder at the destination was empty before the first was written, so that no file has to be looked for."""
        if self._empty is None:
            root = self._at.root
            self._empty = root is None or self._disk.identity(root) is None or (
                not self._whole_repository(root) and not self._disk.scan(root, "" if self._at.below else self._folder)
            )
        return self._empty

    def _whole_repository(self, root: str) -> bool:
        """Whether the destination is a repository and no folder of agents: then only the usual paths are looked at."""
        return self._at.below and Path(root, ".git").exists()

    def _by_name(self) -> dict[str, str]:
        """Name to path of the agents that stand at the destination before the first is written."""
        if self._index is None:
            self._index = {}
            for path in self._candidates():
                data = self._bytes(path)
                for reading in () if data is None else self._read(path, data):
                    if reading.agent is not None and reading.status == "read":
                        self._index.setdefault(_fold(reading.agent.name), path)
        return self._index

    def _candidates(self) -> Iterator[str]:
        """Paths at the destination that the assistant would load agents from."""
        where = self._where
        if where is None or self._at.root is None or self._disk.identity(self._at.root) is None or self._whole_repository(self._at.root):
            return
        folder = "/".join(fixed_folders(where.read[0]))
        prefix = f"{folder}/" if self._at.below else ""
        for entry in self._disk.scan(self._at.root, "" if self._at.below else folder):
            if entry.kind == "file" and any(compiled(glob).fullmatch(prefix + entry.path) for glob in where.read):
                yield entry.path

    def _reading_of(self, agent: Agent, path: str, data: bytes) -> Reading | None:
        """What a file that is there says, if it is the same agent; else None."""
        wanted = {_fold(agent.name), _fold(self._name(agent))}
        readings = self._read(path, data)
        return next((r for r in readings if r.status == "read" and r.agent is not None and _fold(r.agent.name) in wanted), None)

    def _rendered(self, held: Held, agent: Agent, path: str, old: bytes | None, entry: str | None) -> tuple[Outcome, str | None]:
        """The outcome of one agent, its text written unless that is only asked for."""
        itself = self._itself(held)
        if itself is not None and (old is None or old == itself):
            return self._put(held, (Document(path, decode(itself)),), (), (), old)
        rendering = self._write(agent, None if old is None else Document(self._native(path), decode(old)), entry)
        if rendering.refused:
            return self._outcome(held, "refused", path, problems=self._mended(rendering.problems)), None
        first, *others = rendering.documents
        moved = [Document(self._local(document.path), document.text) for document in others]
        return self._put(held, (Document(path, first.text), *moved), rendering.losses, rendering.problems, old)

    def _itself(self, held: Held) -> bytes | None:
        """The source's own bytes, where it is a file of the very kind that is to be written: then nothing is to be converted."""
        if held.format != self._rules.id or held.entry is not None or held.kind not in (None, self._kind.id):
            return None
        if held.place.text is not None:
            return encode(held.place.text)
        return self._disk.read(held.place.root, held.place.path).data

    def _put(
        self, held: Held, found: Sequence[Document], losses: Sequence[Loss], problems: Sequence[Problem], old: bytes | None,
    ) -> tuple[Outcome, str | None]:
        """Write the documents of an agent, unless that is not asked for. The first is the one that was looked at before."""
        path = found[0].path
        if self._at.root is None:
            return self._outcome(held, "written", losses=losses, problems=problems), found[0].text
        changed = False
        for number, document in enumerate(found):
            data = encode(document.text)
            before = old if number == 0 else self._bytes(document.path)
            if data == before:
                continue
            changed = True
            if not self._options.check:
                self._disk.write(self._at.root, document.path, data, expected=before)
        return self._outcome(held, "written" if changed else "unchanged", path, losses=losses, problems=problems), None

    # ---- many agents in one file -------------------------------------------------------------------------------

    def _run_shared(self, agents: Sequence[Held], clashes: Mapping[int, tuple[Outcome, None]]) -> Iterator[Outcome]:
        """One document for all agents that are not refused; one outcome each."""
        chosen = [(number, held) for number, held in enumerate(agents) if number not in clashes]
        path = self._path(agents[0].bare) if agents else ""
        outcomes = {number: outcome for number, (outcome, _) in clashes.items()}
        text: str | None = None
        try:
            old = self._bytes(path)
            renderings, document = self._together([held.agent for _, held in chosen], path, old)
            text = None if document is None else document.text
            data = None if text is None else encode(text)
            status: Status = "unchanged" if data == old else "written"
            if data is not None and data != old and self._at.root is not None and not self._options.check:
                self._disk.write(self._at.root, path, data, expected=old)
            for (number, held), item in zip(chosen, renderings, strict=True):
                problems = self._mended(item.problems)
                refused = any(problem.severity != "note" for problem in problems)
                outcomes[number] = self._outcome(held, "refused" if refused else status, path, losses=item.losses, problems=problems)
        except DiskError as error:
            problem = replace(error.problem, path=self._show(error.problem.path))
            failed = disk_failed(problem)
            outcomes |= {number: self._outcome(held, "refused", path, problems=(problem,), failed=failed) for number, held in chosen}
        last = max((number for number, outcome in outcomes.items() if outcome.status != "refused"), default=-1)
        for number in range(len(agents)):
            self._emit(outcomes[number], text if number == last and self._at.root is None else None)
            yield outcomes[number]

    def _together(self, agents: Sequence[Agent], path: str, old: bytes | None) -> tuple[Sequence[Rendering], Document | None]:
        """A rendering for each agent, and the one document: a new one, or the old one with each entry put in its place."""
        if old is None:
            return codec.write_many(agents, self._rules, models=self._models, allow_widening=self._options.allow_widening)
        document = Document(self._native(path), decode(old))
        renderings: list[Rendering] = []
        for agent in agents:
            renderings.append(self._write(agent, document, None))
            if renderings[-1].documents:
                document = renderings[-1].documents[0]
        return renderings, document

    # ---- small things ------------------------------------------------------------------------------------------

    def _write(self, agent: Agent, old: Document | None, entry: str | None) -> Rendering:
        return codec.write(agent, self._rules, old=old, entry=entry, models=self._models, allow_widening=self._options.allow_widening)

    def _read(self, path: str, data: bytes) -> tuple[Reading, ...]:
        return codec.read(Document(self._native(path), decode(data)), self._rules, kind=self._kind.id)

    def _bytes(self, path: str) -> bytes | None:
        """What stands at a path of the destination, or None. A link, a folder or a file that is too large is a DiskError."""
        if self._at.root is None:
            return None
        try:
            return self._disk.read(self._at.root, path).data
        except DiskError as error:
            if error.problem.code == "missing":
                return None
            raise

    def _native(self, path: str) -> str:
        """A path of the destination as the assistant's project would have it: names can stand in folders."""
        return f"{self._folder}/{path}" if self._at.below and self._folder else path

    def _local(self, path: str) -> str:
        """The inverse of `_native`."""
        return path.removeprefix(f"{self._folder}/") if self._at.below and self._folder else path

    def _name(self, agent: Agent) -> str:
        """What an agent is called at the target."""
        return fitting_name(self._rules, agent.name) or agent.name

    def _path(self, agent: Agent) -> str:
        """Where a new copy of an agent goes at the destination."""
        found = self._paths.get(agent.name)
        if found is None:
            found = self._paths[agent.name] = self._at.file or self._local(codec.new_path(self._rules, agent.name, self._at.scope))
        return found

    def _mended(self, problems: Sequence[Problem]) -> tuple[Problem, ...]:
        return decided_here(problems, f"{self._options.retry} --to {self._rules.id}")

    def _show(self, path: str | None) -> str | None:
        return path if path is None or not self._at.shown else f"{self._at.shown.rstrip('/')}/{path}"

    def _outcome(
        self, held: Held, status: Status, path: str | None = None, *,
        losses: Sequence[Loss] = (), problems: Sequence[Problem] = (), failed: bool = False,
    ) -> Outcome:
        output = None if path is None or self._at.root is None else self._show(path)
        return Outcome(
            held.place.shown, held.bare.name, held.format, self._rules.id, status, output,
            tuple(losses), tuple(problems), held.losses, held.problems, failed,
        )


_ALLOW: Final = "agentsync allow "
_SKIP: Final = "agentsync skip "


def decided_here(problems: Sequence[Problem], retry: str) -> tuple[Problem, ...]:
    """A refusal's hint names the hub's commands. Without a hub the command line decides: `retry` with --allow-widening."""
    def hint(text: str | None) -> str | None:
        if text is None or not text.startswith((_ALLOW, _SKIP)):
            return text
        return f"{retry} --allow-widening" if text.startswith(_ALLOW) else None

    return tuple(replace(problem, hint=hint(problem.hint)) for problem in problems)


def _fold(text: str) -> str:
    """How names and paths are compared: some disks keep neither case nor the way a letter is composed."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def _same(first: Held, second: Held) -> bool:
    """Whether two held agents say the same."""
    return first.prompt == second.prompt and first.bare == second.bare
