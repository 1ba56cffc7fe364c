// Writes the tables of docs/api.md that the code knows best: `node scripts/docs.mjs`, after a build. A test holds them equal.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { apiTables } = require('../dist/cli/api-tables.js');

const file = new URL('../docs/api.md', import.meta.url);
let text = await readFile(file, 'utf8');
for (const [heading, table] of Object.entries(apiTables())) {
  const section = new RegExp(`(\\n### ${heading}\\n[^|]*)\\|[^]*?\\n(?=\\n)`);
  text = text.replace(section, (_, intro) => `${intro}${table}\n`);
}
await writeFile(file, text);
