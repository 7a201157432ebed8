"""Runs in the Python of google-adk: an agent made of each file, and its instruction as it would be sent."""

import asyncio
import json
import logging
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

from google.adk.agents import config_agent_utils  # noqa: E402
from google.adk.flows.llm_flows.prompt import _instructions_utils  # noqa: E402

session = SimpleNamespace(state={}, app_name="x", user_id="x", id="x")
context = SimpleNamespace(_invocation_context=SimpleNamespace(session=session, artifact_service=None, app_name="x", user_id="x"))

for file in sorted(Path(sys.argv[1]).rglob("root_agent.yaml")):
    try:
        agent = config_agent_utils.from_config(str(file))
        literal = agent.static_instruction if isinstance(agent.static_instruction, str) else ""
        found = {
            "name": agent.name,
            "description": agent.description,
            "prompt": literal + asyncio.run(_instructions_utils._render_with_regex(agent.instruction, context)),
            "model": str(agent.model) if agent.model else None,
            "tools": [getattr(tool, "name", None) or getattr(tool, "__name__", str(tool)) for tool in agent.tools],
        }
    except Exception as error:
        found = {"name": file.parent.name, "error": f"{type(error).__name__}: {error}"[:300]}
    print(json.dumps(found))
print(json.dumps("end"))
