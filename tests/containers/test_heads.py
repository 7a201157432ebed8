"""Markdown heads: fences, outcomes, places of problems, and that the fast reader and the parser agree."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsync.containers import create, parse
from agentsync.containers.head_fast import read_simple
from agentsync.containers.layout import Layout
from agentsync.containers.limits import Hostile
from agentsync.containers.yaml_tree import BadYaml, Map, compose, value_of
from tests.containers.values import identical, text_of
from tests.containers.yaml_values import BLOCK_LINES, HEADS, MAPS, PAIRS, QUOTE_LINES, RANDOM_HEADS, RAW, STRICT, YAML_HEADS, markdown_files


def keys(text: str, layout: Layout) -> object:
    parsed = parse(text, layout)
    return dict(parsed.entries[0].keys) if parsed.outcome is None else parsed.outcome


def body(text: str, layout: Layout) -> str | None:
    return parse(text, layout).entries[0].body


def test_a_head_and_its_body() -> None:
    parsed = parse('---\nname: reviewer\ntools: [Read, "Grep"]\ntemperature: 0.5\n---\n\nYou review.\n', STRICT)
    [entry] = parsed.entries
    assert parsed.outcome is None
    assert dict(entry.keys) == {"name": "reviewer", "tools": ["Read", "Grep"], "temperature": 0.5}
    assert entry.body == "\nYou review.\n"
    assert dict(entry.lines) == {"name": 2, "tools": 3, "temperature": 4}
    assert parsed.problems == ()


@pytest.mark.parametrize("head", ["", "\n", "# nothing\n", "{}\n"])
def test_an_empty_head_has_no_keys(head: str) -> None:
    assert keys(f"---\n{head}---\nbody\n", STRICT) == {}


@pytest.mark.parametrize("text", ["---\nname: x\n---\nb\n", "---\r\nname: x\r\n---\r\nb\r\n", "---\nname: x\r\n---\nb\n"])
def test_line_ends_of_windows_are_read(text: str) -> None:
    for layout in HEADS.values():
        assert keys(text, layout) == {"name": "x"}
        assert body(text, layout) == "b\n"


def test_a_byte_order_mark_is_the_client_s_choice() -> None:
    text = "\ufeff---\nname: x\n---\nb"
    assert keys(text, QUOTE_LINES) == {"name": "x"}
    assert keys(text, STRICT) == "file"
    assert parse(text, STRICT).problems[0].code == "bom"


@pytest.mark.parametrize(
    ("text", "layout", "expected"),
    [
        ("no head\n", QUOTE_LINES, "skip"),
        ("\n---\nname: x\n---\n", QUOTE_LINES, "skip"),
        ("no head\n", STRICT, "file"),
        ("no head\n", BLOCK_LINES, "open"),
        ("---\nname: x\n", BLOCK_LINES, "open"),
        ("---\nname: x\n", PAIRS, "skip"),
        ("---\nname: x\n---", PAIRS, "skip"),
        ("---\nname: x\n---", STRICT, {"name": "x"}),
        ("--- \nname: x\n---\n", STRICT, "file"),
        ("--- \nname: x\n---\n", BLOCK_LINES, {"name": "x"}),
        ("---\nname: x\n--- y\ntools: z\n---\n", STRICT, {"name": "x"}),
        ("---\nname: x\n--- y\ntools: z\n---\n", PAIRS, {"name": "x", "tools": "z"}),
        ("---\ndescription: a --- b\ntools: Read\n---\n", QUOTE_LINES, {"description": "a"}),
        ("---\ndescription: a --- b\ntools: Read\n---\n", STRICT, {"description": "a --- b", "tools": "Read"}),
        ("---\n---\nb\n", QUOTE_LINES, {}),
        ("text\n---\nname: x\n---\nb\n", RAW, {"name": "x"}),
        ("---\n- a\n---\n", QUOTE_LINES, "skip"),
        ("---\njust text\n---\n", STRICT, "file"),
        ("---\nname: x\x00\n---\n", QUOTE_LINES, "skip"),
        ("---\nname: x\x00\n---\n", PAIRS, {"name": "x\x00"}),
    ],
)
def test_fences_and_outcomes(text: str, layout: Layout, expected: object) -> None:
    assert keys(text, layout) == expected


def test_text_behind_a_fence_is_the_body_or_lost_by_client() -> None:
    text = "---\nname: x\n--- rest\nmore\n"
    assert body(text, BLOCK_LINES) == " rest\nmore\n"
    assert body(text, STRICT) == ""


def test_an_open_outcome_has_the_whole_text_as_body() -> None:
    parsed = parse("\ufeff---\r\nname: [x\r\n---\r\nb\r\n", replace(BLOCK_LINES, repair="none"))
    assert parsed.outcome == "open"
    assert [(dict(entry.keys), entry.body) for entry in parsed.entries] == [({}, "---\nname: [x\n---\nb\n")]
    assert "limits lost" in parsed.problems[0].message


def test_a_missing_head_may_be_ignored() -> None:
    parsed = parse("just text\n", Layout("head+body", no_head="ignored"))
    assert (parsed.outcome, dict(parsed.entries[0].keys), parsed.entries[0].body) == (None, {}, "just text\n")


def test_undecodable_bytes_are_read_as_replacement_signs() -> None:
    text = b"---\nname: x\ndescription: caf\xe9 \xe2\x82 z\n---\nbody \xff\n".decode("utf-8", "surrogateescape")
    parsed = parse(text, QUOTE_LINES)
    assert parsed.entries[0].keys["description"] == "caf\ufffd \ufffd z"
    assert parsed.entries[0].body == "body \ufffd\n"
    assert [(problem.code, problem.severity, problem.line) for problem in parsed.problems] == [("invalid-utf8", "note", 3)]
    assert parse(text, Layout("head+body", invalid_utf8="skip")).outcome == "skip"


@pytest.mark.parametrize(
    ("head", "code", "line", "column", "said"),
    [
        ("name: x\ndescription: a: b\n", "bad-yaml", 3, 15, "(`description`)"),
        ('name: "x\n', "bad-yaml", 2, 7, "(`name`)"),
        ("name: x\nname: y\n", "duplicate-key", 3, 1, "`name` stands here twice"),
        ("a: [x\nb: y\n", "bad-yaml", 2, 4, "not closed"),
        ("- a\n", "no-map", 2, 1, "a list or a single value"),
    ],
)
def test_a_problem_names_its_place(head: str, code: str, line: int, column: int, said: str) -> None:
    problem = parse(f"---\n{head}---\n", STRICT).problems[0]
    assert (problem.code, problem.line, problem.column) == (code, line, column)
    assert said in problem.message
    assert problem.message.endswith("the assistant refuses the file")


def test_of_equal_keys_the_client_s_choice_counts() -> None:
    text = "---\nname: x\ntools: Read\nname: y\n---\n"
    assert keys(text, QUOTE_LINES) == {"name": "y", "tools": "Read"}
    assert keys(text, Layout("head+body", duplicate="first")) == {"name": "x", "tools": "Read"}
    assert keys(text, Layout("head+body", duplicate="error", on_bad_head="agent")) == "agent"
    assert [(problem.code, problem.line, problem.severity) for problem in parse(text, QUOTE_LINES).problems] == [("duplicate-key", 4, "note")]


def test_characters_that_yaml_libraries_differ_on() -> None:
    text = "---\ndescription: a\u2028b\u0085c\x1bd\ufeffe\nname: x\n---\n"
    assert keys(text, QUOTE_LINES) == {"description": "a\u2028b\u0085c\x1bd\ufeffe", "name": "x"}
    assert keys(text, STRICT) == "file"


@given(RANDOM_HEADS, st.sampled_from(["yaml12", "yaml11", "js-yaml"]))
def test_the_fast_reader_agrees_with_the_parser_or_declines(head: str, dialect: str) -> None:
    agree(head, dialect)


@given(MAPS, st.sampled_from(["auto", "double"]), st.sampled_from(["flow", "block"]))
def test_what_is_created_reads_back_the_same_fast_or_not(values: dict[str, object], quote: str, lists: str) -> None:
    layout = replace(QUOTE_LINES, quote=quote, lists=lists)
    text = create(layout, values, "Body.\n")
    parsed = parse(text, layout)
    assert identical(dict(parsed.entries[0].keys), values, ordered=True)
    assert parsed.entries[0].body == "\nBody.\n"
    for dialect in ("yaml12", "yaml11", "js-yaml"):
        agree(text[4 : text.index("---\n", 4)], dialect)


@pytest.mark.parametrize("path", markdown_files())
def test_the_fast_reader_agrees_on_real_files(path: Path) -> None:
    text = text_of(path)
    for layout in YAML_HEADS.values():
        parsed = parse(text, layout)
        if parsed.outcome is None and parsed.tree.head is not None:
            agree(text[parsed.tree.head.start : parsed.tree.head.end], layout.head)


def agree(head: str, dialect: str) -> None:
    fast = read_simple(head, dialect)
    if fast is None:
        return
    try:
        root = compose(head, dialect, "error").root
    except (BadYaml, Hostile) as error:
        raise AssertionError(f"the fast reader takes what the parser refuses: {error}") from error
    assert root is None or isinstance(root, Map)
    assert identical(fast, value_of(root) if root is not None else {}, ordered=True)


def test_most_simple_heads_take_the_fast_way() -> None:
    assert read_simple('name: x\ndescription: "a \\"b\\""\ntools: [Read, "Grep"]\nmodel: opus\npermission:\n  "*": deny\n  read: allow\n', "yaml12")
    assert read_simple("tools:\n  - Read\n  - Grep\r\n", "yaml12") == {"tools": ["Read", "Grep"]}
    assert read_simple("a: &x b\n", "yaml12") is None
