"""Codex CLI: `.codex/agents/*.toml`. There is no tool list, so an agent has whatever its session has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.conformance.clients import run
from tests.conformance.model_server import ModelServer, Request, task_name
from tests.conformance.sessions import Adapter, Loaded, Session, as_written

_SETTINGS = re.compile(r"\n- This role's [^\n]* cannot be changed\.$")
_MALFORMED = re.compile(r'"message":"(Ignoring malformed agent role definition.*?)"\}')


def load(project: Path, home: Path, documents: Mapping[str, str]) -> Session:
    """The roles that the spawn tool offers; then each is started, and the parent waits for them."""
    folder = home / "codex"
    folder.mkdir(exist_ok=True)
    trust = f'[projects.{json.dumps(str(project))}]\ntrust_level = "trusted"\n'
    (folder / "config.toml").write_text(trust, encoding="utf-8")
    extra = {"CODEX_HOME": str(folder)}
    shown = run("codex", ["debug", "prompt-input", "hi"], project=project, home=home, extra=extra)
    try:
        offered = _roles(json.loads(shown.stdout))
    except (ValueError, StopIteration):
        return Session({}, (f"no list of roles: {shown.stderr.strip()[-400:]}",))
    names = list(offered)
    with ModelServer(names, patience=3) as server:
        provider = f'{{name="mock",base_url="{server.url}/v1",wire_api="responses",requires_openai_auth=false,supports_websockets=false}}'
        settings = ['model_provider="mock"', "agents.max_concurrent_threads_per_session=60", f"model_providers.mock={provider}"]
        words = ["exec", "--json", "--skip-git-repo-check", *(word for setting in settings for word in ("-c", setting)), "hi"]
        done = run("codex", words, project=project, home=home, extra=extra)
        started = _started(server.requests, names)
    agents = {name: _loaded(name, offered[name], started.get(name)) for name in names}
    complaints = dict.fromkeys(match[1].replace(f"{project}/", "") for match in _MALFORMED.finditer(done.stdout))
    return Session(agents, tuple(complaints))


def _roles(prompt: object) -> dict[str, str]:
    """Name to description, as the parameter `agent_type` of the spawn tool lists them: `NAME: {`, the text, `}`."""
    tool = next(_spawners(prompt))
    text: str = tool["parameters"]["properties"]["agent_type"]["description"]
    listed = text.partition("Available roles:\n")[2].rpartition("\ndefault: {")[0]
    return {match[1]: match[2] for match in re.finditer(r"(?ms)^([^\n]+?): \{\n(.*?)\n\}$", listed)}


def _spawners(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("name") == "spawn_agent" and "parameters" in value:
            yield value
        for inner in value.values():
            yield from _spawners(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _spawners(inner)


def _started(requests: Sequence[Request], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The first request of each agent: its conversation holds a message to the task it was started as."""
    found: dict[str, dict[str, Any]] = {}
    tasks = {task_name(index): name for index, name in enumerate(names)}
    for request in requests:
        for item in request.body.get("input", []):
            if isinstance(item, dict) and item.get("type") == "agent_message":
                task = str(item.get("recipient", "")).rpartition("/")[2]
                if task in tasks:
                    found.setdefault(tasks[task], request.body)
    return found


def _loaded(name: str, description: str, body: Mapping[str, Any] | None) -> Loaded:
    """The role's own text is the part of a developer message that the client's permissions follow.

    The client adds a sentence to the description of a role with a model or effort of its own, and a note before its text.
    """
    description = _SETTINGS.sub("", description)
    if body is None:
        return Loaded(name, description, error="not started")
    messages = [item["content"] for item in body.get("input", []) if item.get("role") == "developer" and isinstance(item.get("content"), list)]
    parts = [[part.get("text") or "" for part in content] for content in messages]
    around = next((texts for texts in parts if any(text.startswith("<permissions instructions>") for text in texts)), [])
    own = next((text for text in around if not text.startswith("<model_switch>")), None)
    return Loaded(name, description, own, body.get("model"))


ADAPTER: Final = Adapter(
    format="codex",
    client="codex",
    load=load,
    model=as_written,
    batch=20,
)
