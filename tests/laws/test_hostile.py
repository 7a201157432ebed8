"""Hostile files and names (promise 13): bounded time, no exception, the right status, and no path outside the agents folder."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterable, Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agentsync import codec
from agentsync.codec.compiled import compile_format
from agentsync.codec.rights_map import matches
from agentsync.containers.limits import DEPTH, FILE_BYTES, HEAD_BYTES
from agentsync.model import Agent, Document, Reading, Rights
from tests.laws.samples import FORMAT, FORMATS
from tests.strategies import names

SECONDS = 5
HEADS = [name for name in FORMATS if compile_format(FORMAT[name]).kinds[0].rules.kind == "head+body"]
YAML = [name for name in HEADS if compile_format(FORMAT[name]).kinds[0].rules.head != "lines"]
JSON = [("claude-json", "agents.json"), ("opencode", "opencode.json")]
PATHS: Mapping[str, str] = {name: codec.new_path(FORMAT[name], "a", "project") for name in FORMATS}
HEAD = "name: a1\ndescription: Reviews"
BODY = "A prompt that is long enough for every client."


def headed(head: str, body: str = BODY) -> str:
    return f"---\n{HEAD}\n{head}\n---\n{body}\n"


def timed(work: Callable[[], object]) -> object:
    start = time.process_time()      # not the clock: other processes are no fault of ours
    done = work()
    assert time.process_time() - start < SECONDS
    return done


def readings(name: str, text: str, path: str | None = None) -> tuple[Reading, ...]:
    """What a text gives in a format: at least one reading, each with an agent or a reason, in bounded time; written back unchanged."""
    document = Document(path or PATHS[name], text)

    def work() -> tuple[Reading, ...]:
        found = codec.read(document, FORMAT[name])
        for reading in found:
            assert (reading.agent is not None) == (reading.status in ("read", "degraded"))
            assert reading.status == "read" or (reading.problems[0].code and reading.problems[0].message)
            if reading.status == "read" and reading.agent is not None and len(found) < 10:
                again = codec.write(reading.agent, FORMAT[name], old=document, entry=reading.entry)
                assert again.documents == (document,), again.problems
        return found

    return timed(work)  # type: ignore[return-value]  # what `work` gives


def outcome(name: str, text: str, path: str | None = None) -> tuple[str, str | None]:
    [reading] = readings(name, text, path)
    return reading.status, reading.problems[0].code if reading.problems else None


# --- limits -----------------------------------------------------------------------------------------------------------

DEEP = "[" * DEPTH + "]" * DEPTH
LAUGHS = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}' if n else 'ha'] * 9)}]\n" for n in range(9))
LIMITS: Mapping[str, tuple[str, str]] = {
    "a head of more than 64 KiB": ("x: " + "y" * HEAD_BYTES, "limit-head"),
    "33 levels": (f"x: {DEEP}", "limit-depth"),
    "33 levels of blocks": ("\n".join(" " * n + "x:" for n in range(DEPTH + 1)), "limit-depth"),
    "20,000 brackets": ("x: " + "[" * 20_000, "limit-depth"),
    "20,000 brackets, closed": ("x: " + "[" * 20_000 + "]" * 20_000, "limit-depth"),
    "an alias": ("x: &a b\ny: *a", "limit-alias"),
    "a billion laughs": (LAUGHS, "limit-alias"),
    "a merge key": ("<<: {x: y}", "limit-merge"),
    "a tag": ("x: !!python/object/apply:os.system [true]", "limit-tag"),
    "a tag of its own": ("x: !include y", "limit-tag"),
}


@pytest.mark.parametrize("case", LIMITS)
@pytest.mark.parametrize("name", YAML)
def test_a_head_over_a_limit_is_refused_with_a_message_of_its_own(name: str, case: str) -> None:
    head, code = LIMITS[case]
    assert outcome(name, headed(head)) == ("refused", code)


def test_the_messages_of_the_limits_differ() -> None:
    told = {code: readings("claude-code", headed(head))[0].problems[0].message for head, code in LIMITS.values()}
    assert len(set(told.values())) == len(told)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_of_more_than_a_megabyte_is_refused(name: str) -> None:
    assert outcome(name, headed("", "x" * FILE_BYTES)) == ("refused", "limit-file")


@pytest.mark.parametrize(("name", "path"), JSON)
@pytest.mark.parametrize("value", ["[" * DEPTH + "]" * DEPTH, '{"a":' * DEPTH + "1" + "}" * DEPTH, "[" * 20_000, '{"a":' * 20_000])
def test_deep_json_is_refused(name: str, path: str, value: str) -> None:
    text = f'{{"agent": {{"a": {{"description": "d", "prompt": "p", "x": {value}}}}}}}'
    assert outcome(name, text, path) == ("refused", "limit-depth")


@pytest.mark.parametrize(
    "line",
    [
        ".".join("a" * (DEPTH + 1)) + " = 1",
        f"[{'.'.join('a' * (DEPTH + 1))}]\nx = 1",
        "x = " + "[" * (DEPTH + 1) + "]" * (DEPTH + 1),
        "x = " + "{a = " * (DEPTH + 1) + "1" + "}" * (DEPTH + 1),
        "x = " + "[" * 20_000,
        "a." * 20_000 + "b = 1",
    ],
    ids=lambda line: line[:20],
)
def test_deep_toml_is_refused(line: str) -> None:
    text = f'name = "a"\ndescription = "d"\ndeveloper_instructions = "p"\n{line}\n'
    assert outcome("codex", text) == ("refused", "limit-depth")


# What each client does with a NUL: Claude Code and Cursor leave the file out, opencode loads it raw, Qwen Code does not mind.
NUL: Mapping[str, tuple[str, str | None]] = {
    "agentsync": ("skipped", "nul"),
    "claude-code": ("skipped", "nul"),
    "copilot": ("refused", "nul"),
    "cursor": ("skipped", "nul"),
    "gemini-cli": ("refused", "nul"),
    "opencode": ("degraded", "nul"),
    "qwen-code": ("read", None),
}


@pytest.mark.parametrize("name", sorted(NUL))
def test_a_nul_does_what_it_does_to_the_client(name: str) -> None:
    assert outcome(name, headed("x: y\0z")) == NUL[name]


@pytest.mark.parametrize(("name", "text"), [("codex", 'name = "a\0"'), ("claude-json", '{"a": {"description": "\0"}}')])
def test_a_raw_nul_is_no_toml_and_no_json(name: str, text: str) -> None:
    assert outcome(name, text) in {("refused", "nul"), ("refused", "bad-json"), ("refused", "bad-toml")}


# --- cost -------------------------------------------------------------------------------------------------------------

MANY = 6_000
LISTS: Mapping[str, Callable[[], str]] = {
    "tools": lambda: "tools: " + ", ".join(f"t{n}" for n in range(MANY)),
    "tools and denials": lambda: f"tools: {', '.join(f't{n}' for n in range(MANY))}\ndisallowedTools: {', '.join(f't{n}' for n in range(2000))}",
    "servers and their tools": lambda: f"tools: {', '.join(f'mcp__s{n}' for n in range(2000))}\n"
    f"disallowedTools: {', '.join(f'mcp__s{n}__t' for n in range(2000))}",
    "limits": lambda: "tools: " + ", ".join(f"Bash(x{n})" for n in range(4_000)),
    "parentheses": lambda: "tools: " + "(" * 60_000,
    "commas": lambda: "tools: " + "," * 60_000,
    "opened names": lambda: "tools: " + "mcp__" * 12_000,
    "rules": lambda: "permission:\n" + "".join(f"  t{n}: deny\n" for n in range(4_000)),
    "rules with wildcards": lambda: "permission:\n" + "".join(f"  '*{n}?': deny\n" for n in range(3_500)),
    "a wildcard of many stars": lambda: f"permission:\n  '{'*a' * 30}*b': deny\n  {'a' * 5_000}: deny\n",
    "patterns": lambda: "permission:\n  bash:\n" + "".join(f"    'x{n} *': deny\n" for n in range(2_800)),
    "a number of many digits": lambda: f"permission:\n  {'1' * 5_000}: deny\n",
    "switches": lambda: "tools:\n" + "".join(f"  t{n}: false\n" for n in range(4_000)),
    "lines to repair": lambda: "\n".join(f"k{n}: a: b" for n in range(3_000)),
    "lines to repair of one letter": lambda: "\n".join("abcdefghijklmnopqrstuvwxyz"[n % 26] + "b: c: d" for n in range(5_000)),
    "list items": lambda: "tools:\n" + "  - Read\n" * 6_000,
    "unfinished quotes": lambda: "x: '\n" * 9_000,
}


@pytest.mark.parametrize("case", LISTS)
@pytest.mark.parametrize("name", HEADS)
def test_no_head_costs_more_than_a_moment(name: str, case: str) -> None:
    """The most that fits into a head, of what some reader might handle slowly."""
    text = headed(LISTS[case]())
    assert len(text) < HEAD_BYTES + 200
    readings(name, text)


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("case", ["tools and denials", "servers and their tools", "limits"])
def test_rights_of_thousands_of_grants_convert_in_bounded_time(case: str, target: str) -> None:
    [reading] = readings("claude-code", headed(LISTS[case]()))
    assert reading.agent is not None
    agent = reading.agent
    timed(lambda: codec.write(agent, FORMAT[target], allow_widening=True))


def test_rules_are_matched_as_the_client_matches_them() -> None:
    def regex(key: str) -> re.Pattern[str]:
        return re.compile("".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in key), re.DOTALL)

    keys = ["".join(signs) for length in range(5) for signs in itertools.product("ab*?", repeat=length)]
    tools = ["".join(signs) for length in range(5) for signs in itertools.product("ab", repeat=length)]
    assert [matches(k, t) for k in keys for t in tools] == [regex(k).fullmatch(t) is not None for k in keys for t in tools]


MEGABYTE: Mapping[str, Callable[[], str]] = {
    "members": lambda: '{"agent": {' + ",".join(f'"a{n}": {{"description": "d", "prompt": "p"}}' for n in range(20_000)) + "}}",
    "numbers": lambda: '{"agent": {"a": {"description": "d", "prompt": "p", "x": [' + "1," * 400_000 + "1]}}}",
    "tools": lambda: '{"a": {"description": "d", "prompt": "p", "tools": [' + ",".join(f'"t{n}"' for n in range(40_000)) + "]}}",
    "rules": lambda: '{"agent": {"a": {"permission": {' + ",".join(f'"t{n}*": "deny"' for n in range(40_000)) + "}}}}",
    "one text": lambda: '{"a": {"description": "d", "prompt": "' + "\\n" * 500_000 + '"}}',
    "quotes": lambda: '{"a": ' + '"' * 1_000_000,
    "braces": lambda: "{" * 1_000_000,
    "comments": lambda: "/*" * 500_000,
}


@pytest.mark.parametrize("case", MEGABYTE)
@pytest.mark.parametrize(("name", "path"), JSON)
def test_no_megabyte_of_json_costs_more_than_a_moment(name: str, path: str, case: str) -> None:
    readings(name, MEGABYTE[case](), path)


TOML_PIECES = ["[", "{", "a = ", "[[a]]\n", "a.", '"', "'", '"""', "\'\'\'", "\\", "a = {", "#", "\r", "1_", "\\e", ",", '"" ']
TOML_TEXTS = ["{}", "a = {}", 'a = "{}', 'a = """{}', "a = {{ b = [{}", "name = 'a'\ndescription = 'd'\ndeveloper_instructions = \'\'\'{}\'\'\'"]


@pytest.mark.parametrize("piece", TOML_PIECES)
def test_no_heap_of_toml_costs_more_than_a_moment(piece: str) -> None:
    for text in TOML_TEXTS:
        readings("codex", text.format(piece * (250_000 // len(piece))))


@pytest.mark.parametrize("piece", ["---\n", "-", "${", "${a", "{file:", "{env:" + "a" * 300, "{{cwd}}", "\\", "a ", "\r", "\u2028", "名"])
@pytest.mark.parametrize("name", HEADS)
def test_no_megabyte_of_prompt_costs_more_than_a_moment(name: str, piece: str) -> None:
    body = BODY + piece * ((FILE_BYTES - 300) // len(piece.encode()))
    readings(name, headed("x: y", body))


@pytest.mark.parametrize("piece", ["${", "{file:", "{env:" + "a" * 300, "{{cwd}}", "\\", "\"", "\r", "---\n"])
@pytest.mark.parametrize("target", FORMATS)
def test_no_megabyte_of_prompt_is_slow_to_write(target: str, piece: str) -> None:
    agent = Agent("a1", BODY + piece * ((FILE_BYTES - 300) // len(piece)), fields={"description": "Reviews"})
    timed(lambda: codec.write(agent, FORMAT[target]))


# --- names and paths --------------------------------------------------------------------------------------------------

EVIL = [
    "../../x", "..", ".", "/etc/passwd", "C:\\x", "a/b", "a\\b", "con", "CON", "con.md", "nul.", "com1", "COM\u00b9", "lpt9.txt", "aux .x",
    "a.", "a ", " a", "a...", ".hidden", "-rf", "~", "$(id)", "`id`", "a;b", "a|b", "a\tb", "a\x1b[31m", "x" * 300, "con." + "x" * 300,
    "名前", "re\u200bviewer", "re\u202eweiver", "\U000e0041", "e\u0301", "\ufb01", "\u0130", "%2e%2e%2f", "a\u2215b", "\uff0e\uff0e\uff0fx",
    "a..b", "-", "_",
]  # fmt: skip
DEVICES = {"con", "prn", "aux", "nul", *(f"{kind}{number}" for kind in ("com", "lpt") for number in range(1, 10))}


def complaints(name: str, slug: str) -> Iterable[str]:
    """Why a file name made from an agent's name is not safe on every system."""
    if not re.fullmatch(r"[a-z0-9_][a-z0-9._-]*", slug, re.ASCII):
        yield "other characters than lower-case ASCII, or a sign at the start"
    if ".." in slug or slug.endswith((".", " ")):
        yield "dots that mean something"
    if slug.partition(".")[0].casefold() in DEVICES:
        yield "a device of Windows"
    if len(slug) > 64:
        yield f"{len(slug)} characters"


@given(name=st.one_of(st.sampled_from(EVIL), names, st.text(max_size=100), st.from_regex(r"(con|nul|com1|lpt¹|a)[.\-_ /\\x]{0,90}", fullmatch=True)))
@example(name="con." + "x" * 100)
@example(name="con-" + "." * 100)
def test_a_written_path_stays_in_the_agents_folder(name: str) -> None:
    for format_id, fmt in FORMAT.items():
        for where in fmt.where:
            if where.write is None or "{slug}" not in where.write:      # a shared file has one fixed place
                continue
            before, after = where.write.split("{slug}")
            path = codec.new_path(fmt, name, where.scope)
            assert path.startswith(before), (format_id, path)
            assert path.endswith(after), (format_id, path)
            slug = path[len(before) : len(path) - len(after)]
            assert not [*complaints(name, slug)], (format_id, slug)


@given(name=st.text(max_size=40))
def test_a_slug_is_a_function_of_the_name_and_its_own_slug(name: str) -> None:
    assert codec.slug(codec.slug(name)) == codec.slug(name)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("evil", EVIL, ids=ascii)
def test_an_evil_name_is_kept_or_reported_or_refused(name: str, evil: str) -> None:
    """A name stands in a file as it is, or the report says what became of it; a file that says it reads or is explained."""
    agent = Agent(evil, BODY, Rights(), {"description": "Reviews"})
    rendering = codec.write(agent, FORMAT[name])
    if rendering.refused:
        assert rendering.problems[0].code == "name-refused"
        return
    [document] = rendering.documents
    [reading] = codec.read(document, FORMAT[name])
    assert reading.agent is not None, reading.problems
    assert reading.agent.name == evil or "name" in {loss.field for loss in rendering.losses}


@pytest.mark.parametrize("evil", EVIL, ids=ascii)
def test_reading_a_file_with_an_evil_name_reports_or_keeps_it(evil: str) -> None:
    [reading] = readings("claude-code", f'---\nname: "{evil.translate({92: None, 27: None})}"\ndescription: d\n---\n{BODY}\n')
    assert reading.status in ("read", "skipped")
    if reading.agent is not None:
        assert ".." not in codec.new_path(FORMAT["codex"], reading.agent.name, "project").removeprefix(".codex/")
