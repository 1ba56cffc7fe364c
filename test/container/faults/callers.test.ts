import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Agent } from 'node:http';
import type { ErrorBody, RerankResponseBody } from '../../../client/src/wire.js';
import { until } from '../../support/until.js';
import { removeModels, slowModel, smallModel, words } from '../support/model.js';
import { startContainer, stopContainers, type Answer, type ContainerProcess } from '../support/process.js';

let model: string;
beforeAll(async () => (model = await smallModel()));
afterAll(async () => {
  await stopContainers();
  await removeModels();
});

const valid = { query: 'q', documents: ['a b c', 'd e'] };

function open(container: ContainerProcess, bytes: string): Socket {
  const socket = connect(container.port(), '127.0.0.1').on('error', () => undefined);
  socket.write(bytes);
  return socket;
}

/** All that a connection says until it is closed. */
async function heard(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(socket, 'close');
  return text;
}

const head = (bytes: number) =>
  `POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`;

/** Scores in the order of the documents; rounding differs with what shares a batch. */
const scoresOf = ({ results }: RerankResponseBody): number[] =>
  [...results].sort((a, b) => a.index - b.index).map(({ relevance_score }) => relevance_score);

it('answers 1,000 connections that come at once', async () => {
  const container = await startContainer(model);
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => container.rerank(valid)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const scores = answers.map(({ json }) => scoresOf(json));
  for (const each of scores) each.forEach((score, i) => expect(score).toBeCloseTo(scores[0]![i]!, 4));
});

it('serves others while bodies trickle in, and ends those with 408', async () => {
  const container = await startContainer(model, {
    RERANKER_DEADLINE_MS: '2000',
    RERANKER_MAX_BODY_BYTES: '1000000',
    RERANKER_INFLIGHT_BYTES: '1000000',
  });
  // Together they declare a hundred times what all bodies may hold.
  const slow = Array.from({ length: 100 }, () => open(container, `${head(1_000_000)}{"query":`));
  const answers = slow.map(heard);
  const trickle = setInterval(() => slow.forEach((socket) => socket.write(' ')), 100);
  for (let i = 0; i < 10; i += 1) expect((await container.rerank(valid)).status).toBe(200);
  for (const text of await Promise.all(answers)) {
    expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(text).toMatch(/\{"error":\{"code":"request_timeout","message":"[^"]+","details":\{\}\}\}$/);
  }
  clearInterval(trickle);
  expect((await container.rerank(valid)).status).toBe(200);
});

it('answers what is no HTTP in the shape of every error', async () => {
  const container = await startContainer(model);
  for (const [bytes, status, code] of [
    ['GARBAGE\r\n\r\n', '400 Bad Request', 'malformed_request'],
    [
      `POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n`,
      '400 Bad Request',
      'malformed_request',
    ],
    [
      `GET /ping HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      '431 Request Header Fields Too Large',
      'headers_too_large',
    ],
  ] as const) {
    const text = await heard(open(container, bytes));
    expect(text.startsWith(`HTTP/1.1 ${status}\r\n`)).toBe(true);
    const [, body] = text.split('\r\n\r\n');
    expect((JSON.parse(body!) as ErrorBody).error).toMatchObject({ code, details: {} });
  }
  expect((await container.ping()).status).toBe(200);
});

it('holds nothing for callers that hang up, whenever they do', async () => {
  const container = await startContainer(await slowModel(), {
    RERANKER_INFLIGHT_BYTES: '1000000',
    RERANKER_MAX_BODY_BYTES: '1000000',
  });
  const body = JSON.stringify({ query: 'q', documents: [words('ab', 3_000)] });
  const cut = [0, 10, head(body.length).length + 1, head(body.length).length + body.length - 1, Infinity];
  const sockets = Array.from({ length: 100 }, (_, i) =>
    open(container, (head(body.length) + body).slice(0, cut[i % cut.length])),
  );
  await container.busy();
  for (const socket of sockets) socket.destroy();
  // Twenty such documents would take the model half a minute.
  expect((await container.rerank(valid)).status).toBe(200);
  while ((await container.queuedTokens()) > 0);
  // And a body of all that may be held at once fits again.
  const whole = JSON.stringify({ query: 'q', documents: [' '.repeat(999_000)] });
  expect((await container.send('/invocations', { body: whole })).status).toBe(200);
  expect(container.log.filter(({ code }) => code === 'internal_error')).toEqual([]);
});

it('loses no request it has accepted when it is told to end under load', async () => {
  const container = await startContainer(model);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const request = { query: 'q', documents: Array.from({ length: 40 }, (_, i) => words('abc', 5 + i)) };
  const answers: Answer[] = [];
  const failures: string[] = [];
  const callers = Array.from({ length: 64 }, async () => {
    for (;;) {
      const answer = await container.rerank(request, { agent }).catch((error: NodeJS.ErrnoException) => {
        failures.push(error.code ?? error.message);
        return undefined;
      });
      if (answer === undefined) return;
      answers.push(answer);
      if (answer.status !== 200) return;
    }
  });
  await until(() => answers.length >= 100);
  container.child.kill('SIGTERM');
  await Promise.all(callers);
  expect(await container.exited).toBe(0);
  agent.destroy();
  for (const answer of answers.filter(({ status }) => status !== 200)) {
    expect((answer.json as ErrorBody).error.code).toBe('draining');
  }
  // Connections it had not yet taken from the system, or that were idle between two requests, are all that may fail.
  expect(failures.filter((code) => !['ECONNREFUSED', 'ECONNRESET'].includes(code))).toEqual([]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(
    container.log.filter(({ msg }) => msg === 'reranked').length,
  );
  expect(container.log.filter(({ msg }) => msg === 'caller hung up')).toEqual([]);
});
