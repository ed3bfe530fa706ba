import type { Fault } from '../core/fault.ts';
import type { Operation } from '../core/operation.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { viewRows } from './speak.ts';

/** A server that takes over does so in two to four seconds: what takes no longer is not worth a line. */
const PATIENCE_MS = 4000;

/** Tells once, when it takes longer, that an operation waits for the journal: the next thing that it would do cannot be stored. Other faults are told elsewhere. */
export function tellAway(parts: Parts, outbox: Outbox, operation: Operation, fault: Fault): void {
  if (fault.kind !== 'store-unreachable' && fault.kind !== 'store-refuses') return;
  const { id, request, queuedAt, createdAt, epoch } = operation;
  const at = parts.clock.now();
  if (at - (queuedAt ?? createdAt) < PATIENCE_MS) return;
  const announcement = { kind: 'journal-away' as const, id, fault };
  outbox.say(viewRows(parts, request, { id, name: `journal-away-${String(epoch)}`, at, announcement }));
}
