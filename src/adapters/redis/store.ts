import { ok } from '../../core/result.ts';
import type { Log } from '../../observe/log.ts';
import type { Lease } from '../../ports/lease.ts';
import type { Store } from '../../ports/store.ts';
import { ANSWER_WITHIN_MS, connectWithin, openClient } from './connection.ts';
import { brakeMethods } from './brakes.ts';
import { inboxMethods } from './inbox.ts';
import { KnownOperations } from './known-operations.ts';
import { leaseOn } from './lease.ts';
import { linkTo } from './link.ts';
import { listMethods } from './lists.ts';
import { noteMethods } from './notes.ts';
import { operationMethods } from './operations.ts';
import type { RedisPlace } from './place.ts';
import { rowMethods } from './outbox-rows.ts';
import { snapshotMethod } from './snapshot.ts';
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
  /** Whether this process says what there is to be said, and need not be told of it by another. Not, by default. */
  readonly speaks?: () => boolean;
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
  const { connection, retentionMs, log, timeFrom = 'redis', speaks = () => false } = options;
  const client = openClient(connection, log);
  const link = linkTo(client, { minReplicas: connection.minReplicas, log, speaks });
  const known = new KnownOperations();
  await connectWithin(client, ANSWER_WITHIN_MS);
  const [lists, brakes] = [listMethods(link, known), brakeMethods(link)];
  return {
    lease: leaseOn(link),
    ...operationMethods(link, { retentionMs, known }),
    ...lists,
    ...brakes,
    ...snapshotMethod(link, { ...lists, ...brakes }),
    ...voteMethods(link, { retentionMs, timeFrom, known }),
    ...noteMethods(link, retentionMs),
    ...inboxMethods(link, retentionMs),
    ...rowMethods(link, retentionMs),
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
