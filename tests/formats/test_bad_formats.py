"""A format file that is wrong is refused with every message it deserves, each with its line and column."""

from __future__ import annotations

import pytest
from bad_formats import CASES, GOOD

from agentsync.formats import FormatError, known_ids, load, load_text
from agentsync.formats.check import one_fallback
from agentsync.model import AgentsyncError, Problem

PATH = "formats/gizmo.yaml"


def problems_of(text: str, *, shipped: bool = True, path: str = PATH) -> tuple[Problem, ...]:
    with pytest.raises(FormatError) as raised:
        load_text(text, path, shipped=shipped)
    return raised.value.problems


def told(problem: Problem) -> str:
    return f"{problem.line}:{problem.column}: {problem.message}" + (f" | {problem.hint}" if problem.hint else "")


def fits(message: str, expected: str) -> bool:
    """Equal, or equal but for what `…` leaves out before the hint."""
    before, dots, after = expected.partition("…")
    return message == expected if not dots else message.startswith(before) and message.endswith(after)


def test_the_file_that_the_cases_change_is_good() -> None:
    assert load_text(GOOD, PATH, shipped=True).id == "gizmo"


@pytest.mark.parametrize(("old", "new", "expected"), [pytest.param(*case[1:], id=case[0].replace(" ", "-")) for case in CASES])
def test_every_message(old: str, new: str, expected: list[str]) -> None:
    assert old in GOOD, "the case changes nothing"
    found = problems_of(GOOD.replace(old, new, 1))
    messages = [told(problem) for problem in found]
    assert len(messages) == len(expected), messages
    assert all(fits(message, wanted) for message, wanted in zip(messages, expected, strict=True)), messages
    assert {problem.path for problem in found} == {PATH}


def test_no_case_is_there_twice() -> None:
    names = [case[0] for case in CASES]
    assert len(set(names)) == len(names)


def test_problems_come_in_the_order_of_the_text() -> None:
    text = GOOD.replace("revision: 1", "revision: 0").replace("empty: none", "empty: nothing").replace("title: Gizmo", 'title: ""')
    found = problems_of(text)
    assert [problem.line for problem in found] == [2, 5, 19]


def test_the_error_is_a_users_error_and_says_where() -> None:
    with pytest.raises(AgentsyncError) as raised:
        load_text(GOOD.replace("revision: 1", "revision: 0"), PATH, shipped=True)
    assert str(raised.value) == "formats/gizmo.yaml:5:11: revision: too small (0), at least 1 is needed"
    assert raised.value.exit_code == 2


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(FormatError) as raised:
        load("claud-code")
    assert raised.value.problem.message == f"no such format (claud-code), known are {', '.join(known_ids())}"
    assert raised.value.problem.hint == "did you mean `claude-code`?"


@pytest.mark.parametrize(("write", "read", "why"), [
    ("agents/{slug}.md", "agents/*.md", "it must lie below one dot-folder"),
    (".git/agents/{slug}.md", ".git/agents/*.md", "that folder is not for agents"),
    (".GitHub/Workflows/agent-{slug}.yaml", ".GitHub/Workflows/agent-*.yaml", "that folder is not for agents"),
    (".gizmo/.ssh/agents/{slug}.md", ".gizmo/.ssh/agents/*.md", "that folder is not for agents"),
    (".gizmo/agents/{slug}.sh", ".gizmo/agents/*.sh", "the file must end in one of .md, .mdc, .markdown, .toml, .json, .jsonc, .yaml, "
     ".yml, .txt"),
    (".gizmo/{slug}.md", ".gizmo/*.md", "a folder or the file must be named after agent, mode, droid, persona, prompt, role"),
    (".bashrc-{slug}.md", ".bashrc-*.md", "it must lie below one dot-folder"),
])
def test_a_format_of_the_users_own_is_confined(write: str, read: str, why: str) -> None:
    text = GOOD.replace(".gizmo/agents/{slug}.md", write).replace(".gizmo/agents/**/*.md", read)
    load_text(text, PATH, shipped=True)
    assert [told(problem) for problem in problems_of(text, shipped=False)] == [f"7:29: where[0].write: not allowed here ({write}), {why}"]


def test_a_format_of_the_users_own_keeps_to_one_folder_takes_no_shipped_id_and_is_no_fallback() -> None:
    second = '\n  - {scope: project, write: ".other/agents/{slug}.md", read: [".other/agents/*.md"]}\ndocument:'
    assert [told(problem) for problem in problems_of(GOOD.replace("\ndocument:", second), shipped=False)] == [
        "8:29: where[1].write: a second folder (.other/agents/{slug}.md), everything must lie below .gizmo"
    ]
    assert [told(problem) for problem in problems_of(GOOD.replace("id: gizmo", "id: codex"), shipped=False, path="x/codex.yaml")] == [
        "1:5: id: the id is taken (codex), it belongs to a format that comes with agentsync"
    ]
    claiming = GOOD.replace("native:", "detect: {keys: [$fallback]}\nnative:")
    assert [told(problem) for problem in problems_of(claiming, shipped=False)] == [
        "26:17: detect.keys[0]: not allowed here ($fallback), only a format that comes with agentsync may be the fallback"
    ]
    assert load_text(GOOD, "elsewhere/gizmo.yml", shipped=False).id == "gizmo"


def test_one_format_at_most_is_the_fallback() -> None:
    claiming = GOOD.replace("native:", "detect: {keys: [$fallback]}\nnative:")
    first = load_text(claiming, PATH, shipped=True)
    second = load_text(claiming.replace("id: gizmo", "id: gadget"), "formats/gadget.yaml", shipped=True)
    assert one_fallback([first]) is None
    assert one_fallback([first, second]) == "detect.keys: $fallback stands in several formats (gizmo, gadget), at most one may have it"
