"""Traps of Roo Code's custom modes (schema of @roo-code/types 1.115.0, loader read in source): one bad mode loses them all."""

from __future__ import annotations

import json
from typing import Any, Final

from agentsync.model import NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent

READ: Final = ("read.file", "read.grep", "read.glob", "read.list")
GLOBAL: Final = ".config/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/custom_modes.yaml"


def mode(*lines: str, slug: str = "x") -> str:
    """One mode of a file: slug, name and role are no trap."""
    return "".join(f"    {line}\n" for line in ("", "name: X", f"roleDefinition: {PROMPT}", *lines)).replace("    \n", f"  - slug: {slug}\n", 1)


def one(*lines: str) -> str:
    """A file of one mode."""
    return "customModes:\n" + mode(*lines)


def as_json(**keys: Any) -> str:
    """The same as JSON, indented by tabs."""
    return json.dumps({"customModes": [{"slug": "x", "name": "X", "roleDefinition": PROMPT, "groups": [], **keys}]}, indent="\t")


CONTAINER: Final[tuple[Trap, ...]] = (
    Reads(trap="JSON with tabs is read", text=as_json(groups=["read"]), says={"name": "x", "prompt": PROMPT}, rights=Rights(READ)),
    Reads(trap="the user's file holds modes too", text=one("groups: []"), path=GLOBAL, says={"display_name": "X"}),
    Reads(trap="Zoo Code's own file is one of modes", text=one("groups: [read]"), path=".zoomodes", rights=Rights(READ)),
    Reads(trap="a file without customModes is passed over", text="slug: x\nname: X\ngroups: [read]\n", status="skipped", problem="`customModes` is missing"),
    Reads(trap="and one in which it is nothing", text="customModes:\n", status="skipped"),
    Writes(trap="which takes a mode all the same", agent=agent(allow=()), old="# ours\nversion: 1\n", holds=("# ours\nversion: 1\ncustomModes:\n",)),
    Reads(trap="a BOM is stripped", text="\ufeff" + one("groups: []"), says={"name": "x"}),
    Reads(trap="a slug with an underscore loses the file", text=one("groups: []").replace("slug: x", "slug: a_b"), status="refused"),
    Reads(trap="a bad mode loses the good one", text=one("groups: []") + mode(slug="bad"), entry="x", status="refused",
          problem="the file is refused as a whole because of the entry `bad`"),
    Reads(trap="an item that is no mode loses the file", text=one("groups: []") + "  - text\n", status="refused"),
    Reads(trap="no role: lost", text=one("groups: []").replace("roleDefinition", "role"), status="refused", problem="`roleDefinition` is missing"),
    Reads(trap="an empty role: lost", text=one("groups: []").replace(f": {PROMPT}", ': ""'), status="refused", problem="there is no prompt"),
    Reads(trap="an empty name: lost", text=one("groups: []").replace("name: X", 'name: ""'), status="refused", problem="`name` is empty"),
    Reads(trap="an unknown key is taken out", text=one("groups: []", "color: red"), native={"color": "red"}),
    Reads(trap="dashes and quotes are replaced before anything is parsed", text=one("groups: []", "whenToUse: a \u2013 b \u2018c\u2019\u00a0d\u200b"),
          says={"description": "a - b 'c' d"}),
    Reads(trap="and may end a text: lost", text=one("groups: []", 'whenToUse: "say \u201cx\u201d"'), status="refused"),
    Reads(trap="JSON that no longer is any is read as it stands", text=as_json(whenToUse="say \u201cx\u201d \u2013 now").encode().decode("unicode_escape"),
          says={"description": "say \u201cx\u201d \u2013 now"}),
    Writes(trap="and stays so", agent=agent(allow=(), description="say \u201cx\u201d", prompt="New."),
           old=as_json(whenToUse="say \u201cx\u201d").encode().decode("unicode_escape"), holds=('"roleDefinition": "New."', "say \u201cx\u201d"), losses=()),
    Reads(trap="what is escaped stays", text=one("groups: []", r'whenToUse: "a \u2014 \u201cb\u201d"'),
          says={"description": "a \u2014 \u201cb\u201d"}),
    Reads(trap="customInstructions end the prompt", text=one("groups: []", "customInstructions: Ask first."),
          says={"prompt": f"{PROMPT}\n\nAsk first."}),
    Reads(trap="whenToUse is nearer to a description", text=one("groups: []", "description: short", "whenToUse: long"),
          says={"description": "long"}, native={"description": "short"}),
    Reads(trap="description alone is one", text=one("groups: []", "description: short"), says={"description": "short"}, native={"description": None}),
    Writes(trap="both descriptions are written", agent=agent(), holds=("    whenToUse: reviews\n    description: reviews\n",)),
    Writes(trap="an em dash arrives", agent=agent(prompt="First \u2014 then\n\n  \u201cquoted\u201d"), never=("[\u2014\u201c]",),
           losses=(("approximated", "rights"), ("narrowed", "rights"))),
    Writes(trap="a description below another one stays", agent=agent(extra={"roo": {"description": "short"}}), holds=("description: short\n",)),
    Writes(trap="customInstructions stay where only the role changes", agent=agent(prompt="New role.\n\nAsk first.", allow=()),
           old=one("groups: []", "customInstructions: Ask first. # keep"),
           holds=("roleDefinition: New role.\n", "customInstructions: Ask first. # keep\n")),
    Writes(trap="the role stays where only customInstructions change", agent=agent(prompt=f"{PROMPT}\n\nDo not ask.", allow=()),
           old=one("groups: []", "customInstructions: Ask first."), holds=(f"roleDefinition: {PROMPT}\n", "customInstructions: Do not ask.\n")),
    Writes(trap="another prompt is the role alone", agent=agent(prompt="All new.", allow=()), old=one("groups: []", "customInstructions: Ask first."),
           holds=("roleDefinition: All new.\n",), never=("customInstructions",)),
    Writes(trap="a file that another mode loses takes no new one", agent=agent("y", ()), old=one("groups: [web]"), refused="old-unreadable",
           problem="Roo Code loads nothing of the file that is there: `groups`: `web` is no tool of Roo Code"),
    Writes(trap="nor one in which a slug stands twice", agent=agent(allow=()), old=one("groups: []") + mode("groups: []"), refused="old-unreadable"),
    Writes(trap="a mode that loses the file is mended by writing it", agent=agent(allow=("read.file", "read.grep", "read.glob", "read.list")),
           old=one("groups: [web]") + mode("groups: []", slug="y"), holds=("    groups: [read]\n",), never=("web",), losses=()),
    Writes(trap="JSON stays JSON", agent=agent(allow=(), description="new"), old=as_json(), holds=('\t\t\t"whenToUse": "new"',),
           never=(r"^\s*[a-z]",)),
    Writes(trap="a colour and a model have no place", agent=agent(allow=(), color="red", model="opus"), never=("color", "model"),
           losses=(("dropped", "color"), ("dropped", "model"))),
)

RIGHTS: Final[tuple[Trap, ...]] = (
    Reads(trap="no groups: lost", text=one(), status="refused"),
    Reads(trap="groups null: lost", text=one("groups:"), status="refused"),
    Reads(trap="groups [] is nothing beyond what is always there", text=one("groups: []"), rights=NO_RIGHTS),
    Reads(trap="a tool of another assistant loses the file", text=one("groups: [read, Read]"), status="refused",
          problem="`groups`: `Read` is no tool of Roo Code"),
    Reads(trap="web is no group of Roo", text=one("groups: [web]"), status="refused"),
    Reads(trap="browser is taken out", text=one("groups: [read, browser]"), rights=Rights(READ)),
    Reads(trap="mcp is every server", text=one("groups: [mcp]"), rights=Rights(("mcp:*",))),
    Reads(trap="SECURITY: an empty expression limits nothing", text=one("groups: [[edit, {fileRegex: ''}]]"),
          rights=Rights(("write.file", "write.edit", "write.notebook"))),
    Reads(trap="an expression that is no text loses the file", text=one("groups: [[edit, {fileRegex: 5}]]"), status="refused"),
    Reads(trap="a group that stands twice loses the file", text=one("groups: [read, [edit, {fileRegex: a}], [edit, {fileRegex: b}]]"), status="refused"),
    Writes(trap="two limits of one group: the first alone", agent=agent(allow=("write.edit(src/**)", "write.edit(docs/**)")),
           holds=('fileRegex: "^src/.*$"',), never=("docs",), losses=(("approximated", "rights"), ("narrowed", "rights"))),
    Writes(trap="a limit beside the whole says nothing", agent=agent(allow=("write.edit(src/**)", "write.edit", "write.file")),
           holds=("groups:\n      - edit\n",), never=("fileRegex",), losses=(("approximated", "rights"),)),
    Reads(trap="SECURITY: servers that Zoo Code allows alone are all that is stated, though Roo Code gives every one",
          text=one("groups: [read, mcp]", "allowedMcpServers: [github]"), rights=Rights((*READ, "mcp:github")), beyond=("roo|mcp:*",),
          native={"allowedMcpServers": ["github"]}),
    Writes(trap="and stay so when other rights change", agent=agent(allow=("mcp:github", "shell"), extra={"roo": {"allowedMcpServers": ["github"]}}, home="roo"),
           allow_widening=True, old=one("groups: [mcp]", "allowedMcpServers: [github]"), holds=("groups: [mcp, command]\n", "allowedMcpServers: [github]\n")),
    Writes(trap="no list of servers is ever trusted", agent=agent(allow=("mcp:github",), extra={"roo": {"allowedMcpServers": ["github"]}}),
           refused="rights-refused"),
    Reads(trap="an expression limits edits", text=one("groups: [[edit, {fileRegex: '^docs/.*$'}]]"),
          rights=Rights(("write.file(docs/**)", "write.edit(docs/**)", "write.notebook(docs/**)"))),
    Reads(trap="an expression that no pattern says keeps its text", text=one(r"groups: [[edit, {fileRegex: 'a|b'}]]"),
          rights=Rights(("write.file(re:a|b)", "write.edit(re:a|b)", "write.notebook(re:a|b)"))),
    Reads(trap="an expression limits nothing but edits", text=one("groups: [[command, {fileRegex: x}]]"), rights=Rights(("shell(re:x)",)),
          beyond=("roo|shell",)),
    Writes(trap="a slug of a built-in mode changes that mode, which is told", agent=agent("architect", ()), holds=("slug: architect\n",), losses=(),
           notes=("always-held", "built-in-name")),
    Writes(trap="an unrestricted agent is every group, and never []", agent=agent(),
           holds=("groups:\n      - read\n      - edit\n      - command\n      - mcp\n",),
           never=(r"groups: \[\]", "modes")),
    Writes(trap="no tools is []", agent=agent(allow=()), holds=("groups: []\n",), losses=()),
    Writes(trap="a pattern is written as an expression that is one", agent=agent(allow=("write.edit(src/**/*.md)",)),
           holds=(r'fileRegex: "^src/(?:.*/)?[^/]*\\.md$"',), losses=(("approximated", "rights"),)),
    Writes(trap="one server cannot be said", agent=agent(allow=("read.file", "mcp:github")), never=("mcp",),
           losses=(("approximated", "rights"), ("narrowed", "rights"))),
    Writes(trap="asking is always allowed, and no statement", agent=agent(allow=("ask", "todo")), holds=("groups: []\n",),
           losses=(("approximated", "rights"),)),
    Writes(trap="an agent with none of its tools is refused", agent=agent(allow=("fetch",)), refused="rights-refused"),
    Writes(trap="a denied shell leaves the rest", agent=agent(deny=("shell",)), holds=("- read\n      - edit\n      - mcp\n",), never=("command",)),
)

TRAPS: Final[tuple[Trap, ...]] = (*CONTAINER, *RIGHTS)
