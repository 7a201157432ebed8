"""The hub's agents by command: another id, gone, not for this project, back again, a version of its own.

Floor 6. Each is a run like any other: recorded, committed where it was clean, taken back by undo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agentsync import hub
from agentsync.config import HUB_FILE, load_hub
from agentsync.copies import Change, Edit, Key, Plan, Written
from agentsync.disk import DiskError, encode
from agentsync.formats import load
from agentsync.hub import HubAgent, selects, targets_of
from agentsync.ledger import Ledger
from agentsync.model import HUB_FORMAT, AgentsyncError, Problem
from agentsync.pull import Pulled, plan_pull
from agentsync.selection import with_excluded, with_forgotten, with_fork, with_renamed
from agentsync.snapshot import Reader, Snapshot, Wishes, fold
from agentsync.survey import Sight, look
from agentsync.sync import PUSH, Result, apply, run
from agentsync.workspace import Workspace, enabled, project_root, shown


@dataclass(frozen=True, slots=True)
class Gone:
    """A copy that the next push removes, or that belongs to another agent from now on."""

    project: str
    target: str
    path: str


def copies_of(space: Workspace, ledger: Ledger, identity: str) -> tuple[Gone, ...]:
    """The copies of an agent in the projects enabled here, as the ledger knows them."""
    names: dict[tuple[str, str], str] = {
        (project_root(space, name) or "", project.scope): name for name, project in space.config.projects.items() if enabled(space, name)
    }
    return tuple(
        Gone(names[row.key.root, row.key.scope], row.key.format, row.key.path)
        for row in ledger.rows() if row.agent == identity and (row.key.root, row.key.scope) in names
    )


def rename(space: Workspace, ledger: Ledger, agent: HubAgent, new: str) -> Result:
    """Give an agent another id. Its name and its copies stay what they are; selections that name it follow."""
    moved = _made(space, new, agent.text, begun=_renamed(ledger, new, agent))
    text = with_renamed(space.text, agent.id, new, space.formats)
    there = space.disk.look(space.root, moved.path) is not None
    edits = [
        *(() if there else (_written(space, moved, "create", f"{agent.id} is called {new} now"),)),
        *_settings(space, text, f"{HUB_FILE}: {agent.id} is {new}"),
        Edit("", space.root, agent.path, agent.text, None, (Change("move", "", HUB_FORMAT, new, agent.path),)),
    ]
    return _applied(space, ledger, (), edits, "rename", f"Rename {agent.id} to {new}")


def _renamed(ledger: Ledger, new: str, agent: HubAgent) -> bool:
    """Whether a rename was killed when the agent had its new file already, and its old one still."""
    text = encode(agent.text)
    return any(
        one.command == "rename" and (file.old, file.new) == (None, text) and file.path.endswith(f"/{new}{hub.SUFFIX}")
        for one in ledger.interrupted() for file in ledger.touched(one.id)
    )


def remove(space: Workspace, ledger: Ledger, agent: HubAgent) -> Result:
    """Delete an agent's file, and its id from selections. The copies go with the next push."""
    change = Change("delete", "", HUB_FORMAT, agent.id, agent.path)
    gone = Edit("", space.root, agent.path, agent.text, None, (change,), notes=(f"{agent.id} is gone",))
    text = with_forgotten(space.text, agent.id, space.formats)
    return _applied(space, ledger, (), [gone, *_settings(space, text, f"{HUB_FILE}: without {agent.id}")], "remove", f"Remove {agent.id}")


def exclude(space: Workspace, ledger: Ledger, agent: HubAgent, project: str) -> Result:
    """No longer select an agent in a project. Its copies there go with the next push."""
    if not any(selects(target, agent) for target in targets_of(space.config, project)):
        raise AgentsyncError(f"{project} does not select {agent.id}", hint="agentsync list")
    text = with_excluded(space.text, space.formats, project, agent)
    edits = _settings(space, text, f"{HUB_FILE}: projects.{project}.select: without {agent.id}")
    return _applied(space, ledger, (), edits, "exclude", f"Leave {agent.id} out of {project}")


def restore(space: Workspace, ledger: Ledger, agent: HubAgent, project: str, *, dry: bool = False) -> Result:
    """Write the copies of an agent again that were deleted in a project."""
    root, scope = project_root(space, project), space.config.projects[project].scope
    out = _taken_out(space, ledger, agent, project)
    gone = [
        row.key for row in ledger.rows(root or "")
        if row.agent == agent.id and row.key.scope == scope and root is not None
        and (row.key in out or _is_gone(space, root, row.key.path))
    ]
    if not gone:
        what = f"no copy of {agent.id} was deleted in {project}"
        raise AgentsyncError(what, hint=f"agentsync push {project} --agent {agent.id}")
    wishes = Wishes((agent.id,))
    if dry:
        return run(space, _Without(ledger, gone), [project], wishes, PUSH, "restore", dry=True)  # type: ignore[arg-type]  # reads as a ledger does
    ledger.keep(forget=gone)
    return run(space, ledger, [project], wishes, PUSH, "restore")


def _is_gone(space: Workspace, root: str, path: str) -> bool:
    """Whether there is no file. Where nobody can say, behind a linked folder, the others are restored all the same."""
    try:
        return space.disk.look(root, path) is None
    except DiskError:
        return False


def _taken_out(space: Workspace, ledger: Ledger, agent: HubAgent, project: str) -> frozenset[Key]:
    """The agent's entries that somebody took out of a project's shared files."""
    reader = Reader()
    places = reader.items(look(space, ledger, [project], reader=reader).snapshot)
    items = [item for _, found in places for _, here, _ in found for item in here if item.agent.id == agent.id]
    return frozenset(item.row.key for item in items if item.row is not None and item.standing is None)


class _Without:
    """A ledger that does not know some copies: what a restore would do, without doing it."""

    def __init__(self, ledger: Ledger, gone: Sequence[Key]) -> None:
        self._ledger, self._gone = ledger, frozenset(gone)

    def __getattr__(self, name: str) -> object:
        return getattr(self._ledger, name)

    def rows(self, root: str | None = None) -> tuple[Written, ...]:
        """The rows but for those."""
        return tuple(row for row in self._ledger.rows(root) if row.key not in self._gone)


# ---- fork ---------------------------------------------------------------------------------------------------------


def fork(space: Workspace, ledger: Ledger, agent: HubAgent, project: str, target: str | None = None) -> tuple[str, Result]:
    """Make a project's version of an agent an agent of its own: its id, and what was done. target: whose version, where several differ."""
    if not any(selects(one, agent) for one in targets_of(space.config, project)):
        raise AgentsyncError(f"{project} does not select {agent.id}", hint="agentsync list")
    reader = Reader()
    sight = look(space, ledger, [project], reader=reader)
    (view,) = sight.snapshot.projects
    if view.outcome.state != "ok":
        raise AgentsyncError(view.outcome.why or Problem("stopped", f"{project}: {view.outcome.state}", hint=f"agentsync project enable {project}"))
    begun = _begun(space, ledger, sight.snapshot.agents, project, agent)
    if begun is not None:
        new, known = begun
        edits = [known, *_settings(space, with_fork(space.text, space.formats, project, agent, new), _in_place(project, agent))]
        return new.id, _applied(space, ledger, (project,), edits, "fork", f"Fork {agent.id} for {project}", sight)
    side = project if target is None else f"{project}:{target}"
    pulled = plan_pull(sight.snapshot, Wishes((agent.id,), take={agent.id: side}), reader, space.root)
    _check(pulled, agent, project)
    now = next(one for one in pulled.agents if one.id == agent.id)
    new = _made(space, _free_id(sight.snapshot.agents, project, agent), now.text)
    rows = [replace(row, agent=new.id, recipe="") for row in _rows(sight, pulled, agent)]
    keep = tuple(pulled.texts[digest] for row in rows for digest in (row.base, row.hub) if digest in pulled.texts)
    text = with_fork(space.text, space.formats, project, agent, new)
    notes = f"{new.id}: {project}'s version of {agent.id}"
    edits = [
        replace(_written(space, new, "create", notes), put=tuple(rows), keep=keep),
        *_settings(space, text, _in_place(project, agent)),
    ]
    return new.id, _applied(space, ledger, (project,), edits, "fork", f"Fork {agent.id} for {project}", sight, new)


def _in_place(project: str, agent: HubAgent) -> str:
    return f"{HUB_FILE}: projects.{project} has it in place of {agent.id}"


def _check(pulled: Pulled, agent: HubAgent, project: str) -> None:
    """AgentsyncError where a project's version is not one, or was not looked at yet."""
    held = next((copy for copy in pulled.marks.values() if copy.state == "held" and copy.why is not None), None)
    if held is not None and held.why is not None:
        raise AgentsyncError(held.why)
    if pulled.conflicts:
        formats = list(dict.fromkeys(side.target for conflict in pulled.conflicts for side in conflict.sides))
        what = f"the copies of {agent.id} in {project} say different things ({', '.join(formats)})"
        raise AgentsyncError(what, hint=f"agentsync fork {agent.id} -p {project} --take {formats[0] if formats else 'FORMAT'}")
    torn = next((copy for copy in pulled.marks.values() if copy.why is not None), None)
    if torn is not None and torn.why is not None:
        raise AgentsyncError(torn.why)


def _rows(sight: Sight, pulled: Pulled, agent: HubAgent) -> list[Written]:
    """What is known of the agent's copies in the project, the copies' own changes agreed."""
    rows = {row.key: row for view in sight.snapshot.projects for place in view.places for row in place.rows if row.agent == agent.id}
    return list({**rows, **pulled.rows}.values())


def _begun(space: Workspace, ledger: Ledger, agents: Sequence[HubAgent], project: str, agent: HubAgent) -> tuple[HubAgent, Edit] | None:
    """What a fork made before it was killed: the agent, and the edit by which the ledger is to know its copies."""
    name = agent.id.rpartition("/")[2]
    for record in (file for one in ledger.interrupted() if one.command == "fork" for file in ledger.touched(one.id)):
        made = next((one for one in agents if one.path == record.path and one.id.startswith(f"{project}/{name}")), None)
        if made is not None and record.old is None and encode(made.text) == record.new:
            return made, Edit("", space.root, made.path, made.text, made.text, put=record.after)
    return None


def _free_id(agents: Sequence[HubAgent], project: str, agent: HubAgent) -> str:
    taken = {fold(one.id) for one in agents}
    name = f"{project}/{agent.id.rpartition('/')[2]}"
    return next(one for one in (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))) if fold(one) not in taken)


# ---- edits --------------------------------------------------------------------------------------------------------


def _made(space: Workspace, identity: str, text: str, *, begun: bool = False) -> HubAgent:
    """An agent of the hub with this id and text. AgentsyncError where there is a file already, or the text is no agent.

    begun: a file of that text may be there, made by a command that was killed.
    """
    folder = space.config.agents.rstrip("/")
    path = f"{folder}/{identity}{hub.SUFFIX}"
    there = space.disk.look(space.root, path) is not None
    if there and not (begun and space.disk.read(space.root, path).data == encode(text)):
        raise AgentsyncError(f"there is an agent {identity} already", hint=f"agentsync show {identity}")
    made = hub.read_agent(path, folder, encode(text), load(HUB_FORMAT))
    if made is None:
        raise AgentsyncError(f"no id for an agent ({identity})")
    return made


def _written(space: Workspace, agent: HubAgent, action: str, note: str) -> Edit:
    change = Change(action, "", HUB_FORMAT, agent.id, agent.path)  # type: ignore[arg-type]  # an action
    return Edit("", space.root, agent.path, None, agent.text, (change,), notes=(note,))


def _settings(space: Workspace, text: str, note: str) -> list[Edit]:
    """The edit of agentsync.yaml, checked; none where nothing differs."""
    load_hub(text, shown(space.root, HUB_FILE), space.formats)
    return [Edit("", space.root, HUB_FILE, space.text, text, notes=(note,))] if text != space.text else []


def _applied(
    space: Workspace, ledger: Ledger, names: Sequence[str], edits: Sequence[Edit], command: str, subject: str,
    sight: Sight | None = None, new: HubAgent | None = None,
) -> Result:
    """Carry out edits of the hub."""
    sight = sight or Sight(Snapshot((), ()))
    if new is not None:
        sight = replace(sight, snapshot=replace(sight.snapshot, agents=(*sight.snapshot.agents, new)))
    outcomes = tuple(view.outcome for view in sight.snapshot.projects if view.outcome.name in names)
    return apply(space, ledger, sight, Plan(tuple(edits), projects=outcomes), command, subject=subject, whole=True)
