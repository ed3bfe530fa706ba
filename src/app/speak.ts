import { wordAnnouncement } from '../core/announcement/word.ts';
import type { Announcement } from '../core/announcement/announcement.ts';
import type { OutboxRow } from '../ports/store.ts';
import type { Parts } from './parts.ts';

/** A channel on a network. */
export interface Place {
  readonly transport: string;
  readonly channel: string;
}

/** Answers at once, without the journal: for answers that nobody misses after a crash. */
export async function answer(
  parts: Parts,
  place: Place,
  announcements: readonly Announcement[],
): Promise<void> {
  const chat = parts.chats.find(({ transport }) => transport === place.transport);
  if (chat === undefined) return;
  for (const announcement of announcements) {
    const line = wordAnnouncement(announcement, chat.capabilities(place.channel).roomBytes);
    const sent = await chat.send(place.channel, line, {
      key: `answer:${announcement.kind}`,
      urgency: 'result',
    });
    if (!sent.ok) parts.log.warn({ place, kind: announcement.kind, fault: sent.fault }, 'answer not sent');
  }
}

/** A row that is stored with what it tells. `name` makes the key unique within the operation. */
export function chatRow(
  place: Place,
  told: { id: string; name: string; at: number; announcement: Announcement },
): OutboxRow {
  const { id, name, at, announcement } = told;
  const { transport, channel } = place;
  return { key: `${id}:${name}`, op: id, at, transport, channel, kind: 'chat', announcement };
}
