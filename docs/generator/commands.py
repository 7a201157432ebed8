"""docs/commands.md: every command with its options, as click knows them. Pure; texts come out."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Final

import click

from agentsync.commands.app import COMMANDS, app, load
from agentsync.report import EXIT_CODES
from generator.markdown import code, pages_of, table

_COMMON: Final = frozenset(option for parameter in app.params for option in parameter.opts) | {"--help"}


def commands_page() -> str:
    """The whole page."""
    return pages_of(
        "<!-- Made by docs/generate.py from the help of each command: `make docs` writes it again. -->",
        "# Commands",
        "`agentsync COMMAND --help` says the same. What `--json` prints is documented in [json.md](json.md).",
        _page("agentsync", app, 2),
        "These options stand before or after the command, and every command takes them but `--version`. Exit codes are the same everywhere:",
        table(("exit code", ""), [(str(number), meaning) for number, meaning in EXIT_CODES.items()]),
        *(part for name, known in COMMANDS.items() for part in _pages(f"agentsync {name}", load(name), 2, known.needs_you)),
    )


def _pages(name: str, command: click.Command, level: int, needs_you: str | None) -> Iterator[str]:
    yield _page(name, command, level, needs_you)
    if isinstance(command, click.Group):
        for child, inner in command.commands.items():
            yield from _pages(f"{name} {child}", inner, level + 1, needs_you)


def _page(name: str, command: click.Command, level: int, needs_you: str | None = None) -> str:
    """One command: how it is called, what it does, its options, and what exit code 1 means if it gives that."""
    context = click.Context(command, info_name=name, **app.context_settings)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    options = [option for option in command.get_params(context) if isinstance(option, click.Option)]
    if command is not app:
        options = [option for option in options if _COMMON.isdisjoint(option.opts)]
    return pages_of(
        f"{'#' * level} {name}",
        f"```text\n{usage}\n```",
        *_paragraphs(command.help or ""),
        table(("option", ""), [(_spelled(option), _said(option)) for option in options]) if options else "",
        f"Exit code 1: {needs_you}." if needs_you else "",
    )


def _spelled(option: click.Option) -> str:
    """`-o PATH`, `-n`, `--dry-run`: every spelling, the value after the last."""
    value = "" if option.is_flag or option.count else f" {option.metavar or _value(option)}"
    return ", ".join(code(name) for name in option.opts[:-1]) + (", " if len(option.opts) > 1 else "") + code(option.opts[-1] + value)


def _value(option: click.Option) -> str:
    return "|".join(map(str, option.type.choices)) if isinstance(option.type, click.Choice) else option.type.name.upper()


def _said(option: click.Option) -> str:
    extra = [f"default: {option.default}"] if option.show_default and not option.is_flag else []
    extra += ["may be repeated"] if option.multiple else []
    return " ".join(filter(None, (option.help or "", f"({'; '.join(extra)})" if extra else "")))


def _paragraphs(text: str) -> Iterator[str]:
    """Help text as Markdown: click's `\\b` marks a paragraph whose lines stay as they are."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        kept, _, lines = paragraph.partition("\b\n")
        if not lines:
            yield " ".join(paragraph.split())
        elif kept.strip():
            yield paragraph
        else:
            title, *rest = lines.split("\n")
            block = "\n".join(line.removeprefix("  ") for line in (rest if not title.startswith(" ") else [title, *rest]))
            yield pages_of("" if title.startswith(" ") else title, f"```text\n{block}\n```")
