import type { Announcement } from '../core/announcement/announcement.ts';
import type { Fault } from '../core/fault.ts';
import type { NodeOperation, Operation, OperationState, StepChange } from '../core/operation.ts';
import { isScale } from '../core/operation.ts';
import { objectResults, withSteps } from '../core/progress.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { rolloutOf } from '../core/scale/rollout.ts';
import type { ScaleStep } from '../core/scale/step.ts';
import type { StepRecord } from '../core/step.ts';
import { journalTransition } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { settleScale } from './scale/settle-scale.ts';
import { settleStep } from './settle-step.ts';
import { viewRows } from './speak.ts';
import type { Utterance } from './utterance.ts';

/**
 * Reads what became of the writes in doubt and closes the operation. Writes nothing to production and nothing to the Server Admin
 * Log: that has its (ERROR) line, and the resolution is said in chat only.
 */
export async function settleOperation(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
  utterance: Utterance,
): Promise<Result<readonly Announcement[]>> {
  const { id, state } = operation;
  if (state !== 'uncertain') return fail({ kind: 'not-waiting', id, state, command: 'settle' });
  const settled = isScale(operation)
    ? await settleNumbers(parts, operation.steps, operation.plan.service)
    : await settleNodes(parts, operation.steps);
  if (!settled.ok) return settled;
  const { changes, fault } = settled.value;
  const after = withSteps(
    operation,
    changes.map(({ record }) => record),
  );
  const to = endState(after.steps);
  const at = parts.clock.now();
  const person = utterance.person.name;
  const announcement = {
    kind: 'settled' as const,
    id,
    person,
    state: to,
    objects: objectResults(after),
  };
  const moved = await journalTransition(
    parts,
    outbox,
    {
      id,
      from: ['uncertain'],
      to,
      at,
      steps: changes,
      patch: { endedAt: at, ...(fault === undefined ? {} : { fault }) },
      rows: viewRows(parts, operation.request, {
        id,
        name: 'end',
        at,
        announcement,
        by: utterance.transport,
      }),
    },
    {
      event: 'settled',
      person,
      data: {
        to,
        steps: changes.map(({ record: { index, state, result } }) => ({ step: index, state, result })),
      },
    },
  );
  if (moved.ok) return ok([]);
  return moved.fault.kind === 'transition-refused'
    ? fail({ kind: 'not-waiting', id, state: moved.fault.state, command: 'settle' })
    : moved;
}

/** What reading has shown. */
interface SettledSteps {
  readonly changes: readonly StepChange[];
  /** Why it is not as it was to be, where somebody else has written. */
  readonly fault: Fault | undefined;
}

async function settleNodes(parts: Parts, steps: NodeOperation['steps']): Promise<Result<SettledSteps>> {
  const changes: StepChange[] = [];
  let fault: Fault | undefined;
  for (const step of steps.filter(isInDoubt)) {
    const settled = await settleStep(parts, step);
    if (!settled.ok) return settled;
    const outcome = settled.value;
    if (outcome.kind === 'conflict') fault = outcome.fault;
    const record: StepRecord =
      outcome.kind === 'written'
        ? { ...step, state: 'done', result: outcome.result }
        : { ...step, state: outcome.kind === 'conflict' ? 'conflict' : 'failed' };
    changes.push({ from: [step.state], record });
  }
  return ok({ changes, fault });
}

/** A number that was written is done when its pods have followed; nobody waits for them here. */
async function settleNumbers(
  parts: Parts,
  steps: readonly ScaleStep[],
  deployment: string,
): Promise<Result<SettledSteps>> {
  const changes: StepChange[] = [];
  let fault: Fault | undefined;
  for (const step of steps.filter(isInDoubt)) {
    const settled = await settleScale(parts, step, deployment);
    if (!settled.ok) return settled;
    const { kind, seen } = settled.value;
    if (kind === 'conflict') fault = settled.value.fault;
    const result = { readBackAt: parts.clock.now(), ready: seen.ready, how: 'already' as const };
    const record: StepRecord =
      kind === 'written'
        ? { ...step, state: rolloutOf(seen, step.to) === 'done' ? 'done' : 'failed', result }
        : { ...step, state: kind === 'conflict' ? 'conflict' : 'failed' };
    changes.push({ from: [step.state], record });
  }
  return ok({ changes, fault });
}

function isInDoubt<Step extends StepRecord>(
  step: Step,
): step is Step & { readonly intent: NonNullable<Step['intent']> } {
  return (step.state === 'uncertain' || step.state === 'intent') && step.intent !== undefined;
}

function endState(steps: readonly StepRecord[]): Extract<OperationState, 'done' | 'conflict' | 'failed'> {
  if (steps.every(({ state }) => state === 'done')) return 'done';
  return steps.some(({ state }) => state === 'conflict') ? 'conflict' : 'failed';
}
