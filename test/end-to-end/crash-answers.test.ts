import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Gateway } from '../adapters/conftool/gateway.ts';
import { openGateway } from '../adapters/conftool/gateway.ts';
import { putValue } from '../lab/etcd.ts';
import type { EtcdEvents } from '../lab/etcd-events.ts';
import { followEtcd } from '../lab/etcd-events.ts';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { freePort, waitUntil } from '../lab/process.ts';
import type { SluiceProcess } from '../lab/sluice-process.ts';
import type { TcpProxy } from '../lab/tcp-proxy.ts';
import { openTcpProxy } from '../lab/tcp-proxy.ts';
import type { Talker } from './conversation.ts';
import { objectPath, talker } from './conversation.ts';
import { Lives, modifiedIndex } from './lives.ts';

const K8S = 'kartotherian-k8s-ssl';
const NOT_YET = '{"weight": 1, "pooled": "no"}';
const POOLED = '{"weight": 1, "pooled": "yes"}';

/** The rows of docs/crash-points.md about answers that do not come, and about a process that wakes up too late. */
describe('an answer is lost', () => {
  let lab: Lab;
  let elukey: Talker;
  let jijiki: Talker;
  let lives: Lives;
  let events: EtcdEvents;
  let toEtcd: Gateway;
  let toRedis: TcpProxy;

  beforeAll(async () => {
    lab = await startLab();
    [toEtcd, toRedis] = await Promise.all([openGateway(lab.etcd.url), openTcpProxy(lab.redis.port)]);
    const config = readFileSync(lab.configFile, 'utf8');
    writeFileSync(
      lab.configFile,
      config.replace(lab.etcd.url, toEtcd.url).replace(lab.redis.url, toRedis.url),
    );
    [elukey, jijiki] = await Promise.all([talker(lab, 'elukey'), talker(lab, 'jijiki')]);
    lives = new Lives(lab, elukey);
    events = await followEtcd(lab.etcd.url);
  });
  afterAll(async () => {
    events.close();
    await lab.stop();
    await Promise.all([toEtcd.close(), toRedis.close()]);
  });
  afterEach(() => lives.kill());

  const writes = (host: string): readonly (string | undefined)[] =>
    events.of(objectPath(host, K8S).replace('/conftool/v1/', '')).map(({ text }) => text);

  test.each([
    ['after etcd has written', 'cut-after', 'wikikube-worker1003'],
    ['before etcd has it', 'cut-before', 'wikikube-worker1004'],
  ] as const)('of a write, %s: looked up, written once, one log line', async (_when, cut, host) => {
    await lives.start();
    const { id } = await elukey.request(`!pool ${host} ${K8S}`);
    const left = { cuts: 1 };
    toEtcd.conduct = (method) => (method === 'PUT' && left.cuts-- > 0 ? cut : 'pass');
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} done`));
    toEtcd.conduct = () => 'pass';
    expect(left.cuts).toBeLessThan(0);
    expect(writes(host)).toEqual([NOT_YET, POOLED]);
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('of a write, and Sluice is killed before it can look: found by the next process, written once', async () => {
    await lives.start();
    const { id } = await elukey.request(`!pool wikikube-worker1005 ${K8S}`);
    toEtcd.conduct = (method) => (method === 'PUT' ? 'cut-after' : 'pass');
    jijiki.say(`!approve ${id}`);
    await waitUntil('etcd has written', () => writes('wikikube-worker1005').length === 1);
    await lives.kill();
    toEtcd.conduct = () => 'pass';
    expect(await lives.next(id, / done /)).toContain('yes/1');
    expect(writes('wikikube-worker1005')).toEqual([NOT_YET, POOLED]);
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('of a vote, of what begins with it and all after it: the vote counts once, and the operation is done once', async () => {
    await lives.start();
    const { id } = await elukey.request(`!pool wikikube-worker1006 ${K8S}`);
    // Nobody knows here that it runs: it is taken up when nothing was heard of it for a while.
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`), 60_000);
    toRedis.swallowAnswersFrom('"verdict":"approve"');
    jijiki.say(`!approve ${id}`);
    await lives.reaches(id, 'running');
    toRedis.cut();
    await done;
    await jijiki.ask(`!approve ${id}`, /^jijiki: refused: too late: /);
    expect(writes('wikikube-worker1006')).toEqual([NOT_YET, POOLED]);
    expect(await lives.logged(id)).toHaveLength(1);
  });

  test('of a request: stored all the same, it is shown when the journal is back, and is done once', async () => {
    await lives.start();
    const since = elukey.irc.lines.length;
    // A change is one JSON text, and the row is a text in it.
    toRedis.swallowAnswersFrom(String.raw`\"kind\":\"waits\"`);
    elukey.say(`!pool wikikube-worker1007 ${K8S}`);
    await elukey.irc.waitFor(/^elukey: nothing was queued: /, undefined, { since });
    toRedis.cut();
    const asks = /^elukey: (\S+) waits for .*wikikube-worker1007/;
    const { text } = await elukey.irc.waitFor(asks, undefined, { since });
    const id = asks.exec(text)?.[1] ?? '';
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} done`));
    expect(writes('wikikube-worker1007')).toEqual([NOT_YET, POOLED]);
    expect(await lives.logged(id)).toHaveLength(1);
    expect(await lives.onRedis((redis) => redis.zcard('{sluice}:open'))).toBe(0);
  });

  test('to a process that was stopped between intent and write, and wakes after another has done it', async () => {
    await lives.start('after-intent=stop');
    const asleep = lives.sluice;
    const { id } = await elukey.request(`!pool wikikube-worker1008 ${K8S}`);
    jijiki.say(`!approve ${id}`);
    await lives.reaches(id, 'running');
    const done = elukey.irc.waitFor(new RegExp(`^${id} done`));
    const other = await onAnotherHost(lab);
    await done;
    await lives.onRedis((redis) =>
      waitUntil('all is said', async () => (await redis.llen('{sluice}:unsent')) === 0),
    );
    // A human puts back byte for byte what stood there when the sleeper fell asleep.
    const path = objectPath('wikikube-worker1008', K8S);
    await putValue(`${lab.etcd.url}/v2/keys${path}`, '{"weight": 0, "pooled": "inactive"}');
    const index = await modifiedIndex(lab, path);
    other.process.signal('SIGKILL');
    await other.process.exited;
    asleep.process.signal('SIGCONT');
    await waitUntil('it has found out', () =>
      /not journaled|transition-refused/.test(readFileSync(asleep.logFile, 'utf8')),
    );
    expect(await lives.field(id, 'state')).toBe('done');
    expect(await modifiedIndex(lab, path)).toBe(index);
    const logged = elukey.irc.lines.filter(
      ({ text }) => text.startsWith('!log ') && text.includes(`[${id}]`),
    );
    expect(logged).toHaveLength(1);
  });
});

/** A second Sluice on the same journal, as on another host: with a state folder and a port of its own. */
async function onAnotherHost(lab: Lab): Promise<SluiceProcess> {
  const config = readFileSync(lab.configFile, 'utf8');
  const file = join(lab.configFile, '..', 'other.yaml');
  const port = String(await freePort());
  const own = config
    .replace(lab.stateDir, lab.runDir.folder('other-state'))
    .replace(new URL(lab.httpUrl).port, port);
  writeFileSync(file, own, { mode: 0o600 });
  const sluice = lab.startSluice({ args: ['--config', file] });
  await sluice.ready;
  return sluice;
}
