"""A format's tables made ready for use: neutral values to native ones and back, native tools to grants and back.

Floor 3, pure. Tables are written in one direction in the format file; the inverse is computed here. A native value that
the inverse does not know is no error: it stays the agent's native value for that format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import translate
from typing import Any, TypeVar

from agentsync.codec.limits import EXPRESSION, expression_of, pattern_of
from agentsync.formats.patterns import flaw_of
from agentsync.formats.rules import Format, McpRules, RightsRules
from agentsync.model import Value, ordered
from agentsync.rights import ANY_MCP, ATOMS, EVERYTHING, limited, split_grant

T = TypeVar("T")


class ValueTable:
    """One table of `values`: exact pairs, and pairs with one `*` that stands for the same characters on both sides."""

    __slots__ = ("_back", "_exact", "_patterns")

    def __init__(self, pairs: Mapping[str, Value]) -> None:
        self._exact = {neutral: native for neutral, native in pairs.items() if "*" not in neutral}
        self._back = {_hashable(native): neutral for neutral, native in reversed(list(self._exact.items()))}
        self._patterns = [(n.partition("*")[::2], str(v).partition("*")[::2]) for n, v in pairs.items() if "*" in n]

    def native(self, neutral: Value) -> Value | None:
        """The native value for a neutral one, or None where the table has none."""
        if isinstance(neutral, str) and neutral not in self._exact:
            return _swap(neutral, [(a, b) for a, b in self._patterns])
        return self._exact.get(neutral) if isinstance(neutral, str) else None

    def neutral(self, native: Value) -> Value | None:
        """The neutral value for a native one, or None where the table has none."""
        found = self._back.get(_hashable(native))
        if found is not None or not isinstance(native, str):
            return found
        return _swap(native, [(b, a) for a, b in self._patterns])


def _hashable(value: Value) -> object:
    return value if not isinstance(value, (list, dict)) else repr(value)


def _swap(text: str, pairs: Iterable[tuple[tuple[str, str], tuple[str, str]]]) -> str | None:
    """Replace prefix and suffix of the first pair that fits; the characters between must not be empty."""
    for (start, end), (new_start, new_end) in pairs:
        if text.startswith(start) and text.endswith(end) and len(text) > len(start) + len(end):
            return new_start + text[len(start) : len(text) - len(end)] + new_end
    return None


@dataclass(frozen=True, slots=True)
class Token:
    """What one entry of a tool list means.

    grants: what it gives (or takes away). gives: what the client gives beyond them, where it does not keep a limit.
    note: what a person should know, or None. unknown: the client does not know it.
    """

    grants: tuple[str, ...]
    gives: tuple[str, ...] = ()
    note: str | None = None
    unknown: bool = False


class ToolTable:
    """The tool names of one format: entries of a list to grants, and grants to entries."""

    def __init__(self, fmt: Format) -> None:
        rules = fmt.rights
        assert isinstance(rules.tools, dict)  # noqa: S101  # the loader resolves a table's name
        self.rules: RightsRules = rules
        self.vocabulary = rules.vocabulary or fmt.id
        self.client = rules.client or fmt.id
        self.natives: Mapping[str, tuple[str, ...]] = rules.tools
        self.title = fmt.title
        self._void = frozenset(self._fold(name) for name in rules.void)
        self._other = frozenset(self._fold(name) for name in rules.other)
        self._atoms = {self._fold(name): atoms for name, atoms in rules.former.items()} | self._by_name(rules.tools)
        self._deny_atoms = self._by_name(rules.deny_tools) if rules.deny_tools else self._atoms
        self._anycase = frozenset(name.lower() for name in [*self._atoms, *self._other])
        self._mcp = _McpNames(rules.mcp)
        self._cache: dict[tuple[str, bool], Token] = {}
        self.stating = _stating(fmt)
        self.memo: dict[object, Any] = {}

    def _by_name(self, tools: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """Native name to its atoms, without the names that no atom describes."""
        found: dict[str, list[str]] = {}
        for atom, names in tools.items():
            for name in names:
                if (folded := self._fold(name)) not in self._other:
                    found.setdefault(folded, []).append(atom)
        return {name: tuple(atoms) for name, atoms in found.items()}

    def _fold(self, name: str) -> str:
        return name.lower() if self.rules.fold else name

    def atoms_of(self, name: str, *, deny: bool = False) -> tuple[str, ...]:
        """The atoms that a native tool gives (or takes away, by the deny list's own names), () where no atom describes it."""
        return (self._deny_atoms if deny else self._atoms).get(self._fold(name), ())

    def denying(self, atom: str) -> tuple[str, ...]:
        """The native names that a denial of this atom says: all of the deny list's own, else the one that is written in the other list."""
        return self.rules.deny_tools.get(atom, ()) if self.rules.deny_tools else self.natives.get(atom, ())[:1]

    def accompanied(self, names: Iterable[str]) -> list[str]:
        """The names, each followed by the tools that are given and denied together with it."""
        return list(ordered(one for name in names for one in (name, *self.rules.companions.get(name, ()))))

    def known(self) -> tuple[str, ...]:
        """Every native name that is written for some atom, once each, in the table's order."""
        return ordered(names[0] for atom, names in self.natives.items() if names and atom not in self.rules.never)

    def read(self, entry: str, *, deny: bool = False) -> Token:
        """What an entry of the allow-list (or the deny-list) means to this client."""
        found = self._cache.get((entry, deny))
        if found is None:
            found = self._read(entry, deny)
            if len(self._cache) < 10_000:
                self._cache[entry, deny] = found
        return found

    def _read(self, entry: str, deny: bool) -> Token:
        if entry in self.rules.all and not deny:
            return Token((EVERYTHING,))
        name, limit = split_grant(entry)
        if self._fold(name) in self._void:
            return Token(())
        if self.rules.globs and (covered := self._covered(entry, deny)):
            return Token(covered)
        if limit is not None and (atoms := self.atoms_of(name, deny=deny)):
            return self._limited(entry, atoms, limit, deny)
        if atoms := self.atoms_of(entry, deny=deny):      # before MCP names: `web/fetch` is a tool that the table names
            kept = tuple(atom for atom in atoms if atom not in self.rules.never)
            return Token(kept)
        if self._fold(entry) not in self._other and (grant := self._mcp.read(entry, deny)) is not None:
            own = self._native_last(grant)
            return Token(tuple(atom for atom in own if atom not in self.rules.never) if own and not deny else (grant,))
        return self._unknown(entry, deny)

    def _native_last(self, grant: str) -> tuple[str, ...]:
        """What a client that looks at the last part alone gives for the name of an MCP tool; nothing where that is no tool of its own."""
        tool = grant.partition("/")[2] if self.rules.mcp.native_last else ""
        return self.atoms_of(tool) if tool else ()

    def _unknown(self, entry: str, deny: bool) -> Token:
        folded = self._fold(entry)
        if self.rules.foreign and "/" in entry:
            return Token((f"tool:{entry}",))
        grant = f"tool:{self.vocabulary}/{entry}"
        if self._named_other(folded):
            return Token((grant,))
        name = split_grant(entry)[0]
        if deny and self.rules.deny_tools and self.atoms_of(name):
            return Token((), note=f"`{entry}` takes nothing away: the deny list of {self.title} knows other names", unknown=True)
        if deny and not self.rules.fold and entry.lower() in self._anycase:
            return Token((), note=f"`{entry}` takes nothing away: {self.title} compares tool names with their case", unknown=True)
        if deny and entry in self.rules.all:
            return Token((), note=f"`{entry}` takes nothing away in {self.title}", unknown=True)
        return Token((grant,), unknown=True)

    def _covered(self, entry: str, deny: bool) -> tuple[str, ...]:
        """What a pattern of names gives; an expression that could run for ever gives nothing and takes everything away."""
        if not entry.startswith(EXPRESSION) and not any(sign in entry for sign in "*?["):
            return ()
        expression = entry[len(EXPRESSION) :] if entry.startswith(EXPRESSION) else translate(entry)
        if entry.startswith(EXPRESSION) and flaw_of(expression) is not None:
            return tuple(self.natives) if deny else ()
        pattern = re.compile(expression, re.IGNORECASE)
        names = [name for names in self.natives.values() for name in names if pattern.fullmatch(name)]
        mcp = self._mcp.read(entry, deny)
        return ordered([atom for name in names for atom in self.atoms_of(name)] + ([mcp] if mcp is not None and names else []))

    def _named_other(self, folded: str) -> bool:
        """Whether the format names a tool that no atom describes, itself or by a pattern."""
        return folded in self._other or any("*" in o and _glob(o, folded) for o in self._other)

    def _limited(self, entry: str, atoms: tuple[str, ...], limit: str, deny: bool) -> Token:
        neutral = self.neutral_limit(limit)
        if deny:
            if self.rules.deny_patterns == "whole":
                return Token(atoms)
            if self.rules.deny_patterns == "no-effect":
                return Token((), note=f"`{entry}` takes nothing away in {self.title}")
            return Token(tuple(limited(atom, neutral) for atom in atoms))
        effect = self.effect(atoms[0])
        grants = tuple(limited(atom, neutral) for atom in atoms)
        if effect == "no-match":
            return Token((), note=f"`{entry}` gives nothing in {self.title}: it knows no limit there", unknown=True)
        if effect == "ignored":
            return Token(grants, gives=atoms, note=f"{self.title} does not keep the limit of `{entry}`: it gives the whole tool")
        return Token(grants)

    def effect(self, atom: str) -> str:
        """What a limit on this atom does in the allow-list: enforced, ignored or no-match."""
        return self.rules.patterns.get(atom) or self.rules.patterns.get("*", "no-match")

    def neutral_limit(self, limit: str) -> str:
        """A limit in neutral words: `git:*` becomes `git *` where the client spells a prefix so."""
        if self.rules.limits == "regex":
            return pattern_of(limit)
        prefix = self.rules.prefix
        return f"{limit[: -len(prefix)]} *" if prefix and limit.endswith(prefix) else limit

    def native_limit(self, limit: str) -> str:
        """The inverse of `neutral_limit`."""
        if self.rules.limits == "regex":
            return expression_of(limit)
        prefix = self.rules.prefix
        return limit[:-2] + prefix if prefix and limit.endswith(" *") and "*" not in limit[:-2] else limit

    def write_other(self, grant: str, *, deny: bool = False) -> str | None:
        """The entry for an MCP grant or a tool no atom describes; None where this format has no way to say it."""
        if grant == EVERYTHING:
            return self.rules.all[0] if self.rules.all and not deny else None
        if grant.startswith("mcp:"):
            return None if self._native_last(grant) else self._mcp.write(grant, deny)
        if not grant.startswith("tool:"):
            return None
        vocabulary, _, name = grant[5:].partition("/")
        if vocabulary == self.vocabulary:
            return name if self.rules.unknown in ("dropped", "sent") or self._named_other(self._fold(name)) else None
        return f"{vocabulary}/{name}" if self.rules.foreign else None


    def remember(self, key: object, value: T) -> T:
        """Keep the answer to a question about rights: many agents ask the same one, and the answer is a pure function of it."""
        if len(self.memo) >= 4096:
            self.memo.clear()
        self.memo[key] = value
        return value


def _stating(fmt: Format) -> tuple[str, ...]:
    """Every native key that has a say in an agent's rights."""
    rules = fmt.rights
    keys = [rules.key, rules.deny, rules.legacy.key if rules.legacy is not None else None, rules.ask[0] if rules.ask is not None else None]
    beside = [*rules.switches, *rules.parts, *(rule.key for rule in rules.implied), *(place.at[0] for place in rules.denied)]
    return ordered(key for key in [*keys, *beside] if key is not None)


class _McpNames:
    """MCP names both ways, by the templates of the format."""

    def __init__(self, rules: McpRules) -> None:
        self.rules = rules
        self.deny_server = rules.server if rules.deny_server is None else rules.deny_server
        self._deny_tools = rules.deny_server is None or bool(rules.deny_server)     # a deny list that knows no server knows no tool of one
        self.deny_all = rules.all if rules.deny_all is None else rules.deny_all
        self._tool = _matcher(rules.tool) if rules.tool else None
        self._servers = [_matcher(text) for text in ordered([*rules.server, *self.deny_server])]
        self._joined_head = rules.tool.partition("{server}")[0] if rules.tool and rules.joined else ""

    def read(self, entry: str, deny: bool) -> str | None:
        if entry in (self.deny_all if deny else self.rules.all):
            return ANY_MCP
        if self.rules.joined:
            return self._read_joined(entry)
        if deny and not self._deny_tools:
            return None
        if self._tool is not None and (match := self._tool.fullmatch(entry)):
            if match["tool"] == "*":
                return f"mcp:{match['server']}" if self._server_known(entry, deny) else None
            if "*" in entry:
                return None        # a pattern that no client was seen to know, and no tool's name
            return f"mcp:{match['server']}/{match['tool']}"
        for template, matcher in zip(ordered([*self.rules.server, *self.deny_server]), self._servers, strict=True):
            if template in (self.deny_server if deny else self.rules.server) and (match := matcher.fullmatch(entry)):
                return f"mcp:{match['server']}" if "*" not in match["server"] else None
        return None

    def _server_known(self, entry: str, deny: bool) -> bool:
        return any(_matcher(t).fullmatch(entry) for t in (self.deny_server if deny else self.rules.server))

    def _read_joined(self, entry: str) -> str | None:
        """A joined name says server and tool apart only where it holds one `_`; otherwise the whole stays together."""
        head = self._joined_head
        if not entry.startswith(head) or "_" not in entry[len(head) :]:
            return None
        rest = entry[len(head) :]
        if rest.endswith("_*"):
            split_wrong = self.rules.no_underscore_server and "_" in rest[:-2]
            return f"mcp:{rest[:-2]}" if "*" not in rest[:-2] and not split_wrong else None
        server, _, tool = rest.partition("_")
        if "*" in rest or not server or not tool:
            return None
        return f"mcp:{server}/{tool}" if "_" not in tool else f"mcp:~{rest}"

    def write(self, grant: str, deny: bool) -> str | None:
        if grant == ANY_MCP:
            names = self.deny_all if deny else self.rules.all
            return names[0] if names else None
        server, slash, tool = grant[4:].partition("/")
        if server.startswith("~"):
            return self._joined_head + server[1:] if self.rules.joined else None
        server, tool = self._clean(server), self._clean(tool)
        if slash:
            if deny and not self._deny_tools:
                return None
            return self.rules.tool.format(server=server, tool=tool) if self.rules.tool else None
        names = self.deny_server if deny else self.rules.server
        if not names or (self.rules.no_underscore_server and "_" in server):
            return None
        return names[0].format(server=server)

    def _clean(self, name: str) -> str:
        return re.sub(f"[^{self.rules.charset}]", "_", name) if self.rules.charset else name


def _matcher(template: str) -> re.Pattern[str]:
    text = re.escape(template).replace(r"\{server\}", r"(?P<server>.+?)").replace(r"\{tool\}", r"(?P<tool>.+)")
    return re.compile(text, re.DOTALL)


def _glob(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), text, re.DOTALL) is not None


def same_grant(first: str, second: str) -> bool:
    """Whether two grants may be one, where a joined MCP name no longer tells server and tool apart."""
    return first == second or joined_key(first) == joined_key(second)


def joined_key(grant: str) -> str:
    """The name of an MCP tool, or server, as a joined spelling would have it; any other grant as it is."""
    if not grant.startswith("mcp:") or grant == ANY_MCP:
        return grant
    server, slash, tool = grant[4:].partition("/")
    if server.startswith("~"):
        return f"mcp~{re.sub('[^A-Za-z0-9-]', '_', server[1:])}"
    return f"mcp~{re.sub('[^A-Za-z0-9-]', '_', f'{server}_{tool}' if slash else f'{server}_')}{'' if slash else '*'}"


def full_atoms(fmt: Format) -> tuple[str, ...]:
    """Every atom this format has a tool for."""
    tools = fmt.rights.tools
    assert isinstance(tools, dict)  # noqa: S101  # the loader resolves a table's name
    return tuple(atom for atom in ATOMS if tools.get(atom) and atom not in fmt.rights.never)
