"""A stand-in for the models' servers, on loopback: it records every request, and answers one with a call for each agent.

It speaks what the clients speak: Anthropic's Messages, OpenAI's Chat Completions and Responses, Gemini's generateContent. The first
request that offers a tool to start agents is answered with one call for each agent, whose task is `PROBE NAME`; every other
one with `ok`. What an agent's own request carries is then what the client made of its file.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

PROBE: Final = "PROBE "
Body = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    path: str
    body: Body


@dataclass
class _State:
    """What the answering threads share."""

    agents: Sequence[str]
    patience: float
    requests: list[Request] = field(default_factory=list)
    spawned: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, path: str, body: Body) -> int:
        with self.lock:
            self.requests.append(Request(path, body))
            return len(self.requests)

    def first(self) -> bool:
        """Whether the agents are still to be started; true once."""
        with self.lock:
            if self.spawned or not self.agents:
                return False
            self.spawned = True
            return True


class ModelServer:
    """`with ModelServer(["a", "b"]) as server:` serves on `server.url` until the block ends; `server.requests` holds what came.

    patience: seconds that the conversation which started the agents is kept waiting for its next answer, for a client that
    ends its agents with it.
    """

    def __init__(self, agents: Sequence[str] = (), patience: float = 0) -> None:
        self._state = _State(agents, patience)
        handler = type("Handler", (_Handler,), {"state": self._state})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def requests(self) -> list[Request]:
        """The requests so far."""
        return list(self._state.requests)


class _Handler(BaseHTTPRequestHandler):
    state: _State

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        self._json({"error": {"message": "there is nothing here"}}, status=404)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            body = json.loads(raw)
        except ValueError:
            body = {}
        number = self.state.record(self.path, body)
        if "count_tokens" in self.path:
            self._json({"input_tokens": 10})
        elif "countTokens" in self.path:
            self._json({"totalTokens": 1})
        elif "generatecontent" in self.path.lower():
            self._gemini(body)
        elif "/messages" in self.path:
            self._anthropic(body, number)
        elif "/responses" in self.path:
            self._responses(body, number)
        else:
            self._completions(body, number)

    def _json(self, answer: Body, status: int = 200) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, events: Sequence[tuple[str | None, Body | str]]) -> None:
        lines = []
        for name, data in events:
            text = data if isinstance(data, str) else json.dumps(data)
            lines.append((f"event: {name}\n" if name else "") + f"data: {text}\n\n")
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write("".join(lines).encode())
        self.close_connection = True

    # --- Anthropic --------------------------------------------------------------------------------------------------

    def _anthropic(self, body: Body, number: int) -> None:
        tool = next((t["name"] for t in body.get("tools", []) if t.get("name") in ("Agent", "Task")), None)
        blocks: list[Body] = [{"type": "text", "text": "ok"}]
        stop = "end_turn"
        if tool is not None and self.state.first():
            stop = "tool_use"
            blocks = [
                {"type": "tool_use", "id": f"toolu_{index:04d}", "name": tool,
                 "input": {"description": "probe", "prompt": PROBE + agent, "subagent_type": agent, "run_in_background": False}}
                for index, agent in enumerate(self.state.agents)
            ]
        message = {
            "id": f"msg_{number}", "type": "message", "role": "assistant", "model": body.get("model", "m"), "content": [],
            "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1},
        }
        if not body.get("stream"):
            self._json({**message, "content": blocks, "stop_reason": stop})
            return
        events: list[tuple[str | None, Body | str]] = [("message_start", {"message": message})]
        for index, block in enumerate(blocks):
            is_text = block["type"] == "text"
            empty: Body = {"text": ""} if is_text else {"input": {}}
            delta = (
                {"type": "text_delta", "text": block["text"]} if is_text
                else {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            )
            events.append(("content_block_start", {"index": index, "content_block": {**block, **empty}}))
            events.append(("content_block_delta", {"index": index, "delta": delta}))
            events.append(("content_block_stop", {"index": index}))
        events.append(("message_delta", {"delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": 1}}))
        events.append(("message_stop", {}))
        self._stream([(name, {**data, "type": name}) for name, data in events if isinstance(data, dict)])

    # --- OpenAI Chat Completions --------------------------------------------------------------------------------------

    def _completions(self, body: Body, number: int) -> None:
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        base = {"id": f"c{number}", "created": 1, "model": body.get("model", "m")}
        said: Body = {"role": "assistant", "content": "ok"}
        if not body.get("stream"):
            choice = {"index": 0, "finish_reason": "stop", "message": said}
            self._json({**base, "object": "chat.completion", "choices": [choice], "usage": usage})
            return
        tools = [tool["function"] for tool in body.get("tools", []) if tool.get("function", {}).get("name") in ("task", "agent")]
        called = bool(tools) and self.state.first()
        if called:
            properties = (tools[0].get("parameters") or {}).get("properties", {})
            calls = [
                {"index": index, "id": f"call_{index}", "type": "function",
                 "function": {"name": tools[0]["name"], "arguments": json.dumps(_arguments(agent, index, properties))}}
                for index, agent in enumerate(self.state.agents)
            ]
            said = {"role": "assistant", "content": None, "tool_calls": calls}
        chunks: list[Body] = [
            {"choices": [{"index": 0, "delta": said, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls" if called else "stop"}]},
            {"choices": [], "usage": usage},
        ]
        self._stream([*((None, {**base, "object": "chat.completion.chunk", **chunk}) for chunk in chunks), (None, "[DONE]")])

    # --- OpenAI Responses ---------------------------------------------------------------------------------------------

    def _responses(self, body: Body, number: int) -> None:
        conversation = body.get("input") or []
        offered = list(body.get("tools") or [])
        for item in conversation:
            if isinstance(item, dict) and item.get("type") == "additional_tools":
                offered += item.get("tools") or []
        items: list[Body] = [{"type": "message", "role": "assistant", "id": f"m{number}", "content": [{"type": "output_text", "text": "ok"}]}]
        spawn = next(((space, tool) for space, tool in tools_of(offered) if tool.get("name") == "spawn_agent"), None)
        if spawn is not None and self.state.first():
            space, tool = spawn
            properties = (tool.get("parameters") or {}).get("properties", {})
            items = []
            for index, agent in enumerate(self.state.agents):
                wanted = {"message": PROBE + agent, "task_name": task_name(index), "fork_turns": "none", "fork_context": False}
                arguments = {"agent_type": agent, **{key: value for key, value in wanted.items() if key in properties}}
                call = {"type": "function_call", "id": f"fc{index}", "call_id": f"call_{index}", "name": "spawn_agent"}
                items.append({**call, "arguments": json.dumps(arguments), **({"namespace": space} if space else {})})
        elif self.state.spawned and "call_0" in json.dumps(conversation):
            time.sleep(self.state.patience)
        usage = {"input_tokens": 1, "input_tokens_details": None, "output_tokens": 1, "output_tokens_details": None, "total_tokens": 2}
        events: list[Body] = [{"type": "response.created", "response": {"id": f"r{number}"}}]
        events += [{"type": "response.output_item.done", "output_index": index, "item": item} for index, item in enumerate(items)]
        events.append({"type": "response.completed", "response": {"id": f"r{number}", "output": [], "usage": usage}})
        self._stream([(event["type"], event) for event in events])

    # --- Gemini -------------------------------------------------------------------------------------------------------

    def _gemini(self, body: Body) -> None:
        functions = {f["name"]: f for tool in body.get("tools", []) for f in tool.get("functionDeclarations", [])}
        parts: list[Body] = [{"text": "ok"}]
        if "complete_task" in functions:
            schema = functions["complete_task"].get("parametersJsonSchema") or functions["complete_task"].get("parameters") or {}
            parts = [{"functionCall": {"name": "complete_task", "args": dict.fromkeys(schema.get("required") or ["result"], "done")}}]
        elif "invoke_agent" in functions and self.state.first():
            parts = [
                {"functionCall": {"name": "invoke_agent", "args": {"agent_name": agent, "prompt": PROBE + agent}}} for agent in self.state.agents
            ]
        usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
        answer = {"candidates": [candidate], "usageMetadata": usage}
        if "stream" in self.path:
            self._stream([(None, answer)])
        else:
            self._json(answer)


def _arguments(agent: str, index: int, properties: Mapping[str, Any]) -> Body:
    """A call of the tool that starts an agent, by the parameters it says it has."""
    kind = "agent_type" if "agent_type" in properties else "subagent_type"
    arguments: Body = {"description": "probe", "prompt": PROBE + agent, kind: agent}
    if "mode" in properties:
        arguments["mode"] = "sync"
    if "name" in properties and kind == "agent_type":
        arguments["name"] = f"probe-{index}"
    return arguments


def task_name(index: int) -> str:
    """The name of the task that the agent of this index was started for, where the client wants one."""
    return f"probe_{index}"


def tools_of(tools: Sequence[Body], space: str | None = None) -> Iterator[tuple[str | None, Body]]:
    """The tools of a Responses request, those in name spaces with theirs."""
    for tool in tools:
        if tool.get("type") == "namespace":
            yield from tools_of(tool.get("tools") or [], tool.get("name"))
        else:
            yield space, tool


def text_of(content: object) -> str:
    """The text of a message's content, which is a text or a list of parts."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content if isinstance(part, dict)) if isinstance(content, list) else ""


def probed(messages: Sequence[Body]) -> str | None:
    """The agent whose task stands in a conversation, or None."""
    for message in messages:
        if message.get("role") != "user":
            continue
        content = message.get("content")
        texts = [content] if isinstance(content, str) else [part.get("text") or "" for part in content or [] if isinstance(part, dict)]
        for text in texts:
            if PROBE in text:
                return text.partition(PROBE)[2].split("\n", 1)[0].strip()
    return None
