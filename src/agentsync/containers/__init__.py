"""Text to values and back, for every kind of file an assistant keeps agents in.

Floor 1, pure. `Layout` says what kind of file it is and how its client reads it; the functions here hand the work to the kind's
module, which is loaded when it is first needed. Reading never raises for bad input. Editing replaces the text of what changed and
keeps every other byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Final, Protocol, cast

from agentsync.containers.cleaned import guarded, parse_cleaned
from agentsync.containers.layout import DELETE, Change, Entry, Layout, Outcome, Parsed
from agentsync.containers.not_text import NotText
from agentsync.containers.yaml_emit import FlowMap
from agentsync.model import Value

__all__ = ["DELETE", "Change", "Entry", "FlowMap", "Layout", "NotText", "Outcome", "Parsed", "add", "create", "edit", "parse", "remove", "valid"]


class Container(Protocol):
    """What the module of a kind offers; `add` and `remove` only where a file holds many agents."""

    def parse(self, text: str, layout: Layout) -> Parsed: ...

    def create(self, layout: Layout, keys: Mapping[str, Value], body: str | None, key: str | None = None) -> str: ...

    def edit(self, parsed: Parsed, layout: Layout, entry: Entry, changes: Mapping[str, Change], body: str | None = None) -> str: ...

    def add(self, parsed: Parsed, layout: Layout, items: Sequence[tuple[str, Mapping[str, Value]]]) -> str: ...

    def remove(self, parsed: Parsed, layout: Layout, entry: Entry) -> str: ...


_MODULES: Final[Mapping[str, str]] = {
    "head+body": "head_body",
    "toml": "toml_document",
    "json": "json_document",
    "jsonc": "json_document",
    "yaml": "yaml_document",
    "text": "plain",
    "section": "section_document",
}
_LOADED: dict[str, Container] = {}


def _container(layout: Layout) -> Container:
    found = _LOADED.get(layout.kind)
    if found is None:
        if layout.kind not in _MODULES:
            raise ValueError(f"no reader for files of the kind {layout.kind}")
        found = _LOADED[layout.kind] = cast(Container, import_module(f"agentsync.containers.{_MODULES[layout.kind]}"))
    return found


def _parse(text: str, layout: Layout) -> Parsed:
    if layout.json and text.lstrip("\ufeff \t\r\n").startswith("{"):
        parsed = _LOADED.setdefault("json", cast(Container, import_module("agentsync.containers.json_document"))).parse(text, layout)
        if parsed.outcome is None:
            return parsed
    return _container(layout).parse(text, layout)


def _holder(parsed: Parsed, layout: Layout) -> Container:
    """The container that took the document apart: where a client takes JSON for YAML too, JSON stays JSON."""
    return _LOADED["json"] if layout.json and parsed.tree is None and parsed.text.strip() else _container(layout)


def valid(parsed: Parsed) -> str:
    """The text of a document that was read by its client's own repair, made valid for good; any other text as it is."""
    if not parsed.repaired or parsed.outcome not in (None, "ignored"):
        return parsed.text
    from agentsync.containers import head_body

    return head_body.valid(parsed)


def _editable(parsed: Parsed) -> None:
    if parsed.outcome is not None:
        raise ValueError("a document that did not parse cannot be edited")


def _shared(parsed: Parsed, layout: Layout) -> Container:
    container = _holder(parsed, layout)
    if not hasattr(container, "add"):
        raise ValueError(f"a file of the kind {layout.kind} holds one agent")
    return container


def parse(text: str, layout: Layout) -> Parsed:
    """Takes a document apart. Never raises for bad input: then `outcome` says what the client does, and `problems[0]` why."""
    return _shared_once(text, layout) if layout.unit == "entry" else _parse_any(text, layout)


def _parse_any(text: str, layout: Layout) -> Parsed:
    return parse_cleaned(text, layout, _parse) if layout.cleaned else _parse(text, layout)


# A shared file is taken apart to put an agent in, then to check the result, then for the next agent: two of three times it is the same text.
_shared_once: Final = lru_cache(maxsize=2)(_parse_any)


def create(layout: Layout, keys: Mapping[str, Value], body: str | None, key: str | None = None) -> str:
    """A new document with one entry; `key` is its id in a shared file."""
    return _container(layout).create(layout, guarded(keys, layout), body, key)


def edit(parsed: Parsed, layout: Layout, entry: Entry, changes: Mapping[str, Change], body: str | None = None) -> str:
    """The text with changed keys of one entry and, unless None, another body. Without a change it is the same text.

    A map among the changes is the whole new value; where the old one has its common keys in the same order it is edited inside.
    A new key goes behind the key before it in `changes`, else to the end. Raises ValueError for a document that did not parse.
    """
    _editable(parsed)
    return _holder(parsed, layout).edit(parsed, layout, entry, guarded(changes, layout), body)


def add(parsed: Parsed, layout: Layout, items: Sequence[tuple[str, Mapping[str, Value]]]) -> str:
    """The text of a shared file with new entries: (id, keys). Raises ValueError as `edit` does."""
    _editable(parsed)
    return _shared(parsed, layout).add(parsed, layout, [(key, guarded(keys, layout)) for key, keys in items])


def remove(parsed: Parsed, layout: Layout, entry: Entry) -> str:
    """The text of a shared file without an entry. Raises ValueError as `edit` does."""
    _editable(parsed)
    return _shared(parsed, layout).remove(parsed, layout, entry)
