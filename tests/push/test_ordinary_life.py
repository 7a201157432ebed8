"""Push on real folders with real git: what is written, what is not, and what a crash, a second process or a bad disk leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agentsync.commands.app import run as main
from agentsync.disk import DiskError, is_temporary
from agentsync.ledger import FILE, open_ledger
from agentsync.model import Problem
from agentsync.snapshot import Wishes
from agentsync.sync import at_work
from agentsync.undo import run_to_undo, undo
from tests.conftest import Ran, Run
from tests.watched import Killed, Mortal, Watched
from tests.worlds import World, actions, agent_text, git, restore, states, tree

SELECTING = """version: 1
branch: main
projects:
  shop: {{path: ../shop, targets: [claude-code], select: [{0}]}}
  app: {{path: ../app, targets: [roo], select: [{0}]}}
"""


# ---- the ordinary life --------------------------------------------------------------------------------------------


def test_push_creates_updates_and_removes(world: World) -> None:
    first = world.push()
    assert {action for action, _ in actions(first)} == {"create"}
    assert len(actions(first)) == 9
    world.agent("reviewer", agent_text("reviewer", "Reviews it all"))
    assert sorted(actions(world.push())) == [
        ("update", "app/.github/agents/reviewer.agent.md"), ("update", "shop/.claude/agents/reviewer.md"),
        ("update", "shop/.opencode/agents/reviewer.md"),
    ]
    (world.hub / "agents" / "tester.md").unlink()
    assert {action for action, _ in actions(world.push())} == {"delete"}
    assert not (world.shop / ".claude/agents/tester.md").exists()
    assert "Reviews it all" in (world.shop / ".opencode/agents/reviewer.md").read_text()


def test_a_second_push_writes_nothing_and_a_third_reads_no_copy(world: World) -> None:
    world.push()
    before = tree(world.shop, world.app, world.hub)
    for path in before:  # older than any file system's tick
        os.utime(path, (time.time() - 100,) * 2)
    times = {path: Path(path).stat().st_mtime_ns for path in before}
    for number in range(3):
        disk = Watched()
        # The change time cannot be set back: what a row holds is trusted only once that is old enough too.
        result = world.push(disk)
        copies = [path for path in disk.read_paths if path.startswith((str(world.shop), str(world.app))) and not path.endswith("agentsync.lock")]
        assert (actions(result), result.run) == ([], None)
        assert [step for step in disk.steps if step[0] != "write" or "hub.holder" not in step[2]] == []
        if number == 0:
            time.sleep(2.6)
    assert copies == []
    assert tree(world.shop, world.app, world.hub) == before
    assert {path: Path(path).stat().st_mtime_ns for path in before} == times


def test_what_is_not_ours_stays(world: World) -> None:
    mine = world.shop / ".claude/agents/reviewer.md"
    mine.parent.mkdir(parents=True)
    mine.write_text(agent_text("reviewer", "My own"))
    same = world.shop / ".opencode/agents/tester.md"
    same.parent.mkdir(parents=True)
    result = world.push()
    assert states(result)["shop:claude-code:reviewer"] == "foreign"
    assert mine.read_text() == agent_text("reviewer", "My own")
    over = world.push(wishes=Wishes(overwrite=frozenset(["foreign"])))
    assert actions(over) == [("update", "shop/.claude/agents/reviewer.md")]
    with open_ledger(world.space().state)[0] as ledger:  # what was overwritten can be had back
        assert [t.old for t in ledger.touched(over.run or 0) if t.path != "agentsync.lock"] == [agent_text("reviewer", "My own").encode()]


def test_an_edited_copy_stays_until_it_may_be_overwritten(world: World) -> None:
    world.push()
    copy = world.shop / ".claude/agents/reviewer.md"
    copy.write_text(copy.read_text() + "\nMy line.\n")
    world.agent("reviewer", agent_text("reviewer", "Anew"))
    result = world.push()
    assert states(result)["shop:claude-code:reviewer"] == "edited"
    assert "My line." in copy.read_text()
    assert "Anew" in (world.shop / ".opencode/agents/reviewer.md").read_text()
    assert actions(world.push(wishes=Wishes(overwrite=frozenset(["edited"])))) == [("update", "shop/.claude/agents/reviewer.md")]
    assert "My line." not in copy.read_text()


def test_line_ends_alone_are_no_edit(world: World) -> None:
    world.push()
    copy = world.shop / ".claude/agents/reviewer.md"
    copy.write_bytes(copy.read_bytes().replace(b"\n", b"\r\n"))
    assert (actions(world.push()), states(world.push())["shop:claude-code:reviewer"]) == ([], "ok")
    world.agent("reviewer", agent_text("reviewer", "Anew"))
    world.push()
    assert b"description: Anew\r\n" in copy.read_bytes()


def test_losing_the_ledger_loses_nothing(world: World) -> None:
    world.push()
    copy = world.shop / ".claude/agents/reviewer.md"
    copy.write_text(copy.read_text() + "\nMy line.\n")
    before = tree(world.shop, world.app)
    shutil.rmtree(world.space().state)
    result = world.push()
    assert {action for action, _ in actions(result)} == {"heal"}
    assert states(result)["shop:claude-code:reviewer"] == "edited", "the lock still says that it is a copy"
    assert tree(world.shop, world.app) == before
    assert actions(world.push()) == []


def test_an_old_ledger_restored_deletes_and_overwrites_nothing(world: World, tmp_path: Path) -> None:
    world.push()
    backup = tmp_path / "backup"
    shutil.copytree(world.space().state, backup)
    world.agent("reviewer", agent_text("reviewer", "Second"))
    world.push()
    copy = world.shop / ".claude/agents/reviewer.md"
    copy.write_text(copy.read_text().replace("Look.", "Theirs."))
    before = tree(world.shop, world.app)
    shutil.rmtree(world.space().state)
    shutil.copytree(backup, world.space().state)
    assert [action for action, _ in actions(world.push())] == []
    assert tree(world.shop, world.app) == before
    world.agent("reviewer", agent_text("reviewer", "Third"))
    assert ("update", "shop/.claude/agents/reviewer.md") not in actions(world.push())
    assert "Theirs." in copy.read_text()


def test_a_target_taken_out_releases_its_copies(world: World) -> None:
    world.push()
    (world.hub / "agentsync.yaml").write_text(world.settings.replace("claude-code, opencode", "claude-code"))
    result = world.push()
    assert actions(result) == []
    assert (world.shop / ".opencode/agents/reviewer.md").exists()
    assert {row.key.format for row in world.rows()} == {"claude-code", "copilot"}
    lock = (world.shop / "agentsync.lock").read_text()
    assert (" opencode " in lock, " claude-code " in lock) == (False, True)


@pytest.mark.parametrize("edited", [False, True])
def test_an_agent_that_leaves_hands_its_copy_to_one_of_the_same_name(world: World, edited: bool) -> None:
    (world.hub / "agentsync.yaml").write_text(SELECTING.format("reviewer"))
    world.push()
    world.agent("team/reviewer", agent_text("reviewer", prompt="Another prompt."))
    copies = [world.shop / ".claude/agents/reviewer.md", world.app / ".roomodes"]
    if edited:
        copies[0].write_text(copies[0].read_text() + "Mine.\n")
    (world.hub / "agentsync.yaml").write_text(SELECTING.format("team/reviewer"))
    result = world.push()
    assert ("update", "app/.roomodes") in actions(result)
    assert ("update" if not edited else "conflict") in {*states(result).values(), *(action for action, path in actions(result) if "shop" in path)}
    assert ("Mine." in copies[0].read_text(), "Another prompt." in copies[0].read_text()) == (edited, not edited)
    assert "Another prompt." in copies[1].read_text()
    assert actions(world.push()) == []
    assert {row.agent for row in world.rows() if row.key.path == ".roomodes"} == {"team/reviewer"}
    space = world.space()
    with at_work(space, "undo") as (ledger, _):
        undo(space, ledger, run_to_undo(ledger, None))
    assert "Another prompt." not in copies[1].read_text()
    assert actions(world.push()) == []


def test_a_shared_file_beside_the_hubs_own_folder_is_a_target(world: World) -> None:
    (world.hub / "agentsync.yaml").write_text("version: 1\nagents: .claude/agents\nprojects:\n  hub: {path: ., targets: [roo]}\n")
    (world.hub / ".claude").mkdir()
    (world.hub / "agents").rename(world.hub / ".claude/agents")
    result = world.push()
    assert {path for _, path in actions(result)} == {"hub/.roomodes"}
    assert not result.plan.problems


def test_the_hub_s_own_folder_is_no_target(world: World) -> None:
    (world.hub / "agentsync.yaml").write_text("version: 1\nagents: .claude/agents\nprojects:\n  hub: {path: ., targets: [claude-code, opencode]}\n")
    (world.hub / ".claude").mkdir()
    (world.hub / "agents").rename(world.hub / ".claude/agents")
    before = tree(world.hub / ".claude")
    result = world.push()
    assert {path.split("/")[1] for _, path in actions(result)} == {".opencode"}
    assert tree(world.hub / ".claude") == before


@pytest.mark.parametrize("agents", [".claude/agents/hub", ".claude"])
def test_a_hub_inside_a_target_s_folder_is_told(world: World, agents: str) -> None:
    (world.hub / "agentsync.yaml").write_text(f"version: 1\nagents: {agents}\nprojects:\n  hub: {{path: ., targets: [claude-code, opencode]}}\n")
    (world.hub / agents).parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(world.hub / "agents", world.hub / agents)
    result = world.push()
    assert [problem.code for problem in result.plan.problems] == ["overlap"]
    assert {path.split("/")[1] for _, path in actions(result)} == {".opencode"}


def test_user_scope_writes_below_the_home_directory(world: World) -> None:
    (world.hub / "agentsync.yaml").write_text('version: 1\nprojects:\n  me: {path: "~", scope: user, targets: [claude-code, opencode]}\n')
    world.push()
    written = {str(path.relative_to(world.home)) for path in world.home.rglob("*.md")}
    assert ".claude/agents/reviewer.md" in written
    assert ".config/opencode/agents/reviewer.md" in written


# ---- what must stop or hold back ----------------------------------------------------------------------------------


def test_a_missing_or_replaced_root_is_left_alone(world: World) -> None:
    world.push()
    world.shop.rename(world.base / "away")
    result = world.push()
    assert [(o.name, o.state) for o in result.plan.projects] == [("shop", "missing"), ("app", "ok")]
    world.shop.mkdir()
    result = world.push()
    assert [(o.state, o.why.code) for o in result.plan.projects if o.why] == [("stopped", "replaced")]
    shutil.copytree(world.base / "away" / ".claude", world.shop / ".claude")
    result = world.push()
    assert [(o.state, o.why.code) for o in result.plan.projects if o.why] == [("stopped", "replaced")]
    assert not (world.shop / ".opencode").exists()


def test_a_busy_repository_is_left_alone(world: World) -> None:
    (world.shop / ".git" / "MERGE_HEAD").write_text("0" * 40)
    result = world.push()
    assert [(o.name, o.state) for o in result.plan.projects] == [("shop", "busy"), ("app", "ok")]
    assert not (world.shop / ".claude").exists()


def test_links_are_named_and_the_others_go_on(world: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file.md").write_text(agent_text("reviewer"))
    (world.shop / ".claude").symlink_to(outside)
    (world.app / ".github/agents").mkdir(parents=True)
    (world.app / ".github/agents/reviewer.agent.md").symlink_to(outside / "file.md")
    before = tree(outside)
    result = world.push()
    assert tree(outside) == before
    assert [problem.code for problem in result.plan.problems] == ["link"]
    assert states(result)["app:copilot:reviewer"] == "unreadable"
    assert (world.app / ".github/agents/tester.agent.md").exists()
    assert (world.shop / ".opencode/agents/tester.md").exists()


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "..", ".git/hooks/post-commit", "a/b/../../../x", "CON", "x\u202e", "é" * 200])
def test_a_hostile_name_writes_inside_the_target_only(world: World, name: str) -> None:
    world.agent("evil", f"---\nname: {json.dumps(name)}\ndescription: d\n---\n\nP\n")
    disk = Watched()
    world.push(disk)
    for what, root, path in disk.steps:
        if what == "write" and not root.startswith(str(world.home)):
            assert path.startswith((".claude/agents/", ".opencode/agents/", ".github/agents/")) or path == "agentsync.lock", path
            assert ".." not in path.split("/")
    assert not (world.base / "x.md").exists()


def test_the_write_set(world: World) -> None:
    """Creations, updates and deletions: nothing but agent folders of the targets and the state folder is ever written."""
    disk = Watched()
    world.push(disk)
    world.agent("reviewer", agent_text("reviewer", "Anew"))
    (world.hub / "agents/tester.md").unlink()
    world.push(disk)
    allowed = (
        f"{world.shop}/.claude/agents/", f"{world.shop}/.opencode/agents/", f"{world.app}/.github/agents/", f"{world.space().state}/",
        f"{world.shop}/agentsync.lock", f"{world.app}/agentsync.lock",
    )
    assert {what for what, _, _ in disk.steps} == {"write", "delete"}
    for _, root, path in disk.steps:
        assert f"{root}/{path}".startswith(allowed)


def test_unreadable_copies_and_agents_are_named_and_the_others_go_on(world: World) -> None:
    (world.shop / ".claude/agents").mkdir(parents=True)
    (world.shop / ".claude/agents/reviewer.md").write_bytes(b"x" * (2 << 20))
    world.agent("empty", "")
    world.agent("broken", "---\nname: broken\n---\n\nP\n")
    world.agent("README", "# Our agents\n")
    result = world.push()
    assert states(result)["shop:claude-code:reviewer"] == "unreadable"
    assert sorted(Path(problem.path or "").name for problem in result.plan.problems) == ["broken.md", "empty.md"]
    assert (world.shop / ".claude/agents/tester.md").exists()


@pytest.mark.parametrize("code", ["full", "denied", "read-only"])
def test_a_disk_that_fails_is_named_and_the_others_go_on(world: World, code: str) -> None:
    def fail(what: str, root: str, path: str) -> None:
        if what == "write" and path.endswith("reviewer.md"):
            raise DiskError(Problem(code, "cannot be written", path=path))

    result = world.push(Watched(before=fail))
    assert {edit.path for edit, _ in result.failed} == {".claude/agents/reviewer.md", ".opencode/agents/reviewer.md"}
    assert (world.shop / ".claude/agents/tester.md").exists()
    assert {row.key.path for row in world.rows()}.isdisjoint({".claude/agents/reviewer.md"})
    assert sorted(action for action, _ in actions(world.push())) == ["create", "create"]


def test_a_read_only_folder_is_named(world: World) -> None:
    world.space()
    (world.shop / ".claude/agents").mkdir(parents=True)
    (world.shop / ".claude/agents").chmod(0o555)
    # Root may write everywhere: it loads what a push needs, then hands the world over and gives its rights up.
    script = (
        f"import os, sys, pathlib; os.chdir({str(world.hub)!r}); from agentsync.commands.app import run; run(['push', '--all', '-n'])\n"
        "import agentsync.locking, agentsync.ledger\n"
        "if os.geteuid() == 0:\n"
        f"    for base in map(pathlib.Path, ({str(world.base)!r}, {str(world.home)!r})):\n"
        "        for path in (base, *base.rglob('*')): os.chown(path, 65534, 65534)\n"
        "        for path in base.parents: path.chmod(path.stat().st_mode | 0o011)\n"
        "    os.setgid(65534); os.setuid(65534)\n"
        "sys.exit(run(['push', '--all']))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert ".claude/agents/reviewer.md: cannot be written: permission denied" in done.stderr
    assert (world.shop / ".opencode/agents/reviewer.md").exists()


def test_a_file_changed_between_the_plan_and_the_write_is_left_alone(world: World) -> None:
    world.push()
    copy = world.shop / ".claude/agents/reviewer.md"
    world.agent("reviewer", agent_text("reviewer", "Anew"))

    def somebody_edits(what: str, root: str, path: str) -> None:
        if what == "write" and path == ".claude/agents/reviewer.md":
            copy.write_text("theirs")

    result = world.push(Watched(before=somebody_edits))
    assert [(edit.path, problem.code) for edit, problem in result.failed] == [(".claude/agents/reviewer.md", "changed")]
    assert copy.read_text() == "theirs"


# ---- killed at any instant ----------------------------------------------------------------------------------------


def everything(world: World) -> tuple[dict[str, bytes], set[tuple[Any, ...]]]:
    """The files of the projects, and what the ledger knows of them but for stamps, which depend on the clock."""
    rows = {(row.key.path, row.key.format, row.agent, row.name, row.written, row.hub, row.recipe) for row in world.rows()}
    return {path.removeprefix(str(world.base)): data for path, data in tree(world.shop, world.app).items()}, rows


def test_killed_at_every_step_the_next_run_ends_where_an_uninterrupted_one_does(world: World, home: Path, tmp_path: Path) -> None:
    """The run creates, updates and deletes. Killed before or after each thing it does to the disk or the ledger."""
    (world.hub / "agentsync.yaml").write_text("version: 1\nprojects:\n  shop: {path: ../shop, targets: [claude-code]}\n")
    world.push()
    world.agent("reviewer", agent_text("reviewer", "Second"))
    world.agent("fresh", agent_text("fresh"))
    (world.hub / "agents/tester.md").unlink()
    before = tree(world.shop, world.app)
    for name, folder in (("base", world.base), ("home", home)):
        shutil.copytree(folder, tmp_path / "saved" / name)

    def push_until(number: int) -> bool:
        """Start from the saved world; whether the run was killed at its `number`-th step."""
        for name, folder in (("base", world.base), ("home", home)):
            restore(tmp_path / "saved" / name, folder)
        left = number

        def step(*_: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed

        try:
            world.push(Watched(before=step, after=step), wrap=lambda ledger: Mortal(ledger, step))
        except Killed:
            return True
        return False

    assert not push_until(0)
    wanted = everything(world)
    number = 1
    while push_until(number):
        for path, data in tree(world.shop, world.app).items():  # original or final, nothing between
            assert data in (before.get(path), wanted[0].get(path.removeprefix(str(world.base)))), path
        world.push()
        assert everything(world) == wanted, number
        number += 1
    assert number > 20
    assert not [path for path in world.base.rglob("*") if is_temporary(path.name)]


def test_old_bytes_are_recorded_before_the_first_file_changes(world: World) -> None:
    world.push()
    world.agent("reviewer", agent_text("reviewer", "Second"))
    old = (world.shop / ".claude/agents/reviewer.md").read_bytes()

    def first_write(what: str, root: str, path: str) -> None:
        if root == str(world.app) or root == str(world.shop):
            raise Killed

    with pytest.raises(Killed):
        world.push(Watched(before=first_write))
    with open_ledger(world.space().state)[0] as ledger:
        run = ledger.runs()[0]
        assert run.finished is None
        assert old in [touched.old for touched in ledger.touched(run.id)]


def test_a_real_kill_leaves_no_half_file(world: World, run: Run) -> None:
    """SIGKILL at random instants of a real process; each file is whole, and the next push finishes the work."""
    for number in range(40):
        world.agent(f"many/a{number}", agent_text(f"a{number}", prompt="x" * 2000))
    world.space()
    command = [sys.executable, "-m", "agentsync", "push", "--all"]
    for wait in (0.30, 0.33, 0.36, 0.40, 0.45):
        with subprocess.Popen(command, cwd=world.hub, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
        for path, data in tree(world.shop, world.app).items():
            assert is_temporary(Path(path).name) or data.endswith(b"\n"), path
    assert run("push", "--all", cwd=world.hub).code == 0
    assert len(list((world.shop / ".claude/agents").glob("*.md"))) == 43
    assert not [path for path in world.base.rglob("*") if is_temporary(path.name)]


def test_two_processes_at_once_do_each_thing_once(world: World) -> None:
    world.space()
    command = [sys.executable, "-m", "agentsync", "push", "--all", "--json"]
    processes = [subprocess.Popen(command, cwd=world.hub, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(len(answer["changes"]) for answer in answers) == [0, 0, 9]


def test_a_locked_hub_says_who_holds_it(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("agentsync.locking.WAIT_SECONDS", 0.2)
    monkeypatch.chdir(world.hub)
    with at_work(world.space(), "watch"):
        assert main(["push", "--all"]) == 3
    said = capsys.readouterr().err
    assert f"watch (process {os.getpid()})" in said
    assert tree(world.shop) == {}


# ---- the command --------------------------------------------------------------------------------------------------


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
