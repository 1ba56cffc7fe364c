import { spawn } from 'node:child_process';
import { setMaxListeners } from 'node:events';

/** How a command ended. */
export interface Answer {
  /** Exit status; null where the program is not there. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs programs: the AWS CLI and the CDK's, which the runbook's commands are for. */
export interface Shell {
  run(command: readonly string[]): Promise<Answer>;
  /** Waits between two looks at AWS. */
  pause(seconds: number): Promise<void>;
  now(): number;
}

/**
 * Runs a command that ends when whoever started it is gone, killed even: a deployment that goes on by itself would bring back what
 * is cleaned up meanwhile. Standard input, which says nothing, is closed then.
 */
const ENDS_WITH_US = `
exec 3<&0
"$@" </dev/null 3<&- & command=$!
{ read -r _; kill -TERM 0; } <&3 >/dev/null 2>&1 & watch=$!
wait $command; status=$?
kill $watch
exit $status`;

/** This machine's shell; an interrupt ends what runs. */
export function localShell(signal: AbortSignal, log: (line: string) => void): Shell {
  setMaxListeners(0, signal);
  return {
    run: ([program, ...args]) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        // A group of its own: npx passes no signal on, and Ctrl+C must not end what cleans up.
        const child =
          program === 'npx'
            ? spawn('sh', ['-c', ENDS_WITH_US, 'sh', program, ...args], { detached: true })
            : spawn(program!, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
        const stop = () => {
          // Its exit code is null where it was not started, or has ended in between.
          if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
        };
        signal.addEventListener('abort', stop, { once: true });
        const text = { stdout: '', stderr: '' };
        for (const stream of ['stdout', 'stderr'] as const) {
          child[stream].setEncoding('utf8').on('data', (chunk: string) => {
            text[stream] += chunk;
            if (program === 'npx' && !args.includes('--version'))
              for (const line of chunk.split('\n')) if (line.trim() !== '') log(`  ${line}`);
          });
        }
        child.on('error', (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT')
            resolve({ status: null, stdout: '', stderr: `${program} is not installed` });
          else reject(error);
        });
        child.on('close', (status) => {
          signal.removeEventListener('abort', stop);
          if (signal.aborted) reject(new Error('interrupted'));
          else resolve({ status, ...text });
        });
      }),
    pause: (seconds) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const stop = () => {
          clearTimeout(timer);
          reject(new Error('interrupted'));
        };
        const timer = setTimeout(() => {
          signal.removeEventListener('abort', stop);
          resolve();
        }, 1000 * seconds);
        signal.addEventListener('abort', stop, { once: true });
      }),
    now: () => Date.now(),
  };
}
