"""Traps of rulesync's subagent files: what Claude Code is told stands in a block of its own, limits too."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, NO_RIGHTS, Rights
from tests.traps.cases import Reads, Trap, Writes, agent, md


def one(*lines: str) -> str:
    """A file for every tool, with these lines in Claude Code's block."""
    return md("name: x", 'targets: ["*"]', "description: reviews", *(("claudecode:", *(f"  {line}" for line in lines)) if lines else ()))


TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="no block: every tool", text=one(), rights=ALL_RIGHTS, says={"description": "reviews"}),
    Reads(trap="the tools of the block are limits", text=one("tools: Read, Grep", "disallowedTools: [Grep]"),
          rights=Rights(("read.file", "read.grep"), ("read.grep",))),
    Reads(trap="an empty list of the block is no tool", text=one("tools: []"), rights=NO_RIGHTS),
    Reads(trap="the block's model, and inherit is none", text=one("model: opus"), says={"model": "opus"}),
    Reads(trap="inherit is no model", text=one("model: inherit"), says={"model": None}),
    Reads(trap="other tools' blocks are the format's own", text=md("name: x", "targets: [a]", "opencode: {mode: all}"),
          native={"opencode": {"mode": "all"}, "targets": ["a"]}),
    Reads(trap="no name: refused", text=md("targets: [a]"), status="refused"),
    Writes(trap="it is never written", agent=agent(), refused="write-unsupported", problem="Rulesync subagents files are only read"),
)
