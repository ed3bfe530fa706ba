import type { SeenChange } from '../../core/seen-change.ts';
import { ok } from '../../core/result.ts';
import type { Store } from '../../ports/store.ts';
import { newChange } from './change.ts';
import { KEYS } from './keys.ts';
import type { Link } from './link.ts';
import { doneOnly } from './link.ts';
import { addRowsTo } from './outbox-rows.ts';

/** Changes that are remembered. */
const CHANGES_MOST = 5000;

/** The part of the store that remembers what stands beside operations: reviews, reminders, what was seen in conftool. */
export function noteMethods(
  link: Link,
  retentionMs: number,
): Pick<Store, 'unreviewed' | 'review' | 'dueReminders' | 'setReminder' | 'addChanges' | 'changes'> {
  return {
    unreviewed: () => link.read(async (client) => ok(await client.zrange(KEYS.unreviewed, '0', '-1'))),
    review: async (id, rows) => {
      const reply = await link.change(() => {
        const change = newChange(KEYS.unreviewed);
        change.guard('ranked', KEYS.unreviewed, id);
        change.effect('ZREM', KEYS.unreviewed, id);
        addRowsTo(change, rows, link);
        return ok(change);
      });
      return reply.ok ? ok(reply.value.kind === 'done') : reply;
    },
    dueReminders: (now) =>
      link.read(async (client) => ok(await client.zrangebyscore(KEYS.reminders, '-inf', now))),
    setReminder: async (id, at, rows) =>
      doneOnly(
        await link.change(() => {
          const change = newChange(KEYS.reminders);
          if (at === undefined) change.effect('ZREM', KEYS.reminders, id);
          else change.effect('ZADD', KEYS.reminders, at, id);
          addRowsTo(change, rows, link);
          return ok(change);
        }),
      ),
    addChanges: async (changes) =>
      doneOnly(
        await link.change(() => {
          const change = newChange(KEYS.changes);
          for (const seen of changes) change.effect('ZADD', KEYS.changes, seen.at, JSON.stringify(seen));
          const oldest = Math.max(0, ...changes.map(({ at }) => at)) - retentionMs;
          change.effect('ZREMRANGEBYSCORE', KEYS.changes, '-inf', `(${String(oldest)}`);
          change.effect('ZREMRANGEBYRANK', KEYS.changes, 0, -1 - CHANGES_MOST);
          return ok(change);
        }),
      ),
    changes: (since) =>
      link.read(async (client) => {
        const texts = await client.zrangebyscore(KEYS.changes, since, '+inf');
        return ok(
          texts
            .map((text) => JSON.parse(text) as SeenChange)
            .sort((a, b) => b.modifiedIndex - a.modifiedIndex),
        );
      }),
  };
}
