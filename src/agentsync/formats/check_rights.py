"""The sense of `rights`: grants that exist, names that can be told apart, keys that fit the style.

Floor 2, pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from agentsync.formats.patterns import flaw_of_class
from agentsync.formats.source import Flaw, KeyPath
from agentsync.formats.structure import labelled
from agentsync.report import near
from agentsync.rights import ATOMS, CAPABILITIES, split_grant

if TYPE_CHECKING:
    from agentsync.formats.rules import Format, RightsRules

_VOCABULARY: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_MCP: Final = re.compile(r"mcp:(?:\*|[^/*\s]+(?:/[^\s]+)?)")
_TOOL: Final = re.compile(r"tool:[a-z][a-z0-9-]*/\S+")
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")

# Keys that say something only in some styles, or only beside a deny list; each with its value where it says nothing.
_OF_LISTS: Final = ("allow-list", "permission-map")
_ONLY_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "key": _OF_LISTS,
    "deny": ("allow-list",),
    "all": _OF_LISTS,
    "none": _OF_LISTS,
    "legacy": ("permission-map",),
    "patterned": ("permission-map",),
    "foreign": ("allow-list",),
    "prefix": _OF_LISTS,
}
_BESIDE_DENY: Final = ("deny_shape", "deny_none", "deny_tools")


def check_rights(rules: Format) -> Iterator[Flaw]:
    """What is wrong with `rights`, its tool table filled in."""
    rights = rules.rights
    tools = rights.tools if isinstance(rights.tools, dict) else {}
    yield from _check_style(rights)
    yield from check_tools(tools, rights.other, ("rights",))
    yield from _check_mcp(rights)
    yield from _check_patterns(rights, tools)
    yield from _check_names(rights, tools)
    yield from _check_grants(rights)
    yield from _check_switches(rights)
    yield from _check_shapes(rights)
    if rights.vocabulary is not None and not _VOCABULARY.fullmatch(rights.vocabulary):
        message = f"wrong form ({rights.vocabulary}), allowed are lower case letters, digits and `-`"
        yield _flaw(("rights", "vocabulary"), message)


def check_tools(tools: Mapping[str, Sequence[str]], other: Sequence[str], above: KeyPath) -> Iterator[Flaw]:
    """What is wrong with a map of atoms to native names and the list of names no atom describes."""
    for atom, names in tools.items():
        path = (*above, "tools", atom)
        if problem := flaw_of_atom(atom):
            yield _flaw(path, problem[0], problem[1], on_key=True)
        if not names:
            yield _flaw(path, "no name is given, at least one is needed; leave out an atom that has none")
        yield from _check_distinct(names, path, "a name may be there once under one atom")
    yield from _check_distinct(other, (*above, "other"), "a name may be there once")
    named = {name for names in tools.values() for name in names}
    for name in other:
        if name in named:
            yield _flaw((*above, "other"), f"an atom describes the name already ({name}), one of them is allowed")


def flaw_of_atom(atom: str) -> tuple[str, str | None] | None:
    """What is wrong with a grant, and the near miss; None where it is one: an atom, `mcp:…` or `tool:…`, with or without a limit."""
    plain, limit = split_grant(atom)
    if limit == "":
        return f"the limit is empty ({atom}), write the grant without it", None
    if plain in ATOMS or _MCP.fullmatch(plain) or _TOOL.fullmatch(plain):
        return None
    within = [name for name in ATOMS if name.startswith(f"{plain}.")]
    if plain in CAPABILITIES:
        return f"a capability, not an atom ({atom}), its atoms are {', '.join(within)}", None
    nearest = near(plain, ATOMS)
    message = f"no such atom ({atom}), allowed are {', '.join(ATOMS)}, mcp:SERVER, mcp:SERVER/TOOL, mcp:*, tool:VOCABULARY/NAME"
    return message, f"did you mean `{nearest}`?" if nearest else None


def _flaw(path: KeyPath, message: str, hint: str | None = None, *, on_key: bool = False) -> Flaw:
    return Flaw("format-rule", labelled(path, message), path, hint, on_key)


def _check_distinct(names: Sequence[str], path: KeyPath, rule: str) -> Iterator[Flaw]:
    for index, name in enumerate(names):
        if not name.strip():
            yield _flaw((*path, index), "the name is empty, at least one character is needed")
        elif name in names[:index]:
            yield _flaw((*path, index), f"the name is there twice ({name}), {rule}")


def _check_style(rights: RightsRules) -> Iterator[Flaw]:
    path = ("rights",)
    style = rights.style
    if style != "none" and not rights.key:
        yield _flaw(path, f"a key is missing (key), style {style} needs to know where the list stands")
    for key, styles in _ONLY_IN.items():
        if getattr(rights, key) and style not in styles:
            yield _flaw((*path, key), f"it says nothing for style {style}, allowed are {', '.join(styles)}", on_key=True)
    for key in _BESIDE_DENY:
        if getattr(rights, key) and not rights.deny:
            yield _flaw((*path, key), "it says nothing without `deny`", on_key=True)
    if rights.together != "both" and not rights.deny:
        yield _flaw((*path, "together"), "it says nothing without `deny`", on_key=True)
    if style == "none" and (rights.tools or rights.other):
        yield _flaw((*path, "tools"), "it says nothing for style none, which lists no tools", on_key=True)
    if rights.none and rights.empty == "none":
        yield _flaw((*path, "none"), "it says nothing where `empty: none`, an empty list is written then", on_key=True)
    for index, name in enumerate(rights.none):
        if name in rights.all:
            yield _flaw((*path, "none", index), f"the entry means every tool as well ({name}), one of them is allowed")
    if len(rights.actions) != 3 or len(set(rights.actions)) != 3:
        yield _flaw((*path, "actions"), f"wrong words ({', '.join(rights.actions)}), three that differ are needed: allow, ask, deny")
    if rights.ask is not None and not (rights.ask and all(rights.ask)):
        yield _flaw((*path, "ask"), "the path is empty, at least one key is needed")


def _check_mcp(rights: RightsRules) -> Iterator[Flaw]:
    mcp = rights.mcp
    path = ("rights", "mcp")
    if mcp.tool is not None and sorted(_PLACEHOLDER.findall(mcp.tool)) != ["{server}", "{tool}"]:
        yield _flaw((*path, "tool"), f"wrong placeholders ({mcp.tool}), {{server}} and {{tool}} must be there once")
    for key, names in (("server", mcp.server), ("deny_server", mcp.deny_server or ())):
        for index, name in enumerate(names):
            if _PLACEHOLDER.findall(name) != ["{server}"]:
                yield _flaw((*path, key, index), f"wrong placeholders ({name}), {{server}} must be there once")
    for key, names in (("all", mcp.all), ("deny_all", mcp.deny_all or ())):
        for index, name in enumerate(names):
            if _PLACEHOLDER.search(name) or not name:
                yield _flaw((*path, key, index), f"wrong placeholders ({name}), none is allowed")
    for key in ("deny_server", "deny_all"):
        if getattr(mcp, key) is not None and not rights.deny:
            yield _flaw((*path, key), "it says nothing without `rights.deny`", on_key=True)
    if mcp.charset is not None and (problem := flaw_of_class(mcp.charset)):
        yield _flaw((*path, "charset"), f"wrong class ({mcp.charset}), {problem}")


def _check_patterns(rights: RightsRules, tools: Mapping[str, Sequence[str]]) -> Iterator[Flaw]:
    for atom in rights.patterns:
        if atom != "*" and (problem := flaw_of_atom(atom)):
            yield _flaw(("rights", "patterns", atom), problem[0], problem[1], on_key=True)
    native = {name for names in tools.values() for name in names} | set(rights.other)
    for index, name in enumerate(rights.patterned):
        if name not in native:
            nearest = near(name, native)
            message = f"no such tool ({name}), it must be named in `tools` or `other`"
            yield _flaw(("rights", "patterned", index), message, f"did you mean `{nearest}`?" if nearest else None)
    if rights.legacy is not None:
        for old, new in rights.legacy.rename.items():
            if new not in native:
                yield _flaw(("rights", "legacy", "rename", old), f"no such tool ({new}), it must be named in `tools` or `other`")


def _check_names(rights: RightsRules, tools: Mapping[str, Sequence[str]]) -> Iterator[Flaw]:
    """Names that other keys of `rights` speak of must be tools, and the deny list's own names good ones."""
    native = {name for names in tools.values() for name in names} | set(rights.other) | {n for names in rights.deny_tools.values() for n in names}
    spoken: list[tuple[KeyPath, Sequence[str]]] = [(("rights", "full"), rights.full)]
    spoken += [(("rights", "words", word), names) for word, names in rights.words.items()]
    mcp = {*rights.mcp.all, *(rights.mcp.deny_all or ())}
    spoken += [(("rights", "companions"), [name for name in rights.companions if name not in mcp])]
    for path, names in spoken:
        for name in names:
            if name not in native:
                nearest = near(name, native)
                message = f"no such tool ({name}), it must be named in `tools` or `other`"
                yield _flaw(path, message, f"did you mean `{nearest}`?" if nearest else None)
    for leader, names in rights.companions.items():
        for name in names:
            if name in {one for given in tools.values() for one in given}:
                yield _flaw(("rights", "companions", leader), f"an atom describes the name already ({name}), one of them is allowed")
    for atom, names in rights.deny_tools.items():
        if problem := flaw_of_atom(atom):
            yield _flaw(("rights", "deny_tools", atom), problem[0], problem[1], on_key=True)
        if not names:
            yield _flaw(("rights", "deny_tools", atom), "no name is given, at least one is needed; leave out an atom that has none")


def _check_grants(rights: RightsRules) -> Iterator[Flaw]:
    lists: list[tuple[KeyPath, Sequence[str]]] = [(("rights", key), getattr(rights, key)) for key in ("always", "brings", "never")]
    lists += [(("rights", "implied", index, "adds"), implied.adds) for index, implied in enumerate(rights.implied)]
    for key, by_value in rights.switches.items():
        for value, switch in by_value.items():
            lists.append((("rights", "switches", key, value, "only"), switch.only or ()))
            lists.append((("rights", "switches", key, value, "removes"), switch.removes))
            lists.append((("rights", "switches", key, value, "unless"), switch.unless))
    for path, grants in lists:
        for index, grant in enumerate(grants):
            if problem := flaw_of_atom(grant):
                yield _flaw((*path, index), problem[0], problem[1])
    for key, part in rights.parts.items():
        if part.of not in ATOMS and part.of != "mcp:*":
            yield _flaw(("rights", "parts", key, "of"), f"it has no parts that a list could name ({part.of}), allowed are `mcp:*` and the atoms")
    for index, grant in enumerate(rights.never):
        if grant in rights.always:
            yield _flaw(("rights", "never", index), f"always and never given ({grant}), one of them is allowed")
    for name, atoms in rights.former.items():
        for index, atom in enumerate(atoms):
            if problem := flaw_of_atom(atom):
                yield _flaw(("rights", "former", name, index), problem[0], problem[1])
    for atom, needed in rights.needs.items():
        for one in (atom, needed):
            if problem := flaw_of_atom(one):
                yield _flaw(("rights", "needs", atom), problem[0], problem[1])
    for index, implied in enumerate(rights.implied):
        if not implied.adds:
            yield _flaw(("rights", "implied", index, "adds"), "no grant is given, at least one is needed")


def _check_switches(rights: RightsRules) -> Iterator[Flaw]:
    for key, by_value in rights.switches.items():
        if key in {rights.key, rights.deny}:
            yield _flaw(("rights", "switches", key), f"the key holds a list of tools ({key}), a switch needs its own", on_key=True)
        if not by_value:
            yield _flaw(("rights", "switches", key), "no value is given, at least one is needed")
        for value, switch in by_value.items():
            if switch.write and switch.only is None and not switch.removes:
                path = ("rights", "switches", key, value)
                yield _flaw(path, "it restricts nothing, `only` or `removes` is needed where it is written", "write: false")


def _check_shapes(rights: RightsRules) -> Iterator[Flaw]:
    from agentsync.shapes import SHAPES

    if rights.style != "allow-list":
        return
    lists = tuple(name for name, shape in SHAPES.items() if shape.lists)
    for key in ("shape", "deny_shape"):
        name = getattr(rights, key)
        if name is not None and name not in lists:
            nearest = near(name, lists)
            message = f"no such shape of lists ({name}), allowed are {', '.join(lists)}"
            yield _flaw(("rights", key), message, f"did you mean `{nearest}`?" if nearest else None)
