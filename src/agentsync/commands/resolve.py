"""`agentsync resolve`: conflicts, one by one."""

from __future__ import annotations

import difflib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote

import click

from agentsync.commands.app import Session
from agentsync.commands.running import clock, opened, show
from agentsync.copies import LEFT, Conflict, Copy
from agentsync.disk import encode
from agentsync.hub import matches
from agentsync.model import AgentsyncError
from agentsync.report import Line, did_you_mean, hint_line, text_line
from agentsync.settle import Open, what_is_open
from agentsync.settle import resolve as settle
from agentsync.sync import at_work


@click.command()
@click.argument("agent", required=False, metavar="[ID]")
@click.option("--take", metavar="hub|PROJECT[:FORMAT]", help="Whose version wins; the other copies and the hub get it.")
@click.option("--edit", is_flag=True, help="Write the version that wins in your editor. Nothing else sees the temporary file.")
@click.option("--any-branch", is_flag=True, help="Work although another branch of the hub is checked out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def resolve(session: Session, agent: str | None, take: str | None, edit: bool, any_branch: bool, as_json: bool) -> int:
    """Decide conflicts: what two sides changed differently.

    Until then both versions stay where they are. On a terminal each conflict is shown with the versions, what they began from,
    and the difference, and you are asked. What a decision overwrites comes back with `agentsync undo`.
    """
    if take is not None and edit:
        raise AgentsyncError("--take and --edit are two answers to one question", hint="agentsync resolve ID --take hub")
    started = clock()
    space, names = opened(session, any_branch=any_branch)
    with at_work(space, "resolve") as (ledger, _):
        found = what_is_open(space, ledger, names)
        agents = _agents(found, agent)
        if not agents and as_json:
            _print(session, found, agents, as_json=True)
            return 0
        if not agents:
            session.terminal.say([text_line("there is no conflict", "good")])
            return 0
        written: dict[str, str] = {}
        if edit or take not in (None, "hub"):
            _in_the_hub(found, agents)
        if edit:
            written = _edited(found, agents)
            answers: Mapping[str, str] = dict.fromkeys(written, "hub")
        elif take is not None:
            answers = {identity: _side(found, identity, take) for identity in agents}
        elif as_json or not session.terminal.can_ask:
            _print(session, found, agents, as_json=as_json)
            return 1
        else:
            answers = _asked(session, found, agents)
        if not answers:
            return 1
        try:
            result = settle(space, ledger, names, answers, written)
        except AgentsyncError:
            session.terminal.say(_kept(written))
            raise
    return show(session, result, as_json=as_json, started=started)


def _agents(found: Open, pattern: str | None) -> list[str]:
    """The agents in conflict that are meant."""
    agents = list(dict.fromkeys([*(c.agent for c in found.conflicts), *(c.agent for c in found.torn)]))
    if pattern is None:
        return agents
    meant = [identity for identity in agents if matches(identity, (), pattern)]
    if not meant and agents:
        raise AgentsyncError(f"there is no conflict in {pattern}{did_you_mean(pattern, tuple(agents))}", hint="agentsync resolve")
    return meant


def _in_the_hub(found: Open, agents: Sequence[str]) -> None:
    """AgentsyncError where one of the agents left the hub: then no version of a copy can win, and there is no file to write."""
    there = {agent.id for agent in found.snapshot.agents}
    for identity in agents:
        if identity not in there:
            what = f"{identity} is not in the hub any more, and a copy of it was edited: agentsync undo brings the agent back"
            raise AgentsyncError(what, hint=f"agentsync resolve {quote(identity)} --take hub  (removes the copy)")


def _sides(found: Open, identity: str) -> dict[str, str]:
    """The sides of an agent's conflict that can win beside the hub: word to path."""
    sides = {f"{side.project}:{side.target}": side.path for c in found.conflicts if c.agent == identity for side in c.sides}
    torn = [copy for copy in found.torn if copy.agent == identity and (copy.why is None or copy.why.code != LEFT)]
    return sides | {f"{copy.project}:{copy.target}": copy.path or "" for copy in torn}


def _side(found: Open, identity: str, take: str) -> str:
    """The side that an answer names. AgentsyncError where it names none, or several."""
    if take == "hub":
        return take
    sides = _sides(found, identity)
    fitting = [word for word in sides if take in (word, word.partition(":")[0])]
    for copy in found.torn:
        if not fitting and copy.agent == identity and take in (copy.project, f"{copy.project}:{copy.target}"):
            what = f"{identity} is not selected for {copy.project} any more, so the edit of its copy there has nowhere to go"
            raise AgentsyncError(f"{what}: select it again to keep it", hint=f"agentsync resolve {quote(identity)} --take hub  (removes the copy)")
    if len(fitting) != 1:
        what = f"{take} is no side of the conflict in {identity}" if not fitting else f"{take} has {len(fitting)} copies in the conflict"
        raise AgentsyncError(f"{what}: there are hub, {', '.join(sides)}", hint=f"agentsync resolve {quote(identity)} --take hub")
    return fitting[0]


def _print(session: Session, found: Open, agents: Sequence[str], *, as_json: bool) -> None:
    """The conflicts, for a reader who cannot be asked."""
    if as_json:
        from agentsync.sync_report import conflict_json

        listed = [conflict_json(conflict) for conflict in found.conflicts if conflict.agent in agents]
        session.terminal.result(json.dumps({"version": 1, "conflicts": listed}, ensure_ascii=True, indent=2) + "\n")
        return
    for identity in agents:
        session.terminal.print(_conflict_lines(found, identity))
    session.terminal.say([hint_line("agentsync resolve ID --take hub|PROJECT[:FORMAT]  (or --edit)")])


def _asked(session: Session, found: Open, agents: Sequence[str]) -> dict[str, str]:
    """Each agent's answer; those passed over are left out."""
    answers: dict[str, str] = {}
    for number, identity in enumerate(agents, 1):
        session.terminal.print([text_line(f"{identity} ({number} of {len(agents)})", "strong")])
        session.terminal.print(_conflict_lines(found, identity))
        words = ["hub", *_sides(found, identity)]
        answer = session.terminal.choose("take", [*words, "skip"])
        if answer in words:
            answers[identity] = answer
    return answers


def _conflict_lines(found: Open, identity: str) -> Iterator[Line]:
    """What each side says of every part in conflict, and how it differs from what they began with."""
    here = [conflict for conflict in found.conflicts if conflict.agent == identity]
    for conflict in here:
        yield (("name", identity), ("", f": {conflict.part} {conflict.why}"))
        yield from _version_lines("hub", conflict.base, conflict.hub)
        for side in conflict.sides:
            yield from _version_lines(f"{side.project}:{side.target} ({side.path})", conflict.base, side.says)
    parts = {side.path for conflict in here for side in conflict.sides}
    for copy in (copy for copy in found.torn if copy.agent == identity and copy.path not in parts):
        yield (("name", identity), ("", f": {_why(copy)} "), ("faint", f"({copy.project}:{copy.target} {copy.path})"))


def _why(copy: Copy) -> str:
    return copy.why.message if copy.why is not None else "hub and copy differ"


def _version_lines(who: str, base: str, text: str) -> Iterator[Line]:
    """One side's version: as it is where it is short, as a difference where it has lines."""
    if "\n" not in text and "\n" not in base:
        yield (("", "  "), ("strong", f"{who}: "), ("", text))
        return
    yield (("", "  "), ("strong", f"{who}:"), ("faint", "  as they began" if text == base else ""))
    for line in list(difflib.unified_diff(base.split("\n"), text.split("\n"), lineterm="", n=2))[2:]:
        style = "good" if line.startswith("+") else "bad" if line.startswith("-") else "faint"
        yield (("", "    "), (style, line))  # type: ignore[misc]  # one of three styles


# ---- by hand ------------------------------------------------------------------------------------------------------


def _edited(found: Open, agents: Sequence[str]) -> dict[str, str]:
    """What the user made of each agent in their editor; one that was not saved is left out. Only a temporary file ever holds the marks."""
    texts = {agent.id: agent.text for agent in found.snapshot.agents}
    written = {}
    for identity in agents:
        here = [conflict for conflict in found.conflicts if conflict.agent == identity]
        text = click.edit(_with_marks(texts[identity], here), extension=".md")
        if text is not None:
            written[identity] = "\n".join(line for line in text.split("\n") if not line.startswith(_NOTE))
    return written


def _kept(written: Mapping[str, str]) -> Iterator[Line]:
    """Keep what was written by hand and cannot be used as it is, and say where."""
    for identity, text in written.items():
        number, path = tempfile.mkstemp(prefix=f"agentsync-{identity.replace('/', '-')}-", suffix=".md")
        with os.fdopen(number, "wb") as stream:
            stream.write(encode(text))
        yield text_line(f"what you wrote for {identity} is kept in {path}")


_NOTE = "# conflict: "


def _with_marks(text: str, conflicts: Sequence[Conflict]) -> str:
    """The hub's text with what the sides say: the prompt between conflict marks, all else as comments in the head."""
    notes: list[str] = []
    for conflict in conflicts:
        for side in conflict.sides:
            who = f"{side.project}:{side.target}"
            if conflict.part == "prompt" and conflict.hub in text:
                text = text.replace(conflict.hub, _marked(conflict.hub, side.says, who), 1)
            else:
                notes.append(f"{_NOTE}{conflict.part}: {who} says {json.dumps(side.says, ensure_ascii=False)}")
    fence, rest = text.split("\n", 1) if "\n" in text else (text, "")
    return "\n".join([fence, *notes, rest])


def _marked(ours: str, theirs: str, who: str) -> str:
    """Both versions of a text, with marks around the lines in which they differ."""
    mine, other = ours.split("\n"), theirs.split("\n")
    lines: list[str] = []
    for what, start, end, at, to in difflib.SequenceMatcher(None, mine, other, autojunk=False).get_opcodes():
        if what == "equal":
            lines += mine[start:end]
        else:
            lines += ["<<<<<<< hub", *mine[start:end], "=======", *other[at:to], f">>>>>>> {who}"]
    return "\n".join(lines)
