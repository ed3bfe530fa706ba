import { pino } from 'pino';
import { knownFields } from './context.ts';

/** Structured lines for whoever runs Sluice. Fields first, then what happened. No secret ever goes in. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A shorter one would be found in words that are none. */
const SHORTEST_SECRET = 6;
/** Lines of so much text, or of so long, are written together. */
const GATHER_BYTES = 8192;
const GATHER_MS = 20;

/**
 * JSON lines on stdout, each with the operation and the message that it is about.
 *
 * @param level the least that is written: `info` unless told.
 * @param secrets what no line may show, wherever a library or an error text has it from: the second belt, as nothing here logs one.
 */
export function openLog(level: string, secrets: readonly string[]): Log {
  const hidden = secrets
    .filter(({ length }) => length >= SHORTEST_SECRET)
    .flatMap((secret) => [
      ...new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]),
    ]);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: () => ({ ...knownFields() }),
      hooks: {
        streamWrite: (line) => hidden.reduce((text, secret) => text.replaceAll(secret, '[secret]'), line),
      },
    },
    // Lines go together, and the last ones when the process ends: each on its own is a thread that must be woken.
    pino.destination({ dest: 1, sync: false, minLength: GATHER_BYTES, periodicFlush: GATHER_MS }),
  );
}

/** Says nothing: for tests and one-shot commands. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
