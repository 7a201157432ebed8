"""What people do in random rounds: edits by field and by hand, git, lost ledgers. Nothing here runs agentsync."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.rounds_world import FOLDERS, HEAD, MOST, World, agent_text, sh, with_line


class People:
    """Whoever works on a hub and its projects. Every edit brings a word that nobody used before."""

    def __init__(self, world: World) -> None:
        self.world, self.random = world, random.Random(world.seed)  # noqa: S311 - no secret
        self._numbers = iter(range(1 << 60))
        self.backup = world.base.parent / "backup"
        self.mended: dict[Path, bytes] = {}

    def word(self) -> str:
        return f"w{next(self._numbers)}x"

    def _some(self, *, copies: bool = False) -> tuple[Path, bytes] | None:
        files = [one for one in self.world.files().items() if not copies or not one[0].startswith(f"{self.world.hub}/")]
        if not files:
            return None
        path, data = self.random.choice(files)
        return Path(path), data

    def _edited(self, change: Callable[[bytes], bytes], *, copies: bool = False) -> None:
        found = self._some(copies=copies)
        if found is not None:
            new = change(found[1])
            if new != found[1]:
                found[0].write_bytes(new)

    def _line(self, text: bytes) -> bytes:
        return with_line(text, self.random, self.word)

    def edit_line(self) -> None:
        self._edited(self._line)

    def delete_line(self) -> None:
        def shorter(text: bytes) -> bytes:
            head, _, body = text.partition(HEAD)
            lines = body.split(b"\n")
            at = self.random.randrange(2, max(3, len(lines)))
            return head + HEAD + b"\n".join([*lines[:at], *lines[at + 2 :]]) if len(lines) > 8 else text

        self._edited(shorter)

    def edit_field(self) -> None:
        self._edited(lambda text: re.sub(rb"(?m)^description: [^\r\n]*", b"description: Does " + self.word().encode(), text, count=1))

    def edit_model(self) -> None:
        model = self.random.choice([b"sonnet", b"opus", b"haiku"])
        self._edited(lambda text: re.sub(rb"(?m)^model: [^\r\n]*", b"model: " + model, text, count=1))

    def edit_rights(self) -> None:
        """Tools, in Claude's own spelling; more of them are held."""
        tools = self.random.choice([b"Read", b"Read, Grep", b"Read, Grep, Bash", b"Glob, Read"])
        self._edited(lambda text: re.sub(rb"(?m)^tools: [A-Z][^\r\n]*", b"tools: " + tools, text, count=1))

    def flip_line_ends(self) -> None:
        self._edited(lambda text: text.replace(b"\r\n", b"\n") if b"\r\n" in text else text.replace(b"\n", b"\r\n"))

    def break_head(self) -> None:
        """A file that no assistant can read, until somebody mends it."""
        found = self._some()
        if found is not None and found[0] not in self.mended:
            self.mended[found[0]] = found[1]
            found[0].write_bytes(found[1].replace(b"---\n", b"---\nmodel: [unclosed\n", 1))

    def mend_head(self) -> None:
        for path, data in self.mended.items():
            if path.exists() and b"[unclosed" in path.read_bytes():
                path.write_bytes(path.read_bytes().replace(b"model: [unclosed\n", b"").replace(b"model: [unclosed\r\n", b"") or data)
        self.mended.clear()

    def delete_copy(self) -> None:
        found = self._some(copies=True)
        if found is not None:
            found[0].unlink()

    def rename_copy(self) -> None:
        """A copy's file under another name; what its name says stays."""
        found = self._some(copies=True)
        if found is not None:
            stem, dot, rest = found[0].name.partition(".")
            there = found[0].with_name(f"{stem}-{next(self._numbers)}{dot}{rest}")
            found[0].rename(there)

    def _agents(self) -> list[Path]:
        return sorted((self.world.hub / "agents").rglob("*.md"))

    def rename_in_hub(self) -> None:
        agents = self._agents()
        if agents:
            path = self.random.choice(agents)
            path.rename(path.with_name(f"{path.stem.partition('-')[0]}-{next(self._numbers)}.md"))

    def edit_name(self) -> None:
        agents = self._agents()
        if agents:
            path = self.random.choice(agents)
            name = f"named-{next(self._numbers)}".encode()
            path.write_bytes(re.sub(rb"(?m)^name: [^\r\n]*", b"name: " + name, path.read_bytes(), count=1))

    def delete_in_hub(self) -> None:
        agents = self._agents()
        if len(agents) > 1:
            self.random.choice(agents).unlink()

    def new_agent(self) -> None:
        if len(self._agents()) < MOST:
            name = f"extra{next(self._numbers)}"
            (self.world.hub / f"agents/{name}.md").write_text(agent_text(name, f"Does {self.word()}", prompt=f"One.\n\nTwo {self.word()}."))

    def foreign_agent(self) -> None:
        """Somebody's own agent in a project, maybe of a name that the hub has too."""
        project = self.random.choice(self.world.projects)
        name = self.random.choice([f"own{next(self._numbers)}", *(path.stem for path in self._agents())])
        path = project / f".claude/agents/{name}.md"
        if not path.exists() and len(self.world.files()) < 40:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(agent_text(name, f"Does {self.word()}", prompt=f"Mine.\n\nTwo {self.word()}.\n\nThree."))

    def commit(self) -> None:
        self.world.commit()

    def _calm(self, folder: Path) -> bool:
        return not any((folder / f".git/{name}").exists() for name in ("MERGE_HEAD", "index.lock"))

    def old_files(self) -> None:
        """`git checkout HEAD~2 -- .claude`: old copies on today's branch, or old agents in the hub."""
        folder = self.random.choice(self.world.folders)
        if self._calm(folder):
            path = "agents" if folder == self.world.hub else self.random.choice(FOLDERS)
            sh(folder, "checkout", "-q", "HEAD~2", "--", path, check=False)

    def amend(self) -> None:
        """The hub's last commit is another one now: locks may name one that is in no branch."""
        if self._calm(self.world.hub):
            sh(self.world.hub, "commit", "-q", "--amend", "--allow-empty", "-m", f"amended {next(self._numbers)}")

    def pull_with_git(self) -> None:
        """Somebody else edited and committed in a clone of the hub or of a project; their work arrives by `git pull`."""
        name = self.random.choice(["hub", "shop"])
        ours, theirs = self.world.base / name, self.world.base / f"{name}-theirs"
        if not self._calm(ours):
            self._leave_merge(ours)
            return
        sh(theirs, "fetch", "-q")
        sh(theirs, "reset", "-q", "--hard", "@{upstream}")
        files = sorted(path for path in theirs.rglob("*.md") if ".git" not in path.parts)
        for path in self.random.sample(files, min(len(files), self.random.randint(1, 2))):
            path.write_bytes(self._line(path.read_bytes()))
        sh(theirs, "add", "-A")
        sh(theirs, "commit", "-q", "--allow-empty", "-m", "theirs")
        sh(ours, "add", "-A")
        sh(ours, "commit", "-q", "--allow-empty", "-m", "before the pull")
        sides: list[tuple[str, ...]] = [("-X", "ours"), ("-X", "theirs"), ()]
        sh(ours, "pull", "-q", "--no-rebase", "--no-edit", *self.random.choice(sides), str(theirs), "main", check=False)

    def edit_and_pull(self) -> None:
        """Both sides of a pull changed one file: the merge is left unfinished."""
        if self._calm(self.world.base / "shop"):
            for _ in range(2):
                self.edit_line()
        self.pull_with_git()

    def _leave_merge(self, folder: Path) -> None:
        """End a merge that nobody finished."""
        for line in sh(folder, "ls-files", "-u").splitlines():
            path = line.split("\t")[1]
            if sh(folder, "checkout", self.random.choice(["--ours", "--theirs"]), "--", path, check=False) == "" and not (folder / path).exists():
                sh(folder, "rm", "-q", "--cached", "--", path, check=False)
        for path, data in self.world.files().items():
            if b"<<<<<<<" in data and path.startswith(f"{folder}/"):
                sh(folder, "checkout", "--ours", "--", os.path.relpath(path, folder), check=False)
        sh(folder, "add", "-A")
        sh(folder, "commit", "-q", "--allow-empty", "-m", "merged")

    def end_merges(self) -> None:
        for folder in self.world.folders:
            if (folder / ".git/MERGE_HEAD").exists():
                self._leave_merge(folder)

    def old_settings(self) -> None:
        """agentsync.yaml as it was in the beginning."""
        (self.world.hub / "agentsync.yaml").write_text(self.world.settings)

    def lose_ledger(self) -> None:
        shutil.rmtree(self.world.space().state, ignore_errors=True)

    def save_ledger(self) -> None:
        state = Path(self.world.space().state)
        shutil.rmtree(self.backup, ignore_errors=True)
        if state.exists():
            shutil.copytree(state, self.backup)

    def restore_ledger(self) -> None:
        if self.backup.exists():
            self.lose_ledger()
            shutil.copytree(self.backup, self.world.space().state)
