"""Many copies that vanish at once (promise 11), whoever deleted them, over random histories and without a disk.

A hub of up to 24 agents, their copies at two targets of one project and one of another. In each step somebody deletes, brings back or
edits copies, deletes or edits the hub's agents, and a sync follows. What has to happen is said here once more, in other words.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from hypothesis import assume, given
from hypothesis import strategies as st

from agentsync.copies import Key, Plan, Written
from agentsync.snapshot import Wishes
from tests.laws.test_planner import TARGETS, Model

PROJECTS = ("shop", "app")
Place = tuple[str, str]


@dataclass(frozen=True)
class Step:
    """What somebody does before a sync: numbers of copies and agents, and whether that sync may delete many."""

    deleted: frozenset[int]
    edited: frozenset[int]
    back: bool
    left: frozenset[int]
    changed: frozenset[int]
    allow: bool


def few_or_many(most: int) -> st.SearchStrategy[frozenset[int]]:
    """Numbers below `most`: none, a few, about as many as may go at once, or most of them."""
    sizes = st.sampled_from([(0, 0), (1, 3), (4, 8), (most // 4, most // 4 + 2), (most // 2, most)])
    numbers = st.integers(0, max(most - 1, 0))
    return sizes.flatmap(lambda size: st.frozensets(numbers, min_size=min(size[0], most), max_size=min(max(size), most)))


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, list[Step]]:
    agents = draw(st.integers(2, 24))
    copies = agents * len(TARGETS)
    none: st.SearchStrategy[frozenset[int]] = st.just(frozenset())
    step = st.builds(
        Step, few_or_many(copies), st.one_of(none, few_or_many(copies)), st.booleans(), st.one_of(none, few_or_many(agents)),
        st.one_of(none, few_or_many(agents)), st.sampled_from([False, False, True]),
    )
    return agents, draw(st.lists(step, min_size=1, max_size=4))


def text_of(number: int) -> str:
    return f"---\nname: a{number:02}\ndescription: Does {number}\n---\n\nOne.\n\nTwo.\n\nThree.\n"


@cache
def agreed(agents: int) -> Model:
    """All in agreement; not to be changed."""
    return Model.begun({f"a{number:02}": text_of(number) for number in range(agents)})


def begun(agents: int) -> tuple[Model, list[Place]]:
    """All in agreement, and where the copies are."""
    model = agreed(agents).copy()
    return model, sorted(model.files)


def act(model: Model, places: list[Place], step: Step, number: int) -> None:
    """What somebody does in a step. An edit of a copy and one of the hub touch different lines."""
    if step.back:
        known = {(key.root, key.path): row for key, row in model.rows.items()}
        model.files.update({place: model.texts[known[place].written] for place in places if place in known and place not in model.files})
    for index in step.edited:
        if (place := places[index]) in model.files:
            model.files[place] = model.files[place].replace("Three.", f"Three.\n\nIn step {number} on copy {index}.")
    for index in step.deleted:
        model.files.pop(places[index], None)
    for index in step.left:
        model.hub.pop(f"agents/a{index:02}.md", None)
    for index in step.changed:
        if (path := f"agents/a{index:02}.md") in model.hub:
            model.hub[path] = model.hub[path].replace("One.", f"One.\n\nIn step {number}.")


def most(copies: int) -> float:
    """So many may go at once."""
    return 5 if copies <= 20 else copies / 4


def missing_of(model: Model, project: str) -> list[Written]:
    """The copies of a project that are known and not there."""
    return [row for key, row in model.rows.items() if key.root == f"/world/{project}" and (key.root, key.path) not in model.files]


def to_stop(model: Model, project: str, *, allow: bool) -> bool:
    """Whether a project is to be left alone, by the words of the promise."""
    rows = [row for key, row in model.rows.items() if key.root == f"/world/{project}"]
    missing = missing_of(model, project)
    if not rows:
        return False
    if not model.hub or (len(missing) == len(rows) > 1):
        return True
    if allow:
        return False
    # An unchanged copy of an agent that left is one that a sync deletes; an edited one is a conflict.
    leaving = [
        row for row in rows if f"agents/{row.agent}.md" not in model.hub and row not in missing
        and model.files[row.key.root, row.key.path] == model.texts[row.written]
    ]
    return len(missing) - model.gone.get(project, 0) > most(len(rows)) or len(leaving) > most(len(rows))


def of(model: Model, project: str) -> tuple[dict[Place, str], dict[Key, Written | None], int]:
    """The files of a project, and what is known of it; of an edited copy, which may have reached the hub, that there is one."""
    root = f"/world/{project}"
    files = {place: text for place, text in model.files.items() if place[0] == root}
    edited = {place for place, text in files.items() if "on copy" in text}
    rows = {key: None if (key.root, key.path) in edited else row for key, row in model.rows.items() if key.root == root}
    return files, rows, model.gone.get(project, 0)


def stops(plan: Plan) -> set[str]:
    return {outcome.name for outcome in plan.projects if outcome.state == "stopped"}


def written(plan: Plan) -> list[str]:
    return [f"{edit.project}:{edit.path}" for edit in plan.edits if edit.touches]


@given(histories())
def test_a_project_stops_exactly_when_many_copies_vanish_at_once(history: tuple[int, list[Step]]) -> None:
    agents, steps = history
    model, places = begun(agents)
    for number, step in enumerate(steps):
        act(model, places, step, number)
        wishes = Wishes(allow_deletes=step.allow)
        before, due = model.copy(), {project for project in PROJECTS if to_stop(model, project, allow=step.allow)}
        plan = model.sync(wishes=wishes)
        assert stops(plan) == due
        for project in PROJECTS:
            files, _, _ = of(model, project)
            if project in due:
                assert of(model, project) == of(before, project), "nothing is changed there, on disk or in what is known"
            else:
                assert model.gone[project] == len(missing_of(model, project)), "what the next run finds missing is known"
            by_us = [place for place in of(before, project)[0] if place not in files]
            assert step.allow or len(by_us) <= most(len(of(before, project)[1]))
        # Where people deleted the ones and the run the others, the next one finds the project empty.
        empty = {project for project in PROJECTS if to_stop(model, project, allow=step.allow)}
        again = model.sync(wishes=wishes)
        assert (stops(again), written(again)) == (due | empty, []), "the next run finds what this one left"


@given(histories())
def test_a_project_that_stops_is_of_no_matter_to_the_others(history: tuple[int, list[Step]]) -> None:
    agents, steps = history
    model, places = begun(agents)
    for number, step in enumerate(steps):
        act(model, places, step, number)
        alone = model.copy()
        plan = model.sync(wishes=Wishes(allow_deletes=step.allow))
        at_rest = {outcome.name for outcome in plan.projects if outcome.why and outcome.why.code != "many-deletes"}    # which gives its edits before
        for project in set(PROJECTS) - stops(plan) if len(at_rest) == 1 else ():
            alone.sync((project,), wishes=Wishes(allow_deletes=step.allow))
            assert of(alone, project) == of(model, project)


@given(histories())
def test_once_allowed_or_with_another_branch_checked_out_the_same_does_not_stop_again(history: tuple[int, list[Step]]) -> None:
    agents, steps = history
    model, places = begun(agents)
    for number, step in enumerate(steps):
        act(model, places, step, number)
        assume(model.hub)
        once = model.copy()
        plan = once.sync(wishes=Wishes(allow_deletes=True))
        emptied = {project for project in PROJECTS if to_stop(model, project, allow=True)}
        assert stops(plan) == emptied
        again = {outcome.name: outcome.why.code for outcome in once.sync().projects if outcome.why is not None}
        assert set(again.values()) <= {"emptied", "hub-empty"}, "what was allowed is known afterwards"
        assert emptied <= again.keys()
        switched = model.copy()
        for outcome in switched.sync(moved=PROJECTS).projects:
            assert outcome.why is None or outcome.why.code == "many-deletes", "a switch of the branch is no deletion"
        model = once


@given(st.integers(7, 24), st.lists(st.integers(1, 5), min_size=2, max_size=12))
def test_a_few_at_a_time_never_stop_a_project_until_it_is_empty(agents: int, steps: list[int]) -> None:
    model, places = begun(agents)
    there = [place for place in places if place[0] == "/world/shop"]
    for count in steps:
        for place in there[:count]:
            del model.files[place]
        there = there[count:]
        if len(there) < 6:
            return
        assert stops(model.sync()) == set()
        assert [place for place in places if place[0] == "/world/shop" and place in model.files] == there
