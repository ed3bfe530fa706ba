import { approvers } from '../core/approval.ts';
import type { Fault } from '../core/fault.ts';
import type { RemovedWeight } from '../core/guard-rails.ts';
import { removedAfter } from '../core/guard-rails.ts';
import { serviceFacts } from '../core/catalogue.ts';
import type { NodeKey, Pool, StoredNode } from '../core/node.ts';
import type { Operation } from '../core/operation.ts';
import { summarizePlan } from '../core/plan-summary.ts';
import { viewPool } from '../core/pool-view.ts';
import { nextStep, objectResults } from '../core/progress.ts';
import { logsStart, salEnd, salStart } from '../core/sal/from-operation.ts';
import type { Intent, StepRecord } from '../core/step.ts';
import { mergeStoredValue } from '../core/stored-value.ts';
import type { WriteOrigin } from '../core/write-origin.ts';
import type { OutboxRow, Removal, Transition } from '../ports/store.ts';
import { checkBeforeWrite } from './check-before-write.ts';
import { endOperation, salRow } from './end-operation.ts';
import { audit, journalTransition } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { settleStep } from './settle-step.ts';
import { chatRow } from './speak.ts';
import type { WriteOutcome } from './write-step.ts';
import { changedAtOnce, writeStep } from './write-step.ts';

/** Says whether this process was told to end: then nothing further is written. */
export type Ending = () => boolean;

/**
 * Carries out one operation as far as it may go. Safe to be called twice, late, or after a crash: the journal says what was intended
 * and done, and only a compare-and-swap reaches production.
 */
export async function runOperation(parts: Parts, outbox: Outbox, id: string, ending: Ending): Promise<void> {
  const read = await parts.store.operation(id);
  if (!read.ok || read.value === undefined) {
    parts.log.warn({ op: id, fault: read.ok ? 'unknown operation' : read.fault }, 'operation not started');
    return;
  }
  if (read.value.state !== 'queued' && read.value.state !== 'running') return;
  const head = await parts.store.headOfLine(read.value.request.service);
  if (!head.ok || head.value !== id) return;
  const ready =
    read.value.state === 'queued'
      ? await admit(parts, outbox, read.value)
      : await takeOver(parts, outbox, read.value);
  if (ready !== undefined) await runSteps(parts, outbox, ready, ending);
  await wakeNext(parts, read.value.request.service, id);
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
  const row = chatRow(request, {
    id,
    name: 'end',
    at,
    announcement: { kind: 'expired', id, why: 'no-start' },
  });
  await journalTransition(
    parts,
    outbox,
    { id, from: ['queued'], to: 'expired', at, patch: { endedAt: at }, rows: [row] },
    { event: 'expired' },
  );
}

/** Goes on with what another process began, or this one before it was resumed: first it finds out what the write in doubt did. */
async function takeOver(parts: Parts, outbox: Outbox, operation: Operation): Promise<Operation | undefined> {
  const { clock, settings } = parts;
  const awayMs = clock.now() - operation.touchedAt;
  const { id, epoch } = operation;
  const taken = await journalTransition(
    parts,
    outbox,
    { id, from: ['running'], to: 'running', at: clock.now(), epoch, takeOver: true },
    { event: 'taken-over', data: { awayMs } },
  );
  if (!taken.ok) return undefined;
  const settled = await settleDoubt(parts, outbox, taken.value);
  if (settled === undefined) return undefined;
  if (awayMs > settings.bounds.interruptedMs) {
    await endOperation(parts, outbox, settled, {
      end: 'held',
      fault: { kind: 'interrupted', id, forMs: awayMs },
    });
    return undefined;
  }
  return settled;
}

async function settleDoubt(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
): Promise<Operation | undefined> {
  const step = operation.steps.find(hasOpenIntent);
  if (step === undefined) return operation;
  const settled = await settleStep(parts, step);
  if (!settled.ok) {
    await endOperation(parts, outbox, operation, {
      end: 'uncertain',
      fault: settled.fault,
      step: { ...step, state: 'uncertain' },
    });
    return undefined;
  }
  switch (settled.value.kind) {
    case 'not-written':
      return operation;
    case 'conflict':
      await endOperation(parts, outbox, operation, {
        end: 'conflict',
        fault: settled.value.fault,
        step: { ...step, state: 'conflict' },
      });
      return undefined;
    case 'written': {
      const pool = await parts.conftool.pool(step.key);
      if (!pool.ok) return undefined;
      const node = pool.value.nodes.find(({ key }) => key.host === step.key.host);
      return finishStep(parts, outbox, operation, step, {
        kind: 'done',
        result: settled.value.result,
        pool: pool.value,
        node,
      });
    }
  }
}

function hasOpenIntent(step: StepRecord): step is StepRecord & { readonly intent: Intent } {
  return step.state === 'intent' && step.intent !== undefined;
}

async function runSteps(parts: Parts, outbox: Outbox, start: Operation, ending: Ending): Promise<void> {
  let operation: Operation | undefined = start;
  while (operation !== undefined && (operation.state === 'queued' || operation.state === 'running')) {
    const step = nextStep(operation);
    if (step === undefined) return;
    if (ending() && !hasOpenIntent(step)) {
      // What has not begun stays queued for the next process; what has begun is held, since nobody knows how long this takes.
      if (operation.state === 'running')
        await endOperation(parts, outbox, operation, { end: 'held', fault: { kind: 'shutting-down' } });
      return;
    }
    operation = await runStep(parts, outbox, operation, step);
  }
}

/** @returns the operation after the step; undefined when it ended or somebody else has it. */
async function runStep(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
  step: StepRecord,
): Promise<Operation | undefined> {
  const fresh = await parts.store.operation(operation.id);
  if (!fresh.ok || fresh.value?.epoch !== operation.epoch) return undefined;
  const verdict = await checkBeforeWrite(parts, fresh.value, step);
  switch (verdict.kind) {
    case 'forged':
      return endOperation(parts, outbox, fresh.value, {
        end: 'refused',
        fault: { kind: 'forged', id: operation.id, what: verdict.what },
      });
    case 'hold':
      return endOperation(parts, outbox, fresh.value, { end: 'held', fault: verdict.fault });
    case 'conflict':
      return endOperation(parts, outbox, fresh.value, {
        end: 'conflict',
        fault: verdict.fault,
        // An intent that is open here was looked up before: it was not written.
        ...(step.state === 'intent' ? { step: { ...step, state: 'conflict' as const } } : {}),
      });
    case 'fail':
      return failBeforeWrite(parts, outbox, fresh.value, verdict.fault);
    case 'go': {
      await parts.faultPoint('before-intent');
      const intended = await journalIntent(parts, outbox, fresh.value, step, verdict.node);
      if (intended === undefined) return undefined;
      await parts.faultPoint('after-intent');
      const outcome = await writeStep(parts, intended.step, verdict.node, originOf(intended.operation));
      return finishStep(parts, outbox, intended.operation, intended.step, outcome, verdict.removed);
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

async function journalIntent(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
  step: StepRecord,
  node: StoredNode,
): Promise<{ operation: Operation; step: StepRecord & { intent: Intent } } | undefined> {
  const at = parts.clock.now();
  const { id, epoch, state } = operation;
  // A second start keeps the first intent: that is the write whose fate is in question.
  const intent: Intent = step.intent ?? {
    expectedIndex: node.modifiedIndex,
    expectedText: node.text,
    targetText: mergeStoredValue(node.text, step.to),
    at,
  };
  const record = { ...step, state: 'intent' as const, intent };
  if (hasOpenIntent(step)) return { operation, step: record };
  const begins = state === 'queued';
  const transition: Transition = {
    id,
    from: [state],
    to: 'running',
    at,
    epoch,
    takeOver: begins,
    patch: begins ? { startedAt: at } : {},
    steps: [{ from: ['planned'], record }],
    rows:
      begins && logsStart(operation) ? salRow(parts, operation, 'log-start', at, salStart(operation)) : [],
  };
  const audited = await audit(parts, id, {
    event: 'intent',
    data: { step: step.index, key: step.key, to: step.to, ...intent },
  });
  if (!audited.ok) {
    await endOperation(parts, outbox, operation, { end: 'held', fault: audited.fault });
    return undefined;
  }
  const moved = await parts.store.transition(transition);
  if (moved.ok) outbox.offer(transition.rows ?? []);
  if (!moved.ok) {
    parts.log.warn({ op: id, step: step.index, fault: moved.fault }, 'intent not journaled: not written');
    return undefined;
  }
  return { operation: moved.value, step: record };
}

async function finishStep(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
  step: StepRecord & { readonly intent: Intent },
  outcome: WriteOutcome,
  removed: readonly RemovedWeight[] = [],
): Promise<Operation | undefined> {
  if (outcome.kind !== 'done') {
    const state = outcome.kind;
    return endOperation(parts, outbox, operation, {
      end: state,
      fault: outcome.fault,
      step: { ...step, state },
    });
  }
  await parts.faultPoint('before-finish');
  const record: StepRecord = { ...step, state: 'done', result: outcome.result };
  const fault = changedAtOnce(step, outcome);
  const removals = [removalOf(step, removed, parts.clock.now())];
  const after: Operation = {
    ...operation,
    steps: operation.steps.map((one) => (one.index === step.index ? record : one)),
  };
  if (fault !== undefined) {
    return endOperation(parts, outbox, operation, {
      end: 'conflict',
      fault,
      step: record,
      removals,
    });
  }
  const last = after.steps.every(({ state }) => state === 'done');
  const at = parts.clock.now();
  const pools = last ? await readOtherPools(parts, after, outcome.pool) : [];
  const moved = await journalTransition(
    parts,
    outbox,
    {
      id: operation.id,
      from: ['running'],
      to: last ? 'done' : 'running',
      at,
      epoch: operation.epoch,
      ...(last ? { patch: { endedAt: at } } : {}),
      steps: [{ from: ['intent'], record }],
      rows: last
        ? doneRows(parts, after, at, pools)
        : progressRows(after, step.key, outcome.result.readBackAt),
      removals,
    },
    {
      event: last ? 'done' : 'step-done',
      data: { step: step.index, key: step.key, to: step.to, result: outcome.result },
    },
  );
  await parts.faultPoint('after-finish');
  if (!moved.ok) {
    // The write is done and the intent says so to whoever comes next; nothing more is written here.
    parts.log.error({ op: operation.id, step: step.index, fault: moved.fault }, 'result not journaled');
    return undefined;
  }
  return last ? undefined : moved.value;
}

function removalOf(step: StepRecord, removed: readonly RemovedWeight[], at: number): Removal {
  const { dc, cluster, service, host } = step.key;
  return { dc, cluster, service, host, weight: removedAfter(removed, host, step.from, step.to), at };
}

async function readOtherPools(parts: Parts, operation: Operation, known: Pool): Promise<readonly Pool[]> {
  const pools = await Promise.all(
    operation.plan.effects.map(async ({ pool }) => {
      if (pool.dc === known.dc && pool.cluster === known.cluster) return known;
      const read = await parts.conftool.pool(pool);
      return read.ok ? read.value : undefined;
    }),
  );
  return pools.filter((pool) => pool !== undefined);
}

function doneRows(
  parts: Parts,
  operation: Operation,
  at: number,
  pools: readonly Pool[],
): readonly OutboxRow[] {
  const { id, plan, request } = operation;
  const { catalogue, groups } = parts.settings;
  const readBackAt = Math.max(...operation.steps.map(({ result }) => result?.readBackAt ?? 0));
  const announcement = {
    kind: 'done' as const,
    id,
    plan: summarizePlan(plan),
    tookMs: at - (operation.queuedAt ?? operation.createdAt),
    readBackAt,
    pools: pools.map((pool) => ({
      dc: pool.dc,
      view: viewPool(pool, serviceFacts(catalogue, pool.service).threshold, groups),
    })),
  };
  return [
    chatRow(request, { id, name: 'end', at, announcement }),
    ...salRow(parts, operation, 'log', at, salEnd(operation, 'PASS', at)),
  ];
}

/** Each object is told when its last step is done, but for the last object, whose end is the operation's. */
function progressRows(operation: Operation, key: NodeKey, at: number): readonly OutboxRow[] {
  const objects = objectResults(operation);
  const object = objects.find(
    (one) => one.key.host === key.host && one.key.dc === key.dc && one.key.cluster === key.cluster,
  );
  if (object?.result !== 'done' || objects.length < 2) return [];
  const done = objects.filter(({ result }) => result === 'done').length;
  const { id } = operation;
  const announcement = { kind: 'progress' as const, id, done, of: objects.length, object, readBackAt: at };
  return [
    chatRow(operation.request, {
      id,
      name: `progress-${String(done)}-${String(operation.epoch)}`,
      at,
      announcement,
    }),
  ];
}
