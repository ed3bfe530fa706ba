import { approvers } from '../core/approval.ts';
import type { WriteView } from '../core/guard-rails.ts';
import type { StoredNode } from '../core/node.ts';
import type { NodeOperation } from '../core/operation.ts';
import { isScale } from '../core/operation.ts';
import { nextGroup } from '../core/progress.ts';
import { isSingleWrite } from '../core/riding.ts';
import type { Intent, NodeStep } from '../core/step.ts';
import { mergeStoredValue } from '../core/stored-value.ts';
import type { WriteOrigin } from '../core/write-origin.ts';
import type { Ride } from './check-before-write.ts';
import { checkBeforeWrite } from './check-before-write.ts';
import { endByVerdict, endOperation } from './end-operation.ts';
import type { WrittenStep } from './finish-group.ts';
import { finishGroup, readBack } from './finish-group.ts';
import { journalIntents } from './journal-intents.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import type { Ahead } from './read-ahead.ts';
import { isFresh } from './read-ahead.ts';
import { asksHosts, keysToProbe, probeHosts } from './probing.ts';
import { hasOpenIntent } from './take-over.ts';
import type { Ending } from './wait.ts';
import { waitUntilDue } from './wait.ts';
import { writeStep } from './write-step.ts';

/** What a run of an operation knows besides it. */
interface Run {
  readonly ending: Ending;
  /** Who stands behind it in its line. */
  readonly behind: readonly string[];
  /** For its first write. */
  readonly ahead: Ahead | undefined;
  /** To be called before anything is told of it. */
  readonly tell: () => Promise<unknown>;
  /** Told of those that are carried out with it. @returns to be called when that is over. */
  readonly takeAlong: (ids: readonly string[]) => () => void;
}

/** Carries out what there is to do on objects of conftool: group by group, each taken up before the next. */
export async function runNodes(parts: Parts, outbox: Outbox, start: NodeOperation, run: Run): Promise<void> {
  const { ending } = run;
  let { ahead } = run;
  let operation: NodeOperation | undefined = start;
  while (operation !== undefined && (operation.state === 'queued' || operation.state === 'running')) {
    const group = nextGroup(operation);
    if (group.length === 0) return;
    const rested = await waitUntilDue(parts, operation, { group, ending });
    if (!rested) return;
    if (ending() && !group.some(hasOpenIntent)) {
      // What has not begun stays queued for the next process; what has begun is held, since nobody knows how long this takes.
      if (operation.state === 'running')
        await endOperation(parts, outbox, operation, { end: 'held', fault: { kind: 'shutting-down' } });
      return;
    }
    operation = await runGroup(parts, outbox, operation, { ...run, group, ahead });
    ahead = undefined;
  }
}

/**
 * Writes one group, and with it what those behind it in the line have to write, where that may be in flight at the same time.
 *
 * @returns the operation after the group; undefined when it ended or somebody else has it.
 */
async function runGroup(
  parts: Parts,
  outbox: Outbox,
  operation: NodeOperation,
  { group, behind, ahead, tell, takeAlong }: Run & { readonly group: readonly NodeStep[] },
): Promise<NodeOperation | undefined> {
  const overrides = operation.request.breakGlass?.overrides ?? [];
  // First, since it takes its time: all that is looked at below must be fresh.
  const toProbe = overrides.includes('probe') || !asksHosts(parts) ? [] : keysToProbe(group);
  const probed = toProbe.length === 0 ? undefined : await probeHosts(parts, toProbe);
  if (probed?.fault !== undefined) {
    await tell();
    return endOperation(parts, outbox, operation, { end: 'held', fault: probed.fault });
  }
  const checked = await checkBeforeWrite(parts, operation, {
    group,
    behind: isSingleWrite(operation) ? behind : [],
    ahead: ahead !== undefined && probed === undefined && isFresh(parts, ahead) ? ahead.read : undefined,
  });
  const { operation: fresh, verdict, riders } = checked;
  if (verdict.kind === 'gone') return undefined;
  if (verdict.kind !== 'go') {
    await tell();
    return endByVerdict(parts, outbox, fresh, {
      verdict,
      // An intent that is open here was looked up before: it was not written.
      unwritten: group.filter(hasOpenIntent).map((step) => ({ ...step, state: 'conflict' })),
    });
  }
  await parts.faultPoint('before-intent');
  const rides = [{ operation: fresh, group, verdict }, ...riders];
  const letGo = takeAlong(riders.map((ride) => ride.operation.id));
  try {
    return await carryOut(parts, outbox, rides, tell);
  } finally {
    letGo();
  }
}

/** Journals, writes, reads back and ends several rides together. @returns the first operation after it. */
async function carryOut(
  parts: Parts,
  outbox: Outbox,
  rides: readonly Ride[],
  tell: () => Promise<unknown>,
): Promise<NodeOperation | undefined> {
  const [first, ...others] = await Promise.all(
    rides.map((ride, place) => intend(parts, outbox, ride, rides[place - 1]?.operation)),
  );
  await parts.faultPoint('after-intent');
  const intended = [first, ...others].filter((one) => one !== undefined && one !== 'braked');
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
  before: NodeOperation | undefined,
): Promise<Intended | 'braked' | undefined> {
  const steps = group.flatMap((step, index) => {
    const node = verdict.nodes[index];
    return node === undefined ? [] : [{ step: withIntent(step, node, parts.clock.now()), node }];
  });
  const records = steps.map(({ step }) => step);
  const intended = await journalIntents(parts, outbox, operation, records, {
    mark: verdict.mark,
    ifFirst: verdict.isAhead,
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
