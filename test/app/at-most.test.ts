import { expect, test } from '@jest/globals';
import { AtMost } from '../../src/app/at-most.ts';

/** Something that is under way until it is told to end. */
function task(
  log: string[],
  name: string,
): { readonly act: () => Promise<string>; readonly end: () => void } {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return {
    act: async () => {
      log.push(`${name} begins`);
      await ended;
      return name;
    },
    end: () => {
      end();
    },
  };
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('two at a time, the others in the order in which they came', async () => {
  const log: string[] = [];
  const lane = new AtMost(2);
  const tasks = ['a', 'b', 'c', 'd'].map((name) => task(log, name));
  const results = tasks.map(({ act }) => lane.run(act));
  await soon();
  expect(log).toEqual(['a begins', 'b begins']);
  tasks[1]?.end();
  await soon();
  expect(log).toEqual(['a begins', 'b begins', 'c begins']);
  for (const { end } of tasks) end();
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c', 'd']);
});

test('one that fails makes room for the next, and is told so itself', async () => {
  const lane = new AtMost(1);
  const failed = lane.run(() => Promise.reject(new Error('broken')));
  const next = lane.run(() => Promise.resolve('next'));
  await expect(failed).rejects.toThrow('broken');
  expect(await next).toBe('next');
  expect(await lane.run(() => Promise.resolve('later'))).toBe('later');
});
