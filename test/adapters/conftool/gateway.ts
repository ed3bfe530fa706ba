import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:http';

/** What the gateway does with a request: hands it on; answers itself; cuts the connection before or after the server did its work. */
type Conduct =
  | 'pass'
  | 'cut-before'
  | 'cut-after'
  | { readonly status: number; readonly body: string; readonly contentType?: string };

/** A gateway before a real etcd, as the nginx before production's, that can also misbehave. */
export interface Gateway {
  readonly url: string;
  /** `GET /v2/keys/...?...` of every request, in order. */
  readonly seen: string[];
  conduct: (method: string, url: string) => Conduct;
  /** From now on nothing more of the answers to such requests arrives. */
  hold(part: string): void;
  /** Ends every connection that is open. */
  cutAll(): void;
  close(): Promise<void>;
}

/** Opens it on a free port of loopback. */
export async function openGateway(serverUrl: string): Promise<Gateway> {
  const agent = new Agent({ keepAlive: true, noDelay: true });
  const seen: string[] = [];
  let held: string | undefined;
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '' } = incoming;
    seen.push(`${method} ${url}`);
    const conduct = gateway.conduct(method, url);
    if (conduct === 'cut-before') incoming.socket.destroy();
    else if (conduct === 'pass' || conduct === 'cut-after') handOn(incoming, outgoing, conduct === 'pass');
    else {
      incoming.resume();
      outgoing.writeHead(conduct.status, { 'content-type': conduct.contentType ?? 'text/html' });
      outgoing.end(conduct.body);
    }
  });
  const handOn = (incoming: IncomingMessage, outgoing: ServerResponse, answers: boolean): void => {
    const { method, headers, url = '' } = incoming;
    const onward = request(new URL(url, serverUrl), { method, headers, agent }, (response) => {
      if (answers) {
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        response.on('data', (part: Buffer) => {
          if (held === undefined || !url.includes(held)) outgoing.write(part);
        });
        response.on('end', () => outgoing.end());
        return;
      }
      response.resume();
      response.once('end', () => incoming.socket.destroy());
    });
    onward.on('error', () => incoming.socket.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const gateway: Gateway = {
    url: `http://127.0.0.1:${String(address.port)}`,
    seen,
    conduct: () => 'pass',
    hold: (part) => {
      held = part;
    },
    cutAll: () => {
      server.closeAllConnections();
    },
    close: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return gateway;
}
