"""docs/lint.md: the codes of lint, from the code."""

from __future__ import annotations

from agentsync.lint import CODES
from generator.markdown import table

_TEXT = """# What lint finds

<!-- generated: python docs/generate.py -->

`agentsync lint` reads agents' files the way their assistants do, and says what becomes of them. It never calls a file wrong that its
assistant loads as meant. Errors and warnings give exit code 1, notes do not. `--select A2,A101` and `--ignore A404` choose; a code stands
for itself, the beginning of one for all that begin so, and the longer word decides. Codes keep their meaning.

`--fix` repairs only what is certain, only files in the agents' folders of assistants and hubs, and changes no other byte.

{tables}
What the assistants do with each of these was found out by running them, or by reading their source; each page of [formats](formats/README.md)
says which. A model, a placeholder or a tool is called unknown only where the format file says so.
"""
_HEADS = {
    "A1": "It does not load", "A2": "It has other rights than its file says", "A3": "Something does nothing, or fails later",
    "A4": "The head, and what nobody sees",
}


def lint_page() -> str:
    """The whole page."""
    parts = []
    for start, head in _HEADS.items():
        rows = [(code.id, code.severity, code.what, "yes" if code.fix else "") for code in CODES.values() if code.id.startswith(start)]
        parts.append(f"## {head}\n\n{table(('code', 'severity', 'what', 'repaired by --fix'), rows)}\n")
    return _TEXT.format(tables="\n".join(parts))
