"""What files of a repository said in earlier commits. Reads objects only: nothing is checked out, nothing from the repository runs.

Side module, the only one that knows GitPython, which is imported when it is asked and keeps one `git cat-file --batch` for many
versions. No repository object outlives a call: GitPython's keep processes and descriptors.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from agentsync.disk import LIMIT
from agentsync.git import GitError
from agentsync.model import Problem

if TYPE_CHECKING:
    from git import Repo

NEWEST = 200
"""How many versions of a file are looked at."""


def versions(top: str, path: str, most: int = NEWEST) -> tuple[tuple[str, bytes], ...]:
    """The versions of a file that HEAD's history holds, newest first, each with the commit that brought it."""
    with _repository(top) as repository:
        found = []
        if not repository.head.is_valid():
            return ()
        for commit in repository.iter_commits("HEAD", paths=path, max_count=most):
            data = _blob(repository, commit.hexsha, path)
            if data is not None:
                found.append((commit.hexsha, data))
        return tuple(found)


def text_at(top: str, commit: str, path: str) -> bytes | None:
    """A file as a commit has it; None where the commit, or the file in it, is not there."""
    if not commit or not all(sign in "0123456789abcdef" for sign in commit):
        return None
    with _repository(top) as repository:
        return _blob(repository, commit, path)


def _blob(repository: Repo, commit: str, path: str) -> bytes | None:
    """The bytes of a file in a commit; a file too large to be an agent counts as absent."""
    from git.exc import ODBError

    try:
        found = repository.commit(commit).tree / path
    except (KeyError, ValueError, ODBError):
        return None
    if found.type != "blob" or found.size > LIMIT:
        return None
    return bytes(found.data_stream.read())


@contextlib.contextmanager
def _repository(top: str) -> Iterator[Repo]:
    """The repository, opened. A hook's GIT_DIR would point it at another one, so it is hidden while this lasts."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.upper().startswith("GIT_")}
    repository = None
    try:
        import git as gitpython

        try:
            repository = gitpython.Repo(top, odbt=gitpython.GitCmdObjectDB)
            yield repository
        except gitpython.exc.GitError as error:
            raise GitError(Problem("git", f"the history cannot be read: {error.__class__.__name__}", path=top)) from error
    finally:
        if repository is not None:
            repository.close()
        os.environ.update(hidden)
