"""Traps of Google ADK's agent files (google-adk 2.13.0): words in braces are looked up, names are identifiers, tools import code."""

from __future__ import annotations

from typing import Final

from agentsync.model import NO_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent

PLACE: Final = "adk/x/root_agent.yaml"


def one(*lines: str) -> str:
    """A file with a name, an instruction and these lines."""
    return "".join(f"{line}\n" for line in ("name: x", f"instruction: {PROMPT}", *lines))


def aside(text: str) -> str:
    """A prompt that stands where braces are text."""
    return f'name: x\ninstruction: ""\nstatic_instruction: "{text}"\n'


TRAPS: Final[tuple[Trap, ...]] = (
    Reads(trap="no instruction: refused", text="name: x\n", status="refused", problem="`instruction` is missing"),
    Reads(trap="a static instruction alone: refused too", text="name: x\nstatic_instruction: Hi\n", status="refused"),
    Reads(trap="beside an empty one it is the prompt, and its braces are text", text=aside("Say {word}."), says={"prompt": "Say {word}."},
          native={"static_instruction": None, "placeholders": None}),
    Reads(trap="beside another one it stays the format's own", text=one("static_instruction: Rules"), says={"prompt": PROMPT},
          native={"static_instruction": "Rules"}),
    Reads(trap="a word in braces is looked up", text="name: x\ninstruction: Say {word} and {app:x?}.\n",
          native={"placeholders": ["{word}", "{app:x?}"]}),
    Reads(trap="a hyphen in the name: refused", text="name: a-b\ninstruction: Hi\n", status="refused", line=1),
    Reads(trap="user is no name", text="name: user\ninstruction: Hi\n", status="refused"),
    Reads(trap="a switch is no name", text="name: no\ninstruction: Hi\n", status="refused"),
    Reads(trap="a letter of any language is", text="name: é\ninstruction: Hi\n", says={"name": "é"}),
    Reads(trap="an unknown key: refused", text=one("color: red"), status="refused", line=3),
    Reads(trap="a description that is no text: refused", text=one("description: 5"), status="refused", line=3),
    Reads(trap="a loop of agents is no agent with a prompt", text="agent_class: LoopAgent\nname: x\ninstruction: Hi\n", status="skipped"),
    Reads(trap="no tools: none", text=one(), rights=NO_RIGHTS),
    Reads(trap="tools with nothing: refused", text=one("tools:"), status="refused", line=3),
    Reads(trap="names alone: refused", text=one("tools: [google_search]"), status="refused", line=3),
    Reads(trap="another assistant's tool fails to load", text=one("tools: [{name: Read}]"), status="refused",
          problem="`tools`: `Read` is no tool of Google ADK"),
    Reads(trap="an import is a tool of the app's own", text=one("tools: [{name: google_search}, {name: shop.stock}]"),
          rights=Rights(("search", "tool:google-adk/shop.stock"))),
    Writes(trap="the folder is the agent", agent=agent("code-reviewer", allow=()), path="adk/code_reviewer/root_agent.yaml",
           holds=("name: code_reviewer\n",),
           losses=(("approximated", "name"),)),
    Writes(trap="a prompt with braces stands where they are text", agent=agent(allow=(), prompt="Say {word}."),
           holds=('instruction: ""\nstatic_instruction: Say {word}.\n',), losses=()),
    Writes(trap="braces that are no word stay", agent=agent(allow=(), prompt='{"a": 1} {} { a b }'), never=("static_instruction",), losses=()),
    Writes(trap="a file that has its prompt there keeps it there", old=aside("Hi."), path=PLACE, agent=agent(allow=(), prompt="Hello."),
           holds=('instruction: ""\nstatic_instruction: "Hello."\n',), losses=()),
    Writes(trap="a prompt that gets braces moves", old=one(), path=PLACE, agent=agent(allow=(), prompt="Say {word}."),
           holds=('instruction: ""', "static_instruction: Say {word}.\n"),
           losses=()),
    Writes(trap="no tool of another assistant is ever written", agent=agent(allow=("read.file", "shell")), never=("tools",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="a search is the client's own", agent=agent(allow=("read.file", "search")), holds=("tools:\n  - name: google_search\n",),
           losses=(("narrowed", "rights"),)),
    Writes(trap="only Gemini's models are named so", agent=agent(allow=(), model="claude-opus-4-1"), never=("^model",),
           losses=(("dropped", "model"),)),
)
