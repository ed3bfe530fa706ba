import type { Announcement } from '../core/announcement/announcement.ts';
import type { Operation } from '../core/operation.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { viewRows } from './speak.ts';
import type { Utterance } from './utterance.ts';

/**
 * Tells a decision in every view of the operation. It is not stored: the decision is, and whoever looks sees it.
 *
 * @returns what is still to be answered where it was said: nothing, when that is a view.
 */
export function tellViews(
  parts: Parts,
  outbox: Outbox,
  {
    operation,
    utterance,
    announcement,
  }: {
    readonly operation: Operation;
    readonly utterance: Utterance;
    readonly announcement: Announcement;
  },
): readonly Announcement[] {
  const { id, request } = operation;
  const { transport, channel, eventKey } = utterance;
  const name = `${announcement.kind}-${eventKey}`;
  const rows = viewRows(parts, request, { id, name, at: parts.clock.now(), announcement, by: transport });
  outbox.say(rows);
  return rows.some((row) => row.transport === transport && row.channel === channel) ? [] : [announcement];
}
