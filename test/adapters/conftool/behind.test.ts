import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { parseStoredNode } from '../../../src/core/stored-value.ts';
import type { Conftool } from '../../../src/ports/conftool.ts';
import { ORIGIN } from '../../core/build.ts';
import { openDriver } from './open-driver.ts';

const KEY = { dc: 'eqiad', cluster: 'maps', service: 'tiles', host: 'maps1' };
const AFTER = '{"weight": 5, "pooled": "yes"}';

const answer = (action: string, more = ''): string => {
  const node = { key: '/conftool/v1/pools/eqiad/maps/tiles/maps1', value: AFTER, modifiedIndex: 8 };
  const body = JSON.stringify({ action, node });
  return `HTTP/1.1 200 OK\r\nX-Etcd-Index: 8\r\nContent-Length: ${String(body.length)}\r\n${more}\r\n${body}`;
};
const SWAPPED = answer('compareAndSwap');

/** A server that has a write and the read behind it in hand, and does to the connection what it likes. */
describe('a write and the read behind it', () => {
  let server: Server;
  let conftool: Conftool;
  /** Everything that was received, on any connection. */
  let heard: string;
  let react: (socket: Socket) => void;

  beforeEach(async () => {
    heard = '';
    react = () => undefined;
    server = createServer((socket) => {
      let here = '';
      let isDone = false;
      socket.on('error', () => undefined);
      socket.on('data', (part) => {
        heard += part.toString();
        here += part.toString();
        // The whole of both.
        if (isDone || !here.includes('prevIndex=7') || !/GET [^]*\r\n\r\n/.test(here)) return;
        isDone = true;
        react(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    conftool = openDriver(url, { readTimeoutMs: 300, writeTimeoutMs: 300 });
  });
  afterEach(async () => {
    await conftool.close();
    await new Promise((resolve) => server.close(resolve));
  });

  const write = (): ReturnType<Conftool['write']> => {
    const from = parseStoredNode(KEY, '{"weight": 10, "pooled": "yes"}', 7);
    if (!('state' in from)) throw new Error(from.why);
    return conftool.write(from, { weight: 5 }, ORIGIN, { andRead: true });
  };
  const puts = (): number => heard.split('PUT ').length - 1;

  test('are sent on one connection, the read before the write is answered', async () => {
    react = (socket) => socket.write(SWAPPED + answer('get'));
    const written = await write();
    expect(written).toMatchObject({ ok: true, value: { text: AFTER, modifiedIndex: 8 } });
    expect(heard.indexOf('PUT ')).toBeLessThan(heard.indexOf('GET '));
    expect(puts()).toBe(1);
  });

  test.each<[string, (socket: Socket) => void]>([
    ['ended after the write', (socket) => socket.end(SWAPPED)],
    ['cut after the write', (socket) => socket.write(SWAPPED, () => socket.destroy())],
    [
      'to be closed after the write',
      (socket) => socket.write(answer('compareAndSwap', 'Connection: close\r\n')),
    ],
    ['garbage behind the write', (socket) => socket.write(`${SWAPPED}nonsense\r\n\r\n`)],
    ['half an answer behind the write', (socket) => socket.end(SWAPPED + answer('get').slice(0, -20))],
    ['silent after the write', (socket) => socket.write(SWAPPED)],
  ])('%s, the write is told and the read fails', async (_what, reaction) => {
    react = reaction;
    const written = await write();
    expect(written).toMatchObject({ ok: true, value: { text: AFTER, modifiedIndex: 8 } });
    expect(written.ok ? await written.value.pool : undefined).toMatchObject({ ok: false });
    expect(puts()).toBe(1);
  });

  test.each<[string, (socket: Socket) => void]>([
    ['ended before the write is answered', (socket) => socket.end()],
    ['cut before the write is answered', (socket) => socket.resetAndDestroy()],
    ['garbage in place of an answer', (socket) => socket.write('nonsense\r\n\r\n')],
    ['half an answer', (socket) => socket.end(SWAPPED.slice(0, -20))],
    ['silent', () => undefined],
  ])('%s, nobody knows what became of the write, and it is not sent again', async (_what, reaction) => {
    react = reaction;
    expect(await write()).toMatchObject({ ok: false, fault: { kind: 'write-unknown' } });
    // Another one would have come by then.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(puts()).toBe(1);
  });
});
