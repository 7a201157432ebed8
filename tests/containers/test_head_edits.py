"""Edits of Markdown heads and bodies: what changes is what was asked for, and no other byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from agentsync.containers import DELETE, FlowMap, create, edit, parse
from agentsync.containers.layout import Change, Layout
from tests.containers.values import identical, text_of
from tests.containers.yaml_values import BLOCK_LINES, HEADS, MAPS, PYTHON, QUOTE_LINES, RANDOM_HEADS, RAW, STRICT, VALUES, YAML_HEADS, markdown_files

FILE = """---
# who
name: reviewer   # its name
description: 'It''s "good"'
tools:
    - Read
    # the search
    - "Grep"   # fast
model: opus

permission: {read: allow, "*": deny} # order counts
hooks:
  before:
    - run: a # first
      when: b
    - run: c
text: |
  one

  two
folded: >-
  one
  two
---

  Body line.

Last.
"""


def changed(text: str, changes: dict[str, Change], layout: Layout = STRICT, body: str | None = None) -> str:
    parsed = parse(text, layout)
    return edit(parsed, layout, parsed.entries[0], changes, body)


def difference(old: str, new: str) -> tuple[list[str], list[str]]:
    """The lines that went and the lines that came, between what both begin and end with."""
    one, other = old.splitlines(), new.splitlines()
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return one, other


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"name": "other"}, ["name: reviewer   # its name"], ["name: other   # its name"]),
        ({"name": "no"}, ["name: reviewer   # its name"], ['name: "no"   # its name']),
        ({"name": 5}, ["name: reviewer   # its name"], ["name: 5   # its name"]),
        ({"name": ["a"]}, ["name: reviewer   # its name"], ["name: [a]   # its name"]),
        ({"name": {"a": "b"}}, ["name: reviewer   # its name"], ["name:   # its name", "  a: b"]),
        ({"name": DELETE}, ["name: reviewer   # its name"], []),
        ({"description": "isn't"}, ["description: 'It''s \"good\"'"], ["description: 'isn''t'"]),
        ({"description": "a\nb"}, ["description: 'It''s \"good\"'"], ['description: "a\\nb"']),
        ({"description": "a --- b"}, ["description: 'It''s \"good\"'"], ['description: "a \\u002d-- b"']),
        ({"tools": ["Read", "Grep", "Bash"]}, [], ["    - Bash"]),
        ({"tools": ["Bash", "Grep"]}, ["    - Read"], ["    - Bash"]),
        ({"tools": ["Grep"]}, ["    - Read"], []),
        ({"tools": ["Read"]}, ['    - "Grep"   # fast'], []),
        ({"tools": []}, ["tools:", "    - Read", "    # the search", '    - "Grep"   # fast'], ["tools: []"]),
        ({"tools": "all"}, ["tools:", "    - Read", "    # the search", '    - "Grep"   # fast'], ["tools: all"]),
        ({"model": None}, ["model: opus"], ["model: null"]),
        ({"permission": {"read": "deny", "*": "deny"}}, None, ['permission: {read: deny, "*": deny} # order counts']),
        ({"permission": {"read": "allow", "*": "deny", "edit": "ask"}}, None, ['permission: {read: allow, "*": deny, edit: ask} # order counts']),
        ({"permission": {"edit": "ask", "*": "deny"}}, None, ['permission: {edit: ask, "*": deny} # order counts']),
        ({"permission": {"*": "deny", "read": "allow"}}, None, ["permission: # order counts", '  "*": deny', "  read: allow"]),
        ({"permission": FlowMap({"*": "deny", "read": "allow"})}, None, ['permission: {"*": deny, read: allow} # order counts']),
        ({"permission": {}}, None, ["permission: {} # order counts"]),
        ({"hooks": {"before": [{"run": "x", "when": "b"}, {"run": "c"}]}}, ["    - run: a # first"], ["    - run: x # first"]),
        ({"hooks": {"before": [{"when": "b"}, {"run": "c"}]}}, ["    - run: a # first", "      when: b"], ["    - when: b"]),
        ({"hooks": {"before": [{"run": "a", "when": "b"}, {"run": "c"}], "after": "z"}}, [], ["  after: z"]),
        ({"text": "new"}, ["text: |", "  one", "", "  two"], ["text: |-", "  new"]),
        ({"text": "a\n\nb\n"}, ["  one", "", "  two"], ["  a", "", "  b"]),
        ({"folded": "three"}, ["  one", "  two"], ["  three"]),
        ({"folded": "a\nb"}, ["folded: >-", "  one", "  two"], ['folded: "a\\nb"']),
        ({"fresh": True}, [], ["fresh: true"]),
        ({"name": "reviewer", "fresh": 1.5, "more": "x"}, [], ["fresh: 1.5", "more: x"]),
        ({"tools": DELETE, "fresh": 1}, None, None),
    ],
)  # fmt: skip
def test_a_change_touches_its_own_lines(changes: dict[str, Change], old: list[str] | None, new: list[str] | None) -> None:
    text = changed(FILE, changes)
    went, came = difference(FILE, text)
    assert old is None or went == old
    assert new is None or came == new
    assert_says(text, STRICT, {key: value for key, value in {**parse(FILE, STRICT).entries[0].keys, **changes}.items() if value is not DELETE})


def assert_says(text: str, layout: Layout, keys: dict[str, Any]) -> None:
    parsed = parse(text, layout)
    assert parsed.outcome is None, parsed.problems
    assert identical(dict(parsed.entries[0].keys), plain(keys), ordered=False), text


def plain(value: Any) -> Any:
    return {key: plain(item) for key, item in value.items()} if isinstance(value, dict) else value


def test_new_keys_stand_behind_the_key_before_them() -> None:
    assert changed("---\na: 1\nb: 2\n---\n", {"a": 1, "x": 3, "z": 4}) == "---\na: 1\nx: 3\nz: 4\nb: 2\n---\n"
    assert changed("---\na: 1\nb: 2\n---\n", {"x": 3}) == "---\na: 1\nb: 2\nx: 3\n---\n"
    assert changed("---\na: 1\nb: |\n  t\n\n# end\n---\n", {"x": 3}) == "---\na: 1\nb: |\n  t\nx: 3\n\n# end\n---\n"
    assert changed("---\n# only this\n---\n", {"x": 3}) == "---\n# only this\nx: 3\n---\n"
    assert changed("---\n---\n", {"x": [1, 2]}) == "---\nx: [1, 2]\n---\n"
    assert changed("---\nx: 1\n---\n", {"x": DELETE, "z": {"a": {"b": []}}}, PYTHON) == "---\nz:\n  a:\n    b: []\n---\n"


def test_nested_deletions_are_deletions() -> None:
    assert changed("---\na:\n  b: 1 # one\n  c: 2\n---\n", {"a": {"b": 1, "c": DELETE}}) == "---\na:\n  b: 1 # one\n---\n"


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_line_ends_and_mark_stay(end: str) -> None:
    text = ("\ufeff" + FILE).replace("\n", end)
    layout = BLOCK_LINES
    new = changed(text, {"more": {"a": ["b"]}, "name": "x", "hooks": {"before": ["z"]}}, layout, "New\n\nbody")
    assert new.startswith("\ufeff---" + end)
    assert new.count("\n") == new.count(end)
    assert new.endswith(f"more:{end}  a: [b]{end}---{end}{end}  New{end}{end}body{end}")


def test_mixed_line_ends_and_bytes_that_are_no_text_stay() -> None:
    text = b"---\r\nname: x\ndescription: caf\xe9\r\n---\n\nb\xff\r\rc\r\n".decode("utf-8", "surrogateescape")
    new = changed(text, {"name": "z"}, QUOTE_LINES)
    assert new.encode("utf-8", "surrogateescape") == b"---\r\nname: z\ndescription: caf\xe9\r\n---\n\nb\xff\r\rc\r\n"


@pytest.mark.parametrize(
    ("text", "body", "expected"),
    [
        ("---\na: b\n---\n\n  Old.  \n\n", "New.", "---\na: b\n---\n\n  New.  \n\n"),
        ("---\na: b\n---\nOld.", "New.\nMore.\n", "---\na: b\n---\nNew.\nMore."),
        ("---\na: b\n---\n", "New.", "---\na: b\n---\n\nNew.\n"),
        ("---\na: b\n---", "New.", "---\na: b\n---\nNew.\n"),
        ("---\na: b\n---\nOld.\n", "", "---\na: b\n---\n"),
        ("---\r\na: b\r\n---\r\nOld.\r\n", "a\nb", "---\r\na: b\r\n---\r\na\r\nb\r\n"),
        ("---\na: b\n---\n\nOld.\n", "\nOld.\r\n", "---\na: b\n---\n\nOld.\n"),
    ],
)
def test_a_body_is_put_where_the_old_one_stood(text: str, body: str, expected: str) -> None:
    assert changed(text, {}, STRICT, body) == expected


def test_a_new_document() -> None:
    keys = {"name": "x", "description": "Use it: now", "tools": ["Read"], "permission": {"*": "deny"}}
    assert create(QUOTE_LINES, keys, "Prompt.\n") == (
        '---\nname: x\ndescription: "Use it: now"\ntools: [Read]\npermission:\n  "*": deny\n---\n\nPrompt.\n'
    )
    assert create(RAW, {"name": "x", "description": 'say "a: b"', "readonly": True},
        None) == '---\nname: x\ndescription: say "a: b"\nreadonly: true\n---\n'


def test_a_file_that_needs_no_head_gets_one_where_keys_are_said() -> None:
    layout = Layout("head+body", no_head="ignored")
    assert changed("just text\n", {"name": "x"}, layout) == "---\nname: x\n---\njust text\n"
    assert changed("just text\n", {}, layout, "other") == "other\n"


def test_of_equal_keys_the_one_that_counts_is_changed() -> None:
    text = "---\na: 1\nb: 2\na: 3\n---\n"
    assert changed(text, {"a": 4}, QUOTE_LINES) == "---\na: 1\nb: 2\na: 4\n---\n"
    assert changed(text, {"a": 4}, Layout("head+body", duplicate="first")) == "---\na: 4\nb: 2\na: 3\n---\n"
    assert changed(text, {"a": DELETE}, QUOTE_LINES) == "---\nb: 2\n---\n"


def test_what_did_not_parse_cannot_be_edited() -> None:
    parsed = parse("no head", STRICT)
    with pytest.raises(ValueError, match="did not parse"):
        edit(parsed, STRICT, None, {"a": 1})  # type: ignore[arg-type]  # there is no entry to give


CHANGES = st.dictionaries(st.sampled_from(["name", "description", "tools", "a", "k", "count", "flag", "new", "b"]), VALUES | st.just(DELETE),
    max_size=3)


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(RANDOM_HEADS, CHANGES, st.sampled_from(sorted(YAML_HEADS)))
def test_an_edit_says_what_was_asked_whatever_the_head(head: str, changes: dict[str, Any], name: str) -> None:
    layout = YAML_HEADS[name]
    text = f"---\n{head}---\nBody.\r\n"
    parsed = parse(text, layout)
    assume(parsed.outcome is None)
    new = edit(parsed, layout, parsed.entries[0], changes)
    expected = {key: value for key, value in {**parsed.entries[0].keys, **changes}.items() if value is not DELETE}
    assert_says(new, layout, expected)
    assert new.endswith("---\nBody.\r\n")
    again = parse(new, layout)
    assert edit(again, layout, again.entries[0], changes) == new


@given(MAPS, MAPS, st.sampled_from(sorted(YAML_HEADS)), st.sampled_from(["\n", "\r\n"]))
def test_one_head_turns_into_any_other(old: dict[str, Any], new: dict[str, Any], name: str, end: str) -> None:
    layout = YAML_HEADS[name]
    text = create(layout, old, "Body.").replace("\n", end)
    changes: dict[str, Change] = {**{key: DELETE for key in old if key not in new}, **new}
    assert_says(changed(text, changes, layout), layout, new)


@pytest.mark.parametrize("path", markdown_files())
def test_real_files_keep_every_byte_but_those_of_the_change(path: Path) -> None:
    text = text_of(path)
    for layout in HEADS.values():
        parsed = parse(text, layout)
        if parsed.outcome is not None:
            continue
        [entry] = parsed.entries
        assert (edit(parsed, layout, entry, {}) == text) is True  # bare booleans: a report cannot carry bytes that are no text
        assert (edit(parsed, layout, entry, dict(entry.keys), entry.body) == text) is True
        repaired = parsed.repaired
        start, end = parsed.tree.head.start, parsed.tree.head.end
        for key in list(entry.keys)[:6]:
            new = edit(parsed, layout, entry, {key: "changed"})
            assert (new[:start] == text[:start]) is True
            assert new.endswith(text[end:]) is True
            after = parse(new, layout)
            assert after.outcome is None
            assert not after.repaired
            assert identical(dict(after.entries[0].keys), {**entry.keys, key: "changed"}, ordered=True)
            assert after.entries[0].body == entry.body
            if not repaired:
                went, came = difference(text, new)
                assert len(came) <= 2
                assert not [line for line in went[1:] if line[:1].strip() and line[0] not in "#-]}" and layout.head != "lines"]
