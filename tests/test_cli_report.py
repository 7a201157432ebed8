"""The words of the report: groups, examples, summary, exit code. Pure: no process, no terminal."""

from __future__ import annotations

import pytest

from agentsync.model import Loss, Problem
from agentsync.report import (
    Outcome,
    convert_exit,
    convert_json,
    convert_lines,
    did_you_mean,
    duration,
    loss_group_lines,
    plain_text,
    problem_lines,
    problems_lines,
    refusal_lines,
    summary_line,
)

NO_LIST = Problem("rights-refused", "Codex CLI holds no agent to a tool list", hint="agentsync convert x --to codex --allow-widening")
NO_COLOUR = "Codex CLI has no place for it"


def row(name: str, status: str = "written", to: str | None = "codex", *losses: Loss, problems: tuple[Problem, ...] = ()) -> Outcome:
    return Outcome(f"{name}.md", name, "claude-code", to, status, f"{name}.toml", losses, problems)  # type: ignore[arg-type]  # a status


def text(lines: object) -> list[str]:
    return [plain_text(line) for line in lines]  # type: ignore[attr-defined]  # lines


def test_refusals_of_one_reason_are_one_line_with_the_command_that_decides_them() -> None:
    refused = [(f"agent-{number}", NO_LIST) for number in range(99)]
    assert text(refusal_lines("codex", [("good", "51 written")], refused)) == [
        "codex: 51 written, 99 refused: Codex CLI holds no agent to a tool list (agent-0, … +98)",
        "  hint: agentsync convert x --to codex --allow-widening",
    ]


def test_each_reason_has_its_line_most_frequent_first() -> None:
    other = Problem("name-refused", "Codex CLI does not take the name")
    assert text(refusal_lines("codex", [], [("a", other), ("b", NO_LIST), ("c", NO_LIST)])) == [
        "codex: 3 refused",
        "  2 refused: Codex CLI holds no agent to a tool list (b, c)",
        "    hint: agentsync convert x --to codex --allow-widening",
        "  1 refused: Codex CLI does not take the name (a)",
    ]


def test_reasons_that_differ_in_every_agent_become_one_group() -> None:
    refused = [(f"a{number}", Problem("gain", f"gains tool-{number}")) for number in range(9)]
    assert text(refusal_lines("codex", [], refused)) == ["codex: 9 refused: gains tool-0; others like it (a0, … +8)"]


def test_losses_are_grouped_by_kind_field_and_reason_and_a_widening_comes_first() -> None:
    blue, red = Loss("dropped", "color", "blue", NO_COLOUR), Loss("dropped", "color", "red", NO_COLOUR)
    wider = Loss("widened", "rights", "shell", "Codex CLI cannot hold the agent to less")
    assert text(loss_group_lines([("a", blue), ("b", blue), ("c", red), ("c", wider)])) == [
        "  widened      rights 1  Codex CLI cannot hold the agent to less (shell in c)",
        "  dropped      color  3  Codex CLI has no place for it (blue, red in a, … +2)",
    ]


def test_a_hint_of_many_values_is_one_and_a_number() -> None:
    losses = [("a", Loss("dropped", "model", f"m{n}", "no such model", f"models: {{m{n}: {{codex: …}}}}")) for n in range(3)]
    assert text(loss_group_lines(losses))[1] == "    hint: models: {m0: {codex: …}} (and 2 more like it)"


def test_a_few_files_are_named_and_many_are_counted() -> None:
    few = [Problem("syntax", "no closing fence", f"{n}.md", 1) for n in range(2)]
    assert text(problems_lines(few)) == ["0.md:1: no closing fence", "1.md:1: no closing fence"]
    many = [Problem("syntax", "no closing fence", f"{n}.md", 1) for n in range(40)]
    assert text(problems_lines(many)) == ["40 files: no closing fence (0.md:1, … +39)"]
    different = [Problem("syntax", f"bad key {n}", f"{n}.md", 1) for n in range(40)]
    assert text(problems_lines(different))[-1] == "… and 30 problems more; --losses lists them all"
    assert len(text(problems_lines(different, full=True))) == 40


def test_a_note_says_that_it_is_one() -> None:
    assert text(problem_lines(Problem("x", "odd", "a.md", 3, 4, severity="note"))) == ["a.md:3:4: note: odd"]


def test_the_whole_report_ends_with_a_summary() -> None:
    blue = Loss("dropped", "color", "blue", NO_COLOUR)
    rows = [
        Outcome("README.md", None, "claude-code", None, "skipped", problems=(Problem("no-head", "no head", severity="note"),)),
        Outcome("bad.md", None, "claude-code", None, "unreadable", problems=(Problem("syntax", "no YAML", "bad.md", 2, 1),)),
        row("a", "written", "codex", blue),
        row("b", "refused", "codex", problems=(NO_LIST,)),
        row("a", "unchanged", "opencode"),
        row("b", "written", "opencode"),
    ]
    assert text(convert_lines(rows, seconds=0.25)) == [
        "bad.md:2:1: no YAML",
        "1 skipped: no head (README.md)",
        "codex: 1 written, 1 refused: Codex CLI holds no agent to a tool list (b)",
        "  hint: agentsync convert x --to codex --allow-widening",
        "  dropped      color 1  Codex CLI has no place for it (blue in a)",
        "opencode: 1 written, 1 unchanged",
        "2 agents to 2 formats: 2 written, 1 unchanged, 1 skipped, 1 refused, 1 unreadable; 1 copy with losses (0.2 s)",
    ]
    assert "1 would be written, 1 unchanged" in text(convert_lines(rows, seconds=0.25, check=True))[-2]


def test_a_note_on_many_copies_is_one_line() -> None:
    note = Problem("enforcement-unverified", "Cursor: enforcement is not verified", severity="note")
    lines = text(convert_lines([row(f"a{n}", to="cursor", problems=(note,)) for n in range(5)], seconds=0))
    assert lines[:2] == ["cursor: 5 written", "  note: Cursor: enforcement is not verified (a0, … +4)"]


def test_the_table_names_every_loss_and_says_what_its_kind_means() -> None:
    blue = Loss("dropped", "color", "blue", NO_COLOUR)
    assert text(convert_lines([row("a", "written", "codex", blue)], seconds=1, table=True)) == [
        "codex: 1 written",
        "a  a.md",
        "  codex  dropped       color  blue  Codex CLI has no place for it",
        "dropped: cannot be said there and was left out",
        "1 agent to 1 format: 1 written; 1 copy with losses (1.0 s)",
    ]


@pytest.mark.parametrize(
    ("rows", "check", "strict", "code"),
    [
        ([], False, False, 0),
        ([row("a")], False, False, 0),
        ([row("a"), row("b", "refused", problems=(NO_LIST,))], False, False, 1),
        ([row("a", "unreadable", None)], False, False, 1),
        ([row("a", "skipped", None)], False, False, 0),
        ([row("a", "written", "codex", Loss("dropped", "color", "blue", ""))], False, False, 0),
        ([row("a", "written", "codex", Loss("dropped", "color", "blue", ""))], False, True, 1),
        ([row("a")._replace(read_losses=(Loss("guessed", "format", "", ""),))], False, True, 1),
        ([row("a")], True, False, 1),
        ([row("a", "unchanged"), row("b", "refused", problems=(NO_LIST,))], True, False, 0),
        ([row("a", "unchanged", "codex", Loss("dropped", "color", "blue", ""))], True, True, 1),
        ([row("a", "unreadable", None)._replace(failed=True), row("b", "refused")], False, False, 3),
        ([row("a", "refused")._replace(failed=True)], True, False, 3),
    ],
)
def test_the_exit_code(rows: list[Outcome], check: bool, strict: bool, code: int) -> None:
    assert convert_exit(rows, check=check, strict=strict) == code


def test_json_is_as_documented() -> None:
    found = convert_json(row("a", "written", "codex", Loss("dropped", "color", "blue", "why"), problems=(NO_LIST,)), "text")
    assert list(found) == ["source", "name", "format", "to", "output", "status", "losses", "problems", "content"]
    assert found["losses"] == [{"kind": "dropped", "field": "color", "value": "blue", "why": "why"}]
    assert list(found["problems"][0]) == ["code", "path", "line", "column", "message", "hint"]
    assert "content" not in convert_json(row("a"))


def test_small_words() -> None:
    assert did_you_mean("opencod", ["opencode", "codex"]) == " — did you mean opencode?"
    assert did_you_mean("zzz", ["opencode", "codex"]) == "; there are opencode, codex"
    assert [duration(s) for s in (0.04, 9.9, 31, 600)] == ["0.0 s", "9.9 s", "31 s", "10 min"]
    assert plain_text(summary_line([], seconds=0)) == "no agents: nothing to do (0.0 s)"
