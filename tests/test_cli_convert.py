"""`agentsync convert` as a person meets it: what goes where, what is left alone, exit codes, JSON."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from agentsync.commands import app as frame
from agentsync.disk import LIMIT, DiskError, File, LocalDisk, Stamp
from agentsync.model import Problem
from tests.conftest import Ran, Run

REVIEWER = """---
name: reviewer
description: Reviews a change before it is merged
tools: Read, Grep
color: blue
---

Read the diff.
"""
WRITER = """---
name: writer
description: Writes release notes
---

Say what changed.
"""
CODEX = """# mine
name = "writer"
description = "Writes"   # short
developer_instructions = '''
Say what changed.
'''
model_reasoning_effort = "high"
"""


def put(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def agents(ran: Ran) -> list[dict[str, Any]]:
    found = json.loads(ran.out)
    assert found["version"] == 1
    return found["agents"]  # type: ignore[no-any-return]  # a list of objects


# ---- one agent ---------------------------------------------------------------------------------------------------

def test_one_agent_goes_to_standard_output_and_nothing_else_does(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"writer.md": WRITER})
    ran = run("convert", "writer.md", "--to", "codex", "--from", "claude-code")
    assert ran.code == 0
    assert ran.err == ""
    said = {"name": "writer", "description": "Writes release notes", "developer_instructions": "Say what changed."}
    assert tomllib.loads(ran.out) == said


def test_what_is_lost_is_said_on_standard_error(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"a.md": WRITER.replace("description", "color: blue\ndescription")})
    ran = run("convert", "a.md", "--to", "codex")
    assert ran.code == 0
    assert "blue" not in ran.out
    assert "dropped      color" in ran.err
    assert "guessed" in ran.err
    assert ran.err.splitlines()[-1].startswith("1 agent to 1 format: 1 written; 1 copy with losses (")
    assert run("convert", "a.md", "--to", "codex", "--strict").code == 1


def test_standard_input_is_a_source(run: Run) -> None:
    assert "Say what changed." in run("convert", "-", "--to", "opencode", stdin=WRITER).out
    ran = run("convert", "-", "--to", "opencode", "--json", stdin=WRITER)
    assert agents(ran)[0]["source"] == "-"


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_to_its_own_format_a_file_is_itself(run: Run, tmp_path: Path, ends: str, bom: str) -> None:
    text = bom + WRITER.replace("name: writer", "name:   'writer'   # why").replace("\n", ends)
    put(tmp_path, {"writer.md": text})
    ran = run("convert", "writer.md", "--to", "claude-code", "--from", "claude-code")
    assert (ran.code, ran.out) == (0, text)
    assert run("convert", "writer.md", "--to", "claude-code", "--from", "claude-code", "-o", "out").code == 0
    assert tree(tmp_path / "out") == {"writer.md": text.encode()}


def test_a_restricted_agent_is_refused_until_that_is_allowed(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"reviewer.md": REVIEWER})
    ran = run("convert", "reviewer.md", "--to", "codex")
    assert (ran.code, ran.out) == (1, "")
    assert "codex: 1 refused: Codex CLI holds no agent to a tool list (reviewer)" in ran.err
    assert "hint: agentsync convert reviewer.md --to codex --allow-widening" in ran.err
    ran = run("convert", "reviewer.md", "--to", "codex", "--allow-widening")
    assert ran.code == 0
    assert "widened" in ran.err
    assert tomllib.loads(ran.out)["name"] == "reviewer"


# ---- what cannot be done -----------------------------------------------------------------------------------------

@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.md", "--to", "opencod"], "there is no format opencod — did you mean opencode?\nhint: agentsync formats\n"),
        (["a.md", "--to", "codex", "--from", "claude"], "there is no format claude — did you mean claude-code or claude-json?"),
        (["a.md", "--to", "codex,opencode", "-o", "out"], "so -o must hold {format} (out)\nhint: -o 'out/{format}'\n"),
        (["a.md", "--to", "codex,opencode"], "standard output holds one document, and these are 2 formats"),
        (["a.md", "b.md", "--to", "codex"], "standard output holds one agent, and these are 2"),
        (["a.md", "--to", "codex", "-o", "x", "--into", "."], "-o and --into are two answers to one question"),
        (["a.md", "--to", "codex", "--check"], "--check compares with what is there"),
        (["a.md", "--to", "codex", "-o", "b.md"], "-o is a folder for codex, and this is a file (b.md)"),
        (["a.md", "--to", "codex", "-o", "new.toml"], "-o is a folder for codex, and this is a file (new.toml)"),
        (["a.md", "--to", "codex", "--into", "nowhere"], "there is no such project (nowhere)"),
        (["a.md", "--to", "claude-json", "--into", "."], "keeps no agents in a project"),
        (["a.md"], "--to"),
    ],
)
def test_a_command_line_that_makes_no_sense(run: Run, tmp_path: Path, arguments: list[str], said: str) -> None:
    put(tmp_path, {"a.md": WRITER, "b.md": REVIEWER})
    before = tree(tmp_path)
    ran = run("convert", *arguments)
    assert ran.code == 2, ran.err
    assert said in ran.err
    assert ran.out == ""
    assert tree(tmp_path) == before


def test_a_source_that_is_not_there(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"a.md": WRITER})
    ran = run("convert", "nowhere.md", "a.md", "--to", "codex", "-o", "out")
    assert ran.code == 3
    assert "nowhere.md: there is no such file or folder" in ran.err
    assert list(tree(tmp_path / "out")) == ["writer.toml"]


def test_a_folder_without_agents(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = run("convert", "empty", "--to", "codex", "-o", "out")
    assert ran.code == 1
    assert "empty: there are no agents in it" in ran.err


def test_a_folder_of_other_files(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"docs/a.md": "# About\n", "docs/package.json": "{}\n"})
    ran = run("convert", "docs", "--to", "codex", "-o", "out")
    assert ran.code == 1
    assert "docs: there are no agents in it" in ran.err
    assert "no agents: 2 skipped, 1 unreadable" in ran.err
    assert not (tmp_path / "out").exists()


def test_a_file_of_no_known_format(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"notes.md": "# Notes\n"})
    ran = run("convert", "notes.md", "--to", "codex")
    assert ran.code == 1
    assert "notes.md: no format knows this file" in ran.err


def test_a_file_that_cannot_be_read_is_named_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    put(tmp_path, {"in/a.md": WRITER, "in/b.md": REVIEWER})
    whole = LocalDisk.read

    def read(self: LocalDisk, root: str, path: str, limit: int = LIMIT) -> File:
        if path == "b.md":
            raise DiskError(Problem("denied", "cannot be read: permission denied", path=path))
        return whole(self, root, path, limit)

    monkeypatch.setattr(LocalDisk, "read", read)
    monkeypatch.chdir(tmp_path)
    assert frame.run(["convert", "in", "--to", "opencode", "-o", "out"]) == 3
    assert "in/b.md: cannot be read: permission denied" in capsys.readouterr().err
    assert list(tree(tmp_path / "out")) == ["writer.md"]


def test_a_disk_that_is_full_is_named_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    put(tmp_path, {"in/a.md": WRITER, "in/b.md": REVIEWER})
    whole = LocalDisk.write

    def write(self: LocalDisk, root: str, path: str, data: bytes, **options: Any) -> Stamp:
        if path == "writer.md":
            raise DiskError(Problem("full", "cannot be written: the disk is full", path=path))
        return whole(self, root, path, data, **options)

    monkeypatch.setattr(LocalDisk, "write", write)
    monkeypatch.chdir(tmp_path)
    assert frame.run(["convert", "in", "--to", "opencode", "-o", "out"]) == 3
    assert "cannot be written: the disk is full" in capsys.readouterr().err
    assert list(tree(tmp_path / "out")) == ["reviewer.md"]


def test_a_file_that_is_too_large_is_refused(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"in/a.md": WRITER, "in/b.md": REVIEWER + "x" * (1 << 20)})
    ran = run("convert", "in", "--to", "opencode", "-o", "out")
    assert ran.code == 1
    assert "in/b.md: the file is too large" in ran.err


def test_a_file_the_assistant_refuses_is_named_and_the_others_go_on(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"p/.codex/agents/a.toml": CODEX, "p/.codex/agents/b.toml": "name = [broken\n"})
    ran = run("convert", "p", "--to", "opencode", "-o", "out")
    assert ran.code == 1
    assert "p/.codex/agents/b.toml:1" in ran.err
    assert list(tree(tmp_path / "out")) == ["writer.md"]


# ---- folders -----------------------------------------------------------------------------------------------------

def test_a_project_is_read_where_its_assistants_look(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {
        "p/.claude/agents/reviewer.md": REVIEWER, "p/.claude/agents/README.md": "# Our agents\n",
        "p/.codex/agents/writer.toml": CODEX, "p/docs/other.md": WRITER.replace("writer", "other"),
    })
    ran = run("convert", "p", "--to", "opencode,copilot", "-o", "out/{format}")
    assert ran.code == 0
    assert sorted(tree(tmp_path / "out")) == [
        "copilot/reviewer.agent.md", "copilot/writer.agent.md", "opencode/reviewer.md", "opencode/writer.md",
    ]
    assert "1 skipped" in ran.err
    assert "README.md" in ran.err
    only = run("convert", "p", "--to", "opencode", "--from", "codex", "--json")
    assert [agent["name"] for agent in agents(only)] == ["writer"]


def test_into_writes_where_the_assistant_looks_and_a_second_time_nothing(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {".claude/agents/reviewer.md": REVIEWER, ".claude/agents/writer.md": WRITER})
    arguments = ["convert", ".claude/agents", "--to", "opencode,copilot", "--into", "."]
    assert run(*arguments, "--check").code == 1
    assert set(tree(tmp_path)) == {".claude/agents/reviewer.md", ".claude/agents/writer.md"}
    assert run(*arguments).code == 0
    written = tree(tmp_path)
    assert {".opencode/agents/reviewer.md", ".opencode/agents/writer.md", ".github/agents/reviewer.agent.md"} < set(written)
    again = run(*arguments)
    assert again.code == 0
    assert "opencode: 2 unchanged" in again.err
    assert tree(tmp_path) == written
    assert run(*arguments, "--check").code == 0


def test_the_same_agent_is_updated_in_place_as_its_own_document(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"writer.md": WRITER.replace("changed.", "changed, in order."), "out/writer.toml": CODEX})
    ran = run("convert", "writer.md", "--to", "codex", "-o", "out")
    assert ran.code == 0
    text = (tmp_path / "out/writer.toml").read_text(encoding="utf-8")
    assert text.startswith("# mine\n")
    assert "# short" in text
    assert 'description = "Writes release notes"' in text
    assert tomllib.loads(text)["developer_instructions"].strip() == "Say what changed, in order."


def test_an_agent_that_stands_under_another_file_name_is_updated_there(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"writer.md": WRITER, "out/my-own-name.toml": CODEX})
    assert run("convert", "writer.md", "--to", "codex", "-o", "out").code == 0
    assert list(tree(tmp_path / "out")) == ["my-own-name.toml"]
    assert "Writes release notes" in (tmp_path / "out/my-own-name.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("foreign", [CODEX.replace("writer", "somebody-else"), "no toml at all ["])
def test_another_file_in_the_way_is_left_and_named(run: Run, tmp_path: Path, foreign: str) -> None:
    put(tmp_path, {"writer.md": WRITER, "out/writer.toml": foreign})
    ran = run("convert", "writer.md", "--to", "codex", "-o", "out", "--json")
    assert ran.code == 1
    [agent] = agents(ran)
    assert (agent["status"], agent["problems"][0]["code"], agent["output"]) == ("refused", "in-the-way", "out/writer.toml")
    assert (tmp_path / "out/writer.toml").read_text(encoding="utf-8") == foreign


def test_two_agents_of_one_path_are_both_left_out_and_named(run: Run, tmp_path: Path) -> None:
    other = WRITER.replace("name: writer", "name: Writer").replace("Say", "Tell")
    put(tmp_path, {"in/a.md": WRITER, "in/b.md": other, "in/c.md": REVIEWER})
    ran = run("convert", "in", "--to", "opencode", "-o", "out")
    assert ran.code == 1
    assert "opencode: 1 written, 2 refused: 2 agents would have one file, writer.md: in/a.md, in/b.md (writer, Writer)" in ran.err
    assert list(tree(tmp_path / "out")) == ["reviewer.md"]


def test_the_same_agent_twice_is_one_agent(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"in/a.md": WRITER, "in/b.md": WRITER})
    ran = run("convert", "in", "in/a.md", "--to", "opencode", "-o", "out", "--json")
    assert ran.code == 0
    assert [agent["status"] for agent in agents(ran)] == ["written", "unchanged"]
    assert list(tree(tmp_path / "out")) == ["writer.md"]


# ---- safety ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["../../escaped", "/etc/escaped", "..", "a/../../escaped", ".git/hooks/pre-commit", "con"])
def test_no_name_leads_out_of_the_output(run: Run, tmp_path: Path, name: str) -> None:
    put(tmp_path, {"in/a.md": WRITER.replace("name: writer", f'name: "{name}"')})
    targets = "opencode,codex,copilot,gemini-cli,qwen-code,cursor"
    run("convert", "in/a.md", "--from", "claude-code", "--to", targets, "-o", "deep/out/{format}")
    written = set(tree(tmp_path)) - {"in/a.md"}
    assert all(path.startswith("deep/out/") and path.count("/") == 3 and not path.rpartition("/")[2].startswith(".") for path in written)


def test_no_link_is_written_through(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"writer.md": WRITER, "elsewhere/writer.md": "mine\n"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out/writer.md").symlink_to(tmp_path / "elsewhere/writer.md")
    (tmp_path / "p").mkdir()
    (tmp_path / "p/.opencode").symlink_to(tmp_path / "elsewhere")
    assert run("convert", "writer.md", "--to", "opencode", "-o", "out").code == 1
    assert run("convert", "writer.md", "--to", "opencode", "--into", "p").code == 1
    assert tree(tmp_path / "elsewhere") == {"writer.md": b"mine\n"}


def test_a_link_inside_a_folder_is_not_read(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"secret.md": WRITER, "p/.claude/agents/reviewer.md": REVIEWER})
    (tmp_path / "p/.claude/agents/leak.md").symlink_to(tmp_path / "secret.md")
    ran = run("convert", "p", "--to", "opencode", "-o", "out")
    assert ran.code == 1
    assert "p/.claude/agents/leak.md: the file is a symbolic link" in ran.err
    assert list(tree(tmp_path / "out")) == ["reviewer.md"]
    assert run("convert", "p/.claude/agents/leak.md", "--to", "opencode").code == 0


def test_nothing_from_a_file_acts_on_the_terminal(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"in/a.md": WRITER.replace("name: writer", 'name: "w\\e[31m"\ncolor: "\\e]0;x\\a"')})
    ran = run("convert", "in/a.md", "--to", "codex,opencode", "-o", "out/{format}", "--losses")
    assert "\x1b" not in ran.err
    assert "\x07" not in ran.err


# ---- many agents in one file -------------------------------------------------------------------------------------

def test_a_format_with_many_agents_in_one_file(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"in/a.md": WRITER, "in/b.md": REVIEWER})
    ran = run("convert", "in", "--to", "claude-json")
    assert ran.code == 0
    assert list(json.loads(ran.out)) == ["writer", "reviewer"]
    assert run("convert", "in", "--to", "claude-json", "-o", "agents.json").code == 0
    assert (tmp_path / "agents.json").read_text(encoding="utf-8") == ran.out
    assert run("convert", "in", "--to", "claude-json", "-o", "agents.json", "--check").code == 0
    put(tmp_path, {"in/b.md": REVIEWER.replace("Read the diff.", "Read all of it.")})
    assert run("convert", "in", "--to", "claude-json", "-o", "agents.json").code == 0
    assert json.loads((tmp_path / "agents.json").read_text(encoding="utf-8"))["reviewer"]["prompt"] == "Read all of it."
    back = run("convert", "agents.json", "--to", "claude-code", "-o", "back")
    assert back.code == 0
    assert sorted(tree(tmp_path / "back")) == ["reviewer.md", "writer.md"]


def test_what_every_agent_has_is_told_of_a_new_shared_file_too(run: Run, tmp_path: Path) -> None:
    """What an assistant always grants stands in the report, whether the file holds one agent or many, is new or not."""
    put(tmp_path, {"in/a.md": REVIEWER})
    told = [[p["code"] for p in a["problems"]] for _ in range(2) for a in agents(run("convert", "in", "--to", "roo", "-o", ".roomodes", "--json"))]
    assert told == [["always-held"], ["always-held"]]


def test_a_shared_file_that_is_lost_as_a_whole_gets_no_agent(run: Run, tmp_path: Path) -> None:
    bad = "customModes:\n  - slug: y\n    name: Y\n    roleDefinition: Y\n    groups: [Read]\n"
    put(tmp_path, {"in/a.md": WRITER, ".roomodes": bad})
    ran = run("convert", "in", "--to", "roo", "-o", ".roomodes")
    assert ran.code == 1
    assert "Roo Code loads nothing of the file that is there" in ran.err
    assert (tmp_path / ".roomodes").read_text(encoding="utf-8") == bad


# ---- JSON --------------------------------------------------------------------------------------------------------

def test_json_is_one_object_on_standard_output(run: Run, tmp_path: Path) -> None:
    put(tmp_path, {"in/writer.md": WRITER, "in/reviewer.md": REVIEWER, "in/README.md": "# about\n"})
    ran = run("convert", "in", "--to", "opencode,codex", "--json")
    assert ran.code == 1
    assert ran.err == ""
    found = agents(ran)
    assert {(a["name"], a["to"], a["status"]) for a in found} == {
        (None, None, "skipped"), ("writer", "opencode", "written"), ("reviewer", "opencode", "written"),
        ("writer", "codex", "written"), ("reviewer", "codex", "refused"),
    }
    assert all(("content" in agent) == (agent["status"] == "written") for agent in found)
    keys = {"source", "name", "format", "to", "output", "status", "losses", "problems"}
    assert all(keys <= set(agent) <= {*keys, "content"} for agent in found)
    written = agents(run("convert", "in", "--to", "opencode", "--json", "-o", "out"))
    assert all("content" not in agent for agent in written)
    assert {agent["output"] for agent in written} == {None, "out/writer.md", "out/reviewer.md"}


def test_json_without_agents_is_still_one_object(run: Run, tmp_path: Path) -> None:
    ran = run("convert", "-", "--to", "codex", "--json", stdin="")
    assert json.loads(ran.out)["version"] == 1
