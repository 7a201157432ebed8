"""What git knows of copies that the ledger alone cannot judge: earlier versions of agents, and files that are as committed.

Floor 5. Most runs ask nothing here: each answer costs a process of git's.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from agentsync import git, hub
from agentsync.bases import asks
from agentsync.formats import load
from agentsync.hub import HubAgent
from agentsync.model import HUB_FORMAT
from agentsync.snapshot import ProjectView, Reader, Snapshot
from agentsync.workspace import Workspace


def looked_up(space: Workspace, snapshot: Snapshot, reader: Reader) -> Snapshot:
    """The snapshot with what git knows of copies that the ledger alone cannot judge: most runs have none."""
    views, ids, commits = [], set[str](), set[tuple[str, str]]()
    for view, places in reader.items(snapshot):
        wanted: list[str] = []
        for _, items, _ in places:
            for item in items:
                ask = asks(item, view, snapshot, reader)
                if ask.history:
                    ids.add(item.agent.id)
                if ask.commit is not None:
                    commits.add((item.agent.id, ask.commit))
                if ask.clean and item.path is not None:
                    wanted.append(item.path)
        views.append(replace(view, clean=_clean(view, wanted)) if wanted else view)
    if not ids and not commits:
        return snapshot if all(one is view for one, view in zip(views, snapshot.projects, strict=True)) else replace(snapshot, projects=tuple(views))
    top = git.top_level(space.root) or space.root
    agents = {agent.id: agent for agent in snapshot.agents}
    there = {commit for commit in {commit for _, commit in commits} if git.has_commit(top, commit)}
    ids |= {identity for identity, commit in commits if commit not in there}
    history = {identity: versions(space, agents[identity], top) for identity in sorted(ids)}
    locked: dict[tuple[str, str], HubAgent | None] = {}
    for identity, commit in sorted(commits):
        version = _locked(space, top, agents[identity], commit) if commit in there else None
        if version is not None or commit not in there:      # a commit that is there, and has no such agent, says nothing of it
            locked[identity, commit] = version
    return replace(snapshot, projects=tuple(views), history=history, locked=locked)


def _clean(view: ProjectView, paths: Sequence[str]) -> frozenset[str]:
    """Those of these paths of a project that are what its commit has."""
    root = view.outcome.root or ""
    top = git.top_level(root)
    if top is None:
        return frozenset()
    below = os.path.relpath(root, os.path.realpath(top))
    inside = {path if below == "." else f"{PurePosixPath(below)}/{path}": path for path in paths}
    changed = git.changed_paths(top, list(inside))
    return frozenset(path for name, path in inside.items() if name not in changed)


def _hub_path(space: Workspace, top: str, path: str) -> str:
    """A path of the hub as its repository names it."""
    below = os.path.relpath(space.root, os.path.realpath(top))
    return path if below == "." else f"{PurePosixPath(below)}/{path}"


def versions(space: Workspace, agent: HubAgent, top: str | None = None) -> tuple[tuple[str, HubAgent], ...]:
    """Earlier versions of an agent, newest first, with what the working tree has now at the head. top: of the hub's repository, if known."""
    from agentsync import history

    top = top or git.top_level(space.root) or space.root
    found = [("", agent)]
    found += [(commit, old) for commit, data in history.versions(top, _hub_path(space, top, agent.path))
              if (old := _version(space, agent, data)) is not None]
    return tuple(found)


def _locked(space: Workspace, top: str, agent: HubAgent, commit: str) -> HubAgent | None:
    """An agent as a commit of the hub has it, or None."""
    from agentsync import history

    data = history.text_at(top, commit, _hub_path(space, top, agent.path))
    return None if data is None else _version(space, agent, data)


def _version(space: Workspace, agent: HubAgent, data: bytes) -> HubAgent | None:
    found = hub.read_agent(agent.path, space.config.agents.rstrip("/"), data, load(HUB_FORMAT))
    return found if found is not None and found.agent is not None else None
