"""What an unquoted YAML scalar means, by dialect: `yaml12` (core schema), `yaml11` (PyYAML's), `js-yaml` (core with dates).

Floor 1, pure. Assistants differ here and nowhere else do they differ so quietly: `no` is false in Python and a text in
JavaScript, `012` is ten in YAML 1.1 and twelve in 1.2, and a date is a text, a date object or refused.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from agentsync.containers.not_text import NotText as NotText
from agentsync.model import Value

DIALECTS: Final = ("yaml12", "yaml11", "js-yaml")

_WORDS: Final[dict[str, Value]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_WORDS_11: Final[dict[str, Value]] = {
    **_WORDS,
    "yes": True, "Yes": True, "YES": True, "no": False, "No": False, "NO": False,
    "on": True, "On": True, "ON": True, "off": False, "Off": False, "OFF": False,
}  # fmt: skip
# Every word that some YAML reader in the wild takes for something else than text, compared in lower case.
_LOADED_WORDS: Final = frozenset({"", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n"})

_INTEGER_12: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT_12: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL: Final = re.compile(r"([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_INTEGER_11: Final = re.compile(
    r"([-+]?)(?:0b([0-1_]+)|0x([0-9a-fA-F_]+)|(0[0-7_]*)|([1-9][0-9_]*(?::[0-5]?[0-9])+)|([1-9][0-9_]*))"
)
_FLOAT_11: Final = re.compile(
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*"
)
_INTEGER_JS: Final = re.compile(r"([-+]?)(?:0b([01][01_]*)|0x([0-9a-fA-F][0-9a-fA-F_]*)|0o([0-7][0-7_]*)|([0-9][0-9_]*))(?<!_)")
_FLOAT_JS: Final = re.compile(r"(?:[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9_]+(?:[eE][-+]?[0-9]+)?)(?<!_)")
_DATE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?"
)
_MAYBE: Final = frozenset("0123456789+-.~nNtTfFyYoO")


def resolve(text: str, dialect: str) -> Value:
    """The value of a plain scalar in a dialect.

    >>> resolve("no", "yaml12"), resolve("no", "yaml11"), resolve("012", "yaml12"), resolve("012", "yaml11")
    ('no', False, 12, 10)
    """
    if text and text[0] not in _MAYBE:
        return text
    return _resolve(text, dialect) if len(text) < 64 else _resolve.__wrapped__(text, dialect)


@lru_cache(maxsize=4096)
def _resolve(text: str, dialect: str) -> Value:
    words = _WORDS_11 if dialect == "yaml11" else _WORDS
    if text in words:
        return words[text]
    special = _SPECIAL.fullmatch(text)
    if special:
        return float(text.replace(".", "", 1).lower())
    if dialect == "yaml11":
        return _resolve_11(text)
    return _resolve_js(text) if dialect == "js-yaml" else _resolve_12(text)


def _resolve_12(text: str) -> Value:
    if _INTEGER_12.fullmatch(text):
        if text[:2] in ("0o", "0x"):
            return _integer(text[2:], 8 if text[1] == "o" else 16)
        return _integer(text, 10)
    return float(text) if _FLOAT_12.fullmatch(text) else text


def _resolve_js(text: str) -> Value:
    found = _INTEGER_JS.fullmatch(text)
    if found:
        sign, *digits = found.groups()
        for run, base in zip(digits, (2, 16, 8, 10), strict=True):
            if run is not None:
                return _integer(sign + run.replace("_", ""), base)
    bare = text.replace("_", "")
    if _FLOAT_JS.fullmatch(text) and bare != ".":
        return float(bare)
    return NotText(text) if _DATE.fullmatch(text) else text


def _resolve_11(text: str) -> Value:
    found = _INTEGER_11.fullmatch(text)
    if found:
        sign, binary, hexadecimal, octal, sixty, decimal = (part and part.replace("_", "") for part in found.groups())
        for digits, base in ((binary, 2), (hexadecimal, 16), (octal, 8), (decimal, 10)):
            if digits:
                return _integer((sign or "") + digits, base)
        if sixty:
            return _sixty(sign or "", sixty.split(":"), whole=True)
        return text
    if _FLOAT_11.fullmatch(text):
        bare = text.replace("_", "")
        if ":" in bare:
            return _sixty("-" if bare[0] == "-" else "", bare.lstrip("+-").split(":"), whole=False)
        return float(bare)
    return NotText(text) if _DATE.fullmatch(text) else text


def _integer(digits: str, base: int) -> int | float:
    """A whole number; one longer than any client's is what JavaScript makes of it, so that no digit run costs time."""
    if len(digits) > 300:
        return float("-inf") if digits.startswith("-") else float("inf")
    return int(digits, base)


def _sixty(sign: str, parts: list[str], *, whole: bool) -> int | float:
    total: int | float = 0
    for part in parts:
        total = total * 60 + (_integer(part, 10) if whole else float(part))
    return -total if sign == "-" else total


def key_text(text: str, dialect: str) -> str:
    """A plain key as the text a map of a client has it under: `True` is `true`, `012` is `12`, an empty key is `null`."""
    value = resolve(text, dialect)
    if isinstance(value, str):
        return str(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return str(value)


_PLAIN: Final = re.compile(
    r"(?:\.{1,2}/)?[A-Za-z/_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u1fff\u3040-\ud7ff]"  # a letter or a path, so no indicator, number or date
    r"[^\x00-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff\U000f0000-\U0010ffff]*"
)
_UNSAFE: Final = re.compile(r":(?: |\Z)| #|---| \Z")
_UNSAFE_FLOW: Final = re.compile(r"[,\[\]{}:\"'#&*!|>%@`]|[ ]{2}")


def plain_safe(text: str, *, flow: bool = False) -> bool:
    """Whether every YAML reader, of whatever dialect, takes the bare text for just this text.

    >>> [plain_safe(text) for text in ("sonnet", "no", "1.5", "a: b", "a --- b", "Read, Grep")]
    [True, False, False, False, False, True]
    """
    return (
        _PLAIN.fullmatch(text) is not None
        and text.lower() not in _LOADED_WORDS
        and _UNSAFE.search(text) is None
        and not (flow and _UNSAFE_FLOW.search(text))
    )
