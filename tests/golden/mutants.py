"""Format data with one fact changed, and the checks that must then fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import msgspec

from agentsync.formats.rules import Format
from tests.golden.goldens import check_rendering, check_sample, samples
from tests.golden.test_goldens import AGENTS
from tests.traps import TRAPS
from tests.traps.cases import check

GONE: Final = object()
"""As a value: the key, or the item, is taken out."""

Path = tuple[str | int, ...]


def mutated(fmt: Format, path: Path, value: Any) -> Format:
    """The format with another value at a path of keys. The result need not pass the loader's checks."""
    data = msgspec.json.decode(msgspec.json.encode(fmt))
    here: Any = data
    for part in path[:-1]:
        here = here.setdefault(part, {}) if isinstance(here, dict) else here[part]
    if value is GONE:
        del here[path[-1]]
    else:
        here[path[-1]] = value
    changed = msgspec.convert(data, Format)
    assert changed != fmt, f"{path} says {value!r} already"
    return changed


def checks(fmt: Format) -> Iterator[tuple[str, Callable[[], None]]]:
    """Every trap and every golden of a format, by name."""
    for trap in TRAPS[fmt.id]:
        yield f"trap: {trap.trap}", partial(check, trap, fmt)
    for sample in samples():
        if sample.format == fmt.id:
            yield f"sample: {sample.path}", partial(check_sample, sample, fmt)
    for name in AGENTS:
        yield f"matrix: {name}", partial(check_rendering, name, fmt)


def noticed(fmt: Format) -> str | None:
    """The first check that fails for this format, or None: it would pass unnoticed."""
    for name, one in checks(fmt):
        try:
            one()
        except AssertionError:
            return name
    return None
