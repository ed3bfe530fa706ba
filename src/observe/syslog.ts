import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Soon } from './soon.ts';

/** What is sent where. */
export interface SyslogOptions {
  readonly tag: string;
  /** In place of `/dev/log`: for tests. */
  readonly socket?: string | undefined;
  /** Takes the line where there is no syslog. */
  readonly otherwise: (line: string) => void;
  readonly warn: (fields: object, message: string) => void;
}

/** Lines to the syslog of this host. Nobody waits for it. */
export interface Syslog {
  write(line: string): void;
  close(): Promise<void>;
}

/** Lines that come within this time go together. */
const GATHER_MS = 10;
/** The longest line; by default logger cuts at one KiB. */
const MOST = '64KiB';

/**
 * Opens syslog (local0.info). Node has no datagram sockets of the file system, so util-linux' `logger` carries the lines, one process for all of them, which is
 * started with the first.
 */
export function openSyslog({ tag, socket = '/dev/log', otherwise, warn }: SyslogOptions): Syslog {
  let logger: ChildProcess | undefined;
  const start = (): ChildProcess => {
    const args = ['--tag', tag, '--priority', 'local0.info', '--size', MOST, '--socket', socket];
    const child = spawn('logger', args, { stdio: ['pipe', 'ignore', 'ignore'] });
    const gone = (): void => {
      if (logger === child) logger = undefined;
    };
    child.once('error', (error) => {
      warn({ cause: error.message, tag }, 'line not sent to syslog');
      gone();
    });
    child.once('exit', gone);
    child.stdin.on('error', gone);
    return child;
  };
  const soon = new Soon<string>(GATHER_MS, (lines) => {
    logger ??= existsSync(socket) ? start() : undefined;
    if (logger?.stdin?.writable === true) logger.stdin.write(lines.map((line) => `${line}\n`).join(''));
    else for (const line of lines) otherwise(line);
  });
  return {
    write: (line) => {
      soon.push(line);
    },
    close: async () => {
      soon.flush();
      const child = logger;
      if (child === undefined) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin?.end();
      await ended;
    },
  };
}
