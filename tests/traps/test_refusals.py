"""Files that a client refuses, skips or opens, with the exact message and place. Every row was a file of the real client once."""

from __future__ import annotations

from typing import get_args, get_type_hints

import pytest

from agentsync import codec
from agentsync.codec.compiled import TYPES
from agentsync.formats import load
from agentsync.formats.rules import NativeRule
from agentsync.model import Document, Status
from tests.traps.cases import place_of

# The format (or the file's name, for opencode's shared file), what is wrong, the text; status, line, column and message.
REFUSALS: list[tuple[str, str, str, Status, int, int | None, str]] = [
    ('claude-code', 'a description that the repair cannot mend', "---\nname: x\ndescription: 'it's: ok'\n---\n\nYou review the code.\n",
     'skipped', 3, 18, 'the head is no valid YAML'
      ': a key was expected here: the line is indented oddly, or text follows a closed quote (`description`)'
      '; the assistant leaves the file out without a word'),
    ('claude-code', 'CRLF and a colon', '---\r\nname: x\r\ndescription: a: b\r\n---\r\n\r\nYou review the code.\r\n',
     'skipped', 3, 15, 'the head is no valid YAML: a colon and a space stand inside an unquoted value (`description`)'
      '; the assistant leaves the file out without a word'),
    ('claude-code', 'no closing fence', '---\nname: x\ndescription: d\n',
     'skipped', 1, 1, 'the head that begins with `---` is never closed: the assistant leaves the file out without a word'),
    ('claude-code', 'no opening fence', '# Notes\n',
     'skipped', 1, 1, 'the file does not begin with a line `---`: the assistant leaves the file out without a word'),
    ('claude-code', 'no description', '---\nname: x\n---\n\nYou review the code.\n',
     'skipped', 2, None, '`description` is missing'),
    ('claude-code', 'a number for a name', '---\nname: 12\ndescription: d\n---\n\nYou review the code.\n',
     'skipped', 2, None, '`name`: a text is needed (12)'),
    ('claude-json', 'a single quote', '{\n  "x": {"description": \'d\'}\n}\n',
     'refused', 2, 24, 'this is no valid JSON: Expecting value'),
    ('claude-json', 'a list', '[]\n',
     'refused', 1, None, 'the file must be a map of keys'),
    ('claude-json', 'tools as a text', '{\n  "x": {\n    "description": "d",\n    "prompt": "p",\n    "tools": "Read"\n  }\n}\n',
     'refused', 5, None, "`tools`: a list of texts is needed ('Read')"),
    ('claude-json', 'no prompt', '{\n  "x": {\n    "description": "d"\n  }\n}\n',
     'refused', 3, None, '`prompt` is missing'),
    ('claude-json', 'a bad effort', '{\n  "x": {\n    "description": "d",\n    "prompt": "p",\n    "effort": "huge"\n  }\n}\n',
     'refused', 5, None, "`effort`: one of low, medium, high, xhigh, max, or a whole number, is needed ('huge')"),
    ('codex', 'an unknown key', 'name = "x"\ndescription = "reviews"\ndeveloper_instructions = "You review the code."\ncolor = "red"\n',
     'refused', 4, None, '`color` is no key of Codex CLI'),
    ('codex', 'a syntax error', 'name = "x"\ndescription = "reviews"\ndeveloper_instructions = "You review the code."\nmodel = \n',
     'refused', 4, 9, 'this is no valid TOML: Invalid value'),
    ('codex', 'a duplicate key', 'name = "x"\ndescription = "reviews"\ndeveloper_instructions = "You review the code."\nname = "y"\n',
     'refused', 4, 11, 'this is no valid TOML: Cannot overwrite a value'),
    ('codex', 'no instructions', 'name = "x"\ndescription = "reviews"\n',
     'refused', 1, None, '`developer_instructions` is missing'),
    ('codex', 'an unknown sandbox', 'name = "x"\ndescription = "reviews"\ndeveloper_instructions = "You review the code."\nsandbox_mode = "locked"\n',
     'refused', 4, None, "`sandbox_mode` must be one of read-only, workspace-write, danger-full-access ('locked')"),
    ('codex', 'nicknames with a dot', 'name = "x"\ndescription = "reviews"\ndeveloper_instructions = "You review the code."\n'
     'nickname_candidates = ["a.b"]\n',
     'refused', 4, None, "`nickname_candidates` must be a list of distinct texts of ASCII letters, digits, blanks, - and _ (['a.b'])"),
    ('codex', 'bytes that are no UTF-8', 'name = "x"\ndescription = "reviews"\ndeveloper_instructions = "You review the code."\n# \udcff\n',
     'refused', 4, 3, 'bytes that are not UTF-8 stand in the file: save it as UTF-8'),
    ('codex', 'a NUL', 'name = "x"\ndescription = "reviews"\ndeveloper_instructions = "You review the code."\n# \x00\n',
     'refused', 4, 3, 'a NUL character stands in the file: take it out'),
    ('copilot', 'a colon in the description', '---\nname: x\ndescription: Use it. Examples: y\n---\n\nYou review the code.\n',
     'refused', 3, 30, 'the head is no valid YAML: a colon and a space stand inside an unquoted value (`description`)'
      '; the assistant refuses the file'),
    ('copilot', 'a duplicate key', '---\ndescription: d\ntools: []\ndescription: e\n---\n\nYou review the code.\n',
     'refused', 4, 1, 'the head is no valid YAML: the key `description` stands here twice (`description`)'
      '; the assistant refuses the file'),
    ('copilot', 'no closing fence', '---\ndescription: d\n',
     'refused', 1, 1, 'the head that begins with `---` is never closed: the assistant refuses the file'),
    ('copilot', 'no head', 'Just text.\n',
     'refused', 1, 1, 'the file does not begin with a line `---`: the assistant refuses the file'),
    ('copilot', 'tools null', '---\ndescription: reviews\ntools:\n---\n\nYou review the code.\n',
     'refused', 3, None, '`tools`: it says nothing, and GitHub Copilot wants a list of tools there'),
    ('copilot', 'a switch in quotes', '---\ndescription: reviews\ninfer: "true"\n---\n\nYou review the code.\n',
     'refused', 3, None, "`infer` must be true or false ('true')"),
    ('copilot', 'a number for a description', '---\ndescription: 5\n---\n\nYou review the code.\n',
     'refused', 2, None, '`description`: a text is needed (5)'),
    ('gemini-cli', 'a colon in the description', '---\nname: x\ndescription: Use it. Examples: y\n---\n\nYou review the code.\n',
     'refused', 3, 30, 'the head is no valid YAML: a colon and a space stand inside an unquoted value (`description`)'
      '; the assistant refuses the file'),
    ('gemini-cli', 'an unknown key', '---\nname: x\ndescription: reviews\ncolor: red\n---\n\nYou review the code.\n',
     'refused', 4, None, '`color` is no key of Gemini CLI'),
    ('gemini-cli', 'an unknown tool', '---\nname: x\ndescription: reviews\nmax_turns: 3\ntools: [read_file, Read]\n---\n\nYou review the code.\n',
     'refused', 5, None, '`tools`: `Read` is no tool of Gemini CLI'),
    ('gemini-cli', 'a byte order mark', '\ufeff---\nname: x\ndescription: reviews\n---\n\nYou review the code.\n',
     'refused', 1, 1, 'the file begins with a byte order mark (U+FEFF): save it without one'),
    ('gemini-cli', 'a comma list of tools', '---\nname: x\ndescription: reviews\ntools: read_file, glob\n---\n\nYou review the code.\n',
     'refused', 4, None, "`tools`: a list of texts is needed ('read_file, glob')"),
    ('gemini-cli', 'a name with a blank', '---\nname: a b\ndescription: d\n---\n\nYou review the code.\n',
     'refused', 2, None, "`name`: a name must match [a-z0-9_-]+ ('a b')"),
    ('gemini-cli', 'no prompt', '---\nname: x\ndescription: reviews\n---\n',
     'refused', 2, None, 'there is no prompt'),
    ('gemini-cli', 'max_turns 0', '---\nname: x\ndescription: reviews\nmax_turns: 0\n---\n\nYou review the code.\n',
     'refused', 4, None, '`max_turns`: a whole number above 0 is needed (0)'),
    ('gemini-cli', 'a NUL', '---\nname: x\ndescription: reviews\n# \x00\n---\n\nYou review the code.\n',
     'refused', 4, 3, 'a NUL character stands in the file: take it out'),
    ('opencode', "a colour's name", '---\ndescription: reviews\nmode: subagent\ncolor: pink\n---\n\nYou review the code.\n',
     'refused', 4, None, "`color`: #rrggbb or one of primary, secondary, accent, success, warning, error, info is needed ('pink')"),
    ('opencode', 'an unknown mode', '---\ndescription: reviews\nmode: helper\n---\n\nYou review the code.\n',
     'refused', 3, None, "`mode`: one of subagent, primary, all is needed ('helper')"),
    ('opencode', 'tools as a list', '---\ndescription: reviews\ntools: [read]\n---\n\nYou review the code.\n',
     'refused', 3, None, "`tools`: a map of tool names to true or false is needed (['read'])"),
    ('opencode', 'a permission that is no word', '---\ndescription: reviews\npermission: {read: maybe}\n---\n\nYou review the code.\n',
     'refused', 3, None, "`permission`: `read` must be allow, ask, deny, or a map of patterns to these ('maybe')"),
    ('opencode', 'steps 0', '---\ndescription: reviews\nsteps: 0\n---\n\nYou review the code.\n',
     'refused', 3, None, '`steps`: a whole number above 0 is needed (0)'),
    ('opencode', 'a duplicate key', '---\ndescription: reviews\nmode: all\nmode: subagent\n---\n\nYou review the code.\n',
     'degraded', 4, 1, 'the head is no valid YAML: the key `mode` stands here twice (`mode`)'
      '; the assistant loads the agent all the same, with its metadata and limits lost and the text as prompt'),
    ('opencode', 'no closing fence', '---\nmode: all\n',
     'degraded', 1, 1, 'the head that begins with `---` is never closed'
      ': the assistant loads the agent all the same, with its metadata and limits lost and the text as prompt'),
    ('opencode', 'no head', 'Just text.\n',
     'degraded', 1, 1, 'the file does not begin with a line `---`'
      ': the assistant loads the agent all the same, with its metadata and limits lost and the text as prompt'),
    ('opencode.json', 'a mistake in the JSON', '{\n  "agent": {\n    "x": {"mode": all}\n  }\n}\n',
     'refused', 3, 19, 'this is no valid JSON with comments: Expecting value'),
    ('opencode.json', 'one bad entry', '{\n  "agent": {\n    "good": {"mode": "all"},'
      '\n    "bad": {\n      "mode": "all",\n      "color": "pink"\n    }\n  }\n}\n',
     'refused', 6, None, "`color`: #rrggbb or one of primary, secondary, accent, success, warning, error, info is needed ('pink')"),
    ('qwen-code', 'a short prompt', '---\nname: helper\ndescription: reviews\n---\n\nShort.\n',
     'skipped', 2, None, 'the prompt has fewer than 10 characters'),
    ('qwen-code', 'a reserved name', '---\nname: main\ndescription: d\n---\n\nYou review the code.\n',
     'skipped', 2, None, "`name`: the name is reserved ('main')"),
    ('qwen-code', 'a bad approval mode', '---\nname: helper\ndescription: reviews\napprovalMode: sometimes\n---\n\nYou review the code.\n',
     'skipped', 4, None, "`approvalMode` must be one of plan, default, auto-edit, auto, yolo, bubble ('sometimes')"),
    ('qwen-code', 'no closing fence', '---\nname: helper\n',
     'skipped', 1, 1, 'the head that begins with `---` is never closed: the assistant leaves the file out without a word'),
    ('qwen-code', 'no description', '---\nname: helper\n---\n\nYou review the code.\n',
     'skipped', 2, None, '`description` is missing'),
    ('cursor', 'no prompt', '---\nname: x\ndescription: reviews\n---\n',
     'skipped', 2, None, 'there is no prompt'),
    ('cursor', 'no closing fence', '---\nname: x\n',
     'skipped', 1, 1, 'the head that begins with `---` is never closed: the assistant leaves the file out without a word'),
    ('cursor', 'a NUL', '---\nname: x\ndescription: reviews\n# \x00\n---\n\nYou review the code.\n',
     'skipped', 4, 3, 'a NUL character stands in the file: take it out'),
]


@pytest.mark.parametrize(("where", "what", "text", "status", "line", "column", "message"), REFUSALS, ids=[f"{row[0]}: {row[1]}" for row in REFUSALS])
def test_the_message_and_its_place(where: str, what: str, text: str, status: Status, line: int, column: int | None, message: str) -> None:
    fmt = load(where.removesuffix(".json"))
    path = where if where.endswith(".json") else place_of(fmt)
    reading = codec.read(Document(path, text), fmt)[-1]
    problem = reading.problems[0]
    assert (reading.status, problem.message) == (status, message)
    assert (problem.path, problem.line, problem.column) == (path, line, column)
    assert problem.severity == ("note" if status == "skipped" else "error")
    assert (reading.agent is None) == (status != "degraded")


def test_every_type_of_a_native_key_has_its_words() -> None:
    assert set(TYPES) == set(get_args(get_args(get_type_hints(NativeRule, include_extras=True)["type"])[0]))
