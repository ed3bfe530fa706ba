import { expect, test } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSigningKeyFile } from '../../src/config/signing-key.ts';

test('the second of two processes that start at once finds the key of the first', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-key-'));
  try {
    const path = join(folder, 'signing-key');
    makeSigningKeyFile(path);
    const key = readFileSync(path, 'utf8');
    makeSigningKeyFile(path);
    expect(readFileSync(path, 'utf8')).toBe(key);
    expect(readdirSync(folder)).toEqual(['signing-key']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
