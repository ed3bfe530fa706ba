import { approvers } from '../core/approval.ts';
import type { StoredNode } from '../core/node.ts';
import type { NodeOperation } from '../core/operation.ts';
import { isScale } from '../core/operation.ts';
import { nextGroup } from '../core/progress.ts';
import type { Intent, NodeStep } from '../core/step.ts';
import { mergeStoredValue } from '../core/stored-value.ts';
import type { WriteOrigin } from '../core/write-origin.ts';
import { checkBeforeWrite } from './check-before-write.ts';
import { endByVerdict, endOperation } from './end-operation.ts';
import { finishGroup } from './finish-group.ts';
import { journalIntents } from './journal-intents.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { keysToProbe, probeHosts } from './probing.ts';
import { hasOpenIntent } from './take-over.ts';
import type { Ending } from './wait.ts';
import { waitUntilDue } from './wait.ts';
import { writeStep } from './write-step.ts';

/** Carries out what there is to do on objects of conftool: group by group, each taken up before the next. */
export async function runNodes(
  parts: Parts,
  outbox: Outbox,
  start: NodeOperation,
  ending: Ending,
): Promise<void> {
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
    operation = await runGroup(parts, outbox, operation, group);
  }
}

/** @returns the operation after the group; undefined when it ended or somebody else has it. */
async function runGroup(
  parts: Parts,
  outbox: Outbox,
  operation: NodeOperation,
  group: readonly NodeStep[],
): Promise<NodeOperation | undefined> {
  const overrides = operation.request.breakGlass?.overrides ?? [];
  // First, since it takes its time: all that is looked at below must be fresh.
  const probed = overrides.includes('probe') ? undefined : await probeHosts(parts, keysToProbe(group));
  if (probed?.fault !== undefined)
    return endOperation(parts, outbox, operation, { end: 'held', fault: probed.fault });
  const { operation: fresh, verdict } = await checkBeforeWrite(parts, operation, group);
  if (verdict.kind === 'gone') return undefined;
  if (verdict.kind !== 'go')
    return endByVerdict(parts, outbox, fresh, {
      verdict,
      // An intent that is open here was looked up before: it was not written.
      unwritten: group.filter(hasOpenIntent).map((step) => ({ ...step, state: 'conflict' })),
    });
  await parts.faultPoint('before-intent');
  const steps = group.flatMap((step, index) => {
    const node = verdict.nodes[index];
    return node === undefined ? [] : [{ step: withIntent(step, node, parts.clock.now()), node }];
  });
  const unjournaled = steps.filter(({ step }) =>
    group.some((one) => one.index === step.index && !hasOpenIntent(one)),
  );
  const intended = await journalIntents(
    parts,
    outbox,
    fresh,
    unjournaled.map(({ step }) => step),
    verdict.mark,
  );
  // Then the same again: a brake that is on holds it, one that is off does not.
  if (intended === 'braked') return fresh;
  if (intended === undefined || isScale(intended)) return undefined;
  await parts.faultPoint('after-intent');
  const origin = originOf(intended);
  const written = await Promise.all(
    steps.map(async ({ step, node }) => ({
      step,
      outcome: await writeStep(parts, step, node, origin),
    })),
  );
  return finishGroup(parts, outbox, intended, { written, view: verdict.view });
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
