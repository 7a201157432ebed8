"""Line ends, bytes and places in texts, and files that are a prompt and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsync.containers import add, create, edit, parse, remove
from agentsync.containers.layout import Layout
from agentsync.containers.text import BLANK, line_around, line_end, new_body, place, readable, to_lf

TEXT = Layout("text")


def test_a_text_is_a_body() -> None:
    parsed = parse("\ufeffOne\r\ntwo\r\n", TEXT)
    assert [(dict(entry.keys), entry.body) for entry in parsed.entries] == [({}, "One\ntwo\n")]
    assert edit(parsed, TEXT, parsed.entries[0], {}) == parsed.text
    assert edit(parsed, TEXT, parsed.entries[0], {}, "Three\nfour") == "\ufeffThree\r\nfour\r\n"
    assert create(TEXT, {}, "\nPrompt.\n\n") == "Prompt.\n"
    assert create(TEXT, {}, None) == ""


def test_a_text_has_no_place_for_keys_or_neighbours() -> None:
    parsed = parse("x\n", TEXT)
    with pytest.raises(ValueError, match="no place for keys"):
        create(TEXT, {"name": "x"}, "y")
    with pytest.raises(ValueError, match="no place for keys"):
        edit(parsed, TEXT, parsed.entries[0], {"name": "x"})
    with pytest.raises(ValueError, match="one agent"):
        add(parsed, TEXT, [])
    with pytest.raises(ValueError, match="one agent"):
        remove(parsed, TEXT, parsed.entries[0])


def test_a_bad_text_has_an_outcome() -> None:
    assert parse("a\x00b", TEXT).outcome == "file"


@pytest.mark.parametrize(
    ("text", "end"), [("", "\n"), ("a", "\n"), ("a\nb", "\n"), ("a\r\nb", "\r\n"), ("a\rb", "\r"), ("a\r\nb\nc\n", "\n"), ("a\r\nb\r\nc\n", "\r\n"),
    ("a\rb\n", "\n")]
)  # fmt: skip
def test_new_text_gets_the_line_end_of_the_file(text: str, end: str) -> None:
    assert line_end(text) == end


def test_bytes_that_are_no_text_are_shown_as_decoders_show_them() -> None:
    for raw in (b"a\xffb", b"\xe2\x82", b"\xf0\x9f\x8e", b"\xc0\xaf", b"\xed\xa0\x80", b"ok \xe9t\xe9"):
        assert readable(raw.decode("utf-8", "surrogateescape")) == raw.decode("utf-8", "replace")
    assert readable("\ud800") == "\ufffd"


@given(st.text(st.sampled_from("ab\r\n"), max_size=12), st.integers(0, 12))
def test_places_count_as_editors_do(text: str, offset: int) -> None:
    offset = min(offset, len(text))
    line, column = place(text, offset)
    lines = to_lf(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    assert 1 <= line <= len(lines)
    assert 1 <= column <= len(lines[line - 1]) + 2
    assert place("\ufeff" + text, offset + 1) == (line, column)
    assert "\n" not in line_around(text, offset)


@given(st.text(st.sampled_from(" \t\r\nabé"), max_size=12), st.text(st.sampled_from(" \nabé"), max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_a_new_body_reads_back_and_stays_put(old: str, body: str, end: str) -> None:
    new = new_body(old, body, end)
    assert to_lf(new).strip(BLANK) == body.strip(BLANK) or "\r" in old
    assert new_body(new, body, end) == new
    if to_lf(old.strip(BLANK)) == body.strip(BLANK):
        assert new == old
