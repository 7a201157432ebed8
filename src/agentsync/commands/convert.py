"""`agentsync convert SRC... --to F`: agents of one assistant as agents of others."""

from __future__ import annotations

import gc
import json
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from agentsync.commands.app import Session, formats_of
from agentsync.config import HUB_FILE, UserFile, load_hub
from agentsync.conversion import Converter, Destination, Options, shared
from agentsync.disk import Disk, DiskError, LocalDisk, decode
from agentsync.formats import Registry
from agentsync.formats.rules import Format
from agentsync.hub import models_for
from agentsync.model import AgentsyncError, Problem
from agentsync.report import JSON_VERSION, Outcome, convert_exit, convert_json, convert_lines
from agentsync.sources import Held, Reader, find, scope_of
from agentsync.workspace import Machine, find_hub, formats_here, shown

PLACEHOLDER: Final = "{format}"

_OBJECTS: Final = 100_000
"""So many more objects than before make the garbage collector look for cycles; Python's own 700 cost a twentieth of a run."""


@click.command(name="convert")
@click.argument("sources", metavar="SRC...", nargs=-1, required=True)
@click.option("--to", "to", metavar="F[,F]", multiple=True, required=True, help="The formats to write; see agentsync formats.")
@click.option("--from", "from_", metavar="F", help="The format of SRC, where it is not to be recognised.")
@click.option("-o", "output", metavar="PATH", help="A folder, maybe with {format} in it; a file for formats with many agents in one.")
@click.option("--into", "project", metavar="PROJECT", help="Write where the assistant looks, in this project.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where something would change.")
@click.option("--strict", is_flag=True, help="Exit 1 on any loss.")
@click.option("--allow-widening", is_flag=True, help="Write agents even where the format would give them more than they have.")
@click.option("--losses", "table", is_flag=True, help="List every loss, by agent and field.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def convert(
    session: Session, sources: tuple[str, ...], to: tuple[str, ...], from_: str | None, output: str | None, project: str | None,
    check: bool, strict: bool, allow_widening: bool, table: bool, as_json: bool,
) -> int:
    """Turn agents of one assistant into agents of others.

    SRC is a file, a folder, a project, or - for standard input. One agent goes to standard output unless -o or --into is given. A
    file that is there already is updated in place if it is the same agent, and left alone if it is not.

    \b
      agentsync convert .claude/agents/reviewer.md --to codex
      agentsync convert .claude/agents --to opencode,copilot --into .
      agentsync convert agents/ --to codex,opencode -o 'build/{format}'
    """
    started = time.monotonic()
    known = formats_here(session.hub, str(Path.cwd()))
    targets = _formats(to, known)
    if output is not None and project is not None:
        raise AgentsyncError("-o and --into are two answers to one question: where to write", hint="agentsync convert --help")
    if check and output is None and project is None:
        raise AgentsyncError("--check compares with what is there, so it needs a place", hint="add -o PATH or --into PROJECT")
    places = [_destination(rules, output, project, alone=len(targets) == 1) for rules in targets]
    # What stands in a project is agents that somebody's assistant loads: it is written durably. What -o receives is made again by
    # the same command, so nothing waits there until it would survive a power cut.
    disk = LocalDisk(durable=output is None)
    # What is loaded by now stays until the end, and what comes is freed as it goes: nothing for the collector to look for.
    gc.freeze()
    gc.set_threshold(_OBJECTS)
    agents, outcomes = _read(session, sources, None if from_ is None else _formats((from_,), known)[0], known.usable(), disk)
    if output is None and project is None and not as_json:
        _check_one_text(agents, targets)
    printer = _Printer(session, as_json=as_json, content=output is None and project is None)
    for outcome in outcomes:
        printer.emit(outcome, None)
    options = Options(check, allow_widening, models=_models(session, targets, known, disk), retry=_retry(sources, from_, output, project))
    with session.terminal.progress("converting") as progress:
        total = len(agents) * len(targets)
        for rules, place in zip(targets, places, strict=True):
            if place.root is not None and not check and agents:
                Path(place.root).mkdir(parents=True, exist_ok=True)
            for outcome in Converter(rules, place, disk, options, printer.emit).run(agents):
                outcomes.append(outcome)
                progress(len(outcomes), total)
    printer.close()
    if not as_json:
        _report(session, outcomes, seconds=time.monotonic() - started, check=check, table=table, quiet=output is None and project is None)
    return convert_exit(outcomes, check=check, strict=strict)


def _formats(names: Sequence[str], known: Registry) -> list[Format]:
    """The formats of `a,b` and repeated options, each once."""
    ids = formats_of(names, known)
    if not ids:
        raise AgentsyncError("--to needs a format", hint="agentsync formats")
    return [known.load(format_id) for format_id in ids]


def _destination(rules: Format, output: str | None, project: str | None, *, alone: bool) -> Destination:
    """Where the documents of one target go."""
    if rules.direction == "read":
        raise AgentsyncError(f"{rules.id} is only read, never written", hint=f"agentsync formats {rules.id}")
    if project is not None:
        return _in_project(rules, project)
    if output is None:
        return Destination()
    if not alone and PLACEHOLDER not in output:
        better = shlex.quote(f"{output}/{PLACEHOLDER}")
        raise AgentsyncError(f"several formats need a folder each, so -o must hold {PLACEHOLDER} ({output})", hint=f"-o {better}")
    named = output.replace(PLACEHOLDER, rules.id)
    path = Path(named)
    if shared(rules) and (path.is_file() or (path.suffix and not path.is_dir())):
        return Destination(str(path.parent), "" if str(path.parent) == "." else str(path.parent), file=path.name)
    looks_like_a_file = path.is_file() or (path.suffix in {".md", ".toml", ".json", ".yaml"} and not path.is_dir())
    if looks_like_a_file:
        raise AgentsyncError(f"-o is a folder for {rules.id}, and this is a file ({named})", hint=f"without -o: … > {shlex.quote(named)}")
    return Destination(str(path), named)


def _in_project(rules: Format, project: str) -> Destination:
    if not Path(project).is_dir():
        raise AgentsyncError(f"there is no such project ({project})", hint=f"mkdir -p {shlex.quote(project)}")
    scope = scope_of(project)
    if not any(where.write for where in rules.where if where.scope == scope):
        raise AgentsyncError(f"{rules.title} keeps no agents in a {'home directory' if scope == 'user' else 'project'}", hint="use -o FILE")
    return Destination(project, "" if project in (".", "./") else project, below=False, scope=scope)


def _read(
    session: Session, sources: Sequence[str], only: Format | None, formats: Sequence[Format], disk: Disk
) -> tuple[list[Held], list[Outcome]]:
    """Every agent of every source, and what gave none. A file reached twice counts once; a source without agents is a problem."""
    reader = Reader(formats, disk)
    agents: list[Held] = []
    outcomes: list[Outcome] = []
    seen: set[tuple[str, str]] = set()
    total = 0
    with session.terminal.progress("reading") as progress:
        for source in sources:
            try:
                found = list(find(source, formats, only, disk, sys.stdin.buffer.read))
            except DiskError as error:
                outcomes.append(Outcome(source, None, None, None, "unreadable", problems=(error.problem.at(source),), failed=True))
                continue
            total += len(found)
            silent = True
            for place in found:
                key = (place.place.absolute, "" if place.format is None else place.format.id)
                items = () if key in seen else tuple(reader.read(place))
                agents += (item for item in items if isinstance(item, Held))
                outcomes += (item for item in items if isinstance(item, Outcome))
                silent = silent and key not in seen and all(isinstance(item, Outcome) and item.status == "skipped" for item in items)
                seen.add(key)
                progress(len(seen), total)
            if silent:
                problem = Problem("no-agents", "there are no agents in it", path=source, hint="agentsync formats")
                outcomes.append(Outcome(source, None, None, None, "unreadable", problems=(problem,)))
    return agents, outcomes


def _check_one_text(agents: Sequence[Held], targets: Sequence[Format]) -> None:
    """Standard output holds one document."""
    hint = "-o FOLDER" if len(targets) == 1 else f"-o 'FOLDER/{PLACEHOLDER}'"
    if len(targets) > 1:
        raise AgentsyncError(f"standard output holds one document, and these are {len(targets)} formats", hint=hint)
    if len(agents) > 1 and not shared(targets[0]):
        raise AgentsyncError(f"standard output holds one agent, and these are {len(agents):,}", hint=f"{hint}, or --into PROJECT")


def _models(session: Session, targets: Sequence[Format], known: Registry, disk: Disk) -> dict[str, dict[str, str]]:
    """The models of the hub that is named or around us, by format. A default hub somewhere else does not change what convert writes."""
    machine = Machine.here()
    root = find_hub(session.hub, str(Path.cwd()), machine, UserFile())
    if root is None:
        return {}
    config = load_hub(decode(disk.read(root, HUB_FILE).data), shown(root, HUB_FILE), known)
    return {rules.id: models_for(config, rules.id) for rules in targets}


def _retry(sources: Sequence[str], from_: str | None, output: str | None, project: str | None) -> str:
    """The command line as it was typed, but for `--to`."""
    words = [*sources] if len(sources) <= 3 else [*sources[:2], "…"]
    for option, value in (("--from", from_), ("-o", output), ("--into", project)):
        words += [] if value is None else [option, value]
    return "agentsync convert " + " ".join(word if word == "…" else shlex.quote(word) for word in words)


class _Printer:
    """Prints results as they come: the text of the one agent, or the JSON object item by item."""

    def __init__(self, session: Session, *, as_json: bool, content: bool) -> None:
        self._terminal, self._as_json, self._content = session.terminal, as_json, content
        self._count = 0

    def emit(self, outcome: Outcome, text: str | None) -> None:
        if not self._as_json:
            if text is not None:
                self._terminal.result(text)
            return
        lead = f'{{"version": {JSON_VERSION}, "agents": [\n' if self._count == 0 else ",\n"
        self._count += 1
        self._terminal.result(lead + json.dumps(convert_json(outcome, text if self._content else None)))

    def close(self) -> None:
        if self._as_json:
            self._terminal.result("\n]}\n" if self._count else f'{{"version": {JSON_VERSION}, "agents": []}}\n')


def _report(session: Session, outcomes: Sequence[Outcome], *, seconds: float, check: bool, table: bool, quiet: bool) -> None:
    """The report on standard error. One clean agent on standard output needs none."""
    clean = all(row.status in ("written", "unchanged") and not (row.losses or row.read_losses or row.read_problems) for row in outcomes)
    if quiet and clean and not table:
        return
    session.terminal.say(convert_lines(outcomes, seconds=seconds, check=check, table=table))

