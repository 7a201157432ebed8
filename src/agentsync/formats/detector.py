"""Which format a file is in: by the folder it lies in, by its name, by its keys; and what stays open is said.

Floor 2, pure. Reading keys here is cheap and forgiving on purpose: it must work on files that no parser takes, and what a
file means is for the codec to say. No format is known by name; whichever claims `$fallback` in its file is the last guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from agentsync.formats.evidence import HEAD, Evidence, Traits, families, head_told, may_be_markdown, read_evidence, traits_of
from agentsync.formats.globs import compiled, compiled_anywhere, fixed_folders, is_plain
from agentsync.formats.lookup import Folders, folders_of

if TYPE_CHECKING:
    from agentsync.formats.rules import Format, Where

_KEY_WEIGHT: Final = 6
"""A key that only some formats have outweighs everything that is inferred."""
_ALL_KNOWN, _SOME_KNOWN, _NONE_KNOWN = 2, 1, -2
_MISSING: Final = -4
_STRANGE: Final = -2


@dataclass(frozen=True, slots=True)
class Detection:
    """What a file is taken for.

    format: None where nothing fits (`candidates` is empty) or where it stays open which of `candidates` it is.
    where: the place it lies in, None where only its name or content told. document: id of the kind of file.
    guessed: nothing but the absence of contradiction speaks for it.
    """

    format: Format | None
    where: Where | None = None
    document: str | None = None
    guessed: bool = False
    candidates: tuple[Format, ...] = ()

    @property
    def ambiguous(self) -> bool:
        """Whether a person must say which of the candidates it is."""
        return self.format is None and bool(self.candidates)


NOTHING: Final = Detection(None)


def for_path(path: str, formats: Sequence[Format]) -> tuple[tuple[Format, Where], ...]:
    """The formats that keep agents where this path lies, each with that place.

    The path may be relative, absolute, or have any folders before the assistant's own. The innermost folder decides: a file
    in `.a/agents/.b/agents` lies in the second. Files that the assistant leaves out (`skip`) lie nowhere.
    """
    return tuple((found.format, found.where) for found in _places(path, folders_of(formats)))


def detect(path: str, text: str, formats: Sequence[Format]) -> Detection:
    """The format of a file, from its path, then its name, then its content.

    A folder that one format alone reads decides at once, whatever the file holds: what the assistant makes of it is for the
    codec. Several formats in one folder, and files that lie elsewhere, are told apart by their keys.
    """
    known = folders_of(formats)
    places = _places(path, known)
    certain = [found for found in places if found.certain]
    if len(certain) == 1:
        return Detection(certain[0].format, certain[0].where, certain[0].where.document)
    if not certain and known.skipped(_normal(path)):
        return NOTHING
    pool = folders_of([found.format for found in certain]) if certain else known
    named = pool.named(_file_name(path))
    if len(named) == 1:
        return _of_name(path, named[0], places)
    told = _by_content(path, text, folders_of(named) if named else pool, places, open_pool=not (certain or named))
    if told is NOTHING and len(places) == 1 and not places[0].format.detect.content:
        # What lies in such a format's folder, and speaks for no other, can be told by nothing else.
        return Detection(places[0].format, places[0].where, places[0].where.document, guessed=True)
    return told


@dataclass(frozen=True, slots=True)
class _Place:
    """A path inside a format's folder. `rank` grows with the depth of that folder; `certain`: nothing else looks like it."""

    format: Format
    where: Where
    rank: tuple[int, int]
    certain: bool


def _places(path: str, known: Folders) -> list[_Place]:
    """The innermost place of each format; of these, those whose folder lies deepest in the path."""
    path = _normal(path)
    found = [place for rules, globs in known.near(path) for place in _best_place(path, rules, globs)]
    # A place that only looks like one (`agents/*.md`) never hides, and never joins, one that is certain.
    if any(place.certain for place in found):
        found = [place for place in found if place.certain]
    best = max((place.rank for place in found), default=(0, 0))
    return [place for place in found if place.rank == best]


def _best_place(path: str, rules: Format, globs: Sequence[tuple[Where, str]]) -> Iterator[_Place]:
    best: _Place | None = None
    for where, glob in globs:
        match = compiled_anywhere(glob).fullmatch(path)
        if match is None or any(compiled(skip).fullmatch(path[match.end("above") :]) for skip in where.skip):
            continue
        fixed = fixed_folders(glob)
        certain = is_plain(glob) or any(step.startswith(".") for step in fixed)
        if not certain and match["above"].rstrip("/").rpartition("/")[2].startswith("."):
            continue  # `.other/agents` is another assistant's folder, whoever it is
        # A file that is known by its name alone lies in no folder of its format: another one's folder decides.
        rank = (match["above"].count("/") + len(fixed), len(fixed)) if "/" in glob else (0, 0)
        if best is None or rank > best.rank:
            best = _Place(rules, where, rank, certain)
    if best is not None:
        yield best


def _normal(path: str) -> str:
    path = path.replace("\\", "/")
    while path.startswith("./"):
        path = path[2:]
    return path


def _file_name(path: str) -> str:
    return _normal(path).rpartition("/")[2]


def _of_name(path: str, rules: Format, places: Sequence[_Place]) -> Detection:
    """A format known by the file's name: the kind of file is that of the place whose globs say most about such a name."""
    for place in places:
        if place.format is rules:
            return Detection(rules, place.where, place.where.document)
    name = _file_name(path)
    best: tuple[int, str | None] = (-1, None)
    for where in rules.where:
        for glob in where.read:
            step = glob.rpartition("/")[2]
            if compiled(step).fullmatch(name) and len(step) > best[0]:
                best = (len(step), where.document)
    return Detection(rules, None, best[1])


@dataclass(frozen=True, slots=True)
class _Score:
    """How well a file's content fits a format. explicit: a key in it speaks for the format by name."""

    format: Format
    document: str | None
    points: int
    explicit: bool
    complete: bool


def _by_content(path: str, text: str, pool: Folders, places: Sequence[_Place], *, open_pool: bool) -> Detection:
    """Decide among formats by what the file says. open_pool: the pool is every format, so silence speaks for none of them."""
    scores: Sequence[_Score] = ()
    guesses: list[_Score] = []
    for family in families(_file_name(path), text):
        scores = _scores(pool, family, text, open_pool=open_pool)
        if scores:
            break
    if may_be_markdown(_file_name(path)):
        guesses = [score for score in scores if score.complete and traits_of(score.format).fallback]
    if not scores:
        return NOTHING if open_pool else Detection(None, candidates=pool.formats)
    most = max(score.points for score in scores)
    first: dict[str, _Score] = {}
    for score in scores:
        if score.points == most:
            first.setdefault(score.format.id, score)
    best = list(first.values())
    if len(best) == 1 and (most > 0 or not open_pool):
        return _told(best[0], places, guessed=not best[0].explicit)
    guess = next((score for score in guesses if score.points == most), None)
    if guess is not None:
        return _told(guess, places, guessed=True)
    if most <= 0 and open_pool:
        return NOTHING
    # Of equals, a format that keeps agents in a folder like the file's is the likelier one.
    near = [score for score in best if any(place.format is score.format for place in places)]
    if len(near) == 1:
        return _told(near[0], places, guessed=True)
    return Detection(None, candidates=tuple(score.format for score in best))


def _told(score: _Score, places: Sequence[_Place], *, guessed: bool) -> Detection:
    for place in places:
        if place.format is score.format:
            return Detection(score.format, place.where, place.where.document, guessed)
    return Detection(score.format, None, score.document, guessed)


def _scores(pool: Folders, family: str, text: str, *, open_pool: bool) -> Sequence[_Score]:
    """The score of each kind of file, of every format in the pool, that could be this one.

    A head speaks by its keys and by the names under those of them that hold tools, and most files of a folder are alike in both:
    what was told for one is remembered.
    """
    asked = pool.by_content if open_pool else pool.read
    if family != HEAD:
        return [score for rules in asked for score in _scores_of(rules, traits_of(rules), family, text)]
    told = head_told(text)
    if told is None:
        return ()
    said = (open_pool, tuple(told), *(told.get(key) for key in pool.tool_keys))
    found: Sequence[_Score] | None = pool.memo.get(said)
    if found is None:
        found = pool.remember(said, [score for rules in asked for score in _scores_of(rules, traits_of(rules), family, text)])
    return found


def _scores_of(rules: Format, traits: Traits, family: str, text: str) -> Iterator[_Score]:
    """The score of each kind of file that could be this one; nothing where something speaks against the format."""
    for document in traits.documents:
        if document.family != family:
            continue
        evidence = read_evidence(text, document.layout)
        if evidence is None or evidence.keys & traits.never or not all(traits.needs <= keys for keys in evidence.each):
            continue
        told = len(evidence.keys & traits.keys) + len(traits.needs)
        points = _KEY_WEIGHT * told + _points_of_tools(traits, evidence)
        missing = any(not traits.required <= keys for keys in evidence.each)
        points += _MISSING * missing
        points += _STRANGE * (document.strict and not evidence.keys <= traits.known)
        yield _Score(rules, document.id, points, told > 0, not missing)


def _points_of_tools(traits: Traits, evidence: Evidence) -> int:
    """How far the tools that a file names are ones this format knows; 0 where it names none, or the format has no names."""
    names = {name for key in traits.tool_keys for name in evidence.names.get(key, ())}
    if not names or not traits.tools:
        return 0
    known = {name for name in names if name in traits.tools or name.casefold() in traits.folded}
    return _ALL_KNOWN if known == names else _SOME_KNOWN if known else _NONE_KNOWN
