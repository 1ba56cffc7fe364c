// What the docs show of the code, written anew after a build: the tables of docs/api.md, and what commands print.
// `node scripts/docs.mjs` writes, `node scripts/docs.mjs --check` names what differs.
//
// The output of a command stands in a block of `text` below its block of `sh`. A part of an output, and one whose command
// stands elsewhere, has a comment above it: <!-- printed by: reranker demo; from "? requests" to "BM25 + model  " -->
// In examples/ a block without an output is a server that runs until the end of the page.
import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const require = createRequire(import.meta.url);
const { apiTables } = require('../cli/dist/api-tables.js');

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const check = process.argv.includes('--check');
// Nowhere: prices that this machine's user has fetched are not what ships.
const env = { ...process.env, XDG_CACHE_HOME: path.join(root, 'build', 'no-cache'), COLUMNS: '' };
/** An encoder that is downloaded: where it is missing, what was printed with it stays. */
const ENCODER = 'build/bge-small';

const BLOCKS =
  /```sh\n([^]*?)```(?:\n\n```text\n([^]*?)```)?|<!-- printed by: ([^;]*?)(?:; from "(.*?)" to "(.*?)")? -->\n\n```text\n([^]*?)```/g;

async function withOutputs(page, text) {
  const servers = [];
  const ports = new Map();
  try {
    let written = '';
    let end = 0;
    for (const match of text.matchAll(BLOCKS)) {
      const [whole, shell, shown = match[6], marked, from, to] = match;
      written += text.slice(end, match.index);
      end = match.index + whole.length;
      const command = await here(shell ?? marked, ports);
      if (shown !== undefined && (!command.includes(ENCODER) || existsSync(path.join(root, ENCODER)))) {
        const printed = part((await run(command)).stdout, from, to);
        const scores = page.startsWith('examples/') || command.includes(' rerank ');
        const is = scores ? rounded(printed) === rounded(shown) : printed === shown;
        written += is ? whole : whole.replace(`\`\`\`text\n${shown}`, () => `\`\`\`text\n${printed}`);
      } else {
        written += whole;
        if (shown === undefined && page.startsWith('examples/') && ports.size > servers.length) {
          servers.push(
            spawn('bash', ['-c', `exec ${command}`], { cwd: root, env, stdio: 'ignore', detached: true }),
          );
          await opened([...ports.values()].at(-1), servers.at(-1));
        }
      }
    }
    return written + text.slice(end);
  } finally {
    // With what it started: npx passes no signal on.
    for (const { pid, exitCode } of servers) if (exitCode === null) process.kill(-pid, 'SIGTERM');
  }
}

/** The command as it runs in the repository, with ports that are free here. */
async function here(command, ports) {
  for (const [port] of command.matchAll(/\b(?:8080|5433)\b/g)) {
    if (!ports.has(port)) ports.set(port, await freePort());
  }
  return (
    command
      .trim()
      .replace(/^(npx )?reranker /gm, `"${process.execPath}" cli/bin/reranker.js `)
      // Built already, and tests read what a build writes.
      .replace('npm run -s build && ', '')
      .replaceAll('npm run -s example', `"${process.execPath}" scripts/example.mjs`)
      .replace(/\b(?:8080|5433)\b/g, (port) => ports.get(port))
  );
}

/** Pages show parts of the same output: every command runs once. */
const ran = new Map();
function run(command) {
  if (!ran.has(command)) {
    ran.set(command, promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command], { cwd: root, env }));
  }
  return ran.get(command);
}

/** The lines from the first that begins with `from` to the last that begins with `to`. */
function part(output, from, to) {
  if (from === undefined) return output;
  const lines = output.split('\n');
  const first = lines.findIndex((line) => line.startsWith(from));
  const last = lines.slice(first).findIndex((line) => line.startsWith(to));
  if (first < 0 || last < 0) throw new Error(`the output has no lines from "${from}" to "${to}"`);
  return `${lines.slice(first, first + last + 1).join('\n')}\n`;
}

/** Decimals of a score beyond the second differ from processor to processor. */
const rounded = (text) => text.replace(/(\.\d\d)\d+/g, '$1');

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(String(port)));
    });
  });
}

/** Resolves when the server takes connections, and a container behind it is ready. */
async function opened(port, server) {
  while (server.exitCode === null) {
    const socket = connect(Number(port), '127.0.0.1');
    const open = await new Promise((resolve) =>
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false)),
    );
    socket.destroy();
    if (open && (server.spawnargs[2].includes('pglite') || (await isReady(port)))) return;
    await sleep(100);
  }
  throw new Error(`a server ended with ${server.exitCode}`);
}

const isReady = (port) =>
  fetch(`http://127.0.0.1:${port}/ping`).then(
    ({ ok }) => ok,
    () => false,
  );

function withTables(text) {
  return Object.entries(apiTables()).reduce((before, [heading, table]) => {
    const section = new RegExp(`(\\n### ${heading}\\n[^|]*)\\|[^]*?\\n(?=\\n)`);
    return before.replace(section, (_, intro) => `${intro}${table}\n`);
  }, text);
}

const examples = readdirSync(path.join(root, 'examples')).map((name) => `examples/${name}/README.md`);
const pages = [
  'README.md',
  'docs/getting-started.md',
  'docs/cost.md',
  ...examples.filter((name) => existsSync(path.join(root, name))),
];
const stale = [];
for (const page of ['docs/api.md', ...pages]) {
  const file = path.join(root, page);
  const text = await readFile(file, 'utf8');
  const fresh = page === 'docs/api.md' ? withTables(text) : await withOutputs(page, text);
  if (fresh === text) continue;
  stale.push(page);
  if (!check) await writeFile(file, fresh);
}
if (check && stale.length > 0) {
  process.stderr.write(`not what the code prints: ${stale.join(', ')} (node scripts/docs.mjs writes them)\n`);
  process.exitCode = 1;
}
