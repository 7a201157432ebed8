"""Random agents for the laws: every shape a real one has had, and the nasty ones no real one has shown yet."""

from __future__ import annotations

from hypothesis import strategies as st

from agentsync.model import Agent, Rights
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
    st.sampled_from(["Sales Coach", "FP&A Analyst", "名前", "../../x", "con", "powershell-5.1-expert", "a", "UPPER", "under_score", "x" * 80, ".hidden"]),
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

fields = st.fixed_dictionaries({"description": descriptions}, optional=FIELD_VALUES)
agents = st.builds(Agent, name=names, prompt=prompts, rights=rights, fields=fields)
