"""Our hooks beside the real husky, lefthook and pre-commit: a team's own checks go on, ours stops a stale copy, and leaves no trace."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from filelock import FileLock

from agentsync.hooks import BEGIN
from tests.conformance.clients import FOLDER, Client
from tests.conformance.install import install
from tests.conftest import Ran, Run
from tests.daemon_worlds import living
from tests.hook_worlds import CLAUDE, CODEX, Hooked, commit, count, on_path, staged
from tests.hooks import conftest as hooked
from tests.worlds import edit, git

run, compiled, places, world = hooked.run, hooked.compiled, hooked.places, hooked.world
HERE: Final = Path(__file__).parent
SOAK: Final = bool(os.environ.get("AGENTSYNC_SOAK"))
INSTALL_SECONDS: Final = 60.0
STALE: Final = f"{CODEX}: this copy of reviewer is stale"
HINT: Final = "agentsync hook run pre-commit --fix"


def _clients() -> dict[str, Client]:
    data = yaml.safe_load((HERE / "hook_managers.yaml").read_text(encoding="utf-8"))
    return {name: Client(name, one["package"], one["version"], tuple(one["program"])) for name, one in data.items()}


@pytest.fixture(scope="session")
def programs() -> dict[str, Path | str]:
    """The managers that npm brings, or why one is not there. Kept between runs; several test processes install one after the other."""
    found: dict[str, Path | str] = {}
    for name, client in _clients().items():
        try:
            FOLDER.mkdir(parents=True, exist_ok=True)
            with FileLock(FOLDER / "hook-managers.lock", timeout=2 * INSTALL_SECONDS):
                why = install(client, INSTALL_SECONDS)
        except (OSError, TimeoutError) as error:
            why = str(error)
        found[name] = why or client.file or "it has no program for this machine"
    return found


@dataclass(frozen=True)
class Team:
    """A project whose team runs a check of its own by a manager. env: what a shell of theirs has, without agentsync."""

    project: Path
    file: Path
    env: dict[str, str]

    def ran(self) -> int:
        """How often the team's own check ran since this was last asked."""
        mark = self.project / "ran"
        times = len(mark.read_text().splitlines()) if mark.exists() else 0
        mark.unlink(missing_ok=True)
        return times


def call(words: list[str], folder: Path, env: dict[str, str]) -> str:
    done = subprocess.run(words, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def plain_path(world: Hooked) -> str:
    """A PATH with git and a shell and no agentsync, whatever runs these tests."""
    folders = [folder for folder in os.environ["PATH"].split(os.pathsep) if not Path(folder, "agentsync").exists()]
    return os.pathsep.join(folders)


def with_husky(world: Hooked, programs: dict[str, Path | str]) -> Team:
    program, node = programs["husky"], shutil.which("node")
    if isinstance(program, str) or node is None:
        pytest.skip(f"NOT RUN: husky: {program if isinstance(program, str) else 'there is no node'}")
    (world.shop / "package.json").write_text('{"name": "shop", "private": true}\n')
    env = {"PATH": plain_path(world)}
    call([node, str(program), "init"], world.shop, env)
    assert git(world.shop, "config", "core.hooksPath").strip() == ".husky/_"
    file = world.shop / ".husky/pre-commit"
    file.write_text("echo theirs >> ran\n")
    return Team(world.shop, file, env)


def with_lefthook(world: Hooked, programs: dict[str, Path | str]) -> Team:
    program = programs["lefthook"]
    if isinstance(program, str):
        pytest.skip(f"NOT RUN: lefthook: {program}")
    file = world.shop / "lefthook.yml"
    file.write_text("# ours\npre-commit:\n  parallel: true\n  commands:\n    lint:\n      run: echo theirs >> ran   # quick\n")
    env = {"PATH": f"{program.parent}{os.pathsep}{plain_path(world)}"}
    call([str(program), "install"], world.shop, env)
    return Team(world.shop, file, env)


def with_pre_commit(world: Hooked, programs: dict[str, Path | str]) -> Team:
    if importlib.util.find_spec("pre_commit") is None:
        pytest.skip("NOT RUN: pre-commit is not installed (it is in the dependency group dev)")
    file = world.shop / ".pre-commit-config.yaml"
    entry = "sh -c 'echo theirs >> ran'"
    theirs = f"      - {{id: t, name: t, entry: \"{entry}\", language: system, always_run: true, pass_filenames: false}}\n"
    file.write_text(f"repos:\n  - repo: local\n    hooks:\n{theirs}")
    env = {"PATH": plain_path(world), "PRE_COMMIT_HOME": str(world.base / "pre-commit-home")}
    call([sys.executable, "-m", "pre_commit", "install"], world.shop, env)
    return Team(world.shop, file, env)


MANAGERS: Final[dict[str, Callable[[Hooked, Any], Team]]] = {"husky": with_husky, "lefthook": with_lefthook, "pre-commit": with_pre_commit}


@pytest.fixture(params=list(MANAGERS))
def team(request: pytest.FixtureRequest, world: Hooked, programs: dict[str, Path | str]) -> Team:
    """The shop, with a manager and a check of its team, committed."""
    found = MANAGERS[request.param](world, programs)
    (world.shop / ".gitignore").write_text("ran\n")
    git(world.shop, "add", "-A")
    done = commit(world.shop, env=found.env)
    assert done.code == 0, done.err
    assert found.ran() == 1
    return found


def hook_files(project: Path) -> dict[str, tuple[bytes, int]]:
    """All hooks that git could call there, with their modes."""
    folder = Path(git(project, "rev-parse", "--path-format=absolute", "--git-path", "hooks").strip())
    files = [path for path in folder.iterdir() if path.is_file()] if folder.exists() else []
    return {path.name: (path.read_bytes(), path.stat().st_mode) for path in files}


def both(found: Ran) -> str:
    return found.out + found.err


def test_the_teams_file_carries_the_check_and_loses_it_without_a_trace(world: Hooked, run: Run, team: Team) -> None:
    text, hooks, ours = team.file.read_bytes(), hook_files(world.shop), team.env | on_path_of(world, team)
    done = run("hook", "install", "--shared", cwd=world.shop)
    assert done.code == 0, done.err
    assert team.file.read_bytes() != text
    git(world.shop, "add", "-A")
    assert commit(world.shop, env=ours).code == 0
    assert team.ran() == 1

    before = count(world.shop)
    edit(world.claude, "Second line.", "Second line, edited.")
    git(world.shop, "add", CLAUDE)
    stopped = commit(world.shop, env=ours)
    assert stopped.code != 0
    assert both(stopped).count(STALE) == 1
    assert HINT in both(stopped)
    assert count(world.shop) == before

    mended = run("hook", "run", "pre-commit", "--fix", cwd=world.shop)
    assert mended.code == 0, mended.err
    assert "Second line, edited." in staged(world.shop, CODEX)
    done = commit(world.shop, env=ours)
    assert done.code == 0, both(done)
    assert count(world.shop) == before + 1
    assert "Second line, edited." in world.home_file.read_text(), "after the commit the hub has it"

    done = run("hook", "remove", "--shared", cwd=world.shop)
    assert done.code == 0, done.err
    assert team.file.read_bytes() == text
    assert hook_files(world.shop) == hooks
    team.ran()
    edit(world.claude, "Third line.", "Third line, edited.")
    assert commit(world.shop, "-a", env=ours).code == 0
    assert team.ran() == 1


def on_path_of(world: Hooked, team: Team) -> dict[str, str]:
    """What a shell of the team has, with agentsync."""
    tool = Path(on_path(world)["PATH"].partition(os.pathsep)[0])
    return {"PATH": f"{tool}{os.pathsep}{team.env['PATH']}"}


def test_who_has_no_agentsync_is_not_hindered_by_the_teams_file(world: Hooked, run: Run, team: Team) -> None:
    run("hook", "install", "--shared", cwd=world.shop)
    run("hook", "remove", cwd=world.shop)       # what stays on this machine
    git(world.shop, "add", "-A")
    edit(world.claude, "Second line.", "Second line, edited.")
    done = commit(world.shop, "-a", env=team.env)
    assert done.code == 0, both(done)
    assert "stale" not in both(done)
    assert team.ran() == 1


def test_hooks_of_one_machine_beside_a_manager(world: Hooked, run: Run, team: Team) -> None:
    """Without --shared: the hook that the manager wrote gets our lines, and has its own bytes again afterwards."""
    hooks = hook_files(world.shop)
    assert run("hook", "install", cwd=world.shop).code == 0
    edit(world.claude, "Second line.", "Second line, edited.")
    git(world.shop, "add", CLAUDE)
    stopped = commit(world.shop, env=team.env)
    assert stopped.code != 0
    assert both(stopped).count(STALE) == 1
    assert run("hook", "run", "pre-commit", "--fix", cwd=world.shop).code == 0
    done = commit(world.shop, env=team.env)
    assert done.code == 0, both(done)
    assert team.ran() == 1
    assert "Second line, edited." in world.home_file.read_text()
    assert run("hook", "remove", cwd=world.shop).code == 0
    assert hook_files(world.shop) == hooks


def lines_of_ours(project: Path) -> list[str]:
    """The hooks in which our lines stand, in git's folder and in a manager's."""
    folders = (project / ".git/hooks", project / ".husky/_")
    return sorted(path.name for folder in folders if folder.exists() for path in folder.iterdir() if BEGIN in path.read_text(errors="replace"))


@pytest.mark.parametrize("name", MANAGERS)
@pytest.mark.parametrize("other", [False, True] if SOAK else [False], ids=lambda other: "another language" if other else "shell")
def test_a_manager_that_is_installed_after_us(world: Hooked, run: Run, programs: dict[str, Path | str], name: str, other: bool) -> None:
    """Each puts our hook aside in a way of its own: installing again goes beside it, and removing leaves nothing behind."""
    theirs = b"#!/usr/bin/env python3\nopen('ran', 'a').write('python\\n')\n"
    if other:
        (world.shop / ".git/hooks").mkdir(exist_ok=True)
        (world.shop / ".git/hooks/pre-commit").write_bytes(theirs)
        (world.shop / ".git/hooks/pre-commit").chmod(0o755)
    run("hook", "install", cwd=world.shop)
    team = MANAGERS[name](world, programs)
    assert run("hook", "install", cwd=world.shop).code == 0
    assert lines_of_ours(world.shop) == ["post-commit", "pre-commit"]
    edit(world.claude, "Second line.", "Second line, edited.")
    stopped = commit(world.shop, "-a", env=team.env)
    assert stopped.code != 0
    assert both(stopped).count(STALE) == 1
    assert run("hook", "remove", cwd=world.shop).code == 0
    assert lines_of_ours(world.shop) == []
    assert not list(world.shop.rglob("*.before-agentsync"))
    if other:
        assert [path for path in world.shop.rglob("pre-commit*") if path.is_file() and path.read_bytes() == theirs]
    assert commit(world.shop, "-a", env=team.env).code == 0


@pytest.mark.parametrize("name", MANAGERS)
def test_a_manager_that_is_installed_again(world: Hooked, run: Run, programs: dict[str, Path | str], name: str) -> None:
    """Each writes its own hook anew, as `npm install` has husky do: our lines in it are gone, which is said, and are put back."""
    team = MANAGERS[name](world, programs)
    run("hook", "install", cwd=world.shop)
    MANAGERS[name](world, programs)
    found = run("hook", "status", cwd=world.shop)
    assert found.code == 1
    assert "pre-commit    foreign" in found.out
    run("hook", "install", cwd=world.shop)
    assert run("hook", "status", cwd=world.shop).code == 0
    edit(world.claude, "Second line.", "Second line, edited.")
    assert both(commit(world.shop, "-a", env=team.env)).count(STALE) == 1


# ---- pre-commit's own ways ------------------------------------------------------------------------------------------


def slow_check(world: Hooked) -> Team:
    """pre-commit with a check that takes a moment, during which files with unstaged changes lie as they were committed."""
    team = with_pre_commit(world, {})
    team.file.write_text(team.file.read_text().replace("echo theirs >> ran", "sleep 1; echo theirs >> ran"))
    git(world.shop, "add", "-A")
    assert commit(world.shop, env=team.env).code == 0
    return team


def test_a_daemon_takes_nothing_from_the_files_that_pre_commit_puts_aside_for_a_moment(world: Hooked) -> None:
    """An edit that is in hub and copies, and in no commit of the project yet, is not taken back while pre-commit hides it."""
    team = slow_check(world)
    with living(world) as alive:
        edit(world.claude, "Second line.", "Second line, edited.")
        alive.settled()
        assert "Second line, edited." in world.codex.read_text()
        heads, runs = count(world.hub), alive.kinds().count("run")
        (world.shop / "README").write_text("More.\n")
        git(world.shop, "add", "README")
        seen = list[bool]()
        with subprocess.Popen(["git", "-C", str(world.shop), "commit", "-qm", "More"], env={**os.environ, **team.env}, stderr=subprocess.PIPE) as one:
            while one.poll() is None:
                with contextlib.suppress(FileNotFoundError):        # for a moment it is neither
                    seen.append("Second line, edited." in world.claude.read_text())
                time.sleep(0.02)
            assert one.returncode == 0, one.stderr.read() if one.stderr else ""
        assert False in seen, "pre-commit put the edit aside"
        alive.settled()
        for path in (world.home_file, world.claude, world.codex, world.copilot):
            assert "Second line, edited." in path.read_text()
        assert (count(world.hub), alive.kinds().count("run")) == (heads, runs)
        edit(world.copilot, "Third line.", "Third line, edited.")
        alive.settled()
        assert "Third line, edited." in world.claude.read_text()


@pytest.mark.skipif(not SOAK, reason="make soak: pre-commit installs agentsync and what it needs")
def test_the_repositorys_own_hook_for_pre_commit(world: Hooked, run: Run) -> None:
    """As a team without any hub has it: pre-commit fetches this repository at a commit, and installs it by itself."""
    source = HERE.parent
    if not (source / ".git").exists():
        pytest.skip("NOT RUN: this source is no git repository")
    team = with_pre_commit(world, {})
    done = subprocess.run(["git", "-C", str(source), "stash", "create"], capture_output=True, text=True, check=False)
    revision = done.stdout.strip() or git(source, "rev-parse", "HEAD").strip()
    team.file.write_text(f"repos:\n  - repo: {source}\n    rev: {revision}\n    hooks:\n      - id: agentsync\n")
    git(world.shop, "add", "-A")
    words = [sys.executable, "-m", "pre_commit", "install-hooks"]
    made = subprocess.run(words, cwd=world.shop, env={**os.environ, **team.env}, capture_output=True, text=True, check=False, timeout=600)
    if made.returncode != 0 and "No matching distribution" in made.stdout + made.stderr:
        pytest.skip("NOT RUN: the registry cannot be reached")
    assert made.returncode == 0, made.stdout + made.stderr
    for name in ("HOME", "USERPROFILE"):        # somebody without the hub
        team.env[name] = str(world.base)
    passed = commit(world.shop, env=team.env)
    assert passed.code == 0, both(passed)
    edit(world.claude, "Second line.", "Second line, edited.")
    git(world.shop, "add", CLAUDE)
    stopped = commit(world.shop, env=team.env)
    assert stopped.code != 0
    assert STALE in both(stopped)
    assert HINT in both(stopped)
    git(world.shop, "checkout", "-q", "HEAD", CLAUDE)
    (world.shop / "README").write_text("More.\n")
    assert commit(world.shop, "-a", env=team.env).code == 0
