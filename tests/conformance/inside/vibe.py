"""Runs in the Python of mistral-vibe: its own profiles, folded onto its configuration, and the tools that its manager then leaves."""

import asyncio
import json
import os
import sys
from pathlib import Path

project, home = Path(sys.argv[1]), Path(os.environ["HOME"])
os.environ["VIBE_HOME"] = str(home / ".vibe")
os.chdir(home)

from vibe.core.agents.models import AgentProfile  # noqa: E402
from vibe.core.agents.registry import apply_profile_overrides  # noqa: E402
from vibe.core.config.default_orchestrator import build_default_orchestrator  # noqa: E402
from vibe.core.config.harness_files import init_harness_files_manager  # noqa: E402
from vibe.core.tools.manager import ToolManager  # noqa: E402

init_harness_files_manager("user")
configuration = asyncio.run(build_default_orchestrator())
for file in sorted((project / ".vibe" / "agents").glob("*.toml")):
    try:
        profile = AgentProfile.from_toml(file)
        folded = configuration.copy()
        apply_profile_overrides(folded, profile.overrides)
        manager = ToolManager(lambda config=folded.config: config, defer_mcp=True)
        found = {"name": profile.name, "description": profile.description, "prompt": profile.instructions, "tools": list(manager.available_tools)}
    except Exception as error:
        found = {"name": file.stem, "error": f"{type(error).__name__}: {error}"[:300]}
    print(json.dumps(found))
print(json.dumps("end"))
