import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { openTcpircbot } from '../../../src/adapters/tcpircbot/chat.ts';
import { silentLog } from '../../../src/observe/log.ts';
import type { Chat } from '../../../src/ports/chat.ts';
import { waitUntil } from '../../lab/process.ts';

const KEY = { key: 'k7f:log-end', urgency: 'log' as const };

let chat: Chat | undefined;
let server: Server | undefined;

afterEach(async () => {
  await chat?.close();
  const listening = server;
  await new Promise((resolve) => {
    if (listening === undefined) resolve(undefined);
    else listening.close(resolve);
  });
  server = undefined;
});

/** Listens, and hands each connection over. */
async function listen(
  serve: (socket: Socket) => void,
  port = 0,
  { closes } = { closes: true },
): Promise<number> {
  const opened = createServer({ allowHalfOpen: true }, (socket) => {
    if (closes)
      socket.on('end', () => {
        socket.end();
      });
    serve(socket);
  });
  server = opened;
  await new Promise<void>((resolve) => {
    opened.listen(port, '127.0.0.1', resolve);
  });
  return (opened.address() as AddressInfo).port;
}

async function relay(port: number, withinMs = 30_000): Promise<Chat> {
  const opened = openTcpircbot(
    { host: '127.0.0.1', port, channel: '#ops', withinMs, retryMs: 20 },
    silentLog,
  );
  chat = opened;
  opened.start(
    () => Promise.resolve(),
    () => undefined,
  );
  await waitUntil('it has looked', () => opened.state() !== 'down');
  return opened;
}

describe('tcpircbot', () => {
  test('each line is one connection, with nothing but the line', async () => {
    const read: string[] = [];
    const port = await listen((socket) => {
      let text = '';
      socket.on('data', (data) => (text += data.toString('utf8')));
      socket.on('end', () => read.push(text));
    });
    const bot = await relay(port);
    expect(bot.state()).toBe('ready');
    for (const line of ['!log elukey@host DONE (PASS) - one', '!log elukey@host DONE (PASS) - zwö'])
      expect(await bot.send('#ops', line, KEY)).toEqual({
        ok: true,
        value: { proof: 'taken', ref: undefined },
      });
    await waitUntil('both are read', () => read.filter((text) => text !== '').length === 2);
    // The look whether anybody is there says nothing.
    expect(read).toEqual(['', '!log elukey@host DONE (PASS) - one', '!log elukey@host DONE (PASS) - zwö']);
  });

  test.each([
    ['two lines', 'a\nb'],
    ['more than it reads at once', 'x'.repeat(426)],
    ['more bytes than it reads at once', 'ö'.repeat(213)],
  ])('%s are not sent', async (_what, line) => {
    const port = await listen((socket) => socket.resume());
    const bot = await relay(port);
    expect(await bot.send('#ops', line, KEY)).toMatchObject({ ok: false, fault: { kind: 'chat-refused' } });
  });

  test('where nobody listens the line was certainly not sent; when somebody does again it is ready', async () => {
    const port = await listen((socket) => socket.resume());
    const bot = await relay(port);
    await new Promise((resolve) => server?.close(resolve));
    expect(await bot.send('#ops', 'line', KEY)).toMatchObject({ ok: false, fault: { kind: 'chat-down' } });
    expect(bot.state()).toBe('connecting');
    await listen((socket) => socket.resume(), port);
    await waitUntil('it is back', () => bot.state() === 'ready');
    expect(await bot.send('#ops', 'line', KEY)).toMatchObject({ ok: true, value: { proof: 'taken' } });
  });

  test('a connection that breaks under the line proves nothing', async () => {
    let connections = 0;
    const port = await listen((socket) => {
      socket.on('error', () => undefined);
      socket.resume();
      // Only the look is answered properly.
      if (++connections > 1) socket.once('data', () => socket.resetAndDestroy());
    });
    const bot = await relay(port);
    expect(await bot.send('#ops', 'line', KEY)).toEqual({
      ok: true,
      value: { proof: 'none', ref: undefined },
    });
  });

  test('a relay that takes a line and never closes proves nothing, and is not waited for without end', async () => {
    const sockets: Socket[] = [];
    const port = await listen(
      (socket) => {
        sockets.push(socket);
        socket.resume();
        // Only the look is answered properly.
        if (sockets.length === 1) socket.end();
      },
      0,
      { closes: false },
    );
    const bot = await relay(port, 200);
    expect(await bot.send('#ops', 'line', KEY)).toEqual({
      ok: true,
      value: { proof: 'none', ref: undefined },
    });
    for (const socket of sockets) socket.destroy();
  });
});
