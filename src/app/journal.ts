import type { Operation } from '../core/operation.ts';
import type { Result } from '../core/result.ts';
import type { OutboxRow, Transition } from '../ports/store.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';

/**
 * One step of an operation's life: the journal first, then what there is to be said about it, then the audit log. What must not happen without
 * an audit line (a write) is audited before its transition.
 *
 * @param told what happened, for the audit log, and who did it.
 * @returns the operation after it; an audit log that refuses is logged, since the journal has it.
 */
export async function journalTransition(
  parts: Parts,
  outbox: Outbox,
  transition: Transition,
  told: { readonly event: string; readonly person?: string | undefined; readonly data?: unknown },
): Promise<Result<Operation>> {
  const moved = await parts.store.transition(transition);
  if (!moved.ok) return moved;
  outbox.offer(transition.rows ?? []);
  await audit(parts, transition.id, told);
  return moved;
}

/**
 * Writes what happened to the audit log.
 *
 * @param when `soon`: with the next line, which comes in a moment.
 */
export async function audit(
  parts: Parts,
  op: string | undefined,
  told: { readonly event: string; readonly person?: string | undefined; readonly data?: unknown },
  when?: 'now' | 'soon',
): Promise<Result<void>> {
  const { event, person, data } = told;
  const writing = parts.audit.append({ op, event, person, data }, when);
  const fields = { ...(op === undefined ? {} : { op }), person };
  // While the disk is at it.
  if (when !== 'soon') parts.log.info(fields, event);
  const written = await writing;
  if (when === 'soon') parts.log.info(fields, event);
  if (!written.ok) parts.log.error({ ...fields, event, fault: written.fault }, 'audit log not written');
  return written;
}

/** Stores rows that belong to no transition, and says them. */
export async function announce(parts: Parts, outbox: Outbox, rows: readonly OutboxRow[]): Promise<void> {
  const added = await parts.store.addRows(rows);
  if (!added.ok)
    parts.log.warn({ rows: rows.map(({ key }) => key), fault: added.fault }, 'said without being stored');
  outbox.offer(rows);
}
