import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { WatchedQueue } from '../../../src/adapters/bullmq/queue.ts';
import { openQueue } from '../../../src/adapters/bullmq/queue.ts';
import { connectionOptions, connectTo } from '../../../src/adapters/redis/place.ts';
import { silentLog } from '../../../src/observe/log.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir, waitUntil } from '../../lab/process.ts';
import type { LabRedis } from '../../lab/redis.ts';
import { startRedis } from '../../lab/redis.ts';
import { value } from '../redis/store-contract.ts';

let runDir: RunDir;
let redis: LabRedis;
let client: Redis;
let queues: WatchedQueue[];

beforeAll(async () => {
  runDir = makeRunDir();
  redis = await startRedis(runDir);
  client = new Redis(redis.url);
  client.on('error', () => undefined);
});

afterAll(async () => {
  client.disconnect();
  await redis.process.stop();
  runDir.remove();
});

beforeEach(async () => {
  await client.flushdb();
  queues = [];
});

afterEach(async () => {
  for (const queue of queues) await queue.close();
});

function open(concurrency = 4): WatchedQueue {
  const queue = openQueue({
    connect: (behaviour) => connectTo(connectionOptions({ url: redis.url }), behaviour),
    concurrency,
    log: silentLog,
    lockMs: 1000,
    stalledMs: 500,
  });
  queues.push(queue);
  return queue;
}

/** A job that ends when told. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let release = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    passed,
    open: () => {
      release();
    },
  };
}

test('one job per operation, however often it is woken; again when it has run', async () => {
  const queue = open();
  for (let time = 0; time < 3; time++) value(await queue.wake('k7f'));
  value(await queue.wake('wxy'));
  expect(value(await queue.awake())).toEqual(new Set(['k7f', 'wxy']));
  expect(await client.exists('{sluice}:operations:op-k7f')).toBe(1);
  const ran: string[] = [];
  queue.start((id) => {
    ran.push(id);
    return Promise.resolve();
  });
  await waitUntil('both ran', () => ran.length === 2);
  expect(ran).toEqual(['k7f', 'wxy']);
  await waitUntil('nobody is awake', async () => value(await queue.awake()).size === 0);
  value(await queue.wake('k7f'));
  await waitUntil('it ran again', () => ran.length === 3);
});

test('while it runs it counts as awake, and a wake-up adds nothing', async () => {
  const queue = open();
  const { passed, open: release } = gate();
  let runs = 0;
  queue.start(async () => {
    runs++;
    await passed;
  });
  value(await queue.wake('k7f'));
  await waitUntil('it runs', () => runs === 1);
  value(await queue.wake('k7f'));
  const awake = await queue.awake();
  release();
  expect(value(awake)).toEqual(new Set(['k7f']));
  await waitUntil('nobody is awake', async () => value(await queue.awake()).size === 0);
  expect(runs).toBe(1);
});

test('what has begun counts as awake at every moment, also while its job is on its way', async () => {
  const queue = open();
  let release = (): void => undefined;
  queue.start(() => new Promise((resolve) => (release = resolve)));
  for (let time = 0; time < 60; time++) {
    const id = `op${String(time)}`;
    value(await queue.wake(id));
    // Its job is added about now.
    const asked = performance.now() + 18 + (time % 6) / 2;
    while (performance.now() < asked) await new Promise(setImmediate);
    const awake = await queue.awake();
    release();
    expect(value(awake).has(id)).toBe(true);
  }
});

test('what is about to be stored is begun here or nowhere', async () => {
  const queue = open(1);
  expect(queue.begin('aaa')).toBe(false);
  const { passed, open: go } = gate();
  const runs: string[] = [];
  queue.start(async (id) => {
    runs.push(id);
    await passed;
  });
  expect(['aaa', 'aaa', 'bbb'].map((id) => queue.begin(id))).toEqual([true, false, false]);
  expect(await queue.awake()).toEqual({ ok: true, value: new Set() });
  go();
  await queue.close();
  expect(runs).toEqual(['aaa']);
});

test('who runs operations begins at once, and each wake-up is one run', async () => {
  const queue = open(50);
  const ids = Array.from({ length: 30 }, (_, number) => `op${String(number)}`);
  const { passed, open: release } = gate();
  const ran: string[] = [];
  queue.start(async (id) => {
    ran.push(id);
    await passed;
  });
  const waking = ids.map((id) => queue.wake(id));
  expect(ran).toEqual(ids);
  for (const woken of waking) value(await woken);
  const awake = await queue.awake();
  release();
  expect(value(awake)).toEqual(new Set(ids));
  await waitUntil('all jobs are gone', async () => value(await queue.awake()).size === 0);
  expect(ran).toEqual(ids);
});

test.each([
  ['another process has begun', 'another', true],
  ['nobody has begun', undefined, false],
])('a job that %s says so to who runs it', async (_what, begunBy, expected) => {
  const jobs = new Queue('operations', { prefix: '{sluice}', connection: { url: redis.url } });
  await jobs.add('run', { id: 'k7f', ...(begunBy === undefined ? {} : { begunBy }) }, { jobId: 'op-k7f' });
  await jobs.close();
  const told: (readonly [string, boolean])[] = [];
  open().start((id, begunElsewhere) => {
    told.push([id, begunElsewhere]);
    return Promise.resolve();
  });
  await waitUntil('it is run', () => told.length > 0);
  expect(told).toEqual([['k7f', expected]]);
});

test('Redis away: who runs operations begins all the same', async () => {
  const queue = open();
  const ran: string[] = [];
  queue.start((id) => {
    ran.push(id);
    return Promise.resolve();
  });
  redis.process.signal('SIGKILL');
  await redis.process.exited;
  value(await queue.wake('aaa'));
  expect(ran).toEqual(['aaa']);
  await redis.restart();
  await waitUntil('Redis is back', async () => (await queue.awake()).ok);
});

test('no more at once than asked for', async () => {
  const queue = open(2);
  let now = 0;
  let most = 0;
  let ended = 0;
  queue.start(async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 30));
    now--;
    ended++;
  });
  for (const id of ['aaa', 'bbb', 'ccc', 'ddd', 'eee']) value(await queue.wake(id));
  await waitUntil('all ran', () => ended === 5);
  expect(most).toBe(2);
});

test('a job that throws is gone: what happens next is for the journal to say', async () => {
  const queue = open();
  let runs = 0;
  queue.start(() => {
    runs++;
    return Promise.reject(new Error('broken'));
  });
  value(await queue.wake('k7f'));
  await waitUntil('nobody is awake', async () => runs === 1 && value(await queue.awake()).size === 0);
  value(await queue.wake('k7f'));
  await waitUntil('it ran again', () => runs === 2);
});

test('close waits for what runs, and takes nothing more', async () => {
  const queue = open(1);
  const { passed, open: release } = gate();
  const ran: string[] = [];
  queue.start(async (id) => {
    ran.push(id);
    await passed;
  });
  value(await queue.wake('aaa'));
  value(await queue.wake('bbb'));
  await waitUntil('the first runs', () => ran.length === 1);
  let closed = false;
  const closing = queue.close().then(() => {
    closed = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(closed).toBe(false);
  release();
  await closing;
  expect(ran).toEqual(['aaa']);
  expect(value(await open().awake()).has('bbb')).toBe(true);
});

test('the job of a worker that was killed is handed to another', async () => {
  const source = new URL('../../../src/adapters/bullmq/queue.ts', import.meta.url).href;
  const place = new URL('../../../src/adapters/redis/place.ts', import.meta.url).href;
  const program = `
    import { openQueue } from ${JSON.stringify(source)};
    import { connectionOptions, connectTo } from ${JSON.stringify(place)};
    const log = { info() {}, warn() {}, error() {} };
    const queue = openQueue({ connect: (behaviour) => connectTo(connectionOptions({ url: ${JSON.stringify(redis.url)} }), behaviour), concurrency: 1, log, lockMs: 1000, stalledMs: 500 });
    queue.start(async (id) => { console.log(id); await new Promise(() => setInterval(() => {}, 1000)); });
  `;
  const victim = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const queue = open();
    value(await queue.wake('k7f'));
    const began = await new Promise<string>((resolve) => {
      victim.stdout.once('data', (data: Buffer) => {
        resolve(data.toString().trim());
      });
    });
    expect(began).toBe('k7f');
    victim.kill('SIGKILL');
    const ran: string[] = [];
    queue.start((id) => {
      ran.push(id);
      return Promise.resolve();
    });
    await waitUntil('another ran it', () => ran.length === 1);
    expect(ran).toEqual(['k7f']);
  } finally {
    victim.kill('SIGKILL');
  }
});

test('Redis away: store-unreachable in time; back again: wake-ups work, and so does the worker', async () => {
  const [queue, worker] = [open(), open()];
  const ran: string[] = [];
  worker.start((id) => {
    ran.push(id);
    return Promise.resolve();
  });
  value(await queue.wake('aaa'));
  await waitUntil('the first ran', () => ran.length === 1);
  redis.process.signal('SIGKILL');
  await redis.process.exited;
  const unreachable = { ok: false, fault: { kind: 'store-unreachable' } };
  expect(await queue.wake('bbb')).toMatchObject(unreachable);
  expect(await queue.awake()).toMatchObject(unreachable);
  await redis.restart();
  await waitUntil('it takes wake-ups', async () => (await queue.wake('ccc')).ok);
  await waitUntil('it ran', () => ran.includes('ccc'));
});

test('a canary says whether a worker takes jobs, and a new worker takes them again', async () => {
  const queue = open();
  expect(await queue.canary(100)).toEqual({ ok: true, value: false });
  expect(value(await queue.awake())).toEqual(new Set());
  const { passed, open: release } = gate();
  queue.start(() => passed);
  expect(await queue.canary(10_000)).toEqual({ ok: true, value: true });
  queue.restart();
  expect(await queue.canary(10_000)).toEqual({ ok: true, value: true });
  // A worker whose every place is taken is busy, not deaf.
  value(await queue.wake('aaa'));
  await waitUntil('it runs', async () => (await queue.canary(100)).ok && (await queue.awake()).ok);
  expect(await queue.canary(100)).toEqual({ ok: true, value: true });
  release();
});

test('while Redis is away a canary says so, and nothing of the worker', async () => {
  const queue = open();
  queue.start(() => Promise.resolve());
  redis.process.signal('SIGKILL');
  await redis.process.exited;
  expect(await queue.canary(100)).toMatchObject({ ok: false, fault: { kind: 'store-unreachable' } });
  await redis.restart();
  await waitUntil('it takes jobs', async () => {
    const taken = await queue.canary(1000);
    return taken.ok && taken.value;
  });
});

test('closes while Redis is away', async () => {
  const queue = open();
  const { passed, open: release } = gate();
  let runs = 0;
  queue.start(() => {
    runs++;
    return passed;
  });
  value(await queue.wake('k7f'));
  await waitUntil('it runs', () => runs === 1);
  redis.process.signal('SIGKILL');
  await redis.process.exited;
  queues = [];
  let closed = false;
  try {
    const closing = queue.close().then(() => {
      closed = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(closed).toBe(false);
    release();
    await closing;
  } finally {
    await redis.restart();
  }
});
