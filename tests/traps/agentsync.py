"""Traps of the hub's own files: Claude Code's Markdown, and one last key that Claude Code ignores."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md


def one(*head: str, body: str = PROMPT) -> str:
    """A file of one agent whose name and description are no trap."""
    return md("name: x", "description: reviews", *head, body=body)


TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="the hub means the limits it says", text=one("tools: Bash(git:*), Read"), rights=Rights(("shell(git *)", "read.file")), beyond=()),
    Reads(trap="a limit in the deny list is a limit", text=one("disallowedTools: Bash(rm:*)"), rights=Rights(deny=("shell(rm *)",))),
    Reads(trap="every MCP tool can be said", text=one("tools: mcp__*"), rights=Rights(("mcp:*",))),
    Reads(trap="a tool of another assistant", text=one("tools: opencode/lsp, Read"), rights=Rights(("tool:opencode/lsp", "read.file"))),
    Reads(trap="no tools", text=one("tools: []"), rights=NO_RIGHTS),
    Reads(trap="asking first", text=one("agentsync: {ask: [shell]}"), rights=Rights(ask=("shell",))),
    Reads(trap="neutral fields Claude Code lacks stand under the key", text=one("agentsync: {mode: primary, temperature: 0.1}"),
          says={"mode": "primary", "temperature": 0.1}),
    Reads(trap="a model without a word stands under the key", text=one("model: sonnet", "agentsync: {model: gpt-5.5}"), says={"model": "gpt-5.5"}),
    Reads(trap="the key is no map: nothing of it counts", text=one("agentsync: yes"), rights=ALL_RIGHTS, native={"agentsync": "yes"}),
    Reads(trap="three dashes in a value end the head there", text=md("name: x", "description: a --- b", "tools: Read"), status="degraded",
          rights=ALL_RIGHTS),
    Reads(trap="a head that needs repair loads, as Claude Code mends it", text=md("name: x", "description: Use: a"), says={"description": "Use: a"},
          losses=(("guessed", "head"),)),
    Writes(trap="the key stands last", agent=agent("x", ("read.file",), temperature=0.1, color="red"), holds=("agentsync:",),
           never=(r"^agentsync:[^\n]*\n(?:  [^\n]*\n)*[a-z]",), losses=()),
    Writes(trap="everything can be said", losses=(), agent=agent(
        "Sales Coach", ("shell(git *)", "mcp:*", "mcp:a_b/c", "tool:opencode/lsp", "write.edit(src/**)"), deny=("mcp:a_b/d",), ask=("shell(git *)",),
        color="#12ab34", model="gpt-5.5",
        mode="primary", hidden=True, temperature=0.5, top_p=0.9, timeout_minutes=4, display_name="Coach: one", output_schema={"type": "object"})),
    Writes(trap="dashes anywhere never end the head", agent=agent("a --- b", description="c --- d", extra={"codex": {"x --- y": "z --- w"}}),
           never=(r"^[^\n].*\S.*---",), losses=()),
    Reads(trap="the order of what stands under the key is the writer's",
          text=one("agentsync: {ask: [shell], codex: {a: 1}, mode: primary, tags: [b]}"), says={"mode": "primary"}),
    Writes(trap="native values of other assistants are kept",
           agent=agent(extra={"codex": {"model_reasoning_effort": "minimal"}, "opencode": {"variant": "x"}}),
           holds=("codex", "model_reasoning_effort: minimal", "variant: x"), losses=()),
)
