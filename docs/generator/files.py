"""What the files of one format are made of, in words, and what its client does with bad ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from agentsync.formats import documents
from agentsync.formats.rules import DocumentRules, Format
from agentsync.formats.schema import OUTCOMES
from generator.markdown import bullets, code, codes, others_of, pages_of, shown, table

_UNITS: Final[Mapping[str, str]] = {"file": "one agent a file", "folder": "one folder an agent", "entry": "many agents in one file"}
_KINDS: Final[Mapping[str, str]] = {
    "head+body": "Markdown with a head between `---` lines", "toml": "TOML", "json": "JSON", "jsonc": "JSON with comments",
    "yaml": "YAML", "text": "plain text", "section": "a marked section of a text",
}
# What can be wrong with a file, by the key of DocumentRules that says what the client does then, for every kind and for heads.
_WRONG: Final[Mapping[str, str]] = {
    "bom": "a byte order mark", "invalid_utf8": "bytes that are no UTF-8", "nul": "a NUL character", "duplicate": "a key that is there twice",
    "no_head": "no head", "headed": "a head all the same", "unclosed": "a head that is not closed",
    "on_bad_head": "a text that cannot be parsed",
    "on_bad_key": "an unknown key", "on_bad_value": "a value of the wrong type",
}
_ONLY_IN: Final[Mapping[str, frozenset[str]]] = {
    "no_head": frozenset({"head+body"}), "unclosed": frozenset({"head+body", "section"}), "headed": frozenset({"text", "section"}),
    "on_bad_head": frozenset(_KINDS) - {"text", "section"}, "on_bad_key": frozenset(_KINDS) - {"text", "section"},
    "on_bad_value": frozenset(_KINDS) - {"text", "section"}, "duplicate": frozenset(_KINDS) - {"text", "section"},
}
_ANSWERS: Final[Mapping[str, Mapping[str, str]]] = {
    "bom": {"ignored": "it is left out and the file is read"},
    "duplicate": {"last": "the last one counts", "first": "the first one counts", "error": "as a text that cannot be parsed"},
    "invalid_utf8": {"replace": "each becomes U+FFFD", **OUTCOMES},
    "no_head": {"open": "an agent all the same, its text the prompt"},
    "on_bad_key": {"ignored": "it does nothing", "sent": "it reaches the model's provider"},
}
_REPAIRS: Final[Mapping[str, str]] = {
    "quote-lines": "puts suspicious one-line values into double quotes and tries again",
    "block-lines": "makes every top-level value with a colon a literal block and tries again", "pairs": "reads it line by line",
    "flat-lines": "reads it line by line, brackets as JSON",
}
_DIALECTS: Final[Mapping[str, str]] = {
    "yaml12": "YAML 1.2 (`no` is a text)", "yaml11": "YAML 1.1 (`no` is false)", "js-yaml": "YAML 1.2 with dates",
    "lines": "no YAML: `key: rest of the line`",
}


def files_section(rules: Format) -> str:
    """What a file holds, and what the client does with a bad one."""
    kinds = documents(rules)
    told = [bullets(_kind(document, several=len(kinds) > 1) for document in kinds)]
    rows = [(_WRONG[key], *(_answer(document, key) for document in kinds)) for key in _WRONG]
    rows = [row for row in rows if any(row[1:])]
    if len(kinds) == 1 or all(len(set(row[1:])) == 1 for row in rows):
        told.append(table(("in a file", "what the client does"), [row[:2] for row in rows]))
    else:
        told.append(table(("in a file", *(code(document.id or "file") for document in kinds)), rows))
    told += [f"In two files: {code(field)} stands in {_part(part)}." for field, part in rules.parts.items()]
    if rules.fixed:
        told.append(f"Every new file gets {', '.join(f'{code(key)}: {shown(value)}' for key, value in rules.fixed.items())}.")
    return pages_of("## What a file is made of", *told)


def _part(part: Mapping[str, str]) -> str:
    return ", ".join(f"{key} {code(value)}" for key, value in part.items())


def _answer(document: DocumentRules, key: str) -> str:
    if document.kind not in _ONLY_IN.get(key, {document.kind}):
        return ""
    value = getattr(document, key)
    return _ANSWERS.get(key, {}).get(value) or OUTCOMES[value]


def _kind(document: DocumentRules, *, several: bool) -> str:
    """One kind of file as a sentence."""
    name = f"{code(document.id)}: " if several and document.id else ""
    parts = [f"{_KINDS.get(document.kind, document.kind)}, {_UNITS.get(document.unit, document.unit)}"]
    if document.entry is not None:
        place = f"under {code('.'.join(document.entry.at))}" if document.entry.at else "at the top"
        keyed = f"a list of maps with their id in {code(document.entry.key)}" if document.entry.key else "a map with their ids as keys"
        parts.append(f"{place} {keyed}")
    if document.kind == "head+body":
        parts += [f"the head is {_DIALECTS[document.head]}", *_fence(document)]
    elif document.kind not in ("text", "section"):
        parts.append(f"the prompt stands under {code(document.body)}")
    if document.repair != "none":
        limits = [words for words, works in (("CRLF", document.repair_crlf), ("a byte order mark", document.repair_bom)) if not works]
        parts.append(f"where that is no YAML the client {_REPAIRS[document.repair]}" + (f", but not with {' or '.join(limits)}" if limits else ""))
    parts += [f"the client reads TOML {document.toml}; 1.0 is written"] if document.toml != "1.0" else []
    parts += [f"what other formats alone understand stands under {code(document.others)}"] if document.others else []
    parts += [f"its own keys are those of {code(document.home)}"] if document.home else []
    parts += [f"the client puts the texts under {codes(document.more)} behind the prompt"] if document.more else []
    parts += [f"the keys under {code(document.lift)} count as if they stood at the top"] if document.lift else []
    parts += ["JSON is taken too, and stays JSON"] if document.json else []
    changed = [f"U+{points.upper().replace('-', '–U+')} by {shown(new) if new else 'nothing'}" for points, new in document.cleaned.items()]
    parts += [f"before the client parses it, it replaces {', '.join(changed)}"] if changed else []
    told = {*_WRONG, "kind", "id", "unit", "entry", "head", "fence", "body", "repair", "repair_crlf", "repair_bom", "toml", "others", "home"}
    told |= {"more", "lift", "json", "cleaned"}
    # How texts and lists are written is agentsync's choice, and a file name is told elsewhere.
    parts += others_of(document, told | {"quote", "lists", "file"})
    return f"{name}{'; '.join(parts)}."


def _fence(document: DocumentRules) -> Iterator[str]:
    fence = document.fence
    closing = {"line": "a line `---`", "prefix": "a line that begins with `---`", "anywhere": "the first `---` in it"}[fence.close]
    yield f"{closing} ends it"
    if fence.open == "trailing-space":
        yield "blanks may follow the opening `---`"
    if fence.late:
        yield "other text may stand before it"
    if fence.end == "newline":
        yield "a line end must follow the closing `---`"
