import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PartHealth } from '../core/health.ts';

/** A running HTTP server. */
export interface Web {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `/healthz` (this process answers), `/readyz` (every part by name, 503 while one is down) and `/metrics`. Read only, no secrets.
 *
 * @param health asks every part now.
 * @param metrics in Prometheus' text format.
 */
export async function openWeb(
  listen: { readonly host: string; readonly port: number },
  health: () => Promise<readonly PartHealth[]>,
  metrics: () => Promise<string>,
): Promise<Web> {
  const server = createServer((request, response) => {
    const reply = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(`${JSON.stringify(body)}\n`);
    };
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      reply(405, { error: 'read only' });
    } else if (path === '/healthz') {
      reply(200, { ok: true });
    } else if (path === '/readyz') {
      health().then(
        (parts) => {
          const ready = parts.every(({ ok }) => ok);
          reply(ready ? 200 : 503, {
            ready,
            parts: Object.fromEntries(parts.map(({ part, ok, text }) => [part, { ok, text }])),
          });
        },
        () => {
          reply(503, { ready: false });
        },
      );
    } else if (path === '/metrics') {
      metrics().then(
        (text) => {
          response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
          response.end(text);
        },
        () => {
          reply(503, { error: 'no metrics now' });
        },
      );
    } else {
      reply(404, { error: 'there are /healthz, /readyz and /metrics' });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
