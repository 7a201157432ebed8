"""Traps of Cursor's rules (from peers, not run): heads that are no YAML, no key for the name, and nothing that holds an agent."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent, md

GLOBS: Final = md("description:", "globs: *.ts,*.tsx", "alwaysApply: true")

TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="globs as the editor writes them are no YAML, and load", text=GLOBS, native={"globs": "*.ts,*.tsx", "alwaysApply": True},
          losses=(("guessed", "head"),)),
    Reads(trap="an empty description is normal", text=md("description:", "alwaysApply: false"), says={"description": None}, losses=()),
    Reads(trap="no head at all is a rule for those who name it", text="Be brief.\n", path=".cursor/rules/brief.mdc",
          says={"name": "brief", "prompt": "Be brief."}),
    Reads(trap="a key for tools means nothing", text=md("tools: [Read]"), rights=ALL_RIGHTS, native={"tools": ["Read"]}),
    Writes(trap="described, and not always applied", agent=agent("rev"), path=".cursor/rules/rev.mdc",
           holds=("description: reviews\nalwaysApply: false\n",), never=("globs", "name"),
           losses=()),
    Writes(trap="a description is one line", agent=agent(description="a\nb"), holds=("description: a b\n",),
           losses=(("approximated", "description"),)),
    Writes(trap="a restricted agent is refused", agent=agent(allow=("read.file",)), refused="rights-refused",
           problem="Cursor rules holds no agent to a tool list"),
    Writes(trap="unless that is allowed, and told", agent=agent(allow=("read.file",)), allow_widening=True,
           losses=(("approximated", "rights"), ("widened", "rights"))),
    Writes(trap="an unchanged rule keeps its globs as they are", old=GLOBS, path=".cursor/rules/x.mdc",
           agent=agent(prompt="Other.", extra={"cursor-rules": {"globs": "*.ts,*.tsx", "alwaysApply": True}}, home="cursor-rules"),
           holds=('globs: "*.ts,*.tsx"\n', "alwaysApply: true\n", "Other.\n"), never=(PROMPT,), losses=()),
)
