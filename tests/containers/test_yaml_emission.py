"""What is written as YAML is read back as the same value, in every dialect and by PyYAML itself."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agentsync.containers.not_text import NotText
from agentsync.containers.yaml_emit import FlowMap, double_quoted, emit, emit_pair
from agentsync.containers.yaml_tree import compose, value_of
from tests.containers.values import identical
from tests.containers.yaml_values import KEYS, TRICKY, VALUES

DIALECTS = ["yaml12", "yaml11", "js-yaml"]
STYLES = [{"quote": quote, "lists": lists, "texts": texts} for quote in ("auto", "double") for lists in ("flow", "block") for texts in ("line",
    "block")]


def written(key: str, value: Any, style: dict[str, str], end: str = "\n") -> str:
    return emit_pair(key, value, end=end, **style) + end


@given(KEYS, VALUES, st.sampled_from(STYLES), st.sampled_from(["\n", "\r\n"]))
def test_a_written_value_reads_back_in_every_dialect(key: str, value: Any, style: dict[str, str], end: str) -> None:
    text = written(key, value, style, end)
    for dialect in DIALECTS:
        assert identical(value_of(compose(text, dialect).root), {key: value}, ordered=True), (text, dialect)


@given(KEYS, VALUES, st.sampled_from(STYLES))
def test_pyyaml_reads_the_same_value(key: str, value: Any, style: dict[str, str]) -> None:
    assert identical(yaml.safe_load(written(key, value, style)), {key: value}, ordered=True)


@given(TRICKY | st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_on_one_line_never_ends_a_head(value: str) -> None:
    for quote in ("auto", "double"):
        text = emit_pair("k", value, quote=quote)
        assert "\n" not in text
        assert "---" not in text
        assert "---" not in emit_pair("k", [value, {"x": FlowMap({value: value})}], quote=quote).replace("\n", "")


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.sampled_from(["auto", "double"]))
def test_a_flow_map_is_one_line(value: dict[str, Any], quote: str) -> None:
    text = emit_pair("agentsync", FlowMap(value), quote=quote)
    assert "\n" not in text
    assert identical(value_of(compose(text, "yaml12").root), {"agentsync": value}, ordered=True)


@pytest.mark.parametrize(
    ("value", "auto", "double"),
    [
        ("sonnet", "sonnet", "sonnet"),
        ("Read, Grep", "Read, Grep", "Read, Grep"),
        ("Bash(git:*), Read", "Bash(git:*), Read", "Bash(git:*), Read"),
        ("Reviews code", "Reviews code", '"Reviews code"'),
        ("Use it: always", '"Use it: always"', '"Use it: always"'),
        ("no", '"no"', '"no"'),
        ("1.5", '"1.5"', '"1.5"'),
        ("2024-01-01", '"2024-01-01"', '"2024-01-01"'),
        (NotText("2024-01-01"), "2024-01-01", "2024-01-01"),
        ("a --- b ----", '"a \\u002d-- b \\u002d\\u002d--"', '"a \\u002d-- b \\u002d\\u002d--"'),
        ("two\nlines", '"two\\nlines"', '"two\\nlines"'),
        ("a\u2028b\u0085\ufeff", '"a\\u2028b\\u0085\\ufeff"', '"a\\u2028b\\u0085\\ufeff"'),
        ("🎯 é", '"🎯 é"', '"🎯 é"'),
        ("", '""', '""'),
        (None, "null", "null"),
        (True, "true", "true"),
        (1e16, "1.0e+16", "1.0e+16"),
        (float("-inf"), "-.inf", "-.inf"),
        ([], "[]", "[]"),
        ({}, "{}", "{}"),
        (["Read", "a: b", "mcp__x__*"], '[Read, "a: b", "mcp__x__*"]', '[Read, "a: b", "mcp__x__*"]'),
    ],
)
def test_how_values_look(value: Any, auto: str, double: str) -> None:
    assert emit(value) == " " + auto
    assert emit(value, quote="double") == " " + double


def test_how_nested_values_look() -> None:
    value = {"bash": {"*": "deny", "git *": "allow"}, "servers": [{"name": "a", "tools": ["x"]}, "b"], "none": {}}
    assert emit_pair("permission", value) == (
        'permission:\n  bash:\n    "*": deny\n    git *: allow\n  servers:\n    - name: a\n      tools: [x]\n    - b\n  none: {}'
    )
    assert emit_pair("tools", ["a", "b"], lists="block") == "tools:\n  - a\n  - b"
    assert emit_pair("role", "One\n\nTwo\n", texts="block") == "role: |\n  One\n\n  Two\n".rstrip("\n")


def test_half_a_character_becomes_the_replacement_sign() -> None:
    assert double_quoted("a\ud800b") == '"a\\ufffdb"'


@given(TRICKY, st.lists(TRICKY.filter(lambda text: text == text.strip()), max_size=3))
def test_raw_lines_stay_on_their_line(text: str, items: list[str]) -> None:
    for value in (text, items):
        assert "\n" not in emit_pair("k", value, quote="raw")
        assert "\r" not in emit_pair("k", value, quote="raw")
