import type { Result } from '../../src/core/result.ts';
import { fail, ok } from '../../src/core/result.ts';
import type { StageClock } from './stage-clock.ts';
import type { Audit, AuditEntry } from '../../src/ports/audit.ts';

/** Remembers what was written, and can refuse as a full disk does. */
export class StageAudit implements Audit {
  readonly entries: (AuditEntry & { readonly at: number })[] = [];
  full = false;
  private readonly clock: StageClock;

  constructor(clock: StageClock) {
    this.clock = clock;
  }

  append(entry: AuditEntry): Promise<Result<void>> {
    if (this.full) return Promise.resolve(fail({ kind: 'audit-failed', cause: 'no space left on device' }));
    // As it reads when it comes back from the file.
    const read = JSON.parse(JSON.stringify(entry)) as AuditEntry;
    this.entries.push({ ...read, at: this.clock.now() });
    return Promise.resolve(ok(undefined));
  }

  head(): { readonly seq: number; readonly hash: string } {
    return { seq: this.entries.length, hash: '' };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
