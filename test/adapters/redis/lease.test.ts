import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { connectionOptions } from '../../../src/adapters/redis/place.ts';
import { listenForRows } from '../../../src/adapters/redis/listen.ts';
import type { RedisStore } from '../../../src/adapters/redis/store.ts';
import { openRedisStore } from '../../../src/adapters/redis/store.ts';
import { silentLog } from '../../../src/observe/log.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir, waitUntil } from '../../lab/process.ts';
import type { LabRedis } from '../../lab/redis.ts';
import { startRedis } from '../../lab/redis.ts';
import { row, value } from './store-contract.ts';

const LONG = 60_000;

let runDir: RunDir;
let redis: LabRedis;
let client: Redis;
let store: RedisStore;

beforeAll(async () => {
  runDir = makeRunDir();
  redis = await startRedis(runDir);
  client = new Redis(redis.url);
  store = await openRedisStore({
    connection: connectionOptions({ url: redis.url }),
    retentionMs: LONG,
    log: silentLog,
  });
});

beforeEach(async () => {
  await client.flushdb();
});

afterAll(async () => {
  client.disconnect();
  await store.close();
  await redis.process.stop();
  runDir.remove();
});

const claim = async (who: string, forMs = LONG, isNew = false) =>
  value(await store.lease.claim(who, { forMs, isNew }));

test('one has it, the others are told who, and are known to wait', async () => {
  expect(await claim('a')).toEqual({ kind: 'held', epoch: 1, others: 0 });
  expect(await claim('b')).toEqual({ kind: 'other', holder: 'a' });
  expect(await claim('a')).toEqual({ kind: 'held', epoch: 1, others: 1 });
});

test('given back it is taken at once, and whoever waited no more is forgotten', async () => {
  await claim('a');
  await claim('b');
  await store.lease.release('a');
  expect(await claim('b')).toEqual({ kind: 'held', epoch: 2, others: 0 });
  // Somebody who does not have it gives nothing back.
  await store.lease.release('a');
  expect(await claim('a')).toEqual({ kind: 'other', holder: 'b' });
});

test('when its time is over the next who asks has it, and the one before has lost it', async () => {
  await claim('a', 50);
  await waitUntil('it is over', async () => (await claim('b')).kind === 'held');
  expect(await claim('a')).toEqual({ kind: 'other', holder: 'b' });
  expect(await claim('b')).toMatchObject({ kind: 'held', epoch: 2 });
});

test('a process of the same name that is new takes it over at once, under a new number', async () => {
  await claim('a');
  expect(await claim('a', LONG, true)).toEqual({ kind: 'held', epoch: 2, others: 0 });
});

test('a mark of a process that has lost the voice does not count', async () => {
  await claim('a');
  value(await store.addRows([row('k7f:waits')]));
  await store.lease.release('a');
  await claim('b');
  value(await store.markRow('k7f:waits', { state: 'unconfirmed', epoch: 1 }));
  expect(value(await store.unsentRows(9))).toHaveLength(1);
  value(await store.markRow('k7f:waits', { state: 'echoed', epoch: 2 }));
  expect(value(await store.unsentRows(9))).toHaveLength(0);
});

test('another process is told at once that there is something to be said; this one knows', async () => {
  let told = 0;
  const listening = listenForRows(connectionOptions({ url: redis.url }), () => told++);
  await waitUntil('it listens', async () => {
    const [, listeners] = (await client.pubsub('NUMSUB', '{sluice}:said')) as [string, number];
    return listeners === 1;
  });
  value(await store.addRows([row('k7f:waits')]));
  await client.publish('{sluice}:said', 'somebody else');
  await waitUntil('it was told', () => told > 0);
  expect(told).toBe(1);
  listening.close();
});

test('who says what it stores itself tells nobody', async () => {
  let speaks = true;
  const speaker = await openRedisStore({
    connection: connectionOptions({ url: redis.url }),
    retentionMs: 60_000,
    log: silentLog,
    speaks: () => speaks,
  });
  const heard: string[] = [];
  const listener = client.duplicate();
  listener.on('message', (_channel, origin) => heard.push(origin));
  await listener.subscribe('{sluice}:said');
  value(await speaker.addRows([row('k7f:waits')]));
  speaks = false;
  value(await speaker.addRows([row('k7f:end')]));
  await waitUntil('it is told', () => heard.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(heard).toHaveLength(1);
  listener.disconnect();
  await speaker.close();
});
