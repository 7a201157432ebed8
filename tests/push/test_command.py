"""The command: what it prints, where it pushes, what it ends with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agentsync.ledger import FILE
from tests.conftest import Ran, Run
from tests.worlds import World, git, tree


def pushed(done: Ran) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = json.loads(done.out)
    return answer


def test_json_is_the_documented_object(world: World, run: Run) -> None:
    world.space()
    dry = run("push", "--all", "-n", "--json", cwd=world.hub)
    assert (dry.code, tree(world.shop, world.app)) == (0, {})
    answer = pushed(dry)
    assert list(answer) == ["version", "run", "changes", "copies", "conflicts", "losses", "problems", "summary"]
    assert (answer["version"], answer["run"]) == (1, None)
    assert answer["changes"][0] == {
        "action": "create", "project": "shop", "target": "claude-code", "agent": "reviewer", "path": ".claude/agents/reviewer.md",
    }
    assert {copy["state"] for copy in answer["copies"]} == {"missing"}
    real = pushed(run("push", "--all", "--json", cwd=world.hub))
    assert real["changes"] == answer["changes"]
    assert ({copy["state"] for copy in real["copies"]}, real["run"]) == ({"ok"}, 1)
    again = pushed(run("push", "--all", "--json", cwd=world.hub))
    assert (again["changes"], again["run"], again["summary"]["states"]) == ([], None, {"ok": 9})


def test_a_dry_run_makes_nothing_at_all(world: World, run: Run) -> None:
    before = [*world.base.rglob("*"), *world.home.rglob("*")]
    done = run("push", "--all", "-n", cwd=world.hub)
    assert (done.code, done.err) == (0, "")
    assert "nothing to do" in done.out
    assert [*world.base.rglob("*"), *world.home.rglob("*")] == before


def test_what_arrives_by_git_is_not_enabled_here(world: World, run: Run) -> None:
    done = run("push", "--all", cwd=world.hub)
    assert (done.code, tree(world.shop, world.app)) == (0, {})
    assert "shop, app: 2 projects: not enabled here\n  hint: agentsync project enable PROJECT\n" in done.err
    assert run("push", "shop", "-y", cwd=world.hub).code == 0
    assert (world.shop / ".claude/agents/reviewer.md").exists()
    assert tree(world.app) == {}
    (world.hub / "agentsync.yaml").write_text(world.settings.replace("../shop", "../app"))  # the same name, somewhere else
    done = run("push", "--all", cwd=world.hub)
    assert ("shop, app: 2 projects: not enabled here" in done.err, tree(world.app)) == (True, {})


def test_inside_a_project_push_means_this_project(world: World, run: Run) -> None:
    world.space()
    (world.shop / "deep").mkdir()
    done = run("push", cwd=world.shop / "deep")
    assert done.code == 0
    assert tree(world.shop) != {}
    assert tree(world.app) == {}
    run("push", "--all", cwd=world.shop)
    assert tree(world.app) != {}


def test_off_its_branch_the_hub_is_parked(world: World, run: Run) -> None:
    (world.hub / "agentsync.yaml").write_text(world.settings.replace("version: 1", "version: 1\nbranch: main"))
    world.space()
    git(world.hub, "commit", "-q", "--allow-empty", "-m", "first")
    git(world.hub, "switch", "-q", "-c", "other")
    done = run("push", "--all", cwd=world.hub)
    assert (done.code, tree(world.shop)) == (1, {})
    assert "the branch other is checked out, and its truth is on main" in done.err
    assert run("push", "--all", "--any-branch", cwd=world.hub).code == 0
    assert tree(world.shop) != {}


def test_exit_codes_and_hints(world: World, run: Run) -> None:
    world.space()
    run("push", "--all", cwd=world.hub)
    copy = world.shop / ".claude/agents/reviewer.md"
    copy.write_text(copy.read_text() + "more\n")
    done = run("push", "shop", cwd=world.hub)
    assert done.code == 1
    command = next(line for line in done.err.splitlines() if "--overwrite edited" in line).partition("hint: agentsync ")[2]
    assert run(*command.split(), cwd=world.hub).code == 0
    assert "more" not in copy.read_text()
    copy.unlink()
    done = run("push", "shop", cwd=world.hub)
    assert (done.code, "1 deleted" in done.err) == (0, True)
    run("project", "enable", "shop", cwd=world.hub)
    run("push", "shop", cwd=world.hub)
    assert copy.exists()
    assert run("push", "nothing", cwd=world.hub).code == 2
    assert run("push", "--to", "opencod", cwd=world.hub).code == 2
    assert run("push", "--overwrite", "all", cwd=world.hub).code == 2


def test_a_damaged_ledger_is_told_and_replaced(world: World, run: Run) -> None:
    world.push()
    (Path(world.space().state) / FILE).write_bytes(b"no database" * 500)
    done = run("push", "--all", cwd=world.hub)
    assert done.code == 0
    assert "the ledger was damaged" in done.err
    assert "recognised" in done.err


def test_a_hook_s_git_variables_do_not_lead_astray(world: World, run: Run) -> None:
    world.space()
    index = world.shop / ".git" / "index.lock"
    inherited = {"GIT_DIR": str(world.shop / ".git"), "GIT_INDEX_FILE": str(index), "GIT_WORK_TREE": str(world.shop)}
    done = run("push", "--all", cwd=world.hub, env=inherited)
    assert done.code == 0
    assert not index.exists()
    assert git(world.hub, "status", "--porcelain").split() == ["??", "agents/", "??", "agentsync.yaml"]
