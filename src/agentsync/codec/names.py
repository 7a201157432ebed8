"""Names and file names: what a format accepts, and the slug of a name that it does not.

Floor 3, pure. A slug is safe as a file name everywhere: ASCII letters, digits, `-`, `_` and `.`, no leading dot, no Windows device
name, at most 64 characters. It never travels back as a rename.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

from agentsync.codec.compiled import compile_format
from agentsync.formats.rules import Format, NameRules
from agentsync.model import Value
from agentsync.shapes import BadValue, text_of

_DEVICES = frozenset(["con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in "123456789")])


@lru_cache(maxsize=8192)
def slug(name: str, style: str = "kebab") -> str:
    """The name in lower-case ASCII, words joined by `-` (kebab) or `_` (snake); never empty, never a path.

    A name that leaves nothing gets `agent-` and eight hexadecimal digits of its SHA-256.

    >>> slug("Sales Coach"), slug("../../x"), slug("powershell-5.1-expert"), slug("FP&A Analyst")
    ('sales-coach', 'x', 'powershell-5.1-expert', 'fp-a-analyst')
    """
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    joint = "_" if style == "snake" else "-"
    kept = r"[^a-z0-9_]+" if style == "snake" else r"[^a-z0-9._-]+"
    text = re.sub(r"[._-]{2,}", joint, re.sub(kept, joint, text)).strip("-._")
    if style == "snake" and text[:1].isdigit():
        text = f"agent_{text}"
    text = text[:64].rstrip("-._")
    if not text or text.partition(".")[0] in _DEVICES:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        text = joint.join(part for part in ("agent", text[:48].rstrip("-._"), digest) if part)
    return text


def name_problem(rules: NameRules, name: str) -> str | None:
    """Why this format's client would not take the name, or None where it does."""
    least, most = rules.length
    if not least <= len(name) <= most:
        return f"a name has {least} to {most} characters"
    if rules.pattern is not None and not _pattern(rules.pattern).fullmatch(name):
        return f"a name must match {rules.pattern}"
    if rules.reserved and name.casefold() in _folded(rules.reserved):
        return "the name is reserved"
    return None


def is_builtin(rules: NameRules, name: str) -> bool:
    """Whether the client has an agent of its own that is called so."""
    return bool(rules.builtin) and (name.casefold() in _folded(rules.builtin) if rules.fold else name in rules.builtin)


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


@lru_cache(maxsize=256)
def _folded(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


def fitting_name(fmt: Format, name: str) -> str | None:
    """The name itself, without the blanks a client trims, where the format takes it, else its slug; None where neither fits."""
    if fmt.name.trim:
        name = name.strip()
    if name_problem(fmt.name, name) is None:
        return name
    candidate = slug(name, fmt.name.slug)
    for attempt in (candidate, candidate.replace(".", "-").replace("_", "-"), f"{candidate}-agent"):
        attempt = attempt[: fmt.name.length[1]].strip("-_.")
        if attempt and name_problem(fmt.name, attempt) is None:
            return attempt
    return None


def stem_of(fmt: Format, path: str) -> str:
    """The file name without the longest ending this format's files have (`.agent.md` before `.md`)."""
    name = path.rpartition("/")[2]
    for ending in compile_format(fmt).endings:
        if name.endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return name.rpartition(".")[0] or name


def path_name(fmt: Format, path: str) -> str:
    """The path below the agents folder without its ending (`team/planner`); the stem where no folder of the format is in the path."""
    stem = stem_of(fmt, path)
    for where in fmt.where:
        for pattern in where.read:
            folder = pattern.partition("*")[0]
            if "*" in pattern and folder and (at := f"/{path}".rfind(f"/{folder}")) >= 0:
                below = path[at + len(folder) :]
                return below.rpartition("/")[0] + "/" + stem if "/" in below else stem
    return stem


def stated_name(rules: NameRules, value: Value) -> str | None:
    """The name that a native value under the name's key states, None where it is empty. Raises BadValue for what is no text."""
    if isinstance(value, str):
        text = value
    elif rules.text_of:
        text = "" if value is None else text_of(value)
    else:
        raise BadValue(f"a text is needed ({value!r})")
    if not text.strip():
        return None
    return _cleaned(rules, text.strip() if rules.trim else text)


def _cleaned(rules: NameRules, name: str) -> str:
    """A name as the client makes it fit: characters it does not take become `-`, and never two in a row."""
    return name if rules.cleaned is None else re.sub("-+", "-", re.sub(f"[^{rules.cleaned}]", "-", name.strip()))


def placed_name(fmt: Format, source: str, path: str) -> str:
    """What `stem`, `path` or `folder` of a file says as a name."""
    if source == "folder":
        return folder_of(path)
    name = stem_of(fmt, path) if source == "stem" else path_name(fmt, path)
    return re.sub(r"[\s_]+", "-", name) if fmt.name.dashed else _cleaned(fmt.name, name)


def by_place(fmt: Format, path: str, unit: str) -> str | None:
    """What the client would call an agent at this path that says no name; a folder names it only where it is the agent."""
    sources = [s for s in fmt.name.source if s in ("stem", "path", "folder") and (s != "folder" or unit == "folder")]
    return placed_name(fmt, sources[0], path) if sources else None


def folder_of(path: str) -> str:
    """The name of the folder that holds the file."""
    return path.rpartition("/")[0].rpartition("/")[2]
