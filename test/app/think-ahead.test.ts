import { beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { Pool, PoolKey } from '../../src/core/node.ts';
import { poolPath } from '../../src/core/node.ts';
import { parsePolicy } from '../../src/core/policy.ts';
import { Stage } from '../stage/stage.ts';

const SERVICE = 'kartotherian-ssl';
const HOST = 'eqiad/maps/kartotherian-ssl/maps1005.eqiad.wmnet';

let stage: Stage;

const RULE =
  '{commands: [depool], ask: [sre], approve: [sre], approvals: 1, pace: true, maxShareRemoved: 100}';

beforeEach(async () => {
  stage = await Stage.open();
  stage.queue.beginsAtOnce = true;
  const policy = parsePolicy(parse(`[${RULE}]`));
  if (!policy.ok) throw new Error(JSON.stringify(policy.fault));
  stage.policy = policy.value;
});

async function say(nick: string, line: string): Promise<readonly string[]> {
  stage.seen.length = 0;
  await stage.chat.say(nick, nick, line);
  await stage.settle();
  return [...stage.seen];
}

async function poolsNow(): Promise<readonly Pool[]> {
  const read = await stage.conftool.poolsOfService(SERVICE);
  if (!read.ok) throw new Error(read.fault.kind);
  return read.value;
}

/** From now on what is read is the very same as what was seen, as long as nothing has changed. */
async function watchClosely(): Promise<void> {
  const { conftool } = stage;
  const seen = await poolsNow();
  const read = conftool.pool.bind(conftool);
  const same = (pool: Pool): Pool => {
    const before = seen.find((one) => poolPath(one) === poolPath(pool));
    return before !== undefined && JSON.stringify(before) === JSON.stringify(pool) ? before : pool;
  };
  conftool.watched = seen;
  conftool.pool = async (key: PoolKey) => {
    const pool = await read(key);
    return pool.ok ? { ok: true, value: same(pool.value) } : pool;
  };
  conftool.poolsOfService = async (service: string) => {
    const all = await conftool.allPools();
    return all.ok ? { ok: true, value: all.value.filter((pool) => pool.service === service).map(same) } : all;
  };
}

describe('what was thought while production was read', () => {
  test('is said when production is as it was seen', async () => {
    const plain = await say('elukey', `!depool maps1005 ${SERVICE} dry-run`);
    await watchClosely();
    expect(await say('elukey', `!depool maps1005 ${SERVICE} dry-run`)).toEqual(plain);
    expect(plain[0]).toContain('yes/10 -> no/10');
  });

  test('is thrown away when production has changed since', async () => {
    await watchClosely();
    stage.conftool.set(HOST, '{"weight": 10, "pooled": "no"}');
    const said = await say('elukey', `!depool maps1005 ${SERVICE}`);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/nothing to do/);
  });

  test('leaves nothing behind when it is thrown away', async () => {
    await watchClosely();
    stage.conftool.set(HOST, '{"weight": 7, "pooled": "yes"}');
    const said = await say('elukey', `!depool maps1005 ${SERVICE}`);
    expect(said.filter((line) => line.includes('yes/7 -> no/7'))).toHaveLength(1);
    const open = await stage.store.open();
    expect(open.ok && open.value).toHaveLength(1);
  });

  test('is not used when production cannot be read', async () => {
    await watchClosely();
    stage.conftool.outage = { kind: 'conftool-no-quorum', cause: 'nobody' };
    const said = await say('elukey', `!depool maps1005 ${SERVICE}`);
    expect(said).toEqual([expect.stringContaining('no quorum')]);
  });

  test.each([
    ['as it was seen', undefined, /^#ops <sluice> k7f done in /],
    ['changed since', '{"weight": 7, "pooled": "yes"}', /^#ops <sluice> k7f conflict: /],
  ])('before a write, with production %s', async (_how, text, end) => {
    await say('elukey', `!depool maps1005 ${SERVICE} reason enough`);
    await watchClosely();
    if (text !== undefined) stage.conftool.set(HOST, text);
    const said = await say('jijiki', '!approve k7f');
    expect(said.filter((line) => end.test(line))).toHaveLength(1);
    expect(said.filter((line) => line.startsWith('etcd '))).toHaveLength(text === undefined ? 1 : 0);
  });
});
