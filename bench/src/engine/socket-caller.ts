import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

interface Timed {
  /** Milliseconds from the first byte written to the last one read. */
  readonly ms: number;
  readonly head: string;
}

/** A caller on one connection that does no more than write and read, so that what is timed is the server. */
export class SocketCaller {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<SocketCaller> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new SocketCaller(socket.setEncoding('latin1'));
  }

  /** @throws Error where the answer is no success. */
  async post(path: string, body: string): Promise<Timed> {
    const length = Buffer.byteLength(body);
    const head = `POST ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: ${length}`;
    return this.#exchange(`${head}\r\n\r\n${body}`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #exchange(request: string): Promise<Timed> {
    return new Promise((resolve, reject) => {
      let text = '';
      const started = performance.now();
      const take = (piece: string): void => {
        text += piece;
        const end = text.indexOf('\r\n\r\n') + 4;
        const length = /^content-length: (\d+)/im.exec(text.slice(0, end))?.[1];
        if (end < 4 || text.length < end + Number(length)) return;
        const ms = performance.now() - started;
        this.#socket.off('data', take).off('close', lost);
        if (text.startsWith('HTTP/1.1 200 ')) resolve({ ms, head: text.slice(0, end) });
        else reject(new Error(text));
      };
      const lost = (): void => reject(new Error(`the server closed the connection after: ${text}`));
      this.#socket.on('data', take).once('close', lost);
      this.#socket.write(request);
    });
  }
}
