"""`agentsync service`: let the system keep hub and projects in sync."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from agentsync.commands.app import Session
from agentsync.disk import make_root
from agentsync.model import AgentsyncError, Problem
from agentsync.report import JSON_VERSION, Line, count, hint_line, problem_lines, text_line
from agentsync.workspace import Workspace, identified, open_bare, open_workspace

if TYPE_CHECKING:
    from agentsync.service import Unit
    from agentsync.watch.state import Told

_LINES: Final = 20
_FOLLOW_SECONDS: Final = 0.5


@click.group()
def service() -> None:
    """Let the system keep everything in sync: `agentsync watch`, begun when you log in.

    A user's unit of systemd, an agent of launchd, a task of Windows; one for each hub.
    """


@service.command()
@click.option("-n", "--dry-run", "dry", is_flag=True, help="Show the file and install nothing.")
@click.option("-y", "--yes", is_flag=True, help="Install without asking.")
@click.pass_obj
def install(session: Session, dry: bool, yes: bool) -> int:
    """Show the service's file, then install and start it."""
    space = identified(open_workspace(session.hub))
    unit = _unit(space)
    session.terminal.print([(("strong", unit.path),), *((("", line),) for line in unit.text.splitlines())])
    if dry:
        return 0
    if not yes and not session.terminal.ask("Install and start it?"):
        session.terminal.say([hint_line("agentsync service install -y")])
        return 1
    if _call(unit.asks) is None:
        what = f"{unit.asks[0]} offers no services to you here"
        raise AgentsyncError(Problem("no-service", what, hint="agentsync watch"))
    folder, name = os.path.split(unit.path)
    make_root(folder)
    old = space.disk.read(folder, name).data if space.disk.look(folder, name) else None
    if old != unit.data:
        space.disk.write(folder, name, unit.data, expected=old)
    for command in unit.begin:
        if _call(command) is None:
            raise AgentsyncError(Problem("service", f"{' '.join(command)} failed", hint="agentsync service remove"))
    session.terminal.say([(("good", "installed"), ("", f": {unit.path}")), hint_line("agentsync service status --wait")])
    return 0


@service.command()
@click.option("--wait", is_flag=True, help="Return when all that was changed before this call has been handled.")
@click.option("--timeout", type=click.FloatRange(min=0), default=60.0, show_default=True, help="Seconds to wait at most.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def status(session: Session, wait: bool, timeout: float, as_json: bool) -> int:
    """Say what keeps this hub in sync: what is watched, since when, the last run, conflicts, held changes."""
    from agentsync.watch.state import look_up, not_running, wait_settled

    space = open_bare(session.hub)      # a daemon goes on with the last good settings
    if wait:
        wait_settled(space, timeout)
    told = look_up(space)
    if as_json:
        about = {**told.about} if told.running else {}
        about.pop("version", None)
        found = {"version": JSON_VERSION, "running": told.running, "installed": Path(_unit(space).path).exists(), **about}
        session.terminal.result(json.dumps(found, ensure_ascii=True, indent=2) + "\n")
    elif told.running:
        session.terminal.print(_lines(told))
    else:
        session.terminal.print(problem_lines(not_running()))
    return 0 if told.running and not (told.about.get("open") or told.about.get("paused") or told.about.get("settings")) else 1


@service.command()
@click.option("-n", "--lines", "number", type=click.IntRange(min=0), default=_LINES, show_default=True, help="So many of the last lines.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is added, until stopped.")
@click.pass_obj
def logs(session: Session, number: int, follow: bool) -> int:
    """Print what the service wrote down."""
    path = Path(_log(open_bare(session.hub)))
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    session.terminal.result("".join(f"{line}\n" for line in lines[len(lines) - min(number, len(lines)) :]))
    if not path.exists():
        session.terminal.say([text_line("the service of this hub wrote nothing down yet"), hint_line("agentsync service status")])
    seen = path.stat().st_size if path.exists() else 0
    while follow:
        time.sleep(_FOLLOW_SECONDS)
        size = path.stat().st_size if path.exists() else 0
        if size > seen:
            with path.open("rb") as stream:
                stream.seek(seen)
                session.terminal.result(stream.read(size - seen).decode("utf-8", "replace"))
                sys.stdout.flush()
        seen = size
    return 0


@service.command()
@click.pass_obj
def remove(session: Session) -> int:
    """Stop the service, and remove its file, its log and what it wrote down of itself."""
    from agentsync.locking import WATCH_HOLDER, watched
    from agentsync.watch.state import COOKIES, LOG_FILE, STATE_FILE

    space = open_bare(session.hub)
    unit = _unit(space)
    there = Path(unit.path).exists()
    if there:
        _call_all(unit.end)
        Path(unit.path).unlink()
        _call_all(unit.after)
    if space.id:
        runs = watched(space.state)     # one that was begun by hand goes on, and what it says of itself stays
        for name in (LOG_FILE, f"{LOG_FILE}.old", *(() if runs else (STATE_FILE, WATCH_HOLDER))):
            Path(space.state, name).unlink(missing_ok=True)
        if not runs:
            shutil.rmtree(Path(space.state, COOKIES), ignore_errors=True)
    session.terminal.say([(("good", "removed"), ("", f": {unit.path}")) if there else (("", "there is no service for this hub"),)])
    return 0


# ---- the system ----------------------------------------------------------------------------------------------------


def _unit(space: Workspace) -> Unit:
    """The service's file on this system."""
    from agentsync.service import job_for, launchd_agent, systemd_unit, windows_task

    job = job_for(space.root, space.id or "unnamed", (sys.executable, "-m", "agentsync"), _log(space), os.environ)
    if sys.platform == "darwin":
        return launchd_agent(job, space.machine.home, os.getuid())
    if sys.platform == "win32":
        user = "\\".join(word for name in ("USERDOMAIN", "USERNAME") if (word := os.environ.get(name)))
        return windows_task(job, space.machine.config, user)
    config = os.environ.get("XDG_CONFIG_HOME") or f"{space.machine.home}/.config"
    return systemd_unit(job, f"{config}/systemd/user")


def _log(space: Workspace) -> str:
    from agentsync.watch.state import LOG_FILE

    return f"{space.state}/{LOG_FILE}"


def _call(words: Iterable[str]) -> str | None:
    """What a program of the system prints; None where it is not there, or fails."""
    try:
        done = subprocess.run(list(words), stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def _call_all(commands: Iterable[tuple[str, ...]]) -> None:
    for command in commands:
        _call(command)


# ---- words ---------------------------------------------------------------------------------------------------------


def _lines(told: Told) -> Iterator[Line]:
    """How a running daemon stands."""
    about: Any = told.about
    if not about:
        yield (("", "a daemon runs, and has said nothing yet"),)
        return
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(about["since"]))
    yield (("strong", "watching "), ("name", about["hub"]), ("faint", f" since {since} (process {about['pid']})"))
    for key in ("paused", "settings"):
        if about[key]:
            yield (("", "  "), ("warn", key), ("", f": {about[key]}"))
    for one in about["projects"]:
        scanned = f" (scanned: {one['scanned']})" if one["scanned"] else ""
        why = f": {one['why']}" if one.get("why") else ""
        yield (("", "  "), ("name", one["name"]), ("good" if one["state"] == "ok" else "warn", f"  {one['state']}"), ("", why), ("faint", scanned))
    for name in about["not_enabled"]:
        yield (("", "  "), ("name", name), ("faint", "  not enabled here"))
    last = about["last_run"]
    if last is not None:
        when = time.strftime("%H:%M:%S", time.localtime(last["at"]))
        yield (("", f"  last run {last['run']} at {when}: {count(last['changes'], 'file')} in {last['seconds']:g} s"),)
    for one in about["open"]:
        yield (("", "  "), ("warn", one["state"]), ("", f": {one['agent']} in {one['project']}: {one['why']}"))
        if one["hint"]:
            yield hint_line(one["hint"], 4)
