"""Runs in the Python of prompty: its own loader, renderer and parser of roles."""

import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

from prompty.core.loader import load  # noqa: E402
from prompty.parsers.prompty import PromptyChatParser  # noqa: E402
from prompty.renderers.jinja2 import Jinja2Renderer  # noqa: E402

for file in sorted(Path(sys.argv[1]).rglob("*.prompty")):
    try:
        agent = load(file)
        messages = PromptyChatParser()._parse(agent, Jinja2Renderer()._render(agent, agent.instructions, {}))
        found = {
            "name": agent.name,
            "description": agent.description,
            "prompt": "\n".join(part.value for message in messages for part in message.parts),
            "model": agent.model.id if agent.model is not None else None,
            "tools": [f"{tool.kind}:{tool.name}" for tool in agent.tools or []],
        }
        if [message.role for message in messages] != ["system"]:
            found["roles"] = [message.role for message in messages]
    except Exception as error:
        found = {"name": None, "error": f"{file}: {type(error).__name__}: {error}"[:400]}
    print(json.dumps(found))
print(json.dumps("end"))
