"""Formats of the user's own and of a hub: used without touching the package, trusted by hash, refused with line and mend."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsync.api import formats as api_formats
from agentsync.formats import SHIPPED, FormatError, OwnFile, Registry, known_ids, load
from agentsync.formats.check_paths import check_apart
from agentsync.formats.folders import _meet
from agentsync.formats.globs import compiled
from agentsync.workspace import Machine
from tests.conftest import Run
from tests.in_process import runner

GIZMO = """\
id: gizmo
title: Gizmo
docs: https://example.com/gizmo/agents
evidence: {kind: docs, client: Gizmo 3.1, on: "2026-01-31"}
revision: 1
where:
  - {scope: project, write: ".gizmo/agents/{slug}.md", read: [".gizmo/agents/**/*.md"]}
  - {scope: user, write: ".gizmo/agents/{slug}.md", read: [".gizmo/agents/**/*.md"]}
detect: {keys: [gizmoVersion], never: [agentsync]}
document: {kind: head+body}
name: {source: [key, stem]}
fields:
  description: {key: description, required: true}
  prompt: {key: $body}
rights:
  style: allow-list
  key: tools
  shape: csv
  absent: all
  empty: none
  unlisted: denied
  tools:
    read.file: [look]
    read.grep: [find]
    shell: [terminal]
native:
  gizmoVersion: {type: number, risk: inert}
"""
AGENT = "---\nname: reviewer\ndescription: Reviews changes\ntools: Read, Grep\n---\n\nLook.\n"
AGENT_BACK = "---\nname: reviewer\ntools: Read, Grep\ndescription: Reviews changes\n---\n\nLook.\n"
SAID = "---\nname: reviewer\ntools: look, find\ndescription: Reviews changes\n---\n\nLook.\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(tmp_path, monkeypatch, capsys)


@pytest.fixture
def own() -> Path:
    """The user's folder of formats."""
    folder = Path(Machine.here().config, "formats")
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def hub(tmp_path: Path, run: Run) -> Path:
    """A hub with one agent and a project `shop`."""
    (tmp_path / "shop").mkdir()
    assert run("init", "hub").code == 0
    hub = tmp_path / "hub"
    (hub / "agents" / "reviewer.md").write_text(AGENT)
    (hub / "formats").mkdir()
    return hub


def put(folder: Path, text: str = GIZMO, name: str = "gizmo.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


# ---- the user's own ------------------------------------------------------------------------------------------------


def test_a_format_of_the_user_s_own_is_used_at_once(tmp_path: Path, own: Path, hub: Path, run: Run) -> None:
    """convert, explain, formats, project add, push: the package is not touched."""
    path = put(own)
    (tmp_path / "agent.md").write_text(AGENT)
    assert run("convert", "agent.md", "--to", "gizmo").out == SAID
    (tmp_path / "other").mkdir()
    assert run("convert", "agent.md", "--to", "gizmo", "--into", "other").code == 0
    assert (tmp_path / "other/.gizmo/agents/reviewer.md").read_text() == SAID
    back = run("convert", "other/.gizmo/agents/reviewer.md", "--to", "claude-code")
    assert (back.code, back.out) == (0, AGENT_BACK)
    explained = run("explain", "other/.gizmo/agents/reviewer.md", "--to", "codex").out
    assert "gizmo  Gizmo" in explained
    assert "read.file, read.grep" in explained
    added = run("project", "add", "shop", "--to", "claude-code,gizmo")
    assert added.code == 0
    assert "gizmo is a format of your own" in added.err
    assert run("push", "shop").code == 0
    assert (tmp_path / "shop/.gizmo/agents/reviewer.md").read_text() == SAID
    assert run("push", "shop", "--to", "gizmo", "-n", "--json").out.count('"state": "ok"') == 1
    assert run("show", "reviewer", "--to", "gizmo").out == SAID
    one = run("formats", "gizmo")
    assert (one.code, f"yours: {path}" in one.out) == (0, True)
    assert "gizmo not" not in run("formats").err


def test_edits_in_its_copies_come_back(tmp_path: Path, own: Path, hub: Path, run: Run) -> None:
    put(own)
    assert run("project", "add", "shop", "--to", "claude-code,gizmo").code == 0
    assert run("push", "shop").code == 0
    copy = tmp_path / "shop/.gizmo/agents/reviewer.md"
    copy.write_text(copy.read_text().replace("Look.", "Look closely."))
    assert run("sync", "shop").code == 0
    assert (hub / "agents/reviewer.md").read_text() == AGENT.replace("Look.", "Look closely.")
    assert "Look closely." in (tmp_path / "shop/.claude/agents/reviewer.md").read_text()


def test_a_project_that_is_its_own_hub_takes_it_too(tmp_path: Path, own: Path, run: Run) -> None:
    put(own)
    agents = tmp_path / "repo/.claude/agents"
    agents.mkdir(parents=True)
    (agents / "reviewer.md").write_text(AGENT)
    assert run("init", "--here", "--to", "gizmo", cwd=tmp_path / "repo").code == 0
    assert run("push", cwd=tmp_path / "repo").code == 0
    assert (tmp_path / "repo/.gizmo/agents/reviewer.md").read_text() == SAID


def test_the_list_says_where_each_comes_from(own: Path, hub: Path, run: Run) -> None:
    put(own)
    put(hub / "formats", GIZMO.replace("gizmo", "widget").replace("Gizmo", "Widget"), "widget.yaml")
    listed = run("formats", cwd=hub)
    rows = {line.split()[0]: line.split()[1] for line in listed.out.splitlines()}
    assert (rows["gizmo"], rows["codex"], "widget" in rows) == ("yours", "agentsync", False)
    assert "formats/widget.yaml:1: the hub brings this format (widget), and you have not trusted it on this machine" in listed.err
    assert "agentsync formats trust widget" in listed.err
    told = json.loads(run("formats", "--json", cwd=hub).out)
    origins = {one["id"]: (one["origin"], one["path"]) for one in told["formats"]}
    assert origins["codex"] == ("shipped", None)
    assert origins["gizmo"] == ("yours", str(own / "gizmo.yaml"))
    (inactive,) = told["inactive"]
    assert (inactive["id"], inactive["origin"], inactive["state"]) == ("widget", "hub", "untrusted")
    assert inactive["problems"][0]["hint"] == "agentsync formats trust widget"
    assert run("formats", "trust", "widget", cwd=hub).code == 0
    told = json.loads(run("formats", "--json", cwd=hub).out)
    assert {one["id"]: one["origin"] for one in told["formats"]}["widget"] == "hub"
    assert told["inactive"] == []


def test_a_user_s_format_may_be_a_link_into_dot_files_and_a_hub_s_may_not(tmp_path: Path, own: Path, hub: Path, run: Run) -> None:
    real = put(tmp_path)
    (own / "gizmo.yaml").symlink_to(real)
    assert run("formats", "gizmo").code == 0
    (own / "gizmo.yaml").unlink()
    (hub / "formats/gizmo.yaml").symlink_to(real)
    ran = run("formats", "gizmo", cwd=hub)
    assert ran.code == 2
    assert "formats/gizmo.yaml" in ran.err
    (hub / "formats/gizmo.yaml").unlink()
    (hub / "formats").rmdir()
    (hub / "formats").symlink_to(own.parent)
    assert run("formats", "gizmo", cwd=hub).code == 2


@pytest.mark.parametrize(
    ("old", "new", "said", "hint"),
    [
        ("revision: 1", "revision: 1\nrevison: 1", "gizmo.yaml:6:1: unknown key (revison)", "did you mean `revision`?"),
        ("absent: all", "absent: al", "gizmo.yaml:19:11: rights.absent: no such value (al)", "did you mean `all`?"),
        (".gizmo/agents/", "agents/", "gizmo.yaml:7:29: where[0].write: not allowed here (agents/{slug}.md), it must lie", "mend line 7 of"),
        ("id: gizmo", "id: codex", "gizmo.yaml:1:5: id: wrong id (codex)", "id: gizmo"),
        ("title: Gizmo", "title: [", "gizmo.yaml:4:9: no valid YAML", "into double quotes"),
    ],
)
def test_a_broken_one_is_refused_with_line_and_mend_and_the_others_go_on(
    tmp_path: Path, own: Path, hub: Path, run: Run, old: str, new: str, said: str, hint: str
) -> None:
    put(own)
    assert run("project", "add", "shop", "--to", "claude-code,gizmo").code == 0
    assert run("push", "shop").code == 0
    put(own, GIZMO.replace(old, new))
    (tmp_path / "agent.md").write_text(AGENT)
    for command in (("convert", "agent.md", "--to", "gizmo"), ("formats", "gizmo"), ("push", "--to", "gizmo")):
        ran = run(*command)
        assert ran.code == 2, command
        assert said in ran.err
        assert hint in ran.err
    assert run("formats").code == 0
    (hub / "agents/reviewer.md").write_text(AGENT.replace("Look.", "Look twice."))
    ran = run("push", "shop")
    assert ran.code == 1
    assert said in ran.err
    assert "Look twice." in (tmp_path / "shop/.claude/agents/reviewer.md").read_text()
    assert (tmp_path / "shop/.gizmo/agents/reviewer.md").read_text() == SAID
    put(own)  # once it is mended, its copies are known as ever
    assert run("push", "shop").code == 0
    assert (tmp_path / "shop/.gizmo/agents/reviewer.md").read_text() == SAID.replace("Look.", "Look twice.")


def test_a_mistaken_ending_is_told(own: Path, run: Run) -> None:
    put(own, name="gizmo.yml")
    ran = run("formats", "gizmo")
    assert ran.code == 2
    assert "a format file is called gizmo.yaml (gizmo.yml)" in ran.err


# ---- the hub's -----------------------------------------------------------------------------------------------------


def test_a_hub_s_format_waits_for_trust_and_a_changed_one_again(tmp_path: Path, home: Path, hub: Path, run: Run) -> None:
    file = put(hub / "formats")
    settings = hub / "agentsync.yaml"
    settings.write_text(settings.read_text().replace("projects: {}", "projects:\n  shop: {path: ../shop, targets: [claude-code, gizmo]}"))
    assert run("project", "enable", "shop").code == 0
    ran = run("push", "shop")
    assert ran.code == 1
    assert "formats/gizmo.yaml:1: the hub brings this format (gizmo), and you have not trusted it on this machine" in ran.err
    assert "agentsync formats trust gizmo" in ran.err
    copy = tmp_path / "shop/.gizmo/agents/reviewer.md"
    assert (tmp_path / "shop/.claude/agents/reviewer.md").exists()
    assert not copy.exists()

    seen = run("formats", "gizmo", cwd=hub)  # may be looked at before it is trusted
    assert (seen.code, "look" in seen.out, "trust gizmo" in seen.err) == (0, True, True)
    trusted = run("formats", "trust", "gizmo", cwd=hub)
    assert trusted.code == 0
    assert "writes .gizmo/agents/{slug}.md" in trusted.err
    assert hashlib.sha256(file.read_bytes()).hexdigest() in Path(Machine.here().config, "config.yaml").read_text()
    assert run("push", "shop").code == 0
    assert copy.read_text() == SAID

    file.write_text(GIZMO + "# later\n")
    ran = run("push", "shop")
    assert (ran.code, "has changed since you trusted it" in ran.err) == (1, True)
    assert json.loads(run("formats", "--json", cwd=hub).out)["inactive"][0]["state"] == "changed"
    assert copy.read_text() == SAID
    file.write_text(GIZMO)
    assert run("push", "shop").code == 0


def test_trust_is_one_hub_s_on_one_machine(tmp_path: Path, hub: Path, run: Run) -> None:
    put(hub / "formats")
    assert run("formats", "trust", "gizmo", cwd=hub).code == 0
    subprocess.run(["git", "-C", str(hub), "add", "-A"], check=True)
    subprocess.run(["git", "-C", str(hub), "commit", "-qm", "Hub"], check=True)
    subprocess.run(["git", "clone", "-q", str(hub), str(tmp_path / "clone")], check=True)
    assert json.loads(run("formats", "--json", cwd=tmp_path / "clone").out)["inactive"][0]["state"] == "untrusted"


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (".claude/agents/{slug}.md", "Claude Code (claude-code) loads agents from there"),
        (".github/agents/{slug}.agent.md", "GitHub Copilot (copilot) loads agents from there"),
        (".github/workflows/agent-{slug}.yml", "that folder is not for agents"),
        (".vscode/agents/{slug}.md", "that folder is not for agents"),
        (".git/agents/{slug}.md", "that folder is not for agents"),
        (".husky/agents/{slug}.md", "that folder is not for agents"),
        (".ssh/agents/{slug}.md", "that folder is not for agents"),
        ("../agents/{slug}.md", "empty steps, `.` and `..` are not allowed"),
        (".gizmo/agents/{slug}.sh", "the file must end in one of"),
        (".gizmo/{slug}.md", "must be named after"),
    ],
)
def test_a_hub_s_format_cannot_be_trusted_to_write_elsewhere(hub: Path, run: Run, write: str, said: str) -> None:
    put(hub / "formats", GIZMO.replace('scope: project, write: ".gizmo/agents/{slug}.md"', f'scope: project, write: "{write}"'))
    for command in (("formats", "trust", "gizmo"), ("formats", "gizmo")):
        ran = run(*command, cwd=hub)
        assert ran.code == 2
        assert "gizmo.yaml:7:" in ran.err
        assert said in ran.err
    assert not Path(Machine.here().config, "config.yaml").read_text().count("formats:")


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ("**/*.md", "it must lie below one dot-folder"),
        ("docs/agents/*.md", "it must lie below one dot-folder"),
        (".*/agents/*.md", "it must lie below one dot-folder"),
        (".github/workflows/agent-*.yml", "that folder is not for agents"),
        (".github/**/agent-*.yml", "a folder before the first pattern must be named after"),
        (".git/agents/**", "that folder is not for agents"),
        (".gizmo/*", "the file must end in one of"),
        (".claude/agents/x-*.md", "Claude Code (claude-code) loads agents from there"),
        (".claude/agents/deep/**/*.md", "Claude Code (claude-code) loads agents from there"),
        (".github/agents/**/*.md", "GitHub Copilot (copilot) loads agents from there"),
    ],
)
def test_what_it_reads_it_may_write_so_that_is_held_in_too(hub: Path, run: Run, read: str, said: str) -> None:
    put(hub / "formats", GIZMO.replace('read: [".gizmo/agents/**/*.md"]', f'read: [".gizmo/agents/**/*.md", "{read}"]', 1))
    ran = run("formats", "trust", "gizmo", cwd=hub)
    assert ran.code == 2
    assert "gizmo.yaml:7:" in ran.err
    assert said in ran.err


GLOBS = st.lists(st.sampled_from(["**", "*", ".a", "b", "b*", "?"]), min_size=1, max_size=4).map("/".join)


@given(GLOBS, GLOBS, st.lists(st.sampled_from([".a", "b", "bc", "d"]), min_size=1, max_size=4).map("/".join))
def test_globs_that_find_one_file_meet(first: str, second: str, path: str) -> None:
    """What is said not to meet never finds the same file."""
    assert _meet(first, second) == _meet(second, first)
    if compiled(first).fullmatch(path) and compiled(second).fullmatch(path):
        assert _meet(first, second)


def test_globs_that_part_do_not_meet() -> None:
    assert not _meet(".agents/*.md", ".agents/gizmo/agents/**/*.md")
    assert not _meet(".claude/agents/**/*.md", ".gizmo/agents/*.md")


@pytest.mark.parametrize("read", [".gizmo/*.agent.md", ".agents/gizmo/agents/**/*.md", ".gizmo/agents/deep/*/agent.md", ".gizmo/agents.yaml"])
def test_a_user_s_own_may_read_what_looks_like_agents(own: Path, run: Run, read: str) -> None:
    put(own, GIZMO.replace('read: [".gizmo/agents/**/*.md"]', f'read: [".gizmo/agents/**/*.md", "{read}"]', 1))
    assert run("formats", "gizmo").code == 0


def test_a_hub_may_not_take_a_shipped_id(tmp_path: Path, hub: Path, run: Run) -> None:
    put(hub / "formats", GIZMO.replace("id: gizmo", "id: codex"), "codex.yaml")
    assert run("project", "add", "shop", "--to", "claude-code").code == 0
    ran = run("push", "shop")
    assert ran.code == 1
    assert "formats/codex.yaml:1:5: id: the id is taken (codex), it belongs to a format that comes with agentsync" in ran.err
    assert "hint:" in ran.err
    assert (tmp_path / "shop/.claude/agents/reviewer.md").exists()
    assert "it needs no trust" in run("formats", "trust", "codex", cwd=hub).err
    assert "Codex CLI" in run("formats", "codex", cwd=hub).out


def test_a_user_s_own_wins_over_the_hub_s(own: Path, hub: Path, run: Run) -> None:
    put(own, GIZMO.replace("title: Gizmo", "title: Mine"))
    put(hub / "formats")
    ran = run("formats", cwd=hub)
    assert "Mine" in ran.out
    assert "formats/gizmo.yaml:1: id: the id is taken (gizmo), it belongs to a format of your own" in ran.err


def test_trust_wants_to_be_told_what(hub: Path, run: Run) -> None:
    assert "say which format" in run("formats", "trust", cwd=hub).err
    assert "there is no format gizmo" in run("formats", "trust", "gizmo", cwd=hub).err
    assert run("formats", "codex", "copilot", cwd=hub).code == 2


def test_very_many_files_cost_little(hub: Path, run: Run) -> None:
    for number in range(103):
        put(hub / "formats", "x" * 10, f"a{number:03}.yaml")
    ran = run("formats", "a102", cwd=hub)
    assert ran.code == 2
    assert "there are 103 format files here, at most 100 are read" in ran.err


# ---- the registry --------------------------------------------------------------------------------------------------


def own_file(text: str = GIZMO, origin: str = "yours", trusted: str | None = None, identity: str = "gizmo") -> OwnFile:
    return OwnFile(identity, f"formats/{identity}.yaml", text, hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(), origin, trusted)  # type: ignore[arg-type]  # one of two words


def test_a_registry_leaves_nothing_behind() -> None:
    assert Registry((own_file(),)).load("gizmo").title == "Gizmo"
    assert "gizmo" not in known_ids()
    assert "gizmo" not in SHIPPED.ids()
    assert "gizmo" not in {rules.id for rules in api_formats()}
    with pytest.raises(FormatError):
        load("gizmo")
    assert Registry((own_file(),)).load("gizmo") is Registry((own_file(),)).load("gizmo")  # one format, however often a hub is opened
    with pytest.raises(FormatError, match="no such format"):
        Registry((own_file(),)).load("gizmoo")


def test_the_registry_of_nothing_is_what_is_shipped() -> None:
    assert Registry().ids() == known_ids()
    assert Registry().usable() == api_formats()
    assert all(Registry().origin(name) == "shipped" for name in known_ids())


@given(st.text(max_size=300), st.sampled_from(["yours", "hub"]), st.booleans())
def test_whatever_a_file_holds_the_others_go_on(text: str, origin: str, trusted: bool) -> None:
    """A file costs only itself, and every reason has a line and a way out."""
    file = own_file(text, origin)
    file = own_file(text, origin, file.digest if trusted else None)
    registry = Registry((file, own_file(GIZMO.replace("gizmo", "widget"), identity="widget")))
    assert registry.load("widget").id == "widget"
    assert registry.load("codex") is load("codex")
    assert "gizmo" in registry.ids()
    with pytest.raises(FormatError):
        registry.load("gizmo")
    assert registry.state(file) == ("untrusted" if origin == "hub" and not trusted else "broken")
    assert all(problem.line and problem.hint and problem.path for problem in registry.problems(file))
    assert {rules.id for rules in registry.usable()} == {*known_ids(), "widget"}


@given(st.text(min_size=1, max_size=40))
def test_one_changed_character_is_another_file(more: str) -> None:
    """Trust is bound to the bytes: whatever is added, the format rests until it is trusted again."""
    before = own_file(origin="hub")
    after = own_file(f"{GIZMO}# {more}", "hub", before.digest)
    registry = Registry((after,))
    assert registry.state(after) == "changed"
    with pytest.raises(FormatError, match="has changed since you trusted it"):
        registry.load("gizmo")


@pytest.mark.parametrize("format_id", known_ids())
def test_no_hub_s_format_writes_where_a_shipped_one_looks(format_id: str) -> None:
    rules = load(format_id)
    told = {flaw.path[:3] for flaw in check_apart(rules, (rules,))}
    writing = rules.direction != "write"
    assert told == {("where", index, key) for index, where in enumerate(rules.where) for key in ("write", "read")
                    if key == "read" or (where.write is not None and writing)}
    assert os.sep not in format_id
