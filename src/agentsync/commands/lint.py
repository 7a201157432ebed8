"""`agentsync lint [PATH...]`: what is wrong with agents' files, as their assistants see them; and what can be repaired."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from agentsync.commands.app import Session, choice_error
from agentsync.config import HUB_FILE, load_hub
from agentsync.disk import DiskError, LocalDisk, decode, encode
from agentsync.formats import Registry, detect, load
from agentsync.formats.detector import for_path
from agentsync.formats.globs import fixed_folders
from agentsync.formats.rules import Format
from agentsync.lint import CODES, Source, check, chosen, mended, twins
from agentsync.lockfile import LOCK_FILE
from agentsync.model import HUB_FORMAT, AgentsyncError, Problem
from agentsync.report import JSON_VERSION, Line, count, place, problem_json, problem_lines, some_paths
from agentsync.sources import Found, Place, find, in_project, scope_of
from agentsync.workspace import formats_here, shown

_NAMED: Final = 3
"""Notes of one message are told one by one up to this number."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file that was read: its place on disk, its bytes, and what lint looks at."""

    place: Place
    data: bytes
    source: Source


@click.command(name="lint")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--fix", is_flag=True, help="Repair what is certain: heads that are no valid YAML, keys in the wrong case.")
@click.option("--select", multiple=True, metavar="CODES", help="Only these findings: A201, or A2 for all that begin so; commas between.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Not these findings.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def lint(session: Session, paths: tuple[str, ...], fix: bool, select: tuple[str, ...], ignore: tuple[str, ...], as_json: bool) -> int:
    """Find what is wrong with agents' files, as their assistants see them.

    PATH is a file, a folder, a project or a hub; without one, the project or hub around this folder: what lies in every assistant's
    folder there. The codes are listed in docs/lint.md. Notes alone are no reason for exit code 1.
    """
    wanted = chosen(_codes(select), _codes(ignore))
    known, disk = formats_here(session.hub, str(Path.cwd())), LocalDisk()
    formats = known.usable()
    files, problems = _read(paths, known, disk)
    fixed: list[str] = []
    if fix:
        files, fixed, failed = _fixed(files, disk)
        problems += failed
    named = []
    for file in files:
        found, names = check(file.source, formats)
        problems += found
        named.append((file.source, names))
    problems += twins(named)
    problems = [problem for problem in problems if problem.code in wanted]
    if as_json:
        session.terminal.result(json.dumps(lint_json(problems, files, fixed), indent=2) + "\n")
    else:
        session.terminal.print(finding_lines(problems))
        session.terminal.say([_summary(problems, len(files), fixed)])
    return 1 if any(problem.severity != "note" for problem in problems) else 0


def _codes(words: Sequence[str]) -> tuple[str, ...]:
    """The codes of `a,b` and repeated options, each a code or the beginning of some."""
    found = tuple(part.strip().upper() for word in words for part in word.split(",") if part.strip())
    for word in found:
        if not any(code.startswith(word) for code in CODES):
            raise choice_error("code", word, tuple(CODES), hint="agentsync lint --help")
    return found


# ---- which files --------------------------------------------------------------------------------------------------


def _read(paths: Sequence[str], known: Registry, disk: LocalDisk) -> tuple[list[_File], list[Problem]]:
    """Every file that is meant, once, and what is to be said of those that cannot be looked at."""
    files: list[_File] = []
    problems: list[Problem] = []
    seen: set[tuple[str, str]] = set()
    for found in _found(paths, known, disk):
        try:
            data = encode(found.place.text) if found.place.text is not None else disk.read(found.place.root, found.place.path).data
        except DiskError as error:
            problems.append(_unread(error.problem, found.place.shown))
            continue
        item = _taken(found, data, known)
        if isinstance(item, Problem):
            problems.append(item)
        elif item is not None and (key := (found.place.absolute, item.source.rules.id)) not in seen:
            seen.add(key)
            files.append(item)
    return files, problems


def _unread(problem: Problem, path: str) -> Problem:
    """A file that was not read, as a finding. A link is none to worry about: most assistants follow it."""
    code = "A105" if problem.code == "too-large" else "A106"
    return replace(problem, code=code, path=path, severity="note" if problem.code == "link" else CODES[code].severity)


def _found(paths: Sequence[str], known: Registry, disk: LocalDisk) -> Iterator[Found]:
    if not paths:
        root = around(Path.cwd())
        found = list(_in_root(root, known, disk))
        if not found:
            raise AgentsyncError(f"there are no agents in {shown(str(root))}", hint="agentsync lint PATH")
        yield from found
    for path in paths:
        if Path(path, HUB_FILE).is_file():
            yield from _in_root(Path(path), known, disk)
        else:
            yield from find(path, known.usable(), None, disk, sys.stdin.buffer.read)


def around(here: Path) -> Path:
    """The project or hub that holds a folder: the nearest with a hub's configuration, a lock or a repository; else the folder itself."""
    marks = (HUB_FILE, LOCK_FILE, ".git")
    return next((folder for folder in (here, *here.parents) if any((folder / mark).exists() for mark in marks)), here)


def _in_root(root: Path, known: Registry, disk: LocalDisk) -> Iterator[Found]:
    """What lies in every assistant's folder of a project, and the agents of a hub."""
    real, name = os.path.realpath(root), shown(str(root))
    mine: set[str] = set()
    for found in in_project(real, "." if name == "." else name, known.usable(), disk):
        mine.add(found.place.path)
        yield found
    if (root / HUB_FILE).is_file():
        folder = load_hub(decode(disk.read(real, HUB_FILE).data), shown(real, HUB_FILE), known).agents.rstrip("/")
        for entry in disk.scan(real, folder):
            if entry.path.endswith(".md") and entry.path not in mine:
                yield Found(Place(real, entry.path, shown(real, entry.path)), load(HUB_FORMAT))


def _taken(found: Found, data: bytes, known: Registry) -> _File | Problem | None:
    """A file with its format; None for one that is nobody's, a problem where the user named such a one."""
    text, absolute = decode(data), found.place.absolute
    rules, kind = found.format, found.kind
    hub = _hub_of(absolute, known) if rules is None or rules.id == HUB_FORMAT else None
    if rules is None and hub is not None and all(other.id == HUB_FORMAT for other, _ in for_path(absolute, known.usable())):
        rules = load(HUB_FORMAT)
    if rules is None:
        told = detect(found.place.path if found.place.text is not None else absolute, text, known.usable())
        if told.format is None:
            ids = ", ".join(rules.id for rules in told.candidates)
            message = f"this may be {ids}: nothing tells which" if ids else "no format knows this file"
            return Problem("A106", message, path=found.place.shown, severity="warning") if found.named else None
        rules, kind = told.format, told.document
    folder = hub if rules.id == HUB_FORMAT else _folder_of(absolute, rules)
    scope = "project" if folder is None else scope_of(folder.removesuffix(f"/{'/'.join(_inside(absolute, rules))}"))
    return _File(found.place, data, Source(found.place.shown, text, rules, kind, absolute, folder, scope))


def _hub_of(path: str, known: Registry) -> str | None:
    """The agents' folder of the hub that a file is an agent of."""
    for folder in Path(path).parents:
        file = folder / HUB_FILE
        if file.is_file():
            try:
                agents = str(folder / load_hub(file.read_text(encoding="utf-8"), str(file), known).agents.rstrip("/"))
            except (AgentsyncError, OSError, UnicodeDecodeError):
                return None
            return agents if path.startswith(agents + "/") and path.endswith(".md") else None
    return None


def _folder_of(path: str, rules: Format) -> str | None:
    """The folder of an assistant's agents that a file lies in."""
    fixed = "/".join(_inside(path, rules))
    if fixed:
        return path[: path.rindex(f"/{fixed}/") + len(fixed) + 1]
    return path.rpartition("/")[0] if for_path(path, (rules,)) else None


def _inside(path: str, rules: Format) -> tuple[str, ...]:
    """The names of the folders, in a project or home, that make the agents' folder of this file."""
    found = (fixed_folders(glob) for _, where in for_path(path, (rules,)) for glob in where.read)
    return next((fixed for fixed in found if fixed and f"/{'/'.join(fixed)}/" in path), ())


# ---- repairing ----------------------------------------------------------------------------------------------------


def _fixed(files: Sequence[_File], disk: LocalDisk) -> tuple[list[_File], list[str], list[Problem]]:
    """The files after the repair, the paths of those that were repaired, and what could not be written. Only files in agents' folders."""
    after: list[_File] = []
    fixed: list[str] = []
    failed: list[Problem] = []
    for file in files:
        new = mended(file.source) if file.source.folder is not None and file.place.text is None else None
        if new is not None:
            try:
                disk.write(file.place.root, file.place.path, encode(new), expected=file.data)
                fixed.append(file.source.path)
                file = replace(file, data=encode(new), source=replace(file.source, text=new))
            except DiskError as error:
                failed.append(_unread(error.problem, file.source.path))
        after.append(file)
    return after, fixed, failed


# ---- saying so ----------------------------------------------------------------------------------------------------


def finding_lines(problems: Sequence[Problem]) -> Iterator[Line]:
    """Errors and warnings with their places; notes that say the same of many files as one."""
    coded = [replace(problem, message=f"{problem.code} {problem.message}") for problem in problems]
    for problem in sorted((one for one in coded if one.severity != "note"), key=_order):
        yield from problem_lines(problem)
    groups: dict[str, list[Problem]] = {}
    for problem in coded:
        if problem.severity == "note":
            groups.setdefault(problem.message, []).append(problem)
    for message, alike in groups.items():
        if len(alike) <= _NAMED:
            for problem in sorted(alike, key=_order):
                yield from problem_lines(problem)
            continue
        paths = some_paths([place(problem).removesuffix(": ") for problem in alike])
        yield (("strong", f"{len(alike):,} files: "), ("faint", "note: "), ("", f"{message} "), ("faint", f"({paths})"))


def _order(problem: Problem) -> tuple[str, int, str]:
    return problem.path or "", problem.line or 0, problem.code


def _summary(problems: Sequence[Problem], files: int, fixed: Sequence[str]) -> Line:
    numbers = {severity: sum(problem.severity == severity for problem in problems) for severity in ("error", "warning", "note")}
    said = ", ".join(count(number, severity) for severity, number in numbers.items() if number) or "nothing to say"
    mended_ = f"; {count(len(fixed), 'file')} repaired" if fixed else ""
    return (("strong", f"{count(files, 'file')}: "), ("", f"{said}{mended_}"))


def lint_json(problems: Sequence[Problem], files: Sequence[_File], fixed: Sequence[str]) -> dict[str, Any]:
    """The documented object of `lint`."""
    findings = [
        {**problem_json(problem), "severity": problem.severity, "fixable": CODES[problem.code].fix} for problem in sorted(problems, key=_order)
    ]
    return {"version": JSON_VERSION, "findings": findings, "fixed": list(fixed), "summary": {
        "files": len(files), **{f"{word}s": sum(problem.severity == word for problem in problems) for word in ("error", "warning", "note")},
    }}
