// Runs in Node beside @roo-code/types: the extension's own schema over a file read with the parser that the extension uses.
const fs = require("node:fs"), path = require("node:path");
const { customModesSettingsSchema } = require(path.join(process.argv[3], "node_modules", "@roo-code", "types"));
const yaml = require(path.join(process.argv[3], "..", "yaml", "node_modules", "yaml"));
const say = value => console.log(JSON.stringify(value));
const text = fs.readFileSync(path.join(process.argv[2], ".roomodes"), "utf8");
const checked = customModesSettingsSchema.safeParse(yaml.parse(text.replace(/^\uFEFF/, "")));
if (checked.success) {
  for (const mode of checked.data.customModes) {
    const tools = mode.groups.map(group => (Array.isArray(group) ? group[0] : group));
    say({ name: mode.slug, description: mode.description ?? mode.whenToUse, prompt: mode.roleDefinition, tools });
  }
} else {
  say({ name: null, error: checked.error.issues.map(issue => `${issue.path.join(".")}: ${issue.message}`).join("; ") });
}
say("end");
