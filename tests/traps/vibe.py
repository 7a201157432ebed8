"""Traps of Mistral Vibe's agents (mistral-vibe 3.0.2): an empty list of tools is every tool, and names are patterns."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent

KNOWN: Final = ("read.file", "read.grep", "read.glob", "write.file", "write.edit", "shell", "fetch", "search", "delegate", "skill", "ask", "todo")


def one(*lines: str) -> str:
    """A mode with a prompt and these lines."""
    return "".join(f"{line}\n" for line in ('description = "reviews"', f'instructions = "{PROMPT}"', *lines))


FILES: Final[tuple[Trap, ...]] = (
    Reads(trap="the name is the file's, whatever `name` says", text=one('name = "y"'), path=".vibe/agents/My Agent.toml",
          says={"name": "My Agent"}, native={"name": "y"}),
    Reads(trap="without a type it is a mode that the user picks", text=one(), says={"mode": "primary"}),
    Reads(trap="a subagent is what agents are elsewhere", text=one('agent_type = "subagent"'), says={"mode": None}),
    Reads(trap="an unknown type drops the agent", text=one('agent_type = "helper"'), status="refused", line=3),
    Reads(trap="an unknown safety drops the agent", text=one('safety = "sure"'), status="refused", line=3),
    Reads(trap="a byte order mark is no TOML", text="\ufeff" + one(), status="refused", line=1),
    Reads(trap="an unknown key is an override of the configuration", text=one("foo = 1"), native={"foo": 1}),
    Reads(trap="system_prompt is no key of the client", text=one('system_prompt = "other"'), says={"prompt": PROMPT},
          native={"system_prompt": "other"}),
    Reads(trap="a prompt of a file of its own is not looked for", text='system_prompt_id = "x"\n', says={"prompt": ""},
          native={"system_prompt_id": "x"}),
    Writes(trap="an agent becomes a subagent, its prompt inline", agent=agent("rev"), path=".vibe/agents/rev.toml",
           never=("system_prompt", "bypass", "^name"),
           holds=('agent_type = "subagent"\n', f'instructions = "{PROMPT}"\n'), losses=(("narrowed", "rights"),)),
    Writes(trap="no loss for a mode", agent=agent("rev", mode="primary"), never=("agent_type",), losses=()),
    Writes(trap="the file names it, so that another name is lost", agent=agent("Sales Coach", mode="primary"), path=".vibe/agents/sales-coach.toml",
           losses=(("approximated", "name"),)),
    Writes(trap="a Claude model is no alias of the user's", agent=agent(mode="primary", model="opus"), never=("model",),
           losses=(("dropped", "model"),)),
)

TOOLS: Final[tuple[Trap, ...]] = (
    Reads(trap="no list: every tool", text=one(), rights=ALL_RIGHTS),
    Reads(trap="DANGEROUS: an empty list is every tool too", text=one("enabled_tools = []"), rights=ALL_RIGHTS),
    Reads(trap="everything disabled is no tool", text=one('disabled_tools = ["*"]'), rights=NO_RIGHTS),
    Reads(trap="what is disabled counts last", text=one('enabled_tools = ["bash", "grep"]', 'disabled_tools = ["bash"]'),
          rights=Rights(("shell", "read.grep", "read.glob"), ("shell",))),
    Reads(trap="names in any case", text=one('enabled_tools = ["Read_File"]'), rights=Rights(("read.file",))),
    Reads(trap="a pattern of the shell", text=one('disabled_tools = ["w*_f[ei]*"]'), rights=Rights(None, ("write.file", "fetch"))),
    Reads(trap="a regular expression matches whole names", text=one('enabled_tools = ["re:web_.*", "re:bas"]'),
          rights=Rights(("fetch", "search", "tool:vibe/re:bas"))),
    Reads(trap="an expression that may run for ever takes everything away", text=one('disabled_tools = ["re:(a+)+"]'),
          rights=Rights(None, KNOWN)),
    Reads(trap="the same expression gives nothing", text=one('enabled_tools = ["re:(a+)+", "grep"]'),
          rights=Rights(("tool:vibe/re:(a+)+", "read.grep", "read.glob"))),
    Reads(trap="a permission of never takes a tool away", text=one("[tools.bash]", 'permission = "never"'), rights=Rights(None, ("shell",))),
    Reads(trap="one of always or ask does not", text=one("[tools.bash]", 'permission = "ask"', "[tools.edit]", 'permission = "always"'),
          rights=ALL_RIGHTS),
    Reads(trap="a subagent gets no tool of an MCP server", text=one('agent_type = "subagent"', 'enabled_tools = ["grep", "docs_search"]'),
          rights=Rights(("read.grep", "read.glob", "mcp:docs/search"), ("mcp:*",))),
    Reads(trap="older names of tools", text=one('enabled_tools = ["read", "search_replace"]'), rights=Rights(("read.file", "write.edit"))),
    Writes(trap="no tools: all are disabled, and no empty list is written", agent=agent(allow=()), holds=('disabled_tools = ["*"]\n',),
           never=("enabled_tools",), losses=()),
    Writes(trap="a deny list alone", agent=agent(deny=("shell",), mode="primary"), holds=('disabled_tools = ["bash"]\n',), never=("enabled_tools",),
           losses=()),
    Writes(trap="finding files by name alone is given as grep", agent=agent(allow=("read.glob",), mode="primary"),
           holds=('enabled_tools = ["grep"]\n',),
           losses=(("approximated", "rights"),)),
    Writes(trap="an agent whose tools the client lacks is refused", agent=agent(allow=("tool:claude/Monitor",)), refused="rights-refused",
           problem="Mistral Vibe has none of the agent's tools (Monitor)"),
    Writes(trap="a limit is not widened to the tool", agent=agent(allow=("read.file", "shell(git *)"), mode="primary"), never=("bash",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="the user's own permission stays with the denial it makes", old=one("[tools.bash]", 'permission = "never"'),
           path=".vibe/agents/x.toml",
           agent=agent(deny=("shell",), mode="primary", prompt="Other.", extra={"vibe": {"tools": {"bash": {"permission": "never"}}}}, home="vibe"),
           holds=('instructions = "Other."', 'permission = "never"'), never=("disabled_tools",), losses=()),
)

TRAPS: Final[tuple[Trap, ...]] = FILES + TOOLS
