import process from 'node:process';
import { pino } from 'pino';
import { Soon } from './soon.ts';

/** Structured lines for whoever runs Sluice. Fields first, then what happened. No secret ever goes in. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A shorter one would be found in words that are none. */
const SHORTEST_SECRET = 6;
/** Lines that come within this time are written together: each on its own is a thread that must be woken. */
const GATHER_MS = 20;

/**
 * JSON lines on stdout.
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
      hooks: {
        streamWrite: (line) => hidden.reduce((text, secret) => text.replaceAll(secret, '[secret]'), line),
      },
    },
    gathered(),
  );
}

/** Stdout. What is left when the process ends is written then. */
function gathered(): { readonly write: (line: string) => void } {
  const soon = new Soon<string>(GATHER_MS, (lines) => {
    out.write(lines.join(''));
  });
  // Before that of the library, which writes what it has.
  process.on('exit', () => {
    soon.flush();
  });
  const out = pino.destination({ dest: 1, sync: false });
  return {
    write: (line) => {
      soon.push(line);
    },
  };
}

/** Says nothing: for tests and one-shot commands. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
