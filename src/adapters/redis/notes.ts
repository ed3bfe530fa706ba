import type { Lock } from '../../core/lock.ts';
import type { Suspension } from '../../core/suspension.ts';
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

/** The part of the store that remembers what stands beside operations: locks, reviews, reminders, what was seen in conftool. */
export function noteMethods(
  link: Link,
  retentionMs: number,
): Pick<
  Store,
  | 'locks'
  | 'setLock'
  | 'suspensions'
  | 'setSuspension'
  | 'writesSince'
  | 'unreviewed'
  | 'review'
  | 'dueReminders'
  | 'setReminder'
  | 'addChanges'
  | 'changes'
> {
  return {
    locks: () =>
      link.read(async (client) => {
        const locks = Object.values(await client.hgetall(KEYS.locks)).map((text) => JSON.parse(text) as Lock);
        return ok(locks.sort((a, b) => (a.service < b.service ? -1 : 1)));
      }),
    setLock: async (service, lock) =>
      doneOnly(
        await link.change(() => {
          const change = newChange(KEYS.locks);
          change.fields(KEYS.locks, { [service]: lock && JSON.stringify(lock) });
          return ok(change);
        }),
      ),
    suspensions: () =>
      link.read(async (client) => {
        const found = Object.values(await client.hgetall(KEYS.suspensions));
        return ok(found.map((text) => JSON.parse(text) as Suspension));
      }),
    setSuspension: async (person, suspension) =>
      doneOnly(
        await link.change(() => {
          const change = newChange(KEYS.suspensions);
          change.fields(KEYS.suspensions, { [person]: suspension && JSON.stringify(suspension) });
          return ok(change);
        }),
      ),
    writesSince: (since) => link.read(async (client) => ok(await client.zcount(KEYS.writes, since, '+inf'))),
    unreviewed: () => link.read(async (client) => ok(await client.zrange(KEYS.unreviewed, '0', '-1'))),
    review: async (id, rows) => {
      const reply = await link.change(() => {
        const change = newChange(KEYS.unreviewed);
        change.guard('ranked', KEYS.unreviewed, id);
        change.effect('ZREM', KEYS.unreviewed, id);
        addRowsTo(change, rows);
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
          addRowsTo(change, rows);
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
