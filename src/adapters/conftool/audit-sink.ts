import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { readThrown } from '../../core/thrown.ts';
import type { WriteAudit } from './audit-record.ts';
import { auditLine, auditRecord } from './audit-record.ts';

/** What the sink needs. */
export interface AuditSinkOptions {
  /** conftool2git, which commits every change with its author; undefined: nobody is told. */
  readonly conftool2git: { readonly host: string; readonly port: number } | undefined;
  /** What conftool looks for, in place of `/dev/log`: for tests. */
  readonly syslogSocket?: string;
  readonly warn: (fields: object, message: string) => void;
}

/** Where records of writes go. Nothing of it holds up a write, or fails one. */
export interface AuditSink {
  tell(audit: WriteAudit): void;
  close(): Promise<void>;
}

/** As long as conftool gives it. */
const CONFTOOL2GIT_MS = 500;
const LOGGER = ['--tag', 'conftool-audit', '--priority', 'local0.info'];

/**
 * The audit trail that conftool leaves: syslog (local0, `conftool-audit`) where there is one, stderr where not, and conftool2git when configured. Node has
 * no datagram sockets of the file system, so util-linux' `logger` carries the lines, one process for all of them.
 */
export function openAuditSink({
  conftool2git,
  syslogSocket = '/dev/log',
  warn,
}: AuditSinkOptions): AuditSink {
  const host = hostname();
  const sending = new Set<Promise<void>>();
  let logger: ChildProcess | undefined;
  const toStderr = (line: string): void => void process.stderr.write(`${line}\n`);
  const syslog = (): ChildProcess => {
    const child = spawn('logger', [...LOGGER, '--socket', syslogSocket], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const gone = (): void => {
      if (logger === child) logger = undefined;
    };
    child.once('error', (error) => {
      warn({ cause: error.message }, 'audit record not sent to syslog');
      gone();
    });
    child.once('exit', gone);
    child.stdin.on('error', gone);
    return child;
  };
  const log = (line: string): void => {
    if (!existsSync(syslogSocket)) {
      toStderr(line);
      return;
    }
    logger ??= syslog();
    if (logger.stdin?.writable === true) logger.stdin.write(`${line}\n`);
    else toStderr(line);
  };
  const post = async (
    record: string,
    to: { readonly host: string; readonly port: number },
  ): Promise<void> => {
    try {
      const response = await fetch(`http://${to.host}:${String(to.port)}/auditlog`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: record,
        signal: AbortSignal.timeout(CONFTOOL2GIT_MS),
      });
      await response.arrayBuffer();
    } catch (error) {
      warn({ cause: readThrown(error).message }, 'conftool2git was not told');
    }
  };
  return {
    tell: (audit) => {
      const record = auditRecord(audit, host);
      log(auditLine(record, process.pid));
      if (conftool2git === undefined) return;
      const sent = post(record, conftool2git).finally(() => sending.delete(sent));
      sending.add(sent);
    },
    close: async () => {
      await Promise.all(sending);
      const child = logger;
      if (child === undefined) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin?.end();
      await ended;
    },
  };
}
