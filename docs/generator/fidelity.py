"""docs/fidelity.md: what becomes of one agent that says everything, from every format to every other. Pure; texts come out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agentsync import codec
from agentsync.formats.rules import Format
from agentsync.model import HUB_FORMAT, LOSS_KINDS, Agent, Loss, Rendering, Rights
from generator.markdown import code, codes, fenced, pages_of, table

# Says something in every neutral field, and may read, write, and use one tool of one MCP server, but run nothing. (It may write,
# because a memory of its own brings that along.)
REFERENCE: Final = Agent(
    "changelog-writer",
    "Read what was merged since the last tag.\n\nAdd one line for each change that a user can see, and name its issue.",
    Rights(allow=("read.file", "read.grep", "read.glob", "write.file", "write.edit", "mcp:tracker/get_issue")),
    {
        "description": "Keeps the changelog: what changed, said for its users",
        "display_name": "Changelog writer",
        "model": "sonnet",
        "color": "blue",
        "effort": "high",
        "max_turns": 20,
        "timeout_minutes": 15,
        "temperature": 0.2,
        "top_p": 0.9,
        "mode": "all",
        "hidden": True,
        "background": True,
        "isolation": "worktree",
        "memory": "project",
        "permission_mode": "dontAsk",
        "skills": ["release-notes"],
        "mcp_servers": ["tracker"],
        "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]},
        "initial_prompt": "Begin with the newest tag.",
        "omit_project_memory": True,
        "output_schema": {"type": "object", "required": ["verdict"]},
    },
)
_LETTERS: Final[Mapping[str, str]] = {kind: kind[0] for kind in LOSS_KINDS}


@dataclass(frozen=True, slots=True)
class Cell:
    """What becomes of an agent at one format. refused: only written where the widening is allowed, or (then `losses` is None) never."""

    refused: str | None
    losses: tuple[Loss, ...] | None

    @property
    def short(self) -> str:
        """`2a 5d`, `✗ 1w 5d`, `✗`, or `=` where nothing is lost."""
        if self.losses is None:
            return "✗"
        counts = Counter(loss.kind for loss in self.losses)
        told = " ".join(f"{counts[kind]}{_LETTERS[kind]}" for kind in ("widened", "narrowed", "approximated", "dropped", "guessed") if counts[kind])
        return " ".join(filter(None, ("✗" if self.refused else "", told))) or "="


def cell(agent: Agent, target: Format) -> Cell:
    """An agent at a format: as it is, or, where that is refused, as it would be if its widening were allowed."""
    rendering = codec.write(agent, target)
    if not rendering.refused:
        return Cell(None, rendering.losses)
    allowed = codec.write(agent, target, allow_widening=True)
    return Cell(rendering.problems[0].message, None if allowed.refused else allowed.losses)


def as_said_by(source: Format) -> Agent | None:
    """The reference agent as a file of this format says it; None where there can be no such file."""
    rendering: Rendering = codec.write(REFERENCE, source, allow_widening=True)
    if rendering.refused:
        return None
    [reading] = codec.read(rendering.documents[0], source)
    return reading.agent


def fidelity_page(known: Sequence[Format]) -> str:
    """The whole page."""
    targets = [rules for rules in known if rules.direction != "read"]
    sources = [(rules.id, said) for rules in known if rules.direction == "both" and (said := as_said_by(rules)) is not None]
    hub = codec.write(REFERENCE, next(rules for rules in known if rules.id == HUB_FORMAT)).documents[0]
    return pages_of(
        "<!-- Made by docs/generate.py, by converting: `make docs` writes it again. -->",
        "# What is lost between formats",
        "Nothing is lost in silence, and this is what is lost aloud. One agent that says everything agentsync has a word for is converted from "
        "every format into every other; the numbers are those of the reports that `agentsync convert` gives for it. A real agent says far less, "
        "and loses far less: of what a file does not say, nothing is lost. What each field means stands in "
        "[format-language.md](format-language.md#fields), what each format can say in [formats/](formats/README.md).",
        "The agent may read and write files and use one tool of one MCP server, but neither run commands nor reach the web:",
        fenced(hub.text, "markdown"),
        "## From the hub to each format",
        "What an assistant has no place for is dropped, what it says in other words is approximated. A right that is lost is narrowed. An agent "
        "is *refused* where it would gain rights: the losses are then those of the agent that you allowed to gain them, and what it gained is "
        "widened.",
        _from_the_hub(REFERENCE, targets),
        "## From every format to every other",
        "The agent is first written in the format of the row, then read back and written in the format of the column; what the first step cannot "
        "say is not counted again. `=` nothing is lost; otherwise the number of losses of each kind: **d**ropped, **a**pproximated, **n**arrowed, "
        "**w**idened, **g**uessed. `✗` refused; with numbers, they hold where the widening is allowed. Keys that only one assistant understands "
        "are kept for it by the hub, mean nothing elsewhere, and are not counted.",
        _matrix(sources, targets),
    )


def _from_the_hub(agent: Agent, targets: Iterable[Format]) -> str:
    rows = []
    for target in targets:
        found = cell(agent, target)
        losses = found.losses or ()
        fields = {kind: list(dict.fromkeys(loss.field for loss in losses if loss.kind == kind)) for kind in LOSS_KINDS}
        touched = {field for named in fields.values() for field in named}
        kept = sum(name not in touched for name in agent.fields)
        rights = "; ".join(f"{loss.kind}: {loss.value}" for loss in losses if loss.field == "rights" and loss.value)
        rows.append((
            f"[{code(target.id)}](formats/{target.id}.md)",
            f"{kept} of {len(agent.fields)}" if found.losses is not None else "—",
            codes(fields["approximated"]),
            _dropped(fields["dropped"], list(agent.fields)),
            "**refused** " + (f"({rights})" if rights else "") if found.refused else rights or "kept",
        ))
    return table(("to", "fields kept", "approximated", "dropped", "rights"), rows)


def _dropped(names: Sequence[str], stated: Sequence[str]) -> str:
    """What was dropped; where that is nearly everything, what was not."""
    left = [name for name in stated if name not in names]
    return f"all but {codes(left)}" if 0 < len(left) < len(names) else codes(names)


def _matrix(sources: Sequence[tuple[str, Agent]], targets: Sequence[Format]) -> str:
    head = ("from \\ to", *(code(target.id) for target in targets))
    rows = [(code(source), *(cell(agent, target).short for target in targets)) for source, agent in sources]
    return table(head, rows)
