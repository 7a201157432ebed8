"""agentsync.yaml and the user's configuration: what is wrong is said with its place and its mend; edits keep the rest."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from agentsync.config import ConfigError, TargetOptions, hub_schema, load_hub, load_user, satisfied
from agentsync.containers.yaml_document import delete_path, set_path
from agentsync.hub import HubAgent, agent_id, models_for, options_of, selected, selects, targets_of, unknown_patterns
from agentsync.model import Agent

FULL = """\
version: 1
requires: ">=0.1"
branch: main
agents: .claude/agents
defaults:
  targets: [claude-code, opencode]
  select: ["*"]
models:
  sonnet: {opencode: anthropic/claude-sonnet-4-5, codex: gpt-5.5}
projects:
  shop:
    path: ../shop              # beside the hub
    repo: github.com/acme/shop
    dir: services/api
    targets:
      claude-code: {}
      copilot: {select: ["tag:open"]}
      codex: {allow_widening: true}
      gemini-cli: {on_refused: skip}
      opencode:
    select: ["shop/*", "tag:backend", "!experimental-*"]
    mode: two-way
    track: leave
    lock: true
    adopt: ask
  me: {path: "~", scope: user, targets: [claude-code]}
  plain: {path: ../plain}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load_hub(text)
    return [f"{p.line}: {p.message}" + (f" | {p.hint}" if p.hint else "") for p in error.value.problems]


def test_everything_the_design_names_is_understood() -> None:
    found = load_hub(FULL)
    assert found.agents == ".claude/agents"
    assert list(options_of(found, found.projects["shop"])) == ["claude-code", "copilot", "codex", "gemini-cli", "opencode"]
    assert options_of(found, found.projects["shop"])["codex"] == TargetOptions(allow_widening=True)
    assert list(options_of(found, found.projects["plain"])) == ["claude-code", "opencode"]
    by_format = {target.format: target for target in targets_of(found, "shop")}
    assert by_format["copilot"].narrow == ("tag:open",)
    assert by_format["gemini-cli"].skip_refused
    assert by_format["codex"].models == {"sonnet": "gpt-5.5"}
    assert models_for(found, "claude-code") == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 2\n", ["1: version: no such value (2), allowed are 1"]),
        ("branch: main\n", ["1: a key is missing (version), it holds one of 1"]),
        ("version: 1\nagent: x\n", ["2: unknown key (agent), allowed are version, requires, branch, agents, defaults, models, projects"
                                    " | did you mean `agents`?"]),
        ("version: 1\nprojects:\n  shop:\n    pth: ../shop\n", ["4: projects.shop: unknown key (pth)", "did you mean `path`?"]),
        ("version: 1\nprojects:\n  shop: {mode: push}\n", ["3: projects.shop: it says neither `path` nor `repo`, one of them is needed"]),
        ("version: 1\nprojects:\n  shop:\n    path: ../shop\n    mode: both\n",
         ["5: projects.shop.mode: no such value (both), allowed are "]),
        ("version: 1\nprojects:\n  shop:\n    path: ../shop\n    targets: [claude-code, opencod]\n",
         ["5: projects.shop.targets: no such format (opencod), known are ", " | did you mean `opencode`?"]),
        ("version: 1\nprojects:\n  a:\n    path: x\n    targets:\n      codx: {}\n", ["6: projects.a.targets: no such format (codx)", "`codex`?"]),
        ("version: 1\nprojects:\n  shop:\n    path: x\n    targets: [agentsync]\n", ["5: projects.shop.targets: no such format (agentsync)"]),
        ("version: 1\nprojects:\n  'a b': {path: x}\n", ["3: projects: no name for a project (a b)"]),
        ("version: 1\nprojects:\n  me: {path: /home, scope: user}\n", ['3: projects.me.path: no such value (/home), allowed is "~"']),
        ("version: 1\nprojects:\n  a: {path: x, dir: ../y}\n", ["3: projects.a.dir: no such value (../y)"]),
        ("version: 1\nagents: ../x\n", ["2: agents: no such value (../x)"]),
        ("version: 1\nagents: .git/x\n", ["2: agents: no such value (.git/x)"]),
        ("version: 1\nrequires: soon\n", ["2: requires: no such value (soon)"]),
        ("version: 1\nmodels:\n  sonnet: {codex: 5.5}\n", ["3: models.sonnet.codex: wrong type (5.5), allowed is a text"]),
        ("version: 1\ndefaults: {select: [*]}\n", ["2: ", "quotes"]),
        ("version: 1\ndefaults:\n  select:\n    - !old\n", ["4: tags are not allowed", "put it in quotes"]),
        ("version: 1\ndefaults: {select: [*a]}\n", ["2: aliases are not allowed", "put it in quotes"]),
        ("version: 1\nversion: 1\n", ["2: the key is there twice (version)"]),
        ("version: 1\nprojects: [\n", ["no valid YAML"]),
        ("", ["1: wrong type"]),
    ],
)
def test_what_is_wrong_is_said_with_place_and_mend(text: str, expected: list[str]) -> None:
    said = "\n".join(problems(text))
    for part in expected:
        assert part in said, said


def test_everything_wrong_is_told_at_once() -> None:
    text = "version: 1\nprojects:\n  a: {path: x, targets: [codx]}\n  b: {}\n  c: {path: x, dir: /y}\n"
    assert [line.split(":")[0] for line in problems(text)] == ["3", "4", "5"]


HOSTILE = ["a: &x [1]\nb: *x\n", "[" * 5000, "a: " + "[" * 40 + "]" * 40, "x" * 300_000, "\x00", "a: !!python/object:os.system x"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_configuration_costs_nothing(text: str) -> None:
    with pytest.raises(ConfigError):
        load_hub("version: 1\n" + text)


def test_requires_compares_numbers_not_texts() -> None:
    assert satisfied(">=0.9", "0.10")
    assert not satisfied(">=0.10", "0.9")
    assert satisfied("==1.0", "1.0.0")
    assert not satisfied(">=1, <2", "2.0")


def test_the_user_may_have_no_configuration() -> None:
    assert load_user("", "config.yaml").hubs == {}
    with pytest.raises(ConfigError) as error:
        load_user("hub: ~/agents\nroot: [~/code]\n", "config.yaml")
    assert error.value.problem.hint == "did you mean `roots`?"


def test_edits_keep_comments() -> None:
    text = set_path(FULL, ("projects", "shop", "targets", "opencode", "on_refused"), "skip")
    assert load_hub(text).projects["shop"].targets["opencode"] == TargetOptions(on_refused="skip")  # type: ignore[index,call-overload]  # a map here
    assert "path: ../shop              # beside the hub" in text
    without = delete_path(FULL, ("projects", "plain"))
    assert FULL.replace("  plain: {path: ../plain}\n", "") == without


def test_the_shipped_schema_is_the_one_of_the_types() -> None:
    shipped = json.loads(files("agentsync").joinpath("agentsync.schema.json").read_text(encoding="utf-8"))
    assert shipped == json.loads(json.dumps(hub_schema()))


# ---- selection ----------------------------------------------------------------------------------------------------


def agent(identity: str, *tags: str, targets: list[str] | None = None) -> HubAgent:
    own = {"tags": list(tags), **({} if targets is None else {"targets": targets})}
    return HubAgent(identity, f"agents/{identity}.md", "", "", "read", Agent(identity.rpartition("/")[2], "p", extra={"agentsync": own}))


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*"], {"a", "shop/a", "shop/x-1", "x-2"}),
        (["shop/*"], {"shop/a", "shop/x-1"}),
        (["a"], {"a"}),
        (["shop/a", "x-2"], {"shop/a", "x-2"}),
        (["*", "!x-*"], {"a", "shop/a"}),
        (["!x-*"], {"a", "shop/a"}),
        (["x-*"], {"shop/x-1", "x-2"}),
        (["*", "!shop/*", "!a"], {"x-2"}),
        ([], set()),
    ],
)
def test_selections(patterns: list[str], expected: set[str]) -> None:
    assert {i for i in ("a", "shop/a", "shop/x-1", "x-2") if selected(i, [], patterns)} == expected


def test_tags_select_and_exclude() -> None:
    assert selected("a", ["open"], ["tag:open"])
    assert not selected("a", ["open"], ["tag:closed"])
    assert not selected("a", ["open"], ["*", "!tag:open"])


def test_a_target_narrows_its_project_and_an_agent_names_its_targets() -> None:
    shop = {target.format: target for target in targets_of(load_hub(FULL), "shop")}
    assert selects(shop["codex"], agent("shop/a"))
    assert not selects(shop["copilot"], agent("shop/a"))
    assert selects(shop["copilot"], agent("shop/a", "open"))
    assert not selects(shop["copilot"], agent("other", "open"))
    assert not selects(shop["codex"], agent("shop/a", targets=["claude-code"]))
    assert selects(shop["claude-code"], agent("shop/a", targets=["claude-code"]))


def test_ids_that_name_nothing_are_told_with_the_near_miss() -> None:
    agents = [agent("reviewer", "backend"), agent("shop/a")]
    assert unknown_patterns(["revewer", "shop/*", "tag:backnd", "!shop/a", "zzz"], agents) == [
        ("revewer", "reviewer"), ("tag:backnd", "tag:backend"), ("zzz", None),
    ]


def test_ids_are_paths_without_their_ending() -> None:
    assert agent_id(".claude/agents/shop/a.md", ".claude/agents") == "shop/a"
    assert agent_id("agents/.md", "agents") is None
    assert agent_id("agents/a.txt", "agents") is None
