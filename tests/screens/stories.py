"""Stories: text files with commands, worlds and the screens a person sees. See README.md for how they are written.

A story is read into commands, each with its input, its expected screen and exit code; `play` runs them one after the other in a home
of their own and says what appeared; `told` writes a story again with other screens.
"""

from __future__ import annotations

import os
import re
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from agentsync.__main__ import main
from agentsync.commands.app import COMMANDS, load

FOLDER: Final = Path(__file__).parent / "stories"
WORLDS: Final = Path(__file__).parent / "worlds"
ANY: Final = "..."
SOAK: Final = bool(os.environ.get("AGENTSYNC_SOAK"))
"""Start the real program for each command, as people do. Else it is imported once, which takes a tenth of the time."""
_TIMEOUT: Final = 120
_NORMAL: Final[Sequence[tuple[str, str]]] = (
    (r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", "WHEN"),
    (r"\b\d+(\.\d+)? (ms|s)\b", "TIME"),
    (r"\b[0-9a-f]{64}\b|\b[0-9a-f]{40}\b", "HASH"),
    (r"\b[0-9a-f]{7,12}\.\.[0-9a-f]{7,12}\b", "HASH..HASH"),
    (r"(?<=commit )[0-9a-f]{7,12}\b", "HASH"),
)
"""What differs from run to run, and what stands for it. Longer hashes first."""


@dataclass(frozen=True)
class Step:
    """A command of a story. line: where it stands; end: the line after its screen. Both count from 0."""

    line: int
    end: int
    command: str
    given: str
    screen: tuple[str, ...]
    code: int = 0


@dataclass(frozen=True)
class Story:
    """A story as its file tells it."""

    path: Path
    lines: tuple[str, ...]
    steps: tuple[Step, ...]


def read(path: Path) -> Story:
    """The story in a file. Raises `ValueError` for an indented line that belongs to no command."""
    lines = path.read_text("utf-8").splitlines()
    steps: list[Step] = []
    at = 0
    while at < len(lines):
        if lines[at].startswith("  $ "):
            steps.append(_step(lines, at))
            at = steps[-1].end
        elif lines[at].startswith("  "):
            raise ValueError(f"{path}:{at + 1}: an indented line that no command stands before")
        else:
            at += 1
    return Story(path, tuple(lines), tuple(steps))


def _step(lines: Sequence[str], at: int) -> Step:
    end = at + 1
    given = ""
    while end < len(lines) and lines[end].startswith("  >"):
        given += lines[end][4:] + "\n"
        end += 1
    screen: list[str] = []
    last = end
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith("  ")) and not lines[end].startswith("  $ "):
        screen.append(lines[end][2:])
        end += 1
        if lines[end - 1].strip():
            last = end
    screen = screen[: len(screen) - (end - last)]
    code = 0
    if screen and (found := re.fullmatch(r"\[(\d+)\]", screen[-1])):
        code = int(found[1])
        screen = _stripped(screen[:-1])
    return Step(at, last, lines[at][4:], given, tuple(screen), code)


def _stripped(lines: Sequence[str]) -> list[str]:
    """Lines without empty ones at the end."""
    found = list(lines)
    while found and not found[-1].strip():
        found.pop()
    return found


def told(story: Story, seen: Sequence[Step]) -> str:
    """The story's text with the screens that were seen; a screen that fits what was expected stays as it is written."""
    lines = list(story.lines)
    for step, now in reversed(list(zip(story.steps, seen, strict=True))):
        if fits(step, now):
            continue
        first = step.line + 1 + step.given.count("\n")
        code = [f"  [{now.code}]"] if now.code else []
        lines[first : step.end] = [*(f"  {line}".rstrip() for line in now.screen), *code]
    return "\n".join(lines) + "\n"


def fits(step: Step, seen: Step) -> bool:
    """Whether what was seen is what was expected; a line of three dots stands for any lines."""
    if ANY not in step.screen:
        return (step.screen, step.code) == (seen.screen, seen.code)
    pattern = "".join("(?:.*\n)*" if line == ANY else re.escape(line) + "\n" for line in step.screen)
    return step.code == seen.code and re.fullmatch(pattern, "".join(f"{line}\n" for line in seen.screen)) is not None


# ---- playing ------------------------------------------------------------------------------------------------------


@dataclass
class Stage:
    """Where a story is played: a home folder, which is where it begins, and the folder it stands in now."""

    home: Path
    here: Path = field(init=False)

    def __post_init__(self) -> None:
        self.here = self.home

    def play(self, story: Story) -> Iterator[Step]:
        """Each command of the story as it went."""
        for step in story.steps:
            code, text = self._run(step)
            yield replace(step, screen=tuple(_stripped([line.rstrip() for line in self._normal(text).split("\n")])), code=code)

    def _run(self, step: Step) -> tuple[int, str]:
        words = shlex.split(step.command)
        settings: dict[str, str] = {}
        while re.match(r"[A-Z_]+=", words[0]):
            name, _, value = words.pop(0).partition("=")
            settings[name] = value
        name, *rest = words
        if own := _OWN.get(name):
            try:
                return own(self, rest, step.given)
            except OSError as error:
                return 1, f"{name}: {error.filename}: {error.strerror}"
        if name == "tty":
            return _on_terminal(_program(rest), self.here, self._environment(settings), step.given)
        if name == "agentsync" and hasattr(os, "fork") and not SOAK:
            return _forked(rest, self.here, self._environment(settings), step.given)
        done = subprocess.run(
            _program(words), input=step.given.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.here,
            env=self._environment(settings), timeout=_TIMEOUT, check=False,
        )
        return done.returncode, done.stdout.decode("utf-8", "replace").replace("\r\n", "\n")

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """The test's own, with the story's home, a width, and this very Python first on the path."""
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        temporary = self.home.parent / "temporary"
        temporary.mkdir(exist_ok=True)
        ours = {"HOME": str(self.home), "USERPROFILE": str(self.home), "PATH": path, "NO_COLOR": "1", "COLUMNS": "100", "PYTHONUNBUFFERED": "1",
                "TMPDIR": str(temporary), "TEMP": str(temporary)}
        return {**os.environ, **ours, **settings}

    def _normal(self, text: str) -> str:
        for path in {str(self.home.resolve()), str(self.home)}:
            text = text.replace(path, "~")
        text = re.sub(rf"{re.escape(str(self.home.parent))}\S*?temporary\S+", "TEMPORARY", text)
        for pattern, word in _NORMAL:
            text = re.sub(pattern, word, text)
        return text

    # The commands of stories that are no programs: each works alike everywhere, and fails where it does nothing.

    def cd(self, words: Sequence[str], given: str) -> tuple[int, str]:
        """cd FOLDER; without one, home."""
        self.here = (self.home if not words else self.here / words[0]).resolve(strict=True)
        return 0, ""

    def cat(self, words: Sequence[str], given: str) -> tuple[int, str]:
        """cat FILE prints it; cat > FILE and cat >> FILE write the input there."""
        if words[0] not in (">", ">>"):
            return 0, "".join((self.here / word).read_bytes().decode() for word in words)
        file = self.here / words[1]
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab" if words[0] == ">>" else "wb") as stream:
            stream.write(given.encode())
        return 0, ""

    def replace(self, words: Sequence[str], given: str) -> tuple[int, str]:
        """replace FILE OLD NEW: every OLD in the file, of which there must be one."""
        name, old, new = words
        data = (self.here / name).read_bytes()
        if old.encode() not in data:
            return 1, f"replace: {name} does not hold: {old}\n{data.decode(errors='replace')}"
        (self.here / name).write_bytes(data.replace(old.encode(), new.encode()))
        return 0, ""

    def grep(self, words: Sequence[str], given: str) -> tuple[int, str]:
        """grep TEXT FILE...: the lines that hold it, after the file's name where there are several."""
        text, *files = words
        found = [
            (f"{name}: " if len(files) > 1 else "") + line
            for name in files for line in (self.here / name).read_text("utf-8").splitlines() if text in line
        ]
        return int(not found), "\n".join(found)

    def find(self, words: Sequence[str], given: str) -> tuple[int, str]:
        """find FOLDER...: every file below, repositories left out."""
        files = (file for word in words for file in (self.here / word).rglob("*") if not file.is_dir() and ".git" not in file.parts)
        return 0, "\n".join(sorted(file.relative_to(self.here).as_posix() for file in files))

    def rm(self, words: Sequence[str], given: str) -> tuple[int, str]:
        """rm PATH...: files and whole folders."""
        for path in (self.here / word for word in words):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return 0, ""

    def mv(self, words: Sequence[str], given: str) -> tuple[int, str]:
        """mv OLD NEW."""
        (self.here / words[0]).rename(self.here / words[1])
        return 0, ""

    def world(self, words: Sequence[str], given: str) -> tuple[int, str]:
        """world NAME: play the story of that world first. Raises `AssertionError` where it does not go as it is told."""
        story = read(WORLDS / f"{words[0]}.txt")
        for step, seen in zip(story.steps, self.play(story), strict=True):
            assert fits(step, seen), f"the world {words[0]}: {step.command}\n" + "\n".join(seen.screen)
        return 0, ""


_Own = Callable[[Stage, Sequence[str], str], tuple[int, str]]
_OWN: Final[Mapping[str, _Own]] = {
    "cd": Stage.cd, "cat": Stage.cat, "replace": Stage.replace, "grep": Stage.grep, "find": Stage.find, "rm": Stage.rm, "mv": Stage.mv,
    "world": Stage.world,
}


def _program(words: Sequence[str]) -> list[str]:
    if words[0] == "agentsync":
        return [sys.executable, "-m", "agentsync", *words[1:]]
    if words[0] in ("git", "python"):
        return list(words)
    raise ValueError(f"a story does not know the command {words[0]}")


def _forked(words: Sequence[str], here: Path, environment: Mapping[str, str], given: str) -> tuple[int, str]:
    """`agentsync WORDS` in a process of its own that has imported everything already: what the program does, without its start."""
    _warm()
    with tempfile.TemporaryFile() as typed, tempfile.TemporaryFile() as screen:
        typed.write(given.encode())
        typed.seek(0)
        child = os.fork()
        if child == 0:
            code = 70
            try:
                for number, stream in enumerate((typed, screen, screen)):
                    os.dup2(stream.fileno(), number)
                os.chdir(here)
                os.environ.clear()
                os.environ.update(environment)
                sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, "r" if n == 0 else "w", encoding="utf-8", closefd=False) for n in range(3))
                sys.argv = ["agentsync", *words]
                tempfile.tempdir = None
                code = main()
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        screen.seek(0)
        return code, screen.read().decode("utf-8", "replace")


@cache
def _warm() -> None:
    """Import what commands import when they are called."""
    for name in COMMANDS:
        load(name)
    for module in ("ruamel.yaml", "msgspec", "filelock", "agentsync.sync", "agentsync.undo", "agentsync.containers.yaml_document"):
        import_module(module)


def _on_terminal(words: Sequence[str], here: Path, environment: Mapping[str, str], typed: str) -> tuple[int, str]:
    """Run a program with a terminal before it, and somebody who types; a terminal's codes are shown with `ESC` for their first sign."""
    import pty

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        words, stdin=theirs, stdout=theirs, stderr=theirs, cwd=here, env={**environment, "TERM": "xterm-256color"}, start_new_session=True,
    ) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        data = b""
        while select.select([ours], [], [], _TIMEOUT)[0]:
            try:
                read = os.read(ours, 65536)
            except OSError:             # the program closed its side
                break
            if not read:
                break
            data += read
        os.close(ours)
    return process.returncode, data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\x1b", "ESC")
