import type { Result } from '../../src/core/result.ts';
import { fail, ok } from '../../src/core/result.ts';
import type { Audit, AuditEntry } from '../../src/ports/audit.ts';

/** Remembers what was written, and can refuse as a full disk does. */
export class StageAudit implements Audit {
  readonly entries: AuditEntry[] = [];
  full = false;

  append(entry: AuditEntry): Promise<Result<void>> {
    if (this.full) return Promise.resolve(fail({ kind: 'audit-failed', cause: 'no space left on device' }));
    this.entries.push(entry);
    return Promise.resolve(ok(undefined));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
