"""`agentsync explain FILE [--to F]`: what a file means, field by field, and what becomes of it elsewhere."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from agentsync import codec, containers
from agentsync.commands.app import Session, formats_of
from agentsync.commands.formats import columns
from agentsync.conversion import decided_here, document_written
from agentsync.disk import LocalDisk
from agentsync.formats import SHIPPED, Registry, layout_of
from agentsync.formats.rules import Format
from agentsync.model import FIELDS, Agent, Rendering, Rights, Value
from agentsync.report import Line, Outcome, clip, count, loss_group_lines, problem_lines, text_line
from agentsync.rights import ATOMS, Holding, capability, spell
from agentsync.sources import Held, Reader, find
from agentsync.workspace import formats_here

_UNSTATED = "—"


@click.command(name="explain")
@click.argument("file", metavar="FILE")
@click.option("--to", "to", metavar="F[,F]", multiple=True, help="Say also what each field becomes, or loses, in these formats.")
@click.option("--from", "from_", metavar="F", help="The format of FILE, where it is not to be recognised.")
@click.pass_obj
def explain(session: Session, file: str, to: tuple[str, ...], from_: str | None) -> int:
    """Say field by field what an agent's file means.

    FILE may be - for standard input. Fields are named in agentsync's words, rights as capabilities, and keys that only one
    assistant understands with what they can do.
    """
    known = formats_here(session.hub, str(Path.cwd()))
    targets = [known.load(name) for name in formats_of(to, known)]
    formats = known.usable()
    reader = Reader(formats, LocalDisk())
    only = None if from_ is None else known.load(formats_of((from_,), known)[0])
    code = 0
    for found in find(file, formats, only, LocalDisk(), sys.stdin.buffer.read):
        for item in reader.read(found):
            if isinstance(item, Outcome):
                session.terminal.say(line for problem in item.problems for line in problem_lines(problem))
                code = max(code, 3 if item.failed else 0 if item.status == "skipped" else 1)
                continue
            session.terminal.print(agent_lines(item, known.load(item.format), known))
            for target in targets:
                session.terminal.print(target_lines(item, target))
    return code


# ---- what the file says ------------------------------------------------------------------------------------------

def agent_lines(held: Held, rules: Format, known: Registry = SHIPPED) -> Iterator[Line]:
    """Everything one agent says."""
    agent = held.agent
    entry = "" if held.entry is None else f", entry {held.entry}"
    yield (("strong", held.place.shown), ("", f"{entry}: "), ("name", rules.id), ("faint", f"  {rules.title}"))
    rows = [("name", agent.name, "")]
    for name in FIELDS:
        if name in agent.fields:
            rows.append((name, _shown(agent.fields[name]), _key_of(rules, name)))
    rows.append(("prompt", _size(agent.prompt), _key_of(rules, "prompt")))
    yield from columns(rows, styles=("", "strong", "faint"), indent=2)
    yield from columns(rights_rows(agent.rights), styles=("", "strong", "faint"), indent=2)
    for owner, values in agent.extra.items():
        own = next((one.native for one in known.usable() if one.id == owner), {})
        yield text_line(f"  only for {owner}", "faint")
        rows = [(key, _shown(value), own[key].risk if key in own else "an unknown key: may run something") for key, value in values.items()]
        yield from columns(rows, styles=("", "strong", "faint"), indent=4)
    silent = [name for name in FIELDS if name in rules.fields and name not in agent.fields]
    if silent:
        yield text_line(f"  not stated: {', '.join(silent)}", "faint")
    yield from loss_group_lines((agent.name, loss) for loss in held.losses)
    for problem in held.problems:
        yield from problem_lines(problem, 2)


def rights_rows(rights: Rights) -> list[tuple[str, str, str]]:
    """The rights as (what, grants, note): what is allowed, denied, asked for first, not kept by the client, implied."""
    if rights.allow is None:
        rows = [("rights", "all" if not rights.deny else "all but what is denied", "no list is stated")]
    else:
        held = [capability(grant) for grant in rights.allow if grant in ATOMS]
        whole = [name for name in dict.fromkeys(held) if name in Holding(rights).capabilities]
        rows = [("rights", spell(rights.allow) or "none", f"capabilities: {', '.join(whole)}" if whole else "")]
    others = (
        ("denied", rights.deny, ""), ("asks first", rights.ask, ""), ("not kept", rights.unenforced, "the client gives the whole tool"),
        ("implied", rights.implied, "by another field"),
    )
    return rows + [(title, "everything" if grants == ("*",) else spell(grants), note) for title, grants, note in others if grants]


def _key_of(rules: Format, name: str) -> str:
    rule = rules.fields.get(name)
    if rule is None:
        return ""
    key = rule.key if isinstance(rule.key, str) else ".".join(rule.key)
    return "the text after the head" if key == "$body" else key


def _shown(value: Value) -> str:
    if isinstance(value, list):
        return clip(", ".join(str(item) for item in value), 100) or "(an empty list)"
    return _UNSTATED if value is None else clip(str(value), 100)


def _size(prompt: str) -> str:
    return f"{count(len(prompt), 'character')}, {count(prompt.count(chr(10)) + 1, 'line')}" if prompt else "empty"


# ---- what becomes of it ------------------------------------------------------------------------------------------

def target_lines(held: Held, rules: Format) -> Iterator[Line]:
    """What each field of an agent becomes in another format, and what is lost."""
    agent = held.agent
    rendering = codec.write(agent, rules)
    yield ()
    if rendering.refused:
        yield (("name", f"to {rules.id}"), ("", ": "), ("bad", "refused"))
        for problem in decided_here(rendering.problems, f"agentsync convert {shlex.quote(held.place.shown)} --to {rules.id}"):
            yield from problem_lines(problem, 2)
        yield text_line("  and if that were allowed:", "faint")
        rendering = codec.write(agent, rules, allow_widening=True)
        if rendering.refused:
            yield text_line("  refused all the same", "faint")
            return
    else:
        yield (("name", f"to {rules.id}"), ("", f": {rendering.documents[0].path}"))
    yield from columns(_native_rows(rules, agent, rendering), styles=("strong", "", "faint"), indent=2)
    if rendering.losses:
        yield from loss_group_lines((agent.name, loss) for loss in rendering.losses)
    else:
        yield text_line("  nothing is lost", "good")
    for problem in rendering.problems:
        yield from problem_lines(problem, 2)


def _native_rows(rules: Format, agent: Agent, rendering: Rendering) -> Sequence[tuple[str, str, str]]:
    """The native keys that were written: key, value, and the field each says."""
    kind = document_written(rules)
    layout = layout_of(rules, kind.id)
    entries = containers.parse(rendering.documents[0].text, layout).entries
    said = {rule.key if isinstance(rule.key, str) else rule.key[0]: name for name, rule in rules.fields.items()}
    if kind.kind != "head+body":
        said[kind.body] = "prompt"
    rights = {rules.rights.key, rules.rights.deny, *rules.rights.switches}
    rows = []
    for key, value in (entries[0].keys if entries else {}).items():
        what = said.get(key) or ("rights" if key in rights else "name" if key == rules.name.key else "")
        rows.append((key, _size(value) if what == "prompt" and isinstance(value, str) else _shown(value), what))
    if entries and entries[0].body is not None:
        rows.append(("(text)", _size(entries[0].body.strip()), "prompt"))
    return rows or [(agent.name, "", "")]
