"""The planner of push: a snapshot of hub, ledger and projects in, a plan out. Nothing here touches the world.

Floor 4, pure. Three texts decide about a copy: what was last written (W, by the ledger), what stands there (C, the snapshot),
what should stand there (D, rendered from the hub). Texts are compared by what they say, read by today's reader:

    C says D                     ok; the ledger is put right where it differs
    C is W, or says what W says  update: D is spliced into C as its own document
    else, W known                edited: somebody's work, listed and left; unreadable where its assistant finds no agent in it
    else                         foreign: not ours, listed and left
    no C, W known                deleted there; it stays so
    no C, no W                   create

Where W is known and C says something else, `agentsync.pull` takes the difference to the hub first; what it could not take is marked,
and stays as it is here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from shlex import quote
from typing import Final

from agentsync import codec
from agentsync.bases import Known, know
from agentsync.calm import at_rest, rested
from agentsync.copies import LEFT, Action, Change, Copy, Key, Plan, State, Written, entry_word
from agentsync.edits import Edits, clashes_of, unwritable, without
from agentsync.merge import says_digest
from agentsync.model import EMPTY, Agent, Document, Loss, Problem, Rendering
from agentsync.readers import heard
from agentsync.snapshot import Found, Item, Place, Places, ProjectView, Reader, Snapshot, Wishes, loss_key

DELETES_ALLOWED: Final = 5
DELETES_SHARE: Final = 0.25
"""More deletions than both at once stop a project's run (promise 11)."""


def plan_push(snapshot: Snapshot, wishes: Wishes, reader: Reader | None = None, marks: Mapping[Key, Copy] = EMPTY) -> Plan:
    """What a push would do. Deterministic in the order of projects, targets, agents and files.

    marks: copies that stay as they are, as they are listed.
    """
    reader = reader or Reader()
    plans = [_plan_project(view, places, snapshot, wishes, reader, marks) for view, places in reader.items(snapshot)]
    return _joined([Plan(problems=snapshot.problems), *plans])


def plan_removal(view: ProjectView, texts: Mapping[str, str]) -> Plan:
    """Every unchanged copy of a project goes; edited ones stay and are listed. The user asked for it: no count guard."""
    snapshot, reader = Snapshot((), (view,), texts), Reader()
    ((_, places),) = reader.items(snapshot)
    work = _Project(view, snapshot, Wishes(allow_deletes=True), reader, EMPTY)
    work.run(places)
    # The project is about to be gone from the hub: no command of it could decide anything any more.
    copies = tuple(replace(copy, why=copy.why and replace(copy.why, hint=None)) for copy in work.copies)
    return Plan(tuple(work.edits.all()), copies, (view.outcome,))


def _joined(plans: Sequence[Plan]) -> Plan:
    return Plan(
        tuple(edit for plan in plans for edit in plan.edits), tuple(copy for plan in plans for copy in plan.copies),
        tuple(outcome for plan in plans for outcome in plan.projects), tuple(problem for plan in plans for problem in plan.problems),
        tuple(loss for plan in plans for loss in plan.losses), (), {name: n for plan in plans for name, n in plan.hidden.items()},
        {place: n for plan in plans for place, n in plan.same.items()}, {name: rest for plan in plans for name, rest in plan.rests.items()},
    )


def _plan_project(
    view: ProjectView, places: Places, snapshot: Snapshot, wishes: Wishes, reader: Reader, marks: Mapping[Key, Copy]
) -> Plan:
    """The plan of one project; with nothing in it where the project is not to be touched."""
    outcome = stopped(view, snapshot, wishes).outcome
    if outcome.state != "ok":
        return Plan(projects=(outcome,))
    if view.rest is not None:
        return rested(outcome, view.rest)
    work = _Project(view, snapshot, wishes, reader, marks)
    stop = work.run(places)
    if stop is not None:
        return Plan(copies=tuple(work.copies), projects=(replace(outcome, state="stopped", why=stop),))
    if view.only is None and not wishes.agents and not wishes.formats:
        outcome = replace(outcome, gone=_missing(view, [key for edit in work.edits.all() for key in edit.forget]))
    if view.mode == "pull":
        quiet = tuple(replace(edit, changes=()) for edit in work.edits.all() if not edit.touches)
        rest = at_rest(view, places, work.items, work.copies, work.edits.all(), 0, snapshot, reader)
        return Plan(quiet, tuple(work.copies), (outcome,), rests={} if rest is None else {outcome.name: rest})
    new = tuple((change, loss) for change, loss in work.losses if loss_key(change.target, change.agent, loss) not in snapshot.seen)
    hidden = work.quiet_losses + len(work.losses) - len(new)
    edits = tuple(work.edits.all())
    rest = None if new or work.notes else at_rest(view, places, work.items, work.copies, edits, hidden, snapshot, reader)
    return Plan(
        edits, tuple(work.copies), (outcome,), work.notes, new, (), {outcome.name: hidden} if hidden else {},
        rests={} if rest is None else {outcome.name: rest},
    )


def stopped(view: ProjectView, snapshot: Snapshot, wishes: Wishes) -> ProjectView:
    """The project, stopped where nothing may be changed in it."""
    why = (_stop(view, snapshot) or _emptying(view, wishes)) if view.outcome.state == "ok" else None
    return view if why is None else replace(view, outcome=replace(view.outcome, state="stopped", why=why))


def _stop(view: ProjectView, snapshot: Snapshot) -> Problem | None:
    """Why nothing may be changed in a project (promise 11), or None."""
    rows = [row for place in view.places for row in place.rows]
    if not rows:
        return None
    name, root = view.outcome.name, view.outcome.root
    if not any(agent.status == "read" for agent in snapshot.agents):
        what = "the hub holds no agent that can be read, but this project has copies of some"
        return Problem("hub-empty", what, hint="agentsync list")
    recorded = {row.agent for row in rows}
    broken = next((agent for agent in snapshot.agents if agent.status != "read" and agent.id in recorded), None)
    if broken is not None:
        said = broken.problems[0].message if broken.problems else "it is no agent any more"
        what = f"the agent {broken.id} has copies here, and its file in the hub cannot be read: {said}"
        return Problem("hub-unreadable", what, hint=f"agentsync show {broken.id}")
    missing = _missing(view)
    if view.replaced and missing:
        what = "this is another folder than the one agentsync wrote to, and copies are missing"
        return Problem("replaced", what, path=root, hint=f"agentsync project enable {name}  (to take it as it is)")
    if missing == len(rows) > 1 and not view.moved:
        what = f"all {len(rows)} copies are gone"
        return Problem("emptied", what, path=root, hint=f"agentsync project enable {name}  (to have them again)")
    return None


def _emptying(view: ProjectView, wishes: Wishes) -> Problem | None:
    """Why nothing may be changed where many copies were deleted at once, which nobody decided yet. Who names an agent asks about that one."""
    rows = [row for place in view.places for row in place.rows]
    new = _missing(view) - view.gone
    if view.moved or view.only is not None or wishes.allow_deletes or wishes.agents or new <= _most_deleted(len(rows)):
        return None
    name = view.outcome.name
    hint = f"agentsync sync {name} --allow-deletes  (to have them again: agentsync project enable {name})"
    return Problem("many-deleted", f"{new} of {len(rows)} copies were deleted here at once", path=view.outcome.root, hint=hint)


def _missing(view: ProjectView, forgotten: Collection[Key] = ()) -> int:
    """How many copies are not there of which the ledger knows, but for those that it is to forget."""
    return sum(row.key.path not in place.found and row.key not in forgotten for place in view.places for row in place.rows)


def _most_deleted(copies: int) -> float:
    """So many copies may go at once in a project that has so many."""
    return max(DELETES_ALLOWED, copies * DELETES_SHARE)


class _Project:
    """The planning of one project: `run`, then look at the attributes."""

    def __init__(self, view: ProjectView, snapshot: Snapshot, wishes: Wishes, reader: Reader, marks: Mapping[Key, Copy]) -> None:
        self._view, self._snapshot, self._wishes, self._reader, self._marks = view, snapshot, wishes, reader, marks
        self.edits = Edits(view.outcome.name, view.outcome.root or "")
        self.items: list[Item] = []
        self._heirs: set[Key] = set()
        self.copies: list[Copy] = []
        self.losses: list[tuple[Change, Loss]] = []
        self.quiet_losses = 0
        self.notes: tuple[Problem, ...] = ()

    def run(self, places: Places) -> Problem | None:
        """Plan every target. The answer is why the project must not be touched after all, or None."""
        self.edits.released.extend(self._view.released)
        self.items, self.notes = heard(
            self._view, [item for _, here, _ in places for item in here], self._snapshot.agents, self._writes
        )
        clashes = clashes_of(self.items)
        heirs = {item.key for number, item in enumerate(self.items) if number not in clashes and self._may_inherit(item)}
        for place, _, left in places:
            for row in left:
                if not self._meant(place, row.agent, ()):
                    continue
                found = place.found.get(row.key.path)
                if found is not None and found.trouble is None and row.key in heirs and self._untouched(place, row, found):
                    self._heirs.add(row.key)
                else:
                    self._leave(place, row)
        for number, item in enumerate(self.items):
            if self._meant(item.place, item.agent.id, item.agent.tags):
                self.copies.append(self._judge(item, clashes.get(number)))
        deletions, recorded = self.edits.deletions(), sum(len(place.rows) for place in self._view.places)
        if self._wishes.allow_deletes or deletions <= _most_deleted(recorded):
            return None
        what = f"{deletions} of {recorded} copies would be deleted at once"
        return Problem("many-deletes", what, hint=f"agentsync push {self._view.outcome.name} --allow-deletes")

    def _meant(self, place: Place, identity: str, tags: Iterable[str]) -> bool:
        formats = self._wishes.formats
        return (not formats or place.target.format in formats) and self._wishes.takes(identity, tags)

    def _writes(self, item: Item) -> bool:
        """Whether a copy that is not there yet would be written by this run."""
        return self._meant(item.place, item.agent.id, item.agent.tags) and item.key not in self._marks and self._paused(item) is None

    def _may_inherit(self, item: Item) -> bool:
        """Whether an agent that is new here may take over the unchanged copy of one that leaves, which is called as it is."""
        new = item.row is None and item.standing is not None and item.wanted is not None and not item.wanted.refused
        return new and item.key not in self._marks and self._meant(item.place, item.agent.id, item.agent.tags)

    # ---- one copy ----

    def _judge(self, item: Item, clash: Problem | None) -> Copy:
        """What becomes of one agent at one target: the table at the head of this module."""
        if item.key in self._marks:
            return self._marks[item.key]
        if (paused := self._paused(item)) is not None:
            return paused
        if item.wanted is not None and item.wanted.refused:
            return self._refused(item, item.wanted)
        if clash is not None:
            return item.copy("refused", clash)
        standing = item.standing
        if standing is None:
            return self._create(item) if item.row is None else self._gone(item)
        if standing.found.trouble is not None:
            return item.copy("unreadable", standing.found.trouble)
        if item.wanted is None or (standing.says is not None and standing.says == item.says):
            return self._agree(item)
        if item.key in self._heirs:
            return self._update(item)
        known = know(item, self._view, self._snapshot, self._reader) if standing.found.text is not None else Known("edited")
        if known.how in ("untouched", "old"):
            return item.copy("behind", _went_back(item), decided=True) if self._rests(item, known) else self._update(item)
        state: State = "foreign" if known.how == "foreign" else "edited"
        if state in self._wishes.overwrite:
            return self._update(item)
        if known.how == "broken":
            return item.copy("unreadable", _broken(item))
        return item.copy(state, _in_the_way(item, state))

    def _rests(self, item: Item, known: Known) -> bool:
        """Whether a copy stays old until the agent changes: it held what the hub says now, and its project went back from there.

        A branch switch, a stash, or a check before a commit that puts files aside must not be answered by writing into them, unless somebody
        asks. Only where the lock went back too: without it the next run could take the copy for edited.
        """
        return self._wishes.unasked and known.locked and item.row is not None and item.row.hub == item.agent.digest

    def _paused(self, item: Item) -> Copy | None:
        """The copy on hold, where its last change was undone and neither it nor its agent changed since."""
        if item.standing is not None and (item.wanted is None or (item.standing.says is not None and item.standing.says == item.says)):
            return None         # the agent was taken back too: hub and copy say the same
        digest_now = item.standing.found.digest if item.standing is not None else ""
        if not self._on_hold(item.key, item.agent.digest, digest_now):
            return None
        hint = f"agentsync push {item.place.target.project} --agent {quote(item.agent.id)}"
        why = Problem("paused", "its last change was undone; it is on hold until the agent changes", path=item.path, hint=hint, severity="note")
        return item.copy("missing" if item.standing is None else "behind", why, decided=True)

    def _on_hold(self, key: Key, hub: str, copy: str) -> bool:
        """Whether the last change of a copy was undone, and neither side changed since. Who names an agent wants it all the same."""
        one = self._snapshot.paused.get(key)
        return one is not None and not self._wishes.agents and (one.hub, one.copy) == (hub, copy)

    def _gone(self, item: Item) -> Copy:
        """A copy that was there and is not: deleted by somebody, or not on the branch that is checked out."""
        if self._view.moved and item.path in self._view.clean:
            why = Problem("not-on-branch", "not on the branch that is checked out", path=item.path, severity="note")
            return item.copy("missing", why, decided=True)
        return item.copy("deleted", _deleted(item))

    def _agree(self, item: Item) -> Copy:
        """The copy says what it should: at most the ledger is put right."""
        assert item.standing is not None  # noqa: S101 - there is a copy to agree
        found = item.standing.found
        if item.wanted is None and item.row is not None:
            self.quiet_losses += item.row.losses
            if found.text is not None and item.row.stamp != found.stamp:
                now = self.edits.text(found, found.path)      # what another entry of a shared file is about to become, too
                self.edits.record(found.path, found.text, now, put=replace(item.row, stamp=found.stamp))
            return item.copy("ok")
        row = _row(item, found.path, item.standing.entry, item.standing.says, found.stamp)
        text = self.edits.text(found, found.path)
        if item.row is None:
            self._record(item, "heal", found.path, found.text, text, row)
        elif item.row.key != row.key:
            self._record(item, "move", found.path, found.text, text, row, forget=[item.row.key])
        else:
            self.edits.record(found.path, found.text, text, put=row)
            self.quiet_losses += row.losses
        return item.copy("ok")

    def _create(self, item: Item) -> Copy:
        """There is no copy yet: a file, or an entry added to a file that is there."""
        assert item.wanted is not None  # noqa: S101 - an item without a rendering has a copy
        assert item.path is not None  # noqa: S101 - a rendering has a path
        found = item.place.found.get(item.path)
        before = self.edits.text(found, item.path)
        rendering = item.wanted
        if item.entry is not None and before is not None:
            rendering = self._reader.rendered(item.place, item.agent, Document(item.path, before), kind=found.document if found else None)
            if rendering.refused:
                return self._refused(item, rendering)
        text = rendering.documents[0].text
        if (bad := unwritable(item.path, text)) is not None:
            return item.copy("refused", bad)
        old = found.text if found else None
        self._record(item, "create", item.path, old, text, _row(item, item.path, item.entry, item.says))
        return item.copy("missing")

    def _update(self, item: Item) -> Copy:
        """The copy says something else and may be changed: what differs is spliced into it as its own document."""
        assert item.standing is not None  # noqa: S101 - there is a copy to update
        assert item.wanted is not None  # noqa: S101 - it differs from its rendering
        found, entry = item.standing.found, item.standing.entry
        before = self.edits.text(found, found.path) or ""
        rendering = self._reader.rendered(item.place, item.agent, Document(found.path, before), entry, found.document)
        if rendering.refused and rendering.problems[0].code == "old-unreadable" and entry is None:
            rendering = replace(item.wanted, documents=(Document(found.path, item.wanted.documents[0].text),))
        if not rendering.refused and entry is None:
            document = rendering.documents[0]
            if self._reader.agent(item.place.rules, found.path, document.text, found.document, None) != item.says:
                # What else stands in the old document keeps it from saying what it should: it is written anew.
                rendering = replace(rendering, documents=(replace(document, text=item.wanted.documents[0].text),))
        if rendering.refused:
            return self._refused(item, rendering)
        text, path = rendering.documents[0].text, rendering.documents[0].path
        if (bad := unwritable(path, text)) is not None:
            return item.copy("refused", bad)
        if text == before:
            return self._agree(item)
        says = self._reader.agent(item.place.rules, path, text, found.document, entry)
        forget = [item.row.key] if item.row is not None and item.row.key.path != path else []
        if path == found.path:
            self._record(item, "update", path, found.text, text, _row(item, path, entry, says), forget=forget)
        elif path in item.place.found:
            return item.copy("foreign", _in_the_way(item, "foreign"))
        else:  # the file's name is the agent's name there, and the agent was renamed
            self.edits.record(found.path, found.text, None, forget=forget)
            self._record(item, "move", path, None, text, _row(item, path, entry, says))
        return item.copy("behind")

    def _refused(self, item: Item, rendering: Rendering) -> Copy:
        """Nothing may be written. Where that is settled, a copy from before goes as if the agent were not selected."""
        decided = item.place.target.skip_refused
        if decided and item.row is not None:
            self._leave(item.place, item.row)
        why = rendering.problems[0] if rendering.problems else Problem("refused", "the agent cannot be written there")
        if why.code == "rights-refused":
            # One decision, once, for all agents of the target; either command writes it into the hub.
            name = item.place.target.format
            why = replace(why, hint=f"agentsync skip --refused --for {name}  (or: agentsync allow --refused --for {name})")
        return item.copy("refused", why, decided=decided)

    def _leave(self, place: Place, row: Written) -> None:
        """An agent that left: its unchanged copy goes, an edited one is a conflict."""
        target, path, entry = place.target, row.key.path, row.key.entry_key
        found = place.found.get(path)
        listed = Copy(target.project, target.format, row.agent, path, "conflict", entry)
        if found is None or self._reader.lacks(place.rules, found, entry):
            before = found.text if found else None
            self.edits.record(path, before, self.edits.text(found, path), forget=[row.key])
            return
        if found.trouble is not None:
            self.copies.append(replace(listed, state="unreadable", why=found.trouble))
            return
        wanted = "edited" in self._wishes.overwrite or self._wishes.take.get(row.agent) == "hub"
        if not wanted and not self._untouched(place, row, found):
            hint = f"agentsync push {target.project} --agent {quote(row.agent)} --to {target.format} --overwrite edited"
            what = "the agent left the hub or the selection, but this copy was edited"
            self.copies.append(replace(listed, why=Problem(LEFT, what, path=path, hint=hint)))
            return
        if self._on_hold(row.key, next((agent.digest for agent in self._snapshot.agents if agent.id == row.agent), ""), found.digest):
            hint = f"agentsync push {target.project} --agent {quote(row.agent)}"
            why = Problem("paused", "the agent left, and its copy came back by an undo; it is on hold", path=path, hint=hint, severity="note")
            self.copies.append(replace(listed, state="behind", why=why, decided=True))
            return
        text = None if entry is None else without(place, found, self.edits.text(found, path) or "", entry)
        change = Change("delete", target.project, target.format, row.agent, path, entry)
        self.edits.record(path, found.text, text, change=change, forget=[row.key])

    def _untouched(self, place: Place, row: Written | None, found: Found) -> bool:
        """Whether a copy is, or says, what we last wrote. Line ends alone are no difference."""
        if row is None:
            return False
        if found.digest == row.written == row.base:
            return True
        written = self._snapshot.texts.get(row.base)
        if written is None or found.text is None:
            return False
        if _lines(written) == _lines(found.text):
            return True
        entry = row.key.entry_key
        then = self._reader.agent(place.rules, found.path, written, found.document, entry)
        return then is not None and then == self._reader.agent(place.rules, found.path, found.text, found.document, entry)

    def _record(
        self, item: Item, action: Action, path: str, old: str | None, new: str | None, row: Written, *, forget: Sequence[Key] = ()
    ) -> None:
        """Note an edit with its change and the losses of its conversion."""
        losses = item.wanted.losses if item.wanted else ()
        target = item.place.target
        change = Change(action, target.project, target.format, item.agent.id, path, row.key.entry_key, losses)
        self.edits.record(path, old, new, change=change, put=row, forget=forget)
        self.losses += [(change, loss) for loss in losses]


def _row(item: Item, path: str, entry: str | None, says: Agent | None, stamp: str = "") -> Written:
    """The ledger's row for what is planned; its digests are known once the file's edits are complete."""
    key = Key(item.place.root, item.place.target.format, item.place.target.scope, path, entry_word(entry))
    losses = len(item.wanted.losses) if item.wanted else 0
    said = says_digest(says) if says is not None else ""
    return Written(key, item.agent.id, item.native, "", "", item.agent.digest, None, item.place.recipe, stamp, losses, said)


def _deleted(item: Item) -> Problem:
    agent, project = quote(item.agent.id), item.place.target.project
    hint = f"agentsync restore {agent} -p {project}  (or: agentsync exclude {agent} -p {project})"
    return Problem("deleted", "the copy was deleted there and stays deleted", path=item.path, hint=hint, severity="note")


def _went_back(item: Item) -> Problem:
    """Why a copy that is only old stays so."""
    what = "its project went back to an older version; it rests until the agent changes"
    hint = f"agentsync push {item.place.target.project} --agent {quote(item.agent.id)}"
    return Problem("went-back", what, path=item.path, hint=hint, severity="note")


def _in_the_way(item: Item, state: str) -> Problem:
    """Why a copy was left alone, and the command that decides it."""
    path = item.standing.found.path if item.standing else item.path
    what = "this copy was edited" if state == "edited" else "a file that agentsync did not write is in the way"
    target = item.place.target
    hint = f"agentsync push {target.project} --agent {quote(item.agent.id)} --to {target.format} --overwrite {state}"
    return Problem(state, what, path=path, hint=hint, severity="warning")


def _broken(item: Item) -> Problem:
    """Why an edited copy says nothing: what its assistant makes of the file."""
    assert item.standing is not None  # noqa: S101 - there is a copy
    found, target = item.standing.found, item.place.target
    readings = codec.read(Document(found.path, found.text or ""), item.place.rules, kind=found.document)
    reading = next((one for one in readings if item.standing.entry in (None, one.entry)), None)
    why = reading.why if reading is not None and reading.why is not None else Problem("broken", "its assistant finds no agent there")
    hint = why.hint or f"agentsync push {target.project} --agent {quote(item.agent.id)} --to {target.format} --overwrite edited"
    line = "" if why.line is None else f"line {why.line}: "
    return replace(why, message=line + why.message, path=found.path, severity="warning", hint=hint)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
