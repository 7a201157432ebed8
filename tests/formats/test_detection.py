"""Which format a file is in: by folder, by name, by keys; and that what stays open is said, not guessed in silence."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from bad_formats import GOOD

from agentsync.formats import Detection, detect, for_path, load_all, load_text
from agentsync.formats.rules import Format

HEAD = "---\nname: reviewer\ndescription: Reviews a change\n{}---\nRead the diff.\n"
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"


def made_up(name: str, *changes: tuple[str, str]) -> Format:
    text = GOOD.replace("id: gizmo", f"id: {name}").replace(".gizmo/", f".{name}/")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return load_text(text, f"{name}.yaml", shipped=True)


def answer(found: Detection) -> str:
    """The id, with `~` for a guess; the candidates after `?`; `-` for nothing."""
    if found.format is not None:
        return found.format.id + ("~" if found.guessed else "")
    return "?" + ",".join(rules.id for rules in found.candidates) if found.candidates else "-"


@pytest.mark.parametrize(("path", "expected"), [
    (".claude/agents/a.md", "claude-code"),
    ("./.claude/agents/deep/er/a.md", "claude-code"),
    ("/home/ann/shop/.claude/agents/a.md", "claude-code"),
    ("C:\\Users\\ann\\shop\\.claude\\agents\\a.md", "claude-code"),
    ("corpus/opencode/owner__repo/.opencode/agents/x.md", "opencode"),
    ("/home/ann/.config/opencode/agent/x.md", "opencode"),
    ("pkg/opencode.json", "opencode"),
    ("docs/AGENTS.md", "agents-md"),
    ("shop/.deepagents/agents/x/AGENTS.md", "deepagents"),
    (".codex/agents/x/y.toml", "codex"),
    (".cursor/agents/x.mdc", "cursor"),
    (".github/agents/x.md", "copilot"),
    (".github/chatmodes/x.chatmode.md", "copilot"),
    (".qwen/agents/.claude/agents/x.md", "claude-code"),
    (".claude/agents/.qwen/agents/x.md", "qwen-code"),
    ("agents/x.md", "agentsync"),
    (".claude/agents/x.toml", None),
    (".claude/commands/x.md", None),
    ("my.claude/agents/x.md", "agentsync"),
    (".gemini/agents/deep/x.md", None),
    (".unknown/agents/x.md", None),
    (".gemini/agents/_x.md", None),
    ("x.md", None),
])  # fmt: skip
def test_for_path(path: str, expected: str | None) -> None:
    found = for_path(path, load_all())
    assert [rules.id for rules, _ in found] == ([] if expected is None else [expected])


def test_for_path_gives_the_place_and_the_kind_of_file() -> None:
    [(rules, where)] = for_path("a/.opencode/modes/x.md", load_all())
    assert (rules.id, where.scope, where.document) == ("opencode", "project", "mode")
    [(rules, where)] = for_path("/root/.config/opencode/opencode.jsonc", load_all())
    assert (rules.id, where.document) == ("opencode", "json")


def test_several_formats_of_one_folder_are_all_given_and_told_apart_by_keys() -> None:
    one = made_up("one", (".one/", ".shared/"), ("native:", "detect: {keys: [seed]}\nnative:"))
    two = made_up("two", (".two/", ".shared/"), ("native:", "detect: {keys: [leaf], never: [seed]}\nnative:\n  leaf: {}"))
    path = ".shared/agents/x.md"
    assert [rules.id for rules, _ in for_path(path, [one, two])] == ["one", "two"]
    assert answer(detect(path, HEAD.format("seed: 1\n"), [one, two])) == "one"
    assert answer(detect(path, HEAD.format("leaf: 1\n"), [one, two])) == "two"
    undecided = detect(path, HEAD.format(""), [one, two])
    assert answer(undecided) == "?one,two"
    assert undecided.ambiguous
    assert answer(detect(path, "no head\n", [one, two])) == "?one,two"


def test_a_folder_decides_whatever_the_file_holds() -> None:
    for text in ("", "\x00", "---\n", "no head", HEAD.format("developer_instructions: x\n")):
        found = detect("x/.opencode/agents/README.md", text, load_all())
        assert (answer(found), found.document) == ("opencode", "markdown")
        assert found.where is not None


def test_files_that_an_assistant_leaves_out_are_nothing() -> None:
    assert answer(detect(".gemini/agents/_draft.md", HEAD.format(""), load_all())) == "-"


@pytest.mark.parametrize(("path", "text", "expected", "document"), [
    ("docs/x.agent.md", HEAD.format(""), "copilot", "agent"),
    ("docs/x.chatmode.md", "---\ndescription: d\n---\n", "copilot", "chatmode"),
    ("old/opencode.jsonc", "// nothing\n{}", "opencode", "json"),
])  # fmt: skip
def test_by_file_name(path: str, text: str, expected: str, document: str) -> None:
    found = detect(path, text, load_all())
    assert (answer(found), found.document) == (expected, document)


@pytest.mark.parametrize(("path", "text", "expected"), [
    ("x.md", HEAD.format(""), "claude-code~"),
    ("-", HEAD.format(""), "claude-code~"),
    ("x.md", HEAD.format("tools: Read, Grep\ncolor: red\n"), "claude-code~"),
    ("x.md", HEAD.format("tools: [Bash(git diff:*), Read]\n"), "claude-code~"),
    ("x.md", "\ufeff" + HEAD.format("tools:\n  - Read\n").replace("\n", "\r\n"), "claude-code~"),
    ("x.md", HEAD.format("permissionMode: plan\n"), "claude-code"),
    ("x.md", HEAD.format("agentsync: {tags: [a]}\n"), "agentsync"),
    ("agents/x.md", HEAD.format(""), "claude-code~"),
    ("x.md", "---\nname: a\ndescription: Use it. Examples: <example>Context: x: y\n---\n", "claude-code~"),
    ("x.md", "---\ndescription: d\nmode: subagent\npermission:\n  edit: deny\n---\n", "opencode"),
    ("x.md", HEAD.format("is_background: true\n"), "cursor"),
    ("x.md", HEAD.format("max_turns: 3\nkind: local\n"), "gemini-cli"),
    ("x.md", HEAD.format("approvalMode: plan\n"), "qwen-code"),
    ("x.md", HEAD.format("tools: [run_shell_command]\n"), "?gemini-cli,qwen-code"),
    ("x.md", HEAD.format("tools: [google_web_search]\n"), "gemini-cli~"),
    ("x.md", HEAD.format("user-invocable: false\n"), "copilot"),
    ("x.toml", 'name = "a"\ndescription = "d"\ndeveloper_instructions = "x"\n', "codex"),
    ("x.toml", '[project]\nname = "a"\n', "-"),
    ("x.json", '{"reviewer": {"description": "d", "prompt": "p"}}', "claude-json"),
    ("x.json", '{"name": "package", "version": "1.0.0"}', "-"),
    ("x.json", '{"a": {"description": "d"}}', "-"),
    ("x.json", "{", "-"),
    ("README.md", "# Agents\n\nText.\n", "-"),
    ("x.md", "", "-"),
    ("x.md", "---\n---\n", "-"),
    ("x.md", "---\ntitle: A page\ndate: 2026-01-31\n---\n# Page\n", "-"),
    ("x.md", "Some prose.\n---\nname: a\ndescription: b\n---\n", "-"),
    ("system-prompts/x.md", HEAD.format("permissionMode: plan\n"), "claude-code"),
    ("x.draft", HEAD.format(""), "-"),
    ("x.prompt", HEAD.format(""), "dotprompt"),
    ("x.prompty", HEAD.format(""), "prompty"),
    ("x.prompt.md", HEAD.format(""), "vscode-prompt"),
    ("Makefile", "all:\n\techo\n", "-"),
])  # fmt: skip
def test_by_content(path: str, text: str, expected: str) -> None:
    found = detect(path, text, load_all())
    assert answer(found) == expected
    assert found.where is None or path.startswith("agents/")


def test_a_text_that_speaks_for_nothing_is_told_by_its_folder() -> None:
    found = detect("shop/system-prompts/x.txt", "Be brief.\n", load_all())
    assert (answer(found), found.where is None) == ("plain-prompt~", False)
    assert answer(detect("shop/notes/x.txt", "Be brief.\n", load_all())) == "-"


def test_of_equals_the_one_whose_folder_it_could_be_is_guessed() -> None:
    one = made_up("one", (".one/", "one/"), ("native:", "detect: {keys: [seed]}\nnative:"))
    two = made_up("two", ("native:", "detect: {keys: [seed]}\nnative:"))
    text = HEAD.format("seed: 1\n")
    assert answer(detect("x.md", text, [one, two])) == "?one,two"
    found = detect("a/one/agents/x.md", text, [one, two])
    assert (answer(found), found.where) == ("one~", one.where[0])


def test_a_format_that_is_only_written_is_never_detected() -> None:
    detected = "detect: {keys: [seed], files: ['*.w.md']}\nnative:"
    writer = made_up("writer", ("revision: 1", "revision: 1\ndirection: write"), ("native:", detected))
    for path in (".writer/agents/x.md", "x.w.md", "x.md"):
        assert answer(detect(path, HEAD.format("seed: 1\n"), [writer])) == "-"


@pytest.mark.parametrize("text", [
    "---\n" + "a: b\n" * 200_000, "---\n" + "(" * 500_000, "-" * 500_000, "\n" * 500_000, "---\n" + "x" * 500_000 + ":",
    "{" * 100_000, "[" * 100_000,
])  # fmt: skip
def test_hostile_texts_and_paths_are_survived(text: str) -> None:
    for path in ("x.md", "x.json", "x.toml", "x", "/".join([".claude", "agents"] * 500) + "/x"):
        assert answer(detect(path, text, load_all())) == "-"


# Of the formats the corpus holds many files of: how many are told by path, and how many by content alone, at least.
# By content much cannot be known: files that another converter made carry another assistant's words, and markdown that says
# no more than a name and a description is everybody's.
BY_PATH = {
    "claude-code": 0.97, "claude-json": 1, "codex": 1, "copilot": 1, "cursor": 1, "gemini-cli": 1, "opencode": 0.88, "qwen-code": 1,
}  # fmt: skip
BY_CONTENT = {
    "claude-code": 0.97, "claude-json": 1, "codex": 1, "copilot": 0.58, "cursor": 0.38, "gemini-cli": 0.8, "opencode": 0.7,
    "qwen-code": 0.35,
}  # fmt: skip


def files_of(format_id: str) -> list[tuple[str, str]]:
    folder = CORPUS / format_id
    if not folder.is_dir():
        pytest.skip(f"no corpus beside the checkout (../shared/corpus/{format_id})")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return [(file.relative_to(CORPUS).as_posix(), file.read_text("utf-8", "surrogateescape")) for file in files]


@pytest.mark.parametrize("format_id", sorted(BY_PATH))
def test_the_corpus_by_path(format_id: str) -> None:
    files = files_of(format_id)
    found = Counter(answer(detect(path, text, load_all())).rstrip("~") for path, text in files)
    assert found[format_id] >= BY_PATH[format_id] * len(files), found


@pytest.mark.parametrize("format_id", sorted(BY_CONTENT))
def test_the_corpus_by_content(format_id: str) -> None:
    files = files_of(format_id)
    found = Counter(answer(detect("stray." + path.rpartition(".")[2], text, load_all())) for path, text in files)
    assert found[format_id] + found[f"{format_id}~"] >= BY_CONTENT[format_id] * len(files), found
    certain_and_wrong = sum(count for name, count in found.items() if name[0] not in "?-" and not name.endswith("~") and name != format_id)
    assert certain_and_wrong <= 0.12 * len(files), found
