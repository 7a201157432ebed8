"""`agentsync project`: the projects that receive agents: add, enable, remove, list."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from msgspec import structs

from agentsync.commands.app import Session, choice_error, formats_of
from agentsync.config import PROJECT_NAME, Mode, Project
from agentsync.config_targets import refuse_together
from agentsync.containers.yaml_document import delete_path, set_path
from agentsync.hub import options_of, targets_shown, via_of
from agentsync.ledger import Ledger
from agentsync.model import AgentsyncError, Problem
from agentsync.plan import plan_removal
from agentsync.remotes import clones, is_clone, names_of
from agentsync.report import JSON_VERSION, Line, hint_line, text_line
from agentsync.survey import look
from agentsync.sync import Result, apply, at_work
from agentsync.sync_report import push_exit, push_lines
from agentsync.workspace import (
    USER_FILE,
    Workspace,
    disable,
    enable,
    enabled,
    identified,
    name_of,
    open_workspace,
    outcome_of,
    project_entry,
    project_root,
    root_problem,
    save_hub,
    shown,
    stored,
    top_of,
    twins,
)


@click.group()
def project() -> None:
    """Add, enable, list or remove the projects that receive agents."""


@project.command()
@click.argument("path")
@click.option("--name", help="What to call it; else its folder's name.")
@click.option("--to", "to", multiple=True, metavar="F[,F]", help="The formats it uses; else the hub's default.")
@click.option("--select", multiple=True, metavar="S[,S]", help="The agents it gets: ids, globs, tag:NAME, !exclusions; else the hub's default.")
@click.option("--mode", type=click.Choice(["two-way", "push", "pull"]), default="two-way", show_default=True, help="Which side decides.")
@click.option("--repo", is_flag=True, help="Keep its git remote too: other machines find it by that, wherever it lies there.")
@click.pass_obj
def add(session: Session, path: str, name: str | None, to: tuple[str, ...], select: tuple[str, ...], mode: Mode, repo: bool) -> int:
    """Register a folder as a project of the hub and enable it on this machine. "~" means the assistants' user folders."""
    space = open_workspace(session.hub)
    root = os.path.realpath(os.path.expanduser(path))  # noqa: PTH111 - a text is wanted
    scope = "user" if root == space.machine.home else "project"
    if not Path(root).is_dir():
        raise AgentsyncError(f"there is no such folder ({path})", hint="agentsync project add PATH")
    odd = root_problem(space, root, scope)
    if odd is not None:
        raise AgentsyncError(odd)
    name = name or ("me" if scope == "user" else name_of(root))
    if not PROJECT_NAME.fullmatch(name):
        raise AgentsyncError(f"no name for a project ({name}), allowed are letters, digits, `.`, `_` and `-`", hint="--name NAME")
    for other in space.config.projects:
        if project_root(space, other) == root:
            raise AgentsyncError(f"this folder is the project {other} already", hint=f"agentsync project enable {other}")
    if name in space.config.projects:
        raise AgentsyncError(f"there is a project {name} already ({space.config.projects[name].path})", hint="--name NAME")
    chosen = tuple(part.strip() for one in select for part in one.split(",") if part.strip())
    targets = formats_of(to, space.formats)
    refuse_together(targets, scope, space.formats)
    for one in targets:
        rules = space.formats.load(one)
        if not any(where.scope == scope and where.write for where in rules.where):
            what = f"{rules.title} keeps no agents in a {'home directory' if scope == 'user' else 'project'}"
            raise AgentsyncError(what, hint=f"agentsync formats {one}")
    entry = Project(
        path=stored(space.root, space.machine.home, root), scope="user" if scope == "user" else "project",
        targets=targets or None, select=chosen or None, mode=mode,
    )
    if repo:
        entry = _with_repository(space, entry, root)
    space = save_hub(space, set_path(space.text, ("projects", name), project_entry(entry)))
    space = enable(space, {name: root})
    shown_targets = targets_shown(space.config, space.config.projects[name])
    session.terminal.say([
        text_line(f"agentsync.yaml: projects.{name}: {entry.path} for {shown_targets}; enabled on this machine", "good"),
        hint_line(f"agentsync push {name}"),
    ])
    session.terminal.say(
        text_line(f"{one} is a format of your own: others who use this hub need its file in the hub's formats/", "warn")
        for one in targets if space.formats.origin(one) == "yours"
    )
    return 0


def _with_repository(space: Workspace, entry: Project, root: str) -> Project:
    """The entry with the first remote of the repository around its folder. AgentsyncError where there is none."""
    top = top_of(root)
    names = names_of(top) if top is not None else ()
    if top is None or not names:
        what = "it lies in no git repository" if top is None else "its repository has no remote that names a host"
        raise AgentsyncError(Problem("no-remote", what, path=shown(root), hint="agentsync project add PATH, without --repo"))
    top = os.path.realpath(top)
    below = os.path.relpath(root, top).replace(os.sep, "/")
    # With `dir`, the path is the repository's.
    return structs.replace(entry, repo=names[0], path=stored(space.root, space.machine.home, top), dir=None if below == "." else below)


@project.command("enable")
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Every project of agentsync.yaml whose folder is here.")
@click.option("--at", metavar="PATH", help="Where it lies here, for one that agentsync.yaml knows by its repository.")
@click.pass_obj
def enable_command(session: Session, name: str | None, every: bool, at: str | None) -> int:
    """Allow agentsync to work on a project on this machine.

    A project that agentsync.yaml knows by its git remote (`repo:`) is looked for below the `roots:` of your own configuration.
    On a project that is enabled already, what is known of its copies is forgotten: missing ones are written again, and
    those that say what they should are recognised.
    """
    space = identified(open_workspace(session.hub))
    if (name is None) != every:
        raise AgentsyncError("name one project, or all", hint="agentsync project enable NAME  (or --all)")
    if name is not None and name not in space.config.projects:
        raise choice_error("project", name, tuple(space.config.projects), hint="agentsync project list")
    meant = tuple(space.config.projects) if name is None else (name,)
    lying = {name: (_there(space, name, at),)} if at is not None and name is not None else _lying(space, meant)
    roots: dict[str, str] = {}
    for one in meant:
        problem = _obstacle(space, one, lying[one])
        if problem is None:
            roots[one] = lying[one][0]
        elif not every:
            raise AgentsyncError(problem)
        else:
            session.terminal.say([text_line(f"{one}: not enabled: {problem.message}", "warn")])
    again = [one for one in roots if not every and enabled(space, one) and project_root(space, one) == roots[one]]
    space = enable(space, roots)
    if again:
        with at_work(space, "project enable") as (ledger, _):
            for one in again:
                _forget(ledger, space, one)
    session.terminal.say([text_line(f"{one}: enabled on this machine ({root})", "good") for one, root in roots.items()])
    session.terminal.say([hint_line(f"agentsync push {name or '--all'}")])
    return 0


def _there(space: Workspace, name: str, at: str) -> str:
    """The folder that the user says is a project's. AgentsyncError where it is not."""
    project = space.config.projects[name]
    if project.repo is None:
        what = f"agentsync.yaml says where {name} lies ({project.path}), and knows no repository of it"
        raise AgentsyncError(what, hint=f"set projects.{name}.path")
    root = os.path.realpath(Path(os.path.expanduser(at), project.dir or ""))  # noqa: PTH111 - a text is wanted
    if not Path(root).is_dir():
        raise AgentsyncError(Problem("missing", "there is no such folder", path=shown(root)))
    if not is_clone(root, project):
        raise AgentsyncError(Problem("no-clone", f"none of its git remotes is {project.repo}", path=shown(root), hint="git remote -v"))
    return root


def _lying(space: Workspace, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Where projects lie: where agentsync.yaml or this machine says, else every clone below the user's roots."""
    stated = {name: root for name in names if (root := project_root(space, name)) is not None and Path(root).is_dir()}
    sought = clones(space, [name for name in names if name not in stated])
    return {name: (stated[name],) if name in stated else sought[name] or tuple(filter(None, (project_root(space, name),))) for name in names}


def _obstacle(space: Workspace, name: str, roots: Sequence[str]) -> Problem | None:
    """Why a project that may lie at these roots cannot be enabled, or None."""
    project = space.config.projects[name]
    if len(roots) > 1:
        what = f"{name} lies in several folders: {', '.join(roots)}"
        return Problem("several", what, hint=f"agentsync project enable {name} --at PATH")
    if project.repo is not None and not (roots and Path(roots[0]).is_dir()):
        where = f"below {', '.join(space.user.roots)}" if space.user.roots else "known: your configuration names no `roots:` to look below"
        mend = f"agentsync project enable {name} --at PATH, or set roots: in {Path(space.machine.config, USER_FILE)}"
        return Problem("missing", f"no clone of {project.repo} is {where}", hint=mend)
    if space.disk.identity(roots[0]) is None:
        return Problem("missing", "there is no such folder", path=roots[0])
    return root_problem(space, roots[0], project.scope)


@project.command()
@click.argument("name")
@click.option("--delete-copies", is_flag=True, help="Delete its copies too, but for those that were edited.")
@click.pass_obj
def remove(session: Session, name: str, delete_copies: bool) -> int:
    """Take a project out of the hub. Its copies stay where they are and belong to the project from then on."""
    space = open_workspace(session.hub)
    if name not in space.config.projects:
        raise choice_error("project", name, tuple(space.config.projects), hint="agentsync project list")
    code = 0
    if enabled(space, name):
        with at_work(space, "project remove") as (ledger, _):
            if delete_copies:
                code = _delete_copies(session, space, ledger, name)
            if code != 3:  # what could not be deleted must stay known
                _forget(ledger, space, name)
    elif delete_copies:
        raise AgentsyncError(f"{name} is not enabled on this machine, so nothing in it is touched", hint=f"agentsync project remove {name}")
    if code == 3:
        return code
    save_hub(space, delete_path(space.text, ("projects", name)))
    disable(space, name)
    kept = "" if delete_copies else "; its copies stay"
    session.terminal.say([text_line(f"agentsync.yaml: projects.{name} is gone{kept}", "good")])
    return code


def _delete_copies(session: Session, space: Workspace, ledger: Ledger, name: str) -> int:
    sight = look(space, ledger, [name], whole=True)
    (view,) = sight.snapshot.projects
    if view.outcome.state != "ok":
        raise AgentsyncError(view.outcome.why or Problem("stopped", f"{name}: {view.outcome.state}"))
    plan = plan_removal(view, sight.snapshot.texts)
    result = apply(space, ledger, replace(sight, snapshot=replace(sight.snapshot, agents=())), plan, "project remove")
    session.terminal.say(push_lines(result, dry=False, seconds=None))
    return push_exit(Result(plan, result.run, result.failed))


def _forget(ledger: Ledger, space: Workspace, name: str) -> None:
    """Forget what is known of a project's copies."""
    root, scope = project_root(space, name), space.config.projects[name].scope
    if root is not None:
        ledger.keep(forget=[row.key for row in ledger.rows(root) if row.key.scope == scope])
        if not ledger.rows(root):
            ledger.forget_root(root)


@project.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_command(session: Session, as_json: bool) -> int:
    """List the projects of the hub and what they are on this machine."""
    space = open_workspace(session.hub)
    doubles = twins(space)
    rows = [(name, entry, outcome_of(space, name, doubles)) for name, entry in space.config.projects.items()]
    if as_json:
        listed = [
            {
                "name": name, "path": entry.path, "repo": entry.repo, "root": outcome.root, "state": outcome.state, "mode": entry.mode,
                "targets": list(options_of(space.config, entry)),
                "via": [{"target": target, "via": other} for target, other in via_of(space.config, entry).items()],
                "why": outcome.why.message if outcome.why else None,
            }
            for name, entry, outcome in rows
        ]
        session.terminal.result(json.dumps({"version": JSON_VERSION, "projects": listed}, ensure_ascii=True, indent=2) + "\n")
        return 0
    if not rows:
        session.terminal.say([text_line("the hub has no projects yet"), hint_line("agentsync project add PATH --to claude-code")])
        return 0
    wide = [max(len(text) for text in column) for column in zip(*((n, e.path or e.repo or "", o.state) for n, e, o in rows), strict=True)]
    session.terminal.print(_project_line(space, name, entry, outcome.state, wide) for name, entry, outcome in rows)
    return 0


def _project_line(space: Workspace, name: str, entry: Project, state: str, wide: list[int]) -> Line:
    style = "good" if state == "ok" else "faint" if state == "not enabled here" else "warn"
    targets = targets_shown(space.config, entry)
    return (
        ("name", f"{name:<{wide[0]}}  "), ("", f"{entry.path or entry.repo or '':<{wide[1]}}  "),
        (style, f"{state:<{wide[2]}}  "), ("", targets), ("faint", "" if entry.mode == "two-way" else f"  {entry.mode}"),  # type: ignore[return-value]  # one of three styles
    )
