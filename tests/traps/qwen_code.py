"""Traps of Qwen Code's subagent files (client 0.24.4): an empty list is every tool, Claude's names vanish, bodies are templates."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md
from tests.traps.claude_code import WORDS

READ_GREP: Final = Rights(("read.file", "read.grep"))
BROKEN: Final = "zbad: a: b"

EVERY: Final = {
    "read.file": "read_file", "read.grep": "grep_search", "read.glob": "glob", "read.list": "list_directory", "write.file": "write_file",
    "write.edit": "edit",
    "write.notebook": "notebook_edit", "shell": "run_shell_command", "fetch": "web_fetch", "search": "web_search", "delegate": "agent",
    "skill": "skill", "todo": "todo_write",
}


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose name and description are no trap."""
    return md("name: helper", "description: reviews", *head, body=body)


CONTAINER: Final[tuple[Trap, ...]] = (
    Reads(trap="an unquoted description with a colon loads whole", text=md("name: helper", "description: Use it. Examples: y: z"),
          says={"description": "Use it. Examples: y: z"}, losses=(("guessed", "head"),)),
    Reads(trap="the same with CRLF", text=md("name: helper", "description: a: b").replace("\n", "\r\n"),
          says={"description": "a: b", "prompt": PROMPT}),
    Reads(trap="a BOM loads", text="\ufeff" + one("tools: [read_file, Grep]"), rights=READ_GREP),
    Reads(trap="a closing fence without a line end: skipped", text="---\nname: helper\ndescription: d\n---", status="skipped"),
    Reads(trap="a closing fence with blanks is none: skipped", text="---\nname: helper\ndescription: d\n--- \n" + PROMPT, status="skipped"),
    Reads(trap="an opening fence with blanks is none: skipped", text=one().replace("---\n", "--- \n", 1), status="skipped"),
    Reads(trap="no closing fence: skipped", text="---\nname: helper\ndescription: d\n", status="skipped"),
    Reads(trap="a leading blank line: skipped", text="\n" + one(), status="skipped"),
    Reads(trap="the word no is a text", text=md("name: helper", "description: no"), says={"description": "no"}),
    Reads(trap="an unknown key is ignored", text=one("foo: bar"), native={"foo": "bar"}),
    Reads(trap="no description: skipped", text=md("name: helper"), status="skipped", problem="`description` is missing"),
    Reads(trap="an empty description: skipped", text=md("name: helper", 'description: ""'), status="skipped"),
    Reads(trap="a number is a text for a name", text=md("name: 1e3", "description: d"), says={"name": "1000"}),
    Reads(trap="a number is a text for a description", text=md("name: helper", "description: 12"), says={"description": "12"}),
    Reads(trap="an empty body: skipped", text=one(body=""), status="skipped"),
    Reads(trap="a body under ten characters: skipped", text=one(body="Too short"), status="skipped",
          problem="the prompt has fewer than 10 characters"),
    Reads(trap="a body of ten characters", text=one(body="Long enou."), says={"prompt": "Long enou."}),
    Reads(trap="a NUL loads", text=md("name: helper", "description: a\0b"), says={"description": "a\0b"}),
    Reads(trap="dashes in a value and in the body are text", text=md("name: helper", "description: a --- b", body="First one.\n---\nB."),
          says={"description": "a --- b", "prompt": "First one.\n---\nB."}),
    Reads(trap="a duplicate key: the last one counts", text=one("name: other"), says={"name": "other"}),
    Reads(trap="a duplicate key: a flow list is one text, and matches nothing", text=one("name: other", "tools: [read_file]"),
          rights=Rights(("tool:qwen-code/[read_file]",))),
    Reads(trap="fallback: names with commas work", text=one(BROKEN, "tools: read_file, Grep"), rights=READ_GREP),
    Reads(trap="fallback: a list indented by two works", text=one(BROKEN, "tools:", "  - read_file", "  - Grep"), rights=READ_GREP),
    Reads(trap="fallback: a list that is not indented is lost, every tool", text=one(BROKEN, "tools:", "- read_file", "- Grep"), rights=ALL_RIGHTS),
    Reads(trap="fallback: [] is a text that matches nothing", text=one(BROKEN, "tools: []"), rights=Rights(("tool:qwen-code/[]",))),
    Reads(trap="fallback: a comment behind a name is part of it", text=one(BROKEN, "tools: Grep # c"), rights=Rights(("tool:qwen-code/Grep # c",))),
    Reads(trap="fallback: escapes stay, but for quotes and backslashes", text=md("name: helper", r'description: "a\nb \"c\""', BROKEN),
          says={"description": r'a\nb "c"'}),
    Reads(trap="fallback: an indented line is a key", text=md("name: helper", " description: a: b"), says={"description": "a: b"}),
    Reads(trap="fallback: a block scalar is its sign", text=md("name: helper", "description: |", "  text", BROKEN), says={"description": "|"}),
    Reads(trap="fallback: single quotes stay", text=md("name: helper", "description: 'a'", BROKEN), says={"description": "'a'"}),
    *(Reads(trap=f"the name {name!r}: skipped", text=md(f"name: {name}", "description: d"), status="skipped")
      for name in ("a", "n" * 51, "a b", "a.b", "-ab", "ab_", "System", "main", "config")),
    *(Reads(trap=f"the name {name!r} loads", text=md(f"name: {name}", "description: d"), says={"name": name}) for name in ("ab", "n" * 50,
                                                                                                                           "Upper_Case", "名前",
                                                                                                                           "a-b")),
    Reads(trap="a bad approvalMode: skipped", text=one("approvalMode: sometimes"), status="skipped"),
    Reads(trap="a good approvalMode stays", text=one("approvalMode: auto-edit"), native={"approvalMode": "auto-edit"}),
    Reads(trap="a bad permissionMode is dropped", text=one("permissionMode: sometimes"), says={"permission_mode": None}, line=4),
    Reads(trap="a bad colour is dropped", text=one("color: teal"), says={"color": None}, line=4),
    *(Reads(trap=f"{key}: {value} is known", text=one(f"{key}: {value}"), says={field: value}) for key, field,
      values in WORDS if key in ("color", "permissionMode")
      for value in values.split()),
    Reads(trap="the colour auto says nothing", text=one("color: auto"), says={"color": None}),
    Reads(trap="maxTurns 0 is dropped", text=one("maxTurns: 0"), says={"max_turns": None}),
    Reads(trap="inherit is no model", text=one("model: inherit"), says={"model": None}, native={"model": None}),
    Reads(trap="a model is not checked", text=one("model: sonnet"), says={"model": None}, native={"model": "sonnet"}),
    Writes(trap="an agent without a prompt is refused", agent=agent("helper", prompt=""), refused="prompt-refused"),
    Writes(trap="a prompt under ten characters is refused", agent=agent("helper", prompt="Too short"), refused="prompt-refused",
           problem="Qwen Code does not load an agent whose prompt has fewer than 10 characters"),
    Writes(trap="a name of one letter becomes a slug that fits", agent=agent("x"), holds=("name: x-agent\n",), losses=(("approximated", "name"),)),
    Writes(trap="a reserved name becomes a slug that fits", agent=agent("System"), holds=("name: system-agent\n",),
           losses=(("approximated", "name"),)),
    Writes(trap="a name with blanks becomes a slug", agent=agent("Sales Coach"), holds=("name: sales-coach\n",), losses=(("approximated", "name"),)),
    Writes(trap="pink and purple pass", agent=agent("helper", color="pink"), holds=("color: pink\n",), losses=()),
    Writes(trap="what is written needs no fallback", agent=agent("helper", ("read.file",), description="Use: a # b"),
           holds=('description: "Use: a # b"\n',), losses=()),
    Writes(trap="a model's alias is dropped with a hint", agent=agent("helper", model="sonnet"), never=("^model:",), losses=(("dropped", "model"),),
           hints=("add to agentsync.yaml: models: {sonnet: {qwen-code: NAME}}",)),
    Writes(trap="the hub's models are used", agent=agent("helper", model="haiku"), models={"haiku": "fast"}, holds=("model: fast\n",),
           losses=(("approximated", "model"),)),
    Writes(trap="a bad approvalMode of its own is dropped",
           agent=agent("helper", extra={"qwen-code": {"approvalMode": "sometimes"}}, home="qwen-code"), never=("approvalMode",),
           losses=(("dropped", "qwen-code.approvalMode"),)),
)

BODIES: Final[tuple[Trap, ...]] = (
    Writes(trap="a literal ${word} makes every run fail: refused", agent=agent("helper", prompt="Run echo ${HOME} first."), refused="prompt-refused"),
    Writes(trap="a word that begins with a digit is text", agent=agent("helper", prompt="Use ${1x} here."), holds=("${1x}",), losses=()),
    Writes(trap="what only looks like one is text", agent=agent("helper", prompt="Use ${a.b}, {{x}} and $X."), holds=("Use ${a.b}, {{x}} and $X.",),
           losses=()),
    Reads(trap="a placeholder that is active is listed", text=one(body="Work on ${task_prompt}."), native={"placeholders": ["${task_prompt}"]}),
)

TOOLS: Final[tuple[Trap, ...]] = (
    Reads(trap="SECURITY: no tools key: every tool", text=one(), rights=ALL_RIGHTS),
    *(Reads(trap=f"SECURITY: tools {value or 'null'}: every tool", text=one(f"tools: {value}".rstrip()), rights=ALL_RIGHTS) for value in ("[]", "",
                                                                                                                                          '""',
                                                                                                                                          "{a: b}",
                                                                                                                                          '","',
                                                                                                                                          "[5]")),
    *(Reads(trap=f"SECURITY: tools {value}: every tool, as *", text=one(f"tools: {value}"), rights=ALL_RIGHTS) for value in ('["*"]',
                                                                                                                             '[read_file, "*"]',
                                                                                                                             '"*"')),
    Reads(trap="one name nobody has: no tool", text=one("tools: [no-tools]"), rights=NO_RIGHTS),
    Reads(trap="SECURITY: unknown names only: no tool", text=one("tools: nope"), rights=Rights(("tool:qwen-code/nope",))),
    Reads(trap="SECURITY: Claude's names are unknown, but for those that are display names", text=one("tools: [Read, Bash, Write, Grep, Glob, Edit]"),
          rights=Rights(("tool:qwen-code/Read", "tool:qwen-code/Bash", "tool:qwen-code/Write", "read.grep", "read.glob", "write.edit"))),
    Reads(trap="every tool has its name", text=one(f"tools: [{', '.join(EVERY.values())}]"), rights=Rights(tuple(EVERY))),
    Writes(trap="every tool is written", agent=agent("helper", tuple(EVERY)), holds=(f"tools: [{', '.join(EVERY.values())}]\n",), losses=()),
    Reads(trap="plan mode takes writing and the shell", text=one("permissionMode: plan"),
          rights=Rights(deny=("write.file", "write.edit", "write.notebook", "shell"))),
    Reads(trap="the approval mode plan too", text=one("approvalMode: plan"),
          rights=Rights(deny=("write.file", "write.edit", "write.notebook", "shell"))),
    Reads(trap="names, display names and old names", text=one("tools: ReadFile, replace, Shell, task"),
          rights=Rights(("read.file", "write.edit", "shell", "delegate"))),
    Reads(trap="names are not separated by blanks", text=one("tools: read_file Grep"), rights=Rights(("tool:qwen-code/read_file Grep",))),
    Reads(trap="items that are no texts are dropped", text=one("tools: [read_file, 5, null]"), rights=Rights(("read.file",))),
    Reads(trap="SECURITY: Claude's names in disallowedTools have no effect", text=one("disallowedTools: Bash, Write"),
          rights=Rights(deny=("tool:qwen-code/Bash", "tool:qwen-code/Write"))),
    Reads(trap="names and display names in disallowedTools", text=one("disallowedTools: [run_shell_command, WriteFile]"),
          rights=Rights(deny=("shell", "write.file"))),
    Reads(trap="* in disallowedTools has no effect", text=one('disallowedTools: ["*"]'), rights=ALL_RIGHTS),
    Reads(trap="an empty list with a deny list: all but those", text=one("tools: []", "disallowedTools: [run_shell_command]"),
          rights=Rights(deny=("shell",))),
    Reads(trap="run_shell_command(git *) matches nothing", text=one("tools: [run_shell_command(git *), read_file]"), rights=Rights(("read.file",))),
    Reads(trap="a limit alone: no tool", text=one("tools: [run_shell_command(git *)]"), rights=NO_RIGHTS),
    Reads(trap="a limit in disallowedTools takes nothing away", text=one("disallowedTools: [run_shell_command(rm *)]"), rights=ALL_RIGHTS,
          problem="`run_shell_command(rm *)` takes nothing away in Qwen Code"),
    Writes(trap="a restriction is never said by an approval mode",
           agent=agent("helper", deny=("write.file", "write.edit", "write.notebook", "shell")), never=("Mode:",), losses=()),
    Reads(trap="one MCP tool", text=one("tools: [mcp__my-srv__one]"), rights=Rights(("mcp:my-srv/one",))),
    Reads(trap="all of a server matches nothing in tools", text=one('tools: ["mcp__my-srv__*", mcp__ctx, read_file]'),
          rights=Rights(("tool:qwen-code/mcp__my-srv__*", "tool:qwen-code/mcp__ctx", "read.file"))),
    Reads(trap="all of a server can be denied, both ways", text=one('disallowedTools: ["mcp__my-srv__*", mcp__ctx]'),
          rights=Rights(deny=("mcp:my-srv", "mcp:ctx"))),
    Reads(trap="asking the user is never given", text=one("tools: [ask_user_question, read_file]"),
          rights=Rights(("tool:qwen-code/ask_user_question", "read.file"))),
    Writes(trap="SECURITY: no tools is one name nobody has, never an empty list", agent=agent("helper", ()), holds=("tools: [no-tools]\n",),
           never=(r"tools: \[\]", "tools:$"), losses=()),
    Writes(trap="tools are a list of its own names", agent=agent("helper", ("read.file", "shell")),
           holds=("tools: [read_file, run_shell_command]\n",), losses=()),
    Writes(trap="names it lacks are left out", agent=agent("helper", ("read.file", "ask", "tool:claude/Monitor")), holds=("tools: [read_file]\n",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="nothing it has: refused, since an empty list is everything", agent=agent("helper", ("ask",)), refused="rights-refused"),
    Writes(trap="denied tools in its own names", agent=agent("helper", deny=("shell", "write.file")),
           holds=("disallowedTools: [run_shell_command, write_file]\n",), losses=()),
    Writes(trap="a limit is no shell here", agent=agent("helper", ("read.file", "shell(git *)")), holds=("tools: [read_file]\n",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="a denied limit takes the whole shell", agent=agent("helper", deny=("shell(rm *)",)),
           holds=("disallowedTools: [run_shell_command]\n",), losses=(("narrowed", "rights"),)),
    Writes(trap="all of a server cannot be given", agent=agent("helper", ("read.file", "mcp:ctx")), holds=("tools: [read_file]\n",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="an approval mode of its own leaves the tool list alone",
           agent=agent("helper", ("read.file",), extra={"qwen-code": {"approvalMode": "yolo"}}),
           holds=("tools: [read_file]\n", "approvalMode: yolo\n"), losses=()),
    Writes(trap="all of a server can be denied", agent=agent("helper", deny=("mcp:ctx",)), holds=("disallowedTools: [mcp__ctx]\n",), losses=()),
)

TRAPS: Final[tuple[Trap, ...]] = (*CONTAINER, *BODIES, *TOOLS)
