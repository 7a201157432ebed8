"""Many agents, many projects, forty edits by hand in every format: everything arrives or is listed, the next run writes nothing, undo gives all back.

`make test` has 40 agents of our own in four projects; `make soak` has the seeds and 500 agents of the shared corpus in ten projects.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from agentsync import codec
from agentsync.formats import load
from agentsync.model import HUB_FORMAT, Agent, Document
from agentsync.rights import Holding
from tests.conftest import Ran
from tests.in_process import runner
from tests.laws.samples import every_sample, needs_corpus
from tests.worlds import git

FORMATS: Final = (
    ("claude-code", "opencode", "copilot", "qwen-code"), ("claude-code", "codex", "gemini-cli", "amazon-q"),
    ("opencode", "kiro-cli", "junie", "augment"), ("copilot", "roo", "kiro-ide", "goose"),
    ("claude-code", "qwen-code", "cline", "google-adk"), ("codex", "opencode", "copilot", "deepagents"),
    ("claude-code", "roo", "rovodev", "factory-droid"), ("copilot", "gemini-cli", "qwen-code", "kilo"),
    ("opencode", "amazon-q", "antigravity", "devin"), ("claude-code", "codex", "kiro-cli", "continue"),
)
KINDS: Final = ("description", "line", "paragraph", "without a tool", "line", "description", "paragraph", "with a tool")
TOKEN: Final = "Qz{}qz"
IN_ONE_FILE: Final = 40
"""Nobody keeps five hundred agents in one file; as many go where an assistant keeps all of them in one."""
AGENTS: Final = int(os.environ.get("AGENTSYNC_AGENTS", "503"))
SOAK: Final = bool(os.environ.get("AGENTSYNC_SOAK"))


# ---- the world ----------------------------------------------------------------------------------------------------


def own_agents(number: int) -> Iterator[tuple[str, str]]:
    """Agents of our own: with and without tools, models, colours, long and short prompts."""
    tools = ("", "tools: Read, Grep\n", "tools: Read, Grep, Glob, Edit, Write, Bash\n", "tools: Read, Bash, WebFetch\n", "disallowedTools: Bash\n")
    for n in range(number):
        head = f'name: worker-{n}\ndescription: "Worker number {n} looks after part {n}: use it there."\n{tools[n % len(tools)]}'
        head += "model: sonnet\n" * (n % 3 == 0) + "color: green\n" * (n % 4 == 1)
        parts = [f"Part {n} has rule {k}.\n\n- Look at item {k} of part {n} first.\n- Then say what you found." for k in range(2 + n % 7)]
        yield f"worker-{n}", f"---\n{head}---\n\nYou are worker number {n} and nobody else.\n\n" + "\n\n".join(parts) + "\n"


def corpus_agents() -> Iterator[tuple[str, str]]:
    """The three seeds and agents of the corpus, as the hub would write them; of one name the first."""
    seen: set[str] = set()
    kinds = {"claude-code": 1, "opencode": 2}
    for sample in sorted(every_sample(), key=lambda one: ("/seeds/" not in one.origin, kinds.get(one.format, 3), one.origin)):
        found = codec.read(sample.document, load(sample.format))
        agent = found[0].agent if found and found[0].status == "read" else None
        if agent is None or agent.name.casefold() in seen:
            continue
        made = codec.write(agent, load(HUB_FORMAT))
        identity = made.documents[0].path.removeprefix("agents/").removesuffix(".md") if not made.refused else ""
        if identity in seen or not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", identity):
            continue
        seen |= {agent.name.casefold(), identity}
        yield identity, made.documents[0].text


def in_one_file(format_id: str) -> bool:
    """Whether an assistant keeps its agents in one file."""
    document = load(format_id).document
    return all(rules.unit == "entry" for rules in (document if isinstance(document, tuple) else (document,)))


@dataclass(frozen=True)
class Standing:
    """A copy as status lists it, with what its file holds."""

    project: str
    target: str
    agent: str
    file: Path
    path: str
    entry: str | None

    @property
    def text(self) -> str:
        return self.file.read_bytes().decode("utf-8", "surrogateescape")

    def says(self, text: str | None = None) -> Agent | None:
        """What the copy says, as its assistant would load it."""
        for reading in codec.read(Document(self.path, self.text if text is None else text), load(self.target)):
            if reading.entry == self.entry and reading.status == "read":
                return reading.agent
        return None


@dataclass
class World:
    """A hub and its projects, and everything that is said to agentsync about them."""

    base: Path
    go: Callable[..., Ran]
    projects: int
    agents: list[str] = field(default_factory=list)
    took: dict[str, float] = field(default_factory=dict)

    def build(self, agents: Iterator[tuple[str, str]]) -> None:
        (self.hub / "agents").mkdir(parents=True)
        for identity, text in agents:
            (self.hub / "agents" / f"{identity}.md").write_bytes(text.encode("utf-8", "surrogateescape"))
            self.agents.append(identity)
        some = json.dumps({"select": self.agents[:IN_ONE_FILE]})
        targets = [", ".join(f"{fmt}: {some if in_one_file(fmt) else '{}'}" for fmt in four) for four in FORMATS]
        lines = [f"  p{n}: {{path: ../p{n}, targets: {{{targets[n]}}}}}" for n in range(self.projects)]
        (self.hub / "agentsync.yaml").write_text("\n".join(["version: 1", "branch: main", "projects:", *lines]) + "\n")
        for folder in (self.hub, *(self.base / f"p{n}" for n in range(self.projects))):
            folder.mkdir(exist_ok=True)
            git(folder, "init", "-q", "-b", "main")
        git(self.hub, "add", "-A")
        git(self.hub, "commit", "-q", "-m", "Begin")

    @property
    def hub(self) -> Path:
        return self.base / "hub"

    def said(self, *words: str, what: str = "") -> dict[str, Any]:
        """What a command answers as JSON; its processor time is kept."""
        begun = time.process_time()
        ran = self.go(*words, "--json")
        self.took[what or " ".join(words)] = round(time.process_time() - begun, 1)
        assert ran.code in (0, 1), ran.err
        found = json.loads(ran.out)
        assert isinstance(found, dict)
        return found

    def copies(self) -> list[Standing]:
        """Every copy that is there."""
        listed = self.said("status", "--all", what="status")["copies"]
        return [
            Standing(c["project"], c["target"], c["agent"], self.base / c["project"] / c["path"], c["path"], c["entry"])
            for c in listed if c["state"] == "ok"
        ]

    def files(self, *, times: bool = False) -> dict[str, object]:
        """Every file of hub and projects, `.git` apart: its digest, with `times` also when it was written."""
        found: dict[str, object] = {}
        for file in self.base.rglob("*"):
            if file.is_file() and ".git" not in file.parts:
                word = hashlib.sha256(file.read_bytes()).hexdigest()
                found[file.relative_to(self.base).as_posix()] = (word, file.stat().st_mtime_ns) if times else word
        return found


# ---- edits by hand ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edit:
    """What somebody did to a copy. anchor: text that stood where the token stands now; empty for tools. grant: the tool's."""

    copy: Standing
    kind: str
    token: str
    anchor: str = ""
    grant: str = ""


def edited(copy: Standing, kind: str, token: str, choose: random.Random) -> tuple[str, Edit] | None:
    """The copy's file with an edit of that kind; None where it has no place for one."""
    text, said = copy.text, copy.says()
    if said is None:
        return None
    if kind.endswith("tool"):
        return _other_tools(copy, kind, token, said)
    if kind == "description":
        anchor = " ".join(str(said.fields.get("description", "")).split()[:4])
        first, _, rest = anchor.partition(" ")
        new = f"{first} {token} {rest}"
        if not rest or not re.fullmatch(r"[A-Za-z0-9 -]+", anchor) or text.count(anchor) != 1:
            return None
        return text.replace(anchor, new), Edit(copy, kind, token, anchor)
    lines = said.prompt.split("\n")
    fitting = [
        (n, line) for n, line in enumerate(lines)
        if len(line) > 20 and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ,.()-]*[A-Za-z0-9.]", line) and text.count(line) == 1
    ]
    choose.shuffle(fitting)
    for number, line in fitting:
        if kind == "line":
            first, _, rest = line.partition(" ")
            return text.replace(line, f"{first} {token} {rest}"), Edit(copy, kind, token, line)
        if number + 1 < len(lines) and lines[number + 1] == "" and (new_text := _after(text, line, f"{token} is a paragraph of its own.")):
            return new_text, Edit(copy, kind, token, line)
    return None


def _after(text: str, line: str, paragraph: str) -> str | None:
    """The file with a paragraph after a line of the prompt: on lines of its own, or behind the `\\n` of a quoted text."""
    at = text.index(line)
    end = at + len(line)
    before = text[text.rfind("\n", 0, at) + 1 : at]
    if text[end : end + 1] == "\n" and not before.strip():
        return f"{text[:end]}\n\n{before}{paragraph}{text[end:]}"
    if text[end : end + 2] == "\\n":
        return f"{text[:end]}\\n\\n{paragraph}{text[end:]}"
    return None


def _other_tools(copy: Standing, kind: str, token: str, said: Agent) -> tuple[str, Edit] | None:
    """The copy's file with one tool more or less."""
    allow, holding = said.rights.allow, Holding(said.rights)
    if allow is None or said.rights.deny:
        return None
    more = kind == "with a tool"
    # Who may run commands may read and fetch by them, whatever else is listed: there only the commands are taken away.
    wanted = ("shell", "fetch", "write.edit") if more else ("shell",) if "shell" in allow else ("fetch", "search", "read.grep")
    for grant in wanted:
        if holding.holds(grant) is more:
            continue
        now = (*allow, grant) if more else tuple(one for one in allow if one != grant)
        made = codec.write(
            replace(said, rights=replace(said.rights, allow=now)), load(copy.target), old=Document(copy.path, copy.text), entry=copy.entry,
        )
        if made.refused or made.documents[0].path != copy.path:
            continue
        then = copy.says(made.documents[0].text)
        if then is not None and Holding(then.rights).holds(grant) is more:
            return made.documents[0].text, Edit(copy, kind, token, grant=grant)
    return None


def edit_some(copies: Sequence[Standing], number: int, choose: random.Random) -> list[Edit]:
    """Edits of every kind in every format in turn, one an agent; the last four are two pairs, of which one cannot be merged."""
    by_format: dict[str, list[Standing]] = {}
    for copy in copies:
        by_format.setdefault(copy.target, []).append(copy)
    for here in by_format.values():
        choose.shuffle(here)
    done: list[Edit] = []
    used: set[str] = set()
    turns = [(fmt, KINDS[(n + n // len(by_format)) % len(KINDS)]) for n, fmt in enumerate(sorted(by_format) * number)]
    for fmt, kind in turns:
        if len(done) == number - 4:
            break
        for copy in by_format[fmt]:
            if copy.agent in used:
                continue
            made = edited(copy, kind, TOKEN.format(len(done)), choose)
            if made is not None:
                copy.file.write_bytes(made[0].encode("utf-8", "surrogateescape"))
                done.append(made[1])
                used.add(copy.agent)
                break
    for kinds in (("line", "description"), ("description", "description")):
        done += _pair(copies, kinds, used, len(done), choose)
    return done


def _pair(copies: Sequence[Standing], kinds: tuple[str, str], used: set[str], number: int, choose: random.Random) -> list[Edit]:
    """One agent edited in two projects."""
    for one in copies:
        if one.agent in used:
            continue
        other = next((c for c in copies if c.agent == one.agent and c.project != one.project and c.target != one.target), None)
        first = edited(one, kinds[0], TOKEN.format(number), choose)
        second = edited(other, kinds[1], TOKEN.format(number + 1), choose) if other else None
        if other is not None and first is not None and second is not None:
            used.add(one.agent)
            for text, edit in (first, second):
                edit.copy.file.write_bytes(text.encode("utf-8", "surrogateescape"))
            return [first[1], second[1]]
    raise AssertionError(f"no agent for a pair of {kinds}")


# ---- what became of them ------------------------------------------------------------------------------------------


def outcome(world: World, edit: Edit, listed: dict[str, Any], copies: Sequence[Standing], anchors: dict[tuple[str, str, str], bool]) -> str:
    """`merged`, or the state the copy is listed in. Raises `AssertionError` for an edit that is neither everywhere nor listed."""
    name = f"{edit.kind} of {edit.copy.agent} in {edit.copy.project}:{edit.copy.target} ({edit.token}{edit.grant})"
    mine = next(c for c in listed["copies"] if (c["project"], c["target"], c["agent"]) == (edit.copy.project, edit.copy.target, edit.copy.agent))
    if mine["state"] in ("conflict", "held", "edited"):
        assert mine["why"], name
        assert mine["state"] != "edited", f"{name}: {mine['why']}"
        if edit.anchor:
            assert edit.token in edit.copy.text, f"{name}: the edit is gone from its own copy"
        return str(mine["state"])
    others = [copy for copy in copies if copy.agent == edit.copy.agent]
    assert mine["state"] == "ok", f"{name}: {mine}"
    text = (world.hub / "agents" / f"{edit.copy.agent}.md").read_bytes().decode("utf-8", "surrogateescape")
    if edit.anchor:
        assert edit.token in text, f"{name}: not in the hub"
        for copy in others:
            if anchors[copy.project, copy.target, copy.agent] or copy == edit.copy:
                assert edit.token in copy.text, f"{name}: not in {copy.project}:{copy.path}"
        return "merged"
    more = edit.kind == "with a tool"
    hub = codec.read(Document(f"agents/{edit.copy.agent}.md", text), load(HUB_FORMAT))[0].agent
    assert hub is not None
    assert Holding(hub.rights).holds(edit.grant) is more, f"{name}: not in the hub"
    # A format that knows reading as a whole may go on giving a part of it, as the report of losses says.
    part_of = any(one.startswith(f"{edit.grant.partition('.')[0]}.") for one in hub.rights.allow or ())
    for copy in others:
        said = copy.says()
        assert said is not None, name
        assert more or part_of or not Holding(said.rights).holds(edit.grant), f"{name}: not in {copy.project}:{copy.path}"
    return "merged"


def forty_edits(world: World, number: int) -> Counter[str]:
    """The whole story. The answer counts what became of the edits."""
    world.said("push", "--all", "-y", what="push")
    before = world.copies()
    assert {copy.target for copy in before} == {fmt for four in FORMATS[: world.projects] for fmt in four}, "a format has no copy at all"
    edits = edit_some(before, number, random.Random(7))  # noqa: S311 - the same edits every time
    assert len(edits) == number
    texts = {edit.copy.agent: edit.anchor for edit in edits if edit.anchor}
    start = world.files()

    # Which copies can say what was edited: those that held the line, or these words of the description, before.
    def anchors(edit: Edit) -> dict[tuple[str, str, str], bool]:
        return {(c.project, c.target, c.agent): edit.anchor in c.text for c in before if c.agent == edit.copy.agent}

    could = {edit.token: anchors(edit) for edit in edits}
    assert texts
    listed = world.said("sync", "--all", what="sync")
    after = world.copies()
    became = Counter(outcome(world, edit, listed, after, could[edit.token]) for edit in edits)

    # A second sync writes nothing.
    once, head = world.files(times=True), git(world.hub, "rev-parse", "HEAD")
    again = world.said("sync", "--all", what="second sync")
    assert (again["run"], again["changes"]) == (None, [])
    assert (world.files(times=True), git(world.hub, "rev-parse", "HEAD")) == (once, head)

    # What is held is let in, what is in conflict decided: then all say the same.
    assert world.said("approve", "--all", what="approve")["run"]
    assert world.said("resolve", "--take", "hub", what="resolve")["run"]
    states = world.said("status", "--all", what="status")["summary"]["states"]
    assert set(states) <= {"ok", "refused"}, states

    # Three runs are taken back: the start, byte for byte.
    for _ in range(3):
        assert world.go("undo").code == 0
    end = world.files()
    assert {path for path in {*start, *end} if start.get(path) != end.get(path)} == set()
    return became


def _world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], projects: int) -> World:
    hub = tmp_path / "world" / "hub"
    hub.mkdir(parents=True)
    return World(hub.parent, runner(hub, monkeypatch, capsys), projects)


def test_a_dozen_edits_in_four_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    world = _world(tmp_path, monkeypatch, capsys, 4)
    world.build(own_agents(40))
    became = forty_edits(world, 20)
    assert became["merged"] >= 12
    assert became["conflict"] >= 2
    assert became["held"] >= 1


@needs_corpus
@pytest.mark.skipif(not SOAK, reason="make soak")
def test_forty_edits_in_ten_projects_of_the_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    world = _world(tmp_path, monkeypatch, capsys, 10)
    world.build(islice(corpus_agents(), AGENTS))
    assert len(world.agents) == AGENTS
    became = forty_edits(world, 40)
    with capsys.disabled():
        print(f"\nforty edits in {len(world.files()):,} files: {dict(became)}; processor seconds: {world.took}")
    assert became["merged"] >= 25
    assert became["conflict"] >= 2
