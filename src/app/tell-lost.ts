import type { Operation } from '../core/operation.ts';
import { objectResults } from '../core/progress.ts';
import { announce, audit } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { viewRows } from './speak.ts';

/**
 * Tells of operations that the journal has no more and that have not ended: a Redis server that takes over may never have had what the one before it took. Somebody waits
 * for them, and nobody else would notice.
 *
 * @param candidates known here as not ended, and not in the journal's list of those.
 */
export async function tellLost(
  parts: Parts,
  outbox: Outbox,
  candidates: readonly Operation[],
): Promise<void> {
  for (const known of candidates) {
    const now = await parts.store.operation(known.id);
    if (now.ok && now.value === undefined) await tellOne(parts, outbox, known);
  }
}

async function tellOne(parts: Parts, outbox: Outbox, operation: Operation): Promise<void> {
  const { id, request, state, createdAt } = operation;
  const { person, line, service } = request;
  const objects = objectResults(operation);
  await audit(parts, id, { event: 'lost', data: { state, objects } });
  // Every process that knew it finds out, and it is said once. Its id may be given again.
  const name = `lost-${String(createdAt)}`;
  const announcement = { kind: 'lost' as const, id, nick: person, line, service, state, objects };
  await announce(parts, outbox, viewRows(parts, request, { id, name, at: parts.clock.now(), announcement }));
}
