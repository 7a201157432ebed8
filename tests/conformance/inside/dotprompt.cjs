// Runs in Node beside the package dotprompt: its own parser, and the messages it renders.
const fs = require("node:fs"), path = require("node:path");
const { Dotprompt } = require(path.join(process.argv[3], "node_modules", "dotprompt"));
const say = console.log;
console.error = () => {};
const files = fs.readdirSync(process.argv[2], { recursive: true }).filter(name => name.endsWith(".prompt")).sort();
(async () => {
  const library = new Dotprompt();
  for (const name of files) {
    const source = fs.readFileSync(path.join(process.argv[2], name), "utf8");
    try {
      const parsed = library.parse(source);
      const { messages } = await library.render(source, { input: {} });
      const roles = messages.map(message => message.role).join(" ");
      const prompt = messages.map(message => message.content.map(part => part.text).join("")).join("\n").trim(); // the line end behind the role
      const error = roles === "system" || prompt === "" ? null : `its messages are: ${roles}`;
      say(JSON.stringify({ name: parsed.name, description: parsed.description, prompt, model: parsed.model, tools: parsed.tools ?? [], error }));
    } catch (error) {
      say(JSON.stringify({ name: null, error: `${name}: ${error.message}`.slice(0, 300) }));
    }
  }
  say(JSON.stringify("end"));
})();
