import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';

/** A server that answers as a script says: what no real server can be made to do on demand. */
export interface ScriptedServer {
  readonly port: number;
  /** Lines that clients sent. */
  readonly heard: readonly string[];
  /** Says something unasked, to everybody who is connected. */
  push(...lines: readonly string[]): void;
  /** Drops everybody who is connected. */
  hangUp(): void;
  close(): Promise<void>;
}

/** Answers a client's line; undefined says nothing. */
export type Script = (line: string) => readonly string[] | undefined;

/** Starts on a free port of loopback. */
export async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        heard.push(line);
        for (const answer of script(line) ?? []) socket.write(`${answer}\r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    push: (...lines) => {
      for (const socket of sockets) for (const line of lines) socket.write(`${line}\r\n`);
    },
    hangUp: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => {
          resolve();
        });
      }),
  };
}

/** How a network talks on which all is well. `special` answers in place of it. */
export function friendlyScript(special: Script = () => undefined): Script {
  let nick = '';
  return (line) => {
    const own = special(line);
    if (own !== undefined) return own;
    const [command = '', first = ''] = line.split(' ');
    switch (command) {
      case 'CAP':
        if (first === 'LS')
          return [
            ':irc.test CAP * LS * :sasl=PLAIN message-tags',
            ':irc.test CAP * LS :account-tag echo-message',
          ];
        return first === 'REQ' ? [':irc.test CAP * ACK :sasl'] : [`:irc.test 001 ${nick} :Welcome`];
      case 'NICK':
        nick = first;
        return [];
      case 'AUTHENTICATE':
        if (first === 'PLAIN' || first === 'EXTERNAL') return ['AUTHENTICATE +'];
        return [
          ':irc.test 900 * sluice!*@* sluice :You are now logged in as sluice',
          ':irc.test 903 * :SASL authentication successful',
        ];
      case 'JOIN':
        return [`:${nick}!sluice@host JOIN :${first}`];
      default:
        return [];
    }
  };
}
