"""What is written for people is true: the commands run and print what is shown, links lead somewhere, generated pages are up to date."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args

import click
import pytest
from msgspec import inspect

import agentsync
from agentsync.commands.app import COMMANDS, app, load
from agentsync.config import load_hub, load_user
from agentsync.copies import Action, ProjectState, State
from agentsync.formats import known_ids, rules
from agentsync.formats.rules import Format, Switch
from agentsync.formats.source import read_source
from agentsync.formats.structure import parts_of
from agentsync.model import LOSS_KINDS
from agentsync.report import Status
from agentsync.shipped import read_shipped
from tests.conftest import Run
from tests.documents import DOCUMENTS, ROOT, SECTIONS, blocks, matches, prose, run_section, shown_in, text_of
from tests.in_process import runner
from tests.test_floors import DATA, PURE, SIDE, UPPER

HOME: Final = Path.home()

REVIEWER: Final = """---
name: reviewer
description: Reviews a change before it is merged
tools: Read, Grep, Glob
model: sonnet
---

Read the diff. Name each defect with its file and line.
"""
TESTER: Final = """---
name: tester
description: Finds out why a test fails
color: purple
---

Run the tests. Find the cause of each failure before you change anything.
"""


# --- commands run, and print what is shown ----------------------------------------------------------------------------


@pytest.fixture
def world(home: Path) -> Path:
    """What the documents speak of: a project with two agents (the folder one is in), ~/code/shop with one, ~/code/site with none."""
    here = home / "project"
    for path, text in {
        here / ".claude/agents/reviewer.md": REVIEWER,
        here / ".claude/agents/tester.md": TESTER,
        home / "code/shop/.claude/agents/seller.md": TESTER.replace("tester", "seller"),
        home / "code/site/README.md": "A site.\n",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for project in (here, home / "code/shop", home / "code/site"):
        subprocess.run(["git", "init", "--quiet", "--initial-branch", "main", str(project)], check=True)
    return here


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize(("document", "section"), SECTIONS)
def test_every_command_runs_and_prints_what_is_shown(document: str, section: str, world: Path, go: Run) -> None:
    for shown, ran in run_section(document, section, world, go):
        assert ran.code in (0, 1), f"{shown.command}\n{ran.err}"
        if shown.output:
            assert matches(shown.output, ran.out + ran.err), f"{shown.command}\n{ran.out}{ran.err}"


def test_there_are_commands_to_run() -> None:
    assert {document for document, _ in SECTIONS} >= {"README.md", "docs/json.md"}
    [block] = [block for block in blocks("README.md") if "--refused" in block.text]
    assert [len(shown.output) for shown in shown_in(block)] == [5]
    assert matches(("a…", "…", "z"), "abc\nd\ne\nz\n")
    assert not matches(("a…", "z"), "abc\nd\nz\n")
    assert not matches(("a",), "a\nb\n")


def test_inline_commands_and_their_options_exist() -> None:
    found = 0
    for document in DOCUMENTS:
        for line in re.findall(r"`agentsync ([^`]+)`", " ".join(prose(document).split())):
            words = line.split()
            known = {option for parameter in app.params for option in parameter.opts} | {"-h", "--help"}
            if words[0].islower() and not words[0].startswith("-"):
                assert words[0] in COMMANDS, f"{document}: agentsync {line}"
                known |= {option for command in every(words[0]).values() for parameter in command.params for option in parameter.opts}
            assert [word for word in words if word.startswith("-") and word not in known] == [], f"{document}: agentsync {line}"
            found += 1
    assert found > 5


def test_the_files_that_the_readme_shows_are_good() -> None:
    agent, hub = (block.text for block in blocks("README.md") if block.language == "yaml")
    [reading] = agentsync.read(agent, "agentsync")
    assert (reading.status, reading.problems, reading.losses) == ("read", (), ())
    assert reading.agent is not None
    assert reading.agent.extra["agentsync"] == {"tags": ["quality"]}
    assert list(load_hub(hub).projects) == ["shop"]


def test_the_configuration_that_is_shown_is_good() -> None:
    hub, user = (block.text for block in blocks("docs/configuration.md") if block.language == "yaml")
    assert load_hub(hub).projects["shop"].dir == "services/api"
    assert load_user(user, "config.yaml").roots == ("~/code", "~/work")


def test_the_python_that_the_readme_shows_runs(capsys: pytest.CaptureFixture[str]) -> None:
    [code] = [block.text for block in blocks("README.md") if block.language == "python"]
    exec(code, {"text": REVIEWER})  # noqa: S102 - it is ours
    assert capsys.readouterr().out.startswith("dropped model sonnet ")


# --- links ------------------------------------------------------------------------------------------------------------


def anchors(document: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = [re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", title) for title in re.findall(r"^#+ (.*)$", prose(document), re.MULTILINE)]
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    without_code = re.sub(r"(`+)(?:(?!\1).)+\1", "", prose(document))
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / document).parent / path if path else ROOT / document
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(str(file.resolve().relative_to(ROOT))), target


# --- generated pages --------------------------------------------------------------------------------------------------


def test_generated_documents_are_up_to_date() -> None:
    done = subprocess.run([sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_generator_keeps_what_a_person_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from generate import with_costs

    rows = "| format | lines of YAML | Python |\n| --- | --- | --- |\n| old | 7 | shape `x` |\n| gone | 1 | - |\n"
    before = f"a\n<!-- generated: cost -->\n{rows}<!-- end -->\nz\n"
    after = with_costs(before, {"old": "1\n2\n", "new-one": "1\n"})
    assert after.startswith("a\n<!-- generated: cost -->\n| format | lines of YAML |")
    assert after.endswith("| new-one | 1 | - |\n| old | 2 | shape `x` |\n<!-- end -->\nz\n")
    assert with_costs(after, {"old": "1\n2\n", "new-one": "1\n"}) == after


def test_a_key_without_words_is_told_with_its_description(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from generator.markdown import others_of

    assert list(others_of(Switch(write=False, removes=("shell",)), {"removes"})) == [
        "`write` is `false`: false: only read, never written to restrict"
    ]


def literals(kind: type, key: str) -> set[str]:
    """The words that a key of the format language may hold."""
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    [field] = [field for field in described.fields if field.name == key]
    return {str(value) for part in parts_of(field.type) if isinstance(part, inspect.LiteralType) for value in part.values}


def test_the_generator_has_words_for_every_word_of_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from generator import files, formats, rights

    tables = [
        (formats.HOW, rules.Evidence, "kind"), (formats.KEPT, rules.Evidence, "enforcement"), (formats.RISKS, rules.NativeRule, "risk"),
        (formats._READER, rules.AlsoReads, "rights"), (formats._LANGUAGES, rules.DocumentRules, "kind"),
        (files._KINDS, rules.DocumentRules, "kind"), (files._UNITS, rules.DocumentRules, "unit"), (files._DIALECTS, rules.DocumentRules, "head"),
        ({**files._REPAIRS, "none": ""}, rules.DocumentRules, "repair"),
        (rights._MEANS, rules.RightsRules, "absent"), (rights._MEANS, rules.RightsRules, "empty"),
        (rights._UNLISTED, rules.RightsRules, "unlisted"), (rights._UNKNOWN, rules.RightsRules, "unknown"),
        (rights._DENIED, rules.RightsRules, "deny_patterns"), (rights._PATTERNS, rules.Denied, "limit"),
    ]  # fmt: skip
    assert [(kind.__name__, key) for words, kind, key in tables if set(words) != literals(kind, key)] == []


@cache
def words_of_the_language() -> frozenset[str]:
    """The words that format files choose from; pages say them in other words."""
    found: set[str] = set()

    def walk(kind: inspect.Type) -> None:
        for part in parts_of(kind):
            if isinstance(part, inspect.LiteralType):
                found.update(map(str, part.values))
            elif isinstance(part, inspect.StructType):
                for field in part.fields:
                    walk(field.type)
            elif isinstance(part, inspect.VarTupleType):
                walk(part.item_type)
            elif isinstance(part, inspect.DictType):
                walk(part.value_type)

    walk(inspect.type_info(Format))
    return frozenset(found)


def leaves(data: Any) -> Iterator[str]:
    """Every text in plain data."""
    if isinstance(data, dict):
        for value in data.values():
            yield from leaves(value)
    elif isinstance(data, list):
        for value in data:
            yield from leaves(value)
    elif isinstance(data, str):
        yield data


@pytest.mark.parametrize("format_id", known_ids())
def test_a_page_says_everything_that_the_format_file_says(format_id: str) -> None:
    data: Mapping[str, Any] = read_source(read_shipped(format_id)).data
    page = text_of(f"docs/formats/{format_id}.md").replace("\\|", "|")
    parts = ("title", "docs", "evidence", "where", "also_reads", "name", "fields", "parts", "values", "body", "native", "fixed", "rights")
    said = {leaf for part in parts for leaf in leaves(data.get(part))} - words_of_the_language() - {"$body", "default"}
    said |= {key for part in ("fields", "native", "fixed") for key in data.get(part, {})} - {"rights"}
    said |= {word for values in data.get("values", {}).values() for word in values}
    rights = data["rights"]
    said |= set(rights["tools"]) if isinstance(rights.get("tools"), dict) else set()
    said |= {f"{key}: {value}" for key, values in rights.get("switches", {}).items() for value in values}
    # How a native value looks is said by the words of its shape, and a table of tools by what stands in it.
    named = ("shape", "deny_shape", "table", "tools")
    said -= {rule[key] for rule in (*data["fields"].values(), rights) for key in named if isinstance(rule.get(key), str)}
    said -= {rights.get("vocabulary"), data["name"].get("slug")}
    missing = {leaf for leaf in said if leaf not in page and " ".join(leaf.split()) not in page}
    assert not missing


# --- commands and JSON ------------------------------------------------------------------------------------------------


def every(name: str) -> dict[str, click.Command]:
    """A command, and those below it, by their full names."""
    command = load(name)
    below = command.commands if isinstance(command, click.Group) else {}
    return {name: command, **{f"{name} {child}": inner for child, inner in below.items()}}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_its_line(name: str) -> None:
    page = text_of("docs/commands.md")
    common = {option for parameter in app.params for option in parameter.opts}
    for full, command in every(name).items():
        section = re.split(r"^#+ ", page.partition(f"# agentsync {full}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
        assert f"agentsync {full}" in section
        for parameter in command.params:
            if isinstance(parameter, click.Option) and common.isdisjoint(parameter.opts):
                assert all(re.search(rf"^\| .*`{re.escape(option)}[` ]", section, re.MULTILINE) for option in parameter.opts), parameter.opts
                assert parameter.help is not None
                assert parameter.help in section.replace("\\|", "|")


def key_paths(value: Any, prefix: str = "") -> Iterator[str]:
    """`agents[].losses[].kind`: every path of keys that leads to something in an object."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from key_paths(inner, f"{prefix}.{key}".removeprefix("."))
    elif isinstance(value, list):
        yield f"{prefix}[]"
        for item in value:
            yield from key_paths(item, f"{prefix}[]")
    else:
        yield prefix


def documented_keys(section: str) -> set[str]:
    """The keys in the tables of a section of docs/json.md."""
    text = text_of("docs/json.md").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    cells = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    return {key for cell in cells for key in re.findall(r"`([^`]+)`", cell)}


LOSS, PROBLEM = documented_keys("A loss"), documented_keys("A problem")
BESIDE: Final = {"project", "target", "agent"}
"""What a push says of a loss or a problem beyond what every loss and problem says."""


@pytest.mark.parametrize("section", sorted(section for document, section in SECTIONS if document == "docs/json.md"))
def test_json_is_as_documented(section: str, world: Path, go: Run) -> None:
    """Every key that is printed is documented, and every documented key was printed by one of the examples."""
    printed: set[str] = set()
    for shown, ran in run_section("docs/json.md", section, world, go):
        if "--json" in shown.command:
            assert ran.out.isascii()
            printed |= set(key_paths(json.loads(ran.out)))
    for item, known in (("losses[]", LOSS), ("problems[]", PROBLEM)):
        inside = {path for path in printed if f"{item}." in f"{path}."} - {path for path in printed if path.endswith(item)}
        assert {path.partition(f"{item}.")[2] for path in inside} <= known | (BESIDE if section.endswith("push") else set())
        printed -= inside
    open_maps = {path.rpartition(".")[0]: path for path in documented_keys(section) if path.rpartition(".")[2].isupper()}
    printed = {open_maps.get(path.rpartition(".")[0], path) for path in printed}
    lists = {path.removesuffix("[]") for path in printed if path.endswith("[]")}
    documented = {path if path.endswith("[]") or path not in lists else f"{path}[]" for path in documented_keys(section)}
    # A list of objects says so by its items.
    parents = {path[: match.end()] for path in documented for match in re.finditer(r"\[\]", path)}
    assert printed - (parents - documented) == documented


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("A loss", LOSS_KINDS), ("agentsync convert", get_args(Status)), ("agentsync push", get_args(State)),
        ("agentsync push", get_args(Action)), ("agentsync push", get_args(ProjectState)), ("agentsync project list", get_args(ProjectState)),
    ],
)  # fmt: skip
def test_every_word_of_the_json_is_documented(section: str, words: tuple[str, ...]) -> None:
    text = text_of("docs/json.md").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    assert [word for word in words if f"`{word}`" not in text] == []


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_the_table_of_floors_is_the_one_that_is_tested() -> None:
    rows = re.findall(r"^\| (\d|side) \| ([^|]*) \|", text_of("docs/architecture.md"), re.MULTILINE)
    told = {floor: set(re.findall(r"`(\w+)/?`", modules)) for floor, modules in rows}
    floors = {name.partition(",")[0]: set(modules) for name, modules in {**PURE, **UPPER}.items()}
    assert told == {**floors, "side": {*SIDE, *DATA}}


def tracked() -> list[Path]:
    """The files of the project, without what git leaves out."""
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0 and done.stdout:
        return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
    return [path for folder in ("src", "docs", "formats", "tests", "demo", "benchmarks") for path in (ROOT / folder).rglob("*") if path.is_file()]


def test_no_file_names_a_registry_or_this_machine() -> None:
    """Not this checkout's folder and not the home of whoever runs this; in samples of paths, homes of invented people may stand."""
    hosts = ("pypi" ".org", "python" "hosted.org", "registry." "npmjs", "crates" ".io")
    here = [str(path) for path in (ROOT, HOME) if len(path.parts) > 2]
    pattern = re.compile("|".join([*map(re.escape, hosts), *(rf"(?<![\w.-]){re.escape(path)}(?![\w-])" for path in here)]))
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        if (match := pattern.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert not found
