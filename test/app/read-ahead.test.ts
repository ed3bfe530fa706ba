import { beforeEach, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parsePolicy } from '../../src/core/policy.ts';
import { Stage } from '../stage/stage.ts';

let stage: Stage;
/** Reads of pools and votes, in order, as they began. */
let began: string[];

beforeEach(async () => {
  stage = await Stage.open();
  stage.queue.beginsAtOnce = true;
  approvals(1);
  began = [];
  const { conftool, store } = stage;
  const [pool, vote] = [conftool.pool.bind(conftool), store.vote.bind(store)];
  conftool.pool = (key) => {
    began.push('read');
    return pool(key);
  };
  store.vote = (...args) => {
    began.push('vote');
    return vote(...args);
  };
});

/** How many a depool needs. */
function approvals(count: number): void {
  const rule = `{commands: [pool, depool], ask: [sre], approve: [sre], approvals: ${String(count)}, pace: true, maxShareRemoved: 100}`;
  const policy = parsePolicy(parse(`[${rule}]`));
  if (!policy.ok) throw new Error(JSON.stringify(policy.fault));
  stage.policy = policy.value;
}

async function ask(): Promise<void> {
  await say('elukey', '!depool maps1005 kartotherian-ssl');
  stage.seen.length = 0;
  began.length = 0;
}

async function say(nick: string, line: string): Promise<void> {
  await stage.chat.say(nick, nick, line);
  await stage.settle();
}

const WRITTEN = 'etcd eqiad/maps/kartotherian-ssl/maps1005.eqiad.wmnet {"weight": 10, "pooled": "no"}';

test('production is read while the last vote is stored, once before the write and once after it', async () => {
  await ask();
  await say('jijiki', '!approve k7f');
  expect(began).toEqual(['read', 'vote', 'read']);
  expect(stage.seen).toEqual([
    WRITTEN,
    expect.stringMatching(/^#ops <sluice> k7f approved by jijiki: /),
    expect.stringMatching(/^#ops <sluice> k7f done in /),
    expect.stringMatching(/^#ops <sluice> !log DONE \(PASS\)/),
  ]);
});

test('while approvals are missing nothing is read', async () => {
  approvals(2);
  await ask();
  await say('jijiki', '!approve k7f');
  expect(began).toEqual(['vote']);
  await say('akosiaris', '!approve k7f');
  expect(began).toEqual(['vote', 'read', 'vote', 'read']);
});

test('a vote does not wait long for etcd: then all is read again after it', async () => {
  await ask();
  const { conftool } = stage;
  const pool = conftool.pool.bind(conftool);
  conftool.pool = async (key) => {
    const read = pool(key);
    if (began.length === 1) await new Promise((resolve) => setTimeout(resolve, 120));
    return read;
  };
  await say('jijiki', '!approve k7f');
  expect(began).toEqual(['read', 'vote', 'read', 'read']);
  expect(stage.seen[0]).toBe(WRITTEN);
  expect(stage.seen[1]).toMatch(/^#ops <sluice> k7f approved by jijiki/);
});

test('hosts that are asked take their time: then everything is read after that', async () => {
  stage.probeMode = 'require';
  await say('elukey', '!pool wikikube-worker1001 kartotherian-k8s-ssl');
  began.length = 0;
  await say('jijiki', '!approve k7f');
  expect(began.slice(0, 3)).toEqual(['read', 'vote', 'read']);
});

test('a brake that is put on after it was judged holds it, after it was told that it is approved', async () => {
  await ask();
  const { store } = stage;
  const vote = store.vote.bind(store);
  store.vote = async (...args) => {
    await store.setFreeze({ by: 'akosiaris', reason: 'outage', at: 1 }, []);
    return vote(...args);
  };
  await say('jijiki', '!approve k7f');
  expect(stage.seen).toEqual([
    expect.stringMatching(/^#ops <sluice> k7f approved by jijiki/),
    expect.stringMatching(/^#ops <sluice> k7f held: frozen: by akosiaris .*Nothing was changed\./),
  ]);
});

test('while etcd does not answer, the approval is told all the same', async () => {
  await ask();
  const { conftool } = stage;
  const pool = conftool.pool.bind(conftool);
  let answers: () => void = () => undefined;
  const answering = new Promise<void>((resolve) => {
    answers = resolve;
  });
  conftool.pool = async (key) => {
    await answering;
    return pool(key);
  };
  await stage.chat.say('jijiki', 'jijiki', '!approve k7f');
  expect(stage.seen).toEqual([expect.stringMatching(/^#ops <sluice> k7f approved by jijiki/)]);
  answers();
  await stage.settle();
  expect(stage.seen[1]).toBe(WRITTEN);
  expect(stage.seen.filter((line) => line.includes('approved by'))).toHaveLength(1);
});

test('who stands behind somebody is not begun, and begins when that one has ended', async () => {
  await say('elukey', '!depool maps1005 kartotherian-ssl');
  await say('elukey', '!depool maps1006 kartotherian-ssl');
  stage.workerAway = true;
  stage.queue.beginsAtOnce = false;
  await say('jijiki', '!approve k7f');
  stage.queue.beginsAtOnce = true;
  stage.seen.length = 0;
  await say('jijiki', '!approve m3k');
  expect(stage.seen).toEqual([expect.stringMatching(/^#ops <sluice> m3k approved by jijiki: .*k7f/)]);
  stage.workerAway = false;
  await stage.settle();
  expect(stage.seen.filter((line) => line.startsWith('etcd '))).toEqual([
    WRITTEN,
    WRITTEN.replace('maps1005', 'maps1006'),
  ]);
});

test('a vote that is found not to count begins nothing', async () => {
  await ask();
  const { store } = stage;
  const vote = store.vote.bind(store);
  store.vote = async (...args) => {
    await store.setSuspension('jijiki', { person: 'jijiki', by: 'akosiaris', reason: 'key lost', at: 1 });
    return vote(...args);
  };
  await say('jijiki', '!approve k7f');
  expect(stage.seen).toEqual([expect.stringMatching(/^#ops <sluice> jijiki: .*suspended/)]);
  expect(await store.operation('k7f')).toMatchObject({ value: { state: 'awaiting-approval', votes: [] } });
});

test('of two who approve at the same moment one begins it, once', async () => {
  await ask();
  await Promise.all([
    stage.chat.say('jijiki', 'jijiki', '!approve k7f'),
    stage.chat.say('akosiaris', 'akosiaris', '!approve k7f'),
  ]);
  await stage.settle();
  expect(stage.seen.filter((line) => line === WRITTEN)).toHaveLength(1);
  expect(stage.seen.filter((line) => line.includes('k7f done in'))).toHaveLength(1);
  expect(stage.seen.filter((line) => line.includes('k7f approved by'))).toHaveLength(1);
});

test('of two of one service, the one that was approved first goes first, however long its reading takes', async () => {
  await say('elukey', '!depool maps1005 kartotherian-ssl');
  await say('elukey', '!depool maps1006 kartotherian-ssl');
  const { conftool } = stage;
  const pool = conftool.pool.bind(conftool);
  let reads = 0;
  conftool.pool = async (key) => {
    if ((reads += 1) === 1) await new Promise((resolve) => setTimeout(resolve, 40));
    return pool(key);
  };
  stage.seen.length = 0;
  await Promise.all([
    stage.chat.say('jijiki', 'jijiki', '!approve k7f'),
    stage.chat.say('akosiaris', 'akosiaris', '!approve m3k'),
  ]);
  await stage.settle();
  expect(stage.seen.filter((line) => line.startsWith('etcd '))).toEqual([
    WRITTEN,
    WRITTEN.replace('maps1005', 'maps1006'),
  ]);
  expect(stage.seen).toContainEqual(
    expect.stringMatching(/m3k approved by akosiaris: .*Starts after k7f\.$/),
  );
});

test('an approval that is taken back in the same moment comes first: that is too late', async () => {
  await ask();
  const { conftool } = stage;
  const pool = conftool.pool.bind(conftool);
  conftool.pool = async (key) => {
    if (began.length === 0) await new Promise((resolve) => setTimeout(resolve, 40));
    return pool(key);
  };
  await Promise.all([
    stage.chat.say('jijiki', 'jijiki', '!approve k7f'),
    stage.chat.say('jijiki', 'jijiki', '!unapprove k7f'),
  ]);
  await stage.settle();
  expect(stage.seen.filter((line) => line.startsWith('#ops <sluice> jijiki: '))).toEqual([
    expect.stringMatching(/jijiki: refused: too late: !unapprove k7f: it is queued/),
  ]);
  expect(stage.seen).toContain(WRITTEN);
});

test('for a stranger nothing is read', async () => {
  await ask();
  await say('nobody', '!approve k7f');
  expect(began).toEqual([]);
});
