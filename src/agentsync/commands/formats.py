"""`agentsync formats [ID]`: which formats there are, and what each of them can say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from agentsync.commands.app import Session, choice_error
from agentsync.formats import SHIPPED, FormatError, OwnFile, Registry, documents
from agentsync.formats.folders import places_written
from agentsync.formats.rules import DocumentRules, FieldRule, Format, RightsRules
from agentsync.model import FIELDS, AgentsyncError
from agentsync.report import JSON_VERSION, Line, Span, Style, hint_line, problem_json, problems_lines, text_line
from agentsync.workspace import formats_here, open_workspace, trust_format

TRUST: Final = "trust"
_FROM: Final = {"shipped": "agentsync", "yours": "yours", "hub": "this hub's"}


@click.command(name="formats")
@click.argument("words", metavar="[ID | trust ID]", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def formats(session: Session, words: tuple[str, ...], as_json: bool) -> int:
    """List the formats, say what one of them can hold, or trust one of the hub's own.

    Without ID: one line a format, with where its agents lie and what it was checked against.
    With ID: its fields, how it states rights and what it makes of what is not stated, its own keys and their risk.

    Your own formats lie in the folder `formats` of your configuration and can be used at once. Those in a hub's folder `formats` arrive
    by git: each is used on this machine once you trusted it, and again only when you trusted what it was changed to.
    """
    if words[:1] == (TRUST,):
        return trust(session, words[1:])
    if len(words) > 1:
        raise AgentsyncError(f"one format at a time ({' '.join(words)})", hint=f"agentsync formats {words[0]}")
    known = formats_here(session.hub, str(Path.cwd()), default_hub=True)
    if words:
        return _one(session, words[0], known, as_json=as_json)
    if as_json:
        listed = [format_json(rules, known) for rules in known.usable()]
        _print_json(session, listed, [inactive_json(file, known) for file in _inactive(known)])
    else:
        session.terminal.print(list_lines(known.usable(), known))
        session.terminal.say(line for file in _inactive(known) for line in problems_lines(known.problems(file)))
    return 0


def _one(session: Session, format_id: str, known: Registry, *, as_json: bool) -> int:
    """One format: what it can say, and where it cannot be used, all that is wrong with it."""
    if format_id not in known.ids():
        raise choice_error("format", format_id, known.ids(), hint="agentsync formats")
    file = known.file(format_id)
    rules = known.load(format_id) if file is None else known.read_anyway(file)
    active = file is None or known.state(file) == "active"
    if as_json:
        listed = [format_json(rules, known)] if active and rules is not None else []
        _print_json(session, listed, [] if active or file is None else [inactive_json(file, known)])
    elif rules is not None:
        session.terminal.print(detail_lines(rules, known.usable(), known))
    if file is not None and not as_json:
        session.terminal.say(problems_lines(known.problems(file), full=True))
    return 0 if rules is not None else FormatError.exit_code


def _print_json(session: Session, listed: Sequence[dict[str, Any]], inactive: Sequence[dict[str, Any]]) -> None:
    found = {"version": JSON_VERSION, "formats": listed, "inactive": inactive}
    session.terminal.result(json.dumps(found, indent=2) + "\n")


def trust(session: Session, words: Sequence[str]) -> int:
    """`formats trust ID`: let a format of the hub be used on this machine, as its file is now."""
    if len(words) != 1:
        raise AgentsyncError("say which format of the hub you trust", hint="agentsync formats")
    space = open_workspace(session.hub)
    format_id, known = words[0], space.formats
    if format_id not in known.ids():
        raise choice_error("format", format_id, known.ids(), hint="agentsync formats")
    file = known.file(format_id)
    if file is None or file.origin != "hub":
        session.terminal.say([text_line(f"{format_id} is {_FROM[known.origin(format_id)]}: it needs no trust")])
        return 0
    rules = known.read_anyway(file)
    if rules is None:
        session.terminal.say(problems_lines(known.problems(file), full=True))
        return FormatError.exit_code
    if known.state(file) != "active":
        trust_format(space, file)
    places = [(scope, path) for scope in ("project", "user") for path in places_written(rules, scope)]
    session.terminal.say([
        text_line(f"{format_id} ({rules.title}) can be used on this machine, as {file.path} is now", "good"),
        *(text_line(f"  it writes {'~/' if scope == 'user' else ''}{path}") for scope, path in places),
        hint_line("agentsync push -n"),
    ])
    return 0


def _inactive(known: Registry) -> list[OwnFile]:
    """The files whose format cannot be used."""
    return [file for file in known.own if known.state(file) != "active"]


def inactive_json(file: OwnFile, known: Registry) -> dict[str, Any]:
    """The documented object of a format that cannot be used here."""
    return {
        "id": file.id, "origin": file.origin, "path": file.path, "state": known.state(file),
        "problems": [problem_json(problem) for problem in known.problems(file)],
    }


def place_of(rules: Format, scope: str) -> str | None:
    """Where a format keeps the agents of a scope: the path it is written to, else the first it is read from."""
    places = [where for where in rules.where if where.scope == scope]
    written = next((where.write for where in places if where.write), None)
    found = written or next((glob for where in places for glob in where.read), None)
    return found if found is None or scope == "project" else f"~/{found}"


def format_json(rules: Format, known: Registry = SHIPPED) -> dict[str, Any]:
    """The documented object of a format."""
    evidence = rules.evidence
    file = known.file(rules.id)
    return {
        "id": rules.id, "title": rules.title, "project": place_of(rules, "project"), "user": place_of(rules, "user"),
        "reads": rules.direction != "write", "writes": rules.direction != "read",
        "verified": {"client": evidence.client, "on": evidence.on, "kind": evidence.kind},
        "origin": known.origin(rules.id), "path": None if file is None else file.path,
    }


def list_lines(formats: Iterable[Format], known: Registry = SHIPPED) -> Iterator[Line]:
    """The table of all formats. Where each comes from is a column once one does not come with agentsync."""
    rows = [("id", "title", "in a project", "for a user", "", "checked"), *(_row(rules) for rules in formats)]
    if known.own:
        origins = ("from", *(_FROM[known.origin(row[0])] for row in rows[1:]))
        rows = [(row[0], origin, *row[1:]) for row, origin in zip(rows, origins, strict=True)]
        yield from columns(rows, styles=("name", "faint", "", "", "faint", "", "faint"), head=True)
        return
    yield from columns(rows, styles=("name", "", "", "faint", "", "faint"), head=True)


def _row(rules: Format) -> tuple[str, ...]:
    """A format's cells; its id is the first."""
    ways = {"both": "reads, writes", "read": "reads only", "write": "writes only"}[rules.direction]
    return (rules.id, rules.title, place_of(rules, "project") or "—", place_of(rules, "user") or "—", ways, _evidence(rules))


def _evidence(rules: Format) -> str:
    evidence = rules.evidence
    words = {"run": "run", "source": "source read", "docs": "documentation", "peer": "a peer's files", "convention": "convention"}
    how = words[evidence.kind]
    return f"{evidence.client or rules.title}, {how} {evidence.on}"


def columns(rows: Sequence[Sequence[str]], *, styles: Sequence[Style], head: bool = False, indent: int = 0) -> Iterator[Line]:
    """Rows of text as aligned columns; the last cell of a row is not filled up."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))] if rows else []
    for number, row in enumerate(rows):
        line: list[Span] = [("", " " * indent)]
        for index, cell in enumerate(row):
            style: Style = "faint" if head and number == 0 else styles[index]
            last = not any(row[index + 1 :])
            line.append((style, cell if last else f"{cell:<{widths[index]}}  "))
            if last:
                break
        yield tuple(line)


# ---- one format --------------------------------------------------------------------------------------------------

def detail_lines(rules: Format, known: Sequence[Format], registry: Registry = SHIPPED) -> Iterator[Line]:
    """Everything a format file says, for people."""
    file = registry.file(rules.id)
    yield (("name", rules.id), ("", f"  {rules.title}"), ("faint", f"  {rules.docs}"))
    if file is not None:
        yield (("faint", f"{_FROM[file.origin]}: {file.path}"),)
    yield (("faint", f"checked: {_evidence(rules)}; that rights are kept: {_enforcement(rules)}"),)
    yield from _section("where", _where_lines(rules, known))
    yield from _section("fields", _field_lines(rules))
    yield from _section("rights", _rights_lines(rules.rights))
    models = rules.values.get(_table_of(rules.fields.get("model")) or "", {})
    yield from _section("models", columns([(name, str(native)) for name, native in models.items()], styles=("", ""), indent=2))
    native = [(key, rule.type, rule.risk) for key, rule in rules.native.items()]
    yield from _section("keys of its own (type, risk)", columns(native, styles=("", "faint", ""), indent=2))
    template = [(item.active, {"refuse": "literal text like this is refused", "alters": "literal text like this is altered",
                               "escape": "literal text like this is escaped"}[item.otherwise]) for item in rules.body.template]
    yield from _section("placeholders in a prompt", columns(template, styles=("", "faint"), indent=2))


def _section(title: str, lines: Iterable[Line]) -> Iterator[Line]:
    found = list(lines)
    if found:
        yield ()
        yield text_line(title, "strong")
        yield from found


def _enforcement(rules: Format) -> str:
    return {
        "run": "seen in the client", "source": "read in its source", "docs": "says its documentation", "unverified": "not verified",
    }[rules.evidence.enforcement]


def _where_lines(rules: Format, known: Sequence[Format]) -> Iterator[Line]:
    for where in rules.where:
        home = "~/" if where.scope == "user" else ""
        if where.write:
            yield (("", f"  {where.scope:<8} writes "), ("strong", home + where.write))
        yield (("", f"  {where.scope:<8} reads  "), ("", ", ".join(home + glob for glob in where.read)))
    kinds = documents(rules)
    yield from (_document_line(kind) for kind in kinds)
    for other in rules.also_reads:
        when = f" ({other.when})" if other.when else ""
        when += f" (in the scope {other.scope} only)" if other.scope else ""
        yield (("", f"  also reads the folder of {other.format}, {_KEPT[other.rights]}"), ("faint", when))
    readers = [other.id for other in known if any(also.format == rules.id for also in other.also_reads)]
    if readers:
        yield text_line(f"  its folder is read by {', '.join(readers)} too")


_KEPT: Final = {
    "enforced": "and keeps its limits", "ignored": "and ignores its limits", "unknown": "not known whether it keeps its limits",
}


def _document_line(kind: DocumentRules) -> Line:
    unit = {"file": "one agent a file", "folder": "a folder an agent", "entry": "many agents in one file"}[kind.unit]
    return (("faint", f"  {kind.id or 'file'}: {kind.kind}, {unit}"),)


def _field_lines(rules: Format) -> Iterator[Line]:
    rows = []
    for name, rule in rules.fields.items():
        key = rule.key if isinstance(rule.key, str) else ".".join(rule.key)
        notes = ["required"] if rule.required else []
        if not rule.write:
            notes.append("only read")
        rows.append((name, "the text after the head" if key == "$body" else key, ", ".join(notes)))
    yield from columns(rows, styles=("", "strong", "faint"), indent=2)
    missing = [name for name in FIELDS if name not in rules.fields]
    if missing:
        yield text_line(f"  cannot say: {', '.join(missing)}", "faint")


def _rights_lines(rights: RightsRules) -> Iterator[Line]:
    style = {
        "allow-list": "a list of tools", "permission-map": "an ordered map of permissions",
        "groups": "groups of tools", "none": "no list of tools",
    }[rights.style]
    keys = ", ".join(key for key in (rights.key, rights.deny, *rights.switches) if key)
    rows = [
        ("style", style + (f" ({keys})" if keys else "")),
        ("not stated", _means(rights.absent)),
        ("stated, empty", _means(rights.empty)),
        ("tools not listed", {"denied": "denied", "allowed": "allowed", "unknown": "not known"}[rights.unlisted]),
    ]
    mcp = rights.mcp
    spelled = [text for text in (mcp.tool, *mcp.server[:1], *mcp.all[:1]) if text]
    rows.append(("MCP", ", ".join(spelled) if spelled else "cannot be limited"))
    if rights.patterns:
        rows.append(("limits", ", ".join(f"{atom}: {what}" for atom, what in rights.patterns.items())))
    if rights.always:
        rows.append(("always held", ", ".join(rights.always)))
    if rights.never:
        rows.append(("never held", ", ".join(rights.never)))
    if isinstance(rights.tools, dict):
        rows += [(atom, ", ".join(names)) for atom, names in rights.tools.items()]
    yield from columns(rows, styles=("", ""), indent=2)


def _means(what: str) -> str:
    return {
        "all": "everything is allowed", "none": "nothing is allowed",
        "unknown": "not known, read as everything", "refused": "refused by the client",
    }[what]


def _table_of(rule: FieldRule | None) -> str | None:
    return None if rule is None else rule.table
