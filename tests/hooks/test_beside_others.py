"""What was there before: other hooks, folders of hooks, files of a team; and the texts of ours."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from agentsync.containers.yaml_document import load_plain
from agentsync.hooks import BEGIN, END, SHARED, block, has_block, is_shell, share, unshare, with_block, without_block
from tests.conftest import Run
from tests.hook_worlds import CLAUDE, Hooked, commit, on_path
from tests.worlds import edit, git

# ---- beside other hooks -------------------------------------------------------------------------------------------

SCRIPTS = {
    "plain": b"#!/bin/sh\necho theirs >> ran\n",
    "no end": b"#!/bin/sh\necho theirs >> ran",
    "one line": b"#!/bin/sh",
    "strict": b"#!/usr/bin/env -S bash -eu\nset -o pipefail\necho theirs >> ran\nexit 0\n",
    "no first line": b"echo theirs >> ran\n",
    "python": b"#!/usr/bin/env python3\nopen('ran', 'a').write('theirs\\n')\n",
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_hook_that_is_there_goes_on_running_and_comes_back_byte_for_byte(world: Hooked, run: Run, script: str) -> None:
    hook = world.shop / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_bytes(SCRIPTS[script])
    hook.chmod(0o754)
    before = sorted(path.name for path in hook.parent.iterdir())
    assert run("hook", "install", cwd=world.shop).code == 0
    assert run("hook", "install", cwd=world.shop).err.startswith("nothing to change")
    (world.shop / "README").write_text("More.\n")
    assert commit(world.shop, "-a").code == 0
    assert (world.shop / "ran").exists() == (script != "one line")
    edit(world.claude, "Second line.", "Second line, edited.")
    assert commit(world.shop, "-a").code == 1
    assert run("hook", "remove", cwd=world.shop).code == 0
    assert hook.read_bytes() == SCRIPTS[script]
    assert stat.S_IMODE(hook.stat().st_mode) == 0o754
    assert sorted(path.name for path in hook.parent.iterdir()) == before


def test_a_hook_that_was_switched_off_stays_off(world: Hooked, run: Run) -> None:
    hook = world.shop / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o644)
    run("hook", "install", cwd=world.shop)
    assert commit(world.shop, "--allow-empty").code == 0
    run("hook", "remove", cwd=world.shop)
    assert (hook.read_text(), stat.S_IMODE(hook.stat().st_mode)) == ("#!/bin/sh\nexit 1\n", 0o644)


def test_a_hooks_folder_of_the_repository_is_used(world: Hooked, run: Run) -> None:
    """As husky has it: git looks in .husky/_, whose files read a common one by their own name."""
    own = world.shop / ".husky/_"
    own.mkdir(parents=True)
    (own / "h").write_text('n=$(basename "$0")\ns="$(dirname "$(dirname "$0")")/$n"\n[ -f "$s" ] && sh -e "$s" "$@"\n')
    (own / "pre-commit").write_text('#!/usr/bin/env sh\n. "$(dirname "$0")/h"')
    (own / "pre-commit").chmod(0o755)
    (world.shop / ".husky/pre-commit").write_text("echo theirs >> ran\n")
    git(world.shop, "config", "core.hooksPath", ".husky/_")
    run("hook", "install", cwd=world.shop)
    assert not (world.shop / ".git/hooks/pre-commit").exists()
    edit(world.claude, "Second line.", "Second line, edited.")
    assert commit(world.shop, "-a").code == 1
    edit(world.codex, "Second line.", "Second line, edited.")
    assert commit(world.shop, "-a").code == 0
    assert (world.shop / "ran").read_text() == "theirs\n"
    run("hook", "remove", cwd=world.shop)
    assert (own / "pre-commit").read_text() == '#!/usr/bin/env sh\n. "$(dirname "$0")/h"'
    assert run("hook", "install", "--shared", cwd=world.shop).code == 0
    assert has_block((world.shop / ".husky/pre-commit").read_text())
    edit(world.claude, "Third line.", "Third line, edited.")
    assert commit(world.shop, "-a", env=on_path(world)).code == 1
    run("hook", "remove", "--shared", cwd=world.shop)
    assert (world.shop / ".husky/pre-commit").read_text() == "echo theirs >> ran\n"


def test_a_hooks_folder_of_all_repositories_is_left_alone(world: Hooked, run: Run, tmp_path: Path) -> None:
    (world.home / ".gitconfig").write_text(f"[core]\n\thooksPath = {tmp_path / 'everywhere'}\n")
    found = run("hook", "install", cwd=world.shop)
    assert found.code != 0
    assert "core.hooksPath is set for all your repositories" in found.err
    (world.shop / "lefthook.yml").write_text("pre-commit:\n  commands:\n    lint:\n      run: lint\n")
    shared = run("hook", "install", "--shared", cwd=world.shop)
    assert (shared.code, "core.hooksPath is set for all" in shared.err) == (0, True)
    assert shared.err.endswith("hint: git config --local core.hooksPath .git/hooks\n")
    assert "agentsync hook run" in (world.shop / "lefthook.yml").read_text()
    assert [line.split()[:2] for line in run("hook", "status", cwd=world.shop).out.splitlines()] == [
        ["post-commit", "missing"], ["pre-commit", "shared"],
    ]
    assert not (tmp_path / "everywhere").exists()


def test_a_bare_repository_has_no_files_to_check(world: Hooked, run: Run) -> None:
    bare = world.base / "bare.git"
    git(world.base, "clone", "-q", "--bare", str(world.hub), str(bare))
    found = run("hook", "install", cwd=bare)
    assert (found.code, found.err.count("no work tree")) == (2, 1)
    assert f"hint: git clone {bare} DIR" in found.err
    assert run("hook", "status", cwd=world.base).err == f"{world.base}: this is no git repository\nhint: git init\n"


def test_status_says_what_is_installed(world: Hooked, run: Run) -> None:
    found = run("hook", "status", cwd=world.shop)
    assert (found.code, found.out.count("missing")) == (1, 2)
    run("hook", "install", cwd=world.shop)
    found = run("hook", "status", "--json", cwd=world.shop)
    assert found.code == 0
    assert {one["name"]: one["state"] for one in json.loads(found.out)["hooks"]} == {"pre-commit": "installed", "post-commit": "installed"}
    run("hook", "remove", cwd=world.shop)
    assert not (world.shop / ".git/hooks/pre-commit").exists()
    assert run("hook", "install", cwd=world.base).code != 0


# ---- files of a team ----------------------------------------------------------------------------------------------

TEAM = {
    "lefthook.yml": (
        "# ours\npre-commit:\n  parallel: true\n  commands:\n    lint:\n      run: eslint {staged_files}   # quick\npre-push:\n  commands: {}\n",
        "pre-commit:\n  jobs:\n    - run: eslint\n", "pre-push:\n  parallel: true\n", "",
    ),
    ".pre-commit-config.yaml": (
        "# ours\nrepos:\n- repo: https://example.invalid/a\n  rev: v1\n  hooks:\n  - id: x   # why\ndefault_stages: [pre-commit]\n",
        "repos:\n  - repo: local\n    hooks:\n      - {id: x, name: x, entry: x, language: system}\n",
    ),
    ".husky/pre-commit": ("npm test\n", "#!/bin/sh\n. x\n", ""),
}


@pytest.mark.parametrize(("path", "text"), [(path, text) for path, texts in TEAM.items() for text in texts])
def test_a_shared_file_gets_a_block_and_loses_it_again(path: str, text: str) -> None:
    shared = next(one for one in SHARED if one.path == path)
    new = share(shared, text, [".claude/agents", ":(glob)src/*/a.yaml"])
    assert new.count(BEGIN) == new.count(END) == 1
    assert "command -v agentsync" in new
    assert share(shared, new, [".claude/agents", ":(glob)src/*/a.yaml"]) == new
    assert unshare(new) == text


def test_a_shared_file_with_no_place_for_lines_is_left_alone() -> None:
    from agentsync.model import AgentsyncError

    for shared, text in ((SHARED[1], "pre-commit: {commands: {}}\n"), (SHARED[4], "repos: []\n")):
        with pytest.raises(AgentsyncError, match="add this by hand"):
            share(shared, text, ["a"])


# ---- texts --------------------------------------------------------------------------------------------------------


def test_a_block_goes_in_and_out() -> None:
    ours = block("pre-commit", [".claude/agents"])
    for text in ("#!/bin/sh\n", "#!/bin/sh", "#!/bin/bash\n\nexit 0\n", "echo", "", None):
        new = with_block(text, ours)
        assert with_block(new, ours) == new
        assert without_block(new) == text, (text, new)


def test_a_shell_is_told_by_the_first_line() -> None:
    assert is_shell("#!/usr/bin/env -S bash -e\n")
    assert is_shell("#!/bin/sh -e\n")
    assert is_shell("echo\n")
    assert not is_shell("#!/usr/bin/env python3\n")
    assert not is_shell("#!/home/sh/python\n")


def test_the_hook_for_the_framework_calls_what_there_is(run: Run, world: Hooked) -> None:
    (hook,) = load_plain((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())
    program, *words = hook["entry"].split()
    assert program == "agentsync"
    assert run(*words, cwd=world.shop).code == 0
    edit(world.claude, "Second line.", "Second line, edited.")
    git(world.shop, "add", CLAUDE)
    assert run(*words, cwd=world.shop).code == 1
    good = (world.hub / "agentsync.yaml").read_bytes()
    (world.hub / "agentsync.yaml").write_text("projects: [what\n")
    broken = run(*words, cwd=world.shop)
    (world.hub / "agentsync.yaml").write_bytes(good)
    assert (broken.code, "agentsync.yaml" in broken.err) == (0, True), "a fault of agentsync stops no commit"
