"""What the targets of one project are to one another: one folder is one target's, and `via` leans on a folder that is read anyway."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsync.config import ConfigError, load_hub
from agentsync.config_targets import duties
from agentsync.formats import SHIPPED, known_ids, load, load_all
from agentsync.formats.folders import keeps_limits, places_written, reads, shared_folder
from agentsync.hub import read_agent, selects, targets_of
from agentsync.model import HUB_FORMAT
from tests.conftest import Run
from tests.in_process import runner

AGENT = "---\nname: reviewer\ndescription: Reviews changes\ntools: Read, Grep\n---\n\nLook.\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(tmp_path, monkeypatch, capsys)


def hub_of(targets: str, more: str = "") -> str:
    return f"version: 1\nprojects:\n  shop:\n    path: ../shop\n    targets: {targets}\n{more}"


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_hub(text)
    return [f"{one.path}:{one.line}:{one.column}: {one.message} | {one.hint}" for one in caught.value.problems]


# ---- one folder ----------------------------------------------------------------------------------------------------


def test_only_these_shipped_formats_share_a_folder() -> None:
    """Each format writes a folder that no other one writes; where a client leaves no choice, it stands here."""
    for scope in ("project", "user"):
        shared = {(a.id, b.id): folder for a, b in combinations(load_all(), 2) if (folder := shared_folder(a, b, scope))}
        assert shared == {("kiro-cli-v3", "kiro-ide"): ".kiro/agents"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (hub_of("[claude-code, kiro-cli-v3, kiro-ide]"), [
            "agentsync.yaml:5:41: projects.shop.targets: kiro-cli-v3 and kiro-ide write the same folder (.kiro/agents), at most one of them can be"
            " a target | targets: {kiro-cli-v3: {}, kiro-ide: {via: kiro-cli-v3}}",
        ]),
        (hub_of("{kiro-ide: {}, kiro-cli-v3: {}}"), [
            "agentsync.yaml:5:29: projects.shop.targets: kiro-ide and kiro-cli-v3 write the same folder (.kiro/agents), at most one of them can be"
            " a target | targets: {kiro-ide: {}, kiro-cli-v3: {via: kiro-ide}}",
        ]),
        ("version: 1\ndefaults: {targets: [kiro-ide, kiro-cli-v3]}\n", [
            "agentsync.yaml:2:32: defaults.targets: kiro-ide and kiro-cli-v3 write the same folder (.kiro/agents), at most one of them can be"
            " a target | targets: {kiro-ide: {}, kiro-cli-v3: {via: kiro-ide}}",
        ]),
    ],
)
def test_two_targets_that_write_one_folder_are_told(text: str, expected: list[str]) -> None:
    assert problems(text) == expected


@pytest.mark.parametrize(
    "targets", ["[kiro-cli, kiro-ide]", "[kiro-ide]", "{kiro-ide: {}, kiro-cli-v3: {via: kiro-ide}}", "[antigravity, kimi-code]"]
)
def test_who_does_not_write_there_may_stand_beside(targets: str) -> None:
    load_hub(hub_of(targets))


@given(st.sets(st.sampled_from([name for name in known_ids() if load(name).direction != "read"]), min_size=2, max_size=6))
def test_targets_that_stand_together_write_apart(names: set[str]) -> None:
    """Where nothing is said, no target's new copies land where another of the project writes too."""
    chosen = sorted(names)
    if duties(("targets",), chosen, "project", SHIPPED):
        return
    for one, two in combinations(map(load, chosen), 2):
        assert not set(places_written(one, "project")) & set(places_written(two, "project"))


def test_it_is_told_before_anything_is_made(tmp_path: Path, run: Run) -> None:
    ran = run("init", "hub", "--to", "kiro-cli-v3,kiro-ide")
    assert (ran.code, (tmp_path / "hub").exists()) == (2, False)
    assert "--to: kiro-cli-v3 and kiro-ide write the same folder" in ran.err
    assert run("init", "hub").code == 0
    (tmp_path / "shop").mkdir()
    before = (tmp_path / "hub/agentsync.yaml").read_text()
    assert run("project", "add", "shop", "--to", "kiro-cli-v3,kiro-ide").code == 2
    assert (tmp_path / "hub/agentsync.yaml").read_text() == before


# ---- via -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ("{copilot: {via: claude-code}}", "copilot.via: the project has no such other target (claude-code), it has none"),
        ("{claude-code: {}, copilot: {via: copilot}}", "copilot.via: the project has no such other target (copilot), it has claude-code"),
        ("{claude-code: {}, cursor: {via: claude-code}}", "(claude-code), Cursor loads the agents of claude-code but does not keep the limits"),
        ("{cursor: {}, grok-cli: {via: cursor}}", "(cursor), Grok CLI loads the agents of cursor but is not known to keep the limits"),
        ("{codex: {}, copilot: {via: codex}}", "(codex), GitHub Copilot does not load the agents of codex"),
        ("{claude-code: {}, copilot: {via: claude-code, allow_widening: true}}", "copilot: nothing is written for a target that goes by"),
        ("{claude-code: {}, copilot: {via: claude-code, select: [a]}}", "copilot: nothing is written for a target that goes by"),
        ("{claude-code: {}, copilot: {via: claude-cod}}", "copilot.via: the project has no such other target (claude-cod)"),
    ],
)
def test_via_wants_a_target_whose_limits_the_client_keeps(targets: str, said: str) -> None:
    (told,) = problems(hub_of(targets))
    assert said in told
    assert told.startswith("agentsync.yaml:5:")
    assert not told.endswith("| None")


def test_via_holds_for_the_scope_its_format_says() -> None:
    text = "version: 1\nprojects:\n  me:\n    path: '~'\n    scope: user\n    targets: {claude-code: {}, copilot: {via: claude-code}}\n"
    (told,) = problems(text)
    assert "copilot.via: not allowed (claude-code), GitHub Copilot does not load the agents of claude-code" in told


@pytest.mark.parametrize(("name", "other"), [(rules.id, also.format) for rules in load_all() for also in rules.also_reads])
def test_via_is_allowed_where_the_data_says_enforced_and_nowhere_else(name: str, other: str) -> None:
    text = hub_of(f"{{{other}: {{}}, {name}: {{via: {other}}}}}")
    if keeps_limits(load(name), other, "project"):
        assert load_hub(text)
    else:
        assert len(problems(text)) == 1


def test_nothing_is_selected_for_a_target_that_goes_by_another() -> None:
    targets = {one.format: one for one in targets_of(load_hub(hub_of("{claude-code: {}, copilot: {via: claude-code}}")), "shop")}
    agent = read_agent("agents/reviewer.md", "agents", AGENT.encode(), load(HUB_FORMAT))
    assert agent is not None
    assert (selects(targets["claude-code"], agent), selects(targets["copilot"], agent)) == (True, False)


def test_no_second_copy_is_written_and_an_old_one_goes(tmp_path: Path, run: Run) -> None:
    (tmp_path / "shop").mkdir()
    assert run("init", "hub").code == 0
    hub = tmp_path / "hub"
    (hub / "agents/reviewer.md").write_text(AGENT)
    assert run("project", "add", "shop", "--to", "claude-code,copilot").code == 0
    first = run("push", "shop")
    assert first.code == 0
    assert "note: shop: GitHub Copilot also loads the copies of claude-code, so it finds 1 agent twice" in first.err
    assert "projects.shop.targets.copilot: {via: claude-code}" in first.err
    assert "twice" not in run("push", "shop").err  # once, not with every push
    copy = tmp_path / "shop/.github/agents/reviewer.agent.md"
    assert copy.exists()

    settings = hub / "agentsync.yaml"
    settings.write_text(settings.read_text().replace("[claude-code, copilot]", "{claude-code: {}, copilot: {via: claude-code}}")
                        .replace("- claude-code\n      - copilot", "{claude-code: {}, copilot: {via: claude-code}}"))
    assert "via: claude-code" in settings.read_text()
    ran = run("push", "shop")
    assert ran.code == 0
    assert "copilot: loads the copies of claude-code" in ran.err
    assert not copy.exists()
    assert (tmp_path / "shop/.claude/agents/reviewer.md").exists()
    told = json.loads(run("push", "shop", "--json").out)
    assert told["summary"]["via"] == [{"project": "shop", "target": "copilot", "via": "claude-code"}]
    assert told["changes"] == []
    listed = run("project", "list")
    assert "claude-code, copilot (via claude-code)" in listed.out
    (project,) = json.loads(run("project", "list", "--json").out)["projects"]
    assert (project["targets"], project["via"]) == (["claude-code", "copilot"], [{"target": "copilot", "via": "claude-code"}])
    (agent,) = json.loads(run("list", "--json").out)["agents"]
    assert agent["targets"] == ["claude-code", "copilot"]


def test_reads_knows_what_a_client_leaves_out() -> None:
    assert reads(load("gemini-cli"), ".gemini/agents/{slug}.md", "project")
    assert not reads(load("gemini-cli"), ".gemini/agents/_{slug}.md", "project")
    assert not reads(load("gemini-cli"), ".gemini/agents/{slug}.md", "nowhere")
