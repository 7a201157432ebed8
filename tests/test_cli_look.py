"""`agentsync`, `agentsync formats`, `agentsync explain`, and the Python API: what is said of formats, files and folders."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import agentsync
from agentsync.formats import known_ids, load
from agentsync.model import AgentsyncError
from tests.conftest import Run

REVIEWER = """---
name: reviewer
description: Reviews a change
tools: Read, Grep, Bash(git:*)
model: sonnet
color: blue
someKey: 1
---

Read the diff.
"""


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# ---- formats -----------------------------------------------------------------------------------------------------

def test_every_format_has_its_line(run: Run) -> None:
    ran = run("formats")
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()] == ["id", *known_ids()]
    assert ran.err == ""


def test_formats_as_json(run: Run) -> None:
    found = json.loads(run("formats", "--json").out)
    assert found["version"] == 1
    assert [entry["id"] for entry in found["formats"]] == list(known_ids())
    assert all(list(entry) == ["id", "title", "project", "user", "reads", "writes", "verified", "origin", "path"] for entry in found["formats"])
    codex = next(entry for entry in found["formats"] if entry["id"] == "codex")
    assert (codex["project"], codex["user"], codex["reads"], codex["writes"]) == (
        ".codex/agents/{slug}.toml", "~/.codex/agents/{slug}.toml", True, True,
    )
    assert codex["verified"]["kind"] == "run"


@pytest.mark.parametrize("format_id", known_ids())
def test_one_format_says_what_it_can_hold(run: Run, format_id: str) -> None:
    ran = run("formats", format_id)
    assert ran.code == 0
    rules = load(format_id)
    assert all(name in ran.out for name in rules.fields)
    assert all(key in ran.out for key in rules.native)
    assert "not stated" in ran.out
    assert "tools not listed" in ran.out


def test_a_format_nobody_knows(run: Run) -> None:
    ran = run("formats", "opncode")
    assert (ran.code, ran.err) == (2, "there is no format opncode — did you mean opencode?\nhint: agentsync formats\n")


# ---- explain -----------------------------------------------------------------------------------------------------

def test_explain_says_every_field_in_its_words(run: Run, tmp_path: Path) -> None:
    put(tmp_path, ".claude/agents/reviewer.md", REVIEWER)
    ran = run("explain", ".claude/agents/reviewer.md")
    assert ran.code == 0
    lines = {line.split()[0]: line for line in ran.out.splitlines() if line.strip()}
    assert "claude-code" in ran.out.splitlines()[0]
    assert "sonnet" in lines["model"]
    assert "read.file, read.grep, shell(git *)" in lines["rights"]
    assert "capabilities: read" in lines["rights"]
    assert "the client gives the whole tool" in ran.out
    assert "an unknown key" in lines["someKey"]
    assert "14 characters, 1 line" in lines["prompt"]


def test_explain_says_what_becomes_of_it(run: Run, tmp_path: Path) -> None:
    put(tmp_path, "reviewer.md", REVIEWER)
    ran = run("explain", "reviewer.md", "--to", "codex,copilot")
    assert ran.code == 0
    codex, copilot = ran.out.partition("to codex")[2].split("to copilot")
    assert "refused" in codex
    assert "hint: agentsync convert reviewer.md --to codex --allow-widening" in codex
    assert "widened" in codex
    assert ".github/agents/reviewer.agent.md" in copilot
    assert "dropped" in copilot


def test_explain_a_file_its_assistant_refuses(run: Run, tmp_path: Path) -> None:
    put(tmp_path, ".codex/agents/a.toml", "name = [\n")
    ran = run("explain", ".codex/agents/a.toml")
    assert ran.code == 1
    assert ran.err.startswith(".codex/agents/a.toml:2:1: ")
    assert run("explain", "nowhere.md").code == 3
    assert run("explain", "x", "--to", "opncode").code == 2


# ---- agentsync alone ---------------------------------------------------------------------------------------------

def test_where_am_i_in_a_project_with_agents(run: Run, tmp_path: Path) -> None:
    project = tmp_path / "shop"
    put(project, ".claude/agents/reviewer.md", REVIEWER)
    put(project, ".claude/agents/README.md", "# ours\n")
    put(project, ".codex/agents/broken.toml", "name = [\n")
    put(project, ".cursor/rules/a.mdc", "x\n")
    ran = run(cwd=project)
    assert ran.code == 0
    assert f"{project}: no hub here" in ran.out
    assert "Claude Code" in ran.out
    assert "1 agent " in ran.out
    assert "1 file it would not load (.codex/agents/broken.toml)" in ran.out
    assert "also used here, without agents: Cursor" in ran.out
    assert "agentsync init --here --to cursor" in ran.out


def test_where_am_i_in_an_empty_folder(run: Run) -> None:
    ran = run()
    assert ran.code == 0
    assert "no agents of any assistant" in ran.out
    assert "agentsync init DIR" in ran.out


def test_where_am_i_in_a_hub(run: Run, tmp_path: Path) -> None:
    put(tmp_path, "agentsync.yaml", "version: 1\n")
    inside = put(tmp_path, "agents/reviewer.md", REVIEWER).parent
    assert f"{tmp_path}: this hub, with 1 agent, 0 projects" in run().out
    ran = run(cwd=inside)
    assert "the hub around this folder" in ran.out
    assert "agentsync project add PATH" in ran.out
    put(tmp_path, "agentsync.yaml", "version: 2\n")
    assert run().code == 2


# ---- the Python API ----------------------------------------------------------------------------------------------

def test_importing_agentsync_imports_nothing_else() -> None:
    script = "import sys, agentsync; print(sorted(n for n in sys.modules if n.startswith(('agentsync', 'yaml', 'click', 'msgspec'))))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "['agentsync']\n"


def test_formats_stays_a_function_after_its_package_was_imported() -> None:
    import agentsync.formats.rules

    assert callable(agentsync.formats)
    assert [rules.id for rules in agentsync.formats()] == list(known_ids())
    assert agentsync.Format is agentsync.formats()[0].__class__


def test_the_api_reads_writes_and_converts() -> None:
    [reading] = agentsync.read(REVIEWER, "claude-code", ".claude/agents/reviewer.md")
    assert reading.agent is not None
    rendering = agentsync.write(reading.agent, "claude-code", agentsync.Document("reviewer.md", REVIEWER))
    assert rendering.documents[0].text == REVIEWER
    assert agentsync.write(reading.agent, "codex").refused
    assert not agentsync.write(reading.agent, "codex", allow_widening=True).refused
    [conversion] = agentsync.convert(REVIEWER, "claude-code", path="reviewer.md")
    assert conversion.rendering is not None
    assert conversion.rendering.documents[0].text == REVIEWER
    [conversion] = agentsync.convert(REVIEWER, "opencode", "claude-code", models={"sonnet": "anthropic/x"}, allow_widening=True)
    assert conversion.rendering is not None
    assert "model: anthropic/x" in conversion.rendering.documents[0].text


def test_the_api_says_what_it_does_not_know() -> None:
    with pytest.raises(AgentsyncError, match="opncode"):
        agentsync.read(REVIEWER, "opncode")
    with pytest.raises(AgentsyncError, match="no format knows this text"):
        agentsync.convert("# prose\n", "codex")
    [conversion] = agentsync.convert("name = [\n", "opencode", "codex")
    assert (conversion.reading.status, conversion.rendering) == ("refused", None)
    with pytest.raises(AttributeError):
        _ = agentsync.nothing


@pytest.mark.parametrize("made", ["file", "link"])
def test_a_file_or_a_link_where_an_assistant_would_have_a_folder_is_nothing(run: Run, tmp_path: Path, made: str) -> None:
    here = tmp_path / "here"
    here.mkdir()
    put(here, ".claude/agents/reviewer.md", REVIEWER)
    for name in ("config", ".opencode"):
        if made == "file":
            (here / name).touch()
        else:
            (here / name).symlink_to(tmp_path)
    ran = run(cwd=here)
    assert ran.code == 0, ran.err
    assert "1 agent" in ran.out
    assert run("convert", ".", "--to", "opencode", "-o", "out", cwd=here).code == 0
