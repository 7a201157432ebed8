"""Random native values and decorated texts for the container tests, and where the corpus lies."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

TEXTS = st.one_of(
    st.sampled_from(
        [
            "", "plain", 'say "hi"', "it's", "back\\slash", "two\nlines", "\nfirst empty", "ends\n", "cr\rlf\r\n", "tab\t", '"""', "'''", 'x"',
            "x'", "''", '""', "# no comment", "// no /* comment */", "a = 1", "[x]", "{", "\u2028\u2029", "\x00\x01\x1f\x7f\x85", "é名🎯", "\ufeff",
            "1979-05-27", "true", "line one\nline two\n", "\\n", "trailing \\", " ", "\\\n  x",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)  # fmt: skip
KEYS = st.one_of(st.sampled_from(["name", "description", "tools", "a b", "é", "*", "x.y", "", "1", "__proto__", 'q"q', "n\nn"]), TEXTS)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def values(scalars: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of these scalars, lists and maps."""
    return st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8)


TOML_VALUES = values(st.booleans() | INTEGERS | FLOATS | TEXTS)
JSON_VALUES = values(st.none() | st.booleans() | st.integers() | FLOATS | TEXTS)


def identical(one: Any, other: Any, *, ordered: bool) -> bool:
    """Whether two values are equal in type too, and in the order of keys where that counts."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        fits = list(one) == list(other) if ordered else one.keys() == other.keys()
        return fits and all(identical(one[key], other[key], ordered=ordered) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(identical(a, b, ordered=ordered) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def corpus(*endings: str) -> list[Any]:
    """Every corpus file with one of these endings as a parameter; where there is no corpus, one that is skipped and says so."""
    found = sorted(path for path in CORPUS.rglob("*") if path.suffix in endings and path.is_file()) if CORPUS.is_dir() else []
    if not found:
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no corpus beside the project ({', '.join(endings)} files)"))]
    return [pytest.param(path, id=path.relative_to(CORPUS).as_posix()) for path in found]


def text_of(path: Path) -> str:
    """A file's text as the program reads it: every byte kept."""
    return path.read_bytes().decode("utf-8", "surrogateescape")


def seconds(call: Callable[[], object]) -> float:
    """How much processor time a call takes: what else the machine does is not its fault."""
    start = time.process_time()
    call()
    return time.process_time() - start
