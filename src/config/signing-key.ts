import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** 32 bytes, as text. A shorter key than that would be the weakest part of every signature. */
export const SIGNING_KEY_CHARACTERS = 32;

/** A new key: 32 random bytes in hexadecimal. */
export function newSigningKey(): string {
  return randomBytes(32).toString('hex');
}

/**
 * Makes the file with a new key, readable by its owner only. Two processes that start at once end up with one key:
 * the file appears whole, and the second finds it there.
 *
 * @throws when the folder cannot be written.
 */
export function makeSigningKeyFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, `${newSigningKey()}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}
