"""The sense of a format file: what types cannot say. Every rule is a sentence of its own, all that are broken are told.

Floor 2, pure. Runs after `structure` has passed the file; `check_rights` holds the rules about rights, `check_paths` those
about where files lie.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from agentsync.formats.check_paths import check_confinement, check_places
from agentsync.formats.check_rights import check_rights, check_tools
from agentsync.formats.patterns import flaw_of, flaw_of_class
from agentsync.formats.source import Flaw, KeyPath
from agentsync.formats.structure import labelled
from agentsync.model import FIELDS
from agentsync.report import near

if TYPE_CHECKING:
    from agentsync.formats.rules import DocumentRules, FieldRule, Format
    from agentsync.formats.tables import ToolTable

FALLBACK: Final = "$fallback"
"""In `detect.keys`: markdown with a name and a description that nothing contradicts is this format."""

BODY: Final = "$body"
_POINTS: Final = re.compile(r"[0-9a-f]{4}(?:-[0-9a-f]{4})?")
_PSEUDO_FIELDS: Final = ("prompt", "rights")
_HIDDEN: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")


def check_format(rules: Format, *, stem: str, shipped: bool, known: Sequence[str]) -> list[Flaw]:
    """Every broken rule of a format whose form is right and whose tool table is filled in.

    stem: its file's name without ending. known: the ids that come with agentsync.
    """
    flaws = [
        *_check_identity(rules, stem, shipped, known),
        *check_places(rules),
        *_check_documents(rules, known),
        *_check_name(rules),
        *_check_fields(rules),
        *_check_values(rules),
        *_check_body(rules),
        *_check_detect(rules, shipped),
        *check_rights(rules),
        *_check_client(rules, known),
        *_check_keys(rules),
    ]
    if not shipped:
        flaws += check_confinement(rules)
    return flaws


def check_table(table: ToolTable) -> list[Flaw]:
    """Every broken rule of a table of tool names."""
    return list(check_tools(table.tools, table.other, ()))


def check_texts(data: Any, path: KeyPath = ()) -> Iterator[Flaw]:
    """Characters that do not show, or turn text round, in any key or value of plain data of bounded depth."""
    if isinstance(data, str):
        found = _HIDDEN.search(data)
        if found is not None:
            yield _flaw(path, f"a hidden character (U+{ord(found[0]):04X}) stands in the text, visible ones are allowed")
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from check_texts(key, (*path, key))
            yield from check_texts(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from check_texts(value, (*path, index))


def one_fallback(formats: Sequence[Format]) -> str | None:
    """What is wrong where several formats claim to be the fallback, or None."""
    claiming = [rules.id for rules in formats if FALLBACK in rules.detect.keys]
    if len(claiming) <= 1:
        return None
    return f"detect.keys: {FALLBACK} stands in several formats ({', '.join(claiming)}), at most one may have it"


def _flaw(path: KeyPath, message: str, hint: str | None = None, *, on_key: bool = False) -> Flaw:
    return Flaw("format-rule", labelled(path, message), path, hint, on_key)


def _meant(word: str, known: Sequence[str]) -> str | None:
    nearest = near(word, known)
    return f"did you mean `{nearest}`?" if nearest else None


def _check_identity(rules: Format, stem: str, shipped: bool, known: Sequence[str]) -> Iterator[Flaw]:
    if rules.id != stem:
        yield _flaw(("id",), f"wrong id ({rules.id}), the file's name says {stem}", f"id: {stem}")
    if not shipped and rules.id in known:
        yield _flaw(("id",), f"the id is taken ({rules.id}), it belongs to a format that comes with agentsync")


def _check_documents(rules: Format, known: Sequence[str]) -> Iterator[Flaw]:
    single = not isinstance(rules.document, tuple)
    kinds = _documents(rules)
    if not kinds:
        yield _flaw(("document",), "no kind of file is described, at least one is needed")
    seen: set[str | None] = set()
    for index, document in enumerate(kinds):
        path: KeyPath = ("document",) if single else ("document", index)
        if len(kinds) > 1 and document.id is None:
            yield _flaw(path, "a key is missing (id), each of several kinds of file needs one")
        elif document.id in seen:
            yield _flaw((*path, "id"), f"the id is there twice ({document.id}), each kind of file needs its own")
        seen.add(document.id)
        yield from _check_document(rules, document, path)
        if document.home is not None and document.home not in known:
            yield _flaw((*path, "home"), f"no such format ({document.home}), allowed are {', '.join(known)}", _meant(document.home, known))


def _check_document(rules: Format, document: DocumentRules, path: KeyPath) -> Iterator[Flaw]:
    if document.unit == "entry" and document.entry is None:
        yield _flaw(path, "a key is missing (entry), unit entry needs to know where the entries stand")
    if document.lift is not None and rules.direction != "read":
        yield _flaw((*path, "lift"), "it says nothing where a format is written, allowed where `direction: read`", on_key=True)
    if document.kind == "section" and document.unit != "entry":
        yield _flaw((*path, "unit"), f"a block of agents is no {document.unit}, allowed is entry")
    if document.unit != "entry" and document.entry is not None:
        yield _flaw((*path, "entry"), f"it says nothing for unit {document.unit}, allowed is unit entry", on_key=True)
    if document.unit == "entry" and document.kind in {"head+body", "text"}:
        yield _flaw((*path, "unit"), f"a file of kind {document.kind} holds one agent, allowed are file and folder")
    for key in ("json", "cleaned"):
        if getattr(document, key) and document.kind != "yaml":
            yield _flaw((*path, key), f"it says nothing for kind {document.kind}, allowed is kind yaml", on_key=True)
    for points in document.cleaned:
        if not _POINTS.fullmatch(points):
            yield _flaw((*path, "cleaned", points), f"no code points ({points}), hexadecimal as 2018 or 2018-201d is needed", on_key=True)
    if document.kind != "head+body":
        for key in ("head", "fence", "repair", "repair_lists"):
            if key == "head" and document.kind == "yaml" and document.head != "lines":
                continue
            if getattr(document, key) != _default(document, key):
                yield _flaw((*path, key), f"it says nothing for kind {document.kind}, allowed is kind head+body", on_key=True)
    if document.file is not None and ("/" in document.file or "\\" in document.file or document.file in {"", ".", ".."}):
        yield _flaw((*path, "file"), f"not a file name ({document.file}), a name without folders is allowed")


def _default(rules: Any, key: str) -> Any:
    """What a key of a rules type is where the file does not state it."""
    kind = type(rules)
    return kind.__struct_defaults__[kind.__struct_fields__.index(key) - len(kind.__struct_fields__)]


def _check_name(rules: Format) -> Iterator[Flaw]:
    name = rules.name
    units = {document.unit for document in _documents(rules)}
    if not name.source:
        yield _flaw(("name", "source"), "no source is given, at least one of entry, folder, key, path, stem is needed")
    for index, source in enumerate(name.source):
        if source in {"entry", "folder"} and source not in units:
            yield _flaw(("name", "source", index), f"no kind of file has unit {source}, allowed are key, path, stem")
    if name.pattern is not None and (problem := flaw_of(name.pattern)):
        yield _flaw(("name", "pattern"), f"the pattern cannot be used ({name.pattern}), {problem}")
    if name.cleaned is not None and (problem := flaw_of_class(name.cleaned)):
        yield _flaw(("name", "cleaned"), f"wrong class ({name.cleaned}), {problem}")
    least, most = name.length
    if not 1 <= least <= most:
        yield _flaw(("name", "length"), f"wrong range ([{least}, {most}]), the first number is at least 1 and not above the second")


def _check_fields(rules: Format) -> Iterator[Flaw]:
    allowed = (*FIELDS, *_PSEUDO_FIELDS)
    bodies = [name for name, rule in rules.fields.items() if rule.key == BODY]
    for name, rule in rules.fields.items():
        path = ("fields", name)
        if name not in allowed:
            yield _flaw(path, f"no such field ({name}), allowed are {', '.join(allowed)}", _meant(name, allowed), on_key=True)
        yield from _check_field(rules, rule, path)
    if "prompt" not in rules.fields and "prompt" not in rules.parts:
        yield _flaw(("fields",), "a key is missing (prompt), a format must say where the prompt stands")
    if len(bodies) > 1:
        yield _flaw(("fields", bodies[1], "key"), f"{BODY} is used twice ({', '.join(bodies)}), one field may stand there")


def _check_field(rules: Format, rule: FieldRule, path: KeyPath) -> Iterator[Flaw]:
    if not rule.key or (isinstance(rule.key, tuple) and not all(rule.key)):
        yield _flaw((*path, "key"), "the key is empty, a key or a path of keys is needed")
    if rule.table is not None and rule.table not in rules.values:
        tables = tuple(rules.values)
        message = f"no such table ({rule.table}), `values` holds {', '.join(tables) or 'none'}"
        yield _flaw((*path, "table"), message, _meant(rule.table, tables))
    if rule.overflow is not None and (rule.table is None or not rule.overflow or not all(rule.overflow)):
        yield _flaw((*path, "overflow"), "it says nothing, it is a path of keys for values that `table` does not hold", on_key=True)
    if rule.closed and rule.table is None:
        yield _flaw((*path, "closed"), "it says nothing without `table`", on_key=True)
    if rule.missing is not None and not rule.required:
        yield _flaw((*path, "missing"), "it says nothing, allowed where `required: true`", on_key=True)
    if rule.required and not rule.write and rules.direction != "read":
        yield _flaw((*path, "write"), "a required field that is never written (false), allowed is true")
    if rule.active is not None and (problem := flaw_of(rule.active)):
        yield _flaw((*path, "active"), f"the pattern cannot be used ({rule.active}), {problem}")
    for told in rule.brings.values():
        for key in told:
            if (key,) == (rule.key if isinstance(rule.key, tuple) else (rule.key,))[-1:]:
                yield _flaw((*path, "brings"), f"the key is the field's own ({key}), another one of the same map is allowed", on_key=True)
    table = rules.values.get(rule.table or "", {})
    if rule.none is not None and rule.none in table.values():
        yield _flaw((*path, "none"), f"the value means something already ({rule.none}), a value outside the table {rule.table} is allowed")
    shapes = _shapes()
    if shapes is not None and rule.shape not in shapes:
        names = tuple(shapes)
        yield _flaw((*path, "shape"), f"no such shape ({rule.shape}), allowed are {', '.join(names)}", _meant(rule.shape, names))


def _shapes() -> Mapping[str, Any]:
    from agentsync.shapes import SHAPES

    return SHAPES


def _check_values(rules: Format) -> Iterator[Flaw]:
    used = {rule.table for rule in rules.fields.values()}
    for name, table in rules.values.items():
        if name not in used:
            yield _flaw(("values", name), f"no field uses the table ({name}), allowed are tables that `fields` names", on_key=True)
        natives: dict[str, str] = {}
        for neutral, native in table.items():
            path = ("values", name, neutral)
            if native is None or isinstance(native, (list, dict)):
                yield _flaw(path, "wrong type, allowed are a text, a number, true and false; leave out a value that has no native one")
                continue
            if not _wildcards_agree(neutral, native):
                message = f"the wildcards differ ({neutral}, {native}), allowed is one `*`, or the same number of `?`, on both sides"
                yield _flaw(path, message)
            first = natives.setdefault(f"{type(native).__name__} {native}", neutral)
            if first != neutral:
                yield _flaw(path, f"two values become one ({first} and {neutral} become {native}), reading it back needs one of them")


def _wildcards_agree(neutral: str, native: object) -> bool:
    """Whether a value can be carried over and back: at most one `*`, and as many wildcards on one side as on the other."""
    text = native if isinstance(native, str) else ""
    stars, marks = (neutral.count("*"), text.count("*")), (neutral.count("?"), text.count("?"))
    return stars in {(0, 0), (1, 1)} and marks[0] == marks[1] and not (stars[0] and marks[0])


def _check_body(rules: Format) -> Iterator[Flaw]:
    body = rules.body
    if body.min < 0 or (body.max is not None and body.max < body.min):
        yield _flaw(("body",), f"wrong limits ({body.min} to {body.max}), min is at least 0 and not above max")
    if body.limit is not None and body.limit < max(body.min, 1):
        yield _flaw(("body", "limit"), f"wrong limit ({body.limit}), it is at least 1 and not below min")
    if body.literal is not None and any(document.body == body.literal for document in _documents(rules)):
        yield _flaw(("body", "literal"), f"the prompt stands there already ({body.literal}), another key is allowed")
    ids = {document.id for document in _documents(rules)}
    for index, template in enumerate(body.template):
        path = ("body", "template", index)
        if problem := flaw_of(template.active):
            yield _flaw((*path, "active"), f"the pattern cannot be used ({template.active}), {problem}")
        if (template.otherwise == "escape") != (template.escape is not None):
            yield _flaw(path, f"`escape` and `otherwise: {template.otherwise}` disagree, `escape` belongs to `otherwise: escape`")
        if template.escape is not None and not template.escape[0]:
            yield _flaw((*path, "escape"), "the text to replace is empty, at least one character is needed")
        if template.document is not None and template.document not in ids:
            yield _flaw((*path, "document"), f"no such kind of file ({template.document}), it must be an id in `document`")


def _check_detect(rules: Format, shipped: bool) -> Iterator[Flaw]:
    detect = rules.detect
    for index, glob in enumerate(detect.files):
        if "/" in glob or "\\" in glob or not glob.strip("*?"):
            yield _flaw(("detect", "files", index), f"not the glob of a file name ({glob}), some letters and no folder are allowed")
    for index, key in enumerate(detect.keys):
        if key.startswith("$") and key != FALLBACK:
            yield _flaw(("detect", "keys", index), f"no such pseudo key ({key}), allowed is {FALLBACK}")
        elif key == FALLBACK and not shipped:
            message = f"not allowed here ({FALLBACK}), only a format that comes with agentsync may be the fallback"
            yield _flaw(("detect", "keys", index), message)
    for index, key in enumerate(detect.never):
        if key in detect.keys or key in detect.needs:
            yield _flaw(("detect", "never", index), f"the key speaks for and against ({key}), one of them is allowed")


def _check_client(rules: Format, known: Sequence[str]) -> Iterator[Flaw]:
    client = rules.rights.client
    if client is not None and (client not in known or client == rules.id):
        message = f"no such other format ({client}), allowed are {', '.join(name for name in known if name != rules.id)}"
        yield _flaw(("rights", "client"), message, _meant(client, known))


def native_roots(rules: Format) -> frozenset[str]:
    """Every native key that a format gives a meaning to; of a path of keys the first."""
    roots = {key if isinstance(key, str) else key[0] for _, key in _claims(rules)}
    return frozenset(roots | set(rules.rights.switches) | set(rules.fixed) | {d.others for d in _documents(rules) if d.others})


def _documents(rules: Format) -> tuple[DocumentRules, ...]:
    return rules.document if isinstance(rules.document, tuple) else (rules.document,)


def _claims(rules: Format) -> Iterator[tuple[KeyPath, str | tuple[str, ...]]]:
    """Each native key, or path of keys, that has a meaning, and where the file says so. Switches may share theirs."""
    rights = rules.rights
    if "key" in rules.name.source:
        yield ("name",), rules.name.key
    for name, rule in rules.fields.items():
        for key in (rule.key, *rule.also, *filter(None, [rule.copy])):
            if key and key != BODY:
                yield ("fields", name), key
    legacy = rights.legacy and rights.legacy.key
    for place, stated in (("key", rights.key), ("deny", rights.deny), ("ask", rights.ask), ("legacy", legacy)):
        if stated:
            yield ("rights", place), stated
    for index, document in enumerate(_documents(rules)):
        for key in document.more:
            yield ("document", index, "more"), key
    for key in rules.native:
        yield ("native", key), key


def _check_keys(rules: Format) -> Iterator[Flaw]:
    """Each native key has one meaning; `fixed` and `implied` name keys that have one."""
    owners: dict[tuple[str, ...], KeyPath] = {}
    for path, key in _claims(rules):
        steps = (key,) if isinstance(key, str) else key
        first = owners.setdefault(steps, path)
        if first != path:
            message = f"the key is spoken for ({'.'.join(steps)}), {'.'.join(map(str, first))} has it already"
            yield _flaw(path, message, on_key=path[0] == "native")
    stated = {steps[0] for steps in owners} | set(rules.rights.switches)
    for key in rules.fixed:
        if key not in stated:
            yield _flaw(("fixed", key), f"no such key ({key}), allowed are keys named in name, fields, rights and native", on_key=True)
    for key, native in rules.native.items():
        if native.required and rules.direction != "read" and key not in rules.fixed:
            yield _flaw(("native", key, "required"), f"nothing is written there ({key}), `fixed` must hold a value for it", on_key=True)
    for key in rules.rights.parts:
        if key not in stated:
            message = f"no such key ({key}), allowed are keys named in fields, native and switches"
            yield _flaw(("rights", "parts", key), message, _meant(key, sorted(stated)), on_key=True)
    for index, implied in enumerate(rules.rights.implied):
        if implied.key not in stated:
            path = ("rights", "implied", index, "key")
            message = f"no such key ({implied.key}), allowed are keys named in fields, native and switches"
            yield _flaw(path, message, _meant(implied.key, sorted(stated)))
