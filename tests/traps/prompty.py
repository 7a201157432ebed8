"""Traps of Prompty files (prompty 2.1.0): Jinja2, lines that name roles, a head that ends at the first dashes, and files of version 1."""

from __future__ import annotations

from typing import Final

from agentsync.model import NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

SYSTEM: Final = "system:\n"


def one(*head: str, body: str = SYSTEM + PROMPT) -> str:
    """A file with a name, these lines, and a prompt for the system."""
    return md("name: x", *head, body=body)


HEADS: Final[tuple[Trap, ...]] = (
    Reads(trap="version 1: a template that is a word is refused", text=one("template: jinja2"), status="refused", line=3,
          problem="`template` must be a map ('jinja2')"),
    Reads(trap="version 1: inputs without a kind are refused", text=one("inputs: {q: {type: string}}"), status="refused", line=3),
    Reads(trap="version 1: a model under configuration is no model", text=one("model: {api: chat, configuration: {type: azure}}"),
          says={"model": None},
          native={"model": {"api": "chat", "configuration": {"type": "azure"}}}),
    Reads(trap="inputs with a kind load", text=one("inputs: {q: {kind: string}}"), native={"inputs": {"q": {"kind": "string"}}}),
    Reads(trap="without a name it has none; the file's serves here", text=md("description: d"), path="prompty/y.prompty", says={"name": "y"}),
    Reads(trap="no head: the text is read as one YAML value", text="Just text.\n", status="degraded"),
    Reads(trap="no closing fence: refused", text="---\nname: x\n", status="refused"),
    Reads(trap="a head with a mistake: refused", text=one("description: a: b"), status="refused", line=3),
    Reads(trap="a byte order mark: refused", text="\ufeff" + one(), status="refused"),
    Reads(trap="of two equal keys the last one counts", text=one("name: y"), says={"name": "y"}),
    Reads(trap="an unknown key is ignored", text=one("foo: 1"), native={"foo": 1}),
    Reads(trap="a file without a prompt: refused", text=md("name: x", body=""), status="refused"),
    Reads(trap="a model may be a text", text=one("model: gpt-5"), says={"model": "gpt-5"}),
    Reads(trap="a model has its provider beside it", text=one("model: {id: claude-opus-4-1, provider: anthropic, apiType: chat}"),
          says={"model": "claude-opus-4-1"}, native={"model": {"apiType": "chat"}}),
    Writes(trap="a Claude model gets its provider", agent=agent(allow=(), model="claude-opus-4-1"),
           holds=("model:\n  id: claude-opus-4-1\n  provider: anthropic\n",), losses=()),
    Writes(trap="somebody's own provider stays", old=one("model: {id: claude-opus-4-1, provider: foundry}"),
           agent=agent(allow=(), model="claude-haiku-4-5"),
           path="prompty/x.prompty", holds=("id: claude-haiku-4-5", "provider: foundry"), losses=()),
    Writes(trap="dashes in a description would end the head", agent=agent(allow=(), description="a --- b"),
           holds=('description: "a \\u002d-- b"\n',), losses=()),
    Writes(trap="so would three plus signs, and nothing escapes them", agent=agent(allow=(), description="a +++ b"), never=("description",),
           losses=(("dropped", "description"),)),
    Writes(trap="a reference would be looked up", agent=agent(allow=(), description="${env:HOME}"), never=("description",),
           losses=(("dropped", "description"),)),
)

BODIES: Final[tuple[Trap, ...]] = (
    Reads(trap="the role's line is no part of the prompt", text=one(), says={"prompt": PROMPT}),
    Reads(trap="a text without a role is the system's", text=one(body=PROMPT), says={"prompt": PROMPT}),
    Reads(trap="system: in the middle of a line is no role", text=one(body="system: be kind"), says={"prompt": "system: be kind"},
          native={"placeholders": None}),
    Reads(trap="expressions and roles are active", text=one(body=SYSTEM + "Hi {{name}}.\n\nuser:\n{{q}}"),
          native={"placeholders": ["{{name}}", "{{q}}", "user:"]}),
    Reads(trap="an escaped expression is text", text=one(body="Put {{ '{{' }}name}} here."), says={"prompt": "Put {{name}} here."},
          native={"placeholders": None}),
    Writes(trap="the prompt is the system's", agent=agent("rev", allow=()), holds=("---\n\n" + SYSTEM + PROMPT,), path="prompty/rev.prompty",
           losses=()),
    Writes(trap="expressions, statements and comments are escaped", agent=agent(allow=(), prompt="a {{x}} {% if %} {# c #} {{{{"), losses=(),
           holds=("a {{ '{{' }}x}} {{ '{%' }} if %} {{ '{#' }} c #} {{ '{{' }}{{ '{{' }}",)),
    Writes(trap="a line that names a role splits the prompt", agent=agent(allow=(), prompt="a\nUser:\nb"), losses=(("approximated", "prompt"),)),
    Writes(trap="what Python takes for the end of a line becomes one", agent=agent(allow=(), prompt="a\u2028b\x85c"), holds=("a\u2028b\x85c",),
           losses=(("approximated", "prompt"),)),
    Writes(trap="no prompt: refused", agent=agent(allow=(), prompt=""), refused="prompt-refused"),
)

TOOLS: Final[tuple[Trap, ...]] = (
    Reads(trap="no tools: none", text=one(), rights=NO_RIGHTS),
    Reads(trap="a list of names: refused", text=one("tools: [Read]"), status="refused", line=3),
    Reads(trap="tools with nothing: refused", text=one("tools:"), status="refused", line=3),
    Reads(trap="a declaration is a tool of the app's own, and stays as it is", text=one("tools: [{name: stock, kind: function}]"),
          rights=Rights(("tool:prompty/stock",)), native={"tools": [{"name": "stock", "kind": "function"}]}),
    Reads(trap="so is a map of them", text=one("tools: {stock: function}"), rights=Rights(("tool:prompty/stock",))),
    Reads(trap="a server and some of its tools", text=one("tools: [{name: docs, kind: mcp, allowedTools: [a, b]}, {name: all, kind: mcp}]"),
          rights=Rights(("mcp:docs/a", "mcp:docs/b", "mcp:all"))),
    Writes(trap="no name of a tool is written: it would be refused", agent=agent(allow=("read.file", "mcp:docs")), never=("tools", "Read"),
           losses=(("narrowed", "rights"),)),
    Writes(trap="an agent with every tool has none here", agent=agent(), never=("tools",), losses=(("narrowed", "rights"),)),
    Writes(trap="its own declarations go home", losses=(), holds=("tools:\n  - name: stock\n    kind: function\n",),
           agent=agent(allow=("tool:prompty/stock",), extra={"prompty": {"tools": [{"name": "stock", "kind": "function"}]}}, home="prompty")),
)

TRAPS: Final[tuple[Trap, ...]] = HEADS + BODIES + TOOLS
