"""Two machines, each with a home, a clone of the hub and a clone of the project, that meet through git alone: no ledger is shared."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentsync.snapshot import Wishes
from agentsync.sync import SYNC, Direction, Result
from tests.worlds import PROMPT, Two, actions, agent_text, edit, git, states, tree

SETTINGS = """version: 1
branch: main
projects:
  shop: {path: ../shop, targets: [claude-code, opencode, gemini-cli], track: TRACK}
"""


@dataclass
class Here(Two):
    """One machine's world: its runs see its own home only."""

    patch: pytest.MonkeyPatch | None = None

    def go(self, way: Direction = SYNC, wishes: Wishes | None = None) -> Result:
        assert self.patch is not None
        with self.patch.context() as patch:
            for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
                patch.setenv(name, str(self.home))
            return super().go(way, wishes or Wishes())

    def push(self, *folders: str) -> None:  # type: ignore[override]  # git's, not agentsync's
        for folder in folders or ("hub", "shop"):
            git(self.base / folder, "push", "-q", "origin", "main")

    def pull(self, *folders: str) -> None:
        for folder in folders or ("hub", "shop"):
            git(self.base / folder, "pull", "-q", "--no-rebase", "--no-edit", "origin", "main")


def quiet(here: Here) -> None:
    """A run writes nothing, commits nothing and finds nothing open."""
    before = tree(here.hub, here.shop)
    heads = [git(folder, "rev-parse", "HEAD") for folder in (here.hub, here.shop)]
    result = here.go()
    assert [word for word in actions(result) if word[0] != "heal"] == []
    assert set(states(result).values()) == {"ok"}, states(result)
    assert tree(here.hub, here.shop) == before
    assert [git(folder, "rev-parse", "HEAD") for folder in (here.hub, here.shop)] == heads


def two(tmp_path: Path, patch: pytest.MonkeyPatch, track: str) -> tuple[Here, Here]:
    """Two machines whose clones hold the same, and whose copies stand."""
    first, second = (Here(tmp_path / name, tmp_path / f"{name}-home", SETTINGS, patch) for name in ("first", "second"))
    for here in (first, second):
        here.base.mkdir()
        here.home.mkdir()
    for name in ("hub", "shop"):
        git(tmp_path, "init", "-q", "--bare", "-b", "main", f"{name}.git")
        git(tmp_path, "clone", "-q", f"{name}.git", f"first/{name}")
    (first.hub / "agentsync.yaml").write_text(SETTINGS.replace("TRACK", track))
    for name in ("reviewer", "tester"):
        first.agent(name, agent_text(name, prompt=PROMPT, head="tools: Read, Grep\nmodel: sonnet\n"))
    git(first.hub, "add", "-A")
    git(first.hub, "commit", "-q", "-m", "agents")
    git(first.shop, "commit", "-q", "--allow-empty", "-m", "project")
    first.go()
    first.push()
    for name in ("hub", "shop"):
        git(tmp_path, "clone", "-q", f"{name}.git", f"second/{name}")
    second.go()
    return first, second


@pytest.mark.parametrize("track", ["commit", "exclude"])
def test_machines_that_edit_in_turn_stay_consistent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, track: str) -> None:
    first, second = two(tmp_path, monkeypatch, track)
    quiet(first)
    quiet(second)
    assert (git(first.shop, "status", "--porcelain"), git(second.shop, "status", "--porcelain")) == ("", "")
    turns = [(second, "claude", "First", "The first"), (first, "home_file", "Second", "The second"), (second, "opencode", "Third", "The third"),
             (first, "opencode", "Fourth", "The fourth"), (second, "home_file", "Does things", "Does it all")]
    for here, where, old, new in turns:
        other = second if here is first else first
        edit(getattr(here, where), old, new)
        if where == "home_file":
            here.commit()
        here.go()
        quiet(here)
        here.push()
        other.pull()
        other.go()
        quiet(other)
        for one in (first, second):
            for path in (one.home_file, one.claude, one.opencode, one.shop / ".gemini/agents/reviewer.md"):
                assert new in path.read_text(), (where, path)
        assert tree(first.hub) == {path.replace("/second/", "/first/"): data for path, data in tree(second.hub).items()}
        if track == "commit":
            other.push()
            here.pull()
            quiet(here)
            assert tree(first.shop) == {path.replace("/second/", "/first/"): data for path, data in tree(second.shop).items()}
    assert git(first.shop, "status", "--porcelain") == ""


@pytest.mark.parametrize("track", ["commit", "exclude"])
def test_machines_that_edit_at_once_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, track: str) -> None:
    """Each syncs on its own; git merges hub and copies line by line, the lock by any side's; agentsync says that all is well."""
    first, second = two(tmp_path, monkeypatch, track)
    edit(first.home_file, "First line.", "First line, first.")
    first.commit()
    first.go()
    first.push()
    edit(second.claude, "Fourth line.", "Fourth line, second.")
    second.go()
    second.pull("hub")
    pulled = subprocess.run(["git", "-C", str(second.shop), "pull", "-q", "--no-rebase", "--no-edit", "origin", "main"], check=False)
    if pulled.returncode:
        assert {outcome.state for outcome in second.go().plan.projects} == {"busy"}
        assert git(second.shop, "diff", "--name-only", "--diff-filter=U").split() == ["agentsync.lock"]
        git(second.shop, "checkout", "--ours", "agentsync.lock")
        git(second.shop, "commit", "-q", "-a", "--no-edit")
    second.go()
    quiet(second)
    second.push()
    first.pull()
    first.go()
    quiet(first)
    for one in (first, second):
        for path in (one.home_file, one.claude, one.opencode):
            assert "First line, first." in path.read_text(), path
            assert "Fourth line, second." in path.read_text(), path


def test_a_project_ahead_of_the_hub_is_left_alone_until_the_hub_is_pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copies came by git, the hub did not: their lock names a commit that this clone of the hub lacks."""
    first, second = two(tmp_path, monkeypatch, "commit")
    edit(first.claude, "First line.", "First line, newer.")
    first.go()
    first.push()
    second.pull("shop")
    before, head = tree(second.hub, second.shop), git(second.hub, "rev-parse", "HEAD")
    result = second.go()
    assert "newer." in second.claude.read_text()
    assert states(result)["shop:claude-code:reviewer"] == "conflict"
    assert "lacks" in next(copy.why.message for copy in result.plan.copies if copy.state == "conflict" and copy.why)
    assert (tree(second.hub, second.shop), git(second.hub, "rev-parse", "HEAD")) == (before, head)
    second.pull("hub")
    second.go()
    quiet(second)
    assert "newer." in second.opencode.read_text()


def test_a_hub_commit_that_was_rebased_on_its_way_is_no_riddle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock names the commit as it was called before; what it said is in the hub all the same, and the hub has moved on."""
    first, second = two(tmp_path, monkeypatch, "commit")
    edit(second.hub / "agents/tester.md", "Does things", "Does other things")
    second.commit()
    second.push("hub")
    edit(first.claude, "First line.", "First line, rebased.")
    first.go()
    git(first.hub, "pull", "-q", "--rebase", "origin", "main")
    edit(first.home_file, "Fourth line.", "Fourth line, later.")
    first.commit()
    first.push()
    second.pull()
    second.go()
    quiet(second)
    for path in (second.home_file, second.claude, second.opencode):
        assert "rebased." in path.read_text()
        assert "later." in path.read_text()
