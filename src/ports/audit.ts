import type { Result } from '../core/result.ts';

/** One thing that happened, for people and for rebuilding. `op` is undefined for what belongs to no operation. */
export interface AuditEntry {
  readonly op: string | undefined;
  readonly event: string;
  readonly person: string | undefined;
  readonly data: unknown;
}

/** The append-only second copy of the journal: a line is on disk (fdatasync) when `append` resolves. */
export interface Audit {
  /** @param when `soon`: with the next line, or a moment later if there is none. */
  append(entry: AuditEntry, when?: 'now' | 'soon'): Promise<Result<void>>;
  /** Where the chain stands: the number and the hash of the last line. */
  head(): { readonly seq: number; readonly hash: string };
  close(): Promise<void>;
}
