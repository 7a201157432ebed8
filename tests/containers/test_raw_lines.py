"""Heads that are read line by line: quotes stay, nothing is decoded, every line with a colon is a key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsync.containers import DELETE, edit, parse
from agentsync.containers.layout import Change
from tests.containers.yaml_values import RAW


def keys(head: str) -> dict[str, object]:
    return dict(parse(f"---\n{head}\n---\nBody.\n", RAW).entries[0].keys)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("description: Use: <example>Context: x", {"description": "Use: <example>Context: x"}),
        ('name: "x"', {"name": '"x"'}),
        ("READONLY: true", {"readonly": "true"}),
        ("readonly: true # note", {"readonly": "true # note"}),
        ("description: |\n  name: evil\n  text", {"description": "|", "name": "evil"}),
        ("tools: [Read, Grep]", {"tools": "[Read, Grep]"}),
        ("# a: b\n\nno colon\n  k:v", {"k": "v"}),
        ("a: 1\nb: 2\nA: 3", {"b": "2", "a": "3"}),
        ("a: \\n --- x", {"a": "\\n --- x"}),
        ("a: 1\r\nb: 2\r", {"a": "1", "b": "2"}),
        (": x", {"": "x"}),
    ],
)
def test_what_the_line_reader_sees(head: str, expected: dict[str, object]) -> None:
    assert keys(head) == expected


def test_lines_and_a_late_fence() -> None:
    parsed = parse("Intro\n---\n\nname: x\n  tools: y\n--- rest\nBody\n", RAW)
    assert dict(parsed.entries[0].lines) == {"name": 4, "tools": 5}
    assert parsed.entries[0].body == " rest\nBody\n"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": "z"}, "---\n# who\nName: z\nname-two:b\n  readonly: false\n---\n"),
        ({"readonly": True, "model": "fast"}, "---\n# who\nName:  x\nname-two:b\n  readonly: true\nmodel: fast\n---\n"),
        ({"name": DELETE}, "---\n# who\nname-two:b\n  readonly: false\n---\n"),
        ({"readonly": None}, "---\n# who\nName:  x\nname-two:b\n  readonly:\n---\n"),
        ({"tools": ["Read", "Grep"]}, "---\n# who\nName:  x\nname-two:b\n  readonly: false\ntools: Read, Grep\n---\n"),
        ({"description": "two\nlines "}, "---\n# who\nName:  x\nname-two:b\n  readonly: false\ndescription: two lines\n---\n"),
        ({"name": "x", "readonly": False}, "---\n# who\nName:  x\nname-two:b\n  readonly: false\n---\n"),
    ],
)
def test_edits_stay_on_their_line(changes: dict[str, Change], expected: str) -> None:
    text = "---\n# who\nName:  x\nname-two:b\n  readonly: false\n---\n"
    for end in ("\n", "\r\n"):
        parsed = parse(text.replace("\n", end), RAW)
        assert edit(parsed, RAW, parsed.entries[0], changes) == expected.replace("\n", end)


RAW_TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]),
    max_size=20).map(str.strip).filter(lambda text: text == text.strip("\ufeff \xa0\u3000"))


@given(st.lists(st.tuples(st.sampled_from(["name", "Tools", "a b", "x-y"]), RAW_TEXTS), max_size=5), st.dictionaries(st.sampled_from(["name", "a b",
    "new"]), RAW_TEXTS))
def test_an_edit_says_what_was_asked(lines: list[tuple[str, str]], changes: dict[str, Change]) -> None:
    text = "---\n" + "".join(f"{key}: {value}\n" for key, value in lines) + "---\nBody.\n"
    parsed = parse(text, RAW)
    new = parse(edit(parsed, RAW, parsed.entries[0], changes), RAW)
    assert dict(new.entries[0].keys) == {**parsed.entries[0].keys, **changes}
    assert new.entries[0].body == "Body.\n"
