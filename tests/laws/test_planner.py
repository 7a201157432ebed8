"""The planner of sync over every combination of what a hub and three copies may hold (promises 8, 11 and 14), without a disk.

One agent, a copy of it at each of three targets in two projects, each edited in one of a few ways, gone, or as it was; a second agent
whose copies stand. Runs are carried out in memory as the executor does it. `AGENTSYNC_SOAK` (`make soak`) takes more ways and a fourth copy.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from agentsync import codec
from agentsync.config import HubFile, UserFile
from agentsync.copies import Edit, Key, Plan, ProjectOutcome, Written
from agentsync.disk import LocalDisk
from agentsync.formats import load
from agentsync.hub import HubAgent, Target, digest_of, read_agent
from agentsync.merge import says_digest
from agentsync.snapshot import Found, Place, ProjectView, Reader, Snapshot, Wishes, digest
from agentsync.survey import Sight
from agentsync.sync import SYNC, plan_run
from agentsync.workspace import Machine, Workspace

SOAK: Final = bool(os.environ.get("AGENTSYNC_SOAK"))
HUB: Final = load("agentsync")
HUB_ROOT: Final = "/world/hub"
SPACE: Final = Workspace(LocalDisk(), Machine("/home", "/config", "/state"), HUB_ROOT, "id", "", HubFile(1), UserFile())
BASE: Final = "---\nname: reviewer\ndescription: Does things\nmodel: sonnet\n---\n\nOne.\n\nTwo.\n\nThree.\n"
OTHER: Final = "---\nname: other\ndescription: Stands\n---\n\nStands.\n"
AGENTS: Final = {"reviewer": BASE, "other": OTHER}
ANY: Final = Wishes()

# What somebody may do to a text: the part, the value it gets, and how. Two of one part and different values are a conflict.
WAYS: Final[dict[str, tuple[str, str, str]]] = {
    "d1": ("description", "Does things", "Does d1"),
    "p1": ("one", "One.", "One p1."),
    "p2": ("three", "Three.", "Three p2."),
    "d2": ("description", "Does things", "Does d2"),
    "p3": ("one", "One.", "One p3."),
}
HUB_WAYS: Final = ("base", "gone", "d1", "p1", *(("p2", "d2", "d1 p1") if SOAK else ()))
COPY_WAYS: Final = ("base", "gone", "d1", "p1", "d2", *(("p2", "p3", "d1 p2") if SOAK else ()))
TARGETS: Final = (("shop", "claude-code"), ("shop", "opencode"), ("app", "copilot"), *((("app", "claude-code"),) if SOAK else ()))


def done(text: str, way: str) -> str | None:
    """A text after somebody did this to it; None where it is gone."""
    if way == "gone":
        return None
    for word in way.split() if way != "base" else ():
        _, old, new = WAYS[word]
        assert old in text
        text = text.replace(old, new)
    return text


@lru_cache(2048)
def hub_agent(identity: str, text: str) -> HubAgent:
    found = read_agent(f"agents/{identity}.md", "agents", text.encode(), HUB)
    assert found is not None
    return found


@dataclass
class Model:
    """Hub, copies, and what the ledger knows, in memory."""

    hub: dict[str, str]
    files: dict[tuple[str, str], str] = field(default_factory=dict)
    rows: dict[Key, Written] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def begun(agents: Mapping[str, str] = AGENTS) -> Model:
        """As a push leaves it, with agents by their id."""
        model = Model({f"agents/{identity}.md": text for identity, text in agents.items()})
        for project, name in TARGETS:
            for identity, text in agents.items():
                agent = hub_agent(identity, text).agent
                assert agent is not None
                document = codec.write(agent, load(name)).documents[0]
                says = codec.read(document, load(name))[0].agent
                assert says is not None
                key = Key(f"/world/{project}", name, "project", document.path)
                model.files[key.root, key.path] = document.text
                model.rows[key] = Written(key, identity, identity, digest(document.text), digest(document.text), digest_of(text.encode()),
                                          None, "recipe", says=says_digest(says))
                model.texts.update({digest(document.text): document.text, digest(text): text})
        return model

    def copy(self) -> Model:
        return Model(dict(self.hub), dict(self.files), dict(self.rows), dict(self.texts), dict(self.gone))

    def snapshot(self, projects: tuple[str, ...], moved: Collection[str] = ()) -> Snapshot:
        agents = tuple(hub_agent(path.removeprefix("agents/").removesuffix(".md"), text) for path, text in sorted(self.hub.items()))
        views = []
        for project in projects:
            root, places = f"/world/{project}", []
            for name in (name for owner, name in TARGETS if owner == project):
                rules = load(name)
                kind = next((where.document for where in rules.where if where.write), None)
                target = Target(project, name, "project", ("*",), None, allow_widening=False, skip_refused=False, models={})
                rows = tuple(row for key, row in sorted(self.rows.items()) if (key.root, key.format) == (root, name))
                folder = {".claude": "claude-code", ".opencode": "opencode", ".github": "copilot"}
                found = {
                    path: Found(path, text, digest(text), "", kind) for (owner, path), text in self.files.items()
                    if owner == root and folder[path.split("/")[0]] == name
                }
                places.append(Place(target, rules, root, "recipe", rows, found))
            outcome = ProjectOutcome(project, root, "ok")
            views.append(ProjectView(outcome, tuple(places), moved=project in moved, gone=self.gone.get(project, 0)))
        return Snapshot(agents, tuple(views), dict(self.texts))

    def sync(self, projects: tuple[str, ...] = ("shop", "app"), wishes: Wishes = ANY, moved: Collection[str] = ()) -> Plan:
        """One run, carried out. moved: projects in which another commit is checked out than at the last one."""
        _, plan = plan_run(SPACE, Sight(self.snapshot(projects, moved)), wishes, SYNC, Reader())
        for edit in plan.edits:
            self._apply(edit)
        self.gone.update({outcome.name: outcome.gone for outcome in plan.projects if outcome.gone is not None})
        return plan

    def _apply(self, edit: Edit) -> None:
        files: dict[tuple[str, str], str] = {("", path): text for path, text in self.hub.items()} if not edit.project else self.files
        place = ("" if not edit.project else edit.root, edit.path)
        if edit.touches:
            assert files.get(place) == edit.old, "the plan was made for another text"
            files.pop(place, None)
            if edit.new is not None:
                files[place] = edit.new
        if not edit.project:
            self.hub = {path: text for (_, path), text in files.items()}
        for key in edit.forget:
            self.rows.pop(key, None)
        self.rows.update({row.key: row for row in edit.put})
        for text in (edit.old, edit.new, *edit.keep, *self.hub.values()):
            if text is not None:
                self.texts[digest(text)] = text


def begun_copies(model: Model) -> list[tuple[str, str]]:
    """The reviewer's copies, in the order of the targets."""
    places = {(key.root.rpartition("/")[2], key.format): (key.root, key.path) for key, row in model.rows.items() if row.agent == "reviewer"}
    return [places[target] for target in TARGETS]


def worlds() -> Iterator[tuple[tuple[str, ...], Model, list[tuple[str, str]]]]:
    """Every combination, each with the model as it is before the run and the places of the copies."""
    begun = Model.begun()
    places = begun_copies(begun)
    for ways in itertools.product(HUB_WAYS, *([COPY_WAYS] * len(TARGETS))):
        model = begun.copy()
        text = done(BASE, ways[0])
        model.hub = {path: old for path, old in model.hub.items() if text is not None or path != "agents/reviewer.md"}
        if text is not None:
            model.hub["agents/reviewer.md"] = text
        for place, way in zip(places, ways[1:], strict=True):
            changed = done(model.files.pop(place), way)
            if changed is not None:
                model.files[place] = changed
        yield ways, model, places


def torn(ways: tuple[str, ...]) -> set[str]:
    """Parts that were changed to different values on two sides, by the definition of a conflict."""
    found: dict[str, set[str]] = {}
    for way in ways:
        for word in way.split() if way not in ("base", "gone") else ():
            found.setdefault(WAYS[word][0], set()).add(WAYS[word][2])
    return {part for part, values in found.items() if len(values) > 1}


def check(ways: tuple[str, ...], before: Model, places: list[tuple[str, str]]) -> None:
    after = before.copy()
    plan = after.sync()
    words = {WAYS[word][2] for way in ways for word in way.split() if word in WAYS}
    there = "\n".join([*after.hub.values(), *after.files.values()])
    assert all(word in there for word in words), "an edit is lost"
    assert [path for path in before.hub if path not in after.hub] == [], "sync deletes nothing in the hub"
    for place, way in zip(places, ways[1:], strict=True):
        if way == "gone":
            assert place not in after.files, "a copy deleted there stays deleted"
        elif place not in after.files:
            assert (ways[0], way) == ("gone", "base"), "nothing is deleted without cause"
    conflicts = {conflict.part for conflict in plan.conflicts}
    if ways[0] == "gone":
        stays = [place for place, way in zip(places, ways[1:], strict=True) if way not in ("gone", "base")]
        assert all(after.files[place] == before.files[place] for place in stays)
        assert sum(copy.state == "conflict" for copy in plan.copies) == len(stays)
    else:
        parts = torn(ways)
        assert conflicts == {"prompt" if part in ("one", "three") else part for part in parts}
        if not parts:
            standing = [after.files[place] for place in places if place in after.files]
            assert all(word in text for word in words for text in (*standing, after.hub["agents/reviewer.md"])), "all say all"
    other = before.copy()
    other.sync(("app", "shop"))
    assert (other.hub, other.files) == (after.hub, after.files), "the order of projects matters"
    again = after.sync()
    assert not [edit for edit in again.edits if edit.touches], "a second run writes"
    assert {conflict.part for conflict in again.conflicts} == conflicts


def test_every_combination_of_a_hub_and_its_copies() -> None:
    number = 0
    for ways, model, places in worlds():
        try:
            check(ways, model, places)
        except AssertionError as error:
            raise AssertionError(f"{ways}: {error}") from error
        number += 1
    assert number == len(HUB_WAYS) * len(COPY_WAYS) ** len(TARGETS)
    if SOAK:
        print(f"{number} combinations")


def test_a_place_is_what_the_models_of_these_tests_say() -> None:
    """The combinations are worth nothing if the copies they begin with are not what push writes."""
    model = Model.begun()
    before = (dict(model.hub), dict(model.files))
    plan = model.sync()
    assert (model.hub, model.files) == before
    assert {copy.state for copy in plan.copies} == {"ok"}
    assert replace(plan, copies=(), projects=(), hidden={}).edits == ()
