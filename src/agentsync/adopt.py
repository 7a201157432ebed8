"""Taking the agents of projects into the hub: look for them, plan, write the hub. Nothing in a project changes.

Floor 6. The hub's files and agentsync.yaml are written and committed like any run's, so that undo takes them back.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from agentsync.adoption import Adopted, Adoption, Arrival, arrivals, news, plan_adoption, richness, says_prompt
from agentsync.config import HUB_FILE, HubFile, KnownHub, Project, TargetOptions, load_hub
from agentsync.containers.yaml_document import set_keys
from agentsync.copies import Change, Edit, Plan, ProjectOutcome
from agentsync.formats import FormatError, detect
from agentsync.formats.folders import shared_folder
from agentsync.formats.globs import compiled
from agentsync.formats.rules import Format
from agentsync.hub import options_of
from agentsync.ledger import Ledger
from agentsync.lookups import versions
from agentsync.model import EMPTY, HUB_FORMAT, Problem, Value
from agentsync.report import count, some_of
from agentsync.selection import open_to, registered, stated, with_adopted, without_clashes
from agentsync.snapshot import Place, ProjectView, Reader
from agentsync.sources import Held, in_project
from agentsync.sources import Reader as Opener
from agentsync.survey import Sight, look
from agentsync.sync import Result, apply
from agentsync.workspace import Workspace, enable, enabled, shown

_NOTHING: tuple[str, ...] = ("!*",)
"""A selection that takes no agent."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A project to adopt from. entry: how it is to be registered; None where the hub knows it already."""

    name: str
    root: str
    scope: str
    entry: Project | None = None
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What an adopt would do, and all it is made from. text: agentsync.yaml as it will be."""

    adoption: Adoption
    visits: tuple[Visit, ...]
    outcomes: tuple[ProjectOutcome, ...]
    text: str
    sight: Sight
    problems: tuple[Problem, ...] = ()
    formats: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)

    @property
    def needed(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.adoption.adopted)


# ---- looking ------------------------------------------------------------------------------------------------------


def formats_used(space: Workspace, visit: Visit, wanted: Sequence[str]) -> dict[str, frozenset[str]]:
    """The formats with agents in a project, each with the files that are its own.

    A file that several assistants read belongs to the one whose own folder it is in; of several, to the one its content speaks for,
    else to the one that can say most. Of formats that write one folder, only one can be a target.
    """
    entry = space.config.projects[visit.name] if visit.entry is None else None
    targeted = options_of(space.config, entry) if entry is not None else {}
    formats = [
        rules for rules in space.formats.usable()
        if rules.id != HUB_FORMAT and rules.direction != "read" and says_prompt(rules) and (not wanted or rules.id in wanted)
        and any(where.write and where.scope == visit.scope for where in rules.where)
        and not (rules.id in targeted and targeted[rules.id].via is not None)
        and not any(name != rules.id and _rival(space, rules, name, visit.scope) for name in targeted)
    ]
    opener = Opener(formats, space.disk)
    readers: dict[str, list[Format]] = {}
    for one in in_project(visit.root, visit.root, formats, space.disk):
        if one.format is not None and any(isinstance(item, Held) for item in opener.read(one)):
            readers.setdefault(one.place.path, []).append(one.format)
    used: dict[str, set[str]] = {}
    for path, able in sorted(readers.items()):
        owner = _owner(space, visit, path, able)
        first = next((name for name in used if name != owner.id and _rival(space, owner, name, visit.scope)), None)
        used.setdefault(first or owner.id, set()).add(path)
    return {format_id: frozenset(paths) for format_id, paths in used.items()}


def _rival(space: Workspace, rules: Format, other: str, scope: str) -> bool:
    """Whether two formats write one folder."""
    try:
        return shared_folder(rules, space.formats.load(other), scope) is not None
    except FormatError:
        return False


def _owner(space: Workspace, visit: Visit, path: str, able: Sequence[Format]) -> Format:
    """Whose agent a file is, of those that read it."""
    own = [
        rules for rules in able
        if any(where.write and where.scope == visit.scope and any(compiled(glob).fullmatch(path) for glob in where.read) for where in rules.where)
    ] or list(able)
    if len(own) > 1:
        text = space.disk.read(visit.root, path).data.decode("utf-8", "surrogateescape")
        told = detect(path, text, own).format
        own = [told] if told is not None and told in own else own
    return max(own, key=lambda rules: (richness(rules), [-ord(sign) for sign in rules.id]))


def find(space: Workspace, ledger: Ledger, visits: Sequence[Visit], formats: Sequence[str] = (), *, quiet: bool = False) -> Found:
    """What stands in these projects, and what adopting it would make of the hub.

    quiet: take only new agents in targets that are there, and none that deserves a look first (`adopt: auto`).
    """
    used: dict[str, dict[str, frozenset[str]]] = {}
    visits = tuple(visits)
    for visit in visits:
        used[visit.name] = {} if quiet else formats_used(space, visit, formats)
    imagined = _imagined(space, visits, used)
    names = [visit.name for visit in visits]
    reader = Reader()
    sight = look(imagined, ledger, names, whole=True, reader=reader)
    agents = sight.snapshot.agents
    problems = [problem for problem in sight.snapshot.problems if problem.code != "select"]
    found: list[tuple[str, Sequence[Arrival]]] = []
    for view, places in reader.items(sight.snapshot):
        name = view.outcome.name
        if view.outcome.state != "ok":
            continue
        if quiet:
            found.append((name, news(places, view, agents, reader)))
            continue
        registered = name in space.config.projects
        seen = view if registered else replace(view, lock=EMPTY)
        here = [place for place in view.places if not place.home and (not formats or place.target.format in formats)]
        if not registered:
            # Rows of an adopt that was killed before it registered the project: nothing of it is anybody's yet.
            here = [replace(place, rows=()) for place in here]
        mine, said = arrivals(seen, [_owned(place, used[name]) for place in here], agents, reader)
        found.append((name, mine))
        problems += said
    adoption = plan_adoption(found, agents, space.config.agents.rstrip("/"), lambda agent: [old for _, old in versions(space, agent)])
    if quiet:
        adoption, held = _harmless(adoption)
        problems = list(held)
    text = _registered(space, visits, adoption, sight.snapshot.projects)
    problems += [*adoption.problems, *_spread(space, text, adoption)]
    outcomes = tuple(view.outcome for view in sight.snapshot.projects)
    shown_formats = {visit.name: tuple(sorted({copy.arrival.format for one in adoption.adopted if one.project == visit.name for copy in one.copies}))
                     for visit in visits}
    return Found(adoption, visits, outcomes, text, sight, tuple(problems), shown_formats)


def _owned(place: Place, used: Mapping[str, frozenset[str]]) -> Place:
    """The place with the files that are this format's own, and those that nobody can read."""
    others = {path for format_id, paths in used.items() if format_id != place.target.format for path in paths}
    others -= used.get(place.target.format, frozenset())
    return replace(place, found={path: file for path, file in place.found.items() if path not in others})


def _imagined(space: Workspace, visits: Sequence[Visit], used: Mapping[str, Mapping[str, frozenset[str]]]) -> Workspace:
    """The hub as if the projects were registered and enabled, with a target for every format they use. Nothing is written."""
    projects = dict(space.config.projects)
    for visit in visits:
        entry = visit.entry or projects[visit.name]
        options = options_of(space.config, entry) if visit.entry is None else {}
        fresh = {format_id: TargetOptions(select=_NOTHING) for format_id in used[visit.name] if format_id not in options}
        select = entry.select if visit.entry is None else _NOTHING
        projects[visit.name] = msgspec.structs.replace(entry, targets={**options, **fresh}, select=select)
    config = msgspec.structs.replace(space.config, projects=projects)
    known = space.user.hubs.get(space.id)
    roots = {**(known.projects if known else {}), **{visit.name: visit.root for visit in visits}}
    user = msgspec.structs.replace(space.user, hubs={**space.user.hubs, space.id: KnownHub(space.root, roots)})
    return replace(space, config=config, user=user)


def _harmless(adoption: Adoption) -> tuple[Adoption, list[Problem]]:
    """The part of an adoption that needs nobody's look, and what is to be said of the rest."""
    gone = {one.agent.id for one in adoption.new if one.powers or any(copy.how != "ok" for copy in one.copies)}
    good = tuple(one for one in adoption.adopted if one.agent.id not in gone and all(copy.how == "ok" for copy in one.copies))
    bad = [one for one in adoption.adopted if one not in good]
    problems = []
    for project in dict.fromkeys(one.project for one in bad):
        here = [one.agent.name for one in bad if one.project == project]
        what = f"{project}: {count(len(here), 'new agent')} to look at before they enter the hub ({some_of(here)})"
        problems.append(Problem("new-agents", what, hint=f"agentsync adopt {project}", severity="note"))
    return replace(adoption, adopted=good, agents=tuple(agent for agent in adoption.agents if agent.id not in gone)), problems


def _registered(space: Workspace, visits: Sequence[Visit], adoption: Adoption, views: Sequence[ProjectView]) -> str:
    """agentsync.yaml with the projects, each with exactly the agents and targets it has."""
    agents = {agent.id: agent for agent in adoption.agents}
    homes = {view.outcome.name: frozenset(place.target.format for place in view.places if place.home) for view in views}
    text, fresh_projects = space.text, dict[str, Value]()
    for visit in visits:
        wanted: dict[str, frozenset[str]] = {}
        for one in adoption.adopted:
            if one.project == visit.name:
                formats = {copy.arrival.format for copy in one.copies}
                wanted[one.agent.id] = wanted.get(one.agent.id, frozenset()) | formats
        if not wanted:
            continue
        if visit.entry is not None:
            fresh_projects[visit.name] = registered(stated(visit.entry), wanted, agents)
        else:
            text = with_adopted(text, space.formats, visit.name, wanted, agents, homes.get(visit.name, frozenset()))
    if fresh_projects:
        text = set_keys(text, ("projects",), fresh_projects)
    keepers: dict[str, frozenset[str]] = {}
    for one in adoption.adopted:
        keepers[one.agent.id] = keepers.get(one.agent.id, frozenset()) | {one.project}
    fresh = {one.agent.id: keepers[one.agent.id] for one in adoption.new}
    return without_clashes(text, space.formats, fresh, adoption.agents) if fresh else text


def _spread(space: Workspace, text: str, adoption: Adoption) -> list[Problem]:
    """Projects whose selection takes agents that were not found there: push would write them."""
    config = load_hub(text, shown(space.root, HUB_FILE), space.formats)
    held = {(one.project, one.agent.id) for one in adoption.adopted}
    new = [one.agent for one in adoption.new]
    getting = {name: ids for name in config.projects if (ids := [a.id for a in open_to(config, name, new) if (name, a.id) not in held])}
    return [
        Problem("spreads", f"{name} selects them too: push will write {count(len(ids), 'agent')} there ({some_of(ids)})",
                hint=f"agentsync push {name} -n", severity="note")
        for name, ids in getting.items()
    ]


# ---- doing --------------------------------------------------------------------------------------------------------


def plan_of(space: Workspace, found: Found) -> Plan:
    """The edits of the hub, and what the ledger is to know of the copies."""
    edits = [
        Edit("", space.root, one.agent.path, None, one.agent.text,
             (Change("adopt", one.project, HUB_FORMAT, one.agent.id, one.agent.path),),
             notes=(f"{one.agent.id} from {', '.join(copy.arrival.word for copy in one.copies)}",))
        for one in found.adoption.new
    ]
    if found.text != space.text:
        names = ", ".join(_changed(space.config, load_hub(found.text, formats=space.formats)))
        # First: killed before the agents are there, they are new still, and where they may not go stands written already.
        edits.insert(0, Edit("", space.root, HUB_FILE, space.text, found.text, notes=(f"{HUB_FILE}: {names}",)))
    return Plan((*edits, *_rows(found.adoption.adopted)), projects=found.outcomes, problems=found.problems)


def _changed(before: HubFile, after: HubFile) -> list[str]:
    return [f"projects.{name}" for name, project in after.projects.items() if before.projects.get(name) != project]


def _rows(adopted: Iterable[Adopted]) -> list[Edit]:
    """The edits of the ledger alone, one a file."""
    files: dict[tuple[str, str, str], list[Edit]] = {}
    for one in adopted:
        for copy in one.copies:
            arrival = copy.arrival
            text = arrival.found.text
            files.setdefault((one.project, arrival.place.root, arrival.found.path), []).append(
                Edit(one.project, arrival.place.root, arrival.found.path, text, text, put=(copy.row,)))
    return [replace(edits[0], put=tuple(row for edit in edits for row in edit.put)) for edits in files.values()]


def carry_out(space: Workspace, ledger: Ledger, found: Found, command: str = "adopt") -> tuple[Workspace, Result]:
    """Write the hub, enable the projects on this machine, and let the ledger know the copies."""
    plan = plan_of(space, found)
    used = {one.project for one in found.adoption.adopted}
    roots = {visit.name: visit.root for visit in found.visits if visit.name in used}
    known = space.user.hubs.get(space.id)
    fresh = {name: root for name, root in roots.items() if known is None or known.projects.get(name) != root}
    space = enable(space, fresh) if fresh else space
    views = tuple(_unlocked(view) for view in found.sight.snapshot.projects)
    sight = replace(found.sight, snapshot=replace(found.sight.snapshot, projects=views, agents=found.adoption.agents))
    names = sorted({one.project for one in found.adoption.new})
    subject = f"Adopt {count(len(found.adoption.new), 'agent')} from {', '.join(names)}" if names else f"Register {', '.join(sorted(used))}"
    result = apply(space, ledger, sight, plan, command, subject=subject, whole=True)
    if any(edit.path == HUB_FILE for edit, _ in result.failed):
        return space, result
    return replace(space, text=found.text, config=load_hub(found.text, formats=space.formats)), result


def _unlocked(view: ProjectView) -> ProjectView:
    """The view without its lock: an adopt changes no byte of the project."""
    return replace(view, locks=False)


def adopt_by_itself(space: Workspace, ledger: Ledger, names: Sequence[str]) -> tuple[Workspace, Found | None, Result | None]:
    """Take in the new agents of projects that say `adopt: auto`, but for those that deserve a look first."""
    projects = space.config.projects
    mine = [name for name in names if projects[name].adopt == "auto" and projects[name].mode != "push" and enabled(space, name)]
    if not mine:
        return space, None, None
    known = space.user.hubs[space.id].projects
    visits = [Visit(name, known[name], projects[name].scope) for name in mine if os.path.isdir(known[name])]  # noqa: PTH112 - a text
    found = find(space, ledger, visits, quiet=True)
    if not found.needed:
        return space, found, None
    space, result = carry_out(space, ledger, found)
    return space, found, result


