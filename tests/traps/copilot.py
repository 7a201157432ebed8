"""Traps of GitHub Copilot's custom agents (CLI 1.0.102): a strict head, and an agent without a body has every tool."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from agentsync.rights import ATOMS
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

EDIT: Final = ("write.file", "write.edit", "write.notebook")

EVERY: Final = tuple(atom for atom in ATOMS if atom not in ("read.list", "ask"))


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose description is no trap."""
    return md("description: reviews", *head, body=body)


CONTAINER: Final[tuple[Trap, ...]] = (
    Reads(trap="an unquoted description with a colon: rejected, with its line", text=md("name: x", "description: Use it. Examples: y"),
          status="refused", line=3),
    Reads(trap="CRLF loads", text=one("tools: [read]").replace("\n", "\r\n"), rights=Rights(("read.file",))),
    Reads(trap="SECURITY: a set and one of its tools is that tool, not a server's", rights=Rights(("shell", "read.file", "read.glob", "delegate")),
          text=one("tools: [execute/runInTerminal, read/readFile, search/fileSearch, agent/runSubagent]")),
    Reads(trap="a BOM loads", text="\ufeff" + one("tools: [read]"), rights=Rights(("read.file",))),
    Reads(trap="an opening fence with blanks loads", text=one("tools: [read]").replace("---\n", "--- \n", 1), rights=Rights(("read.file",))),
    Reads(trap="a closing fence with blanks loads", text="---\ndescription: d\n---\t\nBody.\n", says={"prompt": "Body."}),
    Reads(trap="a leading blank line: rejected", text="\n" + one(), status="refused", line=1),
    Reads(trap="no closing fence: rejected", text="---\ndescription: d\n", status="refused"),
    Reads(trap="no head: rejected", text="Just text.\n", status="refused"),
    Reads(trap="a README there is reported as malformed", text="# Agents\n", path=".github/agents/README.md", status="refused"),
    Reads(trap="a line of dashes and text inside the head: rejected", text="---\ndescription: d\n--- x\ntools: []\n---\nBody.\n", status="refused"),
    Reads(trap="dashes in a value are text", text=md("description: a --- b", "tools: []"), says={"description": "a --- b"}, rights=NO_RIGHTS),
    Reads(trap="indented dashes in a block scalar are text", text=md("description: |", "  a", "  ---", "  b", "tools: []"), rights=NO_RIGHTS),
    Reads(trap="the word no is a text", text=md("name: x", "description: no"), says={"description": "no"}),
    Reads(trap="an unknown key is ignored", text=one("color: red"), native={"color": "red"}, says={"color": None}),
    Reads(trap="keys are case-sensitive: Tools is unknown, so every tool", text=one("Tools: [read]"), rights=ALL_RIGHTS),
    Reads(trap="disallowedTools is ignored", text=one("disallowedTools: [execute]"), rights=ALL_RIGHTS, native={"disallowedTools": ["execute"]}),
    Reads(trap="no description: rejected", text=md("name: x"), status="refused", problem="`description` is missing"),
    Reads(trap="a description that is no text: rejected", text=md("description: 5"), status="refused", line=2),
    Reads(trap="an empty description loads", text=md('description: ""'), says={"description": ""}),
    Reads(trap="DANGEROUS: an empty body has every tool, whatever the list says", text=one("tools: [read]", body=""), status="degraded",
          rights=ALL_RIGHTS),
    Reads(trap="DANGEROUS: a body of blanks too", text=one("tools: []", body="  \n\t"), status="degraded", rights=ALL_RIGHTS),
    Reads(trap="a duplicate key: rejected", text=one("description: e"), status="refused"),
    Reads(trap="a NUL: rejected", text=one("# \0"), status="refused"),
    Reads(trap="bytes that are no UTF-8: rejected", text=md("description: a\udcffb"), status="refused"),
    *(Reads(trap=f"a bad value rejects the file: {line}", text=one(line), status="refused", line=3)
      for line in ("tools:", "tools: {read: true}", "tools: [5]", "tools: [read, 5]", 'infer: "true"', 'user-invocable: "true"',
                   'disable-model-invocation: "false"', "name: 12", "name:", "model: 5")),
    Reads(trap="a body over 30,000 characters loads in the CLI", text=one(body="x" * 30001), says={"prompt": "x" * 30001}),
    Reads(trap="{{cwd}} in the body is replaced", text=one(body="Work in {{cwd}} only."), native={"placeholders": ["{{cwd}}"]}),
    Reads(trap="without a name the stem is it, without .agent", text=one(), path=".github/agents/deep/y.agent.md", says={"name": "y"}),
    Reads(trap="a file that ends in .md alone", text=one(), path=".github/agents/y.md", says={"name": "y"}),
    Reads(trap="a name is what the task tool calls it", text=one('name: "a/b:c"'), says={"name": "a/b:c"}),
    Reads(trap="the old chat modes are read", text=md("description: d", "tools: ['codebase', 'fetch']"), path=".github/chatmodes/plan.chatmode.md",
          says={"name": "plan"},
          rights=Rights(("read.grep", "fetch"))),
    Reads(trap="inherit is no model", text=one("model: inherit"), says={"model": None}, native={"model": None}),
    Reads(trap="a model's id", text=one("model: gpt-5"), says={"model": "gpt-5"}),
    Reads(trap="a list of models stays its own", text=one("model: [gpt-5, claude-sonnet-4.5]"), says={"model": None},
          native={"model": ["gpt-5", "claude-sonnet-4.5"]}),
    Writes(trap="an agent without a prompt is refused", agent=agent(prompt=""), refused="prompt-refused",
           problem="GitHub Copilot runs an agent without a prompt with every right"),
    Writes(trap="{{cwd}} that is meant as text: a loss", agent=agent(prompt="Keep {{cwd}} as it is."), holds=("{{cwd}}",),
           losses=(("approximated", "prompt"),)),
    Writes(trap="its own active placeholder goes home",
           agent=agent(prompt="In {{cwd}}.", extra={"copilot": {"placeholders": ["{{cwd}}"]}}, home="copilot"), holds=("{{cwd}}",), losses=()),
    Writes(trap="the name equals the stem", agent=agent("reviewer"), holds=("name: reviewer\n",), path=".github/agents/reviewer.agent.md"),
    Writes(trap="the description is quoted where it must be", agent=agent(description="Use: a"), holds=('description: "Use: a"\n',), losses=()),
    Writes(trap="a character beyond the first plane is no pair of surrogates", agent=agent(description="a: \U0001f600"), never=(r"\\ud83d",),
           losses=()),
    Writes(trap="a colour is dropped", agent=agent(color="red"), never=("color",), losses=(("dropped", "color"),)),
    Writes(trap="a model's alias is dropped with a hint", agent=agent(model="opus"), never=("^model:",), losses=(("dropped", "model"),),
           hints=("add to agentsync.yaml: models: {opus: {copilot: NAME}}",)),
    Writes(trap="the hub's models are used", agent=agent(model="opus"), models={"opus": "claude-opus-4.5"}, holds=("model: claude-opus-4.5\n",),
           losses=(("approximated", "model"),)),
    Writes(trap="a switch in quotes is dropped", agent=agent(extra={"copilot": {"infer": "true"}}, home="copilot"), never=("infer",),
           losses=(("dropped", "copilot.infer"),)),
)

TOOLS: Final[tuple[Trap, ...]] = (
    Reads(trap="no tools key: every tool", text=one(), rights=ALL_RIGHTS),
    *(Reads(trap=f"tools {value}: every tool", text=one(f"tools: {value}"), rights=ALL_RIGHTS) for value in ('["*"]', '"*"', '[read, "*"]',
                                                                                                             "read, *")),
    *(Reads(trap=f"tools {value}: no tool", text=one(f"tools: {value}"), rights=NO_RIGHTS) for value in ("[]", '""', '","')),
    Reads(trap="an empty name in the list: no tool", text=one('tools: [""]'), rights=Rights(("tool:copilot/",))),
    Reads(trap="a text with commas is split", text=one("tools: Read, Bash"), rights=Rights(("read.file", "shell"))),
    Reads(trap="an item with a comma is not", text=one('tools: ["read, search"]'), rights=Rights(("tool:copilot/read, search",))),
    Reads(trap="names are not separated by blanks", text=one("tools: Read Grep"), rights=Rights(("tool:copilot/Read Grep",))),
    Reads(trap="aliases in any case", text=one("tools: [READ, Execute]"), rights=Rights(("read.file", "shell"))),
    Reads(trap="every tool has its alias", text=one("tools: [read, Grep, Glob, edit, execute, WebFetch, WebSearch, agent, skill, todo]"),
          rights=Rights(EVERY)),
    Writes(trap="every tool is written", agent=agent("x", EVERY),
           holds=("tools: [read, Grep, Glob, edit, execute, WebFetch, WebSearch, agent, skill, todo]\n",), losses=()),
    Reads(trap="search is grep and glob, Grep alone is grep", text=one("tools: [search]"), rights=Rights(("read.grep", "read.glob"))),
    Reads(trap="Grep alone is grep", text=one("tools: [Grep]"), rights=Rights(("read.grep",))),
    Reads(trap="Write alone gives edit too", text=one("tools: [Write]"), rights=Rights(EDIT)),
    Reads(trap="LS and unknown names give nothing", text=one("tools: [LS, nope, read]"),
          rights=Rights(("tool:copilot/LS", "tool:copilot/nope", "read.file"))),
    Reads(trap="bash(git *) matches nothing", text=one('tools: ["Bash(git *)", read]'), rights=Rights(("read.file",))),
    Reads(trap="SECURITY: docs/bash is the client's own shell, whatever server docs is", text=one("tools: [docs/bash, docs/Search]"),
          rights=Rights(("shell", "read.grep", "read.glob"))),
    Writes(trap="SECURITY: an MCP tool called as one of the client's own cannot be said", agent=agent("x", ("mcp:docs/search", "mcp:docs/ask")),
           holds=("docs/ask",), never=("docs/search",), losses=(("narrowed", "rights"),)),
    Reads(trap="the name of one of the client's own agents: it is asked instead", text=md("name: explore", "description: d", "tools: [read]"),
          rights=Rights(("read.file",)), says={"name": "explore"}),
    Writes(trap="an agent called like one of the client's own gets another name", agent=agent("explore", ("read.file",)),
           holds=("name: explore-agent\n",), losses=(("approximated", "name"),)),
    Reads(trap="one MCP tool, and all of a server", text=one("tools: [my-srv/one, ctx/*]"), rights=Rights(("mcp:my-srv/one", "mcp:ctx"))),
    *(Reads(trap=f"{name} matches nothing", text=one(f"tools: [read, {name}]"),
            rights=Rights(("read.file", f"tool:copilot/{name}"))) for name in ("mcp__my-srv__one", "mcp__my-srv__*", "my-srv")),
    Writes(trap="no tools is an empty list", agent=agent("x", ()), holds=("tools: []\n",), losses=()),
    Writes(trap="tools are always a list, since VS Code reads no text", agent=agent("x", ("read.file", "shell")), holds=("tools: [read, execute]\n",),
           losses=()),
    Writes(trap="searching text does not give finding files", agent=agent("x", ("read.grep",)), holds=("tools: [Grep]\n",), losses=()),
    Writes(trap="a deny list becomes the full list of what is left", agent=agent("x", deny=("shell",)), never=("execute", "Bash", "disallowed"),
           holds=("read",), losses=(("narrowed", "rights"),)),
    Writes(trap="write alone gives edit: inside one capability", agent=agent("x", ("write.file",)), holds=("tools: [edit]\n",),
           losses=(("approximated", "rights"),)),
    Writes(trap="Bash(git:*) is no shell here: refused alone", agent=agent("x", ("shell(git *)",)), refused="rights-refused"),
    Writes(trap="Bash(git:*) beside others: no shell", agent=agent("x", ("read.file", "shell(git *)")), holds=("tools: [read]\n",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="MCP names are server/tool", agent=agent("x", ("mcp:my-srv/one", "mcp:ctx")), holds=("my-srv/one", "ctx/*"), never=("mcp__",),
           losses=()),
    Writes(trap="Claude's names of tools it lacks are not written", agent=agent("x", ("read.file", "read.list", "tool:claude/Monitor")),
           holds=("tools: [read]\n",), losses=(("narrowed", "rights"),)),
)

TRAPS: Final[tuple[Trap, ...]] = (*CONTAINER, *TOOLS)
