import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connectIrc } from './irc-client.ts';

/** A stand-in for the relay between TCP and the channel: one read, one line, nothing back. */
export interface Tcpircbot {
  readonly port: number;
  /** How often it has fallen over two lines in one read. */
  readonly deaths: number;
  /** Takes no connection from now on, as when it is down. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** It reads so much at once. */
const READ_BYTES = 425;

/** Starts it on the lab's IRC network, logged in as `logmsgbot`. */
export async function startTcpircbot(options: {
  readonly ircPort: number;
  readonly channel: string;
}): Promise<Tcpircbot> {
  const { ircPort, channel } = options;
  const bot = await connectIrc({ port: ircPort, nick: 'logmsgbot', account: 'logmsgbot' });
  await bot.join(channel);
  let deaths = 0;
  let server: Server | undefined;
  let port = 0;
  const serve = (socket: Socket): void => {
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      for (let at = 0; at < data.length; at += READ_BYTES) {
        // A cut inside a character gives a replacement on both sides, as with the true one.
        const text = data
          .subarray(at, at + READ_BYTES)
          .toString('utf8')
          .replace(/\n$/, '');
        if (text.includes('\n')) {
          deaths++;
          socket.destroy();
          return;
        }
        bot.say(channel, text);
      }
    });
  };
  const up = async (): Promise<void> => {
    const next = createServer(serve);
    await new Promise<void>((resolve) => {
      next.listen(port, '127.0.0.1', resolve);
    });
    port = (next.address() as AddressInfo).port;
    server = next;
  };
  const down = async (): Promise<void> => {
    const old = server;
    server = undefined;
    await new Promise<void>((resolve) => {
      if (old === undefined) resolve();
      else
        old.close(() => {
          resolve();
        });
    });
  };
  await up();
  return {
    get port() {
      return port;
    },
    get deaths() {
      return deaths;
    },
    up,
    down,
    stop: async () => {
      await down();
      await bot.quit();
    },
  };
}
