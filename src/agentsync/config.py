"""agentsync.yaml and the user's own configuration: their types, what is wrong with them, and edits that keep comments.

Floor 4, pure: texts in, values or texts out. The hub's file arrives by git and enables nothing by itself; what is enabled
on a machine, and where, stands in the user's configuration alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from agentsync.config_targets import duties, target_flaws
from agentsync.formats import SHIPPED, Registry
from agentsync.formats.source import Flaw, KeyPath, read_source
from agentsync.formats.structure import check_structure
from agentsync.model import AgentsyncError, Problem

HUB_FILE: Final = "agentsync.yaml"
AGENTS_FOLDER: Final = "agents"
PROJECT_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Mode = Literal["two-way", "push", "pull"]
Track = Literal["leave", "commit", "exclude"]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of every part of the configuration."""


def _doc(text: str) -> Meta:
    return Meta(description=text)


class TargetOptions(Section, frozen=True):
    """What is special about one format in one project."""

    select: Annotated[tuple[str, ...] | None, _doc("of the project's agents only these")] = None
    allow_widening: Annotated[bool, _doc("true: agents that would gain rights there are written all the same")] = False
    on_refused: Annotated[Literal["ask", "skip"], _doc("skip: agents refused there are left out, and that is settled")] = "ask"
    via: Annotated[
        str | None, _doc("another target of the project whose folder this client reads anyway, and keeps the limits: no second copy is written")
    ] = None


class Project(Section, frozen=True):
    """A folder that receives agents."""

    path: Annotated[str | None, _doc("where it lies: relative to the hub, `~`, or absolute")] = None
    repo: Annotated[str | None, _doc("host/owner/name of its git remote: it is found by that below the user's roots")] = None
    dir: Annotated[str | None, _doc("a folder inside the repository")] = None
    scope: Annotated[Literal["project", "user"], _doc("user: the assistants' folders in the home directory; path is `~`")] = "project"
    targets: Annotated[tuple[str, ...] | dict[str, TargetOptions | None] | None, _doc("formats: a list, or a map with options")] = None
    select: Annotated[tuple[str, ...] | None, _doc('ids, globs, "tag:NAME", "!exclusions"')] = None
    mode: Annotated[Mode, _doc("push: the hub alone decides; pull: the project alone")] = "two-way"
    track: Annotated[Track, _doc("what becomes of the copies in the project's git")] = "leave"
    lock: Annotated[bool | None, _doc("whether agentsync.lock is written; absent: in git projects other than the hub")] = None
    adopt: Annotated[Literal["ask", "auto"], _doc("what becomes of new agents found in the project")] = "ask"


class Defaults(Section, frozen=True):
    """What projects have that say nothing themselves."""

    targets: Annotated[tuple[str, ...], _doc("formats")] = ("claude-code",)
    select: Annotated[tuple[str, ...], _doc('ids, globs, "tag:NAME", "!exclusions"')] = ("*",)


class HubFile(Section, frozen=True):
    """agentsync.yaml."""

    version: Annotated[Literal[1], _doc("of this file's language")]
    requires: Annotated[str | None, _doc('the agentsync that may work here, such as ">=1.0"')] = None
    branch: Annotated[str | None, _doc("the hub rests while another branch is checked out")] = None
    agents: Annotated[str, _doc("the folder of agents")] = AGENTS_FOLDER
    defaults: Defaults = Defaults()
    models: Annotated[dict[str, dict[str, str]], _doc("model to format to what it is called there")] = {}
    projects: Annotated[dict[str, Project], _doc("name to project")] = {}


class KnownHub(Section, frozen=True):
    """A hub on this machine, under its id."""

    path: Annotated[str, _doc("its folder")]
    projects: Annotated[dict[str, str], _doc("the projects enabled here: name to real path")] = {}
    formats: Annotated[dict[str, str], _doc("the formats of this hub that are trusted here: id to SHA-256 of the file")] = {}


class UserFile(Section, frozen=True):
    """The user's configuration."""

    hub: Annotated[str | None, _doc("the default hub")] = None
    roots: Annotated[tuple[str, ...], _doc("folders that hold the user's repositories")] = ()
    hubs: Annotated[dict[str, KnownHub], _doc("hub id to hub")] = {}


class ConfigError(AgentsyncError):
    """A configuration that cannot be used. `problem` is the first thing wrong with it, `problems` all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems[0])


_File = TypeVar("_File", HubFile, UserFile)


def load_hub(text: str, path: str = HUB_FILE, formats: Registry = SHIPPED) -> HubFile:
    """agentsync.yaml from its text. Raises ConfigError with everything that is wrong; `path` is for the messages.

    formats: those that may be named in it. One that is broken or not trusted may be: its target is refused when it is used.
    """
    found = _load(text, path, HubFile)
    flaws = _hub_flaws(found, formats)
    if flaws:
        raise ConfigError(_problems(flaws, text, path))
    return found


def load_user(text: str, path: str) -> UserFile:
    """The user's configuration from its text. An empty file is an empty configuration."""
    return _load(text, path, UserFile)


def _load(text: str, path: str, kind: type[_File]) -> _File:
    source = read_source(text)
    flaws = source.flaws
    data = {} if source.data is None and kind is UserFile else source.data
    if not flaws:
        try:
            return msgspec.convert(data, kind, strict=True)
        except msgspec.ValidationError as error:
            # msgspec names the first flaw only; the walk finds all of them. Where it finds none, msgspec's own words are told.
            flaws = check_structure(data, kind) or [Flaw("value", str(error))]
    raise ConfigError(_problems(flaws, text, path))


def _problems(flaws: Sequence[Flaw], text: str, path: str) -> list[Problem]:
    """The flaws as problems with their places, in the order of the text. Reads the text again: only done on error."""
    source = read_source(text, places=True)
    found = sorted(((*source.place(flaw), flaw) for flaw in flaws), key=lambda item: item[:2])
    return [
        Problem(f"config-{flaw.code.removeprefix('format-')}", flaw.message, path, line, column, _hint(flaw))
        for line, column, flaw in found
    ]


def _hint(flaw: Flaw) -> str | None:
    """YAML reads an unquoted `*x` as an alias and `!x` as a tag: in a selection the mend is a pair of quotes."""
    if flaw.hint is None and re.search(r"alias|tags are|alphabetic", flaw.message):
        return 'put it in quotes, such as "*" or "!experimental-*"'
    return flaw.hint


def _hub_flaws(found: HubFile, formats: Registry) -> list[Flaw]:
    """What is wrong with the sense of agentsync.yaml."""
    flaws: list[Flaw] = []
    if not _inside(found.agents):
        flaws.append(_value(("agents",), found.agents, "a folder inside the hub, relative to it"))
    if found.requires is not None and _clauses(found.requires) is None:
        flaws.append(_value(("requires",), found.requires, 'a version with a comparison, such as ">=1.0"'))
    flaws += _targets_flaws(("defaults", "targets"), found.defaults.targets, "project", formats)
    for model, names in found.models.items():
        flaws += target_flaws(("models", model), names, formats)
    if not flaws and any(project.targets is None and project.scope == "user" for project in found.projects.values()):
        flaws += duties(("defaults", "targets"), found.defaults.targets, "user", formats)
    good: set[tuple[str, tuple[str, ...]]] = set()      # lists of targets are the same in most projects
    for name, project in found.projects.items():
        flaws += _project_flaws(("projects", name), name, project, formats, good)
    return flaws


def _targets_flaws(
    at: KeyPath, targets: Sequence[str] | dict[str, TargetOptions | None], scope: str, formats: Registry
) -> list[Flaw]:
    """What is wrong with a project's targets; what they are to one another is asked once each of them exists."""
    return target_flaws(at, targets, formats) or duties(at, targets, scope, formats)


def _project_flaws(at: KeyPath, name: str, project: Project, formats: Registry, good: set[tuple[str, tuple[str, ...]]]) -> list[Flaw]:
    """What is wrong with one project. good: lists of targets, by scope, that were found to be right; gets those of this one."""
    flaws: list[Flaw] = []
    if not PROJECT_NAME.fullmatch(name):
        what = f"projects: no name for a project ({name}), allowed are letters, digits, `.`, `_` and `-`"
        flaws.append(Flaw("value", what, at, on_key=True))
    if not project.path and not project.repo:
        flaws.append(Flaw("value", f"projects.{name}: it says neither `path` nor `repo`, one of them is needed", at, on_key=True))
    if project.scope == "user" and project.path not in ("~", "~/"):
        flaws.append(_value((*at, "path"), str(project.path), '"~" where the scope is user'))
    if project.repo is not None and remote_name(project.repo) is None:
        flaws.append(_value((*at, "repo"), project.repo, "host/owner/name of a git remote, or its address"))
    if project.dir is not None and not _inside(project.dir):
        flaws.append(_value((*at, "dir"), project.dir, "a folder inside the repository, relative to it"))
    targets = project.targets
    if targets is None or (isinstance(targets, tuple) and (project.scope, targets) in good):
        return flaws
    wrong = _targets_flaws((*at, "targets"), targets, project.scope, formats)
    if isinstance(targets, tuple) and not wrong:
        good.add((project.scope, targets))
    return flaws + wrong


_SCHEMES: Final = frozenset({"https", "http", "ssh", "git", "git+ssh", "git+https"})


def remote_name(url: str) -> str | None:
    """`host/owner/name` of a remote's address, however it is written, in small letters; None for one that names no host.

    What git takes for an address: https://git-scm.com/docs/git-clone#_git_urls.
    """
    scheme, mark, rest = url.strip().partition("://")
    if mark:
        server, _, path = rest.partition("/")
        host = server.rpartition("@")[2]
        host = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
        if scheme.lower() not in _SCHEMES:
            return None
    else:
        server, mark, path = scheme.partition(":")
        if not mark or "/" in server:       # not git@host:path
            server, _, path = scheme.partition("/")
            if "." not in server.strip(".") or server.startswith("."):
                return None
        host = server.rpartition("@")[2]
    name = path.strip("/").removesuffix(".git").strip("/")
    if ":" in path:     # `ext::…`: a helper of git's
        return None
    # One letter before a colon is a drive of Windows.
    return f"{host}/{name}".lower() if len(host) > 1 and name else None


def _value(at: KeyPath, value: str, allowed: str) -> Flaw:
    return Flaw("value", f"{'.'.join(map(str, at))}: no such value ({value}), allowed is {allowed}", at)


def _inside(path: str) -> bool:
    """Whether a path is relative and does not climb."""
    parts = path.rstrip("/").split("/")
    return bool(path) and "\\" not in path and not any(part in ("", ".", "..") or part.casefold() == ".git" for part in parts)


_CLAUSE: Final = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*(\d+(?:\.\d+)*)\s*")


def _clauses(requires: str) -> list[tuple[str, tuple[int, ...]]] | None:
    found = [_CLAUSE.fullmatch(part) for part in requires.split(",")]
    return [(match[1], _numbers(match[2])) for match in found if match] if all(found) else None


def _numbers(version: str) -> tuple[int, ...]:
    """The release numbers of a version, without zeros at the end."""
    found = [int(number) for number in re.findall(r"\d+", re.match(r"[\d.]*", version)[0])]  # type: ignore[index]  # the pattern matches everything
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


def satisfied(requires: str | None, version: str) -> bool:
    """Whether a version of agentsync is one that the hub asks for.

    >>> satisfied(">=0.1, <2", "0.1.0"), satisfied(">=1.0", "0.9"), satisfied(None, "0.1")
    (True, False, True)
    """
    own = _numbers(version)
    tests = {">=": own.__ge__, "<=": own.__le__, ">": own.__gt__, "<": own.__lt__, "==": own.__eq__, "!=": own.__ne__}
    return all(tests[sign](wanted) for sign, wanted in _clauses(requires or "") or ())


def hub_schema() -> dict[str, Any]:
    """The JSON Schema of agentsync.yaml, as it is shipped."""
    schema = msgspec.json.schema(HubFile)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": HUB_FILE, **schema}
