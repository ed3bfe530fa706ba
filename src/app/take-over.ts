import type { NodeOperation, Operation } from '../core/operation.ts';
import { isScale } from '../core/operation.ts';
import type { StepRecord } from '../core/step.ts';
import { endOperation } from './end-operation.ts';
import type { WrittenStep } from './finish-group.ts';
import { finishGroup, readBack } from './finish-group.ts';
import { journalTransition } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { catchUpScale } from './scale/run-scale.ts';
import { settleStep } from './settle-step.ts';
import { tellAway } from './tell-away.ts';

/** Goes on with what another process began, or this one before it was resumed: first it finds out what the write in doubt did. */
export async function takeOver(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
): Promise<Operation | undefined> {
  const { clock, settings } = parts;
  const awayMs = clock.now() - operation.touchedAt;
  const { id, epoch } = operation;
  const taken = await journalTransition(
    parts,
    outbox,
    { id, from: ['running'], to: 'running', at: clock.now(), epoch, takeOver: true },
    { event: 'taken-over', data: { awayMs } },
  );
  if (!taken.ok) {
    tellAway(parts, outbox, operation, taken.fault);
    return undefined;
  }
  const settled = isScale(taken.value)
    ? await catchUpScale(parts, outbox, taken.value)
    : await settleDoubt(parts, outbox, taken.value);
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

/** Every write in doubt is looked up; what turns out not to be written is written again, what is written is finished as if it had just been. */
async function settleDoubt(
  parts: Parts,
  outbox: Outbox,
  operation: NodeOperation,
): Promise<Operation | undefined> {
  const written: WrittenStep[] = [];
  for (const step of operation.steps.filter(hasOpenIntent)) {
    const settled = await settleStep(parts, step);
    if (!settled.ok) written.push({ step, outcome: { kind: 'uncertain', fault: settled.fault } });
    else if (settled.value.kind === 'written')
      written.push({ step, outcome: { kind: 'done', result: settled.value.result } });
    else if (settled.value.kind === 'conflict')
      written.push({ step, outcome: { kind: 'conflict', fault: settled.value.fault } });
  }
  return written.length === 0
    ? operation
    : finishGroup(parts, outbox, operation, {
        written,
        view: undefined,
        back: await readBack(parts, written),
      });
}

/** Whether a write of the step may be under way, or may have happened. */
export function hasOpenIntent<Step extends StepRecord>(
  step: Step,
): step is Step & { readonly intent: NonNullable<Step['intent']> } {
  return step.state === 'intent' && step.intent !== undefined;
}
