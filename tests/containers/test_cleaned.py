"""YAML whose client cleans the text before it parses it, and takes JSON for YAML."""

from __future__ import annotations

import json

import pytest
import yaml

from agentsync.containers import Layout, Parsed, add, create, edit, parse

CLEANED = (("\u00a0", " "), ("\u200b", ""), ("\u2013", "-"), ("\u2014", "-"), ("\u2018", "'"), ("\u2019", "'"), ("\u201c", '"'), ("\u201d", '"'))
ONE = Layout("yaml", json=True, cleaned=CLEANED)
LIST = Layout("yaml", unit="entry", entry_at=("modes",), entry_key="id", json=True, cleaned=CLEANED, lists="block")
NASTY = "First \u2014 then\n\n  \u201cquoted\u201d \u2018it\u2019\n\\ back\tslash\u00a0x\n"


def keys(parsed: Parsed) -> dict[str, object]:
    assert parsed.outcome is None, parsed.problems
    return dict(parsed.entries[0].keys)


def test_what_the_client_sees_is_read() -> None:
    assert keys(parse("a: x \u2013 y\nb: \u201cc\u201d\nd: e\u200bf\n", ONE)) == {"a": "x - y", "b": "c", "d": "ef"}


def test_an_edit_leaves_the_characters_of_everything_else() -> None:
    text = "a: x \u2013 y # \u201cnote\u201d\nb: old\nc: \u2018z\u2019\n"
    parsed = parse(text, ONE)
    assert edit(parsed, ONE, parsed.entries[0], {"b": "new"}) == text.replace("old", "new")
    assert edit(parsed, ONE, parsed.entries[0], {}) == text


def test_an_edit_beside_invisible_characters() -> None:
    text = "a: x\u200by\nb: old\n"
    parsed = parse(text, ONE)
    assert edit(parsed, ONE, parsed.entries[0], {"b": "new"}) == text.replace("old", "new")


@pytest.mark.parametrize("old", ["b: x", "b: 'x'", 'b: "x"', "b: |\n  x\n  y", "b: >-\n  x", "b: [x]"])
def test_what_is_written_is_what_the_client_sees(old: str) -> None:
    for text in ("a: 1\n" + old + "\n", create(ONE, {"a": 1}, None)):
        parsed = parse(text, ONE)
        done = edit(parsed, ONE, parsed.entries[0], {"b": NASTY})
        assert not any(sign in done for sign, _ in CLEANED)
        assert yaml.safe_load(done) == {"a": 1, "b": NASTY}
        assert keys(parse(done, ONE)) == {"a": 1, "b": NASTY}


def test_a_new_entry_and_a_list_are_escaped_too() -> None:
    text = create(LIST, {"id": "a", "names": ["\u2014", "plain"], "map": {"k": "\u201c"}}, None, "a")
    text = add(parse(text, LIST), LIST, [("b", {"id": "b", "text": NASTY})])
    assert not any(sign in text for sign, _ in CLEANED)
    assert [dict(e.keys) for e in parse(text, LIST).entries] == [
        {"id": "a", "names": ["\u2014", "plain"], "map": {"k": "\u201c"}}, {"id": "b", "text": NASTY},
    ]


def test_an_invisible_character_that_changes_the_structure_is_told_with_its_place() -> None:
    parsed = parse("a: 1\n\u200b# b: 2\nc\u200b: {\u200b\u201cx: y\u201d}\n- \u200b", ONE)
    assert parsed.outcome == "file"
    assert parsed.problems[0].line is not None


def test_json_stays_json() -> None:
    text = '{\n\t"modes": [\n\t\t{"id": "a", "text": "x"}\n\t]\n}\n'
    parsed = parse(text, LIST)
    assert keys(parsed) == {"id": "a", "text": "x"}
    done = edit(parsed, LIST, parsed.entries[0], {"text": "a \u2014 b"})
    assert done == text.replace('"x"', '"a \\u2014 b"')
    more = add(parse(done, LIST), LIST, [("b", {"id": "b", "text": "\u201c"})])
    assert json.loads(more)["modes"][1] == {"id": "b", "text": "\u201c"}
    assert "\u201c" not in more


def test_what_begins_like_json_may_be_yaml() -> None:
    assert keys(parse("{a: 1, b: [x]}\n", ONE)) == {"a": 1, "b": ["x"]}
