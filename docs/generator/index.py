"""docs/formats/README.md: every format, where it lies, what it can say, and how that is known. Pure; texts come out."""

from __future__ import annotations

from collections.abc import Sequence

from agentsync.formats import documents
from agentsync.formats.rules import Format
from agentsync.model import FIELDS
from generator.formats import HOW, KEPT, ways
from generator.markdown import code, pages_of, table


def index_page(known: Sequence[Format]) -> str:
    """The whole page."""
    places = []
    for rules in known:
        evidence = rules.evidence
        checked = f"{evidence.client or rules.title}, {evidence.on}: {HOW[evidence.kind]}"
        places.append((
            f"[{code(rules.id)}]({rules.id}.md)", rules.title, _place(rules, "project"), _place(rules, "user"),
            ways(rules), checked, KEPT[evidence.enforcement],
        ))
    fields = [name for name in FIELDS if any(name in rules.fields for rules in known)]
    says = [
        (f"[{code(rules.id)}]({rules.id}.md)", *_rights_cells(rules), *("✓" if name in rules.fields else "" for name in fields))
        for rules in known
    ]
    return pages_of(
        "<!-- Made by docs/generate.py from the files in formats/: `make docs` writes it again. -->",
        "# All formats",
        f"agentsync knows {len(known)} formats. Each page says where the assistant keeps its agents, who else reads them, what each key means, "
        "what happens to rights, and how all of this is known. What is lost between any two of them stands in [fidelity.md](../fidelity.md).",
        "## Where they lie, and how that is known",
        table(("format", "assistant", "in a project", "for a user", "", "checked", "what it makes of rights"), places),
        "## What each can say",
        "A **tool list** is kept by the client unless it says otherwise. **Limits** are parts of a tool, `Bash(git:*)`. A tick means that the "
        "format has a place for the field; the fields are explained in [format-language.md](../format-language.md#fields).",
        table(("format", "tool list", "deny list", "limits", "MCP", *(code(name) for name in fields)), says),
    )


def short_table(known: Sequence[Format], folder: str) -> str:
    """Format, assistant and place, for a document from which the pages lie in `folder`."""
    rows = []
    for rules in known:
        place = next((found for scope in ("project", "user") if (found := _place(rules, scope)) != "—"), "")
        shared = [f"the file {code(document.file)}" for document in documents(rules) if document.file]
        rows.append((f"[{code(rules.id)}]({folder}/{rules.id}.md)", rules.title, place or ", ".join(shared)))
    return table(("format", "assistant", "where"), rows)


def _place(rules: Format, scope: str) -> str:
    places = [where for where in rules.where if where.scope == scope]
    written = [where.write for where in places if where.write]
    found = written or [glob for where in places for glob in where.read][:1]
    home = "~/" if scope == "user" else ""
    return "<br>".join(code(home + path) for path in dict.fromkeys(found)) or "—"


def _rights_cells(rules: Format) -> tuple[str, str, str, str]:
    rights = rules.rights
    listed = {"allow-list": "yes", "permission-map": "rules", "none": "no"}.get(rights.style, rights.style)
    if not rights.enforced and rights.style != "none":
        listed = "not known to be kept"
    limits = [atom for atom, what in rights.patterns.items() if what == "enforced"]
    mcp = [word for word, known in (("servers", rights.mcp.server), ("tools", rights.mcp.tool)) if known]
    denies = rights.deny is not None or rights.style == "permission-map"
    kept = "" if not limits or not rights.enforced else "yes" if "*" in limits else "some tools"
    return listed, "yes" if denies else "", kept, ", ".join(mcp)
