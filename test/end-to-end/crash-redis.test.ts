import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EtcdEvents } from '../lab/etcd-events.ts';
import { followEtcd } from '../lab/etcd-events.ts';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { Talker } from './conversation.ts';
import { objectPath, talker } from './conversation.ts';
import { runSluiceTool } from '../lab/sluice-tool.ts';
import { Lives } from './lives.ts';

const K8S = 'kartotherian-k8s-ssl';
const NOT_YET = '{"weight": 1, "pooled": "no"}';
const POOLED = '{"weight": 1, "pooled": "yes"}';

/** The rows of docs/crash-points.md about Redis: killed, full, set back, emptied. */
describe('while an operation runs', () => {
  let lab: Lab;
  let elukey: Talker;
  let jijiki: Talker;
  let lives: Lives;
  let events: EtcdEvents;
  let waits = 0;

  beforeAll(async () => {
    lab = await startLab();
    [elukey, jijiki] = await Promise.all([talker(lab, 'elukey'), talker(lab, 'jijiki')]);
    lives = new Lives(lab, elukey);
    events = await followEtcd(lab.etcd.url);
  });
  afterAll(async () => {
    events.close();
    await lab.stop();
  });
  // A test that fails must not leave its process to the next one, nor take Redis from it.
  afterEach(async () => {
    await lives.kill();
    await lab.redis.restart();
  });

  const writes = (host: string): readonly (string | undefined)[] =>
    events.of(objectPath(host, K8S).replace('/conftool/v1/', '')).map(({ text }) => text);

  /** Brings an operation on a host to a fault point, where it waits until `go` is called. */
  async function bringTo(
    point: string,
    host: string,
  ): Promise<{ readonly id: string; readonly go: () => void }> {
    waits += 1;
    const file = join(lab.stateDir, `go-${String(waits)}`);
    await lives.start(`${point}=wait:${file}`);
    const { id } = await elukey.request(`!pool ${host} ${K8S}`);
    if (point === 'before-intent') await lives.approveFirst(id, jijiki);
    else jijiki.say(`!approve ${id}`);
    await waitUntil('it is there', () => existsSync(`${file}.waits`));
    return {
      id,
      go: () => {
        writeFileSync(file, '');
      },
    };
  }

  async function killRedis(): Promise<void> {
    lab.redis.process.signal('SIGKILL');
    await lab.redis.process.exited;
  }

  const dataFolder = (): string => lab.runDir.folder(`redis-${String(lab.redis.port)}`);

  test('Redis is killed between intent and write, and comes back: done once, one log line', async () => {
    const { id, go } = await bringTo('after-intent', 'wikikube-worker1003');
    await lives.reaches(id, 'running');
    await killRedis();
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    go();
    await waitUntil('the write is there', () => writes('wikikube-worker1003').length > 0);
    await lab.redis.restart();
    await done;
    expect(writes('wikikube-worker1003')).toEqual([NOT_YET, POOLED]);
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('Redis is killed before the intent: nothing is written; back again, it is done once', async () => {
    const { id, go } = await bringTo('before-intent', 'wikikube-worker1004');
    await killRedis();
    const refused = lives.logs('intent not journaled: not written');
    go();
    await refused;
    expect(writes('wikikube-worker1004')).toEqual([]);
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    await lab.redis.restart();
    await done;
    expect(writes('wikikube-worker1004')).toEqual([NOT_YET, POOLED]);
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('Redis is killed before the approval and the intent: both are refused, and the approval is said again', async () => {
    const host = 'wikikube-worker1011';
    const { id, go } = await bringTo('before-decision', host);
    await killRedis();
    const refused = jijiki.irc.waitFor(/^jijiki: refused: /);
    go();
    await refused;
    expect(writes(host)).toEqual([]);
    await lab.redis.restart();
    await lives.onRedis((redis) => redis.ping());
    expect(await lives.field(id, 'state')).toBe('awaiting-approval');
    await waitUntil('it is back', async () => (await fetch(`${lab.httpUrl}/readyz`)).status === 200);
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} done`));
    expect(writes(host)).toEqual([NOT_YET, POOLED]);
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('the lock of its job is lost, as when Redis is away for longer than the lock: run on, done once', async () => {
    const { id, go } = await bringTo('after-intent', 'wikikube-worker1005');
    await lives.reaches(id, 'running');
    const lock = `{sluice}:operations:op-${id}:lock`;
    // Begun at once, the operation gets its job a moment later.
    await lives.onRedis((redis) =>
      waitUntil('its job is taken', async () => (await redis.exists(lock)) === 1),
    );
    expect(await lives.onRedis((redis) => redis.del(lock))).toBe(1);
    // It is missed at one look of the queue and handed out again at the next, each 15 s.
    await lives.onRedis((redis) =>
      waitUntil('it is handed out again', async () => (await redis.exists(lock)) === 1, 60_000),
    );
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    go();
    await done;
    expect(writes('wikikube-worker1005')).toEqual([NOT_YET, POOLED]);
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('Redis has no memory left: no intent, no write; with memory again it is done once', async () => {
    const { id, go } = await bringTo('before-intent', 'wikikube-worker1006');
    await lives.onRedis((redis) => redis.config('SET', 'maxmemory', '1'));
    const refused = lives.logs('intent not journaled: not written');
    go();
    await refused;
    expect(writes('wikikube-worker1006')).toEqual([]);
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    await lives.onRedis((redis) => redis.config('SET', 'maxmemory', '0'));
    await done;
    expect(writes('wikikube-worker1006')).toEqual([NOT_YET, POOLED]);
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('the disk of Redis is full: no intent, no write; with room again it is done once', async () => {
    const { id, go } = await bringTo('before-intent', 'wikikube-worker1007');
    // As for a full disk: no file of it may grow any more.
    spawnSync('prlimit', ['--fsize=1', '--pid', String(lab.redis.process.pid)]);
    const refused = lives.logs('intent not journaled: not written');
    go();
    await refused;
    expect(writes('wikikube-worker1007')).toEqual([]);
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    await lab.redis.restart();
    await done;
    expect(writes('wikikube-worker1007')).toEqual([NOT_YET, POOLED]);
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('power cut: the journal is as it was before the intent, production is not: a conflict, not written again', async () => {
    const { id, go } = await bringTo('before-intent', 'wikikube-worker1008');
    const copy = join(lab.runDir.path, 'redis-before');
    cpSync(dataFolder(), copy, { recursive: true });
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    go();
    await done;
    await lives.kill();
    await killRedis();
    rmSync(dataFolder(), { recursive: true });
    cpSync(copy, dataFolder(), { recursive: true });
    await lab.redis.restart();
    expect(await lives.field(id, 'state')).toBe('queued');
    expect(await lives.next(id, /^\S+ conflict/)).toContain('Nothing was written');
    expect(writes('wikikube-worker1008')).toEqual([NOT_YET, POOLED]);
  });

  test('what a later version wrote into the journal is not touched, and nothing else is begun beside it', async () => {
    const { id } = await bringTo('before-intent', 'wikikube-worker1009');
    await lives.kill();
    await lives.onRedis((redis) => redis.hset(`{sluice}:op:${id}`, 'schema', '2'));
    await lives.start();
    await elukey.ask(
      '!depool maps[1005-1006] kartotherian-ssl',
      new RegExp(`nothing was queued: ${id} was written by another version \\(schema 2\\)`),
    );
    expect(await lives.field(id, 'state')).toBe('queued');
    expect(writes('wikikube-worker1009')).toEqual([]);
    // As the version that wrote it, started again.
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    await lives.onRedis((redis) => redis.hset(`{sluice}:op:${id}`, 'schema', '1'));
    await done;
    expect(writes('wikikube-worker1009')).toEqual([NOT_YET, POOLED]);
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('the data of Redis is gone: nothing starts before the audit log has filled it again; then it is settled, and nothing was written', async () => {
    const { id } = await bringTo('before-intent', 'wikikube-worker1010');
    await lives.kill();
    await killRedis();
    rmSync(dataFolder(), { recursive: true });
    await lab.redis.restart();
    await expect(lives.start()).rejects.toThrow('type: sluice audit rebuild');
    expect(await runSluiceTool(lab.configFile, 'audit', 'rebuild')).toMatchObject({ code: 0 });
    await lives.start();
    await jijiki.ask(`!approve ${id}`, /refused: /);
    expect((await jijiki.ask(`!settle ${id}`, new RegExp(`^${id} settled`))).text).toContain('failed');
    expect(writes('wikikube-worker1010')).toEqual([]);
    const again = await elukey.request(`!pool wikikube-worker1010 ${K8S}`);
    await jijiki.ask(`!approve ${again.id}`, new RegExp(`^${again.id} done`));
    expect(writes('wikikube-worker1010')).toEqual([NOT_YET, POOLED]);
  });
});
