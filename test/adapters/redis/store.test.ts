import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { connectionOptions } from '../../../src/adapters/redis/place.ts';
import { openRedisStore } from '../../../src/adapters/redis/store.ts';
import type { Operation } from '../../../src/core/operation.ts';
import { isFinal } from '../../../src/core/operation.ts';
import { silentLog } from '../../../src/observe/log.ts';
import type { Store } from '../../../src/ports/store.ts';
import { operation } from '../../core/build.ts';
import type { RunDir } from '../../lab/process.ts';
import { makeRunDir, waitUntil } from '../../lab/process.ts';
import type { LabRedis } from '../../lab/redis.ts';
import { startRedis } from '../../lab/redis.ts';
import { MemoryStore } from '../../stage/memory-store.ts';
import { approval, one, row, storeContract, value } from './store-contract.ts';

const DAY_MS = 86_400_000;

let runDir: RunDir;
let redis: LabRedis;
let client: Redis;

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

function openStore(timeFrom: 'redis' | 'caller' = 'caller', retentionMs = DAY_MS): Promise<Store> {
  return openRedisStore({
    connection: connectionOptions({ url: redis.url }),
    retentionMs,
    log: silentLog,
    timeFrom,
  });
}

describe('in memory', () => {
  storeContract(() => Promise.resolve(new MemoryStore()));
});

describe('in Redis', () => {
  storeContract(async () => {
    await client.flushdb();
    return openStore();
  });
});

describe('only in Redis', () => {
  let store: Store;

  beforeEach(async () => {
    await client.flushdb();
    store = await openStore('redis');
  });

  afterEach(async () => {
    await store.close();
  });

  test('everything is under the one hash tag', async () => {
    value(await store.create(one('k7f', { state: 'queued', viewId: 'v1' }), [row('r1'), row('r2', 'sal')]));
    value(await store.setFreeze({ by: 'x', reason: 'y', at: 1 }, []));
    const keys = await client.keys('*');
    expect(keys.length).toBeGreaterThan(8);
    expect(keys.filter((key) => !key.startsWith('{sluice}:'))).toEqual([]);
  });

  test('the clock of Redis ends the wait for approval, whatever the caller thinks it is', async () => {
    value(await store.create(operation({ expiresAt: Date.now() - 1 }), []));
    expect(value(await store.vote('k7f', approval('jayme'), 0))).toMatchObject({ kind: 'expired' });
    value(await store.create(one('xyz', { expiresAt: Date.now() + 60_000 }), []));
    expect(value(await store.vote('xyz', approval('jayme'), Date.now() + DAY_MS))).toMatchObject({
      kind: 'counted',
    });
  });

  test('what has ended can be looked up for the retention; what is open, for ever', async () => {
    await store.close();
    store = await openStore('caller', 300);
    value(await store.create(one('aaa'), []));
    value(await store.create(one('bbb'), []));
    value(await store.transition({ id: 'aaa', from: ['awaiting-approval'], to: 'expired', at: 2000 }));
    expect(value(await store.operation('aaa'))?.state).toBe('expired');
    await waitUntil('it is gone', async () => value(await store.operation('aaa')) === undefined);
    expect(value(await store.operation('bbb'))?.state).toBe('awaiting-approval');
    expect(value(await store.recent(10)).map(({ id }) => id)).toEqual(['bbb']);
  });

  test('kill -9 of Redis loses nothing that was answered', async () => {
    value(await store.create(one('k7f', { state: 'queued' }), [row('r1')]));
    value(await store.transition({ id: 'k7f', from: ['queued'], to: 'running', at: 2000, takeOver: true }));
    redis.process.signal('SIGKILL');
    await redis.process.exited;
    await redis.restart();
    await waitUntil('the store is connected again', async () => (await store.ping()).ok);
    expect(value(await store.operation('k7f'))).toMatchObject({ state: 'running', epoch: 1 });
    expect(value(await store.headOfLine('kartotherian-ssl'))).toBe('k7f');
    expect(value(await store.unsentRows(10))).toHaveLength(1);
  });

  test('without Redis every method says store-unreachable, and stores nothing later', async () => {
    value(await store.create(one('aaa'), []));
    redis.process.signal('SIGKILL');
    await redis.process.exited;
    const answers = await Promise.all([
      store.create(one('bbb'), []),
      store.operation('aaa'),
      store.open(),
      store.recent(1),
      store.transition({ id: 'aaa', from: ['awaiting-approval'], to: 'cancelled', at: 2000 }),
      store.vote('aaa', approval('jayme'), 2000),
      store.withdraw('aaa', 'jayme', 2000),
      store.headOfLine('x'),
      store.operationShownBy('x'),
      store.standing({ writtenSince: 0, removedSince: 0, pools: [] }),
      store.freeze(),
      store.setFreeze({ by: 'x', reason: 'y', at: 1 }, []),
      store.addRows([row('r1')]),
      store.unsentRows(1),
      store.salRows(1),
      store.markRow('r1', { state: 'sent' }),
      store.ping(),
    ]);
    expect(answers.map((answer) => (answer.ok ? 'ok' : answer.fault.kind))).toEqual(
      answers.map(() => 'store-unreachable'),
    );
    await redis.restart();
    await waitUntil('the store is connected again', async () => (await store.ping()).ok);
    expect(value(await store.open()).map(({ id, state }) => [id, state])).toEqual([
      ['aaa', 'awaiting-approval'],
    ]);
    expect(value(await store.freeze())).toBeUndefined();
    expect(value(await store.unsentRows(10))).toEqual([]);
  });

  test('a change that reaches Redis after its caller was told "not stored" is not made', async () => {
    value(await store.create(one('aaa'), []));
    redis.process.freeze();
    const late = await store.transition({
      id: 'aaa',
      from: ['awaiting-approval'],
      to: 'cancelled',
      at: 2000,
    });
    expect(late).toMatchObject({ ok: false, fault: { kind: 'store-unreachable' } });
    redis.process.signal('SIGCONT');
    await waitUntil('the store is answered again', async () => (await store.ping()).ok);
    expect(value(await store.operation('aaa'))?.state).toBe('awaiting-approval');
  });

  test('a Redis without memory refuses, and nothing is half stored', async () => {
    value(await store.create(one('aaa', { expiresAt: Date.now() + 60_000 }), []));
    await client.config('SET', 'maxmemory', '1');
    try {
      expect(await store.create(one('bbb'), [row('r1')])).toMatchObject({
        ok: false,
        fault: { kind: 'store-refuses' },
      });
      expect(await store.vote('aaa', approval('jayme'), 2000)).toMatchObject({
        ok: false,
        fault: { kind: 'store-refuses' },
      });
      expect(value(await store.operation('aaa'))?.state).toBe('awaiting-approval');
    } finally {
      await client.config('SET', 'maxmemory', '0');
    }
    expect(value(await store.operation('bbb'))).toBeUndefined();
    expect(value(await store.unsentRows(10))).toEqual([]);
  });

  test.each(['2', '', '1, damaged'])('what schema %p wrote is neither read nor changed', async (schema) => {
    value(await store.create(one('aaa'), []));
    const key = '{sluice}:op:aaa';
    if (schema.startsWith('1')) await client.hset(key, 'plan', '{');
    else if (schema === '') await client.hdel(key, 'schema');
    else await client.hset(key, 'schema', schema);
    const before = await client.hgetall(key);
    const unknown = { ok: false, fault: { kind: 'schema-unknown', id: 'aaa' } };
    expect(await store.operation('aaa')).toMatchObject(unknown);
    expect(await store.open()).toMatchObject(unknown);
    if (!schema.startsWith('1')) {
      expect(
        await store.transition({ id: 'aaa', from: ['awaiting-approval'], to: 'cancelled', at: 2000 }),
      ).toMatchObject(unknown);
      expect(await store.vote('aaa', approval('jayme'), 2000)).toMatchObject(unknown);
      expect(await client.hgetall(key)).toEqual(before);
    }
  });

  test('what one process knows is what another reads, after each change by either', async () => {
    const other = await openStore();
    const same = async (known: Operation): Promise<void> => {
      expect(known).toEqual(value(await other.operation('aaa')));
      for (const each of [store, other]) {
        const { state } = known;
        expect(value(await each.operation('aaa'))).toEqual(known);
        expect(value(await each.recent(9))).toEqual([known]);
        expect(value(await each.open())).toEqual(isFinal(state) ? [] : [known]);
      }
    };
    const aaa = one('aaa', { state: 'queued' });
    value(await store.create(aaa, []));
    await same(aaa);
    const step = aaa.steps[0];
    if (step === undefined) throw new Error('no step');
    const intent = { expectedIndex: 100, expectedText: 'a', targetText: 'b', at: 5 };
    const begun = { from: ['queued'], to: 'running', takeOver: true, patch: { startedAt: 5 } } as const;
    const intended = { ...step, state: 'intent' as const, intent };
    await same(
      value(
        await store.transition({
          id: 'aaa',
          at: 5,
          ...begun,
          steps: [{ from: ['planned'], record: intended }],
        }),
      ),
    );
    const running = { id: 'aaa', from: ['running'] as const };
    value(await other.transition({ ...running, to: 'running', at: 6, patch: { stopRequestedBy: 'jijiki' } }));
    value(await other.touch('aaa', 7));
    const result = { modifiedIndex: 101, text: 'b', readBackAt: 8, how: 'written' as const };
    const done = { ...intended, state: 'done' as const, result };
    const moved = { ...running, to: 'done', at: 8, epoch: 1, patch: { endedAt: 8 } } as const;
    const ended = value(await store.transition({ ...moved, steps: [{ from: ['intent'], record: done }] }));
    expect(ended).toMatchObject({ state: 'done', stopRequestedBy: 'jijiki', steps: [{ result }] });
    await same(ended);
    await other.close();
  });

  test('a server that took over and has not heard of an end is believed: the operation is open', async () => {
    value(await store.create(one('aaa', { state: 'queued' }), []));
    value(await store.transition({ id: 'aaa', from: ['queued'], to: 'running', at: 5, takeOver: true }));
    const before = await client.hgetall('{sluice}:op:aaa');
    value(await store.transition({ id: 'aaa', from: ['running'], to: 'done', at: 6, patch: { endedAt: 6 } }));
    expect(value(await store.recent(9))[0]?.state).toBe('done');
    expect(value(await store.open())).toEqual([]);
    // As a replica that had not got the last change.
    await client.del('{sluice}:op:aaa');
    await client.hset('{sluice}:op:aaa', before);
    await client.zadd('{sluice}:open', 1000, 'aaa');
    expect(value(await store.open())[0]?.state).toBe('running');
    expect(value(await store.recent(9))[0]?.state).toBe('running');
  });

  test('what somebody has changed in Redis itself is read', async () => {
    value(await store.create(one('aaa'), []));
    expect(value(await store.operation('aaa'))?.planHash).toBe(one('aaa').planHash);
    await client.hset('{sluice}:op:aaa', 'planHash', 'another');
    expect(value(await store.operation('aaa'))?.planHash).toBe('another');
    expect(value(await store.open())[0]?.planHash).toBe('another');
  });

  test('opens while Redis is away, and comes to itself', async () => {
    redis.process.signal('SIGKILL');
    await redis.process.exited;
    const early = await openStore();
    expect(await early.ping()).toMatchObject({ ok: false, fault: { kind: 'store-unreachable' } });
    await redis.restart();
    await waitUntil('it is connected', async () => (await early.ping()).ok);
    await early.close();
  });
});
