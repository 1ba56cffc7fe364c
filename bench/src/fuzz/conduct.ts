import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from './call.js';

export interface Heard {
  /** All bytes that came back. */
  readonly text: string;
  /** Whether the connection was still open when the caller had waited long enough. */
  readonly hung: boolean;
  /** What ended the connection, where it was not closed in order. */
  readonly error?: string;
}

const PIECES = 8;
const PAUSE_MS = 15;
/** Far beyond what any of these calls takes, and what the server gives a request that does not arrive. */
const PATIENCE_MS = 60_000;

/** The bytes of a call. */
export function bytesOf({ method, path, type, accept, encoding, framing, body }: Call, id: string): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: fuzz', `X-Request-Id: ${id}`, 'Connection: close'];
  if (type !== undefined) lines.push(`Content-Type: ${type}`);
  if (accept !== undefined) lines.push(`Accept: ${accept}`);
  if (encoding !== undefined) lines.push(`Content-Encoding: ${encoding}`);
  const lengths: Partial<Record<typeof framing, number>> = {
    length: body.length,
    'too long': body.length + 10,
    'too short': Math.max(0, body.length - 10),
  };
  if (lengths[framing] !== undefined) lines.push(`Content-Length: ${lengths[framing]}`);
  const chunked = framing === 'chunked' || framing === 'bad chunks';
  if (chunked) lines.push('Transfer-Encoding: chunked');
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  if (!chunked) return Buffer.concat([head, body]);
  const size = framing === 'chunked' ? body.length.toString(16) : 'zz';
  const chunk = body.length === 0 ? [] : [Buffer.from(`${size}\r\n`), body, Buffer.from('\r\n')];
  return Buffer.concat([head, ...chunk, Buffer.from('0\r\n\r\n')]);
}

/**
 * Whether a caller writes all that it announced and waits for the answer. One that closes its side cannot be told from one
 * that has gone, whose work is dropped.
 */
export function isWhole({ conduct, framing }: Call): boolean {
  return framing !== 'too long' && !/^(resets|leaves|closes)/.test(conduct);
}

/** Makes a call as its conduct says, and hears what comes back. */
export async function make(port: number, call: Call, id: string): Promise<Heard> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const heard: Buffer[] = [];
  let error: string | undefined;
  const over = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(true), PATIENCE_MS);
    const end = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    socket.once('close', end);
    socket.once('end', end);
    // A connection that is cut is what some of these callers ask for.
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      error ??= code;
      end();
    });
  });
  const bytes = bytesOf(call, id);
  if (call.conduct !== 'writes first') socket.on('data', (piece: Buffer) => heard.push(piece));
  await write(socket, call, bytes);
  if (call.conduct === 'writes first') socket.on('data', (piece: Buffer) => heard.push(piece));
  const waits = isWhole(call) || call.framing === 'too long' || call.conduct.startsWith('closes');
  const hung = waits ? await over : false;
  socket.destroy();
  return { text: Buffer.concat(heard).toString('latin1'), hung, error };
}

async function write(socket: Socket, { conduct, stop }: Call, bytes: Buffer): Promise<void> {
  const send = (piece: Buffer): Promise<void> =>
    new Promise((resolve) => socket.write(piece, () => resolve()));
  const part = bytes.subarray(0, Math.floor(stop * bytes.length));
  switch (conduct) {
    case 'writes slowly': {
      const size = Math.ceil(bytes.length / PIECES);
      for (let at = 0; at < bytes.length && !socket.destroyed; at += size) {
        await send(bytes.subarray(at, at + size));
        await sleep(PAUSE_MS);
      }
      return;
    }
    case 'closes its side after writing':
      await send(bytes);
      socket.end();
      return;
    case 'resets in the middle':
      await send(part);
      socket.resetAndDestroy();
      return;
    case 'resets after writing':
      await send(bytes);
      socket.resetAndDestroy();
      return;
    case 'leaves before the answer':
      await send(bytes);
      socket.destroy();
      return;
    default:
      await send(bytes);
  }
}
