"""What the daemon sees: the folders of each owner, who is told of changes there and who has to look, and files that are in doubt."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from agentsync.watch import places, state
from agentsync.watch.events import Event
from agentsync.watch.hints import Hints
from agentsync.watch.places import Listing, Names, Spots
from agentsync.workspace import Workspace, enabled, project_root

HUB: Final = ":hub"
SETTINGS: Final = ":settings"
COOKIES: Final = ":cookies"
_ROUNDS: Final = 5
"""How often folders that appear while they are being watched are looked for again."""
_GIT_SECONDS: Final = 60.0
"""A lock of git's index that is older than this was left behind."""


class Eyes:
    """What is watched for one hub. Owners are projects' names and the three words above; `say` is told who has to be scanned, and why."""

    def __init__(self, space: Workspace, say: Callable[[Event], None], poll: float) -> None:
        self._say, self._poll_seconds = say, poll
        self.hints = Hints()
        self.open(space)
        self.owners: dict[str, list[tuple[str, Names]]] = {}
        """By folder: whose it is, and what matters in it."""
        self.scanned: dict[str, str] = {}
        """Owners that nobody tells of changes, with the reason."""
        self._spots: dict[str, Spots] = {}
        self._own: dict[str, str | None] = {}
        self._listed: dict[str, Listing] = {}
        self._seen: dict[str, Listing] = {}
        self._doubts: dict[str, float] = {}

    def open(self, space: Workspace) -> None:
        """See with these settings from now on."""
        self._space, self.roots = space, _roots(space)

    def polled(self) -> list[str]:
        """Of those that nobody tells of changes, the ones where something changed since the last look; cookies wherever they are."""
        found = []
        for owner in self.scanned:
            fresh = places.listing(self._spots_of(owner))
            if self._listed.get(owner) != fresh or (owner == COOKIES and fresh):
                self._listed[owner] = fresh
                found.append(owner)
        return found

    def _spots_of(self, owner: str) -> Spots:
        if owner == HUB:
            return places.hub_spots(self._space)
        if owner == SETTINGS:
            return places.settings_spots(self._space)
        if owner == COOKIES:
            return {os.path.realpath(Path(self._space.state, state.COOKIES)): None}
        return places.project_spots(self._space, owner)

    def place(self, owners: Iterable[str] | None = None) -> None:
        """Watch what is to be watched for these owners, for all where none are named; again, where folders appear meanwhile."""
        everybody = (HUB, SETTINGS, COOKIES, *self.roots)
        for _ in range(_ROUNDS):
            fresh = {owner: self._spots_of(owner) for owner in everybody if owners is None or owner in owners}
            whole = {owner: fresh.get(owner, self._spots.get(owner, {})) for owner in everybody}
            folders = {folder for spots in fresh.values() for folder in spots}
            if whole == self._spots and (owners is not None or self.owners) and not self.hints.missing(folders, self._refused()):
                return
            self._spots = whole
            self._watch()

    def _refused(self) -> set[str]:
        return {folder for owner in self.scanned for folder in self._spots.get(owner, ())}

    def _watch(self) -> None:
        table = places.mounts()
        scanned: dict[str, str] = {}
        for owner, spots in self._spots.items():
            self._own[owner] = None if owner.startswith(":") and owner != HUB else places.own_folder(self._root(owner))
            kind = next((kind for folder in spots if (kind := places.silent(folder, table))), None)
            if kind is not None:
                scanned[owner] = f"changes on a file system of the kind {kind} are told to nobody"
            elif places.too_many(spots):
                scanned[owner] = f"{len(spots)} folders are too many to watch"
        self.owners = {}
        for owner, spots in self._spots.items():
            for folder, names in spots.items() if owner not in scanned else ():
                self.owners.setdefault(folder, []).append((owner, names))
        for folder, why in self.hints.watch(self.owners).items():
            scanned.update({owner: f"the system refuses to watch {folder}: {why}" for owner, _ in self.owners[folder]})
        for owner, why in scanned.items():
            if owner not in self.scanned:
                facts = {"owner": owner.lstrip(":"), "seconds": self._poll_seconds}
                self._say(Event("scan", f"{owner.lstrip(':')} is scanned every {self._poll_seconds:g} s: {why}", facts))
        self.scanned = scanned

    def _root(self, owner: str) -> str:
        return self._space.root if owner == HUB else self.roots[owner]

    def doubtful(self, owner: str, now: float, quiet: float, grace: float) -> float | None:
        """Until when an owner's files are in doubt: one is empty or gone for a moment, as when an editor saves, or git is at work."""
        own = self._own.get(owner)
        if own is not None and _younger(Path(own, "index.lock"), _GIT_SECONDS):
            return now + quiet
        fresh = places.listing({folder: names for folder, names in self._spots.get(owner, {}).items() if folder != own})
        gone = [path for path, (_, size, _) in self._seen.get(owner, {}).items() if size and path not in fresh and not path.startswith(f"{own}/")]
        soon = time.time_ns() - int(grace * 1e9)
        odd = dict.fromkeys((*gone, *(path for path, (_, size, changed) in fresh.items() if not size and changed > soon)))
        self._doubts = {path: when for path, when in self._doubts.items() if path in odd or not _inside(path, self._spots.get(owner, {}))}
        until = max((self._doubts.setdefault(path, now) + grace for path in odd), default=now)
        if until > now:
            return until
        self._seen[owner] = fresh
        return None

    def written(self, owners: Iterable[str]) -> None:
        """These were run: what lies there now is what is to be expected."""
        for owner in owners:
            self._seen[owner] = places.listing(self._spots.get(owner, {}))


def _roots(space: Workspace) -> dict[str, str]:
    """The enabled projects with the folders they lie in."""
    return {name: root for name in space.config.projects if enabled(space, name) and (root := project_root(space, name)) is not None}


def _younger(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime < seconds
    except OSError:
        return False


def _inside(path: str, spots: Spots) -> bool:
    return str(Path(path).parent) in spots
