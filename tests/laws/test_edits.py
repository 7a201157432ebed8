"""Promise 5, small edits stay small: one field changes in a real file, and only the lines of that field differ.

Where a field's lines stand is found here by a scanner of a few lines, not by the spans that editing uses.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import pytest
import yaml

from agentsync import codec
from agentsync.codec.compiled import compile_format
from agentsync.formats import documents
from agentsync.formats.rules import Format
from agentsync.model import Agent, Document, Reading, Rendering, Rights, Value
from agentsync.rights import contains, effective
from tests.laws.samples import FORMAT, FORMATS, Sample, samples
from tests.laws.test_corpus_laws import complain

NEW_DESCRIPTION = 'Reads: what "others" wrote, 50 % of it # and the rest'
NEW_PARAGRAPH = "Say what you are unsure of.\n\n---\n\n* `key: value` \\ \"quoted\""
MODELS = ("sonnet", "gpt-5.5", "gemini-2.5-pro", "qwen-max", "opus", "gpt-5.4-mini", "gemini-2.5-flash", "qwen-plus",
    "claude-sonnet-4", "claude-opus-4-5",
)
Edit = Callable[[Format, Agent], Agent | None]


def with_fields(agent: Agent, **fields: Value) -> Agent:
    return replace(agent, fields={**agent.fields, **fields})


def new_description(fmt: Format, agent: Agent) -> Agent | None:
    rule = fmt.fields.get("description")
    if rule is None or not rule.write or rule.limit is not None:
        return None
    return with_fields(agent, description=NEW_DESCRIPTION)


def new_model(fmt: Format, agent: Agent) -> Agent | None:
    if "model" in agent.extra.get(agent.home, {}):      # a model that only this client knows stays the agent's own
        return None
    known = compile_format(fmt).tables.get("model")
    model = next((m for m in MODELS if known is not None and known.native(m) is not None and m != agent.model), None)
    return with_fields(agent, model=model) if model is not None else None


def one_tool_less_or_more(fmt: Format, agent: Agent) -> Agent | None:
    """Without the last tool of the list, or with one more where it has one; None where no list can be said."""
    rights, never = agent.rights, set(fmt.rights.never)
    if fmt.rights.style == "none" or any(key in agent.extra.get(agent.home, {}) for key in fmt.rights.switches):
        return None
    if rights.allow is None:
        return replace(agent, rights=Rights(None, (*rights.deny, "fetch"))) if "fetch" not in rights.deny else None
    if len(rights.allow) > 1 and rights.allow[-1] not in rights.implied:
        return replace(agent, rights=replace(rights, allow=rights.allow[:-1]))
    atoms = [a for a in ("read.grep", "read.glob", "fetch") if not contains(rights.allow, a) and a not in never]
    more = next((a for a in atoms if compile_format(fmt).tools.natives.get(a)), None)
    if more is None:
        return None
    return replace(agent, rights=replace(rights, allow=(*rights.allow, more)))


def new_paragraph(fmt: Format, agent: Agent) -> Agent | None:
    if not fmt.fields["prompt"].write:
        return None
    if agent.prompt in agent.extra.get(agent.home, {}).get("placeholders", ()):      # the whole of it stands in another file
        return None
    paragraphs = agent.prompt.split("\n\n")
    paragraphs.insert(len(paragraphs) // 2, NEW_PARAGRAPH)
    return replace(agent, prompt="\n\n".join(paragraphs).strip())


EDITS: Mapping[str, Edit] = {
    "description": new_description, "model": new_model, "one tool": one_tool_less_or_more, "a paragraph of the prompt": new_paragraph,
}
VARIANTS: Mapping[str, Callable[[str], str]] = {
    "as published": lambda text: text,
    "CRLF": lambda text: text.replace("\r\n", "\n").replace("\n", "\r\n"),
    "BOM": lambda text: "\ufeff" + text.removeprefix("\ufeff"),
}


def edited_files(name: str, variant: str) -> tuple[Sample, ...]:
    """All files as they are; of the many Claude Code ones every seventh for the variants and for the hub, with all that need a repair."""
    own = samples(name)
    if len(own) < 200 or (variant == "as published" and name != "agentsync"):
        return own
    return tuple(s for place, s in enumerate(own) if place % 7 == 0 or "Context:" in s.document.text[:2000])


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", FORMATS)
def test_one_field_changes_its_own_lines_alone(name: str, variant: str) -> None:
    complain(
        f"{sample.origin} ({what}): {complaint}"
        for sample in edited_files(name, variant)
        for document in [Document(sample.document.path, VARIANTS[variant](sample.document.text))]
        for reading in codec.read(document, FORMAT[name])
        if reading.status == "read"
        for what, edit in EDITS.items()
        for complaint in edited(FORMAT[name], document, reading, what, edit)
    )


def edited(fmt: Format, document: Document, reading: Reading, what: str, edit: Edit) -> Iterator[str]:
    """Every way in which one edit of one file breaks the promise."""
    assert reading.agent is not None
    wanted = edit(fmt, reading.agent)
    if wanted is None:
        return
    rendering = codec.write(wanted, fmt, old=document, entry=reading.entry, allow_widening=True)
    if rendering.refused:
        if rendering.problems[0].code != "prompt-refused":
            yield f"refused: {rendering.problems}"
        return
    text = rendering.documents[0].text
    if text == document.text and not rendering.losses:
        yield "nothing changed, and nothing is reported"
    yield from meaning(fmt, rendering, reading, wanted)
    yield from (unmended(document, rendering, reading) if any(p.code == "repaired" for p in reading.problems) else ())
    place = Place(fmt, document.path, reading.entry)
    mended = is_repaired(reading)
    for where, side, other in ((document.text, "-", text), (text, "+", document.text)):
        yield from strays(place, where, other, field_keys(fmt, what, place), side, mended)
    if document.text.count("\r\n") != 0 and re.search(r"(?<!\r)\n", text):
        yield "a line with another end than the file's"


def is_repaired(reading: Reading) -> bool:
    return any(loss.kind == "guessed" for loss in reading.losses)


def meaning(fmt: Format, rendering: Rendering, before: Reading, wanted: Agent) -> Iterator[str]:
    """The document must say the agent that was asked for, but for what is reported."""
    readings = codec.read(rendering.documents[0], fmt)
    [now] = [r for r in readings if r.entry == before.entry]
    told = {loss.field for loss in rendering.losses}
    if now.agent is None:
        yield f"does not read: {now.problems}"
    elif (now.agent.name, now.agent.prompt, now.agent.extra) != (wanted.name, wanted.prompt, wanted.extra):
        yield "name, prompt or native values changed"
    elif {k: v for k, v in now.agent.fields.items() if k not in told} != {k: v for k, v in wanted.fields.items() if k not in told}:
        yield f"fields are {now.agent.fields}"
    elif effective(now.agent.rights) != effective(wanted.rights) and "rights" not in told:
        yield f"rights are {now.agent.rights}, not {wanted.rights}"


def unmended(document: Document, rendering: Rendering, reading: Reading) -> Iterator[str]:
    """A head that loads by its client's repair alone must be valid after any edit, and the report must say so."""
    head = rendering.documents[0].text.removeprefix("\ufeff").split("---", 1)[1]
    try:
        yaml.safe_load(re.split(r"^---", head, maxsplit=1, flags=re.MULTILINE)[0])
    except yaml.YAMLError as error:
        yield f"the head is no valid YAML: {error}"
    if not any(problem.code == "head-mended" for problem in rendering.problems):
        yield f"that the head was mended is not reported: {rendering.problems}"


# --- where a field stands ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """One agent's place in a file of a format."""

    format: Format
    path: str
    entry: str | None

    @property
    def kind(self) -> str:
        return compile_format(self.format).kind(None, self.path).rules.kind


def field_keys(fmt: Format, what: str, place: Place) -> set[str]:
    """The native keys that may hold what was changed."""
    rules = fmt.rights
    if what == "one tool":
        keys = [rules.key, rules.deny, rules.legacy.key if rules.legacy else None, *rules.switches, *rules.beside, *(rules.ask or ())[:1]]
        return {key for key in keys if key}
    if what == "a paragraph of the prompt":
        return {"$body", *(key for d in documents(fmt) for key in (d.body, *d.more))}
    rule = fmt.fields[what]
    return {rule.key if isinstance(rule.key, str) else rule.key[0], *rule.also, *filter(None, [rule.copy]), *(rule.overflow or ())[:1]}


def strays(place: Place, text: str, other: str, keys: set[str], side: str, mended: bool) -> Iterator[str]:
    """Changed lines of a text that belong to none of these keys."""
    lines, others = text.split("\n"), other.split("\n")
    if place.kind == "yaml":
        owners = owner_of_nodes(text, place)
    elif place.kind in ("text", "section"):
        owners = owner_of_sections(lines, place.entry)
    elif place.kind == "head+body" and not all(one.removeprefix("\ufeff").startswith("---") for one in (text, other)):
        lines[0], others[0] = lines[0].removeprefix("\ufeff"), others[0].removeprefix("\ufeff")
        owners = owner_of_lines(lines, place.kind) if lines[0].startswith("---") else ["$body"] * len(lines)
        owners = [min(keys) if line.startswith("---") else owner for line, owner in zip(lines, owners, strict=True)]      # a head of its own
    elif place.kind in ("json", "jsonc"):
        if len(lines) <= 2:
            return      # all on one line: see `test_json_on_one_line_stays_on_one_line`
        owners = owner_of_members(lines, place.entry)
        lines, others = [line.rstrip(",\r") for line in lines], [line.rstrip(",\r") for line in others]      # a comma is what joins members
    else:
        owners = owner_of_lines(lines, place.kind)
    for number in changed_lines(lines, others):
        if owners[number] not in keys and not (mended and one_line_value(owners, number)):
            yield f"line {number + 1} differs and belongs to {owners[number]}: {side}{lines[number]!r}"


def changed_lines(lines: list[str], others: list[str]) -> Iterator[int]:
    """The numbers of lines that have no counterpart in the other text, in order."""
    start = next((n for n, (a, b) in enumerate(zip(lines, others, strict=False)) if a != b), min(len(lines), len(others)))
    rest = min(len(lines), len(others)) - start
    stop = next((n for n in range(rest) if lines[-1 - n] != others[-1 - n]), rest)
    middle = difflib.SequenceMatcher(None, lines[start : len(lines) - stop], others[start : len(others) - stop], autojunk=False)
    for action, first, last, _, _ in middle.get_opcodes():
        yield from range(start + first, start + last if action != "equal" else start + first)


def one_line_value(owners: list[str], number: int) -> bool:
    return owners.count(owners[number]) == 1


def owner_of_lines(lines: list[str], kind: str) -> list[str]:
    """Each line's key: the last one that began in the first column; `$body` behind the head, `$layout` for fences and comments."""
    owners, owner, fences, inside = [], "$layout", 0, ""
    key = re.compile(r"([A-Za-z_][\w.-]*)\s*=" if kind == "toml" else r"([^\s#:-][^:]*?)\s*:")
    for number, line in enumerate(lines):
        if kind == "head+body" and fences < 2 and line.removeprefix("\ufeff").startswith("---") and (fences or not number):
            fences += 1
            owners.append("$layout")
            continue
        if fences == 2:
            owner = "$body"
        elif not inside:
            if match := key.match(line.removeprefix("\ufeff")):
                owner = match.group(1)
            elif line.startswith(("#", "[")) or (kind == "toml" and not line.strip()):
                owner = "$layout"
        if kind == "toml":
            for quote in re.findall(r'"""|\'\'\'', line):
                inside = "" if inside == quote else inside or quote
        owners.append(owner)
    return owners


def owner_of_sections(lines: list[str], entry: str | None) -> list[str]:
    """In a file of headings: below the entry's own its paragraph and the rest; without an entry all of it is the prompt."""
    owners: list[str] = []
    owner = "$layout" if entry is not None else "$body"
    for line in lines:
        if line.startswith("### ") and entry is not None:
            owner = "heading" if line[4:].strip() == entry else "$layout"
        elif owner != "$layout" and line.startswith("<!-- "):
            owner = "$layout"
        elif owner == "heading" and line.strip():
            owner = "description"
        elif owner == "description" and not line.strip():
            owner = "prompt"
        owners.append(owner)
    return owners


def owner_of_nodes(text: str, place: Place) -> list[str]:
    """In a YAML file: each line's key in the map of the agent, as PyYAML's marks have it; `$layout` everywhere else."""
    root = yaml.compose(text.replace("\r\n", "\n"), Loader=yaml.SafeLoader)
    shared = documents(place.format)[0].entry
    for step in shared.at if shared is not None else ():
        root = {key.value: value for key, value in root.value}[step]
    if shared is not None and shared.key is None:
        root = {key.value: value for key, value in root.value}[place.entry]
    elif shared is not None:
        root = next(item for item in root.value if any((k.value, v.value) == (shared.key, place.entry) for k, v in item.value))
    owners = ["$layout"] * (text.count("\n") + 1)
    starts = [(key.start_mark.line, key.value) for key, _ in root.value]
    last = root.value[-1][1]
    for (first, owner), (stop, _) in zip(starts, [*starts[1:], (last.end_mark.line + (last.end_mark.column > 0), "")], strict=True):
        owners[first:stop] = [owner] * (stop - first)
    return owners


def owner_of_members(lines: list[str], entry: str | None) -> list[str]:
    """In a JSON file written over lines: each line's key among the members of one entry, `$layout` everywhere else."""
    owners: list[str] = []
    owner, depth, first = "$layout", -1, 0
    for line in lines:
        indent = len(line) - len(line.lstrip(" \t"))
        opens = line.lstrip("\ufeff").startswith("{") if entry is None else re.match(rf"{re.escape(json.dumps(entry))}\s*:\s*\{{", line.strip())
        if depth < 0 and opens:
            depth = indent
            owners.append("$layout")
            continue
        member = re.match(r'"([^"]+)"\s*:', line.strip())
        if depth >= 0 and line.strip() and indent <= depth:
            owner, depth = "$layout", 1 << 30
        elif depth >= 0 and member and (owner == "$layout" or indent == first):
            owner, first = member.group(1), indent
        owners.append(owner)
    return owners


# --- single cases -----------------------------------------------------------------------------------------------------


def write_again(name: str, path: str, text: str, **fields: Value) -> str:
    """The text after its own agent is written back with other fields."""
    [reading] = codec.read(Document(path, text), FORMAT[name])
    assert reading.agent is not None, reading.problems
    rendering = codec.write(with_fields(reading.agent, **fields), FORMAT[name], old=Document(path, text), allow_widening=True)
    assert not rendering.refused, rendering.problems
    return rendering.documents[0].text


def test_a_name_key_without_a_name_stays_where_the_file_name_counts() -> None:
    text = "---\nname:\ndescription: Reviews\n---\nBody.\n"
    assert write_again("cursor", ".cursor/agents/a.md", text) == text


def test_blanks_around_a_name_stay_where_the_client_trims_them() -> None:
    text = 'name = " a "\ndescription = "Reviews"\ndeveloper_instructions = "Body."\n'
    assert write_again("codex", ".codex/agents/a.toml", text) == text
    assert write_again("codex", ".codex/agents/a.toml", text, description="New") == text.replace("Reviews", "New")


def test_json_on_one_line_stays_on_one_line() -> None:
    text = '{"a":{"description":"Reviews","prompt":"Body."},"b": {"prompt" :"P", "description":"D"} }'
    wanted = text.replace('"D"', '"New"')
    *_, reading = codec.read(Document("agents.json", text), FORMAT["claude-json"])
    assert reading.agent is not None
    new = with_fields(reading.agent, description="New")
    assert codec.write(new, FORMAT["claude-json"], old=Document("agents.json", text), entry="b").documents[0].text == wanted


def test_a_denial_beside_an_allow_list_stays_when_the_list_changes() -> None:
    text = "---\nname: a\ndescription: Reviews\ntools: Read, Grep, Glob\ndisallowedTools: [Write, Edit]\n---\nBody.\n"
    [reading] = codec.read(Document("a.md", text), FORMAT["claude-code"])
    assert reading.agent is not None
    less = replace(reading.agent, rights=replace(reading.agent.rights, allow=("read.file", "read.grep")))
    rendering = codec.write(less, FORMAT["claude-code"], old=Document("a.md", text))
    assert rendering.documents[0].text == text.replace(", Glob", "")
    assert not rendering.losses
