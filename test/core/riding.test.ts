import { expect, test } from '@jest/globals';
import type { NodePlan } from '../../src/core/node-plan.ts';
import type { NodeOperation } from '../../src/core/operation.ts';
import { isSingleWrite, MOST_IN_FLIGHT, ridersOf } from '../../src/core/riding.ts';
import { key, operation, plan, state } from './build.ts';

/** A queued depool of one host. */
function depool(host: string, changes: Partial<NodeOperation> = {}): NodeOperation {
  return operation({ id: host, plan: plan(host), state: 'queued', ...changes });
}

const idsOf = (operations: readonly NodeOperation[]): readonly string[] => operations.map(({ id }) => id);

test('single writes of other hosts of the pool ride along, in their order', () => {
  const behind = [depool('maps1006'), depool('maps1007')];
  expect(idsOf(ridersOf(depool('maps1005'), behind))).toEqual(['maps1006', 'maps1007']);
});

test('nobody is overtaken: behind the first that may not ride nobody does', () => {
  const waiting = depool('maps1007', { state: 'running' });
  const behind = [depool('maps1006'), waiting, depool('maps1008')];
  expect(idsOf(ridersOf(depool('maps1005'), behind))).toEqual(['maps1006']);
  expect(ridersOf(depool('maps1005'), [undefined, depool('maps1006')])).toEqual([]);
});

test('no object is written twice in one turn', () => {
  const behind = [depool('maps1006'), depool('maps1006', { id: 'again' }), depool('maps1007')];
  expect(idsOf(ridersOf(depool('maps1005'), behind))).toEqual(['maps1006']);
  expect(ridersOf(depool('maps1005'), [depool('maps1005', { id: 'again' })])).toEqual([]);
});

test('another pool has its own turn', () => {
  const other = depool('maps2005');
  const moved = {
    ...other,
    steps: other.steps.map((step) => ({ ...step, key: { ...step.key, dc: 'codfw' } })),
  };
  expect(ridersOf(depool('maps1005'), [moved])).toEqual([]);
});

test('no more than may be in flight, the first one included', () => {
  const behind = Array.from({ length: 20 }, (_, number) => depool(`maps${String(1100 + number)}`));
  expect(ridersOf(depool('maps1005'), behind)).toHaveLength(MOST_IN_FLIGHT - 1);
});

const { request, steps } = operation();
const raised = steps.map((step) => ({ ...step, from: state('no/10'), to: state('yes/10') }));
test.each<[string, Partial<NodeOperation>]>([
  ['that waits for approval', { state: 'awaiting-approval' }],
  ['that runs', { state: 'running' }],
  ['with two steps', { steps: [...steps, ...steps] }],
  ['that must be seen to serve first', { steps: raised }],
  ['that puts something back', { plan: { ...plan(), undoes: { id: 'abc' } } as unknown as NodePlan }],
  ['that is drained first', { plan: { ...plan(), drainMs: 1000 } }],
  ['that breaks the glass', { request: { ...request, breakGlass: { reason: 'x', overrides: [] } } }],
  ['of several services', { request: { ...request, services: ['a', 'b'] } }],
])('one %s neither rides nor takes anybody along', (_what, changes) => {
  const one = depool('maps1005', changes);
  expect(isSingleWrite(one)).toBe(false);
  expect(ridersOf(one, [depool('maps1006')])).toEqual([]);
  expect(ridersOf(depool('maps1007'), [one])).toEqual([]);
});

test('what is about the same host in another service is another object', () => {
  const other = depool('maps1005', { id: 'other' });
  const elsewhere = {
    ...other,
    steps: other.steps.map((step) => ({ ...step, key: key('maps1005', 'tegola') })),
  };
  expect(ridersOf(depool('maps1005'), [elsewhere])).toEqual([]);
});
