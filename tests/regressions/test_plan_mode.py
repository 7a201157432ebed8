"""`permissionMode: plan` holds nobody: Claude Code 2.1.330 runs Bash under it, and its session's mode (as Qwen Code's 0.24.4) overrides it.

So a written file never relies on it, and what an agent may not use is denied by name beside it.
"""

from __future__ import annotations

import pytest

from agentsync import codec
from agentsync.codec.compiled import compile_format
from agentsync.codec.rights_read import read_rights
from agentsync.containers import parse
from agentsync.formats import load
from agentsync.model import Agent, Document, Rights
from agentsync.rights import within

FORMATS = ["claude-code", "claude-json", "qwen-code", "agentsync"]
EDITS = ("write.file", "write.edit", "write.notebook")
FILE = "---\nname: planner\ndescription: d\n{}permissionMode: plan\n---\n\nYou plan what others do.\n"


def _planner(rights: Rights) -> Agent:
    return Agent("planner", "You plan what others do.", rights, {"description": "d", "permission_mode": "plan"})


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("rights", [Rights(deny=("shell",)), Rights(deny=("shell", *EDITS)), Rights(allow=("read.file",))])
def test_what_is_denied_is_denied_by_name(name: str, rights: Rights) -> None:
    fmt = load(name)
    [document] = codec.write(_planner(rights), fmt).documents
    compiled = compile_format(fmt)
    [entry] = parse(document.text, compiled.kind(None, document.path).layout).entries
    assert entry.keys["permissionMode"] == "plan"
    assert within(read_rights(fmt, compiled.tools, entry.keys, kept=True).rights, rights)


@pytest.mark.parametrize(("lists", "given"), [
    ("", {"write.file", "write.edit", "write.notebook", "shell"}),
    ("disallowedTools: Bash\n", {"write.file", "write.edit", "write.notebook"}),
    ("tools: Read, Bash\n", {"shell"}),
    ("tools: Read\n", set()),
])
def test_what_the_client_gives_all_the_same_is_told(lists: str, given: set[str]) -> None:
    [reading] = codec.read(Document(".claude/agents/planner.md", FILE.format(lists)), load("claude-code"))
    assert reading.agent is not None
    assert {entry.partition("|")[2] for entry in reading.agent.rights.unenforced} == given
    assert set(EDITS) | {"shell"} <= set(reading.agent.rights.deny)
    assert any("does not hold in every session" in problem.message for problem in reading.problems) == bool(given)


@pytest.mark.parametrize("lists", ["", "disallowedTools: Bash\n", "tools: Read, Bash\n"])
@pytest.mark.parametrize(
    ("name", "path"),
    [("claude-code", ".claude/agents/planner.md"), ("agentsync", "agents/planner.md"), ("qwen-code", ".qwen/agents/planner.md")],
)
def test_an_unchanged_file_stays_as_it_is(name: str, path: str, lists: str) -> None:
    document = Document(path, FILE.format(lists))
    [reading] = codec.read(document, load(name))
    assert reading.agent is not None
    rendering = codec.write(reading.agent, load(name), old=document)
    assert rendering.documents == (document,)


def test_the_same_client_keeps_what_it_gave() -> None:
    [reading] = codec.read(Document(".claude/agents/planner.md", FILE.format("")), load("claude-code"))
    assert reading.agent is not None
    [document] = codec.write(reading.agent, load("claude-json")).documents
    assert "disallowedTools" not in document.text
