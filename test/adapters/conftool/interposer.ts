import { createServer } from 'node:http';

/** A way to etcd on which something can happen just before a request gets there. */
export interface Interposer {
  readonly url: string;
  /** Awaited before each request is handed on, with its number from 1. */
  before: (number: number) => Promise<void>;
  close(): Promise<void>;
}

/** Opens it on a free port of loopback. */
export async function openInterposer(serverUrl: string): Promise<Interposer> {
  let number = 0;
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.once('end', () => {
      const handOn = async (): Promise<void> => {
        await interposer.before(++number);
        const { method = 'GET', url = '/', headers } = incoming;
        const type = headers['content-type'];
        const response = await fetch(new URL(url, serverUrl), {
          method,
          ...(method === 'GET' ? {} : { body: Buffer.concat(parts) }),
          ...(type === undefined ? {} : { headers: { 'content-type': type } }),
        });
        const body = await response.text();
        outgoing.writeHead(response.status, {
          'content-type': 'application/json',
          'x-etcd-index': response.headers.get('x-etcd-index') ?? '0',
        });
        outgoing.end(body);
      };
      handOn().catch(() => incoming.socket.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const interposer: Interposer = {
    url: `http://127.0.0.1:${String(address.port)}`,
    before: () => Promise.resolve(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return interposer;
}
