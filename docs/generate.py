"""Write the generated documents again: `python docs/generate.py`; with `--check` only say which ones are not up to date (exit 1).

What is generated says what the code and the format files say, so nobody has to keep it true: a page for each format, the table of
all, what is lost between them, the commands, the keys of the configuration, the codes of lint, the tables of the format language, the
schemas of format files and of agentsync.yaml, what each format cost.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agentsync.config import hub_schema
from agentsync.formats import load_all
from agentsync.formats.schema import json_schema, refresh
from generator.commands import commands_page
from generator.configuration import configuration_page
from generator.fidelity import fidelity_page
from generator.formats import about, format_page
from generator.index import index_page, short_table
from generator.lint import lint_page
from generator.markdown import table

ROOT: Final = Path(__file__).resolve().parents[1]
PAGES: Final = "docs/formats"
_COST: Final = re.compile(r"(<!-- generated: cost -->\n).*?(<!-- end -->)", re.DOTALL)
_FORMATS: Final = re.compile(r"(<!-- generated: formats -->\n).*?(<!-- end -->)", re.DOTALL)
_ROW: Final = re.compile(r"^\| ([a-z0-9-]+) \| \d* ?\| (.*) \|$", re.MULTILINE)


def generated() -> Mapping[str, str]:
    """Path from the root to text, for every document that is made here, whole or in part."""
    known = load_all()
    found = {f"{PAGES}/{rules.id}.md": format_page(rules, known, about(_format_file(rules.id))) for rules in known}
    return found | {
        f"{PAGES}/README.md": index_page(known),
        "README.md": _FORMATS.sub(lambda match: f"{match[1]}{short_table(known, PAGES)}\n{match[2]}", _read("README.md")),
        "docs/fidelity.md": fidelity_page(known),
        "docs/commands.md": commands_page(),
        "docs/configuration.md": configuration_page(),
        "docs/lint.md": lint_page(),
        "docs/format-language.md": refresh(_read("docs/format-language.md")),
        "docs/architecture.md": with_costs(_read("docs/architecture.md"), {rules.id: _format_file(rules.id) for rules in known}),
        "src/agentsync/formats/format.schema.json": json_schema(),
        "src/agentsync/agentsync.schema.json": json.dumps(hub_schema(), indent=2) + "\n",
    }


def with_costs(text: str, files: Mapping[str, str]) -> str:
    """A document with its table of costs made anew: the lines of each format file; the Python beside them is kept, for a person wrote it."""
    section = _COST.search(text)
    by_hand = dict(_ROW.findall(section[0])) if section else {}
    rows = [(name, str(content.count("\n")), by_hand.get(name, "-")) for name, content in sorted(files.items())]
    new = table(("format", "lines of YAML", "Python written for it alone"), rows)
    return _COST.sub(lambda match: f"{match[1]}{new}\n{match[2]}", text)


def _format_file(format_id: str) -> str:
    return _read(f"formats/{format_id}.yaml")


def _read(path: str) -> str:
    file = ROOT / path
    return file.read_text(encoding="utf-8") if file.exists() else ""


def main(arguments: list[str]) -> int:
    """Write what has changed, or with `--check` name it."""
    documents = generated()
    changed = [path for path, text in documents.items() if _read(path) != text]
    stale = [path for file in sorted((ROOT / PAGES).glob("*.md")) if (path := f"{PAGES}/{file.name}") not in documents]
    if arguments == ["--check"]:
        for path in [*changed, *stale]:
            sys.stderr.write(f"{path}: not up to date: run `make docs`\n")
        return 1 if changed or stale else 0
    if arguments:
        sys.stderr.write("python docs/generate.py [--check]\n")
        return 2
    for path in changed:
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(documents[path], encoding="utf-8")
    for path in stale:
        (ROOT / path).unlink()
    sys.stdout.writelines(f"{path}: written\n" for path in changed)
    sys.stdout.writelines(f"{path}: removed\n" for path in stale)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
