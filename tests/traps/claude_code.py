"""Traps of Claude Code's subagent files (client 2.1.330): its fences, its repair, its tool lists."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from agentsync.rights import ATOMS
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

READ_GREP: Final = Rights(("read.file", "read.grep"))
BROKEN: Final = "zbad: a: b"
"""A line that makes any head invalid YAML, so that the client has to mend it."""

WORDS: Final = (
    ("model", "model", "sonnet opus haiku fable claude-opus-4-5"),
    ("color", "color", "red blue green yellow purple orange pink cyan"),
    ("permissionMode", "permission_mode", "acceptEdits auto bypassPermissions default dontAsk plan"),
    ("memory", "memory", "user project local"),
    ("isolation", "isolation", "worktree remote"),
    ("effort", "effort", "low medium high xhigh max"),
)
"""Keys of the head, the fields they hold, and every word they may say."""


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose name and description are no trap."""
    return md("name: x", "description: reviews", *head, body=body)


NAMES: Final[tuple[Trap, ...]] = (
    Reads(trap="no name: skipped, so README files are safe", text=md("description: reviews"), status="skipped", problem="`name` is missing"),
    Reads(trap="a number as name is a missing name", text=md("name: 123", "description: reviews"), status="skipped", line=2),
    Reads(trap="a name must not start with a dash", text=md("name: -x", "description: reviews"), status="skipped", line=2),
    Reads(trap="a name must not hold a colon", text=md('name: "a:b"', "description: reviews"), status="skipped"),
    Reads(trap="a name must not hold what NFKC turns into a colon", text=md("name: a\uff1ab", "description: reviews"), status="skipped"),
    Reads(trap="a name of 256 characters loads", text=md(f"name: {'n' * 256}", "description: reviews"), says={"name": "n" * 256}),
    Reads(trap="a name of 257 characters does not", text=md(f"name: {'n' * 257}", "description: reviews"), status="skipped"),
    Reads(trap="blanks, slashes, dots, upper case and other scripts load", text=md("name: Ä b/c.D 名前", "description: r"),
          says={"name": "Ä b/c.D 名前"}),
    Reads(trap="the file's name means nothing", text=md("name: other", "description: r"), path=".claude/agents/deep/y.md", says={"name": "other"}),
    Writes(trap="a name with a colon is written as its slug", agent=agent("a:b"), holds=("name: a-b\n",), losses=(("approximated", "name"),)),
    Writes(trap="a name with dashes in front is written as its slug", agent=agent("--x"), holds=("name: x\n",), losses=(("approximated", "name"),)),
    Writes(trap="dashes in a name never end the head", agent=agent("a --- b", ("read.file",)), never=(r"^name:.*---",), holds=("tools: Read",)),
)

CONTAINER: Final[tuple[Trap, ...]] = (
    Reads(
        trap="an unquoted description with a colon loads whole, by repair",
        text=md("name: x", "description: Use it. Examples: <example>Context: y", "tools: Read, Grep"),
        says={"description": "Use it. Examples: <example>Context: y"}, rights=READ_GREP, losses=(("guessed", "head"),),
    ),
    Reads(
        trap="the same with CRLF is absent: the repair does not match lines ending in CR",
        text=md("name: x", "description: Use it. Examples: <example>Context: y").replace("\n", "\r\n"), status="skipped", line=3,
    ),
    Reads(trap="CRLF with valid YAML loads", text=one("tools: Read, Grep").replace("\n", "\r\n"), rights=READ_GREP, says={"prompt": PROMPT}),
    Reads(trap="a BOM is stripped", text="\ufeff" + one("tools: Read, Grep"), rights=READ_GREP),
    Reads(trap="two BOMs are no head", text="\ufeff\ufeff" + one(), status="skipped"),
    Reads(trap="a tab-indented list loads", text=one("tools:", "\t- Read", "\t- Grep"), rights=READ_GREP),
    Reads(trap="no final newline", text=one("tools: Read, Grep").rstrip("\n"), rights=READ_GREP, says={"prompt": PROMPT}),
    Reads(trap="a missing body loads as an empty prompt", text="---\nname: x\ndescription: reviews\n---", says={"prompt": ""}),
    Reads(trap="a leading blank line is no head", text="\n" + one(), status="skipped", line=1),
    Reads(trap="an indented fence is no head", text=" " + one(), status="skipped"),
    Reads(trap="four dashes are no fence", text="-" + one(), status="skipped"),
    Reads(trap="an opening fence with blanks after it loads", text=one("tools: Read, Grep").replace("---\n", "--- \t\n", 1), rights=READ_GREP),
    Reads(trap="a comment behind the opening fence is no head", text=one().replace("---\n", "--- # c\n", 1), status="skipped"),
    Reads(
        trap="three dashes in a value end the head there: the tools after them are lost",
        text=md("name: x", "description: a --- b", "tools: Read"), status="degraded", says={"description": "a"}, rights=ALL_RIGHTS, line=3,
    ),
    Reads(
        trap="three dashes in a comment end the head there", text=one("# --- rights ---", "tools: Read"), status="degraded", rights=ALL_RIGHTS,
    ),
    Reads(
        trap="indented dashes in a block scalar end the head there",
        text=md("name: x", "description: |", "  first", "  ---", "  last", "tools: Read"), status="degraded", rights=ALL_RIGHTS,
    ),
    Reads(trap="three dashes inside a quoted value: no YAML, absent", text=md("name: x", 'description: "a --- b"', "tools: Read"), status="skipped"),
    Reads(trap="dashes written as an escape are text", text=md("name: x", 'description: "a -\\u002d- b"'), says={"description": "a --- b"}),
    Reads(trap="an indented closing fence closes", text="---\nname: x\ndescription: d\n ---\nBody here.\n", says={"prompt": "Body here."}),
    Reads(trap="a closing fence with text closes, the text is prompt", text="---\nname: x\ndescription: d\n---y\nz\n", says={"prompt": "y\nz"}),
    Reads(trap="dashes in the body are text", text=one(body="First.\n---\nSecond."), says={"prompt": "First.\n---\nSecond."}),
    Reads(trap="no closing fence: absent", text="---\nname: x\ndescription: d\n", status="skipped"),
    Reads(trap="a NUL: absent", text=one("# \0"), status="skipped"),
    Reads(trap="a mis-indented key: absent", text=md("name: x", " description: d", "tools: Read"), status="skipped"),
    Reads(trap="a head that is no map: absent", text=md("- name: x"), status="skipped"),
    Reads(trap="an empty head: absent", text=md(), status="skipped"),
    Reads(trap="the word no is a text", text=md("name: x", "description: no"), says={"description": "no"}),
    Reads(trap="an unknown key stays, and does nothing", text=one("foo: bar"), native={"foo": "bar"}),
    Reads(trap="keys are case-sensitive: Tools is unknown, so every tool", text=one("Tools: Read"), rights=ALL_RIGHTS, native={"Tools": "Read"}),
    Reads(trap="of two equal keys the last one counts", text=one("tools: Bash", "tools: Read, Grep"), rights=READ_GREP),
    Reads(trap="no description: absent", text=md("name: x"), status="skipped", problem="`description` is missing"),
    Reads(trap="a description that is no text: absent", text=md("name: x", "description: 12"), status="skipped"),
    Reads(trap="an empty description: absent", text=md("name: x", 'description: ""'), status="skipped"),
    Reads(trap="a description that is a list: absent", text=md("name: x", "description: [a, b]"), status="skipped"),
    Reads(trap="bytes that are no UTF-8 are read as U+FFFD", text=md("name: x", "description: a\udcffb"), says={"description": "a\ufffdb"}),
    Reads(trap="a literal backslash n in a description is a newline", text=md("name: x", r"description: a\nb"), says={"description": "a\nb"}),
    Reads(trap="so is the escape in double quotes", text=md("name: x", r'description: "a\nb"'), says={"description": "a\nb"}),
    Reads(trap="so is an escaped backslash and an n", text=md("name: x", r'description: "a\\nb"'), says={"description": "a\nb"}),
    Reads(trap="block scalars", text=md("name: x", "description: >", "  a", "  b"), says={"description": "a b\n"}),
    Reads(trap="a comment behind a value is cut", text=md("name: x", "description: d # c"), says={"description": "d"}),
    Reads(trap="nothing in a prompt is expanded", text=one(body="@file `cmd` ${x} {{y}} $ARGUMENTS"),
          says={"prompt": "@file `cmd` ${x} {{y}} $ARGUMENTS"}),
    Reads(trap="an unknown escape is no YAML: absent", text=md("name: x", r'description: "a\qb"'), status="skipped"),
    Writes(trap="dashes are written as an escape, so that the head does not end", agent=agent(description="a --- b"), never=(r"a --- b",), losses=()),
    Writes(trap="dashes in a native value never end the head",
           agent=agent("x", ("read.file",), extra={"claude-code": {"note": "a --- b"}}, home="claude-code"),
           never=(r"^note:.*---",), holds=("tools: Read",)),
    Writes(trap="a description stands on one line", agent=agent(description="a\nb: c # d"), holds=('description: "a\\nb: c # d"\n',), losses=()),
    Writes(trap="a literal backslash n cannot be said", agent=agent(description=r"a\nb"), losses=(("approximated", "description"),)),
    Writes(trap="an empty description: the name stands in", agent=agent(description=""), holds=("description: x\n",),
           losses=(("approximated", "description"),)),
)

REPAIR: Final[tuple[Trap, ...]] = (
    Reads(trap="repair: quoted values stay as they are", text=md("name: x", r'description: "a \"in\" \\ b: c"', BROKEN),
          says={"description": 'a "in" \\ b: c'}),
    Reads(trap="repair: a comment behind quotes becomes text, quotes too", text=md("name: x", 'description: "q" # c', BROKEN),
          says={"description": '"q" # c'}),
    Reads(trap="repair: a comment behind the value becomes text", text=md("name: x", "description: a: b # c"), says={"description": "a: b # c"}),
    Reads(trap="repair: a flow list stays a list", text=one("tools: [Read, Grep]", BROKEN), rights=READ_GREP),
    Reads(trap="repair: a block list stays a list", text=one("tools:", "  - Read", "  - Grep", BROKEN), rights=READ_GREP),
    Reads(trap="repair: a flow list with a comment becomes one text, and every spawn is refused", text=one("tools: [Read, Grep] # only", BROKEN),
          rights=Rights(
        ("tool:claude/[Read", "tool:claude/Grep]", "tool:claude/#", "tool:claude/only"))),
    Reads(trap="repair: a comment behind tools gives names nobody has", text=one("tools: Read # only read", BROKEN), rights=Rights(
        ("read.file", "tool:claude/#", "tool:claude/only", "tool:claude/read"))),
    Reads(trap="repair: tools: * alone is every tool", text=one("tools: *"), rights=ALL_RIGHTS, losses=(("guessed", "head"),)),
    Reads(trap="repair: inner quotes survive", text=md("name: x", 'description: say "hi": y'), says={"description": 'say "hi": y'}),
    Reads(trap="repair: nested maps survive", text=one("hooks:", "  Stop: []", BROKEN), says={"hooks": {"Stop": []}}),
    Reads(trap="repair: a literal backslash n is still a newline", text=md("name: x", r"description: C:\new\temp: y"),
          says={"description": "C:\new\\temp: y"}),
    Reads(trap="repair: an unknown escape in plain text is text", text=md("name: x", r"description: a\q: b"), says={"description": r"a\q: b"}),
    Reads(trap="repair: a continuation line with a colon fails the head", text=md("name: x", "description: a: b", "  c: d"), status="skipped"),
    Reads(trap="repair: a block scalar anywhere fails the head", text=md("name: x", "description: |", "  text", BROKEN), status="skipped"),
    Reads(trap="repair: a key with a digit is not mended", text=one("key2: v: w"), status="skipped"),
    Reads(trap="repair: a blank before the colon is not mended", text=md("name: x", "description : a: b"), status="skipped"),
    Reads(trap="repair: an indented line is not mended", text=md("name: x", " description: a: b"), status="skipped"),
    Reads(trap="repair: a colon at the end is not mended", text=md("name: x", "description: ends with:"), status="skipped"),
    Reads(trap="repair: quotes at both ends are left alone, still invalid", text=md("name: x", "description: 'it's: ok'"), status="skipped"),
    Reads(trap="repair: text that looks like YAML is text", text=md("name: x", "description: *bold* [x] {a} `b`"),
          says={"description": "*bold* [x] {a} `b`"}),
    Reads(trap="repair: leading tabs become blanks", text=one("tools:", "\t- Read", "\t- Grep", BROKEN), rights=READ_GREP),
    Writes(
        trap="editing a mended file makes the mended lines valid", agent=agent(description="Use it. Examples: y: z", model="opus"),
        old=md("name: x", "description: Use it. Examples: y: z"), holds=('description: "Use it. Examples: y: z"\n', "model: opus\n"),
    ),
)

FIELDS: Final[tuple[Trap, ...]] = (
    Reads(trap="a colour of its own is dropped, the agent loads", text=one("color: teal"), says={"color": None}, native={"color": "teal"},
          problem="`color`: one of red, blue, green, yellow, purple, orange, pink, cyan is needed ('teal')"),
    *(Reads(trap=f"{key}: {value} is known", text=one(f"{key}: {value}"), says={field: value}) for key, field,
      values in WORDS for value in values.split()),
    Reads(trap="a bad effort is dropped", text=one("effort: huge"), says={"effort": None}),
    Reads(trap="effort as a number", text=one("effort: 2048"), says={"effort": 2048}),
    Reads(trap="manual, another word for default, is a permission mode", text=one("permissionMode: manual"), says={"permission_mode": "manual"}),
    Reads(trap="a bad permission mode is dropped", text=one("permissionMode: yolo"), says={"permission_mode": None}, line=4),
    Reads(trap="maxTurns as digits", text=one('maxTurns: "7"'), says={"max_turns": 7}),
    Reads(trap="maxTurns 0 is dropped", text=one("maxTurns: 0"), says={"max_turns": None}),
    Reads(trap="inherit in any case is no model", text=one("model: INHERIT"), says={"model": None}, native={"model": None}),
    Reads(trap="a model is not checked", text=one("model: gpt-5"), says={"model": None}, native={"model": "gpt-5"}),
    Reads(trap="memory adds Read, Write and Edit", text=one("tools: Grep", "memory: user"),
          rights=Rights(("read.grep", "read.file", "write.file", "write.edit"))),
    Reads(trap="memory adds nothing where every tool is there", text=one("memory: user"), rights=ALL_RIGHTS),
    Reads(trap="a bad memory adds nothing", text=one("tools: Grep", "memory: forever"), rights=Rights(("read.grep",)), line=5),
    Reads(trap="a bad isolation is dropped", text=one("isolation: moon"), says={"isolation": None}, line=4),
    Writes(trap="a colour it lacks is dropped", agent=agent(color="#12ab34"), never=("color",), losses=(("dropped", "color"),)),
    Writes(trap="memory is not written where it would widen", agent=agent("x", ("read.grep",), memory="user"), refused="rights-refused"),
    Writes(trap="another vendor's model is not written", agent=agent(model="gpt-5.5"), never=("model",), losses=(("dropped", "model"),),
           hints=("add to agentsync.yaml: models: {gpt-5.5: {claude-code: NAME}}",)),
)

TOOLS: Final[tuple[Trap, ...]] = (
    Reads(trap="no tools key: every tool", text=one(), rights=ALL_RIGHTS),
    Reads(trap="an entry * among others: every tool", text=one('tools: "Read, *"'), rights=ALL_RIGHTS),
    Reads(trap="* in a list: every tool", text=one('tools: ["*"]'), rights=ALL_RIGHTS),
    *(Reads(trap=f"tools: {value or 'null'} is no tool at all", text=one(f"tools: {value}".rstrip()), rights=NO_RIGHTS)
      for value in ("[]", "", "~", '""', "false", "{a: b}", "123", "[[Read]]")),
    *(Reads(trap=f"tools: {value} is Read and Grep", text=one(f"tools: {value}"), rights=READ_GREP)
      for value in ("Read, Grep", "Read Grep", "Read,Grep", '"Read, Grep"', "[Read, Grep]", '["Read, Grep"]', "[Read Grep]", "Read\n  Grep")),
    Reads(trap="every tool has its name", rights=Rights((*ATOMS, "tool:claude/Monitor")), text=one(
        "tools: Read, Grep, Glob, LS, Write, Edit, NotebookEdit, Bash, WebFetch, WebSearch, Agent, Skill, AskUserQuestion, TodoWrite, Monitor")),
    Writes(trap="every tool is written", agent=agent("x", (*ATOMS, "tool:claude/Monitor")), losses=(), holds=(
        "tools: Read, Grep, Glob, LS, Write, Edit, NotebookEdit, Bash, WebFetch, WebSearch, Agent, Skill, AskUserQuestion, TodoWrite, Monitor\n",)),
    Reads(trap="MultiEdit is the old name of Edit", text=one("tools: MultiEdit"), rights=Rights(("write.edit",))),
    Reads(trap="plan mode takes writing and the shell", text=one("permissionMode: plan"),
          rights=Rights(deny=("write.file", "write.edit", "write.notebook", "shell"))),
    Reads(trap="names are case-sensitive: read is nothing", text=one("tools: read, bash"), rights=Rights(("tool:claude/read", "tool:claude/bash"))),
    Reads(trap="no tabs between names", text=one('tools: "Read\\tGrep"'), rights=Rights(("tool:claude/Read\tGrep",))),
    Reads(trap="items that are no texts are dropped", text=one("tools: [Read, 5, null]"), rights=Rights(("read.file",))),
    Reads(trap="Bash(git:*) gives the whole shell", text=one("tools: Bash(git:*)"), rights=Rights(("shell(git *)",)), beyond=("claude-code|shell",)),
    Reads(trap="Edit(src/**) gives the whole tool", text=one("tools: Edit(src/**)"), rights=Rights(("write.edit(src/**)",)),
          beyond=("claude-code|write.edit",)),
    Reads(trap="a comma inside a flow list splits a limit: Read only", text=one("tools: [Bash(git, log), Read]"),
          rights=Rights(("tool:claude/Bash(git", "tool:claude/log)", "read.file"))),
    Reads(trap="Agent(a) limits which agents it may start", text=one("tools: Agent(helper), Read"), rights=Rights(("delegate(helper)", "read.file")),
          beyond=()),
    Reads(trap="Task is the old name of Agent", text=one("tools: Task, Read"), rights=Rights(("delegate", "read.file"))),
    Reads(trap="disallowedTools takes away from everything", text=one("disallowedTools: Bash, Write"), rights=Rights(deny=("shell", "write.file"))),
    Reads(trap="tools and disallowedTools: the difference", text=one("tools: Read, Bash", "disallowedTools: Bash"),
          rights=Rights(("read.file", "shell"), ("shell",))),
    Reads(trap="a wrong-case name in disallowedTools has no effect", text=one("disallowedTools: bash"), rights=ALL_RIGHTS,
          problem="`bash` takes nothing away: Claude Code compares tool names with their case"),
    Reads(trap="* in disallowedTools has no effect", text=one('disallowedTools: "*"'), rights=ALL_RIGHTS),
    Reads(trap="Bash(rm:*) in disallowedTools takes the whole shell", text=one("disallowedTools: Bash(rm:*)"), rights=Rights(deny=("shell",))),
    Reads(trap="all tools of an MCP server, both spellings", text=one("tools: mcp__my-srv, mcp__a_b__*"), rights=Rights(("mcp:my-srv", "mcp:a_b"))),
    Reads(trap="one MCP tool", text=one("tools: mcp__my-srv__one"), rights=Rights(("mcp:my-srv/one",))),
    Reads(trap="mcp__* in tools gives none", text=one("tools: mcp__*, Read"), rights=Rights(("tool:claude/mcp__*", "read.file"))),
    Reads(trap="mcp__* in disallowedTools takes all", text=one("disallowedTools: mcp__*"), rights=Rights(deny=("mcp:*",))),
    Writes(trap="no tools is an empty list, never a missing key", agent=agent("x", ()), holds=("tools: []\n",), losses=()),
    Writes(trap="restricted tools stand in one comma line", agent=agent("x", ("read.file", "read.grep")), holds=("tools: Read, Grep\n",), losses=()),
    Writes(trap="* is never denied", agent=agent("x", (), deny=("shell",)), never=(r"disallowedTools:.*\*", "disallowedTools"), holds=("tools: []",)),
    Writes(trap="a limit on the shell is not kept, so the shell goes", agent=agent("x", ("shell(git *)", "read.file")), holds=("tools: Read\n",),
           never=("Bash",), losses=(("narrowed", "rights"),)),
    Writes(trap="a limit alone is refused", agent=agent("x", ("shell(git *)",)), refused="rights-refused"),
    Writes(trap="a limit alone, widening allowed", agent=agent("x", ("shell(git *)",)), allow_widening=True, holds=("tools: Bash(git:*)\n",),
           losses=(("widened", "rights"),)),
    Writes(trap="a denied limit takes the whole shell", agent=agent("x", deny=("shell(rm *)",)), holds=("disallowedTools: Bash\n",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="a server but for one tool, beside a limit that is not kept",
           agent=agent("x", ("mcp:docs", "shell(git *)"), deny=("mcp:docs/delete_page",)),
           holds=("tools: mcp__docs\n", "disallowedTools: mcp__docs__delete_page\n"), losses=(("narrowed", "rights"),)),
    Writes(trap="every MCP tool cannot be given in a list", agent=agent("x", ("mcp:*", "read.file")), never=(r"mcp__\*",),
           losses=(("narrowed", "rights"),)),
)

TRAPS: Final[tuple[Trap, ...]] = (*NAMES, *CONTAINER, *REPAIR, *FIELDS, *TOOLS)
