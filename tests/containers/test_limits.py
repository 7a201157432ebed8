"""Hostile input ends in an outcome, quickly, whatever it is made of; and real prompts are not taken for hostile."""

from __future__ import annotations

import pytest

from agentsync.containers import parse
from agentsync.containers.layout import Layout
from agentsync.containers.limits import DEPTH, FILE_BYTES, HEAD_BYTES
from tests.containers.values import seconds
from tests.containers.yaml_values import HEADS, QUOTE_LINES, STRICT

WHOLE = Layout("yaml")
SHARED = Layout("yaml", unit="entry", entry_at=("customModes",), entry_key="slug", duplicate="last")


def code(head: str, layout: Layout = STRICT) -> str | None:
    parsed = parse(f"---\n{head}\n---\nbody\n", layout)
    return parsed.problems[0].code if parsed.problems else None


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("a: " + "[" * DEPTH + "]" * DEPTH, "limit-depth"),
        ("a: " + "[" * (DEPTH - 1) + "]" * (DEPTH - 1), None),
        ("a: " + "[" * 5000, "limit-depth"),
        ("a: " + "{a: " * 40 + "}" * 40, "limit-depth"),
        ("\n".join(" " * depth + "a:" for depth in range(60)), "limit-depth"),
        ("- " * 60 + "a", "limit-depth"),
        ("? " * 60 + "a", "limit-depth"),
        ('a: "' + "[" * 500 + '"', None),
        ("a: b" + "[{" * 500, None),
        ("a: |\n" + "  [[[[ {{{{ - - - -\n" * 40, None),
        ("# " + "[" * 500, None),
        ("a: &x b", "limit-alias"),
        ("a: &x b\nc: *x", "limit-alias"),
        ("a: *x", "bad-yaml"),
        ("<<: {a: b}", "limit-merge"),
        ("a: !t b", "limit-tag"),
        ("a: !!python/object:os.system b", "limit-tag"),
        ("a: ! b", "limit-tag"),
        ("a: b & c", None),
        ("a: b!c", None),
        ('"<<": b', None),
        ("a: " + "x" * HEAD_BYTES, "limit-head"),
        ("a: " + "é" * (HEAD_BYTES // 2), "limit-head"),
        ("a: " + "x" * (HEAD_BYTES - 100), None),
    ],
    ids=range(24),
)
def test_a_limit_has_its_own_problem(head: str, expected: str | None) -> None:
    assert code(head) == expected


def test_a_broken_head_is_repaired_before_it_is_called_hostile() -> None:
    for value in ("*", "*all", "&", "!", "&a b: c"):
        parsed = parse(f"---\nname: x\ntools: {value}\n---\n", QUOTE_LINES)
        if value != "!":
            assert (parsed.repaired, parsed.entries[0].keys["tools"]) == (True, value)
        else:
            assert parsed.problems[0].code == "limit-tag"


def test_a_large_file_is_not_read() -> None:
    text = "---\nname: x\n---\n" + "x" * FILE_BYTES
    for layout in (*HEADS.values(), WHOLE):
        parsed = parse(text, layout)
        assert (parsed.outcome, parsed.problems[0].code) == ("file", "limit-file")


HOSTILE = ["[", "{", "- ", "? ", "a: ", "[a,", "{a: ", "&a ", "*a ", "!a ", '"', "'", "|\n", "<<: ", "a\n", "- a\n", "a", "\t", " ", "\n", "#", ": ",
    "---\n", "%", "- - ", "[[", "]",
           "a: [", "- {", "? - ", "\r", "\u2028", "\U0001f600", "\x07", "\ud800", "- &a [*a]\n"]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_megabyte_of_anything_ends_quickly(piece: str) -> None:
    heap = piece * (FILE_BYTES // len(piece.encode("utf-8", "surrogatepass")) - 40)
    heads = piece * (HEAD_BYTES // len(piece.encode("utf-8", "surrogatepass")) - 40)
    nested = "".join(f"{' ' * depth}{piece.strip() or 'a'}:\n" for depth in range(300))
    for text in (heap, f"customModes:\n  - {heap}", f'a: "{heap}"'):
        for layout in (WHOLE, SHARED):
            assert seconds(lambda text=text, layout=layout: parse(text, layout)) < 1.5
    for text in (f"---\n{heads}\n---\n", f"---\na: {heads}\n---\n", f"---\n{nested}---\n", heap):
        for layout in HEADS.values():
            assert seconds(lambda text=text, layout=layout: parse(text, layout)) < 1


def test_many_values_are_a_limit_too() -> None:
    parsed = parse("- a\n" * 250_000, WHOLE)
    assert parsed.problems[0].code == "limit-nodes"
