import { hostname } from 'node:os';
import { readThrown } from '../../core/thrown.ts';
import type { WriteAudit } from './audit-record.ts';
import { Soon } from '../../observe/soon.ts';
import { openSyslog } from '../../observe/syslog.ts';
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

/** What has been written is read back first. */
const AFTER_MS = 10;
/** As long as conftool gives it. */
const CONFTOOL2GIT_MS = 500;

/**
 * The audit trail that conftool leaves: syslog (local0, `conftool-audit`) where there is one, stderr where not, and conftool2git when configured.
 */
export function openAuditSink({ conftool2git, syslogSocket, warn }: AuditSinkOptions): AuditSink {
  const host = hostname();
  const sending = new Set<Promise<void>>();
  const syslog = openSyslog({
    tag: 'conftool-audit',
    socket: syslogSocket,
    otherwise: (line) => void process.stderr.write(`${line}\n`),
    warn,
  });
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
  const soon = new Soon<WriteAudit>(AFTER_MS, (audits) => {
    for (const audit of audits) {
      const record = auditRecord(audit, host);
      syslog.write(auditLine(record, process.pid));
      if (conftool2git === undefined) continue;
      const sent = post(record, conftool2git).finally(() => sending.delete(sent));
      sending.add(sent);
    }
  });
  return {
    tell: (audit) => {
      soon.push(audit);
    },
    close: async () => {
      soon.flush();
      await Promise.all(sending);
      await syslog.close();
    },
  };
}
