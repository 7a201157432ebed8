"""Traps of Grok CLI's agents (1.0.41): one unknown name opens everything, every list brings MCP along, denials know native names alone."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

CLOSED: Final = "disallowedTools: use_tool, search_tool\n"
MCP: Final = ("grok-cli|mcp:*",)


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose name and description are no trap."""
    return md("name: x", "description: reviews", *head, body=body)


CONTAINER: Final[tuple[Trap, ...]] = (
    *(Reads(trap=f"{what}: skipped without a word", text=text, status="skipped") for what, text in {
        "no name": md("description: d"),
        "no description": md("name: x"),
        "a description with a colon": md("name: x", "description: a: b"),
        "a BOM": "\ufeff" + one(),
        "no head": "Just text.\n",
        "tools as a map": one("tools: {Read: true}"),
        "a bad permissionMode": one("permissionMode: sometimes"),
        "a bad promptMode": one("promptMode: sometimes"),
        "maxTurns 0": one("maxTurns: 0"),
    }.items()),
    Reads(trap="any text is a name", text=md("name: Änder & Co.", "description: d"), says={"name": "Änder & Co."}),
    Reads(trap="an empty body loads", text=one(body=""), says={"prompt": ""}),
    Reads(trap="an unknown key is ignored", text=one("foo: bar"), native={"foo": "bar"}),
    Reads(trap="a folded description keeps its line end", text=md("name: x", "description: >", "  folded"), says={"description": "folded\n"}),
    Writes(trap="a model's alias is dropped", agent=agent(model="sonnet"), never=("^model:",), losses=(("dropped", "model"),)),
    Writes(trap="a permission mode it was not seen to know is dropped: the default agent would start instead", agent=agent(permission_mode="auto"), never=("permissionMode",),
           losses=(("dropped", "permission_mode"),)),
    Writes(trap="a description is never missing", agent=agent(), holds=("description: reviews\n",)),
)

RIGHTS: Final[tuple[Trap, ...]] = (
    Reads(trap="SECURITY: no list: every tool", text=one(), rights=ALL_RIGHTS),
    *(Reads(trap=f"SECURITY: tools {value}: every tool", text=one(f"tools: {value}"), rights=ALL_RIGHTS) for value in ("[]", '""', '"*"', "Read, Raed", "[Read, SlashCommand]",
      "[Read, ExitPlanMode]", "[Read, NotebookRead]", "[Read, TaskCreate]", "[Read, Bash(git *)]", "Read Grep")),
    Reads(trap="SECURITY: every list brings all MCP servers", text=one("tools: Read, Grep"), rights=Rights(("read.file", "read.grep")), beyond=MCP),
    Reads(trap="unless the gateway is closed", text=one("tools: Read", CLOSED.strip()), rights=Rights(("read.file",), ("mcp:*",)), beyond=()),
    Reads(trap="SECURITY: mcpInheritance none is stated, and a primary agent keeps the gateway", text=one("mcpInheritance: none"),
          rights=Rights(deny=("mcp:*",)), beyond=("grok-cli|mcp:*",)),
    Reads(trap="one server's name brings them all", text=one("tools: Read, mcp__ctx"), rights=Rights(("read.file", "mcp:ctx")), beyond=MCP),
    Reads(trap="SECURITY: Skill is reading", text=one("tools: Skill"), rights=Rights(("read.file",))),
    Reads(trap="MultiEdit and NotebookEdit are editing", text=one("tools: Read, NotebookEdit"), rights=Rights(("read.file", "write.edit"))),
    Reads(trap="KillShell and BashOutput are known, and nothing", text=one("tools: Read, KillShell, BashOutput"), rights=Rights(("read.file",))),
    Reads(trap="SECURITY: Claude's names in the deny list take nothing away", text=one("disallowedTools: [Bash, Edit, Write, mcp__ctx__one]"), rights=Rights(deny=("tool:claude/mcp__ctx__one",))),
    Reads(trap="native names do", text=one("disallowedTools: [run_terminal_cmd, search_replace, write]"), rights=Rights(deny=("shell", "write.edit", "write.file"))),
    Writes(trap="SECURITY: Claude's names in one list, native ones in the other", agent=agent("x", ("read.file", "shell")), holds=("tools: Read, Bash\n", CLOSED), losses=()),
    Writes(trap="SECURITY: only names it knows", agent=agent("x", ("read.file", "tool:claude/Monitor", "skill", "shell(git *)")), holds=("tools: Read\n", CLOSED),
           never=("Monitor", "Skill", "git"), losses=(("narrowed", "rights"),)),
    Writes(trap="SECURITY: no tools cannot be said", agent=agent("x", ()), refused="rights-refused", problem="Grok CLI cannot say `no tools`"),
    Writes(trap="SECURITY: nothing it has: refused", agent=agent("x", ("skill",)), refused="rights-refused", problem="Grok CLI has none of the agent's tools (skill)"),
    Writes(trap="Edit without Read does not start", agent=agent("x", ("read.grep", "write.edit")), holds=("tools: Grep\n",), losses=(("narrowed", "rights"),)),
    Writes(trap="Edit with Read does", agent=agent("x", ("read.file", "write.edit")), holds=("tools: Read, Edit\n",), losses=()),
    Writes(trap="SECURITY: one server cannot be given without the others", agent=agent("x", ("read.file", "mcp:ctx")), holds=("tools: Read\n", CLOSED), losses=(("narrowed", "rights"),)),
    Writes(trap="all of MCP needs no closing", agent=agent("x", ("read.file", "mcp:*")), holds=("tools: Read, use_tool",), never=("disallowedTools",), losses=()),
    Writes(trap="SECURITY: denials in native names", agent=agent("x", deny=("shell", "write.file")), holds=("disallowedTools: run_terminal_command, run_terminal_cmd, write\n",), losses=()),
    Writes(trap="SECURITY: a denied MCP tool takes all of them", agent=agent("x", deny=("mcp:ctx/one",)), holds=(CLOSED,), never=("mcp__",), losses=(("narrowed", "rights"),)),
)

TRAPS: Final[tuple[Trap, ...]] = (*CONTAINER, *RIGHTS)
