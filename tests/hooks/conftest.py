"""The world of the tests of hooks, which is built once, and a machine without its hub. Commands run in the test's own process."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.hook_worlds import Hooked
from tests.in_process import run
from tests.worlds import git

__all__ = ["run"]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the processes of these tests keep what Python compiles, whatever the environment says: most of their time otherwise."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the world of these tests lies."""
    return tmp_path_factory.mktemp("places")


@pytest.fixture
def world(home: Path, compiled: Path, places: Path, monkeypatch: pytest.MonkeyPatch) -> Hooked:
    """Built once and put back for each test: the same folders, as the user's configuration names them."""
    # Hooks start agentsync as whoever installed them would: the interpreter of these tests, with this source.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2] / "src"))
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(compiled))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(places / "now/home"))
    now, built = places / "now", places / "built"
    if not built.exists():
        (now / "home").mkdir(parents=True)
        Hooked(now / "world", now / "home").build()
        shutil.copytree(now, built, symlinks=True)
    shutil.rmtree(now)
    shutil.copytree(built, now, symlinks=True)
    return Hooked(now / "world", now / "home")


@pytest.fixture
def clone(world: Hooked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of `shop` on the machine of somebody who has agentsync and not the hub."""
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(stranger))
    git(tmp_path, "clone", "-q", str(world.shop), "clone")
    return tmp_path / "clone"
