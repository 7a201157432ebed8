"""The agents a commit is about to hold, where the hub is not on this machine: agentsync.lock says which files are copies of one agent.

Floor 6. What the commit changes in one copy, against HEAD, is carried to the others part by part, as pull carries it to a hub. What gives
rights is not carried on: nobody here can approve it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import quote

from agentsync import codec, containers
from agentsync.bases import conflicted
from agentsync.disk import Disk, DiskError, decode, encode
from agentsync.formats import FormatError, Registry, layout_of
from agentsync.formats.globs import compiled
from agentsync.formats.rules import Format
from agentsync.hub import digest_of
from agentsync.index import contents
from agentsync.lift import Form, changed_parts, lift
from agentsync.lockfile import LOCK_FILE, LockLine, read_lock
from agentsync.merge import MISSING, equal, parts_of, with_parts
from agentsync.model import Agent, Document, Problem, Value
from agentsync.risks import risks_of
from agentsync.snapshot import Found, Reader
from agentsync.staged import FIX, Check, Commit, Fix, Lint, linted

_HUBS_OWN = "model"
"""The part whose words are the hub's to translate: without it nobody knows what another format calls a model."""


@dataclass(slots=True)
class _Copy:
    """A copy that the lock names. then: what HEAD has of it, None where it is new; now: what is staged, and becomes when it is mended."""

    name: str
    line: LockLine
    rules: Format
    kind: str | None
    then_text: str
    then: Agent | None
    text: str
    now: Agent

    @property
    def entry(self) -> str | None:
        return self.line.entry[1:] if self.line.entry else None

    @property
    def parts(self) -> tuple[str, ...]:
        """What the commit changes in it."""
        return () if self.then is None else tuple(p for p in changed_parts(self.then, self.now) if p != _HUBS_OWN)

    def says(self, agent: Agent) -> Agent | None:
        """What an agent would say in this copy's format."""
        rendering = codec.write(agent, self.rules, kind=self.kind)
        if rendering.refused:
            return None
        readings = codec.read(rendering.documents[0], self.rules, kind=self.kind)
        return readings[0].agent if readings else None


def lock_folders(commit: Commit) -> tuple[str, ...]:
    """The folders of the index with an agentsync.lock, `""` for the top."""
    return tuple(path.removesuffix(LOCK_FILE).rstrip("/") for path in commit.files if path.rpartition("/")[2] == LOCK_FILE)


def check_alone(disk: Disk, formats: Registry, folder: str, commit: Commit, lint: Lint = linted) -> Check:
    """What a commit does to the agents that the lock of a folder lists. disk: shows what is staged."""
    reader, stops, fixes = Reader(), list[Problem](), dict[str, Fix]()
    agents: dict[str, list[_Copy]] = {}
    texts = _Texts(disk, commit)
    for line in (read_lock(texts.now(_joined(folder, LOCK_FILE)) or "") or {}).values():
        copy = _copy(line, formats, folder, texts, reader, stops, lint)
        if copy is not None:
            agents.setdefault(line.agent, []).append(copy)
    for copies in agents.values():
        _compare(copies, texts, reader, stops, fixes, commit)
    return Check(tuple(dict.fromkeys(stops)), (), tuple(fixes.values()))


class _Texts:
    """The staged texts and HEAD's, by path below the top; `now` becomes what mending makes of it."""

    def __init__(self, disk: Disk, commit: Commit) -> None:
        self._disk, self._commit = disk, commit
        self._mended: dict[str, str] = {}

    def now(self, name: str) -> str | None:
        if name in self._mended or name not in self._commit.files:
            return self._mended.get(name)
        try:
            return decode(self._disk.read(self._commit.main, name).data)
        except DiskError:
            return None

    def then(self, name: str) -> str | None:
        if name not in self._commit.changes:
            return self.now(name)
        was = self._commit.changes[name]
        data = contents(self._commit.index.top, [was.blob]) if was is not None else {}
        return decode(data[was.blob]) if was is not None and was.blob in data else None

    def changed(self, name: str) -> bool:
        return name in self._commit.changes

    def mend(self, name: str, text: str) -> None:
        self._mended[name] = text


def _copy(
    line: LockLine, formats: Registry, folder: str, texts: _Texts, reader: Reader, stops: list[Problem], lint: Lint
) -> _Copy | None:
    """A copy as staged; None where there is none to compare, with a problem where its file is wrong."""
    name = _joined(folder, line.path)
    text = texts.now(name)
    try:
        rules = formats.load(line.target)
    except FormatError:
        return None
    if text is None:
        return None
    kind = next((w.document for w in rules.where if w.scope == "project" and any(compiled(g).fullmatch(line.path) for g in w.read)), None)
    if texts.changed(name):
        marks = Problem("conflict-marks", "it holds git's conflict marks", hint="git mergetool  (or git restore)") if conflicted(text) else None
        wrong = [problem for problem in lint(rules, Found(name, text, digest_of(encode(text)), "", kind, marks)) if problem.severity == "error"]
        if wrong:
            stops.extend(wrong)
            return None
    entry = line.entry[1:] if line.entry else None
    now, then_text = reader.agent(rules, line.path, text, kind, entry), texts.then(name)
    if now is None:
        return None
    return _Copy(name, line, rules, kind, then_text or "", reader.agent(rules, line.path, then_text, kind, entry), text, now)


def _joined(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder else path


def _compare(
    copies: Sequence[_Copy], texts: _Texts, reader: Reader, stops: list[Problem], fixes: dict[str, Fix], commit: Commit
) -> None:
    """Carry what the commit changes in each copy to the others."""
    edited = [(copy, copy.now, copy.parts) for copy in copies if copy.parts]
    own = {copy.name: copy.parts for copy in copies}
    for source, now, parts in edited:
        assert source.then is not None  # noqa: S101 - it has parts that changed
        for copy in copies:
            if copy is source or _has(source, now, parts, copy.now):
                continue
            problem = _apart(source, now, parts, copy, own[copy.name]) or _carry(source, now, copy, texts, reader, fixes, commit)
            if problem is not None:
                stops.append(problem)


def _has(source: _Copy, now: Agent, parts: Sequence[str], other: Agent) -> bool:
    """Whether another copy says already, as far as the source's format can tell, what the source says now."""
    said = source.says(other)
    if said is None:
        return False
    have, wanted = parts_of(said), parts_of(now)
    return all(equal(have.get(part, MISSING), wanted.get(part, MISSING)) for part in parts if "." not in part)


def _apart(source: _Copy, now: Agent, parts: Sequence[str], copy: _Copy, own: Sequence[str]) -> Problem | None:
    """Why a change is not carried on: it gives rights, or the other copy changes the same otherwise."""
    assert source.then is not None  # noqa: S101 - as above
    if set(parts) & set(own):
        what = f"the commit changes {', '.join(sorted(set(parts) & set(own)))} of {copy.line.agent} otherwise in {source.name}"
        return Problem("conflict", what, path=copy.name, hint=f"$EDITOR {quote(copy.name)} && git add {quote(copy.name)}")
    risks = risks_of(source.then, now, source.rules, source.then_text, source.text)
    if risks:
        what = f"this copy of {copy.line.agent} lacks a change of {source.name} that {'; '.join(risks)}"
        return Problem("held", what, path=copy.name, hint=f"$EDITOR {quote(copy.name)} && git add {quote(copy.name)}")
    return None


def _carry(
    source: _Copy, now: Agent, copy: _Copy, texts: _Texts, reader: Reader, fixes: dict[str, Fix], commit: Commit
) -> Problem | None:
    """Carry a change to another copy; the problem of that one being stale, None where its format cannot say the change."""
    assert source.then is not None  # noqa: S101 - as above
    model = parts_of(source.then).get(_HUBS_OWN, MISSING)
    form = Form(source.rules, source.says, _natives(source))
    lifted = lift(copy.now, source.then, with_parts(now, {_HUBS_OWN: model}), form).agent
    lifted = replace(lifted, extra={home: natives for home, natives in lifted.extra.items() if home in copy.now.extra})
    before = texts.now(copy.name) or copy.text
    rendering = codec.write(lifted, copy.rules, old=Document(copy.line.path, before), entry=copy.entry, kind=copy.kind)
    if rendering.refused or rendering.documents[0].path != copy.line.path:
        return None
    text = rendering.documents[0].text
    mended = reader.agent(copy.rules, copy.line.path, text, copy.kind, copy.entry)
    if text == before or mended is None or mended == copy.now:
        return None
    old = fixes[copy.name].old if copy.name in fixes else before
    fixes[copy.name] = Fix(copy.name, commit.files[copy.name].mode, old, text)
    texts.mend(copy.name, text)
    copy.now = mended
    hint = FIX if not commit.index.temporary else f"git add {quote(source.name)} && {FIX} && git commit"
    return Problem("stale", f"this copy of {copy.line.agent} is stale: the commit changes {source.name}", path=copy.name, hint=hint)


def _natives(copy: _Copy) -> Mapping[str, Value]:
    layout = layout_of(copy.rules, copy.kind)
    return next((e.keys for e in containers.parse(copy.text, layout).entries if copy.entry in (None, e.key)), {})
