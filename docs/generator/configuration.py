"""docs/configuration.md: every key of agentsync.yaml and of the user's own configuration, from the code."""

from __future__ import annotations

from agentsync.config import Defaults, HubFile, KnownHub, Project, TargetOptions, UserFile
from agentsync.formats.schema import keys_table

_TEXT = """# Configuration

<!-- generated: python docs/generate.py -->

There are two files. `agentsync.yaml` lies in the hub and travels with it by git: it says which projects receive which agents, in which formats.
Your own configuration lies on this machine and says what is yours alone: where projects lie here, and which of them agentsync may write to.
What arrives in `agentsync.yaml` enables nothing by itself; only `agentsync init`, `project add`, `project enable`, `adopt`, or your yes does.

A key that does not exist, or a value that makes no sense, is an error with its line; nothing runs before it is mended. Agentsync's own edits
(`project add`, `allow`, `exclude` and others) keep your comments and the order of your keys. For an editor's help put this in the first line:
`# yaml-language-server: $schema=https://raw.githubusercontent.com/OWNER/agentsync/main/src/agentsync/agentsync.schema.json`

## agentsync.yaml

```yaml
version: 1
branch: main                    # the hub rests while another branch is checked out
defaults:
  targets: [claude-code]
models:
  sonnet: {{opencode: anthropic/claude-sonnet-4-5, codex: gpt-5.5}}
projects:
  shop:
    path: ../shop
    repo: github.com/acme/shop  # found by this where it lies elsewhere
    dir: services/api           # a folder inside that repository
    targets:                    # a list, or a map with options
      claude-code: {{}}
      copilot: {{select: ["tag:open"]}}
      codex: {{allow_widening: true}}
    select: ["tag:backend", "!experimental-*"]
    mode: two-way
    track: leave
  me: {{path: "~", scope: user, targets: [claude-code, opencode]}}
```

{hub}
### defaults

{defaults}
### projects.NAME

{project}
A project with `repo:` is recognised by its git remotes, whichever way their addresses are written (`https://…`, `git@…:…`, `ssh://…`).
`agentsync project enable NAME` looks for its clone in the folders below your `roots:`, five levels deep, and `--at PATH` says which where
there are several. If there is a `path:` too, what lies there comes first. `agentsync check` knows such a project wherever it was cloned.

### projects.NAME.targets.FORMAT

{target}
## Your own configuration

`config.yaml` in agentsync's own folder of configuration: `$XDG_CONFIG_HOME/agentsync` or `~/.config/agentsync` on Linux,
`~/Library/Application Support/agentsync` on macOS, `%LOCALAPPDATA%\\agentsync` on Windows. Beside it, in `formats/`, lie
[formats of your own](own-formats.md). Agentsync writes `hubs:`, and `hub:` with the first `init`; the rest is for you to set.

```yaml
roots: [~/code, ~/work]         # where your repositories lie
```

{user}
### hubs.ID

{known}
## Environment

| variable | meaning |
| --- | --- |
| `AGENTSYNC_HUB` | the hub to use, as `-C` |
| `NO_COLOR`, `FORCE_COLOR` | no colours, or colours even where the output is no terminal |
| `VISUAL`, `EDITOR` | the editor for `agentsync edit`, `new` and `resolve` |
| `XDG_CONFIG_HOME`, `XDG_STATE_HOME` | where, on Linux, your configuration and what agentsync remembers lie |
"""


def configuration_page() -> str:
    """The whole page."""
    return _TEXT.format(
        hub=keys_table(HubFile), defaults=keys_table(Defaults), project=keys_table(Project), target=keys_table(TargetOptions),
        user=keys_table(UserFile), known=keys_table(KnownHub),
    )
