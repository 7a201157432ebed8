"""Projects known by their repository: where below the user's roots a clone of it lies.

Floor 5. Reads folders' names and git's configuration, and writes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from agentsync import git
from agentsync.config import Project, remote_name
from agentsync.workspace import Workspace, top_of

_DEPTH: Final = 5
"""How many folders below a root are looked through: host/owner/name, and two more."""
_SKIPPED: Final = frozenset({"node_modules", "__pycache__", "venv"})


def names_of(top: str) -> tuple[str, ...]:
    """The names of a repository's remotes, `origin` first."""
    named = [(remote != "origin", name) for remote, url in git.remotes(top) if (name := remote_name(url)) is not None]
    return tuple(dict.fromkeys(name for _, name in sorted(named)))


def is_clone(root: str, project: Project) -> bool:
    """Whether a folder is the project's, in a clone of its repository."""
    top = top_of(root) if project.repo is not None and project.scope == "project" else None
    return top is not None and os.path.realpath(Path(top, project.dir or "")) == root and remote_name(project.repo or "") in names_of(top)


def clones(space: Workspace, wanted: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Projects, by name, to the real folders below the user's roots that are theirs, in order of path; empty where none is."""
    repositories = list(_repositories(space)) if any(space.config.projects[name].repo for name in wanted) else []
    known = {top: frozenset(names_of(top)) for top in repositories}
    found: dict[str, tuple[str, ...]] = {}
    for name in wanted:
        project = space.config.projects[name]
        meant = remote_name(project.repo) if project.repo is not None and project.scope == "project" else None
        folders = (os.path.realpath(Path(top, project.dir or "")) for top, names in known.items() if meant in names) if meant else ()
        found[name] = tuple(sorted({folder for folder in folders if Path(folder).is_dir()}))
    return found


def _repositories(space: Workspace) -> Iterator[str]:
    """The top folders of the repositories below the user's roots, but for the hub's own; links are not followed."""
    seen = {space.root}
    for root in space.user.roots:
        start = os.path.realpath(Path(space.machine.home, root[1:].lstrip("/")) if root == "~" or root.startswith("~/") else root)
        for folder, below, files in os.walk(start):
            if ".git" in below or ".git" in files:
                if folder not in seen:
                    seen.add(folder)
                    yield folder
                below.clear()
            elif len(Path(folder).relative_to(start).parts) >= _DEPTH:
                below.clear()
            else:
                below[:] = sorted(name for name in below if not name.startswith(".") and name not in _SKIPPED)
