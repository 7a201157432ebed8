"""The frame of the command line: the group of commands, loaded when called, and the one handler of every error.

A command is a module `agentsync.commands.NAME` holding one click command of that name. It takes the `Session` by
`@click.pass_obj`, returns its exit code (None is 0), raises `AgentsyncError` for what the user can mend, and never catches
what it cannot handle. `-C`, `--no-input` and the exit codes at the end of `--help` are added here, to every command alike.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from agentsync.commands.terminal import Terminal, escape
from agentsync.model import AgentsyncError, Problem
from agentsync.report import EXIT_CODES, did_you_mean, near, problem_lines

if TYPE_CHECKING:
    from agentsync.formats import Registry

BUG: Final = 70
INTERRUPTED: Final = 130


class Command(NamedTuple):
    """A command as the list of commands knows it, before its module is loaded."""

    help: str
    section: str
    needs_you: str | None = None
    """What exit code 1 means for it; None: it never gives 1."""


_FIND, _HUB, _SYNC = "Convert and look", "The hub", "Copies"
_UNDECIDED: Final = "done, but an agent was refused, unreadable or in somebody's way"

COMMANDS: Final[Mapping[str, Command]] = {
    "convert": Command(
        "Turn agents of one assistant into agents of others.", _FIND,
        f"{_UNDECIDED}; with --check: something would change; with --strict: any loss",
    ),
    "explain": Command("Say field by field what a file means, and what becomes of it elsewhere.", _FIND, "the assistant refuses this file"),
    "formats": Command("List the formats, or what one of them can say.", _FIND),
    "lint": Command("Find what is wrong with agents' files, as their assistants see them.", _FIND, "there are errors or warnings"),
    "init": Command("Make a hub, or make this project its own.", _HUB, _UNDECIDED),
    "adopt": Command("Take the agents of projects into the hub.", _HUB, "a copy is in conflict, refused, or could not be adopted"),
    "project": Command("Add, enable, list or remove the projects that receive agents.", _HUB),
    "new": Command("Begin a new agent in the hub.", _HUB),
    "list": Command("List the hub's agents.", _HUB, "an agent of the hub cannot be read"),
    "show": Command("Show one agent: what it says and where it goes.", _HUB, "the agent cannot be read"),
    "edit": Command("Open an agent in your editor, and check it afterwards.", _HUB, "the agent cannot be read any more"),
    "rename": Command("Give an agent another id.", _HUB),
    "remove": Command("Delete an agent of the hub.", _HUB),
    "exclude": Command("Leave an agent out of a project.", _HUB),
    "restore": Command("Have copies again that were deleted in a project.", _HUB, _UNDECIDED),
    "fork": Command("Make a project's version of an agent an agent of its own.", _HUB),
    "allow": Command("Let refused agents be written with wider rights.", _HUB),
    "skip": Command("Leave refused agents out where they are refused.", _HUB),
    "status": Command("Show how hub and copies stand.", _SYNC, "something needs you: a conflict, a held change, a refusal"),
    "diff": Command("Show what the next sync would change, line by line.", _SYNC),
    "push": Command("Bring the copies in projects up to the hub.", _SYNC, _UNDECIDED),
    "pull": Command("Take what was edited in copies into the hub.", _SYNC, _UNDECIDED),
    "sync": Command("Pull, then push.", _SYNC, _UNDECIDED),
    "watch": Command("Keep everything in sync until stopped.", _SYNC),
    "service": Command("Let the system keep everything in sync.", _SYNC, "status: nothing keeps this hub in sync, or something needs you"),
    "resolve": Command("Decide conflicts: what two sides changed differently.", _SYNC, "a conflict is left"),
    "approve": Command("Let held changes of copies into the hub, or turn them away.", _SYNC, "a change is still held"),
    "check": Command("Check, for CI, that copies say what they should.", _SYNC, "a copy is not what it should be, or stands where none should"),
    "doctor": Command("Say what is wrong on this machine, and what to do about it.", _HUB, "something needs you"),
    "hook": Command("Install, remove and run git hooks.", _SYNC, "a commit was stopped, or a hook is not installed"),
    "log": Command("List what was done: runs, newest first.", _SYNC),
    "undo": Command("Take back a run: files that still are what it left become what they were.", _SYNC, "a file was changed since and stays"),
}


@dataclass(slots=True)
class Session:
    """What every command is given: where its words go, and the hub that was named, if any."""

    terminal: Terminal
    hub: str | None = None
    """The value of `-C`; the environment and the folder around us are for `agentsync.config` to ask."""


class Frame(click.Group):
    """The `agentsync` group. It knows its commands by name and loads a module when its command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every name, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command, loaded now; None for a name nobody knows."""
        return load(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the near miss in the message."""
        if args and args[0] not in COMMANDS:
            found = near(args[0], COMMANDS)
            meant = f" — did you mean {found}?" if found else ""
            error = AgentsyncError(f"there is no command {args[0]}{meant}", hint=f"agentsync {found or ''} --help".replace("  ", " "))
            raise error
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The commands by section, without loading one of them."""
        for section in dict.fromkeys(command.section for command in COMMANDS.values()):
            rows = [(name, command.help) for name, command in COMMANDS.items() if command.section == section]
            with formatter.section(section):
                formatter.write_dl(rows)


def load(name: str) -> click.Command:
    """The click command of that name from its module, with what every command has."""
    module = importlib.import_module(f"agentsync.commands.{name}")
    command = next(item for item in vars(module).values() if isinstance(item, click.Command) and item.name == name)
    return _finished(command, name)


def _finished(command: click.Command, name: str) -> click.Command:
    """Add the options and the exit codes that every command has; a command that is a group hands them down."""
    known = {option for parameter in command.params for option in parameter.opts}
    command.params.extend(option for option in _common_options() if not known.intersection(option.opts))
    if command.epilog is None:
        command.epilog = _exit_codes(COMMANDS[name].needs_you)
    if isinstance(command, click.Group):
        for child in command.commands.values():
            _finished(child, name)
    return command


def _exit_codes(needs_you: str | None) -> str:
    """The end of a help page; `\\b` keeps click from joining the lines."""
    meanings = {**EXIT_CODES, 1: needs_you}
    return "\b\nExit codes:\n" + "\n".join(f"  {code:<4} {meaning}" for code, meaning in meanings.items() if meaning)


def _common_options() -> list[click.Option]:
    def set_hub(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None and isinstance(ctx.obj, Session):
            ctx.obj.hub = value

    def set_no_input(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value and isinstance(ctx.obj, Session):
            ctx.obj.terminal.no_input = True

    return [
        click.Option(["-C", "hub_folder"], metavar="DIR", expose_value=False, callback=set_hub, help="The hub to use."),
        click.Option(["--no-input"], is_flag=True, expose_value=False, callback=set_no_input, help="Never ask a question."),
    ]


def _show_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from agentsync import __version__

        click.echo(f"agentsync {__version__}")
        ctx.exit(0)


@click.group(
    cls=Frame,
    name="agentsync",
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    params=[
        *_common_options(),
        click.Option(
            ["--version", "-V"], is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version.",
        ),
    ],
    epilog=_exit_codes(EXIT_CODES[1]),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.pass_context
def app(ctx: click.Context) -> int | None:
    """One home for your agents, and true copies of them in every assistant's format.

    Without a command: where am I, what is here, and what to type next.
    """
    if ctx.invoked_subcommand is not None:
        return None
    from agentsync.commands.bare import where_am_i

    return where_am_i(ctx.obj)


# ---- the one handler of errors -----------------------------------------------------------------------------------

def run(arguments: Sequence[str]) -> int:
    """Run a command line and answer with its exit code. No exception leaves this function, and no traceback is shown."""
    terminal = Terminal()
    try:
        code = app.main(list(arguments), prog_name="agentsync", standalone_mode=False, obj=Session(terminal))
        _flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        return _usage(terminal, error)
    except click.ClickException as error:
        terminal.say(problem_lines(Problem("usage", error.format_message())))
        return 2
    except (KeyboardInterrupt, click.Abort):
        terminal.say([(("", "interrupted"),)])
        return INTERRUPTED
    except AgentsyncError as error:
        terminal.say(problem_lines(error.problem))
        return error.exit_code
    except BrokenPipeError:
        return _abandon_output()
    except SystemExit as end:
        # click ends this way where nobody reads our output any more (1), and after it printed a shell's completion (0).
        return _abandon_output() if end.code else 0
    except OSError as error:
        where = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else None
        reason = error.strerror or str(error) or type(error).__name__
        terminal.say(problem_lines(Problem("io", reason[:1].lower() + reason[1:], path=where)))
        return 3
    except Exception as error:
        return _bug(terminal, error, arguments)
    return code if isinstance(code, int) else 0


def _usage(terminal: Terminal, error: click.UsageError) -> int:
    """A wrong command line: what is wrong, and where its help is."""
    path = error.ctx.command_path if error.ctx is not None else "agentsync"
    message = error.format_message().rstrip(".")
    terminal.say(problem_lines(Problem("usage", message[:1].lower() + message[1:], hint=f"{path} --help")))
    return 2


def choice_error(what: str, value: str, candidates: Sequence[str], hint: str | None = None) -> AgentsyncError:
    """The error for a value that is none of the candidates, with the near miss; what every command raises for a wrong id."""
    return AgentsyncError(f"there is no {what} {value}{did_you_mean(value, candidates)}", hint=hint)


def formats_of(names: Sequence[str], formats: Registry) -> tuple[str, ...]:
    """The ids of `a,b` and repeated options, each once.

    AgentsyncError for one that is no format, with the near miss, and for one of somebody's own that is broken or not trusted.
    """
    ids = tuple(dict.fromkeys(part.strip() for name in names for part in name.split(",") if part.strip()))
    for format_id in ids:
        if format_id not in formats.ids():
            raise choice_error("format", format_id, formats.ids(), hint="agentsync formats")
        formats.load(format_id)
    return ids


def _flush() -> None:
    """Write out what is buffered now, where a broken pipe can still be handled."""
    sys.stdout.flush()
    sys.stderr.flush()


def _abandon_output() -> int:
    """Nobody reads our output any more: keep the interpreter from complaining about that when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError, AttributeError):
            continue
    return 3


def _bug(terminal: Terminal, error: Exception, arguments: Sequence[str]) -> int:
    """An error that nobody foresaw: a report in the state folder, or printed where that cannot be written."""
    report = bug_report(error, arguments)
    terminal.say([(("bad", "this is a bug in agentsync"), ("", f": {type(error).__name__}: {str(error)[:200]}"))])
    try:
        where = _write_report(report)
    except OSError:
        terminal.say([((("faint", line)),) for line in report.splitlines()])
        terminal.say([(("", "please paste the lines above into an issue; look through them first"),)])
        return BUG
    terminal.say([(("", f"a report is in {where}: please look through it and paste it into an issue"),)])
    return BUG


def bug_report(error: BaseException, arguments: Sequence[str]) -> str:
    """What a maintainer needs to know, as text to paste: versions, the command line, the traceback."""
    import platform
    import traceback

    from agentsync import __version__

    return "\n".join([
        "agentsync bug report",
        f"agentsync {__version__}, Python {platform.python_version()}, {platform.platform()}",
        "command: " + " ".join(["agentsync", *(escape(argument) for argument in arguments)]),
        "",
        *(escape(line, keep="\n") for line in "".join(traceback.format_exception(error)).splitlines()),
        "",
    ])


def _write_report(report: str) -> Path:
    import time

    import platformdirs

    folder = Path(platformdirs.user_state_dir("agentsync", appauthor=False)) / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"report-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    path.write_text(report, encoding="utf-8", errors="backslashreplace")
    return path


__all__: Final[list[Any]] = ["COMMANDS", "Session", "app", "bug_report", "choice_error", "formats_of", "load", "run"]
