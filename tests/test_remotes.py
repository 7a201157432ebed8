"""Projects that the hub knows by their repository: found below the user's roots, wherever they lie on this machine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from agentsync.config import remote_name
from tests.conftest import Run
from tests.in_process import runner
from tests.worlds import agent_text, git


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("github.com/acme/shop", "github.com/acme/shop"),
        ("https://github.com/Acme/Shop.git", "github.com/acme/shop"),
        ("https://me:secret@github.com:443/acme/shop/", "github.com/acme/shop"),
        ("git@github.com:acme/shop.git", "github.com/acme/shop"),
        ("github.com:acme/shop", "github.com/acme/shop"),
        ("ssh://git@example.org:2222/group/part/shop.git", "example.org/group/part/shop"),
        ("ssh://git@[::1]:22/acme/shop", "[::1]/acme/shop"),
        ("../shop", None), ("./shop.git", None), ("/srv/git/shop.git", None), ("shop", None), ("file:///srv/shop", None),
        ("C:/code/shop", None), (r"C:\code\shop", None), ("https://github.com/", None), ("", None), ("ext::sh -c id", None),
    ],
)
def test_an_address_names_host_owner_and_repository_however_it_is_written(url: str, name: str | None) -> None:
    assert remote_name(url) == name


def repository(folder: Path, url: str) -> Path:
    """A repository with a remote; nothing is fetched from it."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", url)
    return folder


@pytest.fixture
def hub(tmp_path: Path, run: Run) -> Path:
    """A hub with an agent and a project that it knows by its repository alone."""
    assert run("init", "hub").code == 0
    hub = tmp_path / "hub"
    (hub / "agents/one.md").write_text(agent_text("one", "First"))
    entry = "projects:\n  shop: {repo: github.com/acme/shop, dir: services/api, targets: [codex]}\n"
    (hub / "agentsync.yaml").write_text((hub / "agentsync.yaml").read_text().replace("projects: {}\n", entry))
    git(hub, "add", "-A")
    git(hub, "commit", "-qm", "all")
    return hub


@pytest.fixture
def code(tmp_path: Path, home: Path) -> Path:
    """A folder with a clone of it and other repositories, named in the user's configuration."""
    code = tmp_path / "code"
    (repository(code / "work/acme/the-shop", "git@github.com:acme/shop.git") / "services/api").mkdir(parents=True)
    repository(code / "other", "git@github.com:acme/other.git")
    config = home / ".config/agentsync/config.yaml"
    config.parent.mkdir(parents=True, exist_ok=True)
    old = config.read_text() if config.exists() else ""
    config.write_text(f"{old}roots: [{code}]\n")
    return code


def copies(code: Path) -> list[str]:
    return sorted(str(path.relative_to(code)) for path in code.rglob("*.toml"))


def test_enable_finds_a_project_by_its_remote_below_the_roots(hub: Path, code: Path, run: Run) -> None:
    done = run("project", "enable", "shop", cwd=hub)
    assert done.code == 0, done
    assert "the-shop/services/api" in done.err
    assert run("push", "shop", cwd=hub).code == 0
    assert copies(code) == ["work/acme/the-shop/services/api/.codex/agents/one.toml"]
    again = run("project", "enable", "--all", cwd=hub)
    assert (again.code, "the-shop/services/api" in again.err) == (0, True)


def test_a_push_that_meets_it_first_enables_it_with_a_yes(hub: Path, code: Path, run: Run) -> None:
    assert run("push", "shop", cwd=hub).code == 0       # nobody said yes
    assert copies(code) == []
    assert run("push", "shop", "-y", cwd=hub).code == 0
    assert len(copies(code)) == 1


def test_two_clones_are_told_apart_by_the_user(hub: Path, code: Path, run: Run) -> None:
    shutil.copytree(code / "work/acme/the-shop", code / "second")
    done = run("project", "enable", "shop", cwd=hub)
    assert done.code == 2
    assert "lies in several folders" in done.err
    assert "--at PATH" in done.err
    assert run("push", "shop", "-y", cwd=hub).code == 0      # and none is guessed
    assert copies(code) == []
    assert run("project", "enable", "shop", "--at", code / "second", cwd=hub).code == 0
    assert run("push", "shop", cwd=hub).code == 0
    assert copies(code) == ["second/services/api/.codex/agents/one.toml"]


def test_a_folder_that_is_no_clone_of_it_is_refused(hub: Path, code: Path, run: Run) -> None:
    (code / "other/services/api").mkdir(parents=True)
    done = run("project", "enable", "shop", "--at", code / "other", cwd=hub)
    assert done.code == 2
    assert "none of its git remotes is github.com/acme/shop" in done.err
    assert "there is no such folder" in run("project", "enable", "shop", "--at", code / "gone", cwd=hub).err


def test_without_roots_the_message_says_where_they_are_named(hub: Path, run: Run) -> None:
    done = run("project", "enable", "shop", cwd=hub)
    assert done.code == 2
    assert "no clone of github.com/acme/shop is known" in done.err
    assert "config.yaml" in done.err


def test_a_project_that_moved_is_found_again_by_its_remote(tmp_path: Path, hub: Path, code: Path, run: Run) -> None:
    added = repository(tmp_path / "near", "https://github.com/acme/near")
    assert run("project", "add", added, "--to", "codex", "--repo", cwd=hub).code == 0
    assert "repo: github.com/acme/near" in (hub / "agentsync.yaml").read_text()
    assert run("push", "near", cwd=hub).code == 0
    added.rename(code / "near")
    assert run("project", "enable", "near", cwd=hub).code == 0
    assert run("push", "near", cwd=hub).code == 0
    assert run("push", "-n", "near", cwd=hub).code == 0
    listed = json.loads(run("project", "list", "--json", cwd=hub).out)["projects"]
    assert [(one["name"], one["state"]) for one in listed if one["name"] == "near"] == [("near", "ok")]


def test_add_keeps_the_remote_and_the_folder_inside_the_repository(hub: Path, code: Path, run: Run) -> None:
    folder = code / "other/parts/one"
    folder.mkdir(parents=True)
    assert run("project", "add", folder, "--to", "codex", "--repo", cwd=hub).code == 0
    text = (hub / "agentsync.yaml").read_text()
    assert "repo: github.com/acme/other" in text
    assert "dir: parts/one" in text
    assert run("push", "one", cwd=hub).code == 0
    assert (folder / ".codex/agents/one.toml").is_file()
    plain = code / "plain"
    plain.mkdir()
    done = run("project", "add", plain, "--to", "codex", "--repo", cwd=hub)
    assert (done.code, "lies in no git repository" in done.err) == (2, True)


def test_check_knows_a_clone_by_its_remote_wherever_it_lies(tmp_path: Path, hub: Path, code: Path, run: Run) -> None:
    """As in CI: the clone lies where no configuration says, and the hub's selection and rules hold for it."""
    assert run("push", "shop", "-y", cwd=hub).code == 0
    shutil.move(code / "work", tmp_path / "ci")
    clone = tmp_path / "ci/acme/the-shop/services/api"
    assert run("check", "-C", hub, clone).code == 0
    (hub / "agents/two.md").write_text(agent_text("two", "Second"))
    done = run("check", "-C", hub, clone, "--json")
    assert done.code == 1
    assert [(copy["agent"], copy["state"]) for copy in json.loads(done.out)["copies"] if copy["state"] != "ok"] == [("two", "missing")]


def test_a_repository_that_names_no_host_is_an_error_of_the_configuration(hub: Path, run: Run) -> None:
    file = hub / "agentsync.yaml"
    file.write_text(file.read_text().replace("github.com/acme/shop", "../shop"))
    done = run("status", cwd=hub)
    assert done.code == 2
    assert "no such value (../shop), allowed is host/owner/name" in done.err
