import type { Operation } from '../core/operation.ts';
import { announce, audit } from './journal.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { chatRow } from './speak.ts';

/** Everything stands still because of something that a person must look at, and that is said loudly. */
export async function freezeByItself(
  parts: Parts,
  outbox: Outbox,
  { id, request }: Operation,
  reason: string,
): Promise<void> {
  const at = parts.clock.now();
  const row = chatRow(request, { id, name: 'alert', at, announcement: { kind: 'alert', id, reason } });
  const frozen = await parts.store.setFreeze({ by: 'sluice', reason, at }, [row]);
  if (frozen.ok) outbox.offer([row]);
  else await announce(parts, outbox, [row]);
  await audit(parts, id, { event: 'frozen', person: 'sluice', data: { reason } });
}
