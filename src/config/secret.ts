import { inspect } from 'node:util';

/** A text that no log line, error or dump ever shows. */
export interface Secret {
  /** The text itself: for whoever hands it to the outside system, and nobody else. */
  reveal(): string;
  /** `[secret]`. */
  toString(): string;
}

/** In place of a secret that this process must not hold. Revealing it is a bug, and throws. */
export const WITHHELD: Secret = Object.freeze({
  reveal: (): string => {
    throw new Error('this role does not hold that secret');
  },
  toString: () => '[withheld]',
});

/** Wraps a text so that printing it by any usual way gives `[secret]`. */
export function makeSecret(text: string): Secret {
  const shown = (): string => '[secret]';
  return Object.freeze({ reveal: () => text, toString: shown, toJSON: shown, [inspect.custom]: shown });
}

/** All secrets in a value, at whatever depth: for what must be able to recognize them. */
export function secretsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (value === WITHHELD) return [];
  if ('reveal' in value && typeof value.reveal === 'function') return [(value as Secret).reveal()];
  return Object.values(value).flatMap(secretsIn);
}
