import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BalancedHost, BalancedPool } from '../../src/core/balanced-pool.ts';
import { isUpOnEach } from '../../src/core/balanced-pool.ts';
import {
  findInFlight,
  guardTogether,
  guardWrite,
  guardWrites,
  removedAfter,
} from '../../src/core/guard-rails.ts';
import type { WriteView } from '../../src/core/guard-rails.ts';
import { legalPath } from '../../src/core/legal-path.ts';
import type { Pool } from '../../src/core/node.ts';
import { recordKey, WEIGHTLESS } from '../../src/core/node.ts';
import { floorOf, servingWeight, withState } from '../../src/core/pool-view.ts';
import { plannedSteps } from '../../src/core/progress.ts';
import { key, node, operation, plan, pool, state } from './build.ts';

const six = pool({ a: 'yes/10', b: 'yes/10', c: 'yes/10', d: 'yes/10', e: 'yes/10', f: 'yes/10' });

function view(changes: Partial<WriteView> = {}): WriteView {
  return {
    pool: six,
    threshold: 0.5,
    removed: [],
    maxShareRemoved: 100,
    scope: [{ cluster: 'maps' }],
    balanced: undefined,
    overrides: [],
    ...changes,
  };
}

describe('guardWrite', () => {
  test('lets a host go while the floor holds', () => {
    expect(guardWrite(key('a'), state('no/10'), view())).toBeUndefined();
  });

  test('refuses the write that would serve below the floor, with the numbers', () => {
    const low = pool({ a: 'yes/10', b: 'yes/10', c: 'yes/10', d: 'no/10', e: 'no/10', f: 'no/10' });
    expect(guardWrite(key('a'), state('no/10'), view({ pool: low }))).toEqual({
      kind: 'floor',
      dc: 'eqiad',
      service: 'kartotherian-ssl',
      serving: 2,
      total: 6,
      floor: 3,
      now: 3,
      down: [],
    });
  });

  test('never lets the last host of a data centre go, whatever the threshold', () => {
    const one = pool({ a: 'yes/10', b: 'inactive/0' });
    expect(guardWrite(key('a'), state('no/10'), view({ pool: one, threshold: 0 }))).toMatchObject({
      kind: 'last-host',
    });
  });

  test('lets a pool below its floor be repaired', () => {
    const broken = pool({ a: 'no/10', b: 'no/10', c: 'yes/10', d: 'no/10' });
    expect(guardWrite(key('a'), state('yes/10'), view({ pool: broken }))).toBeUndefined();
  });

  test.each([
    ['yes/0', 'weight-zero'],
    ['inactive/10', 'step-illegal'],
  ])('refuses %s as %s', (to, kind) => {
    expect(guardWrite(key('a'), state(to), view())).toMatchObject({ kind });
  });

  test('refuses inactive straight to yes', () => {
    const fresh = pool({ a: 'inactive/0', b: 'yes/10' });
    expect(guardWrite(key('a'), state('yes/1'), view({ pool: fresh }))).toMatchObject({
      kind: 'step-illegal',
    });
  });

  test('refuses what is outside the scope before anything else', () => {
    expect(guardWrite(key('a'), state('no/10'), view({ scope: [{ cluster: 'kubernetes' }] }))).toMatchObject({
      kind: 'outside-scope',
    });
  });

  test('refuses an object whose stored value cannot be read, and lets its neighbour go', () => {
    const torn: Pool = {
      ...six,
      malformed: [{ key: key('z'), text: '{', modifiedIndex: 5, why: 'not JSON' }],
    };
    expect(guardWrite(key('z'), state('no/10'), view({ pool: torn }))).toMatchObject({
      kind: 'object-malformed',
    });
    expect(guardWrite(key('a'), state('no/10'), view({ pool: torn }))).toBeUndefined();
  });

  test('adds removals of the window up like one large one', () => {
    const after = withState(six, 'a', state('no/10'));
    const removed = [{ host: 'a', weight: 10 }];
    expect(
      guardWrite(key('b'), state('no/10'), view({ pool: after, removed, maxShareRemoved: 33.4 })),
    ).toBeUndefined();
    expect(
      guardWrite(key('b'), state('no/10'), view({ pool: after, removed, maxShareRemoved: 33 })),
    ).toMatchObject({
      kind: 'share-removed',
      percent: expect.closeTo(33.33, 1),
      earlierPercent: expect.closeTo(16.67, 1),
    });
  });

  test('counts a lowered weight as removed share', () => {
    expect(guardWrite(key('a'), state('yes/1'), view({ maxShareRemoved: 10 }))).toMatchObject({
      kind: 'share-removed',
      percent: 15,
    });
  });

  test('no sequence of accepted writes ever serves below the floor that held before, or with nobody', () => {
    const states = fc.constantFrom('yes/10', 'yes/1', 'no/10', 'no/1', 'inactive/0', 'yes/3');
    const hosts = ['a', 'b', 'c', 'd', 'e'];
    fc.assert(
      fc.property(
        fc.array(states, { minLength: 5, maxLength: 5 }),
        fc.array(fc.tuple(fc.constantFrom(...hosts), states), { maxLength: 25 }),
        fc.constantFrom(0.2, 0.3, 0.5, 0.66),
        (start, moves, threshold) => {
          let now = pool(Object.fromEntries(hosts.map((host, index) => [host, start[index] ?? 'yes/10'])));
          for (const [host, to] of moves) {
            const before = now.nodes.find((one) => one.key.host === host)?.state ?? state('no/1');
            for (const step of legalPath(before, state(to))) {
              if (guardWrite(key(host), step, view({ pool: now, threshold })) !== undefined) break;
              const next = withState(now, host, step);
              const [was, is] = [now, next].map(
                (one) => one.nodes.filter((n) => n.state.pooled === 'yes').length,
              ) as [number, number];
              const total = next.nodes.filter((n) => n.state.pooled !== 'inactive').length;
              if (is < was) {
                expect(is).toBeGreaterThanOrEqual(Math.max(1, floorOf(threshold, total)));
              }
              now = next;
            }
          }
        },
      ),
    );
  });
});

describe('legalPath', () => {
  test('goes over no in both directions, with the weight on the first step up', () => {
    expect(legalPath(state('inactive/0'), state('yes/1'))).toEqual([state('no/1'), state('yes/1')]);
    expect(legalPath(state('yes/10'), state('inactive/0'))).toEqual([state('no/10'), state('inactive/0')]);
  });

  test('ends where it should, and every step is legal by itself', () => {
    const some = fc.record({
      pooled: fc.constantFrom('yes' as const, 'no' as const, 'inactive' as const),
      weight: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(some, some, (from, to) => {
        const path = legalPath(from, to);
        expect(path.at(-1) ?? from).toEqual(to);
        path.forEach((step, index) => {
          expect(legalPath(path[index - 1] ?? from, step)).toHaveLength(1);
        });
      }),
    );
  });
});

describe('floorOf', () => {
  test.each([
    [0.5, 6, 3],
    [0.5, 7, 4],
    [0.2, 5, 1],
    [0.66, 6, 4],
    [0.3, 10, 3],
    [0.5, 0, 0],
  ])('%d of %d is %d', (threshold, total, floor) => {
    expect(floorOf(threshold, total)).toBe(floor);
  });
});

test('removed weight is given back when the host serves again', () => {
  expect(removedAfter(view(), 'a', state('yes/10'), state('no/10'))).toBe(10);
  expect(
    removedAfter(view({ removed: [{ host: 'a', weight: 10 }] }), 'a', state('no/10'), state('yes/4')),
  ).toBe(6);
  expect(
    removedAfter(view({ removed: [{ host: 'a', weight: 10 }] }), 'a', state('no/10'), state('yes/40')),
  ).toBe(0);
});

test('a pooled host with weight 0 serves with 1, as the load balancer does it', () => {
  expect(servingWeight(state('yes/0'))).toBe(1);
  expect(servingWeight(state('no/10'))).toBe(0);
});

describe('findInFlight', () => {
  const steps = plannedSteps(plan());

  test.each(['queued', 'running'] as const)('an operation that is %s blocks its objects', (busy) => {
    expect(findInFlight(key('maps1005'), [operation({ state: busy })])).toMatchObject({
      kind: 'in-flight',
      operation: 'k7f',
    });
    expect(findInFlight(key('maps1006'), [operation({ state: busy })])).toBeUndefined();
  });

  test.each(['awaiting-approval', 'held'] as const)('one that is %s does not', (idle) => {
    expect(findInFlight(key('maps1005'), [operation({ state: idle })])).toBeUndefined();
  });

  test('an unknown outcome blocks just the object in doubt', () => {
    const doubtful = operation({
      state: 'uncertain',
      steps: steps.map((step) => ({ ...step, state: 'uncertain' as const })),
    });
    expect(findInFlight(key('maps1005'), [doubtful])).toMatchObject({ state: 'uncertain' });
    expect(findInFlight(key('maps1005'), [operation({ state: 'uncertain' })])).toBeUndefined();
  });
});

test('a node of the build is as it says', () => {
  expect(node('a', 'yes/10').text).toBe('{"weight": 10, "pooled": "yes"}');
});

describe('with load balancers', () => {
  const up = (weight = 10): BalancedHost => ({ pooled: true, weight, up: true, enabled: true });
  const down = (): BalancedHost => ({ pooled: false, weight: 10, up: false, enabled: true });
  /** One load balancer, which finds the named hosts down and all others of the pool up. */
  function seenBy(pool: Pool, sick: readonly string[], balancer = 'lvs1019'): BalancedPool {
    const known = pool.nodes.filter(({ state }) => state.pooled !== 'inactive').map(({ key }) => key.host);
    const hosts = Object.fromEntries(known.map((host) => [host, sick.includes(host) ? down() : up()]));
    return { name: 'tiles_443', answers: [{ kind: 'hosts', balancer, at: 0, hosts }] };
  }
  const silent: BalancedPool = {
    name: 'tiles_443',
    answers: [{ kind: 'silent', balancer: 'lvs1019', at: 0, cause: 'x' }],
  };

  test('what counts is who is yes and up: the declared count would have let it go', () => {
    const balanced = [seenBy(six, ['d', 'e', 'f'])];
    expect(guardWrite(key('a'), state('no/10'), view())).toBeUndefined();
    expect(guardWrite(key('a'), state('no/10'), view({ balanced }))).toMatchObject({
      kind: 'floor',
      serving: 2,
      now: 3,
      floor: 3,
      down: ['d', 'e', 'f'],
    });
  });

  test('a host that is down everywhere may go though the pool is below its floor, but never the last', () => {
    const balanced = [seenBy(six, ['b', 'c', 'd', 'e', 'f'])];
    expect(guardWrite(key('b'), state('no/10'), view({ balanced, maxShareRemoved: 1 }))).toBeUndefined();
    expect(guardWrite(key('a'), state('no/10'), view({ balanced }))).toMatchObject({ kind: 'last-host' });
    const one = pool({ a: 'yes/10', b: 'no/10' });
    const dead = view({ pool: one, balanced: [seenBy(one, ['a'])] });
    expect(guardWrite(key('a'), state('no/10'), dead)).toMatchObject({ kind: 'last-host' });
  });

  test('a host that one of two load balancers finds up is lowered, and counts for neither', () => {
    const both: BalancedPool = {
      name: 'tiles_443',
      answers: [...seenBy(six, ['a', 'b', 'c']).answers, ...seenBy(six, ['b', 'c', 'd'], 'lvs1020').answers],
    };
    expect(guardWrite(key('a'), state('no/10'), view({ balanced: [both] }))).toMatchObject({
      kind: 'floor',
      serving: 2,
    });
    expect(guardWrite(key('b'), state('no/10'), view({ balanced: [both] }))).toBeUndefined();
  });

  test('one that is silent refuses what takes away and nothing else; break-glass may name the floor', () => {
    const balanced = [silent];
    const low = pool({ a: 'yes/10', b: 'yes/10', c: 'no/10' });
    expect(guardWrite(key('a'), state('no/10'), view({ balanced }))).toMatchObject({
      kind: 'balancer-silent',
    });
    expect(guardWrite(key('a'), state('no/10'), view({ balanced, overrides: ['floor'] }))).toBeUndefined();
    expect(guardWrite(key('c'), state('yes/10'), view({ pool: low, balanced }))).toBeUndefined();
    expect(guardWrite(key('a'), state('yes/9'), view({ balanced }))).toBeUndefined();
  });

  test('a host that is found down is not pooled, unless break-glass names the probe', () => {
    const low = pool({ a: 'no/10', b: 'yes/10', c: 'inactive/0' });
    const balanced = [seenBy(low, ['a'])];
    const refused = { kind: 'down-on-balancer', balancers: ['lvs1019'] };
    expect(guardWrite(key('a'), state('yes/10'), view({ pool: low, balanced }))).toMatchObject(refused);
    const glass = view({ pool: low, balanced, overrides: ['probe'] });
    expect(guardWrite(key('a'), state('yes/10'), glass)).toBeUndefined();
    // One that is not known yet is looked at when it is.
    const steps = [state('no/1'), state('yes/1')].map((to) => ({ key: key('c'), to }));
    expect(guardWrites(steps, [view({ pool: low, balanced })])).toBeUndefined();
  });

  test('of several services behind one tag each has its own floor', () => {
    const broken = seenBy(six, ['a', 'b', 'c', 'd', 'e', 'f']);
    const fine = { ...seenBy(six, []), name: 'other_80' };
    expect(guardWrite(key('a'), state('no/10'), view({ balanced: [broken, fine] }))).toBeUndefined();
    const narrow = { ...seenBy(six, ['d', 'e', 'f']), name: 'third_81' };
    expect(guardWrite(key('a'), state('no/10'), view({ balanced: [fine, narrow] }))).toMatchObject({
      kind: 'floor',
    });
  });

  test('weights that no load balancer knows are refused wherever they come from', () => {
    for (const weight of [-3, 0.5, 65_536, 70_000])
      expect(guardWrite(key('a'), { pooled: 'yes', weight }, view())).toMatchObject({ kind: 'weight-range' });
  });

  const states = fc.constantFrom('yes/10', 'yes/1', 'no/10', 'no/1', 'inactive/0');
  const hosts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const world = fc.record({
    states: fc.array(states, { minLength: 8, maxLength: 8 }),
    sick: fc.subarray(hosts),
    threshold: fc.constantFrom(0.2, 0.3, 0.5, 0.66, 1),
    writes: fc.array(fc.record({ host: fc.constantFrom(...hosts), to: states }), { maxLength: 12 }),
  });

  test('whatever is asked, no walk that is let through ever lowers what serves below the floor, or takes the last', () => {
    fc.assert(
      fc.property(world, ({ states: texts, sick, threshold, writes }) => {
        const start = pool(Object.fromEntries(hosts.map((host, index) => [host, texts[index] ?? 'no/1'])));
        const balanced = [seenBy(start, sick)];
        const steps = writes.map(({ host, to }) => ({ key: key(host), to: state(to) }));
        if (guardWrites(steps, [view({ pool: start, balanced, threshold })]) !== undefined) return;
        const serving = (one: Pool): number =>
          one.nodes.filter((node) => node.state.pooled === 'yes' && !sick.includes(node.key.host)).length;
        let now = start;
        for (const { key: at, to } of steps) {
          const after = withState(now, at.host, to);
          const known = after.nodes.filter((node) => node.state.pooled !== 'inactive').length;
          const wentDown = serving(after) < serving(now) && balanced[0]?.answers[0]?.kind === 'hosts';
          const wasUp =
            !sick.includes(at.host) &&
            start.nodes.some((node) => node.key.host === at.host && node.state.pooled !== 'inactive');
          if (wentDown && wasUp) {
            expect(effective(after, balanced)).toBeGreaterThanOrEqual(floorOf(threshold, known));
            expect(effective(after, balanced)).toBeGreaterThan(0);
          }
          if (now.nodes.some((node) => node.state.pooled === 'yes'))
            expect(after.nodes.some((node) => node.state.pooled === 'yes')).toBe(true);
          now = after;
        }
      }),
      { numRuns: 500 },
    );
  });

  test('writes in flight together are let through only if every subset of them keeps the floor', () => {
    fc.assert(
      fc.property(
        world,
        fc.integer({ min: 2, max: 6 }),
        ({ states: texts, sick, threshold, writes }, count) => {
          const start = pool(Object.fromEntries(hosts.map((host, index) => [host, texts[index] ?? 'no/1'])));
          const balanced = [seenBy(start, sick)];
          const once = writes.filter(
            (write, index) => writes.findIndex(({ host }) => host === write.host) === index,
          );
          const group = once.slice(0, count).map(({ host, to }) => ({
            key: key(host),
            from: start.nodes.find((node) => node.key.host === host)?.state ?? state('no/1'),
            to: state(to),
          }));
          // One alone is judged by the walk.
          fc.pre(group.length >= 2);
          const seen = view({ pool: start, balanced, threshold });
          if (guardTogether(group, [seen]) !== undefined) return;
          const floor = (one: Pool): number =>
            floorOf(threshold, one.nodes.filter((node) => node.state.pooled !== 'inactive').length);
          const lowering = group.filter(
            ({ from, to }) => servingWeight(to) < servingWeight(from) && to.pooled !== 'yes',
          );
          for (const subset of subsetsOf(lowering)) {
            const after = subset.reduce((one, { key: at, to }) => withState(one, at.host, to), start);
            if (effective(after, balanced) < effective(start, balanced))
              expect(effective(after, balanced)).toBeGreaterThanOrEqual(
                Math.min(floor(after), effective(start, balanced)),
              );
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  function effective(one: Pool, balanced: readonly BalancedPool[]): number {
    return one.nodes.filter(
      (node) => node.state.pooled === 'yes' && balanced.every((seen) => isUpOnEach(seen, node.key.host)),
    ).length;
  }
});

describe('a DNS record', () => {
  const RECORD = recordKey('discovery', 'tiles');
  const records = [{ types: ['discovery'] }];
  function recordPool(states: Readonly<Record<string, 'yes' | 'no'>>): Pool {
    const nodes = Object.entries(states).map(([host, pooled]) => ({
      key: { ...RECORD, host },
      state: { pooled, weight: WEIGHTLESS },
      text: '{"pooled": true}',
      modifiedIndex: 1,
    }));
    return { ...RECORD, nodes, malformed: [] };
  }
  const off = { pooled: 'no', weight: WEIGHTLESS } as const;
  const on = { pooled: 'yes', weight: WEIGHTLESS } as const;
  const receiver = (
    dc: string,
    states: Readonly<Record<string, string>>,
  ): NonNullable<WriteView['receiving']>[number] => ({
    pool: { ...pool(states), dc },
    threshold: 0.5,
    balanced: undefined,
  });
  const both = recordPool({ eqiad: 'yes', codfw: 'yes' });

  test('never leads nowhere, whoever says so', () => {
    const one = view({
      pool: recordPool({ eqiad: 'yes', codfw: 'no' }),
      scope: records,
      overrides: ['floor', 'lock', 'probe', 'budget'],
    });
    expect(guardWrite({ ...RECORD, host: 'eqiad' }, off, one)).toMatchObject({ kind: 'last-data-centre' });
    expect(guardWrite({ ...RECORD, host: 'codfw' }, on, one)).toBeUndefined();
  });

  test('leads nowhere where too little serves, neither more nor for the first time', () => {
    const low = receiver('eqiad', { a: 'yes/1', b: 'no/1', c: 'no/1' });
    const fine = receiver('codfw', { a: 'yes/1', b: 'yes/1' });
    const receiving = [low, fine];
    const away = { ...RECORD, host: 'codfw' };
    expect(guardWrite(away, off, view({ pool: both, scope: records, receiving }))).toMatchObject({
      kind: 'receiver-below-floor',
      dc: 'eqiad',
      serving: 1,
      floor: 2,
    });
    expect(
      guardWrite({ ...RECORD, host: 'eqiad' }, off, view({ pool: both, scope: records, receiving })),
    ).toBeUndefined();
    const single = recordPool({ eqiad: 'no', codfw: 'yes' });
    expect(
      guardWrite({ ...RECORD, host: 'eqiad' }, on, view({ pool: single, scope: records, receiving })),
    ).toMatchObject({
      kind: 'receiver-below-floor',
    });
    const glass = view({ pool: both, scope: records, receiving, overrides: ['floor'] });
    expect(guardWrite(away, off, glass)).toBeUndefined();
  });

  test('is in the scope only where its type is named', () => {
    expect(guardWrite({ ...RECORD, host: 'codfw' }, off, view({ pool: both }))).toMatchObject({
      kind: 'outside-scope',
    });
    const eqiadOnly = view({ pool: both, scope: [{ types: ['discovery'], dc: 'eqiad' }] });
    expect(guardWrite({ ...RECORD, host: 'codfw' }, off, eqiadOnly)).toMatchObject({ kind: 'outside-scope' });
    expect(guardWrite({ ...RECORD, host: 'eqiad' }, off, eqiadOnly)).toBeUndefined();
  });
});

/** Every subset; of few things only. */
function subsetsOf<T>(things: readonly T[]): readonly (readonly T[])[] {
  return things.reduce<readonly (readonly T[])[]>(
    (all, thing) => [...all, ...all.map((one) => [...one, thing])],
    [[]],
  );
}
