import type { Operation } from '../core/operation.ts';
import type { Result } from '../core/result.ts';
import { journalTransition } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';

/** Marks an operation: its worker holds it before the next write. */
export async function requestStop(
  parts: Parts,
  outbox: Outbox,
  { id, state }: Operation,
  person: string,
): Promise<Result<Operation>> {
  const at = parts.clock.now();
  return journalTransition(
    parts,
    outbox,
    { id, from: [state], to: state, at, patch: { stopRequestedBy: person } },
    { event: 'stop-requested', person },
  );
}
