"""The texts of git hooks: a block of ours in a hook file of anybody's, and the same in files that a team shares. Put in, found, taken out.

Floor 4, pure. A block stands between two marks that carry our own id; taking it out gives back the bytes from before. It does its
work in the shell, where it can: a commit that touches no agent starts one `git diff` and no Python. Whatever goes wrong in agentsync, only
the answer STOP stops a commit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any, Final

from agentsync.containers.yaml_document import load_plain
from agentsync.formats.globs import fixed_folders, fixed_path, is_plain
from agentsync.formats.rules import Format
from agentsync.lockfile import LOCK_FILE
from agentsync.model import AgentsyncError, Problem

STOP: Final = 77
"""The exit code by which the check tells the hook's script to stop a commit; no broken Python or shell answers so."""

BEGIN: Final = "# >>> agentsync 7c0a1d52 (agentsync hook remove) >>>"
END: Final = "# <<< agentsync 7c0a1d52 <<<"
_BLOCK: Final = re.compile(rf"^[ \t]*{re.escape(BEGIN)}$.*?^[ \t]*{re.escape(END)}\n?", re.MULTILINE | re.DOTALL)
_OURS: Final = "#!/bin/sh\n# Written by agentsync; other hooks may be added below.\n"
_SHELLS: Final = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh", "busybox"})

PROJECT_HOOKS: Final = ("pre-commit", "post-commit")
HUB_HOOKS: Final = ("post-commit", "post-merge", "post-rewrite", "post-checkout")
HOOKS: Final = ("pre-commit", "post-commit", "post-merge", "post-rewrite", "post-checkout")

# What each hook asks git before anything else: whether what just happened touched one of the paths. A question that cannot be answered,
# as of the first commit's parent, is a yes.
_UNTOUCHED: Final[Mapping[str, str]] = {
    "pre-commit": "git diff --cached --quiet --no-ext-diff -- {paths}",
    "post-commit": "git diff --quiet --no-ext-diff HEAD^ HEAD -- {paths}",
    "post-merge": "git diff --quiet --no-ext-diff ORIG_HEAD HEAD -- {paths}",
    "post-checkout": '[ "$3" != 1 ] || git diff --quiet --no-ext-diff "$1" "$2" -- {paths}',
    "post-rewrite": '[ "$1" = amend ]',      # post-commit has run already
}


def watched(formats: Iterable[Format], below: Sequence[str], hubs: Iterable[str] = ()) -> tuple[str, ...]:
    """The paths of a repository that a commit touches if it touches an agent: what the formats read, agentsync.lock, and the hubs' files.

    below: the folders of the projects in the repository, `""` for its top. hubs: paths of hubs' own folders and files.
    """
    found = {LOCK_FILE}
    for rules in formats:
        for where in rules.where:
            if where.scope == "project":
                found.update(fixed_path(glob) if is_plain(glob) or len(fixed_folders(glob)) > 1 else glob for glob in where.read)
    paths = {f"{folder}/{path}".strip("/") for folder in below for path in found} | set(hubs)
    paths = {path if is_plain(path) else f":(glob){path}" for path in paths}
    return tuple(sorted(path for path in paths if not any(path != other and path.startswith(f"{other}/") for other in paths)))


def block(hook: str, paths: Sequence[str], python: str | None = None) -> str:
    """The block of a hook, for a POSIX shell with or without `set -e`. python: the interpreter to try where agentsync is not on PATH."""
    untouched = _UNTOUCHED[hook].format(paths=" ".join(quote(path) for path in paths))
    arguments = f"hook run {hook}{f' --stop-with {STOP}' if hook == 'pre-commit' else ''}"
    tail = ' "$@" </dev/null' if hook != "pre-commit" else " </dev/null"
    if hook in ("post-rewrite", "post-merge"):      # git's own marks of a rebase or merge still stand: agentsync waits until they are gone
        tail += " >/dev/null 2>&1 &"
    lines = [
        BEGIN,
        f'if [ -z "${{AGENTSYNC_HOOK-}}" ] && ! {{ {untouched}; }} 2>/dev/null; then',
        "    agentsync_code=0",
        "    if command -v agentsync >/dev/null 2>&1; then",
        f"        agentsync {arguments}{_guarded(tail)}",
    ]
    if python is not None:
        lines += [f"    elif [ -x {quote(python)} ]; then", f"        {quote(python)} -m agentsync {arguments}{_guarded(tail)}"]
    lines += ["    fi"]
    if hook == "pre-commit":
        lines += [f'    if [ "$agentsync_code" -eq {STOP} ]; then exit 1; fi']
    return "\n".join([*lines, "fi", END]) + "\n"


def _guarded(tail: str) -> str:
    return tail if tail.endswith("&") else f"{tail} || agentsync_code=$?"


# ---- hook files ---------------------------------------------------------------------------------------------------


def is_shell(text: str) -> bool:
    """Whether a hook file is a script of a POSIX shell, or one without a first line, which a shell runs too."""
    first = text.split("\n", 1)[0]
    if not first.startswith("#!"):
        return "\0" not in text
    programs = [word.rpartition("/")[2] for word in first[2:].split() if not word.startswith("-") and "=" not in word]
    return next((program for program in programs if program != "env"), "") in _SHELLS


def with_block(text: str | None, ours: str) -> str:
    """A hook file with our block in it, first of all: behind it a script may end or hand over to another program.

    text: the file as it is, None for none. A block of ours that is there is replaced.
    """
    if text is None:
        return _OURS + ours
    if has_block(text):
        return _BLOCK.sub(lambda old: ours if old[0].endswith("\n") else ours.removesuffix("\n"), text, count=1)
    if not text.startswith("#!"):
        return ours + text
    first, line_end, rest = text.partition("\n")
    return f"{first}\n{ours}{rest}" if line_end else f"{first}\n{ours}".removesuffix("\n")


def has_block(text: str) -> bool:
    """Whether a text holds our block."""
    return _BLOCK.search(text) is not None


def without_block(text: str) -> str | None:
    """A hook file as it was before; None where it was not there."""
    if not has_block(text):
        return text
    if text.endswith(f"\n{END}") and text.startswith("#!"):     # its one line had no end
        return _BLOCK.sub("", text, count=1).removesuffix("\n")
    rest = _BLOCK.sub("", text, count=1)
    return None if rest == _OURS else rest


def chained(ours: str, kept: str) -> str:
    """A hook file of ours that calls the one that was there, which is no shell script, under its new name beside it."""
    return f'#!/bin/sh\n{ours}exec "$(dirname "$0")"/{quote(kept)} "$@"\n'


def kept_name(hook: str) -> str:
    """What a hook is called that our own calls."""
    return f"{hook}.before-agentsync"


# ---- files that a team shares -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shared:
    """A tracked file that runs hooks for everybody: its path, and how the check is written into it."""

    path: str
    kind: str


SHARED: Final = (
    Shared(".husky/pre-commit", "shell"), Shared("lefthook.yml", "lefthook"), Shared("lefthook.yaml", "lefthook"),
    Shared(".lefthook.yml", "lefthook"), Shared(".pre-commit-config.yaml", "pre-commit"), Shared(".pre-commit-config.yml", "pre-commit"),
)


def share(shared: Shared, text: str, paths: Sequence[str]) -> str:
    """A shared file with the check in it, guarded for people without agentsync. Every byte that was there stays.

    AgentsyncError where the file is written in a way that has no place for a block of lines: then the lines are shown.
    """
    text = unshare(text)
    if shared.kind == "shell":
        return with_block(text, block("pre-commit", paths))
    command = _guarded_command(paths)
    new = _with_lefthook(text, command) if shared.kind == "lefthook" else _with_repository(text, command)
    if new is None or not _adds_only(shared.kind, text, new):
        lines = _lefthook_lines("", command) if shared.kind == "lefthook" else _repository_lines("", command)
        what = "there is no place for a block of lines in it; add this by hand:\n" + "\n".join(lines)
        raise AgentsyncError(Problem("shared", what, path=shared.path))
    return new


def unshare(text: str) -> str:
    """A shared file as it was before."""
    return _BLOCK.sub("", text, count=1)


def _guarded_command(paths: Sequence[str]) -> str:
    """The check as one line of shell: nothing where no agent is touched, or where there is no agentsync."""
    return (
        f"git diff --cached --quiet -- {' '.join(quote(path) for path in paths)} && exit 0; command -v agentsync >/dev/null 2>&1 || exit 0; code=0; "
        f"agentsync hook run pre-commit --stop-with {STOP} </dev/null || code=$?; [ $code -ne {STOP} ]"
    )


def _lefthook_lines(indent: str, command: str) -> list[str]:
    return [f"{indent}agentsync:", f"{indent}  run: {_single(command)}"]


def _repository_lines(indent: str, command: str) -> list[str]:
    return [
        f"{indent}- repo: local",
        f"{indent}  hooks:",
        f"{indent}    - id: agentsync",
        f"{indent}      name: agentsync",
        f"{indent}      language: system",
        f"{indent}      entry: {_single(f'sh -c {quote(command)}')}",
        f"{indent}      pass_filenames: false",
        f"{indent}      always_run: true",
        f"{indent}      stages: [pre-commit]",
    ]


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _marked(lines: Sequence[str], indent: str) -> list[str]:
    return [f"{indent}{BEGIN}", *lines, f"{indent}{END}"]


def _with_lefthook(text: str, command: str) -> str | None:
    """`pre-commit: commands: agentsync:`, inside the mappings that are there."""
    lines = text.split("\n")
    hook = _key_line(lines, "pre-commit", range(len(lines)), "")
    if hook is None:
        if re.search(r"^(\{|['\"]?pre-commit['\"]?\s*:)", text, re.MULTILINE):
            return None
        return _appended(text, _marked(["pre-commit:", "  commands:", *_lefthook_lines("    ", command)], ""))
    inside = _children(lines, hook)
    step = _indent_of(lines, inside) or "  "
    commands = _key_line(lines, "commands", inside, step)
    if commands is None:
        new = _marked([f"{step}commands:", *_lefthook_lines(step * 2, command)], step)
        return "\n".join([*lines[: hook + 1], *new, *lines[hook + 1 :]])
    deep = _indent_of(lines, _children(lines, commands)) or step * 2
    return "\n".join([*lines[: commands + 1], *_marked(_lefthook_lines(deep, command), deep), *lines[commands + 1 :]])


def _with_repository(text: str, command: str) -> str | None:
    """One more item of `repos:`, before those that are there."""
    lines = text.split("\n")
    repos = _key_line(lines, "repos", range(len(lines)), "")
    if repos is None:
        return None
    first = next((line for line in lines[repos + 1 :] if line.strip() and not line.lstrip().startswith("#")), "")
    indent = first[: len(first) - len(first.lstrip())] if first.lstrip().startswith("- ") else "  "
    return "\n".join([*lines[: repos + 1], *_marked(_repository_lines(indent, command), indent), *lines[repos + 1 :]])


def _appended(text: str, lines: Sequence[str]) -> str | None:
    """A text with lines at its end; None for one without a last line end, which taking them out could not give back."""
    return None if text and not text.endswith("\n") else text + "\n".join(lines) + "\n"


def _key_line(lines: Sequence[str], key: str, among: range, indent: str) -> int | None:
    """The line that opens a block mapping or sequence of that key."""
    pattern = re.compile(rf"{re.escape(indent)}(['\"]?){re.escape(key)}\1\s*:\s*(#.*)?\r?")
    return next((number for number in among if pattern.fullmatch(lines[number])), None)


def _children(lines: Sequence[str], at: int) -> range:
    """The lines below a key."""
    depth = len(lines[at]) - len(lines[at].lstrip())
    end = at + 1
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > depth):
        end += 1
    return range(at + 1, end)


def _indent_of(lines: Sequence[str], among: range) -> str:
    return next((line[: len(line) - len(line.lstrip())] for n in among if (line := lines[n]).strip() and not line.lstrip().startswith("#")), "")


def _adds_only(kind: str, old: str, new: str) -> bool:
    """Whether the new text says what the old one says and our check beside it."""
    try:
        before, after = _plain(old), _plain(new)
    except AgentsyncError:
        return False
    if kind == "pre-commit":
        return isinstance(after.get("repos"), list) and {**after, "repos": after["repos"][1:]} == {**before, "repos": before.get("repos") or []}
    hook = dict(after.get("pre-commit") or {})
    commands = dict(hook.get("commands") or {})
    if commands.pop("agentsync", None) is None:
        return False
    hook["commands"] = commands
    told = {**(before.get("pre-commit") or {})}
    return {**after, "pre-commit": hook} == {**before, "pre-commit": {**told, "commands": told.get("commands") or {}}}


def _plain(text: str) -> dict[str, Any]:
    found: Any = load_plain(text) if text.strip() else {}
    return found if isinstance(found, dict) else {}
