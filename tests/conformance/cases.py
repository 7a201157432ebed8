"""The agents that every client is asked about: one table, each row an agent with one thing that has gone wrong somewhere."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import Final

from agentsync import codec
from agentsync.formats import load
from agentsync.model import ALL_RIGHTS, EMPTY, Agent, Document, Rights, Value
from tests.laws.samples import CHECKOUT, FORMATS, SHARED, Sample, every_sample

PROMPT: Final = "You are one of many agents.\n\nDo what the task says, and nothing else."
MOST_FROM_CORPUS: Final = 30


@dataclass(frozen=True)
class Case:
    """One agent to write, and what the case is called."""

    id: str
    agent: Agent


def _agent(
    name: str, rights: Rights = ALL_RIGHTS, *, prompt: str = PROMPT, description: str = "Use it for testing.", fields: Mapping[str, Value] = EMPTY
) -> Case:
    return Case(name, Agent(name, prompt.strip(), rights, {"description": description, **fields}))


def _rights(*allow: str) -> Rights:
    return Rights(allow=allow)


_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "colon-space": "Use when: reviewing. Examples: <example>Context: x user: 'y' <commentary>z: w</commentary></example>",
    "dashes": "Before --- after, and ---",
    "unicode": "é ü ß 名前 Ω 🎯 👩‍👩‍👧",
    "line-separator": "one\u2028two\u2029three\u0085four",
    "invisible": "zero\u200bwidth, no\u00a0break, bom\ufeff, soft\u00adhyphen",
    "several-lines": "First line.\nSecond line: with colon.\n\n- fourth line",
    "tab": "a\tb",
    "quotes": "\"double\" 'single' `back` \\ backslash \\\\ two \"",
    "backslash-letters": "C:\\temp\\new \\u0041 \\x41",
    "hash": "a #b # c",
    "braces": "{a: b} [c, d] {{e}} ${f} $(g)",
    "template-words": "{env:HOME} {file:x} ${HOME} {{cwd}} $1",
    "long": "word " * 1500 + "end",
    "html": "<b>&amp;</b> <!-- x --> ]]>",
    "plus-only": "+",
    "ends-with-colon": "ends with colon:",
}
_SCALARS: Final = (
    "no", "on", "true", "null", "~", "012", "0o17", "0x1F", "1e3", "1_000", ".5", "-0", "1:30", "2024-01-01", ".inf", ".nan", "=", "<<",
    "- item", "? x", "*star", "&anchor", "!tag", "|", ">", "%x", "@x", "`c`", "[x", "{x", "'", '"', ",", "a:", ":a", "# a", "1e400",
    "12345678901234567890",
)
_PROMPTS: Final[Mapping[str, str]] = {
    "placeholder-known": "Read ${HOME} and ${query} first.",
    "placeholder-moustache": "The folder is {{cwd}} and {{other}}.",
    "placeholder-file": "Include {file:./secret.txt} and {env:HOME}.",
    "placeholder-shell": "echo $HOME $(date) `pwd` $1 $ARGUMENTS ${a.b} ${a-b} $$",
    "at-file": "See @README.md and !`date` and #file:x.md",
    "fences-inside": "---\nname: other\ntools: Bash\n---\n\nIt begins with a fence.",
    "fence-in-body": "Above\n\n---\n\nBelow\n---",
    "toml-quotes": "'''\n\"\"\"\nname = \"x\"\n\"\"\"\n\\ \\n \\u0041 ends with quote\"",
    "unicode-body": "名前 🎯\u2028line\u2029para\u0085nel \u200bzero \ufeffbom",
    "tabs-and-trailing": "a\tb  \nc\t\n\n\n\nd",
    "html-body": "<tools>\n<x>&amp;</x>\n</tools> <system-reminder>no</system-reminder>",
    "code-body": "```sh\nfor i in ${list[@]}; do echo \"$i\"; done\n```\n\n    indented\n",
    "client-words": "Notes:\n# Environment\nYou are in charge.\n\nImportant Rules:\n\nNotes:\n\n# Environment Context\n",
    "one-line": "x",
    "very-long": "A line of a long prompt, with: colons and \"quotes\".\n" * 400,
}
_RIGHTS: Final[Mapping[str, Rights]] = {
    "everything": Rights(),
    "nothing": _rights(),
    "read-only": _rights("read.file", "read.grep", "read.glob"),
    "read-list": _rights("read.file", "read.list"),
    "one-tool": _rights("read.file"),
    "grep-alone": _rights("read.grep"),
    "glob-alone": _rights("read.glob"),
    "write-alone": _rights("write.file"),
    "edit-alone": _rights("write.edit"),
    "edits": _rights("read.file", "write.file", "write.edit", "write.notebook"),
    "shell-alone": _rights("shell"),
    "shell-and-read": _rights("read.file", "read.grep", "read.glob", "shell"),
    "web": _rights("fetch", "search"),
    "fetch-alone": _rights("fetch"),
    "delegate": _rights("read.file", "delegate"),
    "skill-todo": _rights("skill", "todo", "read.file"),
    "ask-alone": _rights("ask", "read.file"),
    "every-atom": _rights(
        "read.file", "read.grep", "read.glob", "read.list", "write.file", "write.edit", "write.notebook", "shell", "fetch", "search",
        "delegate", "skill", "ask", "todo",
    ),
    "deny-shell": Rights(deny=("shell",)),
    "deny-edits": Rights(deny=("write.file", "write.edit", "write.notebook")),
    "deny-one-write": Rights(deny=("write.file",)),
    "deny-web": Rights(deny=("fetch", "search")),
    "deny-many": Rights(deny=("shell", "write.file", "write.edit", "write.notebook", "fetch", "search", "delegate")),
    "allow-and-deny": Rights(allow=("read.file", "read.grep", "shell"), deny=("shell",)),
    "limit-shell": _rights("read.file", "shell(git *)"),
    "limits": _rights("read.file", "shell(git *)", "shell(npm run test)", "write.edit(src/**)"),
    "deny-limit": Rights(deny=("shell(rm *)",)),
    "deny-all-but": Rights(deny=("shell(!git *)",)),
    "ask-shell": Rights(ask=("shell", "write.edit")),
    "mcp-tool": _rights("read.file", "mcp:my-srv/one"),
    "mcp-underscore": _rights("read.file", "mcp:my-srv/two_x"),
    "mcp-server": _rights("read.file", "mcp:my-srv"),
    "mcp-only": _rights("mcp:my-srv/one"),
    "mcp-server-only": _rights("mcp:my-srv"),
    "mcp-unknown": _rights("read.file", "mcp:no-such/thing"),
    "mcp-deny-tool": Rights(deny=("mcp:my-srv/one",)),
    "mcp-deny-server": Rights(deny=("mcp:my-srv",)),
    "mcp-split": Rights(allow=("read.file", "mcp:my-srv"), deny=("mcp:my-srv/one",)),
    "foreign-tool": _rights("read.file", "tool:claude/Monitor"),
    "unknown-tool": _rights("read.file", "tool:claude/NoSuchTool"),
}
_NAMES: Final = (
    "Sales Coach", "FP&A Analyst", "名前", "UPPER", "under_score", "powershell-5.1-expert", "a", "x" * 80, "trailing-", "-leading", "a:b", "a/b",
    "../../up", "con", "true", "123", "emoji🎯", "dots.in.name", "quote'd", "hash #1",
)
_OWN: Final = (
    "plan", "explore", "general", "ask", "code", "debug", "worker", "task", "research", "title", "summary", "code-explorer", "orchestrator",
)  # fmt: skip
"""Agents that one client or another has itself, here with other rights than those."""
_FIELDS: Final[Mapping[str, Mapping[str, Value]]] = {
    "model-alias": {"model": "sonnet"},
    "model-claude": {"model": "claude-opus-4-5"},
    "model-gpt": {"model": "gpt-5.5"},
    "model-gemini": {"model": "gemini-2.5-flash"},
    "model-qwen": {"model": "qwen-plus"},
    "model-strange": {"model": "no such model"},
    "colour-name": {"color": "purple"},
    "colour-pink": {"color": "pink"},
    "colour-hex": {"color": "#12ab34"},
    "turns": {"max_turns": 7, "timeout_minutes": 3},
    "effort": {"effort": "high"},
    "effort-max": {"effort": "max"},
    "sampling": {"temperature": 0.1, "top_p": 1},
    "mode-all": {"mode": "all"},
    "display-name": {"display_name": "A name: for people"},
    "memory": {"memory": "project"},
}


def table() -> Iterator[Case]:
    """The cases that need nothing but this checkout."""
    for name, description in _DESCRIPTIONS.items():
        yield _agent(f"description-{name}", description=description)
    for number, scalar in enumerate(_SCALARS):
        yield _agent(f"scalar-{number:02d}", _rights("read.file"), description=scalar)
    for name, prompt in _PROMPTS.items():
        yield _agent(f"prompt-{name}", prompt=prompt)
    for name, rights in _RIGHTS.items():
        yield _agent(f"rights-{name}", rights)
    for number, name in enumerate(_NAMES):
        yield replace(_agent(name), id=f"name-{number:02d}")
    for name in _OWN:
        yield replace(_agent(name, _rights("read.file", "read.grep", "read.glob")), id=f"own-{name}")
    yield replace(_agent("build"), id="own-build-open")
    for name, fields in _FIELDS.items():
        yield _agent(f"field-{name}", fields=fields)
    yield _agent("memory-and-list", _rights("read.grep"), fields={"memory": "user"})
    yield from _from_crlf()


def _from_crlf() -> Iterator[Case]:
    """Agents read from files with CRLF, a byte order mark, and a head that needs mending."""
    text = "---\nname: {}\ndescription: {}\ntools: Read, Grep\n---\n\nFirst line.\n\n  Second line.\n"
    files = {
        "from-crlf": text.format("from-crlf", '"Use it: now"').replace("\n", "\r\n"),
        "from-bom": "\ufeff" + text.format("from-bom", "plain"),
        "from-mended": text.format("from-mended", "Use when: mended. Examples: <example>a: b</example>"),
    }
    for name, content in files.items():
        [reading] = codec.read(Document(f".claude/agents/{name}.md", content), load("claude-code"))
        assert reading.agent is not None, reading.problems
        yield Case(name, reading.agent)


@cache
def cases() -> tuple[Case, ...]:
    """All cases: the table, the project's fixtures, and where the shared corpus is there, its seeds and a sample of it."""
    found = [*table(), *_read(_fixtures())]
    if SHARED is not None:
        corpus = [sample for sample in every_sample() if sample.format in FORMATS]
        seeds = [sample for sample in corpus if "/seeds/" in sample.origin]
        others = [sample for sample in corpus if sample not in seeds]
        random.Random(20261121).shuffle(others)  # noqa: S311  # a sample, no secret
        found += [*_read(seeds), *islice(_read(others), MOST_FROM_CORPUS)]
    return tuple(_told_apart(found))


def _told_apart(found: Iterable[Case]) -> Iterator[Case]:
    """The cases with names of their own, so that many of them can stand in one project."""
    names: set[str] = set()
    for case in found:
        name, number = case.agent.name, 1
        while name.casefold() in names:
            number += 1
            name = f"{case.agent.name}-{number}"
        names.add(name.casefold())
        yield replace(case, agent=replace(case.agent, name=name))


def _fixtures() -> Iterator[Sample]:
    """The project's own files, `fixtures/FORMAT/…`."""
    root = CHECKOUT / "fixtures"
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and len(parts) > 1 and parts[0] in FORMATS:
            yield Sample("/".join(parts), parts[0], Document("/".join(parts[1:]), path.read_bytes().decode("utf-8", "surrogateescape")))


def _read(samples: Iterable[Sample]) -> Iterator[Case]:
    """The first agent of each of these files that can be read."""
    for sample in samples:
        agents = [r.agent for r in codec.read(sample.document, load(sample.format)) if r.status == "read" and r.agent is not None]
        if agents:
            yield Case(sample.origin, _harmless(agents[0]))


def _harmless(agent: Agent) -> Agent:
    """The agent of a stranger without anything that its client would run or connect to."""
    runs = ("hooks", "mcp_servers", "isolation", "background", "initial_prompt", "permission_mode", "memory", "skills")
    return replace(agent, fields={key: value for key, value in agent.fields.items() if key not in runs}, extra={})
