"""The laws of the converter over every real file there is: promises 1, 2, 3, 4, 6 and 7."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import pytest

from agentsync import codec
from agentsync.codec.compiled import compile_format
from agentsync.codec.rights_read import read_rights
from agentsync.containers import parse
from agentsync.formats import documents
from agentsync.formats.rules import Format
from agentsync.model import Agent, Document, Loss, Reading, Rendering, Rights
from agentsync.rights import compare, within
from tests.laws.samples import ABSENT, FORMAT, FORMATS, SHARED, Sample, every_sample, needs_corpus, samples, torture
from tests.laws.test_codec_laws import differing, rights_told

SOURCE = "claude-code"
# Claude Code's agents, by far the most, go everywhere; those of the formats that share one client or one trap go to each other;
# all others go to the two formats that an agent lives in.
CORE = ("claude-code", "claude-json", "codex", "copilot", "cursor", "gemini-cli", "opencode", "qwen-code")
HOMES = ("agentsync", SOURCE)
PAIRS = [
    (source, target)
    for source in FORMATS
    for target in FORMATS
    if source not in ("agentsync", target) and (source == SOURCE or target in HOMES or {source, target} <= {*CORE})
]
SHOWN = 5


def complain(found: Iterable[str]) -> None:
    """Fail with the first few complaints and their number, not with the first alone."""
    every = list(found)
    assert not every, f"{len(every)} complaints, among them:\n" + "\n".join(every[:SHOWN])


def read_samples(name: str, which: Iterable[Sample]) -> Iterator[tuple[Sample, Reading]]:
    for sample in which:
        for reading in codec.read(sample.document, FORMAT[name]):
            yield sample, reading


def test_the_corpus_is_beside_the_checkout() -> None:
    if SHARED is None:
        pytest.skip(ABSENT)
    assert len(every_sample()) > 1_000


@pytest.mark.parametrize("name", FORMATS)
def test_there_are_samples_of_every_format(name: str) -> None:
    assert samples(name)


# --- reading ----------------------------------------------------------------------------------------------------------

# Problems of the text itself: there is always a place to point at.
PLACED = {"bad-yaml", "bad-toml", "bad-json", "duplicate-key", "no-head", "unclosed", "no-map", "nul", "bom", "limit-depth", "invalid-utf8"}


@pytest.mark.parametrize("name", FORMATS)
def test_any_file_in_any_format_is_explained_or_read_and_written_back(name: str) -> None:
    """Not only in its own format: a refusal has a reason with its place, and what reads goes back byte for byte, without a loss (promise 2)."""
    everything = [*every_sample(), *torture()]
    complain(c for sample, reading in read_samples(name, everything) for check in (unexplained, changed) for c in check(sample, reading))


def unexplained(sample: Sample, reading: Reading) -> Iterator[str]:
    """What is missing in a reading: an agent, or a reason with its place."""
    if reading.status in ("read", "degraded"):
        if reading.agent is None:
            yield f"{sample.origin}: {reading.status} without an agent"
    elif not reading.problems:
        yield f"{sample.origin}: {reading.status} without a problem"
    lines = len(re.split(r"\r\n|\r|\n", sample.document.text))
    for problem in reading.problems:
        if not (problem.code and problem.message) or problem.path != sample.document.path:
            yield f"{sample.origin}: not a full problem: {problem}"
        if problem.line is None and problem.code in PLACED:
            yield f"{sample.origin}: no line: {problem}"
        if problem.line is not None and not 1 <= problem.line <= lines:
            yield f"{sample.origin}: line {problem.line} of {lines}: {problem}"
        if "\ud800" <= max(problem.message, default="") <= "\udfff":
            yield f"{sample.origin}: undecodable text in {problem.message!r}"


# Files of the corpus that are not read, by status and reason: what the client itself does with each (see the evidence of the format).
UNREAD: Mapping[str, Mapping[tuple[str, str], int]] = {
    "claude-code": {
        # A colon and a space in a plain value that goes on over several lines: the client mends one-line values only.
        ("skipped", "bad-yaml: a colon and a space stand inside an unquoted value"): 2,
        # A description that goes on without indentation behind a blank line: no repair makes that a value.
        ("skipped", "bad-yaml: this line is no `…`"): 1,
        # Notes, translations' indexes and agents in plain Markdown: the client takes a file without a head for no agent.
        ("skipped", "no-head: the file does not begin with a line `…`"): 6,
    },
    "claude-json": {},
    # Roles without a name: the client drops them with a warning ("must define a non-empty `name`").
    "codex": {("refused", "refused: `…` is missing"): 3},
    "copilot": {
        ("refused", "no-head: the file does not begin with a line `…`"): 1,      # a README.md in the agents folder
        ("refused", "refused: `…` is missing"): 1,                               # an agent without the required description
        ("refused", "refused: `…` must be a map, or nothing"): 1,                      # `mcp-servers` as a list of names
    },
    "cursor": {("skipped", "no-head: the file does not begin with a line `…`"): 1},      # a README.md in the agents folder
    # Tools of other assistants (Claude's names, older names): one unknown name refuses the file ("Invalid tool name").
    "gemini-cli": {("refused", "refused: `…`: `…` is no tool of Gemini CLI"): 17},
    "cline": {},
    "continue": {},
    "junie": {},
    "kilo": {
        # A README.md in the agents folder becomes an agent with every right, its text the prompt.
        ("degraded", "no-head: the file does not begin with a line `…`"): 1,
        # A list of tools in Claude's words: the client drops the agent ("tools: Expected object").
        ("refused", "refused: `…`: a map of tool names to true or false is needed"): 2,
    },
    # One of the vendor's own examples of mistakes: its head is no YAML, and becomes text for the model.
    "dotprompt": {("degraded", "bad-yaml: a colon and a space stand inside an unquoted value"): 1},
    "opencode": {
        # A README.md in the agents folder becomes an agent with every right, its text the prompt.
        ("degraded", "no-head: the file does not begin with a line `…`"): 1,
        # `build`, `plan` and the like change the client's own agents: it merges the file's rules behind that agent's (`opencode debug agent`).
        ("degraded", "laid-over: opencode has an agent `…` of its own, and gives this one its rights where the file states none"): 3,
        # A list where a map of switches is needed: the client refuses its whole configuration.
        ("refused", "config-refused: `…`: a map of tool names to true or false is needed"): 2,
    },
    # Recipes, which are read by `goose-recipe`: an agent of goose's is Markdown.
    "goose": {("skipped", "no-head: the file does not begin with a line `…`"): 8},
    "goose-recipe": {("refused", "refused: `…` is missing"): 1},      # a recipe that gives itself a `name` and no `title`
    "kiro-cli": {},
    "kiro-ide": {},
    "prompty": {},
    "qwen-code": {},
    "roo": {
        # A file whose modes have no `groups`, for which the schema takes none of them ("groups: Required").
        ("refused", "config-refused: `…`: it is missing, and Roo Code wants a list of tools there"): 8,
        ("skipped", "no-agents: `…` is missing"): 12,      # one mode a file, without the list `customModes` around it
    },
}


def reason(reading: Reading) -> str:
    """Code and cause of the first problem, without the names in it and what follows from it."""
    first = reading.problems[0]
    text = re.sub(r"`[^`]*`", "`…`", first.message)
    text = re.sub(r"^the head is no valid YAML: ", "", text)
    return f"{first.code}: " + re.split(r" \(|;|: the assistant", text)[0]


@needs_corpus
@pytest.mark.parametrize("name", sorted(UNREAD))
def test_what_is_not_read_is_what_the_client_does_not_load(name: str) -> None:
    unread = Counter((r.status, reason(r)) for _, r in read_samples(name, samples(name)) if r.status != "read")
    assert unread == dict(UNREAD[name])


# --- writing back -----------------------------------------------------------------------------------------------------

VARIANTS = {
    "CRLF": lambda text: text.replace("\r\n", "\n").replace("\n", "\r\n"),
    "BOM": lambda text: "\ufeff" + text.removeprefix("\ufeff"),
    "no line end": lambda text: text.rstrip("\r\n"),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_line_ends_and_marks_change_nothing_of_it(name: str, variant: str) -> None:
    """The same with other line ends, a byte order mark, or no line end at the end."""
    complain(c for sample in samples(name) for c in varied(name, sample, variant))


def varied(name: str, sample: Sample, variant: str) -> Iterator[str]:
    document = Document(sample.document.path, VARIANTS[variant](sample.document.text))
    for reading, plain in zip(codec.read(document, FORMAT[name]), codec.read(sample.document, FORMAT[name]), strict=False):
        yield from unexplained(Sample(sample.origin, name, document), reading)
        yield from changed(Sample(sample.origin, name, document), reading)
        # Claude Code's repair looks at line ends: no line that ends in CR LF is mended, and the file is not loaded (measured).
        repairs = {(rules.repair, rules.repair_crlf) for rules in documents(FORMAT[name])}
        unmended = any(loss.kind == "guessed" for loss in plain.losses) and reading.status == "skipped" and ("quote-lines", False) in repairs
        if variant == "CRLF" and not unmended and (reading.status, reading.agent) != (plain.status, plain.agent):
            yield f"{sample.origin}: CRLF is read as {reading.status}, LF as {plain.status}: {reading.problems}"


def changed(sample: Sample, reading: Reading) -> Iterator[str]:
    """Whether writing the agent of a reading back into its own document changes it, or reports anything."""
    if reading.status != "read":
        return
    assert reading.agent is not None
    rendering = codec.write(reading.agent, FORMAT[reading.format], old=sample.document, entry=reading.entry)
    if rendering.refused:
        yield f"{sample.origin}: refused: {rendering.problems[0].message}"
    elif rendering.documents != (sample.document,):
        yield f"{sample.origin}: bytes changed"
    if rendering.losses:
        yield f"{sample.origin}: losses: {rendering.losses}"


# --- conversion -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("allow_widening", [False, True], ids=["never widened", "widening allowed"])
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_real_agents_convert_with_honest_reports(source: str, target: str, allow_widening: bool) -> None:
    """Promises 3, 4, 6 and 7 for every agent of one format, to every other format and back again."""
    files = [*samples(source), *(torture() if source == SOURCE else ())]
    complain(c for sample in files for c in converted(sample, source, target, allow_widening))


def converted(sample: Sample, source: str, target: str, allow_widening: bool) -> Iterator[str]:
    """Every broken promise of converting one file."""
    for reading in codec.read(sample.document, FORMAT[source]):
        if reading.status != "read" or reading.agent is None:
            continue
        there = codec.write(reading.agent, FORMAT[target], allow_widening=allow_widening)
        complaints = [*refusal(there), *([] if there.refused else judged(sample, reading, there, allow_widening))]
        yield from (f"{sample.origin} {reading.entry or ''} → {target}: {complaint}" for complaint in complaints)


def refusal(rendering: Rendering) -> Iterator[str]:
    if rendering.refused and not (rendering.problems and rendering.problems[0].code in ("rights-refused", "prompt-refused", "name-refused")):
        yield f"refused for {rendering.problems}"
    if rendering.refused and not (rendering.problems[0].message and rendering.problems[0].hint):
        yield f"refused without saying what decides it: {rendering.problems}"


def judged(sample: Sample, reading: Reading, there: Rendering, allow_widening: bool) -> Iterator[str]:
    """What the written document says, against the agent and against the report."""
    agent = reading.agent
    assert agent is not None
    [back] = codec.read(there.documents[0], FORMAT[there.format])
    after = back.agent
    if back.status != "read" or after is None:
        yield f"does not read back: {back.problems}"
        return
    told = {loss.field for loss in there.losses}
    found = {*differing(agent, after), *natives_lost(agent, after)}
    if missing := found - told - ({"display_name"} if "name" in told else set()):
        yield f"not in the report: {sorted(missing)}"
    known = rights_told(agent, after)      # a limit that is stated and not kept is told, though nothing differs
    if invented := {f for f in told if f != "agentsync.allow_widening"} - found - known - {f for f in ("prompt",) if altered(there)}:
        yield f"only in the report: {sorted(invented)}"
    yield from widened(sample, reading, there, allow_widening)
    yield from homeward(FORMAT[reading.format], agent, after, there, allow_widening)


def natives_lost(before: Agent, after: Agent) -> set[str]:
    """Native keys of the agent's own format that the copy no longer holds under it, nor says in a word of its own."""
    here, there = before.extra.get(before.home, {}), after.extra.get(before.home, {})
    # What is left of a map that holds a field is no field, though both may have one name (`model: {id: …, connection: …}`).
    maps = {rule.key[0] for rule in FORMAT[before.home].fields.values() if isinstance(rule.key, tuple)} if before.home in FORMAT else set()
    # A key of the same name in another format is another key.
    spoken = after.fields.keys() - maps if after.home == before.home else ()
    lost = {key for key, value in here.items() if there.get(key) != value and key not in spoken}
    # A placeholder that no client replaces any more is a difference of the prompt, though its text is the same.
    return {"prompt" if key == "placeholders" else f"{before.home}.{key}" for key in lost}


def altered(rendering: Rendering) -> bool:
    """Whether the report says that the client replaces text of the prompt: the file holds it all the same."""
    return any(loss.field == "prompt" and "replaces this" in loss.why for loss in rendering.losses)


def widened(sample: Sample, reading: Reading, there: Rendering, allow_widening: bool) -> Iterator[str]:
    """Promise 7, by what the target's client is known to keep of the file, not by what the file states."""
    source, target = FORMAT[reading.format], FORMAT[there.format]
    after = kept_rights(target, there.documents[0], None)
    same_client = compile_format(source).tools.client == compile_format(target).tools.client
    # What the same client gave the agent before is no news.
    assert reading.agent is not None
    before = kept_rights(source, sample.document, reading.entry) if same_client else reading.agent.rights
    reported = any(loss.kind == "widened" for loss in there.losses)
    gained = [grant for grant in compare(before, after).widened if not grant.startswith("mcp:")]
    if gained and not (allow_widening and reported):
        yield f"widened by {gained}, reported: {reported}"
    if reported and not allow_widening:
        yield f"a widening is reported that nobody allowed: {there.losses}"


def kept_rights(fmt: Format, document: Document, entry: str | None) -> Rights:
    """The rights that the client is known to hold an agent of a file to."""
    compiled = compile_format(fmt)
    entries = parse(document.text, compiled.kind(None, document.path).layout).entries
    [found] = [e for e in entries if entry is None or e.key == entry]
    return read_rights(fmt, compiled.tools, found.keys, kept=True).rights


def homeward(home: Format, agent: Agent, after: Agent, there: Rendering, allow_widening: bool) -> Iterator[str]:
    """The way back to the source's format: what a person sees is the same, or some report says what is not."""
    back = codec.write(after, home, allow_widening=allow_widening)
    if back.refused:
        yield from refusal(back)
        return
    [reading] = codec.read(back.documents[0], home)
    if reading.agent is None:
        yield f"the way back does not read: {reading.problems}"
        return
    told = {loss.field for loss in (*there.losses, *back.losses)}
    final = reading.agent
    parts = {"name": (agent.name, final.name), "prompt": (agent.prompt, final.prompt), "description": (agent.description, final.description)}
    for part, (first, last) in parts.items():
        if first != last and part not in told:
            yield f"the way back changed the {part} without a word: {last!r}"
    if not rights_gained(agent.rights, final.rights, (*there.losses, *back.losses)):
        yield f"the way back gained rights without a word: {compare(agent.rights, final.rights).widened}"


def rights_gained(before: Rights, after: Rights, losses: Iterable[Loss]) -> bool:
    """Whether rights stayed within, but for joined MCP names, or a report speaks of rights."""
    if within(after, before) or any(loss.field == "rights" for loss in losses):
        return True
    return all(grant.startswith("mcp:") for grant in compare(before, after).widened)
