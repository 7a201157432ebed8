"""The files by which a system keeps the daemon running, as texts; and the command that shows, installs and removes them."""

from __future__ import annotations

import json
import os
import plistlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from agentsync.commands.watch import notice_command
from agentsync.service import Job, job_for, launchd_agent, systemd_unit, windows_task
from agentsync.watch.events import Event
from agentsync.workspace import open_workspace
from tests.conftest import Ran, Run
from tests.in_process import runner
from tests.worlds import World

HUB = "/home/a b/50% \"off\"/$HOME"
JOB = Job("0123abcd", HUB, ("/usr/bin/python3", "-m", "agentsync", "-C", HUB, "watch"), {"PATH": "/usr/bin:/a b", "HOME": "/home/$a"})


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`agentsync ARGUMENTS`, in this process."""
    return runner(tmp_path, monkeypatch, capsys)


def test_the_unit_of_systemd() -> None:
    unit = systemd_unit(JOB, "/home/me/.config/systemd/user")
    assert unit.path == "/home/me/.config/systemd/user/agentsync-0123abcd.service"
    assert unit.text == r'''[Unit]
Description=agentsync: keeps /home/a b/50%% "off"/$HOME in sync

[Service]
ExecStart=/usr/bin/python3 -m agentsync -C "/home/a b/50%% \"off\"/$$HOME" watch
Environment="PATH=/usr/bin:/a b"
Environment=HOME=/home/$a
Restart=on-failure
RestartSec=5
Nice=5

[Install]
WantedBy=default.target
'''
    assert unit.data.decode() == unit.text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="NOT RUN: there is no systemd-analyze")
@pytest.mark.parametrize("hub", ["/home/me/agents", HUB, "/\\x ; é/it's"])
def test_systemd_itself_has_nothing_to_say_against_the_unit(tmp_path: Path, hub: str) -> None:
    job = job_for(hub, "0123abcd", (sys.executable, "-m", "agentsync"), "/tmp/a log", {"PATH": "/usr/bin:/a b$x", "HOME": '/home/50% "me"'})
    unit = systemd_unit(job, str(tmp_path))
    Path(unit.path).write_bytes(unit.data)
    assert systemd_says(Path(unit.path)) == ""
    Path(unit.path).write_text(unit.text.replace("Nice=", "Nise="))
    assert "Unknown key" in systemd_says(Path(unit.path))


def systemd_says(path: Path) -> str:
    words, env = ["systemd-analyze", "verify", "--user", str(path)], {**os.environ, "XDG_RUNTIME_DIR": str(path.parent)}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + "".join(line for line in done.stderr.splitlines(keepends=True) if path.name in line or done.returncode)


def test_a_name_cannot_add_a_line_to_a_unit() -> None:
    hub = "/hub\nExecStart=/bin/evil"
    text = systemd_unit(Job("x", hub, ("agentsync", "-C", hub), {"PATH": "/a\nUser=root"}), "/u").text
    assert [line.partition("=")[0] for line in text.splitlines() if "evil" in line or "root" in line] == ["Description", "ExecStart", "Environment"]


def test_the_agent_of_launchd() -> None:
    unit = launchd_agent(JOB, "/Users/me", 501)
    assert unit.path == "/Users/me/Library/LaunchAgents/dev.agentsync.0123abcd.plist"
    assert plistlib.loads(unit.data) == {
        "Label": "dev.agentsync.0123abcd", "ProgramArguments": list(JOB.words), "EnvironmentVariables": dict(JOB.environment),
        "RunAtLoad": True, "KeepAlive": {"SuccessfulExit": False}, "ThrottleInterval": 5, "ProcessType": "Background",
    }
    assert unit.begin == (("launchctl", "bootstrap", "gui/501", unit.path),)
    assert unit.end == (("launchctl", "bootout", "gui/501/dev.agentsync.0123abcd"),)


# Microsoft's [MS-TSCH] 2.5, "XML Task Definition Format": what may stand in which element. A tuple has an order, a set has none.
SCHEMA: dict[str, tuple[str, ...] | frozenset[str]] = {
    "Task": frozenset({"RegistrationInfo", "Triggers", "Settings", "Data", "Principals", "Actions"}),
    "RegistrationInfo": frozenset({"URI", "SecurityDescriptor", "Source", "Date", "Author", "Version", "Description", "Documentation"}),
    "Triggers": frozenset({"BootTrigger", "LogonTrigger", "TimeTrigger", "CalendarTrigger"}),
    "LogonTrigger": ("Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit", "UserId", "Delay"),
    "Principals": ("Principal",),
    "Principal": frozenset({"UserId", "LogonType", "GroupId", "RunLevel"}),
    "Settings": frozenset({"MultipleInstancesPolicy", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries", "RestartOnFailure",
                           "ExecutionTimeLimit", "Enabled", "Hidden", "Priority"}),
    "RestartOnFailure": frozenset({"Interval", "Count"}),
    "Actions": ("Exec",),
    "Exec": frozenset({"Command", "Arguments", "WorkingDirectory"}),
}
INSIDE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def fits_the_schema(element: ElementTree.Element) -> None:
    name = element.tag.removeprefix(INSIDE)
    children = [child.tag.removeprefix(INSIDE) for child in element]
    allowed = SCHEMA.get(name, ())
    assert set(children) <= set(allowed), (name, children)
    assert len(set(children)) == len(children), name
    if isinstance(allowed, tuple):
        assert children == sorted(children, key=allowed.index), name
    assert bool(children) or (element.text or "").strip(), f"{name} is empty"
    for child in element:
        fits_the_schema(child)


def test_the_task_of_windows() -> None:
    job = Job("0123abcd", "C:\\a & b", ("C:\\Py\\python.exe", "-C", "C:\\a & b\\", "watch"), {})
    unit = windows_task(job, "C:\\Users\\me", "HOME & CO\\me")
    text = unit.data.decode("utf-16")
    found = ElementTree.fromstring(text.partition("?>")[2])  # noqa: S314 - our own text
    fits_the_schema(found)
    assert found.findtext(f".//{INSIDE}Command") == "C:\\Py\\python.exe"
    assert found.findtext(f".//{INSIDE}Arguments") == '-C "C:\\a & b\\\\" watch'
    assert [one.text for one in found.iter(f"{INSIDE}UserId")] == ["HOME & CO\\me"] * 2, "of this user alone"
    principal, actions = found.find(f".//{INSIDE}Principal"), found.find(f"{INSIDE}Actions")
    assert principal is not None
    assert actions is not None
    assert principal.get("id") == actions.get("Context")
    assert unit.begin[0] == ("schtasks", "/Create", "/F", "/TN", "agentsync-0123abcd", "/XML", unit.path)
    assert "\r\n" in text


def test_the_job_keeps_only_what_it_needs_of_the_environment() -> None:
    job = job_for("/hub", "0123456789ab", ("py", "-m", "agentsync"), "/log", {"PATH": "/bin", "SECRET": "x", "XDG_STATE_HOME": ""})
    assert job.name == "01234567"
    assert job.environment == {"PATH": "/bin"}
    assert job.words == ("py", "-m", "agentsync", "-C", "/hub", "--no-input", "watch", "--log", "/log")


def test_a_notice_is_shown_where_the_system_has_a_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/x")
    event = Event("open", "held: x\x1b[31m")
    assert notice_command(event, lambda name: name if name == "notify-send" else None) == [
        "notify-send", "--app-name=agentsync", "--", "agentsync", "held: x\\x1b[31m",
    ]
    assert (notice_command(event, lambda name: name if name == "osascript" else None) or [])[-1] == "held: x\\x1b[31m"
    assert notice_command(event, lambda _: None) is None
    assert notice_command(Event("run", "x"), lambda name: name) is None


# ---- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def hub(tmp_path: Path, home: Path) -> Path:
    world = World(tmp_path / "world", home).build()
    world.space()
    return world.hub


def pretend(folder: Path, monkeypatch: pytest.MonkeyPatch, *, works: bool = True) -> Path:
    """A systemctl that writes down what it is asked."""
    folder.mkdir()
    calls = folder / "calls"
    program = folder / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >>{calls}\nexit {0 if works else 1}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return calls


def files(home: Path) -> list[str]:
    return sorted(path.name for path in (home / ".config/systemd").rglob("*.service")) if (home / ".config/systemd").exists() else []


@pytest.mark.skipif(sys.platform != "linux", reason="systemd")
def test_install_shows_asks_installs_and_remove_leaves_no_trace(
    hub: Path, home: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = pretend(tmp_path / "bin", monkeypatch)
    good = (hub / "agentsync.yaml").read_bytes()
    shown: Ran = run("service", "install", "-n", cwd=hub)
    assert (shown.code, files(home), calls.exists()) == (0, [], False)
    assert "ExecStart=" in shown.out
    assert run("service", "install", cwd=hub).code == 1
    assert files(home) == []
    assert run("service", "install", "-y", cwd=hub).code == 0
    assert len(files(home)) == 1
    assert [line.split()[1] for line in calls.read_text().splitlines()] == ["show-environment", "daemon-reload", "enable", "restart"]
    assert json.loads(run("service", "status", "--json", cwd=hub).out) == {"version": 1, "running": False, "installed": True}
    (hub / "agentsync.yaml").write_text("version: 1\nprojects: [what\n")      # what cannot be read must not keep it from being removed
    assert run("service", "remove", cwd=hub).code == 0
    (hub / "agentsync.yaml").write_bytes(good)
    assert files(home) == []
    assert [line.split()[1] for line in calls.read_text().splitlines()][-2:] == ["disable", "daemon-reload"]
    again = run("service", "remove", cwd=hub)
    assert (again.code, again.err) == (0, "there is no service for this hub\n")


@pytest.mark.skipif(sys.platform != "linux", reason="systemd")
def test_nothing_is_installed_where_the_system_has_no_services(
    hub: Path, home: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(tmp_path / "bin", monkeypatch, works=False)
    done = run("service", "install", "-y", cwd=hub)
    assert (done.code, done.err) == (2, "systemctl offers no services to you here\nhint: agentsync watch\n")
    assert files(home) == []


def test_logs_are_the_last_lines_of_the_log(hub: Path, home: Path, run: Run) -> None:
    none = run("service", "logs", cwd=hub)
    assert (none.code, none.out, none.err.split("\n")[0]) == (0, "", "the service of this hub wrote nothing down yet")
    log = Path(open_workspace(str(hub)).state)
    log.mkdir(parents=True)
    (log / "watch.log").write_text("".join(f"{number}\n" for number in range(50)))
    assert run("service", "logs", "-n", "2", cwd=hub).out == "48\n49\n"
    assert run("service", "logs", "-n", "0", cwd=hub).out == ""
