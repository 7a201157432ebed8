"""The terminal: what a person sees, made safe. Results go to standard output, everything else to standard error.

Every text is escaped on its way to a terminal, whoever wrote it: a file that agentsync reads can hold codes that move
the cursor, hide words or turn them round. Colour, progress and questions appear only on a terminal; `NO_COLOR` and
`--no-input` are obeyed. rich is imported only where there is a terminal to draw on.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from agentsync.report import Line, Span, Style, plain_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# Controls (C0, DEL, C1), soft hyphen and fillers that show nothing, zero-width and bidirectional marks, line and
# paragraph separators, lone surrogates, the byte order mark, interlinear marks, and plane 14 (tags, variation selectors).
_HIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800"
    "\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_COLUMNS: Final = 100
_SHORT: Final = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}

_STYLES: Final[dict[Style, str]] = {
    "": "",
    "strong": "bold",
    "faint": "bright_black",
    "good": "green",
    "warn": "yellow",
    "bad": "bold red",
    "hint": "cyan",
    "name": "bold cyan",
}


def escape(text: str, *, keep: str = "") -> str:
    """The text with every character that could act on a terminal, or hide in it, written as its code; `keep` stays.

    >>> escape("red\\x1b[31m " + chr(0x202E))
    'red\\\\x1b[31m \\\\u202e'
    """

    def code(match: re.Match[str]) -> str:
        found = match.group()
        if found in keep:
            return found
        number = ord(found)
        return _SHORT.get(found) or (f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")

    return _HIDDEN.sub(code, text)


class Progress(Protocol):
    """Something that is told how far a long piece of work has come."""

    def __call__(self, done: int, total: int | None = None) -> None:
        """`done` of `total` steps are behind us; None: nobody knows how many there are."""


def _silent(done: int, total: int | None = None) -> None:
    """Progress nobody watches."""


class Terminal:
    """Where the words of one run go. Built once by `agentsync.commands.app` and passed on as `Session.terminal`."""

    def __init__(self, *, no_input: bool = False, out: IO[str] | None = None, err: IO[str] | None = None) -> None:
        self.stdout = sys.stdout if out is None else out
        self.stderr = sys.stderr if err is None else err
        self.out_is_terminal = _is_terminal(self.stdout)
        self.err_is_terminal = _is_terminal(self.stderr)
        self.no_input = no_input
        self._consoles: dict[bool, Console] = {}

    @property
    def can_ask(self) -> bool:
        """Whether there is a person to ask."""
        return not self.no_input and self.err_is_terminal and _is_terminal(sys.stdin)

    def result(self, text: str) -> None:
        """Print text that is the answer asked for, byte for byte where it goes into a file or a pipe.

        On a terminal it is escaped, but for line ends and tabs.
        """
        if self.out_is_terminal:
            self.stdout.write(escape(text.removeprefix("\ufeff").replace("\r\n", "\n"), keep="\n\t"))
            return
        buffer = getattr(self.stdout, "buffer", None)
        if buffer is None:
            self.stdout.write(text)
            return
        self.stdout.flush()
        buffer.write(text.encode("utf-8", "surrogateescape"))
        buffer.flush()

    def print(self, lines: Iterable[Line]) -> None:
        """Print lines that are the answer asked for (a list, a table) on standard output."""
        self._lines(lines, to_out=True)

    def say(self, lines: Iterable[Line]) -> None:
        """Print lines about the work on standard error."""
        self._lines(lines, to_out=False)

    @property
    def width(self) -> int:
        """The columns of standard output."""
        return _width(self.stdout)

    def ask(self, question: str, *, default: bool = False) -> bool:
        """Ask yes or no; the default where nobody can be asked."""
        if not self.can_ask:
            return default
        self.stderr.write(f"{escape(question)} [{'Y/n' if default else 'y/N'}] ")
        self.stderr.flush()
        answer = sys.stdin.readline().strip().lower()
        return default if not answer else answer in ("y", "yes")

    def choose(self, question: str, words: Sequence[str]) -> str:
        """Ask for one of several words, or its number; the last one where nobody can be asked or nothing fits."""
        if not self.can_ask:
            return words[-1]
        listed = "  ".join(f"{number} {word}" for number, word in enumerate(words, 1))
        self.stderr.write(f"{escape(question)}: {escape(listed)} [{escape(words[-1])}] ")
        self.stderr.flush()
        answer = sys.stdin.readline().strip()
        if answer.isdigit() and 1 <= int(answer) <= len(words):
            return words[int(answer) - 1]
        return answer if answer in words else words[-1]

    @contextmanager
    def progress(self, title: str, *, after: float = 0.5) -> Iterator[Progress]:
        """Show how far a long piece of work has come, once it has taken `after` seconds; nothing off a terminal."""
        if not self.err_is_terminal:
            yield _silent
            return
        bar = _Bar(self._console(to_out=False), title, after)
        try:
            yield bar
        finally:
            bar.close()

    def _lines(self, lines: Iterable[Line], *, to_out: bool) -> None:
        stream = self.stdout if to_out else self.stderr
        if self.out_is_terminal if to_out else self.err_is_terminal:
            console = self._console(to_out=to_out)
            for line in lines:
                for text in wrapped(line, console):
                    console.print(text, soft_wrap=True, highlight=False, markup=False, emoji=False)
            return
        for line in lines:
            _write(stream, escape(plain_text(line), keep="\t") + "\n")
        stream.flush()

    def _console(self, *, to_out: bool) -> Console:
        if to_out not in self._consoles:
            from rich.console import Console

            # rich reads NO_COLOR and TERM itself.
            stream = self.stdout if to_out else self.stderr
            self._consoles[to_out] = Console(file=stream, width=_width(stream), highlight=False, legacy_windows=False)
        return self._consoles[to_out]


class _Bar:
    """A rich progress bar that appears only when the work turns out to be long."""

    def __init__(self, console: Console, title: str, after: float) -> None:
        self._console, self._title = console, title
        self._start = time.monotonic() + after
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, done: int, total: int | None = None) -> None:
        if self._bar is None:
            if time.monotonic() < self._start:
                return
            from rich import progress

            self._bar = progress.Progress(
                progress.SpinnerColumn(),
                progress.TextColumn("{task.description}", markup=False),
                progress.BarColumn(bar_width=30),
                progress.MofNCompleteColumn(),
                progress.TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(escape(self._title), total=total)
        self._bar.update(self._task, completed=done, total=total)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):
        return False


def _width(stream: IO[str]) -> int:
    """The columns of the terminal that is drawn on: standard output may be a file while standard error is a screen."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdigit() and int(stated) > 0:
        return int(stated)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    except (OSError, ValueError, AttributeError):
        return _COLUMNS


def _write(stream: IO[str], text: str) -> None:
    """Write text to a stream whose encoding may not know all of it (a Windows code page)."""
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = getattr(stream, "encoding", None) or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def styled(line: Line) -> Text:
    """The line as rich text, with nothing in it that could act on the terminal."""
    from rich.text import Text

    text = Text()
    for style, words in line:
        text.append(escape(words), style=_STYLES[style])
    return text


def wrapped(line: Line, console: Console) -> Sequence[Text]:
    """The line as rich text, wrapped to the console with its continuation indented two beyond its own indentation."""
    from rich.text import Text

    text = styled(line)
    if text.cell_len <= console.width:
        return [text]
    indent = len(text.plain) - len(text.plain.lstrip(" "))
    hang = _hang(line, indent, console.width)
    first, *rest = text.wrap(console, console.width)[:1]
    first.rstrip()
    remaining = text[len(first.plain) :]
    remaining = remaining[len(remaining.plain) - len(remaining.plain.lstrip(" ")) :]
    for piece in remaining.wrap(console, max(20, console.width - hang)):
        piece.rstrip()
        rest.append(Text(" " * hang) + piece)
    return [first, *rest]


def _hang(line: Sequence[Span], indent: int, width: int) -> int:
    """Where a wrapped line goes on: two further in; an indented line or a hint under the last of its columns that begins early."""
    column, found = 0, 0
    if indent == 0 and line[0] != ("faint", "hint: ") and line[0] != ("", ""):
        return 2
    for _, words in line:
        if indent < column <= width * 2 // 5:
            found = column
        column += len(words)
    return found or indent + 2
