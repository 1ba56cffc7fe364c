import { spawn } from 'node:child_process';

/** How a command ended. */
export interface Answer {
  /** Exit status; null where the program is not there. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs programs: the AWS CLI and the CDK's, which the runbook's commands are for. */
export interface Shell {
  run(command: readonly string[], input?: string): Promise<Answer>;
  /** Waits between two looks at AWS. */
  pause(seconds: number): Promise<void>;
  now(): number;
}

/** This machine's shell; an interrupt ends what runs. */
export function localShell(signal: AbortSignal, log: (line: string) => void): Shell {
  return {
    run: ([program, ...args], input) =>
      new Promise((resolve, reject) => {
        const child = spawn(program!, args, { signal, stdio: 'pipe' });
        const text = { stdout: '', stderr: '' };
        for (const stream of ['stdout', 'stderr'] as const) {
          child[stream].setEncoding('utf8').on('data', (chunk: string) => {
            text[stream] += chunk;
            if (program === 'npx')
              for (const line of chunk.split('\n')) if (line.trim() !== '') log(`  ${line}`);
          });
        }
        child.on('error', (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT')
            resolve({ status: null, stdout: '', stderr: `${program} is not installed` });
          else reject(error);
        });
        child.on('close', (status) => resolve({ status, ...text }));
        // A program that ends without reading its input is judged by its status.
        child.stdin.on('error', () => undefined);
        child.stdin.end(input ?? '');
      }),
    pause: (seconds) =>
      new Promise((resolve, reject) => {
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
