"""The language of `formats/*.yaml`, as types: every key a format file may hold, what it means and what it may be.

Floor 2, data only. The loader (`agentsync.formats.load`) turns YAML into these and refuses what does not fit; the JSON
Schema and docs/format-language.md are generated from the descriptions here, so this module is the one place that explains a key.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Doc = Meta


def _doc(text: str) -> Meta:
    return Meta(description=text)


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"null_": "null", "is_": "is"}, omit_defaults=True):
    """Base of every part of a format file."""


Outcome = Literal["ignored", "skip", "file", "agent", "config", "open"]
"""What a client does with something bad: `ignored` drops that value alone; `skip` ignores the file silently; `file` refuses the
file; `agent` refuses the agent; `config` refuses its whole configuration; `open` loads the agent without its metadata (dangerous)."""

Text = Annotated[str, Meta(min_length=1)]


class Evidence(Rule, frozen=True):
    """How the facts of this file are known."""

    kind: Annotated[Literal["run", "source", "docs", "peer", "convention"], _doc("run: the client or its own parser was run")]
    on: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="the day it was checked")]
    client: Annotated[str | None, _doc("the client and version that was checked")] = None
    enforcement: Annotated[
        Literal["run", "source", "docs", "unverified"], _doc("how it is known that the client enforces rights as `rights` says")
    ] = "unverified"


class Where(Rule, frozen=True):
    """A place where the assistant keeps agents."""

    scope: Annotated[Literal["project", "user"], _doc("user: the path starts at the home directory")]
    read: Annotated[tuple[Text, ...], _doc("globs of files the client loads, `**` for any depth")]
    write: Annotated[str | None, _doc("where a new file goes; `{slug}` is the only placeholder. Absent: only read")] = None
    document: Annotated[str | None, _doc("id of the entry of `document` these files are; absent: the first")] = None
    os: Annotated[Literal["linux", "macos", "windows"] | None, _doc("only on this system")] = None
    skip: Annotated[tuple[Text, ...], _doc("globs inside `read` that the client leaves out")] = ()


class AlsoReads(Rule, frozen=True):
    """Another assistant's folder that this one loads too."""

    format: Text
    rights: Annotated[Literal["enforced", "ignored", "unknown"], _doc("whether it keeps the limits stated there")]
    precedence: Annotated[Literal["own", "other", "unknown"], _doc("whose file wins for one name")] = "unknown"
    when: Annotated[str | None, _doc("the setting it depends on, for people")] = None
    scope: Annotated[Literal["project", "user"] | None, _doc("only the folder of projects, or of the user; absent: both")] = None


class Detect(Rule, frozen=True):
    """How a file outside the assistant's folders is recognised."""

    files: Annotated[tuple[Text, ...], _doc("file name globs that only this format uses")] = ()
    keys: Annotated[tuple[Text, ...], _doc("keys that speak for this format; each found one counts")] = ()
    never: Annotated[tuple[Text, ...], _doc("keys that speak against it")] = ()
    needs: Annotated[tuple[Text, ...], _doc("keys that must all be there")] = ()
    content: Annotated[bool, _doc("false: only where a file lies and what it is called tells, and never what it holds")] = True


class EntryPlace(Rule, frozen=True):
    """Where the agents of a shared file stand."""

    at: Annotated[tuple[str, ...], _doc("path of keys to the map or list of agents; empty: the root")] = ()
    key: Annotated[str | None, _doc("for a list: the key of an item that is its id; absent: a map, whose keys are the ids")] = None
    missing: Annotated[Outcome | None, _doc("what the client does with a file in which this place is not; absent: there are no agents in it")] = None


class Fence(Rule, frozen=True):
    """How the head of a head+body document is marked off."""

    open: Annotated[
        Literal["exact", "trailing-space", "trimmed"], _doc("trailing-space: `---  ` opens and closes too; trimmed: `  ---` as well")
    ] = "exact"
    close: Annotated[
        Literal["line", "prefix", "anywhere"],
        _doc("line: a line `---`; prefix: a line starting `---`; anywhere: the first `---` inside the head text"),
    ] = "line"
    late: Annotated[bool, _doc("true: the opening fence may stand anywhere in the file")] = False
    end: Annotated[Literal["any", "newline"], _doc("newline: the closing fence must be followed by a line end")] = "any"


class DocumentRules(Rule, frozen=True):
    """What one kind of file is made of, and what the client's parser does with bad input."""

    kind: Annotated[
        Literal["head+body", "toml", "json", "jsonc", "yaml", "text", "section"],
        _doc("the container; section: a marked block of a Markdown file that belongs to somebody else"),
    ]
    id: Annotated[str | None, _doc("a name, where a format has several kinds of file")] = None
    unit: Annotated[Literal["file", "folder", "entry"], _doc("one agent a file, a folder an agent, or entries of a shared file")] = "file"
    entry: EntryPlace | None = None
    head: Annotated[
        Literal["yaml12", "yaml11", "js-yaml", "lines"],
        _doc("dialect of scalars: yaml12 core, yaml11 (`no` is false), js-yaml (core with dates); lines: no YAML, `key: rest of line`"),
    ] = "yaml12"
    fence: Fence = Fence()
    body: Annotated[str, _doc("the key that holds `$body` where the container has no body")] = "prompt"
    bom: Annotated[Outcome, _doc("what a byte order mark does; ignored: it is stripped")] = "ignored"
    repair: Annotated[
        Literal["none", "quote-lines", "block-lines", "pairs", "flat-lines"],
        _doc("the client's own mending of a head that is no YAML: quote-lines wraps suspicious one-line values in double quotes, "
             "block-lines makes every top-level value with a colon a literal block, pairs reads line by line, flat-lines too, "
             "but with no nesting: brackets are JSON, and the keys of `repair_lists` hold lists"),
    ] = "none"
    repair_lists: Annotated[tuple[str, ...], _doc("keys that hold lists for `repair: flat-lines`")] = ()
    repair_crlf: Annotated[bool, _doc("false: the repair does not work on CRLF files")] = True
    repair_bom: Annotated[bool, _doc("false: the repair does not work on files with a byte order mark")] = True
    duplicate: Annotated[Literal["last", "first", "error"], _doc("which of two equal keys counts")] = "error"
    invalid_utf8: Annotated[Literal["replace", "file", "skip"], _doc("replace: U+FFFD is read")] = "replace"
    nul: Annotated[Outcome, _doc("what a NUL character does")] = "file"
    no_head: Annotated[Outcome, _doc("a file without (opening) fence; `open`: an agent all the same, its text the prompt")] = "skip"
    headed: Annotated[Outcome, _doc("a text that begins with a head all the same")] = "ignored"
    unclosed: Annotated[Outcome, _doc("a head, or the block of a section file, that is never closed")] = "skip"
    on_bad_head: Annotated[Outcome, _doc("a head that cannot be parsed, after repair")] = "file"
    on_bad_key: Annotated[
        Outcome | Literal["sent"], _doc("an unknown key; ignored: it does nothing; sent: it reaches the model's provider")
    ] = "ignored"
    on_bad_value: Annotated[Outcome, _doc("a value of the wrong type or outside its list, where the field says nothing else")] = "file"
    quote: Annotated[
        Literal["auto", "double", "raw"],
        _doc("how written texts are quoted: auto plain where safe for every YAML reader, else double; double: free text always; raw: never"),
    ] = "auto"
    lists: Annotated[Literal["flow", "block"], _doc("how a written list looks")] = "flow"
    toml: Annotated[Literal["1.0", "1.1"], _doc("the version of TOML that the client reads; 1.0 is what is written")] = "1.0"
    json: Annotated[bool, _doc("true: the client takes JSON for this YAML too; a file that is JSON stays JSON")] = False
    cleaned: Annotated[
        dict[str, str], _doc("characters that the client replaces in the whole text before it parses it: code point, or first-last, in hexadecimal")
    ] = {}
    more: Annotated[tuple[str, ...], _doc("keys whose texts the client puts behind the prompt: read as part of it, behind a blank line")] = ()
    file: Annotated[str | None, _doc("name of a shared file outside the assistant's folders, as `convert` writes it")] = None
    lift: Annotated[str | None, _doc("a map whose keys count as if they stood at top level; where a format is only read")] = None
    home: Annotated[str | None, _doc("the format whose native keys stand at top level, where it is another one")] = None
    others: Annotated[str | None, _doc("the key under which native values of other formats stand, by format id")] = None
    one_line: Annotated[tuple[Text, ...], _doc("places that another client reads line by line: there what is new under `others` is one line")] = ()


class NameRules(Rule, frozen=True):
    """Where the name stands and what it must look like."""

    source: Annotated[
        tuple[Literal["key", "stem", "path", "entry", "folder"], ...],
        _doc("where the client finds the name, first hit first; path: below the agents folder, without ending"),
    ]
    key: Annotated[str, _doc("the native key, where `source` names one")] = "name"
    write: Annotated[Literal["always", "needed"], _doc("needed: the key is written only where the file name says something else")] = "always"
    trim: Annotated[bool, _doc("the client trims it")] = False
    text_of: Annotated[bool, _doc("true: a number or a switch under `key` is a name, as JavaScript writes it; else it is bad")] = False
    cleaned: Annotated[str | None, _doc("a character class; runs of other characters of a name become one `-`")] = None
    dashed: Annotated[bool, _doc("true: blanks and `_` in a stem that stands for the name become `-`")] = False
    pattern: Annotated[str | None, _doc("what the whole name must match")] = None
    length: Annotated[tuple[int, int], _doc("least and most characters")] = (1, 256)
    reserved: Annotated[tuple[str, ...], _doc("names the client refuses or that replace a built-in; compared without case")] = ()
    builtin: Annotated[tuple[str, ...], _doc("names of the client's own agents, which a file of that name would change")] = ()
    taken: Annotated[tuple[str, ...], _doc("names of the client's own agents that go before a file of that name; such a file is not written")] = ()
    over: Annotated[bool, _doc("a file with a name of `builtin` has the rights of the client's own agent where it states none")] = False
    override: Annotated[str | None, _doc("a switch without which the client leaves out a file with a name of `builtin`")] = None
    fold: Annotated[bool, _doc("names are compared without case")] = False
    slug: Annotated[Literal["kebab", "snake"], _doc("how a name that does not fit is made to fit, and a file name from any name")] = "kebab"
    bad: Annotated[Outcome, _doc("what a name that does not fit does")] = "file"
    blank: Annotated[Outcome | None, _doc("what a blank name does where it is bad; absent: the next source is asked")] = None
    by_file: Annotated[bool, _doc("true: the client looks for an agent by its file, so that a new one is named as its file (or folder) is")] = False


class FieldRule(Rule, frozen=True):
    """How one neutral field is written in native keys."""

    key: Annotated[str | tuple[str, ...], _doc("the native key (a list: a path of keys); `$body` is the text after the head")]
    also: Annotated[tuple[str, ...], _doc("other keys read as the same, after `key`")] = ()
    copy: Annotated[str | None, _doc("another key written with the same text; what else stands there is the format's own")] = None
    shape: Annotated[str, _doc("name of a pair of functions in agentsync.shapes: text, line, bool, integer, names …")] = "text"
    table: Annotated[str | None, _doc("name of a table in `values`: neutral value to native; `*` stands for any run of characters")] = None
    absent: Annotated[Any, _doc("the neutral value that absence means, where that is not `not stated`")] = None
    none: Annotated[Any, _doc("a native value that means `not stated`: written where absence would mean something else, else only read")] = None
    required: Annotated[bool, _doc("the client wants it; where the agent has none, the name stands in")] = False
    empty: Annotated[Outcome | None, _doc("what an empty text does, where it is bad")] = None
    null_: Annotated[bool, _doc("true: an explicit null means `not stated`; else it is a wrong value")] = False
    bad: Annotated[Outcome | None, _doc("what a wrong value does; absent: the document's on_bad_value")] = None
    missing: Annotated[Outcome | None, _doc("what absence does where required; absent: the document's on_bad_value")] = None
    unstated: Annotated[str | None, _doc("for people: what the client takes instead of the session's value where nothing is stated")] = None
    closed: Annotated[bool, _doc("true: a native value that `table` does not hold is bad; else it stays the agent's own for this format")] = False
    foreign: Annotated[
        tuple[str, ...], _doc("values of other assistants, as shell patterns: this client takes them and fails when the agent runs; found by lint")
    ] = ()
    overflow: Annotated[tuple[str, ...] | None, _doc("path of keys where a value goes that `table` does not hold; read first")] = None
    write: Annotated[bool, _doc("false: only read")] = True
    limit: Annotated[int | None, _doc("most characters of a text")] = None
    active: Annotated[str | None, _doc("a linear pattern: a text that begins so is a formula or a reference to the client; never written")] = None
    brings: Annotated[dict[str, dict[str, str]], _doc("native value, `*` for any characters, to texts under other keys of the same map")] = {}


class McpRules(Rule, frozen=True):
    """How tools of MCP servers are named. `{server}` and `{tool}` are the placeholders."""

    tool: Annotated[str | None, _doc("one tool of a server")] = None
    server: Annotated[tuple[str, ...], _doc("spellings for all tools of a server; the first is written")] = ()
    all: Annotated[tuple[str, ...], _doc("spellings for every MCP tool")] = ()
    deny_server: Annotated[tuple[str, ...] | None, _doc("the same in the deny list, where it differs")] = None
    deny_all: Annotated[tuple[str, ...] | None, _doc("spellings for every MCP tool in the deny list, where they differ")] = None
    joined: Annotated[bool, _doc("true: server and tool cannot be told apart again")] = False
    charset: Annotated[str | None, _doc("a character class; other characters of a name become `_`")] = None
    native_last: Annotated[bool, _doc("true: a name whose last part is a tool of the client's own gives that tool, and no MCP tool")] = False
    no_underscore_server: Annotated[bool, _doc("true: a wildcard cannot be written for a server whose name holds `_`")] = False


class Implied(Rule, frozen=True):
    """A right that another field brings along."""

    key: Text
    adds: Annotated[tuple[str, ...], _doc("the grants that come along")]
    value: Annotated[Any, _doc("only for this value; absent: any that is stated")] = None
    when: Annotated[Literal["stated", "always"], _doc("stated: only where an allow-list is stated")] = "stated"


class Switch(Rule, frozen=True):
    """What one value of a key does to the rights."""

    only: Annotated[tuple[str, ...] | None, _doc("nothing but these grants are left")] = None
    removes: Annotated[tuple[str, ...], _doc("these grants are taken away")] = ()
    enforced: Annotated[bool, _doc("false: the client does not keep it; written as a statement of intent, and only where that is allowed")] = True
    write: Annotated[bool, _doc("false: only read, never written to restrict")] = True
    fold: Annotated[bool, _doc("true: the client compares the value without case")] = False
    unless: Annotated[tuple[str, ...], _doc("never written for an agent that holds one of these grants")] = ()


class Part(Rule, frozen=True):
    """A list of names beside the rights that leaves only parts of a grant: MCP servers, or agents to start. Only read."""

    of: Annotated[Text, _doc("the grant: `mcp:*`, whose parts are servers, or an atom, whose parts are limits of it")]
    enforced: Annotated[bool, _doc("false: the client is not known to keep it")] = True
    empty: Annotated[Literal["none", "unknown"], _doc("what an empty list leaves; unknown is read as nothing, and not relied on")] = "unknown"


class Beside(Rule, frozen=True):
    """A key written for a restricted agent as a second line of defence, into a new file and where its rights come to need it."""

    value: Annotated[Any, _doc("what is written")]
    unless: Annotated[tuple[str, ...], _doc("not for an agent that holds one of these grants")]


class Denied(Rule, frozen=True):
    """A place outside the tool list where an agent's file takes something away again. Only read."""

    at: Annotated[tuple[Text, ...], _doc("path of keys to a list, or to a switch; `*` stands for the names of tools")]
    limit: Annotated[
        Literal["entry", "glob", "regex", "rules"],
        _doc("what its items are: entries as in the list, patterns for the tool that `*` stands for, or maps (tool, effect, patterns)"),
    ] = "entry"
    rule: Annotated[tuple[str, str, str] | None, _doc("`limit: rules`: the keys of a map that hold the tool, the effect and the patterns")] = None
    effect: Annotated[str, _doc("`limit: rules`: the effect that takes away")] = "deny"
    word: Annotated[str | None, _doc("the word at this place that takes the whole tool away")] = None
    unless: Annotated[str | None, _doc("a switch that takes all of a tool away but for the patterns in the list under this key")] = None


class LegacyMap(Rule, frozen=True):
    """An older map of switches, tool name to true or false, that the client turns into its permission map."""

    key: Text
    rename: Annotated[dict[str, str], _doc("old tool name to permission name, where they differ")] = {}


class RightsRules(Rule, frozen=True):
    """How rights are stated, and what the client makes of it."""

    style: Annotated[
        Literal["allow-list", "permission-map", "none"],
        _doc("allow-list: names of tools or groups, with or without a deny list; permission-map: ordered rules, the last one that "
             "matches wins; none: no list (switches may still restrict)"),
    ]
    absent: Annotated[Literal["all", "none", "unknown", "refused"], _doc("what no statement means; unknown is read as all")]
    empty: Annotated[Literal["all", "none", "unknown", "refused"], _doc("what an empty statement means; unknown is never written")]
    unlisted: Annotated[Literal["denied", "allowed", "unknown"], _doc("what happens to a tool that a list does not name")]
    null_: Annotated[Literal["all", "none", "unknown", "refused"] | None, _doc("what an explicit null means; absent: as empty")] = None
    key: Annotated[str | None, _doc("key of the list or map")] = None
    shape: Annotated[str, _doc("the shape of the list: csv, names, csv-or-names …; the first accepted form is what is written")] = "names"
    deny: Annotated[str | None, _doc("key of the deny list")] = None
    deny_shape: Annotated[str | None, _doc("the shape of the deny list, where it differs")] = None
    enforced: Annotated[bool, _doc("false: the client reads the list but is not known to keep it")] = True
    write: Annotated[bool, _doc("false: the list is only read, never written")] = True
    unknown: Annotated[Literal["dropped", "opens", "agent", "file", "sent"], _doc("what a name the client does not know does")] = "dropped"
    all: Annotated[tuple[str, ...], _doc("entries that mean every tool; the first is written where absence does not mean all")] = ()
    alone: Annotated[bool, _doc("true: an entry of `all` counts only where it is the only one")] = False
    full: Annotated[tuple[str, ...], _doc("what an agent without limits gets where absence is `none`; absent: every tool of `tools`")] = ()
    words: Annotated[dict[str, tuple[str, ...]], _doc("texts that, as the whole value, stand for a list of names")] = {}
    none: Annotated[tuple[str, ...], _doc("what to write for `no tools` where an empty list means something else")] = ()
    void: Annotated[tuple[str, ...], _doc("names that the client takes and that give nothing")] = ()
    deny_none: Annotated[
        tuple[str, ...], _doc("what to write into the deny list for `no tools`, where no allow-list can say it; `none` is written beside it")
    ] = ()
    tools: Annotated[
        str | dict[str, tuple[str, ...]],
        _doc("atom to native names; the first is written, all are read; a name under several atoms grants them all. Text: a table in formats/tables"),
    ] = {}
    former: Annotated[dict[str, tuple[str, ...]], _doc("native name to atoms: names that are read for what they meant, and never written")] = {}
    other: Annotated[tuple[str, ...], _doc("native tools that no atom describes")] = ()
    companions: Annotated[
        dict[str, tuple[str, ...]], _doc("native tool to tools given and denied together with it; alone they are tools that no atom describes")
    ] = {}
    deny_tools: Annotated[dict[str, tuple[str, ...]], _doc("atom to names in the deny list, where it knows others than `tools`")] = {}
    vocabulary: Annotated[str | None, _doc("name of the tool vocabulary; formats that share it exchange unknown names. Absent: the id")] = None
    client: Annotated[str | None, _doc("the format whose client enforces this one too, where another format is read by the same client")] = None
    fold: Annotated[bool, _doc("tool names are compared without case")] = False
    globs: Annotated[bool, _doc("true: an entry is a shell pattern, or behind `re:` a regular expression, for names of tools")] = False
    bare: Annotated[bool, _doc("true: an agent of whose tools none can be said is written without any; else it is refused")] = False
    mcp: McpRules = McpRules()
    patterns: Annotated[
        dict[str, Literal["enforced", "ignored", "no-match"]],
        _doc("what `Tool(limit)` does, by atom, `*` for all others; ignored: the whole tool is given"),
    ] = {}
    deny_patterns: Annotated[Literal["enforced", "whole", "no-effect"], _doc("what a limit does in the deny list")] = "whole"
    prefix: Annotated[str | None, _doc("how `starts with` is spelt in a command limit, after the words: `:*`")] = None
    limits: Annotated[Literal["glob", "regex"], _doc("what a limit is: a pattern, or a regular expression that may match anywhere")] = "glob"
    patterned: Annotated[tuple[str, ...], _doc("permission-map: keys whose value may be a map of patterns")] = ()
    actions: Annotated[tuple[str, ...], _doc("permission-map: words for allow, ask and deny, in this order")] = ("allow", "ask", "deny")
    legacy: LegacyMap | None = None
    together: Annotated[Literal["both", "deny-only"], _doc("allow and deny stated together; deny-only: the allow-list is discarded")] = "both"
    ask: Annotated[tuple[str, ...] | None, _doc("path of keys to a list of grants that ask the user first")] = None
    foreign: Annotated[bool, _doc("true: tools of other vocabularies are named `VOCABULARY/NAME`")] = False
    needs: Annotated[dict[str, str], _doc("atom to an atom without which the client does not start the agent")] = {}
    always: Annotated[tuple[str, ...], _doc("grants an agent has whatever is stated: told, and a refusal only where one is denied by name")] = ()
    brings: Annotated[tuple[str, ...], _doc("grants that every allow-list brings along, unless they are denied")] = ()
    never: Annotated[tuple[str, ...], _doc("grants an agent never gets")] = ()
    implied: tuple[Implied, ...] = ()
    denied: tuple[Denied, ...] = ()
    parts: Annotated[dict[str, Part], _doc("key to the grant of which a list there leaves only parts")] = {}
    beside: Annotated[dict[str, Beside], _doc("key to what is written there for a restricted agent")] = {}
    switches: Annotated[dict[str, dict[str, Switch]], _doc("key to value to what it does, as text")] = {}


class Template(Rule, frozen=True):
    """Something in a body that the client replaces."""

    active: Annotated[str, _doc("a linear pattern (re2-like: no groups that repeat groups, at most 200 characters)")]
    otherwise: Annotated[Literal["refuse", "alters", "escape"], _doc("what literal text like that costs: the agent fails, is altered, or is escaped")]
    escape: Annotated[tuple[str, str] | None, _doc("text to replace and its replacement, inside the match")] = None
    line: Annotated[bool, _doc("true: the pattern is one for a whole line, in any case")] = False
    document: Annotated[str | None, _doc("only in this kind of file")] = None
    fields: Annotated[tuple[str, ...], _doc("neutral fields in which it is replaced too")] = ()
    filled: Annotated[
        tuple[str, ...] | None, _doc("placeholders that the client has a value for; any other makes every run of the agent fail. Absent: unknown")
    ] = None


class BodyRules(Rule, frozen=True):
    """What happens to the prompt."""

    template: tuple[Template, ...] = ()
    min: Annotated[int, _doc("fewest characters the client accepts")] = 0
    max: Annotated[int | None, _doc("most characters some reader of it accepts; longer is a note of lint")] = None
    empty: Annotated[Outcome | None, _doc("what an empty body does, where it is bad")] = None
    lead: Annotated[str, _doc("what stands before every prompt, such as a role line; written, and taken off when read")] = ""
    limit: Annotated[int | None, _doc("most characters the client takes; an agent with more is refused")] = None
    literal: Annotated[
        str | None, _doc("a second key for the prompt, whose text is no template: a prompt that the first one would change stands there")
    ] = None


Risk = Literal["inert", "runs", "connects", "widens", "secret"]


class NativeRule(Rule, frozen=True):
    """A key that this format alone understands."""

    type: Annotated[
        Literal["any", "text", "bool", "integer", "positive", "number", "list", "map", "map-or-null", "text-or-list", "labels", "declared",
                "nothing"],
        _doc("what the client accepts; labels: a list, not empty, of distinct texts of ASCII letters, digits, blanks, `-` and `_`; "
             "declared: a list, or a map of maps that have a `kind`; nothing: it fails on any value"),
    ] = "any"
    values: Annotated[tuple[Any, ...], _doc("the only values the client accepts, where it knows a few")] = ()
    risk: Annotated[Risk, _doc("what it may do: inert, runs commands, connects somewhere, widens rights, holds a secret")] = "runs"
    bad: Annotated[Outcome | None, _doc("what a value of another type does; absent: the document's on_bad_value")] = None
    required: Annotated[bool, _doc("the client does with a file without it what it does with a bad value; `fixed` says what is written")] = False


class Format(Rule, frozen=True):
    """One assistant's way to write agents down: a file of `formats/`."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,39}$", description="the name used everywhere; the file's stem")]
    title: Annotated[Text, _doc("the assistant's name, for people")]
    docs: Annotated[str, Meta(pattern=r"^https://", description="the vendor's documentation")]
    evidence: Evidence
    revision: Annotated[int, Meta(ge=1, description="raised with every change of meaning")]
    where: tuple[Where, ...]
    document: Annotated[DocumentRules | tuple[DocumentRules, ...], _doc("one kind of file, or several, each with an id")]
    name: NameRules
    fields: Annotated[dict[str, FieldRule], _doc("neutral field to native key, in the order they are written; `rights` marks their place")]
    rights: RightsRules
    direction: Annotated[Literal["both", "read", "write"], _doc("read: never written; write: never read")] = "both"
    also_reads: tuple[AlsoReads, ...] = ()
    detect: Detect = Detect()
    parts: Annotated[dict[str, dict[str, str]], _doc("an agent in two files: field to {file, link}")] = {}
    values: Annotated[dict[str, dict[str, Any]], _doc("tables: neutral value to native value")] = {}
    body: BodyRules = BodyRules()
    native: Annotated[dict[str, NativeRule], _doc("keys that this format alone understands")] = {}
    fixed: Annotated[dict[str, Any], _doc("keys written into every new file with this value")] = {}
