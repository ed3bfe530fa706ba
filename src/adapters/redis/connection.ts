import type { Redis } from 'ioredis';
import type { Fault } from '../../core/fault.ts';
import type { Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { Log } from '../../observe/log.ts';
import type { RedisPlace } from './place.ts';
import { connectTo } from './place.ts';

/** No method of the store takes longer: the rest of the two seconds is for the answer in chat. */
export const ANSWER_WITHIN_MS = 1800;
/** A connection that is silent for so long while an answer is due is given up, and made anew. */
const SILENCE_MS = 5000;
const RETRY_FIRST_MS = 50;
const RETRY_MOST_MS = 1000;

/**
 * A client that says at once when Redis is away, and connects again by itself for ever.
 *
 * It never sends a command again on its own: nobody could tell then whether it was carried out twice.
 */
export function openClient(place: RedisPlace, log: Log): Redis {
  const behaviour = {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: ANSWER_WITHIN_MS,
    connectTimeout: ANSWER_WITHIN_MS,
    socketTimeout: SILENCE_MS,
    retryStrategy: (times: number) => Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** Math.min(times, 10)),
  };
  const client = connectTo(place, behaviour);
  let wasUp: boolean | undefined;
  client.on('ready', () => {
    if (wasUp !== true) log.info({}, 'redis connected');
    wasUp = true;
  });
  // Each failed try is an error event, which would end the process if nobody listened; one line per outage is enough.
  client.on('error', (error: Error) => {
    if (wasUp !== false) log.warn({ cause: error.message }, 'redis away');
    wasUp = false;
  });
  client.on('close', () => {
    if (wasUp === true) log.warn({ cause: 'connection closed' }, 'redis away');
    wasUp = false;
  });
  return client;
}

/**
 * Begins to connect.
 *
 * @returns when it is ready, or after `withinMs`: then it goes on by itself.
 */
export async function connectWithin(client: Redis, withinMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, withinMs);
    client.once('ready', () => {
      clearTimeout(timer);
      resolve();
    });
    client.connect().catch(() => undefined);
  });
}

/** Does what it says within the time, or is `store-unreachable`. Whatever the library throws becomes a Fault. */
export async function answered<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Result<T>>((resolve) => {
    timer = setTimeout(() => {
      resolve(unreachable(`no answer in ${String(ANSWER_WITHIN_MS)} ms`));
    }, ANSWER_WITHIN_MS);
  });
  const done = work().catch((error: unknown) => fail(storeFault(error)));
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Redis is away. */
export function unreachable(cause: string): Result<never> {
  return fail({ kind: 'store-unreachable', cause });
}

/** Redis answered with an error: it is there and does not take it (memory, disk, read-only, rights). Anything else: it is away. */
function storeFault(error: unknown): Fault {
  const cause = error instanceof Error ? error.message : String(error);
  const refused = error instanceof Error && error.name === 'ReplyError';
  return { kind: refused ? 'store-refuses' : 'store-unreachable', cause };
}
