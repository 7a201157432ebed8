"""Format files that are wrong, each with every message it must give. Data for test_bad_formats.py.

A case changes one place of GOOD. Messages are `line:column: message | hint`; a trailing `…` leaves out a list of names that
grows with the language.
"""

from __future__ import annotations

GOOD = """\
id: gizmo
title: Gizmo
docs: https://example.com/gizmo
evidence: {kind: docs, on: 2026-01-31}
revision: 1
where:
  - {scope: project, write: ".gizmo/agents/{slug}.md", read: [".gizmo/agents/**/*.md"]}
document:
  kind: head+body
name: {source: [key]}
fields:
  description: {key: description, required: true}
  model: {key: model, table: model}
  prompt: {key: $body}
rights:
  style: allow-list
  key: tools
  absent: all
  empty: none
  unlisted: denied
  tools:
    read.file: [look]
    shell: [terminal]
values:
  model: {sonnet: fast, "claude-*": "c-*"}
native:
  seed: {type: number, risk: inert}
"""

CASES: list[tuple[str, str, str, list[str]]] = [
    ("unknown key", "revision: 1", "revison: 1", [
        "1:1: a key is missing (revision), it holds a whole number",
        "5:1: unknown key (revison), allowed are id, … | did you mean `revision`?",
    ]),
    ("unknown key, no near miss", "revision: 1", "revision: 1\nzebra: 2", [
        "6:1: unknown key (zebra), allowed are id, …",
    ]),
    ("bad word", "style: allow-list", "style: allowlist", [
        "16:10: rights.style: no such value (allowlist), allowed are allow-list, none, permission-map | did you mean `allow-list`?",
    ]),
    ("wrong type", "required: true", 'required: "yes"', [
        '12:45: fields.description.required: wrong type (the text "yes"), allowed is true or false',
    ]),
    ("text for a list", "source: [key]", "source: key", [
        '10:16: name.source: wrong type (the text "key"), allowed is a list',
    ]),
    ("too many at once", "{scope: project, write", "{scope: projekt, wirte", [
        "7:13: where[0].scope: no such value (projekt), allowed are project, user | did you mean `project`?",
        "7:22: where[0]: unknown key (wirte), allowed are scope, read, write, document, os, skip | did you mean `write`?",
    ]),
    ("empty text", "title: Gizmo", 'title: ""', [
        "2:8: title: the text is empty, at least one character is needed",
    ]),
    ("wrong date", "2026-01-31", "31 January", [
        "4:28: evidence.on: wrong form (31 January), it must match ^\\d{4}-\\d{2}-\\d{2}$",
    ]),
    ("too small", "revision: 1", "revision: 0", [
        "5:11: revision: too small (0), at least 1 is needed",
    ]),
    ("not a map", GOOD, "- a\n- b\n", [
        "1:1: wrong type (a list), allowed is a map with the keys id, title, …",
    ]),
    ("empty file", GOOD, "", [
        "1:1: wrong type (null), allowed is a map with the keys id, title, …",
    ]),
    ("compulsory rights", "  absent: all\n  empty: none\n  unlisted: denied\n", "", [
        "16:3: rights: a key is missing (absent), it holds one of all, none, refused, unknown",
        "16:3: rights: a key is missing (empty), it holds one of all, none, refused, unknown",
        "16:3: rights: a key is missing (unlisted), it holds one of allowed, denied, unknown",
    ]),
    ("a word of two lists", "  kind: head+body", "  kind: head+body\n  on_bad_key: send", [
        "10:15: document.on_bad_key: no such value (send), allowed are agent, … | did you mean `sent`?",
    ]),
    ("pair of three", "name: {source: [key]}", "name: {source: [key], length: [1, 2, 3]}", [
        "10:31: name.length: wrong length (3), allowed is a list of 2 values",
    ]),
    ("no YAML", "title: Gizmo", "title: [Gizmo", [
        "3:5: no valid YAML (did not find expected ',' or ']') | put a text that holds `{`, `[`, `,`, `#` or a colon into double quotes",
    ]),
    ("tab", "  kind: head+body", "\tkind: head+body", [
        "9:1: no valid YAML (found character that cannot start any token)",
    ]),
    ("key twice", "title: Gizmo", "title: Gizmo\ntitle: Gadget", [
        "3:1: the key is there twice (title), a key may be there once",
    ]),
    ("anchor", "title: Gizmo", "title: &x Gizmo", [
        "2:8: anchors are not allowed (&x), write the value again",
    ]),
    ("alias", "title: Gizmo", "title: *x", [
        "2:8: aliases are not allowed (*x), write the value again",
    ]),
    ("tag", "title: Gizmo", "title: !!str Gizmo", [
        "2:8: tags are not allowed (tag:yaml.org,2002:str), write a plain value",
    ]),
    ("two documents", "title: Gizmo", "title: Gizmo\n---\na: 1", [
        "3:1: a second document begins (---), one is read",
    ]),
    ("key that is a list", "title: Gizmo", "[a]: Gizmo", [
        "2:1: a key must be a text, not a list or a map",
    ]),
    ("deep", "title: Gizmo", "title: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", [
        "2:23: nested too deeply, at most 16 levels are read",
    ]),
    ("raw control character", "title: Gizmo", "title: Giz\x07mo", [
        "2:11: no valid YAML (control characters are not allowed)",
    ]),
    ("escaped control character", "title: Gizmo", 'title: "Giz\\u202Emo"', [
        "2:8: title: a hidden character (U+202E) stands in the text, visible ones are allowed",
    ]),
    ("too long", GOOD, "#" * 300_000, [
        "1:1: too long (300,000 characters), at most 262,144 are read",
    ]),
    ("other id", "id: gizmo", "id: gadget", [
        "1:5: id: wrong id (gadget), the file's name says gizmo | id: gizmo",
    ]),
    ("no slug", "agents/{slug}.md", "agents/x.md", [
        "7:29: where[0].write: wrong path (.gizmo/agents/x.md), {slug} must be there once",
    ]),
    ("two slugs", "agents/{slug}.md", "agents/{slug}/{slug}.md", [
        "7:29: where[0].write: wrong path (.gizmo/agents/{slug}/{slug}.md), {slug} must be there once",
    ]),
    ("other placeholder", "agents/{slug}.md", "agents/{slug}-{name}.md", [
        "7:29: where[0].write: wrong path (.gizmo/agents/{slug}-{name}.md), the only placeholder is {slug}",
    ]),
    ("absolute", '".gizmo/agents/{slug}.md"', '"/gizmo/{slug}.md"', [
        "7:29: where[0].write: wrong path (/gizmo/{slug}.md), it must be relative to the project or the home directory",
    ]),
    ("home", '".gizmo/agents/{slug}.md"', '"~/gizmo/{slug}.md"', [
        "7:29: where[0].write: wrong path (~/gizmo/{slug}.md), it must be relative to the project or the home directory",
    ]),
    ("drive", '".gizmo/agents/{slug}.md"', '"C:/gizmo/{slug}.md"', [
        "7:29: where[0].write: wrong path (C:/gizmo/{slug}.md), it must be relative to the project or the home directory",
    ]),
    ("parent", ".gizmo/agents/{slug}.md", ".gizmo/../{slug}.md", [
        "7:29: where[0].write: wrong path (.gizmo/../{slug}.md), empty steps, `.` and `..` are not allowed",
    ]),
    ("backslash", '".gizmo/agents/{slug}.md"', "'.gizmo\\{slug}.md'", [
        "7:29: where[0].write: wrong path (.gizmo\\{slug}.md), steps are parted by `/`, not by a backslash",
    ]),
    ("parent in a glob", '".gizmo/agents/**/*.md"', '"../**/*.md"', [
        "7:63: where[0].read[0]: wrong glob (../**/*.md), empty steps, `.` and `..` are not allowed",
    ]),
    ("half a double star", '".gizmo/agents/**/*.md"', '".gizmo/agents/**.md"', [
        "7:63: where[0].read[0]: wrong glob (.gizmo/agents/**.md), `**` stands for whole steps",
    ]),
    ("braces in a glob", '".gizmo/agents/**/*.md"', '".gizmo/agents/*.{md,mdc}"', [
        "7:63: where[0].read[0]: wrong glob (.gizmo/agents/*.{md,mdc}), allowed are `*`, `?` and `**` and nothing else",
    ]),
    ("everything", '".gizmo/agents/**/*.md"', '"**/*"', [
        "7:63: where[0].read[0]: wrong glob (**/*), it must name something",
    ]),
    ("no glob", 'read: [".gizmo/agents/**/*.md"]', "read: []", [
        "7:62: where[0].read: no glob is given, at least one is needed",
    ]),
    ("written, not read", "agents/{slug}.md", "roles/{slug}.md", [
        "7:29: where[0].write: written but not read (.gizmo/roles/{slug}.md), it must match one of its own globs in `read`",
    ]),
    ("written, left out", '"]}', '"], skip: [".gizmo/agents/*.md"]}', [
        "7:29: where[0].write: written but left out (.gizmo/agents/{slug}.md), it may not match a glob in `skip`",
    ]),
    ("no such kind", '"]}', '"], document: markdown}', [
        "7:99: where[0].document: no such kind of file (markdown), it must be an id in `document`: there is none",
    ]),
    ("no place", 'where:\n  - {scope: project, write: ".gizmo/agents/{slug}.md", read: [".gizmo/agents/**/*.md"]}', "where: []", [
        "6:8: where: no place is given, at least one is needed, or `document.file` for a file that has none",
    ]),
    ("written though only read", "revision: 1", "revision: 1\ndirection: read", [
        "8:29: where[0].write: a place to write in a format that is only read (direction: read), leave it out",
    ]),
    ("kind without id", "document:\n  kind: head+body", "document:\n  - {kind: head+body, id: a}\n  - {kind: toml}", [
        "10:5: document[1]: a key is missing (id), each of several kinds of file needs one",
    ]),
    ("kind twice", "document:\n  kind: head+body", "document:\n  - {kind: head+body, id: a}\n  - {kind: toml, id: a}", [
        "10:22: document[1].id: the id is there twice (a), each kind of file needs its own",
    ]),
    ("no kind", "document:\n  kind: head+body", "document: []", [
        "8:11: document: no kind of file is described, at least one is needed",
    ]),
    ("no entry", "  kind: head+body", "  kind: json\n  unit: entry", [
        "7:29: where[0].write: wrong path (.gizmo/agents/{slug}.md), a shared file has one path, without {slug}",
        "9:3: document: a key is missing (entry), unit entry needs to know where the entries stand",
    ]),
    ("entry for a file", "  kind: head+body", "  kind: json\n  entry: {at: [agents]}", [
        "10:3: document.entry: it says nothing for unit file, allowed is unit entry",
    ]),
    ("entries in markdown", "  kind: head+body", "  kind: head+body\n  unit: entry\n  entry: {at: [agents]}", [
        "7:29: where[0].write: wrong path (.gizmo/agents/{slug}.md), a shared file has one path, without {slug}",
        "10:9: document.unit: a file of kind head+body holds one agent, allowed are file and folder",
    ]),
    ("slug in a shared file", "  kind: head+body", "  kind: json\n  unit: entry\n  entry: {at: [agents]}", [
        "7:29: where[0].write: wrong path (.gizmo/agents/{slug}.md), a shared file has one path, without {slug}",
    ]),
    ("fence without a head", "  kind: head+body", "  kind: toml\n  fence: {close: prefix}\n  repair: pairs", [
        "10:3: document.fence: it says nothing for kind toml, allowed is kind head+body",
        "11:3: document.repair: it says nothing for kind toml, allowed is kind head+body",
    ]),
    ("home that is none", "  kind: head+body", "  kind: head+body\n  home: claud-code", [
        "10:9: document.home: no such format (claud-code), allowed are agents-md, … | did you mean `claude-code`?",
    ]),
    ("file with folders", "  kind: head+body", "  kind: head+body\n  file: a/b.json", [
        "10:9: document.file: not a file name (a/b.json), a name without folders is allowed",
    ]),
    ("no source", "source: [key]", "source: []", [
        "10:16: name.source: no source is given, at least one of entry, folder, key, path, stem is needed",
    ]),
    ("folder of a file", "source: [key]", "source: [folder]", [
        "10:17: name.source[0]: no kind of file has unit folder, allowed are key, path, stem",
    ]),
    ("name pattern", "source: [key]", 'source: [key], pattern: "(a+)+"', [
        "10:32: name.pattern: the pattern cannot be used ((a+)+), a group that repeats or branches is repeated itself",
    ]),
    ("name pattern that looks ahead", "source: [key]", 'source: [key], pattern: "(?!x).*"', [
        "10:32: name.pattern: the pattern cannot be used ((?!x).*), it looks around, sets flags or is atomic",
    ]),
    ("name pattern that refers back", "source: [key]", "source: [key], pattern: '(.)\\1'", [
        "10:32: name.pattern: the pattern cannot be used ((.)\\1), it refers back to a group",
    ]),
    ("name pattern that is none", "source: [key]", 'source: [key], pattern: "["', [
        "10:32: name.pattern: the pattern cannot be used ([), it does not compile (unterminated character set at position 0)",
    ]),
    ("length", "source: [key]", "source: [key], length: [9, 3]", [
        "10:31: name.length: wrong range ([9, 3]), the first number is at least 1 and not above the second",
    ]),
    ("no such field", "  model: {key: model", "  modell: {key: model", [
        "13:3: fields.modell: no such field (modell), allowed are description, … | did you mean `model`?",
    ]),
    ("no prompt", "  prompt: {key: $body}\n", "", [
        "12:3: fields: a key is missing (prompt), a format must say where the prompt stands",
    ]),
    ("body twice", "{key: model, table: model}", "{key: $body, table: model}", [
        "14:17: fields.prompt.key: $body is used twice (model, prompt), one field may stand there",
    ]),
    ("no such table", "table: model}", "table: models}", [
        "13:30: fields.model.table: no such table (models), `values` holds model | did you mean `model`?",
        "25:3: values.model: no field uses the table (model), allowed are tables that `fields` names",
    ]),
    ("no such shape", "required: true}", "required: true, shape: txt}", [
        "12:58: fields.description.shape: no such shape (txt), allowed are text, … | did you mean `text`?",
    ]),
    ("empty key", "{key: description,", '{key: "",', [
        "12:22: fields.description.key: the key is empty, a key or a path of keys is needed",
    ]),
    ("missing without required", "table: model}", "table: model, missing: file}", [
        "13:37: fields.model.missing: it says nothing, allowed where `required: true`",
    ]),
    ("required and never written", "required: true}", "required: true, write: false}", [
        "12:58: fields.description.write: a required field that is never written (false), allowed is true",
    ]),
    ("none with a meaning", "table: model}", "table: model, none: fast}", [
        "13:43: fields.model.none: the value means something already (fast), a value outside the table model is allowed",
    ]),
    ("closed without a table", "required: true}", "required: true, closed: true}", [
        "12:51: fields.description.closed: it says nothing without `table`",
    ]),
    ("overflow without a table", "required: true}", "required: true, overflow: [x]}", [
        "12:51: fields.description.overflow: it says nothing, it is a path of keys for values that `table` does not hold",
    ]),
    ("two become one", "{sonnet: fast,", "{sonnet: fast, haiku: fast,", [
        "25:32: values.model.haiku: two values become one (sonnet and haiku become fast), reading it back needs one of them",
    ]),
    ("wildcard on one side", '"claude-*": "c-*"', '"claude-*": "c"', [
        "25:37: values.model.claude-*: the wildcards differ (claude-*, c), allowed is one `*`, or the same number of `?`, on both sides",
    ]),
    ("two wildcards", '"claude-*": "c-*"', '"*claude-*": "*c-*"', [
        "25:38: values.model.*claude-*: the wildcards differ (*claude-*, *c-*), allowed is one `*`, or the "
        "same number of `?`, on both sides",
    ]),
    ("null in a table", "{sonnet: fast,", "{sonnet: null,", [
        "25:19: values.model.sonnet: wrong type, allowed are a text, a number, true and false; leave out a value that has no native one",
    ]),
    ("table no field uses", "values:\n", "values:\n  colour: {red: r}\n", [
        "25:3: values.colour: no field uses the table (colour), allowed are tables that `fields` names",
    ]),
    ("no such atom", "read.file:", "read.fiel:", [
        "22:5: rights.tools.read.fiel: no such atom (read.fiel), allowed are read.file, … | did you mean `read.file`?",
    ]),
    ("a capability", "read.file:", "read:", [
        "22:5: rights.tools.read: a capability, not an atom (read), its atoms are read.file, read.grep, read.glob, read.list",
    ]),
    ("no name", "[look]", "[]", [
        "22:16: rights.tools.read.file: no name is given, at least one is needed; leave out an atom that has none",
    ]),
    ("name twice", "[look]", "[look, look]", [
        "22:23: rights.tools.read.file[1]: the name is there twice (look), a name may be there once under one atom",
    ]),
    ("name also in other", "  tools:\n", "  other: [look]\n  tools:\n", [
        "21:10: rights.other: an atom describes the name already (look), one of them is allowed",
    ]),
    ("no such tool table", "  tools:\n    read.file: [look]\n    shell: [terminal]\n", "  tools: klaude\n", [
        "21:10: rights.tools: no such table (klaude), allowed are a map and the name of a file in formats/tables",
    ]),
    ("no key", "  key: tools\n", "", [
        "16:3: rights: a key is missing (key), style allow-list needs to know where the list stands",
    ]),
    ("no list", "  style: allow-list", "  style: none", [
        "17:3: rights.key: it says nothing for style none, allowed are allow-list, permission-map",
        "21:3: rights.tools: it says nothing for style none, which lists no tools",
    ]),
    ("none beside empty none", "  empty: none", "  empty: none\n  none: [nothing]", [
        "20:3: rights.none: it says nothing where `empty: none`, an empty list is written then",
    ]),
    ("all and none", "  empty: none", '  empty: all\n  none: ["*"]\n  all: ["*"]', [
        "20:10: rights.none[0]: the entry means every tool as well (*), one of them is allowed",
    ]),
    ("deny shape", "  empty: none", "  empty: none\n  deny_shape: csv\n  together: deny-only", [
        "20:3: rights.deny_shape: it says nothing without `deny`",
        "21:3: rights.together: it says nothing without `deny`",
    ]),
    ("permission words", "  empty: none", "  empty: none\n  legacy: {key: old}\n  patterned: [look]", [
        "20:3: rights.legacy: it says nothing for style allow-list, allowed are permission-map",
        "21:3: rights.patterned: it says nothing for style allow-list, allowed are permission-map",
    ]),
    ("two actions", "  style: allow-list", "  style: permission-map\n  actions: [yes, no]", [
        "17:12: rights.actions: wrong words (yes, no), three that differ are needed: allow, ask, deny",
    ]),
    ("shape of no list", "  empty: none", "  empty: none\n  shape: bool", [
        "20:10: rights.shape: no such shape of lists (bool), allowed are names, csv, …",
    ]),
    (
        "mcp",
        "  empty: none",
        '  empty: none\n  mcp: {tool: "mcp_{server}", server: ["{tool}"], all: ["{server}"], deny_all: [x], charset: "z-a"}', [
        "20:15: rights.mcp.tool: wrong placeholders (mcp_{server}), {server} and {tool} must be there once",
        "20:40: rights.mcp.server[0]: wrong placeholders ({tool}), {server} must be there once",
        "20:57: rights.mcp.all[0]: wrong placeholders ({server}), none is allowed",
        "20:70: rights.mcp.deny_all: it says nothing without `rights.deny`",
        "20:94: rights.mcp.charset: wrong class (z-a), it does not compile (bad character range z-a at position 1)",
    ]),
    ("patterns", "  empty: none", "  empty: none\n  patterns: {shel: ignored}", [
        "20:14: rights.patterns.shel: no such atom (shel), allowed are read.file, … | did you mean `shell`?",
    ]),
    (
        "grants",
        "  empty: none",
        '  empty: none\n  always: [red]\n  never: ["shell()"]\n  needs: {shell: reed}\n  implied: [{key: description, adds: []}]', [
        "20:12: rights.always[0]: no such atom (red), allowed are read.file, …",
        "21:11: rights.never[0]: the limit is empty (shell()), write the grant without it",
        "22:18: rights.needs.shell: no such atom (reed), allowed are read.file, …",
        "23:38: rights.implied[0].adds: no grant is given, at least one is needed",
    ]),
    ("always and never", "  empty: none", "  empty: none\n  always: [shell]\n  never: [shell]", [
        "21:11: rights.never[0]: always and never given (shell), one of them is allowed",
    ]),
    ("implied by nothing", "  empty: none", "  empty: none\n  implied: [{key: sed, adds: [shell]}]", [
        "20:19: rights.implied[0].key: no such key (sed), allowed are keys named in fields, native and switches | did you mean `seed`?",
    ]),
    ("parts of nothing", "  empty: none", "  empty: none\n  parts: {sed: {of: \"tool:x/y\"}, seed: {of: shell}}", [
        "20:11: rights.parts.sed: no such key (sed), allowed are keys named in fields, native and switches | did you mean `seed`?",
        "20:21: rights.parts.sed.of: it has no parts that a list could name (tool:x/y), allowed are `mcp:*` and the atoms",
    ]),
    ("client that is none", "  empty: none", "  empty: none\n  client: claud-code", [
        "20:11: rights.client: no such other format (claud-code), allowed are agents-md, … | did you mean `claude-code`?",
    ]),
    ("switch that does nothing", "  empty: none", "  empty: none\n  switches: {safe: {on: {}}}", [
        "20:25: rights.switches.safe.on: it restricts nothing, `only` or `removes` is needed where it is written | write: false",
    ]),
    ("switch unless nothing", "  empty: none", "  empty: none\n  switches: {safe: {on: {removes: [shell], unless: [reed]}}}", [
        "20:53: rights.switches.safe.on.unless[0]: no such atom (reed), allowed are read.file, …",
    ]),
    ("switch of the list", "  empty: none", "  empty: none\n  switches: {tools: {on: {removes: [shell]}}}", [
        "20:14: rights.switches.tools: the key holds a list of tools (tools), a switch needs its own",
    ]),
    ("vocabulary", "  empty: none", "  empty: none\n  vocabulary: My Tools", [
        "20:15: rights.vocabulary: wrong form (My Tools), allowed are lower case letters, digits and `-`",
    ]),
    (
        "template",
        "native:",
        "body: {min: 5, max: 3, template: [{active: '(a|b)*', otherwise: alters, escape: ['', x], document: y}]}\nnative:", [
        "26:7: body: wrong limits (5 to 3), min is at least 0 and not above max",
        "26:35: body.template[0]: `escape` and `otherwise: alters` disagree, `escape` belongs to `otherwise: escape`",
        "26:44: body.template[0].active: the pattern cannot be used ((a|b)*), a group that repeats or branches is repeated itself",
        "26:81: body.template[0].escape: the text to replace is empty, at least one character is needed",
        "26:100: body.template[0].document: no such kind of file (y), it must be an id in `document`",
    ]),
    ("limit and literal", "native:", "body: {min: 5, limit: 3, literal: prompt}\nnative:", [
        "26:23: body.limit: wrong limit (3), it is at least 1 and not below min",
        "26:35: body.literal: the prompt stands there already (prompt), another key is allowed",
    ]),
    ("a text that begins so", "required: true}", "required: true, active: '(a|b)*'}", [
        "12:59: fields.description.active: the pattern cannot be used ((a|b)*), a group that repeats or branches is repeated itself",
    ]),
    ("brings itself along", "table: model}", "table: model, brings: {fast: {model: x}}}", [
        "13:37: fields.model.brings: the key is the field's own (model), another one of the same map is allowed",
    ]),
    ("native and never written", "risk: inert}", "risk: inert, required: true}", [
        "27:37: native.seed.required: nothing is written there (seed), `fixed` must hold a value for it",
    ]),
    ("lifted and written", "  kind: head+body", "  kind: head+body\n  lift: inner", [
        "10:3: document.lift: it says nothing where a format is written, allowed where `direction: read`",
    ]),
    ("a block that is one agent", "  kind: head+body", "  kind: section", [
        "9:3: document.unit: a block of agents is no file, allowed is entry",
    ]),
    ("detect", "native:", 'detect: {files: [a/b, "*"], keys: [$other, seed], never: [seed]}\nnative:', [
        "26:18: detect.files[0]: not the glob of a file name (a/b), some letters and no folder are allowed",
        "26:23: detect.files[1]: not the glob of a file name (*), some letters and no folder are allowed",
        "26:36: detect.keys[0]: no such pseudo key ($other), allowed is $fallback",
        "26:59: detect.never[0]: the key speaks for and against (seed), one of them is allowed",
    ]),
    ("key with two meanings", "  seed:", "  model:", [
        "27:3: native.model: the key is spoken for (model), fields.model has it already",
    ]),
    ("fixed key", "native:", "fixed: {version: 1}\nnative:", [
        "26:9: fixed.version: no such key (version), allowed are keys named in name, fields, rights and native",
    ]),
    ("risk", "risk: inert", "risk: none", [
        "27:30: native.seed.risk: no such value (none), allowed are connects, inert, runs, secret, widens",
    ]),
    ("parts", "native:", "parts: {prompt: {file: a/b.md, link: c}, colour: {file: x}}\nnative:", [
        "26:24: parts.prompt.file: wrong path (a/b.md), {slug} must be there once",
        "26:50: parts.colour: no such field (colour), allowed are prompt and what `fields` holds",
        "26:50: parts.colour: wrong keys (file), needed are file and link",
    ]),
]
