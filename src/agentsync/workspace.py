"""Which hub is meant, where its projects lie on this machine, and which of them its user has enabled.

Floor 5. The hub's agentsync.yaml arrives by git and is believed in nothing that concerns this machine: a project is worked on
only if the user's own configuration names it, at the real path it has today.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import Final

import platformdirs

from agentsync import __version__, git
from agentsync.config import HUB_FILE, ConfigError, HubFile, Project, UserFile, load_hub, load_user, satisfied
from agentsync.copies import ProjectOutcome
from agentsync.disk import Disk, DiskError, LocalDisk, decode, encode, make_root
from agentsync.formats import SHIPPED, OwnFile, Registry
from agentsync.model import AgentsyncError, Problem
from agentsync.own_formats import hub_files, registry
from agentsync.report import did_you_mean

SYSTEM: Final = {"darwin": "macos", "win32": "windows"}.get(sys.platform, "linux")
"""What formats call this operating system."""

USER_FILE: Final = "config.yaml"
_ID_FILE: Final = "agentsync-hub-id"
_NEAR: Final = 3
"""A relative path that climbs more often than this says less than one from the home directory."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The folders of this user on this machine."""

    home: str
    config: str
    state: str

    @staticmethod
    def here() -> Machine:
        """This user's folders, by HOME and the XDG variables."""
        return Machine(
            os.path.realpath(Path.home()),
            platformdirs.user_config_dir("agentsync", appauthor=False),
            platformdirs.user_state_dir("agentsync", appauthor=False),
        )


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened hub. `text` is that of its agentsync.yaml; `id` names it on this machine, empty until something is enabled or written."""

    disk: Disk
    machine: Machine
    root: str
    id: str
    text: str
    config: HubFile
    user: UserFile
    formats: Registry = SHIPPED
    """The formats known here: agentsync's, the user's own, this hub's."""

    @property
    def state(self) -> str:
        """The folder of this hub's ledger and lock."""
        return str(Path(self.machine.state, "hubs", self.id))

    @property
    def agents_folder(self) -> str:
        """The real path of the hub's agents."""
        return os.path.realpath(Path(self.root, self.config.agents))


# ---- finding and opening ------------------------------------------------------------------------------------------


def user_file(machine: Machine, disk: Disk) -> tuple[UserFile, str]:
    """The user's configuration and its text; both empty where there is none."""
    text = _text(disk, *_user_place(machine))
    return load_user(text, str(Path(machine.config, USER_FILE))), text


def _user_place(machine: Machine) -> tuple[str, str]:
    """Folder and name of the user's configuration. Theirs may be a link, into a repository of dot-files; it is the only one followed."""
    path = Path(os.path.realpath(Path(machine.config, USER_FILE)))
    return str(path.parent), path.name


def find_hub(named: str | None, cwd: str, machine: Machine, user: UserFile) -> str | None:
    """The hub's folder: named, from AGENTSYNC_HUB, the nearest parent, the hub that registered this folder, the user's default."""
    for value, source in ((named, "-C"), (os.environ.get("AGENTSYNC_HUB") or None, "AGENTSYNC_HUB")):
        if value is not None:
            folder = Path(os.path.expanduser(value))  # noqa: PTH111 - a plain path may stay as it is
            if not (folder / HUB_FILE).is_file():
                raise AgentsyncError(f"{source} names no hub ({value}): there is no {HUB_FILE} in it", hint=f"agentsync init {value}")
            return os.path.realpath(folder)
    here = Path(os.path.realpath(cwd))
    for folder in (here, *here.parents):
        if (folder / HUB_FILE).is_file():
            return str(folder)
    for hub in user.hubs.values():
        if any(_within(str(here), path) for path in hub.projects.values()) and (Path(hub.path) / HUB_FILE).is_file():
            return os.path.realpath(hub.path)
    if user.hub is None:
        return None
    folder = Path(os.path.expanduser(user.hub))  # noqa: PTH111 - as above
    if not (folder / HUB_FILE).is_file():
        mend = f"edit {Path(machine.config, USER_FILE)}"
        raise AgentsyncError(f"the default hub of your configuration is not there ({user.hub})", hint=mend)
    return os.path.realpath(folder)


def open_workspace(named: str | None, cwd: str | None = None, disk: Disk | None = None, machine: Machine | None = None) -> Workspace:
    """The hub that is meant, opened. AgentsyncError where there is none, or its configuration cannot be used."""
    machine = machine or Machine.here()
    disk = disk or LocalDisk()
    user, _ = user_file(machine, disk)
    root = find_hub(named, cwd or os.getcwd(), machine, user)  # noqa: PTH109 - a text is wanted
    if root is None:
        raise AgentsyncError(Problem("no-hub", "there is no hub here", hint="agentsync init  (or, in a project: agentsync init --here)"))
    return open_hub(root, machine, disk, user)


def open_bare(named: str | None) -> Workspace:
    """The hub that is meant, whatever its agentsync.yaml says: without projects, where that cannot be used. AgentsyncError where there is none."""
    try:
        return open_workspace(named)
    except ConfigError:
        machine, disk = Machine.here(), LocalDisk()
        user, _ = user_file(machine, disk)
        root = find_hub(named, os.getcwd(), machine, user)  # noqa: PTH109 - as above
        if root is None:
            raise
        return _owned(Workspace(disk, machine, root, hub_id(root, disk), "", HubFile(version=1), user))


def open_hub(root: str, machine: Machine, disk: Disk, user: UserFile) -> Workspace:
    """The hub in a folder, opened."""
    text = _text(disk, root, HUB_FILE)
    known = hub_id(root, disk)
    formats = registry(disk, machine.config, root, _trusted(user, known))
    config = load_hub(text, shown(root, HUB_FILE), formats)
    if not satisfied(config.requires, __version__):
        what = f"this hub asks for agentsync {config.requires}, and this is {__version__}"
        raise ConfigError([Problem("requires", what, path=shown(root, HUB_FILE), hint="pip install --upgrade agentsync")])
    return _owned(Workspace(disk, machine, root, known, text, config, user, formats))


def _trusted(user: UserFile, known: str) -> Mapping[str, str]:
    """The hub's formats that this machine's user trusted, by the digests of their files."""
    hub = user.hubs.get(known)
    return hub.formats if hub is not None else {}


def formats_here(named: str | None, cwd: str, *, default_hub: bool = False) -> Registry:
    """The formats of a command that needs no hub: agentsync's, the user's own, and those of the hub that is named or around us.

    default_hub: also those of the user's default hub, where no other is meant.
    """
    machine, disk = Machine.here(), LocalDisk()
    user = user_file(machine, disk)[0] if default_hub else UserFile()
    root = find_hub(named, cwd, machine, user)
    if root is None or not hub_files(disk, root, {}):
        return registry(disk, machine.config, None, {})
    known = hub_id(root, disk)
    return registry(disk, machine.config, root, _trusted(user_file(machine, disk)[0], known))


def trust_format(space: Workspace, file: OwnFile) -> Workspace:
    """Let a format of the hub be used on this machine, as its file is now; the workspace that uses it."""
    from agentsync.containers.yaml_document import set_path  # only who writes it needs the editor of YAML

    space = identified(space)
    _, text = user_file(space.machine, space.disk)
    new = set_path(text, ("hubs", space.id, "path"), space.root)
    new = set_path(new, ("hubs", space.id, "formats", file.id), file.digest)
    user = save_user(space.machine, space.disk, text, new)
    return replace(space, user=user, formats=registry(space.disk, space.machine.config, space.root, _trusted(user, space.id)))


def identified(space: Workspace) -> Workspace:
    """The workspace with an id, made now if the hub has none on this machine yet."""
    return space if space.id else _owned(replace(space, id=hub_id(space.root, space.disk, make=True)))


def _owned(space: Workspace) -> Workspace:
    """Temporary files carry the hub's id, so that one hub's run sweeps only its own."""
    return replace(space, disk=LocalDisk(space.id)) if isinstance(space.disk, LocalDisk) else space


def hub_id(root: str, disk: Disk, *, make: bool = False) -> str:
    """The hub's random id, kept in its repository's own folder, or empty where it has none yet. A clone is another hub."""
    top = git.top_level(root)
    own = None if top is None else git.git_folder(top)
    if top is None or own is None:
        raise AgentsyncError(Problem("no-git", "the hub is no git repository", path=shown(root), hint=f"git init {quote(shown(root))}"))
    below = os.path.relpath(root, os.path.realpath(top))
    name = _ID_FILE if below == "." else f"{_ID_FILE}-{hashlib.sha256(os.fsencode(below)).hexdigest()[:8]}"
    entry = disk.look(own, name)
    found = decode(disk.read(own, name).data).strip() if entry else ""
    if len(found) == 32 and found.isalnum():
        return found
    if not make:
        return ""
    made = uuid.uuid4().hex
    disk.write(own, name, encode(made + "\n"), expected=disk.read(own, name).data if entry else None)
    return made


def _text(disk: Disk, root: str, path: str) -> str:
    """A file's text; empty where there is no such file or folder."""
    if disk.identity(root) is None:
        return ""
    try:
        return decode(disk.read(root, path).data)
    except DiskError as error:
        if error.problem.code == "missing":
            return ""
        raise


# ---- projects -----------------------------------------------------------------------------------------------------


def project_root(space: Workspace, name: str) -> str | None:
    """The real path of a project, whether or not it is there; None where only its repository is known and not where it lies.

    One that is known by its repository lies where this machine's user enabled it, unless it lies where agentsync.yaml says.
    """
    project = space.config.projects[name]
    known = space.user.hubs.get(space.id)
    enabled = known.projects.get(name) if known else None
    if project.path is None:
        return enabled
    root = os.path.realpath(_joined(space.root, space.machine.home, project.path, project.dir))
    return root if project.repo is None or enabled is None or enabled == root or Path(root).is_dir() else enabled


def _joined(root: str, home: str, path: str, below: str | None) -> str:
    start = (home, path[1:].lstrip("/")) if path == "~" or path.startswith("~/") else (root, path)
    return os.path.join(*start, below or "")  # noqa: PTH118 - once a project in every run, paths are plain text here


def enabled(space: Workspace, name: str) -> bool:
    """Whether this machine's user enabled a project, where it lies today."""
    return _enabled_at(space, name, project_root(space, name))


def _enabled_at(space: Workspace, name: str, root: str | None) -> bool:
    known = space.user.hubs.get(space.id)
    return known is not None and root is not None and known.projects.get(name) == root


def outcome_of(space: Workspace, name: str, doubles: Mapping[str, str], agents: str | None = None) -> ProjectOutcome:
    """Whether a project can be worked on, and if not, why. doubles: what `twins` found; agents: the hub's folder of agents, where it is known."""
    root = project_root(space, name)
    if root is None or not _enabled_at(space, name, root):
        return ProjectOutcome(name, root, "not enabled here")
    if space.disk.identity(root) is None:
        hint = f"agentsync project disable {name}  (gone for good: agentsync project remove {name})"
        why = Problem("missing", "there is no such folder", path=root, hint=hint)
        return ProjectOutcome(name, root, "missing", why)
    odd = root_problem(space, root, space.config.projects[name].scope, agents)
    if odd is None and name in doubles:
        what = f"the projects {name} and {doubles[name]} are one folder"
        odd = Problem("same-root", what, path=root, hint=f"agentsync project remove {doubles[name]}")
    if odd is not None:
        return ProjectOutcome(name, root, "stopped", odd)
    top = top_of(root)
    doing = git.busy(top) if top is not None else None
    if doing is not None:
        return ProjectOutcome(name, root, "busy", Problem("busy", f"the repository is in the middle of {doing}", path=top))
    from agentsync.hub import via_of  # it brings the engine along, which commands that only look for formats do without

    return ProjectOutcome(name, root, "ok", via=via_of(space.config, space.config.projects[name]))


def root_problem(space: Workspace, root: str, scope: str, agents: str | None = None) -> Problem | None:
    """Why a folder can be nobody's project, or None. agents: the hub's folder of agents, where it is known."""
    if scope == "user":
        if root == space.machine.home:
            return None
        return Problem("root", "the scope `user` belongs to your home directory", path=root, hint='path: "~"')
    if os.path.dirname(root) == root:  # noqa: PTH120 - once a project in every run, paths are plain text here
        return Problem("root", "the root of the file system is no project", path=root)
    if root == space.machine.home:
        return Problem("root", "your home directory is no project", path=root, hint="agentsync project add '~'")
    if f"{os.sep}.git{os.sep}" in f"{root.casefold()}{os.sep}":
        return Problem("root", "this lies inside a repository's own folder", path=root)
    if _within(root, agents or space.agents_folder):
        return Problem("root", "this lies inside the hub's folder of agents, where its copies would be agents of the hub", path=root)
    return None


def twins(space: Workspace) -> dict[str, str]:
    """Enabled projects that are one folder with another, each with that other: both would take its copies for left-overs."""
    known = space.user.hubs.get(space.id)
    places: dict[tuple[str, str], list[str]] = {}
    for name, path in (known.projects if known else {}).items():
        if name in space.config.projects:
            places.setdefault((path, space.config.projects[name].scope), []).append(name)
    return {name: next(other for other in names if other != name) for names in places.values() if len(names) > 1 for name in names}


def top_of(root: str) -> str | None:
    """The folder with `.git` that holds a project. Looked up by hand: no process a project in a run where nothing changed."""
    folder = root
    while not os.path.exists(f"{folder.rstrip(os.sep)}{os.sep}.git"):  # noqa: PTH110 - once a project in every run, paths are plain text here
        above = os.path.dirname(folder)  # noqa: PTH120 - as above
        if above == folder:
            return None
        folder = above
    return folder


def projects_meant(space: Workspace, named: tuple[str, ...], cwd: str, *, every: bool) -> tuple[str, ...]:
    """The projects a command means: those named, the one around this folder, else all of the hub."""
    known = space.config.projects
    for name in named:
        if name not in known:
            raise AgentsyncError(f"there is no project {name}{did_you_mean(name, tuple(known))}", hint="agentsync project list")
    if named or every:
        return tuple(dict.fromkeys(named)) if named else tuple(known)
    around = [name for name in known if (root := project_root(space, name)) and known[name].scope == "project" and _within(cwd, root)]
    if around:
        return (max(around, key=lambda name: len(project_root(space, name) or "")),)
    return tuple(known)


# ---- the user's configuration -------------------------------------------------------------------------------------


def save_user(machine: Machine, disk: Disk, old: str, new: str) -> UserFile:
    """Write the user's configuration, checked before it is written."""
    path = str(Path(machine.config, USER_FILE))
    user = load_user(new, path)
    if new != old:
        folder, name = _user_place(machine)
        make_root(folder, private=True)
        disk.write(folder, name, encode(new), expected=encode(old) if disk.look(folder, name) else None)
    return user


def enable(space: Workspace, roots: Mapping[str, str]) -> Workspace:
    """Enable projects of this hub on this machine, at these real paths; the workspace that knows them."""
    from agentsync.containers.yaml_document import set_path  # only who writes it needs the editor of YAML

    space = identified(space)
    _, text = user_file(space.machine, space.disk)
    new = set_path(text, ("hubs", space.id, "path"), space.root)
    for name, root in roots.items():
        new = set_path(new, ("hubs", space.id, "projects", name), root)
    return replace(space, user=save_user(space.machine, space.disk, text, new))


def disable(space: Workspace, name: str) -> UserFile:
    """Take a project out of the user's configuration."""
    from agentsync.containers.yaml_document import delete_path  # only who writes it needs the editor of YAML

    user, text = user_file(space.machine, space.disk)
    known = user.hubs.get(space.id)
    if known is None or name not in known.projects:
        return user
    return save_user(space.machine, space.disk, text, delete_path(text, ("hubs", space.id, "projects", name)))


def save_hub(space: Workspace, new: str) -> Workspace:
    """Write agentsync.yaml, checked before it is written; the workspace that has it."""
    config = load_hub(new, shown(space.root, HUB_FILE), space.formats)
    if new != space.text:
        space.disk.write(space.root, HUB_FILE, encode(new), expected=encode(space.text))
    return replace(space, text=new, config=config)


def shown(root: str, path: str = "") -> str:
    """A path as messages show it: relative where that is shorter."""
    whole = str(Path(root, path))
    relative = os.path.relpath(whole)
    return relative if len(relative) < len(whole) else whole


def stored(hub: str, home: str, root: str) -> str:
    """A project's path as agentsync.yaml keeps it: relative to the hub if near, below `~` if there, else absolute."""
    if root == home:
        return "~"
    relative = Path(os.path.relpath(root, hub)).as_posix()
    if relative.count("../") <= _NEAR and _within(root, home) == _within(hub, home):
        return relative
    return f"~/{Path(root).relative_to(home).as_posix()}" if _within(root, home) else Path(root).as_posix()


def _within(path: str, folder: str) -> bool:
    """Whether a real path is a folder or lies below it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def name_of(root: str) -> str:
    """What a project in this folder is called where nobody says otherwise."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", Path(root).name).strip("-._")[:64] or "project"


def project_entry(project: Project) -> dict[str, object]:
    """A new project as agentsync.yaml is to hold it: only what is stated."""
    stated: dict[str, object] = {"path": project.path}
    stated |= {key: value for key, value in (("repo", project.repo), ("dir", project.dir)) if value is not None}
    if project.scope != "project":
        stated["scope"] = project.scope
    if isinstance(project.targets, tuple):
        stated["targets"] = list(project.targets)
    if project.select is not None:
        stated["select"] = list(project.select)
    if project.mode != "two-way":
        stated["mode"] = project.mode
    return stated
