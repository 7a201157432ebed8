"""Where agentsync's own data lies: in the wheel as the package data `agentsync/shipped`, in a checkout as top-level `formats/`.

Side. The one module that finds and reads the shipped format files; everything else asks by name.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_SUFFIX: Final = ".yaml"


@lru_cache(maxsize=1)
def _root() -> Traversable | Path:
    """The folder of the format files; an editable install has no `shipped` and reads the checkout it points to."""
    here = Path(__file__).resolve()
    for folder in (here.with_name("shipped"), here.parents[2] / "formats"):
        if folder.is_dir():
            return folder
    # In a zip there are no folders on disk. Imported here because it takes longer to import than all formats to load.
    from importlib.resources import files

    return files("agentsync").joinpath("shipped")


@lru_cache(maxsize=1)
def shipped_names() -> tuple[str, ...]:
    """The ids of the formats that come with agentsync, sorted."""
    root = _root()
    if not root.is_dir():
        return ()
    return tuple(sorted(entry.name.removesuffix(_SUFFIX) for entry in root.iterdir() if entry.name.endswith(_SUFFIX)))


def read_shipped(name: str) -> str:
    """The text of one shipped file, by its name without ending: a format (`codex`) or a table (`tables/claude`).

    Raises `KeyError` where there is none.
    """
    place = _root()
    for part in f"{name}{_SUFFIX}".split("/"):
        if part in {"", ".", ".."} or "\\" in part:
            raise KeyError(name)
        place = place.joinpath(part)
    if not place.is_file():
        raise KeyError(name)
    return place.read_text(encoding="utf-8")
