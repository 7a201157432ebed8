"""Traps of Gemini CLI's subagent files (client 0.61.0): a strict head, one unknown tool loses the file, bodies are templates."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

READ_GREP: Final = Rights(("read.file", "read.grep"))

EVERY: Final = {
    "read.file": "read_file", "read.grep": "grep_search", "read.glob": "glob", "read.list": "list_directory", "write.file": "write_file",
    "write.edit": "replace",
    "shell": "run_shell_command", "fetch": "web_fetch", "search": "google_web_search", "skill": "activate_skill", "ask": "ask_user",
    "todo": "write_todos",
    "tool:gemini-cli/get_internal_docs": "get_internal_docs",
}


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose name and description are no trap."""
    return md("name: x", "description: reviews", *head, body=body)


CONTAINER: Final[tuple[Trap, ...]] = (
    Reads(trap="an unquoted description with a colon: rejected, with its line", text=md("name: x", "description: Use it. Examples: y"),
          status="refused", line=3),
    Reads(trap="an unknown key rejects the file", text=one("color: red"), status="refused", problem="`color` is no key of Gemini CLI", line=4),
    Reads(trap="CRLF loads", text=one("tools: [read_file, grep_search]").replace("\n", "\r\n"), rights=READ_GREP),
    Reads(trap="a BOM: rejected", text="\ufeff" + one(), status="refused", line=1),
    Reads(trap="a leading blank line: rejected", text="\n" + one(), status="refused"),
    Reads(trap="blanks behind the opening fence: rejected", text=one().replace("---\n", "--- \n", 1), status="refused"),
    Reads(trap="no closing fence: rejected", text="---\nname: x\ndescription: d\n", status="refused"),
    Reads(trap="no head: rejected", text="Just text.\n", status="refused"),
    Reads(trap="a line that begins with dashes ends the head: tools after it are lost, and the prompt", status="refused", line=4,
          problem="the assistant takes these dashes for the end of the head: the keys below them are lost, and are read as prompt",
          text="---\nname: x\ndescription: d\n--- x\ntools: []\n---\nBody.\n"),
    Reads(trap="blanks behind the closing fence: an empty prompt, no run starts", text="---\nname: x\ndescription: d\n--- \nBody.\n",
          status="refused", problem="there is no prompt"),
    Reads(trap="four dashes close: an empty prompt", text="---\nname: x\ndescription: d\n----\nBody.\n", status="refused",
          problem="there is no prompt"),
    Reads(trap="an indented closing fence is none", text="---\nname: x\ndescription: d\n ---\nBody.\n", status="refused"),
    Reads(trap="dashes in a value are text", text=md("name: x", "description: a --- b", "tools: [read_file]"), says={"description": "a --- b"},
          rights=Rights(("read.file",))),
    Reads(trap="indented dashes in a block scalar are text", text=md("name: x", "description: |", "  a", "  ---", "  b"),
          says={"description": "a\n---\nb\n"}),
    Reads(trap="dashes in the body are text", text=one(body="A.\n---\nB."), says={"prompt": "A.\n---\nB."}),
    Reads(trap="the word no is a text", text=md("name: x", "description: no"), says={"description": "no"}),
    Reads(trap="a duplicate key: rejected", text=one("name: y"), status="refused"),
    Reads(trap="a NUL: rejected", text=one("# \0"), status="refused"),
    Reads(trap="no description: rejected", text=md("name: x"), status="refused", problem="`description` is missing"),
    Reads(trap="an empty description: rejected", text=md("name: x", 'description: ""'), status="refused"),
    Reads(trap="a description that is no text: rejected", text=md("name: x", "description: 5"), status="refused"),
    Reads(trap="a description that is a date: rejected", text=md("name: x", "description: 2024-01-01"), status="refused"),
    Reads(trap="bytes that are no UTF-8 are read as U+FFFD", text=md("name: x", "description: a\udcffb"), says={"description": "a\ufffdb"}),
    Reads(trap="an empty body: it loads, and no run starts", text=one(body=""), status="refused"),
    *(Reads(trap=f"the name {name!r}: rejected", text=md(f"name: {name}", "description: d"), status="refused", line=2) for name in ("Upper", "a b",
                                                                                                                                    "ä", "a.b", "12",
                                                                                                                                    '""')),
    Reads(trap="no name: rejected", text=md("description: d"), status="refused"),
    Reads(trap="a name of 300 letters loads", text=md(f"name: {'n' * 300}", "description: d"), says={"name": "n" * 300}),
    Reads(trap="leading and trailing dashes are a name", text=md("name: -_a_-", "description: d"), says={"name": "-_a_-"}),
    *(Reads(trap=f"a bad value rejects the file: {line}", text=one(line), status="refused", line=4)
      for line in ("model:", "model: 5", 'temperature: "1"', "max_turns: 0", "max_turns: 1.5", 'max_turns: "7"', "timeout_mins: 0", "kind: helper",
                   "display_name: 5", "mcp_servers: [a]")),
    Reads(trap="inherit is no model", text=one("model: inherit"), says={"model": None}, native={"model": None}),
    Reads(trap="a model is not checked", text=one("model: sonnet"), says={"model": None}, native={"model": "sonnet"}),
    Writes(trap="an agent without a prompt is refused", agent=agent(prompt=""), refused="prompt-refused"),
    Writes(trap="a description is one quoted line where it must be", agent=agent(description="Use: a\nb"), holds=('description: "Use: a\\nb"\n',),
           losses=()),
    Writes(trap="a colour is never written", agent=agent(color="red"), never=("color",), losses=(("dropped", "color"),)),
    Writes(trap="keys of other assistants are never written", agent=agent(memory="user", extra={"claude-code": {"foo": 1}}), never=("memory", "foo"),
           losses=(("dropped", "memory"),)),
    Writes(trap="an unknown key of its own is dropped", agent=agent(extra={"gemini-cli": {"foo": 1}}, home="gemini-cli"), never=("foo",),
           losses=(("dropped", "gemini-cli.foo"),)),
    Writes(trap="a name becomes a slug, and the name itself is for people", agent=agent("Sales Coach 2.0"),
           holds=("name: sales-coach-2-0\n", "display_name: Sales Coach 2.0\n"),
           path=".gemini/agents/sales-coach-2.0.md", losses=(("approximated", "name"),)),
    Writes(trap="a model's alias is dropped with a hint", agent=agent(model="sonnet"), never=("^model:",), losses=(("dropped", "model"),),
           hints=("add to agentsync.yaml: models: {sonnet: {gemini-cli: NAME}}",)),
    Writes(trap="the hub's models are used", agent=agent(model="sonnet"), models={"sonnet": "gemini-2.5-pro"}, holds=("model: gemini-2.5-pro\n",),
           losses=(("approximated", "model"),)),
)

BODIES: Final[tuple[Trap, ...]] = (
    Reads(trap="a placeholder that is active is listed", text=one(body="Today is ${today}."), says={"prompt": "Today is ${today}."},
          native={"placeholders": ["${today}"]}),
    Writes(trap="a literal ${word} makes every run fail: refused", agent=agent(prompt="Run echo ${HOME} first."), refused="prompt-refused",
           problem="Gemini CLI fails on ${HOME} in a prompt: it takes them for placeholders and knows no escape"),
    Writes(trap="a backslash is no escape for it", agent=agent(prompt="Run echo \\${HOME} first."), refused="prompt-refused"),
    Writes(trap="a word that begins with a digit too", agent=agent(prompt="Use ${1x} here."), refused="prompt-refused"),
    Writes(trap="what only looks like one is text", agent=agent(prompt="Use ${a.b}, ${a-b}, ${}, {{x}} and $X."),
           holds=("Use ${a.b}, ${a-b}, ${}, {{x}} and $X.",), losses=()),
    Writes(trap="its own active placeholder goes home",
           agent=agent(prompt="Today is ${today}.", extra={"gemini-cli": {"placeholders": ["${today}"]}}, home="gemini-cli"),
           holds=("Today is ${today}.",), never=("placeholders",), losses=()),
)

TOOLS: Final[tuple[Trap, ...]] = (
    Reads(trap="no tools key: every tool", text=one(), rights=ALL_RIGHTS),
    Reads(trap="* : every tool", text=one('tools: ["*"]'), rights=ALL_RIGHTS),
    Reads(trap="[]: no tool", text=one("tools: []"), rights=NO_RIGHTS),
    *(Reads(trap=f"tools {value or 'null'}: rejected", text=one(f"tools: {value}".rstrip()), status="refused", line=4)
      for value in ("read_file, grep_search", "", '""', "[5]", '[""]', "[Read]", "[read_file, nope]", "[save_memory]", "[mcp__a__b]",
                    "[mcp_ctx_two_*]", "[run_shell_command(git *)]")),
    Reads(trap="every tool has its name", text=one(f"tools: [{', '.join(EVERY.values())}]"), rights=Rights(tuple(EVERY))),
    Writes(trap="every tool is written", agent=agent("x", tuple(EVERY)), holds=(f"tools: [{', '.join(EVERY.values())}]\n",), losses=()),
    Reads(trap="old names count", text=one("tools: [read_many_files, search_file_content]"), rights=READ_GREP),
    Reads(trap="invoke_agent is never given to a subagent", text=one("tools: [invoke_agent, read_file]"),
          rights=Rights(("tool:gemini-cli/invoke_agent", "read.file"))),
    Reads(trap="a tool that this session lacks is a valid name", text=one("tools: [discovered_tool_zz]"),
          rights=Rights(("tool:gemini-cli/discovered_tool_zz",))),
    Reads(trap="one MCP tool, and all of a server", text=one('tools: [mcp_my-srv_one, "mcp_ctx_*"]'), rights=Rights(("mcp:my-srv/one", "mcp:ctx"))),
    Reads(trap="every MCP tool", text=one('tools: ["mcp_*"]'), rights=Rights(("mcp:*",))),
    Reads(trap="a tool of a server with an underscore", text=one("tools: [mcp_ctx_two_two_x]"), rights=Rights(("mcp:~ctx_two_two_x",))),
    Writes(trap="no tools is an empty list", agent=agent("x", ()), holds=("tools: []\n",), losses=()),
    Writes(trap="tools are a list", agent=agent("x", ("read.file", "read.grep")), holds=("tools: [read_file, grep_search]\n",), losses=()),
    Writes(trap="names it does not know are dropped", agent=agent("x", ("read.file", "write.notebook", "tool:claude/Monitor")),
           holds=("tools: [read_file]\n",), losses=(("narrowed", "rights"),)),
    Writes(trap="no name it knows: refused", agent=agent("x", ("tool:claude/Monitor",)), refused="rights-refused"),
    Writes(trap="starting agents is never given", agent=agent("x", ("read.file", "delegate")), never=("invoke_agent",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="a deny list becomes the full list of what is left", agent=agent("x", deny=("shell", "write.file")),
           never=("run_shell_command", "write_file", "disallowed"),
           holds=("read_file", "replace"), losses=(("narrowed", "rights"),)),
    Writes(trap="Bash(git:*) is no shell here: refused alone", agent=agent("x", ("shell(git *)",)), refused="rights-refused"),
    Writes(trap="Bash(git:*) beside others: no shell", agent=agent("x", ("read.file", "shell(git *)")), holds=("tools: [read_file]\n",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="an MCP tool and a server", agent=agent("x", ("mcp:my-srv/one", "mcp:ctx")), holds=('mcp_my-srv_one, "mcp_ctx_*"',), losses=()),
    Writes(trap="odd characters of an MCP name become underscores", agent=agent("x", ("mcp:srv/get x",)), holds=("mcp_srv_get_x",)),
    Writes(trap="a server with an underscore has no wildcard", agent=agent("x", ("read.file", "mcp:ctx_two")), holds=("tools: [read_file]\n",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="one tool of a server with an underscore can be named", agent=agent("x", ("mcp:ctx_two/x",)), holds=("mcp_ctx_two_x",)),
    Writes(trap="tools stand before a long description", agent=agent("x", ("read.file",), description="d" * 500),
           holds=("name: x\ntools: [read_file]\n",)),
)

TRAPS: Final[tuple[Trap, ...]] = (*CONTAINER, *BODIES, *TOOLS)
