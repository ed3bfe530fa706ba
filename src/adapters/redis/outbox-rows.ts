import { ROW_PREDECESSORS } from '../../core/row-state.ts';
import type { Result } from '../../core/result.ts';
import { ok } from '../../core/result.ts';
import type { OutboxRow, Store, StoredRow } from '../../ports/store.ts';
import type { Change } from './change.ts';
import { newChange } from './change.ts';
import { KEYS } from './keys.ts';
import type { Link } from './link.ts';
import { doneOnly } from './link.ts';
import { ORIGIN } from './listen.ts';
import { readRow, rowFields } from './records.ts';

/** Log lines that can be looked up again. */
const MOST_SAL_ROWS = 10_000;

/** Adds rows to a change, and tells who listens, unless this process says them itself. A row whose key exists is left as it is. */
export function addRowsTo(
  change: Change,
  rows: readonly OutboxRow[],
  { speaks }: Pick<Link, 'speaks'>,
): void {
  for (const row of rows) {
    const key = KEYS.row(row.key);
    change.unlessKey(key, () => {
      change.effect('RPUSH', KEYS.unsent, row.key);
      if (row.kind === 'sal') {
        change.effect('LPUSH', KEYS.salRows, row.key);
        change.effect('LTRIM', KEYS.salRows, 0, MOST_SAL_ROWS - 1);
      }
      change.fields(key, rowFields(row));
    });
  }
  if (rows.length > 0 && !speaks()) change.effect('PUBLISH', KEYS.said, ORIGIN);
}

interface Marked {
  readonly key: string;
  readonly mark: Parameters<Store['markRow']>[1];
}

/** The part of the store that holds what is to be said. */
export function rowMethods(
  link: Link,
  retentionMs: number,
): Pick<Store, 'addRows' | 'unsentRows' | 'salRows' | 'markRow'> {
  const listed = (list: string, most: number): Promise<Result<readonly StoredRow[]>> =>
    link.read(async (client) => {
      const keys = await client.lrange(list, 0, most - 1);
      const hashes = await link.hashes(keys.map(KEYS.row));
      return ok(hashes.map(readRow).filter((row) => row !== undefined));
    });
  let next: { readonly marks: Marked[]; readonly stored: Promise<Result<void>> } | undefined;
  /** What is noted at the same moment goes together. */
  const flush = (): Promise<Result<void>> => {
    const marks = next?.marks ?? [];
    next = undefined;
    return link.marks(marksCall(marks, retentionMs));
  };
  return {
    addRows: async (rows) => {
      if (rows.length === 0) return ok(undefined);
      return doneOnly(
        await link.change(() => {
          const change = newChange(KEYS.unsent);
          addRowsTo(change, rows, link);
          return ok(change);
        }),
      );
    },
    unsentRows: (most) => listed(KEYS.unsent, most),
    salRows: (most) => listed(KEYS.salRows, most),
    markRow: (key, mark) => {
      next ??= { marks: [], stored: Promise.resolve().then(flush) };
      next.marks.push({ key, mark });
      return next.stored;
    },
  };
}

function marksCall(marks: readonly Marked[], retentionMs: number): { keys: string[]; argv: string[] } {
  const told = marks.map(({ key, mark: { state, sentAt, note, epoch } }) => [
    key,
    ROW_PREDECESSORS[state],
    epoch === undefined ? '' : String(epoch),
    [
      'state',
      state,
      ...(sentAt === undefined ? [] : ['sentAt', String(sentAt)]),
      ...(note === undefined ? [] : ['note', note.toWellFormed()]),
    ],
    state !== 'pending' && state !== 'sent',
  ]);
  return {
    keys: [KEYS.voice, KEYS.unsent, ...marks.map(({ key }) => KEYS.row(key))],
    argv: [String(retentionMs), JSON.stringify(told)],
  };
}
