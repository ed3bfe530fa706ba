import { ok } from '../../core/result.ts';
import type { Log } from '../../observe/log.ts';
import type { Lease } from '../../ports/lease.ts';
import type { Freeze, Store } from '../../ports/store.ts';
import { newChange } from './change.ts';
import { ANSWER_WITHIN_MS, connectWithin, openClient } from './connection.ts';
import { KEYS } from './keys.ts';
import { inboxMethods } from './inbox.ts';
import { leaseOn } from './lease.ts';
import { doneOnly, linkTo } from './link.ts';
import { noteMethods } from './notes.ts';
import { operationMethods } from './operations.ts';
import type { RedisPlace } from './place.ts';
import { addRowsTo, rowMethods } from './outbox-rows.ts';
import { removalMethods } from './removals.ts';
import { voteMethods } from './votes.ts';

/** What the store needs to know. */
export interface RedisStoreOptions {
  /** From `connectionOptions`. */
  readonly connection: RedisPlace;
  /** How long what has ended can be looked up. */
  readonly retentionMs: number;
  readonly log: Log;
  /** Whose clock ends the wait for approval; `caller` is for tests on a clock of their own. */
  readonly timeFrom?: 'redis' | 'caller';
}

/** The journal, and the lease that is kept beside it. */
export interface RedisStore extends Store {
  readonly lease: Lease;
}

/**
 * The journal in Redis.
 *
 * @returns when connected, or after two seconds without: it goes on trying, and every method says `store-unreachable` meanwhile.
 */
export async function openRedisStore(options: RedisStoreOptions): Promise<RedisStore> {
  const { connection, retentionMs, log, timeFrom = 'redis' } = options;
  const client = openClient(connection, log);
  const link = linkTo(client, { minReplicas: connection.minReplicas, log });
  await connectWithin(client, ANSWER_WITHIN_MS);
  return {
    lease: leaseOn(link),
    ...operationMethods(link, retentionMs),
    ...voteMethods(link, { retentionMs, timeFrom }),
    ...removalMethods(link),
    ...noteMethods(link, retentionMs),
    ...inboxMethods(link, retentionMs),
    ...rowMethods(link, retentionMs),
    freeze: () =>
      link.read(async (redis) => {
        const text = await redis.get(KEYS.freeze);
        return ok(text === null ? undefined : (JSON.parse(text) as Freeze));
      }),
    setFreeze: async (freeze, rows) =>
      doneOnly(
        await link.change(() => {
          const change = newChange(KEYS.freeze);
          if (freeze === undefined) change.effect('DEL', KEYS.freeze);
          else change.effect('SET', KEYS.freeze, JSON.stringify(freeze));
          addRowsTo(change, rows);
          return ok(change);
        }),
      ),
    logDownSince: () =>
      link.read(async (redis) => {
        const text = await redis.get(KEYS.logDown);
        return ok(text === null ? undefined : Number(text));
      }),
    setLogDown: async (since) =>
      doneOnly(
        await link.change(() => {
          const change = newChange(KEYS.logDown);
          if (since === undefined) change.effect('DEL', KEYS.logDown);
          else change.effect('SET', KEYS.logDown, since);
          return ok(change);
        }),
      ),
    ping: () =>
      link.read(async (redis) => {
        await redis.ping();
        return ok(undefined);
      }),
    close: async () => {
      // QUIT waits for what is under way; without a connection there is nothing to wait for.
      await client.quit().catch(() => undefined);
      client.disconnect();
    },
  };
}
