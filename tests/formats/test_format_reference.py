"""What is written about the language of format files is true and up to date."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from agentsync.formats import load_text, schema
from agentsync.formats.rules import Format, Outcome
from agentsync.formats.source import read_source
from agentsync.shipped import read_shipped, shipped_names

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "format-language.md"
SCHEMA = ROOT / "src" / "agentsync" / "formats" / "format.schema.json"


def test_the_reference_is_up_to_date() -> None:
    text = REFERENCE.read_text("utf-8")
    assert schema.section_names(text) == ("keys", "outcomes", "fields", "atoms", "shapes")
    again = "python -m agentsync.formats.schema reference < docs/format-language.md > new && mv new docs/format-language.md"
    assert schema.refresh(text) == text, f"run: {again}"


def test_the_schema_is_up_to_date() -> None:
    again = "python -m agentsync.formats.schema schema > src/agentsync/formats/format.schema.json"
    assert schema.json_schema() == SCHEMA.read_text("utf-8"), f"run: {again}"


def test_what_is_written_by_hand_stays() -> None:
    text = "before\n<!-- generated: outcomes -->\noutdated\n<!-- end -->\nafter\n"
    new = schema.refresh(text)
    assert new.startswith("before\n<!-- generated: outcomes -->\n| word |")
    assert new.endswith("\n<!-- end -->\nafter\n")
    assert "outdated" not in new
    with pytest.raises(KeyError):
        schema.refresh(text.replace("outcomes", "nothing"))


def test_every_outcome_is_explained() -> None:
    assert set(schema.OUTCOMES) == set(get_args(Outcome))


def test_every_key_has_a_row() -> None:
    text = REFERENCE.read_text("utf-8")
    for name, definition in json.loads(SCHEMA.read_text("utf-8"))["$defs"].items():
        for key in definition["properties"]:
            assert f"| `{key}` |" in text, f"{name}.{key}"


def test_the_worked_example_is_a_good_format_of_a_users_own() -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", REFERENCE.read_text("utf-8"), re.DOTALL)
    rules = load_text(example, "formats/gizmo.yaml", shipped=False)
    assert isinstance(rules, Format)
    assert rules.title == "Gizmo"


@pytest.mark.parametrize("format_id", shipped_names())
def test_the_schema_knows_every_key_of_every_shipped_format(format_id: str) -> None:
    definitions = json.loads(SCHEMA.read_text("utf-8"))["$defs"]
    data = read_source(read_shipped(format_id)).data
    assert set(data) <= set(definitions["Format"]["properties"])
    assert set(definitions["Format"]["required"]) <= set(data)
    assert set(data["fields"]) <= set(definitions["Format"]["properties"]["fields"]["propertyNames"]["enum"])
    for rule in data["fields"].values():
        assert set(rule) <= set(definitions["FieldRule"]["properties"])
        assert rule.get("shape", "text") in definitions["FieldRule"]["properties"]["shape"]["enum"]
    assert definitions["Format"]["additionalProperties"] is False


def test_the_command_prints_both(capsys: pytest.CaptureFixture[str]) -> None:
    assert schema.main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "agentsync format file"
    assert schema.main([]) == 2
    assert "schema | reference" in capsys.readouterr().err
