"""Traps of Dotprompt files (npm dotprompt 1.1.2): a broken head becomes text for the model, and the text is a Handlebars template."""

from __future__ import annotations

from typing import Final

from agentsync.model import NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

SYSTEM: Final = '{{role "system"}}\n'
EVERYTHING: Final = "[Read, Grep, Glob, LS, Write, Edit, NotebookEdit, Bash, WebFetch, WebSearch, Agent, Skill, AskUserQuestion, TodoWrite]"


def one(*head: str, body: str = SYSTEM + PROMPT) -> str:
    """A file with a name, these lines, and a prompt for the system."""
    return md("name: x", *head, body=body)


TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="the role's line is no part of the prompt", text=one(), says={"prompt": PROMPT}),
    Reads(trap="without a head the whole file is the text", text="Say {{word}}.\n", path="prompts/say.prompt",
          says={"name": "say", "prompt": "Say {{word}}."},
          rights=NO_RIGHTS, native={"placeholders": ["{{word}}"]}),
    Reads(trap="DANGEROUS: a head that is no YAML is text for the model", text=md("name: x", "description: a: b"), status="degraded", line=3),
    Reads(trap="DANGEROUS: so is one with a key twice", text=one("name: y"), status="degraded"),
    Reads(trap="DANGEROUS: so is one behind a byte order mark", text="\ufeff" + one(), status="degraded"),
    Reads(trap="DANGEROUS: so is one that never closes", text="---\nname: x\n", status="degraded"),
    Reads(trap="a number is a name", text=md("name: 5"), says={"name": "5"}),
    Reads(trap="partials are no prompts of their own", text=one(), path="prompts/x.prompt", says={"name": "x"}),
    Reads(trap="a key with a dot is kept for its owner, one without is dropped by the client", text=one("a.b: 1", "foo: 2"),
          native={"a.b": 1, "foo": 2}),
    Reads(trap="no tools: none, for tools are given", text=one(), rights=NO_RIGHTS),
    Reads(trap="an empty list: none", text=one("tools: []"), rights=NO_RIGHTS),
    Reads(trap="any name may be given", text=one("tools: [Read, shop_stock, mcp__docs__search]"),
          rights=Rights(("read.file", "tool:claude/shop_stock", "mcp:docs/search"))),
    Reads(trap="an escaped mustache is text, a bare one is not", text=one(body=SYSTEM + "Put \\{{name}} where {{slot}} was."),
          says={"prompt": "Put {{name}} where {{slot}} was."}, native={"placeholders": ["{{slot}}"]}),
    Reads(trap="the temperature stands inside config, the rest of it stays", text=one("config: {temperature: 0.2, topK: 5}"),
          says={"temperature": 0.2}, native={"config": {"topK": 5}}),
    Writes(trap="the prompt is the system's", agent=agent("rev"), holds=("---\n\n" + SYSTEM + PROMPT,), path="prompts/rev.prompt"),
    Writes(trap="every tool has to be named, and MCP tools cannot be", agent=agent(), holds=(f"tools: {EVERYTHING}\n",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="mustaches are escaped", agent=agent(allow=(), prompt="a {{x}} {{{y}}} {{{{z}}}} {{#if}} {{ b }} }} {"), losses=(),
           holds=("a \\{{x}} \\{{{y}}} \\{{\\{{z}}}} \\{{#if}} \\{{ b }} }} {",)),
    Writes(trap="its own placeholder stays one",
           agent=agent(allow=(), prompt="a {{x}} {{y}}", extra={"dotprompt": {"placeholders": ["{{x}}"]}}, home="dotprompt"),
           holds=("a {{x}} \\{{y}}",), losses=()),
    Writes(trap="a backslash before mustaches cannot be said", agent=agent(allow=(), prompt="a \\{{x}}"), refused="prompt-refused"),
    Writes(trap="the library's own markers cannot be said", agent=agent(allow=(), prompt="<<<dotprompt:role:user>>>"), refused="prompt-refused"),
    Writes(trap="a model has its provider before it", agent=agent(allow=(), model="claude-sonnet-4-5"),
           holds=("model: anthropic/claude-sonnet-4-5\n",), losses=()),
    Writes(trap="an alias has no provider", agent=agent(allow=(), model="opus"), never=("model",), losses=(("dropped", "model"),)),
    Writes(trap="a file without a role stays one, and without a head until it needs one", old="Say {{word}}.\n", path="prompts/x.prompt",
           agent=agent(allow=(), prompt="Say {{word}} twice.", extra={"dotprompt": {"placeholders": ["{{word}}"]}}, home="dotprompt"),
           holds=("description: reviews", "Say {{word}} twice."), never=("role",), losses=()),
    Writes(trap="what else stands in config stays, in its order", old=one("config:", "  topK: 5      # few", "  temperature: 0.2"),
           agent=agent(allow=(), temperature=0.5), path="prompts/x.prompt", holds=("  topK: 5      # few\n  temperature: 0.5\n",), losses=()),
)
