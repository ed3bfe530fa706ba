import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { examineOwnRedis, examineRedis } from '../../../src/adapters/redis/examine.ts';
import { doctorLineText } from '../../../src/core/doctor-line.ts';
import type { RunDir } from '../../lab/process.ts';
import { freePort, makeRunDir } from '../../lab/process.ts';
import type { LabRedis } from '../../lab/redis.ts';
import { startRedis } from '../../lab/redis.ts';

let runDir: RunDir;
let redis: LabRedis;
let client: Redis;

beforeAll(async () => {
  runDir = makeRunDir();
  redis = await startRedis(runDir);
  client = new Redis(redis.url);
});

afterAll(async () => {
  client.disconnect();
  await redis.process.stop();
  runDir.remove();
});

async function examine(options: { username?: string; password?: string } = {}): Promise<readonly string[]> {
  return (await examineRedis({ url: redis.url, ...options }, 2000)).map(doctorLineText);
}

describe('examineRedis', () => {
  test('finds nothing wrong with a Redis as Sluice wants it', async () => {
    expect(await examine()).toEqual([
      expect.stringMatching(/^ok redis version \d+\.\d+/),
      'ok redis append-only file is on',
      'ok redis appendfsync always',
      'ok redis maxmemory-policy noeviction',
    ]);
  });

  test.each([
    [
      'appendonly',
      'no',
      'yes',
      'FAIL redis append-only file is off: a crash would lose the journal. Set appendonly yes',
    ],
    [
      'appendfsync',
      'everysec',
      'always',
      'warn redis appendfsync everysec: a power cut may lose the last second. Set appendfsync always',
    ],
    [
      'appendfsync',
      'no',
      'always',
      'FAIL redis appendfsync no: a power cut would lose the journal. Set appendfsync always',
    ],
    [
      'maxmemory-policy',
      'allkeys-lru',
      'noeviction',
      'FAIL redis maxmemory-policy allkeys-lru: it may throw the journal away. Set maxmemory-policy noeviction',
    ],
  ])('says what is wrong with %s %s', async (name, bad, good, line) => {
    await client.config('SET', name, bad);
    try {
      expect(await examine()).toContain(line);
    } finally {
      await client.config('SET', name, good);
    }
  });

  test('warns where CONFIG is forbidden, and takes what can be seen without it', async () => {
    await client.acl('SETUSER', 'managed', 'on', '>secret', '~*', '+@all', '-config');
    expect(await examine({ username: 'managed', password: 'secret' })).toEqual([
      expect.stringMatching(/^ok redis version/),
      'ok redis append-only file is on',
      'warn redis CONFIG is forbidden: appendfsync cannot be seen, it should be always',
      'ok redis maxmemory-policy noeviction',
    ]);
  });

  test('says that it is a replica', async () => {
    await client.replicaof('127.0.0.1', 1);
    try {
      expect(await examine()).toContain('FAIL redis is a replica: nothing can be stored there');
    } finally {
      await client.replicaof('NO', 'ONE');
    }
  });

  test.each([
    [1000, undefined],
    [-1000, undefined],
    [10_000, /^warn redis its clock and ours are (9|10) s apart: .* timedatectl$/],
    [-10_000, /^warn redis its clock and ours are (9|10|11) s apart/],
    [40_000, /^FAIL redis its clock and ours are (39|40) s apart/],
    [-40_000, /^FAIL redis its clock and ours are (39|40|41) s apart/],
  ])('holds its clock against one that is %i ms ahead', async (ahead, line) => {
    const lines = await examineRedis({ url: redis.url }, 2000, () => Date.now() + ahead);
    const clock = lines.map(doctorLineText).filter((text) => text.includes('clock'));
    expect(clock).toEqual(line === undefined ? [] : [expect.stringMatching(line)]);
  });

  test('says why a login is refused', async () => {
    expect(await examine({ username: 'managed', password: 'wrong' })).toEqual([
      expect.stringMatching(/^FAIL redis does not answer: .*WRONGPASS/),
    ]);
  });

  test('says that nobody listens', async () => {
    const port = await freePort();
    const lines = await examineRedis({ url: `redis://127.0.0.1:${String(port)}` }, 2000);
    expect(lines.map(doctorLineText)).toEqual([
      expect.stringMatching(/^FAIL redis does not answer: .*ECONNREFUSED/),
    ]);
  });
});

test('a Redis of our own can be started where redis-server is installed', async () => {
  expect((await examineOwnRedis(undefined)).map(doctorLineText)).toEqual([
    expect.stringMatching(/^ok redis own redis-server \d+\.\d+/),
  ]);
});
