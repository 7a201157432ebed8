"""`agentsync init`: make a hub, or make this project its own."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from agentsync import git
from agentsync.commands.app import Session, formats_of
from agentsync.config import AGENTS_FOLDER, HUB_FILE, PROJECT_NAME
from agentsync.config_targets import refuse_together
from agentsync.containers.yaml_document import set_path
from agentsync.disk import Disk, LocalDisk, decode, encode, make_root
from agentsync.model import AgentsyncError
from agentsync.own_formats import registry
from agentsync.report import count, hint_line, problems_lines, text_line
from agentsync.survey import read_agents, unreadable
from agentsync.workspace import Machine, Workspace, enable, identified, open_hub, save_user, shown, user_file

OWN_FOLDER: Final = ".claude/agents"
"""Where a project that is its own hub keeps its agents: the folder most projects with agents have already."""

_ATTRIBUTES: Final = ".gitattributes"

_HUB_TEXT: Final = """\
# agentsync: one home for your agents. Each agent is a file below {agents}/; projects receive copies of them.
version: 1
{branch}
agents: {agents}

defaults:
  targets: {targets}
  select: ["*"]          # ids, globs, "tag:NAME", "!exclusions"

# models:                # what a model is called elsewhere
#   sonnet: {{opencode: anthropic/claude-sonnet-4-5}}

{projects}
"""


@click.command()
@click.argument("folder", default=".", metavar="[DIR]")
@click.option("--here", is_flag=True, help="This project is its own hub: its agents are those in .claude/agents.")
@click.option("--to", "to", multiple=True, metavar="F[,F]", help="The formats that copies are written in.")
@click.pass_obj
def init(session: Session, folder: str, here: bool, to: tuple[str, ...]) -> int:
    """Make a hub, or make this project its own.

    Nothing is committed for you. In a repository that has agents in .claude/agents, `agentsync init --here --to opencode` and
    `agentsync push` give them to opencode too.
    """
    machine, disk = Machine.here(), LocalDisk()
    root = os.path.realpath(os.path.expanduser(folder))  # noqa: PTH111 - a text is wanted
    if (Path(root) / HUB_FILE).is_file():
        what = f"{shown(root, HUB_FILE)} is there: this folder is a hub already"
        raise AgentsyncError(what, hint=f"agentsync -C {shlex.quote(shown(root))} list".replace("-C . ", ""))
    if root == machine.home:
        raise AgentsyncError("your home directory is no hub: agents of yours need a folder of their own", hint="agentsync init ~/agents")
    formats = registry(disk, machine.config, None, {})
    targets = formats_of(to, formats)
    # What cannot be a hub's configuration is told before anything is made.
    refuse_together(targets, "project", formats)
    make_root(root)
    made: list[str] = []
    if git.top_level(root) is None:
        branch = git.init(root)
        made.append(f"git repository {shown(root)} (branch {branch})")
    space = _make_here(root, targets, machine, disk, made) if here else _make_hub(root, targets, machine, disk, made)
    session.terminal.say(text_line(f"made: {what}", "good") for what in made)
    return _tell(session, space, here=here, targets=targets)


def _make_hub(root: str, targets: Sequence[str], machine: Machine, disk: Disk, made: list[str]) -> Workspace:
    """A hub of its own: configuration, agents folder, line ends fixed."""
    branch = git.head_branch(root)
    lines = f"branch: {branch}" if branch else "# branch: main       # the hub rests while another branch is checked out"
    text = _HUB_TEXT.format(agents=AGENTS_FOLDER, branch=lines, targets=_flow(targets or ("claude-code",)), projects="projects: {}")
    disk.write(root, HUB_FILE, encode(text), expected=None)
    made.append(shown(root, HUB_FILE))
    disk.make_folder(root, AGENTS_FOLDER)
    made.append(shown(root, AGENTS_FOLDER) + "/")
    line = f"{AGENTS_FOLDER}/** text eol=lf"
    old = disk.read(root, _ATTRIBUTES).data if disk.look(root, _ATTRIBUTES) else None
    if old is None or line not in decode(old).splitlines():
        before = "" if not old else decode(old) if old.endswith(b"\n") else decode(old) + "\n"
        disk.write(root, _ATTRIBUTES, encode(f"{before}{line}\n"), expected=old)
        made.append(f"{shown(root, _ATTRIBUTES)}: {line}")
    user, user_text = user_file(machine, disk)
    if user.hub is None:
        user = save_user(machine, disk, user_text, set_path(user_text, ("hub",), root))
        made.append("your default hub, for commands outside of any project")
    return identified(open_hub(root, machine, disk, user))


def _make_here(root: str, targets: Sequence[str], machine: Machine, disk: Disk, made: list[str]) -> Workspace:
    """A project that is its own hub. No branch is named: work on any branch of it is work on its agents."""
    name = _project_name(root)
    projects = f"projects:\n  {name}:\n    path: .\n    targets: {_flow(targets or ('claude-code',))}"
    branch = "# branch: main       # the hub rests while another branch is checked out"
    text = _HUB_TEXT.format(agents=OWN_FOLDER, branch=branch, targets=_flow(targets or ("claude-code",)), projects=projects)
    disk.write(root, HUB_FILE, encode(text), expected=None)
    made.append(shown(root, HUB_FILE))
    if not (Path(root) / OWN_FOLDER).is_dir():
        disk.make_folder(root, OWN_FOLDER)
        made.append(shown(root, OWN_FOLDER) + "/")
    user, _ = user_file(machine, disk)
    space = enable(open_hub(root, machine, disk, user), {name: root})
    made.append(f"project {name}, enabled on this machine for {', '.join(targets or ('claude-code',))}")
    return space


def _tell(session: Session, space: Workspace, *, here: bool, targets: Sequence[str]) -> int:
    """What the new hub holds, and what to type next."""
    agents = read_agents(space)
    good = sum(agent.status == "read" for agent in agents)
    bad = unreadable(space, agents)
    say = session.terminal.say
    if here or good:
        say([text_line(f"{count(good, 'agent')} in {shown(space.root, space.config.agents)}")])
    say(problems_lines(bad))
    if here and good:
        say([hint_line("agentsync push" if targets else f"add formats to the targets in {HUB_FILE}, then: agentsync push")])
    elif here:
        say([hint_line("agentsync new reviewer")])
    else:
        where = "" if shown(space.root) == "." else f" -C {shlex.quote(shown(space.root))}"
        say([hint_line(f"agentsync{where} new reviewer"), hint_line(f"agentsync{where} project add PATH --to claude-code")])
    return 1 if bad else 0


def _flow(items: Sequence[str]) -> str:
    return f"[{', '.join(items)}]"


def _project_name(root: str) -> str:
    """The folder's name as a project's name."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(root).name).strip("-._")[:64]
    return name if PROJECT_NAME.fullmatch(name) else "project"
