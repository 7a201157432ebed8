"""Kilo Code: `.kilo/agents/*.md`. A relative of opencode that is asked as that is; one bad value costs its own agent alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from tests.conformance import opencode
from tests.conformance.sessions import Adapter

_LEAD: Final = "the project's coding standards and best practices.\n"
"""How the text ends that the client puts before every prompt."""
_MORE: Final = (
    "board_post", "board_read", "cancel_wakeup", "cron_create", "cron_delete", "cron_list", "goal", "goal_report", "kilo_local_recall", "link_pr",
    "schedule_wakeup", "suggest",
)  # fmt: skip

ADAPTER: Final[Adapter] = replace(
    opencode.ADAPTER,
    format="kilo",
    client="kilo",
    load=partial(opencode.ask, client="kilo", prefix="KILO", lead=_LEAD),
    tools={**opencode.TOOLS, "background_process": "shell", "lsp": "tool:kilo/lsp", **{name: f"tool:kilo/{name}" for name in _MORE}},
    absent=opencode.ADAPTER.absent | {"tool:kilo/lsp", "delegate"},
    batch=30,
)
