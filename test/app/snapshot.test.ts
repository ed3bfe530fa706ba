import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parsePolicy } from '../../src/core/policy.ts';
import { Stage } from '../stage/stage.ts';

const ASKED = '!depool maps1005 kartotherian-ssl';
const WRITTEN = 'etcd eqiad/maps/kartotherian-ssl/maps1005.eqiad.wmnet {"weight": 10, "pooled": "no"}';

let stage: Stage;
/** Questions to the journal about what holds, in order. */
let asked: string[];

/** What runs for the first time is slow, and an approval does not wait for what takes long. */
beforeAll(async () => {
  await open();
  await say('elukey', ASKED);
  await say('jijiki', '!approve k7f');
});

beforeEach(open);

async function open(): Promise<void> {
  stage = await Stage.open();
  stage.queue.beginsAtOnce = true;
  rule('approvals: 1, maxShareRemoved: 100');
  asked = [];
  const { store } = stage;
  const [standing, snapshot] = [store.standing.bind(store), store.snapshot.bind(store)];
  let isInside = false;
  store.standing = (question) => {
    if (!isInside) asked.push('standing');
    return standing(question);
  };
  store.snapshot = (question) => {
    asked.push('snapshot');
    isInside = true;
    const taken = snapshot(question);
    isInside = false;
    return taken;
  };
}

function rule(text: string): void {
  const policy = parsePolicy(
    parse(`[{commands: [pool, depool], ask: [sre], approve: [sre], pace: true, ${text}}]`),
  );
  if (!policy.ok) throw new Error(JSON.stringify(policy.fault));
  stage.policy = policy.value;
}

async function say(nick: string, line: string): Promise<void> {
  await stage.chat.say(nick, nick, line);
  await stage.settle();
}

/** Asked for, shown, and looked at by the sweeper: then nothing was said or asked yet. */
async function prepared(): Promise<void> {
  await say('elukey', ASKED);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await stage.wait(1000);
  expect(asked.filter((one) => one === 'snapshot')).toHaveLength(2);
  asked.length = 0;
  stage.seen.length = 0;
}

const writes = (): readonly string[] => stage.seen.filter((line) => line.startsWith('etcd '));

test('an approval is judged by what the journal held when nobody waited, and is as good as any', async () => {
  await prepared();
  await say('jijiki', '!approve k7f');
  expect(asked).toEqual([]);
  expect(stage.seen).toEqual([
    WRITTEN,
    expect.stringMatching(/^#ops <sluice> k7f approved by jijiki: /),
    expect.stringMatching(/^#ops <sluice> k7f done in /),
    expect.stringMatching(/^#ops <sluice> !log DONE \(PASS\)/),
  ]);
});

test('it is taken when the request is shown, not only by the sweeper', async () => {
  await say('elukey', ASKED);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(asked.at(-1)).toBe('snapshot');
});

test('one that is too old is not judged by', async () => {
  await prepared();
  stage.clock.pass(1600);
  await say('jijiki', '!approve k7f');
  expect(asked).toContain('standing');
  expect(writes()).toEqual([WRITTEN]);
});

describe('what changed in the journal since', () => {
  test('a freeze: nothing is written, and it is held', async () => {
    await prepared();
    await stage.store.setFreeze({ by: 'akosiaris', reason: 'an outage', at: 0 }, []);
    await say('jijiki', '!approve k7f');
    expect(writes()).toEqual([]);
    expect(stage.seen.at(-1)).toMatch(/^#ops <sluice> k7f held: frozen/);
  });

  test('hosts that were taken: all is judged anew, with them', async () => {
    await prepared();
    rule('approvals: 1, maxShareRemoved: 20');
    await stage.store.transition({
      id: 'k7f',
      from: ['awaiting-approval'],
      to: 'awaiting-approval',
      at: 0,
      removals: [1006, 1007].map((host) => ({
        dc: 'eqiad',
        cluster: 'maps',
        service: 'kartotherian-ssl',
        host: `maps${String(host)}.eqiad.wmnet`,
        weight: 10,
        at: stage.clock.now(),
      })),
    });
    await say('jijiki', '!approve k7f');
    expect(asked).toContain('standing');
    expect(writes()).toEqual([]);
    expect(stage.seen.at(-1)).toMatch(/^#ops <sluice> k7f held: share/);
  });

  test('something that does not matter: written once, after another look', async () => {
    await prepared();
    await say('akosiaris', '!depool maps1006 kartotherian-ssl');
    asked.length = 0;
    await say('jijiki', '!approve k7f');
    expect(asked).toContain('standing');
    expect(writes()).toEqual([WRITTEN]);
  });

  test('a thaw: nobody is held by a freeze that is over', async () => {
    await stage.store.setFreeze({ by: 'akosiaris', reason: 'an outage', at: 0 }, []);
    rule('approvals: 1, maxShareRemoved: 100');
    await say('elukey', '!pool maps1005 kartotherian-ssl');
    await stage.store.setFreeze(undefined, []);
    await prepared();
    await stage.store.setFreeze({ by: 'akosiaris', reason: 'an outage', at: 0 }, []);
    await stage.wait(1000);
    await stage.store.setFreeze(undefined, []);
    stage.seen.length = 0;
    await say('jijiki', '!approve k7f');
    expect(writes()).toEqual([WRITTEN]);
  });
});

test('where several approvals are wanted it waits for the last', async () => {
  rule('approvals: 2, maxShareRemoved: 100');
  await say('elukey', ASKED);
  await stage.wait(1000);
  expect(asked).not.toContain('snapshot');
  await say('jijiki', '!approve k7f');
  await stage.wait(1000);
  expect(asked.at(-1)).toBe('snapshot');
  asked.length = 0;
  await say('akosiaris', '!approve k7f');
  expect(asked).toEqual([]);
  expect(writes()).toEqual([WRITTEN]);
});
