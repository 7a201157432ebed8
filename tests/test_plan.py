"""The planner, without a disk: what becomes of a copy, given what was written, what stands there and what the hub says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from agentsync import codec
from agentsync.codec import new_path
from agentsync.copies import Edit, Key, Plan, ProjectOutcome, Written, entry_word
from agentsync.formats import load
from agentsync.hub import HubAgent, Target, digest_of, read_agent
from agentsync.model import Document
from agentsync.plan import plan_push, plan_removal
from agentsync.snapshot import Found, Place, ProjectView, Snapshot, Wishes, digest, loss_key

ROOT = "/world/shop"
HUB = load("agentsync")
ANY = Wishes()


def hub_text(name: str = "reviewer", description: str = "Reviews changes", prompt: str = "Look.", head: str = "") -> str:
    return f"---\nname: {name}\ndescription: {description}\n{head}---\n\n{prompt}\n"


def hub_agent(identity: str, text: str) -> HubAgent:
    found = read_agent(f"agents/{identity}.md", "agents", text.encode(), HUB)
    assert found is not None
    return found


def target(format_id: str = "claude-code", **options: object) -> Target:
    base = Target("shop", format_id, "project", ("*",), None, allow_widening=False, skip_refused=False, models={})
    return replace(base, **options)  # type: ignore[arg-type]  # the names of its fields


def rendered(text: str, format_id: str = "claude-code") -> tuple[str, str]:
    """Path and text of a copy as it would be written new."""
    agent = hub_agent("x", text).agent
    assert agent is not None
    document = codec.write(agent, load(format_id)).documents[0]
    return document.path, document.text


def row(
    identity: str, text: str, path: str, written: str, *, name: str = "reviewer", format_id: str = "claude-code", entry: str | None = None
) -> Written:
    key = Key(ROOT, format_id, "project", path, entry_word(entry))
    return Written(key, identity, name, digest(written), digest(written), digest_of(text.encode()), None, "recipe")


def found(files: Mapping[str, str], document: str | None = None) -> dict[str, Found]:
    return {path: Found(path, text, digest(text), "", document) for path, text in files.items()}


def view(*places: Place, **more: object) -> ProjectView:
    return replace(ProjectView(ProjectOutcome("shop", ROOT, "ok"), places), **more)  # type: ignore[arg-type]  # the names of its fields


def plan(
    agents: Mapping[str, str], files: Mapping[str, str], rows: Sequence[Written] = (), *, texts: Sequence[str] = (),
    wishes: Wishes = ANY, aim: Target | None = None, recipe: str = "recipe",
) -> Plan:
    aim = aim or target()
    rules = load(aim.format)
    kind = next((where.document for where in rules.where if where.write), None)
    place = Place(aim, rules, ROOT, recipe, tuple(rows), found(files, kind))
    hub = tuple(hub_agent(identity, text) for identity, text in agents.items())
    return plan_push(Snapshot(hub, (view(place),), {digest(text): text for text in texts}), wishes)


def states(made: Plan) -> dict[str, str]:
    return {copy.agent: copy.state for copy in made.copies}


def actions(made: Plan) -> list[tuple[str, str]]:
    return [(change.action, change.path) for change in made.changes]


def touching(made: Plan) -> list[Edit]:
    return [edit for edit in made.edits if edit.touches]


OLD, NEW = hub_text(), hub_text(description="Reviews every change")
PATH, W = rendered(OLD)
_, D = rendered(NEW)
SPACED = W.replace("description: Reviews changes", "description:   'Reviews changes'  # mine")
EDITED = W.replace("Look.", "Look twice.")
CRLF = W.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("name", "recorded", "standing", "state", "action"),
    [
        ("nothing there, nothing known", None, None, "missing", "create"),
        ("nothing there, known", W, None, "deleted", None),
        ("as written", W, W, "behind", "update"),
        ("as written, line ends apart", W, CRLF, "behind", "update"),
        ("says what was written, in other words", W, SPACED, "behind", "update"),
        ("says what it should", W, D, "ok", None),
        ("edited", W, EDITED, "edited", None),
        ("unknown, says what it should", None, D, "ok", "heal"),
        ("unknown, says something else", None, EDITED, "foreign", None),
        ("unknown, an older copy", None, W, "foreign", None),
        ("as written, and no agent any more", W, "# notes\n", "unreadable", None),
        ("in the way, no agent", None, "# notes\n", "foreign", None),
    ],
)
def test_the_hub_moved_on(name: str, recorded: str | None, standing: str | None, state: str, action: str | None) -> None:
    rows = [row("reviewer", OLD, PATH, recorded)] if recorded is not None else []
    made = plan({"reviewer": NEW}, {PATH: standing} if standing is not None else {}, rows, texts=[W])
    assert states(made) == {"reviewer": state}, name
    assert actions(made) == ([(action, PATH)] if action else [])
    for edit in touching(made):
        assert edit.new is not None
        [reading] = codec.read(Document(PATH, edit.new), load("claude-code"))
        assert reading.agent is not None
        assert reading.agent.description == "Reviews every change"


@pytest.mark.parametrize("standing", [W, CRLF, SPACED])
def test_the_hub_stands_still(standing: str) -> None:
    made = plan({"reviewer": OLD}, {PATH: standing}, [row("reviewer", OLD, PATH, W)], texts=[W])
    assert states(made) == {"reviewer": "ok"}
    assert touching(made) == []


def test_an_update_is_spliced_into_what_stands_there() -> None:
    made = plan({"reviewer": NEW}, {PATH: W.replace("name: reviewer\n", "name: reviewer\n# a comment of theirs\n")},
                [row("reviewer", OLD, PATH, W)], texts=[W])
    [edit] = touching(made)
    assert edit.new is not None
    assert "# a comment of theirs" in edit.new


def test_a_new_release_rewrites_nothing() -> None:
    other = W.replace("description: Reviews changes", 'description: "Reviews changes"')
    made = plan({"reviewer": OLD}, {PATH: other}, [row("reviewer", OLD, PATH, other)], recipe="of the next release")
    assert (states(made), touching(made)) == ({"reviewer": "ok"}, [])
    [edit] = made.edits
    assert [put.recipe for put in edit.put] == ["of the next release"]


@pytest.mark.parametrize(("wish", "standing", "recorded"), [("edited", EDITED, W), ("foreign", EDITED, None)])
def test_what_may_be_overwritten_is(wish: str, standing: str, recorded: str | None) -> None:
    rows = [row("reviewer", OLD, PATH, recorded)] if recorded else []
    made = plan({"reviewer": NEW}, {PATH: standing}, rows, texts=[W], wishes=Wishes(overwrite=frozenset([wish])))
    assert actions(made) == [("update", PATH)]
    assert touching(made)[0].old == standing
    for other in {"edited", "foreign"} - {wish}:
        made = plan({"reviewer": NEW}, {PATH: standing}, rows, texts=[W], wishes=Wishes(overwrite=frozenset([other])))
        assert actions(made) == []


def test_a_copy_is_found_by_its_name_when_its_file_moved() -> None:
    moved = ".claude/agents/team/rev.md"
    made = plan({"reviewer": NEW}, {moved: W}, [row("reviewer", OLD, PATH, W)], texts=[W])
    [edit] = touching(made)
    assert (edit.path, [put.key.path for put in edit.put], [key.path for key in edit.forget]) == (moved, [moved], [PATH])


def test_a_file_at_our_path_with_another_name_is_not_ours() -> None:
    theirs = W.replace("name: reviewer", "name: somebody")
    made = plan({"reviewer": NEW}, {PATH: theirs}, [row("reviewer", OLD, PATH, W)], texts=[W])
    assert (states(made), touching(made)) == ({"reviewer": "edited"}, [])


@pytest.mark.parametrize(("standing", "left"), [(W, []), (CRLF, []), (SPACED, []), (EDITED, [("reviewer", "conflict")]), (None, [])])
def test_an_agent_that_left_takes_only_unchanged_copies_along(standing: str | None, left: list[tuple[str, str]]) -> None:
    made = plan({"other": hub_text("other")}, {PATH: standing} if standing else {}, [row("reviewer", OLD, PATH, W)], texts=[W])
    assert [(c.agent, c.state) for c in made.copies if c.agent != "other"] == left
    assert [edit.new for edit in touching(made) if edit.path == PATH] == ([None] if standing and not left else [])
    forgotten = [key.path for edit in made.edits for key in edit.forget]
    assert forgotten == ([] if left else [PATH])


def test_a_vanished_id_and_a_new_one_of_one_name_are_a_rename() -> None:
    made = plan({"team/reviewer": OLD}, {PATH: W}, [row("reviewer", OLD, PATH, W)], texts=[W])
    assert touching(made) == []
    assert [put.agent for edit in made.edits for put in edit.put] == ["team/reviewer"]


def test_many_deletions_stop_the_project() -> None:
    texts = {f"a{n}": hub_text(f"a{n}") for n in range(20)}
    files = dict(rendered(text) for text in texts.values())
    rows = [row(identity, text, *rendered(text), name=identity) for identity, text in texts.items()]
    few = {identity: text for identity, text in texts.items() if identity not in ("a1", "a2", "a3", "a4", "a5")}
    assert len(touching(plan(few, files, rows))) == 5
    fewer = {identity: text for identity, text in few.items() if identity != "a6"}
    stopped = plan(fewer, files, rows)
    assert stopped.edits == ()
    assert [(o.state, o.why.code if o.why else None) for o in stopped.projects] == [("stopped", "many-deletes")]
    assert len(touching(plan(fewer, files, rows, wishes=Wishes(allow_deletes=True)))) == 6


def test_many_copies_that_somebody_deleted_stop_the_project_until_that_is_known() -> None:
    texts = {f"a{n}": hub_text(f"a{n}") for n in range(20)}
    files = dict(rendered(text) for text in texts.values())
    rows = [row(identity, text, *rendered(text), name=identity) for identity, text in texts.items()]
    hub = tuple(hub_agent(identity, text) for identity, text in {**texts, "a19": hub_text("a19", "Newer.")}.items())
    left = dict(list(files.items())[6:])

    def planned(there: Mapping[str, str], wishes: Wishes = ANY, **more: object) -> Plan:
        place = Place(target(), load("claude-code"), ROOT, "recipe", tuple(rows), found(there))
        return plan_push(Snapshot(hub, (view(place, **more),)), wishes)

    stopped = planned(left)
    assert stopped.edits == ()
    assert [(o.state, o.why.code, o.gone) for o in stopped.projects if o.why] == [("stopped", "many-deleted", None)]
    one_less = planned(dict(list(files.items())[5:]))
    assert (len(touching(one_less)), one_less.projects[0].gone) == (1, 5)
    for going_on in (
        planned(left, Wishes(allow_deletes=True)), planned(left, gone=1), planned(left, gone=6), planned(left, moved=True),
    ):
        assert (len(touching(going_on)), going_on.projects[0].gone) == (1, 6)
    assert planned(left, Wishes(agents=("a19",))).projects[0].gone is None


def test_one_agent_that_cannot_be_read_stops_only_projects_that_have_copies_of_it() -> None:
    rows = [row("reviewer", OLD, PATH, W)]
    for broken in ("", "   \n", "---\nname: reviewer\ndescription: [\n", "no head any more\n"):
        made = plan({"reviewer": broken, "other": hub_text("other")}, {PATH: W}, rows)
        assert (made.edits, [o.why.code for o in made.projects if o.why]) == ((), ["hub-unreadable"]), broken
        assert actions(plan({"reviewer": broken, "other": hub_text("other")}, {})) == [("create", ".claude/agents/other.md")]


def test_an_empty_hub_an_emptied_or_replaced_root_change_nothing() -> None:
    two = {"reviewer": OLD, "other": hub_text("other")}
    rows = [row("reviewer", OLD, PATH, W), row("other", two["other"], *rendered(two["other"]), name="other")]
    assert [o.why.code for o in plan({}, {PATH: W}, rows).projects if o.why] == ["hub-empty"]
    assert [o.why.code for o in plan(two, {}, rows).projects if o.why] == ["emptied"]
    place = Place(target(), load("claude-code"), ROOT, "recipe", tuple(rows), found({PATH: W}))
    hub = tuple(hub_agent(identity, text) for identity, text in two.items())
    made = plan_push(Snapshot(hub, (view(place, replaced=True),)), Wishes())
    assert [(o.state, o.why.code) for o in made.projects if o.why] == [("stopped", "replaced")]
    assert plan_push(Snapshot(hub, (view(place),)), Wishes()).projects[0].state == "ok"


def test_two_agents_of_one_name_are_named_and_neither_is_written() -> None:
    made = plan({"reviewer": OLD, "shop/reviewer": hub_text("REVIEWER")}, {})
    assert touching(made) == []
    assert set(states(made).values()) == {"refused"}
    why = made.copies[0].why
    assert why is not None
    assert "reviewer and shop/reviewer" in why.message


def test_names_that_differ_only_in_normal_form_are_one_name() -> None:
    made = plan({"a": hub_text("caf\u00e9"), "b": hub_text("cafe\u0301")}, {}, aim=target("opencode"))
    assert (touching(made), set(states(made).values())) == ([], {"refused"})


def test_two_targets_that_write_one_file_are_named() -> None:
    places = [Place(replace(target(), format=name), load("claude-code"), ROOT, "r", (), {}) for name in ("claude-code", "twin")]
    made = plan_push(Snapshot((hub_agent("reviewer", OLD),), (view(*places),)), Wishes())
    assert touching(made) == []
    assert [c.why.message for c in made.copies if c.why] == ["the targets claude-code and twin would both write .claude/agents/reviewer.md"] * 2


def test_a_refusal_is_open_until_it_is_decided() -> None:
    limited = {"reviewer": hub_text(head="tools: Read\n")}
    made = plan(limited, {}, aim=target("codex"))
    [copy] = made.copies
    assert (copy.state, copy.decided) == ("refused", False)
    assert copy.why is not None
    assert copy.why.hint == "agentsync skip --refused --for codex  (or: agentsync allow --refused --for codex)"
    assert [c.decided for c in plan(limited, {}, aim=target("codex", skip_refused=True)).copies] == [True]
    allowed = plan(limited, {}, aim=target("codex", allow_widening=True))
    assert actions(allowed) == [("create", ".codex/agents/reviewer.toml")]
    assert {loss.kind for _, loss in allowed.losses} >= {"widened"}


def test_an_older_copy_of_an_agent_that_is_refused_now_goes_once_that_is_decided() -> None:
    path, text = rendered(OLD, "codex")
    rows = [row("reviewer", OLD, path, text, format_id="codex")]
    limited = {"reviewer": hub_text(head="tools: Read\n")}
    assert touching(plan(limited, {path: text}, rows, aim=target("codex"))) == []
    made = plan(limited, {path: text}, rows, aim=target("codex", skip_refused=True))
    assert [(edit.path, edit.new) for edit in touching(made)] == [(path, None)]


def test_losses_seen_before_are_a_number() -> None:
    agents = {"reviewer": hub_text(head="model: a-model-nobody-knows\n")}
    first = plan(agents, {}, aim=target("opencode"))
    assert len(first.losses) == 1
    place = Place(target("opencode"), load("opencode"), ROOT, "recipe")
    seen = frozenset(loss_key(change.target, change.agent, loss) for change, loss in first.losses)
    second = plan_push(Snapshot((hub_agent("reviewer", agents["reviewer"]),), (view(place),), seen=seen), Wishes())
    assert (second.losses, dict(second.hidden)) == ((), {"shop": 1})


def test_wishes_narrow_the_run() -> None:
    agents = {"reviewer": OLD, "shop/other": hub_text("other")}
    assert actions(plan(agents, {}, wishes=Wishes(agents=("shop/*",)))) == [("create", ".claude/agents/other.md")]
    assert actions(plan(agents, {}, wishes=Wishes(formats=("codex",)))) == []


def test_half_a_character_is_refused_not_written() -> None:
    agents = {"reviewer": hub_text(head='color: red\n').replace("Reviews changes", '"\\ud800"')}
    assert touching(plan(agents, {})) == []


def test_removal_takes_every_unchanged_copy() -> None:
    place = Place(target(), load("claude-code"), ROOT, "", (row("a", OLD, PATH, W), row("b", OLD, "b.md", W)), found({PATH: W, "b.md": EDITED}))
    made = plan_removal(view(place), {digest(W): W})
    assert [(edit.path, edit.new) for edit in touching(made)] == [(PATH, None)]
    assert [(c.agent, c.state) for c in made.copies] == [("b", "conflict")]


# ---- shared files -------------------------------------------------------------------------------------------------

SHARED = "opencode.json"


def shared_plan(agents: Mapping[str, str], text: str, rows: Sequence[Written]) -> Plan:
    rules = load("opencode")
    place = Place(target("opencode"), rules, ROOT, "recipe", tuple(rows), found({SHARED: text}, "json"))
    return plan_push(Snapshot(tuple(hub_agent(i, t) for i, t in agents.items()), (view(place),), {digest(text): text}), Wishes())


def test_entries_of_a_shared_file_are_edited_together_and_their_neighbours_stay() -> None:
    text = '{\n  // theirs\n  "theme": "x",\n  "agent": {\n    "a": {"description": "A", "mode": "subagent", "prompt": "P"},\n' \
           '    "b": {"description": "B", "mode": "subagent", "prompt": "P"},\n    "mine": {"prompt": "keep"}\n  }\n}\n'
    rows = [row(name, "old", SHARED, text, name=name, format_id="opencode", entry=name) for name in ("a", "b")]
    made = shared_plan({"a": hub_text("a", "New A", "P"), "b": hub_text("b", "New B", "P")}, text, rows)
    [edit] = touching(made)
    assert edit.new == text.replace('"A"', '"New A"').replace('"B"', '"New B"')
    assert {put.written for put in edit.put} == {digest(edit.new)}
    gone = shared_plan({"a": hub_text("a", "A", "P")}, text, rows)
    [edit] = touching(gone)
    assert edit.new is not None
    assert '"b"' not in edit.new
    assert '"mine": {"prompt": "keep"}' in edit.new


def test_an_entry_that_stays_does_not_undo_what_is_planned_for_its_neighbour() -> None:
    """The file's stamp alone is news of `b`, whose agent and text are as they were."""
    text = '{"agent": {"a": {"description": "A", "mode": "subagent", "prompt": "P"}, "b": {"description": "B", "mode": "subagent", "prompt": "P"}}}\n'
    new_a, same_b = hub_text("a", "New A", "P"), hub_text("b", "B", "P")
    rows = [row(name, old, SHARED, text, name=name, format_id="opencode", entry=name) for name, old in (("a", "old"), ("b", same_b))]
    files = {SHARED: replace(found({SHARED: text}, "json")[SHARED], stamp="later")}
    place = Place(target("opencode"), load("opencode"), ROOT, "recipe", tuple(rows), files)
    agents = (hub_agent("a", new_a), hub_agent("b", same_b))
    [edit] = touching(plan_push(Snapshot(agents, (view(place),), {digest(text): text}), Wishes()))
    assert edit.new == text.replace('"A"', '"New A"')


def test_new_copies_go_where_the_format_writes_even_beside_a_shared_file() -> None:
    made = shared_plan({"c": hub_text("c")}, '{"agent": {}}', [])
    assert actions(made) == [("create", new_path(load("opencode"), "c", "project"))]
