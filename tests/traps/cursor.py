"""Traps of Cursor's subagent files (loader of @cursor/sdk 1.0.32): lines and not YAML, and one documented limit."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, Rights
from agentsync.rights import ATOMS
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

READ_ONLY: Final = Rights(("read.file", "read.grep", "read.glob", "read.list", "fetch", "search"))


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose name and description are no trap."""
    return md("name: x", "description: reviews", *head, body=body)


CONTAINER: Final[tuple[Trap, ...]] = (
    Reads(trap="a description with a colon loads whole", text=md("name: x", "description: Use it. Examples: <example>Context: y"),
          says={"description": "Use it. Examples: <example>Context: y"}, losses=()),
    Reads(trap="quotes are part of the description", text=md("name: x", 'description: "quoted"'), says={"description": '"quoted"'}),
    Reads(trap="quotes are part of the name", text=md('name: "x"', "description: d"), says={"name": '"x"'}),
    Reads(trap="escapes are not decoded, a comment is not cut", text=md("name: x", r"description: a\nb # c"), says={"description": r"a\nb # c"}),
    Reads(trap="keys in any case", text=md("NAME: y", "Description: d"), says={"name": "y", "description": "d"}),
    Reads(trap="of two equal keys the last one counts", text=one("description: later"), says={"description": "later"}),
    Reads(trap="a block scalar is its sign, and a line of its text is a key", text=md("name: x", "description: |", "  name: evil"),
          says={"name": "evil", "description": "|"}),
    Reads(trap="an empty description with lines below stays empty", text=md("name: x", "description:", "  some text"), says={"description": ""}),
    Reads(trap="indentation has no meaning", text=md("  name: y", "\tdescription: d"), says={"name": "y", "description": "d"}),
    Reads(trap="lines of comments are skipped", text=one("# description: no"), says={"description": "reviews"}),
    Reads(trap="an unknown key is ignored", text=one("foo: bar"), native={"foo": "bar"}),
    Reads(trap="no description loads", text=md("name: x"), says={"description": None}),
    Reads(trap="an empty body: skipped", text=one(body=""), status="skipped"),
    Reads(trap="no closing fence: skipped", text="---\nname: x\n", status="skipped"),
    Reads(trap="no head: skipped", text="Just text.\n", status="skipped"),
    Reads(trap="a NUL: skipped", text=one("# \0"), status="skipped"),
    Reads(trap="CRLF and a BOM load", text="\ufeff" + one().replace("\n", "\r\n"), says={"name": "x", "prompt": PROMPT}),
    Reads(trap="two rules in a text make it an agent", text="# Notes\n\n---\nname: y\n---\n\nBody.\n", path=".cursor/agents/notes.md",
          says={"name": "y", "prompt": "Body."}),
    Reads(trap="dashes in a value are text", text=md("name: x", "description: a --- b"), says={"description": "a --- b"}),
    Reads(trap="a line that begins with dashes ends the head: readonly is lost", text="---\nname: x\n--- y\nreadonly: true\n---\nBody.\n",
          status="degraded", rights=ALL_RIGHTS),
    Reads(trap="without a name the stem is it", text=md("description: d"), path=".cursor/agents/deep/my-agent.mdc", says={"name": "my-agent"}),
    Reads(trap="an empty name is none: blanks and underscores of the stem become dashes", text=md("name:", "description: d"),
          path=".cursor/agents/my_big agent.md", says={"name": "my-big-agent"}),
    Reads(trap="inherit is no model", text=one("model: inherit"), says={"model": None}, native={"model": None}),
    *(Reads(trap=f"the model {model}", text=one(f"model: {model}"), says={"model": model}) for model in ("claude-opus-4-5", "gpt-5.5",
                                                                                                         "gemini-2.5-pro")),
    Reads(trap="background is the other name of is_background", text=one("background: true"), says={"background": True}),
    Reads(trap="only true is true", text=one("is_background: yes"), says={"background": False}),
    Writes(trap="the description is raw: no quotes, whatever YAML would want", agent=agent(description="Use: 'a' # b [c]"),
           holds=("description: Use: 'a' # b [c]\n",), losses=()),
    Writes(trap="newlines in a description become blanks", agent=agent(description="a\nb: c"), holds=("description: a b: c\n",),
           losses=(("approximated", "description"),)),
    Writes(trap="an agent without a prompt is refused", agent=agent(prompt=""), refused="prompt-refused",
           problem="Cursor does not load an agent without a prompt"),
    Writes(trap="a description that begins with dashes stays in its line", agent=agent(description="--- a"), holds=("description: --- a\n",),
           losses=()),
    Writes(trap="a model's alias is dropped with a hint", agent=agent(model="haiku"), never=("^model:",), losses=(("dropped", "model"),),
           hints=("add to agentsync.yaml: models: {haiku: {cursor: NAME}}",)),
    Writes(trap="the hub's models are used", agent=agent(model="haiku"), models={"haiku": "fast"}, holds=("model: fast\n",),
           losses=(("approximated", "model"),)),
    Writes(trap="a reserved name becomes another", agent=agent("claude-code-tutor"), never=("^name: claude-code-tutor$",),
           losses=(("approximated", "name"),)),
    Writes(trap="a map of its own has no place in lines", agent=agent(extra={"cursor": {"foo": {"a": 1}}}, home="cursor"), never=("foo", r"\{"),
           losses=(("dropped", "cursor.foo"),)),
)

RIGHTS: Final[tuple[Trap, ...]] = (
    Reads(trap="no list: every tool", text=one(), rights=ALL_RIGHTS),
    Reads(trap="an empty list is no list", text=one("tools:"), rights=ALL_RIGHTS),
    Reads(trap="a list is read, and not known to be kept", text=one("tools: Read, Grep"), rights=Rights(("read.file", "read.grep")),
          beyond=("cursor|*",)),
    Reads(trap="every name of Claude's is read", rights=Rights((*ATOMS, "tool:claude/Monitor")), text=one(
        "tools: Read, Grep, Glob, LS, Write, Edit, NotebookEdit, Bash, WebFetch, WebSearch, Agent, Skill, AskUserQuestion, TodoWrite, Monitor")),
    Reads(trap="a flow list keeps its brackets", text=one("tools: [Read, Grep]"), rights=Rights(("tool:claude/[Read", "tool:claude/Grep]"))),
    *(Reads(trap=f"{line} is read-only", text=one(line), rights=READ_ONLY, beyond=()) for line in ("readonly: true", "readonly: TRUE",
                                                                                                   "READONLY: true")),
    *(Reads(trap=f"{line} is NOT read-only", text=one(line), rights=ALL_RIGHTS) for line in ('readonly: "true"', "readonly: yes",
                                                                                             "readonly: true # note", "readonly: false")),
    Reads(trap="a text line readonly: false in a block scalar undoes it", text=md("name: x", "readonly: true", "description: |", "  readonly: false"),
          rights=ALL_RIGHTS),
    Writes(trap="readonly is bare, and stands once", agent=agent("x", tuple(READ_ONLY.allow or ())), holds=("readonly: true\n",),
           never=('readonly: "', "readonly: true #"), losses=()),
    Writes(trap="a reader's other limits are lost beside readonly", agent=agent("x", ("read.file",)), refused="rights-refused"),
    Writes(trap="allowed: a reader is written read-only", agent=agent("x", ("read.file",)), allow_widening=True, holds=("readonly: true\n",),
           losses=(("widened", "rights"),)),
    Writes(trap="a writer that is limited is refused", agent=agent("x", ("read.file", "write.edit")), refused="rights-refused"),
    Writes(trap="allowed: a writer keeps its list as a statement", agent=agent("x", ("read.file", "write.edit")), allow_widening=True,
           holds=("tools: Read, Edit\n",), never=("readonly",),
           losses=(("widened", "rights"),)),
    Writes(trap="no tools must not become every tool", agent=agent("x", ()), refused="rights-refused", problem="Cursor cannot say `no tools`"),
    Writes(trap="allowed: no tools is at least read-only", agent=agent("x", ()), allow_widening=True, holds=("readonly: true\n",), never=("tools:$",),
           losses=(("widened", "rights"),)),
)

TRAPS: Final[tuple[Trap, ...]] = (*CONTAINER, *RIGHTS)
