import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** How to reach the server. `false` is plain text, for loopback. Certificates and keys are PEM. */
export interface TransportOptions {
  readonly host: string;
  readonly port: number;
  readonly tls:
    | false
    | {
        readonly ca: string | undefined;
        readonly cert: string | undefined;
        readonly key: string | undefined;
      };
  /** Aborted, it drops the connection at once: a server that hangs would never close its side. */
  readonly signal: AbortSignal;
  /** A line that the library stumbled over; it goes on with the next. */
  readonly onBroken: (line: string, cause: unknown) => void;
}

/** A line longer than this without an end is no IRC. */
const MOST_BUFFERED = 64 * 1024;
const LINE_ENDS = /[\r\n\0]+/g;

/**
 * Makes the class that irc-framework carries lines with, in place of its own: that one knows no private certificate authority, and leaves Nagle's
 * algorithm on, which holds the second line of an answer back for 40 ms.
 */
export function transportFor(options: TransportOptions): new (given: unknown) => EventEmitter {
  return class Transport extends EventEmitter {
    // The library reads nothing of its transport but its events and methods.
    socket: Socket | undefined;
    buffer = '';
    closed = false;

    // It is handed the library's own options, which it does not need.
    constructor(_given: unknown) {
      super();
    }

    connect(): void {
      const { host, port, tls } = options;
      const servername = isIP(host) === 0 ? { servername: host } : {};
      const socket =
        tls === false
          ? connectPlain({ host, port })
          : connectTls({ host, port, ...servername, ...given({ ca: tls.ca, cert: tls.cert, key: tls.key }) });
      this.socket = socket;
      options.signal.addEventListener('abort', () => socket.destroy(), { once: true });
      socket.setNoDelay(true);
      socket.setEncoding('utf8');
      socket.once(tls === false ? 'connect' : 'secureConnect', () => {
        this.emit('open');
      });
      socket.on('data', (text: string) => {
        this.receive(text);
      });
      socket.once('error', (error: Error) => {
        this.finish(error);
      });
      socket.once('close', () => {
        this.finish(undefined);
      });
    }

    writeLine(line: string, written?: () => void): void {
      // Every line leaves here, whoever made it: none can be a second command.
      if (this.socket?.writable === true) this.socket.write(`${line.replace(LINE_ENDS, ' ')}\r\n`, written);
      else if (written !== undefined) process.nextTick(written);
    }

    close(force?: boolean): void {
      if (force === true) this.socket?.destroy();
      else this.socket?.end();
    }

    disposeSocket(): void {
      this.socket?.destroy();
      this.socket = undefined;
    }

    setEncoding(encoding: string): boolean {
      return encoding === 'utf8';
    }

    receive(text: string): void {
      const lines = (this.buffer + text).split('\n');
      this.buffer = (lines.pop() ?? '').slice(0, MOST_BUFFERED);
      for (const line of lines) this.take(line.replace(/\r$/, ''));
    }

    // What the library throws over one odd line would end the process: nobody is above us to catch it.
    take(line: string): void {
      try {
        this.emit('line', line);
      } catch (cause) {
        options.onBroken(line, cause);
      }
    }

    finish(error: Error | undefined): void {
      if (this.closed) return;
      this.closed = true;
      this.socket?.destroy();
      this.emit('close', error);
    }
  };
}

function given(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
