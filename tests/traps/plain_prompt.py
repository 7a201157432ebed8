"""Traps of plain prompts: the file is the prompt, to the byte, and nothing else can be said."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent

TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="the file's name is the agent's", text="Be brief.\n", path="system-prompts/brief.txt",
          says={"name": "brief", "prompt": "Be brief.", "description": None},
          rights=ALL_RIGHTS),
    Reads(trap="a head makes it something else", text="---\nname: x\n---\nHi.\n", status="skipped", line=1),
    Reads(trap="a rule at its beginning does not", text="---\n\n# Title\n\n---\n", says={"prompt": "---\n\n# Title\n\n---"}),
    Reads(trap="a byte order mark is no text", text="\ufeffHi.\n", says={"prompt": "Hi."}),
    Writes(trap="the prompt and nothing else", agent=agent("rev"), path="system-prompts/rev.md", holds=(PROMPT + "\n",), never=("reviews",),
           losses=(("dropped", "description"),)),
    Writes(trap="a prompt that begins like a head is refused", agent=agent(prompt="---\nname: x\n---"), refused="prompt-refused"),
    Writes(trap="white space and line ends around a change stay", old="\r\n\tOld.\r\n\r\n", path="system-prompts/x.txt",
           agent=agent(prompt="New\nlines."),
           holds=("\r\n\tNew\r\nlines.\r\n\r\n",), losses=(("dropped", "description"),)),
    Writes(trap="a restricted agent is refused", agent=agent(allow=()), refused="rights-refused",
           problem="Plain prompt holds no agent to a tool list"),
)
