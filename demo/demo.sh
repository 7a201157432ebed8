#!/bin/sh
# The main job on real files, in a folder that is removed at the end: a hub, its agents in several projects and formats, an edit. Run by `make demo`.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export HOME="$work/home" XDG_STATE_HOME="$work/state" XDG_CONFIG_HOME="$work/config"
export GIT_AUTHOR_NAME=demo GIT_AUTHOR_EMAIL=demo@example.invalid GIT_COMMITTER_NAME=demo GIT_COMMITTER_EMAIL=demo@example.invalid
mkdir -p "$HOME" shop site

say() { printf '\n\033[1;34m# %s\033[0m\n' "$*"; }
step() {
    printf '\n\033[1m$ %s\033[0m\n' "$*"
    "$@"
    code=$?
    [ "$code" -eq 0 ] || printf '(exit code %s)\n' "$code"
}

git init -q shop && git init -q site

say "A hub: one repository that is the home of the agents"
step agentsync init hub
cat >hub/agents/reviewer.md <<'AGENT'
---
name: reviewer
tools: Read, Grep, Glob
description: "Reviews a change before it is merged"
model: sonnet
color: blue
---

Read the diff. Name each defect with its file and line. Say nothing about style.
AGENT
cat >hub/agents/release-notes.md <<'AGENT'
---
name: release-notes
description: "Writes release notes. Example: <example>user: what changed?</example>"
model: haiku
agentsync:
  codex: {model_reasoning_effort: low}
---

Collect what changed since the last tag and say it for the people who use it.
AGENT
cat >hub/agents/tester.md <<'AGENT'
---
name: tester
tools: Read, Edit, Bash
description: "Finds out why a test fails"
---

Run the tests. Find the cause of each failure before you change anything.
AGENT
cd hub || exit 1

say "Two projects, four assistants"
step agentsync project add ../shop --to claude-code,codex
step agentsync project add ../site --to opencode,copilot
step agentsync push --all

say "Codex keeps no agent to a tool list, so two agents were refused there. Decide once:"
step agentsync skip --refused --for codex
step agentsync push --all

say "An edit in the hub reaches every copy; a second push writes nothing"
sed -i.bak 's/Say nothing about style/Say nothing about taste/' agents/reviewer.md && rm agents/reviewer.md.bak
step agentsync push --all
step agentsync push --all
step grep -rl "nothing about taste" ../shop ../site

say "The same agent as each assistant reads it"
for file in ../shop/.claude/agents/reviewer.md ../site/.opencode/agents/reviewer.md ../site/.github/agents/reviewer.agent.md; do
    printf '\n\033[2m%s\033[0m\n' "$file"
    sed -n '1,14p' "$file"
done

say "Edits on the other side: a sentence in one project, a description in another, both at once with one in the hub"
git add -A && git commit -qm "The agents"
sed -i.bak 's/Name each defect/Name every defect/' ../site/.opencode/agents/reviewer.md && rm ../site/.opencode/agents/reviewer.md.bak
sed -i.bak 's/before it is merged/before you merge it/' ../shop/.claude/agents/reviewer.md && rm ../shop/.claude/agents/reviewer.md.bak
step agentsync status --all
step agentsync sync --all
step git log -1 --format=%B
step grep -h "^description\|Name every" ../shop/.claude/agents/reviewer.md ../site/.github/agents/reviewer.agent.md

say "A project gives an agent more rights: held, until you approve it"
sed -i.bak 's/^tools: .*/tools: Read, Grep, Glob, Bash/' ../shop/.claude/agents/reviewer.md && rm ../shop/.claude/agents/reviewer.md.bak
step agentsync sync --all
step agentsync approve reviewer --reject

say "Or nobody runs anything: a daemon carries an edit from one project to the other"
printf '\n\033[1m$ agentsync watch &\033[0m\n'
agentsync watch --no-notify &
watch=$!
trap 'kill "$watch" 2>/dev/null; rm -rf "$work"' EXIT
until agentsync service status --wait >/dev/null 2>&1; do kill -0 "$watch" 2>/dev/null || break; sleep 0.1; done
sed -i.bak 's/Find the cause/Find the root cause/' ../shop/.claude/agents/tester.md && rm ../shop/.claude/agents/tester.md.bak
step agentsync service status --wait
step grep -rl "root cause" agents ../shop ../site
kill "$watch"
wait "$watch"

say "And everything can be taken back"
step agentsync log
step agentsync undo
step agentsync status --all
exit 0
