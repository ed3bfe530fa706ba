import type { Operation } from '../core/operation.ts';
import { announce, audit } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { viewRows } from './speak.ts';

/** Everything stands still because of something that a person must look at, and that is said loudly. */
export async function freezeByItself(
  parts: Parts,
  outbox: Outbox,
  { id, request }: Operation,
  reason: string,
): Promise<void> {
  const at = parts.clock.now();
  const rows = viewRows(parts, request, {
    id,
    name: 'alert',
    at,
    announcement: { kind: 'alert', id, reason },
  });
  const frozen = await parts.store.setFreeze({ by: 'sluice', reason, at }, rows);
  if (frozen.ok) outbox.offer(rows);
  else await announce(parts, outbox, rows);
  await audit(parts, id, { event: 'frozen', person: 'sluice', data: { reason } });
}
