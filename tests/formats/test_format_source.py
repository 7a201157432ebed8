"""The text of a format file, taken apart: what it may hold, what is refused, and that nothing makes the parser suffer."""

from __future__ import annotations

import msgspec
import pytest
from bad_formats import GOOD
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsync.formats.patterns import flaw_of, flaw_of_class
from agentsync.formats.rules import Format
from agentsync.formats.source import MAX_CHARACTERS, MAX_DEPTH, read_source
from agentsync.formats.structure import check_structure


def test_scalars_are_those_of_yaml_1_2_and_keys_are_texts() -> None:
    source = read_source("on: 2026-01-31\nno: yes\nnull: none\n1: 2\ntrue: 0.5\nquoted: '1'\nempty:\nold: 012\nhex: 0x1f\n")
    assert source.flaws == []
    assert source.data == {
        "on": "2026-01-31", "no": "yes", "null": "none", "1": 2, "true": 0.5, "quoted": "1", "empty": None, "old": 12, "hex": "0x1f",
    }  # fmt: skip


def test_places_of_keys_and_values() -> None:
    source = read_source("a:\n  - b: 1\n    c: [x, y]\n", places=True)
    assert source.keys[("a", 0, "c")] == (3, 5)
    assert source.values[("a", 0, "c", 1)] == (3, 12)
    assert source.values[()] == (1, 1)


@pytest.mark.parametrize("text", [
    "[" * 100_000,
    "{a: " * 50_000,
    "- " * 100_000,
    "a: &a [x]\n" + "".join(f"b{n}: [*a, *a]\n" for n in range(1000)),
    "? " * 50_000,
    "a: " + "'" * 199_999,
    "\x00",
    "a: \ud800",
    "%YAML 9.9\n---\na: 1",
], ids=["lists", "maps", "dashes", "aliases", "questions", "quotes", "nul", "surrogate", "directive"])  # fmt: skip
def test_a_hostile_text_is_a_flaw_and_nothing_worse(text: str) -> None:
    assert read_source(text).flaws


def test_limits_are_exact() -> None:
    assert read_source("#" * MAX_CHARACTERS).flaws == []
    assert read_source("#" * (MAX_CHARACTERS + 1)).flaws
    assert read_source("[" * MAX_DEPTH + "]" * MAX_DEPTH).flaws == []
    assert read_source("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)).flaws


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab:-[]{},#&*!|>'\"%@ \n\t\\0?\ufeff"), max_size=60))
def test_any_text_is_read_or_has_a_flaw_with_a_place(text: str) -> None:
    source = read_source(text, places=True)
    for flaw in source.flaws:
        line, column = source.place(flaw)
        assert 1 <= line <= text.count("\n") + 2
        assert column >= 1


_KEYS = st.sampled_from(["key", "a", "only", "id", "kind", "null"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "all", "sent", "file", "head+body", "x", "2026-01-31"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_the_walk_refuses_what_msgspec_refuses_and_nothing_else(data: st.DataObject) -> None:
    whole = read_source(GOOD).data
    place = whole
    while True:
        key = data.draw(st.sampled_from(sorted(place)) if isinstance(place, dict) else st.integers(0, len(place) - 1))
        if not place[key] or not isinstance(place[key], (dict, list)) or data.draw(st.booleans()):
            break
        place = place[key]
    change = data.draw(st.sampled_from(["value", "gone", "extra"]))
    if change == "value":
        place[key] = data.draw(_VALUES)
    elif change == "gone":
        del place[key]
    elif isinstance(place, dict):
        place["extra"] = data.draw(_VALUES)
    else:
        place.append(data.draw(_VALUES))
    try:
        msgspec.convert(whole, Format, strict=True)
        refused = False
    except msgspec.ValidationError:
        refused = True
    assert bool(check_structure(whole, Format)) == refused, whole


@pytest.mark.parametrize("pattern", [
    "[a-z]+(?:-[a-z0-9]{1,9})?", r"\$\{\w+\}", r"[^\W_](?:[\w-]*[^\W_])?", "(?P<x>a|b)c*?", "[]a(]+", r"\(a+\)*",
])  # fmt: skip
def test_patterns_that_may_be_used(pattern: str) -> None:
    assert flaw_of(pattern) is None


@pytest.mark.parametrize("pattern", ["(a+)+", "(a|a)*", "(a?a)*", "((a)|b){2,}", "(?:a*)*?", "((x+))*", "(?:(?:a|b)?)+", "(a{2}){3}"])
def test_patterns_that_may_take_for_ever(pattern: str) -> None:
    assert flaw_of(pattern) == "a group that repeats or branches is repeated itself"


@pytest.mark.parametrize("pattern", [
    r"(a)\1", "(?P<a>x)(?P=a)", "(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", "(?i)a", "(?>a)", "a++", "a{9999}", "a" * 201, "(", "*",
])  # fmt: skip
def test_patterns_that_are_refused(pattern: str) -> None:
    assert flaw_of(pattern) is not None


def test_character_classes() -> None:
    assert flaw_of_class("A-Za-z0-9_.:-") is None
    assert flaw_of_class("a]b") == "it is not the inside of one character class"
    assert flaw_of_class("z-a") is not None
