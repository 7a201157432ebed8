"""agentsync.lock: which file of a project is the copy of which agent, what it says, and the hub's commit it came from.

Floor 4, pure: text in, lines out, and back. One sorted line a copy, so that git merges it like any list; one with conflict markers
counts as absent. A line is written when its copy is written, and not again: the hub's commits alone change nothing here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

LOCK_FILE: Final = "agentsync.lock"
_HEAD: Final = "# Which file is the copy of which agent. Written by agentsync; commit it with the copies.\n"
_NONE: Final = "-"
_PLAIN: Final = re.compile(r'[^\s"#]+')
_CONFLICTED: Final = re.compile(r"^(<{7}|={7}|>{7})", re.MULTILINE)


@dataclass(frozen=True, slots=True, order=True)
class LockLine:
    """One copy. says: digest of what it says; commit: of the hub, None where the agent was not committed there."""

    agent: str
    target: str
    path: str
    entry: str
    says: str
    commit: str | None

    @property
    def place(self) -> tuple[str, str]:
        """Agent and target: each has one copy in a project."""
        return self.agent, self.target


def read_lock(text: str) -> dict[tuple[str, str], LockLine] | None:
    """The lines by agent and target; None for a file with conflict markers, or one that is no lock file."""
    if _CONFLICTED.search(text):
        return None
    found: dict[tuple[str, str], LockLine] = {}
    for raw in text.splitlines():
        if not raw.strip() or raw.startswith("#"):
            continue
        words = _split(raw)
        if words is None or len(words) != 6:
            return None
        agent, target, path, entry, says, commit = words
        line = LockLine(agent, target, path, entry, says, None if commit == _NONE else commit)
        found[line.place] = line
    return found


def write_lock(lines: Iterable[LockLine]) -> str:
    """The file's text; empty where there is no line."""
    rows = sorted(lines, key=lambda line: (line.agent, line.target))
    texts = (" ".join(map(_word, (r.agent, r.target, r.path, r.entry, r.says, r.commit or _NONE))) for r in rows)
    body = "".join(f"{text}\n" for text in texts)
    return _HEAD + body if body else ""


def updated(old: Mapping[tuple[str, str], LockLine], put: Iterable[LockLine], gone: Iterable[tuple[str, str]]) -> str:
    """The file's text with lines put in and others taken out. A line whose copy says the same keeps its commit."""
    lines = dict(old)
    for place in gone:
        lines.pop(place, None)
    for line in put:
        before = lines.get(line.place)
        same = before is not None and (before.path, before.entry, before.says) == (line.path, line.entry, line.says)
        if not same or (before is not None and before.commit is None and line.commit is not None):
            lines[line.place] = line
    return write_lock(lines.values())


def _word(text: str) -> str:
    """A word of a line; quoted as JSON where it holds blanks, quotes, `#` or nothing."""
    return text if _PLAIN.fullmatch(text) and text.isprintable() else json.dumps(text)


def _split(line: str) -> list[str] | None:
    """The words of a line, or None where it is none of ours."""
    plain = line.split()
    if all('"' not in word or word == '""' for word in plain):
        return ["" if word == '""' else word for word in plain]
    words = []
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|\S+', line):
        word = match[0]
        if word.startswith('"'):
            try:
                word = json.loads(word)
            except ValueError:
                return None
        words.append(word)
    return words
