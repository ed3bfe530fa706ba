import type { Operation } from '../core/operation.ts';
import { logsStart, salStart } from '../core/sal/from-operation.ts';
import type { StepRecord } from '../core/step.ts';
import { stepSubject } from '../core/step.ts';
import type { Transition } from '../ports/store.ts';
import { endOperation, salRow } from './end-operation.ts';
import { audit } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';

/**
 * Journals what is about to be written: the audit log first, then the journal; with the first of an operation also that it has begun, and its START line.
 *
 * @param steps with their intents; those that have one in the journal are left out by the caller.
 * @param mark of the brakes that let it pass; undefined where they were looked at last.
 * @returns the operation to go on with; `braked` when a brake was put on meanwhile, and all must be looked at again; undefined when it could not be journaled.
 * Nothing may be written then.
 */
export async function journalIntents(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
  steps: readonly StepRecord[],
  mark?: string,
): Promise<Operation | 'braked' | undefined> {
  if (mark !== undefined && (await parts.stopFile.present()) !== undefined) return 'braked';
  if (steps.length === 0 && mark === undefined) return operation;
  const at = parts.clock.now();
  const { id, epoch, state } = operation;
  const begins = state === 'queued';
  const startsNow = logsStart(operation) && operation.steps.every(({ intent }) => intent === undefined);
  const transition: Transition = {
    id,
    from: [state],
    to: 'running',
    at,
    epoch,
    takeOver: begins,
    patch: begins ? { startedAt: at } : {},
    ...(mark === undefined ? {} : { ifBrakes: mark }),
    steps: steps.map((record) => ({ from: ['planned'], record })),
    rows: startsNow ? salRow(parts, operation, 'log-start', at, salStart(operation)) : [],
  };
  const audited = await Promise.all(
    steps.map((step) =>
      audit(parts, id, {
        event: 'intent',
        data: {
          step: step.index,
          key: 'key' in step ? step.key : stepSubject(step),
          to: step.to,
          ...step.intent,
        },
      }),
    ),
  );
  const unaudited = audited.find((one) => !one.ok);
  if (unaudited?.ok === false) {
    await endOperation(parts, outbox, operation, { end: 'held', fault: unaudited.fault });
    return undefined;
  }
  const moved = await parts.store.transition(transition);
  if (moved.ok) {
    outbox.offer(transition.rows ?? []);
    return moved.value;
  }
  if (moved.fault.kind === 'brakes-moved') return 'braked';
  parts.log.warn(
    { op: id, steps: steps.map(({ index }) => index), fault: moved.fault },
    'intent not journaled: not written',
  );
  return undefined;
}
