"""The laws of merging (promise 8): of texts, of parts, of rights, and of what a copy's change means for the hub, in every format."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsync import codec, containers
from agentsync.formats import layout_of, load
from agentsync.lift import Form, changed_parts, lift, lift_rights
from agentsync.merge import CONFLICT, MISSING, RIGHTS, differing, equal, merge_part, parts_of, with_parts
from agentsync.merge_text import carry_words, hunks_of, merge_items, merge_lines
from agentsync.model import Agent, Rights
from agentsync.rights import compare
from tests import strategies
from tests.laws.samples import FORMATS

DEEP: Final = bool(os.environ.get("AGENTSYNC_SOAK")) or os.environ.get("AGENTSYNC_HYPOTHESIS") == "deep"

lines = st.lists(st.sampled_from(["a", "b", "c", "", "d e"]), max_size=9)
variants = st.lists(lines, min_size=1, max_size=3)


def added(base: Sequence[str], variant: Sequence[str]) -> int:
    """How many lines a variant brings, by the differences that were found."""
    return sum(len(hunk.new) for hunk in hunks_of(base, variant))


@given(base=lines, several=variants)
def test_a_text_merges_in_any_order_and_with_itself(base: list[str], several: list[list[str]]) -> None:
    merged = {None if (m := merge_items(base, order)) is None else tuple(m) for order in permutations(several)}
    assert len(merged) == 1
    assert merge_items(base, [several[0]]) == several[0]
    assert merge_items(base, [several[0], base, several[0]]) == several[0]
    assert merge_items(base, [base]) == base


@given(base=lines, first=lines, second=lines)
def test_a_merged_text_has_all_that_each_side_did(base: list[str], first: list[str], second: list[str]) -> None:
    """Lines are told apart by who wrote them, so that none can stand for another."""
    ours = [f"1{line}" if line not in base else line for line in first]
    theirs = [f"2{line}" if line not in base else line for line in second]
    merged = merge_items(base, [ours, theirs])
    if merged is None or ours == theirs:
        return
    assert {line for line in ours if line[:1] == "1"} | {line for line in theirs if line[:1] == "2"} <= set(merged)
    gained = len(ours) + len(theirs) - len(base)
    same = set(hunks_of(base, ours)) & set(hunks_of(base, theirs))
    assert len(merged) == gained - sum(len(hunk.new) - (hunk.end - hunk.start) for hunk in same)


@given(base=lines, variant=lines)
def test_hunks_turn_the_base_into_the_variant(base: list[str], variant: list[str]) -> None:
    text, at = list[str](), 0
    for hunk in hunks_of(base, variant):
        assert at <= hunk.start <= hunk.end
        text += [*base[at : hunk.start], *hunk.new]
        at = hunk.end
    assert [*text, *base[at:]] == variant


words = st.lists(st.sampled_from(["one", "two", "{{x}}", "$x", ",", "three four"]), max_size=8).map(" ".join)


@given(text=words, before=words, after=words)
def test_words_are_carried_over(text: str, before: str, after: str) -> None:
    assert carry_words(before, before, after) == after
    assert carry_words(text, before, before) == text
    assert carry_words(text, before, text) == text
    carried = carry_words(text, before, after)
    if carried is not None and text != before != after:
        assert carry_words(after, before, text) == carried, "who changed what does not matter"


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        ("a\nb\nc", "a\nb\nc", "a\nB\nc", "a\nB\nc"),
        ("a\nb\nc\nd", "A\nb\nc\nd", "a\nb\nc\nD", "A\nb\nc\nD"),
        ("a\nb\nc", "a\nX\nc", "a\nY\nc", None),
        ("a\nb\nc", "a\nX\nc", "a\nX\nc", "a\nX\nc"),
        ("a\nb\nc", "a\nc", "a\nB\nc", None),
        ("a\nb\nc", "a\nc", "a\nc", "a\nc"),
        ("a\n\nb\n\nc", "a\n\nb", "a1\n\nb\n\nc", "a1\n\nb"),
        ("a", "a\nb", "a\nc", None),
        ("a\nb", "x\na\nb", "a\nb\ny", "x\na\nb\ny"),
        ("a\nb", "A\nb", "a\nB", None),
        ("", "a", "b", None),
        ("", "a", "a", "a"),
    ],
)
def test_texts_by_cases(base: str, ours: str, theirs: str, expected: str | None) -> None:
    assert merge_lines(base, [ours, theirs]) == expected
    assert merge_lines(base, [theirs, ours]) == expected


@pytest.mark.parametrize(
    ("part", "base", "ours", "theirs", "expected"),
    [
        ("model", "sonnet", "opus", "sonnet", "opus"),
        ("model", "sonnet", "opus", "haiku", CONFLICT),
        ("model", "sonnet", "opus", "opus", "opus"),
        ("model", MISSING, "opus", MISSING, "opus"),
        ("model", "sonnet", MISSING, "opus", CONFLICT),
        ("hidden", 1, True, 1, True),
        ("skills", ["a", "b"], ["a"], ["a", "b", "c"], ["a", "c"]),
        ("skills", MISSING, ["a"], ["b"], ["a", "b"]),
        ("skills", ["a"], MISSING, ["a", "b"], CONFLICT),
        ("mcp_servers", [{"x": {"command": "a"}}], [{"x": {"command": "b"}}], [{"x": {"command": "c"}}], CONFLICT),
        ("mcp_servers", [{"x": {"command": "a"}}], [{"x": {"command": "b"}}], [{"x": {"command": "a"}}, "y"], [{"x": {"command": "b"}}, "y"]),
        ("skills", ["a", "a"], ["a"], ["a", "a", "b"], CONFLICT),
        ("description", "One.\nTwo.", "One!\nTwo.", "One.\nTwo.\nThree.", "One!\nTwo.\nThree."),
        ("description", "One.\n\nTwo.", "One!\n\nTwo.", "One.\n\nTwo!", "One!\n\nTwo!"),
        (RIGHTS, Rights(("read.file", "shell")), Rights(("read.file",)), Rights(("read.file", "shell", "fetch")), Rights(("read.file", "fetch"))),
        (RIGHTS, Rights(), Rights(deny=("shell",)), Rights(deny=("fetch",)), Rights(deny=("shell", "fetch"))),
        (RIGHTS, Rights(), Rights(("read.file",)), Rights(("shell",)), CONFLICT),
        (RIGHTS, Rights(("read.file",)), Rights(), Rights(("read.file", "shell")), CONFLICT),
        (RIGHTS, Rights(), Rights(("read.file",)), Rights(deny=("shell",)), Rights(("read.file",), ("shell",))),
        (RIGHTS, Rights(ask=("shell",)), Rights(), Rights(ask=("shell", "fetch")), Rights(ask=("fetch",))),
    ],
)
def test_parts_by_cases(part: str, base: Any, ours: Any, theirs: Any, expected: Any) -> None:
    for order in ([ours, theirs], [theirs, ours], [ours, theirs, base]):
        merged = merge_part(part, base, order)
        assert (merged is CONFLICT) is (expected is CONFLICT)
        assert merged is CONFLICT or equal(merged, expected), merged


@given(base=strategies.rights, several=st.lists(strategies.rights, min_size=1, max_size=3))
def test_merged_rights_keep_what_nobody_removed_and_get_what_somebody_added(base: Rights, several: list[Rights]) -> None:
    merged = merge_part(RIGHTS, base, several)
    for order in permutations(several):
        other = merge_part(RIGHTS, base, list(order))
        assert (other is CONFLICT) is (merged is CONFLICT)
        assert merged is CONFLICT or equal(other, merged)
    assert equal(merge_part(RIGHTS, base, [several[0], base]), several[0])
    if merged is CONFLICT:
        return
    for name in ("allow", "deny", "ask"):
        before, now, after = getattr(base, name), getattr(merged, name), [getattr(one, name) for one in several]
        if before is None or any(one is None for one in after):
            continue
        assert all(member in now for member in before if all(member in one for one in after)), name
        assert all(member in now for one in after for member in one if member not in before), name
        assert all(any(member in one for one in (before, *after)) for member in now), name
        assert not [member for member in now if member in before and any(member not in one for one in after)], name


@given(hub=strategies.rights, then=strategies.rights)
def test_rights_that_did_not_change_lift_to_the_hubs_own(hub: Rights, then: Rights) -> None:
    assert lift_rights(hub, then, then) == hub
    assert lift_rights(hub, hub, then) == then


@given(first=strategies.agents, second=strategies.agents)
def test_parts_put_into_an_agent_are_its_parts(first: Agent, second: Agent) -> None:
    theirs = parts_of(second)
    changed = with_parts(first, {part: theirs.get(part, MISSING) for part in differing(first, second)})
    assert differing(changed, second) == ()


# ---- lifting ------------------------------------------------------------------------------------------------------


def read_of(agent: Agent, name: str) -> tuple[str, Agent, dict[str, Any]] | None:
    """What a format's file makes of an agent: its text, what it says, its native keys; None where it is refused."""
    rules = load(name)
    rendering = codec.write(agent, rules)
    if rendering.refused:
        return None
    document = rendering.documents[0]
    [reading] = codec.read(document, rules)
    assert reading.agent is not None
    [entry] = containers.parse(document.text, layout_of(rules)).entries
    return document.text, reading.agent, dict(entry.keys)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=300 if DEEP else 12)
@given(agent=strategies.agents, other=strategies.agents, data=st.data())
def test_what_was_lifted_comes_down_as_the_copy_says_it(name: str, agent: Agent, other: Agent, data: st.DataObject) -> None:
    """Any copy changed in any parts: afterwards the hub's agent, written in that format, says all that the copy says, but for what is stuck;
    and it says nothing else than before in a part that no change of the copy is about."""
    theirs = parts_of(other)
    parts = data.draw(st.lists(st.sampled_from(sorted({*parts_of(agent), *theirs})), min_size=1, max_size=3, unique=True))
    then, after = read_of(agent, name), read_of(with_parts(agent, {part: theirs.get(part, MISSING) for part in parts}), name)
    if then is None or after is None:
        return
    now = replace(after[1], name=then[1].name)

    def render(one: Agent) -> Agent | None:
        found = read_of(one, name)
        return None if found is None else found[1]

    lifted = lift(agent, then[1], now, Form(load(name), render, after[2]))
    assert set(differing(agent, lifted.agent)) <= {part for change in lifted.changes.values() for part in change}
    assert set(changed_parts(then[1], now)) == {*lifted.changes, *lifted.stuck}
    down = render(lifted.agent)
    assert down is not None
    said, wanted = parts_of(down), parts_of(now)
    for part in {*said, *wanted} - set(lifted.stuck):
        if part == RIGHTS:
            assert not compare(now.rights, down.rights), (part, lifted)
        elif "." not in part or part.partition(".")[0] == now.home:
            assert equal(said.get(part, MISSING), wanted.get(part, MISSING)), (part, lifted)
