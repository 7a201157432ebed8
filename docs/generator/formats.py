"""The pages of docs/formats: what a format file says, in words. Used by `generate`; pure, texts come out.

Each part of the format language (`agentsync.formats.rules`) has a table of words here. A key without words of its own is told
with the description that `rules` gives it, so a page leaves nothing out, and a new key needs no change here to be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from agentsync import codec
from agentsync.conversion import document_written
from agentsync.formats import documents
from agentsync.formats.rules import FieldRule, Format, NameRules
from agentsync.formats.schema import OUTCOMES
from agentsync.model import FIELDS, Agent, Document, Loss, Rights
from agentsync.shapes import SHAPES
from generator.files import files_section
from generator.markdown import bullets, code, codes, fenced, others_of, pages_of, shown, stated_in, table
from generator.rights import rights_section

HOW: Final[Mapping[str, str]] = {
    "run": "the client itself was run", "source": "its source was read", "docs": "its documentation was read",
    "peer": "another program's files were read", "convention": "a convention, no client",
}
KEPT: Final[Mapping[str, str]] = {
    "run": "seen in the client", "source": "read in its source", "docs": "its documentation says so", "unverified": "not verified",
}
RISKS: Final[Mapping[str, str]] = {
    "inert": "nothing but words and numbers for the model or the screen", "runs": "runs something", "connects": "connects to somewhere",
    "widens": "can give rights", "secret": "can hold a secret",
}
_READER: Final[Mapping[str, str]] = {
    "enforced": "keeps the limits stated there", "ignored": "**ignores the limits stated there**",
    "unknown": "nobody knows whether it keeps the limits stated there",
}
_LANGUAGES: Final[Mapping[str, str]] = {
    "head+body": "markdown", "section": "markdown", "text": "text", "toml": "toml", "json": "json", "jsonc": "jsonc", "yaml": "yaml",
}
_SOURCES: Final[Mapping[str, str]] = {
    "stem": "the file's name", "path": "the file's path", "folder": "the folder's name", "entry": "the entry's key",
}

# An agent that may only look: what becomes of it says more than any table.
LOOKER: Final = Agent(
    "reviewer", "Read the diff. Name each defect with its file and line.", Rights(allow=("read.file", "read.grep", "read.glob")),
    {"description": "Reviews a change before it is merged"},
)


def format_page(rules: Format, known: Sequence[Format], about: str) -> str:
    """The page of one format. about: what its file says at the top, as prose."""
    return pages_of(
        f"<!-- Made by docs/generate.py from formats/{rules.id}.yaml: change that file, then `make docs`. -->",
        f"# {rules.title}",
        about,
        f"Format {code(rules.id)}, revision {rules.revision}: {ways(rules)}. "
        f"[The assistant's documentation]({rules.docs}) · [the format file](../../formats/{rules.id}.yaml) · [all formats](README.md)",
        _where(rules, known), files_section(rules), _name(rules), _fields(rules), rights_section(rules), _example(rules), _values(rules),
        _prompt(rules), _native(rules), _evidence(rules),
    )


def ways(rules: Format) -> str:
    """Whether it is read, written, or both."""
    return {"both": "read and written", "read": "read, never written", "write": "written, never read"}[rules.direction]


# --- where ------------------------------------------------------------------------------------------------------------


def _where(rules: Format, known: Sequence[Format]) -> str:
    rows = []
    for where in rules.where:
        home = "~/" if where.scope == "user" else ""
        notes = [f"kind {code(where.document)}"] if where.document else []
        notes += [f"only on {where.os}"] if where.os else []
        notes += [f"leaves out {codes(home + glob for glob in where.skip)}"] if where.skip else []
        read = codes(home + glob for glob in where.read)
        rows.append((where.scope, code(home + where.write) if where.write else "", read, "; ".join(notes)))
    files = [code(document.file) for document in documents(rules) if document.file]
    told = [table(("scope", "a new agent goes to", "read from", ""), rows)] if rows else []
    told += [f"It has no folder of its own; `agentsync convert` writes it as {', '.join(files)}."] if files and not rows else []
    told.append(bullets([*_readers(rules, known), *_also_reads(rules), *_detected(rules)]))
    return pages_of("## Where it lies", *told)


def _readers(rules: Format, known: Sequence[Format]) -> Iterator[str]:
    """Who else loads what lies in this format's folders."""
    for other in known:
        for also in other.also_reads:
            if also.format == rules.id:
                when = f" (when {also.when})" if also.when else ""
                when += f", in the scope {code(also.scope)} only" if also.scope else ""
                yield f"[{other.title}]({other.id}.md) reads this folder too and {_READER[also.rights]}{when}."


def _also_reads(rules: Format) -> Iterator[str]:
    for also in rules.also_reads:
        wins = {"own": "its own file wins", "other": "the other file wins", "unknown": "which of the two wins is not known"}[also.precedence]
        when = f" of the scope {code(also.scope)}" if also.scope else ""
        when += f" when {also.when}" if also.when else ""
        yield f"It also reads the folder of [{code(also.format)}]({also.format}.md){when}, and {_READER[also.rights]}; for one name {wins}."


def _detected(rules: Format) -> Iterator[str]:
    """How a file that lies elsewhere is recognised."""
    detect = rules.detect
    keys = [key for key in detect.keys if not key.startswith("$")]
    signs = [f"its name is like {codes(detect.files)}"] if detect.files else []
    signs += [f"it has keys such as {codes(keys)}"] if keys else []
    signs += [f"it has {codes(detect.needs)}"] if detect.needs else []
    signs += ["it is Markdown with a name and a description and nothing else fits"] if len(keys) < len(detect.keys) else []
    if signs:
        against = f", unless it has {codes(detect.never)}" if detect.never else ""
        yield f"A file that lies elsewhere is taken for one of these where {' or '.join(signs)}{against}."


# --- name and fields --------------------------------------------------------------------------------------------------


def _name(rules: Format) -> str:
    name = rules.name
    sources = [code(name.key) if source == "key" else _SOURCES[source] for source in name.source]
    least, most = name.length
    facts = [f"The client takes it from {', else '.join(sources)}.", f"It has {least} to {most} characters."]
    words: Mapping[str, Callable[[NameRules], str]] = {
        "pattern": lambda one: f"The whole name matches {code(one.pattern or '')}.",
        "write": lambda one: f"{code(one.key)} is written only where the file's name says something else.",
        "trim": lambda _: "White space around it does not count.",
        "text_of": lambda _: "A number or a switch is a name too, as JavaScript writes it.",
        "dashed": lambda _: "Blanks and `_` in a file's name become `-`.",
        "reserved": lambda one: f"The client refuses {codes(one.reserved)}.",
        "builtin": lambda one: f"{codes(one.builtin)} are the client's own agents, which a file of that name changes.",
        "override": lambda one: f"It leaves out a file with such a name, unless the file says {code(f'{one.override}: true')}.",
        "fold": lambda _: "Capitals make no difference.",
        "by_file": lambda _: "The client looks for an agent by its file, so a new agent is called as its file is.",
        "blank": lambda one: f"With a blank name, {OUTCOMES[one.blank or one.bad]}.",
        "slug": lambda one: f"A name that does not fit is made to fit in {one.slug} case.",
    }
    changed = stated_in(name)
    facts += [say(name) for key, say in words.items() if key in changed]
    facts.append(f"With a name that does not fit, {OUTCOMES[name.bad]}.")
    facts += [f"{words}." for words in others_of(name, {*words, "source", "key", "length", "bad"})]
    return pages_of("## The name", bullets(facts))


def _fields(rules: Format) -> str:
    rows = [
        (code(field), _key(rule, rules), _form(rule), "; ".join(_notes(rule)))
        for field, rule in rules.fields.items()
    ]
    missing = [name for name in FIELDS if name not in rules.fields]
    lost = f"It cannot say {codes(missing)}: an agent that has them loses them, and the report says so." if missing else ""
    return pages_of("## Fields", table(("field", "native key", "value", "notes"), rows), lost)


def _key(rule: FieldRule, rules: Format) -> str:
    if rule.key != "$body":
        return code(rule.key if isinstance(rule.key, str) else ".".join(rule.key))
    places = dict.fromkeys("the text after the head" if one.kind in ("head+body", "text") else code(one.body) for one in documents(rules))
    return " or ".join(places)


def _form(rule: FieldRule) -> str:
    if rule.key == "$body":
        return "a text"
    doc = SHAPES[rule.shape].doc
    if rule.table is None:
        return doc
    return f"[one of these](#{_anchor(rule.table)})" if rule.closed else f"{doc}, [with words of its own](#{_anchor(rule.table)})"


def _notes(rule: FieldRule) -> Iterator[str]:
    if rule.required:
        yield "required" if rule.key == "$body" else "required; an agent without one gets its name there"
    if rule.copy:
        yield f"written under {code(rule.copy)} too"
    if rule.also:
        yield f"also read from {codes(rule.also)}"
    if not rule.write:
        yield "only read"
    if rule.absent is not None:
        yield f"left out means {shown(rule.absent)}"
    if rule.none is not None:
        yield f"{shown(rule.none)} means not stated"
    if rule.null_:
        yield "null means not stated"
    if rule.unstated is not None:
        yield f"where nothing is stated the client takes {rule.unstated}"
    if rule.limit is not None:
        yield f"at most {rule.limit:,} characters"
    if rule.active is not None:
        yield f"a text that begins like {code(rule.active)} means something else to the client, and is never written"
    for native, others in rule.brings.items():
        yield f"{shown(native)} brings {', '.join(f'{code(key)}: {shown(value)}' for key, value in others.items())} along"
    if rule.overflow is not None:
        yield f"a value the table lacks stands under {code('.'.join(rule.overflow))}"
    for what, outcome in (("an empty text", rule.empty), ("a wrong value", rule.bad), ("left out", rule.missing)):
        if outcome is not None:
            yield f"{what}: {OUTCOMES[outcome]}"
    told = {"key", "also", "shape", "table", "absent", "none", "required", "empty", "bad", "missing", "closed", "overflow", "write"}
    told |= {"copy", "null_", "unstated", "limit", "active", "brings"}
    yield from others_of(rule, told)


# --- values, prompt, native keys --------------------------------------------------------------------------------------


def _anchor(name: str) -> str:
    return "models" if name == "model" else f"values-of-{name.replace('_', '-')}"


_OF_MODELS: Final = (
    "`*` stands for any run of characters. The hub's `models:` goes before this table; a model that neither knows is left out, with a loss."
)


def _values(rules: Format) -> str:
    parts = []
    for name, values in sorted(rules.values.items(), key=lambda item: item[0] != "model"):
        heading = "## Models" if name == "model" else f"## Values of {name.replace('_', ' ')}"
        told = _OF_MODELS if name == "model" else ""
        if all(native == word for word, native in values.items()):
            parts.append(pages_of(heading, told, f"The same as agentsync's: {codes(values)}."))
        else:
            parts.append(pages_of(heading, told, table(("in agentsync", "here"), [(code(word), shown(native)) for word, native in values.items()])))
    if "model" in rules.fields and "model" not in rules.values:
        parts.insert(0, pages_of("## Models", "A model's name is written as it stands, where the hub's `models:` says nothing else."))
    elif "model" not in rules.fields:
        parts.insert(0, pages_of("## Models", "It has no place for a model: an agent that names one loses it, and the report says so."))
    return pages_of(*parts)


def _prompt(rules: Format) -> str:
    body = rules.body
    cost = {"refuse": "an agent whose prompt holds such text is refused", "alters": "the client alters such text, which is a loss",
            "escape": "such text is escaped"}
    facts = [f"The client replaces what matches {code(one.active)}"
             + (f" (in files of kind {code(one.document)})" if one.document else "")
             + (f", in {codes(one.fields)} too" if one.fields else "") + f": {cost[one.otherwise]}"
             + (f", {code(one.escape[0])} as {code(one.escape[1])}" if one.escape else "")
             + (f"; the client has a value for {codes(one.filled)}, and any other fails" if one.filled is not None else "") + "."
             for one in body.template]
    facts += [f"It has at least {body.min} characters."] if body.min else []
    facts += [f"Some reader of it takes at most {body.max:,} characters."] if body.max is not None else []
    facts += [f"It has at most {body.limit:,} characters; an agent with more is refused."] if body.limit is not None else []
    facts += [f"An empty prompt: {OUTCOMES[body.empty]}."] if body.empty is not None else []
    facts += [f"Before each prompt stands {shown(body.lead)}, which is no part of it."] if body.lead else []
    facts += [f"Where it would be changed, it stands under {code(body.literal)} instead, where nothing is replaced."] if body.literal else []
    facts += [f"{words}." for words in others_of(body, {"template", "min", "max", "limit", "empty", "lead", "literal"})]
    return pages_of("## The prompt", bullets(facts or ["It arrives as it stands; nothing in it is replaced."]))


def _native(rules: Format) -> str:
    if not rules.native:
        return pages_of("## Keys of its own", "None are known. A key nobody knows counts as one that runs something.")
    rows = []
    for key, rule in rules.native.items():
        notes = [f"one of {', '.join(shown(value) for value in rule.values)}"] if rule.values else []
        notes += ["required"] if rule.required else []
        notes += [f"a wrong value: {OUTCOMES[rule.bad]}"] if rule.bad else []
        notes += others_of(rule, {"type", "values", "risk", "bad", "required"})
        rows.append((code(key), rule.type, rule.risk, "; ".join(notes)))
    told = (
        "They ride along with an agent, are written back here as they were read, and mean nothing elsewhere. A change to one that is not "
        "inert, when it comes from a project, waits for approval. A key that is not in this table counts as one that runs something."
    )
    risks = "; ".join(f"*{risk}*: {words}" for risk, words in RISKS.items() if any(rule.risk == risk for rule in rules.native.values()))
    return pages_of("## Keys of its own", told, f"Risks: {risks}.", table(("key", "type", "risk", "notes"), rows))


# --- evidence and an example ------------------------------------------------------------------------------------------


def _evidence(rules: Format) -> str:
    evidence = rules.evidence
    row = (evidence.client or "—", evidence.on, HOW[evidence.kind], KEPT[evidence.enforcement])
    head = ("client and version", "checked on", "how its files are known", "how it is known what it makes of rights")
    return pages_of("## Evidence", table(head, [row]))


def _example(rules: Format) -> str:
    """An agent that may only read, as it is written here; or why it is refused."""
    if rules.direction == "read":
        return ""
    lead = "An agent that may read, search in files and find files, and nothing else"
    rendering = codec.write(LOOKER, rules)
    if not rendering.refused:
        losses = [_loss(loss) for loss in rendering.losses]
        told = [f"{lead}, becomes {code(rendering.documents[0].path)}:", *_texts(rendering.documents, rules), bullets(losses)]
        return pages_of("### An example", *told)
    allowed = codec.write(LOOKER, rules, allow_widening=True)
    problem = rendering.problems[0]
    told = [f"{lead}, is **refused** here: {problem.message}."]
    if not allowed.refused:
        gains = [_loss(loss) for loss in allowed.losses]
        told += [f"Where you allow it, it becomes {code(allowed.documents[0].path)}, and the report names what it gained:"]
        told += [*_texts(allowed.documents, rules), bullets(gains)]
    return pages_of("### An example", *told)


def _texts(found: Sequence[Document], rules: Format) -> Iterator[str]:
    """The text of each document as a block, the second and later ones with their paths."""
    for number, document in enumerate(found):
        if number:
            yield f"and {code(document.path)}:"
        yield fenced(document.text, _LANGUAGES[document_written(rules).kind] if number == 0 else "text")


def _loss(loss: Loss) -> str:
    return f"{loss.kind} {code(loss.field)}: {loss.value} ({loss.why})" if loss.value else f"{loss.kind} {code(loss.field)} ({loss.why})"


def about(text: str) -> str:
    """What stands above `id:` in a format file, as prose."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return " ".join(lines)
