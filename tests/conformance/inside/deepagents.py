"""Runs in the Python of deepagents-code: its own list of the subagents of a project."""

import json
import logging
import sys
from pathlib import Path

from deepagents_code.subagents import list_subagents


class Complaints(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        print(json.dumps({"name": None, "error": record.getMessage()}))


logging.getLogger("deepagents_code.subagents").addHandler(Complaints())
for agent in list_subagents(project_agents_dir=Path(sys.argv[1]) / ".deepagents" / "agents"):
    found = {"name": agent["name"], "description": agent["description"], "prompt": agent["system_prompt"], "model": agent["model"]}
    print(json.dumps(found))
print(json.dumps("end"))
