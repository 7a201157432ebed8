"""git, called as a program: argument lists, no hooks, no prompts, no inherited GIT_*, nothing fetched or pushed.

Side module. Names that come from files never become options: they stand behind `--end-of-options` or are refused here.
A library is not used: the ones there are keep child processes and descriptors, or read options out of arguments.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Final

from agentsync.model import AgentsyncError, Problem

_ALWAYS: Final = (
    "-c", f"core.hooksPath={os.devnull}",
    "-c", "core.fsmonitor=false",
    "-c", "safe.bareRepository=explicit",
    "-c", "protocol.allow=never",
    "-c", "credential.helper=",
)
_SECONDS: Final = 60

# What git leaves in its folder while something is unfinished, and what that is called.
_UNFINISHED: Final = (
    ("MERGE_HEAD", "a merge"),
    ("rebase-merge", "a rebase"),
    ("rebase-apply", "a rebase"),
    ("CHERRY_PICK_HEAD", "a cherry-pick"),
    ("REVERT_HEAD", "a revert"),
    ("BISECT_LOG", "a bisect"),
)


class GitError(AgentsyncError):
    """git is not there, or a call failed."""

    exit_code = 3


def environment() -> dict[str, str]:
    """This process's environment for a git call: a hook's GIT_DIR and GIT_INDEX_FILE would point it at another repository."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("GIT_")}
    return kept | {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true", "LC_ALL": "C"}


def _run(folder: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", *_ALWAYS, "-C", folder, *arguments],
            capture_output=True, check=False, stdin=subprocess.DEVNULL, env=environment(), timeout=_SECONDS,
        )
    except FileNotFoundError:
        problem = Problem("no-git", "git is not installed, or not on PATH", hint="install git: https://git-scm.com/downloads")
        raise GitError(problem) from None
    except subprocess.TimeoutExpired:
        raise GitError(Problem("git", f"git did not answer within {_SECONDS} seconds (git {arguments[0]})", path=folder)) from None


def _ask(folder: str, *arguments: str) -> str | None:
    """One line of answer, or None where git says no."""
    done = _run(folder, *arguments)
    return os.fsdecode(done.stdout).rstrip("\n") if done.returncode == 0 else None


def top_level(folder: str) -> str | None:
    """The top folder of the work tree that holds this folder, or None."""
    if not Path(folder).is_dir():
        return None
    done = _run(folder, "rev-parse", "--show-toplevel")
    if b"dubious ownership" in done.stderr:
        mend = f"git config --global --add safe.directory {shlex.quote(folder)}"
        raise GitError(Problem("git-owner", "git does not trust this repository, because it belongs to somebody else", path=folder, hint=mend))
    return os.fsdecode(done.stdout).rstrip("\n") if done.returncode == 0 else None


def git_folder(top: str) -> str | None:
    """Where a repository keeps its own files, shared by its work trees; None where `top` is no repository."""
    own = Path(top, ".git")
    if own.is_dir():
        return str(own)
    if not own.exists():
        return None
    found = _ask(top, "rev-parse", "--git-common-dir")
    return None if found is None else str(Path(top, found).resolve())


def head_branch(top: str) -> str | None:
    """The branch that is checked out; None for a detached HEAD or no repository."""
    return _ask(top, "symbolic-ref", "--quiet", "--short", "HEAD")


def head_commit(top: str) -> str | None:
    """The commit that is checked out; None before the first one."""
    return _ask(top, "rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}")


def busy(top: str) -> str | None:
    """What the repository is in the middle of (`a merge`, `a rebase` …), or None."""
    own = Path(top, ".git")
    if own.is_file():  # a linked work tree: what is unfinished stands in its own part of the repository
        found = _ask(top, "rev-parse", "--absolute-git-dir")
        if found is None:
            return None
        own = Path(found)
    return next((word for name, word in _UNFINISHED if (own / name).exists()), None)


def init(folder: str) -> str:
    """Make a folder a repository and return its branch: the user's `init.defaultBranch`, else main."""
    branch = _ask(folder, "config", "--get", "init.defaultBranch") or "main"
    if _ask(folder, "check-ref-format", "--branch", branch) is None or branch.startswith("-"):
        branch = "main"
    done = _run(folder, "init", "--quiet", f"--initial-branch={branch}")
    if done.returncode != 0:
        raise GitError(Problem("git", f"git init failed: {os.fsdecode(done.stderr).strip()}", path=folder))
    return branch
