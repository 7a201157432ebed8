"""The clients' repairs of heads that are no YAML. The cases were run through the clients' own code, and gave this."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agentsync.containers import edit, parse
from agentsync.containers.layout import Layout
from agentsync.containers.repairs import block_lines, line_pairs, quote_lines
from tests.containers.values import identical
from tests.containers.yaml_values import BLOCK_LINES, PAIRS, QUOTE_LINES, RANDOM_HEADS

BROKEN = "description: Use it. Examples: <example>Context: x</example>"


def read(head: str, layout: Layout) -> Any:
    parsed = parse(f"---\n{head}\n---\nBody.\n", layout)
    return dict(parsed.entries[0].keys) if parsed.outcome is None else parsed.outcome


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("name: x", {"name": "x"}),
        ("tools: [Read, Grep]", {"tools": ["Read", "Grep"]}),
        ("tools:\n  - Read\n  - Grep", {"tools": ["Read", "Grep"]}),
        ("tools:\n\t- Read", {"tools": ["Read"]}),
        ("tools: Read # only read", {"tools": "Read # only read"}),
        ("tools: *", {"tools": "*"}),
        ("tools: [Read, Grep", {"tools": "[Read, Grep"}),
        ('model: "opus"', {"model": "opus"}),
        ("model: 'opus'", {"model": "opus"}),
        ('model: say "hi" & \\n', {"model": 'say "hi" & \\n'}),
        ('model: "a" # c', {"model": '"a" # c'}),
        ("mcpServers:\n  a:\n    command: b", {"mcpServers": {"a": {"command": "b"}}}),
        ("model: é: 🎯", {"model": "é: 🎯"}),
        ("model: a: b \t", {"model": "a: b \t"}),
        ("model: |\n  text", "skip"),
        ("  more: text", "skip"),
        ("key1: a: b", "skip"),
        ("model: a\u2028b: c", "skip"),
    ],
)
def test_quote_lines(line: str, expected: Any) -> None:
    description = "Use it. Examples: <example>Context: x</example>"
    assert read(f"{BROKEN}\n{line}", QUOTE_LINES) == ({"description": description, **expected} if isinstance(expected, dict) else expected)


def test_quote_lines_fails_on_windows_line_ends() -> None:
    text = f"---\r\n{BROKEN}\r\n---\r\nBody.\r\n"
    assert parse(text, QUOTE_LINES).outcome == "skip"
    assert parse(text, replace(QUOTE_LINES, repair_crlf=True)).repaired
    mixed = f"---\r\nname: x\r\n{BROKEN}\n---\r\nBody.\r\n"
    assert parse(mixed, QUOTE_LINES).repaired


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (BROKEN, {"description": "Use it. Examples: <example>Context: x</example>"}),
        ("description: a: b\n  more: text\nname: x", {"description": "a: b\nmore: text", "name": "x"}),
        ("description: a: b # c\ntools: http://x", {"description": "a: b # c", "tools": "http://x"}),
        ("description: 'a': b", "open"),
        ("a-b: a: b", "open"),
        ("name: x\nname: y", "open"),
        ('name: "x', "open"),
        ("description: a: b\n- item", "open"),
        ("key1: a: b", {"key1": "a: b"}),
    ],
)
def test_block_lines(head: str, expected: Any) -> None:
    assert read(head, BLOCK_LINES) == expected
    assert parse(f"---\r\n{head}\r\n---\r\nBody.\r\n".replace("\n", "\r\n").replace("\r\r", "\r"), BLOCK_LINES).outcome == (
        "open" if expected == "open" else None
    )


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (BROKEN, {"description": "Use it. Examples: <example>Context: x</example>"}),
        ("name: x\nname: y\ntools: [read_file]", {"name": "y", "tools": "[read_file]"}),
        ("a: b: c\ntools:\n  - x\n  - 5\n# comment\nmap:\n  k: v\n  n: true", {"a": "b: c", "tools": ["x", 5], "map": {"k": "v", "n": True}}),
        ('a: b: c\nq: "x \\"y\\" \\\\ \\n"\ns: \'z\'', {"a": "b: c", "q": 'x "y" \\ \\n', "s": "'z'"}),
        ("a: b: c\nn: 0x1F\nm: 1e3\nb: null\nc: 1_0\nd: true", {"a": "b: c", "n": 31, "m": 1000, "c": "1_0", "d": True}),
        ("a: b: c\nd: e\n  text\nlonely", {"a": "b: c", "d": "e"}),
        ("- a\n- b", "skip"),
        ("just: a list: x", {"just": "a list: x"}),
    ],
)
def test_pairs(head: str, expected: Any) -> None:
    assert read(head, PAIRS) == expected


def test_a_repair_is_noted_where_it_was_needed() -> None:
    parsed = parse(f"---\nname: x\n{BROKEN}\n---\nBody.\n", QUOTE_LINES)
    [note] = parsed.problems
    assert parsed.repaired
    assert (note.code, note.severity, note.line, note.column) == ("repaired", "note", 3, 30)
    assert "(`description`)" in note.message
    assert dict(parsed.entries[0].lines) == {"name": 2, "description": 3}


@pytest.mark.parametrize("layout", [QUOTE_LINES, BLOCK_LINES, PAIRS], ids=lambda layout: str(layout.repair))
def test_the_first_edit_makes_the_repaired_lines_valid_and_no_others(layout: Layout) -> None:
    text = f"---\n# who\nname:   x\n{BROKEN}\ntools: [Read]\n\nmodel: opus\n---\nBody.\n"
    parsed = parse(text, layout)
    old = dict(parsed.entries[0].keys)
    new = edit(parsed, layout, parsed.entries[0], {"model": "haiku"})
    fixed = 'description: "Use it. Examples: <example>Context: x</example>"'
    tools = "tools: [Read]" if layout is not PAIRS else 'tools: "[Read]"'
    assert new == f"---\n# who\nname:   x\n{fixed}\n{tools}\n\nmodel: haiku\n---\nBody.\n"
    strict = parse(new, replace(layout, repair="none"))
    assert dict(strict.entries[0].keys) == {**old, "model": "haiku"}
    assert edit(parsed, layout, parsed.entries[0], {"model": "opus"}, "Body.") == text


def test_an_edited_body_makes_the_head_valid_too() -> None:
    text = f"---\r\n{BROKEN}\r\nname: x\n---\r\nBody.\r\n"
    parsed = parse(text, BLOCK_LINES)
    assert edit(parsed, BLOCK_LINES, parsed.entries[0], {}, "New.") == (
        '---\r\ndescription: "Use it. Examples: <example>Context: x</example>"\r\nname: x\n---\r\nNew.\r\n'
    )


@given(RANDOM_HEADS, st.sampled_from([QUOTE_LINES, BLOCK_LINES, PAIRS]), st.sampled_from(["a: b: c\n", 'q: "x" y\n', "s: *\n", ""]))
def test_a_mended_head_says_what_the_client_saw(head: str, layout: Layout, broken: str) -> None:
    parsed = parse(f"---\n{broken}{head}---\nBody.\n", layout)
    assume(parsed.repaired)
    [entry] = parsed.entries
    new = edit(parsed, layout, entry, {"zz": 1})
    strict = parse(new, replace(layout, repair="none"))
    assert strict.outcome is None
    assert identical(dict(strict.entries[0].keys), {**entry.keys, "zz": 1}, ordered=False)


@given(st.text(st.sampled_from("ab:\n\t -#|\"'[]{}*\r0"), max_size=60))
def test_repairs_take_any_text(head: str) -> None:
    assert quote_lines(head, lambda _: False).text.count("\n") == head.count("\n")
    assert isinstance(block_lines(head).text, str)
    assert isinstance(line_pairs(head), dict)
    for layout in (QUOTE_LINES, BLOCK_LINES, PAIRS):
        assert parse(f"---\n{head}\n---\n", layout).text
