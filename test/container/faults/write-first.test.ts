import { once } from 'node:events';
import { connect } from 'node:net';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { removeModels } from '../support/model.js';
import { spawnContainer, startContainer, stopContainers, type ContainerProcess } from '../support/process.js';

const BYTES = 5_000_000;
let container: ContainerProcess;
let multi: ContainerProcess;

beforeAll(async () => {
  container = await startContainer(embeddedModelDirectory(), { RERANKER_MAX_BODY_BYTES: '2000000' });
  multi = spawnContainer(['serve', '--port', '0'], { SAGEMAKER_MULTI_MODEL: 'true' });
  await multi.logged('ready');
});
afterAll(async () => {
  await stopContainers();
  await removeModels();
});

/** The answer to a client that writes its request to the end before it reads a byte. */
async function writeFirst(to: ContainerProcess, head: string, body: Buffer): Promise<string> {
  const socket = connect(to.port(), '127.0.0.1');
  socket.pause();
  await once(socket, 'connect');
  // Rejects with the error of a connection that is cut while it writes.
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.write(head);
    socket.write(body, (error) => (error ? reject(error) : resolve()));
  });
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const whole = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', resolve);
    socket.on('data', () => {
      const [headers = '', sent = ''] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(headers)?.[1]);
      if (sent.length >= length) resolve();
    });
  });
  socket.resume();
  await whole;
  socket.destroy();
  return text;
}

const head = (method: string, path: string, ...headers: string[]) =>
  [`${method} ${path} HTTP/1.1`, 'Host: x', `Content-Length: ${BYTES}`, ...headers, '', ''].join('\r\n');
const JSON_TYPE = 'Content-Type: application/json';

it.each([
  ['an unknown content type', head('POST', '/invocations', 'Content-Type: text/plain'), 415],
  ['an unknown route', head('POST', '/nowhere', JSON_TYPE), 404],
  ['another method', head('PUT', '/invocations', JSON_TYPE), 405],
  ['another method of a native route', head('PUT', '/v1/rerank', JSON_TYPE), 405],
  ['another method of ping', head('POST', '/ping', JSON_TYPE), 405],
  ['a declared length over the limit', head('POST', '/invocations', JSON_TYPE), 413],
  ['an unknown encoding', head('POST', '/invocations', JSON_TYPE, 'Content-Encoding: zstd'), 415],
  ['an unknown format', head('POST', '/rerank', 'Content-Type: application/json; format=x'), 415],
])('a client that writes first gets the answer to %s', async (_what, request, status) => {
  for (let i = 0; i < 3; i += 1) {
    const answer = await writeFirst(container, request, Buffer.alloc(BYTES, 0x20));
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  }
});

it.each([
  ['an unknown model', head('POST', '/models/x/invoke', JSON_TYPE), 404],
  ['another method', head('PUT', '/models', JSON_TYPE), 405],
])('of a multi-model endpoint too: %s', async (_what, request, status) => {
  const answer = await writeFirst(multi, request, Buffer.alloc(BYTES, 0x20));
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  if (status === 405) expect(answer).toContain('/models does not take PUT');
});

it('a body that is too large as it arrives in chunks is answered too', async () => {
  const chunk = Buffer.alloc(500_000, 0x20);
  const chunks = Array.from({ length: 8 }, () => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  const request = `POST /invocations HTTP/1.1\r\nHost: x\r\n${JSON_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const answer = await writeFirst(
    container,
    request,
    Buffer.concat([...chunks.flat(), Buffer.from('0\r\n\r\n')]),
  );
  expect(answer).toMatch(/^HTTP\/1.1 413 /);
});

it('a request without a Host header gets an error with a body', async () => {
  const answer = await writeFirst(container, 'GET /ping HTTP/1.1\r\n\r\n', Buffer.alloc(0));
  expect(answer).toMatch(/^HTTP\/1.1 400 [^]*"code":"malformed_request"/);
});

it('what is dropped is bounded: a body that never ends is cut off, and no memory is held', async () => {
  const socket = connect(container.port(), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    `POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: ${1e12}\r\n\r\n`,
  );
  // Not once(): the connection ends in an error, as it should.
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const piece = Buffer.alloc(100_000);
  const pump = (): void => {
    while (!socket.destroyed && socket.write(piece)) continue;
  };
  socket.on('drain', pump);
  pump();
  await closed;
  expect(socket.bytesWritten).toBeLessThan(100_000_000);
  expect((await container.ping()).status).toBe(200);
});
