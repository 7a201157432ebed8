"""lint: what it finds is what the assistants do, what loads as meant is never called wrong, and repairs change nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsync import codec
from agentsync.formats import load, load_all
from agentsync.lint import CODES, Source, check, chosen, mended
from agentsync.model import Document
from tests.conftest import Run
from tests.in_process import runner
from tests.worlds import agent_text

GOOD = "---\nname: reviewer\ndescription: Reviews changes\ntools: Read, Grep\n---\n\nRead the diff.\n"
BROKEN = "---\nname: reviewer\ndescription: Use it after edits. Example: a pull request\ntools: Read\n---\n\nRead the diff.\n"


def codes(text: str, format_id: str = "claude-code", path: str = ".claude/agents/a.md", folder: str | None = ".claude/agents") -> list[str]:
    found, _ = check(Source(path, text, load(format_id), None, path, folder), load_all())
    return [problem.code for problem in found]


def head(*lines: str, body: str = "Do it.") -> str:
    return "\n".join(["---", *lines, "---", "", body, ""])


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(tmp_path, monkeypatch, capsys)


def put(root: Path, path: str, text: str | bytes) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


# ---- what is found ------------------------------------------------------------------------------------------------

CLAUDE = ("name: a", "description: d")
FINDINGS = [
    ("claude-code", BROKEN.replace("\n", "\r\n"), "A104"),
    ("claude-code", head("name: a", "description: x: y", "notes: |", "  z"), "A103"),
    ("claude-code", head("description: Reviews", "tools: Read"), "A108"),
    ("claude-code", head("name: a", "description: before --- after", "tools: Read"), "A202"),
    ("claude-code", head(*CLAUDE, "Tools: Read"), "A203"),
    ("claude-code", head(*CLAUDE, "tools: Bash(git:*)"), "A204"),
    ("claude-code", head(*CLAUDE, "tools: read, bash"), "A206"),
    ("claude-code", head(*CLAUDE, "tools: Read, KillBash"), "A207"),
    ("claude-code", head(*CLAUDE, "tools: Read"), "A208"),
    ("claude-code", head("name: Explore", "description: d"), "A209"),
    ("claude-code", head(*CLAUDE, "color: teal"), "A301"),
    ("claude-code", head(*CLAUDE, "Model: opus"), "A302"),
    ("claude-code", head(*CLAUDE, "model: gpt-5"), "A303"),
    ("claude-code", head(*CLAUDE, body="long " * 7000), "A304"),
    ("claude-code", BROKEN, "A401"),
    ("claude-code", head(*CLAUDE, "color: red", "color: blue"), "A402"),
    ("claude-code", head(*CLAUDE, body="a\u200bb"), "A404"),
    ("opencode", head("description: d", "color: pink"), "A102"),
    ("opencode", head("description: d", "tools: Read, Grep"), "A102"),
    ("opencode", head("description: d", "model: sonnet"), "A303"),
    ("gemini-cli", head(*CLAUDE, "tools: [Read]"), "A101"),
    ("gemini-cli", head(*CLAUDE, body="echo ${HOME}"), "A109"),
    ("qwen-code", head("name: abc", "description: d", body="echo ${HOME}"), "A109"),
    ("grok-cli", head(*CLAUDE, "tools: [no_such_tool]"), "A205"),
    ("codex", 'name = "a"\ndescription = "d"\ndeveloper_instructions = "x"\nmodel = "sonnet"\n', "A303"),
]


@pytest.mark.parametrize(("format_id", "text", "code"), FINDINGS)
def test_what_only_running_the_clients_taught_is_found(format_id: str, text: str, code: str) -> None:
    ending = "toml" if format_id == "codex" else "md"
    assert code in codes(text, format_id, f"agents/a.{ending}", "agents")


def test_every_code_is_tested_here_or_below() -> None:
    apart = {"A105", "A106", "A107", "A201", "A210", "A403"}
    assert {code for *_, code in FINDINGS} | apart == set(CODES)


@pytest.mark.parametrize(
    ("format_id", "text"),
    [
        ("claude-code", GOOD.replace("tools: Read, Grep\n", "")),
        ("claude-code", GOOD.replace("tools: Read, Grep\n", "").replace("\n", "\r\n")),
        ("claude-code", "\ufeff" + GOOD.replace("tools: Read, Grep\n", "")),
        ("claude-code", head(*CLAUDE, "model: us.anthropic.claude-sonnet-4-5-20250929-v1:0", "x-team: shop", body="echo ${HOME} 👩‍💻 ✅️")),
        ("claude-code", "# Notes on our agents\n"),
        ("gemini-cli", head(*CLAUDE, body="Answer ${query}.")),
        ("cursor", head("Name: a", "Description: d")),
        ("roo", "other: 1\n"),
    ],
)
def test_what_loads_as_meant_is_not_called_wrong(format_id: str, text: str) -> None:
    assert codes(text, format_id) == []


def test_a_file_without_a_head_is_an_agent_without_limits_where_it_is_one() -> None:
    assert codes("# Notes\n", "opencode", ".opencode/agents/README.md", ".opencode/agents") == ["A201"]


def test_what_a_client_leaves_to_its_session_is_a_note() -> None:
    text = 'name = "a"\ndescription = "d"\ndeveloper_instructions = "x"\nsandbox_mode = "read-only"\n'
    assert codes(text, "codex", ".codex/agents/a.toml", ".codex/agents") == ["A210"]


def test_outside_of_an_agents_folder_nobody_else_reads_it() -> None:
    assert codes(GOOD, folder=None) == []


def test_findings_have_their_line() -> None:
    found, _ = check(Source("a.md", head(*CLAUDE, "Tools: Read"), load("claude-code"), None, "a.md", "x"), load_all())
    assert [(problem.code, problem.path, problem.line) for problem in found] == [("A203", "a.md", 4)]


def test_codes_are_chosen_by_their_beginning() -> None:
    assert chosen(("A2",), ("A204",)) == {code for code in CODES if code.startswith("A2")} - {"A204"}
    assert chosen((), ("A2",)) == {code for code in CODES if not code.startswith("A2")}
    assert chosen(("A204",), ("A2",)) == {"A204"}


# ---- repairing ----------------------------------------------------------------------------------------------------


def read(text: str) -> object:
    return codec.read(Document("a.md", text), load("claude-code"))[0].agent


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_mended_head_says_what_its_assistant_read(end: str) -> None:
    text = BROKEN.replace("\n", end)
    new = mended(Source("a.md", text, load("claude-code"), None, "a.md", "x"))
    assert new is not None
    assert read(new) == read(BROKEN)
    changed = [(old, line) for old, line in zip(text.split("\n"), new.split("\n"), strict=True) if old != line]
    assert len(changed) == 1
    assert changed[0][1].rstrip("\r") == 'description: "Use it after edits. Example: a pull request"'
    assert not {"A104", "A401"}.intersection(codes(new))


def test_a_key_in_the_wrong_case_is_spelt_right_and_nothing_else_moves() -> None:
    text = head("name: a", "Tools: Read   # only this", "description: Tools")
    assert mended(Source("a.md", text, load("claude-code"), None, "a.md", "x")) == text.replace("Tools: Read", "tools: Read")


def test_a_key_that_is_there_in_both_cases_is_left_alone() -> None:
    assert mended(Source("a.md", head(*CLAUDE, "tools: Read", "Tools: Bash"), load("claude-code"), None, "a.md", "x")) is None


LINES = ["name: a", "description: x: y", "Tools: Read", "tools: [Read, Grep]", "model: opus # why", "color: *", "- z", "Model: a"]


@given(st.lists(st.sampled_from(LINES), max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_repairs_are_done_once_and_only_gain(lines: list[str], end: str) -> None:
    source = Source("a.md", head(*lines).replace("\n", end), load("claude-code"), None, "a.md", "x")
    new = mended(source)
    if new is not None:
        assert mended(Source("a.md", new, source.rules, None, "a.md", "x")) is None
        before, after = codes(source.text), codes(new)
        assert not {"A104", "A203", "A302", "A401"}.intersection(after) - set(before)


# ---- the command --------------------------------------------------------------------------------------------------


def test_a_project_is_looked_at_as_a_whole(tmp_path: Path, run: Run) -> None:
    put(tmp_path, ".git/HEAD", "ref: refs/heads/main\n")
    put(tmp_path, ".claude/agents/reviewer.md", BROKEN.replace("\n", "\r\n"))
    put(tmp_path, ".opencode/agents/tester.md", head("description: d", "color: pink"))
    put(tmp_path, "notes/x.md", "---\nname: [\n---\n")
    done = run("lint", cwd=put(tmp_path, "src/x.py", "").parent)
    assert done.code == 1
    assert ".claude/agents/reviewer.md:3" in done.out.replace("../", "")
    assert ": A104 " in done.out
    assert ": A102 " in done.out
    assert "('pink'); opencode then refuses its whole configuration" in done.out
    assert done.err.strip() == "2 files: 2 errors"


def test_notes_alone_are_no_reason_to_fail(tmp_path: Path, run: Run) -> None:
    for number in range(5):
        put(tmp_path, f".claude/agents/a{number}.md", GOOD.replace("reviewer", f"a{number}"))
    done = run("lint")
    assert (done.code, done.out.count("A208")) == (0, 1)
    assert "5 files: note: A208" in done.out


def test_select_and_ignore(tmp_path: Path, run: Run) -> None:
    put(tmp_path, ".claude/agents/a.md", head(*CLAUDE, "Tools: Read", "color: teal"))
    assert run("lint", "--select", "A3").out.count("A301") == 1
    assert run("lint", "--ignore", "A2,A3").code == 0
    wrong = run("lint", "--select", "A999")
    assert (wrong.code, "there is no code A999" in wrong.err) == (2, True)


def test_json_names_what_can_be_repaired(tmp_path: Path, run: Run) -> None:
    put(tmp_path, ".claude/agents/a.md", head(*CLAUDE, "Tools: Read"))
    done = run("lint", "--json")
    said = json.loads(done.out)
    assert (done.code, said["version"], said["summary"]) == (1, 1, {"files": 1, "errors": 1, "warnings": 0, "notes": 0})
    assert [(f["code"], f["severity"], f["path"], f["line"], f["fixable"]) for f in said["findings"]] == [
        ("A203", "error", ".claude/agents/a.md", 4, True),
    ]


def test_fix_writes_what_is_certain_in_agents_folders_only(tmp_path: Path, run: Run) -> None:
    mine = put(tmp_path, ".claude/agents/a.md", BROKEN.replace("\n", "\r\n"))
    other = put(tmp_path, "docs/b.md", BROKEN)
    done = run("lint", "--fix", ".", "docs/b.md")
    assert (done.code, "1 file repaired" in done.err) == (0, True)
    assert b'description: "Use it' in mine.read_bytes()
    assert mine.read_bytes().count(b"\r\n") == BROKEN.count("\n")
    assert other.read_text() == BROKEN
    assert run("lint", "--fix").err.strip().endswith("note")


def test_in_a_home_directory_other_assistants_read_along(home: Path, run: Run) -> None:
    long = head(*CLAUDE, "tools: Read", body="word " * 7000)
    put(home, ".claude/agents/a.md", long)
    put(home, "p/.claude/agents/a.md", long)
    codes = {path: [f["code"] for f in json.loads(run("lint", "--json", cwd=home / path).out)["findings"]] for path in (".", "p")}
    assert run("lint", cwd=home).code == 0
    assert codes == {".": ["A208"], "p": ["A208", "A304"]}


def test_equal_names_in_one_folder(tmp_path: Path, run: Run) -> None:
    put(tmp_path, ".claude/agents/a.md", head(*CLAUDE))
    put(tmp_path, ".claude/agents/x/b.md", head(*CLAUDE))
    put(tmp_path, ".claude/agents/c.md", head("name: A", "description: d"))
    put(tmp_path, ".cursor/agents/a.md", head(*CLAUDE))
    done = run("lint")
    assert (done.code, done.out.count("A107")) == (1, 1)
    assert ".claude/agents/x/b.md: A107 .claude/agents/a.md has the name a too" in done.out


def test_two_agents_of_a_hub_may_share_a_name(tmp_path: Path, run: Run) -> None:
    run("init", "hub")
    put(tmp_path, "hub/agents/a.md", head(*CLAUDE))
    put(tmp_path, "hub/agents/shop/a.md", head(*CLAUDE))
    done = run("lint", cwd=tmp_path / "hub")
    assert (done.code, "A107" in done.out) == (0, False)


def test_files_that_cannot_be_read(tmp_path: Path, run: Run) -> None:
    put(tmp_path, ".claude/agents/big.md", GOOD + "x" * (1 << 20))
    put(tmp_path, ".claude/agents/latin.md", GOOD.replace("Reviews", "Prüft").encode("latin-1"))
    (tmp_path / ".claude/agents/link.md").symlink_to(put(tmp_path, "elsewhere.md", GOOD))
    said = json.loads(run("lint", "--json", "--ignore", "A208").out)["findings"]
    assert {(f["path"].rpartition("/")[2], f["code"], f["severity"]) for f in said} == {
        ("big.md", "A105", "error"), ("latin.md", "A403", "warning"), ("link.md", "A106", "note"),
    }


def test_a_hub_s_agents_are_read_as_the_hub_s(tmp_path: Path, run: Run) -> None:
    assert run("init", "hub").code == 0
    put(tmp_path, "hub/agents/good.md", agent_text("good"))
    put(tmp_path, "hub/agents/README.md", "# Our agents\n")
    put(tmp_path, "hub/agents/bad.md", head(*CLAUDE, "Tools: Read"))
    for arguments, folder in ((("hub",), tmp_path), ((), tmp_path / "hub/agents"), (("bad.md",), tmp_path / "hub/agents")):
        done = run("lint", *arguments, cwd=folder)
        assert (done.code, done.out.count("A203")) == (1, 1), arguments
    assert run("lint", "--fix", "hub").code == 0
    assert "\ntools: Read\n" in (tmp_path / "hub/agents/bad.md").read_text()


def test_nothing_to_look_at_is_said(tmp_path: Path, run: Run) -> None:
    assert run("lint").code == 2
    done = run("lint", "nowhere.md")
    assert (done.code, "there is no such file" in done.err) == (3, True)
    put(tmp_path, "x.md", "Just text.\n")
    assert "no format knows this file" in run("lint", "x.md").out


def test_an_empty_file_and_the_reason_for_which_an_agent_is_left_out(tmp_path: Path, run: Run) -> None:
    """Not what its assistant would mend on the way."""
    folder = tmp_path / ".claude/agents"
    folder.mkdir(parents=True)
    (folder / "empty.md").write_text("\n")
    (folder / "notes.md").write_text("Notes about our agents.\n")
    (folder / "red.md").write_text("---\nname: red\ncolor: red description: Paints: red\n---\n\nPaint.\n")
    ran = run("lint")
    assert ran.code == 1
    assert ".claude/agents/empty.md: A103 the file is empty; Claude Code leaves it out without a word" in ran.out
    assert "red.md:2: A103 `description` is missing" in ran.out
    assert "notes.md" not in ran.out
