import type { ScaleOperation } from '../../core/operation.ts';
import { isScale } from '../../core/operation.ts';
import { summarizePlan } from '../../core/plan-summary.ts';
import { withSteps } from '../../core/progress.ts';
import { salEnd } from '../../core/sal/from-operation.ts';
import type { DeploymentNow, DeploymentSettings } from '../../core/scale/facts.ts';
import { rolloutOf } from '../../core/scale/rollout.ts';
import type { ScaleStep } from '../../core/scale/step.ts';
import type { OutboxRow } from '../../ports/store.ts';
import { endByVerdict, endOperation, salRow } from '../end-operation.ts';
import { journalTransition } from '../journal.ts';
import { journalIntents } from '../journal-intents.ts';
import type { Outbox } from '../outbox.ts';
import type { Parts } from '../parts.ts';
import { viewRows } from '../speak.ts';
import type { Ending } from '../wait.ts';
import { awaitRollout } from './await-rollout.ts';
import { checkBeforeScale } from './check-before-scale.ts';
import type { SentStep } from './settle-scale.ts';
import { settleScale } from './settle-scale.ts';
import { writeScale } from './write-scale.ts';

/** Sets the numbers of an operation, one cluster after the other, each with all its pods ready before the next. */
export async function runScale(
  parts: Parts,
  outbox: Outbox,
  start: ScaleOperation,
  ending: Ending,
): Promise<void> {
  let operation: ScaleOperation | undefined = start;
  while (operation !== undefined && (operation.state === 'queued' || operation.state === 'running')) {
    const step = operation.steps.find(({ state }) => state !== 'done');
    const settings = parts.settings.deployments.find(({ name }) => name === operation?.plan.service);
    if (step === undefined) return;
    if (isSent(step) && settings !== undefined) {
      operation = await goOn(parts, outbox, operation, { step, settings, ending });
      continue;
    }
    if (ending()) {
      if (operation.state === 'running')
        await endOperation(parts, outbox, operation, { end: 'held', fault: { kind: 'shutting-down' } });
      return;
    }
    operation = await setNumber(parts, outbox, operation, { step, ending });
  }
}

/** A step, and what it needs besides the operation. */
interface Work {
  readonly step: SentStep;
  readonly settings: DeploymentSettings;
  readonly ending: Ending;
}

function isSent(step: ScaleStep): step is SentStep {
  return step.state === 'intent' && step.intent !== undefined;
}

async function setNumber(
  parts: Parts,
  outbox: Outbox,
  operation: ScaleOperation,
  { step, ending }: { readonly step: ScaleStep; readonly ending: Ending },
): Promise<ScaleOperation | undefined> {
  const fresh = await parts.store.operation(operation.id);
  if (!fresh.ok || fresh.value?.epoch !== operation.epoch || !isScale(fresh.value)) return undefined;
  const verdict = await checkBeforeScale(parts, fresh.value, step);
  if (verdict.kind !== 'go') return endByVerdict(parts, outbox, fresh.value, { verdict, unwritten: [] });
  await parts.faultPoint('before-intent');
  const { seen } = verdict.now;
  const intent = { uid: seen.uid, generation: seen.generation, at: parts.clock.now() };
  const sent: SentStep = { ...step, state: 'intent', intent };
  const intended = await journalIntents(parts, outbox, fresh.value, [sent]);
  if (intended === undefined || intended === 'braked' || !isScale(intended)) return undefined;
  await parts.faultPoint('after-intent');
  const settings = parts.settings.deployments.find(({ name }) => name === operation.plan.service);
  return settings === undefined
    ? undefined
    : write(parts, outbox, intended, { step: sent, settings, ending }, verdict.now);
}

/** What was sent before, by this process or another: looked up when its answer was lost, then waited for. */
async function goOn(
  parts: Parts,
  outbox: Outbox,
  operation: ScaleOperation,
  work: Work,
): Promise<ScaleOperation | undefined> {
  const { step, settings } = work;
  if (step.result !== undefined) return waitForPods(parts, outbox, operation, work);
  const settled = await settleScale(parts, step, settings.name);
  if (!settled.ok)
    return endOperation(parts, outbox, operation, {
      end: 'uncertain',
      fault: settled.fault,
      steps: [{ ...step, state: 'uncertain' }],
    });
  const { value } = settled;
  switch (value.kind) {
    case 'written': {
      const result = { readBackAt: parts.clock.now(), ready: value.seen.ready, how: 'already' as const };
      return written(parts, outbox, operation, { ...work, step: { ...step, result } });
    }
    case 'conflict':
      return endOperation(parts, outbox, operation, {
        end: 'conflict',
        fault: value.fault,
        steps: [{ ...step, state: 'conflict' }],
      });
    case 'not-written': {
      // The checks of before are old: all of them again.
      const verdict = await checkBeforeScale(parts, operation, step);
      if (verdict.kind !== 'go')
        return endByVerdict(parts, outbox, operation, {
          verdict,
          unwritten: [{ ...step, state: 'conflict' }],
        });
      return write(parts, outbox, operation, work, verdict.now);
    }
  }
}

async function write(
  parts: Parts,
  outbox: Outbox,
  operation: ScaleOperation,
  work: Work,
  now: DeploymentNow,
): Promise<ScaleOperation | undefined> {
  const { step, settings } = work;
  const outcome = await writeScale(parts, step, now.seen, settings.name);
  if (outcome.kind !== 'written')
    return endOperation(parts, outbox, operation, {
      end: outcome.kind,
      fault: outcome.fault,
      steps: [{ ...step, state: outcome.kind }],
    });
  return written(parts, outbox, operation, { ...work, step: { ...step, result: outcome.result } });
}

/** The answer to the write is journaled before pods are waited for: whoever goes on after a crash knows. */
async function written(
  parts: Parts,
  outbox: Outbox,
  operation: ScaleOperation,
  work: Work,
): Promise<ScaleOperation | undefined> {
  const { id, epoch } = operation;
  const { step } = work;
  const moved = await journalTransition(
    parts,
    outbox,
    {
      id,
      from: ['running'],
      to: 'running',
      at: parts.clock.now(),
      epoch,
      steps: [{ from: ['intent'], record: step }],
    },
    { event: 'written', data: { step: step.index, to: step.to, result: step.result } },
  );
  if (!moved.ok || !isScale(moved.value)) {
    parts.log.error({ op: id, fault: moved.ok ? undefined : moved.fault }, 'result not journaled');
    return undefined;
  }
  return waitForPods(parts, outbox, moved.value, work);
}

async function waitForPods(
  parts: Parts,
  outbox: Outbox,
  operation: ScaleOperation,
  { step, settings, ending }: Work,
): Promise<ScaleOperation | undefined> {
  const sentAt = step.intent.at;
  const rollout = await awaitRollout(parts, outbox, operation, { step, settings, sentAt, ending });
  if (rollout.kind === 'gone') return undefined;
  const readBackAt = parts.clock.now();
  const how = step.result?.how ?? 'already';
  if (rollout.kind === 'done')
    return finishNumber(parts, outbox, operation, {
      ...step,
      state: 'done',
      result: { readBackAt, ready: rollout.seen.ready, how },
    });
  const { end, fault, ready } = rollout;
  const record: ScaleStep = {
    ...step,
    // A held one is still waited for, when it is resumed.
    state: end === 'held' ? 'intent' : end,
    result: { readBackAt, ready, how },
  };
  return endOperation(parts, outbox, operation, { end, fault, steps: [record] });
}

/** Journals that pods have followed; with the last number the operation is done. */
async function finishNumber(
  parts: Parts,
  outbox: Outbox,
  operation: ScaleOperation,
  record: ScaleStep,
): Promise<ScaleOperation | undefined> {
  await parts.faultPoint('before-finish');
  const after = withSteps(operation, [record]);
  const last = after.steps.every(({ state }) => state === 'done');
  const at = parts.clock.now();
  const { id, epoch } = operation;
  const moved = await journalTransition(
    parts,
    outbox,
    {
      id,
      from: ['running'],
      to: last ? 'done' : 'running',
      at,
      epoch,
      ...(last ? { patch: { endedAt: at } } : {}),
      steps: [{ from: ['intent'], record }],
      rows: last ? doneRows(parts, after, at) : numberRows(parts, after, record, at),
    },
    {
      event: last ? 'done' : 'step-done',
      data: { step: record.index, to: record.to, result: record.result },
    },
  );
  await parts.faultPoint('after-finish');
  if (!moved.ok) {
    parts.log.error({ op: id, fault: moved.fault }, 'result not journaled');
    return undefined;
  }
  return last || !isScale(moved.value) ? undefined : moved.value;
}

function doneRows(parts: Parts, operation: ScaleOperation, at: number): readonly OutboxRow[] {
  const { id, plan, request, steps } = operation;
  const announcement = {
    kind: 'done' as const,
    id,
    plan: summarizePlan(plan),
    tookMs: at - (operation.queuedAt ?? operation.createdAt),
    readBackAt: Math.max(...steps.map(({ result }) => result?.readBackAt ?? 0)),
    pools: [],
    ready: steps.map(({ deployment, result, to }) => ({
      cluster: deployment.cluster,
      ready: result?.ready ?? 0,
      of: to,
    })),
  };
  return [
    ...viewRows(parts, request, { id, name: 'end', at, announcement }),
    ...salRow(parts, operation, 'log', at, salEnd(operation, 'PASS', at)),
  ];
}

function numberRows(
  parts: Parts,
  { id, request }: ScaleOperation,
  step: ScaleStep,
  at: number,
): readonly OutboxRow[] {
  const announcement = {
    kind: 'rollout' as const,
    id,
    cluster: step.deployment.cluster,
    ready: step.result?.ready ?? 0,
    of: step.to,
    obstacle: undefined,
  };
  return viewRows(parts, request, { id, name: `rollout-done-${String(step.index)}`, at, announcement });
}

/**
 * Looks at a number that another process was waiting for: pods that have followed meanwhile are journaled as done.
 *
 * @returns the operation to go on with; undefined when it is done.
 */
export async function catchUpScale(
  parts: Parts,
  outbox: Outbox,
  operation: ScaleOperation,
): Promise<ScaleOperation | undefined> {
  const step = operation.steps.find(isSent);
  if (step === undefined) return operation;
  const settled = await settleScale(parts, step, operation.plan.service);
  if (!settled.ok || settled.value.kind !== 'written') return operation;
  const { seen } = settled.value;
  if (rolloutOf(seen, step.to) !== 'done') return operation;
  const result = {
    readBackAt: parts.clock.now(),
    ready: seen.ready,
    how: step.result?.how ?? ('already' as const),
  };
  return finishNumber(parts, outbox, operation, { ...step, state: 'done', result });
}
