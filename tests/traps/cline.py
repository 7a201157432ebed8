"""Traps of Cline's file agents (core 3.0.65, run): text in .yaml files, aliases that turn a list of files into a shell."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose name and description are no trap."""
    return md("name: x", "description: reviews", *head, body=body)


TRAPS: Final[tuple[Trap, ...]] = (
    *(Reads(trap=f"{what}: refused", text=text, status="refused") for what, text in {
        "no name": md("description: d"),
        "no description": md("name: x"),
        "an empty description": md("name: x", 'description: " "'),
        "a description with a colon": md("name: x", "description: a: b"),
        "plain YAML": "name: x\ndescription: d\n",
        "no closing fence": "---\nname: x\ndescription: d\n",
        "an empty body": one(body=""),
        "maxIterations 0": one("maxIterations: 0"),
        "tools as a map": one("tools: {bash: true}"),
        "tools: null": one("tools:"),
    }.items()),
    Reads(trap="a rule in the body is text", text=one(body="First.\n\n---\n\nSecond."), says={"prompt": "First.\n\n---\n\nSecond."}),
    Reads(trap="a name is trimmed", text=md('name: " x "', "description: d"), says={"name": "x"}),
    Reads(trap="a BOM loads", text="\ufeff" + one(), says={"name": "x"}),
    Reads(trap="model is no key, modelId is", text=one("model: opus", "modelId: m-1"), says={"model": None}, native={"model": "opus", "modelId": "m-1"}),
    Reads(trap="SECURITY: no list: every tool", text=one(), rights=ALL_RIGHTS),
    *(Reads(trap=f"SECURITY: tools {value}: no tool", text=one(f"tools: {value}"), rights=NO_RIGHTS) for value in ("[]", '""')),
    Reads(trap="SECURITY: list_files is a shell", text=one("tools: read_file, list_files"), rights=Rights(("read.file", "shell"))),
    Reads(trap="SECURITY: Claude's Bash is a shell, its other names are nothing", text=one("tools: Bash, Read, Write"), rights=Rights(("shell", "tool:cline/Read", "tool:cline/Write"))),
    Reads(trap="names in any case", text=one("tools: [READ_FILES, Editor]"), rights=Rights(("read.file", "write.file", "write.edit"))),
    Reads(trap="skills enable their tool", text=one("tools: [read_files]", "skills: pdf"), rights=Rights(("read.file", "skill"))),
    Reads(trap="a limit matches nothing", text=one("tools: [Bash(git *)]"), rights=NO_RIGHTS),
    Writes(trap="the file ends in .yaml", agent=agent(), path=".cline/agents/x.yaml", losses=()),
    Writes(trap="SECURITY: a folder's list is never list_files", agent=agent("x", ("read.file", "read.list")), holds=("tools: [read_files]\n",), never=("list_files",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="apply_patch makes files too, and is there for some models only: who edits has the editor", agent=agent("x", ("write.edit",)),
           holds=("tools: [editor]\n",), losses=(("approximated", "rights"),)),
    Reads(trap="apply_patch makes files too", text=one("tools: [apply_patch]"), rights=Rights(("write.file", "write.edit"))),
    Writes(trap="its own names, as a list", agent=agent("x", ("read.file", "read.grep", "write.file", "write.edit", "fetch")),
           holds=("tools: [read_files, search_codebase, editor, fetch_web_content]\n",), losses=(("approximated", "rights"),)),
    Writes(trap="no tools", agent=agent("x", ()), holds=("tools: []\n",), losses=()),
    Writes(trap="skills to load are not the skills it offers", agent=agent("x", ("read.file",), skills=["pdf"]), never=("skills",), losses=(("dropped", "skills"),)),
    Writes(trap="a description of two lines", agent=agent(description="a: b\nc"), holds=('description: "a: b\\nc"\n',), losses=()),
    Writes(trap="an agent without a description gets its name", agent=agent(description=""), holds=("description: x\n",)),
    Writes(trap="a model means nothing without its provider", agent=agent(model="sonnet"), never=("model",), losses=(("dropped", "model"),)),
    Writes(trap="the hub's models are used", agent=agent(model="sonnet"), models={"sonnet": "m-1"}, holds=("modelId: m-1\n",), losses=(("approximated", "model"),)),
)
