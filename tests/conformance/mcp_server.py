"""A tiny MCP server over standard input and output, with two tools that do nothing: `python mcp_server.py`.

It is run by the clients, so it needs no package and imports nothing of this project.
"""

from __future__ import annotations

import json
import sys
from typing import Any

TOOLS = ("one", "two_x")


def answer(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    """The result of a request, or None for a method that is not known."""
    if method == "initialize":
        version = params.get("protocolVersion", "2025-03-26")
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": {"name": "tiny", "version": "1"}}
    if method == "tools/list":
        return {"tools": [{"name": name, "description": name, "inputSchema": {"type": "object", "properties": {}}} for name in TOOLS]}
    if method == "tools/call":
        return {"content": [{"type": "text", "text": "ok"}]}
    return {} if method == "ping" else None


def main() -> None:
    """Answer one line after another until the input ends."""
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("id") is None:
            continue
        result = answer(message.get("method", ""), message.get("params") or {})
        outcome = {"result": result} if result is not None else {"error": {"code": -32601, "message": "no such method"}}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **outcome}), flush=True)


if __name__ == "__main__":
    main()
