"""What happens to every TOML and JSON text before a parser sees it: size, byte order mark, NUL, bytes that are no UTF-8.

Floor 1, pure. The size is agentsync's own limit; the rest is what the client does, as the layout says.
"""

from __future__ import annotations

from agentsync.containers.layout import Entry, Layout, Outcome, Parsed
from agentsync.containers.limits import Hostile, file_problem
from agentsync.containers.text import BOM, place, readable, to_lf
from agentsync.model import Problem


class Refused(Exception):
    """A text that is not read: `problem` says why, `outcome` what that means. It never leaves the containers."""

    def __init__(self, problem: Problem, outcome: Outcome = "file") -> None:
        self.problem = problem
        self.outcome: Outcome = outcome
        super().__init__(problem.message)


def opened(text: str, layout: Layout) -> str:
    """The text as the client's parser gets it: no byte order mark, undecodable bytes as U+FFFD. Raises Refused."""
    too_large = file_problem(text)
    if too_large is not None:
        raise Refused(too_large)
    if text.startswith(BOM):
        if layout.bom != "ignored":
            raise Refused(_at("bom", "the file begins with a byte order mark (U+FEFF): save it without one", text, 0), layout.bom)
        text = text[1:]
    if "\0" in text and layout.nul != "ignored":
        raise Refused(_at("nul", "a NUL character stands in the file: take it out", text, text.index("\0")), layout.nul)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        if layout.invalid_utf8 == "replace":
            return readable(text)
        problem = _at("invalid-utf8", "bytes that are not UTF-8 stand in the file: save it as UTF-8", text, error.start)
        raise Refused(problem, layout.invalid_utf8) from None
    return text


def hostile(error: Hostile, text: str) -> Refused:
    """A limit that was passed, as a refusal that names its place."""
    return Refused(error.problem(*place(text, error.offset)))


def failed(text: str, refusal: Refused) -> Parsed:
    """The document that did not parse. With `open` the whole text is what the client takes for the prompt."""
    entries = (Entry({}, body=to_lf(text.removeprefix(BOM))),) if refusal.outcome == "open" else ()
    return Parsed(text, entries, refusal.outcome, (refusal.problem,))


def _at(code: str, message: str, text: str, offset: int) -> Problem:
    line, column = place(text, offset)
    return Problem(code, message, line=line, column=column)
