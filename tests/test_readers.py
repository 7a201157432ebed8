"""Who else loads a copy: a reader that would give its agent more rights refuses it, unless it has an agent of its own by that name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsync import codec
from agentsync.copies import Plan, ProjectOutcome
from agentsync.formats import SHIPPED, load, load_all, load_text
from agentsync.formats.folders import also_reads, reads
from agentsync.formats.rules import Format
from agentsync.hub import HubAgent, Target, read_agent
from agentsync.model import HUB_FORMAT, Document, Rights
from agentsync.plan import plan_push
from agentsync.readers import READ_WIDER
from agentsync.rights import compare, within
from agentsync.snapshot import Found, Place, ProjectView, Snapshot, Wishes, digest
from tests.conftest import Run
from tests.in_process import runner
from tests.test_own_formats import GIZMO

ROOT = "/world/shop"
READ_ONLY = "tools: Read, Grep, Glob\n"


def agent(identity: str, head: str = "", name: str | None = None) -> HubAgent:
    text = f"---\nname: {name or identity}\ndescription: Does things\n{head}---\n\nLook.\n"
    found = read_agent(f"agents/{identity}.md", "agents", text.encode(), load(HUB_FORMAT))
    assert found is not None
    return found


def target(format_id: str, **options: object) -> Target:
    base = Target("shop", format_id, "project", ("*",), None, allow_widening=False, skip_refused=False, models={})
    return replace(base, **options)  # type: ignore[arg-type]  # the names of its fields


def plan(
    agents: Sequence[HubAgent], targets: Sequence[Target | Format], *, files: Mapping[str, Mapping[str, str]] | None = None,
    wishes: Wishes | None = None, home: str | None = None,
) -> Plan:
    """A push to one project with these targets. files: what stands there, by format. home: the target that is the hub itself."""
    places = []
    for one in targets:
        aim = one if isinstance(one, Target) else target(one.id)
        rules = load(one.format) if isinstance(one, Target) else one
        kind = next((where.document for where in rules.where if where.write), None)
        standing = {path: Found(path, text, digest(text), "", kind) for path, text in (files or {}).get(rules.id, {}).items()}
        places.append(Place(aim, rules, ROOT, "recipe", (), standing, home=rules.id == home))
    view = ProjectView(ProjectOutcome("shop", ROOT, "ok"), tuple(places))
    return plan_push(Snapshot(tuple(agents), (view,)), wishes or Wishes())


def states(made: Plan) -> dict[tuple[str, str], str]:
    """(format, agent) to state, and the code of what refuses it."""
    return {
        (copy.target, copy.agent): copy.state if copy.state != "refused" or copy.why is None else copy.why.code for copy in made.copies
    }


def test_a_client_that_drops_the_limits_refuses_the_copy() -> None:
    """goose has no list of tools: a restricted agent is refused there, and so is the copy beside it that goose would load."""
    made = plan([agent("careful", READ_ONLY), agent("free")], [target("claude-code"), target("goose")])
    assert states(made) == {
        ("claude-code", "careful"): READ_WIDER, ("claude-code", "free"): "missing",
        ("goose", "careful"): "rights-refused", ("goose", "free"): "missing",
    }
    (why,) = (copy.why for copy in made.copies if copy.why is not None and copy.why.code == READ_WIDER)
    assert "goose (goose), also a target of this project, loads .claude/agents and holds no agent to the limits" in why.message
    for way in ("skip --refused --for claude-code", "allow --refused --for claude-code", "take goose or claude-code out"):
        assert way in (why.hint or "")


def test_without_that_target_nothing_is_refused() -> None:
    assert states(plan([agent("careful", READ_ONLY)], [target("claude-code"), target("codex", skip_refused=True)]))[
        "claude-code", "careful"
    ] == "missing"


@pytest.mark.parametrize("where", ["claude-code", "goose"])
def test_widening_that_is_allowed_is_allowed(where: str) -> None:
    """For the copy, or for the reader: then it has its own copy, or may have more."""
    targets = [target(name, allow_widening=name == where) for name in ("claude-code", "goose")]
    assert states(plan([agent("careful", READ_ONLY)], targets))["claude-code", "careful"] == "missing"
    own = agent("careful", f"{READ_ONLY}agentsync: {{allow_widening: [{where}]}}\n")
    assert states(plan([own], [target("claude-code"), target("goose")]))["claude-code", "careful"] == "missing"


def test_leaving_it_out_settles_it() -> None:
    made = plan([agent("careful", READ_ONLY)], [target("claude-code", skip_refused=True), target("goose", skip_refused=True)])
    assert all(copy.decided for copy in made.copies)
    assert made.edits == ()


def test_an_agent_of_its_own_stands_before_the_other() -> None:
    """Qwen's copy would be dropped for Cursor's own: only a name that the reader does not have itself is loaded from elsewhere."""
    held = "tools: Read, Grep, Glob, LS, WebFetch, WebSearch, Task, Skill, AskUserQuestion, TodoWrite\n"
    alone = states(plan([agent("careful", held)], [target("cursor")]))["cursor", "careful"]
    made = states(plan([agent("careful", held)], [target("claude-code"), target("cursor")]))
    expected = "missing" if alone == "missing" else READ_WIDER
    assert made["claude-code", "careful"] == expected
    theirs = {"cursor": {".cursor/agents/careful.md": "---\nname: careful\ndescription: Mine\nreadonly: true\n---\nMine.\n"}}
    made = states(plan([agent("careful", READ_ONLY)], [target("claude-code"), target("cursor")], files=theirs))
    assert made["claude-code", "careful"] == "missing"


def gizmo(name: str = "gizmo", more: str = "") -> Format:
    """A format that says tools as Claude does not, and holds to them."""
    text = GIZMO.replace("gizmo", name).replace("Gizmo", name.title())
    return load_text(text.replace("document:", f"{more}document:"), f"{name}.yaml", shipped=False)


def test_only_what_this_run_writes_stands_before_the_other() -> None:
    """`--to` leaves the reader without its own copy: then it would load this one."""
    reader = gizmo("widget", "also_reads: [{format: gizmo, rights: ignored, precedence: own}]\n")
    both = [gizmo(), reader]
    assert set(states(plan([agent("careful", "tools: Read\n")], both)).values()) == {"missing"}
    made = plan([agent("careful", "tools: Read\n")], both, wishes=Wishes(formats=("gizmo",)))
    assert states(made) == {("gizmo", "careful"): READ_WIDER}


@pytest.mark.parametrize(
    ("rights", "precedence", "said"),
    [
        ("ignored", "own", None), ("unknown", "own", None), ("enforced", "other", None),
        ("ignored", "other", "Widget (widget), also a target of this project, loads .gizmo/agents and holds no agent to the limits that stand there"),
        ("unknown", "unknown", "is not known to hold agents to the limits that stand there"),
    ],
)
def test_what_the_data_says_decides(rights: str, precedence: str, said: str | None) -> None:
    reader = gizmo("widget", f"also_reads: [{{format: gizmo, rights: {rights}, precedence: {precedence}}}]\n")
    made = plan([agent("careful", "tools: Read\n")], [gizmo(), reader])
    assert states(made)["gizmo", "careful"] == ("missing" if said is None else READ_WIDER)
    assert said is None or any(copy.why is not None and said in copy.why.message for copy in made.copies)
    assert [note.code for note in made.problems] == (["listed-twice"] if rights == "enforced" else [])
    assert states(plan([agent("free")], [gizmo(), reader]))["gizmo", "free"] == "missing"


def test_a_folder_that_a_client_takes_for_its_own_is_read_by_its_own_rules() -> None:
    """Kimi and OpenHands look into the folder that Antigravity writes: what they would make of a copy is asked of their reader."""
    for reader in ("kimi-code", "openhands"):
        made = plan([agent("careful", READ_ONLY), agent("free")], [target("antigravity", allow_widening=False), target(reader, skip_refused=True)])
        for copy in made.copies:
            if copy.target == "antigravity" and copy.state == "missing":
                check_not_wider(made, [agent("careful", READ_ONLY), agent("free")])
        assert states(made)["antigravity", "free"] in ("missing", READ_WIDER)


def test_the_hub_s_own_folder_counts_with_its_names() -> None:
    """Where the project is its own hub, its agents stand there already."""
    reader = gizmo("widget", "also_reads: [{format: gizmo, rights: ignored, precedence: own}]\n")
    assert states(plan([agent("careful", "tools: Read\n")], [gizmo(), reader], home="widget")) == {("gizmo", "careful"): "missing"}
    assert states(plan([agent("careful", "tools: Read\n")], [gizmo(), reader], home="gizmo")) == {("widget", "careful"): "missing"}


def test_a_copy_that_is_refused_stands_before_nothing() -> None:
    """A chain: the second is refused for the third, so the first, which the second's folder hid, is refused too."""
    second = gizmo("widget", "also_reads: [{format: gizmo, rights: ignored, precedence: own}]\n")
    third = gizmo("gadget", "also_reads: [{format: widget, rights: ignored, precedence: other}]\n")
    made = plan([agent("careful", "tools: Read\n")], [gizmo(), second, third])
    assert states(made) == {("gizmo", "careful"): READ_WIDER, ("widget", "careful"): READ_WIDER, ("gadget", "careful"): "missing"}


def test_the_note_comes_once_with_the_way_to_end_it() -> None:
    made = plan([agent("careful", READ_ONLY), agent("free")], [target("claude-code"), target("copilot")])
    (note,) = made.problems
    assert (note.code, note.severity) == ("listed-twice", "note")
    assert note.message == "shop: GitHub Copilot also loads the copies of claude-code, so it finds 2 agents twice"
    assert "projects.shop.targets.copilot: {via: claude-code}" in (note.hint or "")
    user = [target("claude-code", scope="user"), target("copilot", scope="user")]
    assert plan([agent("free")], user).problems == ()


# ---- never widened, whoever reads ------------------------------------------------------------------------------------


READERS = sorted({
    name for rules in load_all() for other in load_all() if rules is not other
    for name in (rules.id, other.id)
    if also_reads(rules, other.id, "project") or any(reads(rules, w.write, "project") for w in other.where if w.write and w.scope == "project")
})
TOOLS = ("Read", "Grep", "Glob", "Edit", "Write", "Bash", "WebFetch", "WebSearch", "Task", "mcp__docs", "mcp__docs__search")
HEADS = st.one_of(
    st.just(""), st.lists(st.sampled_from(TOOLS), unique=True, min_size=1, max_size=6).map(lambda tools: f"tools: {', '.join(tools)}\n"),
    st.lists(st.sampled_from(TOOLS[:6]), unique=True, min_size=1, max_size=3).map(lambda tools: f"disallowedTools: {', '.join(tools)}\n"),
)


def test_there_are_readers_to_be_counted() -> None:
    assert {"claude-code", "copilot", "cursor", "goose", "kimi-code"} <= set(READERS)


def check_not_wider(made: Plan, agents: Sequence[HubAgent]) -> None:
    """No client of a target would give an agent, through another's copy, what the agent does not have. Written apart from the code."""
    by_id = {one.id: one.agent.rights for one in agents if one.agent is not None}
    written = {(change.target, change.agent): edit for edit in made.edits if edit.new is not None for change in edit.changes}
    targets = {copy.target for copy in made.copies}
    for (writer, identity), edit in written.items():
        for reader in targets - {writer}:
            rules, also = load(reader), also_reads(load(reader), writer, "project")
            has_own = also is not None and also.precedence == "own" and (reader, identity) in written
            if also is not None and also.rights != "enforced" and not has_own:
                assert not compare(by_id[identity], Rights()).widened, (writer, reader, identity)
            if also is None and reads(rules, edit.path, "project"):
                for reading in codec.read(Document(edit.path, edit.new or ""), rules):
                    assert reading.status in ("skipped", "refused") or (
                        reading.agent is not None and within(reading.agent.rights, by_id[identity])
                    ), (writer, reader, identity)


@given(st.lists(HEADS, min_size=1, max_size=3), st.sets(st.sampled_from(READERS), min_size=2, max_size=4))
def test_no_reader_gives_an_agent_more_than_it_has(heads: list[str], formats: set[str]) -> None:
    agents = [agent(f"agent-{number}", head) for number, head in enumerate(heads)]
    chosen = sorted(formats - {"kiro-ide"} if "kiro-cli-v3" in formats else formats)
    check_not_wider(plan(agents, [target(name) for name in chosen]), agents)


# ---- the command line --------------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("command", ["allow", "skip"])
def test_the_commands_of_the_hint_settle_it(tmp_path: Path, run: Run, command: str) -> None:
    (tmp_path / "shop").mkdir()
    assert run("init", "hub").code == 0
    (tmp_path / "hub/agents/careful.md").write_text(f"---\nname: careful\ndescription: Does things\n{READ_ONLY}---\n\nLook.\n")
    assert run("project", "add", "shop", "--to", "claude-code,goose").code == 0
    assert run("skip", "--refused", "--for", "goose").code == 0
    ran = run("push", "shop")
    assert ran.code == 1
    assert "also a target of this project, loads .claude/agents" in ran.err
    assert not (tmp_path / "shop/.claude").exists()
    assert run(command, "--refused", "--for", "claude-code").code == 0
    assert run("push", "shop").code == 0
    assert (tmp_path / "shop/.claude/agents/careful.md").exists() == (command == "allow")


def test_a_copy_from_before_is_refused_once_a_reader_comes(tmp_path: Path, run: Run) -> None:
    """It stays as it is, and is told until somebody decides."""
    (tmp_path / "shop").mkdir()
    assert run("init", "hub").code == 0
    (tmp_path / "hub/agents/careful.md").write_text(f"---\nname: careful\ndescription: Does things\n{READ_ONLY}---\n\nLook.\n")
    assert run("project", "add", "shop", "--to", "claude-code").code == 0
    assert run("push", "shop").code == 0
    settings = tmp_path / "hub/agentsync.yaml"
    text = settings.read_text()
    head, _, rest = text.partition("  shop:")
    settings.write_text(head + "  shop:" + rest.replace("claude-code", "claude-code, goose") if "[claude-code]" in rest else
                        head + "  shop:" + rest.replace("- claude-code", "- claude-code\n      - goose"))
    ran = run("push", "shop")
    assert ran.code == 1
    assert "also a target of this project, loads .claude/agents" in ran.err
    assert (tmp_path / "shop/.claude/agents/careful.md").exists()
    assert SHIPPED.load("goose").id == "goose"
