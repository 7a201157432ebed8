"""The sense of `where` and `parts`: nothing a format names leaves its folder, and what is written there is read there.

Floor 2, pure. Promise 13 of the design rests on `check_confinement` for the formats that do not come with agentsync.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from agentsync.formats.globs import compiled, fixed_folders
from agentsync.formats.source import Flaw, KeyPath
from agentsync.formats.structure import labelled
from agentsync.report import near

if TYPE_CHECKING:
    from agentsync.formats.rules import DocumentRules, Format, Where

SLUG: Final = "{slug}"

# Folders whose files are run or trusted by something that is no assistant. The rule about agent-like names below holds too.
_FORBIDDEN: Final = frozenset({
    ".git", ".vscode", ".idea", ".husky", ".ssh", ".gnupg", ".aws", ".kube", ".docker", ".devcontainer", ".circleci",
    ".gitlab", ".gitea", ".forgejo", ".woodpecker", ".buildkite", ".teamcity", ".cargo", ".npm", ".yarn", ".bundle", ".local",
    ".mvn", ".gradle", ".direnv", ".venv", ".tox", ".terraform.d", ".azure", ".gcloud", ".password-store", ".thunderbird", ".mozilla",
})  # fmt: skip
_NOT_BELOW: Final = frozenset({"workflows", "actions", "hooks", "bin", "scripts", "systemd", "autostart"})
_AGENT_WORDS: Final = ("agent", "mode", "droid", "persona", "prompt", "role")
_AGENT_ENDINGS: Final = (".md", ".mdc", ".markdown", ".toml", ".json", ".jsonc", ".yaml", ".yml", ".txt")


def check_places(rules: Format) -> Iterator[Flaw]:
    """What is wrong with `where` and `parts`, whoever wrote the format."""
    kinds = rules.document if isinstance(rules.document, tuple) else (rules.document,)
    if not rules.where and not any(document.file for document in kinds):
        yield _flaw(("where",), "no place is given, at least one is needed, or `document.file` for a file that has none")
    for index, where in enumerate(rules.where):
        path = ("where", index)
        document = _document(where, kinds)
        if document is None and kinds:
            ids = [one.id for one in kinds if one.id]
            hint = near(where.document or "", ids)
            message = f"no such kind of file ({where.document}), it must be an id in `document`: {', '.join(ids) or 'there is none'}"
            yield _flaw((*path, "document"), message, f"did you mean `{hint}`?" if hint else None)
        yield from _check_where(rules, where, document, path)
    yield from _check_parts(rules)


def check_confinement(rules: Format) -> Iterator[Flaw]:
    """What a format that does not come with agentsync may not do: write outside one dot-folder, or files that are not agent-like.

    What it reads counts too: a copy that is found is updated where it stands.
    """
    folders: dict[str, str] = {}
    for index, where in enumerate(rules.where):
        path = ("where", index, "write")
        if where.write is not None and (problem := _not_confined(where.write)):
            yield _flaw(path, f"not allowed here ({where.write}), {problem}")
            continue
        for number, glob in enumerate(where.read):
            if problem := _glob_not_confined(glob):
                yield _flaw(("where", index, "read", number), f"not allowed here ({glob}), {problem}")
        if where.write is None:
            continue
        first = folders.setdefault(where.scope, where.write.partition("/")[0])
        if first != where.write.partition("/")[0]:
            yield _flaw(path, f"a second folder ({where.write}), everything must lie below {first}")
    for name, part in rules.parts.items():
        if "file" in part and (problem := _not_confined(part["file"])):
            yield _flaw(("parts", name, "file"), f"not allowed here ({part['file']}), {problem}")


def check_apart(rules: Format, others: Sequence[Format]) -> Iterator[Flaw]:
    """Places where one of the other formats looks: its client would take what is written there for its own agents."""
    from agentsync.formats.folders import may_meet, reads

    for index, where in enumerate(rules.where):
        for key, path in (("write", where.write), *((("read", number), glob) for number, glob in enumerate(where.read))):
            if path is None:
                continue
            found = reads if key == "write" else may_meet
            reader = next((other for other in others if found(other, path, where.scope)), None)
            if reader is not None:
                at = ("where", index, *((key,) if isinstance(key, str) else key))
                yield _flaw(at, f"not allowed here ({path}), {reader.title} ({reader.id}) loads agents from there")


def _flaw(path: KeyPath, message: str, hint: str | None = None) -> Flaw:
    return Flaw("format-rule", labelled(path, message), path, hint)


def _document(where: Where, kinds: tuple[DocumentRules, ...]) -> DocumentRules | None:
    if where.document is None:
        return kinds[0] if kinds else None
    return next((document for document in kinds if document.id == where.document), None)


def _check_where(rules: Format, where: Where, document: DocumentRules | None, path: KeyPath) -> Iterator[Flaw]:
    if not where.read:
        yield _flaw((*path, "read"), "no glob is given, at least one is needed")
    globs_are_right = bool(where.read)
    for key, globs in (("read", where.read), ("skip", where.skip)):
        for index, glob in enumerate(globs):
            if problem := _not_relative(glob) or _no_glob(glob):
                globs_are_right = False
                yield _flaw((*path, key, index), f"wrong glob ({glob}), {problem}")
    if where.write is None:
        return
    here = (*path, "write")
    if rules.direction == "read":
        yield _flaw(here, "a place to write in a format that is only read (direction: read), leave it out")
    problem = _not_relative(where.write) or _wrong_placeholders(where.write, shared=document is not None and document.unit == "entry")
    if problem:
        yield _flaw(here, f"wrong path ({where.write}), {problem}")
    elif globs_are_right:
        sample = where.write.replace(SLUG, "a-1")
        if not any(compiled(glob).fullmatch(sample) for glob in where.read):
            yield _flaw(here, f"written but not read ({where.write}), it must match one of its own globs in `read`")
        elif any(compiled(glob).fullmatch(sample) for glob in where.skip):
            yield _flaw(here, f"written but left out ({where.write}), it may not match a glob in `skip`")


def _check_parts(rules: Format) -> Iterator[Flaw]:
    for name, part in rules.parts.items():
        path = ("parts", name)
        if name != "prompt" and name not in rules.fields:
            yield _flaw(path, f"no such field ({name}), allowed are prompt and what `fields` holds")
        if set(part) != {"file", "link"}:
            yield _flaw(path, f"wrong keys ({', '.join(part) or 'none'}), needed are file and link")
        elif problem := _not_relative(part["file"]) or _wrong_placeholders(part["file"], shared=False):
            yield _flaw((*path, "file"), f"wrong path ({part['file']}), {problem}")


def _not_relative(path: str) -> str | None:
    """Why a path or glob could lead elsewhere, or None."""
    steps = path.split("/")
    if "\\" in path:
        return "steps are parted by `/`, not by a backslash"
    if path.startswith(("/", "~")) or ":" in steps[0]:
        return "it must be relative to the project or the home directory"
    if any(step in {"", ".", ".."} for step in steps):
        return "empty steps, `.` and `..` are not allowed"
    if any(step != step.strip() or step.endswith(".") for step in steps):
        return "a step may not begin or end with a space, or end with a dot"
    return None


def _no_glob(glob: str) -> str | None:
    if any(character in glob for character in "{}[]!"):
        return "allowed are `*`, `?` and `**` and nothing else"
    if any("**" in step and step != "**" for step in glob.split("/")):
        return "`**` stands for whole steps"
    if glob.strip("*?/") == "":
        return "it must name something"
    return None


def _wrong_placeholders(path: str, *, shared: bool) -> str | None:
    if any(character in path.replace(SLUG, "") for character in "{}"):
        return f"the only placeholder is {SLUG}"
    if any(character in path for character in "*?"):
        return "a path to write is no glob"
    if shared and SLUG in path:
        return f"a shared file has one path, without {SLUG}"
    if not shared and path.count(SLUG) != 1:
        return f"{SLUG} must be there once"
    return None


def _glob_not_confined(glob: str) -> str | None:
    """Why a glob may find what no agent is, or None. Its folders before the first pattern speak for all that lies below them."""
    folders, name = fixed_folders(glob), glob.rpartition("/")[2]
    if glob.count("/") > len(folders):
        return _not_confined("/".join((*folders, name))) or (
            None if any(word in step.casefold() for step in folders[1:] for word in _AGENT_WORDS)
            else f"a folder before the first pattern must be named after {', '.join(_AGENT_WORDS)}"
        )
    return _not_confined("/".join((*folders[: glob.count("/")], name)))


def _not_confined(path: str) -> str | None:
    """Why a path is no place for a format that does not come with agentsync, or None."""
    steps = [step.casefold() for step in PurePosixPath(path).parts]
    if len(steps) < 2 or not steps[0].startswith("."):
        return "it must lie below one dot-folder"
    below = steps[1:]
    if steps[0] in _FORBIDDEN or any(step in _FORBIDDEN or step in _NOT_BELOW for step in below):
        return "that folder is not for agents"
    if not steps[-1].endswith(_AGENT_ENDINGS):
        return f"the file must end in one of {', '.join(_AGENT_ENDINGS)}"
    if not any(word in step.replace(SLUG, "") for step in below for word in _AGENT_WORDS):
        return f"a folder or the file must be named after {', '.join(_AGENT_WORDS)}"
    return None
