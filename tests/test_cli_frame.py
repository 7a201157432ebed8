"""The frame of the command line: help, version, errors, exit codes, what a terminal is shown."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

import agentsync
from agentsync.commands import app as frame
from agentsync.commands.terminal import Terminal, escape
from agentsync.model import AgentsyncError, Problem, Unreadable
from tests.conftest import Run

ROOT = Path(__file__).resolve().parents[1]


def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException) -> tuple[int, str]:
    """Run a command that raises, through the real handler; gives the exit code and standard error."""

    @click.command(name="formats")
    def failing() -> None:
        raise error

    monkeypatch.setattr(frame, "load", lambda _: failing)
    code = frame.run(["formats"])
    return code, capsys.readouterr().err


def test_version_is_one_number_everywhere(run: Run) -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert agentsync.__version__ == stated
    for option in ("--version", "-V"):
        assert run(option).out == f"agentsync {stated}\n"
    assert run("--no-input", "--version").out == f"agentsync {stated}\n"


def test_the_version_imports_nothing_heavy() -> None:
    script = (
        "import sys, runpy; sys.argv = ['agentsync', '--version']\n"
        "try: runpy.run_module('agentsync', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'click', 'yaml', 'msgspec', 'rich', 'sqlite3', 'platformdirs'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_loads_no_command() -> None:
    script = (
        "import sys\nfrom agentsync.commands.app import run\nrun(['--help'])\n"
        "print(sorted(n for n in sys.modules if n.startswith('agentsync.commands.')), 'yaml' in sys.modules, 'rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "['agentsync.commands.app', 'agentsync.commands.terminal'] False False"


@pytest.mark.parametrize("name", list(frame.COMMANDS))
def test_every_help_ends_with_the_exit_codes(run: Run, name: str) -> None:
    ran = run(name, "--help")
    assert ran.code == 0, ran.err
    codes = ran.out.partition("Exit codes:\n")[2].split("\n")
    assert codes[0].split() == ["0", "done"]
    assert "130" in codes[-2]
    assert ("  1  " in ran.out.partition("Exit codes:")[2]) == (frame.COMMANDS[name].needs_you is not None)
    assert "--no-input" in ran.out


def test_a_command_nobody_knows_is_answered_with_the_nearest(run: Run) -> None:
    ran = run("convrt", "x")
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err == "there is no command convrt — did you mean convert?\nhint: agentsync convert --help\n"
    assert run("zzzzzz").err == "there is no command zzzzzz\nhint: agentsync --help\n"


def test_a_wrong_option_is_a_usage_error(run: Run) -> None:
    ran = run("formats", "--jsn")
    assert ran.code == 2
    assert "--json" in ran.err
    assert ran.err.endswith("hint: agentsync formats --help\n")


def test_an_error_is_a_place_a_message_and_a_hint(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem("bad", "no such mode (turbo), fast or slow", path="hub/agentsync.yaml", line=3, column=7, hint="agentsync formats")
    assert call(monkeypatch, capsys, AgentsyncError(problem)) == (
        2, "hub/agentsync.yaml:3:7: no such mode (turbo), fast or slow\nhint: agentsync formats\n",
    )
    assert call(monkeypatch, capsys, Unreadable("cannot be read"))[0] == 3


def test_a_failing_disk_is_named_with_its_path(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, err = call(monkeypatch, capsys, PermissionError(13, "Permission denied", "/somewhere/file.md"))
    assert (code, err) == (3, "/somewhere/file.md: permission denied\n")


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, err = call(monkeypatch, capsys, KeyboardInterrupt())
    assert (code, err.strip()) == (130, "interrupted")


def test_a_bug_leaves_a_report_and_shows_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path,
) -> None:
    code, err = call(monkeypatch, capsys, ZeroDivisionError("odd \x1b[31m"))
    assert code == 70
    assert "Traceback" not in err
    assert "\x1b" not in err
    [report] = home.rglob("report-*.txt")
    assert str(report) in err
    text = report.read_text(encoding="utf-8")
    assert f"agentsync {agentsync.__version__}, Python {sys.version.split()[0]}" in text
    assert "command: agentsync formats" in text
    assert "ZeroDivisionError: odd \\x1b[31m" in text


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/proc").exists(), reason="needs a path that nobody can write to")
def test_a_bug_is_printed_where_the_report_cannot_be_written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    code, err = call(monkeypatch, capsys, ZeroDivisionError("odd"))
    assert code == 70
    assert "agentsync bug report" in err
    assert "ZeroDivisionError: odd" in err


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "agentsync", "formats", "--json"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False)
    os.close(writing)
    assert done.returncode == 3
    assert done.stderr == ""


ACTING = ("\x1b", "\x9b", "\x07", "\x00", "\x7f", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\U000e0041", "\U000e0100", "\udc80")


@pytest.mark.parametrize("bad", ACTING)
def test_nothing_that_acts_on_a_terminal_gets_through(bad: str) -> None:
    shown = escape(f"a{bad}b\nc")
    assert bad not in shown
    assert shown.isprintable()
    assert shown.startswith("a\\")


def test_harmless_text_stays_as_it_is() -> None:
    text = "Prüft Code – 审查, ✅ 🚀 [bold]x[/bold]"
    assert escape(text) == text


def test_a_result_is_exact_in_a_pipe_and_escaped_on_a_terminal() -> None:
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    text = "\ufeff---\r\nname: a\x1b[2J\r\n"
    raw = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Terminal(out=raw).result(text + "\udcff")
    raw.flush()
    assert raw.buffer.getvalue() == text.encode() + b"\xff"  # type: ignore[attr-defined]  # it is the BytesIO above
    os.environ["TERM"] = "xterm"
    screen = Tty()
    Terminal(out=screen).result(text)
    assert screen.getvalue() == "---\nname: a\\x1b[2J\n"


def on_a_terminal(arguments: list[str], cwd: Path, **extra: str) -> str:
    """What `agentsync ARGUMENTS` writes to a real pseudo-terminal."""
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    main, side = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", **extra}
    process = subprocess.Popen([sys.executable, "-m", "agentsync", *arguments], stdin=side, stdout=side, stderr=side, cwd=cwd, env=env)
    os.close(side)
    seen = b""
    while True:
        try:
            chunk = os.read(main, 65536)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
    os.close(main)
    process.wait(timeout=60)
    return seen.decode()


def test_colour_only_on_a_terminal_and_not_under_no_color(tmp_path: Path, run: Run) -> None:
    assert "\x1b[" in on_a_terminal(["convrt"], tmp_path)
    assert "\x1b[3" not in on_a_terminal(["convrt"], tmp_path, NO_COLOR="1")
    assert "\x1b" not in run("convrt").err
