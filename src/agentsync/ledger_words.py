"""How the ledger spells what it keeps: keys and rows, as columns and as text, and back.

Side module, part of the ledger. Paths and names may hold lone surrogates (file names that are no UTF-8), which SQLite's text cannot:
they are kept as bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Final

from agentsync.copies import Key, Written

_KEY: Final = tuple(one.name for one in fields(Key))
_ROW: Final = tuple(one.name for one in fields(Written) if one.name != "key")


def stored(text: str) -> bytes:
    """A path or name as a column holds it."""
    return text.encode("utf-8", "surrogatepass")


def text_of(data: bytes) -> str:
    """The same back."""
    return data.decode("utf-8", "surrogatepass")


def key_word(key: Key) -> bytes:
    """A copy's key in one column."""
    return json.dumps([key.root, key.format, key.scope, key.path, key.entry]).encode()


def key_of(word: bytes) -> Key:
    """The same back."""
    return Key(*json.loads(word))


def rows_word(rows: Iterable[Written]) -> str:
    """Rows as a record keeps them; lone surrogates of odd file names are escaped."""
    if not rows:
        return ""
    # Twice as fast as `dataclasses.asdict`, and a run that writes much does little else with a row.
    return json.dumps([
        {"key": {name: getattr(row.key, name) for name in _KEY}, **{name: getattr(row, name) for name in _ROW}} for row in rows
    ])


def rows_of(word: str) -> tuple[Written, ...]:
    """The same back."""
    return tuple(Written(Key(**row.pop("key")), **row) for row in json.loads(word)) if word else ()


def row_values(row: Written) -> tuple[Any, ...]:
    """A row as the columns of the table of copies hold it."""
    key = row.key
    return (
        stored(key.root), key.format, key.scope, stored(key.path), stored(key.entry), stored(row.agent), stored(row.name),
        row.written, row.base, row.hub, row.hub_commit, row.recipe, row.stamp, row.losses, row.says,
    )


def row_of(found: tuple[Any, ...]) -> Written:
    """The same back."""
    root, format_id, scope, path, entry, agent, name, *rest = found
    return Written(Key(text_of(root), format_id, scope, text_of(path), text_of(entry)), text_of(agent), text_of(name), *rest)
