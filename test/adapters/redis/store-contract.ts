import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { NodeOperation, Operation, OperationState, Vote } from '../../../src/core/operation.ts';
import { OPERATION_TRANSITIONS, isFinal } from '../../../src/core/operation.ts';
import type { Result } from '../../../src/core/result.ts';
import type { StepState } from '../../../src/core/step-state.ts';
import type { SeenChange } from '../../../src/core/seen-change.ts';
import { STEP_TRANSITIONS } from '../../../src/core/step-state.ts';
import type { RowState } from '../../../src/core/row-state.ts';
import type { OutboxRow, Standing, StandingQuestion, Store, Transition } from '../../../src/ports/store.ts';
import { operation } from '../../core/build.ts';

const OPERATION_STATES = Object.keys(OPERATION_TRANSITIONS) as OperationState[];
const STEP_STATES = Object.keys(STEP_TRANSITIONS) as StepState[];
const SERVICE = 'kartotherian-ssl';
const NOW = 2000;

/** An operation that is unlike any other: another id, another message. */
export function one(id: string, changes: Partial<NodeOperation> = {}): NodeOperation {
  const { request } = operation();
  return operation({ id, request: { ...request, eventKey: `irc:${id}` }, ...changes });
}

/** An approval of what `operation` plans. */
export function approval(person: string, changes: Partial<Vote> = {}): Vote {
  const { planHash } = operation();
  return {
    person,
    verdict: 'approve',
    planHash,
    eventKey: `irc:${person}`,
    transport: 'irc',
    at: NOW,
    signature: 's',
    ...changes,
  };
}

/** Something to be said; of the log when `sal`. */
export function row(key: string, kind: 'chat' | 'sal' = 'chat'): OutboxRow {
  const common = { key, op: 'k7f', at: NOW, transport: 'irc', channel: '#ops' };
  if (kind === 'chat') return { ...common, kind, announcement: { kind: 'stop-file-seen' } as never };
  return { ...common, kind, record: { phase: 'done', operation: 'k7f' } as never };
}

/** The value, or an error that shows the Fault. */
export function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.fault));
  return result.value;
}

/** What every journal must do, in memory or in Redis. Deadlines are by the `now` of the call. */
export function storeContract(open: () => Promise<Store>): void {
  let store: Store;

  beforeEach(async () => {
    store = await open();
  });

  afterEach(async () => {
    await store.close();
  });

  async function created(changed: Operation = operation()): Promise<Operation> {
    expect(value(await store.create(changed, []))).toMatchObject({ kind: 'created' });
    return changed;
  }

  async function queued(id: string): Promise<Operation> {
    return created(one(id, { state: 'queued' }));
  }

  const POOL = { dc: 'eqiad', cluster: 'maps', service: SERVICE };
  const standing = async (changed: Partial<StandingQuestion> = {}): Promise<Standing> =>
    value(await store.standing({ writtenSince: 0, removedSince: 0, pools: [POOL], ...changed }));
  const keysOf = (rows: readonly { readonly key: string }[]): readonly string[] => rows.map(({ key }) => key);
  const stored = async (id = 'k7f'): Promise<Operation | undefined> => value(await store.operation(id));

  describe('create', () => {
    test('keeps every field, those that are undefined too', async () => {
      await created();
      expect(await stored()).toEqual(operation());
      await created(
        one('wxy', {
          state: 'queued',
          nudgedAt: 1,
          queuedAt: 2,
          startedAt: 3,
          endedAt: 4,
          epoch: 5,
          votes: [approval('jayme'), approval('volans', { at: NOW + 1 })],
          stopRequestedBy: 'jayme',
          fault: { kind: 'store-unreachable', cause: 'ü"\n\u0000' },
          viewId: 'v1',
        }),
      );
      expect(await stored('wxy')).toMatchObject({
        nudgedAt: 1,
        queuedAt: 2,
        startedAt: 3,
        endedAt: 4,
        epoch: 5,
        votes: [{ person: 'jayme' }, { person: 'volans' }],
        stopRequestedBy: 'jayme',
        fault: { cause: 'ü"\n\u0000' },
        viewId: 'v1',
      });
    });

    test('answers with the first operation when its message comes again, and stores nothing', async () => {
      await created();
      const again = one('wxy', { request: operation().request });
      expect(value(await store.create(again, [row('r1')]))).toEqual({ kind: 'duplicate', id: 'k7f' });
      expect(await stored('wxy')).toBeUndefined();
      expect(value(await store.unsentRows(10))).toEqual([]);
    });

    test.each([
      ['k7f', 'taken'],
      ['k7g', 'taken'],
      ['k7fa', 'created'],
      ['k8g', 'created'],
    ])('beside an open k7f, %s is %s', async (id, kind) => {
      await created();
      expect(value(await store.create(one(id), []))).toMatchObject({ kind });
    });

    test('frees what looks like it when it has ended, but never its own id', async () => {
      await created();
      value(await store.transition({ id: 'k7f', from: ['awaiting-approval'], to: 'cancelled', at: NOW }));
      expect(value(await store.create(one('k7f'), []))).toEqual({ kind: 'taken' });
      expect(value(await store.create(one('k7g'), []))).toEqual({ kind: 'created', before: [] });
    });

    test('one of two at once with the same message is the duplicate', async () => {
      const { request } = operation();
      const both = await Promise.all([
        store.create(one('abc', { request }), []),
        store.create(one('xyz', { request }), []),
      ]);
      expect(both.map((result) => value(result).kind).sort()).toEqual(['created', 'duplicate']);
      expect(value(await store.open())).toHaveLength(1);
    });

    test('finds nothing under an id that nobody has', async () => {
      expect(await stored('zzz')).toBeUndefined();
    });
  });

  describe('transition', () => {
    const ways = OPERATION_STATES.flatMap((from) => OPERATION_STATES.map((to) => [from, to] as const));
    const enterable = ways.filter(([from]) => from !== 'received' && from !== 'refused');

    /** An operation can only be created waiting or queued: the rest of the way is walked. */
    async function bring(to: OperationState): Promise<void> {
      const via: Partial<Record<OperationState, readonly OperationState[]>> = {
        'awaiting-approval': [],
        queued: ['queued'],
        running: ['queued', 'running'],
        held: ['queued', 'running', 'held'],
        uncertain: ['queued', 'running', 'uncertain'],
        done: ['queued', 'running', 'done'],
        failed: ['queued', 'running', 'failed'],
        conflict: ['queued', 'running', 'conflict'],
        denied: ['denied'],
        expired: ['expired'],
        cancelled: ['cancelled'],
      };
      await created();
      let from: OperationState = 'awaiting-approval';
      for (const next of via[to] ?? []) {
        value(await store.transition({ id: 'k7f', from: [from], to: next, at: NOW }));
        from = next;
      }
    }

    test('follows the table of states and no other way', async () => {
      const wrong: string[] = [];
      for (const [from, to] of enterable) {
        await store.close();
        store = await open();
        await bring(from);
        const result = await store.transition({ id: 'k7f', from: OPERATION_STATES, to, at: NOW + 1 });
        const allowed = from === to ? !isFinal(from) : OPERATION_TRANSITIONS[from].includes(to);
        const after = (await stored())?.state;
        if (result.ok !== allowed || after !== (allowed ? to : from))
          wrong.push(`${from} -> ${to}: ${String(after)}`);
      }
      expect(wrong).toEqual([]);
      expect(enterable).toHaveLength(11 * 13);
    }, 120_000);

    test('is narrowed by the caller, who is told where it stands', async () => {
      await created();
      const refused = await store.transition({ id: 'k7f', from: ['running'], to: 'cancelled', at: NOW });
      expect(refused).toMatchObject({
        ok: false,
        fault: { kind: 'transition-refused', id: 'k7f', state: 'awaiting-approval' },
      });
      expect(await store.transition({ id: 'k7f', from: [], to: 'cancelled', at: NOW })).toMatchObject({
        ok: false,
      });
      expect(await stored()).toEqual(operation());
    });

    test('of what is not there is refused', async () => {
      expect(await store.transition({ id: 'zzz', from: ['queued'], to: 'running', at: NOW })).toMatchObject({
        ok: false,
        fault: { kind: 'transition-refused', state: 'unknown' },
      });
    });

    test('sets fields, and unsets those given as undefined', async () => {
      await queued('k7f');
      const running = value(
        await store.transition({
          id: 'k7f',
          from: ['queued'],
          to: 'running',
          at: NOW,
          patch: {
            startedAt: NOW,
            stopRequestedBy: 'jayme',
            fault: { kind: 'stopped', by: 'jayme' } as never,
          },
        }),
      );
      expect(running).toMatchObject({
        state: 'running',
        startedAt: NOW,
        touchedAt: NOW,
        stopRequestedBy: 'jayme',
      });
      const after = value(
        await store.transition({
          id: 'k7f',
          from: ['running'],
          to: 'running',
          at: NOW + 1,
          patch: { stopRequestedBy: undefined, fault: undefined },
        }),
      );
      expect(after.stopRequestedBy).toBeUndefined();
      expect(after.fault).toBeUndefined();
      expect(after.startedAt).toBe(NOW);
      expect(await stored()).toEqual(after);
    });

    test('of a worker that was taken over is refused', async () => {
      await queued('k7f');
      const first = value(
        await store.transition({ id: 'k7f', from: ['queued'], to: 'running', at: NOW, takeOver: true }),
      );
      const second = value(
        await store.transition({ id: 'k7f', from: ['running'], to: 'running', at: NOW + 1, takeOver: true }),
      );
      expect([first.epoch, second.epoch]).toEqual([1, 2]);
      expect(
        await store.transition({ id: 'k7f', from: ['running'], to: 'done', at: NOW + 2, epoch: 1 }),
      ).toMatchObject({ ok: false, fault: { kind: 'transition-refused', state: 'running' } });
      expect(
        value(await store.transition({ id: 'k7f', from: ['running'], to: 'done', at: NOW + 2, epoch: 2 }))
          .state,
      ).toBe('done');
    });

    test('is all or nothing: a step that may not go there keeps the rows and the state back', async () => {
      const { steps } = await queued('k7f');
      expect(steps).toHaveLength(1);
      const refused = await store.transition({
        id: 'k7f',
        from: ['queued'],
        to: 'running',
        at: NOW,
        steps: steps.map((step) => ({ from: ['planned'], record: { ...step, state: 'done' } })),
        rows: [row('r1')],
        removals: [{ dc: 'eqiad', cluster: 'maps', service: SERVICE, host: 'maps1005', weight: 10, at: NOW }],
      });
      expect(refused).toMatchObject({ ok: false, fault: { kind: 'transition-refused' } });
      expect((await stored())?.state).toBe('queued');
      expect((await stored())?.steps).toEqual(steps);
      expect(value(await store.unsentRows(10))).toEqual([]);
      expect((await standing()).removals).toEqual([[]]);
    });

    test('moves a step by the table of steps and no other way', async () => {
      const wrong: string[] = [];
      for (const from of STEP_STATES) {
        for (const to of STEP_STATES) {
          await store.close();
          store = await open();
          const steps = operation().steps.map((step) => ({ ...step, state: from }));
          await created(one('k7f', { state: 'queued', steps }));
          const result = await store.transition({
            id: 'k7f',
            from: ['queued'],
            to: 'running',
            at: NOW,
            steps: steps.map((step) => ({ from: STEP_STATES, record: { ...step, state: to } })),
          });
          if (result.ok !== STEP_TRANSITIONS[from].includes(to)) wrong.push(`${from} -> ${to}`);
        }
      }
      expect(wrong).toEqual([]);
    }, 60_000);

    test('makes the message that shows it known', async () => {
      await created();
      expect(value(await store.operationShownBy('v1'))).toBeUndefined();
      value(
        await store.transition({
          id: 'k7f',
          from: ['awaiting-approval'],
          to: 'awaiting-approval',
          at: NOW,
          patch: { viewId: 'v1' },
        }),
      );
      expect(value(await store.operationShownBy('v1'))).toBe('k7f');
      expect((await stored())?.viewId).toBe('v1');
    });

    test('two at once: one wins', async () => {
      await queued('k7f');
      const both = await Promise.all([
        store.transition({ id: 'k7f', from: ['queued'], to: 'running', at: NOW }),
        store.transition({ id: 'k7f', from: ['queued'], to: 'cancelled', at: NOW }),
      ]);
      expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    });
  });

  describe('vote', () => {
    test('the last missing approval queues it, and it joins the line', async () => {
      await created(one('k7f', { rule: { ...operation().rule, approvals: 2 } }));
      expect(value(await store.vote('k7f', approval('jayme'), NOW))).toMatchObject({
        kind: 'counted',
        missing: 1,
        operation: { state: 'awaiting-approval', votes: [{ person: 'jayme' }] },
      });
      expect(value(await store.headOfLine(SERVICE))).toBeUndefined();
      expect(value(await store.vote('k7f', approval('volans', { at: NOW + 5 }), NOW + 5))).toMatchObject({
        kind: 'counted',
        missing: 0,
        operation: {
          state: 'queued',
          queuedAt: NOW + 5,
          touchedAt: NOW + 5,
          votes: [{ person: 'jayme' }, { person: 'volans' }],
        },
      });
      expect(value(await store.headOfLine(SERVICE))).toBe('k7f');
    });

    test.each<[string, Vote, number, object]>([
      ['the asker', approval('elukey'), NOW, { kind: 'own', missing: 1 }],
      ['another plan', approval('jayme', { planHash: 'x' }), NOW, { kind: 'plan-differs' }],
      ['in the last millisecond', approval('jayme'), 900_999, { kind: 'counted', missing: 0 }],
      ['too late', approval('jayme'), 901_000, { kind: 'expired', at: 901_000 }],
      [
        'a denial too late',
        approval('jayme', { verdict: 'deny' }),
        901_000,
        { kind: 'expired', at: 901_000 },
      ],
    ])('%s', async (_what, vote, now, outcome) => {
      await created();
      expect(value(await store.vote('k7f', vote, now))).toMatchObject(outcome);
    });

    test('twice by one person counts once, both at once too', async () => {
      await created(one('k7f', { rule: { ...operation().rule, approvals: 2 } }));
      const both = await Promise.all([
        store.vote('k7f', approval('jayme'), NOW),
        store.vote('k7f', approval('jayme', { eventKey: 'irc:other' }), NOW),
      ]);
      expect(both.map((result) => value(result).kind).sort()).toEqual(['already', 'counted']);
      expect(value(await store.vote('k7f', approval('jayme'), NOW))).toEqual({ kind: 'already', missing: 1 });
      expect((await stored())?.state).toBe('awaiting-approval');
    });

    test('of two last approvals at once, one queues it and one comes too late', async () => {
      await created();
      const both = await Promise.all([
        store.vote('k7f', approval('jayme'), NOW),
        store.vote('k7f', approval('volans'), NOW),
      ]);
      expect(both.map((result) => value(result).kind).sort()).toEqual(['counted', 'not-waiting']);
      expect((await stored())?.votes).toHaveLength(1);
    });

    test.each(['elukey', 'jayme'])('a denial by %s ends it', async (person) => {
      await created();
      expect(value(await store.vote('k7f', approval(person, { verdict: 'deny' }), NOW))).toMatchObject({
        kind: 'counted',
        operation: { state: 'denied', endedAt: NOW, touchedAt: NOW },
      });
      expect(value(await store.open())).toEqual([]);
      expect(value(await store.vote('k7f', approval('volans'), NOW))).toEqual({
        kind: 'not-waiting',
        state: 'denied',
      });
      expect(value(await store.create(one('k7g'), []))).toEqual({ kind: 'created', before: [] });
    });

    test('somebody who approved may still deny', async () => {
      await created(one('k7f', { rule: { ...operation().rule, approvals: 2 } }));
      value(await store.vote('k7f', approval('jayme'), NOW));
      expect(value(await store.vote('k7f', approval('jayme', { verdict: 'deny' }), NOW + 1))).toMatchObject({
        kind: 'counted',
        operation: { state: 'denied', votes: [{ person: 'jayme', verdict: 'deny' }] },
      });
    });

    test('on what is not there', async () => {
      expect(value(await store.vote('zzz', approval('jayme'), NOW))).toEqual({ kind: 'unknown' });
    });

    test('by somebody who is suspended does not count', async () => {
      await created();
      const suspension = { person: 'jayme', by: 'volans', reason: 'laptop stolen', at: NOW };
      value(await store.setSuspension('jayme', suspension));
      expect(value(await store.vote('k7f', approval('jayme'), NOW))).toEqual({
        kind: 'suspended',
        suspension,
      });
      expect((await stored())?.votes).toEqual([]);
      expect(value(await store.vote('k7f', approval('volans'), NOW))).toMatchObject({ kind: 'counted' });
    });

    test('the last one tells whose turn it is', async () => {
      await created(one('abc'));
      await created(one('xyz'));
      expect(value(await store.vote('xyz', approval('jayme'), NOW))).toMatchObject({
        missing: 0,
        before: [],
      });
      expect(value(await store.vote('abc', approval('jayme'), NOW))).toMatchObject({
        missing: 0,
        before: ['xyz'],
      });
    });

    test('leaves the operation as it is read then', async () => {
      await created();
      const voted = value(await store.vote('k7f', approval('jayme'), NOW + 5));
      expect(voted).toMatchObject({ kind: 'counted', operation: await stored() });
      expect(store.known('k7f')).toEqual(await stored());
    });
  });

  describe('unended', () => {
    test('names what was read last as not ended, until it is known to have', async () => {
      expect(store.unended()).toEqual([]);
      await created(one('k7f'));
      await created(one('wxy'));
      const ids = (): readonly string[] => store.unended().map(({ id }) => id);
      expect(ids()).toEqual(['k7f', 'wxy']);
      value(
        await store.transition({
          id: 'k7f',
          from: ['awaiting-approval'],
          to: 'denied',
          at: NOW,
          patch: { endedAt: NOW },
        }),
      );
      expect(ids()).toEqual(['wxy']);
      expect(store.unended()).toEqual([value(await store.operation('wxy'))]);
    });
  });

  describe('vote with what begins by it', () => {
    const begin = (mark: string, changes: Partial<Transition> = {}): Transition => ({
      id: 'k7f',
      from: ['queued'],
      to: 'running',
      at: NOW,
      epoch: 0,
      takeOver: true,
      ifBrakes: mark,
      ifFirst: true,
      patch: { startedAt: NOW },
      ...changes,
    });
    const voteAndBegin = async (person = 'jayme'): ReturnType<Store['vote']> =>
      store.vote('k7f', approval(person), NOW, begin((await standing()).mark));

    test('the last approval that was missing begins it, in one go', async () => {
      await created();
      const voted = value(await voteAndBegin());
      expect(voted).toMatchObject({
        kind: 'counted',
        missing: 0,
        before: [],
        operation: { state: 'queued', votes: [{ person: 'jayme' }] },
        begun: {
          ok: true,
          value: { state: 'running', epoch: 1, startedAt: NOW, votes: [{ person: 'jayme' }] },
        },
      });
      expect(voted.kind === 'counted' && voted.begun?.ok === true && voted.begun.value).toEqual(
        await stored(),
      );
      expect(store.known('k7f')).toEqual(await stored());
    });

    const snapshot = async (): Promise<{ readonly revision: string; readonly mark: string }> => {
      const taken = value(await store.snapshot({ writtenSince: 0, removedSince: 0, pools: [] }));
      if (taken === undefined) throw new Error('nobody has changed anything');
      expect(taken.open).toEqual(value(await store.open()));
      expect(taken.standing).toEqual(await standing({ pools: [] }));
      return { revision: taken.revision, mark: taken.standing.mark };
    };

    test('on a snapshot it begins while nothing else was changed since', async () => {
      await created();
      const { revision, mark } = await snapshot();
      const voted = value(
        await store.vote('k7f', approval('jayme'), NOW, begin(mark, { ifRevision: revision })),
      );
      expect(voted).toMatchObject({ kind: 'counted', begun: { ok: true, value: { state: 'running' } } });
      expect((await snapshot()).revision).not.toBe(revision);
    });

    test.each<[string, () => Promise<unknown>]>([
      ['another operation was asked for', () => store.create(one('abc'), [])],
      [
        'another operation ended',
        () =>
          store.transition({
            id: 'wxy',
            from: ['awaiting-approval'],
            to: 'denied',
            at: NOW,
            patch: { endedAt: NOW },
          }),
      ],
      ['somebody else approved', () => store.vote('wxy', approval('jayme'), NOW)],
      ['production was frozen', () => store.setFreeze({ by: 'jayme', reason: 'why', at: NOW }, [])],
      [
        'a service was locked',
        () => store.setLock(SERVICE, { service: SERVICE, by: 'jayme', reason: 'why', at: NOW }),
      ],
      ['the log went away', () => store.setLogDown(NOW)],
    ])('on a snapshot it counts and begins nothing when %s since', async (_what, change) => {
      await created();
      await created(one('wxy'));
      const { revision, mark } = await snapshot();
      value((await change()) as Result<unknown>);
      const voted = value(
        await store.vote('k7f', approval('jayme'), NOW, begin(mark, { ifRevision: revision })),
      );
      expect(voted).toMatchObject({
        kind: 'counted',
        missing: 0,
        begun: { ok: false, fault: { kind: 'brakes-moved' } },
      });
      expect(await stored()).toMatchObject({ state: 'queued', epoch: 0 });
    });

    test('one that another approval is still missing after begins nothing', async () => {
      await created(one('k7f', { rule: { ...operation().rule, approvals: 2 } }));
      expect(value(await voteAndBegin())).toMatchObject({
        kind: 'counted',
        missing: 1,
        begun: { ok: false, fault: { kind: 'transition-refused', state: 'awaiting-approval' } },
      });
      expect(await stored()).toMatchObject({ state: 'awaiting-approval', epoch: 0 });
    });

    test.each<[string, string, () => Promise<unknown>]>([
      ['already', 'jayme', () => store.vote('k7f', approval('jayme'), NOW)],
      ['own', 'elukey', () => Promise.resolve()],
      [
        'suspended',
        'jayme',
        () => store.setSuspension('jayme', { person: 'jayme', by: 'volans', reason: 'key lost', at: 1 }),
      ],
    ])('one that does not count (%s) begins nothing', async (kind, person, before) => {
      await created(one('k7f', { rule: { ...operation().rule, approvals: 2 } }));
      await before();
      const was = await stored();
      const voted = value(await voteAndBegin(person));
      expect(voted.kind).toBe(kind);
      expect(voted).not.toHaveProperty('begun');
      expect(await stored()).toEqual(was);
    });

    test('what was queued by somebody else is not begun by a vote that came too late', async () => {
      await created();
      value(await store.vote('k7f', approval('volans'), NOW));
      expect(value(await voteAndBegin()).kind).toBe('not-waiting');
      expect(await stored()).toMatchObject({ state: 'queued', epoch: 0 });
    });

    test('a brake that was moved since lets it count, and not begin', async () => {
      await created();
      const { mark } = await standing();
      value(await store.setFreeze({ by: 'volans', reason: 'outage', at: NOW }, []));
      const voted = value(await store.vote('k7f', approval('jayme'), NOW, begin(mark)));
      expect(voted).toMatchObject({ kind: 'counted', begun: { ok: false, fault: { kind: 'brakes-moved' } } });
      expect(await stored()).toMatchObject({ state: 'queued', epoch: 0 });
    });

    test('behind somebody it counts, and does not begin', async () => {
      await queued('abc');
      await created();
      expect(value(await voteAndBegin())).toMatchObject({
        kind: 'counted',
        before: ['abc'],
        begun: { ok: false, fault: { why: 'its turn has not come: abc goes before it' } },
      });
      expect(await stored()).toMatchObject({ state: 'queued', epoch: 0 });
    });
  });

  describe('withdraw', () => {
    test('takes an approval back while it waits, so that it counts anew', async () => {
      await created(one('k7f', { rule: { ...operation().rule, approvals: 2 } }));
      value(await store.vote('k7f', approval('jayme'), NOW));
      expect(value(await store.withdraw('k7f', 'jayme', NOW))).toBe('withdrawn');
      expect(value(await store.withdraw('k7f', 'jayme', NOW))).toBe('none');
      expect((await stored())?.votes).toEqual([]);
      expect(value(await store.vote('k7f', approval('volans'), NOW))).toMatchObject({ missing: 1 });
    });

    test('comes too late when it is queued', async () => {
      await created();
      value(await store.vote('k7f', approval('jayme'), NOW));
      expect(value(await store.withdraw('k7f', 'jayme', NOW))).toEqual({
        kind: 'not-waiting',
        state: 'queued',
      });
      expect((await stored())?.votes).toHaveLength(1);
    });

    test('on what is not there', async () => {
      expect(value(await store.withdraw('zzz', 'jayme', NOW))).toBe('none');
    });
  });

  describe('the line of a service', () => {
    test('is in the order of approval; who ends or is held leaves it', async () => {
      await created(one('aaa'));
      await queued('bbb');
      await queued('ccc');
      value(await store.vote('aaa', approval('jayme'), NOW));
      const order: (string | undefined)[] = [];
      for (const to of ['done', 'held', 'cancelled'] as const) {
        const head = value(await store.headOfLine(SERVICE));
        order.push(head);
        const id = head ?? '';
        if (to !== 'cancelled')
          value(await store.transition({ id, from: ['queued'], to: 'running', at: NOW }));
        expect(value(await store.headOfLine(SERVICE))).toBe(id);
        value(await store.transition({ id, from: ['queued', 'running'], to, at: NOW }));
      }
      expect(order).toEqual(['bbb', 'ccc', 'aaa']);
      expect(value(await store.headOfLine(SERVICE))).toBeUndefined();
    });

    test('a held one that is resumed stands behind those that went on', async () => {
      await queued('aaa');
      value(await store.transition({ id: 'aaa', from: ['queued'], to: 'running', at: NOW }));
      value(await store.transition({ id: 'aaa', from: ['running'], to: 'held', at: NOW }));
      await queued('bbb');
      value(await store.transition({ id: 'aaa', from: ['held'], to: 'running', at: NOW }));
      expect(value(await store.headOfLine(SERVICE))).toBe('bbb');
    });

    test('has one for each service', async () => {
      await queued('aaa');
      const { request } = operation();
      await created(
        one('bbb', { state: 'queued', request: { ...request, eventKey: 'irc:bbb', service: 'thumbor' } }),
      );
      expect(value(await store.headOfLine('thumbor'))).toBe('bbb');
    });
  });

  describe('lists', () => {
    test('open: oldest first, without those that ended; recent: newest first, at most so many', async () => {
      await created(one('bbb', { createdAt: 20 }));
      await created(one('aaa', { createdAt: 10 }));
      await created(one('ccc', { createdAt: 30 }));
      value(await store.transition({ id: 'bbb', from: ['awaiting-approval'], to: 'expired', at: NOW }));
      expect(value(await store.open()).map(({ id }) => id)).toEqual(['aaa', 'ccc']);
      expect(value(await store.recent(2)).map(({ id }) => id)).toEqual(['ccc', 'bbb']);
    });
  });

  describe('removals', () => {
    const pool = { dc: 'eqiad', cluster: 'maps', service: SERVICE };

    test('the newest of each host since then; a host given back counts 0; other pools apart', async () => {
      await queued('k7f');
      const removal = (host: string, weight: number, at: number, changes: object = {}) => ({
        ...pool,
        host,
        weight,
        at,
        ...changes,
      });
      value(
        await store.transition({
          id: 'k7f',
          from: ['queued'],
          to: 'running',
          at: NOW,
          removals: [
            removal('maps1005', 10, 100),
            removal('maps1006', 10, 200),
            removal('maps2005', 10, 200, { dc: 'codfw' }),
          ],
        }),
      );
      value(
        await store.transition({
          id: 'k7f',
          from: ['running'],
          to: 'running',
          at: NOW,
          removals: [removal('maps1006', 0, 300)],
        }),
      );
      const since = async (at: number): Promise<unknown> =>
        ((await standing({ removedSince: at })).removals[0] ?? []).map(({ host, weight, at: when }) => [
          host,
          weight,
          when,
        ]);
      expect(await since(0)).toEqual([
        ['maps1005', 10, 100],
        ['maps1006', 0, 300],
      ]);
      expect(await since(101)).toEqual([['maps1006', 0, 300]]);
      expect(await since(301)).toEqual([]);
    });
  });

  describe('freeze', () => {
    test('is there until it is taken away, with the rows that tell it', async () => {
      expect(value(await store.freeze())).toBeUndefined();
      const freeze = { by: 'jayme', reason: 'DC switchover', at: NOW };
      value(await store.setFreeze(freeze, [row('f1')]));
      expect(value(await store.freeze())).toEqual(freeze);
      value(await store.setFreeze(undefined, [row('f2')]));
      expect(value(await store.freeze())).toBeUndefined();
      expect(keysOf(value(await store.unsentRows(10)))).toEqual(['f1', 'f2']);
    });
  });

  describe('outbox', () => {
    test('rows come with what they tell, oldest first; one whose key exists is left as it is', async () => {
      value(await store.create(operation(), [row('r1'), row('r2', 'sal')]));
      value(
        await store.transition({
          id: 'k7f',
          from: ['awaiting-approval'],
          to: 'cancelled',
          at: NOW,
          rows: [row('r3'), { ...row('r1'), channel: '#other' }],
        }),
      );
      value(await store.addRows([row('r4'), row('r4')]));
      value(await store.addRows([]));
      const rows = value(await store.unsentRows(10));
      expect(keysOf(rows)).toEqual(['r1', 'r2', 'r3', 'r4']);
      expect(rows[0]).toEqual({ ...row('r1'), state: 'pending', sentAt: undefined, note: undefined });
      expect(keysOf(value(await store.unsentRows(2)))).toEqual(['r1', 'r2']);
      expect(keysOf(value(await store.salRows(10)))).toEqual(['r2']);
    });

    test('marks of the same moment are each for themselves', async () => {
      value(await store.addRows([row('r1'), row('r2'), row('r3')]));
      value(await store.markRow('r2', { state: 'refused', note: 'no such channel' }));
      await Promise.all([
        store.markRow('r1', { state: 'echoed' }),
        store.markRow('r2', { state: 'echoed' }),
        store.markRow('zzz', { state: 'sent' }),
        store.markRow('r3', { state: 'sent', sentAt: 7, note: 'twice' }),
      ]).then((all) => all.map(value));
      const left = value(await store.unsentRows(9));
      expect(left).toMatchObject([{ key: 'r3', state: 'sent', sentAt: 7, note: 'twice' }]);
    });

    test('a row that was heard is never sent again', async () => {
      value(await store.addRows([row('r1', 'sal'), row('r2')]));
      value(await store.markRow('r1', { state: 'sent', sentAt: 5 }));
      expect(value(await store.unsentRows(10))[0]).toMatchObject({ key: 'r1', state: 'sent', sentAt: 5 });
      value(await store.markRow('r1', { state: 'echoed' }));
      expect(keysOf(value(await store.unsentRows(10)))).toEqual(['r2']);
      value(await store.addRows([row('r1', 'sal')]));
      expect(keysOf(value(await store.unsentRows(10)))).toEqual(['r2']);
      value(await store.markRow('r1', { state: 'refused', note: 'no such channel' }));
      expect(value(await store.salRows(10))).toEqual([
        { ...row('r1', 'sal'), state: 'refused', sentAt: 5, note: 'no such channel' },
      ]);
    });

    test.each<[RowState, RowState, RowState]>([
      ['echoed', 'sent', 'echoed'],
      ['acked', 'echoed', 'acked'],
      ['acked', 'refused', 'acked'],
      ['refused', 'acked', 'refused'],
      ['unconfirmed', 'pending', 'unconfirmed'],
      ['unconfirmed', 'acked', 'acked'],
      ['echoed', 'unconfirmed', 'unconfirmed'],
    ])('%s, then marked %s: %s', async (first, second, then) => {
      value(await store.addRows([row('r1', 'sal')]));
      value(await store.markRow('r1', { state: first }));
      value(await store.markRow('r1', { state: second }));
      expect(value(await store.salRows(1))[0]?.state).toBe(then);
    });

    test('log lines: newest first', async () => {
      value(await store.addRows([row('r1', 'sal'), row('r2', 'sal'), row('r3', 'sal')]));
      expect(keysOf(value(await store.salRows(2)))).toEqual(['r3', 'r2']);
    });

    test('marking what is not there does nothing', async () => {
      value(await store.markRow('zzz', { state: 'sent' }));
      expect(value(await store.unsentRows(10))).toEqual([]);
    });
  });

  describe('beside operations', () => {
    const lock = { service: SERVICE, by: 'elukey', reason: 'maintenance', at: NOW };

    test('a lock is there until it is lifted; a newer one replaces it', async () => {
      value(await store.setLock(SERVICE, lock));
      value(await store.setLock('swift', { ...lock, service: 'swift' }));
      value(await store.setLock(SERVICE, { ...lock, until: NOW + 10 }));
      expect(value(await store.locks())).toEqual([
        { ...lock, until: NOW + 10 },
        { ...lock, service: 'swift' },
      ]);
      value(await store.setLock(SERVICE, undefined));
      expect(value(await store.locks())).toEqual([{ ...lock, service: 'swift' }]);
    });

    test('somebody is suspended until it is lifted', async () => {
      const suspension = { person: 'akosiaris', by: 'jijiki', reason: 'laptop stolen', at: NOW };
      value(await store.setSuspension('akosiaris', suspension));
      expect(value(await store.suspensions())).toEqual([suspension]);
      value(await store.setSuspension('akosiaris', undefined));
      expect(value(await store.suspensions())).toEqual([]);
    });

    test.each([
      ['a freeze', () => store.setFreeze({ by: 'jijiki', reason: 'outage', at: NOW }, [])],
      ['a thaw', () => store.setFreeze(undefined, [])],
      ['a lock', () => store.setLock(SERVICE, lock)],
      ['a lifted lock', () => store.setLock(SERVICE, undefined)],
      [
        'a suspension',
        () => store.setSuspension('volans', { person: 'volans', by: 'jijiki', reason: 'x', at: NOW }),
      ],
      ['a log that is away', () => store.setLogDown(NOW)],
      ['a log that is back', () => store.setLogDown(undefined)],
    ])('what was allowed before %s is not begun after it', async (_name, move) => {
      await queued('k7f');
      const { mark } = await standing();
      const begin = (ifBrakes: string): ReturnType<Store['transition']> =>
        store.transition({ id: 'k7f', from: ['queued'], to: 'running', at: NOW, ifBrakes });
      value(await move());
      expect(await begin(mark)).toEqual({ ok: false, fault: { kind: 'brakes-moved', id: 'k7f' } });
      expect((await stored())?.state).toBe('queued');
      expect(value(await begin((await standing()).mark)).state).toBe('running');
    });

    test('one that goes after another begins only while that one runs, begun by the same', async () => {
      await queued('abc');
      await queued('xyz');
      const begin = (id: string, after?: { id: string; epoch: number }): ReturnType<Store['transition']> =>
        store.transition({
          id,
          from: ['queued'],
          to: 'running',
          at: NOW,
          epoch: 0,
          takeOver: true,
          ...(after === undefined ? {} : { after }),
        });
      const refused = { ok: false, fault: { kind: 'transition-refused', id: 'xyz', state: 'queued' } };
      expect(await begin('xyz', { id: 'abc', epoch: 1 })).toMatchObject(refused);
      value(await begin('abc'));
      expect(await begin('xyz', { id: 'abc', epoch: 2 })).toMatchObject(refused);
      expect(value(await begin('xyz', { id: 'abc', epoch: 1 })).state).toBe('running');
    });

    test('one that must be the first of its line begins only when it is', async () => {
      await queued('abc');
      expect(value(await store.create(one('xyz', { state: 'queued' }), []))).toEqual({
        kind: 'created',
        before: ['abc'],
      });
      const begin = (id: string): ReturnType<Store['transition']> =>
        store.transition({ id, from: ['queued'], to: 'running', at: NOW, ifFirst: true });
      expect(await begin('xyz')).toMatchObject({
        ok: false,
        fault: {
          kind: 'transition-refused',
          id: 'xyz',
          state: 'queued',
          why: 'its turn has not come: abc goes before it',
        },
      });
      expect(value(await begin('abc')).state).toBe('running');
      value(await store.transition({ id: 'abc', from: ['running'], to: 'done', at: NOW }));
      expect(value(await begin('xyz')).state).toBe('running');
    });

    test('what was allowed before a stop is not begun after it', async () => {
      await queued('k7f');
      const { mark } = await standing();
      const change = { id: 'k7f', from: ['queued'] as const, at: NOW };
      value(await store.transition({ ...change, to: 'queued', patch: { stopRequestedBy: 'jijiki' } }));
      expect(await store.transition({ ...change, to: 'running', ifBrakes: mark })).toEqual({
        ok: false,
        fault: { kind: 'brakes-moved', id: 'k7f' },
      });
    });

    test('the brakes as they stand are read at once', async () => {
      const freeze = { by: 'jijiki', reason: 'outage', at: NOW };
      const suspension = { person: 'akosiaris', by: 'jijiki', reason: 'laptop stolen', at: NOW };
      expect(await standing()).toMatchObject({ freeze: undefined, locks: [], suspensions: [] });
      value(await store.setFreeze(freeze, []));
      value(await store.setLock(SERVICE, lock));
      value(await store.setSuspension('akosiaris', suspension));
      value(await store.setLogDown(NOW));
      expect(await standing()).toMatchObject({
        freeze,
        locks: [lock],
        suspensions: [suspension],
        logDownSince: NOW,
      });
    });

    test('objects written count once an operation, from when they were written', async () => {
      const { steps } = operation();
      const written = steps.map((record) => ({ ...record, state: 'done' as const }));
      value(await store.create(one('k7f', { state: 'queued' }), []));
      value(await store.transition({ id: 'k7f', from: ['queued'], to: 'running', at: NOW }));
      const change = { id: 'k7f', from: ['running'] as const, to: 'running' as const };
      for (const record of written) {
        const intent = { from: ['planned'] as const, record: { ...record, state: 'intent' as const } };
        value(await store.transition({ ...change, at: NOW, steps: [intent] }));
        value(await store.transition({ ...change, at: NOW + 5, steps: [{ from: ['intent'], record }] }));
      }
      expect((await standing({ writtenSince: NOW + 5 })).written).toBe(operation().plan.changes.length);
      expect((await standing({ writtenSince: NOW + 6 })).written).toBe(0);
    });

    test('what broke the glass is to be reviewed, once', async () => {
      const { request } = one('k7f');
      const breakGlass = { reason: 'outage', overrides: ['floor' as const] };
      value(await store.create(one('k7f', { request: { ...request, breakGlass } }), []));
      value(await store.create(one('m3k'), []));
      expect(value(await store.unreviewed())).toEqual(['k7f']);
      expect(value(await store.review('m3k', [row('m3k:reviewed')]))).toBe(false);
      expect(value(await store.review('k7f', [row('k7f:reviewed')]))).toBe(true);
      expect(value(await store.review('k7f', []))).toBe(false);
      expect(value(await store.unreviewed())).toEqual([]);
      expect(value(await store.unsentRows(9)).map(({ key }) => key)).toEqual(['k7f:reviewed']);
    });

    test('a reminder is due from its time on, and is set anew or taken away', async () => {
      value(await store.create(one('k7f', { state: 'queued' }), []));
      value(await store.transition({ id: 'k7f', from: ['queued'], to: 'running', at: NOW }));
      value(
        await store.transition({ id: 'k7f', from: ['running'], to: 'done', at: NOW, remindAt: NOW + 100 }),
      );
      expect(value(await store.dueReminders(NOW + 99))).toEqual([]);
      expect(value(await store.dueReminders(NOW + 100))).toEqual(['k7f']);
      value(await store.setReminder('k7f', NOW + 200, [row('k7f:remind')]));
      expect(value(await store.dueReminders(NOW + 100))).toEqual([]);
      value(await store.setReminder('k7f', undefined, []));
      expect(value(await store.dueReminders(NOW + 200))).toEqual([]);
    });

    test('changes that were seen: newest first, the same one once', async () => {
      const seen = (modifiedIndex: number, at: number): SeenChange => ({
        key: { dc: 'eqiad', cluster: 'maps', service: SERVICE, host: 'maps1005.eqiad.wmnet' },
        before: { pooled: 'yes', weight: 10 },
        after: { pooled: 'no', weight: 10 },
        modifiedIndex,
        at,
        isLate: false,
      });
      value(await store.addChanges([seen(7, NOW), seen(8, NOW)]));
      value(await store.addChanges([seen(8, NOW), seen(9, NOW + 1)]));
      expect(value(await store.changes(0)).map(({ modifiedIndex }) => modifiedIndex)).toEqual([9, 8, 7]);
      expect(value(await store.changes(NOW + 1))).toEqual([seen(9, NOW + 1)]);
    });

    test('one that touches several services waits in the line of each', async () => {
      const { request } = one('k7f');
      const both = { ...request, services: [SERVICE, 'swift'] };
      value(await store.create(one('m3k', { state: 'queued' }), []));
      value(await store.create(one('k7f', { request: both }), []));
      value(await store.vote('k7f', approval('jijiki'), NOW));
      expect(value(await store.headOfLine(SERVICE))).toBe('m3k');
      expect(value(await store.headOfLine('swift'))).toBe('k7f');
      value(await store.transition({ id: 'k7f', from: ['queued'], to: 'cancelled', at: NOW }));
      expect(value(await store.headOfLine('swift'))).toBeUndefined();
    });
  });

  describe('what networks deliver', () => {
    test('an event is taken in once, and stays until it is handled', async () => {
      expect(value(await store.takeIn('slack:E1', '{"a":1}'))).toBe(true);
      expect(value(await store.takeIn('slack:E1', '{"a":2}'))).toBe(false);
      expect(value(await store.takeIn('slack:E2', '{}'))).toBe(true);
      value(await store.handled('slack:E2'));
      expect(value(await store.unhandled())).toEqual([{ eventKey: 'slack:E1', event: '{"a":1}' }]);
      value(await store.handled('slack:E1'));
      expect(value(await store.unhandled())).toEqual([]);
      // Delivered once more later, it is still known.
      expect(value(await store.takeIn('slack:E1', '{"a":1}'))).toBe(false);
    });

    test('a card is known by its channel, and its operation by the card; an operation by the message that asked', async () => {
      value(await store.create(one('k7f'), []));
      const place = { transport: 'slack', channel: 'C1' };
      expect(value(await store.cardOf('k7f', place))).toBeUndefined();
      value(await store.setCard('k7f', place, '17.1'));
      expect(value(await store.cardOf('k7f', place))).toBe('17.1');
      expect(value(await store.cardOf('k7f', { ...place, channel: 'C2' }))).toBeUndefined();
      expect(value(await store.operationShownBy('17.1'))).toBe('k7f');
      expect(value(await store.operationOfEvent('irc:k7f'))).toBe('k7f');
      expect(value(await store.operationOfEvent('irc:m3k'))).toBeUndefined();
    });
  });

  test('answers a ping', async () => {
    expect(await store.ping()).toEqual({ ok: true, value: undefined });
  });
}
