"""Whole YAML files: one agent a file, agents in shared files, and edits of agentsync's own configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsync.containers import DELETE, add, create, edit, parse, remove
from agentsync.containers.layout import Change, Layout
from agentsync.containers.yaml_document import delete_path, load_plain, node_lines, set_path, set_value
from agentsync.containers.yaml_emit import emit_flow
from agentsync.model import Unreadable
from tests.containers.values import CORPUS, identical, text_of
from tests.containers.yaml_values import MAPS, TRICKY, VALUES

FILE = Layout("yaml")
LIST = Layout("yaml", unit="entry", entry_at=("customModes",), entry_key="slug")
MAP = Layout("yaml", unit="entry", head="yaml11", duplicate="last")

MODES = """# shared
customModes:
  - slug: one   # first
    name: One
    groups:
      - read
      - - edit
        - fileRegex: \\.md$
    roleDefinition: |-
      You are one.

      Truly.

  # about two
  - slug: two
    name: "Two"
    groups: [read, [edit, {fileRegex: x}]]
other: kept # yes
"""

CREW = """writer:
  role: Writer
  goal: >
    Write it

reader:
  role: Reader
"""


def entry_keys(text: str, layout: Layout) -> dict[str | None, dict[str, Any]]:
    parsed = parse(text, layout)
    assert parsed.outcome is None, parsed.problems
    return {entry.key: dict(entry.keys) for entry in parsed.entries}


def test_entries_of_a_list_and_of_a_map() -> None:
    modes = parse(MODES, LIST)
    assert [(entry.key, entry.at, entry.body) for entry in modes.entries] == [("one", ("customModes", 0), None), ("two", ("customModes", 1), None)]
    assert modes.entries[0].keys["groups"] == ["read", ["edit", {"fileRegex": "\\.md$"}]]
    assert modes.entries[0].keys["roleDefinition"] == "You are one.\n\nTruly."
    assert dict(modes.entries[1].lines) == {"slug": 15, "name": 16, "groups": 17}
    crew = parse(CREW, MAP)
    assert {entry.key: dict(entry.keys) for entry in crew.entries} == {"writer": {"role": "Writer", "goal": "Write it\n"},
        "reader": {"role": "Reader"}}


@pytest.mark.parametrize("text", ["", "# nothing\n", "other: x\n", "customModes:\n", "customModes: []\n"])
def test_no_entries(text: str) -> None:
    assert parse(text, LIST).entries == ()
    new = add(parse(text, LIST), LIST, [("one", {"name": "One", "groups": []})])
    assert entry_keys(new, LIST) == {"one": {"slug": "one", "name": "One", "groups": []}}
    assert "[{" not in new


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"name": "Uno"}, "    name: One\n", "    name: Uno\n"),
        ({"slug": "uno"}, "slug: one   # first", "slug: uno   # first"),
        ({"slug": DELETE}, "slug: one   # first\n    name: One\n", "name: One\n"),
        ({"roleDefinition": "Short."}, "|-\n      You are one.\n\n      Truly.\n", "|-\n      Short.\n"),
        ({"roleDefinition": "A\n\nB\n"}, "|-\n      You are one.\n\n      Truly.\n", "|\n      A\n\n      B\n"),
        ({"groups": ["read", ["edit", {"fileRegex": "x"}]]}, "fileRegex: \\.md$", "fileRegex: x"),
        ({"groups": ["read"]}, "      - - edit\n        - fileRegex: \\.md$\n", ""),
        ({"groups": ["read", ["edit", {"fileRegex": "\\.md$"}], "mcp"]}, "\\.md$\n", "\\.md$\n      - mcp\n"),
        ({"groups": []}, "groups:\n      - read\n      - - edit\n        - fileRegex: \\.md$\n", "groups: []\n"),
        ({"name": "One", "whenToUse": "a\nb"}, "    name: One\n", "    name: One\n    whenToUse: |-\n      a\n      b\n"),
        ({"description": "d: e"}, "      Truly.\n", '      Truly.\n    description: "d: e"\n'),
    ],
)
def test_an_entry_is_edited_and_its_neighbours_stay(changes: dict[str, Change], old: str, new: str) -> None:
    for end in ("\n", "\r\n"):
        parsed = parse("\ufeff" + MODES.replace("\n", end), LIST)
        text = edit(parsed, LIST, parsed.entries[0], changes)
        assert text == "\ufeff" + MODES.replace(old, new, 1).replace("\n", end)


def test_flow_entries_are_edited_too() -> None:
    text = '{"customModes": [ {"slug": "a", "name": "A"}, {"slug": "b"} ]}\n'
    parsed = parse(text, LIST)
    assert edit(parsed, LIST, parsed.entries[0], {"name": "X"}) == text.replace('"A"', '"X"')
    assert remove(parsed, LIST, parsed.entries[0]) == '{"customModes": [ {"slug": "b"} ]}\n'
    assert entry_keys(add(parsed, LIST, [("c", {"name": "C"})]), LIST)["c"] == {"slug": "c", "name": "C"}


def test_entries_are_added_as_their_neighbours_stand() -> None:
    text = add(parse(MODES, LIST), LIST, [("three", {"slug": "three", "name": "Three", "groups": ["read"], "roleDefinition": "A\nB"})])
    block = "  - slug: three\n    name: Three\n    groups: [read]\n    roleDefinition: |-\n      A\n      B\n"
    assert text == MODES.replace("other:", block + "other:")
    assert add(parse(CREW, MAP), MAP, [("critic", {"role": "Critic"})]) == CREW + "critic:\n  role: Critic\n"
    assert add(parse("a:\n- slug: x\n  n: 1\n", Layout("yaml", unit="entry", entry_at=("a",), entry_key="slug")), LIST,
        []) == "a:\n- slug: x\n  n: 1\n"


def test_entries_are_removed_with_their_lines() -> None:
    parsed = parse(MODES, LIST)
    two = remove(parsed, LIST, parsed.entries[1])
    assert two == MODES[: MODES.index("  - slug: two")] + "other: kept # yes\n"
    last = parse(two, LIST)
    assert remove(last, LIST, last.entries[0]) == "# shared\ncustomModes: []\n\n  # about two\nother: kept # yes\n"
    crew = parse(CREW, MAP)
    assert remove(crew, MAP, crew.entries[0]) == "\nreader:\n  role: Reader\n"
    only = parse("agents:\n  a:\n    b: c\n", Layout("yaml", unit="entry", entry_at=("agents",)))
    assert remove(only, Layout("yaml", unit="entry", entry_at=("agents",)), only.entries[0]) == "agents: {}\n"


def test_equal_entries_are_told_apart() -> None:
    text = "customModes:\n  - slug: a # one\n  - slug: a # two\n"
    parsed = parse(text, LIST)
    assert remove(parsed, LIST, parsed.entries[0]) == "customModes:\n  - slug: a # two\n"


def test_new_files() -> None:
    assert create(LIST, {"name": "One", "groups": ["read"]}, None, "one") == "customModes:\n  - slug: one\n    name: One\n    groups: [read]\n"
    assert create(MAP, {"role": "R", "backstory": "A\n\nB\n"}, None, "one") == "one:\n  role: R\n  backstory: |\n    A\n\n    B\n"
    assert create(FILE, {"a": 1, "b": {"c": []}}, None) == "a: 1\nb:\n  c: []\n"
    assert create(FILE, {}, None) == ""


@pytest.mark.parametrize(
    ("text", "layout", "code", "line"),
    [
        ("a: b: c\n", FILE, "bad-yaml", 1),
        ("- a\n", FILE, "bad-root", 1),
        ("x: 1\ncustomModes: 5\n", LIST, "bad-root", 2),
        ("a: 1\na: 2\n", FILE, "duplicate-key", 2),
        ("a: 1\n---\nb: 2\n", FILE, "bad-yaml", 2),
        ("a: &x 1\nb: *x\n", FILE, "limit-alias", 1),
        ("a: 1\x00\n", FILE, "nul", 1),
    ],
)
def test_bad_files_have_an_outcome_and_a_place(text: str, layout: Layout, code: str, line: int) -> None:
    parsed = parse(text, layout)
    assert parsed.outcome == "file"
    assert (parsed.problems[0].code, parsed.problems[0].line) == (code, line)
    assert parsed.entries == ()


def test_bad_entries_are_problems_and_the_others_count() -> None:
    parsed = parse("customModes:\n  - slug: a\n  - name: b\n  - c\n", LIST)
    assert [entry.key for entry in parsed.entries] == ["a"]
    assert [(problem.code, problem.line) for problem in parsed.problems] == [("bad-entry", 3), ("bad-entry", 4)]


CONFIG = """version: 1
# where they are
projects:
  shop:
    path: ../shop   # beside
    targets: [claude-code]   # for now
  me: {path: "~", scope: user}
"""


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (("version",), 2, "version: 1", "version: 2"),
        (("projects", "shop", "path"), "../x", "../shop   #", "../x   #"),
        (("projects", "shop", "targets"), ["claude-code", "codex"], "[claude-code]", "[claude-code, codex]"),
        (("projects", "shop", "mode"), "push", "# for now\n", "# for now\n    mode: push\n"),
        (("projects", "me", "mode"), "pull", "scope: user}", "scope: user, mode: pull}"),
        (("projects", "new"), {"path": "../n", "targets": ["a"]}, "user}\n", "user}\n  new:\n    path: ../n\n    targets: [a]\n"),
        (("defaults", "select"), ["*"], "user}\n", 'user}\ndefaults:\n  select: ["*"]\n'),
        (("version", "deep", "er"), 1, "version: 1\n", "version:\n  deep:\n    er: 1\n"),
    ],
)
def test_a_path_is_set_and_comments_stay(path: tuple[str, ...], value: Any, old: str, new: str) -> None:
    assert set_path(CONFIG, path, value) == CONFIG.replace(old, new, 1)
    assert set_path(CONFIG.replace("\n", "\r\n"), path, value) == CONFIG.replace(old, new, 1).replace("\n", "\r\n")


def test_paths_in_an_empty_file() -> None:
    assert set_path("", ("a", "b"), [1]) == "a:\n  b: [1]\n"
    assert set_path("# only\n", ("a",), None) == "# only\na: null\n"
    assert set_path("a:\n", ("a", "b"), 1) == "a:\n  b: 1\n"
    assert set_path("a: {}\n", ("a", "b"), 1) == "a:\n  b: 1\n"


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (("version",), "version: 1\n", ""),
        (("projects", "me"), '  me: {path: "~", scope: user}\n', ""),
        (("projects", "me", "path"), 'path: "~", ', ""),
        (("projects", "shop", "path"), "    path: ../shop   # beside\n", ""),
        (("absent", "key"), "", ""),
    ],
)
def test_a_path_is_deleted_and_comments_stay(path: tuple[str, ...], old: str, new: str) -> None:
    assert delete_path(CONFIG, path) == CONFIG.replace(old, new, 1)


def test_the_last_key_of_a_map_leaves_an_empty_map() -> None:
    assert delete_path("a:\n  b: 1 # c\nd: 2\n", ("a", "b")) == "a: {}\nd: 2\n"
    assert delete_path("a: 1\n", ("a",)) == ""


def test_configuration_is_read_with_places() -> None:
    assert load_plain(CONFIG) == {
        "version": 1,
        "projects": {"shop": {"path": "../shop", "targets": ["claude-code"]}, "me": {"path": "~", "scope": "user"}},
    }
    lines = node_lines("\ufeff" + CONFIG.replace("\n", "\r\n"))
    assert lines[()] == (1, 1)
    assert lines["projects", "shop", "path"] == (5, 5)
    assert lines["projects", "shop", "targets", 0] == (6, 15)
    assert lines["projects", "me", "scope"] == (7, 19)
    assert load_plain("") is None
    assert node_lines("") == {(): (1, 1)}


@pytest.mark.parametrize(("text", "code", "line"), [("a: b: c", "bad-yaml", 1), ("a: 1\na: 2\n", "duplicate-key", 2), ("a: !x b", "limit-tag", 1)])
def test_bad_configuration_is_unreadable(text: str, code: str, line: int) -> None:
    for read in (load_plain, node_lines):
        with pytest.raises(Unreadable) as caught:
            read(text)
        assert (caught.value.problem.code, caught.value.problem.line) == (code, line)


@given(st.lists(st.tuples(TRICKY, MAPS), max_size=4, unique_by=lambda item: item[0]), st.data())
def test_a_shared_file_holds_what_was_put_in(items: list[tuple[str, dict[str, Any]]], data: st.DataObject) -> None:
    for layout in (LIST, Layout("yaml", unit="entry", entry_at=("a", "b"), lists="block")):
        expected = {key: ({"slug": key, **{k: v for k, v in keys.items() if k != "slug"}} if layout is LIST else keys) for key, keys in items}
        text = add(parse("x: 1 # kept\n", layout), layout, items)
        assert identical(entry_keys(text, layout), expected, ordered=True)
        parsed = parse(text, layout)
        if parsed.entries:
            entry = data.draw(st.sampled_from(parsed.entries))
            text = edit(parsed, layout, entry, {"fresh": "v"})
            assert entry.key is not None
            expected[entry.key] = {**expected[entry.key], "fresh": "v"}
            assert identical(entry_keys(text, layout), expected, ordered=True)
            parsed = parse(text, layout)
            gone = data.draw(st.sampled_from(parsed.entries))
            text = remove(parsed, layout, gone)
            expected = {key: keys for key, keys in expected.items() if key != gone.key}
            assert identical(entry_keys(text, layout), expected, ordered=True)
        assert text.startswith("x: 1 # kept\n")


@given(MAPS, VALUES, st.lists(TRICKY, min_size=1, max_size=3))
def test_a_path_that_was_set_is_there(start: dict[str, Any], value: Any, path: list[str]) -> None:
    text = create(FILE, start, None)
    expected: Any = {**start}
    inner = expected
    for step in path[:-1]:
        inner[step] = dict(inner[step]) if isinstance(inner.get(step), dict) else {}
        inner = inner[step]
    inner[path[-1]] = value
    assert identical(load_plain(set_path(text, tuple(path), value)), expected, ordered=False)
    within = f"top: {emit_flow(start)} # one line\n"
    assert identical(load_plain(set_path(within, ("top", *path), value)), {"top": expected}, ordered=False)


@pytest.mark.parametrize(
    ("old", "path", "new"),
    [
        ("p: {t: {}, s: 1}\n", ("p", "t", "a"), "p: {t: {a: [x]}, s: 1}\n"),
        ("p: {t: , s: 1}\n", ("p", "t", "a"), "p: {t: {a: [x]} , s: 1}\n"),
        ("p: {t: [], s: 1}\n", ("p", "t"), "p: {t: [x], s: 1}\n"),
        ("p: [{}, 1]\n", ("p", 0), "p: [[x], 1]\n"),
    ],
)
def test_what_stands_within_braces_stays_on_its_line(old: str, path: tuple[Any, ...], new: str) -> None:
    """Also where what is replaced is empty."""
    assert (set_value if isinstance(path[-1], int) else set_path)(old, path, ["x"]) == new


def paths_in(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every path of keys and places in a value, its own first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for step, item in inner for path in paths_in(item, (*at, step)))]


def replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    step, *rest = path
    if isinstance(value, list):
        return [replaced(item, tuple(rest), new) if index == step else item for index, item in enumerate(value)]
    return {**value, step: replaced(value.get(step, {}), tuple(rest), new)}


@given(MAPS, VALUES, TRICKY, st.data())
def test_values_in_brackets_are_set_in_brackets(inner: dict[str, Any], value: Any, fresh: str, data: st.DataObject) -> None:
    start = {"a": {"in": inner, "empty": {}}, "z": 1}
    text = f"a: {emit_flow(start['a'])}\nz: 1\n"
    maps = [path for path in paths_in(start) if path and all(isinstance(step, str) for step in path) and isinstance(at(start, path), dict)]
    path = (*data.draw(st.sampled_from(maps)), fresh)
    assert identical(load_plain(set_path(text, tuple(map(str, path)), value)), replaced(start, path, value), ordered=False)
    path = data.draw(st.sampled_from(paths_in(start)[1:]))
    assert identical(load_plain(set_value(text, path, value)), replaced(start, path, value), ordered=False)


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def test_an_option_of_a_target_among_others_on_one_line() -> None:
    text = "projects:\n  r: {path: ../r, targets: {codex: {}, copilot: {}}}   # one line\n"
    where = ("projects", "r", "targets", "codex", "on_refused")
    assert set_path(text, where, "skip") == text.replace("codex: {}", "codex: {on_refused: skip}")


FILES = sorted(path for path in CORPUS.rglob("*.yaml") if path.is_file()) if CORPUS.is_dir() else []
REAL = FILES or [pytest.param(None, marks=pytest.mark.skip(reason="no corpus beside the project"))]


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.relative_to(CORPUS).as_posix() if path else "none")
def test_real_files_keep_every_byte_but_those_of_the_change(path: Path) -> None:
    text = text_of(path)
    parsed = parse(text, FILE)
    if parsed.outcome is not None:
        assert parsed.problems
        return
    [entry] = parsed.entries
    assert edit(parsed, FILE, entry, dict(entry.keys)) == text
    for key in list(entry.keys)[:5]:
        after = parse(edit(parsed, FILE, entry, {key: "changed"}), FILE)
        assert identical(dict(after.entries[0].keys), {**entry.keys, key: "changed"}, ordered=True)
