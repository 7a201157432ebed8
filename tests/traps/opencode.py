"""Traps of opencode (client 1.18.33): a bad value disables the client, a bad head opens the agent, the last rule wins."""

from __future__ import annotations

import json
from typing import Any, Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from agentsync.rights import ATOMS
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

JSON: Final = "opencode.json"
OPEN: Final = "degraded"
READ: Final = Rights(("read.file",))
READ_GREP: Final = Rights(("read.file", "read.grep"))


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose description is no trap."""
    return md("description: reviews", *head, body=body)


def config(name: str = "x", /, **keys: Any) -> str:
    """An opencode.json with one agent."""
    return json.dumps({"agent": {name: {"description": "reviews", "prompt": PROMPT, **keys}}})


EVERY: Final = (*ATOMS, "tool:opencode/lsp")

NAMES: Final[tuple[Trap, ...]] = (
    Reads(trap="SECURITY: a file over one of the client's own agents has that one's rights where it states none", text=one("permission: {bash: deny}"),
          path=".opencode/agents/plan.md", status="degraded", says={"name": "plan"}),
    Reads(trap="one that states them all has those", text=one('permission: {"*": deny, read: allow}'), path=".opencode/agents/plan.md",
          rights=Rights(("read.file",)), says={"name": "plan"}),
    Reads(trap="a word for all tools states them too", text=one("permission: deny"), path=".opencode/agents/plan.md", rights=NO_RIGHTS),
    Writes(trap="SECURITY: an agent of such a name without an allow-list gets another", agent=agent("plan"), holds=("name: plan-agent\n",),
           losses=(("approximated", "name"),)),
    Writes(trap="one with an allow-list keeps it", agent=agent("plan", ("read.file",)), holds=('  "*": deny\n  read: allow\n',), never=("^name:",), losses=()),
    Reads(trap="the name is the path below the folder, with slashes", text=one(), path=".opencode/agents/sub/deep/y.md", says={"name": "sub/deep/y"}),
    Reads(trap="the folder agent/ too", text=one(), path=".opencode/agent/y.md", says={"name": "y"}),
    Reads(trap="a name in the head wins over the path", text=one("name: other"), says={"name": "other"}),
    Reads(trap="a name that is a number is a text as JavaScript writes it", text=one("name: 1e3"), says={"name": "1000"}),
    Reads(trap="a name that is a switch too", text=one("name: True"), says={"name": "true"}),
    Reads(trap="in JSON the key is the name", text=config("a b/c"), path=JSON, says={"name": "a b/c", "prompt": PROMPT}),
    Reads(trap="a README in the folder is an agent with every right", text="# Agents\n\nHow to.\n", path=".opencode/agents/README.md", status=OPEN,
          says={"name": "README", "prompt": "# Agents\n\nHow to."}, rights=ALL_RIGHTS),
    Reads(trap="the old folder of modes", text=one(), path=".opencode/mode/plan2.md", says={"name": "plan2"}),
    Writes(trap="the name is the file's, no key says it", agent=agent("reviewer"), path=".opencode/agents/reviewer.md", never=("^name:",), losses=()),
    Writes(trap="a name that is no file name stands in a key", agent=agent("Sales Coach"), path=".opencode/agents/sales-coach.md",
           holds=("name: Sales Coach\n",), losses=()),
)

CONTAINER: Final[tuple[Trap, ...]] = (
    Reads(
        trap="an unquoted description with a colon loads whole, by repair",
        text=md("description: Use it. Examples: <example>Context: y", "mode: subagent"),
        says={"description": "Use it. Examples: <example>Context: y", "mode": None}, losses=(("guessed", "head"),),
    ),
    Reads(trap="the same with CRLF loads", text=md("description: a: b", "mode: subagent").replace("\n", "\r\n"),
          says={"description": "a: b", "mode": None}),
    Reads(trap="CRLF loads", text=one('permission: {"*": deny}').replace("\n", "\r\n"), rights=NO_RIGHTS, says={"prompt": PROMPT}),
    Reads(trap="a BOM loads", text="\ufeff" + one('permission: {"*": deny}'), rights=NO_RIGHTS),
    Reads(trap="a BOM and a head that needs repair: everything allowed", text="\ufeff" + md("description: a: b", "permission: deny"), status=OPEN,
          rights=ALL_RIGHTS),
    Reads(trap="two BOMs: everything allowed", text="\ufeff\ufeff" + one(), status=OPEN, rights=ALL_RIGHTS),
    Reads(trap="dashes in a value are text", text=md("description: a --- b", 'permission: {"*": deny}'), says={"description": "a --- b"},
          rights=NO_RIGHTS),
    Reads(trap="indented dashes in a block scalar are text", text=md("description: |", "  a", "  ---", "  b"), says={"description": "a\n---\nb\n"}),
    Reads(trap="dashes in column 0 end the head", text="---\ndescription: d\n--- x\nmode: primary\n---\nBody.\n", status=OPEN),
    Reads(trap="an opening fence with blanks loads", text=one().replace("---\n", "---  \n", 1), says={"description": "reviews"}),
    Reads(trap="a comment behind the opening fence: everything allowed", text=one().replace("---\n", "--- # c\n", 1), status=OPEN),
    Reads(trap="a leading blank line: everything allowed", text="\n" + one('permission: {"*": deny}'), status=OPEN, rights=ALL_RIGHTS),
    Reads(trap="no closing fence: everything allowed", text='---\npermission: {"*": deny}\n', status=OPEN, rights=ALL_RIGHTS),
    Reads(trap="a closing fence of four dashes", text="---\ndescription: d\n----\nBody.\n", says={"prompt": "-\nBody."}),
    Reads(trap="a duplicate key: everything allowed", text=one("mode: all", "mode: subagent", 'permission: {"*": deny}'), status=OPEN,
          rights=ALL_RIGHTS),
    Reads(trap="a NUL: everything allowed", text=one("# \0"), status=OPEN),
    Reads(trap="an unterminated quote: everything allowed", text=md('description: "reviews', 'permission: {"*": deny}'), status=OPEN,
          rights=ALL_RIGHTS),
    Reads(trap="an unknown escape: everything allowed", text=md(r'description: "a\qb"'), status=OPEN),
    Reads(trap="a key with a dash is not mended: everything allowed", text=one("my-key: v: w"), status=OPEN),
    Reads(trap="no head at all: the text is prompt, everything allowed", text="Just text.\n", status=OPEN, says={"prompt": "Just text."}),
    Reads(trap="an empty head loads, everything allowed", text=md(), says={"prompt": PROMPT, "description": None}, rights=ALL_RIGHTS),
    Reads(trap="the word no is a text", text=md("name: x", "description: no"), says={"description": "no"}),
    Reads(trap="an unknown key is sent to the provider", text=one("foo: bar"), native={"foo": "bar"}),
    Reads(trap="a missing description and an empty body are taken", text=md("mode: all", body=""), says={"description": None, "prompt": ""}),
    Reads(trap="bytes that are no UTF-8 are read as U+FFFD", text=md("description: a\udcffb"), says={"description": "a\ufffdb"}),
    Reads(trap="comments and trailing commas in opencode.jsonc", text='{ // c\n "agent": {"x": {"mode": "all", "prompt": "p",},},\n}',
          path="opencode.jsonc", says={"mode": "all"}),
    Reads(trap="{env:X} in a prompt of opencode.json is replaced", text=config(prompt="Use {env:HOME} and {file:./x}."), path=JSON,
          native={"placeholders": ["{env:HOME}", "{file:./x}"]}),
    Reads(trap="{env:X} in Markdown is text", text=one(body="Use {env:HOME}."), says={"prompt": "Use {env:HOME}."}, native={"placeholders": None}),
)

CONFIG_REFUSED: Final[tuple[Trap, ...]] = (
    *(Reads(trap=f"the whole configuration is refused: {line}", text=one(line), status="refused", line=3) for line in (
        "mode: helper", "mode: 5", "model: null", "model: 5", 'temperature: "0.1"', "top_p: high", "color: pink", 'color: "#f0a"', "color:",
        "steps: 0", "steps: 1.5", "hidden: yes please", "disable: 1", "permission: []", "permission:", "permission: {read: true}",
        "permission: {read: yes}", "permission: {read: maybe}", "permission: {todowrite: {x: allow}}", "permission: {webfetch: {x: allow}}",
        "tools: Read", "tools: [read]", "tools: []", "tools:", "tools: {read: 1}", "options: 5",
    )),
    Reads(trap="the whole configuration is refused: description: 5", text=md("description: 5"), status="refused", line=2),
)

FIELDS: Final[tuple[Trap, ...]] = (
    Reads(trap="no mode is all", text=one(), says={"mode": "all"}),
    Reads(trap="mode subagent is what other assistants mean by an agent", text=one("mode: subagent"), says={"mode": None}),
    Reads(trap="inherit is a provider without a model", text=one("model: inherit"), says={"model": None}, native={"model": "inherit"}),
    Reads(trap="a model without its provider does not travel", text=one("model: sonnet"), says={"model": None}, native={"model": "sonnet"}),
    Reads(trap="maxSteps is the old name of steps", text=one("maxSteps: 7"), says={"max_turns": 7}),
    Reads(trap="a hex colour and a word of the theme", text=one("color: accent"), says={"color": None}, native={"color": "accent"}),
    Writes(trap="an agent is written as a subagent", agent=agent(), holds=("mode: subagent\n",), losses=()),
    *(Writes(trap=f"the colour name {name} is never written", agent=agent(color=name), never=(rf"^color:.*{name}",), holds=('color: "#',), losses=())
      for name in ("red", "blue", "green", "yellow", "purple", "orange", "pink", "cyan")),
    Writes(trap="a short hex colour is never written", agent=agent(color="#f0a"), never=("^color:",), losses=(("dropped", "color"),)),
    Writes(trap="a model's alias is dropped with a hint", agent=agent(model="sonnet"), never=("^model:",), losses=(("dropped", "model"),),
           hints=("add to agentsync.yaml: models: {sonnet: {opencode: NAME}}",)),
    Writes(trap="the hub's models are used", agent=agent(model="sonnet"), models={"sonnet": "anthropic/claude-sonnet-4-5"},
           holds=("model: anthropic/claude-sonnet-4-5\n",),
           losses=(("approximated", "model"),)),
    Writes(trap="a model of a known vendor gets its provider", agent=agent(model="gpt-5.5"), holds=("model: openai/gpt-5.5\n",), losses=()),
    *(Reads(trap=f"the model {native}", text=one(f"model: {native}"), says={"model": model}) for native, model in (
        ("anthropic/claude-opus-4-5", "claude-opus-4-5"), ("openai/gpt-5.5", "gpt-5.5"), ("google/gemini-2.5-pro", "gemini-2.5-pro"))),
    Writes(trap="keys of other assistants are never written", agent=agent(extra={"claude-code": {"foo": 1}, "codex": {"nickname_candidates": ["a"]}}),
           never=("foo", "nickname"),),
    Writes(trap="an unknown key of its own goes home", agent=agent(extra={"opencode": {"foo": "bar"}}, home="opencode"), holds=("foo: bar\n",),
           losses=()),
    Writes(trap="a native value of the wrong type is dropped", agent=agent(extra={"opencode": {"disable": "no"}}, home="opencode"),
           never=("disable",),
           losses=(("dropped", "opencode.disable"),)),
)

RIGHTS: Final[tuple[Trap, ...]] = (
    Reads(trap="no permission: every tool", text=one(), rights=ALL_RIGHTS),
    Reads(trap="an empty map: every tool", text=one("permission: {}"), rights=ALL_RIGHTS),
    Reads(trap="a tool that is not named stays allowed", text=one("permission: {bash: deny}"), rights=Rights(deny=("shell",))),
    Reads(trap="every tool has its key", rights=Rights(EVERY), text=one(
        'permission: {"*": deny, read: allow, grep: allow, glob: allow, list: allow, edit: allow, bash: allow, webfetch: allow, websearch: allow,'
        " task: allow, skill: allow, question: allow, todowrite: allow, lsp: allow}")),
    Writes(trap="every tool is written", agent=agent("x", EVERY), losses=(), holds=(
        "  read: allow\n  grep: allow\n  glob: allow\n  list: allow\n  edit: allow\n  bash: allow\n  webfetch: allow\n  websearch: allow\n"
        "  task: allow\n  skill: allow\n  question: allow\n  todowrite: allow\n  lsp: allow\n",)),
    Reads(trap="a limit in a key matches nothing", text=one('permission: {"*": deny, "bash(git *)": allow}'), rights=NO_RIGHTS),
    Reads(trap="patch and multiedit of the old map are edit", text=one("tools: {patch: false}"),
          rights=Rights(deny=("write.file", "write.edit", "write.notebook"))),
    Reads(trap="multiedit of the old map is edit", text=one("tools: {multiedit: false}"),
          rights=Rights(deny=("write.file", "write.edit", "write.notebook"))),
    Reads(trap="deny all first, then allow", text=one('permission: {"*": deny, read: allow, grep: allow}'), rights=READ_GREP),
    Reads(trap="deny all last leaves nothing: the last rule wins", text=one('permission: {read: allow, "*": deny}'), rights=NO_RIGHTS),
    Reads(trap="a word for everything", text=one("permission: deny"), rights=NO_RIGHTS),
    Reads(trap="names are case-sensitive: Read matches nothing", text=one('permission: {"*": deny, Read: allow}'),
          rights=Rights(("tool:opencode/Read",))),
    Reads(trap="edit covers edit, write and patch", text=one("permission: {edit: deny}"),
          rights=Rights(deny=("write.file", "write.edit", "write.notebook"))),
    Reads(trap="ask is kept", text=one("permission: {bash: ask}"), rights=Rights(ask=("shell",))),
    Reads(trap="patterns in order", text=one('permission: {"*": deny, bash: {"*": deny, "git *": allow, "git push *": ask}}'),
          rights=Rights(("shell(git *)", "shell(git push *)"), ask=("shell(git push *)",))),
    Reads(trap="a * pattern last resets the others", text=one('permission: {"*": deny, bash: {"git *": allow, "*": deny}}'), rights=NO_RIGHTS),
    Reads(trap="number-like keys move to the front, as in JavaScript", text=one('permission: {bash: {"*": allow, "7": deny}}'), rights=ALL_RIGHTS),
    Reads(trap="the old tools map becomes rules", text=one("tools: {write: false, bash: false}"),
          rights=Rights(deny=("write.file", "write.edit", "write.notebook", "shell"))),
    Reads(trap="the old tools map comes first", text=one('permission: {"*": deny, read: allow}', "tools: {bash: true}"), rights=READ),
    Reads(trap="a key in both keeps the old map's place: bash is allowed again",
          text=one('permission: {"*": allow, bash: deny}', "tools: {bash: false}"), rights=ALL_RIGHTS),
    Reads(trap="the old map's own * last leaves nothing", text=one('tools: {read: true, "*": false}'), rights=NO_RIGHTS),
    Reads(trap="one MCP tool, and all of a server", text=one('permission: {"*": deny, my-srv_one: allow, "ctx_*": allow}'),
          rights=Rights(("mcp:my-srv/one", "mcp:ctx"))),
    Reads(trap="one tool of a server taken away again", text=one('permission: {"*": deny, "docs_*": allow, docs_delete_page: deny}'),
          rights=Rights(("mcp:docs",), ("mcp:docs/delete_page",))),
    Writes(trap="a server but for one tool", agent=agent("x", ("mcp:docs",), deny=("mcp:docs/delete_page",)),
           holds=("  docs_*: allow\n  docs_delete_page: deny\n",), losses=()),
    Reads(trap="Claude's name of an MCP tool matches nothing", text=one('permission: {"*": deny, mcp__my-srv__one: allow}'),
          rights=Rights(("mcp:~mcp__my-srv__one",))),
    Writes(trap="deny all stands first", agent=agent("x", ("read.file", "read.grep")),
           holds=('permission:\n  "*": deny\n  read: allow\n  grep: allow\n',), never=("^tools:",), losses=()),
    Writes(trap="no tools", agent=agent("x", ()), holds=('permission:\n  "*": deny\n',), losses=()),
    Writes(trap="tools are never a text or a list", agent=agent("x", ("read.file",), deny=("shell",)), never=("^tools:", r"\[")),
    Writes(trap="everything: no permission at all", agent=agent(), never=("permission",), losses=()),
    Writes(trap="Write denied takes edit too", agent=agent("x", deny=("write.file",)), holds=("permission:\n  edit: deny\n",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="Write alone gives edit: inside one capability", agent=agent("x", ("write.file",)),
           holds=('permission:\n  "*": deny\n  edit: allow\n',), losses=(("approximated", "rights"),)),
    Writes(trap="Bash(git:*) becomes a map of patterns", agent=agent("x", ("shell(git *)",)), holds=('  bash:\n    "*": deny\n    git *: allow\n',),
           losses=()),
    Writes(trap="a denied limit", agent=agent("x", deny=("shell(rm *)",)), holds=('  bash:\n    "*": allow\n    rm *: deny\n',), losses=()),
    Writes(trap="a limit on fetching takes only an action, so it is refused", agent=agent("x", ("fetch(domain:a.b)",)), refused="rights-refused"),
    Writes(trap="MCP names are joined", agent=agent("x", ("mcp:my-srv/one", "mcp:ctx")), holds=("  my-srv_one: allow\n  ctx_*: allow\n",),
           never=("mcp__",)),
    Writes(trap="odd characters of an MCP name become underscores", agent=agent("x", ("mcp:my.srv/get:x",)), holds=("my_srv_get_x: allow",)),
    Writes(trap="tools no one names in Claude's words are not written", agent=agent("x", ("read.file", "tool:claude/Monitor")), never=("Monitor",),
           losses=(("narrowed", "rights"),)),
)

TRAPS: Final[tuple[Trap, ...]] = (*NAMES, *CONTAINER, *CONFIG_REFUSED, *FIELDS, *RIGHTS)
