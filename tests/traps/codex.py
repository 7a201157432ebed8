"""Traps of Codex CLI's agent roles (client 0.169.0): one stray key loses the file, and nothing in it limits the agent."""

from __future__ import annotations

from typing import Final

from agentsync.model import ALL_RIGHTS, Rights
from tests.traps.cases import PROMPT, Reads, Trap, Writes, agent

GOOD: Final = f'name = "x"\ndescription = "reviews"\ndeveloper_instructions = "{PROMPT}"\n'
READ_ONLY: Final = Rights(("read.file", "read.grep", "read.glob", "read.list"))


def one(*lines: str) -> str:
    """A file of one agent, and more lines."""
    return GOOD + "".join(f"{line}\n" for line in lines)


def without(key: str) -> str:
    """A file of one agent that lacks a key."""
    return "".join(line for line in GOOD.splitlines(keepends=True) if not line.startswith(key))


CONTAINER: Final[tuple[Trap, ...]] = (
    Reads(trap="colons, quotes and tags in a string are text", text=one().replace("reviews", "Use: <example>a: 'b'</example>"),
          says={"description": "Use: <example>a: 'b'</example>"}),
    Reads(trap="an unknown key loses the file", text=one('color = "red"'), status="refused", problem="`color` is no key of Codex CLI", line=4),
    Reads(trap="include_apply_patch_tool is no key any more", text=one("include_apply_patch_tool = true"), status="refused"),
    Reads(trap="tools as a list is another key's type", text=one('tools = ["Read"]'), status="refused", line=4),
    Reads(trap="an unknown key under features is taken", text=one("[features]", "foo = true"), native={"features": {"foo": True}}),
    Reads(trap="an inline table of features", text=one("features = {shell_tool = false}"), native={"features": {"shell_tool": False}}),
    Reads(trap="no name: lost", text=without("name"), status="refused", problem="`name` is missing"),
    Reads(trap="a blank name: lost", text=one().replace('"x"', '"  "'), status="refused"),
    Reads(trap="no description: lost", text=without("description"), status="refused", problem="`description` is missing"),
    Reads(trap="a blank description: lost", text=one().replace("reviews", "  "), status="refused"),
    Reads(trap="no instructions: lost", text=without("developer"), status="refused", problem="`developer_instructions` is missing"),
    Reads(trap="blank instructions: lost", text=one().replace(PROMPT, " \\n "), status="refused"),
    Reads(trap="instructions is no substitute", text=without("developer") + f'instructions = "{PROMPT}"\n', status="refused"),
    Reads(trap="a model that is a number: lost", text=one("model = 5"), status="refused", line=4),
    Reads(trap="a name that is a number: lost", text=one().replace('"x"', "5"), status="refused"),
    Reads(trap="an unknown sandbox_mode: lost", text=one('sandbox_mode = "locked"'), status="refused", line=4),
    Reads(trap="CRLF loads", text=one().replace("\n", "\r\n"), says={"prompt": PROMPT}),
    Reads(trap="a BOM loads", text="\ufeff" + one(), says={"name": "x"}),
    Reads(trap="a raw NUL: lost", text=one("# \0"), status="refused"),
    Reads(trap="bytes that are no UTF-8: lost", text=one("# \udcff"), status="refused"),
    Reads(trap="an empty file: lost", text="", status="refused"),
    Reads(trap="a syntax error: lost, with its line", text=one("model = "), status="refused", line=4),
    Reads(trap="a duplicate key: lost", text=one('name = "y"'), status="refused", line=4),
    Reads(trap="a newline straight after the quotes is none of the text", text=without("developer") + 'developer_instructions = """\nA\nB"""\n',
          says={"prompt": "A\nB"}),
    Reads(trap="a literal string keeps its backslashes", text=without("developer") + "developer_instructions = '''a\\nb'''\n",
          says={"prompt": r"a\nb"}),
    Reads(trap="TOML 1.1: the escape e", text=one().replace("reviews", "a\\eb"), says={"description": "a\x1bb"}),
    Reads(trap="TOML 1.1: the escape x", text=one().replace("reviews", "a\\x41b"), says={"description": "aAb"}),
    Reads(trap="TOML 1.1: an inline table over lines", text=one("features = {", "  shell_tool = false,", "}"),
          native={"features": {"shell_tool": False}}),
    Reads(trap="name and description are trimmed", text=one().replace('"x"', '" x "').replace("reviews", " reviews "),
          says={"name": "x", "description": "reviews"}),
    Reads(trap="any text is a name", text=one().replace('"x"', '"a b/c:d 名"'), says={"name": "a b/c:d 名"}),
    *(Reads(trap=f"nicknames {value}: lost", text=one(f"nickname_candidates = {value}"), status="refused", line=4) for value in ("[]", '["é"]',
                                                                                                                                 '["a.b"]',
                                                                                                                                 '["a", "a"]',
                                                                                                                                 '["a", 5]')),
    Reads(trap="good nicknames stay", text=one('nickname_candidates = ["Ada L-1", "b_2"]'), native={"nickname_candidates": ["Ada L-1", "b_2"]}),
    Writes(trap="a colour is never written", agent=agent(color="red"), never=("color",), losses=(("dropped", "color"),)),
    Writes(trap="keys of other assistants are never written", agent=agent(memory="user", max_turns=5, extra={"opencode": {"variant": "x"}}),
           never=("memory", "turns", "variant"),
           losses=(("dropped", "memory"), ("dropped", "max_turns"))),
    Writes(trap="an unknown key of its own is dropped", agent=agent(extra={"codex": {"foo": 1}}, home="codex"), never=("foo",),
           losses=(("dropped", "codex.foo"),)),
    Writes(trap="an agent without a prompt is refused", agent=agent(prompt=""), refused="prompt-refused",
           problem="Codex CLI does not load an agent without a prompt"),
    Writes(trap="three quotes and backslashes in a prompt arrive", agent=agent(prompt='"""\\n\'\'\' C:\\x\n"""'), losses=()),
    Writes(trap="a blank description: the name stands in", agent=agent(description=" "), holds=('description = "x"',),
           losses=(("approximated", "description"),)),
    Writes(trap="a model's alias is dropped with a hint", agent=agent(model="sonnet"), never=("^model ",), losses=(("dropped", "model"),),
           hints=("add to agentsync.yaml: models: {sonnet: {codex: NAME}}",)),
    Writes(trap="the hub's models are used", agent=agent(model="sonnet"), models={"sonnet": "gpt-5.5"}, holds=('model = "gpt-5.5"',),
           losses=(("approximated", "model"),)),
    Writes(trap="effort is carried, what it does not know is dropped", agent=agent(effort="max"), never=("effort",), losses=(("dropped", "effort"),)),
    Writes(trap="effort high", agent=agent(effort="high"), holds=('model_reasoning_effort = "high"',), losses=()),
)

RIGHTS: Final[tuple[Trap, ...]] = (
    Reads(trap="no key: everything the parent has", text=one(), rights=ALL_RIGHTS),
    Reads(trap="SECURITY: read-only is stated, and not kept", text=one('sandbox_mode = "read-only"'), rights=READ_ONLY, beyond=("codex|*",),
          problem="Codex CLI does not keep `sandbox_mode: read-only`: the agent has every right of its session"),
    Reads(trap="danger-full-access widens nothing", text=one('sandbox_mode = "danger-full-access"'), rights=ALL_RIGHTS),
    Reads(trap="SECURITY: web_search disabled is not kept", text=one('web_search = "disabled"'), rights=ALL_RIGHTS,
          native={"web_search": "disabled"}),
    Reads(trap="SECURITY: approval_policy is not kept", text=one('approval_policy = "never"'), rights=ALL_RIGHTS),
    Reads(trap="SECURITY: default_permissions is not kept", text=one('default_permissions = ":read-only"'), rights=ALL_RIGHTS),
    Reads(trap="without a shell apply_patch stays", text=one("[features]", "shell_tool = false"), rights=ALL_RIGHTS),
    Writes(trap="a restricted agent is refused", agent=agent("x", ("read.file",)), refused="rights-refused",
           problem="Codex CLI holds no agent to a tool list"),
    Writes(trap="so is one with no tools", agent=agent("x", ()), refused="rights-refused"),
    Writes(trap="so is one with a denied tool", agent=agent("x", deny=("shell",)), refused="rights-refused"),
    Writes(trap="allowed: read-only is written as intent, and still says widened", agent=agent("x", ("read.file", "read.grep")), allow_widening=True,
           holds=('sandbox_mode = "read-only"',), losses=(("approximated", "rights"), ("widened", "rights"))),
    Writes(trap="allowed: no intent for an agent that writes", agent=agent("x", ("read.file", "write.edit")), allow_widening=True,
           never=("sandbox_mode",),
           losses=(("approximated", "rights"), ("widened", "rights"))),
    Writes(trap="allowed: no intent for an agent with a shell", agent=agent("x", ("shell", "read.file")), allow_widening=True,
           never=("sandbox_mode",),
           losses=(("approximated", "rights"), ("widened", "rights"))),
    Writes(trap="no tool list is ever written", agent=agent("x", ("read.file",)), allow_widening=True, never=("^tools", "Read")),
)

TRAPS: Final[tuple[Trap, ...]] = (*CONTAINER, *RIGHTS)
