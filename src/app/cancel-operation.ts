import type { Operation } from '../core/operation.ts';
import { objectResults } from '../core/progress.ts';
import type { Result } from '../core/result.ts';
import { journalTransition } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { viewRows } from './speak.ts';

/** Ends an operation that waits, is queued or held: what it changed stays changed. */
export async function cancelOperation(
  parts: Parts,
  outbox: Outbox,
  operation: Operation,
  person: string,
  { by, why }: { readonly by?: string; readonly why?: 'edited' | 'deleted' } = {},
): Promise<Result<Operation>> {
  const { id, state, request } = operation;
  const at = parts.clock.now();
  const announcement = { kind: 'cancelled' as const, id, person, objects: objectResults(operation), why };
  const rows = viewRows(parts, request, { id, name: 'end', at, announcement, by });
  return journalTransition(
    parts,
    outbox,
    { id, from: [state], to: 'cancelled', at, patch: { endedAt: at }, rows },
    { event: 'cancelled', person },
  );
}
