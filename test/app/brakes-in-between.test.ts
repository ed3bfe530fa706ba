import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parsePolicy } from '../../src/core/policy.ts';
import type { Transition } from '../../src/ports/store.ts';
import { Stage } from '../stage/stage.ts';

/** A stage on which something happens between looking at everything and journaling the first intent. */
async function weighWith(happens: (stage: Stage) => Promise<unknown>): Promise<readonly string[]> {
  const stage = await Stage.open();
  const policy = parsePolicy(parse('[{commands: [weight], ask: [sre], approvals: 0}]'));
  if (!policy.ok) throw new Error(JSON.stringify(policy.fault));
  stage.policy = policy.value;
  const { store } = stage;
  const transition = store.transition.bind(store);
  let hasHappened = false;
  store.transition = async (change: Transition) => {
    if (change.ifBrakes !== undefined && !hasHappened) {
      hasHappened = true;
      await happens(stage);
    }
    return transition(change);
  };
  await stage.chat.say('elukey', 'elukey', '!weight maps1005 kartotherian-ssl 9');
  await stage.settle();
  expect(hasHappened).toBe(true);
  expect(stage.bugs).toEqual([]);
  return stage.seen.slice(1);
}

test.each<[string, (stage: Stage) => Promise<unknown>, RegExp]>([
  [
    'a freeze',
    ({ store }) => store.setFreeze({ by: 'jijiki', reason: 'outage', at: 1 }, []),
    /^#ops <sluice> k7f held: frozen: by jijiki .*Nothing was changed\./,
  ],
  [
    'a lock',
    ({ store }) =>
      store.setLock('kartotherian-ssl', { service: 'kartotherian-ssl', by: 'jijiki', reason: 'mine', at: 1 }),
    /^#ops <sluice> k7f held: locked: .*Nothing was changed\./,
  ],
  [
    'a suspension of the asker',
    ({ store }) =>
      store.setSuspension('elukey', { person: 'elukey', by: 'jijiki', reason: 'laptop stolen', at: 1 }),
    /^#ops <sluice> k7f held: suspended: .*Nothing was changed\./,
  ],
  [
    'a stop',
    ({ store }) =>
      store.transition({
        id: 'k7f',
        from: ['queued'],
        to: 'queued',
        at: 1,
        patch: { stopRequestedBy: 'jijiki' },
      }),
    /^#ops <sluice> k7f held: stopped: .*Nothing was changed\./,
  ],
])(
  '%s that comes after everything was looked at holds the write all the same',
  async (_name, happens, held) => {
    const seen = await weighWith(happens);
    expect(seen).toEqual([expect.stringMatching(held)]);
  },
);

test('a brake that is taken off meanwhile holds nothing', async () => {
  const seen = await weighWith(async ({ store }) => {
    await store.setLock('thumbor', { service: 'thumbor', by: 'jijiki', reason: 'x', at: 1 });
    await store.setLock('thumbor', undefined);
  });
  expect(seen[0]).toBe(
    'etcd eqiad/maps/kartotherian-ssl/maps1005.eqiad.wmnet {"weight": 9, "pooled": "yes"}',
  );
  expect(seen[1]).toMatch(/k7f done in/);
});
