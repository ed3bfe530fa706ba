import { expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Soon } from '../../src/observe/soon.ts';

test('what comes within a moment goes together, in its order, and what comes later goes later', async () => {
  const acted: (readonly number[])[] = [];
  const soon = new Soon<number>(20, (items) => acted.push(items));
  for (const number of [3, 1, 2]) soon.push(number);
  expect(acted).toEqual([]);
  await sleep(60);
  expect(acted).toEqual([[3, 1, 2]]);
  soon.push(4);
  await sleep(60);
  expect(acted).toEqual([[3, 1, 2], [4]]);
});

test('at the end all that is left goes at once, and nothing twice', async () => {
  const acted: (readonly string[])[] = [];
  const soon = new Soon<string>(20, (items) => acted.push(items));
  soon.push('last');
  soon.flush();
  soon.flush();
  await sleep(60);
  expect(acted).toEqual([['last']]);
});
