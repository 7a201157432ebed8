"""The floors: a module imports only from lower ones, pure modules touch nothing outside, and no code knows an assistant by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from agentsync.formats import known_ids
from agentsync.model import HUB_FORMAT

SOURCES: Final = Path(__file__).resolve().parents[1] / "src"

# Every module and package of agentsync, lowest first. Within a floor too, a module imports only from those that stand before it.
PURE: Final[Mapping[str, tuple[str, ...]]] = {
    "0, the words": ("model", "rights", "copies"),
    "1, text and values": ("containers", "shapes", "merge_text", "report"),
    "2, formats": ("formats",),
    "3, the engine": ("codec", "merge"),
    "4, decisions": (
        "api", "config_targets", "config", "hub", "lockfile", "lift", "risks", "lint", "snapshot", "selection",
        "bases", "calm", "readers", "edits", "plan", "pull", "adoption", "hooks",
    ),
}
SIDE: Final = ("walk", "folders", "disk", "git", "history", "index", "ledger_calm", "ledger_words", "ledger", "locking")
UPPER: Final[Mapping[str, tuple[str, ...]]] = {
    "5, read, plan, apply": (
        "sources", "conversion", "own_formats", "workspace", "remotes", "rests", "lookups", "survey", "tracking", "sync", "touched", "sync_report",
        "checking", "doctor",
    ),
    "6, answers": (
        "decide", "settle", "undo", "status", "adopt", "tend", "staged", "staged_alone", "hooking", "hook_runs", "watch", "service",
    ),
    "7, the command line": ("commands",),
}
# Finds and reads agentsync's own data files, which are as constant as its code; `formats` may ask it for their text.
DATA: Final = ("shipped",)
ORDER: Final = (*DATA, *(m for floor in PURE.values() for m in floor), *SIDE, *(m for floor in UPPER.values() for m in floor))

# What touches the world knows the words, and what it keeps.
SIDE_KNOWS: Final[Mapping[str, frozenset[str]]] = {
    "walk": frozenset(),
    "folders": frozenset({"model"}),
    "disk": frozenset({"model", "walk", "folders"}),
    "git": frozenset({"model"}),
    "history": frozenset({"model", "disk", "git"}),
    "index": frozenset({"model", "walk", "disk", "git"}),
    "ledger_calm": frozenset(),
    "ledger_words": frozenset({"copies"}),
    "ledger": frozenset({"model", "copies", "disk", "ledger_calm", "ledger_words"}),
    "locking": frozenset({"model", "disk"}),
}
OUTSIDE: Final = frozenset({
    "os", "subprocess", "time", "random", "secrets", "logging", "socket", "shutil", "tempfile", "sqlite3",
    "click", "rich", "watchdog", "git", "platformdirs", "filelock",
})


def part_of(module: str) -> str:
    """The module or package of ORDER that a dotted name belongs to; "" for the package agentsync itself."""
    return ([*module.split("."), ""])[1]


@cache
def modules() -> Mapping[str, ast.Module]:
    """Every module's dotted name and syntax tree."""
    found = {}
    for path in sorted(SOURCES.rglob("*.py")):
        parts = path.relative_to(SOURCES).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def names_of_imports(name: str, *, late: bool = True) -> Iterator[tuple[str, int]]:
    """What a module imports, as dotted names, with the line; with `late` in functions too. Names for the type checker do not count."""
    typing_only = {
        id(inner)
        for node in ast.walk(modules()[name])
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(modules()[name]) if late else modules()[name].body:
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno}: imports are absolute here"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def parts_imported(name: str) -> Iterator[tuple[str, int]]:
    """The parts of agentsync that a module imports, its own left out."""
    for imported, line in names_of_imports(name):
        if imported.split(".")[0] == "agentsync" and (part := part_of(imported)) not in ("__version__", part_of(name)):
            yield part, line


def in_parts(parts: tuple[str, ...]) -> list[str]:
    return [name for name in modules() if part_of(name) in parts]


PURE_PARTS: Final = tuple(m for floor in PURE.values() for m in floor)


def test_every_module_has_its_floor() -> None:
    parts = {part_of(name) for name in modules()} - {"", "__main__"}
    assert parts == set(ORDER)


@pytest.mark.parametrize("part", ORDER)
def test_a_module_imports_only_from_below(part: str) -> None:
    allowed = set(ORDER[: ORDER.index(part)])
    wrong = [f"{name}:{line} imports {other}" for name in in_parts((part,)) for other, line in parts_imported(name) if other not in allowed]
    assert not wrong


@pytest.mark.parametrize("part", SIDE)
def test_what_touches_the_world_knows_only_the_words(part: str) -> None:
    wrong = [f"{name}:{line} imports {other}" for name in in_parts((part,)) for other, line in parts_imported(name) if other not in SIDE_KNOWS[part]]
    assert not wrong


@pytest.mark.parametrize("part", PURE_PARTS)
def test_pure_modules_import_nothing_that_touches_the_world(part: str) -> None:
    wrong = [
        f"{name}:{line} imports {imported}"
        for name in in_parts((part,))
        for imported, line in names_of_imports(name)
        if imported.split(".")[0] in OUTSIDE or (imported.startswith("pathlib") and imported != "pathlib.PurePosixPath")
    ]
    assert not wrong


def test_pure_modules_open_nothing() -> None:
    """No call of `open` or `print`, which need no import."""
    calls = [
        f"{name}:{node.lineno} calls {node.func.id}"
        for name in in_parts(PURE_PARTS)
        for node in ast.walk(modules()[name])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("open", "print", "input", "exec", "eval")
    ]
    assert not calls


def test_only_git_runs_other_programs() -> None:
    runs = {part_of(name) for name in modules() for imported, _ in names_of_imports(name) if imported.split(".")[0] == "subprocess"}
    assert runs <= {"git", "commands"}


def test_no_two_modules_import_each_other() -> None:
    """Within a package too: following what is imported at the start never leads back."""
    graph = {name: {other for other, _ in names_of_imports(name, late=False)} for name in modules()}
    edges = {
        name: {target for other in others for target in (other, other.rpartition(".")[0]) if target in modules()} for name, others in graph.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " → ".join([*trail[trail.index(name) :], name])
        if name not in done:
            for other in sorted(edges[name] - {name, name.rpartition(".")[0], "agentsync"}):
                visit(other, (*trail, name))
            done.add(name)

    for name in modules():
        visit(name, ())


# --- formats are data -------------------------------------------------------------------------------------------------


def compared_texts(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Texts that something is compared with: in comparisons, `match` cases, `startswith` and the like, and as keys of a choice."""
    for node in ast.walk(tree):
        inside: list[ast.AST] = []
        if isinstance(node, ast.Compare):
            inside = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            inside = [node.value]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("startswith", "endswith", "get", "index"):
            inside = list(node.args)
        elif isinstance(node, ast.Subscript):
            inside = [node.slice]
        for part in inside:
            for constant in ast.walk(part):
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                    yield constant.value, constant.lineno


def test_no_code_asks_for_an_assistant_by_name() -> None:
    """What differs from assistant to assistant stands in its format file. The hub's own format has a constant of its own."""
    asked = [
        f"{name}:{line} asks for {text!r}"
        for name, tree in modules().items()
        for text, line in compared_texts(tree)
        if text in known_ids() and text != HUB_FORMAT
    ]
    assert not asked


def test_the_search_for_names_finds_them() -> None:
    branch = 'if fmt.id == "codex" or fmt.id in ("cursor", "x"):\n    pass\n'
    choice = 'match fmt.id:\n    case "opencode":\n        pass\ntable["qwen-code"]\n'
    tree = ast.parse(branch + choice)
    assert {text for text, _ in compared_texts(tree)} >= {"codex", "cursor", "opencode", "qwen-code"}
