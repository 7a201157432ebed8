"""The marked block of a Markdown file: what is outside stays byte for byte, what is inside reads back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsync import containers
from agentsync.containers.layout import DELETE, Entry, Layout, Parsed
from tests.strategies import NASTY

LAYOUT = Layout(kind="section", unit="entry", unclosed="file")
BEGIN, END = "<!-- agentsync:begin -->\n", "<!-- agentsync:end -->\n"
TEXT = f"""\
# The shop

Be kind.

{BEGIN}
Words of somebody's own.

### reviewer

Reads the diff
and judges it.

Ask it *once*:

~~~~text
### no heading
~~~
~~~~

###  Release Notes\x20\x20

\\### is a sign
{END}
## Style
no end"""


def parsed(text: str) -> Parsed:
    found = containers.parse(text, LAYOUT)
    assert found.outcome is None, found.problems
    return found


def entry(text: str, name: str) -> Entry:
    [one] = [one for one in parsed(text).entries if one.key == name]
    return one


def edited(text: str, name: str, **changes: object) -> str:
    return containers.edit(parsed(text), LAYOUT, entry(text, name), changes)  # type: ignore[arg-type]  # texts, or DELETE


def test_a_block_holds_its_agents() -> None:
    first, second = parsed(TEXT).entries
    assert (first.key, first.keys["description"]) == ("reviewer", "Reads the diff and judges it.")
    assert first.keys["prompt"] == "Ask it *once*:\n\n~~~~text\n### no heading\n~~~\n~~~~"
    assert (second.key, dict(second.keys)) == ("Release Notes", {"description": "### is a sign"})
    assert (first.lines["description"], second.lines["name"]) == (9, 21)


@pytest.mark.parametrize("text", ["", "\ufeff", "# The shop\n", "<!-- agentsync:other -->\n", "a <!-- agentsync:begin --> b\n"])
def test_a_file_without_a_block_holds_none(text: str) -> None:
    assert parsed(text).entries == ()


@pytest.mark.parametrize(
    ("text", "line"), [(f"a\n{BEGIN}", 2), (END, 1), (END + BEGIN, 1), (BEGIN + BEGIN + END, 1), (f"{BEGIN}{END}\n{BEGIN}{END}", 1)]
)
def test_a_block_that_is_not_whole_is_refused(text: str, line: int) -> None:
    found = containers.parse(text, LAYOUT)
    assert (found.outcome, found.problems[0].code, found.problems[0].line) == ("file", "bad-block", line)
    with pytest.raises(ValueError, match="did not parse"):
        containers.add(found, LAYOUT, [("x", {})])


def test_of_two_equal_headings_the_first_counts() -> None:
    found = parsed(f"{BEGIN}### a\n\none\n\n### a\n\ntwo\n{END}")
    assert [dict(one.keys) for one in found.entries] == [{"description": "one"}]
    assert [(note.code, note.line) for note in found.problems] == [("duplicate-entry", 6)]


def test_no_change_is_no_change() -> None:
    for one in parsed(TEXT).entries:
        assert containers.edit(parsed(TEXT), LAYOUT, one, {}) == TEXT


def test_a_change_stays_in_its_paragraph() -> None:
    assert edited(TEXT, "reviewer", description="Judges.") == TEXT.replace("Reads the diff\nand judges it.", "Judges.")
    assert edited(TEXT, "Release Notes", description="# a").endswith(f"Release Notes\x20\x20\n\n\\# a\n{END}\n## Style\nno end")
    assert edited(TEXT, "Release Notes", prompt="Be brief.") == TEXT.replace("is a sign\n", "is a sign\n\nBe brief.\n")
    assert edited(TEXT, "reviewer", prompt=DELETE) == TEXT.replace(TEXT[TEXT.index("Ask it") : TEXT.index("###  Release")], "")
    assert edited(TEXT, "reviewer", description=DELETE) == TEXT.replace("Reads the diff\nand judges it.\n\n", "")


def test_a_heading_alone_gets_a_paragraph() -> None:
    assert edited(f"{BEGIN}### a\n{END}", "a", description="one") == f"{BEGIN}### a\n\none\n{END}"


def test_a_new_agent_comes_last() -> None:
    text = containers.add(parsed(TEXT), LAYOUT, [("x", {"description": "one"}), ("y", {})])
    assert text == TEXT.replace(END, "\n### x\n\none\n\n### y\n\n" + END)
    with pytest.raises(ValueError, match="such an entry already"):
        containers.add(parsed(TEXT), LAYOUT, [("reviewer", {})])


@pytest.mark.parametrize("before", ["", "\ufeff", "a", "a\n", "a\n\n", "a\r\nb", "a\r\n"])
def test_a_new_block_stands_behind_the_text(before: str) -> None:
    text = containers.add(parsed(before), LAYOUT, [("x", {"description": "one"})])
    assert text.startswith(before)
    end = "\r\n" if "\r" in before else "\n"
    assert text.endswith(f"{end}{end}### x{end}{end}one{end}{end}<!-- agentsync:end -->{end}")
    assert entry(text, "x").keys == {"description": "one"}
    assert containers.remove(parsed(text), LAYOUT, entry(text, "x")).startswith(before)


def test_an_agent_goes_alone_and_the_last_one_with_the_block() -> None:
    one = containers.remove(parsed(TEXT), LAYOUT, entry(TEXT, "reviewer"))
    assert one == TEXT[: TEXT.index("### reviewer")] + TEXT[TEXT.index("###  Release") :]
    assert containers.remove(parsed(one), LAYOUT, entry(one, "Release Notes")) == "# The shop\n\nBe kind.\n\n\n## Style\nno end"


def test_what_a_heading_cannot_say_is_refused() -> None:
    for name in ("", " x", "a\nb"):
        with pytest.raises(ValueError, match="no name for a heading"):
            containers.create(LAYOUT, {}, None, name)
    with pytest.raises(ValueError, match="no place for keys"):
        containers.create(LAYOUT, {"model": "opus"}, None, "x")
    with pytest.raises(ValueError, match="no such entry"):
        containers.remove(parsed(TEXT), LAYOUT, Entry({}, key="nobody"))


surroundings = st.lists(st.sampled_from(["# A", "text  ", "", "```", "### three", "\t", "<!-- x -->"]), max_size=6)
told = st.sampled_from([*NASTY, "### a", "```", "~~~", "<!-- agentsync:end -->", "\\", "\\# a", "a\\"]).map(lambda text: " ".join(text.split()))


@given(before=surroundings, after=surroundings, end=st.sampled_from(["\n", "\r\n"]), first=told, second=told)
def test_nothing_outside_the_block_ever_changes(before: list[str], after: list[str], end: str, first: str, second: str) -> None:
    head, tail = "".join(line + end for line in before), end.join(after)
    text = containers.add(parsed(head), LAYOUT, [("x", {"description": first}), ("y", {"description": "stays"})]) + tail
    assert entry(text, "x").keys["description"] == first
    changed = edited(text, "x", description=second)
    assert entry(changed, "x").keys["description"] == second
    assert entry(changed, "y").keys["description"] == "stays"
    without = containers.remove(parsed(changed), LAYOUT, entry(changed, "x"))
    assert [one.key for one in parsed(without).entries] == ["y"]
    for result in (text, changed, without):
        assert result.startswith(head)
        assert result.endswith(tail)
