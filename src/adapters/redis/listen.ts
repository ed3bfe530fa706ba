import { randomUUID } from 'node:crypto';
import { KEYS } from './keys.ts';
import type { RedisPlace } from './place.ts';
import { connectTo } from './place.ts';

/** What this process is called in what it tells the others. */
export const ORIGIN = randomUUID();

const RETRY_MS = 1000;

/** Being told at once of what others store. It may miss something: whoever listens looks by themselves from time to time. */
export interface Listening {
  close(): void;
}

/** Calls back when another process has stored something to be said. */
export function listenForRows(place: RedisPlace, onRows: () => void): Listening {
  const behaviour = {
    maxRetriesPerRequest: null,
    retryStrategy: () => RETRY_MS,
  };
  const client = connectTo(place, behaviour);
  // Each failed try is an error event; that Redis is away is told elsewhere.
  client.on('error', () => undefined);
  client.on('message', (_channel, origin) => {
    if (origin !== ORIGIN) onRows();
  });
  // Subscribed again by the library after each loss of the connection.
  client.subscribe(KEYS.said).catch(() => undefined);
  return {
    close: () => {
      client.disconnect();
    },
  };
}
