"""Runs in the Python of crewai: its own reading of `config/agents.yaml`, and an agent made of each entry."""

import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

from crewai import Agent  # noqa: E402
from crewai.project.crew_base import load_yaml  # noqa: E402

for name, entry in load_yaml(next(Path(sys.argv[1]).rglob("agents.yaml"))).items():
    try:
        # What is said by name, tools and models, is looked up among the methods of the crew's class, which is not part of the file.
        agent = Agent(**{key: value for key, value in entry.items() if key not in ("tools", "llm")})
        agent.interpolate_inputs({"some_input": "x"})
        tools = [*(entry.get("tools") or []), *(["delegate"] if agent.allow_delegation else [])]
        tools += ["code"] if getattr(agent, "allow_code_execution", False) else []
        found = {"name": name, "description": agent.goal, "prompt": agent.backstory, "model": entry.get("llm"), "tools": tools}
    except Exception as error:
        found = {"name": str(name), "error": f"{type(error).__name__}: {error}"[:300]}
    print(json.dumps(found))
print(json.dumps("end"))
