"""The semantics of rights of one format, in words: what a file may state, and what its client makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from agentsync.formats.rules import Format, McpRules, RightsRules, Switch
from agentsync.rights import ATOMS, capability
from agentsync.shapes import SHAPES
from generator.markdown import bullets, code, codes, others_of, pages_of, shown, stated_in, table

_MEANS: Final[Mapping[str, str]] = {
    "all": "every tool", "none": "no tool at all", "refused": "the client refuses it",
    "unknown": "nobody knows; it is read as every tool, and never written",
}
_UNLISTED: Final[Mapping[str, str]] = {
    "denied": "the agent does not have it", "allowed": "the agent **has it all the same**, so a restriction must be said as a denial",
    "unknown": "nobody knows",
}
_UNKNOWN: Final[Mapping[str, str]] = {
    "dropped": "it does nothing", "opens": "**every tool is opened**, so only known names are written", "agent": "the agent is refused",
    "file": "the file is refused", "sent": "it reaches the model's provider",
}
_LIMITS: Final[Mapping[str, str]] = {
    "enforced": "is kept", "ignored": "is **not** kept: the whole tool is given", "no-match": "matches no tool: nothing is given",
}
_DENIED: Final[Mapping[str, str]] = {
    "enforced": "takes just that part away", "whole": "takes the whole tool away", "no-effect": "takes nothing away",
}

Say = Callable[[RightsRules], Iterator[str]]


def rights_section(rules: Format) -> str:
    """The whole part about rights: how they are stated, what each case means, what is not enforced, the names of tools."""
    rights = rules.rights
    stated = stated_in(rights) | _ALWAYS
    facts = [fact for key, say in _WORDS.items() if key in stated for fact in say(rights)]
    told = {*_WORDS, "tools", "other", "vocabulary", "mcp", "switches", "deny_shape", "shape"}
    facts += [f"{words}." for words in others_of(rights, told)]
    return pages_of("## Rights", bullets(facts), _tools(rights), _mcp(rights), _switches(rights))


def _style(rights: RightsRules) -> Iterator[str]:
    if rights.style == "none":
        switched = " Only the [switches](#switches) below take something away." if rights.switches else ""
        yield f"A file cannot list tools.{switched}"
        yield f"An agent has {_MEANS[rights.absent]}." if rights.absent in ("all", "none") else f"What an agent has: {_MEANS[rights.absent]}."
        if rights.absent != "none":
            yield "An agent that is held to less is refused for this format, until you allow the widening."
        return
    if rights.style == "permission-map":
        allow, ask, deny = rights.actions
        yield f"{code(rights.key or '')} is a map of rules, `tool: {allow}`, `{ask}` or `{deny}`; the last one that matches wins."
    elif rights.key is not None:
        yield f"{code(rights.key)} lists what the agent may use: {SHAPES[rights.shape].doc}."
    if rights.deny is not None:
        shape = SHAPES[rights.deny_shape or rights.shape].doc
        yield f"{code(rights.deny)} lists what it may not use: {shape}."
    yield f"**Not stated:** {_MEANS[rights.absent]}."
    yield f"**Stated, and empty:** {_MEANS[rights.empty]}."
    if rights.null_ is not None and rights.null_ != rights.empty:
        yield f"**Stated as null:** {_MEANS[rights.null_]}."
    yield f"**A tool that is not listed:** {_UNLISTED[rights.unlisted]}."
    yield f"**A name the client does not know:** {_UNKNOWN[rights.unknown]}."


def _unenforced(rights: RightsRules) -> Iterator[str]:
    unless = ", where no [switch](#switches) holds it," if rights.switches else ""
    yield "**Not enforced:** the client reads the list, but is not known to keep it, so what is stated there holds nothing back."
    yield f"An agent that is held to less is refused for this format{unless} until you allow the widening."


def _patterns(rights: RightsRules) -> Iterator[str]:
    if not rights.enforced:
        return
    for what, words in _LIMITS.items():
        atoms = [atom for atom, found in rights.patterns.items() if found == what and atom != "*"]
        if atoms:
            yield f"**A limit** on {codes(atoms)} {words}."
        if rights.patterns.get("*") == what:
            yield f"**A limit**, `Tool(limit)`, on {'any other' if len(rights.patterns) > 1 else 'any'} tool {words}."


def _deny_patterns(rights: RightsRules) -> Iterator[str]:
    if rights.deny is not None or rights.style == "permission-map":
        yield f"A limit in a denial {_DENIED[rights.deny_patterns]}."


def _implied(rights: RightsRules) -> Iterator[str]:
    for one in rights.implied:
        value = "" if one.value is None else f": {one.value}"
        when = ", where a list is stated," if one.when == "stated" else ""
        yield f"{code(one.key + value)}{when} brings {codes(one.adds)} along."


def _denied(rights: RightsRules) -> Iterator[str]:
    items = {
        "entry": "each entry is taken away", "glob": "what matches its patterns is taken away",
        "regex": "what matches its regular expressions is taken away", "rules": "each of its rules may take something away",
    }
    for one in rights.denied:
        place = code(".".join(one.at))
        if one.unless is not None:
            yield f"{code(one.unless)} beside {place} takes a tool away but for what matches the {_PATTERNS[one.limit]} there."
        else:
            rule = f": its {codes(one.rule)} are tool, effect and patterns, and the effect {code(one.effect)} takes away" if one.rule else ""
            word = f"; {code(one.word)} takes the whole tool away" if one.word else ""
            yield f"{place} is read too: {items[one.limit]}{rule}{word}."


_PATTERNS: Final[Mapping[str, str]] = {"entry": "entries", "glob": "patterns", "regex": "regular expressions", "rules": "rules"}


def _beside(rights: RightsRules) -> Iterator[str]:
    for key, one in rights.beside.items():
        unless = f", unless it holds {' or '.join(code(grant) for grant in one.unless)}" if one.unless else ""
        yield f"A restricted agent also gets {code(key)}: {shown(one.value)}{unless}. That is a second line of defence; nothing is judged by it."


def _parts(rights: RightsRules) -> Iterator[str]:
    for key, one in rights.parts.items():
        kept = "" if one.enforced else ", which the client is **not known to keep**"
        empty = "nothing of it" if one.empty == "none" else "nobody knows what"
        yield f"A list under {code(key)} leaves of {code(one.of)} only what it names{kept}; an empty one leaves {empty}."


def _legacy(rights: RightsRules) -> Iterator[str]:
    if rights.legacy is not None:
        renamed = ", ".join(f"{code(old)} is {code(new)}" for old, new in rights.legacy.rename.items())
        yield f"The older map {code(rights.legacy.key)}, tool to true or false, is read too{f'; in it {renamed}' if renamed else ''}."


def _fact(words: str) -> Say:
    """A fact that holds where its key is set; `{}` is the key's value, as code."""
    def say(rights: RightsRules) -> Iterator[str]:
        key = next(name for name, own in _WORDS.items() if own is say)
        value = getattr(rights, key)
        yield words.replace("{}", code(value) if isinstance(value, str) else codes(value) if isinstance(value, tuple) else shown(value))

    return say


def _nothing(_: RightsRules) -> Iterator[str]:
    yield from ()


# One entry for each key of `rights`; those that the first one tells of say nothing of their own.
_WORDS: Final[dict[str, Say]] = {
    "style": _style,
    **dict.fromkeys(("absent", "empty", "unlisted", "null_", "key", "deny", "unknown", "actions"), _nothing),
    "enforced": _unenforced,
    "together": _fact("Where both lists are stated, the list of what is allowed counts for nothing."),
    "all": _fact("{} in the list means every tool."),
    "none": _fact("For an agent without tools {} is written."),
    "deny_none": _fact("For an agent without tools {} is written into the deny list."),
    "patterns": _patterns,
    "deny_patterns": _deny_patterns,
    "prefix": _fact("In the limit of a command {} after the words means “begins with”."),
    "patterned": _fact("{} may hold a map of limits instead of one word."),
    "legacy": _legacy,
    "ask": lambda rights: iter([f"What asks the user first stands under {code('.'.join(rights.ask or ()))}."]),
    "foreign": _fact("Tools of other assistants may be named `ASSISTANT/NAME`."),
    "fold": _fact("Names of tools are compared without case."),
    "client": _fact("The client that keeps this is that of {}."),
    "always": _fact("**Always held**, whatever is stated: {}."),
    "never": _fact("**Never held**, whatever is stated: {}."),
    "void": _fact("{} in the list gives nothing."),
    "alone": _fact("What means every tool does so only where it is the only entry."),
    "globs": _fact("An entry is a pattern for names of tools, or behind `re:` a regular expression."),
    "bare": _fact("An agent of whose tools none can be said is written without any."),
    "write": _fact("The list is only read, never written."),
    "limits": lambda rights: iter([f"A limit is a {'regular expression, which may match anywhere' if rights.limits == 'regex' else 'pattern'}."]),
    "denied": _denied,
    "beside": _beside,
    "parts": _parts,
    "needs": lambda rights: iter([f"{code(atom)} without {code(other)} keeps the client from starting." for atom, other in rights.needs.items()]),
    "implied": _implied,
}
_ALWAYS: Final = frozenset({"style", "deny_patterns"})


def _tools(rights: RightsRules) -> str:
    if not isinstance(rights.tools, dict) or not rights.tools:
        return ""
    rows = [
        (code(atom), code(capability(atom)), ATOMS.get(atom, ""), code(names[0]) if names else "", codes(names[1:]))
        for atom, names in rights.tools.items()
    ]
    missing = [atom for atom in ATOMS if atom not in rights.tools]
    told = [f"It has no name for {codes(missing)}." if missing else ""]
    if rights.other:
        told.append(f"Other tools it knows, which agentsync keeps by name: {codes(rights.other)}.")
    return pages_of("### Tools", table(("atom", "capability", "what it lets an agent do", "written", "also read"), rows), *told)


def _mcp(rights: RightsRules) -> str:
    mcp: McpRules = rights.mcp
    rows = [
        ("one tool of a server", code(mcp.tool) if mcp.tool else "cannot be said"),
        ("all tools of a server", codes(mcp.server) or "cannot be said"),
        ("every MCP tool", codes(mcp.all) or "cannot be said"),
        ("all tools of a server, denied", codes(mcp.deny_server or ())), ("every MCP tool, denied", codes(mcp.deny_all or ())),
    ]
    if rights.style == "none" or not any((mcp.tool, mcp.server, mcp.all, mcp.deny_server, mcp.deny_all)):
        return "" if rights.style == "none" else pages_of("### MCP", "Tools of MCP servers cannot be named in the list.")
    facts = ["Server and tool run together: which part is which cannot be told again."] if mcp.joined else []
    facts += [f"A character of a name outside {code(f'[{mcp.charset}]')} becomes `_`."] if mcp.charset else []
    facts += ["All tools of a server cannot be said where its name holds `_`."] if mcp.no_underscore_server else []
    told = {"tool", "server", "all", "deny_server", "deny_all", "joined", "charset", "no_underscore_server"}
    facts += [f"{words}." for words in others_of(mcp, told)]
    return pages_of("### MCP", table(("", "spelled"), [row for row in rows if row[1]]), bullets(facts))


def _switches(rights: RightsRules) -> str:
    rows = [
        (code(f"{key}: {value}"), _effect(switch), "; ".join(_switch_notes(switch)))
        for key, values in rights.switches.items()
        for value, switch in values.items()
    ]
    return pages_of("### Switches", table(("key and value", "what it does", "notes"), rows)) if rows else ""


def _effect(switch: Switch) -> str:
    if switch.only is not None:
        return f"leaves nothing but {codes(switch.only)}"
    return f"takes {codes(switch.removes)} away" if switch.removes else "takes nothing away"


def _switch_notes(switch: Switch) -> Iterator[str]:
    if not switch.enforced:
        yield "**not enforced**: written as a statement of intent, and only where the widening is allowed"
    if not switch.write:
        yield "only read"
    if switch.unless:
        yield f"never written for an agent that holds {' or '.join(code(grant) for grant in switch.unless)}"
    yield from others_of(switch, {"only", "removes", "enforced", "write", "unless"})
