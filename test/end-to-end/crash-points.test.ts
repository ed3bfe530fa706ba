import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { putValue } from '../lab/etcd.ts';
import type { EtcdEvents } from '../lab/etcd-events.ts';
import { followEtcd } from '../lab/etcd-events.ts';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { Talker } from './conversation.ts';
import { objectPath, talker } from './conversation.ts';
import { Lives, modifiedIndex } from './lives.ts';

const K8S = 'kartotherian-k8s-ssl';
const INACTIVE = '{"weight": 0, "pooled": "inactive"}';
const NOT_YET = '{"weight": 1, "pooled": "no"}';
const POOLED = '{"weight": 1, "pooled": "yes"}';

/** The rows of docs/crash-points.md that kill Sluice itself, each on a real one. */
describe('killed', () => {
  let lab: Lab;
  let elukey: Talker;
  let jijiki: Talker;
  let lives: Lives;
  let events: EtcdEvents;

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
  // A test that fails must not leave its process to the next one.
  afterEach(() => lives.kill());

  /** What was written to the object of a host, by anybody, oldest first. */
  const writes = (host: string): readonly (string | undefined)[] =>
    events.of(objectPath(host, K8S).replace('/conftool/v1/', '')).map(({ text }) => text);
  const value = (host: string): Promise<string | undefined> => lab.etcdValue(objectPath(host, K8S));

  test('while it reads production for a request: nothing is known of it, and the same line works', async () => {
    await lives.start();
    lab.etcd.process.freeze();
    const line = `!pool wikikube-worker1003 ${K8S}`;
    const since = elukey.irc.lines.length;
    elukey.say(line);
    await elukey.irc.waitFor(({ text }) => text === line, undefined, { since });
    await lives.kill();
    lab.etcd.process.signal('SIGCONT');
    await lives.start();
    expect((await elukey.ask('!ops', /operations? (?:is|are) open/)).text).toBe('no operation is open');
    expect(await value('wikikube-worker1003')).toBe(INACTIVE);
    const { id } = await elukey.request(line);
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} done`));
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('after a request was stored and before it was answered: the next process answers, once', async () => {
    await lives.start('after-create=kill');
    const since = elukey.irc.lines.length;
    elukey.say(`!pool wikikube-worker1004 ${K8S}`);
    await lives.sluice.process.exited;
    await lives.start();
    const asks = /^elukey: (\S+) waits for .*wikikube-worker1004/;
    const { text } = await elukey.irc.waitFor(asks, undefined, { since });
    const id = asks.exec(text)?.[1] ?? '';
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} done`));
    expect(writes('wikikube-worker1004')).toEqual([NOT_YET, POOLED]);
    expect(await lives.logged(id)).toHaveLength(1);
    const open = await lives.onRedis((redis) => redis.zcard('{sluice}:open'));
    expect(open).toBe(0);
  });

  test('after a vote was stored and before it was answered: said again it counts once', async () => {
    await lives.start('after-vote=kill');
    const { id } = await elukey.request(`!pool wikikube-worker1005 ${K8S}`);
    jijiki.say(`!approve ${id}`);
    await lives.sluice.process.exited;
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    await lives.start();
    await jijiki.ask(`!approve ${id}`, /^jijiki: refused: too late: /);
    await done;
    expect(await lives.onRedis((redis) => redis.hkeys(`{sluice}:op:${id}`))).toContain('vote:jijiki');
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('when it had taken the job and read nothing yet: the next process does it once', async () => {
    await lives.start();
    const { id } = await elukey.request(`!pool wikikube-worker1006 ${K8S}`);
    lab.etcd.process.freeze();
    jijiki.say(`!approve ${id}`);
    await lives.onRedis((redis) =>
      waitUntil('the job is taken', async () => (await redis.llen('{sluice}:operations:active')) === 1),
    );
    await lives.reaches(id, 'queued');
    await lives.kill();
    lab.etcd.process.signal('SIGCONT');
    expect(await lives.field(id, 'state')).toBe('queued');
    expect(await lives.next(id, / done /)).toContain('yes/1');
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('between the intent and what production says to it: the next process looks, and does it once', async () => {
    const [host, service] = ['maps1005', 'kartotherian-ssl'];
    const path = `/conftool/v1/pools/eqiad/maps/${service}/${host}.eqiad.wmnet`;
    await lives.start();
    await jijiki.ask(`!depool ${host} ${service}`, /^\S+ done/);
    const { id } = await jijiki.request(`!pool ${host} ${service}`);
    lab.etcd.process.freeze();
    elukey.say(`!approve ${id}`);
    await lives.reaches(id, 'running');
    expect(await lives.field(id, 'step:0:state')).toBe('intent');
    await lives.kill();
    lab.etcd.process.signal('SIGCONT');
    expect(await lab.etcdValue(path)).toBe('{"weight": 10, "pooled": "no"}');
    expect(await lives.next(id, / done /)).toContain('yes/10');
    expect(events.of(path.replace('/conftool/v1/', '')).map(({ text }) => text)).toEqual([
      '{"weight": 10, "pooled": "no"}',
      '{"weight": 10, "pooled": "yes"}',
    ]);
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('before the approval and the intent: neither is known, and the approval is said again', async () => {
    const host = 'wikikube-worker1013';
    await lives.start('before-decision=kill');
    const { id } = await jijiki.request(`!pool ${host} ${K8S}`);
    elukey.say(`!approve ${id}`);
    await lives.sluice.process.exited;
    await lives.start();
    expect(await lives.field(id, 'state')).toBe('awaiting-approval');
    expect(await value(host)).toBe(INACTIVE);
    await elukey.ask(`!approve ${id}`, new RegExp(`^${id} done`));
    expect(writes(host)).toEqual([NOT_YET, POOLED]);
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test.each([
    ['before the intent', 'before-intent', 'wikikube-worker1007', INACTIVE],
    ['after the write and before its result is journaled', 'before-finish', 'wikikube-worker1008', NOT_YET],
  ])('%s: done once by the next process', async (_when, point, host, still) => {
    await lives.start(`${point}=kill`);
    const { id } = await elukey.request(`!pool ${host} ${K8S}`);
    if (point === 'before-intent') await lives.approveFirst(id, jijiki);
    else jijiki.say(`!approve ${id}`);
    await lives.sluice.process.exited;
    expect(await value(host)).toBe(still);
    expect(await lives.next(id, / done /)).toContain('yes/1');
    expect(writes(host)).toEqual([NOT_YET, POOLED]);
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('before the log line was sent: the next process sends it, once', async () => {
    await lives.start('before-send-log=kill');
    const { id } = await elukey.request(`!pool wikikube-worker1009 ${K8S}`);
    jijiki.say(`!approve ${id}`);
    await lives.sluice.process.exited;
    await lives.start();
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('between the log line and the note that it was sent: said at most twice, never lost, in the same words', async () => {
    await lives.start('after-send-log=kill');
    const { id } = await elukey.request(`!pool wikikube-worker1010 ${K8S}`);
    jijiki.say(`!approve ${id}`);
    await lives.sluice.process.exited;
    await lives.start();
    const lines = await lives.logged(id);
    expect([1, 2]).toContain(lines.length);
    expect(new Set(lines).size).toBe(1);
    expect(writes('wikikube-worker1010')).toEqual([NOT_YET, POOLED]);
  });

  test('the link to IRC is cut while a log line waits to be sent: it is sent when the link is back, once', async () => {
    const go = join(lab.stateDir, 'go-log');
    await lives.start(`before-send-log=wait:${go}`);
    const { id } = await elukey.request(`!pool wikikube-worker1011 ${K8S}`);
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} done`));
    elukey.irc.raw('OPER testoper operpass');
    elukey.irc.raw('KILL sluice :the link is cut');
    await waitUntil('it is away', async () => (await fetch(`${lab.httpUrl}/readyz`)).status === 503);
    writeFileSync(go, '');
    await waitUntil('it is back', async () => (await fetch(`${lab.httpUrl}/readyz`)).status === 200);
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('after the end, and a human has changed the object since: nothing is written any more', async () => {
    // The log line is held back: killed between its sending and the note of it, it would be said twice.
    await lives.start(`before-send-log=wait:${join(lab.stateDir, 'never')};after-finish=kill:2`);
    const { id } = await elukey.request(`!pool wikikube-worker1012 ${K8S}`);
    jijiki.say(`!approve ${id}`);
    await lives.sluice.process.exited;
    const path = objectPath('wikikube-worker1012', K8S);
    await putValue(`${lab.etcd.url}/v2/keys${path}`, INACTIVE);
    const index = await modifiedIndex(lab, path);
    await lives.start();
    expect(await lives.logged(id)).toHaveLength(1);
    expect(await modifiedIndex(lab, path)).toBe(index);
  });
});
