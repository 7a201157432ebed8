"""Traps: what the assistants do that nobody expects, one test case each. Every module named after a format holds its traps."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tests.traps.cases import Trap

_HELPERS: Final = ("__init__", "cases", "conftest")
_MODULES: Final = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in _HELPERS and not path.stem.startswith("test_"))

TRAPS: Final[Mapping[str, tuple[Trap, ...]]] = MappingProxyType({
    module.replace("_", "-"): import_module(f"tests.traps.{module}").TRAPS for module in _MODULES
})
"""All traps, by format id."""
