import { expect, test } from '@jest/globals';
import { WorkerWatch } from '../../src/app/watch-worker.ts';
import type { Result } from '../../src/core/result.ts';
import { fail, ok } from '../../src/core/result.ts';
import type { Log } from '../../src/observe/log.ts';

const quiet = (): void => undefined;
const LOG: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

test('a worker that takes nothing is replaced, and until it takes a job this process is not well', async () => {
  const answers: Result<boolean>[] = [ok(true), ok(false), ok(false), ok(true)];
  let replaced = 0;
  const watch = new WorkerWatch(
    {
      canary: () => Promise.resolve(answers.shift() ?? ok(true)),
      restart: () => {
        replaced += 1;
      },
    },
    LOG,
  );
  const seen = [];
  for (let tries = 0; tries < 4; tries++) {
    await watch.check();
    seen.push({ ok: watch.health().ok, replaced });
  }
  expect(seen).toEqual([
    { ok: true, replaced: 0 },
    { ok: false, replaced: 1 },
    { ok: false, replaced: 2 },
    { ok: true, replaced: 2 },
  ]);
});

test('while Redis is away nothing is known of the worker, and it is left alone', async () => {
  let replaced = 0;
  const watch = new WorkerWatch(
    {
      canary: () => Promise.resolve(fail({ kind: 'store-unreachable', cause: 'away' })),
      restart: () => {
        replaced += 1;
      },
    },
    LOG,
  );
  await watch.check();
  expect(watch.health()).toEqual({ part: 'worker', ok: true, text: '' });
  expect(replaced).toBe(0);
});
