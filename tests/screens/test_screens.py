"""Every story goes as it is told: the screens, the exit codes, the files. `pytest --accept` writes down what appears, for you to read."""

from __future__ import annotations

import sys
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.screens.stories import FOLDER, WORLDS, Stage, fits, read, told

STORIES = sorted(FOLDER.glob("*.txt"))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    (tmp_path / "home").mkdir()
    return Stage(tmp_path / "home")


@pytest.mark.parametrize("path", [*sorted(WORLDS.glob("*.txt")), *STORIES], ids=lambda path: path.stem)
def test_a_story_goes_as_it_is_told(path: Path, stage: Stage, request: pytest.FixtureRequest) -> None:
    story = read(path)
    if sys.platform == "win32" and any(step.command.startswith("tty ") for step in story.steps):
        pytest.skip("a terminal to play on")
    seen = list(stage.play(story))
    now = told(story, seen)
    if request.config.getoption("--accept"):
        path.write_text(now, "utf-8")
        return
    if not all(map(fits, story.steps, seen)):
        lines = unified_diff(story.lines, now.splitlines(), f"{path.name}, as told", "as it went", lineterm="", n=6)
        pytest.fail("\n".join(lines), pytrace=False)


STORY = """Somebody writes a file, and looks at it.

  $ cat > a.txt
  > one
  >
  > two
  $ cat a.txt
  one

  two

Words between.

  $ grep three a.txt
  [1]
"""


def _written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "story.txt").write_text(text, "utf-8")
    return tmp_path / "story.txt"


def test_a_story_is_read_played_and_told(tmp_path: Path, stage: Stage) -> None:
    story = read(_written(tmp_path, STORY))
    seen = list(stage.play(story))
    assert [(step.given, step.screen, step.code) for step in seen] == [("one\n\ntwo\n", (), 0), ("", ("one", "", "two"), 0), ("", (), 1)]
    assert all(map(fits, story.steps, seen))
    assert told(story, seen) == STORY


@pytest.mark.parametrize(("wrong", "right"), [("  one\n\n  two\n", "  1\n"), ("  [1]\n", ""), ("  one\n\n  two\n", "")])
def test_a_screen_that_differs_is_seen_and_accepted(wrong: str, right: str, tmp_path: Path, stage: Stage) -> None:
    story = read(_written(tmp_path, STORY.replace(wrong, right, 1)))
    seen = list(stage.play(story))
    assert not all(map(fits, story.steps, seen))
    assert told(story, seen) == STORY


def test_three_dots_stand_for_any_lines_and_stay(tmp_path: Path, stage: Stage) -> None:
    text = STORY.replace("  one\n\n  two\n", "  one\n  ...\n", 1)
    story = read(_written(tmp_path, text))
    seen = list(stage.play(story))
    assert all(map(fits, story.steps, seen))
    assert told(story, seen) == text
    other = read(_written(tmp_path, text.replace("  one\n  ...", "  ...\n  three", 1)))
    assert not all(map(fits, other.steps, stage.play(other)))


def test_an_indented_line_without_a_command_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"story.txt:2: an indented line"):
        read(_written(tmp_path, "Words.\n  lost\n"))
