import { beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { Pool, PoolKey } from '../../src/core/node.ts';
import { poolPath } from '../../src/core/node.ts';
import type { Operation } from '../../src/core/operation.ts';
import { parsePolicy } from '../../src/core/policy.ts';
import { Stage } from '../stage/stage.ts';

const SERVICE = 'kartotherian-ssl';
const POOL = 'eqiad/maps/kartotherian-ssl';
const HOST = `${POOL}/maps1005.eqiad.wmnet`;
const OUT = '{"weight": 10, "pooled": "no"}';
const WRITTEN = `etcd ${HOST} ${OUT}`;
const RULE =
  '{commands: [depool], ask: [sre], approve: [sre], approvals: 1, pace: true, maxShareRemoved: 100}';

let stage: Stage;
/** Called when the pool is read before the write; it is answered when that resolves. */
let beforeAnswer: () => Promise<void> | void;
let answer: () => void;
/** How many of such reads wait for that. */
let waiting: number;

beforeEach(async () => {
  stage = await Stage.open();
  stage.queue.beginsAtOnce = true;
  const policy = parsePolicy(parse(`[${RULE}]`));
  if (!policy.ok) throw new Error(JSON.stringify(policy.fault));
  stage.policy = policy.value;
  beforeAnswer = () => undefined;
  waiting = 1;
});

/** Asks for a depool, approves it, and waits until its pool is being read before the write; the watch has seen all of it. */
async function approve(hosts = 'maps1005'): Promise<void> {
  await say('elukey', `!depool ${hosts} ${SERVICE}`);
  const { conftool } = stage;
  const pools = await conftool.poolsOfService(SERVICE);
  if (!pools.ok) throw new Error(pools.fault.kind);
  conftool.watched = pools.value;
  const read = conftool.pool.bind(conftool);
  const same = (pool: Pool): Pool =>
    pools.value.find((one) => JSON.stringify(one) === JSON.stringify(pool)) ?? pool;
  const answering = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let reads = 0;
  conftool.pool = async (key: PoolKey) => {
    if ((reads += 1) <= waiting) {
      await answering;
      await beforeAnswer();
    }
    const pool = await read(key);
    return pool.ok && poolPath(pool.value) === POOL ? { ok: true, value: same(pool.value) } : pool;
  };
  stage.seen.length = 0;
  await stage.chat.say('jijiki', 'jijiki', '!approve k7f');
}

async function say(nick: string, line: string): Promise<readonly string[]> {
  stage.seen.length = 0;
  await stage.chat.say(nick, nick, line);
  await stage.settle();
  return [...stage.seen];
}

async function operation(): Promise<Operation> {
  const found = await stage.store.operation('k7f');
  if (!found.ok || found.value === undefined) throw new Error('it is not there');
  return found.value;
}

/** Lets the read be answered, and says what was then seen. */
async function answered(): Promise<readonly string[]> {
  answer();
  await stage.settle();
  return [...stage.seen];
}

const writes = (): readonly string[] => stage.seen.filter((line) => line.startsWith('etcd '));

describe('an intent that rests on what the watch has seen', () => {
  test('is journaled while production is read, and sent when that bears it out', async () => {
    await approve();
    expect(await operation()).toMatchObject({ state: 'running', steps: [{ state: 'intent' }] });
    expect(writes()).toEqual([]);
    const said = await answered();
    expect(writes()).toEqual([WRITTEN]);
    expect(said.filter((line) => line.includes('k7f done in'))).toHaveLength(1);
  });

  test('is not sent when the object has changed', async () => {
    await approve();
    stage.conftool.set(HOST, '{"weight": 7, "pooled": "yes"}');
    const said = await answered();
    expect(writes()).toEqual([]);
    expect(said).toEqual([
      expect.stringMatching(/^#ops <sluice> k7f approved by jijiki/),
      expect.stringMatching(/^#ops <sluice> k7f conflict: .*Nothing was written\./),
    ]);
    expect(await operation()).toMatchObject({ state: 'conflict', steps: [{ state: 'conflict' }] });
  });

  test('is not sent when others have left since, and is when they are back and somebody resumes it', async () => {
    await approve();
    const others = ['1006', '1007', '1008', '1009', '1010'].map((n) => `${POOL}/maps${n}.eqiad.wmnet`);
    const before = others.map((path) => [path, stage.conftool.text(path)] as const);
    for (const [path, text] of before) if (text !== undefined) stage.conftool.set(path, OUT);
    const said = await answered();
    expect(writes()).toEqual([]);
    expect(said).toEqual([
      expect.stringMatching(/^#ops <sluice> k7f approved by jijiki/),
      expect.stringMatching(/^#ops <sluice> k7f held: .*Nothing was changed\. !resume k7f or !cancel k7f$/),
    ]);
    for (const [path, text] of before) if (text !== undefined) stage.conftool.set(path, text);
    await say('elukey', '!resume k7f');
    expect(writes()).toEqual([WRITTEN]);
    expect(await operation()).toMatchObject({ state: 'done' });
  });

  test('is not sent when production cannot be read', async () => {
    await approve();
    stage.conftool.outage = { kind: 'conftool-no-quorum', cause: 'nobody' };
    const said = await answered();
    expect(writes()).toEqual([]);
    expect(said.at(-1)).toMatch(/^#ops <sluice> k7f failed: .*no quorum.*Nothing was changed\..*!retry k7f/);
    expect(await operation()).toMatchObject({ state: 'failed', steps: [{ state: 'failed' }] });
  });

  test.each([
    ['freeze', 20],
    ['freeze', 500],
    ['STOP', 20],
  ])('is not sent when a brake (%s) was put on while production was read for %i ms', async (brake, ms) => {
    await approve();
    beforeAnswer = async () => {
      stage.clock.pass(ms);
      if (brake === 'STOP') stage.stopFile = '/var/lib/sluice/STOP';
      else await stage.store.setFreeze({ by: 'akosiaris', reason: 'outage', at: 1 }, []);
    };
    const said = await answered();
    expect(writes()).toEqual([]);
    expect(said).toEqual([
      expect.stringMatching(/^#ops <sluice> k7f approved by jijiki/),
      expect.stringMatching(/^#ops <sluice> k7f held: .*Nothing was changed\./),
    ]);
  });

  test('is sent, once, after everything was looked at again, when production takes its time', async () => {
    await approve();
    beforeAnswer = () => {
      stage.clock.pass(500);
    };
    const said = await answered();
    expect(writes()).toEqual([WRITTEN]);
    expect(said.filter((line) => line.includes('k7f done in'))).toHaveLength(1);
  });

  test('is not journaled for several writes: those wait for what is read', async () => {
    waiting = Infinity;
    await approve('maps[1005-1006]');
    const steps = [{ state: 'planned' }, { state: 'planned' }];
    expect(await operation()).toMatchObject({ state: 'queued', steps });
    await answered();
    expect(writes()).toHaveLength(2);
  });
});
