"""Random agents for the laws: every shape a real one has had, and the nasty ones no real one has shown yet."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from agentsync.formats.rules import Format
from agentsync.model import HUB_FORMAT, Agent, Rights
from agentsync.rights import ATOMS

NASTY = [
    "plain words",
    "a: b, c # d",
    "Use when: x. Examples: <example>Context: y</example>",
    'quote " and \' and \\ and `tick`',
    "- dash first",
    "--- three dashes",
    "x --- y",
    "*star",
    "&anchor",
    "!tag",
    "{brace}",
    "[bracket",
    "%percent",
    "@at",
    "| pipe",
    "> fold",
    "? question",
    "no",
    "12",
    "0o17",
    "2024-01-01",
    "null",
    "~",
    "true",
    "1e3",
    "é ü 名前 🎯",
    "a\u2028b",
    "nbsp\u00a0here",
    "two\nlines",
    "tab\there",
    "back\\nslash",
    "'''",
    '"""',
    "ends with colon:",
    "#hash",
    "zero\u200bwidth",
    "${word} and {{cwd}} and {file:x} and {env:Y}",
    "trailing backslash \\",
    "#ff0000",
    "=sum",
]

_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)
lines = st.one_of(st.sampled_from(NASTY), _text).map(lambda t: t.strip()).filter(bool)
descriptions = st.one_of(lines, st.lists(lines, min_size=2, max_size=3).map("\n".join))
prompts = st.lists(st.one_of(st.sampled_from([*NASTY, "---", "```sh\necho ${HOME}\n```", "", "# Title"]), _text), min_size=1, max_size=6).map(
    lambda parts: "\n".join(parts).strip()
)
names = st.one_of(
    st.from_regex(r"[a-z][a-z0-9]{1,8}(-[a-z0-9]{1,5}){0,2}", fullmatch=True),
    st.sampled_from(["Sales Coach", "FP&A Analyst", "名前", "../../x", "con", "powershell-5.1-expert", "a", "UPPER", "under_score", "x" * 80,
                     ".hidden"]),
)

_servers = st.sampled_from(["context7", "my-srv", "a_b", "github"])
_tools = st.sampled_from(["one", "get-docs", "read_file", "x"])
mcp_grants = st.one_of(
    st.builds(lambda s: f"mcp:{s}", _servers),
    st.builds(lambda s, t: f"mcp:{s}/{t}", _servers, _tools),
)
limited_grants = st.sampled_from(["shell(git *)", "shell(npm run test)", "write.edit(src/**)", "read.file(docs/*)", "delegate(helper)"])
other_grants = st.sampled_from(["tool:claude/Monitor", "tool:claude/NoSuchTool", "tool:opencode/lsp", "tool:codex/thing"])
grants = st.one_of(st.sampled_from(list(ATOMS)), st.sampled_from(list(ATOMS)), mcp_grants, limited_grants, other_grants)
denials = st.one_of(st.sampled_from(list(ATOMS)), mcp_grants, st.sampled_from(["shell(rm *)", "write.edit(!docs/*)", "tool:claude/Monitor"]))
rights = st.one_of(
    st.just(Rights()),
    st.builds(Rights, allow=st.lists(grants, max_size=8, unique=True).map(tuple)),
    st.builds(Rights, deny=st.lists(denials, max_size=4, unique=True).map(tuple)),
    st.builds(
        Rights, allow=st.lists(grants, max_size=8, unique=True).map(tuple), deny=st.lists(denials, max_size=3, unique=True).map(tuple)
    ),
    st.builds(Rights, ask=st.lists(st.sampled_from(["shell", "write.edit", "fetch"]), max_size=2, unique=True).map(tuple)),
)

FIELD_VALUES = {
    "model": st.sampled_from(["sonnet", "opus", "haiku", "claude-sonnet-4-5", "gpt-5.5", "gemini-2.5-pro", "qwen-plus", "strange model"]),
    "color": st.sampled_from(["red", "purple", "pink", "cyan", "#12ab34"]),
    "effort": st.sampled_from(["low", "high", "max", 2048]),
    "max_turns": st.integers(1, 50),
    "timeout_minutes": st.integers(1, 50),
    "temperature": st.sampled_from([0, 0.1, 1, 1.5]),
    "top_p": st.sampled_from([0.1, 1]),
    "mode": st.sampled_from(["primary", "all"]),
    "hidden": st.booleans(),
    "background": st.booleans(),
    "isolation": st.sampled_from(["worktree", "remote"]),
    "memory": st.sampled_from(["user", "project", "local"]),
    "permission_mode": st.sampled_from(["plan", "acceptEdits", "default", "bypassPermissions"]),
    "skills": st.lists(st.sampled_from(["pdf", "deploy", "a-b"]), min_size=1, max_size=2, unique=True),
    "display_name": lines,
    "initial_prompt": lines,
    "omit_project_memory": st.booleans(),
    "mcp_servers": st.sampled_from([["github"], [{"local": {"command": "run", "args": ["-x"]}}]]),
    "hooks": st.sampled_from([{"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]}]),
}

# Native values by what a format file says they are, good ones and such as the client does not take.
NATIVE_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.sampled_from(["word", "a: b # c", "no", "two\nlines"]),
    "bool": st.booleans(),
    "integer": st.integers(-3, 9),
    "positive": st.integers(1, 9),
    "number": st.sampled_from([0, 0.5, 3]),
    "list": st.lists(st.sampled_from(["a", "b: c", 1, {"k": "v"}]), max_size=2),
    "map": st.dictionaries(st.sampled_from(["k", "type", "a b"]), st.sampled_from(["v", 1, True, ["x"]]), max_size=2),
    "labels": st.lists(st.sampled_from(["Atlas", "Delta 2", "b-c"]), min_size=1, max_size=2, unique=True),
}
_native = st.one_of(*NATIVE_VALUES.values())


def native_values(fmt: Format) -> st.SearchStrategy[dict[str, Any]]:
    """Values that an agent may hold for this format alone: keys it knows, keys nobody knows, and the keys of its rights."""
    known = {
        key: st.sampled_from(list(rule.values)) if rule.values else st.one_of(NATIVE_VALUES.get(rule.type, _native), _native)
        for key, rule in fmt.native.items()
    }
    lists = st.one_of(st.lists(st.sampled_from(["Read", "Bash", "read", "bash", "Bash(git *)", "*"]), max_size=3), st.just("Read, Bash"))
    actions = st.dictionaries(st.sampled_from(["*", "bash", "read", "edit"]), st.sampled_from(["allow", "ask", "deny"]), max_size=3)
    stated = {key: st.one_of(lists, actions) for key in (fmt.rights.key, fmt.rights.deny) if key is not None}
    switches = {key: st.sampled_from([*cases, "other"]) for key, cases in fmt.rights.switches.items()}
    unknown = dict.fromkeys(("category", "x-own", "an odd key"), _native)
    return st.fixed_dictionaries({}, optional={**known, **stated, **switches, **unknown})


def agents_of(*formats: Format) -> st.SearchStrategy[Agent]:
    """Agents with native values for these formats, at home in one of them or in the hub."""
    hub = st.fixed_dictionaries({}, optional={"tags": st.just(["a", "b"]), "allow_widening": st.just(["codex"]), "own": NATIVE_VALUES["text"]})
    extra = st.fixed_dictionaries({}, optional={**{fmt.id: native_values(fmt) for fmt in formats}, HUB_FORMAT: hub})
    home = st.sampled_from([HUB_FORMAT, *(fmt.id for fmt in formats)])
    return st.builds(Agent, name=names, prompt=prompts, rights=rights, fields=fields, extra=extra, home=home)


fields = st.fixed_dictionaries({"description": descriptions}, optional=FIELD_VALUES)
agents = st.builds(Agent, name=names, prompt=prompts, rights=rights, fields=fields)
