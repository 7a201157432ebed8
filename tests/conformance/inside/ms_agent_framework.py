"""Runs in the Python of agent-framework-declarative: the definition that its own dispatch makes of each file."""

import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import yaml  # noqa: E402
from agent_framework_declarative._models import PromptAgent, agent_schema_dispatch  # noqa: E402

for file in sorted(Path(sys.argv[1]).rglob("*.yaml")):
    try:
        agent = agent_schema_dispatch(yaml.safe_load(file.read_text(encoding="utf-8")))
        if not isinstance(agent, PromptAgent):
            raise TypeError(f"it is a {type(agent).__name__}")
        found = {
            "name": agent.name,
            "description": agent.description,
            "prompt": agent.instructions,
            "model": agent.model.id if agent.model else None,
            "tools": [tool.kind for tool in agent.tools],
        }
    except Exception as error:
        found = {"name": None, "error": f"{file}: {type(error).__name__}: {error}"[:400]}
    print(json.dumps(found))
print(json.dumps("end"))
