"""Where a client and agentsync disagree about one agent, as sentences.

The client's tools come through the adapter's own table. What is compared: name, description, prompt and model; that the tools which
the agent really got lie within what the agent has; and that they are what agentsync says the written file gives.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from agentsync.codec.compiled import compile_format
from agentsync.codec.rights_read import read_rights
from agentsync.containers import parse
from agentsync.containers.layout import Entry
from agentsync.formats.rules import Format
from agentsync.model import Agent, Document, Loss, Rights
from agentsync.rights import ATOMS, Holding, capability, contains, split_grant
from tests.conformance.mcp_server import TOOLS as MCP_TOOLS
from tests.conformance.sessions import MCP_SERVER, Adapter, Loaded, Session, prompt_in

_PROBES: Final = {
    "shell": ("git status", "git push origin", "rm -rf x", "npm run test", "ls"),
    "write.edit": ("src/a.py", "README.md"),
    "read.file": ("src/a.py", "docs/x"),
}
"""Uses of a tool with which ordered permission rules are tried out."""


@dataclass(frozen=True, eq=False)
class Written:
    """One agent as it was written: the document, its losses, and what agentsync reads there."""

    case: str
    agent: Agent
    document: Document
    losses: tuple[Loss, ...]
    back: Agent
    widening_allowed: bool

    @property
    def label(self) -> str:
        """The case, and whether the user had allowed to widen its rights."""
        return f"{self.case} (widening allowed)" if self.widening_allowed else self.case


def disagreements(adapter: Adapter, fmt: Format, written: Written, session: Session) -> Iterator[str]:
    """Every disagreement about one agent; none where the client and agentsync are at one."""
    loaded = session.agents.get(written.back.name)
    if loaded is None:
        yield "the client did not load it"
        return
    if loaded.error is not None and adapter.stops and any(grant.startswith("tool:") for grant in written.agent.rights.allow or ()):
        return
    if (loaded.description or "").strip() != (written.back.description or "").strip():
        yield f"description: the client has {loaded.description!r}, agentsync reads {written.back.description!r}"
    if loaded.error is not None:
        yield loaded.error
        return
    entry = entry_of(fmt, written.document, written.back.name)
    if not loaded.idle:
        yield from _prompt(adapter, written, loaded, session.fills)
        model = adapter.model(entry.keys.get(adapter.model_key))
        if model is not None and loaded.model != model:
            yield f"model: the client asked for {loaded.model!r}, the file says {model!r}"
    if loaded.tools is not None:
        yield from _tools(adapter, fmt, written, entry, loaded.tools)
    if loaded.rules is not None:
        yield from _rules(adapter, written, loaded.rules)


def _prompt(adapter: Adapter, written: Written, loaded: Loaded, fills: Mapping[str, str]) -> Iterator[str]:
    """The prompt arrives as it is, but for placeholders that agentsync knows to be active, or whose loss it reported.

    To an agent that has none, clients give one of their own.
    """
    wanted = written.agent.prompt
    if not wanted:
        return
    told = any(loss.field == "prompt" for loss in written.losses)
    known = written.back.extra.get(adapter.format, {}).get("placeholders") or []
    for placeholder, value in fills.items():
        if placeholder in wanted:
            if not told and placeholder not in str(known):
                yield f"prompt: the client replaces {placeholder}, and agentsync says nothing of it"
            wanted = wanted.replace(placeholder, value)
    found = prompt_in(loaded.system, wanted, adapter.notes)
    if _sha(found) != _sha(wanted) and not (told and not fills):
        yield f"prompt: the client has {_differing(found, wanted)}, the agent {_differing(wanted, found)}"


def _differing(one: str | None, other: str | None) -> str:
    """What a text holds where it begins to differ from another."""
    if one is None or other is None:
        return "nothing" if one is None else repr(one[:80])
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"{one[start : start + 80]!r} at {start}"


def _sha(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def entry_of(fmt: Format, document: Document, name: str) -> Entry:
    """The entry of an agent in a document."""
    entries = parse(document.text, compile_format(fmt).kind(None, document.path).layout).entries
    return next((entry for entry in entries if entry.key in (None, name)), entries[0])


# --- tools ------------------------------------------------------------------------------------------------------------


def _tools(adapter: Adapter, fmt: Format, written: Written, entry: Entry, tools: Iterable[str]) -> Iterator[str]:
    grants = {**_named(adapter, tools), **adapter.tools, **_mcp(adapter)}
    unknown = [tool for tool in tools if tool not in grants]
    if unknown:
        yield f"tools: {', '.join(unknown)} are in no table of the adapter"
    given = {grant for tool in tools for grant in grants.get(tool, "").split()}
    claimed = _apart(adapter, read_rights(fmt, compile_format(fmt).tools, entry.keys, kept=True).rights)
    told = any(loss.kind == "widened" and loss.field == "rights" for loss in written.losses)
    for grant in sorted({grant for several in grants.values() for grant in several.split()}):
        says = reaches(claimed, grant)
        if grant in given and not says:
            yield f"tools: the client gives {grant}, agentsync says that the file does not"
        elif says and grant not in given and not _withheld(adapter, claimed, grant):
            yield f"tools: the client does not give {grant}, agentsync says that the file does"
        if grant in given and not _has(adapter, written.agent.rights, grant) and not (written.widening_allowed and told):
            yield f"WIDENED: the client gives {grant}, which the agent does not have"


def _mcp(adapter: Adapter) -> dict[str, str]:
    """The tools of the MCP server that every client is given."""
    if adapter.mcp is None:
        return {}
    return {adapter.mcp.format(server=MCP_SERVER, tool=tool): f"mcp:{MCP_SERVER}/{tool}" for tool in MCP_TOOLS}


def _named(adapter: Adapter, tools: Iterable[str]) -> dict[str, str]:
    """Tools of other MCP servers, and tools of nobody's, where any name is a tool."""
    if not adapter.by_name or adapter.mcp is None:
        return {}
    pattern = re.escape(adapter.mcp).replace(r"\{server\}", "(?P<server>.+?)").replace(r"\{tool\}", "(?P<tool>.+)")
    found = {tool: re.fullmatch(pattern, tool) for tool in tools}
    return {tool: f"mcp:{match['server']}/{match['tool']}" if match else f"tool:claude/{tool}" for tool, match in found.items()}


def _apart(adapter: Adapter, rights: Rights) -> Rights:
    """Rights in which the tools of our own MCP server have their names back, where a joined name does not tell server and tool apart."""
    joined = {f"mcp:~{MCP_SERVER}_{tool}": f"mcp:{MCP_SERVER}/{tool}" for tool in MCP_TOOLS}
    allow = None if rights.allow is None else tuple(joined.get(grant, grant) for grant in rights.allow)
    return replace(rights, allow=allow, deny=tuple(joined.get(grant, grant) for grant in rights.deny))


def _withheld(adapter: Adapter, rights: Rights, grant: str) -> bool:
    """Whether the client is known to leave this tool out: it has none, it wants it named, or another one of the agent's does the same."""
    named = rights.allow is not None and grant in rights.allow
    if grant in adapter.absent or (not named and (grant in adapter.on_request or grant.startswith("tool:"))):
        return True
    return grant in adapter.beside and reaches(rights, adapter.beside[grant])


def _has(adapter: Adapter, rights: Rights, grant: str) -> bool:
    """Whether having a tool gives the agent no capability it has not; a limited one counts where the client keeps limits.

    What the same client gave it before, beyond what its file said, is nothing new.
    """
    before = {given for entry in rights.unenforced for owner, _, given in [entry.partition("|")] if owner == adapter.client}
    if Holding(rights).grasps(grant) or contains(before, grant):
        return True
    sisters = [atom for atom in ATOMS if capability(atom) == capability(grant)]
    return grant in adapter.limits and any(reaches(rights, sister) for sister in sisters)


def reaches(rights: Rights, grant: str) -> bool:
    """Whether rights give anything of a grant: the whole of it, or a part under a limit."""
    if contains(rights.deny, grant):
        return False
    if rights.allow is None or contains(rights.allow, grant):
        return True
    return any(split_grant(own)[0] == grant for own in rights.allow)


# --- ordered rules ----------------------------------------------------------------------------------------------------


def _rules(adapter: Adapter, written: Written, rules: tuple[tuple[str, str, str], ...]) -> Iterator[str]:
    """Uses that the rules let through (asked or not) and the agent may not make."""
    for tool, atom in adapter.tools.items():
        for use in _PROBES.get(atom, ()):
            action = next((a for name, pattern, a in reversed(rules) if _matches(tool, name) and _matches(use, pattern)), "allow")
            if action != "deny" and not permits(written.agent.rights, atom, use) and not written.widening_allowed:
                yield f"WIDENED: the rules let {tool} through with {use!r}"


def permits(rights: Rights, atom: str, use: str) -> bool:
    """Whether rights let an agent use the tool of an atom for this: some grant covers it, no denial does."""
    allowed = rights.allow is None or Holding(rights).grasps(atom) or any(_covers(grant, atom, use) for grant in rights.allow)
    left = [limit[1:] for a, limit in map(split_grant, rights.deny) if a == atom and limit is not None and limit.startswith("!")]
    if left and not any(_matches(use, pattern) for pattern in left):
        return False
    return allowed and not any(_covers(grant, atom, use) for grant in rights.deny if "(!" not in grant)


def _covers(grant: str, atom: str, use: str) -> bool:
    name, limit = split_grant(grant)
    return name == atom and (limit is None or _matches(use, limit))


def _matches(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern.replace("**", "*")) or (pattern.endswith(" *") and text == pattern[:-2])
