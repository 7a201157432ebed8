"""What every test gets: a home of its own, a git identity that is nobody's, and no setting of whoever runs the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

# Where these modules assert, pytest tells the values, as it does for tests.
pytest.register_assert_rewrite("tests.worlds", "tests.daemon_worlds", "tests.hook_worlds", "tests.documents")

# The same examples on every run; AGENTSYNC_HYPOTHESIS=deep looks at many more, and at others each time.
settings.register_profile("ci", derandomize=True, deadline=None, database=None)
settings.register_profile("deep", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("AGENTSYNC_HYPOTHESIS", "ci"))

_FORGOTTEN = ("AGENTSYNC_HUB", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "COLUMNS", "LINES", "PAGER", "EDITOR", "VISUAL")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="write what was read, written and printed into tests/golden and tests/screens, for review")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, with every variable that leads to one pointing into it. Safe under xdist: one a test."""
    folder = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_"))]:
        monkeypatch.delenv(name)
    for name in _FORGOTTEN:
        monkeypatch.delenv(name, raising=False)
    nobody = (("NAME", "A Test"), ("EMAIL", "test@example.invalid"))
    identity = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in nobody}
    places = {"HOME": folder, "USERPROFILE": folder, "APPDATA": folder / "AppData", "LOCALAPPDATA": folder / "AppData"}
    git = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
    for name, value in {**identity, **git, **places, "LC_ALL": "C.UTF-8", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, str(value))
    return folder


@dataclass(frozen=True)
class Ran:
    """What a run of the command line gave."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    """Run `agentsync ARGUMENTS` as a process of its own, in `tmp_path` unless `cwd` is given."""

    def go(*arguments: str | Path, cwd: Path | None = None, stdin: str | bytes = b"", env: Mapping[str, str] | None = None) -> Ran:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [sys.executable, "-m", "agentsync", *map(str, arguments)],
            input=data, capture_output=True, cwd=cwd or tmp_path, env={**os.environ, **(env or {})}, timeout=120, check=False,
        )
        return Ran(done.returncode, done.stdout.decode("utf-8", "surrogateescape"), done.stderr.decode("utf-8", "replace"))

    return go
