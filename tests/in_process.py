"""The command line called inside the test's own process: as `conftest.run`, many times faster."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from agentsync.commands.app import run as main
from tests.conftest import Ran, Run


def runner(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`agentsync ARGUMENTS`, in `folder` unless `cwd` is given; nobody is asked anything."""

    def go(*arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Ran:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.chdir(cwd or folder)
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return go


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Instead of the fixture of all tests, for the folders whose `conftest.py` imports it: `agentsync ARGUMENTS`, in this process."""
    return runner(tmp_path, monkeypatch, capsys)
