#!/bin/sh
# Three small agents, turned into other assistants' formats, in a folder that is removed at the end. Run by `make demo`.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export HOME="$work/home" XDG_STATE_HOME="$work/state" XDG_CONFIG_HOME="$work/config"
mkdir -p "$HOME" shop/.claude/agents

cat >shop/.claude/agents/reviewer.md <<'AGENT'
---
name: reviewer
description: Reviews a change before it is merged
tools: Read, Grep, Glob
model: sonnet
color: blue
---

Read the diff. Name each defect with its file and line. Say nothing about style.
AGENT
cat >shop/.claude/agents/release-notes.md <<'AGENT'
---
name: release-notes
description: "Writes release notes. Example: <example>user: what changed?</example>"
model: haiku
---

Collect what changed since the last tag and say it for the people who use it.
AGENT
cat >shop/.claude/agents/tester.md <<'AGENT'
---
name: tester
description: Use it when tests fail: it finds out why
tools: Read, Edit, Bash
---

Run the tests. Find the cause of each failure before you change anything.
AGENT

step() {
    printf '\n\033[1m$ %s\033[0m\n' "$*"
    "$@"
    code=$?
    [ "$code" -eq 0 ] || printf '(exit code %s)\n' "$code"
}

cd shop || exit 1
step agentsync
step agentsync explain .claude/agents/reviewer.md --to codex
step agentsync convert .claude/agents/release-notes.md --to codex
step agentsync convert . --from claude-code --to opencode,codex,copilot,gemini-cli --into .
step agentsync convert . --from claude-code --to opencode --into . --check
printf '\n'
find . -type f | sort
exit 0
