import { wordFault } from '../core/announcement/fault-words.ts';
import { approvers } from '../core/approval.ts';
import type { Fault } from '../core/fault.ts';
import type { StoredNode } from '../core/node.ts';
import type { Operation } from '../core/operation.ts';
import { linesOf } from '../core/operation.ts';
import { nextGroup } from '../core/progress.ts';
import { logsStart, salStart } from '../core/sal/from-operation.ts';
import type { Intent, StepRecord } from '../core/step.ts';
import { mergeStoredValue } from '../core/stored-value.ts';
import type { WriteOrigin } from '../core/write-origin.ts';
import type { Transition } from '../ports/store.ts';
import { checkBeforeWrite } from './check-before-write.ts';
import { endOperation, salRow } from './end-operation.ts';
import { freezeByItself } from './freeze-by-itself.ts';
import { finishGroup } from './finish-group.ts';
import { audit, journalTransition } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { viewRows } from './speak.ts';
import { keysToProbe, probeHosts } from './probing.ts';
import { hasOpenIntent, takeOver } from './take-over.ts';
import type { Ending } from './wait.ts';
import { waitUntilDue } from './wait.ts';
import { writeStep } from './write-step.ts';

/**
 * Carries out one operation as far as it may go. Safe to be called twice, late, or after a crash: the journal says what was intended
 * and done, and only a compare-and-swap reaches production.
 *
 * @returns the operation when it was done here and now.
 */
export async function runOperation(
  parts: Parts,
  outbox: Outbox,
  id: string,
  ending: Ending,
): Promise<Operation | undefined> {
  const read = await parts.store.operation(id);
  if (!read.ok || read.value === undefined) {
    parts.log.warn({ op: id, fault: read.ok ? 'unknown operation' : read.fault }, 'operation not started');
    return undefined;
  }
  if (read.value.state !== 'queued' && read.value.state !== 'running') return undefined;
  if (!(await isItsTurn(parts, read.value))) return undefined;
  const ready =
    read.value.state === 'queued'
      ? await admit(parts, outbox, read.value)
      : await takeOver(parts, outbox, read.value);
  if (ready !== undefined) await runSteps(parts, outbox, ready, ending);
  for (const service of linesOf(read.value.request)) await wakeNext(parts, service, id);
  const after = await parts.store.operation(id);
  return after.ok && after.value?.state === 'done' ? after.value : undefined;
}

/** Whether it is the first in the line of each service that it touches. */
export async function isItsTurn({ store }: Parts, { id, request }: Operation): Promise<boolean> {
  const heads = await Promise.all(linesOf(request).map((service) => store.headOfLine(service)));
  return heads.every((head) => head.ok && head.value === id);
}

/** The next operation of the service, when there is one. One that could not end now is left to the sweeper: waking itself it would spin. */
async function wakeNext(parts: Parts, service: string, ended: string): Promise<void> {
  const head = await parts.store.headOfLine(service);
  if (head.ok && head.value !== undefined && head.value !== ended) await parts.queue.wake(head.value);
}

/** An approval is for now, not for later: what could not start in time is asked again. */
async function admit(parts: Parts, outbox: Outbox, operation: Operation): Promise<Operation | undefined> {
  const now = parts.clock.now();
  if (now - (operation.queuedAt ?? operation.createdAt) <= parts.settings.bounds.startWithinMs)
    return operation;
  await expireQueued(parts, outbox, operation);
  return undefined;
}

/** Ends an approved operation that has not written anything in time. */
export async function expireQueued(parts: Parts, outbox: Outbox, operation: Operation): Promise<void> {
  const at = parts.clock.now();
  const { id, request } = operation;
  const rows = viewRows(parts, request, {
    id,
    name: 'end',
    at,
    announcement: { kind: 'expired', id, why: 'no-start' },
  });
  await journalTransition(
    parts,
    outbox,
    { id, from: ['queued'], to: 'expired', at, patch: { endedAt: at }, rows },
    { event: 'expired' },
  );
}

async function runSteps(parts: Parts, outbox: Outbox, start: Operation, ending: Ending): Promise<void> {
  let operation: Operation | undefined = start;
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
  operation: Operation,
  group: readonly StepRecord[],
): Promise<Operation | undefined> {
  const overrides = operation.request.breakGlass?.overrides ?? [];
  // First, since it takes its time: all that is looked at below must be fresh.
  const probed = overrides.includes('probe') ? undefined : await probeHosts(parts, keysToProbe(group));
  const fresh = await parts.store.operation(operation.id);
  if (!fresh.ok || fresh.value?.epoch !== operation.epoch) return undefined;
  if (probed?.fault !== undefined)
    return endOperation(parts, outbox, fresh.value, { end: 'held', fault: probed.fault });
  const verdict = await checkBeforeWrite(parts, fresh.value, group);
  switch (verdict.kind) {
    case 'forged':
      return endOperation(parts, outbox, fresh.value, {
        end: 'refused',
        fault: { kind: 'forged', id: operation.id, what: verdict.what },
      });
    case 'freeze':
      await freezeByItself(parts, outbox, fresh.value, wordFault(verdict.fault).text);
      return endOperation(parts, outbox, fresh.value, { end: 'held', fault: verdict.fault });
    case 'hold':
      return endOperation(parts, outbox, fresh.value, { end: 'held', fault: verdict.fault });
    case 'conflict':
      return endOperation(parts, outbox, fresh.value, {
        end: 'conflict',
        fault: verdict.fault,
        // An intent that is open here was looked up before: it was not written.
        steps: group.filter(hasOpenIntent).map((step) => ({ ...step, state: 'conflict' })),
      });
    case 'fail':
      return failBeforeWrite(parts, outbox, fresh.value, verdict.fault);
    case 'go': {
      await parts.faultPoint('before-intent');
      const intended = await journalIntents(parts, outbox, fresh.value, { group, nodes: verdict.nodes });
      if (intended === undefined) return undefined;
      await parts.faultPoint('after-intent');
      const origin = originOf(intended.operation);
      const written = await Promise.all(
        intended.steps.map(async ({ step, node }) => ({
          step,
          outcome: await writeStep(parts, step, node, origin),
        })),
      );
      return finishGroup(parts, outbox, intended.operation, { written, view: verdict.view });
    }
  }
}

function originOf(operation: Operation): WriteOrigin {
  return { person: operation.request.person, operation: operation.id, approvers: approvers(operation) };
}

/** When the journal itself is away nothing can be said of the operation there; the sweeper goes on with it when it is back. */
async function failBeforeWrite(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
  fault: Fault,
): Promise<undefined> {
  if (fault.kind === 'store-unreachable' || fault.kind === 'store-refuses') {
    parts.log.warn({ op: operation.id, fault }, 'journal away before a write: nothing was written');
    return undefined;
  }
  return endOperation(parts, outbox, operation, { end: 'failed', fault });
}

interface Intended {
  readonly operation: Operation;
  readonly steps: readonly {
    readonly step: StepRecord & { readonly intent: Intent };
    readonly node: StoredNode;
  }[];
}

async function journalIntents(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
  { group, nodes }: { readonly group: readonly StepRecord[]; readonly nodes: readonly StoredNode[] },
): Promise<Intended | undefined> {
  const at = parts.clock.now();
  const { id, epoch, state } = operation;
  const steps = group.flatMap((step, index) => {
    const node = nodes[index];
    return node === undefined ? [] : [{ step: withIntent(step, node, at), node }];
  });
  const fresh = steps.filter(({ step }) =>
    group.some((one) => one.index === step.index && !hasOpenIntent(one)),
  );
  if (fresh.length === 0) return { operation, steps };
  const begins = state === 'queued';
  const transition: Transition = {
    id,
    from: [state],
    to: 'running',
    at,
    epoch,
    takeOver: begins,
    patch: begins ? { startedAt: at } : {},
    steps: fresh.map(({ step }) => ({ from: ['planned'], record: step })),
    rows:
      begins && logsStart(operation) ? salRow(parts, operation, 'log-start', at, salStart(operation)) : [],
  };
  const audited = await Promise.all(
    fresh.map(({ step }) =>
      audit(parts, id, {
        event: 'intent',
        data: { step: step.index, key: step.key, to: step.to, ...step.intent },
      }),
    ),
  );
  const unaudited = audited.find((one) => !one.ok);
  if (unaudited?.ok === false) {
    await endOperation(parts, outbox, operation, { end: 'held', fault: unaudited.fault });
    return undefined;
  }
  const moved = await parts.store.transition(transition);
  if (moved.ok) outbox.offer(transition.rows ?? []);
  if (!moved.ok) {
    parts.log.warn(
      { op: id, steps: fresh.map(({ step }) => step.index), fault: moved.fault },
      'intent not journaled: not written',
    );
    return undefined;
  }
  return { operation: moved.value, steps };
}

/** A second start keeps the first intent: that is the write whose fate is in question. */
function withIntent(
  step: StepRecord,
  node: StoredNode,
  at: number,
): StepRecord & { readonly intent: Intent } {
  const intent = step.intent ?? {
    expectedIndex: node.modifiedIndex,
    expectedText: node.text,
    targetText: mergeStoredValue(node.text, step.to),
    at,
  };
  return { ...step, state: 'intent', intent };
}
