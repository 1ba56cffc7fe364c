import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** How often is looked for npm. */
const LOOK_MS = 1_000;
const NPM = /^np[mx]( |$)|\/np[mx](-cli\.js)?( |$)/;

/**
 * Ends this process, as SIGTERM does, when the npm that started it has gone. A user who stops `npx reranker local` by
 * the id of the job stops npm alone, which passes the signal on to nobody.
 */
export function endWithNpm(): void {
  if (process.env.npm_command === undefined || process.platform === 'win32') return;
  const npm = startedBy();
  if (npm === undefined) return;
  const timer = setInterval(() => {
    if (isAlive(npm)) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, LOOK_MS);
  timer.unref();
}

/** The npm process above this one: its parent, or the parent of the shell that npm starts commands in. */
function startedBy(): number | undefined {
  const parent = describe(process.ppid);
  if (parent === undefined) return undefined;
  if (NPM.test(parent.command)) return process.ppid;
  const above = describe(parent.parent);
  return above !== undefined && NPM.test(above.command) ? parent.parent : undefined;
}

function describe(pid: number): { readonly parent: number; readonly command: string } | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return { parent: Number(parent), command };
    }
    const line = execFileSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' });
    const [, parent, command = ''] = /^\s*(\d+)\s+(.*)/.exec(line) ?? [];
    return { parent: Number(parent), command };
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
