"""`agentsync hook`: git hooks that check a commit's agents and carry them on, beside whatever hooks there are."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace

import click

from agentsync.commands.app import Session
from agentsync.commands.app import run as run_words
from agentsync.disk import LocalDisk
from agentsync.hook_runs import Checked, carry_on, pre_commit
from agentsync.hooking import Done, Repository, install_shared, refresh, remove_shared, repository, shared_files
from agentsync.hooking import install as install_hooks
from agentsync.hooking import remove as remove_hooks
from agentsync.hooking import status as status_of
from agentsync.hooks import HOOKS, STOP, has_block
from agentsync.model import AgentsyncError, Problem
from agentsync.report import JSON_VERSION, Line, count, problem_json, problems_lines, text_line
from agentsync.sync_report import push_lines
from agentsync.workspace import shown


def _here() -> Repository:
    return repository(os.path.realpath(os.curdir))


@click.group()
def hook() -> None:
    """Git hooks for the repository around this folder.

    In a project: before a commit its agents are checked against each other, and after it the hub takes what was edited. In a hub: after a
    commit, a merge or a rewrite on the hub's branch its projects are brought up to it. Other hooks stay and go on running.
    """


@hook.command()
@click.option("--shared", is_flag=True, help="Also add the check to the file with which your team shares hooks.")
@click.pass_obj
def install(session: Session, shared: bool) -> int:
    """Install the hooks this repository needs. A second time brings them up to date.

    They lie where git looks for hooks here (core.hooksPath too) and stay on this machine. With --shared the check before a commit is also
    added to .husky/pre-commit, lefthook.yml or .pre-commit-config.yaml; people without agentsync do not notice it.
    """
    here, disk = _here(), LocalDisk()
    if not (here.hubs or here.projects or here.locks):
        hint = "agentsync project add .  (or: agentsync init --here)"
        raise AgentsyncError(Problem("no-project", "this repository is no hub and no project that is enabled here", path=here.top, hint=hint))
    done = install_shared(here, disk) if shared else []
    skip = frozenset({"pre-commit"}) if any(has_block(text) for _, text in shared_files(here, disk)) else frozenset[str]()
    notes: tuple[Problem, ...] = ()
    try:
        done += install_hooks(here, disk, skip=skip)
    except AgentsyncError as error:
        if not shared or error.problem.code != "hooks-path":
            raise
        # The team's file has the check, which is what was asked for here.
        notes = (replace(error.problem, severity="note", hint=error.problem.hint and error.problem.hint.partition("  (")[0]),)
    session.terminal.say((*_done_lines(done, "nothing to change: the hooks are installed"), *problems_lines(notes)))
    return 0


@hook.command()
@click.option("--shared", is_flag=True, help="Also take the check out of the file with which your team shares hooks.")
@click.pass_obj
def remove(session: Session, shared: bool) -> int:
    """Remove our hooks. Every hook that was there before has its bytes again."""
    here, disk = _here(), LocalDisk()
    done = remove_hooks(here, disk) + (remove_shared(here, disk) if shared else [])
    session.terminal.say(_done_lines(done, "nothing to remove: no hook of agentsync is here"))
    return 0


def _done_lines(done: list[Done], nothing: str) -> Iterator[Line]:
    if not done:
        yield text_line(nothing)
    for one in done:
        yield (("good", f"{one.word:<9} "), ("", shown(one.path)))


@hook.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def status(session: Session, as_json: bool) -> int:
    """Show which hooks are installed here, and beside what."""
    here, disk = _here(), LocalDisk()
    hooks = status_of(here, disk)
    team = [shared.path for shared, text in shared_files(here, disk) if has_block(text)]
    by_team = {"pre-commit"} if team else set[str]()
    open_ = [one for one in hooks if one.state in ("missing", "foreign", "outdated") and one.name not in by_team]
    if as_json:
        rows = [{"name": one.name, "path": one.path, "state": one.state} for one in hooks]
        session.terminal.result(json.dumps({"version": JSON_VERSION, "hooks": rows, "shared": team}, ensure_ascii=True, indent=2) + "\n")
        return 1 if open_ else 0
    hooks = [one for one in hooks if one.name not in by_team or one.state not in ("missing", "foreign")]
    lines: list[Line] = [
        (("name", f"{one.name:<14}"), ("warn" if one in open_ else "good", f"{one.state:<15}"), ("faint", shown(one.path))) for one in hooks
    ]
    lines += [(("name", f"{'pre-commit':<14}"), ("good", f"{'shared':<15}"), ("faint", path)) for path in team]
    session.terminal.print(lines or [text_line("this repository is no hub and no project that is enabled here")])
    return 1 if open_ else 0


@hook.command("run")
@click.argument("name", type=click.Choice(HOOKS))
@click.argument("arguments", nargs=-1, metavar="[ARGUMENT]...")
@click.option("--fix", is_flag=True, help="pre-commit: stage what makes the copies of each agent say the same.")
@click.option("--stop-with", default=1, hidden=True, help="The exit code that stops a commit.")
@click.option("--lenient", is_flag=True, hidden=True, help="Answer 1 for what stops a commit, and 0 for all else, a fault of ours too.")
@click.option("--json", "as_json", is_flag=True, help="pre-commit: print one JSON object.")
@click.pass_obj
def run_command(
    session: Session, name: str, arguments: tuple[str, ...], fix: bool, stop_with: int, lenient: bool, as_json: bool
) -> int:
    """Do what a hook does; git's hooks call this.

    `pre-commit` looks at what is staged, not at your files: an agent changed in one format and not in the others, a file its assistant
    would not load, and an agent that is in no hub stop the commit. Files with work of yours that is not staged keep it.
    """
    if lenient:     # the framework pre-commit takes every other code for a finding
        return 1 if run_words(["hook", "run", name, "--stop-with", str(STOP)]) == STOP else 0
    session.terminal.no_input = True
    del arguments        # git's, of which none is needed
    if name == "pre-commit":
        return _checked(session, pre_commit(_here(), fix=fix), stop_with, as_json=as_json)
    here = _here()
    for result in carry_on(here, name):
        waits = result.plan.conflicts or any(copy.state == "held" for copy in result.plan.copies)
        if result.run is not None or result.commit is not None or result.failed or waits:
            session.terminal.say(push_lines(result, dry=False, seconds=None))
    if not here.linked:
        refresh(here, LocalDisk())
    return 0


def _checked(session: Session, found: Checked, stop_with: int, *, as_json: bool) -> int:
    check = found.check
    if as_json:
        told = {
            "version": JSON_VERSION, "fixed": list(found.fixed), "left": list(found.left),
            "problems": [problem_json(problem) for problem in (*check.stops, *check.notes)],
        }
        session.terminal.result(json.dumps(told, ensure_ascii=True, indent=2) + "\n")
        return stop_with if check.stops else 0
    lines: list[Line] = [
        (("good", "staged  "), ("", name), ("faint", "  (your file holds other work and stays)" if name in found.left else ""))
        for name in found.fixed
    ]
    lines += problems_lines((*check.stops, *check.notes))
    if check.stops:
        lines.append(text_line(f"agentsync stopped this commit: {count(len(check.stops), 'problem')}", "bad"))
    session.terminal.say(lines)
    return stop_with if check.stops else 0
