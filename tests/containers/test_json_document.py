"""JSON and JSONC: what is read, and that a change touches nothing but what it is about."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentsync.containers.json_document import add, create, edit, parse, remove
from agentsync.containers.json_tree import uncommented
from agentsync.containers.layout import DELETE, Layout
from tests.containers.values import JSON_VALUES, KEYS, corpus, identical, seconds, text_of

JSON = Layout(kind="json")
JSONC = Layout(kind="jsonc", duplicate="last")
MAP = Layout(kind="jsonc", unit="entry", entry_at=("agent",))
ROOT = Layout(kind="json", unit="entry")
LIST = Layout(kind="json", unit="entry", entry_at=("modes",), entry_key="slug")

SAMPLE = """{
  // the head
  "name": "x", // its name
  "tools": ["a", "b" /* c */],
  "rules": {"*": "deny", "read": "allow"},
  /* before last */ "deep": {
    "k": [
      1, // one
      2
    ], // after k
  },
}
"""


def edited(text: str, changes: dict[str, Any], layout: Layout = JSONC) -> str:
    """The text after changes to its first entry, checked to read back as it should."""
    parsed = parse(text, layout)
    assert parsed.outcome is None, parsed.problems
    entry = parsed.entries[0]
    new = edit(parsed, layout, entry, changes)
    wanted = {key: value for key, value in {**entry.keys, **changes}.items() if value is not DELETE}
    back = parse(new, layout).entries[0].keys
    assert back.keys() == wanted.keys()
    assert all(identical(back[key], wanted[key], ordered=True) for key in wanted)
    return new


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"name": "y"}, '"x", // its name', '"y", // its name'),
        ({"name": DELETE}, '  "name": "x", // its name\n', ""),
        ({"tools": ["a", "c", "b"]}, '["a", "b" /* c */]', '["a", "c", "b" /* c */]'),
        ({"tools": ["b"]}, '["a", "b" /* c */]', '["b" /* c */]'),
        ({"tools": ["a"]}, '["a", "b" /* c */]', '["a" /* c */]'),
        ({"tools": []}, '["a", "b" /* c */]', "[ /* c */]"),
        ({"rules": {"*": "deny", "edit": "ask", "read": "allow"}}, '"deny", ', '"deny", "edit": "ask", '),
        ({"rules": {"bash": "ask", "*": "deny", "read": "allow"}}, '{"*"', '{"bash": "ask", "*"'),
        ({"rules": {"read": "allow", "*": "deny"}}, '{"*": "deny", "read": "allow"}', '{"read": "allow", "*": "deny"}'),
        ({"rules": {"read": "allow"}}, '{"*": "deny", "read"', '{"read"'),
        ({"rules": "deny"}, '{"*": "deny", "read": "allow"}', '"deny"'),
        ({"deep": {"k": [1, 2, 3]}}, "      2\n", "      2,\n      3\n"),
        ({"deep": {"k": [2]}}, "      1, // one\n", ""),
        ({"deep": {"k": [1]}}, "1, // one\n      2\n", "1 // one\n"),
        ({"deep": {"k": [1, 2], "z": {"q": 1}}}, "// after k\n", '// after k\n    "z": {\n      "q": 1\n    },\n'),
        ({"new": True}, "\n  },\n}", '\n  },\n  "new": true,\n}'),
        ({"name": "x", "new": [1]}, "// its name\n", '// its name\n  "new": [1],\n'),
    ],
)
def test_a_change_replaces_its_own_text_only(changes: dict[str, Any], old: str, new: str) -> None:
    expected = SAMPLE.replace(old, new, 1)
    assert edited(SAMPLE, changes) == expected
    windows = "\ufeff" + SAMPLE.rstrip("\n").replace("\n", "\r\n")
    assert edited(windows, changes) == "\ufeff" + expected.rstrip("\n").replace("\n", "\r\n")


def test_no_change_gives_the_same_text() -> None:
    parsed = parse(SAMPLE, JSONC)
    entry = parsed.entries[0]
    assert edit(parsed, JSONC, entry, {}) == SAMPLE
    assert edit(parsed, JSONC, entry, dict(entry.keys)) == SAMPLE
    assert edit(parsed, JSONC, entry, {"absent": DELETE}) == SAMPLE


@pytest.mark.parametrize(
    ("text", "changes", "new"),
    [
        ('{"a":1,"b":[1,2]}', {"c": {"d": [1]}}, '{"a":1,"b":[1,2],"c":{"d":[1]}}'),
        ('{"a": 1, "b": 2}', {"a": DELETE}, '{"b": 2}'),
        ('{"a": 1, "b": 2}', {"b": DELETE}, '{"a": 1}'),
        ('{ "a": 1 }', {"a": DELETE}, "{}"),
        ("{}", {"a": 1}, '{"a": 1}'),
        ("{\n}\n", {"a": 1}, '{\n  "a": 1\n}\n'),
        ("{\n\t\"a\": {}\n}", {"a": {"b": 1}}, '{\n\t"a": {\n\t\t"b": 1\n\t}\n}'),
        ('{"a": 1 // end\n}', {"b": 2}, '{"a": 1, // end\n  "b": 2\n}'),
        ('{"a": [1, // one\n 2]}', {"a": [1]}, '{"a": [1 // one\n]}'),
        ('{"a": [1, // one\n 2, 3]}', {"a": [1, 3]}, None),
        ("{ // only\n \"a\": 1}", {"a": DELETE}, None),
        ('{\n  // about b\n  "b": 1, "c": 2}', {"b": DELETE}, None),
        ('{"a": 1, "a": 2}', {"a": 3}, '{"a": 1, "a": 3}'),
        ('{"a": 1, "a": 2, "b": 3}', {"a": DELETE}, '{"b": 3}'),
        ('{"t": "\\u00e9", "u": 1}', {"u": 2}, '{"t": "\\u00e9", "u": 2}'),
        ('{"a":\n  /* why */ 1}', {"a": 2}, '{"a":\n  /* why */ 2}'),
    ],
)
def test_odd_layouts(text: str, changes: dict[str, Any], new: str | None) -> None:
    written = edited(text, changes)
    if new is not None:
        assert written == new
    for comment in re.findall(r"//.*|/\*.*?\*/", text):
        assert comment.strip() in written


def test_where_the_first_of_two_keys_counts_that_one_is_changed() -> None:
    first = Layout(kind="json", duplicate="first")
    assert parse('{"a": 1, "a": 2}', first).entries[0].keys == {"a": 1}
    assert edited('{"a": 1, "a": 2}', {"a": 3}, first) == '{"a": 3, "a": 2}'


@st.composite
def decorated(draw: st.DrawFn, keys: dict[str, Any]) -> tuple[str, list[str]]:
    """JSONC text of a map with random white space, comments and trailing commas; and the comments that stand before keys."""
    count = 0
    before: list[str] = []

    def gap(*, kept: bool = False) -> str:
        nonlocal count
        parts = ["\n"] if kept else []  # what stands behind a comma on its line belongs to the key before
        for _ in range(draw(st.integers(0, 2))):
            kind = draw(st.sampled_from([" ", "\n", "\n  ", "\t", "//", "/*"]))
            if kind in ("//", "/*"):
                count += 1
                kind = f"// c{count}\n" if kind == "//" else f"/* c{count} */"
                if kept:
                    before.append(kind.strip())
            parts.append(kind)
        return "".join(parts)

    def written(value: Any, *, top: bool = False) -> str:
        if isinstance(value, dict):
            parts = [f"{gap(kept=top)}{json.dumps(key)}{gap()}:{gap()}{written(item)}{gap()}" for key, item in value.items()]
        elif isinstance(value, list):
            parts = [f"{gap()}{written(item)}{gap()}" for item in value]
        else:
            return json.dumps(value, ensure_ascii=draw(st.booleans()))
        trailing = "," if parts and draw(st.booleans()) else ""
        return ("{" if isinstance(value, dict) else "[") + ",".join(parts) + trailing + gap() + ("}" if isinstance(value, dict) else "]")

    return gap() + written(keys, top=True) + gap(), before


MAPS = st.dictionaries(KEYS, JSON_VALUES, max_size=5)


@settings(deadline=None)
@given(keys=MAPS)
def test_what_is_created_reads_back(keys: dict[str, Any]) -> None:
    text = create(JSON, keys)
    assert identical(parse(text, JSON).entries[0].keys, keys, ordered=True)
    assert text.endswith("\n")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", text)
    shared = create(MAP, keys, None, "one")
    [entry] = parse(shared, MAP).entries
    assert (entry.key, entry.at) == ("one", ("agent", "one"))
    assert identical(entry.keys, keys, ordered=True)


@settings(deadline=None)
@given(data=st.data(), keys=MAPS)
def test_a_random_change_leaves_the_rest(data: st.DataObject, keys: dict[str, Any]) -> None:
    text, before = data.draw(decorated(keys))
    parsed = parse(text, JSONC)
    assert parsed.outcome is None, (text, parsed.problems)
    entry = parsed.entries[0]
    assert identical(entry.keys, keys, ordered=True)
    assert edit(parsed, JSONC, entry, {}) == text
    assert set(entry.lines) == set(keys)
    changes = data.draw(st.dictionaries(st.sampled_from([*keys, "new one", "new two"]), JSON_VALUES | st.just(DELETE), max_size=3))
    written = edited(text, changes)
    for comment in before:
        assert comment in written
    for key in keys:
        if key not in changes:
            assert member(text, key) in written
    back = {key: value for key, value in keys.items() if key in changes}
    assert identical(dict(parse(edited(written, back), JSONC).entries[0].keys) | keys, {**keys, **kept(changes, keys)}, ordered=False)


def kept(changes: dict[str, Any], keys: dict[str, Any]) -> dict[str, Any]:
    """The keys that changes added."""
    return {key: value for key, value in changes.items() if key not in keys and value is not DELETE}


def member(text: str, key: str) -> str:
    """The text of a top-level member's value."""
    start, end = span(text, key)
    return text[start:end]


def span(text: str, key: str) -> tuple[int, int]:
    """Where the value of a top-level member begins and ends."""
    plain = uncommented(text)
    decoder = json.JSONDecoder()
    position = plain.index("{") + 1
    while True:
        found = re.compile(r'[\s,]*("(?:[^"\\]|\\.)*")\s*:\s*').match(plain, position)
        assert found is not None
        _, end = decoder.raw_decode(plain, found.end())
        if json.loads(found[1]) == key:
            return found.end(), end
        position = end


@settings(deadline=None)
@given(data=st.data(), keys=st.lists(MAPS, min_size=1, max_size=4), tail=MAPS)
def test_entries_of_a_shared_file_are_their_own(data: st.DataObject, keys: list[dict[str, Any]], tail: dict[str, Any]) -> None:
    agents = {f"agent {index}": value for index, value in enumerate(keys)}
    text, _ = data.draw(decorated({"theme": "dark", "agent": agents, "more": tail}))
    parsed = parse(text, MAP)
    assert [entry.key for entry in parsed.entries] == list(agents)
    entry = data.draw(st.sampled_from(parsed.entries))
    assert entry.key is not None
    others = {key: value for key, value in agents.items() if key != entry.key}
    left = remove(parsed, MAP, entry)
    assert identical(json.loads(uncommented(left)), {"theme": "dark", "agent": others, "more": tail}, ordered=True)
    again = add(parse(left, MAP), MAP, [(entry.key, entry.keys), ("and more", {"x": [1, {}]})])
    wanted = {**others, entry.key: dict(entry.keys), "and more": {"x": [1, {}]}}
    assert identical(json.loads(uncommented(again)), {"theme": "dark", "agent": wanted, "more": tail}, ordered=True)
    changed = edit(parsed, MAP, entry, {"prompt": "new"})
    assert member(changed, "more") == member(text, "more")
    assert identical({e.key: e.keys for e in parse(changed, MAP).entries if e.key != entry.key}, others, ordered=True)


def test_the_map_of_agents_is_made_where_it_is_missing() -> None:
    two = [("a", {"d": 1}), ("b", {})]
    made = '{\n  "theme": "dark",\n  "agent": {\n    "a": {\n      "d": 1\n    },\n    "b": {}\n  }\n}\n'
    assert add(parse('{\n  "theme": "dark"\n}\n', MAP), MAP, two) == made
    assert add(parse('{"theme":"dark"}', MAP), MAP, two) == '{"theme":"dark","agent":{"a":{"d":1},"b":{}}}'
    assert add(parse("", MAP), MAP, two) == create(MAP, {"d": 1}, None, "a").replace("}\n  }\n}", '},\n    "b": {}\n  }\n}')
    parsed = parse(made, MAP)
    assert remove(parse(remove(parsed, MAP, parsed.entries[1]), MAP), MAP, parsed.entries[0]) == '{\n  "theme": "dark",\n  "agent": {}\n}\n'
    with pytest.raises(ValueError, match="already: a"):
        add(parsed, MAP, [("a", {})])


def test_agents_may_be_items_of_a_list() -> None:
    text = create(LIST, {"role": "r"}, None, "one")
    assert json.loads(text) == {"modes": [{"slug": "one", "role": "r"}]}
    text = add(parse(text, LIST), LIST, [("two", {"role": "s"})])
    parsed = parse(text, LIST)
    assert [entry.key for entry in parsed.entries] == ["one", "two"]
    assert json.loads(edit(parsed, LIST, parsed.entries[1], {"role": "t"}))["modes"][1] == {"slug": "two", "role": "t"}
    assert json.loads(remove(parsed, LIST, parsed.entries[0])) == {"modes": [{"slug": "two", "role": "s"}]}


def test_members_that_are_no_agents_are_named_and_the_others_count() -> None:
    parsed = parse('{\n  "good": {"a": 1},\n  "bad": 5\n}', ROOT)
    assert parsed.outcome is None
    assert [entry.key for entry in parsed.entries] == ["good"]
    [problem] = parsed.problems
    assert (problem.code, problem.line, problem.message) == ("bad-entry", 3, "the entry 'bad' is no agent: it must be a map of keys")
    assert parse('{"x": 1}', MAP).entries == ()
    many = parse(json.dumps({f"k{i}": i for i in range(50_000)}), ROOT)
    assert len(many.problems) == 20
    assert "and 49980 more" in many.problems[-1].message


@pytest.mark.parametrize(
    ("text", "layout", "code", "line", "column", "words"),
    [
        ('{"a": 1,}', JSON, "bad-json", 1, 9, "no valid JSON"),
        ('{\n  "a" 1\n}', JSONC, "bad-json", 2, 7, "no valid JSON with comments: Expecting ':' delimiter"),
        ("{/* open", JSONC, "bad-json", 1, 2, "Expecting"),
        ("[,]", JSONC, "bad-json", 1, 2, "Expecting value"),
        ('{"a": [1,,]}', JSONC, "bad-json", 1, 10, "Expecting value"),
        ('{"a": NaN}', JSON, "bad-json", None, None, "NaN"),
        ('{"a": -Infinity}', JSONC, "bad-json", None, None, "Infinity"),
        ('{"a": "two\nlines"}', JSON, "bad-json", 1, 11, "control character"),
        ('{"a": "x\0"}', JSON, "nul", 1, 9, "NUL"),
        ("", JSON, "bad-json", 1, 1, "Expecting value"),
        ("[]", JSON, "bad-root", 1, None, "must be a map"),
        ('{\n"agent": []}', MAP, "bad-root", 2, None, "the value of 'agent' must be a map"),
        ('{"x": {"a": 1,\n "a": 2}}', Layout(kind="json", duplicate="error"), "duplicate-key", 2, 2, '"a" stands twice'),
        ("\ufeff{}", Layout(kind="json", bom="file"), "bom", 1, 1, "byte order mark"),
        ('{"a": "\udce9"}', Layout(kind="json", invalid_utf8="file"), "invalid-utf8", 1, 8, "not UTF-8"),
    ],
)
def test_what_is_refused_says_where_and_why(text: str, layout: Layout, code: str, line: int | None, column: int | None, words: str) -> None:
    parsed = parse(text, layout)
    assert parsed.outcome == "file"
    [problem] = parsed.problems
    assert (problem.code, problem.line, problem.column) == (code, line, column)
    assert words in problem.message
    with pytest.raises(ValueError, match="cannot be edited"):
        edit(parsed, layout, None, {})  # type: ignore[arg-type]  # refused before the entry is looked at


def test_bad_bytes_are_read_as_the_client_reads_them_and_stay() -> None:
    text = '{"a": "caf\udce9", "b": 1}'
    parsed = parse(text, JSON)
    assert parsed.entries[0].keys == {"a": "caf\ufffd", "b": 1}
    assert edit(parsed, JSON, parsed.entries[0], {"b": 2}) == '{"a": "caf\udce9", "b": 2}'


def test_what_json_cannot_say_is_an_error_and_what_it_can_is_written() -> None:
    with pytest.raises(ValueError, match="nan"):
        create(JSON, {"a": float("nan")})
    assert create(JSON, {"a": float("inf")}) == '{\n  "a": 1e999\n}\n'
    assert parse('{"a": "\\ud800"}', JSON).entries[0].keys == {"a": "\ud800"}
    assert create(JSON, {"a": "\ud800"}) == '{\n  "a": "\\ud800"\n}\n'
    with pytest.raises(ValueError, match="no body"):
        create(JSON, {}, "text")


MIB = 1 << 20


@pytest.mark.parametrize("layout", [JSON, JSONC, ROOT])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * MIB, "limit-depth"),
        ('{"a":' * (MIB // 5), "limit-depth"),
        ('{"a": "' + "x" * (MIB - 8), "bad-json"),
        ('{"a": "' + '\\"' * (MIB // 2 - 8), "bad-json"),
        ('"' * MIB, "bad-json"),
        ('{"a": ' + "9" * (MIB - 8) + "}", "bad-json"),
        ("/*" * (MIB // 2), "bad-json"),
        ("/**/" * (MIB // 4), "bad-json"),
        ("//\n" * (MIB // 3), "bad-json"),
        ("[" + "," * (MIB - 1), "bad-json"),
        ("[" + "0," * (MIB // 2 - 2) + "0]", "bad-root"),
        ("{" + '"",' * (MIB // 3 - 2) + "}", "bad-json"),
        (" " * MIB, "bad-json"),
        ("x" * (MIB + 1), "limit-file"),
        ("é" * (MIB // 2 + 1), "limit-file"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else None,
)
def test_hostile_text_costs_little(text: str, code: str, layout: Layout) -> None:
    assert seconds(lambda: parse(text, layout)) < 2  # usually 0.3 at most; the machine may be slow
    parsed = parse(text, layout)
    assert parsed.outcome == "file"
    assert parsed.problems[0].code == code


def test_brackets_in_texts_and_comments_are_no_depth() -> None:
    assert parse(json.dumps({"prompt": "[" * 500}), JSON).outcome is None
    assert parse('{"a": 1 /*' + "[" * 500 + "*/}", JSONC).outcome is None
    assert parse("[" * 31 + "{}" + "]" * 31, JSON).problems[0].code == "bad-root"
    assert parse("[" * 32 + "{}" + "]" * 32, JSON).problems[0].code == "limit-depth"


def test_thousands_of_entries_are_added_in_one_go() -> None:
    items = [(f"agent-{index}", {"description": "d", "prompt": "p" * 40, "tools": ["Read", "Grep"]}) for index in range(5000)]
    parsed = parse('{\n  "agent": {"x": {}}\n}\n', MAP)
    assert seconds(lambda: add(parsed, MAP, items)) < 2
    assert len(parse(add(parsed, MAP, items), MAP).entries) == 5001


@pytest.mark.parametrize("path", corpus(".json", ".jsonc"))
def test_corpus_files_read_and_keep_their_bytes(path: Path) -> None:
    text = text_of(path)
    layout = JSONC if path.suffix == ".jsonc" else JSON
    parsed = parse(text, layout)
    assert parsed.outcome is None, parsed.problems
    [entry] = parsed.entries
    assert edit(parsed, layout, entry, dict(entry.keys)) == text
    for key, value in entry.keys.items():
        line = text.splitlines()[entry.lines[key] - 1]
        assert json.dumps(key, ensure_ascii=False) in line
        written = edit(parsed, layout, entry, {key: "changed"})
        assert identical(parse(written, layout).entries[0].keys, {**entry.keys, key: "changed"}, ordered=True)
        start, end = span(text, key)
        assert written == f'{text[:start]}"changed"{text[end:]}'
        gone = edit(parsed, layout, entry, {key: DELETE})
        assert identical(parse(gone, layout).entries[0].keys, {k: v for k, v in entry.keys.items() if k != key}, ordered=True)
        assert edit(parsed, layout, entry, {key: value}) == text
