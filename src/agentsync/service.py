"""The files by which a system keeps a daemon running for its user: a systemd unit, a launchd agent, a task of Windows. Pure.

Floor 6. Sources: systemd.service(5), systemd.syntax(7) on quoting; launchd.plist(5); "Task Scheduler Schema" and `schtasks` in
Microsoft's documentation. The launchd and Windows files were not tried on those systems.
"""

from __future__ import annotations

import plistlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from xml.sax.saxutils import escape

System: TypeAlias = Literal["systemd", "launchd", "windows"]

KEPT: Final = ("PATH", "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")
"""What of the environment decides where agentsync finds git and its own folders."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to run. words: the command line. name: the hub's own word, so that each hub has its service."""

    name: str
    hub: str
    words: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unit:
    """The file, and the commands that make the system take it up and let it go. begin is run after the file was written; end before it
    is removed, and after afterwards. asks: a command that fails where the system offers no such service."""

    system: System
    path: str
    data: bytes
    text: str
    asks: tuple[str, ...]
    begin: tuple[tuple[str, ...], ...]
    end: tuple[tuple[str, ...], ...]
    after: tuple[tuple[str, ...], ...] = ()


def systemd_unit(job: Job, folder: str) -> Unit:
    """A user's unit. folder: where their units lie."""
    name = f"agentsync-{job.name}.service"
    text = "\n".join([
        "[Unit]",
        f"Description=agentsync: keeps {_percent(_line(job.hub))} in sync",
        "",
        "[Service]",
        f"ExecStart={' '.join(_word(word) for word in job.words)}",
        *(f"Environment={_word(f'{key}={value}', dollars=False)}" for key, value in job.environment.items()),
        "Restart=on-failure",
        "RestartSec=5",
        "Nice=5",
        "",
        "[Install]",
        "WantedBy=default.target",
        "",
    ])
    call = ("systemctl", "--user")
    return Unit(
        "systemd", f"{folder}/{name}", text.encode(), text, (*call, "show-environment"),
        ((*call, "daemon-reload"), (*call, "enable", name), (*call, "restart", name)),
        ((*call, "disable", "--now", name),), ((*call, "daemon-reload"),),
    )


def launchd_agent(job: Job, home: str, user: int) -> Unit:
    """An agent of macOS."""
    label = f"dev.agentsync.{job.name}"
    path = f"{home}/Library/LaunchAgents/{label}.plist"
    data = plistlib.dumps({
        "Label": label,
        "ProgramArguments": list(job.words),
        "EnvironmentVariables": dict(job.environment),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 5,
        "ProcessType": "Background",
    }, sort_keys=True)
    domain = f"gui/{user}"
    return Unit(
        "launchd", path, data, data.decode(), ("launchctl", "print", domain),
        (("launchctl", "bootstrap", domain, path),), (("launchctl", "bootout", f"{domain}/{label}"),),
    )


def windows_task(job: Job, folder: str, user: str) -> Unit:
    """A task that begins when the user logs on. folder: where the description of the task is kept. user: as DOMAIN\\NAME; without it the
    task would be one for whoever logs on, which only an administrator may make.
    """
    name = f"agentsync-{job.name}"
    program, *words = job.words
    text = "\n".join([
        '<?xml version="1.0" encoding="UTF-16"?>',
        '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">',
        f"  <RegistrationInfo><Description>agentsync: keeps {escape(_line(job.hub))} in sync</Description></RegistrationInfo>",
        f"  <Triggers><LogonTrigger><Enabled>true</Enabled><UserId>{escape(user)}</UserId></LogonTrigger></Triggers>",
        '  <Principals><Principal id="user">',
        f"    <UserId>{escape(user)}</UserId><LogonType>InteractiveToken</LogonType><RunLevel>LeastPrivilege</RunLevel>",
        "  </Principal></Principals>",
        "  <Settings>",
        "    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>",
        "    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>",
        "    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>",
        "    <RestartOnFailure><Interval>PT1M</Interval><Count>10</Count></RestartOnFailure>",
        "    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>",
        "  </Settings>",
        '  <Actions Context="user">',
        f"    <Exec><Command>{escape(program)}</Command><Arguments>{escape(' '.join(_windows_word(word) for word in words))}</Arguments></Exec>",
        "  </Actions>",
        "</Task>",
        "",
    ])
    path = f"{folder}/{name}.xml"
    return Unit(
        "windows", path, b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le"), text, ("schtasks", "/Query", "/FO", "LIST"),
        (("schtasks", "/Create", "/F", "/TN", name, "/XML", path), ("schtasks", "/Run", "/TN", name)),
        (("schtasks", "/End", "/TN", name), ("schtasks", "/Delete", "/F", "/TN", name)),
    )


def _line(text: str) -> str:
    """A text that cannot end a line of a unit and begin another."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _percent(text: str) -> str:
    return text.replace("%", "%%")


def _word(text: str, *, dollars: bool = True) -> str:
    """A word of a unit's command line, or of its environment, where a dollar stands for itself.

    >>> _word("/usr/bin/python3"), _word('/a b/50%/"$HOME"')
    ('/usr/bin/python3', '"/a b/50%%/\\\\"$$HOME\\\\""')
    """
    text = _percent(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    text = text.replace("$", "$$") if dollars else text
    return text if text and not any(sign in text for sign in " \t\"'\\;") else f'"{text}"'


def _windows_word(text: str) -> str:
    """A word of a command line as Windows programs take it apart.

    >>> _windows_word("-C"), _windows_word("C:\\\\My Agents\\\\")
    ('-C', '"C:\\\\My Agents\\\\\\\\"')
    """
    if text and not any(sign in text for sign in ' \t"'):
        return text
    done, slashes = "", 0
    for sign in text:
        if sign == "\\":
            slashes += 1
            continue
        done += "\\" * (2 * slashes + 1 if sign == '"' else slashes) + sign
        slashes = 0
    return f'"{done}{chr(92) * (2 * slashes)}"'


def job_for(hub: str, identity: str, python: Sequence[str], log: str, environment: Mapping[str, str]) -> Job:
    """The daemon of one hub. python: how agentsync is called. environment: this process's, of which a few are kept."""
    words = (*python, "-C", hub, "--no-input", "watch", "--log", log)
    return Job(identity[:8], hub, words, {key: environment[key] for key in KEPT if environment.get(key)})
