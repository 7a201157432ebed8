"""Adopt on real folders with real git: what enters the hub, what is recognised, and that no byte of a project changes."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from agentsync.adopt import Visit, carry_out, find
from agentsync.adoption import alike
from agentsync.config import HubFile, Project, load_hub
from agentsync.disk import DiskError, LocalDisk, Stamp
from agentsync.model import Problem
from agentsync.sync import at_work
from agentsync.workspace import Machine, identified, open_hub, user_file
from tests.conftest import Run
from tests.in_process import runner
from tests.worlds import agent_text, git, tree

LINES = "\n".join(f"Rule {number}." for number in range(10))
OTHERS = "\n".join(f"Never {number}." for number in range(10))
CLAUDE = ".claude/agents"
OPENCODE = ".opencode/agents"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`agentsync ARGUMENTS`, in this process."""
    return runner(tmp_path, monkeypatch, capsys)


@pytest.fixture
def hub(tmp_path: Path, run: Run) -> Path:
    """An empty hub, committed, and two project folders beside it."""
    assert run("init", "hub").code == 0
    git(tmp_path / "hub", "add", "-A")
    git(tmp_path / "hub", "commit", "-qm", "Begin")
    for name in ("shop", "app"):
        (tmp_path / name).mkdir()
        git(tmp_path / name, "init", "-q", "-b", "main")
    return tmp_path / "hub"


def put(project: Path, path: str, text: str) -> None:
    file = project / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def opencode(description: str = "Does things", prompt: str = "Look.", head: str = "") -> str:
    return f"---\ndescription: {description}\nmode: subagent\n{head}---\n\n{prompt}\n"


def ids(hub: Path) -> list[str]:
    return sorted(path.relative_to(hub / "agents").with_suffix("").as_posix() for path in (hub / "agents").rglob("*.md"))


def config(hub: Path) -> HubFile:
    return load_hub((hub / "agentsync.yaml").read_text())


def plans_nothing(run: Run) -> bool:
    done = run("push", "-n", "--all", "--json")
    return done.code == 0 and json.loads(done.out)["changes"] == []


def test_a_project_comes_into_the_hub_and_no_byte_of_it_changes(tmp_path: Path, hub: Path, run: Run) -> None:
    shop = tmp_path / "shop"
    put(shop, f"{CLAUDE}/deep/rev.md", agent_text("reviewer", "Reviews all", LINES, "tools: Read, Grep\n").replace("\n", "\r\n"))
    put(shop, ".codex/agents/tester.toml", 'name = "tester"\ndescription = "Tests"\ndeveloper_instructions = "Test it."\n')
    before = tree(shop)
    done = run("adopt", "shop")
    assert (done.code, tree(shop)) == (0, before)
    assert ids(hub) == ["reviewer", "tester"]
    project = config(hub).projects["shop"]
    assert (project.path, list(project.targets or ()), project.select) == ("../shop", ["claude-code", "codex"], ("reviewer", "tester"))
    assert git(hub, "log", "-1", "--format=%s").strip() == "Adopt 2 agents from shop"
    assert git(hub, "status", "--porcelain") == ""
    assert plans_nothing(run)
    again = run("adopt", "shop")
    assert (again.code, "nothing to adopt" in again.err) == (0, True)
    assert run("push").code == 0
    assert {path: data for path, data in tree(shop).items() if not path.endswith("agentsync.lock")} == before


def test_a_dry_run_changes_nothing_at_all(tmp_path: Path, home: Path, hub: Path, run: Run) -> None:
    put(tmp_path / "shop", f"{CLAUDE}/a.md", agent_text("a"))
    before = tree(tmp_path, home)
    done = run("adopt", "-n", "shop")
    assert (done.code, "to adopt" in done.out, tree(tmp_path, home)) == (0, True, before)


def test_copies_of_one_agent_become_one(tmp_path: Path, hub: Path, run: Run) -> None:
    shop = tmp_path / "shop"
    put(shop, f"{CLAUDE}/reviewer.md", agent_text("reviewer", prompt=LINES, head="color: red\n"))
    put(shop, f"{OPENCODE}/reviewer.md", opencode(prompt=LINES, head="color: '#ff0000'\ntop_p: 0.5\n"))
    before = tree(shop)
    done = json.loads(run("adopt", "shop", "--json").out)
    [agent] = done["agents"]
    assert [(copy["target"], copy["state"]) for copy in agent["copies"]] == [("claude-code", "ok"), ("opencode", "ok")], agent
    assert ids(hub) == ["reviewer"]
    text = (hub / "agents/reviewer.md").read_text()
    assert "color: red" in text
    assert "0.5" in text
    assert (plans_nothing(run), tree(shop)) == (True, before)


def test_a_format_that_writes_names_otherwise_is_joined_all_the_same(tmp_path: Path, hub: Path, run: Run) -> None:
    shop = tmp_path / "shop"
    put(shop, f"{CLAUDE}/rev.md", agent_text("code-reviewer", "Reviews", LINES, "tools: Read, Grep, Glob\n"))
    assert run("convert", "shop/.claude/agents", "--to", "crewai,copilot,kilo", "--into", "shop").code == 0
    done = json.loads(run("adopt", "shop", "--json").out)
    [agent] = done["agents"]
    assert {copy["target"]: copy["state"] for copy in agent["copies"]} == dict.fromkeys(("claude-code", "crewai", "copilot", "kilo"), "ok")
    assert plans_nothing(run)


def test_a_copy_that_contradicts_is_a_conflict_from_the_start(tmp_path: Path, hub: Path, run: Run) -> None:
    shop = tmp_path / "shop"
    put(shop, f"{CLAUDE}/reviewer.md", agent_text("reviewer", "Reviews", LINES))
    put(shop, f"{OPENCODE}/reviewer.md", opencode("Reviews", LINES.replace("Rule 3.", "Rule three.")))
    before = tree(shop)
    done = run("adopt", "shop")
    assert (done.code, "conflict: reviewer: hub and copy differ in prompt" in done.err, ids(hub)) == (1, True, ["reviewer"])
    for command in ("push", "pull", "sync"):
        listed = json.loads(run(command, "--json").out)
        assert listed["summary"]["states"] == {"ok": 1, "edited" if command == "push" else "conflict": 1}
    assert {path: data for path, data in tree(shop).items() if not path.endswith("agentsync.lock")} == before
    assert run("resolve", "reviewer", "--take", "shop:opencode").code == 0
    assert "Rule three." in (hub / "agents/reviewer.md").read_text()
    assert "Rule three." in (shop / f"{CLAUDE}/reviewer.md").read_text()


def test_a_copy_that_says_less_is_brought_up(tmp_path: Path, hub: Path, run: Run) -> None:
    shop = tmp_path / "shop"
    put(shop, f"{CLAUDE}/reviewer.md", agent_text("reviewer", prompt=LINES, head="color: red\n"))
    put(shop, f"{OPENCODE}/reviewer.md", opencode(prompt=LINES))
    done = run("adopt", "shop")
    assert (done.code, "behind: reviewer: it lacks color" in done.err) == (0, True), done.err
    changes = json.loads(run("push", "-n", "--json").out)["changes"]
    assert [(change["action"], change["path"]) for change in changes] == [("update", f"{OPENCODE}/reviewer.md")]


def test_one_name_and_two_prompts_are_two_agents(tmp_path: Path, hub: Path, run: Run) -> None:
    shop = tmp_path / "shop"
    put(shop, f"{CLAUDE}/reviewer.md", agent_text("reviewer", prompt=LINES))
    put(shop, f"{OPENCODE}/reviewer.md", opencode(prompt=OTHERS))
    assert run("adopt", "shop").code == 0
    assert ids(hub) == ["reviewer", "shop/reviewer"]
    assert "targets: [claude-code]" in (hub / "agents/reviewer.md").read_text()
    assert "targets: [opencode]" in (hub / "agents/shop/reviewer.md").read_text()
    assert plans_nothing(run)
    assert "nothing to adopt" in run("adopt", "shop").err


def test_two_projects_with_one_name_keep_their_own(tmp_path: Path, hub: Path, run: Run) -> None:
    put(tmp_path / "shop", f"{CLAUDE}/engineer.md", agent_text("engineer", prompt=LINES))
    put(tmp_path / "app", f"{CLAUDE}/engineer.md", agent_text("engineer", prompt=OTHERS))
    assert run("adopt", "shop", "app", "hub", "hub/agentsync.yaml").code == 0
    assert ids(hub) == ["app/engineer", "engineer"]
    assert (config(hub).projects["shop"].select, config(hub).projects["app"].select) == (("engineer",), ("app/engineer",))
    assert plans_nothing(run)


def test_what_the_hub_has_is_recognised(tmp_path: Path, hub: Path, run: Run) -> None:
    (hub / "agents/team").mkdir()
    (hub / "agents/team/rev.md").write_text(agent_text("reviewer", prompt=LINES))
    put(tmp_path / "shop", f"{OPENCODE}/reviewer.md", opencode(prompt=LINES))
    done = run("adopt", "shop")
    assert (done.code, "known" in done.err, ids(hub)) == (0, True, ["team/rev"])
    assert (config(hub).projects["shop"].select, plans_nothing(run)) == (("team/rev",), True)


def test_a_project_that_takes_everything_gets_no_second_agent_of_a_name(tmp_path: Path, hub: Path, run: Run) -> None:
    (hub / "agents/reviewer.md").write_text(agent_text("reviewer", prompt=LINES))
    assert run("project", "add", "shop", "--to", "claude-code").code == 0
    assert run("push").code == 0
    put(tmp_path / "app", f"{CLAUDE}/reviewer.md", agent_text("reviewer", prompt=OTHERS))
    put(tmp_path / "app", f"{CLAUDE}/extra.md", agent_text("extra"))
    done = run("adopt", "app")
    assert (done.code, "shop selects them too: push will write 1 agent there (extra)" in done.err) == (0, True), done.err
    assert config(hub).projects["shop"].select == ("*", "!app/reviewer")
    changes = json.loads(run("push", "-n", "--all", "--json").out)["changes"]
    assert [(change["project"], change["agent"]) for change in changes] == [("shop", "extra")]


def test_a_known_project_is_asked_again_for_what_is_new(tmp_path: Path, hub: Path, run: Run) -> None:
    shop = tmp_path / "shop"
    put(shop, f"{CLAUDE}/a.md", agent_text("a"))
    assert run("adopt", "shop", "--name", "store").code == 0
    put(shop, f"{CLAUDE}/b.md", agent_text("b"))
    put(shop, f"{OPENCODE}/c.md", opencode())
    listed = run("pull", cwd=shop)
    assert "store: 1 new agent (b)" in listed.err
    assert "hint: agentsync adopt store" in listed.err
    assert ids(hub) == ["a"]
    assert run("adopt", "store").code == 0
    assert (ids(hub), plans_nothing(run)) == (["a", "b", "c"], True)
    assert "new agent" not in run("pull", cwd=shop).err
    assert run("adopt", "shop", "--name", "x").err.count("nothing to adopt") == 1


def test_undo_takes_an_adoption_back(tmp_path: Path, hub: Path, run: Run) -> None:
    put(tmp_path / "shop", f"{CLAUDE}/a.md", agent_text("a"))
    before = tree(hub, tmp_path / "shop")
    assert run("adopt", "shop").code == 0
    assert run("undo").code == 0
    assert tree(hub, tmp_path / "shop") == before
    assert run("adopt", "shop").code == 0
    assert (ids(hub), plans_nothing(run)) == (["a"], True)


def test_what_deserves_a_look_is_told(tmp_path: Path, hub: Path, run: Run) -> None:
    hooks = "hooks:\n  Stop:\n    - hooks:\n        - type: command\n          command: rm -rf /\n"
    put(tmp_path / "shop", f"{CLAUDE}/a.md", agent_text("a", "Does\u200b things", head=hooks))
    done = run("adopt", "shop")
    assert "look: hooks may run commands (a)" in done.err
    assert "look: hidden characters: U+200B (a)" in done.err


def test_a_client_that_never_held_an_agent_to_its_rights_goes_on_so(tmp_path: Path, hub: Path, run: Run) -> None:
    text = 'name = "a"\ndescription = "Looks"\nsandbox_mode = "read-only"\ndeveloper_instructions = "Look."\n'
    put(tmp_path / "shop", ".codex/agents/a.toml", text)
    done = run("adopt", "shop")
    assert (done.code, "codex never held it to its rights" in done.err) == (0, True)
    assert "allow_widening: [codex]" in (hub / "agents/a.md").read_text()
    assert plans_nothing(run)


def test_adopt_auto_takes_new_agents_but_none_that_deserves_a_look(tmp_path: Path, hub: Path, run: Run) -> None:
    shop = tmp_path / "shop"
    put(shop, f"{CLAUDE}/a.md", agent_text("a"))
    assert run("adopt", "shop").code == 0
    yaml = hub / "agentsync.yaml"
    yaml.write_text(yaml.read_text().replace("    path: ../shop\n", "    path: ../shop\n    adopt: auto\n"))
    put(shop, f"{CLAUDE}/b.md", agent_text("b"))
    put(shop, f"{CLAUDE}/c.md", agent_text("c", head="mcpServers: [x]\n"))
    dry = run("sync", "-n")
    assert ("shop: 2 new agents" in dry.out, ids(hub)) == (True, ["a"])
    done = run("sync")
    assert (done.code, ids(hub)) == (0, ["a", "b"])
    assert "shop: 1 new agent adopted (b)" in done.err
    assert "shop: 1 new agent (c)" in done.err
    assert plans_nothing(run)


def test_only_the_formats_that_are_asked_for(tmp_path: Path, hub: Path, run: Run) -> None:
    shop = tmp_path / "shop"
    put(shop, f"{CLAUDE}/a.md", agent_text("a"))
    put(shop, f"{OPENCODE}/b.md", opencode())
    assert run("adopt", "shop", "--to", "opencode").code == 0
    assert (ids(hub), list(config(hub).projects["shop"].targets or ())) == (["b"], ["opencode"])


def test_the_home_directory_is_a_project_of_the_user(tmp_path: Path, home: Path, hub: Path, run: Run) -> None:
    put(home, f"{CLAUDE}/a.md", agent_text("a"))
    assert run("adopt", home).code == 0
    project = config(hub).projects["me"]
    assert (project.path, project.scope, plans_nothing(run)) == ("~", "user", True)


def test_an_earlier_version_is_known_and_brought_forward(tmp_path: Path, hub: Path, run: Run) -> None:
    for text in (LINES, LINES.replace("Rule 3.", "Rule three.")):
        (hub / "agents/reviewer.md").write_text(agent_text("reviewer", prompt=text))
        git(hub, "add", "-A")
        git(hub, "commit", "-qm", "x")
    put(tmp_path / "shop", f"{OPENCODE}/reviewer.md", opencode(prompt=LINES))
    done = run("adopt", "shop")
    assert (done.code, "behind: reviewer: an earlier version of it" in done.err) == (0, True), done.err
    assert run("push", "shop").code == 0
    assert "Rule three." in (tmp_path / f"shop/{OPENCODE}/reviewer.md").read_text()


def test_what_was_removed_elsewhere_is_no_news(tmp_path: Path, home: Path, hub: Path, run: Run) -> None:
    shop = tmp_path / "shop"
    put(shop, f"{CLAUDE}/a.md", agent_text("a"))
    put(shop, f"{CLAUDE}/b.md", agent_text("b"))
    assert run("adopt", "shop").code == 0
    assert run("push", "shop").code == 0
    for ledger in home.rglob("ledger.sqlite3*"):
        ledger.unlink()
    assert run("remove", "b").code == 0
    done = run("sync", "shop")
    assert ("new agent" in done.err, ids(hub)) == (False, ["a"])


def test_a_project_that_is_its_own_hub(tmp_path: Path, run: Run) -> None:
    own = tmp_path / "own"
    own.mkdir()
    git(own, "init", "-q", "-b", "main")
    put(own, f"{CLAUDE}/a.md", agent_text("a"))
    put(own, f"{OPENCODE}/b.md", opencode())
    put(own, "opencode.json", '{"agent": {"c": {"description": "C", "mode": "subagent", "prompt": "C."}, "d": {"mode": "subagent"}}}\n')
    assert run("init", "--here", cwd=own).code == 0
    before = tree(own / ".opencode"), (own / "opencode.json").read_bytes()
    done = run("adopt", ".", cwd=own)
    assert (done.code, "d cannot be adopted: it lacks description, which every agent of the hub has" in done.err) == (1, True)
    assert sorted(path.name for path in (own / CLAUDE).iterdir()) == ["a.md", "b.md", "c.md"]
    targets = load_hub((own / "agentsync.yaml").read_text()).projects["own"].targets
    assert isinstance(targets, dict)
    assert {name: options and options.select for name, options in targets.items()} == {"claude-code": None, "opencode": ("b", "c")}
    done = json.loads(run("push", "-n", "--json", cwd=own).out)
    assert (done["changes"], [copy["state"] for copy in done["copies"]]) == ([], ["ok", "ok"])
    assert (tree(own / ".opencode"), (own / "opencode.json").read_bytes()) == before


def test_killed_at_any_write_the_next_adopt_ends_where_one_would_have(tmp_path: Path, home: Path, hub: Path, run: Run) -> None:
    """Every write of an adopt fails once; then it is run again."""
    for name in ("a", "b"):
        put(tmp_path / "shop", f"{CLAUDE}/{name}.md", agent_text(name))
    begin = {folder: {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} for folder in (home,)}
    before = tree(hub, tmp_path / "shop")
    machine, plain = Machine.here(), LocalDisk()
    for number in range(1, 20):
        disk = Failing(plain, number)
        space = replace(identified(open_hub(os.path.realpath(hub), machine, plain, user_file(machine, plain)[0])), disk=disk)
        visits = [Visit("shop", os.path.realpath(tmp_path / "shop"), "project", Project(path="../shop"))]
        try:
            with at_work(space, "adopt") as (ledger, _):
                result = carry_out(space, ledger, find(space, ledger, visits))[1]
        except DiskError:
            result = None
        assert tree(tmp_path / "shop") == {path: data for path, data in before.items() if path.startswith(str(tmp_path / "shop"))}
        if result is not None and not disk.failed:
            break
        assert run("adopt", "shop").code == 0
        assert (ids(hub), config(hub).projects["shop"].select, plans_nothing(run)) == (["a", "b"], ("a", "b"), True)
        git(hub, "reset", "-q", "--hard", git(hub, "rev-list", "--max-parents=0", "HEAD").strip())
        git(hub, "clean", "-qfd")
        for path in [path for path in home.rglob("*") if path.is_file() and path not in begin[home]]:
            path.unlink()
        for path, data in begin[home].items():
            path.write_bytes(data)
    else:
        pytest.fail("an adopt never ends")
    assert number > 3


class Failing(LocalDisk):
    """A disk whose n-th write fails."""

    def __init__(self, inner: LocalDisk, number: int) -> None:
        super().__init__()
        self._inner, self._left, self.failed = inner, number, False

    def write(self, root: str, path: str, data: bytes, *, expected: bytes | None, mode: int | None = None) -> Stamp:
        self._left -= 1
        if self._left == 0:
            self.failed = True
            raise DiskError(Problem("full", "the disk is full", path=path))
        return self._inner.write(root, path, data, expected=expected, mode=mode)


@pytest.mark.parametrize(("arguments", "said"), [
    (["nowhere"], "there is no such folder (nowhere)"),
    (["hub"], "this is the hub itself"),
    (["shop", "app", "--name", "x"], "--name is for one project"),
    (["shop", "--name", "a b"], "no name for a project (a b)"),
    (["shop", "--to", "opencod"], "did you mean opencode?"),
])
def test_what_cannot_be_adopted(tmp_path: Path, hub: Path, run: Run, arguments: list[str], said: str) -> None:
    done = run("adopt", *arguments)
    assert (done.code, said in done.err) == (2, True), done.err


def test_prompts_are_alike_from_half_their_lines_on() -> None:
    assert alike("a\nb\nc\nd", "a\nb\nx\ny")
    assert not alike("a\nb\nc\nd", "a\nx\ny\nz")


def test_a_project_cannot_speak_for_the_hub(tmp_path: Path, hub: Path, run: Run) -> None:
    """What stands under the hub's own key in a project's file is no permission, and goes nowhere."""
    words = "tools: Read\nagentsync:\n  allow_widening: [codex]\n  tags: [all]\n  codex: {sandbox_mode: danger-full-access}\n"
    put(tmp_path / "shop", f"{CLAUDE}/a.md", agent_text("a", head=words))
    done = run("adopt", "shop")
    text = (hub / "agents/a.md").read_text() if (hub / "agents/a.md").exists() else ""
    assert ("danger" in text, "allow_widening" in text, "tags" in text) == (False, False, False), done.err + text
    assert "a cannot be adopted: its key `agentsync` speaks for the hub, which no project may" in done.err


def test_without_a_command_adopt_is_offered(tmp_path: Path, hub: Path, run: Run) -> None:
    put(tmp_path / "shop", f"{CLAUDE}/a.md", agent_text("a"))
    assert "agentsync adopt ." in run(cwd=tmp_path / "shop").out
    assert run("adopt", "shop").code == 0
    known = run(cwd=tmp_path / "shop").out        # from then on it is a project of the hub
    assert "the hub of this project (shop), with 1 agent, 1 project" in known
    assert ("agentsync adopt ." in known, "agentsync sync -n" in known) == (False, True)


def test_a_version_that_drifted_in_another_project_is_resolved_or_forked(tmp_path: Path, hub: Path, run: Run) -> None:
    put(tmp_path / "shop", f"{CLAUDE}/reviewer.md", agent_text("reviewer", prompt=LINES))
    put(tmp_path / "app", f"{CLAUDE}/reviewer.md", agent_text("reviewer", prompt=LINES.replace("Rule 3.", "Rule three.")))
    before = tree(tmp_path / "shop", tmp_path / "app")
    done = run("adopt", "shop", "app")
    assert (done.code, ids(hub), "conflict: reviewer" in done.err) == (1, ["reviewer"], True)
    assert run("sync", "--all").code == 1
    assert {path: data for path, data in tree(tmp_path / "shop", tmp_path / "app").items() if not path.endswith("agentsync.lock")} == before
    assert run("fork", "reviewer", "-p", "app").code == 0
    assert (ids(hub), plans_nothing(run)) == (["app/reviewer", "reviewer"], True)
    assert "Rule three." in (hub / "agents/app/reviewer.md").read_text()
    assert run("sync", "--all").code == 0
    assert {path: data for path, data in tree(tmp_path / "shop", tmp_path / "app").items() if not path.endswith("agentsync.lock")} == before
