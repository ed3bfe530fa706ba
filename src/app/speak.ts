import { wordAnnouncement } from '../core/announcement/word.ts';
import type { Announcement } from '../core/announcement/announcement.ts';
import { networkName } from '../core/network-name.ts';
import type { Place } from '../core/place.ts';
import type { OutboxRow } from '../ports/store.ts';
import type { Parts } from './parts.ts';

/** Answers at once, without the journal: for answers that nobody misses after a crash. `eventKey`: of what is answered. */
export async function answer(
  parts: Parts,
  place: Place & { readonly eventKey?: string },
  announcements: readonly Announcement[],
): Promise<void> {
  const chat = parts.chats.find(({ transport }) => transport === place.transport);
  if (chat === undefined) return;
  for (const [index, announcement] of announcements.entries()) {
    const line = wordAnnouncement(announcement, chat.capabilities(place.channel).roomBytes);
    const sent = await chat.send(place.channel, line, {
      key: `answer:${place.eventKey ?? String(parts.clock.now())}:${String(index)}`,
      urgency: 'result',
      answers: place.eventKey,
    });
    if (!sent.ok) parts.log.warn({ place, kind: announcement.kind, fault: sent.fault }, 'answer not sent');
  }
}

/** What there is to be said of an operation. `by`: the network on which the person acted whom it names; by default where it was asked. */
export interface Told {
  readonly id: string;
  /** Makes the keys unique within the operation. */
  readonly name: string;
  readonly at: number;
  readonly announcement: Announcement;
  readonly by?: string | undefined;
}

/**
 * Rows for everybody who can see the operation: where it was asked, and every channel of the other networks. There people are named with the network that
 * they are on, and nobody is mentioned.
 */
export function viewRows(
  { settings }: Parts,
  request: Place & { readonly person: string },
  told: Told,
): readonly OutboxRow[] {
  const { name, announcement, by = request.transport } = told;
  const others = settings.places.filter(({ transport }) => transport !== request.transport);
  return [request, ...others].map((place, index) => {
    const asker = index === 0 ? undefined : `${request.person} (${networkName(request.transport)})`;
    const acting = place.transport === by ? '' : ` (${networkName(by)})`;
    return chatRow(place, {
      ...told,
      name: index === 0 ? name : `${name}@${place.transport}/${place.channel}`,
      announcement: seenFrom(announcement, { asker, acting }),
    });
  });
}

/** Rows for every configured channel, of what belongs to no operation. `name` is unique for ever. */
export function placeRows(
  { settings }: Parts,
  { name, at, announcement }: Pick<Told, 'name' | 'at' | 'announcement'>,
): readonly OutboxRow[] {
  return settings.places.map(({ transport, channel }) => ({
    key: `all:${name}:${transport}:${channel}`,
    op: undefined,
    at,
    transport,
    channel,
    kind: 'chat',
    announcement,
  }));
}

/** The announcement as it is told on another network than that of the people it names. */
function seenFrom(
  announcement: Announcement,
  { asker, acting }: { readonly asker: string | undefined; readonly acting: string },
): Announcement {
  switch (announcement.kind) {
    case 'waits':
      return asker === undefined ? announcement : { ...announcement, nick: asker, publicLine: undefined };
    case 'starts':
    case 'lost':
      return asker === undefined ? announcement : { ...announcement, nick: asker };
    case 'approved':
    case 'denied':
    case 'cancelled':
    case 'withdrawn':
    case 'resumed':
    case 'settled':
    case 'reviewed':
    case 'stopping':
      return { ...announcement, person: `${announcement.person}${acting}` };
    default:
      return announcement;
  }
}

/** A row that is stored with what it tells. `name` makes the key unique within the operation. */
function chatRow(place: Place, told: Pick<Told, 'id' | 'name' | 'at' | 'announcement'>): OutboxRow {
  const { id, name, at, announcement } = told;
  const { transport, channel } = place;
  return { key: `${id}:${name}`, op: id, at, transport, channel, kind: 'chat', announcement };
}
