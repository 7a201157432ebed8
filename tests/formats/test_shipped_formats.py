"""The formats that come with agentsync: all load, and a loaded format is what the engine relies on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agentsync.formats import FormatError, documents, known_ids, layout_of, load, load_all
from agentsync.formats.loader import load_table
from agentsync.rights import ATOMS
from agentsync.shipped import read_shipped, shipped_names

FORMATS = Path(__file__).resolve().parents[2] / "formats"


def test_the_ids_are_the_files() -> None:
    assert known_ids() == shipped_names() == tuple(sorted(path.stem for path in FORMATS.glob("*.yaml")))
    assert known_ids(), "there are formats"


@pytest.mark.parametrize("format_id", known_ids())
def test_each_loads_once(format_id: str) -> None:
    rules = load(format_id)
    assert rules.id == format_id
    assert load(format_id) is rules


def test_load_all_is_every_one_in_order() -> None:
    assert [rules.id for rules in load_all()] == list(known_ids())
    assert all(rules is load(rules.id) for rules in load_all())


@pytest.mark.parametrize("format_id", known_ids())
def test_a_table_is_filled_in(format_id: str) -> None:
    rights = load(format_id).rights
    assert isinstance(rights.tools, dict)
    assert set(rights.tools) <= set(ATOMS) or all(":" in atom for atom in set(rights.tools) - set(ATOMS))
    assert rights.vocabulary


def test_formats_of_one_table_share_its_names_and_its_vocabulary() -> None:
    table = load_table("claude")
    sharing = [load(format_id) for format_id in known_ids() if "tools: claude\n" in read_shipped(format_id)]
    assert len(sharing) > 1
    for rules in sharing:
        assert rules.rights.tools == table.tools
        assert set(table.other) <= set(rules.rights.other)
        assert rules.rights.vocabulary == "claude"


@pytest.mark.parametrize("table", sorted(path.stem for path in FORMATS.glob("tables/*.yaml")))
def test_each_table_is_good_and_used(table: str) -> None:
    assert load_table(table).tools
    assert any(f"tools: {table}\n" in read_shipped(format_id) for format_id in known_ids())


@pytest.mark.parametrize("format_id", known_ids())
def test_each_kind_of_file_has_a_layout(format_id: str) -> None:
    rules = load(format_id)
    assert layout_of(rules) == layout_of(rules, documents(rules)[0].id)
    for document in documents(rules):
        layout = layout_of(rules, document.id)
        assert (layout.kind, layout.unit, layout.head) == (document.kind, document.unit, document.head)
        assert (layout.fence_open, layout.fence_close, layout.repair) == (document.fence.open, document.fence.close, document.repair)
    with pytest.raises(KeyError):
        layout_of(rules, "no-such-kind")


def test_a_layout_says_everything_that_its_rules_say() -> None:
    """Every word of `document` that a container could need reaches it; those left out are the codec's."""
    from agentsync.containers.layout import Layout
    from agentsync.formats.rules import DocumentRules, Fence

    for_the_codec = {"id", "entry", "fence", "body", "on_bad_key", "on_bad_value", "file", "home", "others", "more", "lift", "one_line"}
    fences = {f"fence_{key}" for key in Fence.__struct_fields__}
    stated = set(DocumentRules.__struct_fields__) - for_the_codec
    assert stated | fences | {"entry_at", "entry_key"} == set(Layout.__dataclass_fields__)


def test_what_a_format_also_reads_is_a_format() -> None:
    for rules in load_all():
        assert {other.format for other in rules.also_reads} <= set(known_ids()) - {rules.id}


@pytest.mark.parametrize("name", ["", "nothing", "../pyproject", "tables/../codex", "/etc/passwd", "tables\\claude"])
def test_only_shipped_files_are_read(name: str) -> None:
    with pytest.raises(KeyError):
        read_shipped(name)
    with pytest.raises(FormatError):
        load(name)


def test_importing_the_package_is_cheap() -> None:
    code = "import sys, agentsync.formats; print(*({'yaml', 'msgspec', 'agentsync.formats.rules', 'agentsync.shapes'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == ""
