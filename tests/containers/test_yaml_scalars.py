"""What unquoted scalars mean to the clients' parsers: measured with Bun's, js-yaml 4, yaml 2 and PyYAML."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agentsync.containers.not_text import NotText
from agentsync.containers.yaml_scalars import key_text, plain_safe, resolve
from tests.containers.values import identical
from tests.containers.yaml_values import TRICKY

INFINITE = float("inf")


@pytest.mark.parametrize(
    ("text", "yaml12", "js", "yaml11"),
    [
        ("no", "no", "no", False),
        ("yes", "yes", "yes", True),
        ("on", "on", "on", True),
        ("y", "y", "y", "y"),
        ("true", True, True, True),
        ("TRUE", True, True, True),
        ("tRue", "tRue", "tRue", "tRue"),
        ("~", None, None, None),
        ("", None, None, None),
        ("Null", None, None, None),
        ("012", 12, 12, 10),
        ("08", 8, 8, "08"),
        ("-012", -12, -12, -10),
        ("0o17", 15, 15, "0o17"),
        ("0x1F", 31, 31, 31),
        ("-0x1F", "-0x1F", -31, -31),
        ("0b11", "0b11", 3, 3),
        ("1_000", "1_000", 1000, 1000),
        ("_1", "_1", "_1", "_1"),
        ("1:30", "1:30", "1:30", 90),
        ("1e3", 1000.0, 1000.0, "1e3"),
        ("1.5e+3", 1500.0, 1500.0, 1500.0),
        ("1.", 1.0, 1.0, 1.0),
        (".5", 0.5, 0.5, 0.5),
        ("+.5", 0.5, "+.5", "+.5"),
        (".inf", INFINITE, INFINITE, INFINITE),
        ("-.INF", -INFINITE, -INFINITE, -INFINITE),
        ("-", "-", "-", "-"),
        (".", ".", ".", "."),
        ("<<", "<<", "<<", "<<"),
        ("2024-01-01", "2024-01-01", NotText("2024-01-01"), NotText("2024-01-01")),
        ("2024-1-1", "2024-1-1", "2024-1-1", "2024-1-1"),
        ("2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z", NotText("2024-01-01T10:00:00Z"), NotText("2024-01-01T10:00:00Z")),
        ("9" * 400, INFINITE, INFINITE, INFINITE),
    ],
)
def test_a_scalar_by_dialect(text: str, yaml12: Any, js: Any, yaml11: Any) -> None:
    for dialect, expected in (("yaml12", yaml12), ("js-yaml", js), ("yaml11", yaml11)):
        value = resolve(text, dialect)
        assert identical(value, expected, ordered=True), dialect
        assert isinstance(value, NotText) is isinstance(expected, NotText), dialect


def test_not_a_number() -> None:
    value = resolve(".nan", "yaml12")
    assert isinstance(value, float)
    assert value != value


@given(st.from_regex(r"[-+.0-9a-fx_:eE]{1,10}", fullmatch=True) | TRICKY)
def test_the_python_dialect_is_pyyaml_s(text: str) -> None:
    loader = yaml.SafeLoader("")
    tag = loader.resolve(yaml.ScalarNode, text, (True, False))
    try:
        expected = yaml.constructor.SafeConstructor().construct_object(yaml.ScalarNode(tag, text))
    except (ValueError, yaml.YAMLError):
        return  # PyYAML itself fails on it: `0x_`, a 13th month, `=`
    value = resolve(text, "yaml11")
    if tag.endswith("timestamp"):
        assert isinstance(value, NotText)
    elif tag.endswith(("int", "float", "bool", "null", "str")):
        assert value == expected or (value != value and expected != expected)
        assert type(value) is type(expected)


@given(TRICKY | st.from_regex(r"[-+.0-9a-zA-Z_: ]{1,12}", fullmatch=True))
def test_a_plain_text_is_text_in_every_dialect(text: str) -> None:
    if plain_safe(text):
        assert [resolve(text, dialect) for dialect in ("yaml12", "yaml11", "js-yaml")] == [text] * 3


def test_keys_become_text() -> None:
    assert [key_text(text, "yaml12") for text in ("True", "012", "~", "", "1.0", "no", "1.5")] == ["true", "12", "null", "null", "1", "no", "1.5"]
    assert key_text("no", "yaml11") == "false"
