"""Traps of Factory's droids (0.215.0): one bad value throws the head away and its limits with it; a second parser for heads that are no YAML."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

READ_GREP: Final = Rights(("read.file", "read.grep"))
READERS: Final = Rights(("read.file", "read.list", "read.grep", "read.glob"))
BROKEN: Final = "notes: a: b"


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one droid whose name and description are no trap."""
    return md("name: x", "description: reviews", *head, body=body)


OPENED: Final[tuple[Trap, ...]] = tuple(
    Reads(trap=f"SECURITY: {what}: the whole head is lost, and every limit", text=text, status="degraded", rights=ALL_RIGHTS)
    for what, text in {
        "an empty description": md("name: x", "description:", "tools: [Read]"),
        "a number for a description": md("name: x", "description: 12", "tools: [Read]"),
        "a list for a model": one("model: [a]", "tools: [Read]"),
        "a number for a name": md("name: 12", "tools: [Read]"),
        "a number among the tools": one("tools: [Read, 5]"),
        "tools: null": one("tools:"),
        "tools as a map": one("tools: {Read: true}"),
        "mcpServers as a map": one("tools: [Read]", "mcpServers: {a: b}"),
        "no closing fence": "---\nname: x\ntools: [Read]\n",
        "no head": "Just text.\n",
        "a leading blank line": "\n" + one("tools: [Read]"),
        "a BOM": "\ufeff" + one("tools: [Read]"),
        "a head that is a list": "---\n- Read\n---\nText.\n",
    }.items()
)

CONTAINER: Final[tuple[Trap, ...]] = (
    Reads(trap="without a name the stem is it", text=md("description: d"), says={"name": "x", "description": "d"}),
    Reads(trap="an unknown key is ignored", text=one("foo: bar"), native={"foo": "bar"}),
    Reads(trap="an empty body loads", text=one(body=""), says={"prompt": ""}),
    Reads(trap="the fallback: a description with a colon", text=md("name: x", "description: Use it: now"), says={"description": "Use it: now"}, losses=(("guessed", "head"),)),
    Reads(trap="the fallback: quotes go, escapes stay", text=one(BROKEN, r'version: "a\"b"'), native={"version": r"a\"b"}),
    Reads(trap="the fallback: a text of tools is split", text=one(BROKEN, "tools: Read, Grep"), rights=READ_GREP),
    Reads(trap="the fallback: a list of lines", text=one(BROKEN, "tools:", "  - Read", '- "Grep"'), rights=READ_GREP),
    Reads(trap="the fallback: JSON in brackets", text=one(BROKEN, 'tools: ["Read", "Grep"]'), rights=READ_GREP),
    Reads(trap="the fallback: a YAML list in brackets stays text, and gives nothing", text=one(BROKEN, "tools: [Read, Grep]"),
          rights=Rights(("tool:factory-droid/[Read", "tool:factory-droid/Grep]"))),
    Reads(trap="the fallback: a category becomes a list of one unknown name", text=one(BROKEN, "tools: read-only"), rights=Rights(("tool:factory-droid/read-only",))),
    Reads(trap="SECURITY: the fallback: an indented line is a key", text=md("name: x", BROKEN, "tools: Read", "extra:", "  tools: Execute"), rights=Rights(("shell",))),
    Reads(trap="the fallback: a duplicate key, the last one counts", text=one("tools: [Read]", "tools: [Grep]", 'version: "1"'), rights=Rights(("tool:factory-droid/[Grep]",))),
    Writes(trap="SECURITY: what is written needs no fallback and has no empty value", agent=agent("x", ("read.file",), description="Use: a # b"),
           holds=('description: "Use: a # b"\n', "tools:\n  - Read\n"), never=("^[a-z]+:$\n^[a-z]",)),
    Writes(trap="no description: no key", agent=agent("x", ("read.file",), description=""), holds=('description: ""\n',)),
    Writes(trap="a model's alias is dropped", agent=agent(model="sonnet"), never=("^model:",), losses=(("dropped", "model"),)),
)

RIGHTS: Final[tuple[Trap, ...]] = (
    Reads(trap="SECURITY: no tools key: every tool", text=one(), rights=ALL_RIGHTS),
    *(Reads(trap=f"SECURITY: tools {value}: none but the hidden ones", text=one(f"tools: {value}"), rights=NO_RIGHTS) for value in ("[]", '""', "mcp", "all")),
    *(Reads(trap=f"the category {word}", text=one(f"tools: {word}"), rights=rights) for word, rights in {
        "read-only": READERS, "edit": Rights(("write.file", "write.edit")), "execute": Rights(("shell",)), "execution": Rights(("shell",)),
        "web": Rights(("search", "fetch")),
    }.items()),
    Reads(trap="a category in a list is an unknown name", text=one("tools: [read-only]"), rights=Rights(("tool:factory-droid/read-only",))),
    Reads(trap="one tool as a text", text=one("tools: Read"), rights=Rights(("read.file",))),
    Reads(trap="a text without a comma is one name", text=one("tools: Read Grep"), rights=Rights(("tool:factory-droid/Read Grep",))),
    Reads(trap="SECURITY: Claude's names give nothing", text=one("tools: [Bash, Write, WebFetch]"),
          rights=Rights(("tool:factory-droid/Bash", "tool:factory-droid/Write", "tool:factory-droid/WebFetch"))),
    Reads(trap="Edit brings Create along", text=one("tools: [Edit]"), rights=Rights(("write.file", "write.edit"))),
    Reads(trap="no MCP server", text=one("mcpServers: []"), rights=Rights(deny=("mcp:*",))),
    *(Reads(trap=f"SECURITY: {what}: other assistants are given no MCP tool", text=one(f"mcpServers: {value}"), rights=Rights(deny=("mcp:*",)),
            beyond=("factory-droid|mcp:*",)) for what, value in {"servers as a list": "[github]", "servers as a text": "github, docs"}.items()),
    Reads(trap="an empty text of servers is no server", text=one('mcpServers: ""'), rights=Rights(deny=("mcp:*",)), beyond=()),
    Writes(trap="its own names, as lines", agent=agent("x", ("shell", "write.file", "write.edit", "fetch")), holds=("tools:\n  - Execute\n  - Create\n  - Edit\n  - FetchUrl\n",), losses=()),
    Writes(trap="Edit alone gives Create", agent=agent("x", ("write.edit",)), holds=("  - Edit\n",), losses=(("approximated", "rights"),)),
    Writes(trap="SECURITY: no tools is an empty list, never no key", agent=agent("x", ()), holds=("tools: []\n",), losses=()),
    Writes(trap="SECURITY: a denied TodoWrite cannot be held", agent=agent("x", deny=("todo",)), refused="rights-refused"),
    Writes(trap="a limit is no shell here", agent=agent("x", ("read.file", "shell(git *)")), holds=("tools:\n  - Read\n",), losses=(("narrowed", "rights"),)),
    Writes(trap="SECURITY: MCP tools that are denied go from an old file as from a new one", agent=agent("x", deny=("mcp:github",)), old=one(),
           holds=("mcpServers: []\n",), allow_widening=True),
    Writes(trap="SECURITY: a list of tools that comes into an old file brings its second line along", agent=agent("x", ("read.file",)), old=one(),
           holds=("tools:\n  - Read\n", "mcpServers: []\n")),
    Writes(trap="servers that an agent has no right to go from an old file", agent=agent("x", deny=("mcp:*",)), old=one("mcpServers: [github]"),
           holds=("mcpServers: []\n",), losses=()),
    *(Writes(trap=f"SECURITY: a list of tools that changes beside mcpServers {servers} leaves none", agent=agent("x", ("read.file", "read.grep")),
             old=one("tools: [Read]", f"mcpServers: {servers} # ours"), holds=("tools: [Read, Grep]\n", "mcpServers: [] # ours\n"), losses=())
      for servers in ("[]", "[github]")),
    Writes(trap="rights that stay bring nothing along", agent=agent("x", ("read.file",), description="new"), old=one("tools: [Read]"),
           holds=("description: new\n",), never=("mcpServers",), losses=()),
    Writes(trap="no MCP server, every other tool", agent=agent("x", deny=("mcp:*",)), holds=("mcpServers: []\n",), never=("^tools:",), losses=()),
)

TRAPS: Final[tuple[Trap, ...]] = (*OPENED, *CONTAINER, *RIGHTS)
