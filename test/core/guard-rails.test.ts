import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findInFlight, guardWrite, removedAfter } from '../../src/core/guard-rails.ts';
import type { WriteView } from '../../src/core/guard-rails.ts';
import { legalPath } from '../../src/core/legal-path.ts';
import type { Pool } from '../../src/core/node.ts';
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
