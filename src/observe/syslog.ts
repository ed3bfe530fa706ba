import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

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
  return {
    write: (line) => {
      if (!existsSync(socket)) {
        otherwise(line);
        return;
      }
      logger ??= start();
      if (logger.stdin?.writable === true) logger.stdin.write(`${line}\n`);
      else otherwise(line);
    },
    close: async () => {
      const child = logger;
      if (child === undefined) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin?.end();
      await ended;
    },
  };
}
