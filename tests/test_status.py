"""The screen people live in: states, the two columns, what is said of rights and commits, and differences."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from agentsync.ledger import open_ledger
from tests.conftest import Run
from tests.in_process import runner
from tests.worlds import SETTINGS, Two, edit, git


@pytest.fixture
def world(tmp_path: Path, home: Path) -> Two:
    found = Two(tmp_path / "world", home).build()
    found.go()
    return found


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`agentsync ARGUMENTS`, in this process."""
    return runner(tmp_path, monkeypatch, capsys)


def test_all_is_well(world: Two, run: Run) -> None:
    ran = run("status", cwd=world.hub)
    assert (ran.code, ran.out.splitlines()[1:]) == (0, ["shop  6 ok", "app  3 ok", "hub and copies say the same"])


def test_the_two_columns(world: Two, run: Run) -> None:
    edit(world.claude, "Second", "2nd")
    edit(world.copilot, "tools: [read, Grep]", "tools: [read, Grep, execute]")
    (world.shop / ".claude/agents/tester.md").unlink()
    (world.shop / ".opencode/agents/new.md").write_text("---\nmode: all\n---\n\nNew.\n")
    world.agent("fresh", "---\nname: fresh\ndescription: d\n---\n\nP\n")
    ran = run("status", "--json", cwd=world.hub)
    copies = {(c["project"], c["target"], c["agent"]): c for c in json.loads(ran.out)["copies"]}
    columns = {key: (copy["changed_there"], copy["would_change"], copy["state"]) for key, copy in copies.items()}
    assert columns["shop", "claude-code", "reviewer"] == ("M", "^", "edited")
    assert columns["app", "copilot", "reviewer"] == ("M", None, "held")
    assert columns["shop", "claude-code", "tester"] == ("D", None, "deleted")
    assert columns["shop", "opencode", "reviewer"] == (None, "M", "ok")
    assert columns["shop", "opencode", "fresh"] == (None, "A", "missing")
    assert copies["shop", "claude-code", "reviewer"]["rights"] == "read.file, read.grep"
    assert copies["shop", "claude-code", "reviewer"]["hub_commit"] == git(world.hub, "rev-parse", "HEAD").strip()
    assert ran.code == 1
    text = run("status", cwd=world.hub).out
    assert "M^  reviewer" in text
    assert "hint: agentsync approve" in text


def test_inside_a_project_status_is_of_that_project(world: Two, run: Run) -> None:
    assert "app" not in run("-C", world.hub, "status", cwd=world.shop).out
    assert "app" in run("-C", world.hub, "status", "--all", cwd=world.shop).out


@pytest.mark.parametrize("columns", ["60", "100", "200"])
def test_no_line_of_status_is_wider_than_the_terminal_needs(world: Two, run: Run, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    edit(world.claude, "Second", "2nd")
    lines = [line for line in run("status", cwd=world.hub).out.splitlines() if "reviewer" in line]
    assert lines
    assert all((".claude/agents" in line) == (columns != "60") for line in lines if "claude-code" in line)


def test_diff_shows_the_hub_the_copies_and_what_is_held(world: Two, run: Run) -> None:
    edit(world.claude, "Second", "2nd")
    edit(world.copilot, "tools: [read, Grep]", "tools: [read, Grep, execute]")
    before = {path: path.read_bytes() for path in world.all()}
    both = run("diff", cwd=world.hub).out
    assert all(word in both for word in ("hub:agents/reviewer.md", "shop:.opencode/agents/reviewer.md", "+2nd line.", "held: "))
    assert "shop:.opencode" not in run("diff", "--pull", cwd=world.hub).out
    assert "hub:agents" not in run("diff", "--push", cwd=world.hub).out
    assert run("diff", "--push", "--pull", cwd=world.hub).code == 2
    assert {path: path.read_bytes() for path in world.all()} == before


def test_status_of_a_parked_hub_says_so(world: Two, run: Run) -> None:
    git(world.hub, "checkout", "-q", "-b", "other")
    assert "parked" in run("status", cwd=world.hub).out
    assert run("sync", cwd=world.hub).code == 1
    assert run("sync", "--any-branch", cwd=world.hub).code == 0


def test_resolve_approve_log_and_undo_on_the_command_line(world: Two, run: Run) -> None:
    assert "there is no conflict" in run("resolve", cwd=world.hub).err
    assert "nothing is held" in run("approve", cwd=world.hub).err
    assert json.loads(run("resolve", "--json", cwd=world.hub).out) == {"version": 1, "conflicts": []}
    assert json.loads(run("approve", "--json", cwd=world.hub).out) == {"version": 1, "held": []}
    edit(world.home_file, "Second", "Hub's")
    edit(world.claude, "Second", "Claude's")
    assert run("sync", cwd=world.hub).code == 1
    listed = run("resolve", cwd=world.hub)
    assert (listed.code, "+Claude's line." in listed.out) == (1, True)
    assert json.loads(run("resolve", "--json", cwd=world.hub).out)["conflicts"][0]["part"] == "prompt"
    assert "did you mean reviewer" in run("resolve", "reviewr", "--take", "hub", cwd=world.hub).err
    assert "is no side" in run("resolve", "reviewer", "--take", "app", cwd=world.hub).err
    assert run("resolve", "reviewer", "--take", "shop", cwd=world.hub).code == 0
    assert "Claude's" in world.home_file.read_text()
    assert "resolve" in run("log", cwd=world.hub).out.splitlines()[0]
    assert run("undo", "-n", cwd=world.hub).code == 0
    assert "Claude's" in world.home_file.read_text()
    assert run("undo", cwd=world.hub).code == 0
    assert "Hub's" in world.home_file.read_text()
    assert "undone by" in run("log", cwd=world.hub).out
    assert "no record" in run("undo", "999", cwd=world.hub).err


def test_the_edit_of_an_agent_that_is_not_selected_any_more_cannot_win_and_says_why(world: Two, run: Run) -> None:
    edit(world.claude, "Second", "Claude's")
    settings = world.hub / "agentsync.yaml"
    edit(settings, "targets: [claude-code, opencode]", 'select: ["*", "!reviewer"], targets: [claude-code, opencode]')
    assert "conflict" in run("sync", cwd=world.hub).err
    for side in ("shop", "shop:claude-code"):
        refused = run("resolve", "reviewer", "--take", side, cwd=world.hub)
        assert (refused.code, "reviewer is not selected for shop any more" in refused.err) == (2, True)
        assert "agentsync resolve reviewer --take hub" in refused.err
    assert "is no side" in run("resolve", "reviewer", "--take", "app", cwd=world.hub).err
    assert "Claude's" in world.claude.read_text()
    assert run("resolve", "reviewer", "--take", "hub", cwd=world.hub).code == 0
    assert not world.claude.exists()


def test_the_log_names_a_run_that_did_not_come_to_its_end_until_the_next_one_looked_after_it(world: Two, run: Run) -> None:
    with open_ledger(world.space().state)[0] as ledger:
        ledger.begin_run("sync", [])
    assert "not finished" in run("log", cwd=world.hub).out.splitlines()[0]
    assert run("sync", cwd=world.hub).code == 0
    assert "not finished" not in run("log", cwd=world.hub).out


@pytest.mark.parametrize("command", ["push", "pull", "sync", "status", "diff"])
def test_an_agent_that_was_asked_for_and_is_nowhere_is_told(world: Two, run: Run, command: str) -> None:
    ran = run(command, "--agent", "reviewr", cwd=world.hub)
    assert "there is no such agent — did you mean reviewer?" in ran.out + ran.err
    ran = run(command, "--agent", "reviewer", cwd=world.hub)
    assert "no such agent" not in ran.out + ran.err


def test_approve_lists_what_is_held_as_a_result(world: Two, run: Run) -> None:
    edit(world.claude, "tools: Read, Grep", "tools: Read, Grep, Bash")
    run("sync", cwd=world.hub)
    listed = run("approve", cwd=world.hub)
    assert (listed.code, "shell" in listed.out) == (1, True)
    held = json.loads(run("approve", "--json", cwd=world.hub).out)["held"]
    assert [(one["agent"], one["project"], one["target"]) for one in held] == [("reviewer", "shop", "claude-code")]


def test_what_was_undone_is_at_rest(world: Two, run: Run) -> None:
    edit(world.claude, "Second", "2nd")
    run("sync", cwd=world.hub)
    run("undo", cwd=world.hub)
    ran = run("status", cwd=world.hub)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "nothing to do; 1 copy at rest")
    assert "its last change was undone" in ran.out


@pytest.mark.parametrize("answer", [("--edit",), ("--take", "shop")])
def test_of_an_agent_that_left_no_copy_can_win(world: Two, run: Run, answer: tuple[str, ...]) -> None:
    edit(world.claude, "Second", "2nd")
    world.home_file.unlink()
    before = world.opencode.read_bytes()
    ran = run("resolve", "reviewer", *answer, cwd=world.hub)
    assert (ran.code, "hint: agentsync resolve reviewer --take hub" in ran.err) == (2, True)
    assert (world.opencode.read_bytes(), "2nd" in world.claude.read_text()) == (before, True)
    assert run("resolve", "reviewer", "--take", "hub", cwd=world.hub).code == 0
    assert not world.claude.exists()


def test_an_edit_that_no_sync_takes_in_needs_somebody(world: Two, run: Run) -> None:
    (world.hub / "agentsync.yaml").write_text(SETTINGS.replace("opencode]}", "opencode], mode: push}"))
    edit(world.claude, "Second", "2nd")
    ran = run("status", "--all", cwd=world.hub)
    assert (ran.code, "hint: agentsync push shop --agent reviewer --to claude-code --overwrite edited" in ran.out) == (1, True)
    assert run("sync", "--all", cwd=world.hub).code == 1


def test_status_names_the_way_out_of_a_clash(world: Two, run: Run) -> None:
    other = world.hub / "agents/other/reviewer.md"
    other.parent.mkdir()
    other.write_text(world.home_file.read_text().replace("Second", "2nd"))
    ran = run("status", "--all", cwd=world.hub)
    assert ("skip --refused" in ran.out, "hint: give one another name, or leave one out" in ran.out) == (False, True)


def test_copies_that_say_what_the_hub_says_are_at_no_rest(world: Two, run: Run) -> None:
    run("exclude", "reviewer", "-p", "shop", cwd=world.hub)
    run("push", "--all", cwd=world.hub)
    assert not world.claude.exists()
    run("undo", cwd=world.hub)
    run("undo", cwd=world.hub)
    assert world.claude.exists()
    ran = run("status", "--all", cwd=world.hub)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "hub and copies say the same")
    assert json.loads(run("push", "--all", "--json", cwd=world.hub).out)["changes"] == []


def test_resolve_in_an_editor(world: Two, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(world.home_file, "Second", "Hub's")
    edit(world.claude, "Second", "Claude's")
    run("sync", cwd=world.hub)
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import re, sys, pathlib\np = pathlib.Path(sys.argv[1])\nt = p.read_text()\nassert '<<<<<<< hub' in t\n"
        "p.write_text(re.sub(r'(?s)<<<<<<<.*?>>>>>>>[^\\n]*', 'Both lines.', t))\n"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    assert run("resolve", "reviewer", "--edit", cwd=world.hub).code == 0
    assert all("Both lines." in path.read_text() for path in world.all())


def test_projects_and_agents_of_which_the_same_is_to_be_said_stand_together(tmp_path: Path, run: Run) -> None:
    """A rollout over many projects is one block, and so are the agents that a format refuses for one reason."""
    assert run("init", "hub").code == 0
    hub = tmp_path / "hub"
    for number in range(4):
        (hub / f"agents/guard-{number}.md").write_text(f"---\nname: guard-{number}\ndescription: Guards\ntools: Read, Grep\n---\n\nGuard.\n")
    for name in ("one", "two", "three", "odd"):
        (tmp_path / name).mkdir()
        assert run("project", "add", tmp_path / name, "--to", "opencode" if name == "odd" else "codex,copilot", cwd=hub).code == 0
    pushed = run("push", "--all", cwd=hub)
    assert pushed.code == 1
    assert "one, … +2: 3 projects, each\n  codex: 4 refused: Codex CLI holds no agent to a tool list (guard-0, … +3)\n" in pushed.err
    assert pushed.err.count("4 refused") == 1
    assert "\nodd\n  opencode: 4 created\n" in pushed.err
    screen = run("status", "--all", cwd=hub)
    assert screen.out.splitlines()[1:] == [
        "one, … +2  3 projects, each  4 ok",
        "      guard-0, … +3  codex  refused    Codex CLI holds no agent to a tool list",
        "odd  4 ok",
        "hint: agentsync skip --refused  (or: agentsync allow --refused)",
    ]
    assert run("push", "--all", cwd=hub).err.count("one, … +2: 3 projects, each") == 1


def test_a_text_by_hand_that_is_no_agent_is_kept(world: Two, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(world.home_file, "Second", "Hub's")
    edit(world.claude, "Second", "Claude's")
    editor = tmp_path / "editor.py"
    editor.write_text("import sys, pathlib\npathlib.Path(sys.argv[1]).write_text('An hour of work.')\n")
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    ran = run("resolve", "reviewer", "--edit", cwd=world.hub, env={"TMPDIR": str(tmp_path)})
    assert (ran.code, "is no agent" in ran.err) == (2, True)
    kept = [line for line in ran.err.splitlines() if "is kept in" in line]
    assert Path(kept[0].split()[-1]).read_text() == "An hour of work."


def test_diff_says_why_nothing_is_done_in_a_project(world: Two, run: Run) -> None:
    edit(world.home_file, "description:", "color: red description:")
    ran = run("diff", cwd=world.hub)
    assert (ran.code, ran.out) == (1, "")
    assert "shop: stopped" in ran.err


def test_status_names_copies_that_were_deleted_in_its_last_words(world: Two, run: Run) -> None:
    world.claude.unlink()
    ran = run("status", cwd=world.hub)
    assert (ran.code, ran.out.splitlines()[-2:]) == (0, [
        "hub and copies say the same, but for copies that were deleted",
        "hint: agentsync restore reviewer -p shop  (or: agentsync exclude reviewer -p shop)",
    ])
