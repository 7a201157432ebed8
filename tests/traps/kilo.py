"""Traps of Kilo Code's agents (7.7.9, run): a relative of opencode; what stands in a project may not name the environment."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

NO_BASH: Final = Rights(deny=("shell",))


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose description is no trap."""
    return md("description: reviews", *head, body=body)


CONTAINER: Final[tuple[Trap, ...]] = (
    Reads(trap="an unquoted description with a colon is mended", text=md("description: Use it. Examples: y: z"), says={"description": "Use it. Examples: y: z"},
          losses=(("guessed", "head"),)),
    Reads(trap="SECURITY: a head that stays invalid: every right, the text is the prompt", text=md("description: d", "my-key: a: b", "permission: deny"),
          status="degraded", rights=ALL_RIGHTS),
    Reads(trap="SECURITY: a duplicate key: every right", text=one("description: e", "permission: deny"), status="degraded", rights=ALL_RIGHTS),
    Reads(trap="SECURITY: no head: every right", text="Just text.\n", status="degraded", rights=ALL_RIGHTS, says={"prompt": "Just text."}),
    Reads(trap="a BOM loads", text="\ufeff" + one(), says={"description": "reviews"}),
    Reads(trap="the name is the path", text=one(), path=".kilo/agents/team/x.md", says={"name": "team/x"}),
    Reads(trap="the old folders are read", text=one(), path=".kilocode/agent/x.md", says={"name": "x"}),
    Reads(trap="a name in the head wins", text=one("name: other"), says={"name": "other"}),
    Reads(trap="a number is a name", text=one("name: 12"), says={"name": "12"}),
    Reads(trap="SECURITY: the name of one of the client's own agents, whose rights go before the file's", text=one("permission: {read: deny}"),
          path=".kilo/agents/plan.md", rights=Rights(deny=("read.file",)), says={"name": "plan"}),
    Writes(trap="SECURITY: an agent called like one of them gets another name", agent=agent("explore", ("read.file",)),
           holds=("name: explore-agent\n",), losses=(("approximated", "name"),)),
    Reads(trap="SECURITY: one that the client lays below the file has that one's rights where the file states none", text=one("permission: {read: deny}"),
          path=".kilo/agents/debug.md", status="degraded", says={"name": "debug"}),
    Writes(trap="an agent without an allow-list gets another name there", agent=agent("debug", deny=("shell",)), holds=("name: debug-agent\n",)),
    Writes(trap="one that states all its rights keeps its name", agent=agent("ask", ("read.file",)), never=("^name:",), losses=()),
    Reads(trap="a number for a description costs the agent", text=md("description: 12"), status="refused"),
    Reads(trap="red is no colour", text=one("color: red"), status="refused"),
    Reads(trap="a word of the theme is", text=one("color: accent"), native={"color": "accent"}),
    Reads(trap="steps 0 costs the agent", text=one("steps: 0"), status="refused"),
    Reads(trap="hidden: yes is a text, and costs the agent", text=one('hidden: "yes"'), status="refused"),
    Reads(trap="a bad mode costs the agent", text=one("mode: sometimes"), status="refused"),
    Reads(trap="no mode is all", text=one(), says={"mode": "all"}),
    Reads(trap="the prompt of the head is ignored", text=one("prompt: from the head"), says={"prompt": PROMPT}),
    Reads(trap="one bad agent costs the whole kilo.json", text='{"agent": {"a": {"prompt": "A"}, "b": {"description": 5}}}', path="kilo.json", entry="a", status="refused"),
    Reads(trap="an entry of kilo.json", text='{"agent": {"a": {"prompt": "A", "tools": {"bash": false}}}}', path=".kilo/kilo.json", entry="a", rights=NO_BASH),
    Writes(trap="a literal {env:X} costs the agent", agent=agent(prompt="Use {env:HOME}."), refused="prompt-refused"),
    Writes(trap="a literal {file:x} is emptied, or costs the agent", agent=agent(prompt="Use {file:a.md}."), refused="prompt-refused"),
    Writes(trap="what only looks like one stays", agent=agent(prompt="Use {env:} and {file} and ${X}."), holds=("Use {env:} and {file} and ${X}.",), losses=()),
    Writes(trap="a description is no template", agent=agent(description="Reads {file:a.md}"), holds=("Reads {file:a.md}",), losses=()),
    Writes(trap="colours become numbers", agent=agent(color="red"), holds=('color: "#ff0000"\n',), losses=()),
    Writes(trap="a model's alias is dropped", agent=agent(model="sonnet"), never=("^model:",), losses=(("dropped", "model"),),
           hints=("add to agentsync.yaml: models: {sonnet: {kilo: NAME}}",)),
    Writes(trap="Claude's keys do not leak into the provider's request", agent=agent(max_turns=5, permission_mode="plan", skills=["pdf"]), holds=("steps: 5\n",),
           never=("maxTurns", "permissionMode", "skills"), losses=(("dropped", "permission_mode"), ("dropped", "skills"))),
)

RIGHTS: Final[tuple[Trap, ...]] = (
    Reads(trap="SECURITY: no permission: every tool", text=one(), rights=ALL_RIGHTS),
    *(Reads(trap=f"SECURITY: permission {value}: every tool", text=one(f"permission: {value}"), rights=ALL_RIGHTS) for value in ("{}", "null", '{"*": allow}')),
    Reads(trap="permission: deny", text=one("permission: deny"), rights=NO_RIGHTS),
    Reads(trap="SECURITY: the last rule wins", text=one('permission: {"*": deny, read: allow}'), rights=Rights(("read.file",))),
    Reads(trap="SECURITY: and so denies all where it comes last", text=one('permission: {read: allow, "*": deny}'), rights=NO_RIGHTS),
    Reads(trap="edit covers write", text=one("permission: {edit: deny}"), rights=Rights(deny=("write.file", "write.edit", "write.notebook"))),
    Reads(trap="a key write is nobody's", text=one("permission: {write: deny}"), rights=Rights(deny=("tool:kilo/write",))),
    Reads(trap="a list costs the agent", text=one("permission: [read]"), status="refused"),
    Reads(trap="patterns where only a word is taken cost the agent", text=one('permission: {webfetch: {"*": deny}}'), status="refused"),
    *(Reads(trap=f"SECURITY: tools: {value} in Claude's words costs the agent", text=one(f"tools: {value}"), status="refused") for value in ("Read, Grep", "[Read, Grep]")),
    Reads(trap="the old switches: write becomes edit", text=one("tools: {write: false}"), rights=Rights(deny=("write.file", "write.edit", "write.notebook"))),
    Writes(trap="SECURITY: an allow-list is deny all, then allow", agent=agent("x", ("read.file", "read.grep")), holds=('  "*": deny\n  read: allow\n  grep: allow\n',), losses=()),
    Writes(trap="no tools", agent=agent("x", ()), holds=('permission:\n  "*": deny\n',), losses=()),
    Writes(trap="SECURITY: a shell denied takes its second shell too", agent=agent("x", deny=("shell",)), holds=("  bash: deny\n  background_process: deny\n",), losses=()),
    Writes(trap="a limited shell has no second one", agent=agent("x", ("shell(git *)",)), holds=('    "*": deny\n    git *: allow\n',), never=("background_process",), losses=()),
    Writes(trap="SECURITY: a shell denied but for some commands takes its second shell whole", agent=agent("x", deny=("shell(!git *)",)),
           holds=('    "*": deny\n    git *: allow\n  background_process: deny\n',), losses=(("narrowed", "rights"),)),
    Writes(trap="SECURITY: what the shell asks about, its second shell asks about", agent=agent("x", ask=("shell(git *)",)),
           holds=("    git *: ask\n  background_process: ask\n",), losses=(("narrowed", "rights"),)),
    Writes(trap="MCP names are joined", agent=agent("x", ("mcp:my-srv/one", "mcp:ctx")), holds=("my-srv_one: allow", "ctx_*: allow")),
)

TRAPS: Final[tuple[Trap, ...]] = (*CONTAINER, *RIGHTS)
