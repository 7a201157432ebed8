"""Runs in the Python of openhands-sdk: its own list of a project's agents, and each made as a parent would start it."""

import json
import logging
import sys
import warnings
from importlib import import_module

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

from openhands.sdk import LLM  # noqa: E402
from openhands.sdk.subagent.load import load_project_agents  # noqa: E402
from openhands.sdk.subagent.registry import agent_definition_to_factory  # noqa: E402

_TOOLS = ("terminal", "file_editor", "task_tracker", "task", "grep", "glob", "apply_patch", "gemini")
for name in _TOOLS:      # a tool is known where its host has imported it
    import_module(f"openhands.tools.{name}")

model = LLM(model="openai/x", api_key="x")
for definition in load_project_agents(sys.argv[1]):
    found = {"name": definition.name, "description": definition.description, "prompt": definition.system_prompt}
    try:
        agent = agent_definition_to_factory(definition, sys.argv[1])(model)
        found["tools"] = [tool.name for tool in agent.tools]
        found["prompt"] = agent.agent_context.system_message_suffix if agent.agent_context else ""
    except Exception as error:
        found["error"] = f"{type(error).__name__}: {error}"[:300]
    print(json.dumps(found))
print(json.dumps("end"))
