import { expect, test } from '@jest/globals';
import { SharedReads } from '../../src/app/shared-reads.ts';
import type { Result } from '../../src/core/result.ts';
import { fail, ok } from '../../src/core/result.ts';

/** Reads that are answered when the test says so. */
function reader(): {
  readonly read: () => Promise<Result<number>>;
  readonly begun: () => number;
  readonly answer: (result?: Result<number>) => Promise<void>;
} {
  const waiting: ((result: Result<number>) => void)[] = [];
  let count = 0;
  return {
    read: () => {
      count += 1;
      return new Promise((resolve) => waiting.push(resolve));
    },
    begun: () => count,
    answer: async (result = ok(count)) => {
      waiting.shift()?.(result);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test('whoever asks while a read is under way gets the next, which begins after they asked; all of them one', async () => {
  const shared = new SharedReads();
  const { read, begun, answer } = reader();
  const first = shared.read('a', read);
  const others = [shared.read('a', read), shared.read('a', read), shared.read('a', read)];
  expect(begun()).toBe(1);
  await answer();
  expect(await first).toEqual(ok(1));
  expect(begun()).toBe(2);
  const late = shared.read('a', read);
  await answer();
  expect(await Promise.all(others)).toEqual([ok(2), ok(2), ok(2)]);
  await answer();
  expect(await late).toEqual(ok(3));
});

test('what fails, fails for those who wait, and the next one reads anew', async () => {
  const shared = new SharedReads();
  const { read, begun, answer } = reader();
  const away = fail({ kind: 'store-unreachable', cause: 'x' } as const);
  const both = [shared.read('a', read), shared.read('a', read)];
  await answer(away);
  expect(await Promise.all(both)).toEqual([away, away]);
  expect(begun()).toBe(1);
  const next = shared.read('a', read);
  await answer();
  expect(await next).toEqual(ok(2));
});

test('other names are other reads, and nobody waits for them', async () => {
  const shared = new SharedReads();
  const [a, b] = [reader(), reader()];
  const first = shared.read('a', a.read);
  const other = shared.read('b', b.read);
  await b.answer();
  expect(await other).toEqual(ok(1));
  await a.answer();
  expect(await first).toEqual(ok(1));
});

test('a read that is over is not shared with who asks later', async () => {
  const shared = new SharedReads();
  const { read, begun, answer } = reader();
  const first = shared.read('a', read);
  await answer();
  await first;
  const second = shared.read('a', read);
  expect(begun()).toBe(2);
  await answer();
  expect(await second).toEqual(ok(2));
});

test("a bug in one read is everybody's who waits, and not the next one's", async () => {
  const shared = new SharedReads();
  const broken = (): Promise<Result<number>> => Promise.reject(new Error('a bug'));
  const both = [shared.read('a', broken), shared.read('a', broken)];
  for (const one of both) await expect(one).rejects.toThrow('a bug');
  expect(await shared.read('a', () => Promise.resolve(ok(7)))).toEqual(ok(7));
});
