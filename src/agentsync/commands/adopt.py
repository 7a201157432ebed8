"""`agentsync adopt`: take the agents of projects into the hub."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from agentsync.adopt import Found, Visit, carry_out, find
from agentsync.adoption import Adopted
from agentsync.commands.app import Session, formats_of
from agentsync.commands.formats import columns
from agentsync.config import PROJECT_NAME, Project, load_hub
from agentsync.formats import Registry
from agentsync.hub import options_of
from agentsync.model import AgentsyncError, Problem, Rights
from agentsync.report import JSON_VERSION, Line, Span, Style, count, hint_line, problem_json, problem_lines, problems_lines, some_of, text_line
from agentsync.rights import capability, spell
from agentsync.survey import parked
from agentsync.sync import Result, at_work
from agentsync.workspace import Workspace, identified, name_of, open_workspace, project_root, root_problem, shown, stored


@click.command()
@click.argument("projects", nargs=-1, required=True, metavar="PROJECT...")
@click.option("--to", "to", multiple=True, metavar="F[,F]", help="Only the agents of these formats; else of every assistant found there.")
@click.option("--name", help="What to call the project; else its folder's name.")
@click.option("-n", "--dry-run", "dry", is_flag=True, help="Show what would be adopted and change nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask on a terminal.")
@click.option("--any-branch", is_flag=True, help="Work although another branch of the hub is checked out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def adopt(
    session: Session, projects: tuple[str, ...], to: tuple[str, ...], name: str | None, dry: bool, yes: bool, any_branch: bool, as_json: bool
) -> int:
    """Take the agents of projects into the hub. PROJECT is a folder, or a project that the hub knows.

    Finds every assistant's agents there, takes copies of one agent in several formats as one, recognises what the hub has, and
    registers the project with exactly the agents and targets it has. Nothing in the project changes. Where copies of one agent say
    different things, both stay as they are until `agentsync resolve`.
    """
    space = open_workspace(session.hub)
    formats = formats_of(to, space.formats)
    rest = parked(space, any_branch=any_branch)
    if rest is not None:
        raise AgentsyncError(rest)
    visits, passed = _visits(space, projects, name)
    if not dry:
        space = identified(space)
    result: Result | None = None
    with at_work(space, "adopt", read_only=dry) as (ledger, _):
        found = find(space, ledger, visits, formats)
        found = replace(found, problems=(*passed, *found.problems))
        asking = found.needed and not dry and not yes and not as_json and session.terminal.can_ask
        tell = session.terminal.print if dry else session.terminal.say      # the plan is what a dry run was asked for
        if not as_json:
            tell(_lines(found, dry=dry or asking))
        if found.needed and not dry and (not asking or session.terminal.ask("Adopt them?")):
            space, result = carry_out(space, ledger, found)
    if as_json:
        session.terminal.result(json.dumps(_json(found, result, space.formats, dry=dry), ensure_ascii=True, indent=2) + "\n")
    else:
        tell(_end(found, result, dry=dry))
    return _exit(found, result)


# ---- which projects -----------------------------------------------------------------------------------------------


def _visits(space: Workspace, named: Sequence[str], name: str | None) -> tuple[list[Visit], list[Problem]]:
    """The projects that are meant, and what is passed over."""
    if name is not None and len(named) != 1:
        raise AgentsyncError("--name is for one project", hint="agentsync adopt PROJECT --name NAME")
    if name is not None and not PROJECT_NAME.fullmatch(name):
        raise AgentsyncError(f"no name for a project ({name}), allowed are letters, digits, `.`, `_` and `-`", hint="--name NAME")
    visits: dict[str, Visit] = {}
    passed: list[Problem] = []
    for word in named:
        visit = _visit(space, word, name, {visit.name for visit in visits.values()})
        if isinstance(visit, Problem):
            if len(named) == 1:
                raise AgentsyncError(visit)
            passed.append(replace(visit, severity="note"))
        else:
            visits.setdefault(visit.root, visit)
    return list(visits.values()), passed


def _visit(space: Workspace, word: str, name: str | None, taken: set[str]) -> Visit | Problem:
    """One project: known by its name or its folder, or new."""
    known = space.config.projects
    root = project_root(space, word) if word in known else os.path.realpath(os.path.expanduser(word))  # noqa: PTH111 - a text is wanted
    if root is None or not Path(root).exists():
        raise AgentsyncError(f"there is no such folder ({word})", hint="agentsync adopt PATH")
    if not Path(root).is_dir():
        return Problem("no-folder", "this is no folder", path=word)
    scope = "user" if root == space.machine.home else "project"
    for other, entry in known.items():
        if project_root(space, other) == root and entry.scope == scope:
            return Visit(other, root, scope)
    odd = root_problem(space, root, scope)
    if odd is not None:
        return odd
    if root == space.root and not (Path(root) / space.config.agents).parent.name.startswith("."):
        return Problem("hub", "this is the hub itself", path=word)
    taken = {*known, *taken}
    if name is not None and name in taken:
        raise AgentsyncError(f"there is a project {name} already", hint="--name NAME")
    name = name or _free_name(root, scope, taken)
    path = stored(space.root, space.machine.home, root)
    return Visit(name, root, scope, Project(path=path, scope="user" if scope == "user" else "project"))


def _free_name(root: str, scope: str, taken: set[str]) -> str:
    first = "me" if scope == "user" else name_of(root)
    names = [first, f"{name_of(str(Path(root).parent))}-{first}"[-64:].lstrip("-._"), *(f"{first[:60]}-{n}" for n in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


# ---- words --------------------------------------------------------------------------------------------------------


def _lines(found: Found, *, dry: bool) -> Iterator[Line]:
    """Project by project: which agents, in which formats, what they may do; and what is left for the user."""
    for visit, outcome in zip(found.visits, found.outcomes, strict=True):
        here = [one for one in found.adoption.adopted if one.project == visit.name]
        head: tuple[Span, ...] = (("strong", visit.name), ("faint", f" ({shown(visit.root)})"))
        if outcome.state != "ok":
            yield (*head, ("", ": "), ("warn", outcome.state))
            yield from problem_lines(outcome.why, 2) if outcome.why is not None else ()
            continue
        if not here:
            known = visit.entry is None
            yield (*head, ("faint", ": nothing new here" if known else ": no agents of any assistant agentsync knows"))
            continue
        yield (*head, ("", f": {', '.join(found.formats[visit.name])}"))
        words = {True: "to adopt" if dry else "adopted", False: "known"}
        rows = [(words[one.new], one.agent.id, ", ".join(copy.arrival.format for copy in one.copies), _may(one)) for one in here]
        yield from columns(rows, styles=("good", "name", "", "faint"), indent=2)
        yield from _trouble_lines(here)
    yield from problems_lines(found.problems)


def _trouble_lines(here: Sequence[Adopted]) -> Iterator[Line]:
    """What needs a look: agents that run or hide something, copies in conflict, copies that say less, refusals."""
    looks: dict[str, list[str]] = {}
    for one in here:
        for power in one.powers if one.new else ():
            looks.setdefault(power, []).append(one.agent.id)
        allowed = one.agent.agent.words("allow_widening") if one.new and one.agent.agent else None
        if allowed:
            word = ", ".join(allowed)
            looks.setdefault(f"{word} never held it to its rights and goes on like that (allow_widening: [{word}])", []).append(one.agent.id)
    for power, ids in looks.items():
        yield (("", "  "), ("warn", "look"), ("", f": {power} "), ("faint", f"({some_of(ids)})"))
    for one in here:
        for copy in one.copies:
            if copy.how != "ok" and copy.why is not None:
                style: Style = "faint" if copy.how == "behind" else "warn"
                path = f" ({copy.arrival.found.path})"
                yield (("", "  "), (style, copy.how), ("", f": {one.agent.id}: {copy.why.message}"), ("faint", path))
                if copy.why.hint:
                    yield hint_line(copy.why.hint, 4)


def _may(one: Adopted) -> str:
    """What an agent may use, in a few words."""
    assert one.agent.agent is not None  # noqa: S101 - it was read
    return may(one.agent.agent.rights)


def may(rights: Rights) -> str:
    """Rights as one line: `may use everything but shell`."""
    if rights.allow is None:
        return f"may use everything{' but ' + spell(rights.deny) if rights.deny else ''}"
    words = dict.fromkeys(grant.partition("/")[0] if grant.startswith("mcp:") else capability(grant) for grant in rights.allow)
    return f"may use {spell(words) or 'nothing'}{', not ' + spell(rights.deny) if rights.deny else ''}"


def _end(found: Found, result: Result | None, *, dry: bool) -> Iterator[Line]:
    new, copies = len(found.adoption.new), sum(len(one.copies) for one in found.adoption.adopted)
    if not found.needed:
        yield text_line("nothing to adopt", "faint")
        return
    done = result is not None
    commit = f"; hub commit {result.commit[:9]}" if result is not None and result.commit else ""
    said = f"{count(new, 'agent')}, {count(copies, 'copy', 'copies')} {'adopted' if done else 'to adopt'}{commit}"
    for problem in (problem for _, problem in result.failed) if result is not None else ():
        yield from problem_lines(problem, 2)
    if result is not None:
        yield from problems_lines([problem for problem in result.plan.problems if problem not in found.problems])
    yield text_line(said, "good" if done else "")
    if done or dry:
        yield hint_line("agentsync push -n" if done else f"agentsync adopt {' '.join(shown(visit.root) for visit in found.visits[:3])}")


def _exit(found: Found, result: Result | None) -> int:
    """3 where something could not be read or written, 1 where something needs the user, else 0."""
    if result is not None and result.failed:
        return 3
    if any(problem.code in ("io", "denied", "full", "read-only") for problem in found.problems):
        return 3
    open_ends = any(copy.how in ("conflict", "refused") for one in found.adoption.adopted for copy in one.copies)
    stopped = any(outcome.state != "ok" for outcome in found.outcomes)
    return 1 if open_ends or stopped or any(problem.severity != "note" for problem in found.problems) else 0


def _json(found: Found, result: Result | None, formats: Registry, *, dry: bool) -> dict[str, Any]:
    """The documented object."""
    config = load_hub(found.text, formats=formats)
    agents = []
    for one in found.adoption.adopted:
        assert one.agent.agent is not None  # noqa: S101 - it was read
        rights = one.agent.agent.rights
        agents.append({
            "project": one.project, "id": one.agent.id, "name": one.agent.name, "path": one.agent.path, "new": one.new,
            "rights": {"allow": None if rights.allow is None else list(rights.allow), "deny": list(rights.deny), "ask": list(rights.ask)},
            "look": list(one.powers),
            "copies": [
                {"target": copy.arrival.format, "path": copy.arrival.found.path, "entry": copy.arrival.entry, "state": copy.how,
                 "why": None if copy.why is None else copy.why.message}
                for copy in one.copies
            ],
        })
    projects = [
        {"name": visit.name, "root": visit.root, "new": visit.entry is not None, "state": outcome.state,
         "targets": list(options_of(config, config.projects[visit.name])) if visit.name in config.projects else []}
        for visit, outcome in zip(found.visits, found.outcomes, strict=True)
    ]
    problems = [*found.problems, *(problem for _, problem in (result.failed if result is not None else ()))]
    return {
        "version": JSON_VERSION, "run": result.run if result else None, "commit": result.commit if result else None, "dry_run": dry,
        "projects": projects, "agents": agents, "problems": [problem_json(problem) for problem in problems],
    }
