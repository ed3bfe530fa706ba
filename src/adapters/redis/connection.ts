import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { ConnectionOptions } from 'node:tls';
import type { Fault } from '../../core/fault.ts';
import type { Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { Log } from '../../observe/log.ts';

/** Where Redis is. `url` is `redis://HOST:PORT[/DB]`; secrets come apart from it. */
export type RedisAddress =
  | { readonly socket: string }
  | {
      readonly url: string;
      readonly username?: string | undefined;
      readonly password?: string | undefined;
      readonly tls?: ConnectionOptions | undefined;
    };

/** What every client of that Redis needs to connect. A `rediss:` URL means TLS. */
export function connectionOptions(address: RedisAddress): RedisOptions {
  if ('socket' in address) return { path: address.socket };
  const url = new URL(address.url);
  const { username, password } = address;
  const tls = address.tls ?? (url.protocol === 'rediss:' ? {} : undefined);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port === '' ? 6379 : url.port),
    db: Number(url.pathname.slice(1)),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
  };
}

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
export function openClient(connection: RedisOptions, log: Log): Redis {
  const behaviour = {
    replyMapping: 'legacy' as const,
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout: ANSWER_WITHIN_MS,
    connectTimeout: ANSWER_WITHIN_MS,
    socketTimeout: SILENCE_MS,
    retryStrategy: (times: number) => Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** Math.min(times, 10)),
  };
  const client = new Redis(Object.assign({}, connection, behaviour));
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
