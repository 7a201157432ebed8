"""TOML: what is read, and that a change touches nothing but what it is about."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentsync.containers.layout import DELETE, Layout
from agentsync.containers.not_text import NotText
from agentsync.containers.toml_document import add, create, edit, parse, remove
from agentsync.containers.toml_emit import inline_toml, key_toml, line_toml, text_toml
from agentsync.containers.toml_read import read_plain
from agentsync.containers.toml_scan import statements
from tests.containers.values import KEYS, TOML_VALUES, corpus, identical, seconds, text_of

TOML = Layout(kind="toml")
TABLES = Layout(kind="toml", unit="entry", entry_at=("agents",))
ITEMS = Layout(kind="toml", unit="entry", entry_at=("agents",), entry_key="name")

SAMPLE = '''# licence

name = "x" # its name
'desc' = 'lit'
tools = [
  "a", # one
  "b" # two
]
model.a.b = 1
prompt = """
line one
line two
"""
when = 1979-05-27 07:32:00Z # date

# features
[features]
  shell = true # no

# servers
[mcp.one]
command = "x"
env = { A = "1", B.c = "2" }

[[hooks]]
n = 1
[[hooks]]
n = 2
'''
ONE = {"command": "x", "env": {"A": "1", "B": {"c": "2"}}}
HOOKS = "\n[[hooks]]\nn = 1\n[[hooks]]\nn = 2\n"


def edited(text: str, changes: dict[str, Any]) -> str:
    """The text after changes, checked to read back as it should."""
    parsed = parse(text, TOML)
    assert parsed.outcome is None, parsed.problems
    entry = parsed.entries[0]
    new = edit(parsed, TOML, entry, changes)
    wanted = {key: value for key, value in {**entry.keys, **changes}.items() if value is not DELETE}
    again = parse(new, TOML)
    assert again.outcome is None, (new, again.problems)
    assert identical(dict(again.entries[0].keys), wanted, ordered=False), new
    return new


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"name": "y"}, '"x" # its', '"y" # its'),
        ({"name": DELETE}, 'name = "x" # its name\n', ""),
        ({"name": 5}, '"x" # its', "5 # its"),
        ({"desc": "other"}, "'lit'", "'other'"),
        ({"desc": "it's"}, "'lit'", '"it\'s"'),
        ({"desc": "two\nlines"}, "'lit'", '"""\ntwo\nlines"""'),
        ({"tools": ["a", "c", "b"]}, '# one\n', '# one\n  "c",\n'),
        ({"tools": ["a", "b", "c"]}, '"b" # two\n', '"b", # two\n  "c"\n'),
        ({"tools": ["b"]}, '  "a", # one\n', ""),
        ({"tools": ["a"]}, '"a", # one\n  "b" # two\n', '"a" # one\n'),
        ({"prompt": 'say """ and \\'}, 'line one\nline two\n"""', 'say ""\\" and \\\\"""'),
        ({"when": "1979"}, "1979-05-27 07:32:00Z", '"1979"'),
        ({"name": "x", "n2": 1, "n3": "a\nb"}, "its name\n", 'its name\nn2 = 1\nn3 = """\na\nb"""\n'),
        ({"zeta": True}, "# date\n", "# date\nzeta = true\n"),
        ({"zeta": {"a": [1], "b": {"c": "d"}}}, HOOKS, HOOKS + '\n[zeta]\na = [1]\n\n[zeta.b]\nc = "d"\n'),
        ({"features": {"shell": False}}, "shell = true", "shell = false"),
        ({"features": {"shell": True, "web": 1}}, "# no\n", "# no\n  web = 1\n"),
        ({"features": {}}, "  shell = true # no\n", ""),
        ({"features": DELETE}, "\n# features\n[features]\n  shell = true # no\n", "\n# features\n"),
        ({"mcp": {"one": ONE, "two": {"command": "z"}}}, '"2" }\n', '"2" }\n\n[mcp.two]\ncommand = "z"\n'),
        ({"mcp": {"one": {**ONE, "command": "y"}}}, '"x"\nenv', '"y"\nenv'),
        ({"mcp": {"one": {**ONE, "env": {"A": "2"}}}}, '{ A = "1", B.c = "2" }', '{ A = "2" }'),
        ({"mcp": {"all": True, "one": ONE}}, "[mcp.one]", "[mcp]\nall = true\n\n[mcp.one]"),
        ({"model": {"a": {"b": 1, "c": 3}, "d": 2}}, "model.a.b = 1\n", "model.a.b = 1\nmodel.a.c = 3\nmodel.d = 2\n"),
        ({"model": DELETE}, "model.a.b = 1\n", ""),
        ({"hooks": [{"n": 1}, {"n": 3}]}, "n = 2", "n = 3"),
        ({"hooks": DELETE}, HOOKS, ""),
    ],
)
def test_a_change_replaces_its_own_text_only(changes: dict[str, Any], old: str, new: str) -> None:
    assert old in SAMPLE
    expected = SAMPLE.replace(old, new, 1)
    assert edited(SAMPLE, changes) == expected
    windows = "\ufeff" + SAMPLE.rstrip("\n").replace("\n", "\r\n")
    assert edited(windows, changes) == "\ufeff" + expected.rstrip("\n").replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("text", "changes", "new"),
    [
        ("", {"a": 1}, "a = 1\n"),
        ("a = 1", {"b": "x\ny"}, 'a = 1\nb = """\nx\ny"""'),
        ("a = 1\nb = 2", {"b": DELETE}, "a = 1"),
        ("a = 1\nb = 2", {"b": DELETE, "c": 3}, "a = 1\nc = 3"),
        ("# licence\n\n# about t\n[t]\nx = 1\n", {"a": 1}, "# licence\n\na = 1\n\n# about t\n[t]\nx = 1\n"),
        ("a = '''\nkeep\n'''\n", {"a": "new\\ \n"}, "a = '''\nnew\\ \n'''\n"),
        ("a = '''keep'''\n", {"a": "it's '''"}, 'a = "it\'s \'\'\'"\n'),
        ('a = """keep"""\n', {"a": "b"}, 'a = """b"""\n'),
        ("a = [1,2]\n", {"a": [1, 3, 2]}, "a = [1,3,2]\n"),
        ("a = []\n", {"a": ["x"]}, 'a = ["x"]\n'),
        ("a = {x = 1}\n", {"a": {"x": 1, "y": [{"z": 2}]}}, "a = {x = 1, y = [{ z = 2 }]}\n"),
        ("a = {x = 1, y = 2} # c\n", {"a": {"y": 2}}, "a = {y = 2} # c\n"),
        ("a.b = 1\n[c]\nd = 1\n", {"a": {"b": 1, "e": {"f": 2}}}, "a.b = 1\na.e = { f = 2 }\n[c]\nd = 1\n"),
        ("[a.b]\nx = 1\n", {"a": {"b": 5}}, "[a]\nb = 5\n\n"),
        ("[[a]]\n[a.b]\nx = 1\n[[a]]\n", {"a": [{"b": {"x": 2}}, {"c": 3}]}, "[[a]]\n[a.b]\nx = 2\n[[a]]\nc = 3\n"),
        ("a = [ # first\n  1,\n]\n", {"a": []}, "a = [ # first\n]\n"),
        ("a = [1, # one\n 2]\n", {"a": [1]}, "a = [1 # one\n]\n"),
        ('"a\\u0062" = 1\n', {"ab": 2}, '"a\\u0062" = 2\n'),
        ("a = 1.0\n", {"a": 1}, "a = 1\n"),
        ("a = true\n", {"a": 1}, "a = 1\n"),
        ('a = "x"', {"b": {}}, 'a = "x"\nb = {}'),
    ],
)
def test_odd_layouts(text: str, changes: dict[str, Any], new: str) -> None:
    assert edited(text, changes) == new


def test_what_is_put_in_at_one_place_stays_out_of_the_others_tables() -> None:
    text = "[a.x]\nq = 1\n[b.y]\nr = 1\n"
    changes = {"a": {"x": {"q": 1, "z": 2}, "new": {"k": 1}}, "b": {"y": {"r": 1}, "k": 1}, "top": 1, "t": {"u": 1}, "more": 2}
    assert edited(text, changes) == (
        "top = 1\nmore = 2\n\n[a.x]\nq = 1\nz = 2\n\n[a.new]\nk = 1\n[b]\nk = 1\n\n[b.y]\nr = 1\n\n[t]\nu = 1\n"
    )
    assert edited("", {"t": {"u": 1}, "a": 1}) == "a = 1\n\n[t]\nu = 1\n"


def test_no_change_gives_the_same_text() -> None:
    parsed = parse(SAMPLE, TOML)
    entry = parsed.entries[0]
    assert edit(parsed, TOML, entry, {}) == SAMPLE
    assert edit(parsed, TOML, entry, dict(entry.keys)) == SAMPLE
    assert edit(parsed, TOML, entry, {"absent": DELETE}) == SAMPLE
    assert dict(entry.lines) == {
        "name": 3, "desc": 4, "tools": 5, "model": 9, "prompt": 10, "when": 14, "features": 17, "mcp": 21, "hooks": 25,
    }  # fmt: skip
    assert isinstance(entry.keys["when"], NotText)
    assert entry.keys["when"] == "1979-05-27T07:32:00+00:00"


@settings(deadline=None)  # what takes long here is a machine that does other things too
@given(keys=st.dictionaries(KEYS, TOML_VALUES, max_size=6))
def test_what_is_created_reads_back(keys: dict[str, Any]) -> None:
    text = create(TOML, keys)
    assert identical(tomllib.loads(text), keys, ordered=False)
    assert identical(parse(text, TOML).entries[0].keys, keys, ordered=False)
    assert identical(parse(create(TABLES, keys, None, "a b"), TABLES).entries[0].keys, keys, ordered=False)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", text)


@settings(deadline=None)
@given(text=st.text(st.sampled_from("ab'\"\\\n\r\t #"), max_size=12), old=st.sampled_from(["", "'", '"', "'''", '"""', "'''\n", '"""\n']))
def test_a_text_is_said_in_any_quoting(text: str, old: str) -> None:
    for eol in ("\n", "\r\n"):
        assert tomllib.loads(f"a = {text_toml(text, eol, old)} # c{eol}b = 1") == {"a": text, "b": 1}


@st.composite
def decorated(draw: st.DrawFn, keys: dict[str, Any]) -> tuple[str, set[str]]:
    """TOML text of a map in random shapes (dotted, tables, inline, items) and comments; and the comments on lines of their own."""
    comments: set[str] = set()

    def note() -> str:
        lines = []
        for _ in range(draw(st.integers(0, 2))):
            lines.append(draw(st.sampled_from(["", "#"])))
            if lines[-1]:
                lines[-1] = f"# c{len(comments)}!"
                comments.add(lines[-1])
        return "".join(f"{line}\n" for line in lines)

    def inline(value: Any) -> str:
        if isinstance(value, str):
            return text_toml(value, "\n", draw(st.sampled_from(["", "'", "'''", '"""'])))
        if isinstance(value, list) and draw(st.booleans()):
            return "[\n" + "".join(f"  {inline(item)}, # i\n" for item in value) + "]"
        return inline_toml(value)

    def pairs(prefix: str, value: dict[str, Any]) -> str:
        text = ""
        for key, item in value.items():
            if isinstance(item, dict) and item and draw(st.booleans()):
                text += pairs(f"{prefix}{key_toml(key)}.", item)
            else:
                text += f"{note()}{prefix}{key_toml(key)} = {inline(item)}{draw(st.sampled_from(['', ' # t', '  ']))}\n"
        return text

    def table(path: str, value: dict[str, Any], header: str) -> str:
        below = {key: item for key, item in value.items() if isinstance(item, dict) and item and draw(st.booleans())}
        items = {
            key: item for key, item in value.items()
            if isinstance(item, list) and item and all(isinstance(one, dict) for one in item) and draw(st.booleans())
        }  # fmt: skip
        own = {key: item for key, item in value.items() if key not in below and key not in items}
        shown = header if own or not below or header.startswith("[[") or draw(st.booleans()) else ""
        text = (f"{note()}{shown}\n" if shown else "") + pairs("", own)
        for key, item in below.items():
            name = f"{path}{key_toml(key)}"
            text += table(f"{name}.", item, f"[{name}]")
        for key, item in items.items():
            name = f"{path}{key_toml(key)}"
            text += "".join(table(f"{name}.", one, f"[[{name}]]") for one in item)
        return text

    return table("", keys, "") + note(), comments


MAPS = st.dictionaries(KEYS, TOML_VALUES | st.lists(st.dictionaries(KEYS, TOML_VALUES, max_size=2), max_size=3), max_size=5)


@settings(deadline=None)
@given(data=st.data(), keys=MAPS)
def test_a_random_change_leaves_the_rest(data: st.DataObject, keys: dict[str, Any]) -> None:
    text, comments = data.draw(decorated(keys))
    if data.draw(st.booleans()):
        text = "\ufeff" + text.replace("\r\n", "\n").replace("\n", "\r\n")
    parsed = parse(text, TOML)
    assert parsed.outcome is None, (text, parsed.problems)
    entry = parsed.entries[0]
    assert identical(dict(entry.keys), keys, ordered=False), text
    assert edit(parsed, TOML, entry, {}) == text
    assert set(entry.lines) == set(keys)
    nested = {key: {**value, "added": 1} for key, value in keys.items() if isinstance(value, dict)}
    changes = data.draw(st.dictionaries(st.sampled_from([*keys, "new one", "new"]), TOML_VALUES | st.just(DELETE), max_size=3))
    for part in (changes, nested, {**nested, **changes}, {**changes, **nested}):
        written = edited(text, part)
        assert all(comment in written for comment in comments)
        assert untouched(text, part) <= untouched(written, part)


def untouched(text: str, changes: dict[str, Any]) -> set[str]:
    """The lines of every statement that is about none of these keys."""
    return {text[found.start : found.end].rstrip("\r\n") for found in statements(text) if found.path[0] not in changes}


PARTS = [
    'a = "x"', "b = 'y'", 'c = """', '"""', "'''", "d = '''", "\n", "\n", "\n", "\r\n", "\r", " ", "\t", "#", "# c", "=", "a", "b.c = 1", "e = 1",
    "f = -12",
    "g = 0", "h = 01", "i = 1_0", "j = 1.5", "k = true", "l = false", "m = truex", 'n = ["x", "y"]', "o = []", 'p = ["x"\n, # c\n"y"]',
    'q = ["x",\n\n"y",]',
    "[t]", "[t.u]", "[ v ]", "[[w]]", "[t", "]", "[a]", "[a.b]", '"', "'", "\\", "\\n", "\\u00e9", "\\ud800", "\\U0001F600", "\\x", '\\"', '""', "''",
    'r = "\\t\\""', 's = "\\q"', "é", "\x00", "\x7f", "\x85", "\u2028", "\ud800", "t = 1979-05-27", "u = 07:32:00", "v = {}",
    "w = { x = 1 }", "1 = 2",
    "-_ = 3", "x = 99999999999999999999", "y = inf", 'z = "a" # c', 'aa = "a" x', "\ufeff", "bb=+1", "cc=-0", "dd = 0x1f", 'ee = ["a" "b"]',
    'ff = ["a",, "b"]',
]  # fmt: skip


@settings(deadline=None)
@given(parts=st.lists(st.sampled_from(PARTS), max_size=12), between=st.sampled_from(["", "\n", "\n", " "]))
@example(parts=["[t.u]", "[t]", "a = 1"], between="\n")
@example(parts=["a = 1", "[a]"], between="\n")
@example(parts=["[a]", "b = 1", "[a.b]"], between="\n")
def test_the_patterns_read_what_the_parser_reads_or_give_up(parts: list[str], between: str) -> None:
    text = between.join(parts)
    plain = read_plain(text)
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assert plain is None
    else:
        assert plain is None or identical(plain, parsed, ordered=True)


@settings(deadline=None)
@given(keys=st.dictionaries(st.sampled_from(["name", "description", "a-b"]), st.text(max_size=40) | st.booleans() | st.lists(st.text(max_size=5))))
def test_the_patterns_agree_with_the_parser_on_what_is_written(keys: dict[str, Any]) -> None:
    try:
        text = create(TOML, keys)
    except ValueError:
        return
    plain = read_plain(text)
    assert plain is None or identical(plain, tomllib.loads(text), ordered=True)
    simple = {key: value for key, value in keys.items() if not isinstance(value, list)}
    assert read_plain(create(TOML, simple)) == simple


def test_agents_may_be_tables_of_a_shared_file() -> None:
    text = "[limits]\nmost = 3\n\n# the first\n[agents.one]\na = 1\n\n[agents.one.deep]\nx = 1\n\n[agents.two]\na = 2\n"
    parsed = parse(text, TABLES)
    assert [(entry.key, dict(entry.keys)) for entry in parsed.entries] == [("one", {"a": 1, "deep": {"x": 1}}), ("two", {"a": 2})]
    assert dict(parsed.entries[0].lines) == {"a": 6, "deep": 8}
    one, two = parsed.entries
    assert edit(parsed, TABLES, two, {"a": 3, "b": 4}) == text.replace("a = 2\n", "a = 3\nb = 4\n")
    assert remove(parsed, TABLES, two) == text.replace("\n[agents.two]\na = 2\n", "")
    assert remove(parsed, TABLES, one) == "[limits]\nmost = 3\n\n# the first\n\n[agents.two]\na = 2\n"
    assert add(parsed, TABLES, [("three", {"a": 1}), ("f o", {})]) == text + '\n[agents.three]\na = 1\n\n[agents."f o"]\n'
    with pytest.raises(ValueError, match="already: two"):
        add(parsed, TABLES, [("two", {})])


@pytest.mark.parametrize("text", ['agents = { one = { a = 1 } } # c\n', "agents.one.a = 1 # c\n", "agents.one = { a = 1 } # c\n"])
def test_agents_in_other_shapes_can_be_changed_too(text: str) -> None:
    parsed = parse(text, TABLES)
    [one] = parsed.entries
    more = add(parsed, TABLES, [("two", {"b": "x"})])
    assert {entry.key: dict(entry.keys) for entry in parse(more, TABLES).entries} == {"one": {"a": 1}, "two": {"b": "x"}}
    assert dict(parse(edit(parsed, TABLES, one, {"a": 2, "c": 3}), TABLES).entries[0].keys) == {"a": 2, "c": 3}
    assert [entry.key for entry in parse(remove(parse(more, TABLES), TABLES, one), TABLES).entries] == ["two"]
    assert "# c" in more


def test_agents_may_be_items_of_an_array() -> None:
    text = create(ITEMS, {"a": 1}, None, "one")
    assert text == '[[agents]]\nname = "one"\na = 1\n'
    text = add(parse(text, ITEMS), ITEMS, [("two", {"a": 2}), ("three", {})])
    parsed = parse(text, ITEMS)
    assert [entry.key for entry in parsed.entries] == ["one", "two", "three"]
    assert edit(parsed, ITEMS, parsed.entries[1], {"a": 5}) == text.replace("a = 2", "a = 5")
    assert [entry.key for entry in parse(remove(parsed, ITEMS, parsed.entries[1]), ITEMS).entries] == ["one", "three"]


@pytest.mark.parametrize(
    ("text", "layout", "code", "line", "column", "words"),
    [
        ('a = "x"\nb = \n', TOML, "bad-toml", 2, 5, "Invalid value"),
        ('a = "x', TOML, "bad-toml", 1, 7, "Unterminated string"),
        ("a = 1\r\na = 2\r\n", TOML, "bad-toml", 2, 6, "Cannot overwrite a value"),
        ("[a]\n[a]\n", TOML, "bad-toml", 2, 3, "twice"),
        ("a = 1\rb = 2\n", TOML, "bad-toml", 1, 6, "Expected newline"),
        ("a = 9223372036854775808\n", TOML, "bad-toml", None, None, "64 bits"),
        ("a = " + "9" * 5000, TOML, "bad-toml", None, None, "64 bits"),
        ('a = "\0"', TOML, "nul", 1, 6, "NUL"),
        ('a = "\0"', Layout(kind="toml", nul="ignored"), "bad-toml", 1, 6, "Illegal character"),
        ("\ufeffa = 1", Layout(kind="toml", bom="file"), "bom", 1, 1, "byte order mark"),
        ('b = 1\na = "caf\udce9"', Layout(kind="toml", invalid_utf8="file"), "invalid-utf8", 2, 9, "not UTF-8"),
        ("agents = 5", TABLES, "bad-root", 1, None, "the value of 'agents' must be a map"),
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


def test_the_outcome_is_the_layouts() -> None:
    assert parse("a =", Layout(kind="toml", on_bad_head="config")).outcome == "config"
    opened = parse("a =\r\n", Layout(kind="toml", on_bad_head="open"))
    assert (opened.outcome, opened.entries[0].body) == ("open", "a =\n")


def test_bad_bytes_are_read_as_the_client_reads_them_and_stay() -> None:
    text = 'a = "caf\udce9"\nb = 1\n'
    parsed = parse(text, TOML)
    assert parsed.entries[0].keys == {"a": "caf\ufffd", "b": 1}
    assert edit(parsed, TOML, parsed.entries[0], {"b": 2}) == 'a = "caf\udce9"\nb = 2\n'


@pytest.mark.parametrize("value", [None, [None], {"a": None}, "\ud800", {"\ud800": 1}, 2**63, b"x"], ids=repr)
def test_what_toml_cannot_say_is_an_error(value: Any) -> None:
    with pytest.raises(ValueError, match="TOML"):
        create(TOML, {"a": value})
    parsed = parse("a = 1\n", TOML)
    with pytest.raises(ValueError, match="TOML"):
        edit(parsed, TOML, parsed.entries[0], {"a": value})


def test_dates_go_home_without_quotes() -> None:
    [entry] = parse("a = 1979-05-27\nb = 07:32:00.5\nc = [1979-05-27 07:32:00, 1979-05-27T07:32:00-07:00]\n", TOML).entries
    assert identical(parse(create(TOML, entry.keys), TOML).entries[0].keys, entry.keys, ordered=True)
    assert line_toml(NotText("1979-05-27")) == '"1979-05-27"'


MIB = 1 << 20


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a=" + "[" * (MIB - 2), "limit-depth"),
        ("[" * MIB, "limit-depth"),
        (".".join("a" * (MIB // 2 - 2)) + "=1", "limit-depth"),
        ("a={" + ".".join("a" * 20_000) + "=1}", "limit-depth"),
        ("[" + ".".join("a" * 40) + "]", "limit-depth"),
        ("a=" + ("{" + ".".join("a" * 20) + "=") * 30 + "1" + "}" * 30, "limit-depth"),
        ("".join(f"{'.'.join('a' * 30)}.b{index}=1\n" for index in range(12_000)), "limit-nodes"),
        ("a=[" + "1," * (MIB // 2 - 3) + "]", "limit-nodes"),
        ("a={" + "b=1," * (MIB // 4 - 3), "limit-nodes"),
        ('a="' + "x" * (MIB - 4), "bad-toml"),
        ('a="' + '\\"' * (MIB // 2 - 2), "bad-toml"),
        ('a="""' + 'x"' * (MIB // 2 - 4), "bad-toml"),
        ('a="""' + '""\\"' * (MIB // 4 - 4), "bad-toml"),
        ("a='''" + "'" * (MIB - 10), "bad-toml"),
        ('"' * MIB, "bad-toml"),
        ("a=0x" + "f" * (MIB - 5), "bad-toml"),
        ("a" * MIB, "bad-toml"),
        ("=" * MIB, "limit-nodes"),
        ("x" * (MIB + 1), "limit-file"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else None,
)
def test_hostile_text_costs_little(text: str, code: str) -> None:
    assert seconds(lambda: parse(text, TOML)) < 2  # usually 0.5 at most; the machine may be slow
    parsed = parse(text, TOML)
    assert parsed.outcome == "file"
    assert parsed.problems[0].code == code


def test_brackets_and_dots_in_texts_are_no_depth() -> None:
    assert parse(create(TOML, {"prompt": "[" * 500 + "." * 500 + "\n'''", "d": 1.5}), TOML).outcome is None
    assert parse("a = [" + ", ".join(["1.5"] * 200) + "]", TOML).outcome is None
    assert parse("# " + "[." * 500 + "\na = 1.5", TOML).outcome is None


@pytest.mark.parametrize("path", corpus(".toml"))
def test_corpus_files_read_and_keep_their_bytes(path: Path) -> None:
    text = text_of(path)
    parsed = parse(text, TOML)
    assert parsed.outcome is None, parsed.problems
    [entry] = parsed.entries
    assert identical(dict(entry.keys), tomllib.loads(text), ordered=True)
    assert edit(parsed, TOML, entry, dict(entry.keys)) == text
    assert set(entry.lines) == set(entry.keys)
    pairs = {found.path[0]: found for found in statements(text) if len(found.path) == 1}
    for key in entry.keys:
        written = edited(text, {key: ["changed"]})
        found = pairs[key]
        assert written == f'{text[: found.value_start]}["changed"]{text[found.value_end :]}'
        left = text[: found.start] + text[found.end :]
        assert edited(text, {key: DELETE}) == (left if text.endswith("\n") else left.rstrip("\n"))
        assert text.splitlines()[entry.lines[key] - 1].startswith(key)
