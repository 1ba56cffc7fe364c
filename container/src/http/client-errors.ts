import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { RequestError } from '../errors.js';
import type { Logger } from '../log.js';

/** What Node's parser refuses before any route sees it, by the code of its error. */
const KNOWN: Readonly<Record<string, () => RequestError>> = {
  HPE_HEADER_OVERFLOW: () => new RequestError('headers_too_large', 'the headers hold more than 16 KB'),
  ERR_HTTP_REQUEST_TIMEOUT: () =>
    new RequestError('request_timeout', 'the request did not arrive whole in the time it has'),
};

/** What is still read of a connection after its answer, which a caller may never close on its own side. */
const DROP_MS = 5_000;
const DROPPED_BYTES = 64 * 1024 * 1024;

/** What Node refuses with an empty answer unless `requireHostHeader` is false. */
export function hostFault({ httpVersion, headers }: IncomingMessage): string | undefined {
  return httpVersion === '1.1' && headers.host === undefined
    ? 'the request has no Host header, which HTTP/1.1 requires'
    : undefined;
}

/** Answers what is no HTTP, too long, or too slow in this project's error shape, and ends the connection. */
export function answerClientErrors(logger?: Logger): (error: Error, socket: Duplex) => void {
  return (error, socket) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const known =
      KNOWN[code ?? '']?.() ??
      new RequestError('malformed_request', 'the connection does not carry valid HTTP');
    logger?.info({ status: known.status, code: known.code, reason: code }, 'refused');
    const body = JSON.stringify(known.toBody());
    // A caller that writes before it reads loses the answer of a connection that is closed on it.
    let dropped = 0;
    const timer = setTimeout(() => socket.destroy(), DROP_MS);
    socket.once('close', () => clearTimeout(timer));
    socket.removeAllListeners('data');
    socket.on('data', (piece: Buffer) => {
      dropped += piece.length;
      if (dropped > DROPPED_BYTES) socket.destroy();
    });
    socket.end(
      `HTTP/1.1 ${known.status} ${STATUS_CODES[known.status]}\r\n` +
        'Content-Type: application/json; charset=utf-8\r\n' +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  };
}
