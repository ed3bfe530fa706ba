import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { EtcdEvents } from '../lab/etcd-events.ts';
import { followEtcd } from '../lab/etcd-events.ts';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { SluiceProcess } from '../lab/sluice-process.ts';
import { slackIdOf } from '../lab/world-files.ts';
import type { Talker } from './conversation.ts';
import { logLines, objectPath, talker } from './conversation.ts';

const K8S = 'kartotherian-k8s-ssl';
const WIKIKUBE = (number: number): string => `wikikube-worker${String(number)}`;

describe('two gateways and two workers', () => {
  let lab: Lab;
  let events: EtcdEvents;
  let elukey: Talker;
  let jijiki: Talker;
  let redis: Redis;
  let running: SluiceProcess[] = [];

  beforeAll(async () => {
    lab = await startLab();
    events = await followEtcd(lab.etcd.url);
    [elukey, jijiki] = await Promise.all([talker(lab, 'elukey'), talker(lab, 'jijiki')]);
    redis = new Redis(lab.redis.url);
  });

  afterEach(async () => {
    for (const sluice of running) sluice.process.signal('SIGCONT');
    await Promise.all(running.map((sluice) => sluice.process.stop()));
    running = [];
  });

  afterAll(async () => {
    redis.disconnect();
    events.close();
    await lab.stop();
  });

  const start = async (role: 'gateway' | 'worker'): Promise<SluiceProcess> => {
    const sluice = lab.startSluice({ args: ['--role', role] });
    running.push(sluice);
    await sluice.ready;
    return sluice;
  };
  const kill = async (sluice: SluiceProcess): Promise<void> => {
    sluice.process.signal('SIGKILL');
    await sluice.process.exited;
    running = running.filter((one) => one !== sluice);
  };
  const end = async (sluice: SluiceProcess): Promise<void> => {
    await sluice.process.stop();
    running = running.filter((one) => one !== sluice);
  };
  const writes = (host: string): readonly (string | undefined)[] =>
    events.of(objectPath(host, K8S).replace('/conftool/v1/', '')).map(({ text }) => text);
  const reaches = (id: string, state: string): Promise<void> =>
    waitUntil(`${id} is ${state}`, async () => (await redis.hget(`{sluice}:op:${id}`, 'state')) === state);
  /** The log lines of an operation, once nothing more is to be said. */
  const logged = async (id: string): Promise<readonly string[]> => {
    await waitUntil('all is said', async () => (await redis.llen('{sluice}:unsent')) === 0);
    const mark = `all said of ${id}?`;
    const since = elukey.irc.lines.length;
    jijiki.say(mark);
    await elukey.irc.waitFor(({ text }) => text === mark, undefined, { since });
    return logLines(elukey, id);
  };
  /** Every line about an operation that was said in the channel, by whoever. */
  const said = (id: string, words: RegExp): readonly string[] =>
    elukey.said().filter((line) => line.startsWith(`${id} `) && words.test(line));
  /** Whether a gateway is in the channel now. */
  const isThere = ({ logFile }: SluiceProcess): boolean => {
    const states = readFileSync(logFile, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"irc: state"'));
    return states.at(-1)?.includes('"ready"') === true;
  };
  const nicks = async (): Promise<readonly string[]> =>
    (await elukey.irc.names(lab.channel)).filter((nick) => nick.startsWith('sluice'));

  test('one of them speaks, another writes, and what is done is said once', async () => {
    await Promise.all([start('gateway'), start('gateway'), start('worker'), start('worker')]);
    expect(await nicks()).toEqual(['sluice']);
    const { id } = await elukey.request(`!pool ${WIKIKUBE(1001)} ${K8S} first worker - T378944`);
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} done in`));
    expect(writes(WIKIKUBE(1001))).toHaveLength(2);
    expect(await logged(id)).toHaveLength(1);
    expect(said(id, /approved by|done in/)).toHaveLength(2);
  });

  test('the speaking gateway is killed in the middle: another speaks and finishes the story, and nothing is said twice', async () => {
    const [speaker] = [await start('gateway')];
    await Promise.all([start('gateway'), start('worker'), start('worker')]);
    const { id } = await elukey.request(`!pool ${WIKIKUBE(1002)} ${K8S}`);
    lab.etcd.process.freeze();
    jijiki.say(`!approve ${id}`);
    await elukey.irc.waitFor(({ text }) => text.startsWith(`${id} approved by jijiki`));
    await waitUntil('the job is taken', async () => (await redis.llen('{sluice}:operations:active')) > 0);
    await kill(speaker);
    const since = elukey.irc.lines.length;
    lab.etcd.process.signal('SIGCONT');
    await elukey.irc.waitFor(({ text }) => text.startsWith(`${id} done in`), undefined, { since });
    expect(writes(WIKIKUBE(1002))).toHaveLength(2);
    expect(await logged(id)).toHaveLength(1);
    expect(said(id, / done in/)).toHaveLength(1);
    expect((await elukey.ask('!whoami', /you are elukey/)).nick).toBe('sluice');
  });

  test('a worker is killed between two writes: the other goes on', async () => {
    await start('gateway');
    const doomed = lab.startSluice({
      args: ['--role', 'worker'],
      env: { SLUICE_FAULT_POINTS: 'before-finish=kill' },
    });
    running.push(doomed);
    await doomed.ready;
    const { id } = await elukey.request(`!pool ${WIKIKUBE(1003)} ${K8S}`);
    jijiki.say(`!approve ${id}`);
    await doomed.process.exited;
    running = running.filter((one) => one !== doomed);
    await start('worker');
    await reaches(id, 'done');
    expect(writes(WIKIKUBE(1003))).toHaveLength(2);
    expect(await logged(id)).toHaveLength(1);
  });

  test('a gateway that is frozen loses the voice, and has nothing more to say when it wakes', async () => {
    const frozen = await start('gateway');
    const [other] = await Promise.all([start('gateway'), start('worker')]);
    frozen.process.freeze();
    await waitUntil('the other is there', () => isThere(other));
    const { id } = await elukey.request(`!pool ${WIKIKUBE(1004)} ${K8S}`);
    frozen.process.signal('SIGCONT');
    await waitUntil('it knows', () => {
      const log = readFileSync(frozen.logFile, 'utf8');
      return log.lastIndexOf('"speaks":false') > log.lastIndexOf('"speaks":true');
    });
    await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} done in`));
    expect(said(id, /approved by/)).toHaveLength(1);
    expect(said(id, / done in/)).toHaveLength(1);
    expect(await logged(id)).toHaveLength(1);
    expect(await nicks()).toHaveLength(1);
  });

  test('each is replaced in turn while people type: nothing is lost and nothing happens twice', async () => {
    let gateways = [await start('gateway'), await start('gateway')];
    let workers = [await start('worker'), await start('worker')];
    const ids: string[] = [];
    const oneMore = async (): Promise<void> => {
      const { id } = await elukey.request(`!pool ${WIKIKUBE(1005 + ids.length)} ${K8S}`);
      ids.push(id);
      await jijiki.ask(`!approve ${id}`, new RegExp(`^${id} approved by`));
    };
    for (let round = 0; round < 2; round++) {
      await oneMore();
      const [worker, otherWorker] = workers;
      if (worker !== undefined && otherWorker !== undefined) {
        await end(worker);
        workers = [otherWorker, await start('worker')];
      }
      await oneMore();
      const [gateway, otherGateway] = gateways;
      if (gateway !== undefined && otherGateway !== undefined) {
        await end(gateway);
        await waitUntil('the other is there', () => isThere(otherGateway));
        gateways = [otherGateway, await start('gateway')];
      }
    }
    await oneMore();
    for (const [index, id] of ids.entries()) {
      // A worker that is to end holds what it has begun; whoever watches goes on with it.
      await waitUntil(`${id} has come to rest`, async () => {
        const state = await redis.hget(`{sluice}:op:${id}`, 'state');
        return state === 'done' || state === 'held';
      });
      if ((await redis.hget(`{sluice}:op:${id}`, 'state')) === 'held')
        await elukey.ask(`!resume ${id}`, new RegExp(`^${id} done in`));
      expect(writes(WIKIKUBE(1005 + index))).toHaveLength(2);
      // It is done before that is said.
      await logged(id);
      expect(said(id, / done in/)).toHaveLength(1);
    }
  });

  test('all of them read the policy again, and people are told once', async () => {
    await Promise.all([start('gateway'), start('gateway'), start('worker')]);
    const since = elukey.irc.lines.length;
    for (const { process: one } of running) one.signal('SIGHUP');
    await elukey.irc.waitFor(({ text }) => text.startsWith('policy read again'), undefined, { since });
    await waitUntil('all is said', async () => (await redis.llen('{sluice}:unsent')) === 0);
    const mark = 'all said of the policy?';
    jijiki.say(mark);
    await elukey.irc.waitFor(({ text }) => text === mark, undefined, { since });
    expect(
      elukey.irc.lines.slice(since).filter(({ text }) => text.startsWith('policy read again')),
    ).toHaveLength(1);
  });
});

describe('two gateways with Slack', () => {
  let lab: Lab;
  let slack: NonNullable<Lab['slack']>;
  let jijiki: Talker;

  beforeAll(async () => {
    lab = await startLab({ slack: true });
    if (lab.slack === undefined) throw new Error('no Slack');
    slack = lab.slack;
    jijiki = await talker(lab, 'jijiki');
    const roles = ['gateway', 'gateway', 'worker', 'worker'];
    await Promise.all(roles.map((role) => lab.startSluice({ args: ['--role', role] }).ready));
  });
  afterAll(() => lab.stop());

  test('what people say on Slack reaches either of them, and is heard once', async () => {
    expect((await slack.state()).sockets).toBe(2);
    const hosts = [1001, 1002, 1003, 1004].map(WIKIKUBE);
    for (const host of hosts)
      await slack.say(slackIdOf('elukey'), slack.channel, `!pool ${host} ${K8S} ${host} by Slack`);
    const waiting = /^(?:\S+ \(Slack\)|\S+): (\S+) waits for/;
    const asked = async (): Promise<readonly string[]> =>
      (await slack.messages(slack.channel)).flatMap(({ text }) => waiting.exec(text)?.[1] ?? []);
    await waitUntil('all are answered', async () => (await asked()).length >= hosts.length);
    for (const id of await asked()) {
      const since = jijiki.irc.lines.length;
      jijiki.say(`!approve ${id}`);
      await jijiki.irc.waitFor(({ text }) => text.startsWith(`${id} done in`), undefined, { since });
    }
    const cards = (await slack.messages(slack.channel)).filter(({ thread_ts }) => thread_ts === undefined);
    for (const host of hosts) {
      expect(await lab.etcdValue(objectPath(host, K8S))).toBe('{"weight": 1, "pooled": "yes"}');
      expect(
        cards.filter(({ user, text }) => user !== slackIdOf('elukey') && text.includes(host)),
      ).toHaveLength(1);
      const logged = (): readonly string[] =>
        jijiki.said().filter((text) => text.startsWith('!log ') && text.includes(host));
      await waitUntil('it is logged', () => logged().length > 0);
      expect(logged()).toHaveLength(1);
    }
    // Both have taken some: each event was acknowledged by the one that got it.
    await waitUntil('each event is acknowledged', async () =>
      (await slack.state()).deliveries.every(({ acked }) => acked),
    );
  });
});
