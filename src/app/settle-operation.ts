import type { Announcement } from '../core/announcement/announcement.ts';
import type { Fault } from '../core/fault.ts';
import type { Operation, OperationState, StepChange } from '../core/operation.ts';
import { objectResults } from '../core/progress.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { Intent, StepRecord } from '../core/step.ts';
import { journalTransition } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
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
  const changes: StepChange[] = [];
  let fault: Fault | undefined;
  for (const step of operation.steps.filter(isInDoubt)) {
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
  const steps = operation.steps.map(
    (step) => changes.find(({ record }) => record.index === step.index)?.record ?? step,
  );
  const to = endState(steps);
  const at = parts.clock.now();
  const person = utterance.person.name;
  const announcement = {
    kind: 'settled' as const,
    id,
    person,
    state: to,
    objects: objectResults({ ...operation, steps }),
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
      data: { to, steps: changes.map(({ record }) => ({ index: record.index, state: record.state })) },
    },
  );
  if (moved.ok) return ok([]);
  return moved.fault.kind === 'transition-refused'
    ? fail({ kind: 'not-waiting', id, state: moved.fault.state, command: 'settle' })
    : moved;
}

function isInDoubt(step: StepRecord): step is StepRecord & { readonly intent: Intent } {
  return (step.state === 'uncertain' || step.state === 'intent') && step.intent !== undefined;
}

function endState(steps: readonly StepRecord[]): Extract<OperationState, 'done' | 'conflict' | 'failed'> {
  if (steps.every(({ state }) => state === 'done')) return 'done';
  return steps.some(({ state }) => state === 'conflict') ? 'conflict' : 'failed';
}
