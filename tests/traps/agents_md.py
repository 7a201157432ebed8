"""Traps of AGENTS.md: the file is somebody else's, everything in it speaks to the main agent, and nothing holds anybody."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent

BEGIN: Final = "<!-- agentsync:begin -->\n"
END: Final = "<!-- agentsync:end -->\n"
OURS: Final = f"{BEGIN}## Agents\n\n### x\n\nreviews\n\n{END}"
BOTH: Final = (("dropped", "prompt"),)

TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="a heading and a paragraph", text=f"# Ours\n\n{OURS}\nMore.\n", entry="x", says={"name": "x", "description": "reviews", "prompt": ""},
          rights=ALL_RIGHTS),
    Reads(trap="what people put below it is a prompt", text=OURS.replace("reviews\n", "reviews\n\nBe kind.\n"), entry="x",
          says={"prompt": "Be kind."}),
    Reads(trap="a block that never ends is refused", text=f"# Ours\n{BEGIN}\n### x\n", status="refused", line=2),
    Reads(trap="two blocks are refused", text=OURS + OURS, status="refused", line=1),
    Writes(trap="name and description, and not the prompt", agent=agent(), path="AGENTS.md", holds=(OURS,), never=(PROMPT,), losses=BOTH),
    Writes(trap="what people wrote stays, byte for byte", agent=agent(), old="# Ours\r\n\r\ntrailing  \r\nno end", path="AGENTS.md", losses=BOTH,
           holds=("# Ours\r\n\r\ntrailing  \r\nno end\r\n\r\n" + OURS.replace("\n", "\r\n"),)),
    Writes(trap="a second agent joins the block", agent=agent("y"), old=f"# Ours\n\n{OURS}\n## Style\n", path="AGENTS.md", losses=BOTH,
           holds=(f"# Ours\n\n{OURS.removesuffix(END)}### y\n\nreviews\n\n{END}\n## Style\n",)),
    Writes(trap="what people put below the description stays", agent=agent(description="judges"), path="AGENTS.md", losses=BOTH,
           old=OURS.replace("reviews\n", "reviews\n\nBe kind.\n"), holds=(OURS.replace("reviews\n", "judges\n\nBe kind.\n"),)),
    Writes(trap="a description that looks like a heading", agent=agent(description="### y"), holds=("\n\\### y\n",), losses=BOTH),
    Writes(trap="one that looks like the end of the block", agent=agent(description=END.strip()), holds=(f"\n\\{END}",), losses=BOTH),
    Writes(trap="a description of two lines is one", agent=agent(description="a\n\nb"), holds=("\na b\n",),
           losses=(("approximated", "description"), *BOTH)),
    Writes(trap="a restricted agent is refused", agent=agent(allow=("read.file",)), refused="rights-refused",
           problem="AGENTS.md holds no agent to a tool list"),
)
