"""A format file with something changed on purpose, to see that the suite finds it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from agentsync.formats import load_text
from agentsync.formats.rules import Format
from agentsync.formats.source import read_source
from agentsync.shipped import read_shipped


def changed(fmt: Format, settings: Sequence[str]) -> Format:
    """The format with these `KEY=VALUE` in its file, the key with dots; the value is JSON, or a word.

    Raises ValueError where a setting is none, FormatError where the format would be none.
    """
    if not settings:
        return fmt
    data: dict[str, Any] = read_source(read_shipped(fmt.id)).data
    for setting in settings:
        key, equals, value = setting.partition("=")
        *above, last = key.split(".")
        inner: Any = data
        for name in above:
            inner = inner.get(name) if isinstance(inner, dict) else None
        if not equals or not isinstance(inner, dict):
            raise ValueError(f"{setting}: not KEY=VALUE for a key of the format, as in rights.unlisted=denied")
        inner[last] = _value(value)
    return load_text(json.dumps(data), f"{fmt.id}.yaml", shipped=True)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
