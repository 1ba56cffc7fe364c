// Writes the tables of docs/api.md that the code knows best, and in docs/cost.md the output under its commands:
// `node scripts/docs.mjs`, after a build. Tests hold them equal.
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { apiTables } = require('../cli/dist/api-tables.js');

const file = new URL('../docs/api.md', import.meta.url);
let text = await readFile(file, 'utf8');
for (const [heading, table] of Object.entries(apiTables())) {
  const section = new RegExp(`(\\n### ${heading}\\n[^|]*)\\|[^]*?\\n(?=\\n)`);
  text = text.replace(section, (_, intro) => `${intro}${table}\n`);
}
await writeFile(file, text);

const cost = new URL('../docs/cost.md', import.meta.url);
const cli = fileURLToPath(new URL('../cli/dist/main.js', import.meta.url));
// Nowhere: prices that this machine's user has fetched are not what ships.
const env = { ...process.env, XDG_CACHE_HOME: fileURLToPath(new URL('../dist/no-cache', import.meta.url)) };
const page = await readFile(cost, 'utf8');
await writeFile(
  cost,
  page.replace(/```sh\nreranker (.*)\n```\n\n```text\n[^]*?```/g, (_, args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args.split(' ')], {
      env,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`reranker ${args}: ${stderr}`);
    return `\`\`\`sh\nreranker ${args}\n\`\`\`\n\n\`\`\`text\n${stdout}\`\`\``;
  }),
);
