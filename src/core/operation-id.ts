import { hash } from 'node:crypto';

// No 0 o 1 l i: they look like each other in many fonts and sound alike on a call.
const LETTERS = 'abcdefghjkmnpqrstuvwxyz';
const ALPHABET = `${LETTERS}23456789`;

/**
 * A short id to type at 3 am: a letter, then letters and digits. Derived from `seed`, so that tests and replays are repeatable.
 *
 * @param seed the message that asked.
 * @param attempt 0 for the first try; later ones when the store said `taken`. Every tenth try is one character longer, up to five.
 */
export function operationId(seed: string, attempt: number): string {
  const length = Math.min(5, 3 + Math.floor(attempt / 10));
  const bytes = hash('sha256', `${seed}#${String(attempt)}`, 'buffer');
  const first = LETTERS.charAt((bytes[0] ?? 0) % LETTERS.length);
  const rest = [...bytes.subarray(1, length)].map((byte) => ALPHABET.charAt(byte % ALPHABET.length));
  return first + rest.join('');
}

/** Whether two ids of open operations could be mistaken for each other: they differ in fewer than two characters. */
export function tooAlike(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  return Array.from(a).filter((character, index) => character !== b[index]).length < 2;
}
