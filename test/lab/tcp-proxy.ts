import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** A way to a server of the lab that can lose what the server answers, and break. */
export interface TcpProxy {
  readonly url: string;
  /** From the first request on that has these words, nothing that the server says arrives; what is said to it does. */
  swallowAnswersFrom(words: string): void;
  /** Breaks every connection; later ones work as ever. */
  cut(): void;
  close(): Promise<void>;
}

/** Opens a way to the Redis at a port of loopback, on a free port. */
export async function openTcpProxy(serverPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let swallows = false;
  let from: string | undefined;
  const server = createServer({ noDelay: true }, (client) => {
    const onward = connect({ port: serverPort, host: '127.0.0.1', noDelay: true });
    for (const [socket, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      sockets.add(socket);
      socket.on('data', (data: Buffer) => {
        if (socket === client && from !== undefined && data.includes(from)) swallows = true;
        if (socket === client || !swallows) other.write(data);
      });
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `redis://127.0.0.1:${String(address.port)}`,
    swallowAnswersFrom: (words) => {
      from = words;
    },
    cut: () => {
      from = undefined;
      swallows = false;
      cut();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        cut();
      }),
  };
}
