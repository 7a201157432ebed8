"""The algebra of rights: atoms, capabilities, what one set of rights holds that another does not.

Floor 0. A capability (`read`, `write`, `shell` …) is what promises speak of; an atom (`read.file`, `write.edit`) is the
finest thing some assistant can name inside one. Losing a split between atoms of one capability is an approximation;
gaining a capability is a widening.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from agentsync.model import Rights, ordered

ATOMS: Final[Mapping[str, str]] = MappingProxyType({
    "read.file": "read a file",
    "read.grep": "search in files",
    "read.glob": "find files by name",
    "read.list": "list a folder",
    "write.file": "create or overwrite a file",
    "write.edit": "edit a file in place",
    "write.notebook": "edit a notebook",
    "shell": "run commands",
    "fetch": "fetch from the web",
    "search": "search the web",
    "delegate": "start other agents",
    "skill": "load skills",
    "ask": "ask the user",
    "todo": "keep a list of tasks",
})
CAPABILITIES: Final[tuple[str, ...]] = ordered(atom.partition(".")[0] for atom in ATOMS)

CONTAINED: Final[Mapping[str, frozenset[str]]] = MappingProxyType({"shell": frozenset({"read", "write", "fetch"})})
"""What a capability brings with it: who may run commands can read, write and fetch."""

ANY_MCP: Final = "mcp:*"
EVERYTHING: Final = "*"
_OTHER: Final = "\0other"
_OTHER_MCP: Final = f"mcp:{_OTHER}"
_OTHER_TOOL: Final = f"tool:{_OTHER}"


@lru_cache(maxsize=8192)
def split_grant(grant: str) -> tuple[str, str | None]:
    """The atom of a grant and its limit, or None: `shell(git *)` -> (`shell`, `git *`)."""
    if grant.endswith(")") and "(" in grant and not grant.startswith("mcp:"):
        atom, _, limit = grant[:-1].partition("(")
        return atom, limit
    return grant, None


def limited(atom: str, limit: str | None) -> str:
    """The grant of an atom under a limit; without one, the atom itself."""
    return atom if limit is None else f"{atom}({limit})"


@lru_cache(maxsize=8192)
def capability(grant: str) -> str:
    """The capability a grant belongs to: `read` for `read.grep`, the grant's own atom for MCP and unknown tools."""
    atom = split_grant(grant)[0]
    return atom.partition(".")[0] if atom in ATOMS else atom


@lru_cache(maxsize=8192)
def containers_of(grant: str) -> tuple[str, ...]:
    """Every grant that includes this one, itself first: `mcp:a/b` lies in `mcp:a` and `mcp:*`; `shell(x)` in `shell`."""
    atom, limit = split_grant(grant)
    found = [grant]
    if limit is not None:
        found.append(atom)
    if atom.startswith("mcp:") and atom != ANY_MCP:
        server, slash, _ = atom.partition("/")
        if slash:
            found.append(server)
        found.append(ANY_MCP)
    found.append(EVERYTHING)
    return tuple(found)


def contains(grants: Iterable[str], grant: str) -> bool:
    """Whether a set of grants includes this grant, itself or in a wider one."""
    held = grants if isinstance(grants, (set, frozenset)) else frozenset(grants)
    return not held.isdisjoint(containers_of(grant))


class Holding:
    """A set of rights prepared for questions. `holds` asks for exactly this grant, `grasps` for its capability."""

    __slots__ = ("_allow", "_deny", "_deny_inside", "_left", "capabilities", "rights")

    def __init__(self, rights: Rights) -> None:
        self.rights = rights
        self._allow = None if rights.allow is None else frozenset(rights.allow)
        self._deny = frozenset(rights.deny)
        # A denial inside a grant (`shell(rm *)`, `mcp:a/b`) leaves that grant no longer whole.
        self._deny_inside = frozenset(wider for deny in rights.deny for wider in containers_of(deny)[1:])
        self._left = left_over(rights.deny)
        pool = ATOMS if rights.allow is None else rights.allow
        full = {capability(grant) for grant in pool if split_grant(grant)[1] is None and self.holds(grant)}
        self.capabilities = frozenset(full.union(*(CONTAINED.get(name, ()) for name in full)))

    def holds(self, grant: str) -> bool:
        """Whether the whole of this grant is held."""
        atom, limit = split_grant(grant)
        left = self._left.get(atom)
        if left is not None and limit not in left:
            return False
        if (left is None and contains(self._deny, grant)) or grant in self._deny_inside:
            return False
        return self._allow is None or contains(self._allow, grant)

    def grasps(self, grant: str) -> bool:
        """Whether holding this grant would give no capability that is not held already.

        An unlimited atom of a capability grasps the whole capability; a limited one grasps the same limit on its sisters.
        """
        if self.holds(grant):
            return True
        atom, limit = split_grant(grant)
        if atom not in ATOMS or atom in self._left or contains(self._deny, grant) or grant in self._deny_inside:
            return False        # what was denied by name stays denied, whatever else brings the capability
        name = capability(grant)
        if name in self.capabilities:
            return True
        if limit is None or self._allow is None:
            return False
        return any(capability(own) == name and split_grant(own)[1] == limit and self.holds(own) for own in self._allow)


def left_over(deny: Iterable[str]) -> dict[str, tuple[str | None, ...]]:
    """What denials of the form `shell(!git *)` leave of an atom: all of them together name everything that is left."""
    found: dict[str, dict[str | None, None]] = {}
    for grant in deny:
        atom, limit = split_grant(grant)
        if limit is not None and limit.startswith("!"):
            found.setdefault(atom, {})[limit[1:]] = None
    return {atom: tuple(limits) for atom, limits in found.items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """What a second set of rights changes against a first: grants gained and lost.

    widened: gained, beyond every capability held. approximated: gained inside a capability that was held.
    narrowed: lost. unasked: held in both, but no longer asked first; asked: newly asked first (a narrowing).
    """

    widened: tuple[str, ...] = ()
    approximated: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.widened or self.approximated or self.narrowed or self.unasked or self.asked)


def universe(*all_rights: Rights) -> tuple[str, ...]:
    """Every grant worth asking about: the atoms, whatever is named, and a stand-in for what nobody names.

    Where a part of something is named (`shell(git *)`, `mcp:a/b`), another stand-in speaks for the rest of it.
    """
    named = [g.replace("(!", "(", 1) for rights in all_rights for part in (rights.allow or (), rights.deny, rights.ask) for g in part]
    wider = [w for grant in named for w in containers_of(grant)]
    rest = [sister for grant in named if (sister := _sister(grant)) is not None]
    return ordered([*ATOMS, *(g for g in [*named, *wider, *rest] if g != EVERYTHING), ANY_MCP, _OTHER_MCP, _OTHER_TOOL])


def _sister(grant: str) -> str | None:
    """The stand-in for the rest of what a grant is a part of."""
    atom, limit = split_grant(grant)
    if limit is not None:
        return limited(atom, _OTHER)
    server, slash, _ = atom.partition("/")
    return f"{server}/{_OTHER}" if slash and server.startswith("mcp:") and not server.startswith("mcp:~") else None


def compare(before: Rights, after: Rights) -> Difference:
    """What `after` may do that `before` may not, and the other way round."""
    if before == after:
        return Difference()
    first, second = Holding(before), Holding(after)
    widened: list[str] = []
    approximated: list[str] = []
    narrowed: list[str] = []
    unasked: list[str] = []
    asked: list[str] = []
    asks_before, asks_after = frozenset(before.ask), frozenset(after.ask)
    for grant in universe(before, after):
        had, has = first.holds(grant), second.holds(grant)
        if has and not had:
            (approximated if first.grasps(grant) else widened).append(grant)
        elif had and not has:
            narrowed.append(grant)
        elif has:
            asked_then, asks_now = contains(asks_before, grant), contains(asks_after, grant)
            if asked_then and not asks_now:
                unasked.append(grant)
            elif asks_now and not asked_then:
                asked.append(grant)
    return Difference(_whole(widened), _whole(approximated), _whole(narrowed), _whole(unasked), _whole(asked))


def _whole(grants: list[str]) -> tuple[str, ...]:
    """Leave out what lies inside another grant of the list; a stand-in alone becomes the words for it."""
    held = frozenset(grants)
    kept = [g for g in grants if not any(w in held for w in containers_of(g)[1:])]
    return ordered(_spelled(g) for g in kept)


def _spelled(grant: str) -> str:
    """A stand-in as the grant it speaks for."""
    if grant in (_OTHER_MCP, _OTHER_TOOL):
        return ANY_MCP if grant == _OTHER_MCP else "tool:*"
    return grant.removesuffix(f"({_OTHER})").removesuffix(f"/{_OTHER}")


def within(after: Rights, before: Rights) -> bool:
    """Whether `after` gives no capability that `before` did not give (promise 7)."""
    return not compare(before, after).widened


def effective(rights: Rights) -> Rights:
    """The same rights with every denial taken out of the allow-list that holds it, where that can be said."""
    if rights.allow is None or not rights.deny:
        return rights
    deny, rest = frozenset(rights.deny), left_over(rights.deny)
    whole = [(g, *split_grant(g)) for g in rights.allow if not contains(deny, g)]
    allow = tuple(g for g, atom, limit in whole if limit is None or limit in rest.get(atom, (limit,)))
    kept = frozenset(allow)
    left = tuple(d for d in rights.deny if not kept.isdisjoint(containers_of(d)[1:]))
    return Rights(allow, left, rights.ask, rights.unenforced, rights.implied)


def given_by(rights: Rights, client: str) -> tuple[str, ...]:
    """What this client was seen to give beyond what its file stated."""
    found = (entry.partition("|") for entry in rights.unenforced)
    return tuple(grant for owner, _, grant in found if owner == client)


def spell(grants: Iterable[str]) -> str:
    """Grants as one line for people: `mcp:a/b` stays, `tool:claude/Monitor` is `Monitor`."""
    return ", ".join(g.partition("/")[2] if g.startswith("tool:") and "/" in g else g for g in grants)
