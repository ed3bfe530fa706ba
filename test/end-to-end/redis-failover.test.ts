import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { EtcdEvents } from '../lab/etcd-events.ts';
import { seedObjects } from '../lab/conftool-data.ts';
import { followEtcd } from '../lab/etcd-events.ts';
import type { Lab } from '../lab/lab.ts';
import { startLab } from '../lab/lab.ts';
import { waitUntil } from '../lab/process.ts';
import type { RedisTogether } from '../lab/redis-together.ts';
import { startCluster, startSentinels } from '../lab/redis-together.ts';
import type { SluiceProcess } from '../lab/sluice-process.ts';
import type { Talker } from './conversation.ts';
import { talker } from './conversation.ts';

/** Everybody may change weights alone, as often as they like: what is tested is not the policy. */
const POLICY = {
  rules: [{ commands: ['weight'], ask: ['sre'], approvals: 0 }],
  limits: {
    perPerson: { writes: 10_000, per: '10m', waiting: 1000 },
    everybody: { objects: 10_000, per: '10m' },
  },
};
/** Hosts that serve, with nothing to lose. */
const WORKERS = seedObjects()
  .flatMap(({ path }) => /^pools\/eqiad\/kubernetes\/kubesvc\/([^.]+)/.exec(path)?.[1] ?? [])
  .slice(0, 88);
const SETTLED_MS = 120_000;

/** One thing that somebody asks for, and what came of it. */
interface Asked {
  readonly host: string;
  readonly path: string;
  readonly line: string;
}

/**
 * Sentinels that do not agree at once make a second master a moment after the first: what that one has taken meanwhile is lost, and people are told, and asked
 * to say it again.
 */
async function askUntilDone(person: Talker, line: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const { text } = await person.ask(line, / done in | is LOST|nothing was queued/, SETTLED_MS);
    if (text.includes(' done in ')) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`never done: ${line}`);
}

describe.each([
  ['Sentinel', startSentinels],
  ['Cluster', startCluster],
])('Redis with %s', (kind, start) => {
  let lab: Lab;
  let redis: RedisTogether;
  let events: EtcdEvents;
  let people: readonly Talker[];
  let sluice: SluiceProcess;
  let killed: number | undefined;

  beforeAll(async () => {
    lab = await startLab();
    [redis, events] = await Promise.all([start(lab.runDir), followEtcd(lab.etcd.url)]);
    people = await Promise.all(['elukey', 'jijiki', 'akosiaris'].map((name) => talker(lab, name)));
    writeFileSync(join(dirname(lab.configFile), 'policy-open.yaml'), stringify(POLICY), { mode: 0o600 });
    sluice = lab.startSluice({
      configFile: lab.configWith('together', { redis: redis.section, policy: 'policy-open.yaml' }),
    });
    await sluice.ready;
  });

  afterAll(async () => {
    events.close();
    await sluice.process.stop();
    await redis.stop();
    await lab.stop();
  });

  const elukey = (): Talker => {
    const [first] = people;
    if (first === undefined) throw new Error('nobody is there');
    return first;
  };
  /** Objects that nobody has touched yet, on several services. */
  const wishes = (from: number, to: number, weight: number): readonly Asked[] => {
    const maps = [1005, 1006, 1007, 1008, 1009, 1010].map((number) => `maps${String(number)}`);
    const all = [
      ...maps.map((host) => ({ host, cluster: 'maps', service: 'kartotherian-ssl' })),
      ...maps.map((host) => ({ host, cluster: 'maps', service: 'kartotherian-k8s-ssl' })),
      ...WORKERS.map((host) => ({ host, cluster: 'kubernetes', service: 'kubesvc' })),
    ];
    return all.slice(from, to).map(({ host, cluster, service }) => ({
      host,
      path: `pools/eqiad/${cluster}/${service}/${host}.eqiad.wmnet`,
      line: `!weight ${host} ${service} ${String(weight)}${service === 'kubesvc' ? ' cluster=kubernetes' : ''}`,
    }));
  };
  /** The operation that a line asked for, by what the journal has; undefined when it has none. */
  const operations = (): Promise<
    readonly { readonly id: string; readonly line: string; readonly state: string }[]
  > =>
    redis.onMaster(async (client) => {
      const ids = await client.zrange('{sluice}:recent', '0', '-1');
      return Promise.all(
        ids.map(async (id) => {
          const { state = '', request = '{}' } = await client.hgetall(`{sluice}:op:${id}`);
          return { id, state, line: (JSON.parse(request) as { line?: string }).line ?? '' };
        }),
      );
    });
  const logLines = (id: string): number =>
    elukey()
      .said()
      .filter((line) => line.startsWith('!log ') && line.includes(`[${id}]`)).length;

  test(
    'the server that has the journal is killed while a hundred operations run: none is lost, and none happens twice',
    async () => {
      const asked = wishes(0, 100, 20);
      const since = elukey().irc.lines.length;
      const victim = await redis.master();
      killed = victim.port;
      for (const [index, { line }] of asked.entries()) {
        people[index % people.length]?.say(line);
        if (index === 40)
          await elukey().irc.waitFor(({ text }) => text.includes(' needs no approval'), undefined, { since });
        if (index === 45) victim.process.signal('SIGKILL');
        // As fast as people who paste: not all at once.
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
      await waitUntil(
        'another server has the journal',
        async () => (await redis.master().catch(() => victim)).port !== victim.port,
        SETTLED_MS,
      );
      // Each line has its answer: an operation, or that nothing was queued.
      const answers = (): readonly string[] =>
        elukey()
          .irc.lines.slice(since)
          .filter(
            ({ nick, text }) =>
              nick === 'sluice' && /needs no approval|nothing was queued|refused/.test(text),
          )
          .map(({ text }) => text);
      await waitUntil('each line is answered', () => answers().length >= asked.length, SETTLED_MS);
      await waitUntil(
        'nothing is open and all is said',
        () =>
          redis
            .onMaster(async (client) => {
              const [open, unsent] = [
                await client.zcard('{sluice}:open'),
                await client.llen('{sluice}:unsent'),
              ];
              return open === 0 && unsent === 0;
            })
            .catch(() => false),
        SETTLED_MS,
      );
      // What was not taken is asked for again, as people would.
      const taken = await operations();
      expect(taken.length).toBeGreaterThan(10);
      for (const { line, path } of asked) {
        if (taken.some((one) => one.line === line)) continue;
        expect({ line, writes: events.of(path).length }).toEqual({ line, writes: 0 });
        await askUntilDone(elukey(), line);
      }
      await waitUntil('all is said', () =>
        redis.onMaster(async (client) => (await client.llen('{sluice}:unsent')) === 0),
      );
      const known = await operations();
      for (const { line, path } of asked) {
        const mine = known.filter((one) => one.line === line);
        const [id = 'none'] = mine.map((one) => one.id);
        expect({
          line,
          states: mine.map(({ state }) => state),
          writes: events.of(path).length,
          logged: logLines(id),
        }).toEqual({
          line,
          states: ['done'],
          writes: 1,
          logged: 1,
        });
      }
      // And it goes on as if nothing had been.
      const [more] = wishes(0, 1, 30);
      await askUntilDone(elukey(), more?.line ?? '');
    },
    4 * SETTLED_MS,
  );

  // A cluster that has lost so many nodes has no quorum either.
  if (kind === 'Sentinel')
    test('a master whose replicas are gone takes nothing, says so, and goes on when one is back', async () => {
      const master = await redis.master();
      const others = redis.members.filter(({ port }) => port !== master.port && port !== killed);
      for (const { process } of others) process.freeze();
      await waitUntil('it knows that it is alone', () =>
        redis.onMaster(async (client) => {
          const [, known] = /^min_slaves_good_slaves:(\d+)/m.exec(await client.info('replication')) ?? [];
          return known === '0';
        }),
      );
      const [wish] = wishes(1, 2, 40);
      const { text } = await elukey().ask(wish?.line ?? '', /nothing was queued|Nothing was changed/, 60_000);
      expect(text).toMatch(/^elukey: /);
      expect(
        events.of(wish?.path ?? '').filter(({ text: value }) => value?.includes('40') === true),
      ).toHaveLength(0);
      for (const { process } of others) process.signal('SIGCONT');
      await waitUntil(
        'it is taken again',
        async () => {
          const since = elukey().irc.lines.length;
          elukey().say(wish?.line ?? '');
          const answer = await elukey().irc.waitFor(
            ({ nick, text: said }) =>
              nick === 'sluice' && /nothing was queued|Nothing was changed| done in /.test(said),
            undefined,
            { since },
          );
          return answer.text.includes(' done in ');
        },
        SETTLED_MS,
      );
    });
});
