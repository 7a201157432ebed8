// Runs in Node beside @cline/core: its own loader, and its own choice of an agent's tools among those of a session.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
const folder = path.join(process.argv[3], "node_modules", "@cline", "core", "dist");
const say = value => console.log(JSON.stringify(value));
// The choice is a function that the package does not export; a copy of its bundle does.
const bundle = fs.readFileSync(path.join(folder, "index.js"), "utf8");
const choice = /function ([\w$]+)\(([\w$]+),([\w$]+)\)\{if\(\3\.tools===void 0\)return \2;/.exec(bundle)[1];
const copy = path.join(folder, `asked-${process.pid}.mjs`);
fs.writeFileSync(copy, `${bundle}\nexport{${choice} as chosenTools};\n`);
try {
  const { chosenTools, createDefaultToolsWithPreset, loadConfiguredAgentConfigs } = await import(pathToFileURL(copy));
  const executors = new Proxy({}, { get: (_, key) => (key === "then" ? undefined : Object.assign(async () => "", { configuredSkills: [] })) });
  // For some models a session has `apply_patch` instead of `editor`: an agent's list has to be right for both.
  const session = createDefaultToolsWithPreset("act", { executors, cwd: process.argv[2], enableApplyPatch: true });
  const { configs, errors } = loadConfiguredAgentConfigs({ workspaceRoot: process.argv[2] });
  for (const agent of configs) {
    const tools = chosenTools(session, agent).map(tool => tool.name);
    say({ name: agent.name, description: agent.description, prompt: agent.systemPrompt, model: agent.modelId, tools });
  }
  for (const { path: file, error } of errors) say({ name: null, error: `${file}: ${error.message}` });
  say("end");
} finally {
  fs.unlinkSync(copy);
}
