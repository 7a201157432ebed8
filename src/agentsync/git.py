"""git, called as a program: argument lists, no hooks, no prompts, no inherited GIT_*, nothing fetched or pushed.

Side module. Names that come from files never become options: they stand behind `--end-of-options` or are refused here.
A library is not used: the ones there are keep child processes and descriptors, or read options out of arguments.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
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

IN_HOOK: Final = "AGENTSYNC_HOOK"
"""The variable that marks git calls of ours: hooks, in `.git/hooks` or in git's configuration, leave them alone."""

# What git leaves in its folder while something is unfinished, and what that is called.
UNFINISHED: Final = (
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


_WHO: Final = frozenset({"GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"})


def environment() -> dict[str, str]:
    """This process's environment for a git call: a hook's GIT_DIR and GIT_INDEX_FILE would point it at another repository.

    Only who commits is handed on. Our hooks do nothing where they see the mark, so that no commit of ours leads to the next.
    """
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("GIT_") or name in _WHO}
    ours = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true", "LC_ALL": "C"}
    return kept | ours | {IN_HOOK: "1"}


def run_git(
    folder: str, *arguments: str, given: bytes | None = None, index: str | None = None, always: Sequence[str] = _ALWAYS
) -> subprocess.CompletedProcess[bytes]:
    """Call git in a folder; `given` is its standard input, `index` the file to use for the repository's index. For side modules alone."""
    settings = environment() if index is None else {**environment(), "GIT_INDEX_FILE": index}
    try:
        return subprocess.run(
            ["git", *always, "-C", folder, *arguments],
            capture_output=True, check=False, input=given or b"", env=settings, timeout=_SECONDS,
        )
    except FileNotFoundError:
        problem = Problem("no-git", "git is not installed, or not on PATH", hint="install git: https://git-scm.com/downloads")
        raise GitError(problem) from None
    except subprocess.TimeoutExpired:
        raise GitError(Problem("git", f"git did not answer within {_SECONDS} seconds (git {arguments[0]})", path=folder)) from None


def _ask(folder: str, *arguments: str) -> str | None:
    """One line of answer, or None where git says no."""
    done = run_git(folder, *arguments)
    return os.fsdecode(done.stdout).rstrip("\n") if done.returncode == 0 else None


def version() -> str:
    """The version of the git that is called, as it names itself. GitError where there is none."""
    done = run_git(os.curdir, "version")
    return os.fsdecode(done.stdout).strip().removeprefix("git version ").split(" ")[0]


def top_level(folder: str) -> str | None:
    """The top folder of the work tree that holds this folder, or None."""
    if not Path(folder).is_dir():
        return None
    done = run_git(folder, "rev-parse", "--show-toplevel")
    if b"dubious ownership" in done.stderr:
        mend = f"git config --global --add safe.directory {shlex.quote(folder)}"
        raise GitError(Problem("git-owner", "git does not trust this repository, because it belongs to somebody else", path=folder, hint=mend))
    return os.fsdecode(done.stdout).rstrip("\n") if done.returncode == 0 else None


def in_own_folder(folder: str) -> bool:
    """Whether a folder is, or lies in, a repository's own folder or a bare repository. Seen by hand: git is told not to enter one."""
    here = Path(folder)
    return any((above / "HEAD").is_file() and (above / "objects").is_dir() and (above / "refs").is_dir() for above in (here, *here.parents))


def git_folder(top: str) -> str | None:
    """Where a repository keeps its own files, shared by its work trees; None where `top` is no repository."""
    own = Path(top, ".git")
    if own.is_dir():
        return str(own)
    if not own.exists():
        return None
    found = _ask(top, "rev-parse", "--git-common-dir")
    return None if found is None else str(Path(top, found).resolve())


def main_tree(top: str) -> str:
    """The top folder of the main work tree of the repository that a work tree, linked or not, belongs to."""
    if Path(top, ".git").is_dir():
        return top
    own, shared = (_ask(top, "rev-parse", "--path-format=absolute", which) for which in ("--git-dir", "--git-common-dir"))
    return top if shared is None or own == shared else str(Path(shared).parent)


def hooks_folder(top: str) -> tuple[str, str | None]:
    """Where the repository's hooks lie, and the scope (`local`, `global` …) of the `core.hooksPath` that says so; None where none does."""
    plain = _ALWAYS[2:]     # the first setting there turns hooks off, and would be the answer here
    done = run_git(top, "rev-parse", "--git-path", "hooks", always=plain)
    if done.returncode != 0:
        raise GitError(Problem("no-git", "this is no git repository", path=top, hint="git init"))
    said = run_git(top, "config", "--show-scope", "--get", "core.hooksPath", always=plain)
    scope = os.fsdecode(said.stdout).split("\t")[0] if said.returncode == 0 else None
    return os.path.realpath(Path(top, os.fsdecode(done.stdout).rstrip("\n"))), scope


def head_branch(top: str) -> str | None:
    """The branch that is checked out; None for a detached HEAD or no repository. Read by hand where HEAD lies plainly there."""
    try:
        word = Path(top, ".git", "HEAD").read_text(encoding="utf-8").rstrip("\n")
        if word.startswith("ref: refs/heads/") and not word.endswith("/.invalid"):
            return word.removeprefix("ref: refs/heads/")
    except (OSError, UnicodeDecodeError):
        pass
    # A linked work tree, a folder below the top, no branch, or another store of references.
    return _ask(top, "symbolic-ref", "--quiet", "--short", "HEAD")


def head_commit(top: str) -> str | None:
    """The commit that is checked out; None before the first one."""
    return _ask(top, "rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}")


def checked_out(top: str) -> str | None:
    """The commit that is checked out, read from the repository's own files where they say it plainly: no process a project."""
    own = f"{top}{os.sep}.git"
    try:
        word = _line(f"{own}/HEAD")
        if word.startswith("ref: "):
            try:
                word = _line(f"{own}/{word[5:]}")
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                word = _packed(Path(own), word[5:])
        if len(word) in (40, 64) and all(sign in "0123456789abcdef" for sign in word):
            return word
    except (OSError, UnicodeDecodeError):
        pass        # a linked work tree, another store of references, or no commit yet: git knows
    return head_commit(top)


def _line(path: str) -> str:
    """What one of git's small files says."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 4096).decode("ascii").strip()
    finally:
        os.close(fd)


def _packed(own: Path, name: str) -> str:
    """A reference among the packed ones, or an empty text."""
    for line in (own / "packed-refs").read_text(encoding="utf-8", errors="replace").splitlines():
        commit, _, packed = line.partition(" ")
        if packed == name:
            return commit
    return ""


def ahead_behind(top: str) -> tuple[int, int] | None:
    """How many commits the branch is ahead of its upstream as last fetched, and behind it; None where it has none."""
    found = _ask(top, "rev-list", "--left-right", "--count", "HEAD...@{upstream}", "--")
    if found is None or len(found.split()) != 2:
        return None
    ahead, behind = found.split()
    return int(ahead), int(behind)


def remotes(top: str) -> tuple[tuple[str, str], ...]:
    """The remotes of a repository: name and address, as its configuration has them."""
    done = run_git(top, "config", "--null", "--get-regexp", r"^remote\..*\.url$")
    records = (os.fsdecode(record).partition("\n") for record in done.stdout.split(b"\0") if record)
    return tuple((key.removeprefix("remote.").removesuffix(".url"), url) for key, _, url in records)


def busy(top: str) -> str | None:
    """What the repository is in the middle of (`a merge`, `a rebase` …), or None."""
    own = f"{top}{os.sep}.git"
    try:
        names = os.listdir(own)  # noqa: PTH208 - one call a project in every run, paths are plain text here
    except NotADirectoryError:  # a linked work tree: what is unfinished stands in its own part of the repository
        found = _ask(top, "rev-parse", "--absolute-git-dir")
        if found is None:
            return None
        names = os.listdir(found)  # noqa: PTH208 - as above
    except OSError:
        return None
    return next((word for name, word in UNFINISHED if name in names), None)


def init(folder: str) -> str:
    """Make a folder a repository and return its branch: the user's `init.defaultBranch`, else main."""
    branch = _ask(folder, "config", "--get", "init.defaultBranch") or "main"
    if _ask(folder, "check-ref-format", "--branch", branch) is None or branch.startswith("-"):
        branch = "main"
    done = run_git(folder, "init", "--quiet", f"--initial-branch={branch}")
    if done.returncode != 0:
        raise GitError(Problem("git", f"git init failed: {os.fsdecode(done.stderr).strip()}", path=folder))
    return branch


# ---- what is committed, and committing ----------------------------------------------------------------------------


def changed_paths(top: str, paths: Sequence[str]) -> frozenset[str]:
    """Those of these paths (below the top, with `/`) whose file, or what is staged of it, differs from the last commit."""
    if not paths:
        return frozenset()
    arguments = ("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignored=matching")
    done = run_git(top, "--literal-pathspecs", *arguments, "--", *paths)
    if done.returncode != 0:
        raise GitError(Problem("git", f"git status failed: {os.fsdecode(done.stderr).strip()}", path=top))
    return frozenset(os.fsdecode(record[3:]) for record in done.stdout.split(b"\0") if len(record) > 3)


def uncommitted_before(top: str, olds: Mapping[str, bytes | None]) -> frozenset[str]:
    """Those of these files (below the top, with `/`) that differed from the last commit while they held these bytes; None: no file.

    For files that were written since: what they hold now says nothing, but what is staged of them, and their mode, are as they were.
    """
    arguments = ("status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=all", "--ignored=matching")
    done = run_git(top, "--literal-pathspecs", *arguments, "--", *olds)
    if done.returncode != 0:
        raise GitError(Problem("git", f"git status failed: {os.fsdecode(done.stderr).strip()}", path=top))
    found: set[str] = set()
    for record in done.stdout.split(b"\0"):
        kind, _, rest = record.partition(b" ")
        fields = rest.split(b" ", _FIELDS.get(kind, 0))
        path = os.fsdecode(fields[-1])
        old = olds.get(path)
        if path not in olds:
            continue
        if kind != b"1":        # untracked or ignored, so ours if there was nothing; or not merged
            found.update([path] if old is not None or kind == b"u" else [])
        elif fields[0][:1] != b"." or (fields[4] != fields[2] and int(fields[4])) or old is None or not _is_blob(top, path, old, fields[5]):
            found.add(path)
    return frozenset(found)


_FIELDS: Final = {b"1": 7, b"u": 9, b"?": 0, b"!": 0}
"""By the kind of a line of `git status`: how many fields stand before the path."""


def _is_blob(top: str, path: str, data: bytes, name: bytes) -> bool:
    """Whether these bytes, checked in as this path, are the object of that name."""
    hashed = hashlib.sha1 if len(name) == 40 else hashlib.sha256
    if hashed(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest().encode() == name:
        return True
    # Line ends and filters of the repository change what is checked in.
    done = run_git(top, "hash-object", "--stdin", f"--path={path}", given=data)
    return done.returncode == 0 and done.stdout.strip() == name


def commit_paths(top: str, paths: Sequence[str], message: str) -> str | None:
    """Commit just these paths as they stand, on the branch that is checked out; the commit, or None where none of them differs.

    Nothing else that is staged goes along, and it stays staged. No hook runs and nothing is signed: nobody is there to be asked.
    GitError where git refuses, as in the middle of a merge.
    """
    changed = changed_paths(top, paths)
    paths = [path for path in paths if path in changed]
    if not paths:
        return None
    given = b"\0".join(os.fsencode(path) for path in paths)
    # Of a file that is gone git knows nothing any more where its deletion is staged already, as by a call of ours that was killed.
    standing = b"\0".join(os.fsencode(path) for path in paths if os.path.lexists(os.path.join(top, path)))  # noqa: PTH118 - texts
    if standing:
        arguments = ("add", "--intent-to-add", "--pathspec-from-file=-", "--pathspec-file-nul")
        known = run_git(top, "--literal-pathspecs", *arguments, given=standing)
        if known.returncode != 0:
            raise GitError(Problem("git", f"git add failed: {os.fsdecode(known.stderr).strip()}", path=top))
    done = run_git(
        top, "--literal-pathspecs", "-c", "commit.gpgSign=false", "commit", "--quiet", "--no-verify", "--only", "--cleanup=verbatim",
        f"--message={message}", "--pathspec-from-file=-", "--pathspec-file-nul", given=given,
    )
    if done.returncode == 0:
        return head_commit(top)
    catch_up(top, paths)
    if not changed_paths(top, paths):
        return None
    said = (os.fsdecode(done.stderr).strip() or os.fsdecode(done.stdout).strip()).splitlines()
    raise GitError(Problem("git", f"git commit failed: {said[0] if said else 'no reason given'}", path=top))


def catch_up(top: str, paths: Sequence[str]) -> None:
    """Let the index know of those of these paths that stand as the last commit has them.

    A commit that is killed between its two last steps leaves the index as it was before: what was committed would look like taken back
    again, and staged.
    """
    named = run_git(top, "--literal-pathspecs", "diff", "--name-only", "-z", "--no-renames", "HEAD", "--", *paths)
    if named.returncode != 0:
        return
    differing = {os.fsdecode(name) for name in named.stdout.split(b"\0")}
    same = [path for path in paths if path not in differing]
    if same:
        run_git(top, "--literal-pathspecs", "reset", "--quiet", "--", *same)


def has_commit(top: str, commit: str) -> bool:
    """Whether a clone has a commit."""
    return _ask(top, "cat-file", "-e", "--end-of-options", f"{commit}^{{commit}}") is not None
