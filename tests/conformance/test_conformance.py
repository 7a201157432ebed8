"""The suite around the clients: what is asked, what is written down, and that a wrong format is found. The clients themselves are asked
by `make conformance`."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import Any

import pytest

from agentsync.formats import load
from tests.conformance import opencode
from tests.conformance.__main__ import main, spread
from tests.conformance.cases import Case, table
from tests.conformance.changed import changed
from tests.conformance.clients import CLIENTS
from tests.conformance.compare import disagreements, entry_of
from tests.conformance.install import find_python, with_parts
from tests.conformance.libraries import session_of
from tests.conformance.sessions import Loaded, Session
from tests.conformance.suite import EVERY, batches
from tests.conformance.table import HEAD, PAGE, Row, rows_of, with_rows

CASES = {case.id: case for case in table()}


# --- the clients ------------------------------------------------------------------------------------------------------


def test_every_client_has_a_format_that_it_is_asked_about() -> None:
    assert {adapter.client for adapter in EVERY.values()} == {client.id for client in CLIENTS.values() if client.part_of is None}
    assert {client.part_of for client in CLIENTS.values()} - {None} <= set(CLIENTS)


def test_what_a_client_needs_is_installed_before_it() -> None:
    assert with_parts(["roo", "cline", "vibe"]) == ["node", "roo-yaml", "roo", "cline", "vibe"]


def test_a_python_that_is_not_there_is_named() -> None:
    with pytest.raises(LookupError, match=r"no Python 2\.0 or 2\.1"):
        find_python(("2.0", "2.1"))


def test_cases_are_spread_over_all_of_them() -> None:
    every = list(CASES.values())
    assert spread(every, None) == every
    some = spread(every, 10)
    assert len({case.id for case in some}) == 10
    assert len({case.id.partition("-")[0] for case in some}) > 4


def test_a_script_that_breaks_off_is_a_complaint() -> None:
    lines = '{"name": "a", "prompt": "x", "tools": []}\n{"name": null, "error": "/p/b: bad"}\nnoise\n'
    whole = session_of(lines + '"end"\n', "", Path("/p"))
    assert (whole.agents["a"], whole.complaints) == (Loaded("a", system="x", tools=()), ("b: bad",))
    assert session_of(lines, "Traceback: boom", Path("/p")).complaints == ("b: bad", "it did not come to its end: Traceback: boom")


# --- a wrong format is found ------------------------------------------------------------------------------------------


def _as_opencode_does(permission: Any) -> tuple[str, ...]:
    """The tools that a permission map leaves, by the client's rule: of those that match the last one counts."""
    allowed: list[str] = []
    for tool in [*opencode.TOOLS, "my-srv_one", "my-srv_two_x"]:
        action: Any = "allow"
        key = "edit" if tool in ("write", "apply_patch") else tool
        for name, value in (permission or {}).items():
            if fnmatch.fnmatchcase(key, name):
                action = value if isinstance(value, str) else next(reversed(value.values()))
        allowed += [tool] if action != "deny" and tool != "invalid" else []
    return tuple(allowed)


def _disagreed(case: Case, *settings: str) -> list[str]:
    """What is found where opencode is given what a changed format writes."""
    fmt = changed(load("opencode"), settings)
    found: list[str] = []
    for batch in batches(opencode.ADAPTER, fmt, [case]):
        for item in batch:
            keys = entry_of(fmt, item.document, item.back.name).keys
            tools = _as_opencode_does(keys.get("permission"))
            loaded = Loaded(item.back.name, item.back.description, item.agent.prompt, None, tools)
            found += disagreements(opencode.ADAPTER, fmt, item, Session({loaded.name: loaded}))
    return found


@pytest.mark.parametrize("case", ["rights-deny-shell", "rights-deny-web", "rights-mcp-deny-tool"])
def test_a_format_that_is_wrong_about_what_is_not_listed_is_found(case: str) -> None:
    assert _disagreed(CASES[case]) == []
    found = _disagreed(CASES[case], "rights.unlisted=denied")
    assert "tools: the client gives read.file, agentsync says that the file does not" in found


@pytest.mark.skipif(CLIENTS["opencode"].missing() is not None, reason="opencode is not installed")
def test_the_real_opencode_finds_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opencode", "--set", "rights.unlisted=denied", "--only", "rights-deny", "--optional", "--install-seconds", "0"]) == 1
    assert "tools: the client gives read.file, agentsync says that the file does not" in capsys.readouterr().out


@pytest.mark.parametrize("setting", ["nothing", "no.such.key=1", "rights.unlisted=perhaps"])
def test_a_change_that_is_none_is_refused(setting: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opencode", "--set", setting, "--install-seconds", "0"]) == 2
    assert capsys.readouterr().err


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_names_every_client_once() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = rows_of(text)
    assert list(rows) == list(EVERY)
    assert with_rows(text, rows) == text
    for name, row in rows.items():
        assert row.client == EVERY[name].client
        assert (row.date == "-") == (row.cases == "-") == (row.agreed == "-")
        if row.date != "-":
            assert int(row.agreed) <= int(row.cases)
    assert sum(row.date != "-" for row in rows.values()) >= 16


def test_a_table_is_read_as_it_was_written() -> None:
    page = "a\n<!-- generated: conformance -->\n<!-- end -->\nz\n"
    rows = {"x": Row("x", "c", "1.0", "2026-01-02", "5", "4"), "y": Row("y", "c", "1.0")}
    text = with_rows(page, rows)
    assert text.startswith(f"a\n<!-- generated: conformance -->\n| {' | '.join(HEAD)} |\n| --- |")
    assert rows_of(text) == rows
    assert rows_of(page) == {}
