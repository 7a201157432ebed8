"""The commands about one agent: edit, rename, remove, exclude, restore, fork. Real folders, real git."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentsync.config import load_hub
from agentsync.formats import SHIPPED, load
from agentsync.hub import read_agent
from agentsync.selection import named_in, with_excluded, with_forgotten, with_renamed
from tests.conftest import Run
from tests.in_process import runner
from tests.worlds import agent_text, git, tree

SETTINGS = """\
version: 1
branch: main
defaults:
  targets: [claude-code]
projects:
  shop:
    path: ../shop
    targets: [claude-code, opencode]
    select:            # all but one
      - "*"
      - "!tester"      # not yet
  app: {path: ../app, targets: [claude-code], select: [reviewer, team/*]}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`agentsync ARGUMENTS`, in this process."""
    return runner(tmp_path, monkeypatch, capsys)


@pytest.fixture
def hub(tmp_path: Path, run: Run) -> Path:
    """A hub with three agents and two projects, all pushed and committed."""
    assert run("init", "hub").code == 0
    folder = tmp_path / "hub"
    (folder / "agentsync.yaml").write_text(SETTINGS)
    for identity in ("reviewer", "tester", "team/writer"):
        path = folder / f"agents/{identity}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(agent_text(path.stem, prompt="One.\n\nTwo.\n\nThree."))
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "Begin")
    for name in ("shop", "app"):
        (tmp_path / name).mkdir()
        git(tmp_path / name, "init", "-q", "-b", "main")
    assert run("push", "--all", "-y").code == 0
    return folder


def changes(run: Run, *arguments: str) -> list[tuple[str, str, str]]:
    """What a push would do."""
    done: dict[str, Any] = json.loads(run("push", "-n", "--all", "--json", *arguments).out)
    return [(change["action"], change["project"], change["path"]) for change in done["changes"]]


def test_rename_moves_the_file_and_keeps_every_copy(tmp_path: Path, hub: Path, run: Run) -> None:
    before = tree(tmp_path / "shop" / ".claude", tmp_path / "shop" / ".opencode", tmp_path / "app" / ".claude")
    done = run("rename", "reviewer", "quality/checker")
    assert (done.code, "its name stays reviewer" in done.err) == (0, True)
    assert not (hub / "agents/reviewer.md").exists()
    assert (hub / "agents/quality/checker.md").read_text() == agent_text("reviewer", prompt="One.\n\nTwo.\n\nThree.")
    assert load_hub((hub / "agentsync.yaml").read_text()).projects["app"].select == ("quality/checker", "team/*")
    assert git(hub, "log", "-1", "--format=%s").strip() == "Rename reviewer to quality/checker"
    assert git(hub, "status", "--porcelain") == ""
    assert changes(run) == []
    assert run("push", "--all").code == 0
    assert tree(tmp_path / "shop" / ".claude", tmp_path / "shop" / ".opencode", tmp_path / "app" / ".claude") == before
    assert "quality/checker claude-code" in (tmp_path / "app/agentsync.lock").read_text()
    (hub / "agents/quality/checker.md").write_text(agent_text("reviewer", prompt="New."))
    assert ("update", "app", ".claude/agents/reviewer.md") in changes(run)


def test_a_rename_commits_no_changes_of_the_user_s(tmp_path: Path, hub: Path, run: Run) -> None:
    (hub / "agents/reviewer.md").write_text(agent_text("reviewer", prompt="Not yet committed."))
    done = run("rename", "reviewer", "checker")
    assert (done.code, "not committed" in done.err) == (0, True)
    assert "checker.md" not in git(hub, "ls-files")
    assert "Not yet committed." in (hub / "agents/checker.md").read_text()


def test_rename_keeps_comments_and_undo_takes_it_back(tmp_path: Path, hub: Path, run: Run) -> None:
    before = tree(hub)
    assert run("rename", "tester", "checker").code == 0
    assert '      - "!checker"      # not yet\n' in (hub / "agentsync.yaml").read_text().replace("'", '"')
    assert run("undo").code == 0
    assert (tree(hub), git(hub, "status", "--porcelain")) == (before, "")


@pytest.mark.parametrize(("arguments", "said"), [
    (("rename", "reviewr", "x"), "there is no agent reviewr — did you mean reviewer?"),
    (("rename", "reviewer", "tester"), "there is an agent tester already"),
    (("rename", "reviewer", "reviewer"), "it is called reviewer already"),
    (("rename", "reviewer", "A b"), "agentsync rename reviewer a-b"),
    (("remove", "reviewr"), "did you mean reviewer?"),
    (("exclude", "tester", "-p", "shop"), "shop does not select tester"),
    (("exclude", "tester", "-p", "shpo"), "did you mean shop?"),
    (("exclude", "tester"), "say for which project: -p PROJECT"),
    (("restore", "reviewer", "-p", "shop"), "no copy of reviewer was deleted in shop"),
    (("fork", "tester", "-p", "app"), "app does not select tester"),
    (("edit", "nobody"), "there is no agent nobody"),
    (("edit", "reviewer"), "no editor is set"),
])
def test_what_cannot_be_done_is_said(hub: Path, run: Run, arguments: tuple[str, ...], said: str) -> None:
    before = tree(hub)
    done = run(*arguments)
    assert (done.code, said in done.err, tree(hub)) == (2, True, before), done.err


def test_remove_says_which_copies_go(tmp_path: Path, hub: Path, run: Run) -> None:
    done = run("remove", "reviewer")
    assert (done.code, "the next push removes 3 copies" in done.err) == (0, True)
    assert load_hub((hub / "agentsync.yaml").read_text()).projects["app"].select == ("team/*",)
    assert sorted(changes(run)) == [
        ("delete", "app", ".claude/agents/reviewer.md"),
        ("delete", "shop", ".claude/agents/reviewer.md"),
        ("delete", "shop", ".opencode/agents/reviewer.md"),
    ]
    assert run("undo").code == 0
    assert (changes(run), git(hub, "status", "--porcelain")) == ([], "")


def test_exclude_leaves_an_agent_out_of_one_project(tmp_path: Path, hub: Path, run: Run) -> None:
    assert run("exclude", "reviewer", cwd=tmp_path / "shop").code == 0
    assert load_hub((hub / "agentsync.yaml").read_text()).projects["shop"].select == ("*", "!tester", "!reviewer")
    assert sorted(changes(run)) == [("delete", "shop", ".claude/agents/reviewer.md"), ("delete", "shop", ".opencode/agents/reviewer.md")]
    (tmp_path / "app/.claude/agents/reviewer.md").unlink()
    assert "stays deleted" in run("push", "--all").err
    assert run("exclude", "reviewer", "-p", "app").code == 0
    assert load_hub((hub / "agentsync.yaml").read_text()).projects["app"].select == ("team/*",)
    assert "stays deleted" not in run("push", "--all").err


def test_restore_brings_a_deleted_copy_back(tmp_path: Path, hub: Path, run: Run) -> None:
    copy = tmp_path / "shop/.opencode/agents/reviewer.md"
    text = copy.read_text()
    copy.unlink()
    assert changes(run) == []
    dry = json.loads(run("restore", "reviewer", "-p", "shop", "-n", "--json").out)
    assert [(change["action"], change["path"]) for change in dry["changes"]] == [("create", ".opencode/agents/reviewer.md")]
    assert not copy.exists()
    assert run("restore", "reviewer", "-p", "shop").code == 0
    assert (copy.read_text(), changes(run)) == (text, [])


def test_restore_goes_on_beside_a_linked_folder_and_check_says_why(tmp_path: Path, hub: Path, run: Run) -> None:
    shop = tmp_path / "shop"
    (shop / ".opencode").rename(tmp_path / "elsewhere")
    (shop / ".opencode").symlink_to(tmp_path / "elsewhere")
    copy = shop / ".claude/agents/reviewer.md"
    text = copy.read_text()
    copy.unlink()
    run("restore", "reviewer", "-p", "shop")
    assert copy.read_text() == text
    linked = [one for one in json.loads(run("check", "--json", cwd=shop).out)["copies"] if one["target"] == "opencode"]
    assert linked
    assert all(one["state"] == "unreadable" and "symbolic link" in one["why"] for one in linked)


def test_fork_gives_a_project_its_own_version(tmp_path: Path, hub: Path, run: Run) -> None:
    copy = tmp_path / "shop/.opencode/agents/reviewer.md"
    copy.write_text(copy.read_text().replace("Two.", "Twice."))
    other = tree(tmp_path / "app")
    done = run("fork", "reviewer", "-p", "shop")
    assert (done.code, "shop has shop/reviewer now, and no longer reviewer" in done.err) == (0, True), done.err
    assert "Twice." in (hub / "agents/shop/reviewer.md").read_text()
    assert "Two." in (hub / "agents/reviewer.md").read_text()
    projects = load_hub((hub / "agentsync.yaml").read_text()).projects
    assert (projects["shop"].select, projects["app"].select) == (("*", "!tester", "!reviewer"), ("reviewer", "team/*"))
    assert changes(run) == [("update", "shop", ".claude/agents/reviewer.md")]
    assert run("sync", "--all").code == 0
    assert "Twice." in (tmp_path / "shop/.claude/agents/reviewer.md").read_text()
    assert tree(tmp_path / "app") == other
    assert changes(run) == []
    assert "Two." in (hub / "agents/reviewer.md").read_text()


def test_a_fork_goes_nowhere_else(tmp_path: Path, hub: Path, run: Run) -> None:
    assert run("fork", "team/writer", "-p", "app").code == 0
    projects = load_hub((hub / "agentsync.yaml").read_text()).projects
    assert projects["shop"].select == ("*", "!tester", "!app/writer")
    assert projects["app"].select == ("reviewer", "team/*", "app/writer", "!team/writer")
    assert changes(run) == []
    before = tree(hub, tmp_path / "shop", tmp_path / "app")
    assert run("sync", "--all").code == 0
    after = tree(hub, tmp_path / "shop", tmp_path / "app")
    assert {path for path, data in after.items() if before.get(path) != data} <= {str(tmp_path / "app/agentsync.lock")}


def test_a_fork_of_copies_that_differ_asks_which(tmp_path: Path, hub: Path, run: Run) -> None:
    for folder, word in ((".claude", "Twice."), (".opencode", "Zwei.")):
        copy = tmp_path / f"shop/{folder}/agents/reviewer.md"
        copy.write_text(copy.read_text().replace("Two.", word))
    done = run("fork", "reviewer", "-p", "shop")
    assert (done.code, "say different things" in done.err, "--take" in done.err) == (2, True, True), done.err
    assert run("fork", "reviewer", "-p", "shop", "--take", "opencode").code == 0
    assert "Zwei." in (hub / "agents/shop/reviewer.md").read_text()
    assert run("sync", "--all").code == 0
    assert "Zwei." in (tmp_path / "shop/.claude/agents/reviewer.md").read_text()


def test_undo_of_a_fork(tmp_path: Path, hub: Path, run: Run) -> None:
    copy = tmp_path / "shop/.opencode/agents/reviewer.md"
    copy.write_text(copy.read_text().replace("Two.", "Twice."))
    before = tree(hub, tmp_path / "shop", tmp_path / "app")
    assert run("fork", "reviewer", "-p", "shop").code == 0
    assert run("undo").code == 0
    assert tree(hub, tmp_path / "shop", tmp_path / "app") == before
    assert run("pull", "--all", "--agent", "reviewer").code == 0
    assert "Twice." in (hub / "agents/reviewer.md").read_text()


def test_edit_says_what_is_wrong_afterwards(tmp_path: Path, hub: Path, run: Run) -> None:
    def editor(script: str) -> dict[str, str]:
        path = tmp_path / "editor"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return {"EDITOR": str(path)}

    assert "is unchanged" in run("edit", "reviewer", env=editor("true")).err
    done = run("edit", "reviewer", env=editor("sed -i s/Two/Too/ \"$1\""))
    assert (done.code, "reviewer is changed" in done.err) == (0, True)
    assert len(changes(run)) == 3
    done = run("edit", "reviewer", env=editor("sed -i /^description/d \"$1\""))
    assert (done.code, "description" in done.err, "hint: agentsync edit reviewer" in done.err) == (1, True, True)


def test_selections_are_edited_with_care() -> None:
    text = "version: 1\nprojects:\n  a: {path: x, select: [one, '!two', 'o*']}\n  b: {path: y, select: ['!one']}\n  c: {path: z, select: [one]}\n"
    agent = read_agent("agents/one.md", "agents", agent_text("one").encode(), load("agentsync"))
    assert agent is not None

    def select(text: str, name: str) -> tuple[str, ...] | None:
        return load_hub(text).projects[name].select

    assert named_in(load_hub(text), "one") == ["projects.a.select", "projects.b.select", "projects.c.select"]
    assert select(with_renamed(text, "one", "1", SHIPPED), "b") == ("!1",)
    assert [select(with_forgotten(text, "one", SHIPPED), name) for name in "abc"] == [("!two", "o*"), ("*",), ()]
    assert [select(with_excluded(text, SHIPPED, name, agent), name) for name in "abc"] == [("!two", "o*", "!one"), ("!one",), ()]
