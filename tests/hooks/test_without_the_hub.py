"""Hooks in a clone whose machine has agentsync and not the hub: the lock says which copies belong together."""

from __future__ import annotations

import os
from pathlib import Path

from tests.conftest import Run
from tests.hook_worlds import CLAUDE, CODEX, Hooked, commit, staged
from tests.worlds import edit, git


def test_without_the_hub_the_lock_says_which_copies_belong_together(clone: Path, run: Run) -> None:
    assert run("hook", "install", cwd=clone).code == 0
    edit(clone / CLAUDE, "Second line.", "Second line, edited.")
    edit(clone / CLAUDE, "Does things", "Does much")
    found = commit(clone, "-a")
    assert found.code == 1
    assert f"{CODEX}: this copy of reviewer is stale: the commit changes {CLAUDE}" in found.err
    git(clone, "add", "-A")
    assert run("hook", "run", "pre-commit", "--fix", cwd=clone).code == 0
    text = staged(clone, CODEX)
    assert "Second line, edited." in text
    assert "Does much" in text
    assert text == (clone / CODEX).read_text()
    assert commit(clone).code == 0
    edit(clone / CODEX, "Third line.", "Third line, codex.")
    git(clone, "add", "-A")
    assert run("hook", "run", "pre-commit", "--fix", cwd=clone).code == 0
    assert "Third line, codex." in staged(clone, CLAUDE)


def test_without_the_hub_a_mended_copy_is_what_the_hub_would_write(world: Hooked, clone: Path, run: Run) -> None:
    edit(clone / CLAUDE, "Second line.", "Second line, edited.")
    git(clone, "add", "-A")
    run("hook", "run", "pre-commit", "--fix", cwd=clone)
    edit(world.home_file, "Second line.", "Second line, edited.")
    # The hub's own machine again.
    os.environ["HOME"] = str(world.home)
    world.go()
    assert (clone / CODEX).read_text() == world.codex.read_text()
    assert (clone / CLAUDE).read_text() == world.claude.read_text()


def test_without_the_hub_edits_of_both_copies_meet_or_are_told(clone: Path, run: Run) -> None:
    edit(clone / CLAUDE, "Does things", "Does much")
    edit(clone / CODEX, "Second line.", "Second line, codex.")
    git(clone, "add", "-A")
    assert run("hook", "run", "pre-commit", "--fix", cwd=clone).code == 0
    for path in (CLAUDE, CODEX):
        text = staged(clone, path)
        assert "Does much" in text
        assert "Second line, codex." in text
    edit(clone / CLAUDE, "Third line.", "Third line, claude.")
    edit(clone / CODEX, "Third line.", "Third line, codex.")
    git(clone, "add", "-A")
    before = staged(clone, CLAUDE), staged(clone, CODEX)
    found = run("hook", "run", "pre-commit", "--fix", cwd=clone)
    assert found.code == 1
    assert "changes" in found.err
    assert (staged(clone, CLAUDE), staged(clone, CODEX)) == before


def test_without_the_hub_nothing_is_carried_on_that_would_need_approval(clone: Path, run: Run) -> None:
    edit(clone / CLAUDE, "Second line.", "Second\u200b line.")
    git(clone, "add", "-A")
    before = staged(clone, CODEX)
    found = run("hook", "run", "pre-commit", "--fix", cwd=clone)
    assert staged(clone, CODEX) == before
    assert found.code == 1
    assert f"lacks a change of {CLAUDE} that" in found.err
