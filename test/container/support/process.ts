import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request, type Agent } from 'node:http';
import { connect } from 'node:net';
import { CONTAINER_FLAGS, containerEntry } from '@sagemaker-reranker/container';

/** One line of the container's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: never;
}

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

/** The container as a process of its own, spoken to over a real socket. */
export class ContainerProcess {
  readonly log: LogLine[] = [];
  stdout = '';
  stderr = '';
  /** Exit code, once it has ended. */
  readonly exited: Promise<number | null>;

  constructor(
    readonly child: ChildProcess,
    readonly port: () => number,
  ) {
    this.exited = once(child, 'close').then(([code]) => code as number | null);
    let rest = '';
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      this.stdout += chunk;
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith('{')) this.log.push(JSON.parse(line) as LogLine);
      }
      this.child.emit('logged');
    });
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (this.stderr += chunk));
  }

  /** Resolves with the first line of the log, past or to come, that has this message and these fields. */
  async logged(msg: string, fields: Readonly<Record<string, unknown>> = {}): Promise<LogLine> {
    const wanted = Object.entries({ msg, ...fields });
    for (;;) {
      const line = this.log.find((each) => wanted.every(([key, value]) => each[key] === value));
      if (line !== undefined) return line;
      const ended = await Promise.race([
        once(this.child, 'logged').then(() => false),
        this.exited.then(() => true),
      ]);
      if (ended) throw new Error(`the container ended before it logged "${msg}": ${this.stderr}`);
    }
  }

  send(path: string, options: SendOptions = {}): Promise<Answer> {
    const {
      method = 'POST',
      headers = { 'content-type': 'application/json' },
      body,
      agent,
      signal,
    } = options;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { host: '127.0.0.1', port: this.port(), path, method, headers, agent: agent ?? false, signal },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('error', reject);
          response.on('end', () => {
            const json = (
              /\/json(;|$)/.test(response.headers['content-type'] ?? '') ? JSON.parse(text || '{}') : {}
            ) as never;
            resolve({ status: response.statusCode!, headers: response.headers, text, json });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  rerank(body: unknown, options: SendOptions = {}): Promise<Answer> {
    return this.send('/invocations', { ...options, body: JSON.stringify(body) });
  }

  ping(): Promise<Answer> {
    return this.send('/ping', { method: 'GET', headers: {} });
  }

  /** Tokens admitted and not yet scored, as `/metrics` tells. */
  async queuedTokens(): Promise<number> {
    const { text } = await this.send('/metrics', { method: 'GET', headers: {} });
    return Number(/^reranker_queue_tokens (\d+)/m.exec(text)![1]);
  }

  /** Resolves when a request has reached the engine. */
  async busy(): Promise<void> {
    while ((await this.queuedTokens()) === 0);
  }

  /** A request whose headers are sent when `finish` is called, on a connection opened and used before. */
  lateRequest(): { finish(body: string): Promise<string> } {
    const socket = connect(this.port(), '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const closed = once(socket, 'close');
    // A connection in the middle of a request's headers is not idle, so a server that drains leaves it open.
    socket.write('POST /invocations HTTP/1.1\r\nHost: x\r\n');
    return {
      finish: async (body) => {
        socket.write(`Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        await closed;
        return text;
      },
    };
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
  }
}

const started: ContainerProcess[] = [];

export interface SpawnOptions {
  /** Default: the built container. */
  readonly entry?: string;
  /** Limits of the process and those it starts, as prlimit(1) takes them. */
  readonly limits?: readonly string[];
}

/** Starts `main.js` with these arguments and nothing in its environment but what is given. */
export function spawnContainer(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { entry = containerEntry(), limits }: SpawnOptions = {},
): ContainerProcess {
  const [command, ...before] = [...(limits === undefined ? [] : ['prlimit', ...limits]), process.execPath];
  const child = spawn(command!, [...before, ...CONTAINER_FLAGS, entry, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const container: ContainerProcess = new ContainerProcess(child, () => {
    const line = container.log.find(({ msg }) => msg === 'listening');
    if (line === undefined) throw new Error('the container does not listen yet');
    return line.port as number;
  });
  started.push(container);
  return container;
}

/** A container on a free port, ready to answer. */
export async function startContainer(
  modelDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ContainerProcess> {
  const container = spawnContainer(['serve', '--port', '0', '--model', modelDir], {
    RERANKER_THREADS: '1',
    // Every test has ten minutes, on the slowest machine.
    RERANKER_DEADLINE_MS: '600000',
    ...env,
  });
  await container.logged('ready');
  return container;
}

export async function stopContainers(): Promise<void> {
  await Promise.all(started.splice(0).map((container) => container.stop()));
}
