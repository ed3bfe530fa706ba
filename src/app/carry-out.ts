import { approvers } from '../core/approval.ts';
import type { WriteView } from '../core/guard-rails.ts';
import type { StoredNode } from '../core/node.ts';
import type { NodeOperation } from '../core/operation.ts';
import { isScale } from '../core/operation.ts';
import type { Intent, NodeStep } from '../core/step.ts';
import { mergeStoredValue } from '../core/stored-value.ts';
import type { WriteOrigin } from '../core/write-origin.ts';
import type { Ride } from './check-before-write.ts';
import { confirmIntent } from './confirm-intent.ts';
import type { WrittenStep } from './finish-group.ts';
import { finishGroup, readBack } from './finish-group.ts';
import { journalIntents } from './journal-intents.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import type { Ahead, StoreDecision } from './read-ahead.ts';
import { writeStep } from './write-step.ts';

/** Journals, writes, reads back and ends several rides together. @returns the first operation after it. */
export async function carryOut(
  parts: Parts,
  outbox: Outbox,
  rides: readonly Ride[],
  { tell, store }: Pick<Ahead, 'tell' | 'store'>,
): Promise<NodeOperation | undefined> {
  const [first, ...others] = await Promise.all(
    rides.map((ride, place) => intend(parts, outbox, ride, { before: rides[place - 1]?.operation, store })),
  );
  await parts.faultPoint('after-intent');
  const intended = [first, ...others].filter((one) => one !== undefined && one !== 'braked');
  const [ride] = rides;
  const [alone] = intended;
  const step = alone?.steps[0]?.step;
  if (ride?.verdict.confirmed !== undefined && alone !== undefined && step !== undefined) {
    const view = await confirmIntent(parts, outbox, ride, { intended: alone.operation, step, tell });
    if (view === undefined) return undefined;
    intended[0] = { ...alone, view };
  }
  // In the order in which they were approved: the next is sent when the one before it is answered.
  const written: (Intended & { readonly written: readonly WrittenStep[] })[] = [];
  for (const one of intended)
    written.push({
      ...one,
      written: await writeAll(parts, one, rides.length === 1 && one.steps.length === 1),
    });
  const back = await readBack(
    parts,
    written.flatMap((one) => one.written),
  );
  // What was decided is told before what came of it.
  await tell();
  const [after] = await Promise.all(
    written.map(({ operation: one, view, written: steps }) =>
      finishGroup(parts, outbox, one, { written: steps, view, back }),
    ),
  );
  // Then the same again: a brake that is on holds it, one that is off does not.
  if (first === 'braked') return rides[0]?.operation;
  return first === undefined ? undefined : after;
}

/** Steps whose intents are journaled, with what they are written over. */
interface Intended {
  readonly operation: NodeOperation;
  readonly view: WriteView;
  readonly steps: readonly {
    readonly step: NodeStep & { readonly intent: Intent };
    readonly node: StoredNode;
  }[];
}

async function intend(
  parts: Parts,
  outbox: Outbox,
  { operation, group, verdict }: Ride,
  {
    before,
    store,
  }: { readonly before: NodeOperation | undefined; readonly store: StoreDecision | undefined },
): Promise<Intended | 'braked' | undefined> {
  const steps = group.flatMap((step, index) => {
    const node = verdict.nodes[index];
    return node === undefined ? [] : [{ step: withIntent(step, node, parts.clock.now()), node }];
  });
  const records = steps.map(({ step }) => step);
  const intended = await journalIntents(parts, outbox, operation, records, {
    mark: verdict.mark,
    ifFirst: verdict.isAhead,
    revision: verdict.revision,
    store,
    // Whose turn went to another process meanwhile takes nobody along. The one before has begun in the same moment, and for the first time.
    ...(before === undefined ? {} : { after: { id: before.id, epoch: before.epoch + 1 } }),
  });
  if (intended === undefined || intended === 'braked') return intended;
  return isScale(intended) ? undefined : { operation: intended, view: verdict.view, steps };
}

/** @param isOnly there is nothing else to write before all of it is read back. */
function writeAll(
  parts: Parts,
  { operation, steps }: Intended,
  isOnly: boolean,
): Promise<readonly WrittenStep[]> {
  const how = { origin: originOf(operation), andRead: isOnly };
  return Promise.all(
    steps.map(async ({ step, node }) => ({ step, outcome: await writeStep(parts, step, node, how) })),
  );
}

function originOf(operation: NodeOperation): WriteOrigin {
  return { person: operation.request.person, operation: operation.id, approvers: approvers(operation) };
}

/** A second start keeps the first intent: that is the write whose fate is in question. */
function withIntent(step: NodeStep, node: StoredNode, at: number): NodeStep & { readonly intent: Intent } {
  const intent = step.intent ?? {
    expectedIndex: node.modifiedIndex,
    expectedText: node.text,
    targetText: mergeStoredValue(node.text, step.to),
    at,
  };
  return { ...step, state: 'intent', intent };
}
