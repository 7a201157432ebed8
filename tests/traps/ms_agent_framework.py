"""Traps of Microsoft Agent Framework's files (agent-framework-declarative 1.4.0): a kind is needed, and `=` begins a formula."""

from __future__ import annotations

from typing import Final

from agentsync.model import NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent


def one(*lines: str) -> str:
    """A file with a kind, a name, instructions and these lines."""
    return "".join(f"{line}\n" for line in ("kind: Prompt", "name: x", f"instructions: {PROMPT}", *lines))


TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="no kind: taken for a manifest, and refused", text="name: x\ninstructions: Hi\n", status="refused", problem="`kind` is missing"),
    Reads(trap="the kind in another case", text="kind: prompt\nname: x\n", says={"name": "x"}),
    Reads(trap="another kind: refused", text="kind: Workflow\nname: x\n", status="refused", line=1),
    Reads(trap="an unknown key: refused", text=one("color: red"), status="refused", line=4),
    Reads(trap="a description that is no text: refused", text=one("description: 5"), status="refused", line=4),
    Reads(trap="a model that is a text: refused", text=one("model: gpt-5"), status="refused", line=4),
    Reads(trap="a switch is no name", text="kind: Prompt\nname: no\n", status="refused", line=2),
    Reads(trap="a formula is no description", text=one('description: "=Env.NAME"'), says={"description": None}, native={"description": "=Env.NAME"}),
    Reads(trap="a formula for a prompt is active", text='kind: Prompt\nname: x\ninstructions: "=Env.PROMPT"\n', native={"placeholders": ["="]}),
    Reads(trap="no tools: none", text=one(), rights=NO_RIGHTS),
    Reads(trap="tools with nothing: none", text=one("tools:"), rights=NO_RIGHTS),
    Reads(trap="names alone: refused", text=one("tools: [web_search]"), status="refused", line=4),
    Reads(trap="a search by its kind, whatever its name", text=one("tools: [{kind: web_search, name: find}]"), rights=Rights(("search",))),
    Writes(trap="the kind is written", agent=agent("rev", allow=()), path="declarative-agents/rev.yaml",
           holds=("kind: Prompt\n", f"instructions: {PROMPT}\n"), losses=()),
    Writes(trap="a prompt that begins a formula is refused", agent=agent(allow=(), prompt="=1+1"), refused="prompt-refused"),
    Writes(trap="an equals sign elsewhere is text", agent=agent(allow=(), prompt="a =1"), losses=()),
    Writes(trap="a description that begins a formula is dropped", agent=agent(allow=(), description="=1+1"), never=("description",),
           losses=(("dropped", "description"),)),
    Writes(trap="a Claude model gets its provider and the kind of its API", agent=agent(allow=(), model="claude-opus-4-1"), losses=(),
           holds=("model:\n  id: claude-opus-4-1\n  provider: Anthropic\n  apiType: Chat\n",)),
    Writes(trap="another provider's model takes the old one's place", old=one("model: {id: claude-opus-4-1, provider: Anthropic, apiType: Chat}"),
           agent=agent(allow=(), model="gpt-5"), path="declarative-agents/x.yaml", holds=("model: {id: gpt-5, provider: OpenAI, apiType: Chat}",),
           losses=()),
    Writes(trap="a search is declared, the rest has no counterpart", agent=agent(allow=("read.file", "shell", "search")),
           holds=("tools:\n  - kind: web_search\n",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="a function without its bindings is not written", agent=agent(allow=("tool:ms-agent-framework/blame",)), never=("tools",),
           losses=(("narrowed", "rights"),)),
)
