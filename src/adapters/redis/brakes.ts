import type { Lock } from '../../core/lock.ts';
import { ok } from '../../core/result.ts';
import type { Suspension } from '../../core/suspension.ts';
import type { Freeze, Store } from '../../ports/store.ts';
import type { Change } from './change.ts';
import { newChange } from './change.ts';
import { KEYS } from './keys.ts';
import type { Link } from './link.ts';
import { doneOnly, pairs } from './link.ts';
import { addRowsTo } from './outbox-rows.ts';
import type { Fields } from './records.ts';
import { readRemovals } from './removals.ts';

/** The part of the store that holds what stops writes: the freeze, locks, suspensions, and that the log is away. */
export function brakeMethods(
  link: Link,
): Pick<
  Store,
  | 'standing'
  | 'freeze'
  | 'setFreeze'
  | 'locks'
  | 'setLock'
  | 'suspensions'
  | 'setSuspension'
  | 'logDownSince'
  | 'setLogDown'
> {
  return {
    standing: async ({ writtenSince, removedSince, pools }) => {
      const { brakes, freeze, locks, suspensions, logDown, writes } = KEYS;
      const keys = [brakes, freeze, locks, suspensions, logDown, writes, ...pools.map(KEYS.removals)];
      const reply = await link.standing({ keys, argv: [String(writtenSince)] });
      if (!reply.ok) return reply;
      const [mark, frozen, locked, suspended, since, written, ...removals] = reply.value;
      return ok({
        mark: mark as string,
        freeze: readFreeze(frozen as string),
        locks: readLocks(pairs(locked)),
        suspensions: readSuspensions(pairs(suspended)),
        logDownSince: readInstant(since as string),
        written: Number(written),
        removals: pools.map((pool, index) =>
          readRemovals(pool, removals[index] as readonly string[], removedSince),
        ),
      });
    },
    freeze: () => link.read(async (client) => ok(readFreeze((await client.get(KEYS.freeze)) ?? ''))),
    setFreeze: async (freeze, rows) =>
      move(link, (change) => {
        if (freeze === undefined) change.effect('DEL', KEYS.freeze);
        else change.effect('SET', KEYS.freeze, JSON.stringify(freeze));
        addRowsTo(change, rows, link);
      }),
    locks: () => link.read(async (client) => ok(readLocks(await client.hgetall(KEYS.locks)))),
    setLock: async (service, lock) =>
      move(link, (change) => {
        change.fields(KEYS.locks, { [service]: lock && JSON.stringify(lock) });
      }),
    suspensions: () =>
      link.read(async (client) => ok(readSuspensions(await client.hgetall(KEYS.suspensions)))),
    setSuspension: async (person, suspension) =>
      move(link, (change) => {
        change.fields(KEYS.suspensions, { [person]: suspension && JSON.stringify(suspension) });
      }),
    logDownSince: () => link.read(async (client) => ok(readInstant((await client.get(KEYS.logDown)) ?? ''))),
    setLogDown: async (since) =>
      move(link, (change) => {
        if (since === undefined) change.effect('DEL', KEYS.logDown);
        else change.effect('SET', KEYS.logDown, since);
      }),
  };
}

/** Puts a brake on or takes it off: whoever has looked before finds out before they write. */
async function move(link: Link, put: (change: Change) => void): ReturnType<Store['setLogDown']> {
  return doneOnly(
    await link.change(() => {
      const change = newChange(KEYS.brakes);
      change.effect('INCR', KEYS.brakes);
      put(change);
      return ok(change);
    }),
  );
}

function readFreeze(text: string): Freeze | undefined {
  return text === '' ? undefined : (JSON.parse(text) as Freeze);
}

function readInstant(text: string): number | undefined {
  return text === '' ? undefined : Number(text);
}

function readLocks(locks: Fields): readonly Lock[] {
  const read = Object.values(locks).map((text = '') => JSON.parse(text) as Lock);
  return read.sort((a, b) => (a.service < b.service ? -1 : 1));
}

function readSuspensions(suspensions: Fields): readonly Suspension[] {
  return Object.values(suspensions).map((text = '') => JSON.parse(text) as Suspension);
}
