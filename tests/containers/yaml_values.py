"""Layouts and random heads for the tests of the YAML side of the containers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import strategies as st

from agentsync.containers.layout import Layout
from tests.containers.values import CORPUS, FLOATS, TEXTS, values

QUOTE_LINES: Final = Layout(
    "head+body", fence_open="trailing-space", fence_close="anywhere", repair="quote-lines", repair_crlf=False, duplicate="last",
    nul="skip", on_bad_head="skip", quote="double",
)  # fmt: skip
BLOCK_LINES: Final = Layout(
    "head+body", head="js-yaml", fence_open="trailing-space", fence_close="prefix", repair="block-lines", no_head="open",
    unclosed="open", on_bad_head="open", nul="open",
)  # fmt: skip
PAIRS: Final = Layout("head+body", fence_end="newline", repair="pairs", nul="ignored", on_bad_head="skip")
STRICT: Final = Layout("head+body", no_head="file", unclosed="file", bom="file", head="js-yaml", fence_close="prefix", fence_end="newline")
PYTHON: Final = Layout("head+body", head="yaml11", lists="block", duplicate="last")
RAW: Final = Layout("head+body", head="lines", fence_close="prefix", fence_late=True, quote="raw", duplicate="last")
YAML_HEADS: Final = {"quote-lines": QUOTE_LINES, "block-lines": BLOCK_LINES, "pairs": PAIRS, "strict": STRICT, "python": PYTHON}
HEADS: Final = {**YAML_HEADS, "raw": RAW}

TRICKY: Final = st.one_of(
    TEXTS,
    st.sampled_from(
        [
            "no", "Yes", "off", "null", "~", "012", "0o17", "0x1F", "1_000", "1:30", "1.5", ".5", "1e3", ".inf", ".nan", "2024-01-01", "=", "<<",
            "- a",
            "? a", "a: b", "a:", ":a", "a #b", "#a", "---", "----", "a --- b", "--- a", "-----", "...", "*", "*a", "&a", "!a", "|", ">", "|-", "%a",
            "@a",
            "`a`", "[a", "a]", "{a}", "a, b", "Read, Grep", "Bash(git:*), Read", "mcp__a__*", "'a'", '"a"', "a\\nb", "trailing ", " leading",
            "Use it. Examples: <example>Context: x</example>", "a\n\nb", "a\n  b\n", "  a\nb", "a\n---\nb", "\n", "a\tb", "\ta", "\U000f0000",
            "\U0010f085x",
            "y", "n", "none", "NaN", "tRue", "0.", "--5", "1e", "a\n \nb", "http://x.y/z?a=b#c",
        ]
    ),
)  # fmt: skip
KEYS: Final = st.one_of(st.sampled_from(["name", "description", "tools", "a b", "é", "*", "true", "012", "~", "<<", "", 'q"q', "n\nn", "a: b"]),
    TRICKY)
SCALARS: Final = st.none() | st.booleans() | st.integers() | FLOATS | TRICKY
VALUES: Final = values(SCALARS)
MAPS: Final = st.dictionaries(KEYS, VALUES, max_size=5)

_LINES: Final = st.sampled_from(
    [
        "name: x", "description: plain words, more", "description: a: b", 'description: "quoted"', 'description: "q \\"in\\" \\n \\t"', 'a: "x" ',
        "a: 'it''s'",
        "a: 'x' # c", "tools: [a, b]", 'tools: ["a", "b"]', "tools: ['a', b,]", "tools: [ ]", "tools: []", "tools: [a b]", "tools: [a: b]", "tools:",
        "  - a", "  - 'b'", "- c", "  - ", "  - k: v", "  - [a, b]", "    - deep", "  read: allow", '  "*": deny', '  "a: b": ask', "  deep:",
        "    x: y", "",
        "# comment", "  # comment", "count: 12", "count: 012", "when: 2024-01-01", "flag: yes", "flag: true", "n: ~", "n: null", "b: |", "  text",
        "b: >-", "k:v",
        "true: x", "no: y", "k: a #b", "k: a#b", "k: #b", "k: a:", "k: -1", "k: - a", "k: *a", "k: &a b", "k: !t b", "k: {a: b}", "k: x\ty",
        "\tk: v", "k:  two  ",
        "k: é", "k: a\u2028b", "k: \u0085", "k: '", 'k: "', "k: ''", 'k: ""', "? k", "...", "a-b_c: 1.5", "k: <b>", "k: (x) [y] {z}", "<<: x",
        '"q": r',
    ]
)  # fmt: skip
RANDOM_HEADS: Final = st.lists(_LINES, max_size=7).flatmap(
    lambda lines: st.sampled_from(["\n", "\n", "\r\n"]).map(lambda end: "".join(line + end for line in lines))
)


def markdown_files() -> list[Any]:
    """Every Markdown file of the corpus and of the torture set as a parameter; where there are none, one that is skipped and says so."""
    roots = [CORPUS, CORPUS.parent / "torture"]
    found: list[Path] = sorted(path for root in roots if root.is_dir() for path in root.rglob("*.md") if path.is_file())
    if not found:
        return [pytest.param(None, marks=pytest.mark.skip(reason="no corpus beside the project"))]
    return [pytest.param(path, id=path.relative_to(CORPUS.parent).as_posix()) for path in found]
