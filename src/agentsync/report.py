"""What people and machines are told: problems, losses and outcomes as lines, as JSON objects and as an exit code.

Floor 1, pure. A line is spans of (style, text); `agentsync.commands.terminal` escapes and prints them. The words for each
status and kind of loss stand here and nowhere else; the reason of a single loss or problem comes with it, in `why` or `message`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from agentsync.model import LOSS_KINDS, Loss, LossKind, Problem, ordered

Style: TypeAlias = Literal["", "strong", "faint", "good", "warn", "bad", "hint", "name"]
Span: TypeAlias = tuple[Style, str]
Line: TypeAlias = tuple[Span, ...]
Status: TypeAlias = Literal["written", "unchanged", "skipped", "refused", "unreadable"]

JSON_VERSION: Final = 1

EXIT_CODES: Final[Mapping[int, str]] = {
    0: "done",
    1: "done, but something needs you",
    2: "usage or configuration",
    3: "input or output failed",
    70: "a bug in agentsync, with a report to paste",
    130: "interrupted",
}

_LOSS_STYLE: Final[Mapping[LossKind, Style]] = {
    "dropped": "warn", "approximated": "", "narrowed": "warn", "widened": "bad", "guessed": "",
}
_LOSS_MEANING: Final[Mapping[LossKind, str]] = {
    "dropped": "cannot be said there and was left out",
    "approximated": "was said in the nearest words there are",
    "narrowed": "a right was lost",
    "widened": "a right was gained",
    "guessed": "was not clear and was read as what it most likely means",
}
_STATUS_STYLE: Final[Mapping[Status, Style]] = {
    "written": "good", "unchanged": "", "skipped": "faint", "refused": "bad", "unreadable": "bad",
}
_STATUSES: Final[tuple[Status, ...]] = ("written", "unchanged", "skipped", "refused", "unreadable")

_REASON: Final = 200
"""So many characters of a reason are shown where not everything is asked for."""

NAMED: Final = 10
"""So many problems of files are listed one by one before the rest becomes a number."""


class Outcome(NamedTuple):
    """What became of one agent at one target, or of one source that gave no agent (`to` is None then)."""

    source: str
    name: str | None
    format: str | None
    to: str | None
    status: Status
    output: str | None = None
    losses: tuple[Loss, ...] = ()
    problems: tuple[Problem, ...] = ()
    read_losses: tuple[Loss, ...] = ()
    read_problems: tuple[Problem, ...] = ()
    """What there is to say of the source itself, the same for every target."""
    failed: bool = False
    """The disk failed, not the format: exit code 3."""


# ---- small words -------------------------------------------------------------------------------------------------

def plain_text(line: Sequence[Span]) -> str:
    """The line without its styles."""
    return "".join(text for _, text in line)


def text_line(text: str, style: Style = "") -> Line:
    """One span as a line."""
    return ((style, text),)


def hint_line(hint: str, indent: int = 0) -> Line:
    """`hint: ` and what to type."""
    return (("", " " * indent), ("faint", "hint: "), ("hint", hint))


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 agent`, `2 agents`, `5,000 agents`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def clip(text: str, width: int = 48) -> str:
    """The text as one line of at most `width` characters."""
    line = " ".join(text[: width * 8].split())
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def clip_path(path: str, width: int = 60) -> str:
    """The end of a path, which says more than its beginning: `…/agents/reviewer.md`."""
    if len(path) <= width:
        return path
    end = path[-(width - 2) :]
    return f"…/{end.partition('/')[2] or end}"


def some_paths(paths: Sequence[str]) -> str:
    """The first path and how many more."""
    return clip_path(paths[0]) + (f", … +{len(paths) - 1:,}" if len(paths) > 1 else "") if paths else ""


def some_of(names: Sequence[str]) -> str:
    """The first name and how many more: `api-designer, … +98`.

    >>> some_of(["a"]), some_of(["a", "b"]), some_of(["a", "b", "c"])
    ('a', 'a, b', 'a, … +2')
    """
    if len(names) <= 2:
        return ", ".join(clip(name) for name in names)
    return f"{clip(names[0])}, … +{len(names) - 1:,}"


def near(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that somebody who typed `word` most likely meant, or None.

    >>> near("opencod", ["opencode", "codex"]), near("Colour", ["color"]), near("zebra", ["color"])
    ('opencode', 'color', None)
    """
    from difflib import get_close_matches

    known = {candidate.casefold(): candidate for candidate in candidates}
    found = get_close_matches(word.casefold(), known, n=1, cutoff=0.6)
    return known[found[0]] if found else None


def did_you_mean(word: str, candidates: Sequence[str]) -> str:
    """` — did you mean X?`, or the list of what there is where nothing is near and the list is short.

    >>> did_you_mean("claude", ["codex", "claude-code", "claude-json"])
    ' — did you mean claude-code or claude-json?'
    """
    longer = [candidate for candidate in candidates if candidate.casefold().startswith(word.casefold())]
    if 0 < len(longer) <= 3:
        return f" — did you mean {' or '.join(longer)}?"
    if (found := near(word, candidates)) is not None:
        return f" — did you mean {found}?"
    return f"; there are {', '.join(candidates)}" if 0 < len(candidates) <= 40 else ""


# ---- problems ----------------------------------------------------------------------------------------------------

def place(problem: Problem) -> str:
    """`path:line:column: `, as far as it is known."""
    if problem.path is None:
        return "" if problem.line is None else f"line {problem.line}: "
    parts = [problem.path, *(str(number) for number in (problem.line, problem.column) if number is not None)]
    return ":".join(parts) + ": "


def problem_lines(problem: Problem, indent: int = 0) -> Iterator[Line]:
    """`path:line:column: message`, then its hint."""
    style: Style = {"error": "bad", "warning": "warn", "note": "faint"}[problem.severity]  # type: ignore[assignment]  # the three are styles
    label = "" if problem.severity == "error" else f"{problem.severity}: "
    yield (("", " " * indent), ("strong", place(problem)), (style, label), ("", problem.message))
    if problem.hint:
        yield hint_line(problem.hint, indent)


def problems_lines(problems: Iterable[Problem], *, full: bool = False, indent: int = 0) -> Iterator[Line]:
    """Problems one by one while they are few; of many with one code and message, the first places and a number."""
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        groups.setdefault((problem.code, problem.message), []).append(problem)
    shown = 0
    for (_, message), alike in groups.items():
        if full or len(alike) <= 3:
            for problem in alike:
                if shown < NAMED or full:
                    yield from problem_lines(problem, indent)
                shown += 1
            continue
        shown += len(alike)
        paths = [place(problem).removesuffix(": ") for problem in alike]
        yield (("", " " * indent), ("strong", f"{len(alike):,} files: "), ("", f"{message} "), ("faint", f"({some_paths(paths)})"))
        if alike[0].hint:
            yield hint_line(alike[0].hint, indent)
    if not full and shown > NAMED and (hidden := shown - NAMED - sum(len(g) for g in groups.values() if len(g) > 3)) > 0:
        yield (("", " " * indent), ("faint", f"… and {count(hidden, 'problem')} more; --losses lists them all"))


def problem_json(problem: Problem) -> dict[str, Any]:
    """The documented object of a problem."""
    return {
        "code": problem.code, "path": problem.path, "line": problem.line, "column": problem.column,
        "message": problem.message, "hint": problem.hint,
    }


def loss_json(loss: Loss) -> dict[str, Any]:
    """The documented object of a loss."""
    return {"kind": loss.kind, "field": loss.field, "value": loss.value, "why": loss.why}


# ---- groups: refusals and losses ---------------------------------------------------------------------------------

def refusal_lines(target: str, counts: Sequence[Span], refused: Sequence[tuple[str, Problem]], *, full: bool = False) -> Iterator[Line]:
    """`codex: 51 written, 99 refused: reason (api-designer, … +98)`, then what decides it.

    counts: the other parts of the head line. refused: (agent, the problem that refuses it). Several reasons get a line each;
    full: every reason whole, with every agent.
    """
    groups = _refusals(refused, full=full)
    named = ", ".join if full else some_of
    head: list[Span] = [("name", target), ("", ": ")]
    spans = [*counts, *([("bad", f"{len(refused):,} refused")] if refused else [])] or [("faint", "nothing to do")]
    for number, span in enumerate(spans):
        head += [("", ", "), span] if number else [span]  # type: ignore[list-item]  # the literals are spans
    if len(groups) == 1:
        message, hint, names = groups[0]
        yield (*head, ("", f": {message} "), ("faint", f"({named(names)})"))
        if hint:
            yield hint_line(hint, 2)
        return
    yield tuple(head)
    for message, hint, names in groups:
        yield (("", "  "), ("bad", f"{len(names):,} refused"), ("", f": {message} "), ("faint", f"({named(ordered(names))})"))
        if hint:
            yield hint_line(hint, 4)


def _refusals(refused: Sequence[tuple[str, Problem]], *, full: bool) -> list[tuple[str, str | None, list[str]]]:
    """Refusals by reason, most frequent first. Reasons of one code that differ in every agent become one group."""
    by_message: dict[tuple[str, str, str | None], list[str]] = {}
    for name, problem in refused:
        by_message.setdefault((problem.code, problem.message, problem.hint), []).append(name)
    messages: dict[str, int] = {}
    for code, _, _ in by_message:
        messages[code] = messages.get(code, 0) + 1
    groups: dict[tuple[str, str], tuple[str, str | None, list[str]]] = {}
    for (code, message, hint), names in by_message.items():
        crowded = messages[code] > 3 and not full
        key = (code, "" if crowded else f"{message}\0{hint}")
        shown = message if full else clip(message, _REASON)
        shown = f"{shown}; others like it" if crowded else shown
        groups.setdefault(key, (shown, hint, []))[2].extend(names)
    return sorted(groups.values(), key=lambda group: -len(group[2]))


def loss_group_lines(losses: Iterable[tuple[str, Loss]], indent: int = 2) -> Iterator[Line]:
    """Losses as (agent, loss), grouped by kind, field and reason: how many, why, and an example."""
    groups: dict[tuple[str, str, str], list[tuple[str, Loss]]] = {}
    for name, loss in losses:
        groups.setdefault((loss.kind, _field_group(loss.field), loss.why), []).append((name, loss))
    ranked = sorted(groups.items(), key=lambda item: (_LOSS_RANK[item[0][0]], "." in item[0][1], -len(item[1]), item[0]))
    wide = min(28, max((len(field) for (_, field, _), _ in ranked), default=0))
    digits = max((len(f"{len(found):,}") for _, found in ranked), default=0)
    for (kind, field, why), found in ranked:
        yield (
            ("", " " * indent), (_LOSS_STYLE[found[0][1].kind], f"{kind:<12} "), ("", f"{field:<{wide}} {len(found):>{digits},}  "),
            ("", f"{why} "), ("faint", f"({_example(found)})"),
        )
        hints = {loss.hint for _, loss in found if loss.hint}
        if hints:
            yield hint_line(min(hints) if len(hints) == 1 else f"{min(hints)} (and {len(hints) - 1:,} more like it)", indent + 2)


_LOSS_RANK: Final[Mapping[str, int]] = {"widened": 0, "narrowed": 1, "dropped": 2, "approximated": 3, "guessed": 4}


def _field_group(field: str) -> str:
    """The field itself; all native keys of a format are one group: `claude-code.*`."""
    owner, dot, _ = field.partition(".")
    return f"{owner}.*" if dot else field


def _example(found: Sequence[tuple[str, Loss]]) -> str:
    """`blue in api-designer, … +50`; the values alone where there are few of them; native keys by their names."""
    keys = ordered(loss.field.partition(".")[2] for _, loss in found)
    if keys[0]:
        values = [", ".join(keys[:4]) + (f", … +{len(keys) - 4:,}" if len(keys) > 4 else "")]
    else:
        values = list(dict.fromkeys(clip(loss.value, 40) for _, loss in found if loss.value))
    names = ordered(name for name, _ in found)
    if not values:
        return some_of(names)
    shown = ", ".join(values) if len(values) <= 3 and sum(map(len, values)) <= 60 else f"{values[0]}, … +{len(values) - 1:,}"
    return f"{shown} in {some_of(names)}"


def loss_table_lines(rows: Iterable[Outcome]) -> Iterator[Line]:
    """Every loss, by agent and field, with what each kind means at the end."""
    kinds: set[LossKind] = set()
    for (name, source), group in groupby(rows, key=lambda row: (row.name, row.source)):
        found = [(row.to or "", loss) for row in group for loss in (*row.read_losses, *row.losses)]
        found = list(dict.fromkeys(("read" if loss.kind == "guessed" else to, loss) for to, loss in found))
        if not found:
            continue
        kinds |= {loss.kind for _, loss in found}
        yield (("strong", name or "?"), ("faint", f"  {source}"))
        wide_to, wide_field = max(len(to) for to, _ in found), min(28, max(len(loss.field) for _, loss in found))
        for to, loss in found:
            yield (
                ("", "  "), ("name", f"{to:<{wide_to}}  "), (_LOSS_STYLE[loss.kind], f"{loss.kind:<12}  "),
                ("", f"{loss.field:<{wide_field}}  "), ("", f"{clip(loss.value, 60)}  " if loss.value else ""), ("faint", loss.why),
            )
    for kind in LOSS_KINDS:
        if kind in kinds:
            yield (("faint", f"{kind}: {_LOSS_MEANING[kind]}"),)


# ---- convert -----------------------------------------------------------------------------------------------------

def convert_lines(rows: Sequence[Outcome], *, seconds: float, check: bool = False, table: bool = False) -> Iterator[Line]:
    """The report of `convert`: the sources that gave no agent, then each target, then one summary line."""
    yield from _source_lines(rows, full=table)
    targets = dict.fromkeys(row.to for row in rows if row.to is not None)
    for target in targets:
        yield from _target_lines(target, [row for row in rows if row.to == target], check=check, grouped=not table)
    if table:
        yield from loss_table_lines(sorted((row for row in rows if row.to is not None), key=lambda row: row.source))
    yield summary_line(rows, seconds=seconds, check=check)


def _source_lines(rows: Sequence[Outcome], *, full: bool) -> Iterator[Line]:
    """What is to be said of the sources themselves: unreadable and skipped ones, and what reading had to guess."""
    alone = [row for row in rows if row.to is None]
    yield from problems_lines((p for row in alone if row.status == "unreadable" for p in row.problems), full=full)
    skipped = [row for row in alone if row.status == "skipped"]
    reasons: dict[str, list[str]] = {}
    for row in skipped:
        reasons.setdefault(row.problems[0].message if row.problems else "no agent to its assistant", []).append(row.source)
    for reason, sources in reasons.items():
        yield (("faint", f"{len(sources):,} skipped: {reason} ({some_paths(sources)})"),)
    once = {(row.source, row.name): row for row in rows if row.read_losses or row.read_problems}
    if not full:
        guessed = [(row.name or row.source, loss) for row in once.values() for loss in row.read_losses]
        if guessed:
            unclear = sum(bool(row.read_losses) for row in once.values())
            yield (("name", "reading"), ("", f": {count(unclear, 'agent')} not quite clear"))
        yield from loss_group_lines(guessed)
    found = [problem for row in once.values() for problem in row.read_problems]
    notes = [problem for problem in found if problem.severity == "note"]
    yield from problems_lines((found if full else [problem for problem in found if problem.severity != "note"]), full=full)
    if notes and not full:
        yield text_line(f"{count(len(notes), 'note')} on how files were read; --losses lists them", "faint")


def _target_lines(target: str, rows: Sequence[Outcome], *, check: bool, grouped: bool) -> Iterator[Line]:
    counts: list[Span] = [
        (_STATUS_STYLE[status], _status_words(status, number, check))
        for status in _STATUSES
        if status != "refused" and (number := sum(row.status == status for row in rows))
    ]
    refused = [(row.name or row.source, row.problems[0]) for row in rows if row.status == "refused" and row.problems]
    yield from refusal_lines(target, counts, refused, full=not grouped)
    if grouped:
        yield from loss_group_lines((row.name or row.source, loss) for row in rows for loss in row.losses)
    yield from _told_lines(rows)


def _told_lines(rows: Sequence[Outcome]) -> Iterator[Line]:
    """What else there is to say of copies, by message: `note: enforcement is not verified (reviewer, … +12)`."""
    groups: dict[tuple[str, str, str | None], list[str]] = {}
    for row in rows:
        for problem in row.problems if row.status != "refused" else row.problems[1:]:
            groups.setdefault((problem.severity, problem.message, problem.hint), []).append(row.name or row.source)
    for (severity, message, hint), names in groups.items():
        label = "" if severity == "error" else f"{severity}: "
        yield (("", "  "), ("faint", label), ("", f"{clip(message, _REASON)} "), ("faint", f"({some_of(ordered(names))})"))
        if hint:
            yield hint_line(hint, 4)


def _status_words(status: Status, number: int, check: bool) -> str:
    return f"{number:,} would be written" if check and status == "written" else f"{number:,} {status}"


def summary_line(rows: Sequence[Outcome], *, seconds: float, check: bool = False) -> Line:
    """`12 agents, 3 formats: 30 written, 6 refused (0.4 s)`: always the last line."""
    agents = len({(row.source, row.name) for row in rows if row.to is not None})
    targets = len({row.to for row in rows if row.to is not None})
    spans: list[Span] = [("strong", f"{count(agents, 'agent')} to {count(targets, 'format')}" if agents else "no agents"), ("", ": ")]
    parts = [
        (_STATUS_STYLE[status], _status_words(status, number, check))
        for status in _STATUSES
        if (number := sum(row.status == status for row in rows))
    ]
    for number, part in enumerate(parts or [("faint", "nothing to do")]):
        spans += [("", ", "), part] if number else [part]  # type: ignore[list-item]  # the literals are spans
    changed = sum(bool(row.losses) for row in rows)
    if changed:
        spans.append(("", f"; {count(changed, 'copy', 'copies')} with losses"))
    spans.append(("faint", f" ({duration(seconds)})"))
    return tuple(spans)


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min`."""
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def convert_json(row: Outcome, content: str | None = None) -> dict[str, Any]:
    """The documented object of one outcome; `content` only where nothing was written to disk."""
    found: dict[str, Any] = {
        "source": row.source, "name": row.name, "format": row.format, "to": row.to, "output": row.output, "status": row.status,
        "losses": [loss_json(loss) for loss in (*row.read_losses, *row.losses)],
        "problems": [problem_json(problem) for problem in (*row.problems, *row.read_problems)],
    }
    if content is not None:
        found["content"] = content
    return found


def convert_exit(rows: Iterable[Outcome], *, check: bool = False, strict: bool = False) -> int:
    """The exit code of `convert`: 3 where the disk failed, 1 where something needs the user, else 0.

    Under --check only a copy that would change (or, with --strict, a loss) needs the user: what was refused before is no news.
    """
    code = 0
    for row in rows:
        if row.failed:
            return 3
        if strict and (row.losses or row.read_losses):
            code = 1
        if row.status == "written" if check else row.status in ("refused", "unreadable"):
            code = 1
    return code
