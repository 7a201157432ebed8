"""What agentsync does in random rounds: any command, of some project or agent, as somebody may give it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any

from agentsync.adopt import Visit, carry_out, find
from agentsync.config import Project
from agentsync.copies import Copy
from agentsync.ledger import Ledger
from agentsync.model import AgentsyncError
from agentsync.settle import approve, reject, resolve, what_is_open
from agentsync.snapshot import Wishes
from agentsync.survey import parked, read_agents
from agentsync.sync import PULL, PUSH, SYNC, Direction, Result, at_work, run
from agentsync.tend import exclude, fork, remove, rename, restore
from agentsync.undo import run_to_undo, undo
from agentsync.workspace import Workspace
from tests.rounds_people import People
from tests.rounds_world import MOST, Lost, World

Act = Callable[[Workspace, Ledger], Any]


class Commands(People):
    """Whoever also runs agentsync. Each command is drawn first, and done when what it gives back is called."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._racing = False    # whether somebody else writes at the same time

    def run(self, act: Act, space: Workspace | None = None, wrap: Callable[[Ledger], Any] = lambda ledger: ledger) -> Any:
        """One command, under the hub's lock. What it refuses to do is no matter here."""
        space = space or self.world.space()
        if parked(space) is not None:
            return None
        with contextlib.suppress(AgentsyncError), at_work(space, "round") as (ledger, _):
            return act(space, wrap(ledger))

    def _names(self, space: Workspace) -> tuple[str, ...]:
        names = tuple(space.config.projects)
        return names if self.random.random() < 0.8 else (self.random.choice(names),)

    def _sync(self, way: Direction = SYNC, wishes: Wishes | None = None) -> Act:
        return lambda space, ledger: run(space, ledger, tuple(space.config.projects), wishes or Wishes(), way, "sync")

    def sync(self) -> Act:
        return lambda space, ledger: run(space, ledger, self._names(space), Wishes(), SYNC, "sync")

    def pull(self) -> Act:
        return self._sync(PULL)

    def push(self) -> Act:
        overwrite = self.random.sample(["edited", "foreign"], self.random.randint(0, 2))
        return self._sync(PUSH, Wishes(allow_deletes=self.random.random() < 0.5, overwrite=frozenset(overwrite)))

    def take_back(self) -> Act:
        def act(space: Workspace, ledger: Ledger) -> Result:
            numbers = [one.id for one in ledger.runs()[:4]]
            return undo(space, ledger, run_to_undo(ledger, self.random.choice([None, None, *numbers])))

        return act

    def decide(self) -> Act:
        let_in = self.random.random() < 0.7

        def act(space: Workspace, ledger: Ledger) -> Result:
            names = tuple(space.config.projects)
            found = what_is_open(space, ledger, names)
            held = found.held if self.random.random() < 0.5 else found.held[:1]
            return (approve if let_in else reject)(space, ledger, names, found, held)

        return act

    def resolve(self) -> Act:
        def act(space: Workspace, ledger: Ledger) -> Result | None:
            names = tuple(space.config.projects)
            torn = {copy.agent: copy for copy in what_is_open(space, ledger, names).torn}
            if not torn:
                return None
            take = {agent: self._side(copy) for agent, copy in torn.items()}
            written = {}
            if self.random.random() < 0.3:
                agent = next(iter(torn))
                path = self.world.hub / f"agents/{agent}.md"
                if path.exists():
                    written, take[agent] = {agent: self._line(path.read_bytes()).decode()}, "hub"
            return resolve(space, ledger, names, take, written)

        return act

    def _side(self, copy: Copy) -> str:
        return self.random.choice(["hub", copy.project, f"{copy.project}:{copy.target}"])

    def _tend(self, act: Callable[[Workspace, Ledger, Any, str], Any]) -> Act:
        def found(space: Workspace, ledger: Ledger) -> Any:
            agents = read_agents(space)
            if agents:
                return act(space, ledger, self.random.choice(agents), self.random.choice(tuple(space.config.projects)))
            return None

        return found

    def exclude(self) -> Act:
        return self._tend(lambda space, ledger, agent, project: exclude(space, ledger, agent, project))

    def restore(self) -> Act:
        return self._tend(lambda space, ledger, agent, project: restore(space, ledger, agent, project))

    def remove(self) -> Act:
        return self._tend(lambda space, ledger, agent, _: remove(space, ledger, agent))

    def rename(self) -> Act:
        new = f"team/called-{next(self._numbers)}"
        return self._tend(lambda space, ledger, agent, _: rename(space, ledger, agent, new))

    def fork(self) -> Act:
        return self._tend(lambda space, ledger, agent, project: fork(space, ledger, agent, project) if len(self._agents()) < MOST else None)

    def adopt(self) -> Act:
        """Of a project the hub knows, or of one it does not: nothing in the project changes."""
        name = self.random.choice(["shop", "app", "lib"])

        def act(space: Workspace, ledger: Ledger) -> Any:
            before = {path: data for path, data in self.world.tree().items() if not path.startswith(str(self.world.hub))}
            entry = None if name in space.config.projects else Project(path=f"../{name}")
            found = find(space, ledger, [Visit(name, os.path.realpath(self.world.base / name), "project", entry)])
            if found.needed and len(found.adoption.new) + len(self._agents()) <= MOST:
                carry_out(space, ledger, found)
            after = {path: data for path, data in self.world.tree().items() if not path.startswith(str(self.world.hub))}
            if before != after and not self._racing:
                raise Lost(f"adopt changed {[path for path in before | after if before.get(path) != after.get(path)]}")

        return act
