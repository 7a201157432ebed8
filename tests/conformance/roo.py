"""Roo Code: `.roomodes`, one file of many modes, through the extension's own schema. One bad mode refuses them all."""

from __future__ import annotations

from typing import Final

from tests.conformance.libraries import library
from tests.conformance.sessions import Adapter, as_written

_GROUPS: Final = {
    "read": "read.file read.grep read.glob read.list",
    "edit": "write.file write.edit write.notebook",
    "command": "shell",
    "mcp": "mcp:my-srv/one mcp:my-srv/two_x",
}

ADAPTER: Final = Adapter(
    format="roo",
    client="roo",
    load=library("roo", "roo.cjs"),
    model=as_written,
    batch=60,
    shared=True,
    tools=_GROUPS,
    limits=frozenset({"write.file", "write.edit", "write.notebook"}),
)
