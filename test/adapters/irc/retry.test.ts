import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { IRC_BOUNDS } from '../../../src/adapters/irc/options.ts';
import { waitBeforeRetry } from '../../../src/adapters/irc/retry.ts';

test('the waits double from 2 s to 5 min', () => {
  const waits = [0, 1, 2, 3, 8, 9, 100].map((failures) =>
    waitBeforeRetry({ failures, refusedLogin: false, random: 0 }, IRC_BOUNDS),
  );
  expect(waits).toEqual([2000, 2000, 4000, 8000, 256_000, 300_000, 300_000]);
});

test('no try comes sooner than 2 s after the last', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      (failures, random, refusedLogin) => {
        const wait = waitBeforeRetry({ failures, refusedLogin, random }, IRC_BOUNDS);
        expect(wait).toBeGreaterThanOrEqual(2000);
        expect(wait).toBeLessThanOrEqual(375_000);
      },
    ),
  );
});

test('after a refused login the wait is long at once', () => {
  expect(waitBeforeRetry({ failures: 1, refusedLogin: true, random: 0 }, IRC_BOUNDS)).toBe(300_000);
});
