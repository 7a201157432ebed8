"""What a file of `formats/tables/` holds: tool names that several formats share.

Floor 2, data only. A format names a table in `rights.tools` (`tools: claude`); nothing else is shared between formats.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from agentsync.formats.rules import Rule


class ToolTable(Rule, frozen=True):
    """Tool names shared by several formats: one file of `formats/tables/`."""

    tools: Annotated[
        dict[str, tuple[str, ...]],
        Meta(description="atom to native names; the first is written, all are read; a name under several atoms grants them all"),
    ]
    other: Annotated[tuple[str, ...], Meta(description="native tools that no atom describes")] = ()
    vocabulary: Annotated[str | None, Meta(description="name of the tool vocabulary. Absent: the name of the table")] = None
