import type { Lock } from '../../core/lock.ts';
import { ok } from '../../core/result.ts';
import type { Suspension } from '../../core/suspension.ts';
import type { Freeze, Store } from '../../ports/store.ts';
import type { Change } from './change.ts';
import { newChange } from './change.ts';
import { KEYS } from './keys.ts';
import type { Link } from './link.ts';
import { doneOnly } from './link.ts';
import { addRowsTo } from './outbox-rows.ts';

/** The part of the store that holds what stops writes: the freeze, locks, suspensions, and that the log is away. */
export function brakeMethods(
  link: Link,
): Pick<
  Store,
  | 'brakes'
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
    brakes: () =>
      link.read(async (client) => {
        // The count first: what is put on after it is found out by whoever writes under it.
        const replies = await client
          .pipeline()
          .get(KEYS.brakes)
          .get(KEYS.freeze)
          .hgetall(KEYS.locks)
          .hgetall(KEYS.suspensions)
          .get(KEYS.logDown)
          .exec();
        const [mark, freeze, locks, suspensions, logDown] = (replies ?? []).map(([error, reply]) => {
          if (error !== null) throw error;
          return reply;
        });
        return ok({
          mark: textOf(mark) ?? '',
          freeze: readFreeze(textOf(freeze)),
          locks: readLocks(locks as Readonly<Record<string, string>>),
          suspensions: readSuspensions(suspensions as Readonly<Record<string, string>>),
          logDownSince: readInstant(textOf(logDown)),
        });
      }),
    freeze: () => link.read(async (client) => ok(readFreeze((await client.get(KEYS.freeze)) ?? undefined))),
    setFreeze: async (freeze, rows) =>
      move(link, (change) => {
        if (freeze === undefined) change.effect('DEL', KEYS.freeze);
        else change.effect('SET', KEYS.freeze, JSON.stringify(freeze));
        addRowsTo(change, rows);
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
    logDownSince: () =>
      link.read(async (client) => ok(readInstant((await client.get(KEYS.logDown)) ?? undefined))),
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

function textOf(reply: unknown): string | undefined {
  return reply === null || reply === undefined ? undefined : (reply as string);
}

function readFreeze(text: string | undefined): Freeze | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Freeze);
}

function readInstant(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function readLocks(locks: Readonly<Record<string, string>>): readonly Lock[] {
  const read = Object.values(locks).map((text) => JSON.parse(text) as Lock);
  return read.sort((a, b) => (a.service < b.service ? -1 : 1));
}

function readSuspensions(suspensions: Readonly<Record<string, string>>): readonly Suspension[] {
  return Object.values(suspensions).map((text) => JSON.parse(text) as Suspension);
}
