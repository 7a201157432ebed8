"""The commands of the hub: init, project, new, list, show, allow, skip."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from agentsync.config import load_hub, load_user
from agentsync.hub import options_of
from tests.conftest import Run
from tests.in_process import runner
from tests.worlds import agent_text, git, tree

REVIEWER = agent_text("reviewer", "Reviews changes", head="tools: Read, Grep\n")


def user_file(home: Path) -> Path:
    return next(home.rglob("config.yaml"))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`agentsync ARGUMENTS`, in this process."""
    return runner(tmp_path, monkeypatch, capsys)


@pytest.fixture
def hub(tmp_path: Path, run: Run) -> Path:
    """A hub with two agents, one of them restricted, and an empty project folder beside it."""
    assert run("init", "hub").code == 0
    folder = tmp_path / "hub"
    (folder / "agents/reviewer.md").write_text(REVIEWER)
    (folder / "agents/open.md").write_text(agent_text("open", "Does everything"))
    (tmp_path / "shop").mkdir()
    return folder


# ---- init ---------------------------------------------------------------------------------------------------------


def test_init_makes_a_hub_and_commits_nothing(tmp_path: Path, home: Path, run: Run) -> None:
    done = run("init", "hub", "--to", "claude-code,codex")
    assert done.code == 0
    hub = tmp_path / "hub"
    assert sorted(path.name for path in hub.iterdir()) == [".git", ".gitattributes", "agents", "agentsync.yaml"]
    assert (hub / ".gitattributes").read_text() == "agents/** text eol=lf\n"
    config = load_hub((hub / "agentsync.yaml").read_text())
    assert (config.branch, config.defaults.targets, dict(config.projects)) == ("main", ("claude-code", "codex"), {})
    assert subprocess.run(["git", "-C", str(hub), "log"], capture_output=True, check=False).returncode != 0
    assert load_user(user_file(home).read_text(), "x").hub == os.path.realpath(hub)
    assert "agentsync -C hub new reviewer" in done.err
    again = run("init", "hub")
    assert (again.code, "is a hub already" in again.err) == (2, True)


def test_init_keeps_what_is_there(tmp_path: Path, run: Run) -> None:
    git(tmp_path, "init", "-q", "-b", "trunk")
    (tmp_path / ".gitattributes").write_bytes(b"*.png binary")
    assert run("init").code == 0
    assert (tmp_path / ".gitattributes").read_text() == "*.png binary\nagents/** text eol=lf\n"
    assert load_hub((tmp_path / "agentsync.yaml").read_text()).branch == "trunk"


def test_three_commands_give_a_repository_s_agents_to_opencode(tmp_path: Path, home: Path, run: Run) -> None:
    repository = tmp_path / "my repo"
    (repository / ".claude/agents").mkdir(parents=True)
    git(tmp_path, "init", "-q", "-b", "feature/x", str(repository))
    for number in range(12):
        (repository / f".claude/agents/a{number}.md").write_text(agent_text(f"a{number}"))
    before = tree(repository / ".claude")
    assert run(cwd=repository).code == 0
    done = run("init", "--here", "--to", "opencode", cwd=repository)
    assert (done.code, "12 agents" in done.err, "hint: agentsync push" in done.err) == (0, True, True)
    assert run("push", cwd=repository).code == 0
    assert len(list((repository / ".opencode/agents").glob("*.md"))) == 12
    assert tree(repository / ".claude") == before
    assert not (repository / ".gitattributes").exists()
    assert git(repository, "status", "--porcelain").split() == ["??", ".claude/", "??", ".opencode/", "??", "agentsync.yaml"]
    assert list(load_hub((repository / "agentsync.yaml").read_text()).projects) == ["my-repo"]
    assert next(iter(load_user(user_file(home).read_text(), "x").hubs.values())).projects == {"my-repo": os.path.realpath(repository)}


def test_a_home_directory_is_no_hub(home: Path, run: Run) -> None:
    done = run("init", home)
    assert (done.code, list(home.iterdir())) == (2, [])


def test_the_user_s_configuration_may_be_a_link_into_dot_files(tmp_path: Path, home: Path, hub: Path, run: Run) -> None:
    path = user_file(home)
    path.rename(tmp_path / "dot.yaml")
    path.symlink_to(tmp_path / "dot.yaml")
    assert run("project", "add", "shop", "--to", "claude-code").code == 0
    assert path.is_symlink()
    assert "shop" in (tmp_path / "dot.yaml").read_text()


# ---- which hub ----------------------------------------------------------------------------------------------------


def test_which_hub_is_meant(tmp_path: Path, home: Path, hub: Path, run: Run) -> None:
    run("init", "other")
    (tmp_path / "other/agents/alone.md").write_text(agent_text("alone"))
    assert "reviewer" in run("list").out  # the default: the first hub that was made
    assert "alone" in run("list", cwd=tmp_path / "other/agents").out
    assert "alone" in run("list", env={"AGENTSYNC_HUB": str(tmp_path / "other")}).out
    assert "reviewer" in run("-C", hub, "list", cwd=tmp_path / "other", env={"AGENTSYNC_HUB": str(tmp_path / "other")}).out
    assert "alone" in run("list", "-C", "other").out
    run("-C", "other", "project", "add", "shop", "--to", "claude-code")
    assert "alone" in run("list", cwd=tmp_path / "shop").out  # the hub that registered this folder
    assert run("-C", "shop", "list").code == 2
    user_file(home).unlink()
    done = run("list")
    assert (done.code, "agentsync init" in done.err) == (2, True)


def test_a_hub_that_asks_for_another_version_is_left_alone(hub: Path, run: Run) -> None:
    path = hub / "agentsync.yaml"
    path.write_text(path.read_text().replace("version: 1", 'version: 1\nrequires: ">=99"'))
    done = run("list")
    assert (done.code, "asks for agentsync >=99" in done.err) == (2, True)


def test_a_mistake_in_the_configuration_is_told_with_its_line(hub: Path, run: Run) -> None:
    path = hub / "agentsync.yaml"
    path.write_text(path.read_text().replace("projects: {}", "projects:\n  shop:\n    path: ../shop\n    target: [codex]"))
    done = run("push", cwd=hub)
    line = path.read_text().splitlines().index("    target: [codex]") + 1
    assert done.code == 2
    assert done.err.startswith(f"agentsync.yaml:{line}:5: projects.shop: unknown key (target)")
    assert "hint: did you mean `targets`?" in done.err


# ---- project ------------------------------------------------------------------------------------------------------


def test_project_add_keeps_comments_and_enables(tmp_path: Path, home: Path, hub: Path, run: Run) -> None:
    before = (hub / "agentsync.yaml").read_text()
    done = run("project", "add", "shop", "--to", "codex,opencode", "--select", "tag:x,reviewer", "--mode", "push")
    assert done.code == 0
    text = (hub / "agentsync.yaml").read_text()
    project = load_hub(text).projects["shop"]
    assert (project.path, project.targets, project.select, project.mode) == ("../shop", ("codex", "opencode"), ("tag:x", "reviewer"), "push")
    assert [line for line in before.splitlines() if line.startswith("#")] == [line for line in text.splitlines() if line.startswith("#")]
    listed = json.loads(run("project", "list", "--json").out)
    assert [(p["name"], p["state"], p["targets"]) for p in listed["projects"]] == [("shop", "ok", ["codex", "opencode"])]
    assert run("project", "add", "shop").code == 2
    assert run("project", "add", "shop", "--name", "again").code == 2
    assert "hint: agentsync project enable shop" in run("project", "add", "shop").err


@pytest.mark.parametrize(("path", "said"), [
    ("/", "root of the file system"), ("hub/agents/sub", "inside the hub's folder of agents"), ("hub/.git/hooks", "repository's own folder"),
    ("nowhere", "no such folder"),
])
def test_odd_folders_are_no_projects(tmp_path: Path, hub: Path, run: Run, path: str, said: str) -> None:
    (hub / "agents/sub").mkdir()
    done = run("project", "add", path)
    assert (done.code, said in done.err) == (2, True), done.err
    assert load_hub((hub / "agentsync.yaml").read_text()).projects == {}


def test_the_home_directory_is_the_user_scope(home: Path, hub: Path, run: Run) -> None:
    refused = run("project", "add", "~", "--to", "claude-code,roo")
    assert (refused.code, "Roo Code keeps no agents in a home directory" in refused.err) == (2, True)
    assert run("project", "add", "~", "--to", "claude-code").code == 0
    project = load_hub((hub / "agentsync.yaml").read_text()).projects["me"]
    assert (project.path, project.scope) == ("~", "user")
    path = hub / "agentsync.yaml"
    path.write_text(path.read_text().replace("    scope: user\n", ""))
    done = run("push", "me")
    assert (done.code, "your home directory is no project" in done.err, (home / ".claude").exists()) == (1, True, False)


def test_two_projects_that_are_one_folder_are_told(tmp_path: Path, hub: Path, run: Run) -> None:
    run("project", "add", "shop", "--to", "claude-code")
    path = hub / "agentsync.yaml"
    path.write_text(path.read_text() + "  twin: {path: ../shop, targets: [claude-code], select: [nothing]}\n")
    assert run("project", "enable", "twin").code == 0
    done = run("push", "--all")
    assert (done.code, "are one folder" in done.err, tree(tmp_path / "shop")) == (1, True, {})


def test_project_remove_leaves_the_copies_unless_told(tmp_path: Path, home: Path, hub: Path, run: Run) -> None:
    run("project", "add", "shop", "--to", "claude-code")
    run("push", "shop")
    copies = tree(tmp_path / "shop")
    assert len(copies) == 2
    assert run("project", "remove", "shop").code == 0
    assert tree(tmp_path / "shop") == copies
    assert load_hub((hub / "agentsync.yaml").read_text()).projects == {}
    assert next(iter(load_user(user_file(home).read_text(), "x").hubs.values())).projects == {}
    run("project", "add", "shop", "--to", "claude-code")
    assert "2 recognised" in run("push", "shop").err
    edited = tmp_path / "shop/.claude/agents/reviewer.md"
    edited.write_text(edited.read_text() + "mine\n")
    (tmp_path / "shop/.claude/agents/theirs.md").write_text(agent_text("theirs"))
    done = run("project", "remove", "shop", "--delete-copies")
    assert (done.code, "1 removed" in done.err, "1 conflict" in done.err) == (1, True, True)
    assert sorted(path.name for path in (tmp_path / "shop/.claude/agents").iterdir()) == ["reviewer.md", "theirs.md"]


def test_enable_all_takes_what_is_here(tmp_path: Path, hub: Path, run: Run) -> None:
    path = hub / "agentsync.yaml"
    path.write_text(path.read_text().replace(
        "projects: {}", "projects:\n  shop: {path: ../shop}\n  away: {path: ../away}\n  cloned: {repo: github.com/acme/x}"))
    states = {p["name"]: p["state"] for p in json.loads(run("project", "list", "--json").out)["projects"]}
    assert states == dict.fromkeys(("shop", "away", "cloned"), "not enabled here")
    done = run("project", "enable", "--all")
    assert (done.code, "away: not enabled" in done.err, "cloned: not enabled" in done.err) == (0, True, True)
    assert run("project", "enable", "away").code == 2
    assert run("project", "enable", "shp").err.startswith("there is no project shp — did you mean shop?")
    assert run("push", "--all").code == 0


# ---- new, list, show ----------------------------------------------------------------------------------------------


def test_new_begins_an_agent_that_the_hub_can_read(hub: Path, run: Run) -> None:
    assert run("new", "team/helper", "--description", "Helps: with `a # b`").code == 0
    agent = next(a for a in json.loads(run("list", "--json").out)["agents"] if a["id"] == "team/helper")
    assert (agent["name"], agent["description"], agent["status"]) == ("helper", "Helps: with `a # b`", "read")
    assert b"\r" not in (hub / "agents/team/helper.md").read_bytes()
    assert run("new", "team/helper").code == 2


@pytest.mark.parametrize("name", ["../x", "/x", "A", "a b", ".hidden", "a//b", "a/../../b", "x" * 80, ""])
def test_new_refuses_odd_ids(hub: Path, run: Run, name: str) -> None:
    before = tree(hub)
    assert run("new", name).code == 2
    assert tree(hub) == before


def test_list_names_what_cannot_be_read(hub: Path, run: Run) -> None:
    (hub / "agents/README.md").write_text("# Agents\n")
    (hub / "agents/broken.md").write_text("---\nname: broken\n---\nP\n")
    (hub / "agents/evil.md").write_text('---\nname: evil\ndescription: "a \\e[31m red"\n---\nP\n')
    done = run("list")
    assert (done.code, "agents/broken.md" in done.err, "README" in done.out + done.err) == (1, True, False)
    assert "\x1b" not in done.out + done.err
    assert [line.split()[0] for line in done.out.splitlines()] == ["evil", "open", "reviewer"]


def test_show_gives_the_file_or_what_would_be_written(hub: Path, run: Run) -> None:
    assert run("show", "reviewer").out == REVIEWER
    assert '"*": deny\n  read: allow\n' in run("show", "reviewer", "--to", "opencode").out
    refused = run("show", "reviewer", "--to", "codex")
    assert (refused.code, refused.out) == (1, "")
    answer = json.loads(run("show", "reviewer", "--to", "codex,opencode", "--json").out)
    assert [(to["format"], to["status"]) for to in answer["to"]] == [("codex", "refused"), ("opencode", "written")]
    assert answer["rights"]["allow"] == ["read.file", "read.grep"]
    assert run("show", "revewer").err.startswith("there is no agent revewer — did you mean reviewer?")


# ---- allow and skip -----------------------------------------------------------------------------------------------


def test_skip_settles_a_target_once(tmp_path: Path, hub: Path, run: Run) -> None:
    run("project", "add", "shop", "--to", "claude-code,codex")
    done = run("push", "shop")
    assert (done.code, "1 refused" in done.err, "hint: agentsync skip --refused --for codex" in done.err) == (1, True, True)
    done = run("skip", "--refused", "--for", "codex")
    assert done.err.splitlines()[0].endswith("agentsync.yaml: projects.shop.targets.codex.on_refused: skip  (1 refusal)")
    done = run("push", "shop")
    assert (done.code, "1 left out" in done.err) == (0, True)
    assert "nothing is refused that this could settle" in run("skip", "--refused").err


def test_allow_writes_what_was_refused_and_says_widened(tmp_path: Path, hub: Path, run: Run) -> None:
    run("project", "add", "shop", "--to", "codex")
    run("push", "shop")
    assert "projects.shop.targets.codex.allow_widening: true" in run("allow", "--refused").err
    done = run("push", "shop")
    assert (done.code, "widened" in done.err) == (0, True)
    assert (tmp_path / "shop/.codex/agents/reviewer.toml").exists()
    assert "seen before" in run("push", "shop").err


def test_allow_for_one_agent_stands_in_its_own_file(tmp_path: Path, hub: Path, run: Run) -> None:
    (hub / "agents/other.md").write_text(agent_text("other", head="tools: Read\n"))
    run("project", "add", "shop", "--to", "codex")
    before = (hub / "agentsync.yaml").read_text()
    done = run("allow", "--refused", "--agent", "reviewer", "--for", "codex")
    assert (done.code, "agents/reviewer.md: agentsync.allow_widening: [codex]" in done.err) == (0, True)
    assert (hub / "agentsync.yaml").read_text() == before
    assert (hub / "agents/reviewer.md").read_text().endswith("Look.\n")
    done = run("push", "shop")
    assert (done.code, "1 refused" in done.err) == (1, True)
    done = run("skip", "--refused", "--agent", "other")
    config = load_hub((hub / "agentsync.yaml").read_text())
    assert options_of(config, config.projects["shop"])["codex"].select == ("!other",)
    assert run("push", "shop").code == 0


def test_a_clash_of_names_is_settled_by_leaving_one_out(tmp_path: Path, hub: Path, run: Run) -> None:
    (hub / "agents/twin.md").write_text(REVIEWER)
    run("project", "add", "shop", "--to", "claude-code")
    done = run("push", "shop")
    assert (done.code, "reviewer and twin" in done.err, 'select: ["!twin"]' in done.err) == (1, True, True)
    assert "nothing is refused that this could settle" in run("skip", "--refused").err
    run("skip", "--refused", "--agent", "twin")
    assert run("push", "shop").code == 0
    assert (tmp_path / "shop/.claude/agents/reviewer.md").exists()


def test_deciding_wants_to_be_told_what(hub: Path, run: Run) -> None:
    assert (run("allow").code, run("skip").code) == (2, 2)


def test_models_of_the_hub_are_used(tmp_path: Path, hub: Path, run: Run) -> None:
    (hub / "agents/open.md").write_text(agent_text("open", head="model: sonnet\n"))
    path = hub / "agentsync.yaml"
    path.write_text(path.read_text() + "models:\n  sonnet: {opencode: vendor/their-sonnet}\n")
    run("project", "add", "shop", "--to", "opencode")
    run("push", "shop")
    assert "model: vendor/their-sonnet\n" in (tmp_path / "shop/.opencode/agents/open.md").read_text()
    path.write_text(path.read_text().replace("their-sonnet", "newer"))
    assert "1 updated" in run("push", "shop").err
    assert "model: vendor/newer\n" in (tmp_path / "shop/.opencode/agents/open.md").read_text()


def test_what_is_decided_for_many_projects_is_one_line_and_one_edit(tmp_path: Path, run: Run) -> None:
    """Also where targets stand in braces on one line; and what was undone in many projects, or would change there, is said once."""
    assert run("init", "hub").code == 0
    hub = tmp_path / "hub"
    (hub / "agents/guard.md").write_text("---\nname: guard\ndescription: Guards\ntools: Read\n---\n\nGuard.\n")
    names = [f"p{number}" for number in range(4)]
    for name in names:
        (tmp_path / name).mkdir()
    entries = "".join(f"  {name}: {{path: ../{name}, targets: [codex, copilot]}}  # {name}\n" for name in names)
    config = hub / "agentsync.yaml"
    config.write_text(config.read_text().replace("projects: {}\n", f"projects:\n{entries}"))
    assert run("project", "enable", "--all", cwd=hub).code == 0
    assert run("push", "--all", cwd=hub).code == 1
    done = run("skip", "--refused", cwd=hub)
    assert (done.code, done.err.splitlines()[0]) == (
        0, "agentsync.yaml: targets.codex.on_refused: skip in 4 projects (p0, … +3)  (4 refusals)")
    assert config.read_text().endswith(entries.replace("[codex, copilot]", "{codex: {on_refused: skip}, copilot: {}}"))
    assert run("push", "--all", cwd=hub).code == 0
    (hub / "agents/guard.md").write_text((hub / "agents/guard.md").read_text().replace("Guard.", "Guard well."))
    said = run("diff", "--all", cwd=hub).out
    assert (said.count("+Guard well."), "p0, … +3:.github/agents/guard.agent.md" in said) == (1, True)
    assert run("push", "--all", cwd=hub).code == 0
    assert "4 files in p0, … +3" in run("log", cwd=hub).out
    assert "  p3, … +3  .github/agents/guard.agent.md  as it was\n" in run("undo", cwd=hub).err
    assert "    hint: agentsync push PROJECT --agent guard\n" in run("push", "--all", cwd=hub).err
