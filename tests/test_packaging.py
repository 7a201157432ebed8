"""What people install: the wheel holds everything it needs, and runs where nothing of this checkout is; an editable install runs too."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Final

import pytest

import agentsync
from agentsync.formats import known_ids

ROOT: Final = Path(__file__).resolve().parents[1]


def built(folder: Path) -> Path:
    """The wheel that people would build of this checkout. Building writes into `folder` alone."""
    return _made(folder, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder))


def built_editable(folder: Path) -> Path:
    """The wheel that an editable install installs."""
    folder.mkdir()
    return _made(folder, "-c", f"from hatchling.build import build_editable; build_editable({str(folder)!r})")


def _made(folder: Path, *arguments: str) -> Path:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = folder.glob("*.whl")
    return wheel


def installed(wheel: Path, folder: Path) -> Path:
    """The folder of programs of a new environment that holds the wheel alone, and sees the packages it depends on."""
    venv.EnvBuilder(symlinks=os.name != "nt").create(folder)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    command = [*installer(programs / "python"), "--no-deps", "--no-index", str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    # The folder of a path file is searched for packages; its own path files (an editable agentsync, say) are not read.
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    Path(paths["purelib"], "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    return programs


def installer(python: Path) -> list[str]:
    """What installs into another environment: uv where it is, else the pip of the tests' own environment."""
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", str(python)]
    assert importlib.util.find_spec("pip") is not None, "neither uv nor pip is there"
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python), "install"]


def run(*command: str | Path, cwd: Path) -> str:
    """What a program prints, run where nothing leads to this checkout."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run([str(word) for word in command], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def where(programs: Path, cwd: Path) -> Path:
    """The folder that the installed agentsync is imported from."""
    return Path(run(programs / "python", "-c", "import agentsync; print(agentsync.__file__)", cwd=cwd).strip()).resolve().parent


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def test_the_wheel_runs_where_nothing_else_is(tmp_path: Path, elsewhere: Path) -> None:
    wheel = built(tmp_path / "dist")
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {f"agentsync/shipped/{path.relative_to(ROOT / 'formats').as_posix()}" for path in (ROOT / "formats").rglob("*.yaml")}
    assert {name for name in names if name.startswith("agentsync/shipped/")} == shipped
    assert {"agentsync/py.typed", "agentsync/agentsync.schema.json", "agentsync/formats/format.schema.json"} <= names
    assert not [name for name in names if not name.startswith(("agentsync/", f"agentsync-{agentsync.__version__}.dist-info/"))]

    programs = installed(wheel, tmp_path / "environment")
    assert where(programs, elsewhere).is_relative_to((tmp_path / "environment").resolve())
    assert run(programs / "python", "-m", "agentsync", "--version", cwd=elsewhere) == f"agentsync {agentsync.__version__}\n"
    listed = json.loads(run(programs / "agentsync", "formats", "--json", cwd=elsewhere))["formats"]
    assert [item["id"] for item in listed] == list(known_ids())
    agent = elsewhere / "reviewer.md"
    agent.write_text("---\nname: reviewer\ndescription: Reviews\ntools: Read\n---\n\nRead the diff.\n", encoding="utf-8")
    assert "read: allow" in run(programs / "agentsync", "convert", agent, "--from", "claude-code", "--to", "opencode", cwd=elsewhere)


def test_an_editable_install_reads_the_checkout(tmp_path: Path, elsewhere: Path) -> None:
    programs = installed(built_editable(tmp_path / "dist"), tmp_path / "environment")
    assert where(programs, elsewhere) == ROOT / "src" / "agentsync"
    listed = run(programs / "agentsync", "formats", cwd=elsewhere).splitlines()
    assert [line.split()[0] for line in listed[1:]] == list(known_ids())
    assert run(programs / "python", "-m", "agentsync", "--version", cwd=elsewhere) == f"agentsync {agentsync.__version__}\n"
